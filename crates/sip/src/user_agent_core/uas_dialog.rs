//! Requests inside dialogs (RFC 3261 12.2.2, 14.2, 15.1.2; RFC 5407 3): what peers send in them.
//!
//! Guarantees that a request for a dialog we do not have gets 481, one with an old CSeq 500, that
//! re-INVITEs which meet each other are sorted out by 491 and 500, that a BYE always ends the
//! dialog, whatever is under way in it, and that BYEs which cross are both answered with 200.

use std::time::Duration;

use super::{
    ServerUser, TagOwner, UserAgentCore,
    events::{UaEvent, UaOutput},
    ids::{DialogId, InviteId},
    uac::{contact_of, route_values},
    uas::{Arrival, reason_of},
};
use crate::{
    dialog::{Birth, Dialog, DialogState, Unacknowledged, Usage},
    flow::{Flow, TransportKind},
    message::{HeaderName, Headers, Method, Refusal, Request, StatusCode, Via},
    transaction::{ServerKey, Token},
};

/// Whom a request with a To tag is for.
pub(super) enum Found {
    Dialog(DialogId),
    Ringing(InviteId),
    Nobody,
}

impl UserAgentCore {
    /// A request with a To tag arrived.
    pub(super) fn request_in_dialog_received(
        &mut self,
        now: Duration,
        arrival: Arrival,
        out: &mut Vec<UaOutput>,
    ) {
        let id = match self.find(&arrival.request) {
            Found::Dialog(id) => id,
            Found::Ringing(invite) => return self.early_request(now, arrival, invite, out),
            Found::Nobody => return self.refuse_with(now, arrival, 481, out),
        };
        let cseq = arrival.request.headers().cseq().map(|cseq| cseq.number).unwrap_or_default();
        let Some(dialog) = self.dialogs.get_mut(&id) else {
            return;
        };
        if !dialog.note_cseq(cseq) {
            return self.refuse_with(now, arrival, 500, out);
        }
        let is_bye = *arrival.request.method() == Method::Bye;
        match dialog.state {
            DialogState::Mortal | DialogState::Morgue if !is_bye => {
                return self.refuse_with(now, arrival, 481, out);
            }
            // 15: the callee must not send BYE in an early dialog.
            DialogState::Early if is_bye => return self.refuse_with(now, arrival, 403, out),
            // Its 2xx is on the way: the network may turn the order of datagrams.
            DialogState::Early => return self.refuse_later(now, arrival, out),
            DialogState::Confirmed | DialogState::Mortal | DialogState::Morgue => {}
        }
        let of_subscription = dialog.usage == Usage::Subscription;
        if of_subscription && matches!(arrival.request.method(), Method::Bye | Method::Invite) {
            // RFC 5057 4.2: what ends or changes a session has none here.
            return self.refuse_with(now, arrival, 481, out);
        }
        dialog.flow = arrival.flow;
        dialog.peer.note(arrival.request.headers());
        if of_subscription && *arrival.request.method() == Method::Subscribe {
            dialog.refresh_target(contact_of(arrival.request.headers()));
        }
        match arrival.request.method() {
            Method::Bye => self.bye_received(now, arrival, id, out),
            Method::Invite => self.reinvite_received(now, arrival, id, cseq, out),
            Method::Update => self.update_received(now, arrival, id, out),
            Method::Ack
            | Method::Cancel
            | Method::Register
            | Method::Options
            | Method::Info
            | Method::Prack
            | Method::Refer
            | Method::Subscribe
            | Method::Notify
            | Method::Message
            | Method::Publish
            | Method::Other(_) => self.announce(now, arrival, Some(id), out),
        }
    }

    fn find(&self, request: &Request) -> Found {
        let headers = request.headers();
        let (Some(tag), Ok(call_id)) = (headers.to_tag(), headers.call_id()) else {
            return Found::Nobody;
        };
        self.find_by(call_id, tag, headers.from_tag().unwrap_or_default())
    }

    pub(super) fn find_by(&self, call_id: &str, local_tag: &str, remote_tag: &str) -> Found {
        let Some(tag) = Token::parse(local_tag) else {
            return Found::Nobody;
        };
        let owners =
            self.tags.range((tag, TagOwner::Invite(InviteId(0)))..).take_while(|it| it.0 == tag);
        for (_, owner) in owners {
            match owner {
                TagOwner::Dialog(id) => {
                    let fits = self.dialogs.get(id).is_some_and(|dialog| {
                        *dialog.call_id == *call_id && *dialog.remote_tag == *remote_tag
                    });
                    if fits {
                        return Found::Dialog(*id);
                    }
                }
                TagOwner::Invite(id) => {
                    let server = self.invites.get(id).map(|invite| invite.server);
                    let ringing = server.and_then(|server| self.layer.server_request(server));
                    let fits = ringing.is_some_and(|invite| {
                        invite.headers().call_id() == Ok(call_id)
                            && invite.headers().from_tag().unwrap_or_default() == remote_tag
                    });
                    if fits {
                        return Found::Ringing(*id);
                    }
                }
            }
        }
        Found::Nobody
    }

    /// A caller may hang up an early dialog by BYE. What tells something of the call, or to answer
    /// it, is the user's to take (RFC 3311, RFC 6665); the rest waits for our 2xx.
    fn early_request(
        &mut self,
        now: Duration,
        arrival: Arrival,
        invite: InviteId,
        out: &mut Vec<UaOutput>,
    ) {
        match arrival.request.method() {
            Method::Bye => {
                let reason = reason_of(&arrival.request);
                self.answer_at_once(now, arrival, StatusCode::OK, None, out);
                self.give_up(now, invite, reason, out);
            }
            Method::Notify | Method::Update => self.announce_early(now, arrival, invite, out),
            Method::Invite
            | Method::Ack
            | Method::Cancel
            | Method::Register
            | Method::Options
            | Method::Info
            | Method::Prack
            | Method::Refer
            | Method::Subscribe
            | Method::Message
            | Method::Publish
            | Method::Other(_) => self.refuse_later(now, arrival, out),
        }
    }

    fn bye_received(
        &mut self,
        now: Duration,
        arrival: Arrival,
        id: DialogId,
        out: &mut Vec<UaOutput>,
    ) {
        let reason = reason_of(&arrival.request);
        self.answer_at_once(now, arrival, StatusCode::OK, None, out);
        self.answer_pending(now, id, out);
        let bye_under_way = self.bye_is_under_way(id);
        let Some(live) = self.update_dialog(id, |dialog| {
            let live = dialog.is_live();
            dialog.unacknowledged = None;
            dialog.glare = None;
            dialog.ack_owed = None;
            dialog.deferred_bye = None;
            dialog.state = if bye_under_way { DialogState::Mortal } else { DialogState::Morgue };
            live
        }) else {
            return;
        };
        self.bury(now, id, out);
        if live {
            self.event(UaEvent::Bye { dialog: id, reason }, out);
        }
    }

    fn reinvite_received(
        &mut self,
        now: Duration,
        arrival: Arrival,
        id: DialogId,
        cseq: u32,
        out: &mut Vec<UaOutput>,
    ) {
        let Some(dialog) = self.dialogs.get(&id) else {
            return;
        };
        if dialog.peer_invite.is_some() {
            // 14.2: one after the other.
            return self.refuse_later(now, arrival, out);
        }
        let offered = dialog.unacknowledged.as_ref().is_some_and(|it| it.has_offer);
        if dialog.our_invite.is_some() || offered || dialog.state == DialogState::Early {
            return self.refuse_with(now, arrival, 491, out);
        }
        if dialog.unacknowledged.as_ref().is_some_and(|it| it.cseq != cseq) {
            // RFC 5407 3.1.4: who sends a re-INVITE has our 2xx; its ACK is late or lost.
            self.acknowledged(now, id, bytes::Bytes::new(), out);
        }
        self.update_dialog(id, |dialog| {
            dialog.peer_invite = Some(arrival.key);
            dialog.refresh_target(contact_of(arrival.request.headers()));
        });
        let Arrival { key, flow, via, request } = arrival;
        self.layer.open_server(now, key, flow, request.clone(), &via, ServerUser::ReInvite(id));
        self.event(UaEvent::ReInvited { dialog: id, request }, out);
    }

    /// UPDATE (RFC 3311 5.2): its offer must meet no other one. What it says of the target counts
    /// at once, as in a re-INVITE.
    fn update_received(
        &mut self,
        now: Duration,
        arrival: Arrival,
        id: DialogId,
        out: &mut Vec<UaOutput>,
    ) {
        let Some(dialog) = self.dialogs.get_mut(&id) else {
            return;
        };
        let ours = dialog.unacknowledged.as_ref().is_some_and(|it| it.has_offer);
        if !arrival.request.body().is_empty() {
            if dialog.peer_invite.is_some() || dialog.ack_owed.is_some() {
                return self.refuse_later(now, arrival, out);
            }
            if dialog.our_invite.is_some() || ours {
                return self.refuse_with(now, arrival, 491, out);
            }
        }
        dialog.refresh_target(contact_of(arrival.request.headers()));
        let offers = !arrival.request.body().is_empty();
        self.announce(now, arrival, Some(id), out);
        if offers {
            self.overtake_reinvite(id, out);
        }
    }

    pub(super) fn reinvite_cancelled(
        &mut self,
        now: Duration,
        id: DialogId,
        key: ServerKey,
        out: &mut Vec<UaOutput>,
    ) {
        if self.dialogs.get(&id).is_some_and(|dialog| dialog.peer_invite == Some(key)) {
            self.answer_pending(now, id, out);
            self.event(UaEvent::ReInviteCancelled { dialog: id }, out);
        }
    }

    /// Answers a pending re-INVITE with 487 (15.1.2).
    pub(super) fn answer_pending(&mut self, now: Duration, id: DialogId, out: &mut Vec<UaOutput>) {
        let pending = self.dialogs.get_mut(&id).and_then(|dialog| dialog.peer_invite.take());
        let Some(key) = pending else { return };
        let status = StatusCode::REQUEST_TERMINATED;
        if let Some(response) = self.invite_response_of(key, status, None, &[], None) {
            self.layer.respond(now, key, status.code(), response, out);
        }
    }

    /// An ACK arrived that belongs to a 2xx, or to nothing.
    pub(super) fn ack_received(
        &mut self,
        now: Duration,
        request: &Request,
        out: &mut Vec<UaOutput>,
    ) {
        let Found::Dialog(id) = self.find(request) else {
            return;
        };
        let cseq = request.headers().cseq().map(|cseq| cseq.number).ok();
        let awaited = self.dialogs.get(&id).and_then(|dialog| dialog.unacknowledged.as_ref());
        if awaited.is_some_and(|awaited| Some(awaited.cseq) == cseq) {
            self.acknowledged(now, id, request.body().clone(), out);
        }
    }

    fn acknowledged(
        &mut self,
        now: Duration,
        id: DialogId,
        body: bytes::Bytes,
        out: &mut Vec<UaOutput>,
    ) {
        let Some((ours, live, bye)) = self.update_dialog(id, |dialog| {
            let ours = dialog.unacknowledged.take();
            (ours, dialog.is_live(), dialog.deferred_bye.take())
        }) else {
            return;
        };
        if let Some(reason) = bye {
            return self.send_bye(now, id, reason, out);
        }
        let Some(ours) = ours.filter(|_| live) else {
            return;
        };
        let event = if ours.of_reinvite {
            UaEvent::ReInviteAcked { dialog: id, body }
        } else {
            UaEvent::Confirmed { dialog: id, body }
        };
        self.event(event, out);
    }

    /// Notes a 2xx to a re-INVITE that was just sent.
    pub(super) fn await_ack(&mut self, id: DialogId, unacknowledged: Unacknowledged) {
        self.update_dialog(id, |dialog| {
            dialog.peer_invite = None;
            dialog.unacknowledged = Some(unacknowledged);
        });
    }

    fn refuse_with(
        &mut self,
        now: Duration,
        arrival: Arrival,
        status: u16,
        out: &mut Vec<UaOutput>,
    ) {
        self.refuse(now, arrival, &Refusal::new(status.into()), out);
    }

    /// 500 with a Retry-After of 0 to 10 seconds (14.2).
    fn refuse_later(&mut self, now: Duration, arrival: Arrival, out: &mut Vec<UaOutput>) {
        let mut refusal = Refusal::new(StatusCode::SERVER_INTERNAL_ERROR);
        let seconds = self.tokens.below(11);
        refusal.headers.push((HeaderName::RetryAfter, seconds.to_string()));
        self.refuse(now, arrival, &refusal, out);
    }
}

/// The dialog that a 2xx to this request makes (12.1.1).
pub(super) fn dialog_of(
    request: &Request,
    arrived: Flow,
    tag: Token,
    pinned: bool,
) -> Option<Dialog> {
    let headers = request.headers();
    let to = headers.text(HeaderName::To)?;
    let mut dialog = Dialog::new(Birth {
        owns_call_id: false,
        call_id: headers.call_id().ok()?.into(),
        local_tag: tag,
        remote_tag: headers.from_tag().unwrap_or_default().into(),
        local: format!("{to};tag={tag}").into(),
        remote: headers.text(HeaderName::From)?.into(),
        remote_target: target_of(headers)?.into(),
        routes: route_values(headers),
        flow: arrived,
        pinned,
    });
    dialog.remote_cseq = headers.cseq().map(|cseq| cseq.number).ok();
    dialog.peer.note(headers);
    Some(dialog)
}

/// The remote target that an INVITE names. Peers of RFC 2543 may leave Contact out: then it is
/// the URI of From.
pub(super) fn target_of(headers: &Headers) -> Option<String> {
    if headers.contains(HeaderName::Contact) {
        return contact_of(headers).map(str::to_owned);
    }
    headers.from().ok().map(|from| from.uri.to_string())
}

/// Whether requests to the sender go by the flow its request came by, and not to its Contact.
pub(super) fn is_pinned(headers: &Headers, via: &Via, arrived: Flow) -> bool {
    !headers.contains(HeaderName::Contact) || is_behind_nat(via, arrived)
}

/// Whether the sender believes it has another address than the one it was heard from: then its
/// Contact leads nowhere.
fn is_behind_nat(via: &Via, arrived: Flow) -> bool {
    let Some(ip) = via.host.ip() else {
        return false;
    };
    let port = via.port.unwrap_or_else(|| via.default_port());
    ip != arrived.remote.ip()
        || (arrived.transport == TransportKind::Udp
            && via.rport().is_some()
            && port != arrived.remote.port())
}
