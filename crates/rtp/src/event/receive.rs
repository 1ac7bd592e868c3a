//! Each digit once, from packets that repeat it (RFC 4733 §2.5.2): an event is known by its
//! timestamp and code, so its three ends are one, and its first packet may be any of them.

use super::{Digit, TelephoneEvent};
use crate::packet::Header;
use std::time::Duration;

/// Without a packet of it for so long a digit has ended, its end being lost.
const SILENT: Duration = Duration::from_millis(500);
/// The same if audio comes. Three packets of 50 ms: some peers send audio beside the event.
const SILENT_WITH_AUDIO: Duration = Duration::from_millis(150);
/// For so long an event is remembered, and packets from before it are late: longer than a segment
/// at 8 kHz, 8.2 s.
const REMEMBERED: Duration = Duration::from_secs(10);

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
    ssrc: Option<u32>,
    down: Option<Down>,
    newest: Option<Newest>,
    ignored: u64,
}

/// The digit that is down.
#[derive(Debug, Clone, Copy)]
struct Down {
    digit: Digit,
    start: u32,
    /// Timestamp of the segment that goes on, and the duration of those before it.
    segment: u32,
    before: u32,
    duration: u16,
    /// When its last packet came.
    at: Duration,
}

/// The last event, or the last segment of one, down or not.
#[derive(Debug, Clone, Copy)]
struct Newest {
    timestamp: u32,
    digit: Digit,
    at: Duration,
}

impl EventReceiver {
    /// For telephone-event with `clock_rate` in Hz.
    #[must_use]
    pub fn new(clock_rate: u32) -> Self {
        Self { clock_rate, ssrc: None, down: None, newest: None, ignored: 0 }
    }

    /// Takes a packet with telephone-event's payload type; appends at most three notices.
    pub fn packet(
        &mut self,
        now: Duration,
        header: &Header,
        payload: &[u8],
        out: &mut Vec<DigitNotice>,
    ) {
        let event = TelephoneEvent::parse(payload);
        let Some((event, digit)) = event.and_then(|e| Some((e, Digit::from_event(e.event)?)))
        else {
            self.ignored += 1;
            return;
        };
        if self.ssrc != Some(header.ssrc) {
            self.release(out);
            self.newest = None;
            self.ssrc = Some(header.ssrc);
        }
        if self.goes_on(now, header, digit, event.duration) {
            if event.end {
                self.release(out);
            }
        } else if !self.is_known(now, header.timestamp, digit) {
            self.release(out);
            self.press(now, header.timestamp, digit, event.duration);
            out.push(DigitNotice::Pressed { digit, timestamp: header.timestamp });
            if event.end {
                self.release(out);
            }
        }
    }

    /// Takes note of a packet with audio, which ends a digit whose end was lost.
    pub fn audio(&mut self, now: Duration, out: &mut Vec<DigitNotice>) {
        if self.down.is_some_and(|down| now.saturating_sub(down.at) >= SILENT_WITH_AUDIO) {
            self.release(out);
        }
    }

    /// When [`EventReceiver::expire`] is due: a digit is down.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        self.down.map(|down| down.at + SILENT)
    }

    /// Ends a digit of which nothing has come for too long.
    pub fn expire(&mut self, now: Duration, out: &mut Vec<DigitNotice>) {
        if self.deadline().is_some_and(|deadline| now >= deadline) {
            self.release(out);
        }
    }

    /// Packets that were no digit, too short, or from before the last digit.
    #[must_use]
    pub fn ignored(&self) -> u64 {
        self.ignored
    }

    /// Another clock after a new negotiation, in Hz.
    pub fn set_clock_rate(&mut self, clock_rate: u32) {
        self.clock_rate = clock_rate;
    }

    /// Whether the packet is one more of the digit that is down.
    fn goes_on(&mut self, now: Duration, header: &Header, digit: Digit, duration: u16) -> bool {
        let Some(down) = self.down.as_mut().filter(|down| down.digit == digit) else {
            return false;
        };
        let since = header.timestamp.wrapping_sub(down.segment);
        if since == 0 {
            down.duration = down.duration.max(duration);
        } else if !header.marker && is_next_segment(since, down.duration) {
            down.segment = header.timestamp;
            down.before = down.before.saturating_add(since);
            down.duration = duration;
        } else {
            return false;
        }
        down.at = now;
        self.newest = Some(Newest { timestamp: down.segment, digit, at: now });
        true
    }

    /// Whether the packet is of an event that has been reported, or that is not worth it any more.
    fn is_known(&mut self, now: Duration, timestamp: u32, digit: Digit) -> bool {
        let Some(newest) = &mut self.newest else {
            return false;
        };
        if now.saturating_sub(newest.at) > REMEMBERED {
            return false;
        }
        if timestamp == newest.timestamp {
            let same = digit == newest.digit;
            if same {
                newest.at = now;
            }
            return same;
        }
        let ago = u64::from(newest.timestamp.wrapping_sub(timestamp));
        let late = ago <= u64::from(self.clock_rate) * REMEMBERED.as_secs();
        self.ignored += u64::from(late);
        late
    }

    fn press(&mut self, now: Duration, timestamp: u32, digit: Digit, duration: u16) {
        self.newest = Some(Newest { timestamp, digit, at: now });
        self.down = Some(Down {
            digit,
            start: timestamp,
            segment: timestamp,
            before: 0,
            duration,
            at: now,
        });
    }

    fn release(&mut self, out: &mut Vec<DigitNotice>) {
        if let Some(down) = self.down.take() {
            out.push(DigitNotice::Released {
                digit: down.digit,
                timestamp: down.start,
                duration: down.before.saturating_add(u32::from(down.duration)),
            });
        }
    }
}

/// Whether a segment that begins `since` the one before continues it: the one before was of the
/// longest duration, or of just that one (RFC 4733 §2.5.1.3).
fn is_next_segment(since: u32, duration: u16) -> bool {
    since == u32::from(u16::MAX) || since == u32::from(duration)
}
