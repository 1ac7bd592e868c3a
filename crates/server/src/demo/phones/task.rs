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

use super::sound::{self, TONE_PACKETS, Tone};
use super::{Counts, News, Order};
use crate::clock::Clock;

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
    /// The call it has: a phone of the story has one line.
    pub(super) call: Option<PhoneCallId>,
    /// What it is saying.
    pub(super) tone: Option<Tone>,
}

impl Task {
    /// Works until its handle is gone.
    pub(super) async fn run(mut self, mut orders: mpsc::Receiver<Order>) {
        let mut sip_buffer = vec![0; DATAGRAM_BYTES];
        let mut rtp_buffer = [0; sound::PACKET_BYTES + 1];
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
        let tone = self.tone.as_ref().map(Tone::due);
        let due = [self.phone.deadline(), tone].into_iter().flatten().min()?;
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
            Order::Speak => {
                let media = self.call.and_then(|call| self.phone.media(call));
                if let Some(remote) = media.and_then(|media| media.remote) {
                    self.tone = Some(Tone::new(now, remote, self.phone.config().media_port));
                }
            }
            Order::Hold => {
                if let Some(call) = self.call {
                    self.phone.hold(now, call, out);
                }
            }
            Order::Resume => {
                if let Some(call) = self.call {
                    self.phone.resume(now, call, out);
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
        self.tone = None;
        self.counts.sent.store(0, Ordering::Relaxed);
        self.counts.heard.store(0, Ordering::Relaxed);
    }

    fn hear(&self, packet: &[u8]) {
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
        let Some(tone) = &mut self.tone else { return };
        while let Some(packet) = tone.packet(now) {
            // A full socket buffer is loss, as on any network; the counts show it.
            let _ = self.rtp.try_send_to(&packet, tone.remote());
            self.counts.sent.fetch_add(1, Ordering::Relaxed);
        }
        if tone.is_over() {
            self.tone = None;
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
                            self.counts.sent.store(0, Ordering::Relaxed);
                            self.counts.heard.store(0, Ordering::Relaxed);
                            self.call = Some(*call);
                        }
                        PhoneEvent::Ended { call, .. } if self.call == Some(*call) => {
                            self.call = None;
                            self.tone = None;
                        }
                        PhoneEvent::Registered { .. }
                        | PhoneEvent::RegisterFailed { .. }
                        | PhoneEvent::Unregistered
                        | PhoneEvent::Progress { .. }
                        | PhoneEvent::Answered { .. }
                        | PhoneEvent::MediaChanged { .. }
                        | PhoneEvent::InfoAnswered { .. }
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
