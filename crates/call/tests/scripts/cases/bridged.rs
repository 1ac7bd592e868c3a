//! Two legs that hear each other: hold (D45), hang-up, dead media, shutdown.

use insta::assert_snapshot;

use crate::script::check;

const TALKING: &str = "registered ana ben
    0 call +15557770001 -> +15550100001
    5 ana answers\n";

#[test]
fn hold_is_recorded_for_both_sides_once_each() {
    assert_snapshot!(check(&format!("{TALKING}
        10 ana holds
        11 ana holds
        12 caller holds
        20 ana resumes
        21 caller resumes
        22 caller resumes
        30 caller hangs up
    ")), @r#"
    0      dial ana, showing +15557770001 "Carl Contact"
    5      u-ana is taken
    5      answer caller like ana
    5      bridge caller ana
    30     hang up ana Normal
    30     finished
    --
    call inbound answered by external, owner u-ana, mco -
       accepted 5, answered 5, ended 30, sip -, q850 16
    c1 route user u-ana single, 0..30, answered 5, bridged 5
       answered, hangup_external, sip 200, q850 16
    a1 u-ana stage 1 round 1, 0..5, ringing -, answered 200
    p1 p:+15557770001 caller 5..30
    p2 u:u-ana callee 5..30
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 10 hold u-ana party=+15557770001
    i5 12 hold party=u:u-ana
    i6 20 resume u-ana party=+15557770001
    i7 21 resume party=u:u-ana
    i8 30 call_ended by=external
    context u-ana;
    "#);
}

#[test]
fn between_users_the_held_party_is_a_user_and_a_withheld_caller_is_the_call() {
    assert_snapshot!(check("registered ana ben
        0 call ana -> ben
        0 B: call anonymous -> +15550100001
        2 ben answers
        3 B: ana answers
        5 ben holds
        6 B: ana holds
        7 ben hangs up
        8 B: caller hangs up
    "), @r#"
    0      dial ben, showing ana "Ana Agent"
    0      B: dial ana, showing anonymous "-"
    2      u-ben is taken
    2      answer caller like ben
    2      bridge caller ben
    3      B: u-ana is taken
    3      B: answer caller like ana
    3      B: bridge caller ana
    7      hang up caller Normal
    7      finished
    8      B: hang up ana Normal
    8      B: finished
    --
    call internal answered by internal, owner u-ana, mco -
       accepted 2, answered 2, ended 7, sip -, q850 16
    c1 route user u-ben single, 0..7, answered 2, bridged 2
       answered, hangup_internal, sip 200, q850 16
    a1 u-ben stage 1 round 1, 0..2, ringing -, answered 200
    p1 u:u-ana caller 2..7
    p2 u:u-ben callee 2..7
    i1 0 call_started u-ana direction=internal
    i2 0 routing_started c1 strategy=single target=u-ben
    i3 2 answered c1 u-ben
    i4 5 hold u-ben party=u:u-ana
    i5 7 call_ended by=internal
    context u-ana u-ben u-max;
    --
    call inbound answered by external, owner u-ana, mco -
       accepted 3, answered 3, ended 8, sip -, q850 16
    c1 route user u-ana single, 0..8, answered 3, bridged 3
       answered, hangup_external, sip 200, q850 16
    a1 u-ana stage 1 round 1, 0..3, ringing -, answered 200
    p1 a:call-b caller 3..8
    p2 u:u-ana callee 3..8
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 3 answered c1 u-ana
    i4 6 hold u-ana party=a:call-b
    i5 8 call_ended by=external
    context u-ana;
    "#);
}

#[test]
fn dead_media_ends_the_call() {
    assert_snapshot!(check(&format!("{TALKING} 65 ana is silent 60")), @r#"
    0      dial ana, showing +15557770001 "Carl Contact"
    5      u-ana is taken
    5      answer caller like ana
    5      bridge caller ana
    65     hang up ana MediaTimeout
    65     hang up caller MediaTimeout
    65     finished
    --
    call inbound answered by system, owner u-ana, mco -
       accepted 5, answered 5, ended 65, sip -, q850 16
    c1 route user u-ana single, 0..65, answered 5, bridged 5
       answered, media_timeout, sip 200, q850 16
    a1 u-ana stage 1 round 1, 0..5, ringing -, answered 200
    p1 p:+15557770001 caller 5..65
    p2 u:u-ana callee 5..65
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 65 media_timeout c1 seconds=60
    i5 65 call_ended by=system
    context u-ana;
    "#);
}

#[test]
fn dead_media_of_the_caller_names_no_connection() {
    assert_snapshot!(check(&format!("{TALKING} 65 caller is silent 60")), @r#"
    0      dial ana, showing +15557770001 "Carl Contact"
    5      u-ana is taken
    5      answer caller like ana
    5      bridge caller ana
    65     hang up ana MediaTimeout
    65     hang up caller MediaTimeout
    65     finished
    --
    call inbound answered by system, owner u-ana, mco -
       accepted 5, answered 5, ended 65, sip -, q850 16
    c1 route user u-ana single, 0..65, answered 5, bridged 5
       answered, media_timeout, sip 200, q850 16
    a1 u-ana stage 1 round 1, 0..5, ringing -, answered 200
    p1 p:+15557770001 caller 5..65
    p2 u:u-ana callee 5..65
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 65 media_timeout seconds=60
    i5 65 call_ended by=system
    context u-ana;
    "#);
}

#[test]
fn a_shutdown_releases_talking_and_ringing_calls() {
    assert_snapshot!(check(&format!("{TALKING}
        20 B: call +15557770002 -> +15550200001
        21 release
        21 B: release
        22 caller hangs up
    ")), @r#"
    0      dial ana, showing +15557770001 "Carl Contact"
    5      u-ana is taken
    5      answer caller like ana
    5      bridge caller ana
    20     B: answer caller
    20     B: dial ben, showing +15557770002 "Dora Contact"
    20     B: play caller [Tone(Ringback)] for ever
    21     hang up ana Shutdown
    21     hang up caller Shutdown
    21     finished
    21     B: cancel ben Shutdown
    21     B: hang up caller Shutdown
    21     B: finished
    --
    call inbound answered by system, owner u-ana, mco -
       accepted 5, answered 5, ended 21, sip -, q850 16
    c1 route user u-ana single, 0..21, answered 5, bridged 5
       answered, call_ended, sip 200, q850 16
    a1 u-ana stage 1 round 1, 0..5, ringing -, answered 200
    p1 p:+15557770001 caller 5..21
    p2 u:u-ana callee 5..21
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 21 call_ended by=system
    context u-ana;
    --
    call inbound missed by system, owner u-own, mco u-mia
       accepted 0, answered -, ended 1, sip -, q850 41
    c1 route group g-sales simulring, 0..1, answered -, bridged -
       failed, not_answered, sip 480, q850 41
    a1 u-ben stage 1 round 1, 0..1, ringing -, failed 487
    p1 p:+15557770002 caller 0..1
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-sales
    i3 0 routing_started c1 ivr-sales strategy=simulring target=g-sales
    i4 1 no_answer c1 reason=failed
    i5 1 ivr_exited ivr-sales reason=system_hangup
    i6 1 call_ended by=system
    context u-ben u-max u-mia u-own; g-sales
    "#);
}

#[test]
fn a_shutdown_refuses_who_was_never_answered() {
    assert_snapshot!(check("registered ana
        0 call +15557770001 -> +15550100001
        3 release
    "), @r#"
    0      dial ana, showing +15557770001 "Carl Contact"
    3      cancel ana Shutdown
    3      reject caller 480
    3      finished
    --
    call inbound missed by system, owner u-ana, mco u-ana
       accepted -, answered -, ended 3, sip 480, q850 41
    c1 route user u-ana single, 0..3, answered -, bridged -
       failed, not_answered, sip 480, q850 41
    a1 u-ana stage 1 round 1, 0..3, ringing -, failed 487
    p1 p:+15557770001 caller -..-
    p2 u:u-ana callee -..-
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 3 no_answer c1 reason=failed
    i4 3 call_ended by=system
    context u-ana;
    "#);
}
