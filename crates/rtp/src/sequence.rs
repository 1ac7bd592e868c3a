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
