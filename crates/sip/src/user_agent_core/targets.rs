//! Where a request goes (RFC 3261 8.1.2, 18.1.1; RFC 3263): from a URI to flows.
//!
//! Guarantees that a URI with an address literal needs no resolver, that a name that only exists
//! on a connection (`.invalid`, RFC 7118) is never resolved, and that an explicit transport is
//! kept to.

use std::net::SocketAddr;

use crate::{
    flow::TransportKind,
    message::{Host, Scheme, Uri},
};

/// What a URI says about its host.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Hop {
    /// An address; `explicit` when the URI names the transport.
    Address { transport: TransportKind, remote: SocketAddr, explicit: bool },
    /// A name for the resolver.
    Name { host: String, port: Option<u16>, transport: Option<TransportKind> },
    /// No request can be sent there.
    Unusable,
}

/// Reads the next hop from a URI.
pub(crate) fn hop_of(uri: &str) -> Hop {
    let Ok(uri) = Uri::parse(uri) else {
        return Hop::Unusable;
    };
    if !uri.is_sip() {
        return Hop::Unusable;
    }
    let transport = match (uri.transport(), &uri.scheme) {
        (Some(name), scheme) => match TransportKind::from_token(name) {
            Some(TransportKind::Tcp) if *scheme == Scheme::Sips => Some(TransportKind::Tls),
            Some(known) => Some(known),
            None => return Hop::Unusable,
        },
        (None, Scheme::Sips) => Some(TransportKind::Tls),
        (None, Scheme::Sip | Scheme::Tel | Scheme::Other(_)) => None,
    };
    let host = match uri.params.get("maddr").and_then(Host::parse) {
        Some(maddr) => maddr,
        None => uri.host.clone(),
    };
    match host {
        Host::V4(_) | Host::V6(_) => {
            let kind = transport.unwrap_or(TransportKind::Udp);
            let port = uri.port.unwrap_or(kind.default_port());
            match host.ip() {
                Some(ip) => Hop::Address {
                    transport: kind,
                    remote: SocketAddr::new(ip, port),
                    explicit: transport.is_some(),
                },
                None => Hop::Unusable,
            }
        }
        Host::Name(name) if is_invalid(&name) => Hop::Unusable,
        Host::Name(host) => Hop::Name { host, port: uri.port, transport },
        Host::None => Hop::Unusable,
    }
}

fn is_invalid(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    let suffix = name.len().checked_sub(".invalid".len()).and_then(|at| name.get(at..));
    suffix.is_some_and(|suffix| suffix.eq_ignore_ascii_case(".invalid"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_become_hops() {
        let show = |uri: &str| match hop_of(uri) {
            Hop::Address { transport, remote, explicit } => {
                format!("{transport} {remote}{}", if explicit { " explicit" } else { "" })
            }
            Hop::Name { host, port, transport } => format!("{host} {port:?} {transport:?}"),
            Hop::Unusable => "unusable".to_owned(),
        };
        insta::assert_snapshot!(show("sip:a@192.0.2.1"), @"UDP 192.0.2.1:5060");
        let shown = show("sip:a@[2001:db8::1]:5070;transport=tcp");
        insta::assert_snapshot!(shown, @"TCP [2001:db8::1]:5070 explicit");
        insta::assert_snapshot!(show("sips:192.0.2.1"), @"TLS 192.0.2.1:5061 explicit");
        insta::assert_snapshot!(show("sip:b.test;transport=TLS"), @"b.test None Some(Tls)");
        insta::assert_snapshot!(show("sip:b.test;maddr=192.0.2.9:5062"), @"b.test None None");
        let unusable =
            ["tel:+1", "sip:x1y2.invalid;transport=ws", "sip:b.test;transport=sctp", "x"];
        for unusable in unusable {
            assert_eq!(hop_of(unusable), Hop::Unusable, "{unusable}");
        }
    }
}
