//! Two legs hear each other, until one of them leaves, media dies or the server stops. Hold is
//! recorded for either side (D45).

use model::call_graph::event::{BridgeLeg, CallEvent};
use model::call_graph::words::{CallOutcome, ConnectionOutcome, EndReason, EndedBy};

use super::Stage;
use super::ending::Ending;
use crate::basis::Basis;
use crate::ctx::Ctx;
use crate::leg::{Far, ended_by, held_name, hung_up_by, user_of};
use crate::outcome;
use crate::port::{CallInput, LegCommand, LegEvent, LegId, Release};

/// The only bridge of a call that nobody has transferred.
const BRIDGE: u16 = 1;

/// A conversation of two.
#[derive(Debug)]
pub(crate) struct Bridged {
    far: Far,
    /// The caller has put the far side on hold.
    anchor_holds: bool,
    /// The far side has put the caller on hold.
    far_holds: bool,
}

impl Bridged {
    /// Joins the caller with who has answered; the answer itself has been recorded.
    pub(crate) fn begin(far: Far, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        let accept = !basis.anchor.is_accepted();
        if accept {
            basis.record(CallEvent::Accepted, ctx);
        }
        for leg in [BridgeLeg::Anchor, BridgeLeg::Connection(far.connection)] {
            let bridge = BRIDGE;
            basis.record(CallEvent::BridgeEntered { leg, bridge }, ctx);
        }
        if accept {
            basis.anchor.accept(Some(far.leg), ctx);
        }
        ctx.order(LegCommand::Bridge { a: basis.anchor.leg, b: far.leg });
        Stage::Bridged(Self { far, anchor_holds: false, far_holds: false })
    }

    pub(crate) fn leg(&self) -> LegId {
        self.far.leg
    }

    pub(crate) fn handle(
        mut self,
        input: CallInput,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) -> Stage {
        let (leg, event) = match input {
            CallInput::Leg(leg, event) => (leg, event),
            CallInput::UserTaken(_) | CallInput::Record(_) => return Stage::Bridged(self),
            CallInput::Release => {
                let (by, reason) = (EndedBy::System, EndReason::CallEnded);
                return self.end(None, by, reason, Release::Shutdown, basis, ctx);
            }
        };
        if leg != basis.anchor.leg && leg != self.far.leg {
            return Stage::Bridged(self);
        }
        match event {
            LegEvent::HungUp | LegEvent::Failed { .. } | LegEvent::Cancelled => {
                let party = match leg == self.far.leg {
                    true => &self.far.party,
                    false => &basis.anchor.party,
                };
                let (by, reason) = (ended_by(party), hung_up_by(party));
                self.end(Some(leg), by, reason, Release::Normal, basis, ctx)
            }
            LegEvent::MediaTimedOut { seconds } => {
                let connection = (leg == self.far.leg).then_some(self.far.connection);
                let event = CallEvent::MediaTimedOut { connection, seconds };
                basis.record(event, ctx);
                let (by, reason) = (EndedBy::System, EndReason::MediaTimeout);
                self.end(None, by, reason, Release::MediaTimeout, basis, ctx)
            }
            LegEvent::Held => {
                self.hold(leg, true, basis, ctx);
                Stage::Bridged(self)
            }
            LegEvent::Resumed => {
                self.hold(leg, false, basis, ctx);
                Stage::Bridged(self)
            }
            LegEvent::Rang { .. }
            | LegEvent::Answered
            | LegEvent::Settled { .. }
            | LegEvent::Digit(_)
            | LegEvent::Played { .. }
            | LegEvent::Quality(_)
            | LegEvent::RecordingFailed { .. } => Stage::Bridged(self),
        }
    }

    fn hold(&mut self, leg: LegId, holds: bool, basis: &Basis, ctx: &mut Ctx<'_>) {
        let (held_before, holder, held) = match leg == self.far.leg {
            true => (&mut self.far_holds, &self.far.party, &basis.anchor.party),
            false => (&mut self.anchor_holds, &basis.anchor.party, &self.far.party),
        };
        if *held_before == holds {
            return;
        }
        *held_before = holds;
        let by = user_of(holder).cloned();
        let party = held_name(held, &basis.id);
        let event = match holds {
            true => CallEvent::Held { by, party },
            false => CallEvent::Resumed { by, party },
        };
        basis.record(event, ctx);
    }

    /// Ends the call. `gone`: the leg that has left by itself.
    fn end(
        self,
        gone: Option<LegId>,
        by: EndedBy,
        reason: EndReason,
        why: Release,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) -> Stage {
        let event = CallEvent::ConnectionEnded {
            connection: self.far.connection,
            outcome: ConnectionOutcome::Answered,
            reason,
            sip_status: None,
            q850: Some(outcome::Q850_NORMAL),
        };
        basis.record(event, ctx);
        if gone == Some(basis.anchor.leg) {
            basis.anchor.left();
        }
        if let Some(user) = user_of(&self.far.party) {
            ctx.pools.free(user, &basis.id);
        }
        let ending = Ending {
            by,
            why,
            outcome: CallOutcome::Answered,
            sip_status: 200,
            q850: outcome::Q850_NORMAL,
        };
        let closed = ending.record(basis, ctx);
        if gone != Some(self.far.leg) {
            let leg = self.far.leg;
            ctx.order(LegCommand::HangUp { leg, why });
        }
        closed.release(basis, ctx)
    }
}
