//! The disk thread: writes all recordings, closes them and says what became of them.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError};
use std::time::Duration;

use audio::codec::EncoderSettings;
use call::port::{MediaEvent, RecordingFormat, RecordingId};
use tracing::warn;

use super::folder::{Storage, below};
use super::recorder::{Counts, Shared};
use super::tape::{Closing, Summary, Tape};
use super::{Channels, RecordConfig, Vault, extension};
use crate::clock;

/// Messages that are obeyed before a file that is being closed gets its turn.
const BATCH: usize = 256;
/// What is read at once for a checksum, bytes.
const PIECE: usize = 1 << 20;
/// The longest wait for a message.
const WAIT: Duration = Duration::from_millis(200);

/// Takes what became of recordings.
pub(super) type Report = Arc<dyn Fn(MediaEvent) + Send + Sync>;

/// What the disk thread is told. Of each recording: a beginning, blocks, an end.
pub(super) enum ToDisk {
    Begin(Box<Begin>),
    Block {
        key: u64,
        /// Frames of silence before the sound, in the place of what was dropped.
        silence: u64,
        /// Of two channels left and right in turn.
        frames: Vec<i16>,
    },
    End {
        key: u64,
    },
}

/// A recording's beginning.
pub(super) struct Begin {
    pub(super) key: u64,
    pub(super) recording: RecordingId,
    /// Below the recordings folder, without extension.
    pub(super) file: Arc<str>,
    pub(super) format: RecordingFormat,
    pub(super) rate: u32,
    pub(super) channels: Channels,
    pub(super) shared: Arc<Shared>,
}

pub(super) struct DiskThread<S: Storage> {
    config: RecordConfig,
    storage: S,
    vault: Box<dyn Vault>,
    report: Report,
    counts: Arc<Counts>,
    commands: Receiver<ToDisk>,
    emptied: SyncSender<Vec<i16>>,
    open: BTreeMap<u64, Open<S>>,
    /// Those that are over and not closed yet, the first first.
    closing: VecDeque<Open<S>>,
    checkpoint: Duration,
    piece: Vec<u8>,
}

/// A recording that is not closed.
struct Open<S: Storage> {
    recording: RecordingId,
    /// Below the recordings folder.
    name: String,
    channels: Channels,
    shared: Arc<Shared>,
    state: State<S>,
}

enum State<S: Storage> {
    Writing(Tape<S::File>),
    Closing(Closing<S::File>),
    /// Closed after a failure; its end is still to come.
    Closed(Summary),
}

impl<S: Storage> DiskThread<S> {
    pub(super) fn new(
        config: RecordConfig,
        storage: S,
        vault: Box<dyn Vault>,
        report: Report,
        counts: Arc<Counts>,
        commands: Receiver<ToDisk>,
        emptied: SyncSender<Vec<i16>>,
    ) -> Self {
        let (open, closing) = (BTreeMap::new(), VecDeque::new());
        let (checkpoint, piece) = (clock::now(), vec![0; PIECE]);
        Self {
            config,
            storage,
            vault,
            report,
            counts,
            commands,
            emptied,
            open,
            closing,
            checkpoint,
            piece,
        }
    }

    /// Works until its recorder is dropped and everything is closed.
    pub(super) fn run(mut self) {
        let mut is_over = false;
        while !is_over || !self.closing.is_empty() {
            is_over = self.obey();
            if is_over {
                // Ends have come for all of them, unless the recorder panicked.
                self.closing.extend(std::mem::take(&mut self.open).into_values());
            }
            self.checkpoint();
            self.close_some();
        }
    }

    /// Obeys what has come, or waits for it; whether nothing will come any more.
    fn obey(&mut self) -> bool {
        if self.closing.is_empty() {
            match self.commands.recv_timeout(WAIT) {
                Ok(message) => self.handle(message),
                Err(RecvTimeoutError::Timeout) => return false,
                Err(RecvTimeoutError::Disconnected) => return true,
            }
        }
        for _ in 0..BATCH {
            match self.commands.try_recv() {
                Ok(message) => self.handle(message),
                Err(TryRecvError::Empty) => return false,
                Err(TryRecvError::Disconnected) => return true,
            }
        }
        false
    }

    fn handle(&mut self, message: ToDisk) {
        match message {
            ToDisk::Begin(begin) => self.begin(*begin),
            ToDisk::Block { key, silence, frames } => {
                self.counts.blocks.fetch_sub(1, Ordering::Relaxed);
                if let Some(open) = self.open.get_mut(&key) {
                    open.shared.blocks.fetch_sub(1, Ordering::Relaxed);
                    open.write(silence, &frames, &self.report);
                }
                let mut frames = frames;
                frames.clear();
                // When nobody needs it, it is freed.
                let _ = self.emptied.try_send(frames);
            }
            ToDisk::End { key } => {
                if let Some(mut open) = self.open.remove(&key) {
                    open.finish(&self.report);
                    self.closing.push_back(open);
                }
            }
        }
    }

    fn begin(&mut self, begin: Begin) {
        let Begin { key, recording, file, format, rate, channels, shared } = begin;
        let name = format!("{file}.{}", extension(format));
        let tape = below(&self.config.folder, &file)
            .and_then(|_| self.tape(&name, format, (rate, channels)));
        let state = match tape {
            Ok(tape) => State::Writing(tape),
            Err(error) => {
                report_failure(&recording, &shared, &error, &self.report);
                State::Closed(Summary { duration_ms: 0, bytes: 0, sha256: None })
            }
        };
        self.open.insert(key, Open { recording, name, channels, shared, state });
    }

    fn tape(
        &mut self,
        name: &str,
        format: RecordingFormat,
        sound: (u32, Channels),
    ) -> io::Result<Tape<S::File>> {
        let path = below(&self.config.folder, name)?;
        let free = self.storage.free_bytes(&self.config.folder)?;
        if free < self.config.min_free_bytes {
            let cause = format!(
                "only {} MiB of the disk are free, less than the {} MiB that are kept free",
                free >> 20,
                self.config.min_free_bytes >> 20
            );
            return Err(io::Error::new(ErrorKind::StorageFull, cause));
        }
        let file = self.storage.create(&path)?;
        let settings = EncoderSettings {
            bitrate_bps: self.config.opus_bitrate_bps,
            complexity: self.config.opus_complexity,
            inband_fec: false,
            ..EncoderSettings::default()
        };
        Tape::begin(file, path.clone(), format, sound, &settings).inspect_err(|_| remove(&path))
    }

    /// Lets all files play to here, each second.
    fn checkpoint(&mut self) {
        let now = clock::now();
        if now < self.checkpoint {
            return;
        }
        self.checkpoint = now + Duration::from_millis(self.config.checkpoint_ms);
        for open in self.open.values_mut() {
            open.checkpoint(&self.report);
        }
    }

    /// Does a part of the closing of the first file that is over.
    fn close_some(&mut self) {
        let Some(mut open) = self.closing.pop_front() else { return };
        match open.close(&mut self.piece, &self.report) {
            None => self.closing.push_front(open),
            Some(summary) => self.closed(open, summary),
        }
    }

    fn closed(&mut self, open: Open<S>, summary: Summary) {
        let Open { recording, name, .. } = open;
        if summary.bytes > 0
            && let Ok(path) = below(&self.config.folder, &name)
            && let Err(error) = self.vault.keep(&path, &name)
        {
            warn!(%recording, %error, "a recording stays here only: its store did not take it");
        }
        self.counts.open.fetch_sub(1, Ordering::Relaxed);
        let Summary { duration_ms, bytes, sha256 } = summary;
        (self.report)(MediaEvent::Recorded { recording, duration_ms, bytes, sha256 });
    }
}

impl<S: Storage> Open<S> {
    fn write(&mut self, silence: u64, frames: &[i16], report: &Report) {
        let State::Writing(tape) = &mut self.state else { return };
        let written = write_silence(tape, silence, self.channels).and_then(|()| tape.write(frames));
        if let Err(error) = written {
            self.fail(&error, report);
        }
    }

    fn checkpoint(&mut self, report: &Report) {
        if let State::Writing(tape) = &mut self.state
            && let Err(error) = tape.checkpoint()
        {
            self.fail(&error, report);
        }
    }

    /// The end has come.
    fn finish(&mut self, report: &Report) {
        let nothing = State::Closed(Summary { duration_ms: 0, bytes: 0, sha256: None });
        self.state = match std::mem::replace(&mut self.state, nothing) {
            State::Writing(tape) => {
                let (closing, finished) = tape.finish();
                if let Err(error) = finished {
                    report_failure(&self.recording, &self.shared, &error, report);
                }
                State::Closing(closing)
            }
            other @ (State::Closing(_) | State::Closed(_)) => other,
        };
    }

    /// Closes the file at once, so that it plays, however long the call goes on.
    fn fail(&mut self, error: &io::Error, report: &Report) {
        report_failure(&self.recording, &self.shared, error, report);
        let nothing = State::Closed(Summary { duration_ms: 0, bytes: 0, sha256: None });
        if let State::Writing(tape) = std::mem::replace(&mut self.state, nothing) {
            let mut closing = tape.abandon();
            // Its first step repairs; the rest waits for the end.
            self.state = match closing.step(&mut []) {
                Ok(_) => State::Closing(closing),
                Err(error) => State::Closed(unreadable(&closing, &error)),
            };
        }
    }

    /// A part of the closing; the summary is its end.
    fn close(&mut self, piece: &mut [u8], report: &Report) -> Option<Summary> {
        // A recorder that panicked sends no ends.
        if matches!(self.state, State::Writing(_)) {
            self.finish(report);
        }
        match &mut self.state {
            State::Writing(_) => None,
            State::Closed(summary) => Some(summary.clone()),
            State::Closing(closing) => match closing.step(piece) {
                Ok(summary) => summary,
                Err(error) => {
                    report_failure(&self.recording, &self.shared, &error, report);
                    Some(unreadable(closing, &error))
                }
            },
        }
    }
}

/// What remains of a file that cannot be closed properly; one in which nothing plays is removed.
fn unreadable<F: super::folder::RecordFile>(closing: &Closing<F>, error: &io::Error) -> Summary {
    if error.kind() == ErrorKind::InvalidData {
        remove(&closing.path);
    }
    closing.unread()
}

fn remove(path: &PathBuf) {
    if let Err(error) = std::fs::remove_file(path) {
        warn!(path = %path.display(), %error, "what is left of a recording cannot be removed");
    }
}

fn write_silence<F: super::folder::RecordFile>(
    tape: &mut Tape<F>,
    frames: u64,
    channels: Channels,
) -> io::Result<()> {
    const SILENCE: [i16; 3_200] = [0; 3_200];
    let mut left = frames.saturating_mul(channels.count() as u64);
    while left > 0 {
        let some = usize::try_from(left).unwrap_or(usize::MAX).min(SILENCE.len());
        tape.write(&SILENCE[..some])?;
        left -= some as u64;
    }
    Ok(())
}

/// Reports a failure unless one has been.
fn report_failure(recording: &RecordingId, shared: &Shared, error: &io::Error, report: &Report) {
    if shared.fail_first() {
        warn!(%recording, %error, "a recording failed; the call goes on");
        let is_plain = error.get_ref().is_none();
        let told = [
            (ErrorKind::StorageFull, "the disk is full"),
            (ErrorKind::FileTooLarge, "the file is as large as it can be"),
            (ErrorKind::InvalidInput, "its file name is not allowed"),
            (ErrorKind::AlreadyExists, "its file is there already"),
        ];
        let told = told.into_iter().find(|(kind, _)| is_plain && *kind == error.kind());
        let cause = told.map_or_else(|| error.to_string().into(), |(_, cause)| cause.into());
        report(MediaEvent::RecordingFailed { recording: recording.clone(), cause });
    }
}
