//! Digits and recordings by INFO.

#![expect(clippy::wildcard_enum_match_arm, reason = "each test looks at a few of many")]

use call::port::MediaCommand;
use model::call_graph::CallEvent;
use model::recording::RecordingChange;

use crate::house::{ALICE, House};

const RELAY: &str = "application/dtmf-relay";

/// The digits that were made again, and for how long.
fn made(house: &mut House) -> Vec<(char, u16)> {
    let commands = house.media.drain(..);
    let digits = commands.filter_map(|command| match command {
        MediaCommand::SendDigit { digit, duration_ms, .. } => Some((digit.sign(), duration_ms)),
        _ => None,
    });
    digits.collect()
}

#[test]
fn a_digit_by_info_is_recorded_and_made_again_on_the_other_leg() {
    let mut house = House::new();
    let (caller, callee) = house.talking();
    let body = "Signal=5\r\nDuration=160\r\n";
    assert_eq!(house.ask(&caller, "INFO", "", RELAY, body).status(), 200);
    assert_eq!(house.ask(&callee, "INFO", "", "application/dtmf", "#").status(), 200);
    assert_eq!(made(&mut house), [('5', 160), ('#', 160)]);
    let pressed = house.records.iter().filter_map(|recorded| match &recorded.event {
        CallEvent::DigitPressed { party, digit, .. } => Some(format!("{party} {digit}")),
        _ => None,
    });
    assert_eq!(pressed.collect::<Vec<_>>(), ["+4917012345678 5", "u:u-alice #"]);
}

#[test]
fn what_is_no_digit_is_refused() {
    let mut house = House::new();
    let (caller, _) = house.talking();
    assert_eq!(house.ask(&caller, "INFO", "", RELAY, "Signal=x\r\n").status(), 400);
    let refused = house.ask(&caller, "INFO", "", "application/media_control+xml", "<x/>");
    assert_eq!(refused.status(), 415);
    assert_eq!(refused.value("Accept"), "application/dtmf-relay, application/dtmf");
    let refused = house.ask(&caller, "INFO", "Info-Package: foo\r\n", RELAY, "Signal=1");
    assert_eq!(refused.status(), 469);
    // A sign of life.
    assert_eq!(house.ask(&caller, "INFO", "", "", "").status(), 200);
    assert_eq!(made(&mut house), []);
    let stranger = crate::house::Dialog { call_id: "nobody".into(), ..caller };
    assert_eq!(house.ask(&stranger, "INFO", "", RELAY, "Signal=1").status(), 481);
}

#[test]
fn a_phones_button_records_and_a_callers_does_not() {
    let mut house = House::new();
    let (caller, callee) = house.talking();
    assert_eq!(house.ask(&caller, "INFO", "Record: on\r\n", "", "").status(), 403);
    assert!(house.recordings.is_empty());
    for wish in ["on", "pause", "Resume", "off"] {
        let header = format!("Record: {wish}\r\n");
        assert_eq!(house.ask(&callee, "INFO", &header, "", "").status(), 200);
    }
    assert_eq!(house.ask(&callee, "INFO", "Record: perhaps\r\n", "", "").status(), 400);
    assert_eq!(callee.at, ALICE);
    let changes = house.recordings.iter().map(|(_, change)| match change {
        RecordingChange::Began { .. } => "began",
        RecordingChange::Paused { .. } => "paused",
        RecordingChange::Resumed { .. } => "resumed",
        RecordingChange::Failed { .. } => "failed",
        RecordingChange::Ended { .. } => "ended",
    });
    assert_eq!(changes.collect::<Vec<_>>(), ["began", "paused", "resumed"]);
    let stops = house.media.iter();
    let stops = stops.filter(|command| matches!(command, MediaCommand::StopRecording { .. }));
    assert_eq!(stops.count(), 1);
}
