//! A complaint that is made at most once a minute, however often its cause comes back: a service
//! that is down for an hour fills no log. The totals count all of them.

use std::time::Duration;

use tokio::time::Instant;

/// How long there is silence after a complaint.
const SILENCE: Duration = Duration::from_secs(60);

/// When a complaint was made last, and how many were not made since.
#[derive(Debug, Default)]
pub struct Seldom {
    last: Option<Instant>,
    silent: u64,
}

impl Seldom {
    /// Whether to complain now; how many complaints were not made since the one before.
    pub fn again(&mut self, now: Instant) -> Option<u64> {
        if self.last.is_some_and(|last| now < last + SILENCE) {
            self.silent += 1;
            return None;
        }
        self.last = Some(now);
        Some(std::mem::take(&mut self.silent))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_told_and_then_one_a_minute_with_the_number_of_the_others() {
        let start = Instant::now();
        let mut seldom = Seldom::default();
        assert_eq!(seldom.again(start), Some(0));
        for second in 1..60 {
            assert_eq!(seldom.again(start + Duration::from_secs(second)), None);
        }
        assert_eq!(seldom.again(start + Duration::from_secs(60)), Some(59));
        assert_eq!(seldom.again(start + Duration::from_secs(61)), None);
        assert_eq!(seldom.again(start + Duration::from_secs(200)), Some(1));
    }
}
