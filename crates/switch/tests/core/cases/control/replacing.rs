//! INVITE with Replaces (RFC 3891): another device of the same user, and what rings at a colleague.

use model::call_graph::CallEvent;

use crate::house::{BOB, Dialog, House, Sent, description, find};
use crate::phone::{ALICES, BOBS, MEDIA, Phone, Request, all};

use super::{CAROLS, in_place_of, office, told};

const SECOND: Phone = Phone { user: "alice", at: "203.0.113.17:5060" };

fn invite(house: &mut House, who: Phone, more: &str) -> (Dialog, Vec<Sent>) {
    let body = description(30_000, MEDIA);
    let uri = "sip:192.0.2.1:5060";
    house.outside(who, &Request { method: "INVITE", uri, more, body: &body })
}

fn status(house: &mut House, who: Phone, more: &str) -> u16 {
    let (_, sent) = invite(house, who, more);
    find(&sent, "SIP/2.0 ").status()
}

/// The Replaces as who is to be replaced would have to hear it, that is from our side.
fn turned(replaces: &str) -> String {
    replaces
        .replace(";to-tag=", ";x=")
        .replace(";from-tag=", ";to-tag=")
        .replace(";x=", ";from-tag=")
}

#[test]
fn a_user_goes_on_on_another_device() {
    let mut house = office();
    let (caller, alice) = house.talking();
    let required = format!("{}Require: replaces\r\n", in_place_of(&alice));
    let (second, sent) = invite(&mut house, SECOND, &required);
    insta::assert_snapshot!(told(&sent), @"
    200 OK INVITE
    BYE alice
    ");
    house.receive(SECOND.at, second.request("ACK", 2, "", "", ""));
    assert_eq!(house.switch.live_calls(), 1);
    // And back, with the tags as this server knows them.
    let bye = find(&sent, "BYE ");
    house.receive(ALICES.at, bye.response("200 OK", "", "", ""));
    let (first, sent) = invite(&mut house, ALICES, &turned(&in_place_of(&second)));
    insta::assert_snapshot!(told(&sent), @"
    200 OK INVITE
    BYE x
    ");
    house.receive(ALICES.at, first.request("ACK", 2, "", "", ""));
    let sent = house.receive(first.at, first.request("BYE", 90, "", "", ""));
    insta::assert_snapshot!(told(&sent), @"
    200 OK BYE
    BYE trunk
    ");
    house.ends(&[&caller]);
}

#[test]
fn what_rings_at_a_colleague_is_picked_up() {
    let mut house = office();
    let (mut caller, sent) = house.call("+493012345679", MEDIA);
    let ring = find(&sent, "INVITE ");
    let contact = format!("Contact: <sip:bob@{BOB}>\r\n");
    house.receive(BOB, ring.response("180 Ringing", &contact, "", ""));
    // As bob's dialog-info has it.
    let rings = format!(
        "Replaces: {};to-tag=phone;from-tag={};early-only\r\n",
        ring.value("Call-ID"),
        ring.value("From").rsplit_once(";tag=").expect("a tag").1,
    );
    // Alice is in no group of bob's.
    assert_eq!(status(&mut house, ALICES, &rings), 403);
    let (carol, sent) = invite(&mut house, CAROLS, &rings);
    insta::assert_snapshot!(told(&sent), @"
    200 OK INVITE
    CANCEL bob
    200 OK INVITE
    ");
    let accepted = all(&sent, "SIP/2.0 200");
    let to_caller = accepted.iter().find(|it| it.value("Call-ID") == caller.call_id);
    let to_caller = to_caller.expect("the caller is answered");
    to_caller.value("To").clone_into(&mut caller.to);
    caller.target = "sip:192.0.2.1:5060".to_owned();
    house.receive(caller.at, caller.request("ACK", 1, "", "", ""));
    house.receive(CAROLS.at, carol.request("ACK", 2, "", "", ""));
    house.receive(BOB, find(&sent, "CANCEL ").response("200 OK", "", "", ""));
    house.receive(BOB, ring.response("487 Request Terminated", "", "", ""));
    let answered = house.records.iter().any(|it| matches!(it.event, CallEvent::Answered { .. }));
    assert!(answered);
    house.ends(&[&carol, &caller]);
}

/// What a telephone makes of a dialog-info document: an INVITE as for the telephone it watches.
fn replaces_of(notify: &Sent) -> String {
    let value = |name: &str| {
        let (_, rest) = notify.0.split_once(&format!("{name}=\"")).expect("it is named");
        rest.split('"').next().unwrap_or_default().to_owned()
    };
    let (call_id, its, ours) = (value("call-id"), value("local-tag"), value("remote-tag"));
    format!("Replaces: {call_id};to-tag={its};from-tag={ours}\r\n")
}

#[test]
fn a_key_that_watches_a_colleague_picks_up_what_rings_at_him() {
    let mut house = office();
    let (_, sent) = house.watch(CAROLS, "bob", "dialog", "Expires: 600\r\n");
    let notify = find(&sent, "NOTIFY ");
    house.told(CAROLS, &notify);
    let (_, sent) = house.call("+493012345679", MEDIA);
    let ring = find(&sent, "INVITE ");
    let notify = find(&sent, "NOTIFY ");
    assert!(notify.0.contains("trying") && !notify.0.contains("call-id"), "{}", notify.0);
    house.told(CAROLS, &notify);
    let contact = format!("Contact: <sip:bob@{BOB}>\r\n");
    let sent = house.receive(BOB, ring.response("180 Ringing", &contact, "", ""));
    let notify = find(&sent, "NOTIFY ");
    let replaces = replaces_of(&notify);
    house.told(CAROLS, &notify);
    let (_, sent) = invite(&mut house, CAROLS, &replaces);
    insta::assert_snapshot!(told(&all(&sent, "CANCEL ")), @"CANCEL bob");
    assert_eq!(all(&sent, "SIP/2.0 200 OK").len(), 2);
}

/// Requests in dialogs are not challenged, so who knows both tags is believed to be the telephone.
#[test]
fn who_watches_a_colleague_cannot_speak_in_his_place() {
    let mut house = office();
    let (_, sent) = house.watch(CAROLS, "bob", "dialog", "Expires: 600\r\n");
    house.told(CAROLS, &find(&sent, "NOTIFY "));
    let (mut caller, sent) = house.call("+493012345679", MEDIA);
    let ring = find(&sent, "INVITE ");
    let sent = house.told(CAROLS, &find(&sent, "NOTIFY "));
    assert!(sent.is_empty());
    let contact = format!("Contact: <sip:bob@{BOB}>\r\n");
    let sent = house.receive(BOB, ring.response("180 Ringing", &contact, "", ""));
    let early = find(&sent, "NOTIFY ");
    house.told(CAROLS, &early);
    let (bob, sent) = house.pick_up(BOBS, &ring);
    let up = find(&sent, "NOTIFY ");
    house.told(CAROLS, &up);
    let accepted = find(&sent, "SIP/2.0 200");
    accepted.value("To").clone_into(&mut caller.to);
    caller.target = "sip:192.0.2.1:5060".to_owned();
    house.receive(caller.at, caller.request("ACK", 1, "", "", ""));
    for notify in [early, up] {
        let replaces = replaces_of(&notify);
        let part = |name: &str| {
            let (_, rest) = replaces.split_once(name).expect("it is named");
            rest.split([';', '\r']).next().unwrap_or_default().to_owned()
        };
        let (its, ours) = (part("to-tag="), part("from-tag="));
        let forged = Dialog {
            at: CAROLS.at,
            from: format!("<sip:bob@pbx.example>;tag={its}"),
            to: format!("<sip:alice@pbx.example>;tag={ours}"),
            call_id: part("Replaces: "),
            ..bob.clone()
        };
        let sent = house.refer(&forged, "<sip:017099@pbx.example>", "");
        assert_eq!(find(&sent, "SIP/2.0 ").status(), 481);
        for method in ["INVITE", "UPDATE", "BYE"] {
            assert_eq!(house.ask(&forged, method, "", "", "").status(), 481, "{method}");
        }
        // She may ask for its place, and is told that she may not have it.
        assert_eq!(status(&mut house, CAROLS, &replaces), 403);
    }
    assert_eq!(house.ask(&bob, "OPTIONS", "", "", "").status(), 200);
    house.ends(&[&bob, &caller]);
}

#[test]
fn what_is_replaced_is_looked_at_before_it_becomes_a_call() {
    let mut house = office();
    let (caller, alice) = house.talking();
    let rows = house.records.len();
    let replaces = in_place_of(&alice);
    // Bob has nothing to do with it, and nobody knows the others.
    assert_eq!(status(&mut house, BOBS, &replaces), 403);
    assert_eq!(status(&mut house, ALICES, "Replaces: a;to-tag=1;from-tag=2\r\n"), 481);
    assert_eq!(status(&mut house, ALICES, "Replaces: a;to-tag=1\r\n"), 400);
    assert_eq!(status(&mut house, ALICES, &format!("{replaces}{replaces}")), 400);
    let early = replaces.replace("\r\n", ";early-only\r\n");
    assert_eq!(status(&mut house, ALICES, &early), 486);
    // A trunk replaces nothing.
    let number = house.count();
    let trunk = crate::house::TRUNK;
    let text = format!(
        "INVITE sip:+493012345678@192.0.2.1:5060 SIP/2.0\r\n\
         Via: SIP/2.0/UDP {trunk};branch=z9hG4bK-r{number};rport\r\nMax-Forwards: 70\r\n\
         From: <sip:+491@198.51.100.1>;tag=t{number}\r\nTo: <sip:+493012345678@192.0.2.1>\r\n\
         Call-ID: trunk-{number}\r\nCSeq: 1 INVITE\r\nContact: <sip:trunk@{trunk}>\r\n\
         {replaces}Content-Length: 0\r\n\r\n"
    );
    let sent = house.receive(trunk, text);
    assert_eq!(find(&sent, "SIP/2.0 ").status(), 403);
    assert_eq!(house.records.len(), rows);
    house.ends(&[&alice, &caller]);
}

#[test]
fn what_is_being_hung_up_is_declined() {
    let mut house = office();
    let (caller, alice) = house.talking();
    // The caller hangs up; alice's telephone has not answered our BYE.
    let sent = house.receive(caller.at, caller.request("BYE", 90, "", "", ""));
    let bye = find(&sent, "BYE ");
    assert_eq!(status(&mut house, ALICES, &in_place_of(&alice)), 603);
    house.receive(ALICES.at, bye.response("200 OK", "", "", ""));
    assert_eq!(status(&mut house, ALICES, &in_place_of(&alice)), 481);
    house.ends(&[]);
}
