//! What every strategy is held to, and what each of them prefers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use model::UserId;

use super::{AcdStrategy, Candidate, Field, SearchRules, Strategy, Turn, strategy};

const GAP: Duration = Duration::from_secs(1);

/// A member of a group, and whether he may be offered a call now.
#[derive(Clone, Debug)]
struct Member {
    user: UserId,
    free: bool,
    idle: u64,
    answered: u32,
    talked: u64,
    weight: u16,
    skills: BTreeMap<Arc<str>, u8>,
    rings_elsewhere: bool,
}

fn member(name: &str) -> Member {
    Member {
        user: UserId::from(name),
        free: true,
        idle: 0,
        answered: 0,
        talked: 0,
        weight: 1,
        skills: BTreeMap::new(),
        rings_elsewhere: false,
    }
}

/// What a strategy is asked about.
#[derive(Clone, Debug, Default)]
struct Group {
    members: Vec<Member>,
    now: Duration,
    cursor: Option<usize>,
    ringing: usize,
    needs: Vec<(Arc<str>, u8)>,
    random: u64,
}

impl Group {
    fn of(members: Vec<Member>) -> Self {
        Self { members, ..Self::default() }
    }

    fn named(names: &[&str]) -> Self {
        Self::of(names.iter().map(|name| member(name)).collect())
    }

    fn candidates(&self) -> Vec<Candidate<'_>> {
        let free = self.members.iter().enumerate().filter(|(_, member)| member.free);
        let candidates = free.map(|(position, member)| Candidate {
            user: &member.user,
            position,
            idle: Duration::from_secs(member.idle),
            answered: member.answered,
            talked: Duration::from_secs(member.talked),
            weight: member.weight,
            skills: &member.skills,
            rings_elsewhere: member.rings_elsewhere,
        });
        candidates.collect()
    }

    fn ask(&self, strategy: &mut dyn Strategy) -> Turn {
        strategy.turn(&Field {
            now: self.now,
            candidates: &self.candidates(),
            members: self.members.len(),
            cursor: self.cursor,
            ringing: self.ringing,
            needs: &self.needs,
            random: self.random,
        })
    }

    /// Asks until it is over, a millisecond later each time, while nobody answers.
    fn lap(&mut self, kind: AcdStrategy) -> String {
        let rules = SearchRules { max_rounds: Some(1), ..SearchRules::default() };
        let mut strategy = strategy(kind, &rules);
        let mut offered = Vec::new();
        loop {
            match self.ask(&mut *strategy) {
                Turn::Offer(users) => offered.extend(users),
                Turn::Rest(until) => self.now = until,
                Turn::Over => break,
            }
            self.now += Duration::from_millis(1);
        }
        let names: Vec<_> = offered.iter().map(UserId::as_str).collect();
        names.join(" ")
    }
}

fn offer(names: &[&str]) -> Turn {
    Turn::Offer(names.iter().map(|name| UserId::from(*name)).collect())
}

/// Those that ring a member whom another call rings.
fn rings_all(kind: AcdStrategy) -> bool {
    use AcdStrategy as A;
    matches!(kind, A::Single | A::Simulring | A::ProgressiveSimulring)
}

mod properties {
    use proptest::prelude::Strategy as Values;
    use proptest::prelude::*;

    use super::{AcdStrategy, BTreeMap, BTreeSet, Duration, Group, Member, SearchRules, Turn};
    use super::{member, rings_all, strategy};

    fn a_member(index: usize) -> impl Values<Value = Member> {
        let counts = (0u64..4, 0u32..4, 0u64..4, 0u16..4, 0u8..4);
        (any::<bool>(), prop::bool::weighted(0.2), counts).prop_map(
            move |(free, rings_elsewhere, (idle, answered, talked, weight, level))| Member {
                free,
                idle,
                answered,
                talked,
                weight,
                skills: BTreeMap::from([("german".into(), level)]),
                rings_elsewhere,
                ..member(&format!("u-{index}"))
            },
        )
    }

    fn group() -> impl Values<Value = Group> {
        let members =
            (0usize..7).prop_flat_map(|count| (0..count).map(a_member).collect::<Vec<_>>());
        (members, prop::option::of(0usize..8), any::<u64>()).prop_map(
            |(members, cursor, random)| Group {
                members,
                cursor,
                random,
                needs: vec![("german".into(), 1)],
                now: Duration::from_secs(100),
                ..Group::default()
            },
        )
    }

    fn rules() -> impl Values<Value = SearchRules> {
        (prop::option::of(0u32..4), 0u64..3, 0u16..4, 0u64..4).prop_map(
            |(max_rounds, gap, step_members, step)| SearchRules {
                max_rounds,
                lap_gap: Duration::from_secs(gap),
                step_members,
                step: Duration::from_secs(step),
            },
        )
    }

    fn kind() -> impl Values<Value = AcdStrategy> {
        prop::sample::select(AcdStrategy::ALL)
    }

    /// What is different at the next question: who is free, how much later it is in ms, how many
    /// still ring.
    type Step = (Vec<bool>, u64, bool, u64);

    fn steps() -> impl Values<Value = Vec<Step>> {
        let free = prop::collection::vec(any::<bool>(), 7);
        prop::collection::vec((free, 0u64..3_000, any::<bool>(), any::<u64>()), 1..40)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]

        #[test]
        fn a_turn_offers_candidates_only_and_nobody_twice_in_a_lap(
            kind in kind(), mut group in group(), rules in rules(), steps in steps(),
        ) {
            let mut strategy = strategy(kind, &rules);
            let (mut lap, mut round, mut over) = (BTreeSet::new(), 1, false);
            for (free, later, rings, random) in steps {
                let turn = group.ask(&mut *strategy);
                if strategy.round() != round {
                    round = strategy.round();
                    lap.clear();
                }
                prop_assert!(u32::from(round) <= rules.max_rounds.unwrap_or(u32::MAX).max(1));
                match turn {
                    Turn::Offer(users) => {
                        prop_assert!(!over && !users.is_empty());
                        for user in &users {
                            let who = group.members.iter().position(|who| who.user == *user);
                            let member = &group.members[who.unwrap()];
                            prop_assert!(member.free, "no candidate");
                            prop_assert!(rings_all(kind) || !member.rings_elsewhere);
                            prop_assert!(lap.insert(user.clone()), "twice in a lap");
                            group.cursor = who;
                        }
                        group.ringing += users.len();
                    }
                    Turn::Rest(until) => {
                        prop_assert!(!over && until > group.now);
                        // Every other time it is asked when it said.
                        group.now = if random % 2 == 0 { until } else { group.now };
                    }
                    Turn::Over => over = true,
                }
                group.now += Duration::from_millis(later);
                group.ringing = if rings { group.ringing } else { 0 };
                group.random = random;
                for (member, free) in group.members.iter_mut().zip(free) {
                    member.free = free;
                }
            }
        }

        #[test]
        fn every_candidate_is_offered_the_call_within_one_lap(
            kind in kind(), mut group in group(), rules in rules(),
        ) {
            let mut strategy = strategy(kind, &rules);
            let mut offered = BTreeSet::new();
            loop {
                let turn = group.ask(&mut *strategy);
                if strategy.round() > 1 {
                    break;
                }
                match turn {
                    Turn::Offer(users) => offered.extend(users),
                    Turn::Rest(until) => group.now = until,
                    Turn::Over => break,
                }
            }
            let wanted = group.candidates().into_iter();
            let wanted = wanted.filter(|who| rings_all(kind) || !who.rings_elsewhere);
            let mut wanted: BTreeSet<_> = wanted.map(|who| who.user.clone()).collect();
            if kind == AcdStrategy::Single {
                wanted = wanted.into_iter().take(1).collect();
            }
            prop_assert_eq!(offered, wanted);
        }

        #[test]
        fn it_ends_after_its_rounds_and_without_anybody(
            kind in kind(), mut group in group(), mut rules in rules(), empty in any::<bool>(),
        ) {
            if !empty {
                rules.max_rounds = Some(rules.max_rounds.unwrap_or(3));
            }
            let mut strategy = strategy(kind, &rules);
            let most = group.members.len() * 8 + 8;
            let mut left = most;
            loop {
                match group.ask(&mut *strategy) {
                    Turn::Offer(_) => {}
                    Turn::Rest(until) => group.now = until,
                    Turn::Over => break,
                }
                left -= 1;
                prop_assert!(left > 0, "it goes on for ever");
                if empty && left < most / 2 {
                    group.members.iter_mut().for_each(|member| member.free = false);
                }
            }
            prop_assert_eq!(group.ask(&mut *strategy), Turn::Over);
        }
    }
}

mod laps {
    use super::*;

    fn round_robin(max_rounds: Option<u32>, lap_gap: Duration) -> Box<dyn Strategy> {
        let rules = SearchRules { max_rounds, lap_gap, ..SearchRules::default() };
        strategy(AcdStrategy::RoundRobin, &rules)
    }

    #[test]
    fn a_lap_begins_after_the_cursor_and_looks_at_everybody_once() {
        let mut group = Group::named(&["a", "b", "c"]);
        group.cursor = Some(1);
        let mut laps = round_robin(Some(1), GAP);
        let mut next = || group.ask(&mut *laps);
        assert_eq!([next(), next(), next()], [offer(&["c"]), offer(&["a"]), offer(&["b"])]);
        assert_eq!(next(), Turn::Over);
    }

    #[test]
    fn a_cursor_that_is_no_member_any_more_begins_with_the_first() {
        let group = Group::named(&["a", "b"]);
        assert_eq!(group.ask(&mut *round_robin(None, GAP)), offer(&["a"]));
    }

    #[test]
    fn laps_start_a_second_apart_and_one_that_offers_nobody_is_the_last() {
        let mut group = Group::named(&["a"]);
        let mut laps = round_robin(None, GAP);
        let mut at = |millis, free| {
            group.now = Duration::from_millis(millis);
            group.members[0].free = free;
            group.ask(&mut *laps)
        };
        assert_eq!(at(0, true), offer(&["a"]));
        assert_eq!(at(300, true), Turn::Rest(GAP));
        assert_eq!(at(1_000, true), offer(&["a"]));
        assert_eq!(at(9_000, false), Turn::Over);
        assert_eq!(laps.round(), 3);
    }

    #[test]
    fn who_declined_is_not_asked_again() {
        let mut group = Group::named(&["a", "b"]);
        let mut laps = round_robin(Some(2), Duration::ZERO);
        assert_eq!(group.ask(&mut *laps), offer(&["a"]));
        group.members[0].free = false;
        assert_eq!(group.ask(&mut *laps), offer(&["b"]));
        assert_eq!(group.ask(&mut *laps), offer(&["b"]));
        assert_eq!(group.ask(&mut *laps), Turn::Over);
    }

    #[test]
    fn an_empty_group_is_over_at_once() {
        assert_eq!(Group::named(&[]).ask(&mut *round_robin(None, GAP)), Turn::Over);
    }

    #[test]
    fn who_was_passed_over_is_looked_at_in_the_next_lap() {
        let mut group = Group::named(&["a", "b"]);
        group.members[0].rings_elsewhere = true;
        let mut laps = round_robin(Some(2), Duration::ZERO);
        assert_eq!(group.ask(&mut *laps), offer(&["b"]));
        group.members[0].rings_elsewhere = false;
        group.cursor = Some(1);
        assert_eq!(group.ask(&mut *laps), offer(&["a"]));
        assert_eq!(laps.round(), 2);
    }
}

#[test]
fn sequential_begins_with_the_first_whatever_the_cursor_says() {
    let mut group = Group::named(&["a", "b", "c"]);
    group.cursor = Some(1);
    assert_eq!(group.lap(AcdStrategy::Sequential), "a b c");
}

#[test]
fn one_user_and_all_at_once_are_rung_even_where_another_call_rings_them() {
    let mut group = Group::named(&["a", "b"]);
    group.members.iter_mut().for_each(|member| member.rings_elsewhere = true);
    assert_eq!(group.lap(AcdStrategy::Single), "a");
    assert_eq!(group.lap(AcdStrategy::Simulring), "a b");
    assert_eq!(group.lap(AcdStrategy::RoundRobin), "");
}

#[test]
fn a_progressive_simulring_adds_members_while_the_first_go_on_ringing() {
    let mut group = Group::named(&["a", "b", "c", "d", "e"]);
    let mut progressive = strategy(AcdStrategy::ProgressiveSimulring, &SearchRules::default());
    let mut at = |seconds, ringing| {
        (group.now, group.ringing) = (Duration::from_secs(seconds), ringing);
        group.ask(&mut *progressive)
    };
    assert_eq!(at(10, 0), offer(&["a", "b"]));
    assert_eq!(at(10, 2), Turn::Rest(Duration::from_secs(15)));
    assert_eq!(at(15, 2), offer(&["c", "d"]));
    // All who rang have failed: nobody waits for the next step.
    assert_eq!(at(16, 0), offer(&["e"]));
    assert_eq!(at(16, 1), Turn::Over);
}

#[test]
fn each_strategy_prefers_whom_its_name_says() {
    let with = |name: &str, idle, answered, talked, german, french| Member {
        idle,
        answered,
        talked,
        skills: BTreeMap::from([("german".into(), german), ("french".into(), french)]),
        ..member(name)
    };
    let mut group = Group::of(vec![
        with("a", 10, 3, 50, 5, 1),
        with("b", 30, 2, 70, 5, 9),
        with("c", 20, 2, 50, 8, 1),
        with("d", 20, 9, 10, 8, 1),
    ]);
    assert_eq!(group.lap(AcdStrategy::LongestIdle), "b c d a");
    assert_eq!(group.lap(AcdStrategy::FewestCalls), "b c a d");
    assert_eq!(group.lap(AcdStrategy::LeastTalkTime), "d c a b");
    group.needs = vec![("german".into(), 5)];
    assert_eq!(group.lap(AcdStrategy::Skills), "c d b a");
    group.needs = vec![("german".into(), 5), ("french".into(), 1)];
    assert_eq!(group.lap(AcdStrategy::Skills), "b c d a");
    group.needs.clear();
    assert_eq!(group.lap(AcdStrategy::Skills), "b c d a");
}

mod lot {
    use super::*;

    const DRAWS: u64 = 20_000;
    const WEIGHTS: [(&str, u16); 5] = [("a", 1), ("b", 2), ("c", 3), ("d", 4), ("e", 10)];

    fn group(order: impl Iterator<Item = (&'static str, u16)>) -> Group {
        Group::of(order.map(|(name, weight)| Member { weight, ..member(name) }).collect())
    }

    /// How often each was offered the call as the `nth` of a lap.
    fn drawn(mut group: Group, nth: usize, seed: u64) -> BTreeMap<String, f64> {
        let mut counts = BTreeMap::new();
        for draw in 0..DRAWS {
            let mut lot = strategy(AcdStrategy::WeightedRandom, &SearchRules::default());
            let mut name = String::new();
            for turn in 0..nth {
                // Neighbouring seeds: the strategy may not rely on good ones.
                group.random = seed + draw * 8 + turn as u64;
                if let Turn::Offer(users) = group.ask(&mut *lot) {
                    name = users[0].to_string();
                }
            }
            *counts.entry(name).or_insert(0.0) += 1.0;
        }
        counts
    }

    /// Pearson's sum for what was drawn against probabilities.
    fn chi_square(counts: &BTreeMap<String, f64>, expected: impl Fn(u16) -> f64) -> f64 {
        let terms = WEIGHTS.iter().map(|(name, weight)| {
            let expected = expected(*weight) * DRAWS as f64;
            let found = counts.get(*name).copied().unwrap_or(0.0);
            (found - expected).powi(2) / expected
        });
        terms.sum()
    }

    /// Exceeded by one of a thousand fair lots (four degrees of freedom).
    const BOUND: f64 = 18.47;

    fn first(weight: u16) -> f64 {
        f64::from(weight) / 20.0
    }

    /// The second one: over all who may have been the first.
    fn second(weight: u16) -> f64 {
        let others = WEIGHTS.iter().filter(|(_, other)| *other != weight);
        others.map(|(_, other)| first(*other) * f64::from(weight) / f64::from(20 - other)).sum()
    }

    #[test]
    fn who_is_drawn_is_in_proportion_to_the_weights_wherever_he_stands() {
        for seed in [0, 1 << 20, 1 << 40] {
            let forward = drawn(group(WEIGHTS.into_iter()), 1, seed);
            let backward = drawn(group(WEIGHTS.into_iter().rev()), 1, seed);
            for counts in [forward, backward] {
                let sum = chi_square(&counts, first);
                assert!(sum < BOUND, "{sum} {counts:?}");
            }
        }
    }

    #[test]
    fn so_is_who_is_drawn_next_of_those_who_are_left() {
        for order in [false, true] {
            let mut weights = WEIGHTS;
            if order {
                weights.reverse();
            }
            let sum = chi_square(&drawn(group(weights.into_iter()), 2, 7), second);
            assert!(sum < BOUND, "{sum}");
        }
    }

    #[test]
    fn who_has_no_weight_comes_after_all_others() {
        for random in 0..100 {
            let mut group = group([("a", 0), ("b", 1), ("c", 0)].into_iter());
            group.random = random;
            assert!(group.lap(AcdStrategy::WeightedRandom).starts_with('b'));
        }
    }
}
