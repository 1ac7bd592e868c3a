//! Where responses go (RFC 3261 18.2.2, RFC 3581 4).
//!
//! Guarantees that over UDP a response goes to the address the request came from, at the port it
//! came from if the sender asked for that (`rport`) and at the port of sent-by otherwise, always
//! from the address the request arrived at; and over connections by the same connection.

use std::net::SocketAddr;

use crate::{
    flow::{Flow, TransportKind},
    message::Via,
};

/// The flow of responses to a request with this top Via that arrived on `arrived`.
///
/// `maddr` is not followed: it would let a stranger aim our responses at a third party.
pub(crate) fn response_flow(via: &Via, arrived: Flow) -> Flow {
    if arrived.transport != TransportKind::Udp || via.rport().is_some() {
        return arrived;
    }
    let port = via.port.unwrap_or_else(|| via.default_port());
    Flow { remote: SocketAddr::new(arrived.remote.ip(), port), ..arrived }
}
