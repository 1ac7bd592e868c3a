//! Legs that we dial: one INVITE for each device of a user, or one to a trunk with its further
//! addresses kept for failover. The first 2xx makes the leg's dialog; the other devices get
//! CANCEL with the reason of RFC 3326. When every device has failed, the best of their answers is
//! the leg's (RFC 3261 §16.7).

use std::sync::Arc;

use call::port::{Devices, LegEvent, LegId, Release, Shown};
use model::{Now, TrunkId, UserId};
use sip::auth::{Credentials, Secret};
use sip::message::{Body, HeaderName, Response};
use sip::user_agent_core::{DialogId, ExtraHeader, InviteRequest, OutInviteId, Party, Target};

use crate::commands::reason;
use crate::legs::{CallKey, Dialled, Leg, Role, devices};
use crate::port::Effect;
use crate::switch::Switch;

/// A user who is to be rung.
pub(crate) struct Callee<'a> {
    pub(crate) user: &'a UserId,
    pub(crate) devices: &'a Devices,
    pub(crate) shown: &'a Shown,
    /// The caller's leg; `None`: nobody calls, we do.
    pub(crate) anchor: Option<LegId>,
}

impl Switch {
    pub(crate) fn dial_user(&mut self, now: Now, key: CallKey, leg: LegId, callee: &Callee<'_>) {
        let Callee { user, devices: wanted, shown, anchor } = *callee;
        let role = Role::Dialled(Dialled::default());
        let user_at_it = Some(user.clone());
        self.legs
            .insert(leg, Leg { call: key, role, user: user_at_it, dialog: None, session: None });
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
        let to = Party::new(format!("sip:{name}@{}", self.config.domain));
        for (contact, flow) in bindings {
            let mut request =
                InviteRequest::new(contact, self.caller(shown), to.clone(), Target::Flow(flow));
            self.carry_on(&mut request, anchor, shown);
            request.body = Some(Body::sdp(offer.clone()));
            let fork = self.ua.invite(now.mono, request, &mut self.ua_out);
            self.legs.add_fork(leg, fork);
        }
    }

    #[expect(clippy::too_many_arguments, reason = "one for each field of the command")]
    pub(crate) fn dial_outside(
        &mut self,
        now: Now,
        key: CallKey,
        leg: LegId,
        to: &Arc<str>,
        shown: &Shown,
        trunk: Option<&TrunkId>,
        anchor: LegId,
    ) {
        let role = Role::Dialled(Dialled::default());
        self.legs.insert(leg, Leg { call: key, role, user: None, dialog: None, session: None });
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
        let callee = Party::new(first.clone());
        let target = Target::Uri(trunk.outbound[0].clone());
        let mut request = InviteRequest::new(first, self.caller(shown), callee, target);
        self.carry_on(&mut request, Some(anchor), shown);
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

    /// What every INVITE takes from the caller's: one hop less, and its SIP Call-ID for whoever
    /// reads traces.
    fn carry_on(&self, request: &mut InviteRequest, anchor: Option<LegId>, shown: &Shown) {
        let role = anchor.and_then(|leg| self.legs.get(leg)).map(|leg| &leg.role);
        let sip_call_id = match role {
            Some(Role::Anchor(anchor)) => {
                request.max_forwards = anchor.max_forwards;
                Some(anchor.sip_call_id.clone())
            }
            Some(Role::Dialled(_)) => anchor.and_then(|leg| self.legs.sip_call_ids.of(leg)),
            None => None,
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

    /// Whoever is to answer is there: once for a leg, whichever of its devices says so.
    pub(crate) fn reached(&mut self, fork: OutInviteId) {
        let Some(leg) = self.legs.of_fork(fork) else {
            return;
        };
        if let Some(Leg { role: Role::Dialled(dialled), .. }) = self.legs.get_mut(leg)
            && !dialled.cancelled
            && !std::mem::replace(&mut dialled.reached, true)
        {
            self.tell(leg, LegEvent::Reached);
        }
    }

    pub(crate) fn progress(&mut self, fork: OutInviteId, response: &Response) {
        self.reached(fork);
        let Some(leg) = self.legs.of_fork(fork) else {
            return;
        };
        let Some(entry) = self.legs.get_mut(leg) else {
            return;
        };
        let Role::Dialled(dialled) = &mut entry.role else {
            return;
        };
        let first = !std::mem::replace(&mut dialled.rang, true);
        dialled.retry = None;
        let alone = dialled.forks.len() == 1;
        if dialled.cancelled {
            return;
        }
        // With several devices nobody knows which of them the ports belong to until one answers.
        let early_media = alone
            && !response.body().is_empty()
            && entry.session.as_mut().is_some_and(|session| {
                session.read_answer(response.body(), &mut self.media_out).is_ok()
            });
        if first {
            self.legs.touch(leg);
        }
        self.tell(leg, LegEvent::Rang { early_media });
    }

    pub(crate) fn fork_accepted(
        &mut self,
        now: Now,
        fork: OutInviteId,
        dialog: DialogId,
        response: &Response,
    ) {
        let Some(leg) = self.legs.end_fork(fork) else {
            self.ua.bye(now.mono, dialog, None, &mut self.ua_out);
            return;
        };
        let Some(entry) = self.legs.get_mut(leg) else {
            return;
        };
        let read = match entry.session.as_mut() {
            // The answer may have come in a provisional response already (RFC 3261 §13.2.1).
            Some(session) if response.body().is_empty() && session.is_negotiated() => Ok(()),
            Some(session) => session.read_answer(response.body(), &mut self.media_out),
            None => return,
        };
        if let Err(error) = read {
            tracing::info!(%error, "a 2xx brought no usable answer");
            self.ua.bye(now.mono, dialog, None, &mut self.ua_out);
            return self.fork_failed(leg, 488);
        }
        self.legs.establish(leg, dialog);
        self.note_call_id(leg, response.headers().call_id().ok());
        let others = match self.legs.get_mut(leg).map(|entry| &mut entry.role) {
            Some(Role::Dialled(dialled)) => {
                dialled.retry = None;
                dialled.cancelled = true;
                dialled.forks.clone()
            }
            Some(Role::Anchor(_)) | None => Vec::new(),
        };
        for other in others {
            let reason = reason(Release::AnsweredElsewhere);
            self.ua.cancel(now.mono, other, reason, &mut self.ua_out);
        }
        self.tell(leg, LegEvent::Answered);
    }

    pub(crate) fn fork_rejected(
        &mut self,
        now: Now,
        fork: OutInviteId,
        status: u16,
        effects: &mut Vec<Effect>,
    ) {
        let Some(leg) = self.legs.end_fork(fork) else {
            return;
        };
        if self.fail_over(now, leg, status, effects) {
            return;
        }
        // 6xx: nobody else of this user will answer (RFC 3261 §16.7 step 5).
        if status >= 600
            && let Some(Leg { role: Role::Dialled(dialled), .. }) = self.legs.get(leg)
            && !dialled.cancelled
        {
            for other in dialled.forks.clone() {
                self.ua.cancel(now.mono, other, None, &mut self.ua_out);
            }
        }
        self.fork_failed(leg, status);
    }

    /// Another address of the trunk, when this one cannot take the call at all.
    fn fail_over(&mut self, now: Now, leg: LegId, status: u16, effects: &mut Vec<Effect>) -> bool {
        if !matches!(status, 408 | 500 | 502 | 503 | 504) {
            return false;
        }
        let Some(Leg { role: Role::Dialled(dialled), call, .. }) = self.legs.get_mut(leg) else {
            return false;
        };
        let key = *call;
        let (Some(retry), Some(next)) = (dialled.retry.as_mut(), dialled.further.pop()) else {
            return false;
        };
        let user = retry.request_uri.split_once(':').and_then(|(_, rest)| rest.split_once('@'));
        let user = user.map(|(user, _)| user.to_owned()).unwrap_or_default();
        let (from, to) = (host_of(&retry.request_uri), host_of(&next));
        retry.request_uri = at_trunk(&next, &user);
        retry.to = Party::new(retry.request_uri.clone());
        retry.target = Target::Uri(next);
        let request = (**retry).clone();
        self.counters.trunk_failovers += 1;
        self.step(now, key, effects, |call, ctx| call.failed_over(&from, &to, status, ctx));
        let fork = self.ua.invite(now.mono, request, &mut self.ua_out);
        self.legs.add_fork(leg, fork);
        true
    }

    /// A 2xx crossed our CANCEL; the user agent core has released it.
    pub(crate) fn fork_crossed(&mut self, fork: OutInviteId) {
        let Some(leg) = self.legs.end_fork(fork) else {
            return;
        };
        if let Some(Leg { role: Role::Dialled(dialled), .. }) = self.legs.get_mut(leg) {
            dialled.crossed = true;
        }
        self.fork_failed(leg, 200);
    }

    fn fork_failed(&mut self, leg: LegId, status: u16) {
        let Some(entry) = self.legs.get_mut(leg) else {
            return;
        };
        let Role::Dialled(dialled) = &mut entry.role else {
            return;
        };
        if status != 200 && dialled.best.is_none_or(|best| rank(status) < rank(best)) {
            dialled.best = Some(status);
        }
        if !dialled.forks.is_empty() {
            return;
        }
        let best = dialled.best.unwrap_or(408);
        let (cancelled, crossed) = (dialled.cancelled, dialled.crossed);
        if entry.dialog.is_some() {
            return;
        }
        let event = match (cancelled, crossed) {
            (true, true) => LegEvent::Settled { status: 200 },
            (true, false) => LegEvent::Settled { status: best },
            (false, _) => LegEvent::Failed { status: best },
        };
        self.tell(leg, event);
        self.leg_over(leg);
    }
}

/// Host and port of a URI.
fn host_of(uri: &str) -> String {
    let rest = uri.split_once(':').map_or(uri, |(_, rest)| rest);
    let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    host.split([';', '?']).next().unwrap_or_default().to_owned()
}

/// A trunk's URI with the dialled number as its user part.
fn at_trunk(trunk: &str, number: &str) -> String {
    match trunk.split_once(':') {
        Some((scheme, host)) => format!("{scheme}:{number}@{host}"),
        None => format!("sip:{number}@{trunk}"),
    }
}

/// Which of several failures says most about a user (RFC 3261 §16.7 step 6): that he declined or
/// is busy says more than that one of his phones is switched off.
fn rank(status: u16) -> u16 {
    match status {
        600..=699 => 0,
        486 => 1,
        400..=499 if !matches!(status, 401 | 404 | 407 | 408 | 480 | 487) => 2,
        480 => 3,
        404 => 4,
        300..=399 => 5,
        500..=599 => 6,
        487 => 7,
        _ => 8,
    }
}
