//! The core's end: journal first, then the queue to the writer.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use model::agent_state::AgentChange;
use model::call_graph::Recorded;
use model::directory::Directory;
use model::voicemail::VoicemailChange;
use model::{CallId, GroupId, Millis, UserId};
use tokio::sync::{Notify, mpsc};

use crate::agents::Log;
use crate::bindings::Binding;
use crate::journal::{Journal, JournalError, Position};
use crate::media_rows::MediaRow;
use crate::metrics::{StoreMetrics, add};

/// A batch on its way to the writer.
#[derive(Debug)]
pub(super) struct Batch {
    /// Position of its first event.
    pub(super) first: Position,
    pub(super) events: Vec<Recorded>,
}

/// Values of which only the newest matters, so they need no queue.
#[derive(Debug, Default)]
pub(super) struct Newest {
    pub(super) bindings: BTreeMap<UserId, Vec<Binding>>,
    pub(super) cursors: BTreeMap<GroupId, UserId>,
    pub(super) aborted: Vec<Aborted>,
    /// In the order in which it came, at most [`MEDIA_ROWS`].
    pub(super) media: Vec<MediaRow>,
}

/// Most rows of media that wait for the database; beyond, new ones are dropped and counted.
pub(super) const MEDIA_ROWS: usize = 100_000;

/// A call that the core gave up.
#[derive(Debug)]
pub(super) struct Aborted {
    pub(super) call: CallId,
    pub(super) at: Millis,
    pub(super) directory: Arc<Directory>,
}

/// What both ends share.
#[derive(Debug, Default)]
pub(super) struct Shared {
    pub(super) newest: Mutex<Newest>,
    /// What is written of agents; as large as there are users.
    log: Mutex<Log>,
    pub(super) wake: Notify,
    pub(super) finished: Arc<Notify>,
    pub(super) metrics: Arc<StoreMetrics>,
}

/// What the core's loop records with. Dropping it lets the writer finish its work and end.
#[derive(Debug)]
pub struct Recorder {
    journal: Journal,
    queue: mpsc::Sender<Batch>,
    shared: Arc<Shared>,
    lost: BTreeSet<CallId>,
}

impl Recorder {
    pub(super) fn new(journal: Journal, queue: mpsc::Sender<Batch>, shared: Arc<Shared>) -> Self {
        Self { journal, queue, shared, lost: BTreeSet::new() }
    }

    /// Records a batch: call it before the effects that stand behind it leave. A full queue is
    /// no loss: the writer then reads the batch back from the journal.
    ///
    /// # Errors
    /// As [`Journal::append`]. The calls go on; the batch is with the writer or in memory, and
    /// what was given up nevertheless is told by [`Recorder::take_lost`].
    pub fn record(&mut self, batch: Vec<Recorded>) -> Result<(), JournalError> {
        if batch.is_empty() {
            return Ok(());
        }
        let metrics = &self.shared.metrics;
        let first = self.journal.next();
        let written = self.journal.append(&batch);
        if written.is_err() {
            add(&metrics.journal_failures, 1);
        }
        metrics.journal_bytes.store(self.journal.progress().bytes(), Ordering::Relaxed);
        let events = batch.len() as u64;
        add(&metrics.queued_events, events);
        let Err(refused) = self.queue.try_send(Batch { first, events: batch }) else {
            return written.map(|_| ());
        };
        metrics.queued_events.fetch_sub(events, Ordering::Relaxed);
        add(&metrics.spilled_batches, 1);
        self.shared.wake.notify_one();
        if written.as_ref().is_err_and(JournalError::given_up) {
            add(&metrics.lost_events, events);
            let batch = match refused {
                mpsc::error::TrySendError::Full(batch)
                | mpsc::error::TrySendError::Closed(batch) => batch,
            };
            self.lost.extend(batch.events.into_iter().map(|event| event.call));
        }
        written.map(|_| ())
    }

    /// Tries again what the journal could not write; to be called about once a second while
    /// [`Recorder::is_behind`].
    ///
    /// # Errors
    /// As [`Journal::retry`].
    pub fn retry(&mut self) -> Result<(), JournalError> {
        self.journal.retry()
    }

    /// Whether events wait in memory for the journal's disk.
    pub fn is_behind(&self) -> bool {
        self.journal.is_behind()
    }

    /// Calls that rows were lost of since the last time this was asked. The caller records
    /// `CallEvent::DataLost` for each that still lives.
    pub fn take_lost(&mut self) -> BTreeSet<CallId> {
        std::mem::take(&mut self.lost)
    }

    /// What else the core writes behind.
    pub fn behind(&self) -> WriteBehind {
        WriteBehind { shared: self.shared.clone() }
    }
}

/// Writes behind what only matters in its newest state. Cheap to clone.
#[derive(Clone, Debug)]
pub struct WriteBehind {
    shared: Arc<Shared>,
}

impl WriteBehind {
    /// All bindings that a user has now; none removes what is stored.
    pub fn bindings(&self, user: UserId, bindings: Vec<Binding>) {
        self.newest(|newest| newest.bindings.insert(user, bindings));
    }

    /// The member of a group that was offered the last call (D42).
    pub fn cursor(&self, group: GroupId, user: UserId) {
        self.newest(|newest| newest.cursors.insert(group, user));
    }

    /// A call whose engine broke: no further event of it will come. Its record is closed as after
    /// a crash (D47), with this directory's part of the graph; should the process end before that,
    /// the next start does it.
    pub fn abort(&self, call: CallId, at: Millis, directory: Arc<Directory>) {
        self.newest(|newest| newest.aborted.push(Aborted { call, at, directory }));
    }

    /// What became of a voice message; goes with what media told, in order.
    pub fn voicemail(&self, change: VoicemailChange) {
        self.media(MediaRow::Voicemail(Box::new(change)));
    }

    /// What an agent is doing; goes with what media told, in order. That he is rung is not
    /// written: it is in the attempts of the call.
    pub fn agent(&self, change: AgentChange) {
        self.media(MediaRow::Agent(Box::new(change)));
    }

    /// What media told. When 100,000 rows wait for the database, more are dropped and counted.
    pub fn media(&self, row: MediaRow) {
        if let MediaRow::Agent(change) = &row {
            // A panic while it was held left whole values behind.
            let mut log = self.shared.log.lock().unwrap_or_else(PoisonError::into_inner);
            if !log.takes(change) {
                return;
            }
        }
        let metrics = &self.shared.metrics;
        self.newest(|newest| {
            if newest.media.len() < MEDIA_ROWS {
                newest.media.push(row);
            } else {
                add(&metrics.lost_media_rows, 1);
            }
        });
    }

    fn newest<T>(&self, change: impl FnOnce(&mut Newest) -> T) {
        // A panic while it was held left whole values behind.
        change(&mut self.shared.newest.lock().unwrap_or_else(PoisonError::into_inner));
        self.shared.wake.notify_one();
    }
}
