//! An IVR greets its caller before it does anything else. However the greeting ends, the caller
//! goes on: one that cannot be played must not lose the call, nor one of which media never speaks
//! again.

use std::time::Duration;

use model::IvrId;

use crate::basis::Basis;
use crate::ctx::Ctx;
use crate::ivr::input::{Heard, heard};
use crate::port::{CallInput, Playlist};
use crate::routing::route::Route;
use crate::sound::ears::Purpose;
use crate::stage::{Stage, ivr};

/// Nothing that an IVR says is longer.
pub(in crate::stage) const LONGEST: Duration = Duration::from_secs(300);

/// The caller hears a greeting.
#[derive(Debug)]
pub(crate) struct Greeted {
    ivr: IvrId,
    /// The Connection, if earlier IVRs have opened it.
    route: Route,
    gives_up_at: Duration,
}

impl Greeted {
    /// Plays the greeting to an accepted caller.
    pub(crate) fn begin(
        ivr: IvrId,
        greeting: Playlist,
        route: Route,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) -> Stage {
        basis.ears.play(basis.anchor.leg, Purpose::Greeting, greeting, ctx);
        let gives_up_at = ctx.now.mono.saturating_add(LONGEST);
        Stage::Greeted(Self { ivr, route, gives_up_at })
    }

    pub(crate) fn deadline(&self) -> Duration {
        self.gives_up_at
    }

    pub(crate) fn timeout(self, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        basis.ears.stop(basis.anchor.leg, Purpose::Greeting, ctx);
        ivr::act(&self.ivr, self.route, basis, ctx)
    }

    pub(crate) fn handle(self, input: CallInput, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        match heard(input, basis, ctx) {
            Heard::Over(Purpose::Greeting, _) => ivr::act(&self.ivr, self.route, basis, ctx),
            Heard::Gone => ivr::gone(&self.ivr, &self.route, basis, ctx),
            Heard::Released => ivr::released(&self.ivr, &self.route, basis, ctx),
            Heard::Key(_) | Heard::Over(..) | Heard::Silence | Heard::Nothing => {
                Stage::Greeted(self)
            }
        }
    }
}
