//! When what is due: the 20 ms of a frame are a wheel of 20 slots of 1 ms, and every stream has
//! one.
//!
//! Guarantees: moments are absolute, so nothing drifts; who wakes late makes up for at most three
//! frames, and counts what he leaves out.

use std::time::Duration;

/// Slots of the wheel; each is 1 ms of a frame of 20 ms.
pub(crate) const SLOTS: usize = 20;
/// The most turns that are made up for: three frames.
const CATCH_UP: u64 = 3 * SLOTS as u64;
/// A turn that begins later than this is late.
const LATE: Duration = Duration::from_millis(5);

/// A slot.
pub(crate) type Slot = usize;

/// What was counted; turns are of one millisecond.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct WheelCounts {
    /// Turns that began more than 5 ms late.
    pub(crate) late: u64,
    /// Turns that were left out because they were more than three frames late.
    pub(crate) skipped: u64,
}

/// Where the wheel stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wheel {
    /// The millisecond of the next turn.
    next: u64,
    pub(crate) counts: WheelCounts,
}

impl Wheel {
    /// A wheel whose first turn is after `now`.
    pub(crate) fn new(now: Duration) -> Self {
        Self { next: millis(now) + 1, counts: WheelCounts::default() }
    }

    /// The next turn that is due at `now` of a slot in which something `is_busy`: its planned
    /// time and its slot. To be called until `None`.
    pub(crate) fn turn(
        &mut self,
        now: Duration,
        is_busy: impl Fn(Slot) -> bool,
    ) -> Option<(Duration, Slot)> {
        let now_ms = millis(now);
        let earliest = (now_ms + 1).saturating_sub(CATCH_UP);
        while self.next < earliest {
            // As many as somebody misses: none, where nobody is.
            self.counts.skipped += u64::from(is_busy(slot(self.next)));
            self.next += 1;
            // A long sleep in which nothing was to be done is no walk of millions of steps.
            if earliest - self.next > SLOTS as u64 * 1_000 && !(0..SLOTS).any(&is_busy) {
                self.next = earliest;
            }
        }
        while self.next <= now_ms {
            let at = Duration::from_millis(self.next);
            self.next += 1;
            if is_busy(slot(self.next - 1)) {
                self.counts.late += u64::from(now.saturating_sub(at) > LATE);
                return Some((at, slot(self.next - 1)));
            }
        }
        None
    }

    /// When the next turn of a busy slot is; `None`: no slot is busy.
    pub(crate) fn deadline(&self, is_busy: impl Fn(Slot) -> bool) -> Option<Duration> {
        (self.next..self.next + SLOTS as u64)
            .find(|&ms| is_busy(slot(ms)))
            .map(Duration::from_millis)
    }
}

fn slot(ms: u64) -> Slot {
    // Below 20.
    (ms % SLOTS as u64) as Slot
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_busy_slot_has_its_turn_every_20_ms() {
        let mut wheel = Wheel::new(ms(1_000));
        let busy = |slot| slot == 7;
        let mut turns = Vec::new();
        for now in 1_000..1_100 {
            while let Some((at, slot)) = wheel.turn(ms(now), busy) {
                turns.push((at.as_millis(), slot));
            }
        }
        assert_eq!(turns, [(1_007, 7), (1_027, 7), (1_047, 7), (1_067, 7), (1_087, 7)]);
        assert_eq!(wheel.deadline(busy), Some(ms(1_107)));
        assert_eq!(wheel.deadline(|_| false), None);
        assert_eq!(wheel.counts, WheelCounts::default());
    }

    #[test]
    fn who_wakes_late_makes_up_for_three_frames() {
        let mut wheel = Wheel::new(ms(0));
        let busy = |slot| slot == 0;
        let mut turns = Vec::new();
        while let Some((at, _)) = wheel.turn(ms(1_000), busy) {
            turns.push(at.as_millis());
        }
        assert_eq!(turns, [960, 980, 1_000]);
        assert_eq!(wheel.counts, WheelCounts { late: 2, skipped: 47 });
        // Nothing drifts.
        assert_eq!(wheel.deadline(busy), Some(ms(1_020)));
    }

    #[test]
    fn a_long_sleep_is_no_long_walk() {
        let mut wheel = Wheel::new(ms(0));
        assert_eq!(wheel.turn(Duration::from_secs(1_000_000_000), |_| false), None);
        assert_eq!(wheel.counts, WheelCounts::default());
    }
}
