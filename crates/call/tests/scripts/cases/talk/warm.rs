//! Warm transfers (D10, D13): completed, given up, swapped, merged, semi-attended; whoever hangs
//! up meanwhile.

use insta::assert_snapshot;

use super::{told, told_in};
use crate::directory::directory;
use crate::script::handed_on_in;
use crate::world::World;

#[test]
fn the_held_caller_hears_music_until_the_target_takes_him() {
    let mut world = World::new(directory(""));
    world.settings.sound.music_on_hold = Some("music:calm".into());
    assert_snapshot!(told_in(world, "
        10 order ana consult ben
        12 ben rings
        14 ben answers
        18 order ana complete
        25 ben hangs up
    "), @r#"
    10     dial ben, showing ana "Ana Agent"
    10     unbridge caller ana
    10     play caller [Music("calm")] for ever
    10     play ana [Tone(Ringback)] for ever
    14     u-ben is taken
    14     stop playing to ana
    14     bridge ana ben
    14     tell ana that it is ben "Ben Baker"
    18     hang up ana Normal
    18     stop playing to caller
    18     bridge caller ben
    18     tell caller that it is +15550100002 "-"
    18     tell ben that it is +15557770001 "Carl Contact"
    25     hang up caller Normal
    25     finished
    --
    call inbound answered by internal, anchor left 25, ended 25
    c1 route u-ana by -, 0..18, answered 5, bridged 5: answered, transferred, -
    c2 consult u-ben by u-ana, 10..25, answered 14, bridged 18: answered, hangup_internal, completed
    p:+15557770001 caller 5..25
    u:u-ana callee 5..18
    u:u-ben transfer_target 14..25
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 10 hold u-ana party=+15557770001
    i5 10 transfer_started u-ana mode=warm target=u-ben
    i6 10 routing_started c2 strategy=single target=u-ben
    i7 14 answered c2 u-ben
    i8 18 transfer_completed c2 u-ana mode=warm
    i9 18 participant_left c1 u-ana reason=transferred
    i10 18 resume u-ben party=+15557770001
    i11 25 call_ended by=internal
    "#);
}

#[test]
fn abandoned_while_it_rings() {
    assert_snapshot!(told("
        10 order ana consult ben
        14 order ana abandon
        25 caller hangs up
    "), @r#"
    10     dial ben, showing ana "Ana Agent"
    10     unbridge caller ana
    10     play ana [Tone(Ringback)] for ever
    14     cancel ben CallerGone
    14     stop playing to ana
    14     bridge caller ana
    25     hang up ana Normal
    25     finished
    --
    call inbound answered by external, anchor left 25, ended 25
    c1 route u-ana by -, 0..25, answered 5, bridged 5: answered, hangup_external, -
    c2 consult u-ben by u-ana, 10..14, answered -, bridged -: canceled, not_answered, unanswered
    p:+15557770001 caller 5..25
    u:u-ana callee 5..25
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 10 hold u-ana party=+15557770001
    i5 10 transfer_started u-ana mode=warm target=u-ben
    i6 10 routing_started c2 strategy=single target=u-ben
    i7 14 no_answer c2 reason=caller_hangup
    i8 14 transfer_unanswered c2 u-ana mode=warm
    i9 14 resume u-ana party=+15557770001
    i10 25 call_ended by=external
    "#);
}

#[test]
fn not_answered() {
    assert_snapshot!(told("
        10 order ana consult ben
        12 ben fails 486
        25 caller hangs up
    "), @r#"
    10     dial ben, showing ana "Ana Agent"
    10     unbridge caller ana
    10     play ana [Tone(Ringback)] for ever
    12     stop playing to ana
    12     bridge caller ana
    25     hang up ana Normal
    25     finished
    --
    call inbound answered by external, anchor left 25, ended 25
    c1 route u-ana by -, 0..25, answered 5, bridged 5: answered, hangup_external, -
    c2 consult u-ben by u-ana, 10..12, answered -, bridged -: busy, not_answered, unanswered
    p:+15557770001 caller 5..25
    u:u-ana callee 5..25
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 10 hold u-ana party=+15557770001
    i5 10 transfer_started u-ana mode=warm target=u-ben
    i6 10 routing_started c2 strategy=single target=u-ben
    i7 12 no_answer c2 reason=busy
    i8 12 transfer_unanswered c2 u-ana mode=warm
    i9 12 resume u-ana party=+15557770001
    i10 25 call_ended by=external
    "#);
}

#[test]
fn whom_he_consults_hangs_up() {
    assert_snapshot!(told("
        10 order ana consult ben
        14 ben answers
        18 ben hangs up
        25 caller hangs up
    "), @r#"
    10     dial ben, showing ana "Ana Agent"
    10     unbridge caller ana
    10     play ana [Tone(Ringback)] for ever
    14     u-ben is taken
    14     stop playing to ana
    14     bridge ana ben
    14     tell ana that it is ben "Ben Baker"
    18     bridge caller ana
    18     tell ana that it is +15557770001 "Carl Contact"
    25     hang up ana Normal
    25     finished
    --
    call inbound answered by external, anchor left 25, ended 25
    c1 route u-ana by -, 0..25, answered 5, bridged 5: answered, hangup_external, -
    c2 consult u-ben by u-ana, 10..18, answered 14, bridged -: answered, hangup_internal, abandoned
    p:+15557770001 caller 5..25
    u:u-ana callee 5..25
    u:u-ben consulted 14..18
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 10 hold u-ana party=+15557770001
    i5 10 transfer_started u-ana mode=warm target=u-ben
    i6 10 routing_started c2 strategy=single target=u-ben
    i7 14 answered c2 u-ben
    i8 18 transfer_abandoned c2 u-ana mode=warm
    i9 18 participant_left c2 u-ben reason=hangup
    i10 18 resume u-ana party=+15557770001
    i11 25 call_ended by=external
    "#);
}

/// Completed while it rings: no overlap, so it is a cold one (semi-attended).
#[test]
fn completed_while_it_rings() {
    assert_snapshot!(told("
        10 order ana consult ben
        12 ben rings
        13 order ana complete
        16 ben answers
        25 caller hangs up
    "), @r#"
    10     dial ben, showing ana "Ana Agent"
    10     unbridge caller ana
    10     play ana [Tone(Ringback)] for ever
    13     hang up ana Normal
    13     play caller [Tone(Ringback)] for ever
    16     u-ben is taken
    16     stop playing to caller
    16     bridge caller ben
    16     tell caller that it is +15550100002 "-"
    16     tell ben that it is +15557770001 "Carl Contact"
    25     hang up ben Normal
    25     finished
    --
    call inbound answered by external, anchor left 25, ended 25
    c1 route u-ana by -, 0..13, answered 5, bridged 5: answered, transferred, -
    c2 consult u-ben by u-ana, 10..25, answered 16, bridged 16: answered, hangup_external, completed
    p:+15557770001 caller 5..25
    u:u-ana callee 5..13
    u:u-ben transfer_target 16..25
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 10 hold u-ana party=+15557770001
    i5 10 transfer_started u-ana mode=warm target=u-ben
    i6 10 routing_started c2 strategy=single target=u-ben
    i7 13 participant_left c1 u-ana reason=transferred
    i8 16 answered c2 u-ben
    i9 16 transfer_completed c2 u-ana mode=cold
    i10 16 resume u-ben party=+15557770001
    i11 25 call_ended by=external
    "#);
}

#[test]
fn hung_up_while_it_rings_and_nobody_answers() {
    assert_snapshot!(told("
        10 order ana consult ben
        13 ana hangs up
        16 ben fails 480
        18 ana answers
        25 caller hangs up
    "), @r#"
    10     dial ben, showing ana "Ana Agent"
    10     unbridge caller ana
    10     play ana [Tone(Ringback)] for ever
    13     play caller [Tone(Ringback)] for ever
    16     dial ana, showing +15557770001 "Carl Contact"
    18     u-ana is taken
    18     stop playing to caller
    18     bridge caller ana
    25     hang up ana Normal
    25     finished
    --
    call inbound answered by external, anchor left 25, ended 25
    c1 route u-ana by -, 0..13, answered 5, bridged 5: answered, transferred, -
    c2 consult u-ben by u-ana, 10..16, answered -, bridged -: unavailable, not_answered, returned
    c3 recall u-ana by -, 16..25, answered 18, bridged 18: answered, hangup_external, -
    p:+15557770001 caller 5..25
    u:u-ana callee 5..25
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 10 hold u-ana party=+15557770001
    i5 10 transfer_started u-ana mode=warm target=u-ben
    i6 10 routing_started c2 strategy=single target=u-ben
    i7 13 participant_left c1 u-ana reason=transferred
    i8 16 no_answer c2 reason=unavailable
    i9 16 transfer_returned c2 u-ana mode=cold
    i10 16 routing_started c3 strategy=single target=u-ana
    i11 18 answered c3 u-ana
    i12 18 resume u-ana party=+15557770001
    i13 25 call_ended by=external
    "#);
}

#[test]
fn swapped_there_and_back() {
    assert_snapshot!(told("
        10 order ana consult ben
        14 ben answers
        16 order ana swap
        18 order ana swap
        20 order ana swap
        22 order ana complete
        25 caller hangs up
    "), @r#"
    10     dial ben, showing ana "Ana Agent"
    10     unbridge caller ana
    10     play ana [Tone(Ringback)] for ever
    14     u-ben is taken
    14     stop playing to ana
    14     bridge ana ben
    14     tell ana that it is ben "Ben Baker"
    16     unbridge ana ben
    16     bridge caller ana
    16     tell ana that it is +15557770001 "Carl Contact"
    18     unbridge caller ana
    18     bridge ana ben
    18     tell ana that it is ben "Ben Baker"
    20     unbridge ana ben
    20     bridge caller ana
    20     tell ana that it is +15557770001 "Carl Contact"
    22     hang up ana Normal
    22     bridge caller ben
    22     tell caller that it is +15550100002 "-"
    22     tell ben that it is +15557770001 "Carl Contact"
    25     hang up ben Normal
    25     finished
    --
    call inbound answered by external, anchor left 25, ended 25
    c1 route u-ana by -, 0..22, answered 5, bridged 5: answered, transferred, -
    c2 consult u-ben by u-ana, 10..25, answered 14, bridged 22: answered, hangup_external, completed
    p:+15557770001 caller 5..25
    u:u-ana callee 5..22
    u:u-ben transfer_target 14..25
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 10 hold u-ana party=+15557770001
    i5 10 transfer_started u-ana mode=warm target=u-ben
    i6 10 routing_started c2 strategy=single target=u-ben
    i7 14 answered c2 u-ben
    i8 16 resume u-ana party=+15557770001
    i9 16 hold u-ana party=u:u-ben
    i10 18 hold u-ana party=+15557770001
    i11 18 resume u-ana party=u:u-ben
    i12 20 resume u-ana party=+15557770001
    i13 20 hold u-ana party=u:u-ben
    i14 22 transfer_completed c2 u-ana mode=warm
    i15 22 participant_left c1 u-ana reason=transferred
    i16 22 resume party=u:u-ben
    i17 25 call_ended by=external
    "#);
}

#[test]
fn merged() {
    assert_snapshot!(told("
        10 order ana consult ben
        14 ben answers
        16 order ana merge
        18 ana hangs up
        25 caller hangs up
    "), @r#"
    10     dial ben, showing ana "Ana Agent"
    10     unbridge caller ana
    10     play ana [Tone(Ringback)] for ever
    14     u-ben is taken
    14     stop playing to ana
    14     bridge ana ben
    14     tell ana that it is ben "Ben Baker"
    16     unbridge ana ben
    16     caller joins room 1
    16     ana joins room 1
    16     ben joins room 1
    16     tell caller that it is - "Conference"
    16     tell ana that it is - "Conference"
    16     tell ben that it is - "Conference"
    18     bridge caller ben
    18     tell caller that it is +15550100002 "-"
    18     tell ben that it is +15557770001 "Carl Contact"
    25     hang up ben Normal
    25     finished
    --
    call inbound answered by external, anchor left 25, ended 25
    c1 route u-ana by -, 0..18, answered 5, bridged 5: answered, hangup_internal, -
    c2 consult u-ben by u-ana, 10..25, answered 14, bridged 16: answered, hangup_external, conference
    p:+15557770001 caller 5..25
    u:u-ana callee 5..18
    u:u-ben added 14..25
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 10 hold u-ana party=+15557770001
    i5 10 transfer_started u-ana mode=warm target=u-ben
    i6 10 routing_started c2 strategy=single target=u-ben
    i7 14 answered c2 u-ben
    i8 16 transfer_completed c2 u-ana mode=warm
    i9 16 resume u-ana party=+15557770001
    i10 18 participant_left c1 u-ana reason=hangup
    i11 25 call_ended by=external
    "#);
}

/// The caller loses patience: who consults goes on talking with whom he has asked.
#[test]
fn the_held_caller_hangs_up() {
    assert_snapshot!(told("
        10 order ana consult ben
        14 ben answers
        16 caller hangs up
        25 ben hangs up
    "), @r#"
    10     dial ben, showing ana "Ana Agent"
    10     unbridge caller ana
    10     play ana [Tone(Ringback)] for ever
    14     u-ben is taken
    14     stop playing to ana
    14     bridge ana ben
    14     tell ana that it is ben "Ben Baker"
    25     hang up ana Normal
    25     finished
    --
    call inbound answered by internal, anchor left 16, ended 25
    c1 route u-ana by -, 0..25, answered 5, bridged 5: answered, hangup_internal, -
    c2 consult u-ben by u-ana, 10..25, answered 14, bridged -: answered, hangup_internal, abandoned
    p:+15557770001 caller 5..16
    u:u-ana callee 5..25
    u:u-ben consulted 14..25
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 10 hold u-ana party=+15557770001
    i5 10 transfer_started u-ana mode=warm target=u-ben
    i6 10 routing_started c2 strategy=single target=u-ben
    i7 14 answered c2 u-ben
    i8 16 participant_left party=+15557770001 reason=hangup
    i9 16 transfer_abandoned c2 u-ana mode=warm
    i10 25 call_ended by=internal
    "#);
}

#[test]
fn the_held_caller_hangs_up_while_it_rings() {
    assert_snapshot!(told("
        10 order ana consult ben
        14 caller hangs up
    "), @r#"
    10     dial ben, showing ana "Ana Agent"
    10     unbridge caller ana
    10     play ana [Tone(Ringback)] for ever
    14     cancel ben CallerGone
    14     hang up ana Normal
    14     finished
    --
    call inbound answered by external, anchor left 14, ended 14
    c1 route u-ana by -, 0..14, answered 5, bridged 5: answered, hangup_external, -
    c2 consult u-ben by u-ana, 10..14, answered -, bridged -: canceled, not_answered, unanswered
    p:+15557770001 caller 5..14
    u:u-ana callee 5..14
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 10 hold u-ana party=+15557770001
    i5 10 transfer_started u-ana mode=warm target=u-ben
    i6 10 routing_started c2 strategy=single target=u-ben
    i7 14 no_answer c2 reason=caller_hangup
    i8 14 transfer_unanswered c2 u-ana mode=warm
    i9 14 call_ended by=external
    "#);
}

/// The telephone has held already: that is written once.
#[test]
fn his_telephone_holds_already() {
    assert_snapshot!(told("
        9 ana holds
        10 order ana consult ben
        12 ana resumes
        14 ben answers
        16 order ana abandon
        25 caller hangs up
    "), @r#"
    10     dial ben, showing ana "Ana Agent"
    10     unbridge caller ana
    12     play ana [Tone(Ringback)] for ever
    14     u-ben is taken
    14     stop playing to ana
    14     bridge ana ben
    14     tell ana that it is ben "Ben Baker"
    16     hang up ben Normal
    16     bridge caller ana
    16     tell ana that it is +15557770001 "Carl Contact"
    25     hang up ana Normal
    25     finished
    --
    call inbound answered by external, anchor left 25, ended 25
    c1 route u-ana by -, 0..25, answered 5, bridged 5: answered, hangup_external, -
    c2 consult u-ben by u-ana, 10..16, answered 14, bridged -: answered, abandoned, abandoned
    p:+15557770001 caller 5..25
    u:u-ana callee 5..25
    u:u-ben consulted 14..16
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 9 hold u-ana party=+15557770001
    i5 10 transfer_started u-ana mode=warm target=u-ben
    i6 10 routing_started c2 strategy=single target=u-ben
    i7 14 answered c2 u-ben
    i8 16 transfer_abandoned c2 u-ana mode=warm
    i9 16 participant_left c2 u-ben reason=abandoned
    i10 16 resume u-ana party=+15557770001
    i11 25 call_ended by=external
    "#);
}

#[test]
fn a_number_outside_is_consulted() {
    assert_snapshot!(told("
        10 order ana consult +15557770002
        14 +15557770002 answers
        16 order ana complete
        25 caller hangs up
    "), @r#"
    10     dial +15557770002 by carrier-a, showing +15550100001
    10     unbridge caller ana
    10     play ana [Tone(Ringback)] for ever
    14     stop playing to ana
    14     bridge ana +15557770002
    14     tell ana that it is +15557770002 "Dora Contact"
    16     hang up ana Normal
    16     bridge caller +15557770002
    16     tell caller that it is +15557770002 "-"
    16     tell +15557770002 that it is +15557770001 "-"
    25     hang up +15557770002 Normal
    25     finished
    --
    call inbound answered by external, anchor left 25, ended 25
    c1 route u-ana by -, 0..16, answered 5, bridged 5: answered, transferred, -
    c2 consult +15557770002 by u-ana, 10..25, answered 14, bridged 16: answered, hangup_external, completed
    p:+15557770001 caller 5..25
    u:u-ana callee 5..16
    p:+15557770002 transfer_target 14..25
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 10 hold u-ana party=+15557770001
    i5 10 transfer_started u-ana mode=warm target=+15557770002
    i6 10 routing_started c2 strategy=single target=+15557770002
    i7 14 answered c2 party=+15557770002
    i8 16 transfer_completed c2 u-ana mode=warm
    i9 16 participant_left c1 u-ana reason=transferred
    i10 16 resume party=+15557770001
    i11 25 call_ended by=external
    "#);
}

/// The user who made the call hands it over: the others go on without him.
#[test]
fn an_outbound_call_is_handed_over() {
    let script = "registered ana ben
        0 call ana -> +15557770002
        5 +15557770002 answers
        10 order ana consult ben
        14 ben answers
        16 order ana complete
        25 +15557770002 hangs up";
    assert_snapshot!(handed_on_in(World::new(directory("")), 6.0, script), @r#"
    10     dial ben, showing ana "Ana Agent"
    10     unbridge caller +15557770002
    10     play caller [Tone(Ringback)] for ever
    14     u-ben is taken
    14     stop playing to caller
    14     bridge caller ben
    14     tell caller that it is ben "Ben Baker"
    16     hang up caller Normal
    16     bridge +15557770002 ben
    16     tell +15557770002 that it is +15550100002 "-"
    16     tell ben that it is +15557770002 "Dora Contact"
    25     hang up ben Normal
    25     finished
    --
    call outbound answered by external, anchor left 16, ended 25
    c1 dial +15557770002 by -, 0..25, answered 5, bridged 5: answered, hangup_external, -
    c2 consult u-ben by u-ana, 10..25, answered 14, bridged 16: answered, hangup_external, completed
    u:u-ana caller 5..16
    p:+15557770002 callee 5..25
    u:u-ben transfer_target 14..25
    i1 0 call_started u-ana direction=outbound
    i2 0 dial_started c1 added=false to=+15557770002
    i3 5 answered c1 party=+15557770002
    i4 10 hold u-ana party=+15557770002
    i5 10 transfer_started u-ana mode=warm target=u-ben
    i6 10 routing_started c2 strategy=single target=u-ben
    i7 14 answered c2 u-ben
    i8 16 transfer_completed c2 u-ana mode=warm
    i9 16 participant_left u-ana reason=transferred
    i10 16 resume u-ben party=+15557770002
    i11 25 call_ended by=external
    "#);
}

/// Out of a conference: the others hear each other meanwhile, nobody is on hold.
#[test]
fn one_of_a_conference_consults() {
    assert_snapshot!(told("
        8 order ana add ben
        9 ben answers
        10 order ana consult cat
        14 cat answers
        16 order ana complete
        25 caller hangs up
    "), @r#"
    8      dial ben, showing ana "Ana Agent"
    9      u-ben is taken
    9      unbridge caller ana
    9      caller joins room 1
    9      ana joins room 1
    9      ben joins room 1
    9      tell caller that it is - "Conference"
    9      tell ana that it is - "Conference"
    9      tell ben that it is - "Conference"
    10     dial cat, showing ana "Ana Agent"
    10     ana leaves its room
    10     bridge caller ben
    10     play ana [Tone(Ringback)] for ever
    10     tell caller that it is +15550100002 "-"
    10     tell ben that it is +15557770001 "Carl Contact"
    14     u-cat is taken
    14     stop playing to ana
    14     bridge ana cat
    14     tell ana that it is cat "Cat Cole"
    16     hang up ana Normal
    16     unbridge caller ben
    16     caller joins room 1
    16     ben joins room 1
    16     cat joins room 1
    16     tell caller that it is - "Conference"
    16     tell ben that it is - "Conference"
    16     tell cat that it is - "Conference"
    25     bridge ben cat
    25     tell ben that it is cat "Cat Cole"
    25     tell cat that it is ben "Ben Baker"
    --
    call inbound - by -, anchor left 25, ended -
    c1 route u-ana by -, 0..16, answered 5, bridged 5: answered, transferred, -
    c2 add u-ben by u-ana, 8..-, answered 9, bridged 9: answered, -, -
    c3 consult u-cat by u-ana, 10..-, answered 14, bridged 16: answered, -, completed
    p:+15557770001 caller 5..25
    u:u-ana callee 5..16
    u:u-ben added 9..-
    u:u-cat transfer_target 14..-
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 8 routing_started c2 u-ana added=true strategy=single target=u-ben
    i5 9 answered c2 u-ben
    i6 10 transfer_started u-ana mode=warm target=u-cat
    i7 10 routing_started c3 strategy=single target=u-cat
    i8 14 answered c3 u-cat
    i9 16 transfer_completed c3 u-ana mode=warm
    i10 16 participant_left c1 u-ana reason=transferred
    i11 25 participant_left party=+15557770001 reason=hangup
    "#);
}

#[test]
fn the_server_stops_in_a_consultation() {
    assert_snapshot!(told("
        10 order ana consult ben
        14 ben answers
        16 release
    "), @r#"
    10     dial ben, showing ana "Ana Agent"
    10     unbridge caller ana
    10     play ana [Tone(Ringback)] for ever
    14     u-ben is taken
    14     stop playing to ana
    14     bridge ana ben
    14     tell ana that it is ben "Ben Baker"
    16     hang up ana Shutdown
    16     hang up ben Shutdown
    16     hang up caller Shutdown
    16     finished
    --
    call inbound answered by system, anchor left 16, ended 16
    c1 route u-ana by -, 0..16, answered 5, bridged 5: answered, call_ended, -
    c2 consult u-ben by u-ana, 10..16, answered 14, bridged -: answered, call_ended, abandoned
    p:+15557770001 caller 5..16
    u:u-ana callee 5..16
    u:u-ben consulted 14..16
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 10 hold u-ana party=+15557770001
    i5 10 transfer_started u-ana mode=warm target=u-ben
    i6 10 routing_started c2 strategy=single target=u-ben
    i7 14 answered c2 u-ben
    i8 16 transfer_abandoned c2 u-ana mode=warm
    i9 16 call_ended by=system
    "#);
}
