//! Waiting callers and agents, as telephones see it.

#![expect(clippy::wildcard_enum_match_arm, reason = "each test looks at a few of many")]

use std::collections::BTreeMap;
use std::time::Duration;

use call::port::{Digit, LegId, MediaCommand, MediaEvent, PlayEnd};
use model::agent_state::{AgentState, ChangeSource};
use model::call_graph::CallEvent;
use model::call_graph::words::{Direction, QueueExit};
use model::directory::{
    AcdStrategy, Assignment, Directory, Group, Ivr, IvrAction, IvrTarget, Number, Queue,
    WaitingChoice,
};
use model::{E164, GroupId, IvrId, NumberId, UserId};
use switch::{Input, Restored, RestoredAgent};

use crate::house::{ALICE, BOB, Dialog, House, Sent, TRUNK, config, directory, find};
use crate::phone::{ALICES, BOBS, MEDIA, all, called, ladder};

/// Callers of this number wait for alice.
const DESK: &str = "+493012345601";
/// Callers of this number wait for whoever is first.
const BOTH: &str = "+493012345602";

fn desks() -> Directory {
    let mut directory = directory();
    let desks = [("desk", DESK, vec!["u-alice"]), ("both", BOTH, vec!["u-alice", "u-bob"])];
    for (name, number, members) in desks {
        let group = GroupId::from(format!("g-{name}"));
        let ivr = IvrId::from(format!("ivr-{name}"));
        directory.add_group(Group {
            strategy: AcdStrategy::Simulring,
            ..Group::of(group.clone(), name.into(), members.into_iter().map(UserId::from).collect())
        });
        directory.add_ivr(Ivr {
            target: Some(IvrTarget::Group(group.clone())),
            queue: Some(Queue {
                options: BTreeMap::from([('1', WaitingChoice::Callback)]),
                ..Queue::default()
            }),
            ..Ivr::of(ivr.clone(), IvrAction::CallTransfer)
        });
        directory.add_number(Number {
            id: NumberId::from(format!("n-{name}")),
            e164: E164::parse(number).expect("a number"),
            assignment: Assignment::Group(group, ivr),
            is_default: true,
            missed_call_owner: None,
            missed_call_owner_group: None,
            recording: None,
        });
    }
    directory
}

fn house() -> House {
    House::of(config(call::Settings::default()), desks(), Restored::default())
}

/// A caller who waits, acknowledged.
fn waits(house: &mut House, number: &str) -> (Dialog, Vec<Sent>) {
    let (mut caller, sent) = house.call(number, MEDIA);
    let answered = find(&sent, "SIP/2.0 200");
    answered.value("To").clone_into(&mut caller.to);
    caller.target = format!("sip:{number}@192.0.2.1:5060");
    let mut sent = sent;
    sent.extend(house.receive(TRUNK, caller.request("ACK", 1, "", "", "")));
    (caller, sent)
}

fn exits(house: &House) -> Vec<QueueExit> {
    let exits = house.records.iter().filter_map(|recorded| match &recorded.event {
        CallEvent::QueueLeft { exit, .. } => Some(*exit),
        _ => None,
    });
    exits.collect()
}

fn states(house: &House, user: &str) -> Vec<AgentState> {
    let of = house.changes.iter().filter(|change| change.user.as_str() == user);
    of.map(|change| change.state).collect()
}

#[test]
fn an_agent_gets_the_next_caller_in_the_step_in_which_he_is_free() {
    let mut house = house();
    let (_, sent) = waits(&mut house, DESK);
    let first = find(&sent, "INVITE ");
    let (second, sent) = waits(&mut house, DESK);
    assert!(all(&sent, "INVITE ").is_empty(), "nobody is free");
    let (alice, sent) = house.pick_up(ALICES, &first);
    assert!(all(&sent, "INVITE ").is_empty());
    // She hangs up, and her telephone rings for the second caller before anything else happens.
    let bye = alice.request("BYE", 2, "", "", "");
    let sent = house.receive(ALICE, bye);
    insta::assert_snapshot!(ladder(&sent), @"
    200 OK BYE
    BYE trunk
    INVITE alice
    ");
    let ring = find(&sent, "INVITE ");
    let (_, sent) = house.pick_up(ALICES, &ring);
    assert!(sent.iter().any(|sent| sent.0.starts_with("ACK ")));
    house.receive(TRUNK, second.request("BYE", 2, "", "", ""));
    assert_eq!(exits(&house), [QueueExit::Answered, QueueExit::Answered]);
    use AgentState::{Available, OnCall, Ringing};
    let seen = states(&house, "u-alice");
    assert_eq!(seen, [Available, Ringing, OnCall, Ringing, OnCall, Available]);
    assert_eq!(house.switch.counters().offers, 2);
    let board = house.switch.wallboard(crate::house::now(house.now));
    let desk = board.groups.iter().find(|group| group.group.as_str() == "g-desk").expect("a group");
    assert_eq!((desk.offered, desk.answered, desk.waiting, desk.available), (2, 2, 0, 1));
    house.wait(Duration::from_secs(60));
    assert!(house.switch.is_calm());
}

#[test]
fn a_caller_who_hangs_up_while_the_agent_rings_leaves_nothing_behind() {
    let mut house = house();
    let (caller, sent) = waits(&mut house, DESK);
    let ring = find(&sent, "INVITE ");
    house.receive(ALICE, ring.response("180 Ringing", "", "", ""));
    let sent = house.receive(TRUNK, caller.request("BYE", 2, "", "", ""));
    insta::assert_snapshot!(ladder(&sent), @"
    200 OK BYE
    CANCEL alice
    ");
    let cancel = find(&sent, "CANCEL ");
    house.receive(ALICE, cancel.response("200 OK", "", "", ""));
    let sent = house.receive(ALICE, ring.response("487 Request Terminated", "", "", ""));
    insta::assert_snapshot!(ladder(&sent), @"ACK alice");
    assert_eq!(exits(&house), [QueueExit::Abandoned]);
    // The next one gets her.
    let (_, sent) = waits(&mut house, DESK);
    assert_eq!(all(&sent, "INVITE ").len(), 1);
}

#[test]
fn an_agent_who_comes_back_gets_who_waits() {
    let mut house = house();
    let away = |availability, reason: Option<&str>| Input::Availability {
        user: UserId::from("u-alice"),
        availability,
        reason: reason.map(Into::into),
    };
    use model::directory::Availability::{Available, Away};
    house.give(away(Away, Some("lunch")));
    let (_, sent) = waits(&mut house, DESK);
    assert!(all(&sent, "INVITE ").is_empty());
    let sent = house.give(away(Available, None));
    assert_eq!(ladder(&sent), "INVITE alice");
    let last = house.changes.iter().rev().find(|change| change.state == AgentState::Away);
    assert_eq!(last.and_then(|change| change.reason.as_deref()), Some("lunch"));
}

#[test]
fn a_telephone_that_registers_gets_who_waits() {
    let mut house = house();
    let register = |expires: u32| format!("Contact: <sip:alice@{ALICE}>;expires={expires}\r\n");
    let ask = |house: &mut House, more: &str| {
        let number = house.count();
        let uri = "sip:pbx.example";
        let text = crate::phone::raw(ALICES, number, "REGISTER", uri, more)
            .replace("To: <sip:pbx.example>", "To: <sip:alice@pbx.example>");
        let sent = house.receive(ALICE, text.clone());
        let line = crate::house::authorization(
            &find(&sent, "SIP/2.0 401"),
            "alice",
            &sip::message::Method::Register,
            uri,
        );
        let again = text
            .replace("z9hG4bK-raw", "z9hG4bK-again")
            .replace("CSeq: 1 ", &format!("{line}CSeq: 2 "));
        house.receive(ALICE, again)
    };
    let sent = ask(&mut house, &register(0));
    assert_eq!(find(&sent, "SIP/2.0 ").status(), 200);
    let (_, sent) = waits(&mut house, DESK);
    assert!(all(&sent, "INVITE ").is_empty());
    let sent = ask(&mut house, &register(600));
    let accepted = find(&sent, "SIP/2.0 200");
    assert_eq!(accepted.value("Allow-Events"), "dialog, message-summary");
    assert!(accepted.value("Allow").contains("SUBSCRIBE"));
    assert_eq!(all(&sent, "INVITE ").len(), 1);
}

/// He who waits asks to be called back; he is told that he will be, and hung up on.
fn wants_to_be_called_back(house: &mut House) -> Vec<Sent> {
    let digit = Digit::new('1').expect("a key");
    let mut sent = house.media(MediaEvent::Digit { leg: LegId(1), digit });
    let played = house.media.iter().rev().find_map(|command| match command {
        MediaCommand::Play { leg, play, .. } => Some((*leg, *play)),
        _ => None,
    });
    let (leg, play) = played.expect("something is played");
    sent.extend(house.media(MediaEvent::Played { leg, play, end: PlayEnd::Completed }));
    sent
}

#[test]
fn who_does_not_want_to_wait_is_called_back() {
    let mut house = house();
    use model::directory::Availability::{Available, Away};
    let alice = |availability| Input::Availability {
        user: UserId::from("u-alice"),
        availability,
        reason: None,
    };
    house.give(alice(Away));
    waits(&mut house, DESK);
    let sent = wants_to_be_called_back(&mut house);
    assert_eq!(ladder(&sent), "BYE trunk");
    assert_eq!(exits(&house), [QueueExit::Callback]);
    let rows = house.records.len();
    // She comes back, and her telephone rings for a call that nobody has made.
    let sent = house.give(alice(Available));
    assert_eq!(ladder(&sent), "INVITE alice");
    let ring = find(&sent, "INVITE ");
    assert_eq!(ring.value("X-Call-ID"), ring.value("Call-ID"), "she is the first leg");
    // That somebody said so is told, although she rings in the same step.
    let told = house.changes.iter().rev().take(2);
    let told: Vec<_> = told.map(|change| (change.source, change.state)).collect();
    let (api, call) = (ChangeSource::Api, ChangeSource::Call);
    assert_eq!(told, [(call, AgentState::Ringing), (api, AgentState::Available)]);
    assert!(ring.value("From").contains("+4917012345678"), "{}", ring.value("From"));
    insta::assert_snapshot!(ring.formats(), @"
    0:PCMU/8000
    8:PCMA/8000
    9:G722/8000
    111:opus/48000/2 (minptime=10;useinbandfec=1)
    101:telephone-event/8000 (0-15)
    110:telephone-event/48000 (0-15)
    ");
    assert_eq!(house.records.len(), rows, "nothing is recorded before she answers");
    let (_, sent) = house.pick_up(ALICES, &ring);
    insta::assert_snapshot!(ladder(&sent), @"
    ACK alice
    INVITE +4917012345678
    ");
    let dialled = find(&sent, "INVITE ");
    assert_eq!(dialled.value("X-Call-ID"), ring.value("Call-ID"));
    let contact = format!("Contact: <sip:caller@{TRUNK}>\r\n");
    let body = crate::house::description(60_000, MEDIA);
    let ok = dialled.response("200 OK", &contact, "application/sdp", &body);
    let sent = house.receive(TRUNK, ok);
    assert_eq!(ladder(&sent), "ACK caller");
    let bridged = house.media.iter().any(|command| matches!(command, MediaCommand::Bridge { .. }));
    assert!(bridged);
    assert_eq!(house.switch.counters().callbacks, 1);
    let outbound = house.records.iter().filter(|recorded| match &recorded.event {
        CallEvent::Started(started) => started.direction == Direction::Outbound,
        _ => false,
    });
    assert_eq!(outbound.count(), 1);
}

#[test]
fn a_callback_that_cannot_be_made_keeps_no_agent() {
    let mut house = house();
    use model::directory::Availability::{Available, Away};
    let alice = |availability| Input::Availability {
        user: UserId::from("u-alice"),
        availability,
        reason: None,
    };
    house.give(alice(Away));
    waits(&mut house, DESK);
    let sent = wants_to_be_called_back(&mut house);
    assert_eq!(ladder(&sent), "BYE trunk");
    house.give(Input::Drain);
    let sent = house.give(alice(Available));
    assert!(all(&sent, "INVITE ").is_empty());
    let states = |house: &House| house.changes.last().map(|change| change.state);
    assert_eq!(states(&house), Some(AgentState::Available), "no telephone of hers rings");
    let sent = house.wait(Duration::from_secs(60));
    assert!(all(&sent, "INVITE ").is_empty());
    assert_eq!(states(&house), Some(AgentState::Available));
}

/// Lets time pass until this is sent.
fn until(house: &mut House, sent: &mut Vec<Sent>, start: &str) -> Sent {
    for _ in 0..240 {
        if let Some(found) = sent.iter().find(|sent| sent.0.starts_with(start)) {
            return found.clone();
        }
        *sent = house.wait(Duration::from_millis(250));
    }
    panic!("no {start}");
}

#[test]
fn a_callback_that_nobody_answers_is_offered_again_and_leaves_no_call() {
    let mut house = house();
    let (_, sent) = waits(&mut house, DESK);
    // Alice rings; the caller chooses to be called back, and alice does not answer.
    let ring = find(&sent, "INVITE ");
    house.receive(ALICE, ring.response("180 Ringing", "", "", ""));
    let mut sent = wants_to_be_called_back(&mut house);
    let rows = house.records.len();
    let mut ring = ring;
    for _ in 0..3 {
        let cancel = until(&mut house, &mut sent, "CANCEL ");
        house.receive(ALICE, cancel.response("200 OK", "", "", ""));
        sent = house.receive(ALICE, ring.response("487 Request Terminated", "", "", ""));
        ring = until(&mut house, &mut sent, "INVITE ");
        sent = house.receive(ALICE, ring.response("180 Ringing", "", "", ""));
    }
    assert!(house.switch.counters().callbacks > 1);
    // The caller's own call is over; of the callbacks nothing is kept.
    let started =
        |recorded: &&model::call_graph::Recorded| matches!(recorded.event, CallEvent::Started(_));
    assert_eq!(house.records.iter().skip(rows).filter(started).count(), 0);
}

/// signalwire/freeswitch#2530: a late answer of an agent who has lost stayed in early media.
#[test]
fn freeswitch_2530_a_late_answer_of_who_has_lost_is_acknowledged_and_hung_up() {
    let mut house = house();
    let (caller, sent) = waits(&mut house, BOTH);
    let rings = all(&sent, "INVITE ");
    let of = |name: &str| rings.iter().find(|ring| ring.value("To").contains(name)).expect("rung");
    let (alice, bob) = (of("alice"), of("bob"));
    // Bob's telephone has said nothing: his CANCEL has to wait.
    let (alices, sent) = house.pick_up(ALICES, alice);
    assert_eq!(ladder(&sent), "ACK alice");
    let contact = format!("Contact: <sip:bob@{BOB}>\r\n");
    let sent = house.receive(BOB, bob.response("180 Ringing", &contact, "", ""));
    assert_eq!(ladder(&sent), "CANCEL bob");
    assert!(sent[0].value("Reason").contains("cause=200"));
    // His 200 crosses it.
    let body = crate::house::description(50_000, MEDIA);
    let late = bob.response("200 OK", &contact, "application/sdp", &body);
    let sent = house.receive(BOB, late.clone());
    insta::assert_snapshot!(ladder(&sent), @"
    ACK bob
    BYE bob
    ");
    // Again, because the ACK was lost.
    assert_eq!(ladder(&house.receive(BOB, late)), "ACK bob");
    let bye = find(&sent, "BYE ");
    house.receive(BOB, bye.response("200 OK", "", "", ""));
    // Alice and the caller go on talking.
    assert_eq!(house.ask(&alices, "OPTIONS", "", "", "").status(), 200);
    let states = states(&house, "u-bob");
    assert_eq!(states.last(), Some(&AgentState::Available));
    assert!(!states.contains(&AgentState::OnCall));
    let stale = called(BOBS, bob);
    assert_eq!(house.ask(&stale, "OPTIONS", "", "", "").status(), 481);
    house.receive(TRUNK, caller.request("BYE", 2, "", "", ""));
    let sent = house.wait(Duration::from_secs(60));
    assert!(all(&sent, "INVITE ").is_empty());
    assert!(house.switch.is_calm());
}

/// signalwire/freeswitch#2530, the other way round: nothing has come from the telephone when the
/// caller leaves, and then everything does.
#[test]
fn freeswitch_2530_a_late_answer_after_the_caller_left_is_acknowledged_and_hung_up() {
    let mut house = house();
    let (caller, sent) = waits(&mut house, DESK);
    let ring = find(&sent, "INVITE ");
    let sent = house.receive(TRUNK, caller.request("BYE", 2, "", "", ""));
    assert_eq!(ladder(&sent), "200 OK BYE");
    let body = crate::house::description(50_000, MEDIA);
    let contact = format!("Contact: <sip:alice@{ALICE}>\r\n");
    let late = ring.response("200 OK", &contact, "application/sdp", &body);
    assert_eq!(ladder(&house.receive(ALICE, late)), "ACK alice\nBYE alice");
    house.wait(Duration::from_secs(60));
    assert!(house.switch.is_calm());
}

#[test]
fn what_agents_chose_and_did_today_survives_a_restart() {
    let away = RestoredAgent {
        user: UserId::from("u-alice"),
        availability: Some((model::directory::Availability::Away, Some("lunch".into()))),
        today: acd::Today { answered: 7, ..acd::Today::default() },
    };
    let restored = Restored { agents: vec![away], ..Restored::default() };
    let mut house = House::of(config(call::Settings::default()), desks(), restored);
    let (_, sent) = waits(&mut house, DESK);
    assert!(all(&sent, "INVITE ").is_empty(), "she is at lunch");
    let board = house.switch.wallboard(crate::house::now(house.now));
    let alice = &board.agents[0];
    assert_eq!((alice.state, alice.reason.as_deref()), (AgentState::Away, Some("lunch")));
    assert_eq!(alice.answered, 7);
    let desk = board.groups.iter().find(|group| group.group.as_str() == "g-desk").expect("a group");
    assert_eq!((desk.waiting, desk.away), (1, 1));
}
