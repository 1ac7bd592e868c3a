//! Each way in which a group is searched for a caller who does not wait (F4), and why: the
//! strategies themselves are tested where they are (`acd::strategy`), here is what becomes of
//! their turns.

use std::time::Duration;

use acd::Today;
use insta::assert_snapshot;
use model::UserId;
use model::directory::AcdStrategy;

use crate::directory::directory;
use crate::script::{explained_in, orders_in, play};
use crate::world::World;

/// A group of ana, ben, cat and dan, searched in this way; 5 s an attempt, 30 s a stage.
fn searched(strategy: AcdStrategy) -> World {
    let additions = r#"{
        "groups": [{"id": "g-four", "name": "Four",
          "members": ["u-ana", "u-ben", {"user": "u-cat", "weight": 0}, "u-dan"],
          "rules": {"step_members": 2, "step_ms": 4000}}],
        "ivrs": [{"id": "ivr-four", "action": "call_transfer", "target_kind": "group",
          "target_group_id": "g-four", "attempt_ring_ms": 5000, "no_answer_timeout_ms": 30000,
          "max_rounds": 1, "accept": "answer", "acd_strategy": "STRATEGY"}],
        "numbers": [{"id": "n-four", "e164": "+15550500001", "assigned_group_id": "g-four",
          "ivr_id": "ivr-four"}]
    }"#;
    World::new(directory(&additions.replace("STRATEGY", strategy.as_str())))
}

fn today(world: &mut World, user: &str, answered: u32, talked: u64) {
    let now = world.time();
    let talked = Duration::from_secs(talked);
    let today = Today { answered, talked, last_ended: None };
    world.floor.restore_today(&UserId::from(user), today, now);
}

const CALL: &str = "registered ana ben cat dan
    0 call +15557770001 -> +15550500001\n";

#[test]
fn progressive_simulring_adds_members_while_the_first_go_on_ringing() {
    assert_snapshot!(explained_in(searched(AcdStrategy::ProgressiveSimulring), &format!("{CALL}
        4 pass
        9 dan answers
        9 ana settles 487
        9 ben settles 487
        9 cat settles 487
        20 caller hangs up
    ")), @r#"
    0      dial ana, showing +15557770001 "Carl Contact"
    0      dial ben, showing +15557770001 "Carl Contact"
    4      dial cat, showing +15557770001 "Carl Contact"
    4      dial dan, showing +15557770001 "Carl Contact"
    9      cancel ana AnsweredElsewhere
    9      cancel ben AnsweredElsewhere
    9      cancel cat AnsweredElsewhere
    9      u-dan is taken
    9      answer caller like dan
    9      bridge caller dan
    20     hang up dan Normal
    20     finished
    --
    call inbound answered by external, owner u-dan, mco -
       accepted 9, answered 9, ended 20, sip -, q850 16
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-four
    i3 0 routing_started c1 ivr-four strategy=progressive_simulring target=g-four
    i4 9 answered c1 u-dan
    i5 9 ivr_exited ivr-four reason=answered
    i6 20 call_ended by=external
    0 number +15550500001: enters ivr-four
    0 ivr ivr-four version 1: entered: call_transfer
    0 strategy g-four: progressive_simulring
    0 member u-ana: rung
    0 member u-ben: rung
    4 member u-cat: rung
    4 member u-dan: rung
    8 strategy g-four: progressive_simulring: nobody is left to be offered the call
    "#);
}

#[test]
fn progressive_simulring_goes_on_at_once_when_all_have_failed_and_ends_with_the_last() {
    assert_snapshot!(orders_in(searched(AcdStrategy::ProgressiveSimulring), &format!("{CALL}
        1 ana fails 486
        1.5 ben fails 486
        2 cat fails 486
        2 dan fails 603
    ")), @r#"
    0      dial ana, showing +15557770001 "Carl Contact"
    0      dial ben, showing +15557770001 "Carl Contact"
    1.5    dial cat, showing +15557770001 "Carl Contact"
    1.5    dial dan, showing +15557770001 "Carl Contact"
    2      reject caller 480
    2      finished
    "#);
}

#[test]
fn progressive_simulring_is_over_with_its_stage() {
    assert_snapshot!(orders_in(searched(AcdStrategy::ProgressiveSimulring), &format!("{CALL}
        31 pass
    ")), @r#"
    0      dial ana, showing +15557770001 "Carl Contact"
    0      dial ben, showing +15557770001 "Carl Contact"
    4      dial cat, showing +15557770001 "Carl Contact"
    4      dial dan, showing +15557770001 "Carl Contact"
    30     cancel ana NoAnswer
    30     cancel ben NoAnswer
    30     cancel cat NoAnswer
    30     cancel dan NoAnswer
    30     reject caller 480
    30     finished
    "#);
}

#[test]
fn sequential_begins_with_the_first_whoever_was_rung_last() {
    assert_snapshot!(explained_in(searched(AcdStrategy::Sequential), &format!("cursor g-four ana
        away ben
        {CALL}
        12 dan answers
        20 caller hangs up
    ")), @r#"
    0      dial ana, showing +15557770001 "Carl Contact"
    5      cancel ana NoAnswer
    5      dial cat, showing +15557770001 "Carl Contact"
    10     cancel cat NoAnswer
    10     dial dan, showing +15557770001 "Carl Contact"
    12     u-dan is taken
    12     answer caller like dan
    12     bridge caller dan
    20     hang up dan Normal
    20     finished
    --
    call inbound answered by external, owner u-dan, mco -
       accepted 12, answered 12, ended 20, sip -, q850 16
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-four
    i3 0 routing_started c1 ivr-four strategy=sequential target=g-four
    i4 12 answered c1 u-dan
    i5 12 ivr_exited ivr-four reason=answered
    i6 20 call_ended by=external
    0 number +15550500001: enters ivr-four
    0 ivr ivr-four version 1: entered: call_transfer
    0 strategy g-four: sequential, lap 1
    0 member u-ben: passed over: away
    0 member u-ana: rung: at position 1
    5 member u-cat: rung: at position 3
    10 member u-dan: rung: at position 4
    "#);
}

#[test]
fn longest_idle_is_who_has_been_free_for_the_longest_time() {
    assert_snapshot!(explained_in(searched(AcdStrategy::LongestIdle), "registered ben
        10 dan registers
        20 cat registers
        30 ana registers
        40 call +15557770001 -> +15550500001
        41 ben fails 486
        42 dan fails 486
        43 cat answers
        50 cat hangs up
        60 B: call +15557770001 -> +15550500001
        61 B: ana fails 486      # since 30; ben and dan since they declined
        62 B: ben fails 486
        63 B: dan fails 486
        64 B: cat answers
        65 B: cat hangs up
    "), @r#"
    40     dial ben, showing +15557770001 "Carl Contact"
    41     dial dan, showing +15557770001 "Carl Contact"
    42     dial cat, showing +15557770001 "Carl Contact"
    43     u-cat is taken
    43     answer caller like cat
    43     bridge caller cat
    50     hang up caller Normal
    50     finished
    60     B: dial ana, showing +15557770001 "Carl Contact"
    61     B: dial ben, showing +15557770001 "Carl Contact"
    62     B: dial dan, showing +15557770001 "Carl Contact"
    63     B: dial cat, showing +15557770001 "Carl Contact"
    64     B: u-cat is taken
    64     B: answer caller like cat
    64     B: bridge caller cat
    65     B: hang up caller Normal
    65     B: finished
    --
    call inbound answered by internal, owner u-cat, mco -
       accepted 3, answered 3, ended 10, sip -, q850 16
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-four
    i3 0 routing_started c1 ivr-four strategy=longest_idle target=g-four
    i4 3 answered c1 u-cat
    i5 3 ivr_exited ivr-four reason=answered
    i6 10 call_ended by=internal
    0 number +15550500001: enters ivr-four
    0 ivr ivr-four version 1: entered: call_transfer
    0 strategy g-four: longest_idle, lap 1
    0 member u-ben: rung: free for 40 s
    1 member u-dan: rung: free for 31 s
    2 member u-cat: rung: free for 22 s
    --
    call inbound answered by internal, owner u-cat, mco -
       accepted 4, answered 4, ended 5, sip -, q850 16
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-four
    i3 0 routing_started c1 ivr-four strategy=longest_idle target=g-four
    i4 4 answered c1 u-cat
    i5 4 ivr_exited ivr-four reason=answered
    i6 5 call_ended by=internal
    0 number +15550500001: enters ivr-four
    0 ivr ivr-four version 1: entered: call_transfer
    0 strategy g-four: longest_idle, lap 1
    0 member u-ana: rung: free for 30 s
    1 member u-ben: rung: free for 20 s
    2 member u-dan: rung: free for 20 s
    3 member u-cat: rung: free for 13 s
    "#);
}

#[test]
fn fewest_calls_is_who_answered_the_fewest_today() {
    let mut world = searched(AcdStrategy::FewestCalls);
    today(&mut world, "u-ana", 3, 0);
    today(&mut world, "u-ben", 2, 0);
    today(&mut world, "u-cat", 5, 0);
    assert_snapshot!(explained_in(world, &format!("{CALL}
        1 dan fails 486
        2 ben answers
        3 ben hangs up
    ")), @r#"
    0      dial dan, showing +15557770001 "Carl Contact"
    1      dial ben, showing +15557770001 "Carl Contact"
    2      u-ben is taken
    2      answer caller like ben
    2      bridge caller ben
    3      hang up caller Normal
    3      finished
    --
    call inbound answered by internal, owner u-ben, mco -
       accepted 2, answered 2, ended 3, sip -, q850 16
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-four
    i3 0 routing_started c1 ivr-four strategy=fewest_calls target=g-four
    i4 2 answered c1 u-ben
    i5 2 ivr_exited ivr-four reason=answered
    i6 3 call_ended by=internal
    0 number +15550500001: enters ivr-four
    0 ivr ivr-four version 1: entered: call_transfer
    0 strategy g-four: fewest_calls, lap 1
    0 member u-dan: rung: 0 calls today
    1 member u-ben: rung: 2 calls today
    "#);
}

#[test]
fn least_talk_time_is_who_talked_the_least_today() {
    let mut world = searched(AcdStrategy::LeastTalkTime);
    today(&mut world, "u-ana", 1, 60);
    today(&mut world, "u-ben", 9, 30);
    today(&mut world, "u-cat", 1, 90);
    today(&mut world, "u-dan", 1, 90);
    assert_snapshot!(explained_in(world, &format!("{CALL}
        2 ben fails 486
        3 ana answers
        4 ana hangs up
    ")), @r#"
    0      dial ben, showing +15557770001 "Carl Contact"
    2      dial ana, showing +15557770001 "Carl Contact"
    3      u-ana is taken
    3      answer caller like ana
    3      bridge caller ana
    4      hang up caller Normal
    4      finished
    --
    call inbound answered by internal, owner u-ana, mco -
       accepted 3, answered 3, ended 4, sip -, q850 16
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-four
    i3 0 routing_started c1 ivr-four strategy=least_talk_time target=g-four
    i4 3 answered c1 u-ana
    i5 3 ivr_exited ivr-four reason=answered
    i6 4 call_ended by=internal
    0 number +15550500001: enters ivr-four
    0 ivr ivr-four version 1: entered: call_transfer
    0 strategy g-four: least_talk_time, lap 1
    0 member u-ben: rung: talked for 30 s today
    2 member u-ana: rung: talked for 60 s today
    "#);
}

#[test]
fn weighted_random_gives_everybody_a_turn_and_who_has_no_weight_the_last() {
    let mut firsts = std::collections::BTreeSet::new();
    for number in 0..40 {
        let mut world = searched(AcdStrategy::WeightedRandom);
        play(&mut world, "registered ana ben cat dan");
        world.arrive("A", &format!("call-{number}"), "+15557770001", "+15550500001");
        world.until(Duration::from_secs(19));
        let graph = world.calls[0].graph.as_ref().expect("a graph");
        let rung: Vec<_> = graph.attempts.iter().filter_map(|row| row.user_id.clone()).collect();
        assert_eq!(rung.len(), 4);
        assert_eq!(rung[3].as_str(), "u-cat");
        firsts.insert(rung[0].clone());
    }
    assert_eq!(firsts.len(), 3);
}

#[test]
fn a_member_whom_another_call_rings_is_passed_over_by_all_but_the_simulrings() {
    for strategy in [
        AcdStrategy::RoundRobin,
        AcdStrategy::Sequential,
        AcdStrategy::LongestIdle,
        AcdStrategy::FewestCalls,
        AcdStrategy::LeastTalkTime,
        AcdStrategy::WeightedRandom,
        AcdStrategy::Skills,
        AcdStrategy::Simulring,
        AcdStrategy::ProgressiveSimulring,
    ] {
        let mut world = searched(strategy);
        play(
            &mut world,
            "registered ana
            0 B: call +15557770002 -> +15550100001
            1 call +15557770001 -> +15550500001",
        );
        let rings = world.calls[1].graph.as_ref().is_some_and(|graph| !graph.attempts.is_empty());
        let together =
            matches!(strategy, AcdStrategy::Simulring | AcdStrategy::ProgressiveSimulring);
        assert_eq!(rings, together, "{strategy}");
    }
}

#[test]
fn frozen_telephones_of_a_group_are_passed_over_in_four_seconds() {
    assert_snapshot!(explained_in(searched(AcdStrategy::RoundRobin), "registered ana ben cat
        frozen ana cat
        0 call +15557770001 -> +15550500001
        4 ben rings
        5 ana settles 487       # too late: it is known to be frozen
        9 cat settles 408
        10 B: call +15557770002 -> +15550500001
        11 B: ben fails 486
        12 ben settles 487
    "), @r#"
    0      dial ana, showing +15557770001 "Carl Contact"
    0      cursor of g-four at u-ana
    4      cancel ana NoAnswer
    4      dial ben, showing +15557770001 "Carl Contact"
    4      cursor of g-four at u-ben
    4      ring caller
    9      cancel ben NoAnswer
    9      dial cat, showing +15557770001 "Carl Contact"
    9      cursor of g-four at u-cat
    10     B: dial ben, showing +15557770002 "Dora Contact"
    10     B: cursor of g-four at u-ben
    11     B: reject caller 486
    11     B: finished
    --
    call inbound - by -, owner -, mco -
       accepted -, answered -, ended -, sip -, q850 -
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-four
    i3 0 routing_started c1 ivr-four strategy=round_robin target=g-four
    0 number +15550500001: enters ivr-four
    0 ivr ivr-four version 1: entered: call_transfer
    0 strategy g-four: round_robin, lap 1
    0 member u-dan: passed over: not registered
    0 member u-ana: rung: next in turn
    4 member u-ana: passed over: the telephone answers nothing
    4 member u-ben: rung: next in turn
    9 member u-cat: rung: next in turn
    --
    call inbound missed by system, owner -, mco -
       accepted -, answered -, ended 1, sip 486, q850 17
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-four
    i3 0 routing_started c1 ivr-four strategy=round_robin target=g-four
    i4 1 no_answer c1 reason=busy
    i5 1 ivr_exited ivr-four reason=system_hangup
    i6 1 call_ended by=system
    0 number +15550500001: enters ivr-four
    0 ivr ivr-four version 1: entered: call_transfer
    0 strategy g-four: round_robin, lap 1, after u-cat
    0 member u-ana: passed over: unreachable: the telephone answers nothing
    0 member u-cat: passed over: another call rings
    0 member u-dan: passed over: not registered
    0 member u-ben: rung: next in turn
    1 strategy g-four: round_robin: nobody is left to be offered the call
    "#);
}

#[test]
fn a_user_who_is_called_himself_may_be_slow_to_say_something() {
    assert_snapshot!(orders_in(searched(AcdStrategy::Single), "registered ana
        frozen ana
        0 call +15557770001 -> +15550100001
        6 ana rings
        7 ana answers
        9 ana hangs up
    "), @r#"
    0      dial ana, showing +15557770001 "Carl Contact"
    6      ring caller
    7      u-ana is taken
    7      answer caller like ana
    7      bridge caller ana
    9      hang up caller Normal
    9      finished
    "#);
}

#[test]
fn calls_that_never_wait_count_for_the_service_level_of_their_group() {
    let mut world = searched(AcdStrategy::RoundRobin);
    play(
        &mut world,
        "registered ana
        0 call +15557770001 -> +15550500001
        4 ana answers
        34 ana hangs up
        40 B: call +15557770002 -> +15550500001
        43 B: caller cancels
        50 C: call +15557770003 -> +15550500001
        55 C: ana settles 487
        60 D: call +15557770003 -> +15550100001     # ana herself: no call of the group
        61 D: ana answers
        62 D: ana hangs up",
    );
    let board = world.floor.wallboard(world.time());
    let group = board.groups.iter().find(|group| group.group.as_str() == "g-four").expect("it");
    assert_eq!([group.offered, group.answered, group.abandoned, group.within], [3, 1, 1, 1]);
    let ana = board.agents.iter().find(|agent| agent.user.as_str() == "u-ana").expect("ana");
    assert_eq!([ana.answered, ana.missed], [1, 1]);
    assert_eq!(ana.talk_ms, 30_000);
}

#[test]
fn a_step_explains_no_more_than_it_may() {
    let names: Vec<String> = (0..200).map(|number| format!("u-{number}")).collect();
    let users: Vec<String> = names
        .iter()
        .map(|id| format!(r#"{{"id": "{id}", "display_name": "{id}", "sip_username": "{id}"}}"#))
        .collect();
    let crowd = format!(
        r#"{{"users": [{}], "groups": [{{"id": "g-crowd", "name": "Crowd", "members": {names:?}}}],
          "ivrs": [{{"id": "ivr-crowd", "action": "call_transfer", "target_kind": "group",
            "target_group_id": "g-crowd", "acd_strategy": "simulring"}}],
          "numbers": [{{"id": "n-crowd", "e164": "+15550500002", "assigned_group_id": "g-crowd",
            "ivr_id": "ivr-crowd"}}]}}"#,
        users.join(",")
    );
    for registered in [0, 200] {
        let mut world = World::new(directory(&crowd));
        world.settings.limits.legs_per_call = 1_000;
        for id in names.iter().take(registered) {
            world.registers(&UserId::from(id.as_str()), true);
        }
        world.arrive("A", "call-a", "+15557770001", "+15550500002");
        let graph = world.calls[0].graph.as_ref().expect("a graph");
        let lines: usize = graph.decisions.iter().map(|row| row.lines.len()).sum();
        assert_eq!(graph.attempts.len(), registered);
        assert!((25..=64).contains(&lines), "{lines}");
    }
}

#[test]
fn a_group_does_not_ring_a_member_on_its_own_number() {
    // Each call of the group would make another one.
    let loops = r#"{
        "users": [
          {"id": "u-loop", "display_name": "Lou Loop", "sip_username": "loop",
            "devices": [{"id": "team", "kind": "number", "number": "+15550810001"}],
            "acd_receiver": "team"}],
        "groups": [{"id": "g-loop", "name": "Loop", "members": ["u-loop"]}],
        "ivrs": [{"id": "ivr-loop", "action": "call_transfer", "target_kind": "group",
          "target_group_id": "g-loop"}],
        "numbers": [{"id": "n-loop", "e164": "+15550810001", "assigned_group_id": "g-loop",
          "ivr_id": "ivr-loop"}]
    }"#;
    assert_snapshot!(orders_in(World::new(directory(loops)), "
        0 call +15557770001 -> +15550810001
        1 loop registers
        2 B: call +15557770001 -> +15550810001
        3 B: loop answers
        4 B: caller hangs up
    "), @r#"
    0      reject caller 480
    0      finished
    2      B: dial loop, showing +15557770001 "Carl Contact"
    3      B: u-loop is taken
    3      B: answer caller like loop
    3      B: bridge caller loop
    4      B: hang up loop Normal
    4      B: finished
    "#);
}
