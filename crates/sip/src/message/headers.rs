//! The header section as an index of byte ranges over the one buffer that holds the message
//! (RFC 3261 section 7.3). Order, spelling and unknown headers stay as they were received.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;

use super::name::{self, HeaderName};
use super::value::scan;

/// Where one header line lies in the buffer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) code: u8,
    pub(super) start: u32,
    pub(super) name_end: u32,
    pub(super) value_start: u32,
    pub(super) value_end: u32,
}

impl Entry {
    /// The same line in a buffer where it starts `offset` bytes later.
    pub(super) const fn moved(mut self, offset: u32) -> Self {
        self.start += offset;
        self.name_end += offset;
        self.value_start += offset;
        self.value_end += offset;
        self
    }
}

/// The headers of a message.
#[derive(Clone, Default)]
pub struct Headers {
    /// The whole message, start line and body included.
    pub(super) buffer: Bytes,
    pub(super) entries: Vec<Entry>,
}

/// One header line.
#[derive(Clone, Copy, Debug)]
pub struct HeaderLine<'a> {
    /// The name, where the table knows it.
    pub name: Option<HeaderName>,
    /// The name as received.
    pub name_bytes: &'a [u8],
    /// The value as received, without the white space around it; folds are still in it.
    pub value: &'a [u8],
}

impl HeaderLine<'_> {
    /// The value on one line, with U+FFFD for what is no UTF-8.
    pub fn text(&self) -> Cow<'_, str> {
        text_of(self.value)
    }

    /// The name: canonical where known, else as received.
    pub fn name_str(&self) -> Cow<'_, str> {
        match self.name {
            Some(name) => Cow::Borrowed(name.as_str()),
            None => String::from_utf8_lossy(self.name_bytes),
        }
    }
}

impl Headers {
    /// Every line in order.
    pub fn lines(&self) -> impl DoubleEndedIterator<Item = HeaderLine<'_>> {
        self.entries.iter().map(|entry| self.line(entry))
    }

    /// The lines of this name in order.
    pub fn lines_of(&self, name: HeaderName) -> impl DoubleEndedIterator<Item = HeaderLine<'_>> {
        self.entries_of(name).map(|entry| self.line(entry))
    }

    /// How many lines have this name.
    pub fn count(&self, name: HeaderName) -> usize {
        self.entries_of(name).count()
    }

    /// Whether there is a line of this name.
    pub fn contains(&self, name: HeaderName) -> bool {
        self.entries_of(name).next().is_some()
    }

    /// The value of the first line of this name, whole, as received (folds and commas included).
    pub fn value(&self, name: HeaderName) -> Option<&[u8]> {
        self.raw_values(name).next()
    }

    /// The value of every line of this name, whole.
    pub(super) fn raw_values(&self, name: HeaderName) -> impl DoubleEndedIterator<Item = &[u8]> {
        self.entries_of(name).map(|entry| self.slice(entry.value_start, entry.value_end))
    }

    /// The value of the first line of this name on one line; U+FFFD for what is no UTF-8.
    pub fn text(&self, name: HeaderName) -> Option<Cow<'_, str>> {
        self.value(name).map(text_of)
    }

    /// Every value of this name over all its lines. Lists are split at their commas; the digest
    /// headers and other non-lists give one value a line. Empty elements are left out, except
    /// those of Via and of the address headers, where they are errors.
    pub fn values(&self, name: HeaderName) -> impl Iterator<Item = &[u8]> {
        let separator = if name.is_list() { b',' } else { b'\n' };
        let keep_empty = !matches!(
            name,
            HeaderName::Accept
                | HeaderName::Allow
                | HeaderName::Supported
                | HeaderName::Require
                | HeaderName::ProxyRequire
                | HeaderName::Unsupported
        );
        self.raw_values(name)
            .flat_map(move |line| {
                let whole = (separator != b',').then_some(line);
                let parts = (separator == b',').then(|| scan::split(line, b','));
                whole.into_iter().chain(parts.into_iter().flatten())
            })
            .filter(move |value| keep_empty || !value.is_empty())
    }

    /// The elements of a list header as text, such as option tags; U+FFFD for what is no UTF-8.
    pub fn tokens(&self, name: HeaderName) -> impl Iterator<Item = Cow<'_, str>> {
        self.values(name).map(text_of).filter(|text| !text.is_empty())
    }

    /// Whether a list header has this element, in any case.
    pub fn has_token(&self, name: HeaderName, token: &str) -> bool {
        self.values(name).any(|value| value.eq_ignore_ascii_case(token.as_bytes()))
    }

    /// The name of every line as its place in the table of names.
    pub(super) fn codes(&self) -> impl Iterator<Item = u8> {
        self.entries.iter().map(|entry| entry.code)
    }

    /// How many lines there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no line.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn entries_of(&self, name: HeaderName) -> impl DoubleEndedIterator<Item = &Entry> {
        let code = name.code();
        self.entries.iter().filter(move |entry| {
            entry.code == code
                // The code tells all known names apart; the others are told apart by their text.
                && !matches!(name, HeaderName::Other(text) if !self
                    .slice(entry.start, entry.name_end)
                    .eq_ignore_ascii_case(text.as_bytes()))
        })
    }

    fn line(&self, entry: &Entry) -> HeaderLine<'_> {
        HeaderLine {
            name: name::by_code(entry.code),
            name_bytes: self.slice(entry.start, entry.name_end),
            value: self.slice(entry.value_start, entry.value_end),
        }
    }

    fn slice(&self, from: u32, to: u32) -> &[u8] {
        &self.buffer[from as usize..to as usize]
    }
}

fn text_of(value: &[u8]) -> Cow<'_, str> {
    match scan::unfold(value) {
        Cow::Borrowed(value) => scan::text(value),
        Cow::Owned(value) => Cow::Owned(String::from_utf8_lossy(&value).into_owned()),
    }
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map()
            .entries(
                self.lines().map(|line| (line.name_str().into_owned(), line.text().into_owned())),
            )
            .finish()
    }
}
