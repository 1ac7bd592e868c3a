//! Properties over generated descriptions, and over bytes that are none.

use proptest::prelude::*;

use crate::{
    AudioOffer, Codec, Connection, Direction, LocalMedia, Media, Origin, SessionDescription, Terms,
    answer_for, can_transcode, common_codecs, early_codecs, offer_on, own_codecs,
};

fn token() -> impl Strategy<Value = Box<str>> {
    "[a-zA-Z0-9][a-zA-Z0-9.-]{0,8}".prop_map(Into::into)
}

fn connection() -> impl Strategy<Value = Option<Connection>> {
    proptest::option::of(any::<std::net::IpAddr>().prop_map(Connection::at))
}

fn codec() -> impl Strategy<Value = Codec> {
    (0..128_u8, token(), 1..100_000_u32, 1..4_u8, proptest::option::of("[a-z0-9=; -]{0,12}[a-z]"))
        .prop_map(|(payload, name, clock_rate, channels, fmtp)| Codec {
            payload,
            name: name.into(),
            clock_rate,
            channels,
            fmtp: fmtp.map(|fmtp| fmtp.trim().into()),
        })
}

fn codecs() -> impl Strategy<Value = Vec<Codec>> {
    proptest::collection::vec(codec(), 1..8).prop_map(|mut codecs| {
        let mut seen = std::collections::BTreeSet::new();
        codecs.retain(|codec| seen.insert(codec.payload));
        codecs
    })
}

fn media() -> impl Strategy<Value = Media> {
    let protocol = prop_oneof![Just("RTP/AVP"), Just("RTP/AVPF"), Just("RTP/SAVP"), Just("udptl")];
    let kind = prop_oneof![Just("audio"), Just("video"), Just("image")];
    let port = prop_oneof![Just(0_u16), any::<u16>()];
    let attributes = proptest::collection::vec("[a-z-]{1,8}(:[ -~]{0,12})?", 0..5);
    (kind, port, protocol, codecs(), connection(), attributes).prop_map(
        |(kind, port, protocol, codecs, connection, attributes)| {
            let mut lines = crate::Lines::default();
            for codec in &codecs {
                lines.push('a', format!("rtpmap:{codec}"));
                if let Some(fmtp) = &codec.fmtp {
                    lines.push('a', format!("fmtp:{} {fmtp}", codec.payload));
                }
            }
            attributes.iter().for_each(|attribute| lines.push('a', attribute));
            let formats = codecs.iter().map(|codec| codec.payload.to_string().into()).collect();
            Media {
                kind: kind.into(),
                port,
                port_count: None,
                protocol: protocol.into(),
                formats,
                connection,
                lines,
            }
        },
    )
}

prop_compose! {
    fn any_description()(
        ids in proptest::array::uniform3(token()),
        name in "[ -~]{0,12}",
        connection in connection(),
        // In the grammar's order, so that writing does not have to move anything.
        lines in proptest::collection::vec("[btrzkaqx]=[ -~]{0,12}", 0..6),
        media in proptest::collection::vec(media(), 0..4),
    ) -> SessionDescription {
        let [username, session_id, session_version] = ids;
        let address = "IN IP4 192.0.2.1".into();
        let mut kept = crate::Lines::default();
        for line in lines {
            let (kind, value) = line.split_once('=').unwrap();
            kept.push(kind.chars().next().unwrap(), value);
        }
        let origin = Origin { username, session_id, session_version, address };
        SessionDescription { origin, name: name.into(), connection, lines: kept, media }
    }
}

/// Everything the crate can be asked about a description, to see that nothing panics.
fn exercise(description: &SessionDescription) {
    let mut local = LocalMedia::new("192.0.2.1".parse().unwrap(), 65535, 1, 1);
    let Ok(offer) = AudioOffer::read(description) else {
        return;
    };
    let codecs = &offer.audio.codecs;
    if let Ok(answer) = local.answer(&offer, Terms::new(codecs)) {
        assert_eq!(&answer.codecs, codecs);
        let written = SessionDescription::parse(&answer.body).unwrap();
        assert_eq!(written.media.len(), description.media.len());
        let open: Vec<_> = written.media.iter().filter(|media| media.port != 0).collect();
        assert_eq!(open.len(), 1);
        assert_eq!(answer.direction, offer.audio.direction.answer(Direction::SendRecv));
    }
    local.offer(Terms::new(codecs));
    let _ = local.read_answer(description);
    let _ = early_codecs(codecs, &["PCMU"]);
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(description in any_description()) {
        prop_assert_eq!(SessionDescription::parse(&description.write()), Ok(description));
    }

    #[test]
    fn any_description_can_be_negotiated(description in any_description()) {
        exercise(&description);
    }

    #[test]
    fn bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _ = SessionDescription::parse(&bytes);
    }

    /// Single faults in a good description reach further than noise does.
    #[test]
    fn damaged_descriptions_never_panic(
        description in any_description(),
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut bytes = description.write().to_vec();
        for (index, byte) in damage {
            let index = index.index(bytes.len());
            bytes[index] = byte;
        }
        if let Ok(description) = SessionDescription::parse(&bytes) {
            exercise(&description);
            let again = SessionDescription::parse(&description.write());
            prop_assert_eq!(again.map(|d| d.write()), Ok(description.write()));
        }
    }

    /// What we write, we can read: an answer to our own offer agrees on all of it.
    #[test]
    fn two_of_us_agree(codecs in codecs()) {
        let mut alice = LocalMedia::new("192.0.2.1".parse().unwrap(), 4000, 4001, 1);
        let mut bob = LocalMedia::new("192.0.2.2".parse().unwrap(), 5000, 5001, 2);
        let offer = SessionDescription::parse(&alice.offer(Terms::new(&codecs))).unwrap();
        let offer = AudioOffer::read(&offer).unwrap();
        prop_assert_eq!(&offer.audio.codecs, &codecs);
        let answer = bob.answer(&offer, Terms::new(&codecs)).unwrap();
        let answer = SessionDescription::parse(&answer.body).unwrap();
        prop_assert_eq!(alice.read_answer(&answer).unwrap().codecs, codecs);
    }
}

/// Codecs of which now and then one can be transcoded.
fn telephones_codecs() -> impl Strategy<Value = Vec<Codec>> {
    let own = proptest::sample::subsequence(own_codecs(), 0..3);
    (codecs(), own).prop_map(|(mut codecs, own)| {
        for codec in own {
            codecs.retain(|other| other.payload != codec.payload);
            codecs.push(codec);
        }
        codecs
    })
}

proptest! {
    /// What is offered on begins with the party's own, and no number means two things.
    #[test]
    fn an_offer_on_is_an_offer(codecs in telephones_codecs()) {
        let offer = offer_on(&codecs);
        prop_assert_eq!(&offer[..codecs.len()], &codecs[..]);
        let numbers: std::collections::BTreeSet<u8> =
            offer.iter().map(|codec| codec.payload).collect();
        prop_assert_eq!(numbers.len(), offer.len());
        prop_assert_eq!(offer_on(&offer), offer);
    }

    /// An answer has what was offered, in its order and numbers, and there is sound in it; without
    /// a codec in common both sides must be able to be transcoded.
    #[test]
    fn an_answer_is_a_part_of_the_offer(
        offered in telephones_codecs(),
        far in telephones_codecs(),
    ) {
        let answer = answer_for(&offered, &far);
        let passes = common_codecs(&offered, &far).is_some();
        let makes = offered.iter().any(can_transcode) && far.iter().any(can_transcode);
        prop_assert_eq!(answer.is_some(), passes || makes);
        let answer = answer.unwrap_or_default();
        let mut rest = offered.iter();
        for codec in &answer {
            let same = |other: &Codec| other.payload == codec.payload && other.same_encoding(codec);
            prop_assert!(rest.any(same), "{codec} of {offered:?}");
        }
        prop_assert_eq!(answer.iter().any(Codec::is_audio), passes || makes);
    }
}
