//! Somebody is rung, directly or from an IVR. Exactly one leg wins; all others are stopped in the
//! same step, and so they are when the caller leaves (D40). A caller whom an IVR has accepted hears
//! the group's music meanwhile, or that it rings.

use std::sync::Arc;
use std::time::Duration;

use model::IvrId;
use model::call_graph::event::{CallEvent, Party};
use model::call_graph::words::{AttemptOutcome, EndedBy, IvrExit, NoAnswerReason, ParticipantRole};

use super::{Stage, ending, ivr, voicemail};
use crate::basis::Basis;
use crate::ctx::Ctx;
use crate::ivr::session;
use crate::leg::ended_by;
use crate::port::{Adoption, CallInput, CallOutput, LegEvent, LegId, PlayEnd, Playlist, Release};
use crate::routing::attempt::Winner;
use crate::routing::forward::Next;
use crate::routing::hunt::{Hunt, Plan};
use crate::routing::ringing::Ringing;
use crate::routing::route::Route;
use crate::sound::ears::Purpose;
use crate::talk::Talk;

/// A hunt, and where it came from.
#[derive(Debug)]
pub(crate) struct Hunting {
    hunt: Hunt,
    /// The IVR that the caller is in.
    ivr: Option<IvrId>,
    /// He hears the music of the group.
    music: bool,
}

impl Hunting {
    /// Rings a user who is called himself.
    pub(crate) fn begin(plan: Plan, route: Route, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        let hunt = Hunt::begin(plan, route, basis, ctx);
        Self { hunt, ivr: None, music: false }.go_on(basis, ctx)
    }

    /// Goes on with what an IVR has begun; a caller whom it has accepted hears something.
    pub(crate) fn wait(hunt: Hunt, ivr: IvrId, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        let music = hunt.group().and_then(|group| basis.music_of(group));
        let hunting = Self { hunt, ivr: Some(ivr), music: music.is_some() };
        if basis.anchor.is_accepted() {
            play(music.or_else(|| ctx.settings.sound.ringback.clone()), basis, ctx);
        }
        Stage::Hunting(hunting)
    }

    pub(crate) fn handle(
        mut self,
        input: CallInput,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) -> Stage {
        match input {
            CallInput::Leg(leg, event) if leg == basis.anchor.leg => {
                self.anchor(&event, basis, ctx)
            }
            CallInput::Leg(leg, event) => self.far(leg, &event, basis, ctx),
            CallInput::UserTaken(user) => {
                self.hunt.user_taken(&user, basis, ctx);
                self.go_on(basis, ctx)
            }
            CallInput::Release => self.released(basis, ctx),
            CallInput::Adopt(Adoption::Pickup { user, .. }, mut given) => {
                given.picks_up(&user, basis, ctx);
                if !self.hunt.picked_up(&user, given.anchor.leg, basis, ctx) {
                    given.release(Release::Normal, basis, ctx);
                    return Stage::Hunting(self);
                }
                let leg = given.answer(basis.anchor.leg, ctx);
                let stage = self.answered(leg, basis, ctx);
                Talk::introduced(stage, basis, ctx)
            }
            CallInput::Order(..)
            | CallInput::Adopt(..)
            | CallInput::Granted(_)
            | CallInput::Record(_)
            | CallInput::Offered(_)
            | CallInput::LookedUp(_) => Stage::Hunting(self),
        }
    }

    pub(crate) fn timeout(mut self, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        self.hunt.timeout(basis, ctx);
        self.go_on(basis, ctx)
    }

    pub(crate) fn deadline(&self) -> Option<Duration> {
        self.hunt.deadline()
    }

    /// It rings on in another call; no IVR goes on with it there.
    pub(crate) fn give_up(self, basis: &Basis, ctx: &mut Ctx<'_>) -> Hunt {
        if let Some(ivr) = &self.ivr {
            session::exit(ivr, IvrExit::CallerHangup, None, basis, ctx);
        }
        self.hunt
    }

    /// The attempts that ring.
    pub(crate) fn ringing(&self) -> &Ringing {
        self.hunt.ringing()
    }

    fn anchor(mut self, event: &LegEvent, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        match event {
            LegEvent::Cancelled | LegEvent::HungUp | LegEvent::Failed { .. } => {
                self.caller_gone(basis, ctx)
            }
            LegEvent::Played { play: over, end } => {
                let waits = basis.ears.over(*over) == Some(Purpose::Waiting);
                if waits && *end == PlayEnd::Failed && std::mem::take(&mut self.music) {
                    play(ctx.settings.sound.ringback.clone(), basis, ctx);
                }
                Stage::Hunting(self)
            }
            LegEvent::Rang { .. }
            | LegEvent::Answered
            | LegEvent::Settled { .. }
            | LegEvent::Held
            | LegEvent::Resumed
            | LegEvent::MediaTimedOut { .. }
            | LegEvent::Digit(_)
            | LegEvent::InfoDigit { .. }
            | LegEvent::Quality(_)
            | LegEvent::Reached
            | LegEvent::FellSilent
            | LegEvent::RecordingFailed { .. }
            | LegEvent::Referred(_) => Stage::Hunting(self),
        }
    }

    fn far(mut self, leg: LegId, event: &LegEvent, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        match event {
            LegEvent::Reached => {
                self.hunt.reached(leg);
                Stage::Hunting(self)
            }
            LegEvent::Rang { early_media } => {
                self.hunt.rang(leg, *early_media, basis, ctx);
                Stage::Hunting(self)
            }
            LegEvent::Answered => self.answered(leg, basis, ctx),
            LegEvent::Failed { status } => {
                self.hunt.failed(leg, *status, basis, ctx);
                self.go_on(basis, ctx)
            }
            // A leg that is gone without an answer did not exist long enough to be anything else.
            LegEvent::HungUp => {
                self.hunt.failed(leg, 480, basis, ctx);
                self.go_on(basis, ctx)
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
            | LegEvent::Referred(_) => Stage::Hunting(self),
        }
    }

    fn answered(mut self, leg: LegId, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        let Some(winner) = self.hunt.answered(leg, basis) else {
            return Stage::Hunting(self);
        };
        record_answer(&winner, basis, ctx);
        let (outcome, why) = (AttemptOutcome::AnsweredElsewhere, Release::AnsweredElsewhere);
        self.hunt.stop(outcome, why, basis, ctx);
        join(winner, self.ivr.as_ref(), basis, ctx)
    }

    fn caller_gone(mut self, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        basis.anchor.left();
        let (outcome, why) = (AttemptOutcome::CallerHangup, Release::CallerGone);
        self.hunt.stop(outcome, why, basis, ctx);
        let route = self.hunt.end(NoAnswerReason::CallerHangup, basis, ctx);
        match &self.ivr {
            Some(ivr) => ivr::gone(ivr, &route, basis, ctx),
            None => {
                let by = ended_by(&basis.anchor.party);
                ending::unanswered(&route, by, why, basis, ctx)
            }
        }
    }

    fn released(mut self, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        let why = Release::Shutdown;
        self.hunt.stop(AttemptOutcome::Failed, why, basis, ctx);
        let reason = self.hunt.reason();
        let route = self.hunt.end(reason, basis, ctx);
        match &self.ivr {
            Some(ivr) => ivr::released(ivr, &route, basis, ctx),
            None => ending::unanswered(&route, EndedBy::System, why, basis, ctx),
        }
    }

    /// Ends the stage if the hunt is over.
    fn go_on(self, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        if !self.hunt.is_over() {
            return Stage::Hunting(self);
        }
        let next = self.hunt.next().cloned();
        let reason = self.hunt.reason();
        let route = self.hunt.end(reason, basis, ctx);
        match (&self.ivr, next) {
            (Some(ivr), Some(Next::Ivr(to))) => ivr::go_to(ivr, Some(&to), route, basis, ctx),
            (Some(ivr), Some(Next::Message(_)) | None) => ivr::go_on(ivr, route, basis, ctx),
            (None, Some(Next::Ivr(to))) => ivr::run(to, route, basis, ctx),
            (None, Some(Next::Message(user))) => {
                voicemail::leave_for_user(&user, route, basis, ctx)
            }
            (None, None) => {
                ending::unanswered(&route, EndedBy::System, Release::Normal, basis, ctx)
            }
        }
    }
}

/// Writes that the winner has answered.
pub(super) fn record_answer(winner: &Winner, basis: &Basis, ctx: &mut Ctx<'_>) {
    let role = match &basis.handed {
        Some(_) => ParticipantRole::TransferTarget,
        None => ParticipantRole::Callee,
    };
    let event = CallEvent::Answered {
        connection: winner.far.connection,
        attempt: Some(winner.attempt),
        by: winner.far.party.clone(),
        role,
    };
    basis.record(event, ctx);
}

/// Joins the caller with the winner; the losers are stopped already.
pub(super) fn join(
    winner: Winner,
    ivr: Option<&IvrId>,
    basis: &mut Basis,
    ctx: &mut Ctx<'_>,
) -> Stage {
    if let Some(ivr) = ivr {
        session::exit(ivr, IvrExit::Answered, None, basis, ctx);
    }
    if let Party::User { user, .. } = &winner.far.party {
        if basis.handed.is_none() {
            basis.answered_by = Some(user.clone());
        }
        ctx.floor.take(user, &basis.id, winner.group.as_ref(), ctx.now);
        if let Some(number) = basis.caller_number() {
            ctx.floor.talked_with(number.clone(), user.clone());
        }
        ctx.out.push(CallOutput::UserTaken(user.clone()));
    }
    for purpose in [Purpose::Waiting, Purpose::Greeting] {
        basis.ears.stop(basis.anchor.leg, purpose, ctx);
    }
    Talk::begin(winner.far, basis, ctx)
}

/// Plays to the caller for as long as he waits; `None`: silence.
pub(super) fn play(name: Option<Arc<str>>, basis: &mut Basis, ctx: &mut Ctx<'_>) {
    if let Some(name) = name {
        let list = Playlist::forever(Playlist::named(&name));
        basis.ears.play(basis.anchor.leg, Purpose::Waiting, list, ctx);
    }
}
