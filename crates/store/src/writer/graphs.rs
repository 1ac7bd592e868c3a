//! The calls that are being written: each event is folded into its call's rows, and which rows
//! changed since the last commit is remembered. A row that changes twice between two commits is
//! written once.

use std::collections::{BTreeMap, BTreeSet};

use model::call_graph::words::CallState;
use model::call_graph::{CallEvent, CallGraph, Recorded, apply};
use model::directory::Directory;
use model::{CallId, Millis};

use crate::Error;
use crate::recover::{Swept, sweep};
use crate::rows::{OutboxRow, RowBatch};
use crate::stream::Telling;

/// Live calls, and finished ones that are not committed yet.
#[derive(Debug, Default)]
pub(crate) struct Graphs {
    live: BTreeMap<CallId, Live>,
    /// Calls with changed rows, in order of their first change.
    dirty: Vec<CallId>,
    /// Events folded since the last commit, and the time of the oldest.
    events: usize,
    oldest: Option<Millis>,
}

#[derive(Debug, Default)]
struct Live {
    /// Always there; an option because a call begins with its first event.
    graph: Option<CallGraph>,
    changed: Changed,
    telling: Telling,
    /// The schema refused its rows: it is folded on, but not written.
    rejected: bool,
}

/// Rows of one call that differ from the database's.
#[derive(Debug, Default)]
struct Changed {
    listed: bool,
    /// Rows have moved: all of them.
    rewritten: bool,
    call: bool,
    connections: Vec<usize>,
    attempts: Vec<usize>,
    participants: Vec<usize>,
    quality: Vec<usize>,
    queue_waits: Vec<usize>,
    decisions: Vec<usize>,
    /// Interactions before this one are in the database.
    interactions_saved: usize,
}

/// What a commit brought.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Saved {
    pub(crate) events: usize,
    pub(crate) finished: usize,
    pub(crate) oldest: Option<Millis>,
}

impl Graphs {
    /// Folds one event. An event of a call that is over, or never began, changes nothing (D40).
    pub(crate) fn apply(&mut self, recorded: &Recorded) {
        if !self.live.contains_key(&recorded.call) {
            if !matches!(recorded.event, CallEvent::Started(_)) {
                return;
            }
            let new = Live::default();
            self.live.insert(recorded.call.clone(), new);
        }
        if let Some(live) = self.live.get_mut(&recorded.call) {
            live.fold(recorded);
            if !live.changed.listed && live.is_dirty() {
                live.changed.listed = true;
                self.dirty.push(recorded.call.clone());
            }
        }
        self.events += 1;
        let oldest = self.oldest.get_or_insert(recorded.at);
        *oldest = recorded.at.min(*oldest);
    }

    /// Closes the record of a call that nobody will end any more (D47).
    pub(crate) fn close(&mut self, id: &CallId, at: Millis, directory: &Directory) {
        let Some(live) = self.live.get_mut(id) else { return };
        let open = live.graph.take_if(|graph| !graph.call.state.is_over());
        let Some(graph) = open else { return };
        let Swept { graph, events } = sweep(graph, Some(at), directory);
        events.iter().for_each(|event| live.telling.tell(event));
        let changed = &mut live.changed;
        changed.call = true;
        changed.connections = (0..graph.connections.len()).collect();
        changed.attempts = (0..graph.attempts.len()).collect();
        changed.participants = (0..graph.participants.len()).collect();
        changed.quality = (0..graph.quality_events.len()).collect();
        changed.queue_waits = (0..graph.queue_waits.len()).collect();
        live.graph = Some(graph);
        if !live.changed.listed {
            live.changed.listed = true;
            self.dirty.push(id.clone());
        }
    }

    /// Whether a commit would write rows.
    pub(crate) fn is_dirty(&self) -> bool {
        !self.dirty.is_empty()
    }

    /// Events folded since the last commit.
    pub(crate) fn pending_events(&self) -> usize {
        self.events
    }

    /// How many calls are held.
    pub(crate) fn len(&self) -> usize {
        self.live.len()
    }

    /// The calls that a commit would write, so that each can be written alone: what became part
    /// of another call comes after that one.
    pub(crate) fn in_order(&self) -> Vec<CallId> {
        let absorbed = |id: &CallId| {
            let graph = self.live.get(id).and_then(|live| live.graph.as_ref());
            graph.is_some_and(|graph| graph.call.state == CallState::Absorbed)
        };
        let mut dirty = self.dirty.clone();
        dirty.sort_by_key(absorbed);
        dirty
    }

    /// The calls whose events the journal must keep.
    pub(crate) fn ids(&self) -> BTreeSet<Box<str>> {
        self.live.keys().map(|id| Box::from(id.as_str())).collect()
    }

    /// Every changed row; with it, for finished calls, the hand-off.
    pub(crate) fn batch(&self) -> Result<RowBatch<'_>, Error> {
        let mut batch = RowBatch::default();
        for live in self.dirty.iter().filter_map(|id| self.live.get(id)) {
            live.add_to(&mut batch)?;
        }
        Ok(batch)
    }

    /// [`Graphs::batch`] of one call.
    pub(crate) fn batch_of(&self, id: &CallId) -> Result<RowBatch<'_>, Error> {
        let mut batch = RowBatch::default();
        if let Some(live) = self.live.get(id) {
            live.add_to(&mut batch)?;
        }
        Ok(batch)
    }

    /// Everything that [`Graphs::batch`] gave is committed.
    pub(crate) fn saved(&mut self) -> Saved {
        let mut saved = Saved {
            events: std::mem::take(&mut self.events),
            finished: 0,
            oldest: self.oldest.take(),
        };
        for id in std::mem::take(&mut self.dirty) {
            saved.finished += usize::from(self.save_one(&id));
        }
        saved
    }

    /// Everything that [`Graphs::batch_of`] gave is committed. Returns whether it was finished.
    pub(crate) fn saved_one(&mut self, id: &CallId) -> bool {
        self.dirty.retain(|dirty| dirty != id);
        self.save_one(id)
    }

    fn save_one(&mut self, id: &CallId) -> bool {
        let Some(live) = self.live.get_mut(id) else {
            return false;
        };
        if live.is_over() {
            let live = self.live.remove(id);
            return live.is_some_and(|live| live.is_finished());
        }
        live.telling.clear();
        let interactions_saved = live.graph.as_ref().map_or(0, |graph| graph.interactions.len());
        live.changed = Changed { interactions_saved, ..Changed::default() };
        false
    }

    /// The schema refuses this call's rows: it stands in nobody's way any longer. Returns it.
    pub(crate) fn reject(&mut self, id: &CallId) -> Option<&CallGraph> {
        self.dirty.retain(|dirty| dirty != id);
        let live = self.live.get_mut(id)?;
        live.rejected = true;
        live.changed.listed = false;
        live.telling.clear();
        live.graph.as_ref()
    }

    /// Rejected calls that have come to their end.
    pub(crate) fn take_rejected(&mut self) -> Vec<CallGraph> {
        let over = |_: &CallId, live: &mut Live| live.rejected && live.is_over();
        self.live.extract_if(.., over).filter_map(|(_, live)| live.graph).collect()
    }
}

impl Live {
    fn is_dirty(&self) -> bool {
        let changed = &self.changed;
        !self.rejected
            && (changed.call
                || changed.rewritten
                || !self.telling.rows().is_empty()
                || !changed.connections.is_empty()
                || !changed.attempts.is_empty()
                || !changed.participants.is_empty()
                || !changed.quality.is_empty()
                || !changed.queue_waits.is_empty()
                || !changed.decisions.is_empty()
                || self.graph.as_ref().map_or(0, |graph| graph.interactions.len())
                    > changed.interactions_saved)
    }

    fn is_finished(&self) -> bool {
        self.graph.as_ref().is_some_and(|graph| graph.call.state == CallState::Finished)
    }

    fn is_over(&self) -> bool {
        self.graph.as_ref().is_some_and(|graph| graph.call.state.is_over())
    }

    fn fold(&mut self, recorded: &Recorded) {
        if !self.is_over() && !self.rejected {
            self.telling.tell(recorded);
        }
        let changes = apply(&mut self.graph, recorded);
        self.changed.rewritten |= changes.rewritten;
        self.changed.call |= changes.call;
        add(&mut self.changed.connections, changes.connection);
        add(&mut self.changed.attempts, changes.attempt);
        add(&mut self.changed.participants, changes.participants);
        add(&mut self.changed.quality, changes.quality);
        add(&mut self.changed.queue_waits, changes.queue_wait);
        add(&mut self.changed.decisions, changes.decision);
    }

    fn add_to<'a>(&'a self, batch: &mut RowBatch<'a>) -> Result<(), Error> {
        let Some(graph) = &self.graph else {
            return Ok(());
        };
        let changed = &self.changed;
        batch.events.extend(self.telling.rows());
        if changed.rewritten {
            batch.add_rewritten(graph);
            return self.hand_off(batch);
        }
        if changed.call {
            batch.calls.push(&graph.call);
        }
        let connections = changed.connections.iter();
        batch.connections.extend(connections.filter_map(|row| graph.connections.get(*row)));
        let attempts = changed.attempts.iter();
        batch.attempts.extend(attempts.filter_map(|row| graph.attempts.get(*row)));
        let participants = changed.participants.iter();
        batch.participants.extend(participants.filter_map(|row| graph.participants.get(*row)));
        let quality = changed.quality.iter();
        batch.quality_events.extend(quality.filter_map(|row| graph.quality_events.get(*row)));
        let waits = changed.queue_waits.iter();
        batch.queue_waits.extend(waits.filter_map(|row| graph.queue_waits.get(*row)));
        let decisions = changed.decisions.iter();
        batch.decisions.extend(decisions.filter_map(|row| graph.decisions.get(*row)));
        batch.interactions.extend(graph.interactions.iter().skip(changed.interactions_saved));
        self.hand_off(batch)
    }

    fn hand_off(&self, batch: &mut RowBatch<'_>) -> Result<(), Error> {
        if let Some(graph) = self.graph.as_ref().filter(|_| self.changed.call)
            && self.is_finished()
        {
            batch.outbox.push(OutboxRow::of(graph)?);
        }
        Ok(())
    }
}

fn add(rows: &mut Vec<usize>, changed: impl IntoIterator<Item = usize>) {
    for row in changed {
        if !rows.contains(&row) {
            rows.push(row);
        }
    }
}
