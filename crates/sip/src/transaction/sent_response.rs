//! Responses as they are written (RFC 3261 8.2.6, 18.2.1; RFC 3581 4).
//!
//! Guarantees that Via, From, To, Call-ID and CSeq are the request's, byte by byte and in its
//! order; that the top Via tells where the request came from; that To has a tag in everything
//! but 100; that Record-Route is copied where a dialog is made; and that no value ends its line.

use std::io::Write as _;
use std::net::SocketAddr;

use bytes::Bytes;

use super::{
    sent_request::{put, put_body, put_line, put_number},
    token::Token,
};
use crate::message::{Body, HeaderName, Method, Request, StatusCode, Via, value::scan};

/// Writes one response.
#[derive(Debug)]
pub(crate) struct ResponseWriter {
    bytes: Vec<u8>,
}

impl ResponseWriter {
    /// Starts with what every response copies. `elsewhere` says that the top Via names another
    /// address than the `source`.
    pub(crate) fn new(
        request: &Request,
        status: StatusCode,
        tag: Option<Token>,
        source: SocketAddr,
        elsewhere: bool,
    ) -> ResponseWriter {
        let mut bytes = Vec::with_capacity(1024);
        bytes.extend_from_slice(b"SIP/2.0 ");
        put_number(&mut bytes, status.code());
        bytes.push(b' ');
        put(&mut bytes, status.phrase().as_bytes());
        bytes.extend_from_slice(b"\r\n");
        let headers = request.headers();
        let trying = status == StatusCode::TRYING;
        let tag = tag.filter(|_| !trying && headers.to_tag().is_none());
        let makes_dialog = makes_dialog(request.method(), status);
        let mut top = true;
        for line in headers.lines() {
            match line.name {
                Some(HeaderName::Via) if top => {
                    top = false;
                    put_top_via(&mut bytes, line.value, source, elsewhere);
                }
                Some(HeaderName::To) => {
                    bytes.extend_from_slice(b"To: ");
                    put(&mut bytes, line.value);
                    if let Some(tag) = tag {
                        bytes.extend_from_slice(b";tag=");
                        bytes.extend_from_slice(&tag.digits());
                    }
                    bytes.extend_from_slice(b"\r\n");
                }
                Some(
                    name @ (HeaderName::Via
                    | HeaderName::From
                    | HeaderName::CallId
                    | HeaderName::CSeq),
                ) => put_line(&mut bytes, name.as_str(), line.value),
                Some(HeaderName::RecordRoute) if makes_dialog => {
                    put_line(&mut bytes, "Record-Route", line.value);
                }
                Some(HeaderName::Timestamp) if trying => {
                    put_line(&mut bytes, "Timestamp", line.value);
                }
                Some(_) | None => {}
            }
        }
        ResponseWriter { bytes }
    }

    /// Adds a header line.
    pub(crate) fn header(&mut self, name: &str, value: &str) {
        put_line(&mut self.bytes, name, value.as_bytes());
    }

    /// Adds lines that end in CRLF already.
    pub(crate) fn lines(&mut self, lines: &str) {
        self.bytes.extend_from_slice(lines.as_bytes());
    }

    /// Adds the body, and with it the response is complete.
    pub(crate) fn finish(mut self, body: Option<&Body>) -> Bytes {
        put_body(&mut self.bytes, body.map(|body| (&*body.content_type, &body.bytes[..])));
        self.bytes.into()
    }
}

fn makes_dialog(method: &Method, status: StatusCode) -> bool {
    let makes =
        matches!(method, Method::Invite | Method::Subscribe | Method::Notify | Method::Refer);
    makes && status.code() > 100 && status.code() < 300
}

/// Writes the first Via line, with the source noted in its first value.
fn put_top_via(bytes: &mut Vec<u8>, line: &[u8], source: SocketAddr, elsewhere: bool) {
    let end = scan::find_outside(line, b',').unwrap_or(line.len());
    let (top, rest) = line.split_at(end);
    bytes.extend_from_slice(b"Via: ");
    match plain_rport(top) {
        Rport::Absent => put(bytes, top),
        Rport::Asked(at) => {
            put(bytes, &top[..at]);
            bytes.push(b'=');
            put_number(bytes, source.port());
            put(bytes, &top[at..]);
        }
        Rport::Odd => {
            // The sender wrote there what is ours to write.
            match Via::parse(top) {
                Some(mut via) => {
                    via.note_source(source);
                    put(bytes, via.to_string().as_bytes());
                }
                None => put(bytes, top),
            }
            put(bytes, rest);
            return bytes.extend_from_slice(b"\r\n");
        }
    }
    if elsewhere || plain_rport(top) != Rport::Absent {
        bytes.extend_from_slice(b";received=");
        // Writing to memory does not fail.
        let _ = write!(bytes, "{}", source.ip());
    }
    put(bytes, rest);
    bytes.extend_from_slice(b"\r\n");
}

/// What a Via says of `rport` and `received`.
#[derive(Debug, PartialEq, Eq)]
enum Rport {
    /// Nothing of either.
    Absent,
    /// `rport` without a value; it ends here.
    Asked(usize),
    /// Anything else.
    Odd,
}

fn plain_rport(via: &[u8]) -> Rport {
    let mut found = Rport::Absent;
    for at in memchr::memchr2_iter(b'r', b'R', via) {
        let here = &via[at..];
        let is =
            |name: &[u8]| here.get(..name.len()).is_some_and(|it| it.eq_ignore_ascii_case(name));
        if is(b"received") {
            return Rport::Odd;
        }
        if is(b"rport") && at > 0 && via[at - 1] == b';' {
            let ends = matches!(here.get(5), None | Some(b';'));
            if !ends || found != Rport::Absent {
                return Rport::Odd;
            }
            found = Rport::Asked(at + 5);
        } else if is(b"rport") {
            return Rport::Odd;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both lines without what stays the same.
    fn via(line: &str, elsewhere: bool) -> String {
        let mut bytes = Vec::new();
        let source = "192.0.2.9:40000".parse().unwrap();
        put_top_via(&mut bytes, format!("SIP/2.0/UDP {line}").as_bytes(), source, elsewhere);
        let text = String::from_utf8(bytes).unwrap();
        text.strip_prefix("Via: SIP/2.0/UDP ").unwrap().trim_end().to_owned()
    }

    #[test]
    fn the_top_via_tells_where_the_request_came_from() {
        insta::assert_snapshot!(via("a;branch=1", true), @"a;branch=1;received=192.0.2.9");
        insta::assert_snapshot!(via("192.0.2.9;branch=1", false), @"192.0.2.9;branch=1");
        let shown = via("a;rport;branch=1, SIP/2.0/TCP b", true);
        insta::assert_snapshot!(shown, @"a;rport=40000;branch=1;received=192.0.2.9, SIP/2.0/TCP b");
        let shown = via("a;branch=1;rport", true);
        insta::assert_snapshot!(shown, @"a;branch=1;rport=40000;received=192.0.2.9");
        let shown = via("a;RPORT=1;Received=1.1.1.1", true);
        insta::assert_snapshot!(shown, @"a;rport=40000;received=192.0.2.9");
        let shown = via("a; rport ;branch=1", true);
        insta::assert_snapshot!(shown, @"a;rport=40000;branch=1;received=192.0.2.9");
        insta::assert_snapshot!(via("a;branch=rport", true), @"a;branch=rport;received=192.0.2.9");
    }
}
