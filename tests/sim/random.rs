//! The numbers of one run: SplitMix64 over its seed, so that the same seed is the same run.

use std::time::Duration;

/// A stream of numbers.
#[derive(Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// One of `0..end`; 0 where `end` is 0.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.number() % end.max(1)
    }

    /// True in so many of a thousand cases.
    pub(crate) fn chance(&mut self, permille: u64) -> bool {
        self.below(1_000) < permille
    }

    /// One of these; the list is not empty.
    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        let at = self.below(from.len() as u64) as usize;
        &from[at]
    }

    /// A time of at least `from` and less than `to` milliseconds. One in five is a round number
    /// of seconds, so that things happen in the same instant.
    pub(crate) fn time(&mut self, from_ms: u64, to_ms: u64) -> Duration {
        let ms = from_ms + self.below(to_ms.saturating_sub(from_ms));
        if self.chance(200) {
            return Duration::from_millis((ms / 1_000 * 1_000).max(from_ms));
        }
        Duration::from_millis(ms)
    }
}
