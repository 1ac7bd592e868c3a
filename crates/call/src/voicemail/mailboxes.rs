//! The index of all voice messages, live: who has which, what is being left, whose lamp is out of
//! date. Nothing is in it twice, nothing that was deleted comes back, and a mailbox never has more
//! messages than it may, those that are being left included.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use model::Millis;
use model::directory::MailboxId;
use model::recording::RecordingId;
use model::voicemail::{MessageId, VoiceMessage, VoicemailChange};

/// How many messages a mailbox has (RFC 3842).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Nobody has listened to them.
    pub new: u32,
    /// Somebody has.
    pub old: u32,
}

/// All mailboxes. One for the whole process; the switch owns it.
#[derive(Debug, Default)]
pub struct Mailboxes {
    /// Messages by time, then by id.
    boxes: BTreeMap<MailboxId, BTreeMap<(Millis, MessageId), VoiceMessage>>,
    /// When each was left: the other half of its place.
    times: BTreeMap<MessageId, Millis>,
    /// What is being left, or whose file is not closed. At most as many for a mailbox as it may
    /// have messages.
    leaving: BTreeMap<RecordingId, Leaving>,
    changed: BTreeSet<MailboxId>,
    /// Wrong PINs, for mailboxes that have a PIN only.
    wrong: BTreeMap<MailboxId, Wrong>,
}

/// A message that is being left.
#[derive(Clone, Debug)]
pub(crate) struct Leaving {
    /// As it will be, without its duration.
    pub(crate) message: VoiceMessage,
    /// Less sound than this is no message, ms.
    pub(crate) min_ms: u64,
    /// So much of it is known to be silence, ms.
    pub(crate) silence_ms: u64,
}

/// Wrong PINs of a mailbox, one after the other, over all calls.
#[derive(Clone, Copy, Debug, Default)]
struct Wrong {
    tries: u16,
    locked_until: Option<Duration>,
}

impl Mailboxes {
    /// No messages.
    pub fn new() -> Self {
        Self::default()
    }

    /// A message of an earlier life of the server. One that is there already is left alone.
    pub fn restore(&mut self, message: VoiceMessage) {
        self.insert(message);
    }

    /// Something became of a message outside of a call: somebody listened to its file or deleted
    /// it. `false`: it changes nothing, because it happened before or the message is not there.
    pub fn apply(&mut self, change: &VoicemailChange) -> bool {
        let changed = match change {
            VoicemailChange::Left(message) => self.insert(message.clone()),
            VoicemailChange::Heard { id, mailbox, .. } => self
                .message_mut(mailbox, id)
                .is_some_and(|it| !std::mem::replace(&mut it.heard, true)),
            VoicemailChange::Deleted { id, mailbox, .. } => self.remove(mailbox, id),
            VoicemailChange::Begun(_) | VoicemailChange::Dropped { .. } => false,
        };
        if changed {
            self.changed.insert(change.mailbox().clone());
        }
        changed
    }

    /// Media has closed the file of a recording. If it was a message that is being left, this is
    /// what became of it, and the index knows it already: it was left, or it was none.
    pub fn closed(&mut self, recording: &RecordingId, duration_ms: u64) -> Option<VoicemailChange> {
        let Leaving { message, min_ms, silence_ms } = self.leaving.remove(recording)?;
        if duration_ms.saturating_sub(silence_ms) < min_ms {
            let VoiceMessage { id, mailbox, .. } = message;
            return Some(VoicemailChange::Dropped { id, mailbox });
        }
        let message = VoiceMessage { duration_ms, ..message };
        let change = VoicemailChange::Left(message);
        self.apply(&change).then_some(change)
    }

    /// How many messages a mailbox has.
    pub fn counts(&self, mailbox: &MailboxId) -> Counts {
        self.messages(mailbox).fold(Counts::default(), |counts, message| match message.heard {
            true => Counts { old: counts.old + 1, ..counts },
            false => Counts { new: counts.new + 1, ..counts },
        })
    }

    /// Its messages, the oldest first.
    pub fn messages(&self, mailbox: &MailboxId) -> impl Iterator<Item = &VoiceMessage> {
        self.boxes.get(mailbox).into_iter().flat_map(BTreeMap::values)
    }

    /// A message, if it is there.
    pub fn message(&self, mailbox: &MailboxId, id: &MessageId) -> Option<&VoiceMessage> {
        let at = *self.times.get(id)?;
        self.boxes.get(mailbox)?.get(&(at, id.clone()))
    }

    /// Mailboxes whose counts may have changed since this was last asked.
    pub fn changes(&mut self) -> Vec<MailboxId> {
        match self.changed.is_empty() {
            // As nearly always: it is asked after every step of the server.
            true => Vec::new(),
            false => std::mem::take(&mut self.changed).into_iter().collect(),
        }
    }

    /// A message begins; it has its place from now on.
    pub(crate) fn begin(&mut self, recording: RecordingId, leaving: Leaving) {
        self.leaving.insert(recording, leaving);
    }

    /// A message ended with so much silence.
    pub(crate) fn fell_silent(&mut self, recording: &RecordingId, silence_ms: u64) {
        if let Some(leaving) = self.leaving.get_mut(recording) {
            leaving.silence_ms = silence_ms;
        }
    }

    /// Whether a mailbox that may have so many messages can take one more.
    pub(crate) fn has_room(&self, mailbox: &MailboxId, limit: usize) -> bool {
        let there = self.boxes.get(mailbox).map_or(0, BTreeMap::len);
        let coming =
            self.leaving.values().filter(|leaving| leaving.message.mailbox == *mailbox).count();
        there + coming < limit
    }

    /// Whether a PIN may be tried now.
    pub(crate) fn may_try(&mut self, mailbox: &MailboxId, now: Duration) -> bool {
        let locked = self.wrong.get(mailbox).and_then(|wrong| wrong.locked_until);
        if locked.is_some_and(|until| until <= now) {
            self.wrong.remove(mailbox);
        }
        locked.is_none_or(|until| until <= now)
    }

    /// A PIN was wrong; after `tries` of them in a row none is looked at for a while.
    pub(crate) fn wrong_pin(&mut self, mailbox: &MailboxId, tries: u16, until: Duration) {
        let wrong = self.wrong.entry(mailbox.clone()).or_default();
        wrong.tries = wrong.tries.saturating_add(1);
        if wrong.tries >= tries {
            wrong.locked_until = Some(until);
        }
    }

    /// A PIN was right.
    pub(crate) fn right_pin(&mut self, mailbox: &MailboxId) {
        self.wrong.remove(mailbox);
    }

    fn insert(&mut self, message: VoiceMessage) -> bool {
        if self.times.contains_key(&message.id) {
            return false;
        }
        self.times.insert(message.id.clone(), message.at);
        let place = (message.at, message.id.clone());
        self.boxes.entry(message.mailbox.clone()).or_default().insert(place, message);
        true
    }

    fn message_mut(&mut self, mailbox: &MailboxId, id: &MessageId) -> Option<&mut VoiceMessage> {
        let at = *self.times.get(id)?;
        self.boxes.get_mut(mailbox)?.get_mut(&(at, id.clone()))
    }

    fn remove(&mut self, mailbox: &MailboxId, id: &MessageId) -> bool {
        let Some(at) = self.times.get(id).copied() else {
            return false;
        };
        let Some(messages) = self.boxes.get_mut(mailbox) else {
            return false;
        };
        let removed = messages.remove(&(at, id.clone())).is_some();
        if messages.is_empty() {
            self.boxes.remove(mailbox);
        }
        if removed {
            self.times.remove(id);
        }
        removed
    }
}
