//! The relay thread: level-triggered epoll over all bound ports, one receive and at most one send
//! for each packet, commands between the packets.
//!
//! Invariants:
//! * the packet path neither allocates nor locks nor reads the clock;
//! * every bound socket is watched from binding on, so that what arrives at a port of the stock or
//!   at a resting one is thrown away before a leg gets the port;
//! * sockets stay unconnected: connecting them once latched measured a tenth cheaper, but the
//!   kernel would then answer strangers with ICMP errors, and nobody would count them;
//! * the thread never waits for the core: an event that the core has no room for is kept (at most
//!   one stock and one timeout for each leg) and offered again.

mod latch;
mod packet;
mod socket;
mod table;
pub(crate) mod wake;

use std::collections::VecDeque;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError};
use std::time::Duration;

use call::port::{LegId, MediaCommand, MediaEvent, PortPair};
use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::io::Errno;
use rustix::time::Timespec;

use crate::clock;
use crate::config::MediaConfig;
use crate::counters::{LegReport, Totals};
use crate::plane::EventSink;
use crate::ports::PortPool;
use crate::relay::packet::Component;
use crate::relay::socket::SocketPair;
use crate::relay::table::{Place, Table};
use crate::relay::wake::Wake;

/// Packets that are handled before commands and deadlines have their turn.
const BATCH: usize = 256;
/// What the relay thread takes from its channel in one turn.
pub(crate) const COMMANDS: usize = 1024;
/// How long it waits before it tries again what failed: an event without room, ports that others
/// had.
const RETRY_OFFER: Duration = Duration::from_millis(5);
const RETRY_BIND: Duration = Duration::from_secs(1);
/// The largest UDP datagram: nothing is cut off.
const DATAGRAM: usize = 65_536;
/// Marks the wake-up among the sockets.
const WAKE: u64 = u64::MAX;

/// What the relay thread is told.
#[derive(Debug)]
pub(crate) enum Control {
    /// By the core.
    Command(MediaCommand),
    /// To tell the counters of all legs.
    Report(SyncSender<Vec<LegReport>>),
    /// To end.
    Stop,
}

/// Everything the thread owns.
pub(crate) struct Relay<S> {
    config: MediaConfig,
    epoll: OwnedFd,
    wake: Arc<Wake>,
    control: Receiver<Control>,
    /// By place in the port range; a pair stays bound once it was.
    sockets: Vec<Option<SocketPair>>,
    pool: PortPool,
    table: Table,
    totals: Arc<Totals>,
    sink: S,
    /// Events the core had no room for.
    unsent: VecDeque<MediaEvent>,
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
        totals: Arc<Totals>,
        sink: S,
    ) -> io::Result<Self> {
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        epoll::add(&epoll, &*wake, EventData::new_u64(WAKE), EventFlags::IN)?;
        let places = config.ports.count();
        let mut relay = Self {
            pool: PortPool::new(config.ports.pairs(), config.rest()),
            table: Table::new(places, config.timeout()),
            sockets: std::iter::repeat_with(|| None).take(places).collect(),
            config,
            epoll,
            wake,
            control,
            totals,
            sink,
            unsent: VecDeque::new(),
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
        let packet = &datagram[..len];
        let Some(forward) = self.table.receive(now, place, component, source, packet) else {
            return;
        };
        let Some(sockets) = &self.sockets[forward.place] else {
            return;
        };
        match sockets.of(forward.component).send_to(packet, forward.to) {
            Ok(_) => self.table.counts.forwarded += 1,
            Err(_) => self.table.counts.send_failed += 1,
        }
    }

    /// Empties the channel; `false`: it is time to stop.
    fn obey(&mut self, now: Duration) -> bool {
        self.wake.hear();
        for _ in 0..COMMANDS {
            match self.control.try_recv() {
                Ok(Control::Command(command)) => self.command(now, command),
                Ok(Control::Report(reply)) => {
                    // Whoever has the answer finds the totals and the stock as of now, too.
                    self.pass_time(now);
                    self.publish();
                    // Whoever asked may have gone.
                    let _ = reply.try_send(self.table.report());
                }
                Ok(Control::Stop) => return false,
                Err(TryRecvError::Empty) => return true,
                Err(TryRecvError::Disconnected) => return false,
            }
        }
        self.wake.ring();
        true
    }

    fn command(&mut self, now: Duration, command: MediaCommand) {
        tracing::trace!(?command, "media command");
        match command {
            MediaCommand::Open { leg, ports } => self.open(now, leg, ports),
            MediaCommand::Remote { leg, remote } => self.table.remote(leg, remote),
            MediaCommand::Direct { leg, direction } => self.table.direct(now, leg, direction),
            MediaCommand::Listen { from, to } => self.table.listen(from, to),
            MediaCommand::Bridge { a, b } => self.table.bridge(now, a, b),
            MediaCommand::Unbridge { a, b } => self.table.unbridge(a, b),
            MediaCommand::Close { leg } => {
                if let Some(report) = self.table.close(leg) {
                    self.pool.close(now, report.ports);
                    tracing::debug!(?report, "leg closed");
                    self.sink.closed(report);
                }
            }
            MediaCommand::Formats { .. }
            | MediaCommand::Join { .. }
            | MediaCommand::Leave { .. }
            | MediaCommand::Play { .. }
            | MediaCommand::PausePlay { .. }
            | MediaCommand::StopPlay { .. }
            | MediaCommand::SendDigit { .. }
            | MediaCommand::Record { .. }
            | MediaCommand::PauseRecording { .. }
            | MediaCommand::StopRecording { .. } => {}
            MediaCommand::Return(ports) => {
                self.pool.put_back(ports);
            }
        }
    }

    fn open(&mut self, now: Duration, leg: LegId, ports: PortPair) {
        let place = self.config.ports.index(ports).filter(|_| self.pool.open(ports));
        let Some(place) = place else {
            tracing::error!(?leg, ?ports, "a leg was opened on ports that are not in the stock");
            return;
        };
        if !self.table.open(now, place, leg, ports) {
            tracing::error!(?leg, ?ports, "a leg was opened twice");
            self.pool.close(now, ports);
        }
    }

    /// What is due: rested ports, silent conversations, a stock to fill.
    fn pass_time(&mut self, now: Duration) {
        self.offer_at.take_if(|at| *at <= now);
        self.bind_at.take_if(|at| *at <= now);
        self.pool.wake(now);
        let unsent = &mut self.unsent;
        self.table.timed_out(now, |leg, after| {
            let about_leg = |event: &MediaEvent| match event {
                MediaEvent::TimedOut { leg: other, .. } => *other == leg,
                MediaEvent::Stock(_)
                | MediaEvent::Played { .. }
                | MediaEvent::Digit { .. }
                | MediaEvent::Quality(_)
                | MediaEvent::Closed { .. }
                | MediaEvent::RecordingFailed { .. }
                | MediaEvent::Recorded { .. } => false,
            };
            if !unsent.iter().any(about_leg) {
                unsent.push_back(MediaEvent::TimedOut { leg, after });
            }
        });
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
            self.unsent.push_back(MediaEvent::Stock(new));
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
        if self.offer_at.is_some() {
            return;
        }
        while let Some(event) = self.unsent.pop_front() {
            if let Err(event) = self.sink.offer(event) {
                self.unsent.push_front(event);
                self.coalesce();
                self.offer_at = Some(now + RETRY_OFFER);
                return;
            }
        }
    }

    /// Several reports of stock that wait become one.
    fn coalesce(&mut self) {
        let mut stock = Vec::new();
        self.unsent.retain(|event| match event {
            MediaEvent::Stock(pairs) => {
                stock.extend_from_slice(pairs);
                false
            }
            MediaEvent::TimedOut { .. }
            | MediaEvent::Played { .. }
            | MediaEvent::Digit { .. }
            | MediaEvent::Quality(_)
            | MediaEvent::Closed { .. }
            | MediaEvent::RecordingFailed { .. }
            | MediaEvent::Recorded { .. } => true,
        });
        if !stock.is_empty() {
            self.unsent.push_front(MediaEvent::Stock(stock));
        }
    }

    fn stock_level(&self) -> usize {
        self.config.stock.min(self.config.ports.count()).max(1)
    }

    fn next_deadline(&self) -> Option<Duration> {
        [self.pool.next_deadline(), self.table.next_deadline(), self.offer_at, self.bind_at]
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
