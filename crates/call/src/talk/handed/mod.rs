//! A party of a call that goes where callers go, because a user has handed it on: through an IVR
//! ([`into_ivr`]), to a mailbox ([`into_voicemail`]). [`Basis::anchor`] is whoever waits there, be
//! it a Connection; the caller of the call is back in his place when it talks again, or is over.

pub(crate) mod into_ivr;
pub(crate) mod into_voicemail;

use model::UserId;
use model::call_graph::event::{BridgeLeg, CallEvent, ConnectionSeq};
use model::call_graph::words::{
    CallOutcome, ConnectionOutcome, EndReason, EndedBy, TransferMode, TransferState,
};

use super::{Present, Talk};
use crate::basis::Basis;
use crate::ctx::Ctx;
use crate::leg::{Anchor, Far, hung_up_by};
use crate::limits::Unanswered;
use crate::outcome;
use crate::port::{LegCommand, LegId, Release, Shown};
use crate::routing::route::Route;
use crate::sound::ears::Purpose as Plays;
use crate::stage::Stage;
use crate::stage::ending::Ending;

/// Who was handed on, and by whom.
#[derive(Debug)]
pub(crate) struct Handed {
    /// The transferor.
    by: UserId,
    /// Who waits.
    party: Present,
    /// Who made the call, and what telephones inside show of him, if it is not he who waits.
    caller: Option<(Anchor, Shown)>,
    /// What became of the transfer is not written yet.
    is_open: bool,
    /// It has left a message, or is to be called back: nobody is rung for it any more.
    is_served: bool,
}

impl Handed {
    /// How the rows name who waits.
    pub(crate) fn name(&self) -> BridgeLeg {
        self.party.name.unwrap_or(BridgeLeg::Anchor)
    }

    /// Its Connection; `None`: it made the call.
    pub(crate) fn connection(&self) -> Option<ConnectionSeq> {
        self.party.connection()
    }

    /// Whether this is its leg.
    pub(crate) fn is_at(&self, leg: LegId) -> bool {
        self.party.leg == leg
    }

    /// It leaves a message, or is to be called back.
    pub(crate) fn is_served(&mut self) {
        self.is_served = true;
    }

    /// Its telephone holds, or no longer does.
    pub(crate) fn phone_holds(&mut self, holds: bool) {
        self.party.phone_holds = holds;
    }

    /// The caller of the call is [`Basis::anchor`] again.
    fn put_back(&mut self, basis: &mut Basis) {
        if let Some((anchor, shown)) = self.caller.take() {
            (basis.anchor, basis.shown) = (anchor, shown);
        }
    }

    fn transfer_ended(
        &self,
        connection: Option<ConnectionSeq>,
        state: TransferState,
        basis: &Basis,
        ctx: &mut Ctx<'_>,
    ) {
        if self.is_open {
            let (by, mode) = (self.by.clone(), TransferMode::Cold);
            basis.record(CallEvent::TransferEnded { connection, by, mode, state }, ctx);
        }
    }

    /// Somebody has answered: they talk.
    pub(super) fn answered(mut self, far: Far, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        self.transfer_ended(Some(far.connection), TransferState::Completed, basis, ctx);
        self.put_back(basis);
        let mut talk = Talk::of(vec![self.party]);
        let (leg, name) = (far.leg, BridgeLeg::Connection(far.connection));
        let bridge = talk.present.first().map_or(super::MAIN_BRIDGE, |it| it.bridge);
        let target = Present { bridge, ..Present::new(leg, name, far.party) };
        talk.enter(target, basis, ctx);
        // Who was rung knows for whom; who waits sees the transferor yet.
        if let Some(shown) = talk.shown_to(leg, basis) {
            talk.assume(leg, shown);
        }
        Box::new(talk).settle(basis, ctx)
    }

    /// Nobody has answered, it was sent away, or it has left: the transferor gets the call back, or
    /// it is over.
    pub(crate) fn in_vain(
        mut self,
        route: &Route,
        by: EndedBy,
        why: Release,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) -> Stage {
        let gone = basis.anchor.is_gone();
        let connection = route.is_open().then(|| route.connection());
        self.transfer_ended(connection, TransferState::Unanswered, basis, ctx);
        let ended = route.end_unanswered(gone, basis, ctx);
        // Who was told goodbye, or has left a message, has nothing to wait for.
        let is_wanted = !self.is_served && (connection.is_some() || !self.is_open);
        let may = match ctx.settings.transfer.unanswered {
            Unanswered::Recall | Unanswered::Voicemail => true,
            Unanswered::End => false,
        };
        if !gone && (by, why) == (EndedBy::System, Release::Normal) && is_wanted && may {
            self.put_back(basis);
            for purpose in [Plays::Waiting, Plays::Greeting] {
                basis.ears.stop(self.party.leg, purpose, ctx);
            }
            let waiting = self.party.leg;
            let mut talk = Talk::of(vec![self.party]);
            let status = ended.map_or(480, |ended| ended.sip_status);
            talk.recall(self.by, waiting, connection.unwrap_or_default(), status, basis, ctx);
            return Box::new(talk).settle(basis, ctx);
        }
        self.over(by, why, basis, ctx)
    }

    /// The call ends.
    fn over(mut self, by: EndedBy, why: Release, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        let gone = basis.anchor.is_gone();
        self.put_back(basis);
        let connection = self.party.connection();
        if let Some(connection) = connection {
            let reason = if gone { hung_up_by(&self.party.party) } else { EndReason::CallEnded };
            let event = CallEvent::ConnectionEnded {
                connection,
                outcome: ConnectionOutcome::Answered,
                reason,
                sip_status: None,
                q850: Some(outcome::Q850_NORMAL),
            };
            basis.record(event, ctx);
            if let Some(user) = self.party.user() {
                ctx.floor.free(user, &basis.id, ctx.now);
            }
        }
        let ending = Ending {
            by,
            why,
            outcome: CallOutcome::Answered,
            sip_status: 200,
            q850: outcome::Q850_NORMAL,
        };
        let closed = ending.record(basis, ctx);
        if connection.is_some() && !gone {
            ctx.order(LegCommand::HangUp { leg: self.party.leg, why });
        }
        closed.release(basis, ctx)
    }
}
