//! An IVR greets its caller before it routes him. However the greeting ends, he is routed: one
//! that cannot be played must not lose the call, nor one of which media never speaks again.

use std::time::Duration;

use model::IvrId;
use model::call_graph::words::{EndedBy, IvrExit};

use super::{Stage, ending, ivr};
use crate::basis::Basis;
use crate::ctx::Ctx;
use crate::ivr::program::Greeting;
use crate::ivr::session;
use crate::leg::ended_by;
use crate::port::{CallInput, LegEvent, Playlist, Release};
use crate::routing::hunt::Plan;
use crate::routing::route::Route;
use crate::sound::ears::Purpose;

/// No greeting is longer.
const LONGEST: Duration = Duration::from_secs(300);

/// The caller hears a greeting.
#[derive(Debug)]
pub(crate) struct Greeted {
    ivr: IvrId,
    plan: Plan,
    /// The Connection, if earlier IVRs have opened it.
    route: Route,
    gives_up_at: Duration,
}

impl Greeted {
    /// Plays the greeting to an accepted caller.
    pub(crate) fn begin(
        ivr: IvrId,
        greeting: Greeting,
        plan: Plan,
        route: Route,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) -> Stage {
        let sound = Playlist::named(&greeting.prompt);
        let list = Playlist { language: greeting.language, ..Playlist::one(sound) };
        basis.ears.play(basis.anchor.leg, Purpose::Greeting, list, ctx);
        let gives_up_at = ctx.now.mono.saturating_add(LONGEST);
        Stage::Greeted(Self { ivr, plan, route, gives_up_at })
    }

    pub(crate) fn deadline(&self) -> Duration {
        self.gives_up_at
    }

    pub(crate) fn timeout(self, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        basis.ears.stop(basis.anchor.leg, Purpose::Greeting, ctx);
        self.go_on(basis, ctx)
    }

    pub(crate) fn handle(self, input: CallInput, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        let event = match input {
            CallInput::Leg(leg, event) if leg == basis.anchor.leg => event,
            CallInput::Leg(..)
            | CallInput::UserTaken(_)
            | CallInput::Offered(_)
            | CallInput::LookedUp(_)
            | CallInput::Record(_) => {
                return Stage::Greeted(self);
            }
            CallInput::Release => {
                session::exit(&self.ivr, IvrExit::SystemHangup, None, basis, ctx);
                let (by, why) = (EndedBy::System, Release::Shutdown);
                return ending::unanswered(&self.route, by, why, basis, ctx);
            }
        };
        match event {
            LegEvent::Played { play, .. } => match basis.ears.over(play) {
                Some(Purpose::Greeting) => self.go_on(basis, ctx),
                Some(Purpose::Waiting | Purpose::Hold | Purpose::Consent | Purpose::Beep)
                | None => Stage::Greeted(self),
            },
            LegEvent::Cancelled | LegEvent::HungUp | LegEvent::Failed { .. } => {
                basis.anchor.left();
                session::exit(&self.ivr, IvrExit::CallerHangup, None, basis, ctx);
                let by = ended_by(&basis.anchor.party);
                ending::unanswered(&self.route, by, Release::CallerGone, basis, ctx)
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
            | LegEvent::RecordingFailed { .. } => Stage::Greeted(self),
        }
    }

    fn go_on(self, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        ivr::route(&self.ivr, self.plan, self.route, basis, ctx)
    }
}
