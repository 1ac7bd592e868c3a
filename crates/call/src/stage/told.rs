//! The caller is told something, and that is all: the call ends by itself when he has heard it.
//! What cannot be played, and what media never ends, keeps nobody on the line.

use std::time::Duration;

use model::call_graph::words::EndedBy;

use super::{Stage, ending, greeting};
use crate::basis::Basis;
use crate::ctx::Ctx;
use crate::ivr::input::{Heard, heard};
use crate::leg::ended_by;
use crate::port::{CallInput, Playlist, Release};
use crate::routing::route::Route;
use crate::sound::ears::Purpose;

/// The caller hears the last thing of a call that has no Connection.
#[derive(Debug)]
pub(crate) struct Told {
    gives_up_at: Duration,
}

impl Told {
    /// Plays it to an accepted caller.
    pub(crate) fn begin(list: Playlist, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        basis.ears.play(basis.anchor.leg, Purpose::Greeting, list, ctx);
        Stage::Told(Self { gives_up_at: ctx.now.mono.saturating_add(greeting::LONGEST) })
    }

    pub(crate) fn deadline(&self) -> Duration {
        self.gives_up_at
    }

    pub(crate) fn timeout(self, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        over(basis, ctx)
    }

    pub(crate) fn handle(self, input: CallInput, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        match heard(input, basis, ctx) {
            Heard::Over(Purpose::Greeting, _) => over(basis, ctx),
            Heard::Gone => gone(basis, ctx),
            Heard::Released => released(basis, ctx),
            Heard::Key(_) | Heard::Over(..) | Heard::Silence | Heard::Nothing => Stage::Told(self),
        }
    }
}

/// A call without a Connection is over.
pub(super) fn over(basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
    ending::unanswered(&Route::default(), EndedBy::System, Release::Normal, basis, ctx)
}

/// Its caller has left.
pub(super) fn gone(basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
    let by = ended_by(&basis.anchor.party);
    ending::unanswered(&Route::default(), by, Release::CallerGone, basis, ctx)
}

/// The server stops.
pub(super) fn released(basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
    ending::unanswered(&Route::default(), EndedBy::System, Release::Shutdown, basis, ctx)
}
