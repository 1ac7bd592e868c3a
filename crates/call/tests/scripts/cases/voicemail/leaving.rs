//! Leaving a message: greeting, beep, everything that ends it, and what becomes of it (D6: the
//! call stays a missed call).

use std::time::Duration;

use insta::assert_snapshot;
use model::UserId;
use model::directory::MailboxId;

use crate::directory::directory;
use crate::script::{check_in, explained_in, orders_in, play};
use crate::world::World;

pub(super) const BOXES: &str = r#"{
    "users": [
      {"id": "u-ana", "display_name": "Ana Agent", "sip_username": "ana",
        "voicemail": {"greeting_prompt": "ana.wav"}},
      {"id": "u-mia", "display_name": "Mia Moss", "sip_username": "mia",
        "inbound_route": {"steps": [{"ring_ms": 8000}], "then": "voicemail"}}],
    "ivrs": [
      {"id": "ivr-ben", "action": "voicemail",
        "voicemail": {"mailbox": {"user": "u-ben"}, "max_ms": 60000, "silence_ms": 4000}},
      {"id": "ivr-ana", "action": "voicemail", "next_ivr_id": "ivr-eve",
        "voicemail": {"mailbox": {"user": "u-ana"}}},
      {"id": "ivr-closed", "action": "voicemail", "greeting_prompt": "We are closed.",
        "voicemail": {"mailbox": {"group": "g-supp"}}},
      {"id": "ivr-de", "action": "voicemail", "language": "de-CH",
        "voicemail": {"mailbox": {"user": "u-ben"}, "silence_ms": 0}},
      {"id": "ivr-gone", "action": "voicemail", "next_ivr_id": "ivr-eve",
        "voicemail": {"mailbox": {"user": "u-nobody"}}},
      {"id": "ivr-ring", "action": "call_transfer", "target_kind": "user",
        "target_user_id": "u-eve", "no_answer_timeout_ms": 20000, "next_ivr_id": "ivr-ben",
        "missed_call_owner_user_id": "u-mia"},
      {"id": "ivr-eve", "action": "call_transfer", "target_kind": "user",
        "target_user_id": "u-eve"}],
    "numbers": [
      {"id": "n-1", "e164": "+15550300001", "assigned_group_id": "g-supp", "ivr_id": "ivr-ben"},
      {"id": "n-2", "e164": "+15550300002", "assigned_group_id": "g-supp", "ivr_id": "ivr-ana"},
      {"id": "n-3", "e164": "+15550300003", "assigned_group_id": "g-supp",
        "ivr_id": "ivr-closed"},
      {"id": "n-4", "e164": "+15550300004", "assigned_group_id": "g-supp", "ivr_id": "ivr-de"},
      {"id": "n-5", "e164": "+15550300005", "assigned_group_id": "g-supp", "ivr_id": "ivr-gone"},
      {"id": "n-6", "e164": "+15550300006", "assigned_group_id": "g-supp", "ivr_id": "ivr-ring",
        "missed_call_owner_user_id": "u-max"}]
}"#;

pub(super) fn world() -> World {
    World::new(directory(BOXES))
}

pub(super) fn ben() -> MailboxId {
    MailboxId::User(UserId::from("u-ben"))
}

/// Messages of a mailbox, new and old.
pub(super) fn counts(world: &World, mailbox: &MailboxId) -> (u32, u32) {
    let counts = world.mailboxes.counts(mailbox);
    (counts.new, counts.old)
}

#[test]
fn a_message_is_left_between_the_beep_and_the_silence() {
    assert_snapshot!(check_in(world(), "
        0 call +15557770001 -> +15550300001
        6 caller heard
        15 caller says nothing
        15.1 recorded 9
    "), @r#"
    0      answer caller
    0      play caller [Text("You have reached the mailbox of"), Text("Ben Baker"), Text("Please leave a message after the tone."), Tone(Beep)] up to a digit in en
    6      call-a-r1 is voicemail/2026/01/05/call-a-r1.wav from 6
    6      record caller | nobody as call-a-r1 in voicemail/2026/01/05/call-a-r1, Wav
    6      call-a-r1 is being left
    6      notice 4000 ms of silence of caller
    15     notice no silence of caller
    15     stop call-a-r1
    15     hang up caller Normal
    15     finished
    15.1   call-a-r1 of +15557770001 "Carl Contact" was left at 6: 9000 ms in voicemail/2026/01/05/call-a-r1.wav
    --
    call inbound missed by system, owner -, mco -
       accepted 0, answered -, ended 15, sip -, q850 20
    p1 p:+15557770001 caller 0..15
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-ben
    i3 15 ivr_exited ivr-ben reason=system_hangup
    i4 15 call_ended by=system
    context u-mia; g-supp
    "#);
}

#[test]
fn the_hash_key_ends_a_message_and_the_ivr_goes_on() {
    assert_snapshot!(orders_in(world(), "registered eve
        0 call anonymous -> +15550300002
        3 caller heard
        4 caller presses 5
        10 caller presses #
        10.1 recorded 7
        12 eve answers
        20 eve hangs up
    "), @r#"
    0      answer caller
    0      play caller [File("ana.wav"), Tone(Beep)] up to a digit
    3      call-a-r1 is voicemail/2026/01/05/call-a-r1.wav from 3
    3      record caller | nobody as call-a-r1 in voicemail/2026/01/05/call-a-r1, Wav
    3      call-a-r1 is being left
    3      notice 5000 ms of silence of caller
    10     notice no silence of caller
    10     stop call-a-r1
    10     dial eve, showing anonymous "-"
    10     play caller [Tone(Ringback)] for ever
    10.1   call-a-r1 of anonymous "-" was left at 3: 7000 ms in voicemail/2026/01/05/call-a-r1.wav
    12     u-eve is taken
    12     stop playing to caller
    12     bridge caller eve
    20     hang up caller Normal
    20     finished
    "#);
}

#[test]
fn who_hangs_up_leaves_his_message() {
    let mut world = world();
    world.settings.voicemail.greeting = Some("leave.wav".into());
    assert_snapshot!(check_in(world, "
        0 call +15557770001 -> +15550300001
        6 caller heard
        12 caller hangs up
        13 recorded 5.9
    "), @r#"
    0      answer caller
    0      play caller [File("leave.wav"), Tone(Beep)] up to a digit
    6      call-a-r1 is voicemail/2026/01/05/call-a-r1.wav from 6
    6      record caller | nobody as call-a-r1 in voicemail/2026/01/05/call-a-r1, Wav
    6      call-a-r1 is being left
    6      notice 4000 ms of silence of caller
    12     stop call-a-r1
    12     finished
    13     call-a-r1 of +15557770001 "Carl Contact" was left at 6: 5900 ms in voicemail/2026/01/05/call-a-r1.wav
    --
    call inbound missed by external, owner -, mco -
       accepted 0, answered -, ended 12, sip -, q850 16
    p1 p:+15557770001 caller 0..12
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-ben
    i3 12 ivr_exited ivr-ben reason=caller_hangup
    i4 12 call_ended by=external
    context u-mia; g-supp
    "#);
}

#[test]
fn a_message_is_no_longer_than_it_may_be() {
    assert_snapshot!(orders_in(world(), "
        0 call +15557770099 -> +15550300001
        6 caller heard
        70 pass
        70 recorded 60
    "), @r#"
    0      answer caller
    0      play caller [Text("You have reached the mailbox of"), Text("Ben Baker"), Text("Please leave a message after the tone."), Tone(Beep)] up to a digit in en
    6      call-a-r1 is voicemail/2026/01/05/call-a-r1.wav from 6
    6      record caller | nobody as call-a-r1 in voicemail/2026/01/05/call-a-r1, Wav
    6      call-a-r1 is being left
    6      notice 4000 ms of silence of caller
    66     notice no silence of caller
    66     stop call-a-r1
    66     hang up caller Normal
    66     finished
    70     call-a-r1 of +15557770099 "-" was left at 6: 60000 ms in voicemail/2026/01/05/call-a-r1.wav
    "#);
}

#[test]
fn no_message_is_longer_than_an_hour_whatever_an_ivr_says() {
    let house = r#"{"ivrs": [{"id": "ivr-long", "action": "voicemail", "voicemail":
        {"mailbox": {"user": "u-ben"}, "max_ms": 18446744073709551615, "silence_ms": 0}}],
        "numbers": [{"id": "n-1", "e164": "+15550300001", "assigned_group_id": "g-supp",
        "ivr_id": "ivr-long"}]}"#;
    let mut world = World::new(directory(house));
    play(&mut world, "0 call +15557770001 -> +15550300001\n 6 caller heard\n 3605 pass");
    assert!(!world.calls[0].finished);
    play(&mut world, "3606 pass");
    assert!(world.calls[0].finished, "{}", world.log);
}

#[test]
fn nothing_said_is_no_message() {
    // 4 s of silence and half a second of something.
    assert_snapshot!(orders_in(world(), "
        0 call +15557770001 -> +15550300001
        6 caller heard
        10.5 caller says nothing
        10.6 recorded 4.5
    "), @r#"
    0      answer caller
    0      play caller [Text("You have reached the mailbox of"), Text("Ben Baker"), Text("Please leave a message after the tone."), Tone(Beep)] up to a digit in en
    6      call-a-r1 is voicemail/2026/01/05/call-a-r1.wav from 6
    6      record caller | nobody as call-a-r1 in voicemail/2026/01/05/call-a-r1, Wav
    6      call-a-r1 is being left
    6      notice 4000 ms of silence of caller
    10.5   notice no silence of caller
    10.5   stop call-a-r1
    10.5   hang up caller Normal
    10.5   finished
    10.6   call-a-r1 was no message
    "#);
    let mut quick = world();
    play(
        &mut quick,
        "
        0 call +15557770001 -> +15550300001
        6 caller heard
        6.9 caller hangs up
        7 recorded 0.9
    ",
    );
    assert_eq!(counts(&quick, &ben()), (0, 0));
    assert!(quick.mailboxes.changes().is_empty());
    let mut long_enough = world();
    play(
        &mut long_enough,
        "
        0 call +15557770001 -> +15550300001
        6 caller heard
        7 caller hangs up
        7 recorded 1
    ",
    );
    assert_eq!(counts(&long_enough, &ben()), (1, 0));
    assert_eq!(long_enough.mailboxes.changes(), [ben()]);
    assert!(long_enough.mailboxes.changes().is_empty());
}

#[test]
fn a_key_skips_the_greeting_and_the_beep_is_heard_all_the_same() {
    assert_snapshot!(orders_in(world(), "
        0 call +15557770001 -> +15550300001
        1 caller presses #
        1.5 caller heard
        9 caller presses #
        9 recorded 7.5
    "), @r#"
    0      answer caller
    0      play caller [Text("You have reached the mailbox of"), Text("Ben Baker"), Text("Please leave a message after the tone."), Tone(Beep)] up to a digit in en
    1      play caller [Tone(Beep)] in en
    1.5    call-a-r1 is voicemail/2026/01/05/call-a-r1.wav from 1.5
    1.5    record caller | nobody as call-a-r1 in voicemail/2026/01/05/call-a-r1, Wav
    1.5    call-a-r1 is being left
    1.5    notice 4000 ms of silence of caller
    9      notice no silence of caller
    9      stop call-a-r1
    9      hang up caller Normal
    9      finished
    9      call-a-r1 of +15557770001 "Carl Contact" was left at 1.5: 7500 ms in voicemail/2026/01/05/call-a-r1.wav
    "#);
    assert_snapshot!(orders_in(world(), "
        0 call +15557770001 -> +15550300001
        1 caller presses 1 by info
        1.5 caller heard
        9 caller hangs up
        9 recorded 7.5
    "), @r#"
    0      answer caller
    0      play caller [Text("You have reached the mailbox of"), Text("Ben Baker"), Text("Please leave a message after the tone."), Tone(Beep)] up to a digit in en
    1      play caller [Tone(Beep)] in en
    1.5    call-a-r1 is voicemail/2026/01/05/call-a-r1.wav from 1.5
    1.5    record caller | nobody as call-a-r1 in voicemail/2026/01/05/call-a-r1, Wav
    1.5    call-a-r1 is being left
    1.5    notice 4000 ms of silence of caller
    9      stop call-a-r1
    9      finished
    9      call-a-r1 of +15557770001 "Carl Contact" was left at 1.5: 7500 ms in voicemail/2026/01/05/call-a-r1.wav
    "#);
}

#[test]
fn what_the_ivr_has_said_stands_for_the_built_in_sentence() {
    assert_snapshot!(orders_in(world(), "
        0 call +15557770001 -> +15550300003
        3 caller heard
        4 caller heard
        9 caller hangs up
        9 recorded 5
    "), @r#"
    0      answer caller
    0      play caller [Text("We are closed.")]
    3      play caller [Tone(Beep)] up to a digit in en
    4      call-a-r1 is voicemail/2026/01/05/call-a-r1.wav from 4
    4      record caller | nobody as call-a-r1 in voicemail/2026/01/05/call-a-r1, Wav
    4      call-a-r1 is being left
    4      notice 5000 ms of silence of caller
    9      stop call-a-r1
    9      finished
    9      call-a-r1 of +15557770001 "Carl Contact" was left at 4: 5000 ms in voicemail/2026/01/05/call-a-r1.wav
    "#);
}

#[test]
fn the_language_of_the_ivr_is_spoken_and_silence_may_last() {
    assert_snapshot!(orders_in(world(), "
        0 call +15557770001 -> +15550300004
        6 caller heard
        9 caller hangs up
    "), @r#"
    0      answer caller
    0      play caller [Text("Hier ist die Mailbox von"), Text("Ben Baker"), Text("Bitte hinterlassen Sie eine Nachricht nach dem Ton."), Tone(Beep)] up to a digit in de-CH
    6      call-a-r1 is voicemail/2026/01/05/call-a-r1.wav from 6
    6      record caller | nobody as call-a-r1 in voicemail/2026/01/05/call-a-r1, Wav
    6      call-a-r1 is being left
    9      stop call-a-r1
    9      finished
    "#);
}

#[test]
fn a_greeting_that_cannot_be_played_or_never_ends_keeps_no_message_away() {
    assert_snapshot!(orders_in(world(), "
        0 call +15557770001 -> +15550300002
        0 caller heard nothing
        9 caller hangs up
        9 recorded 9
    "), @r#"
    0      answer caller
    0      play caller [File("ana.wav"), Tone(Beep)] up to a digit
    0      call-a-r1 is voicemail/2026/01/05/call-a-r1.wav from 0
    0      record caller | nobody as call-a-r1 in voicemail/2026/01/05/call-a-r1, Wav
    0      call-a-r1 is being left
    0      notice 5000 ms of silence of caller
    9      stop call-a-r1
    9      finished
    9      call-a-r1 of +15557770001 "Carl Contact" was left at 0: 9000 ms in voicemail/2026/01/05/call-a-r1.wav
    "#);
    assert_snapshot!(orders_in(world(), "
        0 call +15557770001 -> +15550300001
        301 pass
        309 caller hangs up
        309 recorded 9
    "), @r#"
    0      answer caller
    0      play caller [Text("You have reached the mailbox of"), Text("Ben Baker"), Text("Please leave a message after the tone."), Tone(Beep)] up to a digit in en
    300    stop playing to caller
    300    call-a-r1 is voicemail/2026/01/05/call-a-r1.wav from 300
    300    record caller | nobody as call-a-r1 in voicemail/2026/01/05/call-a-r1, Wav
    300    call-a-r1 is being left
    300    notice 4000 ms of silence of caller
    309    stop call-a-r1
    309    finished
    309    call-a-r1 of +15557770001 "Carl Contact" was left at 300: 9000 ms in voicemail/2026/01/05/call-a-r1.wav
    "#);
}

#[test]
fn a_missed_call_with_a_message_is_a_missed_call() {
    assert_snapshot!(check_in(world(), "registered eve
        0 call +15557770001 -> +15550300006
        20 pass
        26 caller heard
        31 caller presses #
        31 recorded 5
    "), @r#"
    0      dial eve, showing +15557770001 "Carl Contact"
    20     cancel eve NoAnswer
    20     answer caller
    20     play caller [Text("You have reached the mailbox of"), Text("Ben Baker"), Text("Please leave a message after the tone."), Tone(Beep)] up to a digit in en
    26     call-a-r1 is voicemail/2026/01/05/call-a-r1.wav from 26
    26     record caller | nobody as call-a-r1 in voicemail/2026/01/05/call-a-r1, Wav
    26     call-a-r1 is being left
    26     notice 4000 ms of silence of caller
    31     notice no silence of caller
    31     stop call-a-r1
    31     hang up caller Normal
    31     finished
    31     call-a-r1 of +15557770001 "Carl Contact" was left at 26: 5000 ms in voicemail/2026/01/05/call-a-r1.wav
    --
    call inbound missed by system, owner u-max, mco u-max
       accepted 20, answered -, ended 31, sip -, q850 19
    c1 route user u-eve single, 0..31, answered -, bridged -
       no_answer, not_answered, sip 480, q850 19
    a1 u-eve stage 1 round 1, 0..20, ringing -, no_answer 487
    p1 p:+15557770001 caller 20..31
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-ring
    i3 0 routing_started c1 ivr-ring strategy=single target=u-eve
    i4 20 no_answer c1 reason=timeout
    i5 20 ivr_exited ivr-ring next=ivr-ben reason=next_ivr
    i6 20 ivr_entered ivr-ben
    i7 31 ivr_exited ivr-ben reason=system_hangup
    i8 31 call_ended by=system
    context u-eve u-max u-mia; g-supp
    "#);
}

#[test]
fn a_personal_inbound_route_ends_in_voicemail() {
    assert_snapshot!(explained_in(world(), "registered mia
        0 call +15557770001 -> +15550100009
        8 pass
        12 caller heard
        18 caller says nothing
        18 recorded 6
    "), @r#"
    0      dial mia, showing +15557770001 "Carl Contact"
    8      cancel mia NoAnswer
    8      answer caller
    8      play caller [Text("You have reached the mailbox of"), Text("Mia Moss"), Text("Please leave a message after the tone."), Tone(Beep)] up to a digit in en
    12     call-a-r1 is voicemail/2026/01/05/call-a-r1.wav from 12
    12     record caller | nobody as call-a-r1 in voicemail/2026/01/05/call-a-r1, Wav
    12     call-a-r1 is being left
    12     notice 5000 ms of silence of caller
    18     notice no silence of caller
    18     stop call-a-r1
    18     hang up caller Normal
    18     finished
    18     call-a-r1 of +15557770001 "Carl Contact" was left at 12: 6000 ms in voicemail/2026/01/05/call-a-r1.wav
    --
    call inbound missed by system, owner u-mia, mco u-mia
       accepted 8, answered -, ended 18, sip -, q850 19
    i1 0 call_started direction=inbound
    i2 0 routing_started c1 strategy=single target=u-mia
    i3 8 no_answer c1 reason=timeout
    i4 18 call_ended by=system
    0 number +15550100009: a call to u-mia
    0 device u-mia all: rings for 8s
    0 device u-mia: unanswered: voicemail
    8 voicemail u-mia: a message is taken for Mia Moss
    "#);
    // Nobody is there to ring; who hangs up has left his message.
    assert_snapshot!(check_in(world(), "
        0 call ana -> mia
        4 caller heard
        9 caller hangs up
        9 recorded 5
    "), @r#"
    0      answer caller
    0      play caller [Text("You have reached the mailbox of"), Text("Mia Moss"), Text("Please leave a message after the tone."), Tone(Beep)] up to a digit in en
    4      call-a-r1 is voicemail/2026/01/05/call-a-r1.wav from 4
    4      record caller | nobody as call-a-r1 in voicemail/2026/01/05/call-a-r1, Wav
    4      call-a-r1 is being left
    4      notice 5000 ms of silence of caller
    9      stop call-a-r1
    9      finished
    9      call-a-r1 of +15550100001 "Ana Agent" was left at 4: 5000 ms in voicemail/2026/01/05/call-a-r1.wav
    --
    call internal canceled by internal, owner u-ana, mco -
       accepted 0, answered -, ended 9, sip -, q850 16
    c1 route user u-mia single, 0..9, answered -, bridged -
       canceled, not_answered, sip 487, q850 16
    a1 u-mia stage 1 round 1, 0..0, ringing -, unavailable 480
    p1 u:u-ana caller 0..9
    p2 u:u-mia callee -..-
    i1 0 call_started u-ana direction=internal
    i2 0 routing_started c1 strategy=single target=u-mia
    i3 0 no_answer c1 reason=unavailable
    i4 9 call_ended by=internal
    context u-ana u-mia;
    "#);
    let mut off = world();
    off.settings.voicemail.enabled = false;
    assert_snapshot!(orders_in(off, "0 call +15557770001 -> +15550100009"), @"
    0      reject caller 480
    0      finished
    ");
}

#[test]
fn a_full_mailbox_says_so_and_records_nothing() {
    let mut world = world();
    world.settings.voicemail.messages_per_mailbox = 2;
    play(
        &mut world,
        "
        0 call +15557770001 -> +15550300001
        1 caller heard
        3 caller hangs up
        3 recorded 2
        4 B: call +15557770001 -> +15550300001
        5 B: caller heard
    ",
    );
    world.log.clear();
    // The message that is being left has its place.
    assert_snapshot!(explained_in(world, "
        6 C: call +15557770001 -> +15550300001
        9 C: caller heard
        10 B: caller hangs up
        10 recorded 5
    "), @r#"
    6      C: answer caller
    6      C: play caller [Text("This mailbox is full. No message can be left.")] in en
    9      C: hang up caller Normal
    9      C: finished
    10     B: stop call-b-r1
    10     B: finished
    10     call-b-r1 of +15557770001 "Carl Contact" was left at 13: 5000 ms in voicemail/2026/01/05/call-b-r1.wav
    --
    call inbound missed by external, owner -, mco -
       accepted 0, answered -, ended 3, sip -, q850 16
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-ben
    i3 3 ivr_exited ivr-ben reason=caller_hangup
    i4 3 call_ended by=external
    0 number +15550300001: enters ivr-ben
    0 ivr ivr-ben version 1: entered: voicemail
    0 voicemail u-ben: a message is taken for Ben Baker
    --
    call inbound missed by external, owner -, mco -
       accepted 0, answered -, ended 6, sip -, q850 16
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-ben
    i3 6 ivr_exited ivr-ben reason=caller_hangup
    i4 6 call_ended by=external
    0 number +15550300001: enters ivr-ben
    0 ivr ivr-ben version 1: entered: voicemail
    0 voicemail u-ben: a message is taken for Ben Baker
    --
    call inbound missed by system, owner -, mco -
       accepted 0, answered -, ended 3, sip -, q850 20
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-ben
    i3 3 ivr_exited ivr-ben reason=system_hangup
    i4 3 call_ended by=system
    0 number +15550300001: enters ivr-ben
    0 ivr ivr-ben version 1: entered: voicemail
    0 voicemail u-ben: no message is taken: there may be 2 and no more
    "#);
}

#[test]
fn callers_who_are_greeted_at_the_same_time_do_not_fill_it_beyond() {
    let mut world = world();
    world.settings.voicemail.messages_per_mailbox = 1;
    assert_snapshot!(
        orders_in(
            world,
            "
        0 call +15557770001 -> +15550300001
        0 B: call +15557770002 -> +15550300001
        6 caller heard
        6 B: caller heard
    "
        ),
        @r#"
    0      answer caller
    0      play caller [Text("You have reached the mailbox of"), Text("Ben Baker"), Text("Please leave a message after the tone."), Tone(Beep)] up to a digit in en
    0      B: answer caller
    0      B: play caller [Text("You have reached the mailbox of"), Text("Ben Baker"), Text("Please leave a message after the tone."), Tone(Beep)] up to a digit in en
    6      call-a-r1 is voicemail/2026/01/05/call-a-r1.wav from 6
    6      record caller | nobody as call-a-r1 in voicemail/2026/01/05/call-a-r1, Wav
    6      call-a-r1 is being left
    6      notice 4000 ms of silence of caller
    6      B: play caller [Text("This mailbox is full. No message can be left.")] in en
    "#
    );
}

#[test]
fn the_place_of_what_was_no_message_is_free_again() {
    let mut world = world();
    world.settings.voicemail.messages_per_mailbox = 1;
    play(
        &mut world,
        "
        0 call +15557770001 -> +15550300001
        1 caller heard
        1.5 caller hangs up
        1.5 recorded 0.5
        4 B: call +15557770001 -> +15550300001
        5 B: caller heard
        9 B: caller hangs up
        9 recorded 4
    ",
    );
    assert_eq!(counts(&world, &ben()), (1, 0));
}

#[test]
fn who_cannot_be_recorded_is_told_so_and_goes_on() {
    // What was said before the disk was full is kept.
    assert_snapshot!(check_in(world(), "registered eve
        0 call +15557770001 -> +15550300002
        6 caller heard
        9 recording fails
        9.1 recorded 3
        12 caller heard
        13 eve answers
        15 eve hangs up
    "), @r#"
    0      answer caller
    0      play caller [File("ana.wav"), Tone(Beep)] up to a digit
    6      call-a-r1 is voicemail/2026/01/05/call-a-r1.wav from 6
    6      record caller | nobody as call-a-r1 in voicemail/2026/01/05/call-a-r1, Wav
    6      call-a-r1 is being left
    6      notice 5000 ms of silence of caller
    9      call-a-r1 failed at 9: disk full
    9      notice no silence of caller
    9      stop call-a-r1
    9      play caller [Text("Sorry, your message could not be recorded to its end.")] in en
    9.1    call-a-r1 of +15557770001 "Carl Contact" was left at 6: 3000 ms in voicemail/2026/01/05/call-a-r1.wav
    12     dial eve, showing +15557770001 "Carl Contact"
    12     play caller [Tone(Ringback)] for ever
    13     u-eve is taken
    13     stop playing to caller
    13     bridge caller eve
    15     hang up caller Normal
    15     finished
    --
    call inbound answered by internal, owner u-eve, mco -
       accepted 0, answered 13, ended 15, sip -, q850 16
    c1 route user u-eve single, 12..15, answered 13, bridged 13
       answered, hangup_internal, sip 200, q850 16
    a1 u-eve stage 1 round 1, 12..13, ringing -, answered 200
    p1 p:+15557770001 caller 0..15
    p2 u:u-eve callee 13..15
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-ana
    i3 12 ivr_exited ivr-ana next=ivr-eve reason=next_ivr
    i4 12 ivr_entered ivr-eve
    i5 12 routing_started c1 ivr-eve strategy=single target=u-eve
    i6 13 answered c1 u-eve
    i7 13 ivr_exited ivr-eve reason=answered
    i8 15 call_ended by=internal
    context u-eve u-mia; g-supp
    "#);
    assert_snapshot!(orders_in(world(), "
        0 call +15557770001 -> +15550300001
        6 caller heard
        6 recording fails
        6 recorded 0
        9 caller hangs up
    "), @r#"
    0      answer caller
    0      play caller [Text("You have reached the mailbox of"), Text("Ben Baker"), Text("Please leave a message after the tone."), Tone(Beep)] up to a digit in en
    6      call-a-r1 is voicemail/2026/01/05/call-a-r1.wav from 6
    6      record caller | nobody as call-a-r1 in voicemail/2026/01/05/call-a-r1, Wav
    6      call-a-r1 is being left
    6      notice 4000 ms of silence of caller
    6      call-a-r1 failed at 6: disk full
    6      notice no silence of caller
    6      stop call-a-r1
    6      play caller [Text("Sorry, your message could not be recorded to its end.")] in en
    6      call-a-r1 was no message
    9      finished
    "#);
}

#[test]
fn a_mailbox_of_nobody_is_passed_over_and_so_is_voicemail_that_is_off() {
    assert_snapshot!(explained_in(world(), "
        0 call +15557770001 -> +15550300005
    "), @"
    0      answer caller
    0      hang up caller Normal
    0      finished
    --
    call inbound missed by system, owner -, mco -
       accepted 0, answered -, ended 0, sip -, q850 20
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-gone
    i3 0 ivr_exited ivr-gone next=ivr-eve reason=next_ivr
    i4 0 ivr_entered ivr-eve
    i5 0 routing_started c1 ivr-eve strategy=single target=u-eve
    i6 0 no_answer c1 reason=unavailable
    i7 0 ivr_exited ivr-eve reason=system_hangup
    i8 0 call_ended by=system
    0 number +15550300005: enters ivr-gone
    0 ivr ivr-gone version 1: entered: voicemail
    0 voicemail u-nobody: passed over: there is no such mailbox
    0 ivr ivr-eve version 1: entered: call_transfer
    0 member u-eve: not rung: not registered (not registered)
    ");
    let mut off = world();
    off.settings.voicemail.enabled = false;
    assert_snapshot!(explained_in(off, "
        0 call +15557770001 -> +15550300001
    "), @"
    0      answer caller
    0      hang up caller Normal
    0      finished
    --
    call inbound missed by system, owner -, mco -
       accepted 0, answered -, ended 0, sip -, q850 20
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-ben
    i3 0 ivr_exited ivr-ben reason=system_hangup
    i4 0 call_ended by=system
    0 number +15550300001: enters ivr-ben
    0 ivr ivr-ben version 1: entered: voicemail
    0 voicemail u-ben: passed over: voicemail is switched off
    ");
}

#[test]
fn a_message_survives_the_end_of_the_server() {
    assert_snapshot!(orders_in(world(), "
        0 call +15557770001 -> +15550300001
        6 caller heard
        12 release
        12 recorded 6
    "), @r#"
    0      answer caller
    0      play caller [Text("You have reached the mailbox of"), Text("Ben Baker"), Text("Please leave a message after the tone."), Tone(Beep)] up to a digit in en
    6      call-a-r1 is voicemail/2026/01/05/call-a-r1.wav from 6
    6      record caller | nobody as call-a-r1 in voicemail/2026/01/05/call-a-r1, Wav
    6      call-a-r1 is being left
    6      notice 4000 ms of silence of caller
    12     notice no silence of caller
    12     stop call-a-r1
    12     hang up caller Shutdown
    12     finished
    12     call-a-r1 of +15557770001 "Carl Contact" was left at 6: 6000 ms in voicemail/2026/01/05/call-a-r1.wav
    "#);
}

#[test]
fn nobodys_wishes_apply_to_a_message() {
    assert_snapshot!(orders_in(world(), "
        0 call +15557770001 -> +15550300001
        6 caller heard
        7 record pause
        8 record resume
        9 record stop
        10 record
        12 caller hangs up
        12 recorded 6
    "), @r#"
    0      answer caller
    0      play caller [Text("You have reached the mailbox of"), Text("Ben Baker"), Text("Please leave a message after the tone."), Tone(Beep)] up to a digit in en
    6      call-a-r1 is voicemail/2026/01/05/call-a-r1.wav from 6
    6      record caller | nobody as call-a-r1 in voicemail/2026/01/05/call-a-r1, Wav
    6      call-a-r1 is being left
    6      notice 4000 ms of silence of caller
    12     stop call-a-r1
    12     finished
    12     call-a-r1 of +15557770001 "Carl Contact" was left at 6: 6000 ms in voicemail/2026/01/05/call-a-r1.wav
    "#);
}

#[test]
fn a_user_leaves_a_message_under_his_name() {
    assert_snapshot!(orders_in(world(), "
        0 call ana -> +15550300001
        6 caller heard
        12 caller hangs up
        12 recorded 6
    "), @r#"
    0      answer caller
    0      play caller [Text("You have reached the mailbox of"), Text("Ben Baker"), Text("Please leave a message after the tone."), Tone(Beep)] up to a digit in en
    6      call-a-r1 is voicemail/2026/01/05/call-a-r1.wav from 6
    6      record caller | nobody as call-a-r1 in voicemail/2026/01/05/call-a-r1, Wav
    6      call-a-r1 is being left
    6      notice 4000 ms of silence of caller
    12     stop call-a-r1
    12     finished
    12     call-a-r1 of +15550100001 "Ana Agent" was left at 6: 6000 ms in voicemail/2026/01/05/call-a-r1.wav
    "#);
}

#[test]
fn a_call_records_no_more_often_than_it_may() {
    let house = r#"{"ivrs": [{"id": "ivr-loop", "action": "voicemail",
        "next_ivr_id": "ivr-loop", "voicemail": {"mailbox": {"user": "u-ben"}}}],
        "numbers": [{"id": "n-1", "e164": "+15550300001", "assigned_group_id": "g-supp",
        "ivr_id": "ivr-loop"}]}"#;
    let mut world = World::new(directory(house));
    world.settings.limits.ivr_hops = 200;
    play(&mut world, "0 call +15557770001 -> +15550300001");
    for _ in 0..100 {
        let at = world.now.as_secs_f64();
        let [heard, pressed] = [at + 1.0, at + 3.0];
        let script = format!("{heard} caller heard\n {pressed} caller presses #\n");
        play(&mut world, &format!("{script} {pressed} recorded 2"));
    }
    assert_eq!(counts(&world, &ben()), (100, 0));
    world.log.clear();
    world.until(world.now + Duration::from_secs(1));
    let script = format!("{} caller heard", world.now.as_secs_f64());
    play(&mut world, &script);
    assert_snapshot!(world.log, @r#"
    301    play caller [Text("Sorry, your message could not be recorded to its end.")] in en
    "#);
}
