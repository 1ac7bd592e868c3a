//! Wall-clock time as RTCP has it, and the round trip that two of its stamps give
//! (RFC 3550 §4, §6.4.1).

use std::time::Duration;

/// Seconds from 1900 to 1970.
const UNIX_EPOCH_SECONDS: u64 = 2_208_988_800;
const MICROS: u64 = 1_000_000;

/// A round trip that is longer is none: the stamps do not belong together.
pub const RTT_MAX: Duration = Duration::from_secs(30);

/// Seconds since 1900 in the high 32 bits, fractions of 2^-32 s in the low ones. The seconds wrap
/// in 2036.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct NtpTime(pub u64);

impl NtpTime {
    /// From microseconds since 1970.
    #[must_use]
    pub fn from_unix_micros(micros: u64) -> Self {
        let seconds = micros / MICROS + UNIX_EPOCH_SECONDS;
        // Rounded up, so that the way back gives the same microsecond.
        let fraction = ((micros % MICROS) << 32).div_ceil(MICROS);
        Self(seconds << 32 | fraction)
    }

    /// Microseconds since 1970; times before that, which are those after 2036, count on from there.
    #[must_use]
    pub fn unix_micros(self) -> u64 {
        let seconds = self.0 >> 32;
        let seconds = seconds.checked_sub(UNIX_EPOCH_SECONDS).unwrap_or_else(|| {
            // The next era.
            seconds + (1 << 32) - UNIX_EPOCH_SECONDS
        });
        seconds * MICROS + (((self.0 & 0xffff_ffff) * MICROS) >> 32)
    }

    /// The middle 32 bits, in units of 2^-16 s, as `LSR` and `LRR` have them.
    #[must_use]
    pub fn middle(self) -> u32 {
        (self.0 >> 16) as u32
    }
}

/// The round trip of a report that arrives at `arrival` (A) with the stamp of our last report
/// (`last_report`, LSR or LRR) and the peer's delay since then (`delay`, DLSR or DLRR): A − LSR −
/// DLSR, all in units of 2^-16 s. `None` if the peer had no report of us yet, or if the stamps
/// give a time below zero or above [`RTT_MAX`].
#[must_use]
pub fn round_trip(arrival: u32, last_report: u32, delay: u32) -> Option<Duration> {
    if last_report == 0 {
        return None;
    }
    let units = u64::from(arrival.wrapping_sub(last_report).checked_sub(delay)?);
    let rtt = Duration::from_micros((units * MICROS) >> 16);
    (rtt <= RTT_MAX).then_some(rtt)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_rfc_3550() {
        // Figure 2: A = 0xb710:8000, LSR = 0xb705:2000, DLSR = 0x0005:4000; 6.125 s.
        let rtt = round_trip(0xb710_8000, 0xb705_2000, 0x0005_4000);
        assert_eq!(rtt, Some(Duration::from_millis(6125)));
    }

    #[test]
    fn a_time_that_cannot_be_is_none() {
        assert_eq!(round_trip(0xb710_8000, 0, 0), None);
        assert_eq!(round_trip(0x0001_0000, 0x0001_0000, 1), None);
        assert_eq!(round_trip(0x0001_0000, 0x0001_0001, 0), None);
        assert_eq!(round_trip(31 << 16, 1, 0), None);
        // Across the wrap of 18 hours.
        assert_eq!(round_trip(0x8000, 0xffff_8000, 0), Some(Duration::from_secs(1)));
    }

    #[test]
    fn wall_clock_goes_both_ways() {
        assert_eq!(NtpTime::from_unix_micros(0).0, UNIX_EPOCH_SECONDS << 32);
        assert_eq!(NtpTime::from_unix_micros(500_000).middle(), 0x7e80_8000);
        // 2026, and after the wrap of 2036.
        for micros in [1, 999_999, 1_767_225_600_123_457, 2_500_000_000_000_001] {
            assert_eq!(NtpTime::from_unix_micros(micros).unix_micros(), micros);
        }
    }
}
