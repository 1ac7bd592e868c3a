//! The part of the recorder that folds who takes part: a participant joins with the first of his
//! legs and leaves with the last (§4.3), however often he comes back meanwhile.

use std::sync::Arc;

use super::{Fold, quality};
use crate::CallId;
use crate::call_graph::event::Party;
use crate::call_graph::graph::{CallGraph, CallParticipant, Connection};
use crate::call_graph::words::{InteractionKind, ParticipantKind, ParticipantRole};

/// Index of a party's row, which is added if it is new.
pub(super) fn participant(graph: &mut CallGraph, party: &Party, role: ParticipantRole) -> usize {
    let call = graph.call.id.clone();
    let key = key(&call, party);
    if let Some(known) = graph.participants.iter().position(|row| row.participant_key == key) {
        return known;
    }
    let ordinal = u16::try_from(graph.participants.len() + 1).unwrap_or(u16::MAX);
    let id = format!("{call}-p{ordinal}").into();
    let (kind, user_id, phone_number, record_id) = match party {
        Party::User { user, number } => {
            (ParticipantKind::User, Some(user.clone()), number.clone(), None)
        }
        Party::External { number, record, .. } => {
            (ParticipantKind::External, None, number.clone(), record.clone())
        }
    };
    graph.participants.push(CallParticipant {
        id,
        call_id: call,
        participant_key: key,
        kind,
        role,
        ordinal,
        user_id,
        phone_number,
        record_id,
        joined_at: None,
        left_at: None,
    });
    graph.participants.len() - 1
}

fn key(call: &CallId, party: &Party) -> Arc<str> {
    match party {
        Party::User { user, .. } => format!("u:{user}").into(),
        Party::External { number: Some(number), .. } => format!("p:{number}").into(),
        Party::External { number: None, .. } => format!("a:{call}").into(),
    }
}

/// The row of the participant who answered a Connection.
pub(super) fn answerer(graph: &CallGraph, connection: &Connection) -> Option<usize> {
    connection.answered_at?;
    let named = |key: &str| graph.participants.iter().position(|row| *row.participant_key == *key);
    if let Some(user) = &connection.answered_user_id {
        return named(&format!("u:{user}"));
    }
    // The number that was reached need not be the one that was wanted: a user's calls may go
    // outside.
    let said = graph.interactions.iter().rev().find(|row| {
        row.kind == InteractionKind::Answered && row.connection_id.as_ref() == Some(&connection.id)
    });
    let party = said.and_then(|row| row.data.get("party")).and_then(|party| party.as_str());
    party
        .or(connection.target_number.as_deref())
        .and_then(|number| named(&format!("p:{number}")))
        .or_else(|| named(&format!("a:{}", graph.call.id)))
}

impl Fold<'_> {
    pub(super) fn answerer(&self, connection: &str) -> Option<usize> {
        let row = self.graph.connections.iter().find(|row| &*row.id == connection)?;
        answerer(self.graph, row)
    }

    pub(super) fn join(&mut self, index: usize) {
        if let Some(row) = self.graph.participants.get_mut(index) {
            row.joined_at.get_or_insert(self.at);
            row.left_at = None;
            self.changes.participants.push(index);
        }
    }

    pub(super) fn leave(&mut self, index: usize) {
        if let Some(row) = self.graph.participants.get_mut(index)
            && row.joined_at.is_some()
            && row.left_at.is_none()
        {
            row.left_at = Some(self.at);
            self.changes.participants.push(index);
        }
    }

    /// One of a party's legs is gone: he leaves unless he has another.
    pub(super) fn leg_gone(&mut self, index: usize) {
        let call = &self.graph.call;
        let anchor = index == 0 && call.accepted_at.is_some() && call.anchor_left_at.is_none();
        let connected =
            |row: &Connection| row.ended_at.is_none() && answerer(self.graph, row) == Some(index);
        if !anchor && !self.graph.connections.iter().any(connected) {
            self.leave(index);
        }
    }

    pub(super) fn anchor_left(&mut self) {
        if self.graph.call.anchor_left_at.is_none() {
            self.graph.call.anchor_left_at = Some(self.at);
            self.changes.call = true;
            self.changes.quality = quality::leg_ended(self.graph, self.at, Some(None));
            self.leg_gone(0);
        }
    }
}
