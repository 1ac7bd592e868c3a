//! The transaction layer (RFC 3261 17): finds the machine a message belongs to, runs the timers.
//!
//! Guarantees that the transaction user sees no retransmission, that a transport failure of a
//! response never destroys a server transaction (RFC 6026 7.1), and that every transaction leaves
//! the tables at its end.

mod client;
mod server;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use bytes::Bytes;

use super::{
    deadlines::Deadlines,
    key::{ClientKey, KeyMaker, ServerKey},
};
use crate::{flow::Flow, timer::Timers};
use client::Client;
use server::Server;

/// Takes what is to be sent, in order.
pub(crate) trait Wire {
    /// Sends one message.
    fn transmit(&mut self, flow: Flow, bytes: Bytes);
}

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Matched<S> {
    /// It belongs to no transaction.
    Nothing,
    /// The layer dealt with it.
    Absorbed,
    /// An ACK on the branch of an INVITE that got a 2xx.
    AckOf2xx(S),
}

/// What the transaction user learns from a timer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expired<C, S> {
    /// No final response (to an INVITE: no response at all) within 64*T1.
    ClientGaveUp(ClientKey, C),
    /// A client transaction that had its final response ended.
    ClientEnded(ClientKey, C),
    /// A server transaction ended.
    ServerEnded(ServerKey, S),
}

/// All transactions of a user agent. `C` and `S` tell whose they are.
#[derive(Debug)]
pub(crate) struct TransactionLayer<C, S> {
    timers: Timers,
    trying_after: Duration,
    keys: KeyMaker,
    clients: BTreeMap<ClientKey, Client<C>>,
    servers: BTreeMap<ServerKey, Server<S>>,
    /// Requests outside dialogs that are being served, to find merged ones (8.2.2.2).
    merges: BTreeSet<u128>,
    queue: Deadlines<Owner>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Owner {
    Client(ClientKey),
    Server(ServerKey),
}

impl<C: Copy, S: Copy> TransactionLayer<C, S> {
    /// An empty layer.
    pub(crate) fn new(timers: Timers, trying_after: Duration, seed: u64) -> Self {
        TransactionLayer {
            timers,
            trying_after,
            keys: KeyMaker::new(seed),
            clients: BTreeMap::new(),
            servers: BTreeMap::new(),
            merges: BTreeSet::new(),
            queue: Deadlines::new(),
        }
    }

    /// Client and server transactions.
    pub(crate) fn counts(&self) -> (usize, usize) {
        (self.clients.len(), self.servers.len())
    }

    /// How many transactions wait for a timer.
    pub(crate) fn timers_len(&self) -> usize {
        self.queue.len()
    }

    /// When [`TransactionLayer::timeout`] wants to be called.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        self.queue.next()
    }

    /// Runs timers that are due until one concerns the transaction user, or none is left.
    pub(crate) fn timeout(&mut self, now: Duration, wire: &mut impl Wire) -> Option<Expired<C, S>> {
        while let Some((due, owner)) = self.queue.pop_due(now) {
            let expired = match owner {
                Owner::Client(key) => self.client_timeout(due, key, wire),
                Owner::Server(key) => self.server_timeout(due, key, wire),
            };
            if expired.is_some() {
                return expired;
            }
        }
        None
    }
}
