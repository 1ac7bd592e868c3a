//! A random scenario: who lives in the house, what their phones do, who calls whom and when, what
//! goes wrong in between. All of it follows from the seed.

use std::time::Duration;

use model::directory::Accept;
use phone::{Behaviour, CallPlan, CarrierChallenge, Dial};
use sip::flow::TransportKind;
use sip::message::HeaderName;
use switch::Input;

use crate::network::Conditions;
use crate::random::Random;
use crate::setting::{
    self, CHAIN, CUSTOMER, OUTSIDE, OWNER, ROUND_ROBIN, SIMULRING, Setting, UNKNOWN, USERS,
    carrier_address, number_of, phone_address,
};
use crate::waiting;
use crate::world::{PeerId, World};

/// When the last call has been placed, and what else was to be done.
pub(crate) const LAST_ACTION_MS: u64 = 45_000;
/// The longest that a call can ring through all stages, talk, and time out.
const HORIZON: Duration = Duration::from_secs(300);

/// Builds the world of a seed.
pub(crate) fn world(seed: u64) -> World {
    let mut random = Random::new(seed);
    let reliable = random.chance(250);
    let mut setting = Setting::new(seed);
    setting.challenged = random.chance(200);
    // Not drawn, so that the runs of the seeds stay what they are.
    setting.greets = seed.is_multiple_of(2);
    setting.records = !seed.is_multiple_of(3);
    setting.consent = seed.is_multiple_of(4);
    setting.queues = seed % 5 > 1;
    setting.ports = *random.pick(&[40, 40, 40, 5]);
    setting.calls = *random.pick(&[100, 100, 3]);
    setting.accept = *random.pick(&[None, Some(Accept::Entry), Some(Accept::Answer)]);
    let carriers = [transport(&mut random, false), transport(&mut random, false)];
    setting.outbound = outbound(&mut random, carriers);
    let conditions = if reliable { Conditions::CALM } else { Conditions::random(&mut random) };
    let mut world = World::new(setting, conditions);
    let hosts = [(TransportKind::Udp, carrier_address(98)), (carriers[0], carrier_address(0))];
    world.sluggish = Duration::from_millis(*random.pick(&[0, 0, 3, 80]));
    world.unreachable_says_so = random.chance(500);
    world.hosts.insert("carrier.example".into(), hosts[random.below(2) as usize..].to_vec());
    carriers_of(&mut world, &mut random, carriers);
    people(&mut world, &mut random, reliable);
    calls(&mut world, &mut random);
    trouble(&mut world, &mut random);
    // Drawn by itself, so that the runs of the seeds stay what they are.
    buttons(&mut world, &mut Random::new(seed ^ 0x696e_666f));
    if world.setting.queues {
        waiting::people(&mut world, &mut Random::new(seed ^ 0x7761_6974));
    }
    world
}

/// Plays it to its end.
pub(crate) fn play(world: &mut World) {
    let lossless = world.network.conditions.loss_permille == 0;
    world.run_until(Duration::from_millis(LAST_ACTION_MS) + HORIZON);
    // Who is called back may be so at any time.
    let callbacks = world.switch.counters().callbacks > 0;
    let quiet = lossless && world.restarts == 0 && !world.disturbed && !callbacks;
    if quiet && world.switch.live_calls() != 0 {
        let live = world.switch.live_calls();
        world.faults.push(format!("{live} calls live by themselves"));
    }
    world.finish();
}

/// The trunk's two addresses, now and then with one before them that does not answer.
fn outbound(random: &mut Random, carriers: [TransportKind; 2]) -> Vec<String> {
    let uri = |carrier: u8| {
        let transport = carriers[usize::from(carrier)].uri_token();
        format!("sip:{};transport={transport}", carrier_address(carrier).ip())
    };
    let first = match random.below(6) {
        0 => "sip:carrier.example".to_owned(),
        1 => "sip:198.51.100.99".to_owned(),
        2 => "sip:198.51.100.98;transport=tcp".to_owned(),
        _ => uri(0),
    };
    vec![first, uri(1)]
}

fn carriers_of(world: &mut World, random: &mut Random, carriers: [TransportKind; 2]) {
    for (place, transport) in carriers.into_iter().enumerate() {
        let challenge = world.setting.challenged.then(|| CarrierChallenge {
            realm: "carrier".to_owned(),
            username: "tandem".to_owned(),
            password: "secret".to_owned(),
        });
        let behaviour = match random.below(4) {
            0 => behaviour(random),
            1 => Behaviour::Decline(503, Duration::ZERO),
            _ => Behaviour::AnswerAfter(random.time(0, 8_000)),
        };
        let hang_up_after = Some(random.time(0, 30_000));
        world.add(None, carrier_address(place as u8), transport, |config| {
            config.challenge = challenge;
            config.behaviour = behaviour;
            config.hang_up_after = hang_up_after;
        });
    }
}

fn people(world: &mut World, random: &mut Random, reliable: bool) {
    let mut homes: Vec<&'static str> = USERS.to_vec();
    // Some have a second device, and somebody's phone is switched off.
    homes.extend(USERS.iter().filter(|_| random.chance(200)));
    for (place, user) in homes.into_iter().enumerate() {
        let transport = transport(random, reliable);
        let behaviour = behaviour(random);
        let expires_s = *random.pick(&[3_600, 3_600, 60]);
        let hang_up_after = Some(random.time(0, 30_000));
        let address = phone_address(place as u8);
        let phone = world.add(Some(user), address, transport, |config| {
            config.behaviour = behaviour;
            config.expires_s = expires_s;
            config.hang_up_after = hang_up_after;
            config.lines = 3;
        });
        if !random.chance(100) {
            let at = random.time(1_000, 2_000);
            world.at(at, move |world| world.register(phone));
        }
    }
}

fn transport(random: &mut Random, reliable: bool) -> TransportKind {
    if reliable || random.chance(150) { TransportKind::Tcp } else { TransportKind::Udp }
}

fn behaviour(random: &mut Random) -> Behaviour {
    match random.below(12) {
        0 => Behaviour::Decline(486, Duration::ZERO),
        1 => Behaviour::Decline(*random.pick(&[603, 480, 486, 500]), random.time(0, 6_000)),
        2 => Behaviour::RingForever,
        3 => Behaviour::Silent,
        4 => Behaviour::AnswerAtCancel,
        5 => Behaviour::EarlyMedia(random.time(0, 5_000)),
        6 | 7 => Behaviour::AnswerAfter(Duration::from_secs(3)),
        _ => Behaviour::AnswerAfter(random.time(0, 20_000)),
    }
}

fn calls(world: &mut World, random: &mut Random) {
    // In one run of five everything comes at once.
    let together = random.chance(200).then(|| random.time(2_500, 6_000));
    for _ in 0..1 + random.below(6) {
        let at = together.unwrap_or_else(|| random.time(2_500, 25_000));
        let give_up_after = random.chance(350).then(|| random.time(0, 15_000));
        let hang_up_after = random.chance(600).then(|| random.time(0, 30_000));
        let plan = CallPlan { give_up_after, hang_up_after };
        let (who, mut dial) = call(random);
        dial.without_offer = random.chance(100);
        dial.plan = plan;
        world.at(at, move |world| {
            world.dial(who, dial);
        });
        if random.chance(400) {
            holds(world, random, who, at);
        }
    }
}

/// While somebody talks, he or whoever is called holds and resumes, perhaps both, perhaps in one
/// instant.
fn holds(world: &mut World, random: &mut Random, who: PeerId, at: Duration) {
    for _ in 0..1 + random.below(4) {
        let peers = world.peers.len() as u64;
        let peer = if random.chance(500) { who } else { random.below(peers) as PeerId };
        let held = at + random.time(1_000, 20_000);
        let resumed = held + *random.pick(&[Duration::ZERO, Duration::from_secs(2)]);
        world.at(held, move |world| world.hold(peer));
        world.at(resumed, move |world| world.resume(peer));
    }
}

/// Somebody calls somebody: from outside, to outside, or inside.
fn call(random: &mut Random) -> (PeerId, Dial) {
    let user = 2 + random.below(USERS.len() as u64) as PeerId;
    let callee = random.below(USERS.len() as u64) as usize;
    match random.below(10) {
        0 => (user, Dial::number(OUTSIDE)),
        1 => {
            let mut dial = Dial::number(OUTSIDE);
            let number = number_of(callee);
            dial.headers.push((HeaderName::Other("X-Caller-Number"), number));
            (user, dial)
        }
        2 => (user, Dial::number(USERS[callee])),
        3 => (user, Dial::number(*random.pick(&[SIMULRING, ROUND_ROBIN, "nobody"]))),
        _ => {
            let own = number_of(callee);
            let numbers = [SIMULRING, SIMULRING, ROUND_ROBIN, ROUND_ROBIN, CHAIN, OWNER, &own];
            let number = if random.chance(30) { UNKNOWN } else { *random.pick(&numbers) };
            let dial = Dial::number(number);
            let dial = match random.below(4) {
                0 => dial.anonymous(),
                1 => dial.as_caller("+4930777777", "carrier.example"),
                _ => dial.as_caller(CUSTOMER, "carrier.example"),
            };
            (random.below(2) as PeerId, dial)
        }
    }
}

fn trouble(world: &mut World, random: &mut Random) {
    let peers = world.peers.len() as u64;
    // Holds, resumes, hang-ups and changes of mind, at any time, whatever the call is doing.
    for _ in 0..random.below(8) {
        let peer = random.below(peers) as PeerId;
        let at = random.time(4_000, LAST_ACTION_MS);
        match random.below(5) {
            0 | 1 => world.at(at, move |world| world.hold(peer)),
            2 => world.at(at, move |world| world.resume(peer)),
            3 => world.at(at, move |world| world.hang_up(peer)),
            _ => {
                let behaviour = behaviour(random);
                world.at(at, move |world| world.peers[peer].phone.set_behaviour(behaviour));
            }
        }
    }
    for _ in 0..*random.pick(&[0, 0, 1, 1, 2, 4]) {
        disaster(world, random);
    }
}

/// Whoever talks presses keys that his phone sends as INFO, and its button for recordings.
fn buttons(world: &mut World, random: &mut Random) {
    let peers = world.peers.len() as u64;
    for _ in 0..random.below(12) {
        let peer = random.below(peers) as PeerId;
        let at = random.time(4_000, LAST_ACTION_MS);
        match random.below(3) {
            0 => {
                let wish = *random.pick(&["on", "off", "pause", "resume"]);
                world.at(at, move |world| world.record(peer, wish));
            }
            _ => world.at(at, move |world| world.press(peer)),
        }
    }
}

/// Something that nobody in the calls asked for.
fn disaster(world: &mut World, random: &mut Random) {
    let peer = random.below(world.peers.len() as u64) as PeerId;
    let at = random.time(3_000, LAST_ACTION_MS);
    let back = at + random.time(0, 10_000);
    match random.below(13) {
        0 => world.at(at, |world| {
            let directory = setting::directory(&world.setting, true);
            world.reload(directory);
        }),
        1 => world.at(at + Duration::from_secs(15), |world| world.stop(Input::Drain)),
        2 => world.at(at + Duration::from_secs(15), |world| world.stop(Input::Release)),
        3 => {
            let takes = random.time(0, 12_000);
            world.at(at, move |world| world.store_away(takes));
        }
        4 | 5 => {
            let away = random.time(0, 40_000);
            world.at(at, move |world| world.cut(peer, away));
        }
        6 => {
            world.at(at, move |world| world.break_connection(peer));
            world.at(back, move |world| world.register(peer));
        }
        7 => {
            world.at(at, move |world| world.leave(peer));
            world.at(back, move |world| world.register(peer));
        }
        8 => {
            world.at(at, move |world| world.reboot(peer));
            world.at(back, move |world| world.register(peer));
        }
        9 => world.at(at, World::silence),
        10 => {
            world.at(at, move |world| world.half_break(peer));
            world.at(back, move |world| world.register(peer));
        }
        11 => {
            let by_ms = *random.pick(&[-3_600_000, -2_000, 700, 3_600_000]);
            world.at(at, move |world| world.set_clock(by_ms));
        }
        _ => world.at(at, World::kill),
    }
}
