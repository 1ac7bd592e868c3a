//! A trunk, a user with a number and a registered phone.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use model::directory::{Assignment, Directory, Number, User};
use model::{E164, Millis, Now, NumberId, TrunkId, UserId};
use sip::auth::{Algorithm, ha1};
use sip::flow::{Flow, TransportKind};
use sip::message::{Method, Params, Uri};
use sip::registrar::Binding;
use sip::user_agent_core::{LocalAddress, UaConfig};
use switch::port::Location;
use switch::{
    Codes, Limits, Network, RegistrarConfig, Restored, Switch, SwitchConfig, TrunkConfig,
};

const SERVER: &str = "192.0.2.1:5060";
const TRUNK: &str = "198.51.100.1:5060";
const PHONE: &str = "203.0.113.7:5060";

pub(crate) fn trunk() -> Flow {
    flow(TRUNK)
}

pub(crate) fn phone() -> Flow {
    flow(PHONE)
}

fn flow(remote: &str) -> Flow {
    Flow {
        transport: TransportKind::Udp,
        local: address(SERVER),
        remote: address(remote),
        connection: 0,
    }
}

fn address(text: &str) -> SocketAddr {
    // The constants above.
    text.parse().expect("an address")
}

pub(crate) fn switch() -> Switch {
    let binding = Binding {
        // A literal that every parser of URIs takes.
        contact: "sip:alice@203.0.113.7:5060".parse::<Uri>().expect("a URI"),
        params: Params::new(),
        flow: phone(),
        expires_at: Duration::ZERO,
        q: 1_000,
        call_id: "registration".into(),
        cseq: 1,
        instance: None,
        reg_id: None,
        user_agent: None,
    };
    let start = Now { mono: Duration::ZERO, wall: Millis(1_767_607_200_000) };
    let until = start.wall.plus(Duration::from_secs(1_000_000));
    let restored = Restored {
        locations: vec![Location { aor: "alice".into(), bindings: vec![(binding, until)] }],
        ..Restored::default()
    };
    Switch::new(1, config(), restored, Arc::new(directory()), start)
}

fn config() -> SwitchConfig {
    let local = vec![LocalAddress::new(TransportKind::Udp, address(SERVER))];
    let mut sip = UaConfig::new("pbx.example", local);
    sip.user_agent = "Tandem".into();
    sip.allow = vec![
        Method::Invite,
        Method::Ack,
        Method::Cancel,
        Method::Bye,
        Method::Options,
        Method::Register,
    ];
    SwitchConfig {
        node: "bench".into(),
        domain: "pbx.example".into(),
        aliases: vec!["192.0.2.1".into()],
        sip,
        media_ipv4: Some(address(SERVER).ip()),
        media_ipv6: None,
        trunks: vec![TrunkConfig {
            name: TrunkId::from("carrier-a"),
            peers: vec![Network { address: address(TRUNK).ip(), prefix: 32 }],
            outbound: vec!["sip:198.51.100.1".into()],
            country: Some("DE".into()),
            username: None,
            password: None,
        }],
        registrar: RegistrarConfig::default(),
        call: call::Settings::default(),
        agents: acd::AgentDefaults::default(),
        codes: Codes::default(),
        slots: switch::usual_slots(),
        limits: Limits::default(),
    }
}

fn directory() -> Directory {
    let mut directory = Directory::new();
    let hash = |algorithm| Some(Arc::from(ha1(algorithm, "alice", "pbx.example", "secret").hex()));
    directory.add_user(User {
        ha1_md5: hash(Algorithm::Md5),
        ha1_sha256: hash(Algorithm::Sha256),
        ..User::named(UserId::from("user-alice"), "Alice".into(), "alice".into())
    });
    directory.add_number(Number {
        id: NumberId::from("number-alice"),
        // A literal of the right form.
        e164: E164::parse("+493012345678").expect("a number"),
        assignment: Assignment::User(UserId::from("user-alice")),
        is_default: true,
        missed_call_owner: None,
        missed_call_owner_group: None,
        recording: None,
    });
    directory
}
