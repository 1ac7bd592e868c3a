//! How long things ring (D42) and how much one call may take. Every limit has a test that hits it.

use std::time::Duration;

use crate::sound::SoundSettings;

/// What the configuration says to the engine.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Ring times where an IVR says nothing else.
    pub ring: RingTimes,
    /// Limits of one call.
    pub limits: Limits,
    /// What is played, recorded and kept.
    pub sound: SoundSettings,
}

/// Ring times where an IVR says nothing else (D42).
#[derive(Clone, Debug)]
pub struct RingTimes {
    /// One user who is called alone; 30 s.
    pub user: Duration,
    /// One attempt of a round robin; 20 s.
    pub attempt: Duration,
    /// A whole stage that searches a group; 60 s.
    pub stage: Duration,
    /// Laps of a round robin start at least this far apart; 1 s.
    pub lap: Duration,
    /// A number outside that a user dialled; 120 s.
    pub dial: Duration,
}

impl Default for RingTimes {
    fn default() -> Self {
        Self {
            user: Duration::from_secs(30),
            attempt: Duration::from_secs(20),
            stage: Duration::from_secs(60),
            lap: Duration::from_secs(1),
            dial: Duration::from_secs(120),
        }
    }
}

/// Limits of one call.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Attempts in the whole call; what would be offered beyond is passed over. 500.
    pub attempts_per_call: u16,
    /// Legs at one time, the caller's included; members beyond are passed over. 50.
    pub legs_per_call: usize,
    /// IVRs entered in one call; the next one ends it as if there were none. 20.
    pub ivr_hops: u16,
}

impl Default for Limits {
    fn default() -> Self {
        Self { attempts_per_call: 500, legs_per_call: 50, ivr_hops: 20 }
    }
}
