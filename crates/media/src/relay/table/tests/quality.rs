//! Quality episodes of a scripted far end, with their times.

use call::port::{QualityChange, QualityMetric, QualityNotice, QualityStream};

use super::*;

/// Samples of a second, so that little has to be said to say much.
fn rig() -> Rig {
    let mut settings = settings();
    settings.thresholds.sample = seconds(1);
    let mut rig = Rig::with(settings);
    rig.bridge(A, B);
    rig
}

/// What a far end does for a while.
#[derive(Clone, Copy)]
struct Script {
    until: u64,
    /// Of a hundred packets of A so many are lost.
    loss: u64,
    a_talks: bool,
    b_talks: bool,
}

const CLEAN: Script = Script { until: 0, loss: 0, a_talks: true, b_talks: true };

/// Plays scripts at 50 packets a second; what was told of quality, and when, in ms.
fn play(rig: &mut Rig, scripts: &[Script]) -> Vec<(u128, QualityNotice)> {
    let mut told = Vec::new();
    let mut n = 0_u64;
    for script in scripts {
        while rig.now < seconds(script.until) {
            let next = rig.now + ms(20);
            rig.pass(next);
            n += 1;
            // Spread evenly: every so many packets one.
            let lost = script.loss > 0 && n.is_multiple_of(100 / script.loss);
            for (leg, talks) in [(A, script.a_talks && !lost), (B, script.b_talks)] {
                if talks {
                    rig.rtp(leg);
                } else {
                    rig.next_rtp(leg);
                }
            }
            let at = rig.now.as_millis();
            for event in rig.events() {
                if let MediaEvent::Quality(notice) = event {
                    told.push((at, notice));
                }
            }
        }
    }
    told
}

fn short(told: &[(u128, QualityNotice)]) -> Vec<String> {
    let word = |change| match change {
        QualityChange::Raised { .. } => "raised",
        QualityChange::Worsened { .. } => "worsened",
        QualityChange::Cleared { .. } => "cleared",
    };
    let line = |(at, notice): &(u128, QualityNotice)| {
        let QualityNotice { leg, stream, metric, change, .. } = notice;
        format!("{at} {} {stream:?} {metric:?} {}", leg.0, word(*change))
    };
    told.iter().map(line).collect()
}

#[test]
fn an_hour_of_clean_talk_is_no_episode() {
    let mut rig = rig();
    assert_eq!(short(&play(&mut rig, &[Script { until: 3600, ..CLEAN }])), [""; 0]);
    assert_eq!(rig.table.counts.episodes, 0);
}

#[test]
fn loss_is_told_when_it_begins_and_when_it_is_over() {
    let mut rig = rig();
    let scripts = [
        Script { until: 20, ..CLEAN },
        Script { until: 35, loss: 10, ..CLEAN },
        Script { until: 60, ..CLEAN },
    ];
    let told = play(&mut rig, &scripts);
    let loss: Vec<_> =
        told.iter().filter(|(_, n)| n.metric == QualityMetric::PacketLoss).cloned().collect();
    let [(raised, first), .., (cleared, last)] = &loss[..] else { panic!("{told:?}") };
    assert!(matches!(first.change, QualityChange::Raised { .. }), "{told:?}");
    assert!(matches!(last.change, QualityChange::Cleared { .. }), "{told:?}");
    assert!((21_000..=26_000).contains(raised), "{raised}");
    assert!((35_000..=45_000).contains(cleared), "{cleared}");
    assert!(told.iter().all(|(_, n)| (n.leg, n.stream) == (A, QualityStream::Received)));
    assert!(last.explanation.starts_with("{other} heard gaps in what {party} said"));
}

/// A leg that is recorded is decoded, too, perhaps by a thread that is late: what that throws away
/// its partner has heard.
#[test]
fn what_a_recording_misses_is_no_loss_of_who_hears_the_packets_themselves() {
    let mut rig = rig();
    let hearing = |discarded| crate::handoff::Hearing {
        leg: A,
        discarded,
        concealed: 0,
        delay_ms: 200,
        level_dbov: -20.0,
        silent: false,
        clipping: false,
    };
    let mut told = Vec::new();
    for second in 1..=20 {
        told.extend(play(&mut rig, &[Script { until: second, ..CLEAN }]));
        rig.table.hearing(&hearing(10 * second));
    }
    assert_eq!(short(&told), [""; 0]);
    // Now nobody hears it but where it is decoded.
    rig.tell(MediaCommand::Unbridge { a: A, b: B });
    rig.table.hearing(&hearing(203));
    rig.tell(MediaCommand::Close { leg: A });
    let discarded = rig.events().into_iter().find_map(|event| {
        let MediaEvent::Closed { streams, .. } = event else { return None };
        streams.first().map(|stream| stream.discarded)
    });
    assert_eq!(discarded, Some(3));
}

#[test]
fn one_way_audio_is_told_of_the_leg_that_is_not_heard_with_where_it_was_expected() {
    let mut settings = settings();
    settings.thresholds.sample = seconds(1);
    let mut rig = Rig::with(settings);
    let rtp = SocketAddr::from(([10, 0, 0, 7], 4000));
    let behind_nat = RemoteMedia { rtp, rtcp: rtp, rtcp_mux: true };
    rig.tell(MediaCommand::Remote { leg: A, remote: behind_nat });
    rig.bridge(A, B);
    let scripts = [Script { until: 7, a_talks: false, ..CLEAN }, Script { until: 9, ..CLEAN }];
    let told = play(&mut rig, &scripts);
    let lines = short(&told);
    assert_eq!(
        lines,
        ["5020 1 Received OneWayAudio raised", "7020 1 Received OneWayAudio cleared",]
    );
    says(
        &told[0].1,
        "{other} heard nothing for more than 5 s: no RTP from 10.0.0.7 after the answer; \
                            private address in SDP",
    );
}

fn says(notice: &QualityNotice, expected: &str) {
    assert_eq!(&*notice.explanation, expected);
}

#[test]
fn a_dead_conversation_is_told_of_both_legs() {
    let mut rig = rig();
    let scripts = [
        Script { until: 10, ..CLEAN },
        Script { until: 25, a_talks: false, b_talks: false, ..CLEAN },
        Script { until: 30, ..CLEAN },
    ];
    let told = play(&mut rig, &scripts);
    let timeouts: Vec<_> =
        told.iter().filter(|(_, n)| n.metric == QualityMetric::MediaTimeout).cloned().collect();
    assert_eq!(timeouts.len(), 4, "{:?}", short(&told));
    assert!(told.iter().all(|(_, n)| n.metric == QualityMetric::MediaTimeout));
    assert!(timeouts[..2].iter().all(|(at, _)| *at == 20_000), "{:?}", short(&told));
}

#[test]
fn nothing_is_measured_during_hold_and_without_a_bridge() {
    let mut rig = rig();
    rig.direct(B, false, false);
    let silent = |until| Script { until, a_talks: false, ..CLEAN };
    assert_eq!(short(&play(&mut rig, &[silent(60)])), [""; 0]);
    rig.direct(B, true, true);
    rig.tell(MediaCommand::Unbridge { a: A, b: B });
    assert_eq!(short(&play(&mut rig, &[silent(120)])), [""; 0]);
    rig.bridge(A, B);
    assert_eq!(short(&play(&mut rig, &[silent(126)])), ["125020 1 Received OneWayAudio raised"]);
    // The hold ends it.
    rig.direct(A, false, true);
    assert_eq!(short(&play(&mut rig, &[silent(127)])), ["126020 1 Received OneWayAudio cleared"]);
}

#[test]
fn a_leg_that_is_over_says_how_its_streams_were() {
    let mut rig = rig();
    let pcmu = formats(&[format(0, Encoding::Pcmu, 8000)]);
    rig.tell(MediaCommand::Formats { leg: A, formats: pcmu });
    play(&mut rig, &[Script { until: 10, loss: 10, ..CLEAN }]);
    rig.tell(MediaCommand::Close { leg: A });
    rig.tell(MediaCommand::Close { leg: C });
    let events = rig.events();
    let mut closed = Vec::new();
    for event in &events {
        if let MediaEvent::Closed { leg, streams } = event {
            closed.push((*leg, streams.clone()));
        }
    }
    let [(A, streams), (C, none)] = &closed[..] else { panic!("{events:?}") };
    assert!(none.is_empty());
    let [received, sent] = &streams[..] else { panic!("{streams:?}") };
    assert_eq!((received.stream, sent.stream), (QualityStream::Received, QualityStream::Sent));
    assert_eq!((&*received.codec, received.packets, received.lost), ("PCMU", 450, 49));
    assert_eq!((&*sent.codec, sent.packets, sent.lost), ("PCMU", 500, 0));
    assert!(received.mos_min.unwrap() < received.mos_avg.unwrap() + 0.01);
}
