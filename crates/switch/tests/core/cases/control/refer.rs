//! REFER without Replaces: who may, what it is answered, how it is told to go (RFC 3515, RFC 4488).

use std::time::Duration;

use switch::Input;

use crate::house::{BOB, Dialog, House, description, find};
use crate::phone::{ALICES, BOBS, MEDIA, all, called};

use super::{CAROLS, DORAS, office, told};

fn answer_of(house: &mut House, dialog: &Dialog, to: &str) -> u16 {
    let sent = house.refer(dialog, to, "");
    assert!(all(&sent, "NOTIFY ").is_empty(), "{sent:#?}");
    find(&sent, "SIP/2.0 ").status()
}

#[test]
fn a_user_hands_his_call_on_and_knows_how_it_went() {
    let mut house = office();
    let (caller, alice) = house.talking();
    let sent = house.refer(&alice, "<sip:bob@pbx.example>", "");
    insta::assert_snapshot!(told(&sent), @"
    202 Accepted REFER
    NOTIFY alice refer active 100 Trying
    INVITE bob
    ");
    let (ring, trying) = (find(&sent, "INVITE "), find(&sent, "NOTIFY "));
    assert_eq!(ring.value("Referred-By"), "<sip:alice@pbx.example>");
    assert_eq!(trying.value("Subscription-State"), "active;expires=180");
    assert_eq!(trying.value("Content-Type"), "message/sipfrag;version=2.0");
    let sent = house.told(ALICES, &trying);
    insta::assert_snapshot!(told(&sent), @"");
    let contact = format!("Contact: <sip:bob@{BOB}>\r\n");
    let sent = house.receive(BOB, ring.response("180 Ringing", &contact, "", ""));
    insta::assert_snapshot!(told(&sent), @"NOTIFY alice refer active 180 Ringing");
    let rings = find(&sent, "NOTIFY ");
    // He answers before alice's telephone has said that it knows.
    let body = description(50_000, MEDIA);
    let sent = house.receive(BOB, ring.response("200 OK", &contact, "application/sdp", &body));
    insta::assert_snapshot!(told(&sent), @"ACK bob");
    let sent = house.told(ALICES, &rings);
    insta::assert_snapshot!(told(&sent), @"NOTIFY alice refer terminated 200 OK");
    let last = find(&sent, "NOTIFY ");
    assert_eq!(last.value("Subscription-State"), "terminated;reason=noresource");
    let sent = house.told(ALICES, &last);
    insta::assert_snapshot!(told(&sent), @"BYE alice");
    let bye = find(&sent, "BYE ");
    house.receive(ALICES.at, bye.response("200 OK", "", "", ""));
    insta::assert_snapshot!(house.kinds(), @"
    Started
    RoutingStarted
    AttemptStarted
    AttemptRinging
    Answered
    Accepted
    BridgeEntered
    BridgeEntered
    TransferStarted
    BridgeLeft
    ConnectionEnded
    PartyLeft
    RoutingStarted
    AttemptStarted
    AttemptRinging
    Answered
    TransferEnded
    BridgeEntered
    ");
    let counters = house.switch.counters();
    assert_eq!(counters.transfers_started, 1);
    assert_eq!(counters.refers.get(&202), Some(&1));
    let bob = called(BOBS, &ring);
    house.ends(&[&bob, &caller]);
}

#[test]
fn who_did_not_want_to_know_is_hung_up_on_at_once() {
    let mut house = office();
    let (caller, alice) = house.talking();
    let sent = house.refer(&alice, "<sip:bob@pbx.example>", "Refer-Sub: false\r\n");
    let accepted = find(&sent, "SIP/2.0 202");
    assert_eq!(accepted.value("Refer-Sub"), "false");
    insta::assert_snapshot!(told(&sent), @"
    202 Accepted REFER
    INVITE bob
    ");
    let (bob, sent) = house.pick_up(BOBS, &find(&sent, "INVITE "));
    insta::assert_snapshot!(told(&sent), @"
    ACK bob
    BYE alice
    ");
    house.ends(&[&bob, &caller]);
}

/// Teams and JsSIP (versatica/JsSIP#556) hang up right after the 202.
#[test]
fn a_transferor_who_hangs_up_early_has_transferred_all_the_same() {
    let mut house = office();
    let (caller, alice) = house.talking();
    let sent = house.refer(&alice, "<sip:bob@pbx.example>", "");
    let ring = find(&sent, "INVITE ");
    let notify = find(&sent, "NOTIFY ");
    let sent = house.receive(ALICES.at, alice.request("BYE", 90, "", "", ""));
    insta::assert_snapshot!(told(&sent), @"200 OK BYE");
    // Its telephone does not know the NOTIFY any more.
    let sent = house.receive(ALICES.at, notify.response("481 Gone", "", "", ""));
    assert!(sent.is_empty(), "{sent:#?}");
    let (bob, sent) = house.pick_up(BOBS, &ring);
    insta::assert_snapshot!(told(&sent), @"ACK bob");
    house.ends(&[&bob, &caller]);
}

#[test]
fn a_notify_that_gets_lost_keeps_the_transferor_for_64_t1_and_no_longer() {
    let mut house = office();
    let (caller, alice) = house.talking();
    let sent = house.refer(&alice, "<sip:bob@pbx.example>", "");
    let (bob, _) = house.pick_up(BOBS, &find(&sent, "INVITE "));
    let sent = house.wait(Duration::from_secs(31));
    assert!(all(&sent, "BYE ").is_empty());
    let sent = house.wait(Duration::from_secs(2));
    insta::assert_snapshot!(told(&all(&sent, "BYE ")), @"
    BYE alice
    BYE alice
    ");
    house.ends(&[&bob, &caller]);
}

#[test]
fn a_server_that_stops_waits_for_no_notify() {
    let mut house = office();
    let (_, alice) = house.talking();
    let sent = house.refer(&alice, "<sip:bob@pbx.example>", "");
    house.pick_up(BOBS, &find(&sent, "INVITE "));
    let sent = house.give(Input::Release);
    let byes = told(&all(&sent, "BYE "));
    insta::assert_snapshot!(byes, @"
    BYE alice
    BYE bob
    BYE trunk
    ");
    assert_eq!(house.switch.live_calls(), 0);
    house.ends(&[]);
}

#[test]
fn whoever_does_not_want_to_be_notified_goes_on_talking_until_he_is_hung_up_on() {
    let mut house = office();
    let (caller, alice) = house.talking();
    let sent = house.refer(&alice, "<sip:bob@pbx.example>", "");
    let (ring, notify) = (find(&sent, "INVITE "), find(&sent, "NOTIFY "));
    let sent = house.receive(ALICES.at, notify.response("489 Bad Event", "", "", ""));
    assert!(sent.is_empty(), "{sent:#?}");
    let (bob, sent) = house.pick_up(BOBS, &ring);
    insta::assert_snapshot!(told(&sent), @"
    ACK bob
    BYE alice
    ");
    house.ends(&[&bob, &caller]);
}

#[test]
fn a_transfer_that_fails_is_told_and_the_call_comes_back() {
    let mut house = office();
    let (caller, alice) = house.talking();
    let sent = house.refer(&alice, "<sip:bob@pbx.example>", "");
    let ring = find(&sent, "INVITE ");
    house.all_told(ALICES, &sent);
    let sent = house.receive(BOB, ring.response("486 Busy Here", "", "", ""));
    insta::assert_snapshot!(told(&sent), @"
    ACK bob
    NOTIFY alice refer terminated 486 Busy Here
    ");
    house.all_told(ALICES, &sent);
    // She may try again: a second subscription in the dialog has its number.
    let sent = house.refer(&alice, "<sip:carol@pbx.example>", "");
    insta::assert_snapshot!(told(&sent), @"
    202 Accepted REFER
    NOTIFY alice refer;id=13 active 100 Trying
    INVITE carol
    ");
    house.ends(&[&alice, &caller]);
}

#[test]
fn one_refer_at_a_time() {
    let mut house = office();
    let (caller, alice) = house.talking();
    let sent = house.refer(&alice, "<sip:bob@pbx.example>", "");
    assert_eq!(find(&sent, "SIP/2.0 ").status(), 202);
    assert_eq!(answer_of(&mut house, &alice, "<sip:carol@pbx.example>"), 491);
    house.ends(&[&alice, &caller]);
}

#[test]
fn what_a_refer_must_be() {
    let mut house = office();
    let (caller, alice) = house.talking();
    let mut status = |dialog: &Dialog, to: &str| answer_of(&mut house, dialog, to);
    // Only users transfer.
    assert_eq!(status(&caller, "<sip:bob@pbx.example>"), 403);
    assert_eq!(status(&alice, "<sip:nobody@pbx.example>"), 404);
    assert_eq!(status(&alice, "<sip:bob@elsewhere.example>"), 404);
    assert_eq!(status(&alice, "<mailto:bob@pbx.example>"), 404);
    assert_eq!(status(&alice, "<sip:*20bob@pbx.example>"), 404);
    assert_eq!(status(&alice, "sip:bob@pbx.example\r\nRefer-To: sip:carol@pbx.example"), 400);
    assert_eq!(status(&alice, "<sip:bob@pbx.example;method=BYE>"), 501);
    assert_eq!(status(&alice, "nonsense"), 400);
    assert_eq!(status(&alice, "<sip:bob@pbx.example>\r\nRefer-Sub: maybe"), 400);
    let strange = Dialog { call_id: "another".into(), ..alice.clone() };
    assert_eq!(status(&strange, "<sip:bob@pbx.example>"), 481);
    // It names a dialog that is replaced in its URI, or nowhere.
    let replaces = "Replaces: a;to-tag=1;from-tag=2\r\n";
    let sent = house.refer(&alice, "<sip:bob@pbx.example>", replaces);
    assert_eq!(find(&sent, "SIP/2.0 ").status(), 400);
    assert_eq!(house.switch.counters().refers.get(&404), Some(&4));
    assert_eq!(house.switch.counters().transfers_started, 0);
    // None of it has done anything to the call.
    assert_eq!(house.ask(&alice, "OPTIONS", "", "", "").status(), 200);
    house.ends(&[&alice, &caller]);
}

#[test]
fn what_this_server_can_is_said() {
    let mut house = office();
    let (caller, alice) = house.talking();
    let answer = house.ask(&alice, "OPTIONS", "", "", "");
    assert_eq!(answer.value("Supported"), "replaces, norefersub");
    for method in ["REFER", "NOTIFY", "UPDATE"] {
        assert!(answer.value("Allow").contains(method));
    }
    let ring = house.dial(ALICES, "bob").1;
    assert_eq!(find(&ring, "INVITE ").value("Supported"), "replaces, norefersub");
    house.ends(&[&caller]);
}

#[test]
fn a_refer_outside_dialogs_orders_nothing() {
    let mut house = office();
    let number = house.count();
    let more = "Refer-To: <sip:bob@pbx.example>\r\n";
    let text = crate::phone::raw(ALICES, number, "REFER", "sip:pbx.example", more);
    let sent = house.receive(ALICES.at, text);
    assert_eq!(find(&sent, "SIP/2.0 ").status(), 403);
}

#[test]
fn a_target_outside_is_dialled_as_the_user_would_have() {
    let mut house = office();
    let (caller, alice) = house.talking();
    let sent = house.refer(&alice, "<sip:017099@pbx.example>", "");
    insta::assert_snapshot!(told(&sent), @"
    202 Accepted REFER
    NOTIFY alice refer active 100 Trying
    INVITE 017099
    ");
    assert_eq!(find(&sent, "INVITE ").value("Referred-By"), "");
    house.ends(&[&caller]);
    let (caller, alice) = house.talking();
    let sent = house.refer(&alice, "<tel:+1-212-555-0100>", "");
    insta::assert_snapshot!(told(&sent), @"
    202 Accepted REFER
    NOTIFY alice refer active 100 Trying
    INVITE +12125550100
    ");
    house.ends(&[&caller]);
}

#[test]
fn a_call_is_parked_by_transferring_it_to_the_code() {
    let mut house = office();
    let (caller, alice) = house.talking();
    let sent = house.refer(&alice, "<sip:*7073@pbx.example>", "");
    insta::assert_snapshot!(told(&sent), @"
    202 Accepted REFER
    NOTIFY alice refer active 100 Trying
    ");
    let sent = house.all_told(ALICES, &sent);
    insta::assert_snapshot!(told(&sent), @"
    NOTIFY alice refer terminated 200 OK
    BYE alice
    ");
    // It is taken.
    let (second, alice) = house.talking();
    assert_eq!(answer_of(&mut house, &alice, "<sip:*7073@pbx.example>"), 486);
    assert_eq!(answer_of(&mut house, &alice, "<sip:*7099@pbx.example>"), 486);
    house.ends(&[&caller, &second]);
}

/// Who cannot dial outside cannot have others put through there either.
#[test]
fn who_has_no_number_reaches_nobody_outside() {
    let mut house = office();
    let (alice, dora) = house.line(ALICES, DORAS);
    assert_eq!(answer_of(&mut house, &dora, "<sip:017099@pbx.example>"), 403);
    assert_eq!(answer_of(&mut house, &dora, "<tel:+4917099>"), 403);
    let sent = house.refer(&dora, "<sip:bob@pbx.example>", "");
    assert_eq!(find(&sent, "SIP/2.0 ").status(), 202);
    house.ends(&[&dora, &alice]);
}

#[test]
fn who_has_handed_a_call_on_is_seen_to_be_free_before_his_telephone_knows() {
    let mut house = office();
    let (caller, alice) = house.talking();
    let (_, sent) = house.watch(CAROLS, "alice", "dialog", "Expires: 100\r\n");
    let watched = find(&sent, "NOTIFY ");
    assert!(watched.0.contains("<state>confirmed"), "{}", watched.0);
    house.told(CAROLS, &watched);
    let sent = house.refer(&alice, "<sip:bob@pbx.example>", "");
    let (bob, sent) = house.pick_up(BOBS, &find(&sent, "INVITE "));
    let lamp = find(&sent, "NOTIFY ");
    assert!(lamp.0.contains("<state>terminated"), "{sent:#?}");
    house.told(CAROLS, &lamp);
    house.ends(&[&bob, &caller]);
}
