//! What people are told, and who is told: a missed call goes to whom it belongs (D6), a voice
//! message to the owner of its mailbox. Who has no address in the directory is told nothing.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use model::call_graph::CallGraph;
use model::directory::{Directory, MailboxId};
use model::voicemail::VoiceMessage;
use model::{E164, GroupId, Millis, UserId};

use super::mail::Mail;

/// Words for a time of day in the organisation's zone.
fn clock(at: Millis, zone: &TimeZone) -> String {
    match Timestamp::from_millisecond(at.0) {
        Ok(instant) => instant.to_zoned(zone.clone()).strftime("%a %d %b %Y, %H:%M").to_string(),
        Err(_) => "an unknown time".to_owned(),
    }
}

fn caller(directory: &Directory, number: Option<&E164>, text: Option<&str>) -> String {
    let known = number.and_then(|number| directory.record_of(number));
    match (known, number, text) {
        (Some(record), Some(number), _) => format!("{} ({number})", record.display_name),
        (_, Some(number), _) => number.to_string(),
        (_, None, Some(text)) => text.to_owned(),
        (_, None, None) => "a withheld number".to_owned(),
    }
}

fn of_user(directory: &Directory, user: &UserId) -> Option<Arc<str>> {
    directory.user(user)?.email.clone()
}

/// A group's address, else those of its members.
fn of_group(directory: &Directory, group: &GroupId) -> Vec<Arc<str>> {
    let Some(group) = directory.group(group) else {
        return Vec::new();
    };
    match &group.email {
        Some(email) => vec![email.clone()],
        None => group.members.iter().filter_map(|user| of_user(directory, user)).collect(),
    }
}

/// The mail about a missed call; to nobody where it belongs to nobody, or to nobody with an
/// address.
pub fn missed_call(graph: &CallGraph, directory: &Directory, zone: &TimeZone) -> Mail {
    let call = &graph.call;
    let mut to: Vec<Arc<str>> = Vec::new();
    if let Some(owner) = &call.missed_call_owner_user_id {
        to.extend(of_user(directory, owner));
    }
    if let Some(group) = &call.missed_call_owner_group_id {
        to.extend(of_group(directory, group));
    }
    to.sort_unstable();
    to.dedup();
    let number = graph.participants.first().and_then(|caller| caller.phone_number.as_ref());
    let who = caller(directory, number, call.from_number.as_deref());
    let at = clock(call.initiated_at, zone);
    let called = call.to_number.as_deref().unwrap_or("an unknown number");
    let mut seen = BTreeSet::new();
    let rung = graph.attempts.iter().filter_map(|attempt| attempt.user_id.as_ref());
    let rung: Vec<String> = rung
        .filter(|user| seen.insert(*user))
        .map(|user| match directory.user(user) {
            Some(user) => user.display_name.to_string(),
            None => user.to_string(),
        })
        .collect();
    let rung = match rung.as_slice() {
        [] => "Nobody could be rung.".to_owned(),
        names => format!("Rung: {}.", names.join(", ")),
    };
    Mail {
        to,
        subject: format!("Missed call from {who}"),
        text: format!(
            "{who} called {called} on {at}; nobody answered.\n{rung}\n\nCall {}\n",
            call.id
        ),
        sound: None,
    }
}

/// The mail about a voice message. `recordings` is the folder of its file.
pub fn voice_message(
    message: &VoiceMessage,
    directory: &Directory,
    zone: &TimeZone,
    recordings: &Path,
) -> Mail {
    let (to, owner, attach) = match &message.mailbox {
        MailboxId::User(id) => {
            let user = directory.user(id);
            let attach =
                user.and_then(|user| user.mailbox.as_ref()).is_some_and(|box_| box_.attach);
            let name = user.map_or_else(|| id.to_string(), |user| user.display_name.to_string());
            (of_user(directory, id).into_iter().collect(), name, attach)
        }
        MailboxId::Group(id) => {
            let group = directory.group(id);
            let attach =
                group.and_then(|group| group.mailbox.as_ref()).is_some_and(|box_| box_.attach);
            let name = group.map_or_else(|| id.to_string(), |group| group.name.to_string());
            (of_group(directory, id), name, attach)
        }
    };
    let who = match (&message.from_name, &message.from) {
        (Some(name), Some(number)) => format!("{name} ({number})"),
        (None, Some(number)) => caller(directory, Some(number), None),
        (Some(name), None) => name.to_string(),
        (None, None) => "a withheld number".to_owned(),
    };
    let (at, seconds) = (clock(message.at, zone), message.duration_ms.div_ceil(1_000));
    let sound: Option<PathBuf> = attach.then(|| recordings.join(&*message.file));
    Mail {
        to,
        subject: format!("Voice message from {who} ({seconds} s)"),
        text: format!(
            "{who} left a message of {seconds} s for {owner} on {at}.\n\nMessage {}\n",
            message.id
        ),
        sound,
    }
}

#[cfg(test)]
mod tests {
    use model::CallId;
    use model::directory::source::DirectoryFile;
    use model::voicemail::MessageId;

    use super::*;

    fn directory() -> Directory {
        let file: DirectoryFile = toml::from_str(
            r#"
            [[users]]
            id = "u-ana"
            display_name = "Ana Agent"
            sip_username = "ana"
            email = "ana@example.com"
            voicemail = { attach = true }
            [[users]]
            id = "u-ben"
            display_name = "Ben Baker"
            sip_username = "ben"
            email = "ben@example.com"
            [[groups]]
            id = "g-sales"
            name = "Sales"
            members = ["u-ana", "u-ben"]
            [[records]]
            id = "r-1"
            object_type = "contact"
            display_name = "Carl Contact"
            phones = ["+15557770001"]
            "#,
        )
        .expect("a directory");
        let mut directory = Directory::new();
        file.add_to(&mut directory);
        directory
    }

    fn message(mailbox: MailboxId) -> VoiceMessage {
        VoiceMessage {
            id: MessageId("call-1-r1".into()),
            mailbox,
            call: CallId::from("call-1"),
            from: E164::parse("+15557770001").ok(),
            from_name: None,
            at: Millis(1_767_607_200_000),
            file: "voicemail/call-1-r1.wav".into(),
            duration_ms: 4_200,
            heard: false,
        }
    }

    #[test]
    fn a_message_for_a_user_goes_to_him_with_its_sound() {
        let message = message(MailboxId::User(UserId::from("u-ana")));
        let mail = voice_message(&message, &directory(), &TimeZone::UTC, Path::new("/r"));
        assert_eq!(mail.to, [Arc::from("ana@example.com")]);
        assert_eq!(mail.subject, "Voice message from Carl Contact (+15557770001) (5 s)");
        assert!(mail.text.contains("for Ana Agent on Mon 05 Jan 2026, 10:00"), "{}", mail.text);
        assert_eq!(mail.sound, Some(PathBuf::from("/r/voicemail/call-1-r1.wav")));
    }

    #[test]
    fn a_message_for_a_group_without_an_address_goes_to_its_members() {
        let message = message(MailboxId::Group(GroupId::from("g-sales")));
        let mail = voice_message(&message, &directory(), &TimeZone::UTC, Path::new("/r"));
        assert_eq!(mail.to, [Arc::from("ana@example.com"), Arc::from("ben@example.com")]);
        assert_eq!(mail.sound, None);
    }
}
