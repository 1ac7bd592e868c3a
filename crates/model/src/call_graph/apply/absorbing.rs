//! The part of the recorder that makes one call of two (D34): what was recorded of a consultation
//! that a plain telephone made as a call of its own is told again as events of the call that
//! survives, and folded at its own times. So the rows are those that there were, had the
//! consultation been part of this call from the beginning (§6.2.5), and `call_absorbed`.
//!
//! What belonged to the other call alone is not told: its IVRs (they were not this caller's way),
//! its own beginning and end, and whoever is not in the Connection that moves.

use std::sync::Arc;

use super::{Fold, Interaction, target_text};
use crate::call_graph::event::{
    Absorbed, AttemptParty, AttemptSeq, CallEvent, ConnectionSeq, Party, Recorded, Target,
};
use crate::call_graph::graph::Context;
use crate::call_graph::words::{
    AttemptOutcome, CallState, ConnectionKind, ConnectionOutcome, InteractionKind, LeaveReason,
    ParticipantRole, TransferMode, TransferState,
};
use crate::directory::AcdStrategy;
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
        let own =
            |row: &&crate::call_graph::graph::Connection| row.answered_user_id.as_ref() == Some(by);
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

/// What is known of the other call from its whole log.
struct Story<'a> {
    by: &'a UserId,
    kind: ConnectionKind,
    /// The number of the Connection here.
    connection: ConnectionSeq,
    /// Its number there.
    there: ConnectionSeq,
    /// Whom it is to reach.
    target: Target,
    /// It was no routing: it gets the Attempt that a consultation has.
    dialled: bool,
    /// Who called `by`: he did not make the other call, he answered it.
    caller: Option<&'a Party>,
    /// Whom `by` talks with; `None`: nobody yet.
    answerer: Option<&'a Party>,
}

impl<'a> Story<'a> {
    /// `None`: nothing moves.
    fn of(absorbed: &'a Absorbed) -> Option<Self> {
        let CallEvent::Started(started) = &absorbed.log.first()?.event else {
            return None;
        };
        let mut open: Vec<(ConnectionSeq, Target, bool)> = Vec::new();
        let mut last = None;
        for Recorded { event, .. } in &absorbed.log {
            if let CallEvent::RoutingStarted { connection, target, .. } = event {
                if open.iter().all(|(seq, ..)| seq != connection) {
                    open.push((*connection, target.clone(), false));
                }
            } else if let CallEvent::DialStarted { connection, to, .. } = event {
                open.push((*connection, Target::External(to.clone()), true));
            } else if let CallEvent::ConnectionEnded { connection, .. } = event
                && let Some(row) = open.iter().position(|(seq, ..)| seq == connection)
            {
                last = Some(open.remove(row));
            }
        }
        // What is over has less to say than what is not.
        let (there, target, dialled) = open.pop().or(last)?;
        let mut story = Self {
            by: &absorbed.by,
            kind: absorbed.kind,
            connection: absorbed.connection?,
            there,
            target,
            dialled,
            caller: None,
            answerer: answerer(&absorbed.log, there),
        };
        if is(&started.caller, &absorbed.by) {
            return Some(story);
        }
        let answered = story.answerer.is_some_and(|who| is(who, &absorbed.by));
        story.caller = Some(&started.caller);
        story.answerer = story.caller;
        story.target = match &started.caller {
            Party::User { user, .. } => Target::User(user.clone()),
            Party::External { number, text, .. } => {
                let number = number.as_ref().map(|number| Arc::from(number.as_str()));
                Target::External(number.or_else(|| text.clone())?)
            }
        };
        (answered && absorbed.kind == ConnectionKind::Consult).then_some(story)
    }

    fn moves(&self, connection: ConnectionSeq) -> bool {
        connection == self.there && self.caller.is_none()
    }

    fn begins(&self) -> Vec<CallEvent> {
        let mut events = Vec::new();
        if self.kind == ConnectionKind::Consult {
            let (by, mode) = (self.by.clone(), TransferMode::Warm);
            let target = target_text(&self.target).into();
            events.push(CallEvent::TransferStarted { by, mode, target });
        }
        if self.caller.is_some() {
            events.push(self.routing(self.target.clone(), AcdStrategy::Single));
            events.push(self.attempt());
        }
        events
    }

    fn routing(&self, target: Target, strategy: AcdStrategy) -> CallEvent {
        let (connection, kind) = (self.connection, self.kind);
        let opened_by = Some(self.by.clone());
        CallEvent::RoutingStarted { connection, kind, opened_by, ivr: None, target, strategy }
    }

    /// The Attempt of a leg that needed none in the other call.
    fn attempt(&self) -> CallEvent {
        let party = match &self.target {
            Target::User(user) => AttemptParty::User(user.clone()),
            Target::External(_) | Target::Group(_) | Target::RecordOwner(_) => {
                AttemptParty::Number(target_text(&self.target).into())
            }
        };
        CallEvent::AttemptStarted {
            connection: self.connection,
            attempt: 1,
            stage: 1,
            round: 1,
            party,
            ivr: None,
            group: None,
            sip_call_id: None,
        }
    }

    fn opens(&self, event: &CallEvent) -> Vec<CallEvent> {
        if let CallEvent::RoutingStarted { connection, target, strategy, .. } = event
            && self.moves(*connection)
        {
            vec![self.routing(target.clone(), *strategy)]
        } else if let CallEvent::DialStarted { connection, to, .. } = event
            && self.moves(*connection)
        {
            if self.kind == ConnectionKind::Consult {
                let target = Target::External(to.clone());
                return vec![self.routing(target, AcdStrategy::Single), self.attempt()];
            }
            let (connection, kind, to) = (self.connection, self.kind, to.clone());
            let added_by = Some(self.by.clone());
            vec![CallEvent::DialStarted { connection, kind, added_by, to }]
        } else {
            Vec::new()
        }
    }

    fn rings(&self) -> Vec<CallEvent> {
        let connection = self.connection;
        vec![if self.has_made_up_attempt() {
            CallEvent::AttemptRinging { connection, attempt: 1 }
        } else {
            CallEvent::DialRinging { connection }
        }]
    }

    fn has_made_up_attempt(&self) -> bool {
        self.kind == ConnectionKind::Consult && (self.dialled || self.caller.is_some())
    }

    fn answered(&self, event: &CallEvent) -> Vec<CallEvent> {
        let CallEvent::Answered { connection, attempt, by, .. } = event else {
            return Vec::new();
        };
        if *connection != self.there || (self.caller.is_some() && !is(by, self.by)) {
            return Vec::new();
        }
        let role = match self.kind {
            ConnectionKind::Add => ParticipantRole::Added,
            ConnectionKind::Consult
            | ConnectionKind::Route
            | ConnectionKind::Dial
            | ConnectionKind::Transfer
            | ConnectionKind::Recall => ParticipantRole::Consulted,
        };
        let attempt = if self.has_made_up_attempt() { Some(1) } else { *attempt };
        let by = self.caller.unwrap_or(by).clone();
        vec![CallEvent::Answered { connection: self.connection, attempt, by, role }]
    }

    /// A consultation that was over before it became part of this call came to nothing.
    fn ends(&self, event: &CallEvent) -> Vec<CallEvent> {
        let CallEvent::ConnectionEnded { connection, .. } = event else {
            return Vec::new();
        };
        if *connection != self.there {
            return Vec::new();
        }
        let mut ended = event.clone();
        if let CallEvent::ConnectionEnded { connection, .. } = &mut ended {
            *connection = self.connection;
        }
        let mut events = Vec::new();
        if self.kind == ConnectionKind::Consult {
            let state = if self.answerer.is_some() {
                TransferState::Abandoned
            } else {
                TransferState::Unanswered
            };
            let (connection, by) = (Some(self.connection), self.by.clone());
            let mode = TransferMode::Warm;
            events.push(CallEvent::TransferEnded { connection, by, mode, state });
        }
        events.push(ended);
        if let Some(who) = self.answerer {
            let (connection, who) = (Some(self.connection), who.clone());
            let reason = LeaveReason::Hangup;
            events.push(CallEvent::PartyLeft { connection, who, reason });
        }
        events
    }

    /// The event, where it is about the Connection that moves.
    fn renamed(&self, event: &CallEvent) -> Option<CallEvent> {
        let mut event = event.clone();
        if let CallEvent::AttemptStarted { ivr, .. } | CallEvent::QueueEntered { ivr, .. } =
            &mut event
        {
            *ivr = None;
        }
        let (CallEvent::StageTargeted { connection: named, .. }
        | CallEvent::TrunkFailedOver { connection: named, .. }
        | CallEvent::AttemptStarted { connection: named, .. }
        | CallEvent::AttemptRinging { connection: named, .. }
        | CallEvent::AttemptEnded { connection: named, .. }
        | CallEvent::AttemptSettled { connection: named, .. }
        | CallEvent::NoAnswer { connection: named, .. }
        | CallEvent::MediaTimedOut { connection: Some(named), .. }
        | CallEvent::QueueEntered { connection: named, .. }
        | CallEvent::QueueLeft { connection: named, .. }) = &mut event
        else {
            return None;
        };
        if !self.moves(*named) {
            return None;
        }
        *named = self.connection;
        Some(event)
    }

    /// A quality event, on the leg that it is about; `own`: the leg of `by` in this call.
    fn of_leg(&self, event: &CallEvent, own: Option<ConnectionSeq>) -> CallEvent {
        let mut event = event.clone();
        if let CallEvent::QualityRaised { connection, .. }
        | CallEvent::QualityWorsened { connection, .. }
        | CallEvent::QualityCleared { connection, .. } = &mut event
        {
            let anchor = connection.is_none();
            let of_other = if self.caller.is_some() { anchor } else { !anchor };
            *connection = if of_other { Some(self.connection) } else { own };
        }
        event
    }
}

fn answerer(log: &[Recorded], connection: ConnectionSeq) -> Option<&Party> {
    let mut answers = log.iter().rev().filter_map(|recorded| {
        if let CallEvent::Answered { connection, by, .. } = &recorded.event {
            Some((*connection, by))
        } else {
            None
        }
    });
    answers.find(|(seq, _)| *seq == connection).map(|(_, by)| by)
}

fn is(party: &Party, user: &UserId) -> bool {
    match party {
        Party::User { user: who, .. } => who == user,
        Party::External { .. } => false,
    }
}
