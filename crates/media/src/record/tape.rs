//! One recording on the disk: written, failed, or being closed.

use std::io::{self, ErrorKind, SeekFrom};
use std::path::PathBuf;
use std::sync::Arc;

use audio::codec::EncoderSettings;
use audio::{ogg, wav};
use call::port::RecordingFormat;
use sha2::{Digest, Sha256};

use super::Channels;
use super::folder::RecordFile;

/// What a closed recording is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Summary {
    /// Its sound, ms.
    pub(super) duration_ms: u64,
    /// Its size.
    pub(super) bytes: u64,
    /// SHA-256, in hex.
    pub(super) sha256: Option<Arc<str>>,
}

/// Writes in one of the formats.
enum Writer<F: RecordFile> {
    Wav(wav::Writer<F>),
    Ogg(Box<ogg::Writer<F>>),
}

/// A file that is being written.
pub(super) struct Tape<F: RecordFile> {
    writer: Writer<F>,
    file: F,
    format: RecordingFormat,
    path: PathBuf,
    /// Something was written since the last checkpoint.
    is_dirty: bool,
}

impl<F: RecordFile> Tape<F> {
    /// Writes the beginning of a new file.
    pub(super) fn begin(
        file: F,
        path: PathBuf,
        format: RecordingFormat,
        (rate, channels): (u32, Channels),
        settings: &EncoderSettings,
    ) -> io::Result<Self> {
        let out = file.clone();
        let writer = match (format, channels) {
            (RecordingFormat::Wav, Channels::One) => Writer::Wav(wav::Writer::mono(out, rate)?),
            (RecordingFormat::Wav, Channels::Two) => Writer::Wav(wav::Writer::new(out, rate)?),
            (RecordingFormat::Opus, Channels::One) => {
                Writer::Ogg(Box::new(ogg::Writer::mono(out, rate, 1, settings)?))
            }
            (RecordingFormat::Opus, Channels::Two) => {
                Writer::Ogg(Box::new(ogg::Writer::new(out, rate, 1, settings)?))
            }
        };
        Ok(Self { writer, file, format, path, is_dirty: false })
    }

    /// Adds frames, of two channels left and right in turn.
    pub(super) fn write(&mut self, frames: &[i16]) -> io::Result<()> {
        self.is_dirty = true;
        match &mut self.writer {
            Writer::Wav(wav) => wav.write(frames),
            Writer::Ogg(ogg) => ogg.write(frames),
        }
    }

    /// Makes the file one that plays to here.
    pub(super) fn checkpoint(&mut self) -> io::Result<()> {
        if !std::mem::take(&mut self.is_dirty) {
            return Ok(());
        }
        match &mut self.writer {
            Writer::Wav(wav) => wav.checkpoint(),
            Writer::Ogg(ogg) => ogg.checkpoint(),
        }
    }

    /// Writes the end. The error is that of the end; the file is closed in any case.
    pub(super) fn finish(self) -> (Closing<F>, io::Result<()>) {
        let Self { writer, file, format, path, .. } = self;
        let finished = match writer {
            Writer::Wav(wav) => wav.finish(),
            Writer::Ogg(ogg) => ogg.finish(),
        };
        (Closing::new(file, format, path), finished)
    }

    /// Gives up after a failed write: what is whole stays.
    pub(super) fn abandon(self) -> Closing<F> {
        // The writers end by themselves as well as they can; the rest is for the repair.
        let Self { writer, file, format, path, .. } = self;
        drop(writer);
        Closing::new(file, format, path)
    }
}

/// A file that is being closed: made whole, then read for its checksum, a piece at a time.
pub(super) struct Closing<F> {
    file: F,
    format: RecordingFormat,
    pub(super) path: PathBuf,
    hash: Sha256,
    /// Its length and its sound, ms, once it is whole.
    whole: Option<(u64, u64)>,
    read: u64,
}

impl<F: RecordFile> Closing<F> {
    pub(super) fn new(file: F, format: RecordingFormat, path: PathBuf) -> Self {
        Self { file, format, path, hash: Sha256::new(), whole: None, read: 0 }
    }

    /// Does a part of the work: at most as much as `piece` holds is read. The summary is the end.
    ///
    /// # Errors
    /// The file cannot be read, or has nothing that plays ([`ErrorKind::InvalidData`]).
    pub(super) fn step(&mut self, piece: &mut [u8]) -> io::Result<Option<Summary>> {
        let Some((bytes, duration_ms)) = self.whole else {
            self.whole = Some(self.repair()?);
            return Ok(None);
        };
        let most = piece.len().min(usize::try_from(bytes - self.read).unwrap_or(usize::MAX));
        if most > 0 {
            let read = self.file.read(&mut piece[..most])?;
            if read == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            self.hash.update(&piece[..read]);
            self.read += read as u64;
            return Ok(None);
        }
        let sha256 = Some(hex(&std::mem::take(&mut self.hash).finalize()));
        Ok(Some(Summary { duration_ms, bytes, sha256 }))
    }

    /// What can be said of a file that cannot be read.
    pub(super) fn unread(&self) -> Summary {
        let (bytes, duration_ms) = self.whole.unwrap_or((0, 0));
        Summary { duration_ms, bytes, sha256: None }
    }

    /// Makes the file whole and has it on the disk. What is whole already is not changed.
    fn repair(&mut self) -> io::Result<(u64, u64)> {
        let (bytes, duration_ms) = match self.format {
            RecordingFormat::Wav => {
                let repaired = wav::repair(&mut self.file)?;
                (repaired.bytes, repaired.duration_ms)
            }
            RecordingFormat::Opus => {
                let repaired = ogg::repair(&mut self.file)?;
                (repaired.bytes, repaired.duration_ms)
            }
        };
        if self.file.seek(SeekFrom::End(0))? != bytes {
            self.file.cut(bytes)?;
        }
        self.file.sync()?;
        self.file.seek(SeekFrom::Start(0))?;
        Ok((bytes, duration_ms))
    }
}

/// Bytes in hex.
fn hex(bytes: &[u8]) -> Arc<str> {
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(digit).collect::<String>().into()
}

fn digit(value: u8) -> char {
    char::from_digit(value.into(), 16).unwrap_or('0')
}
