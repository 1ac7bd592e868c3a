//! Writing messages straight into one buffer, indexed while written, so that what was built
//! needs no second reading (RFC 3261 sections 7 and 8.2.6).
//!
//! No value can break out of its line: carriage returns and line feeds become spaces.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::net::{IpAddr, SocketAddr};

use bytes::Bytes;

use super::fault::ParseFault;
use super::headers::{Entry, Headers};
use super::method::is_token_byte;
use super::name::{self, HeaderName};
use super::value::{Params, Via, host_and_port, scan};
use super::{Method, Refusal, Request, Response, StatusCode, Uri};

/// A body and its media type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    /// The value of Content-Type.
    pub content_type: Cow<'static, str>,
    /// The bytes.
    pub bytes: Bytes,
}

impl Body {
    /// A body of any type.
    pub fn new(content_type: impl Into<Cow<'static, str>>, bytes: impl Into<Bytes>) -> Self {
        Self { content_type: content_type.into(), bytes: bytes.into() }
    }

    /// A session description (RFC 8866).
    pub fn sdp(bytes: impl Into<Bytes>) -> Self {
        Self::new("application/sdp", bytes)
    }
}

/// Builds a request.
#[derive(Clone, Debug)]
pub struct RequestBuilder {
    method: Method,
    uri_end: u32,
    writer: Writer,
}

impl RequestBuilder {
    /// Starts a request. Headers and `method` of the URI are left out of the Request-URI: they
    /// are asked for by whoever wrote the URI and never become headers by themselves
    /// (RFC 3261 section 19.1.5).
    pub fn new(method: Method, uri: &Uri) -> Self {
        if uri.headers.is_none() && !uri.params.contains("method") {
            Self::start(method, uri)
        } else {
            Self::start(method, uri.to_request_uri())
        }
    }

    /// Starts a request with the Request-URI of another one, byte by byte, as CANCEL and the ACK
    /// for a failure need it.
    pub fn like(method: Method, other: &Request) -> Self {
        Self::start(method, String::from_utf8_lossy(other.uri_raw()))
    }

    fn start(method: Method, uri: impl fmt::Display) -> Self {
        let mut writer = Writer::new();
        writer.bytes(method.as_str().as_bytes());
        writer.bytes(b" ");
        writer.text(uri);
        let uri_end = writer.position();
        writer.bytes(b" SIP/2.0");
        writer.end_line();
        Self { method, uri_end, writer }
    }

    /// Adds a header line.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: impl fmt::Display) -> Self {
        self.writer.header(name.as_str(), value);
        self
    }

    /// Adds a header line of any name; one whose name is no token is left out.
    #[must_use]
    pub fn extension(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.writer.header(name, value);
        self
    }

    /// Copies every line of this name from another message, value byte by byte (a fold becomes
    /// one space).
    #[must_use]
    pub fn copy(mut self, from: &Headers, name: HeaderName) -> Self {
        self.writer.copy(from, name);
        self
    }

    /// Ends the request; writes Content-Type, where there is a body, and Content-Length.
    pub fn build(self, body: Option<&Body>) -> Request {
        let (headers, body) = self.writer.finish(body);
        let uri = self.method.as_str().len() as u32 + 1..self.uri_end;
        Request { method: self.method, uri, headers, body }
    }
}

/// Builds the response to a request.
#[derive(Clone, Debug)]
pub struct ResponseBuilder<'a> {
    request: &'a Headers,
    method: Option<&'a Method>,
    status: StatusCode,
    reason: Cow<'a, str>,
    to_tag: Option<&'a str>,
    source: Option<SocketAddr>,
    rest: Writer,
}

impl<'a> ResponseBuilder<'a> {
    /// Starts a response; it will carry Via, From, To, Call-ID and CSeq of the request, and its
    /// Record-Route where the response makes a dialog (RFC 3261 sections 8.2.6.2 and 12.1.1).
    pub fn to(request: &'a Request, status: StatusCode) -> Self {
        Self::start(&request.headers, Some(&request.method), status)
    }

    /// The response to a request that broke a rule: its status, phrase and headers.
    pub fn refusing(request: &'a Request, refusal: &'a Refusal) -> Self {
        let mut builder = Self::to(request, refusal.status).reason(refusal.reason.as_ref());
        for (name, value) in &refusal.headers {
            builder = builder.header(*name, value);
        }
        builder
    }

    /// The response to a request that could not be read; `None` when it gets none.
    pub fn to_fault(fault: &'a ParseFault) -> Option<Self> {
        let status = fault.status()?;
        let builder = Self::start(&fault.headers, None, status);
        if status == StatusCode::BAD_REQUEST {
            return Some(builder.reason(format!("Bad Request: {}", fault.error)));
        }
        Some(builder)
    }

    fn start(request: &'a Headers, method: Option<&'a Method>, status: StatusCode) -> Self {
        Self {
            request,
            method,
            status,
            reason: Cow::Borrowed(status.phrase()),
            to_tag: None,
            source: None,
            rest: Writer::new(),
        }
    }

    /// A phrase other than the usual one.
    #[must_use]
    pub fn reason(mut self, reason: impl Into<Cow<'a, str>>) -> Self {
        self.reason = reason.into();
        self
    }

    /// The tag that goes to To, unless the request has one there or this is 100.
    #[must_use]
    pub const fn to_tag(mut self, tag: &'a str) -> Self {
        self.to_tag = Some(tag);
        self
    }

    /// Where the request came from; notes `received` and `rport` in the topmost Via
    /// (RFC 3261 section 18.2.1, RFC 3581 section 4).
    #[must_use]
    pub const fn source(mut self, source: SocketAddr) -> Self {
        self.source = Some(source);
        self
    }

    /// Adds a header line.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: impl fmt::Display) -> Self {
        self.rest.header(name.as_str(), value);
        self
    }

    /// Adds a header line of any name; one whose name is no token is left out.
    #[must_use]
    pub fn extension(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.rest.header(name, value);
        self
    }

    /// Copies every line of this name from another message, see [`RequestBuilder::copy`].
    #[must_use]
    pub fn copy(mut self, from: &Headers, name: HeaderName) -> Self {
        self.rest.copy(from, name);
        self
    }

    /// Ends the response; writes Content-Type, where there is a body, and Content-Length.
    pub fn build(self, body: Option<&Body>) -> Response {
        let mut writer = Writer::new();
        writer.bytes(b"SIP/2.0 ");
        writer.number(u64::from(self.status.code()));
        writer.bytes(b" ");
        let reason_start = writer.position();
        writer.text(&self.reason);
        let reason = reason_start..writer.position();
        writer.end_line();
        self.write_vias(&mut writer);
        writer.copy(self.request, HeaderName::From);
        self.write_to(&mut writer);
        writer.copy(self.request, HeaderName::CallId);
        writer.copy(self.request, HeaderName::CSeq);
        if self.makes_dialog() {
            writer.copy(self.request, HeaderName::RecordRoute);
        }
        if self.status == StatusCode::TRYING {
            writer.copy(self.request, HeaderName::Timestamp);
        }
        writer.append(self.rest);
        let (headers, body) = writer.finish(body);
        Response { status: self.status, reason, headers, body }
    }

    fn makes_dialog(&self) -> bool {
        let method = self.method.is_some_and(|method| {
            matches!(method, Method::Invite | Method::Subscribe | Method::Notify | Method::Refer)
        });
        method && self.status.code() > 100 && self.status.code() < 300
    }

    fn write_vias(&self, writer: &mut Writer) {
        let lines = self.request.raw_values(HeaderName::Via);
        for (at, line) in lines.enumerate() {
            match self.source {
                Some(source) if at == 0 => write_top_via(writer, line, source),
                Some(_) | None => writer.known(HeaderName::Via, &[line]),
            }
        }
    }

    fn write_to(&self, writer: &mut Writer) {
        let tag = self
            .to_tag
            .filter(|_| self.status != StatusCode::TRYING && self.request.to_tag().is_none());
        for line in self.request.raw_values(HeaderName::To) {
            match tag {
                Some(tag) => writer.known(HeaderName::To, &[line, b";tag=", tag.as_bytes()]),
                None => writer.known(HeaderName::To, &[line]),
            }
        }
    }
}

/// Writes the first Via line with the source noted in its first value. One that cannot be read
/// is copied as it is.
fn write_top_via(writer: &mut Writer, line: &[u8], source: SocketAddr) {
    if let Some((head, params)) = plain_via(line) {
        return writer.line(HeaderName::Via.as_str(), HeaderName::Via.code(), |writer| {
            write_noted(writer, head, params, source);
        });
    }
    let top_end = scan::find_outside(line, b',').unwrap_or(line.len());
    let Some(mut via) = Via::parse(&line[..top_end]) else {
        return writer.known(HeaderName::Via, &[line]);
    };
    via.note_source(source);
    writer.known(HeaderName::Via, &[via.to_string().as_bytes(), &line[top_end..]]);
}

/// A line of one Via that is written as we would write it and notes no source yet: what stands
/// before its parameters, and these.
fn plain_via(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let params = memchr::memchr(b';', line)?;
    let (head, params) = line.split_at(params);
    let spaces = head.iter().filter(|byte| scan::is_space(**byte)).count();
    let plain = spaces == 1
        && memchr::memchr2(b',', b'"', line).is_none()
        && Params::is_plain_list(params)
        && Params::find_plain(params, "received").is_none()
        && Via::is_legal(line);
    plain.then_some((head, params))
}

/// Like [`Via::note_source`], straight from and to text.
fn write_noted(writer: &mut Writer, head: &[u8], params: &[u8], source: SocketAddr) {
    writer.buffer.extend_from_slice(head);
    let mut wants_port = false;
    for part in params[1..].split(|byte| *byte == b';') {
        writer.buffer.push(b';');
        let name = part.split(|byte| *byte == b'=').next().unwrap_or_default();
        if !name.eq_ignore_ascii_case(b"rport") {
            writer.buffer.extend_from_slice(part);
        } else if !wants_port {
            wants_port = true;
            writer.buffer.extend_from_slice(b"rport=");
            writer.number(u64::from(source.port()));
        } else {
            // Said twice: once is enough.
            writer.buffer.pop();
        }
    }
    if wants_port || !names(head, source.ip()) {
        writer.buffer.extend_from_slice(b";received=");
        let _ = write!(writer.buffer_text(), "{}", source.ip());
    }
}

/// Whether sent-by, the end of `SIP/2.0/UDP host:port`, is this address.
fn names(head: &[u8], address: IpAddr) -> bool {
    let sent_by = head.rsplit(|byte| scan::is_space(*byte)).next();
    sent_by
        .and_then(|sent_by| std::str::from_utf8(sent_by).ok())
        .and_then(|sent_by| host_and_port(sent_by).ok())
        .is_some_and(|(host, _)| host.ip() == Some(address))
}

/// The buffer and its index.
#[derive(Clone, Debug)]
struct Writer {
    buffer: Vec<u8>,
    entries: Vec<Entry>,
}

/// What is reserved at first: enough for a usual message without its body.
const USUAL_BYTES: usize = 1024;
/// How many header lines are reserved at first.
const USUAL_LINES: usize = 16;

impl Writer {
    const fn new() -> Self {
        Self { buffer: Vec::new(), entries: Vec::new() }
    }

    /// Where the next byte goes.
    fn position(&self) -> u32 {
        // Proof: values come from messages within their limits and from our own configuration,
        // so what is built is megabytes below 4 GiB.
        u32::try_from(self.buffer.len()).expect("a message shorter than 4 GiB")
    }

    fn reserve(&mut self) {
        if self.buffer.capacity() == 0 {
            self.buffer.reserve(USUAL_BYTES);
            self.entries.reserve(USUAL_LINES);
        }
    }

    /// Writes to the start line.
    fn text(&mut self, text: impl fmt::Display) {
        self.reserve();
        // Writing to memory does not fail; a `Display` that does leaves what it wrote.
        let _ = write!(self.buffer_text(), "{text}");
    }

    /// Writes bytes of ours, which hold no line end.
    fn bytes(&mut self, bytes: &[u8]) {
        self.reserve();
        self.buffer.extend_from_slice(bytes);
    }

    fn number(&mut self, mut number: u64) {
        let mut digits = [0; 20];
        let mut start = digits.len();
        loop {
            start -= 1;
            digits[start] = b'0' + (number % 10) as u8;
            number /= 10;
            if number == 0 {
                break;
            }
        }
        self.buffer.extend_from_slice(&digits[start..]);
    }

    fn end_line(&mut self) {
        self.buffer.extend_from_slice(b"\r\n");
    }

    fn buffer_text(&mut self) -> OneLine<'_> {
        OneLine { buffer: &mut self.buffer }
    }

    fn header(&mut self, name: &str, value: impl fmt::Display) {
        if name.is_empty() || !name.bytes().all(is_token_byte) {
            return;
        }
        self.line(name, name::code_of(name.as_bytes()), |writer| {
            let _ = write!(writer.buffer_text(), "{value}");
        });
    }

    /// Writes a line of a name that the table knows.
    fn known(&mut self, name: HeaderName, value: &[&[u8]]) {
        if let HeaderName::Other(text) = name
            && (text.is_empty() || !text.bytes().all(is_token_byte))
        {
            return;
        }
        self.line(name.as_str(), name.code(), |writer| {
            for part in value {
                match scan::unfold(part) {
                    // What has no fold may still have a bare CR or LF: `unfold` sees both.
                    Cow::Borrowed(part) => writer.buffer.extend_from_slice(part),
                    Cow::Owned(part) => writer.buffer_text().bytes(&part),
                }
            }
        });
    }

    /// Writes a line; `code` is the name's.
    fn line(&mut self, name: &str, code: u8, value: impl FnOnce(&mut Self)) {
        self.reserve();
        let start = self.position();
        self.buffer.extend_from_slice(name.as_bytes());
        let name_end = self.position();
        self.buffer.extend_from_slice(b": ");
        let value_at = self.buffer.len();
        value(self);
        let written = &self.buffer[value_at..];
        let lead = written.iter().take_while(|byte| scan::is_space(**byte)).count();
        let length = scan::trim(written).len();
        if lead > 0 {
            self.buffer.drain(value_at..value_at + lead);
        }
        self.buffer.truncate(value_at + length);
        let value_end = self.position();
        self.end_line();
        self.entries.push(Entry {
            code,
            start,
            name_end,
            value_start: value_end - length as u32,
            value_end,
        });
    }

    fn copy(&mut self, from: &Headers, name: HeaderName) {
        for value in from.raw_values(name) {
            self.known(name, &[value]);
        }
    }

    fn append(&mut self, rest: Self) {
        let offset = self.position();
        self.buffer.extend_from_slice(&rest.buffer);
        self.entries.extend(rest.entries.into_iter().map(|entry| entry.moved(offset)));
    }

    fn finish(mut self, body: Option<&Body>) -> (Headers, Bytes) {
        let bytes: &[u8] = body.map_or(&[], |body| &body.bytes);
        if let Some(body) = body {
            self.known(HeaderName::ContentType, &[body.content_type.as_bytes()]);
        }
        self.line(HeaderName::ContentLength.as_str(), HeaderName::ContentLength.code(), |writer| {
            writer.number(bytes.len() as u64)
        });
        self.end_line();
        let head = self.buffer.len();
        self.buffer.extend_from_slice(bytes);
        let buffer = Bytes::from(self.buffer);
        let body = buffer.slice(head..);
        (Headers { buffer, entries: self.entries }, body)
    }
}

/// Keeps whatever is written on one line.
struct OneLine<'a> {
    buffer: &'a mut Vec<u8>,
}

impl OneLine<'_> {
    fn bytes(&mut self, bytes: &[u8]) {
        if memchr::memchr2(b'\r', b'\n', bytes).is_none() {
            self.buffer.extend_from_slice(bytes);
            return;
        }
        let space = |byte: &u8| {
            if matches!(byte, b'\r' | b'\n') { b' ' } else { *byte }
        };
        self.buffer.extend(bytes.iter().map(space));
    }
}

impl fmt::Write for OneLine<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.bytes(text.as_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_via_is_noted_from_text_to_text_as_by_way_of_its_value() {
        let source: SocketAddr = "192.0.2.9:5070".parse().unwrap();
        for line in [
            "SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK1",
            "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1",
            "SIP/2.0/TCP b.test;rport;branch=z9hG4bK1",
            "SIP/2.0/UDP 192.0.2.9:5070;branch=z9hG4bK1;rport;x=1",
            "SIP/2.0/UDP 192.0.2.9;RPORT=7;branch=z9hG4bK1;rport",
        ] {
            assert!(plain_via(line.as_bytes()).is_some(), "{line}");
            let mut writer = Writer::new();
            write_top_via(&mut writer, line.as_bytes(), source);
            let mut via = Via::parse(line.as_bytes()).unwrap();
            via.note_source(source);
            let written = String::from_utf8(writer.buffer).unwrap();
            let [noted, by_value] = [&written, &format!("Via: {via}\r\n")].map(|line| {
                let (_, value) = line.split_once(": ").unwrap();
                Via::parse(value.trim_end().as_bytes()).unwrap()
            });
            assert_eq!(noted, by_value, "{line}");
        }
        for line in [
            "SIP/2.0/UDP b.test;received=192.0.2.1;branch=z9hG4bK1",
            "SIP/2.0/UDP b.test ;branch=z9hG4bK1",
            "SIP/2.0/UDP b.test;branch=z9hG4bK1, SIP/2.0/UDP c.test",
            "SIP/2.0/UDP b.test",
        ] {
            assert!(plain_via(line.as_bytes()).is_none(), "{line}");
        }
    }
}
