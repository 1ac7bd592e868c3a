//! The call is for the owner of the caller's record, and who that is is being asked outside. The
//! caller hears that it rings; the answer, or the end of the time for it, sends him on (F2).

use std::time::Duration;

use model::IvrId;
use model::directory::{Ivr, IvrAction, IvrTarget};

use crate::basis::{Basis, Lookup};
use crate::ctx::Ctx;
use crate::ivr::input::{Heard, heard};
use crate::port::CallInput;
use crate::routing::route::Route;
use crate::stage::{Stage, hunting, ivr};

/// An answer is awaited.
#[derive(Debug)]
pub(crate) struct LookingUp {
    ivr: IvrId,
    route: Route,
    until: Duration,
}

impl LookingUp {
    /// Waits, if what the IVR does with the caller depends on an answer that may still come.
    pub(crate) fn begin(
        ivr: &Ivr,
        route: Route,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) -> Result<Stage, Route> {
        let for_owner = ivr.action == IvrAction::CallTransfer
            && matches!(ivr.target, Some(IvrTarget::RecordOwner));
        match basis.lookup {
            Lookup::Asked { until } if for_owner && ctx.now.mono < until => {
                if basis.anchor.is_accepted() {
                    hunting::play(ctx.settings.sound.ringback.clone(), basis, ctx);
                } else {
                    basis.anchor.alert(None, ctx);
                }
                Ok(Stage::LookingUp(Self { ivr: ivr.id.clone(), route, until }))
            }
            Lookup::Asked { .. } | Lookup::Unasked | Lookup::Answered(_) => Err(route),
        }
    }

    pub(crate) fn deadline(&self) -> Duration {
        self.until
    }

    pub(crate) fn timeout(self, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        ivr::act(&self.ivr, self.route, basis, ctx)
    }

    pub(crate) fn handle(self, input: CallInput, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        if let CallInput::LookedUp(_) = input {
            return ivr::act(&self.ivr, self.route, basis, ctx);
        }
        match heard(input, basis, ctx) {
            Heard::Gone => ivr::gone(&self.ivr, &self.route, basis, ctx),
            Heard::Released => ivr::released(&self.ivr, &self.route, basis, ctx),
            Heard::Key(_) | Heard::Over(..) | Heard::Silence | Heard::Nothing => {
                Stage::LookingUp(self)
            }
        }
    }
}
