//! Where a request shall go (RFC 3263 section 4): from host, port and transport to addresses in
//! the order in which they are to be tried.
//!
//! An address stands for itself; a port asks for A and AAAA only; without one SRV decides, by
//! priority and weight, and where there is no SRV the default port. NAPTR is not asked for: it
//! only chooses between transports, and UDP before TCP is our choice. Lookups are limited in
//! number, in time and in what they may return.

mod names;
mod selection;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sip::flow::TransportKind;
use sip::user_agent_core::ResolveId;
use tokio::sync::{Semaphore, mpsc};

pub use names::{LookupFailed, Names, SrvRecord, SystemNames};

use crate::inbound::{Inbound, Inlet};
use crate::{Limits, Listen};
use selection::Draw;

/// Addresses of one lookup; more are left out.
pub(crate) const MOST_TARGETS: usize = 16;
/// SRV records of one name whose addresses are looked up.
const MOST_RECORDS: usize = 8;

type Target = (TransportKind, SocketAddr);

/// What the core wants to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lookup {
    /// Returned with the answer.
    pub id: ResolveId,
    /// A name, or an address with or without brackets.
    pub host: String,
    /// The port, where the URI names one.
    pub port: Option<u16>,
    /// The transport, where URI or size decide it.
    pub transport: Option<TransportKind>,
}

/// Answers lookups through the channel of the transport.
#[derive(Debug)]
pub struct Resolver<N> {
    inner: Arc<Inner<N>>,
    running: Arc<Semaphore>,
}

#[derive(Debug)]
struct Inner<N> {
    names: N,
    /// What we can send from: other targets are of no use.
    from: Vec<Listen>,
    limits: Limits,
    inlet: Inlet,
    draws: AtomicU64,
    seed: u64,
}

impl<N: Names> Resolver<N> {
    /// A resolver for what is sent from `from`. The order among SRV records of equal priority
    /// follows from `seed`.
    pub fn new(
        names: N,
        from: &[Listen],
        limits: Limits,
        seed: u64,
        inbound: mpsc::Sender<Inbound>,
    ) -> Self {
        let inner = Inner {
            names,
            from: from.to_vec(),
            limits,
            inlet: Inlet::new(inbound),
            draws: AtomicU64::new(0),
            seed,
        };
        Self { inner: Arc::new(inner), running: Arc::new(Semaphore::new(limits.lookups)) }
    }

    /// Answers with [`Inbound::Resolved`], at once when too many lookups are running. Needs a
    /// tokio runtime.
    pub fn resolve(&self, lookup: Lookup) {
        let Ok(permit) = Arc::clone(&self.running).try_acquire_owned() else {
            tracing::warn!(host = lookup.host, "too many lookups");
            self.inner.inlet.offer(Inbound::Resolved { id: lookup.id, targets: vec![] });
            return;
        };
        let inner = Arc::clone(&self.inner);
        tokio::spawn(async move {
            let answer = tokio::time::timeout(inner.limits.lookup, inner.targets(&lookup)).await;
            let mut targets = answer.unwrap_or_default();
            targets.truncate(MOST_TARGETS);
            tracing::debug!(?lookup, ?targets, "resolved");
            inner.inlet.deliver(Inbound::Resolved { id: lookup.id, targets }).await;
            drop(permit);
        });
    }
}

impl<N: Names> Inner<N> {
    async fn targets(&self, lookup: &Lookup) -> Vec<Target> {
        let transport = lookup.transport.unwrap_or(TransportKind::Udp);
        let port = lookup.port.unwrap_or(transport.default_port());
        if let Some(address) = literal(&lookup.host) {
            return self.reachable(transport, &[address], port);
        }
        if lookup.port.is_none() {
            let (found, targets) = self.by_services(lookup).await;
            if found {
                return targets;
            }
        }
        self.by_addresses(transport, &lookup.host, port).await
    }

    /// Whether there are SRV records at all, and where they lead. With a transport that was not
    /// chosen UDP is asked for first and TCP is what remains to be tried.
    async fn by_services(&self, lookup: &Lookup) -> (bool, Vec<Target>) {
        match lookup.transport {
            Some(transport) => self.by_service(transport, &lookup.host).await,
            None => {
                let (udp, tcp) = tokio::join!(
                    self.by_service(TransportKind::Udp, &lookup.host),
                    self.by_service(TransportKind::Tcp, &lookup.host),
                );
                (udp.0 || tcp.0, [udp.1, tcp.1].concat())
            }
        }
    }

    async fn by_service(&self, transport: TransportKind, host: &str) -> (bool, Vec<Target>) {
        let Some(service) = service(transport) else {
            return (false, vec![]);
        };
        if !self.from.iter().any(|listen| listen.transport == transport) {
            return (false, vec![]);
        }
        let records = self.names.srv(&format!("{service}.{host}.")).await.unwrap_or_default();
        let found = !records.is_empty();
        let mut targets = vec![];
        for record in selection::in_order(records, &mut self.draw()).into_iter().take(MOST_RECORDS)
        {
            // A lone dot says that the service is decidedly not there (RFC 2782).
            if record.target != "." {
                targets.extend(self.by_addresses(transport, &record.target, record.port).await);
            }
        }
        (found, targets)
    }

    async fn by_addresses(&self, transport: TransportKind, host: &str, port: u16) -> Vec<Target> {
        let addresses = self.names.addresses(host).await.unwrap_or_default();
        self.reachable(transport, &addresses, port)
    }

    fn reachable(&self, transport: TransportKind, to: &[IpAddr], port: u16) -> Vec<Target> {
        let from = |address: &&IpAddr| {
            self.from.iter().any(|listen| {
                listen.transport == transport && listen.address.is_ipv4() == address.is_ipv4()
            })
        };
        to.iter().filter(from).map(|&ip| (transport, SocketAddr::new(ip, port))).collect()
    }

    fn draw(&self) -> Draw {
        Draw::new(self.seed, self.draws.fetch_add(1, Ordering::Relaxed))
    }
}

fn literal(host: &str) -> Option<IpAddr> {
    let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    bare.unwrap_or(host).parse().ok()
}

/// The SRV service and protocol (RFC 3263 section 4.1; WebSocket has none, RFC 7118 section 5.6).
const fn service(transport: TransportKind) -> Option<&'static str> {
    match transport {
        TransportKind::Udp => Some("_sip._udp"),
        TransportKind::Tcp => Some("_sip._tcp"),
        TransportKind::Tls => Some("_sips._tcp"),
        TransportKind::Ws | TransportKind::Wss => None,
    }
}
