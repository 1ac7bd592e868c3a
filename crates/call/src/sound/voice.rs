//! In which language a caller is spoken to where the engine itself speaks: [`phrases`], and
//! numbers, times and digits from the set of prompts.

use std::sync::Arc;

use super::phrases::{Phrases, phrases};
use crate::ctx::Ctx;
use crate::port::{Playlist, Sound};

/// The language in which a caller is spoken to.
#[derive(Clone, Debug)]
pub(crate) struct Voice {
    said: &'static Phrases,
    language: Arc<str>,
}

impl Voice {
    /// The voice for an IVR of this language; `None`: the configured one.
    pub(crate) fn new(language: Option<&Arc<str>>, ctx: &Ctx<'_>) -> Self {
        Self::of(language.unwrap_or(&ctx.settings.voicemail.language))
    }

    /// The voice for this language, or for another one where it is not built in.
    pub(crate) fn of(wanted: &Arc<str>) -> Self {
        let said = phrases(wanted);
        // A text is spoken as what it is, whatever was wanted.
        let speaks = wanted.split('-').next().unwrap_or_default();
        let language = match speaks.eq_ignore_ascii_case(said.language) {
            true => wanted.clone(),
            false => said.language.into(),
        };
        Self { said, language }
    }

    /// The texts that the voice has.
    pub(crate) fn texts(&self) -> &'static Phrases {
        self.said
    }

    /// These things in this language; a key ends them.
    pub(crate) fn asks(&self, items: Vec<Sound>) -> Playlist {
        Playlist { barge_in: true, ..self.says(items) }
    }

    /// These things in this language, to their end.
    pub(crate) fn says(&self, items: Vec<Sound>) -> Playlist {
        Playlist { items, repeat: false, barge_in: false, language: Some(self.language.clone()) }
    }
}

/// A text.
pub(crate) fn text(text: &'static str) -> Sound {
    Sound::Text(text.into())
}
