//! Limits of what may come in one second.

use std::time::Duration;

/// Counts events in the current second.
#[derive(Debug, Default)]
pub(crate) struct PerSecond {
    second: u64,
    count: u32,
}

impl PerSecond {
    /// Counts one more, unless there have been `limit` in this second already (0: no limit).
    pub(crate) fn admit(&mut self, now: Duration, limit: u32) -> bool {
        if self.second != now.as_secs() {
            *self = Self { second: now.as_secs(), count: 0 };
        }
        if limit != 0 && self.count >= limit {
            return false;
        }
        self.count = self.count.saturating_add(1);
        true
    }
}
