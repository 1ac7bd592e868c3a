//! What is no digit: something like speech, music's chords, single tones, noise.

use super::*;

/// A resonance of the throat: a pole pair.
#[derive(Clone, Copy, Default)]
struct Formant {
    a: f64,
    b: f64,
    gain: f64,
    last: f64,
    before: f64,
}

impl Formant {
    fn tune(&mut self, hz: f64, width_hz: f64) {
        let radius = (-std::f64::consts::PI * width_hz / 8_000.0).exp();
        let turn = std::f64::consts::TAU * hz / 8_000.0;
        self.a = 2.0 * radius * turn.cos();
        self.b = -radius * radius;
        self.gain = 1.0 - radius;
    }

    fn next(&mut self, input: f64) -> f64 {
        let next = input * self.gain + self.a * self.last + self.b * self.before;
        self.before = self.last;
        self.last = next;
        next
    }
}

/// Vowels, consonants and pauses at random: a buzz of gliding pitch through four resonances.
struct Speaker {
    noise: Noise,
    formants: [Formant; 4],
    pitch_hz: f64,
    glide: f64,
    phase: f64,
    voiced: f64,
    hissed: f64,
    left: usize,
}

impl Speaker {
    fn new(seed: u64) -> Self {
        let formants = [Formant::default(); 4];
        let noise = Noise(seed);
        let (pitch_hz, glide, phase, voiced, hissed, left) = (120.0, 0.0, 0.0, 0.0, 0.0, 0);
        Self { noise, formants, pitch_hz, glide, phase, voiced, hissed, left }
    }

    fn roll(&mut self, from: f64, to: f64) -> f64 {
        from + (self.noise.next() + 1.0) / 2.0 * (to - from)
    }

    fn sound(&mut self) {
        self.left = self.roll(300.0, 2_400.0) as usize;
        let kind = self.roll(0.0, 10.0);
        (self.voiced, self.hissed) = match kind {
            0.0..7.0 => (self.roll(3_000.0, 60_000.0), 10.0),
            7.0..9.0 => (0.0, self.roll(500.0, 8_000.0)),
            _ => (0.0, 5.0),
        };
        self.pitch_hz = self.roll(80.0, 380.0);
        self.glide = self.roll(-0.000_03, 0.000_03);
        let ranges = [(250.0, 900.0), (800.0, 2_300.0), (1_400.0, 3_000.0), (3_000.0, 3_700.0)];
        for (at, (from, to)) in ranges.into_iter().enumerate() {
            let (hz, width_hz) = (self.roll(from, to), self.roll(30.0, 160.0));
            self.formants[at].tune(hz, width_hz);
        }
    }

    fn next(&mut self) -> i16 {
        if self.left == 0 {
            self.sound();
        }
        self.left -= 1;
        self.pitch_hz *= 1.0 + self.glide;
        self.phase += self.pitch_hz / 8_000.0;
        let pulse = if self.phase >= 1.0 { self.voiced } else { 0.0 };
        self.phase = self.phase.fract();
        let input = pulse + self.noise.next() * self.hissed;
        let sum: f64 = self.formants.iter_mut().map(|formant| formant.next(input)).sum();
        sum.clamp(-32_000.0, 32_000.0) as i16
    }
}

#[test]
fn ten_minutes_of_speech_have_no_digit() {
    let mut detector = DtmfDetector::new(8_000);
    let mut events = Vec::new();
    let mut speaker = Speaker::new(2_026);
    let mut frame = [0; 160];
    let mut energy = 0.0;
    for _ in 0..10 * 60 * 50 {
        frame.fill_with(|| speaker.next());
        energy += f64::from(frame[0]).powi(2);
        detector.hear(&frame, &mut events);
    }
    assert_eq!(events, []);
    let rms = (energy / 30_000.0).sqrt();
    assert!((500.0..15_000.0).contains(&rms), "it is loud enough to count: {rms}");
}

fn chord(hz: &[f64], ms: usize) -> Vec<i16> {
    (0..ms * 8)
        .map(|at| {
            let turn = std::f64::consts::TAU * at as f64 / 8_000.0;
            hz.iter().map(|hz| (turn * hz).sin() * 5_000.0).sum::<f64>() as i16
        })
        .collect()
}

#[test]
fn tones_that_are_no_digits() {
    for hz in ROWS_HZ.into_iter().chain(COLUMNS_HZ) {
        assert_eq!(digits(&chord(&[f64::from(hz)], 300), 8_000), "", "{hz} alone");
    }
    for (low, high) in [(697.0, 770.0), (1_209.0, 1_336.0), (425.0, 1_336.0), (440.0, 480.0)] {
        assert_eq!(digits(&chord(&[low, high], 300), 8_000), "", "{low} and {high}");
    }
    let three = chord(&[697.0, 1_209.0, 1_477.0], 300);
    assert_eq!(digits(&three, 8_000), "", "two columns");
    let with_harmonic = chord(&[770.0, 1_336.0, 2_672.0], 300);
    assert_eq!(digits(&with_harmonic, 8_000), "", "a second harmonic");
    let with_other = chord(&[770.0, 1_336.0, 300.0], 300);
    assert_eq!(digits(&with_other, 8_000), "", "something else beside it");
}

#[test]
fn noise_is_no_digit() {
    let mut noise = Noise(1);
    let sound: Vec<i16> = (0..8_000 * 30).map(|_| (noise.next() * 20_000.0) as i16).collect();
    assert_eq!(digits(&sound, 8_000), "");
}
