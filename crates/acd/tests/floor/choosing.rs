//! What a strategy is shown is enough: it chooses whom it would choose among all.

use acd::strategy::{Field, SearchRules, Turn, strategy};
use acd::{Offer, Place};
use model::directory::AcdStrategy;
use model::{CallId, UserId};
use proptest::prelude::*;

use crate::house::{House, call, group, place, seconds, user};

const AGENTS: usize = 12;

fn name(index: usize) -> String {
    format!("agent-{index:02}")
}

/// What has happened to each agent: calls, length of the last, whether he talks now.
fn histories() -> impl Strategy<Value = Vec<(u8, u16, bool)>> {
    proptest::collection::vec((0_u8..4, 0_u16..300, any::<bool>()), AGENTS)
}

fn one_by_one() -> impl Strategy<Value = AcdStrategy> {
    prop_oneof![
        Just(AcdStrategy::RoundRobin),
        Just(AcdStrategy::Sequential),
        Just(AcdStrategy::LongestIdle),
        Just(AcdStrategy::FewestCalls),
        Just(AcdStrategy::LeastTalkTime),
        Just(AcdStrategy::Skills),
        Just(AcdStrategy::Simulring),
        Just(AcdStrategy::ProgressiveSimulring),
    ]
}

proptest! {
    #[test]
    fn the_first_choice_is_the_one_among_all(
        histories in histories(),
        kind in one_by_one(),
        cursor in proptest::option::of(0..AGENTS),
    ) {
        let names: Vec<String> = (0..AGENTS).map(name).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut house = House::of(&names);
        for (name, (calls, talk, _)) in names.iter().zip(&histories) {
            for _ in 0..*calls {
                house.floor.take(&user(name), &call("a"), Some(&group("sales")), house.now);
                house.pass(seconds(u64::from(*talk)));
                house.hangs_up(name, "a");
            }
        }
        for (name, (_, _, talks)) in names.iter().zip(&histories) {
            if *talks {
                house.floor.take(&user(name), &call("b"), None, house.now);
            }
        }
        if let Some(cursor) = cursor {
            house.floor.restore_cursor(group("sales"), user(names[cursor]));
        }
        let expected = choice(&house, &names, kind, cursor);
        house.waits_as(Place { call: CallId::from("c"), ..place("c", kind) });
        let offered: Vec<UserId> = match house.floor.dispatch(house.now) {
            Some(Offer { members, .. }) => members.into_iter().map(|(user, _)| user).collect(),
            None => Vec::new(),
        };
        prop_assert_eq!(offered, expected);
    }
}

/// Whom the strategy takes when it is shown everybody.
fn choice(house: &House, names: &[&str], kind: AcdStrategy, cursor: Option<usize>) -> Vec<UserId> {
    let users: Vec<UserId> = names.iter().map(|name| user(name)).collect();
    let mut candidates = Vec::new();
    for (position, user) in users.iter().enumerate() {
        if let Some(mut candidate) = house.floor.candidate(user, house.now) {
            candidate.position = position;
            candidates.push(candidate);
        }
    }
    let field = Field {
        now: house.now.mono,
        candidates: &candidates,
        members: names.len(),
        cursor,
        ringing: 0,
        needs: &[],
        random: 0,
    };
    match strategy(kind, &SearchRules::default()).turn(&field) {
        Turn::Offer(users) => users,
        Turn::Rest(_) | Turn::Over => Vec::new(),
    }
}
