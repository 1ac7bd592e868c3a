//! Recordings of calls: what becomes of one, from its beginning to its file. They are no part of
//! the hand-off.

use std::fmt;
use std::sync::Arc;

use crate::text_enum;
use crate::{CallId, Millis};

/// A recording, named after its call: `<call>-r<n>`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordingId(pub Arc<str>);

impl fmt::Display for RecordingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

text_enum! {
    /// How a recording is written. Both have two channels, one for each side; a voice message has
    /// one.
    RecordingFormat {
        /// 16-bit PCM.
        Wav = "wav",
        /// Opus in Ogg (RFC 7845).
        Opus = "opus",
    }
    /// Where a recording stands.
    RecordingState {
        /// It is being written.
        Recording = "recording",
        /// Nothing is kept for now.
        Paused = "paused",
        /// Its file is closed.
        Done = "done",
        /// It could not be written to its end; what was written can be played.
        Failed = "failed",
        /// The server was killed; what was written can be played.
        Interrupted = "interrupted",
        /// Its file was removed when its time was over.
        Expired = "expired",
    }
}

/// What became of a recording.
#[derive(Clone, Debug, PartialEq)]
pub enum RecordingChange {
    /// It began.
    Began {
        /// The call.
        call: CallId,
        /// The file, below the recordings folder, with its extension.
        file: Arc<str>,
        /// How it is written.
        format: RecordingFormat,
        /// When.
        at: Millis,
    },
    /// Nothing is kept from now on.
    Paused {
        /// When.
        at: Millis,
    },
    /// It goes on.
    Resumed {
        /// When.
        at: Millis,
    },
    /// It can no longer be written.
    Failed {
        /// When.
        at: Millis,
        /// Why, for people.
        cause: Arc<str>,
    },
    /// Its file is closed.
    Ended {
        /// When.
        at: Millis,
        /// Its sound, ms.
        duration_ms: u64,
        /// Its size.
        bytes: u64,
        /// SHA-256 of the file, in hex.
        sha256: Option<Arc<str>>,
    },
}
