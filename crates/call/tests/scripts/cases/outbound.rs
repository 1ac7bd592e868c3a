//! Users dial numbers outside (D4, D44, S11, S13).

use insta::assert_snapshot;

use crate::script::check;

const DIALS: &str = "registered ana\n 0 call ana -> +15557770002\n";

#[test]
fn early_media_then_the_answer() {
    assert_snapshot!(check(&format!("{DIALS}
        1 +15557770002 rings with media
        12 +15557770002 answers
        72 +15557770002 hangs up
    ")), @r"
    0      dial +15557770002 by carrier-a, showing +15550100001
    1      ring caller with the media of +15557770002
    12     answer caller like +15557770002
    12     bridge caller +15557770002
    72     hang up caller Normal
    72     finished
    --
    call outbound answered by external, owner u-ana, mco -
       accepted 12, answered 12, ended 72, sip -, q850 16
    c1 dial external +15557770002 single, 0..72, answered 12, bridged 12
       answered, hangup_external, sip 200, q850 16
    p1 u:u-ana caller 12..72
    p2 p:+15557770002 callee 12..72
    i1 0 call_started u-ana direction=outbound
    i2 0 dial_started c1 added=false to=+15557770002
    i3 12 answered c1 party=+15557770002
    i4 72 call_ended by=external
    context u-ana;
    ");
}

#[test]
fn the_user_gives_up() {
    assert_snapshot!(check(&format!("{DIALS}
        1 +15557770002 rings
        9 caller cancels
        9.1 +15557770002 answers
    ")), @r"
    0      dial +15557770002 by carrier-a, showing +15550100001
    1      ring caller
    9      cancel +15557770002 CallerGone
    9      finished
    --
    call outbound canceled by internal, owner u-ana, mco -
       accepted -, answered -, ended 9, sip 487, q850 16
    c1 dial external +15557770002 single, 0..9, answered -, bridged -
       canceled, not_answered, sip 487, q850 16
    p1 u:u-ana caller -..-
    p2 p:+15557770002 callee -..-
    i1 0 call_started u-ana direction=outbound
    i2 0 dial_started c1 added=false to=+15557770002
    i3 9 no_answer c1 reason=caller_hangup
    i4 9 call_ended by=internal
    context u-ana;
    ");
}

#[test]
fn our_timer_runs_out() {
    assert_snapshot!(check(&format!("{DIALS} 200 pass")), @r"
    0      dial +15557770002 by carrier-a, showing +15550100001
    120    cancel +15557770002 NoAnswer
    120    reject caller 480
    120    finished
    --
    call outbound no_answer by system, owner u-ana, mco -
       accepted -, answered -, ended 120, sip 480, q850 19
    c1 dial external +15557770002 single, 0..120, answered -, bridged -
       no_answer, not_answered, sip 480, q850 19
    p1 u:u-ana caller -..-
    p2 p:+15557770002 callee -..-
    i1 0 call_started u-ana direction=outbound
    i2 0 dial_started c1 added=false to=+15557770002
    i3 120 no_answer c1 reason=timeout
    i4 120 call_ended by=system
    context u-ana;
    ");
}

#[test]
fn the_far_end_is_busy() {
    assert_snapshot!(check(&format!("{DIALS} 3 +15557770002 fails 486")), @r"
    0      dial +15557770002 by carrier-a, showing +15550100001
    3      reject caller 486
    3      finished
    --
    call outbound busy by external, owner u-ana, mco -
       accepted -, answered -, ended 3, sip 486, q850 17
    c1 dial external +15557770002 single, 0..3, answered -, bridged -
       busy, not_answered, sip 486, q850 17
    p1 u:u-ana caller -..-
    p2 p:+15557770002 callee -..-
    i1 0 call_started u-ana direction=outbound
    i2 0 dial_started c1 added=false to=+15557770002
    i3 3 no_answer c1 reason=busy
    i4 3 call_ended by=external
    context u-ana;
    ");
}

#[test]
fn a_number_that_does_not_exist_is_unavailable_and_the_call_failed() {
    assert_snapshot!(check(&format!("{DIALS} 3 +15557770002 fails 404")), @r"
    0      dial +15557770002 by carrier-a, showing +15550100001
    3      reject caller 480
    3      finished
    --
    call outbound failed by external, owner u-ana, mco -
       accepted -, answered -, ended 3, sip 480, q850 1
    c1 dial external +15557770002 single, 0..3, answered -, bridged -
       unavailable, not_answered, sip 404, q850 1
    p1 u:u-ana caller -..-
    p2 p:+15557770002 callee -..-
    i1 0 call_started u-ana direction=outbound
    i2 0 dial_started c1 added=false to=+15557770002
    i3 3 no_answer c1 reason=unavailable
    i4 3 call_ended by=external
    context u-ana;
    ");
}

#[test]
fn a_trunk_that_cannot_be_reached_fails_the_call() {
    assert_snapshot!(check(&format!("{DIALS} 3 +15557770002 fails 503")), @r"
    0      dial +15557770002 by carrier-a, showing +15550100001
    3      reject caller 480
    3      finished
    --
    call outbound failed by external, owner u-ana, mco -
       accepted -, answered -, ended 3, sip 480, q850 41
    c1 dial external +15557770002 single, 0..3, answered -, bridged -
       failed, not_answered, sip 503, q850 41
    p1 u:u-ana caller -..-
    p2 p:+15557770002 callee -..-
    i1 0 call_started u-ana direction=outbound
    i2 0 dial_started c1 added=false to=+15557770002
    i3 3 no_answer c1 reason=failed
    i4 3 call_ended by=external
    context u-ana;
    ");
}

#[test]
fn a_short_code_is_sent_as_dialled_and_names_no_number() {
    assert_snapshot!(check("registered ana
        0 call ana -> 911
        2 911 answers
        5 caller holds
        6 caller hangs up
    "), @r"
    0      dial 911 by carrier-a, showing +15550100001
    2      answer caller like 911
    2      bridge caller 911
    6      hang up 911 Normal
    6      finished
    --
    call outbound answered by internal, owner u-ana, mco -
       accepted 2, answered 2, ended 6, sip -, q850 16
    c1 dial external 911 single, 0..6, answered 2, bridged 2
       answered, hangup_internal, sip 200, q850 16
    p1 u:u-ana caller 2..6
    p2 a:call-a callee 2..6
    i1 0 call_started u-ana direction=outbound
    i2 0 dial_started c1 added=false to=911
    i3 2 answered c1 party=911
    i4 5 hold u-ana party=911
    i5 6 call_ended by=internal
    context u-ana;
    ");
}
