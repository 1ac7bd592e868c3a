//! A call to a user that goes elsewhere: at once, because he is busy, or because he does not answer
//! (D48). His attempt ends `forwarded`, and who is reached instead has one of his own. A user to
//! whom it goes may pass it on himself; it never comes back to one through whom it has come, nor
//! does it go further than [`Forwarding::HOPS`] say: there it ends as if it were not forwarded.
//!
//! The personal inbound route of a user who has one stands for all of this, and ends in a number
//! from which nothing is passed on any more.

use std::sync::Arc;

use acd::AgentState;
use model::call_graph::event::AttemptParty;
use model::call_graph::words::{AttemptOutcome, RoutingRule};
use model::directory::{Assignment, ForwardTo, Forwarding};
use model::{E164, IvrId, UserId};

use super::attempt::{End, Offer};
use super::devices::{self, After, Step, Way};
use super::hunt::Hunt;
use crate::basis::Basis;
use crate::ctx::Ctx;
use crate::port::{Devices, DiversionReason, Shown};

/// 302: what a telephone would say that forwards by itself (RFC 3261 §21.3.3).
const MOVED: u16 = 302;

/// Where a call goes on from a user who is not reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Onward {
    /// Nowhere.
    #[default]
    Nowhere,
    /// To somebody else, so that his attempt ends `forwarded`.
    Elsewhere,
    /// To his mailbox: he alone was called.
    Mailbox,
}

/// From which ends of an attempt the call goes on.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PassedOn {
    pub(crate) always: Onward,
    pub(crate) busy: Onward,
    pub(crate) declined: Onward,
    pub(crate) unanswered: Onward,
}

impl PassedOn {
    /// However he is not reached.
    const ANYHOW: Self = Self {
        always: Onward::Elsewhere,
        busy: Onward::Elsewhere,
        declined: Onward::Elsewhere,
        unanswered: Onward::Elsewhere,
    };

    /// Where the call goes from an attempt that came out so, and why.
    pub(crate) fn of(self, outcome: AttemptOutcome) -> (Onward, DiversionReason) {
        match outcome {
            AttemptOutcome::Forwarded => (self.always, DiversionReason::Unconditional),
            AttemptOutcome::Busy => (self.busy, DiversionReason::Busy),
            AttemptOutcome::Declined => (self.declined, DiversionReason::Busy),
            AttemptOutcome::NoAnswer => (self.unanswered, DiversionReason::NoAnswer),
            AttemptOutcome::Unavailable | AttemptOutcome::Failed | AttemptOutcome::Canceled => {
                (self.unanswered, DiversionReason::Unavailable)
            }
            AttemptOutcome::Answered
            | AttemptOutcome::AnsweredElsewhere
            | AttemptOutcome::CallerHangup => (Onward::Nowhere, DiversionReason::Unavailable),
        }
    }
}

/// What comes after a stage in which nobody answered, instead of its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// The caller leaves a message for this user.
    Message(UserId),
    /// He enters the IVR of a group to whose number the call was forwarded.
    Ivr(IvrId),
}

/// The way of a call from user to user.
#[derive(Debug, Default)]
pub(crate) struct Forwards {
    /// Through whom it has come, who is rung now last.
    way: Vec<UserId>,
    then: Then,
}

/// Where a call goes whose user is not reached.
#[derive(Clone, Debug, Default)]
enum Then {
    #[default]
    Nowhere,
    /// The last step of a personal inbound route.
    Last(Arc<str>),
    /// By his forwarding, of which is left what can be followed.
    By(Forwarding),
}

impl Then {
    fn passed_on(&self) -> PassedOn {
        match self {
            Self::Nowhere => PassedOn::default(),
            Self::Last(_) => PassedOn::ANYHOW,
            Self::By(forward) => {
                let onward = |to: &Option<ForwardTo>| match to {
                    None => Onward::Nowhere,
                    Some(ForwardTo::Voicemail) => Onward::Mailbox,
                    Some(ForwardTo::User(_) | ForwardTo::Number(_)) => Onward::Elsewhere,
                };
                PassedOn {
                    always: onward(&forward.always),
                    busy: onward(&forward.busy),
                    declined: Onward::Nowhere,
                    unanswered: onward(&forward.no_answer),
                }
            }
        }
    }
}

impl Forwards {
    /// The user who was called.
    pub(super) fn first(&self) -> Option<&UserId> {
        self.way.first()
    }

    /// The call comes to a user: where it goes if he is not reached. What cannot be followed is
    /// explained.
    fn come_to(&mut self, user: &UserId, in_ivr: bool, basis: &mut Basis, ctx: &Ctx<'_>) {
        self.way.push(user.clone());
        let mut forward = match basis.directory_of(user).user(user) {
            Some(known) if known.inbound_route.is_none() => known.forward.clone(),
            Some(_) | None => Forwarding::default(),
        };
        for to in [&mut forward.always, &mut forward.busy, &mut forward.no_answer] {
            if let Some(why) = to.as_ref().and_then(|to| self.refuses(to, in_ivr, basis, ctx))
                && let Some(to) = to.take()
            {
                let verdict = format!("not passed on to {to}: {why}");
                basis.decide(RoutingRule::Forward, user.as_str(), verdict);
            }
        }
        self.then = Then::By(forward);
    }

    /// Why a call is not passed on to this target.
    fn refuses(
        &self,
        to: &ForwardTo,
        in_ivr: bool,
        basis: &Basis,
        ctx: &Ctx<'_>,
    ) -> Option<&'static str> {
        if *to == ForwardTo::Voicemail {
            return in_ivr.then_some("an IVR says what comes next");
        }
        if self.way.len() > Forwarding::HOPS {
            return Some("it was passed on as often as a call may be");
        }
        let next = to.user(&basis.directory)?;
        if self.way.contains(next) {
            Some("it has come from there")
        } else if basis.directory.user(next).is_none() {
            Some("there is no such user")
        } else if ctx.floor.is_on(next, &basis.id) {
            Some("he is on this call")
        } else {
            None
        }
    }
}

impl Hunt {
    /// Rings a user, along his personal inbound route if the call is for himself, or passes the
    /// call on at once.
    pub(super) fn call(&mut self, user: UserId, basis: &mut Basis, ctx: &mut Ctx<'_>) {
        let route = if self.in_ivr { None } else { devices::route(&user, basis, ctx) };
        if let Some((steps, after)) = route {
            self.forwards.way.push(user.clone());
            return self.follow(user, steps, after, basis, ctx);
        }
        self.forwards.come_to(&user, self.in_ivr, basis, ctx);
        let passed_on = self.forwards.then.passed_on();
        self.ringing.set_passed_on(passed_on);
        let talks = ctx.floor.agent(&user).state == AgentState::OnCall;
        let ended = if passed_on.always != Onward::Nowhere {
            End::by_decision(AttemptOutcome::Forwarded, MOVED)
        } else if passed_on.busy != Onward::Nowhere && talks {
            End::by_decision(AttemptOutcome::Busy, 486)
        } else {
            return self.offer_user(user, basis, ctx);
        };
        let way = Way::Phones(user.clone(), Devices::All);
        let offer = Offer::of(AttemptParty::User(user), way, self.ends_at);
        self.ringing.over_at_once(offer, ended, basis, ctx);
    }

    /// A call to a user who has said how it is rung.
    fn follow(
        &mut self,
        user: UserId,
        mut steps: Vec<Step>,
        after: After,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) {
        let longest = steps.iter().map(|step| step.ring).sum();
        self.ends_at = ctx.now.mono.saturating_add(longest);
        self.forwards.then = Then::Nowhere;
        match after {
            After::HangUp => {}
            After::Forward(number) => self.forwards.then = Then::Last(number),
            After::Voicemail => self.next = Some(Next::Message(user.clone())),
        }
        self.ringing.set_passed_on(self.forwards.then.passed_on());
        steps.reverse();
        let all = Way::Phones(user.clone(), Devices::All);
        let party = AttemptParty::User(user);
        match steps.pop() {
            Some(Step { way, ring }) => {
                let ends_at = ctx.now.mono.saturating_add(ring);
                // Where another device comes next, a frozen one does not ring to its end.
                let alive_by = if steps.is_empty() { None } else { way.alive_by(ctx) };
                let offer = Offer { later: steps, alive_by, ..Offer::of(party, way, ends_at) };
                self.ringing.offer(offer, basis, ctx);
            }
            None => self.ringing.unreachable(Offer::of(party, all, self.ends_at), basis, ctx),
        }
    }

    /// The user who was rung is not reached, and the call goes on from him.
    pub(super) fn pass_on(
        &mut self,
        reason: DiversionReason,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) {
        let Some(user) = self.forwards.way.last().cloned() else {
            return;
        };
        self.ends_at = ctx.now.mono.saturating_add(ctx.settings.ring.user);
        self.ringing.set_passed_on(PassedOn::default());
        let to = match std::mem::take(&mut self.forwards.then) {
            Then::Nowhere => return,
            Then::Last(number) => {
                self.ringing.divert(user, reason);
                return self.last(number, basis, ctx);
            }
            Then::By(forward) => match reason {
                DiversionReason::Unconditional => forward.always,
                DiversionReason::Busy => forward.busy,
                DiversionReason::NoAnswer | DiversionReason::Unavailable => forward.no_answer,
            },
        };
        let Some(to) = to else {
            return;
        };
        let why = match reason {
            DiversionReason::Unconditional => "as all his calls",
            DiversionReason::Busy => "he is busy",
            DiversionReason::NoAnswer => "he has not answered",
            DiversionReason::Unavailable => "he cannot be reached",
        };
        let verdict = format!("passed on to {to}: {why}");
        basis.decide(RoutingRule::Forward, user.as_str(), verdict);
        let inside = to.user(&basis.directory).cloned();
        match (to, inside) {
            (ForwardTo::Voicemail, _) => self.next = Some(Next::Message(user)),
            (_, Some(next)) | (ForwardTo::User(next), None) => {
                self.ringing.divert(user, reason);
                self.call(next, basis, ctx);
            }
            (ForwardTo::Number(number), None) => match ivr_of(&number, basis) {
                Some(ivr) => self.next = Some(Next::Ivr(ivr)),
                None => {
                    self.ringing.divert(user, reason);
                    self.dial(number, basis, ctx);
                }
            },
        }
    }

    /// Dials the number to which an unanswered call to a user goes (D48). The number of another
    /// user rings him here, and only his telephones: no forwarding follows another one.
    fn last(&mut self, number: Arc<str>, basis: &mut Basis, ctx: &mut Ctx<'_>) {
        let inside = devices::user_of_number(&number, &basis.directory).cloned();
        let verdict = match &inside {
            Some(user) => format!("{user}, whose number it is: the user called has not answered"),
            None => "dialled: the user has not answered".to_owned(),
        };
        basis.decide(RoutingRule::Forward, number.clone(), verdict);
        match inside {
            Some(user) => self.offer_user(user, basis, ctx),
            None => self.dial(number, basis, ctx),
        }
    }

    fn dial(&mut self, number: Arc<str>, basis: &mut Basis, ctx: &mut Ctx<'_>) {
        let way = Way::Outside(number.clone());
        self.offer(AttemptParty::Number(number), way, basis, ctx);
    }
}

/// The IVR that a call to this number of a group runs.
fn ivr_of(number: &str, basis: &Basis) -> Option<IvrId> {
    match &basis.directory.number_by_e164(&E164::parse(number).ok()?)?.assignment {
        Assignment::Group(_, ivr) => Some(ivr.clone()),
        Assignment::User(_) => None,
    }
}

/// Who has passed a call on, as telephones inside show him.
pub(super) fn shown_inside(user: &UserId, basis: &Basis) -> Shown {
    let known = basis.directory_of(user).user(user);
    Shown {
        number: known.map(|user| user.sip_username.clone()),
        name: known.map(|user| user.display_name.clone()),
    }
}

/// The same for telephones outside, where no name of a user is shown.
pub(super) fn shown_outside(user: &UserId, basis: &Basis) -> Shown {
    let number = basis.directory_of(user).default_number_of_user(user);
    Shown { number: number.map(|number| number.e164.as_str().into()), name: None }
}
