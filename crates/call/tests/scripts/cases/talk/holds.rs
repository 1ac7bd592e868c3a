//! Holds by order end where they were begun: who goes to another bridge holds nobody there.

use insta::assert_snapshot;

use super::told;

#[test]
fn who_holds_and_then_consults_speaks_with_whom_he_consults() {
    assert_snapshot!(told("
        8 order ana hold
        10 order ana consult ben
        14 ben answers
        18 order ana abandon
        25 caller hangs up
    "), @r#"
    8      unbridge caller ana
    10     dial ben, showing ana "Ana Agent"
    10     play ana [Tone(Ringback)] for ever
    14     u-ben is taken
    14     stop playing to ana
    14     bridge ana ben
    14     tell ana that it is ben "Ben Baker"
    18     hang up ben Normal
    18     bridge caller ana
    18     tell ana that it is +15557770001 "Carl Contact"
    25     hang up ana Normal
    25     finished
    --
    call inbound answered by external, anchor left 25, ended 25
    c1 route u-ana by -, 0..25, answered 5, bridged 5: answered, hangup_external, -
    c2 consult u-ben by u-ana, 10..18, answered 14, bridged -: answered, abandoned, abandoned
    p:+15557770001 caller 5..25
    u:u-ana callee 5..25
    u:u-ben consulted 14..18
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 8 hold u-ana party=+15557770001
    i5 10 transfer_started u-ana mode=warm target=u-ben
    i6 10 routing_started c2 strategy=single target=u-ben
    i7 14 answered c2 u-ben
    i8 18 transfer_abandoned c2 u-ana mode=warm
    i9 18 participant_left c2 u-ben reason=abandoned
    i10 18 resume u-ana party=+15557770001
    i11 25 call_ended by=external
    "#);
}

#[test]
fn who_is_consulted_and_holds_does_not_hold_the_caller_whom_he_gets() {
    assert_snapshot!(told("
        10 order ana consult ben
        14 ben answers
        15 order ben hold
        18 order ana complete
        25 caller hangs up
    "), @r#"
    10     dial ben, showing ana "Ana Agent"
    10     unbridge caller ana
    10     play ana [Tone(Ringback)] for ever
    14     u-ben is taken
    14     stop playing to ana
    14     bridge ana ben
    14     tell ana that it is ben "Ben Baker"
    15     unbridge ana ben
    18     hang up ana Normal
    18     bridge caller ben
    18     tell caller that it is +15550100002 "-"
    18     tell ben that it is +15557770001 "Carl Contact"
    25     hang up ben Normal
    25     finished
    --
    call inbound answered by external, anchor left 25, ended 25
    c1 route u-ana by -, 0..18, answered 5, bridged 5: answered, transferred, -
    c2 consult u-ben by u-ana, 10..25, answered 14, bridged 18: answered, hangup_external, completed
    p:+15557770001 caller 5..25
    u:u-ana callee 5..18
    u:u-ben transfer_target 14..25
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 10 hold u-ana party=+15557770001
    i5 10 transfer_started u-ana mode=warm target=u-ben
    i6 10 routing_started c2 strategy=single target=u-ben
    i7 14 answered c2 u-ben
    i8 15 hold u-ben party=u:u-ana
    i9 18 transfer_completed c2 u-ana mode=warm
    i10 18 participant_left c1 u-ana reason=transferred
    i11 18 resume u-ben party=+15557770001
    i12 25 call_ended by=external
    "#);
}

#[test]
fn a_conference_is_not_held_by_who_held_the_line_that_it_grew_from() {
    assert_snapshot!(told("
        8 order ana hold
        10 B: call ana -> ben
        12 B: ben answers
        14 takes B joined by ana
        20 caller hangs up
        21 ana hangs up
    "), @r#"
    8      unbridge caller ana
    10     B: dial ben, showing ana "Ana Agent"
    12     B: u-ben is taken
    12     B: answer caller like ben
    12     B: bridge caller ben
    14     B: unbridge caller ben
    14     B: finished
    14     hang up B.caller Normal
    14     caller joins room 1
    14     ana joins room 1
    14     ben joins room 1
    14     tell caller that it is - "Conference"
    14     tell ana that it is - "Conference"
    14     tell ben that it is - "Conference"
    20     bridge ana ben
    20     tell ana that it is ben "Ben Baker"
    20     tell ben that it is ana "Ana Agent"
    21     hang up ben Normal
    21     finished
    --
    call inbound answered by internal, anchor left 20, ended 21
    c1 route u-ana by -, 0..21, answered 5, bridged 5: answered, hangup_internal, -
    c2 consult u-ben by u-ana, 10..21, answered 12, bridged 14: answered, hangup_internal, conference
    p:+15557770001 caller 5..20
    u:u-ana callee 5..21
    u:u-ben added 12..21
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 8 hold u-ana party=+15557770001
    i5 10 transfer_started u-ana mode=warm target=u-ben
    i6 10 routing_started c2 strategy=single target=u-ben
    i7 12 answered c2 u-ben
    i8 14 call_absorbed call_id=call-b
    i9 14 transfer_completed c2 u-ana mode=warm
    i10 14 resume u-ana party=+15557770001
    i11 20 participant_left party=+15557770001 reason=hangup
    i12 21 call_ended by=internal--
    no rows
    "#);
}

/// Ana is away when Cat leaves the caller alone: it is Cat who has put him on hold.
#[test]
fn of_two_who_consult_the_last_holds_whom_they_have_left() {
    assert_snapshot!(told("
        7 order ana add cat
        8 cat answers
        10 order ana consult ben
        11 ben answers
        12 order cat consult dan
        13 dan answers
        14 order cat abandon
        15 order ana abandon
        16 caller hangs up
    "), @r#"
    7      dial cat, showing ana "Ana Agent"
    8      u-cat is taken
    8      unbridge caller ana
    8      caller joins room 1
    8      ana joins room 1
    8      cat joins room 1
    8      tell caller that it is - "Conference"
    8      tell ana that it is - "Conference"
    8      tell cat that it is - "Conference"
    10     dial ben, showing ana "Ana Agent"
    10     ana leaves its room
    10     bridge caller cat
    10     play ana [Tone(Ringback)] for ever
    10     tell caller that it is +15550100001 "-"
    10     tell cat that it is +15557770001 "Carl Contact"
    11     u-ben is taken
    11     stop playing to ana
    11     bridge ana ben
    11     tell ana that it is ben "Ben Baker"
    12     dial dan, showing cat "Cat Cole"
    12     unbridge caller cat
    12     play cat [Tone(Ringback)] for ever
    13     u-dan is taken
    13     stop playing to cat
    13     bridge cat dan
    13     tell cat that it is dan "Dan Diaz"
    14     hang up dan Normal
    14     bridge caller cat
    14     tell cat that it is +15557770001 "Carl Contact"
    15     hang up ben Normal
    15     unbridge caller cat
    15     caller joins room 1
    15     ana joins room 1
    15     cat joins room 1
    15     tell caller that it is - "Conference"
    15     tell ana that it is - "Conference"
    15     tell cat that it is - "Conference"
    16     bridge ana cat
    16     tell ana that it is cat "Cat Cole"
    16     tell cat that it is ana "Ana Agent"
    --
    call inbound - by -, anchor left 16, ended -
    c1 route u-ana by -, 0..-, answered 5, bridged 5: answered, -, -
    c2 add u-cat by u-ana, 7..-, answered 8, bridged 8: answered, -, -
    c3 consult u-ben by u-ana, 10..15, answered 11, bridged -: answered, abandoned, abandoned
    c4 consult u-dan by u-cat, 12..14, answered 13, bridged -: answered, abandoned, abandoned
    p:+15557770001 caller 5..16
    u:u-ana callee 5..-
    u:u-cat added 8..-
    u:u-ben consulted 11..15
    u:u-dan consulted 13..14
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 7 routing_started c2 u-ana added=true strategy=single target=u-cat
    i5 8 answered c2 u-cat
    i6 10 transfer_started u-ana mode=warm target=u-ben
    i7 10 routing_started c3 strategy=single target=u-ben
    i8 11 answered c3 u-ben
    i9 12 hold u-cat party=+15557770001
    i10 12 transfer_started u-cat mode=warm target=u-dan
    i11 12 routing_started c4 strategy=single target=u-dan
    i12 13 answered c4 u-dan
    i13 14 transfer_abandoned c4 u-cat mode=warm
    i14 14 participant_left c4 u-dan reason=abandoned
    i15 14 resume u-cat party=+15557770001
    i16 15 transfer_abandoned c3 u-ana mode=warm
    i17 15 participant_left c3 u-ben reason=abandoned
    i18 16 participant_left party=+15557770001 reason=hangup
    "#);
}
