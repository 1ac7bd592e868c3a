//! What is heard of one leg: packets of every length, digits in its band, silence and clipping.

use audio::codec::{CodecKind, Encoder, EncoderSettings};
use audio::tone::{Country, Tone, ToneGenerator};
use call::port::{LegId, Playlist};

use super::stage::{Stage, file, sine};
use crate::handoff::{SoundCommand, Source};

fn mulaw(pcm: &[i16]) -> Vec<u8> {
    let mut encoder = Encoder::new(CodecKind::Pcmu, 8_000, &EncoderSettings::default()).unwrap();
    let mut payload = Vec::new();
    encoder.encode(pcm, &mut payload).unwrap();
    payload
}

#[test]
fn packets_of_every_length_are_heard() {
    for packet_ms in [10, 30, 40, 60, 120] {
        let mut stage = Stage::new();
        stage.voice(1, CodecKind::Pcmu);
        stage.voice(2, CodecKind::Pcma);
        stage.hear(2, Source::Leg(LegId(1)));
        let len = packet_ms * 8;
        for number in 0..2_400 / packet_ms {
            let pcm: Vec<i16> = (0..len).map(|at| sine(1_000, 8_000, number * len + at)).collect();
            stage.mulaw(1, number, mulaw(&pcm));
            stage.run(packet_ms as u64);
        }
        assert_eq!(stage.payloads(2).len(), 120);
        let share = stage.share(2, 2_000, 1_000);
        assert!(share > 0.97, "{packet_ms} ms: {share}");
    }
}

#[test]
fn a_digit_in_the_band_ends_what_may_be_ended() {
    let mut stage = Stage::new();
    stage.voice_with(1, CodecKind::Pcmu, false, 20);
    stage.tell(SoundCommand::Detect { leg: LegId(1), in_band: true });
    let list = Playlist { barge_in: true, ..Playlist::forever(file("1000")) };
    stage.play(1, 1, list);
    let digit = audio::dtmf::Digit::of('8').unwrap();
    let tone = Tone::Digit { digit, on_ms: 100, off_ms: 200 };
    let mut generator = ToneGenerator::new(tone, Country::Europe, 8_000);
    for number in 0..20 {
        let mut pcm = vec![0; 160];
        if number >= 5 {
            generator.fill(&mut pcm);
        }
        stage.mulaw(1, number, mulaw(&pcm));
        stage.run(20);
    }
    assert_eq!(
        stage.told,
        ["1 rendering true", "1 rendering false", "1 played 1 BargedIn", "1 digit 8"]
    );
}

#[test]
fn silence_and_clipping_are_told() {
    let mut stage = Stage::new();
    stage.voice(1, CodecKind::Pcmu);
    stage.tell(SoundCommand::Detect { leg: LegId(1), in_band: true });
    let mut number = 0;
    let mut say = |stage: &mut Stage, seconds: usize, pcm: &dyn Fn(usize) -> i16| {
        for _ in 0..seconds * 50 {
            let pcm: Vec<i16> = (0..160).map(|at| pcm(number * 160 + at)).collect();
            stage.mulaw(1, number, mulaw(&pcm));
            stage.run(20);
            number += 1;
        }
        *stage.hearings.last().unwrap()
    };
    let tone = |at| sine(440, 8_000, at);
    let fine = say(&mut stage, 3, &tone);
    assert!(!fine.silent && !fine.clipping && fine.level_dbov > -20.0, "{fine:?}");
    assert!(say(&mut stage, 7, &|_| 0).silent);
    let loud = say(&mut stage, 3, &|at| if at % 20 < 10 { i16::MAX } else { i16::MIN });
    assert!(loud.clipping && !loud.silent, "{loud:?}");
    let fine = say(&mut stage, 3, &tone);
    assert!(!fine.silent && !fine.clipping, "{fine:?}");
    // Once a second, and at each of the four changes.
    assert!((16..=21).contains(&stage.hearings.len()), "{}", stage.hearings.len());
    assert_eq!((fine.discarded, fine.leg), (0, LegId(1)));
}

#[test]
fn losses_are_told() {
    let mut stage = Stage::new();
    stage.voice(1, CodecKind::Pcmu);
    stage.voice(2, CodecKind::Pcma);
    stage.hear(2, Source::Leg(LegId(1)));
    stage.talk_badly(1, 1_000, 10, 0);
    stage.run(10_000);
    let concealed = stage.hearings.last().unwrap().concealed;
    assert!((25..=80).contains(&concealed), "{concealed}");
}
