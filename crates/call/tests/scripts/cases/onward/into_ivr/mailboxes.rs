//! A transfer that nobody answers ends in a mailbox, where that takes something (D14, D48).

use call::Unanswered;
use insta::assert_snapshot;

use super::{check, when};
use crate::script::{check_in, orders_in};

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
