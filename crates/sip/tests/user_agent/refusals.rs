//! What is refused before the user hears of it (RFC 3261 8.2).

use crate::script::{check, check_with, config};

#[test]
fn each_refusal_has_its_status() {
    insta::assert_snapshot!(check("
        recv PUBLISH out call=r1
        recv UPDATE out call=r2
        recv NEWMETHOD out call=r3
        recv INVITE out call=r4
          + Require: timer, 100rel
          + Proxy-Require: foo
        recv INVITE out call=r5 uri=tel:+15551230000
        recv OPTIONS out call=r6 uri=urn:service:sos
        recv INVITE out call=r7
          + Contact: <tel:+1>
        recv INVITE out call=r8
          + Content-Type: text/plain
        recv INVITE out call=r9
          + Accept: text/html
        recv BYE out call=r10
    "), @"
    0 <- PUBLISH 1
    0 -> 405 1 PUBLISH Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, REGISTER, INFO, MESSAGE, REFER, NOTIFY, UPDATE
    0 <- UPDATE 1
    0 ** Requested UPDATE
    0 <- NEWMETHOD 1
    0 -> 501 1 NEWMETHOD Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, REGISTER, INFO, MESSAGE, REFER, NOTIFY, UPDATE
    0 <- INVITE 1 +sdp
    0 -> 420 1 INVITE Unsupported: timer, 100rel
    0 <- INVITE tel:+15551230000 1 +sdp
    0 -> 416 1 INVITE
    0 <- OPTIONS urn:service:sos 1
    0 -> 416 1 OPTIONS
    0 <- INVITE 1 +sdp
    0 -> 400 1 INVITE
    0 <- INVITE 1 +sdp
    0 -> 415 1 INVITE Accept: application/sdp
    0 <- INVITE 1 Accept: text/html +sdp
    0 -> 406 1 INVITE
    0 <- BYE 1
    0 -> 481 1 BYE
    ");
}

#[test]
fn tel_uris_are_taken_where_the_user_wants_them() {
    let mut config = config();
    config.accept_tel = true;
    insta::assert_snapshot!(check_with(config, "
        recv INVITE out uri=tel:+15551230000
    "), @r#"
    0 <- INVITE tel:+15551230000 1 +sdp
    0 ** Invited
    "#);
}

#[test]
fn the_same_request_by_two_ways_is_merged_but_another_one_is_not() {
    insta::assert_snapshot!(check("
        recv INVITE
        recv INVITE out branch=other
        recv INVITE out branch=third call=c2
        recv INVITE out branch=fourth cseq=2
    "), @r#"
    0 <- INVITE 1 +sdp
    0 ** Invited
    0 <- INVITE 1 +sdp
    0 -> 482 1 INVITE
    0 <- INVITE 1 +sdp
    0 ** Invited
    0 <- INVITE 2 +sdp
    0 ** Invited
    "#);
}

#[test]
fn peers_of_rfc_2543_are_told_apart_without_a_branch() {
    insta::assert_snapshot!(check("
        recv INVITE branch=none from=none call=x1
        recv INVITE again
        reject 404
        recv INVITE again
        recv ACK like=invite
        recv INVITE out branch=none from=none call=x2
        recv CANCEL like=invite
        recv ACK like=invite
        wait 32000
        zero
    "), @r#"
    0 <- INVITE 1 +sdp
    0 ** Invited
    0 <- INVITE 1 +sdp (again)
    0 -> 404 1 INVITE
    0 <- INVITE 1 +sdp (again)
    0 -> 404 1 INVITE
    0 <- ACK 1
    0 <- INVITE 1 +sdp
    0 ** Invited
    0 <- CANCEL 1
    0 -> 200 1 CANCEL
    0 -> 487 1 INVITE
    0 ** Cancelled
    0 <- ACK 1
    "#);
}
