//! The registrar (RFC 3261 10.3): addresses of record and their bindings.
//!
//! Guarantees that a REGISTER changes all it asks for or nothing, that a binding only gives way
//! to a newer request (higher CSeq under the same Call-ID, or another Call-ID), that Contact URIs
//! and parameters are listed as they were given, and that no binding outlives its time.

mod binding;

#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

pub use binding::Binding;

use crate::{
    flow::Flow,
    message::{Contacts, HeaderName, NameAddr, Request, StatusCode},
};
use binding::Asked;

/// Times and limits of a registrar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegistrarConfig {
    /// Seconds a binding lives when the phone does not say.
    pub default_expires_s: u32,
    /// Shorter times are refused with 423 (at most 3600, as 10.3 step 7 has it).
    pub min_expires_s: u32,
    /// Longer times are shortened to this.
    pub max_expires_s: u32,
    /// Bindings of one address of record. A further one takes the place of the one that would
    /// end first: phones that change ports leave dead ones behind.
    pub bindings_per_aor: usize,
    /// Addresses of record with bindings. A further one gets 503 with Retry-After.
    pub aors: usize,
    /// Seconds written into Retry-After.
    pub retry_after_s: u32,
}

impl Default for RegistrarConfig {
    fn default() -> RegistrarConfig {
        RegistrarConfig {
            default_expires_s: 3600,
            min_expires_s: 60,
            max_expires_s: 7200,
            bindings_per_aor: 10,
            aors: 100_000,
            retry_after_s: 30,
        }
    }
}

/// The answer to a REGISTER, and what it changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisterOutcome {
    /// The status of the response.
    pub status: StatusCode,
    /// Its headers: every current binding on success, Min-Expires or Retry-After on refusal.
    pub headers: Vec<(HeaderName, String)>,
    /// What to persist; empty on refusal.
    pub changes: Vec<BindingChange>,
}

/// What happened to one binding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BindingChange {
    /// It is new, or replaces the one with an equal URI (or instance and reg-id).
    Bound(Binding),
    /// It is gone.
    Unbound(Binding),
}

/// Bindings by address of record: the unescaped user part, as the host is ours.
#[derive(Debug)]
pub struct Registrar {
    config: RegistrarConfig,
    aors: BTreeMap<Box<str>, Vec<Binding>>,
    /// The first binding of each address of record to end.
    expiries: BTreeSet<(Duration, Box<str>)>,
}

impl Registrar {
    /// An empty registrar.
    pub fn new(config: RegistrarConfig) -> Registrar {
        Registrar { config, aors: BTreeMap::new(), expiries: BTreeSet::new() }
    }

    /// The address of record that a REGISTER is about: the unescaped user of To.
    pub fn aor_of(request: &Request) -> Option<String> {
        let to = request.headers().to().ok()?;
        to.uri.user_unescaped().map(|user| user.into_owned())
    }

    /// Applies a REGISTER, whose sender may change this address of record. The `flow` is where
    /// it came from, and where calls to its bindings go.
    pub fn register(
        &mut self,
        now: Duration,
        aor: &str,
        request: &Request,
        flow: Flow,
    ) -> RegisterOutcome {
        self.drop_expired(now, aor);
        match self.apply(now, aor, request, flow) {
            Ok(changes) => {
                RegisterOutcome { status: StatusCode::OK, headers: self.listing(now, aor), changes }
            }
            Err((status, headers)) => RegisterOutcome { status, headers, changes: Vec::new() },
        }
    }

    /// The bindings of an address of record that have not ended, in the order they were made.
    pub fn bindings(&self, now: Duration, aor: &str) -> impl Iterator<Item = &Binding> {
        let bindings = self.aors.get(aor).map(Vec::as_slice).unwrap_or_default();
        bindings.iter().filter(move |binding| binding.expires_at > now)
    }

    /// Every binding with its address of record, ended ones that were not dropped yet included.
    pub fn all(&self) -> impl Iterator<Item = (&str, &Binding)> {
        self.aors.iter().flat_map(|(aor, bindings)| bindings.iter().map(move |it| (&**aor, it)))
    }

    /// How many addresses of record have bindings.
    pub fn len(&self) -> usize {
        self.aors.len()
    }

    /// Whether there is no binding at all.
    pub fn is_empty(&self) -> bool {
        self.aors.is_empty()
    }

    /// Puts back a binding that was persisted; limits apply, order does not.
    pub fn restore(&mut self, aor: &str, binding: Binding) {
        let mut bindings = self.aors.get(aor).cloned().unwrap_or_default();
        if bindings.is_empty() && self.aors.len() >= self.config.aors {
            return;
        }
        bindings.retain(|old| !old.same_place(&binding));
        bindings.push(binding);
        self.trim(&mut bindings);
        self.replace(aor, bindings);
    }

    /// The next moment [`Registrar::expire`] has something to do.
    pub fn next_expiry(&self) -> Option<Duration> {
        self.expiries.first().map(|(at, _)| *at)
    }

    /// Drops the bindings whose time is over, and names them.
    pub fn expire(&mut self, now: Duration) -> Vec<(String, Binding)> {
        let mut ended = Vec::new();
        while let Some((at, aor)) = self.expiries.first().cloned() {
            if at > now {
                break;
            }
            ended.extend(self.drop_expired(now, &aor).into_iter().map(|it| (aor.to_string(), it)));
        }
        ended
    }

    /// A connection was closed: bindings that came by it cannot be reached (RFC 5626 5.3).
    pub fn flow_closed(&mut self, flow: Flow) -> Vec<(String, Binding)> {
        if flow.connection == 0 {
            return Vec::new();
        }
        let hit: Vec<Box<str>> = self
            .aors
            .iter()
            .filter(|(_, bindings)| bindings.iter().any(|binding| binding.flow == flow))
            .map(|(aor, _)| aor.clone())
            .collect();
        let mut gone = Vec::new();
        for aor in hit {
            let bindings = self.aors.get(&aor).cloned().unwrap_or_default();
            let (lost, kept): (Vec<_>, Vec<_>) =
                bindings.into_iter().partition(|binding| binding.flow == flow);
            self.replace(&aor, kept);
            gone.extend(lost.into_iter().map(|binding| (aor.to_string(), binding)));
        }
        gone
    }

    fn apply(
        &mut self,
        now: Duration,
        aor: &str,
        request: &Request,
        flow: Flow,
    ) -> Result<Vec<BindingChange>, Refused> {
        let headers = request.headers();
        let contacts = headers.contacts().map_err(|_| bad_request())?;
        let expires = headers.expires().map_err(|_| bad_request())?;
        let asked = Asked::of(request, flow).ok_or_else(bad_request)?;
        let list = match contacts {
            Contacts::Star if expires == Some(0) => return self.unbind_all(aor, &asked),
            Contacts::Star => return Err(bad_request()),
            Contacts::List(list) if list.is_empty() => return Ok(Vec::new()),
            Contacts::List(list) => list,
        };
        let mut bindings = self.aors.get(aor).cloned().unwrap_or_default();
        let mut changes = Vec::new();
        for contact in list {
            self.bind(now, &mut bindings, &contact, expires, &asked, &mut changes)?;
        }
        if !self.aors.contains_key(aor)
            && !bindings.is_empty()
            && self.aors.len() >= self.config.aors
        {
            let retry = (HeaderName::RetryAfter, self.config.retry_after_s.to_string());
            return Err((StatusCode::SERVICE_UNAVAILABLE, vec![retry]));
        }
        changes.extend(self.trim(&mut bindings).into_iter().map(BindingChange::Unbound));
        self.replace(aor, bindings);
        Ok(changes)
    }

    /// `Contact: *` with `Expires: 0` (10.2.2).
    fn unbind_all(&mut self, aor: &str, asked: &Asked) -> Result<Vec<BindingChange>, Refused> {
        let bindings = self.aors.get(aor).cloned().unwrap_or_default();
        if bindings.iter().any(|binding| asked.is_stale_for(binding)) {
            return Err(out_of_order());
        }
        self.replace(aor, Vec::new());
        Ok(bindings.into_iter().map(BindingChange::Unbound).collect())
    }

    fn bind(
        &self,
        now: Duration,
        bindings: &mut Vec<Binding>,
        contact: &NameAddr,
        expires: Option<u32>,
        asked: &Asked,
        changes: &mut Vec<BindingChange>,
    ) -> Result<(), Refused> {
        if !contact.uri.is_sip() {
            return Err(bad_request());
        }
        let seconds = contact.expires().or(expires).unwrap_or(self.config.default_expires_s);
        if seconds > 0 && seconds < self.config.min_expires_s.min(3600) {
            let least = (HeaderName::MinExpires, self.config.min_expires_s.to_string());
            return Err((StatusCode::INTERVAL_TOO_BRIEF, vec![least]));
        }
        let seconds = seconds.min(self.config.max_expires_s);
        let binding = asked.binding(contact, now + Duration::from_secs(seconds.into()));
        let at = bindings.iter().position(|old| old.same_place(&binding));
        if at.is_some_and(|at| asked.is_stale_for(&bindings[at])) {
            return Err(out_of_order());
        }
        match (at, seconds) {
            (Some(at), 0) => changes.push(BindingChange::Unbound(bindings.remove(at))),
            (None, 0) => {}
            (Some(at), _) => {
                bindings[at] = binding.clone();
                changes.push(BindingChange::Bound(binding));
            }
            (None, _) => {
                bindings.push(binding.clone());
                changes.push(BindingChange::Bound(binding));
            }
        }
        Ok(())
    }

    /// Keeps to the limit by dropping what would end first; the newest stays.
    fn trim(&self, bindings: &mut Vec<Binding>) -> Vec<Binding> {
        let mut dropped = Vec::new();
        while bindings.len() > self.config.bindings_per_aor.max(1) {
            let older = &bindings[..bindings.len() - 1];
            let first = older.iter().enumerate().min_by_key(|(_, binding)| binding.expires_at);
            let Some((at, _)) = first else { break };
            dropped.push(bindings.remove(at));
        }
        dropped
    }

    fn drop_expired(&mut self, now: Duration, aor: &str) -> Vec<Binding> {
        let Some(bindings) = self.aors.get(aor) else {
            return Vec::new();
        };
        if bindings.iter().all(|binding| binding.expires_at > now) {
            return Vec::new();
        }
        let (kept, ended): (Vec<_>, Vec<_>) =
            bindings.iter().cloned().partition(|binding| binding.expires_at > now);
        self.replace(aor, kept);
        ended
    }

    fn replace(&mut self, aor: &str, bindings: Vec<Binding>) {
        let first = |bindings: &[Binding]| bindings.iter().map(|it| it.expires_at).min();
        let old = self.aors.get(aor).and_then(|bindings| first(bindings));
        if let Some(old) = old {
            self.expiries.remove(&(old, aor.into()));
        }
        match first(&bindings) {
            Some(new) => {
                self.expiries.insert((new, aor.into()));
                self.aors.insert(aor.into(), bindings);
            }
            None => {
                self.aors.remove(aor);
            }
        }
    }

    /// Every current binding as a Contact (10.3 step 8).
    fn listing(&self, now: Duration, aor: &str) -> Vec<(HeaderName, String)> {
        self.bindings(now, aor)
            .map(|binding| (HeaderName::Contact, binding.contact_value(now)))
            .collect()
    }
}

type Refused = (StatusCode, Vec<(HeaderName, String)>);

fn bad_request() -> Refused {
    (StatusCode::BAD_REQUEST, Vec::new())
}

/// 10.3 step 7: an older request must not undo a newer one.
fn out_of_order() -> Refused {
    (StatusCode::SERVER_INTERNAL_ERROR, Vec::new())
}
