//! Races and troubles by name, most of them found in other servers first. Each is one house with
//! one call or two, in which a certain thing goes wrong at a certain moment; and at the end nothing
//! may remain, as in every run.

mod caller_gone;
mod crossing;
mod meeting;
mod queues;
mod system;
mod transfers;

use std::net::IpAddr;
use std::time::Duration;

use model::call_graph::CallGraph;
use phone::{Behaviour, Dial};
use sip::flow::TransportKind;

use crate::network::{Conditions, Fate, Rule};
use crate::setting::{CUSTOMER, Setting, USERS, carrier_address, phone_address};
use crate::verdict;
use crate::world::{PeerId, World};

const CARRIER: PeerId = 0;
const ALICE: PeerId = 2;
const BOB: PeerId = 3;
const CAROL: PeerId = 4;
const ERIN: PeerId = 6;

const RINGS: Behaviour = Behaviour::RingForever;
const ANSWERS: Behaviour = Behaviour::AnswerAfter(Duration::from_secs(1));

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// A house in which alice, bob, carol and dave do this when they are rung, all registered, at
/// second 2. The carrier's two ends answer; the network takes 10 ms and loses nothing.
fn house(behaviours: [Behaviour; 4]) -> World {
    furnished(Setting::new(7), behaviours)
}

fn furnished(setting: Setting, behaviours: [Behaviour; 4]) -> World {
    let mut world = World::new(setting, Conditions::CALM);
    for carrier in 0..2 {
        let address = carrier_address(carrier);
        world.add(None, address, TransportKind::Udp, |config| config.behaviour = ANSWERS);
    }
    for (place, user) in USERS.into_iter().enumerate() {
        let address = phone_address(place as u8);
        let behaviour = behaviours.get(place).copied().unwrap_or(Behaviour::Manual);
        let phone = world.add(Some(user), address, TransportKind::Udp, |config| {
            config.behaviour = behaviour;
            // The shortest that the registrar grants, and refreshed at half time.
            config.expires_s = 60;
        });
        world.register(phone);
    }
    world.run_until(Duration::from_secs(2));
    world
}

/// The customer calls a number, through the trunk.
fn calls(world: &mut World, number: &str) {
    world.dial(CARRIER, Dial::number(number).as_caller(CUSTOMER, "carrier.example"));
}

/// What becomes of every message of a kind that comes from a peer.
fn rule(world: &mut World, what: &'static str, from: PeerId, fate: Fate) {
    let from: IpAddr = world.peers[from].address.ip();
    world.network.rules.push(Rule { what, from: Some(from), to: None, fate, times: usize::MAX });
}

/// Lets everything play to its end; nothing may remain and nothing may be wrong.
fn done(world: &mut World) {
    world.run_for(Duration::from_secs(60));
    world.finish();
    eprintln!("{}", world.ladder.text());
    let events = world.store.log.len();
    for cut in [0, events / 3, events / 2, events] {
        let faults = verdict::faults(world, cut);
        assert!(faults.is_empty(), "{}\n{faults:#?}", world.ladder.text());
    }
}

/// The calls of the run, in the order in which they began.
fn graphs(world: &World) -> Vec<&CallGraph> {
    world.store.graphs.values().collect()
}

/// How each attempt of a call came out, in order: the user, the outcome, the status.
fn attempts(graph: &CallGraph) -> Vec<String> {
    let attempts = graph.attempts.iter().map(|attempt| {
        let user = attempt.user_id.as_ref().map_or("-", |user| user.as_str());
        let outcome = attempt.outcome.map_or("-", |outcome| outcome.as_str());
        format!("{user} {outcome} {}", attempt.sip_status.unwrap_or(0))
    });
    attempts.collect()
}

/// Outcome of a call, and who ended it.
fn outcome(graph: &CallGraph) -> String {
    let outcome = graph.call.outcome.map_or("-", |outcome| outcome.as_str());
    let by = graph.call.ended_by.map_or("-", |by| by.as_str());
    format!("{outcome} by {by}")
}

/// How often the switch sent a kind of message to somebody.
fn sent(world: &World, to: &str, what: &str) -> usize {
    let labels = world.ladder.labels("switch", to);
    labels.iter().filter(|label| *label == what).count()
}
