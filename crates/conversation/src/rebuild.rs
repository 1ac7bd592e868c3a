//! R8: a conversation as the fold of its events. Every derived column is a function of the set
//! of events; what was set by hand (owner, status, participants, removals, phones) is kept with
//! its own time and compared with the times of the events.

use std::sync::Arc;

use model::{ConversationId, E164, GroupId, Millis, NumberId, RecordId, UserId};

use crate::key::{ExternalKey, InternalKey, PartyKey};
use crate::rules::{Detail, kept};
use crate::types::{Event, EventOf, Identity, Label, ParticipantSource, Placement, Share};

/// A row of `conversation` with its participants.
#[derive(Clone, Debug, PartialEq)]
pub struct Conversation {
    /// Id.
    pub id: ConversationId,
    /// The outside, as matched.
    pub external_key: ExternalKey,
    /// External Participant ID.
    pub external_id: Arc<str>,
    /// The inside, as matched; never changes (R128).
    pub internal_key: InternalKey,
    /// The provisioned number, if it has one.
    pub internal_number_id: Option<NumberId>,
    /// The user or group shown as Internal ID: that of the earliest event (D1).
    pub identity: Identity,
    /// Owner.
    pub owner: Option<UserId>,
    /// The owner was set by hand.
    pub owner_is_manual: bool,
    /// Open, closed or merged.
    pub status: Status,
    /// Label of the earliest event.
    pub origin: Label,
    /// Free text (D36).
    pub topic: Option<Arc<str>>,
    /// Earliest begin of its events.
    pub first_interaction_at: Option<Millis>,
    /// Latest end of its events.
    pub last_interaction_at: Option<Millis>,
    /// Number of its events.
    pub event_count: u32,
    /// Number of those that are messages.
    pub message_count: u32,
    /// When the row was made.
    pub created_at: Millis,
    /// Counts the changes of the row.
    pub version: u32,
    /// Participants, removed ones included, by key.
    pub participants: Vec<Participant>,
}

/// State of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// Open.
    Open,
    /// Closed.
    Closed {
        /// When.
        at: Millis,
        /// By whom.
        by: Option<UserId>,
    },
    /// Its events are in another one.
    Merged {
        /// That one; never itself merged.
        into: ConversationId,
    },
}

/// A row of `conversation_participant`.
#[derive(Clone, Debug, PartialEq)]
pub struct Participant {
    /// Key, unique in the conversation.
    pub key: PartyKey,
    /// Who it is.
    pub who: Who,
    /// External: the number associated with this conversation; internal: the Fastcall number.
    pub phone: Option<E164>,
    /// The number was chosen by hand.
    pub phone_is_manual: bool,
    /// The External Participant, or a primary audience group.
    pub is_primary: bool,
    /// How it came.
    pub source: ParticipantSource,
    /// Begin of the first event that brought it, or when it was added by hand.
    pub added_at: Millis,
    /// Who added it by hand.
    pub added_by: Option<UserId>,
    /// Its removal, if it is removed.
    pub removed: Option<Removal>,
}

/// Who a participant is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// Somebody outside, with the record if known.
    External(Option<RecordId>),
    /// A user.
    User(UserId),
    /// A group.
    Group(GroupId),
}

/// A removal by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removal {
    /// When.
    pub at: Millis,
    /// By whom.
    pub by: Option<UserId>,
}

/// Stands for "no event has brought it yet" while a conversation is rebuilt.
const NEVER: Millis = Millis(i64::MAX);

impl Conversation {
    /// A new conversation for a placement, still without events.
    pub fn begin(id: ConversationId, placement: &Placement, now: Millis) -> Self {
        let share = &placement.event.share;
        Self {
            id,
            external_key: placement.external_key.clone(),
            external_id: Arc::from(placement.external_key.as_str()),
            internal_key: placement.internal_key.clone(),
            internal_number_id: placement.internal_number_id.clone(),
            identity: share.internal.clone(),
            owner: None,
            owner_is_manual: false,
            status: Status::Open,
            origin: placement.event.label,
            topic: None,
            first_interaction_at: None,
            last_interaction_at: None,
            event_count: 0,
            message_count: 0,
            created_at: now,
            version: 1,
            participants: Vec::new(),
        }
    }

    /// Makes every derived column anew from all its events, in any order.
    pub fn rebuild(&mut self, events: &[Event]) {
        let mut ordered: Vec<&Event> = events.iter().collect();
        if kept(Detail::R8Order) {
            ordered.sort_by(|a, b| (a.started_at, &a.id).cmp(&(b.started_at, &b.id)));
        }
        let before: Vec<Millis> = self.participants.iter().map(|row| row.added_at).collect();
        self.forget_events();
        for event in ordered {
            self.fold(event);
        }
        let mut added_before = before.into_iter();
        self.participants.retain_mut(|row| {
            // Rows that the fold added stand behind those from before.
            let before = added_before.next().unwrap_or(row.added_at);
            let is_gone = row.added_at == NEVER;
            if is_gone {
                row.added_at = before;
            }
            // A removal is remembered even when nothing else of it is left (D31).
            !is_gone || row.removed.is_some() || !kept(Detail::R8Gone)
        });
        self.participants.sort_by(|a, b| a.key.cmp(&b.key));
    }

    /// Adds an event that is later (by begin, then id) than every event so far: one step of the
    /// fold, with the same result as a rebuild.
    pub fn absorb(&mut self, event: &Event) {
        self.fold(event);
        self.participants.sort_by(|a, b| a.key.cmp(&b.key));
    }

    fn fold(&mut self, event: &Event) {
        let share = &event.share;
        if self.event_count == 0 {
            self.identity = share.internal.clone();
            self.origin = event.label;
            if let Some(primary) = share.primary() {
                self.external_id = primary.key.shown();
            }
        }
        if !self.owner_is_manual || !kept(Detail::R8ManualOwner) {
            let latest = share.owner.clone().filter(|_| !kept(Detail::R8Owner));
            self.owner = latest.or_else(|| self.owner.take()).or_else(|| share.owner.clone());
        }
        let earliest =
            |known: Option<Millis>| known.map_or(event.started_at, |at| at.min(event.started_at));
        self.first_interaction_at = Some(earliest(self.first_interaction_at));
        self.last_interaction_at = self.last_interaction_at.max(Some(event.ended_at));
        let is_first = self.event_count == 0;
        self.event_count += 1;
        if matches!(event.of, EventOf::Message(_)) {
            self.message_count += 1;
        }
        self.take_part(event, is_first);
    }

    fn take_part(&mut self, event: &Event, is_first: bool) {
        let share: &Share = &event.share;
        for external in &share.externals {
            let who = Who::External(external.key.as_record());
            let row = self.party(&external.key, who, external.phone.as_ref(), event);
            if is_first && kept(Detail::R5Primary) {
                row.is_primary = share.primary().is_some_and(|first| first.key == external.key);
            } else if is_first {
                row.is_primary = true;
            }
        }
        for member in &share.members {
            let (key, who) = (PartyKey::user(&member.user), Who::User(member.user.clone()));
            self.party(&key, who, member.phone.as_ref(), event);
        }
        for audience in &share.audience {
            let (key, who) = (PartyKey::group(&audience.group), Who::Group(audience.group.clone()));
            self.party(&key, who, audience.phone.as_ref(), event).is_primary = true;
        }
    }

    /// The row of a party that takes part in an event; it is added if it is new.
    fn party(
        &mut self,
        key: &PartyKey,
        who: Who,
        phone: Option<&E164>,
        event: &Event,
    ) -> &mut Participant {
        let index = match self.participants.iter().position(|row| row.key == *key) {
            Some(index) => index,
            None => {
                self.participants.push(Participant {
                    key: key.clone(),
                    who,
                    phone: None,
                    phone_is_manual: false,
                    is_primary: false,
                    source: ParticipantSource::Event,
                    added_at: NEVER,
                    added_by: None,
                    removed: None,
                });
                self.participants.len() - 1
            }
        };
        let row = &mut self.participants[index];
        if row.source == ParticipantSource::Event {
            row.added_at = row.added_at.min(event.started_at);
            if let Some(phone) = phone
                && !row.phone_is_manual
            {
                row.phone = Some(phone.clone());
            }
        }
        let came_back = |removal: &Removal| {
            (event.started_at > removal.at && kept(Detail::R8Returns)) || !kept(Detail::R8Removed)
        };
        if row.removed.as_ref().is_some_and(came_back) {
            row.removed = None;
        }
        row
    }

    fn forget_events(&mut self) {
        self.event_count = 0;
        self.message_count = 0;
        self.first_interaction_at = None;
        self.last_interaction_at = None;
        if !self.owner_is_manual || !kept(Detail::R8ManualOwner) {
            self.owner = None;
        }
        for row in &mut self.participants {
            row.is_primary = false;
            if row.source == ParticipantSource::Event {
                row.added_at = NEVER;
                if !row.phone_is_manual {
                    row.phone = None;
                }
            }
        }
    }
}
