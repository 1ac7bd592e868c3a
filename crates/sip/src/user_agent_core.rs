//! The user agent core (RFC 3261 8, 9, 11, 12, 13, 14, 15): transaction user of both sides.
//!
//! It answers by itself whatever needs no decision, so that its user sees calls and not messages:
//! see [`UaEvent`] for what is promised of each. Everything in it has a limit ([`Limits`]) and an
//! end: 64*T1 after the last thing its user or a peer did, [`UserAgentCore::counts`] is zero but
//! for confirmed dialogs.

mod challenge;
mod config;
mod draft;
mod events;
mod ids;
mod in_dialog;
mod resolve;
mod sending;
mod targets;
mod uac;
mod uas;
mod uas_dialog;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use bytes::Bytes;

pub use config::{Limits, LocalAddress, UaConfig};
pub use events::{
    Counts, ExtraHeader, FoundDialog, InviteRequest, OutRequest, Party, Target, UaEvent, UaOutput,
};
pub use ids::{ClientRequestId, DialogId, InviteId, OutInviteId, ResolveId, ServerRequestId};
pub use in_dialog::DialogName;

use crate::{
    dialog::Dialog,
    flow::Flow,
    message::{Message, ParseFault, ResponseBuilder},
    transaction::{
        Deadlines, Expired, ServerKey, Token, Tokens, TransactionLayer, Wire, response_flow,
    },
};
use draft::Wording;
use resolve::Resolving;
use sending::Sending;
use uac::OutInvite;
use uas::UasInvite;

/// Both sides of SIP for one process: see the module.
#[derive(Debug)]
pub struct UserAgentCore {
    config: UaConfig,
    wording: Wording,
    tokens: Tokens,
    next_id: u64,
    /// The number of a client transaction's owner is that of its sending.
    layer: TransactionLayer<u64, ServerUser>,
    sendings: BTreeMap<u64, Sending>,
    out_invites: BTreeMap<OutInviteId, OutInvite>,
    invites: BTreeMap<InviteId, UasInvite>,
    server_requests: BTreeMap<ServerRequestId, ServerKey>,
    dialogs: BTreeMap<DialogId, Dialog>,
    /// Who answers to a local tag. Branches of one INVITE of ours share theirs.
    tags: BTreeSet<(Token, TagOwner)>,
    resolves: BTreeMap<ResolveId, Resolving>,
    queue: Deadlines<Owner>,
}

/// Whose a server transaction is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ServerUser {
    Invite(InviteId),
    ReInvite(DialogId),
    Request(ServerRequestId),
    /// An INVITE that has its final response, with this To tag (9.2).
    Answered(Token),
    /// Answered already.
    Nobody,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum TagOwner {
    Invite(InviteId),
    Dialog(DialogId),
}

/// Who has a deadline in the core's own queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Owner {
    Invite(InviteId),
    OutInvite(OutInviteId),
    Dialog(DialogId),
    Resolve(ResolveId),
}

impl Wire for Vec<UaOutput> {
    fn transmit(&mut self, flow: Flow, bytes: Bytes) {
        self.push(UaOutput::Transmit { flow, bytes });
    }
}

impl UserAgentCore {
    /// An empty core. The seed gives all tags, branches, Call-IDs and random delays; one that
    /// peers can guess lets them guess those.
    pub fn new(config: UaConfig, seed: u64) -> UserAgentCore {
        UserAgentCore {
            wording: Wording::new(&config),
            tokens: Tokens::new(seed),
            next_id: 0,
            layer: TransactionLayer::new(config.timers, config.trying_after, seed),
            sendings: BTreeMap::new(),
            out_invites: BTreeMap::new(),
            invites: BTreeMap::new(),
            server_requests: BTreeMap::new(),
            dialogs: BTreeMap::new(),
            tags: BTreeSet::new(),
            resolves: BTreeMap::new(),
            queue: Deadlines::new(),
            config,
        }
    }

    /// The configuration it was made with.
    pub fn config(&self) -> &UaConfig {
        &self.config
    }

    /// Takes a message that arrived.
    pub fn receive(
        &mut self,
        now: Duration,
        flow: Flow,
        message: Message,
        out: &mut Vec<UaOutput>,
    ) {
        match message {
            Message::Request(request) => self.receive_request(now, flow, request, out),
            Message::Response(response) => self.receive_response(now, flow, response, out),
        }
    }

    /// Takes what could not be read as a message: answers it when it was a request that told
    /// enough of itself (RFC 4475), drops it otherwise.
    pub fn malformed(
        &mut self,
        now: Duration,
        flow: Flow,
        fault: ParseFault,
        out: &mut Vec<UaOutput>,
    ) {
        let tag = self.tokens.token().to_string();
        let Some(builder) = ResponseBuilder::to_fault(&fault) else {
            return;
        };
        let response = builder.to_tag(&tag).source(flow.remote).build(None);
        tracing::debug!(?now, %flow, error = %fault.error, "refused a broken request");
        let back = fault.headers.via_top().map_or(flow, |via| response_flow(&via, flow));
        out.transmit(back, response.to_bytes());
    }

    /// The transport could not send on a flow, or lost its connection. Requests that wait for an
    /// answer there go to their next address, by UDP if they went by TCP for their size only, or
    /// fail with 503.
    pub fn transport_failed(&mut self, now: Duration, flow: Flow, out: &mut Vec<UaOutput>) {
        self.layer.redirect_responses(flow, out);
        self.forget_connection(flow);
        for (key, sending) in self.layer.fail_flow(flow) {
            if !key.is_cancel() {
                self.unreachable(now, sending, out);
            }
        }
    }

    /// The resolver's answer, in the order the addresses are to be tried; empty when there is
    /// none.
    pub fn resolved(
        &mut self,
        now: Duration,
        id: ResolveId,
        targets: Vec<(crate::flow::TransportKind, std::net::SocketAddr)>,
        out: &mut Vec<UaOutput>,
    ) {
        self.finish_resolve(now, id, targets, out);
    }

    /// When [`UserAgentCore::timeout`] wants to be called.
    pub fn deadline(&self) -> Option<Duration> {
        match (self.layer.deadline(), self.queue.next()) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    /// Runs every timer that is due.
    pub fn timeout(&mut self, now: Duration, out: &mut Vec<UaOutput>) {
        loop {
            let until = self.queue.next().map_or(now, |own| own.min(now));
            if let Some(expired) = self.layer.timeout(until, out) {
                self.expired(now, expired, out);
                continue;
            }
            let Some((due, owner)) = self.queue.pop_due(now) else {
                return;
            };
            match owner {
                Owner::Invite(id) => self.invite_timeout(due, id, out),
                Owner::OutInvite(id) => self.out_invite_timeout(due, id, out),
                Owner::Dialog(id) => self.dialog_timeout(due, id, out),
                Owner::Resolve(id) => self.finish_resolve(due, id, Vec::new(), out),
            }
        }
    }

    /// How much is kept at this moment.
    pub fn counts(&self) -> Counts {
        let (client_transactions, server_transactions) = self.layer.counts();
        Counts {
            client_transactions,
            server_transactions,
            dialogs: self.dialogs.len(),
            invites: self.invites.len(),
            out_invites: self.out_invites.len(),
            client_requests: self.sendings.len(),
            server_requests: self.server_requests.len(),
            resolves: self.resolves.len(),
            timers: self.layer.timers_len() + self.queue.len(),
        }
    }

    fn expired(
        &mut self,
        now: Duration,
        expired: Expired<u64, ServerUser>,
        out: &mut Vec<UaOutput>,
    ) {
        match expired {
            Expired::ClientGaveUp(key, _) if key.is_cancel() => {}
            Expired::ClientGaveUp(_, sending) => self.unanswered(now, sending, out),
            Expired::ClientEnded(key, sending) => self.client_ended(key, sending),
            Expired::ServerEnded(_, ServerUser::Request(id)) => {
                self.server_requests.remove(&id);
            }
            Expired::ServerEnded(
                _,
                ServerUser::Invite(_)
                | ServerUser::ReInvite(_)
                | ServerUser::Answered(_)
                | ServerUser::Nobody,
            ) => {}
        }
    }

    fn fresh_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    fn event(&self, event: UaEvent, out: &mut Vec<UaOutput>) {
        tracing::trace!(?event);
        out.push(UaOutput::Event(event));
    }

    /// Whether the tables of transactions have room for one more.
    fn has_room_for_transaction(&self) -> bool {
        let (clients, servers) = self.layer.counts();
        clients + servers < self.config.limits.transactions
    }

    /// Whether the tables of dialogs have room for one more.
    fn has_room_for_dialog(&self) -> bool {
        self.dialogs.len() + self.invites.len() < self.config.limits.dialogs
    }
}
