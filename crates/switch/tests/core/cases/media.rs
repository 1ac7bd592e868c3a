//! What media reports finds its call, and its end finds its rows.

#![expect(clippy::wildcard_enum_match_arm, reason = "each test looks at a few of many")]

use call::Settings;
use call::port::{
    Digit, LegId, MediaCommand, MediaEvent, PlayEnd, PlayId, QualityChange, QualityNotice,
    StreamQuality,
};
use model::call_graph::CallEvent;
use model::call_graph::event::BridgeLeg;
use model::call_graph::words::{QualityMetric, QualitySeverity, QualitySource, QualityStream};
use model::recording::RecordingChange;

use crate::house::{Dialog, House};

fn recorded() -> (House, Dialog) {
    let mut settings = Settings::default();
    settings.sound.record_all = true;
    let mut house = House::with(settings);
    let (caller, _) = house.talking();
    (house, caller)
}

fn stream() -> StreamQuality {
    StreamQuality {
        stream: QualityStream::Received,
        codec: "PCMA".into(),
        packets: 100,
        lost: 1,
        discarded: 0,
        duplicate: 0,
        jitter_avg_ms: Some(1.5),
        jitter_max_ms: None,
        rtt_avg_ms: None,
        rtt_max_ms: None,
        mos_avg: Some(4.4),
        mos_min: None,
    }
}

#[test]
fn the_figures_of_a_leg_are_kept_under_its_name() {
    let mut house = House::new();
    let (caller, _) = house.talking();
    house.ask(&caller, "BYE", "", "", "");
    let closed: Vec<LegId> = house
        .media
        .iter()
        .filter_map(|command| match command {
            MediaCommand::Close { leg } => Some(*leg),
            _ => None,
        })
        .collect();
    assert_eq!(closed.len(), 2);
    assert!(house.switch.awaits_media());
    // Twice, and of a leg that never was: kept once.
    for leg in [LegId(1), LegId(2), LegId(2), LegId(99)] {
        house.media(MediaEvent::Closed { leg, streams: vec![stream()] });
    }
    assert!(!house.switch.awaits_media());
    let names: Vec<_> = house.qualities.iter().map(|quality| quality.leg).collect();
    assert_eq!(names, [BridgeLeg::Anchor, BridgeLeg::Connection(1)]);
    assert!(house.qualities.iter().all(|quality| quality.call == house.records[0].call));
}

#[test]
fn a_leg_that_was_never_answered_and_one_without_packets_give_nothing() {
    let mut house = House::new();
    let formats = "m=audio 1 RTP/AVP 8\r\n";
    let (_, _ring) = house.call_alice(formats).expect("a call");
    house.media(MediaEvent::Closed { leg: LegId(2), streams: vec![stream()] });
    house.media(MediaEvent::Closed { leg: LegId(1), streams: Vec::new() });
    assert_eq!(house.qualities, []);
}

#[test]
fn a_recording_is_closed_after_its_call() {
    let (mut house, caller) = recorded();
    let id = house.recordings[0].0.clone();
    house.ask(&caller, "BYE", "", "", "");
    assert_eq!(house.switch.live_calls(), 0);
    let stop = MediaCommand::StopRecording { recording: id.clone() };
    assert!(house.media.contains(&stop));
    for leg in [LegId(1), LegId(2)] {
        house.media(MediaEvent::Closed { leg, streams: Vec::new() });
    }
    // A server that stops waits for it.
    assert!(house.switch.awaits_media());
    house.media(MediaEvent::RecordingFailed { recording: id.clone(), cause: "full".into() });
    house.media(MediaEvent::Recorded {
        recording: id.clone(),
        duration_ms: 60_000,
        bytes: 1_000,
        sha256: None,
    });
    assert!(!house.switch.awaits_media());
    // Nobody knows it any more.
    house.media(MediaEvent::RecordingFailed { recording: id, cause: "full".into() });
    let [_, (_, failed), (_, ended)] = &house.recordings[..] else {
        panic!("{:?}", house.recordings)
    };
    assert!(matches!(failed, RecordingChange::Failed { .. }));
    assert!(matches!(ended, RecordingChange::Ended { duration_ms: 60_000, .. }));
}

#[test]
fn a_recording_that_fails_is_told_its_call() {
    let (mut house, _) = recorded();
    let id = house.recordings[0].0.clone();
    for _ in 0..2 {
        let cause = "no space left".into();
        house.media(MediaEvent::RecordingFailed { recording: id.clone(), cause });
    }
    let [_, (_, RecordingChange::Failed { cause, .. })] = &house.recordings[..] else {
        panic!("{:?}", house.recordings)
    };
    assert_eq!(&**cause, "no space left");
    assert_eq!(house.switch.live_calls(), 1);
}

#[test]
fn digits_and_bad_audio_find_their_call_and_what_is_late_finds_nobody() {
    let mut house = House::new();
    let (caller, _) = house.talking();
    let digit = Digit::new('7').expect("a digit");
    let notice = |leg| {
        MediaEvent::Quality(QualityNotice {
            leg,
            stream: QualityStream::Received,
            metric: QualityMetric::PacketLoss,
            change: QualityChange::Raised {
                severity: QualitySeverity::Warning,
                threshold: 3.0,
                worst: 4.0,
            },
            source: QualitySource::LocalRtp,
            explanation: "{other} heard {party} badly".into(),
        })
    };
    let before = house.records.len();
    house.media(MediaEvent::Digit { leg: LegId(1), digit });
    house.media(notice(LegId(2)));
    house.media(notice(LegId(77)));
    house.media(MediaEvent::Played { leg: LegId(1), play: PlayId(9), end: PlayEnd::Failed });
    let events: Vec<_> = house.records[before..].iter().map(|recorded| &recorded.event).collect();
    let [CallEvent::DigitPressed { digit: '7', .. }, CallEvent::QualityRaised { explanation, .. }] =
        events[..]
    else {
        panic!("{events:?}")
    };
    assert_eq!(&**explanation, "caller heard agent alice badly");
    house.ask(&caller, "BYE", "", "", "");
    let ended = house.records.len();
    house.media(MediaEvent::Digit { leg: LegId(1), digit });
    house.media(notice(LegId(2)));
    assert_eq!(house.records.len(), ended);
}
