//! What crosses the edge of the user agent core: outputs, events, and the shapes of requests.
//!
//! Guarantees of the events: each [`InviteId`] that was announced ends in `Cancelled` or in one of
//! the user's own `accept` and `reject`; each [`OutInviteId`] ends in exactly one of `Accepted`,
//! `Rejected` and `Refused2xx`; each confirmed [`DialogId`] ends in one of `Bye`, `DialogLost`,
//! `Unconfirmed` and the user's own `bye`, a dialog of a subscription in `DialogLost` or the user's
//! own `end_subscription`.

use bytes::Bytes;

use super::ids::{ClientRequestId, DialogId, InviteId, OutInviteId, ResolveId, ServerRequestId};
use crate::{
    auth::Credentials,
    flow::{Flow, TransportKind},
    message::{Body, HeaderName, Method, Request, Response},
};

/// An effect, in causal order.
#[derive(Debug, Clone)]
pub enum UaOutput {
    /// Send these bytes. A flow with connection 0 of a reliable transport asks to reuse or open
    /// a connection to its remote address; when that fails, `transport_failed` is told.
    Transmit {
        /// Where to.
        flow: Flow,
        /// One whole message.
        bytes: Bytes,
    },
    /// Find the addresses of a host (RFC 3263) and call `resolved` with the same id.
    Resolve {
        /// To be given back.
        id: ResolveId,
        /// A host name, never an address literal.
        host: String,
        /// The port, when the URI named one: then no SRV records are asked.
        port: Option<u16>,
        /// The transport, when the URI named one.
        transport: Option<TransportKind>,
    },
    /// Something the user has to know.
    Event(UaEvent),
}

/// Something the user of the core has to know.
#[derive(Debug, Clone)]
pub enum UaEvent {
    /// A new INVITE outside dialogs. Answer with `ring`, `accept` or `reject`.
    Invited {
        /// Its name.
        invite: InviteId,
        /// Where it came from.
        flow: Flow,
        /// The request itself.
        request: Request,
    },
    /// The caller gave up (CANCEL, or BYE in the early dialog, or it rang for `ring_limit`); the
    /// core has answered everything.
    Cancelled {
        /// The INVITE, now gone.
        invite: InviteId,
        /// The value of the CANCEL's Reason header (RFC 3326).
        reason: Option<String>,
    },
    /// The ACK of our first 2xx arrived.
    Confirmed {
        /// The dialog that `accept` made.
        dialog: DialogId,
        /// The body of the ACK: the answer when our 2xx made the offer.
        body: Bytes,
    },
    /// No ACK came for 64*T1; the core sent BYE, the dialog is gone.
    Unconfirmed {
        /// The dialog, now gone.
        dialog: DialogId,
    },
    /// A 100 (Trying) to our INVITE, and nothing before it: whoever is to answer is there.
    Trying {
        /// Our INVITE.
        invite: OutInviteId,
    },
    /// A provisional response other than 100 to our INVITE.
    Progress {
        /// Our INVITE.
        invite: OutInviteId,
        /// The early dialog, when the response has a To tag.
        dialog: Option<DialogId>,
        /// The response.
        response: Response,
    },
    /// The first 2xx. It is acknowledged unless it carries the offer: then call `ack`.
    Accepted {
        /// Our INVITE, answered.
        invite: OutInviteId,
        /// The confirmed dialog (the same id as its early one, if there was one).
        dialog: DialogId,
        /// The response.
        response: Response,
    },
    /// Our INVITE failed.
    Rejected {
        /// Our INVITE, now gone.
        invite: OutInviteId,
        /// The final status; 408 when nobody answered in time, 503 when nobody could be reached,
        /// 487 when it was cancelled before it was sent.
        status: u16,
        /// The response, if one was received.
        response: Option<Response>,
    },
    /// A 2xx crossed our CANCEL; it was acknowledged and released with BYE, in this order.
    Refused2xx {
        /// Our INVITE, now gone.
        invite: OutInviteId,
    },
    /// A re-INVITE arrived. Answer with `answer_reinvite` or `reject_reinvite`.
    ReInvited {
        /// The dialog.
        dialog: DialogId,
        /// The request; without a body it asks for our offer.
        request: Request,
    },
    /// The ACK of our 2xx to a re-INVITE arrived.
    ReInviteAcked {
        /// The dialog.
        dialog: DialogId,
        /// Its body: the answer when our 2xx made the offer.
        body: Bytes,
    },
    /// The peer's re-INVITE was cancelled before it was answered; the session is unchanged.
    ReInviteCancelled {
        /// The dialog.
        dialog: DialogId,
    },
    /// Our re-INVITE got a 2xx (acknowledged, unless it carries the offer).
    ReInviteAnswered {
        /// The dialog.
        dialog: DialogId,
        /// The response.
        response: Response,
    },
    /// Our re-INVITE failed and the session is unchanged. After a glare (491) the core has tried
    /// again by itself before it says so.
    ReInviteFailed {
        /// The dialog.
        dialog: DialogId,
        /// The final status; 491 may also mean that one is already under way.
        status: u16,
    },
    /// The peer hung up; the core has answered.
    Bye {
        /// The dialog, now gone.
        dialog: DialogId,
        /// The value of the BYE's Reason header (RFC 3326).
        reason: Option<String>,
    },
    /// The peer does not know the dialog any more (481), does not answer in it (408), or
    /// cannot be reached.
    DialogLost {
        /// The dialog, now gone.
        dialog: DialogId,
    },
    /// Another request. Answer with `respond`.
    Requested {
        /// Its name.
        id: ServerRequestId,
        /// The dialog it came in.
        dialog: Option<DialogId>,
        /// Where it came from.
        flow: Flow,
        /// The request itself.
        request: Request,
    },
    /// A NOTIFY or UPDATE in the early dialog of an INVITE that we have not answered yet. Answer
    /// with `respond`.
    RequestedEarly {
        /// Its name.
        id: ServerRequestId,
        /// The INVITE.
        invite: InviteId,
        /// The request itself.
        request: Request,
    },
    /// A request of ours got its final response, or none.
    Responded {
        /// Its name, now gone.
        id: ClientRequestId,
        /// The response, if one was received.
        response: Option<Response>,
        /// The final status; 408 when nobody answered, 503 when nobody could be reached.
        status: u16,
    },
}

/// A dialog that was looked for by its Call-ID and tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FoundDialog {
    /// A peer's INVITE that has no final response.
    Ringing(InviteId),
    /// A branch of an INVITE of ours that has no final response.
    Early(DialogId),
    /// A session, or a subscription.
    Confirmed(DialogId),
    /// It is over; only its last messages wait for their answers.
    Ended,
}

/// A header that the core does not write by itself. Line ends in the value become spaces.
pub type ExtraHeader = (HeaderName, String);

/// Where a request outside dialogs is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Exactly there (the flow of a registration, RFC 5626), whatever the size.
    Flow(Flow),
    /// Where RFC 3263 finds this URI; several addresses are tried in turn on 503, timeout and
    /// transport failure.
    Uri(String),
}

/// A display name and a URI, as in From and To.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    /// Shown to people; quoted as needed when written.
    pub display: Option<String>,
    /// The URI without angle brackets.
    pub uri: String,
}

impl Party {
    /// A party without a display name.
    pub fn new(uri: impl Into<String>) -> Party {
        Party { display: None, uri: uri.into() }
    }

    /// A party with a display name.
    pub fn named(display: impl Into<String>, uri: impl Into<String>) -> Party {
        Party { display: Some(display.into()), uri: uri.into() }
    }
}

/// An INVITE to be sent outside dialogs.
#[derive(Debug, Clone)]
pub struct InviteRequest {
    /// The Request-URI.
    pub request_uri: String,
    /// Who it is for.
    pub to: Party,
    /// Who it is from; the core adds the tag.
    pub from: Party,
    /// The URI of our Contact; `None` for our own address.
    pub contact: Option<String>,
    /// Where it is sent. With routes, usually the first one's URI.
    pub target: Target,
    /// Values of Route, first hop first.
    pub routes: Vec<String>,
    /// Further headers.
    pub headers: Vec<ExtraHeader>,
    /// The offer; `None` asks the peer for one.
    pub body: Option<Body>,
    /// The Call-ID; `None` for a fresh one.
    pub call_id: Option<String>,
    /// Max-Forwards.
    pub max_forwards: u8,
    /// What a 401 or 407 is answered with.
    pub credentials: Option<Credentials>,
}

impl InviteRequest {
    /// An INVITE with nothing optional.
    pub fn new(
        request_uri: impl Into<String>,
        from: Party,
        to: Party,
        target: Target,
    ) -> InviteRequest {
        InviteRequest {
            request_uri: request_uri.into(),
            to,
            from,
            contact: None,
            target,
            routes: Vec::new(),
            headers: Vec::new(),
            body: None,
            call_id: None,
            max_forwards: 70,
            credentials: None,
        }
    }
}

/// A request other than INVITE to be sent outside dialogs.
#[derive(Debug, Clone)]
pub struct OutRequest {
    /// The method; not INVITE, ACK, CANCEL or BYE.
    pub method: Method,
    /// The Request-URI.
    pub request_uri: String,
    /// Who it is for.
    pub to: Party,
    /// Who it is from; the core adds the tag.
    pub from: Party,
    /// A whole Contact value (`<sip:…>;expires=60`, `*`); `None` leaves the header out.
    pub contact: Option<String>,
    /// Where it is sent.
    pub target: Target,
    /// Values of Route, first hop first.
    pub routes: Vec<String>,
    /// Further headers.
    pub headers: Vec<ExtraHeader>,
    /// The body.
    pub body: Option<Body>,
    /// The Call-ID; `None` for a fresh one. Registrations keep theirs (RFC 3261 10.2).
    pub call_id: Option<String>,
    /// The CSeq number; a registration increases it with each refresh. The core adds one for
    /// each challenge it answers.
    pub cseq: u32,
    /// Max-Forwards.
    pub max_forwards: u8,
    /// What a 401 or 407 is answered with.
    pub credentials: Option<Credentials>,
}

impl OutRequest {
    /// A request with nothing optional.
    pub fn new(
        method: Method,
        request_uri: impl Into<String>,
        from: Party,
        to: Party,
        target: Target,
    ) -> OutRequest {
        OutRequest {
            method,
            request_uri: request_uri.into(),
            to,
            from,
            contact: None,
            target,
            routes: Vec::new(),
            headers: Vec::new(),
            body: None,
            call_id: None,
            cseq: 1,
            max_forwards: 70,
            credentials: None,
        }
    }
}

/// How much a core keeps at this moment: for metrics, and to prove that nothing remains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Client transactions.
    pub client_transactions: usize,
    /// Server transactions.
    pub server_transactions: usize,
    /// Dialogs, early ones included.
    pub dialogs: usize,
    /// Peers' INVITEs without a final response.
    pub invites: usize,
    /// Our INVITEs, re-INVITEs included, until their last retransmission is absorbed.
    pub out_invites: usize,
    /// Our other requests without a final response.
    pub client_requests: usize,
    /// Peers' other requests without a final response.
    pub server_requests: usize,
    /// Names being resolved.
    pub resolves: usize,
    /// Owners of a timer.
    pub timers: usize,
}

impl Counts {
    /// Whether nothing at all remains.
    pub fn is_zero(&self) -> bool {
        *self == Counts::default()
    }
}
