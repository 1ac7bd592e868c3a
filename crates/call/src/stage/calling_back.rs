//! A caller who hung up instead of waiting is called back (F4): the member whose turn it is is rung
//! first, and when he has answered the number is dialled as in any call that he makes. Nothing is
//! recorded before he answers: what rings him in vain was no call of anybody's, his ringing is
//! the floor's, which offers the place to the next one.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use acd::{Callback, RingEnd};
use model::call_graph::event::{BridgeLeg, CallEvent, Party, Started};
use model::call_graph::words::{AttemptOutcome, Direction, QueueExit, RoutingRule};
use model::{CallId, GroupId, TrunkId, UserId};

use super::Stage;
use crate::basis::{Basis, outside_party, user_party};
use crate::ctx::Ctx;
use crate::leg::{Anchor, Stopped};
use crate::outbound::{Dial, Dialing};
use crate::outcome;
use crate::port::{CallInput, CallOutput, Devices, LegCommand, LegEvent, Release, Shown};
use crate::routing::devices::{self, Way};

/// Whom to call back, and who does it.
#[derive(Clone, Debug)]
pub struct CallBack {
    /// The call that has the place: in which he asked for it, or that was made for it before.
    pub place: CallId,
    /// Whom to call.
    pub callback: Callback,
    /// Whose turn it is.
    pub user: UserId,
    /// The group in which he was found.
    pub group: GroupId,
    /// The trunk to use first.
    pub trunk: TrunkId,
    /// The server that runs the call.
    pub node: Arc<str>,
}

/// The member is rung.
#[derive(Debug)]
pub(crate) struct CallingBack {
    back: CallBack,
    gives_up_at: Duration,
    /// When his telephone must have shown life.
    alive_by: Option<Duration>,
}

/// Begins: the member is rung, and the floor knows by which call.
pub(crate) fn begin(id: CallId, back: CallBack, ctx: &mut Ctx<'_>) -> (Basis, Stage) {
    let CallBack { place, callback, user, .. } = &back;
    ctx.floor.begin_callback(place, &id, ctx.now);
    let directory = ctx.directory.clone();
    let leg = ctx.legs.mint();
    let shown =
        Shown { number: Some(callback.number.as_str().into()), name: callback.name.clone() };
    let anchor = Anchor::new(leg, user_party(&directory, user), None);
    let basis = Basis {
        internal_number: Some(callback.caller_id.clone()),
        first_owner: Some(user.clone()),
        callee: Some(outside_party(&directory, Some(&callback.number), None)),
        // Its music and whether it is recorded are the group's, as if the caller had waited.
        groups: vec![back.group.clone()],
        named: BTreeSet::from([user.clone()]),
        named_groups: BTreeSet::from([back.group.clone()]),
        ..Basis::new(id, Direction::Outbound, anchor, shown.clone(), ctx)
    };
    // A number outside cannot be rung for a call that nobody has made.
    let devices = match devices::receiver(user, &basis) {
        Way::Phones(_, devices) => devices,
        Way::Outside(_) => Devices::All,
    };
    let user = user.clone();
    ctx.order(LegCommand::CallUser { leg, user, devices, shown });
    let now = ctx.now.mono;
    let stage = CallingBack {
        gives_up_at: now.saturating_add(ctx.settings.ring.attempt),
        alive_by: Some(now.saturating_add(ctx.settings.acd.alert_timeout)),
        back,
    };
    (basis, Stage::CallingBack(Box::new(stage)))
}

impl CallingBack {
    pub(crate) fn deadline(&self) -> Duration {
        self.alive_by.map_or(self.gives_up_at, |by| by.min(self.gives_up_at))
    }

    pub(crate) fn timeout(self, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        let frozen = self.alive_by.is_some_and(|by| by <= ctx.now.mono);
        if frozen {
            ctx.floor.set_unreachable(&self.back.user, ctx.now);
        }
        let how = if frozen { RingEnd::Failed } else { RingEnd::Missed };
        self.stop(how, Release::NoAnswer, basis, ctx)
    }

    pub(crate) fn handle(
        mut self,
        input: CallInput,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) -> Stage {
        let event = match input {
            CallInput::Leg(leg, event) if leg == basis.anchor.leg => event,
            CallInput::UserTaken(user) if user == self.back.user => {
                return self.stop(RingEnd::Stopped, Release::UserBusy, basis, ctx);
            }
            CallInput::Release => {
                return self.stop(RingEnd::Stopped, Release::Shutdown, basis, ctx);
            }
            CallInput::Leg(..)
            | CallInput::UserTaken(_)
            | CallInput::Offered(_)
            | CallInput::LookedUp(_)
            | CallInput::Record(_)
            | CallInput::Order(..)
            | CallInput::Adopt(..)
            | CallInput::Granted(_) => return Stage::CallingBack(Box::new(self)),
        };
        match event {
            LegEvent::Answered => self.answered(basis, ctx),
            LegEvent::Failed { status } => self.failed(status, basis, ctx),
            LegEvent::HungUp => self.failed(480, basis, ctx),
            LegEvent::Reached | LegEvent::Rang { .. } => {
                self.alive_by = None;
                Stage::CallingBack(Box::new(self))
            }
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
            | LegEvent::Referred(_) => Stage::CallingBack(Box::new(self)),
        }
    }

    /// The member has answered: from here on it is a call that he makes.
    fn answered(self, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        let CallBack { place, callback, user, group, trunk, node } = self.back;
        ctx.floor.leave(&basis.id, QueueExit::Answered, ctx.now);
        ctx.floor.take(&user, &basis.id, Some(&group), ctx.now);
        let caller_id = basis.directory.number(&callback.caller_id);
        let shown_outside = caller_id.map(|number| Arc::from(number.e164.as_str()));
        let to: Arc<str> = callback.number.as_str().into();
        let started = Started {
            direction: Direction::Outbound,
            from_number: shown_outside.clone(),
            to_number: Some(to.clone()),
            internal_number: Some(callback.caller_id),
            caller: basis.anchor.party.clone(),
            callee: basis.callee.clone(),
            owner: Some(user.clone()),
            trunk: Some(trunk.as_str().into()),
            node,
            sip_call_id: None,
        };
        ctx.out.push(CallOutput::Named(basis.anchor.leg, BridgeLeg::Anchor));
        basis.record(CallEvent::Started(Box::new(started)), ctx);
        basis.record(CallEvent::Accepted, ctx);
        basis.anchor.called();
        let verdict = format!("called back by {user}: the place of {place}");
        basis.decide(RoutingRule::Queue, group.as_str(), verdict);
        ctx.out.push(CallOutput::UserTaken(user));
        super::hunting::play(ctx.settings.sound.ringback.clone(), basis, ctx);
        let shown = Shown { number: shown_outside, name: None };
        Dialing::begin(Dial { to, shown, trunk }, basis, ctx)
    }

    fn failed(self, status: u16, basis: &Basis, ctx: &mut Ctx<'_>) -> Stage {
        let how = match outcome::of_attempt(status) {
            AttemptOutcome::Busy | AttemptOutcome::Declined => RingEnd::Declined,
            AttemptOutcome::Unavailable
            | AttemptOutcome::Failed
            | AttemptOutcome::Canceled
            | AttemptOutcome::Answered
            | AttemptOutcome::NoAnswer
            | AttemptOutcome::AnsweredElsewhere
            | AttemptOutcome::Forwarded
            | AttemptOutcome::CallerHangup => RingEnd::Failed,
        };
        self.over(how, basis, ctx)
    }

    /// The member is rung no longer.
    fn stop(self, how: RingEnd, why: Release, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        let leg = basis.anchor.leg;
        basis.stop(Stopped { leg, connection: 1, attempt: None, why }, ctx);
        self.over(how, basis, ctx)
    }

    /// He did not answer, and the place goes to the next one.
    fn over(self, how: RingEnd, basis: &Basis, ctx: &mut Ctx<'_>) -> Stage {
        ctx.floor.stop_ringing(&self.back.user, &basis.id, how, ctx.now);
        ctx.out.push(CallOutput::Finished);
        Stage::Ended
    }
}

/// Who is to be called back of a call that waits; `None`: he shows no number, or dialled none of
/// ours that could be shown to him.
pub(crate) fn callback(basis: &Basis) -> Option<Callback> {
    let (Party::External { .. }, Some(number)) = (&basis.anchor.party, basis.caller_number())
    else {
        return None;
    };
    let caller_id = basis.internal_number.clone()?;
    Some(Callback { number: number.clone(), caller_id, name: basis.shown.name.clone() })
}
