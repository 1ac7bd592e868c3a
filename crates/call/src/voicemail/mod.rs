//! Voicemail: the index of all messages ([`Mailboxes`]), and what its stages need beside it.

mod mailboxes;
mod owner;
mod pin;
mod saying;
mod settings;

pub(crate) use self::mailboxes::Leaving;
pub use self::mailboxes::{Counts, Mailboxes};
pub(crate) use self::owner::Owner;
pub(crate) use self::pin::Typed;
pub use self::settings::VoicemailSettings;
pub(crate) use crate::sound::voice::{Voice, text};
