//! Our offers and answers, and the answers we get (RFC 3264 §5–§8, RFC 6337).

use super::{body, description, local, offer, shown};
use crate::{
    AnswerFault, Codec, Direction, LocalMedia, Refusal488, SessionDescription, Terms,
    common_codecs, default_codecs, payload_map,
};

/// The peer's answer of one audio stream, with what follows the `t=` line.
fn answer(lines: &[&str]) -> SessionDescription {
    description(&[&["c=IN IP4 192.0.2.20", "t=0 0"], lines].concat())
}

fn version(body: &[u8]) -> String {
    SessionDescription::parse(body).unwrap().origin.session_version.to_string()
}

#[test]
fn an_offer_of_our_own() {
    let mut local = local();
    let codecs = default_codecs();
    insta::assert_snapshot!(shown(&local.offer(Terms::new(&codecs))), @r"
    v=0
    o=- 7 0 IN IP4 198.51.100.1
    s=-
    c=IN IP4 198.51.100.1
    t=0 0
    m=audio 20000 RTP/AVP 0 8 9 111 101
    a=rtpmap:0 PCMU/8000
    a=rtpmap:8 PCMA/8000
    a=rtpmap:9 G722/8000
    a=rtpmap:111 opus/48000/2
    a=fmtp:111 minptime=10;useinbandfec=1
    a=rtpmap:101 telephone-event/8000
    a=fmtp:101 0-15
    a=sendrecv
    ");
}

/// The relay's ordinary case: the caller's offer goes on with its numbers, the answer of the one
/// who takes the call comes back as its own.
#[test]
fn an_offer_and_its_answer_pass_through() {
    let from_caller = offer(&[
        "m=audio 49170 RTP/AVP 96 8 0 101",
        "a=rtpmap:96 x-new/16000",
        "a=fmtp:96 mode=caller",
        "a=rtpmap:101 telephone-event/8000",
        "a=ptime:30",
        "m=video 49172 RTP/AVP 31",
    ]);
    let mut agent_leg = LocalMedia::new("2001:db8::1".parse().unwrap(), 20010, 20017, 8);
    let terms = Terms::new(&from_caller.audio.codecs).packet_lengths_of(&from_caller.audio);
    insta::assert_snapshot!(shown(&agent_leg.offer(terms)), @r"
    v=0
    o=- 8 0 IN IP6 2001:db8::1
    s=-
    c=IN IP6 2001:db8::1
    t=0 0
    m=audio 20010 RTP/AVP 96 8 0 101
    a=rtpmap:96 x-new/16000
    a=fmtp:96 mode=caller
    a=rtpmap:8 PCMA/8000
    a=rtpmap:0 PCMU/8000
    a=rtpmap:101 telephone-event/8000
    a=ptime:30
    a=rtcp:20017
    a=sendrecv
    ");
    let from_agent = description(&[
        "c=IN IP6 2001:db8::2",
        "t=0 0",
        "m=audio 6000 RTP/AVP 101 96",
        "a=rtpmap:101 telephone-event/8000",
        "a=fmtp:101 0-11",
        "a=rtpmap:96 X-NEW/16000",
        "a=fmtp:96 mode=agent",
    ]);
    let from_agent = agent_leg.read_answer(&from_agent).unwrap();
    assert_eq!(from_agent.audio.remote.unwrap().rtp, "[2001:db8::2]:6000".parse().unwrap());

    let to_caller = local().answer(&from_caller, Terms::new(&from_agent.codecs)).unwrap();
    insta::assert_snapshot!(shown(&to_caller.body), @r"
    v=0
    o=- 7 0 IN IP4 198.51.100.1
    s=-
    c=IN IP4 198.51.100.1
    t=0 0
    m=audio 20000 RTP/AVP 96 101
    a=rtpmap:96 x-new/16000
    a=fmtp:96 mode=agent
    a=rtpmap:101 telephone-event/8000
    a=fmtp:101 0-11
    a=sendrecv
    m=video 0 RTP/AVP 31
    ");
    assert_eq!(payload_map(&to_caller.codecs, &from_agent.audio.codecs), []);
}

/// RFC 3264 §6: as many m-lines as the offer, in its order; `t=` and profile repeated.
#[test]
fn an_answer_has_the_offers_shape_and_so_have_later_offers() {
    let offer = description(&[
        "c=IN IP4 192.0.2.10",
        "t=3338481189 3370017201",
        "m=image 5000 udptl t38",
        "m=audio 5002 RTP/AVPF 0",
        "a=rtcp-mux",
        "m=audio 5004 RTP/AVP 0",
    ]);
    let offer = crate::AudioOffer::read(&offer).unwrap();
    let mut local = local();
    let answer = local.answer(&offer, Terms::new(&default_codecs())).unwrap();
    assert!(answer.rtcp_mux);
    insta::assert_snapshot!(shown(&answer.body), @r"
    v=0
    o=- 7 0 IN IP4 198.51.100.1
    s=-
    c=IN IP4 198.51.100.1
    t=3338481189 3370017201
    m=image 0 udptl t38
    m=audio 20000 RTP/AVPF 0
    a=rtpmap:0 PCMU/8000
    a=rtcp-mux
    a=sendrecv
    m=audio 0 RTP/AVP 0
    ");
    let later = local.offer(Terms::new(&answer.codecs).direction(Direction::SendOnly));
    let later = SessionDescription::parse(&later).unwrap();
    let shape: Vec<_> = later.media.iter().map(|media| (&*media.kind, media.port)).collect();
    assert_eq!(shape, [("image", 0), ("audio", 20000), ("audio", 0)]);
    assert_eq!(&*later.media[1].protocol, "RTP/AVPF");
    assert_eq!(later.media[1].lines.attribute("rtcp-mux"), Some(""));
}

/// RFC 3264 §8: the version grows by one when something changed, and only then.
#[test]
fn the_version_follows_changes() {
    let codecs = default_codecs();
    let terms = Terms::new(&codecs);
    let mut local = local();
    let bodies = [
        local.offer(terms),
        local.offer(terms),
        local.offer(terms.direction(Direction::SendOnly)),
        local.offer(terms.direction(Direction::SendOnly)),
        local.offer(terms),
    ];
    assert_eq!(bodies.each_ref().map(|body| version(body)), ["0", "0", "1", "1", "2"]);
    assert_eq!(bodies[0], bodies[1]);
    assert_eq!(local.last_written().as_ref(), Some(&bodies[4]));
}

/// A leg accepted earlier limits what later offers may bring.
#[test]
fn only_allowed_codecs_are_answered() {
    let offer = offer(&["m=audio 4000 RTP/AVP 0 8 18 101", "a=rtpmap:101 telephone-event/8000"]);
    let allowed = [Codec::new(18, "g729", 8000, 1).with_fmtp("annexb=no")];
    let answer = local().answer(&offer, Terms::new(&allowed)).unwrap();
    assert_eq!(answer.codecs, [Codec::new(18, "G729", 8000, 1).with_fmtp("annexb=no")]);

    let mut local = local();
    for allowed in
        [vec![], vec![Codec::new(9, "G722", 8000, 1)], vec![offer.audio.codecs[3].clone()]]
    {
        let refused = local.answer(&offer, Terms::new(&allowed)).unwrap_err();
        assert_eq!(refused, Refusal488::Codec);
    }
    // A refused offer leaves no trace in what follows.
    assert_eq!(local.last_written(), None);
}

/// The same encoding at another clock rate or with other channels is another codec.
#[test]
fn encodings_match_by_name_clock_and_channels() {
    let codecs = |name: &str, clock, channels| vec![Codec::new(96, name, clock, channels)];
    let offered = codecs("L16", 16000, 1);
    assert!(common_codecs(&offered, &codecs("l16", 16000, 1)).is_some());
    assert!(common_codecs(&offered, &codecs("L16", 8000, 1)).is_none());
    assert!(common_codecs(&offered, &codecs("L16", 16000, 2)).is_none());
}

/// A codec offered in two modes keeps each mode's number.
#[test]
fn two_modes_of_one_codec_stay_apart() {
    let amr = |payload, fmtp: &str| Codec::new(payload, "AMR", 8000, 1).with_fmtp(fmtp);
    let from = [amr(96, "octet-align=1"), amr(97, "octet-align=0")];
    let to = [amr(102, "octet-align=0"), amr(103, "octet-align=1")];
    assert_eq!(payload_map(&from, &to), [(96, 103), (97, 102)]);
}

#[test]
fn addresses_of_another_family_are_refused() {
    let offer = description(&["c=IN IP6 2001:db8::1", "m=audio 4000 RTP/AVP 0"]);
    let offer = crate::AudioOffer::read(&offer).unwrap();
    let refused = local().answer(&offer, Terms::new(&default_codecs())).unwrap_err();
    assert_eq!(refused, Refusal488::Address);
}

#[test]
fn answers_that_give_no_stream_say_why() {
    let mut local = local();
    local.offer(Terms::new(&default_codecs()));
    let mut fault = |lines: &[&str]| local.read_answer(&answer(lines)).unwrap_err();
    assert_eq!(fault(&[]), AnswerFault::Layout);
    assert_eq!(fault(&["m=video 4000 RTP/AVP 0"]), AnswerFault::Layout);
    let two = ["m=audio 4000 RTP/AVP 0", "m=video 0 RTP/AVP 31"];
    assert_eq!(fault(&two), AnswerFault::Layout);
    assert_eq!(fault(&["m=audio 0 RTP/AVP 0"]), AnswerFault::Rejected);
    let savp = AnswerFault::Unusable(Refusal488::Transport);
    assert_eq!(fault(&["m=audio 4000 RTP/SAVP 0"]), savp);
    let codec = AnswerFault::Unusable(Refusal488::Codec);
    assert_eq!(fault(&["m=audio 4000 RTP/AVP 3"]), codec);
    let events = ["m=audio 4000 RTP/AVP 101", "a=rtpmap:101 telephone-event/8000"];
    assert_eq!(fault(&events), codec);
    let family = AnswerFault::Unusable(Refusal488::Address);
    assert_eq!(fault(&["m=audio 4000 RTP/AVP 0", "c=IN IP6 2001:db8::1"]), family);
}

/// RFC 3264 §6.1: the answerer may receive a format under another number than the offerer.
#[test]
fn an_answer_in_other_numbers_is_mapped() {
    let mut local = local();
    local.offer(Terms::new(&default_codecs()));
    let lines = ["m=audio 4000 RTP/AVP 0 96", "a=rtpmap:96 telephone-event/8000"];
    let answer = local.read_answer(&answer(&lines)).unwrap();
    let numbers = |codecs: &[Codec]| codecs.iter().map(|c| c.payload).collect::<Vec<_>>();
    assert_eq!(numbers(&answer.codecs), [0, 101]);
    assert_eq!(numbers(&answer.audio.codecs), [0, 96]);
    assert_eq!(payload_map(&answer.codecs, &answer.audio.codecs), [(101, 96)]);
}

/// RFC 5761 §5.1.1: RTCP shares the port only where that was offered and answered.
#[test]
fn rtcp_mux_needs_both_sides() {
    let muxed = ["m=audio 4000 RTP/AVP 0", "a=rtcp-mux"];
    let codecs = default_codecs();
    let mut plain = local();
    plain.offer(Terms::new(&codecs));
    let got = plain.read_answer(&answer(&muxed)).unwrap().audio;
    assert!(!got.rtcp_mux);
    assert_eq!(got.remote.unwrap().rtcp, "192.0.2.20:4001".parse().unwrap());

    let mut offering = local().offering_rtcp_mux();
    let body = offering.offer(Terms::new(&codecs));
    assert!(shown(&body).contains("a=rtcp-mux\n"));
    let got = offering.read_answer(&answer(&muxed)).unwrap().audio;
    assert!(got.rtcp_mux);
    assert_eq!(got.remote.unwrap().rtcp, "192.0.2.20:4000".parse().unwrap());
    offering.offer(Terms::new(&codecs));
    let got = offering.read_answer(&answer(&muxed[..1])).unwrap().audio;
    assert!(!got.rtcp_mux);
}

/// What a peer wrote into a name cannot add lines to what another peer gets.
#[test]
fn values_cannot_break_out_of_their_line() {
    let codec = Codec::new(96, "x\r\na=sendonly", 8000, 1);
    let text = shown(&local().offer(Terms::new(&[codec])));
    assert!(!text.contains("a=sendonly"), "{text}");
    assert!(
        SessionDescription::parse(&body(&["v=0", "o=- 1 1 IN IP4 1.2.3.4", "a=x\ry"])).is_err()
    );
}
