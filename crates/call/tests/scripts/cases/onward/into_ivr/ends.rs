//! Nobody answers there: the transferor gets the call back, or it ends (D14, D48).

use call::Unanswered;
use insta::assert_snapshot;

use super::{check, when};
use crate::script::check_in;

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
