//! The files of the journal: listing, reading back, and carrying live calls over so that old
//! segments can go. Only segments that are no longer written are changed.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use model::call_graph::Recorded;

use super::frame::{self, Frames, Start};
use super::{JournalError, Position};

const PREFIX: &str = "segment-";
const SUFFIX: &str = ".journal";

/// What reading found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// Events handed over.
    pub events: u64,
    /// Bytes of torn or damaged tails, which were left out.
    pub torn_bytes: u64,
}

/// Path of a segment.
pub(crate) fn path(directory: &Path, number: u64) -> PathBuf {
    directory.join(format!("{PREFIX}{number:010}{SUFFIX}"))
}

/// Every segment, oldest first.
///
/// # Errors
/// [`JournalError::Open`] when the folder cannot be read; a folder that is missing has none.
pub fn list(directory: &Path) -> Result<Vec<(u64, PathBuf)>, JournalError> {
    let failed = |message: String| JournalError::Open { path: directory.into(), message };
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error.to_string())),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| failed(error.to_string()))?;
        let name = entry.file_name();
        let number = name
            .to_str()
            .and_then(|name| name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?.parse().ok());
        if let Some(number) = number {
            found.push((number, entry.path()));
        }
    }
    found.sort();
    Ok(found)
}

/// Hands over every event from `from` on, in order of the files; an event that was carried over
/// may come twice, with the same position.
///
/// # Errors
/// When a file cannot be read or has another version; events before it were handed over.
pub fn read(
    directory: &Path,
    from: Position,
    mut each: impl FnMut(Position, Recorded),
) -> Result<Reading, JournalError> {
    let mut reading = Reading::default();
    for (_, path) in list(directory)? {
        let segment = read_segment(&path, from, &mut each)?;
        reading.events += segment.events;
        reading.torn_bytes += segment.torn_bytes;
    }
    Ok(reading)
}

/// Whether this program can read every segment; nothing but their first bytes is looked at.
///
/// # Errors
/// As [`read`].
pub fn check(directory: &Path) -> Result<(), JournalError> {
    for (_, path) in list(directory)? {
        let file = fs::File::open(&path).map_err(|error| open_error(&path, &error))?;
        let mut head = Vec::with_capacity(frame::HEADER.len());
        let mut file = file.take(frame::HEADER.len() as u64);
        file.read_to_end(&mut head).map_err(|error| open_error(&path, &error))?;
        frames_of(&path, &head)?;
    }
    Ok(())
}

/// [`read`] of one segment.
///
/// # Errors
/// As [`read`].
pub fn read_segment(
    path: &Path,
    from: Position,
    each: &mut dyn FnMut(Position, Recorded),
) -> Result<Reading, JournalError> {
    let bytes = load(path)?;
    let mut reading = Reading::default();
    let mut frames = Frames::new(frames_of(path, &bytes)?);
    for event in &mut frames {
        if event.position < from.0 {
            continue;
        }
        match event.decode() {
            Ok(recorded) => {
                reading.events += 1;
                each(Position(event.position), recorded);
            }
            Err(message) => {
                tracing::error!(path = %path.display(), %message, "a journal event is unreadable");
            }
        }
    }
    reading.torn_bytes = frames.torn() as u64;
    Ok(reading)
}

/// The last position in any segment; 0 when there is none.
///
/// # Errors
/// As [`read`].
pub fn last_position(directory: &Path) -> Result<Position, JournalError> {
    let mut last = 0;
    for (_, path) in list(directory)? {
        let bytes = load(&path)?;
        for event in Frames::new(frames_of(&path, &bytes)?) {
            last = last.max(event.position);
        }
    }
    Ok(Position(last))
}

/// Segments up to and with `through` become one that holds the events of the calls in `live`
/// only, or go away when there are none. A crash in between leaves events twice, never none.
/// Returns the bytes that were freed.
///
/// # Errors
/// When a file cannot be read, written or removed; nothing that is needed was removed then.
pub fn compact(
    directory: &Path,
    through: u64,
    live: &BTreeSet<Box<str>>,
) -> Result<u64, JournalError> {
    let old: Vec<(u64, PathBuf)> =
        list(directory)?.into_iter().filter(|(number, _)| *number <= through).collect();
    let Some((_, newest)) = old.last() else {
        return Ok(0);
    };
    let mut carried = frame::HEADER.to_vec();
    let mut freed = 0;
    for (_, path) in &old {
        let bytes = load(path)?;
        freed += bytes.len() as u64;
        let kept: Vec<&[u8]> = Frames::new(frames_of(path, &bytes)?)
            .filter(|event| live.contains(event.call))
            .map(|event| event.bytes)
            .collect();
        for events in kept.chunks(1024) {
            frame::encode_raw(&mut carried, events)
                .map_err(|message| JournalError::Encode { message })?;
        }
    }
    let nothing = carried.len() == frame::HEADER.len();
    if !nothing {
        replace(newest, &carried)?;
        freed = freed.saturating_sub(carried.len() as u64);
    }
    let keep = usize::from(!nothing);
    for (_, path) in old.iter().take(old.len() - keep) {
        remove(path)?;
    }
    Ok(freed)
}

/// Removes every segment: the database durably has all of it.
///
/// # Errors
/// When one cannot be removed.
pub fn clear(directory: &Path) -> Result<(), JournalError> {
    list(directory)?.iter().try_for_each(|(_, path)| remove(path))
}

fn load(path: &Path) -> Result<Vec<u8>, JournalError> {
    fs::read(path).map_err(|error| open_error(path, &error))
}

fn frames_of<'a>(path: &Path, bytes: &'a [u8]) -> Result<&'a [u8], JournalError> {
    match frame::start(bytes) {
        Start::Frames(frames) => Ok(frames),
        Start::Nothing => Ok(&[]),
        Start::Version(found) => {
            Err(JournalError::Version { path: path.into(), found, expected: frame::VERSION })
        }
    }
}

fn replace(path: &Path, bytes: &[u8]) -> Result<(), JournalError> {
    let temporary = path.with_extension("tmp");
    let written = (|| {
        let mut file = fs::File::create(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&temporary, path)?;
        match path.parent() {
            Some(folder) => fs::File::open(folder)?.sync_all(),
            None => Ok(()),
        }
    })();
    written.map_err(|error| {
        let _ = fs::remove_file(&temporary);
        open_error(path, &error)
    })
}

fn remove(path: &Path) -> Result<(), JournalError> {
    fs::remove_file(path).map_err(|error| open_error(path, &error))
}

fn open_error(path: &Path, error: &std::io::Error) -> JournalError {
    JournalError::Open { path: path.into(), message: error.to_string() }
}
