//! The first step of a call: what it is (direction, number, owner, who takes part from the start)
//! and where it goes. A call never waits here.

use std::sync::Arc;

use model::call_graph::event::{BridgeLeg, CallEvent, Party, Started, Target};
use model::call_graph::words::{CallOutcome, Direction, EndedBy, RoutingRule};
use model::directory::{AcdStrategy, Assignment, Directory};
use model::{CallId, E164, IvrId, NumberId, TrunkId, UserId};

use super::ending::Ending;
use super::hunting::Hunting;
use super::{Stage, code, ivr};
use crate::basis::{Basis, Lookup, outside_party, user_party};
use crate::ctx::Ctx;
use crate::leg::{Anchor, user_of};
use crate::outbound::{Dial, Dialing};
use crate::outcome;
use crate::port::{Arrival, CallOutput, Caller, Code, Destination, Release, Shown};
use crate::routing::hunt::Plan;
use crate::routing::route::Route;

/// Begins a call and takes it as far as it goes by itself.
pub(crate) fn arrive(id: CallId, arrival: Arrival, ctx: &mut Ctx<'_>) -> (Basis, Stage) {
    ctx.out.push(CallOutput::Named(arrival.leg, BridgeLeg::Anchor));
    let sip_call_id = Some(arrival.sip_call_id.clone());
    let (mut basis, first) = open(id, arrival, sip_call_id, ctx);
    if let Some(user) = basis.anchor.user() {
        ctx.floor.take(user, &basis.id, None, ctx.now);
    }
    look_up(&mut basis, ctx);
    let stage = first.go(&mut basis, ctx);
    (basis, stage)
}

/// Writes down what the call is. `sip_call_id`: of the caller's leg, if it has one yet.
pub(super) fn open(
    id: CallId,
    arrival: Arrival,
    sip_call_id: Option<Arc<str>>,
    ctx: &mut Ctx<'_>,
) -> (Basis, First) {
    let directory = ctx.directory.clone();
    let caller = caller(arrival.caller, &directory);
    let Course { direction, internal_number, first_owner, callee, trunk, first } =
        course(arrival.destination, &caller, &directory);
    // Who calls himself is one participant.
    let callee =
        callee.filter(|callee| user_of(callee).is_none_or(|user| caller.user() != Some(user)));
    let dialled = arrival.to_number.clone().unwrap_or_else(|| "nothing".into());
    let started = Started {
        direction,
        from_number: arrival.from_number,
        to_number: arrival.to_number,
        internal_number: internal_number.clone(),
        caller: caller.party.clone(),
        callee: callee.clone(),
        owner: first_owner.clone(),
        trunk: trunk.map(|trunk| Arc::from(trunk.as_str())),
        node: arrival.node,
        sip_call_id,
    };
    let anchor = Anchor::new(arrival.leg, caller.party, caller.trunk);
    let mut basis = Basis {
        internal_number,
        first_owner,
        callee,
        ..Basis::new(id, direction, anchor, caller.shown, ctx)
    };
    basis.record(CallEvent::Started(Box::new(started)), ctx);
    basis.decide(RoutingRule::Number, dialled, first.verdict());
    (basis, first)
}

struct Known {
    party: Party,
    trunk: Option<TrunkId>,
    shown: Shown,
}

impl Known {
    fn user(&self) -> Option<&UserId> {
        user_of(&self.party)
    }
}

/// What a call is, and what it does first.
struct Course {
    direction: Direction,
    internal_number: Option<NumberId>,
    first_owner: Option<UserId>,
    callee: Option<Party>,
    trunk: Option<TrunkId>,
    first: First,
}

/// What a call does first.
#[derive(Debug)]
pub(super) enum First {
    Ring(UserId),
    Ivr(IvrId),
    Dial(Dial),
    /// A code of the server, and who dialled it.
    Code(Code, UserId),
    Refuse,
}

impl First {
    /// Does it.
    pub(super) fn go(self, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        match self {
            Self::Ring(user) => ring(user, basis, ctx),
            Self::Ivr(id) => ivr::run(id, Route::default(), basis, ctx),
            Self::Dial(dial) => Dialing::begin(dial, basis, ctx),
            Self::Code(code, user) => code::dialled(code, user, basis, ctx),
            Self::Refuse => Ending {
                by: EndedBy::System,
                why: Release::Normal,
                outcome: CallOutcome::Unroutable,
                sip_status: 404,
                q850: outcome::Q850_UNALLOCATED,
            }
            .finish(basis, ctx),
        }
    }

    /// Whether its caller is to hear that it rings, once he is there.
    pub(super) fn rings(&self) -> bool {
        matches!(self, Self::Ring(_) | Self::Dial(_))
    }

    /// What comes first, for people.
    fn verdict(&self) -> String {
        match self {
            Self::Ring(user) => format!("a call to {user}"),
            Self::Ivr(ivr) => format!("enters {ivr}"),
            Self::Dial(dial) => format!("dialled outside by {}", dial.trunk),
            Self::Code(code, _) => code::meaning(code),
            Self::Refuse => "refused: it leads nowhere".to_owned(),
        }
    }
}

/// Asks outside who has a number that the directory does not know; the call goes on meanwhile.
fn look_up(basis: &mut Basis, ctx: &mut Ctx<'_>) {
    let unknown = basis.direction == Direction::Inbound && basis.record_of_caller().is_none();
    if let Some(wait) = ctx.settings.acd.lookup_wait
        && let Some(number) = basis.caller_number().filter(|_| unknown).cloned()
    {
        basis.decide(RoutingRule::Lookup, number.as_str(), "unknown here: asked outside");
        basis.lookup = Lookup::Asked { until: ctx.now.mono.saturating_add(wait) };
        ctx.out.push(CallOutput::LookUp(number));
    }
}

fn caller(caller: Caller, directory: &Directory) -> Known {
    match caller {
        Caller::External { trunk, number, text, display_name } => {
            let record = number.as_ref().and_then(|number| directory.record_of(number));
            let name = record.map(|record| record.display_name.clone());
            let digits = number.as_ref().map(|number| Arc::from(number.as_str()));
            let shown =
                Shown { number: digits.or_else(|| text.clone()), name: name.or(display_name) };
            Known {
                party: outside_party(directory, number.as_ref(), text.as_ref()),
                trunk: Some(trunk),
                shown,
            }
        }
        Caller::User(id) => {
            let user = directory.user(&id);
            Known {
                party: user_party(directory, &id),
                trunk: None,
                shown: Shown {
                    number: user.map(|user| user.sip_username.clone()),
                    name: user.map(|user| user.display_name.clone()),
                },
            }
        }
    }
}

fn course(destination: Destination, caller: &Known, directory: &Directory) -> Course {
    let inside = match caller.user() {
        Some(_) => Direction::Internal,
        None => Direction::Inbound,
    };
    let by_caller = |first: First, callee: Option<Party>| Course {
        direction: inside,
        internal_number: None,
        first_owner: caller.user().cloned(),
        callee,
        trunk: caller.trunk.clone(),
        first,
    };
    match destination {
        Destination::Number(id) | Destination::Group(id) => match directory.number(&id) {
            Some(number) => {
                let (first, owner, callee) = match &number.assignment {
                    Assignment::User(user) => {
                        let callee = user_party(directory, user);
                        (First::Ring(user.clone()), Some(user.clone()), Some(callee))
                    }
                    Assignment::Group(_, ivr) => (First::Ivr(ivr.clone()), None, None),
                };
                match inside {
                    Direction::Inbound => Course {
                        internal_number: Some(id),
                        first_owner: owner,
                        ..by_caller(first, callee)
                    },
                    Direction::Internal | Direction::Outbound => by_caller(first, callee),
                }
            }
            None => by_caller(First::Refuse, None),
        },
        Destination::User(user) => {
            let callee = user_party(directory, &user);
            by_caller(First::Ring(user), Some(callee))
        }
        Destination::Outside { number, dialled, caller_id, trunk } if caller.user().is_some() => {
            let to = number.as_ref().map_or(dialled, |number| number.as_str().into());
            let callee = outside_party(directory, number.as_ref(), Some(&to));
            let shown = shown_outside(&caller_id, directory);
            Course {
                direction: Direction::Outbound,
                internal_number: Some(caller_id),
                trunk: Some(trunk.clone()),
                ..by_caller(First::Dial(Dial { to, shown, trunk }), Some(callee))
            }
        }
        Destination::Code(code) => match caller.user() {
            Some(user) => by_caller(First::Code(code, user.clone()), None),
            None => by_caller(First::Refuse, None),
        },
        // A trunk reaches provisioned numbers only.
        Destination::Outside { .. } | Destination::Unknown => by_caller(First::Refuse, None),
    }
}

/// Outside, the Caller ID is shown and no name of a user.
fn shown_outside(caller_id: &NumberId, directory: &Directory) -> Shown {
    let e164 = directory.number(caller_id).map(|number| &number.e164);
    Shown { number: e164.map(E164::as_str).map(Arc::from), name: None }
}

fn ring(user: UserId, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
    let timeout = ctx.settings.ring.user;
    let plan = Plan {
        ivr: None,
        target: Target::User(user.clone()),
        strategy: AcdStrategy::Single,
        ring: timeout,
        timeout,
        max_rounds: None,
    };
    Hunting::begin(plan, Route::default(), basis, ctx)
}
