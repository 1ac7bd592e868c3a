//! The quality that somebody hears, and the moments at which it is bad (model §4.6, R022).
//!
//! [`emodel`] turns loss, jitter and delay into a score (G.107), [`episode`] turns samples into
//! raises and clears that do not flap, [`meter`] does both for the two streams of a leg,
//! [`cause`] says in plain words what was heard and why, and [`vq_report`] reads what a phone says
//! of its side (RFC 6035). Nothing here does IO, keeps a clock or allocates per packet.

use std::time::Duration;

pub mod cause;
pub mod emodel;
pub mod episode;
pub mod meter;
pub mod summary;
pub mod thresholds;
pub mod vq_report;

pub use emodel::{CodecClass, Score};
pub use meter::Meter;
pub use summary::{LegSummary, StreamSummary};
pub use thresholds::{Bounds, Thresholds};

/// Direction of a stream as seen from the edge (`quality_event.stream`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stream {
    /// From the leg to us. Its trouble is heard by the other party.
    Received,
    /// From us to the leg. Its trouble is heard by this party.
    Sent,
}

/// What an episode is about (`quality_event.metric`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Metric {
    /// Packets lost in the network, percent of those expected.
    PacketLoss,
    /// Interarrival jitter (RFC 3550 §6.4.1), milliseconds.
    Jitter,
    /// Round trip between us and the leg, milliseconds.
    RoundTripTime,
    /// Mean opinion score, 1 to 4.5.
    Mos,
    /// No RTP one way while the other way flows, seconds.
    OneWayAudio,
    /// No RTP either way, seconds.
    MediaTimeout,
}

/// Unit of a metric's values (`quality_event.unit`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Percent.
    Percent,
    /// Milliseconds.
    Milliseconds,
    /// Score, 1 to 4.5.
    Score,
    /// Seconds.
    Seconds,
}

impl Metric {
    /// The unit of its thresholds and values.
    pub fn unit(self) -> Unit {
        match self {
            Self::PacketLoss => Unit::Percent,
            Self::Jitter | Self::RoundTripTime => Unit::Milliseconds,
            Self::Mos => Unit::Score,
            Self::OneWayAudio | Self::MediaTimeout => Unit::Seconds,
        }
    }
}

/// How bad it is (`quality_event.severity`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Beyond the warning threshold.
    Warning,
    /// Beyond the critical threshold.
    Critical,
}

/// Where the samples came from (`quality_event.source`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Our own counters.
    LocalRtp,
    /// The peer's sender or receiver reports (RFC 3550 §6.4).
    Rtcp,
    /// The peer's extended reports (RFC 3611).
    RtcpXr,
}

/// What happened to an episode. There is at most one open per stream and metric, and it goes
/// `Raised`, any number of `Worsened`, `Cleared`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Change {
    /// It began.
    Raised {
        /// How bad it is so far.
        severity: Severity,
        /// The warning threshold that was crossed, in the metric's unit.
        threshold: f64,
        /// The worst sample so far, those that raised it included.
        value: f64,
    },
    /// It became notably worse: another severity, or a tenth beyond what was last told.
    Worsened {
        /// How bad it is now; it never goes down.
        severity: Severity,
        /// The worst sample so far.
        value: f64,
    },
    /// It is over.
    Cleared {
        /// The worst sample of the whole episode.
        worst: f64,
    },
}

/// A change of an episode of one leg.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Episode {
    /// When it was raised, worsened or cleared (monotonic).
    pub at: Duration,
    /// Since when it was bad: the begin of the first bad sample, or the last packet before a
    /// silence.
    pub since: Duration,
    /// Until when it was bad as far as is known: the end of the last bad sample, or the first
    /// packet after a silence.
    pub until: Duration,
    /// The stream concerned.
    pub stream: Stream,
    /// What was measured.
    pub metric: Metric,
    /// What happened.
    pub change: Change,
    /// Who measured it.
    pub source: Source,
}
