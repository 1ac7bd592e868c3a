//! The ways out of a queue: too long, too full, nobody there, a digit, hanging up, the last lap.

use insta::assert_snapshot;

use super::{check, explained, world};
use crate::script::play;

#[test]
fn who_hangs_up_while_a_member_rings_leaves_nothing_behind() {
    assert_snapshot!(check("registered ben
        0 call +15557770001 -> +15550400001
        1 B: call +15557770002 -> +15550400001
        3 ben rings
        5 caller hangs up         # ben is free for B in the same step
        5 ben settles 487
        6 B: caller hangs up
    "), @r#"
    0      answer caller
    0      play caller [Music("calm")] for ever
    0      dial ben, showing +15557770001 "Carl Contact"
    0      cursor of g-turn at u-ben
    1      B: answer caller
    1      B: play caller [Music("calm")] for ever
    5      cancel ben CallerGone
    5      finished
    5      B: dial ben, showing +15557770002 "Dora Contact"
    5      B: cursor of g-turn at u-ben
    6      B: cancel ben CallerGone
    6      B: finished
    --
    call inbound missed by external, owner u-mia, mco u-mia
       accepted 0, answered -, ended 5, sip -, q850 16
    c1 route group g-turn round_robin, 0..5, answered -, bridged -
       canceled, not_answered, sip 487, q850 16
    a1 u-ben stage 1 round 1, 0..5, ringing 3, caller_hangup 487
    w1 g-turn place 1 priority 0, 0..5 abandoned
    p1 p:+15557770001 caller 0..5
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-turn
    i3 0 routing_started c1 ivr-turn strategy=round_robin target=g-turn
    i4 5 no_answer c1 reason=caller_hangup
    i5 5 ivr_exited ivr-turn reason=caller_hangup
    i6 5 call_ended by=external
    context u-ben u-max u-mia; g-turn
    --
    call inbound missed by external, owner u-mia, mco u-mia
       accepted 0, answered -, ended 5, sip -, q850 16
    c1 route group g-turn round_robin, 0..5, answered -, bridged -
       canceled, not_answered, sip 487, q850 16
    a1 u-ben stage 1 round 1, 4..5, ringing -, caller_hangup 487
    w1 g-turn place 2 priority 0, 0..5 abandoned
    p1 p:+15557770002 caller 0..5
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-turn
    i3 0 routing_started c1 ivr-turn strategy=round_robin target=g-turn
    i4 5 no_answer c1 reason=caller_hangup
    i5 5 ivr_exited ivr-turn reason=caller_hangup
    i6 5 call_ended by=external
    context u-ben u-max u-mia; g-turn
    "#);
}

#[test]
fn nobody_comes_and_the_caller_goes_on_after_the_longest_time() {
    assert_snapshot!(check("
        0 call +15557770001 -> +15550400001
        200 pass
        500 pass
    "), @r#"
    0      answer caller
    0      play caller [Music("calm")] for ever
    30     play caller [Text("Thank you for waiting."), Say(Position(1)), Text("Press 0 to leave.")]
    120    stop playing to caller
    120    play caller [Text("Goodbye.")]
    420    stop playing to caller
    420    hang up caller Normal
    420    finished
    --
    call inbound missed by system, owner u-mia, mco u-mia
       accepted 0, answered -, ended 420, sip -, q850 20
    c1 route group g-turn round_robin, 0..420, answered -, bridged -
       unavailable, not_answered, sip 480, q850 20
    w1 g-turn place 1 priority 0, 0..120 timeout
    p1 p:+15557770001 caller 0..420
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-turn
    i3 0 routing_started c1 ivr-turn strategy=round_robin target=g-turn
    i4 120 no_answer c1 reason=unavailable
    i5 120 ivr_exited ivr-turn next=ivr-bye reason=next_ivr
    i6 120 ivr_entered ivr-bye
    i7 420 ivr_exited ivr-bye reason=system_hangup
    i8 420 call_ended by=system
    context u-mia; g-turn
    "#);
}

#[test]
fn who_was_rung_and_did_not_answer_makes_it_a_timeout() {
    assert_snapshot!(explained("registered ana
        0 call +15557770001 -> +15550400001
        12 ana is away
        130 caller heard
    "), @r#"
    0      answer caller
    0      play caller [Music("calm")] for ever
    0      dial ana, showing +15557770001 "Carl Contact"
    0      cursor of g-turn at u-ana
    10     cancel ana NoAnswer
    10     dial ana, showing +15557770001 "Carl Contact"
    10     cursor of g-turn at u-ana
    20     cancel ana NoAnswer
    30     play caller [Text("Thank you for waiting."), Say(Position(1)), Text("Press 0 to leave.")]
    120    stop playing to caller
    120    play caller [Text("Goodbye.")]
    130    hang up caller Normal
    130    finished
    --
    call inbound missed by system, owner u-mia, mco u-mia
       accepted 0, answered -, ended 130, sip -, q850 19
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-turn
    i3 0 routing_started c1 ivr-turn strategy=round_robin target=g-turn
    i4 120 no_answer c1 reason=timeout
    i5 120 ivr_exited ivr-turn next=ivr-bye reason=next_ivr
    i6 120 ivr_entered ivr-bye
    i7 130 ivr_exited ivr-bye reason=system_hangup
    i8 130 call_ended by=system
    0 number +15550400001: enters ivr-turn
    0 ivr ivr-turn version 1: entered: call_transfer
    0 strategy g-turn: round_robin
    0 member u-ben: passed over: not registered
    0 queue g-turn: entered at place 1 with priority 0
    0 member u-ana: rung for g-turn, lap 1
    10 member u-ana: rung for g-turn, lap 2
    120 queue g-turn: left: waited as long as the IVR lets him
    120 ivr ivr-bye version 1: entered: play_and_hangup
    "#);
}

#[test]
fn who_is_rung_shortly_before_the_caller_gives_up_misses_nothing() {
    let mut world = world();
    play(
        &mut world,
        "
        0 call +15557770001 -> +15550400001
        115 ana registers        # rung for 5 s of 10, because the wait ends
        121 ana settles 487",
    );
    let graph = world.calls[0].graph.as_ref().expect("a graph");
    assert_eq!(graph.attempts[0].outcome.map(|word| word.as_str()), Some("no_answer"));
    let missed: u32 = world.floor.wallboard(world.time()).agents.iter().map(|a| a.missed).sum();
    assert_eq!(missed, 0);
}

#[test]
fn a_full_queue_leads_elsewhere_at_once() {
    assert_snapshot!(check("registered ana
        0 call +15557770001 -> +15550400004
        1 B: call +15557770002 -> +15550400004
        3 B: caller heard
        4 caller hangs up
    "), @r#"
    0      answer caller
    0      play caller [Music("calm")] for ever
    0      dial ana, showing +15557770001 "Carl Contact"
    0      cursor of g-turn at u-ana
    1      B: answer caller
    1      B: play caller [Text("All lines are busy.")]
    3      B: hang up caller Normal
    3      B: finished
    4      cancel ana CallerGone
    4      finished
    --
    call inbound missed by external, owner -, mco -
       accepted 0, answered -, ended 4, sip -, q850 16
    c1 route group g-turn round_robin, 0..4, answered -, bridged -
       canceled, not_answered, sip 487, q850 16
    a1 u-ana stage 1 round 1, 0..4, ringing -, caller_hangup 487
    w1 g-turn place 1 priority 0, 0..4 abandoned
    p1 p:+15557770001 caller 0..4
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-one
    i3 0 routing_started c1 ivr-one strategy=round_robin target=g-turn
    i4 4 no_answer c1 reason=caller_hangup
    i5 4 ivr_exited ivr-one reason=caller_hangup
    i6 4 call_ended by=external
    context u-ana; g-turn
    --
    call inbound missed by system, owner -, mco -
       accepted 0, answered -, ended 2, sip -, q850 20
    c1 route group g-turn round_robin, 0..2, answered -, bridged -
       unavailable, not_answered, sip 480, q850 20
    p1 p:+15557770002 caller 0..2
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-one
    i3 0 routing_started c1 ivr-one strategy=round_robin target=g-turn
    i4 0 no_answer c1 reason=unavailable
    i5 0 ivr_exited ivr-one next=ivr-full reason=next_ivr
    i6 0 ivr_entered ivr-full
    i7 2 ivr_exited ivr-full reason=system_hangup
    i8 2 call_ended by=system
    context ; g-turn
    "#);
}

#[test]
fn who_is_not_to_wait_for_nobody_leaves_when_the_last_member_goes() {
    assert_snapshot!(explained("registered ana
        0 call +15557770001 -> +15550400004
        2 ana unregisters        # the call that rings her goes on
        2 ana fails 480
        9 caller heard
        10 B: call +15557770002 -> +15550400004
        12 B: caller heard
    "), @r#"
    0      answer caller
    0      play caller [Music("calm")] for ever
    0      dial ana, showing +15557770001 "Carl Contact"
    0      cursor of g-turn at u-ana
    3      stop playing to caller
    3      play caller [Text("Goodbye.")]
    9      hang up caller Normal
    9      finished
    10     B: answer caller
    10     B: play caller [Text("Goodbye.")]
    12     B: hang up caller Normal
    12     B: finished
    --
    call inbound missed by system, owner -, mco -
       accepted 0, answered -, ended 9, sip -, q850 18
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-one
    i3 0 routing_started c1 ivr-one strategy=round_robin target=g-turn
    i4 3 no_answer c1 reason=unavailable
    i5 3 ivr_exited ivr-one next=ivr-bye reason=next_ivr
    i6 3 ivr_entered ivr-bye
    i7 9 ivr_exited ivr-bye reason=system_hangup
    i8 9 call_ended by=system
    0 number +15550400004: enters ivr-one
    0 ivr ivr-one version 1: entered: call_transfer
    0 strategy g-turn: round_robin
    0 member u-ben: passed over: not registered
    0 queue g-turn: entered at place 1 with priority 0
    0 member u-ana: rung for g-turn, lap 1
    3 queue g-turn: left: no member is there
    3 ivr ivr-bye version 1: entered: play_and_hangup
    --
    call inbound missed by system, owner -, mco -
       accepted 0, answered -, ended 2, sip -, q850 20
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-one
    i3 0 routing_started c1 ivr-one strategy=round_robin target=g-turn
    i4 0 no_answer c1 reason=unavailable
    i5 0 ivr_exited ivr-one next=ivr-bye reason=next_ivr
    i6 0 ivr_entered ivr-bye
    i7 2 ivr_exited ivr-bye reason=system_hangup
    i8 2 call_ended by=system
    0 number +15550400004: enters ivr-one
    0 ivr ivr-one version 1: entered: call_transfer
    0 strategy g-turn: round_robin
    0 member u-ana: passed over: not registered
    0 member u-ben: passed over: not registered
    0 queue g-turn: entered at place 1 with priority 0
    0 queue g-turn: left: no member is there
    0 ivr ivr-bye version 1: entered: play_and_hangup
    "#);
}

#[test]
fn a_digit_leads_out_of_the_queue_and_stops_who_rings() {
    assert_snapshot!(explained("registered ana
        0 call +15557770001 -> +15550400001
        3 caller presses 7       # nothing
        4 caller presses 0
        4.1 ana settles 487
        6 caller heard
    "), @r#"
    0      answer caller
    0      play caller [Music("calm")] for ever
    0      dial ana, showing +15557770001 "Carl Contact"
    0      cursor of g-turn at u-ana
    4      cancel ana CallerGone
    4      stop playing to caller
    4      play caller [Text("Goodbye.")]
    6      hang up caller Normal
    6      finished
    --
    call inbound missed by system, owner u-mia, mco u-mia
       accepted 0, answered -, ended 6, sip -, q850 19
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-turn
    i3 0 routing_started c1 ivr-turn strategy=round_robin target=g-turn
    i4 4 no_answer c1 reason=timeout
    i5 4 menu_selected ivr-turn digit=0 next=ivr-bye
    i6 4 ivr_exited ivr-turn next=ivr-bye reason=menu_option
    i7 4 ivr_entered ivr-bye
    i8 6 ivr_exited ivr-bye reason=system_hangup
    i9 6 call_ended by=system
    0 number +15550400001: enters ivr-turn
    0 ivr ivr-turn version 1: entered: call_transfer
    0 strategy g-turn: round_robin
    0 member u-ben: passed over: not registered
    0 queue g-turn: entered at place 1 with priority 0
    0 member u-ana: rung for g-turn, lap 1
    4 menu ivr-turn: 0 was pressed: to ivr-bye
    4 ivr ivr-bye version 1: entered: play_and_hangup
    "#);
}

#[test]
fn every_lap_is_over_and_so_is_the_wait() {
    assert_snapshot!(explained("registered ana ben
        0 call +15557770001 -> +15550400005
        20 pass
    "), @r#"
    0      answer caller
    0      play caller [Music("calm")] for ever
    0      dial ana, showing +15557770001 "Carl Contact"
    0      cursor of g-turn at u-ana
    5      cancel ana NoAnswer
    5      dial ben, showing +15557770001 "Carl Contact"
    5      cursor of g-turn at u-ben
    10     cancel ben NoAnswer
    10     hang up caller Normal
    10     finished
    --
    call inbound missed by system, owner -, mco -
       accepted 0, answered -, ended 10, sip -, q850 19
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-laps
    i3 0 routing_started c1 ivr-laps strategy=round_robin target=g-turn
    i4 10 no_answer c1 reason=timeout
    i5 10 ivr_exited ivr-laps reason=system_hangup
    i6 10 call_ended by=system
    0 number +15550400005: enters ivr-laps
    0 ivr ivr-laps version 1: entered: call_transfer
    0 strategy g-turn: round_robin
    0 queue g-turn: entered at place 1 with priority 0
    0 member u-ana: rung for g-turn, lap 1
    5 member u-ben: rung for g-turn, lap 1
    10 queue g-turn: left: every lap is over
    "#);
}

#[test]
fn the_server_stops_and_nobody_is_reserved() {
    assert_snapshot!(check("registered ana
        0 call +15557770001 -> +15550400001
        3 release
        4 B: call +15557770002 -> +15550400001
        5 B: caller hangs up
    "), @r#"
    0      answer caller
    0      play caller [Music("calm")] for ever
    0      dial ana, showing +15557770001 "Carl Contact"
    0      cursor of g-turn at u-ana
    3      cancel ana Shutdown
    3      hang up caller Shutdown
    3      finished
    4      B: answer caller
    4      B: play caller [Music("calm")] for ever
    4      B: dial ana, showing +15557770002 "Dora Contact"
    4      B: cursor of g-turn at u-ana
    5      B: cancel ana CallerGone
    5      B: finished
    --
    call inbound missed by system, owner u-mia, mco u-mia
       accepted 0, answered -, ended 3, sip -, q850 41
    c1 route group g-turn round_robin, 0..3, answered -, bridged -
       failed, not_answered, sip 480, q850 41
    a1 u-ana stage 1 round 1, 0..3, ringing -, failed 487
    w1 g-turn place 1 priority 0, 0..3 stopped
    p1 p:+15557770001 caller 0..3
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-turn
    i3 0 routing_started c1 ivr-turn strategy=round_robin target=g-turn
    i4 3 no_answer c1 reason=failed
    i5 3 ivr_exited ivr-turn reason=system_hangup
    i6 3 call_ended by=system
    context u-ana u-mia; g-turn
    --
    call inbound missed by external, owner u-mia, mco u-mia
       accepted 0, answered -, ended 1, sip -, q850 16
    c1 route group g-turn round_robin, 0..1, answered -, bridged -
       canceled, not_answered, sip 487, q850 16
    a1 u-ana stage 1 round 1, 0..1, ringing -, caller_hangup 487
    w1 g-turn place 1 priority 0, 0..1 abandoned
    p1 p:+15557770002 caller 0..1
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-turn
    i3 0 routing_started c1 ivr-turn strategy=round_robin target=g-turn
    i4 1 no_answer c1 reason=caller_hangup
    i5 1 ivr_exited ivr-turn reason=caller_hangup
    i6 1 call_ended by=external
    context u-ana u-mia; g-turn
    "#);
}
