//! What people do to calls that run, drawn by itself so that the rest of a seed stays what it is:
//! they hand calls on, consult on a second line, join, park, fetch, pick up, move from one device
//! to another, listen in, and order the same things at a screen, at any moment, whether or not the
//! call is in a state for it.
//!
//! Every deed has one line in [`DEEDS`]; what is not in it is not done.

mod deeds;
mod orders;

use std::time::Duration;

use phone::{AfterRefer, Behaviour, CallPlan, Dial};
use sip::flow::TransportKind;

use crate::ivrs::{MENU, QUEUE};
use crate::network::Conditions;
use crate::random::Random;
use crate::scenario::{self, LAST_ACTION_MS};
use crate::setting::{
    CUSTOMER, OUTSIDE, ROUND_ROBIN, SIMULRING, Setting, USERS, carrier_address, number_of,
    phone_address,
};
use crate::world::{PeerId, World};

pub(crate) use orders::Answers;

/// What may be done to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    /// REFER without Replaces.
    Refer,
    /// Two of them at once, or one and a BYE.
    ReferTwice,
    /// A second line, and REFER with Replaces, early or late.
    Consult,
    /// A second line, and the code that joins all.
    Conference,
    /// The code that picks up, or INVITE with Replaces of what rings.
    PickUp,
    /// The codes that park and fetch.
    Park,
    /// Another device takes the call: the code, or INVITE with Replaces.
    Move,
    /// The codes of supervisors.
    Supervise,
    /// Orders at a screen.
    Order,
    /// Calls that are ordered at a screen, and perhaps given up while they are made.
    Originate,
}

/// What is done, and how often out of all.
const DEEDS: &[(Deed, u64)] = &[
    (Deed::Refer, 5),
    (Deed::ReferTwice, 1),
    (Deed::Consult, 5),
    (Deed::Conference, 1),
    (Deed::PickUp, 2),
    (Deed::Park, 2),
    (Deed::Move, 1),
    (Deed::Supervise, 1),
    (Deed::Order, 10),
    (Deed::Originate, 1),
];

/// The carrier's two ends come first, then the users' phones.
const CARRIERS: u64 = 2;

/// Builds the world of a seed: a quiet house in which everybody answers and talks for long, or any
/// of the others with everything that goes wrong in them.
pub(crate) fn world(seed: u64) -> World {
    let random = &mut Random::new(seed ^ 0x636f_6e74);
    let mut world =
        if seed.is_multiple_of(3) { scenario::world(seed) } else { quiet(seed, random) };
    for phone in CARRIERS as PeerId..world.peers.len() {
        let after = match random.below(4) {
            0 => AfterRefer::Stay,
            1 => AfterRefer::HangUpAtOnce,
            _ => AfterRefer::HangUpAtEnd,
        };
        world.peers[phone].phone.set_after_refer(after);
    }
    // On one day of four everything is done in a few seconds.
    let end_ms = *random.pick(&[LAST_ACTION_MS, LAST_ACTION_MS, LAST_ACTION_MS, 14_000]);
    for _ in 0..4 + random.below(14) {
        deed(&mut world, end_ms, random);
    }
    world
}

fn quiet(seed: u64, random: &mut Random) -> World {
    let mut setting = Setting::new(seed);
    setting.queues = random.chance(400);
    setting.records = random.chance(500);
    setting.ports = 100;
    setting.forwards = random.chance(300);
    let conditions = match random.below(5) {
        0 => Conditions { loss_permille: 50, duplicate_permille: 100, ..Conditions::CALM },
        1 => Conditions { jitter: Duration::from_millis(60), ..Conditions::CALM },
        _ => Conditions::CALM,
    };
    let mut world = World::new(setting, conditions);
    for carrier in 0..CARRIERS as u8 {
        let answers = Behaviour::AnswerAfter(random.time(0, 5_000));
        let talks = random.time(10_000, 90_000);
        world.add(None, carrier_address(carrier), TransportKind::Udp, |config| {
            config.behaviour = answers;
            config.hang_up_after = Some(talks);
        });
    }
    let mut homes: Vec<&'static str> = USERS.to_vec();
    homes.extend(USERS.iter().filter(|_| random.chance(250)));
    for (place, user) in homes.into_iter().enumerate() {
        let behaviour = match random.below(10) {
            0 => Behaviour::Decline(486, Duration::ZERO),
            1 => Behaviour::RingForever,
            2 => Behaviour::Decline(603, random.time(0, 4_000)),
            3 => Behaviour::AnswerAtCancel,
            _ => Behaviour::AnswerAfter(random.time(0, 6_000)),
        };
        let talks = random.time(10_000, 90_000);
        let address = phone_address(place as u8);
        let phone = world.add(Some(user), address, TransportKind::Udp, |config| {
            config.behaviour = behaviour;
            config.hang_up_after = Some(talks);
        });
        let at = random.time(1_000, 2_000);
        world.at(at, move |world| world.register(phone));
    }
    for _ in 0..1 + random.below(4) {
        let at = random.time(2_500, 15_000);
        let plan =
            CallPlan { give_up_after: None, hang_up_after: Some(random.time(10_000, 90_000)) };
        let (who, dial) = call(&world, random);
        world.at(at, move |world| {
            world.dial(who, dial.plan(plan));
        });
    }
    world
}

/// Mostly somebody calls from outside.
fn call(world: &World, random: &mut Random) -> (PeerId, Dial) {
    let user = random.below(USERS.len() as u64) as usize;
    match random.below(6) {
        0 => (a_phone(world, random), Dial::number(OUTSIDE)),
        1 => (a_phone(world, random), Dial::number(USERS[user])),
        _ => {
            let own = number_of(user);
            let numbers = [&own, &own, SIMULRING, ROUND_ROBIN];
            let dial = Dial::number(*random.pick(&numbers));
            let from = if random.chance(500) {
                CUSTOMER.to_owned()
            } else {
                format!("+49301234{:03}", random.below(1_000))
            };
            (random.below(CARRIERS) as PeerId, dial.as_caller(&from, "carrier.example"))
        }
    }
}

fn a_phone(world: &World, random: &mut Random) -> PeerId {
    let phones = world.peers.len() as u64 - CARRIERS;
    (CARRIERS + random.below(phones)) as PeerId
}

/// Whom a call is handed to, or who is asked first.
fn target(world: &World, random: &mut Random) -> String {
    let user = random.below(USERS.len() as u64) as usize;
    let queues = world.setting.queues;
    match random.below(12) {
        0 | 1 => SIMULRING.to_owned(),
        2 => ROUND_ROBIN.to_owned(),
        3 | 4 => OUTSIDE.to_owned(),
        5 if queues => (*random.pick(&["*81", MENU, QUEUE])).to_owned(),
        6 if random.chance(300) => "nobody".to_owned(),
        7 => number_of(user),
        _ => USERS[user].to_owned(),
    }
}

/// What is drawn of a deed: who does it to whom, and when.
struct Drawn {
    peer: PeerId,
    at: Duration,
    to: String,
}

/// One deed, or a few that belong together, at a random time.
fn deed(world: &mut World, end_ms: u64, random: &mut Random) {
    let all: u64 = DEEDS.iter().map(|(_, often)| often).sum();
    let mut left = random.below(all);
    let found = DEEDS.iter().find(|(_, often)| {
        let is = left < *often;
        left = left.saturating_sub(*often);
        is
    });
    let Some((deed, _)) = found else { return };
    let peer = a_phone(world, random);
    let at = random.time(5_000, end_ms);
    let to = target(world, random);
    let mut chance = Random::new(random.number());
    let drawn = Drawn { peer, at, to };
    match deed {
        Deed::Refer | Deed::ReferTwice => refer(world, drawn, *deed == Deed::ReferTwice, random),
        Deed::Consult => consult(world, drawn, random),
        Deed::Conference => {
            let asks = random.time(3_000, 9_000);
            world.at(at, move |world| world.second_line(peer, &drawn.to));
            world.at(at + asks, move |world| world.code(peer, "*30"));
        }
        Deed::PickUp => pick_up(world, drawn, random),
        Deed::Park => park(world, drawn, random),
        Deed::Move => {
            let replaces = random.chance(500);
            world.at(at, move |world| world.other_device(peer, replaces));
        }
        Deed::Supervise => supervise(world, drawn, random),
        Deed::Order => world.at(at, move |world| world.order_something(&mut chance)),
        Deed::Originate => world.at(at, move |world| world.originate(&mut chance, &drawn.to)),
    }
}

fn refer(world: &mut World, drawn: Drawn, twice: bool, random: &mut Random) {
    let Drawn { peer, at, to } = drawn;
    world.at(at, move |world| world.refer(peer, &to));
    if !twice {
        return;
    }
    let then = random.time(0, 1_000);
    let hangs_up = random.chance(500);
    let other = target(world, random);
    world.at(
        at + then,
        move |world| {
            if hangs_up { world.hang_up(peer) } else { world.refer(peer, &other) }
        },
    );
}

fn consult(world: &mut World, drawn: Drawn, random: &mut Random) {
    let Drawn { peer, at, to } = drawn;
    let asks = random.time(100, 12_000);
    world.at(at, move |world| world.second_line(peer, &to));
    let at = at + asks;
    match random.below(6) {
        0 => world.at(at, move |world| world.back_to_first(peer)),
        1 => world.at(at, move |world| world.hang_up(peer)),
        2 => {
            world.at(at, move |world| world.refer_to_other(peer));
            let then = random.time(0, 100);
            world.at(at + then, move |world| world.hang_up(peer));
        }
        _ => world.at(at, move |world| world.refer_to_other(peer)),
    }
}

fn pick_up(world: &mut World, drawn: Drawn, random: &mut Random) {
    let Drawn { peer, at, .. } = drawn;
    let whom = *random.pick(&USERS);
    let replaces = random.chance(400);
    let group = random.chance(300);
    let mut chance = Random::new(random.number());
    world.at(at, move |world| match (replaces, group) {
        (true, _) => world.take_ringing(peer, &mut chance),
        (false, true) => world.code(peer, "*21"),
        (false, false) => world.code(peer, &format!("*20{whom}")),
    });
}

fn park(world: &mut World, drawn: Drawn, random: &mut Random) {
    let Drawn { peer, at, .. } = drawn;
    let slot = 71 + random.below(2);
    let fetched = at + random.time(500, 20_000);
    let fetcher = a_phone(world, random);
    let anywhere = random.chance(300);
    world.at(at, move |world| {
        world.hold(peer);
        let slot = if anywhere { String::new() } else { slot.to_string() };
        world.code(peer, &format!("*70{slot}"));
    });
    world.at(fetched, move |world| world.code(fetcher, &format!("*71{slot}")));
}

fn supervise(world: &mut World, drawn: Drawn, random: &mut Random) {
    let Drawn { peer, at, .. } = drawn;
    let code = *random.pick(&["*23", "*24", "*25"]);
    let whom = *random.pick(&USERS);
    let leaves = random.time(1_000, 10_000);
    world.at(at, move |world| {
        world.supervised = true;
        let plan = CallPlan { hang_up_after: Some(leaves), ..CallPlan::default() };
        world.dial(peer, Dial::number(format!("{code}{whom}")).plan(plan));
    });
}
