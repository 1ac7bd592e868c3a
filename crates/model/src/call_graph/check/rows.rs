//! T04–T10, T14–T18 and T20: connections, attempts and participants agree with one another and
//! with the call.

use super::{Findings, before};
use crate::call_graph::graph::{Connection, ConnectionAttempt, FinishedCallGraph};
use crate::call_graph::words::{
    AttemptOutcome, CallOutcome, ConnectionKind, ConnectionOutcome, Direction, ParticipantKind,
    ParticipantRole, TransferState,
};
use crate::directory::{AcdStrategy, TargetKind};

pub(super) fn check(graph: &FinishedCallGraph, found: &mut Findings) {
    for connection in &graph.connections {
        attempts_of(graph, connection, found);
        connection_nests(graph, connection, found);
        transfer(connection, found);
    }
    outcome(graph, found);
    who_answered(graph, found);
    participants(graph, found);
    one_interval_a_user(graph, found);
}

/// A dial of an external party: the one kind of connection without attempts (D4).
fn is_dial(row: &Connection) -> bool {
    matches!(row.kind, ConnectionKind::Dial | ConnectionKind::Add)
        && row.target_kind == TargetKind::External
}

fn attempts_of(graph: &FinishedCallGraph, connection: &Connection, found: &mut Findings) {
    let attempts: Vec<_> =
        graph.attempts.iter().filter(|attempt| attempt.connection_id == connection.id).collect();
    let answers =
        attempts.iter().filter(|attempt| attempt.outcome == Some(AttemptOutcome::Answered)).count();
    if connection.outcome == Some(ConnectionOutcome::Answered) {
        found.demand(
            is_dial(connection) || answers == 1,
            "T04",
            &connection.id,
            "an answered routed connection has exactly one answered attempt",
        );
    } else {
        found.demand(
            answers == 0,
            "T05",
            &connection.id,
            "an unanswered connection has no answered attempt",
        );
    }
    if is_dial(connection) {
        found.demand(
            attempts.is_empty(),
            "T06",
            &connection.id,
            "dialing an external party makes no attempts",
        );
    } else if !matches!(
        connection.outcome,
        Some(
            ConnectionOutcome::Unavailable
                | ConnectionOutcome::Failed
                | ConnectionOutcome::Canceled
        )
    ) {
        found.demand(
            !attempts.is_empty(),
            "T07",
            &connection.id,
            "a routed connection has an attempt unless nobody was available",
        );
    }
    for attempt in &attempts {
        attempt_nests(connection, attempt, found);
    }
    one_after_another(connection, &attempts, found);
}

fn attempt_nests(connection: &Connection, row: &ConnectionAttempt, found: &mut Findings) {
    let started = Some(row.started_at);
    let outside = before(started, Some(connection.opened_at))
        || before(row.ringing_at, started)
        || before(row.ended_at, row.ringing_at)
        || before(row.ended_at, started)
        || before(connection.ended_at, row.ended_at)
        || before(connection.answered_at, row.ended_at);
    found.demand(!outside, "T08", &row.id, "an attempt nests in its connection");
    if row.outcome == Some(AttemptOutcome::Answered) {
        found.demand(
            row.ended_at == connection.answered_at && row.user_id == connection.answered_user_id,
            "T09",
            &row.id,
            "the answered attempt ends when and with whom its connection is answered",
        );
    }
}

fn one_after_another(
    connection: &Connection,
    attempts: &[&ConnectionAttempt],
    found: &mut Findings,
) {
    let one_stage = attempts.windows(2).all(|pair| pair[0].stage == pair[1].stage);
    if connection.strategy != AcdStrategy::RoundRobin || !one_stage {
        return;
    }
    let overlap = attempts.iter().any(|later| {
        attempts.iter().any(|earlier| {
            earlier.seq < later.seq && before(Some(later.started_at), earlier.ended_at)
        })
    });
    found.demand(
        !overlap,
        "T10",
        &connection.id,
        "round-robin attempts of one stage never ring at the same time",
    );
}

fn connection_nests(graph: &FinishedCallGraph, row: &Connection, found: &mut Findings) {
    let opened = Some(row.opened_at);
    let outside = before(opened, Some(graph.call.initiated_at))
        || before(row.answered_at, opened)
        || before(row.ended_at, opened)
        || before(row.ended_at, row.answered_at)
        || before(row.bridged_at, row.answered_at)
        || before(row.ended_at, row.bridged_at)
        || before(graph.call.ended_at, row.ended_at);
    found.demand(!outside, "T08", &row.id, "a connection nests in its call");
}

fn transfer(row: &Connection, found: &mut Findings) {
    if !matches!(row.kind, ConnectionKind::Consult | ConnectionKind::Transfer) {
        return;
    }
    let answered = row.outcome == Some(ConnectionOutcome::Answered);
    let agrees = match row.transfer_state {
        Some(TransferState::Completed) => answered,
        Some(TransferState::Unanswered | TransferState::Returned) => !answered,
        Some(TransferState::Abandoned | TransferState::Conference) => true,
        None => false,
    };
    found.demand(
        agrees && row.opened_by_user_id.is_some(),
        "T18",
        &row.id,
        "a transfer or consult has an opener and a state that agrees with its outcome",
    );
}

fn outcome(graph: &FinishedCallGraph, found: &mut Findings) {
    let call = &graph.call;
    let first_answer = graph
        .connections
        .iter()
        .filter(|row| matches!(row.kind, ConnectionKind::Route | ConnectionKind::Dial))
        .filter_map(|row| row.answered_at)
        .min();
    let answered = call.outcome == Some(CallOutcome::Answered);
    let direction_allows = match call.outcome {
        Some(
            CallOutcome::NoAnswer
            | CallOutcome::Busy
            | CallOutcome::Declined
            | CallOutcome::Canceled,
        ) => call.direction != Direction::Inbound,
        Some(CallOutcome::Missed) => call.direction == Direction::Inbound,
        Some(CallOutcome::Answered | CallOutcome::Failed | CallOutcome::Unroutable) | None => true,
    };
    let agrees = answered == first_answer.is_some() && call.answered_at == first_answer;
    found.demand(
        agrees && direction_allows,
        "T14",
        &call.id,
        "the outcome of the call agrees with its connections and direction",
    );
    found.demand(
        !answered || call.missed_call_owner_user_id.is_none(),
        "T17",
        &call.id,
        "an answered call names no missed call owner",
    );
}

fn who_answered(graph: &FinishedCallGraph, found: &mut Findings) {
    for row in &graph.connections {
        let Some(user) = &row.answered_user_id else {
            continue;
        };
        let joined = graph
            .participants
            .iter()
            .any(|party| party.user_id.as_ref() == Some(user) && party.joined_at.is_some());
        found.demand(joined, "T15", &row.id, "whoever answered is a participant");
    }
    for party in &graph.participants {
        if party.kind != ParticipantKind::User || party.joined_at.is_none() {
            continue;
        }
        let answered = party.user_id == graph.call.anchor_user_id
            || graph.connections.iter().any(|row| row.answered_user_id == party.user_id);
        found.demand(answered, "T15", &party.id, "whoever joined had answered or was the anchor");
    }
}

fn participants(graph: &FinishedCallGraph, found: &mut Findings) {
    let mut ordinals: Vec<_> = graph.participants.iter().map(|row| row.ordinal).collect();
    ordinals.sort_unstable();
    found.demand(
        ordinals.iter().zip(1..).all(|(&ordinal, place)| ordinal == place),
        "T16",
        &"participants",
        "are numbered from 1 without gaps",
    );
    for row in &graph.participants {
        found.demand(
            (row.role == ParticipantRole::Caller) == (row.ordinal == 1),
            "T16",
            &row.id,
            "exactly one caller, first in order",
        );
        let outside = row.joined_at.is_some() != row.left_at.is_some()
            || before(graph.call.ended_at, row.left_at)
            || before(row.joined_at, Some(graph.call.initiated_at));
        found.demand(!outside, "T16", &row.id, "joined and left within the call");
    }
}

fn one_interval_a_user(graph: &FinishedCallGraph, found: &mut Findings) {
    let overlap = |a: &Connection, b: &Connection| {
        a.answered_user_id.is_some()
            && a.answered_user_id == b.answered_user_id
            && before(b.answered_at, a.ended_at)
            && before(a.answered_at, b.ended_at)
    };
    for (index, a) in graph.connections.iter().enumerate() {
        let twice = graph.connections[index + 1..].iter().any(|b| overlap(a, b));
        found.demand(!twice, "T20", &a.id, "connections answered by the same user do not overlap");
    }
}
