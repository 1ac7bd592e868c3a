//! What we build: its text, and that it reads back as it was meant.

use bytes::Bytes;
use sip::flow::TransportKind;
use sip::message::{
    Body, HeaderName, Host, Message, Method, NameAddr, Reason, Request, RequestBuilder,
    ResponseBuilder, StatusCode, Uri, Via,
};

use crate::torture::request;
use crate::verdict::parsed;

fn as_request(message: Message) -> Request {
    match message {
        Message::Request(request) => request,
        Message::Response(response) => panic!("{response:?}"),
    }
}

fn invite() -> Request {
    let uri: Uri =
        "sip:dave@draughts.example;method=BYE?Route=%3Csip:evil.example%3E".parse().unwrap();
    let from = NameAddr::new("sip:carol@chess.example".parse().unwrap())
        .with_display("Carol \"C\"\r\nRoute: <sip:evil.example>")
        .with_tag("c4r");
    let via = Via::new(TransportKind::Udp, Host::Name("gw.example".into()), Some(5060), "z9hG4bK1");
    RequestBuilder::new(Method::Invite, &uri)
        .header(HeaderName::Via, via)
        .header(HeaderName::MaxForwards, 70)
        .header(HeaderName::From, from)
        .header(HeaderName::To, NameAddr::new("sip:dave@draughts.example".parse().unwrap()))
        .header(HeaderName::CallId, "1@gw")
        .header(HeaderName::CSeq, "1 INVITE")
        .header(HeaderName::Reason, Reason::new("SIP", 200, "elsewhere"))
        .header(HeaderName::Other("X-Call-ID"), " padded ")
        .extension("X-Note", "a\nb")
        .extension("not a token", "left out")
        .build(Some(&Body::sdp("v=0\r\n")))
}

#[test]
fn a_request_in_full() {
    insta::assert_snapshot!(String::from_utf8_lossy(&invite().to_bytes()).replace('\r', ""), @r#"
    INVITE sip:dave@draughts.example SIP/2.0
    Via: SIP/2.0/UDP gw.example:5060;branch=z9hG4bK1;rport
    Max-Forwards: 70
    From: "Carol \"C\"  Route: <sip:evil.example>" <sip:carol@chess.example>;tag=c4r
    To: <sip:dave@draughts.example>
    Call-ID: 1@gw
    CSeq: 1 INVITE
    Reason: SIP;cause=200;text="elsewhere"
    X-Call-ID: padded
    X-Note: a b
    Content-Type: application/sdp
    Content-Length: 5

    v=0
    "#);
}

/// Everything that an index says about a message.
fn index(message: &Message) -> Vec<(String, String)> {
    message
        .headers()
        .lines()
        .map(|line| (line.name_str().into_owned(), line.text().into_owned()))
        .collect()
}

#[test]
fn what_was_built_reads_back_the_same() {
    let built = invite();
    let read = as_request(parsed(built.to_bytes()));
    assert_eq!(read.method(), built.method());
    assert_eq!(read.uri_raw(), built.uri_raw());
    assert_eq!(read.body(), built.body());
    assert_eq!(index(&read.into()), index(&built.into()));

    let request = as_request(parsed(request("INVITE sip:d@e SIP/2.0", "Record-Route: <sip:p;lr>")));
    let built = ResponseBuilder::to(&request, StatusCode::RINGING)
        .to_tag("t1")
        .header(HeaderName::Contact, "<sip:us@gw>")
        .build(None);
    let Message::Response(read) = parsed(built.to_bytes()) else { panic!("a response") };
    assert_eq!(read.status(), built.status());
    assert_eq!(read.reason(), built.reason());
    assert_eq!(index(&read.into()), index(&built.into()));
}

#[test]
fn a_response_copies_what_it_has_to_and_notes_the_source() {
    let request = as_request(parsed(request(
        "INVITE sip:dave@draughts.example SIP/2.0",
        "v: SIP / 2.0 / UDP 10.0.0.1:5070;rport;received=6.6.6.6;branch=z9hG4bK1, SIP/2.0/TCP b\n\
         Via: SIP/2.0/SCTP c;branch=z9hG4bKc\nRecord-Route: <sip:p1.example;lr>\n\
         Record-Route: <sip:p2.example;lr>\nt:\n \"Dave\"\n <sip:dave@draughts.example>",
    )));
    let source = "198.51.100.9:40000".parse().unwrap();
    let response =
        ResponseBuilder::to(&request, StatusCode::OK).to_tag("t1").source(source).build(None);
    insta::assert_snapshot!(String::from_utf8_lossy(&response.to_bytes()).replace('\r', ""), @r#"
    SIP/2.0 200 OK
    Via: SIP/2.0/UDP 10.0.0.1:5070;rport=40000;received=198.51.100.9;branch=z9hG4bK1, SIP/2.0/TCP b
    Via: SIP/2.0/SCTP c;branch=z9hG4bKc
    From: <sip:carol@chess.example>;tag=c4r
    To: "Dave" <sip:dave@draughts.example>;tag=t1
    Call-ID: 7f1b@chess.example
    CSeq: 31 INVITE
    Record-Route: <sip:p1.example;lr>
    Record-Route: <sip:p2.example;lr>
    Content-Length: 0
    "#);
}

#[test]
fn a_tag_of_the_request_stays_and_100_adds_none() {
    let early = as_request(parsed(request("OPTIONS sip:d@e SIP/2.0", "To: sip:d@e")));
    let build =
        |request: &Request, status| ResponseBuilder::to(request, status).to_tag("new").build(None);
    let tag = |response: sip::message::Response| response.headers().to_tag().map(str::to_owned);
    assert_eq!(tag(build(&early, StatusCode::OK)).as_deref(), Some("new"));
    assert_eq!(tag(build(&early, StatusCode::TRYING)), None);
    let within = as_request(parsed(request("BYE sip:d@e SIP/2.0", "To: <sip:d@e>;tag=old")));
    assert_eq!(tag(build(&within, StatusCode::OK)).as_deref(), Some("old"));
}

#[test]
fn an_unchanged_message_is_its_own_bytes() {
    let bytes = Bytes::from(request("OPTIONS sip:%75@e;x=%41 SIP/2.0", "x-Odd:  a ,b\n c"));
    let message = parsed(bytes.clone());
    assert_eq!(message.to_bytes(), bytes);
    assert_eq!(message.to_bytes().as_ptr(), bytes.as_ptr());
}

#[test]
fn a_request_uri_keeps_its_escapes() {
    let uri: Uri = "sip:%23100%41@host.example;transport=ws".parse().unwrap();
    let request = RequestBuilder::new(Method::Options, &uri).build(None);
    assert_eq!(request.uri_raw(), b"sip:%23100%41@host.example;transport=ws");
    let cancel = RequestBuilder::like(Method::Cancel, &request).build(None);
    assert_eq!(cancel.uri_raw(), request.uri_raw());
    let dialled = Uri::sip(Some("#31# a@b"), Host::Name("h".into()), None);
    assert_eq!(dialled.to_string(), "sip:%2331%23%20a%40b@h");
    assert_eq!(dialled.user_unescaped().as_deref(), Some("#31# a@b"));
}

#[test]
fn a_refer_to_carries_its_replaces_escaped() {
    let replaces = "7@h;to-tag=a;from-tag=b";
    let uri = Uri::sip(Some("bob"), Host::Name("h.example".into()), None);
    let text = uri.with_header("Replaces", replaces).to_string();
    assert_eq!(text, "sip:bob@h.example?Replaces=7%40h%3Bto-tag%3Da%3Bfrom-tag%3Db");
    let read: Uri = text.parse().unwrap();
    assert_eq!(read.header("replaces").as_deref(), Some(replaces));
    assert_eq!(read.header("Route"), None);
}
