//! Codes that users dial: whether groups may offer them calls, and IVRs.

use insta::assert_snapshot;

use crate::directory::directory;
use crate::script::{explained_in, orders_in};
use crate::world::World;

fn world() -> World {
    World::new(directory(""))
}

#[test]
fn a_code_changes_the_availability_and_says_so() {
    assert_snapshot!(explained_in(world(), "
        0 call ana -> *12/lunch
        3 caller heard
    "), @r#"
    0      answer caller
    0      u-ana is away, lunch
    0      play caller [Text("You are away."), Text("lunch")] in en
    3      hang up caller Normal
    3      finished
    --
    call internal no_answer by system, owner u-ana, mco -
       accepted 0, answered -, ended 3, sip -, q850 20
    i1 0 call_started u-ana direction=internal
    i2 3 call_ended by=system
    0 number *12/lunch: the code that says: away, lunch
    0 number u-ana: he is away: lunch
    "#);
    assert_snapshot!(orders_in(world(), "
        0 call ana -> *11
        1 caller hangs up
    "), @r#"
    0      answer caller
    0      u-ana is available, -
    0      play caller [Text("You are available.")] in en
    1      finished
    "#);
}

#[test]
fn a_toggle_is_the_other_of_what_he_is() {
    assert_snapshot!(orders_in(world(), "away ben
        0 call ana -> *10
        0 B: call ben -> *10
    "), @r#"
    0      answer caller
    0      u-ana is away, -
    0      play caller [Text("You are away.")] in en
    0      B: answer caller
    0      B: u-ben is available, -
    0      B: play caller [Text("You are available.")] in en
    "#);
}

#[test]
fn who_cannot_hear_the_confirmation_is_let_go_all_the_same() {
    assert_snapshot!(orders_in(world(), "
        0 call ana -> *11
        0 caller heard nothing
        1 B: call ben -> *11
        302 pass
        303 C: call cat -> *11
        304 release
        304 C: release
    "), @r#"
    0      answer caller
    0      u-ana is available, -
    0      play caller [Text("You are available.")] in en
    0      hang up caller Normal
    0      finished
    1      B: answer caller
    1      B: u-ben is available, -
    1      B: play caller [Text("You are available.")] in en
    301    B: hang up caller Normal
    301    B: finished
    303    C: answer caller
    303    C: u-cat is available, -
    303    C: play caller [Text("You are available.")] in en
    304    C: hang up caller Shutdown
    304    C: finished
    "#);
}

#[test]
fn a_trunk_dials_no_codes() {
    assert_snapshot!(orders_in(world(), "0 call +15557770001 -> *11"), @"
    0      reject caller 404
    0      finished
    ");
}
