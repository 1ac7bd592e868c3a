//! Play directory (F6): a name is spelt on the keys of a telephone, and who it is rings.

use insta::assert_snapshot;

use crate::directory::directory;
use crate::script::{explained_in, orders_in, play};
use crate::world::World;

const NAMES: &str = r#"{
    "users": [
      {"id": "u-jur", "display_name": "Jürgen Müller", "sip_username": "jur"},
      {"id": "u-mul", "display_name": "Anna Muller-Lüdenscheidt", "sip_username": "mul"},
      {"id": "u-zoe", "display_name": "Zoë Ng", "sip_username": "zoe"}],
    "groups": [{"id": "g-few", "name": "Few", "members": ["u-ana", "u-zoe"]}],
    "ivrs": [
      {"id": "ivr-all", "action": "play_directory", "next_ivr_id": "ivr-bye"},
      {"id": "ivr-few", "action": "play_directory", "greeting_prompt": "spell.wav",
        "language": "de", "no_answer_timeout_ms": 12000, "accept": "answer",
        "spelling": {"group_id": "g-few", "loops": 2, "wait_ms": 2000}},
      {"id": "ivr-bye", "action": "play_and_hangup", "greeting_prompt": "Goodbye."}],
    "numbers": [
      {"id": "n-1", "e164": "+15550300001", "assigned_group_id": "g-supp", "ivr_id": "ivr-all"},
      {"id": "n-2", "e164": "+15550300002", "assigned_group_id": "g-supp", "ivr_id": "ivr-few"}]
}"#;

fn world() -> World {
    World::new(directory(NAMES))
}

#[test]
fn three_letters_of_one_name_are_enough() {
    assert_snapshot!(explained_in(world(), "registered zoe
        0 call +15557770001 -> +15550300001
        2 caller presses 9
        2.5 caller presses 6
        3 caller presses 3
        3.2 caller presses 6
        4 caller heard
        6 zoe answers
        9 caller hangs up
    "), @r#"
    0      answer caller
    0      play caller [Text("Please spell the name on the keys of your telephone, then press the hash key.")] up to a digit in en
    3      play caller [Text("Connecting you to"), Text("Zoë Ng")] in en
    4      dial zoe, showing +15557770001 "Carl Contact"
    4      play caller [Tone(Ringback)] for ever
    6      u-zoe is taken
    6      stop playing to caller
    6      bridge caller zoe
    9      hang up zoe Normal
    9      finished
    --
    call inbound answered by external, owner u-zoe, mco -
       accepted 0, answered 6, ended 9, sip -, q850 16
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-all
    i3 4 routing_started c1 ivr-all strategy=single target=u-zoe
    i4 6 answered c1 u-zoe
    i5 6 ivr_exited ivr-all reason=answered
    i6 9 call_ended by=external
    0 number +15550300001: enters ivr-all
    0 ivr ivr-all version 1: entered: play_directory
    3 menu ivr-all: 963 was typed: u-zoe
    4 member u-zoe: rung
    "#);
}

#[test]
fn several_names_are_read_out_and_a_digit_chooses() {
    assert_snapshot!(explained_in(world(), "registered jur
        0 call +15557770001 -> +15550300001
        1 caller presses 6
        2 caller presses 8
        3 caller presses 5
        4 caller presses #
        5 caller presses 7
        6 caller presses 2 by info
        7 caller heard
        9 jur fails 486
        10 caller heard
    "), @r#"
    0      answer caller
    0      play caller [Text("Please spell the name on the keys of your telephone, then press the hash key.")] up to a digit in en
    4      play caller [Text("For"), Text("Anna Muller-Lüdenscheidt"), Text("press"), Say(Digits("1")), Text("For"), Text("Jürgen Müller"), Text("press"), Say(Digits("2")), Text("To spell another name, press star.")] up to a digit in en
    6      play caller [Text("Connecting you to"), Text("Jürgen Müller")] in en
    7      dial jur, showing +15557770001 "Carl Contact"
    7      play caller [Tone(Ringback)] for ever
    9      stop playing to caller
    9      play caller [Text("Goodbye.")]
    10     hang up caller Normal
    10     finished
    --
    call inbound missed by system, owner -, mco -
       accepted 0, answered -, ended 10, sip -, q850 17
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-all
    i3 7 routing_started c1 ivr-all strategy=single target=u-jur
    i4 9 no_answer c1 reason=busy
    i5 9 ivr_exited ivr-all next=ivr-bye reason=next_ivr
    i6 9 ivr_entered ivr-bye
    i7 10 ivr_exited ivr-bye reason=system_hangup
    i8 10 call_ended by=system
    0 number +15550300001: enters ivr-all
    0 ivr ivr-all version 1: entered: play_directory
    4 menu ivr-all: 685 was typed: 2 names begin so
    6 menu ivr-all: 2 was pressed: u-jur
    7 member u-jur: rung
    9 ivr ivr-bye version 1: entered: play_and_hangup
    "#);
}

#[test]
fn the_end_of_the_list_is_waited_for_then_he_is_asked_again() {
    assert_snapshot!(orders_in(world(), "
        0 call +15557770001 -> +15550300001
        1 caller presses 6
        2 caller presses 8
        9 caller heard
        14 pass
        20 caller hangs up
    "), @r#"
    0      answer caller
    0      play caller [Text("Please spell the name on the keys of your telephone, then press the hash key.")] up to a digit in en
    7      play caller [Text("For"), Text("Anna Muller-Lüdenscheidt"), Text("press"), Say(Digits("1")), Text("For"), Text("Jürgen Müller"), Text("press"), Say(Digits("2")), Text("To spell another name, press star.")] up to a digit in en
    14     play caller [Text("Please spell the name on the keys of your telephone, then press the hash key.")] up to a digit in en
    20     finished
    "#);
}

#[test]
fn star_starts_again_and_counts_as_asking() {
    assert_snapshot!(explained_in(world(), "
        0 call +15557770001 -> +15550300002
        1 caller presses 9
        2 caller presses *
        3 caller presses *
    "), @r#"
    0      answer caller
    0      play caller [File("spell.wav")] up to a digit in de
    2      play caller [File("spell.wav")] up to a digit in de
    3      hang up caller Normal
    3      finished
    --
    call inbound missed by system, owner -, mco -
       accepted 0, answered -, ended 3, sip -, q850 20
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-few
    i3 3 ivr_exited ivr-few reason=system_hangup
    i4 3 call_ended by=system
    0 number +15550300002: enters ivr-few
    0 ivr ivr-few version 1: entered: play_directory
    2 menu ivr-few: * was pressed: asked again
    3 menu ivr-few: * was pressed: asked again
    3 menu ivr-few: given up after try 2
    "#);
}

#[test]
fn nobody_of_that_name_in_the_group() {
    assert_snapshot!(explained_in(world(), "
        0 call +15557770001 -> +15550300002
        1 caller presses 5
        2 caller presses #
        3 caller heard
        6 pass
    "), @r#"
    0      answer caller
    0      play caller [File("spell.wav")] up to a digit in de
    2      play caller [Text("Niemand heißt so."), File("spell.wav")] up to a digit in de
    5      hang up caller Normal
    5      finished
    --
    call inbound missed by system, owner -, mco -
       accepted 0, answered -, ended 5, sip -, q850 20
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-few
    i3 5 ivr_exited ivr-few reason=system_hangup
    i4 5 call_ended by=system
    0 number +15550300002: enters ivr-few
    0 ivr ivr-few version 1: entered: play_directory
    2 menu ivr-few: 5 was typed: nobody's name
    5 menu ivr-few: no letter was typed in time
    5 menu ivr-few: given up after try 2
    "#);
}

#[test]
fn waiting_ends_the_typing_and_a_user_of_the_group_rings_as_long_as_the_ivr_says() {
    assert_snapshot!(explained_in(world(), "registered zoe
        0 call +15557770001 -> +15550300002
        1 caller presses 9
        4 caller heard
        17 pass
    "), @r#"
    0      answer caller
    0      play caller [File("spell.wav")] up to a digit in de
    3      play caller [Text("Sie werden verbunden mit"), Text("Zoë Ng")] in de
    4      dial zoe, showing +15557770001 "Carl Contact"
    4      play caller [Tone(Ringback)] for ever
    16     cancel zoe NoAnswer
    16     hang up caller Normal
    16     finished
    --
    call inbound missed by system, owner -, mco -
       accepted 0, answered -, ended 16, sip -, q850 19
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-few
    i3 4 routing_started c1 ivr-few strategy=single target=u-zoe
    i4 16 no_answer c1 reason=timeout
    i5 16 ivr_exited ivr-few reason=system_hangup
    i6 16 call_ended by=system
    0 number +15550300002: enters ivr-few
    0 ivr ivr-few version 1: entered: play_directory
    3 menu ivr-few: 9 was typed: u-zoe
    4 member u-zoe: rung
    "#);
}

#[test]
fn hash_before_any_letter_and_letters_after_the_name_change_nothing() {
    assert_snapshot!(orders_in(world(), "
        0 call +15557770001 -> +15550300002
        1 caller presses #
        1.5 caller presses A
        2 caller presses 2
        3 caller presses #
        3.5 caller presses *
        4 caller hangs up
    "), @r#"
    0      answer caller
    0      play caller [File("spell.wav")] up to a digit in de
    3      play caller [Text("Sie werden verbunden mit"), Text("Ana Agent")] in de
    4      finished
    "#);
}

#[test]
fn at_most_nine_names_are_read_out() {
    let users: Vec<_> = (0..12)
        .map(|n| {
            format!(r#"{{"id": "u-x{n}", "display_name": "Xa X{n:02}", "sip_username": "x{n}"}}"#)
        })
        .collect();
    let mut file: serde_json::Value = serde_json::from_str(NAMES).expect("JSON");
    let all = format!("[{}]", users.join(","));
    file["users"] = serde_json::from_str(&all).expect("users");
    let mut world = World::new(directory(&file.to_string()));
    play(
        &mut world,
        "registered x0 x8
        0 call +15557770001 -> +15550300001
        1 caller presses 9
        2 caller presses 2
        3 caller presses #
        4 caller presses 9
        5 caller heard",
    );
    assert!(
        world.log.contains(r#"Text("Xa X08"), Text("press"), Say(Digits("9"))"#),
        "{}",
        world.log
    );
    assert!(!world.log.contains("Xa X09"), "{}", world.log);
    assert!(world.log.contains("dial x8"), "{}", world.log);
}

#[test]
fn keys_pressed_without_end_keep_no_directory_alive() {
    for key in ["2", "*", "1", "#", "0"] {
        let mut world = world();
        play(&mut world, "0 call +15557770001 -> +15550300001");
        for press in 1..=1_000 {
            if !world.calls[0].finished {
                play(&mut world, &format!("{press} caller presses {key}"));
            }
        }
        play(&mut world, "2000 pass");
        assert!(world.calls[0].finished, "{key}\n{}", world.log);
    }
}
