//! Who is on a call: each party with its leg, and how it takes part. The rows name a party by its
//! leg ([`BridgeLeg`]); a supervisor whom nobody but the supervised user hears has no name there.

use std::time::Duration;

use model::UserId;
use model::call_graph::event::{BridgeLeg, ConnectionSeq, MAIN_BRIDGE, Party};

use crate::leg::user_of;
use crate::port::{LegId, Member, Supervision};

/// Somebody who is on the call.
#[derive(Clone, Debug)]
pub(crate) struct Present {
    pub(crate) leg: LegId,
    /// How the rows name the leg; `None`: no row does.
    pub(crate) name: Option<BridgeLeg>,
    pub(crate) party: Party,
    /// In which he is: he hears whoever has the same.
    pub(crate) bridge: u16,
    /// His telephone has put the others on hold.
    pub(crate) phone_holds: bool,
    /// An order has.
    pub(crate) order_holds: bool,
    pub(crate) muted: bool,
    /// Whose leg he supervises, and how.
    pub(crate) supervises: Option<(LegId, Supervision)>,
    /// When the party that he had transferred came back to him at once, on the monotonic clock.
    pub(crate) returned_at: Option<Duration>,
}

impl Present {
    /// A party that comes into the main bridge.
    pub(crate) fn new(leg: LegId, name: BridgeLeg, party: Party) -> Self {
        Self {
            leg,
            name: Some(name),
            party,
            bridge: MAIN_BRIDGE,
            phone_holds: false,
            order_holds: false,
            muted: false,
            supervises: None,
            returned_at: None,
        }
    }

    pub(crate) fn user(&self) -> Option<&UserId> {
        user_of(&self.party)
    }

    pub(crate) fn is_user(&self, user: &UserId) -> bool {
        self.user() == Some(user)
    }

    /// Whether he has put whoever hears him on hold.
    pub(crate) fn holds(&self) -> bool {
        self.phone_holds || self.order_holds
    }

    /// Whether he counts: a supervisor who is heard by one or by nobody does not.
    pub(crate) fn is_party(&self) -> bool {
        self.supervises.is_none()
    }

    /// His Connection; `None`: the anchor, or a supervisor.
    pub(crate) fn connection(&self) -> Option<ConnectionSeq> {
        match self.name {
            Some(BridgeLeg::Connection(connection)) => Some(connection),
            Some(BridgeLeg::Anchor) | None => None,
        }
    }

    /// Whether an order means him.
    pub(crate) fn is(&self, member: &Member) -> bool {
        match member {
            Member::User(user) => self.is_user(user),
            Member::Leg(name) => self.name == Some(*name),
        }
    }
}
