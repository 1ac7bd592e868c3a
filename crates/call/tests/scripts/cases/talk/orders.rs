//! Who may order what, and what is refused: nothing changes then.

use insta::assert_snapshot;

use super::told;
use crate::directory::directory;
use crate::script::handed_on_in;
use crate::world::World;

#[test]
fn a_user_orders_for_himself_on_his_own_calls() {
    assert_snapshot!(told("
        10 order ben hang up
        11 order ben hold
        12 order ana for ben transfer cat
        13 order ana for ben answer
        14 order ana hang up
    "), @r"
    10     refused: this is not yours to order
    11     refused: this is not yours to order
    12     refused: this is not yours to order
    13     refused: this is not yours to order
    14     hang up ana Normal
    14     hang up caller Normal
    14     finished
    --
    call inbound answered by internal, anchor left 14, ended 14
    c1 route u-ana by -, 0..14, answered 5, bridged 5: answered, hangup_internal, -
    p:+15557770001 caller 5..14
    u:u-ana callee 5..14
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 14 call_ended by=internal
    ");
}

#[test]
fn what_does_not_fit_is_refused() {
    assert_snapshot!(told("
        10 order ana complete
        11 order ana abandon
        12 order ana swap
        13 order ana merge
        14 order boss for cat hold
        15 order boss remove c7
        16 order ana consult g-none
        17 order ana consult ivr-sales
        18 order ana add ana
        20 order boss hang up
    "), @r"
    10     refused: the call is not in a state in which this can be done
    11     refused: the call is not in a state in which this can be done
    12     refused: the call is not in a state in which this can be done
    13     refused: the call is not in a state in which this can be done
    14     refused: that party is not on this call
    15     refused: that party is not on this call
    16     refused: the target cannot be reached this way
    17     refused: the target cannot be reached this way
    18     refused: the target cannot be reached this way
    20     hang up ana Normal
    20     hang up caller Normal
    20     finished
    --
    call inbound answered by system, anchor left 20, ended 20
    c1 route u-ana by -, 0..20, answered 5, bridged 5: answered, call_ended, -
    p:+15557770001 caller 5..20
    u:u-ana callee 5..20
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 20 call_ended by=system
    ");
}

#[test]
fn a_consultation_is_one_at_a_time() {
    assert_snapshot!(told("
        10 order ana consult ben
        11 order ana consult cat
        12 order ana transfer cat
        13 order ana add cat
        14 order ana swap
        15 order ana merge
        16 ben answers
        17 order ben transfer cat
        18 order ana consult cat
        20 order boss hang up
    "), @r#"
    10     dial ben, showing ana "Ana Agent"
    10     unbridge caller ana
    10     play ana [Tone(Ringback)] for ever
    11     refused: the call is not in a state in which this can be done
    12     refused: the call is not in a state in which this can be done
    13     refused: the call is not in a state in which this can be done
    14     refused: the call is not in a state in which this can be done
    15     refused: the call is not in a state in which this can be done
    16     u-ben is taken
    16     stop playing to ana
    16     bridge ana ben
    16     tell ana that it is ben "Ben Baker"
    17     refused: the call is not in a state in which this can be done
    18     refused: the call is not in a state in which this can be done
    20     hang up ana Normal
    20     hang up ben Normal
    20     hang up caller Normal
    20     finished
    --
    call inbound answered by system, anchor left 20, ended 20
    c1 route u-ana by -, 0..20, answered 5, bridged 5: answered, call_ended, -
    c2 consult u-ben by u-ana, 10..20, answered 16, bridged -: answered, call_ended, abandoned
    p:+15557770001 caller 5..20
    u:u-ana callee 5..20
    u:u-ben consulted 16..20
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 10 hold u-ana party=+15557770001
    i5 10 transfer_started u-ana mode=warm target=u-ben
    i6 10 routing_started c2 strategy=single target=u-ben
    i7 16 answered c2 u-ben
    i8 20 transfer_abandoned c2 u-ana mode=warm
    i9 20 call_ended by=system
    "#);
}

/// Before anybody has answered, a call can be ended and a telephone told to answer.
#[test]
fn orders_before_the_talk() {
    let script = "registered ana ben
        0 call ana -> ben
        1 order boss for ben answer
        2 order ana for ben answer
        3 order ben answer
        4 order ana hold
        5 order ben hang up
        6 order ana hang up";
    assert_snapshot!(handed_on_in(World::new(directory("")), 0.0, script), @r#"
    0      dial ben, showing ana "Ana Agent"
    1      prompt ben
    2      refused: this is not yours to order
    3      prompt ben
    4      refused: the call is not in a state in which this can be done
    5      refused: this is not yours to order
    6      reject caller 487
    6      cancel ben CallerGone
    6      finished
    --
    call internal canceled by internal, anchor left 6, ended 6
    c1 route u-ben by -, 0..6, answered -, bridged -: canceled, not_answered, -
    u:u-ana caller -..-
    u:u-ben callee -..-
    i1 0 call_started u-ana direction=internal
    i2 0 routing_started c1 strategy=single target=u-ben
    i3 6 no_answer c1 reason=caller_hangup
    i4 6 call_ended by=internal
    "#);
}

#[test]
fn a_call_has_so_many_parties_and_searches() {
    let mut world = World::new(directory(""));
    world.settings.transfer.max_parties = 4;
    world.settings.transfer.max_searches = 1;
    assert_snapshot!(super::told_in(world, "
        10 order ana add ben
        11 order ana add cat
        12 ben answers
        13 order ana add cat
        14 cat answers
        15 order ana add dan
        25 caller hangs up
    "), @r#"
    10     dial ben, showing ana "Ana Agent"
    11     refused: a call cannot have more of these
    12     u-ben is taken
    12     unbridge caller ana
    12     caller joins room 1
    12     ana joins room 1
    12     ben joins room 1
    12     tell caller that it is - "Conference"
    12     tell ana that it is - "Conference"
    12     tell ben that it is - "Conference"
    13     dial cat, showing ana "Ana Agent"
    14     u-cat is taken
    14     cat joins room 1
    14     tell cat that it is - "Conference"
    15     refused: a call cannot have more of these
    --
    call inbound - by -, anchor left 25, ended -
    c1 route u-ana by -, 0..-, answered 5, bridged 5: answered, -, -
    c2 add u-ben by u-ana, 10..-, answered 12, bridged 12: answered, -, -
    c3 add u-cat by u-ana, 13..-, answered 14, bridged 14: answered, -, -
    p:+15557770001 caller 5..25
    u:u-ana callee 5..-
    u:u-ben added 12..-
    u:u-cat added 14..-
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 10 routing_started c2 u-ana added=true strategy=single target=u-ben
    i5 12 answered c2 u-ben
    i6 13 routing_started c3 u-ana added=true strategy=single target=u-cat
    i7 14 answered c3 u-cat
    i8 25 participant_left party=+15557770001 reason=hangup
    "#);
}

#[test]
fn who_is_only_consulted_ends_no_call_and_removes_nobody_but_himself() {
    assert_snapshot!(told("
        8 order ana consult ben
        9 ben answers
        10 order ben hang up
        11 order ben remove anchor
        12 order ben mute anchor
        13 order ben mute ben
        14 order ben remove ben
        15 order ana hang up
    "), @r#"
    8      dial ben, showing ana "Ana Agent"
    8      unbridge caller ana
    8      play ana [Tone(Ringback)] for ever
    9      u-ben is taken
    9      stop playing to ana
    9      bridge ana ben
    9      tell ana that it is ben "Ben Baker"
    10     refused: this is not yours to order
    11     refused: this is not yours to order
    12     refused: this is not yours to order
    13     unbridge ana ben
    13     ana joins room 1
    13     ben joins room 1, heard by nobody
    14     hang up ben Normal
    14     bridge caller ana
    14     tell ana that it is +15557770001 "Carl Contact"
    15     hang up ana Normal
    15     hang up caller Normal
    15     finished
    --
    call inbound answered by internal, anchor left 15, ended 15
    c1 route u-ana by -, 0..15, answered 5, bridged 5: answered, hangup_internal, -
    c2 consult u-ben by u-ana, 8..14, answered 9, bridged -: answered, hangup_internal, abandoned
    p:+15557770001 caller 5..15
    u:u-ana callee 5..15
    u:u-ben consulted 9..14
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 8 hold u-ana party=+15557770001
    i5 8 transfer_started u-ana mode=warm target=u-ben
    i6 8 routing_started c2 strategy=single target=u-ben
    i7 9 answered c2 u-ben
    i8 14 transfer_abandoned c2 u-ana mode=warm
    i9 14 participant_left c2 u-ben reason=removed
    i10 14 resume u-ana party=+15557770001
    i11 15 call_ended by=internal
    "#);
}

#[test]
fn whoever_is_rung_without_a_row_may_be_told_to_answer_too() {
    assert_snapshot!(told("
        7 order ana move
        8 order ana answer
        9 order boss for dan supervise ana listen
        10 order dan answer
        11 order ben answer
        12 caller hangs up
    "), @r#"
    7      dial ana, showing +15557770001 "Carl Contact"
    8      prompt ana
    9      dial dan, showing ana "Ana Agent"
    10     prompt dan
    11     refused: that party is not on this call
    12     cancel ana Normal
    12     cancel dan Normal
    12     hang up ana Normal
    12     finished
    --
    call inbound answered by external, anchor left 12, ended 12
    c1 route u-ana by -, 0..12, answered 5, bridged 5: answered, hangup_external, -
    p:+15557770001 caller 5..12
    u:u-ana callee 5..12
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 12 call_ended by=external
    "#);
}
