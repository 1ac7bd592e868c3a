//! Every table has a limit, and each limit its answer.

use crate::script::{check_with, config};

#[test]
fn a_full_transaction_table_answers_503_and_recovers() {
    let mut config = config();
    config.limits.transactions = 2;
    insta::assert_snapshot!(check_with(config, "
        recv OPTIONS out call=a
        recv OPTIONS out call=b
        recv OPTIONS out call=c
        recv INVITE out call=d
        invite
        request OPTIONS
        wait 32000
        recv OPTIONS out call=c
        respond 200
        wait 32000
        zero
    "), @r#"
        0 <- OPTIONS 1
        0 ** Requested OPTIONS
        0 <- OPTIONS 1
        0 ** Requested OPTIONS
        0 <- OPTIONS 1
        0 -> 503 1 OPTIONS Retry-After: 5
        0 <- INVITE 1 +sdp
        0 -> 503 1 INVITE Retry-After: 5
        0 ** Rejected 503, no response
        0 ** Responded 503, no response
    32000 <- OPTIONS 1
    32000 ** Requested OPTIONS
    32000 -> 200 1 OPTIONS Accept: application/sdp
    "#);
}

#[test]
fn a_full_dialog_table_answers_503_and_recovers() {
    let mut config = config();
    config.limits.dialogs = 1;
    insta::assert_snapshot!(check_with(config, "
        recv INVITE
        recv INVITE out call=c2
        recv ACK like=invite
        invite
        wait 32000
        reject 486
        wait 32000
        recv INVITE out call=c3
        wait 0
    "), @r#"
        0 <- INVITE 1 +sdp
        0 ** Invited
        0 <- INVITE 1 +sdp
        0 -> 503 1 INVITE Retry-After: 5
        0 <- ACK 1
        0 ** Rejected 503, no response
      200 -> 100 1 INVITE
    32000 -> 486 1 INVITE
    32500 -> 486 1 INVITE
    33500 -> 486 1 INVITE
    35500 -> 486 1 INVITE
    39500 -> 486 1 INVITE
    43500 -> 486 1 INVITE
    47500 -> 486 1 INVITE
    51500 -> 486 1 INVITE
    55500 -> 486 1 INVITE
    59500 -> 486 1 INVITE
    63500 -> 486 1 INVITE
    64000 <- INVITE 1 +sdp
    64000 ** Invited
    "#);
}

#[test]
fn too_many_names_at_once_fail_at_once() {
    let mut config = config();
    config.limits.pending_resolves = 1;
    insta::assert_snapshot!(check_with(config, "
        invite to=sip:a.test
        invite to=sip:b.test
        wait 32000
        zero
    "), @r#"
        0 ?? a.test
        0 ** Rejected 503, no response
    32000 ** Rejected 503, no response
    "#);
}

#[test]
fn a_peer_that_forks_without_end_makes_few_dialogs() {
    let mut config = config();
    config.limits.early_dialogs_per_invite = 1;
    config.limits.forks_per_invite = 2;
    insta::assert_snapshot!(check_with(config, "
        invite
        recv 180 INVITE tag=a
        recv 180 INVITE tag=b
        recv 200 INVITE tag=a
        recv 200 INVITE tag=b
        recv 200 INVITE tag=c
        counts
    "), @r#"
    0 -> INVITE 1 +sdp
    0 <- 180 1 INVITE tag=a
    0 ** Progress 180
    0 <- 180 1 INVITE tag=b
    0 ** Progress 180, no dialog
    0 <- 200 1 INVITE tag=a
    0 -> ACK 1
    0 ** Accepted
    0 <- 200 1 INVITE tag=b
    0 -> ACK 1
    0 -> BYE 2
    0 <- 200 1 INVITE tag=c
    0 Counts { client_transactions: 2, server_transactions: 0, dialogs: 2, invites: 0, out_invites: 1, client_requests: 1, server_requests: 0, resolves: 0, timers: 2 }
    "#);
}
