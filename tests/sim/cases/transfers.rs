//! Calls that are handed on, at the moments at which somebody loses them.

use model::call_graph::CallGraph;
use model::call_graph::words::InteractionKind;
use phone::{AfterRefer, Behaviour, Dial, EndCause, PhoneEvent};

use super::{
    ALICE, ANSWERS, BOB, CAROL, CARRIER, ERIN, RINGS, calls, done, graphs, house, ms, outcome,
    rule, sent,
};
use crate::network::Fate;
use crate::setting::{OUTSIDE, number_of};
use crate::world::{PeerId, World};

/// Alice talks with the customer; bob does this when he is rung, carol answers.
fn talking(bob: Behaviour) -> World {
    let mut world = house([ANSWERS, bob, ANSWERS, RINGS]);
    calls(&mut world, &number_of(0));
    world.run_for(ms(5_000));
    world
}

/// Alice talks with the customer, who waits, and has called bob on her second line.
fn consulting(bob: Behaviour) -> World {
    let mut world = talking(bob);
    world.second_line(ALICE, "bob");
    world.run_for(ms(3_000));
    world
}

/// Each Connection: its kind, who answered, how the transfer came out.
fn connections(world: &World) -> Vec<String> {
    let rows = graphs(world).into_iter().flat_map(|graph| &graph.connections);
    rows.map(|row| {
        let user = row.answered_user_id.as_ref().map_or("-", |user| user.as_str());
        let state = row.transfer_state.map_or("-", |state| state.as_str());
        format!("{} {user} {state}", row.kind.as_str())
    })
    .collect()
}

fn refers(world: &World, peer: PeerId) -> Vec<u16> {
    let answers = world.told(peer).filter_map(|event| {
        if let PhoneEvent::ReferAnswered { status, .. } = event { Some(*status) } else { None }
    });
    answers.collect()
}

/// The last thing that a phone was told of its transfer.
fn came_out(world: &World, peer: PeerId) -> Vec<u16> {
    let ends = world.told(peer).filter_map(|event| {
        let PhoneEvent::ReferNotified { status, last: true, .. } = event else { return None };
        Some(*status)
    });
    ends.collect()
}

fn talks(world: &World, peer: PeerId) -> usize {
    world.peers[peer].talking.len()
}

fn has(graph: &CallGraph, kind: InteractionKind) -> usize {
    graph.interactions.iter().filter(|row| row.kind == kind).count()
}

/// Bob has the customer, alice is free; then the customer goes.
fn bob_has_him(mut world: World) -> World {
    assert_eq!([ALICE, BOB, CARRIER].map(|peer| talks(&world, peer)), [0, 1, 1]);
    assert_eq!(world.switch.live_calls(), 1);
    world.hang_up(CARRIER);
    done(&mut world);
    world
}

#[test]
fn a_call_is_handed_on() {
    let mut world = talking(ANSWERS);
    world.refer(ALICE, "bob");
    world.run_for(ms(5_000));
    let world = bob_has_him(world);
    assert_eq!(connections(&world), ["route alice -", "transfer bob completed"]);
    assert_eq!((refers(&world, ALICE), came_out(&world, ALICE)), (vec![202], vec![200]));
    assert_eq!(outcome(graphs(&world)[0]), "answered by external");
}

/// JsSIP#556, Teams: the BYE of the transferor comes with the 202, before any NOTIFY; the call was
/// lost with it.
#[test]
fn jssip_556_the_transferor_hangs_up_with_the_202() {
    for bob in [ANSWERS, Behaviour::AnswerAfter(ms(0)), Behaviour::EarlyMedia(ms(500))] {
        let mut world = talking(bob);
        world.peers[ALICE].phone.set_after_refer(AfterRefer::HangUpAtOnce);
        world.refer(ALICE, "bob");
        world.run_for(ms(5_000));
        let world = bob_has_him(world);
        assert_eq!(connections(&world), ["route alice -", "transfer bob completed"]);
    }
}

/// The same with a consultation: both lines are hung up with the 202.
#[test]
fn teams_hangs_up_both_lines_with_the_202() {
    let mut world = consulting(ANSWERS);
    world.peers[ALICE].phone.set_after_refer(AfterRefer::HangUpAtOnce);
    world.refer_to_other(ALICE);
    world.run_for(ms(15));
    world.hang_up(ALICE);
    world.run_for(ms(5_000));
    let world = bob_has_him(world);
    assert_eq!(connections(&world), ["route alice -", "consult bob completed"]);
}

#[test]
fn a_consultation_is_completed() {
    let mut world = consulting(ANSWERS);
    world.refer_to_other(ALICE);
    world.run_for(ms(5_000));
    let world = bob_has_him(world);
    let graph = graphs(&world)[0];
    assert_eq!(connections(&world), ["route alice -", "consult bob completed"]);
    assert_eq!(has(graph, InteractionKind::CallAbsorbed), 1);
}

/// Completed while bob rings: he gets the customer when he answers.
#[test]
fn a_consultation_is_completed_while_it_rings() {
    let mut world = consulting(Behaviour::AnswerAfter(ms(6_000)));
    world.refer_to_other(ALICE);
    world.run_for(ms(8_000));
    let world = bob_has_him(world);
    assert_eq!(connections(&world), ["route alice -", "consult bob completed"]);
}

/// FreeSWITCH#1057: the leg that REFER names has just been hung up; the server went down. The
/// transferor keeps his caller.
#[test]
fn freeswitch_1057_what_is_to_be_replaced_has_been_hung_up() {
    for apart in [0, 5, 10, 15, 30] {
        let mut world = consulting(ANSWERS);
        world.hang_up(BOB);
        world.run_for(ms(apart));
        world.refer_to_other(ALICE);
        world.run_for(ms(5_000));
        assert_eq!([ALICE, BOB, CARRIER].map(|peer| talks(&world, peer)), [1, 0, 1]);
        world.hang_up(CARRIER);
        done(&mut world);
        assert!(refers(&world, ALICE).iter().all(|status| *status != 202));
    }
}

/// The transferor's own BYE overtakes his REFER, or follows it at once.
#[test]
fn a_bye_crosses_the_refer() {
    for overtaken in [false, true] {
        let mut world = talking(ANSWERS);
        if overtaken {
            rule(&mut world, "REFER", ALICE, Fate::Late(ms(200)));
        }
        world.refer(ALICE, "bob");
        world.hang_up(ALICE);
        world.run_for(ms(5_000));
        let expected = if overtaken { 0 } else { 1 };
        assert_eq!(talks(&world, BOB), expected);
        world.hang_up(BOB);
        done(&mut world);
        assert_eq!(refers(&world, ALICE), [if overtaken { 481 } else { 202 }]);
    }
}

/// RFC 5407 3.3.3: the customer hangs up while the REFER is on its way, or has just come.
#[test]
fn a_refer_crosses_the_far_ends_bye() {
    for apart in [0, 5, 10, 12, 20, 40, 500, 1_200] {
        let mut world = talking(ANSWERS);
        world.refer(ALICE, "bob");
        world.run_for(ms(apart));
        world.hang_up(CARRIER);
        world.run_for(ms(5_000));
        assert_eq!([ALICE, BOB, CARRIER].map(|peer| talks(&world, peer)), [0, 0, 0], "{apart}");
        done(&mut world);
    }
    let mut world = talking(ANSWERS);
    world.hang_up(CARRIER);
    world.run_for(ms(5));
    world.refer(ALICE, "bob");
    done(&mut world);
    assert_eq!(sent(&world, "bob", "INVITE"), 0);
}

/// One transferor, two REFERs in one instant: the first counts, the second is told so.
#[test]
fn two_refers_at_once() {
    let mut world = talking(ANSWERS);
    world.refer(ALICE, "bob");
    world.refer(ALICE, "carol");
    world.run_for(ms(5_000));
    let world = bob_has_him(world);
    assert_eq!(sent(&world, "carol", "INVITE"), 0);
    assert_eq!(refers(&world, ALICE).len(), 2);
}

/// Both ends of a call inside hand it on in the same instant: each is gone, and who they named are
/// connected with each other, or the call is over; nobody is left in silence.
#[test]
fn both_ends_hand_on_at_once() {
    let mut world = house([ANSWERS, ANSWERS, ANSWERS, ANSWERS]);
    world.dial(ALICE, Dial::number("bob"));
    world.run_for(ms(4_000));
    world.refer(ALICE, "carol");
    world.refer(BOB, "dave");
    world.run_for(ms(20_000));
    done(&mut world);
}

/// The target is busy: the caller comes back to who handed him on (recall).
#[test]
fn a_target_that_is_busy_gives_the_call_back() {
    for after in [AfterRefer::Stay, AfterRefer::HangUpAtOnce, AfterRefer::HangUpAtEnd] {
        let mut world = talking(Behaviour::Decline(486, ms(0)));
        world.peers[ALICE].phone.set_after_refer(after);
        world.refer(ALICE, "bob");
        world.run_for(ms(5_000));
        assert_eq!([ALICE, BOB, CARRIER].map(|peer| talks(&world, peer)), [1, 0, 1], "{after:?}");
        world.hang_up(CARRIER);
        done(&mut world);
        let expected = ["route alice -", "transfer - returned", "recall alice -"];
        assert_eq!(connections(&world), expected);
    }
}

/// The NOTIFYs are lost, or the answers to them: the transferor's leg is given up, the call goes
/// on.
#[test]
fn nobody_answers_the_notifies() {
    for (lost, who) in [("200 NOTIFY", ALICE), ("202 REFER", CARRIER)] {
        let mut world = talking(ANSWERS);
        world.peers[ALICE].phone.set_after_refer(AfterRefer::Stay);
        rule(&mut world, lost, who, Fate::Lost);
        world.refer(ALICE, "bob");
        world.run_for(ms(50_000));
        assert_eq!([BOB, CARRIER].map(|peer| talks(&world, peer)), [1, 1]);
        world.hang_up(CARRIER);
        done(&mut world);
        assert_eq!(connections(&world), ["route alice -", "transfer bob completed"]);
    }
}

/// An outbound call, handed on; and what was handed on is handed on again, back and forth.
#[test]
fn back_and_forth() {
    let mut world = house([ANSWERS, ANSWERS, ANSWERS, RINGS]);
    world.dial(ALICE, Dial::number(OUTSIDE));
    world.run_for(ms(3_000));
    for (from, to) in [(ALICE, "bob"), (BOB, "alice"), (ALICE, "carol"), (CAROL, "bob")] {
        world.refer(from, to);
        world.run_for(ms(3_000));
    }
    assert_eq!([ALICE, BOB, CAROL].map(|peer| talks(&world, peer)), [0, 1, 0]);
    world.hang_up(BOB);
    done(&mut world);
    assert_eq!(
        connections(&world),
        [
            "dial - -",
            "transfer bob completed",
            "transfer alice completed",
            "transfer carol completed",
            "transfer bob completed",
        ]
    );
}

/// To a number outside, and the caller gives up while it rings there.
#[test]
fn the_caller_goes_while_the_target_rings() {
    let mut world = talking(RINGS);
    world.refer(ALICE, "bob");
    world.run_for(ms(2_000));
    world.hang_up(CARRIER);
    done(&mut world);
    let cancelled = |event: &PhoneEvent| {
        matches!(event, PhoneEvent::Ended { cause: EndCause::Cancelled(_), .. })
    };
    assert!(world.told(BOB).any(cancelled));
    assert_eq!(connections(&world), ["route alice -", "transfer - unanswered"]);
}

/// A call that rings is picked up by INVITE with Replaces in the instant in which it is answered.
#[test]
fn a_pickup_races_the_answer() {
    for apart in [0, 5, 10, 15, 25] {
        let mut world = house([RINGS, ANSWERS, RINGS, RINGS]);
        calls(&mut world, &number_of(1));
        world.run_for(ms(1_000));
        let ringing = world.last_call(BOB);
        world.run_for(ms(apart));
        world.replace(ERIN, BOB, ringing, true);
        world.run_for(ms(4_000));
        let [bob, erin] = [BOB, ERIN].map(|peer| talks(&world, peer));
        assert_eq!((bob + erin, talks(&world, CARRIER)), (1, 1), "{apart}");
        world.hang_up(CARRIER);
        done(&mut world);
    }
}

/// Nobody inside is left: an outbound call is handed on to another number outside.
#[test]
fn an_outbound_call_is_handed_on_outside() {
    let mut world = house([ANSWERS, ANSWERS, ANSWERS, RINGS]);
    world.dial(ALICE, Dial::number(OUTSIDE));
    world.run_for(ms(3_000));
    world.refer(ALICE, "+4989654321");
    world.run_for(ms(5_000));
    assert_eq!(world.switch.live_calls(), 1);
    assert_eq!(came_out(&world, ALICE), [200]);
    world.hang_up(CARRIER);
    done(&mut world);
    assert_eq!(connections(&world), ["dial - -", "transfer - completed"]);
}
