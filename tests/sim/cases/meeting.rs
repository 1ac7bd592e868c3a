//! Calls and devices that meet in one user.

use model::call_graph::words::CallState;
use phone::{Behaviour, EndCause, PhoneEvent};
use sip::flow::TransportKind;

use super::{
    ANSWERS, BOB, CARRIER, RINGS, attempts, calls, done, graphs, house, ms, outcome, sent,
};
use crate::setting::{SIMULRING, number_of, phone_address};
use crate::world::{PeerId, World};

/// bob's second phone, which does the same.
fn second_phone(world: &mut World, behaviour: Behaviour) -> PeerId {
    let address = phone_address(9);
    let phone = world.add(Some("bob"), address, TransportKind::Udp, |config| {
        config.behaviour = behaviour;
    });
    world.register(phone);
    world.run_for(ms(1_000));
    phone
}

fn reason(world: &World, peer: PeerId) -> String {
    let ended = world.told(peer).find_map(|event| {
        let PhoneEvent::Ended { cause, .. } = event else { return None };
        let (EndCause::Cancelled(reason) | EndCause::HungUpByPeer(reason)) = cause else {
            return None;
        };
        reason.clone()
    });
    ended.unwrap_or_default()
}

/// Both phones of one user are answered in the same instant: one attempt, one winner, and the
/// other phone learns why.
#[test]
fn two_devices_answer_at_once() {
    let mut world = house([RINGS, ANSWERS, RINGS, RINGS]);
    let second = second_phone(&mut world, ANSWERS);
    calls(&mut world, &number_of(1));
    world.run_for(ms(5_000));
    let [one, other] = [BOB, second].map(|peer| world.peers[peer].phone.calls().count());
    assert_eq!(one + other, 1);
    world.hang_up(CARRIER);
    done(&mut world);
    assert_eq!(attempts(graphs(&world)[0]), ["bob answered 200"]);
    let loser = if one == 0 { BOB } else { second };
    assert!(reason(&world, loser).contains("cause=200"));
}

/// One phone is busy, the other rings on and is answered.
#[test]
fn one_device_declines_and_the_other_answers() {
    let mut world = house([RINGS, Behaviour::Decline(486, ms(500)), RINGS, RINGS]);
    second_phone(&mut world, ANSWERS);
    calls(&mut world, &number_of(1));
    world.run_for(ms(5_000));
    world.hang_up(CARRIER);
    done(&mut world);
    assert_eq!(attempts(graphs(&world)[0]), ["bob answered 200"]);
}

/// Two calls ring one user. He answers one; the other stops ringing him, and only him.
#[test]
fn who_answers_one_call_is_busy_for_the_other() {
    let mut world = house([RINGS, Behaviour::Manual, RINGS, RINGS]);
    calls(&mut world, SIMULRING);
    world.run_for(ms(100));
    calls(&mut world, SIMULRING);
    world.run_for(ms(1_000));
    let first = world.peers[BOB].phone.calls().next().map(|(call, _)| call);
    let first = first.expect("it rings");
    world.with(BOB, |phone, now, out| phone.answer(now, first, out));
    world.run_for(ms(1_000));
    assert!(reason(&world, BOB).contains("cause=486"));
    assert_eq!((sent(&world, "alice", "CANCEL"), sent(&world, "bob", "CANCEL")), (1, 1));
    world.hang_up(CARRIER);
    done(&mut world);
    let [one, other] = graphs(&world)[..] else { panic!("two calls") };
    assert_eq!(outcome(one), "answered by external");
    assert_eq!(
        attempts(other),
        [
            "alice caller_hangup 487",
            "bob busy 487",
            "carol caller_hangup 487",
            "dave caller_hangup 487",
        ]
    );
}

/// A group's call passes over whoever talks; a call for himself waits at his ear.
#[test]
fn whoever_talks_gets_his_own_calls_only() {
    let mut world = house([RINGS, ANSWERS, RINGS, RINGS]);
    calls(&mut world, &number_of(1));
    world.run_for(ms(3_000));
    world.peers[BOB].phone.set_behaviour(RINGS);
    calls(&mut world, SIMULRING);
    world.run_for(ms(100));
    calls(&mut world, &number_of(1));
    world.run_for(ms(3_000));
    world.hang_up(CARRIER);
    done(&mut world);
    let [_, group, own] = graphs(&world)[..] else { panic!("three calls") };
    assert!(attempts(group).iter().all(|attempt| !attempt.starts_with("bob")));
    assert_eq!(attempts(own), ["bob caller_hangup 487"]);
}

/// No audio from either side ends a call; silence on a held one does not, for media does not watch
/// it.
#[test]
fn silence_ends_a_call_that_is_not_held() {
    let mut world = house([RINGS, ANSWERS, RINGS, RINGS]);
    calls(&mut world, &number_of(1));
    world.run_for(ms(3_000));
    world.hold(BOB);
    world.run_for(ms(1_000));
    world.silence();
    assert_eq!(world.switch.live_calls(), 1);
    world.resume(BOB);
    world.run_for(ms(1_000));
    world.silence();
    assert_eq!(world.switch.live_calls(), 0);
    done(&mut world);
    assert_eq!(outcome(graphs(&world)[0]), "answered by system");
    assert_eq!(graphs(&world)[0].call.state, CallState::Finished);
}
