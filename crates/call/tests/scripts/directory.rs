//! The directory of the reference scenarios, read from its file.

use std::path::PathBuf;
use std::sync::Arc;

use model::directory::source::{DirectoryFile, IvrEntry, OptionsEntry};
use model::directory::{
    AcdStrategy, Assignment, Availability, Directory, Group, Ivr, IvrTarget, KnownRecord, Number,
    TargetKind, User,
};
use model::{E164, GroupId, IvrId, NumberId, RecordId, UserId};

/// The text of a file of the oracle.
pub(crate) fn oracle(name: &str) -> String {
    let mut path = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    path.extend(["..", "..", "tests", "data", "oracle", name]);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The directory of the scenarios, with what the tests of this crate add to it.
pub(crate) fn directory(additions: &str) -> Directory {
    let mut directory = Directory::new();
    for text in [oracle("directory.json").as_str(), additions] {
        if !text.is_empty() {
            add(&mut directory, &serde_json::from_str(text).expect("a directory"));
        }
    }
    directory
}

fn add(directory: &mut Directory, file: &DirectoryFile) {
    for user in &file.users {
        directory.add_user(User {
            id: UserId::from(&*user.id),
            display_name: Arc::from(&*user.display_name),
            sip_username: Arc::from(&*user.sip_username),
            availability: user.availability.unwrap_or(Availability::Available),
            ha1_md5: None,
            ha1_sha256: None,
        });
    }
    for group in &file.groups {
        directory.add_group(Group {
            id: GroupId::from(&*group.id),
            name: Arc::from(&*group.name),
            members: group.members.iter().map(|id| UserId::from(&**id)).collect(),
            strategy: group.acd_strategy.unwrap_or(AcdStrategy::Simulring),
            missed_call_owner: user(&group.missed_call_owner_user_id),
            music_on_hold: group.music_on_hold.as_deref().map(Arc::from),
            recording: group.recording,
        });
    }
    for ivr in &file.ivrs {
        directory.add_ivr(read_ivr(ivr));
    }
    for number in &file.numbers {
        let assignment = match (&number.assigned_user_id, &number.assigned_group_id) {
            (Some(user), _) => Assignment::User(UserId::from(&**user)),
            (None, Some(group)) => Assignment::Group(
                GroupId::from(&**group),
                IvrId::from(number.ivr_id.as_deref().expect("a group's number has an IVR")),
            ),
            (None, None) => panic!("{} belongs to nobody", number.id),
        };
        directory.add_number(Number {
            id: NumberId::from(&*number.id),
            e164: E164::parse(&number.e164).expect("a number"),
            assignment,
            is_default: number.is_default.unwrap_or(true),
            missed_call_owner: user(&number.missed_call_owner_user_id),
            recording: number.recording,
        });
    }
    for record in &file.records {
        for phone in &record.phones {
            directory.add_record(
                E164::parse(phone).expect("a number"),
                KnownRecord {
                    id: RecordId::from(&*record.id),
                    display_name: Arc::from(&*record.display_name),
                    owner: user(&record.owner_user_id),
                },
            );
        }
    }
}

fn user(id: &Option<String>) -> Option<UserId> {
    id.as_deref().map(UserId::from)
}

fn read_ivr(entry: &IvrEntry) -> Ivr {
    let target = match entry.target_kind {
        Some(TargetKind::User) => user(&entry.target_user_id).map(IvrTarget::User),
        Some(TargetKind::Group) => {
            let id = entry.target_group_id.as_deref().expect("a group");
            Some(IvrTarget::Group(GroupId::from(id)))
        }
        Some(TargetKind::RecordOwner) => Some(IvrTarget::RecordOwner),
        Some(TargetKind::External) => {
            let number = entry.target_number.as_deref().expect("a number");
            Some(IvrTarget::External(Arc::from(number)))
        }
        None => None,
    };
    let options = match &entry.options {
        Some(OptionsEntry::Short(options)) => options
            .iter()
            .filter_map(|(digit, ivr)| Some((digit.chars().next()?, IvrId::from(&**ivr))))
            .collect(),
        Some(OptionsEntry::List(_)) | None => Default::default(),
    };
    Ivr {
        id: IvrId::from(&*entry.id),
        action: entry.action,
        greeting_prompt: entry.greeting_prompt.as_deref().map(Arc::from),
        language: entry.language.as_deref().map(Arc::from),
        target,
        strategy: entry.acd_strategy,
        attempt_ring_ms: entry.attempt_ring_ms,
        no_answer_timeout_ms: entry.no_answer_timeout_ms,
        max_rounds: entry.max_rounds,
        next_ivr: entry.next_ivr_id.as_deref().map(IvrId::from),
        options,
        record_owner: user(&entry.record_owner_user_id),
        missed_call_owner: user(&entry.missed_call_owner_user_id),
        accept: entry.accept,
    }
}
