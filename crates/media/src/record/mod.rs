//! Recordings: two sides of a conversation into one file of two channels, written by a thread of
//! its own. A killed server leaves a file that plays; a full disk ends the recording and not the
//! call.

mod config;
mod recorder;

pub use config::RecordConfig;
pub(crate) use recorder::Recorder;
