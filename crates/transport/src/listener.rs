//! Binds every listener before any of them is served, so that a server that cannot have all of
//! its addresses takes no call at all.

use std::fmt;
use std::io;
use std::net::SocketAddr;

use sip::flow::TransportKind;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, UdpSocket};

/// Connections that wait to be accepted.
const BACKLOG: i32 = 1_024;
/// What is asked of the kernel for a UDP socket's buffers; it grants what it allows.
const BUFFER_BYTES: usize = 4 << 20;

/// An address to listen on. Port 0 asks the system for a free one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listen {
    /// The transport.
    pub transport: TransportKind,
    /// The address.
    pub address: SocketAddr,
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.transport.uri_token(), self.address)
    }
}

/// A listener that cannot be bound.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {listen}: {cause}")]
pub struct BindError {
    /// Which one.
    pub listen: Listen,
    /// Why.
    #[source]
    pub cause: BindCause,
}

/// Why a listener cannot be bound.
#[derive(Debug, thiserror::Error)]
pub enum BindCause {
    /// The system refuses: the port is taken, the address is not ours, permission is missing.
    #[error("{0}")]
    System(#[from] io::Error),
    /// This transport is not built.
    #[error("this transport is not built")]
    Transport,
}

/// Bound sockets, not served yet.
#[derive(Debug)]
pub struct Listeners {
    pub(crate) udp: Vec<(SocketAddr, UdpSocket)>,
    pub(crate) tcp: Vec<(SocketAddr, TcpListener)>,
    bound: Vec<Listen>,
}

impl Listeners {
    /// Binds all of them or none. Needs a tokio runtime with IO.
    pub fn bind(listens: &[Listen]) -> Result<Self, BindError> {
        let mut listeners = Self { udp: vec![], tcp: vec![], bound: vec![] };
        for &listen in listens {
            let bound = listeners.add(listen).map_err(|cause| BindError { listen, cause })?;
            listeners.bound.push(bound);
        }
        Ok(listeners)
    }

    /// What was bound, in the order asked for, with the ports that the system chose. These are
    /// the `local` addresses of the flows.
    pub fn bound(&self) -> &[Listen] {
        &self.bound
    }

    fn add(&mut self, listen: Listen) -> Result<Listen, BindCause> {
        let address = match listen.transport {
            TransportKind::Udp => {
                let socket = bind_udp(listen.address)?;
                let local = socket.local_addr()?;
                self.udp.push((local, socket));
                local
            }
            TransportKind::Tcp => {
                let listener = bind_tcp(listen.address)?;
                let local = listener.local_addr()?;
                self.tcp.push((local, listener));
                local
            }
            TransportKind::Tls | TransportKind::Ws | TransportKind::Wss => {
                return Err(BindCause::Transport);
            }
        };
        Ok(Listen { address, ..listen })
    }
}

fn bind_udp(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = socket(address, Type::DGRAM, Protocol::UDP)?;
    // Smaller buffers than asked for are no reason not to serve.
    let _ = socket.set_recv_buffer_size(BUFFER_BYTES);
    let _ = socket.set_send_buffer_size(BUFFER_BYTES);
    socket.bind(&address.into())?;
    UdpSocket::from_std(socket.into())
}

fn bind_tcp(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = socket(address, Type::STREAM, Protocol::TCP)?;
    // A restarted server takes its port back from connections in TIME_WAIT.
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

fn socket(address: SocketAddr, kind: Type, protocol: Protocol) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), kind, Some(protocol))?;
    if address.is_ipv6() {
        // `[::]` and `0.0.0.0` are two listeners, and no peer's address is a mapped one.
        socket.set_only_v6(true)?;
    }
    socket.set_nonblocking(true)?;
    Ok(socket)
}
