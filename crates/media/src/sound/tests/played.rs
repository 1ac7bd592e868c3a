//! What is played: pace, joins, ends, digits.

use audio::codec::{CodecKind, Encoder, EncoderSettings};
use audio::tone::{Country, ToneGenerator};
use call::port::{LegId, Part, Playlist, RoomId, Sound, Tone};

use super::stage::{Stage, clip, digit, file, share, sine};
use crate::handoff::{SoundCommand, Source};

const LEG: u64 = 1;

fn listener(kind: CodecKind) -> Stage {
    let mut stage = Stage::new();
    stage.voice(LEG, kind);
    stage
}

fn list(items: &[Sound]) -> Playlist {
    Playlist { items: items.to_vec(), repeat: false, barge_in: false, language: None }
}

#[test]
fn a_prompt_begins_at_once_and_is_paced_by_20_ms() {
    let mut stage = listener(CodecKind::Pcmu);
    let began = stage.now_ms;
    stage.play(LEG, 1, list(&[file("1000")]));
    stage.run(1_000);
    let payloads = stage.payloads(LEG);
    assert_eq!(payloads.len(), 25);
    assert!(payloads[0].0 - began <= 40);
    assert!(payloads.windows(2).all(|pair| pair[1].0 - pair[0].0 == 20));
    assert!(payloads.iter().all(|(_, made)| made.payload.len() == 160 && made.samples == 160));
    assert!(payloads.iter().enumerate().all(|(at, (_, made))| made.marker == (at == 0)));
    assert!(stage.share(LEG, 0, 1_000) > 0.95);
    assert_eq!(stage.told, ["1 rendering true", "1 rendering false", "1 played 1 Completed"]);
    assert!((0..20).all(|slot| !stage.studio.is_busy(slot)));
}

/// Three items that do not fill their frames, around again: every sample is there, once.
#[test]
fn items_join_without_losing_a_sample() {
    let mut stage = listener(CodecKind::Pcmu);
    let pieces = [3, 7];
    let list = Playlist {
        items: vec![file("500"), Sound::Silence { ms: pieces[0] }, file("800"), file("none")],
        repeat: true,
        barge_in: false,
        language: None,
    };
    stage.play(LEG, 1, list);
    stage.run(2_500);
    let heard = stage.sound(LEG, 0);
    let mut wanted: Vec<i16> = Vec::new();
    while wanted.len() < heard.len() {
        wanted.extend((0..4_000).map(|at| sine(500, 8_000, at)));
        wanted.extend([0; 24]);
        wanted.extend((0..4_000).map(|at| sine(800, 8_000, at)));
    }
    for (at, (heard, wanted)) in heard.iter().zip(&wanted).enumerate() {
        // As near as µ-law is.
        assert!((heard - wanted).abs() <= 20 + wanted.abs() / 24, "{at}: {heard} {wanted}");
    }
    assert_eq!(stage.told, ["1 rendering true"]);
}

#[test]
fn a_pause_is_silence_and_then_it_goes_on() {
    let mut stage = listener(CodecKind::Pcma);
    stage.play(LEG, 1, list(&[file("1000")]));
    stage.run(200);
    stage.tell(SoundCommand::PausePlay { leg: LegId(LEG), paused: true });
    let paused = stage.now_ms;
    stage.run(400);
    assert_eq!(stage.share(LEG, paused + 20, 1_000), 0.0);
    assert_eq!(stage.payloads(LEG).len(), 30);
    stage.tell(SoundCommand::PausePlay { leg: LegId(LEG), paused: false });
    stage.run(400);
    // 500 ms and the pause.
    assert_eq!(stage.payloads(LEG).len(), 45);
    assert_eq!(stage.told.last().unwrap(), "1 played 1 Completed");
}

#[test]
fn stopped_replaced_and_gone() {
    let mut stage = listener(CodecKind::Pcmu);
    stage.play(LEG, 1, Playlist::forever(Sound::Tone(Tone::Ringback)));
    stage.run(1_000);
    stage.play(LEG, 2, Playlist::forever(file("440")));
    stage.run(1_000);
    stage.tell(SoundCommand::StopPlay { leg: LegId(LEG) });
    stage.tell(SoundCommand::StopPlay { leg: LegId(LEG) });
    stage.run(100);
    assert_eq!(
        stage.told,
        ["1 rendering true", "1 played 1 Stopped", "1 rendering false", "1 played 2 Stopped"]
    );
    stage.play(LEG, 3, Playlist::forever(file("440")));
    stage.tell(SoundCommand::Gone { leg: LegId(LEG) });
    stage.run(100);
    assert_eq!(stage.told[4..], ["1 rendering true", "1 rendering false"]);
    assert!((0..20).all(|slot| !stage.studio.is_busy(slot)));
}

#[test]
fn what_cannot_be_had_is_passed_over_and_nothing_at_all_is_a_failure() {
    let mut stage = listener(CodecKind::Pcmu);
    stage.play(LEG, 1, list(&[file("none"), file("1000")]));
    stage.run(600);
    stage.play(LEG, 2, Playlist { repeat: true, ..list(&[file("none"), file("nothing")]) });
    stage.play(9, 3, list(&[file("1000")]));
    stage.play(LEG, 4, list(&[]));
    stage.run(100);
    stage.play(LEG, 5, Playlist { repeat: true, ..list(&[Sound::Silence { ms: 0 }]) });
    stage.run(100);
    assert_eq!(
        stage.told,
        [
            "1 rendering true",
            "1 rendering false",
            "1 played 1 Completed",
            "1 rendering false",
            "1 played 2 Failed",
            "9 rendering false",
            "9 played 3 Failed",
            "1 rendering true",
            "1 rendering false",
            "1 played 4 Completed",
            "1 rendering true",
            "1 rendering false",
            "1 played 5 Completed",
        ]
    );
}

#[test]
fn what_is_loaded_is_waited_for_in_silence() {
    let mut stage = listener(CodecKind::Pcmu);
    stage.play(LEG, 1, list(&[file("slow1"), file("1000"), file("slow2")]));
    stage.run(300);
    assert_eq!(stage.share(LEG, 0, 1_000), 0.0);
    assert_eq!(stage.payloads(LEG).len(), 15);
    stage.loaded(2, None);
    stage.loaded(1, Some(vec![clip(600, 8_000), clip(700, 16_000)]));
    let from = stage.now_ms;
    stage.run(1_600);
    let heard = stage.sound(LEG, from);
    for (at, hz) in [600, 700, 1_000].into_iter().enumerate() {
        assert!(share(&heard[at * 4_000 + 200..at * 4_000 + 3_600], 8_000, hz) > 0.9, "{hz}");
    }
    // One that nobody wants any more.
    stage.play(LEG, 2, list(&[file("slow3")]));
    stage.tell(SoundCommand::StopPlay { leg: LegId(LEG) });
    stage.loaded(3, None);
    stage.play(LEG, 4, list(&[file("slow5"), file("slow6")]));
    stage.loaded(6, None);
    stage.loaded(5, None);
    let played: Vec<_> = stage.told.iter().filter(|told| told.contains("played")).collect();
    assert_eq!(played, ["1 played 1 Completed", "1 played 2 Stopped", "1 played 4 Failed"]);
}

#[test]
fn a_digit_ends_what_may_be_ended_and_is_reported_after_it() {
    let mut stage = listener(CodecKind::Pcmu);
    stage.play(LEG, 1, Playlist { barge_in: true, ..list(&[file("1000")]) });
    stage.run(100);
    stage.tell(SoundCommand::Pressed { leg: LegId(LEG), digit: digit('4') });
    let ended = stage.now_ms;
    stage.run(100);
    assert!(stage.payloads(LEG).iter().all(|(at, _)| *at <= ended));
    stage.play(LEG, 2, list(&[file("1000")]));
    stage.tell(SoundCommand::Pressed { leg: LegId(LEG), digit: digit('5') });
    stage.run(600);
    assert_eq!(
        stage.told,
        [
            "1 rendering true",
            "1 rendering false",
            "1 played 1 BargedIn",
            "1 digit 4",
            "1 rendering true",
            "1 digit 5",
            "1 rendering false",
            "1 played 2 Completed",
        ]
    );
}

/// As a waiting menu is used: a digit of each kind ends what may be ended, and comes once.
#[test]
fn one_digit_is_reported_once_however_it_comes() {
    let barge_in = || Playlist { barge_in: true, ..list(&[file("1000"), file("1000")]) };
    // By RFC 4733: its packets are seen by the ear, too, while the relay reports it.
    let mut stage = listener(CodecKind::Pcmu);
    stage.talk(LEG, 0);
    stage.tell(SoundCommand::NoticeSilence { leg: LegId(LEG), after_ms: Some(60_000) });
    stage.play(LEG, 1, barge_in());
    stage.run(200);
    stage.press(LEG, 4);
    stage.run(10);
    stage.tell(SoundCommand::Pressed { leg: LegId(LEG), digit: digit('4') });
    stage.run(1_000);
    let told = ["1 rendering true", "1 rendering false", "1 played 1 BargedIn", "1 digit 4"];
    assert_eq!(stage.told, told);
    // In the band.
    let mut stage = Stage::new();
    stage.voice_with(LEG, CodecKind::Pcmu, false, 20);
    stage.tell(SoundCommand::Detect { leg: LegId(LEG), in_band: true });
    stage.play(LEG, 1, barge_in());
    stage.run(200);
    let tone = audio::tone::Tone::Digit {
        digit: audio::dtmf::Digit::of('4').unwrap(),
        on_ms: 120,
        off_ms: 0,
    };
    let mut generator = ToneGenerator::new(tone, Country::Europe, 8_000);
    let mut pcm = vec![0; 8_000];
    generator.fill(&mut pcm[..960]);
    let mut encoder = Encoder::new(CodecKind::Pcmu, 8_000, &EncoderSettings::default()).unwrap();
    for (number, frame) in pcm.chunks(160).enumerate() {
        let mut payload = Vec::new();
        encoder.encode(frame, &mut payload).unwrap();
        stage.mulaw(LEG, number, payload);
        stage.run(20);
    }
    assert_eq!(stage.told, told);
    // By INFO: it goes past media, and whoever hears it has the play stopped.
    let mut stage = listener(CodecKind::Pcmu);
    stage.play(LEG, 1, barge_in());
    stage.run(200);
    stage.tell(SoundCommand::StopPlay { leg: LegId(LEG) });
    stage.run(1_000);
    assert_eq!(stage.told, ["1 rendering true", "1 rendering false", "1 played 1 Stopped"]);
}

/// A queue: music, an announcement, music, and again.
#[test]
fn music_goes_on_where_it_was() {
    let mut stage = listener(CodecKind::Pcmu);
    let music = || Playlist {
        items: vec![file("500"), file("800"), file("1100")],
        repeat: true,
        barge_in: false,
        language: None,
    };
    let heard =
        |stage: &Stage, from| [500, 800, 1_100, 300].map(|hz| stage.share(LEG, from, hz) > 0.5);
    stage.play(LEG, 1, music());
    stage.run(700);
    // In the middle of the second file.
    stage.play(LEG, 2, list(&[file("300")]));
    stage.run(600);
    let begun = stage.now_ms;
    stage.play(LEG, 3, music());
    stage.run(200);
    assert_eq!(heard(&stage, begun), [false, true, false, false]);
    let later = stage.now_ms + 120;
    stage.run(300);
    assert_eq!(heard(&stage, later), [false, false, true, false]);
    // Also when nobody knew the leg meanwhile.
    stage.tell(SoundCommand::StopPlay { leg: LegId(LEG) });
    stage.tell(SoundCommand::Gone { leg: LegId(LEG) });
    stage.run(100);
    let begun = stage.now_ms;
    stage.voice(LEG, CodecKind::Pcmu);
    stage.play(LEG, 4, music());
    stage.run(100);
    assert_eq!(heard(&stage, begun), [false, false, true, false]);
    // Other music has its own beginning, and a leg that was closed is somebody else's.
    let begun = stage.now_ms;
    stage.play(LEG, 5, Playlist::forever(file("500")));
    stage.run(300);
    assert_eq!(heard(&stage, begun + 20), [true, false, false, false]);
    stage.play(LEG, 6, music());
    stage.run(600);
    stage.tell(SoundCommand::Gone { leg: LegId(LEG) });
    stage.tell(SoundCommand::Forget { leg: LegId(LEG) });
    stage.voice(LEG, CodecKind::Pcmu);
    let begun = stage.now_ms;
    stage.play(LEG, 7, music());
    stage.run(300);
    assert_eq!(heard(&stage, begun + 20), [true, false, false, false]);
}

#[test]
fn a_play_goes_over_the_bridge_and_the_room() {
    let mut stage = Stage::new();
    for (leg, hz) in [(1, 400), (2, 700)] {
        stage.voice(leg, CodecKind::Pcmu);
        stage.talk(leg, hz);
    }
    for room in [false, true] {
        stage.pair(1, 2);
        if room {
            stage.hear(1, Source::Room(RoomId(3), Part::PARTY));
            stage.hear(2, Source::Room(RoomId(3), Part::PARTY));
        }
        stage.run(600);
        let began = stage.now_ms;
        stage.play(1, 1, list(&[file("1500")]));
        stage.run(500);
        assert!(stage.share(1, began, 1_500) > 0.9);
        assert!(stage.share(1, began, 700) < 0.02);
        assert!(stage.share(2, began, 400) > 0.9);
        let ended = stage.now_ms + 20;
        stage.run(500);
        assert!(stage.share(1, ended, 700) > 0.9);
        assert!(stage.share(1, ended, 1_500) < 0.02);
    }
}

#[test]
fn a_prompt_is_heard_in_every_codec() {
    for kind in CodecKind::ALL {
        let mut stage = listener(kind);
        stage.play(LEG, 1, list(&[file("1000")]));
        stage.run(600);
        assert!(stage.share(LEG, 0, 1_000) > 0.85, "{kind:?}");
    }
}

/// Streams are spread: no slot has more to do than another.
#[test]
fn a_thousand_listeners_are_spread_over_the_slots() {
    let mut stage = Stage::new();
    for leg in 0..1_000 {
        stage.voice(leg, CodecKind::Pcmu);
        stage.play(leg, leg, Playlist::forever(file("440")));
        if leg % 50 == 0 {
            stage.run(1);
        }
    }
    stage.frames.clear();
    let from = stage.now_ms;
    stage.run(60);
    let mut by_ms = vec![0; 60];
    for (at, _) in stage.frames.values().flatten() {
        by_ms[(at - from - 1) as usize] += 1;
    }
    assert_eq!(by_ms, vec![50; 60]);
}

#[test]
fn formats_may_change_under_a_play() {
    let mut stage = listener(CodecKind::Pcmu);
    stage.play(LEG, 1, Playlist::forever(file("1000")));
    stage.run(200);
    stage.frames.clear();
    stage.voice(LEG, CodecKind::Opus);
    stage.run(500);
    assert!(stage.payloads(LEG).iter().all(|(_, made)| made.payload_type == 111));
    assert!(stage.share(LEG, 0, 1_000) > 0.85);
    // Only what nobody can encode ends it.
    stage.voice_nothing(LEG);
    assert_eq!(stage.told, ["1 rendering true", "1 rendering false", "1 played 1 Failed"]);
}
