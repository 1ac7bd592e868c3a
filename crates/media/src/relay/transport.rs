//! What carries a leg's packets: a leg is a transport, a codec and a clock, and nothing but this
//! knows which transport it is.
//!
//! There is one so far, plain RTP on a port pair. Others come in here:
//! * **SRTP** (RFC 3711; keys by SDES or DTLS): a variant with the keys. `unprotect` is called in
//!   `Table::receive` before `Packet::parse`, on the datagram in place, and `protect` in
//!   `Table::forward`, `Table::frame` and `Table::report` after the rewriting, before the datagram
//!   leaves. Its replay window is what `Reception` does for plain RTP.
//! * **ICE and DTLS** on one port (RFC 8445, RFC 5764): [`classify`] sees their first octets
//!   (RFC 7983: 0–3 STUN, 20–63 DTLS, 128–191 RTP and RTCP), which are thrown away as invalid
//!   today, and would hand them to the agent, whose nominated pair takes the latch's place.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use call::port::RemoteMedia;

use crate::relay::latch::Latch;
use crate::relay::packet::{Component, Kind, classify};

/// How packets come and go.
#[derive(Debug)]
pub(crate) enum Transport {
    /// RTP without protection.
    Plain(Plain),
}

/// A port pair and what was latched at it.
#[derive(Debug, Default)]
pub(crate) struct Plain {
    rtp: Latch,
    rtcp: Latch,
    rtcp_mux: bool,
}

impl Default for Transport {
    fn default() -> Self {
        Self::Plain(Plain::default())
    }
}

impl Transport {
    /// A session description named the far end.
    pub(crate) fn signal(&mut self, remote: RemoteMedia) {
        let Self::Plain(plain) = self;
        plain.rtcp_mux = remote.rtcp_mux;
        plain.rtp.signal(remote.rtp);
        plain.rtcp.signal(remote.rtcp);
    }

    /// What a datagram is, if it is valid where it came.
    pub(crate) fn classify(&self, datagram: &[u8], component: Component) -> Option<Kind> {
        let Self::Plain(plain) = self;
        classify(datagram, component, plain.rtcp_mux)
    }

    /// Whether a valid packet of the stream `ssrc` counts that came from `source`.
    pub(crate) fn accepts(
        &mut self,
        now: Duration,
        component: Component,
        source: SocketAddr,
        ssrc: u32,
    ) -> bool {
        let Self::Plain(plain) = self;
        match component {
            Component::Rtp => plain.rtp.accepts(now, source, ssrc),
            // A host that sends both sends both from one address: where RTP comes from, or before
            // that, where it was said to be. What a host behind a NAT reports before it has sent
            // anything is about nothing; a stranger would be told of the call for as long as it
            // lasts.
            Component::Rtcp => {
                let host = plain.rtp.source().or(plain.rtp.signalled()).map(|rtp| rtp.ip());
                let is_signalled = plain.rtcp.signalled() == Some(source);
                (is_signalled || host == Some(source.ip())) && plain.rtcp.accepts(now, source, ssrc)
            }
        }
    }

    /// How RTP leaves.
    pub(crate) fn rtp_way(&self) -> Option<(Component, SocketAddr)> {
        let Self::Plain(plain) = self;
        plain.rtp.target().map(|to| (Component::Rtp, to))
    }

    /// How RTCP leaves.
    pub(crate) fn rtcp_way(&self) -> Option<(Component, SocketAddr)> {
        let Self::Plain(plain) = self;
        if plain.rtcp_mux {
            return self.rtp_way();
        }
        plain.rtcp.target().map(|to| (Component::Rtcp, to))
    }

    /// Where RTP was said to be.
    pub(crate) fn signalled(&self) -> Option<SocketAddr> {
        let Self::Plain(plain) = self;
        plain.rtp.signalled()
    }

    /// Where RTP comes from, once some has come.
    pub(crate) fn source(&self) -> Option<SocketAddr> {
        let Self::Plain(plain) = self;
        plain.rtp.source()
    }
}

/// Whether nobody outside reaches an address: private, shared or link-local (RFC 1918, RFC 6598,
/// RFC 3927, RFC 4193, RFC 4291 §2.5.6).
pub(crate) fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let shared = v4.octets()[0] == 100 && v4.octets()[1] & 0xc0 == 64;
            v4.is_private() || v4.is_link_local() || shared
        }
        IpAddr::V6(v6) => v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(host: u8, port: u16) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, host], port))
    }

    #[test]
    fn rtcp_comes_from_the_host_that_rtp_comes_from() {
        let mut transport = Transport::default();
        let remote = RemoteMedia { rtp: at(1, 10), rtcp: at(1, 11), rtcp_mux: false };
        transport.signal(remote);
        assert!(transport.accepts(Duration::ZERO, Component::Rtp, at(2, 20), 1));
        assert!(!transport.accepts(Duration::ZERO, Component::Rtcp, at(66, 21), 1));
        assert!(transport.accepts(Duration::ZERO, Component::Rtcp, at(2, 21), 1));
        assert_eq!(transport.rtcp_way(), Some((Component::Rtcp, at(2, 21))));
        transport.signal(RemoteMedia { rtcp_mux: true, ..remote });
        assert_eq!(transport.rtcp_way(), Some((Component::Rtp, at(2, 20))));
    }

    #[test]
    fn rtcp_before_any_rtp_comes_from_where_rtp_was_said_to_be() {
        let mut transport = Transport::default();
        let (rtp, rtcp) = (at(1, 10), at(1, 11));
        transport.signal(RemoteMedia { rtp, rtcp, rtcp_mux: false });
        // Who is quick and guesses the port is told nothing of the call, and reports nothing.
        assert!(!transport.accepts(Duration::ZERO, Component::Rtcp, at(66, 21), 1));
        assert_eq!(transport.rtcp_way(), Some((Component::Rtcp, rtcp)));
        assert!(transport.accepts(Duration::ZERO, Component::Rtcp, at(1, 12), 1));
        assert_eq!(transport.rtcp_way(), Some((Component::Rtcp, at(1, 12))));
    }

    #[test]
    fn private_is_what_a_far_end_cannot_reach() {
        let private =
            ["10.1.2.3", "192.168.0.1", "172.16.9.9", "100.64.0.1", "169.254.1.1", "fd00::1"];
        let public = ["203.0.113.9", "100.128.0.1", "172.32.0.1", "2001:db8::1", "127.0.0.1"];
        assert!(private.iter().all(|address| is_private(address.parse().unwrap())));
        assert!(!public.iter().any(|address| is_private(address.parse().unwrap())));
    }
}
