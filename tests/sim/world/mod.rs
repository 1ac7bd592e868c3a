//! One run: the switch, the phones around it, the network between them, media, store, and one
//! clock that jumps to whatever happens next.

mod acts;
mod audit;
mod calm;
mod disasters;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use call::port::{LookedUp, MediaEvent};
use model::directory::Directory;
use model::recording::{RecordingChange, RecordingId};
use model::{CallId, Millis, Now};
use phone::{Phone, PhoneCallId, PhoneConfig, PhoneEvent, PhoneOutput};
use sip::flow::{Flow, TransportKind};
use sip::message::{Message, Method};
use sip::user_agent_core::ResolveId;
use switch::{Effect, Input, Restored, Switch};

use crate::control::Answers;
use crate::damage::damaged;
use crate::errors::Errors;
use crate::ladder::{Ladder, Line, header};
use crate::media::Media;
use crate::network::{Conditions, Network};
use crate::random::Random;
use crate::setting::{self, SERVER, Setting};
use crate::store::Store;

/// 2026-01-05 10:00 UTC: the wall clock when the monotonic one is zero.
const EPOCH: Millis = Millis(1_767_607_200_000);
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
    /// Calls that are answered and not ended.
    pub(crate) talking: BTreeSet<PhoneCallId>,
    /// Calls that it has handed on.
    handed: BTreeSet<PhoneCallId>,
    /// Call-IDs of what it watches.
    watches: BTreeSet<String>,
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
    LookedUp(CallId, LookedUp),
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
    /// How many datagrams of a thousand arrive a second time, damaged.
    pub(crate) damaged_permille: u64,
    /// How late the switch looks at the clock.
    pub(crate) sluggish: Duration,
    /// How far the wall clock is off by now, milliseconds, and whether it ever jumped.
    pub(crate) clock_off_ms: i64,
    pub(crate) clock_jumped: bool,
    /// Whether effects ever waited for the store, and messages were ever lost with a connection.
    pub(crate) store_was_away: bool,
    pub(crate) connection_broke: bool,
    /// Whether a datagram to nobody is refused, or only lost.
    pub(crate) unreachable_says_so: bool,
    /// Whether somebody may have vanished in the middle of a call.
    pub(crate) disturbed: bool,
    /// Recordings that began and are not closed.
    pub(crate) recordings: BTreeSet<RecordingId>,
    /// Legs whose figures are kept.
    pub(crate) qualities: BTreeSet<String>,
    /// Orders, and what came of them.
    pub(crate) answers: Answers,
    /// Whether somebody may listen whom no row names.
    pub(crate) supervised: bool,
    /// NOTIFYs that reached who watches.
    pub(crate) notified: u64,
    /// Faults that the run itself noticed.
    pub(crate) faults: Vec<String>,
    agenda: BTreeMap<(Duration, u64), Happening>,
    sequence: u64,
    durable_at: Duration,
    steps_now: u32,
    /// When the floor is looked at next.
    look_at: Duration,
    damages: Random,
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
            damaged_permille: 0,
            sluggish: Duration::ZERO,
            clock_off_ms: 0,
            clock_jumped: false,
            store_was_away: false,
            connection_broke: false,
            unreachable_says_so: false,
            damages: Random::new(!setting.seed),
            disturbed: false,
            recordings: BTreeSet::new(),
            qualities: BTreeSet::new(),
            answers: Answers::default(),
            supervised: false,
            notified: 0,
            faults: Vec::new(),
            agenda: BTreeMap::new(),
            sequence: 0,
            durable_at: Duration::ZERO,
            steps_now: 0,
            look_at: Duration::ZERO,
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
            talking: BTreeSet::new(),
            handed: BTreeSet::new(),
            watches: BTreeSet::new(),
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
        let mut now = wall(self.now);
        now.wall.0 += self.clock_off_ms;
        self.switch.handle(now, input, &mut effects);
        let records = effects.iter().any(|effect| matches!(effect, Effect::Record(_)));
        let takes = if records { self.store_takes } else { Duration::ZERO };
        self.durable_at = self.durable_at.max(self.now + takes);
        if self.durable_at <= self.now {
            self.let_out(self.now, effects);
        } else if !effects.is_empty() {
            self.schedule(self.durable_at, Happening::Durable(self.now, effects));
        }
    }

    /// Plays until that time.
    pub(crate) fn run_until(&mut self, end: Duration) {
        while let Some(at) = self.next().filter(|at| *at <= end) {
            if at > self.now {
                self.audit();
                self.audit_floor();
                self.now = at;
                self.steps_now = 0;
            }
            self.steps_now += 1;
            assert!(
                self.steps_now < STEPS_PER_INSTANT,
                "time stands still at {:?}: switch {:?}, agenda {:?}",
                self.now,
                self.switch.next_deadline(),
                self.agenda.first_key_value().map(|(key, _)| key),
            );
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
        let switch = self.switch.next_deadline();
        [agenda, peers, switch.map(|at| at + self.sluggish)].into_iter().flatten().min()
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
        let deadline = self.switch.next_deadline();
        if deadline.is_some_and(|at| at + self.sluggish <= now) {
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
                let whole = bytes.clone();
                let message = match Message::parse_datagram(bytes) {
                    Ok(message) => message,
                    Err(fault) if self.is_damaged() => {
                        if peer.is_none() {
                            self.input(Input::Malformed { flow, fault });
                        }
                        return;
                    }
                    Err(fault) => return self.faults.push(format!("not a message: {fault:?}")),
                };
                if let Some(peer) = peer
                    && let Message::Request(request) = &message
                    && *request.method() == Method::Notify
                    && self.notified(peer, flow, &whole)
                {
                    return;
                }
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
            Happening::Media(event) => {
                if self.media.still(&event) {
                    self.input(Input::Media(event));
                }
            }
            Happening::LookedUp(call, found) => self.input(Input::LookedUp { call, found }),
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
                    if !self.is_damaged() {
                        self.store.witness(&bytes);
                    }
                    self.transmit(None, flow, bytes);
                }
                Effect::Media(command) => {
                    for (later, event) in self.media.command(decided, command) {
                        self.schedule(self.now + later, Happening::Media(event));
                    }
                }
                Effect::Resolve { id, host, .. } => {
                    let targets = self.hosts.get(&host).cloned().unwrap_or_default();
                    let at = self.now + Duration::from_millis(20);
                    self.schedule(at, Happening::Resolved(id, targets));
                }
                Effect::Aborted { call, .. } => self.faults.push(format!("{call} aborted")),
                Effect::Recording(id, change) => self.recording(&id, &change),
                Effect::LegQuality(quality) => {
                    let name = format!("{} {:?}", quality.call, quality.leg);
                    let is_new = self.qualities.insert(name.clone());
                    if !is_new && !self.store.moved(&quality.call) {
                        self.faults.push(format!("{name} has its figures twice"));
                    }
                }
                Effect::ClientReport(report) => self.faults.push(format!("{report:?}")),
                Effect::Location(location) => self.store.locate(location),
                Effect::Cursor(group, user) => self.store.cursor(group, user),
                Effect::Agent(change) => self.store.agent(change),
                Effect::Voicemail(change) => self.store.voicemail(change),
                Effect::Answered { order, answer } => {
                    let answer = answer.map_err(|(refusal, _)| refusal);
                    self.faults.extend(self.answers.take(order, answer));
                }
                // A service that knows nobody.
                Effect::LookUp { call, number } => {
                    let found = LookedUp { number, record: None };
                    let at = self.now + Duration::from_millis(100);
                    self.schedule(at, Happening::LookedUp(call, found));
                }
            }
        }
    }

    /// A NOTIFY of what a peer watches is answered at once, and again when it comes again.
    /// Returns whether it was one: who has rebooted knows of none, and his telephone says so.
    fn notified(&mut self, peer: PeerId, flow: Flow, notify: &[u8]) -> bool {
        if !self.peers[peer].watches.contains(&header(notify, "Call-ID")) {
            return false;
        }
        self.notified += 1;
        let names = ["Via", "From", "To", "Call-ID", "CSeq"];
        let lines = names.map(|name| format!("{name}: {}\r\n", header(notify, name)));
        let text = format!("SIP/2.0 200 OK\r\n{}Content-Length: 0\r\n\r\n", lines.concat());
        self.transmit(Some(peer), flow, Bytes::from(text));
        true
    }

    /// A recording begins once and is closed once, and nothing becomes of it outside of that.
    fn recording(&mut self, id: &RecordingId, change: &RecordingChange) {
        let fits = match change {
            RecordingChange::Began { .. } => self.recordings.insert(id.clone()),
            RecordingChange::Ended { .. } => self.recordings.remove(id),
            RecordingChange::Paused { .. }
            | RecordingChange::Resumed { .. }
            | RecordingChange::Failed { .. } => self.recordings.contains(id),
        };
        if !fits {
            self.faults.push(format!("{id}: {change:?}"));
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
                    if self.damages.chance(self.damaged_permille) && !flow.transport.reliable() {
                        let bytes = damaged(&bytes, &mut self.damages);
                        let at = at + Duration::from_millis(self.damages.below(100));
                        self.schedule(at, Happening::Arrives(to, flow, bytes));
                    }
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
            PhoneEvent::Answered { call, .. } => {
                known.talking.insert(*call);
            }
            PhoneEvent::Ended { call, .. } => {
                known.talking.remove(call);
                if !known.ended.insert(*call) {
                    self.faults.push(format!("{} ended {call:?} twice", known.name));
                }
            }
            PhoneEvent::ReferAnswered { call, status: 200..300 } => {
                known.handed.insert(*call);
            }
            PhoneEvent::ReferAnswered { .. }
            | PhoneEvent::Registered { .. }
            | PhoneEvent::RegisterFailed { .. }
            | PhoneEvent::Unregistered
            | PhoneEvent::Progress { .. }
            | PhoneEvent::MediaChanged { .. }
            | PhoneEvent::InfoAnswered { .. }
            | PhoneEvent::Identified { .. }
            | PhoneEvent::ReferNotified { .. }
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
