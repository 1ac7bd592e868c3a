//! The bytes of a segment: a header that names the format, then frames. A frame is one batch
//! (`length u32, checksum u32`, little-endian, then its events), so a batch is there or not; an
//! event is `length u32` and the compact encoding of its call, position, time and content. A torn
//! or damaged frame ends its segment: whatever it held was never acted on.

use model::call_graph::{CallEvent, Recorded};
use model::{CallId, Millis};
use serde::{Deserialize, Serialize};

/// Version of the encoding; a change of `CallEvent` that moves or adds a field raises it.
pub(super) const VERSION: u32 = 4;
/// First bytes of a segment.
pub(super) const HEADER: [u8; 12] = {
    let version = VERSION.to_le_bytes();
    let [a, b, c, d] = version;
    [b'T', b'N', b'D', b'M', b'J', b'R', b'N', b'L', a, b, c, d]
};
const MAGIC: usize = 8;
const FRAME_HEAD: usize = 8;
const EVENT_HEAD: usize = 4;
/// A longer frame is not ours.
const LONGEST_FRAME: usize = 64 << 20;

#[derive(Serialize)]
struct Line<'a> {
    position: u64,
    call: &'a CallId,
    at: i64,
    event: &'a CallEvent,
}

#[derive(Deserialize)]
struct OwnedLine {
    position: u64,
    call: CallId,
    at: i64,
    event: CallEvent,
}

/// What [`Frames`] looks at without decoding the event.
#[derive(Deserialize)]
struct LineHead<'a> {
    position: u64,
    call: &'a str,
}

/// Appends one frame with `batch`, whose first event has position `first`.
pub(super) fn encode(out: &mut Vec<u8>, first: u64, batch: &[Recorded]) -> Result<(), String> {
    frame(out, |out| {
        for (position, recorded) in (first..).zip(batch) {
            let line =
                Line { position, call: &recorded.call, at: recorded.at.0, event: &recorded.event };
            let start = out.len();
            out.extend_from_slice(&[0; EVENT_HEAD]);
            *out = postcard::to_extend(&line, std::mem::take(out)).map_err(|e| e.to_string())?;
            let length = length_of(out.len() - start - EVENT_HEAD)?;
            out[start..start + EVENT_HEAD].copy_from_slice(&length.to_le_bytes());
        }
        Ok(())
    })
}

/// Appends one frame with events as they stand in other frames.
pub(super) fn encode_raw(out: &mut Vec<u8>, events: &[&[u8]]) -> Result<(), String> {
    frame(out, |out| {
        for event in events {
            out.extend_from_slice(&length_of(event.len())?.to_le_bytes());
            out.extend_from_slice(event);
        }
        Ok(())
    })
}

fn frame(
    out: &mut Vec<u8>,
    fill: impl FnOnce(&mut Vec<u8>) -> Result<(), String>,
) -> Result<(), String> {
    let start = out.len();
    out.extend_from_slice(&[0; FRAME_HEAD]);
    fill(out)?;
    let body = &out[start + FRAME_HEAD..];
    let (length, checksum) = (length_of(body.len())?, checksum(body));
    out[start..start + 4].copy_from_slice(&length.to_le_bytes());
    out[start + 4..start + FRAME_HEAD].copy_from_slice(&checksum.to_le_bytes());
    Ok(())
}

fn length_of(bytes: usize) -> Result<u32, String> {
    u32::try_from(bytes)
        .ok()
        .filter(|_| bytes <= LONGEST_FRAME)
        .ok_or_else(|| format!("a batch of {bytes} bytes is too long"))
}

/// What stands at the beginning of a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Start<'a> {
    /// A segment of this version: its frames.
    Frames(&'a [u8]),
    /// A segment whose header was never finished.
    Nothing,
    /// A segment of another version.
    Version(u32),
}

/// Reads the header. What is no segment at all counts as unfinished.
pub(super) fn start(bytes: &[u8]) -> Start<'_> {
    match bytes.split_at_checked(HEADER.len()) {
        Some((head, frames)) if head[..MAGIC] == HEADER[..MAGIC] => match word(head, MAGIC) {
            Some(VERSION) => Start::Frames(frames),
            Some(other) => Start::Version(other),
            None => Start::Nothing,
        },
        Some(_) | None => Start::Nothing,
    }
}

/// Goes through the events of a segment; ends at the first damage.
pub(super) struct Frames<'a> {
    rest: &'a [u8],
    events: &'a [u8],
}

/// One event, not decoded.
pub(super) struct RawEvent<'a> {
    pub(super) position: u64,
    pub(super) call: &'a str,
    pub(super) bytes: &'a [u8],
}

impl<'a> Frames<'a> {
    pub(super) fn new(frames: &'a [u8]) -> Self {
        Self { rest: frames, events: &[] }
    }

    /// Bytes from the first damaged frame on; 0 when all was whole. Ask when the events are
    /// through.
    pub(super) fn torn(&self) -> usize {
        self.rest.len()
    }

    fn next_frame(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(word(self.rest, 0)?).ok()?;
        let expected = word(self.rest, 4)?;
        let body = self.rest.get(FRAME_HEAD..FRAME_HEAD.checked_add(length)?)?;
        if length == 0 || length > LONGEST_FRAME || checksum(body) != expected {
            return None;
        }
        self.rest = &self.rest[FRAME_HEAD + length..];
        Some(body)
    }
}

impl<'a> Iterator for Frames<'a> {
    type Item = RawEvent<'a>;

    fn next(&mut self) -> Option<RawEvent<'a>> {
        if self.events.is_empty() {
            self.events = self.next_frame()?;
        }
        // The checksum held, so a length that does not fit is a defect; the segment ends here.
        let length = usize::try_from(word(self.events, 0)?).ok()?;
        let bytes = self.events.get(EVENT_HEAD..EVENT_HEAD.checked_add(length)?)?;
        self.events = &self.events[EVENT_HEAD + length..];
        let head: LineHead<'a> = postcard::take_from_bytes(bytes).ok()?.0;
        Some(RawEvent { position: head.position, call: head.call, bytes })
    }
}

impl RawEvent<'_> {
    pub(super) fn decode(&self) -> Result<Recorded, String> {
        let line: OwnedLine = postcard::from_bytes(self.bytes).map_err(|e| e.to_string())?;
        debug_assert_eq!(line.position, self.position);
        Ok(Recorded { call: line.call, at: Millis(line.at), event: line.event })
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let word = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_le_bytes(word.try_into().ok()?))
}

/// Eight bytes a step, so that it costs less than copying them. It tells torn and rotten frames
/// from whole ones; it is no defence against forgery.
fn checksum(bytes: &[u8]) -> u32 {
    const PRIME: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut sum = PRIME ^ bytes.len() as u64;
    let mut words = bytes.chunks_exact(8);
    for word in &mut words {
        let word = word.try_into().map_or(0, u64::from_le_bytes);
        sum = (sum ^ word).wrapping_mul(PRIME).rotate_left(29);
    }
    for byte in words.remainder() {
        sum = (sum ^ u64::from(*byte)).wrapping_mul(PRIME).rotate_left(29);
    }
    sum = (sum ^ (sum >> 32)).wrapping_mul(PRIME);
    u32::try_from(sum >> 32).unwrap_or(0)
}
