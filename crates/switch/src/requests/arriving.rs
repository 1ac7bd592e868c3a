//! A new INVITE: who sends it, whether it may come in, what it offers, whom it is for. What is
//! refused here makes no call and no record (`interface.md`); everything after it does.

use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use call::port::{Arrival, Caller, LegEvent, LegId};
use model::{CallId, Now};
use sdp::{AudioOffer, LocalMedia, Refusal488, SessionDescription};
use sip::flow::Flow;
use sip::message::{HeaderName, Request};
use sip::user_agent_core::{ExtraHeader, InviteId};

use super::routes::{self, Origin, Route};
use crate::legs::diverted::Trail;
use crate::legs::session::{Session, SessionError};
use crate::legs::{Anchor, Leg, Role};
use crate::port::Effect;
use crate::requests::registration::Unverified;
use crate::switch::Switch;

/// Why an INVITE is refused before it becomes a call.
struct Refusal {
    status: u16,
    headers: Vec<ExtraHeader>,
}

impl Refusal {
    fn new(status: u16) -> Self {
        Self { status, headers: Vec::new() }
    }

    fn with(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

impl Switch {
    pub(crate) fn invited(
        &mut self,
        now: Now,
        invite: InviteId,
        flow: Flow,
        request: &Request,
        effects: &mut Vec<Effect>,
    ) {
        match self.admit(now, flow, request) {
            Ok((route, offer)) => {
                self.arrive(now, invite, flow, request, route, offer, effects);
            }
            Err(refusal) => {
                self.counters.count_refused(refusal.status);
                let Refusal { status, headers } = refusal;
                self.ua.reject(now.mono, invite, status, &headers, &mut self.ua_out);
            }
        }
    }

    /// The checks in the order in which a caller should learn of them: who he is before anything
    /// that would tell a stranger about us.
    fn admit(
        &mut self,
        now: Now,
        flow: Flow,
        request: &Request,
    ) -> Result<(Route, Option<AudioOffer>), Refusal> {
        let directory = self.directory.clone();
        let origin = routes::origin(&self.config, &directory, flow, request);
        let (user, trunk) = match origin {
            Origin::User(user) => (Some(user), None),
            Origin::Trunk(trunk) => (None, Some(trunk.clone())),
            Origin::Stranger => (None, None),
        };
        if trunk.is_none() {
            match (self.verify(now.mono, request), user) {
                (Ok(name), Some(user)) if *name == *user.sip_username => {}
                (Ok(_), _) => return Err(Refusal::new(403)),
                (Err(Unverified { status, headers }), _) => {
                    return Err(Refusal { status, headers });
                }
            }
        }
        self.admit_load(now)?;
        if request.headers().max_forwards().ok().flatten() == Some(0) {
            return Err(Refusal::new(483));
        }
        // RFC 3261 §16.3: a loop, though no request of it has come twice.
        if Trail::of(request.headers()).is_none() {
            return Err(Refusal::new(482));
        }
        let replaced = self.replaced_by(user.map(|user| &user.id), request);
        let replaced = replaced.map_err(Refusal::new)?;
        let offer = self.read_offer(request)?;
        if let (Some(leg), Some(user)) = (replaced, user) {
            return Ok((routes::in_place_of(leg, user, request), offer));
        }
        let route = match (&trunk, user) {
            (Some(trunk), _) => routes::from_trunk(trunk, &directory, request),
            (None, Some(user)) => routes::from_user(&self.config, &directory, user, request)
                .map_err(|refusal| {
                    let (status, text) = refusal.response();
                    Refusal::new(status).with(HeaderName::Warning, self.warning(399, text))
                })?,
            (None, None) => return Err(Refusal::new(403)),
        };
        Ok((route, offer))
    }

    /// 503 with Retry-After while draining, at the limits, and when media has no ports.
    fn admit_load(&mut self, now: Now) -> Result<(), Refusal> {
        let limits = self.config.limits;
        let cause = if self.draining {
            Some("draining")
        } else if self.calls.len() >= limits.calls {
            Some("call limit")
        } else if self.stock.is_empty() {
            Some("no media ports")
        } else if !self.admitted.admit(now.mono, limits.calls_per_s) {
            Some("call rate")
        } else {
            None
        };
        match cause {
            None => Ok(()),
            Some(cause) => {
                tracing::debug!(cause, "call refused");
                self.counters.count_overload(cause);
                let retry = self.config.sip.retry_after_s.to_string();
                Err(Refusal::new(503).with(HeaderName::RetryAfter, retry))
            }
        }
    }

    fn read_offer(&self, request: &Request) -> Result<Option<AudioOffer>, Refusal> {
        let headers = request.headers();
        let takes_sdp = !headers.contains(HeaderName::Accept)
            || headers.tokens(HeaderName::Accept).any(|accepted| {
                let kind = accepted.split(';').next().unwrap_or_default().trim();
                ["application/sdp", "application/*", "*/*"]
                    .iter()
                    .any(|known| kind.eq_ignore_ascii_case(known))
            });
        if !takes_sdp {
            return Err(Refusal::new(406).with(HeaderName::Accept, "application/sdp"));
        }
        if request.body().is_empty() {
            return Ok(None);
        }
        if headers.content_type().is_some_and(|kind| kind != "application/sdp") {
            return Err(Refusal::new(415).with(HeaderName::Accept, "application/sdp"));
        }
        let offer = SessionDescription::parse(request.body())
            .map_err(SessionError::from)
            .and_then(|description| AudioOffer::read(&description).map_err(SessionError::from));
        let reachable = |offer: AudioOffer| match offer.audio.remote {
            Some(at) if self.media_address(at.rtp.is_ipv6()).is_none() => {
                Err(SessionError::from(Refusal488::Address))
            }
            Some(_) | None => Ok(offer),
        };
        offer.and_then(reachable).map(Some).map_err(|error| {
            let (status, code) = error.response();
            Refusal::new(status).with(HeaderName::Warning, self.warning(code, &error.to_string()))
        })
    }

    /// A Warning value (RFC 3261 §20.43) in this server's name.
    pub(crate) fn warning(&self, code: u16, text: &str) -> String {
        let text = text.replace(['"', '\\'], "'");
        format!("{code} {} \"{text}\"", self.config.node)
    }

    #[expect(clippy::too_many_arguments, reason = "all of it is the one arriving INVITE")]
    fn arrive(
        &mut self,
        now: Now,
        invite: InviteId,
        flow: Flow,
        request: &Request,
        route: Route,
        offer: Option<AudioOffer>,
        effects: &mut Vec<Effect>,
    ) {
        let headers = request.headers();
        let leg = self.leg_ids.mint();
        self.last_call += 1;
        let key = self.last_call;
        let sip_call_id: Arc<str> = Arc::from(headers.call_id().unwrap_or_default());
        let max_forwards = headers.max_forwards().ok().flatten().unwrap_or(70);
        let (user, trail) = match &route.caller {
            // A telephone may not say for whom it calls outside: carriers believe it. What it says
            // is counted, and Max-Forwards ends what goes in a circle.
            Caller::User(user) => (Some(user.clone()), Trail::default()),
            // One that is too long was refused.
            Caller::External { .. } => (None, Trail::of(headers).unwrap_or_default()),
        };
        let anchor = Anchor {
            invite: Some(invite),
            sip_call_id: sip_call_id.clone(),
            max_forwards: max_forwards.saturating_sub(1),
            trail,
            flow,
            rang: false,
        };
        let session = self.open_session(leg, &offer, flow);
        let role = Role::Anchor(anchor);
        self.legs.insert(leg, Leg { session, ..Leg::new(key, role, user) });
        if let (Some(offer), Some(session)) = (offer, self.legs.session_mut(leg)) {
            session.take_offer(offer, &mut self.media_out);
        }
        let arrival = Arrival {
            leg,
            caller: route.caller,
            destination: route.destination,
            from_number: route.from_number,
            to_number: route.to_number,
            sip_call_id: sip_call_id.clone(),
            node: self.config.node.clone(),
        };
        let id = CallId::generate(now.wall, self.random.bytes());
        self.legs.sip_call_ids.insert(leg, sip_call_id.clone(), id.clone());
        self.begin(now, key, id, arrival, effects);
    }

    /// The address that descriptions show to peers of a family.
    fn media_address(&self, ipv6: bool) -> Option<IpAddr> {
        if ipv6 { self.config.media_ipv6 } else { self.config.media_ipv4 }
    }

    /// Takes ports from the stock for a leg whose peer speaks the address family of the offer, or
    /// of the flow where there is none. `None`: no ports, or no address of that family.
    pub(crate) fn open_session(
        &mut self,
        leg: LegId,
        offer: &Option<AudioOffer>,
        flow: Flow,
    ) -> Option<Session> {
        let offered = offer.as_ref().and_then(|offer| offer.audio.remote.map(|at| at.rtp));
        let wants_ipv6 = offered.unwrap_or(flow.remote).ip().to_canonical().is_ipv6();
        // A peer that is reached over one family may well take media over the other.
        let address = self.media_address(wants_ipv6).or_else(|| self.media_address(!wants_ipv6))?;
        let ports = self.stock.pop_front()?;
        let session_id = self.random.number();
        let local = LocalMedia::new(address, ports.rtp, ports.rtp + 1, session_id);
        Some(Session::open(leg, ports, local, &mut self.media_out))
    }

    /// CANCEL: the user agent core has answered everything.
    pub(crate) fn caller_gave_up(&mut self, invite: InviteId) {
        if let Some(leg) = self.legs.of_invite(invite) {
            self.legs.end_invite(leg);
            self.tell(leg, LegEvent::Cancelled);
            self.leg_over(leg);
        }
    }

    /// The ACK of our 2xx; it carries the answer when our 2xx made the offer.
    pub(crate) fn confirmed(
        &mut self,
        now: Now,
        dialog: sip::user_agent_core::DialogId,
        body: &Bytes,
    ) {
        let Some(leg) = self.legs.of_dialog(dialog) else {
            return;
        };
        let Some(session) = self.legs.session_mut(leg) else {
            return;
        };
        if session.is_negotiated() || body.is_empty() {
            return;
        }
        if let Err(error) = session.read_answer(body, &mut self.media_out) {
            tracing::info!(%error, "the ACK brought no usable answer");
            self.ua.bye(now.mono, dialog, None, &mut self.ua_out);
            self.tell(leg, LegEvent::HungUp);
            self.legs.end_dialog(leg);
            self.leg_over(leg);
        }
    }
}
