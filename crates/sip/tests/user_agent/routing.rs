//! Where messages go: Via, route sets, names, TCP for long requests (RFC 3261 12.1 and 18,
//! RFC 3263, RFC 3581).

use crate::script::check;

#[test]
fn responses_follow_via_and_rport() {
    insta::assert_snapshot!(check("
        recv OPTIONS out call=a at=192.0.2.7:40000
        respond 200
        recv OPTIONS out call=b at=192.0.2.7:40000 rport
        respond 200
        recv OPTIONS out call=c at=192.0.2.9:40000 via=10.0.0.1
        respond 200
        recv OPTIONS out call=d at=192.0.2.9:40000 via=10.0.0.1 rport
        respond 200
    "), @r#"
    0 <- OPTIONS 1
    0 ** Requested OPTIONS
    0 -> 200 1 OPTIONS Accept: application/sdp
    0 <- OPTIONS 1
    0 ** Requested OPTIONS
    0 -> 200 1 OPTIONS Accept: application/sdp [UDP 192.0.2.7:40000]
    0 <- OPTIONS 1
    0 ** Requested OPTIONS
    0 -> 200 1 OPTIONS Accept: application/sdp [UDP 192.0.2.9:5060]
    0 <- OPTIONS 1
    0 ** Requested OPTIONS
    0 -> 200 1 OPTIONS Accept: application/sdp [UDP 192.0.2.9:40000]
    "#);
}

#[test]
fn a_peer_behind_a_nat_is_called_back_where_it_was_heard() {
    insta::assert_snapshot!(check("
        recv INVITE at=192.0.2.9:40000 via=10.0.0.1 rport
          + Contact: <sip:alice@10.0.0.1>
        accept
        recv ACK at=192.0.2.9:40000
        bye
        recv 200 BYE
    "), @r#"
    0 <- INVITE 1 +sdp
    0 ** Invited
    0 -> 200 1 INVITE +sdp [UDP 192.0.2.9:40000]
    0 <- ACK 1
    0 ** Confirmed, body of 0
    0 -> BYE sip:alice@10.0.0.1 1 [UDP 192.0.2.9:40000]
    0 <- 200 1 BYE
    "#);
}

#[test]
fn the_route_set_of_a_caller_is_used_in_order() {
    insta::assert_snapshot!(check("
        recv INVITE
          + Record-Route: <sip:192.0.2.21;lr>, <sip:192.0.2.22;lr>
          + Record-Route: <sip:192.0.2.23;lr>
        ring 180
        accept
        recv ACK
        bye
        recv 200 BYE
    "), @r#"
    0 <- INVITE 1 Record-Route: <sip:192.0.2.21;lr>, <sip:192.0.2.22;lr>, <sip:192.0.2.23;lr> +sdp
    0 ** Invited
    0 -> 180 1 INVITE Record-Route: <sip:192.0.2.21;lr>, <sip:192.0.2.22;lr>, <sip:192.0.2.23;lr>
    0 -> 200 1 INVITE Record-Route: <sip:192.0.2.21;lr>, <sip:192.0.2.22;lr>, <sip:192.0.2.23;lr> +sdp
    0 <- ACK 1
    0 ** Confirmed, body of 0
    0 -> BYE 1 Route: <sip:192.0.2.21;lr>, <sip:192.0.2.22;lr>, <sip:192.0.2.23;lr> [UDP 192.0.2.21:5060]
    0 <- 200 1 BYE
    "#);
}

#[test]
fn the_route_set_of_a_callee_is_used_in_reverse() {
    insta::assert_snapshot!(check("
        invite to=sip:192.0.2.30
          + Route: <sip:192.0.2.30;lr>
        recv 200 INVITE sdp
          + Record-Route: <sip:192.0.2.31;lr>, <sip:192.0.2.32;lr>
        bye
        recv 200 BYE
    "), @r#"
    0 -> INVITE 1 Route: <sip:192.0.2.30;lr> +sdp [UDP 192.0.2.30:5060]
    0 <- 200 1 INVITE Record-Route: <sip:192.0.2.31;lr>, <sip:192.0.2.32;lr> +sdp
    0 -> ACK 1 Route: <sip:192.0.2.32;lr>, <sip:192.0.2.31;lr> [UDP 192.0.2.32:5060]
    0 ** Accepted
    0 -> BYE 2 Route: <sip:192.0.2.32;lr>, <sip:192.0.2.31;lr> [UDP 192.0.2.32:5060]
    0 <- 200 2 BYE
    "#);
}

#[test]
fn a_strict_router_gets_the_request_uri() {
    insta::assert_snapshot!(check("
        recv INVITE
          + Record-Route: <sip:192.0.2.21>, <sip:192.0.2.22;lr>
        accept
        recv ACK
        bye
        recv 200 BYE
    "), @r#"
    0 <- INVITE 1 Record-Route: <sip:192.0.2.21>, <sip:192.0.2.22;lr> +sdp
    0 ** Invited
    0 -> 200 1 INVITE Record-Route: <sip:192.0.2.21>, <sip:192.0.2.22;lr> +sdp
    0 <- ACK 1
    0 ** Confirmed, body of 0
    0 -> BYE sip:192.0.2.21 1 Route: <sip:192.0.2.22;lr>, <sip:alice@192.0.2.7:5060> [UDP 192.0.2.21:5060]
    0 <- 200 1 BYE
    "#);
}

#[test]
fn addresses_are_tried_in_turn() {
    insta::assert_snapshot!(check("
        invite to=sip:b.test
        resolved udp/192.0.2.41:5060 udp/192.0.2.42:5060 udp/192.0.2.43:5060 tls/192.0.2.44:5061
        recv 503 INVITE
        broken
        wait 32000
        zero
    "), @r#"
        0 ?? b.test
        0 -> INVITE 1 +sdp [UDP 192.0.2.41:5060]
        0 <- 503 1 INVITE
        0 -> ACK 1 [UDP 192.0.2.41:5060]
        0 -> INVITE 1 +sdp [UDP 192.0.2.42:5060]
        0 -> INVITE 1 +sdp [UDP 192.0.2.43:5060]
      500 -> INVITE 1 +sdp [UDP 192.0.2.43:5060] (again)
     1500 -> INVITE 1 +sdp [UDP 192.0.2.43:5060] (again)
     3500 -> INVITE 1 +sdp [UDP 192.0.2.43:5060] (again)
     7500 -> INVITE 1 +sdp [UDP 192.0.2.43:5060] (again)
    15500 -> INVITE 1 +sdp [UDP 192.0.2.43:5060] (again)
    31500 -> INVITE 1 +sdp [UDP 192.0.2.43:5060] (again)
    32000 ** Rejected 408, no response
    "#);
}

#[test]
fn a_name_without_an_address_fails_and_so_does_a_silent_resolver() {
    insta::assert_snapshot!(check("
        invite to=sip:b.test:5070;transport=tcp
        resolved
        invite to=sip:b.test
        wait 32000
        invite to=sip:abc.invalid
        zero
    "), @r#"
        0 ?? b.test:5070 TCP
        0 ** Rejected 503, no response
        0 ?? b.test
    32000 ** Rejected 503, no response
    32000 ** Rejected 503, no response
    "#);
}

#[test]
fn the_ack_leaves_before_the_bye_even_when_their_name_is_being_resolved() {
    insta::assert_snapshot!(check("
        invite to=sip:192.0.2.7
        recv 200 INVITE sdp
          + Contact: <sip:peer@b.test>
        bye
        recv 200 INVITE sdp
        resolved udp/192.0.2.51:5060
        recv 200 INVITE sdp
        recv 200 BYE
        wait 32000
        zero
    "), @r#"
    0 -> INVITE 1 +sdp
    0 <- 200 1 INVITE +sdp
    0 ?? b.test
    0 ** Accepted
    0 <- 200 1 INVITE +sdp
    0 -> ACK sip:peer@b.test 1 [UDP 192.0.2.51:5060]
    0 -> BYE sip:peer@b.test 2 [UDP 192.0.2.51:5060]
    0 <- 200 1 INVITE +sdp
    0 -> ACK sip:peer@b.test 1 [UDP 192.0.2.51:5060] (again)
    0 <- 200 2 BYE
    "#);
}

#[test]
fn a_long_request_goes_by_tcp_and_by_udp_when_that_fails() {
    insta::assert_snapshot!(check("
        invite to=sip:192.0.2.7 size=1300
        broken
        recv 180 INVITE
        recv 404 INVITE
        wait 32000
        zero
    "), @r#"
    0 -> INVITE 1 +sdp [TCP 192.0.2.7:5060]
    0 -> INVITE 1 +sdp
    0 <- 180 1 INVITE
    0 ** Progress 180
    0 <- 404 1 INVITE
    0 -> ACK 1
    0 ** Rejected 404
    "#);
}

#[test]
fn a_long_request_stays_on_udp_where_the_target_says_so() {
    insta::assert_snapshot!(check("
        invite to=sip:192.0.2.7;transport=udp size=1300
        recv 404 INVITE
        invite size=1300
        recv 404 INVITE
        wait 32000
        zero
    "), @r#"
    0 -> INVITE 1 +sdp
    0 <- 404 1 INVITE
    0 -> ACK 1
    0 ** Rejected 404
    0 -> INVITE 1 +sdp
    0 <- 404 1 INVITE
    0 -> ACK 1
    0 ** Rejected 404
    "#);
}

#[test]
fn a_response_whose_connection_closed_goes_by_a_new_one() {
    insta::assert_snapshot!(check("
        over tcp
        recv INVITE
        ring 180
        broken peer
        reject 486
        recv ACK like=invite
        zero
    "), @r#"
    0 <- INVITE 1 +sdp
    0 ** Invited
    0 -> 180 1 INVITE [TCP 192.0.2.7:5060 same connection]
    0 -> 180 1 INVITE [TCP 192.0.2.7:5060]
    0 -> 486 1 INVITE [TCP 192.0.2.7:5060]
    0 <- ACK 1
    "#);
}

#[test]
fn a_dialog_whose_connection_closed_opens_another_to_the_contact() {
    insta::assert_snapshot!(check("
        over tcp
        recv INVITE at=192.0.2.7:40000
        accept
        recv ACK at=192.0.2.7:40000
        info
        recv 200 INFO at=192.0.2.7:40000
        broken
        bye
        recv 200 BYE
    "), @r#"
    0 <- INVITE 1 +sdp
    0 ** Invited
    0 -> 200 1 INVITE +sdp [TCP 192.0.2.7:40000 same connection]
    0 <- ACK 1
    0 ** Confirmed, body of 0
    0 -> INFO 1 [TCP 192.0.2.7:40000 same connection]
    0 <- 200 1 INFO
    0 ** Responded 200
    0 -> BYE 2 [TCP 192.0.2.7:5060]
    0 <- 200 2 BYE
    "#);
}
