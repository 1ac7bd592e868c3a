//! From the payloads of one RTP stream to sound: decodes, hides losses, makes comfort noise.
//!
//! Whatever the codec's own rate, the sound comes at the rate that was asked for, and `samples`
//! always count at that rate.

use super::comfort_noise::ComfortNoise;
use super::conceal::Concealer;
use super::g722::G722Decoder;
use super::opus::OpusDecoder;
use super::{CodecKind, MAX_FRAME_MS, check_rate, g711};
use crate::resample::{Resampler, UnsupportedRate};

/// Why a payload gave no sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// There is nothing in it.
    #[error("the payload is empty")]
    Empty,
    /// It has more sound than a packet may have ([`MAX_FRAME_MS`]).
    #[error("the payload has more than {MAX_FRAME_MS} ms of sound")]
    TooLong,
    /// It is no packet of this codec.
    #[error("the payload is not one of its codec")]
    Malformed,
}

/// The receiving side of one stream: its codec's state, and what is needed to fill its gaps.
pub struct Decoder {
    kind: CodecKind,
    rate: u32,
    voice: Voice,
    /// The rate at which `voice` works, and the way from there to `rate`.
    native_rate: u32,
    resampler: Resampler,
    /// Sound at the native rate, on its way.
    native: Vec<i16>,
    noise: ComfortNoise,
}

/// What turns bytes into sound.
enum Voice {
    /// A codec without an own idea of loss.
    Plain(Plain, Concealer),
    /// A codec that conceals by itself.
    Opus(Box<OpusDecoder>),
}

enum Plain {
    Mulaw,
    Alaw,
    G722(Box<G722Decoder>),
}

impl Decoder {
    /// A decoder whose sound has `output_rate` samples a second: 8000, 16000 or 48000.
    pub fn new(kind: CodecKind, output_rate: u32) -> Result<Self, UnsupportedRate> {
        let rate = check_rate(output_rate)?;
        let plain = |plain| Voice::Plain(plain, Concealer::new(kind.native_rate()));
        let (native_rate, voice) = match kind {
            CodecKind::Pcmu => (8_000, plain(Plain::Mulaw)),
            CodecKind::Pcma => (8_000, plain(Plain::Alaw)),
            CodecKind::G722 => (16_000, plain(Plain::G722(Box::new(G722Decoder::new())))),
            CodecKind::Opus => {
                // It is wrong at 8 kHz; see its module.
                let native_rate = rate.max(16_000);
                (native_rate, Voice::Opus(Box::new(OpusDecoder::new(native_rate))))
            }
        };
        Ok(Self {
            kind,
            rate,
            voice,
            native_rate,
            resampler: Resampler::new(native_rate, rate)?,
            native: Vec::with_capacity((native_rate / 1_000 * MAX_FRAME_MS) as usize),
            noise: ComfortNoise::new(rate)?,
        })
    }

    /// The codec.
    pub fn kind(&self) -> CodecKind {
        self.kind
    }

    /// Samples a second of the sound it gives.
    pub fn output_rate(&self) -> u32 {
        self.rate
    }

    /// Appends the sound of a payload to `out`; on an error nothing is appended.
    ///
    /// After a loss the beginning is blended with what [`conceal`](Self::conceal) gave.
    pub fn decode(&mut self, payload: &[u8], out: &mut Vec<i16>) -> Result<(), DecodeError> {
        if payload.is_empty() {
            return Err(DecodeError::Empty);
        }
        self.native.clear();
        match &mut self.voice {
            Voice::Opus(opus) => opus.decode(payload, &mut self.native)?,
            // A byte is an eighth of a millisecond in G.711 and in G.722.
            Voice::Plain(..) if payload.len() > 8 * MAX_FRAME_MS as usize => {
                return Err(DecodeError::TooLong);
            }
            Voice::Plain(codec, concealer) => {
                match codec {
                    Plain::Mulaw => g711::decode_mu(payload, &mut self.native),
                    Plain::Alaw => g711::decode_a(payload, &mut self.native),
                    Plain::G722(g722) => g722.decode(payload, &mut self.native),
                }
                concealer.heard(&mut self.native);
            }
        }
        self.resampler.process(&self.native, out);
        Ok(())
    }

    /// Appends `samples` that fill a gap: the last sound goes on, and fades when the gap is long.
    pub fn conceal(&mut self, samples: usize, out: &mut Vec<i16>) {
        let wanted = self.native_samples(samples);
        self.native.clear();
        match &mut self.voice {
            Voice::Opus(opus) => opus.conceal(wanted, &mut self.native),
            Voice::Plain(_, concealer) => concealer.conceal(wanted, &mut self.native),
        }
        self.deliver(samples, out);
    }

    /// Appends `samples` of the noise that a comfort-noise payload (RFC 3389) describes.
    ///
    /// With an empty payload the noise of the last description goes on.
    pub fn comfort_noise(&mut self, payload: &[u8], samples: usize, out: &mut Vec<i16>) {
        self.noise.describe(payload);
        self.noise.generate(samples, out);
    }

    /// Appends the lost frame of `samples` before `next_payload`, when that payload brings it
    /// along (Opus's in-band error correction); says whether it did.
    ///
    /// Call [`decode`](Self::decode) with the same payload afterwards.
    pub fn recover(&mut self, next_payload: &[u8], samples: usize, out: &mut Vec<i16>) -> bool {
        let wanted = self.native_samples(samples);
        self.native.clear();
        let recovered = match &mut self.voice {
            Voice::Opus(opus) => opus.recover(next_payload, wanted, &mut self.native),
            Voice::Plain(..) => false,
        };
        if recovered {
            self.deliver(samples, out);
        }
        recovered
    }

    /// How many samples of the native rate are at least `samples` of the wanted one.
    fn native_samples(&self, samples: usize) -> usize {
        (samples as u64 * u64::from(self.native_rate)).div_ceil(u64::from(self.rate)) as usize
    }

    /// Appends `samples` of what was made at the native rate.
    fn deliver(&mut self, samples: usize, out: &mut Vec<i16>) {
        let end = out.len() + samples;
        self.resampler.process(&self.native, out);
        // Only a count that the native rate cannot express leaves a difference.
        out.resize(end, 0);
    }

    /// Samples that its own buffers can hold.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.native.capacity() + self.resampler.held()
    }
}
