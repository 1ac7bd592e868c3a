//! Two legs that hear each other: every codec with every other, delay, digits.

use std::collections::BTreeMap;
use std::time::Duration;

use audio::codec::CodecKind;
use audio::dtmf::{DtmfDetector, DtmfEvent};
use call::port::LegId;

use super::stage::{Stage, digit, share};
use crate::handoff::{Heard, SoundCommand, Source};

/// A pair hears a tone of 1 kHz from each side's other, at a loss in percent.
fn each_hears_the_other(one: CodecKind, other: CodecKind, loss: u32) {
    let mut stage = Stage::new();
    stage.voice(1, one);
    stage.voice(2, other);
    stage.pair(1, 2);
    stage.talk_badly(1, 1_000, loss, 5);
    stage.talk_badly(2, 600, loss, 5);
    stage.run(1_200);
    for (leg, hears, says) in [(1, 600, 1_000), (2, 1_000, 600)] {
        let heard = stage.share(leg, 1_300, hears);
        let echo = stage.share(leg, 1_300, says);
        let least = if loss == 0 { 0.9 } else { 0.75 };
        assert!(heard > least && echo < 0.05, "{one:?} {other:?} {loss} %: {heard} {echo}");
    }
}

fn every_partner_of(one: CodecKind) {
    for other in CodecKind::ALL {
        for loss in [0, 1, 5] {
            each_hears_the_other(one, other, loss);
        }
    }
}

#[test]
fn every_codec_with_pcmu() {
    every_partner_of(CodecKind::Pcmu);
}

#[test]
fn every_codec_with_pcma() {
    every_partner_of(CodecKind::Pcma);
}

#[test]
fn every_codec_with_g722() {
    every_partner_of(CodecKind::G722);
}

#[test]
fn every_codec_with_opus() {
    every_partner_of(CodecKind::Opus);
}

#[test]
fn what_is_wide_stays_wide() {
    let mut stage = Stage::new();
    stage.voice(1, CodecKind::G722);
    stage.voice(2, CodecKind::Opus);
    stage.pair(1, 2);
    stage.talk(1, 6_000);
    stage.run(1_000);
    assert!(stage.share(2, 1_300, 6_000) > 0.8);
}

/// What a codec of 8 kHz cannot carry, nobody computes.
#[test]
fn a_pair_is_processed_at_the_lower_rate() {
    let mut stage = Stage::new();
    stage.voice(1, CodecKind::Opus);
    stage.voice(2, CodecKind::Pcmu);
    stage.voice(3, CodecKind::Opus);
    stage.pair(1, 2);
    assert_eq!(stage.studio.rates(LegId(1)), Some((8_000, 8_000)));
    stage.pair(1, 3);
    assert_eq!(stage.studio.rates(LegId(1)), Some((48_000, 48_000)));
}

#[test]
fn payloads_have_the_length_that_was_asked_for() {
    for (kind, packet_ms, bytes, samples) in [
        (CodecKind::Pcmu, 10, 80, 80),
        (CodecKind::Pcmu, 30, 240, 240),
        (CodecKind::G722, 40, 320, 320),
        (CodecKind::Pcma, 60, 480, 480),
    ] {
        let mut stage = Stage::new();
        stage.voice(1, CodecKind::Pcmu);
        stage.voice_with(2, kind, true, packet_ms);
        stage.hear(2, Source::Leg(LegId(1)));
        stage.talk(1, 1_000);
        stage.run(1_200);
        let payloads = stage.payloads(2);
        assert_eq!(payloads.len(), 1_200 / usize::from(packet_ms));
        for (at, (_, made)) in payloads.iter().enumerate() {
            assert_eq!((made.payload.len(), made.samples), (bytes, samples));
            assert_eq!(made.marker, at == 0);
        }
    }
}

/// Each packet of µ-law says its number, and what is heard tells how long it took.
fn delays(jitter_ms: u64) -> Vec<u64> {
    let mut stage = Stage::new();
    stage.voice(1, CodecKind::Pcmu);
    stage.voice(2, CodecKind::Pcmu);
    stage.hear(2, Source::Leg(LegId(1)));
    let mut random = 1_u64;
    let mut coming: BTreeMap<(u64, u16), Heard> = BTreeMap::new();
    let mut spoken = BTreeMap::new();
    let mut delays = Vec::new();
    for ms in 0..20_000_u64 {
        if ms % 20 == 13 {
            let number = (ms / 20) as u16;
            // 100 values that are no silence, so that they come again after two seconds only.
            let value = (number % 100) as u8;
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let late = (random >> 33) % (jitter_ms + 1);
            let heard = Heard {
                leg: LegId(1),
                at: Duration::from_millis(stage.now_ms + late),
                payload_type: 0,
                marker: false,
                sequence: number,
                timestamp: u32::from(number) * 160,
                ssrc: 1,
                payload: vec![value; 160],
            };
            coming.insert((stage.now_ms + late, number), heard);
            // Its first sample was spoken 20 ms before it was sent.
            spoken.insert(value, stage.now_ms - 20);
        }
        while let Some((&key, _)) = coming.first_key_value()
            && key.0 <= stage.now_ms
        {
            let heard = coming.remove(&key).unwrap();
            stage.packet(&heard);
        }
        stage.run(1);
        for (at, made) in stage.frames.remove(&LegId(2)).into_iter().flatten() {
            let middle = made.payload[80];
            // What is concealed has other values, and the buffer needs some time to begin.
            if ms > 2_000
                && made.payload[60..100].iter().all(|&value| value == middle)
                && let Some(then) = spoken.get(&middle)
            {
                delays.push(at - then);
            }
        }
    }
    delays.sort_unstable();
    delays
}

/// Packets of 20 ms, from the first sample spoken to the packet with it sent on. The phone's own
/// packet is 20 ms of it, so 27, 27, 47 and 67 ms are added here; this test's packets come 7 ms
/// before their turn.
#[test]
fn mouth_to_ear_delay_is_framing_and_what_jitter_needs() {
    let mut table = String::new();
    for jitter_ms in [0, 10, 30, 60] {
        let delays = delays(jitter_ms);
        let of = |percent: usize| delays[delays.len() * percent / 100];
        assert!(delays.len() > 800, "{}", delays.len());
        table += &format!("jitter of 0 to {jitter_ms} ms: p50 {} p99 {} ms\n", of(50), of(99));
    }
    insta::assert_snapshot!(table, @r"
    jitter of 0 to 0 ms: p50 47 p99 47 ms
    jitter of 0 to 10 ms: p50 47 p99 47 ms
    jitter of 0 to 30 ms: p50 67 p99 67 ms
    jitter of 0 to 60 ms: p50 87 p99 87 ms
    ");
}

fn digits_in(pcm: &[i16], rate: u32) -> String {
    let mut events = Vec::new();
    DtmfDetector::new(rate).hear(pcm, &mut events);
    let pressed = events.iter().filter_map(|event| match event {
        DtmfEvent::Pressed(digit) => Some(digit.character()),
        DtmfEvent::Released { .. } => None,
    });
    pressed.collect()
}

#[test]
fn an_event_becomes_a_tone_where_the_other_has_none() {
    let mut stage = Stage::new();
    stage.voice(1, CodecKind::Opus);
    stage.voice_with(2, CodecKind::Pcmu, false, 20);
    stage.pair(1, 2);
    stage.talk(1, 300);
    stage.run(400);
    for event in [5, 11, 0] {
        stage.press(1, event);
        stage.run(400);
    }
    assert_eq!(digits_in(&stage.sound(2, 0), 8_000), "5#0");
    // It is the relay that reports digits by RFC 4733.
    assert_eq!(stage.events, []);
}

#[test]
fn an_event_is_an_event_again_where_the_other_has_them() {
    let mut stage = Stage::new();
    stage.voice(1, CodecKind::Opus);
    stage.voice(2, CodecKind::Pcma);
    stage.pair(1, 2);
    stage.talk(1, 300);
    stage.run(400);
    stage.press(1, 7);
    stage.run(500);
    stage.press(1, 7);
    stage.run(500);
    assert_eq!(stage.events_to(2), "77");
    assert_eq!(digits_in(&stage.sound(2, 0), 8_000), "");
    // Sound is withheld meanwhile, and begins again with a marker.
    let markers = stage.payloads(2).iter().filter(|(_, made)| made.marker).count();
    assert_eq!(markers, 3);
}

#[test]
fn a_tone_becomes_an_event_where_the_other_has_them() {
    let mut stage = Stage::new();
    stage.voice_with(1, CodecKind::Pcmu, false, 20);
    stage.voice(2, CodecKind::Opus);
    stage.voice(3, CodecKind::Pcmu);
    stage.pair(1, 2);
    stage.tell(SoundCommand::Detect { leg: LegId(1), in_band: true });
    // Leg 3 is only there to make the tones: what is sent to it comes from leg 1.
    stage.voice_with(3, CodecKind::Pcmu, false, 20);
    stage.run(100);
    let mut sequence = 0;
    for sign in ['1', 'd', '*'] {
        stage.tell(SoundCommand::SendDigit { leg: LegId(3), digit: digit(sign), duration_ms: 120 });
        for _ in 0..20 {
            stage.run(20);
            let payload = stage.frames.remove(&LegId(3)).into_iter().flatten().next();
            let payload = payload.map_or(vec![0xff; 160], |(_, made)| made.payload);
            stage.packet(&Heard {
                leg: LegId(1),
                at: stage.now(),
                payload_type: 0,
                marker: false,
                sequence,
                timestamp: u32::from(sequence) * 160,
                ssrc: 1,
                payload,
            });
            sequence += 1;
        }
    }
    stage.run(200);
    assert_eq!(stage.events_to(2), "1D*");
    let reported: Vec<&String> =
        stage.told.iter().filter(|told| told.starts_with("1 digit")).collect();
    assert_eq!(reported, ["1 digit 1", "1 digit D", "1 digit *"]);
    // What is left of the tones is too short to be heard as digits a second time.
    assert_eq!(digits_in(&stage.sound(2, 0), 48_000), "");
}

#[test]
fn digits_are_sent_in_the_way_that_the_leg_has() {
    let mut stage = Stage::new();
    stage.voice(1, CodecKind::Pcmu);
    stage.voice_with(2, CodecKind::G722, false, 20);
    for leg in [1, 2] {
        for sign in ['1', '2', '2'] {
            let digit = digit(sign);
            stage.tell(SoundCommand::SendDigit { leg: LegId(leg), digit, duration_ms: 100 });
        }
    }
    stage.run(1_500);
    assert_eq!(stage.events_to(1), "122");
    assert_eq!(stage.payloads(1).len(), stage.payloads(1).iter().filter(|f| f.1.marker).count());
    assert_eq!(digits_in(&stage.sound(2, 0), 16_000), "122");
    let mut told = stage.told.clone();
    told.sort();
    assert_eq!(
        told,
        ["1 rendering false", "1 rendering true", "2 rendering false", "2 rendering true"]
    );
    // And nothing is made any more.
    assert!((0..20).all(|slot| !stage.studio.is_busy(slot)));
}

/// A digit's command may cross with the end of the one before, after which the relay lets the leg
/// go: it must not wait for ever for the end of what it was told had begun.
#[test]
fn a_leg_that_goes_in_a_digit_is_not_rendered_for_ever() {
    let mut stage = Stage::new();
    stage.voice(1, CodecKind::Pcmu);
    let press = SoundCommand::SendDigit { leg: LegId(1), digit: digit('5'), duration_ms: 100 };
    stage.tell(press);
    stage.tell(SoundCommand::Gone { leg: LegId(1) });
    assert_eq!(stage.told, ["1 rendering true", "1 rendering false"]);
}

#[test]
fn who_is_gone_is_silence() {
    let mut stage = Stage::new();
    stage.voice(1, CodecKind::Pcmu);
    stage.voice(2, CodecKind::Pcma);
    stage.pair(1, 2);
    stage.talk(1, 1_000);
    stage.run(500);
    stage.tell(SoundCommand::Gone { leg: LegId(1) });
    let from = stage.now_ms + 40;
    stage.run(500);
    let after = stage.sound(2, from);
    assert!(after.len() > 3_000);
    assert!(share(&after, 8_000, 1_000) < 0.01);
    stage.hear(2, Source::Nothing);
    assert!((0..20).all(|slot| !stage.studio.is_busy(slot)));
}
