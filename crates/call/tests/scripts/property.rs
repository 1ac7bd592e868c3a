//! Whatever happens to the legs of two calls that ring the same users, in whatever order: the
//! rows of a finished call keep every invariant and emission rule (`model::call_graph::check`),
//! nothing follows the end, the end always comes, no agent stays ringing or on a call, nobody is
//! bridged while something plays to him, and every recording that was begun is closed. Random IVR
//! graphs keep no caller for ever: without a word from media every call ends, or people talk.
//!
//! `lawful`: only what can happen happens (no answer of a leg that is gone), so that also every
//! order must be possible and no leg may be left behind. Otherwise anything goes.

use std::time::Duration;

use call::port::{CallInput, Digit, LegEvent, LegId, PlayEnd, PlayId, RecordingWish};
use call::{Digits, SoundSettings};
use model::directory::Ivr;
use proptest::prelude::*;

use crate::directory::directory;
use crate::graphs;
use crate::script::{play, quality};
use crate::world::{LegState, World};

#[derive(Clone, Debug)]
enum Happening {
    Leg(prop::sample::Index, LegEvent),
    /// What plays to a leg is over.
    Heard(prop::sample::Index, PlayEnd),
    /// The caller of a call presses a key, as media hears it.
    Presses(prop::sample::Index, Digit),
    Wish(RecordingWish),
    /// A leg sounds like this.
    Sounds(prop::sample::Index, &'static str),
    /// Its recording cannot be written.
    Fails(prop::sample::Index),
    Pass(u64),
    Release(bool),
}

const CALLS: &[(&str, &str)] = &[
    ("+15557770001", "+15550100001"), // a user
    ("+15557770002", "+15550200001"), // simulring
    ("+15557770001", "+15550200003"), // round robin
    ("anonymous", "+15550200005"),    // simulring, then another
    ("+15557770003", "+15550200002"), // a menu
    ("+15557770001", "+15550300001"), // a greeting, then simulring, then another greeting
    ("ana", "ben"),
    ("ben", "+15557770002"),
    ("dan", "+15550200003"),
];

/// Calls that enter a random graph of IVRs.
const CALLS_OF_GRAPHS: &[(&str, &str)] = &[
    ("+15557770001", graphs::ENTRIES[0]),
    ("+15557770003", graphs::ENTRIES[1]),
    ("anonymous", graphs::ENTRIES[2]),
    ("ana", graphs::ENTRIES[0]),
    ("ben", "ivr:ivr-x3"),
];

/// Longer than all that one call may wait for, one after the other.
const FOREVER: Duration = Duration::from_secs(100_000);

const GREETINGS: &str = r#"{
    "groups": [{"id": "g-music", "name": "Music", "members": ["u-ana", "u-ben"],
        "music_on_hold": "music:own", "recording": true}],
    "ivrs": [
      {"id": "ivr-hello", "action": "call_transfer", "target_kind": "group",
        "target_group_id": "g-music", "greeting_prompt": "Hello.", "next_ivr_id": "ivr-again"},
      {"id": "ivr-again", "action": "call_transfer", "target_kind": "user",
        "target_user_id": "u-eve", "greeting_prompt": "again.wav"}],
    "numbers": [{"id": "n-hello", "e164": "+15550300001", "assigned_group_id": "g-music",
        "ivr_id": "ivr-hello"}]
}"#;

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
        1 => Just(LegEvent::Played { play: PlayId(1), end: PlayEnd::Stopped }),
        1 => Just(LegEvent::FellSilent),
        1 => Just(LegEvent::Reached),
        1 => digit().prop_map(LegEvent::Digit),
        1 => digit().prop_map(|digit| LegEvent::InfoDigit { digit, duration_ms: 160 }),
    ]
}

fn digit() -> impl Strategy<Value = Digit> {
    prop::sample::select("0123456789*#A".chars().filter_map(Digit::new).collect::<Vec<_>>())
}

fn end() -> impl Strategy<Value = PlayEnd> {
    prop::sample::select(vec![PlayEnd::Completed, PlayEnd::Stopped, PlayEnd::Failed])
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        12 => (any::<prop::sample::Index>(), event())
            .prop_map(|(leg, event)| Happening::Leg(leg, event)),
        4 => (any::<prop::sample::Index>(), end())
            .prop_map(|(leg, end)| Happening::Heard(leg, end)),
        6 => (any::<prop::sample::Index>(), digit())
            .prop_map(|(call, digit)| Happening::Presses(call, digit)),
        2 => prop::sample::select(vec![
            RecordingWish::Start,
            RecordingWish::Pause,
            RecordingWish::Resume,
            RecordingWish::Stop,
        ])
        .prop_map(Happening::Wish),
        2 => (any::<prop::sample::Index>(), prop::sample::select(vec!["bad", "worse", "well"]))
            .prop_map(|(leg, how)| Happening::Sounds(leg, how)),
        1 => any::<prop::sample::Index>().prop_map(Happening::Fails),
        4 => (0u64..25_000).prop_map(Happening::Pass),
        1 => prop::bool::weighted(0.1).prop_map(Happening::Release),
    ]
}

type Scene = (u8, Vec<(&'static str, &'static str)>, Vec<Happening>);

fn scene(calls: &'static [(&'static str, &'static str)]) -> impl Strategy<Value = Scene> {
    (
        any::<u8>(),
        prop::collection::vec(prop::sample::select(calls), 1..4),
        prop::collection::vec(happening(), 0..40),
    )
}

pub(crate) fn is_possible(state: LegState, is_anchor: bool, event: &LegEvent) -> bool {
    match (event, is_anchor) {
        (LegEvent::Cancelled, true) => state == LegState::Ringing,
        (LegEvent::Cancelled, false) => false,
        (LegEvent::Reached | LegEvent::Rang { .. } | LegEvent::Answered, false) => {
            matches!(state, LegState::Ringing | LegState::Stopping)
        }
        (LegEvent::Failed { .. }, false) => state == LegState::Ringing,
        (LegEvent::Settled { .. }, false) => state == LegState::Stopping,
        (
            LegEvent::Reached
            | LegEvent::Rang { .. }
            | LegEvent::Answered
            | LegEvent::Failed { .. }
            | LegEvent::Settled { .. },
            true,
        ) => false,
        // A BYE may cross ours.
        (LegEvent::HungUp, _) => matches!(state, LegState::Up | LegState::Gone),
        (
            LegEvent::Held
            | LegEvent::Resumed
            | LegEvent::MediaTimedOut { .. }
            | LegEvent::Digit(_)
            | LegEvent::FellSilent
            | LegEvent::InfoDigit { .. }
            | LegEvent::Referred(_),
            _,
        ) => state == LegState::Up,
        // What has crossed a stop, or concerns no leg.
        (LegEvent::Played { .. } | LegEvent::Quality(_) | LegEvent::RecordingFailed { .. }, _) => {
            true
        }
    }
}

fn happen(world: &mut World, happening: Happening, lawful: bool) {
    match happening {
        Happening::Pass(millis) => world.until(world.now + Duration::from_millis(millis)),
        Happening::Sounds(which, how) => {
            let legs: Vec<LegId> = world.states.keys().copied().collect();
            let leg = legs[which.index(legs.len())];
            let (call, _) = world.states[&leg];
            world.input(call, CallInput::Leg(leg, LegEvent::Quality(quality(leg, how))));
        }
        Happening::Fails(which) => {
            let call = which.index(world.calls.len());
            let leg = world.calls[call].legs.values().next().copied();
            if let Some(recording) = world.calls[call].recordings.first().cloned()
                && let Some(leg) = leg
            {
                let event = LegEvent::RecordingFailed { recording, cause: "full".into() };
                world.input(call, CallInput::Leg(leg, event));
            }
        }
        Happening::Presses(which, digit) => {
            let call = which.index(world.calls.len());
            // A call that the core began has no caller.
            let caller = world.calls[call].legs.get("caller").copied();
            if let Some(leg) = caller
                && (!lawful || world.states[&leg].1 == LegState::Up)
            {
                world.presses(call, leg, digit);
            }
        }
        Happening::Wish(wish) => world.input(0, CallInput::Record(wish)),
        Happening::Heard(which, end) => {
            let plays: Vec<_> = world.plays.iter().map(|(leg, play)| (*leg, *play)).collect();
            if !plays.is_empty() {
                let (leg, play) = plays[which.index(plays.len())];
                let (call, _) = world.states[&leg];
                world.input(call, CallInput::Leg(leg, LegEvent::Played { play, end }));
            }
        }
        Happening::Release(true) => world.input(0, CallInput::Release),
        Happening::Release(false) => {}
        Happening::Leg(which, event) => {
            let legs: Vec<LegId> = world.states.keys().copied().collect();
            let leg = legs[which.index(legs.len())];
            let (call, state) = world.states[&leg];
            let is_anchor = world.calls[call].legs.get("caller") == Some(&leg);
            if !lawful || is_possible(state, is_anchor, &event) {
                world.input(call, CallInput::Leg(leg, event));
            }
        }
    }
}

fn play_scene((sound, calls, happenings): Scene, graph: Vec<Ivr>, lawful: bool) {
    let mut directory = directory(GREETINGS);
    graphs::add(&mut directory, graph);
    let mut world = World::new(directory);
    world.settings.sound = SoundSettings {
        music_on_hold: (sound & 1 != 0).then(|| "music:calm".into()),
        consent_prompt: (sound & 2 != 0).then(|| "consent.wav".into()),
        record_all: sound & 4 != 0,
        recording_beep: sound & 8 != 0,
        keep_digits: if sound & 16 != 0 { Digits::Kept } else { Digits::Dropped },
        ..SoundSettings::default()
    };
    world.lawful = lawful;
    play(&mut world, "registered ana ben cat dan eve own mia max\n 1 pass");
    for (index, (from, to)) in calls.iter().enumerate() {
        world.arrive(&index.to_string(), &format!("call-{index}"), from, to);
    }
    for happening in happenings {
        happen(&mut world, happening, lawful);
    }
    // Nothing rings for ever; who still talks is released.
    world.until(world.now + FOREVER);
    for index in 0..world.calls.len() {
        let live = &world.calls[index];
        assert!(live.finished || live.call.deadline().is_none(), "it waits\n{}", world.log);
        world.input(index, CallInput::Release);
        let live = &world.calls[index];
        assert!(live.finished && live.call.legs().next().is_none(), "{}", world.log);
        assert_eq!(live.call.deadline(), None);
    }
    for user in world.directory.users() {
        assert!(!world.floor.is_on_call(&user.id), "{}", world.log);
        assert!(!world.floor.is_ringing(&user.id), "{}", world.log);
    }
}

proptest! {
    #[test]
    fn possible_happenings_leave_no_leg_behind(scene in scene(CALLS)) {
        play_scene(scene, Vec::new(), true);
    }

    #[test]
    fn impossible_happenings_break_no_row(scene in scene(CALLS)) {
        play_scene(scene, Vec::new(), false);
    }

    #[test]
    fn no_graph_of_ivrs_keeps_a_caller_for_ever(
        graph in graphs::graph(),
        scene in scene(CALLS_OF_GRAPHS),
    ) {
        play_scene(scene, graph, true);
    }

    #[test]
    fn impossible_happenings_in_ivrs_break_no_row(
        graph in graphs::graph(),
        scene in scene(CALLS_OF_GRAPHS),
    ) {
        play_scene(scene, graph, false);
    }
}
