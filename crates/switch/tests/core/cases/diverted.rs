//! Who has passed a call on: what the next telephone and the next server are told of it, and how
//! many servers a call may have gone through (RFC 5806, RFC 7044).

use model::directory::{Directory, ForwardTo, Forwarding, User};
use switch::Restored;

use crate::house::{House, Sent, TRUNK, config, description, directory, find, with_body};
use crate::phone::{ALICES, MEDIA, Request, all};

/// Alice passes all calls on to Bob, he unanswered ones outside.
fn forwarding() -> Directory {
    let mut directory = directory();
    let user = |name: &str| directory.user_by_sip_username(name).expect("a user").clone();
    let (alice, bob) = (user("alice"), user("bob"));
    let always = Some(ForwardTo::User(bob.id.clone()));
    let no_answer = Some(ForwardTo::Number("+4930555".into()));
    directory.add_user(User { forward: Forwarding { always, ..Forwarding::default() }, ..alice });
    directory.add_user(User { forward: Forwarding { no_answer, ..Forwarding::default() }, ..bob });
    directory
}

/// A call from the trunk with these headers.
fn call(house: &mut House, headers: &str) -> Vec<Sent> {
    let number = house.count();
    let body = description(40_000, MEDIA);
    let invite = format!(
        "INVITE sip:+493012345678@192.0.2.1:5060 SIP/2.0\r\n\
         Via: SIP/2.0/UDP {TRUNK};branch=z9hG4bK-d{number};rport\r\n\
         Max-Forwards: 70\r\nFrom: <sip:+4917012345678@198.51.100.1>;tag=t{number}\r\n\
         To: <sip:+493012345678@192.0.2.1>\r\nCall-ID: diverted-{number}\r\nCSeq: 1 INVITE\r\n\
         Contact: <sip:trunk@{TRUNK}>\r\n{headers}{}",
        with_body("application/sdp", &body)
    );
    house.receive(TRUNK, invite)
}

/// The lines of both headers.
fn trail(sent: &Sent) -> String {
    let lines = sent.0.split("\r\n").take_while(|line| !line.is_empty());
    let of_both = |line: &&str| line.starts_with("Diversion") || line.starts_with("History-Info");
    lines.filter(of_both).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_next_telephone_and_the_next_server_are_told_who_passed_a_call_on() {
    let mut house = House::of(config(call::Settings::default()), forwarding(), Restored::default());
    let came = "Diversion: <sip:+4989@carrier.test>;reason=user-busy;privacy=off\r\n\
                History-Info: <sip:+4989@carrier.test>;index=1, \
                <sip:+493012345678@192.0.2.1;cause=486>;index=1.1;mp=1\r\n";
    let sent = call(&mut house, came);
    let ring = find(&sent, "INVITE ");
    insta::assert_snapshot!(trail(&ring), @r#"
    Diversion: "alice" <sip:alice@pbx.example>;reason=unconditional;privacy=off
    Diversion: <sip:+4989@carrier.test>;reason=user-busy;privacy=off
    History-Info: <sip:+4989@carrier.test>;index=1
    History-Info: <sip:+493012345678@192.0.2.1;cause=486>;index=1.1;mp=1
    History-Info: "alice" <sip:alice@pbx.example>;index=1.1.1
    History-Info: <sip:bob@pbx.example;cause=302>;index=1.1.1.1;mp=1.1.1
    "#);
    let sent = house.receive(crate::house::BOB, ring.response("480 Away", "", "", ""));
    let outside = find(&sent, "INVITE ");
    assert!(outside.0.starts_with("INVITE sip:+4930555@"), "{}", outside.0);
    insta::assert_snapshot!(trail(&outside), @r#"
    Diversion: <sip:+493012345679@pbx.example>;reason=unavailable;privacy=off
    Diversion: <sip:+493012345678@pbx.example>;reason=unconditional;privacy=off
    Diversion: <sip:+4989@carrier.test>;reason=user-busy;privacy=off
    History-Info: <sip:+4989@carrier.test>;index=1
    History-Info: <sip:+493012345678@192.0.2.1;cause=486>;index=1.1;mp=1
    History-Info: <sip:+493012345678@pbx.example>;index=1.1.1
    History-Info: <sip:+493012345679@pbx.example;cause=302>;index=1.1.1.1;mp=1.1.1
    History-Info: <sip:+4930555@198.51.100.1;cause=503>;index=1.1.1.1.1;mp=1.1.1.1
    "#);
}

#[test]
fn a_call_that_nobody_has_passed_on_says_nothing_of_it() {
    let mut house = House::new();
    let sent = call(&mut house, "");
    assert_eq!(trail(&find(&sent, "INVITE ")), "");
}

#[test]
fn a_call_that_was_passed_on_more_than_ten_times_is_a_loop() {
    let status = |headers: &str| {
        let mut house = House::new();
        let sent = call(&mut house, headers);
        let refused = all(&sent, "SIP/2.0 4").first().map(Sent::status);
        assert_eq!(refused.is_some(), house.records.is_empty(), "no call, no record");
        refused
    };
    let counted = |times: u32| format!("Diversion: <sip:1@a>;reason=unknown;counter={times}\r\n");
    assert_eq!(status(&counted(10)), None);
    assert_eq!(status(&counted(11)), Some(482));
    let each = "Diversion: <sip:1@a>;reason=unknown\r\n";
    assert_eq!(status(&each.repeat(10)), None);
    assert_eq!(status(&each.repeat(11)), Some(482));
    let history = |entries: usize| {
        let entries: Vec<_> = (1..=entries).map(|n| format!("<sip:{n}@a>;index=1.{n}")).collect();
        format!("History-Info: {}\r\n", entries.join(","))
    };
    assert_eq!(status(&history(11)), None);
    assert_eq!(status(&history(12)), Some(482));
}

#[test]
fn who_hides_is_shown_to_nobody_and_what_is_too_long_is_left_out() {
    let mut house = House::new();
    let long = "x".repeat(400);
    let came = format!(
        "Privacy: id;history\r\nDiversion: <sip:1@a>;reason=away;privacy=full,\r\n \
         <sip:{long}@a>;reason=away\r\nHistory-Info: <sip:1@a>;index=1,<sip:2@a>;index=1.1\r\n"
    );
    let sent = call(&mut house, &came);
    insta::assert_snapshot!(trail(&find(&sent, "INVITE ")), @r#"
    Diversion: <sip:anonymous@anonymous.invalid>;reason=away;privacy=full
    History-Info: <sip:anonymous@anonymous.invalid>;index=1
    History-Info: <sip:anonymous@anonymous.invalid>;index=1.1
    "#);
}

/// Carriers show a number, or charge one, because Diversion names it.
#[test]
fn a_telephone_does_not_say_for_whom_it_calls_outside() {
    let mut house = House::new();
    let more = "Diversion: <sip:+49110@carrier.test>;reason=unconditional;privacy=off\r\n\
                History-Info: <sip:+49110@carrier.test>;index=1\r\n";
    let (uri, body) = ("sip:017099@192.0.2.1", description(30_000, MEDIA));
    let asked = Request { method: "INVITE", uri, more, body: &body };
    let (_, sent) = house.outside(ALICES, &asked);
    let outside = find(&sent, "INVITE ");
    assert_eq!(trail(&outside), "");
    assert!(!outside.0.contains("+49110"), "{}", outside.0);
}
