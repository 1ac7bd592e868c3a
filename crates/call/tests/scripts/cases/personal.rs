//! How a user himself is rung (F7) and where groups ring him (F3), the owner of the caller's
//! record and with whom the caller talked last (F2), and numbers that are looked up outside.

use std::time::Duration;

use insta::assert_snapshot;
use model::directory::InboundRoute;
use model::{E164, UserId};

use crate::directory::directory;
use crate::script::{check_in, explained_in, orders_in, play};
use crate::world::World;

/// pat: desk 10 s, mobile 15 s, all 5 s, then forwarded; vic: 10 s, then voicemail; hal: his mobile
/// only, then over. Groups ring ray on his softphone and mo on her mobile.
const PEOPLE: &str = r#"{
    "users": [
      {"id": "u-pat", "display_name": "Pat Path", "sip_username": "pat",
        "devices": [{"id": "desk", "kind": "sip", "user_agent": "Desk"},
          {"id": "mobile", "kind": "number", "number": "+15558880001"}],
        "inbound_route": {"steps": [{"device": "desk", "ring_ms": 10000},
            {"device": "mobile", "ring_ms": 15000}, {"ring_ms": 5000}],
          "then": "forward", "forward_to": "+15558880009"}},
      {"id": "u-vic", "display_name": "Vic Voice", "sip_username": "vic",
        "voicemail": {},
        "inbound_route": {"steps": [{"ring_ms": 10000}], "then": "voicemail"}},
      {"id": "u-hal", "display_name": "Hal Hangup", "sip_username": "hal",
        "devices": [{"id": "mobile", "kind": "number", "number": "+15558880002"}],
        "inbound_route": {"steps": [{"device": "desk", "ring_ms": 9000},
            {"device": "mobile", "ring_ms": 8000}], "then": "hang_up"}},
      {"id": "u-ray", "display_name": "Ray Receiver", "sip_username": "ray",
        "devices": [{"id": "soft", "kind": "sip"}, {"id": "desk", "kind": "sip"}],
        "acd_receiver": "soft"},
      {"id": "u-mo", "display_name": "Mo Mobile", "sip_username": "mo",
        "devices": [{"id": "mobile", "kind": "number", "number": "+15558880003"}],
        "acd_receiver": "mobile"}],
    "groups": [{"id": "g-out", "name": "Out and about", "members": ["u-ray", "u-mo"],
        "acd_strategy": "simulring"},
      {"id": "g-ray", "name": "Ray alone", "members": ["u-ray"]}],
    "ivrs": [
      {"id": "ivr-wait", "action": "call_transfer", "target_kind": "group",
        "target_group_id": "g-ray", "queue": {}},
      {"id": "ivr-out", "action": "call_transfer", "target_kind": "group",
        "target_group_id": "g-out"},
      {"id": "ivr-owner", "action": "call_transfer", "target_kind": "record_owner",
        "next_ivr_id": "ivr-out"},
      {"id": "ivr-last", "action": "call_transfer", "target_kind": "last_agent",
        "next_ivr_id": "ivr-out"}],
    "numbers": [
      {"id": "n-pat", "e164": "+15550600001", "assigned_user_id": "u-pat"},
      {"id": "n-vic", "e164": "+15550600002", "assigned_user_id": "u-vic"},
      {"id": "n-hal", "e164": "+15550600003", "assigned_user_id": "u-hal"},
      {"id": "n-out", "e164": "+15550600004", "assigned_group_id": "g-out", "ivr_id": "ivr-out"},
      {"id": "n-owner", "e164": "+15550600005", "assigned_group_id": "g-out",
        "ivr_id": "ivr-owner", "is_default": false},
      {"id": "n-last", "e164": "+15550600006", "assigned_group_id": "g-out",
        "ivr_id": "ivr-last", "is_default": false},
      {"id": "n-wait", "e164": "+15550600007", "assigned_group_id": "g-ray",
        "ivr_id": "ivr-wait"}]
}"#;

fn world() -> World {
    World::new(directory(PEOPLE))
}

fn check(script: &str) -> String {
    check_in(world(), script)
}

#[test]
fn devices_ring_in_turn_in_one_attempt() {
    assert_snapshot!(check("registered pat
        0 call +15557770001 -> +15550600001
        1 pat rings
        10 pat settles 487
        12 +15558880001 rings
        14 +15558880001 answers
        30 caller hangs up
    "), @r#"
    0      dial pat on desk, showing +15557770001 "Carl Contact"
    1      ring caller
    10     cancel pat NoAnswer
    10     dial +15558880001 by carrier-a, showing +15557770001
    14     u-pat is taken
    14     answer caller like +15558880001
    14     bridge caller +15558880001
    30     hang up +15558880001 Normal
    30     finished
    --
    call inbound answered by external, owner u-pat, mco -
       accepted 14, answered 14, ended 30, sip -, q850 16
    c1 route user u-pat single, 0..30, answered 14, bridged 14
       answered, hangup_external, sip 200, q850 16
    a1 u-pat stage 1 round 1, 0..14, ringing 1, answered 200
    p1 p:+15557770001 caller 14..30
    p2 u:u-pat callee 14..30
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-pat
    i3 14 answered c1 u-pat
    i4 30 call_ended by=external
    context u-pat;
    "#);
}

#[test]
fn a_frozen_device_is_followed_by_the_next_in_four_seconds_and_the_last_one_may_be_slow() {
    assert_snapshot!(check("registered pat
        frozen pat
        0 call +15557770001 -> +15550600001
        4 pat settles 408
        5 +15558880001 fails 480
        9.5 pat rings                # no device comes after this one
        9.9 pat answers
        12 pat hangs up
    "), @r#"
    0      dial pat on desk, showing +15557770001 "Carl Contact"
    4      cancel pat NoAnswer
    4      dial +15558880001 by carrier-a, showing +15557770001
    5      dial pat, showing +15557770001 "Carl Contact"
    9.5    ring caller
    9.9    u-pat is taken
    9.9    answer caller like pat
    9.9    bridge caller pat
    12     hang up caller Normal
    12     finished
    --
    call inbound answered by internal, owner u-pat, mco -
       accepted 9.9, answered 9.9, ended 12, sip -, q850 16
    c1 route user u-pat single, 0..12, answered 9.9, bridged 9.9
       answered, hangup_internal, sip 200, q850 16
    a1 u-pat stage 1 round 1, 0..9.9, ringing 9.5, answered 200
    p1 p:+15557770001 caller 9.9..12
    p2 u:u-pat callee 9.9..12
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-pat
    i3 9.9 answered c1 u-pat
    i4 12 call_ended by=internal
    context u-pat;
    "#);
}

#[test]
fn nobody_answers_on_any_device_and_the_call_is_forwarded() {
    assert_snapshot!(explained_in(world(), "registered pat
        0 call +15557770001 -> +15550600001
        1 pat rings
        10 pat settles 408
        11 +15558880001 fails 486    # the next device at once
        16 pat settles 487
        20 +15558880009 answers
        30 +15558880009 hangs up
    "), @r#"
    0      dial pat on desk, showing +15557770001 "Carl Contact"
    1      ring caller
    10     cancel pat NoAnswer
    10     dial +15558880001 by carrier-a, showing +15557770001
    11     dial pat, showing +15557770001 "Carl Contact"
    16     cancel pat NoAnswer
    16     dial +15558880009 by carrier-a, showing +15557770001, passed on by +15550600001 (NoAnswer)
    20     answer caller like +15558880009
    20     bridge caller +15558880009
    30     hang up caller Normal
    30     finished
    --
    call inbound answered by external, owner u-pat, mco -
       accepted 20, answered 20, ended 30, sip -, q850 16
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-pat
    i3 20 answered c1 party=+15558880009
    i4 30 call_ended by=external
    0 number +15550600001: a call to u-pat
    0 device u-pat desk: rings for 10s
    0 device u-pat mobile: rings for 15s
    0 device u-pat all: rings for 5s
    0 device u-pat: unanswered: forwarded to +15558880009
    16 forward +15558880009: dialled: the user has not answered
    "#);
}

#[test]
fn who_is_forwarded_and_not_answered_there_either() {
    assert_snapshot!(check("registered pat
        0 call +15557770001 -> +15550600001
        2 pat fails 603              # speaks for the user: no other device rings
        5 +15558880009 rings
        40 pass
    "), @r#"
    0      dial pat on desk, showing +15557770001 "Carl Contact"
    2      dial +15558880009 by carrier-a, showing +15557770001, passed on by +15550600001 (Busy)
    5      ring caller
    32     cancel +15558880009 NoAnswer
    32     reject caller 480
    32     finished
    --
    call inbound missed by system, owner u-pat, mco u-pat
       accepted -, answered -, ended 32, sip 480, q850 19
    c1 route user u-pat single, 0..32, answered -, bridged -
       no_answer, not_answered, sip 480, q850 19
    a1 u-pat stage 1 round 1, 0..2, ringing -, forwarded 603
    a2 +15558880009 stage 1 round 1, 2..32, ringing 5, no_answer 487
    p1 p:+15557770001 caller -..-
    p2 u:u-pat callee -..-
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-pat
    i3 32 no_answer c1 reason=timeout
    i4 32 call_ended by=system
    context u-pat;
    "#);
}

#[test]
fn outside_a_call_between_users_shows_a_number_of_ours() {
    assert_snapshot!(orders_in(world(), "
        0 call ana -> pat
        15 +15558880001 fails 480
        16 +15558880009 answers
        17 caller hangs up
    "), @r#"
    0      dial +15558880001 by any trunk, showing +15550600001
    15     cancel +15558880001 NoAnswer
    15     dial +15558880009 by any trunk, showing +15550100001, passed on by +15550600001 (NoAnswer)
    16     answer caller like +15558880009
    16     bridge caller +15558880009
    17     hang up +15558880009 Normal
    17     finished
    "#);
}

#[test]
fn the_caller_leaves_while_a_device_rings_and_nothing_is_forwarded() {
    assert_snapshot!(check("registered pat
        0 call +15557770001 -> +15550600001
        12 caller cancels
        12 +15558880001 settles 487
    "), @r#"
    0      dial pat on desk, showing +15557770001 "Carl Contact"
    10     cancel pat NoAnswer
    10     dial +15558880001 by carrier-a, showing +15557770001
    12     cancel +15558880001 CallerGone
    12     finished
    --
    call inbound missed by external, owner u-pat, mco u-pat
       accepted -, answered -, ended 12, sip 487, q850 16
    c1 route user u-pat single, 0..12, answered -, bridged -
       canceled, not_answered, sip 487, q850 16
    a1 u-pat stage 1 round 1, 0..12, ringing -, caller_hangup 487
    p1 p:+15557770001 caller -..-
    p2 u:u-pat callee -..-
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-pat
    i3 12 no_answer c1 reason=caller_hangup
    i4 12 call_ended by=external
    context u-pat;
    "#);
}

#[test]
fn a_device_that_was_stopped_and_answers_all_the_same_is_released() {
    assert_snapshot!(orders_in(world(), "registered pat
        0 call +15557770001 -> +15550600001
        10 pass
        11 caller hangs up
    "), @r#"
    0      dial pat on desk, showing +15557770001 "Carl Contact"
    10     cancel pat NoAnswer
    10     dial +15558880001 by carrier-a, showing +15557770001
    11     cancel +15558880001 CallerGone
    11     finished
    "#);
    let mut world = world();
    play(&mut world, "registered pat\n 0 call +15557770001 -> +15550600001");
    let desk = world.calls[0].legs["pat"];
    world.until(Duration::from_secs(10));
    let crossed = call::port::CallInput::Leg(desk, call::port::LegEvent::Answered);
    world.input(0, crossed);
    assert!(world.log.ends_with("hang up pat NoAnswer\n"), "{}", world.log);
}

#[test]
fn the_route_of_who_is_not_registered_leaves_his_telephones_out() {
    assert_snapshot!(explained_in(world(), "
        0 call +15557770001 -> +15550600003
        3 +15558880002 rings
        8 pass
    "), @r"
    0      dial +15558880002 by carrier-a, showing +15557770001
    3      ring caller
    8      cancel +15558880002 NoAnswer
    8      reject caller 480
    8      finished
    --
    call inbound missed by system, owner u-hal, mco u-hal
       accepted -, answered -, ended 8, sip 480, q850 19
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-hal
    i3 8 no_answer c1 reason=timeout
    i4 8 call_ended by=system
    0 number +15550600003: a call to u-hal
    0 device u-hal desk: passed over: no such device
    0 device u-hal mobile: rings for 8s
    0 device u-hal: unanswered: over
    ");
}

#[test]
fn numbers_of_ours_are_not_dialled_outside_where_they_would_come_back() {
    let loops = r#"{
        "users": [
          {"id": "u-loop", "display_name": "Lou Loop", "sip_username": "loop",
            "devices": [{"id": "self", "kind": "number", "number": "+15550800001"}],
            "inbound_route": {"steps": [{"device": "self", "ring_ms": 9000}, {"ring_ms": 4000}],
              "then": "forward", "forward_to": "+15550800001"}},
          {"id": "u-hand", "display_name": "Hans Hand", "sip_username": "hand",
            "inbound_route": {"steps": [{"ring_ms": 4000}],
              "then": "forward", "forward_to": "+15550800001"}}],
        "numbers": [
          {"id": "n-loop", "e164": "+15550800001", "assigned_user_id": "u-loop"},
          {"id": "n-hand", "e164": "+15550800002", "assigned_user_id": "u-hand"}]
    }"#;
    assert_snapshot!(explained_in(World::new(directory(loops)), "registered loop hand
        0 call +15557770001 -> +15550800001
        10 B: call +15557770001 -> +15550800002
        16 B: loop answers
        17 B: loop hangs up
    "), @r#"
    0      dial loop, showing +15557770001 "Carl Contact"
    4      cancel loop NoAnswer
    4      reject caller 480
    4      finished
    10     B: dial hand, showing +15557770001 "Carl Contact"
    14     B: cancel hand NoAnswer
    14     B: dial loop, showing +15557770001 "Carl Contact", passed on by hand (NoAnswer)
    16     B: u-loop is taken
    16     B: answer caller like loop
    16     B: bridge caller loop
    17     B: hang up caller Normal
    17     B: finished
    --
    call inbound missed by system, owner u-loop, mco u-loop
       accepted -, answered -, ended 4, sip 480, q850 19
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-loop
    i3 4 no_answer c1 reason=timeout
    i4 4 call_ended by=system
    0 number +15550800001: a call to u-loop
    0 device u-loop self: passed over: no such device
    0 device u-loop all: rings for 4s
    0 device u-loop: unanswered: over, because +15550800001 is his own number
    --
    call inbound answered by internal, owner u-hand, mco -
       accepted 6, answered 6, ended 7, sip -, q850 16
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-hand
    i3 6 answered c1 u-loop
    i4 7 call_ended by=internal
    0 number +15550800002: a call to u-hand
    0 device u-hand all: rings for 4s
    0 device u-hand: unanswered: forwarded to +15550800001
    4 forward +15550800001: u-loop, whose number it is: the user called has not answered
    4 member u-loop: rung
    "#);
}

#[test]
fn a_route_has_no_more_steps_than_it_may() {
    let steps = [r#"{"ring_ms": 0}"#; 12].join(","); // rings for a second all the same
    let long = format!(
        r#"{{"users": [{{"id": "u-long", "display_name": "Long", "sip_username": "long",
            "inbound_route": {{"steps": [{steps}], "then": "hang_up"}}}}],
          "numbers": [{{"id": "n-long", "e164": "+15550800001", "assigned_user_id": "u-long"}}]}}"#
    );
    let mut world = World::new(directory(&long));
    play(&mut world, "registered long\n 0 call +15557770001 -> +15550800001\n 30 pass");
    assert_eq!(world.log.matches("dial long").count(), InboundRoute::STEPS);
    assert!(world.log.ends_with("10     finished\n"), "{}", world.log);
}

#[test]
fn an_unanswered_call_to_a_user_leaves_him_a_message() {
    assert_snapshot!(explained_in(world(), "registered vic
        0 call +15557770001 -> +15550600002
        10 vic settles 487
        12 caller hangs up
    "), @r#"
    0      dial vic, showing +15557770001 "Carl Contact"
    10     cancel vic NoAnswer
    10     answer caller
    10     play caller [Text("You have reached the mailbox of"), Text("Vic Voice"), Text("Please leave a message after the tone."), Tone(Beep)] up to a digit in en
    12     finished
    --
    call inbound missed by external, owner u-vic, mco u-vic
       accepted 10, answered -, ended 12, sip -, q850 16
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-vic
    i3 10 no_answer c1 reason=timeout
    i4 12 call_ended by=external
    0 number +15550600002: a call to u-vic
    0 device u-vic all: rings for 10s
    0 device u-vic: unanswered: voicemail
    10 voicemail u-vic: a message is taken for Vic Voice
    "#);
}

#[test]
fn groups_ring_a_user_on_his_receiver_even_outside() {
    assert_snapshot!(check("registered ray
        0 call +15557770001 -> +15550600004
        5 +15558880003 rings
        6 +15558880003 answers
        6 ray settles 487
        7 B: call +15557770002 -> +15550600004
        8 B: caller hangs up
        9 caller hangs up
    "), @r#"
    0      dial ray on soft, showing +15557770001 "Carl Contact"
    0      dial +15558880003 by carrier-a, showing +15557770001
    5      ring caller
    6      cancel ray AnsweredElsewhere
    6      u-mo is taken
    6      answer caller like +15558880003
    6      bridge caller +15558880003
    7      B: dial ray on soft, showing +15557770002 "Dora Contact"
    8      B: cancel ray CallerGone
    8      B: finished
    9      hang up +15558880003 Normal
    9      finished
    --
    call inbound answered by external, owner u-mo, mco -
       accepted 6, answered 6, ended 9, sip -, q850 16
    c1 route group g-out simulring, 0..9, answered 6, bridged 6
       answered, hangup_external, sip 200, q850 16
    a1 u-ray stage 1 round 1, 0..6, ringing -, answered_elsewhere 487
    a2 u-mo stage 1 round 1, 0..6, ringing 5, answered 200
    p1 p:+15557770001 caller 6..9
    p2 u:u-mo callee 6..9
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-out
    i3 0 routing_started c1 ivr-out strategy=simulring target=g-out
    i4 6 answered c1 u-mo
    i5 6 ivr_exited ivr-out reason=answered
    i6 9 call_ended by=external
    context u-mo u-ray; g-out
    --
    call inbound missed by external, owner -, mco -
       accepted -, answered -, ended 1, sip 487, q850 16
    c1 route group g-out simulring, 0..1, answered -, bridged -
       canceled, not_answered, sip 487, q850 16
    a1 u-ray stage 1 round 1, 0..1, ringing -, caller_hangup 487
    p1 p:+15557770002 caller -..-
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-out
    i3 0 routing_started c1 ivr-out strategy=simulring target=g-out
    i4 1 no_answer c1 reason=caller_hangup
    i5 1 ivr_exited ivr-out reason=caller_hangup
    i6 1 call_ended by=external
    context u-ray; g-out
    "#);
}

#[test]
fn whose_receiver_is_not_registered_is_not_offered_a_call_again_before_he_registers_anew() {
    assert_snapshot!(explained_in(world(), "registered ray
        0 call +15557770001 -> +15550600007
        0 ray fails 480              # only his desk telephone is there
        20 pass
        30 ray registers
        31 ray answers
        40 ray hangs up
    "), @r#"
    0      answer caller
    0      play caller [Tone(Ringback)] for ever
    0      dial ray on soft, showing +15557770001 "Carl Contact"
    30     dial ray on soft, showing +15557770001 "Carl Contact"
    31     u-ray is taken
    31     stop playing to caller
    31     bridge caller ray
    40     hang up caller Normal
    40     finished
    --
    call inbound answered by internal, owner u-ray, mco -
       accepted 0, answered 31, ended 40, sip -, q850 16
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-wait
    i3 0 routing_started c1 ivr-wait strategy=simulring target=g-ray
    i4 31 answered c1 u-ray
    i5 31 ivr_exited ivr-wait reason=answered
    i6 40 call_ended by=internal
    0 number +15550600007: enters ivr-wait
    0 ivr ivr-wait version 1: entered: call_transfer
    0 strategy g-ray: simulring
    0 queue g-ray: entered at place 1 with priority 0
    0 member u-ray: rung for g-ray, lap 1
    30 member u-ray: rung for g-ray, lap 2
    "#);
}

#[test]
fn who_talked_with_the_caller_last_is_rung_first() {
    let mut world = world();
    let number = E164::parse("+15557770001").expect("a number");
    world.floor.talked_with(number, UserId::from("u-dan"));
    assert_snapshot!(explained_in(world, "registered dan ray
        0 call +15557770001 -> +15550600006
        1 dan answers
        2 caller hangs up
        3 B: call +15557770002 -> +15550600006
        4 B: ray answers
        5 B: ray hangs up
        6 C: call +15557770002 -> +15550600006
        7 C: ray answers
        8 C: ray hangs up
    "), @r#"
    0      dial dan, showing +15557770001 "Carl Contact"
    1      u-dan is taken
    1      answer caller like dan
    1      bridge caller dan
    2      hang up dan Normal
    2      finished
    3      B: dial ray on soft, showing +15557770002 "Dora Contact"
    3      B: dial +15558880003 by carrier-a, showing +15557770002
    4      B: cancel +15558880003 AnsweredElsewhere
    4      B: u-ray is taken
    4      B: answer caller like ray
    4      B: bridge caller ray
    5      B: hang up caller Normal
    5      B: finished
    6      C: dial ray, showing +15557770002 "Dora Contact"
    7      C: u-ray is taken
    7      C: answer caller like ray
    7      C: bridge caller ray
    8      C: hang up caller Normal
    8      C: finished
    --
    call inbound answered by external, owner u-dan, mco -
       accepted 1, answered 1, ended 2, sip -, q850 16
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-last
    i3 0 routing_started c1 ivr-last strategy=single target=u-dan
    i4 1 answered c1 u-dan
    i5 1 ivr_exited ivr-last reason=answered
    i6 2 call_ended by=external
    0 number +15550600006: enters ivr-last
    0 ivr ivr-last version 1: entered: call_transfer
    0 last_agent +15557770001: u-dan, who talked with him last
    0 member u-dan: rung
    --
    call inbound answered by internal, owner u-ray, mco -
       accepted 1, answered 1, ended 2, sip -, q850 16
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-last
    i3 0 ivr_exited ivr-last next=ivr-out reason=next_ivr
    i4 0 ivr_entered ivr-out
    i5 0 routing_started c1 ivr-out strategy=simulring target=g-out
    i6 1 answered c1 u-ray
    i7 1 ivr_exited ivr-out reason=answered
    i8 2 call_ended by=internal
    0 number +15550600006: enters ivr-last
    0 ivr ivr-last version 1: entered: call_transfer
    0 last_agent +15557770002: nobody: nobody has talked with him yet
    0 ivr ivr-out version 1: entered: call_transfer
    0 strategy g-out: simulring
    0 member u-ray: rung
    0 member u-mo: rung
    --
    call inbound answered by internal, owner u-ray, mco -
       accepted 1, answered 1, ended 2, sip -, q850 16
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-last
    i3 0 routing_started c1 ivr-last strategy=single target=u-ray
    i4 1 answered c1 u-ray
    i5 1 ivr_exited ivr-last reason=answered
    i6 2 call_ended by=internal
    0 number +15550600006: enters ivr-last
    0 ivr ivr-last version 1: entered: call_transfer
    0 last_agent +15557770002: u-ray, who talked with him last
    0 member u-ray: rung
    "#);
}

/// Numbers are looked up outside.
fn asking() -> World {
    let mut world = world();
    world.settings.acd.lookup_wait = Some(Duration::from_millis(800));
    world
}

#[test]
fn the_owner_of_a_record_that_is_found_in_time_is_rung() {
    assert_snapshot!(explained_in(asking(), "registered eve ray
        0 call +15559990001 -> +15550600005
        0.5 looked up r-new eve
        2 eve answers
        3 caller hangs up
    "), @r#"
    0      look +15559990001 up
    0      ring caller
    0.5    dial eve, showing +15559990001 "Found r-new"
    2      u-eve is taken
    2      answer caller like eve
    2      bridge caller eve
    3      hang up eve Normal
    3      finished
    --
    call inbound answered by external, owner u-eve, mco -
       accepted 2, answered 2, ended 3, sip -, q850 16
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-owner
    i3 0.5 routing_started c1 ivr-owner strategy=single target=u-eve
    i4 2 answered c1 u-eve
    i5 2 ivr_exited ivr-owner reason=answered
    i6 3 call_ended by=external
    0 number +15550600005: enters ivr-owner
    0 lookup +15559990001: unknown here: asked outside
    0 ivr ivr-owner version 1: entered: call_transfer
    0.5 lookup +15559990001: r-new (Found r-new)
    0.5 record_owner +15559990001: u-eve, who owns r-new (Found r-new)
    0.5 member u-eve: rung
    "#);
}

#[test]
fn a_record_that_is_found_with_an_owner_whom_nobody_knows_has_none() {
    assert_snapshot!(explained_in(asking(), "registered eve ray
        0 call +15559990001 -> +15550600005
        0.5 looked up r-new ghost
        1 caller cancels
    "), @r#"
    0      look +15559990001 up
    0      ring caller
    0.5    dial ray on soft, showing +15559990001 "Found r-new"
    0.5    dial +15558880003 by carrier-a, showing +15559990001
    1      cancel ray CallerGone
    1      cancel +15558880003 CallerGone
    1      finished
    --
    call inbound missed by external, owner -, mco -
       accepted -, answered -, ended 1, sip 487, q850 16
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-owner
    i3 0.5 routing_started c1 ivr-owner strategy=single target=record_owner
    i4 0.5 no_answer c1 reason=unavailable
    i5 0.5 ivr_exited ivr-owner next=ivr-out reason=next_ivr
    i6 0.5 ivr_entered ivr-out
    i7 0.5 routing_started c1 ivr-out strategy=simulring target=g-out
    i8 1 no_answer c1 reason=caller_hangup
    i9 1 ivr_exited ivr-out reason=caller_hangup
    i10 1 call_ended by=external
    0 number +15550600005: enters ivr-owner
    0 lookup +15559990001: unknown here: asked outside
    0 ivr ivr-owner version 1: entered: call_transfer
    0.5 lookup +15559990001: r-new (Found r-new), whose owner u-ghost is no user here
    0.5 record_owner +15559990001: nobody: nobody owns r-new (Found r-new)
    0.5 ivr ivr-out version 1: entered: call_transfer
    0.5 strategy g-out: simulring
    0.5 member u-ray: rung
    0.5 member u-mo: rung
    "#);
}

#[test]
fn a_lookup_that_is_late_keeps_no_caller_waiting_and_names_him_later() {
    assert_snapshot!(explained_in(asking(), "registered ray
        0 call +15559990001 -> +15550600005
        0.8 pass
        1 ray fails 486
        1.5 looked up r-new eve
        2 caller cancels
    "), @r#"
    0      look +15559990001 up
    0      ring caller
    0.8    dial ray on soft, showing +15559990001 "-"
    0.8    dial +15558880003 by carrier-a, showing +15559990001
    2      cancel +15558880003 CallerGone
    2      finished
    --
    call inbound missed by external, owner -, mco -
       accepted -, answered -, ended 2, sip 487, q850 16
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-owner
    i3 0.8 routing_started c1 ivr-owner strategy=single target=record_owner
    i4 0.8 no_answer c1 reason=unavailable
    i5 0.8 ivr_exited ivr-owner next=ivr-out reason=next_ivr
    i6 0.8 ivr_entered ivr-out
    i7 0.8 routing_started c1 ivr-out strategy=simulring target=g-out
    i8 2 no_answer c1 reason=caller_hangup
    i9 2 ivr_exited ivr-out reason=caller_hangup
    i10 2 call_ended by=external
    0 number +15550600005: enters ivr-owner
    0 lookup +15559990001: unknown here: asked outside
    0 ivr ivr-owner version 1: entered: call_transfer
    0.8 record_owner +15559990001: nobody: no record has this number
    0.8 ivr ivr-out version 1: entered: call_transfer
    0.8 strategy g-out: simulring
    0.8 member u-ray: rung
    0.8 member u-mo: rung
    1.5 lookup +15559990001: r-new (Found r-new)
    "#);
    assert_snapshot!(orders_in(asking(), "registered ana
        0 call +15559990001 -> +15550200003
        1 looked up r-new eve      # ana shows no name yet
        2 caller hangs up
    "), @r"
    0      look +15559990001 up
    0      answer caller
    0      hang up caller Normal
    0      finished
    ");
}

#[test]
fn whose_number_is_known_or_withheld_is_not_looked_up() {
    assert_snapshot!(orders_in(asking(), "registered own
        0 call +15557770001 -> +15550600005
        1 caller hangs up
        2 B: call anonymous -> +15550600005
        3 C: call ana -> +15550600005
    "), @r"
    0      dial +15558880003 by carrier-a, showing +15557770001
    1      cancel +15558880003 CallerGone
    1      finished
    2      B: dial +15558880003 by carrier-a, showing anonymous
    3      C: dial +15558880003 by any trunk, showing +15550100001
    ");
}

#[test]
fn the_caller_leaves_while_his_number_is_looked_up() {
    assert_snapshot!(check_in(asking(), "registered eve
        0 call +15559990001 -> +15550600005
        0.3 caller cancels
        0.5 looked up r-new eve
    "), @r"
    0      look +15559990001 up
    0      ring caller
    0.3    finished
    --
    call inbound missed by external, owner -, mco -
       accepted -, answered -, ended 0.3, sip 487, q850 16
    p1 p:+15559990001 caller -..-
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-owner
    i3 0.3 ivr_exited ivr-owner reason=caller_hangup
    i4 0.3 call_ended by=external
    context ; g-out
    ");
}
