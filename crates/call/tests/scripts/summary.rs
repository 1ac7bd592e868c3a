//! A finished call on a few lines: every column that tells something, times in seconds since the
//! call began.

use std::fmt::{Display, Write as _};

use model::Millis;
use model::call_graph::CallGraph;
use model::call_graph::graph::{CallInteraction, Connection, ConnectionAttempt};

pub(crate) fn summary(graph: &CallGraph) -> String {
    let mut text = String::new();
    call(graph, &mut text);
    for row in &graph.connections {
        connection(graph, row, &mut text);
    }
    for row in &graph.attempts {
        attempt(graph, row, &mut text);
    }
    for row in &graph.queue_waits {
        let (entered, left) = (at(graph, Some(row.entered_at)), at(graph, row.left_at));
        let (group, priority, position) = (&row.group_id, row.priority, row.position);
        let exit = or(row.exit);
        let _ = writeln!(
            text,
            "w{} {group} place {position} priority {priority}, {entered}..{left} {exit}",
            row.seq
        );
    }
    for row in &graph.participants {
        let (joined, left) = (at(graph, row.joined_at), at(graph, row.left_at));
        let (number, key, role) = (row.ordinal, &row.participant_key, row.role);
        let _ = writeln!(text, "p{number} {key} {role} {joined}..{left}");
    }
    for row in &graph.interactions {
        interaction(graph, row, &mut text);
    }
    for row in &graph.quality_events {
        let connection = row.connection_id.as_ref().and_then(|id| id.rsplit_once('-'));
        let _ = writeln!(
            text,
            "q {} {} {} {}: {}..{}, {} {}\n   {}",
            connection.map_or("anchor", |(_, seq)| seq),
            row.stream,
            row.metric,
            row.severity,
            at(graph, Some(row.raised_at)),
            at(graph, row.cleared_at),
            row.worst_value,
            or(row.clear_reason),
            or(row.explanation.as_ref()),
        );
    }
    let users: Vec<_> = graph.context.users.keys().map(|id| id.as_str()).collect();
    let groups: Vec<_> = graph.context.groups.keys().map(|id| id.as_str()).collect();
    let _ = writeln!(text, "context {}; {}", users.join(" "), groups.join(" "));
    text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

/// How a call was handed on: its Connections, who took part, and its interactions.
pub(crate) fn handed_on(graph: &CallGraph) -> String {
    let mut text = String::new();
    let ended = &graph.call;
    let _ = writeln!(
        text,
        "call {} {} by {}, anchor left {}, ended {}",
        ended.direction,
        or(ended.outcome),
        or(ended.ended_by),
        at(graph, ended.anchor_left_at),
        at(graph, ended.ended_at),
    );
    for row in &graph.connections {
        let user = row.target_user_id.as_ref().map(|id| id.as_str());
        let group = row.target_group_id.as_ref().map(|id| id.as_str());
        let _ = writeln!(
            text,
            "c{} {} {} by {}, {}..{}, answered {}, bridged {}: {}, {}, {}",
            row.seq,
            row.kind,
            or(user.or(group).or(row.target_number.as_deref())),
            or(row.opened_by_user_id.as_ref()),
            at(graph, Some(row.opened_at)),
            at(graph, row.ended_at),
            at(graph, row.answered_at),
            at(graph, row.bridged_at),
            or(row.outcome),
            or(row.end_reason),
            or(row.transfer_state),
        );
    }
    for row in &graph.participants {
        let (joined, left) = (at(graph, row.joined_at), at(graph, row.left_at));
        let _ = writeln!(text, "{} {} {joined}..{left}", row.participant_key, row.role);
    }
    for row in &graph.interactions {
        interaction(graph, row, &mut text);
    }
    text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

/// What became of a call, its interactions, and why it went where it went.
pub(crate) fn explained(graph: &CallGraph) -> String {
    let mut text = String::new();
    call(graph, &mut text);
    for row in &graph.interactions {
        interaction(graph, row, &mut text);
    }
    for row in &graph.decisions {
        for line in &row.lines {
            let (rule, subject, verdict) = (line.rule, &line.subject, &line.verdict);
            let _ = writeln!(text, "{} {rule} {subject}: {verdict}", at(graph, Some(row.at)));
        }
    }
    text
}

/// Seconds since the call began.
fn at(graph: &CallGraph, time: Option<Millis>) -> String {
    or(time.map(|time| (time.0 - graph.call.initiated_at.0) as f64 / 1_000.0))
}

fn or(value: Option<impl Display>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}

fn call(graph: &CallGraph, text: &mut String) {
    let call = &graph.call;
    let _ = writeln!(
        text,
        "call {} {} by {}, owner {}, mco {}",
        call.direction,
        or(call.outcome),
        or(call.ended_by),
        or(call.owner_user_id.as_ref()),
        or(call.missed_call_owner_user_id.as_ref()),
    );
    let _ = writeln!(
        text,
        "   accepted {}, answered {}, ended {}, sip {}, q850 {}",
        at(graph, call.accepted_at),
        at(graph, call.answered_at),
        at(graph, call.ended_at),
        or(call.end_sip_status),
        or(call.end_q850),
    );
}

fn connection(graph: &CallGraph, row: &Connection, text: &mut String) {
    let user = row.target_user_id.as_ref().map(|id| id.as_str());
    let group = row.target_group_id.as_ref().map(|id| id.as_str());
    let _ = writeln!(
        text,
        "c{} {} {} {} {}, {}..{}, answered {}, bridged {}",
        row.seq,
        row.kind,
        row.target_kind,
        or(user.or(group).or(row.target_number.as_deref())),
        row.strategy,
        at(graph, Some(row.opened_at)),
        at(graph, row.ended_at),
        at(graph, row.answered_at),
        at(graph, row.bridged_at),
    );
    let _ = writeln!(
        text,
        "   {}, {}, sip {}, q850 {}",
        or(row.outcome),
        or(row.end_reason),
        or(row.sip_status),
        or(row.q850),
    );
}

fn attempt(graph: &CallGraph, row: &ConnectionAttempt, text: &mut String) {
    let user = row.user_id.as_ref().map(|id| id.as_str());
    let _ = writeln!(
        text,
        "a{} {} stage {} round {}, {}..{}, ringing {}, {} {}",
        row.seq,
        or(user.or(row.number.as_deref())),
        row.stage,
        row.round,
        at(graph, Some(row.started_at)),
        at(graph, row.ended_at),
        at(graph, row.ringing_at),
        or(row.outcome),
        or(row.sip_status),
    );
}

fn interaction(graph: &CallGraph, row: &CallInteraction, text: &mut String) {
    let connection = row.connection_id.as_ref().and_then(|id| id.rsplit_once('-'));
    let _ = write!(text, "i{} {} {}", row.seq, at(graph, Some(row.at)), row.kind);
    let names = [
        connection.map(|(_, seq)| seq),
        row.ivr_id.as_ref().map(|id| id.as_str()),
        row.user_id.as_ref().map(|id| id.as_str()),
    ];
    for name in names.into_iter().flatten() {
        let _ = write!(text, " {name}");
    }
    for (key, value) in &row.data {
        let _ = match value.as_str() {
            Some(value) => write!(text, " {key}={value}"),
            None => write!(text, " {key}={value}"),
        };
    }
    text.push('\n');
}
