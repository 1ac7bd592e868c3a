//! The one helper of these tests: [`check`] runs a script and returns the ladder.
//!
//! A script has one command a line. `recv` is a message from the peer, `wait` lets time pass, the
//! other verbs are what the user of the core does. Lines that start with `+` add headers to the
//! message before. In the ladder `<-` came from the peer, `->` went to it, `**` is an event.

use std::fmt::Write as _;
use std::time::Duration;

use bytes::Bytes;
use sip::auth::{Credentials, Secret};
use sip::flow::{Flow, TransportKind};
use sip::message::{Body, HeaderName, Message, Method, Request, Response};
use sip::user_agent_core::{
    DialogId, InviteId, InviteRequest, LocalAddress, OutInviteId, OutRequest, Party, ResolveId,
    ServerRequestId, Target, UaConfig, UaEvent, UaOutput, UserAgentCore,
};

/// Runs a script on a core with the standard configuration.
pub(crate) fn check(script: &str) -> String {
    check_with(config(), script)
}

/// Runs a script on a core with this configuration.
pub(crate) fn check_with(config: UaConfig, script: &str) -> String {
    let mut stage = Stage::new(config);
    let lines: Vec<&str> = script.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let mut at = 0;
    while at < lines.len() {
        let line = lines[at];
        at += 1;
        let mut extra = String::new();
        while let Some(header) = lines.get(at).and_then(|line| line.strip_prefix('+')) {
            extra.push_str(header.trim());
            extra.push('\n');
            at += 1;
        }
        stage.run(line, &extra);
    }
    stage.ladder
}

pub(crate) fn config() -> UaConfig {
    let ours = "192.0.2.1:5060".parse().unwrap();
    let local = vec![
        LocalAddress::new(TransportKind::Udp, ours),
        LocalAddress::new(TransportKind::Tcp, ours),
    ];
    UaConfig::new("tandem.test", local)
}

pub(crate) fn peer(transport: TransportKind) -> Flow {
    Flow {
        transport,
        local: "192.0.2.1:5060".parse().unwrap(),
        remote: "192.0.2.7:5060".parse().unwrap(),
        connection: u64::from(transport.reliable()) * 9,
    }
}

struct Stage {
    core: UserAgentCore,
    now: Duration,
    ladder: String,
    transport: TransportKind,
    /// Requests of the core, latest last.
    sent: Vec<(Flow, Request)>,
    /// The latest request of the peer by method, for retransmission, CANCEL and ACK.
    received: Vec<(Method, String)>,
    /// Call-ID, our tag and the peer's tag, as the latest messages had them.
    call_id: String,
    our_tag: String,
    peer_tag: String,
    invite: Option<InviteId>,
    out_invite: Option<OutInviteId>,
    dialog: Option<DialogId>,
    /// Of the branch that rang last, until it answers.
    early: Option<DialogId>,
    request: Option<ServerRequestId>,
    resolve: Option<ResolveId>,
    branches: u32,
}

impl Stage {
    fn new(config: UaConfig) -> Stage {
        Stage {
            core: UserAgentCore::new(config, 7),
            now: Duration::ZERO,
            ladder: String::new(),
            transport: TransportKind::Udp,
            sent: Vec::new(),
            received: Vec::new(),
            call_id: "c1".to_owned(),
            our_tag: String::new(),
            peer_tag: "peer".to_owned(),
            invite: None,
            out_invite: None,
            dialog: None,
            early: None,
            request: None,
            resolve: None,
            branches: 0,
        }
    }

    fn run(&mut self, line: &str, extra: &str) {
        let mut words = line.split_whitespace();
        let verb = words.next().unwrap();
        let args: Vec<&str> = words.collect();
        let first = args.first().copied().unwrap_or_default();
        let mut out = Vec::new();
        let (core, now) = (&mut self.core, self.now);
        let sdp = || Body::sdp("v=0\r\n");
        let reason = || arg(&args, "reason").map(|text| text.replace('_', " "));
        match verb {
            "over" => self.transport = TransportKind::from_token(first).unwrap(),
            "recv" => return self.receive(&args, extra),
            "wait" => return self.wait(first.parse().unwrap()),
            "counts" => {
                writeln!(self.ladder, "{:>6} {:?}", now.as_millis(), core.counts()).unwrap()
            }
            "zero" => assert!(core.counts().is_zero(), "{:?}\n{}", core.counts(), self.ladder),
            "ring" => {
                core.ring(now, self.invite.unwrap(), first.parse::<u16>().unwrap(), None, &mut out)
            }
            "accept" => {
                let accepted = core.accept(now, self.invite.unwrap(), sdp(), &[], &mut out);
                self.dialog = accepted.or(self.dialog);
            }
            "reject" => {
                let status: u16 = first.parse().unwrap();
                let headers = [(HeaderName::RetryAfter, "5".to_owned())];
                let headers = if status == 503 { &headers[..] } else { &[] };
                core.reject(now, self.invite.unwrap(), status, headers, &mut out);
            }
            "respond" => {
                let id = self.request.unwrap();
                core.respond(now, id, first.parse::<u16>().unwrap(), &[], None, &mut out);
            }
            "invite" => {
                let request = outgoing(&args, extra);
                self.out_invite = Some(core.invite(now, request, &mut out));
            }
            "request" => {
                let method = Method::from_bytes(first.as_bytes()).unwrap();
                let request = other_request(method, &args);
                core.request(now, request, &mut out);
            }
            "cancel" => core.cancel(now, self.out_invite.unwrap(), reason(), &mut out),
            "ack" => core.ack(now, self.dialog.unwrap(), Some(sdp()), &mut out),
            _ => return self.run_in_dialog(verb, &args),
        }
        self.drain(out);
    }

    fn run_in_dialog(&mut self, verb: &str, args: &[&str]) {
        let first = args.first().copied().unwrap_or_default();
        let mut out = Vec::new();
        let (core, now) = (&mut self.core, self.now);
        let sdp = || Body::sdp("v=0\r\n");
        let reason = || arg(args, "reason").map(|text| text.replace('_', " "));
        match verb {
            "bye" => core.bye(now, self.dialog.unwrap(), reason(), &mut out),
            "reinvite" => {
                let dialog = self.dialog.unwrap();
                core.reinvite(now, dialog, headers_of(args), Some(sdp()), &mut out)
            }
            "answer" => core.answer_reinvite(now, self.dialog.unwrap(), sdp(), &mut out),
            "refuse" => {
                let status = first.parse::<u16>().unwrap();
                core.reject_reinvite(now, self.dialog.unwrap(), status, &[], &mut out);
            }
            "info" | "update" => {
                let method = if verb == "info" { Method::Info } else { Method::Update };
                let dialog = self.dialog.unwrap();
                core.request_in_dialog(now, dialog, method, headers_of(args), None, &mut out);
            }
            "find" => {
                // The dialog as the peer's last messages named it.
                let tag = arg(args, "to").unwrap_or(&self.our_tag);
                let found = core.find_dialog(&self.call_id, tag, &self.peer_tag);
                let found = found.map_or("Nothing".to_owned(), |found| format!("{found:?}"));
                let found = found.split('(').next().unwrap_or_default().to_owned();
                return self.note("==", &found);
            }
            "subscribed" => {
                let headers = [(HeaderName::Expires, "60".to_owned())];
                let made = core.accept_subscription(now, self.request.unwrap(), &headers, &mut out);
                self.dialog = made.ok().or(self.dialog);
            }
            "notify" => {
                let event = arg(args, "event").unwrap_or("dialog");
                let headers = vec![(HeaderName::Event, event.to_owned())];
                let dialog = self.early.unwrap_or_else(|| self.dialog.unwrap());
                core.request_in_dialog(now, dialog, Method::Notify, headers, None, &mut out);
            }
            "end" => core.end_subscription(now, self.dialog.unwrap(), &mut out),
            "resolved" => {
                let targets = args.iter().map(|target| {
                    let (transport, remote) = target.split_once('/').unwrap();
                    (TransportKind::from_token(transport).unwrap(), remote.parse().unwrap())
                });
                core.resolved(now, self.resolve.unwrap(), targets.collect(), &mut out);
            }
            "broken" => {
                let flow = match first {
                    "peer" => peer(self.transport),
                    _ => self.sent.last().unwrap().0,
                };
                core.transport_failed(now, flow, &mut out);
            }
            other => panic!("no such command: {other}"),
        }
        self.drain(out);
    }

    fn wait(&mut self, milliseconds: u64) {
        let end = self.now + Duration::from_millis(milliseconds);
        while let Some(due) = self.core.deadline().filter(|due| *due <= end) {
            assert!(due >= self.now, "a deadline in the past");
            self.now = due;
            let mut out = Vec::new();
            self.core.timeout(due, &mut out);
            self.drain(out);
        }
        self.now = end;
    }

    fn receive(&mut self, args: &[&str], extra: &str) {
        let text = match args[0].parse::<u16>() {
            Ok(status) => self.response(status, args, extra),
            Err(_) => self.request(args, extra),
        };
        let shown = if arg(args, "again").is_some() { " (again)" } else { "" };
        self.note("<-", &format!("{}{shown}", summary(&text)));
        let message = Message::parse_datagram(Bytes::from(text)).unwrap();
        let mut flow = peer(self.transport);
        if let Some(from) = arg(args, "at") {
            flow.remote = from.parse().unwrap();
        }
        let mut out = Vec::new();
        self.core.receive(self.now, flow, message, &mut out);
        self.drain(out);
    }

    /// A response to the latest request of that method: `recv 200 INVITE tag=x`.
    fn response(&self, status: u16, args: &[&str], extra: &str) -> String {
        let back = arg(args, "back").map_or(0, |text| text.parse().unwrap());
        let wanted = |sent: &&(Flow, Request)| sent.1.method().as_str() == args[1];
        let (_, request) = self.sent.iter().rev().filter(wanted).nth(back).unwrap();
        let tag = arg(args, "tag").unwrap_or("peer");
        let mut text = format!("SIP/2.0 {status} Whatever\r\n");
        for line in request.headers().lines() {
            let copied = [
                HeaderName::Via,
                HeaderName::From,
                HeaderName::To,
                HeaderName::CallId,
                HeaderName::CSeq,
            ];
            if line.name.is_some_and(|name| copied.contains(&name)) {
                let add = line.name == Some(HeaderName::To)
                    && request.headers().to_tag().is_none()
                    && status != 100;
                let tag = if add { format!(";tag={tag}") } else { String::new() };
                write!(text, "{}: {}{tag}\r\n", line.name_str(), line.text()).unwrap();
            }
        }
        if status < 300 && args[1] == "INVITE" && status != 100 && !extra.contains("Contact") {
            text.push_str("Contact: <sip:peer@192.0.2.7:5060>\r\n");
        }
        text.push_str(&extra.replace('\n', "\r\n"));
        let body = if args.contains(&"sdp") { "v=0\r\n" } else { "" };
        if !body.is_empty() {
            text.push_str("Content-Type: application/sdp\r\n");
        }
        write!(text, "Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        text
    }

    /// A request of the peer: `recv BYE cseq=2`. In a dialog unless `out` is among the words.
    fn request(&mut self, args: &[&str], extra: &str) -> String {
        let method = Method::from_bytes(args[0].as_bytes()).unwrap();
        let of = |wanted: &Method| {
            self.received.iter().rev().find(|(method, _)| method == wanted).map(|it| &it.1)
        };
        if arg(args, "again").is_some() {
            return of(&method).unwrap().clone();
        }
        if arg(args, "like") == Some("invite") {
            // CANCEL, and the ACK of a failure: what the peer's client transaction makes.
            let invite = of(&Method::Invite).unwrap().clone();
            return self.like_invite(&method, &invite, extra);
        }
        self.branches += 1;
        let branch = match arg(args, "branch") {
            Some("none") => String::new(),
            Some(branch) => format!(";branch=z9hG4bK{branch}"),
            None => format!(";branch=z9hG4bKp{}", self.branches),
        };
        let via = arg(args, "via").unwrap_or("192.0.2.7:5060");
        let rport = if args.contains(&"rport") { ";rport" } else { "" };
        let to_tag = match arg(args, "to") {
            Some(tag) => format!(";tag={tag}"),
            None if self.our_tag.is_empty() || args.contains(&"out") => String::new(),
            None => format!(";tag={}", self.our_tag),
        };
        let from_tag = match arg(args, "from").unwrap_or(&self.peer_tag) {
            "none" => String::new(),
            tag => format!(";tag={tag}"),
        };
        let uri = arg(args, "uri").unwrap_or("sip:bob@tandem.test");
        let call_id = arg(args, "call").unwrap_or(&self.call_id);
        let cseq = arg(args, "cseq").unwrap_or("1");
        let transport = self.transport.via_token();
        let mut text = format!(
            "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/{transport} {via}{branch}{rport}\r\n\
             From: <sip:alice@a.test>{from_tag}\r\nTo: <sip:bob@tandem.test>{to_tag}\r\n\
             Call-ID: {call_id}\r\nCSeq: {cseq} {method}\r\nMax-Forwards: 70\r\n"
        );
        if method == Method::Invite && !extra.contains("Contact") {
            text.push_str("Contact: <sip:alice@192.0.2.7:5060>\r\n");
        }
        text.push_str(&extra.replace('\n', "\r\n"));
        let sdp = method == Method::Invite && !args.contains(&"empty") || args.contains(&"sdp");
        let body = if sdp { "v=0\r\n" } else { "" };
        if sdp && !extra.contains("Content-Type") {
            text.push_str("Content-Type: application/sdp\r\n");
        }
        write!(text, "Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        self.received.push((method, text.clone()));
        text
    }

    fn like_invite(&self, method: &Method, invite: &str, extra: &str) -> String {
        let mut text = String::new();
        for line in invite.split("\r\n").take_while(|line| !line.is_empty()) {
            let name = line.split(':').next().unwrap_or_default();
            let keep = matches!(name, "Via" | "From" | "Call-ID" | "Max-Forwards" | "Route");
            if line.ends_with("SIP/2.0") && text.is_empty() || name == "CSeq" {
                writeln!(text, "{}\r", line.replace("INVITE", method.as_str())).unwrap();
            } else if name == "To" {
                let tag = if *method == Method::Ack && !line.contains("tag=") {
                    format!(";tag={}", self.our_tag)
                } else {
                    String::new()
                };
                writeln!(text, "{line}{tag}\r").unwrap();
            } else if keep {
                writeln!(text, "{line}\r").unwrap();
            }
        }
        text.push_str(&extra.replace('\n', "\r\n"));
        text.push_str("Content-Length: 0\r\n\r\n");
        text
    }

    fn drain(&mut self, out: Vec<UaOutput>) {
        for output in out {
            match output {
                UaOutput::Transmit { flow, bytes } => self.transmitted(flow, bytes),
                UaOutput::Resolve { id, host, port, transport } => {
                    self.resolve = Some(id);
                    let port = port.map_or(String::new(), |port| format!(":{port}"));
                    let transport = transport.map_or(String::new(), |it| format!(" {it}"));
                    self.note("??", &format!("{host}{port}{transport}"));
                }
                UaOutput::Event(event) => self.happened(event),
            }
        }
    }

    fn transmitted(&mut self, flow: Flow, bytes: Bytes) {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let mut line = summary(&text);
        if flow != peer(TransportKind::Udp) {
            write!(line, " [{} {}", flow.transport, flow.remote).unwrap();
            line.push_str(if flow.connection == 0 { "]" } else { " same connection]" });
        }
        match Message::parse_datagram(bytes).unwrap() {
            Message::Request(request) => {
                if *request.method() != Method::Cancel {
                    self.our_tag = request.headers().from_tag().unwrap_or_default().to_owned();
                    self.call_id = request.headers().call_id().unwrap().to_owned();
                }
                let again = self.sent.iter().any(|(_, sent)| *sent == request);
                line.push_str(if again { " (again)" } else { "" });
                self.sent.push((flow, request));
            }
            Message::Response(response) => {
                let cseq = response.headers().cseq().unwrap();
                let tag = response.headers().to_tag().unwrap_or_default();
                let makes_dialog = matches!(cseq.method, Method::Invite | Method::Subscribe);
                if makes_dialog && !tag.is_empty() {
                    self.our_tag = tag.to_owned();
                }
                // 9.2: what answers a CANCEL has the To tag of what answered its INVITE.
                let cancelled = cseq.method == Method::Cancel && response.status().code() == 200;
                if cancelled && !self.our_tag.is_empty() {
                    assert_eq!(tag, self.our_tag, "{}", self.ladder);
                }
            }
        }
        self.note("->", &line);
    }

    fn happened(&mut self, event: UaEvent) {
        let text = match event {
            UaEvent::Invited { invite, .. } => {
                self.invite = Some(invite);
                self.our_tag.clear();
                "Invited".to_owned()
            }
            UaEvent::Cancelled { reason, .. } => format!("Cancelled {}", or_none(&reason)),
            UaEvent::Confirmed { body, .. } => format!("Confirmed, body of {}", body.len()),
            UaEvent::Unconfirmed { .. } => "Unconfirmed".to_owned(),
            UaEvent::Trying { .. } => "Trying".to_owned(),
            UaEvent::Progress { dialog, response, .. } => {
                self.early = dialog;
                self.peer_tag = response.headers().to_tag().unwrap_or("none").to_owned();
                let dialog = if dialog.is_some() { "" } else { ", no dialog" };
                format!("Progress {}{dialog}", response.status())
            }
            UaEvent::Accepted { dialog, response, .. } => {
                self.dialog = Some(dialog);
                self.early = None;
                self.peer_tag = response.headers().to_tag().unwrap_or("none").to_owned();
                "Accepted".to_owned()
            }
            UaEvent::Rejected { status, response, .. } => {
                format!("Rejected {status}{}", if_no(response.is_some()))
            }
            UaEvent::Refused2xx { .. } => "Refused2xx".to_owned(),
            UaEvent::ReInvited { .. } => "ReInvited".to_owned(),
            UaEvent::ReInviteAcked { body, .. } => format!("ReInviteAcked, body of {}", body.len()),
            UaEvent::ReInviteCancelled { .. } => "ReInviteCancelled".to_owned(),
            UaEvent::ReInviteAnswered { response, .. } => {
                format!("ReInviteAnswered {}", response.status())
            }
            UaEvent::ReInviteFailed { status, .. } => format!("ReInviteFailed {status}"),
            UaEvent::Bye { reason, .. } => format!("Bye {}", or_none(&reason)),
            UaEvent::DialogLost { .. } => "DialogLost".to_owned(),
            UaEvent::Requested { id, dialog, request, .. } => {
                self.request = Some(id);
                let place = if dialog.is_some() { " in dialog" } else { "" };
                format!("Requested {}{place}", request.method())
            }
            UaEvent::RequestedEarly { id, request, .. } => {
                self.request = Some(id);
                format!("RequestedEarly {}", request.method())
            }
            UaEvent::Responded { status, response, .. } => {
                format!("Responded {status}{}", if_no(response.is_some()))
            }
        };
        self.note("**", &text);
    }

    fn note(&mut self, arrow: &str, text: &str) {
        let line = format!("{:>6} {arrow} {text}", self.now.as_millis());
        writeln!(self.ladder, "{}", line.trim_end()).unwrap();
    }
}

/// `for=x` as a P-Asserted-Identity.
fn headers_of(args: &[&str]) -> Vec<(HeaderName, String)> {
    let value = arg(args, "for").map(|name| format!("<sip:{name}@tandem.test>"));
    value.map(|value| (HeaderName::PAssertedIdentity, value)).into_iter().collect()
}

fn or_none(reason: &Option<String>) -> &str {
    reason.as_deref().unwrap_or_default()
}

fn if_no(response: bool) -> &'static str {
    if response { "" } else { ", no response" }
}

fn arg<'a>(args: &[&'a str], name: &str) -> Option<&'a str> {
    args.iter().find_map(|word| match word.split_once('=') {
        Some((found, value)) if found == name => Some(value),
        None if *word == name => Some(""),
        Some(_) | None => None,
    })
}

/// First line and CSeq, and the headers that tests look at.
fn summary(text: &str) -> String {
    let message = Message::parse_datagram(Bytes::from(text.to_owned())).unwrap();
    let headers = message.headers();
    let cseq = headers.cseq().unwrap();
    let mut line = match &message {
        Message::Request(request) => {
            let mut line = request.method().to_string();
            let uri = String::from_utf8_lossy(request.uri_raw()).into_owned();
            if !matches!(uri.as_str(), "sip:bob@tandem.test" | "sip:peer@192.0.2.7:5060")
                && !uri.starts_with("sip:alice@192.0.2.7")
            {
                write!(line, " {uri}").unwrap();
            }
            write!(line, " {}", cseq.number).unwrap();
            line
        }
        Message::Response(response) => show_response(response),
    };
    let shown = [
        HeaderName::Route,
        HeaderName::RecordRoute,
        HeaderName::Reason,
        HeaderName::RetryAfter,
        HeaderName::Unsupported,
        HeaderName::Allow,
        HeaderName::Accept,
        HeaderName::PAssertedIdentity,
    ];
    for name in shown {
        let is_failure = matches!(&message, Message::Response(it) if it.status().code() >= 300);
        if name == HeaderName::Allow && !is_failure {
            continue;
        }
        let values: Vec<_> = headers.tokens(name).collect();
        if !values.is_empty() {
            write!(line, " {name}: {}", values.join(", ")).unwrap();
        }
    }
    for name in [HeaderName::Authorization, HeaderName::ProxyAuthorization] {
        for answer in headers.authorizations(name) {
            write!(line, " {name}: {} nc={}", answer.realm, answer.nc.unwrap_or_default()).unwrap();
        }
    }
    if !message.body().is_empty() {
        line.push_str(" +sdp");
    }
    line
}

fn show_response(response: &Response) -> String {
    let cseq = response.headers().cseq().unwrap();
    let tag = response.headers().to_tag().filter(|tag| tag.len() != 16);
    let tag = tag.filter(|tag| *tag != "peer").map_or(String::new(), |tag| format!(" tag={tag}"));
    format!("{} {} {}{tag}", response.status(), cseq.number, cseq.method)
}

fn outgoing(args: &[&str], extra: &str) -> InviteRequest {
    let target = match arg(args, "to") {
        Some(uri) => Target::Uri(uri.to_owned()),
        None => Target::Flow(peer(TransportKind::Udp)),
    };
    let mut request = InviteRequest::new(
        "sip:peer@192.0.2.7:5060",
        Party::named("Tandem", "sip:+1@tandem.test"),
        Party::new("sip:peer@b.test"),
        target,
    );
    if !args.contains(&"empty") {
        let size = arg(args, "size").map_or(5, |text| text.parse().unwrap());
        request.body = Some(Body::sdp(vec![b'v'; size]));
    }
    for line in extra.lines() {
        request.routes.push(line.strip_prefix("Route: ").unwrap().to_owned());
    }
    request.credentials = credentials(args);
    request
}

fn other_request(method: Method, args: &[&str]) -> OutRequest {
    let target = match arg(args, "to") {
        Some(uri) => Target::Uri(uri.to_owned()),
        None => Target::Flow(peer(TransportKind::Udp)),
    };
    let mut request = OutRequest::new(
        method,
        "sip:b.test",
        Party::new("sip:a@b.test"),
        Party::new("sip:a@b.test"),
        target,
    );
    request.credentials = credentials(args);
    request
}

fn credentials(args: &[&str]) -> Option<Credentials> {
    let user = arg(args, "user")?;
    Some(Credentials {
        username: user.to_owned(),
        secret: Secret::Password("secret".to_owned()),
        realm: arg(args, "realm").map(str::to_owned),
    })
}
