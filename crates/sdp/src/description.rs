//! A session description as its lines (RFC 8866 §5).
//!
//! Invariant: writing what was parsed gives the same lines again, in the grammar's order; lines and
//! attributes nobody here knows are among them. No value holds a line break.

use std::fmt::{self, Write as _};

use bytes::Bytes;

use crate::connection::Connection;

/// A whole session description.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionDescription {
    /// The `o=` line.
    pub origin: Origin,
    /// The `s=` line; empty where the peer left it out.
    pub name: Box<str>,
    /// The session's `c=` line: where streams without their own are received.
    pub connection: Option<Connection>,
    /// Every other session-level line, in order.
    pub lines: Lines,
    /// The streams, in order.
    pub media: Vec<Media>,
}

/// The `o=` line (RFC 8866 §5.2): names this version of this session. Peers write numbers longer
/// than 64 bits into it, so it stays text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The user, or `-`.
    pub username: Box<str>,
    /// The session.
    pub session_id: Box<str>,
    /// The version of its description: one more whenever it changes.
    pub session_version: Box<str>,
    /// Network type, address type and address, as written.
    pub address: Box<str>,
}

/// One stream: an `m=` line and what belongs to it (RFC 8866 §5.14).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    /// `audio`, `video`, `image`, …
    pub kind: Box<str>,
    /// The port; 0 rejects or removes the stream (RFC 3264 §6, §8.2).
    pub port: u16,
    /// The number of ports, where written.
    pub port_count: Option<u16>,
    /// The transport profile, such as `RTP/AVP`.
    pub protocol: Box<str>,
    /// The formats; for RTP profiles, payload numbers in the order of preference.
    pub formats: Vec<Box<str>>,
    /// The stream's own `c=` line.
    pub connection: Option<Connection>,
    /// Every other line of the stream, in order.
    pub lines: Lines,
}

/// One line that is kept as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line<'a> {
    /// The letter before the equals sign.
    pub kind: char,
    /// What follows it.
    pub value: &'a str,
}

/// Lines in order, most of them attributes; kept as one text of lines that end in LF.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Lines(String);

impl Lines {
    /// Appends a line. A value must not hold a line break; what would break the description is
    /// cut off there.
    pub fn push(&mut self, kind: char, value: impl AsRef<str>) {
        if self.0.capacity() == 0 {
            self.0.reserve(USUAL_LINES_BYTES);
        }
        self.0.push(kind);
        self.0.push('=');
        self.0.push_str(until_break(value.as_ref()));
        self.0.push('\n');
    }

    /// All lines, in order.
    pub fn iter(&self) -> impl Iterator<Item = Line<'_>> {
        let mut rest = self.0.as_str();
        std::iter::from_fn(move || {
            let end = rest.bytes().position(|byte| byte == b'\n')?;
            let (line, after) = rest.split_at(end);
            rest = &after[1..];
            let kind = line.chars().next()?;
            Some(Line { kind, value: &line[kind.len_utf8() + 1..] })
        })
    }

    /// The values of the lines of one kind.
    pub fn of_kind(&self, kind: char) -> impl Iterator<Item = &str> {
        self.iter().filter(move |line| line.kind == kind).map(|line| line.value)
    }

    /// All attributes as name and value; a property attribute has an empty value.
    pub fn attributes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.of_kind('a').map(|value| match value.bytes().position(|byte| byte == b':') {
            // A colon is ASCII, so both cuts are at character boundaries.
            Some(at) => (&value[..at], &value[at + 1..]),
            None => (value, ""),
        })
    }

    /// The value of the first attribute called `name`; empty for a property attribute.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes().find(|(found, _)| *found == name).map(|(_, value)| value)
    }
}

impl fmt::Debug for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// What is reserved for the lines of a stream at first.
const USUAL_LINES_BYTES: usize = 160;

/// A text up to where it would break a line.
pub(crate) fn until_break(text: &str) -> &str {
    let end = text.bytes().position(|byte| matches!(byte, b'\r' | b'\n' | 0));
    // All three are ASCII, so the cut is at a character boundary.
    &text[..end.unwrap_or(text.len())]
}

impl SessionDescription {
    /// The description as it goes into a message body.
    pub fn write(&self) -> Bytes {
        Bytes::from(self.to_string())
    }
}

impl fmt::Display for SessionDescription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v=0\r\no={}\r\n", self.origin)?;
        write!(f, "s={}\r\n", self.name)?;
        write_section(f, self.connection.as_ref(), &self.lines)?;
        self.media.iter().try_for_each(|media| media.fmt(f))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { username, session_id, session_version, address } = self;
        write!(f, "{username} {session_id} {session_version} {address}")
    }
}

impl fmt::Display for Media {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "m={} {}", self.kind, self.port)?;
        if let Some(count) = self.port_count {
            write!(f, "/{count}")?;
        }
        write!(f, " {}", self.protocol)?;
        for format in &self.formats {
            write!(f, " {format}")?;
        }
        f.write_str("\r\n")?;
        write_section(f, self.connection.as_ref(), &self.lines)
    }
}

/// Writes what follows `s=` or `m=`: the grammar wants information, URI, e-mail and phone before
/// the connection, and all else after it.
fn write_section(
    f: &mut fmt::Formatter<'_>,
    connection: Option<&Connection>,
    lines: &Lines,
) -> fmt::Result {
    let before = |line: &Line<'_>| matches!(line.kind, 'i' | 'u' | 'e' | 'p');
    let write_line = |f: &mut fmt::Formatter<'_>, line: Line<'_>| {
        f.write_char(line.kind)?;
        write!(f, "={}\r\n", line.value)
    };
    lines.iter().filter(before).try_for_each(|line| write_line(f, line))?;
    if let Some(connection) = connection {
        write!(f, "c={connection}\r\n")?;
    }
    lines.iter().filter(|line| !before(line)).try_for_each(|line| write_line(f, line))
}
