//! The directory file (TOML or JSON, `interface.md`): its shape, with every fault by line. That
//! its references hold is checked by [`store::validate`]; [`ReadDirectory::problems`] gives
//! those complaints their lines back.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use model::Millis;
use model::directory::source::DirectoryFile;
use serde::de::DeserializeOwned;
use store::{Database, DirectoryProblem, ImportMode, ImportReport, Repository as _};

use crate::document::{
    Document, Fault, FaultCause, Node, Notation, Place, Problem, Problems, Value, nearest, read,
};
use crate::failure::Failure;

/// The lists and tables of the file.
const SECTIONS: [&str; 8] =
    ["users", "groups", "ivrs", "numbers", "object_types", "records", "lookups", "settings"];

/// Faults of one entry that are reported before the reader gives it up.
const FAULTS_PER_ENTRY: usize = 32;

/// A directory file of sound shape.
#[derive(Clone, Debug)]
pub struct ReadDirectory {
    /// What complaints call the file.
    pub name: Arc<str>,
    /// Its content.
    pub content: DirectoryFile,
    entries: BTreeMap<(String, String), Entry>,
}

/// Reads a directory file.
///
/// # Errors
/// Every fault of its notation, or else every fault of its shape.
pub fn open(path: &Path) -> Result<ReadDirectory, Problems> {
    from_document(&Document::open(path)?)
}

/// The same for a text; `name` is what complaints call it.
///
/// # Errors
/// Every fault of its notation, or else every fault of its shape.
pub fn parse(name: &str, text: &str, notation: Notation) -> Result<ReadDirectory, Problems> {
    from_document(&Document::parse(name.into(), text, notation)?)
}

/// Reads a directory file and checks its references and, where the domain is known, its hashes.
/// The directory is there when nothing is an error; warnings may come with it.
pub fn load(path: &Path, domain: Option<&str>) -> (Option<ReadDirectory>, Problems) {
    match open(path) {
        Ok(read) => {
            let problems = read.problems(domain);
            let sound = problems.errors() == 0;
            (sound.then_some(read), problems)
        }
        Err(problems) => (None, problems),
    }
}

/// Applies a directory file to the database, or says what that would change. A file that was
/// applied already changes nothing.
///
/// # Errors
/// Every error of the file, or the database's.
pub async fn apply(
    database: &Database,
    file: &Path,
    domain: &str,
    mode: ImportMode,
    now: Millis,
) -> Result<ImportReport, Failure> {
    let (read, problems) = load(file, Some(domain));
    let Some(read) = read else {
        return Err(Failure::Input(problems));
    };
    let imported = database.import(&read.content, domain, mode, now).await;
    imported.map_err(|error| Failure::of_database(&error))
}

impl ReadDirectory {
    /// What [`store::validate`] finds in the content, each with its line. Without a domain, hashes
    /// are not compared with it.
    pub fn problems(&self, domain: Option<&str>) -> Problems {
        let found = store::validate(&self.content, domain).into_iter();
        Problems(found.map(|problem| self.located(problem)).collect()).sorted()
    }

    /// A problem of an entry as one of the file.
    fn located(&self, problem: DirectoryProblem) -> Problem {
        let DirectoryProblem { severity, section, id, key, cause, remedy } = problem;
        let place = self.place(section, &id, key);
        let name = if id.is_empty() {
            format!("{section}.{key}")
        } else {
            format!("{section}[{id}].{key}")
        };
        let problem = Problem::error(self.name.clone(), place, name, cause, remedy);
        match severity {
            store::Severity::Error => problem,
            store::Severity::Warning => problem.into_warning(),
        }
    }

    /// Where a key of an entry stands, or else the entry, or else its list.
    fn place(&self, section: &str, id: &str, key: &str) -> Option<Place> {
        let of = |id: &str| self.entries.get(&(section.to_owned(), id.to_owned()));
        let entry = of(id).or_else(|| of(""))?;
        let keys = entry.keys.iter();
        let mut found = keys.filter(|(name, _)| name == key).map(|&(_, at)| at);
        Some(found.next_back().unwrap_or(entry.at))
    }
}

/// Where an entry and its keys stand.
#[derive(Clone, Debug)]
struct Entry {
    at: Place,
    keys: Vec<(String, Place)>,
}

fn from_document(document: &Document) -> Result<ReadDirectory, Problems> {
    let mut reader = Reader { document, entries: BTreeMap::new(), problems: Problems::default() };
    let content = DirectoryFile {
        users: reader.list("users"),
        groups: reader.list("groups"),
        ivrs: reader.list("ivrs"),
        numbers: reader.list("numbers"),
        object_types: reader.list("object_types"),
        records: reader.list("records"),
        lookups: reader.list("lookups"),
        settings: reader.settings(),
    };
    reader.unknown_sections();
    if reader.problems.0.is_empty() {
        Ok(ReadDirectory { name: document.file.clone(), content, entries: reader.entries })
    } else {
        Err(reader.problems.sorted())
    }
}

struct Reader<'a> {
    document: &'a Document,
    /// By section and id (a lookup's number, an object type's name); the list itself without id.
    entries: BTreeMap<(String, String), Entry>,
    problems: Problems,
}

impl Reader<'_> {
    fn list<T: DeserializeOwned>(&mut self, section: &'static str) -> Vec<T> {
        let document = self.document;
        let Some(list) = document.root.child(section) else {
            return Vec::new();
        };
        self.remember(section, "", list);
        if !matches!(list.value, Value::List(_)) {
            let cause = format!("is {}, not a list", list.value.kind());
            self.refuse(list.at, section.into(), cause, format!("write [[{section}]]"));
        }
        let mut entries = Vec::with_capacity(list.items().len());
        for (index, item) in list.items().iter().enumerate() {
            let names = ["id", "e164", "api_name"].map(|key| item.child(key).and_then(Node::text));
            for name in names.iter().flatten() {
                self.remember(section, name, item);
            }
            let label = match names.iter().flatten().next() {
                Some(name) => format!("{section}[{name}]"),
                None => format!("{section}[{}]", index + 1),
            };
            entries.extend(self.entry(&label, item.clone()));
        }
        entries
    }

    fn settings<T: DeserializeOwned + Default>(&mut self) -> T {
        let document = self.document;
        let Some(node) = document.root.child("settings") else {
            return T::default();
        };
        self.remember("settings", "", node);
        self.entry("settings", node.clone()).unwrap_or_default()
    }

    /// Reads one entry. A faulty key is reported and taken out, and the rest is read again, so
    /// that all of them are found.
    fn entry<T: DeserializeOwned>(&mut self, label: &str, mut node: Node) -> Option<T> {
        let mut sound = true;
        for _ in 0..FAULTS_PER_ENTRY {
            let fault = match read(&node) {
                Ok(entry) => return sound.then_some(entry),
                Err(fault) => fault,
            };
            let culprit = match (&fault.cause, fault.path.last()) {
                (FaultCause::UnknownKey { name, .. }, None) => Some(name.clone()),
                (_, Some(step)) => Some(step.clone()),
                (FaultCause::MissingKey(_) | FaultCause::Value(_), None) => None,
            };
            // A key that was taken out is no longer missing from the file.
            let taken_out = !sound && matches!(fault.cause, FaultCause::MissingKey(_));
            if !taken_out || culprit.is_some() {
                self.report(label, node.at, &fault);
            }
            sound = false;
            let (Some(culprit), Value::Table(entries)) = (culprit, &mut node.value) else {
                return None;
            };
            entries.retain(|(key, _)| key.name != culprit);
        }
        None
    }

    fn report(&mut self, label: &str, entry: Place, fault: &Fault) {
        let path = fault.dotted();
        let inside = |key: &str| match (path.as_str(), key) {
            ("", key) => format!("{label}.{key}"),
            (path, "") => format!("{label}.{path}"),
            (path, key) => format!("{label}.{path}.{key}"),
        };
        let at = fault.at.unwrap_or(entry);
        match &fault.cause {
            FaultCause::UnknownKey { name, known } => {
                let remedy = match nearest(name, known.iter().copied()) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => format!("known here: {}", known.join(", ")),
                };
                self.refuse(at, inside(name), "unknown key".into(), remedy);
            }
            FaultCause::MissingKey(key) => {
                self.refuse(at, inside(key), "is missing".into(), format!("add {key}"));
            }
            FaultCause::Value(cause) => {
                let key = if path.is_empty() { label.to_owned() } else { inside("") };
                self.refuse(at, key, cause.clone(), "see config/directory.toml".into());
            }
        }
    }

    fn unknown_sections(&mut self) {
        let document = self.document;
        for (key, _) in document.root.entries() {
            if SECTIONS.contains(&key.name.as_str()) {
                continue;
            }
            let remedy = match nearest(&key.name, SECTIONS) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("known here: {}", SECTIONS.join(", ")),
            };
            self.refuse(key.at, key.name.clone(), "unknown section".into(), remedy);
        }
    }

    /// Of two entries with one id, the later one is what a complaint means.
    fn remember(&mut self, section: &str, id: &str, node: &Node) {
        let keys = node.entries().iter();
        let entry =
            Entry { at: node.at, keys: keys.map(|(key, _)| (key.name.clone(), key.at)).collect() };
        self.entries.insert((section.to_owned(), id.to_owned()), entry);
    }

    fn refuse(&mut self, at: Place, key: String, cause: String, remedy: String) {
        let file = self.document.file.clone();
        self.problems.push(Problem::error(file, Some(at), key, cause, remedy));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOML: &str = r#"
[[users]]
id = "u-ana"
display_name = "Ana Agent"
sip_username = "ana"
sip_password = "ana-secret"

[[ivrs]]
id = "ivr-menu"
action = "menu"
options = { 1 = "ivr-sales" }

[[numbers]]
id = "n-ana"
e164 = "+15550100001"
assigned_user_id = "u-ana"
"#;

    #[test]
    fn both_notations_read_alike() {
        let toml = parse("d.toml", TOML, Notation::Toml).expect("sound");
        let json = serde_json::to_string(&toml.content).expect("json");
        let json = parse("d.json", &json, Notation::Json).expect("sound");
        assert_eq!(toml.content, json.content);
        assert_eq!(toml.content.users[0].display_name, "Ana Agent");
        let line = |section, id, key| toml.place(section, id, key).map(|at| at.line);
        assert_eq!(line("numbers", "n-ana", "e164"), Some(15));
        assert_eq!(line("ivrs", "ivr-menu", "next_ivr_id"), Some(8));
        assert_eq!(line("settings", "", "timezone"), None);
    }

    #[test]
    fn every_fault_of_the_shape_has_its_line() {
        let problems = parse(
            "directory.toml",
            r#"
[[users]]
id = "u-ana"
display_nme = "Ana Agent"
sip_username = 7
availability = "asleep"
[[ivrs]]
id = "ivr-menu"
action = "menue"
options = 3
[[numbers]]
e164 = "+15550100001"
[setings]
[settings]
timezone = "UTC"
zone = "UTC"
"#,
            Notation::Toml,
        )
        .expect_err("faults");
        insta::assert_snapshot!(problems, @r#"
        error: directory.toml:4:1: users[u-ana].display_nme: unknown key
          fix: did you mean `display_name`?
        error: directory.toml:5:16: users[u-ana].sip_username: invalid type: integer `7`, expected a string
          fix: see config/directory.toml
        error: directory.toml:6:16: users[u-ana].availability: `asleep` is not one of available, busy, away, offline
          fix: see config/directory.toml
        error: directory.toml:9:10: ivrs[ivr-menu].action: `menue` is not one of call_transfer, menu, time_routing, play_and_hangup, voicemail, play_directory
          fix: see config/directory.toml
        error: directory.toml:10:11: ivrs[ivr-menu].options: data did not match any variant of untagged enum OptionsEntry
          fix: see config/directory.toml
        error: directory.toml:11:1: numbers[+15550100001].id: is missing
          fix: add id
        error: directory.toml:13:2: setings: unknown section
          fix: did you mean `settings`?
        error: directory.toml:16:1: settings.zone: unknown key
          fix: known here: conversations_enabled, extracts_enabled, show_all_conversations, participation_policy, closed_conversation_policy, reply_calls_enabled, timezone, quality_thresholds
        "#);
    }

    #[test]
    fn references_that_lead_nowhere_have_their_line() {
        let text = format!(
            "{TOML}\n[[groups]]\nid = \"g-sales\"\nname = \"Sales\"\n\
             members = [\n  \"u-ana\",\n  \"u-bob\",\n]\n"
        );
        let read = parse("d.toml", &text, Notation::Toml).expect("sound");
        insta::assert_snapshot!(read.problems(Some("tandem.test")), @r#"
        error: d.toml:11:1: ivrs[ivr-menu].options: there is no IVR `ivr-sales`
          fix: name one of `ivrs`
        error: d.toml:21:1: groups[g-sales].members: there is no user `u-bob`
          fix: name one of `users`
        "#);
    }
}
