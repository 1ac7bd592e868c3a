//! What happens in a house with queues beside the rest: callers who wait, press keys, leave
//! messages and lose patience; agents who change their minds, listen to messages and watch lamps.
//! Drawn by itself, so that the rest of a seed stays what it is.

use std::time::Duration;

use model::directory::Availability;
use phone::{CallPlan, Dial};

use crate::ivrs::{self, MENU, PIN, QUEUE, TOGETHER};
use crate::random::Random;
use crate::scenario::LAST_ACTION_MS;
use crate::setting::{CUSTOMER, USERS};
use crate::world::{PeerId, World};

/// The carrier's two ends come first, then the users' phones.
const CARRIERS: u64 = 2;

/// Everything that is drawn.
pub(crate) fn people(world: &mut World, random: &mut Random) {
    callers(world, random);
    agents(world, random);
    for _ in 0..random.below(7) {
        watch(world, random);
    }
    for _ in 0..random.below(3) {
        let (at, deletes) = (random.time(10_000, LAST_ACTION_MS), random.chance(500));
        world.at(at, move |world| world.read_mail(deletes));
    }
}

fn callers(world: &mut World, random: &mut Random) {
    // In one run of four everybody calls in the same second.
    let together = random.chance(250).then(|| random.time(2_500, 20_000));
    for _ in 0..1 + random.below(9) {
        let at = together.unwrap_or_else(|| random.time(2_500, 30_000));
        let inside = random.chance(120);
        let number = *random.pick(&[QUEUE, QUEUE, QUEUE, TOGETHER, MENU, MENU, ivrs::MAILBOX]);
        let (who, dial) = if inside {
            (a_phone(world, random), Dial::number(*random.pick(&["*81", number])))
        } else {
            let caller = match random.below(4) {
                0 => Dial::number(number).anonymous(),
                1 => Dial::number(number).as_caller(CUSTOMER, "carrier.example"),
                _ => {
                    let from = format!("+49301234{:03}", random.below(1_000));
                    Dial::number(number).as_caller(&from, "carrier.example")
                }
            };
            (random.below(CARRIERS) as PeerId, caller)
        };
        let dial = dial.plan(CallPlan {
            give_up_after: random.chance(200).then(|| random.time(0, 10_000)),
            hang_up_after: random.chance(700).then(|| random.time(0, 35_000)),
        });
        let typed = typed(random);
        world.at(at, move |world| {
            if let Some(call) = world.dial(who, dial) {
                for (after, keys) in typed {
                    world.at(world.now + after, move |world| {
                        world.type_in(who, call, &keys, Duration::from_millis(300));
                    });
                }
            }
        });
    }
}

/// What a caller presses, and when.
fn typed(random: &mut Random) -> Vec<(Duration, String)> {
    let keys = |random: &mut Random| {
        let count = if random.chance(150) { 4 } else { 1 };
        let keys = (0..count).map(|_| char::from(*random.pick(b"112237451*#09")));
        keys.collect()
    };
    (0..random.below(4)).map(|_| (random.time(500, 20_000), keys(random))).collect()
}

fn a_phone(world: &World, random: &mut Random) -> PeerId {
    let phones = world.peers.len() as u64 - CARRIERS;
    (CARRIERS + random.below(phones)) as PeerId
}

/// Agents come and go by code and at a screen, and listen to messages.
fn agents(world: &mut World, random: &mut Random) {
    for _ in 0..random.below(8) {
        let phone = a_phone(world, random);
        let at = random.time(2_500, LAST_ACTION_MS);
        match random.below(4) {
            0 => {
                let user = *random.pick(&USERS);
                let wants = *random.pick(&[
                    Availability::Available,
                    Availability::Available,
                    Availability::Away,
                    Availability::Offline,
                ]);
                world.at(at, move |world| world.choose(user, wants));
            }
            1 => listen(world, random, phone, at),
            _ => {
                let code = *random.pick(&["*10", "*11", "*11", "*12"]);
                world.at(at, move |world| {
                    world.dial(phone, Dial::number(code));
                });
            }
        }
    }
}

/// Somebody listens to a mailbox, mostly with its PIN, and presses what he likes.
fn listen(world: &mut World, random: &mut Random, phone: PeerId, at: Duration) {
    let code = *random.pick(&["*97", "*971"]);
    let pin = if random.chance(800) { format!("{PIN}#") } else { "1234#".to_owned() };
    let wanted: String =
        (0..random.below(6)).map(|_| *random.pick(&['1', '2', '3', '*'])).collect();
    let leaves = random.time(5_000, 40_000);
    world.at(at, move |world| {
        let plan = CallPlan { hang_up_after: Some(leaves), ..CallPlan::default() };
        let Some(call) = world.dial(phone, Dial::number(code).plan(plan)) else { return };
        let now = world.now;
        world.at(now + Duration::from_secs(3), move |world| {
            world.type_in(phone, call, &pin, Duration::from_millis(200));
        });
        world.at(now + Duration::from_secs(7), move |world| {
            world.type_in(phone, call, &wanted, Duration::from_millis(1_700));
        });
    });
}

fn watch(world: &mut World, random: &mut Random) {
    let phone = a_phone(world, random);
    let at = random.time(2_500, 30_000);
    let (event, whom) = match random.below(4) {
        0 => ("message-summary", *random.pick(&["*97", "*971", "alice", "nobody"])),
        1 => ("dialog", *random.pick(&["*10", "*12", "nobody"])),
        _ => ("dialog", *random.pick(&USERS)),
    };
    let expires_s = 60 + random.below(120) as u32;
    world.at(at, move |world| world.watch(phone, event, whom, expires_s));
}
