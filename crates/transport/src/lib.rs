//! Moves SIP messages between sockets and the core (RFC 3261 section 18).
//!
//! What arrives is parsed here and handed over through one bounded channel of [`Inbound`]; what
//! leaves goes through [`Transport::send`], which never waits, so that the core's loop can call it
//! for each effect. Every queue has a limit in [`Limits`], and what is lost at a limit is counted
//! in [`Counts`].
//!
//! Built for a current-thread runtime that the core's loop shares: messages come in batches, and a
//! message usually leaves in the caller's own system call.

mod connection;
mod counts;
mod flows;
mod inbound;
mod limits;
mod listener;
mod outbox;
mod resolver;
mod tcp;
mod udp;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use bytes::Bytes;
use sip::flow::{Flow, TransportKind};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

pub use counts::Counts;
pub use inbound::Inbound;
pub use limits::Limits;
pub use listener::{BindCause, BindError, Listen, Listeners};
pub use resolver::{Lookup, LookupFailed, Names, Resolver, SrvRecord, SystemNames};

use inbound::Inlet;
use tcp::Tcp;
use udp::Udp;

/// Every listener and connection. Dropping it closes them all.
#[derive(Debug)]
pub struct Transport {
    udp: Vec<Arc<Udp>>,
    tcp: Arc<Tcp>,
    inlet: Inlet,
    /// Ends its tasks when dropped.
    _tasks: JoinSet<()>,
}

impl Transport {
    /// Begins to serve what has been bound. Needs a tokio runtime with IO and time.
    pub fn serve(listeners: Listeners, limits: Limits, inbound: mpsc::Sender<Inbound>) -> Self {
        let inlet = Inlet::new(inbound);
        let mut tasks = JoinSet::new();
        let mut udp = vec![];
        for (local, socket) in listeners.udp {
            let port = Arc::new(Udp::new(socket, local, limits, inlet.clone()));
            tasks.spawn(Arc::clone(&port).receive());
            tasks.spawn(Arc::clone(&port).flush());
            udp.push(port);
        }
        let tcp = Arc::new(Tcp::new(limits, inlet.clone()));
        for (local, listener) in listeners.tcp {
            tasks.spawn(Arc::clone(&tcp).accept(listener, local));
        }
        Self { udp, tcp, inlet, _tasks: tasks }
    }

    /// Sends `bytes`, without waiting, and in the order of the calls for each flow.
    ///
    /// A flow with a connection's number uses that connection; one without uses a connection to
    /// its remote address, or opens one. What cannot be sent at all comes back as
    /// [`Inbound::Failed`]; a datagram for which there is no room is dropped and counted, since
    /// SIP retransmits it.
    pub fn send(&self, flow: Flow, bytes: Bytes) {
        tracing::trace!(%flow, bytes = bytes.len(), "send");
        let sent = match flow.transport {
            TransportKind::Udp => self.send_datagram(flow, bytes),
            TransportKind::Tcp => self.tcp.send(flow, bytes),
            TransportKind::Tls | TransportKind::Ws | TransportKind::Wss => Err(Unsendable),
        };
        match sent {
            Ok(()) => self.inlet.counters.sent.add(),
            Err(Unsendable) => self.inlet.offer(Inbound::Failed { flow }),
        }
    }

    /// What was moved and what was lost so far.
    pub fn counts(&self) -> Counts {
        let mut counts = self.inlet.counters.read();
        counts.connections = self.tcp.flows.len();
        counts
    }

    fn send_datagram(&self, flow: Flow, bytes: Bytes) -> Result<(), Unsendable> {
        // The socket that the request came to, or one that can reach the address at all.
        let exact = self.udp.iter().find(|port| port.local == flow.local);
        let port = exact
            .or_else(|| self.udp.iter().find(|port| port.local.is_ipv4() == flow.remote.is_ipv4()));
        port.ok_or(Unsendable)?.send(flow.remote, bytes)
    }
}

impl Drop for Transport {
    fn drop(&mut self) {
        self.tcp.close();
    }
}

/// There is no way to this peer: no socket, no connection, or one that is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Unsendable;
