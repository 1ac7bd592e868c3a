//! A REFER to the number of a group: whom the user has called goes through its IVR, on the leg that
//! we have dialled.

#![expect(clippy::wildcard_enum_match_arm, reason = "the test looks at one of many")]

use call::port::{MediaCommand, MediaEvent, PlayEnd};

use crate::house::{GROUP, TRUNK, find};
use crate::phone::{ALICES, Phone};

use super::{office, told};

/// Somebody outside.
const OUTSIDE: Phone = Phone { user: "+4930555", at: TRUNK };

#[test]
fn whom_a_user_has_called_outside_goes_through_an_ivr() {
    let mut house = office();
    let (alice, outside) = house.line(ALICES, OUTSIDE);
    let sent = house.refer(&alice, &format!("<sip:{GROUP}@pbx.example>"), "");
    insta::assert_snapshot!(told(&sent), @r#"
    202 Accepted REFER
    NOTIFY x refer active 100 Trying
    "#);
    let sent = house.all_told(ALICES, &sent);
    insta::assert_snapshot!(told(&sent), @r#"
    NOTIFY x refer terminated 200 OK
    BYE x
    "#);
    let bye = find(&sent, "BYE ");
    house.receive(ALICES.at, bye.response("200 OK", "", "", ""));
    // The IVR has greeted him, and its group rings.
    let greeting = house.media.iter().rev().find_map(|command| match command {
        MediaCommand::Play { leg, play, .. } => Some((*leg, *play)),
        _ => None,
    });
    let (leg, play) = greeting.expect("a greeting");
    let sent = house.media(MediaEvent::Played { leg, play, end: PlayEnd::Completed });
    let ring = find(&sent, "INVITE sip:alice@");
    assert!(ring.value("From").contains(OUTSIDE.user), "{}", ring.0);
    let (again, _) = house.pick_up(ALICES, &ring);
    insta::assert_snapshot!(house.kinds(), @r#"
    Started
    DialStarted
    DialRinging
    Answered
    Accepted
    BridgeEntered
    BridgeEntered
    TransferStarted
    BridgeLeft
    AnchorLeft
    PartyLeft
    IvrEntered
    RoutingStarted
    AttemptStarted
    AttemptRinging
    Answered
    IvrExited
    TransferEnded
    BridgeEntered
    "#);
    house.ends(&[&again, &outside]);
}
