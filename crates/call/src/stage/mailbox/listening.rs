//! Listening: how many messages there are, then one after the other, the new ones first, and what
//! the keys do.

use std::time::Duration;

use model::voicemail::{MessageId, VoicemailChange};

use super::{Mailbox, State};
use crate::basis::Basis;
use crate::ctx::Ctx;
use crate::port::{CallOutput, Digit, PlayEnd, Sound};
use crate::stage::Stage;
use crate::stage::told::Told;
use crate::voicemail::text;

/// How often who presses nothing is told what he may press.
const REMINDERS: u8 = 2;

/// The messages that were there when he came.
#[derive(Debug)]
pub(super) struct Listening {
    messages: Vec<MessageId>,
    /// Where he is; at their number: behind the last one.
    at: usize,
    part: Part,
    /// How often he has been reminded since he pressed a key.
    reminders: u8,
}

/// What he hears of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// How many there are, before the first.
    Counts,
    /// When it came and from whom.
    Headline,
    /// The message.
    Message,
    /// What he may press, and time to press it.
    Keys,
}

impl Mailbox {
    /// The PIN was right: he hears how many messages there are.
    pub(super) fn open(mut self, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        let counts = self.voice.counts(ctx.mailboxes.counts(&self.mailbox));
        let (mut messages, mut old) = (Vec::new(), Vec::new());
        for message in ctx.mailboxes.messages(&self.mailbox) {
            let list = if message.heard { &mut old } else { &mut messages };
            list.push(message.id.clone());
        }
        messages.extend(old);
        if messages.is_empty() {
            let mut items = counts;
            items.push(text(self.voice.texts().goodbye));
            return Told::begin(self.voice.says(items), basis, ctx);
        }
        let part = Part::Counts;
        self.state = State::Open(Listening { messages, at: 0, part, reminders: 0 });
        self.ask(counts, basis, ctx);
        Stage::Mailbox(self)
    }

    /// He presses a key while he listens.
    pub(super) fn key(mut self, digit: Digit, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        let State::Open(listening) = &mut self.state else {
            return Stage::Mailbox(self);
        };
        listening.reminders = 0;
        match (digit.sign(), listening.part) {
            ('#', _) => self.goodbye(basis, ctx),
            // Who does not want to hear how many there are wants to hear the first.
            (_, Part::Counts) => self.tell(Vec::new(), basis, ctx),
            ('1', _) => self.tell(Vec::new(), basis, ctx),
            ('2', _) => {
                listening.at = listening.at.saturating_add(1).min(listening.messages.len());
                self.tell(Vec::new(), basis, ctx)
            }
            ('3', _) => self.delete(basis, ctx),
            ('*', _) => self.back(basis, ctx),
            _ => {
                self.remind(basis, ctx);
                Stage::Mailbox(self)
            }
        }
    }

    /// What he heard is over: goes on to what comes after it.
    pub(super) fn played(mut self, end: PlayEnd, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        let part = match &self.state {
            State::Open(listening) => listening.part,
            State::Pin { .. } => {
                self.wait(ctx);
                return Stage::Mailbox(self);
            }
        };
        self.stopped(end, basis, ctx);
        // The key that ended it comes next.
        if end == PlayEnd::BargedIn {
            self.wait(ctx);
            return Stage::Mailbox(self);
        }
        let said = self.voice.texts();
        match (part, self.current()) {
            (Part::Counts, _) => return self.tell(Vec::new(), basis, ctx),
            (Part::Headline, Some(id)) => match ctx.mailboxes.message(&self.mailbox, &id) {
                Some(message) => {
                    let file = message.file.clone();
                    let length = Duration::from_millis(message.duration_ms);
                    self.part(Part::Message);
                    self.ask(vec![Sound::Recorded(file)], basis, ctx);
                    self.until = self.until.saturating_add(length);
                }
                None => return self.next(vec![text(said.is_gone)], basis, ctx),
            },
            (Part::Message, Some(_)) => {
                let mut items = vec![text(said.keys)];
                if end == PlayEnd::Failed {
                    items.insert(0, text(said.cannot_be_played));
                }
                self.part(Part::Keys);
                self.ask(items, basis, ctx);
            }
            (Part::Keys, _) | (Part::Headline | Part::Message, None) => self.wait(ctx),
        }
        Stage::Mailbox(self)
    }

    /// Nothing plays any more. A message of which something was heard is no longer new.
    pub(super) fn stopped(&mut self, end: PlayEnd, basis: &Basis, ctx: &mut Ctx<'_>) {
        let State::Open(Listening { part: Part::Message, .. }) = &self.state else {
            return;
        };
        let Some(id) = self.current().filter(|_| end != PlayEnd::Failed) else {
            return;
        };
        // What is pressed from now on is pressed after it.
        self.part(if end == PlayEnd::BargedIn { Part::Keys } else { Part::Message });
        let (mailbox, by, at) = (self.mailbox.clone(), self.listener.clone(), basis.at(ctx));
        became(VoicemailChange::Heard { id, mailbox, by, at }, ctx);
    }

    /// He presses nothing: he is reminded, and at last the call ends.
    pub(super) fn heard_nothing(mut self, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        if let State::Open(listening) = &mut self.state
            && listening.reminders < REMINDERS
        {
            listening.reminders += 1;
            self.remind(basis, ctx);
            return Stage::Mailbox(self);
        }
        self.goodbye(basis, ctx)
    }

    /// Tells what he may press.
    fn remind(&mut self, basis: &mut Basis, ctx: &mut Ctx<'_>) {
        let said = self.voice.texts();
        let what = if self.current().is_some() { said.keys } else { said.no_more };
        self.part(Part::Keys);
        self.ask(vec![text(what)], basis, ctx);
    }

    /// Tells the message where he is, or that there are no more. What was deleted meanwhile is
    /// passed over. `before`: said first.
    fn tell(mut self, mut before: Vec<Sound>, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        let State::Open(listening) = &mut self.state else {
            return Stage::Mailbox(self);
        };
        let rest = listening.messages.get(listening.at..).unwrap_or_default();
        let there = |id: &MessageId| ctx.mailboxes.message(&self.mailbox, id).is_some();
        listening.at += rest.iter().position(there).unwrap_or(rest.len());
        let current = listening.messages.get(listening.at);
        match current.and_then(|id| ctx.mailboxes.message(&self.mailbox, id)) {
            Some(message) => {
                listening.part = Part::Headline;
                let timezone = ctx.settings.ivr.timezone.as_deref();
                before.extend(self.voice.headline(message, basis.at(ctx), timezone));
            }
            None => {
                listening.part = Part::Keys;
                before.push(text(self.voice.texts().no_more));
            }
        }
        self.ask(before, basis, ctx);
        Stage::Mailbox(self)
    }

    fn next(mut self, before: Vec<Sound>, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        if let State::Open(listening) = &mut self.state {
            listening.at = listening.at.saturating_add(1).min(listening.messages.len());
        }
        self.tell(before, basis, ctx)
    }

    /// The message before, or the same again where there is none.
    fn back(mut self, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        let State::Open(listening) = &mut self.state else {
            return Stage::Mailbox(self);
        };
        let earlier = listening.messages.get(..listening.at).unwrap_or_default();
        let there = |id: &MessageId| ctx.mailboxes.message(&self.mailbox, id).is_some();
        match earlier.iter().rposition(there) {
            Some(at) => {
                listening.at = at;
                self.tell(Vec::new(), basis, ctx)
            }
            None => {
                let first = text(self.voice.texts().first_message);
                self.tell(vec![first], basis, ctx)
            }
        }
    }

    fn delete(self, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        let Some(id) = self.current() else {
            return self.tell(Vec::new(), basis, ctx);
        };
        let (mailbox, by, at) = (self.mailbox.clone(), self.listener.clone(), basis.at(ctx));
        became(VoicemailChange::Deleted { id, mailbox, by, at }, ctx);
        let deleted = text(self.voice.texts().deleted);
        self.next(vec![deleted], basis, ctx)
    }

    /// The message where he is.
    fn current(&self) -> Option<MessageId> {
        match &self.state {
            State::Open(listening) => listening.messages.get(listening.at).cloned(),
            State::Pin { .. } => None,
        }
    }

    fn part(&mut self, part: Part) {
        if let State::Open(listening) = &mut self.state {
            listening.part = part;
        }
    }
}

/// Something became of a message; nobody is told of what it was already.
fn became(change: VoicemailChange, ctx: &mut Ctx<'_>) {
    if ctx.mailboxes.apply(&change) {
        ctx.out.push(CallOutput::Voicemail(change));
    }
}
