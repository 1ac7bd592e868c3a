//! Transfers beside one another, of a conference and of a group, and those that are refused
//! meanwhile.

use insta::assert_snapshot;

use crate::cases::talk::told;

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
