//! Every limit of a call, hit. (`ivr_hops`: `ivrs`.)

use insta::assert_snapshot;

use crate::directory::directory;
use crate::script::check_in;
use crate::world::World;

#[test]
fn legs_per_call_passes_over_the_members_beyond() {
    let mut world = World::new(directory(""));
    world.settings.limits.legs_per_call = 3;
    assert_snapshot!(check_in(world, "registered ana ben cat
        0 call +15557770001 -> +15550200001
        2 ben answers
        3 ben hangs up
    "), @r#"
    0      answer caller
    0      dial ana, showing +15557770001 "Carl Contact"
    0      dial ben, showing +15557770001 "Carl Contact"
    0      play caller [Tone(Ringback)] for ever
    2      cancel ana AnsweredElsewhere
    2      u-ben is taken
    2      stop playing to caller
    2      bridge caller ben
    3      hang up caller Normal
    3      finished
    --
    call inbound answered by internal, owner u-own, mco -
       accepted 0, answered 2, ended 3, sip -, q850 16
    c1 route group g-sales simulring, 0..3, answered 2, bridged 2
       answered, hangup_internal, sip 200, q850 16
    a1 u-ana stage 1 round 1, 0..2, ringing -, answered_elsewhere 487
    a2 u-ben stage 1 round 1, 0..2, ringing -, answered 200
    p1 p:+15557770001 caller 0..3
    p2 u:u-ben callee 2..3
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-sales
    i3 0 routing_started c1 ivr-sales strategy=simulring target=g-sales
    i4 2 answered c1 u-ben
    i5 2 ivr_exited ivr-sales reason=answered
    i6 3 call_ended by=internal
    context u-ana u-ben u-max u-mia u-own; g-sales
    "#);
}

#[test]
fn attempts_per_call_counts_over_all_stages() {
    let mut world = World::new(directory(""));
    world.settings.limits.attempts_per_call = 3;
    assert_snapshot!(check_in(world, "registered ana ben dan eve
        0 call +15557770001 -> +15550200005
        99 pass
    "), @r#"
    0      answer caller
    0      dial ana, showing +15557770001 "Carl Contact"
    0      dial ben, showing +15557770001 "Carl Contact"
    0      play caller [Tone(Ringback)] for ever
    20     cancel ana NoAnswer
    20     cancel ben NoAnswer
    20     stop playing to caller
    20     dial dan, showing +15557770001 "Carl Contact"
    20     play caller [Tone(Ringback)] for ever
    50     cancel dan NoAnswer
    50     hang up caller Normal
    50     finished
    --
    call inbound missed by system, owner u-max, mco u-max
       accepted 0, answered -, ended 50, sip -, q850 19
    c1 route group g-ovf simulring, 0..50, answered -, bridged -
       no_answer, not_answered, sip 480, q850 19
    a1 u-ana stage 1 round 1, 0..20, ringing -, no_answer 487
    a2 u-ben stage 1 round 1, 0..20, ringing -, no_answer 487
    a3 u-dan stage 2 round 1, 20..50, ringing -, no_answer 487
    p1 p:+15557770001 caller 0..50
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-s1
    i3 0 routing_started c1 ivr-s1 strategy=simulring target=g-sales
    i4 20 no_answer c1 reason=timeout
    i5 20 ivr_exited ivr-s1 next=ivr-s2 reason=next_ivr
    i6 20 ivr_entered ivr-s2
    i7 20 routing_started c1 ivr-s2 strategy=simulring target=g-ovf
    i8 50 no_answer c1 reason=timeout
    i9 50 ivr_exited ivr-s2 reason=system_hangup
    i10 50 call_ended by=system
    context u-ana u-ben u-dan u-max u-mia u-own; g-ovf g-sales
    "#);
}

#[test]
fn attempts_per_call_ends_a_round_robin() {
    let mut world = World::new(directory(""));
    world.settings.limits.attempts_per_call = 2;
    assert_snapshot!(check_in(world, "registered dan
        0 call +15557770001 -> +15550200003
        1 dan fails 486
        2 dan fails 486
        9 pass
    "), @r#"
    0      answer caller
    0      dial dan, showing +15557770001 "Carl Contact"
    0      cursor of g-supp at u-dan
    0      play caller [Tone(Ringback)] for ever
    1      dial dan, showing +15557770001 "Carl Contact"
    1      cursor of g-supp at u-dan
    2      hang up caller Normal
    2      finished
    --
    call inbound missed by system, owner u-own, mco u-mia
       accepted 0, answered -, ended 2, sip -, q850 19
    c1 route group g-supp round_robin, 0..2, answered -, bridged -
       no_answer, not_answered, sip 480, q850 19
    a1 u-dan stage 1 round 1, 0..1, ringing -, busy 486
    a2 u-dan stage 1 round 2, 1..2, ringing -, busy 486
    p1 p:+15557770001 caller 0..2
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-supp
    i3 0 routing_started c1 ivr-supp strategy=round_robin target=g-supp
    i4 2 no_answer c1 reason=busy
    i5 2 ivr_exited ivr-supp reason=system_hangup
    i6 2 call_ended by=system
    context u-dan u-mia u-own; g-supp
    "#);
}
