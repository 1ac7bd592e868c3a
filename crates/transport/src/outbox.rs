//! What waits to be written to one connection, limited in bytes.
//!
//! Guarantees that bytes leave in the order they were given, that none is written twice, and that
//! after the first failure none is written at all.

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::{Buf as _, Bytes};
use tokio::net::TcpStream;
use tokio::sync::Notify;

/// The queue of one connection.
#[derive(Debug)]
pub(crate) struct Outbox {
    state: Mutex<State>,
    limit_bytes: usize,
    /// Something waits, or the outbox is closed.
    wake: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// There once the connection stands.
    stream: Option<Arc<TcpStream>>,
    waiting: VecDeque<Bytes>,
    waiting_bytes: usize,
    /// Bytes taken by the socket, ever: shows whether a slow peer reads at all.
    written: u64,
    /// Set once, and for good.
    end: Option<End>,
}

/// Why a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// By the peer, or by us in order.
    Closed,
    /// The peer broke the framing, stands still or does not read.
    Broken,
}

/// What the connection's task finds when it looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outgoing {
    /// Nothing waits.
    Empty,
    /// Something waits for room in the socket.
    Waiting,
}

impl Outbox {
    /// An outbox for a connection that does not stand yet.
    pub(crate) fn new(limit_bytes: usize) -> Self {
        Self { state: Mutex::default(), limit_bytes, wake: Notify::new() }
    }

    /// The connection stands: what waits can be written. False when it is not wanted any more.
    pub(crate) fn attach(&self, stream: Arc<TcpStream>) -> bool {
        let mut state = self.state();
        state.stream = state.end.is_none().then_some(stream);
        state.stream.is_some()
    }

    /// Writes at once what the socket takes, queues the rest. When there is no room for it the
    /// connection is given up, because a stream cannot leave anything out. A failure is reported
    /// by the connection's task when it ends, and nowhere else.
    pub(crate) fn send(&self, mut bytes: Bytes) {
        let mut state = self.state();
        if state.end.is_some() {
            return;
        }
        if state.waiting.is_empty() && state.write(&mut bytes).is_err() {
            state.end(End::Closed);
        } else if bytes.is_empty() {
            return;
        } else if state.waiting_bytes + bytes.len() > self.limit_bytes {
            tracing::debug!("the peer reads too slowly");
            state.end(End::Broken);
        } else {
            state.waiting_bytes += bytes.len();
            state.waiting.push_back(bytes);
        }
        self.wake.notify_one();
    }

    /// Writes what waits, as far as the socket takes it.
    pub(crate) fn flush(&self) -> Result<Outgoing, End> {
        let mut state = self.state();
        while let Some(mut bytes) = state.waiting.pop_front() {
            let before = bytes.len();
            let result = state.write(&mut bytes);
            state.waiting_bytes -= before - bytes.len();
            if result.is_err() {
                state.end(End::Closed);
                break;
            }
            if !bytes.is_empty() {
                state.waiting.push_front(bytes);
                return Ok(Outgoing::Waiting);
            }
        }
        state.end.map_or(Ok(Outgoing::Empty), Err)
    }

    /// Whether something waits.
    pub(crate) fn is_waiting(&self) -> bool {
        !self.state().waiting.is_empty()
    }

    /// Bytes written so far.
    pub(crate) fn written(&self) -> u64 {
        self.state().written
    }

    /// Returns when something may have changed: after a send that had to wait, or a close.
    pub(crate) async fn changed(&self) {
        self.wake.notified().await;
    }

    /// Nothing more is written, and the connection's task ends.
    pub(crate) fn close(&self) {
        self.state().end(End::Closed);
        self.wake.notify_one();
    }

    /// Never held across an await; a panic while it is held leaves nothing half done.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Writes until `bytes` is empty or the socket takes no more.
    fn write(&mut self, bytes: &mut Bytes) -> io::Result<()> {
        let Some(stream) = &self.stream else {
            return Ok(());
        };
        while !bytes.is_empty() {
            match stream.try_write(bytes) {
                Ok(count) => {
                    bytes.advance(count);
                    self.written += count as u64;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => {
                    tracing::debug!(%error, "cannot write to the connection");
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// Nothing waits any more, and the socket is let go.
    fn end(&mut self, end: End) {
        let end = Some(self.end.unwrap_or(end));
        *self = Self { end, written: self.written, ..Self::default() };
    }
}
