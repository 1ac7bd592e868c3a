//! Callers wait for a member of a group (F4): order, what they hear, how they leave, and that
//! whoever is rung for them is rung for nobody else. Named cases carry the thread in which others
//! were told of the defect.

use insta::assert_snapshot;
use model::UserId;
use model::directory::source::DirectoryFile;
use model::directory::{Group, User};

use crate::directory::directory;
use crate::script::{check_in, explained_in, orders_in, play};
use crate::world::World;

/// +1555040000…1: one after the other, 10 s an attempt, two minutes; 2: all at once; 3: skills, a
/// second group after 30 s; 4: at most one caller, who leaves when nobody is there.
const QUEUES: &str = r#"{
    "users": [
      {"id": "u-pia", "display_name": "Pia Polyglot", "sip_username": "pia",
        "skills": {"french": 6}},
      {"id": "u-kim", "display_name": "Kim Second", "sip_username": "kim",
        "skills": {"french": 5}}],
    "groups": [
      {"id": "g-turn", "name": "In turn", "members": ["u-ana", "u-ben"],
        "acd_strategy": "round_robin", "music_on_hold": "music:calm"},
      {"id": "g-all", "name": "All at once", "members": ["u-ana", "u-ben", "u-cat"],
        "acd_strategy": "simulring"},
      {"id": "g-lang", "name": "Languages", "members": ["u-ana", "u-pia"],
        "acd_strategy": "skills"},
      {"id": "g-second", "name": "Second line", "members": ["u-kim"]},
      {"id": "g-step", "name": "By and by", "members": ["u-ana", "u-ben", "u-cat"],
        "acd_strategy": "progressive_simulring", "rules": {"step_members": 1, "step_ms": 5000}}],
    "ivrs": [
      {"id": "ivr-turn", "action": "call_transfer", "target_kind": "group",
        "target_group_id": "g-turn", "attempt_ring_ms": 10000, "no_answer_timeout_ms": 120000,
        "next_ivr_id": "ivr-bye",
        "queue": {"say_position": true, "say_wait": true, "message": "Thank you for waiting.",
          "menu_prompt": "Press 0 to leave.", "options": {"0": {"ivr": "ivr-bye"},
            "9": "callback"}}},
      {"id": "ivr-all", "action": "call_transfer", "target_kind": "group",
        "target_group_id": "g-all", "attempt_ring_ms": 20000, "queue": {}},
      {"id": "ivr-vip", "action": "call_transfer", "target_kind": "group",
        "target_group_id": "g-all", "attempt_ring_ms": 20000, "queue": {"priority": 5}},
      {"id": "ivr-lang", "action": "call_transfer", "target_kind": "group",
        "target_group_id": "g-lang",
        "queue": {"skills": [{"skill": "french", "level": 8, "relax_every_ms": 10000,
            "at_least": 5}],
          "also_groups": [{"group_id": "g-second", "after_ms": 30000}]}},
      {"id": "ivr-one", "action": "call_transfer", "target_kind": "group",
        "target_group_id": "g-turn", "next_ivr_id": "ivr-bye",
        "queue": {"max_size": 1, "leave_when_empty": true, "overflow_ivr_id": "ivr-full"}},
      {"id": "ivr-laps", "action": "call_transfer", "target_kind": "group",
        "target_group_id": "g-turn", "attempt_ring_ms": 5000, "max_rounds": 1, "queue": {}},
      {"id": "ivr-step", "action": "call_transfer", "target_kind": "group",
        "target_group_id": "g-step", "queue": {}},
      {"id": "ivr-bye", "action": "play_and_hangup", "greeting_prompt": "Goodbye."},
      {"id": "ivr-full", "action": "play_and_hangup", "greeting_prompt": "All lines are busy."}],
    "numbers": [
      {"id": "n-turn", "e164": "+15550400001", "assigned_group_id": "g-turn", "ivr_id": "ivr-turn",
        "missed_call_owner_user_id": "u-mia"},
      {"id": "n-all", "e164": "+15550400002", "assigned_group_id": "g-all", "ivr_id": "ivr-all",
        "missed_call_owner_user_id": "u-mia"},
      {"id": "n-lang", "e164": "+15550400003", "assigned_group_id": "g-lang",
        "ivr_id": "ivr-lang"},
      {"id": "n-one", "e164": "+15550400004", "assigned_group_id": "g-turn",
        "ivr_id": "ivr-one", "is_default": false},
      {"id": "n-laps", "e164": "+15550400005", "assigned_group_id": "g-turn",
        "ivr_id": "ivr-laps", "is_default": false},
      {"id": "n-vip", "e164": "+15550400006", "assigned_group_id": "g-all",
        "ivr_id": "ivr-vip", "is_default": false},
      {"id": "n-step", "e164": "+15550400007", "assigned_group_id": "g-step",
        "ivr_id": "ivr-step"}]
}"#;

fn world() -> World {
    World::new(directory(QUEUES))
}

fn check(script: &str) -> String {
    check_in(world(), script)
}

fn orders(script: &str) -> String {
    orders_in(world(), script)
}

fn explained(script: &str) -> String {
    explained_in(world(), script)
}

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
fn who_hangs_up_while_a_member_rings_leaves_nothing_behind() {
    assert_snapshot!(check("registered ben
        0 call +15557770001 -> +15550400001
        1 B: call +15557770002 -> +15550400001
        3 ben rings
        5 caller hangs up         # ben is free for B in the same step
        5 ben settles 487
        6 B: caller hangs up
    "), @r#"
    0      answer caller
    0      play caller [Music("calm")] for ever
    0      dial ben, showing +15557770001 "Carl Contact"
    0      cursor of g-turn at u-ben
    1      B: answer caller
    1      B: play caller [Music("calm")] for ever
    5      cancel ben CallerGone
    5      finished
    5      B: dial ben, showing +15557770002 "Dora Contact"
    5      B: cursor of g-turn at u-ben
    6      B: cancel ben CallerGone
    6      B: finished
    --
    call inbound missed by external, owner u-mia, mco u-mia
       accepted 0, answered -, ended 5, sip -, q850 16
    c1 route group g-turn round_robin, 0..5, answered -, bridged -
       canceled, not_answered, sip 487, q850 16
    a1 u-ben stage 1 round 1, 0..5, ringing 3, caller_hangup 487
    w1 g-turn place 1 priority 0, 0..5 abandoned
    p1 p:+15557770001 caller 0..5
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-turn
    i3 0 routing_started c1 ivr-turn strategy=round_robin target=g-turn
    i4 5 no_answer c1 reason=caller_hangup
    i5 5 ivr_exited ivr-turn reason=caller_hangup
    i6 5 call_ended by=external
    context u-ben u-max u-mia; g-turn
    --
    call inbound missed by external, owner u-mia, mco u-mia
       accepted 0, answered -, ended 5, sip -, q850 16
    c1 route group g-turn round_robin, 0..5, answered -, bridged -
       canceled, not_answered, sip 487, q850 16
    a1 u-ben stage 1 round 1, 4..5, ringing -, caller_hangup 487
    w1 g-turn place 2 priority 0, 0..5 abandoned
    p1 p:+15557770002 caller 0..5
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-turn
    i3 0 routing_started c1 ivr-turn strategy=round_robin target=g-turn
    i4 5 no_answer c1 reason=caller_hangup
    i5 5 ivr_exited ivr-turn reason=caller_hangup
    i6 5 call_ended by=external
    context u-ben u-max u-mia; g-turn
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
fn mikopbx_1043_who_declined_is_not_rung_again_for_this_caller() {
    // https://github.com/mikopbx/Core/issues/1043
    assert_snapshot!(orders("registered ana ben
        0 call +15557770001 -> +15550400002
        2 ana fails 486
        3 ben fails 603
        20 pass
        30 B: call +15557770002 -> +15550400002
        32 B: ana answers
        35 B: ana hangs up
        100 cat registers
        101 cat answers
        110 cat hangs up
    "), @r#"
    0      answer caller
    0      play caller [Tone(Ringback)] for ever
    0      dial ana, showing +15557770001 "Carl Contact"
    0      dial ben, showing +15557770001 "Carl Contact"
    30     B: answer caller
    30     B: play caller [Tone(Ringback)] for ever
    30     B: dial ana, showing +15557770002 "Dora Contact"
    30     B: dial ben, showing +15557770002 "Dora Contact"
    32     B: cancel ben AnsweredElsewhere
    32     B: u-ana is taken
    32     B: stop playing to caller
    32     B: bridge caller ana
    35     B: hang up caller Normal
    35     B: finished
    100    dial cat, showing +15557770001 "Carl Contact"
    101    u-cat is taken
    101    stop playing to caller
    101    bridge caller cat
    110    hang up caller Normal
    110    finished
    "#);
}

#[test]
fn asterisk_176_two_members_answer_at_once_and_one_is_joined() {
    // https://github.com/asterisk/asterisk/issues/176
    assert_snapshot!(check("registered ana ben cat
        0 call +15557770001 -> +15550400002
        5 ben answers
        5 ana answers
        5.1 cat settles 487
        5.2 B: call +15557770002 -> +15550400002   # those who lost are free
        6 B: cat answers
        30 caller hangs up
        31 B: caller hangs up
    "), @r#"
    0      answer caller
    0      play caller [Tone(Ringback)] for ever
    0      dial ana, showing +15557770001 "Carl Contact"
    0      dial ben, showing +15557770001 "Carl Contact"
    0      dial cat, showing +15557770001 "Carl Contact"
    5      cancel ana AnsweredElsewhere
    5      cancel cat AnsweredElsewhere
    5      u-ben is taken
    5      stop playing to caller
    5      bridge caller ben
    5      hang up ana AnsweredElsewhere
    5.2    B: answer caller
    5.2    B: play caller [Tone(Ringback)] for ever
    5.2    B: dial ana, showing +15557770002 "Dora Contact"
    5.2    B: dial cat, showing +15557770002 "Dora Contact"
    6      B: cancel ana AnsweredElsewhere
    6      B: u-cat is taken
    6      B: stop playing to caller
    6      B: bridge caller cat
    30     hang up ben Normal
    30     finished
    31     B: hang up cat Normal
    31     B: finished
    --
    call inbound answered by external, owner u-ben, mco -
       accepted 0, answered 5, ended 30, sip -, q850 16
    c1 route group g-all simulring, 0..30, answered 5, bridged 5
       answered, hangup_external, sip 200, q850 16
    a1 u-ana stage 1 round 1, 0..5, ringing -, answered_elsewhere 200
    a2 u-ben stage 1 round 1, 0..5, ringing -, answered 200
    a3 u-cat stage 1 round 1, 0..5, ringing -, answered_elsewhere 487
    w1 g-all place 1 priority 0, 0..5 answered
    p1 p:+15557770001 caller 0..30
    p2 u:u-ben callee 5..30
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-all
    i3 0 routing_started c1 ivr-all strategy=simulring target=g-all
    i4 5 answered c1 u-ben
    i5 5 ivr_exited ivr-all reason=answered
    i6 30 call_ended by=external
    context u-ana u-ben u-cat u-max u-mia; g-all
    --
    call inbound answered by external, owner u-cat, mco -
       accepted 0, answered 0.8, ended 25.8, sip -, q850 16
    c1 route group g-all simulring, 0..25.8, answered 0.8, bridged 0.8
       answered, hangup_external, sip 200, q850 16
    a1 u-ana stage 1 round 1, 0..0.8, ringing -, answered_elsewhere 487
    a2 u-cat stage 1 round 1, 0..0.8, ringing -, answered 200
    w1 g-all place 1 priority 0, 0..0.8 answered
    p1 p:+15557770002 caller 0..25.8
    p2 u:u-cat callee 0.8..25.8
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-all
    i3 0 routing_started c1 ivr-all strategy=simulring target=g-all
    i4 0.8 answered c1 u-cat
    i5 0.8 ivr_exited ivr-all reason=answered
    i6 25.8 call_ended by=external
    context u-ana u-cat u-mia; g-all
    "#);
}

#[test]
fn asterisk_1557_who_drops_before_the_bridge_ends_his_own_attempt_only() {
    // https://github.com/asterisk/asterisk/issues/1557
    assert_snapshot!(check("registered ana ben cat
        0 call +15557770001 -> +15550400002
        3 ana hangs up           # answered and gone before it could be joined
        3.5 ben fails 500
        4 cat answers            # has rung on
        9 caller hangs up
    "), @r#"
    0      answer caller
    0      play caller [Tone(Ringback)] for ever
    0      dial ana, showing +15557770001 "Carl Contact"
    0      dial ben, showing +15557770001 "Carl Contact"
    0      dial cat, showing +15557770001 "Carl Contact"
    4      u-cat is taken
    4      stop playing to caller
    4      bridge caller cat
    9      hang up cat Normal
    9      finished
    --
    call inbound answered by external, owner u-cat, mco -
       accepted 0, answered 4, ended 9, sip -, q850 16
    c1 route group g-all simulring, 0..9, answered 4, bridged 4
       answered, hangup_external, sip 200, q850 16
    a1 u-ana stage 1 round 1, 0..3, ringing -, unavailable 480
    a2 u-ben stage 1 round 1, 0..3.5, ringing -, failed 500
    a3 u-cat stage 1 round 1, 0..4, ringing -, answered 200
    w1 g-all place 1 priority 0, 0..4 answered
    p1 p:+15557770001 caller 0..9
    p2 u:u-cat callee 4..9
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-all
    i3 0 routing_started c1 ivr-all strategy=simulring target=g-all
    i4 4 answered c1 u-cat
    i5 4 ivr_exited ivr-all reason=answered
    i6 9 call_ended by=external
    context u-ana u-ben u-cat u-max u-mia; g-all
    "#);
}

#[test]
fn freeswitch_2530_no_leg_rings_after_the_answer() {
    // https://github.com/signalwire/freeswitch/issues/2530
    assert_snapshot!(orders("registered ana ben cat
        0 call +15557770001 -> +15550400007
        5 pass                   # ben rings as well
        9.9 ana answers          # cat would have been next at 10
        9.9 ben settles 487
        40 pass
        50 caller hangs up
    "), @r#"
    0      answer caller
    0      play caller [Tone(Ringback)] for ever
    0      dial ana, showing +15557770001 "Carl Contact"
    5      dial ben, showing +15557770001 "Carl Contact"
    9.9    cancel ben AnsweredElsewhere
    9.9    u-ana is taken
    9.9    stop playing to caller
    9.9    bridge caller ana
    50     hang up ana Normal
    50     finished
    "#);
}

#[test]
fn fusionpbx_5778_a_missed_call_is_one_and_nobodys_fault_who_was_stopped() {
    // https://github.com/fusionpbx/fusionpbx/pull/5778
    let mut world = world();
    play(
        &mut world,
        "registered ana ben cat
        0 call +15557770001 -> +15550400002
        8 caller hangs up
        8 ana settles 487
        8 ben settles 487
        8 cat settles 487",
    );
    let graph = world.calls[0].graph.as_ref().expect("a graph");
    let outcomes: Vec<_> = graph.attempts.iter().filter_map(|row| row.outcome).collect();
    assert_eq!(outcomes.iter().map(|word| word.as_str()).collect::<Vec<_>>(), ["caller_hangup"; 3]);
    assert_eq!(graph.call.outcome.map(|word| word.as_str()), Some("missed"));
    let missed: u32 = world.floor.wallboard(world.time()).agents.iter().map(|a| a.missed).sum();
    assert_eq!(missed, 0);
}

#[test]
fn nobody_comes_and_the_caller_goes_on_after_the_longest_time() {
    assert_snapshot!(check("
        0 call +15557770001 -> +15550400001
        200 pass
        500 pass
    "), @r#"
    0      answer caller
    0      play caller [Music("calm")] for ever
    30     play caller [Text("Thank you for waiting."), Say(Position(1)), Text("Press 0 to leave.")]
    120    stop playing to caller
    120    play caller [Text("Goodbye.")]
    420    stop playing to caller
    420    hang up caller Normal
    420    finished
    --
    call inbound missed by system, owner u-mia, mco u-mia
       accepted 0, answered -, ended 420, sip -, q850 20
    c1 route group g-turn round_robin, 0..420, answered -, bridged -
       unavailable, not_answered, sip 480, q850 20
    w1 g-turn place 1 priority 0, 0..120 timeout
    p1 p:+15557770001 caller 0..420
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-turn
    i3 0 routing_started c1 ivr-turn strategy=round_robin target=g-turn
    i4 120 no_answer c1 reason=unavailable
    i5 120 ivr_exited ivr-turn next=ivr-bye reason=next_ivr
    i6 120 ivr_entered ivr-bye
    i7 420 ivr_exited ivr-bye reason=system_hangup
    i8 420 call_ended by=system
    context u-mia; g-turn
    "#);
}

#[test]
fn who_was_rung_and_did_not_answer_makes_it_a_timeout() {
    assert_snapshot!(explained("registered ana
        0 call +15557770001 -> +15550400001
        12 ana is away
        130 caller heard
    "), @r#"
    0      answer caller
    0      play caller [Music("calm")] for ever
    0      dial ana, showing +15557770001 "Carl Contact"
    0      cursor of g-turn at u-ana
    10     cancel ana NoAnswer
    10     dial ana, showing +15557770001 "Carl Contact"
    10     cursor of g-turn at u-ana
    20     cancel ana NoAnswer
    30     play caller [Text("Thank you for waiting."), Say(Position(1)), Text("Press 0 to leave.")]
    120    stop playing to caller
    120    play caller [Text("Goodbye.")]
    130    hang up caller Normal
    130    finished
    --
    call inbound missed by system, owner u-mia, mco u-mia
       accepted 0, answered -, ended 130, sip -, q850 19
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-turn
    i3 0 routing_started c1 ivr-turn strategy=round_robin target=g-turn
    i4 120 no_answer c1 reason=timeout
    i5 120 ivr_exited ivr-turn next=ivr-bye reason=next_ivr
    i6 120 ivr_entered ivr-bye
    i7 130 ivr_exited ivr-bye reason=system_hangup
    i8 130 call_ended by=system
    0 number +15550400001: enters ivr-turn
    0 ivr ivr-turn version 1: entered: call_transfer
    0 strategy g-turn: round_robin
    0 member u-ben: passed over: not registered
    0 queue g-turn: entered at place 1 with priority 0
    0 member u-ana: rung for g-turn, lap 1
    10 member u-ana: rung for g-turn, lap 2
    120 queue g-turn: left: waited as long as the IVR lets him
    120 ivr ivr-bye version 1: entered: play_and_hangup
    "#);
}

#[test]
fn who_is_rung_shortly_before_the_caller_gives_up_misses_nothing() {
    let mut world = world();
    play(
        &mut world,
        "
        0 call +15557770001 -> +15550400001
        115 ana registers        # rung for 5 s of 10, because the wait ends
        121 ana settles 487",
    );
    let graph = world.calls[0].graph.as_ref().expect("a graph");
    assert_eq!(graph.attempts[0].outcome.map(|word| word.as_str()), Some("no_answer"));
    let missed: u32 = world.floor.wallboard(world.time()).agents.iter().map(|a| a.missed).sum();
    assert_eq!(missed, 0);
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
fn a_full_queue_leads_elsewhere_at_once() {
    assert_snapshot!(check("registered ana
        0 call +15557770001 -> +15550400004
        1 B: call +15557770002 -> +15550400004
        3 B: caller heard
        4 caller hangs up
    "), @r#"
    0      answer caller
    0      play caller [Music("calm")] for ever
    0      dial ana, showing +15557770001 "Carl Contact"
    0      cursor of g-turn at u-ana
    1      B: answer caller
    1      B: play caller [Text("All lines are busy.")]
    3      B: hang up caller Normal
    3      B: finished
    4      cancel ana CallerGone
    4      finished
    --
    call inbound missed by external, owner -, mco -
       accepted 0, answered -, ended 4, sip -, q850 16
    c1 route group g-turn round_robin, 0..4, answered -, bridged -
       canceled, not_answered, sip 487, q850 16
    a1 u-ana stage 1 round 1, 0..4, ringing -, caller_hangup 487
    w1 g-turn place 1 priority 0, 0..4 abandoned
    p1 p:+15557770001 caller 0..4
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-one
    i3 0 routing_started c1 ivr-one strategy=round_robin target=g-turn
    i4 4 no_answer c1 reason=caller_hangup
    i5 4 ivr_exited ivr-one reason=caller_hangup
    i6 4 call_ended by=external
    context u-ana; g-turn
    --
    call inbound missed by system, owner -, mco -
       accepted 0, answered -, ended 2, sip -, q850 20
    c1 route group g-turn round_robin, 0..2, answered -, bridged -
       unavailable, not_answered, sip 480, q850 20
    p1 p:+15557770002 caller 0..2
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-one
    i3 0 routing_started c1 ivr-one strategy=round_robin target=g-turn
    i4 0 no_answer c1 reason=unavailable
    i5 0 ivr_exited ivr-one next=ivr-full reason=next_ivr
    i6 0 ivr_entered ivr-full
    i7 2 ivr_exited ivr-full reason=system_hangup
    i8 2 call_ended by=system
    context ; g-turn
    "#);
}

#[test]
fn who_is_not_to_wait_for_nobody_leaves_when_the_last_member_goes() {
    assert_snapshot!(explained("registered ana
        0 call +15557770001 -> +15550400004
        2 ana unregisters        # the call that rings her goes on
        2 ana fails 480
        9 caller heard
        10 B: call +15557770002 -> +15550400004
        12 B: caller heard
    "), @r#"
    0      answer caller
    0      play caller [Music("calm")] for ever
    0      dial ana, showing +15557770001 "Carl Contact"
    0      cursor of g-turn at u-ana
    3      stop playing to caller
    3      play caller [Text("Goodbye.")]
    9      hang up caller Normal
    9      finished
    10     B: answer caller
    10     B: play caller [Text("Goodbye.")]
    12     B: hang up caller Normal
    12     B: finished
    --
    call inbound missed by system, owner -, mco -
       accepted 0, answered -, ended 9, sip -, q850 18
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-one
    i3 0 routing_started c1 ivr-one strategy=round_robin target=g-turn
    i4 3 no_answer c1 reason=unavailable
    i5 3 ivr_exited ivr-one next=ivr-bye reason=next_ivr
    i6 3 ivr_entered ivr-bye
    i7 9 ivr_exited ivr-bye reason=system_hangup
    i8 9 call_ended by=system
    0 number +15550400004: enters ivr-one
    0 ivr ivr-one version 1: entered: call_transfer
    0 strategy g-turn: round_robin
    0 member u-ben: passed over: not registered
    0 queue g-turn: entered at place 1 with priority 0
    0 member u-ana: rung for g-turn, lap 1
    3 queue g-turn: left: no member is there
    3 ivr ivr-bye version 1: entered: play_and_hangup
    --
    call inbound missed by system, owner -, mco -
       accepted 0, answered -, ended 2, sip -, q850 20
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-one
    i3 0 routing_started c1 ivr-one strategy=round_robin target=g-turn
    i4 0 no_answer c1 reason=unavailable
    i5 0 ivr_exited ivr-one next=ivr-bye reason=next_ivr
    i6 0 ivr_entered ivr-bye
    i7 2 ivr_exited ivr-bye reason=system_hangup
    i8 2 call_ended by=system
    0 number +15550400004: enters ivr-one
    0 ivr ivr-one version 1: entered: call_transfer
    0 strategy g-turn: round_robin
    0 member u-ana: passed over: not registered
    0 member u-ben: passed over: not registered
    0 queue g-turn: entered at place 1 with priority 0
    0 queue g-turn: left: no member is there
    0 ivr ivr-bye version 1: entered: play_and_hangup
    "#);
}

#[test]
fn a_digit_leads_out_of_the_queue_and_stops_who_rings() {
    assert_snapshot!(explained("registered ana
        0 call +15557770001 -> +15550400001
        3 caller presses 7       # nothing
        4 caller presses 0
        4.1 ana settles 487
        6 caller heard
    "), @r#"
    0      answer caller
    0      play caller [Music("calm")] for ever
    0      dial ana, showing +15557770001 "Carl Contact"
    0      cursor of g-turn at u-ana
    4      cancel ana CallerGone
    4      stop playing to caller
    4      play caller [Text("Goodbye.")]
    6      hang up caller Normal
    6      finished
    --
    call inbound missed by system, owner u-mia, mco u-mia
       accepted 0, answered -, ended 6, sip -, q850 19
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-turn
    i3 0 routing_started c1 ivr-turn strategy=round_robin target=g-turn
    i4 4 no_answer c1 reason=timeout
    i5 4 menu_selected ivr-turn digit=0 next=ivr-bye
    i6 4 ivr_exited ivr-turn next=ivr-bye reason=menu_option
    i7 4 ivr_entered ivr-bye
    i8 6 ivr_exited ivr-bye reason=system_hangup
    i9 6 call_ended by=system
    0 number +15550400001: enters ivr-turn
    0 ivr ivr-turn version 1: entered: call_transfer
    0 strategy g-turn: round_robin
    0 member u-ben: passed over: not registered
    0 queue g-turn: entered at place 1 with priority 0
    0 member u-ana: rung for g-turn, lap 1
    4 menu ivr-turn: 0 was pressed: to ivr-bye
    4 ivr ivr-bye version 1: entered: play_and_hangup
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
fn every_lap_is_over_and_so_is_the_wait() {
    assert_snapshot!(explained("registered ana ben
        0 call +15557770001 -> +15550400005
        20 pass
    "), @r#"
    0      answer caller
    0      play caller [Music("calm")] for ever
    0      dial ana, showing +15557770001 "Carl Contact"
    0      cursor of g-turn at u-ana
    5      cancel ana NoAnswer
    5      dial ben, showing +15557770001 "Carl Contact"
    5      cursor of g-turn at u-ben
    10     cancel ben NoAnswer
    10     hang up caller Normal
    10     finished
    --
    call inbound missed by system, owner -, mco -
       accepted 0, answered -, ended 10, sip -, q850 19
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-laps
    i3 0 routing_started c1 ivr-laps strategy=round_robin target=g-turn
    i4 10 no_answer c1 reason=timeout
    i5 10 ivr_exited ivr-laps reason=system_hangup
    i6 10 call_ended by=system
    0 number +15550400005: enters ivr-laps
    0 ivr ivr-laps version 1: entered: call_transfer
    0 strategy g-turn: round_robin
    0 queue g-turn: entered at place 1 with priority 0
    0 member u-ana: rung for g-turn, lap 1
    5 member u-ben: rung for g-turn, lap 1
    10 queue g-turn: left: every lap is over
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
fn the_server_stops_and_nobody_is_reserved() {
    assert_snapshot!(check("registered ana
        0 call +15557770001 -> +15550400001
        3 release
        4 B: call +15557770002 -> +15550400001
        5 B: caller hangs up
    "), @r#"
    0      answer caller
    0      play caller [Music("calm")] for ever
    0      dial ana, showing +15557770001 "Carl Contact"
    0      cursor of g-turn at u-ana
    3      cancel ana Shutdown
    3      hang up caller Shutdown
    3      finished
    4      B: answer caller
    4      B: play caller [Music("calm")] for ever
    4      B: dial ana, showing +15557770002 "Dora Contact"
    4      B: cursor of g-turn at u-ana
    5      B: cancel ana CallerGone
    5      B: finished
    --
    call inbound missed by system, owner u-mia, mco u-mia
       accepted 0, answered -, ended 3, sip -, q850 41
    c1 route group g-turn round_robin, 0..3, answered -, bridged -
       failed, not_answered, sip 480, q850 41
    a1 u-ana stage 1 round 1, 0..3, ringing -, failed 487
    w1 g-turn place 1 priority 0, 0..3 stopped
    p1 p:+15557770001 caller 0..3
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-turn
    i3 0 routing_started c1 ivr-turn strategy=round_robin target=g-turn
    i4 3 no_answer c1 reason=failed
    i5 3 ivr_exited ivr-turn reason=system_hangup
    i6 3 call_ended by=system
    context u-ana u-mia; g-turn
    --
    call inbound missed by external, owner u-mia, mco u-mia
       accepted 0, answered -, ended 1, sip -, q850 16
    c1 route group g-turn round_robin, 0..1, answered -, bridged -
       canceled, not_answered, sip 487, q850 16
    a1 u-ana stage 1 round 1, 0..1, ringing -, caller_hangup 487
    w1 g-turn place 1 priority 0, 0..1 abandoned
    p1 p:+15557770002 caller 0..1
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-turn
    i3 0 routing_started c1 ivr-turn strategy=round_robin target=g-turn
    i4 1 no_answer c1 reason=caller_hangup
    i5 1 ivr_exited ivr-turn reason=caller_hangup
    i6 1 call_ended by=external
    context u-ana u-mia; g-turn
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
fn who_does_not_want_to_wait_is_called_back_when_it_is_his_turn() {
    assert_snapshot!(explained("
        0 call +15557770001 -> +15550400001
        5 caller presses 9
        6 B: call +15557770002 -> +15550400001
        8 caller heard
        60 ben registers
        61 back2: ben rings
        62 back2: ben answers
        64 back2: +15557770001 rings with media
        66 back2: +15557770001 answers
        70 ana registers            # B's turn only now
        71 B: ana answers
        80 back2: +15557770001 hangs up
        90 B: caller hangs up
    "), @r#"
    0      answer caller
    0      play caller [Music("calm")] for ever
    5      play caller [Text("Thank you. We will call you back.")]
    6      B: answer caller
    6      B: play caller [Music("calm")] for ever
    8      hang up caller Normal
    8      finished
    36     B: play caller [Text("Thank you for waiting."), Say(Position(2)), Text("Press 0 to leave.")]
    60     back2: call ben
    62     back2: u-ben is taken
    62     back2: play ben [Tone(Ringback)] for ever
    62     back2: dial +15557770001 by carrier-a, showing +15550400001
    66     back2: stop playing to ben
    66     back2: bridge ben +15557770001
    70     B: dial ana, showing +15557770002 "Dora Contact"
    70     B: cursor of g-turn at u-ana
    71     B: u-ana is taken
    71     B: stop playing to caller
    71     B: bridge caller ana
    80     back2: hang up ben Normal
    80     back2: finished
    90     B: hang up ana Normal
    90     B: finished
    --
    call inbound missed by system, owner u-mia, mco u-mia
       accepted 0, answered -, ended 8, sip -, q850 20
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-turn
    i3 0 routing_started c1 ivr-turn strategy=round_robin target=g-turn
    i4 5 no_answer c1 reason=unavailable
    i5 8 ivr_exited ivr-turn reason=system_hangup
    i6 8 call_ended by=system
    0 number +15550400001: enters ivr-turn
    0 ivr ivr-turn version 1: entered: call_transfer
    0 strategy g-turn: round_robin
    0 member u-ana: passed over: not registered
    0 member u-ben: passed over: not registered
    0 queue g-turn: entered at place 1 with priority 0
    5 queue g-turn: left: +15557770001 is to be called back
    --
    call inbound answered by external, owner u-ana, mco -
       accepted 0, answered 65, ended 84, sip -, q850 16
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-turn
    i3 0 routing_started c1 ivr-turn strategy=round_robin target=g-turn
    i4 65 answered c1 u-ana
    i5 65 ivr_exited ivr-turn reason=answered
    i6 84 call_ended by=external
    0 number +15550400001: enters ivr-turn
    0 ivr ivr-turn version 1: entered: call_transfer
    0 strategy g-turn: round_robin
    0 member u-ana: passed over: not registered
    0 member u-ben: passed over: not registered
    0 queue g-turn: entered at place 2 with priority 0
    64 member u-ana: rung for g-turn, lap 1
    --
    call outbound answered by external, owner u-ben, mco -
       accepted 0, answered 4, ended 18, sip -, q850 16
    i1 0 call_started u-ben direction=outbound
    i2 0 dial_started c1 added=false to=+15557770001
    i3 4 answered c1 party=+15557770001
    i4 18 call_ended by=external
    0 queue g-turn: called back by u-ben: the place of call-a
    "#);
}

#[test]
fn a_callback_that_a_member_does_not_answer_goes_to_the_next_and_leaves_no_call() {
    assert_snapshot!(orders("
        0 call +15557770001 -> +15550400001
        5 caller presses 9
        6 caller hangs up
        60 ben registers
        61 back1: ben fails 603
        65 ana registers
        86 pass                     # she does not answer either, and is tried again
        88 back3: ana answers
        99 back3: +15557770001 fails 486
    "), @r#"
    0      answer caller
    0      play caller [Music("calm")] for ever
    5      play caller [Text("Thank you. We will call you back.")]
    6      finished
    60     back1: call ben
    61     back1: finished
    65     back2: call ana
    85     back2: cancel ana NoAnswer
    85     back2: finished
    85     back3: call ana
    88     back3: u-ana is taken
    88     back3: play ana [Tone(Ringback)] for ever
    88     back3: dial +15557770001 by carrier-a, showing +15550400001
    99     back3: hang up ana Normal
    99     back3: finished
    "#);
}

#[test]
fn whoever_is_to_call_back_may_take_another_call_freeze_or_give_up() {
    assert_snapshot!(orders("frozen ben
        0 call +15557770001 -> +15550400001
        5 caller presses 9
        6 caller hangs up
        60 ben registers
        64 ana registers
        66 B: call +15557770002 -> +15550100001
        67 B: ana answers
        67 back2: ana settles 487
        70 B: ana hangs up
        72 back4: ana answers
        75 back4: ana hangs up
    "), @r#"
    0      answer caller
    0      play caller [Music("calm")] for ever
    5      play caller [Text("Thank you. We will call you back.")]
    6      finished
    60     back1: call ben
    64     back1: cancel ben NoAnswer
    64     back1: finished
    64     back2: call ana
    66     B: dial ana, showing +15557770002 "Dora Contact"
    67     B: u-ana is taken
    67     B: answer caller like ana
    67     B: bridge caller ana
    67     back2: cancel ana UserBusy
    67     back2: finished
    70     B: hang up caller Normal
    70     B: finished
    70     back4: call ana
    72     back4: u-ana is taken
    72     back4: play ana [Tone(Ringback)] for ever
    72     back4: dial +15557770001 by carrier-a, showing +15550400001
    75     back4: cancel +15557770001 CallerGone
    75     back4: finished
    "#);
}

#[test]
fn nobody_calls_back_while_the_caller_is_still_told_that_he_will_be() {
    // A member is free all the time: she would reach an engaged line.
    let begins = "registered ana
        0 call +15557770001 -> +15550400001
        2 caller presses 9
        3 ana settles 487
    ";
    for (ends, at) in [("9 caller heard", 9), ("4 caller hangs up", 4), ("70 pass", 62)] {
        let orders = orders(&format!("{begins}\n{ends}"));
        let first = orders.lines().find(|line| line.contains("call ana"));
        assert_eq!(first, Some(&*format!("{at:<6} back1: call ana")), "{ends}\n{orders}");
    }
}

#[test]
fn a_callback_is_recorded_as_calls_of_its_group_are() {
    let mut directory = directory(QUEUES);
    let group = directory.group(&"g-turn".into()).expect("a group").clone();
    directory.add_group(Group { recording: Some(true), ..group });
    let orders = orders_in(
        World::new(directory),
        "
        0 call +15557770001 -> +15550400001
        5 caller presses 9
        6 caller hangs up
        60 ben registers
        62 back1: ben answers
        66 back1: +15557770001 answers
        80 back1: ben hangs up
    ",
    );
    let begins = orders.lines().find(|line| line.contains("back1: record "));
    assert!(begins.is_some_and(|line| line.starts_with("66 ")), "{orders}");
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

#[test]
fn whose_number_nobody_knows_is_not_called_back() {
    assert_snapshot!(explained("
        0 call anonymous -> +15550400001
        5 caller presses 9
        6 caller hangs up
        60 ben registers
    "), @r#"
    0      answer caller
    0      play caller [Music("calm")] for ever
    6      finished
    --
    call inbound missed by external, owner u-mia, mco u-mia
       accepted 0, answered -, ended 6, sip -, q850 16
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-turn
    i3 0 routing_started c1 ivr-turn strategy=round_robin target=g-turn
    i4 6 no_answer c1 reason=caller_hangup
    i5 6 ivr_exited ivr-turn reason=caller_hangup
    i6 6 call_ended by=external
    0 number +15550400001: enters ivr-turn
    0 ivr ivr-turn version 1: entered: call_transfer
    0 strategy g-turn: round_robin
    0 member u-ana: passed over: not registered
    0 member u-ben: passed over: not registered
    0 queue g-turn: entered at place 1 with priority 0
    5 queue g-turn: not called back: no number to call, or none to show
    "#);
}
