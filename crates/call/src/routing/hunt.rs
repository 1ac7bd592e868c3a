//! The attempts of one stage, from its `routing_started` to its end. A hunt rings one user, one
//! number outside, all members of a group at once, or one member after another; it is over when
//! every attempt has failed and the strategy has nobody left to offer the call to (D41).

use std::time::Duration;

use model::call_graph::event::{AttemptParty, CallEvent, Target};
use model::call_graph::words::{AttemptOutcome, NoAnswerReason};
use model::directory::{AcdStrategy, Group};
use model::{E164, GroupId, IvrId, UserId};

use super::attempt::{Attempt, End, Winner};
use super::route::{CONNECTION, Route};
use super::strategy::{Laps, Turn, may_be_offered};
use crate::basis::Basis;
use crate::ctx::Ctx;
use crate::leg::{Far, Stopped};
use crate::outcome::{self, Tally};
use crate::port::{CallOutput, Devices, LegCommand, LegId, Release, Shown};

/// What a stage is to do.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// The IVR that routes; `None`: a direct call.
    pub(crate) ivr: Option<IvrId>,
    pub(crate) target: Target,
    pub(crate) strategy: AcdStrategy,
    /// Longest time of one attempt of a round robin.
    pub(crate) ring: Duration,
    /// Longest time of the stage.
    pub(crate) timeout: Duration,
    /// Laps of a round robin; `None`: until the timeout.
    pub(crate) max_rounds: Option<u32>,
}

/// The running stage.
#[derive(Debug)]
pub(crate) struct Hunt {
    route: Route,
    ivr: Option<IvrId>,
    group: Option<GroupId>,
    stage: u16,
    /// Written before the first attempt of every stage but the first (D39).
    retarget: Option<(Target, AcdStrategy)>,
    ends_at: Duration,
    /// Longest time of one attempt of a round robin.
    ring: Option<Duration>,
    active: Vec<Attempt>,
    tally: Tally,
    laps: Option<Laps>,
    /// A round robin rests until then between two laps.
    rests_until: Option<Duration>,
}

impl Hunt {
    /// Begins a stage and makes its first offers.
    pub(crate) fn begin(
        plan: Plan,
        mut route: Route,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) -> Self {
        let (target, strategy) = (plan.target.clone(), plan.strategy);
        let stage = route.begin_stage(target, strategy, plan.ivr.clone(), basis, ctx);
        let mut hunt = Self {
            route,
            ivr: plan.ivr,
            group: None,
            stage,
            retarget: (stage > 1).then(|| (plan.target.clone(), strategy)),
            ends_at: ctx.now.mono.saturating_add(plan.timeout),
            ring: None,
            active: Vec::new(),
            tally: Tally::default(),
            laps: None,
            rests_until: None,
        };
        match plan.target {
            Target::User(user) | Target::RecordOwner(Some(user)) => {
                hunt.offer_user(user, 1, basis, ctx);
            }
            Target::RecordOwner(None) => {}
            Target::External(number) => {
                hunt.offer(AttemptParty::Number(number), 1, basis, ctx);
            }
            Target::Group(id) => {
                basis.groups.push(id.clone());
                hunt.group = Some(id.clone());
                match strategy {
                    // `single` names no way to search a group; the import refuses it.
                    AcdStrategy::Single | AcdStrategy::Simulring => {
                        hunt.offer_all(&id, basis, ctx);
                    }
                    AcdStrategy::ProgressiveSimulring
                    | AcdStrategy::Sequential
                    | AcdStrategy::LongestIdle
                    | AcdStrategy::FewestCalls
                    | AcdStrategy::LeastTalkTime
                    | AcdStrategy::WeightedRandom
                    | AcdStrategy::Skills
                    | AcdStrategy::RoundRobin => {
                        let gap = ctx.settings.ring.lap;
                        hunt.ring = Some(plan.ring);
                        hunt.laps = Some(Laps::new(id, plan.max_rounds, gap));
                        hunt.offer_next(basis, ctx);
                    }
                }
            }
        }
        hunt
    }

    /// The Connection, for the next stage or the end.
    pub(crate) fn into_route(self) -> Route {
        self.route
    }

    /// Whether nobody rings and nobody is left to be offered the call.
    pub(crate) fn is_over(&self) -> bool {
        self.active.is_empty() && self.laps.is_none()
    }

    /// Why it was not answered (D41, D43).
    pub(crate) fn reason(&self) -> NoAnswerReason {
        self.tally.reason()
    }

    /// The group that is searched.
    pub(crate) fn group(&self) -> Option<&GroupId> {
        self.group.as_ref()
    }

    pub(crate) fn deadline(&self) -> Option<Duration> {
        let attempts = self.active.iter().map(|attempt| attempt.gives_up_at);
        attempts.chain(self.rests_until).chain([self.ends_at]).min()
    }

    pub(crate) fn legs(&self) -> impl Iterator<Item = LegId> {
        self.active.iter().map(|attempt| attempt.leg)
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
        if !attempt.rang {
            attempt.rang = true;
            let event = CallEvent::AttemptRinging { connection: CONNECTION, attempt: attempt.seq };
            basis.record(event, ctx);
        }
        let heard = (early_media && alone).then_some(leg);
        basis.anchor.alert(heard, ctx);
    }

    /// A leg answers: it wins, and every other one is stopped. `None`: it is none of this hunt.
    /// The first answer to arrive wins (D40), because the losers are gone when the second comes.
    pub(crate) fn answered(
        &mut self,
        leg: LegId,
        basis: &Basis,
        ctx: &mut Ctx<'_>,
    ) -> Option<Winner> {
        let index = self.active.iter().position(|attempt| attempt.leg == leg)?;
        let attempt = self.active.remove(index);
        let party = match &attempt.party {
            AttemptParty::User(user) => {
                ctx.floor.stop_ringing(user, &basis.id);
                basis.user(user)
            }
            AttemptParty::Number(number) => {
                basis.outside(E164::parse(number).ok().as_ref(), number)
            }
        };
        let connection = CONNECTION;
        Some(Winner { attempt: attempt.seq, far: Far { leg, connection, party } })
    }

    /// A leg failed: its attempt is over, and a round robin goes on.
    pub(crate) fn failed(&mut self, leg: LegId, status: u16, basis: &mut Basis, ctx: &mut Ctx<'_>) {
        let Some(index) = self.active.iter().position(|attempt| attempt.leg == leg) else {
            return;
        };
        let attempt = self.active.remove(index);
        let ended = End::by_response(status);
        self.end(&attempt, ended, basis, ctx);
        self.offer_next(basis, ctx);
    }

    /// A user answered another call: his attempts end as busy (D37).
    pub(crate) fn user_taken(&mut self, user: &UserId, basis: &mut Basis, ctx: &mut Ctx<'_>) {
        let rings_him =
            |attempt: &Attempt| matches!(&attempt.party, AttemptParty::User(id) if id == user);
        self.give_up(AttemptOutcome::Busy, Release::UserBusy, rings_him, basis, ctx);
        self.offer_next(basis, ctx);
    }

    /// Time has passed.
    pub(crate) fn timeout(&mut self, basis: &mut Basis, ctx: &mut Ctx<'_>) {
        let now = ctx.now.mono;
        let over = now >= self.ends_at;
        if over {
            self.laps = None;
        }
        let too_long = |attempt: &Attempt| over || now >= attempt.gives_up_at;
        self.give_up(AttemptOutcome::NoAnswer, Release::NoAnswer, too_long, basis, ctx);
        self.offer_next(basis, ctx);
    }

    /// Stops everything: somebody answered, the caller left, or the server stops.
    pub(crate) fn stop(
        &mut self,
        outcome: AttemptOutcome,
        why: Release,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) {
        self.laps = None;
        self.give_up(outcome, why, |_| true, basis, ctx);
    }

    fn give_up(
        &mut self,
        outcome: AttemptOutcome,
        why: Release,
        which: impl Fn(&Attempt) -> bool,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) {
        let given_up: Vec<Attempt> = self.active.extract_if(.., |attempt| which(attempt)).collect();
        for attempt in &given_up {
            self.end(attempt, End::by_decision(outcome, outcome::CANCELLED), basis, ctx);
        }
        for attempt in given_up {
            let Attempt { leg, seq, .. } = attempt;
            let stopped = Stopped { leg, connection: CONNECTION, attempt: Some(seq), why };
            basis.stop(stopped, ctx);
        }
    }

    fn end(&mut self, attempt: &Attempt, ended: End, basis: &Basis, ctx: &mut Ctx<'_>) {
        let End { outcome, sip_status, q850 } = ended;
        self.tally.note(outcome);
        self.route.attempt_ended(outcome, q850);
        let event = CallEvent::AttemptEnded {
            connection: CONNECTION,
            attempt: attempt.seq,
            outcome,
            sip_status: Some(sip_status),
        };
        basis.record(event, ctx);
        if let AttemptParty::User(user) = &attempt.party {
            ctx.floor.stop_ringing(user, &basis.id);
            if let Some(laps) = &mut self.laps
                && outcome == AttemptOutcome::Declined
            {
                laps.declined(user.clone());
            }
        }
    }

    fn offer_all(&mut self, group: &GroupId, basis: &mut Basis, ctx: &mut Ctx<'_>) {
        let directory = basis.directory.clone();
        let Some(group) = directory.group(group) else {
            return;
        };
        for member in &group.members {
            if !may_be_offered(member, ctx.directory, ctx.floor) {
                continue;
            }
            let party = AttemptParty::User(member.clone());
            if !self.offer(party, 1, basis, ctx) {
                return;
            }
        }
    }

    /// Lets a round robin go on, if one is running and nobody rings.
    fn offer_next(&mut self, basis: &mut Basis, ctx: &mut Ctx<'_>) {
        if !self.active.is_empty() {
            return;
        }
        let Some(mut laps) = self.laps.take() else {
            return;
        };
        let now = ctx.now.mono;
        let turn = match basis.directory.group(&laps.group) {
            Some(group) if now < self.ends_at => turn(&mut laps, group, ctx),
            Some(_) | None => Turn::Over,
        };
        self.rests_until = None;
        match turn {
            Turn::Offer(user) => {
                let round = laps.round;
                let party = AttemptParty::User(user.clone());
                if self.offer(party, round, basis, ctx) {
                    ctx.floor.move_cursor(&laps.group, &user);
                    let moved = CallOutput::Cursor(laps.group.clone(), user);
                    ctx.out.push(moved);
                    self.laps = Some(laps);
                }
            }
            Turn::Rest(until) => {
                self.rests_until = Some(until);
                self.laps = Some(laps);
            }
            Turn::Over => {}
        }
    }

    /// A call to one user always has its attempt: without a registration it fails at once (D37).
    fn offer_user(&mut self, user: UserId, round: u16, basis: &mut Basis, ctx: &mut Ctx<'_>) {
        if ctx.floor.is_registered(&user) {
            self.offer(AttemptParty::User(user), round, basis, ctx);
        } else if let Some(attempt) = self.start(AttemptParty::User(user), round, basis, ctx) {
            let ended = End::by_decision(AttemptOutcome::Unavailable, 480);
            self.end(&attempt, ended, basis, ctx);
        }
    }

    /// Dials; `false` where a limit forbids it.
    fn offer(
        &mut self,
        party: AttemptParty,
        round: u16,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) -> bool {
        let Some(attempt) = self.start(party, round, basis, ctx) else {
            return false;
        };
        let (leg, anchor) = (attempt.leg, basis.anchor.leg);
        match &attempt.party {
            AttemptParty::User(user) => {
                ctx.floor.ring(user, &basis.id);
                let (user, shown) = (user.clone(), basis.shown.clone());
                let devices = Devices::All;
                ctx.order(LegCommand::DialUser { leg, user, devices, shown, anchor });
            }
            AttemptParty::Number(to) => ctx.order(LegCommand::DialOutside {
                leg,
                to: to.clone(),
                // Names stay inside.
                shown: Shown { number: basis.shown.number.clone(), name: None },
                trunk: basis.anchor.trunk.clone(),
                anchor,
            }),
        }
        self.active.push(attempt);
        true
    }

    fn start(
        &mut self,
        party: AttemptParty,
        round: u16,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) -> Option<Attempt> {
        let limits = &ctx.settings.limits;
        // One leg is the caller's.
        let legs = self.active.len() + 1;
        if basis.attempts >= limits.attempts_per_call || legs >= limits.legs_per_call {
            return None;
        }
        basis.attempts += 1;
        if let Some((target, strategy)) = self.retarget.take() {
            let event = CallEvent::StageTargeted { connection: CONNECTION, target, strategy };
            basis.record(event, ctx);
        }
        if let AttemptParty::User(user) = &party {
            basis.named.insert(user.clone());
        }
        let seq = self.route.next_attempt();
        let event = CallEvent::AttemptStarted {
            connection: CONNECTION,
            attempt: seq,
            stage: self.stage,
            round,
            party: party.clone(),
            ivr: self.ivr.clone(),
            group: self.group.clone(),
            sip_call_id: None,
        };
        basis.record(event, ctx);
        let ring = self.ring.map(|ring| ctx.now.mono.saturating_add(ring));
        let gives_up_at = ring.map_or(self.ends_at, |at| at.min(self.ends_at));
        Some(Attempt { seq, leg: ctx.legs.mint(), party, rang: false, gives_up_at })
    }
}

fn turn(laps: &mut Laps, group: &Group, ctx: &Ctx<'_>) -> Turn {
    let cursor = ctx.floor.cursor(&laps.group);
    laps.next(ctx.now.mono, group, cursor, |user| {
        may_be_offered(user, ctx.directory, ctx.floor) && !ctx.floor.is_ringing(user)
    })
}
