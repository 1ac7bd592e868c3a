//! Voicemail: messages that callers leave for a user or a group, and listening to them by
//! telephone (F1).
//!
//! [`Mailboxes`] is the index of all messages, one for the whole process. It is filled at the start
//! from what is kept ([`Mailboxes::restore`]), and every change of it is a
//! [`VoicemailChange`](model::voicemail::VoicemailChange): what happens in a call is applied by the
//! call's stage, which also says so
//! ([`CallOutput::Voicemail`](crate::port::CallOutput::Voicemail)); what happens outside of calls
//! (a file was played or deleted) by [`Mailboxes::apply`].
//!
//! A message is a recording of the caller alone whose file lies below `voicemail/`. Its way:
//!
//! 1. The stage [`voicemail`](crate::stage::voicemail) greets, beeps and begins the recording. From
//!    then on it has its place in the mailbox, so that callers who are recorded at the same time
//!    do not fill it beyond its limit.
//! 2. Silence, `#`, the longest time, a disk that is full, a hang-up or the end of the server close
//!    the file; the call goes on or is over.
//! 3. Media says how long the file is, maybe after the call: [`Mailboxes::closed`] makes it a
//!    message, or drops it if there is less sound in it than [`VoicemailSettings::min`].
//! 4. The stage [`mailbox`](crate::stage::mailbox) plays it to who knows the PIN; it is heard, or
//!    deleted, at once.
//!
//! [`Mailboxes::counts`] and [`Mailboxes::changes`] are what lamps are made of (RFC 3842).

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
