//! Numbers: duplicates, reorderings, jumps, floods, and packets that are no sound.

use proptest::prelude::*;

use super::*;

const PAYLOAD: [u8; 160] = [7; 160];

fn packet(number: u64) -> Packet<'static> {
    Packet {
        sequence: number as u16,
        timestamp: (number * 160) as u32,
        marker: false,
        payload_type: 0,
        payload: &PAYLOAD,
    }
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn buffer() -> JitterBuffer {
    JitterBuffer::new(JitterConfig::new(8_000))
}

/// The next tick's sound, told in one word.
fn tick(buffer: &mut JitterBuffer, now: Duration) -> String {
    match buffer.take(now, false) {
        Take::Frame(frame) => format!("{}", frame.sequence),
        Take::Missing { next: Some(_), .. } => "missing+next".to_owned(),
        Take::Missing { next: None, .. } => "missing".to_owned(),
        Take::Silence { .. } => "silence".to_owned(),
        Take::Wait => "wait".to_owned(),
    }
}

#[test]
fn the_neighbour_of_a_lost_packet_is_offered() {
    let mut buffer = buffer();
    for number in [1, 2, 4, 5] {
        assert_eq!(buffer.put(ms(number), packet(number)), Put::Kept);
    }
    let heard: Vec<_> = (0..5).map(|n| tick(&mut buffer, ms(40 + 20 * n))).collect();
    assert_eq!(heard, ["1", "2", "missing+next", "4", "5"]);
    assert_eq!(buffer.put(ms(130), packet(3)), Put::Late);
    assert_eq!(buffer.put(ms(130), packet(4)), Put::Duplicate);
    let stats = buffer.stats();
    assert_eq!((stats.received, stats.played, stats.late, stats.duplicates), (6, 4, 1, 1));
}

#[test]
fn another_order_is_put_right() {
    let mut buffer = buffer();
    for number in [3, 1, 2, 4] {
        assert_eq!(buffer.put(ms(5), packet(number)), Put::Kept);
    }
    let heard: Vec<_> = (0..4).map(|n| tick(&mut buffer, ms(60 + 20 * n))).collect();
    assert_eq!(heard, ["1", "2", "3", "4"]);
}

#[test]
fn one_stray_number_is_refused_and_two_are_a_new_numbering() {
    let mut buffer = buffer();
    buffer.put(ms(0), packet(10));
    assert_eq!(buffer.put(ms(20), packet(30_000)), Put::Overflow);
    assert_eq!(buffer.put(ms(20), packet(11)), Put::Kept);
    assert_eq!(buffer.put(ms(40), packet(30_002)), Put::Overflow);
    assert_eq!(buffer.put(ms(60), packet(30_003)), Put::Reset);
    assert_eq!(tick(&mut buffer, ms(81)), "30003");
}

#[test]
fn times_that_jump_begin_anew() {
    let mut buffer = buffer();
    for number in 0..50 {
        buffer.put(ms(number * 20), packet(number));
        tick(&mut buffer, ms(number * 20));
    }
    let jumped = Packet { timestamp: 900_000, ..packet(50) };
    assert_eq!(buffer.put(ms(1_000), jumped), Put::Reset);
    assert_eq!(tick(&mut buffer, ms(1_000)), "silence");
    assert_eq!(tick(&mut buffer, ms(1_020)), "50");
}

#[test]
fn a_sender_whose_time_stands_still_on_hold_is_heard_again() {
    // After ten seconds the old path is forgotten; before, six packets tell that it has changed.
    for (held_ms, resets) in [(5_000, 1), (60_000, 0)] {
        let mut buffer = buffer();
        for number in 0..50 {
            buffer.put(ms(number * 20), packet(number));
            tick(&mut buffer, ms(number * 20));
        }
        for now in (1_000..held_ms + 1_000).step_by(20) {
            tick(&mut buffer, ms(now));
        }
        let mut played = 0;
        for number in 50..100 {
            let now = ms(held_ms + number * 20);
            buffer.put(now, packet(number));
            played += u32::from(tick(&mut buffer, now).parse::<u16>().is_ok());
        }
        let stats = buffer.stats();
        assert_eq!(stats.resets, resets, "{stats:?}");
        assert!(stats.late <= 5 && played >= 40 && stats.depth_max_ms <= 45, "{stats:?}");
    }
}

#[test]
fn events_are_no_losses() {
    let mut buffer = buffer();
    let mut heard = Vec::new();
    for number in 0..60_u64 {
        let now = ms(number * 20);
        if (20..40).contains(&number) {
            buffer.put_other(number as u16);
        } else {
            buffer.put(now, packet(number));
        }
        heard.push(tick(&mut buffer, now));
    }
    assert_eq!(heard.iter().filter(|h| h.starts_with("missing")).count(), 0, "{heard:?}");
    assert_eq!(heard.iter().filter(|h| *h == "silence").count(), 21, "{heard:?}");
}

#[test]
fn comfort_noise_is_followed_by_silence() {
    let mut buffer = buffer();
    let mut heard = Vec::new();
    for number in 0..30_u64 {
        let now = ms(number * 20);
        if number < 10 {
            buffer.put(now, packet(number));
        } else if number == 10 {
            buffer.put(now, Packet { payload_type: 13, payload: &[60], ..packet(number) });
        }
        heard.push(tick(&mut buffer, now));
    }
    assert_eq!(heard.iter().filter(|h| h.starts_with("missing")).count(), 0, "{heard:?}");
}

#[test]
fn the_decoder_knows_better_how_long_a_packet_was() {
    let mut buffer = buffer();
    let long = |n: u64| Packet { timestamp: (n * 480) as u32, ..packet(n) };
    buffer.put(ms(0), long(0));
    assert_eq!(tick(&mut buffer, ms(20)), "0");
    buffer.lasted(480);
    for now in [20, 40, 60] {
        assert_eq!(tick(&mut buffer, ms(now)), "wait");
    }
    buffer.put(ms(60), long(1));
    assert_eq!(tick(&mut buffer, ms(80)), "1");
}

#[test]
fn a_flood_holds_no_more_than_the_ring_and_no_more_delay_than_allowed() {
    let mut buffer = buffer();
    let long = [0; PAYLOAD_MAX + 1];
    let too_long = Packet { payload: &long, ..packet(0) };
    assert_eq!(buffer.put(ms(0), too_long), Put::Overflow);
    let mut number = 0;
    for round in 0..500_u64 {
        for _ in 0..40 {
            let full = Packet { payload: &long[..PAYLOAD_MAX], ..packet(number) };
            buffer.put(Duration::from_micros(round * 20_000 + number % 40), full);
            number += 1;
        }
        tick(&mut buffer, ms(round * 20));
    }
    let stats = buffer.stats();
    assert!(buffer.slots.capacity() <= SLOTS as usize * PAYLOAD_MAX);
    assert!(stats.depth_max_ms <= 220, "{stats:?}");
    assert_eq!(stats.received, 20_001);
}

#[test]
fn who_is_not_taken_from_keeps_the_newest() {
    let mut buffer = buffer();
    for number in 0..3_000 {
        buffer.put(ms(number * 20), packet(number));
    }
    let first: u64 = tick(&mut buffer, ms(60_000)).parse().unwrap();
    assert!((2_985..3_000).contains(&first), "{first}");
}

proptest! {
    /// Any packets at any times: no panic, the bounds hold, and every tick ends.
    #[test]
    fn anything_may_come(
        steps in proptest::collection::vec(
            (0_u64..60, any::<bool>(), -40_i64..40, any::<u32>(), 0_u8..20, 0_usize..300), 1..400)
    ) {
        let mut buffer = buffer();
        let mut now = 0;
        let mut number = 0_i64;
        let payload = [0; 300];
        for (wait, ordinary, jump, wild, kind, length) in steps {
            now += wait;
            number += if ordinary { 1 } else { jump };
            let timestamp = if kind == 0 { wild } else { (number * 160) as u32 };
            let sequence = if kind == 1 { wild as u16 } else { number as u16 };
            let p = Packet {
                sequence, timestamp, marker: kind == 2, payload_type: kind,
                payload: &payload[..length],
            };
            if kind == 3 { buffer.put_other(sequence) } else { buffer.put(ms(now), p); }
            if kind == 4 { buffer.reset() }
            let mut ended = false;
            for _ in 0..500 {
                match buffer.take(ms(now), kind == 5) {
                    Take::Wait => { ended = true; break }
                    Take::Frame(frame) => prop_assert!(frame.payload.len() <= 300),
                    Take::Missing { ticks, .. } | Take::Silence { ticks } =>
                        prop_assert!((1..=960).contains(&ticks), "{ticks}"),
                }
            }
            prop_assert!(ended);
            prop_assert!(buffer.slots.capacity() <= SLOTS as usize * 300);
        }
    }

    /// Whatever order within the delay: played once each, in order, with no loss. (The first
    /// packet's own delay is part of the depth and may be taken back.)
    #[test]
    fn reordering_within_the_delay_is_unheard(seed in any::<u64>()) {
        let mut dice = Dice::new(seed);
        let mut arrivals: Vec<(u64, u64)> = (0..200)
            .map(|n| (n * 20 + 100 + (dice.roll() * 45.0) as u64, n))
            .collect();
        arrivals.sort_unstable();
        let config = JitterConfig { min_ms: 80, ..JitterConfig::new(8_000) };
        let mut buffer = JitterBuffer::new(config);
        let mut arrivals = arrivals.into_iter().peekable();
        let mut last: Option<u16> = None;
        for now in (100..4_000).step_by(20) {
            while let Some((at, n)) = arrivals.next_if(|&(at, _)| at <= now) {
                prop_assert_eq!(buffer.put(ms(at), packet(n)), Put::Kept);
            }
            if let Take::Frame(frame) = buffer.take(ms(now), false) {
                prop_assert!(last.is_none_or(|last| frame.sequence > last));
                last = Some(frame.sequence);
            }
        }
        let stats = buffer.stats();
        prop_assert_eq!(stats.concealed, 0);
        prop_assert_eq!(stats.played + stats.shrunk, last.map_or(0, |n| u64::from(n) + 1));
        prop_assert!(stats.shrunk <= 2);
    }
}
