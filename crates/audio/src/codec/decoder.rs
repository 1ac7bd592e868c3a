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
    noise: ComfortNoise,
}

/// What turns bytes into sound.
enum Voice {
    /// A codec without an own idea of loss.
    Plain {
        codec: Plain,
        concealer: Concealer,
        /// From the codec's rate to the wanted one.
        resampler: Resampler,
        /// Sound at the codec's rate, on its way.
        native: Vec<i16>,
    },
    /// A codec that conceals by itself and speaks every rate.
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
        let codec = match kind {
            CodecKind::Pcmu => Some(Plain::Mulaw),
            CodecKind::Pcma => Some(Plain::Alaw),
            CodecKind::G722 => Some(Plain::G722(Box::new(G722Decoder::new()))),
            CodecKind::Opus => None,
        };
        let native_rate = kind.native_rate();
        let voice = match codec {
            None => Voice::Opus(Box::new(OpusDecoder::new(rate))),
            Some(codec) => Voice::Plain {
                codec,
                concealer: Concealer::new(native_rate),
                resampler: Resampler::new(native_rate, rate)?,
                native: Vec::with_capacity((native_rate / 1_000 * MAX_FRAME_MS) as usize),
            },
        };
        Ok(Self { kind, rate, voice, noise: ComfortNoise::new(rate)? })
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
        match &mut self.voice {
            Voice::Opus(opus) => opus.decode(payload, out),
            Voice::Plain { codec, concealer, resampler, native } => {
                // A byte is an eighth of a millisecond in G.711 and in G.722.
                if payload.len() > 8 * MAX_FRAME_MS as usize {
                    return Err(DecodeError::TooLong);
                }
                native.clear();
                match codec {
                    Plain::Mulaw => g711::decode_mu(payload, native),
                    Plain::Alaw => g711::decode_a(payload, native),
                    Plain::G722(g722) => g722.decode(payload, native),
                }
                concealer.heard(native);
                resampler.process(native, out);
                Ok(())
            }
        }
    }

    /// Appends `samples` that fill a gap: the last sound goes on, and fades when the gap is long.
    pub fn conceal(&mut self, samples: usize, out: &mut Vec<i16>) {
        match &mut self.voice {
            Voice::Opus(opus) => opus.conceal(samples, out),
            Voice::Plain { concealer, resampler, native, .. } => {
                let end = out.len() + samples;
                let wanted = (samples as u64 * u64::from(self.kind.native_rate()))
                    .div_ceil(u64::from(self.rate));
                native.clear();
                concealer.conceal(wanted as usize, native);
                resampler.process(native, out);
                // Only a count that the codec's rate cannot express leaves a difference.
                out.resize(end, 0);
            }
        }
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
        match &mut self.voice {
            Voice::Opus(opus) => opus.recover(next_payload, samples, out),
            Voice::Plain { .. } => false,
        }
    }

    /// Samples that its own buffers can hold.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        match &self.voice {
            Voice::Plain { native, resampler, .. } => native.capacity() + resampler.held(),
            Voice::Opus(_) => 0,
        }
    }
}
