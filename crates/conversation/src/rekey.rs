//! §7.5, D28: a Phone Number Lookup changes, conversations move to the record and meet those that
//! are there already.

use std::sync::Arc;

use model::{E164, Millis, RecordId};

use crate::assign::collapse;
use crate::key::{ExternalKey, PartyKey};
use crate::rebuild::{Conversation, Participant, Status, Who};
use crate::rules::{Detail, kept};
use crate::types::{Event, External, ParticipantSource, ResolvedRecord};

/// A conversation with all its events.
#[derive(Clone, Debug, PartialEq)]
pub struct Thread {
    /// The conversation.
    pub conversation: Conversation,
    /// Its events, in any order.
    pub events: Vec<Event>,
}

/// An external that is now known to be a record.
#[derive(Clone, Debug)]
pub struct Rekey {
    from: PartyKey,
    /// Only events that used this number, and only if all of them did (D28: record A → B).
    only_phone: Option<E164>,
    to: PartyKey,
    name: Arc<str>,
}

impl Rekey {
    /// A number that resolved to nothing now resolves to a record.
    pub fn phone(phone: &E164, record: &ResolvedRecord) -> Self {
        Self::new(PartyKey::phone(phone), None, record)
    }

    /// A number that resolved to one record now resolves to another.
    pub fn record(phone: &E164, old: &RecordId, record: &ResolvedRecord) -> Self {
        Self::new(PartyKey::record(old), Some(phone.clone()), record)
    }

    /// A user chose the record of a caller who had withheld the number (D16).
    pub fn withheld(call: &model::CallId, record: &ResolvedRecord) -> Self {
        Self::new(PartyKey::withheld(call), None, record)
    }

    fn new(from: PartyKey, only_phone: Option<E164>, record: &ResolvedRecord) -> Self {
        Self { from, only_phone, to: PartyKey::record(&record.id), name: record.name.clone() }
    }

    /// The key that changes: what is affected has a participant of this key.
    pub fn from(&self) -> &PartyKey {
        &self.from
    }

    fn moves(&self, thread: &Thread) -> bool {
        let Some(phone) = &self.only_phone else {
            return kept(Detail::Rekey);
        };
        let used = |external: &External| {
            external.key == self.from && !external.extra && external.phone.as_ref() == Some(phone)
        };
        let primary = thread
            .conversation
            .participants
            .iter()
            .any(|row| row.is_primary && row.key == self.from);
        let only = thread.events.iter().all(|event| event.share.externals.iter().any(used));
        (primary && only) || !kept(Detail::RekeyOtherRecord)
    }

    fn applies_to(&self, external: &External) -> bool {
        let phone = self.only_phone.as_ref();
        external.key == self.from && (phone.is_none() || external.phone.as_ref() == phone)
    }
}

impl Thread {
    /// Moves what D28 lets move; `false`: nothing changed. The events that changed are those that
    /// name the record now.
    pub fn rekey(&mut self, change: &Rekey) -> bool {
        if change.from == change.to || !change.moves(self) {
            return false;
        }
        for event in &mut self.events {
            let externals = &mut event.share.externals;
            for external in externals.iter_mut().filter(|it| change.applies_to(it)) {
                external.key = change.to.clone();
                external.name = Some(change.name.clone());
            }
            // An external in the key and a transfer target may have become one.
            externals.sort_by_key(|external| external.extra);
            if kept(Detail::RekeyCollapse) {
                collapse(externals);
            }
        }
        if let Some(event) = self.events.first() {
            self.conversation.external_key = event.share.external_key();
        }
        let rows = &mut self.conversation.participants;
        if let Some(index) = rows.iter().position(|row| row.key == change.from) {
            let mut row = rows.remove(index);
            row.key = change.to.clone();
            row.who = Who::External(row.key.as_record());
            adopt(rows, row);
        }
        self.conversation.rebuild(&self.events);
        true
    }

    /// Takes over everything of `loser`, which becomes merged and empty. Merging a conversation
    /// into itself is no merge: the two are different rows.
    pub fn merge(&mut self, loser: &mut Thread) {
        let moved = std::mem::take(&mut loser.events);
        for event in moved {
            if !self.events.iter().any(|known| known.of == event.of) {
                self.events.push(event);
            }
        }
        let (into, from) = (&mut self.conversation, &mut loser.conversation);
        into.status = status_of_both(&into.status, &from.status);
        if from.owner_is_manual && !into.owner_is_manual {
            into.owner = from.owner.clone();
            into.owner_is_manual = true;
        }
        into.topic = into.topic.take().or_else(|| from.topic.take());
        for row in std::mem::take(&mut from.participants) {
            if row.source == ParticipantSource::Manual
                || row.removed.is_some()
                || row.phone_is_manual
            {
                adopt(&mut into.participants, row);
            }
            // Whoever came by an event comes again with it.
        }
        from.status = Status::Merged { into: into.id.clone() };
        from.rebuild(&[]);
        into.rebuild(&self.events);
    }
}

/// Open if either is; both closed: the later closing.
fn status_of_both(a: &Status, b: &Status) -> Status {
    match (a, b) {
        (Status::Closed { at: x, .. }, Status::Closed { at: y, .. }) => {
            if x >= y {
                a.clone()
            } else {
                b.clone()
            }
        }
        (Status::Open | Status::Closed { .. } | Status::Merged { .. }, _)
            if kept(Detail::MergeOpen) =>
        {
            Status::Open
        }
        _ => a.clone(),
    }
}

/// Adds a participant; where one of the same key is there, what was done by hand to either stays.
/// Who was removed stays removed unless the other side knows him and added him by hand later; that
/// he took part later is for the rebuild to see.
fn adopt(rows: &mut Vec<Participant>, row: Participant) {
    let Some(known) = rows.iter_mut().find(|known| known.key == row.key) else {
        rows.push(row);
        return;
    };
    let added = |row: &Participant| match row.source {
        ParticipantSource::Manual if row.removed.is_none() => row.added_at,
        ParticipantSource::Manual | ParticipantSource::Event => Millis(i64::MIN),
    };
    let added = added(known).max(added(&row));
    let removed = known.removed.take().into_iter().chain(row.removed);
    known.removed = removed
        .max_by_key(|removal| removal.at)
        .filter(|removal| removal.at > added && kept(Detail::MergeRemoved));
    if row.phone_is_manual && !known.phone_is_manual {
        known.phone = row.phone;
        known.phone_is_manual = true;
    }
    if row.source == ParticipantSource::Manual && known.source == ParticipantSource::Event {
        known.source = ParticipantSource::Manual;
        known.added_at = row.added_at;
        known.added_by = row.added_by;
    }
}

/// A conversation whose key another one has as well, once a lookup has changed.
pub struct Met<'a> {
    /// As it is now.
    pub conversation: &'a Conversation,
    /// The key that it had before the lookup changed.
    pub key_before: &'a ExternalKey,
}

/// Which of the conversations of one key are merged: pairs of loser and survivor, as places in
/// `met`. What stood on the record already stays, else what the oldest one stood on; conversations
/// that shared their key before (closed ones beside an open one, under policy `new`) stay apart.
pub fn merges(met: &[Met<'_>]) -> Vec<(usize, usize)> {
    let stood = |it: &Met<'_>| *it.key_before == it.conversation.external_key;
    let age = |it: &Met<'_>| (it.conversation.created_at, it.conversation.id.clone());
    let oldest = met.iter().min_by_key(|it| (!stood(it), age(it)));
    let Some(oldest) = oldest else {
        return Vec::new();
    };
    let stays = |it: &Met<'_>| it.key_before == oldest.key_before;
    let closed_at = |it: &Met<'_>| match it.conversation.status {
        Status::Open => None,
        Status::Closed { at, .. } => Some(at),
        Status::Merged { .. } => Some(Millis(i64::MIN)),
    };
    let mut pairs = Vec::new();
    for (loser, moved) in met.iter().enumerate().filter(|(_, it)| !stays(it)) {
        // Open joins open and closed joins closed where there is a choice.
        let survivors = met.iter().enumerate().filter(|(_, it)| stays(it));
        let alike = |it: &Met<'_>| closed_at(it).is_none() == closed_at(moved).is_none();
        let best = survivors.max_by_key(|(_, it)| {
            (alike(it), closed_at(it).is_none(), closed_at(it), std::cmp::Reverse(age(it)))
        });
        pairs.extend(best.map(|(survivor, _)| (loser, survivor)));
    }
    pairs
}
