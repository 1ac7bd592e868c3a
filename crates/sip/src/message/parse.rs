//! From bytes to a message (RFC 3261 sections 7, 18.3 and 25.1). One pass over the header
//! section with one allocation, the index; nothing is copied. What is broken comes back as a
//! [`ParseFault`] with everything that could still be read, so that it gets its answer
//! (RFC 4475). Total: no input panics, and every size has a limit.

use std::ops::Range;

use bytes::Bytes;

use super::fault::{FaultKind, ParseError, ParseFault, ParseLimits};
use super::headers::{Entry, Headers};
use super::method::is_token_byte;
use super::name::{self, HeaderName};
use super::value::scan;
use super::{Message, Method, Request, Response, StatusCode};

impl Message {
    /// Reads the one message of a datagram or of a WebSocket message: without Content-Length the
    /// body is the rest, and octets beyond Content-Length are ignored (RFC 3261 section 18.3).
    pub fn parse_datagram(bytes: Bytes) -> Result<Self, ParseFault> {
        Self::parse_datagram_within(bytes, &ParseLimits::default())
    }

    /// Like [`Self::parse_datagram`] with limits of the caller's.
    pub fn parse_datagram_within(bytes: Bytes, limits: &ParseLimits) -> Result<Self, ParseFault> {
        let blank = bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let bytes = bytes.slice(blank..);
        if bytes.is_empty() {
            return Err(fault(ParseError::Empty, Head::default(), bytes));
        }
        let head = Head::read(&bytes, limits);
        if bytes.len() > limits.message_bytes {
            return Err(fault(ParseError::TooLarge, head, bytes));
        }
        let rest = bytes.len() - head.end;
        let end = match head.content_length {
            ContentLength::Absent => bytes.len(),
            ContentLength::Given(length) if length <= rest => head.end + length,
            ContentLength::Given(_) => {
                let error = head.error.unwrap_or(ParseError::BodyTruncated);
                return Err(fault(error, head, bytes));
            }
            ContentLength::Malformed => return Err(fault(ParseError::ContentLength, head, bytes)),
        };
        assemble(head, bytes.slice(..end))
    }
}

/// Makes the message of a head and the bytes it was read from, which end where the body ends.
pub(crate) fn assemble(mut head: Head, bytes: Bytes) -> Result<Message, ParseFault> {
    if let Some(error) = head.error {
        return Err(fault(error, head, bytes));
    }
    let body = bytes.slice(head.end..);
    let entries = std::mem::take(&mut head.entries);
    let headers = Headers { buffer: bytes, entries };
    match head.start {
        Start::Request { method, uri } => {
            Ok(Message::Request(Request { method, uri, headers, body }))
        }
        Start::Response { status, reason } => {
            Ok(Message::Response(Response { status, reason, headers, body }))
        }
        // A start line that was not read has set `error`.
        Start::Broken(kind) => Err(ParseFault { error: ParseError::StartLine, kind, headers }),
    }
}

pub(crate) fn fault(error: ParseError, head: Head, bytes: Bytes) -> ParseFault {
    let kind = match head.start {
        Start::Request { method, .. } => FaultKind::Request(Some(method)),
        Start::Response { .. } => FaultKind::Response,
        Start::Broken(kind) => kind,
    };
    ParseFault { error, kind, headers: Headers { buffer: bytes, entries: head.entries } }
}

/// What Content-Length says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ContentLength {
    Absent,
    Given(usize),
    Malformed,
}

#[derive(Debug)]
enum Start {
    Request { method: Method, uri: Range<u32> },
    Response { status: StatusCode, reason: Range<u32> },
    Broken(FaultKind),
}

/// Start line and header index, as far as they could be read.
#[derive(Debug)]
pub(crate) struct Head {
    start: Start,
    entries: Vec<Entry>,
    /// Where the body starts.
    pub(crate) end: usize,
    pub(crate) content_length: ContentLength,
    /// The first thing wrong.
    pub(crate) error: Option<ParseError>,
}

impl Default for Head {
    fn default() -> Self {
        Self {
            start: Start::Broken(FaultKind::Unknown),
            entries: Vec::new(),
            end: 0,
            content_length: ContentLength::Absent,
            error: None,
        }
    }
}

/// How many header lines the index holds before it grows; a usual INVITE has 12 to 20.
const USUAL_HEADERS: usize = 24;

impl Head {
    /// Reads start line and headers. Goes on after an error, to save what a response needs.
    pub(crate) fn read(bytes: &[u8], limits: &ParseLimits) -> Self {
        let mut head = Self::default();
        // Positions are kept in 32 bits; nothing beyond the limit is looked at.
        let bytes = &bytes[..bytes.len().min(limits.head_bytes).min(u32::MAX as usize)];
        let (line, mut at) = first_line(bytes);
        if line.len() > limits.line_bytes {
            head.note(ParseError::LineTooLong);
        }
        head.start = match read_start(line) {
            Ok(start) => start,
            Err((error, kind)) => {
                head.note(error);
                Start::Broken(kind)
            }
        };
        head.entries.reserve_exact(USUAL_HEADERS);
        loop {
            match bytes.get(at..) {
                Some([b'\r', b'\n', ..]) => {
                    head.end = at + 2;
                    break;
                }
                Some([b'\n', ..]) => {
                    head.end = at + 1;
                    break;
                }
                None | Some([]) => {
                    head.end = at.min(bytes.len());
                    head.note(if bytes.len() == limits.head_bytes {
                        ParseError::TooLarge
                    } else {
                        ParseError::HeadersUnterminated
                    });
                    break;
                }
                Some(_) => {}
            }
            if head.entries.len() == limits.headers {
                head.end = at;
                head.note(ParseError::TooManyHeaders);
                break;
            }
            at = head.read_line(bytes, at, limits);
        }
        head.check_via_lines(limits);
        head
    }

    fn note(&mut self, error: ParseError) {
        self.error.get_or_insert(error);
    }

    /// Reads the header line that starts at `start`; returns where the next one starts.
    fn read_line(&mut self, bytes: &[u8], start: usize, limits: &ParseLimits) -> usize {
        let mut next = line_end(bytes, start);
        while matches!(bytes.get(next), Some(b' ' | b'\t')) {
            next = line_end(bytes, next);
        }
        let line = &bytes[start..next];
        if line.len() > limits.line_bytes {
            self.note(ParseError::LineTooLong);
            return next;
        }
        if has_bare_cr(line) {
            self.note(ParseError::BareCarriageReturn);
        }
        let Some(colon) = memchr::memchr(b':', line) else {
            self.note(ParseError::HeaderLine);
            return next;
        };
        let name_len = line[..colon].iter().take_while(|byte| is_token_byte(**byte)).count();
        if name_len == 0 || !line[name_len..colon].iter().copied().all(scan::is_space) {
            self.note(ParseError::HeaderLine);
            return next;
        }
        let value = &line[colon + 1..];
        let lead = value.iter().take_while(|byte| scan::is_space(**byte)).count();
        let value = scan::trim(&value[lead..]);
        let code = name::code_of(&line[..name_len]);
        if code == HeaderName::ContentLength.code() {
            self.read_content_length(value);
        }
        let value_start = start + colon + 1 + lead;
        self.entries.push(Entry {
            code,
            // The head is cut to 32 bits, see `read`.
            start: start as u32,
            name_end: (start + name_len) as u32,
            value_start: value_start as u32,
            value_end: (value_start + value.len()) as u32,
        });
        next
    }

    fn read_content_length(&mut self, value: &[u8]) {
        let found = match scan::number(value) {
            Some(length) => ContentLength::Given(length),
            None => ContentLength::Malformed,
        };
        let agrees = self.content_length == ContentLength::Absent || self.content_length == found;
        self.content_length = if agrees { found } else { ContentLength::Malformed };
        if self.content_length == ContentLength::Malformed {
            self.note(ParseError::ContentLength);
        }
    }

    fn check_via_lines(&mut self, limits: &ParseLimits) {
        let via = HeaderName::Via.code();
        if self.entries.iter().filter(|entry| entry.code == via).count() > limits.via_lines {
            self.note(ParseError::TooManyHeaders);
        }
    }
}

/// Where the line after the one at `start` begins.
fn line_end(bytes: &[u8], start: usize) -> usize {
    memchr::memchr(b'\n', &bytes[start..]).map_or(bytes.len(), |at| start + at + 1)
}

/// The start line without its end, and where the next line begins.
fn first_line(bytes: &[u8]) -> (&[u8], usize) {
    let next = line_end(bytes, 0);
    let line = &bytes[..next];
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    (line.strip_suffix(b"\r").unwrap_or(line), next)
}

/// Whether a `\r` stands anywhere but before `\n`.
fn has_bare_cr(line: &[u8]) -> bool {
    memchr::memchr_iter(b'\r', line).any(|at| line.get(at + 1) != Some(&b'\n'))
}

fn read_start(line: &[u8]) -> Result<Start, (ParseError, FaultKind)> {
    if line.get(..4).is_some_and(|prefix| prefix.eq_ignore_ascii_case(b"SIP/")) {
        return read_status_line(line).map_err(|error| (error, FaultKind::Response));
    }
    let Some(space) = memchr::memchr(b' ', line) else {
        return Err((ParseError::StartLine, FaultKind::Unknown));
    };
    let Some(method) = Method::from_bytes(&line[..space]) else {
        return Err((ParseError::StartLine, FaultKind::Unknown));
    };
    let broken = |error| (error, FaultKind::Request(Some(method.clone())));
    let last = memchr::memrchr(b' ', line).filter(|last| *last > space + 1);
    let Some(last) = last else {
        return Err(broken(ParseError::StartLine));
    };
    let (uri, version) = (&line[space + 1..last], &line[last + 1..]);
    if uri.iter().any(|byte| *byte <= b' ') || !is_version(version) {
        return Err(broken(ParseError::StartLine));
    }
    if !version.eq_ignore_ascii_case(b"SIP/2.0") {
        return Err(broken(ParseError::Version));
    }
    // The head is cut to 32 bits, see `Head::read`.
    Ok(Start::Request { method, uri: space as u32 + 1..last as u32 })
}

fn is_version(bytes: &[u8]) -> bool {
    let digits = |bytes: &[u8]| !bytes.is_empty() && bytes.iter().all(u8::is_ascii_digit);
    match bytes.split_at_checked(4) {
        Some((sip, number)) if sip.eq_ignore_ascii_case(b"SIP/") => {
            let dot = memchr::memchr(b'.', number);
            dot.is_some_and(|dot| digits(&number[..dot]) && digits(&number[dot + 1..]))
        }
        Some(_) | None => false,
    }
}

fn read_status_line(line: &[u8]) -> Result<Start, ParseError> {
    let space = memchr::memchr(b' ', line).ok_or(ParseError::StartLine)?;
    let (version, rest) = (&line[..space], &line[space + 1..]);
    if !is_version(version) {
        return Err(ParseError::StartLine);
    }
    if !version.eq_ignore_ascii_case(b"SIP/2.0") {
        return Err(ParseError::Version);
    }
    // Some senders leave out the space before an empty phrase.
    let code_end = memchr::memchr(b' ', rest).unwrap_or(rest.len());
    let code = &rest[..code_end];
    if code.is_empty() || !code.iter().all(u8::is_ascii_digit) {
        return Err(ParseError::StartLine);
    }
    let status = (code.len() == 3).then(|| scan::number(code)).flatten();
    let status = status.and_then(StatusCode::new).ok_or(ParseError::Status)?;
    let reason_start = (space + 1 + code_end + 1).min(line.len());
    // The head is cut to 32 bits, see `Head::read`.
    Ok(Start::Response { status, reason: reason_start as u32..line.len() as u32 })
}
