//! Scanning of header values at byte level: linear white space, quoted strings, lists
//! (RFC 3261 sections 7.3.1 and 25.1). Every function is total and linear in its input.

use std::borrow::Cow;

/// White space, with the line ends that folding leaves in a raw value.
pub(crate) const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// Cuts white space on both sides.
pub(crate) fn trim(mut bytes: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = bytes
        && is_space(*first)
    {
        bytes = rest;
    }
    while let [rest @ .., last] = bytes
        && is_space(*last)
    {
        bytes = rest;
    }
    bytes
}

/// The length of the quoted string that `bytes` starts with, quotes included; `None` when it is
/// not closed.
pub(crate) fn quoted_len(bytes: &[u8]) -> Option<usize> {
    let mut at = 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return Some(at + 1),
            _ => at += 1,
        }
    }
    None
}

/// Where `wanted` stands outside quoted strings and angle brackets.
pub(crate) fn find_outside(bytes: &[u8], wanted: u8) -> Option<usize> {
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        if byte == wanted {
            return Some(at);
        }
        match byte {
            b'"' => at += quoted_len(&bytes[at..])?,
            b'<' => at += memchr::memchr(b'>', &bytes[at..])? + 1,
            _ => at += 1,
        }
    }
    None
}

/// The parts of a list, trimmed; an empty list has one empty part.
pub(crate) fn split(bytes: &[u8], separator: u8) -> Split<'_> {
    Split { rest: Some(bytes), separator }
}

/// The iterator behind [`split`].
#[derive(Clone, Debug)]
pub(crate) struct Split<'a> {
    rest: Option<&'a [u8]>,
    separator: u8,
}

impl<'a> Iterator for Split<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = self.rest?;
        match find_outside(rest, self.separator) {
            Some(at) => {
                self.rest = Some(&rest[at + 1..]);
                Some(trim(&rest[..at]))
            }
            None => {
                self.rest = None;
                Some(trim(rest))
            }
        }
    }
}

/// The inside of a quoted string with its backslashes resolved; other text comes back as it is.
/// Bytes that are no UTF-8 become U+FFFD.
pub(crate) fn unquote(bytes: &[u8]) -> Cow<'_, str> {
    let [b'"', inner @ .., b'"'] = bytes else {
        return text(bytes);
    };
    if memchr::memchr(b'\\', inner).is_none() {
        return text(inner);
    }
    let mut plain = Vec::with_capacity(inner.len());
    let mut bytes = inner.iter();
    while let Some(&byte) = bytes.next() {
        plain.extend(if byte == b'\\' { bytes.next().copied() } else { Some(byte) });
    }
    Cow::Owned(String::from_utf8_lossy(&plain).into_owned())
}

/// Bytes as text, with U+FFFD for what is no UTF-8. Nearly all bytes are, and to find that out is
/// cheaper than to look for what is not.
pub(crate) fn text(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(bytes),
    }
}

/// Reads a decimal number that fills the whole (trimmed) value. Larger ones give `None`.
pub(crate) fn number<N: TryFrom<u64>>(bytes: &[u8]) -> Option<N> {
    let bytes = trim(bytes);
    if bytes.is_empty() {
        return None;
    }
    let mut number: u64 = 0;
    for byte in bytes {
        if !byte.is_ascii_digit() {
            return None;
        }
        number = number.checked_mul(10)?.checked_add(u64::from(byte - b'0'))?;
    }
    N::try_from(number).ok()
}

/// Reads a delta-seconds; one beyond 2³²−1 becomes `large` (RFC 4475 section 3.1.2.4).
pub(crate) fn seconds(bytes: &[u8], large: u32) -> Option<u32> {
    let bytes = trim(bytes);
    if bytes.is_empty() || !bytes.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(number(bytes).unwrap_or(large))
}

/// A value on one line: each fold becomes one space (RFC 3261 section 7.3.1).
pub(crate) fn unfold(value: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr2(b'\r', b'\n', value).is_none() {
        return Cow::Borrowed(value);
    }
    let mut flat = Vec::with_capacity(value.len());
    let mut rest = value;
    while let Some(at) = memchr::memchr2(b'\r', b'\n', rest) {
        let (before, after) = rest.split_at(at);
        flat.extend_from_slice(before);
        let blank = after.iter().take_while(|byte| is_space(**byte)).count();
        flat.push(b' ');
        rest = &after[blank..];
    }
    flat.extend_from_slice(rest);
    Cow::Owned(flat)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> Vec<&str> {
        split(text.as_bytes(), b',').map(|part| std::str::from_utf8(part).unwrap()).collect()
    }

    #[test]
    fn commas_within_quotes_and_brackets_do_not_split() {
        assert_eq!(parts(r#""a, \", b" <sip:a,b@c>, d"#), [r#""a, \", b" <sip:a,b@c>"#, "d"]);
        assert_eq!(parts(""), [""]);
        assert_eq!(parts("a,,b"), ["a", "", "b"]);
        assert_eq!(parts(r#""open, b"#), [r#""open, b"#]);
    }

    #[test]
    fn quotes_resolve() {
        assert_eq!(unquote(br#""a \"b\" \\""#), r#"a "b" \"#);
        assert_eq!(unquote(b"plain"), "plain");
        assert_eq!(unquote(b"\"caf\xe9\""), "caf\u{fffd}");
    }

    #[test]
    fn folds_become_one_space() {
        assert_eq!(unfold(b"a\r\n\t b\n c").as_ref(), b"a b c");
    }
}
