//! UDP over loopback.

use sip::flow::{Flow, TransportKind};
use sip::message::ParseError;
use tokio::net::UdpSocket;
use tokio::time::timeout;

use super::{Node, PATIENCE, call_id, request};
use crate::Limits;

async fn receive(socket: &UdpSocket) -> (Vec<u8>, std::net::SocketAddr) {
    let mut buffer = vec![0; 65_535];
    let (length, from) =
        timeout(PATIENCE, socket.recv_from(&mut buffer)).await.expect("no datagram").unwrap();
    buffer.truncate(length);
    (buffer, from)
}

async fn there_and_back(address: &str) {
    let mut node = Node::with(TransportKind::Udp, address, Limits::default(), 8);
    let peer = UdpSocket::bind(address).await.unwrap();
    peer.send_to(&request("one", "hello"), node.local).await.unwrap();

    let (flow, message) = node.message().await;
    assert_eq!(flow, Flow::udp(node.local, peer.local_addr().unwrap()));
    assert_eq!(message.body(), "hello");

    node.transport.send(flow, message.to_bytes());
    let (bytes, from) = receive(&peer).await;
    assert_eq!(bytes, request("one", "hello"));
    assert_eq!(from, node.local);
    let counts = node.transport.counts();
    assert_eq!((counts.received, counts.sent), (1, 1));
}

#[tokio::test]
async fn a_response_leaves_from_where_its_request_came_to() {
    there_and_back("127.0.0.1:0").await;
}

#[tokio::test]
async fn ipv6_is_no_different() {
    there_and_back("[::1]:0").await;
}

#[tokio::test]
async fn what_is_broken_is_told_and_what_comes_next_is_read() {
    let mut node = Node::new(TransportKind::Udp);
    let peer = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    peer.send_to(b"\r\n\r\n", node.local).await.unwrap();
    peer.send_to(b"INVITE nonsense\r\n\r\n", node.local).await.unwrap();
    peer.send_to(b"", node.local).await.unwrap();
    peer.send_to(&request("next", ""), node.local).await.unwrap();

    assert_eq!(node.malformed().await, ParseError::StartLine);
    let (_, message) = node.message().await;
    assert_eq!(call_id(&message), "next");
}

#[tokio::test]
async fn datagrams_beyond_a_full_channel_are_dropped_and_counted() {
    let mut node = Node::with(TransportKind::Udp, "127.0.0.1:0", Limits::default(), 2);
    let peer = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    for n in 0..10 {
        peer.send_to(&request(&n.to_string(), ""), node.local).await.unwrap();
    }
    node.until(|counts| counts.received + counts.inbound_dropped == 10).await;
    assert_eq!(node.transport.counts().inbound_dropped, 8);
    assert_eq!(call_id(&node.message().await.1), "0");
    assert_eq!(call_id(&node.message().await.1), "1");

    peer.send_to(&request("later", ""), node.local).await.unwrap();
    assert_eq!(call_id(&node.message().await.1), "later");
}

#[tokio::test]
async fn what_the_socket_does_not_take_waits_in_order_up_to_a_limit() {
    let limits = Limits { datagrams_waiting: 2, ..Limits::default() };
    let node = Node::with(TransportKind::Udp, "127.0.0.1:0", limits, 8);
    let peer = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    peer.set_nonblocking(true).unwrap();
    let peer = UdpSocket::from_std(peer).unwrap();
    let flow = Flow::udp(node.local, peer.local_addr().unwrap());
    // The runtime has not yet seen that the socket can be written to.
    for call in ["a", "b", "c", "d", "e"] {
        node.transport.send(flow, request(call, ""));
    }
    assert_eq!(node.transport.counts().outbound_dropped, 3);
    assert_eq!(receive(&peer).await.0, request("a", ""));
    assert_eq!(receive(&peer).await.0, request("b", ""));
    node.transport.send(flow, request("f", ""));
    assert_eq!(receive(&peer).await.0, request("f", ""));
}

#[tokio::test]
async fn what_cannot_be_sent_comes_back() {
    let mut node = Node::new(TransportKind::Udp);
    let remote = "127.0.0.1:9".parse().unwrap();
    let flow = Flow::udp(node.local, remote);
    node.transport.send(flow, vec![b'x'; 70_000].into());
    assert_eq!(node.failed().await, flow, "larger than any datagram");

    let flow = Flow::udp(node.local, "[::1]:5060".parse().unwrap());
    node.transport.send(flow, request("a", ""));
    assert_eq!(node.failed().await, flow, "no socket of this family");

    let flow = node.flow_to(TransportKind::Wss, remote);
    node.transport.send(flow, request("a", ""));
    assert_eq!(node.failed().await, flow, "no such transport");
}

#[tokio::test]
async fn a_peer_that_is_not_there_does_not_end_the_loop() {
    let mut node = Node::new(TransportKind::Udp);
    let gone = UdpSocket::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let peer = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    for n in 0..3 {
        node.transport.send(Flow::udp(node.local, gone), request("lost", ""));
        peer.send_to(&request(&n.to_string(), ""), node.local).await.unwrap();
        assert_eq!(call_id(&node.message().await.1), n.to_string());
    }
}
