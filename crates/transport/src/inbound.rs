//! What the transport hands to the core, and the bounded way there.

use std::net::SocketAddr;
use std::sync::Arc;

use sip::flow::{Flow, TransportKind};
use sip::message::{Message, ParseFault};
use sip::user_agent_core::ResolveId;
use tokio::sync::mpsc;

use crate::counts::Counters;

/// One thing that happened outside.
#[derive(Clone, Debug)]
pub enum Inbound {
    /// A message arrived.
    Message {
        /// The way it came; a response goes back the same way.
        flow: Flow,
        /// The message.
        message: Message,
    },
    /// Something arrived that is no message, but may deserve an answer.
    Malformed {
        /// The way it came.
        flow: Flow,
        /// What is wrong, and what could be read.
        fault: ParseFault,
    },
    /// A connection is gone or did not come about, or a datagram cannot be sent: what was sent
    /// there last may not have arrived, and nothing more can be sent.
    Failed {
        /// The connection's flow, or the one that [`crate::Transport::send`] was given.
        flow: Flow,
    },
    /// A name was looked up.
    Resolved {
        /// Who asked.
        id: ResolveId,
        /// Addresses in the order in which they are to be tried; empty when there is none.
        targets: Vec<(TransportKind, SocketAddr)>,
    },
}

/// The transport's end of the channel, with what is lost there.
#[derive(Clone, Debug)]
pub(crate) struct Inlet {
    sender: mpsc::Sender<Inbound>,
    pub(crate) counters: Arc<Counters>,
}

impl Inlet {
    /// A way into the channel.
    pub(crate) fn new(sender: mpsc::Sender<Inbound>) -> Self {
        Self { sender, counters: Arc::default() }
    }

    /// Hands over without waiting; when there is no room it is counted and dropped.
    pub(crate) fn offer(&self, inbound: Inbound) {
        let counters = &self.counters;
        let (kept, dropped) = match &inbound {
            Inbound::Message { .. } | Inbound::Malformed { .. } => {
                (Some(&counters.received), &counters.inbound_dropped)
            }
            Inbound::Failed { .. } | Inbound::Resolved { .. } => (None, &counters.failures_dropped),
        };
        match (self.sender.try_send(inbound), kept) {
            (Ok(()), Some(kept)) => kept.add(),
            (Ok(()), None) => {}
            (Err(_), _) => dropped.add(),
        }
    }

    /// Hands over as soon as there is room. Nobody is left to hear when the core has gone.
    pub(crate) async fn deliver(&self, inbound: Inbound) {
        if matches!(inbound, Inbound::Message { .. } | Inbound::Malformed { .. }) {
            self.counters.received.add();
        }
        let _ = self.sender.send(inbound).await;
    }
}
