//! Q.24's cases, at every digit.

use super::*;
use crate::tone::{Country, Tone, ToneGenerator, peak_of_dbm0};

mod voice;

const DIGITS: &str = "0123456789*#ABCD";

/// Noise, the same for the same seed: even between ±1, power 1/3.
pub(super) struct Noise(pub(super) u64);

impl Noise {
    pub(super) fn next(&mut self) -> f64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    }
}

/// A digit pressed.
#[derive(Clone, Copy)]
struct Press {
    digit: char,
    low_dbm0: f32,
    high_dbm0: f32,
    low_off: f64,
    high_off: f64,
    ms: usize,
    rate: u32,
}

impl Press {
    fn of(digit: char, dbm0: f32) -> Self {
        let off = 0.0;
        Self {
            digit,
            low_dbm0: dbm0,
            high_dbm0: dbm0,
            low_off: off,
            high_off: off,
            ms: 40,
            rate: 8_000,
        }
    }

    fn sound(self) -> Vec<f64> {
        let (low, high) = Digit::of(self.digit).unwrap().frequencies();
        let turn = |hz: f32, off: f64| {
            std::f64::consts::TAU * f64::from(hz) * (1.0 + off) / f64::from(self.rate)
        };
        let (low, high) = (turn(low, self.low_off), turn(high, self.high_off));
        let peak = |dbm0| f64::from(peak_of_dbm0(dbm0));
        (0..self.ms * self.rate as usize / 1_000)
            .map(|at| {
                let at = at as f64;
                (at * low).sin() * peak(self.low_dbm0)
                    + (at * high + 1.0).sin() * peak(self.high_dbm0)
            })
            .collect()
    }

    /// Between silences of 60 ms and a bit, with noise this many dB below both tones together.
    fn between_silences(self, noise_db: Option<f64>, seed: u64) -> Vec<i16> {
        let sound = self.sound();
        let power: f64 = sound.iter().map(|s| s * s).sum::<f64>() / sound.len() as f64;
        let scale = noise_db.map_or(0.0, |db| (3.0 * power / 10_f64.powf(db / 10.0)).sqrt());
        let mut noise = Noise(seed);
        let lead = vec![0.0; 60 * self.rate as usize / 1_000 + seed as usize % 20];
        let tail = vec![0.0; 60 * self.rate as usize / 1_000];
        [lead, sound, tail]
            .concat()
            .into_iter()
            .map(|s| (s + noise.next() * scale) as i16)
            .collect()
    }
}

fn heard(sound: &[i16], rate: u32) -> Vec<DtmfEvent> {
    let mut detector = DtmfDetector::new(rate);
    let mut events = Vec::new();
    for piece in sound.chunks(rate as usize / 50) {
        detector.hear(piece, &mut events);
    }
    detector.reset(&mut events);
    events
}

/// The digits pressed, in order; each is released, too.
fn digits(sound: &[i16], rate: u32) -> String {
    let events = heard(sound, rate);
    let mut digits = String::new();
    for pair in events.chunks(2) {
        let [DtmfEvent::Pressed(pressed), DtmfEvent::Released { digit, .. }] = pair else {
            panic!("{events:?}");
        };
        assert_eq!(pressed, digit);
        digits.push(pressed.character());
    }
    digits
}

#[test]
fn every_digit_of_40_ms_at_every_level() {
    for rate in [8_000, 16_000, 48_000] {
        for digit in DIGITS.chars() {
            for (seed, level) in [-3.0, -6.0, -12.0, -20.0, -30.0, -36.0].into_iter().enumerate() {
                let press = Press { rate, ..Press::of(digit, level) };
                let sound = press.between_silences(None, seed as u64 * 7);
                assert_eq!(digits(&sound, rate), digit.to_string(), "{level} dBm0 at {rate}");
            }
        }
    }
}

#[test]
fn what_is_too_weak_or_too_short_is_none() {
    for digit in DIGITS.chars() {
        let weak = Press::of(digit, -42.0).between_silences(None, 1);
        assert_eq!(digits(&weak, 8_000), "");
        let short = Press { ms: 20, ..Press::of(digit, -10.0) }.between_silences(None, 1);
        assert_eq!(digits(&short, 8_000), "");
    }
}

#[test]
fn frequencies_a_bit_off_are_accepted_and_far_off_are_not() {
    let off = |digit, low_off, high_off, ms| {
        let press = Press { low_off, high_off, ms, ..Press::of(digit, -10.0) };
        digits(&press.between_silences(None, 3), 8_000)
    };
    for digit in DIGITS.chars() {
        for (low, high) in
            [(1.0, 1.0), (1.0, -1.0), (-1.0, 1.0), (-1.0, -1.0), (0.0, 1.0), (1.0, 0.0)]
        {
            let wanted = digit.to_string();
            assert_eq!(off(digit, low * 0.015, high * 0.015, 40), wanted, "{low} {high}");
            assert_eq!(off(digit, low * 0.035, high * 0.035, 40), "", "{digit} {low} {high}");
            assert_eq!(off(digit, low * 0.035, high * 0.035, 500), "", "{digit} {low} {high}");
        }
    }
}

#[test]
fn noise_15_db_below_is_borne() {
    let mut missed = 0;
    for digit in DIGITS.chars() {
        for seed in 0..20 {
            let sound = Press::of(digit, -12.0).between_silences(Some(15.0), seed * 977 + 1);
            let found = digits(&sound, 8_000);
            assert!(found.is_empty() || found == digit.to_string(), "{digit}: {found}");
            missed += u32::from(found.is_empty());
        }
    }
    assert_eq!(missed, 0, "of 320");
}

#[test]
fn twist_of_8_and_of_4_db() {
    let twisted = |digit, low_dbm0, high_dbm0| {
        let press = Press { low_dbm0, high_dbm0, ms: 50, ..Press::of(digit, 0.0) };
        digits(&press.between_silences(None, 3), 8_000)
    };
    for digit in DIGITS.chars() {
        assert_eq!(twisted(digit, -8.0, -16.0), digit.to_string());
        assert_eq!(twisted(digit, -12.0, -8.0), digit.to_string());
        assert_eq!(twisted(digit, -8.0, -20.0), "");
        assert_eq!(twisted(digit, -16.0, -8.0), "");
    }
}

/// µ-law and back: 8 bits of sign, exponent and four bits of mantissa (G.711).
fn through_mu_law(sample: i16) -> i16 {
    let magnitude = (i32::from(sample).abs() + 132).min(32_635);
    let exponent = 31 - magnitude.leading_zeros() as i32 - 7;
    let mantissa = (magnitude >> (exponent + 3)) & 15;
    let decoded = (((mantissa << 3) + 132) << exponent) - 132;
    (if sample < 0 { -decoded } else { decoded }) as i16
}

#[test]
fn through_mu_law_and_repeated() {
    let number = "1123581321345589144*#*ABCDDD000";
    for (on_ms, off_ms) in [(40, 40), (70, 60), (250, 100)] {
        let mut sound = vec![0; 333];
        for digit in number.chars() {
            let digit = Digit::of(digit).unwrap();
            let tone = Tone::Digit { digit, on_ms, off_ms };
            let mut generator = ToneGenerator::new(tone, Country::Europe, 8_000);
            let mut piece = vec![0; usize::from(on_ms + off_ms) * 8];
            generator.fill(&mut piece);
            sound.extend(piece);
        }
        sound.iter_mut().for_each(|sample| *sample = through_mu_law(*sample));
        assert_eq!(digits(&sound, 8_000), number, "{on_ms}/{off_ms}");
    }
}

#[test]
fn an_interruption_of_10_ms_is_not_a_second_press() {
    for digit in DIGITS.chars() {
        let mut sound = Press { ms: 120, ..Press::of(digit, -10.0) }.between_silences(None, 5);
        sound[1_000..1_080].fill(0);
        assert_eq!(digits(&sound, 8_000), digit.to_string());
    }
}

#[test]
fn the_length_is_told() {
    for ms in [40, 60, 100, 250, 1_000, 5_000] {
        for digit in DIGITS.chars() {
            let sound = Press { ms, ..Press::of(digit, -10.0) }.between_silences(None, 9);
            let events = heard(&sound, 8_000);
            let [DtmfEvent::Pressed(_), DtmfEvent::Released { lasted, .. }] = events[..] else {
                panic!("{events:?}");
            };
            let error = lasted.as_millis().abs_diff(ms as u128);
            assert!(error <= 10, "{ms} ms: {lasted:?}");
        }
    }
}

#[test]
fn pieces_of_any_length_are_one_sound() {
    let sound = Press::of('5', -10.0).between_silences(Some(20.0), 4);
    let whole = heard(&sound, 8_000);
    assert_eq!(whole.len(), 2);
    for piece in [1, 7, 19, 20, 21, 333] {
        let mut detector = DtmfDetector::new(8_000);
        let mut events = Vec::new();
        sound.chunks(piece).for_each(|piece| detector.hear(piece, &mut events));
        detector.reset(&mut events);
        assert_eq!(events, whole, "{piece}");
    }
}

#[test]
fn a_digit_is_not_printed() {
    assert_eq!(format!("{:?}", DtmfEvent::Pressed(Digit::of('7').unwrap())), "Pressed(Digit(#))");
    assert_eq!(Digit::of('x'), None);
    assert_eq!(Digit::of('d').map(Digit::character), Some('D'));
}
