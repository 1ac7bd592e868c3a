//! The last step of a call: its last row, then the release of the legs it still has, then
//! `Finished`. It waits for nothing: what the legs say afterwards changes no row (D40).

use model::call_graph::event::{CallEvent, Ended};
use model::call_graph::words::{CallOutcome, ConnectionOutcome, EndedBy};

use super::Stage;
use crate::basis::Basis;
use crate::context::context;
use crate::ctx::Ctx;
use crate::outcome;
use crate::port::{CallOutput, Release};
use crate::routing::route::Route;

/// How a call ends.
#[derive(Debug)]
pub(crate) struct Ending {
    pub(crate) by: EndedBy,
    /// Why the caller's leg is released, if it has to be.
    pub(crate) why: Release,
    pub(crate) outcome: CallOutcome,
    /// What the caller gets who was never answered.
    pub(crate) sip_status: u16,
    pub(crate) q850: u16,
}

/// A call whose last row is written.
#[derive(Debug)]
pub(crate) struct Closed {
    why: Release,
    sip_status: u16,
}

impl Ending {
    pub(crate) fn finish(self, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        self.record(basis, ctx).release(basis, ctx)
    }

    /// Writes the last row.
    pub(crate) fn record(self, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Closed {
        basis.explain(ctx);
        let answered = self.outcome == CallOutcome::Answered;
        let routed = self.outcome != CallOutcome::Unroutable;
        let missed = routed && !answered;
        let ended = Ended {
            by: self.by,
            outcome: self.outcome,
            owner: basis.owner().filter(|_| routed),
            missed_call_owner: basis.missed_call_owner().filter(|_| missed),
            missed_call_owner_group: basis.missed_call_owner_group().filter(|_| missed),
            sip_status: (!basis.anchor.is_accepted())
                .then_some(self.sip_status)
                .filter(|_| !answered),
            q850: Some(self.q850),
            context: context(basis),
        };
        basis.record(CallEvent::Ended(Box::new(ended)), ctx);
        Closed { why: self.why, sip_status: self.sip_status }
    }
}

impl Closed {
    /// Lets the caller go.
    pub(crate) fn release(self, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        if let Some(user) = basis.anchor.user() {
            ctx.floor.free(user, &basis.id, ctx.now);
        }
        basis.anchor.release(self.sip_status, self.why, ctx);
        ctx.out.push(CallOutput::Finished);
        Stage::Ended
    }
}

/// Ends a call that was routed and that nobody answered.
pub(crate) fn unanswered(
    route: &Route,
    by: EndedBy,
    why: Release,
    basis: &mut Basis,
    ctx: &mut Ctx<'_>,
) -> Stage {
    if let Some(handed) = basis.handed.take() {
        return handed.in_vain(route, by, why, basis, ctx);
    }
    let caller_left = basis.anchor.is_gone();
    let connection = route.end_unanswered(caller_left, basis, ctx);
    let outcome = match connection {
        None if caller_left => Some(ConnectionOutcome::Canceled),
        _ => connection.map(|ended| ended.outcome),
    };
    let nobody = outcome.unwrap_or(ConnectionOutcome::Unavailable);
    Ending {
        by,
        why,
        outcome: outcome::of_unanswered_call(basis.direction, outcome),
        sip_status: outcome::status_of(nobody),
        q850: match connection {
            Some(ended) => ended.q850,
            None if caller_left => outcome::Q850_NORMAL,
            None => outcome::Q850_ABSENT,
        },
    }
    .finish(basis, ctx)
}
