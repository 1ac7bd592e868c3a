//! What no section shows alone: addresses that collide, and addresses that peers could not use.

use std::net::IpAddr;

use super::found::{Complaint, Found};
use super::media::ReadMedia;
use super::read::ReadSip;
use super::section::Reader;
use super::{Api, Listen, Media, Sip, Transport};

/// Compares all addresses with one another; `[sip]` only where it is complete.
pub(super) fn addresses(
    reader: &Reader<'_>,
    sip: ReadSip,
    media: ReadMedia,
    api: Found<Api>,
) -> (Option<Sip>, Media, Api) {
    listeners_apart(reader, &sip.listen);
    reachable(reader, &sip);
    api_apart(reader, &sip.listen, &api);
    media_apart(reader, &sip.listen, &media);
    let listen = sip.listen.into_iter().map(|found| found.value).collect();
    let sip = sip.domain.map(|domain| Sip {
        listen,
        domain,
        external_address: sip.external_address.map(|found| found.value),
        user_agent: sip.user_agent,
        timers: sip.timers,
    });
    (sip, media.media, api.value)
}

/// Two listeners of one transport cannot share a port of one address; port 0 is always free.
fn listeners_apart(reader: &Reader<'_>, listeners: &[Found<Listen>]) {
    for (index, later) in listeners.iter().enumerate() {
        let before = &listeners[..index];
        let taken = before.iter().find(|earlier| {
            earlier.value.transport == later.value.transport
                && collide(earlier.value.address, later.value.address)
        });
        if let Some(earlier) = taken {
            let cause = format!("{} collides with {}", later.value, earlier.value);
            let complaint = Complaint::new(cause, "remove one, or change its port");
            reader.refuse(&later.origin, complaint);
        }
    }
}

/// Contact, Via and session descriptions must not show a wildcard, and what they show instead has
/// to be of a family that somebody listens on.
fn reachable(reader: &Reader<'_>, sip: &ReadSip) {
    let remedy = "listen on the address that peers reach, or set sip.external_address";
    for listener in &sip.listen {
        if listener.value.address.ip().is_unspecified() && sip.external_address.is_none() {
            let cause = format!("{} is not an address that peers can send to", listener.value);
            reader.refuse(&listener.origin, Complaint::new(cause, remedy));
        }
    }
    if let Some(external) = &sip.external_address {
        let same_family =
            |listener: &Found<Listen>| listener.value.address.is_ipv4() == external.value.is_ipv4();
        if !sip.listen.is_empty() && !sip.listen.iter().any(same_family) {
            let cause = format!("no listener is of the family of {}", external.value);
            let complaint = Complaint::new(cause, "add one to sip.listen, or change the address");
            reader.refuse(&external.origin, complaint);
        }
    }
}

fn api_apart(reader: &Reader<'_>, listeners: &[Found<Listen>], api: &Found<Api>) {
    let taken = listeners.iter().find(|listener| {
        listener.value.transport == Transport::Tcp
            && collide(listener.value.address, api.value.listen)
    });
    if let Some(listener) = taken {
        let cause = format!("{} is taken by {}", api.value.listen, listener.value);
        reader.refuse(&api.origin, Complaint::new(cause, "choose another port"));
    }
}

fn media_apart(reader: &Reader<'_>, listeners: &[Found<Listen>], media: &ReadMedia) {
    let range = media.media.ports;
    let inside = listeners.iter().find(|listener| {
        let address = listener.value.address;
        listener.value.transport == Transport::Udp
            && share(address.ip(), media.media.address)
            && (range.first..=range.last).contains(&address.port())
    });
    let Some(listener) = inside else { return };
    let cause = format!("{} lies in media.ports {range}", listener.value);
    let complaint = Complaint::new(cause, "move the listener or the range");
    let origin = media.ports.as_ref().map_or(&listener.origin, |ports| &ports.origin);
    reader.refuse(origin, complaint);
}

fn collide(a: std::net::SocketAddr, b: std::net::SocketAddr) -> bool {
    a.port() != 0 && a.port() == b.port() && share(a.ip(), b.ip())
}

fn share(a: IpAddr, b: IpAddr) -> bool {
    a == b || (a.is_ipv4() == b.is_ipv4() && (a.is_unspecified() || b.is_unspecified()))
}
