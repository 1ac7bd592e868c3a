//! A call that somebody ordered for a user: he is rung first, and when he has answered it goes on
//! as if he had dialled. It is a call from the order on: who does not answer has not made it in
//! the end (`canceled`, no Connection), and everybody can see that it was tried.

use std::sync::Arc;
use std::time::Duration;

use acd::RingEnd;
use model::call_graph::event::{BridgeLeg, CallEvent};
use model::call_graph::words::{AttemptOutcome, CallOutcome, EndedBy};
use model::directory::Directory;
use model::{CallId, NumberId, UserId};

use super::Stage;
use super::arriving::{self, First};
use super::ending::Ending;
use crate::basis::Basis;
use crate::ctx::Ctx;
use crate::leg::Stopped;
use crate::outcome;
use crate::port::{
    Arrival, CallInput, CallOutput, Caller, Code, Destination, Devices, Goal, LegCommand, LegEvent,
    Refusal, Release, Shown,
};

/// A call to be made for a user.
#[derive(Clone, Debug)]
pub struct Originate {
    /// Who makes it: he is rung first.
    pub user: UserId,
    /// On which of his devices.
    pub devices: Devices,
    /// Whom he is to reach.
    pub to: Goal,
    /// The Caller ID; needed where that is outside.
    pub caller_id: Option<NumberId>,
    /// The server that runs the call.
    pub node: Arc<str>,
}

/// The user is rung.
#[derive(Debug)]
pub(crate) struct Originating {
    user: UserId,
    first: First,
    gives_up_at: Duration,
}

/// Begins.
///
/// # Errors
/// [`Refusal::Goal`]: nobody can be reached so. Nothing has happened then.
pub(crate) fn begin(
    id: CallId,
    order: Originate,
    ctx: &mut Ctx<'_>,
) -> Result<(Basis, Stage), Refusal> {
    let directory = ctx.directory.clone();
    let Originate { user, devices, to, caller_id, node } = order;
    let caller = directory.user(&user).ok_or(Refusal::Goal)?;
    let sip_username = Some(caller.sip_username.clone());
    let shown = shown(&to, &directory).ok_or(Refusal::Goal)?;
    let to_number = shown.number.clone();
    let (destination, from_number) = match to {
        Goal::User(user) => (Destination::User(user), sip_username),
        Goal::Group(group) => {
            let number = directory.default_number_of_group(&group).ok_or(Refusal::Goal)?;
            (Destination::Group(number.id.clone()), sip_username)
        }
        Goal::Ivr(ivr) => (Destination::Code(Code::Ivr(ivr)), sip_username),
        Goal::Outside { number, dialled, trunk } => {
            let caller_id = caller_id.and_then(|id| directory.number(&id)).ok_or(Refusal::Goal)?;
            let from_number = Some(Arc::from(caller_id.e164.as_str()));
            let caller_id = caller_id.id.clone();
            (Destination::Outside { number, dialled, caller_id, trunk }, from_number)
        }
        Goal::Dialled(_) => return Err(Refusal::Goal),
    };
    let leg = ctx.legs.mint();
    let arrival = Arrival {
        leg,
        caller: Caller::User(user.clone()),
        destination,
        from_number,
        to_number,
        sip_call_id: Arc::from(""),
        node,
    };
    let (basis, first) = arriving::open(id, arrival, None, ctx);
    ctx.floor.ring(&user, &basis.id, None, ctx.now);
    ctx.order(LegCommand::CallUser { leg, user: user.clone(), devices, shown });
    let gives_up_at = ctx.now.mono.saturating_add(ctx.settings.ring.user);
    Ok((basis, Stage::Originating(Box::new(Originating { user, first, gives_up_at }))))
}

/// What his telephone shows: whom he is to reach. `None`: there is no such.
fn shown(to: &Goal, directory: &Directory) -> Option<Shown> {
    Some(match to {
        Goal::User(user) => {
            let user = directory.user(user)?;
            let (number, name) = (user.sip_username.clone(), user.display_name.clone());
            Shown { number: Some(number), name: Some(name) }
        }
        Goal::Group(group) => {
            let number = directory.default_number_of_group(group)?;
            let name = directory.group(group)?.name.clone();
            Shown { number: Some(number.e164.as_str().into()), name: Some(name) }
        }
        Goal::Ivr(ivr) => {
            let ivr = directory.ivr(ivr)?;
            Shown { number: Some(ivr.id.as_str().into()), name: None }
        }
        Goal::Outside { number, dialled, .. } => {
            let record = number.as_ref().and_then(|number| directory.record_of(number));
            let to = number.as_ref().map_or_else(|| dialled.clone(), |it| it.as_str().into());
            Shown { number: Some(to), name: record.map(|record| record.display_name.clone()) }
        }
        Goal::Dialled(_) => return None,
    })
}

impl Originating {
    pub(crate) fn deadline(&self) -> Duration {
        self.gives_up_at
    }

    pub(crate) fn timeout(self, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        self.stop(RingEnd::Missed, EndedBy::System, Release::NoAnswer, basis, ctx)
    }

    pub(crate) fn handle(self, input: CallInput, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        let event = match input {
            CallInput::Leg(leg, event) if leg == basis.anchor.leg => event,
            CallInput::UserTaken(user) if user == self.user => {
                let (how, why) = (RingEnd::Stopped, Release::UserBusy);
                return self.stop(how, EndedBy::Internal, why, basis, ctx);
            }
            CallInput::Release => {
                let (how, why) = (RingEnd::Stopped, Release::Shutdown);
                return self.stop(how, EndedBy::System, why, basis, ctx);
            }
            CallInput::Leg(..)
            | CallInput::UserTaken(_)
            | CallInput::Offered(_)
            | CallInput::LookedUp(_)
            | CallInput::Record(_)
            | CallInput::Order(..)
            | CallInput::Adopt(..)
            | CallInput::Granted(_) => return Stage::Originating(Box::new(self)),
        };
        match event {
            LegEvent::Answered => self.answered(basis, ctx),
            LegEvent::Failed { status } => self.failed(status, basis, ctx),
            LegEvent::HungUp => self.failed(480, basis, ctx),
            LegEvent::Reached
            | LegEvent::Rang { .. }
            | LegEvent::Settled { .. }
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
            | LegEvent::Referred(_) => Stage::Originating(Box::new(self)),
        }
    }

    /// From here on it is a call that he has dialled.
    fn answered(self, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        ctx.floor.take(&self.user, &basis.id, None, ctx.now);
        basis.record(CallEvent::Accepted, ctx);
        basis.anchor.called();
        // Not before: a leg that never was has no figures.
        ctx.out.push(CallOutput::Named(basis.anchor.leg, BridgeLeg::Anchor));
        ctx.out.push(CallOutput::UserTaken(self.user));
        if self.first.rings() {
            super::hunting::play(ctx.settings.sound.ringback.clone(), basis, ctx);
        }
        self.first.go(basis, ctx)
    }

    fn failed(self, status: u16, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        let (how, by) = match outcome::of_attempt(status) {
            AttemptOutcome::Busy | AttemptOutcome::Declined => {
                (RingEnd::Declined, EndedBy::Internal)
            }
            AttemptOutcome::Unavailable
            | AttemptOutcome::Failed
            | AttemptOutcome::Canceled
            | AttemptOutcome::Answered
            | AttemptOutcome::NoAnswer
            | AttemptOutcome::AnsweredElsewhere
            | AttemptOutcome::Forwarded
            | AttemptOutcome::CallerHangup => (RingEnd::Failed, EndedBy::System),
        };
        self.over(how, by, outcome::q850_of(status), basis, ctx)
    }

    /// He is rung no longer.
    pub(super) fn stop(
        self,
        how: RingEnd,
        by: EndedBy,
        why: Release,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) -> Stage {
        let (leg, connection) = (basis.anchor.leg, 0);
        basis.stop(Stopped { leg, connection, attempt: None, why }, ctx);
        self.over(how, by, outcome::Q850_NO_ANSWER, basis, ctx)
    }

    fn over(
        self,
        how: RingEnd,
        by: EndedBy,
        q850: u16,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) -> Stage {
        ctx.floor.stop_ringing(&self.user, &basis.id, how, ctx.now);
        basis.anchor.left();
        let (outcome, sip_status) = (CallOutcome::Canceled, outcome::CANCELLED);
        Ending { by, why: Release::Normal, outcome, sip_status, q850 }.finish(basis, ctx)
    }
}
