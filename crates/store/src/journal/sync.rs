//! The thread that syncs the journal's file, at most once a second and only when something was
//! written: power loss costs at most that second, and the core's loop never waits for a disk.

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

const INTERVAL: Duration = Duration::from_secs(1);
/// Segments that may wait to be followed; more only means that the disk is far behind.
const SEGMENTS: usize = 64;

pub(super) struct Syncer {
    dirty: Arc<AtomicBool>,
    segments: Option<SyncSender<File>>,
    thread: Option<JoinHandle<()>>,
}

impl Syncer {
    pub(super) fn start(file: File) -> Self {
        let dirty = Arc::new(AtomicBool::new(true));
        let (segments, next) = sync_channel(SEGMENTS);
        let seen = dirty.clone();
        let thread = std::thread::Builder::new()
            .name("journal-sync".to_owned())
            .spawn(move || run(file, &next, &seen));
        if let Err(error) = &thread {
            tracing::error!(%error, "the journal is not synced: no thread");
        }
        Self { dirty, segments: Some(segments), thread: thread.ok() }
    }

    /// Something was written to the current segment.
    pub(super) fn written(&self) {
        self.dirty.store(true, Ordering::Release);
    }

    /// A new segment began.
    pub(super) fn follow(&self, file: File) {
        if let Some(segments) = &self.segments
            && segments.try_send(file).is_err()
        {
            tracing::warn!("the journal's disk is far behind: a segment is not followed");
        }
    }
}

impl Drop for Syncer {
    fn drop(&mut self) {
        self.segments = None;
        if let Some(thread) = self.thread.take() {
            // A panic of that thread has been reported by itself.
            let _ = thread.join();
        }
    }
}

fn run(mut file: File, next: &Receiver<File>, dirty: &AtomicBool) {
    let sync = |file: &File| {
        if dirty.swap(false, Ordering::AcqRel)
            && let Err(error) = file.sync_data()
        {
            dirty.store(true, Ordering::Release);
            tracing::warn!(%error, "the journal cannot be synced");
        }
    };
    loop {
        match next.recv_timeout(INTERVAL) {
            Ok(following) => {
                // The segment that ended, whatever the flag says: it is not looked at again.
                dirty.store(true, Ordering::Release);
                sync(&file);
                dirty.store(true, Ordering::Release);
                file = following;
            }
            Err(RecvTimeoutError::Timeout) => sync(&file),
            Err(RecvTimeoutError::Disconnected) => return sync(&file),
        }
    }
}
