//! The numbers agree with a recount of what happened.

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Event {
    Offered(u8),
    Abandoned(u8, u64),
    Answered(u8, u8, u64),
    Missed(u8),
    Talked(u8, u8, u64),
    Day(i64),
}

const LEVEL: Duration = Duration::from_millis(500);

fn group(number: u8) -> GroupId {
    GroupId::from(format!("g-{number}"))
}

fn agent(number: u8) -> UserId {
    UserId::from(format!("u-{number}"))
}

fn event() -> impl Strategy<Value = Event> {
    let (group, agent, time) = (0u8..3, 0u8..4, 0u64..1_000);
    prop_oneof![
        8 => group.clone().prop_map(Event::Offered),
        4 => (group.clone(), time.clone()).prop_map(|(g, t)| Event::Abandoned(g, t)),
        8 => (group.clone(), agent.clone(), time.clone())
            .prop_map(|(g, a, t)| Event::Answered(g, a, t)),
        4 => agent.clone().prop_map(Event::Missed),
        8 => (group, agent, time).prop_map(|(g, a, t)| Event::Talked(g, a, t)),
        1 => (0i64..4).prop_map(Event::Day),
    ]
}

fn tell(statistics: &mut Statistics, event: &Event) {
    match event {
        Event::Offered(g) => statistics.offered(&group(*g)),
        Event::Abandoned(g, waited) => {
            statistics.abandoned(&group(*g), Duration::from_millis(*waited));
        }
        Event::Answered(g, a, waited) => {
            statistics.answered(&group(*g), &agent(*a), Duration::from_millis(*waited), LEVEL);
        }
        Event::Missed(a) => statistics.missed(&agent(*a)),
        Event::Talked(g, a, time) => {
            statistics.talked(&group(*g), &agent(*a), Duration::from_millis(*time));
        }
        Event::Day(day) => statistics.set_day(*day),
    }
}

/// What happened since the day began.
fn today(events: &[Event]) -> &[Event] {
    let (mut day, mut first) = (0, 0);
    for (index, event) in events.iter().enumerate() {
        if let Event::Day(next) = event
            && *next != day
            && *next != day - 1
        {
            (day, first) = (*next, index);
        }
    }
    &events[first..]
}

fn count(events: &[Event], which: impl Fn(&Event) -> bool) -> u32 {
    u32::try_from(events.iter().filter(|event| which(event)).count()).unwrap()
}

fn recounted_group(events: &[Event], g: u8) -> GroupDay {
    let waits: Vec<u64> = events
        .iter()
        .filter_map(|event| match event {
            Event::Abandoned(of, waited) | Event::Answered(of, _, waited) => {
                (*of == g).then_some(*waited)
            }
            Event::Offered(_) | Event::Missed(_) | Event::Talked(..) | Event::Day(_) => None,
        })
        .collect();
    GroupDay {
        offered: count(events, |event| matches!(event, Event::Offered(of) if *of == g)),
        answered: count(events, |event| matches!(event, Event::Answered(of, ..) if *of == g)),
        abandoned: count(events, |event| matches!(event, Event::Abandoned(of, _) if *of == g)),
        within: count(
            events,
            |event| matches!(event, Event::Answered(of, _, waited) if *of == g && *waited <= 500),
        ),
        waited: Duration::from_millis(waits.iter().sum()),
        longest: Duration::from_millis(waits.iter().copied().max().unwrap_or(0)),
        talked: talked(events, |of, _| of == g),
    }
}

fn recounted_agent(events: &[Event], a: u8) -> AgentDay {
    AgentDay {
        answered: count(events, |event| matches!(event, Event::Answered(_, of, _) if *of == a)),
        missed: count(events, |event| matches!(event, Event::Missed(of) if *of == a)),
        talked: talked(events, |_, of| of == a),
    }
}

fn talked(events: &[Event], which: impl Fn(u8, u8) -> bool) -> Duration {
    let times = events.iter().map(|event| match event {
        Event::Talked(g, a, time) if which(*g, *a) => Duration::from_millis(*time),
        Event::Offered(_)
        | Event::Abandoned(..)
        | Event::Answered(..)
        | Event::Missed(_)
        | Event::Talked(..)
        | Event::Day(_) => Duration::ZERO,
    });
    times.sum()
}

proptest! {
    #[test]
    fn the_numbers_agree_with_a_recount(events in prop::collection::vec(event(), 0..200)) {
        let mut statistics = Statistics::new();
        for event in &events {
            tell(&mut statistics, event);
        }
        let events = today(&events);
        for g in 0..3 {
            let found = statistics.group(&group(g));
            let expected = recounted_group(events, g);
            prop_assert_eq!(found, expected);
            let board = GroupBoard::of(group(g), "G".into(), &found);
            let ended = expected.answered + expected.abandoned;
            let level = (ended > 0).then(|| f64::from(expected.within) / f64::from(ended));
            prop_assert_eq!(board.service_level, level);
            prop_assert!(level.is_none_or(|level| (0.0..=1.0).contains(&level)));
            prop_assert!(board.wait_avg_ms.unwrap_or(0) <= board.wait_max_ms);
        }
        for a in 0..4 {
            prop_assert_eq!(statistics.agent(&agent(a)), recounted_agent(events, a));
        }
    }
}

#[test]
fn a_new_day_begins_with_nothing_and_an_hour_back_at_midnight_is_no_new_day() {
    let (sales, ana) = (group(1), agent(1));
    let mut statistics = Statistics::new();
    let midnight = Millis::parse("2026-11-23T00:00:00.000Z").unwrap();
    let monday = Statistics::utc_day(midnight);
    assert_eq!(Statistics::utc_day(Millis(midnight.0 - 1)), monday - 1);
    statistics.set_day(monday);
    statistics.answered(&sales, &ana, LEVEL, LEVEL);
    statistics.set_day(monday - 1);
    statistics.set_day(monday);
    assert_eq!(statistics.group(&sales).within, 1);
    statistics.set_day(monday + 1);
    assert_eq!(statistics.group(&sales), GroupDay::default());
    assert_eq!(statistics.agent(&ana), AgentDay::default());
    // A clock that was years ahead is believed when it is put right.
    statistics.answered(&sales, &ana, LEVEL, LEVEL);
    statistics.set_day(monday - 700);
    assert_eq!(statistics.group(&sales), GroupDay::default());
}

#[test]
fn what_was_before_a_restart_counts() {
    let mut statistics = Statistics::new();
    statistics.restore(&agent(1), 7, Duration::from_secs(60));
    statistics.talked(&group(1), &agent(1), Duration::from_secs(1));
    let day = AgentDay { answered: 7, missed: 0, talked: Duration::from_secs(61) };
    assert_eq!(statistics.agent(&agent(1)), day);
}

#[test]
fn the_tables_have_a_greatest_size() {
    let mut statistics = Statistics::new();
    for number in 0..=Statistics::GROUPS {
        statistics.offered(&GroupId::from(number.to_string()));
    }
    for number in 0..=Statistics::AGENTS {
        statistics.missed(&UserId::from(number.to_string()));
    }
    assert_eq!(statistics.groups.len(), Statistics::GROUPS);
    assert_eq!(statistics.agents.len(), Statistics::AGENTS);
    assert_eq!(statistics.group(&GroupId::from(Statistics::GROUPS.to_string())).offered, 0);
    // Who has a row is counted on.
    statistics.offered(&GroupId::from("0"));
    assert_eq!(statistics.group(&GroupId::from("0")).offered, 2);
}

#[test]
fn a_board_counts_members_by_what_they_do_and_those_who_wait() {
    use model::agent_state::AgentState;
    let mut board = GroupBoard::of(group(1), "Sales".into(), &GroupDay::default());
    for state in AgentState::ALL {
        board.count(*state);
    }
    board.waits(Duration::from_millis(200));
    board.waits(Duration::from_millis(700));
    board.waits(Duration::from_millis(100));
    let members = [board.available, board.ringing, board.on_call, board.wrap_up, board.away];
    assert_eq!((members, board.offline), ([1; 5], 2));
    assert_eq!((board.waiting, board.longest_wait_ms), (3, 700));
    assert_eq!((board.service_level, board.wait_avg_ms), (None, None));
}
