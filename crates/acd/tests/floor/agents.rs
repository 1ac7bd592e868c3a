//! What an agent is doing, and whether he may be offered calls (D37; F3).

use acd::{AgentDefaults, AgentState, ChangeSource, RingEnd, Today};
use model::directory::{AcdStrategy, Assignment, Availability, Device, DeviceKind, Number};
use model::{E164, Millis};

use crate::house::{House, call, group, seconds, user};

#[test]
fn every_change_of_an_agent_is_told_once_with_its_cause() {
    let mut house = House::of(&["ana"]);
    house.change_group("sales", |sales| sales.rules.wrap_up_ms = Some(10_000));
    house.read();
    let (ana, now) = (user("ana"), house.now);
    house.floor.set_registered(&ana, true, now);
    house.floor.ring(&ana, &call("a"), Some(&group("sales")), now);
    house.floor.take(&ana, &call("a"), Some(&group("sales")), now);
    house.hangs_up("ana", "a");
    house.pass(seconds(10));
    house.floor.set_availability(
        &ana,
        Availability::Busy,
        Some("lunch".into()),
        ChangeSource::Phone,
        house.now,
    );
    house.floor.set_unreachable(&ana, house.now);
    house.floor.set_registered(&ana, true, house.now);
    house.floor.set_registered(&ana, false, house.now);
    assert_eq!(
        house.changes(),
        [
            "ana ringing by call",
            "ana on_call by call",
            "ana wrap_up by call",
            "ana available by time",
            "ana away by phone",
            "ana unreachable by alert",
            "ana away by registration",
            "ana offline by registration",
        ]
    );
    assert_eq!(house.floor.agent(&ana).reason.as_deref(), Some("lunch"));
    assert_eq!(house.changes(), Vec::<String>::new());
}

#[test]
fn a_reason_that_changes_is_told_even_if_nothing_else_does() {
    let mut house = House::of(&["ana"]);
    house.says("ana", Availability::Away);
    let now = house.now;
    let reason = Some("lunch".into());
    house.floor.set_availability(&user("ana"), Availability::Away, reason, ChangeSource::Api, now);
    let since = house.floor.agent(&user("ana")).since;
    assert_eq!(house.changes(), ["ana away by api", "ana away by api"]);
    assert_eq!(since, house.now.wall);
}

#[test]
fn who_is_not_there_away_talking_or_wrapping_up_is_not_offered_a_call() {
    let mut house = House::of(&["ana", "ben", "cleo", "dora", "eva", "finn"]);
    house.change_group("sales", |sales| sales.rules.wrap_up_ms = Some(10_000));
    house.read();
    house.floor.set_registered(&user("ana"), false, house.now);
    house.says("ben", Availability::Away);
    house.floor.take(&user("cleo"), &call("own"), None, house.now);
    house.floor.take(&user("dora"), &call("of sales"), Some(&group("sales")), house.now);
    house.hangs_up("dora", "of sales");
    house.floor.set_unreachable(&user("eva"), house.now);
    house.floor.ring(&user("finn"), &call("elsewhere"), None, house.now);
    let may = |name: &str| house.floor.may_be_offered(&user(name));
    let all = ["ana", "ben", "cleo", "dora", "eva", "finn"];
    assert_eq!(all.map(may), [false, false, false, false, false, true]);
    assert!(!house.floor.may_be_offered(&user("nobody")));
    house.waits("a", AcdStrategy::Simulring);
    assert_eq!(house.offers(), ["a: finn"]);
}

#[test]
fn wrap_up_is_the_groups_or_the_configurations_and_ends_early_for_who_is_ready() {
    let mut house = House::of(&["ana", "ben"]);
    house.defaults = AgentDefaults { wrap_up_ms: 4_000, ..AgentDefaults::default() };
    house.read();
    for agent in ["ana", "ben"] {
        house.floor.take(&user(agent), &call(agent), Some(&group("sales")), house.now);
        house.hangs_up(agent, agent);
    }
    house.says("ana", Availability::Available);
    assert_eq!(house.state("ana"), AgentState::Available);
    house.pass(seconds(3));
    assert_eq!(house.state("ben"), AgentState::WrapUp);
    assert_eq!(house.floor.deadline(), Some(house.now.mono + seconds(1)));
    house.pass(seconds(1));
    assert_eq!(house.state("ben"), AgentState::Available);
    assert_eq!(house.floor.deadline(), None);
    // A call that is nobody's group's needs none.
    house.floor.take(&user("ana"), &call("own"), None, house.now);
    house.hangs_up("ana", "own");
    assert_eq!(house.state("ana"), AgentState::Available);
}

#[test]
fn who_misses_as_many_as_the_group_lets_him_is_away() {
    let mut house = House::of(&["ana"]);
    house.change_group("sales", |sales| sales.rules.pause_after_missed = Some(2));
    house.read();
    let ana = user("ana");
    let miss = |house: &mut House, of: Option<&str>, how: RingEnd| {
        let of = of.map(group);
        house.floor.ring(&ana, &call("a"), of.as_ref(), house.now);
        house.stops("ana", "a", how);
        house.state("ana")
    };
    assert_eq!(miss(&mut house, Some("sales"), RingEnd::Missed), AgentState::Available);
    // To decline is to be there, and a call to himself is his own affair.
    assert_eq!(miss(&mut house, Some("sales"), RingEnd::Declined), AgentState::Available);
    assert_eq!(miss(&mut house, Some("sales"), RingEnd::Missed), AgentState::Available);
    assert_eq!(miss(&mut house, None, RingEnd::Missed), AgentState::Available);
    house.changes();
    assert_eq!(miss(&mut house, Some("sales"), RingEnd::Missed), AgentState::Away);
    assert_eq!(house.changes(), ["ana ringing by call", "ana away by missed"]);
    assert_eq!(house.floor.agent(&ana).reason.as_deref(), Some("missed"));
    assert_eq!(house.floor.wallboard(house.now).agents[0].missed, 3);
}

#[test]
fn nobody_is_paused_where_the_rule_is_zero() {
    let mut house = House::of(&["ana"]);
    for _ in 0..50 {
        house.floor.ring(&user("ana"), &call("a"), Some(&group("sales")), house.now);
        house.stops("ana", "a", RingEnd::Missed);
    }
    assert_eq!(house.state("ana"), AgentState::Available);
}

#[test]
fn a_receiver_outside_needs_no_registration() {
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
    assert!(!house.floor.is_registered(&user("ana")));
    assert!(house.floor.may_be_offered(&user("ana")));
    assert!(house.floor.is_staffed(&group("sales")));
    assert_eq!(house.state("ana"), AgentState::Available);
}

#[test]
fn a_receiver_that_would_call_us_back_is_none() {
    let mut house = House::of(&["ana"]);
    house.floor.set_registered(&user("ana"), false, house.now);
    let ours = E164::parse("+493012345600").expect("a number");
    house.change_user("ana", |ana| {
        ana.devices = vec![Device {
            id: "mobile".into(),
            label: None,
            kind: DeviceKind::Number,
            instance: None,
            user_agent: None,
            number: Some(ours.as_str().into()),
        }];
        ana.acd_receiver = Some("mobile".into());
    });
    house.directory.add_number(Number {
        id: "n-sales".into(),
        e164: ours,
        assignment: Assignment::Group(group("sales"), "ivr-sales".into()),
        is_default: true,
        missed_call_owner: None,
        missed_call_owner_group: None,
        recording: None,
    });
    house.read();
    assert!(!house.floor.may_be_offered(&user("ana")));
    assert_eq!(house.state("ana"), AgentState::Offline);
}

#[test]
fn a_group_is_staffed_by_who_is_there_even_if_he_talks() {
    let mut house = House::of(&["ana", "ben"]);
    house.says("ana", Availability::Away);
    house.floor.take(&user("ben"), &call("a"), None, house.now);
    assert!(house.floor.is_staffed(&group("sales")));
    house.floor.set_registered(&user("ben"), false, house.now);
    assert!(!house.floor.is_staffed(&group("sales")));
    assert!(!house.floor.is_staffed(&group("none")));
}

#[test]
fn a_new_directory_changes_nothing_that_agents_chose_or_do() {
    let mut house = House::of(&["ana", "ben", "cleo"]);
    house.says("ana", Availability::Busy);
    house.floor.take(&user("ben"), &call("a"), Some(&group("sales")), house.now);
    house.add_group("sales", &["cleo", "ana"]);
    house.changes();
    house.read();
    assert_eq!(house.changes(), Vec::<String>::new());
    assert_eq!(house.state("ana"), AgentState::Away);
    assert_eq!(house.state("ben"), AgentState::OnCall);
    house.hangs_up("ben", "a");
    house.waits("b", AcdStrategy::Simulring);
    assert_eq!(house.offers(), ["b: cleo"]);
}

#[test]
fn who_is_no_user_any_more_is_offered_nothing_and_is_let_go() {
    let mut house = House::of(&["ana", "ben"]);
    house.floor.take(&user("ana"), &call("a"), Some(&group("sales")), house.now);
    let mut other = House::of(&["ben"]);
    house.directory = std::mem::take(&mut other.directory);
    house.read();
    assert!(house.floor.is_on_call(&user("ana")));
    house.floor.set_registered(&user("ana"), false, house.now);
    house.hangs_up("ana", "a");
    house.waits("b", AcdStrategy::Simulring);
    assert_eq!(house.offers(), ["b: ben"]);
    let board = house.floor.wallboard(house.now);
    assert_eq!(board.agents.len(), 1);
}

#[test]
fn today_goes_on_after_a_restart() {
    let mut house = House::of(&["ana", "ben", "cleo"]);
    let before = |seconds: i64| Some(Millis(house.now.wall.0 - seconds * 1_000));
    let today = |answered, last_ended| Today { answered, talked: seconds(60), last_ended };
    let (ana, ben) = (today(3, before(500)), today(1, before(900)));
    house.floor.restore_today(&user("ana"), ana, house.now);
    house.floor.restore_today(&user("ben"), ben, house.now);
    house.waits("a", AcdStrategy::LongestIdle);
    house.waits("b", AcdStrategy::FewestCalls);
    assert_eq!(house.offers(), ["a: ben", "b: cleo"]);
    let board = house.floor.wallboard(house.now);
    assert_eq!(board.agents.iter().map(|agent| agent.answered).collect::<Vec<_>>(), [3, 1, 0]);
}

#[test]
fn another_day_begins_at_midnight_of_utc_or_when_it_is_told() {
    let mut house = House::of(&["ana"]);
    let talk = |house: &mut House| {
        house.floor.take(&user("ana"), &call("a"), Some(&group("sales")), house.now);
        house.hangs_up("ana", "a");
        house.floor.wallboard(house.now).groups[0].answered
    };
    assert_eq!([talk(&mut house), talk(&mut house)], [1, 2]);
    house.pass(seconds(24 * 3600));
    assert_eq!(talk(&mut house), 1);
    house.floor.set_day(40_000, house.now);
    assert_eq!([talk(&mut house), talk(&mut house)], [1, 2]);
    house.pass(seconds(24 * 3600));
    assert_eq!(talk(&mut house), 3);
}

#[test]
fn a_number_is_known_by_whom_it_talked_with_last() {
    let mut house = House::of(&["ana", "ben"]);
    let number = E164::parse("+493012345678").expect("a number");
    assert_eq!(house.floor.last_agent(&number), None);
    house.floor.talked_with(number.clone(), user("ana"));
    house.floor.talked_with(number.clone(), user("ben"));
    assert_eq!(house.floor.last_agent(&number), Some(&user("ben")));
}

#[test]
fn a_call_that_becomes_part_of_another_takes_its_people_along() {
    let mut house = House::of(&["ana", "ben", "cat"]);
    house.change_group("sales", |sales| sales.rules.wrap_up_ms = Some(10_000));
    house.read();
    let now = house.now;
    house.floor.take(&user("ana"), &call("a"), None, now);
    house.floor.take(&user("ana"), &call("b"), None, now);
    house.floor.take(&user("ben"), &call("b"), Some(&group("sales")), now);
    house.floor.ring(&user("cat"), &call("b"), None, now);
    house.changes();
    house.floor.becomes(&call("b"), &call("a"), now);
    assert_eq!(house.changes(), Vec::<String>::new());
    assert!(house.floor.calls_ringing(&user("cat")).eq([&call("a")]));
    // Who was on both is on one, and whose call it was of the group has his wrap-up after it.
    house.hangs_up("ana", "a");
    house.hangs_up("ben", "a");
    house.floor.stop_ringing(&user("cat"), &call("a"), RingEnd::Stopped, house.now);
    assert_eq!(
        house.changes(),
        ["ana available by call", "ben wrap_up by call", "cat available by call"]
    );
    house.floor.becomes(&call("b"), &call("c"), house.now);
    assert_eq!(house.changes(), Vec::<String>::new());
}
