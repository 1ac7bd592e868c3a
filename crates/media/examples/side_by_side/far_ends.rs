//! The far ends of calls: each sends a packet every 20 ms and takes what comes, the calls spread
//! over those 20 ms. A packet carries the time at which it was sent.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use rustix::buffer::spare_capacity;
use rustix::event::epoll;
use rustix::time::{
    ClockId, Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, clock_gettime,
    timerfd_create, timerfd_settime,
};

/// Milliseconds between two packets of a stream.
const PACKET_MS: usize = 20;
/// Without a packet for so long, the last one is through.
const CALM_NS: u64 = 200_000_000;
/// A packet of G.711.
const PACKET: usize = 172;

/// Two for each call, one after the other.
pub(crate) struct FarEnds {
    sockets: Vec<UdpSocket>,
    targets: Vec<SocketAddr>,
    /// The sequence number of the next packets.
    sequence: u16,
}

/// What became of the packets of a run.
pub(crate) struct Outcome {
    pub(crate) sent: usize,
    /// One way, in ns, sorted.
    delays: Vec<u64>,
}

impl Outcome {
    pub(crate) fn received(&self) -> usize {
        self.delays.len().min(self.sent)
    }

    pub(crate) fn delay_ms(&self, percent: usize) -> f64 {
        let last = self.delays.len().saturating_sub(1);
        self.delays.get(last * percent / 100).copied().unwrap_or_default() as f64 / 1e6
    }
}

impl FarEnds {
    /// Far ends that know nobody yet.
    pub(crate) fn unconnected(calls: usize) -> io::Result<Self> {
        let sockets = (0..2 * calls).map(|_| {
            let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
            socket.set_nonblocking(true)?;
            Ok(socket)
        });
        let nobody = SocketAddr::from((Ipv4Addr::LOCALHOST, 9));
        let sockets = sockets.collect::<io::Result<Vec<_>>>()?;
        Ok(Self { targets: vec![nobody; sockets.len()], sockets, sequence: 0 })
    }

    /// Far ends that send to each other.
    pub(crate) fn direct(calls: usize) -> io::Result<Self> {
        let mut ends = Self::unconnected(calls)?;
        for call in 0..calls {
            let [a, b] = ends.addresses(call);
            ends.connect(call, [b, a]);
        }
        Ok(ends)
    }

    pub(crate) fn addresses(&self, call: usize) -> [SocketAddr; 2] {
        // A bound socket has an address.
        [0, 1].map(|side| self.sockets[2 * call + side].local_addr().expect("a bound socket"))
    }

    pub(crate) fn connect(&mut self, call: usize, targets: [SocketAddr; 2]) {
        self.targets[2 * call..2 * call + 2].copy_from_slice(&targets);
    }

    /// A second of packets that nobody counts.
    pub(crate) fn warm_up(&mut self) -> io::Result<()> {
        self.send(1, |_, _| {})?;
        let mut rest = [0; 2 * PACKET];
        for socket in &self.sockets {
            while socket.recv(&mut rest).is_ok() {}
        }
        Ok(())
    }

    /// Sends for some seconds while another thread receives.
    pub(crate) fn run(&mut self, seconds: usize) -> io::Result<Outcome> {
        let done = Arc::new(AtomicBool::new(false));
        let sockets = self.sockets.iter().map(UdpSocket::try_clone);
        let sockets = sockets.collect::<io::Result<Vec<_>>>()?;
        let expected = sockets.len() * seconds * 1000 / PACKET_MS;
        let receiver = thread::spawn({
            let done = done.clone();
            move || receive(&sockets, expected, &done)
        });
        let sent = self.send(seconds, |packet, now| {
            packet[12..20].copy_from_slice(&now.to_ne_bytes());
        })?;
        done.store(true, Ordering::Relaxed);
        let delays = receiver.join().map_err(|_| io::Error::other("the receiver panicked"))?;
        let mut delays = delays?;
        delays.sort_unstable();
        Ok(Outcome { sent, delays })
    }

    /// Sends every stream's packet in its own millisecond of the 20.
    fn send(&mut self, seconds: usize, mark: impl Fn(&mut [u8], u64)) -> io::Result<usize> {
        let timer = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::CLOEXEC)?;
        let tick = Timespec { tv_sec: 0, tv_nsec: 1_000_000 };
        let interval = Itimerspec { it_interval: tick, it_value: tick };
        timerfd_settime(&timer, TimerfdTimerFlags::empty(), &interval)?;
        let mut packet = [0xd5; PACKET];
        packet[..2].copy_from_slice(&[0x80, 0]);
        packet[12..20].fill(0);
        let (mut slot, mut sent) = (0, 0);
        while slot < seconds * 1000 {
            let mut passed = [0; 8];
            rustix::io::read(&timer, &mut passed)?;
            for _ in 0..u64::from_ne_bytes(passed) {
                if slot % PACKET_MS == 0 {
                    self.sequence = self.sequence.wrapping_add(1);
                    let timestamp = u32::from(self.sequence).wrapping_mul(160);
                    packet[2..4].copy_from_slice(&self.sequence.to_be_bytes());
                    packet[4..8].copy_from_slice(&timestamp.to_be_bytes());
                }
                for index in (slot % PACKET_MS..self.sockets.len()).step_by(PACKET_MS) {
                    packet[8..12].copy_from_slice(&(index as u32).to_be_bytes());
                    mark(&mut packet, now_ns());
                    let to = self.targets[index];
                    sent += usize::from(self.sockets[index].send_to(&packet, to).is_ok());
                }
                slot += 1;
            }
        }
        Ok(sent)
    }
}

fn receive(sockets: &[UdpSocket], expected: usize, done: &AtomicBool) -> io::Result<Vec<u64>> {
    let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
    for (index, socket) in sockets.iter().enumerate() {
        let data = epoll::EventData::new_u64(index as u64);
        epoll::add(&epoll, socket, data, epoll::EventFlags::IN)?;
    }
    let mut delays = Vec::with_capacity(expected);
    let mut events = Vec::with_capacity(256);
    let calm = Timespec { tv_sec: 0, tv_nsec: CALM_NS as i64 };
    let mut last = now_ns();
    loop {
        events.clear();
        epoll::wait(&epoll, spare_capacity(&mut events), Some(&calm))?;
        // Reports of RTCP go on when the last packet is through.
        if done.load(Ordering::Relaxed) && now_ns().saturating_sub(last) > CALM_NS {
            return Ok(delays);
        }
        for event in &events {
            let mut packet = [0; PACKET];
            let socket = &sockets[event.data.u64() as usize];
            if let Ok(PACKET) = socket.recv(&mut packet) {
                let mut time = [0; 8];
                time.copy_from_slice(&packet[12..20]);
                let time = u64::from_ne_bytes(time);
                if time != 0 {
                    last = now_ns();
                    delays.push(last.saturating_sub(time));
                }
            }
        }
    }
}

fn now_ns() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}
