//! Frequencies by spectrum, cadences by the clock, and steps between samples.

use super::*;

const COUNTRIES: [Country; 5] = [
    Country::Europe,
    Country::UnitedStates,
    Country::UnitedKingdom,
    Country::Germany,
    Country::France,
];
const TONES: [Tone; 8] = [
    Tone::Dial,
    Tone::Ringback,
    Tone::Busy,
    Tone::Congestion,
    Tone::CallWaiting,
    Tone::Beep,
    Tone::RecordingWarning,
    Tone::SpecialInformation,
];

/// The level of a frequency, dBm0.
fn level_dbm0(sound: &[i16], hz: f64, rate: u32) -> f64 {
    let (mut re, mut im) = (0.0, 0.0);
    for (at, &sample) in sound.iter().enumerate() {
        let turn = std::f64::consts::TAU * hz * at as f64 / f64::from(rate);
        re += f64::from(sample) * turn.cos();
        im += f64::from(sample) * turn.sin();
    }
    let peak = 2.0 * (re * re + im * im).sqrt() / sound.len() as f64;
    20.0 * (peak.max(1e-3) / 32_767.0).log10() + 3.17
}

fn made(tone: Tone, country: Country, rate: u32, ms: usize, piece: usize) -> Vec<i16> {
    let mut sound = vec![0; ms * rate as usize / 1_000];
    let mut generator = ToneGenerator::new(tone, country, rate);
    for piece in sound.chunks_mut(piece) {
        generator.fill(piece);
    }
    sound
}

/// Milliseconds of sound and of silence in turn (runs of zeros of 10 ms and more are silence).
fn cadence(sound: &[i16]) -> Vec<usize> {
    let mut runs = vec![0];
    for block in sound.chunks(80) {
        let silent = block.iter().all(|&s| s == 0);
        if silent != runs.len().is_multiple_of(2) {
            runs.push(0);
        }
        *runs.last_mut().unwrap() += 10;
    }
    runs
}

#[test]
fn the_frequencies_are_the_plans() {
    for (tone, country, hz) in [
        (Tone::Dial, Country::Europe, vec![425.0]),
        (Tone::Dial, Country::UnitedStates, vec![350.0, 440.0]),
        (Tone::Ringback, Country::UnitedKingdom, vec![400.0, 450.0]),
        (Tone::Ringback, Country::France, vec![440.0]),
        (Tone::Busy, Country::UnitedStates, vec![480.0, 620.0]),
        (Tone::Busy, Country::Germany, vec![425.0]),
        (Tone::Beep, Country::Europe, vec![1_400.0]),
    ] {
        for rate in [8_000, 16_000, 48_000] {
            let sound = made(tone, country, rate, 220, 160);
            let steady = &sound[rate as usize / 50..rate as usize / 50 * 11];
            let wanted = if hz.len() == 1 { -10.0 } else { -13.0 };
            for &hz in &hz {
                let level = level_dbm0(steady, hz, rate);
                assert!((level - wanted).abs() < 0.3, "{tone:?} {country:?} {hz} Hz: {level}");
            }
            assert!(level_dbm0(steady, 1_000.0, rate) < -50.0);
        }
    }
}

#[test]
fn the_cadences_are_the_plans() {
    for (tone, country, wanted) in [
        (Tone::Ringback, Country::UnitedStates, vec![2_000, 4_000, 2_000]),
        (Tone::Ringback, Country::UnitedKingdom, vec![400, 200, 400, 2_000, 400]),
        (Tone::Ringback, Country::Germany, vec![1_000, 4_000, 1_000]),
        (Tone::Ringback, Country::France, vec![1_500, 3_500, 1_500]),
        (Tone::Busy, Country::Europe, vec![500, 500, 500]),
        (Tone::Congestion, Country::UnitedStates, vec![250, 250, 250]),
        (Tone::SpecialInformation, Country::Europe, vec![990, 7_010]),
        (Tone::Beep, Country::Europe, vec![400, 7_600]),
    ] {
        let heard = cadence(&made(tone, country, 8_000, 8_000, 160));
        assert_eq!(heard[..wanted.len()], wanted, "{tone:?} {country:?}");
    }
}

#[test]
fn pieces_of_any_length_are_one_sound() {
    for tone in TONES {
        for country in COUNTRIES {
            let whole = made(tone, country, 8_000, 3_000, 24_000);
            assert_eq!(made(tone, country, 8_000, 3_000, 37), whole, "{tone:?}");
        }
    }
}

#[test]
fn no_tone_clicks() {
    for tone in TONES {
        for country in COUNTRIES {
            let sound = made(tone, country, 8_000, 7_000, 160);
            let step = sound.windows(2).map(|two| (two[1] - two[0]).unsigned_abs()).max().unwrap();
            // A sine's own step: peak × 2π × f / rate; 1 800 Hz at −10 dBm0 is the steepest.
            let peak = f64::from(peak_of_dbm0(-10.0));
            // (Two frequencies of −13 dBm0 add up.)
            let steepest = if tone == Tone::SpecialInformation {
                1_800.0
            } else if tone == Tone::Beep || tone == Tone::RecordingWarning {
                1_400.0
            } else {
                (480.0 + 620.0) / 2_f64.sqrt()
            };
            let bearable = peak * std::f64::consts::TAU * steepest / 8_000.0 * 1.1;
            assert!(f64::from(step) <= bearable, "{tone:?} {country:?}: {step}");
        }
    }
}

#[test]
fn a_digit_has_its_levels_and_at_least_40_ms() {
    let digit = Digit::of('8').unwrap();
    let tone = Tone::Digit { digit, on_ms: 10, off_ms: 0 };
    let mut generator = ToneGenerator::new(tone, Country::Europe, 8_000);
    let mut sound = [0; 639];
    assert!(!generator.fill(&mut sound));
    assert_eq!(cadence(&sound), [40, 40]);
    assert!(generator.fill(&mut [0]));
    let long = Tone::Digit { digit, on_ms: 500, off_ms: 40 };
    let sound = made(long, Country::Europe, 8_000, 500, 160);
    assert!((level_dbm0(&sound[80..3_920], 852.0, 8_000) + 9.0).abs() < 0.3);
    assert!((level_dbm0(&sound[80..3_920], 1_336.0, 8_000) + 7.0).abs() < 0.3);
}

#[test]
fn a_stopped_tone_ends_within_3_ms() {
    let mut generator = ToneGenerator::new(Tone::Ringback, Country::Europe, 8_000);
    let mut sound = [0; 165];
    assert!(!generator.fill(&mut sound));
    generator.stop();
    let mut rest = [1; 160];
    assert!(generator.fill(&mut rest));
    assert!(rest[24..].iter().all(|&s| s == 0));
    assert!(rest[..20].iter().any(|&s| s.unsigned_abs() > 1_000), "{rest:?}");
    assert!(generator.fill(&mut rest));
}

#[test]
fn countries_by_their_codes() {
    assert_eq!(Country::of("GB"), Country::UnitedKingdom);
    assert_eq!(Country::of("us"), Country::UnitedStates);
    assert_eq!(Country::of("se"), Country::Europe);
    assert_eq!(Country::of(""), Country::Europe);
}
