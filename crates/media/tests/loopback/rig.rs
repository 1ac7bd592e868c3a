//! A relay on loopback, and far ends with sockets of their own.

use std::io::ErrorKind;
use std::net::{SocketAddr, UdpSocket};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use call::port::{LegId, MediaCommand, MediaEvent, PortPair, RemoteMedia};
use media::{LegReport, MediaConfig, MediaPlane};

/// Longer than anything takes that works.
pub(crate) const LIMIT: Duration = Duration::from_secs(10);
pub(crate) const A: LegId = LegId(1);
pub(crate) const B: LegId = LegId(2);

/// A relay and what it reported.
pub(crate) struct Rig {
    pub(crate) plane: MediaPlane,
    pub(crate) events: Receiver<MediaEvent>,
    pub(crate) stock: Vec<PortPair>,
    pub(crate) config: MediaConfig,
}

/// A far end: two sockets of its own.
pub(crate) struct Peer {
    pub(crate) rtp: UdpSocket,
    pub(crate) rtcp: UdpSocket,
}

pub(crate) fn config(ports: &str) -> MediaConfig {
    MediaConfig { ports: ports.parse().unwrap(), rest_ms: 20, ..MediaConfig::default() }
}

impl Rig {
    pub(crate) fn start(config: MediaConfig) -> Self {
        let (sender, events) = sync_channel(64);
        let sink = move |event| {
            sender.try_send(event).map_err(|error| match error {
                std::sync::mpsc::TrySendError::Full(event)
                | std::sync::mpsc::TrySendError::Disconnected(event) => event,
            })
        };
        let plane = MediaPlane::start(config.clone(), sink).unwrap();
        let mut rig = Self { plane, events, stock: Vec::new(), config };
        rig.await_stock();
        rig
    }

    pub(crate) fn event(&self) -> MediaEvent {
        self.events.recv_timeout(LIMIT).expect("an event")
    }

    pub(crate) fn await_stock(&mut self) {
        loop {
            let event = self.event();
            if let MediaEvent::Stock(pairs) = event {
                return self.stock.extend(pairs);
            }
            assert!(matches!(event, MediaEvent::Closed { .. }), "{event:?}");
        }
    }

    pub(crate) fn tell(&self, command: MediaCommand) {
        self.plane.command(command).unwrap();
    }

    /// Opens a leg on the next ports of the stock.
    pub(crate) fn open(&mut self, leg: LegId) -> PortPair {
        while self.stock.is_empty() {
            self.await_stock();
        }
        let ports = self.stock.remove(0);
        self.tell(MediaCommand::Open { leg, ports });
        ports
    }

    /// Opens a leg whose far end is `peer`.
    pub(crate) fn open_for(&mut self, leg: LegId, peer: &Peer) -> PortPair {
        let ports = self.open(leg);
        self.tell(MediaCommand::Remote { leg, remote: peer.remote() });
        ports
    }

    pub(crate) fn address(&self, port: u16) -> SocketAddr {
        SocketAddr::new(self.config.address, port)
    }

    /// Waits until every command so far has been obeyed.
    pub(crate) fn settle(&self) -> Vec<LegReport> {
        self.plane.report().unwrap()
    }

    pub(crate) fn counters(&self, leg: LegId) -> media::LegCounters {
        self.settle().into_iter().find(|report| report.leg == leg).unwrap().counters
    }
}

impl Peer {
    pub(crate) fn new(config: &MediaConfig) -> Self {
        let bind = || {
            let socket = UdpSocket::bind((config.address, 0)).unwrap();
            socket.set_read_timeout(Some(LIMIT)).unwrap();
            socket
        };
        Self { rtp: bind(), rtcp: bind() }
    }

    pub(crate) fn remote(&self) -> RemoteMedia {
        let rtp = self.rtp.local_addr().unwrap();
        RemoteMedia { rtp, rtcp: self.rtcp.local_addr().unwrap(), rtcp_mux: false }
    }
}

/// A packet of 20 ms of PCMU: the one with the number `mark` of the stream `mark / 100`.
pub(crate) fn rtp(mark: u8) -> [u8; 172] {
    let mut packet = [mark; 172];
    packet[..4].copy_from_slice(&[0x80, 0, 0, mark]);
    packet[4..8].copy_from_slice(&(u32::from(mark) * 160).to_be_bytes());
    packet[8..12].copy_from_slice(&[0, 0, 0, 7]);
    packet
}

/// What is heard of it on the other side: the payload.
pub(crate) fn sound(mark: u8) -> Vec<u8> {
    vec![mark; 160]
}

/// A receiver report about nobody, and a name.
pub(crate) fn rtcp() -> Vec<u8> {
    let mut packet = Vec::new();
    rtp::rtcp::write_compound(&rtp::rtcp::Composition::new(7, "peer"), &mut packet);
    packet
}

/// The payload of the next packet of RTP, and where that came from.
pub(crate) fn hear(socket: &UdpSocket) -> (Vec<u8>, SocketAddr) {
    let (packet, from) = receive(socket);
    (rtp::Packet::parse(&packet).expect("RTP").payload.to_vec(), from)
}

/// The next packet and where it came from.
pub(crate) fn receive(socket: &UdpSocket) -> (Vec<u8>, SocketAddr) {
    let mut buffer = [0; 2000];
    let (len, from) = socket.recv_from(&mut buffer).expect("a packet");
    (buffer[..len].to_vec(), from)
}

/// Nothing has arrived. To be asked after something later went the same way.
pub(crate) fn is_empty(socket: &UdpSocket) -> bool {
    socket.set_nonblocking(true).unwrap();
    let empty = socket.recv(&mut [0]).is_err_and(|error| error.kind() == ErrorKind::WouldBlock);
    socket.set_nonblocking(false).unwrap();
    empty
}
