//! The directory file (TOML or JSON), as `interface.md` names its keys. Only the shape is checked
//! here; that references hold is checked by whoever imports it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Accept, AcdStrategy, Availability, IvrAction, TargetKind};

/// A whole directory file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DirectoryFile {
    /// Users.
    pub users: Vec<UserEntry>,
    /// Groups.
    pub groups: Vec<GroupEntry>,
    /// IVRs.
    pub ivrs: Vec<IvrEntry>,
    /// Provisioned numbers.
    pub numbers: Vec<NumberEntry>,
    /// Object types of records.
    pub object_types: Vec<ObjectTypeEntry>,
    /// Records (contacts, leads, …).
    pub records: Vec<RecordEntry>,
    /// Phone Number Lookups.
    pub lookups: Vec<LookupEntry>,
    /// Organisation settings.
    pub settings: SettingsEntry,
}

/// `users[]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserEntry {
    /// Id.
    pub id: String,
    /// Name shown to people.
    pub display_name: String,
    /// User part of the address of record.
    pub sip_username: String,
    /// Password in plain text; only its hashes are stored.
    #[serde(default)]
    pub sip_password: Option<String>,
    /// Hashes instead of a password.
    #[serde(default)]
    pub sip_ha1: Option<Ha1Entry>,
    /// First availability; an import never changes that of a known user.
    #[serde(default)]
    pub availability: Option<Availability>,
    /// Names of roles.
    #[serde(default)]
    pub roles: Vec<String>,
    /// Devices, kept for later work.
    #[serde(default)]
    pub devices: Vec<String>,
    /// Whether the user administers the server.
    #[serde(default)]
    pub is_admin: bool,
}

/// `users[].sip_ha1`: both hashes for one realm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ha1Entry {
    /// Realm; must be `[sip] domain`.
    pub realm: String,
    /// MD5 of `user:realm:password`, 32 hex digits.
    pub md5: String,
    /// SHA-256 of `user:realm:password`, 64 hex digits.
    pub sha256: String,
}

/// `groups[]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupEntry {
    /// Id.
    pub id: String,
    /// Name shown to people.
    pub name: String,
    /// Users by position.
    #[serde(default)]
    pub members: Vec<String>,
    /// Strategy where the IVR names none.
    #[serde(default)]
    pub acd_strategy: Option<AcdStrategy>,
    /// Owner of missed transfers to the group.
    #[serde(default)]
    pub missed_call_owner_user_id: Option<String>,
    /// What its callers hear while they wait or are held.
    #[serde(default)]
    pub music_on_hold: Option<String>,
    /// Whether its calls are recorded.
    #[serde(default)]
    pub recording: Option<bool>,
}

/// `ivrs[]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IvrEntry {
    /// Id.
    pub id: String,
    /// Name; the id where none is given.
    #[serde(default)]
    pub name: Option<String>,
    /// Prompt played on entry.
    #[serde(default)]
    pub greeting_prompt: Option<String>,
    /// Language of what it says.
    #[serde(default)]
    pub language: Option<String>,
    /// When the caller's leg is answered.
    #[serde(default)]
    pub accept: Option<Accept>,
    /// What it does.
    pub action: IvrAction,
    /// Kind of the target of a call transfer.
    #[serde(default)]
    pub target_kind: Option<TargetKind>,
    /// Target user.
    #[serde(default)]
    pub target_user_id: Option<String>,
    /// Target group.
    #[serde(default)]
    pub target_group_id: Option<String>,
    /// Target number.
    #[serde(default)]
    pub target_number: Option<String>,
    /// Strategy; beats the group's.
    #[serde(default)]
    pub acd_strategy: Option<AcdStrategy>,
    /// Round robin: ring time of one attempt, milliseconds.
    #[serde(default)]
    pub attempt_ring_ms: Option<u64>,
    /// Longest time of the stage, milliseconds.
    #[serde(default)]
    pub no_answer_timeout_ms: Option<u64>,
    /// Round robin: laps.
    #[serde(default)]
    pub max_rounds: Option<u32>,
    /// Where the call goes when nobody answered.
    #[serde(default)]
    pub next_ivr_id: Option<String>,
    /// Menu options.
    #[serde(default)]
    pub options: Option<OptionsEntry>,
    /// Time routing; kept as it stands.
    #[serde(default)]
    pub schedule: Option<serde_json::Value>,
    /// Owner of the calls that end here.
    #[serde(default)]
    pub record_owner_user_id: Option<String>,
    /// Owner of the calls that are missed here.
    #[serde(default)]
    pub missed_call_owner_user_id: Option<String>,
}

/// `ivrs[].options`: a list, or the short form `{"1": "ivr-x"}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum OptionsEntry {
    /// With labels.
    List(Vec<OptionEntry>),
    /// Digit → IVR; the label is the IVR's id.
    Short(BTreeMap<String, String>),
}

/// One menu option.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OptionEntry {
    /// One of `0`–`9`, `*`, `#`.
    pub digit: String,
    /// What it is called.
    pub label: String,
    /// Where it leads.
    pub next_ivr_id: String,
}

/// `numbers[]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NumberEntry {
    /// Id.
    pub id: String,
    /// The number.
    pub e164: String,
    /// Its name.
    #[serde(default)]
    pub label: Option<String>,
    /// The user it belongs to.
    #[serde(default)]
    pub assigned_user_id: Option<String>,
    /// The group it belongs to.
    #[serde(default)]
    pub assigned_group_id: Option<String>,
    /// The IVR of a group's number.
    #[serde(default)]
    pub ivr_id: Option<String>,
    /// Whether it is its owner's default number; true where nothing is said.
    #[serde(default)]
    pub is_default: Option<bool>,
    /// Owner of missed calls.
    #[serde(default)]
    pub missed_call_owner_user_id: Option<String>,
    /// Whether its calls are recorded; beats the group's.
    #[serde(default)]
    pub recording: Option<bool>,
    /// Whether messages may be sent from it; true where nothing is said.
    #[serde(default)]
    pub can_message: Option<bool>,
}

/// `object_types[]`: a name, or a name and a label.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ObjectTypeEntry {
    /// The name is the label.
    Name(String),
    /// With a label.
    Labelled {
        /// Name in the API.
        api_name: String,
        /// Name shown to people.
        label: String,
    },
}

/// `records[]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordEntry {
    /// Id.
    pub id: String,
    /// Object type.
    pub object_type: String,
    /// Name shown to people.
    pub display_name: String,
    /// Its numbers, the first is the primary one.
    #[serde(default)]
    pub phones: Vec<String>,
    /// The user who owns it.
    #[serde(default)]
    pub owner_user_id: Option<String>,
}

/// `lookups[]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LookupEntry {
    /// The number.
    pub e164: String,
    /// `resolved`, `ambiguous` or `none`.
    pub status: String,
    /// The record it resolves to.
    #[serde(default)]
    pub record_id: Option<String>,
    /// `auto_unique`, `manual`, `created` or `import`.
    #[serde(default)]
    pub source: Option<String>,
}

/// `settings{}`; what is absent stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SettingsEntry {
    /// Whether finished calls are assigned to conversations.
    pub conversations_enabled: Option<bool>,
    /// Whether extracts are kept.
    pub extracts_enabled: Option<bool>,
    /// `private` or `role:<id>`.
    pub show_all_conversations: Option<String>,
    /// `always`, `ask` or `never`.
    pub participation_policy: Option<String>,
    /// `reopen` or `new`.
    pub closed_conversation_policy: Option<String>,
    /// Whether missed calls make reply calls.
    pub reply_calls_enabled: Option<bool>,
    /// IANA name of the organisation's time zone.
    pub timezone: Option<String>,
    /// Thresholds of quality events; kept as it stands.
    pub quality_thresholds: Option<serde_json::Value>,
}
