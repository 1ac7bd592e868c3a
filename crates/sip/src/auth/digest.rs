//! The arithmetic of digest: A1, A2 and the response (RFC 7616 section 3.4).

use std::fmt;

use md5::Md5;
use sha2::{Digest as _, Sha256, Sha512_256};
use subtle::ConstantTimeEq as _;

/// A digest algorithm (RFC 7616 section 6.1, RFC 8760 section 2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Algorithm {
    /// `MD5`, also where no algorithm is named.
    Md5,
    /// `MD5-sess`.
    Md5Sess,
    /// `SHA-256`.
    Sha256,
    /// `SHA-256-sess`.
    Sha256Sess,
    /// `SHA-512-256`.
    Sha512Truncated,
    /// `SHA-512-256-sess`.
    Sha512TruncatedSess,
}

impl Algorithm {
    const ALL: [Self; 6] = [
        Self::Md5,
        Self::Md5Sess,
        Self::Sha256,
        Self::Sha256Sess,
        Self::Sha512Truncated,
        Self::Sha512TruncatedSess,
    ];

    /// The token of the `algorithm` parameter.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Md5Sess => "MD5-sess",
            Self::Sha256 => "SHA-256",
            Self::Sha256Sess => "SHA-256-sess",
            Self::Sha512Truncated => "SHA-512-256",
            Self::Sha512TruncatedSess => "SHA-512-256-sess",
        }
    }

    /// Reads a token, in any case.
    pub fn from_token(token: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str().eq_ignore_ascii_case(token))
    }

    /// The algorithm without `-sess`: the one a stored A1 hash belongs to.
    #[must_use]
    pub const fn base(self) -> Self {
        match self {
            Self::Md5 | Self::Md5Sess => Self::Md5,
            Self::Sha256 | Self::Sha256Sess => Self::Sha256,
            Self::Sha512Truncated | Self::Sha512TruncatedSess => Self::Sha512Truncated,
        }
    }

    /// The hash of these parts with a colon between each two, in lower-case hexadecimal.
    fn hash(self, parts: &[&str]) -> String {
        match self.base() {
            Self::Sha256 | Self::Sha256Sess => hash_with::<Sha256>(parts),
            Self::Sha512Truncated | Self::Sha512TruncatedSess => hash_with::<Sha512_256>(parts),
            Self::Md5 | Self::Md5Sess => hash_with::<Md5>(parts),
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The hash of `user:realm:password`: enough to log in to that realm, so never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Ha1 {
    pub(super) algorithm: Algorithm,
    hex: String,
}

impl Ha1 {
    /// A stored hash in hexadecimal; `None` when its length is not that of the algorithm.
    pub fn from_hex(algorithm: Algorithm, hex: &str) -> Option<Self> {
        let algorithm = algorithm.base();
        let digits = if algorithm == Algorithm::Md5 { 32 } else { 64 };
        let legal = hex.len() == digits && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
        legal.then(|| Self { algorithm, hex: hex.to_ascii_lowercase() })
    }

    /// The hash in hexadecimal, to be stored.
    pub fn hex(&self) -> &str {
        &self.hex
    }
}

impl fmt::Debug for Ha1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ha1({}, …)", self.algorithm)
    }
}

/// The hash of `user:realm:password` (A1 without a session).
pub fn ha1(algorithm: Algorithm, user: &str, realm: &str, password: &str) -> Ha1 {
    Ha1 { algorithm: algorithm.base(), hex: algorithm.hash(&[user, realm, password]) }
}

/// What a response is computed from, beside the secret.
pub(super) struct Inputs<'a> {
    pub(super) algorithm: Algorithm,
    pub(super) method: &'a str,
    pub(super) uri: &'a str,
    pub(super) nonce: &'a str,
    /// `cnonce` and `nc` as written; `None` without `qop` (RFC 2069).
    pub(super) count: Option<(&'a str, &'a str)>,
    /// `cnonce` for `-sess` where there is no `qop`.
    pub(super) cnonce: &'a str,
}

/// The `response` parameter.
pub(super) fn response(ha1: &Ha1, inputs: &Inputs<'_>) -> String {
    let algorithm = inputs.algorithm;
    let session;
    let a1 = if algorithm == algorithm.base() {
        ha1.hex.as_str()
    } else {
        session = algorithm.hash(&[&ha1.hex, inputs.nonce, inputs.cnonce]);
        session.as_str()
    };
    let a2 = algorithm.hash(&[inputs.method, inputs.uri]);
    match inputs.count {
        Some((cnonce, nc)) => algorithm.hash(&[a1, inputs.nonce, nc, cnonce, "auth", &a2]),
        None => algorithm.hash(&[a1, inputs.nonce, &a2]),
    }
}

/// Compares in a time that does not depend on where they differ.
pub(super) fn same(a: &str, b: &str) -> bool {
    a.as_bytes().ct_eq(b.as_bytes()).into()
}

/// HMAC-SHA-256 (RFC 2104) in hexadecimal, of parts whose lengths are fixed by the caller.
pub(super) fn hmac(key: &[u8; 32], parts: &[&[u8]]) -> String {
    let pad = |byte: u8| {
        let mut block = [byte; 64];
        block.iter_mut().zip(key).for_each(|(pad, key)| *pad ^= key);
        block
    };
    let mut inner = Sha256::new_with_prefix(pad(0x36));
    parts.iter().for_each(|part| inner.update(part));
    let outer = Sha256::new_with_prefix(pad(0x5c)).chain_update(inner.finalize());
    hex(&outer.finalize())
}

fn hash_with<D: sha2::Digest>(parts: &[&str]) -> String {
    let mut hasher = D::new();
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            hasher.update(b":");
        }
        hasher.update(part.as_bytes());
    }
    hex(&hasher.finalize())
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}
