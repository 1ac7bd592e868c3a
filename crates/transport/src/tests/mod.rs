//! Loopback tests: real sockets, no waiting for time. Where time matters the clock is virtual and
//! jumps when nothing else is left to do.

mod listener;
mod resolver;
mod tcp;
mod udp;

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use sip::flow::{Flow, TransportKind};
use sip::message::{Message, ParseError};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::{Inbound, Limits, Listen, Listeners, Transport};

/// Far longer than any test takes: a test that would hang fails.
const PATIENCE: Duration = Duration::from_secs(600);

/// A transport with one listener and the core's end of its channel.
struct Node {
    transport: Transport,
    inbound: mpsc::Receiver<Inbound>,
    local: SocketAddr,
}

impl Node {
    fn new(kind: TransportKind) -> Self {
        Self::with(kind, "127.0.0.1:0", Limits::default(), 64)
    }

    fn with(transport: TransportKind, address: &str, limits: Limits, channel: usize) -> Self {
        let address = address.parse().unwrap();
        let listeners = Listeners::bind(&[Listen { transport, address }]).unwrap();
        let local = listeners.bound()[0].address;
        let (sender, inbound) = mpsc::channel(channel);
        Self { transport: Transport::serve(listeners, limits, sender), inbound, local }
    }

    async fn next(&mut self) -> Inbound {
        timeout(PATIENCE, self.inbound.recv()).await.expect("nothing came in").unwrap()
    }

    async fn message(&mut self) -> (Flow, Message) {
        let inbound = self.next().await;
        let Inbound::Message { flow, message } = inbound else {
            panic!("no message: {inbound:?}");
        };
        (flow, message)
    }

    async fn failed(&mut self) -> Flow {
        let inbound = self.next().await;
        let Inbound::Failed { flow } = inbound else {
            panic!("no failure: {inbound:?}");
        };
        flow
    }

    async fn malformed(&mut self) -> ParseError {
        let inbound = self.next().await;
        let Inbound::Malformed { fault, .. } = inbound else {
            panic!("nothing malformed: {inbound:?}");
        };
        fault.error
    }

    /// Lets the other tasks run until `condition` holds.
    async fn until(&self, condition: impl Fn(&crate::Counts) -> bool) {
        let wait = async {
            while !condition(&self.transport.counts()) {
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, wait).await.expect("it never came to that");
    }

    fn flow_to(&self, transport: TransportKind, remote: SocketAddr) -> Flow {
        Flow { transport, local: self.local, remote, connection: 0 }
    }
}

/// A request that can be told from others by its Call-ID.
fn request(call_id: &str, body: &str) -> Bytes {
    format!(
        "MESSAGE sip:a@example.com SIP/2.0\r\n\
         Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK{call_id}\r\n\
         From: <sip:b@example.com>;tag=1\r\n\
         To: <sip:a@example.com>\r\n\
         Call-ID: {call_id}\r\n\
         CSeq: 1 MESSAGE\r\n\
         Max-Forwards: 70\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into()
}

fn call_id(message: &Message) -> &str {
    message.headers().call_id().unwrap()
}
