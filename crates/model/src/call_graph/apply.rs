//! The recorder: the fold that makes the rows of a call from its log. Every row is a function of
//! the events so far, so the live tables, the hand-off document and a replay after a crash agree.
//!
//! The fold trusts the engine's order but not the disk: an event that names a row that does not
//! exist, or comes after the end, changes nothing (D40).

mod absorbing;
mod parties;
mod quality;
mod transfers;
mod waiting;

use std::sync::Arc;

use serde_json::{Map, Value};

use self::absorbing::given_up;
use super::event::{
    AttemptParty, AttemptSeq, BridgeLeg, CallEvent, ConnectionSeq, Ended, MAIN_BRIDGE, Party,
    Recorded, Started, Target,
};
use super::graph::{
    Call, CallGraph, CallInteraction, Connection, ConnectionAttempt, Context, IvrVisit,
};
use super::words::{
    AnchorKind, AttemptOutcome, CallState, ConnectionKind, ConnectionOutcome, Direction,
    InteractionKind, ParticipantRole,
};
use crate::directory::{AcdStrategy, TargetKind};
use crate::{CallId, IvrId, Millis, UserId};

/// Which rows one event touched; row numbers are indexes into the lists of [`CallGraph`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// The row of `call`.
    pub call: bool,
    /// Row of `connection`.
    pub connection: Option<usize>,
    /// Row of `connection_attempt`.
    pub attempt: Option<usize>,
    /// Rows of `call_participant`.
    pub participants: Vec<usize>,
    /// Rows of `quality_event`.
    pub quality: Vec<usize>,
    /// Row of `queue_wait`.
    pub queue_wait: Option<usize>,
    /// Row of `routing_decision`.
    pub decision: Option<usize>,
    /// The event ended the call.
    pub finished: bool,
    /// Rows have moved: all rows of the call are to be written anew, and those that the graph no
    /// longer has are to go.
    pub rewritten: bool,
}

/// Applies one event to a call's rows; `graph` is `None` before the first. New interactions are
/// at the end of `graph.interactions`.
pub fn apply(graph: &mut Option<CallGraph>, recorded: &Recorded) -> Changes {
    let at = recorded.at;
    match (&mut *graph, &recorded.event) {
        (None, CallEvent::Started(started)) => {
            *graph = Some(begin(&recorded.call, at, started));
            let participants = if started.callee.is_some() { vec![0, 1] } else { vec![0] };
            Changes { call: true, participants, ..Changes::default() }
        }
        (None, _) => Changes::default(),
        (Some(graph), event) if !graph.call.state.is_over() => {
            let mut fold = Fold { graph, at, changes: Changes::default() };
            fold.one(event);
            fold.changes
        }
        (Some(_), _) => Changes::default(),
    }
}

fn begin(id: &CallId, at: Millis, started: &Started) -> CallGraph {
    let anchor_user = match &started.caller {
        Party::User { user, .. } => Some(user.clone()),
        Party::External { .. } => None,
    };
    let call = Call {
        id: id.clone(),
        direction: started.direction,
        state: CallState::Routing,
        outcome: None,
        from_number: started.from_number.clone(),
        to_number: started.to_number.clone(),
        internal_number_id: started.internal_number.clone(),
        anchor_kind: if anchor_user.is_some() { AnchorKind::User } else { AnchorKind::External },
        anchor_user_id: anchor_user.clone(),
        owner_user_id: started.owner.clone(),
        missed_call_owner_user_id: None,
        missed_call_owner_group_id: None,
        initiated_at: at,
        accepted_at: None,
        answered_at: None,
        anchor_left_at: None,
        ended_at: None,
        ended_by: None,
        absorbed_into_call_id: None,
        reply_to_call_id: None,
        end_sip_status: None,
        end_q850: None,
        trunk_id: started.trunk.clone(),
        node: Some(started.node.clone()),
        sip_call_id: started.sip_call_id.clone(),
        revision: 1,
    };
    let mut graph = CallGraph {
        call,
        connections: Vec::new(),
        attempts: Vec::new(),
        participants: Vec::new(),
        interactions: Vec::new(),
        quality_events: Vec::new(),
        queue_waits: Vec::new(),
        decisions: Vec::new(),
        context: Context::default(),
    };
    parties::participant(&mut graph, &started.caller, ParticipantRole::Caller);
    if let Some(callee) = &started.callee {
        parties::participant(&mut graph, callee, ParticipantRole::Callee);
    }
    let direction = match started.direction {
        Direction::Inbound => "inbound",
        Direction::Outbound => "outbound",
        Direction::Internal => "internal",
    };
    let mut interaction = Interaction::of(InteractionKind::CallStarted);
    interaction.user = anchor_user;
    interaction.text("direction", direction).push(&mut graph, at);
    graph
}

/// An interaction being written (model.md §6.2.9 lists which columns each kind may fill).
pub(super) struct Interaction {
    kind: InteractionKind,
    pub(super) connection: Option<Arc<str>>,
    ivr: Option<IvrId>,
    pub(super) user: Option<UserId>,
    data: Map<String, Value>,
}

impl Interaction {
    pub(super) fn of(kind: InteractionKind) -> Self {
        Self { kind, connection: None, ivr: None, user: None, data: Map::new() }
    }

    pub(super) fn text(self, key: &str, value: &str) -> Self {
        self.value(key, Value::from(value))
    }

    /// The key is there if there is something to say.
    pub(super) fn texts(self, key: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.text(key, value),
            None => self,
        }
    }

    fn value(mut self, key: &str, value: Value) -> Self {
        self.data.insert(key.to_owned(), value);
        self
    }

    pub(super) fn push(self, graph: &mut CallGraph, at: Millis) {
        let seq = u32::try_from(graph.interactions.len() + 1).unwrap_or(u32::MAX);
        graph.interactions.push(CallInteraction {
            call_id: graph.call.id.clone(),
            seq,
            at,
            kind: self.kind,
            connection_id: self.connection,
            ivr_id: self.ivr,
            user_id: self.user,
            data: self.data,
        });
    }
}

pub(super) struct Fold<'a> {
    pub(super) graph: &'a mut CallGraph,
    pub(super) at: Millis,
    pub(super) changes: Changes,
}

impl Fold<'_> {
    fn one(&mut self, event: &CallEvent) {
        match event {
            CallEvent::Started(_) => {}
            CallEvent::Accepted => self.accepted(),
            CallEvent::IvrEntered { .. } => self.ivr_entered(event),
            CallEvent::IvrExited { .. } => self.ivr_exited(event),
            CallEvent::RoutingStarted { .. } => self.routing_started(event),
            CallEvent::StageTargeted { connection, target, strategy } => {
                if let Some(row) = self.connection(*connection) {
                    aim(row, target, *strategy);
                }
            }
            CallEvent::DialStarted { .. } => self.dial_started(event),
            CallEvent::DialRinging { connection } => self.dial_ringing(*connection),
            CallEvent::TrunkFailedOver { .. } => self.failed_over(event),
            CallEvent::AttemptStarted { .. } => self.attempt_started(event),
            CallEvent::AttemptRinging { connection, attempt } => {
                self.attempt_ringing(*connection, *attempt);
            }
            CallEvent::AttemptEnded { connection, attempt, outcome, sip_status } => {
                self.attempt_ended(*connection, *attempt, *outcome, *sip_status);
            }
            CallEvent::AttemptSettled { connection, attempt, sip_status } => {
                if let Some(row) = self.attempt(*connection, *attempt) {
                    row.sip_status = Some(*sip_status);
                }
            }
            CallEvent::Answered { connection, attempt, by, role } => {
                self.answered(*connection, *attempt, by, *role);
            }
            CallEvent::NoAnswer { .. } => self.not_answered(event),
            CallEvent::BridgeEntered {
                leg: BridgeLeg::Connection(connection),
                bridge: MAIN_BRIDGE,
            } => self.bridged(*connection),
            // Who talks aside is not bridged to the other side yet (§4.3).
            CallEvent::BridgeEntered { .. }
            | CallEvent::BridgeLeft { .. }
            | CallEvent::Muted { .. } => {}
            CallEvent::TransferStarted { .. }
            | CallEvent::TransferEnded { .. }
            | CallEvent::PartyLeft { .. }
            | CallEvent::RoleChanged { .. }
            | CallEvent::Absorbed(_)
            | CallEvent::AbsorbedInto(_) => self.handed_on(event),
            CallEvent::Held { by, party } => self.hold(InteractionKind::Hold, by, party),
            CallEvent::Resumed { by, party } => self.hold(InteractionKind::Resume, by, party),
            CallEvent::ConnectionEnded { .. } => self.connection_ended(event),
            CallEvent::AnchorLeft => self.anchor_left(),
            CallEvent::MediaTimedOut { .. } => self.media_timed_out(event),
            CallEvent::DigitPressed { user, party, digit } => {
                self.digit_pressed(user, party, *digit);
            }
            CallEvent::QualityRaised { .. }
            | CallEvent::QualityWorsened { .. }
            | CallEvent::QualityCleared { .. } => self.quality_changed(event),
            CallEvent::MenuSelected { .. }
            | CallEvent::MenuInvalid { .. }
            | CallEvent::MenuTimedOut { .. }
            | CallEvent::ScheduleMatched { .. } => self.way_chosen(event),
            CallEvent::QueueEntered { .. }
            | CallEvent::QueueLeft { .. }
            | CallEvent::Decided(_) => self.waited(event),
            CallEvent::DataLost => {
                Interaction::of(InteractionKind::DataLoss).push(self.graph, self.at);
            }
            CallEvent::Ended(ended) => self.ended(ended),
        }
    }

    /// Who waits, and what was decided of it.
    fn waited(&mut self, event: &CallEvent) {
        if let CallEvent::Decided(lines) = event {
            self.changes.decision = Some(waiting::decide(self.graph, self.at, lines));
        } else if let CallEvent::QueueLeft { connection, exit } = event {
            self.changes.queue_wait = waiting::leave(self.graph, self.at, *connection, *exit);
        } else {
            self.changes.queue_wait = waiting::enter(self.graph, self.at, event);
        }
    }

    fn not_answered(&mut self, event: &CallEvent) {
        let CallEvent::NoAnswer { connection, reason } = event else {
            return;
        };
        let mut row = Interaction::of(InteractionKind::NoAnswer);
        row.connection = self.connection_id(*connection);
        row.text("reason", reason.as_str()).push(self.graph, self.at);
    }

    fn media_timed_out(&mut self, event: &CallEvent) {
        let CallEvent::MediaTimedOut { connection, seconds } = event else {
            return;
        };
        let mut row = Interaction::of(InteractionKind::MediaTimeout);
        row.connection = connection.and_then(|seq| self.connection_id(seq));
        row.value("seconds", Value::from(*seconds)).push(self.graph, self.at);
    }

    /// Each of the three knows its own event.
    fn quality_changed(&mut self, event: &CallEvent) {
        let at = self.at;
        let changed = quality::raise(self.graph, at, event)
            .or_else(|| quality::worsen(self.graph, event))
            .or_else(|| quality::clear(self.graph, at, event));
        self.changes.quality.extend(changed);
    }

    /// A menu or a schedule chose, or tried to (§6.2.9).
    fn way_chosen(&mut self, event: &CallEvent) {
        if let CallEvent::MenuSelected { ivr, digit, next } = event {
            let data = [("digit", Some(&*digit.to_string())), ("next", Some(next.as_str()))];
            self.in_ivr(InteractionKind::MenuSelected, ivr, &data);
        } else if let CallEvent::MenuInvalid { ivr, digit } = event {
            let data = [("digit", Some(&*digit.to_string()))];
            self.in_ivr(InteractionKind::MenuInvalid, ivr, &data);
        } else if let CallEvent::MenuTimedOut { ivr } = event {
            self.in_ivr(InteractionKind::MenuTimeout, ivr, &[]);
        } else if let CallEvent::ScheduleMatched { ivr, rule, next } = event {
            let data = [("rule", Some(&**rule)), ("next", next.as_ref().map(IvrId::as_str))];
            self.in_ivr(InteractionKind::ScheduleMatched, ivr, &data);
        }
    }

    fn ivr_exited(&mut self, event: &CallEvent) {
        let CallEvent::IvrExited { ivr, reason, next } = event else {
            return;
        };
        let open = |visit: &&mut IvrVisit| visit.ivr_id == *ivr && visit.exited_at.is_none();
        if let Some(visit) = self.graph.context.ivr_visits.iter_mut().find(open) {
            visit.exited_at = Some(self.at);
            visit.exit_reason = Some(*reason);
        }
        let mut row = Interaction::of(InteractionKind::IvrExited);
        row.ivr = Some(ivr.clone());
        row = row.text("reason", reason.as_str());
        if let Some(next) = next {
            row = row.text("next", next.as_str());
        }
        row.push(self.graph, self.at);
    }

    /// An interaction in an IVR.
    fn in_ivr(&mut self, kind: InteractionKind, ivr: &IvrId, data: &[(&str, Option<&str>)]) {
        let mut row = Interaction::of(kind);
        row.ivr = Some(ivr.clone());
        for (key, value) in data {
            if let Some(value) = value {
                row = row.text(key, value);
            }
        }
        row.push(self.graph, self.at);
    }

    fn failed_over(&mut self, event: &CallEvent) {
        let CallEvent::TrunkFailedOver { connection, from, to, sip_status } = event else {
            return;
        };
        let mut row = Interaction::of(InteractionKind::TrunkFailover);
        row.connection = self.connection_id(*connection);
        row.text("from", from)
            .text("to", to)
            .value("sip_status", Value::from(*sip_status))
            .push(self.graph, self.at);
    }

    fn dial_ringing(&mut self, connection: ConnectionSeq) {
        if let Some(attempt) = self.made_up_attempt(connection) {
            self.attempt_ringing(connection, attempt);
        } else if self.connection(connection).is_some() {
            self.ringing();
        }
    }

    fn attempt_ringing(&mut self, connection: ConnectionSeq, attempt: AttemptSeq) {
        let at = self.at;
        if let Some(row) = self.attempt(connection, attempt)
            && row.ringing_at.is_none()
            && row.ended_at.is_none()
        {
            row.ringing_at = Some(at);
            self.ringing();
        }
    }

    fn bridged(&mut self, connection: ConnectionSeq) {
        let at = self.at;
        if let Some(row) = self.connection(connection)
            && row.answered_at.is_some()
        {
            row.bridged_at.get_or_insert(at);
        }
    }

    pub(super) fn connection(&mut self, seq: ConnectionSeq) -> Option<&mut Connection> {
        let index = usize::from(seq).checked_sub(1)?;
        let row = self.graph.connections.get_mut(index)?;
        self.changes.connection = Some(index);
        Some(row)
    }

    pub(super) fn connection_id(&self, seq: ConnectionSeq) -> Option<Arc<str>> {
        let index = usize::from(seq).checked_sub(1)?;
        self.graph.connections.get(index).map(|row| row.id.clone())
    }

    fn attempt(
        &mut self,
        connection: ConnectionSeq,
        attempt: AttemptSeq,
    ) -> Option<&mut ConnectionAttempt> {
        let id = self.connection_id(connection)?;
        let named = |row: &ConnectionAttempt| row.seq == attempt && row.connection_id == id;
        let index = self.graph.attempts.iter().position(named)?;
        self.changes.attempt = Some(index);
        self.graph.attempts.get_mut(index)
    }

    fn accepted(&mut self) {
        if self.graph.call.accepted_at.is_none() {
            self.graph.call.accepted_at = Some(self.at);
            self.changes.call = true;
            self.join(0);
        }
    }

    fn ivr_entered(&mut self, event: &CallEvent) {
        let CallEvent::IvrEntered { ivr, group, record_owner, missed_call_owner } = event else {
            return;
        };
        let visits = self.graph.context.ivr_visits.len();
        let visit = IvrVisit {
            seq: u16::try_from(visits + 1).unwrap_or(u16::MAX),
            ivr_id: ivr.clone(),
            entered_at: self.at,
            exited_at: None,
            exit_reason: None,
            group_id: group.clone(),
            record_owner_user_id: record_owner.clone(),
            missed_call_owner_user_id: missed_call_owner.clone(),
        };
        if record_owner.is_some() {
            self.graph.call.owner_user_id.clone_from(record_owner);
            self.changes.call = true;
        }
        let mut row = Interaction::of(InteractionKind::IvrEntered);
        row.ivr = Some(ivr.clone());
        row.push(self.graph, self.at);
        self.graph.context.ivr_visits.push(visit);
    }

    fn open(&mut self, seq: ConnectionSeq, opening: &Opening<'_>) {
        if usize::from(seq) != self.graph.connections.len() + 1 {
            return;
        }
        let call_id = self.graph.call.id.clone();
        let mut row = Connection {
            id: format!("{call_id}-c{seq}").into(),
            call_id,
            seq,
            kind: opening.kind,
            opened_by_user_id: opening.opened_by.clone(),
            target_kind: TargetKind::External,
            target_user_id: None,
            target_group_id: None,
            target_number: None,
            strategy: opening.strategy,
            opened_at: self.at,
            answered_at: None,
            bridged_at: None,
            ended_at: None,
            outcome: None,
            answered_user_id: None,
            transfer_state: None,
            end_reason: None,
            sip_status: None,
            q850: None,
        };
        aim(&mut row, opening.target, opening.strategy);
        self.changes.connection = Some(self.graph.connections.len());
        self.graph.connections.push(row);
    }

    fn routing_started(&mut self, event: &CallEvent) {
        let CallEvent::RoutingStarted { connection, kind, opened_by, ivr, target, strategy } =
            event
        else {
            return;
        };
        self.open(*connection, &Opening { kind: *kind, opened_by, target, strategy: *strategy });
        let mut row = Interaction::of(InteractionKind::RoutingStarted);
        row.connection = self.connection_id(*connection);
        row.ivr.clone_from(ivr);
        row = row.text("target", target_text(target));
        row = row.text("strategy", strategy.as_str());
        if *kind == ConnectionKind::Add {
            row.user.clone_from(opened_by);
            row = row.value("added", Value::from(true));
        }
        row.push(self.graph, self.at);
    }

    fn dial_started(&mut self, event: &CallEvent) {
        let CallEvent::DialStarted { connection, kind, added_by, to } = event else {
            return;
        };
        let target = Target::External(to.clone());
        let strategy = AcdStrategy::Single;
        let opening = Opening { kind: *kind, opened_by: added_by, target: &target, strategy };
        self.open(*connection, &opening);
        let mut row = Interaction::of(InteractionKind::DialStarted);
        row.connection = self.connection_id(*connection);
        row.user.clone_from(added_by);
        row.text("to", to)
            .value("added", Value::from(*kind == ConnectionKind::Add))
            .push(self.graph, self.at);
    }

    fn ringing(&mut self) {
        if self.graph.call.state == CallState::Routing {
            self.graph.call.state = CallState::Ringing;
            self.changes.call = true;
        }
    }

    fn attempt_started(&mut self, event: &CallEvent) {
        let CallEvent::AttemptStarted {
            connection,
            attempt,
            stage,
            round,
            party,
            ivr,
            group,
            sip_call_id,
        } = event
        else {
            return;
        };
        let Some(connection_id) = self.connection_id(*connection) else {
            return;
        };
        let (user_id, number) = match party {
            AttemptParty::User(user) => (Some(user.clone()), None),
            AttemptParty::Number(number) => (None, Some(number.clone())),
        };
        self.changes.attempt = Some(self.graph.attempts.len());
        self.graph.attempts.push(ConnectionAttempt {
            id: format!("{connection_id}-a{attempt}").into(),
            call_id: self.graph.call.id.clone(),
            connection_id,
            seq: *attempt,
            stage: *stage,
            round: *round,
            user_id,
            number,
            ivr_id: ivr.clone(),
            group_id: group.clone(),
            started_at: self.at,
            ringing_at: None,
            ended_at: None,
            outcome: None,
            sip_status: None,
            sip_call_id: sip_call_id.clone(),
        });
    }

    fn attempt_ended(
        &mut self,
        connection: ConnectionSeq,
        attempt: AttemptSeq,
        outcome: AttemptOutcome,
        sip_status: Option<u16>,
    ) {
        let at = self.at;
        if let Some(row) = self.attempt(connection, attempt)
            && row.ended_at.is_none()
        {
            row.ended_at = Some(at);
            row.outcome = Some(outcome);
            row.sip_status = sip_status;
        }
    }

    fn answered(
        &mut self,
        connection: ConnectionSeq,
        attempt: Option<AttemptSeq>,
        by: &Party,
        role: ParticipantRole,
    ) {
        let at = self.at;
        let (user, outside) = match by {
            Party::User { user, .. } => (Some(user.clone()), None),
            Party::External { number, text, .. } => {
                let shown = number.as_ref().map(|number| Arc::from(number.as_str()));
                (None, shown.or_else(|| text.clone()))
            }
        };
        let Some(row) = self.connection(connection) else {
            return;
        };
        row.answered_at = Some(at);
        row.outcome = Some(ConnectionOutcome::Answered);
        row.answered_user_id = user.clone();
        row.sip_status = Some(200);
        let kind = row.kind;
        if let Some(attempt) = attempt.or_else(|| self.made_up_attempt(connection)) {
            self.attempt_ended(connection, attempt, AttemptOutcome::Answered, Some(200));
        }
        if matches!(kind, ConnectionKind::Route | ConnectionKind::Dial) {
            self.graph.call.answered_at.get_or_insert(at);
            self.graph.call.state = CallState::InProgress;
            self.changes.call = true;
        }
        let index = parties::participant(self.graph, by, role);
        self.join(index);
        let mut row = Interaction::of(InteractionKind::Answered);
        row.connection = self.connection_id(connection);
        row.user = user;
        if let Some(outside) = outside {
            row = row.text("party", &outside);
        }
        row.push(self.graph, at);
    }

    fn digit_pressed(&mut self, user: &Option<UserId>, party: &str, digit: char) {
        let mut row = Interaction::of(InteractionKind::Dtmf);
        row.user.clone_from(user);
        row = row.text("party", party);
        row.text("digit", digit.encode_utf8(&mut [0; 4])).push(self.graph, self.at);
    }

    fn hold(&mut self, kind: InteractionKind, by: &Option<UserId>, party: &str) {
        let mut row = Interaction::of(kind);
        row.user = by.clone();
        row.text("party", party).push(self.graph, self.at);
    }

    fn connection_ended(&mut self, event: &CallEvent) {
        let CallEvent::ConnectionEnded { connection, outcome, reason, sip_status, q850 } = event
        else {
            return;
        };
        let at = self.at;
        let Some(row) = self.connection(*connection) else {
            return;
        };
        if row.ended_at.is_some() {
            return;
        }
        row.ended_at = Some(at);
        row.end_reason = Some(*reason);
        row.q850 = *q850;
        let id = row.id.clone();
        self.changes.quality = quality::leg_ended(self.graph, at, Some(Some(&id)));
        let Some(row) = self.connection(*connection) else {
            return;
        };
        if row.answered_at.is_none() {
            row.outcome = Some(*outcome);
            row.sip_status = *sip_status;
            if let Some(attempt) = self.made_up_attempt(*connection) {
                self.attempt_ended(*connection, attempt, given_up(*outcome), *sip_status);
            }
            return;
        }
        if let Some(index) = self.answerer(&id) {
            self.leg_gone(index);
        }
    }

    fn ended(&mut self, ended: &Ended) {
        self.anchor_left();
        let open = quality::leg_ended(self.graph, self.at, None);
        self.changes.quality.extend(open);
        for index in 0..self.graph.participants.len() {
            self.leave(index);
        }
        let row = Interaction::of(InteractionKind::CallEnded);
        row.text("by", ended.by.as_str()).push(self.graph, self.at);
        let call = &mut self.graph.call;
        call.state = CallState::Finished;
        call.outcome = Some(ended.outcome);
        call.owner_user_id = ended.owner.clone();
        call.missed_call_owner_user_id = ended.missed_call_owner.clone();
        call.missed_call_owner_group_id = ended.missed_call_owner_group.clone();
        call.ended_at = Some(self.at);
        call.ended_by = Some(ended.by);
        call.end_sip_status = ended.sip_status;
        call.end_q850 = ended.q850;
        let visits = std::mem::take(&mut self.graph.context.ivr_visits);
        self.graph.context = Context { ivr_visits: visits, ..ended.context.clone() };
        self.changes.call = true;
        self.changes.finished = true;
    }
}

/// What opens a Connection or a further stage of it.
struct Opening<'a> {
    kind: ConnectionKind,
    opened_by: &'a Option<UserId>,
    target: &'a Target,
    strategy: AcdStrategy,
}

fn aim(row: &mut Connection, target: &Target, strategy: AcdStrategy) {
    row.strategy = strategy;
    (row.target_user_id, row.target_group_id, row.target_number) = (None, None, None);
    row.target_kind = match target {
        Target::User(user) => {
            row.target_user_id = Some(user.clone());
            TargetKind::User
        }
        Target::Group(group) => {
            row.target_group_id = Some(group.clone());
            TargetKind::Group
        }
        Target::RecordOwner(user) => {
            row.target_user_id.clone_from(user);
            TargetKind::RecordOwner
        }
        Target::External(number) => {
            row.target_number = Some(number.clone());
            TargetKind::External
        }
    };
}

fn target_text(target: &Target) -> &str {
    match target {
        Target::User(user) | Target::RecordOwner(Some(user)) => user.as_str(),
        Target::Group(group) => group.as_str(),
        Target::RecordOwner(None) => "record_owner",
        Target::External(number) => number,
    }
}
