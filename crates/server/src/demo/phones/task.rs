//! One phone at work: it moves bytes, timers and orders between the pure [`Phone`] and its
//! sockets.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use phone::{Phone, PhoneCallId, PhoneEvent, PhoneOutput};
use sip::flow::Flow;
use sip::message::Message;
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::ear::Ear;
use super::sound::{self, TONE_PACKETS};
use super::voice::{self, BadLine, MILLIWATT_HZ, Said, Voice};
use super::{Counts, News, Order};
use crate::clock::Clock;

/// Longer than any packet of sound.
const PACKET_BYTES: usize = 2_048;

/// How long a key is pressed, in packets: 120 ms.
const KEY_PACKETS: u32 = 6;

/// The largest datagram.
const DATAGRAM_BYTES: usize = 65_535;

/// A phone and what it works with.
pub(super) struct Task {
    pub(super) phone: Phone,
    pub(super) sip: UdpSocket,
    pub(super) rtp: UdpSocket,
    /// Bound so that nobody else has the port that the session description names.
    pub(super) _rtcp: UdpSocket,
    pub(super) clock: Clock,
    pub(super) counts: Arc<Counts>,
    pub(super) tell: mpsc::Sender<News>,
    /// The call in which it talks.
    pub(super) call: Option<PhoneCallId>,
    /// The one that it holds meanwhile.
    pub(super) held: Option<PhoneCallId>,
    /// The tone of its own.
    pub(super) hz: u32,
    /// What its line does.
    pub(super) line: Option<BadLine>,
    /// With what it speaks, once it has.
    pub(super) voice: Option<Voice>,
    /// With what it hears.
    pub(super) ear: Ear,
}

impl Task {
    /// Works until its handle is gone.
    pub(super) async fn run(mut self, mut orders: mpsc::Receiver<Order>) {
        let mut sip_buffer = vec![0; DATAGRAM_BYTES];
        let mut rtp_buffer = vec![0; PACKET_BYTES];
        let mut out = Vec::new();
        loop {
            let wake = self.wake();
            tokio::select! {
                order = orders.recv() => match order {
                    Some(order) => self.obey(order, &mut out),
                    None => return,
                },
                Ok((length, from)) = self.sip.recv_from(&mut sip_buffer) => {
                    self.receive(&sip_buffer[..length], from, &mut out);
                }
                Ok((length, _)) = self.rtp.recv_from(&mut rtp_buffer) => {
                    self.hear(&rtp_buffer[..length]);
                }
                () = sleep_until(wake.unwrap_or_else(Instant::now)), if wake.is_some() => {
                    self.phone.timeout(self.clock.now().mono, &mut out);
                }
            }
            self.speak();
            self.let_out(&mut out).await;
        }
    }

    fn wake(&self) -> Option<Instant> {
        let voice = self.voice.as_ref().and_then(Voice::due);
        let due = [self.phone.deadline(), voice].into_iter().flatten().min()?;
        Some(self.clock.instant(due).into())
    }

    fn obey(&mut self, order: Order, out: &mut Vec<PhoneOutput>) {
        let now = self.clock.now().mono;
        match order {
            Order::Register => self.phone.register(now, out),
            Order::Unregister => self.phone.unregister(now, out),
            Order::Behave(behaviour) => self.phone.set_behaviour(behaviour),
            Order::Call(dial) => {
                self.begin_call();
                self.call = self.phone.call(now, *dial, out);
            }
            Order::Speak => self.begin_to_speak([MILLIWATT_HZ, 0], TONE_PACKETS),
            Order::Talk => self.begin_to_speak([self.hz, 0], u32::MAX),
            Order::Press(sign) => {
                if let Some(tones) = voice::key(sign) {
                    self.begin_to_speak(tones, KEY_PACKETS);
                }
            }
            Order::Line(line) => self.line = line,
            Order::Tell(answer) => {
                // Whoever asks waits for it.
                let _ = answer.send(self.ear.heard());
            }
            Order::Hold => {
                self.voice.iter_mut().for_each(Voice::pause);
                if let Some(call) = self.call {
                    self.phone.hold(now, call, out);
                }
            }
            Order::Resume => {
                if let Some(call) = self.call {
                    self.phone.resume(now, call, out);
                }
            }
            Order::Refer(to) => {
                if let Some(call) = self.call {
                    self.phone.refer(now, call, to, out);
                }
            }
            Order::Consult(dial) => {
                if let Some(call) = self.call {
                    self.phone.hold(now, call, out);
                }
                self.held = self.call;
                self.voice = None;
                self.call = self.phone.call(now, *dial, out);
            }
            Order::Join => {
                if let (Some(held), Some(call)) = (self.held, self.call) {
                    self.phone.refer_to_call(now, held, call, out);
                }
            }
            Order::HangUp => {
                if let Some(call) = self.call {
                    self.phone.hang_up(now, call, out);
                }
            }
        }
    }

    fn receive(&mut self, bytes: &[u8], from: SocketAddr, out: &mut Vec<PhoneOutput>) {
        let now = self.clock.now().mono;
        let local = self.phone.config().server.local;
        // The server sends nothing that is not SIP, and nobody else knows the port.
        if let Ok(message) = Message::parse_datagram(Bytes::copy_from_slice(bytes)) {
            self.phone.receive(now, Flow::udp(local, from), message, out);
        }
    }

    /// A new call: what was said and heard before does not count.
    fn begin_call(&mut self) {
        self.voice = None;
        self.ear.forget();
        self.counts.sent.store(0, Ordering::Relaxed);
        self.counts.heard.store(0, Ordering::Relaxed);
    }

    /// Says `hz` for so many packets at most, in the first format that was agreed on.
    fn begin_to_speak(&mut self, hz: [u32; 2], packets: u32) {
        let media = self.call.and_then(|call| self.phone.media(call));
        let Some((media, remote)) = media.and_then(|media| Some((media, media.remote?))) else {
            return;
        };
        if self.voice.is_none() {
            let codec = media.codecs.iter().find(|codec| codec.is_audio());
            let source = self.phone.config().media_port;
            self.voice = codec.and_then(|codec| Voice::new(remote, codec, source, self.line));
        }
        if let Some(voice) = &mut self.voice {
            voice.speak(self.clock.now().mono, hz, remote, packets);
        }
    }

    fn hear(&mut self, packet: &[u8]) {
        self.ear.hear(packet);
        if sound::is_tone(packet) {
            let heard = self.counts.heard.fetch_add(1, Ordering::Relaxed) + 1;
            if heard == TONE_PACKETS {
                self.notice(News::HeardAll);
            }
        }
    }

    /// Says what is due of the tone.
    fn speak(&mut self) {
        let now = self.clock.now().mono;
        let Some(voice) = &mut self.voice else { return };
        if voice.due().is_none() {
            return;
        }
        while let Some(said) = voice.packet(now) {
            if let Said::Packet(packet) = said {
                // A full socket buffer is loss, as on any network; the counts show it.
                let _ = self.rtp.try_send_to(&packet, voice.remote());
                self.counts.sent.fetch_add(1, Ordering::Relaxed);
            }
        }
        if voice.due().is_none() {
            self.notice(News::Spoke);
        }
    }

    async fn let_out(&mut self, out: &mut Vec<PhoneOutput>) {
        for output in out.drain(..) {
            match output {
                PhoneOutput::Transmit { flow, bytes } => {
                    // What cannot be sent is sent again by the transaction.
                    let _ = self.sip.send_to(&bytes, flow.remote).await;
                }
                PhoneOutput::Event(event) => {
                    match &event {
                        PhoneEvent::Ringing { call, .. } => {
                            self.begin_call();
                            self.call = Some(*call);
                        }
                        PhoneEvent::Ended { call, .. } if self.held == Some(*call) => {
                            self.held = None;
                        }
                        PhoneEvent::Ended { call, .. } if self.call == Some(*call) => {
                            self.call = None;
                            self.voice = None;
                        }
                        PhoneEvent::Registered { .. }
                        | PhoneEvent::RegisterFailed { .. }
                        | PhoneEvent::Unregistered
                        | PhoneEvent::Progress { .. }
                        | PhoneEvent::Answered { .. }
                        | PhoneEvent::MediaChanged { .. }
                        | PhoneEvent::InfoAnswered { .. }
                        | PhoneEvent::Identified { .. }
                        | PhoneEvent::ReferAnswered { .. }
                        | PhoneEvent::ReferNotified { .. }
                        | PhoneEvent::ChangeFailed { .. }
                        | PhoneEvent::Ended { .. } => {}
                    }
                    // The story reads what it waits for and forgets the rest.
                    let _ = self.tell.try_send(News::Event(event));
                }
            }
        }
    }

    fn notice(&self, news: News) {
        let _ = self.tell.try_send(news);
    }
}
