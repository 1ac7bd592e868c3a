//! The relay thread: level-triggered epoll over all bound ports, one receive and at most one send
//! for each packet, commands and what the sound thread has made between the packets.
//!
//! Invariants:
//! * the packet path neither allocates nor locks nor reads the clock;
//! * every bound socket is watched from binding on, so that what arrives at a port of the stock or
//!   at a resting one is thrown away before a leg gets the port;
//! * sockets stay unconnected: connecting them once latched measured a tenth cheaper, but the
//!   kernel would then answer strangers with ICMP errors, and nobody would count them;
//! * the thread waits for nobody: an event that the core has no room for is kept ([`outbox`]) and
//!   offered again, a packet that the sound thread has no room for is dropped and counted;
//! * it does not rest between turns: a quarter of a millisecond of rest under load, so that one
//!   wake-up serves many packets, measured no cheaper than none, and half of it later.

mod commands;
mod deadlines;
mod latch;
mod outbox;
mod packet;
mod socket;
mod table;
mod transport;
pub(crate) mod wake;

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use call::port::{MediaEvent, PortPair};
use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::io::Errno;
use rustix::time::Timespec;

pub(crate) use self::commands::{COMMANDS, Control};
use self::outbox::Outbox;
use self::packet::Component;
use self::socket::SocketPair;
pub(crate) use self::table::Settings;
use self::table::{Forward, Place, Received, Table};
use self::wake::Wake;
use crate::clock;
use crate::config::MediaConfig;
use crate::counters::Totals;
use crate::handoff::{Heard, SoundLine};
use crate::patch::PatchBay;
use crate::plane::EventSink;
use crate::ports::PortPool;
use crate::sound::thread::SoundTotals;

/// Packets that are handled before commands and deadlines have their turn.
const BATCH: usize = 256;
/// How long it waits before it tries again what failed: an event without room, ports that others
/// had.
const RETRY_OFFER: Duration = Duration::from_millis(5);
const RETRY_BIND: Duration = Duration::from_secs(1);
/// The largest UDP datagram: nothing is cut off.
const DATAGRAM: usize = 65_536;
/// Marks the wake-up among the sockets.
const WAKE: u64 = u64::MAX;

/// Everything the thread owns.
pub(crate) struct Relay<S> {
    config: MediaConfig,
    epoll: OwnedFd,
    wake: Arc<Wake>,
    control: Receiver<Control>,
    /// By place in the port range; a pair stays bound once it was.
    sockets: Vec<Option<SocketPair>>,
    pool: PortPool,
    bay: PatchBay,
    table: Table,
    sound: SoundLine,
    totals: Arc<Totals>,
    sound_totals: Arc<SoundTotals>,
    sink: S,
    outbox: Outbox,
    /// Room for a packet that is made here.
    packet: Vec<u8>,
    /// When they are offered again.
    offer_at: Option<Duration>,
    /// Until then no port is bound, because none could be.
    bind_at: Option<Duration>,
    exhausted: bool,
}

impl<S: EventSink> Relay<S> {
    /// Binds the first stock, so that a wrong address is an error at the start.
    pub(crate) fn new(
        config: MediaConfig,
        wake: Arc<Wake>,
        control: Receiver<Control>,
        (sound, sound_totals): (SoundLine, Arc<SoundTotals>),
        totals: Arc<Totals>,
        sink: S,
    ) -> io::Result<Self> {
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        epoll::add(&epoll, &*wake, EventData::new_u64(WAKE), EventFlags::IN)?;
        let places = config.ports.count();
        let mut relay = Self {
            pool: PortPool::new(config.ports.pairs(), config.rest()),
            bay: PatchBay::default(),
            table: Table::new(places, config.table()),
            sockets: std::iter::repeat_with(|| None).take(places).collect(),
            config,
            epoll,
            wake,
            control,
            sound,
            totals,
            sound_totals,
            sink,
            outbox: Outbox::default(),
            packet: Vec::new(),
            offer_at: None,
            bind_at: None,
            exhausted: false,
        };
        let mut fault = relay.fill_stock(clock::now());
        // One turn asks a part of the range, which other programs may have: at the start all of it
        // is asked.
        for _ in 0..places / relay.stock_level() {
            if relay.pool.counts().stocked > 0 {
                break;
            }
            relay.bind_at = None;
            fault = relay.fill_stock(clock::now());
        }
        if relay.pool.counts().stocked == 0 {
            return Err(fault.unwrap_or_else(|| io::Error::from(io::ErrorKind::AddrInUse)));
        }
        relay.publish();
        Ok(relay)
    }

    /// Runs until told to stop, or until nobody is left to tell.
    pub(crate) fn run(mut self) {
        let mut events: Vec<Event> = Vec::with_capacity(BATCH);
        let mut datagram = vec![0; DATAGRAM].into_boxed_slice();
        let mut now = clock::now();
        loop {
            let timeout = self.next_deadline().map(|at| timespec(at.saturating_sub(now)));
            events.clear();
            match epoll::wait(&self.epoll, spare_capacity(&mut events), timeout.as_ref()) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => {
                    tracing::error!(%error, "the media relay cannot wait for packets and stops");
                    return;
                }
            }
            now = clock::now();
            let mut woken = false;
            for event in &events {
                match event.data.u64() {
                    WAKE => woken = true,
                    data => self.relay(now, data, &mut datagram),
                }
            }
            if woken && !self.obey(now) {
                return;
            }
            self.pass_time(now);
            self.publish();
            self.offer(now);
        }
    }

    /// Takes one packet from a socket that has some. The next one waits for the next turn: usually
    /// there is none, and asking would cost as much as taking it.
    fn relay(&mut self, now: Duration, data: u64, datagram: &mut [u8]) {
        let (place, component) = Component::decode(data);
        let Some(sockets) = &self.sockets[place] else {
            return;
        };
        // Errors are the kernel's to remember (it reports each once) and the peer's to repeat.
        let Ok((len, source)) = sockets.of(component).recv_from(datagram) else {
            return;
        };
        let packet = &mut datagram[..len];
        let Some(received) = self.table.receive(now, place, component, source, packet) else {
            return;
        };
        if received.taken {
            self.hand_over(now, &received, packet);
        }
        if let Some(way) = self.table.forward(now, &received, packet) {
            self.send(way, packet);
        }
    }

    /// Gives the sound thread a copy of a packet.
    fn hand_over(&mut self, now: Duration, received: &Received, packet: &[u8]) {
        let mut payload = self.sound.buffers.take();
        payload.extend_from_slice(received.payload(packet));
        let header = received.header;
        self.sound.packet(Heard {
            leg: received.leg,
            at: now,
            payload_type: header.payload_type,
            marker: header.marker,
            sequence: header.sequence,
            timestamp: header.timestamp,
            ssrc: header.ssrc,
            payload,
        });
    }

    fn send(&mut self, way: Forward, packet: &[u8]) {
        let Some(sockets) = &self.sockets[way.place] else {
            return;
        };
        if sockets.of(way.component).send_to(packet, way.to).is_err() {
            self.table.counts.send_failed += 1;
        }
    }

    /// What is due: rested ports, silent conversations, a stock to fill.
    fn pass_time(&mut self, now: Duration) {
        self.offer_at.take_if(|at| *at <= now);
        self.bind_at.take_if(|at| *at <= now);
        self.pool.wake(now);
        if self.table.next_deadline().is_some_and(|at| at <= now) {
            let (sockets, mut failed) = (&self.sockets, 0);
            self.table.tick(now, |way, packet| {
                let sockets = sockets[way.place].as_ref();
                let sent = sockets.map(|of| of.of(way.component).send_to(packet, way.to));
                failed += u64::from(!matches!(sent, Some(Ok(_))));
            });
            self.table.counts.send_failed += failed;
        }
        if !self.table.notices.is_empty() {
            self.tell();
        }
        if self.sound.is_waiting() {
            self.sound.flush();
        }
        // Not for every leg that opens: a report of many ports costs the core no more than of one.
        let level = self.stock_level();
        if self.pool.counts().stocked + (level / 4).max(1) <= level {
            self.fill_stock(now);
        }
    }

    /// Fills the stock; the last error, if a port could not be bound.
    fn fill_stock(&mut self, now: Duration) -> Option<io::Error> {
        let level = self.stock_level();
        let Self { pool, sockets, epoll, config, bind_at, .. } = self;
        let mut fault = None;
        let new = pool.fill_stock(level, |pair| {
            let Some(place) = config.ports.index(pair) else {
                return false;
            };
            if sockets[place].is_none() && bind_at.is_none() {
                match bind(config, epoll, place, pair) {
                    Ok(bound) => sockets[place] = Some(bound),
                    Err(error) => fault = Some(error),
                }
            }
            sockets[place].is_some()
        });
        if !new.is_empty() {
            self.outbox.push(MediaEvent::Stock(new));
        }
        let stocked = self.pool.counts().stocked;
        if let Some(error) = fault.as_ref().filter(|_| stocked < level) {
            tracing::warn!(%error, range = %self.config.ports, "media ports could not be bound");
            self.bind_at = Some(now + RETRY_BIND);
        }
        let exhausted = stocked == 0;
        if exhausted && !self.exhausted {
            self.table.counts.exhausted += 1;
            tracing::warn!(range = %self.config.ports, "all media ports are in use");
        }
        self.exhausted = exhausted;
        fault
    }

    /// Offers events to the core until it has no room.
    fn offer(&mut self, now: Duration) {
        if self.offer_at.is_none() && !self.outbox.offer(|event| self.sink.offer(event)) {
            self.offer_at = Some(now + RETRY_OFFER);
        }
    }

    fn stock_level(&self) -> usize {
        self.config.stock.min(self.config.ports.count()).max(1)
    }

    fn next_deadline(&self) -> Option<Duration> {
        let retry = self.sound.is_waiting().then(|| clock::now() + RETRY_OFFER);
        [self.pool.next_deadline(), self.table.next_deadline(), self.offer_at, self.bind_at, retry]
            .into_iter()
            .flatten()
            .min()
    }

    fn publish(&mut self) {
        let ports = self.pool.counts();
        let counts = &mut self.table.counts;
        counts.legs = ports.open as u64;
        counts.ports_stocked = ports.stocked as u64;
        counts.ports_resting = ports.resting as u64;
        counts.ports_free = ports.free as u64;
        counts.events_dropped = self.outbox.dropped();
        counts.sound_packets_dropped = self.sound.dropped();
        counts.sound_frames = self.sound_totals.frames();
        counts.sound_frames_dropped = self.sound_totals.dropped();
        counts.sound_turns_late = self.sound_totals.late();
        counts.sound_turns_skipped = self.sound_totals.skipped();
        self.totals.publish(counts);
    }
}

fn bind(
    config: &MediaConfig,
    epoll: &OwnedFd,
    place: Place,
    pair: PortPair,
) -> io::Result<SocketPair> {
    let sockets = SocketPair::bind(config.address, pair, config.dscp)?;
    for component in [Component::Rtp, Component::Rtcp] {
        let data = EventData::new_u64(component.encode(place));
        epoll::add(epoll, sockets.of(component), data, EventFlags::IN)?;
    }
    Ok(sockets)
}

/// Rounded up, so that what is due is due when the wait is over.
fn timespec(duration: Duration) -> Timespec {
    Timespec {
        tv_sec: i64::try_from(duration.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: duration.subsec_nanos().into(),
    }
}
