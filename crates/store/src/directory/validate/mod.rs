//! Whether a directory file says something that can be done, judged by the file alone: every
//! reference is to something in it, nothing is there twice, and what the schema would refuse is
//! refused here, with its cause and remedy.

mod circles;
mod forwards;
mod ivrs;
mod people;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::ops::RangeInclusive;

use model::directory::source::{
    DirectoryFile, GroupEntry, LookupEntry, MemberEntry, NumberEntry, ObjectTypeEntry, RecordEntry,
    SettingsEntry, UserEntry,
};
use model::{E164, nearest};

/// Whether a problem keeps the file from being applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Nothing of the file is applied.
    Error,
    /// The file is applied; something in it does less than it says.
    Warning,
}

/// Something wrong with one entry of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectoryProblem {
    /// Whether it keeps the file from being applied.
    pub severity: Severity,
    /// List of the file: `users`, `groups`, `ivrs`, `numbers`, `object_types`, `records`,
    /// `lookups` or `settings`.
    pub section: &'static str,
    /// Id of the entry (of a lookup its number); empty for `settings`.
    pub id: String,
    /// Key of the entry.
    pub key: &'static str,
    /// What is wrong.
    pub cause: String,
    /// What to do about it.
    pub remedy: String,
}

impl std::fmt::Display for DirectoryProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { section, id, key, cause, remedy, .. } = self;
        write!(f, "{section} `{id}`: {key}: {cause} ({remedy})")
    }
}

/// Checks a file. `realm` is `[sip] domain`; where it is not known, hashes are not compared with
/// it. The problems come in the order of the file's lists.
pub fn validate(file: &DirectoryFile, realm: Option<&str>) -> Vec<DirectoryProblem> {
    let mut check = Check { known: Known::of(file), problems: Vec::new() };
    check.users(&file.users, realm);
    check.forwards(&file.users, &file.numbers);
    check.groups(&file.groups);
    check.ivrs(&file.ivrs);
    check.ivr_circles(&file.ivrs);
    check.numbers(&file.numbers);
    let names = file.object_types.iter().map(|entry| match entry {
        ObjectTypeEntry::Name(name) => name.as_str(),
        ObjectTypeEntry::Labelled { api_name, .. } => api_name.as_str(),
    });
    check.unique("object_types", "api_name", names.map(|name| (name, name)));
    check.records(&file.records);
    check.lookups(&file.lookups);
    check.settings(&file.settings);
    check.problems
}

/// The ids that references may name.
struct Known<'a> {
    users: BTreeMap<&'a str, &'a UserEntry>,
    groups: BTreeMap<&'a str, &'a GroupEntry>,
    ivrs: BTreeSet<&'a str>,
    records: BTreeSet<&'a str>,
    object_types: BTreeSet<&'a str>,
    roles: BTreeSet<&'a str>,
}

impl<'a> Known<'a> {
    fn of(file: &'a DirectoryFile) -> Self {
        let object_type = |entry: &'a ObjectTypeEntry| match entry {
            ObjectTypeEntry::Name(name) => name.as_str(),
            ObjectTypeEntry::Labelled { api_name, .. } => api_name,
        };
        Self {
            users: file.users.iter().map(|entry| (&*entry.id, entry)).collect(),
            groups: file.groups.iter().map(|entry| (&*entry.id, entry)).collect(),
            ivrs: file.ivrs.iter().map(|entry| &*entry.id).collect(),
            records: file.records.iter().map(|entry| &*entry.id).collect(),
            object_types: file.object_types.iter().map(object_type).collect(),
            roles: file.users.iter().flat_map(|user| &user.roles).map(|role| &**role).collect(),
        }
    }
}

impl Known<'_> {
    /// How well a user masters a skill; 0: not at all.
    fn skill(&self, user: &str, skill: &str) -> u8 {
        self.users.get(user).and_then(|user| user.skills.get(skill)).copied().unwrap_or(0)
    }

    fn members(&self, group: &str) -> impl Iterator<Item = &str> {
        let members = self.groups.get(group).map(|group| group.members.as_slice());
        members.unwrap_or_default().iter().map(MemberEntry::user)
    }
}

/// One entry, for its complaints.
#[derive(Clone, Copy)]
struct At<'a> {
    section: &'static str,
    id: &'a str,
}

struct Check<'a> {
    known: Known<'a>,
    problems: Vec<DirectoryProblem>,
}

impl<'a> Check<'a> {
    fn push(
        &mut self,
        severity: Severity,
        at: At<'_>,
        key: &'static str,
        cause: impl Display,
        remedy: impl Display,
    ) {
        self.problems.push(DirectoryProblem {
            severity,
            section: at.section,
            id: at.id.to_owned(),
            key,
            cause: cause.to_string(),
            remedy: remedy.to_string(),
        });
    }

    fn error(&mut self, at: At<'_>, key: &'static str, cause: impl Display, remedy: impl Display) {
        self.push(Severity::Error, at, key, cause, remedy);
    }

    /// `entries` are ids and the values that must differ.
    fn unique<'e>(
        &mut self,
        section: &'static str,
        key: &'static str,
        entries: impl Iterator<Item = (&'e str, &'e str)>,
    ) {
        let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
        for (id, value) in entries {
            let at = At { section, id };
            if value.trim().is_empty() {
                self.error(at, key, "it is empty", "give it a value");
            } else if let Some(first) = seen.insert(value, id) {
                let cause = if first == id {
                    format!("`{value}` is there twice")
                } else {
                    format!("`{value}` is `{first}`'s already")
                };
                self.error(at, key, cause, "every entry needs its own");
            }
        }
    }

    fn user_reference(&mut self, at: At<'_>, key: &'static str, id: Option<&str>) {
        if let Some(id) = id.filter(|id| !self.known.users.contains_key(id)) {
            let remedy = meant(id, "users", self.known.users.keys());
            self.error(at, key, format!("there is no user `{id}`"), remedy);
        }
    }

    fn group_reference(&mut self, at: At<'_>, key: &'static str, id: Option<&str>) {
        if let Some(id) = id.filter(|id| !self.known.groups.contains_key(id)) {
            let remedy = meant(id, "groups", self.known.groups.keys());
            self.error(at, key, format!("there is no group `{id}`"), remedy);
        }
    }

    fn ivr_reference(&mut self, at: At<'_>, key: &'static str, id: Option<&str>) {
        if let Some(id) = id.filter(|id| !self.known.ivrs.contains(id)) {
            let remedy = meant(id, "ivrs", &self.known.ivrs);
            self.error(at, key, format!("there is no IVR `{id}`"), remedy);
        }
    }

    fn range(
        &mut self,
        at: At<'_>,
        key: &'static str,
        what: &str,
        value: u64,
        range: RangeInclusive<u64>,
    ) {
        if !range.contains(&value) {
            let cause = format!("`{what}` is {value}");
            let cause = if what == "it" { format!("it is {value}") } else { cause };
            let remedy = format!("say {} to {}", range.start(), range.end());
            self.error(at, key, cause, remedy);
        }
    }

    fn e164(&mut self, at: At<'_>, key: &'static str, number: &str) {
        if E164::parse(number).is_err() {
            let remedy = "write it as `+`, country code and number, 5 to 15 digits";
            self.error(at, key, format!("`{number}` is no E.164 number"), remedy);
        }
    }

    fn numbers(&mut self, numbers: &[NumberEntry]) {
        self.unique("numbers", "id", numbers.iter().map(|n| (&*n.id, &*n.id)));
        self.unique("numbers", "e164", numbers.iter().map(|n| (&*n.id, &*n.e164)));
        let mut defaults: BTreeMap<(bool, &str), &str> = BTreeMap::new();
        for number in numbers {
            let at = At { section: "numbers", id: &number.id };
            self.e164(at, "e164", &number.e164);
            let (user, group) = (&number.assigned_user_id, &number.assigned_group_id);
            self.user_reference(at, "assigned_user_id", user.as_deref());
            self.group_reference(at, "assigned_group_id", group.as_deref());
            self.ivr_reference(at, "ivr_id", number.ivr_id.as_deref());
            let owner = number.missed_call_owner_user_id.as_deref();
            self.user_reference(at, "missed_call_owner_user_id", owner);
            let owner = number.missed_call_owner_group_id.as_deref();
            self.group_reference(at, "missed_call_owner_group_id", owner);
            let owner = match (user, group) {
                (Some(user), None) => (true, user.as_str()),
                (None, Some(group)) => {
                    if number.ivr_id.is_none() {
                        let remedy = "name the IVR that it runs";
                        self.error(at, "ivr_id", "a group's number needs an IVR", remedy);
                    }
                    (false, group.as_str())
                }
                (Some(_), Some(_)) | (None, None) => {
                    let remedy = "give either `assigned_user_id` or `assigned_group_id`";
                    let cause = "a number belongs to one user or to one group";
                    self.error(at, "assigned_user_id", cause, remedy);
                    continue;
                }
            };
            if number.is_default.unwrap_or(true)
                && let Some(first) = defaults.insert(owner, &number.id)
            {
                let cause = format!("`{first}` is the default number of `{}` already", owner.1);
                let remedy = "say `is_default = false` on all but one";
                self.error(at, "is_default", cause, remedy);
            }
        }
    }

    fn records(&mut self, records: &[RecordEntry]) {
        self.unique("records", "id", records.iter().map(|r| (&*r.id, &*r.id)));
        for record in records {
            let at = At { section: "records", id: &record.id };
            if !self.known.object_types.contains(record.object_type.as_str()) {
                let cause = format!("there is no object type `{}`", record.object_type);
                self.error(at, "object_type", cause, "add it to `object_types`");
            }
            let mut seen = BTreeSet::new();
            for phone in &record.phones {
                self.e164(at, "phones", phone);
                if !seen.insert(phone) {
                    let cause = format!("`{phone}` is there twice");
                    self.error(at, "phones", cause, "name every number once");
                }
            }
            self.user_reference(at, "owner_user_id", record.owner_user_id.as_deref());
        }
    }

    fn lookups(&mut self, lookups: &[LookupEntry]) {
        self.unique("lookups", "e164", lookups.iter().map(|l| (&*l.e164, &*l.e164)));
        for lookup in lookups {
            let at = At { section: "lookups", id: &lookup.e164 };
            self.e164(at, "e164", &lookup.e164);
            self.word(at, "status", Some(&lookup.status), &["resolved", "ambiguous", "none"]);
            let sources = ["auto_unique", "manual", "created", "import"];
            self.word(at, "source", lookup.source.as_ref(), &sources);
            if (lookup.status == "resolved") != lookup.record_id.is_some() {
                let cause = "exactly a resolved lookup names a record";
                self.error(at, "record_id", cause, "name the record, or change `status`");
            }
            if let Some(record) = &lookup.record_id
                && !self.known.records.contains(record.as_str())
            {
                let cause = format!("there is no record `{record}`");
                self.error(at, "record_id", cause, "name one of `records`");
            }
        }
    }

    fn settings(&mut self, settings: &SettingsEntry) {
        let at = At { section: "settings", id: "" };
        if let Some(zone) = &settings.timezone
            && let Err(error) = calendar::Zone::named(zone)
        {
            self.error(at, "timezone", error, "say one of the IANA database, as `Europe/Berlin`");
        }
        let policies = ["always", "ask", "never"];
        let policy = settings.participation_policy.as_ref();
        self.word(at, "participation_policy", policy, &policies);
        let policy = settings.closed_conversation_policy.as_ref();
        self.word(at, "closed_conversation_policy", policy, &["reopen", "new"]);
        let Some(show) = &settings.show_all_conversations else {
            return;
        };
        match show.strip_prefix("role:") {
            Some(role) if self.known.roles.contains(role) => {}
            Some(role) => {
                let cause = format!("no user has the role `{role}`");
                let remedy = "give it to somebody, or say `private`";
                self.push(Severity::Warning, at, "show_all_conversations", cause, remedy);
            }
            None if show == "private" => {}
            None => {
                let cause = format!("`{show}` is not understood");
                let remedy = "say `private` or `role:<name>`";
                self.error(at, "show_all_conversations", cause, remedy);
            }
        }
    }

    fn word(&mut self, at: At<'_>, key: &'static str, word: Option<&String>, words: &[&str]) {
        if let Some(word) = word.filter(|word| !words.contains(&word.as_str())) {
            let remedy = format!("say one of {}", words.join(", "));
            self.error(at, key, format!("`{word}` is not understood"), remedy);
        }
    }
}

/// The remedy for a name that is not there: the one that was probably meant.
fn meant<'a>(
    id: &str,
    section: &'static str,
    known: impl IntoIterator<Item = &'a &'a str>,
) -> String {
    match nearest(id, known.into_iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("name one of `{section}`"),
    }
}

/// Digits, `*` and `#`, with a `+` and the separators that people write.
fn is_dialable(number: &str) -> bool {
    let digits = number.bytes().filter(|byte| matches!(byte, b'0'..=b'9' | b'*' | b'#')).count();
    let known = |c: char| c.is_ascii_digit() || "*#+-./() ".contains(c);
    (1..=32).contains(&digits) && number.chars().all(known)
}
