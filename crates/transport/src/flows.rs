//! The connections there are: by number, and by the peer's address for reuse (RFC 3261 section
//! 18.1.1), within their limits.
//!
//! Guarantees that a number is never given twice, and that an entry leaves every table with its
//! connection. No guard of a table is kept beyond its statement.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use dashmap::DashMap;
use sip::flow::Flow;

use crate::Limits;
use crate::outbox::Outbox;

/// One connection, standing or being opened.
#[derive(Debug)]
pub(crate) struct Connection {
    /// With the connection's number.
    pub(crate) flow: Flow,
    pub(crate) outbox: Outbox,
}

/// Every connection of one transport.
#[derive(Debug)]
pub(crate) struct Flows {
    by_number: DashMap<u64, Arc<Connection>>,
    /// The newest connection with each remote address.
    by_remote: DashMap<SocketAddr, u64>,
    per_peer: DashMap<IpAddr, usize>,
    count: AtomicU64,
    last_number: AtomicU64,
    limits: Limits,
}

impl Flows {
    /// No connection yet.
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            by_number: DashMap::new(),
            by_remote: DashMap::new(),
            per_peer: DashMap::new(),
            count: AtomicU64::new(0),
            last_number: AtomicU64::new(0),
            limits,
        }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// Adds a connection on `flow`, whose number is given here; `None` at a limit.
    pub(crate) fn add(&self, flow: Flow) -> Option<Arc<Connection>> {
        if !self.admit(flow.remote.ip()) {
            return None;
        }
        let number = self.last_number.fetch_add(1, Ordering::Relaxed) + 1;
        let flow = Flow { connection: number, ..flow };
        let outbox = Outbox::new(self.limits.outbox_bytes);
        let connection = Arc::new(Connection { flow, outbox });
        self.by_number.insert(number, Arc::clone(&connection));
        self.by_remote.insert(flow.remote, number);
        Some(connection)
    }

    /// The connection with this number.
    pub(crate) fn numbered(&self, number: u64) -> Option<Arc<Connection>> {
        self.by_number.get(&number).map(|entry| Arc::clone(&entry))
    }

    /// A connection with this peer.
    pub(crate) fn with(&self, remote: SocketAddr) -> Option<Arc<Connection>> {
        let number = *self.by_remote.get(&remote)?;
        self.numbered(number)
    }

    /// The connection is gone.
    pub(crate) fn remove(&self, flow: Flow) {
        if self.by_number.remove(&flow.connection).is_none() {
            return;
        }
        self.by_remote.remove_if(&flow.remote, |_, number| *number == flow.connection);
        self.count.fetch_sub(1, Ordering::Relaxed);
        let peer = flow.remote.ip();
        if let Some(mut count) = self.per_peer.get_mut(&peer) {
            *count -= 1;
        }
        self.per_peer.remove_if(&peer, |_, count| *count == 0);
    }

    /// Every connection's task ends soon.
    pub(crate) fn close_all(&self) {
        for connection in &self.by_number {
            connection.outbox.close();
        }
    }

    /// Counts one more connection with `peer`, unless that is too many.
    fn admit(&self, peer: IpAddr) -> bool {
        let total = self.count.fetch_add(1, Ordering::Relaxed);
        let mut of_peer = self.per_peer.entry(peer).or_default();
        let admitted =
            total < self.limits.connections as u64 && *of_peer < self.limits.connections_per_peer;
        if admitted {
            *of_peer += 1;
            return true;
        }
        drop(of_peer);
        self.per_peer.remove_if(&peer, |_, count| *count == 0);
        self.count.fetch_sub(1, Ordering::Relaxed);
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sip::flow::TransportKind;

    fn flow(remote: &str) -> Flow {
        Flow {
            transport: TransportKind::Tcp,
            local: "192.0.2.1:5060".parse().unwrap(),
            remote: remote.parse().unwrap(),
            connection: 0,
        }
    }

    fn flows(connections: usize, connections_per_peer: usize) -> Flows {
        Flows::new(Limits { connections, connections_per_peer, ..Limits::default() })
    }

    #[test]
    fn a_connection_is_found_by_number_and_by_peer_until_it_is_gone() {
        let flows = flows(10, 10);
        let first = flows.add(flow("192.0.2.9:1000")).unwrap();
        assert_eq!(first.flow.connection, 1);
        assert!(flows.numbered(1).is_some());
        assert_eq!(flows.with(first.flow.remote).unwrap().flow, first.flow);

        flows.remove(first.flow);
        assert!(flows.numbered(1).is_none());
        assert!(flows.with(first.flow.remote).is_none());
        assert_eq!(flows.add(flow("192.0.2.9:1000")).unwrap().flow.connection, 2);
    }

    #[test]
    fn the_newest_connection_with_a_peer_is_reused_and_outlives_the_older() {
        let flows = flows(10, 10);
        let older = flows.add(flow("192.0.2.9:1000")).unwrap();
        let newer = flows.add(flow("192.0.2.9:1000")).unwrap();
        flows.remove(older.flow);
        flows.remove(older.flow);
        assert_eq!(flows.with(newer.flow.remote).unwrap().flow, newer.flow);
        assert_eq!(flows.len(), 1);
    }

    #[test]
    fn both_limits_hold_and_give_room_again() {
        let flows = flows(3, 2);
        let first = flows.add(flow("192.0.2.9:1000")).unwrap();
        assert!(flows.add(flow("192.0.2.9:1001")).is_some());
        assert!(flows.add(flow("192.0.2.9:1002")).is_none(), "two of one peer");
        assert!(flows.add(flow("192.0.2.8:1000")).is_some());
        assert!(flows.add(flow("192.0.2.7:1000")).is_none(), "three in all");
        flows.remove(first.flow);
        assert!(flows.add(flow("192.0.2.7:1000")).is_some());
        assert_eq!(flows.len(), 3);
        assert_eq!(flows.per_peer.len(), 3);
    }
}
