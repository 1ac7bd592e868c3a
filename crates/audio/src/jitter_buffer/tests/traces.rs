//! Paths of several kinds, minutes of each.

use super::*;

#[test]
fn a_clean_path_costs_one_packet_of_delay_and_loses_nothing() {
    for phase_us in [0, 1, 5_000, 12_345, 19_999] {
        let sender = Sender { phase_us, ..Sender::default() };
        let heard = run(&sender, 600, &mut |_, _| Some(30_000));
        let stats = heard.stats;
        assert_eq!((stats.late, stats.concealed, stats.grown, stats.shrunk), (0, 0, 0, 0));
        assert!((20..=40).contains(&stats.depth_max_ms), "{stats:?}");
        assert!(heard.seconds[2..].iter().all(|s| s.frames == 50), "{stats:?}");
    }
}

#[test]
fn small_jitter_stays_within_the_least_delay() {
    let heard = run(&Sender::default(), 300, &mut |dice, _| Some((dice.roll() * 8_000.0) as u64));
    assert_eq!(heard.stats.late, 0);
    assert!(heard.stats.concealed <= 1, "{:?}", heard.stats);
    assert!(heard.stats.depth_mean_ms <= 45, "{:?}", heard.stats);
}

fn discards(heard: &Heard) -> f64 {
    heard.stats.late as f64 / heard.sent as f64
}

#[test]
fn jitter_of_60_ms_discards_less_than_one_percent() {
    type Shape = fn(&mut Dice) -> f64;
    let shapes: [(&str, Shape, u32); 3] = [
        ("even", |dice| dice.roll() * 60.0, 100),
        ("exponential", |dice| -25.0 * (1.0 - dice.roll()).ln(), 160),
        ("wide", |dice| dice.roll() * 150.0, 210),
    ];
    for (name, shape, depth_ms) in shapes {
        let heard = run(&Sender::default(), 120, &mut |dice, _| {
            Some((shape(dice).clamp(0.0, 190.0) * 1_000.0) as u64)
        });
        let stats = heard.stats;
        assert!(discards(&heard) < 0.01, "{name}: {stats:?}");
        assert!(stats.depth_mean_ms <= depth_ms, "{name}: {stats:?}");
        assert!(stats.depth_max_ms <= 240, "{name}: {stats:?}");
        assert!(stats.grown + stats.shrunk < 60, "it settles; {name}: {stats:?}");
    }
}

#[test]
fn the_delay_returns_when_the_jitter_ends() {
    let heard = run(&Sender::default(), 120, &mut |dice, at| {
        let noisy = (30_000_000..60_000_000).contains(&at);
        Some(if noisy { (dice.roll() * 80_000.0) as u64 } else { 500 })
    });
    assert!(heard.seconds[..30].iter().all(|s| s.depth_ms <= 40), "{:?}", heard.seconds);
    assert!(heard.seconds[40..60].iter().all(|s| s.depth_ms >= 75), "{:?}", heard.seconds);
    assert!(heard.seconds[75..].iter().all(|s| s.depth_ms <= 45), "{:?}", &heard.seconds[75..]);
    assert!(discards(&heard) < 0.01, "{:?}", heard.stats);
}

/// Packets that have come and were not played when the run ended.
fn waiting(heard: &Heard) -> u64 {
    heard.stats.received - heard.stats.played - heard.stats.late - heard.stats.shrunk
}

#[test]
fn losses_are_concealed_one_by_one() {
    for share in [0.01, 0.05] {
        let heard = run(&Sender::default(), 200, &mut |dice, _| {
            if dice.roll() < share { None } else { Some(1_000) }
        });
        let stats = heard.stats;
        assert_eq!(stats.late, 0);
        assert!(waiting(&heard) <= 3, "{stats:?}");
        assert!(stats.concealed.abs_diff(heard.lost) <= 2, "{} lost, {stats:?}", heard.lost);
        assert!(stats.depth_max_ms <= 45, "{stats:?}");
    }
}

#[test]
fn the_senders_clock_may_be_wrong_for_hours() {
    for ppm in [200, -200] {
        let sender = Sender { ppm, ..Sender::default() };
        let heard = run(&sender, 2 * 3_600, &mut |dice, _| Some((dice.roll() * 3_000.0) as u64));
        let stats = heard.stats;
        // 1.44 s are to be made up or dropped: 72 frames, and few more.
        let moved = if ppm > 0 { stats.shrunk } else { stats.grown };
        assert!((65..=80).contains(&moved), "{ppm}: {stats:?}");
        assert_eq!((stats.late, stats.resets), (0, 0), "{ppm}: {stats:?}");
        assert!(stats.depth_max_ms <= 50, "{ppm}: {stats:?}");
    }
}

#[test]
fn packets_of_every_length_fill_every_tick() {
    for (packet_ms, clock_rate) in
        [(10, 8_000), (30, 8_000), (40, 8_000), (60, 8_000), (60, 48_000)]
    {
        let sender = Sender { packet_ms, clock_rate, ..Sender::default() };
        let heard = run(&sender, 120, &mut |dice, _| Some((dice.roll() * 2_000.0) as u64));
        let stats = heard.stats;
        // The first packet's length shows when the second comes.
        assert!(stats.late == 0 && stats.concealed <= 1, "{packet_ms} ms: {stats:?}");
        assert!(stats.grown + stats.shrunk <= 1, "{packet_ms} ms: {stats:?}");
        assert!(stats.depth_max_ms <= 25 + packet_ms as u32, "{packet_ms} ms: {stats:?}");
        let frames: u32 = heard.seconds[3..].iter().map(|second| second.frames).sum();
        assert!(frames.abs_diff(117_000 / packet_ms as u32) <= 2, "{packet_ms} ms: {frames}");
    }
}

#[test]
fn a_pause_of_the_sender_is_silence_and_costs_nothing() {
    let pauses = (0..20).map(|n| (n * 5_000_000 + 3_000_000, n * 5_000_000 + 5_000_000)).collect();
    let sender = Sender { pauses, ..Sender::default() };
    let heard = run(&sender, 100, &mut |dice, _| Some((dice.roll() * 5_000.0) as u64));
    let stats = heard.stats;
    assert_eq!((stats.late, stats.resets, stats.shrunk), (0, 0, 0), "{stats:?}");
    assert!(stats.depth_max_ms <= 45, "{stats:?}");
    // The first 100 ms of each pause could be a loss.
    assert!(stats.concealed <= 20 * 5, "{stats:?}");
    let silent: u32 = heard.seconds.iter().map(|second| second.silence).sum();
    assert!((1_850..=2_000).contains(&silent), "{silent}");
}

#[test]
fn a_stall_is_followed_by_what_is_fresh() {
    // Nothing comes for three seconds, then all of it at once.
    let heard = run(&Sender::default(), 60, &mut |_, at| {
        let stalled = (20_000_000..23_000_000).contains(&at);
        Some(if stalled { 23_000_000 - at } else { 1_000 })
    });
    let stats = heard.stats;
    assert_eq!((stats.resets, stats.overflows), (0, 0), "{stats:?}");
    assert!((135..=145).contains(&stats.late), "{stats:?}");
    assert!(stats.depth_max_ms <= 240, "{stats:?}");
    assert!(heard.seconds[50].depth_ms <= 60, "{:?}", heard.seconds);
}

#[test]
fn a_longer_path_is_followed() {
    for longer_us in [100_000, 400_000] {
        let heard = run(&Sender::default(), 60, &mut |_, at| {
            Some(if at < 20_000_000 { 10_000 } else { 10_000 + longer_us })
        });
        let stats = heard.stats;
        assert!(stats.late <= 6 && stats.resets <= 1, "{longer_us}: {stats:?}");
        assert!(heard.seconds[25..].iter().all(|s| s.frames >= 48), "{longer_us}: {stats:?}");
        assert!(heard.seconds[58].depth_ms <= 45, "{longer_us}: {:?}", heard.seconds);
    }
}
