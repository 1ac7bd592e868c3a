//! The directory file (TOML or JSON), as `interface.md` names its keys. Only the shape is checked
//! here; that references hold is checked by whoever imports it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::schedule::Schedule;
use super::{
    Accept, AcdStrategy, AgentRules, Availability, Device, Forwarding, InboundRoute, IvrAction,
    IvrTargetKind, Menu, Queue, Spelling, VoicemailBox,
};

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
    /// Devices: a name alone is a telephone that registers.
    #[serde(default)]
    pub devices: Vec<DeviceEntry>,
    /// The device on which groups ring him.
    #[serde(default)]
    pub acd_receiver: Option<String>,
    /// How a call to himself is rung.
    #[serde(default)]
    pub inbound_route: Option<InboundRoute>,
    /// Where calls to himself go instead.
    #[serde(default)]
    pub forward: Forwarding,
    /// Where notifications go.
    #[serde(default)]
    pub email: Option<String>,
    /// What he masters, 1–10.
    #[serde(default)]
    pub skills: BTreeMap<String, u8>,
    /// His mailbox.
    #[serde(default)]
    pub voicemail: Option<MailboxEntry>,
    /// Whether the user administers the server.
    #[serde(default)]
    pub is_admin: bool,
}

/// `users[].devices[]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum DeviceEntry {
    /// Its name alone.
    Name(String),
    /// All of it.
    Device(Device),
}

/// `users[].voicemail`, `groups[].voicemail`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MailboxEntry {
    /// Four to twelve digits; only its hash is stored.
    pub pin: Option<String>,
    /// See `MailboxSettings::greeting_prompt`.
    pub greeting_prompt: Option<String>,
    /// See `MailboxSettings::attach`.
    pub attach: bool,
}

/// `groups[].members[]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum MemberEntry {
    /// The user.
    User(String),
    /// The user with his weight.
    Weighted {
        /// The user.
        user: String,
        /// 1–1,000.
        weight: u16,
    },
}

impl MemberEntry {
    /// Whose entry it is.
    pub fn user(&self) -> &str {
        match self {
            Self::User(user) | Self::Weighted { user, .. } => user,
        }
    }

    /// His weight.
    pub fn weight(&self) -> u16 {
        match self {
            Self::User(_) => 1,
            Self::Weighted { weight, .. } => *weight,
        }
    }
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
    pub members: Vec<MemberEntry>,
    /// Strategy where the IVR names none.
    #[serde(default)]
    pub acd_strategy: Option<AcdStrategy>,
    /// Owner of missed transfers to the group.
    #[serde(default)]
    pub missed_call_owner_user_id: Option<String>,
    /// How its members are treated.
    #[serde(default)]
    pub rules: AgentRules,
    /// Where notifications go.
    #[serde(default)]
    pub email: Option<String>,
    /// Its mailbox.
    #[serde(default)]
    pub voicemail: Option<MailboxEntry>,
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
    pub target_kind: Option<IvrTargetKind>,
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
    /// Call transfer to a group: callers wait.
    #[serde(default)]
    pub queue: Option<Queue>,
    /// Menu: how it asks.
    #[serde(default)]
    pub menu: Option<Menu>,
    /// Time routing.
    #[serde(default)]
    pub schedule: Option<Schedule>,
    /// Voicemail.
    #[serde(default)]
    pub voicemail: Option<VoicemailBox>,
    /// Play directory.
    #[serde(default)]
    pub spelling: Option<Spelling>,
    /// Owner of the calls that end here.
    #[serde(default)]
    pub record_owner_user_id: Option<String>,
    /// Owner of the calls that are missed here.
    #[serde(default)]
    pub missed_call_owner_user_id: Option<String>,
    /// The group that owns them.
    #[serde(default)]
    pub missed_call_owner_group_id: Option<String>,
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
    /// The group that owns them.
    #[serde(default)]
    pub missed_call_owner_group_id: Option<String>,
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
    /// How much its calls are preferred in queues.
    #[serde(default)]
    pub priority: i16,
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
