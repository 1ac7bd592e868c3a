//! Loss, order, jitter and reports of streams in virtual time (RFC 3550 A.1, A.3, A.8).

use proptest::prelude::*;

use super::*;

const RATE: u32 = 8000;

/// A stream of 20 ms packets with its own virtual clock.
struct Talker {
    reception: Reception,
    now: Duration,
    sequence: u16,
    timestamp: u32,
}

impl Talker {
    fn new(sequence: u16) -> Self {
        let now = Duration::from_secs(100);
        Self { reception: Reception::new(RATE), now, sequence, timestamp: 4_294_960_000 }
    }

    fn tick(&mut self) {
        self.now += Duration::from_millis(20);
        self.sequence = self.sequence.wrapping_add(1);
        self.timestamp = self.timestamp.wrapping_add(160);
    }

    fn receive(&mut self, late_ms: u64, sequence: u16, timestamp: u32) -> Arrival {
        let now = self.now + Duration::from_millis(late_ms);
        self.reception.receive(now, sequence, timestamp, 7, false, 160)
    }

    fn say(&mut self, packets: u32) {
        for _ in 0..packets {
            self.receive(0, self.sequence, self.timestamp);
            self.tick();
        }
    }

    fn lose(&mut self, packets: u32) {
        (0..packets).for_each(|_| self.tick());
    }
}

#[test]
fn the_state_of_a_stream_is_small() {
    assert!(size_of::<Reception>() <= 288, "{}", size_of::<Reception>());
}

#[test]
fn a_clean_stream_has_no_loss_over_the_wrap() {
    let mut talker = Talker::new(65_000);
    talker.say(70_000);
    let totals = talker.reception.totals();
    assert_eq!((totals.expected, totals.packets, totals.lost), (70_000, 70_000, 0));
    assert_eq!((totals.duplicates, totals.reordered), (0, 0));
    assert_eq!(totals.octets, 70_000 * 160);
    assert_eq!((totals.jitter_avg_ms, totals.jitter_max_ms), (Some(0.0), Some(0.0)));
    let report = talker.reception.report_block(talker.now).unwrap();
    assert_eq!(report.extended_highest, 65_000 + 70_000 - 1);
    assert_eq!((report.fraction_lost, report.cumulative_lost, report.lsr), (0, 0, 0));
}

#[test]
fn what_did_not_come_is_lost_and_what_came_late_is_reordered() {
    let mut talker = Talker::new(10);
    talker.say(100);
    talker.lose(3);
    talker.say(1);
    assert_eq!(talker.reception.totals().lost, 3);
    let (sequence, timestamp) = (talker.sequence - 2, talker.timestamp - 320);
    assert_eq!(talker.receive(0, sequence, timestamp), Arrival::Reordered);
    assert_eq!(talker.receive(0, sequence, timestamp), Arrival::Duplicate);
    let interval = talker.reception.sample();
    assert_eq!((interval.expected, interval.packets, interval.lost), (104, 102, 2));
    assert_eq!((interval.duplicates, interval.reordered), (1, 1));
    talker.say(50);
    let interval = talker.reception.sample();
    assert_eq!((interval.expected, interval.lost, interval.loss_percent), (50, 0, 0.0));
}

#[test]
fn a_late_packet_beyond_the_window_changes_nothing() {
    let mut talker = Talker::new(10);
    talker.say(10);
    talker.lose(1);
    talker.say(200);
    assert_eq!(talker.receive(0, 20, 0), Arrival::Unproven);
    talker.say(10);
    assert_eq!(talker.reception.totals().lost, 1);
}

#[test]
fn a_first_packet_that_came_second_belongs_to_the_run() {
    let mut talker = Talker::new(0);
    let (sequence, timestamp) = (talker.sequence, talker.timestamp);
    talker.tick();
    talker.say(1);
    assert_eq!(talker.receive(0, sequence, timestamp), Arrival::Reordered);
    talker.say(10);
    let totals = talker.reception.totals();
    assert_eq!((totals.expected, totals.lost, totals.reordered), (12, 0, 1));
}

#[test]
fn a_jump_is_a_new_run_and_no_loss() {
    let mut talker = Talker::new(100);
    talker.say(500);
    talker.sequence = 20_000;
    assert_eq!(talker.receive(0, 20_000, talker.timestamp), Arrival::Unproven);
    talker.tick();
    assert_eq!(talker.receive(0, 20_001, talker.timestamp), Arrival::Started);
    talker.tick();
    talker.say(98);
    let totals = talker.reception.totals();
    assert_eq!((totals.expected, totals.packets, totals.lost), (600, 600, 0));
    let report = talker.reception.report_block(talker.now).unwrap();
    assert_eq!(report.extended_highest, 20_099);
}

#[test]
fn one_stray_packet_starts_nothing() {
    let mut talker = Talker::new(100);
    talker.say(10);
    let forged = talker.reception.receive(talker.now, 9000, 1, 666, false, 12);
    assert_eq!(forged, Arrival::Unproven);
    talker.say(10);
    let forged = talker.reception.receive(talker.now, 9001, 1, 666, false, 12);
    assert_eq!(forged, Arrival::Unproven, "not in sequence: the true one spoke between them");
    assert_eq!(talker.reception.ssrc(), Some(7));
    assert_eq!(talker.reception.totals().packets, 20);
}

#[test]
fn another_source_starts_a_run_and_totals_go_on() {
    let mut talker = Talker::new(100);
    talker.say(50);
    talker.lose(2);
    talker.say(50);
    talker.reception.sender_report(talker.now, 5);
    for n in 0..100 {
        talker.reception.receive(talker.now, 3 + n, 160 * u32::from(n), 8, n == 0, 160);
        talker.tick();
    }
    let totals = talker.reception.totals();
    assert_eq!((totals.expected, totals.packets, totals.lost), (202, 200, 2));
    let report = talker.reception.report_block(talker.now).unwrap();
    assert_eq!((report.ssrc, report.cumulative_lost, report.lsr), (8, 0, 0));
}

#[test]
fn a_report_tells_of_the_time_since_the_last_one() {
    let mut talker = Talker::new(0);
    talker.say(50);
    talker.lose(25);
    talker.say(25);
    talker.reception.sender_report(talker.now, 0xabcd_1234);
    let report = talker.reception.report_block(talker.now + Duration::from_millis(500)).unwrap();
    assert_eq!((report.fraction_lost, report.cumulative_lost), (64, 25));
    assert_eq!((report.lsr, report.dlsr), (0xabcd_1234, 32_768));
    talker.say(100);
    let report = talker.reception.report_block(talker.now).unwrap();
    assert_eq!((report.fraction_lost, report.cumulative_lost), (0, 25));
}

#[test]
fn duplicates_make_a_report_negative_but_never_a_total() {
    let mut talker = Talker::new(0);
    talker.say(100);
    for sequence in 50..80 {
        talker.receive(0, sequence, 0);
    }
    let report = talker.reception.report_block(talker.now).unwrap();
    assert_eq!((report.fraction_lost, report.cumulative_lost), (0, -30));
    assert_eq!(talker.reception.totals().lost, 0);
}

#[test]
fn jitter_is_that_of_the_rfc() {
    let mut talker = Talker::new(0);
    let mut expected = 0_i64;
    for n in 0..1000_u32 {
        let late = u64::from(n % 2) * 40;
        talker.receive(late, talker.sequence, talker.timestamp);
        talker.tick();
        if n > 0 {
            expected += 320 - ((expected + 8) >> 4);
        }
    }
    let report = talker.reception.report_block(talker.now).unwrap();
    assert_eq!(i64::from(report.jitter), expected >> 4);
    let jitter = talker.reception.sample().jitter_ms.unwrap();
    assert!((38.0..=40.0).contains(&jitter), "{jitter}");
}

#[test]
fn events_and_silences_are_no_jitter() {
    let mut talker = Talker::new(0);
    talker.say(100);
    // An event of 200 ms: one timestamp, sound going on beside it, three ends.
    let event = talker.timestamp;
    for _ in 0..13 {
        talker.receive(0, talker.sequence, event);
        talker.tick();
    }
    talker.say(100);
    // A silence during which the sender's clock went on, and one during which it stood still.
    talker.now += Duration::from_secs(3);
    talker.timestamp = talker.timestamp.wrapping_add(24_000);
    talker.say(100);
    talker.now += Duration::from_secs(7);
    talker.say(100);
    // And a talk spurt that says so.
    talker.now += Duration::from_millis(333);
    talker.reception.receive(talker.now, talker.sequence, talker.timestamp, 7, true, 160);
    talker.tick();
    talker.say(100);
    let totals = talker.reception.totals();
    assert_eq!((totals.jitter_max_ms, totals.lost), (Some(0.0), 0));
}

#[test]
fn a_clock_that_becomes_known_starts_the_jitter() {
    let mut talker = Talker::new(0);
    talker.reception = Reception::new(0);
    talker.say(50);
    assert_eq!(talker.reception.sample().jitter_ms, None);
    talker.reception.clock_rate(RATE);
    talker.say(50);
    assert_eq!(talker.reception.sample().jitter_ms, Some(0.0));
}

#[test]
fn a_burst_ratio_tells_runs_from_chance() {
    let mut talker = Talker::new(0);
    for n in 0..1000 {
        if n % 50 == 49 { talker.lose(1) } else { talker.say(1) }
    }
    assert_eq!(talker.reception.sample().burst_ratio, 1.0);
    for n in 0..20 {
        talker.say(45);
        talker.lose(u32::from(n % 2 == 0) * 10);
    }
    talker.say(200);
    let ratio = talker.reception.sample().burst_ratio;
    assert!((5.0..9.0).contains(&ratio), "{ratio}");
    let burst = talker.reception.totals().burst;
    assert_eq!(burst.bursts, 10);
    assert_eq!((burst.burst_density, burst.burst_ms), (1.0, 200.0));
}

#[test]
fn after_a_hold_a_near_number_is_no_loss() {
    let mut talker = Talker::new(0);
    talker.say(100);
    talker.reception.restart();
    assert_eq!(talker.reception.report_block(talker.now), None);
    talker.lose(500);
    talker.say(100);
    let totals = talker.reception.totals();
    assert_eq!((totals.expected, totals.lost), (200, 0));
}

proptest! {
    /// Whatever comes: no panic, and the counters agree with each other.
    #[test]
    fn any_packets_leave_counters_that_agree(
        packets in proptest::collection::vec(
            (0_u16..400, any::<u32>(), 0_u32..3, any::<bool>(), any::<u16>(), 0_u64..5000),
            1..600,
        ),
    ) {
        let mut reception = Reception::new(48_000);
        let mut now = Duration::ZERO;
        let mut sequence = 65_000_u16;
        let (mut counted, mut sampled) = (0_u64, 0_u64);
        for (step, timestamp, ssrc, marker, far, pause) in packets {
            now += Duration::from_millis(pause);
            // Mostly near, at times anywhere.
            let near = sequence.wrapping_add(step % 8).wrapping_sub(2);
            sequence = if step == 399 { far } else { near };
            let ssrc = u32::from(ssrc == 2 && step > 390);
            match reception.receive(now, sequence, timestamp, ssrc, marker, 1) {
                Arrival::Advanced | Arrival::Reordered => counted += 1,
                Arrival::Started => counted += if counted == 0 { 1 } else { 2 },
                Arrival::Duplicate | Arrival::Unproven => {}
            }
            if step % 50 == 0 {
                sampled += u64::from(reception.sample().packets);
                reception.report_block(now);
            }
        }
        let totals = reception.totals();
        prop_assert_eq!(totals.packets, counted);
        prop_assert_eq!(totals.packets + totals.lost, totals.expected);
        sampled += u64::from(reception.sample().packets);
        prop_assert_eq!(sampled, counted);
        prop_assert!(totals.burst.burst_density <= 1.0 && totals.burst.gap_density <= 1.0);
    }
}
