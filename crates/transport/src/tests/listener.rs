//! Binding: all or none, and an error that says which and why.

use std::net::UdpSocket;

use sip::flow::TransportKind;

use crate::{Listen, Listeners};

fn listen(transport: TransportKind, address: impl ToString) -> Listen {
    Listen { transport, address: address.to_string().parse().unwrap() }
}

#[tokio::test]
async fn a_port_that_is_taken_is_named_and_nothing_stays_bound() {
    let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
    let taken_address = taken.local_addr().unwrap();
    let free = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();

    let listens = [
        listen(TransportKind::Udp, free),
        listen(TransportKind::Tcp, "127.0.0.1:0"),
        listen(TransportKind::Udp, taken_address),
    ];
    let error = Listeners::bind(&listens).unwrap_err();
    let expected = format!("cannot listen on udp://{taken_address}: Address already in use");
    assert!(error.to_string().starts_with(&expected), "{error}");
    assert_eq!(error.listen, listens[2]);
    UdpSocket::bind(free).unwrap();
}

#[tokio::test]
async fn what_the_system_chose_is_told() {
    let listens = [
        listen(TransportKind::Tcp, "127.0.0.1:0"),
        listen(TransportKind::Udp, "[::1]:0"),
        listen(TransportKind::Udp, "127.0.0.1:0"),
    ];
    let listeners = Listeners::bind(&listens).unwrap();
    for (asked, bound) in listens.iter().zip(listeners.bound()) {
        assert_eq!(asked.transport, bound.transport);
        assert_eq!(asked.address.ip(), bound.address.ip());
        assert_ne!(bound.address.port(), 0);
    }
}

#[tokio::test]
async fn both_families_can_have_one_port() {
    let first = Listeners::bind(&[listen(TransportKind::Udp, "0.0.0.0:0")]).unwrap();
    let port = first.bound()[0].address.port();
    Listeners::bind(&[listen(TransportKind::Udp, format!("[::]:{port}"))]).unwrap();
}

#[tokio::test]
async fn a_transport_that_is_not_built_is_refused() {
    let error = Listeners::bind(&[listen(TransportKind::Wss, "127.0.0.1:0")]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot listen on wss://127.0.0.1:0: this transport is not built"
    );
}
