//! The two sockets of a port pair.

use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};

use call::port::PortPair;
use rustix::net::sockopt::{set_ip_tos, set_ipv6_tclass, set_socket_recv_buffer_size};

use crate::relay::packet::Component;

/// What may wait at a socket, octets as the kernel counts them: some 80 packets, more than a second
/// and a half of sound. A flood takes no more than that.
const RECEIVE_BUFFER: usize = 32 * 1024;

/// A bound pair. Dropping it closes both ports.
#[derive(Debug)]
pub(crate) struct SocketPair {
    rtp: UdpSocket,
    rtcp: UdpSocket,
}

impl SocketPair {
    /// Binds both ports, or none.
    pub(crate) fn bind(address: IpAddr, pair: PortPair, dscp: u8) -> io::Result<Self> {
        Ok(Self {
            rtp: bind(SocketAddr::new(address, pair.rtp), dscp)?,
            // The RTP port of a pair is even, so there is a port after it.
            rtcp: bind(SocketAddr::new(address, pair.rtp | 1), dscp)?,
        })
    }

    /// One of the two.
    pub(crate) fn of(&self, component: Component) -> &UdpSocket {
        match component {
            Component::Rtp => &self.rtp,
            Component::Rtcp => &self.rtcp,
        }
    }
}

fn bind(address: SocketAddr, dscp: u8) -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind(address)?;
    socket.set_nonblocking(true)?;
    // A system that does not let us limit it has a limit of its own.
    let _ = set_socket_recv_buffer_size(&socket, RECEIVE_BUFFER);
    // The code point is the upper six bits; the rest is the network's (RFC 3168). A system that
    // does not let us mark packets still lets us send them.
    let class = dscp << 2;
    let _ = match address {
        SocketAddr::V4(_) => set_ip_tos(&socket, class),
        SocketAddr::V6(_) => set_ipv6_tclass(&socket, u32::from(class)),
    };
    Ok(socket)
}
