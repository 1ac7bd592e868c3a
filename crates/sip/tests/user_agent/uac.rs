//! Calls to a peer: progress, answers, forks, CANCEL, challenges (RFC 3261 9.1, 13.2, 17.1).

use crate::script::check;

#[test]
fn a_call_is_answered_and_every_2xx_gets_its_ack() {
    insta::assert_snapshot!(check("
        invite
        recv 100 INVITE
        recv 180 INVITE
        recv 200 INVITE sdp
        wait 500
        recv 200 INVITE sdp
        bye
        recv 200 BYE
        recv 200 INVITE sdp
        wait 32000
        zero
    "), @"
      0 -> INVITE 1 +sdp
      0 <- 100 1 INVITE
      0 ** Trying
      0 <- 180 1 INVITE
      0 ** Progress 180
      0 <- 200 1 INVITE +sdp
      0 -> ACK 1
      0 ** Accepted
    500 <- 200 1 INVITE +sdp
    500 -> ACK 1 (again)
    500 -> BYE 2
    500 <- 200 2 BYE
    500 <- 200 1 INVITE +sdp
    500 -> ACK 1 (again)
    ");
}

#[test]
fn nobody_answers() {
    insta::assert_snapshot!(check("
        invite
        wait 33000
        zero
    "), @r#"
        0 -> INVITE 1 +sdp
      500 -> INVITE 1 +sdp (again)
     1500 -> INVITE 1 +sdp (again)
     3500 -> INVITE 1 +sdp (again)
     7500 -> INVITE 1 +sdp (again)
    15500 -> INVITE 1 +sdp (again)
    31500 -> INVITE 1 +sdp (again)
    32000 ** Rejected 408, no response
    "#);
}

#[test]
fn a_refusal_is_acknowledged_each_time() {
    insta::assert_snapshot!(check("
        invite
        recv 180 INVITE
        recv 486 INVITE
        wait 500
        recv 486 INVITE
        wait 32000
        zero
    "), @r#"
      0 -> INVITE 1 +sdp
      0 <- 180 1 INVITE
      0 ** Progress 180
      0 <- 486 1 INVITE
      0 -> ACK 1
      0 ** Rejected 486
    500 <- 486 1 INVITE
    500 -> ACK 1 (again)
    "#);
}

#[test]
fn a_2xx_with_the_offer_waits_for_our_answer() {
    insta::assert_snapshot!(check("
        invite empty
        recv 200 INVITE sdp
        recv 200 INVITE sdp
        ack
        recv 200 INVITE sdp
        bye
        recv 200 BYE
        wait 32000
        zero
    "), @r#"
    0 -> INVITE 1
    0 <- 200 1 INVITE +sdp
    0 ** Accepted
    0 <- 200 1 INVITE +sdp
    0 -> ACK 1 +sdp
    0 <- 200 1 INVITE +sdp
    0 -> ACK 1 +sdp (again)
    0 -> BYE 2
    0 <- 200 2 BYE
    "#);
}

#[test]
fn a_cancel_waits_for_a_provisional_response() {
    insta::assert_snapshot!(check("
        invite
        cancel reason=SIP;cause=200
        wait 500
        recv 100 INVITE
        recv 200 CANCEL
        recv 487 INVITE
        recv 487 INVITE
        wait 32000
        zero
    "), @r#"
      0 -> INVITE 1 +sdp
    500 -> INVITE 1 +sdp (again)
    500 <- 100 1 INVITE
    500 -> CANCEL 1 Reason: SIP;cause=200
    500 <- 200 1 CANCEL
    500 <- 487 1 INVITE
    500 -> ACK 1
    500 ** Rejected 487
    500 <- 487 1 INVITE
    500 -> ACK 1 (again)
    "#);
}

#[test]
fn a_cancel_before_the_name_is_known_sends_nothing() {
    insta::assert_snapshot!(check("
        invite to=sip:b.test
        cancel
        resolved udp/192.0.2.7:5060
        zero
    "), @r#"
    0 ?? b.test
    0 ** Rejected 487, no response
    "#);
}

#[test]
fn no_final_response_after_cancel_ends_the_invite() {
    insta::assert_snapshot!(check("
        invite
        recv 180 INVITE
        cancel
        recv 200 CANCEL
        wait 33000
        recv 200 INVITE
        zero
    "), @r#"
        0 -> INVITE 1 +sdp
        0 <- 180 1 INVITE
        0 ** Progress 180
        0 -> CANCEL 1
        0 <- 200 1 CANCEL
    32000 ** Rejected 408, no response
    33000 <- 200 1 INVITE
    "#);
}

#[test]
fn a_2xx_that_crosses_our_cancel_gets_ack_then_bye() {
    insta::assert_snapshot!(check("
        invite
        recv 180 INVITE
        cancel reason=SIP;cause=200
        recv 200 INVITE sdp
        recv 481 CANCEL
        recv 200 INVITE sdp
        recv 200 BYE
        wait 32000
        zero
    "), @r#"
    0 -> INVITE 1 +sdp
    0 <- 180 1 INVITE
    0 ** Progress 180
    0 -> CANCEL 1 Reason: SIP;cause=200
    0 <- 200 1 INVITE +sdp
    0 -> ACK 1
    0 -> BYE 2 Reason: SIP;cause=200
    0 ** Refused2xx
    0 <- 481 1 CANCEL
    0 <- 200 1 INVITE +sdp
    0 -> ACK 1 (again)
    0 <- 200 2 BYE
    "#);
}

#[test]
fn of_several_2xx_the_first_wins_and_the_others_get_ack_then_bye() {
    insta::assert_snapshot!(check("
        invite
        recv 180 INVITE tag=a
        recv 183 INVITE tag=b
        recv 180 INVITE tag=a
        recv 200 INVITE tag=b
        recv 200 INVITE tag=a
        recv 200 INVITE tag=c
        recv 200 INVITE tag=a
        recv 200 BYE
        recv 200 BYE back=1
        counts
        bye
        recv 200 BYE
        wait 32000
        zero
    "), @r#"
    0 -> INVITE 1 +sdp
    0 <- 180 1 INVITE tag=a
    0 ** Progress 180
    0 <- 183 1 INVITE tag=b
    0 ** Progress 183
    0 <- 180 1 INVITE tag=a
    0 ** Progress 180
    0 <- 200 1 INVITE tag=b
    0 -> ACK 1
    0 ** Accepted
    0 <- 200 1 INVITE tag=a
    0 -> ACK 1
    0 -> BYE 2
    0 <- 200 1 INVITE tag=c
    0 -> ACK 1
    0 -> BYE 2
    0 <- 200 1 INVITE tag=a
    0 -> ACK 1 (again)
    0 <- 200 2 BYE tag=c
    0 <- 200 2 BYE tag=a
    0 Counts { client_transactions: 3, server_transactions: 0, dialogs: 1, invites: 0, out_invites: 1, client_requests: 0, server_requests: 0, resolves: 0, timers: 3 }
    0 -> BYE 2
    0 <- 200 2 BYE tag=b
    "#);
}

#[test]
fn a_call_that_rings_for_ever_is_cancelled() {
    insta::assert_snapshot!(check("
        invite
        recv 180 INVITE
        wait 600000
        recv 200 CANCEL
        recv 487 INVITE
        wait 32000
        zero
    "), @r#"
         0 -> INVITE 1 +sdp
         0 <- 180 1 INVITE
         0 ** Progress 180
    600000 -> CANCEL 1 Reason: SIP;cause=408;text="Not answered"
    600000 <- 200 1 CANCEL
    600000 <- 487 1 INVITE
    600000 -> ACK 1
    600000 ** Rejected 487
    "#);
}

#[test]
fn a_challenge_is_answered_once_with_the_next_cseq() {
    insta::assert_snapshot!(check("
        invite user=tandem
        recv 407 INVITE
          + Proxy-Authenticate: Digest realm=\"carrier\", nonce=\"1\", qop=\"auth\", algorithm=SHA-256
          + Proxy-Authenticate: Digest realm=\"carrier\", nonce=\"1\", qop=\"auth\"
        recv 407 INVITE
          + Proxy-Authenticate: Digest realm=\"carrier\", nonce=\"2\", qop=\"auth\", stale=true
        recv 407 INVITE
          + Proxy-Authenticate: Digest realm=\"carrier\", nonce=\"3\", qop=\"auth\", stale=true
        wait 32000
        zero
    "), @r#"
    0 -> INVITE 1 +sdp
    0 <- 407 1 INVITE
    0 -> ACK 1
    0 -> INVITE 2 Proxy-Authorization: carrier nc=00000001 +sdp
    0 <- 407 2 INVITE
    0 -> ACK 2
    0 -> INVITE 3 Proxy-Authorization: carrier nc=00000001 +sdp
    0 <- 407 3 INVITE
    0 -> ACK 3
    0 ** Rejected 407
    "#);
}

#[test]
fn the_ack_has_the_credentials_and_the_dialog_answers_its_own_realm_only() {
    insta::assert_snapshot!(check("
        invite user=tandem
        recv 401 INVITE
          + WWW-Authenticate: Digest realm=\"carrier\", nonce=\"1\", qop=\"auth\"
        recv 200 INVITE sdp
        info
        recv 401 INFO
          + WWW-Authenticate: Digest realm=\"elsewhere\", nonce=\"2\", qop=\"auth\"
        bye
        recv 401 BYE
          + WWW-Authenticate: Digest realm=\"carrier\", nonce=\"3\", qop=\"auth\"
        recv 200 BYE
        wait 32000
        zero
    "), @r#"
    0 -> INVITE 1 +sdp
    0 <- 401 1 INVITE
    0 -> ACK 1
    0 -> INVITE 2 Authorization: carrier nc=00000001 +sdp
    0 <- 200 2 INVITE +sdp
    0 -> ACK 2 Authorization: carrier nc=00000001
    0 ** Accepted
    0 -> INFO 3
    0 <- 401 3 INFO
    0 ** Responded 401
    0 -> BYE 4
    0 <- 401 4 BYE
    0 -> BYE 5 Authorization: carrier nc=00000001
    0 <- 200 5 BYE
    "#);
}

#[test]
fn a_realm_that_the_credentials_are_not_for_is_left_to_the_user() {
    insta::assert_snapshot!(check("
        invite user=tandem realm=carrier
        recv 401 INVITE
          + WWW-Authenticate: Digest realm=\"elsewhere\", nonce=\"1\"
        wait 32000
        zero
    "), @r#"
    0 -> INVITE 1 +sdp
    0 <- 401 1 INVITE
    0 -> ACK 1
    0 ** Rejected 401
    "#);
}

#[test]
fn other_requests_end_in_one_outcome() {
    insta::assert_snapshot!(check("
        request OPTIONS
        wait 600
        recv 100 OPTIONS
        wait 5000
        recv 200 OPTIONS
        recv 200 OPTIONS
        request MESSAGE
        wait 33000
        zero
    "), @r#"
        0 -> OPTIONS sip:b.test 1
      500 -> OPTIONS sip:b.test 1 (again)
      600 <- 100 1 OPTIONS
     1500 -> OPTIONS sip:b.test 1 (again)
     5500 -> OPTIONS sip:b.test 1 (again)
     5600 <- 200 1 OPTIONS
     5600 ** Responded 200
     5600 <- 200 1 OPTIONS
     5600 -> MESSAGE sip:b.test 1
     6100 -> MESSAGE sip:b.test 1 (again)
     7100 -> MESSAGE sip:b.test 1 (again)
     9100 -> MESSAGE sip:b.test 1 (again)
    13100 -> MESSAGE sip:b.test 1 (again)
    17100 -> MESSAGE sip:b.test 1 (again)
    21100 -> MESSAGE sip:b.test 1 (again)
    25100 -> MESSAGE sip:b.test 1 (again)
    29100 -> MESSAGE sip:b.test 1 (again)
    33100 -> MESSAGE sip:b.test 1 (again)
    37100 -> MESSAGE sip:b.test 1 (again)
    37600 ** Responded 408, no response
    "#);
}
