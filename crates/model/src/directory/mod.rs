//! The read-only snapshot of users, groups, numbers and IVRs that routing reads. The database is
//! the truth; a snapshot is built from it, shared by reference count and never changed: a call
//! keeps the one it began with, so a number reassigned in the middle of it does not rewrite what
//! it is.

mod assemble;
mod forwarding;
mod ivr;
mod people;
pub mod schedule;
pub mod source;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use self::assemble::device;
pub use self::forwarding::{ForwardTo, Forwarding};
pub use self::ivr::{
    AlsoGroup, Ivr, IvrTarget, MailboxId, Menu, Queue, SkillNeed, Spelling, VoicemailBox,
    WaitingChoice,
};
pub use self::people::{
    AfterRoute, AgentRules, Device, DeviceKind, Group, InboundRoute, MailboxSettings, RouteStep,
    User,
};
use crate::{E164, GroupId, IvrId, NumberId, RecordId, UserId, text_enum};

text_enum! {
    /// Whether a group may offer calls to a user. Being on a call is not kept here: the switch
    /// knows it.
    Availability {
        /// May be offered calls.
        Available = "available",
        /// Chose not to be offered group calls, busy.
        Busy = "busy",
        /// Chose not to be offered group calls, away.
        Away = "away",
        /// Chose not to be offered group calls, offline.
        Offline = "offline",
    }
    /// How the members of a group are tried.
    AcdStrategy {
        /// One user, no group.
        Single = "single",
        /// All available members at once; the first answer wins.
        Simulring = "simulring",
        /// One member after another, beginning after the one who was offered the last call.
        RoundRobin = "round_robin",
        /// A few members, then a few more while the first go on ringing.
        ProgressiveSimulring = "progressive_simulring",
        /// One member after another, always beginning with the first.
        Sequential = "sequential",
        /// Who has been free for the longest time.
        LongestIdle = "longest_idle",
        /// Who has answered the fewest calls of groups today.
        FewestCalls = "fewest_calls",
        /// Who has talked the least in calls of groups today.
        LeastTalkTime = "least_talk_time",
        /// By lot, in proportion to the members' weights.
        WeightedRandom = "weighted_random",
        /// Who masters best what the call needs.
        Skills = "skills",
    }
    /// What an IVR does with its caller.
    IvrAction {
        /// Routes the call to its target.
        CallTransfer = "call_transfer",
        /// Lets the caller choose by digit.
        Menu = "menu",
        /// Chooses by the time of day.
        TimeRouting = "time_routing",
        /// Says something and hangs up.
        PlayAndHangup = "play_and_hangup",
        /// Takes a message.
        Voicemail = "voicemail",
        /// Lets the caller spell a name.
        PlayDirectory = "play_directory",
    }
    /// What a Connection aims at.
    TargetKind {
        /// One user.
        User = "user",
        /// The members of a group.
        Group = "group",
        /// The owner of the caller's record.
        RecordOwner = "record_owner",
        /// A number outside.
        External = "external",
    }
    /// What the definition of an IVR aims at.
    IvrTargetKind {
        /// One user.
        User = "user",
        /// The members of a group.
        Group = "group",
        /// The owner of the caller's record.
        RecordOwner = "record_owner",
        /// A number outside.
        External = "external",
        /// The user with whom the caller talked last; in rows he is a `user`.
        LastAgent = "last_agent",
    }
    /// When an IVR answers the caller's leg.
    Accept {
        /// At once.
        Entry = "entry",
        /// When somebody answers; ringing is passed on until then.
        Answer = "answer",
    }
}

/// A provisioned number.
#[derive(Clone, Debug)]
pub struct Number {
    /// Id.
    pub id: NumberId,
    /// The number.
    pub e164: E164,
    /// Whose it is.
    pub assignment: Assignment,
    /// Whether it is its owner's number when that is a transfer target or dials out.
    pub is_default: bool,
    /// Owner of missed calls; `None`: the assigned user.
    pub missed_call_owner: Option<UserId>,
    /// The group that owns missed calls, beside or instead of a user (F2).
    pub missed_call_owner_group: Option<GroupId>,
    /// Whether its calls are recorded; beats the group's.
    pub recording: Option<bool>,
}

/// Whose a provisioned number is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Assignment {
    /// A user's personal number: rings that user.
    User(UserId),
    /// A group's number: runs the IVR.
    Group(GroupId, IvrId),
}

/// A record that a telephone number resolves to (a `resolved` Phone Number Lookup).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownRecord {
    /// Id.
    pub id: RecordId,
    /// Name shown to people.
    pub display_name: Arc<str>,
    /// The user who owns the record.
    pub owner: Option<UserId>,
    /// How much its calls are preferred in queues; 0 is ordinary, more is sooner.
    pub priority: i16,
}

/// The snapshot.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    users: BTreeMap<UserId, User>,
    groups: BTreeMap<GroupId, Group>,
    ivrs: BTreeMap<IvrId, Ivr>,
    numbers: BTreeMap<NumberId, Number>,
    records: BTreeMap<E164, KnownRecord>,
    by_sip_username: BTreeMap<Arc<str>, UserId>,
    by_e164: BTreeMap<E164, NumberId>,
    default_of_user: BTreeMap<UserId, NumberId>,
    default_of_group: BTreeMap<GroupId, NumberId>,
}

impl Directory {
    /// An empty snapshot, to be filled by the `add_…` functions.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds or replaces a user.
    pub fn add_user(&mut self, user: User) {
        self.by_sip_username.insert(user.sip_username.clone(), user.id.clone());
        self.users.insert(user.id.clone(), user);
    }

    /// Adds or replaces a group.
    pub fn add_group(&mut self, group: Group) {
        self.groups.insert(group.id.clone(), group);
    }

    /// Adds or replaces an IVR.
    pub fn add_ivr(&mut self, ivr: Ivr) {
        self.ivrs.insert(ivr.id.clone(), ivr);
    }

    /// Adds or replaces a number.
    pub fn add_number(&mut self, number: Number) {
        self.by_e164.insert(number.e164.clone(), number.id.clone());
        if number.is_default {
            match &number.assignment {
                Assignment::User(user) => {
                    self.default_of_user.insert(user.clone(), number.id.clone());
                }
                Assignment::Group(group, _) => {
                    self.default_of_group.insert(group.clone(), number.id.clone());
                }
            }
        }
        self.numbers.insert(number.id.clone(), number);
    }

    /// Adds what a telephone number resolves to.
    pub fn add_record(&mut self, e164: E164, record: KnownRecord) {
        self.records.insert(e164, record);
    }

    /// The user of an id.
    pub fn user(&self, id: &UserId) -> Option<&User> {
        self.users.get(id)
    }

    /// The user who registers under a name.
    pub fn user_by_sip_username(&self, name: &str) -> Option<&User> {
        self.by_sip_username.get(name).and_then(|id| self.users.get(id))
    }

    /// Every user.
    pub fn users(&self) -> impl Iterator<Item = &User> {
        self.users.values()
    }

    /// The group of an id.
    pub fn group(&self, id: &GroupId) -> Option<&Group> {
        self.groups.get(id)
    }

    /// Every group.
    pub fn groups(&self) -> impl Iterator<Item = &Group> {
        self.groups.values()
    }

    /// The IVR of an id.
    pub fn ivr(&self, id: &IvrId) -> Option<&Ivr> {
        self.ivrs.get(id)
    }

    /// Every IVR.
    pub fn ivrs(&self) -> impl Iterator<Item = &Ivr> {
        self.ivrs.values()
    }

    /// The number of an id.
    pub fn number(&self, id: &NumberId) -> Option<&Number> {
        self.numbers.get(id)
    }

    /// Every number.
    pub fn numbers(&self) -> impl Iterator<Item = &Number> {
        self.numbers.values()
    }

    /// The provisioned number of these digits.
    pub fn number_by_e164(&self, e164: &E164) -> Option<&Number> {
        self.by_e164.get(e164).and_then(|id| self.numbers.get(id))
    }

    /// Whether a call to this number, as it is configured, would come back to us.
    pub fn is_ours(&self, number: &str) -> bool {
        E164::parse(number).is_ok_and(|number| self.by_e164.contains_key(&number))
    }

    /// A user's default number.
    pub fn default_number_of_user(&self, user: &UserId) -> Option<&Number> {
        self.default_of_user.get(user).and_then(|id| self.numbers.get(id))
    }

    /// A group's default number.
    pub fn default_number_of_group(&self, group: &GroupId) -> Option<&Number> {
        self.default_of_group.get(group).and_then(|id| self.numbers.get(id))
    }

    /// The record that a number resolves to, if exactly one does.
    pub fn record_of(&self, e164: &E164) -> Option<&KnownRecord> {
        self.records.get(e164)
    }
}
