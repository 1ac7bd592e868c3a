//! Rows in a reader's words.

use model::call_graph::CallGraph;
use model::call_graph::graph::{CallInteraction, ConnectionAttempt, QualityEvent};
use model::call_graph::words::{AttemptOutcome, Direction, InteractionKind, QualityStream};

use crate::demo::directory::Names;
use crate::demo::facts::{attempted, target};
use crate::demo::report::{metric, seconds, words};

/// A phone rings.
pub(super) fn ringing(row: &ConnectionAttempt, names: &Names) -> String {
    format!("  {} rings", attempted(row, names))
}

/// A phone rings no more, and nobody answered it.
pub(super) fn failed_attempt(
    row: &ConnectionAttempt,
    outcome: AttemptOutcome,
    names: &Names,
) -> String {
    let who = attempted(row, names);
    match outcome {
        AttemptOutcome::AnsweredElsewhere => format!("  {who} stops ringing: answered elsewhere"),
        AttemptOutcome::NoAnswer => format!("  {who} does not answer"),
        AttemptOutcome::Declined => format!("  {who} declines"),
        AttemptOutcome::CallerHangup => format!("  {who} stops ringing"),
        AttemptOutcome::Answered
        | AttemptOutcome::Busy
        | AttemptOutcome::Canceled
        | AttemptOutcome::Unavailable
        | AttemptOutcome::Forwarded
        | AttemptOutcome::Failed => format!("  {who}: {}", words(outcome.as_str())),
    }
}

/// The sound of a leg is bad.
pub(super) fn bad_moment(row: &QualityEvent, graph: &CallGraph, names: &Names) -> String {
    format!("  {} {} is bad", metric(row.metric), way(row, graph, names))
}

/// It is not bad any more, or the leg is over.
pub(super) fn good_again(row: &QualityEvent, graph: &CallGraph, names: &Names) -> String {
    let reason = row.clear_reason.map_or("over", |reason| reason.as_str());
    let (what, way) = (metric(row.metric), way(row, graph, names));
    format!("  {what} {way} is no longer bad: {}", words(reason))
}

fn way(row: &QualityEvent, graph: &CallGraph, names: &Names) -> String {
    let id = row.connection_id.as_deref();
    let connection = graph.connections.iter().find(|of| Some(&*of.id) == id);
    let who = connection.map_or("the caller".to_owned(), |row| target(row, names));
    match row.stream {
        QualityStream::Received => format!("from {who}"),
        QualityStream::Sent => format!("to {who}"),
    }
}

/// An interaction; `None` where another line says it already.
pub(super) fn interaction(
    row: &CallInteraction,
    graph: &CallGraph,
    names: &Names,
) -> Option<String> {
    let user = row.user_id.as_ref().map_or("somebody", |id| names.id(id.as_str()));
    let of_data = |key: &str| row.data.get(key).and_then(|value| value.as_str());
    let far_end = || {
        let id = row.connection_id.as_ref();
        let connection = graph.connections.iter().find(|of| Some(&of.id) == id);
        connection.map_or("the far end".to_owned(), |row| target(row, names))
    };
    let text = match row.kind {
        InteractionKind::CallStarted => started(graph, names),
        InteractionKind::IvrEntered => {
            let ivr = row.ivr_id.as_ref().map_or("an IVR", |ivr| ivr.as_str());
            format!("enters {ivr}")
        }
        InteractionKind::RoutingStarted => {
            let whom = of_data("target").map_or("somebody", |id| names.id(id));
            match of_data("strategy") {
                Some("simulring") => format!("rings everybody in {whom} at once"),
                Some("round_robin") => format!("rings {whom} one after another"),
                Some(_) | None => format!("looks for {whom}"),
            }
        }
        InteractionKind::DialStarted => format!("dials {} through the trunk", far_end()),
        InteractionKind::Answered if row.user_id.is_some() => format!("{user} answers"),
        InteractionKind::Answered => format!("{} answers", far_end()),
        InteractionKind::NoAnswer => match of_data("reason") {
            Some("timeout") => "nobody answers in time".to_owned(),
            Some("caller_hangup") => "the caller gives up".to_owned(),
            Some(reason) => format!("nobody answers: {}", words(reason)),
            None => "nobody answers".to_owned(),
        },
        InteractionKind::Hold => format!("{user} holds"),
        InteractionKind::Resume => format!("{user} resumes"),
        InteractionKind::CallEnded => ended(row, graph),
        InteractionKind::IvrExited if of_data("reason") == Some("next_ivr") => {
            "goes on to the next IVR".to_owned()
        }
        InteractionKind::IvrExited => return None,
        InteractionKind::MenuSelected
        | InteractionKind::MenuInvalid
        | InteractionKind::MenuTimeout
        | InteractionKind::ScheduleMatched
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
        | InteractionKind::DataLoss => words(row.kind.as_str()),
    };
    Some(text)
}

fn started(graph: &CallGraph, names: &Names) -> String {
    let party = |number: Option<&str>| match number {
        None => "somebody".to_owned(),
        Some(number) => match names.known(number) {
            Some(name) => format!("{name} ({number})"),
            None => number.to_owned(),
        },
    };
    let from = party(graph.call.from_number.as_deref());
    let to = party(graph.call.to_number.as_deref());
    format!("{from} calls {to}")
}

fn ended(row: &CallInteraction, graph: &CallGraph) -> String {
    let outcome = graph.call.outcome.map_or("over", |outcome| outcome.as_str());
    let took = seconds(graph.call.initiated_at, row.at);
    let by = row.data.get("by").and_then(|value| value.as_str());
    let who = match (by, graph.call.direction) {
        (Some("external"), Direction::Inbound) => "the caller hung up",
        (Some("external"), Direction::Outbound | Direction::Internal) => "the far end hung up",
        (Some("internal"), Direction::Inbound) => "the agent hung up",
        (Some("internal"), Direction::Outbound | Direction::Internal) => "a user hung up",
        (Some(_) | None, Direction::Inbound | Direction::Outbound | Direction::Internal) => {
            "the server ended it"
        }
    };
    format!("ends after {took} s, {}: {who}", words(outcome))
}
