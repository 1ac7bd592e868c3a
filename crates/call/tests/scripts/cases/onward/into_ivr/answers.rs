//! Somebody answers there: for a caller, for whom a user has called outside, for a user who was
//! called, and for who was left with whom he consulted (D48).

use insta::assert_snapshot;

use super::{check, world};
use crate::script::orders_in;

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
