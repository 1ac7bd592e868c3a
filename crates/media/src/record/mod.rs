//! Recordings: two sides of a conversation into one file of two channels, or one side (a voice
//! message) into a file of one, written by a thread of its own.
//!
//! * The sound thread never waits: `Recorder` drops sound when the disk does not keep up, fills
//!   its place with silence, and gives a recording up when that lasts.
//! * A killed server leaves a file that plays: what was written is in order at any moment, and
//!   [`recover()`] makes it whole at the next start.
//! * A full disk ends the recording and not the call: [`call::port::MediaEvent::RecordingFailed`]
//!   once, and the file so far plays.
//! * Files are for the server's user only (0600, folders 0700), never overwritten, and nowhere but
//!   below the recordings folder, whatever the name.
//! * Every closed file has its SHA-256, and goes through a [`Vault`]: where a store of objects
//!   (S3) comes in.

mod config;
mod disk;
mod folder;
mod recorder;
mod recover;
mod tape;
#[cfg(test)]
mod tests;
mod vault;

pub use config::RecordConfig;
pub(crate) use folder::existing;
pub use folder::expire;
pub(crate) use recorder::Recorder;
pub use recover::{Recovered, recover};
pub use vault::{LocalVault, Vault};

/// The channels of a recording, fixed at its beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Channels {
    /// One: what a right side says later is mixed in.
    One,
    /// Left and right.
    Two,
}

impl Channels {
    /// How many they are.
    fn count(self) -> usize {
        match self {
            Self::One => 1,
            Self::Two => 2,
        }
    }
}

/// The extension of a recording's file.
fn extension(format: call::port::RecordingFormat) -> &'static str {
    format.as_str()
}
