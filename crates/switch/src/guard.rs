//! A broken invariant of ours costs one call, not the process: the step of a call that panics is
//! caught here, and the call is given up. Peers' input never gets this far.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// The step panicked; what it was working on must be thrown away.
#[derive(Debug)]
pub(crate) struct Panicked;

/// Runs one step of one call. What the step leaves half done is only reachable through that call,
/// which the caller gives up, and through the agents' floor, which are told to forget it.
pub(crate) fn guarded<T>(step: impl FnOnce() -> T) -> Result<T, Panicked> {
    catch_unwind(AssertUnwindSafe(step)).map_err(|_| Panicked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_contained() {
        assert!(guarded(|| -> u8 { panic!("a broken invariant") }).is_err());
        assert!(matches!(guarded(|| 1), Ok(1)));
    }
}
