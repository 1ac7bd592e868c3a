//! Menus (F1): options, prompts that end at a digit or do not, digits that are no option, silence,
//! and where the caller goes when the menu gives up.

use insta::assert_snapshot;

use crate::directory::directory;
use crate::script::{explained_in, orders_in};
use crate::world::World;

const MENUS: &str = r#"{
    "ivrs": [
      {"id": "ivr-ask", "action": "menu", "greeting_prompt": "welcome.wav", "language": "de",
        "options": {"1": "ivr-eve", "*": "ivr-again", "9": "ivr-missing"},
        "menu": {"timeout_ms": 4000, "max_tries": 2, "barge_in": true,
          "invalid_prompt": "No such option.", "timeout_prompt": "Are you there?",
          "default_ivr_id": "ivr-bye"},
        "next_ivr_id": "ivr-eve"},
      {"id": "ivr-patient", "action": "menu", "greeting_prompt": "welcome.wav",
        "options": {"1": "ivr-eve"},
        "menu": {"timeout_ms": 4000, "max_tries": 2, "barge_in": false},
        "next_ivr_id": "ivr-eve"},
      {"id": "ivr-mute", "action": "menu", "options": {"1": "ivr-mute", "2": "ivr-eve"},
        "menu": {"timeout_ms": 0, "max_tries": 0, "barge_in": true,
          "default_ivr_id": "ivr-missing"}},
      {"id": "ivr-again", "action": "menu", "accept": "answer", "options": {"1": "ivr-ask"},
        "next_ivr_id": "ivr-eve"},
      {"id": "ivr-eve", "action": "call_transfer", "target_kind": "user",
        "target_user_id": "u-eve"},
      {"id": "ivr-bye", "action": "play_and_hangup", "greeting_prompt": "Goodbye."}],
    "numbers": [
      {"id": "n-ask", "e164": "+15550300001", "assigned_group_id": "g-supp", "ivr_id": "ivr-ask"},
      {"id": "n-patient", "e164": "+15550300002", "assigned_group_id": "g-supp",
        "ivr_id": "ivr-patient"},
      {"id": "n-mute", "e164": "+15550300003", "assigned_group_id": "g-supp",
        "ivr_id": "ivr-mute"},
      {"id": "n-again", "e164": "+15550300004", "assigned_group_id": "g-supp",
        "ivr_id": "ivr-again"}]
}"#;

fn world() -> World {
    World::new(directory(MENUS))
}

#[test]
fn a_digit_ends_the_prompt_and_counts() {
    assert_snapshot!(explained_in(world(), "registered eve
        0 call +15557770001 -> +15550300001
        1.5 caller presses 1
        3 eve answers
        9 caller hangs up
    "), @r#"
    0      answer caller
    0      play caller [File("welcome.wav")] up to a digit in de
    1.5    dial eve, showing +15557770001 "Carl Contact"
    1.5    play caller [Tone(Ringback)] for ever
    3      u-eve is taken
    3      stop playing to caller
    3      bridge caller eve
    9      hang up eve Normal
    9      finished
    --
    call inbound answered by external, owner u-eve, mco -
       accepted 0, answered 3, ended 9, sip -, q850 16
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-ask
    i3 1.5 menu_selected ivr-ask digit=1 next=ivr-eve
    i4 1.5 ivr_exited ivr-ask next=ivr-eve reason=menu_option
    i5 1.5 ivr_entered ivr-eve
    i6 1.5 routing_started c1 ivr-eve strategy=single target=u-eve
    i7 3 answered c1 u-eve
    i8 3 ivr_exited ivr-eve reason=answered
    i9 9 call_ended by=external
    0 number +15550300001: enters ivr-ask
    0 ivr ivr-ask version 1: entered: menu
    1.5 menu ivr-ask: 1 was pressed: to ivr-eve
    1.5 ivr ivr-eve version 1: entered: call_transfer
    1.5 member u-eve: rung
    "#);
}

#[test]
fn a_digit_by_info_ends_the_prompt_as_well_and_the_same_by_rtp_counts_once() {
    // The menu that `*` leads to must not take the echo of it for an invalid digit.
    assert_snapshot!(explained_in(world(), "registered eve
        0 call +15557770001 -> +15550300001
        1 caller presses * by info
        1.2 caller presses *
        2 caller presses 1
        2.1 caller presses 1 by info
        3 caller hangs up
    "), @r#"
    0      answer caller
    0      play caller [File("welcome.wav")] up to a digit in de
    1      stop playing to caller
    2      play caller [File("welcome.wav")] up to a digit in de
    3      finished
    --
    call inbound missed by external, owner -, mco -
       accepted 0, answered -, ended 3, sip -, q850 16
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-ask
    i3 1 menu_selected ivr-ask digit=* next=ivr-again
    i4 1 ivr_exited ivr-ask next=ivr-again reason=menu_option
    i5 1 ivr_entered ivr-again
    i6 2 menu_selected ivr-again digit=1 next=ivr-ask
    i7 2 ivr_exited ivr-again next=ivr-ask reason=menu_option
    i8 2 ivr_entered ivr-ask
    i9 3 ivr_exited ivr-ask reason=caller_hangup
    i10 3 call_ended by=external
    0 number +15550300001: enters ivr-ask
    0 ivr ivr-ask version 1: entered: menu
    1 menu ivr-ask: * was pressed: to ivr-again
    1 ivr ivr-again version 1: entered: menu
    2 menu ivr-again: 1 was pressed: to ivr-ask
    2 ivr ivr-ask version 1: entered: menu
    "#);
}

#[test]
fn the_same_digit_twice_by_one_way_is_two_digits() {
    assert_snapshot!(explained_in(world(), "registered eve
        0 call +15557770001 -> +15550300004
        1 caller presses 1
        1.1 caller presses 1
        1.2 caller presses 1
        60 pass
    "), @r#"
    0      answer caller
    1      play caller [File("welcome.wav")] up to a digit in de
    1.1    dial eve, showing +15557770001 "Carl Contact"
    1.1    play caller [Tone(Ringback)] for ever
    31.1   cancel eve NoAnswer
    31.1   hang up caller Normal
    31.1   finished
    --
    call inbound missed by system, owner -, mco -
       accepted 0, answered -, ended 31.1, sip -, q850 19
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-again
    i3 1 menu_selected ivr-again digit=1 next=ivr-ask
    i4 1 ivr_exited ivr-again next=ivr-ask reason=menu_option
    i5 1 ivr_entered ivr-ask
    i6 1.1 menu_selected ivr-ask digit=1 next=ivr-eve
    i7 1.1 ivr_exited ivr-ask next=ivr-eve reason=menu_option
    i8 1.1 ivr_entered ivr-eve
    i9 1.1 routing_started c1 ivr-eve strategy=single target=u-eve
    i10 31.1 no_answer c1 reason=timeout
    i11 31.1 ivr_exited ivr-eve reason=system_hangup
    i12 31.1 call_ended by=system
    0 number +15550300004: enters ivr-again
    0 ivr ivr-again version 1: entered: menu
    1 menu ivr-again: 1 was pressed: to ivr-ask
    1 ivr ivr-ask version 1: entered: menu
    1.1 menu ivr-ask: 1 was pressed: to ivr-eve
    1.1 ivr ivr-eve version 1: entered: call_transfer
    1.1 member u-eve: rung
    "#);
}

#[test]
fn without_barge_in_digits_during_the_prompt_are_ignored() {
    assert_snapshot!(explained_in(world(), "registered eve
        0 call +15557770001 -> +15550300002
        1 caller presses 1
        2 caller presses 1 by info
        3 caller heard
        4 caller presses 1
        5 eve answers
        6 eve hangs up
    "), @r#"
    0      answer caller
    0      play caller [File("welcome.wav")]
    4      dial eve, showing +15557770001 "Carl Contact"
    4      play caller [Tone(Ringback)] for ever
    5      u-eve is taken
    5      stop playing to caller
    5      bridge caller eve
    6      hang up caller Normal
    6      finished
    --
    call inbound answered by internal, owner u-eve, mco -
       accepted 0, answered 5, ended 6, sip -, q850 16
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-patient
    i3 4 menu_selected ivr-patient digit=1 next=ivr-eve
    i4 4 ivr_exited ivr-patient next=ivr-eve reason=menu_option
    i5 4 ivr_entered ivr-eve
    i6 4 routing_started c1 ivr-eve strategy=single target=u-eve
    i7 5 answered c1 u-eve
    i8 5 ivr_exited ivr-eve reason=answered
    i9 6 call_ended by=internal
    0 number +15550300002: enters ivr-patient
    0 ivr ivr-patient version 1: entered: menu
    4 menu ivr-patient: 1 was pressed: to ivr-eve
    4 ivr ivr-eve version 1: entered: call_transfer
    4 member u-eve: rung
    "#);
}

#[test]
fn a_digit_that_is_no_option_is_told_so_and_asked_again_then_the_default_is_entered() {
    assert_snapshot!(explained_in(world(), "
        0 call +15557770001 -> +15550300001
        1 caller presses 7
        2 caller heard
        3 caller presses 9
        4 caller heard
    "), @r#"
    0      answer caller
    0      play caller [File("welcome.wav")] up to a digit in de
    1      play caller [Text("No such option."), File("welcome.wav")] up to a digit in de
    3      play caller [Text("Goodbye.")]
    4      hang up caller Normal
    4      finished
    --
    call inbound missed by system, owner -, mco -
       accepted 0, answered -, ended 4, sip -, q850 20
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-ask
    i3 1 menu_invalid ivr-ask digit=7
    i4 3 menu_invalid ivr-ask digit=9
    i5 3 ivr_exited ivr-ask next=ivr-bye reason=next_ivr
    i6 3 ivr_entered ivr-bye
    i7 4 ivr_exited ivr-bye reason=system_hangup
    i8 4 call_ended by=system
    0 number +15550300001: enters ivr-ask
    0 ivr ivr-ask version 1: entered: menu
    1 menu ivr-ask: 7 was pressed: no option
    3 menu ivr-ask: 9 was pressed: there is no ivr-missing
    3 menu ivr-ask: given up after try 2
    3 ivr ivr-bye version 1: entered: play_and_hangup
    "#);
}

#[test]
fn silence_is_told_so_and_asked_again_then_the_next_ivr_is_entered() {
    let script = "registered eve
        0 call +15557770001 -> +15550300002
        2 caller heard
        8 caller heard
        12 pass
        20 eve answers
        30 caller hangs up";
    assert_snapshot!(explained_in(world(), script), @r#"
    0      answer caller
    0      play caller [File("welcome.wav")]
    6      play caller [File("welcome.wav")]
    12     dial eve, showing +15557770001 "Carl Contact"
    12     play caller [Tone(Ringback)] for ever
    20     u-eve is taken
    20     stop playing to caller
    20     bridge caller eve
    30     hang up eve Normal
    30     finished
    --
    call inbound answered by external, owner u-eve, mco -
       accepted 0, answered 20, ended 30, sip -, q850 16
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-patient
    i3 6 menu_timeout ivr-patient
    i4 12 menu_timeout ivr-patient
    i5 12 ivr_exited ivr-patient next=ivr-eve reason=next_ivr
    i6 12 ivr_entered ivr-eve
    i7 12 routing_started c1 ivr-eve strategy=single target=u-eve
    i8 20 answered c1 u-eve
    i9 20 ivr_exited ivr-eve reason=answered
    i10 30 call_ended by=external
    0 number +15550300002: enters ivr-patient
    0 ivr ivr-patient version 1: entered: menu
    6 menu ivr-patient: nothing was pressed in time
    12 menu ivr-patient: nothing was pressed in time
    12 menu ivr-patient: given up after try 2
    12 ivr ivr-eve version 1: entered: call_transfer
    12 member u-eve: rung
    "#);
}

#[test]
fn why_it_asks_again_is_said_before_the_greeting() {
    assert_snapshot!(orders_in(world(), "
        0 call +15557770001 -> +15550300001
        2 caller heard
        7 caller presses 5
        10 caller hangs up
    "), @r#"
    0      answer caller
    0      play caller [File("welcome.wav")] up to a digit in de
    6      play caller [Text("Are you there?"), File("welcome.wav")] up to a digit in de
    7      play caller [Text("Goodbye.")]
    10     finished
    "#);
}

#[test]
fn a_menu_that_says_nothing_and_waits_for_nobody_hangs_up() {
    assert_snapshot!(explained_in(world(), "
        0 call +15557770001 -> +15550300003
        1 pass
    "), @r"
    0      answer caller
    0.001  hang up caller Normal
    0.001  finished
    --
    call inbound missed by system, owner -, mco -
       accepted 0, answered -, ended 0.001, sip -, q850 20
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-mute
    i3 0.001 menu_timeout ivr-mute
    i4 0.001 ivr_exited ivr-mute reason=system_hangup
    i5 0.001 call_ended by=system
    0 number +15550300003: enters ivr-mute
    0 ivr ivr-mute version 1: entered: menu
    0.001 menu ivr-mute: nothing was pressed in time
    0.001 menu ivr-mute: given up after try 1
    0.001 ivr ivr-missing: passed over: there is no such IVR
    ");
}

#[test]
fn a_prompt_that_cannot_be_played_or_never_ends_leaves_the_question() {
    assert_snapshot!(explained_in(world(), "registered eve
        0 call +15557770001 -> +15550300002
        0 caller heard nothing
        5 pass
        304.5 caller presses 1
        306 caller hangs up
    "), @r#"
    0      answer caller
    0      play caller [File("welcome.wav")]
    4      play caller [File("welcome.wav")]
    304    stop playing to caller
    304.5  dial eve, showing +15557770001 "Carl Contact"
    304.5  play caller [Tone(Ringback)] for ever
    306    cancel eve CallerGone
    306    finished
    --
    call inbound missed by external, owner -, mco -
       accepted 0, answered -, ended 306, sip -, q850 16
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-patient
    i3 4 menu_timeout ivr-patient
    i4 304.5 menu_selected ivr-patient digit=1 next=ivr-eve
    i5 304.5 ivr_exited ivr-patient next=ivr-eve reason=menu_option
    i6 304.5 ivr_entered ivr-eve
    i7 304.5 routing_started c1 ivr-eve strategy=single target=u-eve
    i8 306 no_answer c1 reason=caller_hangup
    i9 306 ivr_exited ivr-eve reason=caller_hangup
    i10 306 call_ended by=external
    0 number +15550300002: enters ivr-patient
    0 ivr ivr-patient version 1: entered: menu
    4 menu ivr-patient: nothing was pressed in time
    304.5 menu ivr-patient: 1 was pressed: to ivr-eve
    304.5 ivr ivr-eve version 1: entered: call_transfer
    304.5 member u-eve: rung
    "#);
}

#[test]
fn the_caller_hangs_up_in_the_menu_or_the_server_stops() {
    assert_snapshot!(explained_in(world(), "
        0 call +15557770001 -> +15550300001
        2 caller hangs up
        3 B: call +15557770002 -> +15550300001
        4 B: release
    "), @r#"
    0      answer caller
    0      play caller [File("welcome.wav")] up to a digit in de
    2      finished
    3      B: answer caller
    3      B: play caller [File("welcome.wav")] up to a digit in de
    4      B: hang up caller Shutdown
    4      B: finished
    --
    call inbound missed by external, owner -, mco -
       accepted 0, answered -, ended 2, sip -, q850 16
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-ask
    i3 2 ivr_exited ivr-ask reason=caller_hangup
    i4 2 call_ended by=external
    0 number +15550300001: enters ivr-ask
    0 ivr ivr-ask version 1: entered: menu
    --
    call inbound missed by system, owner -, mco -
       accepted 0, answered -, ended 1, sip -, q850 20
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-ask
    i3 1 ivr_exited ivr-ask reason=system_hangup
    i4 1 call_ended by=system
    0 number +15550300001: enters ivr-ask
    0 ivr ivr-ask version 1: entered: menu
    "#);
}

#[test]
fn a_menu_that_leads_to_itself_ends_at_the_limit() {
    let mut world = world();
    world.settings.limits.ivr_hops = 2;
    assert_snapshot!(explained_in(world, "
        0 call +15557770001 -> +15550300003
        0 caller presses 1
        0 caller presses 1
    "), @r"
    0      answer caller
    0      hang up caller Normal
    0      finished
    --
    call inbound missed by system, owner -, mco -
       accepted 0, answered -, ended 0, sip -, q850 20
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-mute
    i3 0 menu_selected ivr-mute digit=1 next=ivr-mute
    i4 0 ivr_exited ivr-mute next=ivr-mute reason=menu_option
    i5 0 ivr_entered ivr-mute
    i6 0 menu_selected ivr-mute digit=1 next=ivr-mute
    i7 0 ivr_exited ivr-mute reason=system_hangup
    i8 0 call_ended by=system
    0 number +15550300003: enters ivr-mute
    0 ivr ivr-mute version 1: entered: menu
    0 menu ivr-mute: 1 was pressed: to ivr-mute
    0 ivr ivr-mute version 1: entered: menu
    0 menu ivr-mute: 1 was pressed: to ivr-mute
    0 limit ivr_hops: reached: 2 IVRs were entered, and no more are
    ");
}

#[test]
fn keys_pressed_without_end_keep_no_menu_alive() {
    let mut world = world();
    crate::script::play(&mut world, "0 call +15557770001 -> +15550300004");
    for press in 1..=60 {
        if !world.calls[0].finished {
            crate::script::play(&mut world, &format!("{press} caller presses 5"));
        }
    }
    assert!(world.calls[0].finished, "{}", world.log);
}
