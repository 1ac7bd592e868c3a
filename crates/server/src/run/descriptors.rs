//! File descriptors: every leg has two sockets, so the usual soft limit of 1,024 is reached by a
//! few hundred calls. The process takes what the system grants it.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::config::Config;

/// Descriptors beside those of media: listeners, database, journal, connections, HTTP.
const OTHERS: u64 = 512;

/// Raises the soft limit to the hard one, and says so where even that is too little for the
/// configured ports.
pub(super) fn raise(config: &Config) {
    let limits = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limits.maximum, maximum: limits.maximum };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        tracing::warn!(%error, "the limit of open files cannot be raised");
    }
    let ports = &config.media.ports;
    let wanted = u64::from(ports.last - ports.first) + 1 + OTHERS;
    let granted = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    if granted < wanted {
        tracing::warn!(
            granted,
            wanted,
            "fewer open files than [media] ports may need: raise \
            the hard limit (LimitNOFILE=, ulimit -Hn)"
        );
    }
}
