//! Closing one call that its server could not close (D47): the events that end it are made from
//! its rows and folded like any others, so what comes out is a finished call with every
//! invariant.

use std::sync::Arc;

use model::call_graph::event::{Ended, Recorded};
use model::call_graph::graph::{CallGraph, Connection};
use model::call_graph::words::{
    AttemptOutcome, CallOutcome, ConnectionKind, ConnectionOutcome, Direction, EndReason, EndedBy,
    InteractionKind, IvrExit, NoAnswerReason, QueueExit, TransferMode, TransferState,
};
use model::call_graph::{CallEvent, apply};
use model::directory::{Assignment, Directory};
use model::{GroupId, Millis, UserId};

use super::context::context;

/// A call that was closed, and what that took.
#[derive(Clone, Debug)]
pub struct Swept {
    /// The call with its end.
    pub graph: CallGraph,
    /// The events that ended it.
    pub events: Vec<Recorded>,
}

/// Closes a call. `alive` is when its server was last known to live.
pub fn sweep(graph: CallGraph, alive: Option<Millis>, directory: &Directory) -> Swept {
    let at = alive.map_or(last_time(&graph), |alive| alive.max(last_time(&graph)));
    let mut closing = Closing { graph: Some(graph), at, events: Vec::new() };
    closing.attempts();
    closing.waits();
    closing.stages();
    closing.transfers();
    closing.visits();
    closing.connections();
    closing.end(directory);
    // The option is filled above and `apply` never empties it.
    let graph = closing.graph.expect("the call that was given");
    Swept { graph, events: closing.events }
}

/// The latest time that any row of the call holds.
pub(super) fn last_time(graph: &CallGraph) -> Millis {
    let call = &graph.call;
    let mut times = vec![call.initiated_at];
    times.extend([call.accepted_at, call.answered_at, call.anchor_left_at].into_iter().flatten());
    times.extend(graph.interactions.last().map(|row| row.at));
    for row in &graph.connections {
        times.push(row.opened_at);
        times.extend([row.answered_at, row.bridged_at, row.ended_at].into_iter().flatten());
    }
    for row in &graph.attempts {
        times.push(row.started_at);
        times.extend([row.ringing_at, row.ended_at].into_iter().flatten());
    }
    for row in &graph.participants {
        times.extend([row.joined_at, row.left_at].into_iter().flatten());
    }
    for row in &graph.quality_events {
        times.push(row.raised_at);
        times.extend(row.cleared_at);
    }
    for row in &graph.queue_waits {
        times.push(row.entered_at);
        times.extend(row.left_at);
    }
    times.extend(graph.decisions.last().map(|row| row.at));
    times.into_iter().max().unwrap_or(call.initiated_at)
}

struct Closing {
    graph: Option<CallGraph>,
    at: Millis,
    events: Vec<Recorded>,
}

impl Closing {
    fn record(&mut self, at: Millis, event: CallEvent) {
        let Some(graph) = &self.graph else { return };
        let recorded = Recorded { call: graph.call.id.clone(), at, event };
        apply(&mut self.graph, &recorded);
        self.events.push(recorded);
    }

    fn attempts(&mut self) {
        let Some(graph) = &self.graph else { return };
        let mut events = Vec::new();
        for row in graph.attempts.iter().filter(|row| row.ended_at.is_none()) {
            let connection = graph.connections.iter().find(|c| c.id == row.connection_id);
            let Some(connection) = connection else {
                continue;
            };
            let (at, outcome) = match connection.answered_at {
                Some(answered) => (answered, AttemptOutcome::AnsweredElsewhere),
                None => (self.at, AttemptOutcome::Failed),
            };
            let (connection, attempt) = (connection.seq, row.seq);
            let sip_status = None;
            let event = CallEvent::AttemptEnded { connection, attempt, outcome, sip_status };
            events.push((at, event));
        }
        self.all(events);
    }

    /// Who waited in a queue waits no longer.
    fn waits(&mut self) {
        let Some(graph) = &self.graph else { return };
        let open = graph.queue_waits.iter().filter(|row| row.left_at.is_none());
        let of = |id: &Arc<str>| graph.connections.iter().find(|row| row.id == *id);
        let leave = |connection: &Connection| {
            let exit = QueueExit::Stopped;
            (self.at, CallEvent::QueueLeft { connection: connection.seq, exit })
        };
        let events = open.filter_map(|row| of(&row.connection_id)).map(leave).collect();
        self.all(events);
    }

    /// Every stage or dial that is neither answered nor unanswered.
    fn stages(&mut self) {
        let Some(graph) = &self.graph else { return };
        let reason = NoAnswerReason::Failed;
        let open = graph.connections.iter().filter(|row| is_open_stage(graph, row));
        let events = open
            .map(|row| (self.at, CallEvent::NoAnswer { connection: row.seq, reason }))
            .collect();
        self.all(events);
    }

    /// Transfers and consultations without a final state: those that opened a Connection, then
    /// those that had not come so far (an IVR, a slot).
    fn transfers(&mut self) {
        let Some(graph) = &self.graph else { return };
        let mut events = Vec::new();
        let mut begun = begun(graph);
        for row in &graph.connections {
            let (mode, answered) = match row.kind {
                ConnectionKind::Consult => (TransferMode::Warm, TransferState::Abandoned),
                ConnectionKind::Transfer => (TransferMode::Cold, TransferState::Completed),
                ConnectionKind::Route
                | ConnectionKind::Dial
                | ConnectionKind::Add
                | ConnectionKind::Recall => continue,
            };
            let Some(by) = row.opened_by_user_id.clone().filter(|_| row.transfer_state.is_none())
            else {
                continue;
            };
            if let Some(open) = begun.iter().position(|(user, _)| *user == by) {
                begun.remove(open);
            }
            let answered = row.answered_at.map(|_| answered);
            let state = answered.unwrap_or(TransferState::Unanswered);
            let connection = Some(row.seq);
            events.push((self.at, CallEvent::TransferEnded { connection, by, mode, state }));
        }
        for (by, mode) in begun {
            let (connection, state) = (None, TransferState::Unanswered);
            events.push((self.at, CallEvent::TransferEnded { connection, by, mode, state }));
        }
        self.all(events);
    }

    fn visits(&mut self) {
        let Some(graph) = &self.graph else { return };
        let visits = &graph.context.ivr_visits;
        let open = visits.iter().filter(|visit| visit.exited_at.is_none());
        let reason = IvrExit::SystemHangup;
        let exit = |ivr| CallEvent::IvrExited { ivr, reason, next: None };
        let events = open.map(|visit| (self.at, exit(visit.ivr_id.clone()))).collect();
        self.all(events);
    }

    fn connections(&mut self) {
        let Some(graph) = &self.graph else { return };
        let open = graph.connections.iter().filter(|row| row.ended_at.is_none());
        let end = |row: &Connection| CallEvent::ConnectionEnded {
            connection: row.seq,
            outcome: ConnectionOutcome::Failed,
            reason: EndReason::Error,
            sip_status: None,
            q850: None,
        };
        let events = open.map(|row| (self.at, end(row))).collect();
        self.all(events);
    }

    fn end(&mut self, directory: &Directory) {
        let Some(graph) = &self.graph else { return };
        let outcome = outcome(graph);
        let missed = outcome == CallOutcome::Missed;
        let missed_call_owner = missed_call_owner(graph, directory);
        let owner = owner(graph).or_else(|| missed_call_owner.clone());
        let missed_call_owner = missed_call_owner.filter(|_| missed);
        let missed_call_owner_group = missed_call_owner_group(graph, directory);
        let named = [owner.clone(), missed_call_owner.clone()];
        let ended = Ended {
            by: EndedBy::System,
            outcome,
            owner,
            missed_call_owner,
            missed_call_owner_group: missed_call_owner_group.filter(|_| missed),
            sip_status: None,
            q850: None,
            context: context(graph, named.iter().flatten(), directory),
        };
        self.record(self.at, CallEvent::Ended(Box::new(ended)));
    }

    fn all(&mut self, events: Vec<(Millis, CallEvent)>) {
        for (at, event) in events {
            self.record(at, event);
        }
    }
}

/// Transfers that have begun and not ended, by their transferors.
fn begun(graph: &CallGraph) -> Vec<(UserId, TransferMode)> {
    let mut begun: Vec<(UserId, TransferMode)> = Vec::new();
    for row in &graph.interactions {
        let Some(user) = &row.user_id else { continue };
        if row.kind == InteractionKind::TransferStarted {
            let mode = row.data.get("mode").and_then(|mode| mode.as_str());
            let mode = mode.and_then(|mode| mode.parse().ok()).unwrap_or(TransferMode::Cold);
            begun.push((user.clone(), mode));
        } else if matches!(
            row.kind,
            InteractionKind::TransferCompleted
                | InteractionKind::TransferAbandoned
                | InteractionKind::TransferReturned
                | InteractionKind::TransferUnanswered
        ) && let Some(open) = begun.iter().position(|(by, _)| by == user)
        {
            begun.remove(open);
        }
    }
    begun
}

fn is_open_stage(graph: &CallGraph, connection: &Connection) -> bool {
    let id: Option<&Arc<str>> = Some(&connection.id);
    let balance: i32 = graph
        .interactions
        .iter()
        .filter(|row| row.connection_id.as_ref() == id)
        .map(|row| match row.kind {
            InteractionKind::RoutingStarted | InteractionKind::DialStarted => 1,
            InteractionKind::Answered | InteractionKind::NoAnswer => -1,
            InteractionKind::CallStarted
            | InteractionKind::IvrEntered
            | InteractionKind::IvrExited
            | InteractionKind::MenuSelected
            | InteractionKind::MenuInvalid
            | InteractionKind::MenuTimeout
            | InteractionKind::ScheduleMatched
            | InteractionKind::Hold
            | InteractionKind::Resume
            | InteractionKind::TransferStarted
            | InteractionKind::TransferCompleted
            | InteractionKind::TransferAbandoned
            | InteractionKind::TransferReturned
            | InteractionKind::TransferUnanswered
            | InteractionKind::ParticipantLeft
            | InteractionKind::CallAbsorbed
            | InteractionKind::Dtmf
            | InteractionKind::TrunkFailover
            | InteractionKind::MediaTimeout
            | InteractionKind::DataLoss
            | InteractionKind::CallEnded => 0,
        })
        .sum();
    balance > 0
}

fn outcome(graph: &CallGraph) -> CallOutcome {
    let answered = graph.connections.iter().any(|row| {
        row.answered_at.is_some()
            && matches!(row.kind, ConnectionKind::Route | ConnectionKind::Dial)
    });
    match graph.call.direction {
        _ if answered => CallOutcome::Answered,
        Direction::Inbound => CallOutcome::Missed,
        Direction::Outbound | Direction::Internal => CallOutcome::Failed,
    }
}

/// D8: the fold keeps the record owner of the last IVR, or the addressed user; then the first
/// visited IVR's, then who answered.
fn owner(graph: &CallGraph) -> Option<UserId> {
    let first_visit = graph.context.ivr_visits.first();
    let of_first = || first_visit.and_then(|visit| visit.record_owner_user_id.clone());
    let answered = || graph.connections.iter().find_map(|row| row.answered_user_id.clone());
    graph.call.owner_user_id.clone().or_else(of_first).or_else(answered)
}

/// D6: last IVR visited, the number's own setting, the number's user.
fn missed_call_owner(graph: &CallGraph, directory: &Directory) -> Option<UserId> {
    let visit = graph.context.ivr_visits.last();
    let number = graph.call.internal_number_id.as_ref().and_then(|id| directory.number(id));
    visit
        .and_then(|visit| visit.missed_call_owner_user_id.clone())
        .or_else(|| number.and_then(|number| number.missed_call_owner.clone()))
        .or_else(|| match number.map(|number| &number.assignment) {
            Some(Assignment::User(user)) => Some(user.clone()),
            Some(Assignment::Group(..)) | None => None,
        })
}

/// The group that owns the missed call: where D6 looks for a user.
fn missed_call_owner_group(graph: &CallGraph, directory: &Directory) -> Option<GroupId> {
    let visit = graph.context.ivr_visits.last();
    let ivr = visit.and_then(|visit| directory.ivr(&visit.ivr_id));
    let number = graph.call.internal_number_id.as_ref().and_then(|id| directory.number(id));
    ivr.and_then(|ivr| ivr.missed_call_owner_group.clone())
        .or_else(|| number.and_then(|number| number.missed_call_owner_group.clone()))
}
