//! What was heard and why, in one plain sentence.
//!
//! Trouble of a received stream is heard by the other party, trouble of a sent one by this party.
//! A sentence names no cause that is not among the [`Facts`].

use std::fmt::Write;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::{Metric, Stream};

/// What is known about the stream of an episode.
#[derive(Clone, Copy, Debug, Default)]
pub struct Facts {
    /// Where the peer's SDP says its RTP is.
    pub signalled: Option<SocketAddr>,
    /// Where its RTP comes from.
    pub heard_from: Option<SocketAddr>,
    /// The address in SDP is private while the signalling came from elsewhere.
    pub signalled_is_private: bool,
    /// At least one packet had come before the episode began.
    pub ever_heard: bool,
    /// Since when nothing came, where that is longer than the episode.
    pub silent_for: Option<Duration>,
    /// Loss during the episode, percent.
    pub loss_percent: Option<f64>,
    /// Burst ratio of that loss (G.107 BurstR).
    pub burst_ratio: Option<f64>,
    /// Jitter during the episode.
    pub jitter_ms: Option<f64>,
    /// Round trip during the episode.
    pub round_trip_ms: Option<f64>,
}

/// How long an episode lasted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lasted {
    /// It is over.
    All(Duration),
    /// It goes on. If the leg ends before the episode does, this is the last that is said of it.
    SoFar(Duration),
}

impl Lasted {
    fn at_least(self, least: Duration) -> Self {
        match self {
            Self::All(time) => Self::All(time.max(least)),
            Self::SoFar(time) => Self::SoFar(time.max(least)),
        }
    }

    fn told(self) -> String {
        match self {
            Self::All(time) => format!("for {}", lasting(time)),
            Self::SoFar(time) => format!("for more than {}", lasting(time)),
        }
    }
}

/// Loss is told to be in bursts from this burst ratio on.
const BURSTY: f64 = 2.0;
/// What a score is put down to: loss in percent, jitter and round trip in ms.
const TELLING_LOSS: f64 = 1.0;
const TELLING_JITTER: f64 = 30.0;
const TELLING_ROUND_TRIP: f64 = 300.0;

/// What was heard and why. `who` is the leg's party, `other` whom it talks to; `worst` is in the
/// metric's unit.
pub fn explain(
    metric: Metric,
    stream: Stream,
    worst: f64,
    lasted: Lasted,
    facts: &Facts,
    who: &str,
    other: &str,
) -> String {
    let told = Told { stream, worst, facts, who, other, lasting: lasted.told() };
    match metric {
        Metric::PacketLoss => told.loss(),
        Metric::Jitter => told.jitter(),
        Metric::RoundTripTime => told.round_trip(),
        Metric::Mos => told.score(),
        Metric::OneWayAudio => told.one_way(lasted),
        Metric::MediaTimeout => told.timeout(),
    }
}

/// What the sentences are made of.
struct Told<'a> {
    stream: Stream,
    worst: f64,
    facts: &'a Facts,
    who: &'a str,
    other: &'a str,
    /// "for 6 s".
    lasting: String,
}

impl Told<'_> {
    /// Who hears the trouble, and whom they hear.
    fn listener_and_talker(&self) -> (&str, &str) {
        match self.stream {
            Stream::Received => (self.other, self.who),
            Stream::Sent => (self.who, self.other),
        }
    }

    /// The leg's address: where it is heard from, else where it says it is.
    fn address(&self) -> String {
        let known = self.facts.heard_from.or(self.facts.signalled);
        known.map_or_else(|| self.who.to_owned(), |address| plain(address.ip()))
    }

    /// The packets concerned: "packets from 203.0.113.9".
    fn packets(&self) -> String {
        match self.stream {
            Stream::Received => format!("the packets from {}", self.address()),
            Stream::Sent => format!("our packets to {}", self.address()),
        }
    }

    fn loss(&self) -> String {
        let (listener, talker) = self.listener_and_talker();
        let mut text = format!(
            "{listener} heard gaps in what {talker} said {}: up to {} % of {} were lost",
            self.lasting,
            short(self.worst),
            self.packets()
        );
        match self.facts.burst_ratio {
            Some(ratio) if ratio >= BURSTY => text.push_str(", several in a row"),
            Some(_) => text.push_str(", one here and there"),
            None => {}
        }
        text
    }

    fn jitter(&self) -> String {
        let (listener, talker) = self.listener_and_talker();
        format!(
            "{listener} may have heard {talker} stutter {}: {} came unevenly, with a jitter of up \
             to {} ms",
            self.lasting,
            self.packets(),
            self.worst.round()
        )
    }

    fn round_trip(&self) -> String {
        let (listener, talker) = self.listener_and_talker();
        format!(
            "{listener} and {talker} heard each other late {}: to {} and back took up to {} ms",
            self.lasting,
            self.address(),
            self.worst.round()
        )
    }

    fn score(&self) -> String {
        let (listener, talker) = self.listener_and_talker();
        let mut text = format!(
            "{listener} heard {talker} badly {} (score down to {:.1} of 4.5): ",
            self.lasting, self.worst
        );
        let Facts { loss_percent, jitter_ms, round_trip_ms, .. } = *self.facts;
        let mut causes = Vec::new();
        if let Some(loss) = loss_percent.filter(|loss| *loss >= TELLING_LOSS) {
            causes.push(format!("{} % of {} were lost", short(loss), self.packets()));
        }
        if let Some(jitter) = jitter_ms.filter(|jitter| *jitter >= TELLING_JITTER) {
            causes.push(format!("jitter was {} ms", jitter.round()));
        }
        if let Some(ms) = round_trip_ms.filter(|ms| *ms >= TELLING_ROUND_TRIP) {
            causes.push(format!("to {} and back took {} ms", self.address(), ms.round()));
        }
        match causes.is_empty() {
            true => text.push_str("no single cause is known"),
            false => text.push_str(&causes.join(", ")),
        }
        text
    }

    fn one_way(&self, lasted: Lasted) -> String {
        let (listener, talker) = self.listener_and_talker();
        let quiet = lasted.at_least(self.facts.silent_for.unwrap_or_default());
        let mut text = format!("{listener} heard nothing {}: ", quiet.told());
        // Writing to a string does not fail.
        let _ = match (self.stream, self.facts.ever_heard) {
            (Stream::Received, false) => match self.facts.signalled {
                Some(at) => write!(text, "no RTP from {} after the answer", plain(at.ip())),
                None => write!(text, "no RTP from {talker} after the answer"),
            },
            (Stream::Received, true) => {
                write!(text, "RTP from {} stopped while ours went on", self.address())
            }
            (Stream::Sent, _) => {
                write!(text, "by its reports nothing of what we sent to {} arrived", self.address())
            }
        };
        // A private address explains what never came, and what went there.
        let explains = match self.stream {
            Stream::Received => !self.facts.ever_heard,
            Stream::Sent => self.facts.heard_from.is_none(),
        };
        if self.facts.signalled_is_private && explains {
            text.push_str("; private address in SDP");
        }
        text
    }

    fn timeout(&self) -> String {
        let at = self.address();
        let text = format!("nobody heard anything {}: ", self.lasting);
        match (self.stream, self.facts.ever_heard) {
            (Stream::Received, true) => {
                format!("{text}RTP from {at} stopped, and none was sent to it")
            }
            (Stream::Received, false) => {
                format!("{text}no RTP from {at} after the answer, and none was sent to it")
            }
            (Stream::Sent, _) => format!("{text}no RTP was sent to {at}, and none came from it"),
        }
    }
}

/// "6 s", "2 min 5 s"; at least 1 s.
fn lasting(duration: Duration) -> String {
    let seconds = (duration.as_millis() as u64).saturating_add(500) / 1000;
    match (seconds / 60, seconds % 60) {
        (0, s) => format!("{} s", s.max(1)),
        (min, 0) => format!("{min} min"),
        (min, s) => format!("{min} min {s} s"),
    }
}

/// One decimal, and none where it is 0.
fn short(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or_else(|| text.clone(), str::to_owned)
}

/// An IPv4 address that came in at an IPv6 socket is told as what it is.
fn plain(address: IpAddr) -> String {
    address.to_canonical().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FOR_6_S: Duration = Duration::from_secs(6);

    fn there() -> Facts {
        let at = "203.0.113.9:4000".parse().ok();
        Facts { signalled: at, heard_from: at, ever_heard: true, ..Facts::default() }
    }

    fn never_heard() -> Facts {
        let signalled = "203.0.113.9:4000".parse().ok();
        Facts { signalled, ..Facts::default() }
    }

    fn private() -> Facts {
        let signalled = "192.168.1.20:4000".parse().ok();
        Facts { signalled, signalled_is_private: true, ..Facts::default() }
    }

    fn told(metric: Metric, stream: Stream, worst: f64, facts: Facts) -> String {
        explain(metric, stream, worst, Lasted::All(FOR_6_S), &facts, "Anna", "caller")
    }

    #[test]
    fn every_metric_of_both_streams_has_its_sentence() {
        use Metric::*;
        use Stream::*;
        let bursts = Facts { burst_ratio: Some(3.0), ..there() };
        let chance = Facts { burst_ratio: Some(1.1), ..there() };
        let causes = Facts {
            loss_percent: Some(5.04),
            jitter_ms: Some(45.0),
            round_trip_ms: Some(600.0),
            ..there()
        };
        let moved = Facts { heard_from: "[::ffff:198.51.100.7]:9".parse().ok(), ..private() };
        let moved = Facts { ever_heard: true, ..moved };
        let table = [
            told(PacketLoss, Received, 8.0, there()),
            told(PacketLoss, Received, 8.26, bursts),
            told(PacketLoss, Sent, 12.0, chance),
            told(Jitter, Received, 60.4, there()),
            told(Jitter, Sent, 60.0, there()),
            told(RoundTripTime, Received, 601.0, there()),
            told(RoundTripTime, Sent, 601.0, there()),
            told(Mos, Received, 3.21, there()),
            told(Mos, Received, 3.21, causes),
            told(Mos, Sent, 2.0, Facts { jitter_ms: None, ..causes }),
            told(OneWayAudio, Received, 6.0, there()),
            told(OneWayAudio, Received, 6.0, never_heard()),
            told(OneWayAudio, Received, 6.0, private()),
            told(OneWayAudio, Received, 6.0, moved),
            told(OneWayAudio, Received, 6.0, Facts { ever_heard: false, ..moved }),
            told(OneWayAudio, Received, 6.0, Facts::default()),
            told(OneWayAudio, Sent, 6.0, there()),
            told(OneWayAudio, Sent, 6.0, private()),
            told(MediaTimeout, Received, 10.0, there()),
            told(MediaTimeout, Received, 10.0, never_heard()),
            told(MediaTimeout, Sent, 10.0, there()),
        ];
        let expected = "\
caller heard gaps in what Anna said for 6 s: up to 8 % of the packets from 203.0.113.9 were lost
caller heard gaps in what Anna said for 6 s: up to 8.3 % of the packets from 203.0.113.9 were lost, several in a row
Anna heard gaps in what caller said for 6 s: up to 12 % of our packets to 203.0.113.9 were lost, one here and there
caller may have heard Anna stutter for 6 s: the packets from 203.0.113.9 came unevenly, with a jitter of up to 60 ms
Anna may have heard caller stutter for 6 s: our packets to 203.0.113.9 came unevenly, with a jitter of up to 60 ms
caller and Anna heard each other late for 6 s: to 203.0.113.9 and back took up to 601 ms
Anna and caller heard each other late for 6 s: to 203.0.113.9 and back took up to 601 ms
caller heard Anna badly for 6 s (score down to 3.2 of 4.5): no single cause is known
caller heard Anna badly for 6 s (score down to 3.2 of 4.5): 5 % of the packets from 203.0.113.9 were lost, jitter was 45 ms, to 203.0.113.9 and back took 600 ms
Anna heard caller badly for 6 s (score down to 2.0 of 4.5): 5 % of our packets to 203.0.113.9 were lost, to 203.0.113.9 and back took 600 ms
caller heard nothing for 6 s: RTP from 203.0.113.9 stopped while ours went on
caller heard nothing for 6 s: no RTP from 203.0.113.9 after the answer
caller heard nothing for 6 s: no RTP from 192.168.1.20 after the answer; private address in SDP
caller heard nothing for 6 s: RTP from 198.51.100.7 stopped while ours went on
caller heard nothing for 6 s: no RTP from 192.168.1.20 after the answer; private address in SDP
caller heard nothing for 6 s: no RTP from Anna after the answer
Anna heard nothing for 6 s: by its reports nothing of what we sent to 203.0.113.9 arrived
Anna heard nothing for 6 s: by its reports nothing of what we sent to 192.168.1.20 arrived; private address in SDP
nobody heard anything for 6 s: RTP from 203.0.113.9 stopped, and none was sent to it
nobody heard anything for 6 s: no RTP from 203.0.113.9 after the answer, and none was sent to it
nobody heard anything for 6 s: no RTP was sent to 203.0.113.9, and none came from it";
        assert_eq!(table.join("\n"), expected);
    }

    #[test]
    fn an_episode_that_goes_on_is_longer_than_it_is_by_now() {
        let so_far = Lasted::SoFar(FOR_6_S);
        let tell =
            |metric| explain(metric, Stream::Received, 5.0, so_far, &there(), "Anna", "caller");
        assert_eq!(
            tell(Metric::OneWayAudio),
            "caller heard nothing for more than 6 s: \
             RTP from 203.0.113.9 stopped while ours went on"
        );
        assert!(tell(Metric::RoundTripTime).contains("late for more than 6 s: to 203.0.113.9"));
    }

    #[test]
    fn durations_read_as_people_say_them() {
        let text = |ms| lasting(Duration::from_millis(ms));
        assert_eq!(text(100), "1 s");
        assert_eq!(text(5_500), "6 s");
        assert_eq!(text(60_000), "1 min");
        assert_eq!(text(125_000), "2 min 5 s");
    }

    #[test]
    fn silence_from_before_the_episode_counts() {
        let facts = Facts { silent_for: Some(Duration::from_secs(61)), ..never_heard() };
        let text = told(Metric::OneWayAudio, Stream::Received, 6.0, facts);
        assert!(text.starts_with("caller heard nothing for 1 min 1 s: "), "{text}");
    }
}
