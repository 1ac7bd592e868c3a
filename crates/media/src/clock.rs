//! The relay's clock: monotonic, since an arbitrary moment, read once for each batch of packets.
//! Media times are about packets that never reach the core, so the core's clock cannot stamp them.
//!
//! The standard library's clock and not rustix's: that one looks for the kernel's fast path where
//! valgrind has taken it away, and the server could not be counted with callgrind.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

#[expect(clippy::disallowed_methods, reason = "packets never reach the clock of the core")]
static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Now, in monotonic time since the first call.
pub(crate) fn now() -> Duration {
    START.elapsed()
}
