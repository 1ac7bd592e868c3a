//! What the configuration says of voicemail. Every limit has a test that hits it.

use std::sync::Arc;
use std::time::Duration;

/// Voicemail where a mailbox says nothing else.
#[derive(Clone, Debug)]
pub struct VoicemailSettings {
    /// Messages are taken; else a voicemail IVR passes its caller on.
    pub enabled: bool,
    /// Messages a mailbox may have; who calls when it is full hears so. 200.
    pub messages_per_mailbox: usize,
    /// Less sound than this is no message; 1 s.
    pub min: Duration,
    /// Longest message on a personal inbound route, where no IVR says how long; 120 s.
    pub max: Duration,
    /// So much silence ends a message there; 5 s.
    pub silence: Duration,
    /// What callers hear of a mailbox without a greeting, as
    /// [`Playlist::named`](crate::port::Playlist::named) reads it; `None`: a sentence with the
    /// owner's name.
    pub greeting: Option<Arc<str>>,
    /// PINs that may be entered in one call; 3.
    pub pin_tries: u8,
    /// After so many wrong PINs in a row, over all calls, a mailbox takes none for a while; 9.
    pub lock_after: u16,
    /// For how long; 600 s.
    pub lock: Duration,
    /// Time for the next key; 10 s.
    pub key_wait: Duration,
    /// Language of what is said (BCP 47): `en` or `de`; any other is said in English. An IVR's own
    /// language beats it.
    pub language: Arc<str>,
}

impl Default for VoicemailSettings {
    fn default() -> Self {
        Self {
            enabled: true,
            messages_per_mailbox: 200,
            min: Duration::from_secs(1),
            max: Duration::from_secs(120),
            silence: Duration::from_secs(5),
            greeting: None,
            pin_tries: 3,
            lock_after: 9,
            lock: Duration::from_secs(600),
            key_wait: Duration::from_secs(10),
            language: "en".into(),
        }
    }
}
