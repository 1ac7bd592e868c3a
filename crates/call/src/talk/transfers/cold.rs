//! Cold transfer (D10, D12, D14; RFC 3515, RFC 5589): the transferor leaves when it is accepted,
//! the others are connected with whoever answers. Where nobody does, the party that waits comes
//! back to him: at once, if his telephone has not let go yet.

use model::UserId;
use model::call_graph::event::{BridgeLeg, CallEvent, ConnectionSeq, MAIN_BRIDGE, Target};
use model::call_graph::words::{
    ConnectionKind, EndReason, LeaveReason, ParticipantRole, RoutingRule, TransferMode,
    TransferState,
};
use model::directory::AcdStrategy;

use crate::basis::Basis;
use crate::ctx::Ctx;
use crate::limits::Unanswered;
use crate::port::{CallOutput, Goal, LegCommand, LegEvent, LegId, Refusal, Release};
use crate::routing::hunt::Plan;
use crate::routing::route::Route;
use crate::talk::reaching::{Failed, Purpose};
use crate::talk::{Present, Talk};

/// A transferor whose telephone waits to be told what became of the transfer.
#[derive(Debug)]
pub(crate) struct Lingering {
    pub(crate) party: Present,
    /// The Connection that the transfer has opened.
    connection: ConnectionSeq,
    told: bool,
}

impl Talk {
    /// Whether what this leg asks for is answered here.
    pub(crate) fn answers_refers_of(&self, leg: LegId) -> bool {
        self.by_leg(leg).is_some() || self.lingering.iter().any(|it| it.party.leg == leg)
    }

    /// The telephone of a party wants the call handed on.
    pub(in crate::talk) fn referred(
        &mut self,
        leg: LegId,
        to: Goal,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) {
        if let Err(why) = self.transfer(leg, &to, true, basis, ctx) {
            let status = why.sip_status();
            ctx.order(LegCommand::RefuseRefer { leg, status });
        }
    }

    /// Hands the call on. `referred`: his telephone has asked for it, and is told how it goes.
    pub(in crate::talk) fn transfer(
        &mut self,
        leg: LegId,
        to: &Goal,
        referred: bool,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) -> Result<(), Refusal> {
        if let Goal::Ivr(ivr) = to {
            return self.transfer_to_ivr(leg, ivr, referred, basis, ctx);
        }
        let party = self.by_leg(leg).ok_or(Refusal::NotThere)?;
        let user = party.user().ok_or(Refusal::Forbidden)?.clone();
        let bridge = party.bridge;
        let others = self.others_of(leg);
        let waiting = others.iter().find(|it| it.user().is_none()).or(others.first());
        let waiting = waiting.ok_or(Refusal::State)?.leg;
        if !party.is_party() || self.consults_or_is_consulted(leg) {
            return Err(Refusal::State);
        }
        let (plan, target) = self.plan(to, &user, basis, ctx)?;
        if referred {
            ctx.order(LegCommand::AcceptRefer { leg });
            basis.ears.silence(leg, ctx);
        }
        basis.decide(RoutingRule::Transfer, target.clone(), format!("cold, by {user}"));
        let mode = TransferMode::Cold;
        basis.record(CallEvent::TransferStarted { by: user.clone(), mode, target }, ctx);
        let (reason, left) = (EndReason::Transferred, LeaveReason::Transferred);
        let party = self.part(leg, reason, left, basis, ctx);
        let route = self.route(ConnectionKind::Transfer, Some(&user), waiting, to, basis);
        let purpose = Purpose::Transfer { by: user };
        let connection = self.begin_search(plan, route, purpose, bridge, basis, ctx);
        match party {
            Some(party) if referred => {
                self.lingering.push(Lingering { party, connection, told: false });
            }
            Some(_) | None => ctx.order(LegCommand::HangUp { leg, why: Release::Normal }),
        }
        self.drop_searches(basis, ctx);
        Ok(())
    }

    pub(in crate::talk) fn transfer_answered(
        &mut self,
        by: &UserId,
        connection: ConnectionSeq,
        basis: &Basis,
        ctx: &mut Ctx<'_>,
    ) {
        self.transfer_ended(by, connection, TransferState::Completed, basis, ctx);
        self.notify_final(connection, 200, ctx);
    }

    pub(in crate::talk) fn transfer_ended(
        &self,
        by: &UserId,
        connection: ConnectionSeq,
        state: TransferState,
        basis: &Basis,
        ctx: &mut Ctx<'_>,
    ) {
        let (connection, by, mode) = (Some(connection), by.clone(), TransferMode::Cold);
        basis.record(CallEvent::TransferEnded { connection, by, mode, state }, ctx);
    }

    /// Nobody has answered a transfer.
    pub(in crate::talk) fn transfer_in_vain(
        &mut self,
        by: UserId,
        bridge: u16,
        failed: Failed,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) {
        let connection = failed.connection;
        let waiting: Vec<LegId> = self
            .present
            .iter()
            .filter(|it| it.is_party() && it.bridge == bridge)
            .map(|it| it.leg)
            .collect();
        let failed = match self.lead_on(&by, &waiting, failed, basis, ctx) {
            Ok(()) => return,
            Err(failed) => failed,
        };
        let wanted = match ctx.settings.transfer.unanswered {
            Unanswered::Recall | Unanswered::Voicemail => true,
            Unanswered::End => false,
        };
        // Several go on without him.
        if let ([waiting], true, false) = (&waiting[..], wanted, self.is_reached(&by)) {
            self.transfer_ended(&by, connection, TransferState::Returned, basis, ctx);
            let status = failed.end(basis, ctx);
            self.recall(by, *waiting, connection, status, basis, ctx);
        } else {
            self.transfer_ended(&by, connection, TransferState::Unanswered, basis, ctx);
            let status = failed.end(basis, ctx);
            self.notify_final(connection, status, ctx);
            self.tidy(basis, ctx);
        }
    }

    /// The transferor gets the call back.
    pub(in crate::talk) fn recall(
        &mut self,
        by: UserId,
        waiting: LegId,
        connection: ConnectionSeq,
        status: u16,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) {
        let bridge = self.by_leg(waiting).map_or(0, |it| it.bridge);
        basis.decide(RoutingRule::Transfer, by.as_str(), "comes back: nobody has answered");
        if let Some(index) = self.lingering.iter().position(|it| it.connection == connection) {
            let Lingering { party, .. } = self.lingering.remove(index);
            ctx.order(LegCommand::NotifyRefer { leg: party.leg, status });
            let (kind, role) = (ConnectionKind::Recall, ParticipantRole::Callee);
            let connection = self.instant(kind, None, &by, role, basis, ctx);
            let name = Some(BridgeLeg::Connection(connection));
            ctx.floor.take(&by, &basis.id, None, ctx.now);
            // He was free meanwhile, and other calls may ring him.
            ctx.out.push(CallOutput::UserTaken(by));
            let returned_at = Some(ctx.now.mono);
            self.enter(Present { name, bridge, returned_at, ..party }, basis, ctx);
            return;
        }
        self.ring_back(by, waiting, basis, ctx);
    }

    /// The user is rung for a party that comes back to him.
    pub(in crate::talk) fn ring_back(
        &mut self,
        by: UserId,
        waiting: LegId,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) {
        if self.is_reached(&by) {
            // He is on the call already, by another leg of his.
            return self.tidy(basis, ctx);
        }
        let bridge = self.by_leg(waiting).map_or(MAIN_BRIDGE, |it| it.bridge);
        let ring = ctx.settings.transfer.recall_ring;
        let plan = Plan {
            ivr: None,
            target: Target::User(by.clone()),
            strategy: AcdStrategy::Single,
            ring,
            timeout: ring,
            max_rounds: None,
        };
        let behalf = self.behalf(waiting, basis);
        let route = Route::of(ConnectionKind::Recall, None, behalf);
        self.begin_search(plan, route, Purpose::Recall, bridge, basis, ctx);
        self.drop_searches(basis, ctx);
    }

    /// A transferor has left, and his telephone waits to be told what becomes of this Connection.
    pub(in crate::talk) fn linger(&mut self, party: Present, connection: ConnectionSeq) {
        self.lingering.push(Lingering { party, connection, told: false });
    }

    /// Somebody alerts: the transferor's telephone is told.
    pub(in crate::talk) fn notify_ringing(&mut self, connection: ConnectionSeq, ctx: &mut Ctx<'_>) {
        let mut waiting = self.lingering.iter_mut();
        if let Some(it) = waiting.find(|it| it.connection == connection)
            && !std::mem::replace(&mut it.told, true)
        {
            ctx.order(LegCommand::NotifyRefer { leg: it.party.leg, status: 180 });
        }
    }

    /// It is over: his telephone is told, and let go.
    pub(in crate::talk) fn notify_final(
        &mut self,
        connection: ConnectionSeq,
        status: u16,
        ctx: &mut Ctx<'_>,
    ) {
        if let Some(index) = self.lingering.iter().position(|it| it.connection == connection) {
            let leg = self.lingering.remove(index).party.leg;
            ctx.order(LegCommand::NotifyRefer { leg, status });
            ctx.order(LegCommand::HangUp { leg, why: Release::Normal });
        }
    }

    /// Something happened on the leg of a transferor who has left.
    pub(in crate::talk) fn of_lingering(
        &mut self,
        leg: LegId,
        event: &LegEvent,
        ctx: &mut Ctx<'_>,
    ) {
        let Some(index) = self.lingering.iter().position(|it| it.party.leg == leg) else {
            return;
        };
        match event {
            LegEvent::HungUp | LegEvent::Failed { .. } | LegEvent::Cancelled => {
                self.lingering.remove(index);
            }
            LegEvent::Held => self.lingering[index].party.phone_holds = true,
            LegEvent::Resumed => self.lingering[index].party.phone_holds = false,
            LegEvent::Referred(_) => {
                let status = Refusal::State.sip_status();
                ctx.order(LegCommand::RefuseRefer { leg, status });
            }
            LegEvent::Rang { .. }
            | LegEvent::Answered
            | LegEvent::Settled { .. }
            | LegEvent::MediaTimedOut { .. }
            | LegEvent::Digit(_)
            | LegEvent::InfoDigit { .. }
            | LegEvent::Played { .. }
            | LegEvent::Quality(_)
            | LegEvent::Reached
            | LegEvent::FellSilent
            | LegEvent::RecordingFailed { .. } => {}
        }
    }
}
