//! What is heard: legs that are decoded, mixed, played to, transcoded, recorded, and encoded again.
//!
//! * [`studio`] is all of it without a thread, a clock or a socket: commands and packets in, frames
//!   and events out, one turn for each millisecond that has something to do;
//! * [`thread`] gives it its turns at absolute times, and carries what goes in and out.
//!
//! Guarantees: what a peer sends never panics here and never takes more than its share of memory
//! (every queue has a limit); frames of one leg leave 20 ms apart whatever else goes on; streams
//! are spread over the 20 ms so that they do not wait for each other.

mod ear;
mod keys;
mod mouth;
mod play;
mod quiet;
#[doc(hidden)]
pub mod rehearsal;
mod room;
mod studio;
mod tape;
#[cfg(test)]
mod tests;
pub(crate) mod thread;
mod wheel;

use audio::codec::CodecKind;
use audio::resample::Resampler;
use audio::tone::Country;
use call::port::{Encoding, Format};

/// How long a frame is, ms: what is decoded, mixed and rendered at once.
pub(crate) const FRAME_MS: u32 = 20;
/// The most that is rendered of what is no wideband codec's own, Hz.
pub(crate) const WIDEBAND: u32 = 16_000;
/// The least rate, Hz.
pub(crate) const NARROWBAND: u32 = 8_000;

/// How the sound thread works. Limits hold what a peer or a mistake could make grow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SoundConfig {
    /// Whose tones are played.
    pub country: Country,
    /// The most legs that are known at once.
    pub voices_max: usize,
    /// The most rooms at once.
    pub rooms_max: usize,
    /// The most members of a room; who comes later hears silence.
    pub members_max: usize,
    /// The most recordings at once.
    pub recordings_max: usize,
}

impl Default for SoundConfig {
    fn default() -> Self {
        Self {
            country: Country::Europe,
            voices_max: 20_000,
            rooms_max: 5_000,
            members_max: 64,
            recordings_max: 5_000,
        }
    }
}

/// The codec of a format that we can hear and speak.
pub(crate) fn codec_of(format: &Format) -> Option<CodecKind> {
    let kind = match format.encoding {
        Encoding::Pcmu => CodecKind::Pcmu,
        Encoding::Pcma => CodecKind::Pcma,
        Encoding::G722 => CodecKind::G722,
        Encoding::Opus => CodecKind::Opus,
        Encoding::ComfortNoise | Encoding::TelephoneEvent | Encoding::Other(_) => return None,
    };
    (kind.rtp_clock() == format.clock_rate).then_some(kind)
}

/// The samples of a frame.
pub(crate) fn frame_len(rate: u32) -> usize {
    (rate / 1_000 * FRAME_MS) as usize
}

/// Sound on its way from one place to another, whatever their rates.
#[derive(Default)]
pub(crate) struct Link {
    resampler: Option<(u32, u32, Resampler)>,
}

impl Link {
    /// Appends `sound` of the rate `from` at the rate `to`. Where the rates change it begins anew.
    pub(crate) fn carry(&mut self, from: u32, to: u32, sound: &[i16], out: &mut Vec<i16>) {
        if from == to {
            self.resampler = None;
            out.extend_from_slice(sound);
            return;
        }
        if self.resampler.as_ref().is_none_or(|&(was, into, _)| (was, into) != (from, to)) {
            self.resampler = Resampler::new(from, to).ok().map(|new| (from, to, new));
        }
        if let Some((_, _, resampler)) = &mut self.resampler {
            resampler.process(sound, out);
        }
    }
}
