//! Calls to a user that go elsewhere: always, when he is busy, when he does not answer (D48).

use std::collections::BTreeSet;
use std::time::Duration;

use call::port::{CallInput, LegEvent};
use insta::assert_snapshot;
use model::UserId;
use model::directory::{ForwardTo, Forwarding};
use proptest::prelude::*;

use crate::directory::directory;
use crate::script::{check_in, explained_in, orders_in, play};
use crate::world::{LegState, World};

/// al passes all calls on to bea, she unanswered ones outside, bob those that come while he is
/// busy to vic, whose unanswered ones end in his mailbox; gus unanswered ones to the number of
/// Sales; lou and lea each other's, eva her own; tim has an inbound route as well, and zoe's come
/// to him.
const PEOPLE: &str = r#"{
    "users": [
      {"id": "u-al", "display_name": "Al Always", "sip_username": "al",
        "forward": {"always": "u-bea", "busy": "u-dan", "no_answer": "u-dan"}},
      {"id": "u-bea", "display_name": "Bea Mobile", "sip_username": "bea",
        "forward": {"no_answer": "+15558880001"}},
      {"id": "u-bob", "display_name": "Bob Busy", "sip_username": "bob",
        "forward": {"busy": "+15550700004"}},
      {"id": "u-vic", "display_name": "Vic Voice", "sip_username": "vic", "voicemail": {},
        "forward": {"no_answer": "voicemail"}},
      {"id": "u-gus", "display_name": "Gus Group", "sip_username": "gus",
        "forward": {"no_answer": "+15550200001"}},
      {"id": "u-lou", "display_name": "Lou Loop", "sip_username": "lou",
        "forward": {"always": "u-lea"}},
      {"id": "u-lea", "display_name": "Lea Loop", "sip_username": "lea",
        "forward": {"always": "+15550700006", "no_answer": "u-nobody"}},
      {"id": "u-eva", "display_name": "Eva Self", "sip_username": "eva",
        "forward": {"always": "u-eva"}},
      {"id": "u-tim", "display_name": "Tim Twice", "sip_username": "tim",
        "inbound_route": {"steps": [{"ring_ms": 8000}], "then": "forward",
          "forward_to": "+15558880009"},
        "forward": {"always": "u-ana", "busy": "u-ana", "no_answer": "u-ana"}},
      {"id": "u-zoe", "display_name": "Zoe", "sip_username": "zoe",
        "forward": {"always": "u-tim"}}],
    "groups": [{"id": "g-al", "name": "Al and his", "members": ["u-al", "u-bob"]}],
    "ivrs": [
      {"id": "ivr-al", "action": "call_transfer", "target_kind": "group",
        "target_group_id": "g-al"},
      {"id": "ivr-vic", "action": "call_transfer", "target_kind": "user",
        "target_user_id": "u-bob", "next_ivr_id": "ivr-sales"}],
    "numbers": [
      {"id": "n-al", "e164": "+15550700001", "assigned_user_id": "u-al"},
      {"id": "n-bea", "e164": "+15550700002", "assigned_user_id": "u-bea"},
      {"id": "n-bob", "e164": "+15550700003", "assigned_user_id": "u-bob"},
      {"id": "n-vic", "e164": "+15550700004", "assigned_user_id": "u-vic"},
      {"id": "n-gus", "e164": "+15550700005", "assigned_user_id": "u-gus"},
      {"id": "n-lou", "e164": "+15550700006", "assigned_user_id": "u-lou"},
      {"id": "n-lea", "e164": "+15550700007", "assigned_user_id": "u-lea"},
      {"id": "n-eva", "e164": "+15550700008", "assigned_user_id": "u-eva"},
      {"id": "n-tim", "e164": "+15550700009", "assigned_user_id": "u-tim"},
      {"id": "n-gal", "e164": "+15550700010", "assigned_group_id": "g-al", "ivr_id": "ivr-al"},
      {"id": "n-ivr", "e164": "+15550700011", "assigned_group_id": "g-al", "ivr_id": "ivr-vic",
        "is_default": false}]
}"#;

fn world() -> World {
    World::new(directory(PEOPLE))
}

fn check(script: &str) -> String {
    check_in(world(), script)
}

fn explained(script: &str) -> String {
    explained_in(world(), script)
}

#[test]
fn a_call_goes_on_at_once_and_from_there_outside() {
    assert_snapshot!(check("registered al bea
        0 call +15557770001 -> +15550700001
        1 bea rings
        30 bea settles 487
        32 +15558880001 rings
        40 +15558880001 answers
        50 caller hangs up
    "), @r#"
    0      dial bea, showing +15557770001 "Carl Contact", passed on by al (Unconditional)
    1      ring caller
    30     cancel bea NoAnswer
    30     dial +15558880001 by carrier-a, showing +15557770001, passed on by +15550700001 (Unconditional), passed on by +15550700002 (NoAnswer)
    40     answer caller like +15558880001
    40     bridge caller +15558880001
    50     hang up +15558880001 Normal
    50     finished
    --
    call inbound answered by external, owner u-al, mco -
       accepted 40, answered 40, ended 50, sip -, q850 16
    c1 route user u-al single, 0..50, answered 40, bridged 40
       answered, hangup_external, sip 200, q850 16
    a1 u-al stage 1 round 1, 0..0, ringing -, forwarded 302
    a2 u-bea stage 1 round 1, 0..30, ringing 1, forwarded 487
    a3 +15558880001 stage 1 round 1, 30..40, ringing 32, answered 200
    p1 p:+15557770001 caller 40..50
    p2 u:u-al callee -..-
    p3 p:+15558880001 callee 40..50
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-al
    i3 40 answered c1 party=+15558880001
    i4 50 call_ended by=external
    context u-al u-bea;
    "#);
}

#[test]
fn who_is_on_a_call_passes_the_next_one_on_without_ringing() {
    assert_snapshot!(explained("registered bob vic
        0 call bob -> +15557770002
        1 +15557770002 answers
        2 B: call +15557770001 -> +15550700003
        3 B: vic rings
        4 B: vic answers
        5 B: caller hangs up
        6 caller hangs up
    "), @r#"
    0      dial +15557770002 by carrier-a, showing +15550700003
    1      answer caller like +15557770002
    1      bridge caller +15557770002
    2      B: dial vic, showing +15557770001 "Carl Contact", passed on by bob (Busy)
    3      B: ring caller
    4      B: u-vic is taken
    4      B: answer caller like vic
    4      B: bridge caller vic
    5      B: hang up vic Normal
    5      B: finished
    6      hang up +15557770002 Normal
    6      finished
    --
    call outbound answered by internal, owner u-bob, mco -
       accepted 1, answered 1, ended 6, sip -, q850 16
    i1 0 call_started u-bob direction=outbound
    i2 0 dial_started c1 added=false to=+15557770002
    i3 1 answered c1 party=+15557770002
    i4 6 call_ended by=internal
    0 number +15557770002: dialled outside by carrier-a
    --
    call inbound answered by external, owner u-bob, mco -
       accepted 2, answered 2, ended 3, sip -, q850 16
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-bob
    i3 2 answered c1 u-vic
    i4 3 call_ended by=external
    0 number +15550700003: a call to u-bob
    0 forward u-bob: passed on to +15550700004: he is busy
    0 member u-vic: rung
    "#);
}

#[test]
fn a_telephone_that_says_busy_passes_it_on_and_one_that_declines_does_not() {
    assert_snapshot!(check("registered bob vic
        0 call ana -> bob
        1 bob rings
        2 bob fails 486
        3 vic answers
        4 vic hangs up
        5 B: call ana -> bob
        6 B: bob fails 603
    "), @r#"
    0      dial bob, showing ana "Ana Agent"
    1      ring caller
    2      dial vic, showing ana "Ana Agent", passed on by bob (Busy)
    3      u-vic is taken
    3      answer caller like vic
    3      bridge caller vic
    4      hang up caller Normal
    4      finished
    5      B: dial bob, showing ana "Ana Agent"
    6      B: reject caller 603
    6      B: finished
    --
    call internal answered by internal, owner u-ana, mco -
       accepted 3, answered 3, ended 4, sip -, q850 16
    c1 route user u-bob single, 0..4, answered 3, bridged 3
       answered, hangup_internal, sip 200, q850 16
    a1 u-bob stage 1 round 1, 0..2, ringing 1, forwarded 486
    a2 u-vic stage 1 round 1, 2..3, ringing -, answered 200
    p1 u:u-ana caller 3..4
    p2 u:u-bob callee -..-
    p3 u:u-vic callee 3..4
    i1 0 call_started u-ana direction=internal
    i2 0 routing_started c1 strategy=single target=u-bob
    i3 3 answered c1 u-vic
    i4 4 call_ended by=internal
    context u-ana u-bob u-vic;
    --
    call internal declined by system, owner u-ana, mco -
       accepted -, answered -, ended 1, sip 603, q850 21
    c1 route user u-bob single, 0..1, answered -, bridged -
       declined, not_answered, sip 603, q850 21
    a1 u-bob stage 1 round 1, 0..1, ringing -, declined 603
    p1 u:u-ana caller -..-
    p2 u:u-bob callee -..-
    i1 0 call_started u-ana direction=internal
    i2 0 routing_started c1 strategy=single target=u-bob
    i3 1 no_answer c1 reason=declined
    i4 1 call_ended by=system
    context u-ana u-bob;
    "#);
}

#[test]
fn who_answers_another_call_while_it_rings_is_busy() {
    assert_snapshot!(explained("registered bob vic
        0 call +15557770001 -> +15550700003
        1 B: call +15557770002 -> +15550700003
        2 B: bob answers
        2 bob settles 487
        3 vic answers
        4 caller hangs up
        5 B: caller hangs up
    "), @r#"
    0      dial bob, showing +15557770001 "Carl Contact"
    1      B: dial bob, showing +15557770002 "Dora Contact"
    2      B: u-bob is taken
    2      B: answer caller like bob
    2      B: bridge caller bob
    2      cancel bob UserBusy
    2      dial vic, showing +15557770001 "Carl Contact", passed on by bob (Busy)
    3      u-vic is taken
    3      answer caller like vic
    3      bridge caller vic
    4      hang up vic Normal
    4      finished
    5      B: hang up bob Normal
    5      B: finished
    --
    call inbound answered by external, owner u-bob, mco -
       accepted 3, answered 3, ended 4, sip -, q850 16
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-bob
    i3 3 answered c1 u-vic
    i4 4 call_ended by=external
    0 number +15550700003: a call to u-bob
    0 member u-bob: rung
    2 forward u-bob: passed on to +15550700004: he is busy
    2 member u-vic: rung
    --
    call inbound answered by external, owner u-bob, mco -
       accepted 1, answered 1, ended 4, sip -, q850 16
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-bob
    i3 1 answered c1 u-bob
    i4 4 call_ended by=external
    0 number +15550700003: a call to u-bob
    0 member u-bob: rung (another call rings)
    "#);
}

#[test]
fn the_way_ends_in_the_mailbox_of_the_last_one() {
    assert_snapshot!(explained("registered vic
        0 call +15557770001 -> +15550700004
        5 vic rings
        30 vic settles 487
        32 caller heard
        40 caller hangs up
    "), @r#"
    0      dial vic, showing +15557770001 "Carl Contact"
    5      ring caller
    30     cancel vic NoAnswer
    30     answer caller
    30     play caller [Text("You have reached the mailbox of"), Text("Vic Voice"), Text("Please leave a message after the tone."), Tone(Beep)] up to a digit in en
    32     call-a-r1 is voicemail/2026/01/05/call-a-r1.wav from 32
    32     record caller | nobody as call-a-r1 in voicemail/2026/01/05/call-a-r1, Wav
    32     call-a-r1 is being left
    32     notice 5000 ms of silence of caller
    40     stop call-a-r1
    40     finished
    --
    call inbound missed by external, owner u-vic, mco u-vic
       accepted 30, answered -, ended 40, sip -, q850 16
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-vic
    i3 30 no_answer c1 reason=timeout
    i4 40 call_ended by=external
    0 number +15550700004: a call to u-vic
    0 member u-vic: rung
    30 forward u-vic: passed on to voicemail: he has not answered
    30 voicemail u-vic: a message is taken for Vic Voice
    "#);
}

#[test]
fn a_number_of_a_group_is_the_way_into_its_ivr() {
    assert_snapshot!(explained("registered ana ben
        0 call +15557770001 -> +15550700005
        4 ana answers
        9 ana hangs up
    "), @r#"
    0      answer caller
    0      dial ana, showing +15557770001 "Carl Contact"
    0      dial ben, showing +15557770001 "Carl Contact"
    0      play caller [Tone(Ringback)] for ever
    4      cancel ben AnsweredElsewhere
    4      u-ana is taken
    4      stop playing to caller
    4      bridge caller ana
    9      hang up caller Normal
    9      finished
    --
    call inbound answered by internal, owner u-own, mco -
       accepted 0, answered 4, ended 9, sip -, q850 16
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-gus
    i3 0 no_answer c1 reason=unavailable
    i4 0 ivr_entered ivr-sales
    i5 0 routing_started c1 ivr-sales strategy=simulring target=g-sales
    i6 4 answered c1 u-ana
    i7 4 ivr_exited ivr-sales reason=answered
    i8 9 call_ended by=internal
    0 number +15550700005: a call to u-gus
    0 member u-gus: not rung: not registered (not registered)
    0 forward u-gus: passed on to +15550200001: he cannot be reached
    0 ivr ivr-sales version 1: entered: call_transfer
    0 strategy g-sales: simulring
    0 member u-cat: passed over: not registered
    0 member u-ana: rung
    0 member u-ben: rung
    "#);
}

#[test]
fn a_circle_rings_the_last_one_as_if_he_forwarded_nothing() {
    assert_snapshot!(explained("registered lou lea eva
        0 call +15557770001 -> +15550700006
        1 lea rings
        2 lea fails 480
        10 B: call +15557770001 -> +15550700008
        11 B: eva answers
        12 B: eva hangs up
    "), @r#"
    0      dial lea, showing +15557770001 "Carl Contact", passed on by lou (Unconditional)
    1      ring caller
    2      reject caller 480
    2      finished
    10     B: dial eva, showing +15557770001 "Carl Contact"
    11     B: u-eva is taken
    11     B: answer caller like eva
    11     B: bridge caller eva
    12     B: hang up caller Normal
    12     B: finished
    --
    call inbound missed by system, owner u-lou, mco u-lou
       accepted -, answered -, ended 2, sip 480, q850 19
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-lou
    i3 2 no_answer c1 reason=unavailable
    i4 2 call_ended by=system
    0 number +15550700006: a call to u-lou
    0 forward u-lou: passed on to u-lea: as all his calls
    0 forward u-lea: not passed on to +15550700006: it has come from there
    0 forward u-lea: not passed on to u-nobody: there is no such user
    0 member u-lea: rung
    --
    call inbound answered by internal, owner u-eva, mco -
       accepted 1, answered 1, ended 2, sip -, q850 16
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-eva
    i3 1 answered c1 u-eva
    i4 2 call_ended by=internal
    0 number +15550700008: a call to u-eva
    0 forward u-eva: not passed on to u-eva: it has come from there
    0 member u-eva: rung
    "#);
}

#[test]
fn no_call_is_passed_on_more_often_than_five_times() {
    let users: Vec<String> = (0..8)
        .map(|n| {
            let next = n + 1;
            format!(
                r#"{{"id": "u-x{n}", "display_name": "X{n}", "sip_username": "x{n}",
                "forward": {{"always": "u-x{next}"}}}}"#
            )
        })
        .collect();
    let chain = format!(
        r#"{{"users": [{}], "numbers":
        [{{"id": "n-x0", "e164": "+15550700001", "assigned_user_id": "u-x0"}}]}}"#,
        users.join(",")
    );
    assert_eq!(Forwarding::HOPS, 5);
    assert_snapshot!(check_in(World::new(directory(&chain)), "registered x5 x6
        0 call +15557770001 -> +15550700001
        2 x5 answers
        3 caller hangs up
    "), @r#"
    0      dial x5, showing +15557770001 "Carl Contact", passed on by x0 (Unconditional), passed on by x1 (Unconditional), passed on by x2 (Unconditional), passed on by x3 (Unconditional), passed on by x4 (Unconditional)
    2      u-x5 is taken
    2      answer caller like x5
    2      bridge caller x5
    3      hang up x5 Normal
    3      finished
    --
    call inbound answered by external, owner u-x0, mco -
       accepted 2, answered 2, ended 3, sip -, q850 16
    c1 route user u-x0 single, 0..3, answered 2, bridged 2
       answered, hangup_external, sip 200, q850 16
    a1 u-x0 stage 1 round 1, 0..0, ringing -, forwarded 302
    a2 u-x1 stage 1 round 1, 0..0, ringing -, forwarded 302
    a3 u-x2 stage 1 round 1, 0..0, ringing -, forwarded 302
    a4 u-x3 stage 1 round 1, 0..0, ringing -, forwarded 302
    a5 u-x4 stage 1 round 1, 0..0, ringing -, forwarded 302
    a6 u-x5 stage 1 round 1, 0..2, ringing -, answered 200
    p1 p:+15557770001 caller 2..3
    p2 u:u-x0 callee -..-
    p3 u:u-x5 callee 2..3
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-x0
    i3 2 answered c1 u-x5
    i4 3 call_ended by=external
    context u-x0 u-x1 u-x2 u-x3 u-x4 u-x5;
    "#);
}

#[test]
fn an_inbound_route_stands_for_all_of_it() {
    assert_snapshot!(explained("registered tim ana
        0 call +15557770001 -> +15550700009
        2 tim fails 486
        5 +15558880009 answers
        6 caller hangs up
        7 B: call ana -> zoe        # and so does it where a call comes to him from another
        8 B: tim rings
        9 B: caller cancels
    "), @r#"
    0      dial tim, showing +15557770001 "Carl Contact"
    2      dial +15558880009 by carrier-a, showing +15557770001, passed on by +15550700009 (Busy)
    5      answer caller like +15558880009
    5      bridge caller +15558880009
    6      hang up +15558880009 Normal
    6      finished
    7      B: dial tim, showing ana "Ana Agent", passed on by zoe (Unconditional)
    8      B: ring caller
    9      B: cancel tim CallerGone
    9      B: finished
    --
    call inbound answered by external, owner u-tim, mco -
       accepted 5, answered 5, ended 6, sip -, q850 16
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-tim
    i3 5 answered c1 party=+15558880009
    i4 6 call_ended by=external
    0 number +15550700009: a call to u-tim
    0 device u-tim all: rings for 8s
    0 device u-tim: unanswered: forwarded to +15558880009
    2 forward +15558880009: dialled: the user has not answered
    --
    call internal canceled by internal, owner u-ana, mco -
       accepted -, answered -, ended 2, sip 487, q850 16
    i1 0 call_started u-ana direction=internal
    i2 0 routing_started c1 strategy=single target=u-zoe
    i3 2 no_answer c1 reason=caller_hangup
    i4 2 call_ended by=internal
    0 number zoe: a call to u-zoe
    0 forward u-zoe: passed on to u-tim: as all his calls
    0 device u-tim all: rings for 8s
    0 device u-tim: unanswered: forwarded to +15558880009
    "#);
}

#[test]
fn a_group_keeps_its_caller_and_an_ivr_says_what_comes_next() {
    assert_snapshot!(explained("registered al bob ana vic
        0 call +15557770001 -> +15550700010
        1 al fails 480
        2 bob fails 486
        10 B: call +15557770001 -> +15550700011
        11 B: bob fails 486
        11 B: vic fails 480
        12 B: ana answers
        13 B: ana hangs up
    "), @r#"
    0      dial al, showing +15557770001 "Carl Contact"
    0      dial bob, showing +15557770001 "Carl Contact"
    2      reject caller 480
    2      finished
    10     B: dial bob, showing +15557770001 "Carl Contact"
    11     B: dial vic, showing +15557770001 "Carl Contact", passed on by bob (Busy)
    11     B: answer caller
    11     B: dial ana, showing +15557770001 "Carl Contact"
    11     B: play caller [Tone(Ringback)] for ever
    12     B: u-ana is taken
    12     B: stop playing to caller
    12     B: bridge caller ana
    13     B: hang up caller Normal
    13     B: finished
    --
    call inbound missed by system, owner -, mco -
       accepted -, answered -, ended 2, sip 480, q850 19
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-al
    i3 0 routing_started c1 ivr-al strategy=simulring target=g-al
    i4 2 no_answer c1 reason=busy
    i5 2 ivr_exited ivr-al reason=system_hangup
    i6 2 call_ended by=system
    0 number +15550700010: enters ivr-al
    0 ivr ivr-al version 1: entered: call_transfer
    0 strategy g-al: simulring
    0 member u-al: rung
    0 member u-bob: rung
    2 strategy g-al: simulring: nobody is left to be offered the call
    --
    call inbound answered by internal, owner u-own, mco -
       accepted 1, answered 2, ended 3, sip -, q850 16
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-vic
    i3 0 routing_started c1 ivr-vic strategy=single target=u-bob
    i4 1 no_answer c1 reason=unavailable
    i5 1 ivr_exited ivr-vic next=ivr-sales reason=next_ivr
    i6 1 ivr_entered ivr-sales
    i7 1 routing_started c1 ivr-sales strategy=simulring target=g-sales
    i8 2 answered c1 u-ana
    i9 2 ivr_exited ivr-sales reason=answered
    i10 3 call_ended by=internal
    0 number +15550700011: enters ivr-vic
    0 ivr ivr-vic version 1: entered: call_transfer
    0 member u-bob: rung
    1 forward u-bob: passed on to +15550700004: he is busy
    1 forward u-vic: not passed on to voicemail: an IVR says what comes next
    1 member u-vic: rung
    1 ivr ivr-sales version 1: entered: call_transfer
    1 strategy g-sales: simulring
    1 member u-ben: passed over: not registered
    1 member u-cat: passed over: not registered
    1 member u-ana: rung
    "#);
}

#[test]
fn the_caller_leaves_on_the_way_and_nothing_is_passed_on() {
    assert_snapshot!(orders_in(world(), "registered bea
        0 call +15557770001 -> +15550700001
        5 caller cancels
        5 bea settles 487
        40 pass
    "), @r#"
    0      dial bea, showing +15557770001 "Carl Contact", passed on by al (Unconditional)
    5      cancel bea CallerGone
    5      finished
    "#);
}

#[test]
fn outside_no_name_is_shown_of_who_passed_a_call_on() {
    assert_snapshot!(orders_in(world(), "
        0 call ana -> al
        5 +15558880001 fails 486
    "), @r#"
    0      dial +15558880001 by any trunk, showing +15550100001, passed on by +15550700001 (Unconditional), passed on by +15550700002 (Unavailable)
    5      reject caller 480
    5      finished
    "#);
}

#[test]
fn a_forwarding_says_what_it_names() {
    let mut world = world();
    play(&mut world, "");
    let bob = world.directory.user(&"u-bob".into()).expect("bob");
    let busy = Some(ForwardTo::Number("+15550700004".into()));
    assert_eq!(bob.forward, Forwarding { busy, ..Forwarding::default() });
}

/// Users whose calls go anywhere.
const ANYBODY: [&str; 6] = ["al", "bea", "bob", "vic", "gus", "lou"];

fn target() -> impl Strategy<Value = Option<ForwardTo>> {
    let user = (0..ANYBODY.len()).prop_map(|n| ForwardTo::User(id(ANYBODY[n])));
    let number = (1..=11).prop_map(|n| ForwardTo::Number(format!("+155507000{n:02}").into()));
    let outside = Just(ForwardTo::Number("+15558880001".into()));
    let any = prop_oneof![4 => user, 2 => number, 1 => outside, 1 => Just(ForwardTo::Voicemail)];
    prop::option::of(any)
}

fn forwarding() -> impl Strategy<Value = Forwarding> {
    let by = |(always, busy, no_answer)| Forwarding { always, busy, no_answer };
    (target(), target(), target()).prop_map(by)
}

fn id(name: &str) -> UserId {
    UserId::from(format!("u-{name}"))
}

proptest! {
    /// Whoever forwards to whom, every call comes to an end and rings nobody for ever; no user is
    /// rung twice before somebody else has had the call. What the rows say is checked by the world.
    #[test]
    fn no_way_of_forwarding_keeps_a_call_for_ever(
        forwards in prop::collection::vec(forwarding(), ANYBODY.len()),
        registered in prop::collection::vec(any::<bool>(), ANYBODY.len()),
        answers in prop::collection::vec(0_u8..6, 0..40),
    ) {
        let mut people = directory(PEOPLE);
        for (name, forward) in ANYBODY.into_iter().zip(forwards) {
            let user = people.user(&id(name)).expect("a user").clone();
            people.add_user(model::directory::User { forward, ..user });
        }
        let mut world = World::new(people);
        for (name, registered) in ANYBODY.into_iter().zip(registered) {
            world.registers(&id(name), registered);
        }
        world.arrive("A", "call-a", "+15557770001", "+15550700001");
        for answer in answers {
            let ringing = world.states.iter().rev().find(|(leg, (_, state))| {
                *state == LegState::Ringing && **leg != world.calls[0].legs["caller"]
            });
            let Some(leg) = ringing.map(|(leg, _)| *leg) else {
                break;
            };
            let status = [480, 486, 603, 600, 503][usize::from(answer.min(4))];
            match answer {
                5 => world.until(world.now + Duration::from_secs(31)),
                _ => world.input(0, CallInput::Leg(leg, LegEvent::Failed { status })),
            }
        }
        world.until(Duration::from_secs(3_600));
        let graph = world.calls[0].graph.as_ref().expect("rows");
        let first = graph.attempts.iter().filter(|row| row.stage == 1);
        let users: Vec<_> = first.filter_map(|row| row.user_id.clone()).collect();
        let once: BTreeSet<_> = users.iter().collect();
        prop_assert_eq!(once.len(), users.len(), "{}", &world.log);
        prop_assert!(users.len() <= Forwarding::HOPS + 1);
        prop_assert!(graph.attempts.len() < 500, "{}", world.log);
        prop_assert!(world.calls[0].finished, "{}", world.log);
    }
}
