//! From events to rows while calls run: batches are folded into their calls (`graphs`) and
//! committed in groups, at once when nothing is going on, else every [`WriterOptions::interval`].
//! What one input did becomes visible in one transaction, and so does a call's finish with its
//! hand-off (D40, model.md §4.2). A database that fails is tried again, with the rows kept; when
//! more is kept than [`WriterOptions::pending_events`], the queue fills, and what does not fit in
//! the queue is read back from the journal later. Nothing is dropped here.

mod graphs;
mod options;
mod recorder;
mod retention;

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use model::Millis;
use tokio::sync::{Notify, mpsc};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, sleep_until};

use crate::journal::{Journal, Position};
use crate::metrics::{StoreMetrics, add};
use crate::repository::{Commit, Repository};
use crate::{Error, rows::RowBatch};

pub(crate) use graphs::Graphs;
pub use options::{WallClock, WriterOptions};
use recorder::{Aborted, Batch, Newest, Shared};
pub use recorder::{Recorder, WriteBehind};
use retention::Retention;
pub(crate) use retention::set_aside;

/// First and longest pause after a commit that failed.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));
/// How often it looks whether a journal that was behind has caught up.
const CATCH_UP: Duration = Duration::from_millis(50);

/// The task that writes; see [`Writer::run`].
#[derive(Debug)]
pub struct Writer<R> {
    repository: R,
    options: WriterOptions,
    queue: mpsc::Receiver<Batch>,
    shared: Arc<Shared>,
    retention: Retention,
    graphs: Graphs,
    /// Position of the next event to fold.
    next: Position,
    /// A batch that waits until what comes before it is in the journal's files.
    blocked: Option<Batch>,
    /// The journal's files cannot be read back.
    stalled: bool,
    open: bool,
    heartbeat_due: bool,
    /// No commit before this.
    due: Instant,
    backoff: Option<Duration>,
}

/// Makes the two ends: what the core records with, and the task to spawn.
pub fn start<R: Repository>(
    repository: R,
    journal: Journal,
    options: WriterOptions,
) -> (Recorder, Writer<R>) {
    let (sender, queue) = mpsc::channel(options.queue_batches);
    let shared = Arc::new(Shared::default());
    shared.metrics.writable.store(true, Ordering::Release);
    let next = journal.next();
    let retention = Retention::new(journal.directory().to_owned(), journal.progress());
    let recorder = Recorder::new(journal, sender, shared.clone());
    let writer = Writer {
        repository,
        options,
        queue,
        shared,
        retention,
        graphs: Graphs::default(),
        next,
        blocked: None,
        stalled: false,
        open: true,
        heartbeat_due: true,
        due: Instant::now(),
        backoff: None,
    };
    (recorder, writer)
}

impl<R: Repository> Writer<R> {
    /// Notified after every commit that finished a call: work for the assigner.
    pub fn finished(&self) -> Arc<Notify> {
        self.shared.finished.clone()
    }

    /// The store's counters.
    pub fn metrics(&self) -> Arc<StoreMetrics> {
        self.shared.metrics.clone()
    }

    /// Writes until the [`Recorder`] is dropped and everything is committed; then empties the
    /// journal. If the database keeps failing at the end, the journal keeps the rest for the next
    /// start.
    pub async fn run(mut self) {
        let mut beats = interval(self.options.heartbeat);
        beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut give_up: Option<Instant> = None;
        loop {
            self.gather(&mut beats).await;
            self.commit().await;
            self.retention.advance(&self.repository, &self.graphs, self.next, &self.shared).await;
            if self.open {
                continue;
            }
            let idle = !self.has_work();
            if idle && self.stalled {
                tracing::error!("the rest stays in the journal for the next start");
                break;
            }
            if idle && self.blocked.is_none() && self.queue.is_empty() && !self.is_behind() {
                break self.retention.finish(&self.repository, &self.graphs).await;
            }
            let end = *give_up.get_or_insert(Instant::now() + self.options.last_tries);
            if self.backoff.is_some() && Instant::now() >= end {
                tracing::error!("the database does not take the last rows: the journal keeps them");
                break;
            }
        }
    }

    fn has_work(&self) -> bool {
        let newest = self.shared.newest.lock().unwrap_or_else(PoisonError::into_inner);
        self.graphs.is_dirty()
            || self.heartbeat_due
            || !newest.bindings.is_empty()
            || !newest.cursors.is_empty()
            || !newest.aborted.is_empty()
            || (!newest.media.is_empty() && !self.is_late())
    }

    /// Takes what comes until a commit is due.
    async fn gather(&mut self, beats: &mut Interval) {
        loop {
            self.drain();
            let work = self.has_work();
            if work && Instant::now() >= self.due {
                return;
            }
            if !self.open && !work && self.blocked.is_none() {
                return;
            }
            let waits_for_journal = self.blocked.is_some() || self.is_behind();
            let receives = self.open && self.takes_more();
            tokio::select! {
                batch = self.queue.recv(), if receives => match batch {
                    Some(batch) => self.take(batch),
                    None => self.open = false,
                },
                () = self.shared.wake.notified() => {}
                _ = beats.tick() => self.heartbeat_due = true,
                () = sleep_until(self.due), if work => {}
                () = sleep_until(Instant::now() + CATCH_UP), if waits_for_journal => {}
            }
        }
    }

    fn takes_more(&self) -> bool {
        let room = self.graphs.pending_events() < self.options.pending_events;
        self.blocked.is_none() && (room || !self.graphs.is_dirty())
    }

    /// Whether the journal has events that came by no queue.
    fn is_behind(&self) -> bool {
        self.queue.is_empty() && self.retention.written() >= self.next
    }

    /// Whether events are still to come that are older than what media told: its rows name calls
    /// that must be there.
    fn is_late(&self) -> bool {
        self.blocked.is_some() || self.is_behind()
    }

    fn drain(&mut self) {
        if let Some(batch) = self.blocked.take() {
            self.take(batch);
        }
        while self.takes_more() {
            match self.queue.try_recv() {
                Ok(batch) => self.take(batch),
                Err(mpsc::error::TryRecvError::Empty) => break,
                Err(mpsc::error::TryRecvError::Disconnected) => {
                    self.open = false;
                    break;
                }
            }
        }
        // Batches that the queue refused, with none behind them that would tell.
        let written = self.retention.written();
        if self.takes_more() && self.queue.is_empty() && written >= self.next {
            // A batch is written before it is queued: one that is just between is taken from the
            // file, and passed over when it comes.
            self.read_back(Position(written.0 + 1));
        }
    }

    fn take(&mut self, batch: Batch) {
        let after = Position(batch.first.0 + batch.events.len() as u64);
        if batch.first > self.next {
            let through = Position(batch.first.0 - 1);
            if self.open && self.retention.written() < through {
                self.blocked = Some(batch);
                return;
            }
            self.read_back(batch.first);
            if self.next < batch.first {
                // Too much at once: the rest of the gap first.
                self.blocked = Some(batch);
                return;
            }
        }
        self.shared.metrics.queued_events.fetch_sub(batch.events.len() as u64, Ordering::Relaxed);
        let known = usize::try_from(self.next.0 - batch.first.0).unwrap_or(usize::MAX);
        for event in batch.events.iter().skip(known) {
            self.graphs.apply(event);
        }
        self.next = self.next.max(after);
    }

    /// Folds events from the journal's files, from the next one up to before `end`.
    fn read_back(&mut self, end: Position) {
        let (graphs, limit) = (&mut self.graphs, self.options.pending_events);
        match self.retention.read(self.next, end, limit, |event| graphs.apply(&event)) {
            Ok(next) => {
                self.next = next;
                self.stalled = false;
            }
            Err(error) => {
                // The next start can still read it; until then this is no healthy server.
                self.shared.metrics.writable.store(false, Ordering::Release);
                if !std::mem::replace(&mut self.stalled, true) {
                    tracing::error!(%error, "events cannot be read back from the journal");
                }
            }
        }
    }

    async fn commit(&mut self) {
        let started = Instant::now();
        let newest = {
            let mut newest = self.shared.newest.lock().unwrap_or_else(PoisonError::into_inner);
            let late = self.is_late().then(|| std::mem::take(&mut newest.media));
            let taken = std::mem::take(&mut *newest);
            newest.media = late.unwrap_or_default();
            taken
        };
        if !newest.aborted.is_empty() {
            // What was recorded before a call was given up comes before its end.
            self.drain();
            for Aborted { call, at, directory } in &newest.aborted {
                self.graphs.close(call, *at, directory);
            }
        }
        let beat = self.heartbeat_due.then(|| (self.options.clock)());
        let (rows, done) = {
            let rows = self.graphs.batch();
            let beside = self.beside(&newest, beat);
            match rows {
                Ok(rows) => {
                    let commit = Commit { rows, ..beside };
                    if commit.is_empty() {
                        return;
                    }
                    (commit.rows.len(), self.repository.commit(&commit).await)
                }
                Err(error) => (0, Err(error)),
            }
        };
        self.due = started + self.options.interval;
        match done {
            Ok(()) => {
                self.heartbeat_due = false;
                self.committed(rows);
            }
            Err(error) if error.is_transient() => {
                self.put_back(newest);
                self.failed(&error);
            }
            Err(error) => self.isolate(newest, beat, &error).await,
        }
        for graph in self.graphs.take_rejected() {
            set_aside(&self.options.rejected, &graph);
        }
        let metrics = &self.shared.metrics;
        metrics.live_calls.store(self.graphs.len() as u64, Ordering::Relaxed);
    }

    fn beside<'a>(&'a self, newest: &'a Newest, beat: Option<Millis>) -> Commit<'a> {
        Commit {
            rows: RowBatch::default(),
            bindings: newest.bindings.iter().map(|(u, b)| (u.clone(), b.clone())).collect(),
            cursors: newest.cursors.iter().map(|(g, u)| (g.clone(), u.clone())).collect(),
            media: &newest.media,
            heartbeat: beat.map(|at| (&*self.options.node, at)),
        }
    }

    fn committed(&mut self, rows: usize) {
        let metrics = &self.shared.metrics;
        if !metrics.writable.swap(true, Ordering::AcqRel) {
            tracing::info!("the database takes writes again");
        }
        self.backoff = None;
        let saved = self.graphs.saved();
        add(&metrics.commits, 1);
        add(&metrics.rows, rows as u64);
        add(&metrics.events, saved.events as u64);
        if let Some(oldest) = saved.oldest {
            let lag = (self.options.clock)().0.saturating_sub(oldest.0);
            metrics.observe_lag(u64::try_from(lag).unwrap_or(0));
        }
        if saved.finished > 0 {
            add(&metrics.finished_calls, saved.finished as u64);
            self.shared.finished.notify_one();
        }
    }

    /// What came meanwhile is newer.
    fn put_back(&self, older: Newest) {
        let mut newest = self.shared.newest.lock().unwrap_or_else(PoisonError::into_inner);
        for (user, bindings) in older.bindings {
            newest.bindings.entry(user).or_insert(bindings);
        }
        for (group, user) in older.cursors {
            newest.cursors.entry(group).or_insert(user);
        }
        let newer = std::mem::replace(&mut newest.media, older.media);
        newest.media.extend(newer);
    }

    fn failed(&mut self, error: &Error) {
        let metrics = &self.shared.metrics;
        add(&metrics.failures, 1);
        if metrics.writable.swap(false, Ordering::AcqRel) {
            tracing::error!(%error, remedy = error.remedy(), "the database takes no writes");
        }
        let pause = self.backoff.map_or(BACKOFF.0, |pause| (pause * 2).min(BACKOFF.1));
        self.backoff = Some(pause);
        self.due = Instant::now() + pause;
    }

    /// The schema refuses something: every call alone, so that only the refused one waits.
    async fn isolate(&mut self, newest: Newest, beat: Option<Millis>, cause: &Error) {
        tracing::error!(error = %cause, "a group of rows was refused; writing each call alone");
        let dirty = self.graphs.in_order();
        for id in &dirty {
            let done = match self.graphs.batch_of(id) {
                Ok(rows) => self.repository.commit(&Commit { rows, ..Commit::default() }).await,
                Err(error) => Err(error),
            };
            match done {
                Ok(()) => {
                    if self.graphs.saved_one(id) {
                        add(&self.shared.metrics.finished_calls, 1);
                        self.shared.finished.notify_one();
                    }
                }
                Err(error) if error.is_transient() => {
                    self.put_back(newest);
                    return self.failed(&error);
                }
                Err(error) => {
                    add(&self.shared.metrics.rejected_calls, 1);
                    tracing::error!(call_id = %id, %error, "the rows of a call are refused");
                    self.graphs.reject(id);
                }
            }
        }
        let beside = self.beside(&newest, beat);
        match self.repository.commit(&beside).await {
            Ok(()) => self.heartbeat_due = false,
            Err(error) if error.is_transient() => {
                self.put_back(newest);
                self.failed(&error);
            }
            Err(error) => {
                self.heartbeat_due = false;
                tracing::error!(%error, "bindings, cursors or rows of media are refused");
            }
        }
    }
}

#[cfg(test)]
mod tests;
