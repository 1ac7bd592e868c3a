//! Who is offered which member, when, and what the caller hears meanwhile.

use insta::assert_snapshot;
use model::UserId;
use model::directory::source::DirectoryFile;
use model::directory::{Group, User};

use super::{QUEUES, check, explained, orders, world};
use crate::directory::directory;
use crate::script::{check_in, orders_in, play};
use crate::world::World;

#[test]
fn a_free_member_is_rung_in_the_step_in_which_the_caller_begins_to_wait() {
    assert_snapshot!(check("registered ana
        0 call +15557770001 -> +15550400001
        0.2 ana rings
        4 ana answers
        60 caller hangs up
    "), @r#"
    0      answer caller
    0      play caller [Music("calm")] for ever
    0      dial ana, showing +15557770001 "Carl Contact"
    0      cursor of g-turn at u-ana
    4      u-ana is taken
    4      stop playing to caller
    4      bridge caller ana
    60     hang up ana Normal
    60     finished
    --
    call inbound answered by external, owner u-ana, mco -
       accepted 0, answered 4, ended 60, sip -, q850 16
    c1 route group g-turn round_robin, 0..60, answered 4, bridged 4
       answered, hangup_external, sip 200, q850 16
    a1 u-ana stage 1 round 1, 0..4, ringing 0.2, answered 200
    w1 g-turn place 1 priority 0, 0..4 answered
    p1 p:+15557770001 caller 0..60
    p2 u:u-ana callee 4..60
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-turn
    i3 0 routing_started c1 ivr-turn strategy=round_robin target=g-turn
    i4 4 answered c1 u-ana
    i5 4 ivr_exited ivr-turn reason=answered
    i6 60 call_ended by=external
    context u-ana u-mia; g-turn
    "#);
}

#[test]
fn who_becomes_available_is_rung_at_once_and_joined_while_an_announcement_plays() {
    // https://github.com/signalwire/freeswitch/issues/1148
    assert_snapshot!(check("
        0 call +15557770001 -> +15550400001
        30 pass
        32 caller heard
        61 ben registers
        62 pass
        63 ben answers
        70 ben hangs up
    "), @r#"
    0      answer caller
    0      play caller [Music("calm")] for ever
    30     play caller [Text("Thank you for waiting."), Say(Position(1)), Text("Press 0 to leave.")]
    32     play caller [Music("calm")] for ever
    61     dial ben, showing +15557770001 "Carl Contact"
    61     cursor of g-turn at u-ben
    62     play caller [Text("Thank you for waiting."), Say(Position(1)), Text("Press 0 to leave.")]
    63     u-ben is taken
    63     stop playing to caller
    63     bridge caller ben
    70     hang up caller Normal
    70     finished
    --
    call inbound answered by internal, owner u-ben, mco -
       accepted 0, answered 63, ended 70, sip -, q850 16
    c1 route group g-turn round_robin, 0..70, answered 63, bridged 63
       answered, hangup_internal, sip 200, q850 16
    a1 u-ben stage 1 round 1, 61..63, ringing -, answered 200
    w1 g-turn place 1 priority 0, 0..63 answered
    p1 p:+15557770001 caller 0..70
    p2 u:u-ben callee 63..70
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-turn
    i3 0 routing_started c1 ivr-turn strategy=round_robin target=g-turn
    i4 63 answered c1 u-ben
    i5 63 ivr_exited ivr-turn reason=answered
    i6 70 call_ended by=internal
    context u-ben u-max u-mia; g-turn
    "#);
}

#[test]
fn music_that_cannot_be_played_is_ringback_and_an_announcement_that_never_ends_comes_again() {
    assert_snapshot!(orders("
        0 call +15557770001 -> +15550400001
        1 caller heard nothing
        2 caller heard nothing
        29 pass
        200 pass
    "), @r#"
    0      answer caller
    0      play caller [Music("calm")] for ever
    1      play caller [Tone(Ringback)] for ever
    30     play caller [Text("Thank you for waiting."), Say(Position(1)), Text("Press 0 to leave.")]
    120    stop playing to caller
    120    play caller [Text("Goodbye.")]
    "#);
}

#[test]
fn callers_get_members_in_the_order_in_which_they_came() {
    assert_snapshot!(orders("
        0 call +15557770001 -> +15550400001
        1 B: call +15557770002 -> +15550400001
        2 C: call +15557770003 -> +15550400001
        10 ben registers
        12 ben answers
        13 ana registers
        14 B: ana answers
        20 ben hangs up
        25 C: ben answers
        26 B: ana hangs up
        27 C: ben hangs up
    "), @r#"
    0      answer caller
    0      play caller [Music("calm")] for ever
    1      B: answer caller
    1      B: play caller [Music("calm")] for ever
    2      C: answer caller
    2      C: play caller [Music("calm")] for ever
    10     dial ben, showing +15557770001 "Carl Contact"
    10     cursor of g-turn at u-ben
    12     u-ben is taken
    12     stop playing to caller
    12     bridge caller ben
    13     B: dial ana, showing +15557770002 "Dora Contact"
    13     B: cursor of g-turn at u-ana
    14     B: u-ana is taken
    14     B: stop playing to caller
    14     B: bridge caller ana
    20     hang up caller Normal
    20     finished
    20     C: dial ben, showing +15557770003 "-"
    20     C: cursor of g-turn at u-ben
    25     C: u-ben is taken
    25     C: stop playing to caller
    25     C: bridge caller ben
    26     B: hang up caller Normal
    26     B: finished
    27     C: hang up caller Normal
    27     C: finished
    "#);
}

#[test]
fn more_priority_is_sooner() {
    assert_snapshot!(orders("
        0 call +15557770001 -> +15550400002
        1 B: call +15557770002 -> +15550400006
        10 ana registers
        11 B: ana answers
        12 B: ana hangs up
        13 caller hangs up
    "), @r#"
    0      answer caller
    0      play caller [Tone(Ringback)] for ever
    1      B: answer caller
    1      B: play caller [Tone(Ringback)] for ever
    10     B: dial ana, showing +15557770002 "Dora Contact"
    11     B: u-ana is taken
    11     B: stop playing to caller
    11     B: bridge caller ana
    12     B: hang up caller Normal
    12     B: finished
    12     dial ana, showing +15557770001 "Carl Contact"
    13     cancel ana CallerGone
    13     finished
    "#);
}

#[test]
fn who_lets_it_ring_is_followed_by_the_next_and_the_caller_goes_on_waiting() {
    assert_snapshot!(check("registered ana ben
        0 call +15557770001 -> +15550400001
        25 pass
        26 ana answers
        30 caller hangs up
    "), @r#"
    0      answer caller
    0      play caller [Music("calm")] for ever
    0      dial ana, showing +15557770001 "Carl Contact"
    0      cursor of g-turn at u-ana
    10     cancel ana NoAnswer
    10     dial ben, showing +15557770001 "Carl Contact"
    10     cursor of g-turn at u-ben
    20     cancel ben NoAnswer
    20     dial ana, showing +15557770001 "Carl Contact"
    20     cursor of g-turn at u-ana
    26     u-ana is taken
    26     stop playing to caller
    26     bridge caller ana
    30     hang up ana Normal
    30     finished
    --
    call inbound answered by external, owner u-ana, mco -
       accepted 0, answered 26, ended 30, sip -, q850 16
    c1 route group g-turn round_robin, 0..30, answered 26, bridged 26
       answered, hangup_external, sip 200, q850 16
    a1 u-ana stage 1 round 1, 0..10, ringing -, no_answer 487
    a2 u-ben stage 1 round 1, 10..20, ringing -, no_answer 487
    a3 u-ana stage 1 round 2, 20..26, ringing -, answered 200
    w1 g-turn place 1 priority 0, 0..26 answered
    p1 p:+15557770001 caller 0..30
    p2 u:u-ana callee 26..30
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-turn
    i3 0 routing_started c1 ivr-turn strategy=round_robin target=g-turn
    i4 26 answered c1 u-ana
    i5 26 ivr_exited ivr-turn reason=answered
    i6 30 call_ended by=external
    context u-ana u-ben u-max u-mia; g-turn
    "#);
}

#[test]
fn a_record_is_preferred_as_much_as_it_says() {
    let vip = r#"{
        "records": [{"id": "r-vip", "object_type": "contact", "display_name": "Vera Vip",
          "phones": ["+15559990009"], "priority": 7}],
        "lookups": [{"e164": "+15559990009", "status": "resolved", "record_id": "r-vip"}]}"#;
    let mut both = directory(QUEUES);
    let file: DirectoryFile = serde_json::from_str(vip).expect("a directory");
    file.add_to(&mut both);
    assert_snapshot!(check_in(World::new(both), "
        0 call +15557770001 -> +15550400006
        1 B: call +15559990009 -> +15550400006
        2 ana registers
        3 B: ana answers
        4 B: caller hangs up
        4 caller hangs up
    "), @r#"
    0      answer caller
    0      play caller [Tone(Ringback)] for ever
    1      B: answer caller
    1      B: play caller [Tone(Ringback)] for ever
    2      B: dial ana, showing +15559990009 "Vera Vip"
    3      B: u-ana is taken
    3      B: stop playing to caller
    3      B: bridge caller ana
    4      B: hang up ana Normal
    4      B: finished
    4      dial ana, showing +15557770001 "Carl Contact"
    4      cancel ana CallerGone
    4      finished
    --
    call inbound missed by external, owner -, mco -
       accepted 0, answered -, ended 4, sip -, q850 16
    c1 route group g-all simulring, 0..4, answered -, bridged -
       canceled, not_answered, sip 487, q850 16
    a1 u-ana stage 1 round 1, 4..4, ringing -, caller_hangup 487
    w1 g-all place 1 priority 5, 0..4 abandoned
    p1 p:+15557770001 caller 0..4
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-vip
    i3 0 routing_started c1 ivr-vip strategy=simulring target=g-all
    i4 4 no_answer c1 reason=caller_hangup
    i5 4 ivr_exited ivr-vip reason=caller_hangup
    i6 4 call_ended by=external
    context u-ana; g-all
    --
    call inbound answered by external, owner u-ana, mco -
       accepted 0, answered 2, ended 3, sip -, q850 16
    c1 route group g-all simulring, 0..3, answered 2, bridged 2
       answered, hangup_external, sip 200, q850 16
    a1 u-ana stage 1 round 1, 1..2, ringing -, answered 200
    w1 g-all place 1 priority 12, 0..2 answered
    p1 p:+15559990009 caller 0..3
    p2 u:u-ana callee 2..3
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-vip
    i3 0 routing_started c1 ivr-vip strategy=simulring target=g-all
    i4 2 answered c1 u-ana
    i5 2 ivr_exited ivr-vip reason=answered
    i6 3 call_ended by=external
    context u-ana; g-all
    "#);
}

#[test]
fn what_a_call_needs_relaxes_and_a_second_group_is_searched() {
    assert_snapshot!(explained("registered ana pia
        0 call +15557770001 -> +15550400003
        19 pass
        20 pass                  # 6 is enough
        22 pia fails 603
        29 pass
        29 kim registers
        30 pass
        31 kim answers
        40 kim hangs up
    "), @r#"
    0      answer caller
    0      play caller [Tone(Ringback)] for ever
    20     dial pia, showing +15557770001 "Carl Contact"
    30     dial kim, showing +15557770001 "Carl Contact"
    31     u-kim is taken
    31     stop playing to caller
    31     bridge caller kim
    40     hang up caller Normal
    40     finished
    --
    call inbound answered by internal, owner u-kim, mco -
       accepted 0, answered 31, ended 40, sip -, q850 16
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-lang
    i3 0 routing_started c1 ivr-lang strategy=skills target=g-lang
    i4 31 answered c1 u-kim
    i5 31 ivr_exited ivr-lang reason=answered
    i6 40 call_ended by=internal
    0 number +15550400003: enters ivr-lang
    0 ivr ivr-lang version 1: entered: call_transfer
    0 strategy g-lang: skills
    0 queue g-lang: entered at place 1 with priority 0
    20 member u-pia: rung for g-lang, lap 1
    30 member u-kim: rung for g-second, lap 1
    "#);
}

#[test]
fn a_frozen_telephone_is_passed_over_in_four_seconds_and_not_offered_again() {
    assert_snapshot!(explained("registered ana ben
        frozen ben
        cursor g-turn ana
        0 call +15557770001 -> +15550400001
        4 pass
        14 pass
        30 B: call +15557770002 -> +15550400001
        31 B: caller hangs up
        32 ben registers         # anew: he is there again
        33 caller hangs up
    "), @r#"
    0      answer caller
    0      play caller [Music("calm")] for ever
    0      dial ben, showing +15557770001 "Carl Contact"
    0      cursor of g-turn at u-ben
    4      cancel ben NoAnswer
    4      dial ana, showing +15557770001 "Carl Contact"
    4      cursor of g-turn at u-ana
    14     cancel ana NoAnswer
    14     dial ana, showing +15557770001 "Carl Contact"
    14     cursor of g-turn at u-ana
    24     cancel ana NoAnswer
    24     dial ana, showing +15557770001 "Carl Contact"
    24     cursor of g-turn at u-ana
    30     play caller [Text("Thank you for waiting."), Say(Position(1)), Text("Press 0 to leave.")]
    30     B: answer caller
    30     B: play caller [Music("calm")] for ever
    31     B: finished
    33     cancel ana CallerGone
    33     finished
    --
    call inbound missed by external, owner u-mia, mco u-mia
       accepted 0, answered -, ended 33, sip -, q850 16
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-turn
    i3 0 routing_started c1 ivr-turn strategy=round_robin target=g-turn
    i4 33 no_answer c1 reason=caller_hangup
    i5 33 ivr_exited ivr-turn reason=caller_hangup
    i6 33 call_ended by=external
    0 number +15550400001: enters ivr-turn
    0 ivr ivr-turn version 1: entered: call_transfer
    0 strategy g-turn: round_robin
    0 queue g-turn: entered at place 1 with priority 0
    0 member u-ben: rung for g-turn, lap 1
    4 member u-ben: passed over: the telephone answers nothing
    4 member u-ana: rung for g-turn, lap 1
    14 member u-ana: rung for g-turn, lap 2
    24 member u-ana: rung for g-turn, lap 3
    --
    call inbound missed by external, owner u-mia, mco u-mia
       accepted 0, answered -, ended 1, sip -, q850 16
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-turn
    i3 0 routing_started c1 ivr-turn strategy=round_robin target=g-turn
    i4 1 no_answer c1 reason=caller_hangup
    i5 1 ivr_exited ivr-turn reason=caller_hangup
    i6 1 call_ended by=external
    0 number +15550400001: enters ivr-turn
    0 ivr ivr-turn version 1: entered: call_transfer
    0 strategy g-turn: round_robin
    0 member u-ana: passed over: another call rings
    0 member u-ben: passed over: unreachable: the telephone answers nothing
    0 queue g-turn: entered at place 2 with priority 0
    "#);
}

#[test]
fn a_member_who_takes_another_call_is_replaced() {
    assert_snapshot!(orders("registered ana ben
        cursor g-turn ben
        0 call +15557770001 -> +15550400001
        1 B: call +15557770002 -> +15550100001
        2 B: ana answers
        2 ana settles 487
        3 ben answers
        9 B: caller hangs up
        9 caller hangs up
    "), @r#"
    0      answer caller
    0      play caller [Music("calm")] for ever
    0      dial ana, showing +15557770001 "Carl Contact"
    0      cursor of g-turn at u-ana
    1      B: dial ana, showing +15557770002 "Dora Contact"
    2      B: u-ana is taken
    2      B: answer caller like ana
    2      B: bridge caller ana
    2      cancel ana UserBusy
    2      dial ben, showing +15557770001 "Carl Contact"
    2      cursor of g-turn at u-ben
    3      u-ben is taken
    3      stop playing to caller
    3      bridge caller ben
    9      B: hang up ana Normal
    9      B: finished
    9      hang up ben Normal
    9      finished
    "#);
}

#[test]
fn a_call_makes_no_more_attempts_than_it_may() {
    let mut world = world();
    world.settings.limits.attempts_per_call = 2;
    assert_snapshot!(orders_in(world, "registered ana ben
        0 call +15557770001 -> +15550400001
        60 pass
    "), @r#"
    0      answer caller
    0      play caller [Music("calm")] for ever
    0      dial ana, showing +15557770001 "Carl Contact"
    0      cursor of g-turn at u-ana
    10     cancel ana NoAnswer
    10     dial ben, showing +15557770001 "Carl Contact"
    10     cursor of g-turn at u-ben
    20     cancel ben NoAnswer
    20     stop playing to caller
    20     play caller [Text("Goodbye.")]
    "#);
}

#[test]
fn a_call_has_no_more_legs_than_it_may() {
    let mut world = world();
    world.settings.limits.legs_per_call = 3;
    assert_snapshot!(orders_in(world, "registered ana ben cat
        0 call +15557770001 -> +15550400002
        1 ana fails 486
        2 ben fails 486
        3 cat answers
        9 caller hangs up
    "), @r#"
    0      answer caller
    0      play caller [Tone(Ringback)] for ever
    0      dial ana, showing +15557770001 "Carl Contact"
    0      dial ben, showing +15557770001 "Carl Contact"
    2      dial cat, showing +15557770001 "Carl Contact"
    3      u-cat is taken
    3      stop playing to caller
    3      bridge caller cat
    9      hang up cat Normal
    9      finished
    "#);
}

#[test]
fn after_a_call_the_member_wraps_up_before_the_next() {
    let mut world = world();
    let defaults = acd::AgentDefaults { wrap_up_ms: 15_000, ..acd::AgentDefaults::default() };
    let now = world.time();
    world.floor.set_people(&world.directory, &defaults, now);
    assert_snapshot!(orders_in(world, "registered ana
        0 call +15557770001 -> +15550400001
        1 ana answers
        2 B: call +15557770002 -> +15550400001
        5 ana hangs up
        19 pass
        20 pass
        21 B: ana answers
        22 B: ana hangs up
    "), @r#"
    0      answer caller
    0      play caller [Music("calm")] for ever
    0      dial ana, showing +15557770001 "Carl Contact"
    0      cursor of g-turn at u-ana
    1      u-ana is taken
    1      stop playing to caller
    1      bridge caller ana
    2      B: answer caller
    2      B: play caller [Music("calm")] for ever
    5      hang up caller Normal
    5      finished
    20     B: dial ana, showing +15557770002 "Dora Contact"
    20     B: cursor of g-turn at u-ana
    21     B: u-ana is taken
    21     B: stop playing to caller
    21     B: bridge caller ana
    22     B: hang up caller Normal
    22     B: finished
    "#);
}

#[test]
fn who_came_to_the_house_while_the_caller_waits_is_known_to_his_call() {
    let mut before = directory(QUEUES);
    let group = before.group(&"g-turn".into()).expect("a group").clone();
    before.add_group(Group { members: vec!["u-ana".into()], ..group.clone() });
    let mut after = before.clone();
    after.add_user(User::named("u-new".into(), "Nina New".into(), "new".into()));
    after.add_group(Group { members: vec!["u-ana".into(), "u-new".into()], ..group });
    let mut world = World::new(before);
    play(&mut world, "0 call +15557770001 -> +15550400001");
    world.reads(after);
    play(
        &mut world,
        "
        5 new registers
        7 new answers
        9 caller hangs up
    ",
    );
    let graph = world.calls[0].graph.as_ref().expect("rows").finished();
    let name = graph.context.users.get(&UserId::from("u-new")).map(|user| &*user.name);
    assert_eq!(name, Some("Nina New"));
}
