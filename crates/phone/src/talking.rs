//! Talking: media agreed on, held, resumed, changed by the other side.

use std::time::Duration;

use sip::message::{Body, Method};
use sip::user_agent_core::{DialogId, ExtraHeader};

use crate::call::{Act, CHANGE_AGAIN_AFTER, Stage};
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
        self.infos.insert(request, id);
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
        offer: &[u8],
        out: &mut Vec<PhoneOutput>,
    ) {
        let Some(id) = self.of_dialog(dialog) else {
            return;
        };
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
                if !offer.is_empty() {
                    self.tell_media(id, out);
                }
            }
            None => self.core(now, out, |core, now, out| {
                core.reject_reinvite(now, dialog, 488, &[], out);
            }),
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
        self.core(now, out, |core, now, out| core.reinvite(now, dialog, Some(body), out));
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
