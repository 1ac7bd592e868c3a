//! A caller's way through IVRs: each visit is entered and left once (§6.2.2), and the number of
//! visits in one call is limited, so a chain that leads back to itself ends (R069).

use model::IvrId;
use model::call_graph::event::CallEvent;
use model::call_graph::words::IvrExit;
use model::directory::{Ivr, IvrTarget};

use crate::basis::Basis;
use crate::ctx::Ctx;

/// The caller enters an IVR. `false`: the limit is reached, he does not.
pub(crate) fn enter(ivr: &Ivr, basis: &mut Basis, ctx: &mut Ctx<'_>) -> bool {
    if !may_enter(basis, ctx) {
        return false;
    }
    let group = match &ivr.target {
        Some(IvrTarget::Group(group)) => Some(group.clone()),
        Some(
            IvrTarget::User(_)
            | IvrTarget::RecordOwner
            | IvrTarget::LastAgent
            | IvrTarget::External(_),
        )
        | None => None,
    };
    let event = CallEvent::IvrEntered {
        ivr: ivr.id.clone(),
        group,
        record_owner: ivr.record_owner.clone(),
        missed_call_owner: ivr.missed_call_owner.clone(),
    };
    basis.record(event, ctx);
    basis.visits.push(ivr.id.clone());
    true
}

/// The caller leaves it.
pub(crate) fn exit(
    ivr: &IvrId,
    reason: IvrExit,
    next: Option<IvrId>,
    basis: &Basis,
    ctx: &mut Ctx<'_>,
) {
    let ivr = ivr.clone();
    basis.record(CallEvent::IvrExited { ivr, reason, next }, ctx);
}

/// Where he goes when nobody answered; `None`: nowhere, because the IVR names no other, or one
/// that does not exist, or the limit is reached.
pub(crate) fn next(ivr: &IvrId, basis: &Basis, ctx: &Ctx<'_>) -> Option<IvrId> {
    let next = basis.directory.ivr(ivr)?.next_ivr.as_ref()?;
    let exists = basis.directory.ivr(next).is_some();
    (exists && may_enter(basis, ctx)).then(|| next.clone())
}

fn may_enter(basis: &Basis, ctx: &Ctx<'_>) -> bool {
    basis.visits.len() < usize::from(ctx.settings.limits.ivr_hops)
}
