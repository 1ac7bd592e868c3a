//! Voice messages: what becomes of one, from its beep to its deletion. Its sound is a recording.

use std::fmt;
use std::sync::Arc;

use crate::directory::MailboxId;
use crate::recording::RecordingId;
use crate::{CallId, E164, Millis, UserId};

/// A voice message: the id of the recording that is its sound.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(pub Arc<str>);

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&RecordingId> for MessageId {
    fn from(recording: &RecordingId) -> Self {
        Self(recording.0.clone())
    }
}

/// A voice message that was left.
#[derive(Clone, Debug, PartialEq)]
pub struct VoiceMessage {
    /// Id.
    pub id: MessageId,
    /// Whose mailbox it is in.
    pub mailbox: MailboxId,
    /// The call in which it was left.
    pub call: CallId,
    /// Who left it; `None`: withheld.
    pub from: Option<E164>,
    /// His name, if known.
    pub from_name: Option<Arc<str>>,
    /// When.
    pub at: Millis,
    /// Its file, below the recordings folder.
    pub file: Arc<str>,
    /// How long it is, ms.
    pub duration_ms: u64,
    /// Whether somebody has listened to it.
    pub heard: bool,
}

/// What became of a voice message.
#[derive(Clone, Debug, PartialEq)]
pub enum VoicemailChange {
    /// A caller begins to leave it. Nobody sees it before it is left; kept so that a kill of the
    /// server does not lose what was said until then. Its duration is 0.
    Begun(VoiceMessage),
    /// It was left.
    Left(VoiceMessage),
    /// Somebody listened to it.
    Heard {
        /// Which.
        id: MessageId,
        /// Whose mailbox it is in.
        mailbox: MailboxId,
        /// Who listened.
        by: UserId,
        /// When.
        at: Millis,
    },
    /// Somebody deleted it; its file goes too.
    Deleted {
        /// Which.
        id: MessageId,
        /// Whose mailbox it is in.
        mailbox: MailboxId,
        /// Who deleted it.
        by: UserId,
        /// When.
        at: Millis,
    },
    /// It was too short to be one, and nobody knows of it; its file goes.
    Dropped {
        /// Which.
        id: MessageId,
        /// For whose mailbox it was meant.
        mailbox: MailboxId,
    },
}

impl VoicemailChange {
    /// The mailbox that it concerns.
    pub fn mailbox(&self) -> &MailboxId {
        match self {
            Self::Begun(message) | Self::Left(message) => &message.mailbox,
            Self::Heard { mailbox, .. }
            | Self::Deleted { mailbox, .. }
            | Self::Dropped { mailbox, .. } => mailbox,
        }
    }
}
