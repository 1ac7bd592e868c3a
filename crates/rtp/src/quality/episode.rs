//! Raises and clears that do not flap (model §4.6).
//!
//! * [`ThreeOfFive`] raises when three of the last five samples are beyond the threshold and clears
//!   after three good ones in a row: then the condition is certainly not met, and at least three
//!   more samples must pass before it can be again. Good and bad samples by turns are one episode.
//! * [`AverageOfSeven`] raises when the loss over the last seven samples, weighted by packets, is
//!   beyond the threshold and clears at two thirds of it. It averages what there is, two samples
//!   and a hundred packets at the least, so that one lost packet at the begin raises nothing.
//! * [`Silence`] knows no samples: it raises when the time is reached and clears with a packet.
//!
//! All are critical once the same holds for the critical threshold (a silence: at twice its time).

use std::time::Duration;

use super::thresholds::Bounds;
use super::{Change, Severity, Source};

/// Samples that [`ThreeOfFive`] looks at, and how many of them raise or, in a row, clear.
const RECENT: usize = 5;
const ENOUGH: u32 = 3;
/// Samples that [`AverageOfSeven`] averages, at the most and at the least.
const AVERAGED: usize = 7;
const AVERAGED_LEAST: usize = 2;
/// Fewer packets do not make an average, nor a sample that is worth naming.
const LEAST_PACKETS: u64 = 100;
const LEAST_SAMPLE_PACKETS: u32 = 25;
/// An open episode is told again when it is so much worse.
const NOTABLY: f32 = 0.1;

/// What a detector found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Verdict {
    /// What happened.
    pub change: Change,
    /// Begin of the first bad sample.
    pub since: Duration,
    /// End of the last bad sample.
    pub until: Duration,
    /// Who measured what raised it.
    pub source: Source,
}

/// A sample of one figure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// When it began.
    pub begin: Duration,
    /// When it ended: now.
    pub end: Duration,
    /// Who measured it.
    pub source: Source,
}

/// An open episode.
#[derive(Clone, Copy, Debug)]
struct Open {
    severity: Severity,
    worst: f32,
    told: f32,
    since: Nanos,
    until: Nanos,
    source: Source,
}

/// A [`Duration`] in half of its space: nanoseconds, for 584 years.
#[derive(Clone, Copy, Debug)]
struct Nanos(u64);

impl From<Duration> for Nanos {
    fn from(time: Duration) -> Self {
        Self(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX))
    }
}

impl From<Nanos> for Duration {
    fn from(Nanos(nanos): Nanos) -> Self {
        Self::from_nanos(nanos)
    }
}

impl Open {
    fn verdict(&self, change: Change) -> Verdict {
        let (since, until) = (self.since.into(), self.until.into());
        Verdict { change, since, until, source: self.source }
    }

    fn raised(&self, threshold: f32) -> Verdict {
        self.verdict(Change::Raised {
            severity: self.severity,
            threshold: threshold.into(),
            value: self.worst.into(),
        })
    }

    /// Told again if it is more severe, or notably beyond what was told.
    fn worsened(&mut self, severity: Severity) -> Option<Verdict> {
        let notably = (self.worst - self.told).abs() > self.told.abs() * NOTABLY;
        if severity <= self.severity && !notably {
            return None;
        }
        self.severity = self.severity.max(severity);
        self.told = self.worst;
        let change = Change::Worsened { severity: self.severity, value: self.worst.into() };
        Some(self.verdict(change))
    }

    fn cleared(&self) -> Verdict {
        self.verdict(Change::Cleared { worst: self.worst.into() })
    }
}

/// Which side of a threshold is bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bad {
    /// Jitter, round trip.
    Above,
    /// Score.
    Below,
}

impl Bad {
    fn beyond(self, value: f32, threshold: f32) -> bool {
        match self {
            Self::Above => value > threshold,
            Self::Below => value < threshold,
        }
    }

    fn worse(self, left: f32, right: f32) -> f32 {
        match self {
            Self::Above => left.max(right),
            Self::Below => left.min(right),
        }
    }
}

/// Three of the last five samples.
#[derive(Clone, Debug)]
pub struct ThreeOfFive {
    bad: Bad,
    /// Bit 0 is the last sample.
    beyond: u8,
    critical: u8,
    seen: u8,
    /// Values of the last five, and when they began, in milliseconds modulo 2^32.
    values: [f32; RECENT],
    begins: [u32; RECENT],
    open: Option<Open>,
}

impl ThreeOfFive {
    /// Nothing seen, nothing open.
    pub fn new(bad: Bad) -> Self {
        let (values, begins) = ([0.0; RECENT], [0; RECENT]);
        Self { bad, beyond: 0, critical: 0, seen: 0, values, begins, open: None }
    }

    /// Takes a sample in.
    pub fn push(&mut self, sample: Sample, value: f64, bounds: Bounds) -> Option<Verdict> {
        let value = value as f32;
        let shift = |bits: u8, bit: bool| (bits << 1 | u8::from(bit)) & 0b1_1111;
        let is_bad = self.bad.beyond(value, bounds.warning);
        self.beyond = shift(self.beyond, is_bad);
        self.critical = shift(self.critical, self.bad.beyond(value, bounds.critical));
        self.seen = shift(self.seen, true);
        self.values.rotate_right(1);
        self.values[0] = value;
        self.begins.rotate_right(1);
        self.begins[0] = millis(sample.begin);
        let severity = severity(self.critical.count_ones() >= ENOUGH);
        let Some(open) = &mut self.open else {
            return self.raise(sample, severity, bounds);
        };
        if is_bad {
            open.worst = self.bad.worse(open.worst, value);
            open.until = sample.end.into();
        }
        if self.seen.count_ones() >= ENOUGH && self.beyond & 0b111 == 0 {
            return self.open.take().map(|open| open.cleared());
        }
        open.worsened(severity)
    }

    fn raise(&mut self, sample: Sample, severity: Severity, bounds: Bounds) -> Option<Verdict> {
        if self.beyond.count_ones() < ENOUGH {
            return None;
        }
        let mut bad = (0..RECENT).filter(|n| self.beyond >> n & 1 == 1);
        let worst = bad.clone().fold(self.values[0], |w, n| self.bad.worse(w, self.values[n]));
        let first = self.begins[bad.next_back().unwrap_or(0)];
        let open = Open {
            severity,
            worst,
            told: worst,
            since: before(sample.end, first).into(),
            until: sample.end.into(),
            source: sample.source,
        };
        Some(self.open.insert(open).raised(bounds.warning))
    }

    /// Forgets the samples, for what comes has nothing to do with them. What is open stays open
    /// until three good samples came.
    pub fn forget(&mut self) {
        (self.beyond, self.critical, self.seen) = (0, 0, 0);
    }

    /// Whether an episode is open.
    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// The leg ended: what is open is over.
    pub fn finish(&mut self) -> Option<Verdict> {
        self.open.take().map(|open| open.cleared())
    }
}

/// Loss over the last seven samples.
#[derive(Clone, Debug, Default)]
pub struct AverageOfSeven {
    /// Expected and lost packets, and when the sample began, in milliseconds modulo 2^32; the last
    /// one first.
    samples: [(u32, u32, u32); AVERAGED],
    len: usize,
    open: Option<Open>,
}

impl AverageOfSeven {
    /// Takes a sample in. One without packets tells nothing and is left out.
    pub fn push(
        &mut self,
        sample: Sample,
        expected: u32,
        lost: u32,
        bounds: Bounds,
    ) -> Option<Verdict> {
        if expected == 0 {
            return None;
        }
        self.samples.rotate_right(1);
        self.samples[0] = (expected, lost.min(expected), millis(sample.begin));
        self.len = (self.len + 1).min(AVERAGED);
        let average = self.average()?;
        let severity = severity(average > bounds.critical);
        let Some(open) = &mut self.open else {
            return self.raise(sample, average, severity, bounds);
        };
        let value = percent_of(self.samples[0], average);
        open.worst = open.worst.max(value);
        if value > bounds.warning {
            open.until = sample.end.into();
        }
        if average <= bounds.warning * 2.0 / 3.0 {
            return self.open.take().map(|open| open.cleared());
        }
        open.worsened(severity)
    }

    /// Percent over the window, if there is enough to tell.
    fn average(&self) -> Option<f32> {
        let known = &self.samples[..self.len];
        let expected: u64 = known.iter().map(|s| u64::from(s.0)).sum();
        let lost: u64 = known.iter().map(|s| u64::from(s.1)).sum();
        (self.len >= AVERAGED_LEAST && expected >= LEAST_PACKETS)
            .then(|| lost as f32 * 100.0 / expected as f32)
    }

    fn raise(
        &mut self,
        sample: Sample,
        average: f32,
        severity: Severity,
        bounds: Bounds,
    ) -> Option<Verdict> {
        if average <= bounds.warning {
            return None;
        }
        let known = &self.samples[..self.len];
        let worst = known.iter().fold(average, |worst, s| worst.max(percent_of(*s, average)));
        let bad = |s: &&(u32, u32, u32)| percent_of(**s, average) > bounds.warning;
        let first = known.iter().rev().find(bad).unwrap_or(&self.samples[0]).2;
        let open = Open {
            severity,
            worst,
            told: worst,
            since: before(sample.end, first).into(),
            until: sample.end.into(),
            source: sample.source,
        };
        Some(self.open.insert(open).raised(bounds.warning))
    }

    /// Forgets the samples, for what comes has nothing to do with them.
    pub fn forget(&mut self) {
        self.len = 0;
    }

    /// Whether an episode is open.
    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// The leg ended: what is open is over.
    pub fn finish(&mut self) -> Option<Verdict> {
        self.open.take().map(|open| open.cleared())
    }
}

/// Silence that lasts.
#[derive(Clone, Debug, Default)]
pub struct Silence {
    open: Option<Open>,
}

impl Silence {
    /// Nothing came since `since`, and something should have: raises at `after`, and is critical
    /// at twice that.
    pub fn lasts(
        &mut self,
        since: Duration,
        now: Duration,
        after: Duration,
        source: Source,
    ) -> Option<(Duration, Verdict)> {
        let quiet = now.saturating_sub(since);
        let Some(open) = &mut self.open else {
            if quiet < after {
                return None;
            }
            let worst = after.as_secs_f32();
            let open = self.open.insert(Open {
                severity: Severity::Warning,
                worst,
                told: worst,
                since: since.into(),
                until: (since + after).into(),
                source,
            });
            return Some((since + after, open.raised(worst)));
        };
        let critical = Duration::from(open.since) + 2 * after;
        if open.severity == Severity::Critical || now < critical {
            return None;
        }
        open.worst = (2 * after).as_secs_f32();
        open.until = critical.into();
        open.worsened(Severity::Critical).map(|verdict| (critical, verdict))
    }

    /// When [`lasts`](Self::lasts) would tell something new, given that nothing came since `since`.
    pub fn due(&self, since: Duration, after: Duration) -> Option<Duration> {
        match &self.open {
            None => Some(since + after),
            Some(open) if open.severity == Severity::Warning => {
                Some(Duration::from(open.since) + 2 * after)
            }
            Some(_) => None,
        }
    }

    /// A packet came at `at`, or none is expected any more.
    pub fn ends(&mut self, at: Duration) -> Option<Verdict> {
        let mut open = self.open.take()?;
        open.until = at.into();
        open.worst = at.saturating_sub(open.since.into()).as_secs_f32().max(open.worst);
        Some(open.cleared())
    }

    /// Since when nothing comes, if it was told.
    pub fn since(&self) -> Option<Duration> {
        self.open.as_ref().map(|open| open.since.into())
    }

    /// Whether it was told and is not over.
    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }
}

fn severity(critical: bool) -> Severity {
    if critical { Severity::Critical } else { Severity::Warning }
}

/// Loss of a sample; of one with few packets, not more than is so on the average.
fn percent_of((expected, lost, _): (u32, u32, u32), average: f32) -> f32 {
    if expected < LEAST_SAMPLE_PACKETS { average } else { lost as f32 * 100.0 / expected as f32 }
}

fn millis(time: Duration) -> u32 {
    time.as_millis() as u32
}

/// The time whose [`millis`] are `then`, less than 49 days before `now`.
fn before(now: Duration, then: u32) -> Duration {
    now.saturating_sub(Duration::from_millis(millis(now).wrapping_sub(then).into()))
}

#[cfg(test)]
mod tests;
