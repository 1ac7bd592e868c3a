//! Opus in Ogg (RFC 7845), one or two channels, written so that a killed writer leaves a file that
//! plays: a page is complete by itself and holds at most a second. What was written can be read.
//!
//! Of two channels each is an Opus stream of its own: mapping family 1 with two streams, none of
//! them coupled (RFC 7845 §5.1.1.2), which every player of the family plays as left and right. A
//! coupled stream would code both sides of a conversation as a sum and a difference, so that each
//! side is faintly heard in the other; and two sides that never talk at once have nothing in
//! common to be saved.

mod reader;

pub use reader::read;

use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};

use crate::codec::{CodecKind, Encoder, EncoderSettings};
use crate::resample::UnsupportedRate;

/// The clock of granule positions, whatever the rate of the sound (RFC 7845 §4).
const CLOCK: u64 = 48_000;
/// Samples of the clock in a packet: 20 ms.
const PACKET: u64 = 960;
/// Packets of a page: a second.
const PAGE_PACKETS: usize = 50;
/// What a decoder makes before the sound begins, in samples of the clock: the encoder's look-ahead
/// of 6.5 ms.
const PRE_SKIP: u16 = 312;
/// The bytes of a page's header before its segment table.
const PAGE_HEADER: usize = 27;
/// Page flags (RFC 3533 §6).
const FIRST_PAGE: u8 = 2;
const LAST_PAGE: u8 = 4;
/// The position of a page on which no packet ends.
const NO_POSITION: u64 = u64::MAX;

/// Writes sound of one or two channels.
pub struct Writer<W> {
    out: W,
    pages: Pages,
    left: Encoder,
    /// `None`: there is one channel only.
    right: Option<Encoder>,
    /// Sound that is no whole packet yet, left and right.
    waiting: [Vec<i16>; 2],
    rate: u32,
    /// Frames that were given.
    frames: u64,
    packet: Vec<u8>,
    scratch: Vec<u8>,
}

impl<W: Write> Writer<W> {
    /// Writes the two header pages of sound of two channels. `serial` names the stream; any number
    /// does.
    ///
    /// # Errors
    /// As of `out`; [`ErrorKind::Unsupported`] for a rate other than 8,000, 16,000 and 48,000.
    pub fn new(out: W, rate: u32, serial: u32, settings: &EncoderSettings) -> io::Result<Self> {
        let right = encoder(rate, settings)?;
        Self::with_right(out, rate, serial, settings, Some(right))
    }

    /// The same of one channel.
    ///
    /// # Errors
    /// As of [`new`](Self::new).
    pub fn mono(out: W, rate: u32, serial: u32, settings: &EncoderSettings) -> io::Result<Self> {
        Self::with_right(out, rate, serial, settings, None)
    }

    fn with_right(
        mut out: W,
        rate: u32,
        serial: u32,
        settings: &EncoderSettings,
        right: Option<Encoder>,
    ) -> io::Result<Self> {
        let left = encoder(rate, settings)?;
        let mut pages = Pages::new(serial);
        pages.add(&identification(rate, right.is_some()), 0);
        pages.end(FIRST_PAGE, &mut out)?;
        pages.add(&comment(), 0);
        pages.end(0, &mut out)?;
        out.flush()?;
        let waiting = [Vec::new(), Vec::new()];
        let (packet, scratch) = (Vec::new(), Vec::new());
        Ok(Self { out, pages, left, right, waiting, rate, frames: 0, packet, scratch })
    }

    /// Adds frames, of two channels left and right in turn. A right sample that is missing at the
    /// end is silent.
    ///
    /// # Errors
    /// As of the output.
    pub fn write(&mut self, frames: &[i16]) -> io::Result<()> {
        let channels = if self.right.is_some() { 2 } else { 1 };
        self.frames += frames.len().div_ceil(channels) as u64;
        for frame in frames.chunks(channels) {
            self.waiting[0].push(frame[0]);
            self.waiting[1].push(frame.get(1).copied().unwrap_or(0));
        }
        let size = self.packet_frames();
        while self.waiting[0].len() >= size {
            self.encode(size)?;
        }
        Ok(())
    }

    /// Writes what there is of a page, and flushes the output.
    ///
    /// # Errors
    /// As of the output.
    pub fn checkpoint(&mut self) -> io::Result<()> {
        self.pages.end(0, &mut self.out)?;
        self.out.flush()
    }

    /// Writes the rest and the end of the stream.
    ///
    /// # Errors
    /// As of the output.
    pub fn finish(mut self) -> io::Result<()> {
        let sound = self.frames * CLOCK / u64::from(self.rate);
        let end = sound + u64::from(PRE_SKIP);
        let size = self.packet_frames();
        // One packet more than there is sound, for the look-ahead.
        while self.pages.position < end {
            self.waiting.iter_mut().for_each(|channel| channel.resize(size, 0));
            self.encode(size)?;
        }
        // A position less than what the packets hold cuts the last one (RFC 7845 §4.4).
        self.pages.position = end;
        self.pages.end(LAST_PAGE, &mut self.out)?;
        self.out.flush()
    }

    /// Frames of a packet.
    fn packet_frames(&self) -> usize {
        self.rate as usize / 50
    }

    /// Makes a packet of the first frames that wait, and a page when there is enough for one.
    fn encode(&mut self, size: usize) -> io::Result<()> {
        let [left, right] = &mut self.waiting;
        self.packet.clear();
        self.scratch.clear();
        self.left.encode(&left[..size], &mut self.scratch).map_err(io::Error::other)?;
        if let Some(encoder) = &mut self.right {
            delimit(&self.scratch, &mut self.packet)?;
            encoder.encode(&right[..size], &mut self.packet).map_err(io::Error::other)?;
        } else {
            self.packet.extend_from_slice(&self.scratch);
        }
        left.drain(..size);
        right.drain(..size);
        if !self.pages.has_room(self.packet.len()) {
            self.pages.end(0, &mut self.out)?;
        }
        self.pages.add(&self.packet, PACKET);
        if self.pages.packets >= PAGE_PACKETS {
            self.pages.end(0, &mut self.out)?;
        }
        Ok(())
    }
}

fn encoder(rate: u32, settings: &EncoderSettings) -> io::Result<Encoder> {
    Encoder::new(CodecKind::Opus, rate, settings).map_err(unsupported)
}

fn unsupported(rate: UnsupportedRate) -> io::Error {
    io::Error::new(ErrorKind::Unsupported, rate)
}

/// Appends a packet of one frame in the framing that says its length (RFC 6716 appendix B), as all
/// streams of a packet but the last are framed.
fn delimit(packet: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
    let Some((&toc, frame)) = packet.split_first().filter(|(toc, _)| **toc & 3 == 0) else {
        return Err(io::Error::new(ErrorKind::InvalidData, "a packet of several Opus frames"));
    };
    out.push(toc);
    // The encoder's packets are at most 1,275 bytes, the most that can be said here.
    match frame.len() {
        length @ ..252 => out.push(length as u8),
        length => {
            let low = 252 + (length & 3);
            out.extend([low as u8, ((length - low) / 4) as u8]);
        }
    }
    out.extend_from_slice(frame);
    Ok(())
}

/// The identification header (RFC 7845 §5.1).
fn identification(rate: u32, is_stereo: bool) -> Vec<u8> {
    let mut header = b"OpusHead".to_vec();
    header.extend([1, if is_stereo { 2 } else { 1 }]);
    header.extend(PRE_SKIP.to_le_bytes());
    header.extend(rate.to_le_bytes());
    header.extend([0, 0]);
    header.extend_from_slice(if is_stereo { &STEREO } else { &MONO });
    header
}

/// How the identification header of two channels ends: family 1; two streams, none coupled; the
/// first is the left channel.
const STEREO: [u8; 5] = [1, 2, 0, 0, 1];
/// How that of one channel ends: family 0, which says nothing more.
const MONO: [u8; 1] = [0];

/// Whether this is the first page of a [`Writer`], and of two channels.
fn is_stereo(page: &[u8]) -> Option<bool> {
    let header = page.get(PAGE_HEADER + 1..)?;
    let channels = header.strip_prefix(b"OpusHead\x01")?.first()?;
    let mapping = header.get(18..)?;
    match (channels, mapping) {
        (2, mapping) if *mapping == STEREO => Some(true),
        (1, mapping) if *mapping == MONO => Some(false),
        _ => None,
    }
}

/// The comment header (RFC 7845 §5.2), without comments.
fn comment() -> Vec<u8> {
    const VENDOR: &[u8; 6] = b"tandem";
    let mut header = b"OpusTags".to_vec();
    header.extend((VENDOR.len() as u32).to_le_bytes());
    header.extend(VENDOR);
    header.extend(0_u32.to_le_bytes());
    header
}

/// Makes pages of packets (RFC 3533 §6). No packet goes over the end of its page.
struct Pages {
    serial: u32,
    sequence: u32,
    /// The end of the last packet, in samples of the clock.
    position: u64,
    /// Packets of the page that is being made.
    packets: usize,
    /// Its segment table.
    segments: Vec<u8>,
    body: Vec<u8>,
    page: Vec<u8>,
}

impl Pages {
    fn new(serial: u32) -> Self {
        let (segments, body, page) = (Vec::new(), Vec::new(), Vec::new());
        Self { serial, sequence: 0, position: 0, packets: 0, segments, body, page }
    }

    fn has_room(&self, packet: usize) -> bool {
        self.segments.len() + packet / 255 < 255
    }

    fn add(&mut self, packet: &[u8], samples: u64) {
        self.segments.extend(std::iter::repeat_n(255, packet.len() / 255));
        self.segments.push((packet.len() % 255) as u8);
        self.body.extend_from_slice(packet);
        self.position += samples;
        self.packets += 1;
    }

    /// Writes the page in one piece, unless it is empty. An empty last one is written.
    fn end(&mut self, flags: u8, out: &mut impl Write) -> io::Result<()> {
        if self.packets == 0 && flags & LAST_PAGE == 0 {
            return Ok(());
        }
        self.page.clear();
        self.page.extend(b"OggS\0");
        self.page.push(flags);
        self.page.extend(self.position.to_le_bytes());
        self.page.extend(self.serial.to_le_bytes());
        self.page.extend(self.sequence.to_le_bytes());
        self.page.extend([0; 4]);
        self.page.push(self.segments.len() as u8);
        self.page.append(&mut self.segments);
        self.page.append(&mut self.body);
        seal(&mut self.page);
        self.sequence = self.sequence.wrapping_add(1);
        self.packets = 0;
        out.write_all(&self.page)
    }
}

/// Puts the checksum into a page.
fn seal(page: &mut [u8]) {
    page[22..26].fill(0);
    let sum = checksum(page);
    page[22..26].copy_from_slice(&sum.to_le_bytes());
}

/// CRC-32 of polynomial 0x04c11db7, not reflected (RFC 3533 §6).
fn checksum(page: &[u8]) -> u32 {
    static TABLE: [u32; 256] = table();
    page.iter().fold(0, |sum, &byte| sum << 8 ^ TABLE[usize::from((sum >> 24) as u8 ^ byte)])
}

const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        let mut sum = (index as u32) << 24;
        let mut bit = 0;
        while bit < 8 {
            sum = if sum & 1 << 31 == 0 { sum << 1 } else { sum << 1 ^ 0x04c1_1db7 };
            bit += 1;
        }
        table[index] = sum;
        index += 1;
    }
    table
}

/// What a file of [`Writer`] is once it has been repaired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Repaired {
    /// The length to which the file is to be cut, bytes: a part of a page may follow.
    pub bytes: u64,
    /// Its sound, ms.
    pub duration_ms: u64,
}

/// Finds the last whole page of a file of [`Writer`] and makes it the last one of the stream.
///
/// # Errors
/// As of the file; [`ErrorKind::InvalidData`] when it does not begin as such a file does.
pub fn repair<F: Read + Write + Seek>(file: &mut F) -> io::Result<Repaired> {
    file.seek(SeekFrom::Start(0))?;
    let mut reader = io::BufReader::with_capacity(1 << 16, &mut *file);
    let (mut page, mut last) = (Vec::new(), Vec::new());
    let (mut start, mut end) = (0, 0);
    let (mut position, mut pages) = (0, 0_u64);
    while read_page(&mut reader, &mut page)? {
        if pages == 0 && is_stereo(&page).is_none() {
            break;
        }
        // A page has a header at least.
        let said = u64::from_le_bytes(std::array::from_fn(|at| page[6 + at]));
        position = if said == NO_POSITION { position } else { said };
        (start, end) = (end, end + page.len() as u64);
        std::mem::swap(&mut page, &mut last);
        pages += 1;
    }
    if pages < 2 {
        return Err(ErrorKind::InvalidData.into());
    }
    if pages > 2 && last[5] & LAST_PAGE == 0 {
        last[5] |= LAST_PAGE;
        seal(&mut last);
        file.seek(SeekFrom::Start(start))?;
        file.write_all(&last)?;
        file.flush()?;
    }
    let duration_ms = position.saturating_sub(PRE_SKIP.into()) * 1_000 / CLOCK;
    Ok(Repaired { bytes: end, duration_ms })
}

/// Reads a page; `false` at the end, or where no whole page with the right checksum is.
fn read_page(file: &mut impl Read, page: &mut Vec<u8>) -> io::Result<bool> {
    page.clear();
    let mut more = |length: usize, page: &mut Vec<u8>| -> io::Result<bool> {
        let read = file.by_ref().take(length as u64).read_to_end(page)?;
        Ok(read == length)
    };
    if !more(PAGE_HEADER, page)? || !page.starts_with(b"OggS\0") {
        return Ok(false);
    }
    let segments = usize::from(page[PAGE_HEADER - 1]);
    if !more(segments, page)? {
        return Ok(false);
    }
    let body = page[PAGE_HEADER..].iter().map(|&length| usize::from(length)).sum();
    if !more(body, page)? {
        return Ok(false);
    }
    let said = [page[22], page[23], page[24], page[25]];
    seal(page);
    Ok(page[22..26] == said)
}

#[cfg(test)]
mod tests;
