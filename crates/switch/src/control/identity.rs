//! Telling telephones whom they talk with from now on (RFC 4916, with P-Asserted-Identity of RFC
//! 3325): by UPDATE where the telephone takes it, else by a re-INVITE with the session as it is.
//! And telling one that rings to answer.
//!
//! Guarantees that one such request at a time is under way on a leg, that nothing else changes its
//! session meanwhile, that the last that was said is what is true, and that a telephone that does
//! not want to know goes on talking. Trunks are told nothing.

use std::time::Duration;

use call::port::{LegId, Shown};
use model::Now;
use sip::message::{Body, HeaderName, Method, NameAddr, Response, Uri};
use sip::user_agent_core::{ClientRequestId, DialogId, ExtraHeader};

use crate::legs::Role;
use crate::switch::Switch;

/// When it is tried again where something else changes the session.
const BUSY_RETRY: Duration = Duration::from_millis(500);
/// When it is tried again where the telephone says so (RFC 3261 §14.1), and how often.
const REFUSED_RETRY: Duration = Duration::from_millis(2_100);
const TRIES: u8 = 4;

/// What a telephone knows, and is to know, of whom it talks with.
#[derive(Debug, Default)]
pub(crate) struct Identity {
    /// What it is to be told.
    wanted: Option<Shown>,
    /// What it is being told.
    telling: Option<(Shown, By)>,
    /// What it was told last.
    told: Option<Shown>,
    /// Why it is not told yet.
    retry_at: Option<Duration>,
    tries: u8,
    /// It has refused an UPDATE.
    no_update: bool,
}

/// How it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Update(ClientRequestId),
    ReInvite,
}

impl Identity {
    /// What the INVITE says that rings a telephone.
    pub(crate) fn shown(shown: &Shown) -> Self {
        Self { told: Some(shown.clone()), ..Self::default() }
    }
}

impl Switch {
    /// A leg's telephone is to know with whom it talks.
    pub(crate) fn identify(&mut self, now: Now, leg: LegId, shown: &Shown) {
        let Some(entry) = self.legs.get_mut(leg) else {
            return;
        };
        if entry.user.is_none() {
            return;
        }
        let identity = entry.identity.get_or_insert_default();
        identity.wanted = Some(shown.clone());
        identity.tries = 0;
        self.tell_identity(now, leg);
    }

    /// Headers of the 2xx to a caller: whoever is known to talk with him by now need not be told
    /// afterwards.
    pub(crate) fn identity_in_answer(&mut self, leg: LegId) -> Vec<ExtraHeader> {
        let identity = self.legs.get_mut(leg).and_then(|leg| leg.identity.as_mut());
        let Some(shown) = identity.and_then(|identity| {
            identity.told = identity.wanted.take();
            identity.told.clone()
        }) else {
            return Vec::new();
        };
        self.identity_headers(&shown)
    }

    fn tell_identity(&mut self, now: Now, leg: LegId) {
        let Some(entry) = self.legs.get_mut(leg) else {
            return;
        };
        let (Some(identity), Some(dialog)) = (entry.identity.as_mut(), entry.dialog) else {
            return;
        };
        if identity.telling.is_some() || identity.wanted.is_none() {
            return;
        }
        if identity.wanted == identity.told {
            identity.wanted = None;
            return;
        }
        if !self.ua.is_quiet(dialog) {
            return self.identity_later(leg, now.mono + BUSY_RETRY);
        }
        let by_update = !identity.no_update && self.ua.peer_allows(dialog, &Method::Update);
        let Some(shown) = identity.wanted.take() else {
            return;
        };
        let headers = self.identity_headers(&shown);
        let out = &mut self.ua_out;
        let by = if by_update {
            let method = Method::Update;
            let id = self.ua.request_in_dialog(now.mono, dialog, method, headers, None, out);
            self.under_way.updates.insert(id, leg);
            By::Update(id)
        } else {
            let Some(session) = self.legs.session_mut(leg) else {
                return;
            };
            let body = Body::sdp(session.offer_again());
            self.ua.reinvite(now.mono, dialog, headers, Some(body), out);
            By::ReInvite
        };
        if let Some(identity) = self.legs.get_mut(leg).and_then(|leg| leg.identity.as_mut()) {
            identity.telling = Some((shown, by));
        }
    }

    /// A withheld number is shown as RFC 3323 writes it.
    fn identity_headers(&self, shown: &Shown) -> Vec<ExtraHeader> {
        let uri = match &shown.number {
            Some(number) => {
                let host = sip::message::Host::Name(self.config.domain.to_string());
                Uri::sip(Some(number), host, None)
            }
            None => {
                let host = sip::message::Host::Name("anonymous.invalid".to_owned());
                Uri::sip(Some("anonymous"), host, None)
            }
        };
        let address = NameAddr::new(uri);
        let address = match (&shown.name, &shown.number) {
            (Some(name), _) => address.with_display(&**name),
            (None, None) => address.with_display("Anonymous"),
            (None, Some(_)) => address,
        };
        let mut headers = vec![(HeaderName::PAssertedIdentity, address.to_string())];
        if shown.number.is_none() {
            headers.push((HeaderName::Privacy, "id".to_owned()));
        }
        headers
    }

    fn identity_later(&mut self, leg: LegId, at: Duration) {
        let identity = self.legs.get_mut(leg).and_then(|leg| leg.identity.as_mut());
        let Some(identity) = identity else { return };
        if let Some(before) = identity.retry_at.replace(at) {
            self.under_way.identities.remove(&(before, leg));
        }
        self.under_way.identities.insert((at, leg));
    }

    /// Those that were put off, and whose time has come.
    pub(crate) fn identities_due(&mut self, now: Now) {
        while let Some(&(at, leg)) = self.under_way.identities.first() {
            if at > now.mono {
                break;
            }
            self.under_way.identities.pop_first();
            if let Some(identity) = self.legs.get_mut(leg).and_then(|leg| leg.identity.as_mut()) {
                identity.retry_at = None;
                self.tell_identity(now, leg);
            }
        }
    }

    /// An UPDATE of ours has its answer, or none. `false`: it was none of these.
    pub(crate) fn update_answered(&mut self, now: Now, id: ClientRequestId, status: u16) -> bool {
        let Some(leg) = self.under_way.updates.remove(&id) else {
            return false;
        };
        self.identity_answered(now, leg, By::Update(id), status);
        true
    }

    /// A re-INVITE of ours has a 2xx.
    pub(crate) fn reinvite_answered(&mut self, now: Now, dialog: DialogId, response: &Response) {
        let Some(leg) = self.legs.of_dialog(dialog) else {
            return;
        };
        if let Some(session) = self.legs.session_mut(leg) {
            match session.read_answer_again(response.body(), &mut self.media_out) {
                Ok(change) => self.tell_hold(leg, change),
                Err(error) => tracing::info!(%error, "a re-INVITE got no usable answer"),
            }
        }
        self.identity_answered(now, leg, By::ReInvite, 200);
    }

    /// A re-INVITE of ours has failed; the session is as it was.
    pub(crate) fn reinvite_failed(&mut self, now: Now, dialog: DialogId, status: u16) {
        if let Some(leg) = self.legs.of_dialog(dialog) {
            self.identity_answered(now, leg, By::ReInvite, status);
        }
    }

    fn identity_answered(&mut self, now: Now, leg: LegId, by: By, status: u16) {
        let identity = self.legs.get_mut(leg).and_then(|leg| leg.identity.as_mut());
        let Some(identity) = identity else { return };
        let Some((shown, _)) = identity.telling.take_if(|(_, under_way)| *under_way == by) else {
            return;
        };
        let again = match status {
            200..=299 => {
                identity.told = Some(shown);
                return self.tell_identity(now, leg);
            }
            // It does not know UPDATE, whatever it said.
            405 | 501 if by != By::ReInvite => {
                identity.no_update = true;
                now.mono
            }
            // After a glare the user agent core has tried a re-INVITE again by itself.
            491 | 500 | 503 => now.mono + REFUSED_RETRY,
            _ => return self.tell_identity(now, leg),
        };
        identity.tries += 1;
        if identity.tries < TRIES {
            identity.wanted.get_or_insert(shown);
            self.identity_later(leg, again);
        }
    }

    /// A telephone that rings is told to answer, as its button would: all devices of its user
    /// that are heard to ring.
    pub(crate) fn prompt(&mut self, now: Now, leg: LegId) {
        let Some(Role::Dialled(dialled)) = self.legs.get(leg).map(|leg| &leg.role) else {
            return;
        };
        let ringing: Vec<DialogId> = dialled.early.iter().map(|(_, dialog)| *dialog).collect();
        for dialog in ringing {
            let headers = vec![
                (HeaderName::Event, "talk".to_owned()),
                (HeaderName::SubscriptionState, "terminated;reason=noresource".to_owned()),
            ];
            let out = &mut self.ua_out;
            self.ua.request_in_dialog(now.mono, dialog, Method::Notify, headers, None, out);
        }
    }
}
