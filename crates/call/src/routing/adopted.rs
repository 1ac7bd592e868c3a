//! What rings, and comes to be rung for somebody else or to be answered by somebody else: a user
//! picks up what rings at another one's (D48), and a consultation that rings becomes part of
//! another call (D34).

use std::time::Duration;

use model::call_graph::event::{AttemptParty, ConnectionSeq};
use model::call_graph::words::ConnectionKind;
use model::{GroupId, UserId};

use super::attempt::{Attempt, Offer};
use super::devices::Way;
use super::hunt::Hunt;
use super::ringing::Ringing;
use super::route::{Behalf, Route};
use crate::basis::Basis;
use crate::ctx::Ctx;
use crate::given_up::Dialled;
use crate::leg::Stopped;
use crate::port::{Devices, LegId, Release};

/// The Connection that a consultation is in its new call.
#[derive(Debug)]
pub(crate) struct Becomes {
    pub(crate) connection: ConnectionSeq,
    pub(crate) kind: ConnectionKind,
    /// Who consults.
    pub(crate) opened_by: UserId,
    /// For whom it rings.
    pub(crate) behalf: Option<Behalf>,
}

impl Hunt {
    /// A user is on a telephone that has dialled for it: it is an attempt of his that is about to
    /// answer. `false`: a limit forbids it.
    pub(crate) fn picked_up(
        &mut self,
        user: &UserId,
        leg: LegId,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) -> bool {
        let group = self.group().cloned();
        self.ringing_mut().picked_up(user, leg, group, basis, ctx)
    }

    /// It rings in another call from now on, which has its users and counts its attempts.
    pub(crate) fn becomes(&mut self, becomes: Becomes, basis: &mut Basis) {
        self.forget_what_follows();
        self.ringing_mut().becomes(becomes, basis);
    }
}

impl Ringing {
    /// As [`Hunt::picked_up`]; it counts for the group if he is a member of it. Where the user is
    /// rung himself, the attempt is his and his other telephones stop.
    pub(crate) fn picked_up(
        &mut self,
        user: &UserId,
        leg: LegId,
        group: Option<GroupId>,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) -> bool {
        let connection = self.route().connection();
        if let Some(attempt) = self.attempt_of(user) {
            let stopped = std::mem::replace(&mut attempt.leg, leg);
            let why = Release::AnsweredElsewhere;
            basis.stop(Stopped { leg: stopped, connection, attempt: None, why }, ctx);
        } else {
            let group = group.filter(|group| is_member(user, group, basis));
            let way = Way::Phones(user.clone(), Devices::All);
            let offer = Offer::of(AttemptParty::User(user.clone()), way, ctx.now.mono);
            return self.begin_attempt(Offer { group, ..offer }, leg, basis, ctx);
        }
        true
    }

    /// When this user was first rung of those who ring; `None`: he is not.
    pub(crate) fn rings_since(&self, user: &UserId) -> Option<Duration> {
        self.active().iter().find(|it| it.user() == Some(user)).map(|it| it.since)
    }

    fn becomes(&mut self, becomes: Becomes, basis: &mut Basis) {
        for user in self.active().iter().filter_map(Attempt::user) {
            basis.named.insert(user.clone());
        }
        self.route_mut().becomes(becomes);
        basis.attempts = basis.attempts.saturating_add(self.route().attempts());
        self.leave_ivr();
    }

    /// A number outside that a user has dialled himself: in his other call it is an attempt.
    pub(crate) fn of_dial(dialled: Dialled, now: Duration) -> Self {
        let mut route = Route::default();
        route.dialled();
        let attempt = Attempt {
            seq: route.next_attempt(),
            leg: dialled.leg,
            party: AttemptParty::Number(dialled.to),
            group: None,
            since: now,
            rang: dialled.rang,
            rang_out: false,
            alive_by: None,
            receiver_since: None,
            gives_up_at: dialled.gives_up_at,
            cut_short: false,
            later: Vec::new(),
        };
        Self::with(route, attempt)
    }
}

fn is_member(user: &UserId, group: &GroupId, basis: &Basis) -> bool {
    basis.directory.group(group).is_some_and(|group| group.members.contains(user))
}
