//! What a phone hears: every packet is decoded, and what sounds were in it and for how long is
//! told by their spectra, in windows of a tenth of a second.

use audio::codec::{CodecKind, Decoder};
use audio::score::{level_dbov, tone_dbov};
use rtp::Packet;
use sdp::Codec;

/// Samples a second of what is looked at.
pub(in crate::demo) const RATE: u32 = 8_000;

/// Samples of a window.
const WINDOW: usize = 800;

/// A window, milliseconds.
const WINDOW_MS: u32 = 100;

/// What is shorter is a transition from one sound to the next.
const SHORTEST_MS: u32 = 300;

/// What is more silent is silence, dB over full scale.
const SILENCE_DBOV: f64 = -50.0;

/// Of the power of a window that is one sound, so much is at that sound's frequencies.
const SHARE: f64 = 0.6;

/// The longest sound that is kept of a call.
const MOST: usize = 60 * RATE as usize;

/// The greeting, the music and the ringback of the United States (ITU-T E.180).
pub(in crate::demo) const GREETING_HZ: &[u32] = &[880];
pub(in crate::demo) const MUSIC_HZ: &[u32] = &[520, 650, 780];
const RINGBACK_HZ: &[u32] = &[440, 480];

/// Who says what. Each fits into 20 ms without a remainder, so that a packet that is missing does
/// not spoil the next one.
const SOUNDS: [(&str, &[u32]); 15] = [
    ("the greeting", GREETING_HZ),
    ("ringback", RINGBACK_HZ),
    ("music", MUSIC_HZ),
    ("nora", &[1_300]),
    ("fay", &[1_600]),
    ("owen", &[1_100]),
    ("gil", &[1_700]),
    ("lena", &[1_200]),
    ("hal", &[1_800]),
    ("tess", &[1_000]),
    ("jon", &[1_400]),
    ("kay", &[1_500]),
    ("vic", &[1_900]),
    ("lou", &[2_000]),
    ("mae", &[2_100]),
];

/// What somebody says who has a tone of his own.
pub(super) fn voice_of(name: &str) -> Option<u32> {
    let sound = SOUNDS.iter().find(|(known, _)| *known == name)?;
    sound.1.first().copied()
}

/// A sound, and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::demo) struct Heard {
    /// The name of a sound.
    pub(in crate::demo) what: &'static str,
    /// Milliseconds.
    pub(in crate::demo) ms: u32,
}

/// An ear.
pub(super) struct Ear {
    decoders: Vec<(u8, Decoder)>,
    sound: Vec<i16>,
}

impl Ear {
    /// One that understands these formats, by their numbers.
    pub(super) fn new(codecs: &[Codec]) -> Self {
        let decoders = codecs.iter().filter_map(|codec| {
            let kind = CodecKind::from_name(&codec.name, codec.clock_rate)?;
            Some((codec.payload, Decoder::new(kind, RATE).ok()?))
        });
        Self { decoders: decoders.collect(), sound: Vec::new() }
    }

    /// A new call.
    pub(super) fn forget(&mut self) {
        self.sound.clear();
    }

    /// Hears a packet; what is no packet of a known format is noise of the network.
    pub(super) fn hear(&mut self, packet: &[u8]) {
        let Ok(packet) = Packet::parse(packet) else { return };
        let mut decoders = self.decoders.iter_mut();
        let decoder = decoders.find(|(payload, _)| *payload == packet.payload_type);
        if let Some((_, decoder)) = decoder
            && self.sound.len() < MOST
        {
            // A payload that is none adds nothing.
            let _ = decoder.decode(packet.payload, &mut self.sound);
        }
    }

    /// What it has heard, in its order, without silence.
    pub(super) fn heard(&self) -> Vec<Heard> {
        sounds_in(&self.sound)
    }
}

/// The sounds in `sound` ([`RATE`] samples a second), in their order, without silence.
pub(in crate::demo) fn sounds_in(sound: &[i16]) -> Vec<Heard> {
    let mut spans: Vec<(Option<&'static str>, u32)> = Vec::new();
    for window in sound.chunks_exact(WINDOW) {
        let what = recognise(window);
        match spans.last_mut() {
            Some((last, ms)) if *last == what => *ms += WINDOW_MS,
            Some(_) | None => spans.push((what, WINDOW_MS)),
        }
    }
    let mut list: Vec<Heard> = Vec::new();
    for (what, ms) in spans.into_iter().filter(|(_, ms)| *ms >= SHORTEST_MS) {
        let Some(what) = what else { continue };
        match list.last_mut() {
            Some(last) if last.what == what => last.ms += ms,
            Some(_) | None => list.push(Heard { what, ms }),
        }
    }
    list
}

/// The one sound of a window; `None` is silence.
fn recognise(window: &[i16]) -> Option<&'static str> {
    let level = level_dbov(window);
    if level < SILENCE_DBOV {
        return None;
    }
    let share = |frequencies: &[u32]| -> f64 {
        let tones = frequencies.iter().map(|hz| tone_dbov(window, RATE, f64::from(*hz)));
        tones.map(|dbov| 10_f64.powf((dbov - level) / 10.0)).sum()
    };
    let sound = SOUNDS.iter().find(|(_, frequencies)| share(frequencies) > SHARE);
    Some(sound.map_or("something else", |(name, _)| name))
}

/// Sounds by name, as one says them.
pub(in crate::demo) fn in_words(heard: &[Heard]) -> String {
    let names: Vec<&str> = heard.iter().map(|one| one.what).collect();
    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
}

/// A piece of sound of [`RATE`]: these tones together.
pub(in crate::demo) fn chord(frequencies: &[u32], ms: u32) -> Vec<i16> {
    let amplitude = 16_000.0 / frequencies.len().max(1) as f64;
    let sample = |at: u32| {
        let time = f64::from(at) / f64::from(RATE);
        let sines =
            frequencies.iter().map(|hz| (std::f64::consts::TAU * f64::from(*hz) * time).sin());
        // Within ±16,000.
        (sines.sum::<f64>() * amplitude) as i16
    };
    (0..ms * (RATE / 1_000)).map(sample).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sounds_are_told_apart_and_transitions_are_none() {
        for (name, frequencies) in SOUNDS {
            let heard = sounds_in(&chord(frequencies, 1_000));
            assert_eq!(heard, [Heard { what: name, ms: 1_000 }]);
        }
        let mut sound = chord(GREETING_HZ, 750);
        sound.extend(vec![0; 4_000]);
        sound.extend(chord(&[1_300], 450));
        sound.extend(vec![0; 4_000]);
        sound.extend(chord(&[1_300], 450));
        sound.extend(chord(MUSIC_HZ, 200));
        sound.extend(chord(&[2_500], 1_000));
        assert_eq!(in_words(&sounds_in(&sound)), "the greeting, nora, something else");
        assert_eq!(in_words(&[]), "nothing");
    }

    #[test]
    fn two_who_speak_at_once_are_nobody() {
        let mut both = chord(&[1_300], 1_000);
        for (one, other) in both.iter_mut().zip(chord(&[1_600], 1_000)) {
            *one = *one / 2 + other / 2;
        }
        assert_eq!(in_words(&sounds_in(&both)), "something else");
    }
}
