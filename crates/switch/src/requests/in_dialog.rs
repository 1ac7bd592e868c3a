//! Requests in established dialogs (hold, resume, hang-up) and requests that make no call
//! (OPTIONS, REGISTER).
//!
//! A hold is granted in the step that asks for it and is not passed on to the other leg: what the
//! held party hears is media's matter, and two re-INVITEs that cross cannot deadlock a call.

use bytes::Bytes;
use call::port::{LegEvent, LegId};
use model::Now;
use sdp::Codec;
use sip::flow::Flow;
use sip::message::{Body, HeaderName, Method, Request};
use sip::user_agent_core::{DialogId, ExtraHeader, ServerRequestId};

use crate::legs::session::HoldChange;
use crate::port::Effect;
use crate::switch::Switch;

impl Switch {
    pub(crate) fn dialog_over(&mut self, dialog: DialogId) {
        if let Some(leg) = self.legs.of_dialog(dialog) {
            if !self.is_let_go(leg) {
                self.tell(leg, LegEvent::HungUp);
            }
            self.legs.end_dialog(leg);
            self.leg_over(leg);
        }
    }

    pub(crate) fn reinvited(&mut self, now: Now, dialog: DialogId, request: &Request) {
        let leg = self.legs.of_dialog(dialog);
        let far = leg.and_then(|leg| self.codecs_of_who_talks_with(leg));
        let Some((leg, session)) =
            leg.and_then(|leg| self.legs.session_mut(leg).map(|session| (leg, session)))
        else {
            self.ua.reject_reinvite(now.mono, dialog, 481, &[], &mut self.ua_out);
            return;
        };
        if request.body().is_empty() {
            let body = Body::sdp(session.offer_again());
            self.ua.answer_reinvite(now.mono, dialog, body, &mut self.ua_out);
            return;
        }
        match session.answer_again(request.body(), far, &mut self.media_out) {
            Ok((body, change)) => {
                self.ua.answer_reinvite(now.mono, dialog, Body::sdp(body), &mut self.ua_out);
                self.tell_hold(leg, change);
            }
            Err(error) => {
                let (status, code) = error.response();
                let warning = self.warning(code, &error.to_string());
                let headers = vec![(HeaderName::Warning, warning)];
                self.ua.reject_reinvite(now.mono, dialog, status, &headers, &mut self.ua_out);
            }
        }
    }

    /// What passes to the other leg is best, also when codecs change; `None` where there is no
    /// other, or several, or none that has agreed on anything.
    fn codecs_of_who_talks_with(&self, leg: LegId) -> Option<Vec<Codec>> {
        let live = self.calls.get(&self.legs.get(leg)?.call)?;
        let other = self.legs.get(live.call.talks_with(leg)?)?.session.as_ref()?;
        other.is_negotiated().then(|| other.codecs_for_others())
    }

    /// The ACK of a re-INVITE to which we made the offer.
    pub(crate) fn reinvite_acked(&mut self, dialog: DialogId, body: &Bytes) {
        let Some(leg) = self.legs.of_dialog(dialog) else {
            return;
        };
        let Some(session) = self.legs.session_mut(leg) else {
            return;
        };
        if body.is_empty() {
            return;
        }
        match session.read_answer_again(body, &mut self.media_out) {
            Ok(change) => self.tell_hold(leg, change),
            Err(error) => tracing::info!(%error, "the ACK brought no usable answer"),
        }
    }

    pub(crate) fn tell_hold(&mut self, leg: LegId, change: HoldChange) {
        match change {
            HoldChange::Held => self.tell(leg, LegEvent::Held),
            HoldChange::Resumed => self.tell(leg, LegEvent::Resumed),
            HoldChange::None => {}
        }
    }

    pub(crate) fn requested(
        &mut self,
        now: Now,
        id: ServerRequestId,
        dialog: Option<DialogId>,
        flow: Flow,
        request: &Request,
        effects: &mut Vec<Effect>,
    ) {
        if request.headers().contains(HeaderName::Replaces) {
            // RFC 3891 §3: it means something in an INVITE only.
            self.ua.respond(now.mono, id, 400, &[], None, &mut self.ua_out);
        } else if *request.method() == Method::Register {
            self.register(now, id, flow, request, effects);
        } else if *request.method() == Method::Options {
            self.options(now, id, dialog);
        } else if *request.method() == Method::Info {
            self.info(now, id, dialog, request);
        } else if *request.method() == Method::Publish {
            self.publish(now, id, flow, request, effects);
        } else if *request.method() == Method::Subscribe {
            self.subscribe(now, id, dialog, flow, request);
        } else if *request.method() == Method::Refer {
            self.refer(now, id, dialog, request, effects);
        } else if *request.method() == Method::Update {
            self.updated(now, id, dialog, request);
        } else if *request.method() == Method::Notify {
            // We subscribe to nothing (RFC 6665 §4.1.3).
            self.ua.respond(now.mono, id, 481, &[], None, &mut self.ua_out);
        } else {
            // Methods that the user agent core was told to let through and that have no use here:
            // none today.
            tracing::debug!(method = %request.method(), "no use for this request");
            self.ua.respond(now.mono, id, 405, &[], None, &mut self.ua_out);
        }
    }

    /// UPDATE (RFC 3311 §5.2): an offer in it is answered as that of a re-INVITE.
    fn updated(
        &mut self,
        now: Now,
        id: ServerRequestId,
        dialog: Option<DialogId>,
        request: &Request,
    ) {
        let leg = dialog.and_then(|dialog| self.legs.of_dialog(dialog));
        let (status, headers, body) = match leg {
            None => (481, Vec::new(), None),
            Some(_) if request.body().is_empty() => (200, Vec::new(), None),
            Some(leg) => self.answer_update(leg, request),
        };
        self.ua.respond(now.mono, id, status, &headers, body, &mut self.ua_out);
    }

    fn answer_update(
        &mut self,
        leg: LegId,
        request: &Request,
    ) -> (u16, Vec<ExtraHeader>, Option<Body>) {
        if request.headers().content_type().as_deref() != Some("application/sdp") {
            let accept = (HeaderName::Accept, "application/sdp".to_owned());
            return (415, vec![accept], None);
        }
        let far = self.codecs_of_who_talks_with(leg);
        let Some(session) = self.legs.session_mut(leg) else {
            return (481, Vec::new(), None);
        };
        match session.answer_again(request.body(), far, &mut self.media_out) {
            Ok((body, change)) => {
                self.tell_hold(leg, change);
                (200, Vec::new(), Some(Body::sdp(body)))
            }
            Err(error) => {
                let (status, code) = error.response();
                let warning = self.warning(code, &error.to_string());
                (status, vec![(HeaderName::Warning, warning)], None)
            }
        }
    }

    /// A request in the dialog of an INVITE that is not answered yet.
    pub(crate) fn requested_early(&mut self, now: Now, id: ServerRequestId, request: &Request) {
        let (status, headers) = match (request.method(), request.body().is_empty()) {
            // Who calls may say who it is by now; an offer has to wait for our answer.
            (Method::Update, true) => (200, Vec::new()),
            (Method::Update, false) => (500, vec![(HeaderName::RetryAfter, "1".to_owned())]),
            (_, _) => (481, Vec::new()),
        };
        self.ua.respond(now.mono, id, status, &headers, None, &mut self.ua_out);
    }

    /// Anybody may ask; nobody may ask too often. While draining the answer sends load balancers
    /// elsewhere.
    fn options(&mut self, now: Now, id: ServerRequestId, dialog: Option<DialogId>) {
        let limit = self.config.limits.options_per_s;
        let retry = || (HeaderName::RetryAfter, self.config.sip.retry_after_s.to_string());
        let (status, headers) = if dialog.is_some() {
            (200, Vec::new())
        } else if self.draining {
            (503, vec![retry()])
        } else if self.options.admit(now.mono, limit) {
            let accept = (HeaderName::Accept, "application/sdp".to_owned());
            (200, vec![accept])
        } else {
            self.counters.count_overload("options rate");
            (503, vec![retry()])
        };
        self.ua.respond(now.mono, id, status, &headers, None, &mut self.ua_out);
    }
}
