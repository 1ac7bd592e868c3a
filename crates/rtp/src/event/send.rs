//! Digits out, one after the other and in pace (RFC 4733 §2.5.1).

use super::{Digit, EVENT_LEN, TelephoneEvent};
use std::collections::VecDeque;
use std::time::Duration;

/// Digits that may wait.
pub const QUEUE_LIMIT: usize = 64;

const DURATION_MIN_MS: u32 = 40;
const DURATION_MAX_MS: u32 = 8000;
const PAUSE_MIN_MS: u32 = 40;
/// The end is told so often (RFC 4733 §2.5.1.4).
const ENDS: u32 = 3;
/// Packets that are later than that are not made up for: the digit becomes longer.
const CATCH_UP: Duration = Duration::from_millis(200);

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
    sounding: Option<Sounding>,
    /// The next digit may begin then.
    free_at: Duration,
}

/// The digit that is being sent. Times are in units of the event's clock, from its start.
#[derive(Debug, Clone, Copy)]
struct Sounding {
    press: Press,
    total: u32,
    /// Of each packet.
    unit: u32,
    /// As far as it has been told.
    duration: u32,
    /// Where the segment began.
    segment: u32,
    /// Packets with the end that have been sent.
    ends: u32,
    next_at: Duration,
}

impl EventSender {
    /// For telephone-event with `clock_rate` in Hz, a packet every `packet_ms` (10–60).
    #[must_use]
    pub fn new(clock_rate: u32, packet_ms: u32) -> Self {
        Self {
            clock_rate: clamp_rate(clock_rate),
            packet_ms: packet_ms.clamp(10, 60),
            queue: VecDeque::new(),
            sounding: None,
            free_at: Duration::ZERO,
        }
    }

    /// Another clock after a new negotiation, in Hz; holds from the next digit.
    pub fn set_clock_rate(&mut self, clock_rate: u32) {
        self.clock_rate = clamp_rate(clock_rate);
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
        if self.deadline().is_none_or(|due| now < due) {
            return None;
        }
        if self.sounding.is_none() {
            let press = self.queue.pop_front()?;
            self.sounding = Some(self.start(now, press));
        }
        let packet_time = self.packet_time();
        let sounding = self.sounding.as_mut()?;
        if now.saturating_sub(sounding.next_at) > CATCH_UP {
            sounding.next_at = now;
        }
        let packet = sounding.packet(packet_time);
        if sounding.ends == 1 {
            let pause = sounding.press.pause_ms.max(PAUSE_MIN_MS);
            self.free_at = sounding.next_at + Duration::from_millis(u64::from(pause));
        }
        if sounding.ends == ENDS {
            // With a short pause and long packets the repeated ends take longer.
            self.free_at = self.free_at.max(sounding.next_at);
            self.sounding = None;
        }
        Some(packet)
    }

    /// When the next packet is due; zero for a digit that can start at once; `None` when nothing
    /// is to be sent.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        match self.sounding {
            Some(sounding) => Some(sounding.next_at),
            None => (!self.queue.is_empty()).then_some(self.free_at),
        }
    }

    /// Whether a digit is being sent, its end not yet: audio should be withheld
    /// (RFC 4733 §2.5.1.2).
    #[must_use]
    pub fn is_sounding(&self) -> bool {
        self.sounding.is_some_and(|sounding| sounding.ends == 0)
    }

    /// Drops what waits, and lets the digit that is being sent end.
    pub fn clear(&mut self) {
        self.queue.clear();
    }

    fn start(&self, now: Duration, press: Press) -> Sounding {
        let duration_ms = press.duration_ms.clamp(DURATION_MIN_MS, DURATION_MAX_MS);
        Sounding {
            press,
            total: self.clock_rate * duration_ms / 1000,
            unit: self.clock_rate * self.packet_ms / 1000,
            duration: 0,
            segment: 0,
            ends: 0,
            next_at: now,
        }
    }

    fn packet_time(&self) -> Duration {
        Duration::from_millis(u64::from(self.packet_ms))
    }
}

impl Sounding {
    /// The packet that is due, after which the next one is.
    fn packet(&mut self, packet_time: Duration) -> EventPacket {
        let marker = self.duration == 0;
        let duration = (self.duration + self.unit).min(self.total);
        let longest = self.segment + u32::from(u16::MAX);
        if duration > longest {
            // The segment's last packet; the next one begins in the same moment.
            let packet = self.write(u16::MAX, marker);
            self.segment = longest;
            return packet;
        }
        self.duration = duration;
        if duration == self.total {
            self.ends += 1;
        }
        self.next_at += packet_time;
        // Not longer than the longest, as seen above.
        self.write((duration - self.segment) as u16, marker)
    }

    fn write(&self, duration: u16, marker: bool) -> EventPacket {
        let event = TelephoneEvent {
            event: self.press.digit.event(),
            end: self.ends > 0,
            volume: self.press.volume.min(63),
            duration,
        };
        EventPacket { payload: event.write(), marker, timestamp_offset: self.segment }
    }
}

/// A clock with which the longest digit can be counted.
fn clamp_rate(hz: u32) -> u32 {
    hz.clamp(1_000, 192_000)
}
