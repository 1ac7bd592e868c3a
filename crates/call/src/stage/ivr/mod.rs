//! The caller is in an IVR. It greets him where it has a greeting ([`greeting`]), then does
//! with him what it is for: stages of their own ring, ask, listen and record; where none begins he
//! is passed on in the same step. A chain of IVRs is walked in a loop whose length `ivr_hops`
//! bounds (R069, D43).

pub(crate) mod greeting;
pub(crate) mod looking_up;
pub(crate) mod menu;
pub(crate) mod spelling;

use model::IvrId;
use model::call_graph::event::{CallEvent, Target};
use model::call_graph::words::{EndedBy, IvrExit, RoutingRule};
use model::directory::Ivr;

use self::greeting::Greeted;
use self::looking_up::LookingUp;
use self::menu::Asking;
use self::spelling::Spelling;
use super::hunting::Hunting;
use super::waiting::Waiting;
use super::{Stage, ending, voicemail};
use crate::basis::Basis;
use crate::ctx::Ctx;
use crate::ivr::program::{self, Program};
use crate::ivr::session;
use crate::leg::ended_by;
use crate::port::{Digit, Release};
use crate::routing::forward::Next;
use crate::routing::hunt::{Hunt, Plan};
use crate::routing::route::Route;
use crate::sound::ears::Purpose;

/// The caller enters `first`; the call goes as far as it goes by itself.
pub(crate) fn run(first: IvrId, mut route: Route, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
    let directory = basis.directory.clone();
    let mut entered = Some(first);
    basis.ears.stop(basis.anchor.leg, Purpose::Waiting, ctx);
    while let Some(id) = entered {
        let Some(ivr) = directory.ivr(&id) else {
            basis.decide(RoutingRule::Ivr, id.as_str(), "passed over: there is no such IVR");
            break;
        };
        if !session::enter(ivr, basis, ctx) {
            break;
        }
        let passed = match begin(ivr, route, basis, ctx) {
            Ok(stage) => return stage,
            Err(passed) => passed,
        };
        route = passed.route;
        entered = session::leave(&ivr.id, passed.to.as_ref(), basis, ctx);
    }
    ending::unanswered(&route, EndedBy::System, Release::Normal, basis, ctx)
}

/// The IVR has greeted its caller and does what it is for.
pub(crate) fn act(ivr: &IvrId, route: Route, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
    let directory = basis.directory.clone();
    let done = match directory.ivr(ivr) {
        Some(ivr) => carry_out(ivr, route, basis, ctx),
        None => Err(Passed { route, to: None }),
    };
    match done {
        Ok(stage) => stage,
        Err(passed) => go_to(ivr, passed.to.as_ref(), passed.route, basis, ctx),
    }
}

/// This IVR has done what it is for, or nobody answered in it: the caller goes to the next one,
/// or the call is over.
pub(crate) fn go_on(ivr: &IvrId, route: Route, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
    go_to(ivr, None, route, basis, ctx)
}

/// As [`go_on`], but to `to` if there is such an IVR.
pub(crate) fn go_to(
    ivr: &IvrId,
    to: Option<&IvrId>,
    route: Route,
    basis: &mut Basis,
    ctx: &mut Ctx<'_>,
) -> Stage {
    match session::leave(ivr, to, basis, ctx) {
        Some(next) => run(next, route, basis, ctx),
        None => ending::unanswered(&route, EndedBy::System, Release::Normal, basis, ctx),
    }
}

/// The caller leaves the IVR for another one, of which the call knows, by a digit.
pub(crate) fn choose(
    ivr: &IvrId,
    digit: Digit,
    next: IvrId,
    route: Route,
    basis: &mut Basis,
    ctx: &mut Ctx<'_>,
) -> Stage {
    let digit = digit.sign();
    basis.decide(RoutingRule::Menu, ivr.as_str(), format!("{digit} was pressed: to {next}"));
    let selected = CallEvent::MenuSelected { ivr: ivr.clone(), digit, next: next.clone() };
    basis.record(selected, ctx);
    if session::may_enter(basis, ctx) {
        session::exit(ivr, IvrExit::MenuOption, Some(next.clone()), basis, ctx);
        return run(next, route, basis, ctx);
    }
    session::exit(ivr, IvrExit::SystemHangup, None, basis, ctx);
    ending::unanswered(&route, EndedBy::System, Release::Normal, basis, ctx)
}

/// The caller has left, and [`Anchor`](crate::leg::Anchor) knows it.
pub(crate) fn gone(ivr: &IvrId, route: &Route, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
    session::exit(ivr, IvrExit::CallerHangup, None, basis, ctx);
    let by = ended_by(&basis.anchor.party);
    ending::unanswered(route, by, Release::CallerGone, basis, ctx)
}

/// The server stops.
pub(crate) fn released(ivr: &IvrId, route: &Route, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
    session::exit(ivr, IvrExit::SystemHangup, None, basis, ctx);
    ending::unanswered(route, EndedBy::System, Release::Shutdown, basis, ctx)
}

/// Rings whom the plan names, from this IVR.
pub(crate) fn route(
    ivr: &IvrId,
    plan: Plan,
    route: Route,
    basis: &mut Basis,
    ctx: &mut Ctx<'_>,
) -> Stage {
    match hunt(ivr, plan, route, basis, ctx) {
        Ok(stage) => stage,
        Err(passed) => go_to(ivr, passed.to.as_ref(), passed.route, basis, ctx),
    }
}

/// No stage began in the IVR, or none is left: the caller is passed on.
struct Passed {
    /// The Connection, if one was opened.
    route: Route,
    /// To this IVR, rather than to the next one.
    to: Option<IvrId>,
}

fn begin(ivr: &Ivr, route: Route, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Result<Stage, Passed> {
    let entry = program::entry(ivr);
    if entry.accept && !basis.anchor.is_accepted() {
        basis.record(CallEvent::Accepted, ctx);
        basis.anchor.accept(None, ctx);
    }
    // Who was not accepted hears that it rings, and no more.
    match entry.greeting.filter(|_| basis.anchor.is_accepted()) {
        Some(greeting) => Ok(Greeted::begin(ivr.id.clone(), greeting, route, basis, ctx)),
        None => carry_out(ivr, route, basis, ctx),
    }
}

fn carry_out(
    ivr: &Ivr,
    route: Route,
    basis: &mut Basis,
    ctx: &mut Ctx<'_>,
) -> Result<Stage, Passed> {
    let route = match LookingUp::begin(ivr, route, basis, ctx) {
        Ok(stage) => return Ok(stage),
        Err(route) => route,
    };
    match program::program(ivr, basis, ctx) {
        Program::Route { plan } => hunt(&ivr.id, plan, route, basis, ctx),
        Program::Menu => Ok(Asking::begin(ivr, route, basis, ctx)),
        Program::Voicemail { mailbox } => voicemail::leave(ivr, mailbox, route, basis, ctx)
            .map_err(|route| Passed { route, to: None }),
        Program::Spell => Ok(Spelling::begin(ivr, route, basis, ctx)),
        Program::Lead { to } => Err(Passed { route, to }),
    }
}

/// Rings whom the plan names; the Connection back where nobody could be rung.
fn hunt(
    ivr: &IvrId,
    plan: Plan,
    route: Route,
    basis: &mut Basis,
    ctx: &mut Ctx<'_>,
) -> Result<Stage, Passed> {
    let directory = basis.directory.clone();
    let queue = directory.ivr(ivr).and_then(|ivr| Some((ivr, ivr.queue.as_ref()?)));
    if let (Some((ivr, queue)), Target::Group(group)) = (queue, &plan.target)
        && directory.group(group).is_some()
    {
        let group = group.clone();
        return Ok(Waiting::begin(ivr, queue, plan, group, route, basis, ctx));
    }
    let hunt = Hunt::begin(plan, route, basis, ctx);
    if !hunt.is_over() {
        return Ok(Hunting::wait(hunt, ivr.clone(), basis, ctx));
    }
    let to = match hunt.next() {
        Some(Next::Ivr(to)) => Some(to.clone()),
        Some(Next::Message(_)) | None => None,
    };
    let reason = hunt.reason();
    Err(Passed { route: hunt.end(reason, basis, ctx), to })
}
