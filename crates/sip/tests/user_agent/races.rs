//! Messages that cross on the way: RFC 5407, and the glare of RFC 3261 14.1.

use crate::script::check;

#[test]
fn rfc5407_3_1_1_a_late_180_after_the_2xx_is_dropped() {
    insta::assert_snapshot!(check("
        invite
        recv 200 INVITE sdp
        recv 180 INVITE
        bye
        recv 200 BYE
        wait 32000
        zero
    "), @r#"
    0 -> INVITE 1 +sdp
    0 <- 200 1 INVITE +sdp
    0 -> ACK 1
    0 ** Accepted
    0 <- 180 1 INVITE
    0 -> BYE 2
    0 <- 200 2 BYE
    "#);
}

#[test]
fn rfc5407_3_1_2_cancel_meets_the_2xx_on_the_callee_side() {
    insta::assert_snapshot!(check("
        recv INVITE
        ring 180
        accept
        recv CANCEL like=invite
        recv ACK
        recv BYE cseq=2
        wait 32000
        zero
    "), @r#"
    0 <- INVITE 1 +sdp
    0 ** Invited
    0 -> 180 1 INVITE
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
fn rfc5407_3_1_3_bye_overtakes_the_ack() {
    insta::assert_snapshot!(check("
        recv INVITE
        accept
        recv BYE cseq=2
        recv ACK
        wait 40000
        zero
    "), @r#"
    0 <- INVITE 1 +sdp
    0 ** Invited
    0 -> 200 1 INVITE +sdp
    0 <- BYE 2
    0 -> 200 2 BYE
    0 ** Bye
    0 <- ACK 1
    "#);
}

#[test]
fn rfc5407_3_1_4_reinvite_overtakes_the_ack() {
    insta::assert_snapshot!(check("
        recv INVITE
        accept
        recv INVITE cseq=2
        recv ACK
        answer
        recv ACK cseq=2
        recv BYE cseq=3
        wait 32000
        zero
    "), @r#"
    0 <- INVITE 1 +sdp
    0 ** Invited
    0 -> 200 1 INVITE +sdp
    0 <- INVITE 2 +sdp
    0 ** Confirmed, body of 0
    0 ** ReInvited
    0 <- ACK 1
    0 -> 200 2 INVITE +sdp
    0 <- ACK 2
    0 ** ReInviteAcked, body of 0
    0 <- BYE 3
    0 -> 200 3 BYE
    0 ** Bye
    "#);
}

#[test]
fn rfc5407_3_1_5_reinvite_overtakes_the_ack_that_has_the_answer() {
    insta::assert_snapshot!(check("
        recv INVITE empty
        accept
        recv INVITE cseq=2
        recv ACK like=invite
        recv ACK cseq=1 sdp
        recv BYE cseq=3
        wait 32000
        zero
    "), @r#"
    0 <- INVITE 1
    0 ** Invited
    0 -> 200 1 INVITE +sdp
    0 <- INVITE 2 +sdp
    0 -> 491 2 INVITE
    0 <- ACK 2
    0 <- ACK 1 +sdp
    0 ** Confirmed, body of 5
    0 <- BYE 3
    0 -> 200 3 BYE
    0 ** Bye
    "#);
}

#[test]
fn rfc5407_3_1_6_the_callee_hangs_up_before_the_ack() {
    insta::assert_snapshot!(check("
        recv INVITE
        accept
        bye
        recv BYE cseq=2
        recv ACK
        wait 40000
        zero
    "), @r#"
    0 <- INVITE 1 +sdp
    0 ** Invited
    0 -> 200 1 INVITE +sdp
    0 <- BYE 2
    0 -> 200 2 BYE
    0 <- ACK 1
    "#);
}

#[test]
fn rfc5407_3_2_1_bye_crosses_bye() {
    insta::assert_snapshot!(check("
        invite
        recv 200 INVITE sdp
        bye
        recv BYE cseq=1
        recv 200 BYE
        recv BYE again
        wait 32000
        zero
    "), @r#"
    0 -> INVITE 1 +sdp
    0 <- 200 1 INVITE +sdp
    0 -> ACK 1
    0 ** Accepted
    0 -> BYE 2
    0 <- BYE 1
    0 -> 200 1 BYE
    0 <- 200 2 BYE
    0 <- BYE 1 (again)
    0 -> 200 1 BYE
    "#);
}

#[test]
fn rfc5407_3_2_2_reinvite_meets_our_bye() {
    insta::assert_snapshot!(check("
        invite
        recv 200 INVITE sdp
        bye
        recv INVITE cseq=1
        recv ACK like=invite
        recv 200 BYE
        wait 32000
        zero
    "), @r#"
    0 -> INVITE 1 +sdp
    0 <- 200 1 INVITE +sdp
    0 -> ACK 1
    0 ** Accepted
    0 -> BYE 2
    0 <- INVITE 1 +sdp
    0 -> 481 1 INVITE
    0 <- ACK 1
    0 <- 200 2 BYE
    "#);
}

#[test]
fn rfc5407_3_2_3_the_2xx_of_our_reinvite_meets_our_bye() {
    insta::assert_snapshot!(check("
        invite
        recv 200 INVITE sdp
        reinvite
        bye
        recv 200 BYE
        recv 200 INVITE sdp
        wait 32000
        zero
    "), @r#"
    0 -> INVITE 1 +sdp
    0 <- 200 1 INVITE +sdp
    0 -> ACK 1
    0 ** Accepted
    0 -> INVITE 2 +sdp
    0 -> BYE 3
    0 <- 200 3 BYE
    0 <- 200 2 INVITE +sdp
    0 -> ACK 2
    "#);
}

#[test]
fn rfc5407_3_2_4_the_peers_bye_meets_our_reinvite() {
    insta::assert_snapshot!(check("
        invite
        recv 200 INVITE sdp
        reinvite
        recv BYE cseq=1
        recv 481 INVITE
        wait 40000
        zero
    "), @r#"
    0 -> INVITE 1 +sdp
    0 <- 200 1 INVITE +sdp
    0 -> ACK 1
    0 ** Accepted
    0 -> INVITE 2 +sdp
    0 <- BYE 1
    0 -> 200 1 BYE
    0 ** Bye
    0 <- 481 2 INVITE
    0 -> ACK 2
    "#);
}

#[test]
fn our_bye_answers_the_peers_reinvite_first() {
    insta::assert_snapshot!(check("
        invite
        recv 200 INVITE sdp
        recv INVITE cseq=1
        bye
        recv ACK like=invite
        recv 200 BYE
        wait 32000
        zero
    "), @r#"
    0 -> INVITE 1 +sdp
    0 <- 200 1 INVITE +sdp
    0 -> ACK 1
    0 ** Accepted
    0 <- INVITE 1 +sdp
    0 ** ReInvited
    0 -> 487 1 INVITE
    0 -> BYE 2
    0 <- ACK 1
    0 <- 200 2 BYE
    "#);
}

#[test]
fn rfc5407_3_3_1_glare_on_the_side_that_owns_the_call_id() {
    insta::assert_snapshot!(check("
        invite
        recv 200 INVITE sdp
        reinvite
        recv INVITE cseq=1
        recv ACK like=invite
        recv 491 INVITE
        wait 5000
        recv 200 INVITE sdp
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
       0 <- INVITE 1 +sdp
       0 -> 491 1 INVITE
       0 <- ACK 1
       0 <- 491 2 INVITE
       0 -> ACK 2
    3450 -> INVITE 3 +sdp
    3950 -> INVITE 3 +sdp (again)
    4950 -> INVITE 3 +sdp (again)
    5000 <- 200 3 INVITE +sdp
    5000 -> ACK 3
    5000 ** ReInviteAnswered 200
    5000 -> BYE 4
    5000 <- 200 4 BYE
    "#);
}

#[test]
fn rfc5407_3_3_1_glare_on_the_side_that_does_not() {
    insta::assert_snapshot!(check("
        recv INVITE
        accept
        recv ACK
        reinvite
        recv 491 INVITE
        wait 2500
        recv 491 INVITE
        wait 2500
        recv 491 INVITE
        wait 2500
        recv 491 INVITE
        wait 2500
        recv 491 INVITE
        wait 2500
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
        0 -> INVITE 1 +sdp
        0 <- 491 1 INVITE
        0 -> ACK 1
      620 -> INVITE 2 +sdp
     1120 -> INVITE 2 +sdp (again)
     2120 -> INVITE 2 +sdp (again)
     2500 <- 491 2 INVITE
     2500 -> ACK 2
     3730 -> INVITE 3 +sdp
     4230 -> INVITE 3 +sdp (again)
     5000 <- 491 3 INVITE
     5000 -> ACK 3
     6290 -> INVITE 4 +sdp
     6790 -> INVITE 4 +sdp (again)
     7500 <- 491 4 INVITE
     7500 -> ACK 4
     8890 -> INVITE 5 +sdp
     9390 -> INVITE 5 +sdp (again)
    10000 <- 491 5 INVITE
    10000 -> ACK 5
    10000 ** ReInviteFailed 491
    12500 -> BYE 6
    12500 <- 200 6 BYE
    "#);
}

#[test]
fn after_glare_the_peers_reinvite_makes_ours_stale() {
    insta::assert_snapshot!(check("
        invite
        recv 200 INVITE sdp
        reinvite
        recv 491 INVITE
        recv INVITE cseq=1
        answer
        recv ACK cseq=1
        wait 5000
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
       0 <- 491 2 INVITE
       0 -> ACK 2
       0 <- INVITE 1 +sdp
       0 ** ReInvited
       0 -> 200 1 INVITE +sdp
       0 ** ReInviteFailed 491
       0 <- ACK 1
       0 ** ReInviteAcked, body of 0
    5000 -> BYE 3
    5000 <- 200 3 BYE
    "#);
}
