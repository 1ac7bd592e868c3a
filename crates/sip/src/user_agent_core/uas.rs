//! Requests outside dialogs (RFC 3261 8.2, 9.2, 13.3): inspection, INVITE, CANCEL, the rest.
//!
//! Guarantees that what is refused before the user could decide is refused by the rule's own
//! status, that every INVITE which was announced gets exactly one final response with one To tag,
//! and that a CANCEL is answered whether or not it comes in time.

mod responses;
mod subscription;

use std::time::Duration;

use super::{
    Owner, ServerUser, TagOwner, UserAgentCore,
    events::{UaEvent, UaOutput},
    ids::{DialogId, InviteId, ServerRequestId},
};
use crate::{
    dialog::is_usable,
    flow::Flow,
    message::{
        Capabilities, HeaderName, Method, Refusal, Request, ResponseBuilder, StatusCode, Via,
        check_capabilities, check_request,
    },
    transaction::{Matched, ServerKey, Token, Wire, response_flow},
};

/// How often a ringing INVITE's provisional response is repeated (13.3.1.1).
const PROVISIONAL_INTERVAL: Duration = Duration::from_secs(60);

/// A peer's INVITE outside dialogs that has no final response yet.
#[derive(Debug)]
pub(super) struct UasInvite {
    pub(super) server: ServerKey,
    pub(super) tag: Token,
    /// Whether its dialog keeps to the flow it came by.
    pinned: bool,
    repeat_at: Duration,
    give_up_at: Duration,
}

impl UasInvite {
    fn deadline(&self) -> Duration {
        self.repeat_at.min(self.give_up_at)
    }
}

impl UserAgentCore {
    /// A request arrived.
    pub(super) fn receive_request(
        &mut self,
        now: Duration,
        flow: Flow,
        request: Request,
        out: &mut Vec<UaOutput>,
    ) {
        let is_ack = *request.method() == Method::Ack;
        // An ACK is never answered, so what is wrong with one cannot be told.
        let checked = if is_ack { Ok(()) } else { check_request(&request) };
        let via = match (checked, request.headers().via_top()) {
            (Ok(()), Ok(via)) => via,
            (Ok(()), Err(_)) => return,
            (Err(refusal), via) => {
                // Without a readable Via the answer goes where the request came from.
                if !is_ack && request.headers().contains(HeaderName::Via) {
                    let back = via.map_or(flow, |via| response_flow(&via, flow));
                    self.refuse_stateless(flow, back, &request, &refusal, out);
                }
                return;
            }
        };
        let (key, matched) = self.layer.receive_request(now, &request, &via, out);
        match matched {
            Matched::Absorbed => return,
            Matched::AckOf2xx(_) => return self.ack_received(now, &request, out),
            Matched::Nothing if is_ack => return self.ack_received(now, &request, out),
            Matched::Nothing => {}
        }
        if !self.has_room_for_transaction() {
            let back = response_flow(&via, flow);
            return self.refuse_stateless(flow, back, &request, &self.overload(), out);
        }
        let arrival = Arrival { key, flow, via, request };
        if *arrival.request.method() == Method::Cancel {
            return self.cancel_received(now, arrival, out);
        }
        if let Err(refusal) = self.inspect(&arrival.request) {
            return self.refuse(now, arrival, &refusal, out);
        }
        if arrival.request.headers().to_tag().is_some() {
            self.request_in_dialog_received(now, arrival, out);
        } else {
            self.request_outside_received(now, arrival, out);
        }
    }

    /// 8.2.1 to 8.2.4: what this user agent does not do.
    fn inspect(&self, request: &Request) -> Result<(), Refusal> {
        // What other methods carry is their receiver's to judge.
        let own = (*request.method() != Method::Invite && !request.body().is_empty())
            .then(|| request.headers().content_type());
        let own = own.flatten();
        let understood = own.as_deref().unwrap_or("application/sdp");
        let extensions: Vec<&str> = self.config.supported.iter().map(String::as_str).collect();
        check_capabilities(
            request,
            &Capabilities {
                methods: &self.config.allow,
                extensions: &extensions,
                content_types: &[understood],
            },
        )?;
        let scheme = request.uri_raw().get(..4);
        let is_tel = scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"tel:"));
        if is_tel && !self.config.accept_tel {
            return Err(Refusal::new(StatusCode::UNSUPPORTED_URI_SCHEME));
        }
        Ok(())
    }

    fn request_outside_received(
        &mut self,
        now: Duration,
        arrival: Arrival,
        out: &mut Vec<UaOutput>,
    ) {
        if self.layer.is_merged(&arrival.request) {
            return self.refuse(now, arrival, &Refusal::new(StatusCode::LOOP_DETECTED), out);
        }
        match arrival.request.method() {
            Method::Invite => self.invite_received(now, arrival, out),
            // Belongs into a dialog, and names none.
            Method::Bye => {
                self.refuse(now, arrival, &Refusal::new(StatusCode::CALL_DOES_NOT_EXIST), out);
            }
            Method::Ack
            | Method::Cancel
            | Method::Register
            | Method::Options
            | Method::Info
            | Method::Prack
            | Method::Update
            | Method::Refer
            | Method::Subscribe
            | Method::Notify
            | Method::Message
            | Method::Publish
            | Method::Other(_) => self.announce(now, arrival, None, out),
        }
    }

    /// Hands a request in a ringing INVITE's early dialog to the user.
    pub(super) fn announce_early(
        &mut self,
        now: Duration,
        arrival: Arrival,
        invite: InviteId,
        out: &mut Vec<UaOutput>,
    ) {
        let id = ServerRequestId(self.fresh_id());
        let Arrival { key, flow, via, request } = arrival;
        self.layer.open_server(now, key, flow, request.clone(), &via, ServerUser::Request(id));
        self.server_requests.insert(id, key);
        self.event(UaEvent::RequestedEarly { id, invite, request }, out);
    }

    /// Hands a request to the user.
    pub(super) fn announce(
        &mut self,
        now: Duration,
        arrival: Arrival,
        dialog: Option<DialogId>,
        out: &mut Vec<UaOutput>,
    ) {
        let id = ServerRequestId(self.fresh_id());
        let Arrival { key, flow, via, request } = arrival;
        self.layer.open_server(now, key, flow, request.clone(), &via, ServerUser::Request(id));
        self.server_requests.insert(id, key);
        self.event(UaEvent::Requested { id, dialog, flow, request }, out);
    }

    fn invite_received(&mut self, now: Duration, arrival: Arrival, out: &mut Vec<UaOutput>) {
        if !self.has_room_for_dialog() {
            return self.refuse(now, arrival, &self.overload(), out);
        }
        let target = super::uas_dialog::target_of(arrival.request.headers());
        if !target.is_some_and(|target| is_usable(&target)) {
            // 8.1.1.8: without it no dialog can be made.
            let mut refusal = Refusal::new(StatusCode::BAD_REQUEST);
            refusal.reason = "Bad Request: no SIP URI in Contact".into();
            return self.refuse(now, arrival, &refusal, out);
        }
        let id = InviteId(self.fresh_id());
        let pinned =
            super::uas_dialog::is_pinned(arrival.request.headers(), &arrival.via, arrival.flow);
        let tag = self.tokens.token();
        let Arrival { key, flow, via, request } = arrival;
        self.layer.open_server(now, key, flow, request.clone(), &via, ServerUser::Invite(id));
        let invite = UasInvite {
            server: key,
            tag,
            pinned,
            repeat_at: now + PROVISIONAL_INTERVAL,
            give_up_at: now + self.config.ring_limit,
        };
        self.queue.reschedule(Owner::Invite(id), None, Some(invite.deadline()));
        self.invites.insert(id, invite);
        self.tags.insert((tag, TagOwner::Invite(id)));
        self.event(UaEvent::Invited { invite: id, flow, request }, out);
    }

    fn cancel_received(&mut self, now: Duration, arrival: Arrival, out: &mut Vec<UaOutput>) {
        let target = self.layer.cancelled_by(&arrival.request, &arrival.via);
        let reason = reason_of(&arrival.request);
        let Some((invite_key, user)) = target else {
            let refusal = Refusal::new(StatusCode::CALL_DOES_NOT_EXIST);
            return self.refuse(now, arrival, &refusal, out);
        };
        let tag = match user {
            ServerUser::Invite(id) => self.invites.get(&id).map(|invite| invite.tag),
            // 9.2: what comes too late gets the To tag of what came before it.
            ServerUser::Answered(tag) => Some(tag),
            ServerUser::ReInvite(_) | ServerUser::Request(_) | ServerUser::Nobody => None,
        };
        self.answer_at_once(now, arrival, StatusCode::OK, tag, out);
        match user {
            ServerUser::Invite(id) => self.give_up(now, id, reason, out),
            ServerUser::ReInvite(dialog) => self.reinvite_cancelled(now, dialog, invite_key, out),
            ServerUser::Request(_) | ServerUser::Answered(_) | ServerUser::Nobody => {}
        }
    }

    /// Ends a ringing INVITE with 487.
    pub(super) fn give_up(
        &mut self,
        now: Duration,
        id: InviteId,
        reason: Option<String>,
        out: &mut Vec<UaOutput>,
    ) {
        if !self.invites.contains_key(&id) {
            return;
        }
        self.reject(now, id, StatusCode::REQUEST_TERMINATED, &[], out);
        self.event(UaEvent::Cancelled { invite: id, reason }, out);
    }

    /// A ringing INVITE is kept alive, or has rung for too long.
    pub(super) fn invite_timeout(&mut self, now: Duration, id: InviteId, out: &mut Vec<UaOutput>) {
        let Some(invite) = self.invites.get_mut(&id) else {
            return;
        };
        if invite.give_up_at <= now {
            return self.give_up(now, id, None, out);
        }
        invite.repeat_at = now + PROVISIONAL_INTERVAL;
        self.queue.reschedule(Owner::Invite(id), None, Some(invite.deadline()));
        self.layer.repeat_provisional(invite.server, out);
    }

    fn forget_uas_invite(&mut self, id: InviteId) -> Option<UasInvite> {
        let invite = self.invites.remove(&id)?;
        self.tags.remove(&(invite.tag, TagOwner::Invite(id)));
        self.queue.reschedule(Owner::Invite(id), Some(invite.deadline()), None);
        self.layer.hand_over(invite.server, ServerUser::Answered(invite.tag));
        Some(invite)
    }

    /// Refuses by a transaction of its own, which absorbs retransmissions and the ACK.
    pub(super) fn refuse(
        &mut self,
        now: Duration,
        arrival: Arrival,
        refusal: &Refusal,
        out: &mut Vec<UaOutput>,
    ) {
        let tag = self.tokens.token().to_string();
        let response = ResponseBuilder::refusing(&arrival.request, refusal)
            .to_tag(&tag)
            .source(arrival.flow.remote)
            .build(None);
        let Arrival { key, flow, via, request } = arrival;
        self.layer.open_server(now, key, flow, request, &via, ServerUser::Nobody);
        self.layer.respond(now, key, refusal.status.code(), response.to_bytes(), out);
    }

    /// Answers without keeping anything (8.2.7): broken requests, and when tables are full.
    fn refuse_stateless(
        &mut self,
        arrived: Flow,
        back: Flow,
        request: &Request,
        refusal: &Refusal,
        out: &mut Vec<UaOutput>,
    ) {
        let tag = self.tokens.token().to_string();
        let response = ResponseBuilder::refusing(request, refusal)
            .to_tag(&tag)
            .source(arrived.remote)
            .build(None);
        out.transmit(back, response.to_bytes());
    }

    /// Opens a transaction and answers in the same step.
    pub(super) fn answer_at_once(
        &mut self,
        now: Duration,
        arrival: Arrival,
        status: StatusCode,
        tag: Option<Token>,
        out: &mut Vec<UaOutput>,
    ) {
        let Arrival { key, flow, via, request } = arrival;
        self.layer.open_server(now, key, flow, request, &via, ServerUser::Nobody);
        let tag = match tag {
            Some(tag) => tag,
            None => self.tokens.token(),
        };
        if let Some(response) = self.response_of(key, status, tag, &[], None) {
            self.layer.respond(now, key, status.code(), response, out);
        }
    }

    /// The 503 of a full table.
    pub(super) fn overload(&self) -> Refusal {
        let mut refusal = Refusal::new(StatusCode::SERVICE_UNAVAILABLE);
        refusal.headers.push((HeaderName::RetryAfter, self.config.retry_after_s.to_string()));
        refusal
    }
}

/// A request on its way through the core.
#[derive(Debug)]
pub(super) struct Arrival {
    pub(super) key: ServerKey,
    pub(super) flow: Flow,
    pub(super) via: Via,
    pub(super) request: Request,
}

/// The value of Reason (RFC 3326).
pub(super) fn reason_of(request: &Request) -> Option<String> {
    request.headers().text(HeaderName::Reason).map(|reason| reason.into_owned())
}

/// A status that refuses; one that does not is an error of the user's, and so becomes 500.
pub(super) fn failure(status: StatusCode) -> StatusCode {
    if status.code() >= 300 { status } else { StatusCode::SERVER_INTERNAL_ERROR }
}
