//! Tones of the network, synthesised: ITU-T E.180 Supplement 2's plans of some countries, the
//! record beep, and digits (Q.23).
//!
//! Guarantees: pieces of any length join without a seam; every piece of a cadence begins and ends
//! with a ramp of 3 ms; nothing is allocated.

mod plans;

use self::plans::{Plan, Segment, plan};
use crate::dtmf::Digit;

/// Whose tones. Others than these hear ETSI's common tones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Country {
    /// ETSI TR 101 041's harmonised tones, 425 Hz.
    #[default]
    Europe,
    /// The United States and who shares their plan.
    UnitedStates,
    /// The United Kingdom.
    UnitedKingdom,
    /// Germany.
    Germany,
    /// France.
    France,
}

impl Country {
    /// The plan of an ISO 3166 code of two letters (either case); Europe's for all not known.
    pub fn of(iso: &str) -> Self {
        match iso.to_ascii_lowercase().as_str() {
            "us" | "ca" => Self::UnitedStates,
            "gb" | "uk" => Self::UnitedKingdom,
            "de" => Self::Germany,
            "fr" => Self::France,
            _ => Self::Europe,
        }
    }
}

/// What is to be heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Ready for digits.
    Dial,
    /// The called phone rings.
    Ringback,
    /// The called party is busy.
    Busy,
    /// No way through: reorder.
    Congestion,
    /// Another call waits.
    CallWaiting,
    /// "Speak after the tone": 1 400 Hz for 400 ms, once.
    Beep,
    /// A call is being recorded: 1 400 Hz for 400 ms every 15 s.
    RecordingWarning,
    /// Special information (number unobtainable): three rising tones, once.
    SpecialInformation,
    /// A digit for `on_ms` and then silence for `off_ms`, each at least 40 ms.
    Digit {
        /// Which.
        digit: Digit,
        /// Milliseconds of tone.
        on_ms: u16,
        /// Milliseconds of silence after it.
        off_ms: u16,
    },
}

/// The peak of a sine of 0 dBm0 is this many dB below full scale (G.711, µ-law; A-law's is 3.14).
const FULL_SCALE_DBM0: f32 = 3.17;
const RAMP_MS: u32 = 3;

/// The largest sample of a sine of a level.
pub(crate) fn peak_of_dbm0(dbm0: f32) -> f32 {
    32_767.0 * 10_f32.powf((dbm0 - FULL_SCALE_DBM0) / 20.0)
}

/// A sine by recursion: one multiplication a sample, and no error to be heard in days.
#[derive(Debug, Clone, Copy, Default)]
struct Oscillator {
    twice_cosine: f64,
    last: f64,
    before: f64,
}

impl Oscillator {
    fn new(hz: f32, dbm0: f32, rate: u32) -> Self {
        if hz == 0.0 {
            return Self::default();
        }
        let turn = std::f64::consts::TAU * f64::from(hz) / f64::from(rate);
        let peak = f64::from(peak_of_dbm0(dbm0));
        Self {
            twice_cosine: 2.0 * turn.cos(),
            last: -turn.sin() * peak,
            before: -(2.0 * turn).sin() * peak,
        }
    }

    fn next(&mut self) -> f64 {
        let next = self.twice_cosine * self.last - self.before;
        self.before = self.last;
        self.last = next;
        next
    }
}

/// Makes one tone, in pieces of any length.
#[derive(Debug, Clone)]
pub struct ToneGenerator {
    rate: u32,
    plan: Plan,
    segment: usize,
    /// Samples of the segment so far, and in all.
    at: u64,
    length: u64,
    oscillators: [Oscillator; 2],
    ramp: u64,
    /// Samples until silence, once it is to stop.
    stopping: Option<u64>,
    ended: bool,
}

impl ToneGenerator {
    /// `tone` as `country` knows it, at `rate` samples a second.
    pub fn new(tone: Tone, country: Country, rate: u32) -> Self {
        let mut generator = Self {
            rate,
            plan: plan(tone, country),
            segment: 0,
            at: 0,
            length: 0,
            oscillators: [Oscillator::default(); 2],
            ramp: u64::from((rate * RAMP_MS / 1_000).max(1)),
            stopping: None,
            ended: false,
        };
        generator.begin(0);
        generator
    }

    /// Writes the next samples; true when the tone is over (the rest of `out` is silence). Tones of
    /// the network never are, unless stopped.
    pub fn fill(&mut self, out: &mut [i16]) -> bool {
        let mut done = 0;
        while done < out.len() && !self.ended {
            let left = usize::try_from(self.length - self.at).unwrap_or(usize::MAX);
            let piece = left.min(out.len() - done);
            self.sound(&mut out[done..done + piece]);
            done += piece;
            if self.at == self.length {
                self.begin(self.segment + 1);
            }
        }
        out[done..].fill(0);
        self.ended
    }

    /// Ends the tone without a click: 3 ms more.
    pub fn stop(&mut self) {
        self.stopping.get_or_insert(self.ramp);
    }

    fn begin(&mut self, segment: usize) {
        self.segment = if self.plan.repeats { segment % self.plan.count } else { segment };
        if self.segment >= self.plan.count {
            self.ended = true;
            return;
        }
        let Segment { hz, dbm0, ms } = self.plan.segments[self.segment];
        self.at = 0;
        self.length = match ms {
            0 => u64::MAX,
            ms => u64::from(ms) * u64::from(self.rate) / 1_000,
        };
        self.oscillators = [0, 1].map(|at| Oscillator::new(hz[at], dbm0[at], self.rate));
    }

    fn sound(&mut self, out: &mut [i16]) {
        for sample in out.iter_mut() {
            let left = self.length - self.at;
            let edge = (self.at + 1).min(left).min(self.stopping.unwrap_or(u64::MAX));
            let value: f64 = self.oscillators.iter_mut().map(Oscillator::next).sum();
            let gain = if edge < self.ramp { edge as f64 / self.ramp as f64 } else { 1.0 };
            *sample = (value * gain) as i16;
            self.at += 1;
            if let Some(left) = &mut self.stopping {
                *left = left.saturating_sub(1);
                self.ended |= *left == 0;
            }
        }
    }
}

#[cfg(test)]
mod tests;
