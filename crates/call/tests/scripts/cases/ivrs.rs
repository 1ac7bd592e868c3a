//! IVRs: where they route to, when they answer, where they lead (R069, D8, D39, D43).

use insta::assert_snapshot;

use crate::directory::directory;
use crate::script::check_in;
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
      {"id": "ivr-loop", "action": "menu", "next_ivr_id": "ivr-loop"},
      {"id": "ivr-greets", "action": "call_transfer", "target_kind": "user",
        "target_user_id": "u-eve", "greeting_prompt": "hello", "next_ivr_id": "ivr-gone"}],
    "numbers": [
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
fn without_an_owner_the_next_ivr_and_one_not_built_yet_are_passed() {
    assert_snapshot!(check("registered eve
        0 call +15557770001 -> +15550300002
        4 eve answers
        9 caller hangs up
    "), @r#"
    0      dial eve, showing +15557770001 "Carl Contact"
    4      u-eve is taken
    4      answer caller like eve
    4      bridge caller eve
    9      hang up eve Normal
    9      finished
    --
    call inbound answered by external, owner u-eve, mco -
       accepted 4, answered 4, ended 9, sip -, q850 16
    c1 route user u-eve single, 0..9, answered 4, bridged 4
       answered, hangup_external, sip 200, q850 16
    a1 u-eve stage 2 round 1, 0..4, ringing -, answered 200
    p1 p:+15557770001 caller 4..9
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
