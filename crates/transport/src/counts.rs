//! What the transport moved, and what it lost at which limit.

use std::sync::atomic::{AtomicU64, Ordering};

/// Numbers since the start, and how many connections there are now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Messages handed over, broken ones included.
    pub received: u64,
    /// Messages sent, or queued to be sent.
    pub sent: u64,
    /// Datagrams not handed over because the channel was full.
    pub inbound_dropped: u64,
    /// Failures not handed over because the channel was full; timers B and F find them.
    pub failures_dropped: u64,
    /// Datagrams not sent because the socket took no more and its queue was full.
    pub outbound_dropped: u64,
    /// Connections closed as soon as they came because a limit was reached.
    pub connections_refused: u64,
    /// Connections closed because the peer read or wrote too slowly, or broke the framing.
    pub connections_broken: u64,
    /// Connections open or being opened.
    pub connections: u64,
}

/// One number.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    /// Counts one more.
    pub(crate) fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn read(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What [`Counts`] is read from.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) received: Counter,
    pub(crate) sent: Counter,
    pub(crate) inbound_dropped: Counter,
    pub(crate) failures_dropped: Counter,
    pub(crate) outbound_dropped: Counter,
    pub(crate) connections_refused: Counter,
    pub(crate) connections_broken: Counter,
}

impl Counters {
    /// Everything but the connections, which are counted where they are kept.
    pub(crate) fn read(&self) -> Counts {
        Counts {
            received: self.received.read(),
            sent: self.sent.read(),
            inbound_dropped: self.inbound_dropped.read(),
            failures_dropped: self.failures_dropped.read(),
            outbound_dropped: self.outbound_dropped.read(),
            connections_refused: self.connections_refused.read(),
            connections_broken: self.connections_broken.read(),
            connections: 0,
        }
    }
}
