//! Who does not want to wait is called back in his turn: the member is rung first, then the number.

use insta::assert_snapshot;
use model::directory::Group;

use super::{QUEUES, explained, orders};
use crate::directory::directory;
use crate::script::orders_in;
use crate::world::World;

#[test]
fn who_does_not_want_to_wait_is_called_back_when_it_is_his_turn() {
    assert_snapshot!(explained("
        0 call +15557770001 -> +15550400001
        5 caller presses 9
        6 B: call +15557770002 -> +15550400001
        8 caller heard
        60 ben registers
        61 back2: ben rings
        62 back2: ben answers
        64 back2: +15557770001 rings with media
        66 back2: +15557770001 answers
        70 ana registers            # B's turn only now
        71 B: ana answers
        80 back2: +15557770001 hangs up
        90 B: caller hangs up
    "), @r#"
    0      answer caller
    0      play caller [Music("calm")] for ever
    5      play caller [Text("Thank you. We will call you back.")]
    6      B: answer caller
    6      B: play caller [Music("calm")] for ever
    8      hang up caller Normal
    8      finished
    36     B: play caller [Text("Thank you for waiting."), Say(Position(2)), Text("Press 0 to leave.")]
    60     back2: call ben
    62     back2: u-ben is taken
    62     back2: play ben [Tone(Ringback)] for ever
    62     back2: dial +15557770001 by carrier-a, showing +15550400001
    66     back2: stop playing to ben
    66     back2: bridge ben +15557770001
    70     B: dial ana, showing +15557770002 "Dora Contact"
    70     B: cursor of g-turn at u-ana
    71     B: u-ana is taken
    71     B: stop playing to caller
    71     B: bridge caller ana
    80     back2: hang up ben Normal
    80     back2: finished
    90     B: hang up ana Normal
    90     B: finished
    --
    call inbound missed by system, owner u-mia, mco u-mia
       accepted 0, answered -, ended 8, sip -, q850 20
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-turn
    i3 0 routing_started c1 ivr-turn strategy=round_robin target=g-turn
    i4 5 no_answer c1 reason=unavailable
    i5 8 ivr_exited ivr-turn reason=system_hangup
    i6 8 call_ended by=system
    0 number +15550400001: enters ivr-turn
    0 ivr ivr-turn version 1: entered: call_transfer
    0 strategy g-turn: round_robin
    0 member u-ana: passed over: not registered
    0 member u-ben: passed over: not registered
    0 queue g-turn: entered at place 1 with priority 0
    5 queue g-turn: left: +15557770001 is to be called back
    --
    call inbound answered by external, owner u-ana, mco -
       accepted 0, answered 65, ended 84, sip -, q850 16
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-turn
    i3 0 routing_started c1 ivr-turn strategy=round_robin target=g-turn
    i4 65 answered c1 u-ana
    i5 65 ivr_exited ivr-turn reason=answered
    i6 84 call_ended by=external
    0 number +15550400001: enters ivr-turn
    0 ivr ivr-turn version 1: entered: call_transfer
    0 strategy g-turn: round_robin
    0 member u-ana: passed over: not registered
    0 member u-ben: passed over: not registered
    0 queue g-turn: entered at place 2 with priority 0
    64 member u-ana: rung for g-turn, lap 1
    --
    call outbound answered by external, owner u-ben, mco -
       accepted 0, answered 4, ended 18, sip -, q850 16
    i1 0 call_started u-ben direction=outbound
    i2 0 dial_started c1 added=false to=+15557770001
    i3 4 answered c1 party=+15557770001
    i4 18 call_ended by=external
    0 queue g-turn: called back by u-ben: the place of call-a
    "#);
}

#[test]
fn a_callback_that_a_member_does_not_answer_goes_to_the_next_and_leaves_no_call() {
    assert_snapshot!(orders("
        0 call +15557770001 -> +15550400001
        5 caller presses 9
        6 caller hangs up
        60 ben registers
        61 back1: ben fails 603
        65 ana registers
        86 pass                     # she does not answer either, and is tried again
        88 back3: ana answers
        99 back3: +15557770001 fails 486
    "), @r#"
    0      answer caller
    0      play caller [Music("calm")] for ever
    5      play caller [Text("Thank you. We will call you back.")]
    6      finished
    60     back1: call ben
    61     back1: finished
    65     back2: call ana
    85     back2: cancel ana NoAnswer
    85     back2: finished
    85     back3: call ana
    88     back3: u-ana is taken
    88     back3: play ana [Tone(Ringback)] for ever
    88     back3: dial +15557770001 by carrier-a, showing +15550400001
    99     back3: hang up ana Normal
    99     back3: finished
    "#);
}

#[test]
fn whoever_is_to_call_back_may_take_another_call_freeze_or_give_up() {
    assert_snapshot!(orders("frozen ben
        0 call +15557770001 -> +15550400001
        5 caller presses 9
        6 caller hangs up
        60 ben registers
        64 ana registers
        66 B: call +15557770002 -> +15550100001
        67 B: ana answers
        67 back2: ana settles 487
        70 B: ana hangs up
        72 back4: ana answers
        75 back4: ana hangs up
    "), @r#"
    0      answer caller
    0      play caller [Music("calm")] for ever
    5      play caller [Text("Thank you. We will call you back.")]
    6      finished
    60     back1: call ben
    64     back1: cancel ben NoAnswer
    64     back1: finished
    64     back2: call ana
    66     B: dial ana, showing +15557770002 "Dora Contact"
    67     B: u-ana is taken
    67     B: answer caller like ana
    67     B: bridge caller ana
    67     back2: cancel ana UserBusy
    67     back2: finished
    70     B: hang up caller Normal
    70     B: finished
    70     back4: call ana
    72     back4: u-ana is taken
    72     back4: play ana [Tone(Ringback)] for ever
    72     back4: dial +15557770001 by carrier-a, showing +15550400001
    75     back4: cancel +15557770001 CallerGone
    75     back4: finished
    "#);
}

#[test]
fn nobody_calls_back_while_the_caller_is_still_told_that_he_will_be() {
    // A member is free all the time: she would reach an engaged line.
    let begins = "registered ana
        0 call +15557770001 -> +15550400001
        2 caller presses 9
        3 ana settles 487
    ";
    for (ends, at) in [("9 caller heard", 9), ("4 caller hangs up", 4), ("70 pass", 62)] {
        let orders = orders(&format!("{begins}\n{ends}"));
        let first = orders.lines().find(|line| line.contains("call ana"));
        assert_eq!(first, Some(&*format!("{at:<6} back1: call ana")), "{ends}\n{orders}");
    }
}

#[test]
fn a_callback_is_recorded_as_calls_of_its_group_are() {
    let mut directory = directory(QUEUES);
    let group = directory.group(&"g-turn".into()).expect("a group").clone();
    directory.add_group(Group { recording: Some(true), ..group });
    let orders = orders_in(
        World::new(directory),
        "
        0 call +15557770001 -> +15550400001
        5 caller presses 9
        6 caller hangs up
        60 ben registers
        62 back1: ben answers
        66 back1: +15557770001 answers
        80 back1: ben hangs up
    ",
    );
    let begins = orders.lines().find(|line| line.contains("back1: record "));
    assert!(begins.is_some_and(|line| line.starts_with("66 ")), "{orders}");
}

#[test]
fn whose_number_nobody_knows_is_not_called_back() {
    assert_snapshot!(explained("
        0 call anonymous -> +15550400001
        5 caller presses 9
        6 caller hangs up
        60 ben registers
    "), @r#"
    0      answer caller
    0      play caller [Music("calm")] for ever
    6      finished
    --
    call inbound missed by external, owner u-mia, mco u-mia
       accepted 0, answered -, ended 6, sip -, q850 16
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-turn
    i3 0 routing_started c1 ivr-turn strategy=round_robin target=g-turn
    i4 6 no_answer c1 reason=caller_hangup
    i5 6 ivr_exited ivr-turn reason=caller_hangup
    i6 6 call_ended by=external
    0 number +15550400001: enters ivr-turn
    0 ivr ivr-turn version 1: entered: call_transfer
    0 strategy g-turn: round_robin
    0 member u-ana: passed over: not registered
    0 member u-ben: passed over: not registered
    0 queue g-turn: entered at place 1 with priority 0
    5 queue g-turn: not called back: no number to call, or none to show
    "#);
}
