//! What the core is told once: names, trunks and limits, already validated by whoever read them.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use model::TrunkId;
use sip::auth::Algorithm;
use sip::user_agent_core::UaConfig;

use crate::codes::Codes;

/// Configuration of a [`crate::Switch`].
#[derive(Clone, Debug)]
pub struct SwitchConfig {
    /// Name of this server, written into every call.
    pub node: Arc<str>,
    /// The realm, and the host part of local addresses of record.
    pub domain: Arc<str>,
    /// Other host names and addresses that mean this server, besides `domain`.
    pub aliases: Vec<Arc<str>>,
    /// SIP: addresses, timers, tables.
    pub sip: UaConfig,
    /// The address that session descriptions show, IPv4.
    pub media_ipv4: Option<IpAddr>,
    /// The address that session descriptions show, IPv6.
    pub media_ipv6: Option<IpAddr>,
    /// Trunks; no two of them share a peer address.
    pub trunks: Vec<TrunkConfig>,
    /// Registration.
    pub registrar: RegistrarConfig,
    /// Ring times and limits of the call engine.
    pub call: call::Settings,
    /// How groups treat their members where they say nothing themselves.
    pub agents: acd::AgentDefaults,
    /// What users dial to tell the server something.
    pub codes: Codes,
    /// The slots in which calls are parked, as they are dialled.
    pub slots: Vec<Arc<str>>,
    /// Limits of the switch.
    pub limits: Limits,
}

/// The slots that there are where nothing is said: 71 to 79.
pub fn usual_slots() -> Vec<Arc<str>> {
    (71..=79).map(|slot: u8| Arc::from(slot.to_string())).collect()
}

/// A trunk.
#[derive(Clone, Debug)]
pub struct TrunkConfig {
    /// Its name.
    pub name: TrunkId,
    /// Source addresses that are this trunk.
    pub peers: Vec<Network>,
    /// Where outbound calls go, in order of failover: SIP URIs without a user part.
    pub outbound: Vec<String>,
    /// ISO 3166 alpha-2 code with which national numbers are read.
    pub country: Option<Arc<str>>,
    /// User name for the trunk's challenges.
    pub username: Option<String>,
    /// Password for the trunk's challenges.
    pub password: Option<String>,
}

/// A range of addresses: the first `prefix` bits count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    /// Any address of the range.
    pub address: IpAddr,
    /// Bits that count, at most 32 or 128.
    pub prefix: u8,
}

impl Network {
    /// Whether an address lies in the range. An IPv4-mapped IPv6 address counts as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address.to_canonical(), address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let differing = u32::from(own) ^ u32::from(other);
                differing.leading_zeros() >= u32::from(self.prefix.min(32))
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let differing = u128::from(own) ^ u128::from(other);
                differing.leading_zeros() >= u32::from(self.prefix.min(128))
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

/// Registration (RFC 3261 §10).
#[derive(Clone, Copy, Debug)]
pub struct RegistrarConfig {
    /// Shortest time granted; less gets 423.
    pub min_expires_s: u32,
    /// Time granted where none is asked for.
    pub default_expires_s: u32,
    /// Longest time granted; more is cut.
    pub max_expires_s: u32,
    /// Bindings of one address of record; more get 403.
    pub bindings_per_aor: usize,
    /// How long a nonce is accepted.
    pub nonce_lifetime: Duration,
    /// The algorithms challenged with, in this order. MD5 stands first by default: much of what
    /// is in the field, SIPp among it, looks at the first challenge only and knows no other, and
    /// whoever prefers SHA-256 finds it in the second.
    pub algorithms: [Algorithm; 2],
}

impl Default for RegistrarConfig {
    fn default() -> Self {
        Self {
            min_expires_s: 60,
            default_expires_s: 3_600,
            max_expires_s: 7_200,
            bindings_per_aor: 10,
            nonce_lifetime: Duration::from_secs(300),
            algorithms: [Algorithm::Md5, Algorithm::Sha256],
        }
    }
}

/// Limits of the switch; each answers with 503 and Retry-After, and is counted.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Calls at one time.
    pub calls: usize,
    /// New calls in one second; 0: any number.
    pub calls_per_s: u32,
    /// OPTIONS answered in one second; more are dropped.
    pub options_per_s: u32,
    /// Subscriptions (RFC 6665) at one time.
    pub subscriptions: usize,
    /// Subscriptions of one user; more get 403.
    pub subscriptions_per_user: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            calls: 20_000,
            calls_per_s: 0,
            options_per_s: 1_000,
            subscriptions: 20_000,
            subscriptions_per_user: 100,
        }
    }
}
