//! UDP (RFC 3261 sections 18.1.1 and 18.2.1): one socket for each listener, for both directions,
//! since a response leaves from where its request came to (RFC 3581 section 4).
//!
//! Nothing that arrives ends the loop, not even the ICMP errors that the kernel reports there.
//! Datagrams leave in order: none overtakes one that waits.

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use sip::flow::Flow;
use sip::message::{Message, ParseError};
use tokio::net::UdpSocket;
use tokio::sync::Notify;

use crate::inbound::{Inbound, Inlet};
use crate::{Limits, Unsendable};

/// Datagrams taken at one wake, before the core has its turn.
const BATCH: usize = 64;
/// The largest datagram that UDP can carry.
const DATAGRAM_BYTES: usize = 65_535;

/// One socket.
#[derive(Debug)]
pub(crate) struct Udp {
    socket: UdpSocket,
    pub(crate) local: SocketAddr,
    limits: Limits,
    inlet: Inlet,
    /// What the socket did not take at once.
    waiting: Mutex<VecDeque<(SocketAddr, Bytes)>>,
    /// Something waits.
    wake: Notify,
}

impl Udp {
    /// A bound socket.
    pub(crate) fn new(socket: UdpSocket, local: SocketAddr, limits: Limits, inlet: Inlet) -> Self {
        Self { socket, local, limits, inlet, waiting: Mutex::default(), wake: Notify::new() }
    }

    /// Sends at once, or queues.
    pub(crate) fn send(&self, remote: SocketAddr, bytes: Bytes) -> Result<(), Unsendable> {
        let mut waiting = self.waiting();
        if waiting.is_empty() && self.try_send(remote, &bytes)? {
            return Ok(());
        }
        if waiting.len() >= self.limits.datagrams_waiting {
            self.inlet.counters.outbound_dropped.add();
            return Ok(());
        }
        waiting.push_back((remote, bytes));
        self.wake.notify_one();
        Ok(())
    }

    /// Takes datagrams for as long as the task lives.
    pub(crate) async fn receive(self: Arc<Self>) {
        let mut buffer = vec![0; DATAGRAM_BYTES];
        loop {
            if self.socket.readable().await.is_err() {
                // Only when the runtime is going away.
                return;
            }
            self.receive_batch(&mut buffer);
            tokio::task::yield_now().await;
        }
    }

    /// Sends what waits, for as long as the task lives.
    pub(crate) async fn flush(self: Arc<Self>) {
        loop {
            self.wake.notified().await;
            while !self.waiting().is_empty() {
                if self.socket.writable().await.is_err() {
                    return;
                }
                self.flush_batch();
            }
        }
    }

    fn receive_batch(&self, buffer: &mut [u8]) {
        for _ in 0..BATCH {
            match self.socket.try_recv_from(buffer) {
                Ok((length, remote)) => self.received(remote, &buffer[..length]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                // An ICMP error about something sent earlier: timers find that out.
                Err(error) => tracing::debug!(local = %self.local, %error, "receive"),
            }
        }
    }

    fn received(&self, remote: SocketAddr, datagram: &[u8]) {
        let flow = Flow::udp(self.local, remote);
        tracing::trace!(%flow, bytes = datagram.len(), "received");
        // A copy of its own size: a message that a dialog keeps shall not keep a whole buffer.
        let bytes = Bytes::copy_from_slice(datagram);
        match Message::parse_datagram_within(bytes, &self.limits.message) {
            Ok(message) => self.inlet.offer(Inbound::Message { flow, message }),
            // A keep-alive asks for nothing.
            Err(fault) if fault.error == ParseError::Empty => {}
            Err(fault) => self.inlet.offer(Inbound::Malformed { flow, fault }),
        }
    }

    fn flush_batch(&self) {
        let mut waiting = self.waiting();
        while let Some((remote, bytes)) = waiting.front() {
            match self.try_send(*remote, bytes) {
                Ok(true) => {}
                Ok(false) => return,
                Err(Unsendable) => {
                    let flow = Flow::udp(self.local, *remote);
                    self.inlet.offer(Inbound::Failed { flow });
                }
            }
            waiting.pop_front();
        }
    }

    /// Whether the socket took it.
    fn try_send(&self, remote: SocketAddr, bytes: &[u8]) -> Result<bool, Unsendable> {
        let mut sent = self.socket.try_send_to(bytes, remote);
        if sent.as_ref().is_err_and(is_about_another) {
            sent = self.socket.try_send_to(bytes, remote);
        }
        match sent {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(false),
            Err(error) => {
                tracing::debug!(local = %self.local, %remote, %error, "cannot send");
                Err(Unsendable)
            }
        }
    }

    /// Never held across an await; a panic while it is held leaves the queue whole.
    fn waiting(&self) -> MutexGuard<'_, VecDeque<(SocketAddr, Bytes)>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The kernel reports an ICMP error of an earlier datagram at the next call.
fn is_about_another(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset)
}
