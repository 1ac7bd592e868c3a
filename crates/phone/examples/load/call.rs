//! Calls at a fixed rate, whatever becomes of the ones before (open loop): the trunk invites, the
//! phone rings and answers at once, the trunk acknowledges and hangs up.

use std::collections::BTreeMap;
use std::net::UdpSocket;
use std::time::{Duration, Instant};

use crate::dialogue::{audio_port, description, response, status, uri, value};
use crate::{Ends, Failure, PATIENCE, receive};

/// Repeats what was not answered after this (T1 of RFC 3261).
const REPEAT: Duration = Duration::from_millis(500);
/// Rounds of audio packets that [`Calls::talk`] sends.
const ROUNDS: usize = 20;

/// What the trunk waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Waits {
    Answer,
    /// Held: nothing.
    Nothing,
    End,
}

struct Live {
    waits: Waits,
    started: Instant,
    sent: Instant,
    /// The last request, to be repeated.
    request: String,
    /// What in-dialog requests need.
    target: String,
    to: String,
    server_port: u16,
}

/// All calls of a run.
pub(crate) struct Calls<'a> {
    ends: &'a Ends,
    holds: bool,
    trunk: String,
    phone: String,
    audio: [UdpSocket; 2],
    live: BTreeMap<u32, Live>,
    /// 200s of the phone that are not acknowledged, by Call-ID of the server's leg.
    unacknowledged: BTreeMap<String, (Instant, String)>,
    /// Ports that the server showed to the phone.
    phone_ports: Vec<u16>,
    placed: u32,
    done: u32,
    failed: u32,
    setup_us: Vec<u64>,
    began: Instant,
    run: u32,
}

impl<'a> Calls<'a> {
    pub(crate) fn new(ends: &'a Ends, holds: bool) -> Result<Self, Failure> {
        let (trunk, phone) = (ends.trunk.local_addr()?, ends.phone.local_addr()?);
        let audio = [(trunk.ip(), 0), (phone.ip(), 0)].map(UdpSocket::bind);
        let [near, far] = audio;
        Ok(Self {
            ends,
            holds,
            trunk: trunk.to_string(),
            phone: phone.to_string(),
            audio: [near?, far?],
            live: BTreeMap::new(),
            unacknowledged: BTreeMap::new(),
            phone_ports: Vec::new(),
            placed: 0,
            done: 0,
            failed: 0,
            setup_us: Vec::new(),
            began: Instant::now(),
            run: std::process::id(),
        })
    }

    /// Places `count` calls, `rate` a second.
    pub(crate) fn place(&mut self, rate: u32, count: u32) -> Result<(), Failure> {
        self.began = Instant::now();
        while self.placed < count {
            let due = self.began.elapsed().as_secs_f64() * f64::from(rate);
            while self.placed < count && f64::from(self.placed) <= due {
                self.invite()?;
            }
            if !self.turn()? {
                std::thread::sleep(Duration::from_micros(100));
            }
        }
        Ok(())
    }

    /// Waits until every call is answered or has failed.
    pub(crate) fn settle(&mut self) -> Result<(), Failure> {
        while self.live.values().any(|call| call.waits != Waits::Nothing)
            || !self.unacknowledged.is_empty()
        {
            if !self.turn()? {
                std::thread::sleep(Duration::from_micros(200));
            }
        }
        Ok(())
    }

    /// Waits until every call is over.
    pub(crate) fn finish(&mut self) -> Result<(), Failure> {
        while !self.live.is_empty() {
            if !self.turn()? {
                std::thread::sleep(Duration::from_micros(200));
            }
        }
        Ok(())
    }

    /// Ends what is held.
    pub(crate) fn hang_up_all(&mut self, rate: u32) -> Result<(), Failure> {
        let all: Vec<u32> = self.live.keys().copied().collect();
        for call in all {
            self.bye(call)?;
            self.turn()?;
            std::thread::sleep(Duration::from_secs(1) / rate);
        }
        Ok(())
    }

    /// Audio both ways on every held call, 20 ms after 20 ms.
    pub(crate) fn talk(&mut self) -> Result<(), Failure> {
        let mut packet = [0xd5; 172];
        packet[..2].copy_from_slice(&[0x80, 8]);
        let near = self.live.values().map(|call| (0, call.server_port));
        let far = self.phone_ports.iter().map(|port| (1, *port));
        let streams: Vec<(usize, u16)> = near.chain(far).collect();
        for _ in 0..ROUNDS {
            let round = Instant::now();
            for (end, port) in &streams {
                self.audio[*end].send_to(&packet, (self.ends.server.ip(), *port))?;
            }
            std::thread::sleep(Duration::from_millis(20).saturating_sub(round.elapsed()));
            self.turn()?;
        }
        Ok(())
    }

    /// What came of it, for programs.
    pub(crate) fn summary(&mut self) -> String {
        self.setup_us.sort_unstable();
        let setup = |percent: usize| {
            let last = self.setup_us.len().saturating_sub(1);
            self.setup_us.get(last * percent / 100).copied().unwrap_or_default()
        };
        format!(
            "placed={} done={} failed={} p50_us={} p99_us={} seconds={:.2}",
            self.placed,
            self.done,
            self.failed,
            setup(50),
            setup(99),
            self.began.elapsed().as_secs_f64(),
        )
    }

    fn invite(&mut self) -> Result<(), Failure> {
        let number = self.placed;
        self.placed += 1;
        let user = number as usize % self.ends.users;
        let body = description(self.host(0), self.audio[0].local_addr()?.port());
        let request = format!(
            "INVITE sip:+49301{user:07}@bench.test SIP/2.0\r\n{}\
             To: <sip:+49301{user:07}@bench.test>\r\nCSeq: 1 INVITE\r\n\
             Contact: <sip:+4917012345678@{}>\r\nAllow: INVITE, ACK, BYE, CANCEL, OPTIONS\r\n\
             User-Agent: Load\r\nContent-Type: application/sdp\r\n\
             Content-Length: {}\r\n\r\n{body}",
            self.common(number, "i"),
            self.trunk,
            body.len(),
        );
        self.ends.trunk.send_to(request.as_bytes(), self.ends.server)?;
        let now = Instant::now();
        let call = Live {
            waits: Waits::Answer,
            started: now,
            sent: now,
            request,
            target: String::new(),
            to: String::new(),
            server_port: 0,
        };
        self.live.insert(number, call);
        Ok(())
    }

    fn host(&self, end: usize) -> &str {
        let address = if end == 0 { &self.trunk } else { &self.phone };
        address.rsplit_once(':').map_or(address, |(host, _)| host)
    }

    fn common(&self, number: u32, branch: &str) -> String {
        let (trunk, run) = (&self.trunk, self.run);
        format!(
            "Via: SIP/2.0/UDP {trunk};branch=z9hG4bK-{run}-{number}-{branch};rport\r\n\
             Max-Forwards: 70\r\nFrom: \"Caller\" <sip:+4917012345678@{trunk}>;tag=t{number}\r\n\
             Call-ID: {run}-{number}@load\r\n"
        )
    }

    fn in_dialog(&self, number: u32, call: &Live, method: &str, cseq: u32) -> String {
        format!(
            "{method} {} SIP/2.0\r\n{}To: {}\r\nCSeq: {cseq} {method}\r\n\
             Content-Length: 0\r\n\r\n",
            call.target,
            self.common(number, method),
            call.to,
        )
    }

    fn bye(&mut self, number: u32) -> Result<(), Failure> {
        let Some(call) = self.live.get(&number) else { return Ok(()) };
        let request = self.in_dialog(number, call, "BYE", 2);
        self.ends.trunk.send_to(request.as_bytes(), self.ends.server)?;
        if let Some(call) = self.live.get_mut(&number) {
            call.request = request;
            call.waits = Waits::End;
            call.sent = Instant::now();
            call.started = call.sent;
        }
        Ok(())
    }

    /// Handles everything that waits; whether there was anything.
    fn turn(&mut self) -> Result<bool, Failure> {
        let mut busy = false;
        let mut buffer = [0; 4096];
        while let Some(message) = receive(&self.ends.phone, &mut buffer) {
            busy = true;
            self.at_phone(message)?;
        }
        while let Some(message) = receive(&self.ends.trunk, &mut buffer) {
            busy = true;
            self.at_trunk(message)?;
        }
        if !busy {
            self.repeat()?;
        }
        Ok(busy)
    }

    fn at_phone(&mut self, message: &str) -> Result<(), Failure> {
        let call_id = value(message, "\r\nCall-ID: ");
        if message.starts_with("INVITE ") {
            let contact = format!("Contact: <sip:phone@{}>\r\n", self.phone);
            let more = format!("{contact}Content-Type: application/sdp\r\n");
            let body = description(self.host(1), self.audio[1].local_addr()?.port());
            self.phone_says(&response(message, "100 Trying", "", "", ""))?;
            self.phone_says(&response(message, "180 Ringing", "p", &contact, ""))?;
            let answer = response(message, "200 OK", "p", &more, &body);
            self.phone_says(&answer)?;
            self.unacknowledged.insert(call_id.to_owned(), (Instant::now(), answer));
            if self.holds {
                self.phone_ports.extend(audio_port(message));
            }
        } else if message.starts_with("ACK ") {
            self.unacknowledged.remove(call_id);
        } else if status(message) == 0 {
            self.phone_says(&response(message, "200 OK", "p", "", ""))?;
        }
        Ok(())
    }

    fn phone_says(&self, message: &str) -> Result<(), Failure> {
        self.ends.phone.send_to(message.as_bytes(), self.ends.server)?;
        Ok(())
    }

    fn at_trunk(&mut self, message: &str) -> Result<(), Failure> {
        let code = status(message);
        let (_, rest) = value(message, "\r\nCall-ID: ").split_once('-').unwrap_or_default();
        let number = rest.split('@').next().and_then(|number| number.parse().ok());
        let Some(number) = number else { return Ok(()) };
        let Some(call) = self.live.get_mut(&number) else { return Ok(()) };
        let of_invite = value(message, "\r\nCSeq: ").ends_with("INVITE");
        match (call.waits, of_invite, code) {
            (_, _, 0..200) => {}
            (Waits::Answer, true, 200) => {
                let setup = call.started.elapsed().as_micros();
                self.setup_us.push(u64::try_from(setup).unwrap_or(u64::MAX));
                call.target = uri(value(message, "\r\nContact: ")).to_owned();
                call.to = value(message, "\r\nTo: ").to_owned();
                call.server_port = audio_port(message).unwrap_or_default();
                call.waits = Waits::Nothing;
                self.acknowledge(number)?;
                if !self.holds {
                    self.bye(number)?;
                }
            }
            (Waits::Nothing | Waits::End, true, _) => self.acknowledge(number)?,
            (Waits::End, false, 200) => {
                self.live.remove(&number);
                self.done += 1;
            }
            (Waits::Answer | Waits::Nothing | Waits::End, _, _) => {
                if self.failed == 0 {
                    eprintln!("first failure: {message}");
                }
                self.failed += 1;
                self.live.remove(&number);
            }
        }
        Ok(())
    }

    fn acknowledge(&self, number: u32) -> Result<(), Failure> {
        if let Some(call) = self.live.get(&number) {
            let ack = self.in_dialog(number, call, "ACK", 1);
            self.ends.trunk.send_to(ack.as_bytes(), self.ends.server)?;
        }
        Ok(())
    }

    /// Sends again what got no answer, and gives up what never gets one.
    fn repeat(&mut self) -> Result<(), Failure> {
        let now = Instant::now();
        let mut lost = Vec::new();
        for (number, call) in &mut self.live {
            if call.waits == Waits::Nothing {
                continue;
            }
            if now.duration_since(call.started) > PATIENCE {
                lost.push(*number);
            } else if now.duration_since(call.sent) > REPEAT {
                call.sent = now;
                self.ends.trunk.send_to(call.request.as_bytes(), self.ends.server)?;
            }
        }
        for number in lost {
            self.live.remove(&number);
            self.failed += 1;
        }
        for (sent, answer) in self.unacknowledged.values_mut() {
            if now.duration_since(*sent) > REPEAT {
                *sent = now;
                self.ends.phone.send_to(answer.as_bytes(), self.ends.server)?;
            }
        }
        Ok(())
    }
}
