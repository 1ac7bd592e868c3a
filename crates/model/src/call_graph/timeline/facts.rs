//! What the rows of a call say of a moment: who is connected, who is held by whom, which search
//! runs.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::times::{LASTS, Times, until};
use super::{Lane, SpanKind};
use crate::call_graph::graph::{CallGraph, CallInteraction, Connection, ConnectionAttempt};
use crate::call_graph::words::{ConnectionKind, InteractionKind, ParticipantKind};
use crate::{Millis, UserId};

/// One lane and what is known of it.
#[derive(Debug)]
pub(super) struct LaneFacts {
    pub(super) lane: Lane,
    anchor: bool,
    connected: Times,
    rings: Times,
    held: Times,
}

/// A consultation that was answered, until it came to something.
#[derive(Debug)]
struct Consult {
    by: Option<usize>,
    with: Option<usize>,
    times: Times,
}

/// A call's rows by time.
#[derive(Debug)]
pub(super) struct Facts {
    begin: i64,
    end: i64,
    pub(super) lanes: Vec<LaneFacts>,
    consults: Vec<Consult>,
    /// Who has a consultation that rings, and when.
    calling: Vec<(Option<usize>, Times)>,
    /// Some search runs.
    searching: Times,
    /// A transfer has begun and not ended, or comes back.
    pending: Times,
    visits: Times,
}

/// Lists that become [`Times`] of a lane.
#[derive(Default)]
struct Gathered {
    lanes: Vec<Lane>,
    rows: BTreeMap<Arc<str>, usize>,
    connected: Vec<Vec<(i64, i64)>>,
    rings: Vec<Vec<(i64, i64)>>,
}

impl Gathered {
    fn participants(&mut self, graph: &CallGraph) {
        for row in &graph.participants {
            let number = row.phone_number.as_ref().map(|number| Arc::from(number.as_str()));
            self.add(Lane {
                key: row.participant_key.clone(),
                role: Some(row.role),
                user: row.user_id.clone(),
                number: number.filter(|_| row.kind == ParticipantKind::External),
                record: row.record_id.clone(),
                attempts: Vec::new(),
                spans: Vec::new(),
            });
        }
    }

    fn add(&mut self, lane: Lane) -> usize {
        if let Some(row) = self.rows.get(&lane.key) {
            return *row;
        }
        self.rows.insert(lane.key.clone(), self.lanes.len());
        self.lanes.push(lane);
        self.connected.push(Vec::new());
        self.rings.push(Vec::new());
        self.lanes.len() - 1
    }

    fn user(&mut self, user: &UserId) -> usize {
        let key = Arc::from(format!("u:{user}"));
        self.add(Lane {
            key,
            role: None,
            user: Some(user.clone()),
            number: None,
            record: None,
            attempts: Vec::new(),
            spans: Vec::new(),
        })
    }

    /// Somebody outside, who may be a participant without a number that is known.
    fn number(&mut self, number: &Arc<str>) -> usize {
        let key: Arc<str> = format!("p:{number}").into();
        self.add(Lane {
            key,
            role: None,
            user: None,
            number: Some(number.clone()),
            record: None,
            attempts: Vec::new(),
            spans: Vec::new(),
        })
    }

    /// The party that a hold names: a number, or `u:<user>` (D45).
    fn named(&self, party: &str) -> Option<usize> {
        let number = || self.rows.get(format!("p:{party}").as_str());
        let withheld = || {
            let unknown = |lane: &Lane| lane.user.is_none() && lane.number.is_none();
            self.lanes.iter().position(unknown)
        };
        self.rows.get(party).or_else(number).copied().or_else(withheld)
    }

    /// Who answered a Connection.
    fn answered(&mut self, graph: &CallGraph, row: &Connection) -> Option<usize> {
        if let Some(user) = &row.answered_user_id {
            return Some(self.user(user));
        }
        let said = graph.interactions.iter().find(|said| {
            said.kind == InteractionKind::Answered && said.connection_id.as_ref() == Some(&row.id)
        });
        let party = said.and_then(|said| said.data.get("party")).and_then(|text| text.as_str());
        match party.or(row.target_number.as_deref()) {
            Some(party) => self.named(party).or_else(|| Some(self.number(&party.into()))),
            None => None,
        }
    }

    fn connections(&mut self, graph: &CallGraph) -> BTreeMap<Arc<str>, usize> {
        let mut answered = BTreeMap::new();
        for row in &graph.connections {
            if let Some(at) = row.answered_at
                && let Some(lane) = self.answered(graph, row)
            {
                self.connected[lane].push((at.0, until(row.ended_at)));
                answered.insert(row.id.clone(), lane);
            }
            let dialled = graph.attempts.iter().all(|attempt| attempt.connection_id != row.id);
            if dialled && let Some(number) = &row.target_number {
                let lane = self.named(number).unwrap_or_else(|| self.number(number));
                let to = row.answered_at.or(row.ended_at);
                self.rings[lane].push((row.opened_at.0, until(to)));
            }
        }
        answered
    }

    fn attempts(&mut self, graph: &CallGraph) {
        for (index, row) in graph.attempts.iter().enumerate() {
            let ConnectionAttempt { user_id, number, .. } = row;
            let lane = match (user_id, number) {
                (Some(user), _) => self.user(user),
                (None, Some(number)) => self.number(number),
                (None, None) => continue,
            };
            self.lanes[lane].attempts.push(index);
            self.rings[lane].push((row.started_at.0, until(row.ended_at)));
        }
    }
}

impl Facts {
    pub(super) fn of(graph: &CallGraph) -> Self {
        let mut gathered = Gathered::default();
        gathered.participants(graph);
        let answered = gathered.connections(graph);
        gathered.attempts(graph);
        let begin = graph.call.initiated_at.0;
        let end = until(graph.call.ended_at).max(begin);
        let mut facts = Self {
            begin,
            end,
            lanes: Vec::new(),
            consults: Vec::new(),
            calling: Vec::new(),
            searching: Times::of(stages(graph, |_| true)),
            pending: pending(graph),
            visits: visits(graph),
        };
        for row in &graph.connections {
            facts.consultation(graph, row, &gathered, &answered);
        }
        let mut held = holds(graph, &gathered);
        let lanes = gathered.lanes.into_iter().zip(gathered.connected).zip(gathered.rings);
        for (index, ((lane, mut connected), rings)) in lanes.enumerate() {
            let anchor = index == 0;
            if anchor && let Some(accepted) = graph.call.accepted_at {
                connected.push((accepted.0, until(graph.call.anchor_left_at)));
            }
            let held = Times::of(held.remove(&index).unwrap_or_default());
            let (connected, mut rings) = (Times::of(connected), rings);
            if anchor {
                let first = graph.call.accepted_at.or(graph.call.anchor_left_at);
                rings.push((begin, until(first)));
            }
            facts.lanes.push(LaneFacts { lane, anchor, connected, rings: Times::of(rings), held });
        }
        facts
    }

    fn consultation(
        &mut self,
        graph: &CallGraph,
        row: &Connection,
        gathered: &Gathered,
        answered: &BTreeMap<Arc<str>, usize>,
    ) {
        if row.kind != ConnectionKind::Consult {
            return;
        }
        let key = row.opened_by_user_id.as_ref().map(|user| format!("u:{user}"));
        let by = key.and_then(|key| gathered.rows.get(key.as_str()).copied());
        let end = row.answered_at.or(row.ended_at);
        self.calling.push((by, Times::of(vec![(row.opened_at.0, until(end))])));
        let Some(at) = row.answered_at else { return };
        let of_it = |said: &&CallInteraction| {
            ends_transfer(said.kind) && said.connection_id.as_ref() == Some(&row.id)
        };
        let over = graph.interactions.iter().find(of_it).map(|said| said.at).or(row.ended_at);
        let times = Times::of(vec![(at.0, until(over))]);
        self.consults.push(Consult { by, with: answered.get(&row.id).copied(), times });
    }

    /// Every moment at which something changes, from the beginning of the call to its end.
    pub(super) fn times(&self) -> Vec<i64> {
        let mut times = vec![self.begin, self.end];
        let lanes = self.lanes.iter().flat_map(|lane| [&lane.connected, &lane.rings, &lane.held]);
        let consults = self.consults.iter().map(|consult| &consult.times);
        let calling = self.calling.iter().map(|(_, times)| times);
        let others = [&self.searching, &self.pending, &self.visits];
        for list in lanes.chain(consults).chain(calling).chain(others) {
            times.extend(list.ends());
        }
        times.retain(|at| (self.begin..=self.end).contains(at));
        times.sort_unstable();
        times.dedup();
        times
    }

    /// What every lane goes through from this moment on.
    pub(super) fn at(&self, at: i64) -> Vec<Option<SpanKind>> {
        let connected: Vec<bool> = self.lanes.iter().map(|lane| lane.connected.hold(at)).collect();
        let held: Vec<bool> = self.lanes.iter().map(|lane| lane.held.hold(at)).collect();
        let aside = self.aside(at, &held);
        let with_the_others = |row: &usize| connected[*row] && !held[*row] && !aside[*row];
        let talking = (0..self.lanes.len()).filter(with_the_others).count();
        let here = connected.iter().filter(|connected| **connected).count();
        let kind = |(row, lane): (usize, &LaneFacts)| {
            if !connected[row] {
                return self.not_connected(lane, at);
            }
            if here == 1 {
                return self.alone(at);
            }
            if held[row] {
                return Some(SpanKind::Hold);
            }
            if aside[row] {
                return Some(SpanKind::Consult);
            }
            if talking > 1 {
                return Some(SpanKind::Talk);
            }
            let calls = |(by, times): &(Option<usize>, Times)| *by == Some(row) && times.hold(at);
            let calls = self.calling.iter().any(calls);
            Some(if calls { SpanKind::Ringing } else { SpanKind::Hold })
        };
        self.lanes.iter().enumerate().map(kind).collect()
    }

    /// Who talks aside; a transferor does not while he has put whom he consults on hold.
    fn aside(&self, at: i64, held: &[bool]) -> Vec<bool> {
        let mut aside = vec![false; self.lanes.len()];
        for consult in self.consults.iter().filter(|consult| consult.times.hold(at)) {
            let waits = consult.with.is_some_and(|with| held[with]);
            for row in [consult.by, consult.with].into_iter().flatten() {
                aside[row] |= !waits;
            }
        }
        aside
    }

    fn not_connected(&self, lane: &LaneFacts, at: i64) -> Option<SpanKind> {
        if !lane.rings.hold(at) {
            return None;
        }
        let listens = lane.anchor && self.visits.hold(at) && !self.searching.hold(at);
        Some(if listens { SpanKind::Ivr } else { SpanKind::Ringing })
    }

    fn alone(&self, at: i64) -> Option<SpanKind> {
        let searching = self.searching.hold(at);
        if self.visits.hold(at) && !searching {
            Some(SpanKind::Ivr)
        } else if self.pending.hold(at) {
            Some(SpanKind::TransferWait)
        } else {
            searching.then_some(SpanKind::Ringing)
        }
    }
}

fn ends_transfer(kind: InteractionKind) -> bool {
    matches!(
        kind,
        InteractionKind::TransferCompleted
            | InteractionKind::TransferAbandoned
            | InteractionKind::TransferReturned
            | InteractionKind::TransferUnanswered
    )
}

/// From each `routing_started` or `dial_started` to its `answered` or `no_answer`.
fn stages(graph: &CallGraph, wanted: impl Fn(&Connection) -> bool) -> Vec<(i64, i64)> {
    let mut times = Vec::new();
    for row in graph.connections.iter().filter(|row| wanted(row)) {
        let mut began = None;
        for said in &graph.interactions {
            if said.connection_id.as_ref() != Some(&row.id) {
                continue;
            }
            if matches!(said.kind, InteractionKind::RoutingStarted | InteractionKind::DialStarted) {
                began = Some(said.at.0);
            } else if matches!(said.kind, InteractionKind::Answered | InteractionKind::NoAnswer)
                && let Some(from) = began.take()
            {
                times.push((from, said.at.0));
            }
        }
        times.extend(began.map(|from| (from, until(row.ended_at))));
    }
    times
}

/// Transfers from their beginning to their end, and recalls while they ring.
fn pending(graph: &CallGraph) -> Times {
    let mut open: BTreeMap<&UserId, Vec<i64>> = BTreeMap::new();
    let mut times = stages(graph, |row| row.kind == ConnectionKind::Recall);
    for said in &graph.interactions {
        let Some(user) = &said.user_id else { continue };
        if said.kind == InteractionKind::TransferStarted {
            open.entry(user).or_default().push(said.at.0);
        } else if ends_transfer(said.kind) {
            let began = open.get_mut(user).filter(|open| !open.is_empty());
            times.extend(began.map(|open| (open.remove(0), said.at.0)));
        }
    }
    times.extend(open.into_values().flatten().map(|from| (from, LASTS)));
    Times::of(times)
}

fn visits(graph: &CallGraph) -> Times {
    let visit = |from: Millis, to: Option<Millis>| (from.0, until(to));
    let visits = graph.context.ivr_visits.iter();
    Times::of(visits.map(|row| visit(row.entered_at, row.exited_at)).collect())
}

fn holds(graph: &CallGraph, gathered: &Gathered) -> BTreeMap<usize, Vec<(i64, i64)>> {
    let mut open: BTreeMap<usize, i64> = BTreeMap::new();
    let mut held: BTreeMap<usize, Vec<(i64, i64)>> = BTreeMap::new();
    for said in &graph.interactions {
        let party = said.data.get("party").and_then(|party| party.as_str());
        let holds = matches!(said.kind, InteractionKind::Hold | InteractionKind::Resume);
        let lane = party.filter(|_| holds).and_then(|party| gathered.named(party));
        let Some(lane) = lane else { continue };
        if said.kind == InteractionKind::Hold {
            open.entry(lane).or_insert(said.at.0);
        } else if let Some(from) = open.remove(&lane) {
            held.entry(lane).or_default().push((from, said.at.0));
        }
    }
    for (lane, from) in open {
        held.entry(lane).or_default().push((from, LASTS));
    }
    held
}
