//! What a call says of itself to whoever sees several of them, and how one becomes part of another
//! (D34, D48): a consultation that a telephone made as a call of its own, a leg that picks up what
//! rings elsewhere, fetches what is parked, takes another telephone's place, or supervises.
//!
//! The switch asks [`Call::takes`] of the call that goes on and tells the other
//! [`Call::give_up`]; in the same step the first gets [`CallInput::Adopt`]. Between the two nothing
//! happens, so what was promised can be done.

use std::sync::Arc;
use std::time::Duration;

use model::call_graph::event::{CallEvent, ConnectionSeq};
use model::{CallId, UserId};

use crate::basis::Basis;
use crate::call::Call;
use crate::ctx::Ctx;
use crate::given_up::{GivenUp, Reached};
use crate::limits::Settings;
use crate::port::{Adoption, CallInput, CallOutput, LegCommand, Refusal, Release};
use crate::stage::Stage;
use crate::stage::originating::{self, Originate};

impl Call {
    /// A call is made for a user: he is rung first, and then whom he is to reach. It is recorded
    /// from now on.
    ///
    /// # Errors
    /// [`Refusal::Goal`]: nobody can be reached so; nothing has happened.
    pub fn originate(id: CallId, order: Originate, ctx: &mut Ctx<'_>) -> Result<Self, Refusal> {
        let from = ctx.out.len();
        let (mut basis, stage) = originating::begin(id, order, ctx)?;
        basis.explain(ctx);
        Ok(Self::new(basis, stage, from, ctx))
    }

    /// Whether it would take this, were it given it now.
    ///
    /// # Errors
    /// [`Refusal::NoCall`]: it is over. [`Refusal::NotThere`]: who is named is not on it.
    /// [`Refusal::State`]: it is doing something that this does not fit. [`Refusal::Limit`]: it
    /// has as many parties as a call may have.
    pub fn takes(&self, adoption: &Adoption, settings: &Settings) -> Result<(), Refusal> {
        match (&self.stage, adoption) {
            (Stage::Ended, _) => Err(Refusal::NoCall),
            (Stage::Talking(talk), adoption) => talk.takes(adoption, settings),
            (Stage::Hunting(hunting), Adoption::Pickup { user, of }) => {
                self.can_be_picked_up(hunting.ringing().rings_since(of), user, settings)
            }
            (Stage::Waiting(waiting), Adoption::Pickup { user, of }) => {
                self.can_be_picked_up(waiting.ringing().rings_since(of), user, settings)
            }
            (
                Stage::Greeted(_)
                | Stage::Menu(_)
                | Stage::Spelling(_)
                | Stage::Voicemail(_)
                | Stage::Mailbox(_)
                | Stage::Controlling(_)
                | Stage::Told(_)
                | Stage::LookingUp(_)
                | Stage::Hunting(_)
                | Stage::Waiting(_)
                | Stage::Parting(_)
                | Stage::CallingBack(_)
                | Stage::Originating(_)
                | Stage::Dialing(_),
                _,
            ) => Err(Refusal::State),
        }
    }

    fn can_be_picked_up(
        &self,
        since: Option<Duration>,
        by: &UserId,
        settings: &Settings,
    ) -> Result<(), Refusal> {
        if since.is_none() || self.basis.anchor.user() == Some(by) {
            return Err(Refusal::State);
        }
        let most = settings.limits.attempts_per_call;
        if self.basis.attempts >= most { Err(Refusal::Limit) } else { Ok(()) }
    }

    /// Whether [`Self::give_up`] would give it.
    ///
    /// # Errors
    /// [`Refusal::NoCall`]: it is over. [`Refusal::State`]: nobody inside has made it, or it is
    /// more than one leg that dials, or two that talk. [`Refusal::Limit`]: too much has happened
    /// in it.
    pub fn can_be_given_up(&self) -> Result<(), Refusal> {
        if self.is_finished() {
            return Err(Refusal::NoCall);
        }
        let made_inside = self.basis.anchor.user().is_some();
        let fits = match &self.stage {
            Stage::Controlling(_) | Stage::Hunting(_) | Stage::Dialing(_) => true,
            Stage::Talking(talk) => talk.pair().is_some(),
            Stage::Greeted(_)
            | Stage::Menu(_)
            | Stage::Spelling(_)
            | Stage::Voicemail(_)
            | Stage::Mailbox(_)
            | Stage::Told(_)
            | Stage::LookingUp(_)
            | Stage::Waiting(_)
            | Stage::Parting(_)
            | Stage::CallingBack(_)
            | Stage::Originating(_)
            | Stage::Ended => false,
        };
        if !made_inside || !fits || self.basis.connections > 1 {
            return Err(Refusal::State);
        }
        if self.log.is_whole() { Ok(()) } else { Err(Refusal::Limit) }
    }

    /// Whether it may become part of another call so: both can, and nobody would be on that one
    /// twice.
    ///
    /// # Errors
    /// As [`Self::takes`] of the other and [`Self::can_be_given_up`] of this one.
    /// [`Refusal::State`]: they do not fit.
    pub fn may_become_part_of(
        &self,
        survivor: &Self,
        adoption: &Adoption,
        settings: &Settings,
    ) -> Result<(), Refusal> {
        survivor.takes(adoption, settings)?;
        self.can_be_given_up()?;
        let by_code = matches!(self.stage, Stage::Controlling(_));
        let users = self.users();
        let fits = match adoption {
            Adoption::Consultation { user, .. } => {
                let others = users.iter().filter(|it| *it != user);
                let there = survivor.users();
                let once = others.clone().count() + 1 == users.len();
                !by_code && once && !others.into_iter().any(|it| there.contains(it))
            }
            Adoption::Pickup { user, .. }
            | Adoption::Retrieval { user }
            | Adoption::Replacement { user, .. }
            | Adoption::Supervisor { by: user, .. } => by_code && users.contains(user),
        };
        if fits { Ok(()) } else { Err(Refusal::State) }
    }

    /// The users who are on it, or are rung.
    fn users(&self) -> Vec<UserId> {
        let ringing = self.stage.ringing().into_iter().flat_map(|it| it.active());
        let ringing = ringing.filter_map(|it| it.user().cloned());
        match self.stage.talk() {
            Some(talk) => talk.present.iter().filter_map(|it| it.user().cloned()).collect(),
            None => self.basis.anchor.user().cloned().into_iter().chain(ringing).collect(),
        }
    }

    /// Becomes part of another call, which gets what is left of it in this same step. `None`: it
    /// cannot ([`Self::can_be_given_up`]), and nothing has happened.
    pub fn give_up(&mut self, into: &CallId, ctx: &mut Ctx<'_>) -> Option<GivenUp> {
        self.can_be_given_up().ok()?;
        let from = ctx.out.len();
        let stage = std::mem::replace(&mut self.stage, Stage::Ended);
        let basis = &mut self.basis;
        basis.recording.end(&mut basis.ears, ctx);
        let reached = stage.give_up(basis, ctx);
        basis.ears.stop_all(ctx);
        basis.explain(ctx);
        self.log.follow(&self.basis.id, &ctx.out[from..]);
        let basis = &mut self.basis;
        basis.record(CallEvent::AbsorbedInto(into.clone()), ctx);
        ctx.out.push(CallOutput::Finished);
        let mut named_groups = std::mem::take(&mut basis.named_groups);
        named_groups.extend(basis.groups.iter().cloned());
        let given = GivenUp {
            call: basis.id.clone(),
            legs: Vec::new(),
            anchor: basis.anchor.clone(),
            reached,
            stopped: std::mem::take(&mut basis.stopped),
            named: std::mem::take(&mut basis.named),
            named_groups,
            log: self.log.take(),
            at: basis.at(ctx),
        };
        Some(GivenUp { legs: given.all_legs(), ..given })
    }

    /// Whether it survives when this other one and it become one: it has a party outside that has
    /// called, or it is the older of two that users have made.
    ///
    /// # Errors
    /// [`Refusal::State`]: both have callers outside, who are never joined.
    pub fn outlives(&self, other: &Self) -> Result<bool, Refusal> {
        match (self.basis.anchor.user(), other.basis.anchor.user()) {
            (None, None) => Err(Refusal::State),
            (None, Some(_)) => Ok(true),
            (Some(_), None) => Ok(false),
            (Some(_), Some(_)) => {
                let began = |call: &Self| (call.basis.began.mono, call.basis.id.clone());
                Ok(began(self) <= began(other))
            }
        }
    }

    /// Whether the telephone of this user, or an order of his, has put this call on hold.
    pub fn holds(&self, user: &UserId) -> bool {
        match self.stage.talk() {
            Some(talk) => talk.by_user(user).is_some_and(|it| it.holds()),
            None => false,
        }
    }

    /// Whether this user is on it: he has made it, or has answered.
    pub fn is_with(&self, user: &UserId) -> bool {
        match self.stage.talk() {
            Some(talk) => talk.by_user(user).is_some(),
            // Who is rung for a call of his own is on no call yet.
            None => {
                let rung = matches!(self.stage, Stage::Originating(_) | Stage::CallingBack(_));
                !rung && !self.is_finished() && self.basis.anchor.user() == Some(user)
            }
        }
    }

    /// The slot in which it is parked.
    pub fn parked(&self) -> Option<&Arc<str>> {
        self.stage.talk()?.parked.as_ref().map(|parked| &parked.slot)
    }

    /// Since when it rings at this user, on the monotonic clock; `None`: it does not.
    pub fn rings_since(&self, user: &UserId) -> Option<Duration> {
        match (self.stage.talk(), self.stage.ringing()) {
            (Some(talk), _) => talk.rings_since(user),
            (None, Some(ringing)) => ringing.rings_since(user),
            (None, None) => None,
        }
    }

    /// What was given to it becomes part of it.
    pub(crate) fn adopt(&mut self, adoption: Adoption, given: GivenUp, ctx: &mut Ctx<'_>) {
        if !given.fits(&adoption) || self.takes(&adoption, ctx.settings).is_err() {
            // Who gives has asked before; nobody is left on a line that leads nowhere all the same.
            if let Adoption::Consultation { referred: Some(leg), .. } = adoption {
                let status = Refusal::State.sip_status();
                ctx.order(LegCommand::RefuseRefer { leg, status });
            }
            return given.release(Release::Normal, &mut self.basis, ctx);
        }
        let input = CallInput::Adopt(adoption, Box::new(given));
        let stage = std::mem::replace(&mut self.stage, Stage::Ended);
        self.stage = stage.handle(input, &mut self.basis, ctx);
    }

    pub(crate) fn follow(&mut self, from: usize, ctx: &Ctx<'_>) {
        if self.basis.anchor.user().is_some() {
            self.log.follow(&self.basis.id, &ctx.out[from..]);
        }
    }
}

/// The number that the only Connection of a call has that is given up.
pub(crate) const ONLY: ConnectionSeq = 1;

impl Stage {
    /// Ends it here, so that it can go on elsewhere.
    fn give_up(self, basis: &Basis, ctx: &mut Ctx<'_>) -> Reached {
        match self {
            Self::Hunting(hunting) => Reached::Ringing(Box::new(hunting.give_up(basis, ctx))),
            Self::Dialing(dialing) => Reached::Dialling(dialing.give_up()),
            Self::Talking(talk) => talk.give_up(basis, ctx),
            Self::Greeted(_)
            | Self::Menu(_)
            | Self::Spelling(_)
            | Self::Voicemail(_)
            | Self::Mailbox(_)
            | Self::Controlling(_)
            | Self::Told(_)
            | Self::LookingUp(_)
            | Self::Waiting(_)
            | Self::Parting(_)
            | Self::CallingBack(_)
            | Self::Originating(_)
            | Self::Ended => Reached::Nobody,
        }
    }
}
