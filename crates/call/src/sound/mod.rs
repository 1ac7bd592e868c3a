//! What the configuration says of sound: what callers hear while nobody talks to them, which calls
//! are recorded and how, and what is kept of the digits they press.

pub(crate) mod ears;
pub(crate) mod phrases;
pub(crate) mod voice;

use std::sync::Arc;

use crate::port::RecordingFormat;

/// Sound of all calls where a number, a group or an IVR says nothing else. What is played is named
/// as [`Playlist::named`](crate::port::Playlist::named) reads it.
#[derive(Clone, Debug)]
pub struct SoundSettings {
    /// What an accepted caller hears while somebody is rung for him; `tone:ringback`. `None`:
    /// silence.
    pub ringback: Option<Arc<str>>,
    /// What a held party hears; `None`: silence.
    pub music_on_hold: Option<Arc<str>>,
    /// What both sides hear before a recording begins; `None`: it begins at once.
    pub consent_prompt: Option<Arc<str>>,
    /// Record every call whose number and group say nothing.
    pub record_all: bool,
    /// How recordings are written.
    pub recording_format: RecordingFormat,
    /// Both sides hear a beep when a recording begins.
    pub recording_beep: bool,
    /// What is kept of digits.
    pub keep_digits: Digits,
}

impl Default for SoundSettings {
    fn default() -> Self {
        Self {
            ringback: Some("tone:ringback".into()),
            music_on_hold: None,
            consent_prompt: None,
            record_all: false,
            recording_format: RecordingFormat::Wav,
            recording_beep: false,
            keep_digits: Digits::Kept,
        }
    }
}

/// What is kept of the digits that parties press while they talk. While a recording of the call
/// is paused they are masked whatever this says: that is when card numbers are typed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Digits {
    /// Which digit.
    #[default]
    Kept,
    /// That one was pressed.
    Masked,
    /// Nothing.
    Dropped,
}
