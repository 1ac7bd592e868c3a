//! A call that becomes part of another one (D34, D48): its legs, what rings for it, and everything
//! that was recorded of it. It is over where it was in the step in which it is given up, and the
//! call that has said that it takes it goes on with it in the same step.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use model::call_graph::Recorded;
use model::call_graph::event::{Absorbed, CallEvent, ConnectionSeq, Party};
use model::call_graph::words::{ConnectionKind, RoutingRule};
use model::{CallId, GroupId, Millis, UserId};

use crate::basis::Basis;
use crate::ctx::Ctx;
use crate::leg::{Anchor, Stopped, user_of};
use crate::port::{Adoption, LegCommand, LegId, Release};
use crate::routing::hunt::Hunt;

/// What is left of the call.
#[derive(Debug)]
pub struct GivenUp {
    /// The call.
    pub call: CallId,
    /// Its legs, all of which belong to the other call from now on.
    pub legs: Vec<LegId>,
    pub(crate) anchor: Anchor,
    pub(crate) reached: Reached,
    /// Legs that were told to stop and have not said that they have.
    pub(crate) stopped: Vec<Stopped>,
    /// Whom its rows name, for the context (D46).
    pub(crate) named: BTreeSet<UserId>,
    pub(crate) named_groups: BTreeSet<GroupId>,
    pub(crate) log: Vec<Recorded>,
    /// The time of this step, as that log has it.
    pub(crate) at: Millis,
}

/// How far it has got in reaching somebody.
#[derive(Debug)]
pub(crate) enum Reached {
    /// Nobody was looked for: a dialled code.
    Nobody,
    /// Users ring.
    Ringing(Box<Hunt>),
    /// A number outside rings.
    Dialling(Dialled),
    /// Somebody answered, and they talk.
    Talking(Answered),
}

/// A number outside that rings.
#[derive(Debug)]
pub(crate) struct Dialled {
    pub(crate) leg: LegId,
    /// The number, or the short code as dialled.
    pub(crate) to: Arc<str>,
    /// It alerts.
    pub(crate) rang: bool,
    pub(crate) gives_up_at: Duration,
}

/// Who has answered.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) leg: LegId,
    pub(crate) party: Party,
    /// The caller's telephone has put him on hold.
    pub(crate) anchor_holds: bool,
    /// His has put the caller on hold.
    pub(crate) far_holds: bool,
}

impl Reached {
    /// The legs of who rings, or has answered.
    pub(crate) fn legs(&self) -> Vec<LegId> {
        match self {
            Self::Nobody => Vec::new(),
            Self::Ringing(hunt) => hunt.ringing().legs().collect(),
            Self::Dialling(dialled) => vec![dialled.leg],
            Self::Talking(far) => vec![far.leg],
        }
    }
}

impl GivenUp {
    /// The leg of this user in it; `None`: he is not on it.
    pub(crate) fn leg_of(&self, user: &UserId) -> Option<LegId> {
        if self.anchor.user() == Some(user) {
            return Some(self.anchor.leg);
        }
        match &self.reached {
            Reached::Talking(far) => (user_of(&far.party) == Some(user)).then_some(far.leg),
            Reached::Nobody | Reached::Ringing(_) | Reached::Dialling(_) => None,
        }
    }

    /// What was recorded of it belongs to this call from now on; of its only Connection as this
    /// one.
    pub(crate) fn absorb(
        &mut self,
        connection: Option<ConnectionSeq>,
        kind: ConnectionKind,
        by: &UserId,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) {
        // Each call has a clock of its own (D40).
        let ahead = basis.at(ctx).0.saturating_sub(self.at.0);
        let mut log = std::mem::take(&mut self.log);
        for recorded in &mut log {
            recorded.at = Millis(recorded.at.0.saturating_add(ahead));
        }
        let call = self.call.clone();
        let absorbed = Absorbed { call, connection, kind, by: by.clone(), log };
        basis.record(CallEvent::Absorbed(Box::new(absorbed)), ctx);
        basis.named.insert(by.clone());
        match connection {
            Some(_) => {
                basis.named.append(&mut self.named);
                basis.named_groups.append(&mut self.named_groups);
                ctx.floor.becomes(&self.call, &basis.id, ctx.now);
            }
            None => ctx.floor.forget(&self.call, ctx.now),
        }
        for mut stopped in std::mem::take(&mut self.stopped) {
            stopped.attempt = stopped.attempt.filter(|_| connection.is_some());
            stopped.connection = connection.unwrap_or(stopped.connection);
            basis.stopped.push(stopped);
        }
    }

    /// The user who has dialled for it is on this call: he is answered, if he was not. `like`: with
    /// whom he will talk.
    pub(crate) fn answer(&mut self, like: LegId, ctx: &mut Ctx<'_>) -> LegId {
        if !self.anchor.is_accepted() {
            self.anchor.accept(Some(like), ctx);
        }
        self.anchor.leg
    }

    /// A user has dialled to take what rings at somebody else's.
    pub(crate) fn picks_up(&mut self, user: &UserId, basis: &mut Basis, ctx: &mut Ctx<'_>) {
        self.absorb(None, ConnectionKind::Add, user, basis, ctx);
        let verdict = format!("picked up what rang here, by {}", self.call);
        basis.decide(RoutingRule::Pickup, user.as_str(), verdict);
    }

    /// Its legs, those that stop included.
    pub(crate) fn all_legs(&self) -> Vec<LegId> {
        let anchor = (!self.anchor.is_gone()).then_some(self.anchor.leg);
        let stopped = self.stopped.iter().map(|stopped| stopped.leg);
        anchor.into_iter().chain(self.reached.legs()).chain(stopped).collect()
    }

    /// Whether it is what this is to be done with.
    pub(crate) fn fits(&self, adoption: &Adoption) -> bool {
        let alone = matches!(self.reached, Reached::Nobody);
        match adoption {
            Adoption::Consultation { user, .. } => !alone && self.leg_of(user).is_some(),
            Adoption::Pickup { user, .. }
            | Adoption::Retrieval { user }
            | Adoption::Replacement { user, .. }
            | Adoption::Supervisor { by: user, .. } => alone && self.anchor.user() == Some(user),
        }
    }

    /// Lets every leg of it go: whom it was meant for cannot take it.
    pub(crate) fn release(mut self, why: Release, basis: &mut Basis, ctx: &mut Ctx<'_>) {
        if let Some(user) = self.anchor.user().cloned()
            && !self.log.is_empty()
        {
            self.absorb(None, ConnectionKind::Add, &user, basis, ctx);
        }
        let answered = matches!(self.reached, Reached::Talking(_));
        for leg in self.reached.legs() {
            if answered {
                ctx.order(LegCommand::HangUp { leg, why });
            } else {
                basis.stop(Stopped { leg, connection: 0, attempt: None, why }, ctx);
            }
        }
        self.anchor.release(481, why, ctx);
    }
}
