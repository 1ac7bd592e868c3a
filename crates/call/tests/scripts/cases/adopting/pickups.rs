//! A user takes what rings at somebody else's (D48).

use insta::assert_snapshot;

use crate::cases::queue::check as check_queue;
use crate::directory::directory;
use crate::script::{check, orders_in};
use crate::world::World;

#[test]
fn a_call_to_one_user_is_picked_up_by_another() {
    assert_snapshot!(check("registered ana ben
        0 call +15557770001 -> +15550100001
        1 ana rings
        4 B: call ben -> *20/ana
        4 takes B picked up by ben at ana
        20 caller hangs up
    "), @r#"
    0      dial ana, showing +15557770001 "Carl Contact"
    1      ring caller
    4      B: wants PickUp(u-ana)
    4      B: finished
    4      answer B.caller like caller
    4      cancel ana AnsweredElsewhere
    4      u-ben is taken
    4      answer caller like B.caller
    4      bridge caller B.caller
    4      tell caller that it is +15550100002 "-"
    4      tell B.caller that it is +15557770001 "Carl Contact"
    20     hang up B.caller Normal
    20     finished
    --
    call inbound answered by external, owner u-ana, mco -
       accepted 4, answered 4, ended 20, sip -, q850 16
    c1 route user u-ana single, 0..20, answered 4, bridged 4
       answered, hangup_external, sip 200, q850 16
    a1 u-ana stage 1 round 1, 0..4, ringing 1, answered_elsewhere 487
    a2 u-ben stage 1 round 1, 4..4, ringing -, answered 200
    p1 p:+15557770001 caller 4..20
    p2 u:u-ana callee -..-
    p3 u:u-ben callee 4..20
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 4 call_absorbed call_id=call-b
    i4 4 answered c1 u-ben
    i5 20 call_ended by=external
    context u-ana u-ben u-max;
    --
    no rows
    "#);
}

#[test]
fn a_member_picks_up_for_his_group_and_who_waits_for_it_too() {
    assert_snapshot!(check("registered ana ben cat
        0 call +15557770001 -> +15550200001
        2 B: call cat -> *20
        2 takes B picked up by cat at ana
        20 cat hangs up
    "), @r#"
    0      answer caller
    0      dial ana, showing +15557770001 "Carl Contact"
    0      dial ben, showing +15557770001 "Carl Contact"
    0      dial cat, showing +15557770001 "Carl Contact"
    0      play caller [Tone(Ringback)] for ever
    2      B: wants PickUpGroup
    2      B: finished
    2      cancel cat AnsweredElsewhere
    2      answer B.caller like caller
    2      cancel ana AnsweredElsewhere
    2      cancel ben AnsweredElsewhere
    2      u-cat is taken
    2      stop playing to caller
    2      bridge caller B.caller
    2      tell caller that it is +15550200001 "-"
    2      tell B.caller that it is +15557770001 "Carl Contact"
    --
    call inbound - by -, owner u-own, mco -
       accepted 0, answered 2, ended -, sip -, q850 -
    c1 route group g-sales simulring, 0..-, answered 2, bridged 2
       answered, -, sip 200, q850 -
    a1 u-ana stage 1 round 1, 0..2, ringing -, answered_elsewhere 487
    a2 u-ben stage 1 round 1, 0..2, ringing -, answered_elsewhere 487
    a3 u-cat stage 1 round 1, 0..2, ringing -, answered 200
    p1 p:+15557770001 caller 0..-
    p2 u:u-cat callee 2..-
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-sales
    i3 0 routing_started c1 ivr-sales strategy=simulring target=g-sales
    i4 2 call_absorbed call_id=call-b
    i5 2 answered c1 u-cat
    i6 2 ivr_exited ivr-sales reason=answered
    context ;
    --
    no rows
    "#);
}

#[test]
fn his_own_attempt_goes_on_on_the_telephone_that_dialled() {
    assert_snapshot!(check("registered ana ben
        0 call +15557770001 -> +15550100001
        1 ana rings
        4 B: call ana -> *20/ana
        4 takes B picked up by ana at ana
        20 caller hangs up
    "), @r#"
    0      dial ana, showing +15557770001 "Carl Contact"
    1      ring caller
    4      B: wants PickUp(u-ana)
    4      B: finished
    4      cancel ana AnsweredElsewhere
    4      answer B.caller like caller
    4      u-ana is taken
    4      answer caller like B.caller
    4      bridge caller B.caller
    4      tell caller that it is +15550100001 "-"
    4      tell B.caller that it is +15557770001 "Carl Contact"
    20     hang up B.caller Normal
    20     finished
    --
    call inbound answered by external, owner u-ana, mco -
       accepted 4, answered 4, ended 20, sip -, q850 16
    c1 route user u-ana single, 0..20, answered 4, bridged 4
       answered, hangup_external, sip 200, q850 16
    a1 u-ana stage 1 round 1, 0..4, ringing 1, answered 200
    p1 p:+15557770001 caller 4..20
    p2 u:u-ana callee 4..20
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 4 call_absorbed call_id=call-b
    i4 4 answered c1 u-ana
    i5 20 call_ended by=external
    context u-ana;
    --
    no rows
    "#);
}

#[test]
fn what_does_not_ring_is_not_picked_up() {
    assert_snapshot!(check("registered ana ben
        0 call +15557770001 -> +15550100001
        3 ana answers
        4 B: call ben -> *20/ana
        4 takes B picked up by ben at ana
        4 B: granted 480
        20 caller hangs up
    "), @r#"
    0      dial ana, showing +15557770001 "Carl Contact"
    3      u-ana is taken
    3      answer caller like ana
    3      bridge caller ana
    4      B: wants PickUp(u-ana)
    4      not taken: the call is not in a state in which this can be done
    4      B: reject caller 480
    4      B: finished
    20     hang up ana Normal
    20     finished
    --
    call inbound answered by external, owner u-ana, mco -
       accepted 3, answered 3, ended 20, sip -, q850 16
    c1 route user u-ana single, 0..20, answered 3, bridged 3
       answered, hangup_external, sip 200, q850 16
    a1 u-ana stage 1 round 1, 0..3, ringing -, answered 200
    p1 p:+15557770001 caller 3..20
    p2 u:u-ana callee 3..20
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 3 answered c1 u-ana
    i4 20 call_ended by=external
    context u-ana;
    --
    call internal no_answer by system, owner u-ben, mco -
       accepted -, answered -, ended 0, sip 480, q850 18
    p1 u:u-ben caller -..-
    i1 0 call_started u-ben direction=internal
    i2 0 call_ended by=system
    context u-ben u-max;
    "#);
}

#[test]
fn a_caller_who_waits_is_picked_up_while_somebody_rings() {
    assert_snapshot!(check_queue("registered ana ben
        0 call +15557770001 -> +15550400001
        1 ana rings
        3 B: call ben -> *20
        3 takes B picked up by ben at ana
        20 caller hangs up
    "), @r#"
    0      answer caller
    0      play caller [Music("calm")] for ever
    0      dial ana, showing +15557770001 "Carl Contact"
    0      cursor of g-turn at u-ana
    3      B: wants PickUpGroup
    3      B: finished
    3      answer B.caller like caller
    3      cancel ana AnsweredElsewhere
    3      u-ben is taken
    3      stop playing to caller
    3      bridge caller B.caller
    3      tell caller that it is +15550100002 "-"
    3      tell B.caller that it is +15557770001 "Carl Contact"
    20     hang up B.caller Normal
    20     finished
    --
    call inbound answered by external, owner u-ben, mco -
       accepted 0, answered 3, ended 20, sip -, q850 16
    c1 route group g-turn round_robin, 0..20, answered 3, bridged 3
       answered, hangup_external, sip 200, q850 16
    a1 u-ana stage 1 round 1, 0..3, ringing 1, answered_elsewhere 487
    a2 u-ben stage 1 round 1, 3..3, ringing -, answered 200
    w1 g-turn place 1 priority 0, 0..3 answered
    p1 p:+15557770001 caller 0..20
    p2 u:u-ben callee 3..20
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-turn
    i3 0 routing_started c1 ivr-turn strategy=round_robin target=g-turn
    i4 3 call_absorbed call_id=call-b
    i5 3 answered c1 u-ben
    i6 3 ivr_exited ivr-turn reason=answered
    i7 20 call_ended by=external
    context u-ana u-ben u-max u-mia; g-turn
    --
    no rows
    "#);
}

#[test]
fn the_target_of_a_transfer_is_helped_out() {
    assert_snapshot!(check("registered ana ben cat
        0 call +15557770001 -> +15550100001
        5 ana answers
        10 order ana transfer ben
        11 ben rings
        12 B: call cat -> *20/ben
        12 takes B picked up by cat at ben
        20 caller hangs up
    "), @r#"
    0      dial ana, showing +15557770001 "Carl Contact"
    5      u-ana is taken
    5      answer caller like ana
    5      bridge caller ana
    10     dial ben, showing +15557770001 "Carl Contact"
    10     hang up ana Normal
    10     play caller [Tone(Ringback)] for ever
    12     B: wants PickUp(u-ben)
    12     B: finished
    12     answer B.caller like caller
    12     cancel ben AnsweredElsewhere
    12     u-cat is taken
    12     stop playing to caller
    12     bridge caller B.caller
    12     tell B.caller that it is +15557770001 "Carl Contact"
    20     hang up B.caller Normal
    20     finished
    --
    call inbound answered by external, owner u-ana, mco -
       accepted 5, answered 5, ended 20, sip -, q850 16
    c1 route user u-ana single, 0..10, answered 5, bridged 5
       answered, transferred, sip 200, q850 16
    c2 transfer user u-ben single, 10..20, answered 12, bridged 12
       answered, hangup_external, sip 200, q850 16
    a1 u-ana stage 1 round 1, 0..5, ringing -, answered 200
    a1 u-ben stage 1 round 1, 10..12, ringing 11, answered_elsewhere 487
    a2 u-cat stage 1 round 1, 12..12, ringing -, answered 200
    p1 p:+15557770001 caller 5..20
    p2 u:u-ana callee 5..10
    p3 u:u-cat transfer_target 12..20
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 10 transfer_started u-ana mode=cold target=u-ben
    i5 10 participant_left c1 u-ana reason=transferred
    i6 10 routing_started c2 strategy=single target=u-ben
    i7 12 call_absorbed call_id=call-b
    i8 12 answered c2 u-cat
    i9 12 transfer_completed c2 u-ana mode=cold
    i10 20 call_ended by=external
    context u-ana u-ben u-cat u-max;
    --
    no rows
    "#);
}

#[test]
fn a_call_that_goes_from_device_to_device_is_picked_up_too() {
    let additions = r#"{"users": [
      {"id": "u-eve", "display_name": "Eve", "sip_username": "eve",
        "devices": [{"id": "desk", "kind": "sip"}, {"id": "soft", "kind": "sip"}],
        "inbound_route": {"steps": [{"device": "desk", "ring_ms": 10000},
          {"device": "soft", "ring_ms": 10000}], "then": "voicemail"}}]}"#;
    let world = World::new(directory(additions));
    assert_snapshot!(orders_in(world, "registered ana eve
        0 call ana -> eve
        12 eve rings
        13 B: call ben -> *20/eve
        13 takes B picked up by ben at eve
        20 caller hangs up
    "), @r#"
    0      dial eve on desk, showing ana "Ana Agent"
    10     cancel eve NoAnswer
    10     dial eve on soft, showing ana "Ana Agent"
    12     ring caller
    13     B: wants PickUp(u-eve)
    13     B: finished
    13     answer B.caller like caller
    13     cancel eve AnsweredElsewhere
    13     u-ben is taken
    13     answer caller like B.caller
    13     bridge caller B.caller
    13     tell caller that it is ben "Ben Baker"
    13     tell B.caller that it is ana "Ana Agent"
    20     hang up B.caller Normal
    20     finished
    "#);
}
