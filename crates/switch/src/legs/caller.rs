//! The caller's leg while his INVITE waits: he is told that somebody alerts, is accepted, or is
//! refused. He gets exactly one final response.

use call::port::{LegEvent, LegId, MediaCommand};
use model::Now;
use sip::message::{Body, HeaderName};

use crate::legs::{Leg, Role};
use crate::switch::Switch;

impl Switch {
    /// 180, or 183 with the answer that lets the caller hear the early media of one leg. A user
    /// whom we called ourselves has answered already, and only hears it.
    pub(crate) fn ring(&mut self, now: Now, anchor: LegId, from: Option<LegId>) {
        let Some(invite) = self.waiting_invite(anchor) else {
            let called = self.legs.get(anchor).is_some_and(Leg::is_answered_callee);
            if let (true, Some(from)) = (called, from) {
                self.media_out.push(MediaCommand::Listen { from, to: anchor });
            }
            return;
        };
        if let Some(Leg { role: Role::Anchor(caller), .. }) = self.legs.get_mut(anchor) {
            caller.rang = true;
        }
        self.legs.touch(anchor);
        let codecs = from.and_then(|from| {
            self.legs.session_mut(from).map(|session| session.codecs_for_others())
        });
        let body = match (from, codecs, self.legs.session_mut(anchor)) {
            (Some(from), Some(codecs), Some(session)) if session.has_offer() => {
                let body = session.respond(Some(codecs), &mut self.media_out).ok();
                if body.is_some() {
                    self.media_out.push(MediaCommand::Listen { from, to: anchor });
                }
                body
            }
            _ => None,
        };
        let status = if body.is_some() { 183 } else { 180 };
        self.ua.ring(now.mono, invite, status, body.map(Body::sdp), &mut self.ua_out);
    }

    /// 2xx to the caller.
    pub(crate) fn answer(&mut self, now: Now, anchor: LegId, like: Option<LegId>) {
        let Some(invite) = self.waiting_invite(anchor) else {
            return;
        };
        let codecs =
            like.and_then(|like| self.legs.session_mut(like)).map(|leg| leg.codecs_for_others());
        let Some(session) = self.legs.session_mut(anchor) else {
            return;
        };
        match session.respond(codecs, &mut self.media_out) {
            Ok(body) => {
                self.legs.end_invite(anchor);
                let body = Body::sdp(body);
                let headers = self.identity_in_answer(anchor);
                let out = &mut self.ua_out;
                let dialog = self.ua.accept(now.mono, invite, body, &headers, out);
                if let Some(dialog) = dialog {
                    self.legs.establish(anchor, dialog);
                } else {
                    self.tell(anchor, LegEvent::HungUp);
                    self.leg_over(anchor);
                }
            }
            Err(error) => {
                tracing::info!(%error, "the caller's offer has nothing that was answered");
                let (status, code) = error.response();
                let warning = self.warning(code, &error.to_string());
                self.legs.end_invite(anchor);
                let headers = vec![(HeaderName::Warning, warning)];
                self.ua.reject(now.mono, invite, status, &headers, &mut self.ua_out);
                self.tell(anchor, LegEvent::HungUp);
                self.leg_over(anchor);
            }
        }
    }

    pub(crate) fn reject(&mut self, now: Now, anchor: LegId, status: u16) {
        if let Some(invite) = self.legs.end_invite(anchor) {
            self.ua.reject(now.mono, invite, status, &[], &mut self.ua_out);
        }
        self.leg_over(anchor);
    }

    fn waiting_invite(&self, anchor: LegId) -> Option<sip::user_agent_core::InviteId> {
        match &self.legs.get(anchor)?.role {
            Role::Anchor(anchor) => anchor.invite,
            Role::Dialled(_) => None,
        }
    }
}
