//! A Connection that is being routed: one over all stages and all their attempts (D3), numbered as
//! D38 says and ended as §4.4 and D41 say. The first of a call is rung for its caller; later ones
//! are opened by transfers, consultations and additions, for whoever is on the call then.

use model::call_graph::event::{AttemptSeq, CallEvent, ConnectionSeq, Target};
use model::call_graph::words::{
    AttemptOutcome, ConnectionKind, ConnectionOutcome, EndReason, NoAnswerReason,
};
use model::directory::AcdStrategy;
use model::{IvrId, TrunkId, UserId};

use super::adopted::Becomes;
use crate::basis::Basis;
use crate::ctx::Ctx;
use crate::outcome::{self, Q850};
use crate::port::{LegId, Shown};

/// What the stages of one Connection share.
#[derive(Debug)]
pub(crate) struct Route {
    /// 0: no stage has begun.
    connection: ConnectionSeq,
    kind: ConnectionKind,
    opened_by: Option<UserId>,
    behalf: Option<Box<Behalf>>,
    stages: u16,
    attempts: AttemptSeq,
    /// The first attempt that ended: the only one, where there was one.
    first: Option<(AttemptOutcome, Q850)>,
}

/// For whom telephones ring that do not ring for the caller of the call.
#[derive(Clone, Debug)]
pub(crate) struct Behalf {
    /// His leg: its session description, Max-Forwards and Call-ID are carried on.
    pub(crate) leg: LegId,
    /// What telephones inside show.
    pub(crate) shown: Shown,
    /// What telephones outside show.
    pub(crate) outside: Shown,
    /// The trunk to use first.
    pub(crate) trunk: Option<TrunkId>,
}

/// How an unanswered Connection came out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unanswered {
    pub(crate) outcome: ConnectionOutcome,
    pub(crate) sip_status: u16,
    pub(crate) q850: Q850,
}

impl Default for Route {
    /// The route of a call's caller.
    fn default() -> Self {
        Self {
            connection: 0,
            kind: ConnectionKind::Route,
            opened_by: None,
            behalf: None,
            stages: 0,
            attempts: 0,
            first: None,
        }
    }
}

impl Route {
    /// A Connection beside those that the call has. `behalf`: `None`: whoever
    /// [`Basis::anchor`] is.
    pub(crate) fn of(
        kind: ConnectionKind,
        opened_by: Option<UserId>,
        behalf: Option<Behalf>,
    ) -> Self {
        let behalf = behalf.map(Box::new);
        Self { kind, opened_by, behalf, ..Self::default() }
    }

    /// Its number, once a stage has begun.
    pub(crate) fn connection(&self) -> ConnectionSeq {
        self.connection
    }

    /// Whether a stage has begun, so that there is a Connection.
    pub(crate) fn is_open(&self) -> bool {
        self.stages > 0
    }

    /// Why it was opened.
    pub(crate) fn kind(&self) -> ConnectionKind {
        self.kind
    }

    /// The user who opened it.
    pub(crate) fn opened_by(&self) -> Option<&UserId> {
        self.opened_by.as_ref()
    }

    /// Attempts that were begun.
    pub(super) fn attempts(&self) -> AttemptSeq {
        self.attempts
    }

    /// A number outside was dialled for it.
    pub(super) fn dialled(&mut self) {
        self.stages = 1;
    }

    /// It is a Connection of another call from now on.
    pub(super) fn becomes(&mut self, becomes: Becomes) {
        let Becomes { connection, kind, opened_by, behalf } = becomes;
        self.connection = connection;
        self.kind = kind;
        self.opened_by = Some(opened_by);
        self.behalf = behalf.map(Box::new);
    }

    /// The leg for which telephones ring.
    pub(crate) fn for_leg(&self, basis: &Basis) -> LegId {
        self.behalf.as_ref().map_or(basis.anchor.leg, |behalf| behalf.leg)
    }

    /// Telephones that ring from now on ring for somebody else.
    pub(crate) fn set_behalf(&mut self, behalf: Behalf) {
        self.behalf = Some(Box::new(behalf));
    }

    /// What telephones inside show.
    pub(crate) fn shown(&self, basis: &Basis) -> Shown {
        self.behalf.as_ref().map_or_else(|| basis.shown.clone(), |behalf| behalf.shown.clone())
    }

    /// What a telephone outside shows that is rung for this user, and the trunk to use first.
    pub(crate) fn outside(
        &self,
        rung_for: Option<&UserId>,
        basis: &Basis,
    ) -> (Shown, Option<TrunkId>) {
        match &self.behalf {
            Some(behalf) => (behalf.outside.clone(), behalf.trunk.clone()),
            None => (basis.shown_outside(rung_for), basis.anchor.trunk.clone()),
        }
    }

    /// A stage begins; the first opens the Connection. Returns its number.
    pub(crate) fn begin_stage(
        &mut self,
        target: Target,
        strategy: AcdStrategy,
        ivr: Option<IvrId>,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) -> u16 {
        if self.stages == 0 {
            self.connection = basis.open_connection();
        }
        self.stages += 1;
        let event = CallEvent::RoutingStarted {
            connection: self.connection,
            kind: self.kind,
            opened_by: self.opened_by.clone(),
            ivr,
            target,
            strategy,
        };
        basis.record(event, ctx);
        self.stages
    }

    pub(crate) fn next_attempt(&mut self) -> AttemptSeq {
        self.attempts += 1;
        self.attempts
    }

    pub(crate) fn attempt_ended(&mut self, outcome: AttemptOutcome, q850: Q850) {
        self.first.get_or_insert((outcome, q850));
    }

    /// Ends the stage that runs: nobody answered it.
    pub(crate) fn stage_failed(&self, reason: NoAnswerReason, basis: &Basis, ctx: &mut Ctx<'_>) {
        let connection = self.connection;
        basis.record(CallEvent::NoAnswer { connection, reason }, ctx);
    }

    /// Ends the Connection, if one was opened: nobody answered it.
    pub(crate) fn end_unanswered(
        &self,
        caller_left: bool,
        basis: &Basis,
        ctx: &mut Ctx<'_>,
    ) -> Option<Unanswered> {
        if self.stages == 0 {
            return None;
        }
        let ended = self.unanswered(caller_left);
        let event = CallEvent::ConnectionEnded {
            connection: self.connection,
            outcome: ended.outcome,
            reason: EndReason::NotAnswered,
            sip_status: Some(ended.sip_status),
            q850: Some(ended.q850),
        };
        basis.record(event, ctx);
        Some(ended)
    }

    fn unanswered(&self, caller_left: bool) -> Unanswered {
        let (outcome, q850) = match (caller_left, self.attempts, self.first) {
            (true, _, _) => (ConnectionOutcome::Canceled, outcome::Q850_NORMAL),
            (false, 0, _) => (ConnectionOutcome::Unavailable, outcome::Q850_ABSENT),
            (false, 1, Some((attempt, q850))) => (outcome::of_only_attempt(attempt), q850),
            (false, _, _) => (ConnectionOutcome::NoAnswer, outcome::Q850_NO_ANSWER),
        };
        Unanswered { outcome, sip_status: outcome::status_of(outcome), q850 }
    }
}
