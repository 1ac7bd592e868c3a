//! What came out of a path compared with what went in: for tests and measurements of sound.
//!
//! [`tone_dbov`] finds a tone by its frequency; [`spectral_distance`] tells roughly how different
//! two pieces of speech sound. Measured on speech: G.711 twice 1.0 dB, G.722 twice 2.4, Opus twice
//! 2.6, Opus twice with 5 % of packets lost 3.6; other speech of the same voice 21. [`speech_like`]
//! makes sound to measure with.

use std::f64::consts::TAU;

/// The level of a tone in `sound`, in dB over full scale (a sine of the largest samples has −3).
///
/// The window is Hann's, so the other tones must be away by four times the reciprocal of the
/// sound's duration.
pub fn tone_dbov(sound: &[i16], rate: u32, hz: f64) -> f64 {
    let (mut real, mut imaginary, mut weights) = (0.0, 0.0, 0.0);
    for (n, &sample) in sound.iter().enumerate() {
        let weight = hann(n, sound.len());
        let angle = TAU * hz * n as f64 / f64::from(rate);
        real += weight * f64::from(sample) * angle.cos();
        imaginary += weight * f64::from(sample) * angle.sin();
        weights += weight;
    }
    let amplitude = 2.0 * real.hypot(imaginary) / weights.max(1.0) / 32_768.0;
    db(amplitude * amplitude / 2.0)
}

/// The level of all of `sound`, in dB over full scale.
pub fn level_dbov(sound: &[i16]) -> f64 {
    let power: f64 = sound.iter().map(|&s| (f64::from(s) / 32_768.0).powi(2)).sum();
    db(power / sound.len().max(1) as f64)
}

/// How far the spectra of two pieces of sound are apart where `sent` is not silent, in dB.
///
/// Both have `rate` samples a second. `heard` may be late by up to 60 ms and louder or softer as a
/// whole. Bands are a third of an octave wide from 200 Hz to `up_to_hz`, frames 32 ms long.
pub fn spectral_distance(sent: &[i16], heard: &[i16], rate: u32, up_to_hz: f64) -> f64 {
    let second = &sent[..sent.len().min(rate as usize)];
    let late = lateness(second, heard, rate as usize * 60 / 1_000);
    let heard = heard.get(late..).unwrap_or(&[]);
    let size = (rate as usize * 32 / 1_000).next_power_of_two();
    let floor = level_dbov(sent) - 30.0;
    let gain = level_dbov(sent) - level_dbov(heard);
    let (mut sum, mut count) = (0.0, 0.0);
    for (a, b) in sent.chunks_exact(size).zip(heard.chunks_exact(size)) {
        if level_dbov(a) < floor {
            continue;
        }
        let (a, b) = (spectrum(a), spectrum(b));
        let mut low = 200.0;
        while low < up_to_hz {
            let high = low * 2f64.powf(1.0 / 3.0);
            let band = |spectrum: &[f64]| {
                let bin = |hz: f64| (hz * size as f64 / f64::from(rate)) as usize;
                let bins = &spectrum[bin(low)..bin(high).max(bin(low) + 1).min(size / 2)];
                db(bins.iter().sum::<f64>()).max(floor - 20.0)
            };
            sum += (band(&a) - (band(&b) + gain)).powi(2);
            count += 1.0;
            low = high;
        }
    }
    f64::sqrt(sum / f64::max(count, 1.0))
}

/// A buzz at the pitch of a voice under three formants, and hiss in between, around −20 dBov.
pub fn speech_like(rate: u32, seconds: u32) -> Vec<i16> {
    let mut memory = [[0.0f64; 2]; 3];
    let mut noise = 1u32;
    let sample = |n: u32| {
        let time = f64::from(n) / f64::from(rate);
        let pitch = 120.0 + 30.0 * (time * 2.0).sin();
        let voiced = (time * 9.0).sin() > -0.3;
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let hiss = f64::from(noise >> 16) / 65_536.0 - 0.5;
        let pulse = (time * pitch).fract() < pitch / f64::from(rate);
        let sound = if voiced { f64::from(u8::from(pulse)) * 2.0 } else { hiss * 0.2 };
        let formants = memory.iter_mut().zip([500.0, 1_500.0, 2_500.0]).map(|(memory, middle)| {
            let hz = middle * (1.0 + 0.2 * (time * 5.0).sin());
            let radius = 1.0 - 250.0 / f64::from(rate);
            let back = 2.0 * radius * (TAU * hz / f64::from(rate)).cos();
            let [one, two] = *memory;
            *memory = [sound + back * one - radius * radius * two, one];
            memory[0]
        });
        (formants.sum::<f64>() * 2_000.0) as i16
    };
    (0..rate * seconds).map(sample).collect()
}

/// How many samples `heard` is behind `sent`, at most `most`: where they correlate best.
pub fn lateness(sent: &[i16], heard: &[i16], most: usize) -> usize {
    let score = |late: usize| -> i64 {
        let pairs = sent.iter().zip(heard.get(late..).unwrap_or(&[]));
        pairs.map(|(&a, &b)| i64::from(a) * i64::from(b)).sum()
    };
    (0..=most).max_by_key(|&late| score(late)).unwrap_or(0)
}

/// The power in each bin of a frame whose length is a power of two.
fn spectrum(frame: &[i16]) -> Vec<f64> {
    let size = frame.len();
    let mut points: Vec<(f64, f64)> = frame
        .iter()
        .enumerate()
        .map(|(n, &s)| (hann(n, size) * f64::from(s) / 32_768.0 / size as f64, 0.0))
        .collect();
    transform(&mut points);
    points[..size / 2].iter().map(|(re, im)| 4.0 * (re * re + im * im)).collect()
}

/// The fast Fourier transform, of a length that is a power of two.
fn transform(points: &mut [(f64, f64)]) {
    let size = points.len();
    if size < 2 {
        return;
    }
    let mut even: Vec<_> = points.iter().copied().step_by(2).collect();
    let mut odd: Vec<_> = points.iter().copied().skip(1).step_by(2).collect();
    transform(&mut even);
    transform(&mut odd);
    for k in 0..size / 2 {
        let (sin, cos) = (-TAU * k as f64 / size as f64).sin_cos();
        let turned = (odd[k].0 * cos - odd[k].1 * sin, odd[k].0 * sin + odd[k].1 * cos);
        points[k] = (even[k].0 + turned.0, even[k].1 + turned.1);
        points[k + size / 2] = (even[k].0 - turned.0, even[k].1 - turned.1);
    }
}

fn hann(n: usize, size: usize) -> f64 {
    0.5 - 0.5 * (TAU * (n as f64 + 0.5) / size as f64).cos()
}

/// A power in dB, not less than −120.
fn db(power: f64) -> f64 {
    10.0 * power.max(1e-12).log10()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tones(hz: &[f64], rate: u32) -> Vec<i16> {
        (0..rate)
            .map(|n| {
                let angle = |hz: &f64| (TAU * hz * f64::from(n) / f64::from(rate)).sin();
                (8_192.0 * hz.iter().map(angle).sum::<f64>()) as i16
            })
            .collect()
    }

    #[test]
    fn tones_are_told_apart() {
        let sound = tones(&[400.0, 1_000.0], 8_000);
        for (hz, level) in [(400.0, -15.05), (1_000.0, -15.05)] {
            assert!((tone_dbov(&sound, 8_000, hz) - level).abs() < 0.01);
        }
        assert!(tone_dbov(&sound, 8_000, 700.0) < -80.0);
        assert!((level_dbov(&sound) + 12.04).abs() < 0.01);
        assert_eq!(level_dbov(&[]), -120.0);
    }

    #[test]
    fn the_distance_grows_with_the_difference() {
        let sent = tones(&[300.0, 900.0, 2_000.0], 8_000);
        let mut late = vec![0; 37];
        late.extend(&sent);
        assert!(spectral_distance(&sent, &sent, 8_000, 3_400.0) < 0.01);
        assert_eq!(lateness(&sent[..2_000], &late[..2_000], 60), 37);
        let other = tones(&[300.0, 900.0, 2_500.0], 8_000);
        assert!(spectral_distance(&sent, &other, 8_000, 3_400.0) > 8.0);
        assert!(spectral_distance(&sent, &[], 8_000, 3_400.0) < 0.01, "nothing to compare");
    }
}
