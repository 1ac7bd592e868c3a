//! Play and hang up: what is said is heard to its end, then the next IVR is entered, or the call is
//! over.

use insta::assert_snapshot;

use crate::directory::directory;
use crate::script::explained_in;
use crate::world::World;

const ANNOUNCEMENTS: &str = r#"{
    "ivrs": [
      {"id": "ivr-bye", "action": "play_and_hangup", "greeting_prompt": "closed.wav",
        "language": "de-AT", "missed_call_owner_user_id": "u-mia"},
      {"id": "ivr-first", "action": "play_and_hangup", "greeting_prompt": "Wait.",
        "next_ivr_id": "ivr-eve"},
      {"id": "ivr-mute", "action": "play_and_hangup"},
      {"id": "ivr-ringing", "action": "play_and_hangup", "greeting_prompt": "closed.wav",
        "accept": "answer"},
      {"id": "ivr-eve", "action": "call_transfer", "target_kind": "user",
        "target_user_id": "u-eve"}],
    "numbers": [
      {"id": "n-1", "e164": "+15550300001", "assigned_group_id": "g-supp", "ivr_id": "ivr-bye"},
      {"id": "n-2", "e164": "+15550300002", "assigned_group_id": "g-supp", "ivr_id": "ivr-first"},
      {"id": "n-3", "e164": "+15550300003", "assigned_group_id": "g-supp", "ivr_id": "ivr-mute"},
      {"id": "n-4", "e164": "+15550300004", "assigned_group_id": "g-supp",
        "ivr_id": "ivr-ringing"}]
}"#;

fn world() -> World {
    World::new(directory(ANNOUNCEMENTS))
}

#[test]
fn the_caller_hears_it_to_its_end_and_we_hang_up() {
    assert_snapshot!(explained_in(world(), "
        0 call +15557770001 -> +15550300001
        1 caller presses 1
        4 caller heard
    "), @r#"
    0      answer caller
    0      play caller [File("closed.wav")] in de-AT
    4      hang up caller Normal
    4      finished
    --
    call inbound missed by system, owner u-mia, mco u-mia
       accepted 0, answered -, ended 4, sip -, q850 20
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-bye
    i3 4 ivr_exited ivr-bye reason=system_hangup
    i4 4 call_ended by=system
    0 number +15550300001: enters ivr-bye
    0 ivr ivr-bye version 1: entered: play_and_hangup
    "#);
}

#[test]
fn the_next_ivr_is_entered_where_there_is_one() {
    assert_snapshot!(explained_in(world(), "registered eve
        0 call +15557770001 -> +15550300002
        4 caller heard
        6 eve answers
        8 eve hangs up
    "), @r#"
    0      answer caller
    0      play caller [Text("Wait.")]
    4      dial eve, showing +15557770001 "Carl Contact"
    4      play caller [Tone(Ringback)] for ever
    6      u-eve is taken
    6      stop playing to caller
    6      bridge caller eve
    8      hang up caller Normal
    8      finished
    --
    call inbound answered by internal, owner u-eve, mco -
       accepted 0, answered 6, ended 8, sip -, q850 16
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-first
    i3 4 ivr_exited ivr-first next=ivr-eve reason=next_ivr
    i4 4 ivr_entered ivr-eve
    i5 4 routing_started c1 ivr-eve strategy=single target=u-eve
    i6 6 answered c1 u-eve
    i7 6 ivr_exited ivr-eve reason=answered
    i8 8 call_ended by=internal
    0 number +15550300002: enters ivr-first
    0 ivr ivr-first version 1: entered: play_and_hangup
    4 ivr ivr-eve version 1: entered: call_transfer
    4 member u-eve: rung
    "#);
}

#[test]
fn what_media_never_ends_ends_all_the_same() {
    assert_snapshot!(explained_in(world(), "
        0 call +15557770001 -> +15550300001
        400 pass
    "), @r#"
    0      answer caller
    0      play caller [File("closed.wav")] in de-AT
    300    stop playing to caller
    300    hang up caller Normal
    300    finished
    --
    call inbound missed by system, owner u-mia, mco u-mia
       accepted 0, answered -, ended 300, sip -, q850 20
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-bye
    i3 300 ivr_exited ivr-bye reason=system_hangup
    i4 300 call_ended by=system
    0 number +15550300001: enters ivr-bye
    0 ivr ivr-bye version 1: entered: play_and_hangup
    "#);
}

#[test]
fn who_is_not_answered_hears_nothing_and_is_refused() {
    assert_snapshot!(explained_in(world(), "
        0 call +15557770001 -> +15550300003
        1 B: call +15557770001 -> +15550300004
    "), @r"
    0      reject caller 480
    0      finished
    1      B: reject caller 480
    1      B: finished
    --
    call inbound missed by system, owner -, mco -
       accepted -, answered -, ended 0, sip 480, q850 20
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-mute
    i3 0 ivr_exited ivr-mute reason=system_hangup
    i4 0 call_ended by=system
    0 number +15550300003: enters ivr-mute
    0 ivr ivr-mute version 1: entered: play_and_hangup
    --
    call inbound missed by system, owner -, mco -
       accepted -, answered -, ended 0, sip 480, q850 20
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-ringing
    i3 0 ivr_exited ivr-ringing reason=system_hangup
    i4 0 call_ended by=system
    0 number +15550300004: enters ivr-ringing
    0 ivr ivr-ringing version 1: entered: play_and_hangup
    ");
}

#[test]
fn the_caller_does_not_hear_it_to_its_end() {
    assert_snapshot!(explained_in(world(), "
        0 call +15557770001 -> +15550300001
        1 caller hangs up
    "), @r#"
    0      answer caller
    0      play caller [File("closed.wav")] in de-AT
    1      finished
    --
    call inbound missed by external, owner u-mia, mco u-mia
       accepted 0, answered -, ended 1, sip -, q850 16
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-bye
    i3 1 ivr_exited ivr-bye reason=caller_hangup
    i4 1 call_ended by=external
    0 number +15550300001: enters ivr-bye
    0 ivr ivr-bye version 1: entered: play_and_hangup
    "#);
}
