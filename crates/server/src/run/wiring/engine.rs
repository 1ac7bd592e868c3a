//! The options of the call engine and of the floor: `[ring]`, `[limits]`, `[acd]`, `[ivr]`,
//! `[voicemail]`, `[codes]` and what of `[prompts]` and `[recording]` concerns calls.

use acd::AgentDefaults;
use call::{AcdSettings, IvrSettings, RingTimes, SoundSettings, VoicemailSettings};

use crate::config::{Config, Digits};

/// The options of the call engine.
pub fn call_settings(config: &Config) -> call::Settings {
    call::Settings {
        ring: RingTimes {
            user: config.ring.user,
            attempt: config.ring.attempt,
            stage: config.ring.stage,
            dial: config.ring.dial,
            ..RingTimes::default()
        },
        limits: call::Limits {
            attempts_per_call: u16::try_from(config.limits.attempts_per_hunt).unwrap_or(u16::MAX),
            legs_per_call: config.limits.legs_per_call,
            ..call::Limits::default()
        },
        transfer: config.transfer.settings.clone(),
        sound: sound(config),
        voicemail: VoicemailSettings {
            messages_per_mailbox: config.voicemail.messages_per_mailbox,
            min: config.voicemail.shortest,
            pin_tries: config.voicemail.pin_tries,
            language: config.prompts.language.clone(),
            ..VoicemailSettings::default()
        },
        ivr: IvrSettings { timezone: Some(config.ivr.timezone.clone()) },
        acd: AcdSettings {
            alert_timeout: config.acd.alert_timeout,
            wait: config.acd.queue_timeout,
            lookup_wait: config.lookup.as_ref().map(|lookup| lookup.deadline),
            ..AcdSettings::default()
        },
    }
}

/// How groups treat their members where they say nothing themselves.
pub fn agent_defaults(config: &Config) -> AgentDefaults {
    let millis = |time: std::time::Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    AgentDefaults {
        wrap_up_ms: millis(config.acd.wrap_up),
        pause_after_missed: config.acd.pause_after_missed,
        service_level_ms: millis(config.acd.service_level),
    }
}

/// What is played, recorded and kept.
fn sound(config: &Config) -> SoundSettings {
    SoundSettings {
        ringback: config.prompts.ringback.clone(),
        music_on_hold: config.prompts.music_on_hold.clone(),
        consent_prompt: config.recording.consent_prompt.clone(),
        record_all: config.recording.all_calls,
        recording_format: config.recording.format,
        recording_beep: config.recording.beep,
        keep_digits: match config.media.digits {
            Digits::Kept => call::Digits::Kept,
            Digits::Masked => call::Digits::Masked,
            Digits::Dropped => call::Digits::Dropped,
        },
    }
}
