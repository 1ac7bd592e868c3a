//! Recordings: the right side on the right channel, and a timeline that goes on.

use audio::codec::CodecKind;
use call::port::{LegId, MediaEvent, RecordingFormat, RecordingId};

use super::stage::{Stage, file, share};
use crate::handoff::SoundCommand;
use crate::record::Channels;
use crate::sound::SoundConfig;
use crate::sound::tape::Tape;

fn id(name: &str) -> RecordingId {
    RecordingId(name.into())
}

fn record(stage: &mut Stage, name: &str, left: Option<u64>, right: Option<u64>) {
    stage.tell(SoundCommand::Record {
        recording: id(name),
        left: left.map(LegId),
        right: right.map(LegId),
        file: name.into(),
        format: RecordingFormat::Wav,
    });
}

fn pair(kinds: [CodecKind; 3]) -> Stage {
    let mut stage = Stage::new();
    for (leg, (kind, hz)) in (1..).zip(kinds.into_iter().zip([400, 700, 1_100])) {
        stage.voice(leg, kind);
        stage.talk(leg, hz);
    }
    stage
}

#[test]
fn a_message_of_one_side_has_one_channel() {
    for (sides, channels) in [
        ([Some(1), None], Channels::One),
        ([Some(1), Some(2)], Channels::Two),
        ([None, Some(2)], Channels::Two),
    ] {
        let mut stage = pair([CodecKind::Pcmu; 3]);
        record(&mut stage, "m", sides[0], sides[1]);
        let Tape::Begin { channels: begun, .. } = &stage.tapes[0] else { panic!("no beginning") };
        assert_eq!(*begun, channels);
    }
}

#[test]
fn each_side_is_on_its_channel() {
    // Relayed: nothing is rendered. Transcoded: at the same time.
    for (kinds, rate, is_paired) in [
        ([CodecKind::Pcmu; 3], 8_000, false),
        ([CodecKind::Pcmu, CodecKind::Opus, CodecKind::Pcmu], 16_000, true),
        ([CodecKind::G722, CodecKind::Pcma, CodecKind::Pcmu], 16_000, true),
    ] {
        let mut stage = pair(kinds);
        if is_paired {
            stage.pair(1, 2);
        }
        record(&mut stage, "r", Some(1), Some(2));
        stage.run(2_000);
        stage.tell(SoundCommand::StopRecording { recording: id("r") });
        let Tape::Begin { rate: begun, .. } = &stage.tapes[0] else { panic!("no beginning") };
        assert_eq!(*begun, rate);
        assert_eq!(stage.tapes.last(), Some(&Tape::End { recording: id("r") }));
        let [left, right] = stage.tape(&id("r"));
        assert_eq!(left.len(), 2 * rate as usize);
        let from = left.len() / 4;
        assert!(share(&left[from..], rate, 400) > 0.9);
        assert!(share(&left[from..], rate, 700) < 0.02);
        assert!(share(&right[from..], rate, 700) > 0.9);
        assert!(share(&right[from..], rate, 400) < 0.02);
        assert_eq!(stage.payloads(1).is_empty(), !is_paired);
    }
}

#[test]
fn a_pause_leaves_no_gap_and_other_sides_keep_their_places() {
    let mut stage = pair([CodecKind::Pcmu; 3]);
    record(&mut stage, "r", Some(1), Some(2));
    stage.run(1_000);
    stage.tell(SoundCommand::PauseRecording { recording: id("r"), paused: true });
    stage.run(1_000);
    stage.tell(SoundCommand::PauseRecording { recording: id("r"), paused: false });
    stage.run(1_000);
    // One side is away, then another takes its place.
    record(&mut stage, "r", Some(1), None);
    stage.run(1_000);
    record(&mut stage, "r", Some(1), Some(3));
    stage.run(1_000);
    stage.tell(SoundCommand::Gone { leg: LegId(1) });
    stage.run(1_000);
    assert_eq!(stage.tapes.iter().filter(|tape| matches!(tape, Tape::Begin { .. })).count(), 1);
    let [left, right] = stage.tape(&id("r"));
    assert_eq!(left.len(), 5 * 8_000);
    let second = |of: &[i16], second: usize, hz| {
        share(&of[second * 8_000 + 2_000..(second + 1) * 8_000], 8_000, hz)
    };
    for at in 0..5 {
        let left = second(&left, at, 400);
        assert!(if at < 4 { left > 0.9 } else { left < 0.01 }, "{at}: {left}");
    }
    for (at, hz) in [(0, 700), (1, 700), (3, 1_100), (4, 1_100)] {
        assert!(second(&right, at, hz) > 0.9, "{at}");
    }
    assert!(right[2 * 8_000 + 400..3 * 8_000].iter().all(|&sample| sample == 0));
}

#[test]
fn what_is_silent_takes_its_time_too_and_what_is_played_is_not_recorded() {
    let mut stage = pair([CodecKind::Pcmu; 3]);
    record(&mut stage, "r", Some(1), Some(2));
    stage.play(1, 1, call::port::Playlist::forever(file("1500")));
    stage.run(500);
    stage.hush(2);
    stage.run(1_500);
    let [left, right] = stage.tape(&id("r"));
    assert_eq!((left.len(), right.len()), (16_000, 16_000));
    assert!(share(&left[4_000..], 8_000, 1_500) < 0.01);
    assert!(share(&left[4_000..], 8_000, 400) > 0.9);
    assert!(share(&right[8_000..], 8_000, 700) < 0.05);
}

#[test]
fn there_is_a_limit_to_recordings() {
    let mut stage = Stage::with(SoundConfig { recordings_max: 1, ..SoundConfig::default() });
    stage.voice(1, CodecKind::Pcmu);
    record(&mut stage, "a", Some(1), None);
    record(&mut stage, "b", Some(1), None);
    record(&mut stage, "b", None, Some(1));
    for _ in 0..2 {
        stage.tell(SoundCommand::StopRecording { recording: id("b") });
    }
    let told: Vec<&MediaEvent> = stage.events.iter().map(|(_, event)| event).collect();
    let cause = "too many recordings at once".into();
    let (recording, duration_ms, bytes, sha256) = (id("b"), 0, 0, None);
    assert_eq!(
        told,
        [
            &MediaEvent::RecordingFailed { recording: id("b"), cause },
            &MediaEvent::Recorded { recording, duration_ms, bytes, sha256 },
        ]
    );
    assert_eq!(stage.tapes.len(), 1);
}
