//! What a telephone itself says of the quality it had: a report by `PUBLISH` (RFC 6035), kept as it
//! came and with its main figures.

use std::sync::Arc;

use crate::{CallId, Millis, UserId};

/// A report. Figures that the telephone left out are `None`.
#[derive(Clone, Debug, PartialEq)]
pub struct ClientReport {
    /// The call that has a leg with this SIP Call-ID, if it is known.
    pub call: Option<CallId>,
    /// SIP's Call-ID of the leg, as the report names it.
    pub sip_call_id: Arc<str>,
    /// Whose telephone it is.
    pub user: Option<UserId>,
    /// When it came.
    pub at: Millis,
    /// `session`, `interval` or `alert`.
    pub kind: Arc<str>,
    /// Loss, percent.
    pub loss_percent: Option<f64>,
    /// Thrown away by the jitter buffer, percent.
    pub discard_percent: Option<f64>,
    /// Interarrival jitter, ms.
    pub jitter_ms: Option<f64>,
    /// Round trip, ms.
    pub rtt_ms: Option<f64>,
    /// Listening quality, 1–5.
    pub mos_lq: Option<f64>,
    /// Conversational quality, 1–5.
    pub mos_cq: Option<f64>,
    /// The whole report.
    pub body: Arc<str>,
}
