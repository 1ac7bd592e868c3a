//! Calling: from the INVITE to the answer, or to the reason why there is none.

use std::time::Duration;

use sip::message::{Body, HeaderName, Response, Uri};
use sip::user_agent_core::{DialogId, InviteRequest, OutInviteId, Party, Target};

use crate::call::{Act, Call, Shown, Stage};
use crate::config::Dial;
use crate::event::{Direction, EndCause, PhoneCallId, PhoneEvent, PhoneOutput};
use crate::media::Session;
use crate::phone::{Phone, X_CALL_ID, credentials};
use crate::registration::contact;

impl Phone {
    /// Calls; `None` when all lines are in use.
    pub fn call(
        &mut self,
        now: Duration,
        dial: Dial,
        out: &mut Vec<PhoneOutput>,
    ) -> Option<PhoneCallId> {
        let line = self.ports.take()?;
        let id = self.fresh_call();
        let mut session = Session::new(&self.config, line, self.session_id(id));
        let uri = self.address(&dial.number);
        let own = Party {
            display: self.config.display.clone(),
            uri: format!("sip:{}@{}", self.config.user, self.config.domain),
        };
        let peer = Uri::parse(&uri).ok();
        let shown = Shown { name: None, number: dial.number };
        let mut request = InviteRequest::new(
            uri.clone(),
            dial.from.unwrap_or(own),
            Party::new(uri),
            Target::Flow(self.config.server),
        );
        request.contact = Some(contact(&self.config));
        request.credentials = credentials(&self.config);
        request.headers = dial.headers;
        if let Some(asserted) = dial.asserted {
            request.headers.push((HeaderName::PAssertedIdentity, format!("<{asserted}>")));
        }
        if !dial.without_offer {
            request.body = Some(Body::sdp(session.offer(sdp::Direction::SendRecv)));
        }
        // The outcome may come at once, so the call has to be known before its events are read.
        let mut outputs = Vec::new();
        let invite = self.core.invite(now, request, &mut outputs);
        self.calls.insert(
            id,
            Call {
                direction: Direction::Outgoing,
                stage: Stage::Calling(invite),
                session,
                plan: dial.plan,
                wanted: sdp::Direction::SendRecv,
                offer: None,
                shown,
                peer,
                early: None,
                ending: None,
            },
        );
        if let Some(after) = dial.plan.give_up_after {
            self.plan_act(now + after, id, Act::GiveUp);
        }
        self.drain(now, outputs, out);
        Some(id)
    }

    pub(crate) fn progress(
        &mut self,
        invite: OutInviteId,
        dialog: Option<DialogId>,
        response: &Response,
        out: &mut Vec<PhoneOutput>,
    ) {
        let Some(call) = self.find(|stage| stage == Stage::Calling(invite)) else {
            return;
        };
        if let Some(known) = self.calls.get_mut(&call) {
            known.early = dialog.or(known.early);
        }
        let early_media = !response.body().is_empty();
        let status = response.status().code();
        if early_media {
            self.media_answered(call, response.body(), out);
        }
        out.push(PhoneOutput::Event(PhoneEvent::Progress { call, status, early_media }));
    }

    /// The address of a number, of a user, or of what is one already.
    pub(crate) fn address(&self, whom: &str) -> String {
        if whom.contains(':') {
            whom.to_owned()
        } else {
            format!("sip:{whom}@{}", self.config.domain)
        }
    }

    pub(crate) fn accepted(
        &mut self,
        now: Duration,
        invite: OutInviteId,
        dialog: DialogId,
        response: &Response,
        out: &mut Vec<PhoneOutput>,
    ) {
        let Some(id) = self.find(|stage| stage == Stage::Calling(invite)) else {
            return;
        };
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        call.stage = Stage::Up { dialog, confirmed: true };
        let hang_up_after = call.plan.hang_up_after;
        let body = response.body();
        if self.core_awaits_answer(id) {
            self.answer_in_ack(now, id, dialog, body, out);
        } else if !body.is_empty() {
            self.media_answered(id, body, out);
        }
        let call_id = response.headers().text(X_CALL_ID).map(|text| text.into_owned());
        out.push(PhoneOutput::Event(PhoneEvent::Answered { call: id, call_id }));
        if let Some(after) = hang_up_after {
            self.plan_act(now + after, id, Act::HangUp);
        }
    }

    /// Whether our INVITE had no offer.
    fn core_awaits_answer(&self, id: PhoneCallId) -> bool {
        self.calls.get(&id).is_some_and(|call| !call.session.has_offered())
    }

    fn answer_in_ack(
        &mut self,
        now: Duration,
        id: PhoneCallId,
        dialog: DialogId,
        offer: &[u8],
        out: &mut Vec<PhoneOutput>,
    ) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        let body = call.session.answer(offer, sdp::Direction::SendRecv).map(Body::sdp);
        let agreed = body.is_some();
        self.core(now, out, |core, now, out| core.ack(now, dialog, body, out));
        if agreed {
            self.tell_media(id, out);
        }
    }

    pub(crate) fn refused(
        &mut self,
        invite: OutInviteId,
        cause: EndCause,
        out: &mut Vec<PhoneOutput>,
    ) {
        let Some(id) = self.find(|stage| stage == Stage::Calling(invite)) else {
            return;
        };
        let ending = self.calls.get_mut(&id).and_then(|call| call.ending.take());
        self.ended(id, ending.unwrap_or(cause), out);
    }
}
