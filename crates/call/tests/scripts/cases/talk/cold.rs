//! Cold transfers (D10, D12, D14): by order and by REFER, answered, returned, given up, twice.

use call::{TransferHear, Unanswered};
use insta::assert_snapshot;

use super::{TALKING, told, told_in};
use crate::directory::directory;
use crate::script::handed_on_in;
use crate::world::World;

#[test]
fn the_caller_hears_that_it_rings_and_everybody_sees_whom_he_talks_with() {
    assert_snapshot!(told("
        10 order ana transfer ben
        12 ben rings
        14 ben answers
        20 caller hangs up
    "), @r#"
    10     dial ben, showing +15557770001 "Carl Contact"
    10     hang up ana Normal
    10     play caller [Tone(Ringback)] for ever
    14     u-ben is taken
    14     stop playing to caller
    14     bridge caller ben
    14     tell caller that it is +15550100002 "-"
    20     hang up ben Normal
    20     finished
    --
    call inbound answered by external, anchor left 20, ended 20
    c1 route u-ana by -, 0..10, answered 5, bridged 5: answered, transferred, -
    c2 transfer u-ben by u-ana, 10..20, answered 14, bridged 14: answered, hangup_external, completed
    p:+15557770001 caller 5..20
    u:u-ana callee 5..10
    u:u-ben transfer_target 14..20
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 10 transfer_started u-ana mode=cold target=u-ben
    i5 10 participant_left c1 u-ana reason=transferred
    i6 10 routing_started c2 strategy=single target=u-ben
    i7 14 answered c2 u-ben
    i8 14 transfer_completed c2 u-ana mode=cold
    i9 20 call_ended by=external
    "#);
}

#[test]
fn or_he_hears_music() {
    let mut world = World::new(directory(""));
    world.settings.transfer.hear = TransferHear::Music;
    world.settings.sound.music_on_hold = Some("music:calm".into());
    assert_snapshot!(told_in(world, "
        10 order ana transfer ben
        14 ben answers
        20 caller hangs up
    "), @r#"
    10     dial ben, showing +15557770001 "Carl Contact"
    10     hang up ana Normal
    10     play caller [Music("calm")] for ever
    14     u-ben is taken
    14     stop playing to caller
    14     bridge caller ben
    14     tell caller that it is +15550100002 "-"
    20     hang up ben Normal
    20     finished
    --
    call inbound answered by external, anchor left 20, ended 20
    c1 route u-ana by -, 0..10, answered 5, bridged 5: answered, transferred, -
    c2 transfer u-ben by u-ana, 10..20, answered 14, bridged 14: answered, hangup_external, completed
    p:+15557770001 caller 5..20
    u:u-ana callee 5..10
    u:u-ben transfer_target 14..20
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 10 transfer_started u-ana mode=cold target=u-ben
    i5 10 participant_left c1 u-ana reason=transferred
    i6 10 routing_started c2 strategy=single target=u-ben
    i7 14 answered c2 u-ben
    i8 14 transfer_completed c2 u-ana mode=cold
    i9 20 call_ended by=external
    "#);
}

/// The transferor's telephone holds, refers and hangs up, as telephones do: the hold ends when
/// the target answers.
#[test]
fn a_telephone_holds_first() {
    assert_snapshot!(told("
        9 ana holds
        10 ana refers to ben
        10.1 ana hangs up
        14 ben answers
        20 ben hangs up
    "), @r#"
    10     accept the refer of ana
    10     dial ben, showing +15557770001 "Carl Contact"
    10     unbridge caller ana
    10     play caller [Tone(Ringback)] for ever
    14     u-ben is taken
    14     stop playing to caller
    14     bridge caller ben
    14     tell caller that it is +15550100002 "-"
    20     hang up caller Normal
    20     finished
    --
    call inbound answered by internal, anchor left 20, ended 20
    c1 route u-ana by -, 0..10, answered 5, bridged 5: answered, transferred, -
    c2 transfer u-ben by u-ana, 10..20, answered 14, bridged 14: answered, hangup_internal, completed
    p:+15557770001 caller 5..20
    u:u-ana callee 5..10
    u:u-ben transfer_target 14..20
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 9 hold u-ana party=+15557770001
    i5 10 transfer_started u-ana mode=cold target=u-ben
    i6 10 participant_left c1 u-ana reason=transferred
    i7 10 routing_started c2 strategy=single target=u-ben
    i8 14 answered c2 u-ben
    i9 14 transfer_completed c2 u-ana mode=cold
    i10 14 resume u-ben party=+15557770001
    i11 20 call_ended by=internal
    "#);
}

/// His telephone that waits is told how it goes, and let go at the end.
#[test]
fn the_transferor_is_told() {
    assert_snapshot!(told("
        10 ana refers to ben
        12 ben rings
        14 ben answers
        20 caller hangs up
    "), @r#"
    10     accept the refer of ana
    10     dial ben, showing +15557770001 "Carl Contact"
    10     unbridge caller ana
    10     play caller [Tone(Ringback)] for ever
    12     notify ana 180
    14     u-ben is taken
    14     notify ana 200
    14     hang up ana Normal
    14     stop playing to caller
    14     bridge caller ben
    14     tell caller that it is +15550100002 "-"
    20     hang up ben Normal
    20     finished
    --
    call inbound answered by external, anchor left 20, ended 20
    c1 route u-ana by -, 0..10, answered 5, bridged 5: answered, transferred, -
    c2 transfer u-ben by u-ana, 10..20, answered 14, bridged 14: answered, hangup_external, completed
    p:+15557770001 caller 5..20
    u:u-ana callee 5..10
    u:u-ben transfer_target 14..20
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 10 transfer_started u-ana mode=cold target=u-ben
    i5 10 participant_left c1 u-ana reason=transferred
    i6 10 routing_started c2 strategy=single target=u-ben
    i7 14 answered c2 u-ben
    i8 14 transfer_completed c2 u-ana mode=cold
    i9 20 call_ended by=external
    "#);
}

/// He has not hung up yet: he is back at once, and nothing rings.
#[test]
fn a_target_that_is_busy_gives_the_call_back_at_once() {
    assert_snapshot!(told("
        9 ana holds
        10 ana refers to ben
        12 ben fails 486
        13 ana resumes
        20 ana hangs up
    "), @r#"
    10     accept the refer of ana
    10     dial ben, showing +15557770001 "Carl Contact"
    10     unbridge caller ana
    10     play caller [Tone(Ringback)] for ever
    12     notify ana 486
    12     u-ana is taken
    12     stop playing to caller
    12     bridge caller ana
    12     tell ana that it is +15557770001 "Carl Contact"
    20     hang up caller Normal
    20     finished
    --
    call inbound answered by internal, anchor left 20, ended 20
    c1 route u-ana by -, 0..10, answered 5, bridged 5: answered, transferred, -
    c2 transfer u-ben by u-ana, 10..12, answered -, bridged -: busy, not_answered, returned
    c3 recall u-ana by -, 12..20, answered 12, bridged 12: answered, hangup_internal, -
    p:+15557770001 caller 5..20
    u:u-ana callee 5..20
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 9 hold u-ana party=+15557770001
    i5 10 transfer_started u-ana mode=cold target=u-ben
    i6 10 participant_left c1 u-ana reason=transferred
    i7 10 routing_started c2 strategy=single target=u-ben
    i8 12 no_answer c2 reason=busy
    i9 12 transfer_returned c2 u-ana mode=cold
    i10 12 routing_started c3 strategy=single target=u-ana
    i11 12 answered c3 u-ana
    i12 13 resume u-ana party=+15557770001
    i13 20 call_ended by=internal
    "#);
}

/// His telephone hangs up because its REFER was accepted, and crosses the return (JsSIP, Teams).
#[test]
fn who_lets_go_while_the_call_comes_back_is_rung() {
    assert_snapshot!(told("
        10 ana refers to ben
        11 ben fails 480
        12 ana hangs up
        13 ana answers
        20 ana hangs up
    "), @r#"
    10     accept the refer of ana
    10     dial ben, showing +15557770001 "Carl Contact"
    10     unbridge caller ana
    10     play caller [Tone(Ringback)] for ever
    11     notify ana 480
    11     u-ana is taken
    11     stop playing to caller
    11     bridge caller ana
    11     tell ana that it is +15557770001 "Carl Contact"
    12     dial ana, showing +15557770001 "Carl Contact"
    12     play caller [Tone(Ringback)] for ever
    13     u-ana is taken
    13     stop playing to caller
    13     bridge caller ana
    20     hang up caller Normal
    20     finished
    --
    call inbound answered by internal, anchor left 20, ended 20
    c1 route u-ana by -, 0..10, answered 5, bridged 5: answered, transferred, -
    c2 transfer u-ben by u-ana, 10..11, answered -, bridged -: unavailable, not_answered, returned
    c3 recall u-ana by -, 11..12, answered 11, bridged 11: answered, hangup_internal, -
    c4 recall u-ana by -, 12..20, answered 13, bridged 13: answered, hangup_internal, -
    p:+15557770001 caller 5..20
    u:u-ana callee 5..20
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 10 transfer_started u-ana mode=cold target=u-ben
    i5 10 participant_left c1 u-ana reason=transferred
    i6 10 routing_started c2 strategy=single target=u-ben
    i7 11 no_answer c2 reason=unavailable
    i8 11 transfer_returned c2 u-ana mode=cold
    i9 11 routing_started c3 strategy=single target=u-ana
    i10 11 answered c3 u-ana
    i11 12 participant_left c3 u-ana reason=hangup
    i12 12 routing_started c4 strategy=single target=u-ana
    i13 13 answered c4 u-ana
    i14 20 call_ended by=internal
    "#);
}

#[test]
fn a_transferor_who_has_hung_up_is_rung() {
    assert_snapshot!(told("
        10 order ana transfer ben
        12 ben fails 603
        15 ana answers
        20 caller hangs up
    "), @r#"
    10     dial ben, showing +15557770001 "Carl Contact"
    10     hang up ana Normal
    10     play caller [Tone(Ringback)] for ever
    12     dial ana, showing +15557770001 "Carl Contact"
    15     u-ana is taken
    15     stop playing to caller
    15     bridge caller ana
    20     hang up ana Normal
    20     finished
    --
    call inbound answered by external, anchor left 20, ended 20
    c1 route u-ana by -, 0..10, answered 5, bridged 5: answered, transferred, -
    c2 transfer u-ben by u-ana, 10..12, answered -, bridged -: declined, not_answered, returned
    c3 recall u-ana by -, 12..20, answered 15, bridged 15: answered, hangup_external, -
    p:+15557770001 caller 5..20
    u:u-ana callee 5..20
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 10 transfer_started u-ana mode=cold target=u-ben
    i5 10 participant_left c1 u-ana reason=transferred
    i6 10 routing_started c2 strategy=single target=u-ben
    i7 12 no_answer c2 reason=declined
    i8 12 transfer_returned c2 u-ana mode=cold
    i9 12 routing_started c3 strategy=single target=u-ana
    i10 15 answered c3 u-ana
    i11 20 call_ended by=external
    "#);
}

#[test]
fn nobody_answers_the_recall_either() {
    assert_snapshot!(told("
        10 order ana transfer ben
        12 ben fails 603
        100 pass
    "), @r#"
    10     dial ben, showing +15557770001 "Carl Contact"
    10     hang up ana Normal
    10     play caller [Tone(Ringback)] for ever
    12     dial ana, showing +15557770001 "Carl Contact"
    42     cancel ana NoAnswer
    42     hang up caller Normal
    42     finished
    --
    call inbound answered by system, anchor left 42, ended 42
    c1 route u-ana by -, 0..10, answered 5, bridged 5: answered, transferred, -
    c2 transfer u-ben by u-ana, 10..12, answered -, bridged -: declined, not_answered, returned
    c3 recall u-ana by -, 12..42, answered -, bridged -: no_answer, not_answered, -
    p:+15557770001 caller 5..42
    u:u-ana callee 5..10
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 10 transfer_started u-ana mode=cold target=u-ben
    i5 10 participant_left c1 u-ana reason=transferred
    i6 10 routing_started c2 strategy=single target=u-ben
    i7 12 no_answer c2 reason=declined
    i8 12 transfer_returned c2 u-ana mode=cold
    i9 12 routing_started c3 strategy=single target=u-ana
    i10 42 no_answer c3 reason=timeout
    i11 42 call_ended by=system
    "#);
}

#[test]
fn or_an_unanswered_transfer_ends_the_call() {
    let mut world = World::new(directory(""));
    world.settings.transfer.unanswered = Unanswered::End;
    assert_snapshot!(told_in(world, "
        10 ana refers to ben
        50 pass
    "), @r#"
    10     accept the refer of ana
    10     dial ben, showing +15557770001 "Carl Contact"
    10     unbridge caller ana
    10     play caller [Tone(Ringback)] for ever
    40     cancel ben NoAnswer
    40     notify ana 480
    40     hang up ana Normal
    40     hang up caller Normal
    40     finished
    --
    call inbound answered by system, anchor left 40, ended 40
    c1 route u-ana by -, 0..10, answered 5, bridged 5: answered, transferred, -
    c2 transfer u-ben by u-ana, 10..40, answered -, bridged -: no_answer, not_answered, unanswered
    p:+15557770001 caller 5..40
    u:u-ana callee 5..10
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 10 transfer_started u-ana mode=cold target=u-ben
    i5 10 participant_left c1 u-ana reason=transferred
    i6 10 routing_started c2 strategy=single target=u-ben
    i7 40 no_answer c2 reason=timeout
    i8 40 transfer_unanswered c2 u-ana mode=cold
    i9 40 call_ended by=system
    "#);
}

#[test]
fn the_caller_leaves_while_the_target_rings() {
    assert_snapshot!(told("
        10 ana refers to ben
        12 caller hangs up
    "), @r#"
    10     accept the refer of ana
    10     dial ben, showing +15557770001 "Carl Contact"
    10     unbridge caller ana
    10     play caller [Tone(Ringback)] for ever
    12     cancel ben CallerGone
    12     notify ana 487
    12     hang up ana Normal
    12     finished
    --
    call inbound answered by external, anchor left 12, ended 12
    c1 route u-ana by -, 0..10, answered 5, bridged 5: answered, transferred, -
    c2 transfer u-ben by u-ana, 10..12, answered -, bridged -: canceled, not_answered, unanswered
    p:+15557770001 caller 5..12
    u:u-ana callee 5..10
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 10 transfer_started u-ana mode=cold target=u-ben
    i5 10 participant_left c1 u-ana reason=transferred
    i6 10 routing_started c2 strategy=single target=u-ben
    i7 12 no_answer c2 reason=caller_hangup
    i8 12 transfer_unanswered c2 u-ana mode=cold
    i9 12 call_ended by=external
    "#);
}

/// Far and far go on: the user who made the call has left it.
#[test]
fn an_outbound_call_is_handed_on() {
    let script = "registered ana ben
        0 call ana -> +15557770002
        5 +15557770002 answers
        10 ana refers to ben
        11 caller hangs up
        14 ben answers
        20 +15557770002 hangs up";
    let script = script.replace("ana refers", "caller refers");
    assert_snapshot!(handed_on_in(World::new(directory("")), 6.0, &script), @r#"
    10     accept the refer of caller
    10     dial ben, showing +15557770002 "Dora Contact"
    10     unbridge caller +15557770002
    10     play +15557770002 [Tone(Ringback)] for ever
    14     u-ben is taken
    14     stop playing to +15557770002
    14     bridge +15557770002 ben
    14     tell +15557770002 that it is +15550100002 "-"
    20     hang up ben Normal
    20     finished
    --
    call outbound answered by external, anchor left 10, ended 20
    c1 dial +15557770002 by -, 0..20, answered 5, bridged 5: answered, hangup_external, -
    c2 transfer u-ben by u-ana, 10..20, answered 14, bridged 14: answered, hangup_external, completed
    u:u-ana caller 5..10
    p:+15557770002 callee 5..20
    u:u-ben transfer_target 14..20
    i1 0 call_started u-ana direction=outbound
    i2 0 dial_started c1 added=false to=+15557770002
    i3 5 answered c1 party=+15557770002
    i4 10 transfer_started u-ana mode=cold target=u-ben
    i5 10 participant_left u-ana reason=transferred
    i6 10 routing_started c2 strategy=single target=u-ben
    i7 14 answered c2 u-ben
    i8 14 transfer_completed c2 u-ana mode=cold
    i9 20 call_ended by=external
    "#);
}

/// Both who are left are outside.
#[test]
fn an_outbound_call_is_handed_on_to_a_number_outside() {
    let script = "registered ana
        0 call ana -> +15557770002
        5 +15557770002 answers
        10 order ana transfer +15557770003
        14 +15557770003 answers
        20 +15557770003 hangs up";
    assert_snapshot!(handed_on_in(World::new(directory("")), 6.0, script), @r#"
    10     dial +15557770003 by carrier-a, showing +15557770002
    10     hang up caller Normal
    10     play +15557770002 [Tone(Ringback)] for ever
    14     stop playing to +15557770002
    14     bridge +15557770002 +15557770003
    14     tell +15557770002 that it is +15557770003 "-"
    20     hang up +15557770002 Normal
    20     finished
    --
    call outbound answered by external, anchor left 10, ended 20
    c1 dial +15557770002 by -, 0..20, answered 5, bridged 5: answered, hangup_external, -
    c2 transfer +15557770003 by u-ana, 10..20, answered 14, bridged 14: answered, hangup_external, completed
    u:u-ana caller 5..10
    p:+15557770002 callee 5..20
    p:+15557770003 transfer_target 14..20
    i1 0 call_started u-ana direction=outbound
    i2 0 dial_started c1 added=false to=+15557770002
    i3 5 answered c1 party=+15557770002
    i4 10 transfer_started u-ana mode=cold target=+15557770003
    i5 10 participant_left u-ana reason=transferred
    i6 10 routing_started c2 strategy=single target=+15557770003
    i7 14 answered c2 party=+15557770003
    i8 14 transfer_completed c2 u-ana mode=cold
    i9 20 call_ended by=external
    "#);
}

#[test]
fn back_and_forth() {
    assert_snapshot!(told("
        10 order ana transfer ben
        14 ben answers
        20 order ben transfer ana
        24 ana answers
        30 order ana transfer ben
        34 ben answers
        40 caller hangs up
    "), @r#"
    10     dial ben, showing +15557770001 "Carl Contact"
    10     hang up ana Normal
    10     play caller [Tone(Ringback)] for ever
    14     u-ben is taken
    14     stop playing to caller
    14     bridge caller ben
    14     tell caller that it is +15550100002 "-"
    20     dial ana, showing +15557770001 "Carl Contact"
    20     hang up ben Normal
    20     play caller [Tone(Ringback)] for ever
    24     u-ana is taken
    24     stop playing to caller
    24     bridge caller ana
    24     tell caller that it is +15550100001 "-"
    30     dial ben, showing +15557770001 "Carl Contact"
    30     hang up ana Normal
    30     play caller [Tone(Ringback)] for ever
    34     u-ben is taken
    34     stop playing to caller
    34     bridge caller ben
    34     tell caller that it is +15550100002 "-"
    40     hang up ben Normal
    40     finished
    --
    call inbound answered by external, anchor left 40, ended 40
    c1 route u-ana by -, 0..10, answered 5, bridged 5: answered, transferred, -
    c2 transfer u-ben by u-ana, 10..20, answered 14, bridged 14: answered, transferred, completed
    c3 transfer u-ana by u-ben, 20..30, answered 24, bridged 24: answered, transferred, completed
    c4 transfer u-ben by u-ana, 30..40, answered 34, bridged 34: answered, hangup_external, completed
    p:+15557770001 caller 5..40
    u:u-ana callee 5..30
    u:u-ben transfer_target 14..40
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 10 transfer_started u-ana mode=cold target=u-ben
    i5 10 participant_left c1 u-ana reason=transferred
    i6 10 routing_started c2 strategy=single target=u-ben
    i7 14 answered c2 u-ben
    i8 14 transfer_completed c2 u-ana mode=cold
    i9 20 transfer_started u-ben mode=cold target=u-ana
    i10 20 participant_left c2 u-ben reason=transferred
    i11 20 routing_started c3 strategy=single target=u-ana
    i12 24 answered c3 u-ana
    i13 24 transfer_completed c3 u-ben mode=cold
    i14 30 transfer_started u-ana mode=cold target=u-ben
    i15 30 participant_left c3 u-ana reason=transferred
    i16 30 routing_started c4 strategy=single target=u-ben
    i17 34 answered c4 u-ben
    i18 34 transfer_completed c4 u-ana mode=cold
    i19 40 call_ended by=external
    "#);
}

/// Two of a conference transfer at once: each is a search of its own.
#[test]
fn two_transfers_at_once() {
    assert_snapshot!(told("
        10 order ana add ben
        11 ben answers
        20 order ana transfer cat
        21 order ben transfer dan
        22 order ben transfer eve
        24 dan answers
        25 cat answers
        30 caller hangs up
    "), @r#"
    10     dial ben, showing ana "Ana Agent"
    11     u-ben is taken
    11     unbridge caller ana
    11     caller joins room 1
    11     ana joins room 1
    11     ben joins room 1
    11     tell caller that it is - "Conference"
    11     tell ana that it is - "Conference"
    11     tell ben that it is - "Conference"
    20     dial cat, showing +15557770001 "Carl Contact"
    20     hang up ana Normal
    20     bridge caller ben
    20     tell caller that it is +15550100002 "-"
    20     tell ben that it is +15557770001 "Carl Contact"
    21     dial dan, showing +15557770001 "Carl Contact"
    21     hang up ben Normal
    21     play caller [Tone(Ringback)] for ever
    22     refused: this is not yours to order
    24     u-dan is taken
    24     stop playing to caller
    24     bridge caller dan
    24     tell caller that it is +15550100004 "-"
    25     u-cat is taken
    25     unbridge caller dan
    25     caller joins room 1
    25     dan joins room 1
    25     cat joins room 1
    25     tell caller that it is - "Conference"
    25     tell dan that it is - "Conference"
    25     tell cat that it is - "Conference"
    30     bridge dan cat
    30     tell dan that it is cat "Cat Cole"
    30     tell cat that it is dan "Dan Diaz"
    --
    call inbound - by -, anchor left 30, ended -
    c1 route u-ana by -, 0..20, answered 5, bridged 5: answered, transferred, -
    c2 add u-ben by u-ana, 10..21, answered 11, bridged 11: answered, transferred, -
    c3 transfer u-cat by u-ana, 20..-, answered 25, bridged 25: answered, -, completed
    c4 transfer u-dan by u-ben, 21..-, answered 24, bridged 24: answered, -, completed
    p:+15557770001 caller 5..30
    u:u-ana callee 5..20
    u:u-ben added 11..21
    u:u-dan transfer_target 24..-
    u:u-cat transfer_target 25..-
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 10 routing_started c2 u-ana added=true strategy=single target=u-ben
    i5 11 answered c2 u-ben
    i6 20 transfer_started u-ana mode=cold target=u-cat
    i7 20 participant_left c1 u-ana reason=transferred
    i8 20 routing_started c3 strategy=single target=u-cat
    i9 21 transfer_started u-ben mode=cold target=u-dan
    i10 21 participant_left c2 u-ben reason=transferred
    i11 21 routing_started c4 strategy=single target=u-dan
    i12 24 answered c4 u-dan
    i13 24 transfer_completed c4 u-ben mode=cold
    i14 25 answered c3 u-cat
    i15 25 transfer_completed c3 u-ana mode=cold
    i16 30 participant_left party=+15557770001 reason=hangup
    "#);
}

/// Who goes on talking does so; nobody is called back.
#[test]
fn an_unanswered_transfer_out_of_a_conference() {
    assert_snapshot!(told("
        10 order ana add ben
        11 ben answers
        20 order ana transfer cat
        60 pass
        70 caller hangs up
    "), @r#"
    10     dial ben, showing ana "Ana Agent"
    11     u-ben is taken
    11     unbridge caller ana
    11     caller joins room 1
    11     ana joins room 1
    11     ben joins room 1
    11     tell caller that it is - "Conference"
    11     tell ana that it is - "Conference"
    11     tell ben that it is - "Conference"
    20     dial cat, showing +15557770001 "Carl Contact"
    20     hang up ana Normal
    20     bridge caller ben
    20     tell caller that it is +15550100002 "-"
    20     tell ben that it is +15557770001 "Carl Contact"
    50     cancel cat NoAnswer
    70     hang up ben Normal
    70     finished
    --
    call inbound answered by external, anchor left 70, ended 70
    c1 route u-ana by -, 0..20, answered 5, bridged 5: answered, transferred, -
    c2 add u-ben by u-ana, 10..70, answered 11, bridged 11: answered, hangup_external, -
    c3 transfer u-cat by u-ana, 20..50, answered -, bridged -: no_answer, not_answered, unanswered
    p:+15557770001 caller 5..70
    u:u-ana callee 5..20
    u:u-ben added 11..70
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 10 routing_started c2 u-ana added=true strategy=single target=u-ben
    i5 11 answered c2 u-ben
    i6 20 transfer_started u-ana mode=cold target=u-cat
    i7 20 participant_left c1 u-ana reason=transferred
    i8 20 routing_started c3 strategy=single target=u-cat
    i9 50 no_answer c3 reason=timeout
    i10 50 transfer_unanswered c3 u-ana mode=cold
    i11 70 call_ended by=external
    "#);
}

/// The winner of a group is the target; who lost has nothing to do with it.
#[test]
fn a_group_nobody_of_which_is_there() {
    let script = TALKING.replace(" cat dan eve", "");
    let script = format!(
        "{script}
        10 ana refers to g-supp
        20 caller hangs up"
    );
    assert_snapshot!(handed_on_in(World::new(directory("")), 6.0, &script), @r"
    10     accept the refer of ana
    10     notify ana 480
    10     u-ana is taken
    20     hang up ana Normal
    20     finished
    --
    call inbound answered by external, anchor left 20, ended 20
    c1 route u-ana by -, 0..10, answered 5, bridged 5: answered, transferred, -
    c2 transfer g-supp by u-ana, 10..10, answered -, bridged -: unavailable, not_answered, returned
    c3 recall u-ana by -, 10..20, answered 10, bridged 10: answered, hangup_external, -
    p:+15557770001 caller 5..20
    u:u-ana callee 5..20
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 10 transfer_started u-ana mode=cold target=g-supp
    i5 10 participant_left c1 u-ana reason=transferred
    i6 10 routing_started c2 strategy=simulring target=g-supp
    i7 10 no_answer c2 reason=unavailable
    i8 10 transfer_returned c2 u-ana mode=cold
    i9 10 routing_started c3 strategy=single target=u-ana
    i10 10 answered c3 u-ana
    i11 20 call_ended by=external
    ");
}

#[test]
fn refers_that_are_refused() {
    assert_snapshot!(told("
        10 caller refers to ben
        11 ana refers to u-nobody
        12 ana refers to ana
        13 ana refers to ben
        14 ana refers to cat
        20 caller hangs up
    "), @r#"
    10     refuse the refer of caller 403
    11     refuse the refer of ana 404
    12     refuse the refer of ana 404
    13     accept the refer of ana
    13     dial ben, showing +15557770001 "Carl Contact"
    13     unbridge caller ana
    13     play caller [Tone(Ringback)] for ever
    14     refuse the refer of ana 491
    20     cancel ben CallerGone
    20     notify ana 487
    20     hang up ana Normal
    20     finished
    --
    call inbound answered by external, anchor left 20, ended 20
    c1 route u-ana by -, 0..13, answered 5, bridged 5: answered, transferred, -
    c2 transfer u-ben by u-ana, 13..20, answered -, bridged -: canceled, not_answered, unanswered
    p:+15557770001 caller 5..20
    u:u-ana callee 5..13
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 13 transfer_started u-ana mode=cold target=u-ben
    i5 13 participant_left c1 u-ana reason=transferred
    i6 13 routing_started c2 strategy=single target=u-ben
    i7 20 no_answer c2 reason=caller_hangup
    i8 20 transfer_unanswered c2 u-ana mode=cold
    i9 20 call_ended by=external
    "#);
}

/// The server stops while a target rings.
#[test]
fn shutdown_in_a_transfer() {
    assert_snapshot!(told("
        10 ana refers to ben
        12 release
    "), @r#"
    10     accept the refer of ana
    10     dial ben, showing +15557770001 "Carl Contact"
    10     unbridge caller ana
    10     play caller [Tone(Ringback)] for ever
    12     cancel ben Shutdown
    12     notify ana 480
    12     hang up ana Normal
    12     hang up caller Shutdown
    12     finished
    --
    call inbound answered by system, anchor left 12, ended 12
    c1 route u-ana by -, 0..10, answered 5, bridged 5: answered, transferred, -
    c2 transfer u-ben by u-ana, 10..12, answered -, bridged -: failed, not_answered, unanswered
    p:+15557770001 caller 5..12
    u:u-ana callee 5..10
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 10 transfer_started u-ana mode=cold target=u-ben
    i5 10 participant_left c1 u-ana reason=transferred
    i6 10 routing_started c2 strategy=single target=u-ben
    i7 12 no_answer c2 reason=failed
    i8 12 transfer_unanswered c2 u-ana mode=cold
    i9 12 call_ended by=system
    "#);
}

/// Eve is a member of the group and free from then on; it is she who does not want the call.
#[test]
fn who_hands_on_to_a_group_of_his_own_is_not_rung() {
    assert_snapshot!(told("
        7 B: call cat -> eve
        8 B: eve answers
        20 B: order eve transfer g-supp
        25 B: caller hangs up
    "), @r#"
    7      B: dial eve, showing cat "Cat Cole"
    8      B: u-eve is taken
    8      B: answer caller like eve
    8      B: bridge caller eve
    20     B: dial dan, showing cat "Cat Cole"
    20     B: hang up eve Normal
    20     B: play caller [Tone(Ringback)] for ever
    25     B: cancel dan CallerGone
    25     B: finished
    --
    call inbound - by -, anchor left -, ended -
    c1 route u-ana by -, 0..-, answered 5, bridged 5: answered, -, -
    p:+15557770001 caller 5..-
    u:u-ana callee 5..-
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana--
    call internal answered by internal, anchor left 18, ended 18
    c1 route u-eve by -, 0..13, answered 1, bridged 1: answered, transferred, -
    c2 transfer g-supp by u-eve, 13..18, answered -, bridged -: canceled, not_answered, unanswered
    u:u-cat caller 1..18
    u:u-eve callee 1..13
    i1 0 call_started u-cat direction=internal
    i2 0 routing_started c1 strategy=single target=u-eve
    i3 1 answered c1 u-eve
    i4 13 transfer_started u-eve mode=cold target=g-supp
    i5 13 participant_left c1 u-eve reason=transferred
    i6 13 routing_started c2 strategy=simulring target=g-supp
    i7 18 no_answer c2 reason=caller_hangup
    i8 18 transfer_unanswered c2 u-eve mode=cold
    i9 18 call_ended by=internal
    "#);
}

/// Ana was free for a moment, and Cat has called her.
#[test]
fn who_gets_the_call_back_at_once_is_rung_by_no_other() {
    assert_snapshot!(told("
        10 ana refers to ben
        11 B: call cat -> ana
        12 B: ana rings
        14 ben fails 486
        20 ana hangs up
    "), @r#"
    10     accept the refer of ana
    10     dial ben, showing +15557770001 "Carl Contact"
    10     unbridge caller ana
    10     play caller [Tone(Ringback)] for ever
    11     B: dial ana, showing cat "Cat Cole"
    12     B: ring caller
    14     notify ana 486
    14     u-ana is taken
    14     stop playing to caller
    14     bridge caller ana
    14     tell ana that it is +15557770001 "Carl Contact"
    14     B: cancel ana UserBusy
    14     B: reject caller 486
    14     B: finished
    20     hang up caller Normal
    20     finished
    --
    call inbound answered by internal, anchor left 20, ended 20
    c1 route u-ana by -, 0..10, answered 5, bridged 5: answered, transferred, -
    c2 transfer u-ben by u-ana, 10..14, answered -, bridged -: busy, not_answered, returned
    c3 recall u-ana by -, 14..20, answered 14, bridged 14: answered, hangup_internal, -
    p:+15557770001 caller 5..20
    u:u-ana callee 5..20
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 10 transfer_started u-ana mode=cold target=u-ben
    i5 10 participant_left c1 u-ana reason=transferred
    i6 10 routing_started c2 strategy=single target=u-ben
    i7 14 no_answer c2 reason=busy
    i8 14 transfer_returned c2 u-ana mode=cold
    i9 14 routing_started c3 strategy=single target=u-ana
    i10 14 answered c3 u-ana
    i11 20 call_ended by=internal--
    call internal busy by system, anchor left 3, ended 3
    c1 route u-ana by -, 0..3, answered -, bridged -: busy, not_answered, -
    u:u-cat caller -..-
    u:u-ana callee -..-
    i1 0 call_started u-cat direction=internal
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 3 no_answer c1 reason=busy
    i4 3 call_ended by=system
    "#);
}
