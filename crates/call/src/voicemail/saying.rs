//! What voicemail says, in pieces: texts, and numbers, times and digits from the set of prompts.

use std::sync::Arc;

use calendar::Zone;
use model::Millis;
use model::voicemail::VoiceMessage;

use super::Counts;
use crate::port::{Sound, Spoken};
use crate::sound::voice::{Voice, text};

impl Voice {
    /// "You have reached the mailbox of … Please leave a message after the tone."
    pub(crate) fn greeting(&self, owner: &Arc<str>) -> Vec<Sound> {
        vec![
            text(self.texts().mailbox_of),
            Sound::Text(owner.clone()),
            text(self.texts().leave_a_message),
        ]
    }

    /// "You have … new messages."
    pub(crate) fn counts(&self, counts: Counts) -> Vec<Sound> {
        let said = self.texts();
        match counts {
            Counts { new: 0, old: 0 } => vec![text(said.no_messages)],
            Counts { new: 0, old } => {
                let mut items = vec![text(said.nothing_new)];
                items.extend(many(old, said.one_old, said.many_old));
                items
            }
            Counts { new, old: _ } => many(new, said.one_new, said.many_new),
        }
    }

    /// Of what kind a message is, when it came and from whom. Times are told by the clock on the
    /// wall of `timezone`.
    pub(crate) fn headline(
        &self,
        message: &VoiceMessage,
        now: Millis,
        timezone: Option<&str>,
    ) -> Vec<Sound> {
        let said = self.texts();
        let mut items = vec![text(if message.heard { said.old_message } else { said.new_message })];
        items.extend(self.received(message.at, now, timezone));
        match (&message.from_name, &message.from) {
            (Some(name), _) => items.extend([text(said.from), Sound::Text(name.clone())]),
            (None, Some(number)) => {
                let digits = number.as_str().trim_start_matches('+').into();
                items.extend([text(said.from), Sound::Say(Spoken::Digits(digits))]);
            }
            (None, None) => items.push(text(said.from_nobody)),
        }
        items
    }

    /// "Received today at …"
    fn received(&self, at: Millis, now: Millis, timezone: Option<&str>) -> Vec<Sound> {
        let said = self.texts();
        let (then, today) = (Local::of(at, timezone), Local::of(now, timezone));
        let mut items = match today.day - then.day {
            0 => vec![text(said.today)],
            1 => vec![text(said.yesterday)],
            _ => {
                let [on, at] = said.on_day;
                let month = usize::from(then.month).checked_sub(1).and_then(|n| said.months.get(n));
                vec![
                    text(on),
                    Sound::Say(Spoken::Number(then.day_of_month.into())),
                    text(month.copied().unwrap_or_default()),
                    text(at),
                ]
            }
        };
        items.push(Sound::Say(Spoken::Time { hour: then.hour, minute: then.minute }));
        items
    }
}

fn many(count: u32, one: &'static str, [before, after]: [&'static str; 2]) -> Vec<Sound> {
    match count {
        1 => vec![text(one)],
        _ => vec![text(before), Sound::Say(Spoken::Number(count)), text(after)],
    }
}

/// What calendar and clock on the wall show.
#[derive(Clone, Copy, Debug)]
struct Local {
    /// Days since 1970-01-01 there.
    day: i64,
    month: u8,
    day_of_month: u8,
    hour: u8,
    minute: u8,
}

impl Local {
    /// UTC where no zone has this name, and the epoch at instants that no calendar reaches.
    fn of(at: Millis, timezone: Option<&str>) -> Self {
        let zone = timezone.and_then(|name| Zone::named(name).ok()).unwrap_or_else(Zone::utc);
        let (Ok(shown), Ok(day)) = (zone.local(at), zone.day(at)) else {
            return Self { day: 0, month: 1, day_of_month: 1, hour: 0, minute: 0 };
        };
        let part = |part: u16| u8::try_from(part).unwrap_or_default();
        let minutes = shown.minute_of_day();
        Self {
            day,
            month: shown.month(),
            day_of_month: shown.day(),
            hour: part(minutes / 60),
            minute: part(minutes % 60),
        }
    }
}

#[cfg(test)]
mod tests {
    use model::directory::MailboxId;
    use model::voicemail::MessageId;
    use model::{CallId, E164, UserId};

    use super::*;

    fn english() -> Voice {
        Voice::of(&"en".into())
    }

    fn at(text: &str) -> Millis {
        Millis::parse(text).expect("a time")
    }

    fn message(left: &str) -> VoiceMessage {
        VoiceMessage {
            id: MessageId("m".into()),
            mailbox: MailboxId::User(UserId::from("u-ana")),
            call: CallId::from("c"),
            from: Some(E164::parse("+15557770001").expect("a number")),
            from_name: None,
            at: at(left),
            file: "voicemail/m.wav".into(),
            duration_ms: 5_000,
            heard: false,
        }
    }

    /// What is said, on one line.
    fn said(items: &[Sound]) -> String {
        format!("{items:?}").replace("Text(", "").replace("Say(", "").replace(')', "")
    }

    #[test]
    fn counts_are_told_in_whole_sentences() {
        let told = |new, old| said(&english().counts(Counts { new, old }));
        assert_eq!(told(0, 0), r#"["You have no messages."]"#);
        assert_eq!(told(1, 7), r#"["You have one new message."]"#);
        assert_eq!(told(2, 0), r#"["You have", Number(2, "new messages."]"#);
        assert_eq!(told(0, 1), r#"["You have no new messages.", "You have one old message."]"#);
        let old = r#"["You have no new messages.", "You have", Number(3, "old messages."]"#;
        assert_eq!(told(0, 3), old);
    }

    #[test]
    fn the_day_is_the_one_of_the_listener() {
        let told = |left: &str, now: &str, zone: Option<&str>| {
            said(&english().received(at(left), at(now), zone))
        };
        let (evening, morning) = ("2026-01-05T22:30:00.000Z", "2026-01-05T23:30:00.000Z");
        insta::assert_snapshot!(
            told(evening, morning, None),
            @r#"["Received today at", Time { hour: 22, minute: 30 }]"#
        );
        // In Berlin it was before midnight, and now it is after.
        insta::assert_snapshot!(
            told(evening, morning, Some("Europe/Berlin")),
            @r#"["Received yesterday at", Time { hour: 23, minute: 30 }]"#
        );
        insta::assert_snapshot!(
            told("2025-12-31T08:05:00.000Z", morning, Some("Nowhere/AtAll")),
            @r#"["Received on", Number(31, "December", "at", Time { hour: 8, minute: 5 }]"#
        );
        // A message of tomorrow is told with its date: a clock was stepped.
        insta::assert_snapshot!(
            told("2026-01-06T08:05:00.000Z", morning, None),
            @r#"["Received on", Number(6, "January", "at", Time { hour: 8, minute: 5 }]"#
        );
    }

    #[test]
    fn a_caller_is_told_by_his_name_or_his_number() {
        let now = at("2026-01-05T23:30:00.000Z");
        let mut message = message("2026-01-05T22:30:00.000Z");
        let last = |message: &VoiceMessage| {
            let items = english().headline(message, now, None);
            said(items.get(3..).expect("more than kind and time"))
        };
        assert_eq!(last(&message), r#"["From", Digits("15557770001"]"#);
        message.from_name = Some("Carl".into());
        assert_eq!(last(&message), r#"["From", "Carl"]"#);
        message.from_name = None;
        message.from = None;
        assert_eq!(last(&message), r#"["From a withheld number."]"#);
    }
}
