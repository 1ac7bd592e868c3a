//! Comfort noise (RFC 3389): the sound of a line on which nobody speaks.
//!
//! A payload has a level in −dBov and, when its sender cares, the reflection coefficients of an
//! all-pole filter at 8 kHz. Without them the noise falls towards high frequencies, as that of
//! rooms does: white noise hisses. Levels change within some 10 ms, not with a click.

use crate::resample::{Resampler, UnsupportedRate};

/// The most reflection coefficients that are heard; more change no noise audibly.
const MAX_ORDER: usize = 12;
/// The filter of noise that is described by its level alone: 6 dB less at 4 kHz than at 1 kHz.
const ROOM: f32 = -0.5;

/// Makes the noise that was described. The same descriptions give the same noise.
pub struct ComfortNoise {
    /// What the level goes to, as the root mean square of the samples.
    wanted: f32,
    /// The level now.
    level: f32,
    reflection: [f32; MAX_ORDER],
    order: usize,
    /// What the filter's gain must be made good by.
    gain: f32,
    /// The lattice's delays.
    memory: [f32; MAX_ORDER + 1],
    seed: u32,
    rate: u32,
    /// From the 8 kHz of the description.
    resampler: Resampler,
    narrow: Vec<i16>,
}

impl ComfortNoise {
    /// Noise of `rate` samples a second. Until something is described it is silence.
    pub fn new(rate: u32) -> Result<Self, UnsupportedRate> {
        Ok(Self {
            wanted: 0.0,
            level: 0.0,
            reflection: [0.0; MAX_ORDER],
            order: 0,
            gain: 1.0,
            memory: [0.0; MAX_ORDER + 1],
            seed: 0x2545_f491,
            rate,
            resampler: Resampler::new(8_000, rate)?,
            narrow: Vec::new(),
        })
    }

    /// The payload of noise at `level_dbov`: 0 is full scale, −127 the quietest. It has no
    /// coefficients, so the other side shapes it as it likes.
    pub fn encode(level_dbov: f32) -> [u8; 1] {
        [(-level_dbov).round().clamp(0.0, 127.0) as u8]
    }

    /// Takes a payload's description. An empty one changes nothing.
    pub fn describe(&mut self, payload: &[u8]) {
        let Some((&level, coefficients)) = payload.split_first() else { return };
        self.wanted = 32_768.0 * 10f32.powf(-f32::from(level & 0x7f) / 20.0);
        self.order = coefficients.len().min(MAX_ORDER);
        for (reflection, &byte) in self.reflection.iter_mut().zip(coefficients) {
            // RFC 3389 §3.2; held away from ±1, where the filter would ring for ever.
            let value = 258.0 * (f32::from(byte) - 127.0) / 32_768.0;
            *reflection = value.clamp(-0.98, 0.98);
        }
        if self.order == 0 {
            self.order = 1;
            self.reflection[0] = ROOM;
        }
        let powers = self.reflection[..self.order].iter().map(|k| 1.0 - k * k);
        self.gain = powers.product::<f32>().sqrt();
    }

    /// Appends noise.
    pub fn generate(&mut self, samples: usize, out: &mut Vec<i16>) {
        let end = out.len() + samples;
        let narrow = (samples as u64 * 8_000).div_ceil(u64::from(self.rate));
        self.narrow.clear();
        for _ in 0..narrow {
            let sample = self.next();
            self.narrow.push(sample);
        }
        self.resampler.process(&self.narrow, out);
        out.resize(end, 0);
    }

    /// The next sample at 8 kHz.
    fn next(&mut self) -> i16 {
        self.level += (self.wanted - self.level) * 0.02;
        // Evenly spread from −√3 to √3, whose power is 1.
        let white = self.random() * 3f32.sqrt();
        let mut forward = white * self.gain;
        for stage in (0..self.order).rev() {
            forward -= self.reflection[stage] * self.memory[stage];
            self.memory[stage + 1] = self.memory[stage] + self.reflection[stage] * forward;
        }
        self.memory[0] = forward;
        // A cast of a float saturates.
        (forward * self.level) as i16
    }

    /// A number from −1 to 1 (Marsaglia's xorshift).
    fn random(&mut self) -> f32 {
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 17;
        self.seed ^= self.seed << 5;
        self.seed.cast_signed() as f32 / 2_147_483_648.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(rate: u32, payload: &[u8]) -> Vec<i16> {
        let mut noise = ComfortNoise::new(rate).unwrap();
        let mut out = Vec::new();
        noise.describe(payload);
        noise.generate(rate as usize / 5, &mut out);
        out.clear();
        noise.generate(2 * rate as usize, &mut out);
        assert_eq!(out.len(), 2 * rate as usize);
        out
    }

    fn level_dbov(sound: &[i16]) -> f64 {
        let power: f64 = sound.iter().map(|&s| f64::from(s).powi(2)).sum::<f64>();
        10.0 * (power / sound.len() as f64 / 32_768f64.powi(2)).log10()
    }

    /// The correlation of neighbouring samples: high for dull noise, 0 for white.
    fn dullness(sound: &[i16]) -> f64 {
        let product = |lag: usize| -> f64 {
            sound.iter().zip(&sound[lag..]).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum()
        };
        product(1) / product(0)
    }

    #[test]
    fn the_level_is_the_described_one() {
        for rate in [8_000, 16_000, 48_000] {
            for level in [20, 40, 60] {
                let heard = level_dbov(&noise(rate, &[level]));
                assert!((heard + f64::from(level)).abs() < 1.0, "{heard} for −{level} at {rate}");
            }
        }
        // The filter changes the colour, not the level.
        let heard = level_dbov(&noise(8_000, &[40, 20, 180, 100]));
        assert!((heard + 40.0).abs() < 1.0, "{heard}");
    }

    #[test]
    fn the_coefficients_are_heard() {
        // 127 is 0: white. A first coefficient of −0.84 is dull, one of 0.84 bright.
        assert!(dullness(&noise(8_000, &[30, 127])).abs() < 0.05);
        assert!((dullness(&noise(8_000, &[30, 20])) - 0.84).abs() < 0.05);
        assert!((dullness(&noise(8_000, &[30, 234])) + 0.84).abs() < 0.05);
        assert!((dullness(&noise(8_000, &[30])) - 0.5).abs() < 0.05);
    }

    #[test]
    fn it_is_silent_until_something_is_described() {
        let mut noise = ComfortNoise::new(16_000).unwrap();
        let mut out = Vec::new();
        noise.describe(&[]);
        noise.generate(321, &mut out);
        assert_eq!(out, vec![0; 321]);
    }

    #[test]
    fn no_description_runs_away() {
        for byte in 0..=u8::MAX {
            let sound = noise(8_000, &[50, byte, byte, byte, byte, byte, byte, 255 - byte]);
            assert!(level_dbov(&sound) < -40.0, "{byte}: {}", level_dbov(&sound));
        }
    }

    #[test]
    fn levels_are_encoded_as_a_byte() {
        assert_eq!(
            [0.0, -45.4, -127.0, -300.0, 3.0].map(|l| ComfortNoise::encode(l)[0]),
            [0, 45, 127, 127, 0]
        );
    }
}
