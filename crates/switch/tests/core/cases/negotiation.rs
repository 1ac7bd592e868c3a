//! What is offered on, what is answered, and what media is told of it (RFC 3264): through unchanged
//! where there is a way, transcoded where there is none.

#![expect(clippy::wildcard_enum_match_arm, reason = "each test looks at a few of many")]

use std::fmt::Write as _;

use call::port::{LegId, MediaCommand, MediaEvent, PlayEnd, PlayId};
use insta::assert_snapshot;

use crate::house::{ALICE, GROUP, House, TRUNK, description, find};

const EVENTS: &str = "a=rtpmap:101 telephone-event/8000\r\n";

/// `0 8 101` and more lines become media lines.
fn media(formats: &str, more: &str) -> String {
    format!("m=audio 1 RTP/AVP {formats}\r\n{more}")
}

/// A call in which the caller offers and the callee answers this.
fn negotiate(caller: &str, callee: &str) -> String {
    let mut house = House::new();
    let (dialog, ring) = match house.call_alice(caller) {
        Ok(ringing) => ringing,
        Err(refused) => return format!("refused with {}", refused.status()),
    };
    let mut text = format!("offered\n{}\n", ring.formats());
    let (_, _, answered) = house.answer(dialog, &ring, callee, "");
    match answered.status() {
        200 => {
            let _ = writeln!(text, "answered\n{}", answered.formats());
            text.push_str(&house.formats());
        }
        status => {
            let _ = write!(text, "refused with {status}");
        }
    }
    text
}

#[test]
fn the_ordinary_call_is_relayed() {
    let formats = media("8 0 101", EVENTS);
    assert_snapshot!(negotiate(&formats, &media("8 101", EVENTS)), @r"
    offered
    8:PCMA/8000
    0:PCMU/8000
    101:telephone-event/8000
    9:G722/8000
    111:opus/48000/2 (minptime=10;useinbandfec=1)
    110:telephone-event/48000 (0-15)
    answered
    8:PCMA/8000
    101:telephone-event/8000
    callee: 8:PCMA 101:events, 20 ms
    caller: 8:PCMA 101:events, 20 ms
    ");
}

/// A phone that answers with all it has: what the caller lacks is not counted on.
#[test]
fn a_callee_that_takes_everything_is_relayed_too() {
    let all = "a=rtpmap:111 opus/48000/2\r\na=rtpmap:101 telephone-event/8000\r\n\
        a=ptime:30\r\n";
    assert_snapshot!(negotiate(&media("8 101", EVENTS), &media("8 0 9 111 101", all)), @r"
    offered
    8:PCMA/8000
    101:telephone-event/8000
    0:PCMU/8000
    9:G722/8000
    111:opus/48000/2 (minptime=10;useinbandfec=1)
    110:telephone-event/48000 (0-15)
    answered
    8:PCMA/8000
    101:telephone-event/8000
    callee: 8:PCMA 101:events, 30 ms
    caller: 8:PCMA 101:events, 20 ms
    ");
}

#[test]
fn without_a_codec_in_common_both_get_their_own() {
    let opus = "a=rtpmap:111 opus/48000/2\r\na=fmtp:111 stereo=1\r\n\
        a=rtpmap:110 telephone-event/48000\r\n";
    assert_snapshot!(negotiate(&media("0 13 101", EVENTS), &media("111 110", opus)), @r"
    offered
    0:PCMU/8000
    13:CN/8000
    101:telephone-event/8000
    8:PCMA/8000
    9:G722/8000
    111:opus/48000/2 (minptime=10;useinbandfec=1)
    110:telephone-event/48000 (0-15)
    answered
    0:PCMU/8000
    13:CN/8000
    101:telephone-event/8000 (0-15)
    callee: 111:opus 110:events48, 20 ms
    caller: 0:PCMU 13:CN 101:events, 20 ms
    ");
}

#[test]
fn a_callee_that_prefers_what_the_caller_lacks_is_transcoded_though_it_has_more() {
    assert_snapshot!(negotiate(&media("8", ""), &media("0 8", "")), @r"
    offered
    8:PCMA/8000
    0:PCMU/8000
    9:G722/8000
    111:opus/48000/2 (minptime=10;useinbandfec=1)
    101:telephone-event/8000 (0-15)
    110:telephone-event/48000 (0-15)
    answered
    8:PCMA/8000
    callee: 0:PCMU 8:PCMA, 20 ms
    caller: 8:PCMA, 20 ms
    ");
}

#[test]
fn what_nobody_here_can_decode_passes_where_both_have_it() {
    let amr = "a=rtpmap:96 AMR/8000\r\na=fmtp:96 octet-align=1\r\n";
    assert_snapshot!(negotiate(&media("96", amr), &media("96", amr)), @r"
    offered
    96:AMR/8000 (octet-align=1)
    answered
    96:AMR/8000 (octet-align=1)
    callee: 96:amr, 20 ms
    caller: 96:amr, 20 ms
    ");
    // It was not offered anything else; what it answers is no answer.
    assert_snapshot!(negotiate(&media("96", amr), &media("0", "")), @r"
    offered
    96:AMR/8000 (octet-align=1)
    refused with 480
    ");
}

#[test]
fn the_callees_numbers_may_differ_from_ours() {
    let events = "a=rtpmap:96 telephone-event/8000\r\n";
    assert_snapshot!(negotiate(&media("0 101", EVENTS), &media("0 96", events)), @r"
    offered
    0:PCMU/8000
    101:telephone-event/8000
    8:PCMA/8000
    9:G722/8000
    111:opus/48000/2 (minptime=10;useinbandfec=1)
    110:telephone-event/48000 (0-15)
    answered
    0:PCMU/8000
    101:telephone-event/8000
    callee: receive 0:PCMU 101:events, send 0:PCMU 96:events, 20 ms
    caller: 0:PCMU 101:events, 20 ms
    ");
}

/// RFC 3261 §13.2.1: our 2xx has the offer, the ACK the answer.
#[test]
fn a_caller_without_an_offer_is_offered_what_the_callee_took_and_more() {
    let mut house = House::new();
    let (dialog, ring) = house.call_alice("").expect("a call");
    assert_snapshot!(ring.formats(), @r"
    0:PCMU/8000
    8:PCMA/8000
    9:G722/8000
    111:opus/48000/2 (minptime=10;useinbandfec=1)
    101:telephone-event/8000 (0-15)
    110:telephone-event/48000 (0-15)
    ");
    let (_, _, offered) = house.answer(dialog, &ring, &media("0", ""), &media("8", ""));
    assert_snapshot!(offered.formats(), @r"
    0:PCMU/8000
    8:PCMA/8000
    9:G722/8000
    111:opus/48000/2 (minptime=10;useinbandfec=1)
    101:telephone-event/8000 (0-15)
    110:telephone-event/48000 (0-15)
    ");
    assert_snapshot!(house.formats(), @r"
    callee: 0:PCMU, 20 ms
    caller: 8:PCMA, 20 ms
    ");
}

#[test]
fn a_reinvite_may_bring_another_codec_and_new_numbers() {
    let mut house = House::new();
    let (caller, callee) = house.talking();
    house.formats();
    // The same in other numbers.
    let events = "a=rtpmap:97 telephone-event/8000\r\n";
    let body = description(40_000, &media("8 97", events));
    let answered = house.ask(&caller, "INVITE", "", "application/sdp", &body);
    assert_snapshot!(answered.formats(), @r"
    8:PCMA/8000
    97:telephone-event/8000
    ");
    assert_snapshot!(house.formats(), @"caller: 8:PCMA 97:events, 20 ms");
    // Something else.
    let opus = media("96 97", "a=rtpmap:96 opus/48000/2\r\na=rtpmap:97 telephone-event/48000\r\n");
    let body = description(50_000, &opus);
    let answered = house.ask(&callee, "INVITE", "", "application/sdp", &body);
    assert_snapshot!(answered.formats(), @r"
    96:opus/48000/2 (minptime=10;useinbandfec=1)
    97:telephone-event/48000 (0-15)
    ");
    assert_snapshot!(house.formats(), @"callee: 96:opus 97:events48, 20 ms");
    // What passes to the other leg goes before what the offer prefers.
    let back = description(50_000, &media("0 8", ""));
    let answered = house.ask(&callee, "INVITE", "", "application/sdp", &back);
    assert_snapshot!(answered.formats(), @"8:PCMA/8000");
    assert_snapshot!(house.formats(), @"callee: 8:PCMA, 20 ms");
    // Nothing that can be made; all stays as it was.
    let body = description(50_000, &media("18", ""));
    let answered = house.ask(&callee, "INVITE", "", "application/sdp", &body);
    assert_eq!(answered.status(), 488);
    assert_snapshot!(house.formats(), @"");
    // Held with what is agreed on: media is told nothing new of the codecs.
    let body = description(50_000, &media("8", "a=sendonly\r\n"));
    let answered = house.ask(&callee, "INVITE", "", "application/sdp", &body);
    assert_eq!(answered.status(), 200);
    assert_snapshot!(house.formats(), @"");
}

/// Its telephone may have another address behind its NAT, though it says the same.
#[test]
fn a_reinvite_that_says_the_same_lets_media_latch_anew() {
    let mut house = House::new();
    let (caller, _) = house.talking();
    let remotes = |house: &House| {
        let is_remote = |command: &&MediaCommand| matches!(command, MediaCommand::Remote { .. });
        house.media.iter().filter(is_remote).cloned().collect::<Vec<_>>()
    };
    let body = description(40_000, &media("8", ""));
    house.ask(&caller, "INVITE", "", "application/sdp", &body);
    let before = remotes(&house).len();
    house.ask(&caller, "INVITE", "", "application/sdp", &body);
    let after = remotes(&house);
    assert_eq!(after.len(), before + 1);
    assert!(after.ends_with(&[after[before - 1].clone()]));
}

#[test]
fn a_relayed_codec_cannot_be_exchanged_for_one_that_would_have_to_be_made_of_it() {
    let mut house = House::new();
    let g729 = media("18", "");
    let (dialog, ring) = house.call_alice(&g729).expect("a call");
    let (caller, _, _) = house.answer(dialog, &ring, &g729, "");
    let body = description(40_000, &media("0", ""));
    let answered = house.ask(&caller, "INVITE", "", "application/sdp", &body);
    assert_eq!(answered.status(), 488);
}

/// An IVR accepts with one codec that it can speak, before it speaks.
#[test]
fn an_ivr_accepts_with_a_codec_that_it_can_speak() {
    let accepted_with = |formats: &str, more: &str| {
        let mut house = House::new();
        let (_, sent) = house.call(GROUP, &media(formats, more));
        let answered = find(&sent, "SIP/2.0 200");
        let told = house.media.iter().map(|command| match command {
            MediaCommand::Open { .. } => "open",
            MediaCommand::Remote { .. } => "remote",
            MediaCommand::Formats { .. } => "formats",
            MediaCommand::Play { .. } => "play",
            _ => "?",
        });
        assert_eq!(told.collect::<Vec<_>>(), ["open", "remote", "formats", "play"]);
        answered.formats()
    };
    assert_snapshot!(accepted_with("18 9 8 101", EVENTS), @r"
    8:PCMA/8000
    101:telephone-event/8000
    ");
    assert_snapshot!(accepted_with("18 9", ""), @"9:G722/8000");
    assert_snapshot!(accepted_with("18", ""), @"18:G729/8000");
}

/// Whoever answers a caller whom an IVR has accepted is offered his codec first.
#[test]
fn who_answers_an_accepted_caller_may_have_another_codec() {
    let mut house = House::new();
    let (dialog, sent) = house.call(GROUP, &media("0 101", EVENTS));
    assert_eq!(find(&sent, "SIP/2.0 200").status(), 200);
    house.formats();
    let played = MediaEvent::Played { leg: LegId(1), play: PlayId(1), end: PlayEnd::Completed };
    let ring = find(&house.media(played), "INVITE ");
    assert_snapshot!(ring.formats(), @r"
    0:PCMU/8000
    101:telephone-event/8000
    8:PCMA/8000
    9:G722/8000
    111:opus/48000/2 (minptime=10;useinbandfec=1)
    110:telephone-event/48000 (0-15)
    ");
    let contact = format!("Contact: <sip:alice@{ALICE}>\r\n");
    let body = description(50_000, &media("9", ""));
    house.receive(ALICE, ring.response("200 OK", &contact, "application/sdp", &body));
    assert_snapshot!(house.formats(), @"callee: 9:G722, 20 ms");
    assert_eq!(dialog.at, TRUNK);
}

/// What is added must not push an ordinary INVITE over the size at which RFC 3261 §18.1.1 wants
/// another transport.
#[test]
fn an_ordinary_invite_still_fits_a_datagram() {
    let formats = "a=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:18 G729/8000\r\n\
        a=fmtp:18 annexb=no\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\n";
    let mut house = House::new();
    let (_, ring) = house.call_alice(&media("8 0 18 101", formats)).expect("a call");
    assert!(ring.0.len() < 1_200, "{} bytes\n{}", ring.0.len(), ring.0);
}
