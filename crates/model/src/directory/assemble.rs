//! From a directory file to the snapshot that routing reads, for those who have no database
//! between the two: tests, examples, `tandem route explain` on a file. Nothing is checked: what
//! names something that is not there stays as it is.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::source::{
    DeviceEntry, DirectoryFile, GroupEntry, IvrEntry, MailboxEntry, MemberEntry, NumberEntry,
    OptionsEntry, UserEntry,
};
use super::{
    AcdStrategy, Assignment, Availability, Device, DeviceKind, Directory, Group, Ivr, IvrTarget,
    IvrTargetKind, KnownRecord, MailboxSettings, Number, User,
};
use crate::{E164, GroupId, IvrId, NumberId, RecordId, UserId};

impl DirectoryFile {
    /// Adds everything in the file to a snapshot. Numbers that are not E.164 or belong to nobody
    /// are left out; passwords and PINs are not hashed here, so nobody can register.
    pub fn add_to(&self, directory: &mut Directory) {
        for entry in &self.users {
            directory.add_user(user(entry));
        }
        for entry in &self.groups {
            directory.add_group(group(entry));
        }
        for entry in &self.ivrs {
            directory.add_ivr(ivr(entry));
        }
        for entry in &self.numbers {
            if let Some(number) = number(entry) {
                directory.add_number(number);
            }
        }
        for entry in &self.records {
            let record = KnownRecord {
                id: RecordId::from(&*entry.id),
                display_name: Arc::from(&*entry.display_name),
                owner: id(entry.owner_user_id.as_ref()),
                priority: entry.priority,
            };
            for phone in entry.phones.iter().filter_map(|phone| E164::parse(phone).ok()) {
                directory.add_record(phone, record.clone());
            }
        }
    }
}

fn id<T: for<'a> From<&'a str>>(text: Option<&String>) -> Option<T> {
    text.map(|text| T::from(text))
}

fn text(text: Option<&String>) -> Option<Arc<str>> {
    text.map(|text| Arc::from(&**text))
}

fn user(entry: &UserEntry) -> User {
    let mut user = User::named(
        UserId::from(&*entry.id),
        Arc::from(&*entry.display_name),
        Arc::from(&*entry.sip_username),
    );
    user.availability = entry.availability.unwrap_or(Availability::Available);
    user.devices = entry.devices.iter().map(device).collect();
    user.acd_receiver = text(entry.acd_receiver.as_ref());
    user.inbound_route.clone_from(&entry.inbound_route);
    user.forward.clone_from(&entry.forward);
    user.roles = entry.roles.iter().map(|role| Arc::from(&**role)).collect();
    user.email = text(entry.email.as_ref());
    user.skills = entry.skills.iter().map(|(skill, level)| (Arc::from(&**skill), *level)).collect();
    user.mailbox = entry.voicemail.as_ref().map(mailbox);
    user
}

/// A device of the snapshot; a name alone is a telephone that registers.
pub fn device(entry: &DeviceEntry) -> Device {
    match entry {
        DeviceEntry::Device(device) => device.clone(),
        DeviceEntry::Name(name) => Device {
            id: Arc::from(&**name),
            label: None,
            kind: DeviceKind::Sip,
            instance: None,
            user_agent: None,
            number: None,
        },
    }
}

fn mailbox(entry: &MailboxEntry) -> MailboxSettings {
    MailboxSettings {
        greeting_prompt: text(entry.greeting_prompt.as_ref()),
        pin_sha256: None,
        attach: entry.attach,
    }
}

fn group(entry: &GroupEntry) -> Group {
    let members = entry.members.iter().map(|member| UserId::from(member.user())).collect();
    let weighted = |member: &MemberEntry| (UserId::from(member.user()), member.weight());
    let mut group = Group::of(GroupId::from(&*entry.id), Arc::from(&*entry.name), members);
    group.weights = entry.members.iter().map(weighted).collect();
    group.strategy = entry.acd_strategy.unwrap_or(AcdStrategy::Simulring);
    group.missed_call_owner = id(entry.missed_call_owner_user_id.as_ref());
    group.music_on_hold = text(entry.music_on_hold.as_ref());
    group.recording = entry.recording;
    group.rules = entry.rules.clone();
    group.email = text(entry.email.as_ref());
    group.mailbox = entry.voicemail.as_ref().map(mailbox);
    group
}

fn ivr(entry: &IvrEntry) -> Ivr {
    let target = match entry.target_kind {
        Some(IvrTargetKind::User) => id(entry.target_user_id.as_ref()).map(IvrTarget::User),
        Some(IvrTargetKind::Group) => id(entry.target_group_id.as_ref()).map(IvrTarget::Group),
        Some(IvrTargetKind::RecordOwner) => Some(IvrTarget::RecordOwner),
        Some(IvrTargetKind::LastAgent) => Some(IvrTarget::LastAgent),
        Some(IvrTargetKind::External) => {
            text(entry.target_number.as_ref()).map(IvrTarget::External)
        }
        None => None,
    };
    Ivr {
        greeting_prompt: text(entry.greeting_prompt.as_ref()),
        language: text(entry.language.as_ref()),
        target,
        strategy: entry.acd_strategy,
        attempt_ring_ms: entry.attempt_ring_ms,
        no_answer_timeout_ms: entry.no_answer_timeout_ms,
        max_rounds: entry.max_rounds,
        queue: entry.queue.clone(),
        next_ivr: id(entry.next_ivr_id.as_ref()),
        options: options(entry.options.as_ref()),
        menu: entry.menu.clone().unwrap_or_default(),
        schedule: entry.schedule.clone().map(Arc::new),
        voicemail: entry.voicemail.clone(),
        spelling: entry.spelling.clone().unwrap_or_default(),
        record_owner: id(entry.record_owner_user_id.as_ref()),
        missed_call_owner: id(entry.missed_call_owner_user_id.as_ref()),
        missed_call_owner_group: id(entry.missed_call_owner_group_id.as_ref()),
        accept: entry.accept,
        ..Ivr::of(IvrId::from(&*entry.id), entry.action)
    }
}

fn options(entry: Option<&OptionsEntry>) -> BTreeMap<char, IvrId> {
    let option = |digit: &str, next: &str| Some((digit.chars().next()?, IvrId::from(next)));
    match entry {
        Some(OptionsEntry::Short(options)) => {
            options.iter().filter_map(|(digit, next)| option(digit, next)).collect()
        }
        Some(OptionsEntry::List(options)) => {
            options.iter().filter_map(|entry| option(&entry.digit, &entry.next_ivr_id)).collect()
        }
        None => BTreeMap::new(),
    }
}

fn number(entry: &NumberEntry) -> Option<Number> {
    let assignment = match (&entry.assigned_user_id, &entry.assigned_group_id, &entry.ivr_id) {
        (Some(user), _, _) => Assignment::User(UserId::from(&**user)),
        (None, Some(group), Some(ivr)) => {
            Assignment::Group(GroupId::from(&**group), IvrId::from(&**ivr))
        }
        (None, Some(_), None) | (None, None, _) => return None,
    };
    Some(Number {
        id: NumberId::from(&*entry.id),
        e164: E164::parse(&entry.e164).ok()?,
        assignment,
        is_default: entry.is_default.unwrap_or(true),
        missed_call_owner: id(entry.missed_call_owner_user_id.as_ref()),
        missed_call_owner_group: id(entry.missed_call_owner_group_id.as_ref()),
        recording: entry.recording,
    })
}
