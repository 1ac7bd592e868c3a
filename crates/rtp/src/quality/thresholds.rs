//! When a sample is bad: the defaults of model §4.6 (Twilio's), and what is critical.

use std::time::Duration;

/// The two limits of a metric. For a score "beyond" means below, for all else above.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// Beyond it an episode is raised.
    pub warning: f32,
    /// Beyond it the episode is critical.
    pub critical: f32,
}

/// Limits and times of a leg's meter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Thresholds {
    /// Loss in percent, averaged over 7 samples.
    pub packet_loss_percent: Bounds,
    /// Jitter in milliseconds, 3 samples of 5.
    pub jitter_ms: Bounds,
    /// Round trip in milliseconds, 3 samples of 5.
    pub round_trip_ms: Bounds,
    /// Score, 3 samples of 5; bad when below.
    pub mos: Bounds,
    /// Silence one way while the other flows.
    pub one_way_after: Duration,
    /// Silence both ways.
    pub media_timeout_after: Duration,
    /// Length of a sample of our own counters.
    pub sample: Duration,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            packet_loss_percent: Bounds { warning: 3.0, critical: 10.0 },
            jitter_ms: Bounds { warning: 30.0, critical: 100.0 },
            round_trip_ms: Bounds { warning: 400.0, critical: 800.0 },
            mos: Bounds { warning: 3.5, critical: 2.5 },
            one_way_after: Duration::from_secs(5),
            media_timeout_after: Duration::from_secs(10),
            sample: Duration::from_secs(5),
        }
    }
}
