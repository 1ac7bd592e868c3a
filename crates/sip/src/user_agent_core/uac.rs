//! INVITEs of ours (RFC 3261 9.1, 13.2, 14.1): progress, forks, CANCEL, ACK.
//!
//! Guarantees that a CANCEL leaves only after a provisional response, that every 2xx is
//! acknowledged, each repetition again, that of several 2xx the first one wins and the others
//! get ACK and BYE in this order, that a 2xx which crossed our CANCEL gets the same, and that an
//! INVITE without a final response 64*T1 after its CANCEL is over.

mod branches;
mod follow_up;

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
    dialog::Dialog,
    flow::Flow,
    message::{Body, HeaderName, Method, Response},
    transaction::{ClientKey, Token},
};

pub(super) use branches::{contact_of, route_values};

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
        let Some(owed) = self.dialogs.get_mut(&dialog).and_then(|dialog| dialog.ack_owed.take())
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
        // 8.1.3.3: more than one Via means that it was not for us.
        if response.headers().values(HeaderName::Via).nth(1).is_some() {
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
                let cancelled =
                    self.out_invites.get(&id).is_none_or(|invite| invite.cancel != Cancel::No);
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
            self.event(UaEvent::Rejected { invite: id, status, response }, out);
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
        if self.out_invites.get(&id).is_some_and(|invite| invite.key == Some(key) && invite.told) {
            self.forget_invite(id);
        }
    }

    /// Whether the 2xx of this INVITE carries the offer.
    pub(super) fn awaits_offer(&self, id: OutInviteId) -> bool {
        let accepted = self.out_invites.get(&id).and_then(|invite| invite.accepted.as_ref());
        accepted.is_some_and(|accepted| !accepted.made_offer)
    }

    /// The early dialog's INVITE.
    pub(super) fn invite_of_early(&self, dialog: DialogId) -> Option<OutInviteId> {
        let found = self.out_invites.iter().find(|(_, invite)| invite.early.contains(&dialog));
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
        self.queue.reschedule(Owner::OutInvite(id), before, deadline);
    }

    /// Adds a dialog to the tables.
    pub(super) fn add_dialog(&mut self, dialog: Dialog) -> DialogId {
        let id = DialogId(self.fresh_id());
        self.tags.insert((dialog.local_tag, TagOwner::Dialog(id)));
        self.queue.reschedule(Owner::Dialog(id), None, dialog.deadline());
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
