//! How long things ring (D42) and how much one call may take. Every limit has a test that hits it.

use std::sync::Arc;
use std::time::Duration;

use crate::ivr::IvrSettings;
use crate::sound::SoundSettings;
use crate::voicemail::VoicemailSettings;

/// What the configuration says to the engine.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Ring times where an IVR says nothing else.
    pub ring: RingTimes,
    /// Limits of one call.
    pub limits: Limits,
    /// What is played, recorded and kept.
    pub sound: SoundSettings,
    /// How messages are left and listened to.
    pub voicemail: VoicemailSettings,
    /// IVRs where their definitions say nothing.
    pub ivr: IvrSettings,
    /// How groups are searched and how callers wait.
    pub acd: AcdSettings,
    /// How calls are handed on, parked and joined.
    pub transfer: TransferSettings,
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

/// Searching groups and waiting where a group or an IVR says nothing else (R113; F3, F4).
#[derive(Clone, Debug)]
pub struct AcdSettings {
    /// A telephone that a group rings and that answers nothing at all for so long is passed over
    /// and not offered again until it registers anew: a frozen browser tab; 4 s. On a personal
    /// inbound route the next device rings then.
    pub alert_timeout: Duration,
    /// Longest time in a queue; 600 s.
    pub wait: Duration,
    /// How long a call to the record's owner waits for a lookup of the caller's number; `None`:
    /// numbers that the directory does not know are looked up nowhere.
    pub lookup_wait: Option<Duration>,
    /// Progressive simulring: members rung at each step; 2.
    pub step_members: u16,
    /// Progressive simulring: time between two steps; 5 s.
    pub step: Duration,
    /// What a caller hears who has asked to be called back, as
    /// [`Playlist::named`](crate::port::Playlist::named) reads it.
    pub callback_prompt: Arc<str>,
}

impl Default for AcdSettings {
    fn default() -> Self {
        Self {
            alert_timeout: Duration::from_secs(4),
            wait: Duration::from_secs(600),
            lookup_wait: None,
            step_members: 2,
            step: Duration::from_secs(5),
            callback_prompt: "Thank you. We will call you back.".into(),
        }
    }
}

/// How calls are handed on, parked and joined (D10–D14, D48).
#[derive(Clone, Debug)]
pub struct TransferSettings {
    /// How long the target of a transfer, a consultation or an addition rings where nothing else
    /// says it: a user alone, or a number outside; 30 s.
    pub user_ring: Duration,
    /// How long a parked party waits before it comes back to who parked it; 120 s.
    pub park_for: Duration,
    /// What becomes of a party that was transferred to somebody who did not answer.
    pub unanswered: Unanswered,
    /// How long the transferor rings when a transfer or a parked party comes back; 30 s.
    pub recall_ring: Duration,
    /// What the transferred party hears while the target rings.
    pub hear: TransferHear,
    /// Parties on one call at a time, supervisors included; 16.
    pub max_parties: usize,
    /// Searches that one call carries on at a time: transfers, consultations, additions; 8.
    pub max_searches: usize,
}

/// What becomes of a party that was transferred to somebody who did not answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unanswered {
    /// The transferor is rung again.
    #[default]
    Recall,
    /// It leaves a message for the user to whom it was transferred; recalled where it cannot.
    Voicemail,
    /// The call ends.
    End,
}

/// What the transferred party hears while the target rings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TransferHear {
    /// Ringing.
    #[default]
    Ringback,
    /// Music on hold.
    Music,
}

impl Default for TransferSettings {
    fn default() -> Self {
        Self {
            user_ring: Duration::from_secs(30),
            park_for: Duration::from_secs(120),
            unanswered: Unanswered::Recall,
            recall_ring: Duration::from_secs(30),
            hear: TransferHear::Ringback,
            max_parties: 16,
            max_searches: 8,
        }
    }
}
