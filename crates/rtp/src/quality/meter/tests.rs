//! Whole calls in virtual time: a leg whose network does what a script says.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::{Change, Severity};
use super::*;

/// What the network and the two parties do at a moment.
#[derive(Clone, Copy)]
struct Net {
    /// Loss from the leg and to it, percent; spread evenly.
    loss_in: f64,
    loss_out: f64,
    /// Packets from the leg come up to so much late.
    spread_ms: u64,
    rtt_ms: f64,
    /// The leg sends; packets for it come from the other party.
    talks: bool,
    fed: bool,
    /// What the leg sends arrives.
    through: bool,
    /// What we send arrives.
    reaches: bool,
}

const CLEAN: Net = Net {
    loss_in: 0.0,
    loss_out: 0.0,
    spread_ms: 0,
    rtt_ms: 20.0,
    talks: true,
    fed: true,
    through: true,
    reaches: true,
};

struct Call {
    now: Duration,
    start: Duration,
    meter: Meter,
    reception: Reception,
    out: Vec<Episode>,
    /// On their way to us: by time and number.
    flying: BTreeMap<(Duration, u32), (u16, u32, bool)>,
    number: u32,
    sequence: u16,
    timestamp: u32,
    /// Parts per million that the leg's clock is fast.
    drift_ppm: i64,
    marker: bool,
    owed_in: f64,
    owed_out: f64,
    /// What the leg counts of our stream.
    highest: u32,
    lost: i32,
    report_at: Duration,
    chance: u32,
}

impl Call {
    fn new() -> Self {
        Self::of(CodecClass::G711)
    }

    fn of(codec: CodecClass) -> Self {
        let start = Duration::from_secs(1_000_000);
        Self {
            now: start,
            start,
            meter: Meter::new(start, codec, 8000, Thresholds::default()),
            reception: Reception::new(8000),
            out: Vec::new(),
            flying: BTreeMap::new(),
            number: 0,
            sequence: 65_400,
            timestamp: 4_294_900_000,
            drift_ppm: 0,
            marker: true,
            owed_in: 0.0,
            owed_out: 0.0,
            highest: 7000,
            lost: 0,
            report_at: start + Duration::from_secs(5),
            chance: 1,
        }
    }

    fn random(&mut self, below: u64) -> u64 {
        self.chance = self.chance.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (u64::from(self.chance >> 8) * below) >> 24
    }

    /// `seconds` of the script, in steps of 20 ms.
    fn run(&mut self, seconds: f64, net: Net) {
        for _ in 0..(seconds * 50.0).round() as u32 {
            self.step(net);
        }
    }

    fn step(&mut self, net: Net) {
        self.now += Duration::from_millis(20);
        if net.talks {
            self.say(net, 160);
        }
        self.arrive();
        if net.fed {
            self.feed(net);
        }
        if self.now >= self.report_at && net.through {
            self.report(net);
        }
        while self.meter.due(self.now, &self.reception).is_some_and(|due| due <= self.now) {
            self.meter.tick(self.now, &mut self.reception, &mut self.out);
        }
    }

    fn say(&mut self, net: Net, ticks: u32) {
        let drift =
            self.now.saturating_sub(self.start).as_millis() as i64 * self.drift_ppm / 1_000_000;
        let late = 200_i64 + drift + self.random(net.spread_ms + 1) as i64;
        self.owed_in += net.loss_in / 100.0;
        if self.owed_in >= 1.0 {
            self.owed_in -= 1.0;
        } else if net.through {
            let at = self.now + Duration::from_millis(late as u64);
            self.flying.insert((at, self.number), (self.sequence, self.timestamp, self.marker));
        }
        self.marker = false;
        self.number += 1;
        self.sequence = self.sequence.wrapping_add(1);
        self.timestamp = self.timestamp.wrapping_add(ticks);
    }

    fn arrive(&mut self) {
        while let Some((&(at, number), &packet)) = self.flying.first_key_value() {
            if at > self.now {
                return;
            }
            self.flying.remove(&(at, number));
            let (sequence, timestamp, marker) = packet;
            self.reception.receive(at, sequence, timestamp, 7, marker, 160);
            self.meter.received(at, &mut self.reception, &mut self.out);
        }
    }

    fn feed(&mut self, net: Net) {
        self.meter.sent(self.now);
        self.owed_out += net.loss_out / 100.0;
        if !net.reaches {
            self.lost += 1;
        } else if self.owed_out >= 1.0 {
            self.owed_out -= 1.0;
            self.lost += 1;
        } else {
            // What was lost before it is known by now.
            self.highest = 7000 + self.meter.quiet.packets_sent() as u32;
        }
    }

    fn report(&mut self, net: Net) {
        self.report_at = self.now + Duration::from_millis(3_000 + self.random(4_000));
        let known = if net.reaches { self.lost } else { 0 };
        let report = PeerReport {
            fraction_lost: 0,
            cumulative_lost: known,
            extended_highest: self.highest,
            jitter: 8,
            round_trip_ms: Some(net.rtt_ms),
        };
        self.meter.peer_report(self.now, &report, &mut self.out);
    }

    fn hold(&mut self, seconds: f64) {
        self.meter.suspend(self.now, &mut self.out);
        self.run(seconds, Net { talks: false, ..CLEAN });
        self.flying.clear();
        self.meter.resume(self.now, &mut self.reception);
    }

    fn finish(&mut self) -> LegSummary {
        self.meter.finish(self.now, &mut self.reception, &mut self.out)
    }

    /// The episodes, times in seconds since the begin.
    fn told(&self) -> Vec<String> {
        self.out.iter().map(|episode| self.line(episode)).collect()
    }

    fn line(&self, episode: &Episode) -> String {
        let change = match episode.change {
            Change::Raised { severity: Severity::Warning, value, .. } => {
                format!("raised {value:.1}")
            }
            Change::Raised { value, .. } => format!("raised critical {value:.1}"),
            Change::Worsened { severity: Severity::Warning, value } => format!("worse {value:.1}"),
            Change::Worsened { value, .. } => format!("worse critical {value:.1}"),
            Change::Cleared { worst } => format!("cleared {worst:.1}"),
        };
        let s = |at: Duration| at.saturating_sub(self.start).as_secs_f64();
        format!(
            "{:.1} {:?} {:?} {change} [{:.1}, {:.1}]",
            s(episode.at),
            episode.stream,
            episode.metric,
            s(episode.since),
            s(episode.until)
        )
    }
}

#[test]
fn the_state_of_a_leg_is_small() {
    assert!(size_of::<Meter>() <= 1344, "{}", size_of::<Meter>());
    assert!(size_of::<Reception>() <= 288, "{}", size_of::<Reception>());
}

#[test]
fn eight_percent_loss_for_fifteen_seconds_is_one_episode() {
    let mut call = Call::of(CodecClass::G711);
    call.run(60.0, CLEAN);
    call.run(15.0, Net { loss_in: 8.0, ..CLEAN });
    call.run(120.0, CLEAN);
    assert_eq!(
        call.told(),
        [
            "75.0 Received PacketLoss raised 8.0 [60.0, 75.0]",
            "105.0 Received PacketLoss cleared 8.0 [60.0, 75.0]",
        ]
    );
    let summary = call.finish();
    assert!((59..=60).contains(&summary.received.lost));
}

#[test]
fn an_episode_knows_its_cause_until_it_is_over() {
    let mut call = Call::of(CodecClass::G711Bare);
    call.run(60.0, CLEAN);
    assert_eq!(call.meter.facts(Stream::Received).loss_percent, None);
    call.run(20.0, Net { loss_in: 5.0, ..CLEAN });
    let facts = call.meter.facts(Stream::Received);
    assert!((4.5..5.5).contains(&facts.loss_percent.unwrap()), "{facts:?}");
    assert!(facts.burst_ratio.unwrap() < 1.1);
    call.run(10.0, CLEAN);
    let facts = call.meter.facts(Stream::Received);
    assert!(facts.loss_percent > Some(4.5), "the low score is not cleared yet");
    call.run(90.0, CLEAN);
    assert_eq!(call.meter.facts(Stream::Received).loss_percent, None);
    assert_eq!(call.meter.facts(Stream::Sent).loss_percent, None);
}

#[test]
fn a_call_that_is_shorter_than_a_sample_has_a_score() {
    let mut call = Call::new();
    call.run(2.0, CLEAN);
    // The other side hung up: nobody is listened to any more, and then the leg is closed.
    call.meter.suspend(call.now, &mut call.out);
    let received = call.finish().received;
    assert!(received.packets > 80);
    assert!(received.mos_avg.is_some_and(|mos| mos > 4.2), "{:?}", received.mos_avg);
    assert_eq!(received.mos_avg, received.mos_min);
}

#[test]
fn a_few_packets_have_no_score() {
    let mut call = Call::new();
    call.run(0.5, CLEAN);
    let received = call.finish().received;
    assert!(received.packets > 5 && received.mos_avg.is_none());
}

#[test]
fn a_phone_that_reports_its_score_is_believed() {
    let mut call = Call::new();
    for _ in 0..8 {
        call.run(5.0, CLEAN);
        let metrics = PeerMetrics { mos_cq: Some(2.9), ..PeerMetrics::default() };
        call.meter.peer_metrics(call.now, &metrics, &mut call.out);
    }
    assert_eq!(call.told(), ["15.0 Sent Mos raised 2.9 [0.0, 15.0]"]);
    assert_eq!(call.out[0].source, Source::RtcpXr);
}

#[test]
fn jitter_of_sixty_is_one_episode() {
    let mut call = Call::new();
    call.run(60.0, CLEAN);
    call.run(15.0, Net { spread_ms: 155, ..CLEAN });
    call.run(120.0, CLEAN);
    assert_eq!(
        call.told(),
        [
            "75.0 Received Jitter raised 61.5 [60.0, 75.0]",
            "90.0 Received Jitter cleared 61.5 [60.0, 75.0]",
        ]
    );
}

#[test]
fn jitter_that_came_with_what_is_relayed_is_the_other_legs() {
    let mut call = Call::new();
    // 60 ms of the peer's report, in units of its clock.
    for carried_ms in [58.0, 0.0] {
        for _ in 0..5 {
            call.meter.carried_jitter(carried_ms);
            call.now += Duration::from_secs(5);
            call.highest += 250;
            let highest = call.highest;
            let report =
                PeerReport { jitter: 480, extended_highest: highest, ..PeerReport::default() };
            call.meter.peer_report(call.now, &report, &mut call.out);
        }
    }
    assert_eq!(call.told(), ["40.0 Sent Jitter raised 60.0 [25.0, 40.0]"]);
}

#[test]
fn a_round_trip_of_six_hundred_is_told_with_the_score_it_costs() {
    let mut call = Call::new();
    call.run(60.0, CLEAN);
    call.run(30.0, Net { rtt_ms: 600.0, ..CLEAN });
    call.run(120.0, CLEAN);
    assert_eq!(
        call.told(),
        [
            "70.1 Sent RoundTripTime raised 600.0 [53.7, 70.1]",
            "70.1 Sent Mos raised 3.4 [53.7, 70.1]",
            "75.0 Received Mos raised 3.4 [60.0, 75.0]",
            "105.0 Received Mos cleared 3.4 [60.0, 90.0]",
            "107.2 Sent RoundTripTime cleared 600.0 [53.7, 88.1]",
            "107.2 Sent Mos cleared 3.4 [53.7, 88.1]",
        ]
    );
}

#[test]
fn six_seconds_one_way_are_one_episode_and_no_loss() {
    let mut call = Call::new();
    call.run(61.0, CLEAN);
    call.run(6.0, Net { through: false, ..CLEAN });
    call.run(120.0, CLEAN);
    assert_eq!(
        call.told(),
        [
            "66.2 Received OneWayAudio raised 5.0 [61.2, 66.2]",
            "67.2 Received OneWayAudio cleared 6.0 [61.2, 67.2]",
        ]
    );
    assert_eq!(call.finish().received.lost, 300, "but the sum knows");
}

#[test]
fn a_dead_peer_is_told_once_and_is_over_with_the_leg() {
    let mut call = Call::new();
    call.run(30.0, CLEAN);
    call.run(40.0, Net { talks: false, through: false, reaches: false, ..CLEAN });
    call.finish();
    assert_eq!(
        call.told(),
        [
            "35.2 Received OneWayAudio raised 5.0 [30.2, 35.2]",
            "40.2 Received OneWayAudio worse critical 10.0 [30.2, 40.2]",
            "70.0 Received OneWayAudio cleared 39.8 [30.2, 70.0]",
        ]
    );
}

#[test]
fn nothing_either_way_is_a_timeout() {
    let mut call = Call::new();
    call.run(30.0, CLEAN);
    call.run(12.0, Net { talks: false, fed: false, ..CLEAN });
    call.run(30.0, CLEAN);
    assert_eq!(
        call.told(),
        [
            "40.2 Received MediaTimeout raised 10.0 [30.2, 40.2]",
            "42.2 Received MediaTimeout cleared 12.0 [30.2, 42.2]",
        ]
    );
}

#[test]
fn a_leg_that_is_never_heard_is_told_after_five_seconds() {
    let mut call = Call::new();
    call.run(9.0, Net { talks: false, ..CLEAN });
    call.run(60.0, CLEAN);
    assert_eq!(
        call.told(),
        [
            "5.0 Received OneWayAudio raised 5.0 [0.0, 5.0]",
            "9.2 Received OneWayAudio cleared 9.2 [0.0, 9.2]",
        ]
    );
}

#[test]
fn a_leg_that_gets_nothing_says_so_in_its_reports() {
    let mut call = Call::new();
    call.run(30.0, CLEAN);
    call.run(20.0, Net { reaches: false, ..CLEAN });
    call.run(60.0, CLEAN);
    assert_eq!(
        call.told(),
        [
            "41.5 Sent OneWayAudio raised 5.0 [31.8, 36.8]",
            "47.5 Sent OneWayAudio worse critical 10.0 [31.8, 41.8]",
            "53.7 Sent OneWayAudio cleared 21.9 [31.8, 53.7]",
        ]
    );
}

#[test]
fn loss_that_was_before_us_is_not_the_sent_streams() {
    let mut call = Call::new();
    for _ in 0..60 {
        call.meter.skipped(25);
        call.lost += 25;
        call.run(5.0, CLEAN);
    }
    assert_eq!(call.told(), [""; 0]);
    let mut call = Call::new();
    call.run(30.0, CLEAN);
    call.run(35.0, Net { loss_out: 8.0, ..CLEAN });
    call.run(60.0, CLEAN);
    assert_eq!(
        call.told(),
        [
            "47.5 Sent PacketLoss raised 8.0 [31.8, 47.5]",
            "95.0 Sent PacketLoss cleared 8.1 [31.8, 65.3]",
        ]
    );
}

/// Two hours with a drifting clock, key presses, silences with and without a marker, holds after
/// which the sequence starts anywhere, and the wraps of sequence number and timestamp.
#[test]
fn a_long_clean_call_has_no_episode() {
    let mut call = Call::new();
    call.drift_ppm = 100;
    let mut round = 0_u32;
    while call.now < call.start + Duration::from_secs(7200) {
        round += 1;
        call.run(37.0, Net { spread_ms: 15, ..CLEAN });
        match round % 5 {
            0 => {
                // Comfort noise, then a talk spurt.
                call.run(1.2, Net { talks: false, ..CLEAN });
                call.reception.announce_silence();
                call.run(8.0, Net { talks: false, ..CLEAN });
                call.timestamp = call.timestamp.wrapping_add(8 * 8000);
                call.marker = true;
            }
            1 => {
                // A silence that nobody announced and no clock counted.
                call.run(3.0, Net { talks: false, ..CLEAN });
            }
            2 => {
                call.hold(20.0);
                call.sequence = call.random(65_536) as u16;
                call.marker = true;
            }
            3 => {
                // A key: ten packets of one timestamp.
                let stood = call.timestamp;
                for _ in 0..10 {
                    call.now += Duration::from_millis(20);
                    call.timestamp = stood;
                    call.say(CLEAN, 0);
                    call.arrive();
                    call.meter.sent(call.now);
                }
                call.timestamp = stood.wrapping_add(1600);
            }
            _ => call.run(3.0, Net { fed: false, ..CLEAN }),
        }
    }
    let summary = call.finish();
    assert_eq!(call.told(), [""; 0]);
    assert_eq!((summary.received.lost, summary.sent.lost), (0, 0));
    assert!(summary.received.packets > 250_000);
    assert!(summary.received.mos_min > Some(4.3), "{summary:?}");
    assert!(summary.received.jitter_max_ms < Some(15.0), "{summary:?}");
}

proptest! {
    /// Whatever happens in whatever order: no panic, every episode is raised once and cleared once,
    /// and a tick leaves nothing that is due.
    #[test]
    fn any_happenings_leave_well_formed_episodes(
        happenings in proptest::collection::vec((0_u8..12, any::<u32>(), 0_u64..9000), 0..400),
    ) {
        let mut now = Duration::from_secs(77);
        let mut meter = Meter::new(now, CodecClass::Opus, 48_000, Thresholds::default());
        let mut reception = Reception::new(48_000);
        let mut out = Vec::new();
        for (happening, number, pause) in happenings {
            now += Duration::from_millis(if happening < 6 { pause % 40 } else { pause });
            let out = &mut out;
            match happening {
                0..=3 => {
                    let (sequence, timestamp) = (now.as_millis() / 20, now.as_millis() * 48);
                    reception.receive(now, sequence as u16, timestamp as u32, 1, false, 60);
                    meter.received(now, &mut reception, out);
                }
                4..=5 => (0..number % 300).for_each(|_| meter.sent(now)),
                6 => meter.suspend(now, out),
                7 => meter.resume(now, &mut reception),
                8 => {
                    let metrics = PeerMetrics {
                        mos_cq: Some(f64::from(number % 60) / 10.0),
                        discard_rate: Some(f64::from(number)),
                        round_trip_ms: Some(f64::from(number) - 1e6),
                        ..PeerMetrics::default()
                    };
                    meter.peer_metrics(now, &metrics, out);
                }
                9 => {
                    let report = PeerReport {
                        fraction_lost: number as u8,
                        cumulative_lost: number as i32 >> 8,
                        extended_highest: number % 2000,
                        jitter: number,
                        round_trip_ms: Some(f64::from(number % 2000)),
                    };
                    meter.peer_report(now, &report, out);
                }
                10 => meter.skipped(number),
                _ => {}
            }
            meter.tick(now, &mut reception, out);
            prop_assert!(meter.due(now, &reception).is_none_or(|due| due > now));
        }
        meter.finish(now, &mut reception, &mut out);
        let mut open = BTreeMap::new();
        for episode in out {
            let raised = matches!(episode.change, Change::Raised { .. });
            let was_open = open.insert((episode.stream, episode.metric), true).unwrap_or(false);
            prop_assert_eq!(was_open, !raised);
            prop_assert!(episode.since <= episode.at && episode.since <= episode.until);
            if matches!(episode.change, Change::Cleared { .. }) {
                open.insert((episode.stream, episode.metric), false);
            }
        }
        prop_assert!(open.values().all(|open| !open));
    }
}
