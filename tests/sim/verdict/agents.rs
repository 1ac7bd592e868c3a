//! What must hold between calls: whoever talks is not offered a group's calls, a round robin
//! passes over whoever rings elsewhere, whoever answers stops ringing everywhere else (D37), and
//! of callers who wait only one rings an agent at a time.

use std::collections::BTreeMap;

use model::call_graph::CallGraph;
use model::call_graph::graph::ConnectionAttempt;
use model::call_graph::words::CallState;
use model::directory::AcdStrategy;
use model::{CallId, Millis, UserId};

/// What one user did, over all calls.
#[derive(Default)]
struct Day<'a> {
    /// Calls that he made or answered: from when to when.
    talked: Vec<(&'a CallId, Millis, Millis)>,
    answered: Vec<(&'a CallId, Millis)>,
    rung: Vec<(&'a CallId, &'a ConnectionAttempt, AcdStrategy)>,
    /// Those of them whose callers waited.
    turns: Vec<(&'a CallId, &'a ConnectionAttempt)>,
}

/// Everything that is wrong.
pub(crate) fn faults<'a>(graphs: impl Iterator<Item = &'a CallGraph>) -> Vec<String> {
    let mut days: BTreeMap<&UserId, Day<'_>> = BTreeMap::new();
    for graph in graphs.filter(|graph| graph.call.state != CallState::Absorbed) {
        note(graph, &mut days);
    }
    let mut faults = Vec::new();
    for (user, day) in days {
        faults.extend(judge(&day).into_iter().map(|what| format!("{user}: {what}")));
    }
    faults
}

fn note<'a>(graph: &'a CallGraph, days: &mut BTreeMap<&'a UserId, Day<'a>>) {
    let call = &graph.call;
    let end = call.ended_at.unwrap_or(Millis(i64::MAX));
    if let Some(user) = &call.anchor_user_id {
        let left = call.anchor_left_at.unwrap_or(end);
        // For whom a call is ordered may be busy until he answers.
        let from = if call.sip_call_id.is_some() { call.initiated_at } else { left };
        let from = call.accepted_at.map_or(from, |accepted| from.min(accepted));
        days.entry(user).or_default().talked.push((&call.id, from, left));
    }
    for connection in &graph.connections {
        if let (Some(user), Some(at)) = (&connection.answered_user_id, connection.answered_at) {
            let day = days.entry(user).or_default();
            day.talked.push((&call.id, at, connection.ended_at.unwrap_or(end)));
            // Who gets his own call back, or fetches one, was never rung for it.
            if at > connection.opened_at {
                day.answered.push((&call.id, at));
            }
        }
        for attempt in &graph.attempts {
            if let Some(user) = attempt.user_id.as_ref()
                && attempt.connection_id == connection.id
                && attempt.ended_at != Some(attempt.started_at)
            {
                let rung = (&call.id, attempt, strategy(graph, attempt, connection.strategy));
                let day = days.entry(user).or_default();
                day.rung.push(rung);
                if waited(graph, attempt) {
                    day.turns.push((&call.id, attempt));
                }
            }
        }
    }
}

/// How the stage of an attempt searches: the connection keeps that of its last stage only.
fn strategy(graph: &CallGraph, attempt: &ConnectionAttempt, last: AcdStrategy) -> AcdStrategy {
    let stages = graph.attempts.iter().map(|attempt| attempt.stage).max();
    match &attempt.group_id {
        Some(_) if stages == Some(attempt.stage) => last,
        Some(_) => AcdStrategy::Simulring,
        None => AcdStrategy::Single,
    }
}

/// Whether the caller waited in a queue when somebody was rung.
fn waited(graph: &CallGraph, attempt: &ConnectionAttempt) -> bool {
    let from = attempt.started_at;
    attempt.group_id.is_some()
        && graph.queue_waits.iter().any(|wait| {
            *wait.connection_id == *attempt.connection_id
                && wait.entered_at <= from
                && wait.left_at.is_none_or(|left| from < left)
        })
}

fn judge(day: &Day<'_>) -> Vec<String> {
    let mut faults = Vec::new();
    for (place, (call, turn)) in day.turns.iter().enumerate() {
        let (from, to) = span(turn);
        for (other, earlier) in &day.turns[..place] {
            let (begin, end) = span(earlier);
            if from.0 + 1 < end.0 && begin.0 + 1 < to.0 {
                faults.push(format!("{call} and {other} were offered at {from} and {begin}"));
            }
        }
    }
    for (call, attempt, strategy) in &day.rung {
        let from = attempt.started_at;
        let to = attempt.ended_at.unwrap_or(Millis(i64::MAX));
        let busy = |(other, begin, end): &&(&CallId, Millis, Millis)| {
            other != call && inside(from, *begin, *end)
        };
        if *strategy != AcdStrategy::Single && day.talked.iter().any(|talk| busy(&talk)) {
            faults.push(format!("{call} was offered at {from} during another call"));
        }
        let rings = |(other, attempt, _): &&(&CallId, &ConnectionAttempt, AcdStrategy)| {
            let end = attempt.ended_at.unwrap_or(Millis(i64::MAX));
            other != call && inside(from, attempt.started_at, end)
        };
        if *strategy == AcdStrategy::RoundRobin && day.rung.iter().any(|rung| rings(&rung)) {
            faults.push(format!("{call} was offered at {from} while another rang"));
        }
        let taken = |(other, at): &&(&CallId, Millis)| other != call && inside(*at, from, to);
        if day.answered.iter().any(|answered| taken(&answered)) {
            faults.push(format!("{call} went on ringing from {from} to {to}"));
        }
    }
    faults
}

fn span(attempt: &ConnectionAttempt) -> (Millis, Millis) {
    (attempt.started_at, attempt.ended_at.unwrap_or(Millis(i64::MAX)))
}

/// Well inside: each call counts its milliseconds from its own start.
fn inside(at: Millis, begin: Millis, end: Millis) -> bool {
    at.0 > begin.0 + 1 && at.0 + 1 < end.0
}
