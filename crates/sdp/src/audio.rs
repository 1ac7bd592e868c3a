//! What a peer's description says of its audio stream, and whether an offer can be taken.
//!
//! * Profiles: `RTP/AVP` and `RTP/AVPF` (RFC 4585; nobody is obliged to send feedback). Secured
//!   ones are refused until legs can carry them.
//! * Hold is `sendonly` or `inactive` (RFC 3264 §8.4) and, in its old form, an unspecified address
//!   (RFC 2543 §B.5): then there is nowhere to send to.
//! * RTCP goes to the next port, where `a=rtcp` says (RFC 3605), or with RTP (RFC 5761).

use std::net::{IpAddr, SocketAddr};

use crate::codec::{Codec, codecs_of};
use crate::connection::Connection;
use crate::description::{Lines, Media, SessionDescription};
use crate::direction::Direction;

/// A peer's end of an audio stream, as its offer or answer describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audio {
    /// What it can receive, in its order of preference, in its numbers.
    pub codecs: Vec<Codec>,
    /// Where it receives; `None` where it names no address (the old form of hold): then nothing
    /// may be sent to it.
    pub remote: Option<Remote>,
    /// Whether it takes RTCP on the RTP port. In an answer, only if it was offered.
    pub rtcp_mux: bool,
    /// Which way packets may flow, as the peer sees it.
    pub direction: Direction,
    /// The packet length it would like to receive, in ms.
    pub ptime_ms: Option<u16>,
    /// The longest packet it takes, in ms.
    pub max_ptime_ms: Option<u16>,
}

/// The addresses a peer receives on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remote {
    /// For RTP.
    pub rtp: SocketAddr,
    /// For RTCP; the same as `rtp` where they share a port.
    pub rtcp: SocketAddr,
}

/// Why an offer gets 488 (RFC 3261 §21.4.26).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal488 {
    /// No audio stream, or none that is not switched off.
    #[error("no audio stream")]
    NoAudio,
    /// No audio stream over a profile we speak.
    #[error("no audio stream over RTP/AVP")]
    Transport,
    /// No audio stream at one unicast address of a family that we have.
    #[error("no usable network address")]
    Address,
    /// No audio stream with a codec that may be used.
    #[error("no audio codec in common")]
    Codec,
}

impl Refusal488 {
    /// The `warn-code` of the Warning header (RFC 3261 §20.43); the text is `self`'s.
    pub fn warning_code(self) -> u16 {
        match self {
            Self::NoAudio => 304,
            Self::Transport => 302,
            Self::Address => 301,
            Self::Codec => 305,
        }
    }
}

/// An offer with an audio stream that we can take, and the shape its answer must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AudioOffer {
    /// The stream.
    pub audio: Audio,
    pub(crate) layout: Layout,
    /// The `t=` lines, which an answer repeats (RFC 3264 §6).
    pub(crate) times: Vec<Box<str>>,
}

/// The m-lines of a session. Their number never shrinks and their order never changes (RFC 3264
/// §8), so every description that we write has them all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) slots: Vec<Slot>,
    /// Which of them is the audio stream.
    pub(crate) audio: usize,
}

/// What stays of an m-line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Slot {
    pub(crate) kind: Box<str>,
    pub(crate) protocol: Box<str>,
    pub(crate) formats: Vec<Box<str>>,
}

impl AudioOffer {
    /// Takes the first usable audio stream; all others will be answered with port 0.
    ///
    /// # Errors
    /// What kept the best candidate from being used.
    pub fn read(description: &SessionDescription) -> Result<Self, Refusal488> {
        let mut refusal = Refusal488::NoAudio;
        for (index, media) in description.media.iter().enumerate() {
            match Audio::read(description, media) {
                Ok(audio) => {
                    let layout = Layout::of(description, index);
                    let times = description.lines.of_kind('t').map(Into::into).collect();
                    return Ok(Self { audio, layout, times });
                }
                // A stream that failed later in the checks says more about what is missing.
                Err(cause) if cause.rank() > refusal.rank() => refusal = cause,
                Err(_) => {}
            }
        }
        Err(refusal)
    }

    /// The kinds of the offer's streams (`audio`, `video`, …), one for each m-line.
    pub fn kinds(&self) -> impl ExactSizeIterator<Item = &str> {
        self.layout.slots.iter().map(|slot| &*slot.kind)
    }
}

impl Refusal488 {
    /// How far a stream got before it was refused.
    fn rank(self) -> u8 {
        match self {
            Self::NoAudio => 0,
            Self::Transport => 1,
            Self::Address => 2,
            Self::Codec => 3,
        }
    }
}

impl Audio {
    /// Reads one stream; the same for offers and answers.
    pub(crate) fn read(
        description: &SessionDescription,
        media: &Media,
    ) -> Result<Self, Refusal488> {
        if media.kind.as_ref() != "audio" || media.port == 0 {
            return Err(Refusal488::NoAudio);
        }
        if !matches!(media.protocol.as_ref(), "RTP/AVP" | "RTP/AVPF") {
            return Err(Refusal488::Transport);
        }
        let connection = media.connection.as_ref().or(description.connection.as_ref());
        let address = connection
            .and_then(Connection::address)
            .filter(|address| !address.is_multicast())
            .ok_or(Refusal488::Address)?;
        let codecs = codecs_of(media);
        if !codecs.iter().any(Codec::is_audio) {
            return Err(Refusal488::Codec);
        }
        let said = Said::of(&media.lines);
        let rtcp_mux = said.rtcp_mux;
        let silenced = address.is_unspecified();
        let direction =
            said.direction.or_else(|| Said::of(&description.lines).direction).unwrap_or_default();
        Ok(Self {
            codecs,
            remote: (!silenced).then(|| remote(media.port, address, &said)),
            rtcp_mux,
            direction: Direction::new(direction.sends(), direction.receives() && !silenced),
            ptime_ms: said.ptime.and_then(milliseconds),
            max_ptime_ms: said.max_ptime.and_then(milliseconds),
        })
    }

    /// Whether a socket at `local` can send to the peer.
    pub(crate) fn is_reachable_from(&self, local: IpAddr) -> bool {
        self.remote.is_none_or(|remote| remote.rtp.is_ipv4() == local.is_ipv4())
    }
}

impl Layout {
    pub(crate) fn of(description: &SessionDescription, audio: usize) -> Self {
        let slots = description.media.iter().map(|media| Slot {
            kind: media.kind.clone(),
            protocol: media.protocol.clone(),
            formats: media.formats.clone(),
        });
        Self { slots: slots.collect(), audio }
    }

    /// One audio stream and nothing else: what we offer by ourselves.
    pub(crate) fn audio_only() -> Self {
        let slot = Slot { kind: "audio".into(), protocol: "RTP/AVP".into(), formats: Vec::new() };
        Self { slots: vec![slot], audio: 0 }
    }
}

/// What the attributes of one section say, read in one pass; of several the first counts.
#[derive(Default)]
struct Said<'a> {
    direction: Option<Direction>,
    rtcp_mux: bool,
    rtcp: Option<&'a str>,
    ptime: Option<&'a str>,
    max_ptime: Option<&'a str>,
}

impl<'a> Said<'a> {
    fn of(lines: &'a Lines) -> Self {
        let mut said = Self::default();
        for (name, value) in lines.attributes() {
            match name {
                "rtcp-mux" => said.rtcp_mux = true,
                "rtcp" => said.rtcp = said.rtcp.or(Some(value)),
                "ptime" => said.ptime = said.ptime.or(Some(value)),
                "maxptime" => said.max_ptime = said.max_ptime.or(Some(value)),
                _ => said.direction = said.direction.or_else(|| Direction::from_attribute(name)),
            }
        }
        said
    }
}

fn remote(port: u16, address: IpAddr, said: &Said<'_>) -> Remote {
    let rtp = SocketAddr::new(address, port);
    let own = || rtcp_attribute(said.rtcp?, address);
    let rtcp = if said.rtcp_mux { rtp } else { own().unwrap_or(next_port(rtp)) };
    Remote { rtp, rtcp }
}

/// Where RTCP goes by default (RFC 3550 §11). There is no port after the last one: what little RTCP
/// such a peer gets, it gets with RTP.
pub(crate) fn next_port(rtp: SocketAddr) -> SocketAddr {
    SocketAddr::new(rtp.ip(), rtp.port().saturating_add(1))
}

/// `a=rtcp:53020` or `a=rtcp:53020 IN IP4 126.16.64.4` (RFC 3605 §2.1).
fn rtcp_attribute(value: &str, address: IpAddr) -> Option<SocketAddr> {
    let (port, connection) = match value.split_once(' ') {
        Some((port, connection)) => (port, Some(connection)),
        None => (value, None),
    };
    let port = port.parse().ok().filter(|port| *port != 0_u16)?;
    let address = connection
        .and_then(Connection::parse)
        .and_then(|connection| connection.address())
        .filter(|own| own.is_ipv4() == address.is_ipv4())
        .filter(|own| !own.is_multicast() && !own.is_unspecified())
        .unwrap_or(address);
    Some(SocketAddr::new(address, port))
}

/// A whole number of milliseconds; some peers write fractions, which nobody needs.
fn milliseconds(value: &str) -> Option<u16> {
    let value = value.trim();
    let whole = value.split('.').next().unwrap_or(value);
    whole.parse().ok().filter(|ms| *ms > 0)
}
