//! The codecs that we can hear and speak: G.711 (both laws), G.722 and Opus.
//!
//! [`Decoder`] turns the payloads of one RTP stream into sound of one sample rate and fills the
//! gaps; [`Encoder`] does the opposite. Both keep their buffers: after the first frames nothing is
//! allocated. A payload comes from a peer: whatever its bytes, decoding neither panics nor gives
//! more than [`MAX_FRAME_MS`] of sound.

mod comfort_noise;
mod conceal;
mod decoder;
mod encoder;
pub(crate) mod g711;
mod g722;
mod opus;
#[cfg(test)]
mod tests;

pub use comfort_noise::ComfortNoise;
pub use decoder::{DecodeError, Decoder};
pub use encoder::{EncodeError, Encoder, EncoderSettings};

use crate::resample::UnsupportedRate;

/// The most sound that one packet may carry, in milliseconds (the limit of Opus, RFC 6716 §3.2.5).
pub const MAX_FRAME_MS: u32 = 120;

/// A codec that we can hear and speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CodecKind {
    /// G.711 µ-law, RTP payload type 0.
    Pcmu,
    /// G.711 A-law, RTP payload type 8.
    Pcma,
    /// G.722 at 64 kb/s, RTP payload type 9.
    G722,
    /// Opus (RFC 6716, RFC 7587), a dynamic payload type.
    Opus,
}

impl CodecKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Pcmu, Self::Pcma, Self::G722, Self::Opus];

    /// The codec of an `a=rtpmap` name, which is compared without regard to case.
    ///
    /// `clock_rate` is the one of the same line, so that `PCMU/16000` is not taken for ours.
    pub fn from_name(name: &str, clock_rate: u32) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.name().eq_ignore_ascii_case(name) && kind.rtp_clock() == clock_rate)
    }

    /// Its name in `a=rtpmap` (RFC 3551 §6, RFC 7587 §7).
    pub fn name(self) -> &'static str {
        match self {
            Self::Pcmu => "PCMU",
            Self::Pcma => "PCMA",
            Self::G722 => "G722",
            Self::Opus => "opus",
        }
    }

    /// The units of its RTP timestamp in a second.
    ///
    /// G.722 says 8000 although it samples at 16000: an error of RFC 1890 that RFC 3551 §4.5.2
    /// keeps on purpose.
    pub fn rtp_clock(self) -> u32 {
        match self {
            Self::Pcmu | Self::Pcma | Self::G722 => 8_000,
            Self::Opus => 48_000,
        }
    }

    /// The sample rate of the sound it carries, in hertz.
    pub fn native_rate(self) -> u32 {
        match self {
            Self::Pcmu | Self::Pcma => 8_000,
            Self::G722 => 16_000,
            Self::Opus => 48_000,
        }
    }

    /// Whether it carries more than the 3.4 kHz of the telephone.
    pub fn is_wideband(self) -> bool {
        self.native_rate() > 8_000
    }

    /// How long the sound of a payload is, in units of [`rtp_clock`](Self::rtp_clock).
    ///
    /// `None` when the payload is empty, is not well formed, or is longer than [`MAX_FRAME_MS`].
    pub fn duration(self, payload: &[u8]) -> Option<u32> {
        let units = match self {
            // A byte is a sample of G.711, and two of G.722, whose clock counts every other one.
            Self::Pcmu | Self::Pcma | Self::G722 => u32::try_from(payload.len()).ok()?,
            Self::Opus => opus::Packet::parse(payload)?.samples(self.rtp_clock()),
        };
        (1..=self.rtp_clock() / 1_000 * MAX_FRAME_MS).contains(&units).then_some(units)
    }
}

/// Refuses rates other than 8, 16 and 48 kHz.
fn check_rate(rate: u32) -> Result<u32, UnsupportedRate> {
    match rate {
        8_000 | 16_000 | 48_000 => Ok(rate),
        other => Err(UnsupportedRate(other)),
    }
}
