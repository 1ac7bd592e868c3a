//! A supervisor listens, whispers, barges in.

use insta::assert_snapshot;
use model::E164;

use crate::directory::directory;
use crate::script::{check, orders_in, play};
use crate::world::World;

const TALKING: &str = "registered ana ben dan
    0 call +15557770001 -> +15550100001
    5 ana answers\n";

#[test]
fn who_listens_is_in_no_row_and_leaves_with_whom_he_supervises() {
    assert_snapshot!(check(&format!("{TALKING}
        20 B: call dan -> *22
        20 takes B with dan listening to ana
        29 order dan supervise ana whisper
        30 order boss for dan supervise ana whisper
        60 ana hangs up
    ")), @r#"
    0      dial ana, showing +15557770001 "Carl Contact"
    5      u-ana is taken
    5      answer caller like ana
    5      bridge caller ana
    20     B: wants Move
    20     B: finished
    20     answer B.caller like ana
    20     unbridge caller ana
    20     caller joins room 1
    20     ana joins room 1
    20     B.caller joins room 1, heard by nobody
    20     tell B.caller that it is - "Conference"
    29     refused: this is not yours to order
    30     B.caller joins room 1, heard by ana
    60     hang up B.caller Normal
    60     hang up caller Normal
    60     finished
    --
    call inbound answered by internal, owner u-ana, mco -
       accepted 5, answered 5, ended 60, sip -, q850 16
    c1 route user u-ana single, 0..60, answered 5, bridged 5
       answered, hangup_internal, sip 200, q850 16
    a1 u-ana stage 1 round 1, 0..5, ringing -, answered 200
    p1 p:+15557770001 caller 5..60
    p2 u:u-ana callee 5..60
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 20 call_absorbed call_id=call-b
    i5 60 call_ended by=internal
    context u-ana u-dan;
    --
    no rows
    "#);
}

#[test]
fn a_supervisor_is_rung_by_order_and_barges_in() {
    assert_snapshot!(check(&format!("{TALKING}
        20 order boss for dan supervise ana listen
        22 dan answers
        30 order boss for dan supervise ana barge
        40 ana hangs up
        60 caller hangs up
    ")), @r#"
    0      dial ana, showing +15557770001 "Carl Contact"
    5      u-ana is taken
    5      answer caller like ana
    5      bridge caller ana
    20     dial dan, showing ana "Ana Agent"
    22     u-dan is taken
    22     unbridge caller ana
    22     caller joins room 1
    22     ana joins room 1
    22     dan joins room 1, heard by nobody
    22     tell dan that it is - "Conference"
    30     dan joins room 1
    30     tell caller that it is - "Conference"
    30     tell ana that it is - "Conference"
    40     bridge caller dan
    40     tell caller that it is +15550100004 "-"
    40     tell dan that it is +15557770001 "Carl Contact"
    60     hang up dan Normal
    60     finished
    --
    call inbound answered by external, owner u-ana, mco -
       accepted 5, answered 5, ended 60, sip -, q850 16
    c1 route user u-ana single, 0..40, answered 5, bridged 5
       answered, hangup_internal, sip 200, q850 16
    c2 add user u-dan single, 30..60, answered 30, bridged 30
       answered, hangup_external, sip 200, q850 16
    a1 u-ana stage 1 round 1, 0..5, ringing -, answered 200
    a1 u-dan stage 1 round 1, 30..30, ringing -, answered 200
    p1 p:+15557770001 caller 5..60
    p2 u:u-ana callee 5..40
    p3 u:u-dan added 30..60
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 30 routing_started c2 u-dan added=true strategy=single target=u-dan
    i5 30 answered c2 u-dan
    i6 40 participant_left c1 u-ana reason=hangup
    i7 60 call_ended by=external
    context u-ana u-dan;
    "#);
}

#[test]
fn a_supervisor_may_leave_and_may_not_come() {
    assert_snapshot!(check(&format!("{TALKING}
        20 order boss for dan supervise ana listen
        21 order boss for dan supervise ana listen
        22 dan fails 486
        30 order boss for dan supervise ana whisper
        31 dan answers
        32 order boss for dan supervise ben whisper
        40 dan hangs up
        50 order boss for dan supervise ana listen
        60 caller hangs up
    ")), @r#"
    0      dial ana, showing +15557770001 "Carl Contact"
    5      u-ana is taken
    5      answer caller like ana
    5      bridge caller ana
    20     dial dan, showing ana "Ana Agent"
    21     refused: the call is not in a state in which this can be done
    30     dial dan, showing ana "Ana Agent"
    31     u-dan is taken
    31     unbridge caller ana
    31     caller joins room 1
    31     ana joins room 1
    31     dan joins room 1, heard by ana
    31     tell dan that it is - "Conference"
    32     refused: that party is not on this call
    40     bridge caller ana
    50     dial dan, showing ana "Ana Agent"
    60     cancel dan Normal
    60     hang up ana Normal
    60     finished
    --
    call inbound answered by external, owner u-ana, mco -
       accepted 5, answered 5, ended 60, sip -, q850 16
    c1 route user u-ana single, 0..60, answered 5, bridged 5
       answered, hangup_external, sip 200, q850 16
    a1 u-ana stage 1 round 1, 0..5, ringing -, answered 200
    p1 p:+15557770001 caller 5..60
    p2 u:u-ana callee 5..60
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 60 call_ended by=external
    context u-ana u-dan;
    "#);
}

#[test]
fn only_a_supervisor_orders_to_supervise() {
    let additions = r#"{"users": [{"id": "u-sue", "display_name": "Sue", "sip_username": "sue",
        "roles": ["supervisor"]}]}"#;
    let world = World::new(directory(additions));
    assert_snapshot!(orders_in(world, &format!("registered sue
        {TALKING}
        20 order dan supervise ana listen
        21 order sue supervise ana listen
        22 sue answers
        23 order sue for dan supervise ana listen
        40 caller hangs up
    ")), @r#"
    0      dial ana, showing +15557770001 "Carl Contact"
    5      u-ana is taken
    5      answer caller like ana
    5      bridge caller ana
    20     refused: this is not yours to order
    21     dial sue, showing ana "Ana Agent"
    22     u-sue is taken
    22     unbridge caller ana
    22     caller joins room 1
    22     ana joins room 1
    22     sue joins room 1, heard by nobody
    22     tell sue that it is - "Conference"
    23     refused: this is not yours to order
    40     hang up ana Normal
    40     hang up sue Normal
    40     finished
    "#);
}

#[test]
fn who_only_listened_is_not_whom_the_callers_next_call_is_for() {
    let mut world = World::new(directory(""));
    let script = "
        8 order boss for dan supervise ana listen
        9 dan answers
        10 order ana consult ben
        12 ben answers
        14 order ana abandon
        16 caller hangs up";
    play(&mut world, &format!("{TALKING}{script}"));
    let caller = E164::parse("+15557770001").expect("a number");
    assert_eq!(world.floor.last_agent(&caller), Some(&"u-ana".into()));
}
