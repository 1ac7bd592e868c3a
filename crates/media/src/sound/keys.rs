//! Digits towards a leg: as events where it has them (RFC 4733), else as tones in the band.
//!
//! Guarantees: digits keep their order and come one by one, at least 40 ms long and 40 ms apart;
//! what waits has a limit.

use std::collections::VecDeque;
use std::time::Duration;

use audio::tone::{Country, Tone, ToneGenerator};
use call::port::{Digit, Encoding, Formats, LegId};
use rtp::{EventSender, Press};

use super::ear::sound;
use super::studio::Out;
use crate::handoff::{FromSound, Made};

/// Tones that may wait: as many as events.
const TONES_MAX: usize = rtp::QUEUE_LIMIT;
/// Silence after a digit, ms.
const PAUSE_MS: u16 = 60;
/// How long a digit is that was heard in another form, ms.
pub(crate) const CONVERTED_MS: u16 = 100;

/// The digits that a leg is sent.
pub(crate) struct Keys {
    leg: LegId,
    /// Its number for telephone-event.
    events: Option<(u8, EventSender)>,
    tones: VecDeque<(audio::dtmf::Digit, u16)>,
    tone: Option<(u32, ToneGenerator)>,
}

impl Keys {
    pub(crate) fn new(leg: LegId, formats: &Formats) -> Self {
        let clock_rate = sound(&formats.send).map(|(format, _)| format.clock_rate);
        let mut events =
            formats.send.iter().filter(|format| format.encoding == Encoding::TelephoneEvent);
        // The one of the sound's clock (RFC 4733 §2.1), else any.
        let format = events
            .clone()
            .find(|format| Some(format.clock_rate) == clock_rate)
            .or_else(|| events.next());
        let events = format
            .map(|format| (format.payload, EventSender::new(format.clock_rate, super::FRAME_MS)));
        Self { leg, events, tones: VecDeque::new(), tone: None }
    }

    /// Whether digits are sent as events.
    pub(crate) fn has_events(&self) -> bool {
        self.events.is_some()
    }

    /// Presses a digit after those that wait. Where too many wait it is left out.
    pub(crate) fn press(&mut self, digit: Digit, duration_ms: u16) {
        let duration_ms = duration_ms.clamp(40, 8_000);
        if let Some((_, sender)) = &mut self.events {
            let Ok(digit) = rtp::Digit::try_from(digit.sign()) else {
                // The signs are the same.
                return;
            };
            let press = Press {
                duration_ms: u32::from(duration_ms),
                pause_ms: u32::from(PAUSE_MS),
                ..Press::new(digit)
            };
            if sender.push(press).is_err() {
                tracing::debug!(leg = ?self.leg, "a digit was left out: too many wait");
            }
        } else if self.tones.len() < TONES_MAX
            && let Some(digit) = audio::dtmf::Digit::of(digit.sign())
        {
            self.tones.push_back((digit, duration_ms));
        }
    }

    /// Whether something is pressed or waits.
    pub(crate) fn is_busy(&self) -> bool {
        self.tone.is_some()
            || !self.tones.is_empty()
            || self.events.as_ref().is_some_and(|(_, sender)| sender.deadline().is_some())
    }

    /// Sends what is due of events; whether an event is under way, and sound is to be withheld.
    pub(crate) fn turn(&mut self, now: Duration, out: &mut Out) -> bool {
        let Some((payload_type, sender)) = &mut self.events else {
            return false;
        };
        let mut is_sent = false;
        while let Some(packet) = sender.poll(now) {
            is_sent = true;
            let mut payload = out.buffer();
            payload.extend_from_slice(&packet.payload);
            out.made.push(FromSound::Frame(Made {
                leg: self.leg,
                payload_type: *payload_type,
                marker: packet.marker,
                samples: packet.timestamp_offset,
                event: true,
                payload,
            }));
        }
        is_sent || sender.is_sounding()
    }

    /// A frame of the tone that is pressed, or of the pause behind it, into `frame`; `false`:
    /// nothing is pressed.
    pub(crate) fn tone(&mut self, rate: u32, country: Country, frame: &mut [i16]) -> bool {
        if self.tone.as_ref().is_none_or(|&(was, _)| was != rate) {
            let Some((digit, on_ms)) = self.tones.pop_front() else {
                self.tone = None;
                return false;
            };
            let tone = Tone::Digit { digit, on_ms, off_ms: PAUSE_MS };
            self.tone = Some((rate, ToneGenerator::new(tone, country, rate)));
        }
        if let Some((_, generator)) = &mut self.tone
            && generator.fill(frame)
        {
            self.tone = None;
        }
        true
    }

    /// Drops what waits: the leg has other formats.
    pub(crate) fn clear(&mut self) {
        self.tones.clear();
        if let Some((_, sender)) = &mut self.events {
            sender.clear();
        }
    }
}
