//! How loud decoded sound is: RFC 6464 level, peak and clipped samples of a frame, and the two
//! machines that make episodes of them (silence while packets flow, clipping).
//!
//! Guarantee: no allocation, no clock; the same frames give the same episodes.

use std::time::Duration;

/// The magnitude from which a sample counts as clipped: the largest value µ-law decodes to (A-law's
/// is 32 256), so that a clipped signal is seen behind every codec.
pub const FULL_SCALE: u16 = 32_124;

/// What RFC 6464 calls silence: the quietest level that it can say.
pub const QUIETEST_DBOV: f32 = -127.0;

/// The level of one frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Level {
    /// Root mean square against 32 767 in dBov, −127.0 ..= 0.0 (RFC 6465 appendix A): a sine at
    /// full scale is −3.0.
    pub dbov: f32,
    /// The largest magnitude, 0 ..= 32 768.
    pub peak: u16,
    /// Samples of at least [`FULL_SCALE`].
    pub clipped: u32,
    /// Samples looked at.
    pub samples: u32,
}

impl Level {
    /// Measures one frame. An empty frame is silent.
    pub fn of(frame: &[i16]) -> Self {
        // Exact and branch-free: one 20 ms frame at 48 kHz sums to less than 2^40.
        let energy: u64 = frame.iter().map(|&s| u64::from(s.unsigned_abs()).pow(2)).sum();
        let peak = frame.iter().map(|s| s.unsigned_abs()).max().unwrap_or(0);
        let clipped = if peak < FULL_SCALE {
            0
        } else {
            frame.iter().filter(|s| s.unsigned_abs() >= FULL_SCALE).count() as u32
        };
        Self { dbov: dbov(energy, frame.len()), peak, clipped, samples: frame.len() as u32 }
    }

    /// The level as RFC 6464 puts it on the wire: −dBov, 0 (loudest) ..= 127.
    pub fn rfc6464(&self) -> u8 {
        // Between 0 and 127 by construction.
        (-self.dbov).round() as u8
    }
}

fn dbov(energy: u64, samples: usize) -> f32 {
    if energy == 0 {
        return QUIETEST_DBOV;
    }
    let mean = energy as f64 / samples as f64 / (32_767.0 * 32_767.0);
    (10.0 * mean.log10()).clamp(f64::from(QUIETEST_DBOV), 0.0) as f32
}

/// The begin or the end of an episode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Episode {
    /// It stands since `since`, which is before the moment of saying so.
    Began {
        /// When the first frame of it was heard.
        since: Duration,
    },
    /// It is over.
    Ended {
        /// When it began.
        since: Duration,
        /// When it was found to be over.
        until: Duration,
    },
}

/// Says when a stream that has packets has no sound in it.
#[derive(Debug, Clone)]
pub struct SilenceDetector {
    threshold_dbov: f32,
    after: Duration,
    quiet_since: Option<Duration>,
    heard: Option<Duration>,
    raised: bool,
}

/// A pause of the packets as long as this begins the count anew: it is not silence but absence.
const SILENCE_PAUSE: Duration = Duration::from_secs(1);

impl Default for SilenceDetector {
    /// Below −60 dBov for five seconds.
    fn default() -> Self {
        Self::new(-60.0, Duration::from_secs(5))
    }
}

impl SilenceDetector {
    /// Silence is: every frame below `threshold_dbov` for `after`.
    pub fn new(threshold_dbov: f32, after: Duration) -> Self {
        Self { threshold_dbov, after, quiet_since: None, heard: None, raised: false }
    }

    /// Takes the level of one frame that was decoded from a packet (concealed frames are not told).
    pub fn hear(&mut self, now: Duration, level: &Level) -> Option<Episode> {
        let paused = self.heard.is_some_and(|last| now.saturating_sub(last) >= SILENCE_PAUSE);
        self.heard = Some(now);
        if level.dbov >= self.threshold_dbov {
            return self.end(now);
        }
        if paused && !self.raised {
            self.quiet_since = None;
        }
        let since = *self.quiet_since.get_or_insert(now);
        if self.raised || now.saturating_sub(since) < self.after {
            return None;
        }
        self.raised = true;
        Some(Episode::Began { since })
    }

    /// The stream ends, is put on hold or replaced: an open episode ends.
    pub fn end(&mut self, now: Duration) -> Option<Episode> {
        let since = self.quiet_since.take()?;
        let raised = std::mem::take(&mut self.raised);
        raised.then_some(Episode::Ended { since, until: now })
    }
}

/// Slices of the window over which clipping is counted.
const CLIPPING_SLICES: usize = 10;

/// Says when a stream is overdriven.
#[derive(Debug, Clone)]
pub struct ClippingDetector {
    share: f32,
    slice: Duration,
    slices: [(u32, u32); CLIPPING_SLICES],
    slice_began: Option<Duration>,
    filled: usize,
    since: Option<Duration>,
}

impl Default for ClippingDetector {
    /// More than 1 % of the samples at full scale over one second.
    fn default() -> Self {
        Self::new(0.01, Duration::from_secs(1))
    }
}

impl ClippingDetector {
    /// Clipping is: more than `share` (0.0 ..= 1.0) of the samples of `window` at full scale. It is
    /// over when less than half of that is.
    pub fn new(share: f32, window: Duration) -> Self {
        Self {
            share,
            slice: window / CLIPPING_SLICES as u32,
            slices: [(0, 0); CLIPPING_SLICES],
            slice_began: None,
            filled: 0,
            since: None,
        }
    }

    /// Takes the level of one decoded frame.
    pub fn hear(&mut self, now: Duration, level: &Level) -> Option<Episode> {
        let began = *self.slice_began.get_or_insert(now);
        let mut change = None;
        if now.saturating_sub(began) >= self.slice {
            change = self.judge(now);
            self.slices.rotate_right(1);
            self.slices[0] = (0, 0);
            self.slice_began = Some(now);
        }
        self.slices[0].0 += level.clipped;
        self.slices[0].1 += level.samples;
        change
    }

    /// The stream ends, is put on hold or replaced: an open episode ends.
    pub fn end(&mut self, now: Duration) -> Option<Episode> {
        self.slices = [(0, 0); CLIPPING_SLICES];
        self.slice_began = None;
        self.filled = 0;
        self.since.take().map(|since| Episode::Ended { since, until: now })
    }

    fn judge(&mut self, now: Duration) -> Option<Episode> {
        self.filled = (self.filled + 1).min(CLIPPING_SLICES);
        let (clipped, samples) =
            self.slices.iter().fold((0, 0), |sum, slice| (sum.0 + slice.0, sum.1 + slice.1));
        let share = clipped as f32 / samples.max(1) as f32;
        match self.since {
            None if share > self.share && self.filled == CLIPPING_SLICES => {
                let since = now.saturating_sub(self.slice * CLIPPING_SLICES as u32);
                self.since = Some(since);
                Some(Episode::Began { since })
            }
            Some(since) if share < self.share / 2.0 => {
                self.since = None;
                Some(Episode::Ended { since, until: now })
            }
            None | Some(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sine(peak: f64) -> Vec<i16> {
        let turn = |at: usize| std::f64::consts::TAU * at as f64 / 32.0;
        (0..160).map(|at| (turn(at).sin() * peak).round() as i16).collect()
    }

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn levels_of_known_sounds() {
        for (sound, dbov, peak, clipped) in [
            (vec![], -127.0, 0, 0),
            (vec![0; 160], -127.0, 0, 0),
            (vec![1; 160], -90.3, 1, 0),
            (sine(32_767.0), -3.0, 32_767, 30),
            (sine(16_384.0), -9.0, 16_384, 0),
            (sine(32.767), -63.0, 33, 0),
            (vec![i16::MIN; 160], 0.0, 32_768, 160),
            (vec![32_124, -32_124, 32_123, 0], -1.4, 32_124, 2),
        ] {
            let level = Level::of(&sound);
            assert!((level.dbov - dbov).abs() < 0.2, "{dbov}: {level:?}");
            assert_eq!((level.peak, level.clipped), (peak, clipped));
            assert_eq!(level.rfc6464(), (-level.dbov).round() as u8);
        }
    }

    #[test]
    fn silence_is_an_episode_after_five_seconds() {
        let (silent, loud) = (Level::of(&[0; 160]), Level::of(&sine(1_000.0)));
        let mut detector = SilenceDetector::default();
        let mut episodes = Vec::new();
        for frame in 0..1_000 {
            let now = ms(frame * 20);
            // 4.9 s of silence are none; 9 s are.
            let level = if (100..345).contains(&frame) || (500..950).contains(&frame) {
                &silent
            } else {
                &loud
            };
            episodes.extend(detector.hear(now, level));
        }
        let since = ms(10_000);
        assert_eq!(
            episodes,
            [Episode::Began { since }, Episode::Ended { since, until: ms(19_000) }]
        );
    }

    #[test]
    fn no_packets_are_no_silence() {
        let silent = Level::of(&[0; 160]);
        let mut detector = SilenceDetector::default();
        for burst in 0..10 {
            for frame in 0..150 {
                assert_eq!(detector.hear(ms(burst * 5_000 + frame * 20), &silent), None);
            }
        }
        assert_eq!(detector.end(ms(60_000)), None);
        for frame in 0..=250 {
            detector.hear(ms(70_000 + frame * 20), &silent);
        }
        let since = ms(70_000);
        let until = ms(80_000);
        assert_eq!(detector.end(until), Some(Episode::Ended { since, until }));
        assert_eq!(detector.end(until), None);
    }

    #[test]
    fn clipping_is_an_episode_after_a_second() {
        let clipped = Level::of(&sine(40_000.0));
        let clean = Level::of(&sine(10_000.0));
        let mut detector = ClippingDetector::default();
        let mut episodes = Vec::new();
        for frame in 0..1_000 {
            // One frame of a hundred is a knock on the microphone; then 4 s of shouting.
            let level =
                if frame % 100 == 50 || (400..600).contains(&frame) { &clipped } else { &clean };
            episodes.extend(detector.hear(ms(frame * 20), level));
        }
        let [Episode::Began { since }, Episode::Ended { since: same, until }] = episodes[..] else {
            panic!("{episodes:?}");
        };
        assert_eq!(since, same);
        assert!((ms(7_000)..=ms(8_100)).contains(&since), "{since:?}");
        assert!((ms(12_900)..=ms(13_300)).contains(&until), "{until:?}");
    }

    #[test]
    fn a_full_scale_sine_behind_a_law_is_clipped_only_when_flattened() {
        let clean = Level::of(&sine(30_000.0));
        let mut detector = ClippingDetector::default();
        for frame in 0..500 {
            assert_eq!(detector.hear(ms(frame * 20), &clean), None);
        }
        assert_eq!(detector.end(ms(10_000)), None);
    }
}
