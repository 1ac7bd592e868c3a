//! Voicemail: the index of all messages ([`Mailboxes`]), and what its stages need beside it.

mod mailboxes;
mod settings;

pub use self::mailboxes::{Counts, Mailboxes};
pub use self::settings::VoicemailSettings;
