//! Media without sockets: a stock of ports whose books must balance, and a note of which far ends
//! were bridged and when.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use call::port::{Direction, LegId, MediaCommand, PortPair};

/// A leg that is open.
struct Line {
    ports: PortPair,
    remote: Option<SocketAddr>,
    direction: Direction,
    hears: Option<LegId>,
}

/// Two legs began to hear each other.
#[derive(Debug)]
pub(crate) struct Bridged {
    /// When the switch decided it.
    pub(crate) at: Duration,
    /// The far ends' addresses; `None`: not known yet.
    pub(crate) ends: [Option<IpAddr>; 2],
}

/// Media.
#[derive(Default)]
pub(crate) struct Media {
    lines: BTreeMap<LegId, Line>,
    /// Who has each pair: the core's stock (`None`), or a leg.
    pairs: BTreeMap<PortPair, Option<LegId>>,
    pub(crate) bridged: Vec<Bridged>,
    pub(crate) faults: Vec<String>,
}

impl Media {
    /// Binds so many pairs; they are the core's stock.
    pub(crate) fn bind(&mut self, pairs: u16) -> Vec<PortPair> {
        let pairs = (0..pairs).map(|pair| PortPair { rtp: 20_000 + 2 * pair });
        let pairs: Vec<_> = pairs.collect();
        *self = Self {
            pairs: pairs.iter().map(|pair| (*pair, None)).collect(),
            bridged: std::mem::take(&mut self.bridged),
            faults: std::mem::take(&mut self.faults),
            ..Self::default()
        };
        pairs
    }

    /// Obeys; `Some` is a pair that goes back to the core's stock.
    pub(crate) fn command(&mut self, at: Duration, command: MediaCommand) -> Option<PortPair> {
        match command {
            MediaCommand::Open { leg, ports } => self.open(leg, ports),
            MediaCommand::Remote { leg, remote } => {
                if let Some(line) = self.lines.get_mut(&leg) {
                    line.remote = Some(remote.rtp);
                }
            }
            MediaCommand::Direct { leg, direction } => {
                if let Some(line) = self.lines.get_mut(&leg) {
                    line.direction = direction;
                }
            }
            MediaCommand::Listen { from, to } => {
                if let Some(line) = self.lines.get_mut(&to) {
                    line.hears = Some(from);
                }
            }
            MediaCommand::Bridge { a, b } => self.bridge(at, a, b),
            MediaCommand::Unbridge { a, b } => {
                for (one, other) in [(a, b), (b, a)] {
                    let line = self.lines.get_mut(&one).filter(|line| line.hears == Some(other));
                    if let Some(line) = line {
                        line.hears = None;
                    }
                }
            }
            MediaCommand::Close { leg } => return self.close(leg),
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
                if self.pairs.get(&ports) != Some(&None) {
                    self.faults.push(format!("{ports:?} returned that was not in the stock"));
                }
                return Some(ports);
            }
        }
        None
    }

    fn open(&mut self, leg: LegId, ports: PortPair) {
        match self.pairs.get_mut(&ports) {
            Some(owner @ None) => *owner = Some(leg),
            other => {
                let fault = format!("{leg:?} opens {ports:?}, which is {other:?}'s");
                self.faults.push(fault);
            }
        }
        let line = Line { ports, remote: None, direction: Direction::BOTH, hears: None };
        if self.lines.insert(leg, line).is_some() {
            self.faults.push(format!("{leg:?} opened twice"));
        }
    }

    fn bridge(&mut self, at: Duration, a: LegId, b: LegId) {
        let end = |leg: &LegId| self.lines.get(leg).map(|line| line.remote.map(|at| at.ip()));
        let (Some(one), Some(other)) = (end(&a), end(&b)) else {
            self.faults.push(format!("{a:?} and {b:?} bridged, but not open"));
            return;
        };
        let ends = [one, other];
        self.bridged.push(Bridged { at, ends });
        for (one, other) in [(a, b), (b, a)] {
            if let Some(line) = self.lines.get_mut(&one) {
                line.hears = Some(other);
            }
        }
    }

    fn close(&mut self, leg: LegId) -> Option<PortPair> {
        let Some(line) = self.lines.remove(&leg) else {
            self.faults.push(format!("{leg:?} closed, but not open"));
            return None;
        };
        self.pairs.insert(line.ports, None);
        Some(line.ports)
    }

    /// The leg that has this RTP port: where it sends to, which way, and whether it hears anybody.
    pub(crate) fn at_port(&self, rtp: u16) -> Option<(Option<SocketAddr>, Direction, bool)> {
        let mut lines = self.lines.values();
        let line = lines.find(|line| line.ports.rtp == rtp)?;
        Some((line.remote, line.direction, line.hears.is_some()))
    }

    /// Legs on which a silence would be noticed: bridged both ways and not held.
    pub(crate) fn watched(&self) -> Vec<LegId> {
        let talks = |leg: &LegId| {
            self.lines.get(leg).filter(|line| line.direction == Direction::BOTH)?.hears
        };
        let legs = self.lines.keys();
        legs.filter(|leg| talks(leg).is_some_and(|other| talks(&other) == Some(**leg)))
            .copied()
            .collect()
    }

    /// How many legs are bridged with one end on hold.
    pub(crate) fn held(&self) -> usize {
        let held = |line: &Line| line.direction != Direction::BOTH;
        let other = |line: &Line| line.hears.and_then(|other| self.lines.get(&other));
        let lines = self.lines.values();
        lines.filter(|line| other(line).is_some_and(|other| held(line) || held(other))).count()
    }

    /// Legs that are open.
    pub(crate) fn open_legs(&self) -> usize {
        self.lines.len()
    }
}
