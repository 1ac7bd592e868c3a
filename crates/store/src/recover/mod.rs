//! The start after any end (D47), before any listener opens: the journal is replayed into the
//! database, then every call of this node that is not over is closed and handed off like any
//! other. Doing it twice, or dying in the middle of it, gives the same rows: a call that the
//! database has as finished is never touched, and the journal goes away last.

mod context;
mod sweep;

use std::collections::BTreeMap;
use std::path::Path;

use model::call_graph::words::CallState;
use model::call_graph::{CallGraph, Recorded, apply};
use model::directory::Directory;
use model::{CallId, Millis};

pub use sweep::{Swept, sweep};

use crate::Error;
use crate::journal::{JournalError, Position, segments};
use crate::repository::{Commit, Repository};
use crate::rows::{OutboxRow, RowBatch};
use crate::stream::Telling;
use crate::writer::set_aside;

/// What the recovery did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Events read from the journal.
    pub events: u64,
    /// Bytes of torn tails: batches that were being written, and never acted on.
    pub torn_bytes: u64,
    /// Calls that had ended and were not in the database yet.
    pub completed: Vec<CallId>,
    /// Calls that had not ended and were closed.
    pub swept: Vec<CallId>,
    /// Calls whose rows the schema refused; they were set aside.
    pub rejected: Vec<CallId>,
}

/// Why the server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum RecoverError {
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The database cannot be read or written.
    #[error(transparent)]
    Database(#[from] Error),
}

impl RecoverError {
    /// What the operator can do about it, in one line.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Journal(error) => error.remedy(),
            Self::Database(error) => error.remedy(),
        }
    }
}

/// Calls written in one transaction.
const TOGETHER: usize = 64;

/// Replays the journal in `journal`, closes what `node` left open and empties the journal.
/// `rejected` is where calls go whose rows the schema refuses.
///
/// # Errors
/// When the journal cannot be read or the database not be written; then nothing of the journal
/// has gone away, and it can be called again.
pub async fn recover<R: Repository>(
    repository: &R,
    journal: &Path,
    rejected: &Path,
    node: &str,
    directory: &Directory,
) -> Result<Recovered, RecoverError> {
    let mut work = Work { repository, rejected, done: Recovered::default() };
    let mut replay = Replay::default();
    for (_, path) in segments::list(journal)? {
        let reading = segments::read_segment(&path, Position(0), &mut |position, event| {
            replay.apply(position, &event);
        })?;
        work.done.events += reading.events;
        work.done.torn_bytes += reading.torn_bytes;
        work.complete(std::mem::take(&mut replay.finished)).await?;
    }
    let live = work.still_live(replay.live, &replay.absorbed, node).await?;
    work.close(live, node, directory).await?;
    // They name the calls that they became part of, which are written by now.
    work.complete(replay.absorbed).await?;
    repository.make_durable().await?;
    segments::clear(journal)?;
    Ok(work.done)
}

/// The journal, folded.
#[derive(Default)]
struct Replay {
    /// An event that was carried over may stand in two segments.
    seen: BTreeMap<CallId, Position>,
    live: BTreeMap<CallId, Replayed>,
    finished: Vec<Known>,
    absorbed: Vec<Known>,
}

#[derive(Default)]
struct Replayed {
    graph: Option<CallGraph>,
    telling: Telling,
}

/// A call with what is told of it.
struct Known {
    graph: CallGraph,
    telling: Telling,
}

impl Replay {
    fn apply(&mut self, position: Position, event: &Recorded) {
        let seen = self.seen.entry(event.call.clone()).or_default();
        if *seen >= position {
            return;
        }
        *seen = position;
        let replayed = self.live.entry(event.call.clone()).or_default();
        let finished = apply(&mut replayed.graph, event).finished;
        replayed.telling.tell(event);
        if (finished || replayed.graph.is_none())
            && let Some(Replayed { graph, telling }) = self.live.remove(&event.call)
            && let Some(graph) = graph
        {
            let absorbed = graph.call.state == CallState::Absorbed;
            let list = if absorbed { &mut self.absorbed } else { &mut self.finished };
            list.push(Known { graph, telling });
        }
    }
}

struct Work<'a, R> {
    repository: &'a R,
    rejected: &'a Path,
    done: Recovered,
}

impl<R: Repository> Work<'_, R> {
    /// Calls that ended: written unless the database has their end.
    async fn complete(&mut self, mut finished: Vec<Known>) -> Result<(), Error> {
        for calls in finished.chunks_mut(TOGETHER) {
            let over = self.over(calls.iter().map(|known| &known.graph.call.id)).await?;
            let mut new: Vec<&mut Known> =
                calls.iter_mut().filter(|known| !over.contains(&known.graph.call.id)).collect();
            self.go_on(&mut new).await?;
            let new: Vec<&Known> = new.into_iter().map(|known| &*known).collect();
            let written = self.write(&new).await?;
            self.done.completed.extend(written);
        }
        Ok(())
    }

    async fn over(&self, ids: impl Iterator<Item = &CallId>) -> Result<Vec<CallId>, Error> {
        let ids: Vec<CallId> = ids.cloned().collect();
        let over = |state: CallState| match state {
            CallState::Finished | CallState::Absorbed => true,
            CallState::Routing | CallState::Ringing | CallState::InProgress => false,
        };
        let states = self.repository.call_states(&ids).await?;
        Ok(states.into_iter().filter(|(_, state)| over(*state)).map(|(id, _)| id).collect())
    }

    /// The calls to be closed, each as journal or database knows more of it: after power loss
    /// the database may be ahead of the journal's last second.
    async fn still_live(
        &self,
        journal: BTreeMap<CallId, Replayed>,
        absorbed: &[Known],
        node: &str,
    ) -> Result<Vec<Known>, Error> {
        let over = self.over(journal.keys()).await?;
        let mut live: BTreeMap<CallId, Known> = BTreeMap::new();
        for graph in self.repository.live_calls(node).await? {
            if absorbed.iter().any(|known| known.graph.call.id == graph.call.id) {
                // The database does not know yet that it goes on as part of another call.
                continue;
            }
            live.insert(graph.call.id.clone(), Known { graph, telling: Telling::default() });
        }
        for (id, Replayed { graph, telling }) in journal {
            let Some(graph) = graph.filter(|_| !over.contains(&id)) else {
                continue;
            };
            let stored = match live.remove(&id) {
                Some(stored) => Some(stored.graph),
                None => self.repository.call(&id).await?,
            };
            let known = |graph: &CallGraph| (graph.interactions.len(), sweep::last_time(graph));
            let better = match stored {
                Some(stored) if known(&stored) > known(&graph) => stored,
                Some(_) | None => graph,
            };
            live.insert(id, Known { graph: better, telling });
        }
        let mut live: Vec<Known> = live.into_values().collect();
        self.go_on(&mut live.iter_mut().collect::<Vec<_>>()).await?;
        Ok(live)
    }

    /// What is told of these calls goes on where the database ends.
    async fn go_on(&self, calls: &mut [&mut Known]) -> Result<(), Error> {
        let ids: Vec<CallId> = calls.iter().map(|known| known.graph.call.id.clone()).collect();
        let told = self.repository.events_told(&ids).await?;
        for known in calls {
            if let Some(seq) = told.get(&known.graph.call.id) {
                known.telling.go_on_after(*seq);
            }
        }
        Ok(())
    }

    async fn close(
        &mut self,
        live: Vec<Known>,
        node: &str,
        directory: &Directory,
    ) -> Result<(), Error> {
        let mut closed = Vec::with_capacity(live.len());
        let mut heartbeats: BTreeMap<String, Option<Millis>> = BTreeMap::new();
        for Known { graph, mut telling } in live {
            let node = graph.call.node.as_deref().unwrap_or(node).to_owned();
            let alive = match heartbeats.get(&node) {
                Some(alive) => *alive,
                None => {
                    let alive = self.repository.last_heartbeat(&node).await?;
                    heartbeats.insert(node, alive);
                    alive
                }
            };
            let Swept { graph, events } = sweep(graph, alive, directory);
            events.iter().for_each(|event| telling.tell(event));
            closed.push(Known { graph, telling });
        }
        for calls in closed.chunks(TOGETHER) {
            let graphs: Vec<&Known> = calls.iter().collect();
            let written = self.write(&graphs).await?;
            self.done.swept.extend(written);
        }
        Ok(())
    }

    /// Writes calls with their hand-off, together where the schema takes them; returns which.
    async fn write(&mut self, calls: &[&Known]) -> Result<Vec<CallId>, Error> {
        match self.write_together(calls).await {
            Ok(()) => return Ok(calls.iter().map(|known| known.graph.call.id.clone()).collect()),
            Err(error) if error.is_transient() => return Err(error),
            Err(error) => tracing::error!(%error, "recovered calls are refused; one by one now"),
        }
        let mut written = Vec::new();
        for known in calls {
            let Known { graph, .. } = known;
            let id = &graph.call.id;
            match self.write_together(&[known]).await {
                Ok(()) => written.push(id.clone()),
                Err(error) if error.is_transient() => return Err(error),
                Err(error) => {
                    tracing::error!(call_id = %id, %error, "the rows of a call are refused");
                    set_aside(self.rejected, graph);
                    self.done.rejected.push(id.clone());
                }
            }
        }
        Ok(written)
    }

    async fn write_together(&self, calls: &[&Known]) -> Result<(), Error> {
        let mut rows = RowBatch::default();
        for Known { graph, telling } in calls {
            // The database may have rows of it from before a consultation became part of it.
            rows.add_rewritten(graph);
            rows.events.extend(telling.rows());
            if graph.call.state == CallState::Finished {
                rows.outbox.push(OutboxRow::of(graph)?);
            }
        }
        let commit = Commit { rows, ..Commit::default() };
        if commit.is_empty() { Ok(()) } else { self.repository.commit(&commit).await }
    }
}

#[cfg(test)]
mod tests;
