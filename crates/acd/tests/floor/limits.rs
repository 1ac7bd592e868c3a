//! Everything that grows has an end.

use acd::{ChangeSource, Floor, Place, QueueFull};
use model::E164;
use model::call_graph::words::QueueExit;
use model::directory::{AcdStrategy, Availability};

use crate::house::{House, call, group, need, place, seconds, user};

#[test]
fn a_queue_has_as_many_places_as_its_ivr_says() {
    let mut house = House::of(&["ana"]);
    house.floor.set_registered(&user("ana"), false, house.now);
    let small = |name: &str| Place { max_size: 2, ..place(name, AcdStrategy::Simulring) };
    assert_eq!(house.floor.wait(small("a"), house.now), Ok(1));
    assert_eq!(house.floor.wait(small("b"), house.now), Ok(2));
    assert_eq!(house.floor.wait(small("c"), house.now), Err(QueueFull));
    // Who waits there already gives up his place for the new one.
    assert_eq!(house.floor.wait(small("a"), house.now), Ok(2));
    house.leaves("b", QueueExit::Abandoned);
    assert_eq!(house.floor.wait(small("c"), house.now), Ok(2));
}

#[test]
fn all_queues_together_have_a_limit() {
    let mut house = House::of(&[]);
    for number in 0..Floor::WAITING {
        let place = Place {
            group: group(&format!("g-{}", number % 300)),
            ..place(&format!("call-{number}"), AcdStrategy::Simulring)
        };
        assert!(house.floor.wait(place, house.now).is_ok());
    }
    let more = place("more", AcdStrategy::Simulring);
    assert_eq!(house.floor.wait(more.clone(), house.now), Err(QueueFull));
    house.leaves("call-7", QueueExit::Abandoned);
    assert_eq!(house.floor.wait(more, house.now), Ok(1));
}

#[test]
fn a_place_names_so_many_groups_and_skills() {
    let mut house = House::of(&["ana"]);
    for number in 0..=Place::ALSO_GROUPS {
        house.add_group(&format!("g-{number:02}"), &[&format!("agent-{number:02}")]);
    }
    house.read();
    house.floor.set_registered(&user("ana"), false, house.now);
    let also = (0..=Place::ALSO_GROUPS).map(|n| (group(&format!("g-{n:02}")), seconds(1)));
    house.waits_as(Place { also: also.collect(), ..place("a", AcdStrategy::Simulring) });
    house.pass(seconds(1));
    for number in 0..=Place::ALSO_GROUPS {
        house.floor.set_registered(&user(&format!("agent-{number:02}")), true, house.now);
    }
    let all: Vec<_> = (0..Place::ALSO_GROUPS).map(|number| format!("agent-{number:02}")).collect();
    assert_eq!(house.offers(), [format!("a: {}", all.join(" "))]);

    let mut house = House::of(&["ana"]);
    house.change_user("ana", |ana| {
        ana.skills = (0..Place::SKILLS).map(|n| (format!("skill-{n}").into(), 1)).collect();
    });
    house.read();
    let skills = (0..=Place::SKILLS).map(|n| need(&format!("skill-{n}"), 1, seconds(0), 1));
    house.waits_as(Place { skills: skills.collect(), ..place("a", AcdStrategy::Skills) });
    assert_eq!(house.offers(), ["a: ana"]);
}

#[test]
fn the_oldest_last_agent_goes() {
    let mut house = House::of(&["ana"]);
    let number = |n: usize| E164::parse(&format!("+4930{n:07}")).expect("a number");
    for n in 0..=Floor::LAST_AGENTS {
        house.floor.talked_with(number(n), user("ana"));
        // Who talks again is not the oldest.
        house.floor.talked_with(number(0), user("ana"));
    }
    assert_eq!(house.floor.last_agent(&number(1)), None);
    assert!(house.floor.last_agent(&number(0)).is_some());
    assert!(house.floor.last_agent(&number(2)).is_some());
    assert!(house.floor.last_agent(&number(Floor::LAST_AGENTS)).is_some());
}

#[test]
fn changes_that_nobody_fetches_do_not_pile_up() {
    let mut house = House::of(&["ana"]);
    let (ana, now) = (user("ana"), house.now);
    for number in 0..Floor::CHANGES + 10 {
        let reason = Some(number.to_string().into());
        house.floor.set_availability(&ana, Availability::Away, reason, ChangeSource::Api, now);
    }
    let changes = house.floor.changes();
    assert_eq!(changes.len(), Floor::CHANGES);
    assert_eq!(changes[0].reason.as_deref(), Some("10"));
}

#[test]
fn stages_that_nobody_ends_do_not_pile_up() {
    let mut house = House::of(&["ana"]);
    for number in 0..=Floor::STAGES {
        house.floor.offered(&group("sales"), &call(&format!("{number:06}")), house.now);
    }
    house.floor.unanswered(&call("000000"), true, house.now);
    house.floor.unanswered(&call("000001"), true, house.now);
    assert_eq!(house.floor.wallboard(house.now).groups[0].abandoned, 1);
}

#[test]
fn levels_relax_no_further_than_they_say_even_after_a_very_long_time() {
    let mut house = House::of(&["ana"]);
    let skills = vec![need("spanish", 10, std::time::Duration::from_millis(1), 1)];
    house.waits_as(Place { skills, ..place("a", AcdStrategy::Skills) });
    house.pass(seconds(1_000_000_000));
    assert_eq!(house.offers(), Vec::<String>::new());
    assert_eq!(house.floor.deadline(), None);
    let skills = vec![need("spanish", 10, seconds(3_600), 0)];
    house.waits_as(Place { skills, ..place("b", AcdStrategy::Skills) });
    house.pass(seconds(36_000));
    assert_eq!(house.offers(), ["b: ana"]);
}
