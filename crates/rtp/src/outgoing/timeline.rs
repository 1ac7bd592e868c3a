//! The audio clock of what a leg sends, and frames made here in a row on it.

use super::feed::{scale, ticks};
use std::time::Duration;

/// Frames made here are in a row as long as none is later than that, in parts of a second.
const ROW_PARTS: i64 = 2;

/// How far what is sent has come, in the leg's clock.
#[derive(Debug, Clone)]
pub(super) struct Timeline {
    hz: u32,
    first: u32,
    tail: Option<Tail>,
    /// How long a packet is; a guess, until two packets in a row tell: 20 ms.
    step: i64,
}

/// The highest timestamp sent, and when.
#[derive(Debug, Clone, Copy)]
struct Tail {
    at: Duration,
    timestamp: i64,
}

impl Timeline {
    pub(super) fn new(hz: u32, first: u32) -> Self {
        Self { hz, first, tail: None, step: i64::from(hz) / 50 }
    }

    pub(super) fn hz(&self) -> u32 {
        self.hz
    }

    /// Counts on in another clock.
    pub(super) fn set_hz(&mut self, hz: u32) {
        self.step = scale(self.step, self.hz, hz);
        self.hz = hz;
    }

    /// The timestamp of something that begins now: after the last packet, and as long after it as
    /// time has passed.
    pub(super) fn next(&self, now: Duration) -> i64 {
        let Some(tail) = self.tail else {
            return i64::from(self.first);
        };
        let passed = ticks(now.saturating_sub(tail.at), self.hz);
        tail.timestamp + passed.max(self.step)
    }

    /// The timestamp of this moment; `None` before anything has been sent.
    pub(super) fn at(&self, now: Duration) -> Option<i64> {
        let tail = self.tail?;
        Some(tail.timestamp + ticks(now.saturating_sub(tail.at), self.hz))
    }

    /// Something with this timestamp leaves.
    pub(super) fn advance(&mut self, now: Duration, timestamp: i64) {
        if self.tail.is_none_or(|tail| timestamp > tail.timestamp) {
            self.tail = Some(Tail { at: now, timestamp });
        }
    }

    /// A frame made here tells how long a packet is.
    pub(super) fn set_step(&mut self, samples: i64) {
        self.step = samples;
    }

    /// Learns from relayed audio in order how long a packet is: 120 ms at most.
    pub(super) fn measure_step(&mut self, timestamp: i64) {
        let longest = i64::from(self.hz) * 3 / 25;
        let step = self.tail.map_or(0, |tail| timestamp - tail.timestamp);
        if (1..=longest).contains(&step) {
            self.step = step;
        }
    }
}

/// Frames made here, one after the other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    /// When the last frame was made.
    at: Duration,
    timestamp: i64,
    samples: i64,
    /// An event has been sent since; frames may have been withheld for it.
    pub(super) event_since: bool,
}

impl Row {
    pub(super) fn new(at: Duration, timestamp: i64, samples: i64) -> Self {
        Self { at, timestamp, samples, event_since: false }
    }

    /// The timestamp of the frame after this one, and whether there is a gap between them. A frame
    /// that is late only because its maker was has none.
    pub(super) fn following(&self, now: Duration, hz: u32) -> (i64, bool) {
        let next = self.timestamp + self.samples;
        let by_time = self.timestamp + ticks(now.saturating_sub(self.at), hz);
        let late = if self.event_since { self.samples } else { i64::from(hz) / ROW_PARTS };
        if by_time - next > late { (by_time, true) } else { (next, false) }
    }
}
