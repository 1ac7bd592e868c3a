//! What the peer says about the stream that it gets from us: differences of its reports, and
//! whether it gets anything at all.

use std::time::Duration;

use super::PACKET_MS;

/// What a peer's report block says about our stream (RFC 3550 §6.4.1), and the round trip that its
/// LSR and DLSR tell, if they do.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PeerReport {
    /// Loss since its last report, in 256ths. Used where a peer leaves the cumulative loss at 0.
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
    /// Delay within the peer's system, both ways; used where the jitter buffer is not told.
    pub end_system_delay_ms: Option<f64>,
    /// Nominal jitter buffer.
    pub jitter_buffer_ms: Option<f64>,
    /// Conversational score, 1 to 5.
    pub mos_cq: Option<f64>,
}

/// What is kept of the last [`PeerMetrics`]: they are about the whole stream.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PeerFigures {
    pub(super) at: Duration,
    pub(super) discard_rate: f32,
    pub(super) burst_density: f32,
    pub(super) gap_density: f32,
    pub(super) burst_ms: f32,
    pub(super) gap_ms: f32,
    pub(super) buffer_ms: Option<f32>,
    pub(super) scores: bool,
}

impl PeerFigures {
    pub(super) fn new(at: Duration, metrics: &PeerMetrics) -> Self {
        let single = |value: Option<f64>| value.unwrap_or(0.0) as f32;
        Self {
            at,
            discard_rate: single(metrics.discard_rate).clamp(0.0, 1.0),
            burst_density: single(metrics.burst_density),
            gap_density: single(metrics.gap_density),
            burst_ms: single(metrics.burst_ms),
            gap_ms: single(metrics.gap_ms),
            // Both ways through the peer's system are about a buffer and a packet each.
            buffer_ms: metrics
                .jitter_buffer_ms
                .or(metrics.end_system_delay_ms.map(|ms| (ms / 2.0 - PACKET_MS).max(0.0)))
                .map(|ms| ms as f32),
            scores: metrics.mos_cq.is_some(),
        }
    }
}

/// The reports so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PeerView {
    last: Option<Last>,
    /// When the stream began, while no report about it came.
    begin: Option<Duration>,
    /// Numbers that we left out in this stretch, which the peer will count as lost, and those of
    /// the stretch before that it did not count yet. Older ones came late after all.
    credit: u32,
    carried: u32,
    /// Since when its highest number stands still though we send.
    stuck_since: Option<Duration>,
    /// It was stuck: what it missed meanwhile is told already.
    was_stuck: bool,
}

#[derive(Clone, Copy, Debug)]
struct Last {
    at: Duration,
    highest: u32,
    lost: i32,
    sent: u64,
}

impl Last {
    fn new(at: Duration, report: &PeerReport, sent: u64) -> Self {
        Self { at, highest: report.extended_highest, lost: report.cumulative_lost, sent }
    }
}

/// A stretch between two reports.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Stretch {
    pub(super) begin: Duration,
    pub(super) expected: u32,
    pub(super) lost: u32,
}

/// So many packets sent without its highest number moving mean that it gets none.
const STUCK_PACKETS: u64 = 50;
/// A larger step of its highest number is another stream.
const MOST_STEP: u32 = 100_000;

impl PeerView {
    /// The stream begins now; the first report is about all of it.
    pub(super) fn new(now: Duration) -> Self {
        Self { begin: Some(now), ..Self::default() }
    }

    /// Numbers that were never sent.
    pub(super) fn skipped(&mut self, packets: u32) {
        self.credit = self.credit.saturating_add(packets);
    }

    /// What comes has nothing to do with what was.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    /// Takes a report in, and gives what it says of the stretch since the last one, which was at
    /// least `spacing` ago. `sent`: packets sent so far.
    pub(super) fn report(
        &mut self,
        now: Duration,
        spacing: Duration,
        report: &PeerReport,
        sent: u64,
    ) -> Option<Stretch> {
        let Some(last) = self.last else {
            self.last = Some(Last::new(now, report, sent));
            let expected = u32::try_from(sent).unwrap_or(u32::MAX);
            let lost = u32::try_from(report.cumulative_lost).unwrap_or(0).min(expected);
            let lost = self.less_credit(lost);
            return self.begin.take().map(|begin| Stretch { begin, expected, lost });
        };
        self.watch(&last, report, sent);
        if now.saturating_sub(last.at) < spacing {
            return None;
        }
        self.last = Some(Last::new(now, report, sent));
        let step = report.extended_highest.wrapping_sub(last.highest);
        if step > MOST_STEP || std::mem::take(&mut self.was_stuck) {
            (self.credit, self.carried) = (0, 0);
            return None;
        }
        let cumulative = report.cumulative_lost.saturating_sub(last.lost);
        let mut lost = u32::try_from(cumulative).unwrap_or(0).min(step);
        if report.cumulative_lost == 0 && last.lost == 0 {
            lost = (u64::from(step) * u64::from(report.fraction_lost) / 256) as u32;
        }
        let lost = self.less_credit(lost);
        Some(Stretch { begin: last.at, expected: step, lost })
    }

    fn less_credit(&mut self, lost: u32) -> u32 {
        let lost = lost.saturating_sub(std::mem::take(&mut self.carried));
        let ours = lost.min(self.credit);
        self.carried = std::mem::take(&mut self.credit) - ours;
        lost - ours
    }

    fn watch(&mut self, last: &Last, report: &PeerReport, sent: u64) {
        let highest = report.extended_highest;
        if highest != last.highest || highest == 0 {
            self.was_stuck |= self.stuck_since.take().is_some();
        } else if sent >= last.sent + STUCK_PACKETS {
            self.stuck_since.get_or_insert(last.at);
        }
    }

    /// Since when the peer has got nothing of what we send.
    pub(super) fn stuck_since(&self) -> Option<Duration> {
        self.stuck_since
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPACING: Duration = Duration::from_secs(2);

    fn report(highest: u32, lost: i32) -> PeerReport {
        PeerReport { cumulative_lost: lost, extended_highest: highest, ..PeerReport::default() }
    }

    /// A stretch of 250 packets for each cumulative loss, after so many skipped numbers.
    fn lost(stretches: &[(u32, i32)]) -> Vec<u32> {
        let mut view = PeerView::new(Duration::ZERO);
        let mut found = Vec::new();
        for (n, (skipped, cumulative)) in (1..).zip(stretches) {
            view.skipped(*skipped);
            let report = report(1000 + 250 * n, *cumulative);
            let now = Duration::from_secs(5 * u64::from(n));
            found.extend(view.report(now, SPACING, &report, 250 * u64::from(n)));
        }
        found.iter().map(|stretch| stretch.lost).collect()
    }

    #[test]
    fn what_we_left_out_is_not_lost_on_the_way() {
        assert_eq!(lost(&[(0, 5), (0, 5), (0, 8)]), [5, 0, 3]);
        assert_eq!(lost(&[(0, 0), (10, 4), (0, 10), (0, 12)]), [0, 0, 0, 2]);
        assert_eq!(lost(&[(0, 0), (10, 0), (0, 0), (0, 7)]), [0, 0, 0, 7], "it came late");
        assert_eq!(lost(&[(0, 9), (0, 3)]), [9, 0], "duplicates made up for it");
    }

    #[test]
    fn reports_close_together_are_one_stretch() {
        let mut view = PeerView::default();
        let s = Duration::from_secs;
        assert_eq!(view.report(s(1), SPACING, &report(1000, 0), 0), None);
        assert_eq!(view.report(s(2), SPACING, &report(1050, 1), 50), None);
        let stretch = view.report(s(3), SPACING, &report(1100, 2), 100).unwrap();
        assert_eq!((stretch.begin, stretch.expected, stretch.lost), (s(1), 100, 2));
        let elsewhere = report(900_000_000, 2);
        assert_eq!(view.report(s(9), SPACING, &elsewhere, 200), None, "another stream");
    }

    #[test]
    fn a_peer_that_counts_no_total_is_read_by_its_fraction() {
        let mut view = PeerView::default();
        view.report(Duration::ZERO, SPACING, &report(1000, 0), 0);
        let halved = PeerReport { fraction_lost: 128, ..report(1200, 0) };
        let stretch = view.report(Duration::from_secs(5), SPACING, &halved, 200).unwrap();
        assert_eq!((stretch.expected, stretch.lost), (200, 100));
    }
}
