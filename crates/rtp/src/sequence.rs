//! Wrapped numbers made continuous, and whether a sequence goes on or starts again
//! (RFC 3550 §5.1, §6.4.1, appendix A.1). State in, answer out; nothing here reads a clock.

/// A step forward of this many sequence numbers or more is not a loss (RFC 3550 A.1).
pub const MAX_DROPOUT: u16 = 3000;
/// A step back of this many sequence numbers or more is not a reordering (RFC 3550 A.1).
pub const MAX_MISORDER: u16 = 100;

/// Unwraps a 16-bit sequence number or a 32-bit timestamp: each value becomes the continuous
/// number nearest to the highest so far, which may be below zero for values before the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extender {
    bits: u32,
    highest: Option<i64>,
}

impl Extender {
    /// For sequence numbers, which wrap at 2^16.
    #[must_use]
    pub fn sequence() -> Self {
        Self { bits: 16, highest: None }
    }

    /// For timestamps, which wrap at 2^32.
    #[must_use]
    pub fn timestamp() -> Self {
        Self { bits: 32, highest: None }
    }

    /// The continuous number of `wrapped`, which counts as seen.
    pub fn extend(&mut self, wrapped: u32) -> i64 {
        let extended = self.nearest(wrapped);
        self.highest = Some(self.highest.map_or(extended, |highest| highest.max(extended)));
        extended
    }

    /// The continuous number of `wrapped`, of which nothing is kept.
    #[must_use]
    pub fn nearest(&self, wrapped: u32) -> i64 {
        let Some(highest) = self.highest else {
            return i64::from(wrapped) & self.mask();
        };
        let ahead = (i64::from(wrapped) - highest) & self.mask();
        // The first half of the circle lies ahead, the second behind.
        if ahead > self.mask() / 2 { highest + ahead - self.mask() - 1 } else { highest + ahead }
    }

    /// The highest number seen.
    #[must_use]
    pub fn highest(&self) -> Option<i64> {
        self.highest
    }

    fn mask(&self) -> i64 {
        (1 << self.bits) - 1
    }
}

/// What a sequence number says about the packet that carries it. `extended` is continuous.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// The first of the source.
    First {
        /// The number, in its first cycle.
        extended: i64,
    },
    /// After the highest so far.
    InOrder {
        /// The number.
        extended: i64,
        /// Numbers left out between the highest so far and this one.
        skipped: u16,
    },
    /// A duplicate, or overtaken by another.
    Late {
        /// The number; not above the highest.
        extended: i64,
    },
    /// Far from the others; to be dropped, unless the next packet follows it.
    Suspect,
    /// The second packet in a row far from the others: the source has started again, and so has
    /// the numbering.
    Restarted {
        /// The number, in its first cycle.
        extended: i64,
    },
}

/// Follows the sequence numbers of one source (`update_seq` of RFC 3550 A.1, without probation).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Continuity {
    highest: Option<i64>,
    /// The number that makes a restart, if it comes next.
    expected_after_jump: Option<u16>,
}

impl Continuity {
    /// Nothing seen so far.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next number, as it came.
    pub fn update(&mut self, sequence: u16) -> Arrival {
        let Some(highest) = self.highest else {
            let extended = self.start(sequence);
            return Arrival::First { extended };
        };
        // The low 16 bits are the sequence number.
        let ahead = sequence.wrapping_sub(highest as u16);
        if (1..MAX_DROPOUT).contains(&ahead) {
            let extended = highest + i64::from(ahead);
            self.highest = Some(extended);
            self.expected_after_jump = None;
            return Arrival::InOrder { extended, skipped: ahead - 1 };
        }
        let behind = ahead.wrapping_neg();
        if behind < MAX_MISORDER {
            return Arrival::Late { extended: highest - i64::from(behind) };
        }
        if self.expected_after_jump == Some(sequence) {
            let extended = self.start(sequence);
            return Arrival::Restarted { extended };
        }
        self.expected_after_jump = Some(sequence.wrapping_add(1));
        Arrival::Suspect
    }

    /// The highest number, from which a report's extended highest sequence number is the low 32
    /// bits (RFC 3550 §6.4.1).
    #[must_use]
    pub fn highest(&self) -> Option<i64> {
        self.highest
    }

    fn start(&mut self, sequence: u16) -> i64 {
        let extended = i64::from(sequence);
        self.highest = Some(extended);
        self.expected_after_jump = None;
        extended
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_go_on_across_the_wrap() {
        let mut extender = Extender::sequence();
        let extended: Vec<i64> =
            [65_534, 65_535, 1, 0, 65_535, 2].map(|wrapped| extender.extend(wrapped)).into();
        assert_eq!(extended, [65_534, 65_535, 65_537, 65_536, 65_535, 65_538]);
        assert_eq!(extender.highest(), Some(65_538));
        let mut extender = Extender::timestamp();
        assert_eq!(extender.extend(5), 5);
        assert_eq!(extender.nearest(u32::MAX), -1);
    }

    #[test]
    fn the_rules_of_a_1() {
        let mut source = Continuity::new();
        let mut update = |sequence| source.update(sequence);
        assert_eq!(update(65_535), Arrival::First { extended: 65_535 });
        assert_eq!(update(0), Arrival::InOrder { extended: 65_536, skipped: 0 });
        assert_eq!(update(3), Arrival::InOrder { extended: 65_539, skipped: 2 });
        assert_eq!(update(2), Arrival::Late { extended: 65_538 });
        assert_eq!(update(3), Arrival::Late { extended: 65_539 });
        // The greatest step forward and back, and one more of each.
        assert_eq!(update(3 + 2999), Arrival::InOrder { extended: 68_538, skipped: 2998 });
        assert_eq!(update(3002 - 99), Arrival::Late { extended: 68_439 });
        assert_eq!(update(3002 - 100), Arrival::Suspect);
        assert_eq!(update(3002 + 3000), Arrival::Suspect);
        // One stray packet changes nothing; two in a row are a restart.
        assert_eq!(update(3003), Arrival::InOrder { extended: 68_539, skipped: 0 });
        assert_eq!(update(40_000), Arrival::Suspect);
        assert_eq!(update(40_002), Arrival::Suspect);
        assert_eq!(update(40_003), Arrival::Restarted { extended: 40_003 });
        assert_eq!(update(40_004), Arrival::InOrder { extended: 40_004, skipped: 0 });
    }

    proptest! {
        #[test]
        fn steps_of_less_than_half_a_circle_are_kept(
            start: u32,
            steps in proptest::collection::vec(-1_000_000_000..2_000_000_000_i64, 1..50),
        ) {
            let mut extender = Extender::timestamp();
            let mut expected = extender.extend(start);
            for step in steps {
                // From the highest, as a late one is near to it too.
                expected = extender.highest().unwrap() + step;
                prop_assert_eq!(extender.extend(expected as u32), expected);
            }
            prop_assert!(extender.highest().unwrap() >= expected);
        }
    }
}
