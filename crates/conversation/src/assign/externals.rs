//! R1: who is on the outside of a call, by which key.

use std::sync::Arc;

use model::call_graph::FinishedCallGraph;
use model::call_graph::graph::CallParticipant;
use model::call_graph::words::{Direction, ParticipantKind, ParticipantRole};

use crate::key::PartyKey;
use crate::rules::{Detail, kept};
use crate::types::{External, Resolved};

/// The externals of a call in order, the one in the key first; duplicates collapsed. Never empty.
pub(crate) fn externals(graph: &FinishedCallGraph, resolved: &Resolved) -> Vec<External> {
    let mut rows: Vec<&CallParticipant> =
        graph.participants.iter().filter(|row| row.kind == ParticipantKind::External).collect();
    rows.sort_by_key(|row| row.ordinal);
    let mut parties: Vec<External> =
        rows.into_iter().map(|row| external(graph, row, resolved)).collect();
    // Stable: among those in the key, and among the extras, the order stays.
    parties.sort_by_key(|party| party.extra);
    collapse(&mut parties);
    if parties.first().is_none_or(|first| first.extra) {
        // Nobody but a transfer target is left: the call still has an outside.
        parties.insert(0, withheld(graph));
    }
    parties
}

/// Leaves the first of each key.
pub(crate) fn collapse(parties: &mut Vec<External>) {
    let mut seen: Vec<PartyKey> = Vec::with_capacity(parties.len());
    parties.retain(|party| {
        let new = !seen.contains(&party.key) || !kept(Detail::R1Duplicates);
        seen.push(party.key.clone());
        new
    });
}

fn external(graph: &FinishedCallGraph, row: &CallParticipant, resolved: &Resolved) -> External {
    let extra = row.role == ParticipantRole::TransferTarget && kept(Detail::R1Extra);
    let Some(phone) = &row.phone_number else {
        let (key, name) = match &row.record_id {
            Some(id) => {
                let name = resolved.chosen.get(id).cloned();
                (PartyKey::record(id), name.or_else(|| Some(Arc::from(id.as_str()))))
            }
            None if kept(Detail::R1Withheld) => {
                (PartyKey::withheld(&graph.call_id), stands_for_number(graph, row))
            }
            None => (PartyKey::stored("a:"), None),
        };
        return External { key, phone: None, name, extra };
    };
    match resolved.by_phone.get(phone).filter(|_| kept(Detail::R1Record)) {
        Some(record) => External {
            key: PartyKey::record(&record.id),
            phone: Some(phone.clone()),
            name: Some(record.name.clone()),
            extra,
        },
        None => {
            External { key: PartyKey::phone(phone), phone: Some(phone.clone()), name: None, extra }
        }
    }
}

/// What was dialled, or what the caller sent, where it is no E.164 number.
fn stands_for_number(graph: &FinishedCallGraph, row: &CallParticipant) -> Option<Arc<str>> {
    match (row.role, graph.call.direction) {
        (ParticipantRole::Caller, _) => graph.call.from_number.clone(),
        (ParticipantRole::Callee, Direction::Outbound) => graph.call.to_number.clone(),
        _ => None,
    }
}

fn withheld(graph: &FinishedCallGraph) -> External {
    External { key: PartyKey::withheld(&graph.call_id), phone: None, name: None, extra: false }
}
