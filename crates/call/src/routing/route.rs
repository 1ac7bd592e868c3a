//! The Connection of a routed call: one over all stages and all their attempts (D3), numbered as
//! D38 says and ended as §4.4 and D41 say.

use model::IvrId;
use model::call_graph::event::{AttemptSeq, CallEvent, ConnectionSeq, Target};
use model::call_graph::words::{
    AttemptOutcome, ConnectionKind, ConnectionOutcome, EndReason, NoAnswerReason,
};
use model::directory::AcdStrategy;

use crate::basis::Basis;
use crate::ctx::Ctx;
use crate::outcome::{self, Q850};

/// Number of the only Connection that routing opens before somebody has answered.
pub(crate) const CONNECTION: ConnectionSeq = 1;

/// What the stages of one Connection share.
#[derive(Debug, Default)]
pub(crate) struct Route {
    stages: u16,
    attempts: AttemptSeq,
    /// The first attempt that ended: the only one, where there was one.
    first: Option<(AttemptOutcome, Q850)>,
}

/// How an unanswered Connection came out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unanswered {
    pub(crate) outcome: ConnectionOutcome,
    pub(crate) sip_status: u16,
    pub(crate) q850: Q850,
}

impl Route {
    /// A stage begins; the first opens the Connection. Returns its number.
    pub(crate) fn begin_stage(
        &mut self,
        target: Target,
        strategy: AcdStrategy,
        ivr: Option<IvrId>,
        basis: &Basis,
        ctx: &mut Ctx<'_>,
    ) -> u16 {
        self.stages += 1;
        let event = CallEvent::RoutingStarted {
            connection: CONNECTION,
            kind: ConnectionKind::Route,
            opened_by: None,
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
    pub(crate) fn stage_failed(reason: NoAnswerReason, basis: &Basis, ctx: &mut Ctx<'_>) {
        let connection = CONNECTION;
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
            connection: CONNECTION,
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
