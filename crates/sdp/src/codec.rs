//! Codecs by name and number (RFC 3551 §6; RFC 8866 §6.6, §6.15) and what two lists have in
//! common.
//!
//! Tandem relays packets as they are wherever it can, so a codec it has never heard of is as good
//! as any: it is kept with its name and parameters. Only what accompanies a codec is told apart,
//! because a stream of nothing but telephone events is no conversation.

use std::fmt;
use std::sync::Arc;

use crate::description::Media;

/// One format of an audio stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Codec {
    /// The payload number, 0–127.
    pub payload: u8,
    /// The encoding name; compared without regard to case.
    pub name: Arc<str>,
    /// The clock rate of its RTP timestamps, in Hz.
    pub clock_rate: u32,
    /// The number of channels, at least 1.
    pub channels: u8,
    /// The parameters (`a=fmtp`), as written.
    pub fmtp: Option<Arc<str>>,
}

/// What a format carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodecKind {
    /// Sound.
    Audio,
    /// Digits (RFC 4733).
    TelephoneEvent,
    /// Silence (RFC 3389).
    ComfortNoise,
    /// Copies of packets of the other formats (RFC 2198).
    Redundancy,
}

impl Codec {
    /// A codec without parameters.
    pub fn new(payload: u8, name: &str, clock_rate: u32, channels: u8) -> Self {
        Self { payload, name: name.into(), clock_rate, channels, fmtp: None }
    }

    /// This codec with parameters.
    #[must_use]
    pub fn with_fmtp(mut self, fmtp: &str) -> Self {
        self.fmtp = Some(fmtp.into());
        self
    }

    /// The codec that owns a static payload number (RFC 3551, table 4; audio only).
    pub fn from_static_payload(payload: u8) -> Option<Self> {
        let (name, clock_rate, channels) = match payload {
            0 => ("PCMU", 8000, 1),
            3 => ("GSM", 8000, 1),
            4 => ("G723", 8000, 1),
            5 => ("DVI4", 8000, 1),
            6 => ("DVI4", 16000, 1),
            7 => ("LPC", 8000, 1),
            8 => ("PCMA", 8000, 1),
            // Its clock says 8,000 Hz for historical reasons; it samples at 16,000.
            9 => ("G722", 8000, 1),
            10 => ("L16", 44100, 2),
            11 => ("L16", 44100, 1),
            12 => ("QCELP", 8000, 1),
            13 => ("CN", 8000, 1),
            14 => ("MPA", 90000, 1),
            15 => ("G728", 8000, 1),
            16 => ("DVI4", 11025, 1),
            17 => ("DVI4", 22050, 1),
            18 => ("G729", 8000, 1),
            // RFC 1890's number for it, still sent by old gateways.
            2 => ("G726-32", 8000, 1),
            _ => return None,
        };
        Some(Self::new(payload, name, clock_rate, channels))
    }

    /// What this format carries.
    pub fn kind(&self) -> CodecKind {
        if self.name.eq_ignore_ascii_case("telephone-event") {
            CodecKind::TelephoneEvent
        } else if self.name.eq_ignore_ascii_case("CN") {
            CodecKind::ComfortNoise
        } else if self.name.eq_ignore_ascii_case("red") {
            CodecKind::Redundancy
        } else {
            CodecKind::Audio
        }
    }

    /// Whether this format carries sound by itself.
    pub fn is_audio(&self) -> bool {
        self.kind() == CodecKind::Audio
    }

    /// Whether both are the same encoding, whatever their numbers and parameters.
    pub fn same_encoding(&self, other: &Self) -> bool {
        self.name.eq_ignore_ascii_case(&other.name)
            && self.clock_rate == other.clock_rate
            && self.channels == other.channels
    }

    /// Reads the value of `a=rtpmap` behind the payload number.
    fn from_rtpmap(payload: u8, value: &str) -> Option<Self> {
        let mut parts = value.trim().split('/');
        let name = parts.next().filter(|name| !name.is_empty() && !name.contains(' '))?;
        let clock_rate = parts.next()?.trim().parse().ok().filter(|rate| *rate > 0)?;
        let channels = match parts.next() {
            Some(channels) => channels.trim().parse().ok().filter(|channels| *channels > 0)?,
            None => 1,
        };
        Some(Self::new(payload, name, clock_rate, channels))
    }
}

impl fmt::Display for Codec {
    /// As in `a=rtpmap`: number, name, clock and, unless there is one, channels.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}/{}", self.payload, self.name, self.clock_rate)?;
        if self.channels == 1 { Ok(()) } else { write!(f, "/{}", self.channels) }
    }
}

/// The codecs of an RTP stream in its order of preference. Numbers that nothing explains are left
/// out: nobody could know what they carry. A number named twice counts once.
pub(crate) fn codecs_of(media: &Media) -> Vec<Codec> {
    let mut rtpmaps = [None; 128];
    let mut fmtps = [None; 128];
    for (name, value) in media.lines.attributes() {
        let table = match name {
            "rtpmap" => &mut rtpmaps,
            "fmtp" => &mut fmtps,
            _ => continue,
        };
        let Some((payload, value)) = value.trim_start().split_once(' ') else {
            continue;
        };
        let slot = payload.parse().ok().and_then(|payload: usize| table.get_mut(payload));
        if let Some(slot @ None) = slot {
            *slot = Some(value.trim());
        }
    }
    let mut codecs: Vec<Codec> = Vec::with_capacity(media.formats.len());
    for format in &media.formats {
        let Some(payload) = format.parse().ok().filter(|payload| *payload < 128_u8) else {
            continue;
        };
        let codec = match rtpmaps[usize::from(payload)] {
            Some(rtpmap) => Codec::from_rtpmap(payload, rtpmap),
            None => Codec::from_static_payload(payload),
        };
        if codecs.iter().any(|known| known.payload == payload) {
            continue;
        }
        codecs.extend(
            codec.map(|codec| Codec { fmtp: fmtps[usize::from(payload)].map(Into::into), ..codec }),
        );
    }
    codecs
}

/// What an offer and the allowed codecs have in common, in the offer's order and numbers (RFC 3264
/// §6.1). Parameters are the allowed codec's, because they come from the far end of the relay;
/// where it has none, the offer's. `None` without any sound.
pub fn common_codecs(offered: &[Codec], allowed: &[Codec]) -> Option<Vec<Codec>> {
    let common: Vec<Codec> = offered
        .iter()
        .filter_map(|codec| {
            let allowed = best_match(codec, allowed)?;
            let fmtp = allowed.fmtp.clone().or_else(|| codec.fmtp.clone());
            Some(Codec { fmtp, ..codec.clone() })
        })
        .collect();
    common.iter().any(Codec::is_audio).then_some(common)
}

/// The one of `among` that is the same encoding; of several (a codec offered twice with different
/// parameters) the one with the same number, else with the same parameters, else the first.
pub(crate) fn best_match<'a>(codec: &Codec, among: &'a [Codec]) -> Option<&'a Codec> {
    let mut same = among.iter().filter(|other| codec.same_encoding(other));
    let first = same.next()?;
    let rest = || std::iter::once(first).chain(same.clone());
    rest()
        .find(|other| other.payload == codec.payload)
        .or_else(|| rest().find(|other| other.fmtp == codec.fmtp))
        .or(Some(first))
}

/// What we answer to a caller who is accepted before anybody else's codecs are known: exactly one
/// codec, so that it can be offered on to whoever joins, and the digits that go with it.
///
/// The first of `preferred` names that the offer has, else the offer's own first choice.
pub fn early_codecs(offered: &[Codec], preferred: &[&str]) -> Option<Vec<Codec>> {
    let audio = || offered.iter().filter(|codec| codec.is_audio());
    let chosen = preferred
        .iter()
        .find_map(|name| audio().find(|codec| codec.name.eq_ignore_ascii_case(name)))
        .or_else(|| audio().next())?;
    let events = || offered.iter().filter(|c| c.kind() == CodecKind::TelephoneEvent);
    let event = events().find(|c| c.clock_rate == chosen.clock_rate).or_else(|| events().next());
    Some(std::iter::once(chosen).chain(event).cloned().collect())
}

/// What we offer when nobody has offered us anything (RFC 3261 §13.2.1, delayed offer): what
/// nearly every telephone and browser has.
pub fn default_codecs() -> Vec<Codec> {
    vec![
        Codec::new(0, "PCMU", 8000, 1),
        Codec::new(8, "PCMA", 8000, 1),
        Codec::new(9, "G722", 8000, 1),
        Codec::new(111, "opus", 48000, 2).with_fmtp("minptime=10;useinbandfec=1"),
        Codec::new(101, "telephone-event", 8000, 1).with_fmtp("0-15"),
    ]
}

/// How payload numbers change on the way from a leg to another: pairs of the number that arrives
/// (as `from` numbers the encoding) and the number to send (as `to` does), only where they differ.
///
/// Empty in the ordinary call, where the second leg was offered the first one's numbers.
pub fn payload_map(from: &[Codec], to: &[Codec]) -> Vec<(u8, u8)> {
    from.iter()
        .filter_map(|codec| Some((codec.payload, best_match(codec, to)?.payload)))
        .filter(|(arrives, leaves)| arrives != leaves)
        .collect()
}
