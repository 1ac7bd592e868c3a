//! Streams: every cut of the bytes gives the same messages, and what cannot be framed ends it.

use proptest::prelude::*;
use sip::framing::{Framed, FramingError, StreamDecoder};

use crate::torture::request;

const OPTIONS: &str = "OPTIONS sip:dave@draughts.example SIP/2.0";

fn stream() -> String {
    let with_body = request(OPTIONS, "Content-Type: text/plain\nContent-Length  : 5");
    let folded = request(OPTIONS, "l:\n 0");
    let broken = request("OPTIONS  sip:dave@draughts.example SIP/2.0", "Content-Length: 2");
    format!("{with_body}hello\r\n\r\n\r\n\r\n{folded}{broken}xx{folded}")
}

/// What comes out, keep-alives apart: a cut within one changes its kind but not the messages.
fn frames(chunks: impl Iterator<Item = Vec<u8>>) -> (Vec<String>, Result<(), FramingError>) {
    let mut decoder = StreamDecoder::default();
    let mut seen = Vec::new();
    for chunk in chunks {
        decoder.push(&chunk);
        loop {
            match decoder.next_frame() {
                Ok(Some(Framed::Message(message))) => {
                    seen.push(format!("message {:?}", message.body()));
                }
                Ok(Some(Framed::Fault(fault))) => {
                    seen.push(format!("{} {:?}", fault.error, fault.status()));
                }
                Ok(Some(Framed::Ping | Framed::Pong)) => {}
                Ok(None) => break,
                Err(error) => return (seen, Err(error)),
            }
        }
    }
    assert_eq!(decoder.pending(), 0);
    (seen, Ok(()))
}

#[test]
fn messages_come_out_one_by_one() {
    let (seen, end) = frames([stream().into_bytes()].into_iter());
    assert_eq!(end, Ok(()));
    insta::assert_snapshot!(seen.join("\n"), @r#"
    message b"hello"
    message b""
    malformed start line Some(StatusCode(400))
    message b""
    "#);
}

proptest! {
    #[test]
    fn every_cut_gives_the_same_messages(cuts in prop::collection::vec(1_usize..120, 1..60)) {
        let whole = stream().into_bytes();
        let mut rest = whole.as_slice();
        let mut chunks = Vec::new();
        for cut in cuts.iter().cycle() {
            let (chunk, tail) = rest.split_at((*cut).min(rest.len()));
            chunks.push(chunk.to_vec());
            rest = tail;
            if rest.is_empty() {
                break;
            }
        }
        prop_assert_eq!(frames(chunks.into_iter()), frames([whole].into_iter()));
    }
}

fn keep_alives(chunks: &[&str]) -> Vec<&'static str> {
    let mut decoder = StreamDecoder::default();
    let mut seen = Vec::new();
    for chunk in chunks {
        decoder.push(chunk.as_bytes());
        while let Some(frame) = decoder.next_frame().unwrap() {
            seen.push(match frame {
                Framed::Ping => "ping",
                Framed::Pong => "pong",
                Framed::Message(_) => "message",
                Framed::Fault(_) => "fault",
            });
        }
    }
    seen
}

#[test]
fn keep_alives_are_told_apart() {
    let message = request(OPTIONS, "Content-Length: 0");
    assert_eq!(keep_alives(&["\r\n\r\n"]), ["ping"]);
    assert_eq!(keep_alives(&["\r\n"]), ["pong"]);
    assert_eq!(keep_alives(&["\r", "\n", &message]), ["pong", "message"]);
    assert_eq!(keep_alives(&["\r\n", "\r\n"]), ["pong", "ping"]);
    assert_eq!(keep_alives(&[&message, "\r\n\r\n", &message]), ["message", "ping", "message"]);
    assert_eq!(keep_alives(&["\n", &message]), ["message"]);
}

#[test]
fn without_a_sound_content_length_the_stream_is_lost() {
    let end = |headers: &str| frames([request(OPTIONS, headers).into_bytes()].into_iter());
    assert_eq!(end("").1, Err(FramingError::ContentLengthMissing));
    assert_eq!(end("Content-Length: -1").1, Err(FramingError::ContentLengthMalformed));
    assert_eq!(end("Content-Length: five").1, Err(FramingError::ContentLengthMalformed));
    assert_eq!(end("Content-Length: 0\nl: 3").1, Err(FramingError::ContentLengthMalformed));
    let many = "X-A: y\n".repeat(260) + "Content-Length: 0";
    assert_eq!(end(&many).1, Err(FramingError::HeadTooLarge));
}

#[test]
fn an_error_is_for_good() {
    let mut decoder = StreamDecoder::default();
    decoder.push(request(OPTIONS, "").as_bytes());
    assert!(decoder.next_frame().is_err());
    decoder.push(request(OPTIONS, "Content-Length: 0").as_bytes());
    assert!(decoder.next_frame().is_err());
    assert_eq!(decoder.pending(), 0);
}

#[test]
fn a_message_that_is_never_finished_says_nothing() {
    let mut decoder = StreamDecoder::default();
    decoder.push((request(OPTIONS, "Content-Length: 9999") + "v=0").as_bytes());
    assert!(matches!(decoder.next_frame(), Ok(None)));
    assert!(decoder.pending() < 600);
}
