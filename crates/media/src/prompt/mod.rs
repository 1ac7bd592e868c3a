//! What is played but tones: files of the prompts folder, music, voice messages, and texts and
//! numbers that are spoken. The sound thread asks a `Library` and never waits: a sound is there, or
//! its answer comes through `Answers`, or it cannot be had. Files are read and texts are spoken on
//! threads of their own.

mod config;
mod files;
mod library;
mod loader;
mod recorded;
mod say;
mod shelf;
mod speech;
#[cfg(test)]
mod tests;

pub use config::PromptConfig;
pub(crate) use library::{Answers, Library};

use std::sync::Arc;

use call::port::Sound;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PromptKey {
    /// A file, music, a recording, a text or something said. Tones and silence are made by whoever
    /// plays them: asked for here they are [`ClipState::Failed`].
    pub(crate) sound: Sound,
    /// The language (BCP 47); `None`: the configured one.
    pub(crate) language: Option<Arc<str>>,
}

/// A piece of sound in memory, shared by all who play it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Clip {
    /// Samples a second: 8,000, 16,000 or 48,000.
    pub(crate) rate: u32,
    /// The samples, mono.
    pub(crate) pcm: Arc<[i16]>,
}

/// Names an answer that is still to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ticket(pub(crate) u64);

/// Where a sound that was asked for stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ClipState {
    /// Here it is: one clip after the other without a gap, at least one.
    Ready(Vec<Clip>),
    /// [`Answers`] will have it under this ticket.
    Wait(Ticket),
    /// It cannot be had; the log says why.
    Failed,
}

/// An answer that was waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Loaded {
    /// What was handed out for it.
    pub(crate) ticket: Ticket,
    /// The clips, at least one; `None`: it cannot be had.
    pub(crate) clips: Option<Vec<Clip>>,
}
