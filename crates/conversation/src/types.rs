//! What goes into the assigner and what comes out. [`Share`] is the JSON of
//! `conversation_event.placement`: everything that an event contributes to its conversation, and
//! so the only input of a rebuild (R8).

use std::collections::BTreeMap;
use std::sync::Arc;

use model::{CallId, E164, GroupId, Millis, NumberId, RecordId, UserId, text_enum};
use serde::{Deserialize, Serialize};

use crate::key::{ExternalKey, InternalKey, PartyKey};

text_enum! {
    /// What an event is to its conversation.
    Label {
        /// An answered inbound call.
        InboundCall = "inbound_call",
        /// An outbound call, answered or not.
        OutboundCall = "outbound_call",
        /// An inbound call that no human answered.
        MissedCall = "missed_call",
        /// The part of a call after a cold transfer.
        Transfer = "transfer",
        /// A cold transfer that nobody answered.
        MissedTransfer = "missed_transfer",
        /// A message from outside.
        InboundMessage = "inbound_message",
        /// A message to outside.
        OutboundMessage = "outbound_message",
    }
    /// Whether a call was delivered as it happened or by a historic job.
    Source {
        /// As it happened.
        Live = "live",
        /// By a historic job (§7.6).
        Historic = "historic",
    }
    /// What became of a delivered graph; the first four are `assignment.result`.
    AssignmentResult {
        /// It has at least one event.
        Placed = "placed",
        /// Conversations were off when it ended.
        SkippedDisabled = "skipped_disabled",
        /// Nobody outside took part.
        SkippedInternal = "skipped_internal",
        /// The dialled number is not ours.
        SkippedUnroutable = "skipped_unroutable",
        /// The same or a newer revision was delivered before; nothing changed.
        Duplicate = "duplicate",
    }
    /// What a new interaction does to a closed conversation (D23).
    ClosedPolicy {
        /// Reopens it.
        Reopen = "reopen",
        /// Leaves it and begins another.
        New = "new",
    }
    /// How a participant came into a conversation.
    ParticipantSource {
        /// By an event: derived, and gone with its last event.
        Event = "event",
        /// By hand.
        Manual = "manual",
    }
}

/// What the organisation has set, as of the assigning transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The times during which conversations were on.
    pub enabled: Vec<Period>,
    /// What a new interaction does to a closed conversation.
    pub closed_policy: ClosedPolicy,
}

/// A time during which a switch was on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// From this time on.
    pub on_at: Millis,
    /// Up to, not including, this time; `None`: still on.
    pub off_at: Option<Millis>,
}

impl Settings {
    /// Whether conversations were on at a time.
    pub fn enabled_at(&self, at: Millis) -> bool {
        self.enabled
            .iter()
            .any(|period| period.on_at <= at && period.off_at.is_none_or(|off| at < off))
    }
}

/// What telephone numbers resolve to, as of the assigning transaction.
#[derive(Clone, Debug, Default)]
pub struct Resolved {
    /// Numbers whose Phone Number Lookup is `resolved`.
    pub by_phone: BTreeMap<E164, ResolvedRecord>,
    /// Names of the records that users chose for callers without a number.
    pub chosen: BTreeMap<RecordId, Arc<str>>,
}

/// A record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedRecord {
    /// Id.
    pub id: RecordId,
    /// Name shown to people.
    pub name: Arc<str>,
}

/// Where a finished call belongs.
#[derive(Clone, Debug, PartialEq)]
pub enum Assignment {
    /// At least one placement, one for each conversation, by segment.
    Placed(Vec<Placement>),
    /// It belongs to no conversation, for the reason given.
    Skipped(AssignmentResult),
}

/// One event together with the keys of the conversation that it belongs to.
#[derive(Clone, Debug, PartialEq)]
pub struct Placement {
    /// The outside.
    pub external_key: ExternalKey,
    /// The inside.
    pub internal_key: InternalKey,
    /// The provisioned number of the inside; `None`: messaging is off (D15).
    pub internal_number_id: Option<NumberId>,
    /// The event.
    pub event: Event,
}

/// What an event is an event of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventOf {
    /// A call.
    Call(CallId),
    /// A message, by its id.
    Message(Arc<str>),
}

/// A row of `conversation_event`.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// `<call>-e<segment>`: a function of what happened, so that events of the same millisecond
    /// fold in the same order wherever and however often they are delivered (R8).
    pub id: Arc<str>,
    /// The call or message.
    pub of: EventOf,
    /// What it is to the conversation.
    pub label: Label,
    /// Which part of the call, from 1.
    pub segment: u16,
    /// Begin of the part.
    pub started_at: Millis,
    /// End of the part.
    pub ended_at: Millis,
    /// How it was delivered.
    pub source: Source,
    /// What it contributes.
    pub share: Share,
}

/// What an event contributes to its conversation: the JSON of `conversation_event.placement`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Share {
    /// Externals; the first one that is not extra is the primary.
    pub externals: Vec<External>,
    /// The user or group shown as Internal ID.
    pub internal: Identity,
    /// Its name at the time of the call.
    pub internal_name: Arc<str>,
    /// Users who took part.
    pub members: Vec<Member>,
    /// Groups whose members may see it.
    pub audience: Vec<Audience>,
    /// Owner that the event contributes.
    pub owner: Option<UserId>,
    /// "A" of "User A called Contact B" (D30).
    pub agent: Option<Agent>,
    /// Whether our side began it.
    pub outbound: bool,
}

/// An external participant's part in an event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct External {
    /// Key.
    pub key: PartyKey,
    /// The number used.
    pub phone: Option<E164>,
    /// The record's name, or what stood in place of a number.
    pub name: Option<Arc<str>>,
    /// Transferred to: takes part, but does not enter the key (D14).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub extra: bool,
}

/// A user's part in an event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Member {
    /// The user.
    pub user: UserId,
    /// His Fastcall number in this conversation.
    pub phone: Option<E164>,
}

/// A group's part in an event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Audience {
    /// The group.
    pub group: GroupId,
    /// The conversation's number.
    pub phone: Option<E164>,
}

/// The agent of an event's title.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Agent {
    /// The user.
    pub user: UserId,
    /// His name at the time of the call.
    pub name: Arc<str>,
}

/// The user or group of an Internal ID.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum Identity {
    /// A user's private conversation.
    User(UserId),
    /// A group's.
    Group(GroupId),
}

impl Event {
    /// Title by D30: "A called B", "B called A" for what came from outside; who was addressed
    /// takes A's place where nobody answered.
    pub fn title(&self) -> String {
        let share = &self.share;
        let ours = match &share.agent {
            Some(agent) => &agent.name,
            None => &share.internal_name,
        };
        let theirs = share.primary().map_or(WITHHELD, External::shown);
        if share.outbound {
            format!("{ours} called {theirs}")
        } else {
            format!("{theirs} called {ours}")
        }
    }
}

/// Stands in a title for a caller who withheld the number.
const WITHHELD: &str = "Withheld caller";

impl External {
    fn shown(&self) -> &str {
        let phone = self.phone.as_ref().map(E164::as_str);
        self.name.as_deref().or(phone).unwrap_or(WITHHELD)
    }
}

impl Share {
    /// The External Participant.
    pub fn primary(&self) -> Option<&External> {
        self.externals.iter().find(|external| !external.extra)
    }

    /// The key of the externals that enter it.
    pub fn external_key(&self) -> ExternalKey {
        let in_key = self.externals.iter().filter(|external| !external.extra);
        ExternalKey::of(in_key.map(|external| &external.key))
    }
}
