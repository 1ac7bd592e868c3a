//! What others got wrong when calls are handed on, each as a call that has to come out right.

use insta::assert_snapshot;

use super::told;
use crate::directory::directory;
use crate::script::handed_on_in;
use crate::world::World;

/// asterisk/asterisk#759, FreePBX #124: an attended transfer to a group keeps one call's id, and
/// who is credited with the talk is who talked.
#[test]
fn asterisk_759_a_group_is_consulted() {
    assert_snapshot!(told("
        10 order ana consult g-supp
        14 eve answers
        16 order ana complete
        76 caller hangs up
    "), @r#"
    10     dial dan, showing ana "Ana Agent"
    10     dial eve, showing ana "Ana Agent"
    10     dial cat, showing ana "Ana Agent"
    10     unbridge caller ana
    10     play ana [Tone(Ringback)] for ever
    14     cancel dan AnsweredElsewhere
    14     cancel cat AnsweredElsewhere
    14     u-eve is taken
    14     stop playing to ana
    14     bridge ana eve
    14     tell ana that it is eve "Eve East"
    16     hang up ana Normal
    16     bridge caller eve
    16     tell eve that it is +15557770001 "Carl Contact"
    76     hang up eve Normal
    76     finished
    --
    call inbound answered by external, anchor left 76, ended 76
    c1 route u-ana by -, 0..16, answered 5, bridged 5: answered, transferred, -
    c2 consult g-supp by u-ana, 10..76, answered 14, bridged 16: answered, hangup_external, completed
    p:+15557770001 caller 5..76
    u:u-ana callee 5..16
    u:u-eve transfer_target 14..76
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 10 hold u-ana party=+15557770001
    i5 10 transfer_started u-ana mode=warm target=g-supp
    i6 10 routing_started c2 strategy=simulring target=g-supp
    i7 14 answered c2 u-eve
    i8 16 transfer_completed c2 u-ana mode=warm
    i9 16 participant_left c1 u-ana reason=transferred
    i10 16 resume u-eve party=+15557770001
    i11 76 call_ended by=external
    "#);
}

/// mikopbx/Core#1084, #1100, #1125: the losers of a group that hang up late close nobody's row,
/// and a recording goes on after a consultation in vain.
#[test]
fn mikopbx_1084_losers_change_nothing() {
    let mut world = World::new(directory(""));
    world.settings.sound.record_all = true;
    let script = "registered ana ben cat dan eve
        0 call +15557770001 -> +15550200001
        5 ben answers
        6 order ben consult g-supp
        7 dan answers
        8 eve answers
        8 cat settles 487
        9 order ben complete
        10 eve hangs up
        30 order dan consult ana
        32 ana fails 486
        60 caller hangs up";
    assert_snapshot!(handed_on_in(world, 6.0, script), @r#"
    6      dial dan, showing ben "Ben Baker"
    6      dial eve, showing ben "Ben Baker"
    6      dial cat, showing ben "Ben Baker"
    6      unbridge caller ben
    6      play ben [Tone(Ringback)] for ever
    6      record caller | nobody as call-a-r1 in 2026/01/05/call-a-r1, Wav
    7      cancel eve AnsweredElsewhere
    7      cancel cat AnsweredElsewhere
    7      u-dan is taken
    7      stop playing to ben
    7      bridge ben dan
    7      tell ben that it is dan "Dan Diaz"
    8      hang up eve AnsweredElsewhere
    9      hang up ben Normal
    9      bridge caller dan
    9      record caller | dan as call-a-r1 in 2026/01/05/call-a-r1, Wav
    9      tell caller that it is +15550100004 "-"
    9      tell dan that it is +15557770001 "Carl Contact"
    30     dial ana, showing dan "Dan Diaz"
    30     unbridge caller dan
    30     play dan [Tone(Ringback)] for ever
    30     record caller | nobody as call-a-r1 in 2026/01/05/call-a-r1, Wav
    32     stop playing to dan
    32     bridge caller dan
    32     record caller | dan as call-a-r1 in 2026/01/05/call-a-r1, Wav
    60     stop call-a-r1
    60     hang up dan Normal
    60     finished
    --
    call inbound answered by external, anchor left 60, ended 60
    c1 route g-sales by -, 0..9, answered 5, bridged 5: answered, transferred, -
    c2 consult g-supp by u-ben, 6..60, answered 7, bridged 9: answered, hangup_external, completed
    c3 consult u-ana by u-dan, 30..32, answered -, bridged -: busy, not_answered, unanswered
    p:+15557770001 caller 0..60
    u:u-ben callee 5..9
    u:u-dan transfer_target 7..60
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-sales
    i3 0 routing_started c1 ivr-sales strategy=simulring target=g-sales
    i4 5 answered c1 u-ben
    i5 5 ivr_exited ivr-sales reason=answered
    i6 6 hold u-ben party=+15557770001
    i7 6 transfer_started u-ben mode=warm target=g-supp
    i8 6 routing_started c2 strategy=simulring target=g-supp
    i9 7 answered c2 u-dan
    i10 9 transfer_completed c2 u-ben mode=warm
    i11 9 participant_left c1 u-ben reason=transferred
    i12 9 resume u-dan party=+15557770001
    i13 30 hold u-dan party=+15557770001
    i14 30 transfer_started u-dan mode=warm target=u-ana
    i15 30 routing_started c3 strategy=single target=u-ana
    i16 32 no_answer c3 reason=busy
    i17 32 transfer_unanswered c3 u-dan mode=warm
    i18 32 resume u-dan party=+15557770001
    i19 60 call_ended by=external
    "#);
}

/// signalwire/freeswitch#1057: a REFER on a leg that has hung up loses nothing.
#[test]
fn freeswitch_1057_a_refer_crosses_a_hangup() {
    assert_snapshot!(told("
        10 ana hangs up
    "), @r"
    10     hang up caller Normal
    10     finished
    --
    call inbound answered by internal, anchor left 10, ended 10
    c1 route u-ana by -, 0..10, answered 5, bridged 5: answered, hangup_internal, -
    p:+15557770001 caller 5..10
    u:u-ana callee 5..10
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 10 call_ended by=internal
    ");
}

/// Teams, JsSIP: the transferor's BYE comes before the last NOTIFY.
#[test]
fn an_early_bye_of_the_transferor() {
    assert_snapshot!(told("
        10 ana refers to ben
        11 ana hangs up
        12 ben rings
        14 ben answers
        25 caller hangs up
    "), @r#"
    10     accept the refer of ana
    10     dial ben, showing +15557770001 "Carl Contact"
    10     unbridge caller ana
    10     play caller [Tone(Ringback)] for ever
    14     u-ben is taken
    14     stop playing to caller
    14     bridge caller ben
    14     tell caller that it is +15550100002 "-"
    25     hang up ben Normal
    25     finished
    --
    call inbound answered by external, anchor left 25, ended 25
    c1 route u-ana by -, 0..10, answered 5, bridged 5: answered, transferred, -
    c2 transfer u-ben by u-ana, 10..25, answered 14, bridged 14: answered, hangup_external, completed
    p:+15557770001 caller 5..25
    u:u-ana callee 5..10
    u:u-ben transfer_target 14..25
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 10 transfer_started u-ana mode=cold target=u-ben
    i5 10 participant_left c1 u-ana reason=transferred
    i6 10 routing_started c2 strategy=single target=u-ben
    i7 14 answered c2 u-ben
    i8 14 transfer_completed c2 u-ana mode=cold
    i9 25 call_ended by=external
    "#);
}

/// jambonz-feature-server#281, #620: the caller leaves while an outside target rings.
#[test]
fn jambonz_281_a_dial_has_its_end() {
    assert_snapshot!(told("
        10 order ana transfer +15557770002
        11 +15557770002 rings
        12 caller hangs up
        13 +15557770002 settles 487
    "), @r"
    10     dial +15557770002 by carrier-a, showing +15557770001
    10     hang up ana Normal
    10     play caller [Tone(Ringback)] for ever
    12     cancel +15557770002 CallerGone
    12     finished
    --
    call inbound answered by external, anchor left 12, ended 12
    c1 route u-ana by -, 0..10, answered 5, bridged 5: answered, transferred, -
    c2 transfer +15557770002 by u-ana, 10..12, answered -, bridged -: canceled, not_answered, unanswered
    p:+15557770001 caller 5..12
    u:u-ana callee 5..10
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 10 transfer_started u-ana mode=cold target=+15557770002
    i5 10 participant_left c1 u-ana reason=transferred
    i6 10 routing_started c2 strategy=single target=+15557770002
    i7 12 no_answer c2 reason=caller_hangup
    i8 12 transfer_unanswered c2 u-ana mode=cold
    i9 12 call_ended by=external
    ");
}

/// A target whose answer crosses the caller's hang-up is let go.
#[test]
fn an_answer_crosses_the_end() {
    assert_snapshot!(told("
        10 order ana consult ben
        11 order ana abandon
        12 ben answers
        25 caller hangs up
    "), @r#"
    10     dial ben, showing ana "Ana Agent"
    10     unbridge caller ana
    10     play ana [Tone(Ringback)] for ever
    11     cancel ben CallerGone
    11     stop playing to ana
    11     bridge caller ana
    12     hang up ben CallerGone
    25     hang up ana Normal
    25     finished
    --
    call inbound answered by external, anchor left 25, ended 25
    c1 route u-ana by -, 0..25, answered 5, bridged 5: answered, hangup_external, -
    c2 consult u-ben by u-ana, 10..11, answered -, bridged -: canceled, not_answered, unanswered
    p:+15557770001 caller 5..25
    u:u-ana callee 5..25
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 10 hold u-ana party=+15557770001
    i5 10 transfer_started u-ana mode=warm target=u-ben
    i6 10 routing_started c2 strategy=single target=u-ben
    i7 11 no_answer c2 reason=caller_hangup
    i8 11 transfer_unanswered c2 u-ana mode=warm
    i9 11 resume u-ana party=+15557770001
    i10 25 call_ended by=external
    "#);
}
