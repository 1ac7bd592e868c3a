//! `[ring]`: how long phones ring where no IVR says otherwise (D42).

use std::time::Duration;

use crate::config::section::Section;

/// `[ring]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ring {
    /// One user who is called alone.
    pub user: Duration,
    /// One attempt of a round robin.
    pub attempt: Duration,
    /// A whole search of a group.
    pub stage: Duration,
    /// A number outside that a user dialled.
    pub dial: Duration,
}

/// The longest any of them may be: ten minutes.
const LONGEST_MS: u64 = 600_000;

pub(in crate::config) fn read(section: Section<'_>) -> Ring {
    let time =
        |key, default_ms| Duration::from_millis(section.number(key, default_ms, 100..=LONGEST_MS));
    let ring = Ring {
        user: time("user_ms", 30_000),
        attempt: time("attempt_ms", 20_000),
        stage: time("stage_ms", 60_000),
        dial: time("dial_ms", 120_000),
    };
    section.finish();
    ring
}
