//! From sound to the payloads of one RTP stream.

use super::g722::G722Encoder;
use super::opus::OpusEncoder;
use super::{CodecKind, check_rate, g711};
use crate::resample::{Resampler, UnsupportedRate};

/// Why a frame was not encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// Its length is none that the codec has: Opus takes 10, 20, 40 and 60 ms, G.722 an even
    /// number of samples.
    #[error("the codec has no frames of this length")]
    FrameLength,
    /// The codec broke; it begins anew with the next frame.
    #[error("the codec failed on this frame")]
    Codec,
}

/// What an encoder may be told. Only Opus listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EncoderSettings {
    /// Bits a second, without the headers below: 6000 to 64000, more is not used.
    pub bitrate_bps: u32,
    /// 0 (quick) to 10 (good). At 16 kHz PESQ is 3.43 for 1, 4.02 for 5 and 4.17 for 8, at 0.35,
    /// 1 and 1.8 times the time; at 8 kHz, 4.37, 4.42 and 4.46.
    pub complexity: u8,
    /// Whether every packet has the same size, so that nobody can guess from sizes what is said.
    pub constant_bitrate: bool,
    /// Whether frames carry the frame before them again when losses of 3 % or more are expected.
    pub inband_fec: bool,
    /// How many of a hundred packets are expected to be lost.
    pub expected_loss_percent: u8,
    /// Samples a second that the peer can make use of: more is not encoded (and never more than
    /// 16000).
    pub max_playback_rate: u32,
}

impl Default for EncoderSettings {
    fn default() -> Self {
        Self {
            bitrate_bps: 24_000,
            complexity: 5,
            constant_bitrate: false,
            inband_fec: true,
            expected_loss_percent: 0,
            max_playback_rate: 48_000,
        }
    }
}

impl EncoderSettings {
    /// The settings within the limits of the peer's `a=fmtp` for Opus (RFC 7587 §6.1).
    ///
    /// `stereo` asks for what we never send, and `usedtx` allows what we never do; both are
    /// passed over, like everything unknown.
    #[must_use]
    pub fn within_fmtp(mut self, fmtp: &str) -> Self {
        let value = |name: &str| {
            fmtp.split(';')
                .filter_map(|pair| pair.split_once('='))
                .find(|(key, _)| key.trim().eq_ignore_ascii_case(name))
                .and_then(|(_, value)| value.trim().parse::<u32>().ok())
        };
        if let Some(most) = value("maxaveragebitrate") {
            self.bitrate_bps = self.bitrate_bps.min(most).max(6_000);
        }
        if let Some(most) = value("maxplaybackrate") {
            self.max_playback_rate = self.max_playback_rate.min(most).max(8_000);
        }
        self.inband_fec &= value("useinbandfec") == Some(1);
        self.constant_bitrate |= value("cbr") == Some(1);
        self
    }
}

/// The sending side of one stream.
pub struct Encoder {
    kind: CodecKind,
    voice: Voice,
    /// From the caller's rate to the codec's.
    resampler: Resampler,
    /// The frame at the codec's rate.
    frame: Vec<i16>,
}

enum Voice {
    Mulaw,
    Alaw,
    G722(Box<G722Encoder>),
    Opus(Box<OpusEncoder>),
}

impl Encoder {
    /// An encoder of sound with `input_rate` samples a second: 8000, 16000 or 48000.
    pub fn new(
        kind: CodecKind,
        input_rate: u32,
        settings: &EncoderSettings,
    ) -> Result<Self, UnsupportedRate> {
        let input_rate = check_rate(input_rate)?;
        let (voice, rate) = match kind {
            CodecKind::Pcmu => (Voice::Mulaw, 8_000),
            CodecKind::Pcma => (Voice::Alaw, 8_000),
            CodecKind::G722 => (Voice::G722(Box::new(G722Encoder::new())), 16_000),
            CodecKind::Opus => {
                let rate = opus_rate(input_rate, settings);
                (Voice::Opus(Box::new(OpusEncoder::new(rate, settings))), rate)
            }
        };
        let resampler = Resampler::new(input_rate, rate)?;
        Ok(Self { kind, voice, resampler, frame: Vec::new() })
    }

    /// The codec.
    pub fn kind(&self) -> CodecKind {
        self.kind
    }

    /// Appends the payload of one frame of mono sound.
    pub fn encode(&mut self, pcm: &[i16], out: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.frame.clear();
        self.resampler.process(pcm, &mut self.frame);
        let pcm = self.frame.as_slice();
        match &mut self.voice {
            Voice::Mulaw => g711::encode_mu(pcm, out),
            Voice::Alaw => g711::encode_a(pcm, out),
            Voice::G722(_) if !pcm.len().is_multiple_of(2) => return Err(EncodeError::FrameLength),
            Voice::G722(g722) => g722.encode(pcm, out),
            Voice::Opus(opus) => return opus.encode(pcm, out),
        }
        Ok(())
    }

    /// Says how many of a hundred packets the peer lost lately, for Opus's error correction.
    pub fn set_expected_loss(&mut self, percent: u8) {
        match &mut self.voice {
            Voice::Opus(opus) => opus.set_expected_loss(percent),
            Voice::Mulaw | Voice::Alaw | Voice::G722(_) => {}
        }
    }

    /// Samples that its own buffers can hold.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.frame.capacity() + self.resampler.held()
    }
}

/// The rate at which Opus encodes: no more than what comes in, what the peer can play, or 16 kHz
/// (see the module of Opus for the reason).
fn opus_rate(input_rate: u32, settings: &EncoderSettings) -> u32 {
    if input_rate.min(settings.max_playback_rate) < 16_000 { 8_000 } else { 16_000 }
}
