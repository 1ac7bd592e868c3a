//! Who has sent wrong keys: each address may be wrong [`BURST`] times at once and once every
//! [`PERIOD`] after that; until then no key of it is looked at. An IPv6 address counts with all of
//! its /64, which one host may use as it likes.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Wrong keys at once.
const BURST: u32 = 10;

/// How long until one more may be wrong.
const PERIOD: Duration = Duration::from_secs(6);

/// Addresses that are remembered. When all places are taken the one that is forgotten is the one
/// that could be wrong again soonest.
const PLACES: usize = 4_096;

/// When each address will have been forgiven everything.
#[derive(Debug, Default)]
pub(crate) struct Failures {
    forgiven_at: Mutex<BTreeMap<IpAddr, Instant>>,
}

impl Failures {
    /// How long to wait until a key from this address is looked at.
    pub(crate) fn wait(&self, peer: IpAddr) -> Option<Duration> {
        let forgiven_at = self.forgiven_at.lock().unwrap_or_else(PoisonError::into_inner);
        let debt = forgiven_at.get(&network(peer))?.saturating_duration_since(Instant::now());
        // One more must fit.
        let excess = (debt + PERIOD).saturating_sub(PERIOD * BURST);
        (!excess.is_zero()).then_some(excess)
    }

    /// A wrong key came.
    pub(crate) fn add(&self, peer: IpAddr) {
        let now = Instant::now();
        let mut forgiven_at = self.forgiven_at.lock().unwrap_or_else(PoisonError::into_inner);
        let peer = network(peer);
        if !forgiven_at.contains_key(&peer) && forgiven_at.len() >= PLACES {
            forgiven_at.retain(|_, at| *at > now);
        }
        if !forgiven_at.contains_key(&peer) && forgiven_at.len() >= PLACES {
            let soonest = forgiven_at.iter().min_by_key(|(_, at)| **at).map(|(peer, _)| *peer);
            soonest.and_then(|peer| forgiven_at.remove(&peer));
        }
        let at = forgiven_at.entry(peer).or_insert(now);
        *at = (*at).max(now) + PERIOD;
    }
}

fn network(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(n: u32) -> IpAddr {
        IpAddr::V4(n.into())
    }

    #[tokio::test(start_paused = true)]
    async fn ten_wrong_keys_are_too_many_and_time_forgives_them_one_by_one() {
        let failures = Failures::default();
        for _ in 0..BURST {
            assert_eq!(failures.wait(host(1)), None);
            failures.add(host(1));
        }
        let wait = failures.wait(host(1)).expect("too many");
        assert!(wait <= PERIOD, "{wait:?}");
        assert_eq!(failures.wait(host(2)), None);
        tokio::time::advance(wait).await;
        assert_eq!(failures.wait(host(1)), None);
        failures.add(host(1));
        assert!(failures.wait(host(1)).is_some());
        tokio::time::advance(PERIOD * BURST).await;
        assert_eq!(failures.wait(host(1)), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_network_of_ipv6_counts_as_one_and_the_table_has_an_end() {
        let failures = Failures::default();
        for n in 0..BURST {
            failures.add(format!("2001:db8::{n:x}").parse().expect("an address"));
        }
        assert!(failures.wait("2001:db8::ffff".parse().expect("an address")).is_some());
        assert!(failures.wait("2001:db8:0:1::1".parse().expect("an address")).is_none());
        for n in 0..10_000 {
            failures.add(host(n));
        }
        let places = failures.forgiven_at.lock().expect("nobody panicked").len();
        assert_eq!(places, PLACES);
        // Who was wrong most is remembered longest.
        assert!(failures.wait("2001:db8::1".parse().expect("an address")).is_some());
    }
}
