//! A caller who does not wait any longer hears one last thing, and the call is over: he is to be
//! called back. What cannot be played, and what media never ends, keeps nobody on the line. The
//! floor is told when he has gone: up to then nobody could reach him.

use std::time::Duration;

use model::IvrId;
use model::call_graph::words::{EndedBy, IvrExit};

use super::{Stage, ending, ivr};
use crate::basis::Basis;
use crate::ctx::Ctx;
use crate::ivr::input::{Heard, heard};
use crate::ivr::session;
use crate::port::{CallInput, Playlist, Release};
use crate::routing::route::Route;
use crate::sound::ears::Purpose;

/// Nothing that is said to who leaves is longer.
const LONGEST: Duration = Duration::from_secs(60);

/// The caller hears the last thing.
#[derive(Debug)]
pub(crate) struct Parting {
    ivr: IvrId,
    route: Route,
    gives_up_at: Duration,
}

impl Parting {
    /// Plays it to an accepted caller.
    pub(crate) fn begin(
        ivr: IvrId,
        route: Route,
        list: Playlist,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) -> Stage {
        basis.ears.play(basis.anchor.leg, Purpose::Greeting, list, ctx);
        let gives_up_at = ctx.now.mono.saturating_add(LONGEST);
        Stage::Parting(Self { ivr, route, gives_up_at })
    }

    pub(crate) fn deadline(&self) -> Duration {
        self.gives_up_at
    }

    pub(crate) fn timeout(self, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        basis.ears.stop(basis.anchor.leg, Purpose::Greeting, ctx);
        self.over(basis, ctx)
    }

    pub(crate) fn handle(self, input: CallInput, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        match heard(input, basis, ctx) {
            Heard::Over(Purpose::Greeting, _) => self.over(basis, ctx),
            Heard::Gone => {
                ctx.floor.hung_up(&basis.id, ctx.now);
                ivr::gone(&self.ivr, &self.route, basis, ctx)
            }
            Heard::Released => {
                ctx.floor.hung_up(&basis.id, ctx.now);
                ivr::released(&self.ivr, &self.route, basis, ctx)
            }
            Heard::Key(_) | Heard::Over(..) | Heard::Silence | Heard::Nothing => {
                Stage::Parting(self)
            }
        }
    }

    fn over(self, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        ctx.floor.hung_up(&basis.id, ctx.now);
        session::exit(&self.ivr, IvrExit::SystemHangup, None, basis, ctx);
        ending::unanswered(&self.route, EndedBy::System, Release::Normal, basis, ctx)
    }
}
