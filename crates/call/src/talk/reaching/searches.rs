//! Who is rung for somebody on the call, and what he is to be when he answers. Several searches go
//! on at once, each with a Connection of its own; a search whose party has left is over.

use model::UserId;
use model::call_graph::event::{BridgeLeg, CallEvent, ConnectionSeq};
use model::call_graph::words::{AttemptOutcome, ConnectionOutcome, NoAnswerReason};

use crate::basis::Basis;
use crate::ctx::Ctx;
use crate::leg::{Stopped, user_of};
use crate::outcome::{self};
use crate::port::{CallOutput, LegEvent, LegId, Release};
use crate::routing::route::Behalf;
use crate::talk::{Present, Talk};

use super::search::{Dial, Failed, FailedEnd, Found, Purpose, Reach, Search, Stop};

impl Talk {
    /// Something happened on a leg that rings.
    pub(in crate::talk) fn of_search(
        &mut self,
        index: usize,
        leg: LegId,
        event: &LegEvent,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) {
        match event {
            LegEvent::Reached => {
                if let Reach::Hunt(hunt) = &mut self.searches[index].reach {
                    hunt.reached(leg);
                }
            }
            LegEvent::Rang { early_media } => {
                let connection = self.searches[index].connection();
                match &mut self.searches[index].reach {
                    Reach::Hunt(hunt) => hunt.rang(leg, *early_media, basis, ctx),
                    Reach::Dial(dial) if !dial.rang => {
                        dial.rang = true;
                        basis.record(CallEvent::DialRinging { connection }, ctx);
                    }
                    Reach::Dial(_) => {}
                }
                self.notify_ringing(connection, ctx);
            }
            LegEvent::Answered => self.found(index, leg, basis, ctx),
            LegEvent::Failed { status } => self.leg_failed(index, leg, *status, basis, ctx),
            // A leg that is gone without an answer did not exist long enough to be anything else.
            LegEvent::HungUp => self.leg_failed(index, leg, 480, basis, ctx),
            LegEvent::Settled { .. }
            | LegEvent::Cancelled
            | LegEvent::Held
            | LegEvent::Resumed
            | LegEvent::MediaTimedOut { .. }
            | LegEvent::Digit(_)
            | LegEvent::InfoDigit { .. }
            | LegEvent::Played { .. }
            | LegEvent::Quality(_)
            | LegEvent::FellSilent
            | LegEvent::RecordingFailed { .. }
            | LegEvent::Referred(_) => {}
        }
    }

    fn leg_failed(
        &mut self,
        index: usize,
        leg: LegId,
        status: u16,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) {
        match &mut self.searches[index].reach {
            Reach::Hunt(hunt) => hunt.failed(leg, status, basis, ctx),
            Reach::Dial(_) => {
                let search = self.searches.remove(index);
                let (outcome, reason) = outcome::of_dial(status);
                let connection = search.connection();
                basis.record(CallEvent::NoAnswer { connection, reason }, ctx);
                let q850 = outcome::q850_of(status);
                let end = FailedEnd::Dialled { outcome, sip_status: status, q850 };
                let failed = Failed::of(connection, end);
                return self.in_vain(search.purpose, search.bridge, failed, basis, ctx);
            }
        }
        self.drop_searches(basis, ctx);
    }

    /// Time has passed.
    pub(in crate::talk) fn search_timeout(&mut self, basis: &mut Basis, ctx: &mut Ctx<'_>) {
        for search in &mut self.searches {
            if let Reach::Hunt(hunt) = &mut search.reach
                && hunt.deadline().is_some_and(|at| at <= ctx.now.mono)
            {
                hunt.timeout(basis, ctx);
            }
        }
        let now = ctx.now.mono;
        let late = |it: &Search| matches!(&it.reach, Reach::Dial(dial) if dial.gives_up_at <= now);
        while let Some(index) = self.searches.iter().position(&late) {
            let search = self.searches.remove(index);
            let (connection, why) = (search.connection(), Release::NoAnswer);
            let reason = NoAnswerReason::Timeout;
            basis.record(CallEvent::NoAnswer { connection, reason }, ctx);
            for leg in search.legs() {
                basis.stop(Stopped { leg, connection, attempt: None, why }, ctx);
            }
            let outcome = ConnectionOutcome::NoAnswer;
            let (sip_status, q850) = (outcome::status_of(outcome), outcome::Q850_NO_ANSWER);
            let end = FailedEnd::Dialled { outcome, sip_status, q850 };
            self.in_vain(search.purpose, search.bridge, Failed::of(connection, end), basis, ctx);
        }
        self.drop_searches(basis, ctx);
    }

    /// A user answered elsewhere: what rings him here ends as busy (D37). `but`: the search that he
    /// has answered.
    pub(in crate::talk) fn user_taken(
        &mut self,
        user: &UserId,
        but: Option<ConnectionSeq>,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) {
        for search in self.searches.iter_mut().filter(|it| Some(it.connection()) != but) {
            if let Reach::Hunt(hunt) = &mut search.reach {
                hunt.user_taken(user, basis, ctx);
            }
        }
        self.drop_searches(basis, ctx);
    }

    /// Ends what nobody has answered.
    pub(in crate::talk) fn drop_searches(&mut self, basis: &mut Basis, ctx: &mut Ctx<'_>) {
        while let Some(index) = self.searches.iter().position(Search::is_over) {
            let Search { reach, purpose, bridge } = self.searches.remove(index);
            let Reach::Hunt(hunt) = reach else {
                continue;
            };
            let (next, called) = (hunt.next().cloned(), hunt.called().cloned());
            let reason = hunt.reason();
            let route = hunt.end(reason, basis, ctx);
            let connection = route.connection();
            let end = FailedEnd::Routed(route, false);
            let failed = Failed { connection, next, called, end };
            self.in_vain(purpose, bridge, failed, basis, ctx);
        }
    }

    /// Stops a search; what becomes of whoever it rang for is not its matter.
    pub(in crate::talk) fn stop_search(
        &mut self,
        index: usize,
        how: Stop,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) -> (Purpose, Failed) {
        let Search { reach, purpose, .. } = self.searches.remove(index);
        let caller_left = how == Stop::CallerGone;
        let (outcome, why) = match how {
            Stop::CallerGone => (AttemptOutcome::CallerHangup, Release::CallerGone),
            Stop::Over(why) => (AttemptOutcome::Failed, why),
        };
        match reach {
            Reach::Hunt(mut hunt) => {
                hunt.stop(outcome, why, basis, ctx);
                let reason = match how {
                    Stop::CallerGone => NoAnswerReason::CallerHangup,
                    Stop::Over(_) => hunt.reason(),
                };
                let route = hunt.end(reason, basis, ctx);
                let connection = route.connection();
                (purpose, Failed::of(connection, FailedEnd::Routed(route, caller_left)))
            }
            Reach::Dial(Dial { leg, connection, .. }) => {
                let (outcome, reason, q850) = match how {
                    Stop::CallerGone => (
                        ConnectionOutcome::Canceled,
                        NoAnswerReason::CallerHangup,
                        outcome::Q850_NORMAL,
                    ),
                    Stop::Over(_) => (
                        ConnectionOutcome::Failed,
                        NoAnswerReason::Failed,
                        outcome::Q850_TEMPORARY_FAILURE,
                    ),
                };
                basis.record(CallEvent::NoAnswer { connection, reason }, ctx);
                basis.stop(Stopped { leg, connection, attempt: None, why }, ctx);
                let sip_status = outcome::status_of(outcome);
                let end = FailedEnd::Dialled { outcome, sip_status, q850 };
                (purpose, Failed::of(connection, end))
            }
        }
    }

    /// Somebody has answered.
    pub(in crate::talk) fn found(
        &mut self,
        index: usize,
        leg: LegId,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) {
        let (found, group) = match &mut self.searches[index].reach {
            Reach::Hunt(hunt) => {
                let Some(winner) = hunt.answered(leg, basis) else {
                    return;
                };
                let (attempt, far) = (Some(winner.attempt), winner.far);
                let (connection, party) = (far.connection, far.party);
                (Found { leg, connection, party, attempt }, winner.group)
            }
            Reach::Dial(dial) => {
                let (connection, party) = (dial.connection, dial.party.clone());
                (Found { leg, connection, party, attempt: None }, None)
            }
        };
        let role = self.searches[index].purpose.role();
        let event = CallEvent::Answered {
            connection: found.connection,
            attempt: found.attempt,
            by: found.party.clone(),
            role,
        };
        basis.record(event, ctx);
        let Search { reach, purpose, bridge } = self.searches.remove(index);
        if let Reach::Hunt(mut hunt) = reach {
            let (outcome, why) = (AttemptOutcome::AnsweredElsewhere, Release::AnsweredElsewhere);
            hunt.stop(outcome, why, basis, ctx);
        }
        let (user, connection) = (user_of(&found.party).cloned(), found.connection);
        if let Some(user) = &user {
            ctx.floor.take(user, &basis.id, group.as_ref(), ctx.now);
            ctx.out.push(CallOutput::UserTaken(user.clone()));
        }
        self.answered(purpose, bridge, found, basis, ctx);
        if let Some(user) = user {
            self.user_taken(&user, Some(connection), basis, ctx);
        }
    }

    /// Who has answered takes the part for which he was rung.
    fn answered(
        &mut self,
        purpose: Purpose,
        bridge: u16,
        found: Found,
        basis: &Basis,
        ctx: &mut Ctx<'_>,
    ) {
        let (leg, connection) = (found.leg, found.connection);
        match purpose {
            Purpose::Add | Purpose::Recall => {}
            Purpose::Transfer { by } => self.transfer_answered(&by, connection, basis, ctx),
            Purpose::Consult { by } => self.consult_answered(by, leg),
        }
        // For whom it rang may have moved meanwhile.
        let is_there = self.present.iter().any(|it| it.bridge == bridge);
        let bridge = match self.present.first() {
            Some(first) if !is_there => first.bridge,
            Some(_) | None => bridge,
        };
        let name = BridgeLeg::Connection(connection);
        self.assume_rung(leg, connection);
        self.enter(Present { bridge, ..Present::new(leg, name, found.party) }, basis, ctx);
    }

    /// A search is over without an answer, and its `no_answer` is written.
    fn in_vain(
        &mut self,
        purpose: Purpose,
        bridge: u16,
        failed: Failed,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) {
        match purpose {
            Purpose::Add => {
                failed.end(basis, ctx);
                self.tidy(basis, ctx);
            }
            Purpose::Recall => {
                failed.end(basis, ctx);
                self.tidy(basis, ctx);
            }
            Purpose::Consult { by } => self.consult_in_vain(by, failed, basis, ctx),
            Purpose::Transfer { by } => self.transfer_in_vain(by, bridge, failed, basis, ctx),
        }
    }

    /// Whom telephones that are rung for this party are told about.
    pub(in crate::talk) fn behalf(&self, leg: LegId, basis: &Basis) -> Option<Behalf> {
        let party = self.by_leg(leg)?;
        Some(Behalf {
            leg,
            shown: self.shown_inside(&party.party, basis),
            outside: self.shown_outside(&party.party, basis),
            trunk: None,
        })
    }
}
