//! The caller is in an IVR. Until prompts and menus exist no IVR waits: the caller is routed in
//! the step in which he enters, or passed on. A chain of IVRs is walked in a loop whose length
//! `ivr_hops` bounds (R069, D43).

use model::IvrId;
use model::call_graph::event::CallEvent;
use model::call_graph::words::{EndedBy, IvrExit};

use super::Stage;
use super::ending;
use super::hunting::Hunting;
use crate::acd::hunt::Hunt;
use crate::acd::route::Route;
use crate::basis::Basis;
use crate::ctx::Ctx;
use crate::ivr::program::{Program, program};
use crate::ivr::session;
use crate::port::Release;

/// The caller enters `first`; the call goes as far as it goes by itself.
pub(crate) fn run(first: IvrId, mut route: Route, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
    let directory = basis.directory.clone();
    let mut entered = Some(first);
    while let Some(ivr) = entered.and_then(|id| directory.ivr(&id)) {
        if !session::enter(ivr, basis, ctx) {
            break;
        }
        let caller = basis.caller_number();
        match program(ivr, caller, &directory, &ctx.settings.ring) {
            Program::Route { accept_on_entry, plan } => {
                if accept_on_entry && !basis.anchor.is_accepted() {
                    basis.record(CallEvent::Accepted, ctx);
                    basis.anchor.accept(None, ctx);
                }
                let hunt = Hunt::begin(plan, route, basis, ctx);
                if !hunt.is_over() {
                    return Stage::Hunting(Hunting { hunt, ivr: Some(ivr.id.clone()) });
                }
                Route::stage_failed(hunt.reason(), basis, ctx);
                route = hunt.into_route();
            }
            Program::Pass => {}
        }
        entered = leave(&ivr.id, basis, ctx);
    }
    ending::unanswered(&route, EndedBy::System, Release::Normal, basis, ctx)
}

/// Nobody answered in this IVR: the caller goes to the next one, or the call is over.
pub(crate) fn go_on(ivr: &IvrId, route: Route, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
    match leave(ivr, basis, ctx) {
        Some(next) => run(next, route, basis, ctx),
        None => ending::unanswered(&route, EndedBy::System, Release::Normal, basis, ctx),
    }
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
