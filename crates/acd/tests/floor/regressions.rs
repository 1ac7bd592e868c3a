//! What queues of others got wrong, each by the thread that tells of it.

use acd::{AgentState, RingEnd};
use model::call_graph::words::QueueExit;
use model::directory::AcdStrategy;

use crate::house::{House, call, group, user};

/// signalwire/freeswitch#2540 (and #2575): of ten agents rung together some stay `Reserved` for
/// ever when their legs start while another one answers.
#[test]
fn freeswitch_2540() {
    let names: Vec<String> = (0..12).map(|number| format!("agent-{number:02}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut house = House::of(&names);
    house.waits("a", AcdStrategy::Simulring);
    assert_eq!(house.offers(), [format!("a: {}", names.join(" "))]);
    // Only some legs have been started when the first one answers; the driver stops what it has
    // started, in no order, before and after the caller leaves.
    for agent in &names[..7] {
        house.floor.ring(&user(agent), &call("a"), Some(&group("sales")), house.now);
    }
    for agent in &names[1..4] {
        house.stops(agent, "a", RingEnd::Stopped);
    }
    house.answers(names[0], "a");
    for agent in &names[4..7] {
        house.stops(agent, "a", RingEnd::Stopped);
    }
    for agent in &names[1..] {
        assert_eq!(house.state(agent), AgentState::Available, "{agent}");
        assert!(!house.floor.is_ringing(&user(agent)), "{agent}");
    }
    house.waits("b", AcdStrategy::Simulring);
    assert_eq!(house.offers(), [format!("b: {}", names[1..].join(" "))]);
}

/// signalwire/freeswitch#1973: hours later callers who left long ago still stand in the queue as
/// "Answered".
#[test]
fn freeswitch_1973() {
    let mut house = House::of(&["ana"]);
    for round in 0..1_000 {
        let (answered, left) = (format!("answered-{round}"), format!("left-{round}"));
        assert_eq!(house.waits(&answered, AcdStrategy::LongestIdle), 1);
        assert_eq!(house.waits(&left, AcdStrategy::LongestIdle), 2);
        assert_eq!(house.offers(), [format!("{answered}: ana")]);
        house.answers("ana", &answered);
        house.leaves(&left, QueueExit::Abandoned);
        // What was already over may be said again.
        house.leaves(&answered, QueueExit::Answered);
        house.stops("ana", &left, RingEnd::Stopped);
        house.hangs_up("ana", &answered);
        assert_eq!(house.floor.standing(&call(&answered)), None);
    }
    let board = house.floor.wallboard(house.now);
    assert_eq!((board.groups[0].waiting, board.groups[0].answered), (0, 1_000));
    assert_eq!(house.floor.deadline(), None);
}

/// OpenSIPS/opensips#3123: after a few thousand calls agents are locked "incall" until the server
/// is started again.
#[test]
fn opensips_3123() {
    let names = ["ana", "ben", "cleo", "dora"];
    let mut house = House::of(&names);
    let ends = [RingEnd::Missed, RingEnd::Failed, RingEnd::Declined, RingEnd::Stopped];
    let strategies = AcdStrategy::ALL.iter().filter(|kind| **kind != AcdStrategy::Single);
    for (round, strategy) in strategies.cycle().take(5_000).enumerate() {
        let name = format!("call-{round}");
        house.waits(&name, *strategy);
        house.offers();
        // Every way in which a call can end, and one that breaks.
        let rung: Vec<&str> = names.into_iter().filter(|who| rings(&house, who, &name)).collect();
        match round % 6 {
            0 => rung.iter().for_each(|who| house.stops(who, &name, ends[round % 4])),
            1 => house.floor.forget(&call(&name), house.now),
            _ => {
                if let Some(who) = rung.first() {
                    house.answers(who, &name);
                    if round % 6 == 2 {
                        house.floor.forget(&call(&name), house.now);
                    } else {
                        house.hangs_up(who, &name);
                    }
                }
            }
        }
        house.leaves(&name, QueueExit::Abandoned);
        house.pass(acd::Floor::REST);
        for who in names {
            assert_eq!(house.state(who), AgentState::Available, "{who} after {name}");
            assert!(house.floor.may_be_offered(&user(who)));
        }
    }
}

/// signalwire/freeswitch#2901: the same user is rung twice for one caller.
#[test]
fn freeswitch_2901() {
    let mut house = House::of(&["ana", "ben"]);
    // She is in two groups that are searched, twice in one of them, and a call rings her already.
    house.add_group("support", &["ana", "ana"]);
    house.read();
    house.floor.ring(&user("ana"), &call("elsewhere"), None, house.now);
    let also = vec![(group("support"), std::time::Duration::ZERO)];
    let place = crate::house::place("a", AcdStrategy::Simulring);
    house.waits_as(acd::Place { also, ..place });
    assert_eq!(house.offers(), ["a: ana ben"]);
    // The driver says it again.
    for _ in 0..2 {
        house.floor.ring(&user("ana"), &call("a"), Some(&group("sales")), house.now);
    }
    assert!(rings(&house, "ana", "a"));
    house.stops("ana", "a", RingEnd::Stopped);
    assert!(!rings(&house, "ana", "a"));
    assert_eq!(house.offers(), Vec::<String>::new());
}

fn rings(house: &House, who: &str, name: &str) -> bool {
    let who = user(who);
    let calls = house.floor.calls_ringing(&who);
    match calls.filter(|ringing| **ringing == call(name)).count() {
        0 => false,
        1 => true,
        more => panic!("{who} is rung {more} times by {name}"),
    }
}
