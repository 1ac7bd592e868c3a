//! INVITEs of ours (RFC 3261 9.1, 13.2, 14.1): progress, forks, CANCEL, ACK.
//!
//! Guarantees that a CANCEL leaves only after a provisional response, that every 2xx is
//! acknowledged, each repetition again, that of several 2xx the first one wins and the others
//! get ACK and BYE in this order, that a 2xx which crossed our CANCEL gets the same, and that an
//! INVITE without a final response 64*T1 after its CANCEL is over.

use std::time::Duration;

use bytes::Bytes;

use super::{
    Owner, TagOwner, UserAgentCore,
    draft::{ContactLine, Draft, party_value},
    events::{InviteRequest, Target, UaEvent, UaOutput},
    ids::{DialogId, OutInviteId},
    sending::{Purpose, Sending},
};
use crate::{
    auth::Credentials,
    dialog::{Dialog, DialogState, NextHop, Waiting},
    flow::Flow,
    message::{Body, HeaderName, Method, Response, check_response},
    transaction::{ClientKey, Token, Wire},
};

/// An INVITE of ours, until the last repetition of its final response is absorbed.
#[derive(Debug)]
pub(super) struct OutInvite {
    /// The dialog, when it is a re-INVITE.
    pub(super) within: Option<DialogId>,
    local_tag: Token,
    pinned: bool,
    key: Option<ClientKey>,
    proceeding: bool,
    cancel: Cancel,
    early: Vec<DialogId>,
    forks: Vec<Fork>,
    /// Whether the user knows how it ended.
    told: bool,
    /// What ACKs are made from, once there is a 2xx.
    accepted: Option<AckDraft>,
    deadline: Option<Duration>,
    /// How often a re-INVITE met another one.
    pub(super) glares: u8,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Cancel {
    No,
    /// Waits for a provisional response.
    Wanted(Option<String>),
    Sent(Option<String>),
}

/// One 2xx.
#[derive(Debug)]
struct Fork {
    remote_tag: Box<str>,
    ack: Option<(Flow, Bytes)>,
}

/// What an ACK repeats of its INVITE.
#[derive(Debug)]
struct AckDraft {
    draft: Draft,
    made_offer: bool,
    credentials: Option<Credentials>,
}

impl UserAgentCore {
    /// Sends an INVITE outside dialogs. Its outcome is an event; even "cannot be sent" is one.
    pub fn invite(
        &mut self,
        now: Duration,
        request: InviteRequest,
        out: &mut Vec<UaOutput>,
    ) -> OutInviteId {
        let id = OutInviteId(self.fresh_id());
        let local_tag = self.tokens.token();
        let call_id = match request.call_id {
            Some(call_id) => call_id,
            None => format!("{}@{}", self.tokens.token(), self.config.domain),
        };
        let draft = Draft {
            method: Method::Invite,
            request_uri: request.request_uri,
            from: party_value(&request.from, Some(local_tag)),
            to: party_value(&request.to, None),
            call_id,
            cseq: 1,
            max_forwards: request.max_forwards,
            contact: match request.contact {
                Some(uri) => ContactLine::Uri(uri.into()),
                None => ContactLine::Own,
            },
            routes: request.routes.into_iter().map(Into::into).collect(),
            headers: request.headers,
            authorization: Vec::new(),
            body: request.body,
        };
        let pinned = matches!(request.target, Target::Flow(_));
        self.note_invite(now, id, OutInvite::new(None, local_tag, pinned));
        let sending = Sending::new(draft, Purpose::Invite(id), request.credentials);
        if self.has_room_for_dialog() {
            self.start(now, id.0, sending, &request.target, out);
        } else {
            self.sendings.insert(id.0, sending);
            self.finish(now, id.0, 503, None, out);
        }
        id
    }

    /// Cancels an INVITE of ours; `reason` is a value for Reason (RFC 3326). It leaves once a
    /// provisional response has come. The end is told as `Rejected` or `Refused2xx`.
    pub fn cancel(
        &mut self,
        now: Duration,
        id: OutInviteId,
        reason: Option<String>,
        out: &mut Vec<UaOutput>,
    ) {
        let Some(invite) = self.out_invites.get_mut(&id) else {
            return;
        };
        if invite.told || invite.cancel != Cancel::No {
            return;
        }
        if invite.key.is_none() {
            return self.finish(now, id.0, 487, None, out);
        }
        let proceeding = invite.proceeding;
        invite.cancel = Cancel::Wanted(reason);
        if proceeding {
            self.send_cancel(now, id, out);
        }
    }

    /// Acknowledges a 2xx that made the offer, with our answer.
    pub fn ack(
        &mut self,
        now: Duration,
        dialog: DialogId,
        body: Option<Body>,
        out: &mut Vec<UaOutput>,
    ) {
        let Some(owed) = self
            .dialogs
            .get_mut(&dialog)
            .and_then(|dialog| dialog.ack_owed.take())
        else {
            return;
        };
        self.send_ack(now, owed, dialog, body, out);
    }

    /// A response arrived.
    pub(super) fn receive_response(
        &mut self,
        now: Duration,
        flow: Flow,
        response: Response,
        out: &mut Vec<UaOutput>,
    ) {
        if check_response(&response).is_err() {
            return;
        }
        let Some((key, id)) = self.layer.receive_response(now, &response, out) else {
            return;
        };
        if key.is_cancel() {
            return;
        }
        if self.out_invites.contains_key(&OutInviteId(id)) {
            self.invite_response(now, OutInviteId(id), flow, response, out);
        } else {
            self.request_response(now, id, response, out);
        }
    }

    fn invite_response(
        &mut self,
        now: Duration,
        id: OutInviteId,
        flow: Flow,
        response: Response,
        out: &mut Vec<UaOutput>,
    ) {
        let status = response.status().code();
        match status {
            100..=199 => self.invite_progress(now, id, flow, response, out),
            200..=299 => self.invite_accepted(now, id, flow, response, out),
            _ => {
                let cancelled = self
                    .out_invites
                    .get(&id)
                    .is_none_or(|invite| invite.cancel != Cancel::No);
                if !cancelled {
                    if self.answer_challenge(now, id.0, &response, out) {
                        return;
                    }
                    if status == 503 {
                        return self.try_next(now, id.0, status, Some(response), out);
                    }
                }
                self.finish(now, id.0, status, Some(response), out);
            }
        }
    }

    fn invite_progress(
        &mut self,
        now: Duration,
        id: OutInviteId,
        flow: Flow,
        response: Response,
        out: &mut Vec<UaOutput>,
    ) {
        let Some(invite) = self.out_invites.get_mut(&id) else {
            return;
        };
        invite.proceeding = true;
        match &invite.cancel {
            Cancel::Wanted(_) => return self.send_cancel(now, id, out),
            Cancel::Sent(_) => return,
            Cancel::No => {}
        }
        if response.status().code() == 100 || invite.within.is_some() {
            return;
        }
        let dialog = match response.headers().to_tag() {
            Some(tag) => self.early_dialog(id, tag, flow, &response),
            None => None,
        };
        self.event(
            UaEvent::Progress {
                invite: id,
                dialog,
                response,
            },
            out,
        );
    }

    /// The early dialog of this branch, made if there is room.
    fn early_dialog(
        &mut self,
        id: OutInviteId,
        tag: &str,
        flow: Flow,
        response: &Response,
    ) -> Option<DialogId> {
        let invite = self.out_invites.get(&id)?;
        let known = invite.early.iter().find(|early| {
            self.dialogs
                .get(early)
                .is_some_and(|it| *it.remote_tag == *tag)
        });
        if let Some(known) = known {
            return Some(*known);
        }
        if invite.early.len() >= self.config.limits.early_dialogs_per_invite
            || !self.has_room_for_dialog()
        {
            return None;
        }
        let dialog = self.make_dialog(id, flow, response)?;
        self.out_invites.get_mut(&id)?.early.push(dialog);
        Some(dialog)
    }

    fn invite_accepted(
        &mut self,
        now: Duration,
        id: OutInviteId,
        flow: Flow,
        response: Response,
        out: &mut Vec<UaOutput>,
    ) {
        let Some(invite) = self.out_invites.get_mut(&id) else {
            return;
        };
        let tag = response.headers().to_tag().unwrap_or_default();
        if let Some(fork) = invite.forks.iter().find(|fork| *fork.remote_tag == *tag) {
            // The peer repeats its 2xx: our ACK was lost (13.2.2.4).
            if let Some((flow, ack)) = &fork.ack {
                out.transmit(*flow, ack.clone());
            }
            return;
        }
        if invite.forks.len() >= self.config.limits.forks_per_invite {
            return;
        }
        invite.forks.push(Fork {
            remote_tag: tag.into(),
            ack: None,
        });
        if let Some(mut sending) = self.sendings.remove(&id.0) {
            let made_offer = sending.draft.body.take().is_some();
            sending.draft.headers = Vec::new();
            let credentials = sending.pinned_credentials();
            invite.accepted = Some(AckDraft {
                draft: sending.draft,
                made_offer,
                credentials,
            });
        }
        match invite.within {
            Some(dialog) => self.reinvite_accepted(now, id, dialog, response, out),
            None => self.branch_accepted(now, id, flow, response, out),
        }
    }

    fn branch_accepted(
        &mut self,
        now: Duration,
        id: OutInviteId,
        flow: Flow,
        response: Response,
        out: &mut Vec<UaOutput>,
    ) {
        let tag = response.headers().to_tag().unwrap_or_default();
        let Some(invite) = self.out_invites.get(&id) else {
            return;
        };
        let early = invite.early.iter().copied().find(|early| {
            self.dialogs
                .get(early)
                .is_some_and(|dialog| *dialog.remote_tag == *tag)
        });
        let dialog = match early {
            Some(early) => {
                self.confirm_early(early, flow, &response);
                early
            }
            None => match self.make_dialog(id, flow, &response) {
                Some(dialog) => dialog,
                None => return,
            },
        };
        let Some(invite) = self.out_invites.get_mut(&id) else {
            return;
        };
        let wins = !invite.told && invite.cancel == Cancel::No;
        let first = !std::mem::replace(&mut invite.told, true);
        let reason = match &invite.cancel {
            Cancel::No => None,
            Cancel::Wanted(reason) | Cancel::Sent(reason) => reason.clone(),
        };
        let made_offer = invite
            .accepted
            .as_ref()
            .is_none_or(|accepted| accepted.made_offer);
        let others: Vec<_> = invite
            .early
            .drain(..)
            .filter(|early| *early != dialog)
            .collect();
        self.set_invite_deadline(id, None);
        if let Some(dialog) = self.dialogs.get_mut(&dialog) {
            dialog.state = DialogState::Confirmed;
            if wins && !made_offer {
                dialog.ack_owed = Some(id);
            }
        }
        for other in others {
            self.remove_dialog(now, other, out);
        }
        if !wins || made_offer {
            self.send_ack(now, id, dialog, None, out);
        }
        if wins {
            self.event(
                UaEvent::Accepted {
                    invite: id,
                    dialog,
                    response,
                },
                out,
            );
        } else {
            self.send_bye(now, dialog, reason, out);
            if first {
                self.event(UaEvent::Refused2xx { invite: id }, out);
            }
        }
    }

    /// The 2xx may have another route set and target than the provisional response (13.2.2.4).
    fn confirm_early(&mut self, id: DialogId, flow: Flow, response: &Response) {
        let Some(dialog) = self.dialogs.get_mut(&id) else {
            return;
        };
        dialog.routes = routes_of(response);
        dialog.refresh_target(contact_of(response.headers()));
        if flow.transport.reliable() {
            dialog.flow = flow;
        }
    }

    /// Makes a dialog from a response to an INVITE of ours (12.1.2).
    fn make_dialog(
        &mut self,
        id: OutInviteId,
        flow: Flow,
        response: &Response,
    ) -> Option<DialogId> {
        let invite = self.out_invites.get(&id)?;
        let sent = invite.key.and_then(|key| self.layer.client_request(key));
        let flow = match sent {
            Some((_, sent)) if !flow.transport.reliable() => sent,
            Some(_) | None => flow,
        };
        let sending = self.sendings.get(&id.0);
        let accepted = invite.accepted.as_ref();
        let draft = sending
            .map(|sending| &sending.draft)
            .or(accepted.map(|accepted| &accepted.draft))?;
        let headers = response.headers();
        let dialog = Dialog {
            state: DialogState::Early,
            owns_call_id: true,
            call_id: draft.call_id.as_str().into(),
            local_tag: invite.local_tag,
            remote_tag: headers.to_tag().unwrap_or_default().into(),
            local: draft.from.as_str().into(),
            remote: headers.text(HeaderName::To)?.into(),
            local_cseq: draft.cseq,
            remote_cseq: None,
            remote_target: contact_of(headers)
                .filter(|contact| crate::dialog::is_usable(contact))
                .unwrap_or_else(|| draft.request_uri.clone())
                .into(),
            routes: routes_of(response),
            contact: match &draft.contact {
                ContactLine::Uri(uri) => Some(uri.clone()),
                ContactLine::None | ContactLine::Own | ContactLine::Value(_) => None,
            },
            flow,
            pinned: invite.pinned,
            next_hop: NextHop::Unknown,
            unacknowledged: None,
            peer_invite: None,
            our_invite: None,
            ack_owed: None,
            glare: None,
            credentials: match sending {
                Some(sending) => sending.pinned_credentials(),
                None => accepted.and_then(|accepted| accepted.credentials.clone()),
            },
            deferred_bye: None,
        };
        Some(self.add_dialog(dialog))
    }

    /// Sends the ACK of a 2xx: a new branch, the dialog's route set, the INVITE's CSeq number and
    /// credentials (13.2.2.4, 22.1).
    pub(super) fn send_ack(
        &mut self,
        now: Duration,
        invite: OutInviteId,
        dialog: DialogId,
        body: Option<Body>,
        out: &mut Vec<UaOutput>,
    ) {
        if let Some(accepted) = self
            .out_invites
            .get_mut(&invite)
            .and_then(|invite| invite.accepted.as_mut())
        {
            accepted.draft.body = body;
        }
        if let Some(flow) = self.ack_flow(now, dialog, Waiting::Ack(invite.0), out) {
            self.send_waiting_ack(invite, dialog, flow, out);
        }
    }

    /// Sends the ACK, its flow being known.
    pub(super) fn send_waiting_ack(
        &mut self,
        id: OutInviteId,
        dialog_id: DialogId,
        flow: Flow,
        out: &mut Vec<UaOutput>,
    ) {
        let branch = self.tokens.token();
        let Some(dialog) = self.dialogs.get(&dialog_id) else {
            return;
        };
        let Some(invite) = self.out_invites.get_mut(&id) else {
            return;
        };
        let Some(accepted) = &mut invite.accepted else {
            return;
        };
        let routing = dialog.routing();
        let ack = Draft {
            method: Method::Ack,
            request_uri: routing.request_uri,
            from: dialog.local.clone().into(),
            to: dialog.remote.clone().into(),
            call_id: dialog.call_id.clone().into(),
            cseq: accepted.draft.cseq,
            max_forwards: 70,
            contact: ContactLine::None,
            routes: routing.routes.into_owned(),
            headers: Vec::new(),
            authorization: accepted.draft.authorization.clone(),
            body: accepted.draft.body.take(),
        };
        let Some(request) = ack.write(&self.wording, flow, branch) else {
            return;
        };
        let bytes = request.bytes().clone();
        if let Some(fork) = invite
            .forks
            .iter_mut()
            .find(|fork| *fork.remote_tag == *dialog.remote_tag)
        {
            fork.ack = Some((flow, bytes.clone()));
        }
        out.transmit(flow, bytes);
    }

    fn send_cancel(&mut self, now: Duration, id: OutInviteId, out: &mut Vec<UaOutput>) {
        let Some(invite) = self.out_invites.get_mut(&id) else {
            return;
        };
        let (Some(key), Cancel::Wanted(reason)) = (invite.key, &invite.cancel) else {
            return;
        };
        let reason = reason.clone();
        let Some((request, flow)) = self.layer.client_request(key) else {
            return;
        };
        let cancel = request.cancel(reason.as_deref());
        invite.cancel = Cancel::Sent(reason);
        self.layer
            .send_request(now, key.of_cancel(), cancel, flow, id.0, out);
        self.set_invite_deadline(id, Some(now + self.config.timers.timeout()));
    }

    /// The ring limit, or 64*T1 after the CANCEL.
    pub(super) fn out_invite_timeout(
        &mut self,
        now: Duration,
        id: OutInviteId,
        out: &mut Vec<UaOutput>,
    ) {
        let Some(invite) = self.out_invites.get_mut(&id) else {
            return;
        };
        invite.deadline = None;
        if invite.told && invite.within.is_none() {
            return;
        }
        match invite.cancel {
            Cancel::No if invite.proceeding && !invite.told => {
                self.cancel(
                    now,
                    id,
                    Some("SIP;cause=408;text=\"Not answered\"".to_owned()),
                    out,
                );
            }
            Cancel::No | Cancel::Wanted(_) | Cancel::Sent(_) => {
                if let Some(key) = invite.key {
                    self.layer.forget_client(key);
                }
                self.finish(now, id.0, 408, None, out);
            }
        }
    }

    /// Our INVITE outside dialogs failed.
    pub(super) fn invite_failed(
        &mut self,
        now: Duration,
        id: OutInviteId,
        status: u16,
        response: Option<Response>,
        out: &mut Vec<UaOutput>,
    ) {
        let Some(invite) = self.forget_invite(id) else {
            return;
        };
        for early in invite.early {
            self.remove_dialog(now, early, out);
        }
        if !invite.told {
            self.event(
                UaEvent::Rejected {
                    invite: id,
                    status,
                    response,
                },
                out,
            );
        }
    }

    /// A try that was challenged is over; its early dialogs are too.
    pub(super) fn forget_early(&mut self, now: Duration, id: OutInviteId, out: &mut Vec<UaOutput>) {
        let Some(invite) = self.out_invites.get_mut(&id) else {
            return;
        };
        for early in std::mem::take(&mut invite.early) {
            self.remove_dialog(now, early, out);
        }
    }

    /// Notes an INVITE that is about to be sent.
    pub(super) fn note_invite(&mut self, now: Duration, id: OutInviteId, invite: OutInvite) {
        self.out_invites.insert(id, invite);
        self.set_invite_deadline(id, Some(now + self.config.ring_limit));
    }

    /// Notes the transaction that an INVITE is tried with.
    pub(super) fn note_try(&mut self, id: OutInviteId, key: ClientKey) {
        if let Some(invite) = self.out_invites.get_mut(&id) {
            invite.key = Some(key);
            invite.proceeding = false;
        }
    }

    /// Drops an INVITE and its deadline.
    pub(super) fn forget_invite(&mut self, id: OutInviteId) -> Option<OutInvite> {
        self.set_invite_deadline(id, None);
        self.out_invites.remove(&id)
    }

    /// A client transaction ended after its final response.
    pub(super) fn client_ended(&mut self, key: ClientKey, id: u64) {
        let id = OutInviteId(id);
        if self
            .out_invites
            .get(&id)
            .is_some_and(|invite| invite.key == Some(key) && invite.told)
        {
            self.forget_invite(id);
        }
    }

    /// Whether the 2xx of this INVITE carries the offer.
    pub(super) fn awaits_offer(&self, id: OutInviteId) -> bool {
        let accepted = self
            .out_invites
            .get(&id)
            .and_then(|invite| invite.accepted.as_ref());
        accepted.is_some_and(|accepted| !accepted.made_offer)
    }

    /// The early dialog's INVITE.
    pub(super) fn invite_of_early(&self, dialog: DialogId) -> Option<OutInviteId> {
        let found = self
            .out_invites
            .iter()
            .find(|(_, invite)| invite.early.contains(&dialog));
        found.map(|(id, _)| *id)
    }

    /// Marks an INVITE as one whose end the user knows.
    pub(super) fn mark_told(&mut self, id: OutInviteId) {
        if let Some(invite) = self.out_invites.get_mut(&id) {
            invite.told = true;
        }
        self.set_invite_deadline(id, None);
    }

    /// Moves the deadline of an INVITE.
    pub(super) fn set_invite_deadline(&mut self, id: OutInviteId, deadline: Option<Duration>) {
        let Some(invite) = self.out_invites.get_mut(&id) else {
            return;
        };
        let before = std::mem::replace(&mut invite.deadline, deadline);
        self.queue
            .reschedule(Owner::OutInvite(id), before, deadline);
    }

    /// Adds a dialog to the tables.
    pub(super) fn add_dialog(&mut self, dialog: Dialog) -> DialogId {
        let id = DialogId(self.fresh_id());
        self.tags.insert((dialog.local_tag, TagOwner::Dialog(id)));
        self.queue
            .reschedule(Owner::Dialog(id), None, dialog.deadline());
        self.dialogs.insert(id, dialog);
        id
    }
}

impl OutInvite {
    pub(super) fn new(within: Option<DialogId>, local_tag: Token, pinned: bool) -> OutInvite {
        OutInvite {
            within,
            local_tag,
            pinned,
            key: None,
            proceeding: false,
            cancel: Cancel::No,
            early: Vec::new(),
            forks: Vec::new(),
            told: false,
            accepted: None,
            deadline: None,
            glares: 0,
        }
    }
}

/// The URI of the first Contact.
pub(super) fn contact_of(headers: &crate::message::Headers) -> Option<String> {
    let contacts = headers.contacts().ok()?;
    contacts
        .addresses()
        .first()
        .map(|contact| contact.uri.to_string())
}

/// Record-Route from the last to the first (12.1.2).
fn routes_of(response: &Response) -> Vec<Box<str>> {
    let mut routes: Vec<Box<str>> = route_values(response.headers());
    routes.reverse();
    routes
}

/// Record-Route in order, byte by byte.
pub(super) fn route_values(headers: &crate::message::Headers) -> Vec<Box<str>> {
    headers
        .tokens(HeaderName::RecordRoute)
        .map(|value| value.as_ref().into())
        .collect()
}
