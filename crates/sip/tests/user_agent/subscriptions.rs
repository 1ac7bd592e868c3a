//! Dialogs that a SUBSCRIBE makes (RFC 6665 4.4.1), on the side of who notifies.

use sip::message::Method;
use sip::user_agent_core::{Limits, UaConfig};

use crate::script::{check_with, config};

fn notifier() -> UaConfig {
    let mut config = config();
    config.allow = vec![Method::Invite, Method::Bye, Method::Subscribe];
    config
}

fn check(script: &str) -> String {
    check_with(notifier(), script)
}

const CONTACT: &str = "+ Contact: <sip:alice@192.0.2.7:5060>";

fn with_contact(script: &str) -> String {
    check(&script.replace("+contact", CONTACT))
}

#[test]
fn a_subscription_is_made_refreshed_and_let_go() {
    insta::assert_snapshot!(with_contact("
        recv SUBSCRIBE
          +contact
        subscribed
        notify
        recv 200 NOTIFY
        recv SUBSCRIBE cseq=2
          + Contact: <sip:alice@192.0.2.8:5070>
        respond 200
        notify
        end
        recv 200 NOTIFY
        recv SUBSCRIBE cseq=3
        wait 32000
        zero
    "), @"
    0 <- SUBSCRIBE 1
    0 ** Requested SUBSCRIBE
    0 -> 200 1 SUBSCRIBE
    0 -> NOTIFY 1
    0 <- 200 1 NOTIFY
    0 ** Responded 200
    0 <- SUBSCRIBE 2
    0 ** Requested SUBSCRIBE in dialog
    0 -> 200 2 SUBSCRIBE
    0 -> NOTIFY sip:alice@192.0.2.8:5070 2 [UDP 192.0.2.8:5070]
    0 <- 200 2 NOTIFY
    0 ** Responded 200
    0 <- SUBSCRIBE 3
    0 -> 481 3 SUBSCRIBE
    ");
}

#[test]
fn a_peer_that_forgot_it_or_is_silent_ends_it_without_a_bye() {
    insta::assert_snapshot!(with_contact("
        recv SUBSCRIBE
          +contact
        subscribed
        notify
        recv 481 NOTIFY
        notify
        wait 32000
        zero
    "), @"
    0 <- SUBSCRIBE 1
    0 ** Requested SUBSCRIBE
    0 -> 200 1 SUBSCRIBE
    0 -> NOTIFY 1
    0 <- 481 1 NOTIFY
    0 ** Responded 481
    0 ** DialogLost
    0 ** Responded 481, no response
    ");
    let silent = with_contact(
        "
        recv SUBSCRIBE
          +contact
        subscribed
        notify
        wait 64000
        zero
    ",
    );
    assert!(silent.contains("Responded 408, no response\n"), "{silent}");
    assert!(silent.ends_with("** DialogLost\n") && !silent.contains("BYE"), "{silent}");
}

#[test]
fn there_is_no_session_in_it() {
    insta::assert_snapshot!(with_contact("
        recv SUBSCRIBE
          +contact
        subscribed
        recv BYE cseq=2
        recv INVITE cseq=3
        notify
        recv 200 NOTIFY
        bye
        wait 32000
        zero
    "), @"
        0 <- SUBSCRIBE 1
        0 ** Requested SUBSCRIBE
        0 -> 200 1 SUBSCRIBE
        0 <- BYE 2
        0 -> 481 2 BYE
        0 <- INVITE 3 +sdp
        0 -> 481 3 INVITE
        0 -> NOTIFY 1
        0 <- 200 1 NOTIFY
        0 ** Responded 200
      500 -> 481 3 INVITE
     1500 -> 481 3 INVITE
     3500 -> 481 3 INVITE
     7500 -> 481 3 INVITE
    11500 -> 481 3 INVITE
    15500 -> 481 3 INVITE
    19500 -> 481 3 INVITE
    23500 -> 481 3 INVITE
    27500 -> 481 3 INVITE
    31500 -> 481 3 INVITE
    ");
}

#[test]
fn without_a_contact_or_room_there_is_none() {
    insta::assert_snapshot!(check("
        recv SUBSCRIBE
        subscribed
        wait 32000
        zero
    "), @"
    0 <- SUBSCRIBE 1
    0 ** Requested SUBSCRIBE
    0 -> 400 1 SUBSCRIBE
    ");
    let none = UaConfig { limits: Limits { dialogs: 0, ..Limits::default() }, ..notifier() };
    insta::assert_snapshot!(check_with(none, &"
        recv SUBSCRIBE
          +contact
        subscribed
        wait 32000
        zero
    ".replace("+contact", CONTACT)), @"
    0 <- SUBSCRIBE 1
    0 ** Requested SUBSCRIBE
    0 -> 503 1 SUBSCRIBE Retry-After: 5
    ");
}

#[test]
fn notifies_go_back_by_the_connection() {
    insta::assert_snapshot!(check("
        over TCP
        recv SUBSCRIBE
          + Contact: <sip:alice@10.0.0.7:5060;transport=tcp>
        subscribed
        notify
        end
        recv 200 NOTIFY
        wait 32000
        zero
    "), @"
    0 <- SUBSCRIBE 1
    0 ** Requested SUBSCRIBE
    0 -> 200 1 SUBSCRIBE [TCP 192.0.2.7:5060 same connection]
    0 -> NOTIFY sip:alice@10.0.0.7:5060;transport=tcp 1 [TCP 192.0.2.7:5060 same connection]
    0 <- 200 1 NOTIFY
    0 ** Responded 200
    ");
}
