//! `check` finds every pair of rules that share a minute of the week, and no other.

#![expect(clippy::unwrap_used, reason = "what a test cannot unwrap has failed")]

use std::collections::BTreeSet;

use calendar::{Mistake, check};
use model::IvrId;
use model::directory::schedule::{Schedule, TimeOfDay, Weekday, WeeklyRule};
use proptest::prelude::*;

const WEEK: usize = 7 * 1_440;

fn time() -> impl Strategy<Value = TimeOfDay> {
    // Coarse times meet exactly, fine ones miss by a minute.
    let coarse = (0u32..=4).prop_map(|quarter| quarter * 360);
    let minutes = prop_oneof![coarse, 0u32..=1_440];
    minutes.prop_map(|minutes| format!("{:02}:{:02}", minutes / 60, minutes % 60).parse().unwrap())
}

fn rules() -> impl Strategy<Value = Vec<WeeklyRule>> {
    let rule = (prop::sample::subsequence(Weekday::ALL, 0..=2), time(), time());
    prop::collection::vec(rule, 0..6).prop_map(|rules| {
        let rules = rules.into_iter().enumerate().map(|(index, (days, start, end))| WeeklyRule {
            name: index.to_string().into(),
            days,
            start,
            end,
            ivr_id: IvrId::from("i"),
        });
        rules.collect()
    })
}

/// The minutes of the week that a rule holds, by walking through them.
fn minutes(rule: &WeeklyRule) -> BTreeSet<usize> {
    let mut minutes = BTreeSet::new();
    for day in &rule.days {
        let day = Weekday::ALL.iter().position(|other| other == day).unwrap();
        let mut minute = day * 1_440 + usize::from(rule.start.minutes());
        loop {
            minutes.insert(minute % WEEK);
            minute += 1;
            if minute % 1_440 == usize::from(rule.end.minutes()) % 1_440 {
                break;
            }
        }
    }
    minutes
}

/// The minutes of the week that `Sat 00:00–06:00` names.
fn read(stretch: &str) -> Vec<usize> {
    let (day, times) = stretch.split_once(' ').unwrap();
    let (from, to) = times.split_once('–').unwrap();
    let minutes = |time: &str| usize::from(time.parse::<TimeOfDay>().unwrap().minutes());
    let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    let midnight = days.iter().position(|other| *other == day).unwrap() * 1_440;
    let (from, to) = (minutes(from), minutes(to));
    let to = if to > from { to } else { to + 1_440 };
    (from..to).map(|minute| (midnight + minute) % WEEK).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn every_overlap_is_found_and_no_other(rules in rules()) {
        let mut expected = BTreeSet::new();
        let sets: Vec<_> = rules.iter().map(minutes).collect();
        for (first, a) in sets.iter().enumerate() {
            for (second, b) in sets.iter().enumerate().skip(first + 1) {
                if !a.is_disjoint(b) {
                    expected.insert((first.to_string(), second.to_string()));
                }
            }
        }
        let schedule =
            Schedule { timezone: None, rules, holidays: Vec::new(), default_ivr_id: None };
        let mut found = BTreeSet::new();
        for mistake in check(&schedule) {
            if let Mistake::Overlap { first, second, at } = mistake {
                let (a, b): (usize, usize) = (first.parse().unwrap(), second.parse().unwrap());
                let both = |minute: &usize| sets[a].contains(minute) && sets[b].contains(minute);
                prop_assert!(read(&at.to_string()).iter().all(both), "{}", at);
                found.insert((first.to_string(), second.to_string()));
            }
        }
        prop_assert_eq!(found, expected);
    }
}
