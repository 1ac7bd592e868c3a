//! Conversion to and from the types of the `rsip` crate, for those who embed this one
//! (feature `rsip`).
//!
//! What `rsip` cannot read by itself is made readable first: compact names are spelled out,
//! folds removed, and the body goes around its text conversion, so binary bodies survive. What
//! its types cannot hold (unknown methods, IPv6 hosts, `tel:` Request-URIs) is an error.

use ::rsip::{SipMessage, StatusCode as RsipStatus};
use bytes::Bytes;

use super::{HeaderName, Message, ParseFault, Request, Response, StatusCode};

/// `rsip` has no type for this message.
#[derive(Debug, thiserror::Error)]
#[error("rsip cannot hold this message: {0}")]
pub struct Unrepresentable(::rsip::Error);

impl TryFrom<&Message> for SipMessage {
    type Error = Unrepresentable;

    fn try_from(message: &Message) -> Result<Self, Unrepresentable> {
        let mut text = match message {
            Message::Request(request) => {
                let uri = String::from_utf8_lossy(request.uri_raw());
                format!("{} {uri} SIP/2.0\r\n", request.method())
            }
            Message::Response(response) => {
                format!("SIP/2.0 {} {}\r\n", response.status(), response.reason())
            }
        };
        for line in message.headers().lines() {
            text.push_str(&format!("{}: {}\r\n", line.name_str(), line.text()));
        }
        text.push_str("\r\n");
        let mut converted = Self::try_from(text.as_bytes()).map_err(Unrepresentable)?;
        match &mut converted {
            Self::Request(request) => request.body = message.body().to_vec(),
            Self::Response(response) => response.body = message.body().to_vec(),
        }
        Ok(converted)
    }
}

impl TryFrom<&Request> for ::rsip::Request {
    type Error = Unrepresentable;

    fn try_from(request: &Request) -> Result<Self, Unrepresentable> {
        Self::try_from(SipMessage::try_from(&Message::Request(request.clone()))?)
            .map_err(|error| Unrepresentable(::rsip::Error::Unexpected(error.to_string())))
    }
}

impl TryFrom<&Response> for ::rsip::Response {
    type Error = Unrepresentable;

    fn try_from(response: &Response) -> Result<Self, Unrepresentable> {
        Self::try_from(SipMessage::try_from(&Message::Response(response.clone()))?)
            .map_err(|error| Unrepresentable(::rsip::Error::Unexpected(error.to_string())))
    }
}

impl TryFrom<&SipMessage> for Message {
    type Error = ParseFault;

    /// Content-Length is written anew, and a status gets the phrase of the RFC.
    fn try_from(message: &SipMessage) -> Result<Self, ParseFault> {
        let (start, headers, body) = match message {
            SipMessage::Request(request) => (
                format!("{} {} SIP/2.0", request.method, request.uri),
                &request.headers,
                &request.body,
            ),
            SipMessage::Response(response) => {
                (status_line(&response.status_code), &response.headers, &response.body)
            }
        };
        let mut text = one_line(&start);
        for header in headers.iter() {
            let line = one_line(&header.to_string());
            let name = line.split(':').next().unwrap_or_default().trim();
            if HeaderName::from_bytes(name.as_bytes()) != Some(HeaderName::ContentLength) {
                text.push_str("\r\n");
                text.push_str(&line);
            }
        }
        text.push_str(&format!("\r\nContent-Length: {}\r\n\r\n", body.len()));
        let mut bytes = text.into_bytes();
        bytes.extend_from_slice(body);
        Self::parse_datagram(Bytes::from(bytes))
    }
}

fn status_line(status: &RsipStatus) -> String {
    let code = status.code();
    let phrase = match (status, StatusCode::new(code)) {
        (RsipStatus::Other(_, phrase), _) => phrase.as_str(),
        (_, Some(known)) => known.phrase(),
        (_, None) => "",
    };
    format!("SIP/2.0 {code} {phrase}")
}

fn one_line(text: &str) -> String {
    text.trim_end().replace(['\r', '\n'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Message {
        Message::parse_datagram(Bytes::from(text.replace('\n', "\r\n"))).unwrap()
    }

    #[test]
    fn what_rsip_cannot_read_reaches_its_types_and_comes_back() {
        let message = parse(
            "INVITE sip:bob@example.com SIP/2.0\nv: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\n\
             f: <sip:a@example.com>;tag=1\nt:\n <sip:bob@example.com>\ni: c1@example.com\n\
             CSeq: 1 INVITE\nX-Custom: kept\nl: 4\n\nv=0\n",
        );
        let converted = SipMessage::try_from(&message).unwrap();
        let back = Message::try_from(&converted).unwrap();
        let (there, here) = (back.headers(), message.headers());
        assert_eq!(there.call_id(), here.call_id());
        assert_eq!(there.to(), here.to());
        assert_eq!(there.via_top(), here.via_top());
        assert_eq!(there.text(HeaderName::Other("x-custom")).as_deref(), Some("kept"));
        assert_eq!(back.body(), message.body());
    }

    #[test]
    fn phrases_and_binary_bodies_survive() {
        let bytes = b"SIP/2.0 486 x\r\nVia: SIP/2.0/UDP h\r\nContent-Length: 3\r\n\r\n\xff\x00\xfe";
        let message = Message::parse_datagram(Bytes::from_static(bytes)).unwrap();
        let back = Message::try_from(&SipMessage::try_from(&message).unwrap()).unwrap();
        let Message::Response(response) = back else { panic!("a response") };
        assert_eq!(response.reason(), "Busy Here");
        assert_eq!(response.body().as_ref(), b"\xff\x00\xfe");
    }
}
