//! Requests of ours as they are written, with what ACK and CANCEL copy from them.
//!
//! Guarantees that an ACK for a failure (RFC 3261 17.1.1.3) and a CANCEL (9.1) carry the
//! Request-URI, top Via, Route, From, Call-ID and CSeq number of their INVITE byte by byte, and
//! that no value can end its line.

use std::ops::Range;

use bytes::Bytes;

use super::token::Token;
use crate::{flow::TransportKind, message::Method};

/// What a request is written from. Header values are complete; tags are in `from` and `to`.
#[derive(Debug)]
pub(crate) struct RequestParts<'a> {
    pub(crate) method: &'a Method,
    pub(crate) uri: &'a str,
    pub(crate) transport: TransportKind,
    pub(crate) sent_by: &'a str,
    pub(crate) branch: Token,
    pub(crate) routes: &'a [Box<str>],
    pub(crate) from: &'a str,
    pub(crate) to: &'a str,
    pub(crate) call_id: &'a str,
    pub(crate) cseq: u32,
    pub(crate) max_forwards: u8,
}

/// Writes one request.
#[derive(Debug)]
pub(crate) struct RequestWriter {
    bytes: Vec<u8>,
    sent: Layout,
}

#[derive(Debug, Clone)]
struct Layout {
    method: Method,
    uri: Range<usize>,
    /// Via, Route, From and Call-ID lines.
    shared: Range<usize>,
    /// The whole To line.
    to: Range<usize>,
    cseq: u32,
}

/// A request of ours, ready to send.
#[derive(Debug, Clone)]
pub(crate) struct SentRequest {
    bytes: Bytes,
    layout: Layout,
}

impl RequestWriter {
    /// Starts with the header that every request has.
    pub(crate) fn new(parts: &RequestParts<'_>) -> RequestWriter {
        let mut bytes = Vec::with_capacity(1024);
        put(&mut bytes, parts.method.as_str().as_bytes());
        bytes.push(b' ');
        let uri_start = bytes.len();
        put(&mut bytes, parts.uri.as_bytes());
        let uri = uri_start..bytes.len();
        bytes.extend_from_slice(b" SIP/2.0\r\n");
        let shared_start = bytes.len();
        bytes.extend_from_slice(b"Via: SIP/2.0/");
        put(&mut bytes, parts.transport.via_token().as_bytes());
        bytes.push(b' ');
        put(&mut bytes, parts.sent_by.as_bytes());
        bytes.extend_from_slice(b";branch=z9hG4bK");
        bytes.extend_from_slice(&parts.branch.digits());
        bytes.extend_from_slice(b";rport\r\n");
        for route in parts.routes {
            put_line(&mut bytes, "Route", route.as_bytes());
        }
        put_line(&mut bytes, "From", parts.from.as_bytes());
        put_line(&mut bytes, "Call-ID", parts.call_id.as_bytes());
        let shared = shared_start..bytes.len();
        let to_start = bytes.len();
        put_line(&mut bytes, "To", parts.to.as_bytes());
        let to = to_start..bytes.len();
        bytes.extend_from_slice(b"CSeq: ");
        put_number(&mut bytes, parts.cseq);
        bytes.push(b' ');
        put(&mut bytes, parts.method.as_str().as_bytes());
        bytes.extend_from_slice(b"\r\nMax-Forwards: ");
        put_number(&mut bytes, parts.max_forwards);
        bytes.extend_from_slice(b"\r\n");
        let sent = Layout { method: parts.method.clone(), uri, shared, to, cseq: parts.cseq };
        RequestWriter { bytes, sent }
    }

    /// Adds a header line.
    pub(crate) fn header(&mut self, name: &str, value: &str) {
        put_line(&mut self.bytes, name, value.as_bytes());
    }

    /// Adds lines that end in CRLF already.
    pub(crate) fn lines(&mut self, lines: &str) {
        self.bytes.extend_from_slice(lines.as_bytes());
    }

    /// Adds the body, and with it the request is complete.
    pub(crate) fn finish(mut self, body: Option<(&str, &[u8])>) -> SentRequest {
        put_body(&mut self.bytes, body);
        SentRequest { bytes: self.bytes.into(), layout: self.sent }
    }
}

impl SentRequest {
    /// The method.
    pub(crate) fn method(&self) -> &Method {
        &self.layout.method
    }

    /// The whole message.
    pub(crate) fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The ACK that answers a final response other than 2xx; `to` is the response's To value.
    pub(crate) fn ack_of_failure(&self, to: &str) -> Bytes {
        let mut bytes = self.start("ACK");
        put_line(&mut bytes, "To", to.as_bytes());
        self.end(bytes, "ACK", None)
    }

    /// The CANCEL of this request.
    pub(crate) fn cancel(&self, reason: Option<&str>) -> SentRequest {
        let mut bytes = self.start("CANCEL");
        bytes.extend_from_slice(&self.bytes[self.layout.to.clone()]);
        let uri_start = "CANCEL ".len();
        let layout = Layout {
            method: Method::Cancel,
            uri: uri_start..uri_start + self.layout.uri.len(),
            ..self.layout.clone()
        };
        SentRequest { bytes: self.end(bytes, "CANCEL", reason), layout }
    }

    fn start(&self, method: &str) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(512);
        put(&mut bytes, method.as_bytes());
        bytes.push(b' ');
        bytes.extend_from_slice(&self.bytes[self.layout.uri.clone()]);
        bytes.extend_from_slice(b" SIP/2.0\r\n");
        bytes.extend_from_slice(&self.bytes[self.layout.shared.clone()]);
        bytes
    }

    fn end(&self, mut bytes: Vec<u8>, method: &str, reason: Option<&str>) -> Bytes {
        bytes.extend_from_slice(b"CSeq: ");
        put_number(&mut bytes, self.layout.cseq);
        bytes.push(b' ');
        put(&mut bytes, method.as_bytes());
        bytes.extend_from_slice(b"\r\nMax-Forwards: 70\r\n");
        if let Some(reason) = reason {
            put_line(&mut bytes, "Reason", reason.as_bytes());
        }
        put_body(&mut bytes, None);
        bytes.into()
    }
}

/// Writes Content-Type, Content-Length and what they are about.
pub(super) fn put_body(bytes: &mut Vec<u8>, body: Option<(&str, &[u8])>) {
    if let Some((content_type, _)) = body {
        put_line(bytes, "Content-Type", content_type.as_bytes());
    }
    let content = body.map_or(&[][..], |(_, content)| content);
    bytes.extend_from_slice(b"Content-Length: ");
    put_number(bytes, content.len() as u64);
    bytes.extend_from_slice(b"\r\n\r\n");
    bytes.extend_from_slice(content);
}

/// Writes a header line.
pub(super) fn put_line(bytes: &mut Vec<u8>, name: &str, value: &[u8]) {
    bytes.extend_from_slice(name.as_bytes());
    bytes.extend_from_slice(b": ");
    put(bytes, value);
    bytes.extend_from_slice(b"\r\n");
}

/// Writes a text; what would end the line becomes a space.
pub(super) fn put(bytes: &mut Vec<u8>, text: &[u8]) {
    if memchr::memchr3(b'\r', b'\n', 0, text).is_none() {
        return bytes.extend_from_slice(text);
    }
    let clean = |byte: &u8| if matches!(byte, b'\r' | b'\n' | 0) { b' ' } else { *byte };
    bytes.extend(text.iter().map(clean));
}

/// Writes a number in decimal.
pub(super) fn put_number(bytes: &mut Vec<u8>, number: impl Into<u64>) {
    let mut number = number.into();
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
    bytes.extend_from_slice(&digits[start..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invite() -> SentRequest {
        let parts = RequestParts {
            method: &Method::Invite,
            uri: "sip:bob@b.test",
            transport: TransportKind::Udp,
            sent_by: "192.0.2.1:5060",
            branch: Token(0xab),
            routes: &["<sip:p.test;lr>".into()],
            from: "\"A\r\nEvil: 1\" <sip:a@a.test>;tag=1",
            to: "<sip:bob@b.test>",
            call_id: "x@a.test",
            cseq: 7,
            max_forwards: 69,
        };
        let mut writer = RequestWriter::new(&parts);
        writer.header("X-Call-ID", "c\r\n1");
        writer.finish(Some(("application/sdp", b"v=0\r\n")))
    }

    fn text(bytes: &Bytes) -> String {
        String::from_utf8(bytes.to_vec()).unwrap().replace('\r', "")
    }

    #[test]
    fn ack_and_cancel_copy_their_invite() {
        insta::assert_snapshot!(text(invite().bytes()), @r#"
        INVITE sip:bob@b.test SIP/2.0
        Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK00000000000000ab;rport
        Route: <sip:p.test;lr>
        From: "A  Evil: 1" <sip:a@a.test>;tag=1
        Call-ID: x@a.test
        To: <sip:bob@b.test>
        CSeq: 7 INVITE
        Max-Forwards: 69
        X-Call-ID: c  1
        Content-Type: application/sdp
        Content-Length: 5

        v=0
        "#);
        insta::assert_snapshot!(text(&invite().ack_of_failure("<sip:bob@b.test>;tag=2")), @r#"
        ACK sip:bob@b.test SIP/2.0
        Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK00000000000000ab;rport
        Route: <sip:p.test;lr>
        From: "A  Evil: 1" <sip:a@a.test>;tag=1
        Call-ID: x@a.test
        To: <sip:bob@b.test>;tag=2
        CSeq: 7 ACK
        Max-Forwards: 70
        Content-Length: 0
        "#);
        let cancel = invite().cancel(Some("SIP;cause=200;text=\"Call completed elsewhere\""));
        insta::assert_snapshot!(text(cancel.bytes()), @r#"
        CANCEL sip:bob@b.test SIP/2.0
        Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK00000000000000ab;rport
        Route: <sip:p.test;lr>
        From: "A  Evil: 1" <sip:a@a.test>;tag=1
        Call-ID: x@a.test
        To: <sip:bob@b.test>
        CSeq: 7 CANCEL
        Max-Forwards: 70
        Reason: SIP;cause=200;text="Call completed elsewhere"
        Content-Length: 0
        "#);
    }
}
