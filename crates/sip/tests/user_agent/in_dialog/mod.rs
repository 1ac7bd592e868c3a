//! Inside a dialog: re-INVITE, BYE, other requests, and what ends it (RFC 3261 12.2, 14, 15).

mod transfers;

use crate::script::check;

#[test]
fn the_peer_changes_the_session_and_its_target() {
    insta::assert_snapshot!(check("
        recv INVITE
        accept
        recv ACK
        recv INVITE cseq=2
          + Contact: <sip:alice@192.0.2.8:5070>
        answer
        recv ACK cseq=2
        bye
        recv 200 BYE
        wait 32000
        zero
    "), @r#"
    0 <- INVITE 1 +sdp
    0 ** Invited
    0 -> 200 1 INVITE +sdp
    0 <- ACK 1
    0 ** Confirmed, body of 0
    0 <- INVITE 2 +sdp
    0 ** ReInvited
    0 -> 200 2 INVITE +sdp
    0 <- ACK 2
    0 ** ReInviteAcked, body of 0
    0 -> BYE sip:alice@192.0.2.8:5070 1 [UDP 192.0.2.8:5070]
    0 <- 200 1 BYE
    "#);
}

#[test]
fn we_change_the_session() {
    insta::assert_snapshot!(check("
        invite
        recv 200 INVITE sdp
        reinvite
        recv 100 INVITE
        recv 200 INVITE sdp
        recv 200 INVITE sdp
        reinvite
        recv 488 INVITE
        bye
        recv 200 BYE
        wait 32000
        zero
    "), @r#"
    0 -> INVITE 1 +sdp
    0 <- 200 1 INVITE +sdp
    0 -> ACK 1
    0 ** Accepted
    0 -> INVITE 2 +sdp
    0 <- 100 2 INVITE
    0 <- 200 2 INVITE +sdp
    0 -> ACK 2
    0 ** ReInviteAnswered 200
    0 <- 200 2 INVITE +sdp
    0 -> ACK 2 (again)
    0 -> INVITE 3 +sdp
    0 <- 488 3 INVITE
    0 -> ACK 3
    0 ** ReInviteFailed 488
    0 -> BYE 4
    0 <- 200 4 BYE
    "#);
}

#[test]
fn our_reinvite_waits_for_the_end_of_what_is_under_way() {
    insta::assert_snapshot!(check("
        recv INVITE
        accept
        reinvite
        wait 200
        recv ACK
        wait 500
        recv 200 INVITE sdp
        bye
        recv 200 BYE
        wait 32000
        zero
    "), @r#"
      0 <- INVITE 1 +sdp
      0 ** Invited
      0 -> 200 1 INVITE +sdp
    200 <- ACK 1
    200 ** Confirmed, body of 0
    500 -> INVITE 1 +sdp
    700 <- 200 1 INVITE +sdp
    700 -> ACK 1
    700 ** ReInviteAnswered 200
    700 -> BYE 2
    700 <- 200 2 BYE
    "#);
}

#[test]
fn a_second_reinvite_before_the_answer_to_the_first_gets_500() {
    insta::assert_snapshot!(check("
        recv INVITE
        accept
        recv ACK
        recv INVITE cseq=2
        recv INVITE cseq=3
        recv ACK like=invite
        answer
        recv ACK cseq=2
        recv BYE cseq=4
        wait 32000
        zero
    "), @r#"
    0 <- INVITE 1 +sdp
    0 ** Invited
    0 -> 200 1 INVITE +sdp
    0 <- ACK 1
    0 ** Confirmed, body of 0
    0 <- INVITE 2 +sdp
    0 ** ReInvited
    0 <- INVITE 3 +sdp
    0 -> 500 3 INVITE Retry-After: 3
    0 <- ACK 3
    0 -> 200 2 INVITE +sdp
    0 <- ACK 2
    0 ** ReInviteAcked, body of 0
    0 <- BYE 4
    0 -> 200 4 BYE
    0 ** Bye
    "#);
}

#[test]
fn an_old_cseq_gets_500_and_an_unknown_dialog_481() {
    insta::assert_snapshot!(check("
        recv INVITE cseq=10
        accept
        recv ACK cseq=10
        recv INFO cseq=9
        recv INFO cseq=11 to=nobody
        recv INFO cseq=11 from=somebody
        recv INFO cseq=11
        respond 200
        recv BYE cseq=12
        recv BYE cseq=13
        wait 32000
        zero
    "), @r#"
    0 <- INVITE 10 +sdp
    0 ** Invited
    0 -> 200 10 INVITE +sdp
    0 <- ACK 10
    0 ** Confirmed, body of 0
    0 <- INFO 9
    0 -> 500 9 INFO
    0 <- INFO 11
    0 -> 481 11 INFO tag=nobody
    0 <- INFO 11
    0 -> 481 11 INFO
    0 <- INFO 11
    0 ** Requested INFO in dialog
    0 -> 200 11 INFO
    0 <- BYE 12
    0 -> 200 12 BYE
    0 ** Bye
    0 <- BYE 13
    0 -> 481 13 BYE
    "#);
}

#[test]
fn a_reinvite_that_is_cancelled_leaves_the_session() {
    insta::assert_snapshot!(check("
        recv INVITE
        accept
        recv ACK
        recv INVITE cseq=2
        recv CANCEL like=invite
        recv ACK like=invite
        bye
        recv 200 BYE
        wait 32000
        zero
    "), @r#"
    0 <- INVITE 1 +sdp
    0 ** Invited
    0 -> 200 1 INVITE +sdp
    0 <- ACK 1
    0 ** Confirmed, body of 0
    0 <- INVITE 2 +sdp
    0 ** ReInvited
    0 <- CANCEL 2
    0 -> 200 2 CANCEL
    0 -> 487 2 INVITE
    0 ** ReInviteCancelled
    0 <- ACK 2
    0 -> BYE 1
    0 <- 200 1 BYE
    "#);
}

#[test]
fn a_dialog_that_the_peer_lost_is_gone() {
    insta::assert_snapshot!(check("
        invite
        recv 200 INVITE sdp
        info
        recv 481 INFO
        counts
        wait 32000
        zero
    "), @r#"
    0 -> INVITE 1 +sdp
    0 <- 200 1 INVITE +sdp
    0 -> ACK 1
    0 ** Accepted
    0 -> INFO 2
    0 <- 481 2 INFO
    0 ** Responded 481
    0 ** DialogLost
    0 Counts { client_transactions: 2, server_transactions: 0, dialogs: 0, invites: 0, out_invites: 1, client_requests: 0, server_requests: 0, resolves: 0, timers: 2 }
    "#);
}

#[test]
fn a_peer_that_does_not_answer_is_left_with_a_bye() {
    insta::assert_snapshot!(check("
        over tcp
        recv INVITE
        accept
        recv ACK
        info
        wait 64000
        zero
    "), @r#"
        0 <- INVITE 1 +sdp
        0 ** Invited
        0 -> 200 1 INVITE +sdp [TCP 192.0.2.7:5060 same connection]
        0 <- ACK 1
        0 ** Confirmed, body of 0
        0 -> INFO 1 [TCP 192.0.2.7:5060 same connection]
    32000 ** Responded 408, no response
    32000 -> BYE 2 [TCP 192.0.2.7:5060 same connection]
    32000 ** DialogLost
    "#);
}

#[test]
fn a_reinvite_that_is_never_acknowledged_ends_the_call() {
    insta::assert_snapshot!(check("
        over tcp
        recv INVITE
        accept
        recv ACK
        recv INVITE cseq=2
        answer
        wait 32000
        recv 200 BYE
        zero
    "), @r#"
        0 <- INVITE 1 +sdp
        0 ** Invited
        0 -> 200 1 INVITE +sdp [TCP 192.0.2.7:5060 same connection]
        0 <- ACK 1
        0 ** Confirmed, body of 0
        0 <- INVITE 2 +sdp
        0 ** ReInvited
        0 -> 200 2 INVITE +sdp [TCP 192.0.2.7:5060 same connection]
      500 -> 200 2 INVITE +sdp [TCP 192.0.2.7:5060 same connection]
     1500 -> 200 2 INVITE +sdp [TCP 192.0.2.7:5060 same connection]
     3500 -> 200 2 INVITE +sdp [TCP 192.0.2.7:5060 same connection]
     7500 -> 200 2 INVITE +sdp [TCP 192.0.2.7:5060 same connection]
    11500 -> 200 2 INVITE +sdp [TCP 192.0.2.7:5060 same connection]
    15500 -> 200 2 INVITE +sdp [TCP 192.0.2.7:5060 same connection]
    19500 -> 200 2 INVITE +sdp [TCP 192.0.2.7:5060 same connection]
    23500 -> 200 2 INVITE +sdp [TCP 192.0.2.7:5060 same connection]
    27500 -> 200 2 INVITE +sdp [TCP 192.0.2.7:5060 same connection]
    31500 -> 200 2 INVITE +sdp [TCP 192.0.2.7:5060 same connection]
    32000 -> BYE 1 [TCP 192.0.2.7:5060 same connection]
    32000 ** Unconfirmed
    32000 <- 200 1 BYE
    "#);
}
