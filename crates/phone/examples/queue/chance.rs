//! Lots: SplitMix64, so that two runs see the same people.

use std::time::Duration;

use phone::Behaviour;

/// A stream of numbers.
#[derive(Debug)]
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// One of `0..end`; `end` is not 0.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.number() % end.max(1)
    }

    /// True in so many of a hundred cases.
    pub(crate) fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// A time between these.
    pub(crate) fn time(&mut self, from_ms: u64, to_ms: u64) -> Duration {
        Duration::from_millis(from_ms + self.below(to_ms.saturating_sub(from_ms)))
    }

    /// What an agent does with the next call that rings him.
    pub(crate) fn behaviour(&mut self) -> Behaviour {
        match self.below(100) {
            0..4 => Behaviour::Decline(486, self.time(100, 1_500)),
            4..7 => Behaviour::RingForever,
            7 => Behaviour::AnswerAtCancel,
            _ => Behaviour::AnswerAfter(self.time(200, 2_000)),
        }
    }
}
