//! Keys of a telephone as RFC 4733 events: the payload, the digits among them, and both ends of
//! the wire. A receiver reports each digit once, whatever is lost, doubled or reordered of its
//! packets; a sender paces them, each digit at least 40 ms long and 40 ms from the next.

mod digit;
mod receive;
mod send;
#[cfg(test)]
mod tests;

pub use digit::{Digit, NotADigit};
pub use receive::{DigitNotice, EventReceiver};
pub use send::{EventPacket, EventSender, Press, QUEUE_LIMIT, QueueFull};

/// Octets of a payload (RFC 4733 §2.3).
pub const EVENT_LEN: usize = 4;

/// One telephone-event payload (RFC 4733 §2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TelephoneEvent {
    /// The event's code; 0–15 are digits (RFC 4733 §3.2).
    pub event: u8,
    /// The event has ended.
    pub end: bool,
    /// Power of the tone, 0–63 for 0 to −63 dBm0; a higher bit is cut off in writing.
    pub volume: u8,
    /// How long the event has been, in units of the timestamp.
    pub duration: u16,
}

impl TelephoneEvent {
    /// Reads a payload; what follows its first four octets is left alone. `None` if it is shorter.
    #[must_use]
    pub fn parse(payload: &[u8]) -> Option<Self> {
        let &[event, flags, d0, d1, ..] = payload else {
            return None;
        };
        Some(Self {
            event,
            end: flags & 0x80 != 0,
            volume: flags & 0x3f,
            duration: u16::from_be_bytes([d0, d1]),
        })
    }

    /// The payload.
    #[must_use]
    pub fn write(&self) -> [u8; EVENT_LEN] {
        let [d0, d1] = self.duration.to_be_bytes();
        [self.event, u8::from(self.end) << 7 | self.volume & 0x3f, d0, d1]
    }
}

/// Rewrites the duration in a payload for another clock; one that does not fit becomes the longest
/// that does.
pub fn rescale_duration(payload: &mut [u8], from_hz: u32, to_hz: u32) {
    let Some(&[d0, d1]) = payload.get(2..4) else {
        return;
    };
    if from_hz == to_hz || from_hz == 0 {
        return;
    }
    let duration = u64::from(u16::from_be_bytes([d0, d1])) * u64::from(to_hz) / u64::from(from_hz);
    let duration = u16::try_from(duration).unwrap_or(u16::MAX);
    payload[2..4].copy_from_slice(&duration.to_be_bytes());
}
