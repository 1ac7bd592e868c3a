//! The messages of RFC 4475 through the whole core: each gets its answer, and the core goes on.
//!
//! Their folder stands beside the checkout; they are others' text and so no part of the
//! repository.

use std::fs;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use sip::flow::TransportKind;
use sip::message::Message;
use sip::user_agent_core::{UaEvent, UaOutput, UserAgentCore};

use crate::script::{config, peer};

#[test]
fn every_message_of_rfc_4475_gets_its_answer() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/rfc4475");
    let Ok(entries) = fs::read_dir(&folder) else {
        eprintln!("NOT RUN: the torture messages are not at {}", folder.display());
        return;
    };
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "dat"));
    files.sort();
    assert_eq!(files.len(), 50);
    let mut core = UserAgentCore::new(config(), 7);
    let mut answers = Vec::new();
    for path in files {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let bytes = Bytes::from(fs::read(&path).unwrap());
        answers.push(format!("{name}: {}", answer(&mut core, bytes)));
    }
    insta::assert_snapshot!(answers.join("\n"));
    let last = Bytes::from_static(
        b"OPTIONS sip:tandem.test SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bKlast\r\n\
          From: <sip:a@b>;tag=1\r\nTo: <sip:b@c>\r\nCall-ID: last\r\nCSeq: 1 OPTIONS\r\n\r\n",
    );
    assert_eq!(answer(&mut core, last), "OPTIONS announced");
    let mut now = Duration::ZERO;
    while let Some(due) = core.deadline() {
        now = due;
        core.timeout(now, &mut Vec::new());
    }
    assert!(core.counts().is_zero(), "{:?} at {now:?}", core.counts());
}

/// The statuses and events that a datagram leads to at once.
fn answer(core: &mut UserAgentCore, bytes: Bytes) -> String {
    let flow = peer(TransportKind::Udp);
    let mut out = Vec::new();
    match Message::parse_datagram(bytes) {
        Ok(message) => core.receive(Duration::ZERO, flow, message, &mut out),
        Err(fault) => core.malformed(Duration::ZERO, flow, fault, &mut out),
    }
    let shown: Vec<String> = out.into_iter().map(show).collect();
    if shown.is_empty() { "dropped".to_owned() } else { shown.join(", ") }
}

fn show(output: UaOutput) -> String {
    match output {
        UaOutput::Transmit { flow, bytes } => {
            let Ok(Message::Response(response)) = Message::parse_datagram(bytes) else {
                panic!("nothing but responses answers a stranger");
            };
            let port = flow.remote.port();
            let place = if port == 5060 { String::new() } else { format!(" to port {port}") };
            format!("{} {}{place}", response.status(), response.reason())
        }
        UaOutput::Event(UaEvent::Invited { .. }) => "INVITE announced".to_owned(),
        UaOutput::Event(UaEvent::Requested { request, .. }) => {
            format!("{} announced", request.method())
        }
        UaOutput::Event(event) => panic!("unexpected: {event:?}"),
        UaOutput::Resolve { host, .. } => panic!("resolved {host}"),
    }
}
