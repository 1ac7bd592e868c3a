//! Somebody who is rung for a party of a call: how he is reached, what he is to be when he answers,
//! and how it ends in vain (D3, §4.4).

use std::sync::Arc;
use std::time::Duration;

use model::UserId;
use model::call_graph::event::{AttemptSeq, CallEvent, ConnectionSeq, Party};
use model::call_graph::words::{ConnectionOutcome, EndReason, ParticipantRole};

use crate::basis::Basis;
use crate::ctx::Ctx;
use crate::outcome::Q850;
use crate::port::{LegId, Release};
use crate::routing::forward::Next;
use crate::routing::hunt::Hunt;
use crate::routing::route::{Behalf, Route};

/// Somebody is rung.
#[derive(Debug)]
pub(crate) struct Search {
    pub(crate) reach: Reach,
    pub(crate) purpose: Purpose,
    /// Into which he comes.
    pub(crate) bridge: u16,
}

/// How somebody is reached.
#[derive(Debug)]
pub(crate) enum Reach {
    /// Users ring, or a number outside as an attempt of its own.
    Hunt(Box<Hunt>),
    /// A number outside that is added has no attempts (D4).
    Dial(Dial),
}

/// A number outside is dialled.
#[derive(Debug)]
pub(crate) struct Dial {
    pub(crate) leg: LegId,
    pub(crate) connection: ConnectionSeq,
    pub(crate) party: Party,
    /// Who adds it.
    pub(crate) by: UserId,
    pub(crate) rang: bool,
    pub(crate) gives_up_at: Duration,
}

/// What who answers is to be.
#[derive(Clone, Debug)]
pub(crate) enum Purpose {
    /// One more.
    Add,
    /// Whom the user with this leg consults.
    Consult {
        /// The transferor's leg.
        by: LegId,
    },
    /// The one who takes the transferor's place.
    Transfer {
        /// The transferor.
        by: UserId,
    },
    /// The transferor himself.
    Recall,
}

impl Purpose {
    /// Whoever is spoken of by this leg has another one.
    pub(in crate::talk) fn rename(&mut self, old: LegId, new: LegId) {
        match self {
            Self::Consult { by } if *by == old => *by = new,
            Self::Add | Self::Consult { .. } | Self::Transfer { .. } | Self::Recall => {}
        }
    }

    pub(super) fn role(&self) -> ParticipantRole {
        match self {
            Self::Add => ParticipantRole::Added,
            Self::Consult { .. } => ParticipantRole::Consulted,
            Self::Transfer { .. } => ParticipantRole::TransferTarget,
            Self::Recall => ParticipantRole::Callee,
        }
    }
}

/// Who has answered a search.
#[derive(Debug)]
pub(in crate::talk) struct Found {
    pub(in crate::talk) leg: LegId,
    pub(in crate::talk) connection: ConnectionSeq,
    pub(in crate::talk) party: Party,
    pub(super) attempt: Option<AttemptSeq>,
}

impl Search {
    pub(crate) fn connection(&self) -> ConnectionSeq {
        match &self.reach {
            Reach::Hunt(hunt) => hunt.ringing().route().connection(),
            Reach::Dial(dial) => dial.connection,
        }
    }

    pub(crate) fn deadline(&self) -> Option<Duration> {
        match &self.reach {
            Reach::Hunt(hunt) => hunt.deadline(),
            Reach::Dial(dial) => Some(dial.gives_up_at),
        }
    }

    pub(crate) fn legs(&self) -> Vec<LegId> {
        match &self.reach {
            Reach::Hunt(hunt) => hunt.ringing().legs().collect(),
            Reach::Dial(dial) => vec![dial.leg],
        }
    }

    pub(crate) fn has(&self, leg: LegId) -> bool {
        self.legs().contains(&leg)
    }

    /// The users who ring, each with his leg.
    pub(crate) fn ringing(&self) -> Vec<(UserId, LegId)> {
        match &self.reach {
            Reach::Hunt(hunt) => {
                let active = hunt.ringing().active().iter();
                active.filter_map(|it| Some((it.user()?.clone(), it.leg))).collect()
            }
            Reach::Dial(_) => Vec::new(),
        }
    }

    /// The user who has ordered it.
    pub(crate) fn opened_by(&self) -> Option<&UserId> {
        match &self.reach {
            Reach::Hunt(hunt) => hunt.ringing().route().opened_by(),
            Reach::Dial(dial) => Some(&dial.by),
        }
    }

    /// Since when it rings this user.
    pub(crate) fn rings_since(&self, user: &UserId) -> Option<Duration> {
        match &self.reach {
            Reach::Hunt(hunt) => hunt.ringing().rings_since(user),
            Reach::Dial(_) => None,
        }
    }

    /// A user has dialled for it, and is about to answer ([`Hunt::picked_up`]).
    pub(in crate::talk) fn picked_up(
        &mut self,
        user: &UserId,
        leg: LegId,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) -> bool {
        match &mut self.reach {
            Reach::Hunt(hunt) => hunt.picked_up(user, leg, basis, ctx),
            Reach::Dial(_) => false,
        }
    }

    /// The leg for which it rings.
    pub(crate) fn for_leg(&self, basis: &Basis) -> Option<LegId> {
        match &self.reach {
            Reach::Hunt(hunt) => Some(hunt.ringing().route().for_leg(basis)),
            Reach::Dial(_) => None,
        }
    }

    /// It rings for somebody else from now on.
    pub(crate) fn set_behalf(&mut self, behalf: Behalf) {
        match &mut self.reach {
            Reach::Hunt(hunt) => hunt.ringing_mut().route_mut().set_behalf(behalf),
            Reach::Dial(_) => {}
        }
    }

    pub(super) fn is_over(&self) -> bool {
        match &self.reach {
            Reach::Hunt(hunt) => hunt.is_over(),
            Reach::Dial(_) => false,
        }
    }
}

/// A search that has ended in vain, whose Connection is still to be ended.
#[derive(Debug)]
#[must_use = "its Connection is open"]
pub(in crate::talk) struct Failed {
    pub(in crate::talk) connection: ConnectionSeq,
    /// Where who waits is led from there.
    pub(in crate::talk) next: Option<Next>,
    /// The user who was to be reached.
    pub(in crate::talk) called: Option<UserId>,
    pub(super) end: FailedEnd,
}

#[derive(Debug)]
pub(super) enum FailedEnd {
    Routed(Route, bool),
    Dialled { outcome: ConnectionOutcome, sip_status: u16, q850: Q850 },
}

impl Failed {
    /// The Connection, for another stage that is to reach somebody; the same back if it is a dial.
    pub(in crate::talk) fn into_route(self) -> Result<Route, Self> {
        match self.end {
            FailedEnd::Routed(route, _) => Ok(route),
            FailedEnd::Dialled { .. } => Err(self),
        }
    }

    pub(super) fn of(connection: ConnectionSeq, end: FailedEnd) -> Self {
        Self { connection, next: None, called: None, end }
    }

    /// Ends the Connection; returns the status that says why.
    pub(in crate::talk) fn end(self, basis: &Basis, ctx: &mut Ctx<'_>) -> u16 {
        match self.end {
            FailedEnd::Routed(route, caller_left) => {
                let ended = route.end_unanswered(caller_left, basis, ctx);
                ended.map_or(480, |ended| ended.sip_status)
            }
            FailedEnd::Dialled { outcome, sip_status, q850 } => {
                let event = CallEvent::ConnectionEnded {
                    connection: self.connection,
                    outcome,
                    reason: EndReason::NotAnswered,
                    sip_status: Some(sip_status),
                    q850: Some(q850),
                };
                basis.record(event, ctx);
                sip_status
            }
        }
    }
}

/// How a search is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::talk) enum Stop {
    /// For whom it rang has left, or has given it up.
    CallerGone,
    /// The server stops, or an operator ends the call.
    Over(Release),
}

/// The text of a party that is dialled outside.
pub(in crate::talk) fn dialled(number: Option<&model::E164>, dialled: &Arc<str>) -> Arc<str> {
    number.map_or_else(|| dialled.clone(), |number| number.as_str().into())
}
