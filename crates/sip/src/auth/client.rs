//! The answering side: a challenge in, credentials out (RFC 3261 section 22.2).

use std::fmt;

use super::digest::{self, Algorithm, Ha1, Inputs, ha1};
use super::header::{Authorization, Challenge};
use crate::message::Method;

/// What proves who we are.
#[derive(Clone, PartialEq, Eq)]
pub enum Secret {
    /// The password; answers any algorithm.
    Password(String),
    /// The hash of user, realm and password; answers its own algorithm only.
    Ha1(Ha1),
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Password(_) => f.write_str("Password(…)"),
            Self::Ha1(ha1) => ha1.fmt(f),
        }
    }
}

/// A user name, its secret, and the realm it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// The user name.
    pub username: String,
    /// The secret.
    pub secret: Secret,
    /// The only realm that gets an answer; `None` answers any (RFC 3261 section 22.3 leaves
    /// that to the user, and a peer within a dialog may ask on behalf of a foreign realm).
    pub realm: Option<String>,
}

impl Credentials {
    /// Whether these answer this challenge.
    pub fn fit(&self, challenge: &Challenge) -> bool {
        let realm = self.realm.as_ref().is_none_or(|realm| *realm == challenge.realm);
        realm
            && match &self.secret {
                Secret::Password(_) => true,
                Secret::Ha1(ha1) => ha1.algorithm == challenge.algorithm.base(),
            }
    }
}

/// The first challenge these credentials answer: the server's preference decides
/// (RFC 8760 section 2.4).
pub fn choose<'a>(
    challenges: impl IntoIterator<Item = &'a Challenge>,
    credentials: &Credentials,
) -> Option<&'a Challenge> {
    challenges.into_iter().find(|challenge| credentials.fit(challenge))
}

/// Answers a challenge; `None` when the credentials are for another realm or algorithm. `nc`
/// counts the uses of this nonce, from 1.
pub fn answer(
    challenge: &Challenge,
    credentials: &Credentials,
    method: &Method,
    uri: &str,
    cnonce: &str,
    nc: u32,
) -> Option<Authorization> {
    if !credentials.fit(challenge) {
        return None;
    }
    let algorithm = challenge.algorithm;
    let secret = match &credentials.secret {
        Secret::Password(password) => {
            ha1(algorithm, &credentials.username, &challenge.realm, password)
        }
        Secret::Ha1(ha1) => ha1.clone(),
    };
    let nc = format!("{nc:08x}");
    let inputs = Inputs {
        algorithm,
        method: method.as_str(),
        uri,
        nonce: &challenge.nonce,
        count: challenge.qop_auth.then_some((cnonce, nc.as_str())),
        cnonce,
    };
    let response = digest::response(&secret, &inputs);
    let session =
        !matches!(algorithm, Algorithm::Md5 | Algorithm::Sha256 | Algorithm::Sha512Truncated);
    Some(Authorization {
        username: credentials.username.clone(),
        realm: challenge.realm.clone(),
        nonce: challenge.nonce.clone(),
        uri: uri.to_owned(),
        response,
        algorithm,
        qop_auth: challenge.qop_auth,
        cnonce: (challenge.qop_auth || session).then(|| cnonce.to_owned()),
        nc: challenge.qop_auth.then_some(nc),
        opaque: challenge.opaque.clone(),
    })
}
