//! Nobody answers: the call comes back to the transferor, ends, or is given up before (D14).

use call::Unanswered;
use insta::assert_snapshot;

use crate::cases::talk::{TALKING, told, told_in};
use crate::directory::directory;
use crate::script::handed_on_in;
use crate::world::World;

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
