//! IVRs: what each action is told. A running call keeps the version of an IVR that it entered,
//! because it keeps the whole directory with which it began.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::schedule::Schedule;
use super::{Accept, AcdStrategy, IvrAction};
use crate::{GroupId, IvrId, UserId};

/// An IVR.
#[derive(Clone, Debug)]
pub struct Ivr {
    /// Id.
    pub id: IvrId,
    /// Raised by every change of its definition, from 1; kept with the call in its decisions.
    pub version: u32,
    /// What it does.
    pub action: IvrAction,
    /// Prompt played on entry: a file, or a text that is spoken.
    pub greeting_prompt: Option<Arc<str>>,
    /// Language of what it says (BCP 47); `None`: the configured one.
    pub language: Option<Arc<str>>,
    /// Call transfer: its target.
    pub target: Option<IvrTarget>,
    /// Call transfer: strategy; beats the group's (D42).
    pub strategy: Option<AcdStrategy>,
    /// Call transfer: ring time of one attempt where members are tried one by one, ms.
    pub attempt_ring_ms: Option<u64>,
    /// Call transfer: longest time of the whole stage, waiting included, ms.
    pub no_answer_timeout_ms: Option<u64>,
    /// Call transfer: laps; `None` = until the timeout.
    pub max_rounds: Option<u32>,
    /// Call transfer to a group: callers wait for a member.
    pub queue: Option<Queue>,
    /// Where the call goes when nobody answered, or when the action is over.
    pub next_ivr: Option<IvrId>,
    /// Menu: digit → IVR.
    pub options: BTreeMap<char, IvrId>,
    /// Menu: how it asks.
    pub menu: Menu,
    /// Time routing.
    pub schedule: Option<Arc<Schedule>>,
    /// Voicemail.
    pub voicemail: Option<VoicemailBox>,
    /// Play directory.
    pub spelling: Spelling,
    /// Owner of the calls that end here.
    pub record_owner: Option<UserId>,
    /// Owner of the calls that are missed here.
    pub missed_call_owner: Option<UserId>,
    /// The group that owns calls missed here, beside or instead of a user (F2).
    pub missed_call_owner_group: Option<GroupId>,
    /// When the caller's leg is answered; `None`: on entry where the IVR plays anything.
    pub accept: Option<Accept>,
}

impl Ivr {
    /// An IVR that does nothing but what its action does without being told anything.
    pub fn of(id: IvrId, action: IvrAction) -> Self {
        Self {
            id,
            version: 1,
            action,
            greeting_prompt: None,
            language: None,
            target: None,
            strategy: None,
            attempt_ring_ms: None,
            no_answer_timeout_ms: None,
            max_rounds: None,
            queue: None,
            next_ivr: None,
            options: BTreeMap::new(),
            menu: Menu::default(),
            schedule: None,
            voicemail: None,
            spelling: Spelling::default(),
            record_owner: None,
            missed_call_owner: None,
            missed_call_owner_group: None,
            accept: None,
        }
    }
}

/// What a call transfer aims at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IvrTarget {
    /// One user.
    User(UserId),
    /// The members of a group.
    Group(GroupId),
    /// The owner of the caller's record.
    RecordOwner,
    /// The user with whom the caller talked last.
    LastAgent,
    /// A number outside, as configured.
    External(Arc<str>),
}

/// How a menu asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Menu {
    /// Time for a digit after the greeting, ms.
    pub timeout_ms: u64,
    /// How often the caller is asked before the menu gives up, the first time included.
    pub max_tries: u8,
    /// A digit ends the greeting.
    pub barge_in: bool,
    /// Said after a digit that is no option; `None`: the greeting again at once.
    pub invalid_prompt: Option<Arc<str>>,
    /// Said when no digit came.
    pub timeout_prompt: Option<Arc<str>>,
    /// Where the call goes when the menu gives up; `None`: to the IVR's next one.
    pub default_ivr_id: Option<IvrId>,
}

impl Default for Menu {
    fn default() -> Self {
        Self {
            timeout_ms: 5_000,
            max_tries: 3,
            barge_in: true,
            invalid_prompt: None,
            timeout_prompt: None,
            default_ivr_id: None,
        }
    }
}

/// Callers wait for a member of the group (F4).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Queue {
    /// Callers who may wait at one time; who comes when it is full goes on. 100.
    pub max_size: u32,
    /// Where who finds it full goes; `None`: to the IVR's next one.
    pub overflow_ivr_id: Option<IvrId>,
    /// Leaves at once when no member is there (none registered and not offline or away).
    pub leave_when_empty: bool,
    /// Tells the place in the queue.
    pub say_position: bool,
    /// Tells how long it will take.
    pub say_wait: bool,
    /// Time between two announcements, ms; 30,000.
    pub announce_every_ms: u64,
    /// Said with every announcement, before place and time: "Thank you for waiting."
    pub message: Option<Arc<str>>,
    /// Said with every announcement, after them: "Press 0 to leave a message."
    pub menu_prompt: Option<Arc<str>>,
    /// What a waiting caller may press.
    pub options: BTreeMap<char, WaitingChoice>,
    /// Preference of callers that come by this IVR; more is sooner, a record's adds to it.
    pub priority: i16,
    /// What an agent must master.
    pub skills: Vec<SkillNeed>,
    /// Further groups that are searched as well after a time.
    pub also_groups: Vec<AlsoGroup>,
}

impl Default for Queue {
    fn default() -> Self {
        Self {
            max_size: 100,
            overflow_ivr_id: None,
            leave_when_empty: false,
            say_position: false,
            say_wait: false,
            announce_every_ms: 30_000,
            message: None,
            menu_prompt: None,
            options: BTreeMap::new(),
            priority: 0,
            skills: Vec::new(),
            also_groups: Vec::new(),
        }
    }
}

/// What a waiting caller chooses by a digit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaitingChoice {
    /// He leaves the queue for an IVR: voicemail, another group.
    Ivr(IvrId),
    /// He hangs up and is called back when it is his turn; his place is kept.
    Callback,
}

/// A skill that a call needs, and how the need relaxes while the caller waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SkillNeed {
    /// The skill.
    pub skill: Arc<str>,
    /// The level asked for at first, 1–10.
    pub level: u8,
    /// Every so often it asks for one level less, ms; 0: never.
    #[serde(default)]
    pub relax_every_ms: u64,
    /// It never asks for less than this; at 0 who does not master it at all may take the call.
    #[serde(default)]
    pub at_least: u8,
}

/// A further group that is searched after a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlsoGroup {
    /// The group.
    pub group_id: GroupId,
    /// When it is searched as well, ms after the caller began to wait.
    pub after_ms: u64,
}

/// Whose mailbox.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailboxId {
    /// A user's.
    User(UserId),
    /// A group's.
    Group(GroupId),
}

/// Taking a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VoicemailBox {
    /// Whose mailbox.
    pub mailbox: MailboxId,
    /// Longest message, ms; 120,000.
    #[serde(default = "two_minutes")]
    pub max_ms: u64,
    /// So much silence ends it, ms; 5,000.
    #[serde(default = "five_seconds")]
    pub silence_ms: u64,
}

impl VoicemailBox {
    /// A mailbox with the usual limits.
    pub fn of(mailbox: MailboxId) -> Self {
        Self { mailbox, max_ms: two_minutes(), silence_ms: five_seconds() }
    }
}

fn two_minutes() -> u64 {
    120_000
}

fn five_seconds() -> u64 {
    5_000
}

/// Spelling a name on the keys of the telephone (F6).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Spelling {
    /// Whose members can be spelt; `None`: all users.
    pub group_id: Option<GroupId>,
    /// How often it asks before it gives up.
    pub loops: u8,
    /// Time for a digit, ms.
    pub wait_ms: u64,
}

impl Default for Spelling {
    fn default() -> Self {
        Self { group_id: None, loops: 3, wait_ms: 5_000 }
    }
}
