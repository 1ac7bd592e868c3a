//! Messages that cross, come late, or come in the same instant.

use std::time::Duration;

use phone::{EndCause, PhoneEvent};

use super::{
    ANSWERS, BOB, CARRIER, RINGS, attempts, calls, done, graphs, house, ms, outcome, rule, sent,
};
use crate::network::Fate;
use crate::setting::{SIMULRING, number_of};
use crate::world::World;

/// bob talks with the customer.
fn talking() -> World {
    let mut world = house([RINGS, ANSWERS, RINGS, RINGS]);
    calls(&mut world, &number_of(1));
    world.run_for(ms(5_000));
    world
}

/// asterisk#176: two agents answer in the same instant.
#[test]
fn two_200s_in_the_same_instant_give_one_bridge() {
    let mut world = house([ANSWERS, ANSWERS, RINGS, RINGS]);
    calls(&mut world, SIMULRING);
    world.run_for(ms(5_000));
    world.hang_up(CARRIER);
    done(&mut world);
    let graph = graphs(&world)[0];
    assert_eq!(
        attempts(graph),
        [
            "alice answered 200",
            "bob answered_elsewhere 200",
            "carol answered_elsewhere 487",
            "dave answered_elsewhere 487",
        ]
    );
    assert_eq!(world.media.bridged.len(), 1);
    let bob = world.ladder.labels("switch", "bob");
    let call: Vec<_> = bob.iter().filter(|label| !label.ends_with("REGISTER")).collect();
    assert_eq!(call, ["INVITE", "CANCEL", "ACK", "BYE"]);
    assert_eq!(outcome(graph), "answered by external");
}

#[test]
fn a_bye_crosses_a_bye() {
    let mut world = talking();
    world.hang_up(CARRIER);
    world.hang_up(BOB);
    done(&mut world);
    assert_eq!(outcome(graphs(&world)[0]), "answered by external");
    let ends = [CARRIER, BOB].map(|peer| {
        let ended = world.told(peer).filter(|event| matches!(event, PhoneEvent::Ended { .. }));
        ended.count()
    });
    assert_eq!(ends, [1, 1]);
}

/// Both put each other on hold at once: two dialogs, so no glare, and both are recorded.
#[test]
fn both_hold_at_once() {
    let mut world = talking();
    world.hold(CARRIER);
    world.hold(BOB);
    world.run_for(ms(5_000));
    world.resume(BOB);
    world.resume(CARRIER);
    world.run_for(ms(5_000));
    for peer in [CARRIER, BOB] {
        let failed = world.told(peer).any(|event| matches!(event, PhoneEvent::ChangeFailed { .. }));
        assert!(!failed);
    }
    world.hang_up(BOB);
    done(&mut world);
    let kinds = graphs(&world)[0].interactions.iter().map(|row| row.kind.as_str());
    let holds: Vec<_> = kinds.filter(|kind| matches!(*kind, "hold" | "resume")).collect();
    assert_eq!(holds, ["hold", "hold", "resume", "resume"]);
}

/// A second re-INVITE before the first is answered (491, RFC 3261 14.1): the last wish comes true.
#[test]
fn hold_and_resume_in_one_instant() {
    let mut world = talking();
    world.hold(BOB);
    world.resume(BOB);
    world.run_for(ms(10_000));
    let directions = world.told(BOB).filter_map(|event| match event {
        PhoneEvent::MediaChanged { media, .. } => Some(media.direction),
        PhoneEvent::Registered { .. }
        | PhoneEvent::RegisterFailed { .. }
        | PhoneEvent::Unregistered
        | PhoneEvent::Ringing { .. }
        | PhoneEvent::Progress { .. }
        | PhoneEvent::Answered { .. }
        | PhoneEvent::InfoAnswered { .. }
        | PhoneEvent::Identified { .. }
        | PhoneEvent::ReferAnswered { .. }
        | PhoneEvent::ReferNotified { .. }
        | PhoneEvent::ChangeFailed { .. }
        | PhoneEvent::Ended { .. } => None,
    });
    assert_eq!(directions.last(), Some(sdp::Direction::SendRecv));
    world.hang_up(BOB);
    done(&mut world);
}

/// The re-INVITE meets a BYE on its way: refused, and nothing hangs.
#[test]
fn a_hold_crosses_a_bye() {
    let mut world = talking();
    world.hang_up(CARRIER);
    world.run_for(ms(10));
    // The switch has the BYE and its own is on the way to bob.
    world.hold(BOB);
    world.run_for(ms(5_000));
    assert_eq!(sent(&world, "bob", "481 INVITE"), 1);
    done(&mut world);
    assert_eq!(outcome(graphs(&world)[0]), "answered by external");
}

/// pjproject#2001: the ACK of the 2xx comes when the switch has just given up waiting for it
/// (64·T1), or in the same instant, or just before.
#[test]
fn pjsip_2001_a_late_ack_at_the_timeout() {
    for (late_ms, in_time) in [(31_980, true), (31_990, true), (32_000, false), (32_500, false)] {
        let mut world = house([RINGS, ANSWERS, RINGS, RINGS]);
        rule(&mut world, "ACK", CARRIER, Fate::Late(ms(late_ms)));
        calls(&mut world, &number_of(1));
        world.run_for(Duration::from_secs(45));
        assert_eq!(sent(&world, "carrier", "BYE"), usize::from(!in_time), "{late_ms}");
        assert_eq!(world.switch.live_calls(), usize::from(in_time), "{late_ms}");
        done(&mut world);
        assert_eq!(attempts(graphs(&world)[0]), ["bob answered 200"]);
    }
}

/// No ACK ever comes: the call is given up, the agent is released.
#[test]
fn without_an_ack_the_call_ends() {
    let mut world = house([RINGS, ANSWERS, RINGS, RINGS]);
    rule(&mut world, "ACK", CARRIER, Fate::Lost);
    calls(&mut world, &number_of(1));
    world.run_for(Duration::from_secs(40));
    assert_eq!(world.switch.live_calls(), 0);
    let released = |event: &PhoneEvent| {
        matches!(event, PhoneEvent::Ended { cause: EndCause::HungUpByPeer(_), .. })
    };
    assert!(world.told(BOB).any(released));
    done(&mut world);
}

/// The agent's 200 is repeated because our ACK was lost: each is acknowledged, nothing happens
/// twice.
#[test]
fn a_repeated_200_is_acknowledged_again() {
    let mut world = house([RINGS, ANSWERS, RINGS, RINGS]);
    world.network.rules.push(crate::network::Rule {
        what: "ACK",
        from: None,
        to: Some(world.peers[BOB].address.ip()),
        fate: Fate::Lost,
        times: 2,
    });
    calls(&mut world, &number_of(1));
    world.run_for(ms(8_000));
    assert_eq!(sent(&world, "bob", "ACK"), 3);
    world.hang_up(BOB);
    done(&mut world);
    assert_eq!(attempts(graphs(&world)[0]), ["bob answered 200"]);
    assert_eq!(outcome(graphs(&world)[0]), "answered by internal");
}
