//! One stream's detectors and what its samples sum up to.

use std::time::Duration;

use super::super::cause::Facts;
use super::super::emodel::{self, CodecClass, Score};
use super::super::episode::{AverageOfSeven, Bad, Sample, ThreeOfFive, Verdict};
use super::super::thresholds::Thresholds;
use super::super::{Episode, Metric, Stream};

/// A score needs so many packets in the sample.
const LEAST_SCORED: u32 = 20;

/// Mean and extreme of what was measured.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    sum: f64,
    count: u32,
    low: f32,
    high: f32,
}

impl Tally {
    pub(super) fn add(&mut self, value: f64) {
        let single = value as f32;
        let first = self.count == 0;
        self.low = if first { single } else { self.low.min(single) };
        self.high = if first { single } else { self.high.max(single) };
        self.sum += value;
        self.count += 1;
    }

    pub(super) fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum / f64::from(self.count))
    }

    pub(super) fn low(&self) -> Option<f64> {
        (self.count > 0).then_some(self.low.into())
    }

    pub(super) fn high(&self) -> Option<f64> {
        (self.count > 0).then_some(self.high.into())
    }
}

/// What a sample says, whoever took it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Figures {
    pub(super) expected: u32,
    pub(super) lost: u32,
    pub(super) discarded: u32,
    pub(super) burst_ratio: f64,
    pub(super) jitter_ms: Option<f64>,
    pub(super) rtt_ms: Option<f64>,
    pub(super) buffer_ms: Option<f64>,
}

impl Figures {
    /// What was lost or came too late.
    fn loss_percent(&self) -> f64 {
        let unheard = f64::from(self.lost) + f64::from(self.discarded);
        (unheard * 100.0 / f64::from(self.expected.max(1))).min(100.0)
    }

    /// The score of the stretch; `None` when hardly anything was said in it.
    pub(super) fn score(&self, codec: CodecClass) -> Option<Score> {
        let loss = self.loss_percent();
        let jitter = self.jitter_ms.unwrap_or(0.0);
        (self.expected >= LEAST_SCORED).then(|| {
            emodel::mos(codec, loss, self.burst_ratio, self.rtt_ms, jitter, self.buffer_ms)
        })
    }
}

/// One stream.
#[derive(Clone, Debug)]
pub(super) struct Track {
    stream: Stream,
    loss: AverageOfSeven,
    jitter: ThreeOfFive,
    mos: ThreeOfFive,
    pub(super) mos_tally: Tally,
    pub(super) jitter_tally: Tally,
    worst: Worst,
}

/// The figures of the worst sample: of those since an episode began, else of about the last five.
#[derive(Clone, Copy, Debug)]
struct Worst {
    mos: f32,
    loss_percent: f32,
    burst_ratio: f32,
    jitter_ms: Option<f32>,
    rtt_ms: Option<f32>,
    age: u8,
}

/// So many samples without an episode make a worst one old.
const OLD: u8 = 5;

impl Track {
    pub(super) fn new(stream: Stream) -> Self {
        Self {
            stream,
            loss: AverageOfSeven::default(),
            jitter: ThreeOfFive::new(Bad::Above),
            mos: ThreeOfFive::new(Bad::Below),
            mos_tally: Tally::default(),
            jitter_tally: Tally::default(),
            worst: Worst {
                mos: f32::MAX,
                loss_percent: 0.0,
                burst_ratio: 1.0,
                jitter_ms: None,
                rtt_ms: None,
                age: 0,
            },
        }
    }

    pub(super) fn facts(&self) -> Facts {
        let Worst { loss_percent, burst_ratio, jitter_ms, rtt_ms, .. } = self.worst;
        Facts {
            loss_percent: (loss_percent > 0.0).then_some(loss_percent.into()),
            burst_ratio: (loss_percent > 0.0).then_some(burst_ratio.into()),
            jitter_ms: jitter_ms.map(f64::from),
            round_trip_ms: rtt_ms.map(f64::from),
            ..Facts::default()
        }
    }

    fn remember(&mut self, figures: &Figures, score: Score) {
        let mos = score.mos as f32;
        let open = self.loss.is_open() || self.jitter.is_open() || self.mos.is_open();
        self.worst.age = if open { 0 } else { self.worst.age.saturating_add(1) };
        if mos <= self.worst.mos || self.worst.age > OLD {
            self.worst = Worst {
                mos,
                loss_percent: figures.loss_percent() as f32,
                burst_ratio: figures.burst_ratio as f32,
                jitter_ms: figures.jitter_ms.map(|ms| ms as f32),
                rtt_ms: figures.rtt_ms.map(|ms| ms as f32),
                age: 0,
            };
        }
    }

    /// Takes a sample in. `scored`: with the score that the figures make.
    pub(super) fn sample(
        &mut self,
        sample: Sample,
        figures: &Figures,
        codec: CodecClass,
        scored: bool,
        thresholds: &Thresholds,
        out: &mut Vec<Episode>,
    ) {
        let at = sample.end;
        let score = figures.score(codec);
        if let Some(score) = score {
            self.remember(figures, score);
        }
        let loss = thresholds.packet_loss_percent;
        let found = self.loss.push(sample, figures.expected, figures.lost, loss);
        tell(out, at, self.stream, Metric::PacketLoss, found);
        if let Some(jitter) = figures.jitter_ms {
            self.jitter_tally.add(jitter);
            let found = self.jitter.push(sample, jitter, thresholds.jitter_ms);
            tell(out, at, self.stream, Metric::Jitter, found);
        }
        if let Some(score) = score.filter(|_| scored) {
            self.score(sample, score.mos, thresholds, out);
        }
    }

    /// Takes a score in.
    pub(super) fn score(
        &mut self,
        sample: Sample,
        mos: f64,
        thresholds: &Thresholds,
        out: &mut Vec<Episode>,
    ) {
        self.mos_tally.add(mos);
        let found = self.mos.push(sample, mos, thresholds.mos);
        tell(out, sample.end, self.stream, Metric::Mos, found);
    }

    /// The last stretch of the leg, too short for the detectors.
    pub(super) fn remainder(&mut self, figures: &Figures, codec: CodecClass) {
        if let Some(score) = figures.score(codec) {
            self.mos_tally.add(score.mos);
        }
    }

    pub(super) fn forget(&mut self) {
        self.loss.forget();
        self.jitter.forget();
        self.mos.forget();
    }

    pub(super) fn finish(&mut self, now: Duration, out: &mut Vec<Episode>) {
        tell(out, now, self.stream, Metric::PacketLoss, self.loss.finish());
        tell(out, now, self.stream, Metric::Jitter, self.jitter.finish());
        tell(out, now, self.stream, Metric::Mos, self.mos.finish());
    }
}

/// Puts a verdict, if there is one, on the list.
pub(super) fn tell(
    out: &mut Vec<Episode>,
    at: Duration,
    stream: Stream,
    metric: Metric,
    found: Option<Verdict>,
) {
    out.extend(found.map(|Verdict { change, since, until, source }| Episode {
        at,
        since,
        until,
        stream,
        metric,
        change,
        source,
    }));
}
