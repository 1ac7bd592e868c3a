//! The meter of one leg: samples of both its streams in, episodes and a summary out.

use std::time::Duration;

use super::emodel::CodecClass;
use super::thresholds::Thresholds;
use super::{Episode, Source};
use crate::reception::{BurstGap, Reception};

/// What a peer's report block says about our stream (RFC 3550 §6.4.1), and the round trip that its
/// LSR and DLSR tell, if they do.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PeerReport {
    /// Loss since its last report, in 256ths.
    pub fraction_lost: u8,
    /// Cumulative loss, sign-extended from 24 bits.
    pub cumulative_lost: i32,
    /// Cycles and highest sequence number.
    pub extended_highest: u32,
    /// Jitter in units of our stream's clock.
    pub jitter: u32,
    /// Round trip in milliseconds.
    pub round_trip_ms: Option<f64>,
}

/// What of a peer's VoIP metrics block is used (RFC 3611 §4.7). `None` where it said "unavailable".
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PeerMetrics {
    /// Packets that its jitter buffer threw away, 0 to 1.
    pub discard_rate: Option<f64>,
    /// Share of the packets within bursts that was lost, 0 to 1.
    pub burst_density: Option<f64>,
    /// Share of the packets within gaps that was lost, 0 to 1.
    pub gap_density: Option<f64>,
    /// Mean length of a burst.
    pub burst_ms: Option<f64>,
    /// Mean length of a gap.
    pub gap_ms: Option<f64>,
    /// Round trip between the two RTP endpoints.
    pub round_trip_ms: Option<f64>,
    /// Delay within the peer's system.
    pub end_system_delay_ms: Option<f64>,
    /// Nominal jitter buffer.
    pub jitter_buffer_ms: Option<f64>,
    /// Conversational score, 1 to 5.
    pub mos_cq: Option<f64>,
}

/// A stream at its end (`leg_quality`).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StreamSummary {
    /// Packets received, or sent.
    pub packets: u64,
    /// Packets lost on the way.
    pub lost: u64,
    /// Packets that a jitter buffer threw away.
    pub discarded: u64,
    /// Packets that came more than once (of a received stream).
    pub duplicate: u64,
    /// Packets that came late (of a received stream).
    pub reordered: u64,
    /// Mean jitter.
    pub jitter_avg_ms: Option<f64>,
    /// Highest jitter.
    pub jitter_max_ms: Option<f64>,
    /// Mean round trip.
    pub rtt_avg_ms: Option<f64>,
    /// Highest round trip.
    pub rtt_max_ms: Option<f64>,
    /// Mean score.
    pub mos_avg: Option<f64>,
    /// Lowest score.
    pub mos_min: Option<f64>,
    /// Bursts and gaps of loss.
    pub burst: BurstGap,
}

/// Both streams of a leg at its end.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LegSummary {
    /// From the leg to us.
    pub received: StreamSummary,
    /// From us to the leg.
    pub sent: StreamSummary,
}

/// The meter of one leg.
#[derive(Clone, Debug)]
pub struct Meter {
    thresholds: Thresholds,
    codec: CodecClass,
}

impl Meter {
    /// A meter that expects RTP from `now` on (the answer).
    pub fn new(now: Duration, codec: CodecClass, clock_rate: u32, thresholds: Thresholds) -> Self {
        let _ = (now, clock_rate);
        Self { thresholds, codec }
    }

    /// The codec or its clock changed (re-INVITE).
    pub fn codec(&mut self, codec: CodecClass, clock_rate: u32) {
        let _ = clock_rate;
        self.codec = codec;
    }

    /// The jitter buffer where this leg's sound is decoded holds so much.
    pub fn jitter_buffer(&mut self, ms: f64) {
        let _ = ms;
    }

    /// A packet was received and `reception` has it. Hot path.
    pub fn received(&mut self, now: Duration, reception: &mut Reception, out: &mut Vec<Episode>) {
        let _ = (now, reception, out);
    }

    /// A packet was sent to the leg. Hot path.
    pub fn sent(&mut self, now: Duration) {
        let _ = now;
    }

    /// So many numbers of our sequence were never sent, because they were lost before they came
    /// to us: their loss is the other leg's.
    pub fn skipped(&mut self, packets: u32) {
        let _ = packets;
    }

    /// A report block about our stream came from the peer.
    pub fn peer_report(&mut self, now: Duration, report: &PeerReport, out: &mut Vec<Episode>) {
        let _ = (now, report, out);
    }

    /// A VoIP metrics block about our stream came from the peer.
    pub fn peer_metrics(&mut self, now: Duration, metrics: &PeerMetrics, out: &mut Vec<Episode>) {
        let _ = (now, metrics, out);
    }

    /// A round trip that something else than a report block told (XR DLRR).
    pub fn round_trip(&mut self, now: Duration, ms: f64, source: Source, out: &mut Vec<Episode>) {
        let _ = (now, ms, source, out);
    }

    /// When [`tick`](Self::tick) has to be called next; `None` while suspended.
    pub fn due(&self) -> Option<Duration> {
        None
    }

    /// Takes a sample when one is due, and sees whether somebody fell silent.
    pub fn tick(&mut self, now: Duration, reception: &mut Reception, out: &mut Vec<Episode>) {
        let _ = (now, reception, out);
    }

    /// The leg is held: no RTP is expected, and silence is over.
    pub fn suspend(&mut self, now: Duration, out: &mut Vec<Episode>) {
        let _ = (now, out);
    }

    /// The leg is back: what comes starts afresh.
    pub fn resume(&mut self, now: Duration, reception: &mut Reception) {
        let _ = (now, reception);
    }

    /// The leg ended: clears what is open (`leg_ended`) and sums up.
    pub fn finish(
        &mut self,
        now: Duration,
        reception: &mut Reception,
        out: &mut Vec<Episode>,
    ) -> LegSummary {
        let _ = (now, reception, out);
        LegSummary::default()
    }
}
