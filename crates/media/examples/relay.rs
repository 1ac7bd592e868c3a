//! How much CPU the relay needs for a packet, and how much later packets arrive because of it.
//!
//! `cargo run --release -p media --example relay -- [calls] [seconds]`
//!
//! Each call has two far ends that send 50 packets a second through the relay; the calls are spread
//! over the 20 ms between two packets. The same traffic without the relay says what of the delay is
//! the machine's own, and a loop of nothing but receiving and sending what of the CPU is the
//! kernel's. The last line is for programs.

#![allow(clippy::print_stdout)]

use std::cell::Cell;
use std::error::Error;
use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, TrySendError, sync_channel};
use std::thread;
use std::time::Duration;

use call::port::{
    Encoding, Format, Formats, LegId, MediaCommand, MediaEvent, PortPair, RemoteMedia,
};
use media::{MediaConfig, MediaPlane};
use rustix::buffer::spare_capacity;
use rustix::event::epoll;
use rustix::time::{
    ClockId, Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, clock_gettime,
    timerfd_create, timerfd_settime,
};

/// Milliseconds between two packets of a stream.
const PACKET_MS: usize = 20;
/// What passes before anything is measured.
const WARM_UP_S: usize = 1;

/// One stream of packets: a socket, where it sends, and its next number.
struct Stream {
    socket: UdpSocket,
    to: SocketAddr,
    sequence: Cell<u16>,
}

impl Stream {
    fn new(socket: UdpSocket, to: SocketAddr) -> Self {
        Self { socket, to, sequence: Cell::new(0) }
    }

    /// Sends a packet with `time` in its payload.
    fn send(&self, packet: &mut [u8; 172], time: u64) -> bool {
        let sequence = self.sequence.get();
        self.sequence.set(sequence.wrapping_add(1));
        packet[2..4].copy_from_slice(&sequence.to_be_bytes());
        packet[4..8].copy_from_slice(&(u32::from(sequence) * 160).to_be_bytes());
        packet[12..20].copy_from_slice(&time.to_ne_bytes());
        self.socket.send_to(packet, self.to).is_ok()
    }
}

/// What was measured of delays.
struct Outcome {
    sent: usize,
    /// One-way, in ns, sorted.
    delays: Vec<u64>,
}

/// What becomes of the packets that are sent.
#[derive(Clone, Copy)]
enum Receiving {
    /// Another thread waits for each of them.
    Elsewhere,
    /// Each far end looks for its packets when it sends, so that no thread has to be woken on the
    /// relay's account.
    BySender,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let calls: usize = arguments.next().map_or(Ok(250), |text| text.parse())?;
    let seconds: usize = arguments.next().map_or(Ok(5), |text| text.parse())?;

    let bare = bare_ns()? as f64 / 1000.0;
    let direct = delays(&direct_streams(calls)?, seconds)?;
    let memory_before = resident_kib();
    let (plane, streams) = relayed_streams(calls)?;
    let memory = resident_kib().saturating_sub(memory_before) as f64 / calls as f64;
    let task = relay_task()?;
    send(&streams, WARM_UP_S, false, Receiving::BySender)?;
    let before = cpu_ns(&task);
    let passed = send(&streams, seconds, false, Receiving::BySender)?;
    let us = |ns: u64| ns as f64 / 1000.0;
    let per_packet = us(cpu_ns(&task) - before) / passed.max(1) as f64;

    let relayed = delays(&streams, seconds)?;
    let lost = relayed.sent - relayed.delays.len();
    println!("{calls} calls, {} packets/s, {seconds} s", calls * 2 * 1000 / PACKET_MS);
    println!("relay CPU per packet   {per_packet:8.2} µs");
    println!("bare receive-and-send  {bare:8.2} µs");
    println!("to bare                {:8.2}", per_packet / bare);
    println!("memory per call        {memory:8.1} KiB of ours, the kernel's apart");
    println!("lost                   {lost:8}  of {}", relayed.sent);
    println!("one-way delay            direct    relayed      added (µs)");
    let mut keyed =
        format!("calls={calls} cpu_us_per_packet={per_packet:.2} bare_us={bare:.2} lost={lost}");
    keyed.push_str(&format!(" kib_per_call={memory:.1}"));
    for percent in [50, 99] {
        let (before, after) = (us(direct.delay(percent)), us(relayed.delay(percent)));
        let added = after - before;
        println!("  p{percent:<22} {before:8.1}   {after:8.1}   {added:8.1}");
        keyed.push_str(&format!(" p{percent}_added_us={added:.1}"));
    }
    println!("{keyed}");
    drop(plane);
    Ok(())
}

impl Outcome {
    fn delay(&self, percent: usize) -> u64 {
        let last = self.delays.len().saturating_sub(1);
        self.delays.get(last * percent / 100).copied().unwrap_or_default()
    }
}

fn far_end() -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// Far ends that send to each other.
fn direct_streams(calls: usize) -> io::Result<Vec<Stream>> {
    let mut streams = Vec::with_capacity(2 * calls);
    for _ in 0..calls {
        let (a, b) = (far_end()?, far_end()?);
        let (to_a, to_b) = (a.local_addr()?, b.local_addr()?);
        streams.extend([Stream::new(a, to_b), Stream::new(b, to_a)]);
    }
    Ok(streams)
}

/// Far ends that send to a relay, two by two bridged there.
fn relayed_streams(calls: usize) -> Result<(MediaPlane, Vec<Stream>), Box<dyn Error>> {
    let (sender, events) = sync_channel(1024);
    let sink = move |event| match sender.try_send(event) {
        Err(TrySendError::Full(event)) => Err(event),
        // Once all legs are open nobody listens any more.
        Ok(()) | Err(TrySendError::Disconnected(_)) => Ok(()),
    };
    let config = MediaConfig { ports: "10000-19999".parse()?, ..MediaConfig::default() };
    let address = config.address;
    let plane = MediaPlane::start(config, sink)?;
    let mut stock = Vec::new();
    let mut streams = Vec::with_capacity(2 * calls);
    let formats = formats();
    for leg in 0..2 * calls as u64 {
        let ports = loop {
            match stock.pop() {
                Some(ports) => break ports,
                None => stock.extend(next_stock(&events)?),
            }
        };
        let socket = far_end()?;
        let rtp = socket.local_addr()?;
        let remote = RemoteMedia { rtp, rtcp: rtp, rtcp_mux: true };
        let leg = LegId(leg);
        plane.command(MediaCommand::Open { leg, ports })?;
        plane.command(MediaCommand::Remote { leg, remote })?;
        plane.command(MediaCommand::Formats { leg, formats: formats.clone() })?;
        if leg.0 % 2 == 1 {
            plane.command(MediaCommand::Bridge { a: LegId(leg.0 - 1), b: leg })?;
        }
        streams.push(Stream::new(socket, SocketAddr::new(address, ports.rtp)));
    }
    plane.report()?;
    Ok((plane, streams))
}

fn formats() -> Formats {
    let format = |payload, encoding| Format { payload, encoding, clock_rate: 8000, channels: 1 };
    let list: Arc<[Format]> =
        [format(0, Encoding::Pcmu), format(101, Encoding::TelephoneEvent)].into();
    Formats { receive: list.clone(), send: list, packet_ms: 20 }
}

/// The CPU time, in ns, of receiving one packet and sending it on, with nothing around it.
fn bare_ns() -> io::Result<u64> {
    const ROUNDS: u64 = 1000;
    const PACKETS: u64 = 50;
    let (feeder, relay, listener) = (far_end()?, far_end()?, far_end()?);
    let (to_relay, to_listener) = (relay.local_addr()?, listener.local_addr()?);
    let mut packet = [0; 172];
    let mut total = 0;
    for _ in 0..ROUNDS {
        for _ in 0..PACKETS {
            feeder.send_to(&packet, to_relay)?;
        }
        let before = nanoseconds(ClockId::ThreadCPUTime);
        for _ in 0..PACKETS {
            let (len, _) = relay.recv_from(&mut packet)?;
            relay.send_to(&packet[..len], to_listener)?;
        }
        total += nanoseconds(ClockId::ThreadCPUTime) - before;
        while listener.recv(&mut packet).is_ok() {}
    }
    Ok(total / (ROUNDS * PACKETS))
}

fn next_stock(events: &Receiver<MediaEvent>) -> Result<Vec<PortPair>, Box<dyn Error>> {
    let event = events.recv_timeout(Duration::from_secs(5))?;
    let MediaEvent::Stock(pairs) = event else {
        return Err(format!("{event:?}").into());
    };
    Ok(pairs)
}

/// Sends for `seconds` after a warm-up, while another thread receives.
fn delays(streams: &[Stream], seconds: usize) -> Result<Outcome, Box<dyn Error>> {
    let done = Arc::new(AtomicBool::new(false));
    let expected = streams.len() * seconds * 1000 / PACKET_MS;
    let sockets = streams.iter().map(|stream| stream.socket.try_clone());
    let sockets = sockets.collect::<io::Result<Vec<_>>>()?;
    let receiver = thread::spawn({
        let done = done.clone();
        move || receive(&sockets, expected, &done)
    });
    send(streams, WARM_UP_S, false, Receiving::Elsewhere)?;
    let sent = send(streams, seconds, true, Receiving::Elsewhere)?;
    done.store(true, Ordering::Relaxed);
    let mut delays = receiver.join().map_err(|_| "the receiver panicked")??;
    delays.sort_unstable();
    Ok(Outcome { sent, delays })
}

/// Sends every stream's packet in its own millisecond of the 20. `timed` packets carry their time.
/// Returns the packets sent, or received where that is this function's business.
fn send(
    streams: &[Stream],
    seconds: usize,
    timed: bool,
    receiving: Receiving,
) -> io::Result<usize> {
    let timer = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::CLOEXEC)?;
    let tick = Timespec { tv_sec: 0, tv_nsec: 1_000_000 };
    let interval = Itimerspec { it_interval: tick, it_value: tick };
    timerfd_settime(&timer, TimerfdTimerFlags::empty(), &interval)?;
    let mut packet = [0xd5; 172];
    packet[..2].copy_from_slice(&[0x80, 0]);
    let (mut slot, mut counted) = (0, 0);
    while slot < seconds * 1000 {
        let mut passed = [0; 8];
        rustix::io::read(&timer, &mut passed)?;
        for _ in 0..u64::from_ne_bytes(passed) {
            for stream in streams.iter().skip(slot % PACKET_MS).step_by(PACKET_MS) {
                if let Receiving::BySender = receiving {
                    counted += usize::from(next_packet(&stream.socket).is_some());
                }
                let time = if timed { now_ns() } else { 0 };
                let sent = stream.send(&mut packet, time);
                if let Receiving::Elsewhere = receiving {
                    counted += usize::from(sent);
                }
            }
            slot += 1;
        }
    }
    Ok(counted)
}

fn receive(sockets: &[UdpSocket], expected: usize, done: &AtomicBool) -> io::Result<Vec<u64>> {
    let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
    for (index, socket) in sockets.iter().enumerate() {
        let data = epoll::EventData::new_u64(index as u64);
        epoll::add(&epoll, socket, data, epoll::EventFlags::IN)?;
    }
    let mut delays = Vec::with_capacity(expected);
    let mut events = Vec::with_capacity(256);
    let calm = Timespec { tv_sec: 0, tv_nsec: 200_000_000 };
    let mut last = now_ns();
    loop {
        events.clear();
        epoll::wait(&epoll, spare_capacity(&mut events), Some(&calm))?;
        // Reports come for ever.
        if done.load(Ordering::Relaxed) && now_ns() - last > 200_000_000 {
            return Ok(delays);
        }
        for event in &events {
            if let Some(packet) = next_packet(&sockets[event.data.u64() as usize]) {
                last = now_ns();
                let mut time = [0; 8];
                time.copy_from_slice(&packet[12..20]);
                let time = u64::from_ne_bytes(time);
                if time != 0 {
                    delays.push(last - time);
                }
            }
        }
    }
}

/// The next packet of sound at a socket; reports between are passed over.
fn next_packet(socket: &UdpSocket) -> Option<[u8; 172]> {
    let mut packet = [0; 172];
    loop {
        socket.recv(&mut packet).ok()?;
        if packet[1] & 0x7f == 0 {
            return Some(packet);
        }
    }
}

fn now_ns() -> u64 {
    nanoseconds(ClockId::Monotonic)
}

fn nanoseconds(clock: ClockId) -> u64 {
    let now = clock_gettime(clock);
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}

/// Where the kernel keeps the accounts of the relay thread.
fn relay_task() -> Result<String, Box<dyn Error>> {
    for task in fs::read_dir("/proc/self/task")? {
        let path = task?.path();
        if fs::read_to_string(path.join("comm"))?.trim() == "media-relay" {
            return Ok(path.join("schedstat").to_string_lossy().into_owned());
        }
    }
    Err("no relay thread".into())
}

/// What of this process is in memory.
fn resident_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.and_then(|kib| kib.parse().ok()).unwrap_or_default()
}

/// The time a thread has run, in ns (the first number of its schedstat).
fn cpu_ns(schedstat: &str) -> u64 {
    let text = fs::read_to_string(schedstat).unwrap_or_default();
    text.split(' ').next().and_then(|ns| ns.parse().ok()).unwrap_or_default()
}
