//! What the core tells media and what media reports. Commands about one leg are obeyed in their
//! order; a command about a leg, a room or a recording that is not there is ignored: a crossing
//! input has ended it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

pub use model::call_graph::words::{QualityMetric, QualitySeverity, QualitySource, QualityStream};
pub use model::leg_quality::StreamQuality;
pub use model::recording::{RecordingFormat, RecordingId};

use super::LegId;
use super::sound::{Digit, PlayEnd, PlayId, Playlist};

/// A pair of bound ports (RTP even, RTCP odd) from the stock that media keeps ahead of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PortPair {
    /// RTP port; RTCP is the next one.
    pub rtp: u16,
}

/// Where a leg's far end receives, as its session description says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RemoteMedia {
    /// RTP.
    pub rtp: SocketAddr,
    /// RTCP; equal to `rtp` when multiplexed.
    pub rtcp: SocketAddr,
    /// RTP and RTCP share one port on both sides (RFC 5761, offered and accepted).
    pub rtcp_mux: bool,
}

/// Which way audio may flow on a leg, as negotiated, seen from us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Direction {
    /// We send to the leg.
    pub send: bool,
    /// We take what the leg sends.
    pub receive: bool,
}

impl Direction {
    /// Both ways.
    pub const BOTH: Self = Self { send: true, receive: true };
}

/// What a payload number means on a leg.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Format {
    /// The number, 0–127.
    pub payload: u8,
    /// The encoding.
    pub encoding: Encoding,
    /// The clock of its timestamps, Hz; 8,000 for G.722 too (RFC 3551 §4.5.2).
    pub clock_rate: u32,
    /// Channels as named in the description: 2 for Opus whatever is sent (RFC 7587 §4.1).
    pub channels: u8,
}

/// An encoding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// G.711 µ-law.
    Pcmu,
    /// G.711 A-law.
    Pcma,
    /// G.722, 64 kbit/s.
    G722,
    /// Opus (RFC 7587).
    Opus,
    /// Comfort noise (RFC 3389).
    ComfortNoise,
    /// Digits (RFC 4733).
    TelephoneEvent,
    /// One that can be relayed but not decoded, by its name in lower case.
    Other(Arc<str>),
}

/// What is agreed on for a leg.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Formats {
    /// What the numbers mean that the far end sends.
    pub receive: Arc<[Format]>,
    /// What the far end takes, in its numbers; the first that is sound is what is sent to it when
    /// it has to be encoded.
    pub send: Arc<[Format]>,
    /// Length of the packets that are made for it, ms.
    pub packet_ms: u8,
}

/// A room in which any number of legs hear each other; unique in the life of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoomId(pub u64);

/// What a leg may do in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// It hears the others.
    pub hears: bool,
    /// Who hears it.
    pub speaks: Speaks,
}

/// Who hears a member of a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaks {
    /// Everybody: a party, a supervisor who barged in.
    ToAll,
    /// Nobody: muted, or a supervisor who listens.
    ToNobody,
    /// One member: a supervisor who whispers.
    To(LegId),
}

impl Part {
    /// An ordinary party.
    pub const PARTY: Self = Self { hears: true, speaks: Speaks::ToAll };
}

/// What media is told to do.
#[derive(Clone, Debug, PartialEq)]
pub enum MediaCommand {
    /// A leg takes a port pair of the stock. Nothing is forwarded before a remote is known.
    Open {
        /// The leg.
        leg: LegId,
        /// Its ports.
        ports: PortPair,
    },
    /// A session description named the far end: send there, and latch anew to the first valid
    /// source (RFC 7362).
    Remote {
        /// The leg.
        leg: LegId,
        /// Where it receives.
        remote: RemoteMedia,
    },
    /// Codecs were agreed on. Until then packets are relayed as they are.
    Formats {
        /// The leg.
        leg: LegId,
        /// What the numbers mean.
        formats: Formats,
    },
    /// The direction changed (hold, resume). A leg that neither sends nor receives, or only one
    /// way, is held: its media timeout and its quality samples do not run.
    Direct {
        /// The leg.
        leg: LegId,
        /// Which way.
        direction: Direction,
    },
    /// Let one leg hear the other only (early media).
    Listen {
        /// Whose audio.
        from: LegId,
        /// Who hears it.
        to: LegId,
    },
    /// Let two legs hear each other; replaces what either heard before and takes both out of
    /// their rooms. Packets are relayed where both have a format in common, else transcoded.
    /// Media timeouts run from now.
    Bridge {
        /// One.
        a: LegId,
        /// The other.
        b: LegId,
    },
    /// Part them again.
    Unbridge {
        /// One.
        a: LegId,
        /// The other.
        b: LegId,
    },
    /// A leg joins a room, or changes its part there; leaves its bridge or other room.
    Join {
        /// The leg.
        leg: LegId,
        /// The room; it exists as long as somebody is in it.
        room: RoomId,
        /// What it may do.
        part: Part,
    },
    /// A leg leaves its room.
    Leave {
        /// The leg.
        leg: LegId,
    },
    /// Play to a leg. While it lasts the leg hears nothing else; then again its bridge or room.
    /// Replaces what was playing. Ends with [`MediaEvent::Played`], whatever happens but `Close`.
    Play {
        /// Who hears it.
        leg: LegId,
        /// This playing.
        play: PlayId,
        /// What.
        list: Arc<Playlist>,
    },
    /// Pause, and go on where it was.
    PausePlay {
        /// The leg.
        leg: LegId,
        /// `false`: go on.
        paused: bool,
    },
    /// Stop what plays.
    StopPlay {
        /// The leg.
        leg: LegId,
    },
    /// Press a digit towards a leg: as RFC 4733 events where it has them, else in the band.
    SendDigit {
        /// The leg.
        leg: LegId,
        /// The digit.
        digit: Digit,
        /// For how long, ms.
        duration_ms: u16,
    },
    /// Record two sides, or go on with other sides: the same recording outlives a transfer. A
    /// side that is `None` is silent. What begins with a left side alone (a voice message) has one
    /// channel, into which a right side that comes later is mixed.
    Record {
        /// The recording.
        recording: RecordingId,
        /// Left channel.
        left: Option<LegId>,
        /// Right channel.
        right: Option<LegId>,
        /// Below the recordings folder, without extension; names nobody.
        file: Arc<str>,
        /// How it is written.
        format: RecordingFormat,
    },
    /// Pause (nothing is kept; the file goes on without the gap), or go on.
    PauseRecording {
        /// The recording.
        recording: RecordingId,
        /// `false`: go on.
        paused: bool,
    },
    /// Close the file. Ends with [`MediaEvent::Recorded`].
    StopRecording {
        /// The recording.
        recording: RecordingId,
    },
    /// Say when nothing but silence has come from the leg for so long, once; `None`: no more.
    NoticeSilence {
        /// The leg.
        leg: LegId,
        /// How long, ms.
        after_ms: Option<u32>,
    },
    /// The leg is over; its ports go back. Ends with [`MediaEvent::Closed`].
    Close {
        /// The leg.
        leg: LegId,
    },
    /// A port pair of the stock was not used after all (its offer was never sent).
    Return(PortPair),
}

/// What media reports.
#[derive(Clone, Debug, PartialEq)]
pub enum MediaEvent {
    /// Bound ports for the stock; sent at the start and whenever the core has taken some.
    Stock(Vec<PortPair>),
    /// On a bridged leg that is not held no RTP came from either side for this long.
    TimedOut {
        /// The leg.
        leg: LegId,
        /// How long.
        after: Duration,
    },
    /// A playing is over.
    Played {
        /// The leg.
        leg: LegId,
        /// Which.
        play: PlayId,
        /// How.
        end: PlayEnd,
    },
    /// The leg's far end pressed a digit. Once for each, at its beginning.
    Digit {
        /// The leg.
        leg: LegId,
        /// Which.
        digit: Digit,
    },
    /// Nothing but silence came from the leg for as long as was asked.
    FellSilent {
        /// The leg.
        leg: LegId,
    },
    /// Bad audio began, got worse or is over.
    Quality(QualityNotice),
    /// A leg is closed; what its streams were like.
    Closed {
        /// The leg.
        leg: LegId,
        /// From the leg, if anything came; then to it, if anything was sent.
        streams: Vec<StreamQuality>,
    },
    /// A recording can no longer be written; what was written stays and can be played. It goes on
    /// as a command's target until it is stopped.
    RecordingFailed {
        /// Which.
        recording: RecordingId,
        /// Why, for people.
        cause: Arc<str>,
    },
    /// A recording is closed.
    Recorded {
        /// Which.
        recording: RecordingId,
        /// Its sound, ms.
        duration_ms: u64,
        /// Its size.
        bytes: u64,
        /// SHA-256 of the file, in hex; `None` if it could not be read.
        sha256: Option<Arc<str>>,
    },
}

/// A change of one quality episode of a leg.
#[derive(Clone, Debug, PartialEq)]
pub struct QualityNotice {
    /// The leg.
    pub leg: LegId,
    /// From it or to it.
    pub stream: QualityStream,
    /// What.
    pub metric: QualityMetric,
    /// How it changed.
    pub change: QualityChange,
    /// Where the figures come from.
    pub source: QualitySource,
    /// What was heard and why, in plain words in which `{party}` and `{other}` stand for the leg's
    /// party and for who talks with him.
    pub explanation: Arc<str>,
}

/// How a quality episode changed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum QualityChange {
    /// It began.
    Raised {
        /// How bad.
        severity: QualitySeverity,
        /// What was passed, in the metric's unit.
        threshold: f64,
        /// The worst value so far.
        worst: f64,
    },
    /// It got worse.
    Worsened {
        /// How bad by now.
        severity: QualitySeverity,
        /// The worst value so far.
        worst: f64,
    },
    /// It is over.
    Cleared {
        /// The worst value.
        worst: f64,
    },
}
