//! The part of the recorder that makes one call of two (D34): what was recorded of a consultation
//! that a plain telephone made as a call of its own is told again as events of the call that
//! survives, and folded at its own times. So the rows are those that there were, had the
//! consultation been part of this call from the beginning (§6.2.5), and `call_absorbed`.
//!
//! What belonged to the other call alone is not told: its IVRs (they were not this caller's way),
//! its own beginning and end, and whoever is not in the Connection that moves.

mod story;

use self::story::{Story, is};
use super::{Fold, Interaction};
use crate::call_graph::event::{Absorbed, AttemptSeq, CallEvent, ConnectionSeq, Recorded};
use crate::call_graph::graph::{Connection, Context};
use crate::call_graph::words::{
    AttemptOutcome, CallState, ConnectionKind, ConnectionOutcome, InteractionKind,
};
use crate::{CallId, Millis, UserId};

/// A telephone that begins its second call first and tells us of the hold then: so much later the
/// hold still counts as before the consultation (§6.2.7).
const HOLD_AFTER_MS: i64 = 1_000;

/// How an Attempt counts that ended with its Connection.
pub(super) fn given_up(outcome: ConnectionOutcome) -> AttemptOutcome {
    match outcome {
        ConnectionOutcome::Answered => AttemptOutcome::Answered,
        ConnectionOutcome::NoAnswer => AttemptOutcome::NoAnswer,
        ConnectionOutcome::Busy => AttemptOutcome::Busy,
        ConnectionOutcome::Declined => AttemptOutcome::Declined,
        ConnectionOutcome::Unavailable => AttemptOutcome::Unavailable,
        ConnectionOutcome::Canceled => AttemptOutcome::CallerHangup,
        ConnectionOutcome::Failed => AttemptOutcome::Failed,
    }
}

impl Fold<'_> {
    /// The other call has become part of this one.
    pub(super) fn absorb(&mut self, absorbed: &Absorbed) {
        if let Some(story) = Story::of(absorbed)
            && usize::from(story.connection) == self.graph.connections.len() + 1
        {
            let now = self.at;
            let earliest = self.earliest(absorbed).max(self.last_left(&story));
            for Recorded { at, event, .. } in &absorbed.log {
                self.at = (*at).max(earliest).min(now);
                for event in self.told_again(event, &story) {
                    self.one(&event);
                }
            }
            self.at = now;
            self.put_in_order();
        }
        let row = Interaction::of(InteractionKind::CallAbsorbed);
        row.text("call_id", absorbed.call.as_str()).push(self.graph, self.at);
        self.changes.rewritten = true;
    }

    /// This call has become part of another one, which has its rows now.
    pub(super) fn absorbed_into(&mut self, survivor: &CallId) {
        let graph = &mut *self.graph;
        graph.call.state = CallState::Absorbed;
        graph.call.absorbed_into_call_id = Some(survivor.clone());
        graph.connections.clear();
        graph.attempts.clear();
        graph.participants.clear();
        graph.interactions.clear();
        graph.quality_events.clear();
        graph.queue_waits.clear();
        graph.decisions.clear();
        graph.context = Context::default();
        self.changes.call = true;
        self.changes.finished = true;
        self.changes.rewritten = true;
    }

    /// The Attempt that stands for a dial of the absorbed call, while it is open: no event of the
    /// engine names it.
    pub(super) fn made_up_attempt(&self, connection: ConnectionSeq) -> Option<AttemptSeq> {
        let row = self.graph.connections.get(usize::from(connection).checked_sub(1)?)?;
        let mut rows = self.graph.attempts.iter().filter(|other| other.connection_id == row.id);
        let attempt = rows.next().filter(|one| one.number.is_some() && one.ended_at.is_none());
        let only = row.kind == ConnectionKind::Consult && rows.next().is_none();
        attempt.filter(|_| only).map(|attempt| attempt.seq)
    }

    /// Nothing of the other call is older than this one, or than the hold that it implies: each
    /// call counts the milliseconds for itself.
    fn earliest(&self, absorbed: &Absorbed) -> Millis {
        let began = absorbed.log.first().map_or(self.at, |first| first.at);
        let hold = self.graph.interactions.iter().rev().find(|row| {
            row.kind == InteractionKind::Hold && row.user_id.as_ref() == Some(&absorbed.by)
        });
        let hold = hold.map(|row| row.at).filter(|at| at.0 - began.0 <= HOLD_AFTER_MS);
        hold.map_or(began, |hold| hold.max(began)).max(self.graph.call.initiated_at)
    }

    /// When whoever comes with the other call left this one: he was on two lines at once then, and
    /// nobody answers two Connections of a call at a time.
    fn last_left(&self, story: &Story<'_>) -> Millis {
        let rows = self.graph.connections.iter().filter(|row| {
            let user = row.answered_user_id.as_ref();
            user.is_some_and(|user| story.answerer.is_some_and(|who| is(who, user)))
        });
        let left = rows.filter_map(|row| row.ended_at).max();
        left.unwrap_or(self.graph.call.initiated_at)
    }

    /// Interactions, attempts and decisions stand in order of time; of those with one time, the
    /// ones that this call had stand first.
    fn put_in_order(&mut self) {
        self.graph.attempts.sort_by_key(|row| row.started_at);
        self.graph.interactions.sort_by_key(|row| row.at);
        for (row, seq) in self.graph.interactions.iter_mut().zip(1..) {
            row.seq = seq;
        }
        self.graph.decisions.sort_by_key(|row| row.at);
        for (row, seq) in self.graph.decisions.iter_mut().zip(1..) {
            row.seq = seq;
        }
    }

    /// The Connection of `by` in this call; `None`: he is its anchor.
    fn own_leg(&self, by: &UserId) -> Option<ConnectionSeq> {
        let own = |row: &&Connection| row.answered_user_id.as_ref() == Some(by);
        self.graph.connections.iter().rev().find(own).map(|row| row.seq)
    }

    /// What an event of the other call is in this one.
    fn told_again(&self, event: &CallEvent, story: &Story<'_>) -> Vec<CallEvent> {
        match event {
            CallEvent::Started(_) => story.begins(),
            CallEvent::RoutingStarted { .. } | CallEvent::DialStarted { .. } => story.opens(event),
            CallEvent::Answered { .. } => story.answered(event),
            CallEvent::ConnectionEnded { .. } => story.ends(event),
            CallEvent::DialRinging { connection } if story.moves(*connection) => story.rings(),
            CallEvent::Held { .. }
            | CallEvent::Resumed { .. }
            | CallEvent::DigitPressed { .. }
            | CallEvent::Decided(_)
            | CallEvent::DataLost => vec![event.clone()],
            CallEvent::QualityRaised { .. }
            | CallEvent::QualityWorsened { .. }
            | CallEvent::QualityCleared { .. } => {
                vec![story.of_leg(event, self.own_leg(story.by))]
            }
            CallEvent::StageTargeted { .. }
            | CallEvent::TrunkFailedOver { .. }
            | CallEvent::AttemptStarted { .. }
            | CallEvent::AttemptRinging { .. }
            | CallEvent::AttemptEnded { .. }
            | CallEvent::AttemptSettled { .. }
            | CallEvent::NoAnswer { .. }
            | CallEvent::MediaTimedOut { .. }
            | CallEvent::QueueEntered { .. }
            | CallEvent::QueueLeft { .. } => story.renamed(event).into_iter().collect(),
            CallEvent::DialRinging { .. }
            | CallEvent::Accepted
            | CallEvent::IvrEntered { .. }
            | CallEvent::IvrExited { .. }
            | CallEvent::MenuSelected { .. }
            | CallEvent::MenuInvalid { .. }
            | CallEvent::MenuTimedOut { .. }
            | CallEvent::ScheduleMatched { .. }
            | CallEvent::BridgeEntered { .. }
            | CallEvent::BridgeLeft { .. }
            | CallEvent::Muted { .. }
            | CallEvent::AnchorLeft
            | CallEvent::TransferStarted { .. }
            | CallEvent::TransferEnded { .. }
            | CallEvent::PartyLeft { .. }
            | CallEvent::RoleChanged { .. }
            | CallEvent::Absorbed(_)
            | CallEvent::AbsorbedInto(_)
            | CallEvent::Ended(_) => Vec::new(),
        }
    }
}
