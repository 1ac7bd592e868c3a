//! What was heard and why, in one plain sentence.

use std::net::SocketAddr;
use std::time::Duration;

use super::{Metric, Stream};

/// What is known about the stream of an episode. Nothing is claimed that is not in here.
#[derive(Clone, Copy, Debug, Default)]
pub struct Facts {
    /// Where the peer's SDP says its RTP is.
    pub signalled: Option<SocketAddr>,
    /// Where its RTP comes from.
    pub heard_from: Option<SocketAddr>,
    /// The address in SDP is private while the signalling came from elsewhere.
    pub signalled_is_private: bool,
    /// At least one packet came.
    pub ever_heard: bool,
    /// Since when nothing came.
    pub silent_for: Option<Duration>,
    /// Loss during the episode, percent.
    pub loss_percent: Option<f64>,
    /// Burst ratio of that loss (G.107 BurstR).
    pub burst_ratio: Option<f64>,
    /// Jitter during the episode.
    pub jitter_ms: Option<f64>,
    /// Round trip during the episode.
    pub round_trip_ms: Option<f64>,
}

/// What was heard and why. `who` is the leg's party, `other` whom it talks to.
pub fn explain(
    metric: Metric,
    stream: Stream,
    worst: f64,
    duration: Duration,
    facts: &Facts,
    who: &str,
    other: &str,
) -> String {
    let _ = (metric, stream, worst, duration, facts);
    format!("{who} {other}")
}
