//! Softphones on loopback: each has a UDP socket for SIP and one for RTP, a task of its own, and a
//! handle through which the story tells it what to do and hears what it noticed.
//!
//! * `voice`: what a phone says; `ear`: what it hears, by spectrum; `sound`: a tone that is known
//!   octet by octet;
//! * `task`: a phone at work.

mod ear;
mod sound;
mod task;
mod voice;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use phone::{Behaviour, Dial, Phone, PhoneConfig, PhoneEvent};
use sdp::Codec;
use sip::flow::Flow;
use tokio::net::UdpSocket;
use tokio::sync::{mpsc, oneshot};

use super::directory::DemoDirectory;
use super::host::{DOMAIN, refused};
use crate::clock::Clock;
use crate::failure::Failure;
pub(super) use ear::{GREETING_HZ, Heard, MUSIC_HZ, RATE, chord, in_words, sounds_in};
pub(super) use sound::TONE_PACKETS;
pub(super) use voice::BadLine;

/// The users who have a phone in the story.
pub(super) const USERS: [&str; 13] =
    ["ana", "ben", "cat", "dan", "eve", "fay", "gil", "hal", "ivy", "jon", "kay", "lou", "mae"];

/// Everybody outside; the first one is whom the trunk reaches, whatever number is dialled.
pub(super) const OUTSIDE: [&str; 13] = [
    "dora", "carl", "guest", "stranger", "nora", "owen", "lena", "paul", "quin", "rosa", "sam",
    "tess", "vic",
];

/// The host part of numbers outside.
const OUTSIDE_DOMAIN: &str = "carrier.test";

/// How long a registration may take.
const REGISTERING: Duration = Duration::from_secs(5);

/// Orders and news that wait for a phone or for the story.
const QUEUE: usize = 256;

/// What a phone is told.
#[derive(Debug)]
pub(super) enum Order {
    /// Register.
    Register,
    /// Take the registration back.
    Unregister,
    /// Do this when called.
    Behave(Behaviour),
    /// Call.
    Call(Box<Dial>),
    /// Say the tone once.
    Speak,
    /// Say the tone of one's own from now on.
    Talk,
    /// Press a key, whose tones are heard in the band.
    Press(char),
    /// Have a line that loses packets, or no longer, from the next call on.
    Line(Option<BadLine>),
    /// Tell what was heard in this call or the last one.
    Tell(oneshot::Sender<Vec<Heard>>),
    /// Put the other side on hold.
    Hold,
    /// Take it back.
    Resume,
    /// Transfer the call to whom this reaches, without speaking to him (REFER).
    Refer(&'static str),
    /// Put the call on hold and call somebody else on a second line.
    Consult(Box<Dial>),
    /// Join both calls and leave them (REFER with Replaces).
    Join,
    /// Hang up.
    HangUp,
}

/// What a phone noticed.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum News {
    /// Signalling.
    Event(PhoneEvent),
    /// The whole tone was said.
    Spoke,
    /// The whole tone of the other side was heard.
    HeardAll,
}

/// Packets of the tone in the call that the phone has or had last.
#[derive(Debug, Default)]
pub(super) struct Counts {
    sent: AtomicU32,
    heard: AtomicU32,
}

/// One phone, as the story holds it.
#[derive(Debug)]
pub(super) struct Handle {
    orders: mpsc::Sender<Order>,
    news: mpsc::Receiver<News>,
    /// What was noticed since the scene began.
    pub(super) seen: Vec<News>,
    counts: Arc<Counts>,
}

/// All phones by name.
pub(super) type Cast = BTreeMap<&'static str, Handle>;

impl Handle {
    /// A new scene: what was noticed before is no longer of interest.
    pub(super) fn begin(&mut self) {
        while self.news.try_recv().is_ok() {}
        self.seen.clear();
    }

    /// Tells it to do something.
    pub(super) async fn order(&self, order: Order) {
        // A phone's task ends with its handle.
        let _ = self.orders.send(order).await;
    }

    /// Waits until the phone notices this in the scene, or did already; `false` when the time is
    /// over.
    pub(super) async fn until(&mut self, limit: Duration, wanted: impl Fn(&News) -> bool) -> bool {
        if self.seen.iter().any(&wanted) {
            return true;
        }
        let waiting = async {
            while let Some(news) = self.news.recv().await {
                let found = wanted(&news);
                self.seen.push(news);
                if found {
                    return true;
                }
            }
            false
        };
        tokio::time::timeout(limit, waiting).await.unwrap_or(false)
    }

    /// Reads what was noticed meanwhile.
    pub(super) fn catch_up(&mut self) {
        while let Ok(news) = self.news.try_recv() {
            self.seen.push(news);
        }
    }

    /// What was heard in this call or the last one.
    pub(super) async fn heard(&self) -> Vec<Heard> {
        let (answer, answered) = oneshot::channel();
        self.order(Order::Tell(answer)).await;
        answered.await.unwrap_or_default()
    }

    /// Packets said and heard in this call or the last one.
    pub(super) fn packets(&self) -> (u32, u32) {
        let counts = &self.counts;
        (counts.sent.load(Ordering::Relaxed), counts.heard.load(Ordering::Relaxed))
    }
}

/// The number of somebody outside.
pub(super) fn number_of(name: &str) -> Option<&'static str> {
    match name {
        "carl" => Some("+15557770001"),
        "dora" => Some("+15557770002"),
        "guest" => Some("+15557770003"),
        "stranger" => Some("+15557770004"),
        "nora" => Some("+15557770005"),
        "owen" => Some("+15557770006"),
        "lena" => Some("+15557770007"),
        "paul" => Some("+15557770008"),
        "quin" => Some("+15557770009"),
        "rosa" => Some("+15557770010"),
        "sam" => Some("+15557770011"),
        "tess" => Some("+15557770012"),
        "vic" => Some("+15557770013"),
        _ => None,
    }
}

/// A call from somebody outside, or from a user.
pub(super) fn dial(caller: &str, called: &str) -> Dial {
    let dial = Dial::number(called);
    match number_of(caller) {
        Some(number) => dial.as_caller(number, OUTSIDE_DOMAIN),
        None => dial,
    }
}

/// The socket where the trunk delivers calls.
pub(super) async fn carrier_socket() -> Result<UdpSocket, Failure> {
    UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(refused)
}

/// Connects all phones, and registers the users'.
pub(super) async fn connect(
    server: SocketAddr,
    directory: &DemoDirectory,
    carrier: UdpSocket,
    clock: Clock,
) -> Result<Cast, Failure> {
    let mut cast = Cast::new();
    let mut carrier = Some(carrier);
    for name in OUTSIDE {
        let socket = match carrier.take() {
            Some(socket) => socket,
            None => carrier_socket().await?,
        };
        let flow = Flow::udp(socket.local_addr().map_err(refused)?, server);
        let config = PhoneConfig::carrier(OUTSIDE_DOMAIN, flow);
        cast.insert(name, connect_one(name, config, socket, clock).await?);
    }
    for name in USERS {
        let socket = carrier_socket().await?;
        let flow = Flow::udp(socket.local_addr().map_err(refused)?, server);
        let password = directory.password(name).unwrap_or_default();
        let config = PhoneConfig::new(name, password, DOMAIN, flow);
        let handle = connect_one(name, config, socket, clock).await?;
        handle.order(Order::Register).await;
        cast.insert(name, handle);
    }
    for name in USERS {
        let Some(handle) = cast.get_mut(name) else { continue };
        let registered = |news: &News| matches!(news, News::Event(PhoneEvent::Registered { .. }));
        if !handle.until(REGISTERING, registered).await {
            let cause = format!("{name}'s phone could not register: {:?}", handle.seen);
            return Err(Failure::work(cause, ""));
        }
    }
    Ok(cast)
}

/// The formats of a phone: narrow-band telephones all of them, but for Gil's.
fn codecs_of(name: &str) -> Vec<Codec> {
    match name {
        "gil" => vec![Codec::new(111, "opus", 48_000, 2)],
        _ => vec![Codec::new(sound::PCMU, "PCMU", 8_000, 1)],
    }
}

async fn connect_one(
    name: &str,
    config: PhoneConfig,
    sip: UdpSocket,
    clock: Clock,
) -> Result<Handle, Failure> {
    let (rtp, rtcp) = sound::sockets().await?;
    let codecs = codecs_of(name);
    let ear = ear::Ear::new(&codecs);
    let config = PhoneConfig {
        media_port: rtp.local_addr().map_err(refused)?.port(),
        lines: if matches!(name, "lou") { 2 } else { 1 },
        codecs,
        ..config
    };
    // Tags and branches of two phones must differ; they need not be secret here.
    let seed = u64::from(config.server.local.port()) << 32 | u64::from(config.media_port);
    let counts = Arc::new(Counts::default());
    let (orders, ordered) = mpsc::channel(QUEUE);
    let (tell, news) = mpsc::channel(QUEUE);
    let task = task::Task {
        phone: Phone::new(config, seed),
        sip,
        rtp,
        _rtcp: rtcp,
        clock,
        counts: counts.clone(),
        tell,
        call: None,
        held: None,
        hz: ear::voice_of(name).unwrap_or(voice::MILLIWATT_HZ),
        line: None,
        voice: None,
        ear,
    };
    tokio::spawn(task.run(ordered));
    Ok(Handle { orders, news, seen: Vec::new(), counts })
}
