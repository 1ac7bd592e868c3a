//! Keys: how a new one is made, and that only its SHA-256 is kept.

use std::fmt;

use model::Millis;
use sha2::{Digest as _, Sha256};

use super::same;

/// The hash of the administrator's key.
#[derive(Clone)]
pub struct AdminKey([u8; 32]);

impl AdminKey {
    /// Of a key, without white space around it; `None`: it is shorter than 16 characters and could
    /// be guessed, or has others than the visible ones of ASCII and could not be sent.
    pub fn new(key: &str) -> Option<Self> {
        let key = key.trim();
        let can_be_sent = key.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
        (key.len() >= 16 && can_be_sent).then(|| Self(hash(key)))
    }

    pub(super) fn is(&self, sent: &str) -> bool {
        same(&self.0, &hash(sent))
    }
}

impl fmt::Debug for AdminKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AdminKey(…)")
    }
}

/// A key that has just been made: the only moment at which it is known. `tdm_`, then 64 digits of
/// base 16.
pub struct NewKey {
    text: String,
}

impl NewKey {
    /// 256 bits of the operating system's randomness; `None`: it has none to give.
    pub fn random() -> Option<Self> {
        Some(Self { text: format!("tdm_{}", hex(&random::<32>()?)) })
    }

    /// What is to be sent as `Authorization: Bearer`.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What is kept: its SHA-256, in lower case of base 16.
    pub fn sha256(&self) -> String {
        hex_hash(&self.text)
    }
}

impl fmt::Debug for NewKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewKey(…)")
    }
}

/// The longest name of a key, characters.
const LONGEST_NAME: usize = 64;

/// What a key is for, as it is kept: one line of 1 to 64 characters; otherwise what is wrong.
///
/// # Errors
/// What is wrong with it, to be said after its name.
pub fn key_name(text: &str) -> Result<&str, String> {
    let name = text.trim();
    if name.is_empty() || name.chars().any(char::is_control) {
        return Err("is not one line of text".to_owned());
    }
    if name.chars().count() > LONGEST_NAME {
        return Err(format!("is longer than {LONGEST_NAME} characters"));
    }
    Ok(name)
}

/// A new id of a key: a UUIDv7; `None`: the operating system has no randomness to give.
pub fn new_id(now: Millis) -> Option<String> {
    let millis = u64::try_from(now.0).unwrap_or(0);
    let id = uuid::Builder::from_unix_timestamp_millis(millis, &random()?).into_uuid();
    Some(id.hyphenated().to_string())
}

fn random<const BYTES: usize>() -> Option<[u8; BYTES]> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes).ok()?;
    Some(bytes)
}

fn hash(bytes: impl AsRef<[u8]>) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// SHA-256 in lower case of base 16.
pub(crate) fn hex_hash(bytes: impl AsRef<[u8]>) -> String {
    hex(&hash(bytes))
}

fn hex(bytes: &[u8]) -> String {
    use fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_key_is_the_key_and_a_short_one_is_none() {
        let key = AdminKey::new("correct horse battery").expect("long enough");
        assert!(key.is("correct horse battery"));
        assert!(!key.is("correct horse batterz") && !key.is(""));
        assert!(AdminKey::new("short").is_none());
        assert!(AdminKey::new("   short           ").is_none());
        assert!(AdminKey::new("correct horse batterÿ").is_none());
        // As a file of the environment ends.
        assert!(
            AdminKey::new("correct horse battery\n").expect("a key").is("correct horse battery")
        );
        assert_eq!(format!("{key:?}"), "AdminKey(…)");
    }

    #[test]
    fn a_key_is_named_by_one_line() {
        assert_eq!(key_name(" desk of Ana "), Ok("desk of Ana"));
        for name in ["", " ", "two\nlines", "\u{1b}[2J", &"long ".repeat(20)] {
            assert!(key_name(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn a_new_key_is_long_unlike_any_other_and_its_hash_is_what_is_compared() {
        let (one, other) = (NewKey::random().expect("bits"), NewKey::random().expect("bits"));
        assert!(one.text().starts_with("tdm_") && one.text().len() == 68, "{}", one.text());
        assert_ne!(one.text(), other.text());
        assert_eq!(one.sha256(), hex_hash(one.text()));
        assert_eq!(format!("{one:?}"), "NewKey(…)");
        // RFC 6234's "abc".
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(hex_hash("abc"), abc);
    }
}
