//! A phone that talks: SIP by the phone of the simulation, RTP and RTCP on sockets of its own, and
//! a way to the server that may be bad. A task of its own moves its packets in their time; a test
//! holds a handle.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::bail;
use bytes::Bytes;
use phone::{Behaviour, Dial, EndCause, Media, Phone, PhoneConfig, PhoneEvent, PhoneOutput};
use rtp::Digit;
use sip::flow::Flow;
use sip::message::{Body, HeaderName, Message};
use tokio::net::UdpSocket;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout_at;

use super::heard::Heard;
use super::road::{Parcel, Road, Trouble};
use super::voice::{Speech, Voice, silence};
use super::wire::{Numbers, Sounds, Wire};

/// How long anything may take that a test waits for.
const PATIENCE: Duration = Duration::from_secs(20);

/// What is looked at for a tone.
const WINDOW: Duration = Duration::from_millis(300);
/// A tone is there.
pub(crate) const FOUND_DBOV: f64 = -30.0;
/// It is not.
pub(crate) const ABSENT_DBOV: f64 = -50.0;

/// Orders that wait for a phone; no test gives so many at once.
const ORDERS: usize = 64;

/// The one clock of a test.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    began: Instant,
    /// Since 1970.
    wall: Duration,
}

impl Clock {
    #[expect(clippy::disallowed_methods, reason = "the tests' one clock")]
    pub(crate) fn start() -> Self {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { began: Instant::now(), wall }
    }

    pub(crate) fn now(self) -> Duration {
        self.began.elapsed()
    }

    /// The time of a row, by this clock.
    pub(crate) fn of_millis(self, millis: i64) -> Duration {
        let wall = Duration::from_millis(u64::try_from(millis).unwrap_or_default());
        wall.saturating_sub(self.wall)
    }
}

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// From the phone.
    Up,
    /// To it.
    Down,
}

/// What a phone is told.
enum Order {
    Register,
    Call(Box<Dial>),
    Answer,
    HangUp,
    Hold,
    Resume,
    Say(Arc<Speech>),
    Shut,
    Press(Vec<Digit>),
    Info {
        headers: Vec<(&'static str, String)>,
        body: Option<(&'static str, String)>,
    },
    Trouble(Way, Trouble),
    RingsLate(Duration),
    /// The battery is empty.
    Die,
}

/// What a phone noticed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// Signalling, with its times.
    pub(crate) events: Vec<(Duration, PhoneEvent)>,
    /// Statuses of responses to INFO.
    pub(crate) infos: Vec<u16>,
    /// Sound.
    pub(crate) sounds: Sounds,
    /// The media as agreed on last.
    pub(crate) media: Option<Media>,
}

/// Who a phone is, and where.
pub(crate) struct Place {
    /// Its SIP address; RTP is `media_port` of the same host, RTCP the next.
    pub(crate) sip: SocketAddr,
    /// Even.
    pub(crate) media_port: u16,
    /// The server's SIP.
    pub(crate) server: SocketAddr,
}

impl Place {
    fn flow(&self) -> Flow {
        Flow::udp(self.sip, self.server)
    }
}

/// A phone, as a test holds it; dropped, it stops without a word.
pub(crate) struct Talker {
    /// What it can speak.
    pub(crate) voice: Voice,
    clock: Clock,
    orders: mpsc::Sender<Order>,
    seen: Arc<Mutex<Seen>>,
    news: watch::Receiver<()>,
}

impl Talker {
    /// Somebody behind the trunk.
    pub(crate) async fn outside(place: Place, voice: Voice, clock: Clock) -> anyhow::Result<Self> {
        let config = PhoneConfig::carrier("carrier.test", place.flow());
        Self::start(config, place, voice, None, clock).await
    }

    /// A user's phone, registered. `renumbered`: what its answers call telephone-event, in place
    /// of the number in the offer.
    pub(crate) async fn user(
        name: &str,
        place: Place,
        voice: Voice,
        renumbered: Option<u8>,
        clock: Clock,
    ) -> anyhow::Result<Self> {
        let password = e2e::host::password(name);
        let config = PhoneConfig::new(name, &password, e2e::host::DOMAIN, place.flow());
        let mut talker = Self::start(config, place, voice, renumbered, clock).await?;
        talker.order(Order::Register);
        talker.event(|event| matches!(event, PhoneEvent::Registered { .. })).await?;
        Ok(talker)
    }

    async fn start(
        config: PhoneConfig,
        place: Place,
        voice: Voice,
        renumbered: Option<u8>,
        clock: Clock,
    ) -> anyhow::Result<Self> {
        let at = |port: u16| SocketAddr::new(place.sip.ip(), port);
        let (sip, rtp) = (UdpSocket::bind(place.sip).await?, place.media_port);
        let config = PhoneConfig {
            media_port: rtp,
            lines: 1,
            codecs: voice.codecs(),
            behaviour: Behaviour::Manual,
            ..config
        };
        // Loopback addresses of a test differ in their last number, or else the ports do.
        let host = match place.sip.ip() {
            IpAddr::V4(host) => u32::from(host),
            IpAddr::V6(_) => 0,
        };
        let seed = u64::from(host) << 16 | u64::from(place.sip.port());
        let mut rest = seed as u32 ^ 0x2545_f491;
        rest = rest.wrapping_mul(0x9e37_79b9);
        let quiet = Speech::of(voice.kind, &silence(400));
        let (orders, ordered) = mpsc::channel(ORDERS);
        let (tell, news) = watch::channel(());
        let seen = Arc::new(Mutex::new(Seen::default()));
        let task = Task {
            phone: Phone::new(config, seed),
            sip,
            rtp: UdpSocket::bind(at(rtp)).await?,
            rtcp: UdpSocket::bind(at(rtp + 1)).await?,
            clock,
            wire: Wire::new(voice, rest, clock.wall, quiet),
            up: Road::new(seed),
            down: Road::new(!seed),
            seen: seen.clone(),
            tell,
            renumbered,
            rings_late: Duration::ZERO,
            ringing: Vec::new(),
            call: None,
            remote: None,
            alive: true,
        };
        tokio::spawn(task.run(ordered));
        Ok(Self { voice, clock, orders, seen, news })
    }

    fn order(&self, order: Order) {
        // A phone's task ends with its handle.
        let _ = self.orders.try_send(order);
    }

    /// Calls, as somebody with this number.
    pub(crate) fn call(&self, from: &str, to: &str) {
        self.order(Order::Call(Box::new(Dial::number(to).as_caller(from, "carrier.test"))));
    }

    /// Calls, as the user whose phone it is.
    pub(crate) fn dial(&self, to: &str) {
        self.order(Order::Call(Box::new(Dial::number(to))));
    }

    /// It says so long after a call came that it rings.
    pub(crate) fn rings_late(&self, after: Duration) {
        self.order(Order::RingsLate(after));
    }

    /// Waits until it rings.
    pub(crate) async fn rings(&mut self) -> anyhow::Result<()> {
        self.event(|event| matches!(event, PhoneEvent::Ringing { .. })).await
    }

    /// Takes the call that rings, and waits until both talk.
    pub(crate) async fn answer(&mut self) -> anyhow::Result<()> {
        self.order(Order::Answer);
        self.answered().await
    }

    /// Waits until the call that it placed is answered.
    pub(crate) async fn answered(&mut self) -> anyhow::Result<()> {
        self.event(|event| matches!(event, PhoneEvent::Answered { .. })).await
    }

    /// Hangs up, if nobody did before.
    pub(crate) fn hang_up(&self) {
        self.order(Order::HangUp);
    }

    /// Waits until its call is over.
    pub(crate) async fn ended(&mut self) -> anyhow::Result<EndCause> {
        self.event(|event| matches!(event, PhoneEvent::Ended { .. })).await?;
        let seen = self.seen();
        let mut cause = EndCause::Lost;
        for (_, event) in seen.events {
            if let PhoneEvent::Ended { cause: told, .. } = event {
                cause = told;
            }
        }
        Ok(cause)
    }

    /// Puts the other side on hold, and waits until that is agreed on.
    pub(crate) async fn hold(&mut self) -> anyhow::Result<()> {
        self.order(Order::Hold);
        self.until("a hold", |seen| sending_only(seen) == Some(true)).await
    }

    /// Takes it back.
    pub(crate) async fn resume(&mut self) -> anyhow::Result<()> {
        self.order(Order::Resume);
        self.until("a resume", |seen| sending_only(seen) == Some(false)).await
    }

    /// Says this again and again from now on.
    pub(crate) fn say(&self, pcm: &[i16]) {
        self.order(Order::Say(Speech::of(self.voice.kind, pcm)));
    }

    /// Says what was encoded before.
    pub(crate) fn say_speech(&self, speech: Arc<Speech>) {
        self.order(Order::Say(speech));
    }

    /// Says this once, and then nothing.
    pub(crate) fn say_once(&self, pcm: &[i16]) {
        self.order(Order::Say(Speech::once(self.voice.kind, pcm)));
    }

    /// Sends no RTP any more.
    pub(crate) fn shut(&self) {
        self.order(Order::Shut);
    }

    /// Presses keys as RFC 4733 events.
    pub(crate) fn press(&self, keys: &str) {
        let digits = keys.chars().filter_map(|key| Digit::try_from(key).ok()).collect();
        self.order(Order::Press(digits));
    }

    /// Sends INFO in its call, and waits for the response.
    pub(crate) async fn info(
        &mut self,
        headers: Vec<(&'static str, String)>,
        body: Option<(&'static str, String)>,
    ) -> anyhow::Result<u16> {
        let before = self.seen().infos.len();
        self.order(Order::Info { headers, body });
        self.until("a response to INFO", |seen| seen.infos.len() > before).await?;
        Ok(self.seen().infos[before])
    }

    /// The way to or from the server is so from now on.
    pub(crate) fn trouble(&self, way: Way, trouble: Trouble) {
        self.order(Order::Trouble(way, trouble));
    }

    /// It is gone.
    pub(crate) fn die(&self) {
        self.order(Order::Die);
    }

    /// Waits until it has said so much more.
    pub(crate) async fn speaks(&mut self, ms: u64) -> anyhow::Result<()> {
        let wanted = self.seen().sounds.said.len() + usize::try_from(ms / 20)?;
        self.until("speech", |seen| seen.sounds.said.len() >= wanted).await
    }

    /// Waits until it hears a tone, found in the sound of the last 300 ms.
    pub(crate) async fn hears_tone(&mut self, hz: f64) -> anyhow::Result<()> {
        let limit = self.now() + PATIENCE;
        while self.now() < limit {
            self.speaks(100).await?;
            let now = self.now();
            if self.heard().tone(hz, now.saturating_sub(WINDOW), now) > FOUND_DBOV {
                return Ok(());
            }
        }
        bail!("no tone of {hz} Hz; events: {:?}", self.lock().events)
    }

    /// Waits until it hears it no longer.
    pub(crate) async fn misses_tone(&mut self, hz: f64) -> anyhow::Result<()> {
        let limit = self.now() + PATIENCE;
        while self.now() < limit {
            self.speaks(100).await?;
            let now = self.now();
            if self.heard().tone(hz, now.saturating_sub(WINDOW), now) < ABSENT_DBOV {
                return Ok(());
            }
        }
        bail!("{hz} Hz for ever")
    }

    /// Waits until it has heard so many packets more.
    pub(crate) async fn hears(&mut self, packets: usize) -> anyhow::Result<()> {
        let wanted = self.seen().sounds.heard.len() + packets;
        self.until("sound", |seen| seen.sounds.heard.len() >= wanted).await
    }

    /// Waits until it has noticed what is wanted.
    pub(crate) async fn until(
        &mut self,
        what: &str,
        wanted: impl Fn(&Seen) -> bool,
    ) -> anyhow::Result<()> {
        let limit = tokio::time::Instant::now() + PATIENCE;
        loop {
            if wanted(&self.lock()) {
                return Ok(());
            }
            if !matches!(timeout_at(limit, self.news.changed()).await, Ok(Ok(()))) {
                bail!("no {what}; events: {:?}", self.lock().events);
            }
        }
    }

    async fn event(&mut self, wanted: impl Fn(&PhoneEvent) -> bool) -> anyhow::Result<()> {
        self.until("event", |seen| seen.events.iter().any(|(_, event)| wanted(event))).await
    }

    /// What it noticed so far.
    pub(crate) fn seen(&self) -> Seen {
        self.lock().clone()
    }

    /// What it heard so far.
    pub(crate) fn heard(&self) -> Heard {
        Heard::new(self.voice, self.lock().sounds.clone())
    }

    /// Now, by its clock.
    pub(crate) fn now(&self) -> Duration {
        self.clock.now()
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether it has the other side on hold; `None`: there is no session.
fn sending_only(seen: &Seen) -> Option<bool> {
    Some(seen.media.as_ref()?.direction.holds())
}

/// A phone at work.
struct Task {
    phone: Phone,
    sip: UdpSocket,
    rtp: UdpSocket,
    rtcp: UdpSocket,
    clock: Clock,
    wire: Wire,
    up: Road,
    down: Road,
    seen: Arc<Mutex<Seen>>,
    tell: watch::Sender<()>,
    renumbered: Option<u8>,
    rings_late: Duration,
    /// What it will say, when, and to whom.
    ringing: Vec<(Duration, SocketAddr, Bytes)>,
    call: Option<phone::PhoneCallId>,
    remote: Option<SocketAddr>,
    alive: bool,
}

impl Task {
    async fn run(mut self, mut orders: mpsc::Receiver<Order>) {
        let (mut sip, mut rtp, mut rtcp) = ([0; 65_535], [0; 2_048], [0; 2_048]);
        let mut out = Vec::new();
        loop {
            let wake = self.wake();
            tokio::select! {
                order = orders.recv() => match order {
                    Some(order) => self.obey(order, &mut out),
                    None => return,
                },
                Ok((length, from)) = self.sip.recv_from(&mut sip) => {
                    self.receive(&sip[..length], from, &mut out);
                }
                Ok((length, _)) = self.rtp.recv_from(&mut rtp) => {
                    let bytes = rtp[..length].to_vec();
                    self.down.enter(self.clock.now(), Parcel { control: false, bytes });
                }
                Ok((length, _)) = self.rtcp.recv_from(&mut rtcp) => {
                    let bytes = rtcp[..length].to_vec();
                    self.down.enter(self.clock.now(), Parcel { control: true, bytes });
                }
                () = tokio::time::sleep_until(wake.into()) => {
                    self.phone.timeout(self.clock.now(), &mut out);
                }
            }
            self.listen();
            self.speak();
            self.let_out(&mut out).await;
            self.ring().await;
            let _ = self.tell.send(());
        }
    }

    fn wake(&self) -> Instant {
        let dues = [self.phone.deadline(), self.wire.wake(), self.up.due(), self.down.due()];
        let rings = self.ringing.iter().map(|(at, ..)| *at);
        let due = dues.into_iter().flatten().chain(rings).min();
        self.clock.began + due.unwrap_or_else(|| self.clock.now() + PATIENCE)
    }

    fn obey(&mut self, order: Order, out: &mut Vec<PhoneOutput>) {
        let now = self.clock.now();
        let call = self.call;
        match order {
            Order::Register => self.phone.register(now, out),
            Order::Call(dial) => self.call = self.phone.call(now, *dial, out),
            Order::Answer => call.into_iter().for_each(|it| self.phone.answer(now, it, out)),
            Order::HangUp => call.into_iter().for_each(|it| self.phone.hang_up(now, it, out)),
            Order::Hold => call.into_iter().for_each(|it| self.phone.hold(now, it, out)),
            Order::Resume => call.into_iter().for_each(|it| self.phone.resume(now, it, out)),
            Order::Say(speech) => self.wire.say(speech),
            Order::Shut => self.wire.shut(),
            Order::Press(digits) => self.wire.press(&digits),
            Order::Info { headers, body } => {
                let Some(call) = call else { return };
                let named = |(name, value)| (HeaderName::Other(name), value);
                let headers = headers.into_iter().map(named).collect();
                let body = body.map(|(kind, text)| Body::new(kind, text));
                self.phone.info(now, call, headers, body, out);
            }
            Order::Trouble(Way::Up, trouble) => self.up.set(trouble),
            Order::Trouble(Way::Down, trouble) => self.down.set(trouble),
            Order::RingsLate(after) => self.rings_late = after,
            Order::Die => {
                self.alive = false;
                self.wire.hush();
            }
        }
    }

    fn receive(&mut self, bytes: &[u8], from: SocketAddr, out: &mut Vec<PhoneOutput>) {
        let local = self.phone.config().server.local;
        if !self.alive {
            return;
        }
        if let Ok(message) = Message::parse_datagram(Bytes::copy_from_slice(bytes)) {
            self.phone.receive(self.clock.now(), Flow::udp(local, from), message, out);
        }
    }

    /// Takes what has come through.
    fn listen(&mut self) {
        let now = self.clock.now();
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(parcel) = self.down.leave(now) {
            if self.alive {
                self.wire.hear(now, parcel, &mut seen.sounds);
            }
        }
    }

    /// Sends what is due and what has come through.
    fn speak(&mut self) {
        let now = self.clock.now();
        let mut parcels = Vec::new();
        {
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            self.wire.work(now, &mut seen.sounds, &mut parcels);
        }
        for parcel in parcels {
            self.up.enter(now, parcel);
        }
        while let Some(Parcel { control, bytes }) = self.up.leave(now) {
            let Some(remote) = self.remote else { continue };
            // A full socket buffer is loss, as on any network.
            let _ = if control {
                let remote = SocketAddr::new(remote.ip(), remote.port() + 1);
                self.rtcp.try_send_to(&bytes, remote)
            } else {
                self.rtp.try_send_to(&bytes, remote)
            };
        }
    }

    async fn let_out(&mut self, out: &mut Vec<PhoneOutput>) {
        for output in std::mem::take(out) {
            match output {
                PhoneOutput::Transmit { flow, bytes } if self.alive => {
                    let bytes = self.rewritten(bytes);
                    if bytes.starts_with(b"SIP/2.0 180") {
                        let at = self.clock.now() + self.rings_late;
                        self.ringing.push((at, flow.remote, bytes));
                        continue;
                    }
                    let _ = self.sip.send_to(&bytes, flow.remote).await;
                }
                PhoneOutput::Transmit { .. } => {}
                PhoneOutput::Event(event) => self.notice(event),
            }
        }
    }

    /// Says that it rings, when it is time.
    async fn ring(&mut self) {
        let now = self.clock.now();
        let due = self.ringing.extract_if(.., |(at, ..)| *at <= now);
        for (_, remote, bytes) in due.collect::<Vec<_>>() {
            let _ = self.sip.send_to(&bytes, remote).await;
        }
    }

    fn notice(&mut self, event: PhoneEvent) {
        let now = self.clock.now();
        match &event {
            PhoneEvent::Ringing { call, .. } => self.call = Some(*call),
            PhoneEvent::MediaChanged { media, .. } => self.agreed(media),
            PhoneEvent::Ended { .. } => {
                self.call = None;
                self.wire.hush();
            }
            PhoneEvent::Registered { .. }
            | PhoneEvent::RegisterFailed { .. }
            | PhoneEvent::Unregistered
            | PhoneEvent::Progress { .. }
            | PhoneEvent::Answered { .. }
            | PhoneEvent::InfoAnswered { .. }
            | PhoneEvent::Identified { .. }
            | PhoneEvent::ReferAnswered { .. }
            | PhoneEvent::ReferNotified { .. }
            | PhoneEvent::ChangeFailed { .. } => {}
        }
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let PhoneEvent::InfoAnswered { status, .. } = event {
            seen.infos.push(status);
        }
        if let PhoneEvent::MediaChanged { media, .. } = &event {
            seen.media = Some(media.clone());
        }
        seen.events.push((now, event));
    }

    fn agreed(&mut self, media: &Media) {
        let sound = media.codecs.iter().find(|codec| codec.is_audio());
        let is_event = |codec: &&sdp::Codec| codec.kind() == sdp::CodecKind::TelephoneEvent;
        let events = media.codecs.iter().find(is_event).map(|codec| codec.payload);
        let Some((remote, sound)) = media.remote.zip(sound) else { return };
        self.remote = Some(remote);
        if media.direction.sends() {
            self.wire.talk(self.clock.now(), Numbers { sound: sound.payload, events });
        } else {
            self.wire.shut();
        }
    }

    /// The message with telephone-event under another number: an answer may have one of its own
    /// (RFC 3264 §6.1). Numbers have as many digits as the offer's, so that lengths stay.
    fn rewritten(&self, bytes: Bytes) -> Bytes {
        let Some(number) = self.renumbered else { return bytes };
        let Ok(text) = std::str::from_utf8(&bytes) else { return bytes };
        let Some(line) = text.lines().find(|line| line.contains("telephone-event")) else {
            return bytes;
        };
        let offered = line.trim_start_matches("a=rtpmap:").split(' ').next().unwrap_or_default();
        let text = text
            .replace(&format!("a=rtpmap:{offered} "), &format!("a=rtpmap:{number} "))
            .replace(&format!("a=fmtp:{offered} "), &format!("a=fmtp:{number} "));
        let media: Vec<String> = text
            .split("\r\n")
            .map(|line| match line.strip_suffix(&format!(" {offered}")) {
                Some(start) if line.starts_with("m=audio") => format!("{start} {number}"),
                _ => line.to_owned(),
            })
            .collect();
        Bytes::from(media.join("\r\n"))
    }
}
