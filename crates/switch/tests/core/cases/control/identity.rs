//! Whom a telephone is told that it talks with (RFC 4916), and UPDATE (RFC 3311).

use std::time::Duration;

use crate::house::{BOB, Dialog, House, Sent, description, find};
use crate::phone::{ALICES, BOBS, MEDIA, all, called};

use super::{instead_of, office, told};

const ALLOW: &str = "Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, UPDATE\r\n";

/// The trunk talks with alice, who hands it on to bob, whom she has asked on another line. Bob's
/// telephone says this of itself.
fn handed_on(house: &mut House, says: &str) -> (Dialog, Dialog, Vec<Sent>) {
    let (caller, alice) = house.talking();
    house.hold(&alice);
    let (line, sent) = house.dial(ALICES, "bob");
    let ring = find(&sent, "INVITE ");
    let contact = format!("Contact: <sip:bob@{BOB}>\r\n{says}");
    house.receive(BOB, ring.response("180 Ringing", &contact, "", ""));
    let body = description(50_000, MEDIA);
    let sent = house.receive(BOB, ring.response("200 OK", &contact, "application/sdp", &body));
    let accepted = find(&sent, "SIP/2.0 200");
    let line = Dialog { to: accepted.value("To").to_owned(), ..line };
    house.receive(ALICES.at, line.request("ACK", 2, "", "", ""));
    let sent = house.refer(&alice, &instead_of(&line), "");
    house.all_told(ALICES, &sent);
    (caller, called(BOBS, &ring), sent)
}

#[test]
fn a_telephone_is_told_by_update_where_it_takes_that() {
    let mut house = office();
    let (caller, bob, sent) = handed_on(&mut house, ALLOW);
    let update = find(&sent, "UPDATE ");
    assert_eq!(update.value("P-Asserted-Identity"), "\"Caller\" <sip:+4917012345678@pbx.example>");
    assert!(update.value("Contact").contains("192.0.2.1"));
    assert!(all(&sent, "INVITE ").is_empty());
    let sent = house.receive(BOB, update.response("200 OK", "", "", ""));
    assert!(sent.is_empty(), "{sent:#?}");
    house.ends(&[&bob, &caller]);
}

#[test]
fn else_by_a_reinvite_with_the_session_as_it_is() {
    let mut house = office();
    let (caller, bob, sent) = handed_on(&mut house, "");
    let asked = find(&sent, "INVITE ");
    assert_eq!(asked.value("P-Asserted-Identity"), "\"Caller\" <sip:+4917012345678@pbx.example>");
    insta::assert_snapshot!(asked.formats(), @"
    8:PCMA/8000
    101:telephone-event/8000
    ");
    house.agrees(BOBS, &sent);
    house.ends(&[&bob, &caller]);
}

#[test]
fn who_says_that_it_takes_update_and_does_not_gets_a_reinvite() {
    let mut house = office();
    let (caller, bob, sent) = handed_on(&mut house, ALLOW);
    let update = find(&sent, "UPDATE ");
    house.receive(BOB, update.response("501 Not Implemented", "", "", ""));
    let sent = house.wait(Duration::from_millis(100));
    insta::assert_snapshot!(told(&sent), @"INVITE bob");
    house.agrees(BOBS, &sent);
    house.ends(&[&bob, &caller]);
}

#[test]
fn who_does_not_want_to_know_goes_on_talking() {
    let mut house = office();
    let (caller, bob, sent) = handed_on(&mut house, ALLOW);
    let mut update = find(&sent, "UPDATE ");
    // 491: it changes something itself. It is asked again, and again, and no more.
    for _ in 0..3 {
        let sent = house.receive(BOB, update.response("491 Request Pending", "", "", ""));
        assert!(sent.is_empty());
        let sent = house.wait(Duration::from_secs(3));
        update = find(&sent, "UPDATE ");
    }
    house.receive(BOB, update.response("491 Request Pending", "", "", ""));
    let sent = house.wait(Duration::from_secs(60));
    assert!(all(&sent, "UPDATE ").is_empty() && all(&sent, "INVITE ").is_empty());
    assert_eq!(house.ask(&bob, "OPTIONS", "", "", "").status(), 200);
    house.ends(&[&bob, &caller]);
}

#[test]
fn a_telephone_that_has_lost_its_call_is_let_go() {
    let mut house = office();
    let (caller, _, sent) = handed_on(&mut house, ALLOW);
    let update = find(&sent, "UPDATE ");
    let sent = house.receive(BOB, update.response("481 No Such Call", "", "", ""));
    insta::assert_snapshot!(told(&sent), @"BYE trunk");
    house.receive(caller.at, find(&sent, "BYE ").response("200 OK", "", "", ""));
    house.ends(&[]);
}

#[test]
fn a_telephone_changes_its_session_by_update() {
    let mut house = office();
    let (caller, alice) = house.talking();
    assert_eq!(house.ask(&alice, "UPDATE", "", "", "").status(), 200);
    let held = description(50_000, &(MEDIA.to_owned() + "a=sendonly\r\n"));
    let answer = house.ask(&alice, "UPDATE", "", "application/sdp", &held);
    assert_eq!(answer.status(), 200);
    assert!(answer.0.contains("a=recvonly"), "{}", answer.0);
    assert!(answer.value("Contact").contains("192.0.2.1"));
    let call = house.records.first().expect("a call").call.clone();
    assert!(house.standing_of(&call).parties.iter().any(|party| party.holds));
    assert_eq!(house.ask(&alice, "UPDATE", "", "text/plain", "hello").status(), 415);
    assert_eq!(house.ask(&alice, "UPDATE", "", "application/sdp", "nonsense").status(), 400);
    assert_eq!(house.ask(&alice, "NOTIFY", "Event: refer\r\n", "", "").status(), 481);
    let strange = Dialog { call_id: "strange".into(), ..alice.clone() };
    assert_eq!(house.ask(&strange, "UPDATE", "", "", "").status(), 481);
    house.ends(&[&alice, &caller]);
}

/// Its 491 says that it is about to hold; what it then says by UPDATE must not be undone by an
/// offer that is older.
#[test]
fn a_telephone_that_holds_by_update_is_not_offered_the_session_of_before() {
    let mut house = office();
    let (caller, bob, sent) = handed_on(&mut house, "");
    let asked = find(&sent, "INVITE ");
    house.receive(BOB, asked.response("491 Request Pending", "", "", ""));
    let held = description(50_000, &(MEDIA.to_owned() + "a=sendonly\r\n"));
    let answer = house.ask(&bob, "UPDATE", "", "application/sdp", &held);
    assert_eq!(answer.status(), 200);
    let version = |sent: &Sent| {
        let (_, rest) = sent.0.split_once("\r\no=").expect("an origin");
        rest.split(' ').nth(2).and_then(|it| it.parse::<u64>().ok()).expect("a version")
    };
    let sent = house.wait(Duration::from_secs(10));
    let again = find(&sent, "INVITE ");
    assert!(version(&again) >= version(&answer), "{} {}", answer.0, again.0);
    assert!(again.0.contains("P-Asserted-Identity"));
    house.ends(&[&bob, &caller]);
}
