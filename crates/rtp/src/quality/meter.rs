//! The meter of one leg: samples of both its streams in, episodes and a summary out (model §4.6).
//!
//! The received stream is sampled every 5 s from our own counters; the sent one when the peer
//! reports about it, at most every 2.5 s; the round trip whenever something tells it, as often.
//! Silence is looked at by time: `one_way_audio` is a received stream from which nothing comes
//! for 5 s while we send, or a sent one of which the peer reports for 5 s that nothing new came;
//! `media_timeout` is nothing either way. What was lost in a silence that was told is not told
//! again as loss. While suspended (hold) nothing is judged, and what comes after starts afresh.
//!
//! The score of a received stream is that of whoever hears it, as far as this leg can tell; delay
//! beyond our edge on the way to that party is not in it. A stream of which no sample was taken is
//! scored as a whole at its end.

mod peer;
mod quiet;
#[cfg(test)]
mod tests;
mod track;

use std::time::Duration;

use peer::{PeerFigures, PeerView};
pub use peer::{PeerMetrics, PeerReport};
use quiet::Quiet;
use track::{Figures, Tally, Track, tell};

use super::cause::Facts;
use super::emodel::CodecClass;
use super::episode::{Bad, Sample, Silence, ThreeOfFive};
use super::summary::{LegSummary, StreamSummary};
use super::thresholds::Thresholds;
use super::{Episode, Metric, Source, Stream};
use crate::reception::{BurstGap, Interval, Reception};

/// Sound in a packet, where nothing else is known.
pub(super) const PACKET_MS: f64 = 20.0;
/// What the peer said so long ago does not count any more.
const STALE: Duration = Duration::from_secs(30);
/// A round trip beyond this is a mistake of somebody's clock.
const MOST_ROUND_TRIP_MS: f64 = 60_000.0;
/// A shorter remainder of a leg is not scored.
const LEAST_REMAINDER: Duration = Duration::from_secs(1);

/// The meter of one leg.
#[derive(Clone, Debug)]
pub struct Meter {
    thresholds: Thresholds,
    codec: CodecClass,
    clock_rate: u32,
    buffer_ms: Option<f32>,
    /// Jitter that what we send has from where it comes from.
    carried_ms: f32,
    suspended: bool,
    /// Begin of the sample of our own counters.
    sample_begin: Duration,
    received: Track,
    sent: Track,
    quiet: Quiet,
    peer: PeerView,
    peer_lost: u64,
    metrics: Option<PeerFigures>,
    trip: RoundTrip,
    /// Nothing arrives at the peer.
    unheard: Silence,
}

/// Round trips and their detector.
#[derive(Clone, Debug)]
struct RoundTrip {
    detector: ThreeOfFive,
    tally: Tally,
    last: Option<(Duration, f32)>,
    /// Those since the last sample, which ended then.
    pending: Tally,
    sample_begin: Duration,
    from_reports: Option<Duration>,
}

impl Meter {
    /// A meter that expects RTP from `now` on (the answer).
    pub fn new(now: Duration, codec: CodecClass, clock_rate: u32, thresholds: Thresholds) -> Self {
        Self {
            thresholds,
            codec,
            clock_rate,
            buffer_ms: None,
            carried_ms: 0.0,
            suspended: false,
            sample_begin: now,
            received: Track::new(Stream::Received),
            sent: Track::new(Stream::Sent),
            quiet: Quiet::new(now),
            peer: PeerView::new(now),
            peer_lost: 0,
            metrics: None,
            trip: RoundTrip {
                detector: ThreeOfFive::new(Bad::Above),
                tally: Tally::default(),
                last: None,
                pending: Tally::default(),
                sample_begin: now,
                from_reports: None,
            },
            unheard: Silence::default(),
        }
    }

    /// The codec or its clock changed (re-INVITE).
    pub fn codec(&mut self, codec: CodecClass, clock_rate: u32) {
        self.codec = codec;
        self.clock_rate = clock_rate;
    }

    /// The jitter buffer where this leg's sound is decoded holds so much.
    pub fn jitter_buffer(&mut self, ms: f64) {
        self.buffer_ms = Some(ms as f32);
    }

    /// A packet was received and `reception` has it. Hot path: two comparisons while all is well.
    pub fn received(&mut self, now: Duration, reception: &mut Reception, out: &mut Vec<Episode>) {
        if self.quiet.is_told() && !self.suspended && self.quiet.heard(now, out) {
            self.start_sample(now, reception);
        }
    }

    /// A packet was sent to the leg. Hot path.
    pub fn sent(&mut self, now: Duration) {
        self.quiet.sent(now);
    }

    /// So many numbers of our sequence were never sent, because they were lost before they came
    /// to us: their loss is the other leg's.
    pub fn skipped(&mut self, packets: u32) {
        self.peer.skipped(packets);
    }

    /// What is relayed to the leg came to us with this jitter: so much of what the peer reports is
    /// the other leg's.
    pub fn carried_jitter(&mut self, ms: f64) {
        self.carried_ms = ms as f32;
    }

    /// A report block about our stream came from the peer.
    pub fn peer_report(&mut self, now: Duration, report: &PeerReport, out: &mut Vec<Episode>) {
        if let Some(ms) = report.round_trip_ms {
            self.trip.from_reports = Some(now);
            self.round_trip(now, ms, Source::Rtcp, out);
        }
        let spacing = self.thresholds.sample / 2;
        let found = self.peer.report(now, spacing, report, self.quiet.packets_sent());
        if self.suspended {
            return;
        }
        self.watch_peer(now, out);
        let Some(stretch) = found else { return };
        self.peer_lost += u64::from(stretch.lost);
        let metrics = self.metrics.filter(|metrics| now.saturating_sub(metrics.at) < STALE);
        let figures = Figures {
            expected: stretch.expected,
            lost: stretch.lost,
            discarded: 0,
            burst_ratio: 1.0,
            jitter_ms: (self.clock_rate > 0 && stretch.expected > 0)
                .then(|| f64::from(report.jitter) * 1000.0 / f64::from(self.clock_rate))
                .map(|ms| (ms - f64::from(self.carried_ms)).max(0.0)),
            rtt_ms: self.round_trip_ms(now),
            buffer_ms: metrics.and_then(|metrics| metrics.buffer_ms.map(f64::from)),
        };
        // The peer's own score knows its jitter buffer and its loudspeaker.
        let scored = metrics.is_none_or(|metrics| !metrics.scores);
        let sample = Sample { begin: stretch.begin, end: now, source: Source::Rtcp };
        self.sent.sample(sample, &figures, self.codec, scored, &self.thresholds, out);
    }

    /// The peer gets nothing of what we send, or something again.
    fn watch_peer(&mut self, now: Duration, out: &mut Vec<Episode>) {
        let (stream, metric) = (Stream::Sent, Metric::OneWayAudio);
        match self.peer.stuck_since() {
            Some(since) => {
                let after = self.thresholds.one_way_after;
                let found = self.unheard.lasts(since, now, after, Source::Rtcp);
                // It is known with the report, not before.
                tell(out, now, stream, metric, found.map(|(_, verdict)| verdict));
            }
            None => tell(out, now, stream, metric, self.unheard.ends(now)),
        }
    }

    /// A VoIP metrics block about our stream came from the peer.
    pub fn peer_metrics(&mut self, now: Duration, metrics: &PeerMetrics, out: &mut Vec<Episode>) {
        let before = self.metrics.replace(PeerFigures::new(now, metrics)).map(|before| before.at);
        let reported = self.trip.from_reports.is_some_and(|at| now.saturating_sub(at) < STALE);
        if let Some(ms) = metrics.round_trip_ms.filter(|_| !reported) {
            self.round_trip(now, ms, Source::RtcpXr, out);
        }
        let Some(mos) = metrics.mos_cq.filter(|mos| (1.0..=5.0).contains(mos)) else { return };
        let begin = before.unwrap_or(self.quiet.expected_since());
        if !self.suspended && now.saturating_sub(begin) >= self.thresholds.sample / 2 {
            let sample = Sample { begin, end: now, source: Source::RtcpXr };
            self.sent.score(sample, mos, &self.thresholds, out);
        }
    }

    /// A round trip that something else than a report block told (XR DLRR).
    pub fn round_trip(&mut self, now: Duration, ms: f64, source: Source, out: &mut Vec<Episode>) {
        if !(0.0..MOST_ROUND_TRIP_MS).contains(&ms) {
            return;
        }
        let trip = &mut self.trip;
        trip.tally.add(ms);
        trip.pending.add(ms);
        trip.last = Some((now, ms as f32));
        if self.suspended || now.saturating_sub(trip.sample_begin) < self.thresholds.sample / 2 {
            return;
        }
        let mean = std::mem::take(&mut trip.pending).mean().unwrap_or(ms);
        let sample = Sample { begin: trip.sample_begin, end: now, source };
        trip.sample_begin = now;
        let found = trip.detector.push(sample, mean, self.thresholds.round_trip_ms);
        tell(out, now, Stream::Sent, Metric::RoundTripTime, found);
    }

    /// The last round trip, unless that was half a minute ago or longer.
    pub fn round_trip_ms(&self, now: Duration) -> Option<f64> {
        let (at, ms) = self.trip.last?;
        (now.saturating_sub(at) < STALE).then_some(ms.into())
    }

    /// What the stream's samples know of causes: the figures of the worst one of the open episodes,
    /// or of late. The rest of the facts is not the meter's.
    pub fn facts(&self, stream: Stream) -> Facts {
        match stream {
            Stream::Received => self.received.facts(),
            Stream::Sent => self.sent.facts(),
        }
    }

    /// When [`tick`](Self::tick) has to be called next; `None` while suspended. It may become later
    /// when packets come, and is not earlier than it was said at the last tick.
    pub fn due(&self, now: Duration, reception: &Reception) -> Option<Duration> {
        if self.suspended {
            return None;
        }
        let sample = self.sample_begin + self.thresholds.sample;
        let quiet = self.quiet.due(now, reception, &self.thresholds);
        Some(quiet.map_or(sample, |at| at.min(sample)))
    }

    /// Takes a sample when one is due, and sees whether somebody fell silent.
    pub fn tick(&mut self, now: Duration, reception: &mut Reception, out: &mut Vec<Episode>) {
        if self.suspended {
            return;
        }
        if self.quiet.look(now, reception, &self.thresholds, out) {
            self.start_sample(now, reception);
        }
        let due = self.sample_begin + self.thresholds.sample;
        if now < due {
            return;
        }
        // A tick that is late by more than a sample makes one long sample.
        let end = if now < due + self.thresholds.sample { due } else { now };
        let sample = Sample { begin: self.sample_begin, end, source: Source::LocalRtp };
        self.sample_begin = end;
        let interval = reception.sample();
        if interval.packets > 0 {
            let figures = self.figures(now, &interval);
            self.received.sample(sample, &figures, self.codec, true, &self.thresholds, out);
        }
    }

    fn figures(&self, now: Duration, interval: &Interval) -> Figures {
        Figures {
            expected: interval.expected,
            lost: interval.lost,
            discarded: interval.discarded,
            burst_ratio: interval.burst_ratio,
            jitter_ms: interval.jitter_ms,
            rtt_ms: self.round_trip_ms(now),
            buffer_ms: self.buffer_ms.map(f64::from),
        }
    }

    /// The next sample of our counters begins now, and what was before it is not sampled.
    fn start_sample(&mut self, now: Duration, reception: &mut Reception) {
        reception.sample();
        self.sample_begin = now;
    }

    /// The leg is held: no RTP is expected, and silence is over. What else is open stays so.
    pub fn suspend(&mut self, now: Duration, out: &mut Vec<Episode>) {
        if !self.suspended {
            self.quiet.heard(now, out);
            tell(out, now, Stream::Sent, Metric::OneWayAudio, self.unheard.ends(now));
            self.suspended = true;
        }
    }

    /// The leg is back: what comes starts afresh.
    pub fn resume(&mut self, now: Duration, reception: &mut Reception) {
        if self.suspended {
            self.suspended = false;
            reception.restart();
            self.start_sample(now, reception);
            self.quiet.expect(now);
            self.received.forget();
            self.sent.forget();
            self.peer.forget();
            self.trip.detector.forget();
            self.trip.pending = Tally::default();
            self.trip.sample_begin = now;
        }
    }

    /// The leg ended: clears what is open (`leg_ended`) and sums up.
    pub fn finish(
        &mut self,
        now: Duration,
        reception: &mut Reception,
        out: &mut Vec<Episode>,
    ) -> LegSummary {
        self.tick(now, reception, out);
        if !self.suspended && now.saturating_sub(self.sample_begin) >= LEAST_REMAINDER {
            let interval = reception.sample();
            let figures = self.figures(now, &interval);
            self.received.remainder(&figures, self.codec);
        }
        self.quiet.heard(now, out);
        tell(out, now, Stream::Sent, Metric::OneWayAudio, self.unheard.ends(now));
        self.received.finish(now, out);
        self.sent.finish(now, out);
        let found = self.trip.detector.finish();
        tell(out, now, Stream::Sent, Metric::RoundTripTime, found);
        LegSummary { received: self.received_summary(reception), sent: self.sent_summary() }
    }

    fn received_summary(&self, reception: &Reception) -> StreamSummary {
        let totals = reception.totals();
        // Shorter than a sample, or never a conversation (a voice menu): all of it is one sample.
        let whole = Figures {
            expected: u32::try_from(totals.expected).unwrap_or(u32::MAX),
            lost: u32::try_from(totals.lost).unwrap_or(u32::MAX),
            discarded: u32::try_from(totals.discarded).unwrap_or(u32::MAX),
            burst_ratio: 1.0,
            jitter_ms: totals.jitter_avg_ms,
            rtt_ms: self.trip.tally.mean(),
            buffer_ms: self.buffer_ms.map(f64::from),
        };
        let whole = || whole.score(self.codec).map(|score| score.mos);
        StreamSummary {
            packets: totals.packets,
            lost: totals.lost,
            discarded: totals.discarded,
            duplicate: totals.duplicates,
            reordered: totals.reordered,
            jitter_avg_ms: totals.jitter_avg_ms,
            jitter_max_ms: totals.jitter_max_ms,
            rtt_avg_ms: self.trip.tally.mean(),
            rtt_max_ms: self.trip.tally.high(),
            mos_avg: self.received.mos_tally.mean().or_else(whole),
            mos_min: self.received.mos_tally.low().or_else(whole),
            burst: totals.burst,
        }
    }

    fn sent_summary(&self) -> StreamSummary {
        let packets = self.quiet.packets_sent();
        let metrics = self.metrics.unwrap_or_default();
        let discarded = f64::from(metrics.discard_rate) * packets as f64;
        StreamSummary {
            packets,
            lost: self.peer_lost,
            discarded: discarded as u64,
            duplicate: 0,
            reordered: 0,
            jitter_avg_ms: self.sent.jitter_tally.mean(),
            jitter_max_ms: self.sent.jitter_tally.high(),
            rtt_avg_ms: self.trip.tally.mean(),
            rtt_max_ms: self.trip.tally.high(),
            mos_avg: self.sent.mos_tally.mean(),
            mos_min: self.sent.mos_tally.low(),
            burst: BurstGap {
                bursts: 0,
                burst_density: metrics.burst_density.into(),
                gap_density: metrics.gap_density.into(),
                burst_ms: metrics.burst_ms.into(),
                gap_ms: metrics.gap_ms.into(),
            },
        }
    }
}
