//! Which way a message came or shall go: transport, both addresses, and the connection
//! (a flow in the sense of RFC 5626 section 3.1).

use std::fmt;
use std::net::SocketAddr;

/// The transport protocols of RFC 3261 section 18 and RFC 7118.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TransportKind {
    /// UDP.
    Udp,
    /// TCP.
    Tcp,
    /// TLS over TCP.
    Tls,
    /// WebSocket.
    Ws,
    /// WebSocket over TLS.
    Wss,
}

impl TransportKind {
    /// Every transport, in the order of the enum.
    pub const ALL: [Self; 5] = [Self::Udp, Self::Tcp, Self::Tls, Self::Ws, Self::Wss];

    /// Whether the transport delivers or fails: then timers A, E and G never run
    /// (RFC 3261 section 17).
    pub const fn reliable(self) -> bool {
        !matches!(self, Self::Udp)
    }

    /// Whether the bytes travel under TLS.
    pub const fn secure(self) -> bool {
        matches!(self, Self::Tls | Self::Wss)
    }

    /// The token of the Via header.
    pub const fn via_token(self) -> &'static str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
            Self::Ws => "WS",
            Self::Wss => "WSS",
        }
    }

    /// The value of a URI's `transport` parameter.
    pub const fn uri_token(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Ws => "ws",
            Self::Wss => "wss",
        }
    }

    /// The port used where none is named (RFC 3261 section 19.1.2, RFC 7118 section 10.3).
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Udp | Self::Tcp => 5060,
            Self::Tls => 5061,
            Self::Ws => 80,
            Self::Wss => 443,
        }
    }

    /// Reads a Via or URI token, in any case.
    pub fn from_token(token: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.via_token().eq_ignore_ascii_case(token))
    }
}

impl fmt::Display for TransportKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.via_token())
    }
}

/// One way between us and a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Flow {
    /// The transport.
    pub transport: TransportKind,
    /// Our address: a response leaves from where its request arrived (RFC 3581 section 4).
    pub local: SocketAddr,
    /// The peer's address.
    pub remote: SocketAddr,
    /// The connection's number; 0 for UDP, and for "reuse or open a connection to `remote`".
    pub connection: u64,
}

impl Flow {
    /// A flow over UDP.
    pub const fn udp(local: SocketAddr, remote: SocketAddr) -> Self {
        Self { transport: TransportKind::Udp, local, remote, connection: 0 }
    }
}

impl fmt::Display for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.transport, self.local, self.remote)?;
        if self.connection != 0 {
            write!(f, " #{}", self.connection)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_read_back_in_any_case() {
        for kind in TransportKind::ALL {
            assert_eq!(TransportKind::from_token(kind.uri_token()), Some(kind));
            assert_eq!(TransportKind::from_token(kind.via_token()), Some(kind));
        }
        assert_eq!(TransportKind::from_token("SCTP"), None);
    }
}
