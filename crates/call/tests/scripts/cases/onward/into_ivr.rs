//! A party of a call is handed on to an IVR, and goes through it as a caller would (D48); and to a
//! mailbox, because nobody answers a transfer.

use call::Unanswered;
use insta::assert_snapshot;

use crate::directory::directory;
use crate::script::{check_in, explained_in, orders_in};
use crate::world::World;

/// What follows who is handed on: an IVR for one user, one that says good bye, a menu, a queue, and
/// a mailbox.
const HOUSE: &str = r#"{
    "users": [
      {"id": "u-vic", "display_name": "Vic Voice", "sip_username": "vic", "voicemail": {},
        "forward": {"no_answer": "voicemail"}},
      {"id": "u-fay", "display_name": "Fay Far", "sip_username": "fay",
        "forward": {"always": "+15550200001"}},
      {"id": "u-bas", "display_name": "Bas Back", "sip_username": "bas",
        "forward": {"busy": "u-ana", "no_answer": "u-ben"}}],
    "ivrs": [
      {"id": "ivr-eve", "action": "call_transfer", "target_kind": "user", "target_user_id": "u-eve"},
      {"id": "ivr-bye", "action": "play_and_hangup", "greeting_prompt": "Good bye."},
      {"id": "ivr-ask", "action": "menu", "greeting_prompt": "Press 1.", "menu": {"max_tries": 1},
        "options": {"1": "ivr-eve"}},
      {"id": "ivr-queue", "action": "call_transfer", "target_kind": "group",
        "target_group_id": "g-ovf", "queue": {"options": {"0": {"ivr": "ivr-box"}, "*": "callback"}}},
      {"id": "ivr-box", "action": "voicemail", "voicemail": {"mailbox": {"user": "u-vic"}}}],
    "numbers": [
      {"id": "n-queue", "e164": "+15550700020", "assigned_group_id": "g-ovf",
        "ivr_id": "ivr-queue"}]
}"#;

fn world() -> World {
    World::new(directory(HOUSE))
}

fn check(script: &str) -> String {
    check_in(world(), script)
}

fn when(unanswered: Unanswered) -> World {
    let mut world = world();
    world.settings.transfer.unanswered = unanswered;
    world
}

#[test]
fn a_caller_is_sent_to_an_ivr_where_somebody_answers() {
    assert_snapshot!(check("registered ana eve
        0 call +15557770001 -> +15550100001
        5 ana answers
        20 order ana transfer ivr-eve
        21 eve rings
        25 eve answers
        60 eve hangs up
    "), @r#"
    0      dial ana, showing +15557770001 "Carl Contact"
    5      u-ana is taken
    5      answer caller like ana
    5      bridge caller ana
    20     hang up ana Normal
    20     dial eve, showing +15557770001 "Carl Contact"
    20     play caller [Tone(Ringback)] for ever
    25     u-eve is taken
    25     stop playing to caller
    25     bridge caller eve
    25     tell caller that it is +15550100001 "-"
    60     hang up caller Normal
    60     finished
    --
    call inbound answered by internal, owner u-ana, mco -
       accepted 5, answered 5, ended 60, sip -, q850 16
    c1 route user u-ana single, 0..20, answered 5, bridged 5
       answered, transferred, sip 200, q850 16
    c2 transfer user u-eve single, 20..60, answered 25, bridged 25
       answered, hangup_internal, sip 200, q850 16
    a1 u-ana stage 1 round 1, 0..5, ringing -, answered 200
    a1 u-eve stage 1 round 1, 20..25, ringing 21, answered 200
    p1 p:+15557770001 caller 5..60
    p2 u:u-ana callee 5..20
    p3 u:u-eve transfer_target 25..60
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 20 transfer_started u-ana mode=cold target=ivr-eve
    i5 20 participant_left c1 u-ana reason=transferred
    i6 20 ivr_entered ivr-eve
    i7 20 routing_started c2 ivr-eve strategy=single target=u-eve
    i8 25 answered c2 u-eve
    i9 25 ivr_exited ivr-eve reason=answered
    i10 25 transfer_completed c2 u-ana mode=cold
    i11 60 call_ended by=internal
    context u-ana u-eve;
    "#);
}

#[test]
fn whom_a_user_has_called_outside_is_sent_to_an_ivr() {
    assert_snapshot!(check("registered ana eve
        0 call ana -> +15557770002
        3 +15557770002 answers
        10 caller refers to ivr-ask
        12 +15557770002 heard
        13 +15557770002 presses 1
        14 eve answers
        30 +15557770002 hangs up
    "), @r#"
    0      dial +15557770002 by carrier-a, showing +15550100001
    3      answer caller like +15557770002
    3      bridge caller +15557770002
    10     accept the refer of caller
    10     notify caller 200
    10     hang up caller Normal
    10     play +15557770002 [Text("Press 1.")] up to a digit
    13     dial eve, showing +15557770002 "Dora Contact"
    13     play +15557770002 [Tone(Ringback)] for ever
    14     u-eve is taken
    14     stop playing to +15557770002
    14     bridge +15557770002 eve
    14     tell +15557770002 that it is +15550100001 "-"
    30     hang up eve Normal
    30     finished
    --
    call outbound answered by external, owner u-ana, mco -
       accepted 3, answered 3, ended 30, sip -, q850 16
    c1 dial external +15557770002 single, 0..30, answered 3, bridged 3
       answered, hangup_external, sip 200, q850 16
    c2 transfer user u-eve single, 13..30, answered 14, bridged 14
       answered, hangup_external, sip 200, q850 16
    a1 u-eve stage 1 round 1, 13..14, ringing -, answered 200
    p1 u:u-ana caller 3..10
    p2 p:+15557770002 callee 3..30
    p3 u:u-eve transfer_target 14..30
    i1 0 call_started u-ana direction=outbound
    i2 0 dial_started c1 added=false to=+15557770002
    i3 3 answered c1 party=+15557770002
    i4 10 transfer_started u-ana mode=cold target=ivr-ask
    i5 10 participant_left u-ana reason=transferred
    i6 10 ivr_entered ivr-ask
    i7 13 menu_selected ivr-ask digit=1 next=ivr-eve
    i8 13 ivr_exited ivr-ask next=ivr-eve reason=menu_option
    i9 13 ivr_entered ivr-eve
    i10 13 routing_started c2 ivr-eve strategy=single target=u-eve
    i11 14 answered c2 u-eve
    i12 14 ivr_exited ivr-eve reason=answered
    i13 14 transfer_completed c2 u-ana mode=cold
    i14 30 call_ended by=external
    context u-ana u-eve;
    "#);
}

#[test]
fn a_user_who_was_called_is_sent_to_an_ivr_by_who_called_him() {
    assert_snapshot!(check("registered ana ben eve
        0 call ana -> ben
        3 ben answers
        4 caller holds
        5 order ana transfer ivr-eve
        7 eve answers
        9 ben hangs up
    "), @r#"
    0      dial ben, showing ana "Ana Agent"
    3      u-ben is taken
    3      answer caller like ben
    3      bridge caller ben
    5      hang up caller Normal
    5      dial eve, showing ben "Ben Baker"
    5      play ben [Tone(Ringback)] for ever
    7      u-eve is taken
    7      stop playing to ben
    7      bridge ben eve
    7      tell ben that it is eve "Eve East"
    9      hang up eve Normal
    9      finished
    --
    call internal answered by internal, owner u-ana, mco -
       accepted 3, answered 3, ended 9, sip -, q850 16
    c1 route user u-ben single, 0..9, answered 3, bridged 3
       answered, hangup_internal, sip 200, q850 16
    c2 transfer user u-eve single, 5..9, answered 7, bridged 7
       answered, hangup_internal, sip 200, q850 16
    a1 u-ben stage 1 round 1, 0..3, ringing -, answered 200
    a1 u-eve stage 1 round 1, 5..7, ringing -, answered 200
    p1 u:u-ana caller 3..5
    p2 u:u-ben callee 3..9
    p3 u:u-eve transfer_target 7..9
    i1 0 call_started u-ana direction=internal
    i2 0 routing_started c1 strategy=single target=u-ben
    i3 3 answered c1 u-ben
    i4 4 hold u-ana party=u:u-ben
    i5 5 transfer_started u-ana mode=cold target=ivr-eve
    i6 5 participant_left u-ana reason=transferred
    i7 5 resume u-ana party=u:u-ben
    i8 5 ivr_entered ivr-eve
    i9 5 routing_started c2 ivr-eve strategy=single target=u-eve
    i10 7 answered c2 u-eve
    i11 7 ivr_exited ivr-eve reason=answered
    i12 7 transfer_completed c2 u-ana mode=cold
    i13 9 call_ended by=internal
    context u-ana u-ben u-eve u-max;
    "#);
}

#[test]
fn nobody_answers_there_and_the_transferor_gets_the_call_back() {
    assert_snapshot!(check("registered ana ben eve
        0 call ben -> ana
        3 ana answers
        5 order ana transfer ivr-eve
        6 eve fails 486
        8 ana answers
        9 caller hangs up
    "), @r#"
    0      dial ana, showing ben "Ben Baker"
    3      u-ana is taken
    3      answer caller like ana
    3      bridge caller ana
    5      hang up ana Normal
    5      dial eve, showing ben "Ben Baker"
    5      play caller [Tone(Ringback)] for ever
    6      stop playing to caller
    6      dial ana, showing ben "Ben Baker"
    6      play caller [Tone(Ringback)] for ever
    8      u-ana is taken
    8      stop playing to caller
    8      bridge caller ana
    8      tell caller that it is ana "Ana Agent"
    9      hang up ana Normal
    9      finished
    --
    call internal answered by internal, owner u-ben, mco -
       accepted 3, answered 3, ended 9, sip -, q850 16
    c1 route user u-ana single, 0..5, answered 3, bridged 3
       answered, transferred, sip 200, q850 16
    c2 transfer user u-eve single, 5..6, answered -, bridged -
       busy, not_answered, sip 486, q850 17
    c3 recall user u-ana single, 6..9, answered 8, bridged 8
       answered, hangup_internal, sip 200, q850 16
    a1 u-ana stage 1 round 1, 0..3, ringing -, answered 200
    a1 u-eve stage 1 round 1, 5..6, ringing -, busy 486
    a1 u-ana stage 1 round 1, 6..8, ringing -, answered 200
    p1 u:u-ben caller 3..9
    p2 u:u-ana callee 3..9
    i1 0 call_started u-ben direction=internal
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 3 answered c1 u-ana
    i4 5 transfer_started u-ana mode=cold target=ivr-eve
    i5 5 participant_left c1 u-ana reason=transferred
    i6 5 ivr_entered ivr-eve
    i7 5 routing_started c2 ivr-eve strategy=single target=u-eve
    i8 6 no_answer c2 reason=busy
    i9 6 ivr_exited ivr-eve reason=system_hangup
    i10 6 transfer_unanswered c2 u-ana mode=cold
    i11 6 routing_started c3 strategy=single target=u-ana
    i12 8 answered c3 u-ana
    i13 9 call_ended by=internal
    context u-ana u-ben u-eve u-max;
    "#);
    assert_snapshot!(check("registered ana eve
        0 call ana -> +15557770002
        3 +15557770002 answers
        5 order ana transfer ivr-eve
        6 eve fails 603
        36 ana settles 487
    "), @r#"
    0      dial +15557770002 by carrier-a, showing +15550100001
    3      answer caller like +15557770002
    3      bridge caller +15557770002
    5      hang up caller Normal
    5      dial eve, showing +15557770002 "Dora Contact"
    5      play +15557770002 [Tone(Ringback)] for ever
    6      stop playing to +15557770002
    6      dial ana, showing +15557770002 "Dora Contact"
    6      play +15557770002 [Tone(Ringback)] for ever
    36     cancel ana NoAnswer
    36     hang up +15557770002 Normal
    36     finished
    --
    call outbound answered by system, owner u-ana, mco -
       accepted 3, answered 3, ended 36, sip -, q850 16
    c1 dial external +15557770002 single, 0..36, answered 3, bridged 3
       answered, call_ended, sip 200, q850 16
    c2 transfer user u-eve single, 5..6, answered -, bridged -
       declined, not_answered, sip 603, q850 21
    c3 recall user u-ana single, 6..36, answered -, bridged -
       no_answer, not_answered, sip 480, q850 19
    a1 u-eve stage 1 round 1, 5..6, ringing -, declined 603
    a1 u-ana stage 1 round 1, 6..36, ringing -, no_answer 487
    p1 u:u-ana caller 3..5
    p2 p:+15557770002 callee 3..36
    i1 0 call_started u-ana direction=outbound
    i2 0 dial_started c1 added=false to=+15557770002
    i3 3 answered c1 party=+15557770002
    i4 5 transfer_started u-ana mode=cold target=ivr-eve
    i5 5 participant_left u-ana reason=transferred
    i6 5 ivr_entered ivr-eve
    i7 5 routing_started c2 ivr-eve strategy=single target=u-eve
    i8 6 no_answer c2 reason=declined
    i9 6 ivr_exited ivr-eve reason=system_hangup
    i10 6 transfer_unanswered c2 u-ana mode=cold
    i11 6 routing_started c3 strategy=single target=u-ana
    i12 36 no_answer c3 reason=timeout
    i13 36 call_ended by=system
    context u-ana u-eve;
    "#);
}

#[test]
fn or_the_call_ends_where_that_is_configured() {
    assert_snapshot!(check_in(when(Unanswered::End), "registered ana eve
        0 call ana -> +15557770002
        3 +15557770002 answers
        5 order ana transfer ivr-eve
        6 eve fails 486
    "), @r#"
    0      dial +15557770002 by carrier-a, showing +15550100001
    3      answer caller like +15557770002
    3      bridge caller +15557770002
    5      hang up caller Normal
    5      dial eve, showing +15557770002 "Dora Contact"
    5      play +15557770002 [Tone(Ringback)] for ever
    6      hang up +15557770002 Normal
    6      finished
    --
    call outbound answered by system, owner u-ana, mco -
       accepted 3, answered 3, ended 6, sip -, q850 16
    c1 dial external +15557770002 single, 0..6, answered 3, bridged 3
       answered, call_ended, sip 200, q850 16
    c2 transfer user u-eve single, 5..6, answered -, bridged -
       busy, not_answered, sip 486, q850 17
    a1 u-eve stage 1 round 1, 5..6, ringing -, busy 486
    p1 u:u-ana caller 3..5
    p2 p:+15557770002 callee 3..6
    i1 0 call_started u-ana direction=outbound
    i2 0 dial_started c1 added=false to=+15557770002
    i3 3 answered c1 party=+15557770002
    i4 5 transfer_started u-ana mode=cold target=ivr-eve
    i5 5 participant_left u-ana reason=transferred
    i6 5 ivr_entered ivr-eve
    i7 5 routing_started c2 ivr-eve strategy=single target=u-eve
    i8 6 no_answer c2 reason=busy
    i9 6 ivr_exited ivr-eve reason=system_hangup
    i10 6 transfer_unanswered c2 u-ana mode=cold
    i11 6 call_ended by=system
    context u-ana u-eve;
    "#);
}

#[test]
fn who_is_told_good_bye_does_not_come_back() {
    assert_snapshot!(check("registered ana
        0 call ana -> +15557770002
        3 +15557770002 answers
        5 order ana transfer ivr-bye
        8 +15557770002 heard
    "), @r#"
    0      dial +15557770002 by carrier-a, showing +15550100001
    3      answer caller like +15557770002
    3      bridge caller +15557770002
    5      hang up caller Normal
    5      play +15557770002 [Text("Good bye.")]
    8      hang up +15557770002 Normal
    8      finished
    --
    call outbound answered by system, owner u-ana, mco -
       accepted 3, answered 3, ended 8, sip -, q850 16
    c1 dial external +15557770002 single, 0..8, answered 3, bridged 3
       answered, call_ended, sip 200, q850 16
    p1 u:u-ana caller 3..5
    p2 p:+15557770002 callee 3..8
    i1 0 call_started u-ana direction=outbound
    i2 0 dial_started c1 added=false to=+15557770002
    i3 3 answered c1 party=+15557770002
    i4 5 transfer_started u-ana mode=cold target=ivr-bye
    i5 5 participant_left u-ana reason=transferred
    i6 5 ivr_entered ivr-bye
    i7 8 ivr_exited ivr-bye reason=system_hangup
    i8 8 transfer_unanswered u-ana mode=cold
    i9 8 call_ended by=system
    context u-ana;
    "#);
}

#[test]
fn he_leaves_while_he_is_there() {
    assert_snapshot!(check("registered ana eve
        0 call ana -> +15557770002
        3 +15557770002 answers
        5 order ana transfer ivr-eve
        7 +15557770002 hangs up
        7 eve settles 487
    "), @r#"
    0      dial +15557770002 by carrier-a, showing +15550100001
    3      answer caller like +15557770002
    3      bridge caller +15557770002
    5      hang up caller Normal
    5      dial eve, showing +15557770002 "Dora Contact"
    5      play +15557770002 [Tone(Ringback)] for ever
    7      cancel eve CallerGone
    7      finished
    --
    call outbound answered by external, owner u-ana, mco -
       accepted 3, answered 3, ended 7, sip -, q850 16
    c1 dial external +15557770002 single, 0..7, answered 3, bridged 3
       answered, hangup_external, sip 200, q850 16
    c2 transfer user u-eve single, 5..7, answered -, bridged -
       canceled, not_answered, sip 487, q850 16
    a1 u-eve stage 1 round 1, 5..7, ringing -, caller_hangup 487
    p1 u:u-ana caller 3..5
    p2 p:+15557770002 callee 3..7
    i1 0 call_started u-ana direction=outbound
    i2 0 dial_started c1 added=false to=+15557770002
    i3 3 answered c1 party=+15557770002
    i4 5 transfer_started u-ana mode=cold target=ivr-eve
    i5 5 participant_left u-ana reason=transferred
    i6 5 ivr_entered ivr-eve
    i7 5 routing_started c2 ivr-eve strategy=single target=u-eve
    i8 7 no_answer c2 reason=caller_hangup
    i9 7 ivr_exited ivr-eve reason=caller_hangup
    i10 7 transfer_unanswered c2 u-ana mode=cold
    i11 7 call_ended by=external
    context u-ana u-eve;
    "#);
    assert_snapshot!(check("registered ana ben
        0 call ben -> ana
        3 ana answers
        5 order ana transfer ivr-ask
        7 caller hangs up
    "), @r#"
    0      dial ana, showing ben "Ben Baker"
    3      u-ana is taken
    3      answer caller like ana
    3      bridge caller ana
    5      hang up ana Normal
    5      play caller [Text("Press 1.")] up to a digit
    7      finished
    --
    call internal answered by internal, owner u-ben, mco -
       accepted 3, answered 3, ended 7, sip -, q850 16
    c1 route user u-ana single, 0..5, answered 3, bridged 3
       answered, transferred, sip 200, q850 16
    a1 u-ana stage 1 round 1, 0..3, ringing -, answered 200
    p1 u:u-ben caller 3..7
    p2 u:u-ana callee 3..5
    i1 0 call_started u-ben direction=internal
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 3 answered c1 u-ana
    i4 5 transfer_started u-ana mode=cold target=ivr-ask
    i5 5 participant_left c1 u-ana reason=transferred
    i6 5 ivr_entered ivr-ask
    i7 7 ivr_exited ivr-ask reason=caller_hangup
    i8 7 transfer_unanswered u-ana mode=cold
    i9 7 call_ended by=internal
    context u-ana u-ben u-max;
    "#);
}

#[test]
fn the_server_stops_while_he_is_there() {
    assert_snapshot!(check("registered ana eve
        0 call ana -> +15557770002
        3 +15557770002 answers
        5 order ana transfer ivr-eve
        7 release
    "), @r#"
    0      dial +15557770002 by carrier-a, showing +15550100001
    3      answer caller like +15557770002
    3      bridge caller +15557770002
    5      hang up caller Normal
    5      dial eve, showing +15557770002 "Dora Contact"
    5      play +15557770002 [Tone(Ringback)] for ever
    7      cancel eve Shutdown
    7      hang up +15557770002 Shutdown
    7      finished
    --
    call outbound answered by system, owner u-ana, mco -
       accepted 3, answered 3, ended 7, sip -, q850 16
    c1 dial external +15557770002 single, 0..7, answered 3, bridged 3
       answered, call_ended, sip 200, q850 16
    c2 transfer user u-eve single, 5..7, answered -, bridged -
       failed, not_answered, sip 480, q850 41
    a1 u-eve stage 1 round 1, 5..7, ringing -, failed 487
    p1 u:u-ana caller 3..5
    p2 p:+15557770002 callee 3..7
    i1 0 call_started u-ana direction=outbound
    i2 0 dial_started c1 added=false to=+15557770002
    i3 3 answered c1 party=+15557770002
    i4 5 transfer_started u-ana mode=cold target=ivr-eve
    i5 5 participant_left u-ana reason=transferred
    i6 5 ivr_entered ivr-eve
    i7 5 routing_started c2 ivr-eve strategy=single target=u-eve
    i8 7 no_answer c2 reason=failed
    i9 7 ivr_exited ivr-eve reason=system_hangup
    i10 7 transfer_unanswered c2 u-ana mode=cold
    i11 7 call_ended by=system
    context u-ana u-eve;
    "#);
}

#[test]
fn he_waits_in_a_queue_and_is_served() {
    assert_snapshot!(check("registered ana
        0 call ana -> +15557770002
        3 +15557770002 answers
        5 order ana transfer ivr-queue
        9 dan registers
        12 dan answers
        20 dan hangs up
    "), @r#"
    0      dial +15557770002 by carrier-a, showing +15550100001
    3      answer caller like +15557770002
    3      bridge caller +15557770002
    5      hang up caller Normal
    5      play +15557770002 [Tone(Ringback)] for ever
    9      dial dan, showing +15557770002 "Dora Contact"
    12     u-dan is taken
    12     stop playing to +15557770002
    12     bridge +15557770002 dan
    12     tell +15557770002 that it is +15550100004 "-"
    20     hang up +15557770002 Normal
    20     finished
    --
    call outbound answered by internal, owner u-ana, mco -
       accepted 3, answered 3, ended 20, sip -, q850 16
    c1 dial external +15557770002 single, 0..20, answered 3, bridged 3
       answered, hangup_internal, sip 200, q850 16
    c2 transfer group g-ovf simulring, 5..20, answered 12, bridged 12
       answered, hangup_internal, sip 200, q850 16
    a1 u-dan stage 1 round 1, 9..12, ringing -, answered 200
    w1 g-ovf place 1 priority 0, 5..12 answered
    p1 u:u-ana caller 3..5
    p2 p:+15557770002 callee 3..20
    p3 u:u-dan transfer_target 12..20
    i1 0 call_started u-ana direction=outbound
    i2 0 dial_started c1 added=false to=+15557770002
    i3 3 answered c1 party=+15557770002
    i4 5 transfer_started u-ana mode=cold target=ivr-queue
    i5 5 participant_left u-ana reason=transferred
    i6 5 ivr_entered ivr-queue
    i7 5 routing_started c2 ivr-queue strategy=simulring target=g-ovf
    i8 12 answered c2 u-dan
    i9 12 ivr_exited ivr-queue reason=answered
    i10 12 transfer_completed c2 u-ana mode=cold
    i11 20 call_ended by=internal
    context u-ana u-dan u-max; g-ovf
    "#);
}

#[test]
fn he_leaves_the_queue_for_a_mailbox_and_nobody_is_called_back() {
    assert_snapshot!(check("registered ana
        0 call ana -> +15557770002
        3 +15557770002 answers
        5 order ana transfer ivr-queue
        7 +15557770002 presses 0
        9 +15557770002 heard
        15 +15557770002 presses #
    "), @r#"
    0      dial +15557770002 by carrier-a, showing +15550100001
    3      answer caller like +15557770002
    3      bridge caller +15557770002
    5      hang up caller Normal
    5      play +15557770002 [Tone(Ringback)] for ever
    7      stop playing to +15557770002
    7      play +15557770002 [Text("You have reached the mailbox of"), Text("Vic Voice"), Text("Please leave a message after the tone."), Tone(Beep)] up to a digit in en
    9      call-a-r1 is voicemail/2026/01/05/call-a-r1.wav from 9
    9      record +15557770002 | nobody as call-a-r1 in voicemail/2026/01/05/call-a-r1, Wav
    9      call-a-r1 is being left
    9      notice 5000 ms of silence of +15557770002
    15     notice no silence of +15557770002
    15     stop call-a-r1
    15     hang up +15557770002 Normal
    15     finished
    --
    call outbound answered by system, owner u-ana, mco -
       accepted 3, answered 3, ended 15, sip -, q850 16
    c1 dial external +15557770002 single, 0..15, answered 3, bridged 3
       answered, call_ended, sip 200, q850 16
    c2 transfer group g-ovf simulring, 5..15, answered -, bridged -
       unavailable, not_answered, sip 480, q850 20
    w1 g-ovf place 1 priority 0, 5..7 option
    p1 u:u-ana caller 3..5
    p2 p:+15557770002 callee 3..15
    i1 0 call_started u-ana direction=outbound
    i2 0 dial_started c1 added=false to=+15557770002
    i3 3 answered c1 party=+15557770002
    i4 5 transfer_started u-ana mode=cold target=ivr-queue
    i5 5 participant_left u-ana reason=transferred
    i6 5 ivr_entered ivr-queue
    i7 5 routing_started c2 ivr-queue strategy=simulring target=g-ovf
    i8 7 no_answer c2 reason=unavailable
    i9 7 menu_selected ivr-queue digit=0 next=ivr-box
    i10 7 ivr_exited ivr-queue next=ivr-box reason=menu_option
    i11 7 ivr_entered ivr-box
    i12 15 ivr_exited ivr-box reason=system_hangup
    i13 15 transfer_unanswered c2 u-ana mode=cold
    i14 15 call_ended by=system
    context u-ana u-max; g-ovf
    "#);
}

#[test]
fn who_asks_to_be_called_back_does_not_come_back() {
    assert_snapshot!(orders_in(world(), "registered ana
        0 call ana -> +15557770002
        3 +15557770002 answers
        5 order ana transfer ivr-queue
        7 +15557770002 presses *
        9 +15557770002 heard
        15 dan registers
        16 back1: dan answers
        17 back1: dan hangs up
    "), @r#"
    0      dial +15557770002 by carrier-a, showing +15550100001
    3      answer caller like +15557770002
    3      bridge caller +15557770002
    5      hang up caller Normal
    5      play +15557770002 [Tone(Ringback)] for ever
    7      play +15557770002 [Text("Thank you. We will call you back.")]
    9      hang up +15557770002 Normal
    9      finished
    15     back1: call dan
    16     back1: u-dan is taken
    16     back1: play dan [Tone(Ringback)] for ever
    16     back1: dial +15557770002 by carrier-a, showing +15550100001
    17     back1: cancel +15557770002 CallerGone
    17     back1: finished
    "#);
}

#[test]
fn a_caller_is_sent_back_into_the_queue_from_which_he_came() {
    assert_snapshot!(check("registered dan
        0 call +15557770001 -> +15550700020
        1 dan answers
        5 eve registers
        6 order dan transfer ivr-queue
        8 eve answers
        9 caller hangs up
    "), @r#"
    0      answer caller
    0      play caller [Tone(Ringback)] for ever
    0      dial dan, showing +15557770001 "Carl Contact"
    1      u-dan is taken
    1      stop playing to caller
    1      bridge caller dan
    6      hang up dan Normal
    6      play caller [Tone(Ringback)] for ever
    6      dial dan, showing +15557770001 "Carl Contact"
    6      dial eve, showing +15557770001 "Carl Contact"
    8      cancel dan AnsweredElsewhere
    8      u-eve is taken
    8      stop playing to caller
    8      bridge caller eve
    8      tell caller that it is +15550700020 "-"
    9      hang up eve Normal
    9      finished
    --
    call inbound answered by external, owner u-dan, mco -
       accepted 0, answered 1, ended 9, sip -, q850 16
    c1 route group g-ovf simulring, 0..6, answered 1, bridged 1
       answered, transferred, sip 200, q850 16
    c2 transfer group g-ovf simulring, 6..9, answered 8, bridged 8
       answered, hangup_external, sip 200, q850 16
    a1 u-dan stage 1 round 1, 0..1, ringing -, answered 200
    a1 u-dan stage 1 round 1, 6..8, ringing -, answered_elsewhere 487
    a2 u-eve stage 1 round 1, 6..8, ringing -, answered 200
    w1 g-ovf place 1 priority 0, 0..1 answered
    w2 g-ovf place 1 priority 0, 6..8 answered
    p1 p:+15557770001 caller 0..9
    p2 u:u-dan callee 1..6
    p3 u:u-eve transfer_target 8..9
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-queue
    i3 0 routing_started c1 ivr-queue strategy=simulring target=g-ovf
    i4 1 answered c1 u-dan
    i5 1 ivr_exited ivr-queue reason=answered
    i6 6 transfer_started u-dan mode=cold target=ivr-queue
    i7 6 participant_left c1 u-dan reason=transferred
    i8 6 ivr_entered ivr-queue
    i9 6 routing_started c2 ivr-queue strategy=simulring target=g-ovf
    i10 8 answered c2 u-eve
    i11 8 ivr_exited ivr-queue reason=answered
    i12 8 transfer_completed c2 u-dan mode=cold
    i13 9 call_ended by=external
    context u-dan u-eve u-max; g-ovf
    "#);
}

#[test]
fn a_transfer_that_nobody_answers_ends_in_a_mailbox() {
    assert_snapshot!(check_in(when(Unanswered::Voicemail), "registered ana ben
        0 call +15557770001 -> +15550100001
        5 ana answers
        10 ana refers to ben
        11 ben rings
        40 ben settles 487
        42 caller heard
        50 caller hangs up
    "), @r#"
    0      dial ana, showing +15557770001 "Carl Contact"
    5      u-ana is taken
    5      answer caller like ana
    5      bridge caller ana
    10     accept the refer of ana
    10     dial ben, showing +15557770001 "Carl Contact"
    10     unbridge caller ana
    10     play caller [Tone(Ringback)] for ever
    11     notify ana 180
    40     cancel ben NoAnswer
    40     notify ana 480
    40     hang up ana Normal
    40     stop playing to caller
    40     play caller [Text("You have reached the mailbox of"), Text("Ben Baker"), Text("Please leave a message after the tone."), Tone(Beep)] up to a digit in en
    42     call-a-r1 is voicemail/2026/01/05/call-a-r1.wav from 42
    42     record caller | nobody as call-a-r1 in voicemail/2026/01/05/call-a-r1, Wav
    42     call-a-r1 is being left
    42     notice 5000 ms of silence of caller
    50     stop call-a-r1
    50     finished
    --
    call inbound answered by external, owner u-ana, mco -
       accepted 5, answered 5, ended 50, sip -, q850 16
    c1 route user u-ana single, 0..10, answered 5, bridged 5
       answered, transferred, sip 200, q850 16
    c2 transfer user u-ben single, 10..40, answered -, bridged -
       no_answer, not_answered, sip 480, q850 19
    a1 u-ana stage 1 round 1, 0..5, ringing -, answered 200
    a1 u-ben stage 1 round 1, 10..40, ringing 11, no_answer 487
    p1 p:+15557770001 caller 5..50
    p2 u:u-ana callee 5..10
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 10 transfer_started u-ana mode=cold target=u-ben
    i5 10 participant_left c1 u-ana reason=transferred
    i6 10 routing_started c2 strategy=single target=u-ben
    i7 40 no_answer c2 reason=timeout
    i8 40 transfer_unanswered c2 u-ana mode=cold
    i9 50 call_ended by=external
    context u-ana u-ben u-max;
    "#);
    assert_snapshot!(check("registered ana vic
        0 call +15557770001 -> +15550100001
        5 ana answers
        10 order ana transfer vic
        12 vic fails 480
        14 caller heard
        20 caller presses #
    "), @r#"
    0      dial ana, showing +15557770001 "Carl Contact"
    5      u-ana is taken
    5      answer caller like ana
    5      bridge caller ana
    10     dial vic, showing +15557770001 "Carl Contact"
    10     hang up ana Normal
    10     play caller [Tone(Ringback)] for ever
    12     stop playing to caller
    12     play caller [Text("You have reached the mailbox of"), Text("Vic Voice"), Text("Please leave a message after the tone."), Tone(Beep)] up to a digit in en
    14     call-a-r1 is voicemail/2026/01/05/call-a-r1.wav from 14
    14     record caller | nobody as call-a-r1 in voicemail/2026/01/05/call-a-r1, Wav
    14     call-a-r1 is being left
    14     notice 5000 ms of silence of caller
    20     notice no silence of caller
    20     stop call-a-r1
    20     hang up caller Normal
    20     finished
    --
    call inbound answered by system, owner u-ana, mco -
       accepted 5, answered 5, ended 20, sip -, q850 16
    c1 route user u-ana single, 0..10, answered 5, bridged 5
       answered, transferred, sip 200, q850 16
    c2 transfer user u-vic single, 10..12, answered -, bridged -
       unavailable, not_answered, sip 480, q850 18
    a1 u-ana stage 1 round 1, 0..5, ringing -, answered 200
    a1 u-vic stage 1 round 1, 10..12, ringing -, unavailable 480
    p1 p:+15557770001 caller 5..20
    p2 u:u-ana callee 5..10
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 10 transfer_started u-ana mode=cold target=u-vic
    i5 10 participant_left c1 u-ana reason=transferred
    i6 10 routing_started c2 strategy=single target=u-vic
    i7 12 no_answer c2 reason=unavailable
    i8 12 transfer_unanswered c2 u-ana mode=cold
    i9 20 call_ended by=system
    context u-ana u-vic;
    "#);
}

#[test]
fn a_mailbox_that_takes_nothing_sends_the_call_back() {
    let mut world = when(Unanswered::Voicemail);
    world.settings.voicemail.enabled = false;
    assert_snapshot!(orders_in(world, "registered ana ben
        0 call +15557770001 -> +15550100001
        5 ana answers
        10 order ana transfer ben
        12 ben fails 486
        14 ana answers
        15 caller hangs up
    "), @r#"
    0      dial ana, showing +15557770001 "Carl Contact"
    5      u-ana is taken
    5      answer caller like ana
    5      bridge caller ana
    10     dial ben, showing +15557770001 "Carl Contact"
    10     hang up ana Normal
    10     play caller [Tone(Ringback)] for ever
    12     stop playing to caller
    12     dial ana, showing +15557770001 "Carl Contact"
    12     play caller [Tone(Ringback)] for ever
    14     u-ana is taken
    14     stop playing to caller
    14     bridge caller ana
    14     tell caller that it is +15550100001 "-"
    15     hang up ana Normal
    15     finished
    "#);
}

#[test]
fn a_target_who_passes_his_calls_on_to_a_group_leads_into_its_ivr() {
    assert_snapshot!(check("registered ana ben cat
        0 call +15557770001 -> +15550100001
        5 ana answers
        10 ana refers to fay
        12 ben answers
        20 caller hangs up
    "), @r#"
    0      dial ana, showing +15557770001 "Carl Contact"
    5      u-ana is taken
    5      answer caller like ana
    5      bridge caller ana
    10     accept the refer of ana
    10     notify ana 200
    10     hang up ana Normal
    10     dial ana, showing +15557770001 "Carl Contact"
    10     dial ben, showing +15557770001 "Carl Contact"
    10     dial cat, showing +15557770001 "Carl Contact"
    10     play caller [Tone(Ringback)] for ever
    12     cancel ana AnsweredElsewhere
    12     cancel cat AnsweredElsewhere
    12     u-ben is taken
    12     stop playing to caller
    12     bridge caller ben
    12     tell caller that it is +15550100002 "-"
    20     hang up ben Normal
    20     finished
    --
    call inbound answered by external, owner u-ana, mco -
       accepted 5, answered 5, ended 20, sip -, q850 16
    c1 route user u-ana single, 0..10, answered 5, bridged 5
       answered, transferred, sip 200, q850 16
    c2 transfer group g-sales simulring, 10..20, answered 12, bridged 12
       answered, hangup_external, sip 200, q850 16
    a1 u-ana stage 1 round 1, 0..5, ringing -, answered 200
    a1 u-fay stage 1 round 1, 10..10, ringing -, forwarded 302
    a2 u-ana stage 2 round 1, 10..12, ringing -, answered_elsewhere 487
    a3 u-ben stage 2 round 1, 10..12, ringing -, answered 200
    a4 u-cat stage 2 round 1, 10..12, ringing -, answered_elsewhere 487
    p1 p:+15557770001 caller 5..20
    p2 u:u-ana callee 5..10
    p3 u:u-ben transfer_target 12..20
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 10 transfer_started u-ana mode=cold target=u-fay
    i5 10 participant_left c1 u-ana reason=transferred
    i6 10 routing_started c2 strategy=single target=u-fay
    i7 10 no_answer c2 reason=unavailable
    i8 10 ivr_entered ivr-sales
    i9 10 routing_started c2 ivr-sales strategy=simulring target=g-sales
    i10 12 answered c2 u-ben
    i11 12 ivr_exited ivr-sales reason=answered
    i12 12 transfer_completed c2 u-ana mode=cold
    i13 20 call_ended by=external
    context u-ana u-ben u-cat u-fay u-max u-mia u-own; g-sales
    "#);
}

#[test]
fn nobody_is_rung_who_is_on_the_call() {
    assert_snapshot!(check("registered ana eve
        0 call ana -> eve
        3 eve answers
        5 order ana transfer ivr-eve
        9 ana answers
        10 eve hangs up
    "), @r#"
    0      dial eve, showing ana "Ana Agent"
    3      u-eve is taken
    3      answer caller like eve
    3      bridge caller eve
    5      hang up caller Normal
    5      dial ana, showing eve "Eve East"
    5      play eve [Tone(Ringback)] for ever
    9      u-ana is taken
    9      stop playing to eve
    9      bridge eve ana
    9      tell eve that it is ana "Ana Agent"
    10     hang up ana Normal
    10     finished
    --
    call internal answered by internal, owner u-ana, mco -
       accepted 3, answered 3, ended 10, sip -, q850 16
    c1 route user u-eve single, 0..10, answered 3, bridged 3
       answered, hangup_internal, sip 200, q850 16
    c2 transfer user u-eve single, 5..5, answered -, bridged -
       busy, not_answered, sip 486, q850 17
    c3 recall user u-ana single, 5..10, answered 9, bridged 9
       answered, hangup_internal, sip 200, q850 16
    a1 u-eve stage 1 round 1, 0..3, ringing -, answered 200
    a1 u-eve stage 1 round 1, 5..5, ringing -, busy 486
    a1 u-ana stage 1 round 1, 5..9, ringing -, answered 200
    p1 u:u-ana caller 3..10
    p2 u:u-eve callee 3..10
    i1 0 call_started u-ana direction=internal
    i2 0 routing_started c1 strategy=single target=u-eve
    i3 3 answered c1 u-eve
    i4 5 transfer_started u-ana mode=cold target=ivr-eve
    i5 5 participant_left u-ana reason=transferred
    i6 5 ivr_entered ivr-eve
    i7 5 routing_started c2 ivr-eve strategy=single target=u-eve
    i8 5 no_answer c2 reason=busy
    i9 5 ivr_exited ivr-eve reason=system_hangup
    i10 5 transfer_unanswered c2 u-ana mode=cold
    i11 5 routing_started c3 strategy=single target=u-ana
    i12 9 answered c3 u-ana
    i13 10 call_ended by=internal
    context u-ana u-eve;
    "#);
    assert_snapshot!(explained_in(world(), "registered ana bas
        0 call +15557770001 -> +15550100001
        3 ana answers
        5 order ana consult bas
        7 bas fails 486
        9 caller hangs up
    "), @r#"
    0      dial ana, showing +15557770001 "Carl Contact"
    3      u-ana is taken
    3      answer caller like ana
    3      bridge caller ana
    5      dial bas, showing ana "Ana Agent"
    5      unbridge caller ana
    5      play ana [Tone(Ringback)] for ever
    7      stop playing to ana
    7      bridge caller ana
    9      hang up ana Normal
    9      finished
    --
    call inbound answered by external, owner u-ana, mco -
       accepted 3, answered 3, ended 9, sip -, q850 16
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 3 answered c1 u-ana
    i4 5 hold u-ana party=+15557770001
    i5 5 transfer_started u-ana mode=warm target=u-bas
    i6 5 routing_started c2 strategy=single target=u-bas
    i7 7 no_answer c2 reason=busy
    i8 7 transfer_unanswered c2 u-ana mode=warm
    i9 7 resume u-ana party=+15557770001
    i10 9 call_ended by=external
    0 number +15550100001: a call to u-ana
    0 member u-ana: rung
    5 transfer u-bas: warm, by u-ana
    5 forward u-bas: not passed on to u-ana: he is on this call
    5 member u-bas: rung
    "#);
}

#[test]
fn what_cannot_be_handed_on_to_an_ivr_stays_as_it_is() {
    assert_snapshot!(explained_in(world(), "registered ana ben cat
        0 call +15557770001 -> +15550100001
        5 ana answers
        6 order ana transfer ivr-none
        7 order ana add ben
        8 order ana transfer ivr-eve    # somebody rings
        9 ben answers
        10 order ana transfer ivr-eve   # two would be left
        11 ana refers to ivr-eve
        12 order ben hang up
    "), @r#"
    0      dial ana, showing +15557770001 "Carl Contact"
    5      u-ana is taken
    5      answer caller like ana
    5      bridge caller ana
    6      refused: the target cannot be reached this way
    7      dial ben, showing ana "Ana Agent"
    8      refused: the call is not in a state in which this can be done
    9      u-ben is taken
    9      unbridge caller ana
    9      caller joins room 1
    9      ana joins room 1
    9      ben joins room 1
    9      tell caller that it is - "Conference"
    9      tell ana that it is - "Conference"
    9      tell ben that it is - "Conference"
    10     refused: the call is not in a state in which this can be done
    11     refuse the refer of ana 491
    12     hang up ana Normal
    12     hang up ben Normal
    12     hang up caller Normal
    12     finished
    --
    call inbound answered by internal, owner u-ana, mco -
       accepted 5, answered 5, ended 12, sip -, q850 16
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 7 routing_started c2 u-ana added=true strategy=single target=u-ben
    i5 9 answered c2 u-ben
    i6 12 call_ended by=internal
    0 number +15550100001: a call to u-ana
    0 member u-ana: rung
    7 member u-ben: rung
    "#);
}

#[test]
fn a_recording_ends_where_he_goes_and_begins_anew_where_he_is_answered() {
    let mut world = world();
    world.settings.sound.record_all = true;
    assert_snapshot!(orders_in(world, "registered ana eve
        0 call +15557770001 -> +15550100001
        5 ana answers
        20 order ana transfer ivr-eve
        25 eve answers
        60 caller hangs up
    "), @r#"
    0      dial ana, showing +15557770001 "Carl Contact"
    5      u-ana is taken
    5      answer caller like ana
    5      bridge caller ana
    5      call-a-r1 is 2026/01/05/call-a-r1.wav from 5
    5      record caller | ana as call-a-r1 in 2026/01/05/call-a-r1, Wav
    20     hang up ana Normal
    20     stop call-a-r1
    20     dial eve, showing +15557770001 "Carl Contact"
    20     play caller [Tone(Ringback)] for ever
    25     u-eve is taken
    25     stop playing to caller
    25     bridge caller eve
    25     call-a-r2 is 2026/01/05/call-a-r2.wav from 25
    25     record caller | eve as call-a-r2 in 2026/01/05/call-a-r2, Wav
    25     tell caller that it is +15550100001 "-"
    60     stop call-a-r2
    60     hang up eve Normal
    60     finished
    "#);
}

/// The bridge in which they are is that of a consultation; the next one opens another.
#[test]
fn who_was_left_with_whom_he_consulted_is_handed_on_and_put_on_hold() {
    assert_snapshot!(check("registered ana ben cat eve
        0 call +15557770001 -> +15550100001
        5 ana answers
        10 order ana consult ben
        14 ben answers
        15 caller hangs up
        16 order ana transfer ivr-eve
        20 eve answers
        25 order eve consult cat
        26 cat answers
        30 order eve complete
        35 ben hangs up
    "), @r#"
    0      dial ana, showing +15557770001 "Carl Contact"
    5      u-ana is taken
    5      answer caller like ana
    5      bridge caller ana
    10     dial ben, showing ana "Ana Agent"
    10     unbridge caller ana
    10     play ana [Tone(Ringback)] for ever
    14     u-ben is taken
    14     stop playing to ana
    14     bridge ana ben
    14     tell ana that it is ben "Ben Baker"
    16     hang up ana Normal
    16     dial eve, showing ben "Ben Baker"
    16     play ben [Tone(Ringback)] for ever
    20     u-eve is taken
    20     stop playing to ben
    20     bridge ben eve
    20     tell ben that it is eve "Eve East"
    25     dial cat, showing eve "Eve East"
    25     unbridge ben eve
    25     play eve [Tone(Ringback)] for ever
    26     u-cat is taken
    26     stop playing to eve
    26     bridge eve cat
    26     tell eve that it is cat "Cat Cole"
    30     hang up eve Normal
    30     bridge ben cat
    30     tell ben that it is cat "Cat Cole"
    30     tell cat that it is ben "Ben Baker"
    35     hang up cat Normal
    35     finished
    --
    call inbound answered by internal, owner u-ana, mco -
       accepted 5, answered 5, ended 35, sip -, q850 16
    c1 route user u-ana single, 0..16, answered 5, bridged 5
       answered, transferred, sip 200, q850 16
    c2 consult user u-ben single, 10..35, answered 14, bridged -
       answered, hangup_internal, sip 200, q850 16
    c3 transfer user u-eve single, 16..30, answered 20, bridged -
       answered, transferred, sip 200, q850 16
    c4 consult user u-cat single, 25..35, answered 26, bridged -
       answered, hangup_internal, sip 200, q850 16
    a1 u-ana stage 1 round 1, 0..5, ringing -, answered 200
    a1 u-ben stage 1 round 1, 10..14, ringing -, answered 200
    a1 u-eve stage 1 round 1, 16..20, ringing -, answered 200
    a1 u-cat stage 1 round 1, 25..26, ringing -, answered 200
    p1 p:+15557770001 caller 5..15
    p2 u:u-ana callee 5..16
    p3 u:u-ben consulted 14..35
    p4 u:u-eve transfer_target 20..30
    p5 u:u-cat transfer_target 26..35
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 10 hold u-ana party=+15557770001
    i5 10 transfer_started u-ana mode=warm target=u-ben
    i6 10 routing_started c2 strategy=single target=u-ben
    i7 14 answered c2 u-ben
    i8 15 participant_left party=+15557770001 reason=hangup
    i9 15 transfer_abandoned c2 u-ana mode=warm
    i10 16 transfer_started u-ana mode=cold target=ivr-eve
    i11 16 participant_left c1 u-ana reason=transferred
    i12 16 ivr_entered ivr-eve
    i13 16 routing_started c3 ivr-eve strategy=single target=u-eve
    i14 20 answered c3 u-eve
    i15 20 ivr_exited ivr-eve reason=answered
    i16 20 transfer_completed c3 u-ana mode=cold
    i17 25 hold u-eve party=u:u-ben
    i18 25 transfer_started u-eve mode=warm target=u-cat
    i19 25 routing_started c4 strategy=single target=u-cat
    i20 26 answered c4 u-cat
    i21 30 transfer_completed c4 u-eve mode=warm
    i22 30 participant_left c3 u-eve reason=transferred
    i23 30 resume u-cat party=u:u-ben
    i24 35 call_ended by=internal
    context u-ana u-ben u-cat u-eve u-max;
    "#);
}
