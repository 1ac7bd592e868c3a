//! What becomes of packets, in virtual time and without sockets.

mod flood;
mod quality;
mod relaying;
mod reports;

use call::port::{Encoding, Format, MediaCommand};
use rtp::{Header, Packet, write_packet};

use super::*;
use crate::counters::LegCounters;
use crate::patch::{PatchBay, Patched};

pub(super) const TIMEOUT: Duration = Duration::from_secs(60);
pub(super) const A: LegId = LegId(1);
pub(super) const B: LegId = LegId(2);
pub(super) const C: LegId = LegId(3);
/// Zero of the relay's clock, in µs since 1970.
pub(super) const EPOCH_US: u64 = 1_700_000_000_000_000;

pub(super) fn at(port: u16) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], port))
}

pub(super) fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

pub(super) fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// The far end of a leg: RTP at a thousand times its number, RTCP next to it.
pub(super) fn remote(leg: LegId) -> RemoteMedia {
    let rtp = at(leg.0 as u16 * 1000);
    RemoteMedia { rtp, rtcp: at(rtp.port() + 1), rtcp_mux: false }
}

pub(super) fn format(payload: u8, encoding: Encoding, clock_rate: u32) -> Format {
    Format { payload, encoding, clock_rate, channels: 1 }
}

pub(super) fn formats(list: &[Format]) -> Formats {
    Formats { receive: list.into(), send: list.into(), packet_ms: 20 }
}

pub(super) fn settings() -> Settings {
    Settings {
        timeout: TIMEOUT,
        thresholds: Thresholds::default(),
        local: [192, 0, 2, 9].into(),
        epoch_us: EPOCH_US,
        seed: 1,
    }
}

/// A far end's stream.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stream {
    pub(super) sequence: u16,
    pub(super) timestamp: u32,
    pub(super) ssrc: u32,
    pub(super) payload_type: u8,
}

/// A table with its patch bay, three open legs with known far ends at the places of their numbers,
/// and a clock.
pub(super) struct Rig {
    pub(super) table: Table,
    pub(super) bay: PatchBay,
    pub(super) now: Duration,
    pub(super) streams: [Stream; 5],
    /// What left by itself: reports.
    pub(super) sent: Vec<(Forward, Vec<u8>)>,
}

impl Rig {
    pub(super) fn new() -> Self {
        Self::with(settings())
    }

    pub(super) fn with(settings: Settings) -> Self {
        let stream = |n: u32| Stream {
            sequence: 1000,
            timestamp: n * 100_000,
            ssrc: 0xa000 + n,
            payload_type: 0,
        };
        let mut rig = Self {
            table: Table::new(5, settings),
            bay: PatchBay::default(),
            now: Duration::ZERO,
            streams: [0, 1, 2, 3, 4].map(stream),
            sent: Vec::new(),
        };
        for leg in [A, B, C] {
            rig.tell(MediaCommand::Open { leg, ports: PortPair { rtp: 2 * leg.0 as u16 } });
            rig.tell(MediaCommand::Remote { leg, remote: remote(leg) });
        }
        rig
    }

    /// As the relay thread does it.
    pub(super) fn tell(&mut self, command: MediaCommand) {
        let Self { table, bay, now, .. } = self;
        if let MediaCommand::Open { leg, ports } = command
            && !table.open(*now, leg.0 as usize, leg, ports)
        {
            return;
        }
        if let MediaCommand::Remote { leg, remote } = command {
            table.remote(*now, leg, remote);
        } else if let MediaCommand::Formats { leg, formats } = &command {
            table.formats(*leg, formats);
        } else if let MediaCommand::Direct { leg, direction } = command {
            table.direct(*now, leg, direction);
        }
        bay.apply(&command);
        self.rewire();
        if let MediaCommand::Bridge { a, b } = command {
            self.table.bridged(self.now, a, b);
        } else if let MediaCommand::Close { leg } = command {
            let mut farewell = Vec::new();
            if let Some((_, Some(way))) = self.table.close(self.now, leg, &mut farewell) {
                self.sent.push((way, farewell));
            }
        }
    }

    pub(super) fn rewire(&mut self) {
        for change in self.bay.changes() {
            match change {
                Patched::Wired { leg, wiring } => self.table.wire(self.now, leg, &wiring),
                Patched::Sound(_) => {}
            }
        }
    }

    pub(super) fn bridge(&mut self, a: LegId, b: LegId) {
        self.tell(MediaCommand::Bridge { a, b });
    }

    pub(super) fn direct(&mut self, leg: LegId, send: bool, receive: bool) {
        self.tell(MediaCommand::Direct { leg, direction: Direction { send, receive } });
    }

    /// A datagram, and what of it leaves where.
    pub(super) fn receive(
        &mut self,
        leg: LegId,
        component: Component,
        source: SocketAddr,
        datagram: &[u8],
    ) -> Option<(Forward, Vec<u8>)> {
        let mut datagram = datagram.to_vec();
        let place = leg.0 as usize;
        let received = self.table.receive(self.now, place, component, source, &datagram)?;
        let way = self.table.forward(self.now, &received, &mut datagram)?;
        Some((way, datagram))
    }

    /// The next packet of a leg's far end.
    pub(super) fn next_rtp(&mut self, leg: LegId) -> Vec<u8> {
        let stream = &mut self.streams[leg.0 as usize];
        stream.sequence = stream.sequence.wrapping_add(1);
        stream.timestamp = stream.timestamp.wrapping_add(160);
        let Stream { sequence, timestamp, ssrc, payload_type } = *stream;
        let header = Header { payload_type, marker: false, sequence, timestamp, ssrc };
        let mut datagram = Vec::new();
        write_packet(&header, &[0xd5; 160], &mut datagram);
        datagram
    }

    /// The next packet of a leg's far end comes; where it goes and what it is there.
    pub(super) fn rtp(&mut self, leg: LegId) -> Option<(SocketAddr, Header)> {
        let datagram = self.next_rtp(leg);
        let (way, datagram) = self.receive(leg, Component::Rtp, remote(leg).rtp, &datagram)?;
        Some((way.to, Packet::parse(&datagram).unwrap().header()))
    }

    /// Who hears whom: the legs that hear A, B and C.
    pub(super) fn heard(&mut self) -> [Option<u64>; 3] {
        [A, B, C].map(|leg| self.rtp(leg).map(|(to, _)| u64::from(to.port()) / 1000))
    }

    /// Time passes; what is due is done at its time.
    pub(super) fn pass(&mut self, until: Duration) {
        while let Some(at) = self.table.next_deadline().filter(|at| *at <= until) {
            self.now = self.now.max(at);
            let sent = &mut self.sent;
            self.table.tick(self.now, |way, packet| sent.push((way, packet.to_vec())));
        }
        self.now = until;
    }

    pub(super) fn events(&mut self) -> Vec<MediaEvent> {
        let notices = self.table.notices.drain(..);
        let events = notices.filter_map(|notice| match notice {
            Notice::Event(event) => Some(event),
            Notice::Pressed(..) | Notice::Lossy(..) => None,
        });
        events.collect()
    }

    pub(super) fn silences(&mut self, until: Duration) -> Vec<(LegId, Duration)> {
        self.pass(until);
        let mut silences = Vec::new();
        for event in self.events() {
            if let MediaEvent::TimedOut { leg, after } = event {
                silences.push((leg, after));
            }
        }
        silences
    }

    pub(super) fn counters(&self, leg: LegId) -> LegCounters {
        let reports = self.table.report_all();
        reports.into_iter().find(|report| report.leg == leg).unwrap().counters
    }
}
