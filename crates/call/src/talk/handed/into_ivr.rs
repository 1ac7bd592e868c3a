//! Cold transfer to an IVR (D48): the transferor leaves, the other party goes through the IVR as a
//! caller would. His telephone is told at once that it is done: an IVR answers always.

use model::call_graph::event::CallEvent;
use model::call_graph::words::{ConnectionKind, EndReason, LeaveReason, RoutingRule, TransferMode};
use model::{IvrId, UserId};

use super::Handed;
use crate::basis::{Basis, Lookup};
use crate::ctx::Ctx;
use crate::ivr::keys::Keys;
use crate::leg::Anchor;
use crate::port::{LegCommand, LegId, Refusal, Release};
use crate::routing::route::Route;
use crate::stage::{Stage, ivr, voicemail};
use crate::talk::Talk;

/// Where the only party that is left goes at the end of the step.
#[derive(Debug)]
pub(crate) struct Leads {
    pub(super) by: UserId,
    pub(super) to: Place,
    /// The Connection that reaches somebody for it; one may have been opened already.
    pub(super) route: Route,
    /// What became of the transfer is not written yet.
    pub(super) is_open: bool,
}

/// To where.
#[derive(Debug)]
pub(super) enum Place {
    Ivr(IvrId),
    Mailbox(UserId),
}

impl Talk {
    /// Hands the other party on to an IVR.
    pub(in crate::talk) fn transfer_to_ivr(
        &mut self,
        leg: LegId,
        ivr: &IvrId,
        referred: bool,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) -> Result<(), Refusal> {
        let party = self.by_leg(leg).ok_or(Refusal::NotThere)?;
        let user = party.user().ok_or(Refusal::Forbidden)?.clone();
        if basis.directory.ivr(ivr).is_none() {
            return Err(Refusal::Goal);
        }
        let others = self.present.iter().filter(|it| it.is_party() && it.leg != leg);
        if !party.is_party() || others.count() != 1 || self.is_busy() {
            return Err(Refusal::State);
        }
        if referred {
            ctx.order(LegCommand::AcceptRefer { leg });
            basis.ears.silence(leg, ctx);
        }
        basis.decide(RoutingRule::Transfer, ivr.as_str(), format!("cold, by {user}"));
        let (by, mode, target) = (user.clone(), TransferMode::Cold, ivr.as_str().into());
        basis.record(CallEvent::TransferStarted { by, mode, target }, ctx);
        self.part(leg, EndReason::Transferred, LeaveReason::Transferred, basis, ctx);
        if referred {
            ctx.order(LegCommand::NotifyRefer { leg, status: 200 });
        }
        ctx.order(LegCommand::HangUp { leg, why: Release::Normal });
        let route = Route::of(ConnectionKind::Transfer, Some(user.clone()), None);
        let to = Place::Ivr(ivr.clone());
        self.leads = Some(Leads { by: user, to, route, is_open: true });
        Ok(())
    }

    /// Whether somebody is rung or consulted: who is left may not go elsewhere.
    pub(super) fn is_busy(&self) -> bool {
        !self.searches.is_empty() || !self.consults.is_empty()
    }

    /// Goes there.
    pub(in crate::talk) fn lead(
        mut self: Box<Self>,
        leads: Leads,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) -> Stage {
        let Leads { by, to, route, is_open } = leads;
        self.dismiss_supervisors(basis, ctx);
        self.recall_errands(Release::CallerGone, |_, _| true, basis, ctx);
        for lingering in std::mem::take(&mut self.lingering) {
            let leg = lingering.party.leg;
            ctx.order(LegCommand::HangUp { leg, why: Release::Normal });
        }
        self.resume_all(basis, ctx);
        self.silence(ctx);
        basis.recording.end(&mut basis.ears, ctx);
        basis.ears.stop_all(ctx);
        let Some(party) = self.present.pop() else {
            // Who hands on leaves somebody behind.
            return Stage::Ended;
        };
        basis.handed = Some(self.hand(by, party, is_open, basis));
        match to {
            Place::Ivr(id) => ivr::run(id, route, basis, ctx),
            Place::Mailbox(user) => voicemail::leave_for_user(&user, route, basis, ctx),
        }
    }

    /// The party is whoever waits from now on.
    fn hand(
        &self,
        by: UserId,
        mut party: crate::talk::Present,
        is_open: bool,
        basis: &mut Basis,
    ) -> Handed {
        party.order_holds = false;
        let shown = self.shown_inside(&party.party, basis);
        basis.routed_visits.get_or_insert(basis.visits.len());
        basis.named.extend(basis.anchor.user().cloned());
        basis.keys = Keys::default();
        let caller = (party.leg != basis.anchor.leg).then(|| {
            // What was found out is about another number.
            basis.lookup = Lookup::Unasked;
            let waits = Anchor::joined(party.leg, party.party.clone());
            let anchor = std::mem::replace(&mut basis.anchor, waits);
            (anchor, std::mem::replace(&mut basis.shown, shown))
        });
        Handed { by, party, caller, is_open, is_served: false }
    }
}
