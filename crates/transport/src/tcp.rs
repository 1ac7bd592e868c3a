//! TCP (RFC 3261 section 18): accepts, opens and reuses connections. A connection is used in both
//! directions whoever opened it.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use sip::flow::{Flow, TransportKind};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::{Instant, sleep_until, timeout};

use crate::connection;
use crate::flows::{Connection, Flows};
use crate::inbound::{Inbound, Inlet};
use crate::{Limits, Unsendable};

/// How long no connection is accepted after the system refused one, for want of descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Every TCP connection.
#[derive(Debug)]
pub(crate) struct Tcp {
    pub(crate) flows: Flows,
    pub(crate) limits: Limits,
    pub(crate) inlet: Inlet,
}

impl Tcp {
    /// No connection yet.
    pub(crate) fn new(limits: Limits, inlet: Inlet) -> Self {
        Self { flows: Flows::new(limits), limits, inlet }
    }

    /// Takes connections for as long as the task lives.
    pub(crate) async fn accept(self: Arc<Self>, listener: TcpListener, local: SocketAddr) {
        loop {
            match listener.accept().await {
                Ok((stream, remote)) => self.accepted(stream, local, remote),
                Err(error) => {
                    tracing::warn!(%local, %error, "cannot accept a connection");
                    sleep_until(Instant::now() + ACCEPT_PAUSE).await;
                }
            }
        }
    }

    /// Sends on the flow's connection, on one that stands with its peer, or on a new one.
    pub(crate) fn send(self: &Arc<Self>, flow: Flow, bytes: Bytes) -> Result<(), Unsendable> {
        let connection = if flow.connection == 0 {
            self.flows.with(flow.remote).or_else(|| self.open(flow))
        } else {
            self.flows.numbered(flow.connection)
        };
        connection.ok_or(Unsendable)?.outbox.send(bytes);
        Ok(())
    }

    /// Ends every connection.
    pub(crate) fn close(&self) {
        self.flows.close_all();
    }

    fn accepted(self: &Arc<Self>, stream: TcpStream, local: SocketAddr, remote: SocketAddr) {
        let flow = Flow { transport: TransportKind::Tcp, local, remote, connection: 0 };
        let Some(connection) = self.add(flow) else {
            return;
        };
        tracing::debug!(flow = %connection.flow, "accepted");
        let tcp = Arc::clone(self);
        tokio::spawn(async move {
            connection::run(&tcp, &connection, stream).await;
            tcp.gone(&connection).await;
        });
    }

    /// What is sent meanwhile waits in the outbox.
    fn open(self: &Arc<Self>, flow: Flow) -> Option<Arc<Connection>> {
        let connection = self.add(flow)?;
        let (tcp, opened) = (Arc::clone(self), Arc::clone(&connection));
        tokio::spawn(async move {
            match timeout(tcp.limits.connect, connect(flow)).await {
                Ok(Ok(stream)) => connection::run(&tcp, &opened, stream).await,
                Ok(Err(error)) => tracing::debug!(%flow, %error, "cannot connect"),
                Err(_) => tracing::debug!(%flow, "no connection in time"),
            }
            tcp.gone(&opened).await;
        });
        Some(connection)
    }

    fn add(&self, flow: Flow) -> Option<Arc<Connection>> {
        let connection = self.flows.add(flow);
        if connection.is_none() {
            tracing::debug!(%flow, "too many connections");
            self.inlet.counters.connections_refused.add();
        }
        connection
    }

    /// Whoever sends after the core has heard of it gets a new connection.
    async fn gone(&self, connection: &Connection) {
        let flow = connection.flow;
        tracing::debug!(%flow, "gone");
        self.flows.remove(flow);
        connection.outbox.close();
        self.inlet.deliver(Inbound::Failed { flow }).await;
    }
}

/// From the listener's address, so that the peer knows whom it talks to; from a free port.
async fn connect(flow: Flow) -> io::Result<TcpStream> {
    let socket = if flow.remote.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    let local = flow.local.ip();
    if !local.is_unspecified() && local.is_ipv4() == flow.remote.is_ipv4() {
        socket.bind(SocketAddr::new(local, 0))?;
    }
    socket.connect(flow.remote).await
}
