//! What queues elsewhere got wrong; each case carries the thread in which they were told of it.

use insta::assert_snapshot;

use super::{check, orders, world};
use crate::script::play;

#[test]
fn mikopbx_1043_who_declined_is_not_rung_again_for_this_caller() {
    // https://github.com/mikopbx/Core/issues/1043
    assert_snapshot!(orders("registered ana ben
        0 call +15557770001 -> +15550400002
        2 ana fails 486
        3 ben fails 603
        20 pass
        30 B: call +15557770002 -> +15550400002
        32 B: ana answers
        35 B: ana hangs up
        100 cat registers
        101 cat answers
        110 cat hangs up
    "), @r#"
    0      answer caller
    0      play caller [Tone(Ringback)] for ever
    0      dial ana, showing +15557770001 "Carl Contact"
    0      dial ben, showing +15557770001 "Carl Contact"
    30     B: answer caller
    30     B: play caller [Tone(Ringback)] for ever
    30     B: dial ana, showing +15557770002 "Dora Contact"
    30     B: dial ben, showing +15557770002 "Dora Contact"
    32     B: cancel ben AnsweredElsewhere
    32     B: u-ana is taken
    32     B: stop playing to caller
    32     B: bridge caller ana
    35     B: hang up caller Normal
    35     B: finished
    100    dial cat, showing +15557770001 "Carl Contact"
    101    u-cat is taken
    101    stop playing to caller
    101    bridge caller cat
    110    hang up caller Normal
    110    finished
    "#);
}

#[test]
fn asterisk_176_two_members_answer_at_once_and_one_is_joined() {
    // https://github.com/asterisk/asterisk/issues/176
    assert_snapshot!(check("registered ana ben cat
        0 call +15557770001 -> +15550400002
        5 ben answers
        5 ana answers
        5.1 cat settles 487
        5.2 B: call +15557770002 -> +15550400002   # those who lost are free
        6 B: cat answers
        30 caller hangs up
        31 B: caller hangs up
    "), @r#"
    0      answer caller
    0      play caller [Tone(Ringback)] for ever
    0      dial ana, showing +15557770001 "Carl Contact"
    0      dial ben, showing +15557770001 "Carl Contact"
    0      dial cat, showing +15557770001 "Carl Contact"
    5      cancel ana AnsweredElsewhere
    5      cancel cat AnsweredElsewhere
    5      u-ben is taken
    5      stop playing to caller
    5      bridge caller ben
    5      hang up ana AnsweredElsewhere
    5.2    B: answer caller
    5.2    B: play caller [Tone(Ringback)] for ever
    5.2    B: dial ana, showing +15557770002 "Dora Contact"
    5.2    B: dial cat, showing +15557770002 "Dora Contact"
    6      B: cancel ana AnsweredElsewhere
    6      B: u-cat is taken
    6      B: stop playing to caller
    6      B: bridge caller cat
    30     hang up ben Normal
    30     finished
    31     B: hang up cat Normal
    31     B: finished
    --
    call inbound answered by external, owner u-ben, mco -
       accepted 0, answered 5, ended 30, sip -, q850 16
    c1 route group g-all simulring, 0..30, answered 5, bridged 5
       answered, hangup_external, sip 200, q850 16
    a1 u-ana stage 1 round 1, 0..5, ringing -, answered_elsewhere 200
    a2 u-ben stage 1 round 1, 0..5, ringing -, answered 200
    a3 u-cat stage 1 round 1, 0..5, ringing -, answered_elsewhere 487
    w1 g-all place 1 priority 0, 0..5 answered
    p1 p:+15557770001 caller 0..30
    p2 u:u-ben callee 5..30
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-all
    i3 0 routing_started c1 ivr-all strategy=simulring target=g-all
    i4 5 answered c1 u-ben
    i5 5 ivr_exited ivr-all reason=answered
    i6 30 call_ended by=external
    context u-ana u-ben u-cat u-max u-mia; g-all
    --
    call inbound answered by external, owner u-cat, mco -
       accepted 0, answered 0.8, ended 25.8, sip -, q850 16
    c1 route group g-all simulring, 0..25.8, answered 0.8, bridged 0.8
       answered, hangup_external, sip 200, q850 16
    a1 u-ana stage 1 round 1, 0..0.8, ringing -, answered_elsewhere 487
    a2 u-cat stage 1 round 1, 0..0.8, ringing -, answered 200
    w1 g-all place 1 priority 0, 0..0.8 answered
    p1 p:+15557770002 caller 0..25.8
    p2 u:u-cat callee 0.8..25.8
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-all
    i3 0 routing_started c1 ivr-all strategy=simulring target=g-all
    i4 0.8 answered c1 u-cat
    i5 0.8 ivr_exited ivr-all reason=answered
    i6 25.8 call_ended by=external
    context u-ana u-cat u-mia; g-all
    "#);
}

#[test]
fn asterisk_1557_who_drops_before_the_bridge_ends_his_own_attempt_only() {
    // https://github.com/asterisk/asterisk/issues/1557
    assert_snapshot!(check("registered ana ben cat
        0 call +15557770001 -> +15550400002
        3 ana hangs up           # answered and gone before it could be joined
        3.5 ben fails 500
        4 cat answers            # has rung on
        9 caller hangs up
    "), @r#"
    0      answer caller
    0      play caller [Tone(Ringback)] for ever
    0      dial ana, showing +15557770001 "Carl Contact"
    0      dial ben, showing +15557770001 "Carl Contact"
    0      dial cat, showing +15557770001 "Carl Contact"
    4      u-cat is taken
    4      stop playing to caller
    4      bridge caller cat
    9      hang up cat Normal
    9      finished
    --
    call inbound answered by external, owner u-cat, mco -
       accepted 0, answered 4, ended 9, sip -, q850 16
    c1 route group g-all simulring, 0..9, answered 4, bridged 4
       answered, hangup_external, sip 200, q850 16
    a1 u-ana stage 1 round 1, 0..3, ringing -, unavailable 480
    a2 u-ben stage 1 round 1, 0..3.5, ringing -, failed 500
    a3 u-cat stage 1 round 1, 0..4, ringing -, answered 200
    w1 g-all place 1 priority 0, 0..4 answered
    p1 p:+15557770001 caller 0..9
    p2 u:u-cat callee 4..9
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-all
    i3 0 routing_started c1 ivr-all strategy=simulring target=g-all
    i4 4 answered c1 u-cat
    i5 4 ivr_exited ivr-all reason=answered
    i6 9 call_ended by=external
    context u-ana u-ben u-cat u-max u-mia; g-all
    "#);
}

#[test]
fn freeswitch_2530_no_leg_rings_after_the_answer() {
    // https://github.com/signalwire/freeswitch/issues/2530
    assert_snapshot!(orders("registered ana ben cat
        0 call +15557770001 -> +15550400007
        5 pass                   # ben rings as well
        9.9 ana answers          # cat would have been next at 10
        9.9 ben settles 487
        40 pass
        50 caller hangs up
    "), @r#"
    0      answer caller
    0      play caller [Tone(Ringback)] for ever
    0      dial ana, showing +15557770001 "Carl Contact"
    5      dial ben, showing +15557770001 "Carl Contact"
    9.9    cancel ben AnsweredElsewhere
    9.9    u-ana is taken
    9.9    stop playing to caller
    9.9    bridge caller ana
    50     hang up ana Normal
    50     finished
    "#);
}

#[test]
fn fusionpbx_5778_a_missed_call_is_one_and_nobodys_fault_who_was_stopped() {
    // https://github.com/fusionpbx/fusionpbx/pull/5778
    let mut world = world();
    play(
        &mut world,
        "registered ana ben cat
        0 call +15557770001 -> +15550400002
        8 caller hangs up
        8 ana settles 487
        8 ben settles 487
        8 cat settles 487",
    );
    let graph = world.calls[0].graph.as_ref().expect("a graph");
    let outcomes: Vec<_> = graph.attempts.iter().filter_map(|row| row.outcome).collect();
    assert_eq!(outcomes.iter().map(|word| word.as_str()).collect::<Vec<_>>(), ["caller_hangup"; 3]);
    assert_eq!(graph.call.outcome.map(|word| word.as_str()), Some("missed"));
    let missed: u32 = world.floor.wallboard(world.time()).agents.iter().map(|a| a.missed).sum();
    assert_eq!(missed, 0);
}
