//! Sets of half-open times, `[from, to)`: two that touch do not overlap.

use crate::Millis;

/// The end of what lasts.
pub(super) const LASTS: i64 = i64::MAX;

/// Times, in order and apart from each other.
#[derive(Clone, Debug, Default)]
pub(super) struct Times(Vec<(i64, i64)>);

impl Times {
    pub(super) fn of(mut times: Vec<(i64, i64)>) -> Self {
        times.retain(|(from, to)| from < to);
        times.sort_unstable();
        let mut apart: Vec<(i64, i64)> = Vec::with_capacity(times.len());
        for (from, to) in times {
            match apart.last_mut() {
                Some(last) if from <= last.1 => last.1 = last.1.max(to),
                Some(_) | None => apart.push((from, to)),
            }
        }
        Self(apart)
    }

    pub(super) fn hold(&self, at: i64) -> bool {
        let after = self.0.partition_point(|(from, _)| *from <= at);
        after.checked_sub(1).and_then(|row| self.0.get(row)).is_some_and(|(_, to)| at < *to)
    }

    /// Every beginning and end.
    pub(super) fn ends(&self) -> impl Iterator<Item = i64> + '_ {
        self.0.iter().flat_map(|(from, to)| [*from, *to])
    }
}

/// The end of what began, as far as it is known.
pub(super) fn until(at: Option<Millis>) -> i64 {
    at.map_or(LASTS, |at| at.0)
}
