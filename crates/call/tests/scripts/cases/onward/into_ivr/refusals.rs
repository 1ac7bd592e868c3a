//! What an IVR does not reach: whoever is on the call already, and orders that leave everything as
//! it is (D48).

use insta::assert_snapshot;

use super::{check, world};
use crate::script::explained_in;

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
