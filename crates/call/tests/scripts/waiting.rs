//! Random days of queues: several callers wait for the same agents, who register, go away, answer,
//! decline, freeze and take other calls. Whatever happens, every call keeps the invariants and
//! emission rules, no agent is rung by two waiting calls, rows and floor agree on who is rung,
//! every attempt ends, who was in the queue is in it no more, and when all calls are over
//! everybody is free and nobody waits.

use std::collections::BTreeMap;
use std::time::Duration;

use acd::{AgentState, ChangeSource};
use call::port::{CallInput, Digit, LegEvent, LegId, LookedUp, PlayEnd};
use model::call_graph::words::QueueExit;
use model::directory::{Assignment, Availability, Directory, Group, KnownRecord};
use model::{E164, UserId};
use proptest::prelude::*;

use crate::directory::directory;
use crate::property::is_possible;
use crate::world::World;

/// Queues of every kind over the same few agents, and ways to ring them past the queues.
const HOUSE: &str = r#"{
    "users": [
      {"id": "u-fay", "display_name": "Fay Far", "sip_username": "fay", "skills": {"tax": 7},
        "devices": [{"id": "mobile", "kind": "number", "number": "+15558880001"}],
        "acd_receiver": "mobile"},
      {"id": "u-gus", "display_name": "Gus Given", "sip_username": "gus", "skills": {"tax": 3},
        "devices": [{"id": "desk", "kind": "sip"},
          {"id": "mobile", "kind": "number", "number": "+15558880002"}],
        "acd_receiver": "desk",
        "inbound_route": {"steps": [{"device": "desk", "ring_ms": 5000},
            {"device": "mobile", "ring_ms": 7000}],
          "then": "forward", "forward_to": "+15558880009"}}],
    "groups": [
      {"id": "g-turn", "name": "Turn", "members": ["u-ana", "u-ben", "u-cat"],
        "acd_strategy": "round_robin", "rules": {"pause_after_missed": 2}},
      {"id": "g-all", "name": "All", "members": ["u-ben", "u-cat", "u-gus"],
        "acd_strategy": "simulring", "rules": {"wrap_up_ms": 3000}},
      {"id": "g-step", "name": "Step", "members": ["u-cat", "u-dan", "u-ana"],
        "acd_strategy": "progressive_simulring", "rules": {"step_members": 1, "step_ms": 4000}},
      {"id": "g-tax", "name": "Tax", "members": ["u-fay", "u-gus", "u-ana"],
        "acd_strategy": "skills"}],
    "ivrs": [
      {"id": "ivr-turn", "action": "call_transfer", "target_kind": "group",
        "target_group_id": "g-turn", "attempt_ring_ms": 7000, "no_answer_timeout_ms": 60000,
        "next_ivr_id": "ivr-all",
        "queue": {"max_size": 2, "say_position": true, "message": "Wait.", "priority": 2,
          "announce_every_ms": 9000, "overflow_ivr_id": "ivr-bye",
          "options": {"0": {"ivr": "ivr-bye"}, "1": {"ivr": "ivr-step"}, "9": "callback"}}},
      {"id": "ivr-all", "action": "call_transfer", "target_kind": "group",
        "target_group_id": "g-all", "no_answer_timeout_ms": 40000,
        "queue": {"leave_when_empty": true, "say_wait": true,
          "also_groups": [{"group_id": "g-turn", "after_ms": 8000}]}},
      {"id": "ivr-step", "action": "call_transfer", "target_kind": "group",
        "target_group_id": "g-step", "no_answer_timeout_ms": 30000, "max_rounds": 2, "queue": {}},
      {"id": "ivr-tax", "action": "call_transfer", "target_kind": "group",
        "target_group_id": "g-tax", "acd_strategy": "longest_idle", "attempt_ring_ms": 6000,
        "queue": {"skills": [{"skill": "tax", "level": 9, "relax_every_ms": 3000}]}},
      {"id": "ivr-plain", "action": "call_transfer", "target_kind": "group",
        "target_group_id": "g-all", "acd_strategy": "fewest_calls", "attempt_ring_ms": 5000,
        "next_ivr_id": "ivr-turn"},
      {"id": "ivr-owner", "action": "call_transfer", "target_kind": "record_owner",
        "no_answer_timeout_ms": 15000, "next_ivr_id": "ivr-last"},
      {"id": "ivr-last", "action": "call_transfer", "target_kind": "last_agent",
        "no_answer_timeout_ms": 15000, "next_ivr_id": "ivr-tax"},
      {"id": "ivr-bye", "action": "play_and_hangup", "greeting_prompt": "Goodbye."}],
    "numbers": [
      {"id": "n-1", "e164": "+15550700001", "assigned_group_id": "g-turn", "ivr_id": "ivr-turn"},
      {"id": "n-2", "e164": "+15550700002", "assigned_group_id": "g-all", "ivr_id": "ivr-all"},
      {"id": "n-3", "e164": "+15550700003", "assigned_group_id": "g-step", "ivr_id": "ivr-step"},
      {"id": "n-4", "e164": "+15550700004", "assigned_group_id": "g-tax", "ivr_id": "ivr-tax"},
      {"id": "n-5", "e164": "+15550700005", "assigned_group_id": "g-all", "ivr_id": "ivr-plain",
        "is_default": false},
      {"id": "n-6", "e164": "+15550700006", "assigned_user_id": "u-gus"},
      {"id": "n-7", "e164": "+15550700007", "assigned_group_id": "g-tax",
        "ivr_id": "ivr-owner", "is_default": false}]
}"#;

const CALLS: &[(&str, &str)] = &[
    ("+15557770001", "+15550700001"),
    ("+15557770002", "+15550700001"),
    ("+15557770001", "+15550700002"),
    ("anonymous", "+15550700002"),
    ("+15557770003", "+15550700003"),
    ("+15557770003", "+15550700004"),
    ("+15557770001", "+15550700005"),
    ("+15557770002", "+15550700006"),
    ("+15557770002", "+15550100001"), // ana herself
    ("+15559990001", "+15550700007"),
    ("ben", "cat"),
    ("ana", "+15550700001"),
];

const AGENTS: &[&str] = &["u-ana", "u-ben", "u-cat", "u-dan", "u-fay", "u-gus"];

#[derive(Clone, Debug)]
enum Happening {
    Arrives(usize),
    Leg(prop::sample::Index, LegEvent),
    Heard(prop::sample::Index, PlayEnd),
    Presses(prop::sample::Index, Digit),
    /// Who calls is looked up.
    Found(prop::sample::Index, Option<usize>),
    Registers(usize, bool),
    Chooses(usize, Availability),
    Freezes(usize, bool),
    /// The directory is read anew; these users are in it no more.
    Reads(Vec<usize>),
    Pass(u64),
    Release(prop::sample::Index),
}

fn event() -> impl Strategy<Value = LegEvent> {
    prop_oneof![
        4 => any::<bool>().prop_map(|early_media| LegEvent::Rang { early_media }),
        9 => Just(LegEvent::Answered),
        4 => prop::sample::select(vec![408, 480, 486, 503, 603])
            .prop_map(|status| LegEvent::Failed { status }),
        3 => prop::sample::select(vec![200, 408, 487])
            .prop_map(|status| LegEvent::Settled { status }),
        3 => Just(LegEvent::HungUp),
        1 => Just(LegEvent::Cancelled),
    ]
}

fn happening() -> impl Strategy<Value = Happening> {
    let agent = || 0..AGENTS.len();
    let chosen = vec![Availability::Available, Availability::Available, Availability::Away];
    prop_oneof![
        6 => (0..CALLS.len()).prop_map(Happening::Arrives),
        14 => (any::<prop::sample::Index>(), event())
            .prop_map(|(leg, event)| Happening::Leg(leg, event)),
        2 => (any::<prop::sample::Index>(), prop::bool::ANY).prop_map(|(play, failed)| {
            Happening::Heard(play, if failed { PlayEnd::Failed } else { PlayEnd::Completed })
        }),
        4 => (any::<prop::sample::Index>(), prop::sample::select(vec!['0', '1', '5', '9', '9']))
            .prop_map(|(call, sign)| Happening::Presses(call, Digit::new(sign).expect("a digit"))),
        1 => (any::<prop::sample::Index>(), prop::option::of(agent()))
            .prop_map(|(call, owner)| Happening::Found(call, owner)),
        3 => (agent(), any::<bool>()).prop_map(|(who, there)| Happening::Registers(who, there)),
        2 => (agent(), prop::sample::select(chosen))
            .prop_map(|(who, what)| Happening::Chooses(who, what)),
        1 => (agent(), any::<bool>()).prop_map(|(who, frozen)| Happening::Freezes(who, frozen)),
        1 => prop::collection::vec(agent(), 0..3).prop_map(Happening::Reads),
        9 => (0u64..8_000).prop_map(Happening::Pass),
        1 => any::<prop::sample::Index>().prop_map(Happening::Release),
    ]
}

fn arrives(world: &mut World, (from, to): (&str, &str)) {
    // Who is no user any more neither calls nor is called by his name.
    let is_there = |party: &str| {
        !party.starts_with(|sign: char| sign.is_lowercase())
            || party == "anonymous"
            || world.directory.user_by_sip_username(party).is_some()
    };
    if is_there(from) && is_there(to) {
        let name = world.calls.len().to_string();
        world.arrive(&name, &format!("call-{name}"), from, to);
    }
}

fn happens(world: &mut World, happening: Happening) {
    match happening {
        Happening::Arrives(which) => arrives(world, CALLS[which]),
        Happening::Leg(which, event) => {
            // The latest legs are where things happen.
            let legs: Vec<LegId> = world.states.keys().rev().take(12).copied().collect();
            let Some(&leg) = legs.get(which.index(legs.len().max(1))) else {
                return;
            };
            let (call, state) = world.states[&leg];
            let is_anchor = world.calls[call].legs.get("caller") == Some(&leg);
            if !world.lawful || is_possible(state, is_anchor, &event) {
                world.input(call, CallInput::Leg(leg, event));
            }
        }
        Happening::Heard(which, end) => {
            let plays: Vec<_> = world.plays.iter().map(|(leg, play)| (*leg, *play)).collect();
            if !plays.is_empty() {
                let (leg, play) = plays[which.index(plays.len())];
                let (call, _) = world.states[&leg];
                world.input(call, CallInput::Leg(leg, LegEvent::Played { play, end }));
            }
        }
        Happening::Presses(which, digit) => {
            if !world.calls.is_empty() {
                let call = which.index(world.calls.len());
                let event = LegEvent::Digit(digit);
                if let Some(&leg) = world.calls[call].legs.get("caller")
                    && is_possible(world.states[&leg].1, true, &event)
                {
                    world.presses(call, leg, digit);
                }
            }
        }
        Happening::Found(which, owner) => {
            if !world.calls.is_empty() {
                let record = owner.map(|owner| KnownRecord {
                    id: "r-found".into(),
                    display_name: "Found".into(),
                    owner: Some(AGENTS[owner].into()),
                    priority: 3,
                });
                let number = E164::parse("+15559990001").expect("a number");
                let found = CallInput::LookedUp(LookedUp { number, record });
                world.input(which.index(world.calls.len()), found);
            }
        }
        Happening::Registers(who, there) => world.registers(&UserId::from(AGENTS[who]), there),
        Happening::Chooses(who, what) => {
            let (user, now) = (UserId::from(AGENTS[who]), world.time());
            world.floor.set_availability(&user, what, None, ChangeSource::Api, now);
            world.calm();
        }
        Happening::Freezes(who, true) => {
            world.frozen.insert(UserId::from(AGENTS[who]));
        }
        Happening::Freezes(who, false) => {
            world.frozen.remove(&UserId::from(AGENTS[who]));
        }
        Happening::Reads(without) => {
            world.reads(but_for(&without.into_iter().map(|who| AGENTS[who]).collect::<Vec<_>>()));
        }
        Happening::Pass(millis) => world.until(world.now + Duration::from_millis(millis)),
        Happening::Release(which) => {
            if !world.calls.is_empty() {
                world.input(which.index(world.calls.len()), CallInput::Release);
            }
        }
    }
}

/// The house without some of its people, who are in no group either.
fn but_for(without: &[&str]) -> Directory {
    let whole = directory(HOUSE);
    let mut house = Directory::new();
    let stays = |user: &UserId| !without.contains(&user.as_str());
    for user in whole.users().filter(|user| stays(&user.id)) {
        house.add_user(user.clone());
    }
    for group in whole.groups() {
        let members = group.members.iter().filter(|user| stays(user)).cloned().collect();
        house.add_group(Group { members, ..group.clone() });
    }
    for ivr in whole.ivrs() {
        house.add_ivr(ivr.clone());
    }
    for number in whole.numbers() {
        let is_there = match &number.assignment {
            Assignment::User(user) => stays(user),
            Assignment::Group(..) => true,
        };
        if is_there {
            house.add_number(number.clone());
        }
    }
    house
}

/// What must hold at every moment.
fn check(world: &World) {
    let mut rung_for_waiting: BTreeMap<&UserId, usize> = BTreeMap::new();
    for live in &world.calls {
        let Some(graph) = &live.graph else {
            continue;
        };
        let waits = graph.queue_waits.iter().any(|row| row.left_at.is_none());
        // The place of who is to be called back stands without him.
        let kept = graph.queue_waits.iter().any(|row| row.exit == Some(QueueExit::Callback));
        let stands = world.floor.standing(live.call.id()).is_some();
        assert!(waits == stands || kept, "{}", world.log);
        for row in graph.attempts.iter().filter(|row| row.ended_at.is_none()) {
            let Some(user) = &row.user_id else {
                continue;
            };
            let told = world.floor.calls_ringing(user).any(|call| call == live.call.id());
            assert!(told, "{user} is rung, and the floor does not know\n{}", world.log);
            if waits {
                *rung_for_waiting.entry(user).or_default() += 1;
            }
        }
    }
    for (user, calls) in rung_for_waiting {
        assert_eq!(calls, 1, "{user} is rung by several waiting calls\n{}", world.log);
    }
    for user in AGENTS.iter().map(|id| UserId::from(*id)) {
        for call in world.floor.calls_ringing(&user) {
            let live = world.calls.iter().find(|live| live.call.id() == call).expect("a call");
            assert!(!live.finished, "{user} is rung by nobody\n{}", world.log);
            // Whoever is to call somebody back is rung before there are rows.
            let Some(graph) = &live.graph else {
                continue;
            };
            let rings = |row: &&model::call_graph::graph::ConnectionAttempt| {
                row.ended_at.is_none() && row.user_id.as_ref() == Some(&user)
            };
            assert_eq!(graph.attempts.iter().filter(rings).count(), 1, "{}", world.log);
        }
    }
}

fn play_day(happenings: Vec<Happening>, lawful: bool) {
    let mut world = World::new(directory(HOUSE));
    world.lawful = lawful;
    world.settings.acd.lookup_wait = Some(Duration::from_millis(800));
    for user in AGENTS {
        world.registers(&UserId::from(*user), true);
    }
    for happening in happenings {
        happens(&mut world, happening);
        check(&world);
    }
    world.until(world.now + Duration::from_secs(60));
    check(&world);
    // Everybody goes home: callers leave the queues in time, and those who talk are released.
    for user in AGENTS {
        world.registers(&UserId::from(*user), false);
    }
    world.until(world.now + Duration::from_secs(3_000));
    check(&world);
    // Nobody is there who could call anybody back.
    for index in 0..world.calls.len() {
        world.input(index, CallInput::Release);
    }
    world.until(world.now + Duration::from_secs(10 * 3600));
    for index in 0..world.calls.len() {
        world.input(index, CallInput::Release);
    }
    for live in &world.calls {
        assert!(live.finished && live.call.legs().next().is_none(), "{}", world.log);
        let waits = live.graph.iter().flat_map(|graph| &graph.queue_waits);
        assert!(waits.into_iter().all(|row| row.exit.is_some()), "{}", world.log);
    }
    for user in AGENTS.iter().map(|id| UserId::from(*id)) {
        assert!(!world.floor.is_on_call(&user) && !world.floor.is_ringing(&user));
        let state = world.floor.agent(&user).state;
        assert!(!matches!(state, AgentState::OnCall | AgentState::Ringing | AgentState::WrapUp));
    }
    let board = world.floor.wallboard(world.time());
    assert!(board.groups.iter().all(|group| group.waiting == 0), "{}", world.log);
}

proptest! {
    #[test]
    fn whatever_happens_in_queues_nobody_is_in_two_places_and_all_are_free_in_the_end(
        happenings in prop::collection::vec(happening(), 0..80)
    ) {
        play_day(happenings, true);
    }

    #[test]
    fn impossible_happenings_in_queues_break_nothing_either(
        happenings in prop::collection::vec(happening(), 0..80)
    ) {
        play_day(happenings, false);
    }
}
