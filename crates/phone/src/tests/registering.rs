//! A phone registers with the registrar of `sip`, which asks for its password.

use std::fmt::Write as _;
use std::time::Duration;

use sip::auth::{Authenticator, AuthenticatorConfig, Side, Verdict, ha1};
use sip::flow::{Flow, TransportKind};
use sip::message::{HeaderName, Message, Request};
use sip::registrar::{Registrar, RegistrarConfig};
use sip::user_agent_core::{
    LocalAddress, ServerRequestId, UaConfig, UaEvent, UaOutput, UserAgentCore,
};

use super::{config, flow, summary};
use crate::{Phone, PhoneConfig, PhoneOutput};

/// The phone and a server that does nothing but register.
struct World {
    now: Duration,
    phone: Phone,
    server: UserAgentCore,
    authenticator: Authenticator,
    registrar: Registrar,
    ladder: String,
}

impl World {
    fn new() -> World {
        let local = vec![LocalAddress::new(TransportKind::Udp, flow(1).local)];
        World {
            now: Duration::ZERO,
            phone: Phone::new(PhoneConfig { expires_s: 120, ..config(0) }, 1),
            server: UserAgentCore::new(UaConfig::new("tandem.test", local), 9),
            authenticator: Authenticator::new(AuthenticatorConfig::new("tandem.test"), [7; 32]),
            registrar: Registrar::new(RegistrarConfig::default()),
            ladder: String::new(),
        }
    }

    fn act(&mut self, action: impl FnOnce(&mut Phone, Duration, &mut Vec<PhoneOutput>)) {
        let mut out = Vec::new();
        action(&mut self.phone, self.now, &mut out);
        self.carry(out);
    }

    fn carry(&mut self, outputs: Vec<PhoneOutput>) {
        for output in outputs {
            match output {
                PhoneOutput::Event(event) => self.note(&format!("** {event:?}")),
                PhoneOutput::Transmit { bytes, .. } => {
                    self.note(&format!("-> {}", summary(&bytes)));
                    let message = Message::parse_datagram(bytes).unwrap();
                    let mut out = Vec::new();
                    self.server.receive(self.now, flow(1), message, &mut out);
                    self.serve(out);
                }
            }
        }
    }

    fn serve(&mut self, outputs: Vec<UaOutput>) {
        for output in outputs {
            match output {
                UaOutput::Transmit { bytes, .. } => {
                    self.note(&format!("<- {}", summary(&bytes)));
                    let message = Message::parse_datagram(bytes).unwrap();
                    let mut out = Vec::new();
                    self.phone.receive(self.now, flow(0), message, &mut out);
                    self.carry(out);
                }
                UaOutput::Event(UaEvent::Requested { id, request, flow, .. }) => {
                    self.register(id, &request, flow);
                }
                UaOutput::Event(_) | UaOutput::Resolve { .. } => {}
            }
        }
    }

    fn register(&mut self, id: ServerRequestId, request: &Request, flow: Flow) {
        let lookup = |user: &str, algorithm| Some(ha1(algorithm, user, "tandem.test", "secret"));
        let side = Side::UserAgent;
        let verdict = self.authenticator.verify_request(self.now, request, side, lookup);
        let (status, headers) = if let Verdict::Ok { user } = verdict {
            let outcome = self.registrar.register(self.now, &user, request, flow);
            (outcome.status, outcome.headers)
        } else {
            let challenges = self.authenticator.challenge(self.now, false);
            let headers = challenges.map(|it| (HeaderName::WwwAuthenticate, it.to_string()));
            (401.into(), headers.to_vec())
        };
        let mut out = Vec::new();
        self.server.respond(self.now, id, status, &headers, None, &mut out);
        self.serve(out);
    }

    fn note(&mut self, text: &str) {
        writeln!(self.ladder, "{:>6} {text}", self.now.as_millis()).unwrap();
    }
}

#[test]
fn a_phone_registers_refreshes_and_leaves() {
    let mut world = World::new();
    world.act(Phone::register);
    world.now = Duration::from_secs(60);
    world.act(Phone::timeout);
    world.now = Duration::from_secs(120);
    world.act(Phone::unregister);
    assert!(world.registrar.is_empty());
    insta::assert_snapshot!(world.ladder, @r#"
         0 -> REGISTER 1
         0 <- 401 1 REGISTER
         0 -> REGISTER 2
         0 <- 200 2 REGISTER
         0 ** Registered { expires_s: 120 }
     60000 -> REGISTER 5
     60000 <- 401 5 REGISTER
     60000 -> REGISTER 6
     60000 <- 200 6 REGISTER
     60000 ** Registered { expires_s: 120 }
    120000 -> REGISTER 9
    120000 <- 401 9 REGISTER
    120000 -> REGISTER 10
    120000 <- 200 10 REGISTER
    120000 ** Unregistered
    "#);
}
