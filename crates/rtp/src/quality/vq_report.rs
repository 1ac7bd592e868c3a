//! The body `application/vq-rtcpxr` that phones publish about a call (RFC 6035 §4.6).
//!
//! Read with tolerance: phones differ in spaces, in the case of names and in what they leave out.
//! What is not known is left out, and so is a figure outside of its range, such as the 127 that
//! means "unavailable" (RFC 3611 §4.7). Only the limits and a missing report line refuse a body.

use std::borrow::Cow;

/// A longer body is refused.
pub const LENGTH_LIMIT: usize = 64 * 1024;
/// A body of more lines is refused.
pub const LINES_LIMIT: usize = 512;
/// Identities and names are cut to so many characters.
pub const TEXT_LIMIT: usize = 256;

/// Why a body was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VqError {
    /// More than [`LENGTH_LIMIT`].
    #[error("the report is longer than 64 KiB")]
    TooLong,
    /// More than [`LINES_LIMIT`].
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

/// Figures of one side. A figure that was absent, not a number or out of range is `None`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VqMetrics {
    /// `START`, as written (RFC 3339).
    pub start: Option<String>,
    /// `STOP`, as written (RFC 3339).
    pub stop: Option<String>,
    /// `PT`: RTP payload type.
    pub payload_type: Option<u8>,
    /// `PD`: name of the codec.
    pub codec: Option<String>,
    /// `SR`: samples a second.
    pub sample_rate: Option<f64>,
    /// `FD`: frame duration, milliseconds.
    pub frame_ms: Option<f64>,
    /// `JBN`: nominal jitter buffer, milliseconds.
    pub jitter_buffer_ms: Option<f64>,
    /// `JBM`: maximum jitter buffer, milliseconds.
    pub jitter_buffer_max_ms: Option<f64>,
    /// `JBX`: absolute maximum of the jitter buffer, milliseconds.
    pub jitter_buffer_limit_ms: Option<f64>,
    /// `NLR`: network loss, percent.
    pub loss_percent: Option<f64>,
    /// `JDR`: discarded by the jitter buffer, percent.
    pub discard_percent: Option<f64>,
    /// `BLD`: loss within bursts, percent.
    pub burst_loss_percent: Option<f64>,
    /// `BD`: mean length of a burst, milliseconds.
    pub burst_ms: Option<f64>,
    /// `GLD`: loss within gaps, percent.
    pub gap_loss_percent: Option<f64>,
    /// `GD`: mean length of a gap, milliseconds.
    pub gap_ms: Option<f64>,
    /// `RTD`: round trip, milliseconds.
    pub round_trip_ms: Option<f64>,
    /// `ESD`: delay within the end system, milliseconds.
    pub end_system_ms: Option<f64>,
    /// `OWD`: one-way delay, milliseconds.
    pub one_way_ms: Option<f64>,
    /// `SOWD`: half of a symmetric round trip with both end systems, milliseconds.
    pub symmetric_one_way_ms: Option<f64>,
    /// `IAJ`: interarrival jitter (RFC 3550), milliseconds.
    pub jitter_ms: Option<f64>,
    /// `MAJ`: mean absolute jitter, milliseconds.
    pub mean_absolute_jitter_ms: Option<f64>,
    /// `SL`: signal level, dBm0.
    pub signal_dbm: Option<f64>,
    /// `NL`: noise level, dBm0.
    pub noise_dbm: Option<f64>,
    /// `RERL`: residual echo return loss, dB.
    pub echo_return_loss_db: Option<f64>,
    /// `RLQ`: listening rating.
    pub r_lq: Option<f64>,
    /// `RCQ`: conversational rating.
    pub r_cq: Option<f64>,
    /// `MOSLQ`: listening score, 1 to 5.
    pub mos_lq: Option<f64>,
    /// `MOSCQ`: conversational score, 1 to 5.
    pub mos_cq: Option<f64>,
}

/// A report.
#[derive(Clone, Debug, PartialEq)]
pub struct VqReport {
    /// Which report it is.
    pub kind: VqKind,
    /// It is the last one of the session: `VQSessionReport: CallTerm`.
    pub call_ended: bool,
    /// `CallID`: SIP's Call-ID of the reported session.
    pub sip_call_id: Option<String>,
    /// `LocalID`.
    pub local_id: Option<String>,
    /// `RemoteID`.
    pub remote_id: Option<String>,
    /// `OrigID`: who began the session.
    pub orig_id: Option<String>,
    /// `DialogID`: Call-ID and tags, as written.
    pub dialog_id: Option<String>,
    /// What the phone measured: the stream that it received.
    pub local: Option<VqMetrics>,
    /// What its peer told it of the other stream.
    pub remote: Option<VqMetrics>,
}

/// Reads a report. Unknown lines and keys are left out.
///
/// # Errors
/// Beyond the limits, or not a report at all.
pub fn parse(body: &[u8]) -> Result<VqReport, VqError> {
    if body.len() > LENGTH_LIMIT {
        return Err(VqError::TooLong);
    }
    let text = String::from_utf8_lossy(body);
    let lines = unfold(&text)?;
    let mut lines = lines.iter().filter_map(|line| Some(split(line)).filter(|l| !l.0.is_empty()));
    let mut report = lines.next().and_then(begin).ok_or(VqError::NoReport)?;
    let mut side = Side::Session;
    for (name, value) in lines {
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        if is("LocalMetrics") {
            side = Side::Local;
            report.local.get_or_insert_default();
        } else if is("RemoteMetrics") {
            side = Side::Remote;
            report.remote.get_or_insert_default();
        } else if !session_line(&mut report, name, value) {
            // Some phones leave the line LocalMetrics out.
            let metrics = match side {
                Side::Session | Side::Local => &mut report.local,
                Side::Remote => &mut report.remote,
            };
            metrics_line(metrics, name, value);
        }
    }
    Ok(report)
}

/// Whose figures the lines are.
#[derive(Clone, Copy)]
enum Side {
    Session,
    Local,
    Remote,
}

/// Lines; one that begins with a space goes on with the one before it.
fn unfold(text: &str) -> Result<Vec<Cow<'_, str>>, VqError> {
    let mut lines: Vec<Cow<'_, str>> = Vec::new();
    for (n, line) in text.split('\n').enumerate() {
        if n >= LINES_LIMIT {
            return Err(VqError::TooManyLines);
        }
        let line = line.trim_end_matches('\r');
        match lines.last_mut() {
            Some(last) if line.starts_with([' ', '\t']) => {
                let last = last.to_mut();
                last.push(' ');
                last.push_str(line.trim_start());
            }
            Some(_) | None => lines.push(Cow::Borrowed(line)),
        }
    }
    Ok(lines)
}

/// Name and value of a line. One without a colon is a name.
fn split(line: &str) -> (&str, &str) {
    let (name, value) = line.split_once(':').unwrap_or((line, ""));
    (name.trim(), value.trim())
}

fn begin((name, value): (&str, &str)) -> Option<VqReport> {
    let is = |known: &str| name.eq_ignore_ascii_case(known);
    let kind = if is("VQSessionReport") {
        VqKind::Session
    } else if is("VQIntervalReport") {
        VqKind::Interval
    } else if is("VQAlertReport") {
        VqKind::Alert
    } else {
        return None;
    };
    let call_ended = kind == VqKind::Session && value.eq_ignore_ascii_case("CallTerm");
    let nothing = (None, None, None, None, None);
    let (sip_call_id, local_id, remote_id, orig_id, dialog_id) = nothing;
    let (local, remote) = (None, None);
    Some(VqReport {
        kind,
        call_ended,
        sip_call_id,
        local_id,
        remote_id,
        orig_id,
        dialog_id,
        local,
        remote,
    })
}

/// A line about the session, wherever it stands. Gives whether it was one.
fn session_line(report: &mut VqReport, name: &str, value: &str) -> bool {
    let field = match name.to_ascii_lowercase().as_str() {
        "callid" => &mut report.sip_call_id,
        "localid" => &mut report.local_id,
        "remoteid" => &mut report.remote_id,
        "origid" => &mut report.orig_id,
        "dialogid" => &mut report.dialog_id,
        _ => return false,
    };
    // The first one counts: a later one is somebody's addition.
    field.get_or_insert_with(|| cut(value));
    true
}

fn metrics_line(side: &mut Option<VqMetrics>, name: &str, value: &str) {
    let known = [
        "Timestamps",
        "SessionDesc",
        "JitterBuffer",
        "PacketLoss",
        "BurstGapLoss",
        "Delay",
        "Signal",
        "QualityEst",
    ];
    if !known.iter().any(|known| name.eq_ignore_ascii_case(known)) {
        return;
    }
    let metrics = side.get_or_insert_default();
    for (key, value) in Pairs(value) {
        figure(metrics, key, value);
    }
}

/// `key=value` pairs with spaces between them; a quoted value may hold spaces.
struct Pairs<'a>(&'a str);

impl<'a> Iterator for Pairs<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let rest = self.0.trim_start_matches([' ', '\t', ';']);
            if rest.is_empty() {
                return None;
            }
            let key_end = rest.find(['=', ' ', '\t', ';']).unwrap_or(rest.len());
            let (key, after) = rest.split_at(key_end);
            let Some(value) = after.strip_prefix('=') else {
                self.0 = after;
                continue;
            };
            if let Some((quoted, after)) = value.strip_prefix('"').and_then(|v| v.split_once('"')) {
                self.0 = after;
                return Some((key, quoted));
            }
            let end = value.find([' ', '\t', ';']).unwrap_or(value.len());
            let (value, after) = value.split_at(end);
            self.0 = after;
            return Some((key, value));
        }
    }
}

/// Any time that may be, in milliseconds: RFC 3611's fields have 16 bits.
const TIME: (f64, f64) = (0.0, 65_535.0);
const PERCENT: (f64, f64) = (0.0, 100.0);
const LEVEL: (f64, f64) = (-128.0, 126.0);
/// A wideband rating may go up to 120 (RFC 6035 §4.6.2.9).
const RATING: (f64, f64) = (0.0, 120.0);
const SCORE: (f64, f64) = (1.0, 5.0);

fn figure(metrics: &mut VqMetrics, key: &str, value: &str) {
    let (field, range) = match key.to_ascii_uppercase().as_str() {
        "START" => return metrics.start = Some(cut(value)),
        "STOP" => return metrics.stop = Some(cut(value)),
        "PD" => return metrics.codec = Some(cut(value)),
        "PT" => return metrics.payload_type = value.parse().ok().filter(|pt| *pt < 128),
        "SR" => (&mut metrics.sample_rate, (1.0, 192_000.0)),
        "FD" => (&mut metrics.frame_ms, (0.1, 1000.0)),
        "JBN" => (&mut metrics.jitter_buffer_ms, TIME),
        "JBM" => (&mut metrics.jitter_buffer_max_ms, TIME),
        "JBX" => (&mut metrics.jitter_buffer_limit_ms, TIME),
        "NLR" => (&mut metrics.loss_percent, PERCENT),
        "JDR" => (&mut metrics.discard_percent, PERCENT),
        "BLD" => (&mut metrics.burst_loss_percent, PERCENT),
        "BD" => (&mut metrics.burst_ms, TIME),
        "GLD" => (&mut metrics.gap_loss_percent, PERCENT),
        "GD" => (&mut metrics.gap_ms, TIME),
        "RTD" => (&mut metrics.round_trip_ms, TIME),
        "ESD" => (&mut metrics.end_system_ms, TIME),
        "OWD" => (&mut metrics.one_way_ms, TIME),
        "SOWD" => (&mut metrics.symmetric_one_way_ms, TIME),
        "IAJ" => (&mut metrics.jitter_ms, TIME),
        "MAJ" => (&mut metrics.mean_absolute_jitter_ms, TIME),
        "SL" => (&mut metrics.signal_dbm, LEVEL),
        "NL" => (&mut metrics.noise_dbm, LEVEL),
        "RERL" => (&mut metrics.echo_return_loss_db, LEVEL),
        "RLQ" => (&mut metrics.r_lq, RATING),
        "RCQ" => (&mut metrics.r_cq, RATING),
        "MOSLQ" => (&mut metrics.mos_lq, SCORE),
        "MOSCQ" => (&mut metrics.mos_cq, SCORE),
        _ => return,
    };
    *field = value.parse().ok().filter(|number| (range.0..=range.1).contains(number));
}

fn cut(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(TEXT_LIMIT).collect()
}

#[cfg(test)]
mod tests;
