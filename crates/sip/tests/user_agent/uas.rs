//! Calls from a peer: ringing, accepting, refusing, giving up (RFC 3261 13.3, 17.2; RFC 6026).

use crate::script::check;

#[test]
fn a_call_rings_is_accepted_and_ends() {
    insta::assert_snapshot!(check("
        recv INVITE
        wait 500
        ring 180
        accept
        recv ACK
        wait 1000
        recv BYE cseq=2
        wait 32000
        zero
    "), @r#"
       0 <- INVITE 1 +sdp
       0 ** Invited
     200 -> 100 1 INVITE
     500 -> 180 1 INVITE
     500 -> 200 1 INVITE +sdp
     500 <- ACK 1
     500 ** Confirmed, body of 0
    1500 <- BYE 2
    1500 -> 200 2 BYE
    1500 ** Bye
    "#);
}

#[test]
fn a_silent_user_gets_a_trying_and_retransmissions_get_the_last_response() {
    insta::assert_snapshot!(check("
        recv INVITE
        recv INVITE again
        wait 250
        recv INVITE again
        ring 183
        recv INVITE again
        reject 404
        recv INVITE again
        recv ACK like=invite
        recv INVITE again
        recv ACK like=invite
        wait 32000
        zero
    "), @r#"
      0 <- INVITE 1 +sdp
      0 ** Invited
      0 <- INVITE 1 +sdp (again)
    200 -> 100 1 INVITE
    250 <- INVITE 1 +sdp (again)
    250 -> 100 1 INVITE
    250 -> 183 1 INVITE
    250 <- INVITE 1 +sdp (again)
    250 -> 183 1 INVITE
    250 -> 404 1 INVITE
    250 <- INVITE 1 +sdp (again)
    250 -> 404 1 INVITE
    250 <- ACK 1
    250 <- INVITE 1 +sdp (again)
    250 <- ACK 1
    "#);
}

#[test]
fn a_refusal_is_repeated_by_timer_g_until_timer_h() {
    insta::assert_snapshot!(check("
        recv INVITE
        reject 486
        wait 40000
        zero
    "), @r#"
        0 <- INVITE 1 +sdp
        0 ** Invited
        0 -> 486 1 INVITE
      500 -> 486 1 INVITE
     1500 -> 486 1 INVITE
     3500 -> 486 1 INVITE
     7500 -> 486 1 INVITE
    11500 -> 486 1 INVITE
    15500 -> 486 1 INVITE
    19500 -> 486 1 INVITE
    23500 -> 486 1 INVITE
    27500 -> 486 1 INVITE
    31500 -> 486 1 INVITE
    "#);
}

#[test]
fn a_refusal_over_tcp_is_not_repeated() {
    insta::assert_snapshot!(check("
        over tcp
        recv INVITE
        reject 486
        wait 40000
        zero
    "), @r#"
    0 <- INVITE 1 +sdp
    0 ** Invited
    0 -> 486 1 INVITE [TCP 192.0.2.7:5060 same connection]
    "#);
}

#[test]
fn a_2xx_is_repeated_over_tcp_too_and_ends_in_bye_without_ack() {
    insta::assert_snapshot!(check("
        over tcp
        recv INVITE
        accept
        wait 33000
        recv 200 BYE
        zero
    "), @r#"
        0 <- INVITE 1 +sdp
        0 ** Invited
        0 -> 200 1 INVITE +sdp [TCP 192.0.2.7:5060 same connection]
      500 -> 200 1 INVITE +sdp [TCP 192.0.2.7:5060 same connection]
     1500 -> 200 1 INVITE +sdp [TCP 192.0.2.7:5060 same connection]
     3500 -> 200 1 INVITE +sdp [TCP 192.0.2.7:5060 same connection]
     7500 -> 200 1 INVITE +sdp [TCP 192.0.2.7:5060 same connection]
    11500 -> 200 1 INVITE +sdp [TCP 192.0.2.7:5060 same connection]
    15500 -> 200 1 INVITE +sdp [TCP 192.0.2.7:5060 same connection]
    19500 -> 200 1 INVITE +sdp [TCP 192.0.2.7:5060 same connection]
    23500 -> 200 1 INVITE +sdp [TCP 192.0.2.7:5060 same connection]
    27500 -> 200 1 INVITE +sdp [TCP 192.0.2.7:5060 same connection]
    31500 -> 200 1 INVITE +sdp [TCP 192.0.2.7:5060 same connection]
    32000 -> BYE 1 [TCP 192.0.2.7:5060 same connection]
    32000 ** Unconfirmed
    33000 <- 200 1 BYE
    "#);
}

#[test]
fn a_2xx_is_repeated_until_its_ack_and_no_longer() {
    insta::assert_snapshot!(check("
        recv INVITE empty
        accept
        wait 3000
        recv INVITE again
        recv ACK sdp
        recv ACK again
        wait 40000
        counts
        bye
        recv 200 BYE
        wait 5000
        zero
    "), @r#"
        0 <- INVITE 1
        0 ** Invited
        0 -> 200 1 INVITE +sdp
      500 -> 200 1 INVITE +sdp
     1500 -> 200 1 INVITE +sdp
     3000 <- INVITE 1 (again)
     3000 <- ACK 1 +sdp
     3000 ** Confirmed, body of 5
     3000 <- ACK 1 +sdp (again)
    43000 Counts { client_transactions: 0, server_transactions: 0, dialogs: 1, invites: 0, out_invites: 0, client_requests: 0, server_requests: 0, resolves: 0, timers: 0 }
    43000 -> BYE 1
    43000 <- 200 1 BYE
    "#);
}

#[test]
fn a_call_that_is_cancelled_gets_487_with_one_to_tag() {
    insta::assert_snapshot!(check("
        recv INVITE
        ring 180
        recv CANCEL like=invite
          + Reason: SIP;cause=200;text=\"Call completed elsewhere\"
        recv CANCEL like=invite
        accept
        recv ACK like=invite
        wait 32000
        zero
    "), @r#"
    0 <- INVITE 1 +sdp
    0 ** Invited
    0 -> 180 1 INVITE
    0 <- CANCEL 1 Reason: SIP;cause=200;text="Call completed elsewhere"
    0 -> 200 1 CANCEL
    0 -> 487 1 INVITE
    0 ** Cancelled SIP;cause=200;text="Call completed elsewhere"
    0 <- CANCEL 1
    0 -> 200 1 CANCEL
    0 <- ACK 1
    "#);
}

#[test]
fn a_cancel_that_comes_too_late_or_for_nothing() {
    insta::assert_snapshot!(check("
        recv CANCEL out branch=x
        recv INVITE
        accept
        recv CANCEL like=invite
        recv ACK
        recv BYE cseq=2
        wait 32000
        zero
    "), @r#"
    0 <- CANCEL 1
    0 -> 481 1 CANCEL
    0 <- INVITE 1 +sdp
    0 ** Invited
    0 -> 200 1 INVITE +sdp
    0 <- CANCEL 1
    0 -> 200 1 CANCEL
    0 <- ACK 1
    0 ** Confirmed, body of 0
    0 <- BYE 2
    0 -> 200 2 BYE
    0 ** Bye
    "#);
}

#[test]
fn a_ringing_call_may_be_hung_up_by_bye() {
    insta::assert_snapshot!(check("
        recv INVITE
        ring 180
        recv INFO cseq=2
        recv BYE cseq=3
        wait 32000
        zero
    "), @r#"
        0 <- INVITE 1 +sdp
        0 ** Invited
        0 -> 180 1 INVITE
        0 <- INFO 2
        0 -> 500 2 INFO Retry-After: 3
        0 <- BYE 3
        0 -> 200 3 BYE
        0 -> 487 1 INVITE
        0 ** Cancelled
      500 -> 487 1 INVITE
     1500 -> 487 1 INVITE
     3500 -> 487 1 INVITE
     7500 -> 487 1 INVITE
    11500 -> 487 1 INVITE
    15500 -> 487 1 INVITE
    19500 -> 487 1 INVITE
    23500 -> 487 1 INVITE
    27500 -> 487 1 INVITE
    31500 -> 487 1 INVITE
    "#);
}

#[test]
fn a_call_that_rings_for_ever_is_kept_alive_and_then_ended() {
    insta::assert_snapshot!(check("
        recv INVITE
        ring 180
        wait 130000
        wait 480000
        recv ACK like=invite
        wait 5000
        zero
    "), @r#"
         0 <- INVITE 1 +sdp
         0 ** Invited
         0 -> 180 1 INVITE
     60000 -> 180 1 INVITE
    120000 -> 180 1 INVITE
    180000 -> 180 1 INVITE
    240000 -> 180 1 INVITE
    300000 -> 180 1 INVITE
    360000 -> 180 1 INVITE
    420000 -> 180 1 INVITE
    480000 -> 180 1 INVITE
    540000 -> 180 1 INVITE
    600000 -> 487 1 INVITE
    600000 ** Cancelled
    600500 -> 487 1 INVITE
    601500 -> 487 1 INVITE
    603500 -> 487 1 INVITE
    607500 -> 487 1 INVITE
    610000 <- ACK 1
    "#);
}

#[test]
fn our_bye_waits_for_the_ack() {
    insta::assert_snapshot!(check("
        recv INVITE
        accept
        bye reason=Q.850;cause=16
        wait 600
        recv ACK
        recv 200 BYE
        wait 32000
        zero
    "), @r#"
      0 <- INVITE 1 +sdp
      0 ** Invited
      0 -> 200 1 INVITE +sdp
    500 -> 200 1 INVITE +sdp
    600 <- ACK 1
    600 -> BYE 1 Reason: Q.850;cause=16
    600 <- 200 1 BYE
    "#);
}

#[test]
fn our_bye_leaves_without_the_ack_in_the_end() {
    insta::assert_snapshot!(check("
        over tcp
        recv INVITE
        accept
        bye
        wait 32000
        recv 200 BYE
        zero
    "), @r#"
        0 <- INVITE 1 +sdp
        0 ** Invited
        0 -> 200 1 INVITE +sdp [TCP 192.0.2.7:5060 same connection]
      500 -> 200 1 INVITE +sdp [TCP 192.0.2.7:5060 same connection]
     1500 -> 200 1 INVITE +sdp [TCP 192.0.2.7:5060 same connection]
     3500 -> 200 1 INVITE +sdp [TCP 192.0.2.7:5060 same connection]
     7500 -> 200 1 INVITE +sdp [TCP 192.0.2.7:5060 same connection]
    11500 -> 200 1 INVITE +sdp [TCP 192.0.2.7:5060 same connection]
    15500 -> 200 1 INVITE +sdp [TCP 192.0.2.7:5060 same connection]
    19500 -> 200 1 INVITE +sdp [TCP 192.0.2.7:5060 same connection]
    23500 -> 200 1 INVITE +sdp [TCP 192.0.2.7:5060 same connection]
    27500 -> 200 1 INVITE +sdp [TCP 192.0.2.7:5060 same connection]
    31500 -> 200 1 INVITE +sdp [TCP 192.0.2.7:5060 same connection]
    32000 -> BYE 1 [TCP 192.0.2.7:5060 same connection]
    32000 <- 200 1 BYE
    "#);
}

#[test]
fn other_requests_are_seen_once_and_never_get_408() {
    insta::assert_snapshot!(check("
        recv OPTIONS out
        recv OPTIONS again
        respond 200
        recv OPTIONS again
        wait 32000
        recv MESSAGE out cseq=2
        respond 408
        recv INFO out cseq=3
        wait 32000
        zero
    "), @r#"
        0 <- OPTIONS 1
        0 ** Requested OPTIONS
        0 <- OPTIONS 1 (again)
        0 -> 200 1 OPTIONS Accept: application/sdp
        0 <- OPTIONS 1 (again)
        0 -> 200 1 OPTIONS Accept: application/sdp
    32000 <- MESSAGE 2
    32000 ** Requested MESSAGE
    32000 <- INFO 3
    32000 ** Requested INFO
    "#);
}

/// RFC 3311, RFC 6665: who is calling may change while it rings, and a phone may be told to answer.
/// Anything else waits for our 2xx.
#[test]
fn what_tells_something_is_taken_while_it_rings() {
    insta::assert_snapshot!(check("
        recv INVITE
        ring 180
        recv NOTIFY cseq=2
        respond 200
        recv INFO cseq=3
        accept
        recv ACK
        recv BYE cseq=4
        wait 32000
        zero
    "), @r#"
    0 <- INVITE 1 +sdp
    0 ** Invited
    0 -> 180 1 INVITE
    0 <- NOTIFY 2
    0 ** RequestedEarly NOTIFY
    0 -> 200 2 NOTIFY
    0 <- INFO 3
    0 -> 500 3 INFO Retry-After: 9
    0 -> 200 1 INVITE +sdp
    0 <- ACK 1
    0 ** Confirmed, body of 0
    0 <- BYE 4
    0 -> 200 4 BYE
    0 ** Bye
    "#);
}
