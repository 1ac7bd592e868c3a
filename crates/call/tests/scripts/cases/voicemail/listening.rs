//! Listening to messages: the PIN, what is said, what the keys do, and who may.

use insta::assert_snapshot;
use model::directory::{Directory, MailboxId, MailboxSettings};
use model::voicemail::{MessageId, VoiceMessage, VoicemailChange};
use model::{CallId, E164, GroupId, Millis, UserId};
use sha2::{Digest as _, Sha256};

use super::leaving::{BOXES, counts};
use crate::directory::directory;
use crate::script::{explained_in, orders_in, play};
use crate::world::{BEGINNING, World};

/// The PIN of every mailbox here.
const PIN: &str = "4711";

/// Ana and the group Support have mailboxes with this PIN, Ben has one without.
fn house(pin: &str) -> Directory {
    let mut directory = directory(BOXES);
    let mailbox = |owner: &str| {
        let hash = Sha256::digest(format!("{owner}:{pin}").as_bytes());
        let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        Some(MailboxSettings { pin_sha256: Some(hex.into()), ..MailboxSettings::default() })
    };
    let mut ana = directory.user(&UserId::from("u-ana")).expect("Ana").clone();
    ana.mailbox = mailbox("u-ana");
    directory.add_user(ana);
    let mut group = directory.group(&GroupId::from("g-supp")).expect("Support").clone();
    group.mailbox = mailbox("g-supp");
    directory.add_group(group);
    directory
}

/// Nobody has a message, and mailboxes have this PIN.
pub(super) fn house_with_pin(pin: &str) -> World {
    World::new(house(pin))
}

fn ana() -> MailboxId {
    MailboxId::User(UserId::from("u-ana"))
}

pub(super) fn message(mailbox: &MailboxId, name: &str, before_s: i64, heard: bool) -> VoiceMessage {
    VoiceMessage {
        id: MessageId(name.into()),
        mailbox: mailbox.clone(),
        call: CallId::from(name),
        from: E164::parse("+15557770001").ok(),
        from_name: (name == "m2").then(|| "Carl Contact".into()),
        at: Millis(Millis::parse(BEGINNING).expect("a time").0 - before_s * 1_000),
        file: format!("voicemail/{name}.wav").into(),
        duration_ms: 8_000,
        heard,
    }
}

/// Ana has an old message and, after it, two new ones.
fn world() -> World {
    let mut world = World::new(house(PIN));
    world.mailboxes.restore(message(&ana(), "m3", 60, false));
    world.mailboxes.restore(message(&ana(), "m1", 5 * 86_400, true));
    world.mailboxes.restore(message(&ana(), "m2", 86_400, false));
    world
}

const ENTERED: &str = "0 call ana -> *97
    1 caller types 4711#\n";

#[test]
fn the_new_messages_come_first_and_are_heard_at_once() {
    assert_snapshot!(orders_in(world(), &format!("{ENTERED}
        4 caller heard
        8 caller heard
        16 caller heard
        20 caller presses 2
        24 caller heard
        27 caller presses 2
        30 caller presses 3
        35 caller heard
        40 caller presses #
        41 caller heard
    ")), @r#"
    0      answer caller
    0      play caller [Text("Please enter your PIN, then press the hash key.")] up to a digit in en
    1      play caller [Text("You have"), Say(Number(2)), Text("new messages.")] up to a digit in en
    4      play caller [Text("New message."), Text("Received yesterday at"), Say(Time { hour: 10, minute: 0 }), Text("From"), Text("Carl Contact")] up to a digit in en
    8      play caller [Recorded("voicemail/m2.wav")] up to a digit in en
    16     m2 was heard by u-ana
    16     play caller [Text("To hear this message again, press 1. For the next message, press 2. To delete this message, press 3. For the message before, press star. To end, press the hash key.")] up to a digit in en
    20     play caller [Text("New message."), Text("Received today at"), Say(Time { hour: 9, minute: 59 }), Text("From"), Say(Digits("15557770001"))] up to a digit in en
    24     play caller [Recorded("voicemail/m3.wav")] up to a digit in en
    27     m3 was heard by u-ana
    27     play caller [Text("Old message."), Text("Received on"), Say(Number(31)), Text("December"), Text("at"), Say(Time { hour: 10, minute: 0 }), Text("From"), Say(Digits("15557770001"))] up to a digit in en
    30     m1 was deleted by u-ana
    30     play caller [Text("The message is deleted."), Text("There are no more messages. For the message before, press star.")] up to a digit in en
    40     play caller [Text("Goodbye.")] in en
    41     hang up caller Normal
    41     finished
    "#);
}

#[test]
fn a_call_to_a_mailbox_is_an_internal_one_without_a_connection() {
    assert_snapshot!(explained_in(world(), &format!("{ENTERED}
        3 caller hangs up
    ")), @r#"
    0      answer caller
    0      play caller [Text("Please enter your PIN, then press the hash key.")] up to a digit in en
    1      play caller [Text("You have"), Say(Number(2)), Text("new messages.")] up to a digit in en
    3      finished
    --
    call internal canceled by internal, owner u-ana, mco -
       accepted 0, answered -, ended 3, sip -, q850 16
    i1 0 call_started u-ana direction=internal
    i2 3 call_ended by=internal
    0 number *97: the code of the mailbox of u-ana
    0 voicemail u-ana: listened to by who knows its PIN
    "#);
}

#[test]
fn who_hangs_up_while_he_listens_has_heard_the_message() {
    let mut world = world();
    play(
        &mut world,
        &format!(
            "{ENTERED}
        4 caller heard
        8 caller heard
        10 caller hangs up
    "
        ),
    );
    assert_eq!(counts(&world, &ana()), (1, 2));
    assert_eq!(world.mailboxes.changes(), [ana()]);
}

#[test]
fn who_skips_a_message_before_it_has_not_heard_it() {
    let mut world = world();
    play(
        &mut world,
        &format!(
            "{ENTERED}
        2 caller presses 2
        3 caller presses 2
        4 caller presses 2
        5 caller presses #
    "
        ),
    );
    assert_eq!(counts(&world, &ana()), (2, 1));
}

#[test]
fn a_message_is_heard_again_and_the_one_before_it() {
    assert_snapshot!(orders_in(world(), &format!("{ENTERED}
        2 caller presses 1
        3 caller presses *
        4 caller heard
        5 caller presses 1
        6 caller presses 2
        7 caller heard
        8 caller presses * by info
        9 caller presses 9
        10 caller heard
    ")), @r#"
    0      answer caller
    0      play caller [Text("Please enter your PIN, then press the hash key.")] up to a digit in en
    1      play caller [Text("You have"), Say(Number(2)), Text("new messages.")] up to a digit in en
    2      play caller [Text("New message."), Text("Received yesterday at"), Say(Time { hour: 10, minute: 0 }), Text("From"), Text("Carl Contact")] up to a digit in en
    3      play caller [Text("This is the first message."), Text("New message."), Text("Received yesterday at"), Say(Time { hour: 10, minute: 0 }), Text("From"), Text("Carl Contact")] up to a digit in en
    4      play caller [Recorded("voicemail/m2.wav")] up to a digit in en
    5      m2 was heard by u-ana
    5      play caller [Text("Old message."), Text("Received yesterday at"), Say(Time { hour: 10, minute: 0 }), Text("From"), Text("Carl Contact")] up to a digit in en
    6      play caller [Text("New message."), Text("Received today at"), Say(Time { hour: 9, minute: 59 }), Text("From"), Say(Digits("15557770001"))] up to a digit in en
    7      play caller [Recorded("voicemail/m3.wav")] up to a digit in en
    8      stop playing to caller
    8      m3 was heard by u-ana
    8      play caller [Text("Old message."), Text("Received yesterday at"), Say(Time { hour: 10, minute: 0 }), Text("From"), Text("Carl Contact")] up to a digit in en
    9      play caller [Text("To hear this message again, press 1. For the next message, press 2. To delete this message, press 3. For the message before, press star. To end, press the hash key.")] up to a digit in en
    "#);
}

#[test]
fn behind_the_last_message_there_is_a_way_back() {
    assert_snapshot!(orders_in(world(), &format!("{ENTERED}
        2 caller presses 2
        3 caller presses 2
        4 caller presses 2
        5 caller presses 2
        6 caller presses 2
        7 caller presses 3
        8 caller presses *
    ")), @r#"
    0      answer caller
    0      play caller [Text("Please enter your PIN, then press the hash key.")] up to a digit in en
    1      play caller [Text("You have"), Say(Number(2)), Text("new messages.")] up to a digit in en
    2      play caller [Text("New message."), Text("Received yesterday at"), Say(Time { hour: 10, minute: 0 }), Text("From"), Text("Carl Contact")] up to a digit in en
    3      play caller [Text("New message."), Text("Received today at"), Say(Time { hour: 9, minute: 59 }), Text("From"), Say(Digits("15557770001"))] up to a digit in en
    4      play caller [Text("Old message."), Text("Received on"), Say(Number(31)), Text("December"), Text("at"), Say(Time { hour: 10, minute: 0 }), Text("From"), Say(Digits("15557770001"))] up to a digit in en
    5      play caller [Text("There are no more messages. For the message before, press star.")] up to a digit in en
    6      play caller [Text("There are no more messages. For the message before, press star.")] up to a digit in en
    7      play caller [Text("There are no more messages. For the message before, press star.")] up to a digit in en
    8      play caller [Text("Old message."), Text("Received on"), Say(Number(31)), Text("December"), Text("at"), Say(Time { hour: 10, minute: 0 }), Text("From"), Say(Digits("15557770001"))] up to a digit in en
    "#);
}

#[test]
fn what_another_has_deleted_meanwhile_is_passed_over() {
    let mut world = world();
    play(&mut world, ENTERED);
    let (mailbox, by) = (ana(), UserId::from("u-ben"));
    for id in ["m2", "m3"] {
        let change = VoicemailChange::Deleted {
            id: MessageId(id.into()),
            mailbox: mailbox.clone(),
            by: by.clone(),
            at: Millis(0),
        };
        assert!(world.mailboxes.apply(&change));
        assert!(!world.mailboxes.apply(&change));
    }
    world.log.clear();
    assert_snapshot!(orders_in(world, "
        4 caller heard
        5 caller presses *
        6 caller presses 3
        7 caller presses *
    "), @r#"
    4      play caller [Text("Old message."), Text("Received on"), Say(Number(31)), Text("December"), Text("at"), Say(Time { hour: 10, minute: 0 }), Text("From"), Say(Digits("15557770001"))] up to a digit in en
    5      play caller [Text("This is the first message."), Text("Old message."), Text("Received on"), Say(Number(31)), Text("December"), Text("at"), Say(Time { hour: 10, minute: 0 }), Text("From"), Say(Digits("15557770001"))] up to a digit in en
    6      m1 was deleted by u-ana
    6      play caller [Text("The message is deleted."), Text("There are no more messages. For the message before, press star.")] up to a digit in en
    7      play caller [Text("This is the first message."), Text("There are no more messages. For the message before, press star.")] up to a digit in en
    "#);
}

#[test]
fn a_message_that_goes_between_its_headline_and_its_sound_is_told_to_be_gone() {
    let mut world = world();
    play(&mut world, &format!("{ENTERED} 4 caller heard"));
    let (mailbox, by) = (ana(), UserId::from("u-ben"));
    let id = MessageId("m2".into());
    let change = VoicemailChange::Deleted { id, mailbox, by, at: Millis(0) };
    assert!(world.mailboxes.apply(&change));
    world.log.clear();
    assert_snapshot!(orders_in(world, "5 caller heard"), @r#"
    5      play caller [Text("This message is no longer there."), Text("New message."), Text("Received today at"), Say(Time { hour: 9, minute: 59 }), Text("From"), Say(Digits("15557770001"))] up to a digit in en
    "#);
}

#[test]
fn a_file_that_cannot_be_played_stays_new() {
    assert_snapshot!(orders_in(world(), &format!("{ENTERED}
        4 caller heard
        5 caller heard
        5 caller heard nothing
        9 caller presses #
    ")), @r#"
    0      answer caller
    0      play caller [Text("Please enter your PIN, then press the hash key.")] up to a digit in en
    1      play caller [Text("You have"), Say(Number(2)), Text("new messages.")] up to a digit in en
    4      play caller [Text("New message."), Text("Received yesterday at"), Say(Time { hour: 10, minute: 0 }), Text("From"), Text("Carl Contact")] up to a digit in en
    5      play caller [Recorded("voicemail/m2.wav")] up to a digit in en
    5      play caller [Text("This message cannot be played."), Text("To hear this message again, press 1. For the next message, press 2. To delete this message, press 3. For the message before, press star. To end, press the hash key.")] up to a digit in en
    9      play caller [Text("Goodbye.")] in en
    "#);
}

#[test]
fn who_presses_nothing_is_reminded_twice_and_then_let_go() {
    assert_snapshot!(orders_in(world(), &format!("{ENTERED}
        2 caller presses 2
        3 caller heard
        4 caller heard
        5 caller heard
        16 caller heard
        27 caller heard
        38 caller heard
    ")), @r#"
    0      answer caller
    0      play caller [Text("Please enter your PIN, then press the hash key.")] up to a digit in en
    1      play caller [Text("You have"), Say(Number(2)), Text("new messages.")] up to a digit in en
    2      play caller [Text("New message."), Text("Received yesterday at"), Say(Time { hour: 10, minute: 0 }), Text("From"), Text("Carl Contact")] up to a digit in en
    3      play caller [Recorded("voicemail/m2.wav")] up to a digit in en
    4      m2 was heard by u-ana
    4      play caller [Text("To hear this message again, press 1. For the next message, press 2. To delete this message, press 3. For the message before, press star. To end, press the hash key.")] up to a digit in en
    15     play caller [Text("To hear this message again, press 1. For the next message, press 2. To delete this message, press 3. For the message before, press star. To end, press the hash key.")] up to a digit in en
    26     play caller [Text("To hear this message again, press 1. For the next message, press 2. To delete this message, press 3. For the message before, press star. To end, press the hash key.")] up to a digit in en
    37     play caller [Text("Goodbye.")] in en
    38     hang up caller Normal
    38     finished
    "#);
}

#[test]
fn media_that_never_ends_keeps_nobody_on_the_line() {
    let mut world = world();
    play(&mut world, &format!("{ENTERED} 3600 pass"));
    assert!(world.calls[0].finished);
}

#[test]
fn three_wrong_pins_end_the_call() {
    assert_snapshot!(orders_in(world(), "
        0 call ana -> *97
        1 caller types 0000#
        2 caller types 47110#
        3 caller types 1174711471147114711#
        9 caller heard
    "), @r#"
    0      answer caller
    0      play caller [Text("Please enter your PIN, then press the hash key.")] up to a digit in en
    1      play caller [Text("This PIN is wrong."), Text("Please enter your PIN, then press the hash key.")] up to a digit in en
    2      play caller [Text("This PIN is wrong."), Text("Please enter your PIN, then press the hash key.")] up to a digit in en
    3      play caller [Text("This PIN is wrong. Goodbye.")] in en
    9      hang up caller Normal
    9      finished
    "#);
}

#[test]
fn a_pin_may_be_begun_anew_and_needs_no_hash_key() {
    assert_snapshot!(orders_in(world(), "
        0 call ana -> *97
        1 caller types 47*4711
        12 pass
    "), @r#"
    0      answer caller
    0      play caller [Text("Please enter your PIN, then press the hash key.")] up to a digit in en
    11     play caller [Text("You have"), Say(Number(2)), Text("new messages.")] up to a digit in en
    "#);
}

#[test]
fn who_types_nothing_is_asked_again_and_then_let_go() {
    assert_snapshot!(orders_in(world(), "
        0 call ana -> *97
        4 caller heard
        15 caller presses #
        20 caller heard
        30 caller heard
    "), @r#"
    0      answer caller
    0      play caller [Text("Please enter your PIN, then press the hash key.")] up to a digit in en
    14     play caller [Text("Please enter your PIN, then press the hash key.")] up to a digit in en
    15     play caller [Text("Please enter your PIN, then press the hash key.")] up to a digit in en
    30     play caller [Text("Goodbye.")] in en
    30     hang up caller Normal
    30     finished
    "#);
}

#[test]
fn wrong_pins_lock_a_mailbox_over_all_calls_and_for_a_while() {
    let mut world = world();
    world.settings.voicemail.lock_after = 4;
    world.settings.voicemail.pin_tries = 3;
    play(
        &mut world,
        "
        0 call ana -> *97
        1 caller types 1#2#3#
        3 caller heard
        4 B: call ana -> *97
        5 B: caller types 4#
    ",
    );
    world.log.clear();
    assert_snapshot!(orders_in(world, "
        6 B: caller types 4711#
        7 C: call ben -> *97/u-ana
        8 C: caller heard
        606 D: call ana -> *97
        607 D: caller types 4711#
    "), @r#"
    6      B: play caller [Text("Too many wrong PINs were entered. Please try again later.")] in en
    7      C: answer caller
    7      C: play caller [Text("Too many wrong PINs were entered. Please try again later.")] in en
    8      C: hang up caller Normal
    8      C: finished
    306    B: hang up caller Normal
    306    B: finished
    606    D: answer caller
    606    D: play caller [Text("Please enter your PIN, then press the hash key.")] up to a digit in en
    607    D: play caller [Text("You have"), Say(Number(2)), Text("new messages.")] up to a digit in en
    "#);
}

#[test]
fn a_right_pin_forgets_the_wrong_ones() {
    let mut world = world();
    world.settings.voicemail.lock_after = 3;
    play(
        &mut world,
        "
        0 call ana -> *97
        1 caller types 1#2#4711#
        2 caller hangs up
        4 B: call ana -> *97
        5 B: caller types 1#2#4711#
    ",
    );
    assert!(world.log.contains("B: play caller [Text(\"You have\")"), "{}", world.log);
}

#[test]
fn a_mailbox_without_messages_says_so() {
    assert_snapshot!(orders_in(World::new(house(PIN)), &format!("{ENTERED}
        9 caller heard
    ")), @r#"
    0      answer caller
    0      play caller [Text("Please enter your PIN, then press the hash key.")] up to a digit in en
    1      play caller [Text("You have no messages."), Text("Goodbye.")] in en
    9      hang up caller Normal
    9      finished
    "#);
}

#[test]
fn a_mailbox_without_a_pin_cannot_be_listened_to() {
    assert_snapshot!(explained_in(world(), "
        0 call ben -> *97
        9 caller heard
    "), @r#"
    0      answer caller
    0      play caller [Text("This mailbox has no PIN. It cannot be listened to by telephone.")] in en
    9      hang up caller Normal
    9      finished
    --
    call internal no_answer by system, owner u-ben, mco -
       accepted 0, answered -, ended 9, sip -, q850 20
    i1 0 call_started u-ben direction=internal
    i2 9 call_ended by=system
    0 number *97: the code of the mailbox of u-ben
    0 voicemail u-ben: refused: it has no PIN
    "#);
}

#[test]
fn a_groups_mailbox_is_for_its_members() {
    let mut world = world();
    let group = MailboxId::Group(GroupId::from("g-supp"));
    world.mailboxes.restore(message(&group, "m9", 120, false));
    assert_snapshot!(orders_in(world, "
        0 call own -> *97/g-supp
        1 caller heard
        2 B: call dan -> *97/g-supp
        3 B: caller types 4711#
        4 B: caller heard
        5 B: caller heard
        6 B: caller heard
        7 C: call ana -> *97/g-none
        8 C: caller heard
    "), @r#"
    0      answer caller
    0      play caller [Text("Only members of the group can listen to this mailbox.")] in en
    1      hang up caller Normal
    1      finished
    2      B: answer caller
    2      B: play caller [Text("Please enter your PIN, then press the hash key.")] up to a digit in en
    3      B: play caller [Text("You have one new message.")] up to a digit in en
    4      B: play caller [Text("New message."), Text("Received today at"), Say(Time { hour: 9, minute: 58 }), Text("From"), Say(Digits("15557770001"))] up to a digit in en
    5      B: play caller [Recorded("voicemail/m9.wav")] up to a digit in en
    6      B: m9 was heard by u-dan
    6      B: play caller [Text("To hear this message again, press 1. For the next message, press 2. To delete this message, press 3. For the message before, press star. To end, press the hash key.")] up to a digit in en
    7      C: answer caller
    7      C: play caller [Text("There is no such mailbox.")] in en
    8      C: hang up caller Normal
    8      C: finished
    "#);
}

#[test]
fn german_is_spoken_where_it_is_configured() {
    let mut world = world();
    world.settings.voicemail.language = "de".into();
    world.settings.ivr.timezone = Some("Europe/Berlin".into());
    assert_snapshot!(orders_in(world, &format!("{ENTERED}
        2 caller presses 2
        3 caller presses 2
        4 caller presses 2
        5 caller presses #
    ")), @r#"
    0      answer caller
    0      play caller [Text("Bitte geben Sie Ihre PIN ein und drücken Sie die Rautetaste.")] up to a digit in de
    1      play caller [Text("Sie haben"), Say(Number(2)), Text("neue Nachrichten.")] up to a digit in de
    2      play caller [Text("Neue Nachricht."), Text("Empfangen gestern um"), Say(Time { hour: 11, minute: 0 }), Text("Von"), Text("Carl Contact")] up to a digit in de
    3      play caller [Text("Neue Nachricht."), Text("Empfangen heute um"), Say(Time { hour: 10, minute: 59 }), Text("Von"), Say(Digits("15557770001"))] up to a digit in de
    4      play caller [Text("Alte Nachricht."), Text("Empfangen am"), Say(Number(31)), Text("Dezember"), Text("um"), Say(Time { hour: 11, minute: 0 }), Text("Von"), Say(Digits("15557770001"))] up to a digit in de
    5      play caller [Text("Auf Wiederhören.")] in de
    "#);
}

#[test]
fn nothing_shows_what_was_typed() {
    let mut world = world();
    play(
        &mut world,
        "
        0 call ana -> *97
        1 caller types 4711
    ",
    );
    let shown = format!("{:?}", world.calls[0].call);
    assert!(shown.contains("Typed(•)"), "{shown}");
    assert!(!shown.contains(PIN), "{shown}");
    play(&mut world, "2 caller presses #");
    let rows = format!("{:?}", world.calls[0].graph);
    assert!(!rows.contains(PIN) && !world.log.contains(PIN), "{rows}");
}
