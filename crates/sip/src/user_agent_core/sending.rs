//! Requests of ours under way (RFC 3261 8.1, 18.1.1; RFC 3263 4.3): one address after the other.
//!
//! Guarantees that each try is a new transaction with its own branch, that a long request leaves
//! by TCP where the target does not forbid it and by UDP when TCP fails, that a request inside a
//! dialog never overtakes an earlier one that waits for the resolver, and that every request ends
//! in exactly one outcome.

mod hops;

use std::{collections::VecDeque, net::SocketAddr, time::Duration};

use super::{
    UserAgentCore,
    challenge::Answered,
    draft::Draft,
    events::{Target, UaEvent, UaOutput},
    ids::{ClientRequestId, DialogId, OutInviteId},
    resolve::ResolveFor,
    targets::{Hop, hop_of},
};
use crate::{
    auth::Credentials,
    dialog::{DialogState, Usage, Waiting},
    flow::{Flow, TransportKind},
    message::{Method, Response},
    transaction::{ClientKey, SentRequest},
};

use hops::DialogHops;

/// A request of ours that has no final response yet.
#[derive(Debug)]
pub(super) struct Sending {
    pub(super) draft: Draft,
    pub(super) purpose: Purpose,
    pub(super) hops: VecDeque<Flow>,
    /// Whether a long request may go by TCP although the address is an UDP one.
    pub(super) may_upgrade: bool,
    /// Where it goes when TCP, which was chosen for its size, fails.
    pub(super) fallback: Option<Flow>,
    pub(super) current: Option<(ClientKey, Flow)>,
    pub(super) credentials: Option<Credentials>,
    pub(super) answered: Answered,
}

/// What a request of ours is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Invite(OutInviteId),
    ReInvite(OutInviteId, DialogId),
    Bye(DialogId),
    Request(ClientRequestId, Option<DialogId>),
}

impl Sending {
    pub(super) fn new(draft: Draft, purpose: Purpose, credentials: Option<Credentials>) -> Sending {
        Sending {
            draft,
            purpose,
            hops: VecDeque::new(),
            may_upgrade: false,
            fallback: None,
            current: None,
            credentials,
            answered: Answered::default(),
        }
    }
}

impl UserAgentCore {
    /// Sends a request outside dialogs.
    pub(super) fn start(
        &mut self,
        now: Duration,
        id: u64,
        mut sending: Sending,
        target: &Target,
        out: &mut Vec<UaOutput>,
    ) {
        let hop = match target {
            Target::Flow(flow) => {
                sending.hops.push_back(*flow);
                self.sendings.insert(id, sending);
                return self.try_next(now, id, 503, None, out);
            }
            Target::Uri(uri) => hop_of(uri),
        };
        match hop {
            Hop::Address { transport, remote, explicit } => {
                sending.may_upgrade = !explicit;
                sending.hops.extend(self.wording.flow_to(transport, remote, None));
                self.sendings.insert(id, sending);
                self.try_next(now, id, 503, None, out);
            }
            Hop::Name { host, port, transport } => {
                sending.may_upgrade = transport.is_none();
                self.sendings.insert(id, sending);
                if self.resolve(now, host, port, transport, ResolveFor::Sending(id), out).is_none()
                {
                    self.finish(now, id, 503, None, out);
                }
            }
            Hop::Unusable => {
                self.sendings.insert(id, sending);
                self.finish(now, id, 503, None, out);
            }
        }
    }

    /// Sends a request inside a dialog, after what waits there already.
    pub(super) fn start_in_dialog(
        &mut self,
        now: Duration,
        id: u64,
        mut sending: Sending,
        dialog: DialogId,
        out: &mut Vec<UaOutput>,
    ) {
        match self.dialog_hops(now, dialog, Waiting::Sending(id), out) {
            DialogHops::Flows(hops, may_upgrade) => {
                sending.hops = hops;
                sending.may_upgrade = may_upgrade;
                self.sendings.insert(id, sending);
                self.try_next(now, id, 503, None, out);
            }
            DialogHops::Wait => {
                self.sendings.insert(id, sending);
            }
        }
    }

    /// Addresses for a request that waited for the resolver.
    pub(super) fn resume(
        &mut self,
        now: Duration,
        id: u64,
        targets: &[(TransportKind, SocketAddr)],
        near: Option<Flow>,
        out: &mut Vec<UaOutput>,
    ) {
        let Some(sending) = self.sendings.get_mut(&id) else {
            return;
        };
        let flows = targets
            .iter()
            .filter_map(|(transport, remote)| self.wording.flow_to(*transport, *remote, near));
        sending.hops.extend(flows);
        if sending.hops.is_empty() {
            // A dialog whose next hop cannot be resolved is answered where it was heard.
            sending.hops.extend(near);
        }
        self.try_next(now, id, 503, None, out);
    }

    /// Tries the next address; without one the request has failed with `status`.
    pub(super) fn try_next(
        &mut self,
        now: Duration,
        id: u64,
        status: u16,
        response: Option<Response>,
        out: &mut Vec<UaOutput>,
    ) {
        while let Some(flow) = self.next_flow(id) {
            if self.send(now, id, flow, out) {
                return;
            }
        }
        self.finish(now, id, status, response, out);
    }

    fn next_flow(&mut self, id: u64) -> Option<Flow> {
        self.sendings.get_mut(&id)?.hops.pop_front()
    }

    /// Starts a transaction on a flow, or on TCP instead when the request is too long for UDP.
    pub(super) fn send(
        &mut self,
        now: Duration,
        id: u64,
        flow: Flow,
        out: &mut Vec<UaOutput>,
    ) -> bool {
        if !self.has_room_for_transaction() {
            return false;
        }
        let branch = self.tokens.token();
        let Some(sending) = self.sendings.get_mut(&id) else {
            return true;
        };
        sending.fallback = None;
        let Some(request) = sending.draft.write(&self.wording, flow, branch) else {
            return false;
        };
        let (request, flow) = match upgraded(&self.config, &self.wording, sending, flow, &request) {
            Some(tcp) => match sending.draft.write(&self.wording, tcp, branch) {
                Some(rewritten) => {
                    sending.fallback = Some(flow);
                    (rewritten, tcp)
                }
                None => (request, flow),
            },
            None => (request, flow),
        };
        let key = ClientKey::new(branch, &sending.draft.method);
        sending.current = Some((key, flow));
        if let Purpose::Invite(invite) | Purpose::ReInvite(invite, _) = sending.purpose {
            self.note_try(invite, key);
        }
        self.layer.send_request(now, key, request, flow, id, out);
        true
    }

    /// A response to a request that is not an INVITE.
    pub(super) fn request_response(
        &mut self,
        now: Duration,
        id: u64,
        response: Response,
        out: &mut Vec<UaOutput>,
    ) {
        let status = response.status().code();
        if status < 200 {
            return;
        }
        if self.answer_challenge(now, id, &response, out) {
            return;
        }
        if status == 503 {
            return self.try_next(now, id, status, Some(response), out);
        }
        self.finish(now, id, status, Some(response), out);
    }

    /// No answer within 64*T1 (8.1.3.1).
    pub(super) fn unanswered(&mut self, now: Duration, id: u64, out: &mut Vec<UaOutput>) {
        self.try_next(now, id, 408, None, out);
    }

    /// The transport failed under a request.
    pub(super) fn unreachable(&mut self, now: Duration, id: u64, out: &mut Vec<UaOutput>) {
        let Some(sending) = self.sendings.get_mut(&id) else {
            return;
        };
        if let Some(udp) = sending.fallback.take() {
            sending.may_upgrade = false;
            sending.hops.push_front(udp);
        }
        self.try_next(now, id, 503, None, out);
    }

    /// A request came to its end: whoever wanted it is told.
    pub(super) fn finish(
        &mut self,
        now: Duration,
        id: u64,
        status: u16,
        response: Option<Response>,
        out: &mut Vec<UaOutput>,
    ) {
        let Some(sending) = self.sendings.remove(&id) else {
            return;
        };
        match sending.purpose {
            Purpose::Invite(invite) => self.invite_failed(now, invite, status, response, out),
            Purpose::ReInvite(invite, dialog) => {
                self.reinvite_failed(now, invite, dialog, sending.draft, status, out);
            }
            Purpose::Bye(dialog) => self.bye_answered(now, dialog, out),
            Purpose::Request(request, dialog) => {
                let event = UaEvent::Responded { id: request, response, status };
                self.event(event, out);
                if let Some(dialog) = dialog {
                    let of = self.dialogs.get(&dialog).map(|dialog| dialog.usage);
                    // RFC 5057 5.1: a NOTIFY that is not known ends what it tells of, which in a
                    // session is not the session.
                    let other =
                        of == Some(Usage::Session) && sending.draft.method == Method::Notify;
                    if !other {
                        self.lose_dialog_by(now, dialog, status, out);
                    }
                    self.request_in_dialog_over(now, dialog, out);
                }
            }
        }
    }

    /// 408 and 481 inside a dialog end it (12.2.1.2, RFC 5057 5.1).
    pub(super) fn lose_dialog_by(
        &mut self,
        now: Duration,
        id: DialogId,
        status: u16,
        out: &mut Vec<UaOutput>,
    ) {
        let Some(dialog) = self.dialogs.get_mut(&id) else {
            return;
        };
        if !matches!(status, 408 | 481) || dialog.state != DialogState::Confirmed {
            return;
        }
        if status == 408 && dialog.usage == Usage::Session {
            self.send_bye(now, id, None, out);
        } else {
            self.remove_dialog(now, id, out);
        }
        self.event(UaEvent::DialogLost { dialog: id }, out);
    }
}

/// The TCP flow that a long request takes instead of this UDP one (18.1.1).
fn upgraded(
    config: &super::UaConfig,
    wording: &super::draft::Wording,
    sending: &Sending,
    flow: Flow,
    request: &SentRequest,
) -> Option<Flow> {
    let long = request.bytes().len() > config.datagram_limit;
    if !long || !sending.may_upgrade || flow.transport != TransportKind::Udp {
        return None;
    }
    wording.flow_to(TransportKind::Tcp, flow.remote, None)
}
