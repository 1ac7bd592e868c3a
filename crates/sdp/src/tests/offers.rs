//! What is taken from an offer, and what is refused with 488.

use super::{description, offer};
use crate::{AudioOffer, Codec, CodecKind, Refusal488, early_codecs};

fn refused(lines: &[&str]) -> Refusal488 {
    AudioOffer::read(&description(&[&["c=IN IP4 192.0.2.10", "t=0 0"], lines].concat()))
        .unwrap_err()
}

fn names(codecs: &[Codec]) -> String {
    codecs.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

#[test]
fn codecs_keep_their_names_numbers_order_and_parameters() {
    let offer = offer(&[
        "m=audio 49170 RTP/AVP 111 9 18 96 0 13 101 0 77 200 x",
        "a=rtpmap:111 OPUS/48000/2",
        "a=fmtp:111 useinbandfec=1; minptime=10",
        "a=fmtp:18 annexb=no",
        "a=rtpmap:96 x-Unheard-Of/32000",
        "a=rtpmap:101 telephone-event/8000",
        "a=fmtp:101 0-16",
        "a=ptime:20",
        "a=maxptime:150",
    ]);
    let codecs: Vec<String> = offer.audio.codecs.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(codecs.join("\n"), @r"
    111 OPUS/48000/2
    9 G722/8000
    18 G729/8000
    96 x-Unheard-Of/32000
    0 PCMU/8000
    13 CN/8000
    101 telephone-event/8000
    ");
    let fmtp = |index: usize| offer.audio.codecs[index].fmtp.as_deref();
    assert_eq!(fmtp(0), Some("useinbandfec=1; minptime=10"));
    assert_eq!(fmtp(2), Some("annexb=no"));
    assert_eq!(offer.audio.codecs[5].kind(), CodecKind::ComfortNoise);
    assert_eq!(offer.audio.codecs[6].kind(), CodecKind::TelephoneEvent);
    assert_eq!((offer.audio.ptime_ms, offer.audio.max_ptime_ms), (Some(20), Some(150)));
}

/// A static number may be given another meaning (RFC 3551 §6 allows it, old gateways do it).
#[test]
fn an_rtpmap_beats_the_static_table() {
    let offer = offer(&["m=audio 4 RTP/AVP 0", "a=rtpmap:0 L16/16000"]);
    assert_eq!(names(&offer.audio.codecs), "0 L16/16000");
}

#[test]
fn the_first_usable_stream_is_taken() {
    let offer = offer(&[
        "m=video 5000 RTP/AVP 31",
        "m=audio 0 RTP/AVP 0",
        "m=audio 5002 RTP/SAVP 0",
        "m=audio 5004 RTP/AVPF 8",
        "m=audio 5006 RTP/AVP 0",
    ]);
    assert_eq!(offer.audio.remote.unwrap().rtp, "192.0.2.10:5004".parse().unwrap());
    assert_eq!(offer.kinds().len(), 5);
}

#[test]
fn refusals_name_what_is_missing() {
    assert_eq!(refused(&[]), Refusal488::NoAudio);
    assert_eq!(refused(&["m=video 5000 RTP/AVP 31"]), Refusal488::NoAudio);
    assert_eq!(refused(&["m=audio 0 RTP/AVP 0"]), Refusal488::NoAudio);
    assert_eq!(refused(&["m=audio 5000 RTP/SAVP 0"]), Refusal488::Transport);
    assert_eq!(refused(&["m=audio 5000 UDP/TLS/RTP/SAVPF 0"]), Refusal488::Transport);
    assert_eq!(refused(&["m=audio 5000 udp 0"]), Refusal488::Transport);
    assert_eq!(refused(&["m=audio 5000 RTP/AVP"]), Refusal488::Codec);
    // Numbers that nothing explains, and companions without a codec, are no conversation.
    assert_eq!(refused(&["m=audio 5000 RTP/AVP 97 13"]), Refusal488::Codec);
    let events = ["m=audio 5000 RTP/AVP 101", "a=rtpmap:101 telephone-event/8000"];
    assert_eq!(refused(&events), Refusal488::Codec);
    for bad in ["x", "x/", "x/0", "/8000", "x/8000/0", "x/8000/300", "a b/8000"] {
        let rtpmap = format!("a=rtpmap:97 {bad}");
        assert_eq!(refused(&["m=audio 5000 RTP/AVP 97", &rtpmap]), Refusal488::Codec, "{bad}");
    }
    assert_eq!(Refusal488::Codec.warning_code(), 305);
}

/// RFC 3605 and RFC 5761.
#[test]
fn where_rtcp_goes() {
    let rtcp = |port: u16, line: &str| {
        let offer = offer(&[&format!("m=audio {port} RTP/AVP 0"), line]);
        offer.audio.remote.unwrap().rtcp.to_string()
    };
    assert_eq!(rtcp(4000, "a=sendrecv"), "192.0.2.10:4001");
    assert_eq!(rtcp(4000, "a=rtcp:5001"), "192.0.2.10:5001");
    assert_eq!(rtcp(4000, "a=rtcp:5001 IN IP4 192.0.2.9"), "192.0.2.9:5001");
    assert_eq!(rtcp(4000, "a=rtcp:5001 IN IP6 ::1"), "192.0.2.10:5001");
    assert_eq!(rtcp(4000, "a=rtcp:0"), "192.0.2.10:4001");
    assert_eq!(rtcp(4000, "a=rtcp:x"), "192.0.2.10:4001");
    assert_eq!(rtcp(4000, "a=rtcp-mux"), "192.0.2.10:4000");
    assert_eq!(rtcp(65535, "a=sendrecv"), "192.0.2.10:65535");
}

/// A caller accepted before anybody else is known gets one codec that can be offered on.
#[test]
fn early_acceptance_takes_one_codec_and_its_digits() {
    let codecs = offer(&[
        "m=audio 4000 RTP/AVP 111 8 0 110 101",
        "a=rtpmap:111 opus/48000/2",
        "a=rtpmap:110 telephone-event/48000",
        "a=rtpmap:101 telephone-event/8000",
    ])
    .audio
    .codecs;
    let early = |preferred: &[&str]| early_codecs(&codecs, preferred).map(|codecs| names(&codecs));
    let pcma = "8 PCMA/8000, 101 telephone-event/8000";
    assert_eq!(early(&["pcma", "pcmu"]).as_deref(), Some(pcma));
    let opus = "111 opus/48000/2, 110 telephone-event/48000";
    assert_eq!(early(&["G729"]).as_deref(), Some(opus));
    assert_eq!(early_codecs(&[], &[]), None);
}
