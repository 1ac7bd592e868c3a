//! Who is rung for somebody on the call, and what he is to be when he answers. Several searches go
//! on at once, each with a Connection of its own; a search whose party has left is over.

use std::sync::Arc;
use std::time::Duration;

use model::UserId;
use model::call_graph::event::{AttemptSeq, BridgeLeg, CallEvent, ConnectionSeq, Party};
use model::call_graph::words::{
    AttemptOutcome, ConnectionOutcome, EndReason, NoAnswerReason, ParticipantRole,
};

use super::{Present, Talk};
use crate::basis::Basis;
use crate::ctx::Ctx;
use crate::leg::{Stopped, user_of};
use crate::outcome::{self, Q850};
use crate::port::{CallOutput, LegEvent, LegId, Release};
use crate::routing::forward::Next;
use crate::routing::hunt::Hunt;
use crate::routing::route::{Behalf, Route};

/// Somebody is rung.
#[derive(Debug)]
pub(crate) struct Search {
    pub(crate) reach: Reach,
    pub(crate) purpose: Purpose,
    /// Into which he comes.
    pub(crate) bridge: u16,
}

/// How somebody is reached.
#[derive(Debug)]
pub(crate) enum Reach {
    /// Users ring, or a number outside as an attempt of its own.
    Hunt(Hunt),
    /// A number outside that is added has no attempts (D4).
    Dial(Dial),
}

/// A number outside is dialled.
#[derive(Debug)]
pub(crate) struct Dial {
    pub(crate) leg: LegId,
    pub(crate) connection: ConnectionSeq,
    pub(crate) party: Party,
    /// Who adds it.
    pub(crate) by: UserId,
    pub(crate) rang: bool,
    pub(crate) gives_up_at: Duration,
}

/// What who answers is to be.
#[derive(Clone, Debug)]
pub(crate) enum Purpose {
    /// One more.
    Add,
    /// Whom the user with this leg consults.
    Consult {
        /// The transferor's leg.
        by: LegId,
    },
    /// The one who takes the transferor's place.
    Transfer {
        /// The transferor.
        by: UserId,
    },
    /// The transferor himself.
    Recall,
}

impl Purpose {
    /// Whoever is spoken of by this leg has another one.
    pub(super) fn rename(&mut self, old: LegId, new: LegId) {
        match self {
            Self::Consult { by } if *by == old => *by = new,
            Self::Add | Self::Consult { .. } | Self::Transfer { .. } | Self::Recall => {}
        }
    }

    fn role(&self) -> ParticipantRole {
        match self {
            Self::Add => ParticipantRole::Added,
            Self::Consult { .. } => ParticipantRole::Consulted,
            Self::Transfer { .. } => ParticipantRole::TransferTarget,
            Self::Recall => ParticipantRole::Callee,
        }
    }
}

/// Who has answered a search.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) leg: LegId,
    pub(super) connection: ConnectionSeq,
    pub(super) party: Party,
    attempt: Option<AttemptSeq>,
}

impl Search {
    pub(crate) fn connection(&self) -> ConnectionSeq {
        match &self.reach {
            Reach::Hunt(hunt) => hunt.ringing().route().connection(),
            Reach::Dial(dial) => dial.connection,
        }
    }

    pub(crate) fn deadline(&self) -> Option<Duration> {
        match &self.reach {
            Reach::Hunt(hunt) => hunt.deadline(),
            Reach::Dial(dial) => Some(dial.gives_up_at),
        }
    }

    pub(crate) fn legs(&self) -> Vec<LegId> {
        match &self.reach {
            Reach::Hunt(hunt) => hunt.ringing().legs().collect(),
            Reach::Dial(dial) => vec![dial.leg],
        }
    }

    pub(crate) fn has(&self, leg: LegId) -> bool {
        self.legs().contains(&leg)
    }

    /// The users who ring, each with his leg.
    pub(crate) fn ringing(&self) -> Vec<(UserId, LegId)> {
        match &self.reach {
            Reach::Hunt(hunt) => {
                let active = hunt.ringing().active().iter();
                active.filter_map(|it| Some((it.user()?.clone(), it.leg))).collect()
            }
            Reach::Dial(_) => Vec::new(),
        }
    }

    /// The user who has ordered it.
    pub(crate) fn opened_by(&self) -> Option<&UserId> {
        match &self.reach {
            Reach::Hunt(hunt) => hunt.ringing().route().opened_by(),
            Reach::Dial(dial) => Some(&dial.by),
        }
    }

    /// Since when it rings this user.
    pub(crate) fn rings_since(&self, user: &UserId) -> Option<Duration> {
        match &self.reach {
            Reach::Hunt(hunt) => hunt.ringing().rings_since(user),
            Reach::Dial(_) => None,
        }
    }

    /// Whether users ring, whom somebody may help out.
    pub(super) fn may_be_picked_up(&self) -> bool {
        match &self.reach {
            Reach::Hunt(hunt) => !hunt.ringing().active().is_empty(),
            Reach::Dial(_) => false,
        }
    }

    /// A user has dialled for it, and is about to answer ([`Hunt::picked_up`]).
    pub(super) fn picked_up(
        &mut self,
        user: &UserId,
        leg: LegId,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) -> bool {
        match &mut self.reach {
            Reach::Hunt(hunt) => hunt.picked_up(user, leg, basis, ctx),
            Reach::Dial(_) => false,
        }
    }

    /// The leg for which it rings.
    pub(crate) fn for_leg(&self, basis: &Basis) -> Option<LegId> {
        match &self.reach {
            Reach::Hunt(hunt) => Some(hunt.ringing().route().for_leg(basis)),
            Reach::Dial(_) => None,
        }
    }

    /// It rings for somebody else from now on.
    pub(crate) fn set_behalf(&mut self, behalf: Behalf) {
        match &mut self.reach {
            Reach::Hunt(hunt) => hunt.ringing_mut().route_mut().set_behalf(behalf),
            Reach::Dial(_) => {}
        }
    }

    fn is_over(&self) -> bool {
        match &self.reach {
            Reach::Hunt(hunt) => hunt.is_over(),
            Reach::Dial(_) => false,
        }
    }
}

/// A search that has ended in vain, whose Connection is still to be ended.
#[derive(Debug)]
#[must_use = "its Connection is open"]
pub(super) struct Failed {
    pub(super) connection: ConnectionSeq,
    /// Where who waits is led from there.
    pub(super) next: Option<Next>,
    /// The user who was to be reached.
    pub(super) called: Option<UserId>,
    end: FailedEnd,
}

#[derive(Debug)]
enum FailedEnd {
    Routed(Route, bool),
    Dialled { outcome: ConnectionOutcome, sip_status: u16, q850: Q850 },
}

impl Failed {
    /// The Connection, for another stage that is to reach somebody; the same back if it is a dial.
    pub(super) fn into_route(self) -> Result<Route, Self> {
        match self.end {
            FailedEnd::Routed(route, _) => Ok(route),
            FailedEnd::Dialled { .. } => Err(self),
        }
    }

    fn of(connection: ConnectionSeq, end: FailedEnd) -> Self {
        Self { connection, next: None, called: None, end }
    }

    /// Ends the Connection; returns the status that says why.
    pub(super) fn end(self, basis: &Basis, ctx: &mut Ctx<'_>) -> u16 {
        match self.end {
            FailedEnd::Routed(route, caller_left) => {
                let ended = route.end_unanswered(caller_left, basis, ctx);
                ended.map_or(480, |ended| ended.sip_status)
            }
            FailedEnd::Dialled { outcome, sip_status, q850 } => {
                let event = CallEvent::ConnectionEnded {
                    connection: self.connection,
                    outcome,
                    reason: EndReason::NotAnswered,
                    sip_status: Some(sip_status),
                    q850: Some(q850),
                };
                basis.record(event, ctx);
                sip_status
            }
        }
    }
}

/// How a search is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// For whom it rang has left, or has given it up.
    CallerGone,
    /// The server stops, or an operator ends the call.
    Over(Release),
}

impl Talk {
    /// Something happened on a leg that rings.
    pub(super) fn of_search(
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
    pub(super) fn search_timeout(&mut self, basis: &mut Basis, ctx: &mut Ctx<'_>) {
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
    pub(super) fn user_taken(
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
    pub(super) fn drop_searches(&mut self, basis: &mut Basis, ctx: &mut Ctx<'_>) {
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
    pub(super) fn stop_search(
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
    pub(super) fn found(&mut self, index: usize, leg: LegId, basis: &mut Basis, ctx: &mut Ctx<'_>) {
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
        basis: &mut Basis,
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
    pub(super) fn behalf(&self, leg: LegId, basis: &Basis) -> Option<Behalf> {
        let party = self.by_leg(leg)?;
        Some(Behalf {
            leg,
            shown: self.shown_inside(&party.party, basis),
            outside: self.shown_outside(&party.party, basis),
            trunk: None,
        })
    }
}

/// The text of a party that is dialled outside.
pub(super) fn dialled(number: Option<&model::E164>, dialled: &Arc<str>) -> Arc<str> {
    number.map_or_else(|| dialled.clone(), |number| number.as_str().into())
}
