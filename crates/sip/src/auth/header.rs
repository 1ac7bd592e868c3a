//! The digest headers: challenges and the answers to them (RFC 3261 sections 20.7, 20.27,
//! 20.28, 20.44; RFC 7616 sections 3.3 and 3.4).

use std::fmt;

use super::digest::Algorithm;
use crate::message::value::scan;
use crate::message::{HeaderName, Headers};

/// The most parameters that are read of one header.
const MAX_PARAMETERS: usize = 32;

/// A digest challenge: WWW-Authenticate or Proxy-Authenticate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// Whose credentials are asked for.
    pub realm: String,
    /// The server's nonce.
    pub nonce: String,
    /// The algorithm.
    pub algorithm: Algorithm,
    /// Whether `qop="auth"` is offered; without any qop the answer is that of RFC 2069.
    pub qop_auth: bool,
    /// To be given back unchanged.
    pub opaque: Option<String>,
    /// The nonce was too old, the credentials were right.
    pub stale: bool,
}

impl Challenge {
    /// Reads a challenge. `None` for other schemes, unknown algorithms, and qop values among
    /// which `auth` is not.
    pub fn parse(value: &[u8]) -> Option<Self> {
        let parameters = Parameters::read(value)?;
        let algorithm = match parameters.find("algorithm") {
            Some(token) => Algorithm::from_token(&token)?,
            None => Algorithm::Md5,
        };
        let qop = parameters.find("qop");
        let qop_auth = qop.as_deref().is_some_and(|list| {
            list.split(',').any(|option| option.trim().eq_ignore_ascii_case("auth"))
        });
        if qop.is_some() && !qop_auth {
            return None;
        }
        Some(Self {
            realm: parameters.find("realm")?,
            nonce: parameters.find("nonce")?,
            algorithm,
            qop_auth,
            opaque: parameters.find("opaque"),
            stale: parameters.find("stale").is_some_and(|text| text.eq_ignore_ascii_case("true")),
        })
    }
}

impl fmt::Display for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest realm={}, nonce={}", Quoted(&self.realm), Quoted(&self.nonce))?;
        if let Some(opaque) = &self.opaque {
            write!(f, ", opaque={}", Quoted(opaque))?;
        }
        if self.stale {
            f.write_str(", stale=true")?;
        }
        write!(f, ", algorithm={}", self.algorithm)?;
        f.write_str(if self.qop_auth { ", qop=\"auth\"" } else { "" })
    }
}

/// Digest credentials: Authorization or Proxy-Authorization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authorization {
    /// Who.
    pub username: String,
    /// Where.
    pub realm: String,
    /// The nonce of the challenge.
    pub nonce: String,
    /// The URI that was hashed.
    pub uri: String,
    /// The proof.
    pub response: String,
    /// The algorithm.
    pub algorithm: Algorithm,
    /// Whether `qop=auth`.
    pub qop_auth: bool,
    /// The client's nonce; with qop only.
    pub cnonce: Option<String>,
    /// How often this nonce has been used, as it is written: eight hexadecimal digits.
    pub nc: Option<String>,
    /// Given back from the challenge.
    pub opaque: Option<String>,
}

impl Authorization {
    /// Reads credentials; `None` for other schemes, unknown algorithms and missing parameters.
    pub fn parse(value: &[u8]) -> Option<Self> {
        let parameters = Parameters::read(value)?;
        let algorithm = match parameters.find("algorithm") {
            Some(token) => Algorithm::from_token(&token)?,
            None => Algorithm::Md5,
        };
        let qop_auth = match parameters.find("qop") {
            Some(token) if token.eq_ignore_ascii_case("auth") => true,
            Some(_) => return None,
            None => false,
        };
        Some(Self {
            username: parameters.find("username")?,
            realm: parameters.find("realm")?,
            nonce: parameters.find("nonce")?,
            uri: parameters.find("uri")?,
            response: parameters.find("response")?,
            algorithm,
            qop_auth,
            cnonce: parameters.find("cnonce"),
            nc: parameters.find("nc"),
            opaque: parameters.find("opaque"),
        })
    }
}

impl fmt::Display for Authorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Digest username={}, realm={}, nonce={}, uri={}, response={}, algorithm={}",
            Quoted(&self.username),
            Quoted(&self.realm),
            Quoted(&self.nonce),
            Quoted(&self.uri),
            Quoted(&self.response),
            self.algorithm,
        )?;
        if let Some(cnonce) = &self.cnonce {
            write!(f, ", cnonce={}", Quoted(cnonce))?;
        }
        if self.qop_auth {
            f.write_str(", qop=auth")?;
        }
        if let Some(nc) = &self.nc {
            write!(f, ", nc={nc}")?;
        }
        match &self.opaque {
            Some(opaque) => write!(f, ", opaque={}", Quoted(opaque)),
            None => Ok(()),
        }
    }
}

impl Headers {
    /// The challenges of this name that can be answered, in order: the server's preference
    /// comes first (RFC 8760 section 2.4).
    pub fn challenges(&self, name: HeaderName) -> impl Iterator<Item = Challenge> {
        self.lines_of(name).filter_map(|line| Challenge::parse(line.value))
    }

    /// The digest credentials of this name in order.
    pub fn authorizations(&self, name: HeaderName) -> impl Iterator<Item = Authorization> {
        self.lines_of(name).filter_map(|line| Authorization::parse(line.value))
    }
}

/// `name=value` pairs after `Digest`, each name once.
struct Parameters(Vec<(String, String)>);

impl Parameters {
    fn read(value: &[u8]) -> Option<Self> {
        let value = scan::trim(value);
        let end = value.iter().position(|byte| scan::is_space(*byte))?;
        if !value[..end].eq_ignore_ascii_case(b"Digest") {
            return None;
        }
        let mut pairs: Vec<(String, String)> = Vec::new();
        for part in scan::split(&value[end..], b',') {
            let at = memchr::memchr(b'=', part)?;
            let name = std::str::from_utf8(scan::trim(&part[..at])).ok()?.to_ascii_lowercase();
            let value = scan::trim(&part[at + 1..]);
            if value.first() == Some(&b'"') && scan::quoted_len(value) != Some(value.len()) {
                return None;
            }
            if pairs.len() == MAX_PARAMETERS || pairs.iter().any(|(found, _)| *found == name) {
                return None;
            }
            pairs.push((name, scan::unquote(value).into_owned()));
        }
        Some(Self(pairs))
    }

    fn find(&self, name: &str) -> Option<String> {
        self.0.iter().find(|(found, _)| found == name).map(|(_, value)| value.clone())
    }
}

struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        for c in self.0.chars() {
            if matches!(c, '"' | '\\') {
                f.write_str("\\")?;
            }
            write!(f, "{c}")?;
        }
        f.write_str("\"")
    }
}
