//! When which leg is to be looked at: one deadline a leg, in order, so that no turn of the relay
//! asks all of them. Deadlines are rounded up to [`GRAIN`], so that legs that are due at nearly the
//! same time are due in one turn.

use std::collections::BTreeSet;
use std::time::Duration;

/// What deadlines are rounded up to.
pub(crate) const GRAIN: Duration = Duration::from_millis(10);

/// The deadlines of all legs, by place.
#[derive(Debug, Default)]
pub(crate) struct Deadlines {
    order: BTreeSet<(u64, u32)>,
}

impl Deadlines {
    /// Replaces a leg's deadline, which its owner keeps in `set`. `None`: it has none.
    pub(crate) fn set(&mut self, place: usize, set: &mut Option<u64>, at: Option<Duration>) {
        let at = at.map(grains);
        if *set == at {
            return;
        }
        // A place is a port pair's: below 2^15.
        let place = place as u32;
        if let Some(old) = set.take() {
            self.order.remove(&(old, place));
        }
        if let Some(at) = at {
            self.order.insert((at, place));
        }
        *set = at;
    }

    /// The next leg that is due. Its deadline is gone; its owner forgets it, too.
    pub(crate) fn pop(&mut self, now: Duration) -> Option<usize> {
        let &(at, place) = self.order.first()?;
        if moment(at) > now {
            return None;
        }
        self.order.pop_first();
        Some(place as usize)
    }

    /// When the first one is due.
    pub(crate) fn next(&self) -> Option<Duration> {
        self.order.first().map(|&(at, _)| moment(at))
    }
}

/// Rounded up.
fn grains(at: Duration) -> u64 {
    u64::try_from(at.as_nanos().div_ceil(GRAIN.as_nanos())).unwrap_or(u64::MAX)
}

fn moment(grains: u64) -> Duration {
    Duration::from_millis(grains.saturating_mul(10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn legs_are_due_in_order_and_once() {
        let ms = Duration::from_millis;
        let mut deadlines = Deadlines::default();
        let (mut first, mut second) = (None, None);
        deadlines.set(7, &mut first, Some(ms(31)));
        deadlines.set(3, &mut second, Some(ms(500)));
        deadlines.set(3, &mut second, Some(ms(20)));
        assert_eq!(deadlines.next(), Some(ms(20)));
        assert_eq!(deadlines.pop(ms(39)), Some(3));
        assert_eq!(deadlines.pop(ms(39)), None);
        assert_eq!(deadlines.next(), Some(ms(40)));
        deadlines.set(7, &mut first, None);
        assert_eq!((deadlines.next(), first), (None, None));
    }
}
