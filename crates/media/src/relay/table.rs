//! The relay without its sockets: who is open, who hears whom, and what becomes of a packet.
//!
//! Invariants:
//! * a leg is heard by at most one other, and hears at most one other;
//! * nothing is sent to a leg before a session description named its address, nor to or from a leg
//!   that is held;
//! * [`Table::receive`] allocates nothing and takes no lock.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use call::port::{Direction, LegId, PortPair, RemoteMedia};

use crate::counters::{Counts, LegCounters, LegReport};
use crate::relay::latch::Latch;
use crate::relay::packet::{Component, Kind, classify};

/// A place in the table: the pair's place in the port range.
pub(crate) type Place = usize;

/// All open legs.
#[derive(Debug)]
pub(crate) struct Table {
    /// By port pair, because that is how packets come.
    legs: Vec<Option<Box<Leg>>>,
    places: BTreeMap<LegId, Place>,
    timeout: Duration,
    /// No conversation can be due before this.
    check_at: Option<Duration>,
    pub(crate) counts: Counts,
}

/// One leg: a transport. What it carries is its far end's business as long as it is relayed.
#[derive(Debug)]
struct Leg {
    id: LegId,
    ports: PortPair,
    rtp: Latch,
    rtcp: Latch,
    rtcp_mux: bool,
    direction: Direction,
    /// Who hears this leg.
    heard_by: Option<Place>,
    /// Whom this leg hears.
    hears: Option<Place>,
    /// The last RTP, or what restarted the wait for it: being bridged, a changed direction.
    quiet_since: Duration,
    /// The quiet that has been reported already.
    reported: Option<Duration>,
    counters: LegCounters,
}

/// A packet is to leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Forward {
    /// The pair it leaves from.
    pub(crate) place: Place,
    /// The port of that pair.
    pub(crate) component: Component,
    /// Where to.
    pub(crate) to: SocketAddr,
}

impl Table {
    /// No legs on `places` port pairs.
    pub(crate) fn new(places: usize, timeout: Duration) -> Self {
        Self {
            legs: std::iter::repeat_with(|| None).take(places).collect(),
            places: BTreeMap::new(),
            timeout,
            check_at: None,
            counts: Counts::default(),
        }
    }

    /// Decides about a datagram, in the only way packets take through the relay.
    pub(crate) fn receive(
        &mut self,
        now: Duration,
        place: Place,
        component: Component,
        source: SocketAddr,
        datagram: &[u8],
    ) -> Option<Forward> {
        let Some(leg) = self.legs[place].as_mut() else {
            self.counts.unclaimed += 1;
            return None;
        };
        let Some(kind) = classify(datagram, component, leg.rtcp_mux) else {
            leg.counters.invalid += 1;
            self.counts.invalid += 1;
            return None;
        };
        let latch = match component {
            Component::Rtp => &mut leg.rtp,
            Component::Rtcp => &mut leg.rtcp,
        };
        if !latch.accepts(source) {
            leg.counters.stray += 1;
            self.counts.stray += 1;
            return None;
        }
        leg.received(now, kind, datagram.len());
        self.counts.received += 1;
        let listener = leg.heard_by.filter(|_| leg.direction.receive);
        let forward = listener.and_then(|listener| {
            let leg = self.legs[listener].as_mut()?;
            leg.send(listener, kind, datagram.len())
        });
        if forward.is_none() {
            if let Some(leg) = self.legs[place].as_mut() {
                leg.counters.unheard += 1;
            }
            self.counts.unheard += 1;
        }
        forward
    }

    /// A leg takes a place. `false`: the place is taken, or the leg has one already.
    pub(crate) fn open(
        &mut self,
        now: Duration,
        place: Place,
        leg: LegId,
        ports: PortPair,
    ) -> bool {
        if self.legs[place].is_some() || self.places.contains_key(&leg) {
            return false;
        }
        self.legs[place] = Some(Box::new(Leg::new(now, leg, ports)));
        self.places.insert(leg, place);
        true
    }

    /// A session description named the far end.
    pub(crate) fn remote(&mut self, leg: LegId, remote: RemoteMedia) {
        let Some(leg) = self.place(leg).and_then(|place| self.legs[place].as_mut()) else {
            return;
        };
        leg.rtcp_mux = remote.rtcp_mux;
        leg.rtp.signal(remote.rtp);
        leg.rtcp.signal(remote.rtcp);
    }

    /// Hold or resume.
    pub(crate) fn direct(&mut self, now: Duration, leg: LegId, direction: Direction) {
        let Some(place) = self.place(leg) else { return };
        if let Some(leg) = self.legs[place].as_mut() {
            leg.direction = direction;
            leg.quiet_since = now;
        }
        self.expect_media(now, place);
    }

    /// `to` hears `from`, and nobody else.
    pub(crate) fn listen(&mut self, from: LegId, to: LegId) {
        let (Some(from), Some(to)) = (self.place(from), self.place(to)) else {
            return;
        };
        if from != to {
            self.connect(from, to);
        }
    }

    /// Both hear each other, and nobody else.
    pub(crate) fn bridge(&mut self, now: Duration, a: LegId, b: LegId) {
        let (Some(a), Some(b)) = (self.place(a), self.place(b)) else {
            return;
        };
        if a == b {
            return;
        }
        self.connect(a, b);
        self.connect(b, a);
        for place in [a, b] {
            if let Some(leg) = self.legs[place].as_mut() {
                leg.quiet_since = now;
            }
        }
        self.expect_media(now, a);
    }

    /// They hear each other no more.
    pub(crate) fn unbridge(&mut self, a: LegId, b: LegId) {
        let (Some(a), Some(b)) = (self.place(a), self.place(b)) else {
            return;
        };
        for (from, to) in [(a, b), (b, a)] {
            if self.legs[from].as_ref().is_some_and(|leg| leg.heard_by == Some(to)) {
                self.silence(from);
            }
        }
    }

    /// The leg is over.
    pub(crate) fn close(&mut self, leg: LegId) -> Option<LegReport> {
        let place = self.places.remove(&leg)?;
        self.silence(place);
        if let Some(heard) = self.legs[place].as_ref().and_then(|leg| leg.hears) {
            self.silence(heard);
        }
        self.counts.legs_closed += 1;
        self.legs[place].take().map(|leg| leg.report())
    }

    /// When conversations are to be looked at again.
    pub(crate) fn next_deadline(&self) -> Option<Duration> {
        self.check_at
    }

    /// Reports conversations in which nobody has said anything for the timeout; each silence once,
    /// for one of the two legs.
    pub(crate) fn timed_out(&mut self, now: Duration, mut report: impl FnMut(LegId, Duration)) {
        if self.check_at.is_none_or(|at| now < at) {
            return;
        }
        self.check_at = None;
        for &place in self.places.values() {
            let Some(since) = self.quiet_since(place) else {
                continue;
            };
            let due = since + self.timeout;
            let Some(leg) = self.legs[place].as_mut() else {
                continue;
            };
            if leg.reported == Some(since) {
                continue;
            }
            if due <= now {
                leg.reported = Some(since);
                self.counts.timeouts += 1;
                report(leg.id, now.saturating_sub(since));
            } else {
                self.check_at = Some(self.check_at.map_or(due, |at| at.min(due)));
            }
        }
    }

    /// The counters of all open legs.
    pub(crate) fn report(&self) -> Vec<LegReport> {
        self.legs.iter().flatten().map(|leg| leg.report()).collect()
    }

    /// Since when neither side of a conversation has been heard; `None` unless `place` is its
    /// first side (each conversation is looked at once) and nobody is held.
    fn quiet_since(&self, place: Place) -> Option<Duration> {
        let leg = self.legs[place].as_ref()?;
        let other_place = leg.heard_by.filter(|_| leg.hears == leg.heard_by)?;
        let other = self.legs[other_place].as_ref()?;
        let held = leg.direction != Direction::BOTH || other.direction != Direction::BOTH;
        (place < other_place && !held).then(|| leg.quiet_since.max(other.quiet_since))
    }

    /// RTP is due on `place` within the timeout.
    fn expect_media(&mut self, now: Duration, place: Place) {
        let bridged = self.legs[place].as_ref().is_some_and(|leg| leg.heard_by.is_some());
        if bridged {
            let due = now + self.timeout;
            self.check_at = Some(self.check_at.map_or(due, |at| at.min(due)));
        }
    }

    fn connect(&mut self, from: Place, to: Place) {
        self.silence(from);
        if let Some(heard) = self.legs[to].as_ref().and_then(|leg| leg.hears) {
            self.silence(heard);
        }
        if let Some(leg) = self.legs[from].as_mut() {
            leg.heard_by = Some(to);
        }
        if let Some(leg) = self.legs[to].as_mut() {
            leg.hears = Some(from);
        }
    }

    /// Nobody hears `from` any more.
    fn silence(&mut self, from: Place) {
        let listener = self.legs[from].as_mut().and_then(|leg| leg.heard_by.take());
        if let Some(leg) = listener.and_then(|place| self.legs[place].as_mut()) {
            leg.hears = None;
        }
    }

    fn place(&self, leg: LegId) -> Option<Place> {
        self.places.get(&leg).copied()
    }
}

impl Leg {
    fn new(now: Duration, id: LegId, ports: PortPair) -> Self {
        Self {
            id,
            ports,
            rtp: Latch::default(),
            rtcp: Latch::default(),
            rtcp_mux: false,
            direction: Direction::BOTH,
            heard_by: None,
            hears: None,
            quiet_since: now,
            reported: None,
            counters: LegCounters::default(),
        }
    }

    fn received(&mut self, now: Duration, kind: Kind, bytes: usize) {
        match kind {
            Kind::Rtp => {
                self.quiet_since = now;
                self.counters.rtp_received += 1;
                self.counters.rtp_bytes_received += bytes as u64;
            }
            Kind::Rtcp => self.counters.rtcp_received += 1,
        }
    }

    /// The way to this leg's far end, where there is one.
    fn send(&mut self, place: Place, kind: Kind, bytes: usize) -> Option<Forward> {
        if !self.direction.send {
            return None;
        }
        let (component, latch) = match kind {
            Kind::Rtcp if !self.rtcp_mux => (Component::Rtcp, &self.rtcp),
            Kind::Rtp | Kind::Rtcp => (Component::Rtp, &self.rtp),
        };
        let to = latch.target()?;
        match kind {
            Kind::Rtp => {
                self.counters.rtp_sent += 1;
                self.counters.rtp_bytes_sent += bytes as u64;
            }
            Kind::Rtcp => self.counters.rtcp_sent += 1,
        }
        Some(Forward { place, component, to })
    }

    fn report(&self) -> LegReport {
        LegReport { leg: self.id, ports: self.ports, counters: self.counters }
    }
}

#[cfg(test)]
mod tests;
