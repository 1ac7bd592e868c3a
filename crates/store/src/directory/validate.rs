//! Whether a directory file says something that can be done, judged by the file alone: every
//! reference is to something in it, nothing is there twice, and what the schema would refuse is
//! refused here, with its cause and remedy.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

use model::E164;
use model::directory::source::{
    DirectoryFile, GroupEntry, IvrEntry, LookupEntry, NumberEntry, ObjectTypeEntry, OptionsEntry,
    RecordEntry, SettingsEntry, UserEntry,
};
use model::directory::{AcdStrategy, IvrAction, IvrTargetKind};

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
    users: BTreeSet<&'a str>,
    groups: BTreeSet<&'a str>,
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
            users: file.users.iter().map(|entry| &*entry.id).collect(),
            groups: file.groups.iter().map(|entry| &*entry.id).collect(),
            ivrs: file.ivrs.iter().map(|entry| &*entry.id).collect(),
            records: file.records.iter().map(|entry| &*entry.id).collect(),
            object_types: file.object_types.iter().map(object_type).collect(),
            roles: file.users.iter().flat_map(|user| &user.roles).map(|role| &**role).collect(),
        }
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

    fn user_reference(&mut self, at: At<'_>, key: &'static str, id: Option<&String>) {
        if let Some(id) = id.filter(|id| !self.known.users.contains(id.as_str())) {
            self.error(at, key, format!("there is no user `{id}`"), "name one of `users`");
        }
    }

    fn group_reference(&mut self, at: At<'_>, key: &'static str, id: Option<&String>) {
        if let Some(id) = id.filter(|id| !self.known.groups.contains(id.as_str())) {
            self.error(at, key, format!("there is no group `{id}`"), "name one of `groups`");
        }
    }

    fn ivr_reference(&mut self, at: At<'_>, key: &'static str, id: Option<&str>) {
        if let Some(id) = id.filter(|id| !self.known.ivrs.contains(id)) {
            self.error(at, key, format!("there is no IVR `{id}`"), "name one of `ivrs`");
        }
    }

    fn e164(&mut self, at: At<'_>, key: &'static str, number: &str) {
        if E164::parse(number).is_err() {
            let remedy = "write it as `+`, country code and number, 5 to 15 digits";
            self.error(at, key, format!("`{number}` is no E.164 number"), remedy);
        }
    }

    fn users(&mut self, users: &[UserEntry], realm: Option<&str>) {
        self.unique("users", "id", users.iter().map(|u| (&*u.id, &*u.id)));
        self.unique("users", "sip_username", users.iter().map(|u| (&*u.id, &*u.sip_username)));
        for user in users {
            let at = At { section: "users", id: &user.id };
            let bad = |c: char| c.is_whitespace() || c.is_control() || "@:;?<>\"".contains(c);
            if user.sip_username.contains(bad) {
                let cause =
                    format!("`{}` cannot stand before the @ of an address", user.sip_username);
                self.error(at, "sip_username", cause, "use letters, digits, `.`, `-` and `_`");
            }
            let Some(ha1) = &user.sip_ha1 else { continue };
            if user.sip_password.is_some() {
                let cause = "a password is given too";
                self.error(at, "sip_ha1", cause, "keep either `sip_password` or `sip_ha1`");
            }
            if let Some(realm) = realm.filter(|realm| *realm != ha1.realm) {
                let cause = format!("it is for the realm `{}`", ha1.realm);
                let remedy = format!("hash `user:{realm}:password`: `[sip] domain` is the realm");
                self.error(at, "sip_ha1", cause, remedy);
            }
            for (key, value, digits) in [("md5", &ha1.md5, 32), ("sha256", &ha1.sha256, 64)] {
                if value.len() != digits || !value.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                    let cause = format!("`{key}` is not {digits} hex digits");
                    let remedy = "both hashes of `user:realm:password` are required";
                    self.error(at, "sip_ha1", cause, remedy);
                }
            }
        }
    }

    fn groups(&mut self, groups: &[GroupEntry]) {
        self.unique("groups", "id", groups.iter().map(|g| (&*g.id, &*g.id)));
        self.unique("groups", "name", groups.iter().map(|g| (&*g.id, &*g.name)));
        for group in groups {
            let at = At { section: "groups", id: &group.id };
            let mut seen = BTreeSet::new();
            for member in &group.members {
                let member = member.user().to_owned();
                self.user_reference(at, "members", Some(&member));
                let cause = format!("`{member}` is there twice");
                if !seen.insert(member) {
                    self.error(at, "members", cause, "name every member once");
                }
            }
            if group.members.is_empty() {
                let cause = "the group has no members: its calls find nobody";
                self.push(Severity::Warning, at, "members", cause, "name its users");
            }
            if group.acd_strategy == Some(AcdStrategy::Single) {
                let remedy = "use `simulring` or `round_robin`";
                self.error(at, "acd_strategy", "`single` is for one user", remedy);
            }
            let owner = group.missed_call_owner_user_id.as_ref();
            self.user_reference(at, "missed_call_owner_user_id", owner);
        }
    }

    fn ivrs(&mut self, ivrs: &[IvrEntry]) {
        self.unique("ivrs", "id", ivrs.iter().map(|i| (&*i.id, &*i.id)));
        let names = ivrs.iter().map(|i| (&*i.id, i.name.as_deref().unwrap_or(&i.id)));
        self.unique("ivrs", "name", names);
        for ivr in ivrs {
            let at = At { section: "ivrs", id: &ivr.id };
            match ivr.action {
                IvrAction::CallTransfer => {}
                IvrAction::Menu
                | IvrAction::TimeRouting
                | IvrAction::PlayAndHangup
                | IvrAction::Voicemail
                | IvrAction::PlayDirectory => {
                    let cause = format!("`{}` is not built yet", ivr.action);
                    let remedy = "a call that reaches it goes to its next IVR or gets 480";
                    self.push(Severity::Warning, at, "action", cause, remedy);
                }
            }
            self.ivr_target(at, ivr);
            self.ivr_reference(at, "next_ivr_id", ivr.next_ivr_id.as_deref());
            self.ivr_options(at, ivr.options.as_ref());
            self.user_reference(at, "record_owner_user_id", ivr.record_owner_user_id.as_ref());
            let owner = ivr.missed_call_owner_user_id.as_ref();
            self.user_reference(at, "missed_call_owner_user_id", owner);
        }
    }

    fn ivr_target(&mut self, at: At<'_>, ivr: &IvrEntry) {
        self.user_reference(at, "target_user_id", ivr.target_user_id.as_ref());
        self.group_reference(at, "target_group_id", ivr.target_group_id.as_ref());
        let (key, given) = match ivr.target_kind {
            None if ivr.action == IvrAction::CallTransfer => {
                let remedy = "say `user`, `group`, `record_owner` or `external`";
                return self.error(at, "target_kind", "a call transfer needs a target", remedy);
            }
            None | Some(IvrTargetKind::RecordOwner | IvrTargetKind::LastAgent) => return,
            Some(IvrTargetKind::User) => ("target_user_id", ivr.target_user_id.is_some()),
            Some(IvrTargetKind::Group) => ("target_group_id", ivr.target_group_id.is_some()),
            Some(IvrTargetKind::External) => ("target_number", ivr.target_number.is_some()),
        };
        if !given {
            let cause = "it is missing, but `target_kind` asks for it";
            self.error(at, key, cause, "name the target");
        }
    }

    fn ivr_options(&mut self, at: At<'_>, options: Option<&OptionsEntry>) {
        let options: Vec<(&str, &str)> = match options {
            None => return,
            Some(OptionsEntry::Short(options)) => {
                options.iter().map(|(digit, next)| (&**digit, &**next)).collect()
            }
            Some(OptionsEntry::List(options)) => {
                options.iter().map(|option| (&*option.digit, &*option.next_ivr_id)).collect()
            }
        };
        let mut seen = BTreeSet::new();
        for (digit, next) in options {
            let is_digit = |c: char| c.is_ascii_digit() || matches!(c, '*' | '#');
            if digit.len() != 1 || !digit.chars().all(is_digit) {
                let cause = format!("`{digit}` is no key of a telephone");
                self.error(at, "options", cause, "use one of 0 to 9, `*`, `#`");
            } else if !seen.insert(digit) {
                let cause = format!("the digit {digit} is there twice");
                self.error(at, "options", cause, "give every digit one IVR");
            }
            self.ivr_reference(at, "options", Some(next));
        }
    }

    /// A caller who can go round for ever is let go by the engine's limit, but nobody meant that.
    fn ivr_circles(&mut self, ivrs: &[IvrEntry]) {
        let next: BTreeMap<&str, &str> =
            ivrs.iter().filter_map(|ivr| Some((&*ivr.id, ivr.next_ivr_id.as_deref()?))).collect();
        let mut reported: BTreeSet<&str> = BTreeSet::new();
        for start in next.keys() {
            let mut path = Vec::new();
            let mut here = *start;
            while let Some(there) = next.get(here) {
                if path.contains(&here) || reported.contains(here) {
                    break;
                }
                path.push(here);
                here = there;
            }
            if let Some(first) = path.iter().position(|id| *id == here) {
                let circle = &path[first..];
                let at = At { section: "ivrs", id: here };
                let cause = format!("{} lead back to {here}", circle.join(" → "));
                let remedy = "end one of them without a next IVR";
                self.push(Severity::Warning, at, "next_ivr_id", cause, remedy);
            }
            reported.extend(path);
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
            self.user_reference(at, "assigned_user_id", user.as_ref());
            self.group_reference(at, "assigned_group_id", group.as_ref());
            self.ivr_reference(at, "ivr_id", number.ivr_id.as_deref());
            let owner = number.missed_call_owner_user_id.as_ref();
            self.user_reference(at, "missed_call_owner_user_id", owner);
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
            self.user_reference(at, "owner_user_id", record.owner_user_id.as_ref());
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
