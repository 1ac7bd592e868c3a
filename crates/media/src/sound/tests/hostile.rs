//! What a peer may send, and too much of everything.

use std::sync::Arc;

use audio::codec::CodecKind;
use call::port::{
    Encoding, Format, Formats, LegId, Part, PlayId, Playlist, RecordingFormat, RecordingId, RoomId,
    Sound, Speaks, Tone,
};
use proptest::prelude::*;

use super::stage::{EVENT, Stage, digit, file, format};
use crate::handoff::{Heard, SoundCommand, Source};
use crate::sound::SoundConfig;

/// All codecs, comfort noise and telephone-event, with their usual numbers.
fn everything(packet_ms: u8) -> Formats {
    let more = [(Encoding::ComfortNoise, 13), (Encoding::TelephoneEvent, EVENT)];
    let more = more.map(|(encoding, payload)| Format {
        payload,
        encoding,
        clock_rate: 8_000,
        channels: 1,
    });
    let list: Arc<[Format]> = CodecKind::ALL.map(format).into_iter().chain(more).collect();
    Formats { receive: list.clone(), send: list, packet_ms }
}

fn packet() -> impl Strategy<Value = Heard> {
    let number =
        prop_oneof![Just(0_u8), Just(8), Just(9), Just(13), Just(EVENT), Just(111), 0..=255_u8];
    let payload = prop_oneof![
        8 => prop::collection::vec(any::<u8>(), 0..200),
        1 => prop::collection::vec(any::<u8>(), 1_400..2_000),
    ];
    let when = (any::<bool>(), 0..40_u16, 0..4_000_u32, 0..3_u32, 1..4_u64);
    (number, payload, when).prop_map(|(payload_type, payload, (marker, seq, ts, ssrc, leg))| {
        Heard {
            leg: LegId(leg),
            at: std::time::Duration::ZERO,
            payload_type,
            marker,
            sequence: seq.wrapping_mul(1_639),
            timestamp: ts.wrapping_mul(1_073_741),
            ssrc,
            payload,
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Frames keep their pace and their length whatever comes.
    #[test]
    fn no_payload_breaks_anything(packets in prop::collection::vec(packet(), 1..120)) {
        let mut stage = Stage::new();
        for leg in 1..=3 {
            stage.tell(SoundCommand::Voice { leg: LegId(leg), formats: everything(20) });
            stage.tell(SoundCommand::Detect { leg: LegId(leg), in_band: true });
        }
        stage.pair(1, 2);
        stage.hear(3, Source::Room(RoomId(1), Part::PARTY));
        for mut heard in packets {
            heard.at = stage.now();
            stage.packet(&heard);
            stage.run(7);
        }
        for leg in 1..=3 {
            for (_, made) in stage.payloads(leg) {
                prop_assert_eq!(made.payload.len(), 160);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Whatever is told in whatever order: every playing ends once, and when all legs are gone
    /// nothing is left to be done.
    #[test]
    fn no_order_of_commands_leaves_anything(
        commands in prop::collection::vec((0..14_u8, 0..4_u64, 0..4_u64), 1..60),
    ) {
        let mut stage = Stage::new();
        let mut plays = 0;
        for (what, leg, other) in commands {
            stage.tell(command(what, LegId(leg), LegId(other), &mut plays));
            stage.run(9);
        }
        for leg in 0..4 {
            stage.tell(SoundCommand::StopPlay { leg: LegId(leg) });
        }
        let played = stage.told.iter().filter(|told| told.contains("played")).count();
        let begun = stage.plays_begun as usize;
        // Those of legs that went are not reported.
        prop_assert!(played <= begun);
        for leg in 0..4 {
            stage.tell(SoundCommand::Gone { leg: LegId(leg) });
        }
        for name in 0..4 {
            let recording = RecordingId(format!("{name}").into());
            stage.tell(SoundCommand::StopRecording { recording });
        }
        prop_assert!((0..20).all(|slot| !stage.studio.is_busy(slot)));
        prop_assert!(stage.studio.rooms.is_empty() && stage.studio.voices.is_empty());
    }
}

fn command(what: u8, leg: LegId, other: LegId, plays: &mut u64) -> SoundCommand {
    let recording = RecordingId(format!("{}", other.0).into());
    let kinds = [CodecKind::Pcmu, CodecKind::Pcma, CodecKind::G722, CodecKind::Pcmu];
    match what {
        0 | 1 => {
            let list: Arc<[Format]> = Arc::from([format(kinds[other.0 as usize])]);
            let formats = Formats { receive: list.clone(), send: list, packet_ms: 30 };
            SoundCommand::Voice { leg, formats }
        }
        2 | 3 => SoundCommand::Hear { leg, source: Source::Leg(other) },
        4 => SoundCommand::Hear { leg, source: Source::Room(RoomId(other.0 % 2), Part::PARTY) },
        5 => {
            let part = Part { hears: true, speaks: Speaks::To(other) };
            SoundCommand::Hear { leg, source: Source::Room(RoomId(0), part) }
        }
        6 => SoundCommand::Hear { leg, source: Source::Nothing },
        7 => SoundCommand::Gone { leg },
        8 => {
            *plays += 1;
            let items = vec![file("440"), Sound::Tone(Tone::Beep), file("slow1")];
            let list = Playlist { repeat: false, barge_in: true, language: None, items };
            SoundCommand::Play { leg, play: PlayId(*plays), list: Arc::new(list) }
        }
        9 => SoundCommand::PausePlay { leg, paused: other.0 == 0 },
        10 => SoundCommand::SendDigit { leg, digit: digit('1'), duration_ms: 60 },
        11 => SoundCommand::Record {
            recording,
            left: Some(leg),
            right: None,
            file: "r".into(),
            format: RecordingFormat::Opus,
        },
        12 => SoundCommand::StopRecording { recording },
        _ => SoundCommand::Pressed { leg, digit: digit('2') },
    }
}

#[test]
fn there_is_a_limit_to_legs() {
    let mut stage = Stage::with(SoundConfig { voices_max: 2, ..SoundConfig::default() });
    for leg in 1..=3 {
        stage.voice(leg, CodecKind::Pcmu);
    }
    assert_eq!(stage.studio.voices.len(), 2);
    stage.play(3, 1, Playlist::one(file("440")));
    assert_eq!(stage.told, ["3 rendering false", "3 played 1 Failed"]);
}

#[test]
fn there_is_a_limit_to_digits_that_wait() {
    let mut stage = Stage::new();
    stage.voice_with(1, CodecKind::Pcmu, false, 20);
    for _ in 0..1_000 {
        let digit = digit('1');
        stage.tell(SoundCommand::SendDigit { leg: LegId(1), digit, duration_ms: 40 });
    }
    // 64 of 100 ms.
    stage.run(7_000);
    assert!((0..20).all(|slot| !stage.studio.is_busy(slot)));
}
