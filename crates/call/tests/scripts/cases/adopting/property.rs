//! Whatever calls become part of one another, at whatever time, and whatever else happens to them:
//! the rows of who survives keep every invariant, no leg is left behind, and no agent stays on a
//! call or is rung by one that is over.

use std::time::Duration;

use call::port::{
    Adoption, CallInput, Command, Devices, Goal, LegEvent, LegId, OrderId, Orderer, PlayEnd,
    Supervision,
};
use model::call_graph::event::Party;
use model::{TrunkId, UserId};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::directory::directory;
use crate::property::is_possible;
use crate::script::play;
use crate::talks::everybody_hears;
use crate::world::{LegState, World};

const CALLS: &[(&str, &str)] = &[
    ("+15557770001", "+15550100001"),
    ("+15557770002", "+15550100002"),
    ("+15557770003", "+15550200001"),
    ("ana", "ben"),
    ("ben", "ana"),
    ("ana", "cat"),
    ("ana", "+15557770002"),
    ("ben", "+15550200001"),
    ("cat", "*20/ana"),
    ("dan", "*71/71"),
    ("ana", "*22"),
    ("dan", "*22"),
];

const USERS: &[&str] = &["u-ana", "u-ben", "u-cat", "u-dan"];

/// Longer than all that one call may wait for, one after the other.
const FOREVER: Duration = Duration::from_secs(10_000);

#[derive(Clone, Debug)]
enum Step {
    Arrives(usize),
    Originates(usize, usize),
    Leg(Index, LegEvent),
    Heard(Index),
    /// Somebody answers who rings.
    Answers(Index),
    /// One of all the adoptions that are possible now.
    Takes(Index),
    Orders(Index, Box<Command>),
    /// A user who is on a call parks whom he talks with.
    Parks(Index),
    Pass(u64),
}

fn user() -> impl Strategy<Value = UserId> {
    prop::sample::select(USERS).prop_map(UserId::from)
}

fn event() -> impl Strategy<Value = LegEvent> {
    let status = prop::sample::select(vec![408, 480, 486, 603]);
    prop_oneof![
        2 => Just(LegEvent::Rang { early_media: false }),
        1 => Just(LegEvent::Answered),
        1 => status.prop_map(|status| LegEvent::Failed { status }),
        1 => prop::sample::select(vec![200, 487]).prop_map(|status| LegEvent::Settled { status }),
        1 => Just(LegEvent::HungUp),
        1 => Just(LegEvent::Cancelled),
        2 => Just(LegEvent::Held),
        1 => Just(LegEvent::Resumed),
        1 => Just(LegEvent::MediaTimedOut { seconds: 60 }),
        1 => goal().prop_map(LegEvent::Referred),
    ]
}

fn how() -> impl Strategy<Value = Supervision> {
    prop::sample::select(vec![Supervision::Listen, Supervision::Whisper, Supervision::Barge])
}

fn goal() -> impl Strategy<Value = Goal> {
    let outside =
        Goal::Outside { number: None, dialled: "4711".into(), trunk: TrunkId::from("carrier-a") };
    prop_oneof![3 => user().prop_map(Goal::User), 1 => Just(outside)]
}

fn command() -> impl Strategy<Value = Command> {
    prop_oneof![
        2 => user().prop_map(|user| Command::Move { user, device: Devices::All }),
        3 => (user(), user(), how()).prop_map(|(by, of, how)| Command::Supervise { by, of, how }),
        1 => (user(), goal()).prop_map(|(user, to)| Command::Transfer { user, to }),
        2 => (user(), goal()).prop_map(|(user, to)| Command::Consult { user, to }),
        1 => (user(), goal()).prop_map(|(user, to)| Command::Add { user, to }),
        1 => user().prop_map(|user| Command::Complete { user }),
        1 => user().prop_map(|user| Command::Merge { user }),
        1 => user().prop_map(|user| Command::Swap { user }),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let calls = 0..CALLS.len();
    let index = any::<Index>;
    prop_oneof![
        5 => calls.prop_map(Step::Arrives),
        1 => (0..USERS.len(), 0..USERS.len()).prop_map(|(a, b)| Step::Originates(a, b)),
        10 => (index(), event()).prop_map(|(leg, event)| Step::Leg(leg, event)),
        1 => index().prop_map(Step::Heard),
        8 => index().prop_map(Step::Answers),
        8 => index().prop_map(Step::Takes),
        2 => index().prop_map(Step::Parks),
        4 => (index(), command()).prop_map(|(call, it)| Step::Orders(call, Box::new(it))),
        3 => (0u64..25_000).prop_map(Step::Pass),
    ]
}

/// Everything that one call could do with another.
fn possible(world: &World) -> Vec<(usize, usize, Adoption)> {
    let users: Vec<UserId> = USERS.iter().map(|it| UserId::from(*it)).collect();
    let mut all = Vec::new();
    for into in 0..world.calls.len() {
        let legs: Vec<LegId> = world.calls[into].call.legs().collect();
        let mut wishes = Vec::new();
        for user in &users {
            for complete in [true, false] {
                let user = user.clone();
                wishes.push(Adoption::Consultation { user, complete, referred: None });
            }
            for of in users.iter().cloned() {
                wishes.push(Adoption::Pickup { user: user.clone(), of });
            }
            wishes.push(Adoption::Retrieval { user: user.clone() });
            for replaced in legs.iter().copied() {
                wishes.push(Adoption::Replacement { user: user.clone(), replaced });
            }
            for of in users.iter().cloned() {
                let by = user.clone();
                wishes.push(Adoption::Supervisor { by, of, how: Supervision::Listen });
            }
        }
        let survivor = &world.calls[into].call;
        for from in (0..world.calls.len()).filter(|from| *from != into) {
            let given = &world.calls[from].call;
            let may =
                |it: &&Adoption| given.may_become_part_of(survivor, it, &world.settings).is_ok();
            all.extend(wishes.iter().filter(may).map(|it| (into, from, it.clone())));
        }
    }
    all
}

/// The leg on which his telephone asks: one that is up, of either call.
fn asking(world: &World, user: &UserId, calls: [usize; 2]) -> Option<LegId> {
    let name = user.as_str().trim_start_matches("u-");
    let named =
        |call: &usize| {
            let legs = &world.calls[*call].legs;
            let made =
                world.calls[*call].call.standing().parties.first().is_some_and(
                    |it| matches!(&it.who, Party::User { user: who, .. } if who == user),
                );
            if made { legs.get("caller").copied() } else { legs.get(name).copied() }
        };
    let legs = calls.iter().filter_map(named);
    legs.into_iter().find(|leg| world.states[leg].1 == LegState::Up)
}

fn take(step: Step, world: &mut World) {
    match step {
        Step::Arrives(call) => {
            let (from, to) = CALLS[call];
            let name = world.calls.len().to_string();
            world.arrive(&name, &format!("call-{name}"), from, to);
        }
        Step::Originates(from, to) => {
            let name = world.calls.len().to_string();
            world.originate(&name, UserId::from(USERS[from]), Goal::User(USERS[to].into()));
        }
        Step::Leg(which, event) => {
            let legs: Vec<LegId> = world.states.keys().copied().collect();
            if legs.is_empty() {
                return;
            }
            let leg = legs[which.index(legs.len())];
            let (call, state) = world.states[&leg];
            if is_possible(state, world.is_called_by(leg), &event) {
                world.input(call, CallInput::Leg(leg, event));
            }
        }
        Step::Heard(which) => {
            let plays: Vec<_> = world.plays.iter().map(|(leg, play)| (*leg, *play)).collect();
            if !plays.is_empty() {
                let (leg, play) = plays[which.index(plays.len())];
                let (call, _) = world.states[&leg];
                let end = PlayEnd::Failed;
                world.input(call, CallInput::Leg(leg, LegEvent::Played { play, end }));
            }
        }
        Step::Answers(which) => {
            let rings = |(leg, (_, state)): (&LegId, &(usize, LegState))| {
                (*state == LegState::Ringing && !world.is_called_by(*leg)).then_some(*leg)
            };
            let legs: Vec<LegId> = world.states.iter().filter_map(rings).collect();
            if !legs.is_empty() {
                let leg = legs[which.index(legs.len())];
                world.input(world.states[&leg].0, CallInput::Leg(leg, LegEvent::Answered));
            }
        }
        Step::Takes(which) => adopt(which, world),
        Step::Parks(which) => park(which, world),
        Step::Orders(call, command) => {
            if !world.calls.is_empty() {
                let call = call.index(world.calls.len());
                let order = OrderId(world.answers.len() as u64);
                world.input(call, CallInput::Order(order, Orderer::Operator, *command));
            }
        }
        Step::Pass(millis) => world.until(world.now + Duration::from_millis(millis)),
    }
}

fn park(which: Index, world: &mut World) {
    let talks = world.calls.iter().enumerate().flat_map(|(call, live)| {
        let parties = live.call.standing().parties;
        parties.into_iter().filter_map(move |it| match it.who {
            Party::User { user, .. } => Some((call, user)),
            Party::External { .. } => None,
        })
    });
    let talks: Vec<(usize, UserId)> = talks.collect();
    if !talks.is_empty() {
        let (call, user) = talks[which.index(talks.len())].clone();
        let order = OrderId(world.answers.len() as u64);
        let park = Command::Park { user, slot: "71".into() };
        world.input(call, CallInput::Order(order, Orderer::Operator, park));
    }
}

fn adopt(which: Index, world: &mut World) {
    let all = possible(world);
    if all.is_empty() {
        return;
    }
    let (into, from, mut adoption) = all[which.index(all.len())].clone();
    if let Adoption::Consultation { user, referred, .. } = &mut adoption
        && which.index(3) > 0
    {
        let calls = if which.index(3) == 1 { [into, from] } else { [from, into] };
        *referred = asking(world, user, calls);
    }
    world.adopt(into, from, adoption).expect("it may");
}

proptest! {
    #[test]
    fn whatever_becomes_part_of_what_no_leg_is_left_behind(
        steps in prop::collection::vec(step(), 1..60),
    ) {
        let mut world = World::new(directory(""));
        world.settings.sound.music_on_hold = Some("music:calm".into());
        play(&mut world, "registered ana ben cat dan\n 1 pass");
        for it in steps {
            if world.calls.len() < 6 || !matches!(it, Step::Arrives(_) | Step::Originates(..)) {
                take(it, &mut world);
                everybody_hears(&world);
            }
        }
        world.until(world.now + FOREVER);
        for index in 0..world.calls.len() {
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
}
