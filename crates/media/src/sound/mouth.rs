//! One leg's ear: frames of sound in, payloads of the length it asked for out.
//!
//! Guarantees: as long as something is rendered there is a payload for every stretch of time,
//! silence too (that is simple, and keeps the ways through NATs open); the first payload after a
//! rest has the marker.

use audio::codec::{CodecKind, Encoder, EncoderSettings};
use call::port::{Formats, LegId};

use super::ear::{ordinary_rate, sound};
use super::studio::Out;
use crate::handoff::{FromSound, Made};

/// The encoder of a leg.
pub(crate) struct Mouth {
    leg: LegId,
    kind: CodecKind,
    payload_type: u8,
    packet_ms: u32,
    rate: u32,
    encoder: Encoder,
    loss_percent: u8,
    /// Sound that is no whole packet yet.
    pending: Vec<i16>,
    /// The next packet is the first after silence.
    marker: bool,
}

impl Mouth {
    /// For the first format of `send` that we can speak, if there is one.
    pub(crate) fn new(leg: LegId, formats: &Formats) -> Option<Self> {
        let (format, kind) = sound(&formats.send)?;
        let rate = ordinary_rate(kind.native_rate());
        Some(Self {
            leg,
            kind,
            payload_type: format.payload,
            packet_ms: packet_ms(kind, formats.packet_ms),
            rate,
            encoder: Encoder::new(kind, rate, &EncoderSettings::default()).ok()?,
            loss_percent: 0,
            pending: Vec::new(),
            marker: true,
        })
    }

    /// The rate of what it is given, Hz.
    pub(crate) fn rate(&self) -> u32 {
        self.rate
    }

    /// The codec's own rate, Hz.
    pub(crate) fn native_rate(&self) -> u32 {
        self.kind.native_rate()
    }

    /// Is given sound of another rate (8, 16 or 48 kHz) from now on.
    pub(crate) fn set_rate(&mut self, rate: u32) {
        if rate == self.rate {
            return;
        }
        if let Ok(encoder) = Encoder::new(self.kind, rate, &EncoderSettings::default()) {
            (self.encoder, self.rate) = (encoder, rate);
            self.pending.clear();
            self.encoder.set_expected_loss(self.loss_percent);
        }
    }

    /// How many packets of a hundred get lost on the way.
    pub(crate) fn set_loss(&mut self, percent: u8) {
        self.loss_percent = percent.min(100);
        self.encoder.set_expected_loss(self.loss_percent);
    }

    /// Says a frame.
    pub(crate) fn say(&mut self, frame: &[i16], out: &mut Out) {
        let len = (self.rate / 1_000 * self.packet_ms) as usize;
        if self.pending.is_empty() && frame.len() == len {
            self.pack(frame, out);
            return;
        }
        let mut pending = std::mem::take(&mut self.pending);
        pending.extend_from_slice(frame);
        let mut packed = 0;
        while let Some(packet) = pending.get(packed..packed + len) {
            self.pack(packet, out);
            packed += len;
        }
        pending.drain(..packed);
        self.pending = pending;
    }

    fn pack(&mut self, sound: &[i16], out: &mut Out) {
        let mut payload = out.buffer();
        if self.encoder.encode(sound, &mut payload).is_err() {
            // Cannot be: the lengths are the codec's.
            return;
        }
        out.made.push(FromSound::Frame(Made {
            leg: self.leg,
            payload_type: self.payload_type,
            marker: std::mem::take(&mut self.marker),
            samples: self.kind.rtp_clock() / 1_000 * self.packet_ms,
            event: false,
            payload,
        }));
    }

    /// Says nothing for now. What is no whole packet is filled up with silence.
    pub(crate) fn rest(&mut self, out: &mut Out) {
        if !self.pending.is_empty() {
            let len = (self.rate / 1_000 * self.packet_ms) as usize;
            let missing = vec![0; len.saturating_sub(self.pending.len())];
            self.say(&missing, out);
        }
        self.marker = true;
    }

    /// Says nothing while an event is sent instead.
    pub(crate) fn withhold(&mut self) {
        self.marker = true;
    }
}

/// The length that is made where `wanted` is asked for: 10–60 ms; of Opus, one that it has.
fn packet_ms(kind: CodecKind, wanted: u8) -> u32 {
    match (kind, wanted) {
        (_, 0) => 20,
        (CodecKind::Opus, 1..20) => 10,
        (CodecKind::Opus, 20..40) => 20,
        (CodecKind::Opus, 40..60) => 40,
        (CodecKind::Opus, 60..) => 60,
        (CodecKind::Pcmu | CodecKind::Pcma | CodecKind::G722, wanted) => {
            u32::from(wanted).clamp(10, 60)
        }
    }
}
