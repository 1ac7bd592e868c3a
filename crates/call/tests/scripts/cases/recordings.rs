//! Recordings: who wants one, when it begins and ends, what it is called (R022).

use insta::assert_snapshot;

use crate::directory::directory;
use crate::script::{check_in, orders_in, play};
use crate::world::World;

const HOUSE: &str = r#"{
    "groups": [{"id": "g-rec", "name": "Recorded", "members": ["u-ana"], "recording": true}],
    "ivrs": [{"id": "ivr-rec", "action": "call_transfer", "target_kind": "group",
        "target_group_id": "g-rec", "accept": "answer"}],
    "numbers": [
      {"id": "n-rec", "e164": "+15550300001", "assigned_group_id": "g-rec", "ivr_id": "ivr-rec"},
      {"id": "n-not", "e164": "+15550300002", "assigned_group_id": "g-rec", "ivr_id": "ivr-rec",
        "recording": false},
      {"id": "n-eve", "e164": "+15550300003", "assigned_user_id": "u-eve", "recording": true}]
}"#;

const TALKING: &str = "registered ana
    0 call +15557770001 -> +15550100001
    5 ana answers\n";

fn world() -> World {
    World::new(directory(HOUSE))
}

/// Whether a call to this number is recorded.
fn is_recorded(mut world: World, number: &str, agent: &str) -> bool {
    play(
        &mut world,
        &format!("registered {agent}\n 0 call +15557770001 -> {number}\n 1 {agent} answers"),
    );
    !world.calls[0].recordings.is_empty()
}

#[test]
fn the_number_decides_then_the_group_then_the_configuration() {
    assert!(is_recorded(world(), "+15550300001", "ana"));
    assert!(!is_recorded(world(), "+15550300002", "ana"));
    assert!(is_recorded(world(), "+15550300003", "eve"));
    assert!(!is_recorded(world(), "+15550100001", "ana"));
    let mut all = world();
    all.settings.sound.record_all = true;
    assert!(is_recorded(all, "+15550100001", "ana"));
    let mut all = world();
    all.settings.sound.record_all = true;
    assert!(!is_recorded(all, "+15550300002", "ana"));
}

#[test]
fn a_recording_begins_and_ends_with_the_bridge() {
    let mut world = world();
    world.settings.sound.record_all = true;
    world.settings.sound.recording_beep = true;
    assert_snapshot!(check_in(world, &format!("{TALKING}
        30 caller hangs up
    ")), @r#"
    0      dial ana, showing +15557770001 "Carl Contact"
    5      u-ana is taken
    5      answer caller like ana
    5      bridge caller ana
    5      call-a-r1 is 2026/01/05/call-a-r1.wav from 5
    5      record caller | ana as call-a-r1 in 2026/01/05/call-a-r1, Wav
    5      play caller [Tone(Beep)]
    5      play ana [Tone(Beep)]
    30     stop call-a-r1
    30     hang up ana Normal
    30     finished
    --
    call inbound answered by external, owner u-ana, mco -
       accepted 5, answered 5, ended 30, sip -, q850 16
    c1 route user u-ana single, 0..30, answered 5, bridged 5
       answered, hangup_external, sip 200, q850 16
    a1 u-ana stage 1 round 1, 0..5, ringing -, answered 200
    p1 p:+15557770001 caller 5..30
    p2 u:u-ana callee 5..30
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 30 call_ended by=external
    context u-ana;
    "#);
}

#[test]
fn who_is_outside_is_left_also_when_he_is_called() {
    let mut world = world();
    world.settings.sound.record_all = true;
    assert_snapshot!(orders_in(world, "0 call ana -> +15557770002
        5 +15557770002 answers
        30 caller hangs up
    "), @r"
    0      dial +15557770002 by carrier-a, showing +15550100001
    5      answer caller like +15557770002
    5      bridge caller +15557770002
    5      call-a-r1 is 2026/01/05/call-a-r1.wav from 5
    5      record +15557770002 | caller as call-a-r1 in 2026/01/05/call-a-r1, Wav
    30     stop call-a-r1
    30     hang up +15557770002 Normal
    30     finished
    ");
}

#[test]
fn both_sides_hear_the_consent_prompt_first() {
    let mut world = world();
    world.settings.sound.record_all = true;
    world.settings.sound.consent_prompt = Some("This call is recorded.".into());
    world.settings.sound.music_on_hold = Some("music:calm".into());
    assert_snapshot!(orders_in(world, &format!("{TALKING}
        7 caller heard
        8 ana holds
        9 ana heard
        30 caller hangs up
    ")), @r#"
    0      dial ana, showing +15557770001 "Carl Contact"
    5      u-ana is taken
    5      answer caller like ana
    5      bridge caller ana
    5      play caller [Text("This call is recorded.")]
    5      play ana [Text("This call is recorded.")]
    8      play caller [Music("calm")] for ever
    9      call-a-r1 is 2026/01/05/call-a-r1.wav from 9
    9      record caller | ana as call-a-r1 in 2026/01/05/call-a-r1, Wav
    30     stop call-a-r1
    30     hang up ana Normal
    30     finished
    "#);
}

/// Hold music waits for the prompt, and a pause is remembered.
#[test]
fn the_consent_prompt_is_heard_on_hold_too() {
    let mut world = world();
    world.settings.sound.consent_prompt = Some("consent.wav".into());
    world.settings.sound.music_on_hold = Some("music:calm".into());
    assert_snapshot!(orders_in(world, &format!("{TALKING}
        6 ana holds
        7 record
        8 record pause
        9 caller heard
        10 ana heard
        11 record resume
        30 caller hangs up
    ")), @r#"
    0      dial ana, showing +15557770001 "Carl Contact"
    5      u-ana is taken
    5      answer caller like ana
    5      bridge caller ana
    6      play caller [Music("calm")] for ever
    7      play caller [File("consent.wav")]
    7      play ana [File("consent.wav")]
    9      play caller [Music("calm")] for ever
    10     call-a-r1 is 2026/01/05/call-a-r1.wav from 10
    10     record caller | ana as call-a-r1 in 2026/01/05/call-a-r1, Wav
    10     pause call-a-r1
    10     call-a-r1 paused at 10
    11     go on with call-a-r1
    11     call-a-r1 resumed at 11
    30     stop call-a-r1
    30     hang up ana Normal
    30     finished
    "#);
}

/// A recording of which a side may not know is not made.
#[test]
fn without_the_consent_prompt_nothing_is_recorded() {
    let mut world = world();
    world.settings.sound.record_all = true;
    world.settings.sound.consent_prompt = Some("missing.wav".into());
    assert_snapshot!(orders_in(world, &format!("{TALKING}
        7 caller heard nothing
        30 caller hangs up
    ")), @r#"
    0      dial ana, showing +15557770001 "Carl Contact"
    5      u-ana is taken
    5      answer caller like ana
    5      bridge caller ana
    5      play caller [File("missing.wav")]
    5      play ana [File("missing.wav")]
    7      stop playing to ana
    30     hang up ana Normal
    30     finished
    "#);
}

#[test]
fn wishes_start_pause_and_stop_one_file_after_another() {
    assert_snapshot!(orders_in(world(), &format!("{TALKING}
        6 record
        7 record pause
        7.5 record pause
        8 record resume
        9 record stop
        9.5 record resume
        10 record
        11 record stop
        12 record
        30 ana hangs up
    ")), @r#"
    0      dial ana, showing +15557770001 "Carl Contact"
    5      u-ana is taken
    5      answer caller like ana
    5      bridge caller ana
    6      call-a-r1 is 2026/01/05/call-a-r1.wav from 6
    6      record caller | ana as call-a-r1 in 2026/01/05/call-a-r1, Wav
    7      pause call-a-r1
    7      call-a-r1 paused at 7
    8      go on with call-a-r1
    8      call-a-r1 resumed at 8
    9      stop call-a-r1
    10     call-a-r2 is 2026/01/05/call-a-r2.wav from 10
    10     record caller | ana as call-a-r2 in 2026/01/05/call-a-r2, Wav
    11     stop call-a-r2
    12     call-a-r3 is 2026/01/05/call-a-r3.wav from 12
    12     record caller | ana as call-a-r3 in 2026/01/05/call-a-r3, Wav
    30     stop call-a-r3
    30     hang up caller Normal
    30     finished
    "#);
}

#[test]
fn a_wish_before_the_bridge_counts_and_beats_the_directory() {
    assert_snapshot!(orders_in(world(), "registered ana eve
        0 call +15557770001 -> +15550100001
        1 record
        5 ana answers
        6 caller hangs up
        10 B: call +15557770001 -> +15550300003
        11 B: record stop
        12 B: eve answers
        20 B: caller hangs up
    "), @r#"
    0      dial ana, showing +15557770001 "Carl Contact"
    5      u-ana is taken
    5      answer caller like ana
    5      bridge caller ana
    5      call-a-r1 is 2026/01/05/call-a-r1.wav from 5
    5      record caller | ana as call-a-r1 in 2026/01/05/call-a-r1, Wav
    6      stop call-a-r1
    6      hang up ana Normal
    6      finished
    10     B: dial eve, showing +15557770001 "Carl Contact"
    12     B: u-eve is taken
    12     B: answer caller like eve
    12     B: bridge caller eve
    20     B: hang up eve Normal
    20     B: finished
    "#);
}

#[test]
fn a_recording_that_fails_ends_no_call() {
    let mut world = world();
    world.settings.sound.record_all = true;
    assert_snapshot!(orders_in(world, &format!("{TALKING}
        6 recording fails
        7 recording fails
        8 record pause
        9 record
        30 caller hangs up
    ")), @r#"
    0      dial ana, showing +15557770001 "Carl Contact"
    5      u-ana is taken
    5      answer caller like ana
    5      bridge caller ana
    5      call-a-r1 is 2026/01/05/call-a-r1.wav from 5
    5      record caller | ana as call-a-r1 in 2026/01/05/call-a-r1, Wav
    6      call-a-r1 failed at 6: disk full
    8      pause call-a-r1
    9      stop call-a-r1
    9      call-a-r2 is 2026/01/05/call-a-r2.wav from 9
    9      record caller | ana as call-a-r2 in 2026/01/05/call-a-r2, Wav
    30     stop call-a-r2
    30     hang up ana Normal
    30     finished
    "#);
}

#[test]
fn a_shutdown_closes_the_recording() {
    let mut world = world();
    world.settings.sound.record_all = true;
    assert_snapshot!(orders_in(world, &format!("{TALKING} 8 release")), @r#"
    0      dial ana, showing +15557770001 "Carl Contact"
    5      u-ana is taken
    5      answer caller like ana
    5      bridge caller ana
    5      call-a-r1 is 2026/01/05/call-a-r1.wav from 5
    5      record caller | ana as call-a-r1 in 2026/01/05/call-a-r1, Wav
    8      stop call-a-r1
    8      hang up ana Shutdown
    8      hang up caller Shutdown
    8      finished
    "#);
}

#[test]
fn the_number_of_recordings_is_limited() {
    let mut world = world();
    play(&mut world, TALKING);
    for _ in 0..150 {
        play(&mut world, "6 record\n 6 record stop");
    }
    assert!(world.log.contains("call-a-r100"));
    assert!(!world.log.contains("call-a-r101"));
}
