//! What transfers and call control need of dialogs: UPDATE both ways (RFC 3311), NOTIFY in a
//! session and in an early dialog, looking a dialog up (RFC 3891 section 3).

use crate::script::check;

#[test]
fn an_update_is_announced_and_moves_the_target() {
    insta::assert_snapshot!(check("
        recv INVITE
        accept
        recv ACK
        recv UPDATE cseq=2
          + Contact: <sip:alice@192.0.2.9:5080>
        respond 200
        recv UPDATE cseq=3 sdp
        respond 200
        bye
        recv 200 BYE
        wait 32000
        zero
    "), @"
    0 <- INVITE 1 +sdp
    0 ** Invited
    0 -> 200 1 INVITE +sdp
    0 <- ACK 1
    0 ** Confirmed, body of 0
    0 <- UPDATE 2
    0 ** Requested UPDATE in dialog
    0 -> 200 2 UPDATE
    0 <- UPDATE 3 +sdp
    0 ** Requested UPDATE in dialog
    0 -> 200 3 UPDATE
    0 -> BYE sip:alice@192.0.2.9:5080 1 [UDP 192.0.2.9:5080]
    0 <- 200 1 BYE
    ");
}

/// RFC 3311 section 5.2: 491 where we have made an offer that waits for its answer, 500 where the
/// peer has.
#[test]
fn an_offer_in_an_update_meets_no_other_one() {
    insta::assert_snapshot!(check("
        recv INVITE
        accept
        recv ACK
        reinvite
        recv UPDATE cseq=2 sdp
        recv UPDATE cseq=3
        respond 200
        recv 200 INVITE sdp
        recv INVITE cseq=4
        recv UPDATE cseq=5 sdp
        answer
        recv ACK cseq=4
        bye
        recv 200 BYE
        wait 32000
        zero
    "), @"
    0 <- INVITE 1 +sdp
    0 ** Invited
    0 -> 200 1 INVITE +sdp
    0 <- ACK 1
    0 ** Confirmed, body of 0
    0 -> INVITE 1 +sdp
    0 <- UPDATE 2 +sdp
    0 -> 491 2 UPDATE
    0 <- UPDATE 3
    0 ** Requested UPDATE in dialog
    0 -> 200 3 UPDATE
    0 <- 200 1 INVITE +sdp
    0 -> ACK 1
    0 ** ReInviteAnswered 200
    0 <- INVITE 4 +sdp
    0 ** ReInvited
    0 <- UPDATE 5 +sdp
    0 -> 500 5 UPDATE Retry-After: 0
    0 -> 200 4 INVITE +sdp
    0 <- ACK 4
    0 ** ReInviteAcked, body of 0
    0 -> BYE 2
    0 <- 200 2 BYE
    ");
}

#[test]
fn an_update_of_ours_tells_who_talks() {
    insta::assert_snapshot!(check("
        invite
        recv 200 INVITE sdp
        update for=bob
        recv 200 UPDATE
        reinvite for=eve
        recv 491 INVITE
        wait 5000
        recv 200 INVITE sdp
        update for=bob
        recv 481 UPDATE
        wait 32000
        zero
    "), @"
       0 -> INVITE 1 +sdp
       0 <- 200 1 INVITE +sdp
       0 -> ACK 1
       0 ** Accepted
       0 -> UPDATE 2 P-Asserted-Identity: <sip:bob@tandem.test>
       0 <- 200 2 UPDATE
       0 ** Responded 200
       0 -> INVITE 3 P-Asserted-Identity: <sip:eve@tandem.test> +sdp
       0 <- 491 3 INVITE
       0 -> ACK 3
    3450 -> INVITE 4 P-Asserted-Identity: <sip:eve@tandem.test> +sdp
    3950 -> INVITE 4 P-Asserted-Identity: <sip:eve@tandem.test> +sdp (again)
    4950 -> INVITE 4 P-Asserted-Identity: <sip:eve@tandem.test> +sdp (again)
    5000 <- 200 4 INVITE +sdp
    5000 -> ACK 4
    5000 ** ReInviteAnswered 200
    5000 -> UPDATE 5 P-Asserted-Identity: <sip:bob@tandem.test>
    5000 <- 481 5 UPDATE
    5000 ** Responded 481
    5000 ** DialogLost
    ");
}

/// RFC 5057 section 5.1.
#[test]
fn a_notify_in_a_session_that_is_not_known_leaves_the_session() {
    insta::assert_snapshot!(check("
        recv INVITE
        accept
        recv ACK
        recv REFER cseq=2
          + Refer-To: <sip:c@tandem.test>
        respond 202
        notify event=refer
        recv 481 NOTIFY
        notify event=refer
        wait 33000
        find
        recv BYE cseq=3
        find
        wait 32000
        zero
    "), @"
        0 <- INVITE 1 +sdp
        0 ** Invited
        0 -> 200 1 INVITE +sdp
        0 <- ACK 1
        0 ** Confirmed, body of 0
        0 <- REFER 2
        0 ** Requested REFER in dialog
        0 -> 202 2 REFER
        0 -> NOTIFY 1
        0 <- 481 1 NOTIFY
        0 ** Responded 481
        0 -> NOTIFY 2
      500 -> NOTIFY 2 (again)
     1500 -> NOTIFY 2 (again)
     3500 -> NOTIFY 2 (again)
     7500 -> NOTIFY 2 (again)
    11500 -> NOTIFY 2 (again)
    15500 -> NOTIFY 2 (again)
    19500 -> NOTIFY 2 (again)
    23500 -> NOTIFY 2 (again)
    27500 -> NOTIFY 2 (again)
    31500 -> NOTIFY 2 (again)
    32000 ** Responded 408, no response
    33000 == Confirmed
    33000 <- BYE 3
    33000 -> 200 3 BYE
    33000 ** Bye
    33000 == Nothing
    ");
}

#[test]
fn a_telephone_that_rings_is_told_to_answer() {
    insta::assert_snapshot!(check("
        invite
        recv 180 INVITE
        find
        notify event=talk
        recv 200 NOTIFY
        recv 200 INVITE sdp
        find
        bye
        find
        recv 200 BYE
        wait 32000
        zero
    "), @"
    0 -> INVITE 1 +sdp
    0 <- 180 1 INVITE
    0 ** Progress 180
    0 == Early
    0 -> NOTIFY 2
    0 <- 200 2 NOTIFY
    0 ** Responded 200
    0 <- 200 1 INVITE +sdp
    0 -> ACK 1
    0 ** Accepted
    0 == Confirmed
    0 -> BYE 3
    0 == Ended
    0 <- 200 3 BYE
    ");
}

#[test]
fn a_dialog_is_found_from_its_first_response_on() {
    insta::assert_snapshot!(check("
        recv INVITE
        ring 180
        find
        find to=0123456789abcdef
        find to=x
        accept
        find
        recv ACK
        recv BYE cseq=2
        find
        wait 32000
        zero
    "), @"
    0 <- INVITE 1 +sdp
    0 ** Invited
    0 -> 180 1 INVITE
    0 == Ringing
    0 == Nothing
    0 == Nothing
    0 -> 200 1 INVITE +sdp
    0 == Confirmed
    0 <- ACK 1
    0 ** Confirmed, body of 0
    0 <- BYE 2
    0 -> 200 2 BYE
    0 ** Bye
    0 == Nothing
    ");
}

#[test]
fn a_refer_needs_one_target() {
    insta::assert_snapshot!(check("
        recv INVITE
        accept
        recv ACK
        recv REFER cseq=2
          + Refer-To: <sip:c@tandem.test>
          + Refer-To: <sip:d@tandem.test>
        recv REFER cseq=3
          + Refer-To: <sip:c@tandem.test>
          + Refer-Sub: false
        respond 202
        recv BYE cseq=4
        wait 32000
        zero
    "), @"
    0 <- INVITE 1 +sdp
    0 ** Invited
    0 -> 200 1 INVITE +sdp
    0 <- ACK 1
    0 ** Confirmed, body of 0
    0 <- REFER 2
    0 -> 400 2 REFER
    0 <- REFER 3
    0 ** Requested REFER in dialog
    0 -> 202 3 REFER
    0 <- BYE 4
    0 -> 200 4 BYE
    0 ** Bye
    ");
}
