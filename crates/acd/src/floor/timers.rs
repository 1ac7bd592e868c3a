//! When the floor has something to do. Every timer is taken out when its reason is gone, so there
//! are never more than two for an agent and one for a waiting caller.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::agent::AgentKey;

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Due {
    /// A wrap-up ends.
    WrapUp(AgentKey),
    /// An agent may be offered waiting calls again.
    Rest(AgentKey),
    /// Something changes for the caller of this number who waits.
    Place(u64),
}

/// The timers.
#[derive(Debug, Default)]
pub(super) struct Timers(BTreeSet<(Duration, Due)>);

impl Timers {
    pub(super) fn insert(&mut self, at: Duration, due: Due) {
        self.0.insert((at, due));
    }

    pub(super) fn remove(&mut self, at: Duration, due: Due) {
        self.0.remove(&(at, due));
    }

    pub(super) fn next(&self) -> Option<Duration> {
        self.0.first().map(|&(at, _)| at)
    }

    /// Takes out the first that is due.
    pub(super) fn pop(&mut self, now: Duration) -> Option<Due> {
        if self.next()? > now {
            return None;
        }
        self.0.pop_first().map(|(_, due)| due)
    }
}
