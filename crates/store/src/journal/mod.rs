//! The journal: every batch of events is in a local file, by one `write`, before any effect of it
//! leaves the process (model.md §7.7). So killing the process loses no event that was acted on,
//! and power loss at most one second of them: a thread syncs the file behind. The tables are
//! filled from the same events ([`crate::writer`]); a segment goes away when the database durably
//! has all of it, and what it still held of live calls has been carried over
//! ([`segments::compact`]).
//!
//! When a write fails (a full disk), the events stay in memory and are tried again with the next
//! batch; calls go on. Only when that memory is full too is a batch given up.

mod frame;
pub mod lock;
pub mod segments;
mod sync;

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use model::call_graph::Recorded;

pub use lock::{DataDirLock, LockError};

/// Number of an event in the journal: from 1, without gaps, never reused in one data directory
/// while it holds unfinished work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position(pub u64);

/// Why events are not in the journal's file. They are held in memory unless `given_up` says
/// otherwise.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JournalError {
    /// The disk or the quota is full.
    #[error("the disk of the journal is full; {held_bytes} bytes wait in memory")]
    Full {
        /// What waits.
        held_bytes: usize,
        /// This batch did not fit in memory either.
        given_up: bool,
    },
    /// Writing failed otherwise.
    #[error("writing the journal failed: {message}; {held_bytes} bytes wait in memory")]
    Write {
        /// What the system said.
        message: String,
        /// What waits.
        held_bytes: usize,
        /// This batch did not fit in memory either.
        given_up: bool,
    },
    /// An event cannot be written down at all; a defect.
    #[error("an event cannot be encoded: {message}")]
    Encode {
        /// What the encoder said.
        message: String,
    },
    /// The folder or a file of it cannot be opened or read.
    #[error("the journal {} cannot be opened: {message}", path.display())]
    Open {
        /// Which.
        path: PathBuf,
        /// What the system said.
        message: String,
    },
    /// A segment was written by another version of the format.
    #[error("segment {} has format {found}, this program reads {expected}", path.display())]
    Version {
        /// Which.
        path: PathBuf,
        /// Its version.
        found: u32,
        /// Ours.
        expected: u32,
    },
}

impl JournalError {
    /// Whether the batch is not even held in memory: only whoever else was given it has it.
    pub fn given_up(&self) -> bool {
        match self {
            Self::Full { given_up, .. } | Self::Write { given_up, .. } => *given_up,
            Self::Encode { .. } => true,
            Self::Open { .. } | Self::Version { .. } => false,
        }
    }

    /// What the operator can do about it, in one line.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Full { .. } => "free space where [server] data_dir is; calls go on meanwhile",
            Self::Write { .. } => "check the disk of [server] data_dir (`dmesg`)",
            Self::Encode { .. } => "this is a defect of tandem: report it with the log",
            Self::Open { .. } => "let this user read and write [server] data_dir",
            Self::Version { .. } => {
                "start and stop the tandem that wrote it once, so that it empties its journal"
            }
        }
    }
}

/// How a journal is kept.
#[derive(Clone, Copy, Debug)]
pub struct JournalOptions {
    /// A segment of this many bytes is followed by a new one.
    pub segment_bytes: u64,
    /// Bytes that may wait in memory while the file cannot be written.
    pub held_bytes: usize,
}

impl Default for JournalOptions {
    fn default() -> Self {
        Self { segment_bytes: 8 << 20, held_bytes: 16 << 20 }
    }
}

/// Where segments are written: the file system, or what a test puts in its place.
pub trait Disk: Send {
    /// Makes a new, empty segment.
    ///
    /// # Errors
    /// Those of the system.
    fn create(&mut self, path: &Path) -> io::Result<Box<dyn SegmentFile>>;
}

/// A segment that is being written.
pub trait SegmentFile: Write + Send {
    /// Cuts off what a failed write left behind.
    ///
    /// # Errors
    /// Those of the system.
    fn truncate(&mut self, bytes: u64) -> io::Result<()>;

    /// A second handle, to sync what was written from another thread.
    ///
    /// # Errors
    /// Those of the system.
    fn syncable(&self) -> io::Result<File>;
}

/// The file system.
#[derive(Clone, Copy, Debug, Default)]
pub struct FileSystem;

impl Disk for FileSystem {
    fn create(&mut self, path: &Path) -> io::Result<Box<dyn SegmentFile>> {
        let file = OpenOptions::new().create_new(true).append(true).open(path)?;
        Ok(Box::new(file))
    }
}

impl SegmentFile for File {
    fn truncate(&mut self, bytes: u64) -> io::Result<()> {
        self.set_len(bytes)
    }

    fn syncable(&self) -> io::Result<File> {
        self.try_clone()
    }
}

/// How far the journal's files have come; shared with the writer of the database.
#[derive(Debug, Default)]
pub struct Progress {
    written: AtomicU64,
    segment: AtomicU64,
    segment_start: AtomicU64,
    bytes: AtomicU64,
}

impl Progress {
    /// Every event up to this one is in a file, unless it was given up.
    pub fn written(&self) -> Position {
        Position(self.written.load(Ordering::Acquire))
    }

    /// Number of the segment that is being written (older ones change no more), and a position
    /// that no event of an older one has or exceeds.
    pub fn segment(&self) -> (u64, Position) {
        // In this order: a rotation in between only makes the position later.
        let number = self.segment.load(Ordering::Acquire);
        (number, Position(self.segment_start.load(Ordering::Acquire)))
    }

    /// Bytes written since the start, all segments together.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }
}

/// The journal, open for appending. Owned by the core's loop.
pub struct Journal {
    directory: PathBuf,
    options: JournalOptions,
    disk: Box<dyn Disk>,
    segment: Box<dyn SegmentFile>,
    number: u64,
    /// Bytes of the segment that are whole frames.
    length: u64,
    /// A failed write may have left bytes behind `length`.
    ragged: bool,
    next: u64,
    /// Whole frames that are not in the file yet.
    held: Vec<u8>,
    progress: Arc<Progress>,
    syncer: sync::Syncer,
}

impl std::fmt::Debug for Journal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Journal")
            .field("directory", &self.directory)
            .field("segment", &self.number)
            .field("next", &self.next)
            .field("held_bytes", &self.held.len())
            .finish_non_exhaustive()
    }
}

impl Journal {
    /// Begins a new segment in `directory`, which is made if missing. Call it after
    /// [`mod@crate::recover`] has emptied the journal of the last run.
    ///
    /// # Errors
    /// [`JournalError::Open`] when the folder or the segment cannot be made.
    pub fn open(directory: &Path, options: JournalOptions) -> Result<Self, JournalError> {
        Self::open_on(Box::new(FileSystem), directory, options)
    }

    /// [`Journal::open`] on another disk.
    ///
    /// # Errors
    /// As [`Journal::open`].
    pub fn open_on(
        mut disk: Box<dyn Disk>,
        directory: &Path,
        options: JournalOptions,
    ) -> Result<Self, JournalError> {
        let failed =
            |path: &Path, message: String| JournalError::Open { path: path.into(), message };
        std::fs::create_dir_all(directory).map_err(|e| failed(directory, e.to_string()))?;
        let last = segments::list(directory)?.pop();
        let number = last.map_or(1, |(number, _)| number + 1);
        let next = segments::last_position(directory)?.0 + 1;
        let path = segments::path(directory, number);
        let mut segment = disk.create(&path).map_err(|e| failed(&path, e.to_string()))?;
        segment.write_all(&frame::HEADER).map_err(|e| failed(&path, e.to_string()))?;
        let length = frame::HEADER.len() as u64;
        let file = segment.syncable().map_err(|e| failed(&path, e.to_string()))?;
        let progress = Arc::new(Progress {
            written: AtomicU64::new(next - 1),
            segment: AtomicU64::new(number),
            segment_start: AtomicU64::new(next),
            bytes: AtomicU64::new(length),
        });
        Ok(Self {
            directory: directory.to_owned(),
            options,
            disk,
            segment,
            number,
            length,
            ragged: false,
            next,
            held: Vec::with_capacity(4096),
            progress,
            syncer: sync::Syncer::start(file),
        })
    }

    /// Writes a batch: all of it or, after a crash, nothing of it. Returns the position of its
    /// last event.
    ///
    /// # Errors
    /// [`JournalError::Full`] or [`JournalError::Write`]: the events (and older ones) wait in
    /// memory for the next call of this or of [`Journal::retry`], unless `given_up` is set.
    pub fn append(&mut self, batch: &[Recorded]) -> Result<Position, JournalError> {
        if batch.is_empty() {
            return Ok(Position(self.next - 1));
        }
        let before = self.held.len();
        let encoded = frame::encode(&mut self.held, self.next, batch);
        let last = self.next + batch.len() as u64 - 1;
        self.next = last + 1;
        if let Err(message) = encoded {
            self.held.truncate(before);
            return Err(JournalError::Encode { message });
        }
        let Err(error) = self.flush() else {
            return Ok(Position(last));
        };
        let given_up = before > 0 && self.held.len() > self.options.held_bytes;
        if given_up {
            self.held.truncate(before);
        }
        Err(self.failure(&error, given_up))
    }

    /// Tries again to write what waits in memory.
    ///
    /// # Errors
    /// As [`Journal::append`]; nothing is given up here.
    pub fn retry(&mut self) -> Result<(), JournalError> {
        if self.held.is_empty() {
            return Ok(());
        }
        self.flush().map_err(|error| self.failure(&error, false))
    }

    /// Whether something waits in memory.
    pub fn is_behind(&self) -> bool {
        !self.held.is_empty()
    }

    /// Position of the event that comes next.
    pub fn next(&self) -> Position {
        Position(self.next)
    }

    /// How far the files have come, for the writer.
    pub fn progress(&self) -> Arc<Progress> {
        self.progress.clone()
    }

    /// The folder of the segments.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Tries to write everything held and syncs the file: the end of a clean shutdown.
    ///
    /// # Errors
    /// As [`Journal::append`].
    pub fn close(mut self) -> Result<(), JournalError> {
        self.retry()
        // Dropping the syncer syncs once more and waits for it.
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.ragged {
            self.segment.truncate(self.length)?;
            self.ragged = false;
        }
        if let Err(error) = self.segment.write_all(&self.held) {
            self.ragged = true;
            return Err(error);
        }
        let bytes = self.held.len() as u64;
        self.length += bytes;
        self.held.clear();
        self.held.shrink_to(1 << 20);
        self.progress.bytes.fetch_add(bytes, Ordering::Relaxed);
        // What is missing below was given up: nobody waits for it any longer.
        self.progress.written.store(self.next - 1, Ordering::Release);
        self.syncer.written();
        if self.length >= self.options.segment_bytes {
            self.rotate();
        }
        Ok(())
    }

    /// A segment that cannot be followed yet simply grows.
    fn rotate(&mut self) {
        let path = segments::path(&self.directory, self.number + 1);
        let begun = self.disk.create(&path).and_then(|mut segment| {
            segment.write_all(&frame::HEADER)?;
            let file = segment.syncable()?;
            Ok((segment, file))
        });
        match begun {
            Ok((segment, file)) => {
                self.segment = segment;
                self.number += 1;
                self.length = frame::HEADER.len() as u64;
                self.syncer.follow(file);
                self.progress.segment_start.store(self.next, Ordering::Release);
                self.progress.segment.store(self.number, Ordering::Release);
            }
            Err(error) => {
                // A half-made file would stand in the way of the next try.
                let _ = std::fs::remove_file(&path);
                tracing::warn!(%error, "the journal cannot begin a new segment");
            }
        }
    }

    fn failure(&self, error: &io::Error, given_up: bool) -> JournalError {
        let held_bytes = self.held.len();
        if matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) {
            JournalError::Full { held_bytes, given_up }
        } else {
            JournalError::Write { message: error.to_string(), held_bytes, given_up }
        }
    }
}

#[cfg(test)]
mod tests;
