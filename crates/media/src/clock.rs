//! The relay's clock: monotonic, since an arbitrary moment, read once for each batch of packets.
//! Media times are about packets that never reach the core, so the core's clock cannot stamp them.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// Now, in the monotonic time of the machine.
pub(crate) fn now() -> Duration {
    let now = clock_gettime(ClockId::Monotonic);
    // The monotonic clock is never negative and its nanoseconds are below 10^9.
    Duration::new(
        u64::try_from(now.tv_sec).unwrap_or_default(),
        u32::try_from(now.tv_nsec).unwrap_or_default(),
    )
}
