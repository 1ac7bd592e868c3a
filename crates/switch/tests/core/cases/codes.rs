//! Codes that users dial, and the devices that ring.

#![expect(clippy::wildcard_enum_match_arm, reason = "each test looks at a few of many")]

use std::sync::Arc;

use call::port::{MediaCommand, MediaEvent, PlayEnd};
use model::CallId;
use model::agent_state::ChangeSource;
use model::call_graph::CallEvent;
use model::call_graph::words::Direction;
use model::directory::{
    AfterRoute, Availability, Device, DeviceKind, Directory, InboundRoute, RouteStep, User,
};
use sip::registrar::Binding;
use switch::{Input, Location, Restored};

use crate::house::{House, Sent, binding, config, directory, find, now};
use crate::phone::{ALICES, MEDIA, all, ladder};

fn plays(house: &House) -> usize {
    house.media.iter().filter(|command| matches!(command, MediaCommand::Play { .. })).count()
}

#[test]
fn a_user_says_by_telephone_whether_groups_may_call_him() {
    let mut house = House::new();
    let (dialog, sent) = house.dial(ALICES, "*12");
    assert_eq!(find(&sent, "SIP/2.0 200").status(), 200);
    house.receive(ALICES.at, dialog.request("ACK", 2, "", "", ""));
    assert!(plays(&house) > 0, "it is said to him");
    let change = house.changes.iter().rev().find(|change| change.user.as_str() == "u-alice");
    let change = change.expect("a change");
    assert_eq!((change.availability, change.source), (Availability::Away, ChangeSource::Phone));
    assert_eq!(change.reason.as_deref(), Some("away"));
    let started = house.records.iter().find_map(|recorded| match &recorded.event {
        CallEvent::Started(started) => Some((started.direction, started.to_number.clone())),
        _ => None,
    });
    assert_eq!(started, Some((Direction::Internal, Some(Arc::from("*12")))));
    // What is said comes to its end, and the server hangs up.
    let played = house.media.iter().rev().find_map(|command| match command {
        MediaCommand::Play { leg, play, .. } => Some((*leg, *play)),
        _ => None,
    });
    let (leg, play) = played.expect("something is played");
    let sent = house.media(MediaEvent::Played { leg, play, end: PlayEnd::Completed });
    assert_eq!(ladder(&sent), "BYE x");
    // The key that changes over brings him back.
    let (_, sent) = house.dial(ALICES, "*10");
    assert_eq!(find(&sent, "SIP/2.0 200").status(), 200);
    let last = house.changes.iter().rev().find(|change| change.user.as_str() == "u-alice");
    assert_eq!(last.map(|change| change.availability), Some(Availability::Available));
}

#[test]
fn what_is_no_code_is_dialled_as_ever_and_trunks_have_none() {
    let mut house = House::new();
    let (_, sent) = house.dial(ALICES, "*55");
    assert_eq!(ladder(&all(&sent, "INVITE ")), "INVITE *55");
    let (_, sent) = house.call("*12", MEDIA);
    assert_eq!(find(&sent, "SIP/2.0 ").status(), 404);
}

/// Alice has a desk telephone and an application; groups ring the first.
fn devices() -> Directory {
    let mut directory = Directory::new();
    let of = directory_of("alice");
    let device = |id: &str, instance: Option<&str>, user_agent: Option<&str>| Device {
        id: id.into(),
        label: None,
        kind: DeviceKind::Sip,
        instance: instance.map(Into::into),
        user_agent: user_agent.map(Into::into),
        number: None,
    };
    let step = |device: &str| RouteStep { device: Some(device.into()), ring_ms: 5_000 };
    directory.clone_from(&crate::house::directory());
    directory.add_user(User {
        devices: vec![
            device("desk", Some("urn:uuid:00000000-0000-1000-8000-000A95A0E128"), None),
            device("app", None, Some("Softphone/")),
            device("lost", Some("urn:uuid:1"), None),
        ],
        inbound_route: Some(InboundRoute {
            steps: vec![step("lost"), step("app"), step("desk")],
            then: AfterRoute::HangUp,
            forward_to: None,
        }),
        ..of
    });
    directory
}

fn directory_of(name: &str) -> User {
    let directory = directory();
    directory.user_by_sip_username(name).expect("a user").clone()
}

const DESK: &str = "203.0.113.7:5060";
const APP: &str = "203.0.113.17:5060";

fn restored() -> Restored {
    let until = now(std::time::Duration::from_secs(1_000)).wall;
    let desk = Binding {
        instance: Some("<urn:uuid:00000000-0000-1000-8000-000a95a0e128>".into()),
        ..binding("alice", DESK)
    };
    let app = Binding {
        user_agent: Some("Softphone/5.1 (x)".into()),
        contact: "sip:alice-app@203.0.113.17:5060".parse().expect("a URI"),
        ..binding("alice", APP)
    };
    let location = Location { aor: "alice".into(), bindings: vec![(desk, until), (app, until)] };
    Restored { locations: vec![location], ..Restored::default() }
}

fn rung(sent: &[Sent]) -> Vec<String> {
    let uris = all(sent, "INVITE ").into_iter().map(|sent| {
        let uri = sent.0.split(' ').nth(1).unwrap_or_default();
        uri.trim_start_matches("sip:").to_owned()
    });
    let mut uris: Vec<String> = uris.collect();
    // Nobody answers: they are repeated.
    uris.dedup();
    uris
}

#[test]
fn a_device_rings_alone_by_its_instance_or_its_name() {
    let settings = call::Settings::default();
    let mut house = House::of(config(settings), devices(), restored());
    // The first device of her route is registered nowhere: the next one rings at once.
    let (_, sent) = house.call("+493012345678", MEDIA);
    assert_eq!(rung(&sent), ["alice-app@203.0.113.17:5060"]);
    let ring = find(&sent, "INVITE ");
    house.receive(APP, ring.response("180 Ringing", "", "", ""));
    let sent = house.wait(std::time::Duration::from_secs(6));
    assert_eq!(rung(&sent), ["alice@203.0.113.7:5060"]);
    assert!(!all(&sent, "CANCEL ").is_empty());
}

#[test]
fn groups_do_not_ring_who_has_not_registered_the_device_for_it() {
    let mut directory = devices();
    let alice = directory.user_by_sip_username("alice").expect("a user").clone();
    let receiver = |id: &str| User { acd_receiver: Some(id.into()), ..alice.clone() };
    directory.add_user(receiver("lost"));
    let settings = call::Settings::default();
    let mut house = House::of(config(settings), directory.clone(), restored());
    let board = house.switch.wallboard(now(house.now));
    let state = |board: &acd::statistics::Wallboard| board.agents[0].state.to_string();
    assert_eq!(state(&board), "unreachable");
    directory.add_user(receiver("app"));
    house.give(Input::Directory(Arc::new(directory)));
    assert_eq!(state(&house.switch.wallboard(now(house.now))), "available");
}

#[test]
fn a_lookup_finds_its_call() {
    let mut settings = call::Settings::default();
    settings.acd.lookup_wait = Some(std::time::Duration::from_millis(800));
    let mut house = House::with(settings);
    house.call("+493012345678", MEDIA);
    let [(call, number)] = &house.look_ups[..] else { panic!("{:?}", house.look_ups) };
    assert_eq!(number.as_str(), "+4917012345678");
    let found = |number| call::port::LookedUp { number, record: None };
    let (call, number) = (call.clone(), number.clone());
    house.give(Input::LookedUp { call, found: found(number.clone()) });
    house.give(Input::LookedUp { call: CallId::from("gone"), found: found(number) });
}
