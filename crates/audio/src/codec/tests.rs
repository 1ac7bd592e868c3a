//! Every codec with every other: what a tone becomes, what a loss does, what bytes may not do.

use proptest::prelude::*;

use super::*;
use crate::score::{level_dbov, spectral_distance, speech_like, tone_dbov};

const FRAME_MS: u32 = 20;

/// Tones of −20 dBov each.
fn tones(rate: u32, hz: &[f64], seconds: u32) -> Vec<i16> {
    let sample = |n: u32| {
        let angle = |hz: &f64| std::f64::consts::TAU * hz * f64::from(n) / f64::from(rate);
        (32_768.0 * 0.1 * 2f64.sqrt() * hz.iter().map(|hz| angle(hz).sin()).sum::<f64>()) as i16
    };
    (0..rate * seconds).map(sample).collect()
}

fn encode_all(kind: CodecKind, rate: u32, sound: &[i16], percent: u8) -> Vec<Vec<u8>> {
    let settings = EncoderSettings { expected_loss_percent: percent, ..Default::default() };
    let mut encoder = Encoder::new(kind, rate, &settings).unwrap();
    let frames = sound.chunks_exact((rate / 1_000 * FRAME_MS) as usize);
    frames
        .map(|frame| {
            let mut payload = Vec::new();
            encoder.encode(frame, &mut payload).unwrap();
            payload
        })
        .collect()
}

/// Decodes, with the payloads lost that `lost` names.
fn decode_all(
    kind: CodecKind,
    rate: u32,
    payloads: &[Vec<u8>],
    lost: impl Fn(usize) -> bool,
) -> Vec<i16> {
    let mut decoder = Decoder::new(kind, rate).unwrap();
    let frame = (rate / 1_000 * FRAME_MS) as usize;
    let mut out = Vec::new();
    for (index, payload) in payloads.iter().enumerate() {
        let next = payloads.get(index + 1).filter(|_| !lost(index + 1));
        if !lost(index) {
            decoder.decode(payload, &mut out).unwrap();
        } else if !next.is_some_and(|next| decoder.recover(next, frame, &mut out)) {
            decoder.conceal(frame, &mut out);
        }
        assert_eq!(out.len(), frame * (index + 1), "frame {index} of {kind:?}");
    }
    out
}

/// One packet in twenty, never two together.
fn one_in_twenty(index: usize) -> bool {
    index % 20 == 13
}

#[test]
fn names_and_clocks() {
    assert_eq!(CodecKind::from_name("pcmu", 8_000), Some(CodecKind::Pcmu));
    assert_eq!(CodecKind::from_name("OPUS", 48_000), Some(CodecKind::Opus));
    assert_eq!(CodecKind::from_name("G722", 16_000), None, "its clock is 8000 by RFC 3551");
    assert_eq!(CodecKind::from_name("telephone-event", 8_000), None);
    assert!(CodecKind::G722.is_wideband() && !CodecKind::Pcma.is_wideband());
}

#[test]
fn durations() {
    assert_eq!(CodecKind::Pcmu.duration(&[0; 160]), Some(160));
    assert_eq!(CodecKind::G722.duration(&[0; 160]), Some(160));
    assert_eq!(CodecKind::Pcmu.duration(&[0; 961]), None);
    assert_eq!(CodecKind::Opus.duration(&[]), None);
    // SILK of 20 ms; CELT of 2.5 ms; three frames of 20 ms; seven of 20 ms are too long; none.
    let opus = |bytes: &[u8]| CodecKind::Opus.duration(bytes);
    assert_eq!(opus(&[0x48, 1]), Some(960));
    assert_eq!(opus(&[0x80, 1]), Some(120));
    assert_eq!(opus(&[0x4b, 3, 1, 2, 3]), Some(2_880));
    assert_eq!(opus(&[0x4b, 7, 1, 2, 3]), None);
    assert_eq!(opus(&[0x4b, 0]), None);
}

#[test]
fn tones_survive_every_pair() {
    for first in CodecKind::ALL {
        for second in CodecKind::ALL {
            let wide = first.is_wideband() && second.is_wideband();
            let rate = if wide { 16_000 } else { 8_000 };
            let hz: &[f64] =
                if wide { &[400.0, 1_000.0, 3_000.0, 5_000.0] } else { &[400.0, 1_000.0] };
            for &hz in hz {
                let sound = tones(rate, &[hz], 1);
                let between =
                    decode_all(first, rate, &encode_all(first, rate, &sound, 0), |_| false);
                let heard =
                    decode_all(second, rate, &encode_all(second, rate, &between, 0), |_| false);
                let steady = &heard[rate as usize / 5..];
                let level = tone_dbov(steady, rate, hz);
                assert!(
                    (level + 20.0).abs() < 1.5,
                    "{first:?} to {second:?}: {hz} Hz at {level:.1}"
                );
                let rest = level_dbov(steady) - level;
                assert!(rest < 0.5, "{first:?} to {second:?}: {rest:.2} dB beside {hz} Hz");
            }
        }
    }
}

#[test]
fn a_wideband_pair_carries_what_the_telephone_does_not() {
    for kind in [CodecKind::G722, CodecKind::Opus] {
        let sound = tones(16_000, &[3_000.0, 5_000.0], 1);
        let heard = decode_all(kind, 16_000, &encode_all(kind, 16_000, &sound, 0), |_| false);
        for hz in [3_000.0, 5_000.0] {
            let level = tone_dbov(&heard[4_000..], 16_000, hz);
            assert!((level + 20.0).abs() < 1.5, "{kind:?}: {hz} Hz at {level:.1}");
        }
    }
}

#[test]
fn every_rate_in_and_out() {
    for kind in CodecKind::ALL {
        for from in [8_000, 16_000, 48_000] {
            let payloads = encode_all(kind, from, &tones(from, &[1_000.0], 1), 0);
            for to in [8_000, 16_000, 48_000] {
                let heard = decode_all(kind, to, &payloads, |_| false);
                let level = tone_dbov(&heard[to as usize / 5..], to, 1_000.0);
                assert!((level + 20.0).abs() < 1.5, "{kind:?} {from} to {to}: {level:.1}");
            }
        }
        assert!(matches!(Decoder::new(kind, 44_100), Err(UnsupportedRate(44_100))));
    }
}

#[test]
fn a_tone_outlives_five_percent_of_loss() {
    for kind in CodecKind::ALL {
        for expected in [0, 10] {
            let rate = if kind.is_wideband() { 16_000 } else { 8_000 };
            let payloads = encode_all(kind, rate, &tones(rate, &[1_000.0], 2), expected);
            let heard = decode_all(kind, rate, &payloads, one_in_twenty);
            let steady = &heard[rate as usize / 5..];
            let level = tone_dbov(steady, rate, 1_000.0);
            assert!((level + 20.0).abs() < 1.5, "{kind:?}: {level:.1}");
            assert!(level_dbov(steady) - level < 1.0, "{kind:?}: noise beside the tone");
        }
    }
}

#[test]
fn speech_stays_what_it_was_through_every_pair() {
    for first in CodecKind::ALL {
        for second in CodecKind::ALL {
            let wide = first.is_wideband() && second.is_wideband();
            let (rate, up_to_hz) = if wide { (16_000, 6_800.0) } else { (8_000, 3_400.0) };
            let sound = speech_like(rate, 1);
            let distance = |lost: fn(usize) -> bool| {
                let between = decode_all(first, rate, &encode_all(first, rate, &sound, 0), lost);
                let payloads = encode_all(second, rate, &between, 0);
                let heard = decode_all(second, rate, &payloads, |_| false);
                spectral_distance(&sound, &heard, rate, up_to_hz)
            };
            let (whole, lossy) = (distance(|_| false), distance(one_in_twenty));
            assert!(whole < 4.5, "{first:?} to {second:?}: {whole:.1} dB");
            // A buzz is more even than a voice: Opus leans on what was before, and on its errors.
            assert!(lossy < 8.0, "{first:?} to {second:?} with loss: {lossy:.1} dB");
        }
    }
}

#[test]
fn opus_recovers_a_lost_frame_from_the_next_one() {
    let sound = tones(16_000, &[300.0, 700.0], 1);
    let with = encode_all(CodecKind::Opus, 16_000, &sound, 15);
    let without = encode_all(CodecKind::Opus, 16_000, &sound, 0);
    let recovered = |payloads: &[Vec<u8>]| {
        let mut decoder = Decoder::new(CodecKind::Opus, 16_000).unwrap();
        let mut out = Vec::new();
        for payload in &payloads[..20] {
            decoder.decode(payload, &mut out).unwrap();
        }
        out.clear();
        decoder.recover(&payloads[21], 320, &mut out).then(|| level_dbov(&out))
    };
    assert_eq!(recovered(&without), None);
    assert!(recovered(&with).is_some_and(|level| (level + 17.0).abs() < 2.0));
}

#[test]
fn encoders_are_deterministic() {
    for kind in CodecKind::ALL {
        let sound = tones(16_000, &[321.0, 1_234.0], 1);
        assert_eq!(encode_all(kind, 16_000, &sound, 5), encode_all(kind, 16_000, &sound, 5));
    }
}

#[test]
fn frames_of_every_usual_length() {
    for kind in CodecKind::ALL {
        for ms in [10, 20, 40, 60] {
            let sound = tones(16_000, &[500.0], 1);
            let frame = 16 * ms;
            let mut encoder = Encoder::new(kind, 16_000, &EncoderSettings::default()).unwrap();
            let mut decoder = Decoder::new(kind, 16_000).unwrap();
            let mut out = Vec::new();
            for pcm in sound.chunks_exact(frame) {
                let mut payload = Vec::new();
                encoder.encode(pcm, &mut payload).unwrap();
                let clocks = kind.rtp_clock() as usize / 1_000 * ms;
                assert_eq!(kind.duration(&payload), u32::try_from(clocks).ok());
                decoder.decode(&payload, &mut out).unwrap();
            }
            let level = tone_dbov(&out[3_200..], 16_000, 500.0);
            assert!((level + 20.0).abs() < 1.5, "{kind:?} {ms} ms: {level:.1}");
        }
    }
    let mut opus = Encoder::new(CodecKind::Opus, 8_000, &EncoderSettings::default()).unwrap();
    assert_eq!(opus.encode(&[0; 123], &mut Vec::new()), Err(EncodeError::FrameLength));
    let mut g722 = Encoder::new(CodecKind::G722, 16_000, &EncoderSettings::default()).unwrap();
    assert_eq!(g722.encode(&[0; 321], &mut Vec::new()), Err(EncodeError::FrameLength));
}

#[test]
fn buffers_do_not_grow_in_steady_state() {
    for kind in CodecKind::ALL {
        let sound = tones(48_000, &[500.0], 1);
        let mut encoder = Encoder::new(kind, 48_000, &EncoderSettings::default()).unwrap();
        let mut decoder = Decoder::new(kind, 48_000).unwrap();
        let (mut payload, mut out) = (Vec::new(), Vec::new());
        let mut capacities = Vec::new();
        for (index, pcm) in sound.chunks_exact(960).enumerate() {
            payload.clear();
            out.clear();
            encoder.encode(pcm, &mut payload).unwrap();
            if index % 7 == 3 {
                decoder.conceal(960, &mut out);
            } else {
                decoder.decode(&payload, &mut out).unwrap();
            }
            decoder.comfort_noise(&[40], 960, &mut out);
            capacities.push((payload.capacity(), out.capacity(), encoder.held(), decoder.held()));
        }
        assert_eq!(capacities[10], capacities[49], "{kind:?}");
    }
}

#[test]
fn fmtp_limits_opus() {
    let settings = EncoderSettings::default().within_fmtp(
        "minptime=10; maxaveragebitrate=16000;maxplaybackrate = 8000; useinbandfec=1;stereo=1",
    );
    assert_eq!(
        settings,
        EncoderSettings { bitrate_bps: 16_000, max_playback_rate: 8_000, ..Default::default() }
    );
    let silent = EncoderSettings::default().within_fmtp("cbr=1;maxaveragebitrate=1");
    assert!(!silent.inband_fec && silent.constant_bitrate && silent.bitrate_bps == 6_000);
    let narrow = encode_with(&settings);
    assert!(narrow.iter().all(|payload| payload[0] >> 3 == 1), "SILK, narrowband, 20 ms");
    let bits = narrow.iter().map(|payload| 8 * payload.len()).sum::<usize>();
    assert!(bits < 17_000, "{bits} in a second");
    let sizes = encode_with(&EncoderSettings { constant_bitrate: true, ..Default::default() });
    assert!(sizes.iter().all(|payload| payload.len() == 60), "24 kb/s, every 20 ms");
}

fn encode_with(settings: &EncoderSettings) -> Vec<Vec<u8>> {
    let mut encoder = Encoder::new(CodecKind::Opus, 16_000, settings).unwrap();
    let sound = tones(16_000, &[300.0, 2_000.0], 1);
    let mut payloads = Vec::new();
    for frame in sound.chunks_exact(320) {
        let mut payload = Vec::new();
        encoder.encode(frame, &mut payload).unwrap();
        payloads.push(payload);
    }
    payloads
}

#[test]
fn what_is_no_payload_is_refused() {
    for kind in CodecKind::ALL {
        let mut decoder = Decoder::new(kind, 16_000).unwrap();
        let mut out = Vec::new();
        assert_eq!(decoder.decode(&[], &mut out), Err(DecodeError::Empty));
        let error = decoder.decode(&[0xff; 1_500], &mut out).unwrap_err();
        assert!(matches!(error, DecodeError::TooLong | DecodeError::Malformed), "{kind:?}");
        assert!(out.is_empty());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..Default::default() })]

    /// Damaged and invented payloads, losses and noise in any order neither panic nor give more
    /// sound than a packet may have.
    #[test]
    fn no_bytes_do_harm(
        kind in prop::sample::select(&CodecKind::ALL[..]),
        rate in prop::sample::select(&[8_000u32, 16_000, 48_000][..]),
        steps in prop::collection::vec((0u8..8, any::<u16>(), any::<u8>(), 0usize..300), 1..40),
    ) {
        let payloads = encode_all(kind, 16_000, &tones(16_000, &[400.0, 2_100.0], 1), 15);
        let mut decoder = Decoder::new(kind, rate).unwrap();
        let mut out = Vec::new();
        for (index, (what, place, byte, length)) in steps.into_iter().enumerate() {
            let mut payload = payloads[index].clone();
            let place = usize::from(place) % payload.len();
            match what {
                0 => payload[0] = byte,
                1 => payload[place] ^= 1 << (byte % 8),
                2 => payload.truncate(place),
                3 => payload = vec![byte; length],
                4 => payload.extend(vec![byte; length]),
                _ => {}
            }
            out.clear();
            match what {
                5 => decoder.conceal(length, &mut out),
                6 => decoder.comfort_noise(&payload, length, &mut out),
                7 if decoder.recover(&payload, length, &mut out) => {}
                _ => {
                    let decoded = decoder.decode(&payload, &mut out);
                    prop_assert_eq!(decoded.is_err(), out.is_empty());
                }
            }
            prop_assert!(out.len() <= (rate / 1_000 * MAX_FRAME_MS) as usize);
        }
    }
}
