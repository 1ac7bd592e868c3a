//! What a user agent core is told when it is made: addresses, names, limits.
//!
//! Guarantees that every table of the core has a limit here, and says what happens when it is
//! reached.

use std::{net::SocketAddr, time::Duration};

use crate::{flow::TransportKind, message::Method, timer::Timers};

/// An address we listen on, and what peers are told to reach it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalAddress {
    /// The transport that listens there.
    pub transport: TransportKind,
    /// The socket's address, as it appears in [`Flow::local`](crate::flow::Flow).
    pub bind: SocketAddr,
    /// `host` or `host:port` as it is written into Via and Contact (IPv6 in brackets).
    pub advertised: String,
}

impl LocalAddress {
    /// An address that is advertised as it is bound.
    pub fn new(transport: TransportKind, bind: SocketAddr) -> LocalAddress {
        LocalAddress { transport, bind, advertised: bind.to_string() }
    }
}

/// How much a core keeps at most. Each limit answers as its comment says, and costs nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Client and server transactions together. A peer's request beyond it gets a stateless 503
    /// with Retry-After; a request of ours fails at once with status 503.
    pub transactions: usize,
    /// Dialogs and INVITEs that may become one. Beyond it, as for `transactions`.
    pub dialogs: usize,
    /// Names being resolved at one time. A request of ours beyond it fails at once with 503.
    pub pending_resolves: usize,
    /// Early dialogs kept for one INVITE of ours. Progress of further branches is still reported,
    /// without a dialog.
    pub early_dialogs_per_invite: usize,
    /// 2xx responses of different branches that one INVITE of ours acknowledges (and, but for
    /// the first, releases). Further ones are ignored.
    pub forks_per_invite: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            transactions: 200_000,
            dialogs: 50_000,
            pending_resolves: 1_000,
            early_dialogs_per_invite: 8,
            forks_per_invite: 16,
        }
    }
}

/// Everything a core is told once.
#[derive(Debug, Clone)]
pub struct UaConfig {
    /// T1, T2, T4 (RFC 3261 table 4).
    pub timers: Timers,
    /// Our addresses. The first one of a transport and address family is used for requests to
    /// peers who were not heard of before.
    pub local: Vec<LocalAddress>,
    /// The host part of our own addresses, used in Call-IDs.
    pub domain: String,
    /// Value of User-Agent and Server; empty leaves them out.
    pub user_agent: String,
    /// The methods we handle, written into Allow. Others get 405 (known to us) or 501.
    pub allow: Vec<Method>,
    /// Option tags we support (RFC 3261 20.37). What a peer requires beyond them gets 420.
    pub supported: Vec<String>,
    /// Event packages that may be subscribed to (RFC 6665 8.2.2), written into Allow-Events.
    pub allow_events: Vec<String>,
    /// Whether requests whose Request-URI is a `tel:` one are taken; otherwise they get 416.
    pub accept_tel: bool,
    /// How long the user may be silent about an INVITE before a 100 (Trying) goes out by itself.
    pub trying_after: Duration,
    /// How long an INVITE, ours or a peer's, may ring without a final response. After it ours is
    /// cancelled (and ends as the peer answers that), and a peer's gets 487.
    pub ring_limit: Duration,
    /// Requests longer than this (octets) go by TCP where the target allows (RFC 3261 18.1.1).
    pub datagram_limit: usize,
    /// Seconds written into Retry-After of a 503.
    pub retry_after_s: u32,
    /// Limits of tables.
    pub limits: Limits,
}

impl UaConfig {
    /// A configuration with the standard's values for everything but the addresses.
    pub fn new(domain: impl Into<String>, local: Vec<LocalAddress>) -> UaConfig {
        UaConfig {
            timers: Timers::default(),
            local,
            domain: domain.into(),
            user_agent: String::new(),
            allow: vec![
                Method::Invite,
                Method::Ack,
                Method::Cancel,
                Method::Bye,
                Method::Options,
                Method::Register,
                Method::Info,
                Method::Message,
                Method::Refer,
                Method::Notify,
                Method::Update,
            ],
            supported: Vec::new(),
            allow_events: Vec::new(),
            accept_tel: false,
            trying_after: Duration::from_millis(200),
            ring_limit: Duration::from_secs(600),
            datagram_limit: 1300,
            retry_after_s: 5,
            limits: Limits::default(),
        }
    }
}
