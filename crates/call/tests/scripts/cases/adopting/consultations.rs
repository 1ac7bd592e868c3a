//! Whom a user consults on a second line of his telephone (D34).

use call::port::Refusal;
use insta::assert_snapshot;

use crate::directory::directory;
use crate::script::{check, orders_in, play};
use crate::world::World;

const CONSULTING: &str = "registered ana ben cat
    0 call +15557770001 -> +15550100001
    5 ana answers
    20 ana holds
    21 B: call ana -> ben
    22 B: ben rings
    25 B: ben answers\n";

#[test]
fn a_consultation_is_completed_by_refer_with_replaces() {
    assert_snapshot!(check(&format!("{CONSULTING}
        40 takes B completed by ana on ana
        60 caller hangs up
    ")), @r#"
    0      dial ana, showing +15557770001 "Carl Contact"
    5      u-ana is taken
    5      answer caller like ana
    5      bridge caller ana
    21     B: dial ben, showing ana "Ana Agent"
    22     B: ring caller
    25     B: u-ben is taken
    25     B: answer caller like ben
    25     B: bridge caller ben
    40     B: unbridge caller ben
    40     B: finished
    40     accept the refer of ana
    40     notify ana 200
    40     hang up ana Normal
    40     hang up B.caller Normal
    40     bridge caller ben
    40     tell caller that it is +15550100002 "-"
    40     tell ben that it is +15557770001 "Carl Contact"
    60     hang up ben Normal
    60     finished
    --
    call inbound answered by external, owner u-ana, mco -
       accepted 5, answered 5, ended 60, sip -, q850 16
    c1 route user u-ana single, 0..40, answered 5, bridged 5
       answered, transferred, sip 200, q850 16
    c2 consult user u-ben single, 21..60, answered 25, bridged 40
       answered, hangup_external, sip 200, q850 16
    a1 u-ana stage 1 round 1, 0..5, ringing -, answered 200
    a1 u-ben stage 1 round 1, 21..25, ringing 22, answered 200
    p1 p:+15557770001 caller 5..60
    p2 u:u-ana callee 5..40
    p3 u:u-ben transfer_target 25..60
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 20 hold u-ana party=+15557770001
    i5 21 transfer_started u-ana mode=warm target=u-ben
    i6 21 routing_started c2 strategy=single target=u-ben
    i7 25 answered c2 u-ben
    i8 40 call_absorbed call_id=call-b
    i9 40 transfer_completed c2 u-ana mode=warm
    i10 40 participant_left c1 u-ana reason=transferred
    i11 40 resume u-ben party=+15557770001
    i12 60 call_ended by=external
    context u-ana u-ben u-max;
    --
    no rows
    "#);
}

#[test]
fn and_while_it_rings() {
    assert_snapshot!(check("registered ana ben
        0 call +15557770001 -> +15550100001
        5 ana answers
        20 ana holds
        21 B: call ana -> ben
        22 B: ben rings
        24 takes B completed by ana on ana
        27 ben answers
        60 ben hangs up
    "), @r#"
    0      dial ana, showing +15557770001 "Carl Contact"
    5      u-ana is taken
    5      answer caller like ana
    5      bridge caller ana
    21     B: dial ben, showing ana "Ana Agent"
    22     B: ring caller
    24     B: finished
    24     accept the refer of ana
    24     reject B.caller 487
    24     unbridge caller ana
    24     play caller [Tone(Ringback)] for ever
    27     u-ben is taken
    27     notify ana 200
    27     hang up ana Normal
    27     stop playing to caller
    27     bridge caller ben
    27     tell caller that it is +15550100002 "-"
    27     tell ben that it is +15557770001 "Carl Contact"
    60     hang up caller Normal
    60     finished
    --
    call inbound answered by internal, owner u-ana, mco -
       accepted 5, answered 5, ended 60, sip -, q850 16
    c1 route user u-ana single, 0..24, answered 5, bridged 5
       answered, transferred, sip 200, q850 16
    c2 consult user u-ben single, 21..60, answered 27, bridged 27
       answered, hangup_internal, sip 200, q850 16
    a1 u-ana stage 1 round 1, 0..5, ringing -, answered 200
    a1 u-ben stage 1 round 1, 21..27, ringing 22, answered 200
    p1 p:+15557770001 caller 5..60
    p2 u:u-ana callee 5..24
    p3 u:u-ben transfer_target 27..60
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 20 hold u-ana party=+15557770001
    i5 21 transfer_started u-ana mode=warm target=u-ben
    i6 21 routing_started c2 strategy=single target=u-ben
    i7 24 call_absorbed call_id=call-b
    i8 24 participant_left c1 u-ana reason=transferred
    i9 27 answered c2 u-ben
    i10 27 transfer_completed c2 u-ana mode=cold
    i11 27 resume u-ben party=+15557770001
    i12 60 call_ended by=internal
    context u-ana u-ben u-max;
    --
    no rows
    "#);
}

#[test]
fn or_comes_to_nothing() {
    assert_snapshot!(check("registered ana ben
        0 call +15557770001 -> +15550100001
        5 ana answers
        20 ana holds
        21 B: call ana -> ben
        22 B: ben rings
        24 takes B completed by ana on ana
        25 ana hangs up
        27 ben fails 486
        30 ana answers
        40 caller hangs up
    "), @r#"
    0      dial ana, showing +15557770001 "Carl Contact"
    5      u-ana is taken
    5      answer caller like ana
    5      bridge caller ana
    21     B: dial ben, showing ana "Ana Agent"
    22     B: ring caller
    24     B: finished
    24     accept the refer of ana
    24     reject B.caller 487
    24     unbridge caller ana
    24     play caller [Tone(Ringback)] for ever
    27     dial ana, showing +15557770001 "Carl Contact"
    30     u-ana is taken
    30     stop playing to caller
    30     bridge caller ana
    40     hang up ana Normal
    40     finished
    --
    call inbound answered by external, owner u-ana, mco -
       accepted 5, answered 5, ended 40, sip -, q850 16
    c1 route user u-ana single, 0..24, answered 5, bridged 5
       answered, transferred, sip 200, q850 16
    c2 consult user u-ben single, 21..27, answered -, bridged -
       busy, not_answered, sip 486, q850 17
    c3 recall user u-ana single, 27..40, answered 30, bridged 30
       answered, hangup_external, sip 200, q850 16
    a1 u-ana stage 1 round 1, 0..5, ringing -, answered 200
    a1 u-ben stage 1 round 1, 21..27, ringing 22, busy 486
    a1 u-ana stage 1 round 1, 27..30, ringing -, answered 200
    p1 p:+15557770001 caller 5..40
    p2 u:u-ana callee 5..40
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 20 hold u-ana party=+15557770001
    i5 21 transfer_started u-ana mode=warm target=u-ben
    i6 21 routing_started c2 strategy=single target=u-ben
    i7 24 call_absorbed call_id=call-b
    i8 24 participant_left c1 u-ana reason=transferred
    i9 27 no_answer c2 reason=busy
    i10 27 transfer_returned c2 u-ana mode=cold
    i11 27 routing_started c3 strategy=single target=u-ana
    i12 30 answered c3 u-ana
    i13 30 resume u-ana party=+15557770001
    i14 40 call_ended by=external
    context u-ana u-ben u-max;
    --
    no rows
    "#);
}

#[test]
fn a_number_outside_that_was_dialled_is_a_consultation_too() {
    assert_snapshot!(check("registered ana ben
        0 call +15557770001 -> +15550100001
        5 ana answers
        20 ana holds
        21 B: call ana -> +15557770002
        22 B: +15557770002 rings
        24 takes B completed by ana
        27 +15557770002 answers
        60 caller hangs up
    "), @r#"
    0      dial ana, showing +15557770001 "Carl Contact"
    5      u-ana is taken
    5      answer caller like ana
    5      bridge caller ana
    21     B: dial +15557770002 by carrier-a, showing +15550100001
    22     B: ring caller
    24     B: finished
    24     hang up ana Normal
    24     reject B.caller 487
    24     play caller [Tone(Ringback)] for ever
    27     stop playing to caller
    27     bridge caller +15557770002
    27     tell caller that it is +15557770002 "-"
    27     tell +15557770002 that it is +15557770001 "-"
    60     hang up +15557770002 Normal
    60     finished
    --
    call inbound answered by external, owner u-ana, mco -
       accepted 5, answered 5, ended 60, sip -, q850 16
    c1 route user u-ana single, 0..24, answered 5, bridged 5
       answered, transferred, sip 200, q850 16
    c2 consult external +15557770002 single, 21..60, answered 27, bridged 27
       answered, hangup_external, sip 200, q850 16
    a1 u-ana stage 1 round 1, 0..5, ringing -, answered 200
    a1 +15557770002 stage 1 round 1, 21..27, ringing 22, answered 200
    p1 p:+15557770001 caller 5..60
    p2 u:u-ana callee 5..24
    p3 p:+15557770002 transfer_target 27..60
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 20 hold u-ana party=+15557770001
    i5 21 transfer_started u-ana mode=warm target=+15557770002
    i6 21 routing_started c2 strategy=single target=+15557770002
    i7 24 call_absorbed call_id=call-b
    i8 24 participant_left c1 u-ana reason=transferred
    i9 27 answered c2 party=+15557770002
    i10 27 transfer_completed c2 u-ana mode=cold
    i11 27 resume party=+15557770001
    i12 60 call_ended by=external
    context u-ana;
    --
    no rows
    "#);
}

#[test]
fn who_called_the_transferor_is_handed_on() {
    assert_snapshot!(check("registered ana ben
        0 call +15557770001 -> +15550100001
        5 ana answers
        20 ana holds
        21 B: call ben -> ana
        25 B: ana answers
        40 takes B completed by ana
        60 caller hangs up
    "), @r#"
    0      dial ana, showing +15557770001 "Carl Contact"
    5      u-ana is taken
    5      answer caller like ana
    5      bridge caller ana
    21     B: dial ana, showing ben "Ben Baker"
    25     B: u-ana is taken
    25     B: answer caller like ana
    25     B: bridge caller ana
    40     B: unbridge caller ana
    40     B: finished
    40     hang up ana Normal
    40     hang up B.ana Normal
    40     bridge caller B.caller
    40     tell caller that it is +15550100002 "-"
    40     tell B.caller that it is +15557770001 "Carl Contact"
    60     hang up B.caller Normal
    60     finished
    --
    call inbound answered by external, owner u-ana, mco -
       accepted 5, answered 5, ended 60, sip -, q850 16
    c1 route user u-ana single, 0..40, answered 5, bridged 5
       answered, transferred, sip 200, q850 16
    c2 consult user u-ben single, 21..60, answered 25, bridged 40
       answered, hangup_external, sip 200, q850 16
    a1 u-ana stage 1 round 1, 0..5, ringing -, answered 200
    a1 u-ben stage 1 round 1, 21..25, ringing -, answered 200
    p1 p:+15557770001 caller 5..60
    p2 u:u-ana callee 5..40
    p3 u:u-ben transfer_target 25..60
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 20 hold u-ana party=+15557770001
    i5 21 transfer_started u-ana mode=warm target=u-ben
    i6 21 routing_started c2 strategy=single target=u-ben
    i7 25 answered c2 u-ben
    i8 40 call_absorbed call_id=call-b
    i9 40 transfer_completed c2 u-ana mode=warm
    i10 40 participant_left c1 u-ana reason=transferred
    i11 40 resume u-ben party=+15557770001
    i12 60 call_ended by=external
    context u-ana u-ben u-max;
    --
    no rows
    "#);
}

#[test]
fn all_are_joined() {
    assert_snapshot!(check(&format!("{CONSULTING}
        40 takes B joined by ana
        40 ana resumes
        50 ana hangs up
        60 caller hangs up
    ")), @r#"
    0      dial ana, showing +15557770001 "Carl Contact"
    5      u-ana is taken
    5      answer caller like ana
    5      bridge caller ana
    21     B: dial ben, showing ana "Ana Agent"
    22     B: ring caller
    25     B: u-ben is taken
    25     B: answer caller like ben
    25     B: bridge caller ben
    40     B: unbridge caller ben
    40     B: finished
    40     hang up B.caller Normal
    40     unbridge caller ana
    40     bridge caller ben
    40     tell caller that it is - "Conference"
    40     tell ana that it is - "Conference"
    40     tell ben that it is - "Conference"
    40     unbridge caller ben
    40     caller joins room 1
    40     ana joins room 1
    40     ben joins room 1
    50     bridge caller ben
    50     tell caller that it is +15550100002 "-"
    50     tell ben that it is +15557770001 "Carl Contact"
    60     hang up ben Normal
    60     finished
    --
    call inbound answered by external, owner u-ana, mco -
       accepted 5, answered 5, ended 60, sip -, q850 16
    c1 route user u-ana single, 0..50, answered 5, bridged 5
       answered, hangup_internal, sip 200, q850 16
    c2 consult user u-ben single, 21..60, answered 25, bridged 40
       answered, hangup_external, sip 200, q850 16
    a1 u-ana stage 1 round 1, 0..5, ringing -, answered 200
    a1 u-ben stage 1 round 1, 21..25, ringing 22, answered 200
    p1 p:+15557770001 caller 5..60
    p2 u:u-ana callee 5..50
    p3 u:u-ben added 25..60
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 20 hold u-ana party=+15557770001
    i5 21 transfer_started u-ana mode=warm target=u-ben
    i6 21 routing_started c2 strategy=single target=u-ben
    i7 25 answered c2 u-ben
    i8 40 call_absorbed call_id=call-b
    i9 40 transfer_completed c2 u-ana mode=warm
    i10 40 resume u-ana party=+15557770001
    i11 50 participant_left c1 u-ana reason=hangup
    i12 60 call_ended by=external
    context u-ana u-ben u-max;
    --
    no rows
    "#);
}

#[test]
fn the_refer_may_come_on_the_second_line() {
    assert_snapshot!(check(&format!("{CONSULTING}
        40 takes B completed by ana on B.caller
        41 B.caller hangs up
        60 caller hangs up
    ")), @r#"
    0      dial ana, showing +15557770001 "Carl Contact"
    5      u-ana is taken
    5      answer caller like ana
    5      bridge caller ana
    21     B: dial ben, showing ana "Ana Agent"
    22     B: ring caller
    25     B: u-ben is taken
    25     B: answer caller like ben
    25     B: bridge caller ben
    40     B: unbridge caller ben
    40     B: finished
    40     accept the refer of B.caller
    40     hang up ana Normal
    40     notify B.caller 200
    40     hang up B.caller Normal
    40     bridge caller ben
    40     tell caller that it is +15550100002 "-"
    40     tell ben that it is +15557770001 "Carl Contact"
    60     hang up ben Normal
    60     finished
    --
    call inbound answered by external, owner u-ana, mco -
       accepted 5, answered 5, ended 60, sip -, q850 16
    c1 route user u-ana single, 0..40, answered 5, bridged 5
       answered, transferred, sip 200, q850 16
    c2 consult user u-ben single, 21..60, answered 25, bridged 40
       answered, hangup_external, sip 200, q850 16
    a1 u-ana stage 1 round 1, 0..5, ringing -, answered 200
    a1 u-ben stage 1 round 1, 21..25, ringing 22, answered 200
    p1 p:+15557770001 caller 5..60
    p2 u:u-ana callee 5..40
    p3 u:u-ben transfer_target 25..60
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 20 hold u-ana party=+15557770001
    i5 21 transfer_started u-ana mode=warm target=u-ben
    i6 21 routing_started c2 strategy=single target=u-ben
    i7 25 answered c2 u-ben
    i8 40 call_absorbed call_id=call-b
    i9 40 transfer_completed c2 u-ana mode=warm
    i10 40 participant_left c1 u-ana reason=transferred
    i11 40 resume u-ben party=+15557770001
    i12 60 call_ended by=external
    context u-ana u-ben u-max;
    --
    no rows
    "#);
}

#[test]
fn who_still_rings_is_added_when_all_are_joined() {
    assert_snapshot!(check("registered ana ben
        0 call +15557770001 -> +15550100001
        5 ana answers
        20 ana holds
        21 B: call ana -> +15557770002
        24 takes B joined by ana
        25 ana resumes
        27 +15557770002 answers
        60 caller hangs up
        61 ana hangs up
    "), @r#"
    0      dial ana, showing +15557770001 "Carl Contact"
    5      u-ana is taken
    5      answer caller like ana
    5      bridge caller ana
    21     B: dial +15557770002 by carrier-a, showing +15550100001
    24     B: finished
    24     reject B.caller 487
    27     unbridge caller ana
    27     caller joins room 1
    27     ana joins room 1
    27     +15557770002 joins room 1
    27     tell caller that it is - "Conference"
    27     tell ana that it is - "Conference"
    27     tell +15557770002 that it is - "Conference"
    60     bridge ana +15557770002
    60     tell ana that it is +15557770002 "Dora Contact"
    60     tell +15557770002 that it is +15550100001 "-"
    61     hang up +15557770002 Normal
    61     finished
    --
    call inbound answered by internal, owner u-ana, mco -
       accepted 5, answered 5, ended 61, sip -, q850 16
    c1 route user u-ana single, 0..61, answered 5, bridged 5
       answered, hangup_internal, sip 200, q850 16
    c2 add external +15557770002 single, 21..61, answered 27, bridged 27
       answered, hangup_internal, sip 200, q850 16
    a1 u-ana stage 1 round 1, 0..5, ringing -, answered 200
    p1 p:+15557770001 caller 5..60
    p2 u:u-ana callee 5..61
    p3 p:+15557770002 added 27..61
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 20 hold u-ana party=+15557770001
    i5 21 dial_started c2 u-ana added=true to=+15557770002
    i6 24 call_absorbed call_id=call-b
    i7 25 resume u-ana party=+15557770001
    i8 27 answered c2 party=+15557770002
    i9 60 participant_left party=+15557770001 reason=hangup
    i10 61 call_ended by=internal
    context u-ana;
    --
    no rows
    "#);
}

#[test]
fn the_calls_of_two_users_become_one_and_the_older_goes_on() {
    assert_snapshot!(check("registered ana ben cat
        0 call ana -> ben
        5 ben answers
        10 caller holds
        11 B: call ana -> cat
        15 B: cat answers
        16 B: caller holds
        17 B: cat holds
        20 takes B completed by ana
        25 cat resumes
        30 ben hangs up
    "), @r#"
    0      dial ben, showing ana "Ana Agent"
    5      u-ben is taken
    5      answer caller like ben
    5      bridge caller ben
    11     B: dial cat, showing ana "Ana Agent"
    15     B: u-cat is taken
    15     B: answer caller like cat
    15     B: bridge caller cat
    20     B: unbridge caller cat
    20     B: finished
    20     hang up caller Normal
    20     hang up B.caller Normal
    20     bridge ben cat
    20     tell ben that it is cat "Cat Cole"
    20     tell cat that it is ben "Ben Baker"
    30     hang up cat Normal
    30     finished
    --
    call internal answered by internal, owner u-ana, mco -
       accepted 5, answered 5, ended 30, sip -, q850 16
    c1 route user u-ben single, 0..30, answered 5, bridged 5
       answered, hangup_internal, sip 200, q850 16
    c2 consult user u-cat single, 11..30, answered 15, bridged 20
       answered, hangup_internal, sip 200, q850 16
    a1 u-ben stage 1 round 1, 0..5, ringing -, answered 200
    a1 u-cat stage 1 round 1, 11..15, ringing -, answered 200
    p1 u:u-ana caller 5..20
    p2 u:u-ben callee 5..30
    p3 u:u-cat transfer_target 15..30
    i1 0 call_started u-ana direction=internal
    i2 0 routing_started c1 strategy=single target=u-ben
    i3 5 answered c1 u-ben
    i4 10 hold u-ana party=u:u-ben
    i5 11 transfer_started u-ana mode=warm target=u-cat
    i6 11 routing_started c2 strategy=single target=u-cat
    i7 15 answered c2 u-cat
    i8 16 hold u-ana party=u:u-cat
    i9 17 hold u-cat party=u:u-ana
    i10 20 resume u-ana party=u:u-cat
    i11 20 resume u-cat party=u:u-ana
    i12 20 call_absorbed call_id=call-b
    i13 20 transfer_completed c2 u-ana mode=warm
    i14 20 participant_left u-ana reason=transferred
    i15 25 resume u-cat party=u:u-ben
    i16 30 call_ended by=internal
    context u-ana u-ben u-cat u-max;
    --
    no rows
    "#);
}

#[test]
fn a_call_of_which_too_much_is_known_stays_a_call_of_its_own() {
    let mut script = CONSULTING.to_owned();
    for second in 30..160 {
        script.push_str(&format!("{second} B: ben holds\n {second}.5 B: ben resumes\n"));
    }
    script.push_str(
        "
        200 takes B completed by ana on ana
        201 caller hangs up
        202 B: ben hangs up",
    );
    let text = check(&script);
    assert!(text.contains("200    not taken: a call cannot have more of these"), "{text}");
}

#[test]
fn a_call_has_no_more_parties_than_it_may() {
    let mut world = World::new(directory(""));
    world.settings.transfer.max_parties = 2;
    let log = orders_in(
        world,
        &format!(
            "{CONSULTING}
        30 takes B joined by ana
        31 order boss for cat supervise ana listen
        32 C: call cat -> *22
        32 takes C with cat listening to ana
        32 C: granted 503
        40 takes B completed by ana
        50 caller hangs up
    "
        ),
    );
    let refused: Vec<&str> = log.lines().filter(|line| line.contains("cannot have more")).collect();
    assert_eq!(refused.len(), 3, "{log}");
}

#[test]
fn a_group_that_rings_behind_its_ivr_rings_on() {
    assert_snapshot!(check("registered ana ben cat
        0 call +15557770001 -> +15550100001
        5 ana answers
        20 ana holds
        21 B: call ana -> +15550200001
        22 B: ben rings
        24 takes B completed by ana on ana
        27 cat answers
        60 caller hangs up
    "), @r#"
    0      dial ana, showing +15557770001 "Carl Contact"
    5      u-ana is taken
    5      answer caller like ana
    5      bridge caller ana
    21     B: answer caller
    21     B: dial ben, showing ana "Ana Agent"
    21     B: dial cat, showing ana "Ana Agent"
    21     B: play caller [Tone(Ringback)] for ever
    24     B: stop playing to caller
    24     B: finished
    24     accept the refer of ana
    24     hang up B.caller Normal
    24     unbridge caller ana
    24     play caller [Tone(Ringback)] for ever
    27     cancel ben AnsweredElsewhere
    27     u-cat is taken
    27     notify ana 200
    27     hang up ana Normal
    27     stop playing to caller
    27     bridge caller cat
    27     tell cat that it is +15557770001 "Carl Contact"
    60     hang up cat Normal
    60     finished
    --
    call inbound answered by external, owner u-ana, mco -
       accepted 5, answered 5, ended 60, sip -, q850 16
    c1 route user u-ana single, 0..24, answered 5, bridged 5
       answered, transferred, sip 200, q850 16
    c2 consult group g-sales simulring, 21..60, answered 27, bridged 27
       answered, hangup_external, sip 200, q850 16
    a1 u-ana stage 1 round 1, 0..5, ringing -, answered 200
    a1 u-ben stage 1 round 1, 21..27, ringing 22, answered_elsewhere 487
    a2 u-cat stage 1 round 1, 21..27, ringing -, answered 200
    p1 p:+15557770001 caller 5..60
    p2 u:u-ana callee 5..24
    p3 u:u-cat transfer_target 27..60
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 20 hold u-ana party=+15557770001
    i5 21 transfer_started u-ana mode=warm target=g-sales
    i6 21 routing_started c2 strategy=simulring target=g-sales
    i7 24 call_absorbed call_id=call-b
    i8 24 participant_left c1 u-ana reason=transferred
    i9 27 answered c2 u-cat
    i10 27 transfer_completed c2 u-ana mode=cold
    i11 27 resume u-cat party=+15557770001
    i12 60 call_ended by=external
    context u-ana u-ben u-cat u-max; g-sales
    --
    no rows
    "#);
}

#[test]
fn callers_outside_are_never_joined() {
    let mut world = World::new(directory(""));
    play(
        &mut world,
        "registered ana ben
        0 call +15557770001 -> +15550100001
        1 ana answers
        2 ana holds
        3 B: call +15557770002 -> +15550100001
        4 B: ana answers
        5 C: call ana -> ben
        6 C: ben answers
        7 D: call ben -> ana
        8 takes B completed by ana",
    );
    assert!(world.log.contains("8      not taken: the call is not in a state"), "{}", world.log);
    let outlives = |one: usize, other: usize| {
        let calls = &world.calls;
        calls[one].call.outlives(&calls[other].call)
    };
    assert_eq!(outlives(0, 1), Err(Refusal::State));
    assert_eq!((outlives(0, 2), outlives(2, 0)), (Ok(true), Ok(false)));
    assert_eq!((outlives(2, 3), outlives(3, 2)), (Ok(true), Ok(false)));
}
