//! Phones that talk to each other over a perfect wire of 10 ms, as ladders.

mod registering;
mod transferring;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use bytes::Bytes;
use sip::flow::Flow;
use sip::message::{HeaderName, Message};

use super::*;

const LATENCY: Duration = Duration::from_millis(10);

/// Two phones, each the other's server.
struct World {
    now: Duration,
    phones: [Phone; 2],
    calls: [Option<PhoneCallId>; 2],
    wire: BTreeMap<(Duration, u32), (usize, Bytes)>,
    sent: u32,
    ladder: String,
}

fn address(host: usize) -> std::net::SocketAddr {
    format!("192.0.2.{}:5060", host + 1).parse().unwrap()
}

fn flow(at: usize) -> Flow {
    Flow::udp(address(at), address(1 - at))
}

fn config(at: usize) -> PhoneConfig {
    let name = ["alice", "bob"][at];
    PhoneConfig::new(name, "secret", "tandem.test", flow(at))
}

impl World {
    fn new(alice: PhoneConfig, bob: PhoneConfig) -> World {
        World {
            now: Duration::ZERO,
            phones: [Phone::new(alice, 1), Phone::new(bob, 2)],
            calls: [None; 2],
            wire: BTreeMap::new(),
            sent: 0,
            ladder: String::new(),
        }
    }

    fn act<R>(
        &mut self,
        at: usize,
        action: impl FnOnce(&mut Phone, Duration, &mut Vec<PhoneOutput>) -> R,
    ) -> R {
        let mut out = Vec::new();
        let result = action(&mut self.phones[at], self.now, &mut out);
        for output in out {
            match output {
                PhoneOutput::Transmit { bytes, .. } => {
                    let arrow = ["->", "<-"][at];
                    self.note(&format!("{arrow} {}", summary(&bytes)));
                    self.sent += 1;
                    self.wire.insert((self.now + LATENCY, self.sent), (1 - at, bytes));
                }
                PhoneOutput::Event(event) => {
                    if let PhoneEvent::Ringing { call, .. } = &event {
                        self.calls[at] = Some(*call);
                    }
                    let name = ["alice", "bob"][at];
                    self.note(&format!("** {name} {}", show(&event)));
                }
            }
        }
        result
    }

    /// Alice calls Bob.
    fn call(&mut self, dial: Dial) {
        self.calls[0] = self.act(0, |phone, now, out| phone.call(now, dial, out));
    }

    fn wait(&mut self, milliseconds: u64) {
        let end = self.now + Duration::from_millis(milliseconds);
        loop {
            let arrival = self.wire.keys().next().map(|key| key.0);
            let deadlines = self.phones.iter().filter_map(Phone::deadline);
            let Some(next) = deadlines.chain(arrival).min().filter(|next| *next <= end) else {
                self.now = end;
                return;
            };
            self.now = next;
            if arrival == Some(next) {
                let (_, (at, bytes)) = self.wire.pop_first().unwrap();
                let message = Message::parse_datagram(bytes).unwrap();
                self.act(at, |phone, now, out| phone.receive(now, flow(at), message, out));
            } else {
                self.act(0, |phone, now, out| phone.timeout(now, out));
                self.act(1, |phone, now, out| phone.timeout(now, out));
            }
        }
    }

    fn note(&mut self, text: &str) {
        writeln!(self.ladder, "{:>6} {text}", self.now.as_millis()).unwrap();
    }

    /// The ladder, once nothing remains.
    fn end(mut self) -> String {
        self.wait(70_000);
        for phone in &self.phones {
            assert!(phone.counts().is_zero(), "{:?}\n{}", phone.counts(), self.ladder);
            assert_eq!(phone.calls().count(), 0);
        }
        self.ladder
    }
}

fn summary(bytes: &Bytes) -> String {
    let message = Message::parse_datagram(bytes.clone()).unwrap();
    let cseq = message.headers().cseq().unwrap();
    let mut line = match &message {
        Message::Request(request) => format!("{} {}", request.method(), cseq.number),
        Message::Response(response) => {
            format!("{} {} {}", response.status(), cseq.number, cseq.method)
        }
    };
    let body = String::from_utf8_lossy(message.body());
    if body.starts_with("v=0") {
        let direction = body
            .lines()
            .find_map(|line| sdp::Direction::from_attribute(line.strip_prefix("a=")?.trim()));
        write!(line, " {}", direction.unwrap_or_default().as_str()).unwrap();
    } else if !body.is_empty() {
        write!(line, " {}", body.trim_end()).unwrap();
    }
    line
}

fn show(event: &PhoneEvent) -> String {
    match event {
        PhoneEvent::MediaChanged { media, .. } => {
            let remote = media.remote.map_or("nowhere".to_owned(), |remote| remote.to_string());
            let codec = media.codecs.first().map_or("none", |codec| &codec.name);
            format!("media {} to {remote}, {codec}, {}", media.local, media.direction.as_str())
        }
        PhoneEvent::Ringing { caller, called, call_id, .. } => {
            format!("Ringing {called} {caller:?} {call_id:?}")
        }
        PhoneEvent::Progress { status, early_media, .. } => {
            format!("Progress {status}{}", if *early_media { " with early media" } else { "" })
        }
        PhoneEvent::Answered { .. } => "Answered".to_owned(),
        PhoneEvent::InfoAnswered { status, .. } => format!("InfoAnswered {status}"),
        PhoneEvent::ChangeFailed { status, .. } => format!("ChangeFailed {status}"),
        PhoneEvent::Identified { name, number, .. } => format!("Identified {name:?} {number}"),
        PhoneEvent::ReferAnswered { status, .. } => format!("ReferAnswered {status}"),
        PhoneEvent::ReferNotified { status, last, .. } => {
            format!("ReferNotified {status}{}", if *last { ", the last" } else { "" })
        }
        PhoneEvent::Ended { cause, .. } => format!("Ended {cause:?}"),
        PhoneEvent::Registered { .. }
        | PhoneEvent::RegisterFailed { .. }
        | PhoneEvent::Unregistered => format!("{event:?}"),
    }
}

fn with(behaviour: Behaviour) -> World {
    let mut bob = config(1);
    bob.behaviour = behaviour;
    World::new(config(0), bob)
}

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

#[test]
fn a_call_is_answered_held_resumed_and_hung_up() {
    let mut world = with(Behaviour::AnswerAfter(ms(1000)));
    let mut dial = Dial::number("bob");
    dial.headers.push((HeaderName::Other("X-Call-ID"), "call-1".to_owned()));
    world.call(dial);
    world.wait(2000);
    let id = world.calls[1].unwrap();
    world.act(1, |phone, now, out| phone.hold(now, id, out));
    world.wait(1000);
    world.act(1, |phone, now, out| phone.resume(now, id, out));
    world.wait(1000);
    world.act(1, |phone, now, out| phone.hang_up(now, id, out));
    insta::assert_snapshot!(world.end(), @r#"
       0 -> INVITE 1 sendrecv
      10 ** bob Ringing bob Caller { display: None, number: "alice", asserted: None } Some("call-1")
      10 <- 180 1 INVITE
      20 ** alice Progress 180
    1010 <- 200 1 INVITE sendrecv
    1020 -> ACK 1
    1020 ** alice media 192.0.2.1:4000 to 192.0.2.2:4000, PCMU, sendrecv
    1020 ** alice Answered
    1030 ** bob media 192.0.2.2:4000 to 192.0.2.1:4000, PCMU, sendrecv
    1030 ** bob Answered
    2000 <- INVITE 1 sendonly
    2010 -> 200 1 INVITE recvonly
    2010 ** alice media 192.0.2.1:4000 to 192.0.2.2:4000, PCMU, recvonly
    2020 <- ACK 1
    2020 ** bob media 192.0.2.2:4000 to 192.0.2.1:4000, PCMU, sendonly
    3000 <- INVITE 2 sendrecv
    3010 -> 200 2 INVITE sendrecv
    3010 ** alice media 192.0.2.1:4000 to 192.0.2.2:4000, PCMU, sendrecv
    3020 <- ACK 2
    3020 ** bob media 192.0.2.2:4000 to 192.0.2.1:4000, PCMU, sendrecv
    4000 <- BYE 3
    4000 ** bob Ended HungUp
    4010 -> 200 3 BYE
    4010 ** alice Ended HungUpByPeer(None)
    "#);
}

#[test]
fn both_sides_hold_at_once() {
    let mut world = with(Behaviour::AnswerAfter(ms(0)));
    world.call(Dial::number("bob"));
    world.wait(100);
    let [alice, bob] = world.calls.map(Option::unwrap);
    world.act(0, |phone, now, out| phone.hold(now, alice, out));
    world.act(1, |phone, now, out| phone.hold(now, bob, out));
    world.wait(10_000);
    world.act(0, |phone, now, out| phone.hang_up(now, alice, out));
    insta::assert_snapshot!(world.end(), @r#"
        0 -> INVITE 1 sendrecv
       10 ** bob Ringing bob Caller { display: None, number: "alice", asserted: None } None
       10 <- 180 1 INVITE
       10 <- 200 1 INVITE sendrecv
       20 ** alice Progress 180
       20 -> ACK 1
       20 ** alice media 192.0.2.1:4000 to 192.0.2.2:4000, PCMU, sendrecv
       20 ** alice Answered
       30 ** bob media 192.0.2.2:4000 to 192.0.2.1:4000, PCMU, sendrecv
       30 ** bob Answered
      100 -> INVITE 2 sendonly
      100 <- INVITE 1 sendonly
      110 <- 491 2 INVITE
      110 -> 491 1 INVITE
      120 -> ACK 2
      120 <- ACK 1
     1410 <- INVITE 2 sendonly
     1420 -> 200 2 INVITE inactive
     1420 ** alice media 192.0.2.1:4000 to 192.0.2.2:4000, PCMU, inactive
     1430 <- ACK 2
     1430 ** bob media 192.0.2.2:4000 to 192.0.2.1:4000, PCMU, inactive
     1920 -> INVITE 3 sendonly
     1930 <- 200 3 INVITE inactive
     1930 ** bob media 192.0.2.2:4000 to 192.0.2.1:4000, PCMU, inactive
     1940 -> ACK 3
    10100 -> BYE 4
    10100 ** alice Ended HungUp
    10110 <- 200 4 BYE
    10110 ** bob Ended HungUpByPeer(None)
    "#);
}

#[test]
fn a_busy_phone_and_one_that_declines_later() {
    let mut world = with(Behaviour::Decline(486, Duration::ZERO));
    world.call(Dial::number("bob"));
    world.wait(1000);
    world.phones[1].set_behaviour(Behaviour::Decline(603, ms(500)));
    world.call(Dial::number("bob"));
    insta::assert_snapshot!(world.end(), @r#"
       0 -> INVITE 1 sendrecv
      10 ** bob Ringing bob Caller { display: None, number: "alice", asserted: None } None
      10 <- 486 1 INVITE
      10 ** bob Ended Declined(486)
      20 -> ACK 1
      20 ** alice Ended Rejected(486)
    1000 -> INVITE 1 sendrecv
    1010 ** bob Ringing bob Caller { display: None, number: "alice", asserted: None } None
    1010 <- 180 1 INVITE
    1020 ** alice Progress 180
    1510 <- 603 1 INVITE
    1510 ** bob Ended Declined(603)
    1520 -> ACK 1
    1520 ** alice Ended Rejected(603)
    "#);
}

#[test]
fn a_caller_gives_up() {
    let mut world = with(Behaviour::RingForever);
    let plan = CallPlan { give_up_after: Some(ms(3000)), hang_up_after: None };
    world.call(Dial::number("bob").as_caller("+12025550100", "carrier.test").plan(plan));
    insta::assert_snapshot!(world.end(), @r#"
       0 -> INVITE 1 sendrecv
      10 ** bob Ringing bob Caller { display: None, number: "+12025550100", asserted: Some("+12025550100") } None
      10 <- 180 1 INVITE
      20 ** alice Progress 180
    3000 -> CANCEL 1
    3010 <- 200 1 CANCEL
    3010 <- 487 1 INVITE
    3010 ** bob Ended Cancelled(None)
    3020 -> ACK 1
    3020 ** alice Ended GaveUp
    "#);
}

#[test]
fn an_answer_crosses_the_cancel() {
    let mut world = with(Behaviour::AnswerAtCancel);
    let plan = CallPlan { give_up_after: Some(ms(3000)), hang_up_after: None };
    world.call(Dial::number("bob").anonymous().plan(plan));
    insta::assert_snapshot!(world.end(), @r#"
       0 -> INVITE 1 sendrecv
      10 ** bob Ringing bob Caller { display: Some("Anonymous"), number: "anonymous", asserted: None } None
      10 <- 180 1 INVITE
      20 ** alice Progress 180
    3000 -> CANCEL 1
    3010 <- 200 1 INVITE sendrecv
    3010 <- 200 1 CANCEL
    3020 -> ACK 1
    3020 -> BYE 2
    3020 ** alice Ended GaveUp
    3030 ** bob media 192.0.2.2:4000 to 192.0.2.1:4000, PCMU, sendrecv
    3030 ** bob Answered
    3030 <- 200 2 BYE
    3030 ** bob Ended HungUpByPeer(None)
    "#);
}

#[test]
fn a_phone_that_is_not_there() {
    let mut world = with(Behaviour::Silent);
    world.call(Dial::number("bob"));
    insta::assert_snapshot!(world.end(), @r#"
        0 -> INVITE 1 sendrecv
      500 -> INVITE 1 sendrecv
     1500 -> INVITE 1 sendrecv
     3500 -> INVITE 1 sendrecv
     7500 -> INVITE 1 sendrecv
    15500 -> INVITE 1 sendrecv
    31500 -> INVITE 1 sendrecv
    32000 ** alice Ended Rejected(408)
    "#);
}

#[test]
fn early_media_and_a_plan_to_hang_up() {
    let mut world = with(Behaviour::EarlyMedia(ms(800)));
    let plan = CallPlan { give_up_after: Some(ms(5000)), hang_up_after: Some(ms(500)) };
    world.call(Dial::number("bob").plan(plan));
    insta::assert_snapshot!(world.end(), @r#"
       0 -> INVITE 1 sendrecv
      10 ** bob Ringing bob Caller { display: None, number: "alice", asserted: None } None
      10 <- 183 1 INVITE sendrecv
      20 ** alice media 192.0.2.1:4000 to 192.0.2.2:4000, PCMU, sendrecv
      20 ** alice Progress 183 with early media
     810 <- 200 1 INVITE sendrecv
     820 -> ACK 1
     820 ** alice Answered
     830 ** bob media 192.0.2.2:4000 to 192.0.2.1:4000, PCMU, sendrecv
     830 ** bob Answered
    1320 -> BYE 2
    1320 ** alice Ended HungUp
    1330 <- 200 2 BYE
    1330 ** bob Ended HungUpByPeer(None)
    "#);
}

#[test]
fn the_answering_side_makes_the_offer() {
    let mut world = with(Behaviour::AnswerAfter(ms(100)));
    world.phones[1].set_hang_up_after(Some(ms(200)));
    let mut dial = Dial::number("bob");
    dial.without_offer = true;
    world.call(dial);
    insta::assert_snapshot!(world.end(), @r#"
      0 -> INVITE 1
     10 ** bob Ringing bob Caller { display: None, number: "alice", asserted: None } None
     10 <- 180 1 INVITE
     20 ** alice Progress 180
    110 <- 200 1 INVITE sendrecv
    120 -> ACK 1 sendrecv
    120 ** alice media 192.0.2.1:4000 to 192.0.2.2:4000, PCMU, sendrecv
    120 ** alice Answered
    130 ** bob media 192.0.2.2:4000 to 192.0.2.1:4000, PCMU, sendrecv
    130 ** bob Answered
    330 <- BYE 1
    330 ** bob Ended HungUp
    340 -> 200 1 BYE
    340 ** alice Ended HungUpByPeer(None)
    "#);
}

#[test]
fn a_carrier_challenges_its_customer() {
    let mut carrier = PhoneConfig::carrier("carrier.test", flow(1));
    carrier.behaviour = Behaviour::AnswerAfter(ms(0));
    carrier.hang_up_after = Some(ms(100));
    let credentials = CarrierChallenge {
        realm: "carrier.test".to_owned(),
        username: "alice".to_owned(),
        password: "secret".to_owned(),
    };
    carrier.challenge = Some(credentials);
    let mut world = World::new(config(0), carrier);
    world.call(Dial::number("+12025550100"));
    world.wait(1000);
    insta::assert_snapshot!(world.end(), @r#"
      0 -> INVITE 1 sendrecv
     10 <- 407 1 INVITE
     20 -> ACK 1
     20 -> INVITE 2 sendrecv
     30 ** bob Ringing +12025550100 Caller { display: None, number: "alice", asserted: None } None
     30 <- 180 2 INVITE
     30 <- 200 2 INVITE sendrecv
     40 ** alice Progress 180
     40 -> ACK 2
     40 ** alice media 192.0.2.1:4000 to 192.0.2.2:4000, PCMU, sendrecv
     40 ** alice Answered
     50 ** bob media 192.0.2.2:4000 to 192.0.2.1:4000, PCMU, sendrecv
     50 ** bob Answered
    150 <- BYE 1
    150 ** bob Ended HungUp
    160 -> 200 1 BYE
    160 ** alice Ended HungUpByPeer(None)
    "#);
}

#[test]
fn a_carrier_refuses_a_wrong_password() {
    let mut carrier = PhoneConfig::carrier("carrier.test", flow(1));
    carrier.challenge = Some(CarrierChallenge {
        realm: "carrier.test".to_owned(),
        username: "alice".to_owned(),
        password: "other".to_owned(),
    });
    let mut world = World::new(config(0), carrier);
    world.call(Dial::number("+12025550100"));
    insta::assert_snapshot!(world.end(), @r#"
     0 -> INVITE 1 sendrecv
    10 <- 407 1 INVITE
    20 -> ACK 1
    20 -> INVITE 2 sendrecv
    30 <- 407 2 INVITE
    40 -> ACK 2
    40 ** alice Ended Rejected(407)
    "#);
}

#[test]
fn a_phone_has_so_many_lines() {
    let mut bob = config(1);
    bob.behaviour = Behaviour::RingForever;
    bob.lines = 1;
    let mut world = World::new(config(0), bob);
    let plan = CallPlan { give_up_after: Some(ms(500)), hang_up_after: None };
    world.call(Dial::number("bob").plan(plan));
    world.wait(100);
    world.call(Dial::number("bob").plan(plan));
    insta::assert_snapshot!(world.end(), @r#"
      0 -> INVITE 1 sendrecv
     10 ** bob Ringing bob Caller { display: None, number: "alice", asserted: None } None
     10 <- 180 1 INVITE
     20 ** alice Progress 180
    100 -> INVITE 1 sendrecv
    110 <- 486 1 INVITE
    120 -> ACK 1
    120 ** alice Ended Rejected(486)
    500 -> CANCEL 1
    510 <- 200 1 CANCEL
    510 <- 487 1 INVITE
    510 ** bob Ended Cancelled(None)
    520 -> ACK 1
    520 ** alice Ended GaveUp
    "#);
}
