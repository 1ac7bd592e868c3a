//! What the JSON Schema and the CHECKs of `schema.sql` demand beyond what the types of the rows
//! already do: nothing open in a finished call (T01–T03), no empty id, numbers of the right form,
//! rows that name rows of their own call, no row twice.

use std::collections::BTreeSet;

use super::Findings;
use crate::call_graph::graph::{
    Call, CallParticipant, Connection, ConnectionAttempt, Context, FinishedCallGraph, SCHEMA,
};
use crate::call_graph::words::{
    AnchorKind, CallState, ConnectionKind, ConnectionOutcome, Direction, ParticipantKind,
};
use crate::directory::TargetKind;

const RULE: &str = "schema";

pub(super) fn check(graph: &FinishedCallGraph, found: &mut Findings) {
    found.demand(&*graph.schema == SCHEMA, RULE, &"schema", "names the version");
    found.demand(graph.revision >= 1, RULE, &"revision", "counts from 1");
    found.demand(graph.call.id == graph.call_id, RULE, &graph.call_id, "call.id is call_id");
    call(&graph.call, found);
    let opened = graph.connections.iter().map(|row| &*row.id).collect();
    unique(graph.connections.iter().map(|row| (&*row.id, row.seq)), found);
    for row in &graph.connections {
        of_this_call(graph, &row.id, row.call_id.as_str(), found);
        connection(row, found);
    }
    attempts(graph, &opened, found);
    participants(graph, found);
    interactions(graph, &opened, found);
    quality_events(graph, &opened, found);
    context(&graph.context, found);
    let number = graph.context.internal_number.as_ref();
    found.demand(
        number.map(|number| &number.id) == graph.call.internal_number_id.as_ref(),
        RULE,
        &"context",
        "internal_number is the number of the call",
    );
}

fn call(row: &Call, found: &mut Findings) {
    let filled = [
        Some(row.id.as_str()),
        row.from_number.as_deref(),
        row.to_number.as_deref(),
        row.internal_number_id.as_ref().map(|id| id.as_str()),
        row.anchor_user_id.as_ref().map(|id| id.as_str()),
        row.owner_user_id.as_ref().map(|id| id.as_str()),
        row.missed_call_owner_user_id.as_ref().map(|id| id.as_str()),
        row.reply_to_call_id.as_ref().map(|id| id.as_str()),
    ];
    not_empty(&"call", &filled, found);
    let over = row.state == CallState::Finished
        && row.outcome.is_some()
        && row.anchor_left_at.is_some()
        && row.ended_at.is_some()
        && row.ended_by.is_some();
    found.demand(over, RULE, &row.id, "is finished");
    found.demand(
        row.absorbed_into_call_id.is_none(),
        RULE,
        &row.id,
        "an absorbed call has no graph",
    );
    found.demand(
        (row.anchor_kind == AnchorKind::User) == row.anchor_user_id.is_some(),
        RULE,
        &row.id,
        "anchor_user_id is set for a user's call",
    );
    found.demand(
        (row.direction == Direction::Inbound) == (row.anchor_kind == AnchorKind::External),
        RULE,
        &row.id,
        "an inbound call is anchored outside, any other at a user",
    );
}

fn connection(row: &Connection, found: &mut Findings) {
    let filled = [
        Some(&*row.id),
        row.opened_by_user_id.as_ref().map(|id| id.as_str()),
        row.target_user_id.as_ref().map(|id| id.as_str()),
        row.target_group_id.as_ref().map(|id| id.as_str()),
        row.answered_user_id.as_ref().map(|id| id.as_str()),
    ];
    not_empty(&row.id, &filled, found);
    dialled(&row.id, row.target_number.as_deref(), found);
    let over = row.ended_at.is_some() && row.outcome.is_some() && row.end_reason.is_some();
    found.demand(over, "T01", &row.id, "a finished call has no open connection");
    found.demand(
        (row.outcome == Some(ConnectionOutcome::Answered)) == row.answered_at.is_some(),
        RULE,
        &row.id,
        "answered_at is set for an answered connection",
    );
    found.demand(
        row.answered_user_id.is_none() || row.answered_at.is_some(),
        RULE,
        &row.id,
        "nobody answered an unanswered connection",
    );
    let transfers = matches!(row.kind, ConnectionKind::Consult | ConnectionKind::Transfer);
    found.demand(
        transfers || row.transfer_state.is_none(),
        RULE,
        &row.id,
        "only a transfer or a consult has a transfer_state",
    );
    let aimed = match row.target_kind {
        TargetKind::User => row.target_user_id.is_some(),
        TargetKind::Group => row.target_group_id.is_some(),
        TargetKind::RecordOwner => true,
        TargetKind::External => row.target_number.is_some(),
    };
    found.demand(aimed, RULE, &row.id, "the target of its target_kind is named");
}

fn attempts(graph: &FinishedCallGraph, opened: &BTreeSet<&str>, found: &mut Findings) {
    unique(graph.attempts.iter().map(|row| (&*row.id, (&row.connection_id, row.seq))), found);
    for row in &graph.attempts {
        of_this_call(graph, &row.id, row.call_id.as_str(), found);
        attempt(row, found);
        known(&row.id, Some(&row.connection_id), opened, found);
    }
}

fn attempt(row: &ConnectionAttempt, found: &mut Findings) {
    let filled = [
        Some(&*row.id),
        row.user_id.as_ref().map(|id| id.as_str()),
        row.ivr_id.as_ref().map(|id| id.as_str()),
        row.group_id.as_ref().map(|id| id.as_str()),
    ];
    not_empty(&row.id, &filled, found);
    dialled(&row.id, row.number.as_deref(), found);
    found.demand(
        row.ended_at.is_some() && row.outcome.is_some(),
        "T02",
        &row.id,
        "a finished call has no open attempt",
    );
    found.demand(
        row.user_id.is_some() != row.number.is_some(),
        RULE,
        &row.id,
        "either a user or a number is rung",
    );
}

fn participants(graph: &FinishedCallGraph, found: &mut Findings) {
    found.demand(!graph.participants.is_empty(), RULE, &"participants", "has a row");
    unique(graph.participants.iter().map(|row| (&*row.id, &row.participant_key)), found);
    for row in &graph.participants {
        of_this_call(graph, &row.id, row.call_id.as_str(), found);
        participant(graph, row, found);
    }
    let addressed = graph.call.direction == Direction::Internal
        || graph.participants.iter().any(|row| row.kind == ParticipantKind::External);
    found.demand(addressed, RULE, &"participants", "an outside call has somebody outside");
}

fn participant(graph: &FinishedCallGraph, row: &CallParticipant, found: &mut Findings) {
    let filled = [
        Some(&*row.id),
        row.user_id.as_ref().map(|id| id.as_str()),
        row.record_id.as_ref().map(|id| id.as_str()),
    ];
    not_empty(&row.id, &filled, found);
    let key = match (&row.user_id, &row.phone_number) {
        (Some(user), _) => format!("u:{user}"),
        (None, Some(phone)) => format!("p:{phone}"),
        (None, None) => format!("a:{}", graph.call_id),
    };
    found.demand(*row.participant_key == *key, RULE, &row.id, "the key names the party");
    found.demand(
        (row.kind == ParticipantKind::User) == row.user_id.is_some(),
        RULE,
        &row.id,
        "user_id is set for a user",
    );
    found.demand(
        !super::before(row.left_at, row.joined_at),
        RULE,
        &row.id,
        "nobody leaves before joining",
    );
}

fn interactions(graph: &FinishedCallGraph, opened: &BTreeSet<&str>, found: &mut Findings) {
    found.demand(graph.interactions.len() >= 2, RULE, &"interactions", "has two rows");
    for row in &graph.interactions {
        let name = format!("interaction {}", row.seq);
        of_this_call(graph, &name, row.call_id.as_str(), found);
        known(&name, row.connection_id.as_deref(), opened, found);
        let filled = [
            row.connection_id.as_deref(),
            row.ivr_id.as_ref().map(|id| id.as_str()),
            row.user_id.as_ref().map(|id| id.as_str()),
        ];
        not_empty(&name, &filled, found);
    }
}

fn quality_events(graph: &FinishedCallGraph, opened: &BTreeSet<&str>, found: &mut Findings) {
    unique(graph.quality_events.iter().map(|row| (&*row.id, &row.id)), found);
    for row in &graph.quality_events {
        of_this_call(graph, &row.id, row.call_id.as_str(), found);
        known(&row.id, row.connection_id.as_deref(), opened, found);
        not_empty(&row.id, &[Some(&*row.id), row.connection_id.as_deref()], found);
        found.demand(
            row.cleared_at.is_some() && row.clear_reason.is_some(),
            "T03",
            &row.id,
            "a finished call has no uncleared quality event",
        );
    }
}

fn context(context: &Context, found: &mut Findings) {
    if let Some(number) = &context.internal_number {
        let filled = [
            Some(number.id.as_str()),
            Some(&*number.assigned_id),
            number.missed_call_owner_user_id.as_ref().map(|id| id.as_str()),
        ];
        not_empty(&"context.internal_number", &filled, found);
    }
    for visit in &context.ivr_visits {
        let name = format!("ivr_visit {}", visit.seq);
        let filled = [
            Some(visit.ivr_id.as_str()),
            visit.group_id.as_ref().map(|id| id.as_str()),
            visit.record_owner_user_id.as_ref().map(|id| id.as_str()),
            visit.missed_call_owner_user_id.as_ref().map(|id| id.as_str()),
        ];
        not_empty(&name, &filled, found);
        found.demand(
            visit.exited_at.is_some() && visit.exit_reason.is_some(),
            RULE,
            &name,
            "every visit of an IVR is over",
        );
    }
    for (id, user) in &context.users {
        let number = user.number.as_ref();
        let filled = [
            Some(&*user.name),
            number.map(|number| number.id.as_str()),
            number
                .and_then(|number| number.missed_call_owner_user_id.as_ref())
                .map(|id| id.as_str()),
        ];
        not_empty(id, &filled, found);
    }
    for (id, group) in &context.groups {
        let filled = [
            Some(&*group.name),
            group.number.as_ref().map(|number| number.id.as_str()),
            group.missed_call_owner_user_id.as_ref().map(|id| id.as_str()),
        ];
        not_empty(id, &filled, found);
    }
}

fn not_empty(row: &dyn std::fmt::Display, texts: &[Option<&str>], found: &mut Findings) {
    let filled = texts.iter().flatten().all(|text| !text.is_empty());
    found.demand(filled, RULE, row, "no id, name or number is empty");
}

/// `^\+?[0-9*#]{2,15}$`
fn dialled(row: &dyn std::fmt::Display, number: Option<&str>, found: &mut Findings) {
    let Some(number) = number else { return };
    let digits = number.strip_prefix('+').unwrap_or(number);
    let plain = (2..=15).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'*' | b'#'));
    found.demand(plain, RULE, row, "a dialled number is 2 to 15 of 0-9 * #");
}

fn of_this_call(
    graph: &FinishedCallGraph,
    row: &dyn std::fmt::Display,
    call_id: &str,
    found: &mut Findings,
) {
    found.demand(call_id == graph.call_id.as_str(), RULE, row, "belongs to this call");
}

fn known(
    row: &dyn std::fmt::Display,
    connection: Option<&str>,
    opened: &BTreeSet<&str>,
    found: &mut Findings,
) {
    let known = connection.is_none_or(|id| opened.contains(id));
    found.demand(known, RULE, row, "names a connection of this call");
}

/// Neither an id nor its second key (seq, participant_key, …) occurs twice.
fn unique<'a, K: Ord>(rows: impl Iterator<Item = (&'a str, K)>, found: &mut Findings) {
    let (mut ids, mut keys) = (BTreeSet::new(), BTreeSet::new());
    for (id, key) in rows {
        let new = ids.insert(id) & keys.insert(key);
        found.demand(new, RULE, &id, "no row occurs twice");
    }
}
