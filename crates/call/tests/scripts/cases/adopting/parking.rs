//! A party waits in a slot until somebody fetches it.

use insta::assert_snapshot;

use crate::directory::directory;
use crate::script::{check, orders_in};
use crate::world::World;

const PARKED: &str = "registered ana ben
    0 call +15557770001 -> +15550100001
    5 ana answers
    20 order ana park 71\n";

#[test]
fn somebody_else_fetches_it() {
    assert_snapshot!(check(&format!("{PARKED}
        40 B: call ben -> *71/71
        40 takes B fetched by ben
        60 caller hangs up
    ")), @r#"
    0      dial ana, showing +15557770001 "Carl Contact"
    5      u-ana is taken
    5      answer caller like ana
    5      bridge caller ana
    20     hang up ana Normal
    40     B: wants Retrieve("71")
    40     B: finished
    40     answer B.caller like caller
    40     u-ben is taken
    40     bridge caller B.caller
    40     tell caller that it is +15550100002 "-"
    40     tell B.caller that it is +15557770001 "Carl Contact"
    60     hang up B.caller Normal
    60     finished
    --
    call inbound answered by external, owner u-ana, mco -
       accepted 5, answered 5, ended 60, sip -, q850 16
    c1 route user u-ana single, 0..20, answered 5, bridged 5
       answered, transferred, sip 200, q850 16
    c2 transfer user u-ben single, 40..60, answered 40, bridged 40
       answered, hangup_external, sip 200, q850 16
    a1 u-ana stage 1 round 1, 0..5, ringing -, answered 200
    a1 u-ben stage 1 round 1, 40..40, ringing -, answered 200
    p1 p:+15557770001 caller 5..60
    p2 u:u-ana callee 5..20
    p3 u:u-ben transfer_target 40..60
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 20 transfer_started u-ana mode=cold target=park:71
    i5 20 participant_left c1 u-ana reason=transferred
    i6 40 call_absorbed call_id=call-b
    i7 40 routing_started c2 strategy=single target=u-ben
    i8 40 answered c2 u-ben
    i9 40 transfer_completed c2 u-ana mode=cold
    i10 60 call_ended by=external
    context u-ana u-ben u-max;
    --
    no rows
    "#);
}

#[test]
fn who_parked_it_fetches_it_himself() {
    assert_snapshot!(check(&format!("{PARKED}
        40 B: call ana -> *71/71
        40 takes B fetched by ana
        60 ana hangs up
        60 B.caller hangs up
    ")), @r#"
    0      dial ana, showing +15557770001 "Carl Contact"
    5      u-ana is taken
    5      answer caller like ana
    5      bridge caller ana
    20     hang up ana Normal
    40     B: wants Retrieve("71")
    40     B: finished
    40     answer B.caller like caller
    40     u-ana is taken
    40     bridge caller B.caller
    40     tell B.caller that it is +15557770001 "Carl Contact"
    60     hang up caller Normal
    60     finished
    --
    call inbound answered by internal, owner u-ana, mco -
       accepted 5, answered 5, ended 60, sip -, q850 16
    c1 route user u-ana single, 0..20, answered 5, bridged 5
       answered, transferred, sip 200, q850 16
    c2 recall user u-ana single, 40..60, answered 40, bridged 40
       answered, hangup_internal, sip 200, q850 16
    a1 u-ana stage 1 round 1, 0..5, ringing -, answered 200
    a1 u-ana stage 1 round 1, 40..40, ringing -, answered 200
    p1 p:+15557770001 caller 5..60
    p2 u:u-ana callee 5..60
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 20 transfer_started u-ana mode=cold target=park:71
    i5 20 participant_left c1 u-ana reason=transferred
    i6 40 call_absorbed call_id=call-b
    i7 40 transfer_returned u-ana mode=cold
    i8 40 routing_started c2 strategy=single target=u-ana
    i9 40 answered c2 u-ana
    i10 60 call_ended by=internal
    context u-ana;
    --
    no rows
    "#);
}

#[test]
fn nobody_fetches_it_and_it_comes_back() {
    assert_snapshot!(check(&format!("{PARKED}
        145 ana answers
        146 B: call ben -> *71/71
        146 takes B fetched by ben
        146 B: granted 404
        160 caller hangs up
    ")), @r#"
    0      dial ana, showing +15557770001 "Carl Contact"
    5      u-ana is taken
    5      answer caller like ana
    5      bridge caller ana
    20     hang up ana Normal
    140    dial ana, showing +15557770001 "Carl Contact"
    140    play caller [Tone(Ringback)] for ever
    145    u-ana is taken
    145    stop playing to caller
    145    bridge caller ana
    146    B: wants Retrieve("71")
    146    not taken: the call is not in a state in which this can be done
    146    B: reject caller 404
    146    B: finished
    160    hang up ana Normal
    160    finished
    --
    call inbound answered by external, owner u-ana, mco -
       accepted 5, answered 5, ended 160, sip -, q850 16
    c1 route user u-ana single, 0..20, answered 5, bridged 5
       answered, transferred, sip 200, q850 16
    c2 recall user u-ana single, 140..160, answered 145, bridged 145
       answered, hangup_external, sip 200, q850 16
    a1 u-ana stage 1 round 1, 0..5, ringing -, answered 200
    a1 u-ana stage 1 round 1, 140..145, ringing -, answered 200
    p1 p:+15557770001 caller 5..160
    p2 u:u-ana callee 5..160
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 20 transfer_started u-ana mode=cold target=park:71
    i5 20 participant_left c1 u-ana reason=transferred
    i6 140 transfer_returned u-ana mode=cold
    i7 140 routing_started c2 strategy=single target=u-ana
    i8 145 answered c2 u-ana
    i9 160 call_ended by=external
    context u-ana;
    --
    call internal no_answer by system, owner u-ben, mco -
       accepted -, answered -, ended 0, sip 404, q850 1
    p1 u:u-ben caller -..-
    i1 0 call_started u-ben direction=internal
    i2 0 call_ended by=system
    context u-ben u-max;
    "#);
}

#[test]
fn it_hangs_up_itself() {
    assert_snapshot!(check(&format!("{PARKED}
        30 caller hangs up
    ")), @r#"
    0      dial ana, showing +15557770001 "Carl Contact"
    5      u-ana is taken
    5      answer caller like ana
    5      bridge caller ana
    20     hang up ana Normal
    30     finished
    --
    call inbound answered by external, owner u-ana, mco -
       accepted 5, answered 5, ended 30, sip -, q850 16
    c1 route user u-ana single, 0..20, answered 5, bridged 5
       answered, transferred, sip 200, q850 16
    a1 u-ana stage 1 round 1, 0..5, ringing -, answered 200
    p1 p:+15557770001 caller 5..30
    p2 u:u-ana callee 5..20
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 20 transfer_started u-ana mode=cold target=park:71
    i5 20 participant_left c1 u-ana reason=transferred
    i6 30 transfer_unanswered u-ana mode=cold
    i7 30 call_ended by=external
    context u-ana;
    "#);
}

#[test]
fn only_one_party_is_parked_at_a_time() {
    assert_snapshot!(check("registered ana ben cat
        0 call +15557770001 -> +15550100001
        5 ana answers
        6 order ben park 71
        10 order ana add ben
        11 order ana park 71
        12 ben answers
        13 order ana park 71
        20 caller hangs up
        21 order ana park 72
        22 release
    "), @r#"
    0      dial ana, showing +15557770001 "Carl Contact"
    5      u-ana is taken
    5      answer caller like ana
    5      bridge caller ana
    6      refused: this is not yours to order
    10     dial ben, showing ana "Ana Agent"
    11     refused: the call is not in a state in which this can be done
    12     u-ben is taken
    12     unbridge caller ana
    12     caller joins room 1
    12     ana joins room 1
    12     ben joins room 1
    12     tell caller that it is - "Conference"
    12     tell ana that it is - "Conference"
    12     tell ben that it is - "Conference"
    13     refused: the call is not in a state in which this can be done
    20     bridge ana ben
    20     tell ana that it is ben "Ben Baker"
    20     tell ben that it is ana "Ana Agent"
    21     hang up ana Normal
    22     hang up ben Shutdown
    22     finished
    --
    call inbound answered by system, owner u-ana, mco -
       accepted 5, answered 5, ended 22, sip -, q850 16
    c1 route user u-ana single, 0..21, answered 5, bridged 5
       answered, transferred, sip 200, q850 16
    c2 add user u-ben single, 10..22, answered 12, bridged 12
       answered, call_ended, sip 200, q850 16
    a1 u-ana stage 1 round 1, 0..5, ringing -, answered 200
    a1 u-ben stage 1 round 1, 10..12, ringing -, answered 200
    p1 p:+15557770001 caller 5..20
    p2 u:u-ana callee 5..21
    p3 u:u-ben added 12..22
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 10 routing_started c2 u-ana added=true strategy=single target=u-ben
    i5 12 answered c2 u-ben
    i6 20 participant_left party=+15557770001 reason=hangup
    i7 21 transfer_started u-ana mode=cold target=park:72
    i8 21 participant_left c1 u-ana reason=transferred
    i9 22 transfer_unanswered u-ana mode=cold
    i10 22 call_ended by=system
    context u-ana u-ben u-max;
    "#);
}

#[test]
fn who_is_parked_hears_music() {
    let mut world = World::new(directory(""));
    world.settings.sound.music_on_hold = Some("music:calm".into());
    assert_snapshot!(orders_in(world, &format!("{PARKED}
        40 B: call ben -> *71/71
        40 takes B fetched by ben
        60 caller hangs up
    ")), @r#"
    0      dial ana, showing +15557770001 "Carl Contact"
    5      u-ana is taken
    5      answer caller like ana
    5      bridge caller ana
    20     hang up ana Normal
    20     play caller [Music("calm")] for ever
    40     B: wants Retrieve("71")
    40     B: finished
    40     answer B.caller like caller
    40     u-ben is taken
    40     stop playing to caller
    40     bridge caller B.caller
    40     tell caller that it is +15550100002 "-"
    40     tell B.caller that it is +15557770001 "Carl Contact"
    60     hang up B.caller Normal
    60     finished
    "#);
}

#[test]
fn nobody_is_added_to_who_is_parked() {
    assert_snapshot!(check("registered ana ben cat
        0 call ana -> cat
        1 cat answers
        2 order ana park 71
        3 order cat add ben
        4 cat hangs up
    "), @r#"
    0      dial cat, showing ana "Ana Agent"
    1      u-cat is taken
    1      answer caller like cat
    1      bridge caller cat
    2      hang up caller Normal
    3      refused: the call is not in a state in which this can be done
    4      finished
    --
    call internal answered by internal, owner u-ana, mco -
       accepted 1, answered 1, ended 4, sip -, q850 16
    c1 route user u-cat single, 0..4, answered 1, bridged 1
       answered, hangup_internal, sip 200, q850 16
    a1 u-cat stage 1 round 1, 0..1, ringing -, answered 200
    p1 u:u-ana caller 1..2
    p2 u:u-cat callee 1..4
    i1 0 call_started u-ana direction=internal
    i2 0 routing_started c1 strategy=single target=u-cat
    i3 1 answered c1 u-cat
    i4 2 transfer_started u-ana mode=cold target=park:71
    i5 2 participant_left u-ana reason=transferred
    i6 4 transfer_unanswered u-ana mode=cold
    i7 4 call_ended by=internal
    context u-ana u-cat;
    "#);
}
