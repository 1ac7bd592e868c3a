//! A caller's way through IVRs: each visit is entered and left once (§6.2.2), and the number of
//! visits in one call is limited, so a chain that leads back to itself ends (R069).

use model::IvrId;
use model::call_graph::event::CallEvent;
use model::call_graph::words::{IvrExit, RoutingRule};
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
    let subject = format!("{} version {}", ivr.id, ivr.version);
    basis.decide(RoutingRule::Ivr, subject, format!("entered: {}", ivr.action));
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

/// The caller leaves it for `to`, or for its next one where there is no such IVR. `None`: for
/// nowhere, because there is no next one either, or the limit is reached.
pub(crate) fn leave(
    ivr: &IvrId,
    to: Option<&IvrId>,
    basis: &mut Basis,
    ctx: &mut Ctx<'_>,
) -> Option<IvrId> {
    let directory = basis.directory.clone();
    let way = directory.ivr(ivr).and_then(|ivr| way(ivr, to, basis));
    let next = way.filter(|_| may_enter(basis, ctx));
    let reason = match &next {
        Some(_) => IvrExit::NextIvr,
        None => IvrExit::SystemHangup,
    };
    exit(ivr, reason, next.clone(), basis, ctx);
    next
}

/// Whether one more may be entered; a caller who may not leaves the trace of it.
pub(crate) fn may_enter(basis: &mut Basis, ctx: &Ctx<'_>) -> bool {
    let limit = usize::from(ctx.settings.limits.ivr_hops);
    let may = basis.visits.len() < limit;
    if !may {
        let verdict = format!("reached: {limit} IVRs were entered, and no more are");
        basis.decide(RoutingRule::Limit, "ivr_hops", verdict);
    }
    may
}

/// Whether the call knows this IVR.
pub(crate) fn exists(ivr: &IvrId, basis: &Basis) -> bool {
    basis.directory.ivr(ivr).is_some()
}

/// Where a way leads that aims at `to`, else at the IVR's next one: the first of them that there
/// is.
pub(crate) fn way(ivr: &Ivr, to: Option<&IvrId>, basis: &mut Basis) -> Option<IvrId> {
    let directory = basis.directory.clone();
    let mut ways = to.into_iter().chain(&ivr.next_ivr);
    let found = ways.find(|to| {
        let found = directory.ivr(to).is_some();
        if !found {
            basis.decide(RoutingRule::Ivr, to.as_str(), "passed over: there is no such IVR");
        }
        found
    });
    found.cloned()
}
