//! The part of the recorder that folds what happens to a call that is handed on: transfers, parties
//! that leave while it goes on, and consultations that become part of it (D10, D34, §6.2.5–6).

use super::{Fold, Interaction};
use crate::UserId;
use crate::call_graph::event::{CallEvent, ConnectionSeq, Party};
use crate::call_graph::words::{
    InteractionKind, LeaveReason, ParticipantRole, TransferMode, TransferState,
};

impl Fold<'_> {
    /// Each event knows its own part.
    pub(super) fn handed_on(&mut self, event: &CallEvent) {
        if let CallEvent::TransferStarted { by, mode, target } = event {
            let mut row = Interaction::of(InteractionKind::TransferStarted);
            row.user = Some(by.clone());
            row.text("mode", mode.as_str()).text("target", target).push(self.graph, self.at);
        } else if let CallEvent::TransferEnded { connection, by, mode, state } = event {
            self.transfer_ended(*connection, by, *mode, *state);
        } else if let CallEvent::PartyLeft { connection, who, reason } = event {
            self.party_has_left(*connection, who, *reason);
        } else if let CallEvent::RoleChanged { connection, role } = event {
            self.role_changed(*connection, *role);
        } else if let CallEvent::Absorbed(absorbed) = event {
            self.absorb(absorbed);
        } else if let CallEvent::AbsorbedInto(survivor) = event {
            self.absorbed_into(survivor);
        }
    }

    fn transfer_ended(
        &mut self,
        connection: Option<ConnectionSeq>,
        by: &UserId,
        mode: TransferMode,
        state: TransferState,
    ) {
        if let Some(row) = connection.and_then(|seq| self.connection(seq)) {
            row.transfer_state = Some(state);
        }
        let kind = match state {
            // Who was consulted hears the other side from now on, as after any warm transfer.
            TransferState::Completed | TransferState::Conference => {
                InteractionKind::TransferCompleted
            }
            TransferState::Unanswered => InteractionKind::TransferUnanswered,
            TransferState::Returned => InteractionKind::TransferReturned,
            TransferState::Abandoned => InteractionKind::TransferAbandoned,
        };
        let mut row = Interaction::of(kind);
        row.connection = connection.and_then(|seq| self.connection_id(seq));
        row.user = Some(by.clone());
        row.text("mode", mode.as_str()).push(self.graph, self.at);
    }

    fn party_has_left(
        &mut self,
        connection: Option<ConnectionSeq>,
        who: &Party,
        reason: LeaveReason,
    ) {
        let mut row = Interaction::of(InteractionKind::ParticipantLeft);
        row.connection = connection.and_then(|seq| self.connection_id(seq));
        match who {
            Party::User { user, .. } => row.user = Some(user.clone()),
            Party::External { number, text, .. } => {
                let shown = number.as_ref().map(|number| number.as_str());
                row = row.texts("party", shown.or(text.as_deref()));
            }
        }
        row.text("reason", reason.as_str()).push(self.graph, self.at);
    }

    fn role_changed(&mut self, connection: ConnectionSeq, role: ParticipantRole) {
        let Some(answerer) = self.connection_id(connection).and_then(|id| self.answerer(&id))
        else {
            return;
        };
        // Who had a part of his own before keeps it (a callee who left and was consulted later).
        if let Some(row) = self.graph.participants.get_mut(answerer)
            && row.role == ParticipantRole::Consulted
        {
            row.role = role;
            self.changes.participants.push(answerer);
        }
    }
}
