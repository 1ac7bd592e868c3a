//! `[acd]`, `[ivr]`, `[voicemail]` and `[codes]`: how groups treat their members where they say
//! nothing themselves, where schedules are read, how messages are kept, and what users dial to
//! tell the server something.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use call::port::Supervision;
use jiff::tz::TimeZone;
use model::{GroupId, IvrId};
use switch::{CodeMeaning, Codes};

use crate::config::found::{Complaint, Found};
use crate::config::read::size;
use crate::config::section::Section;

/// `[acd]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Acd {
    /// Time after a call of a group in which no other is offered.
    pub wrap_up: Duration,
    /// Offers missed one after the other after which a member is away; 0: never.
    pub pause_after_missed: u16,
    /// A call answered within this time counts for the service level.
    pub service_level: Duration,
    /// A telephone that has said nothing after this time is passed over.
    pub alert_timeout: Duration,
    /// Longest time in a queue whose IVR names none.
    pub queue_timeout: Duration,
}

/// `[ivr]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ivrs {
    /// IANA zone of schedules that name none.
    pub timezone: Arc<str>,
}

impl Ivrs {
    /// The zone. Whoever reads a configuration or a directory refuses names that are none.
    pub fn zone(&self) -> TimeZone {
        TimeZone::get(&self.timezone).unwrap_or(TimeZone::UTC)
    }
}

/// `[voicemail]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Voicemail {
    /// Messages that one mailbox holds.
    pub messages_per_mailbox: usize,
    /// Shorter messages are not kept.
    pub shortest: Duration,
    /// Wrong PINs after which the call ends.
    pub pin_tries: u8,
}

pub(in crate::config) fn acd(section: Section<'_>) -> Acd {
    let time = |key, default, lowest, highest| {
        Duration::from_millis(section.number(key, default, lowest..=highest))
    };
    let pause = section.number("pause_after_missed", 0, 0..=1_000);
    let acd = Acd {
        wrap_up: time("wrap_up_ms", 0, 0, 3_600_000),
        pause_after_missed: u16::try_from(pause).unwrap_or(0),
        service_level: time("service_level_ms", 20_000, 100, 3_600_000),
        alert_timeout: time("alert_timeout_ms", 4_000, 500, 60_000),
        queue_timeout: time("queue_timeout_ms", 600_000, 1_000, 86_400_000),
    };
    section.finish();
    acd
}

pub(in crate::config) fn ivrs(section: Section<'_>) -> Ivrs {
    let timezone = section.parsed("timezone", |name| {
        calendar::Zone::named(name).map(|_| Arc::from(name)).map_err(|_| {
            let cause = format!("`{name}` is no time zone of the IANA database");
            Complaint::new(cause, "write e.g. \"Europe/Berlin\" or \"UTC\"")
        })
    });
    section.finish();
    Ivrs { timezone: timezone.map_or_else(|| Arc::from("UTC"), |found| found.value) }
}

pub(in crate::config) fn voicemail(section: Section<'_>) -> Voicemail {
    let tries = section.number("pin_tries", 3, 1..=10);
    let voicemail = Voicemail {
        messages_per_mailbox: size(section.number("messages_per_mailbox", 200, 1..=10_000)),
        shortest: Duration::from_millis(section.number("shortest_ms", 1_000, 0..=60_000)),
        pin_tries: u8::try_from(tries).unwrap_or(3),
    };
    section.finish();
    voicemail
}

/// `[codes]`: every key is what a user dials. Without the section the usual codes hold.
pub(in crate::config) fn codes(section: Option<Section<'_>>) -> Codes {
    let Some(section) = section else {
        return Codes::default();
    };
    let mut codes = BTreeMap::new();
    for (code, action) in section.texts() {
        let allowed = |sign: char| sign.is_ascii_alphanumeric() || "*#".contains(sign);
        let Found { value, origin } = action;
        if code.is_empty() || code.len() > 16 || !code.chars().all(allowed) {
            let cause = format!("`{code}` cannot be dialled");
            let remedy = "use up to 16 digits, letters, `*` and `#`, e.g. \"*11\"";
            section.refuse_at(&origin, Complaint::new(cause, remedy));
            continue;
        }
        match action_of(&value) {
            Ok(action) => {
                codes.insert(Arc::from(code), action);
            }
            Err(complaint) => section.refuse_at(&origin, complaint),
        }
    }
    Codes(codes)
}

fn action_of(text: &str) -> Result<CodeMeaning, Complaint> {
    let (word, rest) = text.split_once(':').map_or((text, None), |(word, rest)| (word, Some(rest)));
    let rest = rest.map(str::trim).filter(|rest| !rest.is_empty());
    match (word, rest) {
        ("available", None) => Ok(CodeMeaning::Available),
        ("away", reason) => Ok(CodeMeaning::Away(reason.unwrap_or("away").into())),
        ("toggle", None) => Ok(CodeMeaning::Toggle),
        ("voicemail", None) => Ok(CodeMeaning::Voicemail),
        ("voicemail", Some(group)) => Ok(CodeMeaning::GroupVoicemail(GroupId::from(group))),
        ("ivr", Some(ivr)) => Ok(CodeMeaning::Ivr(IvrId::from(ivr))),
        ("pickup", None) => Ok(CodeMeaning::PickUp),
        ("group-pickup", None) => Ok(CodeMeaning::PickUpGroup),
        ("move", None) => Ok(CodeMeaning::Move),
        ("listen", None) => Ok(CodeMeaning::Supervise(Supervision::Listen)),
        ("whisper", None) => Ok(CodeMeaning::Supervise(Supervision::Whisper)),
        ("barge", None) => Ok(CodeMeaning::Supervise(Supervision::Barge)),
        ("conference", None) => Ok(CodeMeaning::Conference),
        ("park", None) => Ok(CodeMeaning::Park),
        ("retrieve", None) => Ok(CodeMeaning::Retrieve),
        _ => {
            let cause = format!("`{text}` is nothing that a code can do");
            let remedy = "write \"available\", \"away:reason\", \"toggle\", \"voicemail\", \
                          \"voicemail:group-id\", \"ivr:ivr-id\", \"pickup\", \
                          \"group-pickup\", \"move\", \"listen\", \"whisper\", \"barge\", \
                          \"conference\", \"park\" or \"retrieve\"";
            Err(Complaint::new(cause, remedy))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_does_what_its_text_says() {
        assert_eq!(action_of("away:lunch").ok(), Some(CodeMeaning::Away("lunch".into())));
        assert_eq!(action_of("away").ok(), Some(CodeMeaning::Away("away".into())));
        assert_eq!(action_of("voicemail").ok(), Some(CodeMeaning::Voicemail));
        assert_eq!(action_of("ivr:ivr-menu").ok(), Some(CodeMeaning::Ivr("ivr-menu".into())));
        for wrong in ["", "ivr", "ivr:", "available:now", "dance"] {
            assert!(action_of(wrong).is_err(), "{wrong}");
        }
    }
}
