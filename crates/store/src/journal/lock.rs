//! The lock on `[server] data_dir`: two servers must not share a journal. The system releases it
//! when the process dies, however it dies.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Why the data directory is not ours.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another server runs on it.
    #[error("another tandem uses the data directory {}", path.display())]
    Taken {
        /// The directory.
        path: PathBuf,
    },
    /// It cannot be made or written.
    #[error("the data directory {} cannot be used: {message}", path.display())]
    Unusable {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        message: String,
    },
}

impl LockError {
    /// What the operator can do about it, in one line.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Taken { .. } => {
                "stop the other server, or give this one its own [server] data_dir"
            }
            Self::Unusable { .. } => "let this user make and write it, or set [server] data_dir",
        }
    }
}

/// Held as long as the server runs.
#[derive(Debug)]
pub struct DataDirLock {
    _file: File,
}

impl DataDirLock {
    /// Makes the directory if it is missing and locks it.
    ///
    /// # Errors
    /// [`LockError::Taken`] when another process holds it.
    pub fn acquire(data_dir: &Path) -> Result<Self, LockError> {
        let unusable = |error: std::io::Error| LockError::Unusable {
            path: data_dir.into(),
            message: error.to_string(),
        };
        std::fs::create_dir_all(data_dir).map_err(unusable)?;
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(data_dir.join("lock"))
            .map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(LockError::Taken { path: data_dir.into() });
            }
            Err(TryLockError::Error(error)) => return Err(unusable(error)),
        }
        file.set_len(0).map_err(unusable)?;
        writeln!(file, "{}", std::process::id()).map_err(unusable)?;
        Ok(Self { _file: file })
    }
}
