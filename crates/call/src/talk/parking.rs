//! A party waits in a slot until somebody fetches it (D48). To the rows it is a cold transfer whose
//! target is the slot: it opens no Connection before somebody comes. Who parked gets it back when
//! nobody does.

use std::sync::Arc;
use std::time::Duration;

use model::UserId;
use model::call_graph::event::{BridgeLeg, CallEvent, ConnectionSeq};
use model::call_graph::words::{
    ConnectionKind, EndReason, LeaveReason, ParticipantRole, RoutingRule, TransferMode,
    TransferState,
};

use super::{Present, Talk};
use crate::basis::Basis;
use crate::ctx::Ctx;
use crate::given_up::GivenUp;
use crate::port::{CallOutput, LegCommand, Refusal, Release};

/// The only party of the call waits.
#[derive(Debug)]
pub(crate) struct Parked {
    /// Where, as people dial it.
    pub(crate) slot: Arc<str>,
    /// Who has parked it.
    pub(crate) by: UserId,
    pub(crate) until: Duration,
}

impl Talk {
    /// The user leaves, and the other party waits.
    pub(super) fn park(
        &mut self,
        user: &UserId,
        slot: Arc<str>,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) -> Result<(), Refusal> {
        let leg = self.by_user(user).ok_or(Refusal::NotThere)?.leg;
        let parties = self.present.iter().filter(|it| it.is_party()).count();
        let alone = parties == 2 && self.others_of(leg).len() == 1;
        let quiet = self.searches.is_empty() && self.consults.is_empty();
        if !alone || !quiet || self.parked.is_some() {
            return Err(Refusal::State);
        }
        if slot.is_empty() {
            return Err(Refusal::Goal);
        }
        basis.decide(RoutingRule::Transfer, slot.clone(), format!("parked by {user}"));
        let (by, mode, target) = (user.clone(), TransferMode::Cold, format!("park:{slot}").into());
        basis.record(CallEvent::TransferStarted { by: by.clone(), mode, target }, ctx);
        let until = ctx.now.mono.saturating_add(ctx.settings.transfer.park_for);
        self.parked = Some(Parked { slot, by, until });
        self.part(leg, EndReason::Transferred, LeaveReason::Transferred, basis, ctx);
        ctx.order(LegCommand::HangUp { leg, why: Release::Normal });
        self.tidy(basis, ctx);
        Ok(())
    }

    /// Somebody has dialled to fetch it.
    pub(super) fn fetched(
        &mut self,
        user: UserId,
        mut given: Box<GivenUp>,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) {
        given.absorb(None, ConnectionKind::Add, &user, basis, ctx);
        let (Some(parked), Some(waiting)) = (self.parked.take(), self.present.first()) else {
            return given.release(Release::Normal, basis, ctx);
        };
        let (bridge, like) = (waiting.bridge, waiting.leg);
        let Parked { slot, by, .. } = parked;
        basis.decide(RoutingRule::Transfer, slot, format!("fetched by {user}"));
        let leg = given.answer(like, ctx);
        let connection = if by == user {
            self.unparked(&by, None, TransferState::Returned, basis, ctx);
            let (kind, role) = (ConnectionKind::Recall, ParticipantRole::Callee);
            self.instant(kind, None, &user, role, basis, ctx)
        } else {
            let (kind, role) = (ConnectionKind::Transfer, ParticipantRole::TransferTarget);
            let connection = self.instant(kind, Some(by.clone()), &user, role, basis, ctx);
            self.unparked(&by, Some(connection), TransferState::Completed, basis, ctx);
            connection
        };
        ctx.floor.take(&user, &basis.id, None, ctx.now);
        ctx.out.push(CallOutput::UserTaken(user.clone()));
        let name = BridgeLeg::Connection(connection);
        let party = Present { bridge, ..Present::new(leg, name, basis.user(&user)) };
        self.enter(party, basis, ctx);
    }

    /// Nobody has fetched it in time: who parked it is rung.
    pub(super) fn park_timeout(&mut self, basis: &mut Basis, ctx: &mut Ctx<'_>) {
        let now = ctx.now.mono;
        let Some(Parked { by, slot, .. }) = self.parked.take_if(|it| it.until <= now) else {
            return;
        };
        let Some(waiting) = self.present.first().map(|it| it.leg) else {
            return;
        };
        basis.decide(RoutingRule::Transfer, slot, "nobody has fetched it");
        self.unparked(&by, None, TransferState::Returned, basis, ctx);
        self.ring_back(by, waiting, basis, ctx);
    }

    /// The party has left by itself, or the call is over.
    pub(super) fn park_ended(&mut self, basis: &Basis, ctx: &mut Ctx<'_>) {
        if let Some(Parked { by, .. }) = self.parked.take() {
            self.unparked(&by, None, TransferState::Unanswered, basis, ctx);
        }
    }

    fn unparked(
        &self,
        by: &UserId,
        connection: Option<ConnectionSeq>,
        state: TransferState,
        basis: &Basis,
        ctx: &mut Ctx<'_>,
    ) {
        let (by, mode) = (by.clone(), TransferMode::Cold);
        basis.record(CallEvent::TransferEnded { connection, by, mode, state }, ctx);
    }
}
