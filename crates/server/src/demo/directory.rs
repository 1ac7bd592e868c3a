//! The demo's directory: `config/directory.toml`, in which phones ring for seconds instead of half
//! a minute while the story is played, and `media.toml` for the scenes in which sound matters.

use std::collections::BTreeMap;

use model::directory::source::DirectoryFile;

use crate::directory_file;
use crate::document::Notation;
use crate::failure::Failure;

/// The directory that the repository shows as an example, so that what the demo does can be tried
/// with a server of one's own.
const TEXT: &str = include_str!("../../../../config/directory.toml");

/// What is added to it.
const MEDIA: &str = include_str!("media.toml");

/// What a person hears who calls the group that greets.
const GREETING: &str = "Welcome to the demo. What you say is recorded. Please wait.";

/// How long one member of a round robin rings in the story, milliseconds.
const ATTEMPT_MS: u64 = 1_200;

/// How long a group rings in the story before its call goes on to the next IVR, milliseconds.
const STAGE_MS: u64 = 1_500;

/// The directory, as it is written down.
#[derive(Debug)]
pub(super) struct DemoDirectory {
    pub(super) content: DirectoryFile,
}

impl DemoDirectory {
    /// Reads the directory that is built in.
    pub(super) fn read() -> Result<Self, Failure> {
        let read = directory_file::parse("config/directory.toml", TEXT, Notation::Toml)?;
        let mut content = read.content;
        let more = directory_file::parse("media.toml", MEDIA, Notation::Toml)?.content;
        content.users.extend(more.users);
        content.groups.extend(more.groups);
        content.ivrs.extend(more.ivrs);
        content.numbers.extend(more.numbers);
        Ok(Self { content })
    }

    /// With the ring times that people have, and a greeting in words where something can speak.
    pub(super) fn patient(&self) -> String {
        let mut content = self.content.clone();
        if can_speak() {
            for ivr in &mut content.ivrs {
                ivr.greeting_prompt = ivr.greeting_prompt.as_ref().map(|_| GREETING.to_owned());
            }
        }
        text(&content)
    }

    /// With the ring times of the story.
    pub(super) fn hasty(&self) -> String {
        let mut content = self.content.clone();
        for ivr in &mut content.ivrs {
            ivr.attempt_ring_ms = ivr.attempt_ring_ms.map(|_| ATTEMPT_MS);
            if ivr.next_ivr_id.is_some() {
                ivr.no_answer_timeout_ms = Some(STAGE_MS);
            }
        }
        text(&content)
    }

    /// The password of a user.
    pub(super) fn password(&self, sip_username: &str) -> Option<&str> {
        let mut users = self.content.users.iter();
        let user = users.find(|user| user.sip_username == sip_username)?;
        user.sip_password.as_deref()
    }
}

/// Whether the command is there that speaks where a configuration names no other.
fn can_speak() -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join("espeak-ng").is_file())
}

fn text(content: &DirectoryFile) -> String {
    // What was read from text can be written as text: it has no keys but strings.
    serde_json::to_string_pretty(content).unwrap_or_default()
}

/// Ids and numbers as people call them.
#[derive(Debug, Default)]
pub(super) struct Names {
    by_id: BTreeMap<String, String>,
    by_number: BTreeMap<String, String>,
}

impl Names {
    /// The names of a directory.
    pub(super) fn of(content: &DirectoryFile) -> Self {
        let mut names = Self::default();
        for user in &content.users {
            names.by_id.insert(user.id.clone(), user.display_name.clone());
            names.by_number.insert(user.sip_username.clone(), user.display_name.clone());
        }
        for group in &content.groups {
            names.by_id.insert(group.id.clone(), group.name.clone());
        }
        for number in &content.numbers {
            let owner = number.assigned_user_id.as_ref().or(number.assigned_group_id.as_ref());
            if let Some(name) = owner.and_then(|owner| names.by_id.get(owner)) {
                names.by_number.insert(number.e164.clone(), name.clone());
            }
        }
        for record in &content.records {
            for phone in &record.phones {
                names.by_number.insert(phone.clone(), record.display_name.clone());
            }
        }
        names
    }

    /// The name of a user or group, else the id.
    pub(super) fn id<'a>(&'a self, id: &'a str) -> &'a str {
        self.by_id.get(id).map_or(id, String::as_str)
    }

    /// Whose number it is, if that is known.
    pub(super) fn known(&self, number: &str) -> Option<&str> {
        self.by_number.get(number).map(String::as_str)
    }

    /// Whose number it is, else the number.
    pub(super) fn number<'a>(&'a self, number: &'a str) -> &'a str {
        self.known(number).unwrap_or(number)
    }
}
