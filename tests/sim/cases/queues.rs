//! Callers who wait: what queues elsewhere get wrong, on a bad network.

use model::agent_state::AgentState;
use model::directory::Availability;
use phone::{Behaviour, Dial};
use sip::flow::TransportKind;

use super::{
    ALICE, ANSWERS, BOB, CARRIER, ERIN, RINGS, attempts, calls, done, furnished, graphs, ms,
    outcome, rule, sent,
};
use crate::ivrs::{MAILBOX, MENU, QUEUE, TOGETHER, WRAP_UP_MS};
use crate::network::{Conditions, Fate};
use crate::random::Random;
use crate::setting::{Setting, USERS, phone_address};
use crate::world::World;

fn house(behaviours: [Behaviour; 4]) -> World {
    let setting = Setting { queues: true, ports: 200, ..Setting::new(0) };
    furnished(setting, behaviours)
}

/// What a network does that is bad, but not away.
fn weather(seed: u64) -> Conditions {
    let random = &mut Random::new(seed);
    Conditions {
        latency: ms(*random.pick(&[1, 10, 60])),
        jitter: ms(*random.pick(&[20, 60, 400])),
        loss_permille: *random.pick(&[20, 100, 200]),
        duplicate_permille: *random.pick(&[0, 50, 250]),
    }
}

fn exits(world: &World) -> Vec<&'static str> {
    let waits = graphs(world).into_iter().flat_map(|graph| &graph.queue_waits);
    waits.map(|wait| wait.exit.map_or("-", |exit| exit.as_str())).collect()
}

fn state(world: &World, user: &str) -> AgentState {
    let board = world.switch.wallboard(crate::world::wall(world.now));
    let agent = board.agents.iter().find(|agent| agent.user.as_str() == user);
    agent.expect("an agent").state
}

/// asterisk#176: two agents with automatic answer take the same caller, and both are told that he
/// is theirs. Here everybody answers at once while datagrams are lost, repeated and overtake each
/// other.
#[test]
fn asterisk_176_everybody_answers_the_same_caller() {
    for seed in 0..40 {
        let at_once = Behaviour::AnswerAfter(ms(seed % 3 * 200));
        let mut world = house([at_once; 4]);
        world.peers[ERIN].phone.set_behaviour(at_once);
        world.network.conditions = weather(seed);
        calls(&mut world, TOGETHER);
        world.run_for(ms(20_000));
        world.hang_up(CARRIER);
        done(&mut world);
        let graph = graphs(&world)[0];
        let answered = attempts(graph);
        let answered = answered.iter().filter(|attempt| attempt.contains(" answered "));
        let connected = usize::from(graph.call.answered_at.is_some());
        assert_eq!(answered.count(), connected, "{seed}");
        assert!(world.media.bridged.len() <= 1, "{seed}");
    }
}

/// freeswitch#2540: of more than ten agents rung together some stay reserved for ever when their
/// legs start while another one answers. Each user has three telephones here; the caller goes, or
/// somebody answers, at every moment of the start.
#[test]
fn freeswitch_2540_legs_start_while_somebody_answers() {
    for seed in 0..40 {
        let mut world = house([RINGS; 4]);
        for place in 0..8 {
            let address = phone_address(20 + place);
            let user = USERS[usize::from(place) % USERS.len()];
            let phone = world.add(Some(user), address, TransportKind::Udp, |config| {
                config.behaviour = if place == 5 { ANSWERS } else { RINGS };
            });
            world.register(phone);
        }
        world.run_for(ms(1_000));
        world.network.conditions = weather(seed);
        let answers = Behaviour::AnswerAfter(ms(seed * 13));
        world.peers[ALICE].phone.set_behaviour(answers);
        calls(&mut world, TOGETHER);
        calls(&mut world, TOGETHER);
        world.run_for(ms(200 + seed * 17));
        if seed % 2 == 0 {
            world.hang_up(CARRIER);
        }
        world.run_for(ms(20_000));
        done(&mut world);
    }
}

/// The caller hangs up in the very instant in which an agent answers, or around it.
#[test]
fn the_caller_goes_while_an_agent_is_being_connected() {
    for late in (900..1_100).step_by(10) {
        let mut world = house([ANSWERS, RINGS, RINGS, RINGS]);
        calls(&mut world, QUEUE);
        world.run_for(ms(late));
        world.hang_up(CARRIER);
        world.run_for(ms(1_000));
        // Whoever rang or had answered is there for the next caller.
        calls(&mut world, QUEUE);
        world.run_for(ms(30_000));
        done(&mut world);
        assert!(graphs(&world)[1].call.answered_at.is_some(), "{late}");
    }
}

/// Who had a call of the desk is left alone for a while, and not longer.
#[test]
fn the_next_caller_waits_until_the_wrap_up_is_over() {
    let mut world = house([ANSWERS, RINGS, RINGS, RINGS]);
    for user in &USERS[1..] {
        world.choose(user, Availability::Away);
    }
    calls(&mut world, QUEUE);
    world.run_for(ms(5_000));
    world.hang_up(CARRIER);
    world.run_for(ms(100));
    assert_eq!(state(&world, "alice"), AgentState::WrapUp);
    calls(&mut world, QUEUE);
    world.run_for(ms(WRAP_UP_MS - 200));
    assert_eq!(sent(&world, "alice", "INVITE"), 1);
    world.run_for(ms(200));
    assert_eq!(sent(&world, "alice", "INVITE"), 2);
    world.run_for(ms(3_000));
    world.hang_up(CARRIER);
    done(&mut world);
    assert_eq!(exits(&world), ["answered", "answered"]);
}

/// A telephone that answers nothing, not even 100, costs its caller four seconds, once.
#[test]
fn a_frozen_telephone_is_skipped_and_not_offered_again() {
    let mut world = house([Behaviour::Silent, ANSWERS, RINGS, RINGS]);
    for user in ["carol", "dave", "erin"] {
        world.choose(user, Availability::Away);
    }
    world.choose("bob", Availability::Away);
    calls(&mut world, QUEUE);
    world.run_for(ms(1_000));
    world.choose("bob", Availability::Available);
    world.run_for(ms(6_000));
    assert_eq!(state(&world, "alice"), AgentState::Unreachable);
    assert_eq!(state(&world, "bob"), AgentState::OnCall);
    world.hang_up(CARRIER);
    world.run_for(ms(3_000));
    calls(&mut world, QUEUE);
    world.run_for(ms(3_000));
    world.hang_up(CARRIER);
    done(&mut world);
    assert_eq!(attempts(graphs(&world)[1]), ["bob answered 200"]);
}

/// A digit by INFO in the menu, then one in the queue: the caller leaves a message, and the
/// lamp of the mailbox says so to who watches it.
#[test]
fn digits_lead_from_a_menu_through_a_queue_to_a_mailbox() {
    let mut world = house([RINGS; 4]);
    world.watch(ALICE, "message-summary", "*971", 120);
    world.run_for(ms(1_000));
    assert_eq!(world.notified, 1);
    let dial = Dial::number(MENU).as_caller("+49301234567", "carrier.example");
    let call = world.dial(CARRIER, dial).expect("a call");
    world.run_for(ms(1_000));
    world.type_in(CARRIER, call, "1", ms(0));
    world.run_for(ms(2_000));
    assert_eq!(sent(&world, "alice", "INVITE") + sent(&world, "bob", "INVITE"), 1);
    world.type_in(CARRIER, call, "1", ms(0));
    world.run_for(ms(30_000));
    done(&mut world);
    assert_eq!(exits(&world), ["option"]);
    assert_eq!((world.store.messages.len(), world.notified >= 2), (1, true));
    assert_eq!(outcome(graphs(&world)[0]), "missed by system");
}

/// The wish to be called back keeps its place: the agent who becomes free is rung first, then the
/// caller.
#[test]
fn a_callback_rings_the_agent_first() {
    let mut world = house([ANSWERS, RINGS, RINGS, RINGS]);
    for user in USERS {
        world.choose(user, Availability::Away);
    }
    let dial = Dial::number(QUEUE).as_caller("+49301234567", "carrier.example");
    let call = world.dial(CARRIER, dial).expect("a call");
    world.run_for(ms(3_000));
    world.type_in(CARRIER, call, "2", ms(0));
    world.run_for(ms(10_000));
    assert_eq!(world.switch.live_calls(), 0);
    world.choose("alice", Availability::Available);
    world.run_for(ms(4_000));
    assert_eq!(state(&world, "alice"), AgentState::OnCall);
    assert_eq!(sent(&world, "carrier", "INVITE"), 1);
    world.hang_up(ALICE);
    done(&mut world);
    assert_eq!(exits(&world), ["callback"]);
    assert_eq!(outcome(graphs(&world)[1]), "answered by internal");
}

/// An agent says by code that he is away while he is rung, and his telephone loses its CANCEL.
#[test]
fn who_goes_away_while_he_is_rung_may_still_answer() {
    let mut world = house([RINGS, RINGS, RINGS, RINGS]);
    rule(&mut world, "200 CANCEL", BOB, Fate::Lost);
    calls(&mut world, TOGETHER);
    world.run_for(ms(1_000));
    world.dial(BOB, Dial::number("*12"));
    world.run_for(ms(8_000));
    assert_eq!(state(&world, "bob"), AgentState::Away);
    world.run_for(ms(30_000));
    calls(&mut world, MAILBOX);
    done(&mut world);
}
