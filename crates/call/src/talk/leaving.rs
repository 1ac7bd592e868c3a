//! Parties come, move between bridges and leave (§6.2.6); what is left of a call then, and whether
//! it goes on: with two parties, or with one for whom somebody is rung.

use std::time::Duration;

use model::call_graph::event::{BridgeLeg, CallEvent, Party};
use model::call_graph::words::{
    CallOutcome, ConnectionOutcome, EndReason, EndedBy, LeaveReason, TransferMode, TransferState,
};

use super::reaching::{Purpose, Stop};
use super::{Present, Talk};
use crate::basis::Basis;
use crate::ctx::Ctx;
use crate::leg::{ended_by, hung_up_by, user_of};
use crate::outcome;
use crate::port::{CallOutput, LegCommand, LegId, Release};
use crate::stage::Stage;
use crate::stage::ending::Ending;

/// So long after the call came back to him a telephone may still be hanging up because its REFER
/// was accepted.
const LETS_GO: Duration = Duration::from_secs(2);

/// How a call ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Over {
    pub(crate) by: EndedBy,
    /// Why the Connections end that are open.
    pub(crate) reason: EndReason,
    /// Why legs are released.
    pub(crate) why: Release,
    /// The leg that has left by itself.
    pub(crate) gone: Option<LegId>,
}

/// Why a party leaves.
#[derive(Clone, Copy, Debug)]
pub(super) struct Leaving {
    pub(super) reason: EndReason,
    pub(super) left: LeaveReason,
    /// Who ends the call, if it ends with it.
    pub(super) by: EndedBy,
    pub(super) why: Release,
    /// The leg is gone by itself.
    pub(super) gone: bool,
}

impl Talk {
    /// A party has hung up. Who consults somebody hands the call over with it: nobody whom he has
    /// on hold is dropped.
    pub(super) fn hung_up(&mut self, leg: LegId, basis: &mut Basis, ctx: &mut Ctx<'_>) {
        if self.lets_go(leg, basis, ctx) {
            return;
        }
        let Some(party) = self.by_leg(leg) else {
            return;
        };
        let leaving = Leaving {
            reason: hung_up_by(&party.party),
            left: LeaveReason::Hangup,
            by: ended_by(&party.party),
            why: Release::Normal,
            gone: true,
        };
        self.leaves(leg, leaving, basis, ctx);
    }

    /// A telephone that hangs up with the 202 to its REFER does not know that the party came back
    /// in that very moment: its user is rung, and the party is not lost.
    fn lets_go(&mut self, leg: LegId, basis: &mut Basis, ctx: &mut Ctx<'_>) -> bool {
        let Some(party) = self.by_leg(leg) else {
            return false;
        };
        let returned = party.returned_at.is_some_and(|at| ctx.now.mono < at + LETS_GO);
        let others: Vec<LegId> = self.others_of(leg).iter().map(|it| it.leg).collect();
        let (Some(user), [waiting], true) = (party.user().cloned(), &others[..], returned) else {
            return false;
        };
        let reason = hung_up_by(&party.party);
        self.part(leg, reason, LeaveReason::Hangup, basis, ctx);
        self.ring_back(user, *waiting, basis, ctx);
        true
    }

    pub(super) fn media_timed_out(
        &mut self,
        leg: LegId,
        seconds: u32,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) {
        let Some(party) = self.by_leg(leg) else {
            return;
        };
        // No row names a supervisor.
        if party.name.is_some() {
            let connection = party.connection();
            basis.record(CallEvent::MediaTimedOut { connection, seconds }, ctx);
        }
        let leaving = Leaving {
            reason: EndReason::MediaTimeout,
            left: LeaveReason::MediaTimeout,
            by: EndedBy::System,
            why: Release::MediaTimeout,
            gone: false,
        };
        self.leaves(leg, leaving, basis, ctx);
    }

    /// A party leaves, for whatever reason.
    pub(super) fn leaves(
        &mut self,
        leg: LegId,
        leaving: Leaving,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) {
        if let Some(index) = self.consults.iter().position(|it| it.by == leg) {
            return self.complete_at(index, leaving.gone, basis, ctx);
        }
        if let Some(index) = self.consults.iter().position(|it| it.target == Some(leg)) {
            return self.abandon_at(index, Some(leaving), basis, ctx);
        }
        if !self.goes_on_without(leg) {
            let Leaving { reason, by, why, gone, .. } = leaving;
            return self.end(Over { by, reason, why, gone: gone.then_some(leg) });
        }
        self.part(leg, leaving.reason, leaving.left, basis, ctx);
        if !leaving.gone {
            ctx.order(LegCommand::HangUp { leg, why: leaving.why });
        }
        self.tidy(basis, ctx);
    }

    /// Whether enough are left.
    pub(super) fn goes_on_without(&self, leg: LegId) -> bool {
        if self.by_leg(leg).is_some_and(|it| !it.is_party()) {
            return true;
        }
        let mut left = self.present.iter().filter(|it| it.is_party() && it.leg != leg);
        match (left.next(), left.next()) {
            (Some(_), Some(_)) => true,
            (Some(one), None) => self.is_rung_for(one.bridge),
            (None, _) => false,
        }
    }

    /// Whether somebody is rung who comes into this bridge and stays.
    fn is_rung_for(&self, bridge: u16) -> bool {
        let parked = self.parked.is_some();
        parked
            || self.searches.iter().any(|it| {
                it.bridge == bridge
                    && match it.purpose {
                        Purpose::Add | Purpose::Transfer { .. } | Purpose::Recall => true,
                        Purpose::Consult { .. } => false,
                    }
            })
    }

    /// Somebody comes into a bridge.
    pub(crate) fn enter(&mut self, party: Present, basis: &Basis, ctx: &mut Ctx<'_>) {
        if let Some(leg) = party.name {
            let bridge = party.bridge;
            basis.record(CallEvent::BridgeEntered { leg, bridge }, ctx);
            ctx.out.push(CallOutput::Named(party.leg, leg));
        }
        let leg = party.leg;
        self.present.push(party);
        self.remember_talk(leg, ctx);
    }

    /// Who was on the call with a number outside is whom its next call may be for.
    fn remember_talk(&self, leg: LegId, ctx: &mut Ctx<'_>) {
        // Who supervises only comes along.
        let party = self.by_leg(leg).filter(|it| it.is_party());
        let Some(user) = party.and_then(Present::user) else {
            return;
        };
        for other in self.others_of(leg) {
            if let Party::External { number: Some(number), .. } = &other.party {
                ctx.floor.talked_with(number.clone(), user.clone());
            }
        }
    }

    /// Somebody moves to another bridge.
    pub(crate) fn move_to(&mut self, leg: LegId, bridge: u16, basis: &Basis, ctx: &mut Ctx<'_>) {
        let Some(party) = self.present.iter_mut().find(|it| it.leg == leg) else {
            return;
        };
        if party.bridge == bridge {
            return;
        }
        let left = std::mem::replace(&mut party.bridge, bridge);
        // Whom an order of his holds is where he was; who is here waits for him.
        party.order_holds = false;
        if let Some(leg) = party.name {
            basis.record(CallEvent::BridgeLeft { leg, bridge: left }, ctx);
            basis.record(CallEvent::BridgeEntered { leg, bridge }, ctx);
        }
        self.remember_talk(leg, ctx);
    }

    /// A party is on the call no more. Its leg is whoever's who calls this.
    pub(crate) fn part(
        &mut self,
        leg: LegId,
        reason: EndReason,
        left: LeaveReason,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) -> Option<Present> {
        let index = self.present.iter().position(|it| it.leg == leg)?;
        let party = self.present.remove(index);
        if let Some(name) = party.name {
            basis.record(CallEvent::BridgeLeft { leg: name, bridge: party.bridge }, ctx);
            match name {
                BridgeLeg::Anchor => {
                    basis.anchor.left();
                    basis.record(CallEvent::AnchorLeft, ctx);
                }
                BridgeLeg::Connection(connection) => {
                    basis.record(ended(connection, reason), ctx);
                }
            }
            let (connection, who) = (party.connection(), party.party.clone());
            basis.record(CallEvent::PartyLeft { connection, who, reason: left }, ctx);
        }
        if let Some(user) = party.user() {
            ctx.floor.free(user, &basis.id, ctx.now);
        }
        basis.ears.gone(leg);
        self.ring_for_others(leg, basis);
        Some(party)
    }

    /// What rings for somebody who has left rings for who is still there.
    fn ring_for_others(&mut self, leg: LegId, basis: &Basis) {
        for index in 0..self.searches.len() {
            let search = &self.searches[index];
            let bridge = search.bridge;
            if search.for_leg(basis) == Some(leg)
                && let Some(other) = self.present.iter().find(|it| it.bridge == bridge)
                && let Some(behalf) = self.behalf(other.leg, basis)
            {
                self.searches[index].set_behalf(behalf);
            }
        }
    }

    /// Whoever is left is with somebody, or somebody is rung for him; else the call is over.
    pub(crate) fn tidy(&mut self, basis: &mut Basis, ctx: &mut Ctx<'_>) {
        self.dissolve_consults(basis, ctx);
        self.stop_lost_searches(basis, ctx);
        self.regroup(basis, ctx);
        self.tidy_supervisors(basis, ctx);
        let mut parties = self.present.iter().filter(|it| it.is_party());
        let goes_on = match (parties.next(), parties.next()) {
            (Some(_), Some(_)) => true,
            (Some(one), None) => self.is_rung_for(one.bridge),
            (None, _) => false,
        };
        if !goes_on {
            let (by, reason) = (EndedBy::System, EndReason::CallEnded);
            self.end(Over { by, reason, why: Release::Normal, gone: None });
        }
    }

    /// Nobody waits for them any more.
    fn stop_lost_searches(&mut self, basis: &mut Basis, ctx: &mut Ctx<'_>) {
        let lost = |talk: &Self| {
            talk.searches.iter().position(|search| {
                !talk.present.iter().any(|it| it.is_party() && it.bridge == search.bridge)
            })
        };
        while let Some(index) = lost(self) {
            self.stop_and_record(index, Stop::CallerGone, basis, ctx);
        }
    }

    /// Stops a search and writes what became of what it was for.
    pub(super) fn stop_and_record(
        &mut self,
        index: usize,
        how: Stop,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) {
        let (purpose, failed) = self.stop_search(index, how, basis, ctx);
        let connection = failed.connection;
        let transfer = match purpose {
            Purpose::Add | Purpose::Recall => None,
            Purpose::Transfer { by } => Some((by, TransferMode::Cold)),
            Purpose::Consult { by } => {
                let consult = self.consults.iter().find(|it| it.by == by);
                consult.map(|it| (it.user.clone(), TransferMode::Warm))
            }
        };
        if let Some((by, mode)) = transfer {
            let (connection, state) = (Some(connection), TransferState::Unanswered);
            basis.record(CallEvent::TransferEnded { connection, by, mode, state }, ctx);
        }
        let status = failed.end(basis, ctx);
        self.notify_final(connection, status, ctx);
    }

    /// Who is alone and for whom nobody is rung joins the others.
    fn regroup(&mut self, basis: &Basis, ctx: &mut Ctx<'_>) {
        let legs: Vec<LegId> =
            self.present.iter().filter(|it| it.is_party()).map(|it| it.leg).collect();
        for leg in legs {
            let Some(bridge) = self.by_leg(leg).map(|it| it.bridge) else {
                continue;
            };
            let waits = self.searches.iter().any(|it| it.bridge == bridge)
                || self.consults.iter().any(|it| it.home == bridge || it.bridge == bridge);
            if waits || !self.others_of(leg).is_empty() {
                continue;
            }
            let is_open = |it: &&Present| {
                it.is_party()
                    && it.leg != leg
                    && self.consults.iter().all(|consult| consult.bridge != it.bridge)
            };
            if let Some(to) = self.present.iter().find(is_open).map(|it| it.bridge) {
                self.move_to(leg, to, basis, ctx);
            }
        }
    }

    /// Ends the call.
    pub(super) fn finish(
        mut self: Box<Self>,
        over: Over,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) -> Stage {
        let Over { by, reason, why, gone } = over;
        basis.recording.end(&mut basis.ears, ctx);
        let stop = if by == EndedBy::System { Stop::Over(why) } else { Stop::CallerGone };
        self.park_ended(basis, ctx);
        self.recall_errands(why, |_, _| true, basis, ctx);
        while !self.searches.is_empty() {
            self.stop_and_record(0, stop, basis, ctx);
        }
        for consult in self.consults.iter().filter(|it| it.target.is_some()) {
            let event = CallEvent::TransferEnded {
                connection: Some(consult.connection),
                by: consult.user.clone(),
                mode: TransferMode::Warm,
                state: TransferState::Abandoned,
            };
            basis.record(event, ctx);
        }
        for party in &self.present {
            if let Some(connection) = party.connection() {
                basis.record(ended(connection, reason), ctx);
            }
        }
        if gone == Some(basis.anchor.leg) {
            basis.anchor.left();
        }
        let others = || self.present.iter().filter(|it| it.name != Some(BridgeLeg::Anchor));
        for user in others().filter_map(|it| user_of(&it.party)) {
            ctx.floor.free(user, &basis.id, ctx.now);
        }
        let ending = Ending {
            by,
            why,
            outcome: CallOutcome::Answered,
            sip_status: 200,
            q850: outcome::Q850_NORMAL,
        };
        let closed = ending.record(basis, ctx);
        let lingering = self.lingering.iter().map(|it| it.party.leg);
        for leg in others().map(|it| it.leg).filter(|leg| gone != Some(*leg)).chain(lingering) {
            ctx.order(LegCommand::HangUp { leg, why });
        }
        closed.release(basis, ctx)
    }
}

/// An answered Connection ends.
fn ended(connection: u16, reason: EndReason) -> CallEvent {
    CallEvent::ConnectionEnded {
        connection,
        outcome: ConnectionOutcome::Answered,
        reason,
        sip_status: None,
        q850: Some(outcome::Q850_NORMAL),
    }
}
