//! The next hop of a dialog, while its name is being resolved and after.
//!
//! Guarantees that what is sent in a dialog leaves in the order it was given, even while the
//! resolver is asked: the ACK before the BYE.

use std::net::SocketAddr;

use crate::{flow::TransportKind, user_agent_core::ResolveId};

/// Most things that wait for one resolution; more cannot be needed by one dialog.
pub(crate) const WAITING_LIMIT: usize = 8;

/// Where requests in a dialog go when their next hop is a name.
#[derive(Debug)]
pub(crate) enum NextHop {
    /// Not asked yet.
    Unknown,
    /// The resolver was asked; these wait, in order.
    Resolving(ResolveId, Vec<Waiting>),
    /// The resolver's answer.
    Known(Vec<(TransportKind, SocketAddr)>),
}

/// What waits for the resolver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Waiting {
    /// A request, by the number of its sending.
    Sending(u64),
    /// The ACK of a 2xx, by the number of its INVITE.
    Ack(u64),
}

impl NextHop {
    /// The remote target changed: what was resolved is of no use. What waits keeps waiting.
    pub(crate) fn forget(&mut self) {
        if matches!(self, NextHop::Known(_)) {
            *self = NextHop::Unknown;
        }
    }
}
