//! The caller is in an IVR. It greets him where it has a greeting ([`super::greeting`]), then he
//! is routed in the same step, or passed on. A chain of IVRs is walked in a loop whose length
//! `ivr_hops` bounds (R069, D43).

use model::IvrId;
use model::call_graph::event::CallEvent;
use model::call_graph::words::{EndedBy, IvrExit};

use super::Stage;
use super::ending;
use super::greeting::Greeted;
use super::hunting::Hunting;
use crate::basis::Basis;
use crate::ctx::Ctx;
use crate::ivr::program::{Program, program};
use crate::ivr::session;
use crate::port::Release;
use crate::routing::hunt::{Hunt, Plan};
use crate::routing::route::Route;
use crate::sound::ears::Purpose;

/// The caller enters `first`; the call goes as far as it goes by itself.
pub(crate) fn run(first: IvrId, mut route: Route, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
    let directory = basis.directory.clone();
    let mut entered = Some(first);
    basis.ears.stop(basis.anchor.leg, Purpose::Waiting, ctx);
    while let Some(ivr) = entered.and_then(|id| directory.ivr(&id)) {
        if !session::enter(ivr, basis, ctx) {
            break;
        }
        let caller = basis.caller_number();
        match program(ivr, caller, &directory, &ctx.settings.ring) {
            Program::Route { accept_on_entry, greeting, plan } => {
                if accept_on_entry && !basis.anchor.is_accepted() {
                    basis.record(CallEvent::Accepted, ctx);
                    basis.anchor.accept(None, ctx);
                }
                // Who was not accepted hears that it rings, and no more.
                if let Some(greeting) = greeting.filter(|_| basis.anchor.is_accepted()) {
                    return Greeted::begin(ivr.id.clone(), greeting, plan, route, basis, ctx);
                }
                match hunt(&ivr.id, plan, route, basis, ctx) {
                    Ok(stage) => return stage,
                    Err(unanswered) => route = unanswered,
                }
            }
            Program::Pass => {}
        }
        entered = leave(&ivr.id, basis, ctx);
    }
    ending::unanswered(&route, EndedBy::System, Release::Normal, basis, ctx)
}

/// The IVR has greeted its caller and routes him.
pub(crate) fn route(
    ivr: &IvrId,
    plan: Plan,
    route: Route,
    basis: &mut Basis,
    ctx: &mut Ctx<'_>,
) -> Stage {
    match hunt(ivr, plan, route, basis, ctx) {
        Ok(stage) => stage,
        Err(route) => go_on(ivr, route, basis, ctx),
    }
}

/// Nobody answered in this IVR: the caller goes to the next one, or the call is over.
pub(crate) fn go_on(ivr: &IvrId, route: Route, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
    match leave(ivr, basis, ctx) {
        Some(next) => run(next, route, basis, ctx),
        None => ending::unanswered(&route, EndedBy::System, Release::Normal, basis, ctx),
    }
}

/// Rings whom the plan names; the Connection back where nobody could be rung.
fn hunt(
    ivr: &IvrId,
    plan: Plan,
    route: Route,
    basis: &mut Basis,
    ctx: &mut Ctx<'_>,
) -> Result<Stage, Route> {
    let hunt = Hunt::begin(plan, route, basis, ctx);
    if !hunt.is_over() {
        return Ok(Hunting::wait(hunt, ivr.clone(), basis, ctx));
    }
    Route::stage_failed(hunt.reason(), basis, ctx);
    Err(hunt.into_route())
}

fn leave(ivr: &IvrId, basis: &Basis, ctx: &mut Ctx<'_>) -> Option<IvrId> {
    let next = session::next(ivr, basis, ctx);
    let reason = match &next {
        Some(_) => IvrExit::NextIvr,
        None => IvrExit::SystemHangup,
    };
    session::exit(ivr, reason, next.clone(), basis, ctx);
    next
}
