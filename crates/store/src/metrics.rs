//! Counters of the store, readable at any time without a lock. Times are milliseconds of the wall
//! clock.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Upper bounds of [`StoreMetrics::lag`], milliseconds; the last bucket has none.
pub const LAG_BOUNDS_MS: [u64; 9] = [5, 10, 20, 50, 100, 200, 500, 1_000, 5_000];

/// What the writer and the journal did so far.
#[derive(Debug, Default)]
pub struct StoreMetrics {
    /// Events folded into rows.
    pub events: AtomicU64,
    /// Transactions committed.
    pub commits: AtomicU64,
    /// Rows written by them.
    pub rows: AtomicU64,
    /// Transactions that failed and were tried again.
    pub failures: AtomicU64,
    /// Calls whose rows the schema refused; each was set aside in `rejected/`.
    pub rejected_calls: AtomicU64,
    /// Finished calls handed to the assigner.
    pub finished_calls: AtomicU64,
    /// Calls that are being written: live ones, and finished ones that wait for a commit.
    pub live_calls: AtomicU64,
    /// Events that wait in the queue to the writer.
    pub queued_events: AtomicU64,
    /// Batches that did not fit in the queue and were read back from the journal.
    pub spilled_batches: AtomicU64,
    /// Events that neither the journal nor the writer got.
    pub lost_events: AtomicU64,
    /// Rows of media that found no room while the database took no writes.
    pub lost_media_rows: AtomicU64,
    /// Failed writes of the journal.
    pub journal_failures: AtomicU64,
    /// Bytes written to the journal.
    pub journal_bytes: AtomicU64,
    /// Bytes of the journal's segments that went away.
    pub journal_freed_bytes: AtomicU64,
    /// Milliseconds from an event to its commit, by [`LAG_BOUNDS_MS`]; the last counts the rest.
    pub lag: [AtomicU64; LAG_BOUNDS_MS.len() + 1],
    /// Lag of the last commit's oldest event.
    pub last_lag_ms: AtomicU64,
    /// Sum over all commits of that lag.
    pub lag_sum_ms: AtomicU64,
    /// Whether the last transaction went through: part of readiness.
    pub writable: AtomicBool,
}

impl StoreMetrics {
    /// Whether the database took the last write.
    pub fn is_writable(&self) -> bool {
        self.writable.load(Ordering::Acquire)
    }

    pub(crate) fn observe_lag(&self, lag_ms: u64) {
        let bucket = LAG_BOUNDS_MS.iter().position(|bound| lag_ms <= *bound);
        add(&self.lag[bucket.unwrap_or(LAG_BOUNDS_MS.len())], 1);
        add(&self.lag_sum_ms, lag_ms);
        self.last_lag_ms.store(lag_ms, Ordering::Relaxed);
    }
}

pub(crate) fn add(counter: &AtomicU64, more: u64) {
    counter.fetch_add(more, Ordering::Relaxed);
}
