//! SDES and BYE: who a source is, and that it leaves (RFC 3550 §6.5, §6.6).

use super::word;

const CNAME: u8 = 1;

/// SDES, of which the canonical names are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceDescription<'a> {
    chunks: usize,
    octets: &'a [u8],
}

impl<'a> SourceDescription<'a> {
    pub(super) fn read(chunks: usize, body: &'a [u8]) -> Option<Self> {
        let described = Self { chunks, octets: body };
        let mut rest = body;
        for _ in 0..chunks {
            rest = read_chunk(rest)?.rest;
        }
        Some(described)
    }

    /// Each source that has a canonical name (UTF-8 in theory), and that name; 31 at most.
    pub fn names(&self) -> impl Iterator<Item = (u32, &'a [u8])> + use<'a> {
        let mut rest = self.octets;
        (0..self.chunks)
            .map_while(move |_| {
                let chunk = read_chunk(rest)?;
                rest = chunk.rest;
                Some((chunk.ssrc, chunk.name))
            })
            .filter_map(|(ssrc, name)| name.map(|name| (ssrc, name)))
    }
}

/// One source of an SDES packet.
struct Chunk<'a> {
    ssrc: u32,
    name: Option<&'a [u8]>,
    rest: &'a [u8],
}

/// Items are type, length and text; a null ends them and fills the last word up.
fn read_chunk(octets: &[u8]) -> Option<Chunk<'_>> {
    let ssrc = word(octets, 0)?;
    let mut name = None;
    let mut place = 4;
    loop {
        let kind = *octets.get(place)?;
        if kind == 0 {
            break;
        }
        let len = usize::from(*octets.get(place + 1)?);
        let text = octets.get(place + 2..place + 2 + len)?;
        if kind == CNAME && name.is_none() {
            name = Some(text);
        }
        place += 2 + len;
    }
    // At least one null, and the next chunk begins with a word.
    let end = (place + 1).next_multiple_of(4);
    Some(Chunk { ssrc, name, rest: octets.get(end..)? })
}

/// Appends the chunk of one source with its canonical name; a name that is too long is cut.
pub(super) fn write_chunk(ssrc: u32, name: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    let len = u8::try_from(name.len()).unwrap_or(u8::MAX);
    out.extend_from_slice(&ssrc.to_be_bytes());
    out.extend_from_slice(&[CNAME, len]);
    out.extend_from_slice(&name[..usize::from(len)]);
    let filled = (out.len() - start + 1).next_multiple_of(4);
    out.resize(start + filled, 0);
}

/// BYE.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Goodbye<'a> {
    sources: &'a [u8],
    /// Why, if it says so (UTF-8 in theory).
    pub reason: Option<&'a [u8]>,
}

impl<'a> Goodbye<'a> {
    pub(super) fn read(count: usize, body: &'a [u8]) -> Option<Self> {
        let (sources, rest) = body.split_at_checked(count * 4)?;
        let reason = match rest.split_first() {
            None => None,
            Some((&len, text)) => Some(text.get(..usize::from(len))?),
        };
        Some(Self { sources, reason })
    }

    /// The sources that leave; 31 at most, possibly none.
    pub fn sources(&self) -> impl Iterator<Item = u32> + use<'a> {
        let (words, _) = self.sources.as_chunks::<4>();
        words.iter().map(|&ssrc| u32::from_be_bytes(ssrc))
    }
}

/// Appends what follows a BYE's header: one source and why it leaves, cut at 255 octets.
pub(super) fn write_goodbye(ssrc: u32, reason: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&ssrc.to_be_bytes());
    if reason.is_empty() {
        return;
    }
    let start = out.len();
    let len = u8::try_from(reason.len()).unwrap_or(u8::MAX);
    out.push(len);
    out.extend_from_slice(&reason[..usize::from(len)]);
    let filled = (out.len() - start).next_multiple_of(4);
    out.resize(start + filled, 0);
}
