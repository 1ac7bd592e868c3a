//! The sound thread's handle on the disk thread.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle};

use call::port::{MediaEvent, RecordingFormat, RecordingId};

use super::disk::{Begin, DiskThread, Report, ToDisk};
use super::folder::{Disk, Storage};
use super::{Channels, LocalVault, RecordConfig, Vault};

/// The most recordings at a time, those that are being closed included.
const OPEN_MAX: usize = 2_048;
/// The most blocks of sound on their way to the disk.
const BLOCKS_MAX: usize = 8_192;
/// The room of the line: every block, and every recording's beginning and end.
const LINE: usize = BLOCKS_MAX + 2 * OPEN_MAX;
/// Blocks in a second: a block is 200 ms.
const BLOCKS_PER_SECOND: u32 = 5;

/// Hands sound to the disk thread and never waits for it. Dropping it closes all files and waits
/// for that.
pub(crate) struct Recorder {
    line: Option<SyncSender<ToDisk>>,
    /// Emptied blocks, to be filled again.
    spare: Receiver<Vec<i16>>,
    tracks: BTreeMap<RecordingId, Option<Track>>,
    counts: Arc<Counts>,
    report: Report,
    patience_s: u32,
    next: u64,
    thread: Option<JoinHandle<()>>,
}

/// What both threads count.
#[derive(Debug, Default)]
pub(super) struct Counts {
    /// Recordings whose file is not closed yet.
    pub(super) open: AtomicUsize,
    /// Blocks on their way.
    pub(super) blocks: AtomicUsize,
}

/// What both threads know of one recording.
#[derive(Debug, Default)]
pub(super) struct Shared {
    /// Its failure has been reported.
    failed: AtomicBool,
    /// Its blocks on their way.
    pub(super) blocks: AtomicUsize,
}

impl Shared {
    /// Whether nobody has reported a failure yet; from now on somebody has.
    pub(super) fn fail_first(&self) -> bool {
        !self.failed.swap(true, Ordering::Relaxed)
    }
}

/// A recording, as its sound comes.
struct Track {
    key: u64,
    shared: Arc<Shared>,
    channels: Channels,
    /// Sound that is no whole block yet, of two channels left and right in turn.
    block: Vec<i16>,
    /// Samples of a whole block.
    whole: usize,
    /// Frames that were dropped since the last block that was sent.
    missing: u64,
    /// Frames that may be dropped before it is given up.
    patience: u64,
    /// Blocks that may be on their way.
    most: usize,
}

impl Recorder {
    /// Starts the disk thread. Outcomes ([`MediaEvent::RecordingFailed`] and
    /// [`MediaEvent::Recorded`]) go to `report`, on that thread or on the caller's.
    ///
    /// # Errors
    /// The system gives no thread.
    pub(crate) fn start(
        config: RecordConfig,
        report: impl Fn(MediaEvent) + Send + Sync + 'static,
    ) -> io::Result<Self> {
        Self::start_with(config, Disk, Box::new(LocalVault), Arc::new(report))
    }

    pub(super) fn start_with(
        config: RecordConfig,
        storage: impl Storage,
        vault: Box<dyn Vault>,
        report: Report,
    ) -> io::Result<Self> {
        let (line, commands) = sync_channel(LINE);
        let (emptied, spare) = sync_channel(64);
        let counts = Arc::new(Counts::default());
        let patience_s = config.patience_s;
        let disk = DiskThread::new(
            config,
            storage,
            vault,
            report.clone(),
            counts.clone(),
            commands,
            emptied,
        );
        let thread = Builder::new().name("media-disk".into()).spawn(move || disk.run())?;
        let (line, thread) = (Some(line), Some(thread));
        let tracks = BTreeMap::new();
        Ok(Self { line, spare, tracks, counts, report, patience_s, next: 0, thread })
    }

    /// Begins a recording of sound with `rate` samples a second (8,000, 16,000 or 48,000) in
    /// `file`, a name below the recordings folder without extension, of so many channels. What
    /// cannot be begun is reported as failed. One that is running already goes on.
    pub(crate) fn begin(
        &mut self,
        recording: &RecordingId,
        file: &str,
        format: RecordingFormat,
        (rate, channels): (u32, Channels),
    ) {
        if self.tracks.contains_key(recording) {
            return;
        }
        if self.counts.open.load(Ordering::Relaxed) >= OPEN_MAX {
            self.tracks.insert(recording.clone(), None);
            let cause = format!("more than {OPEN_MAX} recordings at a time").into();
            (self.report)(MediaEvent::RecordingFailed { recording: recording.clone(), cause });
            return;
        }
        self.counts.open.fetch_add(1, Ordering::Relaxed);
        let shared = Arc::new(Shared::default());
        let key = self.next;
        self.next += 1;
        self.send(ToDisk::Begin(Box::new(Begin {
            key,
            recording: recording.clone(),
            file: file.into(),
            format,
            rate,
            channels,
            shared: shared.clone(),
        })));
        let track = Track {
            key,
            shared,
            channels,
            block: Vec::new(),
            whole: (rate / BLOCKS_PER_SECOND) as usize * channels.count(),
            missing: 0,
            patience: u64::from(self.patience_s) * u64::from(rate),
            most: (self.patience_s * BLOCKS_PER_SECOND) as usize,
        };
        self.tracks.insert(recording.clone(), Some(track));
    }

    /// Adds sound of both sides at the rate of the beginning; the shorter one is followed by
    /// silence. Ignored for a recording that is not running.
    pub(crate) fn write(&mut self, recording: &RecordingId, left: &[i16], right: &[i16]) {
        let Some(Some(track)) = self.tracks.get_mut(recording) else { return };
        if track.shared.failed.load(Ordering::Relaxed) {
            return;
        }
        let sample = |side: &[i16], at| side.get(at).copied().unwrap_or(0);
        let length = left.len().max(right.len());
        let sides = (0..length).map(|at| [sample(left, at), sample(right, at)]);
        match track.channels {
            Channels::One => track.block.extend(sides.map(|[l, r]| l.saturating_add(r))),
            Channels::Two => track.block.extend(sides.flatten()),
        }
        if track.block.len() < track.whole {
            return;
        }
        let full = std::mem::replace(&mut track.block, self.spare.try_recv().unwrap_or_default());
        track.send(full, &self.counts, self.line.as_ref());
        if track.missing > track.patience && track.shared.fail_first() {
            let cause = "the disk does not keep up".into();
            (self.report)(MediaEvent::RecordingFailed { recording: recording.clone(), cause });
        }
    }

    /// Closes the file; [`MediaEvent::Recorded`] follows, also after a failure.
    pub(crate) fn end(&mut self, recording: &RecordingId) {
        match self.tracks.remove(recording) {
            None => {}
            Some(None) => {
                let recording = recording.clone();
                let (duration_ms, bytes, sha256) = (0, 0, None);
                (self.report)(MediaEvent::Recorded { recording, duration_ms, bytes, sha256 });
            }
            Some(Some(mut track)) => {
                let rest = std::mem::take(&mut track.block);
                track.send(rest, &self.counts, self.line.as_ref());
                self.send(ToDisk::End { key: track.key });
            }
        }
    }

    /// Sends a beginning or an end, for which there is always room: recordings that are open are
    /// counted until their end has been obeyed.
    fn send(&self, message: ToDisk) {
        if let Some(line) = &self.line
            && line.try_send(message).is_err()
        {
            tracing::error!("the disk thread has ended");
        }
    }
}

#[cfg(test)]
impl Recorder {
    /// Blocks on their way of the only recording.
    pub(super) fn blocks_on_their_way(&self) -> impl Fn() -> usize + use<> {
        let counts = self.counts.clone();
        move || counts.blocks.load(Ordering::Relaxed)
    }

    /// Counts so many recordings as open.
    pub(super) fn pretend_open(&self, count: usize) {
        self.counts.open.store(count, Ordering::Relaxed);
    }
}

impl Track {
    /// Sends a block, or counts it as missing.
    fn send(&mut self, frames: Vec<i16>, counts: &Counts, line: Option<&SyncSender<ToDisk>>) {
        let length = (frames.len() / self.channels.count()) as u64;
        let is_late = self.shared.blocks.load(Ordering::Relaxed) >= self.most
            || counts.blocks.load(Ordering::Relaxed) >= BLOCKS_MAX;
        if length == 0 && self.missing == 0 {
            return;
        }
        if is_late {
            self.missing += length;
            return;
        }
        let silence = std::mem::take(&mut self.missing);
        counts.blocks.fetch_add(1, Ordering::Relaxed);
        self.shared.blocks.fetch_add(1, Ordering::Relaxed);
        let message = ToDisk::Block { key: self.key, silence, frames };
        // There is room: blocks on their way are counted.
        if line.is_none_or(|line| line.try_send(message).is_err()) {
            counts.blocks.fetch_sub(1, Ordering::Relaxed);
            self.shared.blocks.fetch_sub(1, Ordering::Relaxed);
            self.missing = silence + length;
        }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        let running: Vec<RecordingId> = self.tracks.keys().cloned().collect();
        running.iter().for_each(|recording| self.end(recording));
        self.line = None;
        if let Some(thread) = self.thread.take() {
            // Its panic, if it had one, has been reported where it happened.
            let _ = thread.join();
        }
    }
}
