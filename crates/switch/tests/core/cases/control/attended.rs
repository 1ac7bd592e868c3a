//! REFER with Replaces: two lines of a telephone become one call (RFC 5589 §7, D34).

use model::call_graph::CallEvent;
use model::call_graph::words::Direction;

use crate::house::{Dialog, House, find};
use crate::phone::{ALICES, BOBS, all, called};

use super::{CAROLS, instead_of, office, told};

/// The trunk talks with alice, who holds it and talks with bob on another line.
fn two_lines(house: &mut House) -> (Dialog, Dialog, Dialog, Dialog) {
    let (caller, alice) = house.talking();
    house.hold(&alice);
    let (line, bob) = house.line(ALICES, BOBS);
    (caller, alice, line, bob)
}

fn directions(house: &House) -> Vec<Direction> {
    let mut directions = Vec::new();
    for recorded in &house.records {
        if let CallEvent::Started(started) = &recorded.event {
            directions.push(started.direction);
        }
    }
    directions
}

/// The words of the log since this line, by which call: the first is `a`.
fn since(house: &House, start: usize) -> String {
    let mut ids: Vec<_> = house.records.iter().map(|it| it.call.clone()).collect();
    ids.dedup();
    let mut seen = Vec::new();
    for id in ids {
        if !seen.contains(&id) {
            seen.push(id);
        }
    }
    let letters = ['a', 'b', 'c', 'd'];
    let line = |recorded: &model::call_graph::Recorded| {
        let of = seen.iter().position(|id| *id == recorded.call).map(|at| letters[at]);
        let text = format!("{:?}", recorded.event);
        let end = text.find([' ', '(', '{']).unwrap_or(text.len());
        format!("{} {}", of.unwrap_or('?'), &text[..end])
    };
    let lines = house.records.iter().skip(start).map(line);
    lines.filter(|line| !line.ends_with("Decided")).collect::<Vec<_>>().join("\n")
}

#[test]
fn who_was_consulted_on_another_line_gets_the_caller() {
    let mut house = office();
    let (caller, alice, line, bob) = two_lines(&mut house);
    assert_eq!(directions(&house), [Direction::Inbound, Direction::Internal]);
    let rows = house.records.len();
    let sent = house.refer(&alice, &instead_of(&line), "");
    insta::assert_snapshot!(told(&sent), @"
    202 Accepted REFER
    NOTIFY x refer active 100 Trying
    BYE x
    INVITE bob
    ");
    insta::assert_snapshot!(since(&house, rows), @"
    b AbsorbedInto
    a Absorbed
    a TransferEnded
    a BridgeLeft
    a ConnectionEnded
    a PartyLeft
    a RoleChanged
    a BridgeLeft
    a BridgeEntered
    a Resumed
    ");
    assert_eq!(house.switch.live_calls(), 1);
    let sent = house.all_told(ALICES, &sent);
    insta::assert_snapshot!(told(&sent), @"
    NOTIFY x refer terminated 200 OK
    BYE x
    ");
    // Whatever bob says from now on, he says to the first call.
    let sent = house.receive(bob.at, bob.request("BYE", 90, "", "", ""));
    insta::assert_snapshot!(told(&sent), @"
    200 OK BYE
    BYE trunk
    ");
    house.ends(&[&caller]);
}

/// Some telephones send it on the line to whom they consulted.
#[test]
fn the_line_on_which_it_is_asked_for_does_not_matter() {
    let mut house = office();
    let (caller, alice, line, bob) = two_lines(&mut house);
    let rows = house.records.len();
    let sent = house.refer(&line, &instead_of(&alice), "");
    insta::assert_snapshot!(told(&sent), @"
    202 Accepted REFER
    NOTIFY x refer active 100 Trying
    BYE x
    INVITE bob
    ");
    insta::assert_snapshot!(since(&house, rows), @"
    b AbsorbedInto
    a Absorbed
    a TransferEnded
    a BridgeLeft
    a ConnectionEnded
    a PartyLeft
    a RoleChanged
    a BridgeLeft
    a BridgeEntered
    a Resumed
    ");
    let sent = house.all_told(ALICES, &sent);
    insta::assert_snapshot!(told(&sent), @"
    NOTIFY x refer terminated 200 OK
    BYE x
    ");
    house.ends(&[&bob, &caller]);
}

#[test]
fn who_still_rings_gets_the_caller_when_he_answers() {
    let mut house = office();
    let (caller, alice) = house.talking();
    house.hold(&alice);
    let (line, sent) = house.dial(ALICES, "bob");
    let ring = find(&sent, "INVITE ");
    let contact = format!("Contact: <sip:bob@{}>\r\n", BOBS.at);
    let sent = house.receive(BOBS.at, ring.response("180 Ringing", &contact, "", ""));
    let ringing = sent.iter().find(|sent| sent.0.starts_with("SIP/2.0 180")).expect("it rings");
    let line = Dialog { to: ringing.value("To").to_owned(), ..line };
    let rows = house.records.len();
    let sent = house.refer(&alice, &instead_of(&line), "");
    insta::assert_snapshot!(told(&sent), @"
    202 Accepted REFER
    NOTIFY x refer active 100 Trying
    487 Request Terminated INVITE
    ");
    let later = house.all_told(ALICES, &sent);
    insta::assert_snapshot!(told(&later), @"");
    let (bob, sent) = house.pick_up(BOBS, &ring);
    insta::assert_snapshot!(told(&sent), @"
    NOTIFY x refer active 180 Ringing
    ACK bob
    INVITE bob
    ");
    let sent = house.all_told(ALICES, &sent);
    insta::assert_snapshot!(told(&sent), @"
    NOTIFY x refer terminated 200 OK
    BYE x
    ");
    insta::assert_snapshot!(since(&house, rows), @"
    b AbsorbedInto
    a Absorbed
    a BridgeLeft
    a ConnectionEnded
    a PartyLeft
    a Answered
    a TransferEnded
    a BridgeEntered
    a Resumed
    ");
    house.ends(&[&bob, &caller]);
}

#[test]
fn of_two_lines_inside_the_older_survives() {
    let mut house = office();
    let (first, bob) = house.line(ALICES, BOBS);
    house.hold(&first);
    let (second, carol) = house.line(ALICES, CAROLS);
    let rows = house.records.len();
    let sent = house.refer(&second, &instead_of(&first), "");
    insta::assert_snapshot!(told(&sent), @"
    202 Accepted REFER
    NOTIFY x refer active 100 Trying
    BYE x
    INVITE bob
    INVITE carol
    ");
    insta::assert_snapshot!(since(&house, rows), @"
    b AbsorbedInto
    a Absorbed
    a TransferEnded
    a BridgeLeft
    a AnchorLeft
    a PartyLeft
    a RoleChanged
    a BridgeLeft
    a BridgeEntered
    a Resumed
    ");
    house.ends(&[&bob, &carol]);
}

#[test]
fn two_callers_outside_are_not_joined() {
    let mut house = office();
    let (one, alice) = house.talking();
    house.hold(&alice);
    let (other, second) = house.talking();
    let sent = house.refer(&second, &instead_of(&alice), "");
    assert_eq!(find(&sent, "SIP/2.0 ").status(), 491);
    assert_eq!(house.switch.live_calls(), 2);
    house.ends(&[&one, &other]);
}

#[test]
fn whose_line_is_replaced_is_looked_at() {
    let mut house = office();
    let (caller, alice, line, bob) = two_lines(&mut house);
    let mut status = |from: &Dialog, to: &str| {
        let sent = house.refer(from, to, "");
        assert!(all(&sent, "NOTIFY ").is_empty());
        find(&sent, "SIP/2.0 ").status()
    };
    // Bob's line is none of alice's, and what nobody has is nobody's.
    assert_eq!(status(&alice, &instead_of(&bob)), 403);
    assert_eq!(status(&bob, &instead_of(&alice)), 403);
    assert_eq!(status(&caller, &instead_of(&line)), 403);
    let strange = Dialog { call_id: "strange".into(), ..line.clone() };
    assert_eq!(status(&alice, &instead_of(&strange)), 404);
    assert_eq!(status(&alice, &instead_of(&alice)), 400);
    let early = instead_of(&line).replace('>', "%3Bearly-only>");
    assert_eq!(status(&alice, &early), 486);
    let twice = instead_of(&line).replace('>', "&Replaces=a%3Bto-tag%3D1%3Bfrom-tag%3D2>");
    assert_eq!(status(&alice, &twice), 400);
    assert_eq!(house.switch.live_calls(), 2);
    house.ends(&[&caller, &bob]);
}

#[test]
fn a_line_that_is_over_is_nobodys() {
    let mut house = office();
    let (caller, alice, line, bob) = two_lines(&mut house);
    house.receive(bob.at, bob.request("BYE", 90, "", "", ""));
    let sent = house.refer(&alice, &instead_of(&line), "");
    assert_eq!(find(&sent, "SIP/2.0 ").status(), 404);
    house.ends(&[&caller, &line]);
}

#[test]
fn a_hold_that_comes_later_is_told_to_the_call_that_has_the_line() {
    let mut house = office();
    let (caller, alice, line, bob) = two_lines(&mut house);
    let sent = house.refer(&alice, &instead_of(&line), "");
    house.agrees(BOBS, &sent);
    house.all_told(ALICES, &sent);
    let rows = house.records.len();
    house.hold(&bob);
    insta::assert_snapshot!(since(&house, rows), @"a Held");
    house.ends(&[&bob, &caller]);
}

#[test]
fn whoever_was_called_transfers_as_well() {
    let mut house = office();
    // Bob calls alice, who consults carol.
    let (bob, alice) = house.line(BOBS, ALICES);
    house.hold(&alice);
    let (line, sent) = house.dial(ALICES, "carol");
    let ring = find(&sent, "INVITE ");
    let (_, sent) = house.pick_up(CAROLS, &ring);
    let accepted = find(&sent, "SIP/2.0 200");
    let line = Dialog { to: accepted.value("To").to_owned(), ..line };
    house.receive(ALICES.at, line.request("ACK", 2, "", "", ""));
    let carol = called(CAROLS, &ring);
    let rows = house.records.len();
    let sent = house.refer(&alice, &instead_of(&line), "");
    insta::assert_snapshot!(told(&sent), @"
    202 Accepted REFER
    NOTIFY x refer active 100 Trying
    BYE x
    INVITE x
    INVITE carol
    ");
    insta::assert_snapshot!(since(&house, rows), @"
    b AbsorbedInto
    a Absorbed
    a TransferEnded
    a BridgeLeft
    a ConnectionEnded
    a PartyLeft
    a RoleChanged
    a BridgeLeft
    a BridgeEntered
    a Resumed
    ");
    house.ends(&[&bob, &carol]);
}

/// As baresip names it before 3.23 (baresip/baresip#3367).
#[test]
fn a_line_may_be_named_by_its_call_id_alone() {
    let mut house = office();
    let (caller, alice, line, bob) = two_lines(&mut house);
    let named = |dialog: &Dialog| format!("<sip:x@192.0.2.1:5060?Replaces={}>", dialog.call_id);
    let mut status = |from: &Dialog, to: &Dialog| {
        let sent = house.refer(from, &named(to), "");
        find(&sent, "SIP/2.0 ").status()
    };
    assert_eq!(status(&bob, &alice), 404);
    assert_eq!(status(&alice, &bob), 404);
    assert_eq!(status(&alice, &alice), 400);
    let sent = house.refer(&alice, &named(&line), "");
    insta::assert_snapshot!(told(&sent), @"
    202 Accepted REFER
    NOTIFY x refer;id=17 active 100 Trying
    BYE x
    INVITE bob
    ");
    house.all_told(ALICES, &sent);
    house.agrees(BOBS, &sent);
    house.ends(&[&bob, &caller]);
}
