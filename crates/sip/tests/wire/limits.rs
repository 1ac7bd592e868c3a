//! Each size has a limit, and the limit has a test that reaches it.

use bytes::Bytes;
use sip::framing::{FramingError, StreamDecoder};
use sip::message::{Message, ParseError, ParseFault, ParseLimits};

use crate::torture::request;
use crate::verdict::verdict;

const OPTIONS: &str = "OPTIONS sip:dave@draughts.example SIP/2.0";

fn fault(text: String) -> ParseFault {
    Message::parse_datagram(Bytes::from(text)).expect_err("beyond a limit")
}

#[test]
fn message_bytes() {
    let head = request(OPTIONS, "");
    let room = 65_535 - head.len();
    assert!(Message::parse_datagram(Bytes::from(head.clone() + &"x".repeat(room))).is_ok());
    let fault = fault(head + &"x".repeat(room + 1));
    assert_eq!(fault.error, ParseError::TooLarge);
    assert_eq!(fault.status().unwrap(), 513);
}

#[test]
fn head_bytes() {
    let lines = "X-Filler: ".to_owned() + &"x".repeat(990) + "\n";
    let fault = fault(request(OPTIONS, lines.repeat(40).trim_end()));
    assert_eq!(fault.error, ParseError::TooLarge);
    assert_eq!(fault.headers.call_id(), Ok("7f1b@chess.example"));
}

#[test]
fn header_lines() {
    let fits = "X-A: y\n".repeat(250);
    assert_eq!(verdict(request(OPTIONS, fits.trim_end())), "accept");
    let fault = fault(request(OPTIONS, (fits + "X-A: y").trim_end()));
    assert_eq!(fault.error, ParseError::TooManyHeaders);
    assert_eq!(fault.status().unwrap(), 400);
}

#[test]
fn line_bytes() {
    let line = |length: usize| "Subject: ".to_owned() + &"x".repeat(length - 11);
    assert_eq!(verdict(request(OPTIONS, &line(8_192))), "accept");
    assert_eq!(fault(request(OPTIONS, &line(8_193))).error, ParseError::LineTooLong);
    let folded = "Subject: a\n ".to_owned() + &"x\n ".repeat(2_100) + "x";
    assert_eq!(fault(request(OPTIONS, &folded)).error, ParseError::LineTooLong);
    let start = format!("OPTIONS sip:{}@draughts.example SIP/2.0", "x".repeat(8_192));
    assert_eq!(fault(request(&start, "")).error, ParseError::LineTooLong);
}

#[test]
fn via_lines_and_values() {
    let line = "Via: SIP/2.0/UDP h.example;branch=z9hG4bK1\n";
    assert_eq!(verdict(request(OPTIONS, line.repeat(70).trim_end())), "accept");
    let many = fault(request(OPTIONS, line.repeat(71).trim_end()));
    assert_eq!(many.error, ParseError::TooManyHeaders);
    let listed = "Via: ".to_owned() + &vec!["SIP/2.0/UDP h.example"; 71].join(", ");
    assert_eq!(verdict(request(OPTIONS, &listed)), "400");
}

#[test]
fn a_stream_is_given_up_at_its_limits() {
    let limits = ParseLimits { head_bytes: 400, message_bytes: 600, ..ParseLimits::default() };
    let feed = |text: &str| {
        let mut decoder = StreamDecoder::new(limits);
        let mut result = Ok(());
        for chunk in text.as_bytes().chunks(64) {
            decoder.push(chunk);
            result = decoder.next_frame().map(|_| ());
            if result.is_err() {
                assert_eq!(decoder.pending(), 0);
                break;
            }
        }
        result
    };
    let endless = format!("{OPTIONS}\r\nSubject: {}", "x".repeat(400));
    assert_eq!(feed(&endless), Err(FramingError::HeadTooLarge));
    let large = request(OPTIONS, "Content-Length: 500");
    assert_eq!(feed(&large), Err(FramingError::MessageTooLarge));
    let overflow = request(OPTIONS, "Content-Length: 18446744073709551610");
    assert_eq!(feed(&overflow), Err(FramingError::MessageTooLarge));
}
