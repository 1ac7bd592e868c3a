//! When to report (RFC 3550 §6.2, §6.3.1, A.7) in a session of two.

use std::time::Duration;

/// The recommended least interval (RFC 3550 §6.2).
pub const INTERVAL_MIN: Duration = Duration::from_secs(5);

/// e − 3/2: makes up for what reconsideration of the timer adds.
const COMPENSATION: f64 = std::f64::consts::E - 1.5;

/// The time until the next report: `minimum` (halved before the first report), or more if
/// `session_bandwidth` (of RTP, octets per second; 5 % of it are RTCP's) asks for it with two
/// members and compound packets of `average_len` octets, randomised by `random` in 0–1 to a factor
/// of 0.5–1.5 and divided by e − 3/2.
#[must_use]
pub fn report_interval(
    minimum: Duration,
    first: bool,
    session_bandwidth: u32,
    average_len: u32,
    random: f64,
) -> Duration {
    let minimum = if first { minimum / 2 } else { minimum };
    let rtcp_bandwidth = f64::from(session_bandwidth.max(1)) * 0.05;
    let fair = Duration::try_from_secs_f64(2.0 * f64::from(average_len) / rtcp_bandwidth)
        .unwrap_or(Duration::MAX)
        .min(Duration::from_secs(3600));
    let random = if random.is_nan() { 0.5 } else { random.clamp(0.0, 1.0) };
    minimum.max(fair).mul_f64((random + 0.5) / COMPENSATION)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_seconds_become_two_to_six() {
        let least = report_interval(INTERVAL_MIN, false, 8_000, 120, 0.0);
        let most = report_interval(INTERVAL_MIN, false, 8_000, 120, 1.0);
        assert_eq!((least.as_millis(), most.as_millis()), (2_052, 6_156));
        let first = report_interval(INTERVAL_MIN, true, 8_000, 120, 0.5);
        assert_eq!(first.as_millis(), 2_052);
    }

    #[test]
    fn a_narrow_session_reports_less_often() {
        // Two members of 200 octets at 5 % of 500 octets per second: 16 s.
        let interval = report_interval(INTERVAL_MIN, false, 500, 200, 0.5);
        assert_eq!(interval, Duration::from_secs(16).mul_f64(1.0 / COMPENSATION));
        assert!(report_interval(INTERVAL_MIN, false, 0, u32::MAX, f64::NAN) < Duration::MAX);
    }
}
