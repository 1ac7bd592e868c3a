//! Whatever is ordered of calls that run, by whomever, while legs answer, fail, hang up and refer
//! in whatever order: who is to hear each other does, nobody hears a bridge that he is not in, a
//! leg is in exactly one bridge from its answer to its end, `bridged_at` is when it came into the
//! main one, the rows keep every invariant, no leg is left behind, and every call ends or people
//! talk. `TALKS` in the environment makes as many cases of it.

use std::time::Duration;

use call::port::{
    CallInput, Command, Goal, LegEvent, LegId, Member, OrderId, Orderer, PartyStanding, PlayEnd,
    StageName, Standing,
};
use call::{SoundSettings, TransferHear, Unanswered};
use model::UserId;
use model::call_graph::event::{BridgeLeg, CallEvent, MAIN_BRIDGE, Party};
use proptest::prelude::*;

use crate::directory::directory;
use crate::property::is_possible;
use crate::script::play;
use crate::world::{LegState, Live, World};

#[derive(Clone, Debug)]
enum Deed {
    /// One who rings answers.
    Answer(prop::sample::Index),
    /// One who talks hangs up.
    HangUp(prop::sample::Index),
    Leg(prop::sample::Index, LegEvent),
    /// A telephone asks for a transfer.
    Refer(prop::sample::Index, &'static str),
    /// What plays to a leg is over.
    Heard(prop::sample::Index),
    Order(u8, bool, prop::sample::Index, Wish, &'static str),
    Pass(u64),
    Release,
}

/// What is ordered, for whoever is there.
#[derive(Clone, Copy, Debug)]
enum Wish {
    Answer,
    HangUp,
    Remove,
    Hold,
    Resume,
    Transfer,
    Consult,
    Complete,
    Abandon,
    Swap,
    Merge,
    Add,
    Mute(bool),
    Digits,
    Play,
    StopPlay,
    Park,
    Move,
    Supervise(call::port::Supervision),
    Record(call::port::RecordingWish),
}

const GOALS: &[&str] = &[
    "ana",
    "ben",
    "cat",
    "dan",
    "eve",
    "ana",
    "ben",
    "cat",
    "dan",
    "eve",
    "cat",
    "dan",
    "g-supp",
    "g-ovf",
    "g-none",
    "+15557770002",
    "+15557770003",
    "112",
    "u-nobody",
    "ivr-sales",
];

const CALLS: &[(&str, &str)] = &[
    ("+15557770001", "+15550100001"),
    ("+15557770002", "+15550200001"),
    ("anonymous", "+15550100002"),
    ("ana", "ben"),
    ("ana", "ana"),
    ("ben", "+15557770002"),
];

fn wish() -> impl Strategy<Value = Wish> {
    use call::port::{RecordingWish, Supervision};
    let warm = vec![
        Wish::Consult,
        Wish::Consult,
        Wish::Consult,
        Wish::Complete,
        Wish::Abandon,
        Wish::Swap,
        Wish::Merge,
        Wish::Add,
        Wish::Add,
    ];
    let others = vec![
        Wish::Remove,
        Wish::Hold,
        Wish::Resume,
        Wish::Transfer,
        Wish::Transfer,
        Wish::Mute(true),
        Wish::Mute(false),
        Wish::Digits,
        Wish::Play,
        Wish::StopPlay,
        Wish::Park,
        Wish::Move,
        Wish::Supervise(Supervision::Listen),
        Wish::Supervise(Supervision::Whisper),
        Wish::Supervise(Supervision::Barge),
        Wish::Record(RecordingWish::Start),
        Wish::Record(RecordingWish::Stop),
    ];
    prop_oneof![
        12 => prop::sample::select(warm),
        12 => prop::sample::select(others),
        1 => prop::sample::select(vec![Wish::Answer, Wish::HangUp]),
    ]
}

fn event() -> impl Strategy<Value = LegEvent> {
    let status = prop::sample::select(vec![404, 408, 480, 486, 503, 603]);
    prop_oneof![
        3 => any::<bool>().prop_map(|early_media| LegEvent::Rang { early_media }),
        3 => status.prop_map(|status| LegEvent::Failed { status }),
        2 => prop::sample::select(vec![200, 408, 487])
            .prop_map(|status| LegEvent::Settled { status }),
        1 => Just(LegEvent::Answered),
        1 => Just(LegEvent::Cancelled),
        3 => Just(LegEvent::Held),
        3 => Just(LegEvent::Resumed),
        1 => Just(LegEvent::MediaTimedOut { seconds: 60 }),
    ]
}

fn deed() -> impl Strategy<Value = Deed> {
    let index = any::<prop::sample::Index>;
    let goal = || prop::sample::select(GOALS);
    prop_oneof![
        14 => index().prop_map(Deed::Answer),
        1 => index().prop_map(Deed::HangUp),
        3 => (index(), event()).prop_map(|(leg, event)| Deed::Leg(leg, event)),
        1 => (index(), goal()).prop_map(|(leg, goal)| Deed::Refer(leg, goal)),
        1 => index().prop_map(Deed::Heard),
        18 => (0u8..4, any::<bool>(), index(), wish(), goal())
            .prop_map(|(who, boss, index, wish, goal)| Deed::Order(who, boss, index, wish, goal)),
        2 => prop_oneof![0u64..3_000, 10_000u64..70_000].prop_map(Deed::Pass),
        1 => Just(Deed::Pass(130_000)),
    ]
}

type Scene = (u8, Vec<(&'static str, &'static str)>, Vec<Deed>, bool);

fn scene() -> impl Strategy<Value = Scene> {
    (
        any::<u8>(),
        prop::collection::vec(prop::sample::select(CALLS), 1..3),
        prop::collection::vec(deed(), 0..60),
        prop::bool::weighted(0.1),
    )
}

/// The users on a call, those that ring for it, and everybody else.
fn users(live: &Live) -> Vec<UserId> {
    let standing = live.call.standing();
    let on_it = standing.parties.iter().filter_map(|it| match &it.who {
        model::call_graph::event::Party::User { user, .. } => Some(user.clone()),
        model::call_graph::event::Party::External { .. } => None,
    });
    let ring = standing.searches.iter().flat_map(|it| it.ringing.clone());
    let all = ["ana", "ben", "cat", "dan", "eve"].map(|name| UserId::from(format!("u-{name}")));
    on_it.chain(ring).chain(all).collect()
}

fn command(
    wish: Wish,
    user: UserId,
    index: &prop::sample::Index,
    goal: Goal,
    live: &Live,
) -> Command {
    let standing = live.call.standing();
    let member = match standing.parties.is_empty() {
        true => Member::User(user.clone()),
        false => match standing.parties[index.index(standing.parties.len())].leg {
            Some(leg) => Member::Leg(leg),
            None => Member::User(user.clone()),
        },
    };
    match wish {
        Wish::Answer => Command::Answer { user },
        Wish::HangUp => Command::HangUp,
        Wish::Remove => Command::Remove { member },
        Wish::Hold => Command::Hold { user },
        Wish::Resume => Command::Resume { user },
        Wish::Transfer => Command::Transfer { user, to: goal },
        Wish::Consult => Command::Consult { user, to: goal },
        Wish::Complete => Command::Complete { user },
        Wish::Abandon => Command::Abandon { user },
        Wish::Swap => Command::Swap { user },
        Wish::Merge => Command::Merge { user },
        Wish::Add => Command::Add { user, to: goal },
        Wish::Mute(muted) => Command::Mute { member, muted },
        Wish::Digits => Command::SendDigits { member, digits: "12#".into() },
        Wish::Play => Command::Play { member: None, sound: "beep.wav".into() },
        Wish::StopPlay => Command::StopPlay,
        Wish::Park => Command::Park { user, slot: "71".into() },
        Wish::Move => Command::Move { user, device: call::port::Devices::All },
        Wish::Supervise(how) => {
            let of = match &member {
                Member::User(user) => user.clone(),
                Member::Leg(_) => UserId::from("u-ana"),
            };
            Command::Supervise { by: user, of, how }
        }
        Wish::Record(wish) => Command::Record(wish),
    }
}

fn legs_that(world: &World, is: impl Fn(LegState) -> bool) -> Vec<LegId> {
    let legs = world.states.iter().filter(|(_, (_, state))| is(*state));
    legs.map(|(leg, _)| *leg).collect()
}

fn is_anchor(world: &World, call: usize, leg: LegId) -> bool {
    world.calls[call].legs.get("caller") == Some(&leg)
}

fn one(world: &World, which: &prop::sample::Index, state: LegState) -> Option<(usize, LegId)> {
    let mut legs = legs_that(world, |it| it == state);
    legs.retain(|leg| {
        let (call, state) = world.states[leg];
        state != LegState::Ringing || !is_anchor(world, call, *leg)
    });
    let leg = *legs.get(which.index(legs.len().max(1)))?;
    Some((world.states[&leg].0, leg))
}

fn happen(world: &mut World, deed: Deed, lawful: bool) {
    match deed {
        Deed::Answer(which) => {
            if let Some((call, leg)) = one(world, &which, LegState::Ringing) {
                world.input(call, CallInput::Leg(leg, LegEvent::Answered));
            }
        }
        Deed::HangUp(which) => {
            if let Some((call, leg)) = one(world, &which, LegState::Up) {
                world.input(call, CallInput::Leg(leg, LegEvent::HungUp));
            }
        }
        Deed::Refer(which, goal) => {
            if let Some((call, leg)) = one(world, &which, LegState::Up) {
                let (goal, before) = (world.goal(goal), world.refers);
                let finished = world.calls[call].finished;
                world.input(call, CallInput::Leg(leg, LegEvent::Referred(goal)));
                let answered = world.refers == before + 1;
                assert!(answered || finished, "a refer without an answer\n{}", world.log);
            }
        }
        Deed::Leg(which, event) => {
            let legs = legs_that(world, |_| true);
            let leg = legs[which.index(legs.len())];
            let (call, state) = world.states[&leg];
            let is_anchor = is_anchor(world, call, leg);
            if !lawful || is_possible(state, is_anchor, &event) {
                world.input(call, CallInput::Leg(leg, event));
            }
        }
        Deed::Heard(which) => {
            let plays: Vec<_> = world.plays.iter().map(|(leg, play)| (*leg, *play)).collect();
            if let Some((leg, play)) = plays.get(which.index(plays.len().max(1))).copied() {
                let (call, _) = world.states[&leg];
                let event = LegEvent::Played { play, end: PlayEnd::Completed };
                world.input(call, CallInput::Leg(leg, event));
            }
        }
        Deed::Order(who, boss, index, wish, goal) => {
            let call = index.index(world.calls.len());
            let users = users(&world.calls[call]);
            let user = users[usize::from(who).min(users.len() - 1)].clone();
            let orderer = if boss { Orderer::Operator } else { Orderer::User(user.clone()) };
            let goal = world.goal(goal);
            let command = command(wish, user, &index, goal, &world.calls[call]);
            let order = OrderId(world.answers.len() as u64);
            let finished = world.calls[call].finished;
            world.input(call, CallInput::Order(order, orderer, command));
            let answered = world.answers.len() as u64 == order.0 + 1;
            assert!(answered || finished, "an order without an answer\n{}", world.log);
        }
        Deed::Pass(millis) => world.until(world.now + Duration::from_millis(millis)),
        Deed::Release => world.input(0, CallInput::Release),
    }
}

/// Who is to hear each other does.
pub(crate) fn everybody_hears(world: &World) {
    for live in world.calls.iter().filter(|it| !it.finished) {
        let standing = live.call.standing();
        if standing.stage != StageName::Talking {
            continue;
        }
        let legs: Vec<LegId> = live.call.legs().collect();
        for leg in &legs {
            assert_ne!(world.states[leg].1, LegState::Gone, "{leg:?} is gone\n{}", world.log);
        }
        let leg_of = |party: &call::port::PartyStanding| {
            let named = live.named.iter().rev().find(|(name, _)| Some(*name) == party.leg);
            // A supervisor is who has no name.
            named.map_or(LegId(0), |(_, leg)| *leg)
        };
        if let Err(why) = world.media.check(&standing, leg_of) {
            panic!("{why}\n{}", world.log);
        }
        for party in &standing.parties {
            sees(world, &standing, party, leg_of(party));
        }
    }
}

/// The telephone of a user shows the number of the only one with whom he talks.
fn sees(world: &World, standing: &Standing, party: &PartyStanding, leg: LegId) {
    let counts = |it: &&PartyStanding| {
        it.supervises.is_none() && it.bridge == party.bridge && it.leg != party.leg
    };
    let others: Vec<_> = standing.parties.iter().filter(counts).collect();
    let (Party::User { .. }, [other], Some(shown)) =
        (&party.who, &others[..], world.shown.get(&leg))
    else {
        return;
    };
    let number = match &other.who {
        Party::User { user, .. } => {
            world.directory.user(user).map(|user| user.sip_username.clone())
        }
        Party::External { number: Some(number), .. } => Some(number.as_str().into()),
        Party::External { text, .. } => text.clone(),
    };
    assert_eq!(shown.number, number, "{leg:?} shows somebody else\n{}", world.log);
}

/// A leg is in exactly one bridge from its answer to its end.
fn bridged_as_written(live: &Live, log: &str) {
    let Some(graph) = &live.graph else {
        return;
    };
    let mut connections: Vec<u16> = graph.connections.iter().map(|row| row.seq).collect();
    connections.retain(|seq| graph.connections[usize::from(*seq) - 1].answered_at.is_some());
    for seq in connections {
        let row = &graph.connections[usize::from(seq) - 1];
        let is_his = |leg: &BridgeLeg| *leg == BridgeLeg::Connection(seq);
        let (mut open, mut main, mut total) = (None, None, 0);
        for recorded in &live.events {
            #[expect(clippy::wildcard_enum_match_arm, reason = "the others move nobody")]
            match &recorded.event {
                CallEvent::BridgeEntered { leg, bridge } if is_his(leg) => {
                    assert_eq!(open, None, "c{seq} is in two bridges\n{log}");
                    open = Some(recorded.at.0);
                    if *bridge == MAIN_BRIDGE {
                        main = main.or(Some(recorded.at));
                    }
                }
                CallEvent::BridgeLeft { leg, .. } if is_his(leg) => {
                    let since = open.take().expect("a bridge that it is in");
                    total += recorded.at.0 - since;
                }
                _ => {}
            }
        }
        let (answered, ended) = (row.answered_at.expect("answered"), row.ended_at.expect("ended"));
        total += open.map_or(0, |since| ended.0 - since);
        assert_eq!(row.bridged_at, main, "c{seq}\n{log}");
        assert_eq!(total, ended.0 - answered.0, "c{seq} was nowhere for a while\n{log}");
    }
}

/// Every transfer that begins has one end (§6.2.5).
fn transfers_end(live: &Live, log: &str) {
    let count = |is: fn(&CallEvent) -> bool| live.events.iter().filter(|it| is(&it.event)).count();
    let begun = count(|event| matches!(event, CallEvent::TransferStarted { .. }));
    let ended = count(|event| matches!(event, CallEvent::TransferEnded { .. }));
    assert_eq!(begun, ended, "transfers that began and ended\n{log}");
}

/// Longer than all that one call may wait for, one after the other.
const FOREVER: Duration = Duration::from_secs(100_000);

fn play_scene((settings, calls, deeds, release): Scene, lawful: bool) {
    let mut world = World::new(directory(""));
    world.settings.sound = SoundSettings {
        music_on_hold: (settings & 1 != 0).then(|| "music:calm".into()),
        consent_prompt: (settings & 2 != 0).then(|| "consent.wav".into()),
        record_all: settings & 4 != 0,
        ..SoundSettings::default()
    };
    world.settings.transfer.unanswered = match settings >> 3 & 3 {
        0 | 1 => Unanswered::Recall,
        2 => Unanswered::Voicemail,
        _ => Unanswered::End,
    };
    if settings & 32 != 0 {
        world.settings.transfer.hear = TransferHear::Music;
    }
    world.lawful = lawful;
    play(&mut world, "registered ana ben cat dan eve own mia max\n 1 pass");
    for (index, (from, to)) in calls.iter().enumerate() {
        world.arrive(&index.to_string(), &format!("call-{index}"), from, to);
    }
    for deed in deeds {
        happen(&mut world, deed, lawful);
        if lawful {
            everybody_hears(&world);
        }
    }
    if release {
        happen(&mut world, Deed::Release, lawful);
    }
    // Nothing rings for ever; who still talks is released.
    world.until(world.now + FOREVER);
    for index in 0..world.calls.len() {
        let live = &world.calls[index];
        assert!(live.finished || live.call.deadline().is_none(), "it waits\n{}", world.log);
        let standing = live.call.standing();
        let several = live.finished || standing.parties.len() > 1;
        assert!(several, "somebody waits for nobody\n{}", world.log);
        world.input(index, CallInput::Release);
        let live = &world.calls[index];
        assert!(live.finished && live.call.legs().next().is_none(), "{}", world.log);
        assert_eq!(live.call.deadline(), None);
        if lawful {
            bridged_as_written(live, &world.log);
        }
        transfers_end(live, &world.log);
    }
    for user in world.directory.users() {
        assert!(!world.floor.is_on_call(&user.id), "{} talks\n{}", user.id, world.log);
        assert!(!world.floor.is_ringing(&user.id), "{} rings\n{}", user.id, world.log);
    }
}

fn cases() -> ProptestConfig {
    let wanted = std::env::var("TALKS").ok().and_then(|cases| cases.parse().ok());
    ProptestConfig::with_cases(wanted.unwrap_or(256))
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn whatever_is_ordered_everybody_hears_whom_he_is_to_hear(scene in scene()) {
        play_scene(scene, true);
    }

    #[test]
    fn impossible_happenings_break_no_talk(scene in scene()) {
        play_scene(scene, false);
    }
}
