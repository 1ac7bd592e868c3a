//! Where requests go, with names that the test gives.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use sip::flow::TransportKind::{self, Tcp, Tls, Udp};
use sip::user_agent_core::ResolveId;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::PATIENCE;
use crate::{Inbound, Limits, Listen, Lookup, LookupFailed, Names, Resolver, SrvRecord};

/// What the world knows; a name that nobody knows anything of is never answered.
#[derive(Default)]
struct Fake {
    srv: BTreeMap<&'static str, Vec<SrvRecord>>,
    addresses: BTreeMap<&'static str, Vec<&'static str>>,
    silent: bool,
}

impl Fake {
    fn srv(mut self, name: &'static str, records: &[(u16, u16, &str)]) -> Self {
        let record = |&(priority, port, target): &(u16, u16, &str)| SrvRecord {
            priority,
            weight: 1,
            port,
            target: target.to_owned(),
        };
        self.srv.insert(name, records.iter().map(record).collect());
        self
    }

    fn host(mut self, name: &'static str, addresses: &[&'static str]) -> Self {
        self.addresses.insert(name, addresses.to_vec());
        self
    }
}

impl Names for Fake {
    async fn srv(&self, name: &str) -> Result<Vec<SrvRecord>, LookupFailed> {
        if self.silent {
            std::future::pending::<()>().await;
        }
        Ok(self.srv.get(name).cloned().unwrap_or_default())
    }

    async fn addresses(&self, name: &str) -> Result<Vec<IpAddr>, LookupFailed> {
        let found = self.addresses.get(name).ok_or(LookupFailed)?;
        Ok(found.iter().map(|address| address.parse().unwrap()).collect())
    }
}

struct Bench {
    resolver: Resolver<Fake>,
    inbound: mpsc::Receiver<Inbound>,
}

impl Bench {
    /// Sends by UDP over both families, by TCP over IPv4 only.
    fn new(names: Fake, limits: Limits) -> Self {
        let from = [(Udp, "192.0.2.1:5060"), (Udp, "[2001:db8::1]:5060"), (Tcp, "192.0.2.1:5060")]
            .map(|(transport, address)| Listen { transport, address: address.parse().unwrap() });
        let (sender, inbound) = mpsc::channel(8);
        Self { resolver: Resolver::new(names, &from, limits, 1, sender), inbound }
    }

    fn ask(&self, id: u64, host: &str, port: Option<u16>, transport: Option<TransportKind>) {
        let id = ResolveId::from_number(id);
        self.resolver.resolve(Lookup { id, host: host.to_owned(), port, transport });
    }

    async fn answer(&mut self) -> (u64, Vec<(TransportKind, SocketAddr)>) {
        let inbound = timeout(PATIENCE, self.inbound.recv()).await.expect("no answer").unwrap();
        let Inbound::Resolved { id, targets } = inbound else {
            panic!("no answer: {inbound:?}");
        };
        (id.number(), targets)
    }
}

/// One lookup, as text.
async fn lookup(
    names: Fake,
    host: &str,
    port: Option<u16>,
    transport: Option<TransportKind>,
) -> String {
    let mut bench = Bench::new(names, Limits::default());
    bench.ask(1, host, port, transport);
    let (_, targets) = bench.answer().await;
    let texts: Vec<String> =
        targets.iter().map(|(kind, address)| format!("{}:{address}", kind.uri_token())).collect();
    texts.join(" ")
}

#[tokio::test]
async fn an_address_stands_for_itself() {
    let none = Fake::default;
    assert_eq!(lookup(none(), "198.51.100.7", None, None).await, "udp:198.51.100.7:5060");
    assert_eq!(
        lookup(none(), "198.51.100.7", Some(5080), Some(Tcp)).await,
        "tcp:198.51.100.7:5080"
    );
    assert_eq!(lookup(none(), "[2001:db8::7]", None, None).await, "udp:[2001:db8::7]:5060");
    assert_eq!(lookup(none(), "2001:db8::7", None, None).await, "udp:[2001:db8::7]:5060");
}

#[tokio::test]
async fn what_cannot_be_reached_from_here_is_left_out() {
    let none = Fake::default;
    assert_eq!(lookup(none(), "2001:db8::7", None, Some(Tcp)).await, "");
    assert_eq!(lookup(none(), "198.51.100.7", None, Some(Tls)).await, "");
    let both = none().host("both.example", &["198.51.100.7", "2001:db8::7"]);
    assert_eq!(lookup(both, "both.example", None, Some(Tcp)).await, "tcp:198.51.100.7:5060");
}

#[tokio::test]
async fn a_port_asks_for_addresses_only() {
    let names = Fake::default()
        .srv("_sip._udp.pbx.example.", &[(1, 7000, "elsewhere.example")])
        .host("pbx.example", &["198.51.100.7", "2001:db8::7"]);
    assert_eq!(
        lookup(names, "pbx.example", Some(5062), None).await,
        "udp:198.51.100.7:5062 udp:[2001:db8::7]:5062"
    );
}

#[tokio::test]
async fn services_decide_by_priority_and_udp_goes_before_tcp() {
    let names = || {
        Fake::default()
            .srv(
                "_sip._udp.carrier.example.",
                &[(20, 5060, "b.example."), (10, 5070, "a.example.")],
            )
            .srv("_sip._tcp.carrier.example.", &[(5, 5080, "a.example.")])
            .host("a.example.", &["198.51.100.1"])
            .host("b.example.", &["198.51.100.2"])
            .host("carrier.example", &["198.51.100.99"])
    };
    assert_eq!(
        lookup(names(), "carrier.example", None, None).await,
        "udp:198.51.100.1:5070 udp:198.51.100.2:5060 tcp:198.51.100.1:5080"
    );
    assert_eq!(lookup(names(), "carrier.example", None, Some(Tcp)).await, "tcp:198.51.100.1:5080");
}

#[tokio::test]
async fn without_services_the_default_port_is_used() {
    let names = Fake::default().host("pbx.example", &["198.51.100.7"]);
    assert_eq!(lookup(names, "pbx.example", None, None).await, "udp:198.51.100.7:5060");
    let names = Fake::default().host("pbx.example", &["198.51.100.7"]);
    assert_eq!(lookup(names, "pbx.example", None, Some(Tcp)).await, "tcp:198.51.100.7:5060");
}

#[tokio::test]
async fn a_service_that_is_decidedly_not_there_is_not_looked_for_elsewhere() {
    let names = Fake::default()
        .srv("_sip._udp.pbx.example.", &[(0, 0, ".")])
        .host("pbx.example", &["198.51.100.7"]);
    assert_eq!(lookup(names, "pbx.example", None, Some(Udp)).await, "");
}

#[tokio::test]
async fn a_name_without_records_has_no_targets() {
    assert_eq!(lookup(Fake::default(), "nowhere.example", None, None).await, "");
}

#[tokio::test]
async fn a_name_with_too_many_addresses_is_cut_off() {
    let names = Fake::default().host("many.example", &["198.51.100.7"; 40]);
    let found = lookup(names, "many.example", None, None).await;
    assert_eq!(found.split(' ').count(), super::super::resolver::MOST_TARGETS);
}

#[tokio::test(start_paused = true)]
async fn a_silent_name_server_is_not_waited_for() {
    let mut bench = Bench::new(Fake { silent: true, ..Fake::default() }, Limits::default());
    let start = tokio::time::Instant::now();
    bench.ask(7, "slow.example", None, None);
    assert_eq!(bench.answer().await, (7, vec![]));
    assert_eq!(start.elapsed(), Limits::default().lookup);
}

#[tokio::test(start_paused = true)]
async fn lookups_beyond_the_limit_find_nothing_at_once() {
    let limits = Limits { lookups: 1, ..Limits::default() };
    let mut bench = Bench::new(Fake { silent: true, ..Fake::default() }, limits);
    let start = tokio::time::Instant::now();
    bench.ask(1, "slow.example", None, None);
    bench.ask(2, "slow.example", None, None);
    assert_eq!(bench.answer().await, (2, vec![]));
    assert!(start.elapsed().is_zero());
    assert_eq!(bench.answer().await.0, 1);
    tokio::task::yield_now().await;

    bench.ask(3, "198.51.100.7", None, None);
    assert_eq!(bench.answer().await.1.len(), 1);
}
