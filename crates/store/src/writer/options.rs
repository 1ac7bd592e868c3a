//! How the writer works, with values that fit a server of any size.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use model::Millis;

/// Reads the wall clock; only the server's shell has one.
pub type WallClock = Arc<dyn Fn() -> Millis + Send + Sync>;

/// How the writer works.
#[derive(Clone)]
pub struct WriterOptions {
    /// Name of this server: whose heartbeat is written.
    pub node: Arc<str>,
    /// Shortest time from one commit to the next.
    pub interval: Duration,
    /// Batches that may wait in the queue.
    pub queue_batches: usize,
    /// Events that may be folded and uncommitted before the queue is left alone.
    pub pending_events: usize,
    /// How often the node says that it lives (D47: 5 s).
    pub heartbeat: Duration,
    /// How long a failing database is tried when the server stops; the journal has the rest.
    pub last_tries: Duration,
    /// Where calls go whose rows the schema refuses.
    pub rejected: PathBuf,
    /// The wall clock.
    pub clock: WallClock,
}

impl std::fmt::Debug for WriterOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WriterOptions")
            .field("node", &self.node)
            .field("interval", &self.interval)
            .finish_non_exhaustive()
    }
}

impl WriterOptions {
    /// The usual values.
    pub fn new(node: &str, data_dir: &Path, clock: WallClock) -> Self {
        Self {
            node: Arc::from(node),
            interval: Duration::from_millis(20),
            queue_batches: 8_192,
            pending_events: 65_536,
            heartbeat: Duration::from_secs(5),
            last_tries: Duration::from_secs(10),
            rejected: data_dir.join("rejected"),
            clock,
        }
    }
}
