//! Time routing (F5): which IVR is entered at this time of day. The time is that of the call's own
//! clock (D40). Whatever a schedule says, and if it cannot be read at all, the caller is led on.

use std::sync::Arc;

use model::IvrId;
use model::call_graph::event::CallEvent;
use model::call_graph::words::RoutingRule;
use model::directory::Ivr;

use super::session;
use crate::basis::Basis;
use crate::ctx::Ctx;

/// `schedule_matched.rule` where no rule and no holiday holds.
const DEFAULT: &str = "default";

/// Where the schedule leads, or the IVR's next one where it leads nowhere; `None`: nowhere.
pub(crate) fn decide(ivr: &Ivr, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Option<IvrId> {
    let Some(schedule) = &ivr.schedule else {
        basis.decide(RoutingRule::Schedule, ivr.id.as_str(), "passed over: it has no schedule");
        return None;
    };
    let now = basis.at(ctx);
    let organisation = ctx.settings.ivr.timezone.as_deref();
    let (rule, to, why) = match calendar::decide(schedule, organisation, now) {
        Ok(found) => (found.rule, found.next, found.why),
        Err(error) => {
            let why = format!("its schedule cannot be read, so its default holds: {error}");
            (None, schedule.default_ivr_id.clone(), why)
        }
    };
    basis.decide(RoutingRule::Schedule, ivr.id.as_str(), why);
    let next = session::way(ivr, to.as_ref(), basis);
    let event = CallEvent::ScheduleMatched {
        ivr: ivr.id.clone(),
        rule: rule.unwrap_or_else(|| Arc::from(DEFAULT)),
        next: next.clone(),
    };
    basis.record(event, ctx);
    next
}
