//! Warm transfer (D10, D13, §6.2.7): the transferor consults somebody in a bridge of their own
//! while the others are on hold, then hands the call over, gives it up, swaps, or makes a
//! conference of it. Handed over while it still rings it is a cold one (semi-attended).

use model::UserId;
use model::call_graph::event::{CallEvent, ConnectionSeq};
use model::call_graph::words::{
    ConnectionKind, EndReason, EndedBy, LeaveReason, ParticipantRole, RoutingRule, TransferMode,
    TransferState,
};

use crate::basis::Basis;
use crate::ctx::Ctx;
use crate::port::{Goal, LegCommand, LegId, Refusal, Release};
use crate::talk::Talk;
use crate::talk::leaving::Leaving;
use crate::talk::reaching::{Failed, Purpose, Stop};

/// A consultation.
#[derive(Debug)]
pub(crate) struct Consult {
    /// The transferor's leg.
    pub(crate) by: LegId,
    /// The transferor.
    pub(crate) user: UserId,
    /// The bridge of the others.
    pub(crate) home: u16,
    /// Its own.
    pub(crate) bridge: u16,
    pub(crate) connection: ConnectionSeq,
    /// Who is consulted, once he has answered.
    pub(crate) target: Option<LegId>,
}

impl Talk {
    /// Whether a leg is one of a consultation.
    pub(crate) fn consults_or_is_consulted(&self, leg: LegId) -> bool {
        self.consults.iter().any(|it| it.by == leg || it.target == Some(leg))
    }

    /// The user consults somebody.
    pub(in crate::talk) fn consult(
        &mut self,
        leg: LegId,
        to: &Goal,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) -> Result<(), Refusal> {
        let party = self.by_leg(leg).ok_or(Refusal::NotThere)?;
        let user = party.user().ok_or(Refusal::Forbidden)?.clone();
        let home = party.bridge;
        if self.others_of(leg).is_empty() || self.consults_or_is_consulted(leg) {
            return Err(Refusal::State);
        }
        let (plan, target) = self.plan(to, &user, basis, ctx)?;
        basis.decide(RoutingRule::Transfer, target.clone(), format!("warm, by {user}"));
        let bridge = self.open_bridge();
        let consult =
            Consult { by: leg, user: user.clone(), home, bridge, connection: 0, target: None };
        self.consults.push(consult);
        self.move_to(leg, bridge, basis, ctx);
        self.note_holds(basis, ctx);
        let mode = TransferMode::Warm;
        basis.record(CallEvent::TransferStarted { by: user.clone(), mode, target }, ctx);
        let route = self.route(ConnectionKind::Consult, Some(&user), leg, to, basis);
        let purpose = Purpose::Consult { by: leg };
        let connection = self.begin_search(plan, route, purpose, bridge, basis, ctx);
        if let Some(consult) = self.consults.iter_mut().find(|it| it.by == leg) {
            consult.connection = connection;
        }
        self.drop_searches(basis, ctx);
        Ok(())
    }

    /// A bridge that nobody has been in.
    pub(crate) fn open_bridge(&mut self) -> u16 {
        self.bridges = self.bridges.saturating_add(1);
        self.bridges
    }

    pub(in crate::talk) fn consult_answered(&mut self, by: LegId, leg: LegId) {
        if let Some(consult) = self.consults.iter_mut().find(|it| it.by == by) {
            consult.target = Some(leg);
        }
    }

    /// Nobody has answered a consultation.
    pub(in crate::talk) fn consult_in_vain(
        &mut self,
        by: LegId,
        failed: Failed,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) {
        if let Some(index) = self.consults.iter().position(|it| it.by == by) {
            let consult = self.consults.remove(index);
            self.consult_ended(&consult, TransferState::Unanswered, basis, ctx);
            failed.end(basis, ctx);
            self.move_to(by, consult.home, basis, ctx);
        } else {
            failed.end(basis, ctx);
        }
        self.tidy(basis, ctx);
    }

    fn consult_ended(
        &self,
        consult: &Consult,
        state: TransferState,
        basis: &Basis,
        ctx: &mut Ctx<'_>,
    ) {
        let event = CallEvent::TransferEnded {
            connection: Some(consult.connection),
            by: consult.user.clone(),
            mode: TransferMode::Warm,
            state,
        };
        basis.record(event, ctx);
    }

    /// Where whom this leg consults is rung.
    fn search_of_consult(&self, leg: LegId) -> Option<usize> {
        let is_his = |purpose: &Purpose| matches!(purpose, Purpose::Consult { by } if *by == leg);
        self.searches.iter().position(|it| is_his(&it.purpose))
    }

    /// The consultation of this leg.
    pub(in crate::talk) fn consult_of(&self, leg: LegId) -> Result<usize, Refusal> {
        self.consults.iter().position(|it| it.by == leg).ok_or(Refusal::State)
    }

    /// The transferor leaves, and whom he consulted takes his place. `gone`: he has hung up.
    pub(in crate::talk) fn complete_at(
        &mut self,
        index: usize,
        gone: bool,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) {
        let consult = self.consults.remove(index);
        let leg = consult.by;
        let (reason, left) = (EndReason::Transferred, LeaveReason::Transferred);
        if let Some(target) = consult.target {
            self.consult_ended(&consult, TransferState::Completed, basis, ctx);
            self.part(leg, reason, left, basis, ctx);
            let (connection, role) = (consult.connection, ParticipantRole::TransferTarget);
            basis.record(CallEvent::RoleChanged { connection, role }, ctx);
            self.move_to(target, consult.home, basis, ctx);
        } else {
            // It rings for the others from now on (semi-attended).
            let waiting = self.present.iter().filter(|it| it.bridge == consult.home);
            let mut waiting: Vec<_> = waiting.filter(|it| it.leg != leg).collect();
            waiting.sort_by_key(|it| it.user().is_some());
            let behalf = waiting.first().and_then(|it| self.behalf(it.leg, basis));
            if let Some(index) = self.search_of_consult(leg) {
                let search = &mut self.searches[index];
                search.purpose = Purpose::Transfer { by: consult.user.clone() };
                search.bridge = consult.home;
                if let Some(behalf) = behalf {
                    search.set_behalf(behalf);
                }
            }
            self.part(leg, reason, left, basis, ctx);
        }
        if !gone {
            ctx.order(LegCommand::HangUp { leg, why: Release::Normal });
        }
        self.tidy(basis, ctx);
    }

    /// The consultation is given up. `leaving`: who is consulted leaves by himself, and why.
    pub(in crate::talk) fn abandon_at(
        &mut self,
        index: usize,
        leaving: Option<Leaving>,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) {
        let consult = self.consults.remove(index);
        let by = consult.by;
        if let Some(target) = consult.target {
            self.consult_ended(&consult, TransferState::Abandoned, basis, ctx);
            let Leaving { reason, left, why, gone, .. } = leaving.unwrap_or(Leaving {
                reason: EndReason::Abandoned,
                left: LeaveReason::Abandoned,
                by: EndedBy::Internal,
                why: Release::Normal,
                gone: false,
            });
            self.part(target, reason, left, basis, ctx);
            if !gone {
                ctx.order(LegCommand::HangUp { leg: target, why });
            }
        } else if let Some(search) = self.search_of_consult(by) {
            let (_, failed) = self.stop_search(search, Stop::CallerGone, basis, ctx);
            self.consult_ended(&consult, TransferState::Unanswered, basis, ctx);
            failed.end(basis, ctx);
        }
        self.move_to(by, consult.home, basis, ctx);
        self.tidy(basis, ctx);
    }

    /// The transferor speaks with the other side.
    pub(in crate::talk) fn swap(
        &mut self,
        leg: LegId,
        basis: &Basis,
        ctx: &mut Ctx<'_>,
    ) -> Result<(), Refusal> {
        let consult = &self.consults[self.consult_of(leg)?];
        let bridge = self.by_leg(leg).map(|it| it.bridge);
        let to = if bridge == Some(consult.home) { consult.bridge } else { consult.home };
        if consult.target.is_none() {
            return Err(Refusal::State);
        }
        self.move_to(leg, to, basis, ctx);
        Ok(())
    }

    /// The consultation becomes a conference of all.
    pub(in crate::talk) fn merge(
        &mut self,
        leg: LegId,
        basis: &Basis,
        ctx: &mut Ctx<'_>,
    ) -> Result<(), Refusal> {
        let index = self.consult_of(leg)?;
        let target = self.consults[index].target.ok_or(Refusal::State)?;
        let consult = self.consults.remove(index);
        self.consult_ended(&consult, TransferState::Conference, basis, ctx);
        let (connection, role) = (consult.connection, ParticipantRole::Added);
        basis.record(CallEvent::RoleChanged { connection, role }, ctx);
        for leg in [leg, target] {
            self.move_to(leg, consult.home, basis, ctx);
            // Also who was there already, with the others on hold.
            if let Some(party) = self.present.iter_mut().find(|it| it.leg == leg) {
                party.order_holds = false;
            }
        }
        Ok(())
    }

    /// Consultations whose other side has left are conversations of their own.
    pub(in crate::talk) fn dissolve_consults(&mut self, basis: &mut Basis, ctx: &mut Ctx<'_>) {
        let is_lost = |talk: &Self| {
            talk.consults.iter().position(|consult| {
                let mut others =
                    talk.present.iter().filter(|it| it.is_party() && it.leg != consult.by);
                !others.any(|it| it.bridge == consult.home)
            })
        };
        while let Some(index) = is_lost(self) {
            let consult = &self.consults[index];
            if consult.target.is_none() {
                // It rings for somebody who has nothing to hand on.
                let by = consult.by;
                if let Some(search) = self.search_of_consult(by) {
                    self.stop_and_record(search, Stop::CallerGone, basis, ctx);
                }
                self.consults.remove(index);
                continue;
            }
            let consult = self.consults.remove(index);
            self.consult_ended(&consult, TransferState::Abandoned, basis, ctx);
            self.move_to(consult.by, consult.bridge, basis, ctx);
        }
    }
}
