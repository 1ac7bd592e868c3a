//! The IVR leads into a queue, or is that of a group: he is served, leaves it, asks to be called
//! back, or returns to where he came from (D48).

use insta::assert_snapshot;

use super::{check, world};
use crate::script::orders_in;

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
