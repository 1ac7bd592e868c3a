//! Whom a stage rings whose caller does not wait: one user, one device of his after the other, one
//! number outside, or the members of a group as its strategy says (D37–D43). It is over when
//! every attempt has failed and nobody is left to be offered the call (D41).

use std::time::Duration;

use acd::strategy::Turn;
use model::call_graph::event::{AttemptParty, Target};
use model::call_graph::words::{AttemptOutcome, ConnectionKind, NoAnswerReason, RoutingRule};
use model::directory::AcdStrategy;
use model::{GroupId, IvrId, UserId};

use super::attempt::{End, Offer, Winner};
use super::devices::{self, Way};
use super::forward::{Forwards, Next};
use super::ringing::Ringing;
use super::route::Route;
use super::search::{self, Search};
use crate::basis::Basis;
use crate::ctx::Ctx;
use crate::given_up::Dialled;
use crate::port::{CallOutput, Devices, LegId, Release};

/// What a stage is to do.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// The IVR that routes; `None`: a direct call.
    pub(crate) ivr: Option<IvrId>,
    pub(crate) target: Target,
    pub(crate) strategy: AcdStrategy,
    /// Longest time of one attempt where members are rung one by one.
    pub(crate) ring: Duration,
    /// Longest time of the stage.
    pub(crate) timeout: Duration,
    /// Laps of a search one by one; `None`: until the timeout.
    pub(crate) max_rounds: Option<u32>,
}

/// The running stage.
#[derive(Debug)]
pub(crate) struct Hunt {
    pub(super) ringing: Ringing,
    /// An IVR rings him, not a call to himself.
    pub(super) in_ivr: bool,
    group: Option<GroupId>,
    /// Longest time of one attempt of a search one by one.
    ring: Duration,
    pub(super) ends_at: Duration,
    search: Option<Search>,
    /// The search is asked again then, though nothing else happens.
    asks_at: Option<Duration>,
    pub(super) forwards: Forwards,
    /// What comes after it.
    pub(super) next: Option<Next>,
}

impl Hunt {
    /// Begins a stage and makes its first offers.
    pub(crate) fn begin(plan: Plan, route: Route, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Self {
        let Plan { ivr, target, strategy, ring, timeout, max_rounds } = plan;
        let ringing = Ringing::begin(target.clone(), strategy, ivr.clone(), route, basis, ctx);
        let mut hunt = Self {
            ringing,
            in_ivr: ivr.is_some(),
            group: None,
            ring,
            ends_at: ctx.now.mono.saturating_add(timeout),
            search: None,
            asks_at: None,
            forwards: Forwards::default(),
            next: None,
        };
        match target {
            Target::User(user) | Target::RecordOwner(Some(user)) => {
                hunt.call(user, basis, ctx);
            }
            Target::RecordOwner(None) => {}
            Target::External(number) => {
                let way = Way::Outside(number.clone());
                hunt.offer(AttemptParty::Number(number), way, basis, ctx);
            }
            Target::Group(id) => {
                basis.groups.push(id.clone());
                ctx.floor.offered(&id, &basis.id, ctx.now);
                hunt.group = Some(id.clone());
                hunt.search = Some(Search::new(id, strategy, max_rounds, basis, ctx));
            }
        }
        hunt.go_on(basis, ctx);
        hunt
    }

    /// A number outside rings that a user has dialled himself.
    pub(crate) fn of_dial(dialled: Dialled, now: Duration) -> Self {
        Self {
            in_ivr: false,
            group: None,
            ring: Duration::ZERO,
            ends_at: dialled.gives_up_at,
            search: None,
            asks_at: None,
            forwards: Forwards::default(),
            next: None,
            ringing: Ringing::of_dial(dialled, now),
        }
    }

    /// Who is not reached is not reached: no number is dialled instead, no message is taken.
    pub(super) fn forget_what_follows(&mut self) {
        self.next = None;
        self.forwards = Forwards::default();
    }

    /// The stage is over without an answer, and nobody rings. Returns the Connection, for the next
    /// stage or the end.
    pub(crate) fn end(self, reason: NoAnswerReason, basis: &Basis, ctx: &mut Ctx<'_>) -> Route {
        if self.group.is_some() {
            let caller_left = reason == NoAnswerReason::CallerHangup;
            ctx.floor.unanswered(&basis.id, caller_left, ctx.now);
        }
        self.ringing.route().stage_failed(reason, basis, ctx);
        self.ringing.into_route()
    }

    /// Whether nobody rings and nobody is left to be offered the call.
    pub(crate) fn is_over(&self) -> bool {
        self.ringing.active().is_empty() && self.search.is_none()
    }

    /// Why it was not answered (D41, D43).
    pub(crate) fn reason(&self) -> NoAnswerReason {
        self.ringing.reason()
    }

    /// The group that is searched.
    pub(crate) fn group(&self) -> Option<&GroupId> {
        self.group.as_ref()
    }

    /// What comes after it if nobody has answered, instead of the end.
    pub(crate) fn next(&self) -> Option<&Next> {
        self.next.as_ref()
    }

    /// The user for whom it is, if it is for one.
    pub(crate) fn called(&self) -> Option<&UserId> {
        self.forwards.first()
    }

    pub(crate) fn deadline(&self) -> Option<Duration> {
        let search = self.search.as_ref().map(|_| self.ends_at);
        self.ringing.deadline().into_iter().chain(self.asks_at).chain(search).min()
    }

    /// The attempts that ring.
    pub(crate) fn ringing(&self) -> &Ringing {
        &self.ringing
    }

    /// The attempts that ring, whose telephones are to ring for somebody else.
    pub(crate) fn ringing_mut(&mut self) -> &mut Ringing {
        &mut self.ringing
    }

    /// Something came from what is dialled.
    pub(crate) fn reached(&mut self, leg: LegId) {
        self.ringing.reached(leg);
    }

    /// A leg alerts.
    pub(crate) fn rang(
        &mut self,
        leg: LegId,
        early_media: bool,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) {
        self.ringing.rang(leg, early_media, basis, ctx);
    }

    /// A leg answers: it wins. `None`: it is none of this hunt.
    pub(crate) fn answered(&mut self, leg: LegId, basis: &Basis) -> Option<Winner> {
        self.ringing.answered(leg, basis)
    }

    /// A leg failed: its attempt is over, or its user's next device rings.
    pub(crate) fn failed(&mut self, leg: LegId, status: u16, basis: &mut Basis, ctx: &mut Ctx<'_>) {
        self.ringing.failed(leg, status, basis, ctx);
        self.go_on(basis, ctx);
    }

    /// A user answered another call: his attempts end as busy (D37).
    pub(crate) fn user_taken(&mut self, user: &UserId, basis: &mut Basis, ctx: &mut Ctx<'_>) {
        self.ringing.user_taken(user, basis, ctx);
        self.go_on(basis, ctx);
    }

    /// Time has passed.
    pub(crate) fn timeout(&mut self, basis: &mut Basis, ctx: &mut Ctx<'_>) {
        if ctx.now.mono >= self.ends_at {
            self.end_search();
        }
        self.ringing.expire(basis, ctx);
        self.go_on(basis, ctx);
    }

    /// Stops everything: somebody answered, the caller left, or the server stops.
    pub(crate) fn stop(
        &mut self,
        outcome: AttemptOutcome,
        why: Release,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) {
        self.end_search();
        self.next = None;
        self.ringing.stop(outcome, why, basis, ctx);
    }

    fn end_search(&mut self) {
        self.search = None;
        self.asks_at = None;
    }

    /// Goes on with what is due when nobody rings, or at the next step of a search.
    fn go_on(&mut self, basis: &mut Basis, ctx: &mut Ctx<'_>) {
        let steps = self.asks_at.is_some_and(|at| at <= ctx.now.mono);
        if !self.ringing.active().is_empty() && !steps {
            return;
        }
        while self.ringing.active().is_empty()
            && let Some(reason) = self.ringing.take_passed_on()
        {
            self.pass_on(reason, basis, ctx);
        }
        let Some(mut search) = self.search.take() else {
            return;
        };
        self.asks_at = None;
        if ctx.now.mono >= self.ends_at {
            return;
        }
        match search.turn(&self.ringing, basis, ctx) {
            Turn::Offer(users) => {
                let next_step = search.next_step(ctx.now.mono);
                if users.into_iter().all(|user| self.offer_member(user, &search, basis, ctx)) {
                    self.search = Some(search);
                    self.asks_at = next_step;
                }
            }
            Turn::Rest(until) => {
                self.search = Some(search);
                self.asks_at = Some(until);
            }
            Turn::Over => {}
        }
    }

    fn offer_member(
        &mut self,
        user: UserId,
        search: &Search,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) -> bool {
        let now = ctx.now.mono;
        let way = devices::receiver(&user, basis);
        let alone = search.is_one_by_one();
        let ring = if alone { now.saturating_add(self.ring) } else { self.ends_at };
        let offer = Offer {
            group: Some(search.group.clone()),
            round: search.round(),
            alive_by: way.alive_by(ctx),
            ..Offer::of(AttemptParty::User(user.clone()), way, self.ends_at)
        };
        let offer = offer.for_one_attempt(ring, self.ends_at);
        let offered = self.ringing.offer(offer, basis, ctx);
        if offered && search.moves_cursor() {
            ctx.floor.move_cursor(&search.group, &user);
            ctx.out.push(CallOutput::Cursor(search.group.clone(), user));
        }
        offered
    }

    /// A call to one user always has its attempt: without a registration it fails at once (D37).
    pub(super) fn offer_user(&mut self, user: UserId, basis: &mut Basis, ctx: &mut Ctx<'_>) {
        // Nobody is on a call twice, or rung for it by two searches; who calls himself is no
        // Connection of it.
        let call = &basis.id;
        let meets = ctx.floor.is_on(&user, call) || ctx.floor.rings(&user, call);
        if meets && self.ringing.route().kind() != ConnectionKind::Route {
            basis.decide(RoutingRule::Member, user.as_str(), "not rung: this call has him");
            let way = Way::Phones(user.clone(), Devices::All);
            let offer = Offer::of(AttemptParty::User(user), way, self.ends_at);
            let ended = End::by_decision(AttemptOutcome::Busy, 486);
            return self.ringing.over_at_once(offer, ended, basis, ctx);
        }
        let registered = ctx.floor.is_registered(&user);
        let why = if registered { "rung" } else { "not rung: not registered" };
        let why = match search::is_free(&ctx.floor.agent(&user)) {
            true => why.to_owned(),
            false => format!("{why} ({})", search::state(&ctx.floor.agent(&user))),
        };
        basis.decide(RoutingRule::Member, user.as_str(), why);
        let way = Way::Phones(user.clone(), Devices::All);
        let party = AttemptParty::User(user);
        if registered {
            self.offer(party, way, basis, ctx);
        } else {
            self.ringing.unreachable(Offer::of(party, way, self.ends_at), basis, ctx);
        }
    }

    pub(super) fn offer(
        &mut self,
        party: AttemptParty,
        way: Way,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) {
        let offer = Offer::of(party, way, self.ends_at);
        self.ringing.offer(offer, basis, ctx);
    }
}
