//! IVRs: where they route to, when they answer, where they lead (R069, D8, D39, D43).

use insta::assert_snapshot;

use crate::directory::directory;
use crate::script::{check_in, explained_in, play};
use crate::world::World;

const IVRS: &str = r#"{
    "ivrs": [
      {"id": "ivr-user", "action": "call_transfer", "target_kind": "user",
        "target_user_id": "u-eve", "next_ivr_id": "ivr-out"},
      {"id": "ivr-out", "action": "call_transfer", "target_kind": "external",
        "target_number": "+15557770002", "missed_call_owner_user_id": "u-mia"},
      {"id": "ivr-owner", "action": "call_transfer", "target_kind": "record_owner",
        "next_ivr_id": "ivr-hours"},
      {"id": "ivr-hours", "action": "time_routing", "accept": "entry", "next_ivr_id": "ivr-user"},
      {"id": "ivr-loop", "action": "play_and_hangup", "next_ivr_id": "ivr-loop"},
      {"id": "ivr-last", "action": "call_transfer", "target_kind": "last_agent",
        "next_ivr_id": "ivr-owner"},
      {"id": "ivr-greets", "action": "call_transfer", "target_kind": "user",
        "target_user_id": "u-eve", "greeting_prompt": "hello", "next_ivr_id": "ivr-gone"}],
    "numbers": [
      {"id": "n-last", "e164": "+15550300006", "assigned_group_id": "g-supp",
        "ivr_id": "ivr-last"},
      {"id": "n-user", "e164": "+15550300001", "assigned_group_id": "g-supp",
        "ivr_id": "ivr-user"},
      {"id": "n-owner", "e164": "+15550300002", "assigned_group_id": "g-supp",
        "ivr_id": "ivr-owner"},
      {"id": "n-loop", "e164": "+15550300003", "assigned_group_id": "g-supp",
        "ivr_id": "ivr-loop", "missed_call_owner_user_id": "u-max"},
      {"id": "n-greets", "e164": "+15550300004", "assigned_group_id": "g-supp",
        "ivr_id": "ivr-greets"},
      {"id": "n-gone", "e164": "+15550300005", "assigned_group_id": "g-supp",
        "ivr_id": "ivr-gone"}],
    "records": [{"id": "r-own", "object_type": "contact", "display_name": "Olive Owned",
        "phones": ["+15557770009"], "owner_user_id": "u-ana"}]
}"#;

fn check(script: &str) -> String {
    check_in(World::new(directory(IVRS)), script)
}

#[test]
fn a_user_who_does_not_answer_then_a_number_outside() {
    assert_snapshot!(check("registered eve
        0 call +15557770001 -> +15550300001
        1 eve rings
        31 +15557770002 rings
        40 +15557770002 answers
        50 +15557770002 hangs up
    "), @r#"
    0      dial eve, showing +15557770001 "Carl Contact"
    1      ring caller
    30     cancel eve NoAnswer
    30     dial +15557770002 by carrier-a, showing +15557770001
    40     answer caller like +15557770002
    40     bridge caller +15557770002
    50     hang up caller Normal
    50     finished
    --
    call inbound answered by external, owner u-mia, mco -
       accepted 40, answered 40, ended 50, sip -, q850 16
    c1 route external +15557770002 single, 0..50, answered 40, bridged 40
       answered, hangup_external, sip 200, q850 16
    a1 u-eve stage 1 round 1, 0..30, ringing 1, no_answer 487
    a2 +15557770002 stage 2 round 1, 30..40, ringing 31, answered 200
    p1 p:+15557770001 caller 40..50
    p2 p:+15557770002 callee 40..50
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-user
    i3 0 routing_started c1 ivr-user strategy=single target=u-eve
    i4 30 no_answer c1 reason=timeout
    i5 30 ivr_exited ivr-user next=ivr-out reason=next_ivr
    i6 30 ivr_entered ivr-out
    i7 30 routing_started c1 ivr-out strategy=single target=+15557770002
    i8 40 answered c1 party=+15557770002
    i9 40 ivr_exited ivr-out reason=answered
    i10 50 call_ended by=external
    context u-eve u-mia; g-supp
    "#);
}

#[test]
fn the_caller_gives_up_in_the_second_stage() {
    assert_snapshot!(check("0 call +15557770001 -> +15550300001
        3 caller cancels
    "), @r"
    0      dial +15557770002 by carrier-a, showing +15557770001
    3      cancel +15557770002 CallerGone
    3      finished
    --
    call inbound missed by external, owner u-mia, mco u-mia
       accepted -, answered -, ended 3, sip 487, q850 16
    c1 route external +15557770002 single, 0..3, answered -, bridged -
       canceled, not_answered, sip 487, q850 16
    a1 u-eve stage 1 round 1, 0..0, ringing -, unavailable 480
    a2 +15557770002 stage 2 round 1, 0..3, ringing -, caller_hangup 487
    p1 p:+15557770001 caller -..-
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-user
    i3 0 routing_started c1 ivr-user strategy=single target=u-eve
    i4 0 no_answer c1 reason=unavailable
    i5 0 ivr_exited ivr-user next=ivr-out reason=next_ivr
    i6 0 ivr_entered ivr-out
    i7 0 routing_started c1 ivr-out strategy=single target=+15557770002
    i8 3 no_answer c1 reason=caller_hangup
    i9 3 ivr_exited ivr-out reason=caller_hangup
    i10 3 call_ended by=external
    context u-eve u-mia; g-supp
    ");
}

#[test]
fn the_owner_of_the_callers_record_is_rung_under_its_name() {
    assert_snapshot!(check("registered ana
        0 call +15557770009 -> +15550300002
        3 ana answers
        9 caller hangs up
    "), @r#"
    0      dial ana, showing +15557770009 "Olive Owned"
    3      u-ana is taken
    3      answer caller like ana
    3      bridge caller ana
    9      hang up ana Normal
    9      finished
    --
    call inbound answered by external, owner u-ana, mco -
       accepted 3, answered 3, ended 9, sip -, q850 16
    c1 route record_owner u-ana single, 0..9, answered 3, bridged 3
       answered, hangup_external, sip 200, q850 16
    a1 u-ana stage 1 round 1, 0..3, ringing -, answered 200
    p1 p:+15557770009 caller 3..9
    p2 u:u-ana callee 3..9
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-owner
    i3 0 routing_started c1 ivr-owner strategy=single target=u-ana
    i4 3 answered c1 u-ana
    i5 3 ivr_exited ivr-owner reason=answered
    i6 9 call_ended by=external
    context u-ana u-mia; g-supp
    "#);
}

#[test]
fn without_an_owner_the_next_ivr_and_one_without_a_schedule_are_passed() {
    assert_snapshot!(check("registered eve
        0 call +15557770001 -> +15550300002
        4 eve answers
        9 caller hangs up
    "), @r#"
    0      answer caller
    0      dial eve, showing +15557770001 "Carl Contact"
    0      play caller [Tone(Ringback)] for ever
    4      u-eve is taken
    4      stop playing to caller
    4      bridge caller eve
    9      hang up eve Normal
    9      finished
    --
    call inbound answered by external, owner u-eve, mco -
       accepted 0, answered 4, ended 9, sip -, q850 16
    c1 route user u-eve single, 0..9, answered 4, bridged 4
       answered, hangup_external, sip 200, q850 16
    a1 u-eve stage 2 round 1, 0..4, ringing -, answered 200
    p1 p:+15557770001 caller 0..9
    p2 u:u-eve callee 4..9
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-owner
    i3 0 routing_started c1 ivr-owner strategy=single target=record_owner
    i4 0 no_answer c1 reason=unavailable
    i5 0 ivr_exited ivr-owner next=ivr-hours reason=next_ivr
    i6 0 ivr_entered ivr-hours
    i7 0 ivr_exited ivr-hours next=ivr-user reason=next_ivr
    i8 0 ivr_entered ivr-user
    i9 0 routing_started c1 ivr-user strategy=single target=u-eve
    i10 4 answered c1 u-eve
    i11 4 ivr_exited ivr-user reason=answered
    i12 9 call_ended by=external
    context u-eve u-mia; g-supp
    "#);
}

#[test]
fn a_greeting_answers_the_caller_and_a_missing_next_ivr_hangs_up() {
    assert_snapshot!(check("registered eve
        0 call +15557770001 -> +15550300004
        0 caller heard
        1 eve rings with media
        40 pass
    "), @r#"
    0      answer caller
    0      play caller [Text("hello")]
    0      dial eve, showing +15557770001 "Carl Contact"
    0      play caller [Tone(Ringback)] for ever
    30     cancel eve NoAnswer
    30     hang up caller Normal
    30     finished
    --
    call inbound missed by system, owner -, mco -
       accepted 0, answered -, ended 30, sip -, q850 19
    c1 route user u-eve single, 0..30, answered -, bridged -
       no_answer, not_answered, sip 480, q850 19
    a1 u-eve stage 1 round 1, 0..30, ringing 1, no_answer 487
    p1 p:+15557770001 caller 0..30
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-greets
    i3 0 routing_started c1 ivr-greets strategy=single target=u-eve
    i4 30 no_answer c1 reason=timeout
    i5 30 ivr_exited ivr-greets reason=system_hangup
    i6 30 call_ended by=system
    context u-eve u-mia; g-supp
    "#);
}

#[test]
fn a_chain_that_leads_to_itself_ends_at_the_limit() {
    let mut world = World::new(directory(IVRS));
    world.settings.limits.ivr_hops = 3;
    assert_snapshot!(check_in(world, "0 call +15557770001 -> +15550300003"), @r"
    0      reject caller 480
    0      finished
    --
    call inbound missed by system, owner u-max, mco u-max
       accepted -, answered -, ended 0, sip 480, q850 20
    p1 p:+15557770001 caller -..-
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-loop
    i3 0 ivr_exited ivr-loop next=ivr-loop reason=next_ivr
    i4 0 ivr_entered ivr-loop
    i5 0 ivr_exited ivr-loop next=ivr-loop reason=next_ivr
    i6 0 ivr_entered ivr-loop
    i7 0 ivr_exited ivr-loop reason=system_hangup
    i8 0 call_ended by=system
    context u-max u-mia; g-supp
    ");
}

#[test]
fn a_number_whose_ivr_does_not_exist_gets_480() {
    assert_snapshot!(check("0 call +15557770001 -> +15550300005"), @r"
    0      reject caller 480
    0      finished
    --
    call inbound missed by system, owner -, mco -
       accepted -, answered -, ended 0, sip 480, q850 20
    p1 p:+15557770001 caller -..-
    i1 0 call_started direction=inbound
    i2 0 call_ended by=system
    context u-mia; g-supp
    ");
}

#[test]
fn why_the_call_went_where_it_went_is_said_in_words() {
    let script = "registered ana
        0 call +15557770009 -> +15550300002
        1 caller cancels
        2 B: call +15557770001 -> +15550300002
        3 B: caller hangs up
        4 C: call anonymous -> +15550300006
        5 C: caller hangs up";
    assert_snapshot!(explained_in(World::new(directory(IVRS)), script), @r#"
    0      dial ana, showing +15557770009 "Olive Owned"
    1      cancel ana CallerGone
    1      finished
    2      B: answer caller
    2      B: dial +15557770002 by carrier-a, showing +15557770001
    2      B: play caller [Tone(Ringback)] for ever
    3      B: cancel +15557770002 CallerGone
    3      B: finished
    4      C: answer caller
    4      C: dial +15557770002 by carrier-a, showing anonymous
    4      C: play caller [Tone(Ringback)] for ever
    5      C: cancel +15557770002 CallerGone
    5      C: finished
    --
    call inbound missed by external, owner -, mco -
       accepted -, answered -, ended 1, sip 487, q850 16
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-owner
    i3 0 routing_started c1 ivr-owner strategy=single target=u-ana
    i4 1 no_answer c1 reason=caller_hangup
    i5 1 ivr_exited ivr-owner reason=caller_hangup
    i6 1 call_ended by=external
    0 number +15550300002: enters ivr-owner
    0 ivr ivr-owner version 1: entered: call_transfer
    0 record_owner +15557770009: u-ana, who owns r-own (Olive Owned)
    0 member u-ana: rung
    --
    call inbound missed by external, owner u-mia, mco u-mia
       accepted 0, answered -, ended 1, sip -, q850 16
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-owner
    i3 0 routing_started c1 ivr-owner strategy=single target=record_owner
    i4 0 no_answer c1 reason=unavailable
    i5 0 ivr_exited ivr-owner next=ivr-hours reason=next_ivr
    i6 0 ivr_entered ivr-hours
    i7 0 ivr_exited ivr-hours next=ivr-user reason=next_ivr
    i8 0 ivr_entered ivr-user
    i9 0 routing_started c1 ivr-user strategy=single target=u-eve
    i10 0 no_answer c1 reason=unavailable
    i11 0 ivr_exited ivr-user next=ivr-out reason=next_ivr
    i12 0 ivr_entered ivr-out
    i13 0 routing_started c1 ivr-out strategy=single target=+15557770002
    i14 1 no_answer c1 reason=caller_hangup
    i15 1 ivr_exited ivr-out reason=caller_hangup
    i16 1 call_ended by=external
    0 number +15550300002: enters ivr-owner
    0 ivr ivr-owner version 1: entered: call_transfer
    0 record_owner +15557770001: nobody: nobody owns r-con-1 (Carl Contact)
    0 ivr ivr-hours version 1: entered: time_routing
    0 schedule ivr-hours: passed over: it has no schedule
    0 ivr ivr-user version 1: entered: call_transfer
    0 member u-eve: not rung: not registered (not registered)
    0 ivr ivr-out version 1: entered: call_transfer
    0 forward +15557770002: dialled, as its IVR says
    --
    call inbound missed by external, owner u-mia, mco u-mia
       accepted 0, answered -, ended 1, sip -, q850 16
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-last
    i3 0 ivr_exited ivr-last next=ivr-owner reason=next_ivr
    i4 0 ivr_entered ivr-owner
    i5 0 routing_started c1 ivr-owner strategy=single target=record_owner
    i6 0 no_answer c1 reason=unavailable
    i7 0 ivr_exited ivr-owner next=ivr-hours reason=next_ivr
    i8 0 ivr_entered ivr-hours
    i9 0 ivr_exited ivr-hours next=ivr-user reason=next_ivr
    i10 0 ivr_entered ivr-user
    i11 0 routing_started c1 ivr-user strategy=single target=u-eve
    i12 0 no_answer c1 reason=unavailable
    i13 0 ivr_exited ivr-user next=ivr-out reason=next_ivr
    i14 0 ivr_entered ivr-out
    i15 0 routing_started c1 ivr-out strategy=single target=+15557770002
    i16 1 no_answer c1 reason=caller_hangup
    i17 1 ivr_exited ivr-out reason=caller_hangup
    i18 1 call_ended by=external
    0 number +15550300006: enters ivr-last
    0 ivr ivr-last version 1: entered: call_transfer
    0 last_agent withheld: nobody: the caller shows no number
    0 ivr ivr-owner version 1: entered: call_transfer
    0 record_owner withheld: nobody: the caller shows no number
    0 ivr ivr-hours version 1: entered: time_routing
    0 schedule ivr-hours: passed over: it has no schedule
    0 ivr ivr-user version 1: entered: call_transfer
    0 member u-eve: not rung: not registered (not registered)
    0 ivr ivr-out version 1: entered: call_transfer
    0 forward +15557770002: dialled, as its IVR says
    "#);
}

#[test]
fn a_running_call_keeps_the_version_of_the_ivr_that_it_entered() {
    let menu = r#"{"ivrs": [{"id": "ivr-menu", "action": "menu", "greeting_prompt": "menu.wav",
        "options": {"1": "ivr-sales"}}]}"#;
    let mut world = World::new(directory(menu));
    play(&mut world, "registered ana eve\n 0 call +15557770001 -> +15550200002");
    // While the first call is in the menu, the menu and what it leads to are rewritten.
    let newer = r#"{"ivrs": [
        {"id": "ivr-menu", "action": "menu", "greeting_prompt": "new.wav",
          "options": {"1": "ivr-eve"}},
        {"id": "ivr-sales", "action": "play_and_hangup"},
        {"id": "ivr-eve", "action": "call_transfer", "target_kind": "user",
          "target_user_id": "u-eve"}]}"#;
    let mut directory = directory(newer);
    let mut menu = directory.ivr(&"ivr-menu".into()).expect("the menu").clone();
    menu.version = 2;
    directory.add_ivr(menu);
    world.directory = directory.into();
    assert_snapshot!(explained_in(world, "1 B: call +15557770002 -> +15550200002
        2 caller presses 1
        3 B: caller presses 1
        4 caller hangs up
        5 B: caller hangs up
    "), @r#"
    0      answer caller
    0      play caller [File("menu.wav")] up to a digit
    1      B: answer caller
    1      B: play caller [File("new.wav")] up to a digit
    2      dial ana, showing +15557770001 "Carl Contact"
    2      play caller [Tone(Ringback)] for ever
    3      B: dial eve, showing +15557770002 "Dora Contact"
    3      B: play caller [Tone(Ringback)] for ever
    4      cancel ana CallerGone
    4      finished
    5      B: cancel eve CallerGone
    5      B: finished
    --
    call inbound missed by external, owner u-own, mco u-mia
       accepted 0, answered -, ended 4, sip -, q850 16
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-menu
    i3 2 menu_selected ivr-menu digit=1 next=ivr-sales
    i4 2 ivr_exited ivr-menu next=ivr-sales reason=menu_option
    i5 2 ivr_entered ivr-sales
    i6 2 routing_started c1 ivr-sales strategy=simulring target=g-sales
    i7 4 no_answer c1 reason=caller_hangup
    i8 4 ivr_exited ivr-sales reason=caller_hangup
    i9 4 call_ended by=external
    0 number +15550200002: enters ivr-menu
    0 ivr ivr-menu version 1: entered: menu
    2 menu ivr-menu: 1 was pressed: to ivr-sales
    2 ivr ivr-sales version 1: entered: call_transfer
    2 strategy g-sales: simulring
    2 member u-ben: passed over: not registered
    2 member u-cat: passed over: not registered
    2 member u-ana: rung
    --
    call inbound missed by external, owner -, mco -
       accepted 0, answered -, ended 4, sip -, q850 16
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-menu
    i3 2 menu_selected ivr-menu digit=1 next=ivr-eve
    i4 2 ivr_exited ivr-menu next=ivr-eve reason=menu_option
    i5 2 ivr_entered ivr-eve
    i6 2 routing_started c1 ivr-eve strategy=single target=u-eve
    i7 4 no_answer c1 reason=caller_hangup
    i8 4 ivr_exited ivr-eve reason=caller_hangup
    i9 4 call_ended by=external
    0 number +15550200002: enters ivr-menu
    0 ivr ivr-menu version 2: entered: menu
    2 menu ivr-menu: 1 was pressed: to ivr-eve
    2 ivr ivr-eve version 1: entered: call_transfer
    2 member u-eve: rung
    "#);
}

#[test]
fn a_user_enters_an_ivr_by_a_code_like_a_caller() {
    assert_snapshot!(explained_in(World::new(directory(IVRS)), "registered eve
        0 call ben -> ivr:ivr-greets
        2 caller heard
        4 eve answers
        9 caller hangs up
        10 B: call ben -> ivr:ivr-gone
    "), @r#"
    0      answer caller
    0      play caller [Text("hello")]
    2      dial eve, showing ben "Ben Baker"
    2      play caller [Tone(Ringback)] for ever
    4      u-eve is taken
    4      stop playing to caller
    4      bridge caller eve
    9      hang up eve Normal
    9      finished
    10     B: reject caller 480
    10     B: finished
    --
    call internal answered by internal, owner u-ben, mco -
       accepted 0, answered 4, ended 9, sip -, q850 16
    i1 0 call_started u-ben direction=internal
    i2 0 ivr_entered ivr-greets
    i3 2 routing_started c1 ivr-greets strategy=single target=u-eve
    i4 4 answered c1 u-eve
    i5 4 ivr_exited ivr-greets reason=answered
    i6 9 call_ended by=internal
    0 number ivr:ivr-greets: the code of ivr-greets
    0 ivr ivr-greets version 1: entered: call_transfer
    2 member u-eve: rung
    --
    call internal no_answer by system, owner u-ben, mco -
       accepted -, answered -, ended 0, sip 480, q850 20
    i1 0 call_started u-ben direction=internal
    i2 0 call_ended by=system
    0 number ivr:ivr-gone: the code of ivr-gone
    0 ivr ivr-gone: passed over: there is no such IVR
    "#);
}

#[test]
fn the_agent_with_whom_the_caller_talked_last_is_rung_rather_than_the_owner() {
    let script = "registered ana eve
        0 call +15557770009 -> +15550300001
        1 eve answers
        5 caller hangs up
        6 B: call +15557770009 -> +15550300006
        7 B: caller cancels
        8 C: call +15557770001 -> +15550300006
        9 C: caller hangs up";
    assert_snapshot!(explained_in(World::new(directory(IVRS)), script), @r#"
    0      dial eve, showing +15557770009 "Olive Owned"
    1      u-eve is taken
    1      answer caller like eve
    1      bridge caller eve
    5      hang up eve Normal
    5      finished
    6      B: dial eve, showing +15557770009 "Olive Owned"
    7      B: cancel eve CallerGone
    7      B: finished
    8      C: answer caller
    8      C: dial eve, showing +15557770001 "Carl Contact"
    8      C: play caller [Tone(Ringback)] for ever
    9      C: cancel eve CallerGone
    9      C: finished
    --
    call inbound answered by external, owner u-eve, mco -
       accepted 1, answered 1, ended 5, sip -, q850 16
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-user
    i3 0 routing_started c1 ivr-user strategy=single target=u-eve
    i4 1 answered c1 u-eve
    i5 1 ivr_exited ivr-user reason=answered
    i6 5 call_ended by=external
    0 number +15550300001: enters ivr-user
    0 ivr ivr-user version 1: entered: call_transfer
    0 member u-eve: rung
    --
    call inbound missed by external, owner -, mco -
       accepted -, answered -, ended 1, sip 487, q850 16
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-last
    i3 0 routing_started c1 ivr-last strategy=single target=u-eve
    i4 1 no_answer c1 reason=caller_hangup
    i5 1 ivr_exited ivr-last reason=caller_hangup
    i6 1 call_ended by=external
    0 number +15550300006: enters ivr-last
    0 ivr ivr-last version 1: entered: call_transfer
    0 last_agent +15557770009: u-eve, who talked with him last
    0 member u-eve: rung
    --
    call inbound missed by external, owner -, mco -
       accepted 0, answered -, ended 1, sip -, q850 16
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-last
    i3 0 ivr_exited ivr-last next=ivr-owner reason=next_ivr
    i4 0 ivr_entered ivr-owner
    i5 0 routing_started c1 ivr-owner strategy=single target=record_owner
    i6 0 no_answer c1 reason=unavailable
    i7 0 ivr_exited ivr-owner next=ivr-hours reason=next_ivr
    i8 0 ivr_entered ivr-hours
    i9 0 ivr_exited ivr-hours next=ivr-user reason=next_ivr
    i10 0 ivr_entered ivr-user
    i11 0 routing_started c1 ivr-user strategy=single target=u-eve
    i12 1 no_answer c1 reason=caller_hangup
    i13 1 ivr_exited ivr-user reason=caller_hangup
    i14 1 call_ended by=external
    0 number +15550300006: enters ivr-last
    0 ivr ivr-last version 1: entered: call_transfer
    0 last_agent +15557770001: nobody: nobody has talked with him yet
    0 ivr ivr-owner version 1: entered: call_transfer
    0 record_owner +15557770001: nobody: nobody owns r-con-1 (Carl Contact)
    0 ivr ivr-hours version 1: entered: time_routing
    0 schedule ivr-hours: passed over: it has no schedule
    0 ivr ivr-user version 1: entered: call_transfer
    0 member u-eve: rung
    "#);
}
