//! What can be played to a leg, and the digits that come from one.

use std::fmt;
use std::sync::Arc;

/// A playing; unique in the life of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlayId(pub u64);

/// What is played, in order and without a gap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Playlist {
    /// The items; at most [`Playlist::LIMIT`] are played.
    pub items: Vec<Sound>,
    /// Begin again at the end (music, ringback).
    pub repeat: bool,
    /// A digit ends it.
    pub barge_in: bool,
    /// Language of texts and of what is said (BCP 47, as "en" or "de"); `None`: the configured
    /// one.
    pub language: Option<Arc<str>>,
}

impl Playlist {
    /// The most items of one list.
    pub const LIMIT: usize = 64;

    /// One sound, once, to its end.
    pub fn one(sound: Sound) -> Self {
        Self { items: vec![sound], repeat: false, barge_in: false, language: None }
    }

    /// One sound, for ever.
    pub fn forever(sound: Sound) -> Self {
        Self { repeat: true, ..Self::one(sound) }
    }

    /// What a directory or a configuration means: a name that ends in `.wav` is a file of the
    /// prompts folder, `tone:ringback` (busy, congestion, beep) a tone, `music:name` a file or a
    /// folder of files below `music`, anything else a text that is spoken.
    pub fn named(name: &str) -> Sound {
        if let Some(tone) = name.strip_prefix("tone:").and_then(Tone::named) {
            return Sound::Tone(tone);
        }
        if let Some(music) = name.strip_prefix("music:") {
            return Sound::Music(music.into());
        }
        let end = name.len().checked_sub(".wav".len()).filter(|stem| *stem > 0);
        let is_file = end
            .and_then(|stem| name.get(stem..))
            .is_some_and(|end| end.eq_ignore_ascii_case(".wav"));
        if is_file { Sound::File(name.into()) } else { Sound::Text(name.into()) }
    }
}

/// Something that can be played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sound {
    /// A WAV file of the prompts folder: of the language's folder if it is there, else of the
    /// folder itself.
    File(Arc<str>),
    /// Music on hold: a file, or all files of a folder in the order of their names.
    Music(Arc<str>),
    /// A text that is spoken.
    Text(Arc<str>),
    /// A file of the recordings folder: a voice message.
    Recorded(Arc<str>),
    /// Something that is said from a set of prompts.
    Say(Spoken),
    /// A tone, for ever where it is a cadence; a beep once.
    Tone(Tone),
    /// Silence.
    Silence {
        /// How long, ms.
        ms: u32,
    },
}

/// What is said from a set of prompts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spoken {
    /// One digit after the other.
    Digits(Arc<str>),
    /// A number, 0–999,999,999.
    Number(u32),
    /// "You are number … in the queue."
    Position(u32),
    /// A waiting time, said in minutes.
    Minutes(u32),
    /// A time of day.
    Time {
        /// 0–23.
        hour: u8,
        /// 0–59.
        minute: u8,
    },
}

/// A tone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// The far end rings.
    Ringback,
    /// The far end is busy.
    Busy,
    /// No way there.
    Congestion,
    /// Now it is recorded.
    Beep,
}

impl Tone {
    fn named(name: &str) -> Option<Self> {
        match name {
            "ringback" => Some(Self::Ringback),
            "busy" => Some(Self::Busy),
            "congestion" => Some(Self::Congestion),
            "beep" => Some(Self::Beep),
            _ => None,
        }
    }
}

/// How a playing ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlayEnd {
    /// It was played to its end.
    Completed,
    /// It was stopped or replaced.
    Stopped,
    /// A digit ended it; the digit is reported as well, after this.
    BargedIn,
    /// Nothing of it could be played: a file is missing, a text could not be spoken.
    Failed,
}

/// A key of a telephone: `0`–`9`, `*`, `#`, `A`–`D`. Its `Debug` form does not say which, so that
/// no log holds what a caller typed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Digit(u8);

impl Digit {
    /// The key with this sign; letters in either case.
    pub fn new(sign: char) -> Option<Self> {
        let sign = sign.to_ascii_uppercase();
        matches!(sign, '0'..='9' | '*' | '#' | 'A'..='D').then_some(Self(sign as u8))
    }

    /// Its sign.
    pub fn sign(self) -> char {
        char::from(self.0)
    }
}

impl fmt::Debug for Digit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digit(•)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_is_played() {
        assert_eq!(Playlist::named("welcome.WAV"), Sound::File("welcome.WAV".into()));
        assert_eq!(Playlist::named("tone:busy"), Sound::Tone(Tone::Busy));
        assert_eq!(Playlist::named("music:calm"), Sound::Music("calm".into()));
        assert_eq!(Playlist::named("Welcome."), Sound::Text("Welcome.".into()));
        assert_eq!(Playlist::named("é.wav"), Sound::File("é.wav".into()));
        assert_eq!(Playlist::named("𝄞wav"), Sound::Text("𝄞wav".into()));
    }

    #[test]
    fn a_digit_is_a_key_and_no_log_says_which() {
        assert_eq!(Digit::new('d').map(Digit::sign), Some('D'));
        assert_eq!(Digit::new('E'), None);
        assert_eq!(Digit::new('٣'), None);
        assert_eq!(format!("{:?}", Digit::new('5')), "Some(Digit(•))");
    }
}
