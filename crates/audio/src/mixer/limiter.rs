//! Holds a sum of voices within 16 bits by a gain that changes without clicks.
//!
//! A sum that fits goes through untouched. One that does not turns the gain down ahead of the first
//! sample that would be too loud (the whole frame is known), and afterwards the gain returns over
//! some hundred milliseconds. Steady loud sound meets a steady gain: no distortion.

const FULL: f32 = 32_767.0;
/// How fast the gain returns: from nothing to one in this many ticks (20 ms).
const RETURN_TICKS: f32 = 25.0;

/// One listener's limiter.
#[derive(Debug, Clone)]
pub(super) struct Limiter {
    gain: f32,
    /// The shortest turn-down: a millisecond.
    attack: usize,
}

impl Limiter {
    pub(super) fn new(rate: u32) -> Self {
        Self { gain: 1.0, attack: (rate as usize / 1_000).max(1) }
    }

    pub(super) fn limit(&mut self, sum: &[i32], out: &mut [i16]) {
        let peak = sum.iter().fold(0, |peak: i32, &sample| peak.max(sample.abs()));
        if peak <= i32::from(i16::MAX) && self.gain >= 1.0 {
            for (out, &sample) in out.iter_mut().zip(sum) {
                // Within ±32 767.
                *out = sample as i16;
            }
            return;
        }
        let bearable = (FULL / (peak.max(1) as f32)).min(1.0);
        let before = self.gain;
        if bearable < before {
            // Down before the first sample that would be too loud, and no more than needed.
            let loud = sum.iter().position(|&s| s.abs() as f32 * before > FULL);
            let turn = loud.unwrap_or(0).max(self.attack).min(sum.len());
            glide(before, bearable, &sum[..turn], &mut out[..turn]);
            glide(bearable, bearable, &sum[turn..], &mut out[turn..]);
            self.gain = bearable;
        } else {
            self.gain = bearable.min(before + 1.0 / RETURN_TICKS);
            glide(before, self.gain, sum, out);
        }
    }
}

/// Applies a gain that goes from one value to another over the slice. A residue above full scale
/// (in the first millisecond only) is cut, not wrapped.
fn glide(from: f32, to: f32, sum: &[i32], out: &mut [i16]) {
    let step = if sum.is_empty() { 0.0 } else { (to - from) / sum.len() as f32 };
    for (at, (out, &sample)) in out.iter_mut().zip(sum).enumerate() {
        let gain = from + step * (at + 1) as f32;
        *out = (sample as f32 * gain).clamp(-FULL, FULL) as i16;
    }
}
