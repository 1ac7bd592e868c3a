//! Talking: media agreed on, held, resumed, changed by the other side; who the other side is, and
//! whatever else is asked in a call.

use std::time::Duration;

use sip::message::{Body, Method, Request};
use sip::user_agent_core::{DialogId, ExtraHeader, ServerRequestId};

use crate::call::{Act, Asked, CHANGE_AGAIN_AFTER, Shown, Stage};
use crate::event::{PhoneCallId, PhoneEvent, PhoneOutput};
use crate::phone::Phone;

impl Phone {
    /// Puts the other side on hold (`a=sendonly`).
    pub fn hold(&mut self, now: Duration, id: PhoneCallId, out: &mut Vec<PhoneOutput>) {
        self.change(now, id, sdp::Direction::SendOnly, out);
    }

    /// Takes the other side back from hold.
    pub fn resume(&mut self, now: Duration, id: PhoneCallId, out: &mut Vec<PhoneOutput>) {
        self.change(now, id, sdp::Direction::SendRecv, out);
    }

    /// Sends INFO inside a call: a digit, a wish to be recorded (RFC 6086, and what phones did
    /// before it).
    pub fn info(
        &mut self,
        now: Duration,
        id: PhoneCallId,
        headers: Vec<ExtraHeader>,
        body: Option<Body>,
        out: &mut Vec<PhoneOutput>,
    ) {
        let Some(Stage::Up { dialog, .. }) = self.calls.get(&id).map(|call| call.stage) else {
            return;
        };
        let request = self.core(now, out, |core, now, out| {
            core.request_in_dialog(now, dialog, Method::Info, headers, body, out)
        });
        self.asked.insert(request, (id, Asked::Info));
    }

    pub(crate) fn confirmed(
        &mut self,
        now: Duration,
        dialog: DialogId,
        body: &[u8],
        out: &mut Vec<PhoneOutput>,
    ) {
        let Some(id) = self.of_dialog(dialog) else {
            return;
        };
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        call.stage = Stage::Up { dialog, confirmed: true };
        let hang_up_after = call.plan.hang_up_after;
        let answers_ours = call.offer.is_none() && !body.is_empty();
        if answers_ours {
            self.media_answered(id, body, out);
        } else {
            self.tell_media(id, out);
        }
        out.push(PhoneOutput::Event(PhoneEvent::Answered { call: id, call_id: None }));
        if let Some(after) = hang_up_after {
            self.plan_act(now + after, id, Act::HangUp);
        }
    }

    pub(crate) fn reinvited(
        &mut self,
        now: Duration,
        dialog: DialogId,
        request: &Request,
        out: &mut Vec<PhoneOutput>,
    ) {
        let Some(id) = self.of_dialog(dialog) else {
            return;
        };
        let offer = request.body();
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        let wanted = call.wanted;
        let body = if offer.is_empty() {
            Some(call.session.offer(wanted))
        } else {
            call.session.answer(offer, wanted)
        };
        match body {
            Some(body) => {
                let body = Body::sdp(body);
                self.core(now, out, |core, now, out| {
                    core.answer_reinvite(now, dialog, body, out);
                });
                self.identified(id, request, out);
                if !offer.is_empty() {
                    self.tell_media(id, out);
                }
            }
            None => self.core(now, out, |core, now, out| {
                core.reject_reinvite(now, dialog, 488, &[], out);
            }),
        }
    }

    /// Answers what is no call.
    pub(crate) fn requested(
        &mut self,
        now: Duration,
        id: ServerRequestId,
        call: Option<PhoneCallId>,
        request: &Request,
        out: &mut Vec<PhoneOutput>,
    ) {
        let mut body = None;
        let status: u16 = match (request.method(), call) {
            (Method::Update, Some(call)) => match self.updated(call, request) {
                Some(answer) => {
                    body = answer;
                    200
                }
                None => 488,
            },
            (Method::Update, None) => 481,
            (Method::Options | Method::Info | Method::Notify | Method::Message, _) => 200,
            _ => 403,
        };
        let answered = body.is_some();
        self.core(now, out, |core, now, out| core.respond(now, id, status, &[], body, out));
        let Some(call) = call else { return };
        if answered {
            self.tell_media(call, out);
        }
        if *request.method() == Method::Notify {
            self.notified(now, call, request, out);
        } else if *request.method() == Method::Update && status == 200 {
            self.identified(call, request, out);
        }
    }

    /// The answer to an UPDATE, if it has an offer; `None`: nothing in common.
    fn updated(&mut self, id: PhoneCallId, request: &Request) -> Option<Option<Body>> {
        let offer = request.body();
        if offer.is_empty() {
            return Some(None);
        }
        let call = self.calls.get_mut(&id)?;
        let wanted = call.wanted;
        Some(Some(Body::sdp(call.session.answer(offer, wanted)?)))
    }

    /// Shows who the other side is by now.
    fn identified(&mut self, id: PhoneCallId, request: &Request, out: &mut Vec<PhoneOutput>) {
        let asserted = request.headers().p_asserted_identity().unwrap_or_default();
        let (Some(asserted), Some(call)) = (asserted.first(), self.calls.get_mut(&id)) else {
            return;
        };
        let number = asserted.uri.user_unescaped().unwrap_or_default().into_owned();
        let shown = Shown { name: asserted.display.clone(), number };
        if call.shown != shown {
            call.shown = shown.clone();
            let Shown { name, number } = shown;
            out.push(PhoneOutput::Event(PhoneEvent::Identified { call: id, name, number }));
        }
    }

    pub(crate) fn change(
        &mut self,
        now: Duration,
        id: PhoneCallId,
        wanted: sdp::Direction,
        out: &mut Vec<PhoneOutput>,
    ) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        let Stage::Up { dialog, .. } = call.stage else {
            return;
        };
        call.wanted = wanted;
        let body = Body::sdp(call.session.offer(wanted));
        self.core(now, out, |core, now, out| {
            core.reinvite(now, dialog, Vec::new(), Some(body), out)
        });
    }

    pub(crate) fn change_failed(
        &mut self,
        now: Duration,
        dialog: DialogId,
        status: u16,
        out: &mut Vec<PhoneOutput>,
    ) {
        let Some(id) = self.of_dialog(dialog) else {
            return;
        };
        if status == 491 {
            // The other side changed the session meanwhile: ask again on what it is now.
            return self.plan_act(now + CHANGE_AGAIN_AFTER, id, Act::ChangeAgain);
        }
        out.push(PhoneOutput::Event(PhoneEvent::ChangeFailed { call: id, status }));
    }

    pub(crate) fn media_answered(
        &mut self,
        id: PhoneCallId,
        body: &[u8],
        out: &mut Vec<PhoneOutput>,
    ) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        let before = call.session.media().cloned();
        if call.session.answered(body) && call.session.media() != before.as_ref() {
            self.tell_media(id, out);
        }
    }

    pub(crate) fn tell_media(&self, id: PhoneCallId, out: &mut Vec<PhoneOutput>) {
        if let Some(media) = self.media(id) {
            let event = PhoneEvent::MediaChanged { call: id, media: media.clone() };
            out.push(PhoneOutput::Event(event));
        }
    }
}
