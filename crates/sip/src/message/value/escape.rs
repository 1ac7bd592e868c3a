//! Escapes of URIs, `%HH` (RFC 3261 sections 19.1.2 and 19.1.4). Resolved once, never twice.

use std::borrow::Cow;
use std::fmt::Write as _;

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'-' | b'_' | b'.' | b'!' | b'~' | b'*' | b'\'' | b'(' | b')')
}

/// Escapes what a user part may not have as it is.
pub(super) fn escape_user(text: &str) -> String {
    escape(text, |byte| {
        is_unreserved(byte) || matches!(byte, b'&' | b'=' | b'+' | b'$' | b',' | b';' | b'?' | b'/')
    })
}

/// Escapes what the value of a header within a URI may not have as it is.
pub(super) fn escape_header(text: &str) -> String {
    escape(text, |byte| {
        is_unreserved(byte) || matches!(byte, b'[' | b']' | b'/' | b'?' | b':' | b'+' | b'$')
    })
}

fn escape(text: &str, keep: impl Fn(u8) -> bool) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if keep(byte) {
            escaped.push(char::from(byte));
        } else {
            // Writing to a String does not fail.
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}

/// The byte that `%HH` at the start of `bytes` stands for.
fn escaped_byte(bytes: &[u8]) -> Option<u8> {
    let [b'%', high, low, ..] = bytes else {
        return None;
    };
    let high = char::from(*high).to_digit(16)?;
    let low = char::from(*low).to_digit(16)?;
    u8::try_from(high * 16 + low).ok()
}

/// Resolves every escape; what only looks like one stays.
pub(super) fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        match escaped_byte(rest) {
            Some(byte) => {
                plain.push(byte);
                rest = &tail[2..];
            }
            None => {
                plain.push(*first);
                rest = tail;
            }
        }
    }
    Cow::Owned(String::from_utf8_lossy(&plain).into_owned())
}

/// Whether two texts are the same once escapes of unreserved characters are resolved.
pub(super) fn same_escaped(a: Option<&str>, b: Option<&str>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => a == b || canonical(a) == canonical(b),
        (a, b) => a == b,
    }
}

/// The text with escapes of unreserved characters resolved and the others in upper case.
pub(super) fn canonical(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        match escaped_byte(rest) {
            Some(byte) => {
                if is_unreserved(byte) {
                    out.push(byte);
                } else {
                    out.extend_from_slice(&rest[..3].to_ascii_uppercase());
                }
                rest = &tail[2..];
            }
            None => {
                out.push(*first);
                rest = tail;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_resolve_once() {
        assert_eq!(unescape("v%61lue%25%34%31"), "value%41");
        assert_eq!(unescape("%"), "%");
        assert_eq!(unescape("%4"), "%4");
        assert_eq!(unescape("%zz%00"), "%zz\0");
        assert_eq!(unescape(&escape_user("a b@c%\u{e9}")), "a b@c%\u{e9}");
        assert_eq!(escape_header("a@b;to-tag=1"), "a%40b%3Bto-tag%3D1");
    }
}
