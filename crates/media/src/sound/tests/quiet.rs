//! Legs that fall silent: as a voice message ends.

use audio::codec::CodecKind;
use call::port::{LegId, MediaEvent, RecordingFormat, RecordingId};

use super::stage::Stage;
use crate::handoff::SoundCommand;

const LEG: u64 = 1;

/// A leg that leaves a message: recorded, and nothing else.
fn message(kind: CodecKind, after_ms: u32) -> Stage {
    let mut stage = Stage::new();
    stage.voice(LEG, kind);
    stage.tell(SoundCommand::Record {
        recording: RecordingId("m".into()),
        left: Some(LegId(LEG)),
        right: None,
        file: "voicemail/m".into(),
        format: RecordingFormat::Wav,
    });
    notice(&mut stage, Some(after_ms));
    stage
}

fn notice(stage: &mut Stage, after_ms: Option<u32>) {
    stage.tell(SoundCommand::NoticeSilence { leg: LegId(LEG), after_ms });
}

/// When it was said that the leg fell silent, ms after `from`.
fn told(stage: &Stage, from: u64) -> Vec<u64> {
    let silent = |event: &MediaEvent| matches!(event, MediaEvent::FellSilent { leg: LegId(LEG) });
    let events = stage.events.iter().filter(|(_, event)| silent(event));
    events.map(|(at, _)| at - from).collect()
}

#[test]
fn silence_is_told_once_after_the_last_word_in_every_codec() {
    for kind in CodecKind::ALL {
        let mut stage = message(kind, 3_000);
        stage.talk(LEG, 440);
        stage.run(5_000);
        assert!(told(&stage, 0).is_empty(), "{kind:?}");
        let ended = stage.now_ms;
        stage.talk(LEG, 0);
        stage.run(10_000);
        let told = told(&stage, ended);
        assert!(matches!(*told, [at] if (2_900..3_300).contains(&at)), "{kind:?} {told:?}");
    }
}

#[test]
fn who_sends_nothing_at_all_is_silent() {
    let mut stage = message(CodecKind::Pcmu, 3_000);
    let began = stage.now_ms;
    stage.run(10_000);
    assert!(matches!(*told(&stage, began), [at] if (3_000..3_040).contains(&at)));
    // Packets end in the middle of a word: what is concealed is no word.
    let mut stage = message(CodecKind::Pcmu, 3_000);
    stage.talk(LEG, 440);
    stage.run(2_000);
    stage.hush(LEG);
    let ended = stage.now_ms;
    stage.run(10_000);
    assert!(matches!(*told(&stage, ended), [at] if (2_900..3_200).contains(&at)));
}

#[test]
fn bad_lines_do_not_hide_a_voice_and_digits_count_as_one() {
    let mut stage = message(CodecKind::Pcmu, 1_000);
    stage.talk_badly(LEG, 440, 20, 60);
    stage.run(10_000);
    assert!(told(&stage, 0).is_empty());
    stage.talk(LEG, 0);
    for _ in 0..10 {
        stage.run(800);
        stage.press(LEG, 5);
    }
    assert!(told(&stage, 0).is_empty());
    let pressed = stage.now_ms;
    stage.run(3_000);
    assert!(matches!(*told(&stage, pressed), [at] if (1_000..1_200).contains(&at)));
}

#[test]
fn a_new_command_counts_anew_and_none_is_no_more() {
    let mut stage = message(CodecKind::Pcmu, 1_000);
    stage.run(3_000);
    assert_eq!(told(&stage, 0).len(), 1);
    notice(&mut stage, Some(2_000));
    let again = stage.now_ms;
    stage.run(1_500);
    notice(&mut stage, Some(2_000));
    stage.run(5_000);
    let all = told(&stage, 0);
    assert!(matches!(*all, [_, at] if (3_500..3_540).contains(&(at - again))), "{all:?}");
    notice(&mut stage, Some(1_000));
    stage.run(500);
    notice(&mut stage, None);
    stage.run(5_000);
    assert_eq!(told(&stage, 0).len(), 2);
}

/// Who is not recorded either is decoded for it, and for as long as it is wanted.
#[test]
fn only_as_long_as_it_is_wanted_is_anything_decoded() {
    let mut stage = Stage::new();
    stage.voice(LEG, CodecKind::Pcmu);
    notice(&mut stage, Some(500));
    assert!((0..20).any(|slot| stage.studio.is_busy(slot)));
    stage.run(1_000);
    assert_eq!(told(&stage, 0).len(), 1);
    notice(&mut stage, None);
    assert!((0..20).all(|slot| !stage.studio.is_busy(slot)));
}
