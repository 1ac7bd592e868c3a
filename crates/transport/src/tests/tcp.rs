//! TCP over loopback.

use std::time::Duration;

use sip::flow::TransportKind;
use sip::message::ParseError;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::{Node, PATIENCE, call_id, request};
use crate::Limits;

async fn read(stream: &mut TcpStream, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    timeout(PATIENCE, stream.read_exact(&mut bytes)).await.expect("nothing came").unwrap();
    bytes
}

/// Waits for the end; a reset is one too.
async fn closed(stream: &mut TcpStream) {
    let mut rest = vec![];
    let _ = timeout(PATIENCE, stream.read_to_end(&mut rest)).await.expect("still open");
}

fn node(limits: Limits) -> Node {
    Node::with(TransportKind::Tcp, "127.0.0.1:0", limits, 64)
}

async fn there_and_back(address: &str) {
    let mut node = Node::with(TransportKind::Tcp, address, Limits::default(), 8);
    let mut peer = TcpStream::connect(node.local).await.unwrap();
    peer.set_nodelay(true).unwrap();
    let (one, two) = (request("one", "hello"), request("two", ""));
    // The first in two pieces, the rest of it together with the second.
    peer.write_all(&one[..40]).await.unwrap();
    node.until(|counts| counts.connections == 1).await;
    peer.write_all(&[&one[40..], &two[..]].concat()).await.unwrap();

    let (flow, message) = node.message().await;
    assert_eq!(call_id(&message), "one");
    assert_eq!((flow.local, flow.remote), (node.local, peer.local_addr().unwrap()));
    assert_ne!(flow.connection, 0);
    let (second, message) = node.message().await;
    assert_eq!((second, call_id(&message)), (flow, "two"));

    node.transport.send(flow, two.clone());
    node.transport.send(flow, one.clone());
    assert_eq!(read(&mut peer, two.len() + one.len()).await, [two, one].concat());

    drop(peer);
    assert_eq!(node.failed().await, flow);
    assert_eq!(node.transport.counts().connections, 0);
    assert_eq!(node.transport.counts().connections_broken, 0);
}

#[tokio::test]
async fn a_connection_carries_messages_both_ways_until_the_peer_goes() {
    there_and_back("127.0.0.1:0").await;
}

#[tokio::test]
async fn ipv6_is_no_different() {
    there_and_back("[::1]:0").await;
}

#[tokio::test]
async fn a_ping_gets_its_pong() {
    let node = Node::new(TransportKind::Tcp);
    let mut peer = TcpStream::connect(node.local).await.unwrap();
    peer.write_all(b"\r\n\r\n").await.unwrap();
    assert_eq!(read(&mut peer, 2).await, b"\r\n");
}

#[tokio::test]
async fn one_connection_is_opened_and_used_again_in_both_directions() {
    let mut node = Node::new(TransportKind::Tcp);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let flow = node.flow_to(TransportKind::Tcp, listener.local_addr().unwrap());
    let (one, two) = (request("one", ""), request("two", ""));
    node.transport.send(flow, one.clone());
    node.transport.send(flow, two.clone());

    let (mut peer, from) = timeout(PATIENCE, listener.accept()).await.unwrap().unwrap();
    assert_eq!(from.ip(), node.local.ip());
    assert_eq!(read(&mut peer, one.len() + two.len()).await, [&one[..], &two[..]].concat());
    assert_eq!(node.transport.counts().connections, 1);

    peer.write_all(&request("back", "")).await.unwrap();
    let (back, _) = node.message().await;
    assert_eq!((back.local, back.remote), (flow.local, flow.remote));
    node.transport.send(back, one.clone());
    node.transport.send(flow, two.clone());
    assert_eq!(read(&mut peer, one.len() + two.len()).await, [one, two].concat());
    assert_eq!(node.transport.counts().connections, 1);
}

#[tokio::test]
async fn a_peers_connection_is_used_for_requests_to_it() {
    let mut node = Node::new(TransportKind::Tcp);
    let mut peer = TcpStream::connect(node.local).await.unwrap();
    peer.write_all(&request("one", "")).await.unwrap();
    let (flow, _) = node.message().await;

    let request = request("two", "");
    node.transport.send(node.flow_to(TransportKind::Tcp, flow.remote), request.clone());
    assert_eq!(read(&mut peer, request.len()).await, request);
}

#[tokio::test]
async fn no_connection_is_told_once() {
    let mut node = Node::new(TransportKind::Tcp);
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let flow = node.flow_to(TransportKind::Tcp, nobody);
    node.transport.send(flow, request("one", ""));
    node.transport.send(flow, request("two", ""));
    let failed = node.failed().await;
    assert_eq!((failed.transport, failed.remote), (flow.transport, flow.remote));

    let unknown = sip::flow::Flow { connection: 4_711, ..flow };
    node.transport.send(unknown, request("three", ""));
    assert_eq!(node.failed().await, unknown);
    assert_eq!(node.transport.counts().connections, 0);
}

#[tokio::test]
async fn a_stream_that_lost_its_framing_is_closed() {
    let mut node = Node::new(TransportKind::Tcp);
    let mut peer = TcpStream::connect(node.local).await.unwrap();
    peer.write_all(b"INVITE sip:a@b SIP/2.0\r\nContent-Length: many\r\n\r\n").await.unwrap();
    closed(&mut peer).await;
    assert_eq!(node.failed().await.remote, peer.local_addr().unwrap());
    assert_eq!(node.transport.counts().connections_broken, 1);

    let mut peer = TcpStream::connect(node.local).await.unwrap();
    peer.write_all(&request("next", "")).await.unwrap();
    assert_eq!(call_id(&node.message().await.1), "next");
}

#[tokio::test]
async fn a_broken_message_with_a_length_costs_only_itself() {
    let mut node = Node::new(TransportKind::Tcp);
    let mut peer = TcpStream::connect(node.local).await.unwrap();
    let broken = b"INVITE sip:a@b SIP/7.0\r\nContent-Length: 3\r\n\r\nabc";
    peer.write_all(&[&broken[..], &request("next", "")].concat()).await.unwrap();
    assert_eq!(node.malformed().await, ParseError::Version);
    assert_eq!(call_id(&node.message().await.1), "next");
}

#[tokio::test]
async fn a_message_over_the_limit_closes_the_connection() {
    let mut limits = Limits::default();
    limits.message.message_bytes = 1_000;
    let mut node = node(limits);
    let mut peer = TcpStream::connect(node.local).await.unwrap();
    peer.write_all(&request("large", &"x".repeat(1_000))).await.unwrap();
    closed(&mut peer).await;
    node.failed().await;
}

#[tokio::test]
async fn a_full_channel_stops_the_peer_and_loses_nothing() {
    let mut node = Node::with(TransportKind::Tcp, "127.0.0.1:0", Limits::default(), 1);
    let mut peer = TcpStream::connect(node.local).await.unwrap();
    let all: Vec<u8> = (0..100).flat_map(|n| request(&n.to_string(), "")).collect();
    peer.write_all(&all).await.unwrap();
    node.until(|counts| counts.received >= 2).await;
    for n in 0..100 {
        assert_eq!(call_id(&node.message().await.1), n.to_string());
    }
}

#[tokio::test]
async fn a_peer_that_does_not_read_is_given_up_at_the_limit() {
    let mut node = node(Limits { outbox_bytes: 100_000, ..Limits::default() });
    let mut peer = TcpStream::connect(node.local).await.unwrap();
    peer.write_all(&request("one", "")).await.unwrap();
    let (flow, _) = node.message().await;

    let large = request("large", &"x".repeat(60_000));
    let mut sent = 0;
    while node.transport.counts().connections_broken == 0 {
        assert!(sent < 1_000, "60 MB and no limit");
        node.transport.send(flow, large.clone());
        sent += 1;
        tokio::task::yield_now().await;
    }
    assert_eq!(node.failed().await, flow);
    assert_eq!(node.transport.counts().connections, 0);
}

#[tokio::test]
async fn connections_beyond_the_limit_are_closed_and_counted() {
    let mut node = node(Limits { connections: 2, ..Limits::default() });
    let first = TcpStream::connect(node.local).await.unwrap();
    let _second = TcpStream::connect(node.local).await.unwrap();
    let mut third = TcpStream::connect(node.local).await.unwrap();
    closed(&mut third).await;
    assert_eq!(node.transport.counts().connections_refused, 1);

    // The limit is ours, too: no connection is opened beyond it.
    let flow = node.flow_to(TransportKind::Tcp, "127.0.0.1:9".parse().unwrap());
    node.transport.send(flow, request("one", ""));
    assert_eq!(node.failed().await, flow);

    drop(first);
    node.failed().await;
    let mut fourth = TcpStream::connect(node.local).await.unwrap();
    fourth.write_all(&request("four", "")).await.unwrap();
    assert_eq!(call_id(&node.message().await.1), "four");
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_never_speaks_is_closed() {
    let mut node = Node::new(TransportKind::Tcp);
    let mut peer = TcpStream::connect(node.local).await.unwrap();
    closed(&mut peer).await;
    node.failed().await;
    assert_eq!(node.transport.counts().connections_broken, 1);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_never_ends_is_not_waited_for() {
    let mut node = Node::new(TransportKind::Tcp);
    let mut peer = TcpStream::connect(node.local).await.unwrap();
    let one = request("one", "");
    peer.write_all(&[&one[..], &one[..30]].concat()).await.unwrap();
    let (flow, _) = node.message().await;
    closed(&mut peer).await;
    assert_eq!(node.failed().await, flow);
    assert_eq!(node.transport.counts().connections_broken, 1);
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_closed_in_order() {
    let limits = Limits { idle: Duration::from_secs(120), ..Limits::default() };
    let mut node = node(limits);
    let mut peer = TcpStream::connect(node.local).await.unwrap();
    peer.write_all(&request("one", "")).await.unwrap();
    let start = tokio::time::Instant::now();
    let (flow, _) = node.message().await;
    closed(&mut peer).await;
    assert_eq!(node.failed().await, flow);
    assert!(start.elapsed() >= limits.idle, "{:?}", start.elapsed());
    assert_eq!(node.transport.counts().connections_broken, 0);
}

#[tokio::test]
async fn dropping_the_transport_closes_everything() {
    let node = Node::new(TransportKind::Tcp);
    let mut peer = TcpStream::connect(node.local).await.unwrap();
    node.until(|counts| counts.connections == 1).await;
    let Node { transport, inbound: _inbound, local } = node;
    drop(transport);
    closed(&mut peer).await;
    TcpListener::bind(local).await.unwrap();
}
