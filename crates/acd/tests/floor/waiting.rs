//! Order, reservations, what changes while callers wait, and what is told of it (F4).

use acd::strategy::SearchRules;
use acd::{AgentState, Place, RingEnd, Standing};
use model::call_graph::words::QueueExit;
use model::directory::{AcdStrategy, Availability};

use crate::house::{House, call, group, need, place, seconds, user};

#[test]
fn an_agent_who_becomes_free_gets_the_first_by_priority_and_then_by_time() {
    let mut house = House::of(&["ana"]);
    house.floor.take(&user("ana"), &call("own"), None, house.now);
    assert_eq!(house.waits("first", AcdStrategy::RoundRobin), 1);
    assert_eq!(house.waits("second", AcdStrategy::RoundRobin), 2);
    let urgent = Place { priority: 5, ..place("urgent", AcdStrategy::RoundRobin) };
    assert_eq!(house.waits_as(urgent), 1);
    assert_eq!(house.offers(), Vec::<String>::new());
    house.hangs_up("ana", "own");
    assert_eq!(house.offers(), ["urgent: ana"]);
    house.answers("ana", "urgent");
    house.hangs_up("ana", "urgent");
    assert_eq!(house.offers(), ["first: ana"]);
    let standing = house.floor.standing(&call("second")).map(|at| (at.position, at.waiting));
    assert_eq!(standing, Some((2, 2)));
}

#[test]
fn a_simulring_rings_all_who_are_free_and_the_next_caller_gets_who_is_free_then() {
    let mut house = House::of(&["ana", "ben", "cleo"]);
    house.floor.take(&user("cleo"), &call("own"), None, house.now);
    house.waits("a", AcdStrategy::Simulring);
    house.waits("b", AcdStrategy::Simulring);
    assert_eq!(house.offers(), ["a: ana ben"]);
    house.hangs_up("cleo", "own");
    assert_eq!(house.offers(), ["b: cleo"]);
    house.answers("ana", "a");
    house.stops("cleo", "b", RingEnd::Declined);
    assert_eq!(house.offers(), ["b: ben"]);
}

#[test]
fn no_more_members_ring_than_the_call_has_legs_for() {
    let mut house = House::of(&["ana", "ben", "cleo", "dora"]);
    house.waits_as(Place { ring_at_most: 2, ..place("a", AcdStrategy::Simulring) });
    house.waits_as(Place { ring_at_most: 1, ..place("b", AcdStrategy::ProgressiveSimulring) });
    assert_eq!(house.offers(), ["a: ana ben", "b: cleo"]);
    house.pass(seconds(60));
    assert_eq!(house.offers(), Vec::<String>::new());
}

#[test]
fn a_progressive_simulring_adds_members_while_others_ring() {
    let mut house = House::of(&["ana", "ben", "cleo"]);
    house.waits("a", AcdStrategy::ProgressiveSimulring);
    assert_eq!(house.offers(), ["a: ana ben"]);
    assert_eq!(house.floor.deadline(), Some(house.now.mono + seconds(5)));
    house.pass(seconds(5));
    assert_eq!(house.offers(), ["a: cleo"]);
    house.answers("ben", "a");
    house.waits("b", AcdStrategy::Simulring);
    assert_eq!(house.offers(), ["b: ana cleo"]);
}

#[test]
fn who_declined_is_not_offered_the_call_again_but_another_one() {
    let mut house = House::of(&["ana"]);
    house.waits("a", AcdStrategy::LongestIdle);
    assert_eq!(house.offers(), ["a: ana"]);
    house.pass(seconds(2));
    house.floor.ready(&call("a"), Some(&user("ana")), house.now);
    assert_eq!(house.offers(), Vec::<String>::new());
    house.waits("b", AcdStrategy::LongestIdle);
    assert_eq!(house.offers(), ["b: ana"]);
}

#[test]
fn an_attempt_that_fails_at_once_is_not_repeated_at_once() {
    let mut house = House::of(&["ana", "ben"]);
    house.waits("a", AcdStrategy::Sequential);
    assert_eq!(house.offers(), ["a: ana"]);
    house.stops("ana", "a", RingEnd::Failed);
    assert_eq!(house.offers(), ["a: ben"]);
    house.stops("ben", "a", RingEnd::Missed);
    house.floor.ready(&call("a"), None, house.now);
    assert_eq!(house.offers(), Vec::<String>::new());
    house.pass(seconds(1));
    assert_eq!(house.offers(), ["a: ben"]);
    house.stops("ben", "a", RingEnd::Missed);
    house.pass(seconds(4));
    assert_eq!(house.offers(), ["a: ana"]);
}

#[test]
fn a_driver_that_may_dial_nobody_does_not_spin() {
    let mut house = House::of(&["ana"]);
    house.waits("a", AcdStrategy::Simulring);
    assert_eq!(house.offers(), ["a: ana"]);
    house.floor.ready(&call("a"), None, house.now);
    assert!(!house.floor.is_ringing(&user("ana")));
    assert_eq!(house.offers(), Vec::<String>::new());
    house.pass(seconds(1));
    assert_eq!(house.offers(), ["a: ana"]);
}

#[test]
fn an_agent_rung_by_a_call_that_does_not_wait_is_passed_over_by_all_but_the_simulrings() {
    let mut house = House::of(&["ana"]);
    house.floor.ring(&user("ana"), &call("direct"), None, house.now);
    house.waits("a", AcdStrategy::LongestIdle);
    assert_eq!(house.offers(), Vec::<String>::new());
    house.stops("ana", "direct", RingEnd::Stopped);
    assert_eq!(house.offers(), ["a: ana"]);
    house.leaves("a", QueueExit::Abandoned);
    house.floor.ring(&user("ana"), &call("direct"), None, house.now);
    house.waits("b", AcdStrategy::Simulring);
    assert_eq!(house.offers(), ["b: ana"]);
}

#[test]
fn needs_relax_and_further_groups_open_while_a_caller_waits() {
    let mut house = House::of(&["ana"]);
    house.change_user("ana", |ana| {
        ana.skills.insert("spanish".into(), 3);
    });
    house.add_group("support", &["ben"]);
    house.read();
    house.floor.set_registered(&user("ben"), true, house.now);
    let skills = vec![need("spanish", 5, seconds(10), 2)];
    house.waits_as(Place { skills: skills.clone(), ..place("a", AcdStrategy::Skills) });
    let skilled = Place { skills, ..place("b", AcdStrategy::Sequential) };
    house.waits_as(Place { also: vec![(group("support"), seconds(30))], ..skilled });
    let also = vec![(group("support"), seconds(30)), (group("support"), seconds(40))];
    house.waits_as(Place { also, skills: Vec::new(), ..place("c", AcdStrategy::Sequential) });
    assert_eq!(house.offers(), ["c: ana"]);
    house.stops("ana", "c", RingEnd::Declined);
    house.pass(seconds(10));
    assert_eq!(house.offers(), Vec::<String>::new());
    house.pass(seconds(10));
    assert_eq!(house.offers(), ["a: ana"]);
    house.pass(seconds(10));
    assert_eq!(house.offers(), ["c: ben"]);
}

#[test]
fn whoever_leaves_gives_back_whom_he_had() {
    for exit in [
        QueueExit::Abandoned,
        QueueExit::TimedOut,
        QueueExit::Option,
        QueueExit::Callback,
        QueueExit::Empty,
        QueueExit::Stopped,
    ] {
        let mut house = House::of(&["ana", "ben"]);
        house.waits("a", AcdStrategy::Simulring);
        house.waits("b", AcdStrategy::Simulring);
        assert_eq!(house.offers(), ["a: ana ben"]);
        house.leaves("a", exit);
        assert_eq!(house.floor.standing(&call("a")), None);
        assert_eq!(house.offers(), ["b: ana ben"]);
    }
}

#[test]
fn laps_that_are_over_are_told_once() {
    let mut house = House::of(&["ana", "ben"]);
    let rules = SearchRules { max_rounds: Some(1), ..SearchRules::default() };
    house.waits_as(Place { rules, ..place("a", AcdStrategy::RoundRobin) });
    assert_eq!(house.offers(), ["a: ana"]);
    house.pass(seconds(20));
    house.stops("ana", "a", RingEnd::Missed);
    assert_eq!(house.offers(), ["a: ben"]);
    house.pass(seconds(20));
    house.stops("ben", "a", RingEnd::Missed);
    assert_eq!(house.offers(), ["a: "]);
    house.pass(seconds(20));
    house.floor.ready(&call("a"), None, house.now);
    assert_eq!(house.offers(), Vec::<String>::new());
}

#[test]
fn the_cursor_moves_with_the_offer_of_a_round_robin() {
    let mut house = House::of(&["ana", "ben", "cleo"]);
    house.floor.restore_cursor(group("sales"), user("ana"));
    house.waits("a", AcdStrategy::RoundRobin);
    house.waits("b", AcdStrategy::RoundRobin);
    assert_eq!(house.offers(), ["a: ben", "b: cleo"]);
    assert_eq!(house.floor.cursor(&group("sales")), Some(&user("cleo")));
    house.answers("ben", "a");
    house.answers("cleo", "b");
    house.waits("c", AcdStrategy::LongestIdle);
    assert_eq!(house.offers(), ["c: ana"]);
    assert_eq!(house.floor.cursor(&group("sales")), Some(&user("cleo")));
}

#[test]
fn the_expected_wait_comes_from_what_calls_took_and_who_is_there() {
    let mut house = House::of(&["ana", "ben"]);
    house.waits("a", AcdStrategy::LongestIdle);
    house.offers();
    house.answers("ana", "a");
    house.floor.take(&user("ben"), &call("own"), None, house.now);
    house.waits("b", AcdStrategy::LongestIdle);
    let expected = |house: &House, name: &str| {
        house.floor.standing(&call(name)).and_then(|standing| standing.expected_wait)
    };
    assert_eq!(expected(&house, "b"), None);
    house.pass(seconds(120));
    house.hangs_up("ana", "a");
    assert_eq!(house.offers(), ["b: ana"]);
    house.answers("ana", "b");
    for name in ["c", "d", "e"] {
        house.waits(name, AcdStrategy::LongestIdle);
    }
    assert_eq!(expected(&house, "c"), Some(seconds(60)));
    assert_eq!(expected(&house, "e"), Some(seconds(180)));
    house.says("ben", Availability::Away);
    let standing = house.floor.standing(&call("d"));
    let expected_wait = Some(seconds(240));
    assert_eq!(standing, Some(Standing { position: 2, waiting: 3, expected_wait }));
}

#[test]
fn the_wallboard_counts_who_waited_and_who_did_not() {
    let mut house = House::of(&["ana", "ben"]);
    house.floor.take(&user("ben"), &call("own"), None, house.now);
    house.waits("a", AcdStrategy::LongestIdle);
    house.waits("b", AcdStrategy::LongestIdle);
    house.waits("c", AcdStrategy::LongestIdle);
    house.offers();
    house.pass(seconds(5));
    house.answers("ana", "a");
    house.pass(seconds(25));
    house.leaves("b", QueueExit::Abandoned);
    house.leaves("c", QueueExit::TimedOut);
    house.floor.offered(&group("sales"), &call("d"), house.now);
    house.floor.offered(&group("sales"), &call("e"), house.now);
    house.pass(seconds(30));
    house.floor.unanswered(&call("e"), true, house.now);
    house.floor.take(&user("ben"), &call("d"), Some(&group("sales")), house.now);
    house.hangs_up("ana", "a");
    house.waits("f", AcdStrategy::LongestIdle);
    house.pass(seconds(7));
    let board = house.floor.wallboard(house.now);
    let [sales] = &board.groups[..] else { panic!("{board:?}") };
    let counts = [sales.offered, sales.answered, sales.abandoned, sales.within];
    assert_eq!(counts, [6, 2, 2, 1]);
    assert_eq!((sales.waiting, sales.longest_wait_ms), (1, 7_000));
    assert_eq!((sales.wait_max_ms, sales.talk_ms), (30_000, 55_000));
    assert_eq!((sales.available, sales.on_call), (1, 1));
    assert_eq!(sales.service_level, Some(0.25));
    let ana = &board.agents[0];
    assert_eq!((ana.answered, ana.talk_ms, &ana.groups[..]), (1, 55_000, &[group("sales")][..]));
}

#[test]
fn who_let_it_ring_is_asked_again_only_after_all_others() {
    let mut house = House::of(&["ana", "ben", "cleo"]);
    for (agent, calls) in [("ben", 1), ("cleo", 2)] {
        for _ in 0..calls {
            house.answers(agent, "before");
            house.hangs_up(agent, "before");
        }
    }
    house.waits("a", AcdStrategy::FewestCalls);
    for agent in ["ana", "ben", "cleo", "ana"] {
        assert_eq!(house.offers(), [format!("a: {agent}")]);
        house.pass(seconds(20));
        house.stops(agent, "a", RingEnd::Missed);
    }
}

#[test]
fn who_let_it_ring_has_not_been_idle() {
    let mut house = House::of(&["ana", "ben"]);
    house.waits("a", AcdStrategy::LongestIdle);
    assert_eq!(house.offers(), ["a: ana"]);
    house.pass(seconds(20));
    house.stops("ana", "a", RingEnd::Missed);
    house.leaves("a", QueueExit::Abandoned);
    house.waits("b", AcdStrategy::LongestIdle);
    assert_eq!(house.offers(), ["b: ben"]);
}

#[test]
fn a_call_that_another_group_helps_with_counts_for_one_group_in_all_numbers() {
    let mut house = House::of(&["ana"]);
    house.floor.take(&user("ana"), &call("hers"), None, house.now);
    house.add_group("second", &["ben"]);
    house.change_group("second", |second| second.rules.wrap_up_ms = Some(9_000));
    house.read();
    house.floor.set_registered(&user("ben"), true, house.now);
    let also = vec![(group("second"), seconds(0))];
    house.waits_as(Place { also, ..place("a", AcdStrategy::Simulring) });
    assert_eq!(house.offers(), ["a: ben"]);
    house.floor.take(&user("ben"), &call("a"), Some(&group("second")), house.now);
    house.leaves("a", QueueExit::Answered);
    house.pass(seconds(60));
    house.hangs_up("ben", "a");
    // The rules of the group in which he was found are his.
    assert_eq!(house.state("ben"), AgentState::WrapUp);
    let board = house.floor.wallboard(house.now);
    let numbers = |name: &str| {
        let of = board.groups.iter().find(|board| board.group == group(name)).expect("a group");
        (of.offered, of.answered, of.talk_ms)
    };
    assert_eq!((numbers("sales"), numbers("second")), ((1, 1, 60_000), (0, 0, 0)));
}
