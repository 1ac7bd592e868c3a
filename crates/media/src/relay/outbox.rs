//! Events on their way to the core, which may be busy: none that somebody waits for is ever lost,
//! and what tells the same thing twice is told once.
//!
//! Limits: ports, legs, plays and recordings are limited, and so are the events about them. Digits
//! and quality are as many as a far end likes to cause: beyond [`LIMIT`] they are dropped and
//! counted.

use std::collections::VecDeque;

use call::port::{LegId, MediaEvent, PortPair, QualityChange, QualityNotice};

/// Events that may wait before digits and quality are dropped.
pub(super) const LIMIT: usize = 16_384;
/// How far back an event looks for one that it may join.
const LOOK_BACK: usize = 256;

/// What waits.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    queue: VecDeque<MediaEvent>,
    dropped: u64,
}

impl Outbox {
    /// An event that is to be told.
    pub(super) fn push(&mut self, event: MediaEvent) {
        let event = match event {
            MediaEvent::Stock(pairs) => return self.push_stock(pairs),
            MediaEvent::TimedOut { leg, .. } => {
                if self.recent().any(|other| is_timeout_of(other, leg)) {
                    return;
                }
                event
            }
            MediaEvent::Quality(notice) => match self.join(notice) {
                Some(notice) => MediaEvent::Quality(notice),
                None => return,
            },
            MediaEvent::Digit { .. } if self.is_full() => {
                self.dropped += 1;
                return;
            }
            MediaEvent::Digit { .. }
            | MediaEvent::FellSilent { .. }
            | MediaEvent::Played { .. }
            | MediaEvent::Closed { .. }
            | MediaEvent::RecordingFailed { .. }
            | MediaEvent::Recorded { .. } => event,
        };
        self.queue.push_back(event);
    }

    /// Offers events in their order until one is refused; `false`: one was.
    pub(super) fn offer(
        &mut self,
        mut take: impl FnMut(MediaEvent) -> Result<(), MediaEvent>,
    ) -> bool {
        while let Some(event) = self.queue.pop_front() {
            if let Err(event) = take(event) {
                self.queue.push_front(event);
                return false;
            }
        }
        true
    }

    /// Digits and changes of quality that were dropped.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped
    }

    fn is_full(&self) -> bool {
        self.queue.len() >= LIMIT
    }

    fn recent(&mut self) -> impl Iterator<Item = &mut MediaEvent> {
        self.queue.iter_mut().rev().take(LOOK_BACK)
    }

    /// Several reports of stock that wait become one.
    fn push_stock(&mut self, pairs: Vec<PortPair>) {
        let waiting = self.queue.iter_mut().find_map(|event| match event {
            MediaEvent::Stock(waiting) => Some(waiting),
            MediaEvent::TimedOut { .. }
            | MediaEvent::Played { .. }
            | MediaEvent::Digit { .. }
            | MediaEvent::FellSilent { .. }
            | MediaEvent::Quality(_)
            | MediaEvent::Closed { .. }
            | MediaEvent::RecordingFailed { .. }
            | MediaEvent::Recorded { .. } => None,
        });
        match waiting {
            Some(waiting) => waiting.extend(pairs),
            None => self.queue.push_back(MediaEvent::Stock(pairs)),
        }
    }

    /// An episode that gets worse while its last change waits is that change.
    fn join(&mut self, notice: QualityNotice) -> Option<QualityNotice> {
        if let QualityChange::Worsened { severity, worst } = notice.change {
            let waiting = self.recent().find_map(|event| match event {
                MediaEvent::Quality(other) if is_same_episode(other, &notice) => Some(other),
                MediaEvent::Quality(_)
                | MediaEvent::Stock(_)
                | MediaEvent::TimedOut { .. }
                | MediaEvent::Played { .. }
                | MediaEvent::Digit { .. }
                | MediaEvent::FellSilent { .. }
                | MediaEvent::Closed { .. }
                | MediaEvent::RecordingFailed { .. }
                | MediaEvent::Recorded { .. } => None,
            });
            match waiting.map(|waiting| (&mut waiting.change, &mut waiting.explanation)) {
                Some((QualityChange::Raised { severity: s, worst: w, .. }, explanation))
                | Some((QualityChange::Worsened { severity: s, worst: w }, explanation)) => {
                    (*s, *w) = (severity, worst);
                    *explanation = notice.explanation;
                    return None;
                }
                Some((QualityChange::Cleared { .. }, _)) | None => {}
            }
        }
        // An episode whose beginning was told has to end.
        let ends = matches!(notice.change, QualityChange::Cleared { .. });
        if self.is_full() && !ends {
            self.dropped += 1;
            return None;
        }
        Some(notice)
    }
}

fn is_timeout_of(event: &MediaEvent, leg: LegId) -> bool {
    matches!(event, MediaEvent::TimedOut { leg: other, .. } if *other == leg)
}

fn is_same_episode(one: &QualityNotice, other: &QualityNotice) -> bool {
    (one.leg, one.stream, one.metric) == (other.leg, other.stream, other.metric)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use call::port::{Digit, QualityMetric, QualitySeverity, QualitySource, QualityStream};

    use super::*;

    fn notice(change: QualityChange) -> MediaEvent {
        MediaEvent::Quality(QualityNotice {
            leg: LegId(1),
            stream: QualityStream::Received,
            metric: QualityMetric::Jitter,
            change,
            source: QualitySource::LocalRtp,
            explanation: "".into(),
        })
    }

    fn all(outbox: &mut Outbox) -> Vec<MediaEvent> {
        let mut events = Vec::new();
        assert!(outbox.offer(|event| {
            events.push(event);
            Ok(())
        }));
        events
    }

    #[test]
    fn what_tells_the_same_is_told_once() {
        let mut outbox = Outbox::default();
        let stock = |rtp| MediaEvent::Stock(vec![PortPair { rtp }]);
        let severity = QualitySeverity::Warning;
        let timed_out = |s| MediaEvent::TimedOut { leg: LegId(1), after: Duration::from_secs(s) };
        outbox.push(stock(2));
        outbox.push(timed_out(60));
        outbox.push(notice(QualityChange::Raised { severity, threshold: 30.0, worst: 31.0 }));
        outbox.push(stock(4));
        outbox.push(timed_out(61));
        let critical = QualitySeverity::Critical;
        outbox.push(notice(QualityChange::Worsened { severity: critical, worst: 200.0 }));
        outbox.push(notice(QualityChange::Cleared { worst: 200.0 }));
        let raised = QualityChange::Raised { severity: critical, threshold: 30.0, worst: 200.0 };
        let expected = [
            MediaEvent::Stock(vec![PortPair { rtp: 2 }, PortPair { rtp: 4 }]),
            timed_out(60),
            notice(raised),
            notice(QualityChange::Cleared { worst: 200.0 }),
        ];
        assert_eq!(all(&mut outbox), expected);
    }

    #[test]
    fn a_flood_of_digits_is_dropped_and_nothing_that_is_waited_for() {
        let mut outbox = Outbox::default();
        let digit = MediaEvent::Digit { leg: LegId(1), digit: Digit::new('1').unwrap() };
        for _ in 0..LIMIT + 5 {
            outbox.push(digit.clone());
        }
        assert_eq!(outbox.dropped(), 5);
        outbox.push(MediaEvent::Closed { leg: LegId(1), streams: Vec::new() });
        assert!(!outbox.offer(Err));
        assert_eq!(all(&mut outbox).len(), LIMIT + 1);
    }
}
