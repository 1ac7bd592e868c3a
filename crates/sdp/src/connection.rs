//! The `c=` line (RFC 8866 §5.7). Addresses stand without brackets (RFC 5118 §4.6).

use std::fmt;
use std::net::IpAddr;

/// Where a stream is received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// The address or name.
    pub host: Host,
    /// What follows the address after a slash, without that slash: multicast TTL and count.
    pub suffix: Option<Box<str>>,
}

/// A unicast or multicast address, or a name that somebody would have to resolve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Host {
    /// A literal address.
    Address(IpAddr),
    /// A domain name, with the address type (`IP4`, `IP6`) it was written with.
    Name {
        /// `IP4` or `IP6`.
        address_type: Box<str>,
        /// The name.
        name: Box<str>,
    },
}

impl Connection {
    /// A connection at one unicast address.
    pub fn at(address: IpAddr) -> Self {
        Self { host: Host::Address(address), suffix: None }
    }

    /// Reads the value of a `c=` line.
    pub(crate) fn parse(value: &str) -> Option<Self> {
        let mut words = value.split_ascii_whitespace();
        let ("IN", Some(address_type @ ("IP4" | "IP6")), Some(address), None) =
            (words.next()?, words.next(), words.next(), words.next())
        else {
            return None;
        };
        let (address, suffix) = match address.split_once('/') {
            Some((address, suffix)) => (address, Some(suffix.into())),
            None => (address, None),
        };
        let host = match address.parse::<IpAddr>() {
            Ok(address) => Host::Address(address),
            Err(_) if is_name(address) => {
                Host::Name { address_type: address_type.into(), name: address.into() }
            }
            Err(_) => return None,
        };
        Some(Self { host, suffix })
    }

    /// The literal address; IPv4 in IPv6's clothes (`::ffff:192.0.2.2`, RFC 5118 §4.9) is IPv4.
    pub fn address(&self) -> Option<IpAddr> {
        match &self.host {
            Host::Address(address) => Some(address.to_canonical()),
            Host::Name { .. } => None,
        }
    }
}

/// `IP4` or `IP6`.
pub(crate) fn address_type(address: IpAddr) -> &'static str {
    if address.is_ipv4() { "IP4" } else { "IP6" }
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.' || b == b'_')
}

impl fmt::Display for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            Host::Address(address) => write!(f, "IN {} {address}", address_type(*address))?,
            Host::Name { address_type, name } => write!(f, "IN {address_type} {name}")?,
        }
        match &self.suffix {
            Some(suffix) => write!(f, "/{suffix}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        let canonical = |value: &str| Connection::parse(value).map(|c| c.to_string());
        assert_eq!(canonical("IN IP4 192.0.2.1").as_deref(), Some("IN IP4 192.0.2.1"));
        assert_eq!(canonical("IN  IP6 2001:DB8::1 ").as_deref(), Some("IN IP6 2001:db8::1"));
        assert_eq!(canonical("IN IP4 224.2.1.1/127/3").as_deref(), Some("IN IP4 224.2.1.1/127/3"));
        assert_eq!(canonical("IN IP4 host.test").as_deref(), Some("IN IP4 host.test"));
        for bad in ["", "IN", "IN IP4", "IN IP4 a b", "IN IP6 [::1]", "ATM NSAP 47", "IN IP5 ::1"] {
            assert_eq!(canonical(bad), None, "{bad}");
        }
    }

    #[test]
    fn mapped_addresses_are_ipv4() {
        let connection = Connection::parse("IN IP6 ::ffff:192.0.2.2").unwrap();
        assert_eq!(connection.address(), Some("192.0.2.2".parse().unwrap()));
    }
}
