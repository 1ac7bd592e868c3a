//! The only reader of the operating system's clocks: everything else is given its time.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use model::{Millis, Now};

/// Both clocks; its monotonic one begins at [`Clock::start`].
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    epoch: Instant,
}

impl Clock {
    /// Starts the monotonic clock at zero.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads this clock")]
    pub fn start() -> Self {
        Self { epoch: Instant::now() }
    }

    /// Both clocks at one moment.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads this clock")]
    pub fn now(&self) -> Now {
        // Before 1970 the wall clock is certainly wrong; records then begin at 0.
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Now {
            mono: self.epoch.elapsed(),
            wall: Millis(i64::try_from(wall.as_millis()).unwrap_or(i64::MAX)),
        }
    }

    /// A time of this clock as the operating system's, to wait until it.
    pub fn instant(&self, mono: Duration) -> Instant {
        self.epoch + mono
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_clocks_run() {
        let clock = Clock::start();
        let (earlier, later) = (clock.now(), clock.now());
        assert!(earlier.mono <= later.mono);
        assert!(earlier.wall > Millis(1_700_000_000_000), "after 2023");
        assert!(clock.instant(later.mono) >= clock.instant(earlier.mono));
    }
}
