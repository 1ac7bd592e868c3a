//! What a leg's streams were like over their whole life: the rows of `leg_quality`, with the
//! fields of a session report (RFC 6035). They are written when a leg has ended and are no part of
//! the hand-off.

use std::sync::Arc;

use crate::CallId;
use crate::call_graph::event::BridgeLeg;
use crate::call_graph::words::QualityStream;

/// One direction of a leg, seen from here. Averages and extremes are `None` where nothing was
/// measured.
#[derive(Clone, Debug, PartialEq)]
pub struct StreamQuality {
    /// From the leg or to it.
    pub stream: QualityStream,
    /// The encoding that most packets had, as in `a=rtpmap`: `PCMU`, `opus`.
    pub codec: Arc<str>,
    /// Packets received, or sent.
    pub packets: u64,
    /// Packets that never came; for what is sent, as the far end reported.
    pub lost: u64,
    /// Packets that came too late to be heard.
    pub discarded: u64,
    /// Packets that came more than once.
    pub duplicate: u64,
    /// Interarrival jitter (RFC 3550 §6.4.1), ms.
    pub jitter_avg_ms: Option<f64>,
    /// Its highest sample, ms.
    pub jitter_max_ms: Option<f64>,
    /// Round trip by RTCP, ms.
    pub rtt_avg_ms: Option<f64>,
    /// Its highest sample, ms.
    pub rtt_max_ms: Option<f64>,
    /// Mean opinion score by the E-model, 1–5.
    pub mos_avg: Option<f64>,
    /// Its lowest sample.
    pub mos_min: Option<f64>,
}

/// The rows of one leg of a call.
#[derive(Clone, Debug, PartialEq)]
pub struct LegQuality {
    /// The call.
    pub call: CallId,
    /// The leg: `anchor`, or the id of the Connection.
    pub leg: BridgeLeg,
    /// At most one for each direction.
    pub streams: Vec<StreamQuality>,
}
