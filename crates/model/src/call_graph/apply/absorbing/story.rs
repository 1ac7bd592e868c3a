//! What is known of an absorbed call from its whole log, and how each of its events is told as one
//! of the call that has it now.

use std::sync::Arc;

use super::super::target_text;
use crate::UserId;
use crate::call_graph::event::{
    Absorbed, AttemptParty, CallEvent, ConnectionSeq, Party, Recorded, Target,
};
use crate::call_graph::words::{
    ConnectionKind, LeaveReason, ParticipantRole, TransferMode, TransferState,
};
use crate::directory::AcdStrategy;

/// What is known of the other call from its whole log.
pub(super) struct Story<'a> {
    pub(super) by: &'a UserId,
    kind: ConnectionKind,
    /// The number of the Connection here.
    pub(super) connection: ConnectionSeq,
    /// Its number there.
    there: ConnectionSeq,
    /// Whom it is to reach.
    target: Target,
    /// It was no routing: it gets the Attempt that a consultation has.
    dialled: bool,
    /// Who called `by`: he did not make the other call, he answered it.
    caller: Option<&'a Party>,
    /// Whom `by` talks with; `None`: nobody yet.
    pub(super) answerer: Option<&'a Party>,
}

impl<'a> Story<'a> {
    /// `None`: nothing moves.
    pub(super) fn of(absorbed: &'a Absorbed) -> Option<Self> {
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

    pub(super) fn moves(&self, connection: ConnectionSeq) -> bool {
        connection == self.there && self.caller.is_none()
    }

    pub(super) fn begins(&self) -> Vec<CallEvent> {
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

    pub(super) fn opens(&self, event: &CallEvent) -> Vec<CallEvent> {
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

    pub(super) fn rings(&self) -> Vec<CallEvent> {
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

    pub(super) fn answered(&self, event: &CallEvent) -> Vec<CallEvent> {
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
    pub(super) fn ends(&self, event: &CallEvent) -> Vec<CallEvent> {
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
    pub(super) fn renamed(&self, event: &CallEvent) -> Option<CallEvent> {
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
    pub(super) fn of_leg(&self, event: &CallEvent, own: Option<ConnectionSeq>) -> CallEvent {
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

pub(super) fn is(party: &Party, user: &UserId) -> bool {
    match party {
        Party::User { user: who, .. } => who == user,
        Party::External { .. } => false,
    }
}
