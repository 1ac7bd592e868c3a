//! How much of everything there may be at once, and how long one may wait for a peer.

use std::time::Duration;

use sip::message::ParseLimits;

/// The limits of a [`crate::Transport`] and a [`crate::Resolver`].
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Sizes of one message.
    pub message: ParseLimits,
    /// Datagrams that wait for a socket that takes no more; beyond it they are dropped.
    pub datagrams_waiting: usize,
    /// Connections in all; beyond it new ones are closed at once.
    pub connections: usize,
    /// Connections with one address, whichever side opened them.
    pub connections_per_peer: usize,
    /// Bytes that wait for a peer that reads slowly; beyond it its connection is closed.
    pub outbox_bytes: usize,
    /// How long a connection may take to come about; below 64·T1, so that the next address of
    /// the peer can still be tried.
    pub connect: Duration,
    /// How long a connection may stand still in the middle of a message, in either direction, or
    /// before its first one. At most twice this time passes before it is closed.
    pub stall: Duration,
    /// How long nothing may come over a connection, not even a keep-alive; longer than a usual
    /// registration lasts, because its binding may live on the connection (RFC 5626).
    pub idle: Duration,
    /// Names that are looked up at one time; beyond it a lookup finds nothing.
    pub lookups: usize,
    /// How long one lookup may take with everything that it needs.
    pub lookup: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message: ParseLimits::default(),
            datagrams_waiting: 1_024,
            connections: 8_192,
            connections_per_peer: 512,
            outbox_bytes: 256 * 1_024,
            connect: Duration::from_secs(4),
            stall: Duration::from_secs(30),
            idle: Duration::from_secs(3_900),
            lookups: 256,
            lookup: Duration::from_secs(5),
        }
    }
}
