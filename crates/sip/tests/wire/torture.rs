//! Torture messages of our own writing: each trap in which some parser was caught, with the
//! verdict of this one.

use sip::message::{HeaderName, Host, Message, Scheme};

use crate::verdict::{parsed, verdict};

/// A request with the usual headers, without those that are given.
pub(crate) fn request(start: &str, given: &str) -> String {
    let method = start.split(' ').next().unwrap_or_default();
    let usual = [
        "Via: SIP/2.0/UDP 198.51.100.7:5080;branch=z9hG4bKtandem1;rport".to_owned(),
        "Max-Forwards: 70".to_owned(),
        "From: <sip:carol@chess.example>;tag=c4r".to_owned(),
        "To: <sip:dave@draughts.example>".to_owned(),
        "Call-ID: 7f1b@chess.example".to_owned(),
        format!("CSeq: 31 {method}"),
    ];
    let names: Vec<_> = given
        .lines()
        .filter_map(|line| line.split_once(':'))
        .filter_map(|(name, _)| HeaderName::from_bytes(name.trim().as_bytes()))
        .collect();
    let mut text = format!("{start}\n");
    for line in usual {
        let name = line.split(':').next().unwrap_or_default();
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        if !names.contains(&name) {
            text.push_str(&line);
            text.push('\n');
        }
    }
    text.push_str(given);
    if !given.is_empty() {
        text.push('\n');
    }
    text.push('\n');
    text.replace('\n', "\r\n")
}

const OPTIONS: &str = "OPTIONS sip:dave@draughts.example SIP/2.0";
const INVITE: &str = "INVITE sip:dave@draughts.example SIP/2.0";

fn check(start: &str, headers: &str) -> String {
    verdict(request(start, headers))
}

#[test]
fn start_lines() {
    let cases = [
        "OPTIONS sip:dave@draughts.example SIP/2.0",
        "OPTIONS sip:dave@draughts.example sip/2.0",
        "OPTIONS  sip:dave@draughts.example SIP/2.0",
        "OPTIONS sip:dave@draughts.example SIP/2.0 ",
        "OPTIONS sip:dave@draughts.example  SIP/2.0",
        "OPTIONS sip:da ve@draughts.example SIP/2.0",
        "OPTIONS <sip:dave@draughts.example> SIP/2.0",
        "OPTIONS sip:dave@draughts.example SIP/2.1",
        "OPTIONS sip:dave@draughts.example HTTP/1.1",
        "OPTIONS sip:dave@draughts.example",
        "options sip:dave@draughts.example SIP/2.0",
        "OPT\u{ef}ONS sip:dave@draughts.example SIP/2.0",
        "FL%6Fat~!*_+.'` sip:dave@draughts.example SIP/2.0",
        "OPTIONS sip:draughts.example SIP/2.0",
        "OPTIONS sip:@draughts.example SIP/2.0",
        "OPTIONS sip:dave@ SIP/2.0",
        "OPTIONS sip:dave@draughts.example:0 SIP/2.0",
        "OPTIONS sip:dave@draughts.example:65536 SIP/2.0",
        "OPTIONS sip:dave@[2001:db8::7]:5070 SIP/2.0",
        "OPTIONS sip:dave@2001:db8::7 SIP/2.0",
        "OPTIONS sip:dave@[2001:db8:::198.51.100.7] SIP/2.0",
        "OPTIONS sip:dave@draughts.example?Route=%3Csip:evil.example%3E SIP/2.0",
        "OPTIONS sip:dave@draughts.example;method=BYE SIP/2.0",
        "OPTIONS tel:+12025550143;phone-context=example.com SIP/2.0",
        "OPTIONS urn:service:sos SIP/2.0",
        "OPTIONS draughts SIP/2.0",
    ];
    let verdicts: Vec<_> =
        cases.iter().map(|start| format!("{start} -> {}", check(start, ""))).collect();
    insta::assert_snapshot!(verdicts.join("\n"), @r#"
    OPTIONS sip:dave@draughts.example SIP/2.0 -> accept
    OPTIONS sip:dave@draughts.example sip/2.0 -> accept
    OPTIONS  sip:dave@draughts.example SIP/2.0 -> 400
    OPTIONS sip:dave@draughts.example SIP/2.0  -> 400
    OPTIONS sip:dave@draughts.example  SIP/2.0 -> 400
    OPTIONS sip:da ve@draughts.example SIP/2.0 -> 400
    OPTIONS <sip:dave@draughts.example> SIP/2.0 -> 400
    OPTIONS sip:dave@draughts.example SIP/2.1 -> 505
    OPTIONS sip:dave@draughts.example HTTP/1.1 -> 400
    OPTIONS sip:dave@draughts.example -> 400
    options sip:dave@draughts.example SIP/2.0 -> 501 Allow
    OPTïONS sip:dave@draughts.example SIP/2.0 -> drop
    FL%6Fat~!*_+.'` sip:dave@draughts.example SIP/2.0 -> 501 Allow
    OPTIONS sip:draughts.example SIP/2.0 -> accept
    OPTIONS sip:@draughts.example SIP/2.0 -> 400
    OPTIONS sip:dave@ SIP/2.0 -> 400
    OPTIONS sip:dave@draughts.example:0 SIP/2.0 -> 400
    OPTIONS sip:dave@draughts.example:65536 SIP/2.0 -> 400
    OPTIONS sip:dave@[2001:db8::7]:5070 SIP/2.0 -> accept
    OPTIONS sip:dave@2001:db8::7 SIP/2.0 -> 400
    OPTIONS sip:dave@[2001:db8:::198.51.100.7] SIP/2.0 -> accept
    OPTIONS sip:dave@draughts.example?Route=%3Csip:evil.example%3E SIP/2.0 -> 400
    OPTIONS sip:dave@draughts.example;method=BYE SIP/2.0 -> accept
    OPTIONS tel:+12025550143;phone-context=example.com SIP/2.0 -> accept
    OPTIONS urn:service:sos SIP/2.0 -> 416
    OPTIONS draughts SIP/2.0 -> 400
    "#);
}

#[test]
fn single_headers_broken_one_at_a_time() {
    let cases = [
        "Call-ID:",
        "Call-ID: two words",
        "i: compact@chess.example",
        "CSeq: 31",
        "CSeq: 31 INVITE",
        "CSeq: 4294967296 OPTIONS",
        "CSeq: 4294967295 OPTIONS",
        "CSeq: -1 OPTIONS",
        "CSeq: 0031\n  OPTIONS",
        "From: carol",
        "From: <sip:carol@chess.example;tag=c4r",
        "From: \"Carol <sip:carol@chess.example>;tag=c4r",
        "From: Carol, the <sip:carol@chess.example>;tag=c4r",
        "From: Carol<sip:carol@chess.example>;tag=c4r",
        "From: sip:carol@chess.example?Subject=x;tag=c4r",
        "From: <sip:carol@chess.example>;;tag=c4r",
        "From: < sip:carol@chess.example >;tag=c4r",
        "From: <http://chess.example>;tag=c4r",
        "To: <sip:dave@draughts.example>, <sip:eve@draughts.example>",
        "Via: SIP/2.0/UDP 198.51.100.7;branch",
        "Via: SIP/2.0/UDP",
        "Via: SIP/3.0/UDP 198.51.100.7",
        "Via: SIP/2.0/UDP 198.51.100.7 : 5081 ; branch=z9hG4bK1",
        "Via: SIP/2.0/UDP ;;,;,,",
        "Max-Forwards: 0",
        "Max-Forwards: 256",
        "Max-Forwards: many",
        "Contact: *, <sip:carol@198.51.100.7>",
        "Contact: <sip:carol@198.51.100.7>,",
        "Record-Route: <sip:p.example;lr>, broken",
        "Subject :",
        "No colon here",
        ": no name",
        "Bad name: x",
        "Content-Length: ten",
        "Content-Length: 1",
        "Content-Length: 18446744073709551610",
        "Content-Length: 99999999999999999999999",
        "Content-Length: 0\nl: 0",
        "Content-Length: 0\nl: 1",
        "Require: 100rel, quantum",
        "Proxy-Require: quantum",
    ];
    let verdicts: Vec<_> =
        cases.iter().map(|line| format!("{line:?} -> {}", check(OPTIONS, line))).collect();
    insta::assert_snapshot!(verdicts.join("\n"), @r#"
    "Call-ID:" -> 400
    "Call-ID: two words" -> 400
    "i: compact@chess.example" -> accept
    "CSeq: 31" -> 400
    "CSeq: 31 INVITE" -> 400
    "CSeq: 4294967296 OPTIONS" -> 400
    "CSeq: 4294967295 OPTIONS" -> accept
    "CSeq: -1 OPTIONS" -> 400
    "CSeq: 0031\n  OPTIONS" -> accept
    "From: carol" -> 400
    "From: <sip:carol@chess.example;tag=c4r" -> 400
    "From: \"Carol <sip:carol@chess.example>;tag=c4r" -> 400
    "From: Carol, the <sip:carol@chess.example>;tag=c4r" -> 400
    "From: Carol<sip:carol@chess.example>;tag=c4r" -> accept
    "From: sip:carol@chess.example?Subject=x;tag=c4r" -> 400
    "From: <sip:carol@chess.example>;;tag=c4r" -> 400
    "From: < sip:carol@chess.example >;tag=c4r" -> 400
    "From: <http://chess.example>;tag=c4r" -> accept
    "To: <sip:dave@draughts.example>, <sip:eve@draughts.example>" -> 400
    "Via: SIP/2.0/UDP 198.51.100.7;branch" -> accept
    "Via: SIP/2.0/UDP" -> 400
    "Via: SIP/3.0/UDP 198.51.100.7" -> 400
    "Via: SIP/2.0/UDP 198.51.100.7 : 5081 ; branch=z9hG4bK1" -> accept
    "Via: SIP/2.0/UDP ;;,;,," -> 400
    "Max-Forwards: 0" -> accept
    "Max-Forwards: 256" -> accept
    "Max-Forwards: many" -> 400
    "Contact: *, <sip:carol@198.51.100.7>" -> 400
    "Contact: <sip:carol@198.51.100.7>," -> 400
    "Record-Route: <sip:p.example;lr>, broken" -> 400
    "Subject :" -> accept
    "No colon here" -> 400
    ": no name" -> 400
    "Bad name: x" -> 400
    "Content-Length: ten" -> 400
    "Content-Length: 1" -> 400
    "Content-Length: 18446744073709551610" -> 400
    "Content-Length: 99999999999999999999999" -> 400
    "Content-Length: 0\nl: 0" -> 400
    "Content-Length: 0\nl: 1" -> 400
    "Require: 100rel, quantum" -> 420 Unsupported: quantum
    "Proxy-Require: quantum" -> accept
    "#);
}

#[test]
fn repeated_and_missing_headers() {
    let twice = ["Call-ID", "CSeq", "From", "To", "Max-Forwards"].map(|name| {
        let whole = request(OPTIONS, "");
        let line = whole.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
        let doubled = whole.replacen(&line, &format!("{line}\r\n{line}"), 1);
        let without = whole.replacen(&format!("{line}\r\n"), "", 1);
        format!("{name}: twice {}, never {}", verdict(doubled), verdict(without))
    });
    insta::assert_snapshot!(twice.join("\n"), @r#"
    Call-ID: twice 400, never 400
    CSeq: twice 400, never 400
    From: twice 400, never 400
    To: twice 400, never 400
    Max-Forwards: twice 400, never accept
    "#);
}

#[test]
fn bodies_and_their_types() {
    let sdp = "v=0\r\n";
    let cases = [
        ("Content-Type: application/sdp", sdp),
        ("c: Application / SDP ; charset=x", sdp),
        ("Content-Type: application/isup", sdp),
        ("Content-Type: application/isup\nContent-Disposition: x;handling=optional", sdp),
        ("Content-Type: application/sdp\nContent-Encoding: gzip", sdp),
        ("Content-Type: application/sdp\nAccept: text/plain", sdp),
        ("Content-Type: application/sdp\nAccept: text/plain, application/*", sdp),
        ("Content-Type: application/sdp\nContent-Length: 6", sdp),
        ("Content-Type: application/sdp\nContent-Length: 4", sdp),
    ];
    let verdicts: Vec<_> = cases
        .iter()
        .map(|(headers, body)| {
            format!("{headers:?} -> {}", verdict(request(INVITE, headers) + body))
        })
        .collect();
    insta::assert_snapshot!(verdicts.join("\n"), @r#"
    "Content-Type: application/sdp" -> accept
    "c: Application / SDP ; charset=x" -> accept
    "Content-Type: application/isup" -> 415 Accept: application/sdp, text/plain
    "Content-Type: application/isup\nContent-Disposition: x;handling=optional" -> accept
    "Content-Type: application/sdp\nContent-Encoding: gzip" -> 415 Accept-Encoding: identity
    "Content-Type: application/sdp\nAccept: text/plain" -> 406 Warning: 399 tandem "only application/sdp is offered"
    "Content-Type: application/sdp\nAccept: text/plain, application/*" -> accept
    "Content-Type: application/sdp\nContent-Length: 6" -> 400
    "Content-Type: application/sdp\nContent-Length: 4" -> accept
    "#);
}

#[test]
fn responses_are_accepted_or_dropped() {
    let response =
        |start: &str, given: &str| verdict(request(start, &format!("CSeq: 31 INVITE{given}")));
    assert_eq!(response("SIP/2.0 180 Ringing", ""), "accept");
    assert_eq!(response("SIP/2.0 180 ", ""), "accept");
    assert_eq!(response("SIP/2.0 180", ""), "accept");
    assert_eq!(response("SIP/2.0 180 \u{43f}\u{440}\u{438}\u{432}\u{435}\u{442}", ""), "accept");
    assert_eq!(response("SIP/2.0 99 Low", ""), "drop");
    assert_eq!(response("SIP/2.0 700 High", ""), "drop");
    assert_eq!(response("SIP/2.0 4294967496 OK", ""), "drop");
    assert_eq!(response("SIP/7.0 200 OK", ""), "drop");
    assert_eq!(
        response("SIP/2.0 200 OK", "\nVia: SIP/2.0/UDP 255.255.255.255, SIP/2.0/UDP b"),
        "drop"
    );
}

#[test]
fn line_ends_and_what_stands_around_a_message() {
    let whole = request(OPTIONS, "");
    assert_eq!(verdict(format!("\r\n\r\n{whole}")), "accept");
    assert_eq!(verdict(whole.replace("\r\n", "\n")), "accept");
    assert_eq!(verdict(whole.strip_suffix("\r\n").unwrap().to_owned()), "400");
    assert_eq!(verdict(whole.replace("Max-Forwards: 70", "Subject: a\rb")), "400");
    for keep_alive in ["", "\r\n", "\r\n\r\n", "\n\n\n"] {
        assert_eq!(verdict(keep_alive.to_owned()), "drop");
    }
    let with_length = request(OPTIONS, "Content-Length : 0");
    let Message::Request(first) = parsed(format!("{with_length}{whole}")) else {
        panic!("a request")
    };
    assert_eq!(first.to_bytes(), with_length.as_bytes());
}

#[test]
fn an_ack_is_never_answered() {
    assert_eq!(check("ACK  sip:dave@draughts.example SIP/2.0", "CSeq: 31 ACK"), "drop");
}

#[test]
fn a_uri_within_a_quoted_display_name_is_text() {
    let message = parsed(request(
        OPTIONS,
        r#"From: "A <sip:evil@x>;tag=9, \"q\"" <sip:a@chess.example>;tag=1"#,
    ));
    let from = message.headers().from().unwrap();
    assert_eq!(from.uri.to_string(), "sip:a@chess.example");
    assert_eq!(from.display.as_deref(), Some("A <sip:evil@x>;tag=9, \"q\""));
    assert_eq!(message.headers().from_tag(), Some("1"));
}

#[test]
fn bytes_that_are_no_utf8_lose_nothing_behind_them() {
    let mut bytes = request(OPTIONS, "").into_bytes();
    let line = b"Subject: caf\xe9\r\nFrom: Ren\xe9 <sip:r@chess.example>;tag=c4r\r\n";
    let whole = String::from_utf8(bytes.clone()).unwrap();
    let from = whole.find("From:").unwrap();
    let end = from + whole[from..].find("\r\n").unwrap() + 2;
    bytes.splice(from..end, line.iter().copied());
    let message = parsed(bytes.clone());
    assert_eq!(message.headers().call_id(), Ok("7f1b@chess.example"));
    assert_eq!(message.headers().from().unwrap().display.as_deref(), Some("Ren\u{fffd}"));
    assert_eq!(message.headers().from_tag(), Some("c4r"));
    assert_eq!(message.to_bytes(), bytes);
}

#[test]
fn compact_names_folds_and_spaces() {
    let text = "INVITE sip:dave@draughts.example SIP/2.0\nv:SIP/2.0/TCP\n [2001:db8::1]:5062\n \
        ;branch=z9hG4bK9;received=2001:db8::9\nf:\"C\"<sip:carol@chess.example>\n\t;tag = 1\n\
        T : sip:dave@draughts.example;tag=2;x\ni:1@c\nCSeq:1 INVITE\nm:<sip:c@[2001:db8::1];lr>\
        ;q=0.25,<tel:+12025550143>;expires=60\nk:timer,\n 100rel\ns:\n\
        c:application/sdp\nl : 5\n\nv=0\n";
    let message = parsed(text.replace('\n', "\r\n"));
    let headers = message.headers();
    let via = headers.via_top().unwrap();
    assert_eq!(
        via.to_string(),
        "SIP/2.0/TCP [2001:db8::1]:5062;branch=z9hG4bK9;received=2001:db8::9"
    );
    assert_eq!(via.received(), Some("2001:db8::9".parse().unwrap()));
    assert_eq!(headers.from_tag(), Some("1"));
    assert_eq!(headers.to_tag(), Some("2"));
    let contacts = headers.contacts().unwrap();
    let [first, second] = contacts.addresses() else { panic!("two contacts") };
    assert_eq!(first.uri.host, Host::V6("2001:db8::1".parse().unwrap()));
    assert_eq!(first.q_thousandths(), Some(250));
    assert_eq!((&second.uri.scheme, second.expires()), (&Scheme::Tel, Some(60)));
    assert!(headers.supports("100rel"));
    assert_eq!(headers.text(HeaderName::Subject).as_deref(), Some(""));
    assert_eq!(headers.content_type().as_deref(), Some("application/sdp"));
    assert_eq!(message.body().as_ref(), b"v=0\r\n");
}

#[test]
fn a_body_is_bytes() {
    let mut bytes =
        request("MESSAGE sip:dave@draughts.example SIP/2.0", "Content-Length: 5").into_bytes();
    bytes.extend_from_slice(b"\xff\0\r\n\xfebeyond");
    let message = parsed(bytes.clone());
    assert_eq!(message.body().as_ref(), b"\xff\0\r\n\xfe");
    assert_eq!(message.to_bytes(), bytes[..bytes.len() - 6]);
}
