//! Networks in CIDR notation (RFC 4632): the source addresses that are a trunk.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// A network. A bit beyond the prefix is never set, so that two spellings of one network are
/// equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

/// Why a text is no network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    /// No IP address before the slash.
    #[error("`{0}` is not an IP address")]
    Address(String),
    /// The prefix length is no number, or longer than the address.
    #[error("`/{0}` is not a prefix length")]
    Prefix(String),
    /// The address names a host inside the network.
    #[error("the address has bits beyond the prefix; the network is {0}")]
    HostBits(Network),
}

impl Network {
    /// Whether an address belongs to the network. An IPv4 address seen through an IPv6 socket
    /// (`::ffff:a.b.c.d`) counts as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.address.is_ipv4() && masked(address, self.prefix) == self.address
    }

    /// The first address.
    pub fn address(&self) -> IpAddr {
        self.address
    }

    /// Bits that count.
    pub fn prefix(&self) -> u8 {
        self.prefix
    }

    /// Whether any address belongs to both.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.contains(other.address) || other.contains(self.address)
    }

    fn host(address: IpAddr) -> Self {
        Self { address, prefix: width(address) }
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr =
            address.parse().map_err(|_| NetworkError::Address(address.to_owned()))?;
        let Some(prefix) = prefix else {
            return Ok(Self::host(address.to_canonical()));
        };
        let length = prefix.parse().ok();
        let Some(prefix) = length.filter(|&length: &u8| length <= width(address)) else {
            return Err(NetworkError::Prefix(prefix.to_owned()));
        };
        let network = Self { address: masked(address, prefix), prefix };
        if network.address == address { Ok(network) } else { Err(NetworkError::HostBits(network)) }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.prefix == width(self.address) {
            self.address.fmt(f)
        } else {
            write!(f, "{}/{}", self.address, self.prefix)
        }
    }
}

fn width(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn masked(address: IpAddr, prefix: u8) -> IpAddr {
    match address {
        IpAddr::V4(v4) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
            IpAddr::V4((v4.to_bits() & mask).into())
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0);
            IpAddr::V6((v6.to_bits() & mask).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> Network {
        text.parse().expect("a network of this test")
    }

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address of this test")
    }

    #[test]
    fn a_network_holds_its_addresses_and_a_host_only_itself() {
        assert!(network("127.0.0.0/8").contains(address("127.9.9.9")));
        assert!(!network("127.0.0.0/8").contains(address("128.0.0.1")));
        assert!(network("10.0.0.7").contains(address("10.0.0.7")));
        assert!(network("10.0.0.7").contains(address("::ffff:10.0.0.7")));
        assert!(!network("10.0.0.7").contains(address("10.0.0.8")));
        assert!(network("0.0.0.0/0").contains(address("203.0.113.5")));
        assert!(!network("0.0.0.0/0").contains(address("::1")));
        assert!(network("2001:db8::/32").contains(address("2001:db8:1::1")));
    }

    #[test]
    fn networks_overlap_when_one_holds_the_other() {
        assert!(network("10.0.0.0/8").overlaps(&network("10.1.2.3")));
        assert!(network("10.1.2.3").overlaps(&network("10.0.0.0/8")));
        assert!(!network("10.0.0.0/9").overlaps(&network("10.128.0.0/9")));
        assert!(!network("0.0.0.0/0").overlaps(&network("::/0")));
    }

    #[test]
    fn what_is_no_network_says_why() {
        let error = |text: &str| text.parse::<Network>().expect_err("no network").to_string();
        assert_eq!(error("sip.example"), "`sip.example` is not an IP address");
        assert_eq!(error("10.0.0.0/33"), "`/33` is not a prefix length");
        assert_eq!(error("10.0.0.0/-1"), "`/-1` is not a prefix length");
        assert_eq!(
            error("10.0.0.1/8"),
            "the address has bits beyond the prefix; the network is 10.0.0.0/8"
        );
    }
}
