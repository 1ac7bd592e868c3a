//! The target answers: what everybody hears and sees until then and afterwards, inside and outside
//! (D10, D12).

use call::TransferHear;
use insta::assert_snapshot;

use crate::cases::talk::{told, told_in};
use crate::directory::directory;
use crate::script::handed_on_in;
use crate::world::World;

#[test]
fn the_caller_hears_that_it_rings_and_everybody_sees_whom_he_talks_with() {
    assert_snapshot!(told("
        10 order ana transfer ben
        12 ben rings
        14 ben answers
        20 caller hangs up
    "), @r#"
    10     dial ben, showing +15557770001 "Carl Contact"
    10     hang up ana Normal
    10     play caller [Tone(Ringback)] for ever
    14     u-ben is taken
    14     stop playing to caller
    14     bridge caller ben
    14     tell caller that it is +15550100002 "-"
    20     hang up ben Normal
    20     finished
    --
    call inbound answered by external, anchor left 20, ended 20
    c1 route u-ana by -, 0..10, answered 5, bridged 5: answered, transferred, -
    c2 transfer u-ben by u-ana, 10..20, answered 14, bridged 14: answered, hangup_external, completed
    p:+15557770001 caller 5..20
    u:u-ana callee 5..10
    u:u-ben transfer_target 14..20
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 10 transfer_started u-ana mode=cold target=u-ben
    i5 10 participant_left c1 u-ana reason=transferred
    i6 10 routing_started c2 strategy=single target=u-ben
    i7 14 answered c2 u-ben
    i8 14 transfer_completed c2 u-ana mode=cold
    i9 20 call_ended by=external
    "#);
}

#[test]
fn or_he_hears_music() {
    let mut world = World::new(directory(""));
    world.settings.transfer.hear = TransferHear::Music;
    world.settings.sound.music_on_hold = Some("music:calm".into());
    assert_snapshot!(told_in(world, "
        10 order ana transfer ben
        14 ben answers
        20 caller hangs up
    "), @r#"
    10     dial ben, showing +15557770001 "Carl Contact"
    10     hang up ana Normal
    10     play caller [Music("calm")] for ever
    14     u-ben is taken
    14     stop playing to caller
    14     bridge caller ben
    14     tell caller that it is +15550100002 "-"
    20     hang up ben Normal
    20     finished
    --
    call inbound answered by external, anchor left 20, ended 20
    c1 route u-ana by -, 0..10, answered 5, bridged 5: answered, transferred, -
    c2 transfer u-ben by u-ana, 10..20, answered 14, bridged 14: answered, hangup_external, completed
    p:+15557770001 caller 5..20
    u:u-ana callee 5..10
    u:u-ben transfer_target 14..20
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 10 transfer_started u-ana mode=cold target=u-ben
    i5 10 participant_left c1 u-ana reason=transferred
    i6 10 routing_started c2 strategy=single target=u-ben
    i7 14 answered c2 u-ben
    i8 14 transfer_completed c2 u-ana mode=cold
    i9 20 call_ended by=external
    "#);
}

/// The transferor's telephone holds, refers and hangs up, as telephones do: the hold ends when
/// the target answers.
#[test]
fn a_telephone_holds_first() {
    assert_snapshot!(told("
        9 ana holds
        10 ana refers to ben
        10.1 ana hangs up
        14 ben answers
        20 ben hangs up
    "), @r#"
    10     accept the refer of ana
    10     dial ben, showing +15557770001 "Carl Contact"
    10     unbridge caller ana
    10     play caller [Tone(Ringback)] for ever
    14     u-ben is taken
    14     stop playing to caller
    14     bridge caller ben
    14     tell caller that it is +15550100002 "-"
    20     hang up caller Normal
    20     finished
    --
    call inbound answered by internal, anchor left 20, ended 20
    c1 route u-ana by -, 0..10, answered 5, bridged 5: answered, transferred, -
    c2 transfer u-ben by u-ana, 10..20, answered 14, bridged 14: answered, hangup_internal, completed
    p:+15557770001 caller 5..20
    u:u-ana callee 5..10
    u:u-ben transfer_target 14..20
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 9 hold u-ana party=+15557770001
    i5 10 transfer_started u-ana mode=cold target=u-ben
    i6 10 participant_left c1 u-ana reason=transferred
    i7 10 routing_started c2 strategy=single target=u-ben
    i8 14 answered c2 u-ben
    i9 14 transfer_completed c2 u-ana mode=cold
    i10 14 resume u-ben party=+15557770001
    i11 20 call_ended by=internal
    "#);
}

/// His telephone that waits is told how it goes, and let go at the end.
#[test]
fn the_transferor_is_told() {
    assert_snapshot!(told("
        10 ana refers to ben
        12 ben rings
        14 ben answers
        20 caller hangs up
    "), @r#"
    10     accept the refer of ana
    10     dial ben, showing +15557770001 "Carl Contact"
    10     unbridge caller ana
    10     play caller [Tone(Ringback)] for ever
    12     notify ana 180
    14     u-ben is taken
    14     notify ana 200
    14     hang up ana Normal
    14     stop playing to caller
    14     bridge caller ben
    14     tell caller that it is +15550100002 "-"
    20     hang up ben Normal
    20     finished
    --
    call inbound answered by external, anchor left 20, ended 20
    c1 route u-ana by -, 0..10, answered 5, bridged 5: answered, transferred, -
    c2 transfer u-ben by u-ana, 10..20, answered 14, bridged 14: answered, hangup_external, completed
    p:+15557770001 caller 5..20
    u:u-ana callee 5..10
    u:u-ben transfer_target 14..20
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 10 transfer_started u-ana mode=cold target=u-ben
    i5 10 participant_left c1 u-ana reason=transferred
    i6 10 routing_started c2 strategy=single target=u-ben
    i7 14 answered c2 u-ben
    i8 14 transfer_completed c2 u-ana mode=cold
    i9 20 call_ended by=external
    "#);
}

/// Far and far go on: the user who made the call has left it.
#[test]
fn an_outbound_call_is_handed_on() {
    let script = "registered ana ben
        0 call ana -> +15557770002
        5 +15557770002 answers
        10 ana refers to ben
        11 caller hangs up
        14 ben answers
        20 +15557770002 hangs up";
    let script = script.replace("ana refers", "caller refers");
    assert_snapshot!(handed_on_in(World::new(directory("")), 6.0, &script), @r#"
    10     accept the refer of caller
    10     dial ben, showing +15557770002 "Dora Contact"
    10     unbridge caller +15557770002
    10     play +15557770002 [Tone(Ringback)] for ever
    14     u-ben is taken
    14     stop playing to +15557770002
    14     bridge +15557770002 ben
    14     tell +15557770002 that it is +15550100002 "-"
    20     hang up ben Normal
    20     finished
    --
    call outbound answered by external, anchor left 10, ended 20
    c1 dial +15557770002 by -, 0..20, answered 5, bridged 5: answered, hangup_external, -
    c2 transfer u-ben by u-ana, 10..20, answered 14, bridged 14: answered, hangup_external, completed
    u:u-ana caller 5..10
    p:+15557770002 callee 5..20
    u:u-ben transfer_target 14..20
    i1 0 call_started u-ana direction=outbound
    i2 0 dial_started c1 added=false to=+15557770002
    i3 5 answered c1 party=+15557770002
    i4 10 transfer_started u-ana mode=cold target=u-ben
    i5 10 participant_left u-ana reason=transferred
    i6 10 routing_started c2 strategy=single target=u-ben
    i7 14 answered c2 u-ben
    i8 14 transfer_completed c2 u-ana mode=cold
    i9 20 call_ended by=external
    "#);
}

/// Both who are left are outside.
#[test]
fn an_outbound_call_is_handed_on_to_a_number_outside() {
    let script = "registered ana
        0 call ana -> +15557770002
        5 +15557770002 answers
        10 order ana transfer +15557770003
        14 +15557770003 answers
        20 +15557770003 hangs up";
    assert_snapshot!(handed_on_in(World::new(directory("")), 6.0, script), @r#"
    10     dial +15557770003 by carrier-a, showing +15557770002
    10     hang up caller Normal
    10     play +15557770002 [Tone(Ringback)] for ever
    14     stop playing to +15557770002
    14     bridge +15557770002 +15557770003
    14     tell +15557770002 that it is +15557770003 "-"
    20     hang up +15557770002 Normal
    20     finished
    --
    call outbound answered by external, anchor left 10, ended 20
    c1 dial +15557770002 by -, 0..20, answered 5, bridged 5: answered, hangup_external, -
    c2 transfer +15557770003 by u-ana, 10..20, answered 14, bridged 14: answered, hangup_external, completed
    u:u-ana caller 5..10
    p:+15557770002 callee 5..20
    p:+15557770003 transfer_target 14..20
    i1 0 call_started u-ana direction=outbound
    i2 0 dial_started c1 added=false to=+15557770002
    i3 5 answered c1 party=+15557770002
    i4 10 transfer_started u-ana mode=cold target=+15557770003
    i5 10 participant_left u-ana reason=transferred
    i6 10 routing_started c2 strategy=single target=+15557770003
    i7 14 answered c2 party=+15557770003
    i8 14 transfer_completed c2 u-ana mode=cold
    i9 20 call_ended by=external
    "#);
}

#[test]
fn back_and_forth() {
    assert_snapshot!(told("
        10 order ana transfer ben
        14 ben answers
        20 order ben transfer ana
        24 ana answers
        30 order ana transfer ben
        34 ben answers
        40 caller hangs up
    "), @r#"
    10     dial ben, showing +15557770001 "Carl Contact"
    10     hang up ana Normal
    10     play caller [Tone(Ringback)] for ever
    14     u-ben is taken
    14     stop playing to caller
    14     bridge caller ben
    14     tell caller that it is +15550100002 "-"
    20     dial ana, showing +15557770001 "Carl Contact"
    20     hang up ben Normal
    20     play caller [Tone(Ringback)] for ever
    24     u-ana is taken
    24     stop playing to caller
    24     bridge caller ana
    24     tell caller that it is +15550100001 "-"
    30     dial ben, showing +15557770001 "Carl Contact"
    30     hang up ana Normal
    30     play caller [Tone(Ringback)] for ever
    34     u-ben is taken
    34     stop playing to caller
    34     bridge caller ben
    34     tell caller that it is +15550100002 "-"
    40     hang up ben Normal
    40     finished
    --
    call inbound answered by external, anchor left 40, ended 40
    c1 route u-ana by -, 0..10, answered 5, bridged 5: answered, transferred, -
    c2 transfer u-ben by u-ana, 10..20, answered 14, bridged 14: answered, transferred, completed
    c3 transfer u-ana by u-ben, 20..30, answered 24, bridged 24: answered, transferred, completed
    c4 transfer u-ben by u-ana, 30..40, answered 34, bridged 34: answered, hangup_external, completed
    p:+15557770001 caller 5..40
    u:u-ana callee 5..30
    u:u-ben transfer_target 14..40
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-ana
    i3 5 answered c1 u-ana
    i4 10 transfer_started u-ana mode=cold target=u-ben
    i5 10 participant_left c1 u-ana reason=transferred
    i6 10 routing_started c2 strategy=single target=u-ben
    i7 14 answered c2 u-ben
    i8 14 transfer_completed c2 u-ana mode=cold
    i9 20 transfer_started u-ben mode=cold target=u-ana
    i10 20 participant_left c2 u-ben reason=transferred
    i11 20 routing_started c3 strategy=single target=u-ana
    i12 24 answered c3 u-ana
    i13 24 transfer_completed c3 u-ben mode=cold
    i14 30 transfer_started u-ana mode=cold target=u-ben
    i15 30 participant_left c3 u-ana reason=transferred
    i16 30 routing_started c4 strategy=single target=u-ben
    i17 34 answered c4 u-ben
    i18 34 transfer_completed c4 u-ana mode=cold
    i19 40 call_ended by=external
    "#);
}
