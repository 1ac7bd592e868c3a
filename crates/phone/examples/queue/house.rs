//! The phones of all agents and of the trunk, the two sockets, and the clock.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use bytes::Bytes;
use phone::{
    Behaviour, CallPlan, Dial, EndCause, Phone, PhoneCallId, PhoneConfig, PhoneEvent, PhoneOutput,
};
use sip::flow::{Flow, TransportKind};
use sip::message::{Body, Message};

use crate::Failure;
use crate::chance::Chance;

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) server: SocketAddr,
    pub(crate) agents: usize,
    pub(crate) groups: u64,
    /// Calls a second.
    pub(crate) rate: f64,
    /// So many shall wait.
    pub(crate) waiting: f64,
}

/// Nothing to do: a pause, not to take the processor from the server.
const PAUSE: Duration = Duration::from_micros(300);
/// How long an agent talks on average when as many wait as shall, ms.
const TALK_MS: f64 = 5_000.0;
/// How many registrations are under way at one time.
const REGISTERING: usize = 20;

/// What was counted.
#[derive(Debug, Default)]
struct Counts {
    placed: u64,
    accepted: u64,
    ended: u64,
    refused: u64,
    lost: u64,
    talked: u64,
    rung: u64,
    pressed: u64,
    most_waiting: i64,
    /// Of all looks at how many wait.
    looks: u64,
    waiting_sum: u64,
}

/// Everybody.
pub(crate) struct House {
    plan: Plan,
    sockets: [UdpSocket; 2],
    /// The agents, then the trunk.
    phones: Vec<Phone>,
    deadlines: BTreeSet<(Duration, usize)>,
    due: Vec<Option<Duration>>,
    /// Keys that callers will press.
    keys: BTreeMap<(Duration, PhoneCallId), char>,
    callers: BTreeSet<PhoneCallId>,
    /// Which agents talk, and in how many calls.
    talking: BTreeMap<(usize, PhoneCallId), ()>,
    registered: BTreeSet<usize>,
    counts: Counts,
    chance: Chance,
    began: Instant,
}

impl House {
    pub(crate) fn open(plan: Plan, trunk: UdpSocket, phone: UdpSocket) -> Result<Self, Failure> {
        let flow = |local| Flow {
            transport: TransportKind::Udp,
            local,
            remote: plan.server,
            connection: 0,
        };
        let at = flow(phone.local_addr()?);
        let mut phones: Vec<Phone> = (0..plan.agents)
            .map(|agent| {
                let mut config = PhoneConfig::new(&format!("u{agent}"), "secret", "bench.test", at);
                config.behaviour = Behaviour::AnswerAfter(Duration::from_secs(1));
                config.lines = 2;
                Phone::new(config, agent as u64)
            })
            .collect();
        let mut carrier = PhoneConfig::carrier("bench.test", flow(trunk.local_addr()?));
        carrier.lines = 20_000;
        carrier.media_port = 6_000;
        phones.push(Phone::new(carrier, 0xca11));
        Ok(Self {
            due: vec![None; phones.len()],
            plan,
            sockets: [trunk, phone],
            phones,
            deadlines: BTreeSet::new(),
            keys: BTreeMap::new(),
            callers: BTreeSet::new(),
            talking: BTreeMap::new(),
            registered: BTreeSet::new(),
            counts: Counts::default(),
            chance: Chance::new(1),
            began: Instant::now(),
        })
    }

    /// Registers all agents.
    pub(crate) fn register(&mut self) -> Result<(), Failure> {
        for agent in 0..self.plan.agents {
            while agent >= self.registered.len() + REGISTERING {
                self.turn()?;
            }
            self.with(agent, |phone, now, out| phone.register(now, out))?;
        }
        while self.registered.len() < self.plan.agents {
            self.turn()?;
        }
        Ok(())
    }

    /// Callers come at the rate, whatever becomes of those before (open loop).
    pub(crate) fn work(&mut self, length: Duration) -> Result<(), Failure> {
        let began = self.now();
        let count = (length.as_secs_f64() * self.plan.rate) as u64;
        while self.counts.placed < count {
            let due = (self.now() - began).as_secs_f64() * self.plan.rate;
            while self.counts.placed < count && self.counts.placed as f64 <= due {
                self.call()?;
                self.look();
            }
            self.turn()?;
        }
        Ok(())
    }

    /// Nobody comes any more.
    pub(crate) fn empty(&mut self, tail: Duration) -> Result<(), Failure> {
        let end = self.now() + tail;
        while (!self.callers.is_empty() || !self.talking.is_empty()) && self.now() < end {
            self.turn()?;
        }
        Ok(())
    }

    /// What came of it, for programs.
    pub(crate) fn summary(&self) -> String {
        let Counts { placed, accepted, ended, refused, lost, talked, rung, pressed, .. } =
            self.counts;
        format!(
            "placed={placed} accepted={accepted} ended={ended} refused={refused} lost={lost} \
             talked={talked} rung={rung} pressed={pressed} open={} waiting_avg={:.1} \
             waiting_max={} seconds={:.1}",
            self.callers.len(),
            self.counts.waiting_sum as f64 / self.counts.looks.max(1) as f64,
            self.counts.most_waiting,
            self.now().as_secs_f64(),
        )
    }

    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    /// Callers without an agent.
    fn waiting(&self) -> i64 {
        self.callers.len() as i64 - self.talking.len() as i64
    }

    fn look(&mut self) {
        let waiting = self.waiting();
        self.counts.most_waiting = self.counts.most_waiting.max(waiting);
        self.counts.looks += 1;
        self.counts.waiting_sum += waiting.max(0) as u64;
    }

    fn call(&mut self) -> Result<(), Failure> {
        let queue = self.chance.below(self.plan.groups);
        let caller = format!("+49170{:07}", self.chance.below(10_000_000));
        // Whoever loses patience does so while he waits, while an agent rings, or while he talks.
        let patience = if self.chance.percent(15) {
            self.chance.time(200, 8_000)
        } else {
            self.chance.time(30_000, 60_000)
        };
        let plan = CallPlan { give_up_after: Some(patience), hang_up_after: Some(patience) };
        let number = format!("+49302{queue:07}");
        let dial = Dial::number(number).as_caller(&caller, "carrier.test").plan(plan);
        self.counts.placed += 1;
        let trunk = self.plan.agents;
        if let Some(call) = self.with(trunk, |phone, now, out| phone.call(now, dial, out))? {
            self.callers.insert(call);
            if self.chance.percent(5) {
                let at = self.now() + self.chance.time(500, 6_000);
                self.keys.insert((at, call), '1');
            }
        }
        Ok(())
    }

    /// Handles everything that waits or is due.
    fn turn(&mut self) -> Result<(), Failure> {
        let mut busy = false;
        let mut buffer = [0; 8_192];
        for socket in 0..2 {
            while let Ok(length) = self.sockets[socket].recv(&mut buffer) {
                busy = true;
                self.receive(socket, Bytes::copy_from_slice(&buffer[..length]))?;
            }
        }
        let now = self.now();
        while let Some(&(at, phone)) = self.deadlines.first()
            && at <= now
        {
            busy = true;
            self.with(phone, |phone, now, out| phone.timeout(now, out))?;
        }
        while let Some(entry) = self.keys.first_entry()
            && entry.key().0 <= now
        {
            let ((_, call), key) = entry.remove_entry();
            self.counts.pressed += 1;
            let body = Body::new("application/dtmf-relay", format!("Signal={key}\r\n"));
            let trunk = self.plan.agents;
            self.with(trunk, |phone, now, out| {
                phone.info(now, call, Vec::new(), Some(body), out);
            })?;
        }
        if !busy {
            std::thread::sleep(PAUSE);
        }
        Ok(())
    }

    fn receive(&mut self, socket: usize, bytes: Bytes) -> Result<(), Failure> {
        let phone = if socket == 0 { Some(self.plan.agents) } else { self.addressed(&bytes) };
        let Some(phone) = phone else {
            return Err(format!("for whom is {:?}?", String::from_utf8_lossy(&bytes)).into());
        };
        let flow = self.phones[phone].config().server;
        let message = Message::parse_datagram(bytes).map_err(|fault| format!("{fault:?}"))?;
        self.with(phone, |phone, now, out| phone.receive(now, flow, message, out))
    }

    /// The agents share a socket: a request names its agent in its URI, a response in From.
    fn addressed(&self, bytes: &[u8]) -> Option<usize> {
        let text = std::str::from_utf8(bytes).ok()?;
        let text = if text.starts_with("SIP/2.0") { text.split_once("\r\nFrom:")?.1 } else { text };
        let user = text.split_once("sip:u")?.1.split_once('@')?.0;
        user.parse().ok().filter(|agent| *agent < self.plan.agents)
    }

    fn with<R>(
        &mut self,
        phone: usize,
        action: impl FnOnce(&mut Phone, Duration, &mut Vec<PhoneOutput>) -> R,
    ) -> Result<R, Failure> {
        let now = self.now();
        let mut out = Vec::new();
        let result = action(&mut self.phones[phone], now, &mut out);
        for output in out {
            match output {
                PhoneOutput::Transmit { bytes, flow } => {
                    let socket = usize::from(phone != self.plan.agents);
                    self.sockets[socket].send_to(&bytes, flow.remote)?;
                }
                PhoneOutput::Event(event) => self.told(phone, &event),
            }
        }
        let due = self.phones[phone].deadline();
        if let Some(before) = std::mem::replace(&mut self.due[phone], due) {
            self.deadlines.remove(&(before, phone));
        }
        self.deadlines.extend(due.map(|at| (at, phone)));
        Ok(result)
    }

    fn told(&mut self, phone: usize, event: &PhoneEvent) {
        let is_trunk = phone == self.plan.agents;
        match event {
            PhoneEvent::Registered { .. } => {
                self.registered.insert(phone);
            }
            PhoneEvent::Ringing { .. } => {
                self.counts.rung += 1;
                // The more wait the shorter they talk: that keeps as many waiting as shall.
                let more = self.waiting() as f64 / self.plan.waiting.max(1.0);
                let mean = TALK_MS * (2.0 - more).clamp(0.3, 2.0);
                let talk = self.chance.time((mean * 0.3) as u64, (mean * 1.7) as u64);
                let behaviour = self.chance.behaviour();
                self.phones[phone].set_hang_up_after(Some(talk));
                self.phones[phone].set_behaviour(behaviour);
            }
            PhoneEvent::Answered { call, .. } if is_trunk => {
                self.counts.accepted += u64::from(self.callers.contains(call));
            }
            PhoneEvent::Answered { call, .. } => {
                self.counts.talked += 1;
                self.talking.insert((phone, *call), ());
            }
            PhoneEvent::Ended { call, cause } if is_trunk => {
                self.callers.remove(call);
                self.counts.ended += 1;
                match cause {
                    EndCause::Rejected(_) => self.counts.refused += 1,
                    EndCause::Lost => self.counts.lost += 1,
                    EndCause::Cancelled(_)
                    | EndCause::GaveUp
                    | EndCause::Declined(_)
                    | EndCause::HungUpByPeer(_)
                    | EndCause::HungUp => {}
                }
            }
            PhoneEvent::Ended { call, .. } => {
                self.talking.remove(&(phone, *call));
            }
            PhoneEvent::RegisterFailed { .. }
            | PhoneEvent::Unregistered
            | PhoneEvent::Progress { .. }
            | PhoneEvent::MediaChanged { .. }
            | PhoneEvent::InfoAnswered { .. }
            | PhoneEvent::Identified { .. }
            | PhoneEvent::ReferAnswered { .. }
            | PhoneEvent::ReferNotified { .. }
            | PhoneEvent::ChangeFailed { .. } => {}
        }
    }
}
