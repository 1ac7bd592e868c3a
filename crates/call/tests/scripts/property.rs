//! Whatever happens to the legs of two calls that ring the same users, in whatever order: the
//! rows of a finished call keep every invariant and emission rule (`model::call_graph::check`),
//! nothing follows the end, the end always comes, and no agent stays ringing or on a call.
//!
//! `lawful`: only what can happen happens (no answer of a leg that is gone), so that also every
//! order must be possible and no leg may be left behind. Otherwise anything goes.

use std::time::Duration;

use call::port::{CallInput, LegEvent, LegId};
use proptest::prelude::*;

use crate::directory::directory;
use crate::script::play;
use crate::world::{LegState, World};

#[derive(Clone, Debug)]
enum Happening {
    Leg(prop::sample::Index, LegEvent),
    Pass(u64),
    Release(bool),
}

const CALLS: &[(&str, &str)] = &[
    ("+15557770001", "+15550100001"), // a user
    ("+15557770002", "+15550200001"), // simulring
    ("+15557770001", "+15550200003"), // round robin
    ("anonymous", "+15550200005"),    // simulring, then another
    ("+15557770003", "+15550200002"), // a menu
    ("ana", "ben"),
    ("ben", "+15557770002"),
    ("dan", "+15550200003"),
];

fn event() -> impl Strategy<Value = LegEvent> {
    let status = prop::sample::select(vec![404, 408, 480, 486, 487, 500, 503, 600, 603]);
    prop_oneof![
        4 => any::<bool>().prop_map(|early_media| LegEvent::Rang { early_media }),
        3 => Just(LegEvent::Answered),
        4 => status.prop_map(|status| LegEvent::Failed { status }),
        2 => prop::sample::select(vec![200, 408, 487])
            .prop_map(|status| LegEvent::Settled { status }),
        1 => Just(LegEvent::HungUp),
        1 => Just(LegEvent::Cancelled),
        1 => Just(LegEvent::Held),
        1 => Just(LegEvent::Resumed),
        1 => Just(LegEvent::MediaTimedOut { seconds: 60 }),
    ]
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        12 => (any::<prop::sample::Index>(), event())
            .prop_map(|(leg, event)| Happening::Leg(leg, event)),
        4 => (0u64..25_000).prop_map(Happening::Pass),
        1 => prop::bool::weighted(0.1).prop_map(Happening::Release),
    ]
}

fn scene() -> impl Strategy<Value = (Vec<(&'static str, &'static str)>, Vec<Happening>)> {
    (
        prop::collection::vec(prop::sample::select(CALLS), 1..4),
        prop::collection::vec(happening(), 0..40),
    )
}

fn is_possible(state: LegState, is_anchor: bool, event: &LegEvent) -> bool {
    match (event, is_anchor) {
        (LegEvent::Cancelled, true) => state == LegState::Ringing,
        (LegEvent::Cancelled, false) => false,
        (LegEvent::Rang { .. } | LegEvent::Answered, false) => {
            matches!(state, LegState::Ringing | LegState::Stopping)
        }
        (LegEvent::Failed { .. }, false) => state == LegState::Ringing,
        (LegEvent::Settled { .. }, false) => state == LegState::Stopping,
        (
            LegEvent::Rang { .. }
            | LegEvent::Answered
            | LegEvent::Failed { .. }
            | LegEvent::Settled { .. },
            true,
        ) => false,
        // A BYE may cross ours.
        (LegEvent::HungUp, _) => matches!(state, LegState::Up | LegState::Gone),
        (LegEvent::Held | LegEvent::Resumed | LegEvent::MediaTimedOut { .. }, _) => {
            state == LegState::Up
        }
    }
}

fn play_scene(calls: &[(&str, &str)], happenings: Vec<Happening>, lawful: bool) {
    let mut world = World::new(directory(""));
    world.lawful = lawful;
    play(&mut world, "registered ana ben cat dan eve own mia max\n 1 pass");
    for (index, (from, to)) in calls.iter().enumerate() {
        world.arrive(&index.to_string(), &format!("call-{index}"), from, to);
    }
    for happening in happenings {
        match happening {
            Happening::Pass(millis) => world.until(world.now + Duration::from_millis(millis)),
            Happening::Release(true) => world.input(0, CallInput::Release),
            Happening::Release(false) => {}
            Happening::Leg(which, event) => {
                let legs: Vec<LegId> = world.states.keys().copied().collect();
                let leg = legs[which.index(legs.len())];
                let (call, state) = world.states[&leg];
                let is_anchor = world.calls[call].legs["caller"] == leg;
                if !lawful || is_possible(state, is_anchor, &event) {
                    world.input(call, CallInput::Leg(leg, event));
                }
            }
        }
    }
    // Nothing rings for ever; who still talks is released.
    world.until(world.now + Duration::from_secs(1_000));
    for index in 0..world.calls.len() {
        world.input(index, CallInput::Release);
        let live = &world.calls[index];
        assert!(live.finished && live.call.legs().next().is_none(), "{}", world.log);
        assert_eq!(live.call.deadline(), None);
    }
    for user in world.directory.users() {
        assert!(!world.pools.is_on_call(&user.id), "{}", world.log);
        assert!(!world.pools.is_ringing(&user.id), "{}", world.log);
    }
}

proptest! {
    #[test]
    fn possible_happenings_leave_no_leg_behind((calls, happenings) in scene()) {
        play_scene(&calls, happenings, true);
    }

    #[test]
    fn impossible_happenings_break_no_row((calls, happenings) in scene()) {
        play_scene(&calls, happenings, false);
    }
}
