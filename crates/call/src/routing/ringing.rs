//! The attempts of one stage, from its `routing_started` to its end: they are started, ring and
//! end here, whoever decides whom to offer the call to. The first answer to arrive wins, because
//! the losers are gone when the second comes (D40); an attempt that is over rings no more, so no
//! leg is left that could be answered by accident (signalwire/freeswitch#2530).

use std::time::Duration;

use acd::RingEnd;
use model::call_graph::event::{AttemptParty, CallEvent, Target};
use model::call_graph::words::{AttemptOutcome, ConnectionKind, NoAnswerReason, RoutingRule};
use model::directory::AcdStrategy;
use model::{E164, IvrId, UserId};

use super::attempt::{Attempt, End, Offer, Winner};
use super::devices::{Step, Way};
use super::forward::{self, Onward, PassedOn};
use super::route::Route;
use crate::basis::Basis;
use crate::ctx::Ctx;
use crate::leg::{Far, Stopped};
use crate::outcome::{self, Tally};
use crate::port::{Devices, Diversion, DiversionReason, LegCommand, LegId, Release, Shown};

/// The running stage.
#[derive(Debug)]
pub(crate) struct Ringing {
    route: Route,
    ivr: Option<IvrId>,
    stage: u16,
    /// Written before the first attempt of every stage but the first (D39).
    retarget: Option<(Target, AcdStrategy)>,
    active: Vec<Attempt>,
    tally: Tally,
    /// Who declined in this stage: not offered the call again in it (D42, mikopbx/Core#1043). At
    /// most one for each attempt.
    declined: Vec<UserId>,
    /// What of an attempt that nobody answered goes on elsewhere, instead of how it ended (D48).
    passed_on: PassedOn,
    /// The last attempt has gone on elsewhere, for this reason.
    goes_on: Option<DiversionReason>,
    /// Who has passed the call on, the first of them first.
    diverted: Vec<(UserId, DiversionReason)>,
}

impl Ringing {
    /// A stage begins.
    pub(crate) fn begin(
        target: Target,
        strategy: AcdStrategy,
        ivr: Option<IvrId>,
        mut route: Route,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) -> Self {
        let stage = route.begin_stage(target.clone(), strategy, ivr.clone(), basis, ctx);
        Self {
            route,
            ivr,
            stage,
            retarget: (stage > 1).then_some((target, strategy)),
            active: Vec::new(),
            tally: Tally::default(),
            declined: Vec::new(),
            passed_on: PassedOn::default(),
            goes_on: None,
            diverted: Vec::new(),
        }
    }

    /// The Connection, for the next stage or the end.
    pub(crate) fn into_route(self) -> Route {
        self.route
    }

    /// The Connection.
    pub(crate) fn route(&self) -> &Route {
        &self.route
    }

    /// The Connection, whose telephones are to ring for somebody else.
    pub(crate) fn route_mut(&mut self) -> &mut Route {
        &mut self.route
    }

    /// Whether it is this user who wants somebody rung, instead of himself. Whom an IVR rings its
    /// caller has chosen.
    pub(super) fn is_handed_on_by(&self, user: &UserId) -> bool {
        self.ivr.is_none() && self.route.opened_by() == Some(user)
    }

    /// The attempt that rings this user.
    pub(super) fn attempt_of(&mut self, user: &UserId) -> Option<&mut Attempt> {
        self.active.iter_mut().find(|attempt| attempt.user() == Some(user))
    }

    /// Who is rung for the route is rung by nothing else.
    pub(super) fn with(route: Route, attempt: Attempt) -> Self {
        Self {
            route,
            ivr: None,
            stage: 1,
            retarget: None,
            active: vec![attempt],
            tally: Tally::default(),
            declined: Vec::new(),
            passed_on: PassedOn::default(),
            goes_on: None,
            diverted: Vec::new(),
        }
    }

    /// The caller is in no IVR any more.
    pub(super) fn leave_ivr(&mut self) {
        self.ivr = None;
        self.passed_on = PassedOn::default();
        self.goes_on = None;
    }

    /// An attempt that has this leg already; `false` where a limit forbids it.
    pub(super) fn begin_attempt(
        &mut self,
        offer: Offer,
        leg: LegId,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) -> bool {
        let attempt = self.start(offer, basis, ctx);
        let begun = attempt.is_some();
        self.active.extend(attempt.map(|attempt| Attempt { leg, ..attempt }));
        begun
    }

    /// The attempts that ring.
    pub(crate) fn active(&self) -> &[Attempt] {
        &self.active
    }

    /// Whether this user has declined in this stage.
    pub(crate) fn has_declined(&self, user: &UserId) -> bool {
        self.declined.contains(user)
    }

    /// Why the stage was not answered (D41, D43).
    pub(crate) fn reason(&self) -> NoAnswerReason {
        self.tally.reason()
    }

    /// When [`Self::expire`] has something to do.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        self.active.iter().map(Attempt::deadline).min()
    }

    pub(crate) fn legs(&self) -> impl Iterator<Item = LegId> {
        self.active.iter().map(|attempt| attempt.leg)
    }

    /// From now on who is not reached so ends as `forwarded`, because somebody else is rung then
    /// (D48).
    pub(super) fn set_passed_on(&mut self, passed_on: PassedOn) {
        self.passed_on = passed_on;
    }

    /// Why the last attempt goes on elsewhere, once.
    pub(super) fn take_passed_on(&mut self) -> Option<DiversionReason> {
        self.goes_on.take()
    }

    /// Whoever rings from now on is told that this user has passed the call on.
    pub(super) fn divert(&mut self, user: UserId, reason: DiversionReason) {
        self.diverted.push((user, reason));
    }

    /// Dials; `false` where a limit forbids it.
    pub(crate) fn offer(&mut self, offer: Offer, basis: &mut Basis, ctx: &mut Ctx<'_>) -> bool {
        let (way, reserved) = (offer.way.clone(), offer.reserved);
        let Some(attempt) = self.start(offer, basis, ctx) else {
            return false;
        };
        if let Some(user) = attempt.user()
            && !reserved
        {
            ctx.floor.ring(user, &basis.id, attempt.group.as_ref(), ctx.now);
        }
        dial(&attempt, way, &self.route, &self.diverted, basis, ctx);
        self.active.push(attempt);
        true
    }

    /// An attempt that is over as it begins: nobody is registered (D37).
    pub(crate) fn unreachable(&mut self, offer: Offer, basis: &mut Basis, ctx: &mut Ctx<'_>) {
        let ended = End::by_decision(AttemptOutcome::Unavailable, 480);
        self.over_at_once(offer, ended, basis, ctx);
    }

    /// An attempt that is over as it begins.
    pub(super) fn over_at_once(
        &mut self,
        offer: Offer,
        ended: End,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) {
        if let Some(attempt) = self.start(offer, basis, ctx) {
            self.note(&attempt, ended, basis, ctx);
        }
    }

    /// Something came from what is dialled.
    pub(crate) fn reached(&mut self, leg: LegId) {
        if let Some(attempt) = self.active.iter_mut().find(|attempt| attempt.leg == leg) {
            attempt.alive_by = None;
        }
    }

    /// A leg alerts.
    pub(crate) fn rang(
        &mut self,
        leg: LegId,
        early_media: bool,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) {
        let alone = self.active.len() == 1;
        let Some(attempt) = self.active.iter_mut().find(|attempt| attempt.leg == leg) else {
            return;
        };
        attempt.alive_by = None;
        if !attempt.rang {
            attempt.rang = true;
            let connection = self.route.connection();
            let event = CallEvent::AttemptRinging { connection, attempt: attempt.seq };
            basis.record(event, ctx);
        }
        if self.route.kind() == ConnectionKind::Route {
            let heard = (early_media && alone).then_some(leg);
            basis.anchor.alert(heard, ctx);
        }
    }

    /// A leg answers: it wins. `None`: it is none of this stage. Until the floor is told to whom
    /// the call goes, it counts the winner as rung.
    pub(crate) fn answered(&mut self, leg: LegId, basis: &Basis) -> Option<Winner> {
        let index = self.active.iter().position(|attempt| attempt.leg == leg)?;
        let attempt = self.active.remove(index);
        let party = match &attempt.party {
            AttemptParty::User(user) => basis.user(user),
            AttemptParty::Number(number) => {
                basis.outside(E164::parse(number).ok().as_ref(), number)
            }
        };
        let far = Far { leg, connection: self.route.connection(), party };
        Some(Winner { attempt: attempt.seq, far, group: attempt.group })
    }

    /// A leg failed: the next device of its user rings, or its attempt is over.
    pub(crate) fn failed(&mut self, leg: LegId, status: u16, basis: &Basis, ctx: &mut Ctx<'_>) {
        let Some(index) = self.active.iter().position(|attempt| attempt.leg == leg) else {
            return;
        };
        // A 6xx speaks for the user, not for the telephone (RFC 3261 §21.6).
        if status < 600 && self.next_device(index, basis, ctx) {
            return;
        }
        let attempt = self.active.remove(index);
        // No response of a telephone comes in the step in which it is dialled: his receiver is not
        // registered, and would not be at the next offer either.
        if status == 480
            && attempt.receiver_since == Some(ctx.now.mono)
            && let Some(user) = attempt.user()
        {
            ctx.floor.set_unreachable(user, ctx.now);
        }
        let mut ended = End::by_response(status);
        let telephone_is_gone =
            matches!(ended.outcome, AttemptOutcome::Unavailable | AttemptOutcome::Failed);
        if attempt.rang_out && telephone_is_gone {
            ended = End::by_decision(AttemptOutcome::NoAnswer, status);
        }
        self.note(&attempt, ended, basis, ctx);
    }

    /// A user answered another call: his attempts end as busy (D37).
    pub(crate) fn user_taken(&mut self, user: &UserId, basis: &mut Basis, ctx: &mut Ctx<'_>) {
        let rings_him = |attempt: &Attempt| attempt.user() == Some(user);
        let ended = End::by_decision(AttemptOutcome::Busy, outcome::CANCELLED);
        self.give_up(ended, Release::UserBusy, rings_him, basis, ctx);
    }

    /// Time has passed: telephones that show no life are passed over from now on, who rang long
    /// enough is given up, or his next device rings.
    pub(crate) fn expire(&mut self, basis: &mut Basis, ctx: &mut Ctx<'_>) {
        let now = ctx.now.mono;
        for index in 0..self.active.len() {
            let attempt = &mut self.active[index];
            if attempt.deadline() <= now && !attempt.later.is_empty() {
                attempt.rang_out |= attempt.gives_up_at <= now;
                let (leg, why) = (attempt.leg, Release::NoAnswer);
                let connection = self.route.connection();
                let stopped = Stopped { leg, connection, attempt: None, why };
                basis.stop(stopped, ctx);
                self.next_device(index, basis, ctx);
            }
        }
        let is_dead = |attempt: &Attempt| attempt.alive_by.is_some_and(|by| by <= now);
        for attempt in self.active.iter().filter(|attempt| is_dead(attempt)) {
            if let Some(user) = attempt.user() {
                ctx.floor.set_unreachable(user, ctx.now);
                let verdict = "passed over: the telephone answers nothing";
                basis.decide(RoutingRule::Member, user.as_str(), verdict);
            }
        }
        let dead = End::by_decision(AttemptOutcome::Unavailable, 408);
        self.give_up(dead, Release::NoAnswer, is_dead, basis, ctx);
        let late = End::by_decision(AttemptOutcome::NoAnswer, outcome::CANCELLED);
        self.give_up(late, Release::NoAnswer, |attempt| attempt.gives_up_at <= now, basis, ctx);
    }

    /// Stops everything: somebody answered, the caller left, or the server stops.
    pub(crate) fn stop(
        &mut self,
        outcome: AttemptOutcome,
        why: Release,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) {
        self.passed_on = PassedOn::default();
        self.goes_on = None;
        let ended = End::by_decision(outcome, outcome::CANCELLED);
        self.give_up(ended, why, |_| true, basis, ctx);
    }

    fn give_up(
        &mut self,
        ended: End,
        why: Release,
        which: impl Fn(&Attempt) -> bool,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) {
        let given_up: Vec<Attempt> = self.active.extract_if(.., |attempt| which(attempt)).collect();
        for attempt in &given_up {
            self.note(attempt, ended, basis, ctx);
        }
        for Attempt { leg, seq, .. } in given_up {
            let connection = self.route.connection();
            let stopped = Stopped { leg, connection, attempt: Some(seq), why };
            basis.stop(stopped, ctx);
        }
    }

    /// Rings the next device of the attempt; `false`: there is none.
    fn next_device(&mut self, index: usize, basis: &Basis, ctx: &mut Ctx<'_>) -> bool {
        let Some(attempt) = self.active.get_mut(index) else {
            return false;
        };
        let Some(Step { way, ring }) = attempt.later.pop() else {
            return false;
        };
        attempt.leg = ctx.legs.mint();
        attempt.gives_up_at = ctx.now.mono.saturating_add(ring);
        // The last one may be slow: nothing is gained by giving it up sooner.
        attempt.alive_by = if attempt.later.is_empty() { None } else { way.alive_by(ctx) };
        dial(attempt, way, &self.route, &self.diverted, basis, ctx);
        true
    }

    /// Writes how an attempt ended.
    fn note(&mut self, attempt: &Attempt, mut ended: End, basis: &Basis, ctx: &mut Ctx<'_>) {
        let mut ring_end = ended.ring_end();
        if attempt.cut_short && ring_end == RingEnd::Missed {
            ring_end = RingEnd::Stopped;
        }
        let (onward, reason) = self.passed_on.of(ended.outcome);
        if attempt.user().is_some() && onward != Onward::Nowhere {
            self.goes_on = Some(reason);
            if onward == Onward::Elsewhere {
                ended.outcome = AttemptOutcome::Forwarded;
            }
        }
        let End { outcome, sip_status, q850 } = ended;
        self.tally.note(outcome);
        self.route.attempt_ended(outcome, q850);
        let event = CallEvent::AttemptEnded {
            connection: self.route.connection(),
            attempt: attempt.seq,
            outcome,
            sip_status: Some(sip_status),
        };
        basis.record(event, ctx);
        if let AttemptParty::User(user) = &attempt.party {
            ctx.floor.stop_ringing(user, &basis.id, ring_end, ctx.now);
            if outcome == AttemptOutcome::Declined {
                self.declined.push(user.clone());
            }
        }
    }

    fn start(&mut self, offer: Offer, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Option<Attempt> {
        let limits = &ctx.settings.limits;
        // One leg is the caller's.
        let legs = self.active.len() + 1;
        if basis.attempts >= limits.attempts_per_call || legs >= limits.legs_per_call {
            let verdict = "nobody else is rung: as many attempts or legs as a call may have";
            basis.decide(RoutingRule::Limit, basis.id.as_str().to_owned(), verdict);
            return None;
        }
        basis.attempts += 1;
        let receives = matches!(offer.way, Way::Phones(_, Devices::Only(_)));
        let receiver_since = (receives && offer.group.is_some()).then_some(ctx.now.mono);
        let Offer { party, group, round, later, gives_up_at, cut_short, alive_by, .. } = offer;
        if let AttemptParty::User(user) = &party {
            basis.named.insert(user.clone());
        }
        basis.named_groups.extend(group.clone());
        let seq = self.route.next_attempt();
        let event = CallEvent::AttemptStarted {
            connection: self.route.connection(),
            attempt: seq,
            stage: self.stage,
            round,
            party: party.clone(),
            ivr: self.ivr.clone(),
            group: group.clone(),
            sip_call_id: None,
        };
        basis.record(event, ctx);
        // After it, so that a record that is cut off here names no strategy without an attempt.
        if let Some((target, strategy)) = self.retarget.take() {
            let connection = self.route.connection();
            let event = CallEvent::StageTargeted { connection, target, strategy };
            basis.record(event, ctx);
        }
        let leg = ctx.legs.mint();
        let (rang, rang_out) = (false, false);
        Some(Attempt {
            seq,
            leg,
            party,
            group,
            since: ctx.now.mono,
            rang,
            rang_out,
            alive_by,
            receiver_since,
            gives_up_at,
            cut_short,
            later,
        })
    }
}

fn dial(
    attempt: &Attempt,
    way: Way,
    route: &Route,
    diverted: &[(UserId, DiversionReason)],
    basis: &Basis,
    ctx: &mut Ctx<'_>,
) {
    let (leg, anchor) = (attempt.leg, route.for_leg(basis));
    let as_shown = |show: fn(&UserId, &Basis) -> Shown| {
        let by = diverted.iter().map(|(user, reason)| (show(user, basis), *reason));
        by.map(|(by, reason)| Diversion { by, reason }).collect()
    };
    ctx.order(match way {
        Way::Phones(user, devices) => {
            let diverted = as_shown(forward::shown_inside);
            let shown = route.shown(basis);
            LegCommand::DialUser { leg, user, devices, shown, anchor, diverted }
        }
        Way::Outside(to) => {
            let diverted = as_shown(forward::shown_outside);
            let (shown, trunk) = route.outside(attempt.user(), basis);
            LegCommand::DialOutside { leg, to, shown, trunk, anchor, diverted }
        }
    });
}
