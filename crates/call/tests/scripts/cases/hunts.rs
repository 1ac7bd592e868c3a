//! Searching a group: simulring and round robin, D37–D43.

use insta::assert_snapshot;

use crate::directory::directory;
use crate::script::{check, check_in};
use crate::world::World;

/// `n-rr` +15550300001: round robin of dan, eve, cat; 5 s an attempt, 30 s a stage, accepted when
/// somebody answers.
const ROUND_ROBIN: &str = r#"{
    "ivrs": [{"id": "ivr-rr", "action": "call_transfer", "target_kind": "group",
        "target_group_id": "g-supp", "acd_strategy": "round_robin", "attempt_ring_ms": 5000,
        "no_answer_timeout_ms": 30000, "accept": "answer"},
      {"id": "ivr-once", "action": "call_transfer", "target_kind": "group",
        "target_group_id": "g-supp", "acd_strategy": "round_robin", "attempt_ring_ms": 5000,
        "max_rounds": 1, "accept": "answer"}],
    "numbers": [
      {"id": "n-rr", "e164": "+15550300001", "assigned_group_id": "g-supp", "ivr_id": "ivr-rr",
        "is_default": false},
      {"id": "n-once", "e164": "+15550300002", "assigned_group_id": "g-supp",
        "ivr_id": "ivr-once", "is_default": false}]
}"#;

fn round_robin(script: &str) -> String {
    check_in(World::new(directory(ROUND_ROBIN)), script)
}

const SIMULRING: &str = "registered ana ben cat\n 0 call +15557770001 -> +15550200001\n";

#[test]
fn simulring_two_answers_cross_and_the_first_wins() {
    assert_snapshot!(check(&format!("{SIMULRING}
        5 ben answers
        5 cat answers       # the core had not told her yet
        5.1 cat settles 200
        5.2 ana settles 408
        9 ana settles 200   # settled already
        30 caller hangs up
    ")), @r#"
    0      answer caller
    0      dial ana, showing +15557770001 "Carl Contact"
    0      dial ben, showing +15557770001 "Carl Contact"
    0      dial cat, showing +15557770001 "Carl Contact"
    0      play caller [Tone(Ringback)] for ever
    5      cancel ana AnsweredElsewhere
    5      cancel cat AnsweredElsewhere
    5      u-ben is taken
    5      stop playing to caller
    5      bridge caller ben
    5      hang up cat AnsweredElsewhere
    30     hang up ben Normal
    30     finished
    --
    call inbound answered by external, owner u-own, mco -
       accepted 0, answered 5, ended 30, sip -, q850 16
    c1 route group g-sales simulring, 0..30, answered 5, bridged 5
       answered, hangup_external, sip 200, q850 16
    a1 u-ana stage 1 round 1, 0..5, ringing -, answered_elsewhere 408
    a2 u-ben stage 1 round 1, 0..5, ringing -, answered 200
    a3 u-cat stage 1 round 1, 0..5, ringing -, answered_elsewhere 200
    p1 p:+15557770001 caller 0..30
    p2 u:u-ben callee 5..30
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-sales
    i3 0 routing_started c1 ivr-sales strategy=simulring target=g-sales
    i4 5 answered c1 u-ben
    i5 5 ivr_exited ivr-sales reason=answered
    i6 30 call_ended by=external
    context u-ana u-ben u-cat u-max u-mia u-own; g-sales
    "#);
}

#[test]
fn simulring_offers_only_who_may_be_offered() {
    assert_snapshot!(check("registered ana ben
        away ana
        0 B: call +15557770002 -> +15550100002
        0 call +15557770001 -> +15550200001   # ben rings elsewhere: rung all the same
        1 B: ben answers
        1 pass
    "), @r#"
    0      B: dial ben, showing +15557770002 "Dora Contact"
    0      answer caller
    0      dial ben, showing +15557770001 "Carl Contact"
    0      play caller [Tone(Ringback)] for ever
    1      B: u-ben is taken
    1      B: answer caller like ben
    1      B: bridge caller ben
    1      cancel ben UserBusy
    1      hang up caller Normal
    1      finished
    --
    call inbound - by -, owner u-ben, mco -
       accepted 1, answered 1, ended -, sip -, q850 -
    c1 route user u-ben single, 0..-, answered 1, bridged 1
       answered, -, sip 200, q850 -
    a1 u-ben stage 1 round 1, 0..1, ringing -, answered 200
    p1 p:+15557770002 caller 1..-
    p2 u:u-ben callee 1..-
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ben
    i3 1 answered c1 u-ben
    context ;
    --
    call inbound missed by system, owner u-own, mco u-mia
       accepted 0, answered -, ended 1, sip -, q850 17
    c1 route group g-sales simulring, 0..1, answered -, bridged -
       busy, not_answered, sip 486, q850 17
    a1 u-ben stage 1 round 1, 0..1, ringing -, busy 487
    p1 p:+15557770001 caller 0..1
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-sales
    i3 0 routing_started c1 ivr-sales strategy=simulring target=g-sales
    i4 1 no_answer c1 reason=busy
    i5 1 ivr_exited ivr-sales reason=system_hangup
    i6 1 call_ended by=system
    context u-ben u-max u-mia u-own; g-sales
    "#);
}

#[test]
fn simulring_ends_when_the_last_attempt_fails() {
    assert_snapshot!(check(&format!("{SIMULRING}
        1 ana fails 486
        2 ben fails 603
        3 cat fails 500
    ")), @r#"
    0      answer caller
    0      dial ana, showing +15557770001 "Carl Contact"
    0      dial ben, showing +15557770001 "Carl Contact"
    0      dial cat, showing +15557770001 "Carl Contact"
    0      play caller [Tone(Ringback)] for ever
    3      hang up caller Normal
    3      finished
    --
    call inbound missed by system, owner u-own, mco u-mia
       accepted 0, answered -, ended 3, sip -, q850 19
    c1 route group g-sales simulring, 0..3, answered -, bridged -
       no_answer, not_answered, sip 480, q850 19
    a1 u-ana stage 1 round 1, 0..1, ringing -, busy 486
    a2 u-ben stage 1 round 1, 0..2, ringing -, declined 603
    a3 u-cat stage 1 round 1, 0..3, ringing -, failed 500
    p1 p:+15557770001 caller 0..3
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-sales
    i3 0 routing_started c1 ivr-sales strategy=simulring target=g-sales
    i4 3 no_answer c1 reason=declined
    i5 3 ivr_exited ivr-sales reason=system_hangup
    i6 3 call_ended by=system
    context u-ana u-ben u-cat u-max u-mia u-own; g-sales
    "#);
}

#[test]
fn a_group_nobody_of_whom_can_be_rung_has_no_attempt() {
    assert_snapshot!(check("0 call +15557770001 -> +15550200001"), @r"
    0      answer caller
    0      hang up caller Normal
    0      finished
    --
    call inbound missed by system, owner u-own, mco u-mia
       accepted 0, answered -, ended 0, sip -, q850 20
    c1 route group g-sales simulring, 0..0, answered -, bridged -
       unavailable, not_answered, sip 480, q850 20
    p1 p:+15557770001 caller 0..0
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-sales
    i3 0 routing_started c1 ivr-sales strategy=simulring target=g-sales
    i4 0 no_answer c1 reason=unavailable
    i5 0 ivr_exited ivr-sales reason=system_hangup
    i6 0 call_ended by=system
    context u-mia u-own; g-sales
    ");
}

#[test]
fn round_robin_laps_go_on_until_the_stage_times_out() {
    assert_snapshot!(round_robin("registered dan eve
        cursor g-supp dan
        0 call +15557770001 -> +15550300001
        1 eve rings
        5 eve settles 487
        7 dan fails 486
        8 eve fails 603          # not offered again
        9 dan fails 486
        9.5 eve registers
        100 pass
    "), @r#"
    0      dial eve, showing +15557770001 "Carl Contact"
    0      cursor of g-supp at u-eve
    1      ring caller
    5      cancel eve NoAnswer
    5      dial dan, showing +15557770001 "Carl Contact"
    5      cursor of g-supp at u-dan
    7      dial eve, showing +15557770001 "Carl Contact"
    7      cursor of g-supp at u-eve
    8      dial dan, showing +15557770001 "Carl Contact"
    8      cursor of g-supp at u-dan
    9      dial dan, showing +15557770001 "Carl Contact"
    9      cursor of g-supp at u-dan
    14     cancel dan NoAnswer
    14     dial dan, showing +15557770001 "Carl Contact"
    14     cursor of g-supp at u-dan
    19     cancel dan NoAnswer
    19     dial dan, showing +15557770001 "Carl Contact"
    19     cursor of g-supp at u-dan
    24     cancel dan NoAnswer
    24     dial dan, showing +15557770001 "Carl Contact"
    24     cursor of g-supp at u-dan
    29     cancel dan NoAnswer
    29     dial dan, showing +15557770001 "Carl Contact"
    29     cursor of g-supp at u-dan
    30     cancel dan NoAnswer
    30     reject caller 480
    30     finished
    --
    call inbound missed by system, owner -, mco -
       accepted -, answered -, ended 30, sip 480, q850 19
    c1 route group g-supp round_robin, 0..30, answered -, bridged -
       no_answer, not_answered, sip 480, q850 19
    a1 u-eve stage 1 round 1, 0..5, ringing 1, no_answer 487
    a2 u-dan stage 1 round 1, 5..7, ringing -, busy 486
    a3 u-eve stage 1 round 2, 7..8, ringing -, declined 603
    a4 u-dan stage 1 round 2, 8..9, ringing -, busy 486
    a5 u-dan stage 1 round 3, 9..14, ringing -, no_answer 487
    a6 u-dan stage 1 round 4, 14..19, ringing -, no_answer 487
    a7 u-dan stage 1 round 5, 19..24, ringing -, no_answer 487
    a8 u-dan stage 1 round 6, 24..29, ringing -, no_answer 487
    a9 u-dan stage 1 round 7, 29..30, ringing -, no_answer 487
    p1 p:+15557770001 caller -..-
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-rr
    i3 0 routing_started c1 ivr-rr strategy=round_robin target=g-supp
    i4 30 no_answer c1 reason=timeout
    i5 30 ivr_exited ivr-rr reason=system_hangup
    i6 30 call_ended by=system
    context u-dan u-eve u-mia; g-supp
    "#);
}

#[test]
fn round_robin_laps_start_a_second_apart() {
    assert_snapshot!(round_robin("registered dan
        0 call +15557770001 -> +15550300001
        0.2 dan fails 486
        1.2 dan fails 486
        1.5 dan unregisters      # the next lap offers nobody: the last
        9 pass
    "), @r#"
    0      dial dan, showing +15557770001 "Carl Contact"
    0      cursor of g-supp at u-dan
    1      dial dan, showing +15557770001 "Carl Contact"
    1      cursor of g-supp at u-dan
    2      reject caller 480
    2      finished
    --
    call inbound missed by system, owner -, mco -
       accepted -, answered -, ended 2, sip 480, q850 19
    c1 route group g-supp round_robin, 0..2, answered -, bridged -
       no_answer, not_answered, sip 480, q850 19
    a1 u-dan stage 1 round 1, 0..0.2, ringing -, busy 486
    a2 u-dan stage 1 round 2, 1..1.2, ringing -, busy 486
    p1 p:+15557770001 caller -..-
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-rr
    i3 0 routing_started c1 ivr-rr strategy=round_robin target=g-supp
    i4 2 no_answer c1 reason=busy
    i5 2 ivr_exited ivr-rr reason=system_hangup
    i6 2 call_ended by=system
    context u-dan u-mia; g-supp
    "#);
}

#[test]
fn round_robin_passes_over_who_rings_elsewhere_and_calls_share_the_cursor() {
    assert_snapshot!(round_robin("registered dan eve cat
        0 call +15557770001 -> +15550300002
        1 B: call +15557770002 -> +15550300002
        2 dan fails 486
        3 B: eve answers
        4 cat answers
        5 caller hangs up
        6 B: eve hangs up
    "), @r#"
    0      dial dan, showing +15557770001 "Carl Contact"
    0      cursor of g-supp at u-dan
    1      B: dial eve, showing +15557770002 "Dora Contact"
    1      B: cursor of g-supp at u-eve
    2      dial cat, showing +15557770001 "Carl Contact"
    2      cursor of g-supp at u-cat
    3      B: u-eve is taken
    3      B: answer caller like eve
    3      B: bridge caller eve
    4      u-cat is taken
    4      answer caller like cat
    4      bridge caller cat
    5      hang up cat Normal
    5      finished
    6      B: hang up caller Normal
    6      B: finished
    --
    call inbound answered by external, owner u-cat, mco -
       accepted 4, answered 4, ended 5, sip -, q850 16
    c1 route group g-supp round_robin, 0..5, answered 4, bridged 4
       answered, hangup_external, sip 200, q850 16
    a1 u-dan stage 1 round 1, 0..2, ringing -, busy 486
    a2 u-cat stage 1 round 1, 2..4, ringing -, answered 200
    p1 p:+15557770001 caller 4..5
    p2 u:u-cat callee 4..5
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-once
    i3 0 routing_started c1 ivr-once strategy=round_robin target=g-supp
    i4 4 answered c1 u-cat
    i5 4 ivr_exited ivr-once reason=answered
    i6 5 call_ended by=external
    context u-cat u-dan u-mia; g-supp
    --
    call inbound answered by internal, owner u-eve, mco -
       accepted 2, answered 2, ended 5, sip -, q850 16
    c1 route group g-supp round_robin, 0..5, answered 2, bridged 2
       answered, hangup_internal, sip 200, q850 16
    a1 u-eve stage 1 round 1, 0..2, ringing -, answered 200
    p1 p:+15557770002 caller 2..5
    p2 u:u-eve callee 2..5
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-once
    i3 0 routing_started c1 ivr-once strategy=round_robin target=g-supp
    i4 2 answered c1 u-eve
    i5 2 ivr_exited ivr-once reason=answered
    i6 5 call_ended by=internal
    context u-eve u-mia; g-supp
    "#);
}

#[test]
fn round_robin_one_lap_is_enough_where_one_is_allowed() {
    assert_snapshot!(round_robin("registered dan eve
        0 call +15557770001 -> +15550300002
        0.1 dan rings with media
        5.1 eve rings
        100 pass
    "), @r#"
    0      dial dan, showing +15557770001 "Carl Contact"
    0      cursor of g-supp at u-dan
    0.1    ring caller with the media of dan
    5      cancel dan NoAnswer
    5      dial eve, showing +15557770001 "Carl Contact"
    5      cursor of g-supp at u-eve
    10     cancel eve NoAnswer
    10     reject caller 480
    10     finished
    --
    call inbound missed by system, owner -, mco -
       accepted -, answered -, ended 10, sip 480, q850 19
    c1 route group g-supp round_robin, 0..10, answered -, bridged -
       no_answer, not_answered, sip 480, q850 19
    a1 u-dan stage 1 round 1, 0..5, ringing 0.1, no_answer 487
    a2 u-eve stage 1 round 1, 5..10, ringing 5.1, no_answer 487
    p1 p:+15557770001 caller -..-
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-once
    i3 0 routing_started c1 ivr-once strategy=round_robin target=g-supp
    i4 10 no_answer c1 reason=timeout
    i5 10 ivr_exited ivr-once reason=system_hangup
    i6 10 call_ended by=system
    context u-dan u-eve u-mia; g-supp
    "#);
}

#[test]
fn who_answers_another_call_is_busy_here_and_the_round_goes_on() {
    assert_snapshot!(round_robin("registered dan eve
        0 call +15557770001 -> +15550300002
        1 B: call +15557770002 -> +15550100004
        2 B: dan answers
        3 caller cancels
    "), @r#"
    0      dial dan, showing +15557770001 "Carl Contact"
    0      cursor of g-supp at u-dan
    1      B: dial dan, showing +15557770002 "Dora Contact"
    2      B: u-dan is taken
    2      B: answer caller like dan
    2      B: bridge caller dan
    2      cancel dan UserBusy
    2      dial eve, showing +15557770001 "Carl Contact"
    2      cursor of g-supp at u-eve
    3      cancel eve CallerGone
    3      finished
    --
    call inbound missed by external, owner -, mco -
       accepted -, answered -, ended 3, sip 487, q850 16
    c1 route group g-supp round_robin, 0..3, answered -, bridged -
       canceled, not_answered, sip 487, q850 16
    a1 u-dan stage 1 round 1, 0..2, ringing -, busy 487
    a2 u-eve stage 1 round 1, 2..3, ringing -, caller_hangup 487
    p1 p:+15557770001 caller -..-
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-once
    i3 0 routing_started c1 ivr-once strategy=round_robin target=g-supp
    i4 3 no_answer c1 reason=caller_hangup
    i5 3 ivr_exited ivr-once reason=caller_hangup
    i6 3 call_ended by=external
    context u-dan u-eve u-mia; g-supp
    --
    call inbound - by -, owner u-dan, mco -
       accepted 1, answered 1, ended -, sip -, q850 -
    c1 route user u-dan single, 0..-, answered 1, bridged 1
       answered, -, sip 200, q850 -
    a1 u-dan stage 1 round 1, 0..1, ringing -, answered 200
    p1 p:+15557770002 caller 1..-
    p2 u:u-dan callee 1..-
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-dan
    i3 1 answered c1 u-dan
    context ;
    "#);
}

#[test]
fn a_caller_inside_is_not_offered_his_own_call() {
    assert_snapshot!(check("registered ana ben
        0 call ana -> +15550200001
        3 ben answers
        9 caller hangs up
    "), @r#"
    0      answer caller
    0      dial ben, showing ana "Ana Agent"
    0      play caller [Tone(Ringback)] for ever
    3      u-ben is taken
    3      stop playing to caller
    3      bridge caller ben
    9      hang up ben Normal
    9      finished
    --
    call internal answered by internal, owner u-own, mco -
       accepted 0, answered 3, ended 9, sip -, q850 16
    c1 route group g-sales simulring, 0..9, answered 3, bridged 3
       answered, hangup_internal, sip 200, q850 16
    a1 u-ben stage 1 round 1, 0..3, ringing -, answered 200
    p1 u:u-ana caller 0..9
    p2 u:u-ben callee 3..9
    i1 0 call_started u-ana direction=internal
    i2 0 ivr_entered ivr-sales
    i3 0 routing_started c1 ivr-sales strategy=simulring target=g-sales
    i4 3 answered c1 u-ben
    i5 3 ivr_exited ivr-sales reason=answered
    i6 9 call_ended by=internal
    context u-ana u-ben u-max u-mia u-own; g-sales
    "#);
}
