//! What the meters say, in the core's words, and a leg's figures at its end.

use std::net::IpAddr;
use std::time::Duration;

use call::port::{
    MediaEvent, QualityChange, QualityMetric, QualityNotice, QualitySeverity, QualitySource,
    QualityStream, StreamQuality,
};
use rtp::quality::cause::{Facts, Lasted, explain};
use rtp::quality::{Change, Episode, Metric, Severity, Source, Stream, StreamSummary};

use super::leg::Leg;
use super::payloads::Payloads;
use super::{Notice, Place, Table};
use crate::relay::transport::is_private;

/// What stands for the leg's party in an explanation.
const PARTY: &str = "{party}";
/// What stands for whom it talks with.
const OTHER: &str = "{other}";

impl Table {
    /// Tells what the meters have said about the leg at `place`.
    pub(super) fn tell_episodes(&mut self, now: Duration, place: Place) {
        if self.episodes.is_empty() {
            return;
        }
        let Some(leg) = self.legs[place].as_ref() else { return };
        for episode in self.episodes.drain(..) {
            self.counts.episodes += u64::from(matches!(episode.change, Change::Raised { .. }));
            let notice = leg.notice(now, &episode, self.settings.local);
            self.notices.push(Notice::Event(MediaEvent::Quality(notice)));
        }
    }

    /// Tells how a leg that is over was.
    pub(super) fn finish(&mut self, now: Duration, leg: &mut Leg) {
        let summary = leg.meter.finish(now, &mut leg.reception, &mut self.episodes);
        for episode in self.episodes.drain(..) {
            let notice = leg.notice(now, &episode, self.settings.local);
            self.notices.push(Notice::Event(MediaEvent::Quality(notice)));
        }
        let mut streams = Vec::new();
        if leg.counters.rtp_received > 0 {
            streams.push(quality(QualityStream::Received, &mut leg.received, &summary.received));
        }
        if leg.counters.rtp_sent > 0 {
            streams.push(quality(QualityStream::Sent, &mut leg.sent, &summary.sent));
        }
        self.notices.push(Notice::Event(MediaEvent::Closed { leg: leg.id, streams }));
    }
}

impl Leg {
    fn notice(&self, now: Duration, episode: &Episode, local: IpAddr) -> QualityNotice {
        let worst = match episode.change {
            Change::Raised { value, .. } | Change::Worsened { value, .. } => value,
            Change::Cleared { worst } => worst,
        };
        let time = episode.until.saturating_sub(episode.since);
        let lasted = match episode.change {
            Change::Raised { .. } | Change::Worsened { .. } => Lasted::SoFar(time),
            Change::Cleared { .. } => Lasted::All(time),
        };
        let facts = self.facts(now, episode, local);
        let said = explain(episode.metric, episode.stream, worst, lasted, &facts, PARTY, OTHER);
        QualityNotice {
            leg: self.id,
            stream: stream(episode.stream),
            metric: metric(episode.metric),
            change: change(episode.change),
            source: source(episode.source),
            explanation: said.into(),
        }
    }

    fn facts(&self, now: Duration, episode: &Episode, local: IpAddr) -> Facts {
        let (signalled, heard_from) = (self.transport.signalled(), self.transport.source());
        // Where we have a private address ourselves, a private one may well be right.
        let signalled_is_private = signalled.is_some_and(|signalled| {
            is_private(signalled.ip())
                && !is_private(local)
                && heard_from.is_none_or(|heard| heard.ip() != signalled.ip())
        });
        // What came with the end of a silence was not heard before it.
        let heard_before = |first: Duration| first <= episode.since;
        Facts {
            signalled,
            heard_from,
            signalled_is_private,
            ever_heard: self.reception.first_packet().is_some_and(heard_before),
            silent_for: self.reception.last_packet().map(|at| now.saturating_sub(at)),
            ..self.meter.facts(episode.stream)
        }
    }
}

fn quality(
    stream: QualityStream,
    payloads: &mut Payloads,
    summary: &StreamSummary,
) -> StreamQuality {
    StreamQuality {
        stream,
        codec: payloads.main(),
        packets: summary.packets,
        lost: summary.lost,
        discarded: summary.discarded,
        duplicate: summary.duplicate,
        jitter_avg_ms: summary.jitter_avg_ms,
        jitter_max_ms: summary.jitter_max_ms,
        rtt_avg_ms: summary.rtt_avg_ms,
        rtt_max_ms: summary.rtt_max_ms,
        mos_avg: summary.mos_avg,
        mos_min: summary.mos_min,
    }
}

fn stream(stream: Stream) -> QualityStream {
    match stream {
        Stream::Received => QualityStream::Received,
        Stream::Sent => QualityStream::Sent,
    }
}

fn metric(metric: Metric) -> QualityMetric {
    match metric {
        Metric::PacketLoss => QualityMetric::PacketLoss,
        Metric::Jitter => QualityMetric::Jitter,
        Metric::RoundTripTime => QualityMetric::RoundTripTime,
        Metric::Mos => QualityMetric::Mos,
        Metric::OneWayAudio => QualityMetric::OneWayAudio,
        Metric::MediaTimeout => QualityMetric::MediaTimeout,
    }
}

fn source(source: Source) -> QualitySource {
    match source {
        Source::LocalRtp => QualitySource::LocalRtp,
        Source::Rtcp => QualitySource::Rtcp,
        Source::RtcpXr => QualitySource::RtcpXr,
    }
}

fn severity(severity: Severity) -> QualitySeverity {
    match severity {
        Severity::Warning => QualitySeverity::Warning,
        Severity::Critical => QualitySeverity::Critical,
    }
}

fn change(change: Change) -> QualityChange {
    match change {
        Change::Raised { severity: how, threshold, value } => {
            QualityChange::Raised { severity: severity(how), threshold, worst: value }
        }
        Change::Worsened { severity: how, value } => {
            QualityChange::Worsened { severity: severity(how), worst: value }
        }
        Change::Cleared { worst } => QualityChange::Cleared { worst },
    }
}
