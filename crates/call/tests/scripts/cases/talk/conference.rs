//! Conferences: added, removed, muted, on hold; a recording; sounds and digits by order.

use insta::assert_snapshot;

use super::{told, told_in};
use crate::directory::directory;
use crate::world::World;

#[test]
fn three_meet_in_a_room_and_two_need_none() {
    assert_snapshot!(told("
        10 order ana add ben
        14 ben answers
        20 order boss remove ben
        25 caller hangs up
    "), @r#"
    10     dial ben, showing ana "Ana Agent"
    14     u-ben is taken
    14     unbridge caller ana
    14     caller joins room 1
    14     ana joins room 1
    14     ben joins room 1
    14     tell caller that it is - "Conference"
    14     tell ana that it is - "Conference"
    14     tell ben that it is - "Conference"
    20     hang up ben Normal
    20     bridge caller ana
    20     tell caller that it is +15550100001 "-"
    20     tell ana that it is +15557770001 "Carl Contact"
    25     hang up ana Normal
    25     finished
    --
    call inbound answered by external, anchor left 25, ended 25
    c1 route u-ana by -, 0..25, answered 5, bridged 5: answered, hangup_external, -
    c2 add u-ben by u-ana, 10..20, answered 14, bridged 14: answered, hangup_internal, -
    p:+15557770001 caller 5..25
    u:u-ana callee 5..25
    u:u-ben added 14..20
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 10 routing_started c2 u-ana added=true strategy=single target=u-ben
    i5 14 answered c2 u-ben
    i6 20 participant_left c2 u-ben reason=removed
    i7 25 call_ended by=external
    "#);
}

#[test]
fn somebody_outside_is_added_and_does_not_answer() {
    assert_snapshot!(told("
        10 order ana add +15557770002
        12 +15557770002 rings
        60 pass
        61 order ana add +15557770003
        62 +15557770003 fails 486
        65 caller hangs up
    "), @r"
    10     dial +15557770002 by carrier-a, showing +15550100001
    40     cancel +15557770002 NoAnswer
    61     dial +15557770003 by carrier-a, showing +15550100001
    65     hang up ana Normal
    65     finished
    --
    call inbound answered by external, anchor left 65, ended 65
    c1 route u-ana by -, 0..65, answered 5, bridged 5: answered, hangup_external, -
    c2 add +15557770002 by u-ana, 10..40, answered -, bridged -: no_answer, not_answered, -
    c3 add +15557770003 by u-ana, 61..62, answered -, bridged -: busy, not_answered, -
    p:+15557770001 caller 5..65
    u:u-ana callee 5..65
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 10 dial_started c2 u-ana added=true to=+15557770002
    i5 40 no_answer c2 reason=timeout
    i6 61 dial_started c3 u-ana added=true to=+15557770003
    i7 62 no_answer c3 reason=busy
    i8 65 call_ended by=external
    ");
}

/// Who adds leaves before it is answered: somebody is rung for who is left.
#[test]
fn the_call_goes_on_while_somebody_rings_for_it() {
    assert_snapshot!(told("
        10 order ana add ben
        12 ana hangs up
        14 ben answers
        25 caller hangs up
    "), @r#"
    10     dial ben, showing ana "Ana Agent"
    12     play caller [Tone(Ringback)] for ever
    14     u-ben is taken
    14     stop playing to caller
    14     bridge caller ben
    14     tell caller that it is +15550100002 "-"
    14     tell ben that it is +15557770001 "Carl Contact"
    25     hang up ben Normal
    25     finished
    --
    call inbound answered by external, anchor left 25, ended 25
    c1 route u-ana by -, 0..12, answered 5, bridged 5: answered, hangup_internal, -
    c2 add u-ben by u-ana, 10..25, answered 14, bridged 14: answered, hangup_external, -
    p:+15557770001 caller 5..25
    u:u-ana callee 5..12
    u:u-ben added 14..25
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 10 routing_started c2 u-ana added=true strategy=single target=u-ben
    i5 12 participant_left c1 u-ana reason=hangup
    i6 14 answered c2 u-ben
    i7 25 call_ended by=external
    "#);
}

#[test]
fn muted_and_opened_again() {
    assert_snapshot!(told("
        10 order ana mute ana
        12 order ana mute ana
        14 order boss unmute ana
        25 caller hangs up
    "), @r"
    10     unbridge caller ana
    10     caller joins room 1
    10     ana joins room 1, heard by nobody
    14     bridge caller ana
    25     hang up ana Normal
    25     finished
    --
    call inbound answered by external, anchor left 25, ended 25
    c1 route u-ana by -, 0..25, answered 5, bridged 5: answered, hangup_external, -
    p:+15557770001 caller 5..25
    u:u-ana callee 5..25
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 25 call_ended by=external
    ");
}

#[test]
fn held_by_order() {
    let mut world = World::new(directory(""));
    world.settings.sound.music_on_hold = Some("music:calm".into());
    assert_snapshot!(told_in(world, "
        10 order ana hold
        12 order ana hold
        14 order ana resume
        25 caller hangs up
    "), @r#"
    10     unbridge caller ana
    10     play caller [Music("calm")] for ever
    14     stop playing to caller
    14     bridge caller ana
    25     hang up ana Normal
    25     finished
    --
    call inbound answered by external, anchor left 25, ended 25
    c1 route u-ana by -, 0..25, answered 5, bridged 5: answered, hangup_external, -
    p:+15557770001 caller 5..25
    u:u-ana callee 5..25
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 10 hold u-ana party=+15557770001
    i5 14 resume u-ana party=+15557770001
    i6 25 call_ended by=external
    "#);
}

/// His telephone sends music: the others do not have to hear it.
#[test]
fn one_of_a_conference_holds() {
    assert_snapshot!(told("
        8 order ana add ben
        9 ben answers
        10 ana holds
        14 ana resumes
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
    10     ana leaves its room
    10     bridge caller ben
    14     unbridge caller ben
    14     caller joins room 1
    14     ana joins room 1
    14     ben joins room 1
    25     bridge ana ben
    25     tell ana that it is ben "Ben Baker"
    25     tell ben that it is ana "Ana Agent"
    --
    call inbound - by -, anchor left 25, ended -
    c1 route u-ana by -, 0..-, answered 5, bridged 5: answered, -, -
    c2 add u-ben by u-ana, 8..-, answered 9, bridged 9: answered, -, -
    p:+15557770001 caller 5..25
    u:u-ana callee 5..-
    u:u-ben added 9..-
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 8 routing_started c2 u-ana added=true strategy=single target=u-ben
    i5 9 answered c2 u-ben
    i6 25 participant_left party=+15557770001 reason=hangup
    "#);
}

#[test]
fn digits_and_sounds() {
    let mut world = World::new(directory(""));
    world.settings.sound.music_on_hold = Some("music:calm".into());
    assert_snapshot!(told_in(world, "
        10 order ana digits anchor 12#
        11 order ana digits anchor 12x
        12 order ana play anchor hello.wav
        13 caller heard
        14 order ana play all hello.wav
        15 order ana hold
        16 order ana stop play
        25 caller hangs up
    "), @r#"
    10     send a digit to caller for 160 ms
    10     send a digit to caller for 160 ms
    10     send a digit to caller for 160 ms
    11     refused: the target cannot be reached this way
    12     play caller [File("hello.wav")]
    14     play caller [File("hello.wav")]
    14     play ana [File("hello.wav")]
    15     unbridge caller ana
    16     stop playing to caller
    16     stop playing to ana
    16     play caller [Music("calm")] for ever
    25     hang up ana Normal
    25     finished
    --
    call inbound answered by external, anchor left 25, ended 25
    c1 route u-ana by -, 0..25, answered 5, bridged 5: answered, hangup_external, -
    p:+15557770001 caller 5..25
    u:u-ana callee 5..25
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 15 hold u-ana party=+15557770001
    i5 25 call_ended by=external
    "#);
}

/// A recording outlives a transfer, pauses for nobody, and tells who joins.
#[test]
fn a_recording_follows_the_caller() {
    let mut world = World::new(directory(""));
    world.settings.sound.record_all = true;
    world.settings.sound.consent_prompt = Some("consent.wav".into());
    assert_snapshot!(told_in(world, "
        6 caller heard
        7 ana heard
        10 order ana consult ben
        14 ben answers
        16 order ana complete
        18 ben heard
        25 caller hangs up
    "), @r#"
    7      call-a-r1 is 2026/01/05/call-a-r1.wav from 7
    7      record caller | ana as call-a-r1 in 2026/01/05/call-a-r1, Wav
    10     dial ben, showing ana "Ana Agent"
    10     unbridge caller ana
    10     play ana [Tone(Ringback)] for ever
    10     record caller | nobody as call-a-r1 in 2026/01/05/call-a-r1, Wav
    14     u-ben is taken
    14     stop playing to ana
    14     bridge ana ben
    14     tell ana that it is ben "Ben Baker"
    16     hang up ana Normal
    16     bridge caller ben
    16     record caller | ben as call-a-r1 in 2026/01/05/call-a-r1, Wav
    16     play ben [File("consent.wav")]
    16     tell caller that it is +15550100002 "-"
    16     tell ben that it is +15557770001 "Carl Contact"
    25     stop call-a-r1
    25     hang up ben Normal
    25     finished
    --
    call inbound answered by external, anchor left 25, ended 25
    c1 route u-ana by -, 0..16, answered 5, bridged 5: answered, transferred, -
    c2 consult u-ben by u-ana, 10..25, answered 14, bridged 16: answered, hangup_external, completed
    p:+15557770001 caller 5..25
    u:u-ana callee 5..16
    u:u-ben transfer_target 14..25
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 10 hold u-ana party=+15557770001
    i5 10 transfer_started u-ana mode=warm target=u-ben
    i6 10 routing_started c2 strategy=single target=u-ben
    i7 14 answered c2 u-ben
    i8 16 transfer_completed c2 u-ana mode=warm
    i9 16 participant_left c1 u-ana reason=transferred
    i10 16 resume u-ben party=+15557770001
    i11 25 call_ended by=external
    "#);
}
