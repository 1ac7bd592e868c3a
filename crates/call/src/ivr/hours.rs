//! Time routing (F5): which IVR is entered at this time of day. Whatever a schedule says, or if
//! it cannot be read at all, the caller is led on.

use model::IvrId;
use model::call_graph::words::RoutingRule;
use model::directory::Ivr;

use crate::basis::Basis;
use crate::ctx::Ctx;

/// Where the schedule leads; `None`: to the IVR's next one.
pub(crate) fn decide(ivr: &Ivr, basis: &mut Basis, _ctx: &mut Ctx<'_>) -> Option<IvrId> {
    basis.decide(RoutingRule::Schedule, ivr.id.as_str(), "passed over: it has no schedule");
    None
}
