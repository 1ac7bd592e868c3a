//! Parameters `;name=value` of URIs and header values (RFC 3261 section 25.1). Kept as one text
//! without white space, in order, with values as received (quotes and escapes included).

use std::borrow::Cow;
use std::fmt;

use super::scan;

/// The most parameters one list may have.
const MAX_PARAMS: usize = 64;

/// A list of parameters; names are compared without regard to case.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Params {
    text: String,
}

impl Params {
    /// No parameter.
    pub const fn new() -> Self {
        Self { text: String::new() }
    }

    /// Reads `;a=b;c`, white space around `;` and `=` allowed. `None` when a name is empty, a
    /// value has white space or an open quote, `bytes` starts with something else than `;`, or
    /// there are more than 64.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let bytes = scan::trim(bytes);
        let [b';', list @ ..] = bytes else {
            return bytes.is_empty().then(Self::new);
        };
        if is_plain(list)
            && let Ok(text) = std::str::from_utf8(bytes)
        {
            return Some(Self { text: text.to_owned() });
        }
        let mut text = Vec::with_capacity(bytes.len());
        for (at, part) in scan::split(list, b';').enumerate() {
            if at == MAX_PARAMS {
                return None;
            }
            let (name, value) = match memchr::memchr(b'=', part) {
                Some(at) => (scan::trim(&part[..at]), Some(scan::trim(&part[at + 1..]))),
                None => (part, None),
            };
            if name.is_empty() || !name.iter().copied().all(is_name_byte) {
                return None;
            }
            text.push(b';');
            text.extend_from_slice(name);
            if let Some(value) = value {
                if !is_value(value) {
                    return None;
                }
                text.push(b'=');
                text.extend_from_slice(&scan::unfold(value));
            }
        }
        let text = String::from_utf8(text)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
        Some(Self { text })
    }

    /// Whether [`Self::parse`] reads this, without copying it.
    pub(crate) fn is_legal(bytes: &[u8]) -> bool {
        match scan::trim(bytes) {
            [] => true,
            [b';', list @ ..] => is_plain(list) || Self::parse(bytes).is_some(),
            [..] => false,
        }
    }

    /// Whether a list is written as [`Self::parse`] would keep it: ASCII without white space and
    /// quotes.
    pub(crate) fn is_plain_list(bytes: &[u8]) -> bool {
        matches!(bytes, [b';', list @ ..] if is_plain(list))
    }

    /// The value of the first parameter of this name in a list that has not been read; `None` as
    /// well where the list needs reading to tell.
    pub(crate) fn find_plain<'a>(bytes: &'a [u8], name: &str) -> Option<&'a [u8]> {
        let [b';', list @ ..] = scan::trim(bytes) else {
            return None;
        };
        if !is_plain(list) {
            return None;
        }
        list.split(|byte| *byte == b';').find_map(|part| {
            let end = part.iter().position(|byte| *byte == b'=');
            let (found, value) = part.split_at(end.unwrap_or(part.len()));
            found.eq_ignore_ascii_case(name.as_bytes()).then(|| value.get(1..).unwrap_or_default())
        })
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Names and values in order; a value is `None` where there is no `=`.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        let list = self.text.strip_prefix(';').unwrap_or_default();
        let parts = (!list.is_empty()).then(|| split_text(list)).into_iter().flatten();
        parts.map(|part| match part.bytes().position(|byte| byte == b'=') {
            // `=` is ASCII, so both cuts are at character boundaries.
            Some(at) => (&part[..at], Some(&part[at + 1..])),
            None => (part, None),
        })
    }

    /// The value of the first parameter of this name as received, empty for one without value.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter()
            .find(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.unwrap_or_default())
    }

    /// Like [`Self::get`], with the quotes of a quoted string resolved.
    pub fn unquoted(&self, name: &str) -> Option<Cow<'_, str>> {
        self.get(name).map(|value| scan::unquote(value.as_bytes()))
    }

    /// Whether there is a parameter of this name, with or without value.
    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Adds a parameter, or replaces the value of the one that has this name. A value that is
    /// neither a token nor a host is quoted.
    pub fn set(&mut self, name: &str, value: Option<&str>) {
        match value {
            Some(value) if !is_value(value.as_bytes()) => self.put(name, Some(&quote(value))),
            plain => self.put(name, plain),
        }
    }

    /// Like [`Self::set`] for values that are always quoted.
    pub(crate) fn set_quoted(&mut self, name: &str, value: &str) {
        self.put(name, Some(&quote(value)));
    }

    fn put(&mut self, name: &str, value: Option<&str>) {
        let mut text = String::with_capacity(self.text.len() + name.len() + 16);
        let mut done = false;
        for (found, old) in self.iter() {
            if !found.eq_ignore_ascii_case(name) {
                push(&mut text, found, old);
            } else if !done {
                push(&mut text, name, value);
                done = true;
            }
        }
        if !done {
            push(&mut text, name, value);
        }
        self.text = text;
    }

    /// Adds or replaces, for building in one expression.
    #[must_use]
    pub fn with(mut self, name: &str, value: Option<&str>) -> Self {
        self.set(name, value);
        self
    }

    /// Takes away every parameter of this name.
    pub fn remove(&mut self, name: &str) {
        if self.contains(name) {
            let mut text = String::with_capacity(self.text.len());
            for (found, value) in self.iter() {
                if !found.eq_ignore_ascii_case(name) {
                    push(&mut text, found, value);
                }
            }
            self.text = text;
        }
    }
}

impl fmt::Display for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn split_text(list: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(list);
    std::iter::from_fn(move || {
        let text = rest?;
        // `;` is ASCII, so both cuts are at character boundaries.
        match scan::find_outside(text.as_bytes(), b';') {
            Some(at) => {
                rest = text.get(at + 1..);
                text.get(..at)
            }
            None => rest.take(),
        }
    })
}

fn push(text: &mut String, name: &str, value: Option<&str>) {
    text.push(';');
    text.push_str(name);
    if let Some(value) = value {
        text.push('=');
        text.push_str(value);
    }
}

fn quote(value: &str) -> String {
    let mut quoted = String::with_capacity(value.len() + 2);
    quoted.push('"');
    for c in value.chars() {
        if matches!(c, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(if c.is_control() { ' ' } else { c });
    }
    quoted.push('"');
    quoted
}

/// Whether a list is written as it would be kept: ASCII without white space and quotes.
fn is_plain(list: &[u8]) -> bool {
    #[derive(Clone, Copy, PartialEq)]
    enum At {
        Start,
        Name,
        Value,
    }
    let (mut at, mut count) = (At::Start, 1);
    for &byte in list {
        let class = PLAIN[usize::from(byte)];
        at = match (at, byte) {
            (At::Name | At::Value, b';') => {
                count += 1;
                At::Start
            }
            (At::Name, b'=') => At::Value,
            (At::Start | At::Name, _) if class & PLAIN_NAME != 0 => At::Name,
            (At::Value, _) if class & PLAIN_VALUE != 0 => At::Value,
            (At::Start | At::Name | At::Value, _) => return false,
        };
    }
    at != At::Start && count <= MAX_PARAMS
}

const PLAIN_NAME: u8 = 1;
const PLAIN_VALUE: u8 = 2;

/// What an ASCII byte may be part of.
static PLAIN: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte: u8 = 0;
    while byte < 0x80 {
        let name = if is_name_byte(byte) { PLAIN_NAME } else { 0 };
        let value = if is_value_byte(byte) { PLAIN_VALUE } else { 0 };
        table[byte as usize] = name | value;
        byte += 1;
    }
    table
};

const fn is_name_byte(byte: u8) -> bool {
    // URI parameters allow `[ ] / : & + $` beside the characters of a token.
    byte >= 0x80
        || crate::message::method::is_token_byte(byte)
        || matches!(byte, b'[' | b']' | b'/' | b':' | b'&' | b'$' | b'(' | b')')
}

fn is_value(value: &[u8]) -> bool {
    match value {
        [b'"', ..] => scan::quoted_len(value) == Some(value.len()),
        plain => plain.iter().copied().all(is_value_byte),
    }
}

const fn is_value_byte(byte: u8) -> bool {
    byte >= 0x80 || byte.is_ascii_graphic() && !matches!(byte, b'"' | b';' | b',' | b'<' | b'>')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_goes_and_order_stays() {
        let params = Params::parse(b" ;\r\n tag = 98 ; x=\"a;b=\\\"c\" ;lr").unwrap();
        insta::assert_snapshot!(params, @r#";tag=98;x="a;b=\"c";lr"#);
        assert_eq!(params.get("TAG"), Some("98"));
        assert_eq!(params.unquoted("x").as_deref(), Some("a;b=\"c"));
        assert_eq!(params.get("lr"), Some(""));
        assert_eq!(params.get("b"), None);
    }

    #[test]
    fn broken_lists_are_refused() {
        for broken in [";", ";;", ";a;", ";=b", ";a=\"b", ";a=b c", "a=b", ";a b", ";a=b,c"] {
            assert_eq!(Params::parse(broken.as_bytes()), None, "{broken}");
            assert!(!Params::is_legal(broken.as_bytes()), "{broken}");
        }
        for good in ["", ";a", ";a=", ";a=b=c;d", "; a = b", ";a=\"b;\""] {
            assert!(Params::is_legal(good.as_bytes()), "{good}");
            assert!(Params::parse(good.as_bytes()).is_some(), "{good}");
        }
        let list = |count: usize| ";a".repeat(count);
        assert!(Params::is_legal(list(MAX_PARAMS).as_bytes()));
        assert!(!Params::is_legal(list(MAX_PARAMS + 1).as_bytes()));
        assert_eq!(Params::parse(list(MAX_PARAMS + 1).as_bytes()), None);
    }

    #[test]
    fn a_plain_list_is_looked_into_as_it_stands() {
        let find = |name| Params::find_plain(b";rport;Branch=z9=1;lr=", name);
        assert_eq!(find("branch"), Some(&b"z9=1"[..]));
        assert_eq!(find("rport"), Some(&b""[..]));
        assert_eq!(find("lr"), Some(&b""[..]));
        assert_eq!(find("received"), None);
        assert_eq!(Params::find_plain(b"; branch = a", "branch"), None);
    }

    #[test]
    fn setting_replaces_in_place_and_quotes_what_needs_it() {
        let mut params = Params::parse(b";rport;branch=z9hG4bK1").unwrap();
        params.set("rport", Some("5062"));
        params.set("text", Some("Call \"x\""));
        params.remove("Branch");
        insta::assert_snapshot!(params, @r#";rport=5062;text="Call \"x\"""#);
    }
}
