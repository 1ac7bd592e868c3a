//! After a killed server: the files that were being written are made whole.

use std::fs::OpenOptions;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::Arc;

use call::port::RecordingFormat;

use super::folder::existing;
use super::tape::Closing;

/// What is read at once for a checksum.
const PIECE: usize = 1 << 20;

/// A file that was made whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovered {
    /// Its sound, ms.
    pub duration_ms: u64,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of the file, in hex.
    pub sha256: Arc<str>,
}

/// Makes files whole that a killed server was writing: `names` are those, below the folder and with
/// their extension, that the database still calls `recording` or `paused`. Each can be played
/// afterwards. Call this before a recorder is started; it takes the time of reading the files.
///
/// # Errors
/// For each file its own: it is not there, leads out of the folder, or nothing of it plays
/// ([`ErrorKind::InvalidData`]). The others are recovered in any case.
pub fn recover<'a>(
    folder: &Path,
    names: impl IntoIterator<Item = &'a str>,
) -> Vec<(&'a str, io::Result<Recovered>)> {
    names.into_iter().map(|name| (name, one(folder, name))).collect()
}

fn one(folder: &Path, name: &str) -> io::Result<Recovered> {
    let path = existing(folder, name)?;
    let extension = path.extension().and_then(|extension| extension.to_str());
    let format = match extension {
        Some("wav") => RecordingFormat::Wav,
        Some("opus") => RecordingFormat::Opus,
        Some(_) | None => return Err(ErrorKind::InvalidInput.into()),
    };
    let file = Arc::new(OpenOptions::new().read(true).write(true).open(&path)?);
    let mut closing = Closing::new(file, format, path);
    let mut piece = vec![0; PIECE];
    loop {
        if let Some(summary) = closing.step(&mut piece)? {
            // A summary that `step` gives has a checksum.
            let sha256 = summary.sha256.unwrap_or_default();
            return Ok(Recovered {
                duration_ms: summary.duration_ms,
                bytes: summary.bytes,
                sha256,
            });
        }
    }
}
