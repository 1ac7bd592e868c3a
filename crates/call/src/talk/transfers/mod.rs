//! Calls are handed on: whom a target means, the Connection that reaches him, and what becomes of
//! the transferor (D10–D14, §6.2.5).

pub(super) mod cold;
pub(super) mod warm;

use model::UserId;
use model::call_graph::event::{AttemptParty, CallEvent, ConnectionSeq, Target};
use model::call_graph::words::{ConnectionKind, ParticipantRole};
use model::directory::AcdStrategy;

use crate::basis::Basis;
use crate::ctx::Ctx;
use crate::port::{Goal, LegId, Refusal};
use crate::routing::hunt::{Hunt, Plan};
use crate::routing::route::Route;
use crate::talk::Talk;
use crate::talk::reaching::{Purpose, Reach, Search, dialled};

impl Talk {
    /// Rings somebody. What is over at once is dropped by whoever calls this.
    pub(in crate::talk) fn begin_search(
        &mut self,
        plan: Plan,
        route: Route,
        purpose: Purpose,
        bridge: u16,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) -> ConnectionSeq {
        let is_outside = matches!(plan.target, Target::External(_));
        let shown = if is_outside { route.outside(None, basis).0 } else { route.shown(basis) };
        let hunt = Hunt::begin(plan, route, basis, ctx);
        let connection = hunt.ringing().route().connection();
        self.rings_as(connection, shown);
        self.searches.push(Search { reach: Reach::Hunt(Box::new(hunt)), purpose, bridge });
        connection
    }

    /// A Connection that is opened for a party of the call.
    pub(in crate::talk) fn route(
        &self,
        kind: ConnectionKind,
        opened_by: Option<&UserId>,
        for_leg: LegId,
        to: &Goal,
        basis: &Basis,
    ) -> Route {
        let mut behalf = self.behalf(for_leg, basis);
        if let (Some(behalf), Goal::Outside { trunk, .. }) = (&mut behalf, to) {
            behalf.trunk = Some(trunk.clone());
        }
        Route::of(kind, opened_by.cloned(), behalf)
    }

    /// How a target is reached, and how the rows name it. Who is on the call already, or rings for
    /// it, is no target.
    pub(in crate::talk) fn plan(
        &self,
        to: &Goal,
        by: &UserId,
        basis: &mut Basis,
        ctx: &Ctx<'_>,
    ) -> Result<(Plan, std::sync::Arc<str>), Refusal> {
        let settings = &ctx.settings.transfer;
        let parties = self.present.len() + self.searches.len();
        if self.searches.len() >= settings.max_searches || parties >= settings.max_parties {
            return Err(Refusal::Limit);
        }
        let ring = settings.user_ring;
        let single = |target: Target| Plan {
            ivr: None,
            target,
            strategy: AcdStrategy::Single,
            ring,
            timeout: ring,
            max_rounds: None,
        };
        match to {
            Goal::User(user) if user == by || self.is_reached(user) => Err(Refusal::Goal),
            Goal::User(user) => {
                let of_call = basis.directory.user(user).is_some();
                if !of_call && ctx.directory.user(user).is_none() {
                    return Err(Refusal::Goal);
                }
                if !of_call {
                    basis.newer = Some(ctx.directory.clone());
                }
                basis.named.insert(user.clone());
                Ok((single(Target::User(user.clone())), user.as_str().into()))
            }
            Goal::Group(id) => {
                let group = basis.directory.group(id).ok_or(Refusal::Goal)?;
                let times = &ctx.settings.ring;
                let plan = Plan {
                    strategy: group.strategy,
                    ring: times.attempt,
                    timeout: times.stage,
                    ..single(Target::Group(id.clone()))
                };
                Ok((plan, id.as_str().into()))
            }
            Goal::Outside { number, dialled: text, .. } => {
                let number = dialled(number.as_ref(), text);
                Ok((single(Target::External(number.clone())), number))
            }
            Goal::Ivr(_) | Goal::Dialled(_) => Err(Refusal::Goal),
        }
    }

    /// Whether a user is on the call, or rings for it.
    fn is_reached(&self, user: &UserId) -> bool {
        self.present.iter().any(|it| it.is_user(user))
            || self.errands.iter().any(|it| it.user == *user)
            || self.searches.iter().any(|it| it.ringing().iter().any(|(rung, _)| rung == user))
    }

    /// A Connection whose user is there already: opened, rung and answered at once (D48).
    pub(crate) fn instant(
        &self,
        kind: ConnectionKind,
        opened_by: Option<UserId>,
        user: &UserId,
        role: ParticipantRole,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) -> ConnectionSeq {
        let connection = basis.open_connection();
        basis.attempts = basis.attempts.saturating_add(1);
        basis.named.insert(user.clone());
        let event = CallEvent::RoutingStarted {
            connection,
            kind,
            opened_by,
            ivr: None,
            target: Target::User(user.clone()),
            strategy: AcdStrategy::Single,
        };
        basis.record(event, ctx);
        let event = CallEvent::AttemptStarted {
            connection,
            attempt: 1,
            stage: 1,
            round: 1,
            party: AttemptParty::User(user.clone()),
            ivr: None,
            group: None,
            sip_call_id: None,
        };
        basis.record(event, ctx);
        let by = basis.user(user);
        basis.record(CallEvent::Answered { connection, attempt: Some(1), by, role }, ctx);
        connection
    }
}
