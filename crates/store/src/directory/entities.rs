//! The entries of a directory file as rows: one shape for all of them, so that comparing with the
//! database and writing are done once ([`super::import`]).

use model::directory::AcdStrategy;
use model::directory::source::{
    DirectoryFile, GroupEntry, IvrEntry, NumberEntry, RecordEntry, UserEntry,
};
use serde_json::{Value, json};

use super::extras::{self, GroupExtras, IvrExtras, UserExtras};

/// A table that a file fills.
pub(super) struct Table {
    /// What the report calls an entry.
    pub(super) entity: &'static str,
    /// The list of the file.
    pub(super) section: &'static str,
    pub(super) name: &'static str,
    /// Columns that the file decides; the last is `active`. Of an IVR the first is its name, and
    /// what is between the two is its definition.
    pub(super) columns: &'static [&'static str],
    /// A column whose values may not be there twice, and whose old holder can give it up.
    pub(super) unique: Option<&'static str>,
}

pub(super) static USERS: Table = Table {
    entity: "user",
    section: "users",
    name: "app_user",
    columns: &[
        "display_name",
        "sip_username",
        "is_admin",
        "email",
        "acd_receiver",
        "settings",
        "active",
    ],
    unique: Some("sip_username"),
};
pub(super) static GROUPS: Table = Table {
    entity: "group",
    section: "groups",
    name: "user_group",
    columns: &[
        "name",
        "acd_strategy",
        "missed_call_owner_user_id",
        "music_on_hold",
        "recording",
        "email",
        "wrap_up_ms",
        "settings",
        "active",
    ],
    unique: Some("name"),
};
pub(super) static IVRS: Table = Table {
    entity: "ivr",
    section: "ivrs",
    name: "ivr",
    columns: &[
        "name",
        "greeting_prompt",
        "language",
        "action",
        "target_kind",
        "target_user_id",
        "target_group_id",
        "target_number",
        "acd_strategy",
        "attempt_ring_ms",
        "no_answer_timeout_ms",
        "max_rounds",
        "next_ivr_id",
        "schedule",
        "record_owner_user_id",
        "missed_call_owner_user_id",
        "missed_call_owner_group_id",
        "accept",
        "settings",
        "active",
    ],
    unique: Some("name"),
};
pub(super) static NUMBERS: Table = Table {
    entity: "number",
    section: "numbers",
    name: "provisioned_number",
    columns: &[
        "e164",
        "label",
        "assigned_user_id",
        "assigned_group_id",
        "is_default",
        "ivr_id",
        "missed_call_owner_user_id",
        "missed_call_owner_group_id",
        "can_message",
        "recording",
        "active",
    ],
    unique: None,
};
pub(super) static RECORDS: Table = Table {
    entity: "record",
    section: "records",
    name: "record",
    columns: &["object_type", "display_name", "owner_user_id", "priority", "active"],
    unique: None,
};

/// An entry as a row: its values in order of the table's columns.
pub(super) struct Row {
    pub(super) id: String,
    pub(super) values: Vec<Value>,
}

pub(super) fn rows(file: &DirectoryFile) -> [(&'static Table, Vec<Row>); 5] {
    [
        (&USERS, file.users.iter().map(user).collect()),
        (&GROUPS, file.groups.iter().map(group).collect()),
        (&IVRS, file.ivrs.iter().map(ivr).collect()),
        (&NUMBERS, file.numbers.iter().map(number).collect()),
        (&RECORDS, file.records.iter().map(record).collect()),
    ]
}

const TRUE: i64 = 1;

/// `values` is an array: everybody here writes `json!([…])`.
fn row(id: &str, values: Value) -> Row {
    let values = if let Value::Array(values) = values { values } else { Vec::new() };
    Row { id: id.to_owned(), values }
}

fn user(entry: &UserEntry) -> Row {
    let values = json!([
        entry.display_name,
        entry.sip_username,
        i64::from(entry.is_admin),
        entry.email,
        entry.acd_receiver,
        extras::text(&UserExtras::of(entry)),
        TRUE,
    ]);
    row(&entry.id, values)
}

fn group(entry: &GroupEntry) -> Row {
    let strategy = entry.acd_strategy.unwrap_or(AcdStrategy::Simulring);
    let values = json!([
        entry.name,
        strategy,
        entry.missed_call_owner_user_id,
        entry.music_on_hold,
        entry.recording.map(i64::from),
        entry.email,
        entry.rules.wrap_up_ms,
        extras::text(&GroupExtras::of(entry)),
        TRUE,
    ]);
    row(&entry.id, values)
}

fn ivr(entry: &IvrEntry) -> Row {
    let schedule = entry.schedule.as_ref().map(|schedule| json!(schedule).to_string());
    let values = json!([
        entry.name.as_ref().unwrap_or(&entry.id),
        entry.greeting_prompt,
        entry.language,
        entry.action,
        entry.target_kind,
        entry.target_user_id,
        entry.target_group_id,
        entry.target_number,
        entry.acd_strategy,
        entry.attempt_ring_ms,
        entry.no_answer_timeout_ms,
        entry.max_rounds,
        entry.next_ivr_id,
        schedule,
        entry.record_owner_user_id,
        entry.missed_call_owner_user_id,
        entry.missed_call_owner_group_id,
        entry.accept,
        extras::text(&IvrExtras::of(entry)),
        TRUE,
    ]);
    row(&entry.id, values)
}

fn number(entry: &NumberEntry) -> Row {
    let values = json!([
        plain(&entry.e164),
        entry.label,
        entry.assigned_user_id,
        entry.assigned_group_id,
        i64::from(entry.is_default.unwrap_or(true)),
        entry.ivr_id,
        entry.missed_call_owner_user_id,
        entry.missed_call_owner_group_id,
        i64::from(entry.can_message.unwrap_or(true)),
        entry.recording.map(i64::from),
        TRUE,
    ]);
    row(&entry.id, values)
}

fn record(entry: &RecordEntry) -> Row {
    let values =
        json!([entry.object_type, entry.display_name, entry.owner_user_id, entry.priority, TRUE,]);
    row(&entry.id, values)
}

/// A number without the separators that people write.
pub(super) fn plain(number: &str) -> String {
    model::E164::parse(number).map_or_else(|_| number.to_owned(), |number| number.to_string())
}
