//! REGISTER: the challenge, the check that a user binds his own address of record and no other's,
//! the registrar, and what follows from a change: who can be rung, what is kept for the next
//! start.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use model::Now;
use model::directory::Directory;
use sip::auth::{Algorithm, Ha1, Side, Verdict};
use sip::flow::Flow;
use sip::message::{HeaderName, Request};
use sip::registrar::{Binding, Registrar};
use sip::user_agent_core::{ExtraHeader, ServerRequestId};

use crate::config::RegistrarConfig;
use crate::legs::devices;
use crate::port::{Effect, Location};
use crate::switch::Switch;

/// A request without good credentials: the answer it gets.
pub(crate) struct Unverified {
    pub(crate) status: u16,
    pub(crate) headers: Vec<ExtraHeader>,
}

/// The registrar that the configuration asks for.
pub(crate) fn registrar(config: &RegistrarConfig) -> Registrar {
    Registrar::new(sip::registrar::RegistrarConfig {
        min_expires_s: config.min_expires_s,
        default_expires_s: config.default_expires_s,
        max_expires_s: config.max_expires_s,
        bindings_per_aor: config.bindings_per_aor,
        ..Default::default()
    })
}

impl Switch {
    /// The user who signed a request, or the challenge that it gets.
    pub(crate) fn verify(
        &mut self,
        now: Duration,
        request: &Request,
    ) -> Result<String, Unverified> {
        let directory = self.directory.clone();
        let lookup = |name: &str, algorithm: Algorithm| {
            let user = directory.user_by_sip_username(name)?;
            let hash = match algorithm {
                Algorithm::Md5 => user.ha1_md5.as_deref(),
                Algorithm::Sha256 => user.ha1_sha256.as_deref(),
                Algorithm::Md5Sess
                | Algorithm::Sha256Sess
                | Algorithm::Sha512Truncated
                | Algorithm::Sha512TruncatedSess => None,
            };
            hash.and_then(|hex| Ha1::from_hex(algorithm, hex))
        };
        let verdict = self.authenticator.verify_request(now, request, Side::UserAgent, lookup);
        let stale = match verdict {
            Verdict::Ok { user } => return Ok(user),
            Verdict::Malformed => {
                self.counters.auth_malformed += 1;
                return Err(Unverified { status: 400, headers: Vec::new() });
            }
            Verdict::Missing => false,
            Verdict::Wrong => {
                self.counters.auth_wrong += 1;
                false
            }
            Verdict::Stale => true,
            Verdict::Replay => {
                self.counters.auth_replayed += 1;
                true
            }
        };
        let challenges = self.authenticator.challenge(now, stale);
        let headers = challenges
            .iter()
            .map(|challenge| (HeaderName::WwwAuthenticate, challenge.to_string()))
            .collect();
        Err(Unverified { status: 401, headers })
    }

    pub(crate) fn register(
        &mut self,
        now: Now,
        id: ServerRequestId,
        flow: Flow,
        request: &Request,
        effects: &mut Vec<Effect>,
    ) {
        let (status, headers) = match self.verify(now.mono, request) {
            Err(Unverified { status, headers }) => (status, headers),
            Ok(user) => self.bind(now, flow, request, &user, effects),
        };
        self.counters.count_register(status);
        self.ua.respond(now.mono, id, status, &headers, None, &mut self.ua_out);
    }

    fn bind(
        &mut self,
        now: Now,
        flow: Flow,
        request: &Request,
        user: &str,
        effects: &mut Vec<Effect>,
    ) -> (u16, Vec<ExtraHeader>) {
        let aor = match request.headers().to() {
            Ok(to) if to.uri.is_sip() => to.uri.user_unescaped().map(|name| name.into_owned()),
            Ok(_) | Err(_) => return (400, Vec::new()),
        };
        let Some(aor) = aor else {
            return (404, Vec::new());
        };
        if aor != user {
            return (403, Vec::new());
        }
        let outcome = self.registrar.register(now.mono, &aor, request, flow);
        if !outcome.changes.is_empty() {
            self.location_changed(now, &aor, effects);
        }
        (outcome.status.code(), outcome.headers)
    }

    /// Bindings whose time has come.
    pub(crate) fn expire_bindings(&mut self, now: Now, effects: &mut Vec<Effect>) {
        let gone = self.registrar.expire(now.mono);
        self.bindings_gone(now, gone, effects);
    }

    /// Bindings that were registered over a connection which is closed: nobody can be rung there.
    pub(crate) fn drop_bindings_of(&mut self, now: Now, flow: Flow, effects: &mut Vec<Effect>) {
        let gone = self.registrar.flow_closed(flow);
        self.bindings_gone(now, gone, effects);
    }

    fn bindings_gone(&mut self, now: Now, gone: Vec<(String, Binding)>, effects: &mut Vec<Effect>) {
        let aors: BTreeSet<String> = gone.into_iter().map(|(aor, _)| aor).collect();
        for aor in aors {
            self.location_changed(now, &aor, effects);
        }
    }

    /// Registrations that outlived a restart, those over UDP: a connection did not.
    pub(crate) fn restore_locations(&mut self, now: Now, locations: Vec<Location>) {
        for Location { aor, bindings } in locations {
            for (binding, until) in bindings {
                let Ok(left_ms) = u64::try_from(until.0 - now.wall.0) else {
                    continue;
                };
                let expires_at = now.mono + Duration::from_millis(left_ms);
                if !binding.flow.transport.reliable() {
                    self.registrar.restore(&aor, Binding { expires_at, ..binding });
                }
            }
            self.set_reachable(now, &aor);
        }
    }

    fn location_changed(&mut self, now: Now, aor: &str, effects: &mut Vec<Effect>) {
        self.set_reachable(now, aor);
        let wall_of =
            |binding: &Binding| now.wall.plus(binding.expires_at.saturating_sub(now.mono));
        let bindings = self.registrar.bindings(now.mono, aor);
        let bindings = bindings.map(|binding| (binding.clone(), wall_of(binding))).collect();
        effects.push(Effect::Location(Location { aor: Arc::from(aor), bindings }));
    }

    /// Tells the floor whether a user can be rung. Who wants to be rung by groups on one device
    /// only can be rung while another one is registered, but not by groups.
    fn set_reachable(&mut self, now: Now, aor: &str) {
        let Some(user) = self.directory.user_by_sip_username(aor) else {
            return;
        };
        let registered = self.registrar.bindings(now.mono, aor).next().is_some();
        let offered = devices::can_be_offered(user, self.registrar.bindings(now.mono, aor));
        if offered || !registered || !self.floor.is_registered(&user.id) {
            self.floor.set_registered(&user.id, registered, now);
        }
        if registered && !offered {
            self.floor.set_unreachable(&user.id, now);
        }
    }

    /// A new directory may have given a registered name to somebody else. Of whom that changes
    /// nothing the floor is told nothing: agents stay as they are.
    pub(crate) fn reread_directory(&mut self, now: Now, directory: Arc<Directory>) {
        let before = std::mem::replace(&mut self.directory, directory);
        self.floor.set_people(&self.directory, &self.config.agents, now);
        let aors: BTreeSet<String> = self.registrar.all().map(|(aor, _)| aor.to_owned()).collect();
        let of = |aor: &String| self.directory.user_by_sip_username(aor).map(|user| &user.id);
        let registered: BTreeSet<_> = aors.iter().filter_map(of).collect();
        for user in before.users().chain(self.directory.users()) {
            let is = registered.contains(&user.id);
            if self.floor.is_registered(&user.id) != is {
                self.floor.set_registered(&user.id, is, now);
            }
        }
        let directory = self.directory.clone();
        for aor in &aors {
            // Who has named another device for groups.
            let offered = |of: &Directory| {
                let user = of.user_by_sip_username(aor)?;
                let bindings = self.registrar.bindings(now.mono, aor);
                Some((user.id.clone(), devices::can_be_offered(user, bindings)))
            };
            if let Some((user, is)) = offered(&directory)
                && offered(&before) != Some((user.clone(), is))
            {
                match is {
                    true => self.floor.set_registered(&user, true, now),
                    false => self.floor.set_unreachable(&user, now),
                }
            }
        }
        self.reread_subscriptions(now);
    }
}
