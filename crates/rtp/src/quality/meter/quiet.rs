//! Silences of a leg, looked at by time and not by samples.

use std::time::Duration;

use super::super::episode::Silence;
use super::super::thresholds::Thresholds;
use super::super::{Episode, Metric, Source, Stream};
use super::track::tell;
use crate::reception::Reception;

/// A pause of this length or more is not a flow.
const FLOW_GAP: Duration = Duration::from_secs(2);
/// After comfort noise a source may be silent so many times longer (RFC 3389 sets no interval).
const ANNOUNCED: u32 = 6;

/// What flows, and since when something does not.
#[derive(Clone, Debug, Default)]
pub(super) struct Quiet {
    /// RTP is expected since.
    expected_since: Duration,
    /// Packets sent to the leg, the last one, and the first one of the present flow.
    sent: u64,
    last_sent: Option<Duration>,
    flow_since: Duration,
    /// Nothing from the leg while we send; nothing either way.
    one_way: Silence,
    timeout: Silence,
}

impl Quiet {
    pub(super) fn new(now: Duration) -> Self {
        Self { expected_since: now, ..Self::default() }
    }

    /// RTP is expected from now on, whatever was before.
    pub(super) fn expect(&mut self, now: Duration) {
        self.expected_since = now;
        self.flow_since = self.flow_since.max(now);
    }

    pub(super) fn sent(&mut self, now: Duration) {
        if self.last_sent.is_none_or(|last| now.saturating_sub(last) >= FLOW_GAP) {
            self.flow_since = now;
        }
        self.last_sent = Some(now);
        self.sent += 1;
    }

    pub(super) fn packets_sent(&self) -> u64 {
        self.sent
    }

    pub(super) fn expected_since(&self) -> Duration {
        self.expected_since
    }

    /// Whether a silence was told that is not over.
    pub(super) fn is_told(&self) -> bool {
        self.one_way.is_open() || self.timeout.is_open()
    }

    /// When the leg was last heard, or since when it should be.
    fn unheard_since(&self, reception: &Reception) -> Duration {
        reception.last_packet().unwrap_or_default().max(self.expected_since)
    }

    /// Since when nothing comes though we send, and how long that may last.
    fn one_way_of(&self, reception: &Reception, limits: &Thresholds) -> (Duration, Duration) {
        let since = self.unheard_since(reception).max(self.flow_since);
        (since, limits.one_way_after * patience(reception))
    }

    /// Since when nothing goes either way, and how long that may last.
    fn timeout_of(&self, reception: &Reception, limits: &Thresholds) -> (Duration, Duration) {
        let since = self.unheard_since(reception).max(self.last_sent.unwrap_or_default());
        (since, limits.media_timeout_after * patience(reception))
    }

    /// Whether we were sending at `at`.
    fn flows_at(&self, at: Duration) -> bool {
        self.last_sent.is_some_and(|last| last + FLOW_GAP > at)
    }

    /// When something is to be told if nothing changes.
    pub(super) fn due(
        &self,
        now: Duration,
        reception: &Reception,
        limits: &Thresholds,
    ) -> Option<Duration> {
        let (since, after) = self.one_way_of(reception, limits);
        let one_way = self.one_way.due(since, after);
        let one_way =
            one_way.filter(|at| self.one_way.is_open() || *at > now || self.flows_at(*at));
        let (since, after) = self.timeout_of(reception, limits);
        let timeout = self.timeout.due(since, after);
        [one_way, timeout].into_iter().flatten().min()
    }

    /// Raises what is due. Gives whether a silence that was told is over.
    pub(super) fn look(
        &mut self,
        now: Duration,
        reception: &Reception,
        limits: &Thresholds,
        out: &mut Vec<Episode>,
    ) -> bool {
        if self.is_told() {
            let heard = self.unheard_since(reception);
            if self.one_way.since().or(self.timeout.since()).is_some_and(|since| heard > since) {
                return self.heard(heard, out);
            }
            if self.timeout.since().is_some_and(|since| self.flow_since > since) {
                tell_one(
                    out,
                    self.flow_since,
                    Metric::MediaTimeout,
                    self.timeout.ends(self.flow_since),
                );
            }
        }
        let (since, after) = self.one_way_of(reception, limits);
        if self.one_way.is_open() || self.flows_at(since + after) {
            let found = self.one_way.lasts(since, now, after, Source::LocalRtp);
            if let Some((at, verdict)) = found {
                tell_one(out, at, Metric::OneWayAudio, Some(verdict));
            }
        }
        let (since, after) = self.timeout_of(reception, limits);
        if let Some((at, verdict)) = self.timeout.lasts(since, now, after, Source::LocalRtp) {
            tell_one(out, at, Metric::MediaTimeout, Some(verdict));
        }
        false
    }

    /// A packet came from the leg: no silence is left. Gives whether one was told.
    pub(super) fn heard(&mut self, now: Duration, out: &mut Vec<Episode>) -> bool {
        let was_told = self.is_told();
        tell_one(out, now, Metric::OneWayAudio, self.one_way.ends(now));
        tell_one(out, now, Metric::MediaTimeout, self.timeout.ends(now));
        was_told
    }
}

/// How much longer silence may last than without comfort noise.
fn patience(reception: &Reception) -> u32 {
    if reception.silence_announced() { ANNOUNCED } else { 1 }
}

fn tell_one(
    out: &mut Vec<Episode>,
    at: Duration,
    metric: Metric,
    found: Option<super::super::episode::Verdict>,
) {
    tell(out, at, Stream::Received, metric, found);
}
