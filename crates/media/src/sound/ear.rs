//! One leg's voice as it is heard: packets in, a frame of 20 ms out each turn, whatever comes.
//!
//! Guarantees: a frame has exactly its length; what is missing is concealed or rebuilt, silence is
//! silence or the noise that the peer describes; any payload is taken without a panic; packets of
//! unknown numbers are counted and left alone.

use std::sync::Arc;
use std::time::Duration;

use audio::codec::{CodecKind, Decoder};
use audio::dtmf::{DtmfDetector, DtmfEvent};
use audio::jitter_buffer::{JitterBuffer, JitterConfig, Packet, Take};
use audio::level::{ClippingDetector, Episode, Level, SilenceDetector};
use call::port::{Digit, Encoding, Format, LegId};
use rtp::{DigitNotice, EventReceiver, Header};

use super::{NARROWBAND, WIDEBAND, codec_of, frame_len};
use crate::handoff::{Heard, Hearing};

/// Sound that may wait behind a frame, in frames: a packet has at most 120 ms.
const WAITING_MAX: usize = 12;
/// The most that a jitter buffer is asked in one turn.
const TAKES_MAX: usize = 32;
/// A frame below this may be left out unheard, dBov.
const QUIET_DBOV: f32 = -45.0;
/// Turns from one [`Hearing`] to the next: a second.
const REPORT_TURNS: u32 = 50;

/// What is behind a leg's voice.
pub(crate) struct Ear {
    receive: Arc<[Format]>,
    rate: u32,
    clock_rate: u32,
    jitter: JitterBuffer,
    /// Of the jitter buffers before this one.
    before: (u64, u64),
    decoder: Option<Decoder>,
    /// The number and the codec that `decoder` is for.
    decodes: Option<(u8, CodecKind)>,
    ssrc: Option<u32>,
    events: EventReceiver,
    notices: Vec<DigitNotice>,
    /// Decoded, and not yet in a frame.
    waiting: Vec<i16>,
    /// The frame of the last turn, at `rate`.
    pub(crate) frame: Vec<i16>,
    /// The frame is of a packet of sound: neither concealed nor noise that is only described.
    is_sound: bool,
    /// The peer sends nothing because it says nothing.
    is_noise: bool,
    level: Level,
    silence: SilenceDetector,
    clipping: ClippingDetector,
    is_silent: bool,
    is_clipping: bool,
    detector: Option<DtmfDetector>,
    heard_in_band: Vec<DtmfEvent>,
    /// A digit in the band is down.
    pub(crate) key_is_down: bool,
    turns: u32,
    changed: bool,
    /// Packets whose number means nothing here.
    pub(crate) unknown: u64,
}

impl Ear {
    pub(crate) fn new(receive: Arc<[Format]>) -> Self {
        let clock_rate = sound(&receive).map_or(NARROWBAND, |(format, _)| format.clock_rate);
        let event_clock = receive
            .iter()
            .find(|format| format.encoding == Encoding::TelephoneEvent)
            .map_or(NARROWBAND, |format| format.clock_rate);
        Self {
            jitter: JitterBuffer::new(jitter_config(&receive, clock_rate)),
            receive,
            rate: NARROWBAND,
            clock_rate,
            before: (0, 0),
            decoder: None,
            decodes: None,
            ssrc: None,
            events: EventReceiver::new(event_clock),
            notices: Vec::new(),
            waiting: Vec::new(),
            frame: Vec::new(),
            is_sound: false,
            is_noise: false,
            level: Level::of(&[]),
            silence: SilenceDetector::default(),
            clipping: ClippingDetector::default(),
            is_silent: false,
            is_clipping: false,
            detector: None,
            heard_in_band: Vec::new(),
            key_is_down: false,
            turns: 0,
            changed: false,
            unknown: 0,
        }
    }

    /// The rate of the codec that the far end is likely to send with, if any can be decoded.
    pub(crate) fn native_rate(&self) -> Option<u32> {
        sound(&self.receive).map(|(_, kind)| kind.native_rate())
    }

    /// The rate of the frames, Hz.
    pub(crate) fn rate(&self) -> u32 {
        self.rate
    }

    /// Decodes at another rate (8, 16 or 48 kHz) from now on.
    pub(crate) fn set_rate(&mut self, rate: u32) {
        if rate == self.rate {
            return;
        }
        self.rate = rate;
        self.decoder = None;
        self.decodes = None;
        self.waiting.clear();
        self.frame.clear();
        if self.detector.is_some() {
            self.detector = Some(DtmfDetector::new(rate));
            self.key_is_down = false;
        }
    }

    /// Whether digits are looked for in the band.
    pub(crate) fn detect(&mut self, in_band: bool) {
        if in_band != self.detector.is_some() {
            self.detector = in_band.then(|| DtmfDetector::new(self.rate));
            self.key_is_down = false;
        }
    }

    /// Nobody wants its sound any more, or somebody does again: what was before is over.
    pub(crate) fn rest(&mut self, now: Duration) {
        self.jitter.reset();
        self.waiting.clear();
        self.frame.clear();
        (self.is_sound, self.is_noise) = (false, false);
        self.key_is_down = false;
        self.silence.end(now);
        self.clipping.end(now);
        (self.is_silent, self.is_clipping) = (false, false);
    }

    /// Takes a packet; digits that begin with it (RFC 4733) are appended to `digits`.
    pub(crate) fn hear(&mut self, heard: &Heard, digits: &mut Vec<Digit>) {
        let number = heard.payload_type;
        let Some(format) = self.receive.iter().find(|format| format.payload == number) else {
            self.unknown += 1;
            return;
        };
        if self.ssrc.replace(heard.ssrc).is_some_and(|before| before != heard.ssrc) {
            self.jitter.reset();
        }
        match format.encoding {
            Encoding::TelephoneEvent => {
                self.jitter.put_other(heard.sequence);
                let header = header(heard);
                self.events.packet(heard.at, &header, &heard.payload, &mut self.notices);
            }
            Encoding::Pcmu
            | Encoding::Pcma
            | Encoding::G722
            | Encoding::Opus
            | Encoding::ComfortNoise => {
                let clock_rate = format.clock_rate;
                self.events.audio(heard.at, &mut self.notices);
                self.put(heard, clock_rate);
            }
            Encoding::Other(_) => self.unknown += 1,
        }
        for notice in self.notices.drain(..) {
            if let DigitNotice::Pressed { digit, .. } = notice {
                digits.extend(Digit::new(digit.into()));
            }
        }
    }

    fn put(&mut self, heard: &Heard, clock_rate: u32) {
        if clock_rate != self.clock_rate {
            self.before = self.lost();
            self.clock_rate = clock_rate;
            self.jitter = JitterBuffer::new(jitter_config(&self.receive, clock_rate));
        }
        let packet = Packet {
            sequence: heard.sequence,
            timestamp: heard.timestamp,
            marker: heard.marker,
            payload_type: heard.payload_type,
            payload: &heard.payload,
        };
        // What becomes of it is counted there.
        self.jitter.put(heard.at, packet);
    }

    /// Makes the frame of this turn. What was pressed and let go in the band is in
    /// [`Ear::take_in_band`].
    pub(crate) fn turn(&mut self, now: Duration) {
        let quiet = self.level.dbov < QUIET_DBOV;
        let mut is_heard = false;
        for _ in 0..TAKES_MAX {
            match self.take(now, quiet) {
                Some(heard) => {
                    self.is_sound = heard;
                    is_heard |= heard;
                }
                None => break,
            }
        }
        let len = frame_len(self.rate);
        let excess = self.waiting.len().saturating_sub(WAITING_MAX * len);
        self.waiting.drain(..excess);
        self.frame.clear();
        self.frame.extend(self.waiting.drain(..len.min(self.waiting.len())));
        self.frame.resize(len, 0);
        self.measure(now, is_heard);
        if let Some(detector) = &mut self.detector {
            detector.hear(&self.frame, &mut self.heard_in_band);
        }
    }

    /// One answer of the jitter buffer into `waiting`; whether it was sound of a packet. `None`:
    /// this turn has what it needs.
    fn take(&mut self, now: Duration, quiet: bool) -> Option<bool> {
        let samples = |ticks: u32, rate: u32, clock: u32| {
            (u64::from(ticks) * u64::from(rate) / u64::from(clock.max(1))) as usize
        };
        let (rate, clock) = (self.rate, self.clock_rate);
        match self.jitter.take(now, quiet) {
            Take::Wait => None,
            Take::Silence { ticks } => {
                let wanted = samples(ticks, rate, clock);
                match &mut self.decoder {
                    Some(decoder) if self.is_noise => {
                        decoder.comfort_noise(&[], wanted, &mut self.waiting);
                    }
                    Some(_) | None => self.waiting.resize(self.waiting.len() + wanted, 0),
                }
                Some(false)
            }
            Take::Missing { ticks, next } => {
                let wanted = samples(ticks, rate, clock);
                match &mut self.decoder {
                    Some(decoder) => {
                        let rebuilt = next
                            .is_some_and(|next| decoder.recover(next, wanted, &mut self.waiting));
                        if !rebuilt {
                            decoder.conceal(wanted, &mut self.waiting);
                        }
                    }
                    None => self.waiting.resize(self.waiting.len() + wanted, 0),
                }
                Some(false)
            }
            Take::Frame(frame) => {
                let wanted = samples(frame.ticks, rate, clock);
                let format =
                    self.receive.iter().find(|format| format.payload == frame.payload_type);
                let kind = format.and_then(codec_of);
                if let Some(kind) = kind
                    && self.decodes != Some((frame.payload_type, kind))
                {
                    self.decodes = Some((frame.payload_type, kind));
                    self.decoder = Decoder::new(kind, rate).ok();
                }
                let Some(decoder) = &mut self.decoder else {
                    self.waiting.resize(self.waiting.len() + wanted, 0);
                    return Some(false);
                };
                self.is_noise = kind.is_none();
                if self.is_noise {
                    decoder.comfort_noise(frame.payload, wanted, &mut self.waiting);
                    return Some(false);
                }
                let before = self.waiting.len();
                if decoder.decode(frame.payload, &mut self.waiting).is_err() {
                    decoder.conceal(wanted, &mut self.waiting);
                    return Some(false);
                }
                let decoded = (self.waiting.len() - before) as u64;
                let ticks = decoded * u64::from(clock) / u64::from(rate);
                self.jitter.lasted(u32::try_from(ticks).unwrap_or(u32::MAX));
                Some(true)
            }
        }
    }

    fn measure(&mut self, now: Duration, is_heard: bool) {
        self.level = Level::of(&self.frame);
        self.turns += 1;
        if !is_heard {
            return;
        }
        for (episode, is) in [
            (self.silence.hear(now, &self.level), &mut self.is_silent),
            (self.clipping.hear(now, &self.level), &mut self.is_clipping),
        ] {
            match episode {
                Some(Episode::Began { .. }) => *is = true,
                Some(Episode::Ended { .. }) => *is = false,
                None => continue,
            }
            self.changed = true;
        }
    }

    /// Keys that went down (`true`) and up in the band since the last time.
    pub(crate) fn take_in_band(&mut self, out: &mut Vec<(Digit, bool)>) {
        for event in self.heard_in_band.drain(..) {
            let (digit, down) = match event {
                DtmfEvent::Pressed(digit) => (digit, true),
                DtmfEvent::Released { digit, .. } => (digit, false),
            };
            self.key_is_down = down;
            out.extend(Digit::new(digit.character()).map(|digit| (digit, down)));
        }
    }

    /// The level of the frame, dBov, if it is of a packet of sound.
    pub(crate) fn sound_dbov(&self) -> Option<f32> {
        self.is_sound.then_some(self.level.dbov)
    }

    /// What it is like, when that is to be told.
    pub(crate) fn report(&mut self, leg: LegId) -> Option<Hearing> {
        if self.turns < REPORT_TURNS && !self.changed {
            return None;
        }
        (self.turns, self.changed) = (0, false);
        let (discarded, concealed) = self.lost();
        Some(Hearing {
            leg,
            discarded,
            concealed,
            delay_ms: self.jitter.stats().depth_ms,
            level_dbov: self.level.dbov,
            silent: self.is_silent,
            clipping: self.is_clipping,
        })
    }

    fn lost(&self) -> (u64, u64) {
        let stats = self.jitter.stats();
        (self.before.0 + stats.late + stats.overflows, self.before.1 + stats.concealed)
    }
}

/// The first format that can be decoded or encoded.
pub(crate) fn sound(formats: &[Format]) -> Option<(&Format, CodecKind)> {
    formats.iter().find_map(|format| codec_of(format).map(|kind| (format, kind)))
}

/// The rate at which what has a codec of `native` Hz is rendered where nothing asks for more.
pub(crate) fn ordinary_rate(native: u32) -> u32 {
    native.min(WIDEBAND)
}

fn jitter_config(receive: &[Format], clock_rate: u32) -> JitterConfig {
    let noise = receive
        .iter()
        .find(|format| format.encoding == Encoding::ComfortNoise && format.clock_rate == clock_rate)
        .map(|format| format.payload);
    JitterConfig { comfort_noise: noise, ..JitterConfig::new(clock_rate) }
}

fn header(heard: &Heard) -> Header {
    Header {
        payload_type: heard.payload_type,
        marker: heard.marker,
        sequence: heard.sequence,
        timestamp: heard.timestamp,
        ssrc: heard.ssrc,
    }
}
