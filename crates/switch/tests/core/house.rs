//! A trunk, two users with a number and a phone each, and the core between them. The far ends copy
//! what a response or a request in a dialog must repeat of what they were sent.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use acd::AgentChange;
use bytes::Bytes;
use call::port::{Encoding, Format, LegId, MediaCommand, MediaEvent, OrderId, PortPair};
use model::call_graph::Recorded;
use model::client_report::ClientReport;
use model::directory::{
    AcdStrategy, Assignment, Directory, Group, Ivr, IvrAction, IvrTarget, Number, User,
};
use model::leg_quality::LegQuality;
use model::recording::{RecordingChange, RecordingId};
use model::voicemail::VoicemailChange;
use model::{CallId, E164, GroupId, IvrId, Millis, Now, NumberId, TrunkId, UserId};
use sip::auth::{Algorithm, Challenge, Credentials, Secret, answer, ha1};
use sip::flow::{Flow, TransportKind};
use sip::message::{Message, Method, Params, Uri};
use sip::registrar::Binding;
use sip::user_agent_core::{LocalAddress, UaConfig};
use switch::{
    Codes, Effect, Input, Limits, Location, Network, OrderAnswer, RegistrarConfig, Restored,
    Switch, SwitchConfig, TrunkConfig,
};

const SERVER: &str = "192.0.2.1:5060";
pub(crate) const TRUNK: &str = "198.51.100.1:5060";
pub(crate) const ALICE: &str = "203.0.113.7:5060";
pub(crate) const BOB: &str = "203.0.113.8:5060";

/// A number whose IVR greets.
pub(crate) const GROUP: &str = "+493012345600";

/// The core, and what it wanted done.
pub(crate) struct House {
    pub(crate) switch: Switch,
    pub(crate) now: Duration,
    pub(crate) media: Vec<MediaCommand>,
    pub(crate) records: Vec<Recorded>,
    pub(crate) recordings: Vec<(RecordingId, RecordingChange)>,
    pub(crate) qualities: Vec<LegQuality>,
    pub(crate) reports: Vec<ClientReport>,
    pub(crate) look_ups: Vec<(CallId, E164)>,
    pub(crate) messages: Vec<VoicemailChange>,
    pub(crate) changes: Vec<AgentChange>,
    pub(crate) answers: Vec<(OrderId, OrderAnswer)>,
    /// Numbers everything that must differ from message to message.
    count: u32,
}

impl House {
    pub(crate) fn new() -> Self {
        Self::with(call::Settings::default())
    }

    pub(crate) fn with(settings: call::Settings) -> Self {
        Self::of(config(settings), directory(), Restored::default())
    }

    /// Like the others; its phones are registered beside what was restored.
    pub(crate) fn of(config: SwitchConfig, directory: Directory, restored: Restored) -> Self {
        let start = now(Duration::ZERO);
        let until = start.wall.plus(Duration::from_secs(1_000_000));
        let locations = [("alice", ALICE), ("bob", BOB)].map(|(name, at)| Location {
            aor: name.into(),
            bindings: vec![(binding(name, at), until)],
        });
        let locations = locations.into_iter().chain(restored.locations.iter().cloned()).collect();
        let restored = Restored { locations, ..restored };
        let switch = Switch::new(1, config, restored, Arc::new(directory), start);
        let mut house = Self {
            switch,
            now: Duration::from_secs(1),
            media: Vec::new(),
            records: Vec::new(),
            recordings: Vec::new(),
            qualities: Vec::new(),
            reports: Vec::new(),
            look_ups: Vec::new(),
            messages: Vec::new(),
            changes: Vec::new(),
            answers: Vec::new(),
            count: 0,
        };
        let ports = (0..64).map(|pair| PortPair { rtp: 20_000 + 2 * pair });
        house.media(MediaEvent::Stock(ports.collect()));
        house
    }

    /// Media says something.
    pub(crate) fn media(&mut self, event: MediaEvent) -> Vec<Sent> {
        self.give(Input::Media(event))
    }

    /// A far end sends this; returns what the core sends.
    pub(crate) fn receive(&mut self, from: &str, text: impl Into<String>) -> Vec<Sent> {
        let message = Message::parse_datagram(Bytes::from(text.into())).expect("a message");
        self.give(Input::Sip { flow: flow(from), message })
    }

    pub(crate) fn give(&mut self, input: Input) -> Vec<Sent> {
        self.now += Duration::from_millis(10);
        self.step(input)
    }

    /// Time passes; returns what the core sends meanwhile.
    pub(crate) fn wait(&mut self, time: Duration) -> Vec<Sent> {
        let end = self.now + time;
        let mut sent = Vec::new();
        while let Some(due) = self.switch.next_deadline().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            sent.extend(self.step(Input::Deadline));
        }
        self.now = end;
        sent
    }

    fn step(&mut self, input: Input) -> Vec<Sent> {
        let mut effects = Vec::new();
        self.switch.handle(now(self.now), input, &mut effects);
        let mut sent = Vec::new();
        for effect in effects {
            match effect {
                Effect::Transmit { bytes, .. } => {
                    sent.push(Sent(String::from_utf8_lossy(&bytes).into_owned()));
                }
                Effect::Media(command) => self.media.push(command),
                Effect::Record(recorded) => self.records.push(recorded),
                Effect::Recording(id, change) => self.recordings.push((id, change)),
                Effect::LegQuality(quality) => self.qualities.push(quality),
                Effect::ClientReport(report) => self.reports.push(*report),
                Effect::Aborted { call, .. } => panic!("{call} was aborted"),
                Effect::LookUp { call, number } => self.look_ups.push((call, number)),
                Effect::Agent(change) => self.changes.push(change),
                Effect::Voicemail(change) => self.messages.push(change),
                Effect::Answered { order, answer } => self.answers.push((order, answer)),
                Effect::Resolve { .. } | Effect::Location(_) | Effect::Cursor(..) => {}
            }
        }
        sent
    }

    /// A number that was not used yet.
    pub(crate) fn count(&mut self) -> u32 {
        self.count += 1;
        self.count
    }

    /// The trunk calls alice with these media lines. Returns the caller's dialog and the INVITE
    /// that rings her, or the refusal.
    pub(crate) fn call_alice(&mut self, media: &str) -> Result<(Dialog, Sent), Sent> {
        let (dialog, sent) = self.call("+493012345678", media);
        let refused = sent.iter().find(|sent| sent.0.starts_with("SIP/2.0 4"));
        match refused {
            Some(refused) => Err(refused.clone()),
            None => Ok((dialog, find(&sent, "INVITE "))),
        }
    }

    /// The trunk calls a number of ours; returns what the core sends.
    pub(crate) fn call(&mut self, to: &str, media: &str) -> (Dialog, Vec<Sent>) {
        let number = self.count();
        let body = if media.is_empty() { String::new() } else { description(40_000, media) };
        let invite = format!(
            "INVITE sip:{to}@192.0.2.1:5060 SIP/2.0\r\n\
             Via: SIP/2.0/UDP {TRUNK};branch=z9hG4bK-i{number};rport\r\n\
             Max-Forwards: 70\r\n\
             From: \"Caller\" <sip:+4917012345678@198.51.100.1>;tag=t{number}\r\n\
             To: <sip:{to}@192.0.2.1>\r\n\
             Call-ID: trunk-{number}\r\n\
             CSeq: 1 INVITE\r\n\
             Contact: <sip:trunk@{TRUNK}>\r\n{}",
            with_body(if body.is_empty() { "" } else { "application/sdp" }, &body)
        );
        let sent = self.receive(TRUNK, invite);
        let dialog = Dialog {
            at: TRUNK,
            target: String::new(),
            from: format!("\"Caller\" <sip:+4917012345678@198.51.100.1>;tag=t{number}"),
            to: String::new(),
            call_id: format!("trunk-{number}"),
        };
        (dialog, sent)
    }

    /// Alice answers with these media lines; the caller acknowledges what he gets, with these
    /// media lines if it was an offer. Returns the two dialogs and what the caller got.
    pub(crate) fn answer(
        &mut self,
        mut caller: Dialog,
        ring: &Sent,
        media: &str,
        acknowledged_with: &str,
    ) -> (Dialog, Dialog, Sent) {
        let contact = format!("Contact: <sip:alice@{ALICE}>\r\n");
        self.receive(ALICE, ring.response("180 Ringing", &contact, "", ""));
        let body = description(50_000, media);
        let answered = ring.response("200 OK", &contact, "application/sdp", &body);
        let sent = self.receive(ALICE, answered);
        let to_caller = find(&sent, "SIP/2.0 ");
        caller.to = to_caller.value("To").to_owned();
        let target = to_caller.value("Contact").trim_start_matches('<');
        caller.target = target.split('>').next().unwrap_or_default().to_owned();
        let callee = Dialog {
            at: ALICE,
            target: ring
                .0
                .split(' ')
                .nth(1)
                .map(|_| {
                    let contact = ring.value("Contact").trim_start_matches('<');
                    contact.split('>').next().unwrap_or_default().to_owned()
                })
                .unwrap_or_default(),
            from: format!("{};tag=phone", ring.value("To")),
            to: ring.value("From").to_owned(),
            call_id: ring.value("Call-ID").to_owned(),
        };
        if to_caller.0.starts_with("SIP/2.0 200") {
            let (kind, body) = match acknowledged_with {
                "" => ("", String::new()),
                media => ("application/sdp", description(40_000, media)),
            };
            self.receive(TRUNK, caller.request("ACK", 1, "", kind, &body));
        }
        (caller, callee, to_caller)
    }

    /// A conversation between the trunk and alice with ordinary codecs.
    pub(crate) fn talking(&mut self) -> (Dialog, Dialog) {
        let formats = "m=audio 1 RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\n";
        let (caller, ring) = self.call_alice(formats).expect("a call");
        let (caller, callee, _) = self.answer(caller, &ring, formats, "");
        (caller, callee)
    }

    /// Sends a request in a dialog; returns the response.
    pub(crate) fn ask(
        &mut self,
        dialog: &Dialog,
        method: &str,
        more: &str,
        kind: &str,
        body: &str,
    ) -> Sent {
        let cseq = 10 + self.count();
        let sent = self.receive(dialog.at, dialog.request(method, cseq, more, kind, body));
        let response = find(&sent, "SIP/2.0 ");
        if method == "INVITE" {
            self.receive(dialog.at, dialog.request("ACK", cseq, "", "", ""));
        }
        response
    }

    /// What media was told of the codecs of each leg since the last look: the caller's leg has the
    /// lowest number.
    pub(crate) fn formats(&mut self) -> String {
        let mut lines = Vec::new();
        for command in self.media.drain(..) {
            if let MediaCommand::Formats { leg, formats } = command {
                let all =
                    |formats: &[Format]| formats.iter().map(shown).collect::<Vec<_>>().join(" ");
                let (receive, send) = (all(&formats.receive), all(&formats.send));
                let who = if leg == LegId(1) { "caller" } else { "callee" };
                let ms = formats.packet_ms;
                lines.push(match receive == send {
                    true => format!("{who}: {receive}, {ms} ms"),
                    false => format!("{who}: receive {receive}, send {send}, {ms} ms"),
                });
            }
        }
        lines.join("\n")
    }
}

fn shown(format: &Format) -> String {
    let name = match &format.encoding {
        Encoding::Pcmu => "PCMU",
        Encoding::Pcma => "PCMA",
        Encoding::G722 => "G722",
        Encoding::Opus => "opus",
        Encoding::ComfortNoise => "CN",
        Encoding::TelephoneEvent if format.clock_rate == 8000 => "events",
        Encoding::TelephoneEvent => "events48",
        Encoding::Other(name) => name,
    };
    format!("{}:{name}", format.payload)
}

/// One side of an established dialog, as the far end knows it.
#[derive(Clone, Debug)]
pub(crate) struct Dialog {
    pub(crate) at: &'static str,
    pub(crate) target: String,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) call_id: String,
}

impl Dialog {
    pub(crate) fn request(
        &self,
        method: &str,
        cseq: u32,
        more: &str,
        kind: &str,
        body: &str,
    ) -> String {
        let Self { at, target, from, to, call_id } = self;
        format!(
            "{method} {target} SIP/2.0\r\n\
             Via: SIP/2.0/UDP {at};branch=z9hG4bK-{call_id}-{cseq}-{method};rport\r\n\
             Max-Forwards: 70\r\n\
             From: {from}\r\nTo: {to}\r\nCall-ID: {call_id}\r\nCSeq: {cseq} {method}\r\n\
             Contact: <sip:x@{at}>\r\n{more}{}",
            with_body(kind, body)
        )
    }
}

/// A message of the core.
#[derive(Clone, Debug)]
pub(crate) struct Sent(pub(crate) String);

impl Sent {
    /// The value of a header line.
    pub(crate) fn value(&self, name: &str) -> &str {
        let mut lines = self.0.split("\r\n").skip(1).take_while(|line| !line.is_empty());
        let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        value.unwrap_or_default()
    }

    pub(crate) fn status(&self) -> u16 {
        let status = self.0.strip_prefix("SIP/2.0 ").and_then(|rest| rest.get(..3));
        status.and_then(|status| status.parse().ok()).expect("a response")
    }

    /// The formats of the description, and what they are.
    pub(crate) fn formats(&self) -> String {
        let names: BTreeMap<&str, &str> =
            self.lines_of("a=rtpmap:").filter_map(|value| value.split_once(' ')).collect();
        let parameters: BTreeMap<&str, &str> =
            self.lines_of("a=fmtp:").filter_map(|value| value.split_once(' ')).collect();
        let line = self.lines_of("m=audio ").next().unwrap_or_default();
        let numbers = line.split(' ').skip(2);
        let format = |number: &str| {
            let name = names.get(number).unwrap_or(&"?");
            match parameters.get(number) {
                Some(parameters) => format!("{number}:{name} ({parameters})"),
                None => format!("{number}:{name}"),
            }
        };
        numbers.map(format).collect::<Vec<_>>().join("\n")
    }

    fn lines_of<'a>(&'a self, start: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.split("\r\n").filter_map(move |line| line.strip_prefix(start))
    }

    /// A response of a far end to this request.
    pub(crate) fn response(&self, status: &str, more: &str, kind: &str, body: &str) -> String {
        let tag = if self.value("To").contains(";tag=") { "" } else { ";tag=phone" };
        format!(
            "SIP/2.0 {status}\r\nVia: {}\r\nFrom: {}\r\nTo: {}{tag}\r\nCall-ID: {}\r\n\
             CSeq: {}\r\n{more}{}",
            self.value("Via"),
            self.value("From"),
            self.value("To"),
            self.value("Call-ID"),
            self.value("CSeq"),
            with_body(kind, body),
        )
    }
}

/// The message that starts like this.
pub(crate) fn find(sent: &[Sent], start: &str) -> Sent {
    let provisional = |sent: &&Sent| !sent.0.starts_with("SIP/2.0 1");
    let found = sent.iter().filter(provisional).find(|sent| sent.0.starts_with(start));
    found.unwrap_or_else(|| panic!("no {start} among {sent:#?}")).clone()
}

pub(crate) fn with_body(kind: &str, body: &str) -> String {
    let kind = match kind {
        "" => String::new(),
        kind => format!("Content-Type: {kind}\r\n"),
    };
    format!("{kind}Content-Length: {}\r\n\r\n{body}", body.len())
}

/// A session description with these media lines; the port is put in.
pub(crate) fn description(port: u16, media: &str) -> String {
    let media = media.replacen("m=audio 1 ", &format!("m=audio {port} "), 1);
    format!(
        "v=0\r\no=- 1 {port} IN IP4 198.51.100.9\r\ns=-\r\n\
         c=IN IP4 198.51.100.9\r\nt=0 0\r\n{media}"
    )
}

/// The Authorization line with which a user answers a challenge.
pub(crate) fn authorization(challenged: &Sent, user: &str, method: &Method, uri: &str) -> String {
    let challenge = Challenge::parse(challenged.value("WWW-Authenticate").as_bytes());
    let credentials = Credentials {
        username: user.to_owned(),
        secret: Secret::Password("secret".into()),
        realm: None,
    };
    let challenge = challenge.expect("a challenge");
    let answer = answer(&challenge, &credentials, method, uri, "cnonce", 1).expect("an answer");
    format!("Authorization: {answer}\r\n")
}

pub(crate) fn now(mono: Duration) -> Now {
    Now { mono, wall: Millis(1_767_607_200_000).plus(mono) }
}

pub(crate) fn flow(remote: &str) -> Flow {
    Flow {
        transport: TransportKind::Udp,
        local: address(SERVER),
        remote: address(remote),
        connection: 0,
    }
}

fn address(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

pub(crate) fn binding(name: &str, at: &str) -> Binding {
    Binding {
        contact: format!("sip:{name}@{at}").parse::<Uri>().expect("a URI"),
        params: Params::new(),
        flow: flow(at),
        expires_at: Duration::ZERO,
        q: 1_000,
        call_id: "registration".into(),
        cseq: 1,
        instance: None,
        reg_id: None,
        user_agent: None,
    }
}

pub(crate) fn config(settings: call::Settings) -> SwitchConfig {
    let local = vec![LocalAddress::new(TransportKind::Udp, address(SERVER))];
    let mut sip = UaConfig::new("pbx.example", local);
    sip.allow = vec![
        Method::Invite,
        Method::Ack,
        Method::Cancel,
        Method::Bye,
        Method::Options,
        Method::Register,
        Method::Info,
        Method::Publish,
        Method::Subscribe,
    ];
    SwitchConfig {
        node: "test".into(),
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
        call: settings,
        agents: acd::AgentDefaults::default(),
        codes: Codes::default(),
        slots: switch::usual_slots(),
        limits: Limits::default(),
    }
}

pub(crate) fn directory() -> Directory {
    let mut directory = Directory::new();
    for (name, number) in [("alice", "+493012345678"), ("bob", "+493012345679")] {
        let hash = |algorithm| Some(Arc::from(ha1(algorithm, name, "pbx.example", "secret").hex()));
        let id = UserId::from(format!("u-{name}"));
        directory.add_user(User {
            ha1_md5: hash(Algorithm::Md5),
            ha1_sha256: hash(Algorithm::Sha256),
            ..User::named(id.clone(), name.into(), name.into())
        });
        directory.add_number(Number {
            id: NumberId::from(format!("n-{name}")),
            e164: E164::parse(number).expect("a number"),
            assignment: Assignment::User(id),
            is_default: true,
            missed_call_owner: None,
            missed_call_owner_group: None,
            recording: None,
        });
    }
    directory.add_group(Group {
        strategy: AcdStrategy::Simulring,
        missed_call_owner: None,
        ..Group::of(GroupId::from("g-all"), "All".into(), vec![UserId::from("u-alice")])
    });
    directory.add_ivr(Ivr {
        greeting_prompt: Some("Hello.".into()),
        target: Some(IvrTarget::Group(GroupId::from("g-all"))),
        ..Ivr::of(IvrId::from("ivr-hello"), IvrAction::CallTransfer)
    });
    directory.add_number(Number {
        id: NumberId::from("n-all"),
        e164: E164::parse(GROUP).expect("a number"),
        assignment: Assignment::Group(GroupId::from("g-all"), IvrId::from("ivr-hello")),
        is_default: true,
        missed_call_owner: None,
        missed_call_owner_group: None,
        recording: None,
    });
    directory
}
