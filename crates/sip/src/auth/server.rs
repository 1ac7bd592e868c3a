//! The asking side (RFC 3261 section 22.1, RFC 7616 section 3.3).
//!
//! A nonce is its time of birth, a number, and a keyed hash over both: no state until someone
//! has used it rightly. From then on its uses must count up, in a table of limited size; a nonce
//! that fell out of the table is stale, never fresh again.

use std::collections::BTreeMap;
use std::time::Duration;

use super::digest::{self, Algorithm, Ha1, Inputs};
use super::header::{Authorization, Challenge};
use crate::message::{HeaderName, Request, Uri};

/// Which pair of headers and which status: 401 as the user agent, 407 as the proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// 401, WWW-Authenticate, Authorization.
    UserAgent,
    /// 407, Proxy-Authenticate, Proxy-Authorization.
    Proxy,
}

impl Side {
    /// The header of the challenge.
    pub const fn challenge_header(self) -> HeaderName {
        match self {
            Self::UserAgent => HeaderName::WwwAuthenticate,
            Self::Proxy => HeaderName::ProxyAuthenticate,
        }
    }

    /// The header of the answer.
    pub const fn answer_header(self) -> HeaderName {
        match self {
            Self::UserAgent => HeaderName::Authorization,
            Self::Proxy => HeaderName::ProxyAuthorization,
        }
    }
}

/// How an [`Authenticator`] is set up.
#[derive(Clone, Debug)]
pub struct AuthenticatorConfig {
    /// The realm.
    pub realm: String,
    /// How long a nonce is good.
    pub nonce_lifetime: Duration,
    /// How many used nonces are remembered.
    pub nonces_max: usize,
    /// The algorithms challenged with, most wanted first: MD5 and SHA-256 in either order.
    pub algorithms: [Algorithm; 2],
    /// Hosts that mean this server. Credentials whose `uri` names one of them without a user are
    /// taken as meant for the request they came in: many test tools and some phones sign the
    /// server instead of the Request-URI.
    pub own_hosts: Vec<String>,
}

impl AuthenticatorConfig {
    /// Five minutes, 65,536 nonces, SHA-256 before MD5 (RFC 8760 section 2.4), exact URIs.
    pub fn new(realm: impl Into<String>) -> Self {
        Self {
            realm: realm.into(),
            nonce_lifetime: Duration::from_secs(300),
            nonces_max: 65_536,
            algorithms: [Algorithm::Sha256, Algorithm::Md5],
            own_hosts: Vec::new(),
        }
    }
}

/// What is to be thought of a request's credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The sender is this user. Whether the user may do this is another question (403).
    Ok {
        /// The user name.
        user: String,
    },
    /// None for our realm: challenge.
    Missing,
    /// Right, but with a nonce too old or not ours: challenge with `stale=true`.
    Stale,
    /// Right, but this use of the nonce was seen before: challenge with `stale=true`.
    Replay,
    /// Unknown user or wrong password, not told apart: challenge.
    Wrong,
    /// Without `qop`, `nc` or `cnonce`, or for another URI: 400 (RFC 7616 section 3.4.6).
    Malformed,
}

/// Challenges and verifies for one realm.
#[derive(Debug)]
pub struct Authenticator {
    config: AuthenticatorConfig,
    key: [u8; 32],
    issued: u64,
    /// By nonce number: the last `nc`, and when the nonce was born.
    used: BTreeMap<u64, (u32, Duration)>,
    /// Nonces up to this number that are not in `used` are stale.
    forgotten: u64,
}

/// Time in milliseconds and number, 16 hexadecimal digits each, then half a keyed hash.
const NONCE_LEN: usize = 64;

impl Authenticator {
    /// `key` is secret, random, and best new at each start.
    pub const fn new(config: AuthenticatorConfig, key: [u8; 32]) -> Self {
        Self { config, key, issued: 0, used: BTreeMap::new(), forgotten: 0 }
    }

    /// The realm.
    pub fn realm(&self) -> &str {
        &self.config.realm
    }

    /// The values of the challenge headers, in the configured order. Each call makes a new nonce.
    pub fn challenge(&mut self, now: Duration, stale: bool) -> [Challenge; 2] {
        self.issued += 1;
        let nonce = self.nonce(now, self.issued);
        self.config.algorithms.map(|algorithm| Challenge {
            realm: self.config.realm.clone(),
            nonce: nonce.clone(),
            algorithm,
            qop_auth: true,
            opaque: None,
            stale,
        })
    }

    /// Verifies a request. `lookup` gives the A1 hash of a user for MD5 or SHA-256. ACK and
    /// CANCEL cannot be challenged: they are not to be asked about (RFC 3261 section 22.1).
    pub fn verify_request(
        &mut self,
        now: Duration,
        request: &Request,
        side: Side,
        lookup: impl Fn(&str, Algorithm) -> Option<Ha1>,
    ) -> Verdict {
        let name = side.answer_header();
        let ours = request
            .headers()
            .authorizations(name)
            .find(|authorization| authorization.realm == self.config.realm);
        match (ours, request.uri()) {
            (Some(authorization), Ok(uri)) => {
                self.verify(now, request.method().as_str(), &uri, &authorization, lookup)
            }
            (None, _) => Verdict::Missing,
            (Some(_), Err(_)) => Verdict::Malformed,
        }
    }

    /// Verifies one set of credentials.
    pub fn verify(
        &mut self,
        now: Duration,
        method: &str,
        request_uri: &Uri,
        authorization: &Authorization,
        lookup: impl Fn(&str, Algorithm) -> Option<Ha1>,
    ) -> Verdict {
        if authorization.realm != self.config.realm {
            return Verdict::Missing;
        }
        let Some((cnonce, nc, count)) = use_count(authorization) else {
            return Verdict::Malformed;
        };
        if !same_target(&authorization.uri, request_uri) && !self.names_us(&authorization.uri) {
            return Verdict::Malformed;
        }
        let algorithm = authorization.algorithm;
        let offered = matches!(algorithm, Algorithm::Md5 | Algorithm::Sha256);
        // The same work is done for a user who exists and for one who does not.
        let decoy = digest::ha1(algorithm, &authorization.username, "", "");
        let known = lookup(&authorization.username, algorithm)
            .filter(|ha1| offered && ha1.algorithm == algorithm);
        let is_known = known.is_some();
        let inputs = Inputs {
            algorithm,
            method,
            uri: &authorization.uri,
            nonce: &authorization.nonce,
            count: Some((cnonce, nc)),
            cnonce,
        };
        let expected = digest::response(&known.unwrap_or(decoy), &inputs);
        let given = authorization.response.to_ascii_lowercase();
        if !(digest::same(&expected, &given) & is_known) {
            return Verdict::Wrong;
        }
        match self.use_nonce(now, &authorization.nonce, count) {
            NonceUse::Fresh => Verdict::Ok { user: authorization.username.clone() },
            NonceUse::Repeated => Verdict::Replay,
            NonceUse::Stale => Verdict::Stale,
        }
    }

    /// Whether a digest `uri` is this server itself, without a user.
    fn names_us(&self, uri: &str) -> bool {
        Uri::parse(uri).is_ok_and(|uri| {
            let host = uri.host.to_string();
            let host = host.trim_start_matches('[').trim_end_matches(']');
            let own = &self.config.own_hosts;
            uri.is_sip()
                && uri.user.is_none()
                && own.iter().any(|own| own.eq_ignore_ascii_case(host))
        })
    }

    /// How many used nonces are remembered.
    pub fn nonces(&self) -> usize {
        self.used.len()
    }

    fn nonce(&self, born: Duration, number: u64) -> String {
        let plain = format!("{:016x}{number:016x}", born.as_millis() as u64);
        let proof = digest::hmac(&self.key, &[plain.as_bytes(), self.config.realm.as_bytes()]);
        format!("{plain}{}", &proof[..NONCE_LEN - plain.len()])
    }

    /// Reads a nonce of ours: when it was born and its number.
    fn read_nonce(&self, nonce: &str) -> Option<(Duration, u64)> {
        if nonce.len() != NONCE_LEN || !nonce.is_ascii() {
            return None;
        }
        let born = Duration::from_millis(u64::from_str_radix(&nonce[..16], 16).ok()?);
        let number = u64::from_str_radix(&nonce[16..32], 16).ok()?;
        digest::same(&self.nonce(born, number), nonce).then_some((born, number))
    }

    fn use_nonce(&mut self, now: Duration, nonce: &str, count: u32) -> NonceUse {
        let Some((born, number)) = self.read_nonce(nonce) else {
            return NonceUse::Stale;
        };
        if now.saturating_sub(born) > self.config.nonce_lifetime {
            return NonceUse::Stale;
        }
        if let Some((last, _)) = self.used.get_mut(&number) {
            if count <= *last {
                return NonceUse::Repeated;
            }
            *last = count;
            return NonceUse::Fresh;
        }
        if number <= self.forgotten || self.config.nonces_max == 0 {
            return NonceUse::Stale;
        }
        self.used.insert(number, (count, born));
        self.forget(now);
        NonceUse::Fresh
    }

    /// Drops the oldest nonces while they are expired or too many; numbers rise with time.
    fn forget(&mut self, now: Duration) {
        while let Some(entry) = self.used.first_entry() {
            let expired = now.saturating_sub(entry.get().1) > self.config.nonce_lifetime;
            let number = *entry.key();
            if !expired && self.used.len() <= self.config.nonces_max {
                break;
            }
            self.used.remove(&number);
            self.forgotten = self.forgotten.max(number);
        }
    }
}

enum NonceUse {
    Fresh,
    Repeated,
    Stale,
}

/// `cnonce`, `nc` as written, and its number; `None` where one is missing or zero.
fn use_count(authorization: &Authorization) -> Option<(&str, &str, u32)> {
    let nc = authorization.nc.as_deref()?;
    let legal = nc.len() == 8 && nc.bytes().all(|byte| byte.is_ascii_hexdigit());
    let count = u32::from_str_radix(nc, 16).ok().filter(|count| legal && *count > 0)?;
    let cnonce = authorization.cnonce.as_deref().filter(|cnonce| !cnonce.is_empty())?;
    authorization.qop_auth.then_some((cnonce, nc, count))
}

/// Whether the hashed URI names what the request asks for. Parameters and a port that only one
/// of them has are not compared: phones and the proxies before us add and drop them.
fn same_target(hashed: &str, request_uri: &Uri) -> bool {
    let Ok(hashed) = Uri::parse(hashed) else {
        return false;
    };
    hashed.scheme == request_uri.scheme
        && hashed.user_unescaped() == request_uri.user_unescaped()
        && hashed.host.matches(&request_uri.host)
        && (hashed.port == request_uri.port || hashed.port.is_none() || request_uri.port.is_none())
}
