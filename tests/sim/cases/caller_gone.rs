//! The caller gives up, at every moment at which somebody forgets it.

use phone::{Behaviour, Dial, EndCause, PhoneEvent};

use super::{
    ALICE, ANSWERS, BOB, CAROL, CARRIER, RINGS, attempts, calls, done, graphs, house, ms, outcome,
    rule, sent,
};
use crate::network::Fate;
use crate::setting::{OUTSIDE, ROUND_ROBIN, SIMULRING, number_of};
use crate::world::{PeerId, World};

fn cancelled(world: &World, peer: PeerId) -> bool {
    world
        .told(peer)
        .any(|event| matches!(event, PhoneEvent::Ended { cause: EndCause::Cancelled(_), .. }))
}

/// livekit/sip#684: CANCEL was answered twice, the second time after the transaction was gone.
#[test]
fn livekit_684_a_cancel_is_answered_once() {
    let mut world = house([RINGS, RINGS, RINGS, RINGS]);
    calls(&mut world, SIMULRING);
    world.run_for(ms(1_000));
    world.hang_up(CARRIER);
    done(&mut world);
    assert_eq!(sent(&world, "carrier", "200 CANCEL"), 1);
    assert_eq!(sent(&world, "carrier", "487 INVITE"), 1);
    for agent in ["alice", "bob", "carol", "dave"] {
        assert_eq!(sent(&world, agent, "CANCEL"), 1);
        let answers = world.ladder.labels(agent, "switch");
        assert_eq!(answers.iter().filter(|label| *label == "200 CANCEL").count(), 1);
    }
}

/// livekit/sip#409: a call that its caller cancelled was refused with 486, as if he were busy.
#[test]
fn livekit_409_a_cancelled_call_gets_487() {
    let mut world = house([RINGS, RINGS, RINGS, RINGS]);
    calls(&mut world, &number_of(1));
    world.run_for(ms(1_000));
    world.hang_up(CARRIER);
    done(&mut world);
    let labels = world.ladder.labels("switch", "carrier");
    assert_eq!(labels, ["180 INVITE", "200 CANCEL", "487 INVITE"]);
    assert_eq!(attempts(graphs(&world)[0]), ["bob caller_hangup 487"]);
}

/// livekit/sip#756: the 200 crosses the CANCEL; it must be acknowledged and the leg released.
#[test]
fn livekit_756_a_200_after_cancel_gets_ack_and_bye() {
    let mut world = house([RINGS, Behaviour::AnswerAtCancel, RINGS, RINGS]);
    calls(&mut world, &number_of(1));
    world.run_for(ms(1_000));
    world.hang_up(CARRIER);
    done(&mut world);
    let labels = world.ladder.labels("switch", "bob");
    let call: Vec<_> = labels.iter().filter(|label| !label.ends_with("REGISTER")).collect();
    assert_eq!(call, ["INVITE", "CANCEL", "ACK", "BYE"]);
    // The call was over when the 200 came: it is not rewritten by it (D40).
    assert_eq!(attempts(graphs(&world)[0]), ["bob caller_hangup 487"]);
    assert_eq!(outcome(graphs(&world)[0]), "missed by external");
}

/// livekit/sip#567, rustpbx#217: phones went on ringing after the caller had gone. One has given a
/// plain 180, one has early media, one has not answered at all.
#[test]
fn livekit_567_whoever_rings_is_cancelled_when_the_caller_goes() {
    let early = Behaviour::EarlyMedia(ms(60_000));
    let mut world = house([RINGS, early, Behaviour::Silent, RINGS]);
    calls(&mut world, SIMULRING);
    world.run_for(ms(1_000));
    world.hang_up(CARRIER);
    done(&mut world);
    assert!(cancelled(&world, ALICE) && cancelled(&world, BOB));
    // Nothing may be cancelled that gave no sign of life (RFC 3261 9.1).
    assert_eq!(sent(&world, "carol", "CANCEL"), 0);
    assert!(world.told(CAROL).all(|event| !matches!(event, PhoneEvent::Ringing { .. })));
}

/// livekit/sip#846: hang-up between the INVITE and the first sign of the far end. The CANCEL waits
/// for it, and is not forgotten.
#[test]
fn livekit_846_hang_up_while_dialling() {
    let mut world = house([RINGS; 4]);
    world.peers[CARRIER].phone.set_behaviour(RINGS);
    rule(&mut world, "180 INVITE", CARRIER, Fate::Late(ms(3_000)));
    world.dial(ALICE, Dial::number(OUTSIDE));
    world.run_for(ms(1_000));
    world.hang_up(ALICE);
    world.run_for(ms(100));
    assert_eq!(sent(&world, "alice", "487 INVITE"), 1);
    assert_eq!(sent(&world, "carrier", "CANCEL"), 0);
    world.run_for(ms(5_000));
    assert_eq!(sent(&world, "carrier", "CANCEL"), 1);
    assert!(cancelled(&world, CARRIER));
    done(&mut world);
    assert_eq!(outcome(graphs(&world)[0]), "canceled by internal");
}

/// The same, and the far end never gives a sign: the INVITE dies by itself.
#[test]
fn hang_up_while_dialling_somebody_who_is_not_there() {
    let mut world = house([RINGS; 4]);
    for carrier in [CARRIER, CARRIER + 1] {
        world.peers[carrier].phone.set_behaviour(Behaviour::Silent);
    }
    world.dial(ALICE, Dial::number(OUTSIDE));
    world.run_for(ms(1_000));
    world.hang_up(ALICE);
    done(&mut world);
    assert_eq!(sent(&world, "carrier", "CANCEL"), 0);
    assert_eq!(sent(&world, "carrier1", "INVITE"), 0);
}

/// The caller goes while the second of four is rung: nobody else is.
#[test]
fn the_caller_goes_in_the_middle_of_a_hunt() {
    let mut world = house([RINGS; 4]);
    calls(&mut world, ROUND_ROBIN);
    world.run_for(ms(7_000));
    world.hang_up(CARRIER);
    done(&mut world);
    let graph = graphs(&world)[0];
    assert_eq!(attempts(graph), ["alice no_answer 487", "bob caller_hangup 487"]);
    assert_eq!(sent(&world, "carol", "INVITE") + sent(&world, "dave", "INVITE"), 0);
    assert_eq!(outcome(graph), "missed by external");
}

/// He goes in the very instant in which one agent's ring time is over and the next is dialled.
#[test]
fn the_caller_goes_between_two_agents() {
    for late in [4_980, 4_990, 5_000, 5_010, 5_020] {
        let mut world = house([RINGS; 4]);
        calls(&mut world, ROUND_ROBIN);
        world.run_for(ms(late));
        world.hang_up(CARRIER);
        done(&mut world);
        assert!(graphs(&world)[0].attempts.len() <= 2);
    }
}

/// The CANCEL crosses our 200: the caller is connected and hangs up at once.
#[test]
fn a_cancel_that_comes_too_late_changes_nothing() {
    let mut world = house([ANSWERS; 4]);
    calls(&mut world, &number_of(1));
    // 10 ms there, one second, 10 ms back: the switch answers now.
    world.run_for(ms(1_030));
    world.hang_up(CARRIER);
    done(&mut world);
    let labels = world.ladder.labels("carrier", "switch");
    assert_eq!(labels, ["INVITE", "CANCEL", "ACK", "BYE"]);
    assert_eq!(outcome(graphs(&world)[0]), "answered by external");
}
