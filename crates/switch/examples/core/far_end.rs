//! The trunk, and the phone that is called: each message is made of what the core just sent.

use std::error::Error;

use bytes::Bytes;
use sip::auth::{Challenge, Credentials, Secret, answer};
use sip::flow::Flow;
use sip::message::Method;

use crate::{Bench, setting};

const TRUNK_OFFER: &str = "v=0\r\no=- 8000 8000 IN IP4 198.51.100.1\r\ns=-\r\n\
    c=IN IP4 198.51.100.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 8 0 101\r\n\
    a=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n\
    a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\na=sendrecv\r\n";
const PHONE_ANSWER: &str = "v=0\r\no=- 9000 9000 IN IP4 203.0.113.7\r\ns=-\r\n\
    c=IN IP4 203.0.113.7\r\nt=0 0\r\nm=audio 50000 RTP/AVP 8 101\r\n\
    a=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\n\
    a=fmtp:101 0-16\r\na=ptime:20\r\na=sendrecv\r\n";

/// A message of the core.
pub(crate) struct Sent {
    pub(crate) flow: Flow,
    pub(crate) bytes: Bytes,
}

impl Sent {
    fn text(&self) -> &str {
        // The core copies nothing but ASCII of the messages below.
        std::str::from_utf8(&self.bytes).expect("ASCII")
    }

    /// The value of a header line.
    fn value(&self, name: &str) -> &str {
        let text = self.text();
        let at = text.find(name).map_or(text.len(), |at| at + name.len());
        let rest = &text[at..];
        &rest[..rest.find("\r\n").unwrap_or(rest.len())]
    }

    /// A response of the phone to this request.
    fn response(&self, status: &str, more: &str, body: &str) -> String {
        let tag = if status.starts_with("100") { "" } else { ";tag=phone" };
        let to = self.value("\r\nTo: ");
        let tag = if to.contains(";tag=") { "" } else { tag };
        format!(
            "SIP/2.0 {status}\r\nVia: {}\r\nFrom: {}\r\nTo: {to}{tag}\r\nCall-ID: {}\r\n\
             CSeq: {}\r\n{more}Content-Length: {}\r\n\r\n{body}",
            self.value("\r\nVia: "),
            self.value("\r\nFrom: "),
            self.value("\r\nCall-ID: "),
            self.value("\r\nCSeq: "),
            body.len(),
        )
    }
}

fn find<'a>(sent: &'a [Sent], start: &str) -> Result<&'a Sent, Box<dyn Error>> {
    let found = sent.iter().find(|sent| sent.text().starts_with(start));
    found.ok_or_else(|| {
        let all: Vec<_> = sent.iter().map(Sent::text).collect();
        format!("no {start} among {all:#?}").into()
    })
}

/// INVITE from the trunk, 100, 180 and 200 from the phone, ACK, BYE from the trunk.
pub(crate) fn call(bench: &mut Bench, number: u32) -> Result<(), Box<dyn Error>> {
    let (trunk, phone) = (setting::trunk(), setting::phone());
    let sent = bench.receive(trunk, invite(number));
    let ring = find(&sent, "INVITE")?;
    assert_eq!(ring.flow, phone);
    let contact = "Contact: <sip:alice@203.0.113.7:5060>\r\n";
    bench.receive(phone, ring.response("100 Trying", "", ""));
    let sent = bench.receive(phone, ring.response("180 Ringing", contact, ""));
    find(&sent, "SIP/2.0 180")?;
    let typed = format!("{contact}Content-Type: application/sdp\r\n");
    let sent = bench.receive(phone, ring.response("200 OK", &typed, PHONE_ANSWER));
    find(&sent, "ACK")?;
    let answered = find(&sent, "SIP/2.0 200")?;
    let target = answered.value("\r\nContact: <");
    let target = &target[..target.find('>').unwrap_or(target.len())];
    let to = answered.value("\r\nTo: ");
    bench.receive(trunk, in_dialog("ACK", 1, number, target, to));
    let sent = bench.receive(trunk, in_dialog("BYE", 2, number, target, to));
    find(&sent, "SIP/2.0 200")?;
    let bye = find(&sent, "BYE")?;
    bench.receive(phone, bye.response("200 OK", "", ""));
    Ok(())
}

fn invite(number: u32) -> String {
    format!(
        "INVITE sip:+493012345678@192.0.2.1:5060 SIP/2.0\r\n\
         Via: SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bK-{number}-invite;rport\r\n\
         Max-Forwards: 70\r\n\
         From: \"Caller\" <sip:+4917012345678@198.51.100.1>;tag=trunk-{number}\r\n\
         To: <sip:+493012345678@192.0.2.1>\r\n\
         Call-ID: bench-{number}@198.51.100.1\r\n\
         CSeq: 1 INVITE\r\n\
         Contact: <sip:+4917012345678@198.51.100.1:5060>\r\n\
         Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, UPDATE\r\n\
         User-Agent: Carrier\r\n\
         Content-Type: application/sdp\r\n\
         Content-Length: {}\r\n\r\n{TRUNK_OFFER}",
        TRUNK_OFFER.len()
    )
}

fn in_dialog(method: &str, cseq: u32, number: u32, target: &str, to: &str) -> String {
    format!(
        "{method} {target} SIP/2.0\r\n\
         Via: SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bK-{number}-{method};rport\r\n\
         Max-Forwards: 70\r\n\
         From: \"Caller\" <sip:+4917012345678@198.51.100.1>;tag=trunk-{number}\r\n\
         To: {to}\r\n\
         Call-ID: bench-{number}@198.51.100.1\r\n\
         CSeq: {cseq} {method}\r\n\
         Contact: <sip:+4917012345678@198.51.100.1:5060>\r\n\
         Content-Length: 0\r\n\r\n"
    )
}

/// A REGISTER without credentials, its challenge, and one that answers it.
pub(crate) fn register(bench: &mut Bench, number: u32) -> Result<(), Box<dyn Error>> {
    let phone = setting::phone();
    let sent = bench.receive(phone, registration(number, 1, ""));
    let challenged = find(&sent, "SIP/2.0 401")?;
    let challenge = Challenge::parse(challenged.value("\r\nWWW-Authenticate: ").as_bytes());
    let credentials = Credentials {
        username: "alice".into(),
        secret: Secret::Password("secret".into()),
        realm: None,
    };
    let challenge = challenge.ok_or("no challenge")?;
    let uri = "sip:pbx.example";
    let answer = answer(&challenge, &credentials, &Method::Register, uri, "cnonce", 1);
    let answer = answer.ok_or("no answer to the challenge")?;
    let line = format!("Authorization: {answer}\r\n");
    let sent = bench.receive(phone, registration(number, 2, &line));
    find(&sent, "SIP/2.0 200")?;
    Ok(())
}

fn registration(number: u32, cseq: u32, more: &str) -> String {
    format!(
        "REGISTER sip:pbx.example SIP/2.0\r\n\
         Via: SIP/2.0/UDP 203.0.113.7:5060;branch=z9hG4bK-{number}-{cseq};rport\r\n\
         Max-Forwards: 70\r\n\
         From: <sip:alice@pbx.example>;tag=phone-{number}\r\n\
         To: <sip:alice@pbx.example>\r\n\
         Call-ID: registration\r\n\
         CSeq: {} REGISTER\r\n\
         Contact: <sip:alice@203.0.113.7:5060>\r\n\
         Expires: 3600\r\n\
         User-Agent: Phone\r\n\
         {more}Content-Length: 0\r\n\r\n",
        2 * number + cseq + 1
    )
}
