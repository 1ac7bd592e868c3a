//! What is kept of a leg's streams at its end (`leg_quality`; the fields of RFC 6035's session
//! report).

use crate::reception::BurstGap;

/// A stream at its end (`leg_quality`).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StreamSummary {
    /// Packets received, or sent.
    pub packets: u64,
    /// Packets lost on the way.
    pub lost: u64,
    /// Packets that a jitter buffer threw away.
    pub discarded: u64,
    /// Packets that came more than once (of a received stream).
    pub duplicate: u64,
    /// Packets that came late (of a received stream).
    pub reordered: u64,
    /// Mean jitter.
    pub jitter_avg_ms: Option<f64>,
    /// Highest jitter.
    pub jitter_max_ms: Option<f64>,
    /// Mean round trip.
    pub rtt_avg_ms: Option<f64>,
    /// Highest round trip.
    pub rtt_max_ms: Option<f64>,
    /// Mean score.
    pub mos_avg: Option<f64>,
    /// Lowest score.
    pub mos_min: Option<f64>,
    /// Bursts and gaps of loss.
    pub burst: BurstGap,
}

/// Both streams of a leg at its end.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LegSummary {
    /// From the leg to us.
    pub received: StreamSummary,
    /// From us to the leg.
    pub sent: StreamSummary,
}
