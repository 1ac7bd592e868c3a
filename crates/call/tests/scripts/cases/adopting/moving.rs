//! A user goes on on another device of his.

use insta::assert_snapshot;

use crate::script::check;

#[test]
fn another_device_takes_the_place_of_a_leg_by_invite_with_replaces() {
    assert_snapshot!(check("registered ana ben
        0 call +15557770001 -> +15550100001
        5 ana answers
        20 ana holds
        30 B: call ana -> *22
        30 takes B for ana instead of ana
        60 B.caller hangs up
    "), @r#"
    0      dial ana, showing +15557770001 "Carl Contact"
    5      u-ana is taken
    5      answer caller like ana
    5      bridge caller ana
    30     B: wants Move
    30     B: finished
    30     answer B.caller like caller
    30     hang up ana AnsweredElsewhere
    30     bridge caller B.caller
    30     tell B.caller that it is +15557770001 "Carl Contact"
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
    i4 20 hold u-ana party=+15557770001
    i5 30 call_absorbed call_id=call-b
    i6 30 resume u-ana party=+15557770001
    i7 60 call_ended by=internal
    context u-ana;
    --
    no rows
    "#);
}

#[test]
fn the_caller_moves_too_and_by_order_another_telephone_rings_first() {
    assert_snapshot!(check("registered ana ben
        0 call ana -> ben
        5 ben answers
        20 B: call ana -> *22
        20 takes B for ana instead of caller
        30 order ben move desk
        30 order ben move desk
        33 ben answers
        60 B.caller hangs up
    "), @r#"
    0      dial ben, showing ana "Ana Agent"
    5      u-ben is taken
    5      answer caller like ben
    5      bridge caller ben
    20     B: wants Move
    20     B: finished
    20     answer B.caller like ben
    20     hang up caller AnsweredElsewhere
    20     bridge B.caller ben
    20     tell B.caller that it is ben "Ben Baker"
    30     dial ben on desk, showing ana "Ana Agent"
    30     refused: the call is not in a state in which this can be done
    33     hang up ben AnsweredElsewhere
    33     bridge B.caller ben
    60     hang up ben Normal
    60     finished
    --
    call internal answered by internal, owner u-ana, mco -
       accepted 5, answered 5, ended 60, sip -, q850 16
    c1 route user u-ben single, 0..60, answered 5, bridged 5
       answered, hangup_internal, sip 200, q850 16
    a1 u-ben stage 1 round 1, 0..5, ringing -, answered 200
    p1 u:u-ana caller 5..60
    p2 u:u-ben callee 5..60
    i1 0 call_started u-ana direction=internal
    i2 0 routing_started c1 strategy=single target=u-ben
    i3 5 answered c1 u-ben
    i4 20 call_absorbed call_id=call-b
    i5 60 call_ended by=internal
    context u-ana u-ben u-max;
    --
    no rows
    "#);
}

#[test]
fn a_device_that_does_not_answer_changes_nothing() {
    assert_snapshot!(check("registered ana ben
        0 call +15557770001 -> +15550100001
        5 ana answers
        20 order ana move desk
        60 order ana move desk
        61 ana fails 486
        62 order ana move desk
        63 caller hangs up
    "), @r#"
    0      dial ana, showing +15557770001 "Carl Contact"
    5      u-ana is taken
    5      answer caller like ana
    5      bridge caller ana
    20     dial ana on desk, showing +15557770001 "Carl Contact"
    50     cancel ana NoAnswer
    60     dial ana on desk, showing +15557770001 "Carl Contact"
    62     dial ana on desk, showing +15557770001 "Carl Contact"
    63     cancel ana Normal
    63     hang up ana Normal
    63     finished
    --
    call inbound answered by external, owner u-ana, mco -
       accepted 5, answered 5, ended 63, sip -, q850 16
    c1 route user u-ana single, 0..63, answered 5, bridged 5
       answered, hangup_external, sip 200, q850 16
    a1 u-ana stage 1 round 1, 0..5, ringing -, answered 200
    p1 p:+15557770001 caller 5..63
    p2 u:u-ana callee 5..63
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 63 call_ended by=external
    context u-ana;
    "#);
}

#[test]
fn a_leg_of_somebody_else_is_not_taken() {
    assert_snapshot!(check("registered ana ben
        0 call +15557770001 -> +15550100001
        5 ana answers
        30 B: call ben -> *22
        30 takes B for ben instead of ana
        30 B: granted 403
        60 caller hangs up
    "), @r#"
    0      dial ana, showing +15557770001 "Carl Contact"
    5      u-ana is taken
    5      answer caller like ana
    5      bridge caller ana
    30     B: wants Move
    30     not taken: this is not yours to order
    30     B: reject caller 403
    30     B: finished
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
    context u-ana;
    --
    call internal no_answer by system, owner u-ben, mco -
       accepted -, answered -, ended 0, sip 403, q850 21
    p1 u:u-ben caller -..-
    i1 0 call_started u-ben direction=internal
    i2 0 call_ended by=system
    context u-ben u-max;
    "#);
}
