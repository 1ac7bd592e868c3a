//! The recordings folder: names below it, its permissions, its free space, and the file system
//! behind it as far as recordings need one.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// The longest name of a recording.
const NAME_MAX: usize = 255;

/// A file of a recording. A clone is the same file.
pub(super) trait RecordFile: Read + Write + Seek + Clone + Send + 'static {
    /// Waits until everything is on the disk.
    fn sync(&self) -> io::Result<()>;
    /// Cuts the file to a length, bytes.
    fn cut(&self, length: u64) -> io::Result<()>;
}

impl RecordFile for Arc<File> {
    fn sync(&self) -> io::Result<()> {
        self.sync_all()
    }

    fn cut(&self, length: u64) -> io::Result<()> {
        self.set_len(length)
    }
}

/// What recordings are written to.
pub(super) trait Storage: Send + 'static {
    type File: RecordFile;
    /// Makes a new file.
    fn create(&mut self, path: &Path) -> io::Result<Self::File>;
    /// Bytes that a file below this folder may still take.
    fn free_bytes(&self, folder: &Path) -> io::Result<u64>;
}

/// The file system.
#[derive(Debug, Default)]
pub(super) struct Disk;

impl Storage for Disk {
    type File = Arc<File>;

    fn create(&mut self, path: &Path) -> io::Result<Self::File> {
        if let Some(folder) = path.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true).mode(0o600);
        options.open(path).map(Arc::new)
    }

    fn free_bytes(&self, folder: &Path) -> io::Result<u64> {
        // The folder may be still to be made; the disk is that of the nearest one that is there.
        let there = folder.ancestors().find(|folder| folder.is_dir());
        let there = there.unwrap_or_else(|| Path::new("."));
        let disk = rustix::fs::statvfs(there)?;
        Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
    }
}

/// The path of a name below the folder.
///
/// # Errors
/// [`ErrorKind::InvalidInput`]: the name leads elsewhere, or is none.
pub(super) fn below(folder: &Path, name: &str) -> io::Result<PathBuf> {
    let path = Path::new(name);
    let is_plain = path.components().all(|part| matches!(part, Component::Normal(_)));
    if !is_plain || name.is_empty() || name.len() > NAME_MAX || name.contains(['\0', '\\']) {
        return Err(ErrorKind::InvalidInput.into());
    }
    Ok(folder.join(path))
}

/// The path of a file that is there, and whose folders lead nowhere else.
pub(crate) fn existing(folder: &Path, name: &str) -> io::Result<PathBuf> {
    let path = below(folder, name)?;
    let kind = fs::symlink_metadata(&path)?;
    let parent = path.parent().unwrap_or(folder).canonicalize()?;
    if !kind.is_file() || !parent.starts_with(folder.canonicalize()?) {
        return Err(ErrorKind::InvalidInput.into());
    }
    Ok(path)
}

/// Removes a recording whose time is over, by its name below the folder. That it is gone already
/// is no error.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] when the name leads out of the folder or to no file; else as of the
/// file system.
pub fn expire(folder: &Path, name: &str) -> io::Result<()> {
    let removed = existing(folder, name).and_then(fs::remove_file);
    match removed {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
