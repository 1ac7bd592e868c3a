//! What media notices while a call runs: digits and bad audio (R022, §4.6).

use call::Digits;
use insta::assert_snapshot;

use crate::directory::directory;
use crate::script::{check, check_in, play};
use crate::world::World;

const TALKING: &str = "registered ana
    0 call +15557770001 -> +15550100001
    5 ana answers\n";

/// The rows of bad audio, each with its explanation.
fn quality(text: &str) -> String {
    let rows = text.lines().skip_while(|row| !row.starts_with("q "));
    rows.take_while(|row| !row.starts_with("context")).collect::<Vec<_>>().join("\n")
}

/// The rows of pressed digits.
fn digits(text: &str) -> String {
    let rows = text.lines().filter(|row| row.contains("dtmf"));
    rows.collect::<Vec<_>>().join("\n")
}

#[test]
fn digits_of_both_sides_are_kept_and_those_by_info_are_made_again() {
    let text = check(&format!(
        "{TALKING}
        6 caller presses 1
        7 ana presses * by info
        9 caller hangs up
    "
    ));
    assert_snapshot!(digits(&text), @r"
    i4 6 dtmf digit=1 party=+15557770001
    i5 7 dtmf u-ana digit=* party=u:u-ana
    ");
    assert!(text.contains("7      send a digit to caller for 160 ms"), "{text}");
}

#[test]
fn digits_are_masked_or_dropped_as_configured_and_masked_while_a_recording_is_paused() {
    let with = |keep_digits, script: &str| {
        let mut world = World::new(directory(""));
        world.settings.sound.keep_digits = keep_digits;
        digits(&check_in(world, &format!("{TALKING}{script}\n 9 caller hangs up")))
    };
    let masked = with(Digits::Masked, "6 caller presses 1");
    assert_snapshot!(masked, @"i4 6 dtmf digit=• party=+15557770001");
    assert_snapshot!(with(Digits::Dropped, "6 caller presses 1"), @"");
    let script = "6 record
        6 caller presses 1
        7 record pause
        7 caller presses 2
        8 record resume
        8 caller presses 3";
    assert_snapshot!(with(Digits::Kept, script), @r"
    i4 6 dtmf digit=1 party=+15557770001
    i5 7 dtmf digit=• party=+15557770001
    i6 8 dtmf digit=3 party=+15557770001
    ");
    assert_snapshot!(with(Digits::Dropped, script), @"");
}

#[test]
fn the_rows_of_digits_are_limited() {
    let mut world = World::new(directory(""));
    play(&mut world, TALKING);
    for _ in 0..1_100 {
        play(&mut world, "6 caller presses 1");
    }
    let graph = world.calls[0].graph.as_ref().expect("a graph");
    let rows = graph.interactions.iter().filter(|row| row.kind.as_str() == "dtmf");
    assert_eq!(rows.count(), 1_000);
}

#[test]
fn bad_audio_is_recorded_with_the_names_of_those_who_heard_it() {
    let text = check(&format!(
        "{TALKING}
        6 caller sounds bad
        7 ana sounds bad
        8 ana sounds worse
        9 ana sounds well
        20 caller hangs up
        21 caller sounds well
    "
    ));
    assert_snapshot!(quality(&text), @r"
    q anchor received packet_loss warning: 6..20, 4.5 leg_ended
       agent Ana Agent heard caller badly
    q c1 received packet_loss critical: 7..9, 12 recovered
       caller heard agent Ana Agent badly
    ");
}

/// A leg that is only rung is none of the Connection's yet.
#[test]
fn what_a_ringing_leg_sounds_like_is_nobodys() {
    let text = check(
        "registered ana ben cat
        0 call +15557770001 -> +15550200001
        1 ana rings
        2 ana sounds bad
        3 caller sounds bad
        4 ben answers
        5 ana sounds bad
        20 caller hangs up
    ",
    );
    assert_snapshot!(quality(&text), @r"
    q anchor received packet_loss warning: 3..20, 4.5 leg_ended
       the server heard caller badly
    ");
}

#[test]
fn a_dialled_number_and_the_user_who_dialled_it_have_names() {
    let text = check(
        "0 call ana -> +15557770002
        5 +15557770002 answers
        6 caller sounds bad
        7 +15557770002 sounds bad
        20 caller hangs up
    ",
    );
    assert_snapshot!(quality(&text), @r"
    q anchor received packet_loss warning: 6..20, 4.5 leg_ended
       +15557770002 heard agent Ana Agent badly
    q c1 received packet_loss warning: 7..20, 4.5 leg_ended
       agent Ana Agent heard +15557770002 badly
    ");
}
