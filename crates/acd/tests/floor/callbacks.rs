//! A caller who does not want to wait is called back when it is his turn (F4).

use acd::{Callback, Floor, RingEnd};
use model::E164;
use model::call_graph::words::QueueExit;
use model::directory::{AcdStrategy, Device, DeviceKind};

use crate::house::{House, call, seconds, user};

fn keep(house: &mut House, name: &str) {
    let number = E164::parse("+4930123456").expect("a number");
    let callback = Callback { number, caller_id: "n-1".into(), name: None };
    house.floor.keep_place(&call(name), callback, house.now);
    house.leaves(name, QueueExit::Callback);
    assert_eq!(house.offers(), [""; 0], "he is still on the line");
    house.floor.hung_up(&call(name), house.now);
}

fn busy(agents: &[&str]) -> House {
    let mut house = House::of(agents);
    for agent in agents {
        house.floor.take(&user(agent), &call(agent), None, house.now);
    }
    house
}

#[test]
fn his_place_goes_on_without_him_and_one_member_is_rung_for_it() {
    let mut house = busy(&["ana", "ben"]);
    house.waits("a", AcdStrategy::Simulring);
    house.waits("b", AcdStrategy::Simulring);
    keep(&mut house, "a");
    house.hangs_up("ana", "ana");
    house.hangs_up("ben", "ben");
    assert_eq!(house.offers(), ["a at +4930123456: ana", "b: ben"]);
    house.floor.begin_callback(&call("a"), &call("back"), house.now);
    house.floor.ring(&user("ana"), &call("back"), None, house.now);
    assert_eq!(house.floor.calls_ringing(&user("ana")).count(), 1);
    house.pass(seconds(3));
    house.leaves("back", QueueExit::Answered);
    house.answers("ana", "back");
    // He waited for no time himself.
    assert_eq!(house.floor.wallboard(house.now).groups[0].wait_max_ms, 0);
    assert_eq!(house.floor.standing(&call("back")), None);
    assert!(!house.floor.is_ringing(&user("ana")) && house.floor.is_on_call(&user("ana")));
}

#[test]
fn a_member_who_does_not_answer_leaves_it_to_the_next() {
    let mut house = busy(&["ana", "ben"]);
    house.waits("a", AcdStrategy::Sequential);
    keep(&mut house, "a");
    house.hangs_up("ana", "ana");
    assert_eq!(house.offers(), ["a at +4930123456: ana"]);
    house.floor.begin_callback(&call("a"), &call("back"), house.now);
    house.pass(seconds(20));
    house.hangs_up("ben", "ben");
    house.stops("ana", "back", RingEnd::Missed);
    house.floor.ready(&call("back"), None, house.now);
    assert_eq!(house.offers(), ["back at +4930123456: ben"]);
}

#[test]
fn one_that_is_never_begun_holds_nobody() {
    let mut house = House::of(&["ana"]);
    house.waits("a", AcdStrategy::LongestIdle);
    keep(&mut house, "a");
    assert_eq!(house.offers(), ["a at +4930123456: ana"]);
    house.pass(Floor::CALLBACK_BEGINS);
    assert!(!house.floor.is_ringing(&user("ana")));
    assert_eq!(house.offers(), ["a at +4930123456: ana"]);
}

#[test]
fn it_is_given_up_after_enough_offers_or_enough_time() {
    let mut house = House::of(&["ana"]);
    house.waits("a", AcdStrategy::LongestIdle);
    keep(&mut house, "a");
    let mut offers = 0;
    while !house.offers().is_empty() {
        offers += 1;
        house.pass(seconds(5));
        house.stops("ana", "a", RingEnd::Missed);
    }
    assert_eq!(offers, Floor::CALLBACK_OFFERS);
    assert_eq!(house.floor.standing(&call("a")), None);

    let mut house = busy(&["ana"]);
    house.waits("b", AcdStrategy::LongestIdle);
    house.pass(seconds(100));
    keep(&mut house, "b");
    assert_eq!(house.floor.deadline(), Some(house.now.mono + Floor::CALLBACK_LIFETIME));
    house.pass(Floor::CALLBACK_LIFETIME);
    assert_eq!(house.floor.standing(&call("b")), None);
    assert_eq!(house.floor.deadline(), None);
}

#[test]
fn one_that_cannot_be_begun_holds_nobody_and_is_not_given_up() {
    let mut house = House::of(&["ana"]);
    house.waits("a", AcdStrategy::LongestIdle);
    keep(&mut house, "a");
    for _ in 0..2 * Floor::CALLBACK_OFFERS {
        assert_eq!(house.offers(), ["a at +4930123456: ana"]);
        house.floor.postpone(&call("a"), house.now);
        assert!(!house.floor.is_ringing(&user("ana")));
        assert_eq!(house.offers(), [""; 0], "not at once");
        house.pass(Floor::CALLBACK_BEGINS);
    }
}

#[test]
fn who_could_not_be_rung_has_not_let_it_ring() {
    let mut house = House::of(&["ana"]);
    house.waits("a", AcdStrategy::LongestIdle);
    keep(&mut house, "a");
    for end in [RingEnd::Failed, RingEnd::Stopped] {
        for _ in 0..=Floor::CALLBACK_OFFERS {
            assert_eq!(house.offers(), ["a at +4930123456: ana"], "{end:?}");
            house.stops("ana", "a", end);
            house.pass(Floor::REST);
        }
    }
}

#[test]
fn who_has_only_a_number_outside_calls_nobody_back() {
    let mut house = House::of(&["ana"]);
    house.floor.set_registered(&user("ana"), false, house.now);
    house.change_user("ana", |ana| {
        ana.devices = vec![Device {
            id: "mobile".into(),
            label: None,
            kind: DeviceKind::Number,
            instance: None,
            user_agent: None,
            number: Some("+491701234567".into()),
        }];
        ana.acd_receiver = Some("mobile".into());
    });
    house.read();
    house.waits("a", AcdStrategy::LongestIdle);
    keep(&mut house, "a");
    assert_eq!(house.offers(), [""; 0]);
    house.floor.set_registered(&user("ana"), true, house.now);
    assert_eq!(house.offers(), ["a at +4930123456: ana"]);
}

#[test]
fn what_was_offered_before_he_asked_does_not_count() {
    let mut house = House::of(&["ana"]);
    house.waits("a", AcdStrategy::LongestIdle);
    for _ in 0..Floor::CALLBACK_OFFERS {
        assert_eq!(house.offers(), ["a: ana"]);
        house.pass(seconds(20));
        house.stops("ana", "a", RingEnd::Missed);
    }
    keep(&mut house, "a");
    assert_eq!(house.offers(), ["a at +4930123456: ana"]);
}
