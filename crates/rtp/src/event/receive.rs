//! Each digit once, from packets that repeat it (RFC 4733 §2.5.2).

use super::{Digit, TelephoneEvent};
use crate::packet::Header;
use std::time::Duration;

/// What a peer did with a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DigitNotice {
    /// The key went down.
    Pressed {
        /// Which.
        digit: Digit,
        /// RTP timestamp of the start.
        timestamp: u32,
    },
    /// The key came up; follows its `Pressed`.
    Released {
        /// Which.
        digit: Digit,
        /// RTP timestamp of the start, as in `Pressed`.
        timestamp: u32,
        /// As far as it was heard, in units of the timestamp, over all segments of a long event.
        duration: u32,
    },
}

/// One stream's telephone-events.
#[derive(Debug, Clone)]
pub struct EventReceiver {
    clock_rate: u32,
    ignored: u64,
}

impl EventReceiver {
    /// For telephone-event with `clock_rate` in Hz.
    #[must_use]
    pub fn new(clock_rate: u32) -> Self {
        Self { clock_rate, ignored: 0 }
    }

    /// Takes a packet with telephone-event's payload type; appends at most three notices.
    pub fn packet(
        &mut self,
        now: Duration,
        header: &Header,
        payload: &[u8],
        out: &mut Vec<DigitNotice>,
    ) {
        let _ = (now, header, TelephoneEvent::parse(payload), out);
    }

    /// Takes note of a packet with audio, which ends a digit whose end was lost.
    pub fn audio(&mut self, now: Duration, out: &mut Vec<DigitNotice>) {
        let _ = (now, out);
    }

    /// When [`EventReceiver::expire`] is due: a digit is down.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        None
    }

    /// Ends a digit of which nothing has come for too long.
    pub fn expire(&mut self, now: Duration, out: &mut Vec<DigitNotice>) {
        let _ = (now, out);
    }

    /// Packets that were no digit, too short, or late.
    #[must_use]
    pub fn ignored(&self) -> u64 {
        self.ignored
    }

    /// Another clock after a new negotiation, in Hz.
    pub fn set_clock_rate(&mut self, clock_rate: u32) {
        self.clock_rate = clock_rate;
    }
}
