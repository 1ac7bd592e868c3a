//! The transaction layer (RFC 3261 17): finds the machine a message belongs to, runs the timers.
//!
//! Guarantees that the transaction user sees no retransmission, that a transport failure of a
//! response never destroys a server transaction (RFC 6026 7.1), and that every transaction leaves
//! the tables at its end.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use bytes::Bytes;

use super::{
    deadlines::Deadlines,
    invite_client::{ClientTimeout, ClientVerdict, InviteClient},
    invite_server::{InviteServer, ServerTimeout, ServerVerdict},
    key::{ClientKey, KeyMaker, ServerKey},
    non_invite_client::NonInviteClient,
    non_invite_server::NonInviteServer,
    response_flow,
    sent_request::SentRequest,
};
use crate::{
    flow::Flow,
    message::{HeaderName, Method, Request, Response, ResponseBuilder, StatusCode, Via},
    timer::Timers,
};

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

#[derive(Debug)]
struct Client<C> {
    machine: ClientMachine,
    request: SentRequest,
    flow: Flow,
    ack: Option<Bytes>,
    user: C,
}

#[derive(Debug)]
enum ClientMachine {
    Invite(InviteClient),
    NonInvite(NonInviteClient),
}

#[derive(Debug)]
struct Server<S> {
    machine: ServerMachine,
    /// Kept until the final response, from which on only `last` is needed.
    request: Option<Request>,
    /// Where the request came from.
    arrived: Flow,
    /// Where responses go.
    flow: Flow,
    last: Option<Bytes>,
    merge: Option<u128>,
    user: S,
}

#[derive(Debug)]
enum ServerMachine {
    Invite(InviteServer),
    NonInvite(NonInviteServer),
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

    // ---- client side ----

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
        self.queue
            .reschedule(Owner::Client(key), None, machine.deadline());
        self.clients.insert(
            key,
            Client {
                machine,
                request,
                flow,
                ack: None,
                user,
            },
        );
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
        self.clients
            .get(&key)
            .map(|client| (&client.request, client.flow))
    }

    /// Drops a client transaction: nothing that belongs to it is noticed any more.
    pub(crate) fn forget_client(&mut self, key: ClientKey) {
        if let Some(client) = self.clients.remove(&key) {
            self.queue
                .reschedule(Owner::Client(key), client.machine.deadline(), None);
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

    // ---- server side ----

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

    /// Whether the same request is being served already under another branch (8.2.2.2).
    pub(crate) fn is_merged(&self, request: &Request) -> bool {
        self.keys
            .merge_key(request)
            .is_some_and(|merge| self.merges.contains(&merge))
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
        self.queue
            .reschedule(Owner::Server(key), None, machine.deadline());
        let flow = response_flow(via, arrived);
        let request = Some(request);
        self.servers.insert(
            key,
            Server {
                machine,
                request,
                arrived,
                flow,
                last: None,
                merge,
                user,
            },
        );
    }

    /// The request of a server transaction that has no final response yet.
    pub(crate) fn server_request(&self, key: ServerKey) -> Option<&Request> {
        self.servers.get(&key)?.request.as_ref()
    }

    /// Where the request of a server transaction came from, and where its responses go.
    pub(crate) fn server_flows(&self, key: ServerKey) -> Option<(Flow, Flow)> {
        self.servers
            .get(&key)
            .map(|server| (server.arrived, server.flow))
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

    // ---- timers ----

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

    fn client_timeout(
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
        self.queue
            .reschedule(Owner::Client(key), None, client.machine.deadline());
        None
    }

    fn server_timeout(
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
                    let bytes = trying(request, server.arrived);
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
        self.queue
            .reschedule(Owner::Server(key), None, server.machine.deadline());
        None
    }

    fn after_server(&mut self, key: ServerKey, before: Option<Duration>) {
        let Some(server) = self.servers.get(&key) else {
            return;
        };
        self.queue
            .reschedule(Owner::Server(key), before, server.machine.deadline());
        if server.machine.is_terminated() {
            self.remove_server(key);
        }
    }

    fn remove_server(&mut self, key: ServerKey) {
        if let Some(server) = self.servers.remove(&key)
            && let Some(merge) = server.merge
        {
            self.merges.remove(&merge);
        }
    }
}

impl<C> Client<C> {
    /// Whether a failure of this flow means that no answer can come.
    fn hangs_on(&self, failed: Flow) -> bool {
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
    fn deadline(&self) -> Option<Duration> {
        match self {
            ClientMachine::Invite(machine) => machine.deadline(),
            ClientMachine::NonInvite(machine) => machine.deadline(),
        }
    }

    fn is_terminated(&self) -> bool {
        match self {
            ClientMachine::Invite(machine) => machine.is_terminated(),
            ClientMachine::NonInvite(machine) => machine.is_terminated(),
        }
    }
}

impl ServerMachine {
    fn deadline(&self) -> Option<Duration> {
        match self {
            ServerMachine::Invite(machine) => machine.deadline(),
            ServerMachine::NonInvite(machine) => machine.deadline(),
        }
    }

    fn is_terminated(&self) -> bool {
        match self {
            ServerMachine::Invite(machine) => machine.is_terminated(),
            ServerMachine::NonInvite(machine) => machine.is_terminated(),
        }
    }
}

/// The 100 (Trying) that goes out while the transaction user is silent (17.2.1).
fn trying(request: &Request, arrived: Flow) -> Bytes {
    ResponseBuilder::to(request, StatusCode::TRYING)
        .source(arrived.remote)
        .build(None)
        .to_bytes()
}
