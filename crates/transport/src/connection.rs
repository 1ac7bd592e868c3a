//! One connection's task: takes the stream apart (RFC 3261 section 18.3), answers keep-alives
//! (RFC 5626 section 3.5.1), writes what waits, and gives a peer up that stands still.
//!
//! A full channel stops the reading, and with it the peer: nothing that came by TCP is dropped.

use std::io::ErrorKind;
use std::sync::Arc;

use bytes::Bytes;
use sip::flow::Flow;
use sip::framing::{Framed, StreamDecoder};
use tokio::net::TcpStream;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::flows::Connection;
use crate::inbound::Inbound;
use crate::outbox::{End, Outgoing};
use crate::tcp::Tcp;

/// Bytes taken by one system call.
const READ_BYTES: usize = 4_096;

/// Serves the connection until it ends.
pub(crate) async fn run(tcp: &Tcp, connection: &Connection, stream: TcpStream) {
    // Without it a small message would wait for the acknowledgement of the one before.
    let _ = stream.set_nodelay(true);
    let stream = Arc::new(stream);
    if !connection.outbox.attach(Arc::clone(&stream)) {
        return;
    }
    let mut reader = Reader::new(tcp, connection, stream);
    if reader.serve().await == End::Broken {
        tcp.inlet.counters.connections_broken.add();
    }
}

struct Reader<'a> {
    tcp: &'a Tcp,
    connection: &'a Connection,
    stream: Arc<TcpStream>,
    decoder: StreamDecoder,
    /// Messages and keep-alives that came.
    frames: u64,
    seen: Seen,
}

/// What the last look at the connection found.
#[derive(Default)]
struct Seen {
    frames: u64,
    written: u64,
    /// Something was waiting to be written.
    waiting: bool,
    /// A message had begun.
    begun: bool,
    /// Looks since anything came.
    idle_looks: u32,
}

impl<'a> Reader<'a> {
    fn new(tcp: &'a Tcp, connection: &'a Connection, stream: Arc<TcpStream>) -> Self {
        let decoder = StreamDecoder::new(tcp.limits.message);
        Self { tcp, connection, stream, decoder, frames: 0, seen: Seen::default() }
    }

    async fn serve(&mut self) -> End {
        let stall = self.tcp.limits.stall;
        let mut look = interval_at(Instant::now() + stall, stall);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let stream = Arc::clone(&self.stream);
        let outbox = &self.connection.outbox;
        loop {
            let outgoing = match outbox.flush() {
                Ok(outgoing) => outgoing,
                Err(end) => return end,
            };
            tokio::select! {
                biased;
                _ = stream.readable() => {
                    if let Some(end) = self.read().await {
                        return end;
                    }
                }
                _ = stream.writable(), if outgoing == Outgoing::Waiting => {}
                () = outbox.changed() => {}
                _ = look.tick() => {
                    if let Some(end) = self.look() {
                        return end;
                    }
                }
            }
        }
    }

    /// Takes what one call gives and hands over every message in it.
    async fn read(&mut self) -> Option<End> {
        match read_once(&self.stream, &mut self.decoder) {
            Ok(0) => return Some(End::Closed),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => return None,
            Err(_) => return Some(End::Closed),
        }
        loop {
            match self.decoder.next_frame() {
                Ok(None) => return None,
                Ok(Some(frame)) => {
                    self.frames += 1;
                    self.take(frame).await;
                }
                Err(error) => {
                    tracing::debug!(flow = %self.connection.flow, %error, "framing is lost");
                    return Some(End::Broken);
                }
            }
        }
    }

    async fn take(&self, frame: Framed) {
        let flow: Flow = self.connection.flow;
        let inbound = match frame {
            Framed::Message(message) => {
                tracing::trace!(%flow, "received");
                Inbound::Message { flow, message }
            }
            Framed::Fault(fault) => Inbound::Malformed { flow, fault },
            Framed::Ping => {
                self.connection.outbox.send(Bytes::from_static(b"\r\n"));
                return;
            }
            Framed::Pong => return,
        };
        self.tcp.inlet.deliver(inbound).await;
    }

    /// Looks, once in a stall time, whether the peer still does its part.
    fn look(&mut self) -> Option<End> {
        let outbox = &self.connection.outbox;
        let now = Seen {
            frames: self.frames,
            written: outbox.written(),
            waiting: outbox.is_waiting(),
            begun: self.decoder.pending() > 0,
            idle_looks: 0,
        };
        let before = std::mem::replace(&mut self.seen, now);
        let now = &mut self.seen;
        let nothing_came = now.frames == before.frames;
        if nothing_came {
            now.idle_looks = before.idle_looks + 1;
        }
        let never_spoke = now.frames == 0 && now.written == 0;
        let half_a_message = nothing_came && now.begun && before.begun;
        let does_not_read = now.waiting && before.waiting && now.written == before.written;
        if never_spoke || half_a_message || does_not_read {
            tracing::debug!(flow = %self.connection.flow, "stands still");
            return Some(End::Broken);
        }
        let idle = self.tcp.limits.stall.saturating_mul(now.idle_looks);
        (idle >= self.tcp.limits.idle).then_some(End::Closed)
    }
}

/// The buffer lives for one call only: an idle connection holds none.
fn read_once(stream: &TcpStream, decoder: &mut StreamDecoder) -> std::io::Result<usize> {
    let mut buffer = [0; READ_BYTES];
    let count = stream.try_read(&mut buffer)?;
    decoder.push(&buffer[..count]);
    Ok(count)
}
