//! The client half of the layer (RFC 3261 17.1): requests of ours and their responses.
//!
//! Guarantees that an ACK for a failure leaves with the failure's first arrival and with each
//! repetition, and that a flow's failure ends only the transactions that wait for an answer.

use std::time::Duration;

use bytes::Bytes;

use super::{Owner, TransactionLayer, Wire};
use crate::{
    flow::Flow,
    message::{HeaderName, Method, Response},
    transaction::{
        ClientKey, SentRequest,
        invite_client::{ClientTimeout, ClientVerdict, InviteClient},
        layer::Expired,
        non_invite_client::NonInviteClient,
    },
};

#[derive(Debug)]
pub(super) struct Client<C> {
    pub(super) machine: ClientMachine,
    pub(super) request: SentRequest,
    pub(super) flow: Flow,
    pub(super) ack: Option<Bytes>,
    pub(super) user: C,
}

#[derive(Debug)]
pub(super) enum ClientMachine {
    Invite(InviteClient),
    NonInvite(NonInviteClient),
}

impl<C: Copy, S: Copy> TransactionLayer<C, S> {
    /// Sends a request and starts its transaction.
    pub(crate) fn send_request(
        &mut self,
        now: Duration,
        key: ClientKey,
        request: SentRequest,
        flow: Flow,
        user: C,
        wire: &mut impl Wire,
    ) {
        let reliable = flow.transport.reliable();
        let machine = if *request.method() == Method::Invite {
            ClientMachine::Invite(InviteClient::new(now, &self.timers, reliable))
        } else {
            ClientMachine::NonInvite(NonInviteClient::new(now, &self.timers, reliable))
        };
        wire.transmit(flow, request.bytes().clone());
        self.queue.reschedule(Owner::Client(key), None, machine.deadline());
        self.clients.insert(key, Client { machine, request, flow, ack: None, user });
    }

    /// Takes a response; names its owner when the transaction user has to see it.
    pub(crate) fn receive_response(
        &mut self,
        now: Duration,
        response: &Response,
        wire: &mut impl Wire,
    ) -> Option<(ClientKey, C)> {
        let cseq = response.headers().cseq().ok()?;
        let key = ClientKey::of_response(response, &cseq.method)?;
        let client = self.clients.get_mut(&key)?;
        if cseq.method != *client.request.method() {
            return None;
        }
        let reliable = client.flow.transport.reliable();
        let before = client.machine.deadline();
        let status = response.status().code();
        let verdict = match &mut client.machine {
            ClientMachine::Invite(machine) => machine.response(now, &self.timers, reliable, status),
            ClientMachine::NonInvite(machine) => {
                machine.response(now, &self.timers, reliable, status)
            }
        };
        let user = client.user;
        match verdict {
            ClientVerdict::AcknowledgeAndPass => {
                let to = response.headers().text(HeaderName::To).unwrap_or_default();
                let ack = client.request.ack_of_failure(&to);
                wire.transmit(client.flow, ack.clone());
                client.ack = Some(ack);
            }
            ClientVerdict::Acknowledge => {
                if let Some(ack) = &client.ack {
                    wire.transmit(client.flow, ack.clone());
                }
            }
            ClientVerdict::Pass | ClientVerdict::Drop => {}
        }
        let after = client.machine.deadline();
        let terminated = client.machine.is_terminated();
        self.queue.reschedule(Owner::Client(key), before, after);
        if terminated {
            self.clients.remove(&key);
        }
        match verdict {
            ClientVerdict::Pass | ClientVerdict::AcknowledgeAndPass => Some((key, user)),
            ClientVerdict::Acknowledge | ClientVerdict::Drop => None,
        }
    }

    /// The request of a client transaction and where it was sent.
    pub(crate) fn client_request(&self, key: ClientKey) -> Option<(&SentRequest, Flow)> {
        self.clients.get(&key).map(|client| (&client.request, client.flow))
    }

    /// Drops a client transaction: nothing that belongs to it is noticed any more.
    pub(crate) fn forget_client(&mut self, key: ClientKey) {
        if let Some(client) = self.clients.remove(&key) {
            self.queue.reschedule(Owner::Client(key), client.machine.deadline(), None);
        }
    }

    /// Ends the client transactions that wait for an answer on a flow that failed, and names
    /// them. Those with a final response stay: they only absorb.
    pub(crate) fn fail_flow(&mut self, flow: Flow) -> Vec<(ClientKey, C)> {
        let failed: Vec<_> = self
            .clients
            .iter()
            .filter(|(_, client)| client.hangs_on(flow))
            .map(|(key, client)| (*key, client.user))
            .collect();
        for (key, _) in &failed {
            self.forget_client(*key);
        }
        failed
    }

    pub(crate) fn client_timeout(
        &mut self,
        due: Duration,
        key: ClientKey,
        wire: &mut impl Wire,
    ) -> Option<Expired<C, S>> {
        let client = self.clients.get_mut(&key)?;
        let timeout = match &mut client.machine {
            ClientMachine::Invite(machine) => machine.timeout(due),
            ClientMachine::NonInvite(machine) => machine.timeout(due, &self.timers),
        };
        match timeout {
            ClientTimeout::Nothing => {}
            ClientTimeout::Retransmit => wire.transmit(client.flow, client.request.bytes().clone()),
            ClientTimeout::GaveUp | ClientTimeout::Ended => {
                let user = client.user;
                self.clients.remove(&key);
                return Some(if timeout == ClientTimeout::GaveUp {
                    Expired::ClientGaveUp(key, user)
                } else {
                    Expired::ClientEnded(key, user)
                });
            }
        }
        // The popped entry is gone already, so there is none to move.
        self.queue.reschedule(Owner::Client(key), None, client.machine.deadline());
        None
    }
}

impl<C> Client<C> {
    /// Whether a failure of this flow means that no answer can come.
    pub(super) fn hangs_on(&self, failed: Flow) -> bool {
        if self.flow.transport != failed.transport || self.flow.remote != failed.remote {
            return false;
        }
        match &self.machine {
            ClientMachine::Invite(machine) if machine.has_final() => false,
            ClientMachine::NonInvite(machine) if machine.has_final() => false,
            ClientMachine::Invite(_) | ClientMachine::NonInvite(_) => {
                self.flow.connection == 0 || self.flow.connection == failed.connection
            }
        }
    }
}

impl ClientMachine {
    pub(super) fn deadline(&self) -> Option<Duration> {
        match self {
            ClientMachine::Invite(machine) => machine.deadline(),
            ClientMachine::NonInvite(machine) => machine.deadline(),
        }
    }

    pub(super) fn is_terminated(&self) -> bool {
        match self {
            ClientMachine::Invite(machine) => machine.is_terminated(),
            ClientMachine::NonInvite(machine) => machine.is_terminated(),
        }
    }
}
