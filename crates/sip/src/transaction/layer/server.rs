//! The server half of the layer (RFC 3261 17.2): peers' requests and our responses.
//!
//! Guarantees that the last response is repeated for a repeated request (but a 2xx to INVITE is
//! left to the transaction user, RFC 6026 7.1), and that responses outlive their connection.

use std::time::Duration;

use bytes::Bytes;

use super::{Owner, TransactionLayer, Wire};
use crate::{
    flow::Flow,
    message::{Method, Request, StatusCode, Via},
    transaction::{
        ResponseWriter, ServerKey, Token,
        invite_server::{InviteServer, ServerTimeout, ServerVerdict},
        layer::{Expired, Matched},
        non_invite_server::NonInviteServer,
        response_flow,
    },
};

#[derive(Debug)]
pub(super) struct Server<S> {
    pub(super) machine: ServerMachine,
    /// Kept until the final response, from which on only `last` is needed.
    pub(super) request: Option<Request>,
    /// Where the request came from.
    pub(super) arrived: Flow,
    /// Where responses go.
    pub(super) flow: Flow,
    /// Whether the top Via names another address than `arrived`.
    pub(super) elsewhere: bool,
    pub(super) last: Option<Bytes>,
    pub(super) merge: Option<u128>,
    pub(super) user: S,
}

#[derive(Debug)]
pub(super) enum ServerMachine {
    Invite(InviteServer),
    NonInvite(NonInviteServer),
}

impl<C: Copy, S: Copy> TransactionLayer<C, S> {
    /// Takes a request: absorbs what belongs to a transaction.
    pub(crate) fn receive_request(
        &mut self,
        now: Duration,
        request: &Request,
        via: &Via,
        wire: &mut impl Wire,
    ) -> (ServerKey, Matched<S>) {
        let key = self.keys.server_key(request, via);
        let Some(server) = self.servers.get_mut(&key) else {
            return (key, Matched::Nothing);
        };
        let reliable = server.flow.transport.reliable();
        let before = server.machine.deadline();
        let verdict = match &mut server.machine {
            ServerMachine::Invite(machine) if *request.method() == Method::Ack => {
                machine.ack(now, &self.timers, reliable)
            }
            ServerMachine::Invite(machine) => machine.invite(),
            ServerMachine::NonInvite(machine) => machine.request(),
        };
        let matched = match verdict {
            ServerVerdict::Retransmit => {
                if let Some(last) = &server.last {
                    wire.transmit(server.flow, last.clone());
                }
                Matched::Absorbed
            }
            ServerVerdict::Pass => Matched::AckOf2xx(server.user),
            ServerVerdict::Absorb => Matched::Absorbed,
        };
        self.after_server(key, before);
        (key, matched)
    }

    /// The INVITE transaction that a CANCEL is for (9.2), and whose it is.
    pub(crate) fn cancelled_by(&self, cancel: &Request, via: &Via) -> Option<(ServerKey, S)> {
        let key = self.keys.invite_key(cancel, via);
        self.servers.get(&key).map(|server| (key, server.user))
    }

    /// Gives a transaction another user.
    pub(crate) fn hand_over(&mut self, key: ServerKey, user: S) {
        if let Some(server) = self.servers.get_mut(&key) {
            server.user = user;
        }
    }

    /// Whether the same request is being served already under another branch (8.2.2.2).
    pub(crate) fn is_merged(&self, request: &Request) -> bool {
        self.keys.merge_key(request).is_some_and(|merge| self.merges.contains(&merge))
    }

    /// Starts the transaction of a new request.
    pub(crate) fn open_server(
        &mut self,
        now: Duration,
        key: ServerKey,
        arrived: Flow,
        request: Request,
        via: &Via,
        user: S,
    ) {
        let machine = if *request.method() == Method::Invite {
            ServerMachine::Invite(InviteServer::new(now, self.trying_after))
        } else {
            ServerMachine::NonInvite(NonInviteServer::new(now, &self.timers))
        };
        let merge = self.keys.merge_key(&request);
        if let Some(merge) = merge {
            self.merges.insert(merge);
        }
        self.queue.reschedule(Owner::Server(key), None, machine.deadline());
        let flow = response_flow(via, arrived);
        let elsewhere = via.host.ip() != Some(arrived.remote.ip());
        let request = Some(request);
        self.servers.insert(
            key,
            Server { machine, request, arrived, flow, elsewhere, last: None, merge, user },
        );
    }

    /// The request of a server transaction that has no final response yet.
    pub(crate) fn server_request(&self, key: ServerKey) -> Option<&Request> {
        self.servers.get(&key)?.request.as_ref()
    }

    /// Starts the response to a server transaction's request.
    pub(crate) fn response_to(
        &self,
        key: ServerKey,
        status: StatusCode,
        tag: Option<Token>,
    ) -> Option<ResponseWriter> {
        let server = self.servers.get(&key)?;
        let (request, source) = (server.request.as_ref()?, server.arrived.remote);
        Some(ResponseWriter::new(request, status, tag, source, server.elsewhere))
    }

    /// Where the request of a server transaction came from, and where its responses go.
    pub(crate) fn server_flows(&self, key: ServerKey) -> Option<(Flow, Flow)> {
        self.servers.get(&key).map(|server| (server.arrived, server.flow))
    }

    /// Sends a response, if the transaction still waits for one (or, after a 2xx, repeats it).
    pub(crate) fn respond(
        &mut self,
        now: Duration,
        key: ServerKey,
        status: u16,
        bytes: Bytes,
        wire: &mut impl Wire,
    ) -> bool {
        let Some(server) = self.servers.get_mut(&key) else {
            return false;
        };
        let reliable = server.flow.transport.reliable();
        let before = server.machine.deadline();
        let sends = match &mut server.machine {
            ServerMachine::Invite(machine) => machine.respond(now, &self.timers, reliable, status),
            ServerMachine::NonInvite(machine) => {
                machine.respond(now, &self.timers, reliable, status)
            }
        };
        if sends {
            wire.transmit(server.flow, bytes.clone());
            // A 2xx to INVITE is repeated by the transaction user only (RFC 6026 7.1).
            let repeats = !(matches!(server.machine, ServerMachine::Invite(_))
                && (200..300).contains(&status));
            server.last = repeats.then_some(bytes);
        }
        if status >= 200 {
            server.request = None;
        }
        self.after_server(key, before);
        sends
    }

    /// Sends the last provisional response again (13.3.1.1).
    pub(crate) fn repeat_provisional(&self, key: ServerKey, wire: &mut impl Wire) {
        let Some(server) = self.servers.get(&key) else {
            return;
        };
        if let (Some(_), Some(last)) = (&server.request, &server.last) {
            wire.transmit(server.flow, last.clone());
        }
    }

    /// A connection failed: responses of its transactions go to a new one (18.2.2).
    pub(crate) fn redirect_responses(&mut self, failed: Flow, wire: &mut impl Wire) {
        for server in self.servers.values_mut() {
            if server.flow == failed && failed.connection != 0 {
                server.flow.connection = 0;
                if let Some(last) = &server.last {
                    wire.transmit(server.flow, last.clone());
                }
            }
        }
    }

    pub(crate) fn server_timeout(
        &mut self,
        due: Duration,
        key: ServerKey,
        wire: &mut impl Wire,
    ) -> Option<Expired<C, S>> {
        let server = self.servers.get_mut(&key)?;
        let timeout = match &mut server.machine {
            ServerMachine::Invite(machine) => machine.timeout(due, &self.timers),
            ServerMachine::NonInvite(machine) => machine.timeout(due),
        };
        match timeout {
            ServerTimeout::Nothing => {}
            ServerTimeout::Trying => {
                if let Some(request) = &server.request {
                    let source = server.arrived.remote;
                    let status = StatusCode::TRYING;
                    let bytes =
                        ResponseWriter::new(request, status, None, source, server.elsewhere)
                            .finish(None);
                    wire.transmit(server.flow, bytes.clone());
                    server.last = Some(bytes);
                }
            }
            ServerTimeout::Retransmit => {
                if let Some(last) = &server.last {
                    wire.transmit(server.flow, last.clone());
                }
            }
            ServerTimeout::Ended => {
                let user = server.user;
                self.remove_server(key);
                return Some(Expired::ServerEnded(key, user));
            }
        }
        self.queue.reschedule(Owner::Server(key), None, server.machine.deadline());
        None
    }

    pub(crate) fn after_server(&mut self, key: ServerKey, before: Option<Duration>) {
        let Some(server) = self.servers.get(&key) else {
            return;
        };
        self.queue.reschedule(Owner::Server(key), before, server.machine.deadline());
        if server.machine.is_terminated() {
            self.remove_server(key);
        }
    }

    pub(crate) fn remove_server(&mut self, key: ServerKey) {
        if let Some(server) = self.servers.remove(&key)
            && let Some(merge) = server.merge
        {
            self.merges.remove(&merge);
        }
    }
}

impl ServerMachine {
    pub(super) fn deadline(&self) -> Option<Duration> {
        match self {
            ServerMachine::Invite(machine) => machine.deadline(),
            ServerMachine::NonInvite(machine) => machine.deadline(),
        }
    }

    pub(super) fn is_terminated(&self) -> bool {
        match self {
            ServerMachine::Invite(machine) => machine.is_terminated(),
            ServerMachine::NonInvite(machine) => machine.is_terminated(),
        }
    }
}
