//! The clock of media: monotonic, since an arbitrary moment, read once for each batch of packets.
//! Media times are about packets that never reach the core, so the core's clock cannot stamp them.
//!
//! The standard library's clock and not rustix's: that one looks for the kernel's fast path where
//! valgrind has taken it away, and the server could not be counted with callgrind.

use std::sync::LazyLock;
use std::time::{Duration, Instant, SystemTime};

#[expect(clippy::disallowed_methods, reason = "packets never reach the clock of the core")]
static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Now, in monotonic time since the first call.
pub(crate) fn now() -> Duration {
    START.elapsed()
}

/// What the wall clock said when [`now`] was zero, in µs since 1970. RTCP has stamps of it, of
/// which only the differences matter (RFC 3550 §4).
#[expect(clippy::disallowed_methods, reason = "reports say when they were made")]
pub(crate) fn epoch_us() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.saturating_sub(now()).as_micros()).unwrap_or_default()
}
