//! Telephones that do whatever they like with their lines, seeded: every REFER is answered once in
//! its step, no call is aborted, and when everybody has hung up nothing remains.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use model::call_graph::CallEvent;
use model::call_graph::words::TransferState;

use crate::house::{ALICE, BOB, Dialog, House, Sent, TRUNK, description};
use crate::phone::{ALICES, BOBS, MEDIA, Phone, Request};

use super::{CAROL, CAROLS, in_place_of, instead_of, office};

const PHONES: [Phone; 3] = [ALICES, BOBS, CAROLS];
const STEPS: usize = 40;

/// Numbers from a seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % limit.max(1)
    }

    fn of<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        if all.is_empty() { None } else { all.get(self.below(all.len())) }
    }
}

/// A line that is up.
#[derive(Clone)]
struct Line {
    dialog: Dialog,
    /// `None`: the trunk.
    who: Option<Phone>,
}

struct Town {
    house: House,
    dice: Dice,
    lines: Vec<Line>,
    /// INVITEs that ring.
    rings: Vec<(&'static str, Sent)>,
    /// INVITEs of ours that are not answered.
    dialled: Vec<Line>,
}

impl Town {
    fn new(seed: u64) -> Self {
        let (lines, rings, dialled) = (Vec::new(), Vec::new(), Vec::new());
        Self { house: office(), dice: Dice(seed), lines, rings, dialled }
    }

    /// Far ends do what is expected of them, mostly.
    fn pump(&mut self, sent: Vec<Sent>) {
        let mut queue: VecDeque<Sent> = sent.into();
        while let Some(sent) = queue.pop_front() {
            queue.extend(self.heard(&sent));
        }
    }

    fn heard(&mut self, sent: &Sent) -> Vec<Sent> {
        let method = sent.0.split(' ').next().unwrap_or_default();
        let Some(at) = far_end(sent) else { return Vec::new() };
        match method {
            "SIP/2.0" => self.answered(sent),
            "INVITE" if sent.value("To").contains(";tag=") => {
                let body = description(40_000, MEDIA);
                let answer = match self.dice.below(6) {
                    0 => sent.response("491 Request Pending", "", "", ""),
                    1 => sent.response("488 Not Here", "", "", ""),
                    _ => {
                        let contact = format!("Contact: <sip:x@{at}>\r\n");
                        sent.response("200 OK", &contact, "application/sdp", &body)
                    }
                };
                self.house.receive(at, answer)
            }
            "INVITE" => {
                if self.rings.iter().any(|(_, ring)| ring.value("Call-ID") == sent.value("Call-ID"))
                {
                    return Vec::new();
                }
                self.rings.push((at, sent.clone()));
                let allow = if self.dice.below(2) == 0 { "Allow: INVITE, UPDATE\r\n" } else { "" };
                let contact = format!("Contact: <sip:x@{at}>\r\n{allow}");
                self.house.receive(at, sent.response("180 Ringing", &contact, "", ""))
            }
            "CANCEL" => {
                let call_id = sent.value("Call-ID");
                let ring = self.rings.iter().position(|(_, it)| it.value("Call-ID") == call_id);
                let mut all = self.house.receive(at, sent.response("200 OK", "", "", ""));
                if let Some((_, ring)) = ring.map(|ring| self.rings.remove(ring)) {
                    all.extend(self.house.receive(at, ring.response("487 Gone", "", "", "")));
                }
                all
            }
            "BYE" => {
                let call_id = sent.value("Call-ID");
                self.lines.retain(|line| line.dialog.call_id != call_id);
                self.house.receive(at, sent.response("200 OK", "", "", ""))
            }
            "NOTIFY" | "UPDATE" => {
                let status = match self.dice.below(12) {
                    0 => return Vec::new(),
                    1 => "489 Bad Event",
                    2 => "491 Request Pending",
                    3 => "405 Method Not Allowed",
                    _ => "200 OK",
                };
                self.house.receive(at, sent.response(status, "", "", ""))
            }
            _ => Vec::new(),
        }
    }

    /// An INVITE of ours has its answer.
    fn answered(&mut self, sent: &Sent) -> Vec<Sent> {
        if sent.status() < 200 || !sent.value("CSeq").ends_with("INVITE") {
            return Vec::new();
        }
        let call_id = sent.value("Call-ID");
        let number = sent.value("CSeq").split(' ').next().and_then(|it| it.parse().ok());
        let number: u32 = number.expect("a number");
        let known = |line: &&Line| line.dialog.call_id == call_id;
        if let Some(line) = self.lines.iter().find(known).cloned() {
            let ack = line.dialog.request("ACK", number, "", "", "");
            return self.house.receive(line.dialog.at, ack);
        }
        let Some(index) = self.dialled.iter().position(|line| line.dialog.call_id == call_id)
        else {
            return Vec::new();
        };
        let mut line = self.dialled.remove(index);
        line.dialog.to = sent.value("To").to_owned();
        if sent.status() < 300 {
            line.dialog.target = "sip:192.0.2.1:5060".to_owned();
            let ack = line.dialog.request("ACK", number, "", "", "");
            let at = line.dialog.at;
            self.lines.push(line);
            return self.house.receive(at, ack);
        }
        let branch = format!("-{number}-ACK;");
        let ack = line.dialog.request("ACK", number, "", "", "");
        let ack = ack.replace(&branch, &format!("-{number}-INVITE;"));
        self.house.receive(line.dialog.at, ack)
    }

    fn dial(&mut self, who: Phone, uri: &str, more: &str) {
        let body = description(30_000, MEDIA);
        let asked = Request { method: "INVITE", uri, more, body: &body };
        let (mut dialog, sent) = self.house.outside(who, &asked);
        dialog.to = format!("<{uri}>");
        let of_it = sent.iter().filter(|it| it.0.starts_with("SIP/2.0 18"));
        if let Some(ringing) = of_it.clone().find(|it| it.value("Call-ID") == dialog.call_id) {
            ringing.value("To").clone_into(&mut dialog.to);
        }
        self.dialled.push(Line { dialog, who: Some(who) });
        self.pump(sent);
    }

    fn call(&mut self, number: &str) {
        let (mut dialog, sent) = self.house.call(number, MEDIA);
        dialog.to = format!("<sip:{number}@192.0.2.1>");
        dialog.target = format!("sip:{number}@192.0.2.1:5060");
        self.dialled.push(Line { dialog, who: None });
        self.pump(sent);
    }

    fn ask(&mut self, line: &Line, method: &str, more: &str, body: &str) {
        let cseq = 10 + self.house.count();
        let kind = if body.is_empty() { "" } else { "application/sdp" };
        let text = line.dialog.request(method, cseq, more, kind, body);
        let sent = self.house.receive(line.dialog.at, text);
        if method == "REFER" {
            let finals = sent
                .iter()
                .filter(|it| it.0.starts_with("SIP/2.0 ") && it.value("CSeq").ends_with(" REFER"));
            assert_eq!(finals.count(), 1, "{sent:#?}");
        }
        self.pump(sent);
    }

    /// A line of this user, if he has one.
    fn line_of(&mut self, who: Phone) -> Option<Line> {
        let his = |line: &&Line| line.who.is_some_and(|it| it.user == who.user);
        let lines: Vec<Line> = self.lines.iter().filter(his).cloned().collect();
        self.dice.of(&lines).cloned()
    }

    fn step(&mut self) {
        let who = PHONES[self.dice.below(PHONES.len())];
        let other = PHONES[self.dice.below(PHONES.len())];
        match self.dice.below(16) {
            0 => {
                let number = self.dice.of(&["+493012345678", "+493012345679", "+493012345670"]);
                let number = *number.expect("one");
                self.call(number);
            }
            1 => self.dial(who, &format!("sip:{}@pbx.example", other.user), ""),
            2 => self.dial(who, "sip:+491701111111@pbx.example", ""),
            3 | 4 => {
                let codes =
                    ["*20", "*23", "*24", "*25"].map(|code| format!("{code}{}", other.user));
                let plain = ["*21", "*22", "*30", "*70", "*7171", "*7172"].map(str::to_owned);
                let all = [&codes[..], &plain[..]].concat();
                let code = self.dice.of(&all).expect("one").clone();
                self.dial(who, &format!("sip:{code}@pbx.example"), "");
            }
            5..=7 => self.picks_up(),
            8 => {
                if let Some(line) = self.line_of(who) {
                    let way = ["a=sendonly\r\n", "a=sendrecv\r\n"][self.dice.below(2)];
                    let body = description(50_000, &(MEDIA.to_owned() + way));
                    let method = ["INVITE", "UPDATE"][self.dice.below(2)];
                    self.ask(&line, method, "", &body);
                }
            }
            9 => {
                let line = self.dice.of(&self.lines).cloned();
                if let Some(line) = line {
                    self.lines.retain(|it| it.dialog.call_id != line.dialog.call_id);
                    self.ask(&line, "BYE", "", "");
                }
            }
            10 | 11 => self.refers(who),
            12 | 13 => self.refers_instead(who),
            14 => self.replaces(who, other),
            _ => {
                let seconds = 1 + self.dice.below(25);
                let sent = self.house.wait(Duration::from_secs(seconds as u64));
                self.pump(sent);
            }
        }
    }

    fn refers(&mut self, who: Phone) {
        if let Some(line) = self.line_of(who) {
            let to = ["alice", "bob", "carol", "nobody", "*70", "+491702222222", "ivr-hello"];
            let to = to[self.dice.below(to.len())];
            let sub = ["", "Refer-Sub: false\r\n"][self.dice.below(2)];
            let more = format!("Refer-To: <sip:{to}@pbx.example>\r\n{sub}");
            self.ask(&line, "REFER", &more, "");
        }
    }

    fn refers_instead(&mut self, who: Phone) {
        let pair = (self.line_of(who), self.line_of(who));
        let dialled = self.dialled.iter().find(|line| {
            line.who.is_some_and(|it| it.user == who.user) && line.dialog.to.contains("tag=")
        });
        let early = dialled.cloned().filter(|_| self.dice.below(2) == 0);
        let same = |a: &Line, b: &Line| a.dialog.call_id == b.dialog.call_id;
        if let (Some(line), Some(instead)) = (pair.0, early.or(pair.1))
            && (self.dice.below(9) == 0 || !same(&line, &instead))
        {
            let more = format!("Refer-To: {}\r\n", instead_of(&instead.dialog));
            self.ask(&line, "REFER", &more, "");
        }
    }

    fn replaces(&mut self, who: Phone, other: Phone) {
        let line = self.line_of(other).map(|line| in_place_of(&line.dialog));
        let ring = self.dice.of(&self.rings).map(|(_, ring)| {
            let tag = ring.value("From").rsplit_once(";tag=").map_or("", |it| it.1);
            format!("Replaces: {};to-tag=phone;from-tag={tag}\r\n", ring.value("Call-ID"))
        });
        let replaces = if self.dice.below(2) == 0 { line.or(ring) } else { ring.or(line) };
        if let Some(replaces) = replaces {
            self.dial(who, "sip:192.0.2.1:5060", &replaces);
        }
    }

    fn picks_up(&mut self) {
        if self.rings.is_empty() {
            return;
        }
        let index = self.dice.below(self.rings.len());
        let (at, ring) = self.rings.remove(index);
        let contact = format!("Contact: <sip:x@{at}>\r\n");
        let answer = match self.dice.below(5) {
            0 => ring.response("486 Busy Here", "", "", ""),
            _ => {
                let body = description(50_000, MEDIA);
                let who = PHONES.into_iter().find(|phone| phone.at == at);
                let dialog = Dialog {
                    at,
                    target: "sip:192.0.2.1:5060".to_owned(),
                    from: format!("{};tag=phone", ring.value("To")),
                    to: ring.value("From").to_owned(),
                    call_id: ring.value("Call-ID").to_owned(),
                };
                self.lines.push(Line { dialog, who });
                ring.response("200 OK", &contact, "application/sdp", &body)
            }
        };
        let sent = self.house.receive(at, answer);
        self.pump(sent);
    }

    fn everybody_hangs_up(&mut self) {
        for _ in 0..6 {
            for line in std::mem::take(&mut self.lines) {
                self.ask(&line, "BYE", "", "");
            }
            for (at, ring) in std::mem::take(&mut self.rings) {
                let sent = self.house.receive(at, ring.response("480 Gone", "", "", ""));
                self.pump(sent);
            }
            let sent = self.house.wait(Duration::from_secs(100));
            self.pump(sent);
        }
        let end = self.house.wait(Duration::from_secs(700));
        self.pump(end);
        self.house.wait(Duration::from_secs(100));
        assert!(self.house.switch.is_calm(), "{:?}", self.house.switch.counters());
    }
}

fn far_end(sent: &Sent) -> Option<&'static str> {
    if sent.0.starts_with("SIP/2.0 ") {
        return Some(TRUNK);
    }
    let uri = sent.0.split(' ').nth(1)?;
    let host = uri.rsplit_once('@').map_or(uri.trim_start_matches("sip:"), |(_, host)| host);
    let all = [ALICE, BOB, CAROL, TRUNK];
    let found = all.into_iter().find(|at| host == *at);
    found.or_else(|| (host == "198.51.100.1").then_some(TRUNK))
}

#[test]
fn whatever_telephones_do_every_refer_is_answered_and_nothing_remains() {
    let mut refers: BTreeMap<u16, u64> = BTreeMap::new();
    let mut transfers: BTreeMap<TransferState, u64> = BTreeMap::new();
    let mut joined = 0;
    for seed in 0..120 {
        let mut town = Town::new(seed);
        for _ in 0..STEPS {
            town.step();
        }
        town.everybody_hangs_up();
        let counters = town.house.switch.counters();
        for (status, count) in counters.refers {
            *refers.entry(status).or_default() += count;
        }
        for (state, count) in counters.transfers_ended {
            *transfers.entry(state).or_default() += count;
        }
        let absorbed = |event: &CallEvent| matches!(event, CallEvent::Absorbed(_));
        joined += town.house.records.iter().filter(|it| absorbed(&it.event)).count();
    }
    // It has seen enough of what it is about.
    assert!(refers.len() > 4 && refers.get(&202).is_some_and(|it| *it > 50), "{refers:?}");
    assert!(transfers.len() > 2 && joined > 50, "{transfers:?}, {joined} joined");
}
