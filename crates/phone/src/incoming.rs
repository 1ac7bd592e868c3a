//! Being called: what the phone shows and does by itself.

use std::time::Duration;

use sip::auth::{Side, Verdict, ha1};
use sip::flow::Flow;
use sip::message::{Body, HeaderName, Request};
use sip::user_agent_core::InviteId;

use crate::call::{Act, Call, Shown, Stage};
use crate::config::{Behaviour, CallPlan};
use crate::event::{Caller, Direction, EndCause, PhoneCallId, PhoneEvent, PhoneOutput};
use crate::media::Session;
use crate::phone::{Phone, X_CALL_ID};

impl Phone {
    pub(crate) fn invited(
        &mut self,
        now: Duration,
        invite: InviteId,
        request: &Request,
        out: &mut Vec<PhoneOutput>,
    ) {
        if self.challenged(now, invite, request, out) {
            return;
        }
        let Some(line) = self.ports.take() else {
            return self.core(now, out, |core, now, out| core.reject(now, invite, 486, &[], out));
        };
        let id = self.fresh_call();
        let session = Session::new(&self.config, line, self.session_id(id));
        let offer = (!request.body().is_empty()).then(|| request.body().clone());
        let caller = caller_of(request);
        let shown = Shown {
            name: caller.display.clone(),
            number: caller.asserted.clone().unwrap_or_else(|| caller.number.clone()),
        };
        let plan = CallPlan { give_up_after: None, hang_up_after: self.config.hang_up_after };
        self.calls.insert(
            id,
            Call {
                direction: Direction::Incoming,
                stage: Stage::Ringing(invite),
                session,
                plan,
                wanted: sdp::Direction::SendRecv,
                offer,
                shown,
                peer: request.headers().from().ok().map(|from| from.uri),
                early: None,
                ending: None,
            },
        );
        let called =
            request.uri().ok().and_then(|uri| uri.user_unescaped().map(|user| user.into_owned()));
        out.push(PhoneOutput::Event(PhoneEvent::Ringing {
            call: id,
            caller,
            called: called.unwrap_or_default(),
            call_id: request.headers().text(X_CALL_ID).map(|text| text.into_owned()),
        }));
        self.behave(now, id, invite, out);
    }

    fn behave(
        &mut self,
        now: Duration,
        id: PhoneCallId,
        invite: InviteId,
        out: &mut Vec<PhoneOutput>,
    ) {
        let behaviour = self.config.behaviour;
        if let Behaviour::Decline(status, Duration::ZERO) = behaviour {
            return self.decline(now, id, status, out);
        }
        if let Behaviour::EarlyMedia(after) = behaviour {
            let Some(body) = self.answer_body(id) else {
                return self.decline(now, id, 488, out);
            };
            self.core(now, out, |core, now, out| core.ring(now, invite, 183, Some(body), out));
            return self.plan_act(now + after, id, Act::Answer);
        }
        self.core(now, out, |core, now, out| core.ring(now, invite, 180, None, out));
        match behaviour {
            Behaviour::AnswerAfter(after) => self.plan_act(now + after, id, Act::Answer),
            Behaviour::Decline(status, after) => {
                self.plan_act(now + after, id, Act::Decline(status));
            }
            Behaviour::Manual
            | Behaviour::RingForever
            | Behaviour::Silent
            | Behaviour::AnswerAtCancel
            | Behaviour::EarlyMedia(_) => {}
        }
    }

    /// Answers a call that rings.
    pub fn answer(&mut self, now: Duration, id: PhoneCallId, out: &mut Vec<PhoneOutput>) {
        let Some(Stage::Ringing(invite)) = self.calls.get(&id).map(|call| call.stage) else {
            return;
        };
        let Some(body) = self.answer_body(id) else {
            return self.decline(now, id, 488, out);
        };
        let dialog = self.core(now, out, |core, now, out| core.accept(now, invite, body, &[], out));
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        if let Some(dialog) = dialog {
            call.stage = Stage::Up { dialog, confirmed: false };
        }
    }

    /// Refuses a call that rings.
    pub fn decline(
        &mut self,
        now: Duration,
        id: PhoneCallId,
        status: u16,
        out: &mut Vec<PhoneOutput>,
    ) {
        let Some(Stage::Ringing(invite)) = self.calls.get(&id).map(|call| call.stage) else {
            return;
        };
        self.core(now, out, |core, now, out| core.reject(now, invite, status, &[], out));
        self.ended(id, EndCause::Declined(status), out);
    }

    /// Refuses a call that rings: busy.
    pub fn busy(&mut self, now: Duration, id: PhoneCallId, out: &mut Vec<PhoneOutput>) {
        self.decline(now, id, 486, out);
    }

    /// The answer to the caller's offer, or an offer when it made none.
    fn answer_body(&mut self, id: PhoneCallId) -> Option<Body> {
        let call = self.calls.get_mut(&id)?;
        let body = match &call.offer {
            Some(offer) => call.session.answer(offer, sdp::Direction::SendRecv)?,
            None => call.session.offer(sdp::Direction::SendRecv),
        };
        Some(Body::sdp(body))
    }

    /// A carrier asks its customer for credentials; `true` when it refused.
    fn challenged(
        &mut self,
        now: Duration,
        invite: InviteId,
        request: &Request,
        out: &mut Vec<PhoneOutput>,
    ) -> bool {
        let (Some(wanted), Some(authenticator)) = (&self.config.challenge, &mut self.authenticator)
        else {
            return false;
        };
        let lookup = |user: &str, algorithm| {
            (user == wanted.username).then(|| ha1(algorithm, user, &wanted.realm, &wanted.password))
        };
        let stale = match authenticator.verify_request(now, request, Side::Proxy, lookup) {
            Verdict::Ok { .. } => return false,
            Verdict::Stale | Verdict::Replay => true,
            Verdict::Missing | Verdict::Wrong | Verdict::Malformed => false,
        };
        let headers = authenticator
            .challenge(now, stale)
            .map(|challenge| (HeaderName::ProxyAuthenticate, challenge.to_string()));
        self.core(now, out, |core, now, out| core.reject(now, invite, 407, &headers, out));
        true
    }

    /// A CANCEL that this phone answers by picking up.
    pub(crate) fn answer_at_cancel(
        &mut self,
        now: Duration,
        _flow: Flow,
        out: &mut Vec<PhoneOutput>,
    ) {
        let ringing: Vec<PhoneCallId> = self
            .calls
            .iter()
            .filter(|(_, call)| matches!(call.stage, Stage::Ringing(_)))
            .map(|(id, _)| *id)
            .collect();
        for id in ringing {
            self.answer(now, id, out);
        }
    }
}

/// What the phone's display shows.
fn caller_of(request: &Request) -> Caller {
    let user = |address: &sip::message::NameAddr| {
        address.uri.user_unescaped().map(|user| user.into_owned())
    };
    let headers = request.headers();
    let asserted = headers.p_asserted_identity().ok();
    let asserted = asserted.and_then(|list| list.first().and_then(user));
    match headers.from() {
        Ok(from) => {
            Caller { number: user(&from).unwrap_or_default(), display: from.display, asserted }
        }
        Err(_) => Caller { asserted, ..Caller::default() },
    }
}
