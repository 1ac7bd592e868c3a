//! Rules 2, 3, 6 and 9 of §6.2: which columns and `data` keys each kind of interaction fills, and
//! which interactions follow which. They hold of the graphs that this server writes; a consumer
//! does not demand them, because a later producer of `/1` may know more.

use super::Findings;
use crate::call_graph::graph::{CallInteraction, FinishedCallGraph};
use crate::call_graph::words::InteractionKind as Kind;

const RULE: &str = "6.2";

/// Whether a column is filled.
#[derive(Clone, Copy)]
enum Column {
    Yes,
    No,
    Maybe,
}
use Column::{Maybe, No, Yes};

/// Columns `connection_id`, `ivr_id`, `user_id`, then the keys that `data` must and may have.
struct Filled(Column, Column, Column, &'static [&'static str], &'static [&'static str]);

pub(super) fn check(graph: &FinishedCallGraph, found: &mut Findings) {
    for row in &graph.interactions {
        let name = format!("interaction {} {}", row.seq, row.kind);
        let Filled(connection, ivr, user, must, may) = filled(row.kind);
        let holds = |column, set: bool| match column {
            Yes => set,
            No => !set,
            Maybe => true,
        };
        found.demand(
            holds(connection, row.connection_id.is_some())
                && holds(ivr, row.ivr_id.is_some())
                && holds(user, row.user_id.is_some()),
            RULE,
            &name,
            "fills the columns of its kind",
        );
        let keys = must.iter().all(|key| row.data.contains_key(*key))
            && row.data.keys().all(|key| [must, may].concat().contains(&key.as_str()));
        found.demand(keys, RULE, &name, "has the data keys of its kind");
    }
    stages(graph, found);
    everybody_left(graph, found);
}

fn filled(kind: Kind) -> Filled {
    match kind {
        Kind::CallStarted => Filled(No, No, Maybe, &["direction"], &[]),
        Kind::IvrEntered => Filled(No, Yes, No, &[], &[]),
        Kind::IvrExited => Filled(No, Yes, No, &["reason"], &["next"]),
        Kind::MenuSelected => Filled(No, Yes, No, &["digit", "next"], &[]),
        Kind::MenuInvalid => Filled(No, Yes, No, &["digit"], &[]),
        Kind::MenuTimeout => Filled(No, Yes, No, &[], &[]),
        Kind::ScheduleMatched => Filled(No, Yes, No, &["rule"], &["next"]),
        Kind::RoutingStarted => Filled(Yes, Maybe, Maybe, &["target", "strategy"], &["added"]),
        Kind::DialStarted => Filled(Yes, No, Maybe, &["to", "added"], &[]),
        Kind::Answered => Filled(Yes, No, Maybe, &[], &["party"]),
        Kind::NoAnswer => Filled(Yes, No, No, &["reason"], &[]),
        Kind::Hold | Kind::Resume => Filled(No, No, Maybe, &["party"], &[]),
        Kind::TransferStarted => Filled(No, No, Yes, &["mode", "target"], &[]),
        Kind::TransferCompleted | Kind::TransferAbandoned => Filled(Yes, No, Yes, &["mode"], &[]),
        // A party who leaves an IVR or a slot by himself had no Connection yet.
        Kind::TransferReturned | Kind::TransferUnanswered => Filled(Maybe, No, Yes, &["mode"], &[]),
        Kind::ParticipantLeft => Filled(Maybe, No, Maybe, &["reason"], &["party"]),
        Kind::CallAbsorbed => Filled(No, No, No, &["call_id"], &[]),
        Kind::Dtmf => Filled(No, No, Maybe, &["party", "digit"], &[]),
        Kind::TrunkFailover => Filled(Yes, No, No, &["from", "to", "sip_status"], &[]),
        Kind::MediaTimeout => Filled(Maybe, No, No, &["seconds"], &[]),
        Kind::DataLoss => Filled(Maybe, Maybe, Maybe, &[], &["rows", "reason"]),
        Kind::CallEnded => Filled(No, No, No, &["by"], &[]),
    }
}

/// Each `routing_started` or `dial_started` of a connection is followed by exactly one end before
/// the next begins.
fn stages(graph: &FinishedCallGraph, found: &mut Findings) {
    for connection in &graph.connections {
        let mut log: Vec<&CallInteraction> = graph
            .interactions
            .iter()
            .filter(|row| row.connection_id.as_ref() == Some(&connection.id))
            .filter(|row| {
                matches!(
                    row.kind,
                    Kind::RoutingStarted | Kind::DialStarted | Kind::Answered | Kind::NoAnswer
                )
            })
            .collect();
        log.sort_by_key(|row| row.seq);
        let begins =
            |row: &CallInteraction| matches!(row.kind, Kind::RoutingStarted | Kind::DialStarted);
        let paired =
            log.chunks(2).all(|pair| matches!(pair, [start, end] if begins(start) && !begins(end)));
        found.demand(
            paired && !log.is_empty(),
            RULE,
            &connection.id,
            "each of its stages begins and ends in turn",
        );
    }
}

/// `participant_left` for every joined party that leaves before the call ends.
fn everybody_left(graph: &FinishedCallGraph, found: &mut Findings) {
    for party in &graph.participants {
        if party.left_at.is_none() || party.left_at == graph.call.ended_at {
            continue;
        }
        let number = party.phone_number.as_ref().map(|phone| phone.as_str());
        let said = graph.interactions.iter().any(|row| {
            row.kind == Kind::ParticipantLeft
                && Some(row.at) == party.left_at
                && match &party.user_id {
                    Some(user) => row.user_id.as_ref() == Some(user),
                    None => {
                        row.user_id.is_none()
                            && (number.is_none()
                                || row.data.get("party").and_then(|value| value.as_str()) == number)
                    }
                }
        });
        found.demand(said, RULE, &party.id, "participant_left tells that it left");
    }
}
