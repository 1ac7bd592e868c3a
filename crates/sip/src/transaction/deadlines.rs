//! The one timer queue: each owner has at most one entry, its next deadline.
//!
//! Guarantees deterministic order (deadline first, then owner) and that moving an owner's deadline
//! leaves nothing behind.

use std::{collections::BTreeSet, time::Duration};

/// Next deadlines of many owners, earliest first.
#[derive(Debug)]
pub(crate) struct Deadlines<K> {
    queue: BTreeSet<(Duration, K)>,
}

impl<K: Ord + Copy> Deadlines<K> {
    /// An empty queue.
    pub(crate) fn new() -> Deadlines<K> {
        Deadlines { queue: BTreeSet::new() }
    }

    /// Moves an owner's entry from one deadline to another; `None` means it has none.
    pub(crate) fn reschedule(&mut self, key: K, from: Option<Duration>, to: Option<Duration>) {
        if from == to {
            return;
        }
        if let Some(from) = from {
            self.queue.remove(&(from, key));
        }
        if let Some(to) = to {
            self.queue.insert((to, key));
        }
    }

    /// The earliest deadline.
    pub(crate) fn next(&self) -> Option<Duration> {
        self.queue.first().map(|(due, _)| *due)
    }

    /// Takes the earliest entry that is due at `now`.
    pub(crate) fn pop_due(&mut self, now: Duration) -> Option<(Duration, K)> {
        let (due, key) = *self.queue.first()?;
        if due > now {
            return None;
        }
        self.queue.remove(&(due, key));
        Some((due, key))
    }

    /// How many owners wait.
    pub(crate) fn len(&self) -> usize {
        self.queue.len()
    }
}
