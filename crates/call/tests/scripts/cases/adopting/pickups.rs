//! A user takes what rings at somebody else's (D48).

use insta::assert_snapshot;

use crate::script::check;

#[test]
fn a_call_to_one_user_is_picked_up_by_another() {
    assert_snapshot!(check("registered ana ben
        0 call +15557770001 -> +15550100001
        1 ana rings
        4 B: call ben -> *20/ana
        4 takes B picked up by ben
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
        2 takes B picked up by cat
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
        4 takes B picked up by ana
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
        4 takes B picked up by ben
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
