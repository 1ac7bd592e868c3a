//! Calls to one user: direct, missed, unreachable, internal, unknown (D37, D40, D41, D44).

use insta::assert_snapshot;

use crate::script::check;

const RINGS_ANA: &str = "registered ana ben
    0 call +15557770001 -> +15550100001
    0.3 ana rings\n";

#[test]
fn the_user_answers_and_hangs_up() {
    assert_snapshot!(check(&format!("{RINGS_ANA}
        6 ana answers
        66 ana hangs up
        66 caller hangs up  # the BYEs cross
    ")), @r#"
    0      dial ana, showing +15557770001 "Carl Contact"
    0.3    ring caller
    6      u-ana is taken
    6      answer caller like ana
    6      bridge caller ana
    66     hang up caller Normal
    66     finished
    --
    call inbound answered by internal, owner u-ana, mco -
       accepted 6, answered 6, ended 66, sip -, q850 16
    c1 route user u-ana single, 0..66, answered 6, bridged 6
       answered, hangup_internal, sip 200, q850 16
    a1 u-ana stage 1 round 1, 0..6, ringing 0.3, answered 200
    p1 p:+15557770001 caller 6..66
    p2 u:u-ana callee 6..66
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 6 answered c1 u-ana
    i4 66 call_ended by=internal
    context u-ana;
    "#);
}

#[test]
fn an_unregistered_user_has_his_attempt_and_the_caller_480() {
    assert_snapshot!(check("0 call +15557770001 -> +15550100001"), @r"
    0      reject caller 480
    0      finished
    --
    call inbound missed by system, owner u-ana, mco u-ana
       accepted -, answered -, ended 0, sip 480, q850 20
    c1 route user u-ana single, 0..0, answered -, bridged -
       unavailable, not_answered, sip 480, q850 20
    a1 u-ana stage 1 round 1, 0..0, ringing -, unavailable 480
    p1 p:+15557770001 caller -..-
    p2 u:u-ana callee -..-
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 0 no_answer c1 reason=unavailable
    i4 0 call_ended by=system
    context u-ana;
    ");
}

#[test]
fn a_registration_whose_devices_are_all_gone_is_found_out_by_dialling() {
    assert_snapshot!(check("registered ana
        0 call +15557770001 -> +15550100001
        0 ana fails 480
    "), @r#"
    0      dial ana, showing +15557770001 "Carl Contact"
    0      reject caller 480
    0      finished
    --
    call inbound missed by system, owner u-ana, mco u-ana
       accepted -, answered -, ended 0, sip 480, q850 18
    c1 route user u-ana single, 0..0, answered -, bridged -
       unavailable, not_answered, sip 480, q850 18
    a1 u-ana stage 1 round 1, 0..0, ringing -, unavailable 480
    p1 p:+15557770001 caller -..-
    p2 u:u-ana callee -..-
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 0 no_answer c1 reason=unavailable
    i4 0 call_ended by=system
    context u-ana;
    "#);
}

#[test]
fn busy_gives_the_caller_486() {
    assert_snapshot!(check(&format!("{RINGS_ANA} 2 ana fails 486")), @r#"
    0      dial ana, showing +15557770001 "Carl Contact"
    0.3    ring caller
    2      reject caller 486
    2      finished
    --
    call inbound missed by system, owner u-ana, mco u-ana
       accepted -, answered -, ended 2, sip 486, q850 17
    c1 route user u-ana single, 0..2, answered -, bridged -
       busy, not_answered, sip 486, q850 17
    a1 u-ana stage 1 round 1, 0..2, ringing 0.3, busy 486
    p1 p:+15557770001 caller -..-
    p2 u:u-ana callee -..-
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 2 no_answer c1 reason=busy
    i4 2 call_ended by=system
    context u-ana;
    "#);
}

#[test]
fn declined_gives_the_caller_603() {
    assert_snapshot!(check(&format!("{RINGS_ANA} 2 ana fails 607")), @r#"
    0      dial ana, showing +15557770001 "Carl Contact"
    0.3    ring caller
    2      reject caller 603
    2      finished
    --
    call inbound missed by system, owner u-ana, mco u-ana
       accepted -, answered -, ended 2, sip 603, q850 21
    c1 route user u-ana single, 0..2, answered -, bridged -
       declined, not_answered, sip 603, q850 21
    a1 u-ana stage 1 round 1, 0..2, ringing 0.3, declined 607
    p1 p:+15557770001 caller -..-
    p2 u:u-ana callee -..-
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 2 no_answer c1 reason=declined
    i4 2 call_ended by=system
    context u-ana;
    "#);
}

#[test]
fn an_answer_that_crosses_the_cancel_of_the_caller_changes_nothing() {
    assert_snapshot!(check(&format!("{RINGS_ANA}
        4 caller cancels
        4.1 ana answers
        4.2 ana settles 200
        4.3 caller hangs up
        99 release
    ")), @r#"
    0      dial ana, showing +15557770001 "Carl Contact"
    0.3    ring caller
    4      cancel ana CallerGone
    4      finished
    --
    call inbound missed by external, owner u-ana, mco u-ana
       accepted -, answered -, ended 4, sip 487, q850 16
    c1 route user u-ana single, 0..4, answered -, bridged -
       canceled, not_answered, sip 487, q850 16
    a1 u-ana stage 1 round 1, 0..4, ringing 0.3, caller_hangup 487
    p1 p:+15557770001 caller -..-
    p2 u:u-ana callee -..-
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 4 no_answer c1 reason=caller_hangup
    i4 4 call_ended by=external
    context u-ana;
    "#);
}

#[test]
fn early_media_of_the_only_leg_is_passed_on() {
    assert_snapshot!(check("registered ana
        0 call anonymous -> +15550100001
        0.2 ana rings
        0.3 ana rings with media
        0.4 ana rings with media
        0.5 ana rings
        2 ana answers
        3 caller hangs up
    "), @r#"
    0      dial ana, showing anonymous "-"
    0.2    ring caller
    0.3    ring caller with the media of ana
    2      u-ana is taken
    2      answer caller like ana
    2      bridge caller ana
    3      hang up ana Normal
    3      finished
    --
    call inbound answered by external, owner u-ana, mco -
       accepted 2, answered 2, ended 3, sip -, q850 16
    c1 route user u-ana single, 0..3, answered 2, bridged 2
       answered, hangup_external, sip 200, q850 16
    a1 u-ana stage 1 round 1, 0..2, ringing 0.2, answered 200
    p1 a:call-a caller 2..3
    p2 u:u-ana callee 2..3
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 2 answered c1 u-ana
    i4 3 call_ended by=external
    context u-ana;
    "#);
}

#[test]
fn a_user_on_a_call_is_rung_and_answering_takes_him_from_the_others() {
    assert_snapshot!(check("registered ana
        0 call +15557770001 -> +15550100001
        1 ana rings
        2 B: call +15557770002 -> +15550100001
        3 B: ana rings
        4 B: ana answers
        4.1 ana settles 487
        5 C: call +15557770003 -> +15550100001
        6 C: caller cancels
        9 B: ana hangs up
    "), @r#"
    0      dial ana, showing +15557770001 "Carl Contact"
    1      ring caller
    2      B: dial ana, showing +15557770002 "Dora Contact"
    3      B: ring caller
    4      B: u-ana is taken
    4      B: answer caller like ana
    4      B: bridge caller ana
    4      cancel ana UserBusy
    4      reject caller 486
    4      finished
    5      C: dial ana, showing +15557770003 "-"
    6      C: cancel ana CallerGone
    6      C: finished
    9      B: hang up caller Normal
    9      B: finished
    --
    call inbound missed by system, owner u-ana, mco u-ana
       accepted -, answered -, ended 4, sip 486, q850 17
    c1 route user u-ana single, 0..4, answered -, bridged -
       busy, not_answered, sip 486, q850 17
    a1 u-ana stage 1 round 1, 0..4, ringing 1, busy 487
    p1 p:+15557770001 caller -..-
    p2 u:u-ana callee -..-
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 4 no_answer c1 reason=busy
    i4 4 call_ended by=system
    context u-ana;
    --
    call inbound answered by internal, owner u-ana, mco -
       accepted 2, answered 2, ended 7, sip -, q850 16
    c1 route user u-ana single, 0..7, answered 2, bridged 2
       answered, hangup_internal, sip 200, q850 16
    a1 u-ana stage 1 round 1, 0..2, ringing 1, answered 200
    p1 p:+15557770002 caller 2..7
    p2 u:u-ana callee 2..7
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 2 answered c1 u-ana
    i4 7 call_ended by=internal
    context u-ana;
    --
    call inbound missed by external, owner u-ana, mco u-ana
       accepted -, answered -, ended 1, sip 487, q850 16
    c1 route user u-ana single, 0..1, answered -, bridged -
       canceled, not_answered, sip 487, q850 16
    a1 u-ana stage 1 round 1, 0..1, ringing -, caller_hangup 487
    p1 p:+15557770003 caller -..-
    p2 u:u-ana callee -..-
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 1 no_answer c1 reason=caller_hangup
    i4 1 call_ended by=external
    context u-ana;
    "#);
}

#[test]
fn an_unknown_number_makes_one_record() {
    assert_snapshot!(check("0 call +15557770001 -> +15559990000
        1 caller hangs up
    "), @r"
    0      reject caller 404
    0      finished
    --
    call inbound unroutable by system, owner -, mco -
       accepted -, answered -, ended 0, sip 404, q850 1
    p1 p:+15557770001 caller -..-
    i1 0 call_started direction=inbound
    i2 0 call_ended by=system
    context ;
    ");
}

#[test]
fn who_calls_himself_is_one_participant() {
    assert_snapshot!(check("registered ana
        0 call ana -> ana
        2 ana answers
        3 caller hangs up
    "), @r#"
    0      dial ana, showing ana "Ana Agent"
    2      u-ana is taken
    2      answer caller like ana
    2      bridge caller ana
    3      hang up ana Normal
    3      finished
    --
    call internal answered by internal, owner u-ana, mco -
       accepted 2, answered 2, ended 3, sip -, q850 16
    c1 route user u-ana single, 0..3, answered 2, bridged 2
       answered, hangup_internal, sip 200, q850 16
    a1 u-ana stage 1 round 1, 0..2, ringing -, answered 200
    p1 u:u-ana caller 2..3
    i1 0 call_started u-ana direction=internal
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 2 answered c1 u-ana
    i4 3 call_ended by=internal
    context u-ana;
    "#);
}

#[test]
fn an_internal_call_to_nobody_is_not_answered() {
    assert_snapshot!(check("0 call ana -> ben"), @r"
    0      reject caller 480
    0      finished
    --
    call internal no_answer by system, owner u-ana, mco -
       accepted -, answered -, ended 0, sip 480, q850 20
    c1 route user u-ben single, 0..0, answered -, bridged -
       unavailable, not_answered, sip 480, q850 20
    a1 u-ben stage 1 round 1, 0..0, ringing -, unavailable 480
    p1 u:u-ana caller -..-
    p2 u:u-ben callee -..-
    i1 0 call_started u-ana direction=internal
    i2 0 routing_started c1 strategy=single target=u-ben
    i3 0 no_answer c1 reason=unavailable
    i4 0 call_ended by=system
    context u-ana u-ben u-max;
    ");
}
