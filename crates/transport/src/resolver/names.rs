//! The domain name system behind a trait, so that tests can name what they need. Records are
//! cached by the resolver of the system's configuration for as long as they say.

use std::future::Future;
use std::net::IpAddr;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::LookupIpStrategy;
use hickory_resolver::proto::rr::RData;

/// One SRV record (RFC 2782).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SrvRecord {
    /// Lower is tried first.
    pub priority: u16,
    /// Share of the records of one priority.
    pub weight: u16,
    /// The port.
    pub port: u16,
    /// The host; `.` says that there is no such service.
    pub target: String,
}

/// No answer: not that there is no record, which is an empty list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the name cannot be looked up")]
pub struct LookupFailed;

/// Asks for records.
pub trait Names: Send + Sync + 'static {
    /// The SRV records of a name that ends with a dot.
    fn srv(&self, name: &str) -> impl Future<Output = Result<Vec<SrvRecord>, LookupFailed>> + Send;

    /// The A and AAAA records of a name, IPv4 first.
    fn addresses(
        &self,
        name: &str,
    ) -> impl Future<Output = Result<Vec<IpAddr>, LookupFailed>> + Send;
}

/// The names that the system knows: its hosts file and its name servers.
#[derive(Debug)]
pub struct SystemNames {
    /// None where the system has no configuration: then no name is known.
    resolver: Option<TokioResolver>,
}

impl SystemNames {
    /// Reads the system's configuration, once.
    pub fn new() -> Self {
        let built = TokioResolver::builder_tokio().and_then(|mut builder| {
            // Other than the default the order does not depend on which answer comes first.
            builder.options_mut().ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
            builder.build()
        });
        let resolver =
            built.inspect_err(|error| tracing::warn!(%error, "names cannot be looked up")).ok();
        Self { resolver }
    }
}

impl Default for SystemNames {
    fn default() -> Self {
        Self::new()
    }
}

impl Names for SystemNames {
    async fn srv(&self, name: &str) -> Result<Vec<SrvRecord>, LookupFailed> {
        let resolver = self.resolver.as_ref().ok_or(LookupFailed)?;
        let answer = match resolver.srv_lookup(name).await {
            Ok(answer) => answer,
            Err(error) if error.is_no_records_found() => return Ok(vec![]),
            Err(error) => return Err(failed(name, &error)),
        };
        let records = answer.answers().iter().filter_map(|record| {
            let RData::SRV(srv) = &record.data else {
                return None;
            };
            Some(SrvRecord {
                priority: srv.priority,
                weight: srv.weight,
                port: srv.port,
                target: srv.target.to_ascii(),
            })
        });
        Ok(records.collect())
    }

    async fn addresses(&self, name: &str) -> Result<Vec<IpAddr>, LookupFailed> {
        let resolver = self.resolver.as_ref().ok_or(LookupFailed)?;
        let answer = match resolver.lookup_ip(name).await {
            Ok(answer) => answer,
            Err(error) if error.is_no_records_found() => return Ok(vec![]),
            Err(error) => return Err(failed(name, &error)),
        };
        let mut addresses: Vec<IpAddr> = answer.iter().collect();
        addresses.sort_by_key(IpAddr::is_ipv6);
        Ok(addresses)
    }
}

fn failed(name: &str, error: &dyn std::error::Error) -> LookupFailed {
    tracing::debug!(name, %error, "lookup");
    LookupFailed
}
