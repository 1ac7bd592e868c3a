//! What one leg is offered and answered for the sake of the other: through unchanged where there is
//! a way, transcoded where there is none.

use super::{description, local};
use crate::{Codec, Terms, answer_for, can_transcode, early_codecs, offer_on, own_codecs};

/// `0 8 9 18 101 97:opus 13`: static numbers, and names of the others.
fn codecs(text: &str) -> Vec<Codec> {
    text.split_whitespace()
        .map(|word| match word.split_once(':') {
            Some((payload, name)) => {
                let (clock_rate, channels) = match name {
                    "opus" => (48000, 2),
                    "events48" => (48000, 1),
                    _ => (8000, 1),
                };
                let name = if name.starts_with("events") { "telephone-event" } else { name };
                Codec::new(payload.parse().unwrap(), name, clock_rate, channels)
            }
            None => Codec::from_static_payload(word.parse().unwrap()).unwrap(),
        })
        .collect()
}

fn shown(codecs: &[Codec]) -> String {
    let codec = |codec: &Codec| match &codec.fmtp {
        Some(fmtp) => format!("{codec} ({fmtp})"),
        None => codec.to_string(),
    };
    codecs.iter().map(codec).collect::<Vec<_>>().join(", ")
}

fn offered_on(text: &str) -> String {
    shown(&offer_on(&codecs(text))).replace(", ", "\n")
}

#[test]
fn the_callers_formats_go_first_and_ours_follow_under_free_numbers() {
    insta::assert_snapshot!(offered_on("8 18 96:events"), @r"
    8 PCMA/8000
    18 G729/8000
    96 telephone-event/8000
    0 PCMU/8000
    9 G722/8000
    111 opus/48000/2 (minptime=10;useinbandfec=1)
    110 telephone-event/48000 (0-15)
    ");
    insta::assert_snapshot!(offered_on("101:opus 111:x-new 110:events 0"), @r"
    101 opus/48000/2
    111 x-new/8000
    110 telephone-event/8000
    0 PCMU/8000
    8 PCMA/8000
    9 G722/8000
    127 telephone-event/48000 (0-15)
    ");
    let all = "0 8 9 97:opus 98:events 99:events48";
    assert_eq!(offer_on(&codecs(all)), codecs(all));
    // Comfort noise only where it was offered.
    insta::assert_snapshot!(offered_on("0 13"), @r"
    0 PCMU/8000
    13 CN/8000
    8 PCMA/8000
    9 G722/8000
    111 opus/48000/2 (minptime=10;useinbandfec=1)
    101 telephone-event/8000 (0-15)
    110 telephone-event/48000 (0-15)
    ");
}

/// What nobody here can decode must come from the caller himself, or not at all.
#[test]
fn nothing_is_added_to_what_cannot_be_decoded() {
    insta::assert_snapshot!(offered_on("18 96:x-new 101:events"), @r"
    18 G729/8000
    96 x-new/8000
    101 telephone-event/8000
    ");
}

#[test]
fn a_full_house_of_numbers_gets_no_more() {
    let mut all: Vec<Codec> =
        (0..128).map(|payload| Codec::new(payload, &format!("x{payload}"), 8000, 1)).collect();
    all[64] = Codec::new(64, "PCMU", 8000, 1);
    assert_eq!(offer_on(&all), all);
}

#[test]
fn what_both_have_passes_and_the_rest_is_left_out() {
    let answer = |offered, far| answer_for(&codecs(offered), &codecs(far)).map(|all| shown(&all));
    let table = [
        // Both have it: the caller's order and numbers.
        ("8 0 101:events", "0 8 101:events"),
        ("9 8 0 101:events", "8"),
        // Unknown to us, and yet it passes.
        ("18 0", "18"),
        ("96:x-new 97:events", "98:x-new 99:events"),
        // Nothing in common: the first that can be made.
        ("18 8 0 101:events", "111:opus 101:events"),
        ("97:opus 98:events 99:events48", "0"),
        ("97:opus 98:events 13", "0"),
        ("0 13", "9"),
        ("9 0 13 101:events", "111:opus"),
        // No way.
        ("18", "0"),
        ("0", "18"),
    ];
    let rows = table.map(|(offered, far)| {
        let found = answer(offered, far).unwrap_or_else(|| "488".to_owned());
        format!("{offered} + {far} = {found}")
    });
    insta::assert_snapshot!(rows.join("\n"), @r"
    8 0 101:events + 0 8 101:events = 8 PCMA/8000, 0 PCMU/8000, 101 telephone-event/8000
    9 8 0 101:events + 8 = 8 PCMA/8000, 101 telephone-event/8000 (0-15)
    18 0 + 18 = 18 G729/8000
    96:x-new 97:events + 98:x-new 99:events = 96 x-new/8000, 97 telephone-event/8000
    18 8 0 101:events + 111:opus 101:events = 8 PCMA/8000, 101 telephone-event/8000 (0-15)
    97:opus 98:events 99:events48 + 0 = 97 opus/48000/2 (minptime=10;useinbandfec=1), 99 telephone-event/48000 (0-15)
    97:opus 98:events 13 + 0 = 97 opus/48000/2 (minptime=10;useinbandfec=1), 98 telephone-event/8000 (0-15)
    0 13 + 9 = 0 PCMU/8000, 13 CN/8000
    9 0 13 101:events + 111:opus = 9 G722/8000, 13 CN/8000, 101 telephone-event/8000 (0-15)
    18 + 0 = 488
    0 + 18 = 488
    ");
}

/// Parameters belong to who wrote them: they pass with the packets, and not otherwise.
#[test]
fn parameters_are_copied_only_where_packets_pass() {
    let offered = vec![
        Codec::new(97, "opus", 48000, 2).with_fmtp("stereo=1"),
        Codec::new(0, "PCMU", 8000, 1),
    ];
    let far = vec![Codec::new(111, "opus", 48000, 2).with_fmtp("maxaveragebitrate=20000")];
    let passed = answer_for(&offered, &far).unwrap();
    insta::assert_snapshot!(shown(&passed), @"97 opus/48000/2 (maxaveragebitrate=20000)");
    let made = answer_for(&offered, &codecs("8")).unwrap();
    insta::assert_snapshot!(shown(&made), @"97 opus/48000/2 (minptime=10;useinbandfec=1)");
}

/// An answer with more than the caller has: where its first codec passes the rest is not counted
/// on, else everything is.
#[test]
fn an_answer_is_cut_to_what_passes() {
    let caller = codecs("8 101:events");
    let cut = |lines: &[&str]| {
        let mut local = local();
        local.offer(Terms::new(&offer_on(&caller)));
        let text = [&["c=IN IP4 192.0.2.20", "t=0 0"], lines].concat();
        let mut answer = local.read_answer(&description(&text)).unwrap();
        answer.keep_what_passes(&caller);
        let numbers = |codecs: &[Codec]| {
            codecs.iter().map(|codec| codec.payload.to_string()).collect::<Vec<_>>().join(" ")
        };
        (numbers(&answer.codecs), numbers(&answer.audio.codecs))
    };
    let events = "a=rtpmap:96 telephone-event/8000";
    let same = |text: &str| (text.to_owned(), text.to_owned());
    assert_eq!(cut(&["m=audio 4000 RTP/AVP 8 0 9"]), same("8"));
    assert_eq!(cut(&["m=audio 4000 RTP/AVP 0 8"]), same("0 8"));
    assert_eq!(cut(&["m=audio 4000 RTP/AVP 0"]), same("0"));
    let (ours, theirs) = cut(&["m=audio 4000 RTP/AVP 96 8 9", events]);
    assert_eq!((&*ours, &*theirs), ("101 8", "96 8"));
}

#[test]
fn what_is_offered_by_us_alone_can_be_decoded() {
    let own = own_codecs();
    assert!(own.iter().filter(|codec| codec.is_audio()).all(can_transcode));
    assert!(!can_transcode(&Codec::new(96, "PCMU", 16000, 1)));
    assert!(!can_transcode(&Codec::new(96, "opus", 48000, 1)));
    // Who is accepted first gets one of them where he has any.
    let chosen = early_codecs(&codecs("18 97:opus 9"), &["PCMU", "PCMA", "G722", "opus"]).unwrap();
    assert_eq!(shown(&chosen), "9 G722/8000");
}
