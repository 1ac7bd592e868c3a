//! Legs that we dial: one INVITE for each device of a user, or one to a trunk with its further
//! addresses kept for failover. What they answer is in `answers`.

use std::sync::Arc;

use call::port::{Devices, Diversion, LegEvent, LegId, Release, Shown};
use model::{Now, TrunkId, UserId};
use sip::auth::{Credentials, Secret};
use sip::message::{Body, HeaderName};
use sip::user_agent_core::{ExtraHeader, InviteRequest, Party, Target};

use crate::commands::reason;
use crate::control::Identity;
use crate::legs::diverted::Trail;
use crate::legs::{CallKey, Dialled, Leg, Role, devices};
use crate::switch::Switch;

/// A user who is to be rung.
pub(crate) struct Callee<'a> {
    pub(crate) user: &'a UserId,
    pub(crate) devices: &'a Devices,
    pub(crate) shown: &'a Shown,
    /// The caller's leg; `None`: nobody calls, we do.
    pub(crate) anchor: Option<LegId>,
    /// Who has passed the call on, the first of them first.
    pub(crate) diverted: &'a [Diversion],
}

/// A number outside that is to be dialled.
pub(crate) struct Outside<'a> {
    pub(crate) to: &'a Arc<str>,
    pub(crate) shown: &'a Shown,
    /// The trunk to use first.
    pub(crate) trunk: Option<&'a TrunkId>,
    /// The leg of who dials.
    pub(crate) anchor: LegId,
    /// Who has passed the call on, the first of them first.
    pub(crate) diverted: &'a [Diversion],
}

impl Switch {
    pub(crate) fn dial_user(&mut self, now: Now, key: CallKey, leg: LegId, callee: &Callee<'_>) {
        let Callee { user, devices: wanted, shown, anchor, diverted } = *callee;
        let role = Role::Dialled(Dialled::default());
        let identity = Some(Box::new(Identity::shown(shown)));
        let entry = Leg { identity, ..Leg::new(key, role, Some(user.clone())) };
        self.legs.insert(leg, entry);
        let directory = self.directory.clone();
        let Some(user) = directory.user(user) else {
            return self.fail(leg, 404);
        };
        let name = &user.sip_username;
        let bindings: Vec<_> = self
            .registrar
            .bindings(now.mono, name)
            .filter(|binding| devices::rings(user, wanted, binding))
            .map(|binding| (binding.contact.to_request_uri().to_string(), binding.flow))
            .collect();
        let Some((_, first)) = bindings.first() else {
            return self.fail(leg, 480);
        };
        if let Some(Leg { role: Role::Dialled(dialled), .. }) = self.legs.get_mut(leg) {
            dialled.flow = Some(*first);
        }
        let Some(offer) = self.offer_to(leg, anchor, *first) else {
            return self.fail(leg, 503);
        };
        let address = format!("sip:{name}@{}", self.config.domain);
        let trail = self.trail(anchor, diverted, &address);
        let to = Party::new(address);
        for (contact, flow) in bindings {
            let mut request =
                InviteRequest::new(contact, self.caller(shown), to.clone(), Target::Flow(flow));
            self.carry_on(&mut request, anchor, shown);
            // Trunks need not know who works here.
            let referrer = self.under_way.referrer.clone();
            request.headers.extend(referrer.map(|it| (HeaderName::ReferredBy, it)));
            request.headers.extend(trail.iter().cloned());
            request.body = Some(Body::sdp(offer.clone()));
            let fork = self.ua.invite(now.mono, request, &mut self.ua_out);
            self.legs.add_fork(leg, fork);
        }
    }

    pub(crate) fn dial_outside(
        &mut self,
        now: Now,
        key: CallKey,
        leg: LegId,
        callee: &Outside<'_>,
    ) {
        let Outside { to, shown, trunk, anchor, diverted } = *callee;
        let role = Role::Dialled(Dialled::default());
        self.legs.insert(leg, Leg::new(key, role, None));
        let usable = |candidate: &&crate::config::TrunkConfig| !candidate.outbound.is_empty();
        let trunks = &self.config.trunks;
        let named = trunks.iter().find(|candidate| Some(&candidate.name) == trunk).filter(usable);
        let Some(trunk) = named.or_else(|| trunks.iter().find(usable)).cloned() else {
            return self.fail(leg, 503);
        };
        let Some(flow) = self.flow_of(anchor) else {
            return self.fail(leg, 503);
        };
        let Some(offer) = self.offer_to(leg, Some(anchor), flow) else {
            return self.fail(leg, 503);
        };
        let first = at_trunk(&trunk.outbound[0], to);
        let trail = self.trail(Some(anchor), diverted, &first);
        let callee = Party::new(first.clone());
        let target = Target::Uri(trunk.outbound[0].clone());
        let mut request = InviteRequest::new(first, self.caller(shown), callee, target);
        self.carry_on(&mut request, Some(anchor), shown);
        request.headers.extend(trail);
        if let Some(number) = &shown.number {
            let identity = format!("<sip:{number}@{}>", self.config.domain);
            request.headers.push((HeaderName::PAssertedIdentity, identity));
        }
        request.body = Some(Body::sdp(offer));
        request.credentials =
            trunk.username.as_ref().zip(trunk.password.as_ref()).map(|(username, password)| {
                Credentials {
                    username: username.clone(),
                    secret: Secret::Password(password.clone()),
                    realm: None,
                }
            });
        if let Some(Leg { role: Role::Dialled(dialled), .. }) = self.legs.get_mut(leg) {
            // Who is dialled for this leg later gets media of the same family.
            dialled.flow = Some(flow);
            dialled.further = trunk.outbound[1..].iter().rev().cloned().collect();
            dialled.retry = (!dialled.further.is_empty()).then(|| Box::new(request.clone()));
        }
        let fork = self.ua.invite(now.mono, request, &mut self.ua_out);
        self.legs.add_fork(leg, fork);
    }

    /// The offer of a leg that is about to be dialled; takes ports for it.
    fn offer_to(
        &mut self,
        leg: LegId,
        anchor: Option<LegId>,
        flow: sip::flow::Flow,
    ) -> Option<bytes::Bytes> {
        let mut session = self.open_session(leg, &None, flow)?;
        let caller = anchor.and_then(|anchor| self.legs.session_mut(anchor));
        let offer = match caller {
            Some(caller) => session.offer(caller.codecs_for_others(), caller.peer()),
            None => session.offer(sdp::own_codecs(), None),
        };
        if let Some(entry) = self.legs.get_mut(leg) {
            entry.session = Some(session);
        }
        Some(offer)
    }

    /// A leg is known to its far end by this SIP Call-ID.
    pub(crate) fn note_call_id(&mut self, leg: LegId, sip_call_id: Option<&str>) {
        let call = self.legs.get(leg).and_then(|entry| self.calls.get(&entry.call));
        if let (Some(live), Some(sip_call_id)) = (call, sip_call_id) {
            let call = live.call.id().clone();
            self.legs.sip_call_ids.insert(leg, sip_call_id.into(), call);
        }
    }

    fn flow_of(&self, anchor: LegId) -> Option<sip::flow::Flow> {
        self.legs.get(anchor).and_then(|entry| match &entry.role {
            Role::Anchor(anchor) => Some(anchor.flow),
            Role::Dialled(dialled) => dialled.flow,
        })
    }

    /// What the called phone shows as the caller; `anonymous` as RFC 3323 writes it.
    fn caller(&self, shown: &Shown) -> Party {
        let name = shown.name.as_deref();
        match &shown.number {
            Some(number) => Party {
                display: name.map(str::to_owned),
                uri: format!("sip:{number}@{}", self.config.domain),
            },
            None => Party::named(
                name.unwrap_or("Anonymous"),
                "sip:anonymous@anonymous.invalid".to_owned(),
            ),
        }
    }

    /// The headers that say who has passed the call on, here and before it came.
    fn trail(
        &self,
        anchor: Option<LegId>,
        diverted: &[Diversion],
        target: &str,
    ) -> Vec<ExtraHeader> {
        let domain = &self.config.domain;
        match anchor.and_then(|leg| self.legs.get(leg)).map(|leg| &leg.role) {
            Some(Role::Anchor(anchor)) => anchor.trail.headers(diverted, target, domain),
            Some(Role::Dialled(_)) | None => Trail::default().headers(diverted, target, domain),
        }
    }

    /// What every INVITE takes from the caller's: one hop less, and its SIP Call-ID for whoever
    /// reads traces. Where we call ourselves it is the first leg's own.
    fn carry_on(&mut self, request: &mut InviteRequest, anchor: Option<LegId>, shown: &Shown) {
        let role = anchor.and_then(|leg| self.legs.get(leg)).map(|leg| &leg.role);
        let sip_call_id = match role {
            Some(Role::Anchor(anchor)) => {
                request.max_forwards = anchor.max_forwards;
                Some(anchor.sip_call_id.clone())
            }
            Some(Role::Dialled(_)) => anchor.and_then(|leg| self.legs.sip_call_ids.of(leg)),
            None => {
                let own = format!("{:016x}@{}", self.random.number(), self.config.domain);
                request.call_id = Some(own.clone());
                Some(own.into())
            }
        };
        if let Some(sip_call_id) = sip_call_id {
            let header: ExtraHeader = (HeaderName::Other("X-Call-ID"), sip_call_id.to_string());
            request.headers.push(header);
        }
        if shown.number.is_none() {
            request.headers.push((HeaderName::Privacy, "id".to_owned()));
        }
    }

    pub(crate) fn cancel(&mut self, now: Now, leg: LegId, why: Release) {
        let Some(Leg { role: Role::Dialled(dialled), dialog, .. }) = self.legs.get_mut(leg) else {
            return;
        };
        if dialog.is_some() {
            // It answered in this very step: the call will be told, and has decided already.
            return self.hang_up(now, leg, why);
        }
        dialled.cancelled = true;
        dialled.retry = None;
        let forks = dialled.forks.clone();
        self.legs.touch(leg);
        for fork in forks {
            self.ua.cancel(now.mono, fork, reason(why), &mut self.ua_out);
        }
        self.leg_over(leg);
    }

    /// The leg cannot be dialled: the call hears of it in the step that dialled.
    fn fail(&mut self, leg: LegId, status: u16) {
        self.tell(leg, LegEvent::Failed { status });
        self.leg_over(leg);
    }
}

/// A trunk's URI with the dialled number as its user part.
pub(crate) fn at_trunk(trunk: &str, number: &str) -> String {
    match trunk.split_once(':') {
        Some((scheme, host)) => format!("{scheme}:{number}@{host}"),
        None => format!("sip:{number}@{trunk}"),
    }
}
