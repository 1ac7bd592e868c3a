//! One run: the switch, the phones around it, the network between them, media, store, and one
//! clock that jumps to whatever happens next.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use call::port::MediaEvent;
use model::directory::Directory;
use model::{Millis, Now};
use phone::{Phone, PhoneCallId, PhoneConfig, PhoneEvent, PhoneOutput};
use sip::flow::{Flow, TransportKind};
use sip::message::Message;
use sip::user_agent_core::ResolveId;
use switch::{Effect, Input, Restored, Switch};

use crate::errors::Errors;
use crate::ladder::{Ladder, Line};
use crate::media::Media;
use crate::network::{Conditions, Network};
use crate::setting::{self, SERVER, Setting};
use crate::store::Store;

/// 2026-01-05 10:00 UTC: the wall clock when the monotonic one is zero.
const EPOCH: Millis = Millis(1_767_607_200_000);
/// 64·T1, and what is on the network then.
const CALM: Duration = Duration::from_secs(40);
/// After this much silence media says so.
const SILENCE: Duration = Duration::from_secs(20);
/// How often things may happen in one instant before time must go on.
const STEPS_PER_INSTANT: u32 = 20_000;

/// Which phone: its position.
pub(crate) type PeerId = usize;

/// A phone, or the far end of the trunk.
pub(crate) struct Peer {
    pub(crate) name: String,
    /// Whose phone; `None`: a carrier.
    pub(crate) user: Option<&'static str>,
    pub(crate) phone: Phone,
    pub(crate) address: SocketAddr,
    pub(crate) events: Vec<(Duration, PhoneEvent)>,
    /// Calls that have begun, and those of them that have ended.
    pub(crate) begun: BTreeSet<PhoneCallId>,
    ended: BTreeSet<PhoneCallId>,
}

/// What is going to happen.
enum Happening {
    /// A message reaches a peer, or the switch.
    Arrives(Option<PeerId>, Flow, Bytes),
    /// A connection turns out to be broken.
    Broke(Flow),
    /// The store has what it was given; what came after may leave.
    Durable(Duration, Vec<Effect>),
    Resolved(ResolveId, Vec<(TransportKind, SocketAddr)>),
    Media(MediaEvent),
    Acts(Act),
}

/// What somebody does.
type Act = Box<dyn FnOnce(&mut World)>;

/// A run.
pub(crate) struct World {
    pub(crate) now: Duration,
    pub(crate) setting: Setting,
    pub(crate) switch: Switch,
    pub(crate) directory: Arc<Directory>,
    pub(crate) peers: Vec<Peer>,
    pub(crate) network: Network,
    pub(crate) media: Media,
    pub(crate) store: Store,
    pub(crate) ladder: Ladder,
    /// How long the store takes from now on.
    pub(crate) store_takes: Duration,
    /// What names resolve to.
    pub(crate) hosts: BTreeMap<String, Vec<(TransportKind, SocketAddr)>>,
    pub(crate) restarts: u32,
    /// Whether a datagram to nobody is refused, or only lost.
    pub(crate) unreachable_says_so: bool,
    /// Whether somebody may have vanished in the middle of a call.
    pub(crate) disturbed: bool,
    /// Faults that the run itself noticed.
    pub(crate) faults: Vec<String>,
    agenda: BTreeMap<(Duration, u64), Happening>,
    sequence: u64,
    durable_at: Duration,
    steps_now: u32,
    errors: Errors,
}

impl World {
    /// A house without phones.
    pub(crate) fn new(setting: Setting, conditions: Conditions) -> Self {
        let directory = setting::directory(&setting, false);
        let errors = Errors::watch();
        let mut world = Self {
            now: Duration::from_secs(1),
            switch: switch(&setting, Restored::default(), &directory, Duration::ZERO),
            directory,
            peers: Vec::new(),
            network: Network::new(conditions, setting.seed ^ 0x6e65_7477),
            media: Media::default(),
            store: Store::default(),
            ladder: Ladder::default(),
            store_takes: Duration::ZERO,
            hosts: BTreeMap::new(),
            restarts: 0,
            unreachable_says_so: false,
            disturbed: false,
            faults: Vec::new(),
            agenda: BTreeMap::new(),
            sequence: 0,
            durable_at: Duration::ZERO,
            steps_now: 0,
            errors,
            setting,
        };
        let pairs = world.media.bind(world.setting.ports);
        world.input(Input::Media(MediaEvent::Stock(pairs)));
        world
    }

    /// Adds a phone; its server and its domain are filled in.
    pub(crate) fn add(
        &mut self,
        user: Option<&'static str>,
        address: SocketAddr,
        transport: TransportKind,
        change: impl FnOnce(&mut PhoneConfig),
    ) -> PeerId {
        let connection = match transport {
            TransportKind::Udp => 0,
            TransportKind::Tcp | TransportKind::Tls | TransportKind::Ws | TransportKind::Wss => {
                1 + self.peers.len() as u64
            }
        };
        let server = Flow { transport, local: address, remote: SERVER, connection };
        let mut config = match user {
            Some(name) => PhoneConfig::new(name, name, setting::DOMAIN, server),
            None => PhoneConfig::carrier(setting::DOMAIN, server),
        };
        change(&mut config);
        let id = self.peers.len();
        let twins = self.peers.iter().filter(|peer| peer.user == user).count();
        let name = user.unwrap_or("carrier");
        let name = if twins == 0 { name.to_owned() } else { format!("{name}{twins}") };
        self.peers.push(Peer {
            name,
            user,
            phone: Phone::new(config, self.setting.seed << 8 | id as u64),
            address,
            events: Vec::new(),
            begun: BTreeSet::new(),
            ended: BTreeSet::new(),
        });
        id
    }

    /// Somebody does something at that time.
    pub(crate) fn at(&mut self, at: Duration, act: impl FnOnce(&mut World) + 'static) {
        self.schedule(at, Happening::Acts(Box::new(act)));
    }

    /// Lets a phone do something now.
    pub(crate) fn with<R>(
        &mut self,
        peer: PeerId,
        action: impl FnOnce(&mut Phone, Duration, &mut Vec<PhoneOutput>) -> R,
    ) -> R {
        let mut out = Vec::new();
        let now = self.now;
        let result = action(&mut self.peers[peer].phone, now, &mut out);
        for output in out {
            match output {
                PhoneOutput::Transmit { flow, bytes } => self.transmit(Some(peer), flow, bytes),
                PhoneOutput::Event(event) => self.tell(peer, event),
            }
        }
        result
    }

    /// A phone dials.
    pub(crate) fn dial(&mut self, peer: PeerId, dial: phone::Dial) -> Option<PhoneCallId> {
        self.note(|world| format!("{} dials {}", world.peers[peer].name, dial.number));
        let call = self.with(peer, |phone, now, out| phone.call(now, dial.clone(), out));
        // A call that failed at once has ended before it is known here.
        self.peers[peer].begun.extend(call);
        call
    }

    /// Writes into the ladder what is done.
    pub(crate) fn note(&mut self, what: impl FnOnce(&World) -> String) {
        let line = Line::Done(what(self));
        self.ladder.push(self.now, line);
    }

    /// Gives the switch an input.
    pub(crate) fn input(&mut self, input: Input) {
        let mut effects = Vec::new();
        self.switch.handle(wall(self.now), input, &mut effects);
        let records = effects.iter().any(|effect| matches!(effect, Effect::Record(_)));
        let takes = if records { self.store_takes } else { Duration::ZERO };
        self.durable_at = self.durable_at.max(self.now + takes);
        if self.durable_at <= self.now {
            self.let_out(self.now, effects);
        } else if !effects.is_empty() {
            self.schedule(self.durable_at, Happening::Durable(self.now, effects));
        }
    }

    /// The switch dies and comes back: what was not durable never happened.
    pub(crate) fn kill(&mut self) {
        self.note(|_| "the switch is killed".into());
        let ours = |happening: &Happening| match happening {
            Happening::Arrives(Some(_), ..) | Happening::Acts(_) => false,
            Happening::Arrives(None, flow, _) => flow.transport.reliable(),
            Happening::Broke(_)
            | Happening::Durable(..)
            | Happening::Resolved(..)
            | Happening::Media(_) => true,
        };
        self.agenda.retain(|_, happening| !ours(happening));
        self.durable_at = self.now;
        self.restarts += 1;
        let restored = self.store.restart(&self.directory);
        let mut setting = self.setting.clone();
        setting.seed ^= u64::from(self.restarts) << 32;
        self.switch = switch(&setting, restored, &self.directory, self.now);
        let pairs = self.media.bind(self.setting.ports);
        self.input(Input::Media(MediaEvent::Stock(pairs)));
        for peer in 0..self.peers.len() {
            let flow = self.peers[peer].phone.config().server;
            if flow.transport.reliable() {
                self.with(peer, |phone, now, out| phone.transport_failed(now, flow, out));
            }
        }
    }

    /// A phone loses power and comes back: it knows of no call any more.
    pub(crate) fn reboot(&mut self, peer: PeerId) {
        self.note(|world| format!("{} reboots", world.peers[peer].name));
        self.disturbed = true;
        self.break_connection(peer);
        let seed = self.setting.seed << 8 | 0x80 | peer as u64;
        let peer = &mut self.peers[peer];
        peer.phone = Phone::new(peer.phone.config().clone(), seed);
        // Its numbers begin anew.
        peer.begun.clear();
        peer.ended.clear();
    }

    /// A peer's connection breaks.
    pub(crate) fn break_connection(&mut self, peer: PeerId) {
        let flow = self.peers[peer].phone.config().server;
        if !flow.transport.reliable() {
            return;
        }
        self.note(|world| format!("the connection of {} breaks", world.peers[peer].name));
        let on_it = |happening: &Happening| match happening {
            Happening::Arrives(_, other, _) => {
                other.transport == flow.transport
                    && [other.local, other.remote].contains(&flow.local)
            }
            Happening::Broke(_)
            | Happening::Durable(..)
            | Happening::Resolved(..)
            | Happening::Media(_)
            | Happening::Acts(_) => false,
        };
        self.agenda.retain(|_, happening| !on_it(happening));
        self.input(Input::SipFailed { flow: turned(flow) });
        self.with(peer, |phone, now, out| phone.transport_failed(now, flow, out));
    }

    /// Plays until that time.
    pub(crate) fn run_until(&mut self, end: Duration) {
        while let Some(at) = self.next().filter(|at| *at <= end) {
            if at > self.now {
                self.now = at;
                self.steps_now = 0;
            }
            self.steps_now += 1;
            assert!(self.steps_now < STEPS_PER_INSTANT, "time stands still at {:?}", self.now);
            self.step();
        }
        self.now = end;
    }

    /// Plays for so long.
    pub(crate) fn run_for(&mut self, time: Duration) {
        self.run_until(self.now + time);
    }

    fn next(&self) -> Option<Duration> {
        let agenda = self.agenda.first_key_value().map(|((at, _), _)| *at);
        let peers = self.peers.iter().filter_map(|peer| peer.phone.deadline()).min();
        [agenda, peers, self.switch.next_deadline()].into_iter().flatten().min()
    }

    /// What was sent earlier comes before what is due by the clock.
    fn step(&mut self) {
        let now = self.now;
        if let Some(entry) = self.agenda.first_entry()
            && entry.key().0 <= now
        {
            let happening = entry.remove();
            return self.happen(happening);
        }
        if self.switch.next_deadline().is_some_and(|at| at <= now) {
            return self.input(Input::Deadline);
        }
        let due = |peer: &Peer| peer.phone.deadline().is_some_and(|at| at <= now);
        if let Some(peer) = self.peers.iter().position(due) {
            self.with(peer, |phone, now, out| phone.timeout(now, out));
        }
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Arrives(peer, flow, bytes) => {
                let message = match Message::parse_datagram(bytes) {
                    Ok(message) => message,
                    Err(fault) => return self.faults.push(format!("not a message: {fault:?}")),
                };
                match peer {
                    Some(peer) => self.with(peer, |phone, now, out| {
                        phone.receive(now, flow, message, out);
                    }),
                    None => self.input(Input::Sip { flow, message }),
                }
            }
            Happening::Broke(flow) => self.input(Input::SipFailed { flow }),
            Happening::Durable(decided, effects) => self.let_out(decided, effects),
            Happening::Resolved(id, targets) => self.input(Input::Resolved { id, targets }),
            Happening::Media(event) => self.input(Input::Media(event)),
            Happening::Acts(act) => act(self),
        }
    }

    fn let_out(&mut self, decided: Duration, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Record(recorded) => {
                    self.ladder.push(self.now, Line::Recorded(recorded.clone()));
                    self.store.record(recorded);
                }
                Effect::Transmit { flow, bytes } => {
                    self.store.witness(&bytes);
                    self.transmit(None, flow, bytes);
                }
                Effect::Media(command) => {
                    if let Some(pair) = self.media.command(decided, command) {
                        let back = MediaEvent::Stock(vec![pair]);
                        let at = self.now + Duration::from_millis(1);
                        self.schedule(at, Happening::Media(back));
                    }
                }
                Effect::Resolve { id, host, .. } => {
                    let targets = self.hosts.get(&host).cloned().unwrap_or_default();
                    let at = self.now + Duration::from_millis(20);
                    self.schedule(at, Happening::Resolved(id, targets));
                }
                Effect::Aborted { call, .. } => self.faults.push(format!("{call} aborted")),
                Effect::Location(location) => self.store.locate(location),
                Effect::Cursor(group, user) => self.store.cursor(group, user),
            }
        }
    }

    /// A message leaves the switch (`None`) or a peer.
    fn transmit(&mut self, from: Option<PeerId>, flow: Flow, bytes: Bytes) {
        let arrivals = self.network.arrivals(self.now, flow, &bytes);
        let to = self.peers.iter().position(|peer| peer.address == flow.remote);
        let name = |peer: Option<PeerId>| peer.map_or("switch", |peer| &self.peers[peer].name);
        let receiver = match (from, to) {
            (None, None) => flow.remote.to_string(),
            _ => name(to).to_owned(),
        };
        let line = Line::Sent {
            from: name(from).to_owned(),
            to: receiver,
            bytes: bytes.clone(),
            arrivals: arrivals.clone(),
        };
        self.ladder.push(self.now, line);
        let flow = match to {
            // Both ends have one number for it here, also where it is to be reused or opened.
            Some(peer) => {
                let own = self.peers[peer].phone.config().server;
                if own.transport == flow.transport { own } else { turned(flow) }
            }
            None => turned(flow),
        };
        match (from, to) {
            (None, None) if flow.transport.reliable() || self.unreachable_says_so => {
                let refused = self.now + Duration::from_millis(15);
                self.schedule(refused, Happening::Broke(turned(flow)));
            }
            (None, None) => {}
            (None, Some(_)) | (Some(_), _) => {
                for at in arrivals {
                    let arrives = Happening::Arrives(to, flow, bytes.clone());
                    self.schedule(at, arrives);
                }
            }
        }
    }

    fn tell(&mut self, peer: PeerId, event: PhoneEvent) {
        let known = &mut self.peers[peer];
        match &event {
            PhoneEvent::Ringing { call, .. } => {
                known.begun.insert(*call);
            }
            PhoneEvent::Ended { call, .. } => {
                if !known.ended.insert(*call) {
                    self.faults.push(format!("{} ended {call:?} twice", known.name));
                }
            }
            PhoneEvent::Registered { .. }
            | PhoneEvent::RegisterFailed { .. }
            | PhoneEvent::Unregistered
            | PhoneEvent::Progress { .. }
            | PhoneEvent::Answered { .. }
            | PhoneEvent::MediaChanged { .. }
            | PhoneEvent::ChangeFailed { .. } => {}
        }
        let line = Line::Told(known.name.clone(), event.clone());
        known.events.push((self.now, event));
        self.ladder.push(self.now, line);
    }

    fn schedule(&mut self, at: Duration, happening: Happening) {
        self.sequence += 1;
        self.agenda.insert((at, self.sequence), happening);
    }

    /// Ends the run: the network is calm, whoever still talks hangs up, media notices the calls
    /// whose far end is gone, and then nothing happens for 64·T1.
    pub(crate) fn finish(&mut self) {
        self.note(|_| "calm".into());
        self.network.calm();
        self.store_takes = Duration::ZERO;
        for peer in 0..self.peers.len() {
            if self.peers[peer].user.is_some() {
                self.with(peer, |phone, now, out| phone.unregister(now, out));
            }
            let calls: Vec<_> = self.peers[peer].phone.calls().map(|(call, _)| call).collect();
            for call in calls {
                self.with(peer, |phone, now, out| phone.hang_up(now, call, out));
            }
        }
        if !self.switch.is_calm() {
            self.run_for(SILENCE);
            for leg in self.media.watched() {
                let after = SILENCE;
                self.input(Input::Media(MediaEvent::TimedOut { leg, after }));
            }
        }
        self.run_for(CALM);
    }

    /// What the phones and the switch still have, and what was logged.
    pub(crate) fn remains(&self) -> Vec<String> {
        let mut faults = self.faults.clone();
        faults.extend(self.errors.take());
        let counters = self.switch.counters();
        if !self.switch.is_calm() {
            faults.push(format!("the switch is not calm: {counters:?}"));
        }
        if counters.ports_in_stock != usize::from(self.setting.ports) {
            faults.push(format!("{} ports in stock", counters.ports_in_stock));
        }
        if counters.aborted != 0 {
            faults.push(format!("{} calls aborted", counters.aborted));
        }
        if self.media.open_legs() != 0 {
            faults.push(format!("{} legs open in media", self.media.open_legs()));
        }
        faults.extend(self.media.faults.iter().cloned());
        for peer in &self.peers {
            let counts = peer.phone.counts();
            if peer.phone.calls().next().is_some() || !counts.is_zero() {
                faults.push(format!("{} keeps {counts:?}", peer.name));
            }
            if peer.begun != peer.ended {
                faults
                    .push(format!("{}: began {:?}, ended {:?}", peer.name, peer.begun, peer.ended));
            }
        }
        faults
    }
}

/// The wall clock at a time of the run.
pub(crate) fn wall(mono: Duration) -> Now {
    Now { mono, wall: EPOCH.plus(mono) }
}

/// A flow as the other end sees it.
fn turned(flow: Flow) -> Flow {
    Flow { local: flow.remote, remote: flow.local, ..flow }
}

fn switch(
    setting: &Setting,
    restored: Restored,
    directory: &Arc<Directory>,
    now: Duration,
) -> Switch {
    let config = setting::config(setting);
    Switch::new(setting.seed, config, restored, directory.clone(), wall(now))
}
