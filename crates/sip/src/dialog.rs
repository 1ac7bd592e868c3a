//! Dialogs (RFC 3261 12): the state that two user agents share, seen from one of them.
//!
//! Guarantees that requests of ours carry the route set and tags of the dialog with a CSeq that
//! only grows, that a request with an old CSeq is found out (12.2.2), and that a 2xx is known to
//! be unacknowledged until its ACK (13.3.1.4).

mod abilities;
mod hop;
mod route_set;
mod unacknowledged;

use std::time::Duration;

pub(crate) use abilities::Abilities;
pub(crate) use hop::{NextHop, WAITING_LIMIT, Waiting};
pub(crate) use route_set::{Routing, is_usable, route};
pub(crate) use unacknowledged::{Repeat, Unacknowledged};

use crate::{
    auth::Credentials,
    flow::Flow,
    message::Body,
    transaction::{ServerKey, Token},
    user_agent_core::{ExtraHeader, OutInviteId},
};

/// A dialog.
#[derive(Debug)]
pub(crate) struct Dialog {
    pub(crate) state: DialogState,
    pub(crate) usage: Usage,
    /// Requests of ours other than INVITE and BYE that wait for their final response.
    pub(crate) requests_open: u16,
    /// Whether we sent the INVITE: then the Call-ID is ours (14.1).
    pub(crate) owns_call_id: bool,
    pub(crate) call_id: Box<str>,
    pub(crate) local_tag: Token,
    pub(crate) remote_tag: Box<str>,
    /// Our From value in requests of ours, tag included.
    pub(crate) local: Box<str>,
    /// Our To value in requests of ours, tag included.
    pub(crate) remote: Box<str>,
    pub(crate) local_cseq: u32,
    pub(crate) remote_cseq: Option<u32>,
    pub(crate) remote_target: Box<str>,
    pub(crate) routes: Vec<Box<str>>,
    /// The URI of our Contact, when it is not our address.
    pub(crate) contact: Option<Box<str>>,
    /// The last flow that the peer was heard on.
    pub(crate) flow: Flow,
    /// Whether requests go by that flow, whatever the peer's Contact says: it is behind a NAT,
    /// or was called by its registration's flow.
    pub(crate) pinned: bool,
    pub(crate) next_hop: NextHop,
    /// Our 2xx that waits for its ACK.
    pub(crate) unacknowledged: Option<Unacknowledged>,
    /// The peer's re-INVITE that waits for our answer.
    pub(crate) peer_invite: Option<ServerKey>,
    /// Our re-INVITE that waits for a final response.
    pub(crate) our_invite: Option<OutInviteId>,
    /// Our INVITE whose 2xx made the offer: the user owes the ACK.
    pub(crate) ack_owed: Option<OutInviteId>,
    /// Our re-INVITE that met another one and will be sent again.
    pub(crate) glare: Option<Glare>,
    /// What challenges in the dialog are answered with: only of this realm.
    pub(crate) credentials: Option<Credentials>,
    /// The Reason of a BYE that waits for the ACK of our 2xx (15).
    pub(crate) deferred_bye: Option<Option<String>>,
    /// The methods that the peer has said it takes.
    pub(crate) peer: Abilities,
}

/// How far a dialog is. The names beyond RFC 3261's are those of RFC 5407.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DialogState {
    /// Provisional responses only.
    Early,
    /// A 2xx was sent or received.
    Confirmed,
    /// The user has let it go, but our BYE waits for an ACK, or for its own answer.
    Mortal,
    /// Over; kept only until our re-INVITE has its final response, to acknowledge that.
    Morgue,
}

/// What a dialog is for (RFC 5057). None of ours is for both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Usage {
    /// An INVITE made it; BYE ends it.
    Session,
    /// A SUBSCRIBE made it; it ends with its subscription (RFC 6665 4.4.1).
    Subscription,
}

/// A re-INVITE that waits for the end of something, or got 491.
#[derive(Debug)]
pub(crate) struct Glare {
    pub(crate) retry_at: Duration,
    pub(crate) change: Change,
}

/// What a re-INVITE says.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) headers: Vec<ExtraHeader>,
    pub(crate) body: Option<Body>,
    /// How often it has been put off.
    pub(crate) tries: u8,
}

/// What a dialog is born with (12.1): names, and where requests go.
#[derive(Debug)]
pub(crate) struct Birth {
    pub(crate) owns_call_id: bool,
    pub(crate) call_id: Box<str>,
    pub(crate) local_tag: Token,
    pub(crate) remote_tag: Box<str>,
    pub(crate) local: Box<str>,
    pub(crate) remote: Box<str>,
    pub(crate) remote_target: Box<str>,
    pub(crate) routes: Vec<Box<str>>,
    pub(crate) flow: Flow,
    pub(crate) pinned: bool,
}

impl Dialog {
    /// An early dialog in which nothing has happened.
    pub(crate) fn new(birth: Birth) -> Dialog {
        Dialog {
            state: DialogState::Early,
            usage: Usage::Session,
            requests_open: 0,
            owns_call_id: birth.owns_call_id,
            call_id: birth.call_id,
            local_tag: birth.local_tag,
            remote_tag: birth.remote_tag,
            local: birth.local,
            remote: birth.remote,
            local_cseq: 0,
            remote_cseq: None,
            remote_target: birth.remote_target,
            routes: birth.routes,
            contact: None,
            flow: birth.flow,
            pinned: birth.pinned,
            next_hop: NextHop::Unknown,
            unacknowledged: None,
            peer_invite: None,
            our_invite: None,
            ack_owed: None,
            glare: None,
            credentials: None,
            deferred_bye: None,
            peer: Abilities::default(),
        }
    }

    /// The next CSeq of ours.
    pub(crate) fn next_cseq(&mut self) -> u32 {
        self.local_cseq = self.local_cseq.wrapping_add(1) & 0x7fff_ffff;
        self.local_cseq
    }

    /// Notes the CSeq of a request; `false` when it is older than one seen before (12.2.2).
    pub(crate) fn note_cseq(&mut self, cseq: u32) -> bool {
        if self.remote_cseq.is_some_and(|last| cseq < last) {
            return false;
        }
        self.remote_cseq = Some(cseq);
        true
    }

    /// Takes a new remote target from a Contact URI (12.2), if it is one.
    pub(crate) fn refresh_target(&mut self, contact: Option<&str>) {
        let Some(contact) = contact else { return };
        if *contact != *self.remote_target && is_usable(contact) {
            self.remote_target = contact.into();
            self.next_hop.forget();
        }
    }

    /// The Request-URI, Route values and next hop of a request of ours.
    pub(crate) fn routing(&self) -> Routing<'_> {
        route(&self.routes, &self.remote_target)
    }

    /// Whether the user still counts on it.
    pub(crate) fn is_live(&self) -> bool {
        match self.state {
            DialogState::Early | DialogState::Confirmed => true,
            DialogState::Mortal | DialogState::Morgue => false,
        }
    }

    /// The next moment something has to be done.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        let repeat = self.unacknowledged.as_ref().map(Unacknowledged::deadline);
        let glare = self.glare.as_ref().map(|glare| glare.retry_at);
        match (repeat, glare) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }
}
