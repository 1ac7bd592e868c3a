//! Codes that are about another call.

use std::time::Duration;

use call::port::{Command, Goal, Orderer};
use model::UserId;

use crate::house::{BOB, Dialog, House, Sent, find};
use crate::phone::{ALICES, BOBS, MEDIA, Phone, all};

use super::{CAROLS, DORAS, office, told};

/// Dials, and acknowledges what answers.
fn dials(house: &mut House, who: Phone, code: &str) -> (Dialog, Vec<Sent>) {
    let (dialog, sent) = house.dial(who, code);
    let accepted = sent
        .iter()
        .find(|it| it.0.starts_with("SIP/2.0 200") && it.value("Call-ID") == dialog.call_id);
    let Some(accepted) = accepted else { return (dialog, sent) };
    let dialog = Dialog { to: accepted.value("To").to_owned(), ..dialog };
    let more = house.receive(who.at, dialog.request("ACK", 2, "", "", ""));
    (dialog, [sent, more].concat())
}

fn refused(house: &mut House, who: Phone, code: &str) -> u16 {
    let (_, sent) = dials(house, who, code);
    let last = sent.iter().rfind(|sent| sent.0.starts_with("SIP/2.0 "));
    last.expect("an answer").status()
}

#[test]
fn what_rings_at_a_colleague_is_picked_up_by_name_and_in_the_group() {
    let mut house = office();
    for code in ["*20bob", "*20+493012345679", "*21"] {
        let (caller, sent) = house.call("+493012345679", MEDIA);
        let ring = find(&sent, "INVITE ");
        let contact = format!("Contact: <sip:bob@{BOB}>\r\n");
        house.receive(BOB, ring.response("180 Ringing", &contact, "", ""));
        let (carol, sent) = dials(&mut house, CAROLS, code);
        let ladder = told(&sent);
        assert!(ladder.contains("CANCEL bob"), "{code}: {ladder}");
        let accepted = all(&sent, "SIP/2.0 200");
        let answer = accepted.iter().find(|it| it.value("Call-ID") == caller.call_id);
        let caller = Dialog {
            to: answer.expect("the caller is answered").value("To").to_owned(),
            target: "sip:192.0.2.1:5060".to_owned(),
            ..caller
        };
        house.receive(caller.at, caller.request("ACK", 1, "", "", ""));
        house.receive(BOB, find(&sent, "CANCEL ").response("200 OK", "", "", ""));
        house.receive(BOB, ring.response("487 Request Terminated", "", "", ""));
        house.ends(&[&carol, &caller]);
    }
}

/// Alice's call rings at Dora, with whom Carol has nothing to do, and then at Bob.
#[test]
fn of_a_call_that_rings_for_two_things_that_is_picked_up_which_may_be() {
    let mut house = office();
    let (caller, alice) = house.talking();
    let call = house.records.first().expect("a call").call.clone();
    let mut rings = Vec::new();
    for to in ["dora", "bob"] {
        let user = UserId::from("u-alice");
        let add = Command::Add { user, to: Goal::Dialled(to.into()) };
        let (sent, answer) = house.order(&call, Orderer::Operator, add);
        answer.expect("it is obeyed");
        rings.push(find(&sent, &format!("INVITE sip:{to}@")));
    }
    for (ring, who) in rings.iter().zip([DORAS, BOBS]) {
        let contact = format!("Contact: <sip:{}@{}>\r\n", who.user, who.at);
        house.receive(who.at, ring.response("180 Ringing", &contact, "", ""));
    }
    let (carol, sent) = dials(&mut house, CAROLS, "*20bob");
    insta::assert_snapshot!(told(&all(&sent, "CANCEL ")), @"CANCEL bob");
    house.receive(BOB, find(&sent, "CANCEL ").response("200 OK", "", "", ""));
    house.receive(BOB, rings[1].response("487 Request Terminated", "", "", ""));
    house.receive(DORAS.at, rings[0].response("486 Busy Here", "", "", ""));
    house.ends(&[&carol, &alice, &caller]);
}

#[test]
fn nothing_is_picked_up_where_nothing_rings_or_among_strangers() {
    let mut house = office();
    assert_eq!(refused(&mut house, CAROLS, "*20bob"), 404);
    assert_eq!(refused(&mut house, CAROLS, "*21"), 404);
    assert_eq!(refused(&mut house, CAROLS, "*20nobody"), 404);
    assert_eq!(refused(&mut house, CAROLS, "*20"), 404);
    let (_, sent) = house.call("+493012345679", MEDIA);
    let ring = find(&sent, "INVITE ");
    house.receive(BOB, ring.response("180 Ringing", "", "", ""));
    assert_eq!(refused(&mut house, ALICES, "*20bob"), 403);
    assert_eq!(refused(&mut house, ALICES, "*21"), 404);
    house.receive(BOB, ring.response("486 Busy Here", "", "", ""));
    house.ends(&[]);
}

#[test]
fn a_held_call_is_parked_and_fetched() {
    let mut house = office();
    let (caller, alice) = house.talking();
    assert_eq!(refused(&mut house, ALICES, "*70"), 404, "she holds nothing");
    house.hold(&alice);
    let (line, sent) = dials(&mut house, ALICES, "*70");
    // She hears the slot on this line; the other one is over.
    assert_eq!(find(&sent, "SIP/2.0 200").status(), 200);
    assert_eq!(told(&all(&sent, "BYE ")), "BYE x");
    house.ends(&[&line]);
    assert_eq!(refused(&mut house, BOBS, "*7172"), 404);
    house.ends(&[&caller]);
}

#[test]
fn who_parks_in_a_slot_and_who_fetches_from_it() {
    let mut house = office();
    let (caller, alice) = house.talking();
    house.hold(&alice);
    let (line, sent) = dials(&mut house, ALICES, "*7075");
    assert_eq!(find(&sent, "SIP/2.0 200").status(), 200);
    house.receive(ALICES.at, line.request("BYE", 90, "", "", ""));
    let bye = find(&sent, "BYE ");
    house.receive(ALICES.at, bye.response("200 OK", "", "", ""));
    let (bob, sent) = dials(&mut house, BOBS, "*7175");
    insta::assert_snapshot!(told(&sent), @"200 OK INVITE");
    assert_eq!(house.switch.live_calls(), 1);
    // It is free again.
    assert_eq!(refused(&mut house, ALICES, "*7175"), 404);
    let sent = house.receive(bob.at, bob.request("BYE", 90, "", "", ""));
    insta::assert_snapshot!(told(&sent), @"
    200 OK BYE
    BYE trunk
    ");
    house.ends(&[&caller]);
}

#[test]
fn a_user_takes_his_call_to_this_telephone() {
    let mut house = office();
    let (caller, _) = house.talking();
    let other = Phone { user: "alice", at: "203.0.113.17:5060" };
    let (second, sent) = dials(&mut house, other, "*22");
    insta::assert_snapshot!(told(&sent), @"
    200 OK INVITE
    BYE alice
    ");
    let sent = house.receive(second.at, second.request("BYE", 90, "", "", ""));
    insta::assert_snapshot!(told(&sent), @"
    200 OK BYE
    BYE trunk
    ");
    assert_eq!(refused(&mut house, ALICES, "*22"), 404);
    house.ends(&[&caller]);
}

#[test]
fn a_user_speaks_with_all_whom_he_holds() {
    let mut house = office();
    let (caller, alice) = house.talking();
    house.hold(&alice);
    let (line, bob) = house.line(ALICES, BOBS);
    house.hold(&line);
    let (all_lines, sent) = dials(&mut house, ALICES, "*30");
    insta::assert_snapshot!(told(&sent), @"
    BYE x
    INVITE x
    INVITE bob
    200 OK INVITE
    BYE x
    ");
    assert_eq!(house.switch.live_calls(), 1);
    let live = house.records.iter().map(|it| it.call.clone()).next().expect("a call");
    let standing = house.standing_of(&live);
    assert_eq!(standing.parties.len(), 3);
    assert!(standing.parties.iter().all(|party| party.bridge == 1 && !party.holds));
    house.ends(&[&all_lines, &bob, &caller]);
}

#[test]
fn a_supervisor_listens_and_nobody_else_does() {
    let mut house = office();
    let (caller, alice) = house.talking();
    assert_eq!(refused(&mut house, BOBS, "*23alice"), 403);
    assert_eq!(refused(&mut house, CAROLS, "*23bob"), 404, "he talks with nobody");
    assert_eq!(refused(&mut house, CAROLS, "*23carol"), 403);
    for code in ["*23alice", "*24alice", "*25alice"] {
        let (carol, sent) = dials(&mut house, CAROLS, code);
        assert_eq!(find(&sent, "SIP/2.0 200").status(), 200, "{code}");
        assert_eq!(house.switch.live_calls(), 1, "{code}");
        let sent = house.receive(carol.at, carol.request("BYE", 90, "", "", ""));
        assert_eq!(told(&all(&sent, "BYE ")), "", "{code}: the others go on");
    }
    house.wait(Duration::from_secs(40));
    house.ends(&[&alice, &caller]);
}
