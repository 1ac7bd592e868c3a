//! A call that is made for a user by order: he is rung first.

use insta::assert_snapshot;

use crate::script::check;

#[test]
fn the_user_is_rung_first_and_then_whom_he_is_to_reach() {
    assert_snapshot!(check("registered ana ben
        0 originate ana -> ben
        1 ana rings
        3 ana answers
        4 ben rings
        6 ben answers
        20 ana hangs up
    "), @r#"
    0      call ana
    3      u-ana is taken
    3      play ana [Tone(Ringback)] for ever
    3      dial ben, showing ana "Ana Agent"
    6      u-ben is taken
    6      stop playing to ana
    6      bridge ana ben
    20     hang up ben Normal
    20     finished
    --
    call internal answered by internal, owner u-ana, mco -
       accepted 3, answered 6, ended 20, sip -, q850 16
    c1 route user u-ben single, 3..20, answered 6, bridged 6
       answered, hangup_internal, sip 200, q850 16
    a1 u-ben stage 1 round 1, 3..6, ringing 4, answered 200
    p1 u:u-ana caller 3..20
    p2 u:u-ben callee 6..20
    i1 0 call_started u-ana direction=internal
    i2 3 routing_started c1 strategy=single target=u-ben
    i3 6 answered c1 u-ben
    i4 20 call_ended by=internal
    context u-ana u-ben u-max;
    "#);
}

#[test]
fn outside_is_dialled_with_his_caller_id_once_he_is_there() {
    assert_snapshot!(check("registered ana
        0 originate ana -> +15557770002
        3 ana answers
        5 +15557770002 answers
        20 +15557770002 hangs up
    "), @r#"
    0      call ana
    3      u-ana is taken
    3      play ana [Tone(Ringback)] for ever
    3      dial +15557770002 by carrier-a, showing +15550100001
    5      stop playing to ana
    5      bridge ana +15557770002
    20     hang up ana Normal
    20     finished
    --
    call outbound answered by external, owner u-ana, mco -
       accepted 3, answered 5, ended 20, sip -, q850 16
    c1 dial external +15557770002 single, 3..20, answered 5, bridged 5
       answered, hangup_external, sip 200, q850 16
    p1 u:u-ana caller 3..20
    p2 p:+15557770002 callee 5..20
    i1 0 call_started u-ana direction=outbound
    i2 3 dial_started c1 added=false to=+15557770002
    i3 5 answered c1 party=+15557770002
    i4 20 call_ended by=external
    context u-ana;
    "#);
}

#[test]
fn who_does_not_answer_has_not_called() {
    assert_snapshot!(check("registered ana ben
        0 originate ana -> ben
        60 B: originate ben -> +15557770002
        61 B: ben fails 486
        70 C: originate ben -> g-none
        71 D: originate ben -> ana
        72 E: call +15557770001 -> +15550100002
        73 E: ben answers
        80 E: ben hangs up
    "), @r#"
    0      call ana
    30     cancel ana NoAnswer
    30     finished
    60     B: call ben
    61     B: finished
    70     refused: the target cannot be reached this way
    71     D: call ben
    72     E: dial ben, showing +15557770001 "Carl Contact"
    73     E: u-ben is taken
    73     E: answer caller like ben
    73     E: bridge caller ben
    73     D: cancel ben UserBusy
    73     D: finished
    80     E: hang up caller Normal
    80     E: finished
    --
    call internal canceled by system, owner u-ana, mco -
       accepted -, answered -, ended 30, sip 487, q850 19
    p1 u:u-ana caller -..-
    p2 u:u-ben callee -..-
    i1 0 call_started u-ana direction=internal
    i2 30 call_ended by=system
    context u-ana u-ben u-max;
    --
    call outbound canceled by internal, owner u-ben, mco -
       accepted -, answered -, ended 1, sip 487, q850 17
    p1 u:u-ben caller -..-
    p2 p:+15557770002 callee -..-
    i1 0 call_started u-ben direction=outbound
    i2 1 call_ended by=internal
    context u-ben u-max;
    --
    call internal canceled by internal, owner u-ben, mco -
       accepted -, answered -, ended 2, sip 487, q850 19
    p1 u:u-ben caller -..-
    p2 u:u-ana callee -..-
    i1 0 call_started u-ben direction=internal
    i2 2 call_ended by=internal
    context u-ana u-ben u-max;
    --
    call inbound answered by internal, owner u-ben, mco -
       accepted 1, answered 1, ended 8, sip -, q850 16
    c1 route user u-ben single, 0..8, answered 1, bridged 1
       answered, hangup_internal, sip 200, q850 16
    a1 u-ben stage 1 round 1, 0..1, ringing -, answered 200
    p1 p:+15557770001 caller 1..8
    p2 u:u-ben callee 1..8
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ben
    i3 1 answered c1 u-ben
    i4 8 call_ended by=internal
    context u-ben u-max;
    "#);
}
