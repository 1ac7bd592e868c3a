//! What is played: greetings, ringback and music while a caller waits, music on hold.

use insta::assert_snapshot;

use crate::directory::directory;
use crate::script::{check_in, orders_in};
use crate::world::World;

const HOUSE: &str = r#"{
    "groups": [{"id": "g-music", "name": "Music", "members": ["u-ana", "u-ben"],
        "music_on_hold": "music:own"}],
    "ivrs": [
      {"id": "ivr-hello", "action": "call_transfer", "target_kind": "group", "language": "de",
        "target_group_id": "g-music", "greeting_prompt": "Guten Tag.", "next_ivr_id": "ivr-again"},
      {"id": "ivr-again", "action": "call_transfer", "target_kind": "user",
        "target_user_id": "u-eve", "greeting_prompt": "again.wav", "accept": "answer"},
      {"id": "ivr-silent", "action": "call_transfer", "target_kind": "user",
        "target_user_id": "u-eve", "greeting_prompt": "again.wav", "accept": "answer"}],
    "numbers": [
      {"id": "n-hello", "e164": "+15550300001", "assigned_group_id": "g-music",
        "ivr_id": "ivr-hello", "missed_call_owner_user_id": "u-mia"},
      {"id": "n-silent", "e164": "+15550300002", "assigned_group_id": "g-music",
        "ivr_id": "ivr-silent"}]
}"#;

fn world() -> World {
    World::new(directory(HOUSE))
}

#[test]
fn an_ivr_greets_then_the_groups_music_plays_until_somebody_answers() {
    assert_snapshot!(check_in(world(), "registered ana
        0 call +15557770001 -> +15550300001
        4 caller heard
        9 ana answers
        20 ana hangs up
    "), @r#"
    0      answer caller
    0      play caller [Text("Guten Tag.")] in de
    4      dial ana, showing +15557770001 "Carl Contact"
    4      play caller [Music("own")] for ever
    9      u-ana is taken
    9      stop playing to caller
    9      bridge caller ana
    20     hang up caller Normal
    20     finished
    --
    call inbound answered by internal, owner u-ana, mco -
       accepted 0, answered 9, ended 20, sip -, q850 16
    c1 route group g-music simulring, 4..20, answered 9, bridged 9
       answered, hangup_internal, sip 200, q850 16
    a1 u-ana stage 1 round 1, 4..9, ringing -, answered 200
    p1 p:+15557770001 caller 0..20
    p2 u:u-ana callee 9..20
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-hello
    i3 4 routing_started c1 ivr-hello strategy=simulring target=g-music
    i4 9 answered c1 u-ana
    i5 9 ivr_exited ivr-hello reason=answered
    i6 20 call_ended by=internal
    context u-ana u-mia; g-music
    "#);
}

#[test]
fn every_ivr_greets_and_a_greeting_that_fails_loses_no_call() {
    assert_snapshot!(orders_in(world(), "registered ana eve
        0 call +15557770001 -> +15550300001
        4 caller heard nothing
        5 ana fails 486
        8 caller heard
        9 eve answers
        20 caller hangs up
    "), @r#"
    0      answer caller
    0      play caller [Text("Guten Tag.")] in de
    4      dial ana, showing +15557770001 "Carl Contact"
    4      play caller [Music("own")] for ever
    5      stop playing to caller
    5      play caller [File("again.wav")]
    8      dial eve, showing +15557770001 "Carl Contact"
    8      play caller [Tone(Ringback)] for ever
    9      u-eve is taken
    9      stop playing to caller
    9      bridge caller eve
    20     hang up eve Normal
    20     finished
    "#);
}

#[test]
fn who_leaves_during_the_greeting_was_routed_to_nobody() {
    assert_snapshot!(check_in(world(), "registered ana
        0 call +15557770001 -> +15550300001
        3 caller presses 5
        4 caller hangs up
    "), @r#"
    0      answer caller
    0      play caller [Text("Guten Tag.")] in de
    4      finished
    --
    call inbound missed by external, owner u-mia, mco u-mia
       accepted 0, answered -, ended 4, sip -, q850 16
    p1 p:+15557770001 caller 0..4
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-hello
    i3 4 ivr_exited ivr-hello reason=caller_hangup
    i4 4 call_ended by=external
    context u-mia; g-music
    "#);
}

#[test]
fn who_leaves_during_a_later_greeting_ends_his_connection() {
    assert_snapshot!(check_in(world(), "registered ana
        0 call +15557770001 -> +15550300001
        4 caller heard
        5 ana fails 603
        6 caller hangs up
    "), @r#"
    0      answer caller
    0      play caller [Text("Guten Tag.")] in de
    4      dial ana, showing +15557770001 "Carl Contact"
    4      play caller [Music("own")] for ever
    5      stop playing to caller
    5      play caller [File("again.wav")]
    6      finished
    --
    call inbound missed by external, owner u-mia, mco u-mia
       accepted 0, answered -, ended 6, sip -, q850 16
    c1 route group g-music simulring, 4..6, answered -, bridged -
       canceled, not_answered, sip 487, q850 16
    a1 u-ana stage 1 round 1, 4..5, ringing -, declined 603
    p1 p:+15557770001 caller 0..6
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-hello
    i3 4 routing_started c1 ivr-hello strategy=simulring target=g-music
    i4 5 no_answer c1 reason=declined
    i5 5 ivr_exited ivr-hello next=ivr-again reason=next_ivr
    i6 5 ivr_entered ivr-again
    i7 6 ivr_exited ivr-again reason=caller_hangup
    i8 6 call_ended by=external
    context u-ana u-mia; g-music
    "#);
}

#[test]
fn a_shutdown_ends_a_greeting() {
    assert_snapshot!(check_in(world(), "0 call +15557770001 -> +15550300001
        3 release
    "), @r#"
    0      answer caller
    0      play caller [Text("Guten Tag.")] in de
    3      hang up caller Shutdown
    3      finished
    --
    call inbound missed by system, owner u-mia, mco u-mia
       accepted 0, answered -, ended 3, sip -, q850 20
    p1 p:+15557770001 caller 0..3
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-hello
    i3 3 ivr_exited ivr-hello reason=system_hangup
    i4 3 call_ended by=system
    context u-mia; g-music
    "#);
}

#[test]
fn a_greeting_of_which_media_never_speaks_again_ends() {
    assert_snapshot!(orders_in(world(), "registered ana
        0 call +15557770001 -> +15550300001
        301 ana answers
        302 caller hangs up
    "), @r#"
    0      answer caller
    0      play caller [Text("Guten Tag.")] in de
    300    stop playing to caller
    300    dial ana, showing +15557770001 "Carl Contact"
    300    play caller [Music("own")] for ever
    301    u-ana is taken
    301    stop playing to caller
    301    bridge caller ana
    302    hang up ana Normal
    302    finished
    "#);
}

#[test]
fn who_is_not_accepted_hears_nothing_of_ours() {
    assert_snapshot!(orders_in(world(), "registered eve
        0 call +15557770001 -> +15550300002
        1 eve rings
        9 eve answers
        20 caller hangs up
    "), @r#"
    0      dial eve, showing +15557770001 "Carl Contact"
    1      ring caller
    9      u-eve is taken
    9      answer caller like eve
    9      bridge caller eve
    20     hang up eve Normal
    20     finished
    "#);
}

#[test]
fn a_held_party_hears_music_until_it_is_resumed() {
    let mut world = world();
    world.settings.sound.music_on_hold = Some("music:calm".into());
    assert_snapshot!(orders_in(world, "registered ana
        0 call +15557770001 -> +15550100001
        2 ana answers
        3 ana holds
        4 ana resumes
        5 caller holds
        6 caller resumes
        9 caller hangs up
    "), @r#"
    0      dial ana, showing +15557770001 "Carl Contact"
    2      u-ana is taken
    2      answer caller like ana
    2      bridge caller ana
    3      play caller [Music("calm")] for ever
    4      stop playing to caller
    5      play ana [Music("calm")] for ever
    6      stop playing to ana
    9      hang up ana Normal
    9      finished
    "#);
}

/// Who holds does not listen; when both do, nothing is played to anybody.
#[test]
fn who_holds_hears_no_music_himself() {
    let mut world = world();
    world.settings.sound.music_on_hold = Some("music:calm".into());
    assert_snapshot!(orders_in(world, "registered ana
        0 call +15557770001 -> +15550100001
        2 ana answers
        3 ana holds
        4 caller holds
        5 ana resumes
        6 caller resumes
        7 ana holds
        9 ana hangs up
    "), @r#"
    0      dial ana, showing +15557770001 "Carl Contact"
    2      u-ana is taken
    2      answer caller like ana
    2      bridge caller ana
    3      play caller [Music("calm")] for ever
    4      stop playing to caller
    5      play ana [Music("calm")] for ever
    6      stop playing to ana
    7      play caller [Music("calm")] for ever
    9      hang up caller Normal
    9      finished
    "#);
}

#[test]
fn the_music_of_the_group_beats_the_configured_one_and_without_any_it_is_silent() {
    let script = "registered ana
        0 call +15557770001 -> +15550300001
        1 caller heard
        2 ana answers
        3 ana holds
        9 ana hangs up
    ";
    let mut configured = world();
    configured.settings.sound.music_on_hold = Some("music:calm".into());
    assert_snapshot!(orders_in(configured, script), @r#"
    0      answer caller
    0      play caller [Text("Guten Tag.")] in de
    1      dial ana, showing +15557770001 "Carl Contact"
    1      play caller [Music("own")] for ever
    2      u-ana is taken
    2      stop playing to caller
    2      bridge caller ana
    3      play caller [Music("own")] for ever
    9      hang up caller Normal
    9      finished
    "#);
    let silent = "registered ana
        0 call +15557770001 -> +15550100001
        2 ana answers
        3 ana holds
        9 ana hangs up
    ";
    assert_snapshot!(orders_in(world(), silent), @r#"
    0      dial ana, showing +15557770001 "Carl Contact"
    2      u-ana is taken
    2      answer caller like ana
    2      bridge caller ana
    9      hang up caller Normal
    9      finished
    "#);
}

#[test]
fn where_the_groups_music_is_missing_it_rings_and_what_fails_then_is_silent() {
    assert_snapshot!(orders_in(world(), "registered ana
        0 call +15557770001 -> +15550300001
        1 caller heard
        1 caller heard nothing
        2 caller heard nothing
        3 ana answers
        9 ana hangs up
    "), @r#"
    0      answer caller
    0      play caller [Text("Guten Tag.")] in de
    1      dial ana, showing +15557770001 "Carl Contact"
    1      play caller [Music("own")] for ever
    1      play caller [Tone(Ringback)] for ever
    3      u-ana is taken
    3      bridge caller ana
    9      hang up caller Normal
    9      finished
    "#);
}

#[test]
fn without_ringback_who_waits_hears_nothing() {
    let mut world = world();
    world.settings.sound.ringback = None;
    assert_snapshot!(orders_in(world, "registered ana
        0 call +15557770001 -> +15550200001
        3 ana answers
        9 ana hangs up
    "), @r#"
    0      answer caller
    0      dial ana, showing +15557770001 "Carl Contact"
    3      u-ana is taken
    3      bridge caller ana
    9      hang up caller Normal
    9      finished
    "#);
}
