//! A user listens to the messages of a mailbox. He says by the keys of his telephone that he may
//! (the PIN, from his own telephone as from any other), hears how many there are and then one
//! after the other, the new ones first. What he has heard or deleted is so at once, for everybody
//! and whatever becomes of the call.
//!
//! Keys: `1` again, `2` next, `3` delete, `*` the one before, `#` the end.

use std::sync::Arc;
use std::time::Duration;

use model::UserId;
use model::call_graph::event::CallEvent;
use model::call_graph::words::RoutingRule;
use model::directory::MailboxId;
use model::voicemail::{MessageId, VoicemailChange};

use super::told::{self, Told};
use super::{Stage, greeting};
use crate::basis::Basis;
use crate::ctx::Ctx;
use crate::ivr::input::{Heard, heard};
use crate::port::{CallInput, CallOutput, Digit, PlayEnd, Sound};
use crate::sound::ears::Purpose;
use crate::voicemail::{Owner, Typed, Voice, text};

/// How often who presses nothing is told what he may press.
const REMINDERS: u8 = 2;

/// A user is at a mailbox.
#[derive(Debug)]
pub(crate) struct Mailbox {
    mailbox: MailboxId,
    listener: UserId,
    voice: Voice,
    state: State,
    /// When something happens by itself.
    until: Duration,
}

#[derive(Debug)]
enum State {
    /// He types the PIN.
    Pin {
        /// SHA-256 of `<owner id>:<PIN>`, in hex.
        right: Arc<str>,
        typed: Typed,
        /// How often he has been asked in vain.
        tries: u8,
    },
    /// He listens.
    Open(Listening),
}

/// The messages that were there when he came.
#[derive(Debug)]
struct Listening {
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
    /// The user has dialled the code of this mailbox.
    pub(crate) fn begin(
        mailbox: MailboxId,
        listener: UserId,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) -> Stage {
        basis.record(CallEvent::Accepted, ctx);
        basis.anchor.accept(None, ctx);
        let voice = Voice::new(None, ctx);
        let said = voice.texts();
        let owner = Owner::of(&mailbox, &basis.directory);
        let (verdict, refusal) = match &owner {
            None => ("refused: there is no such mailbox", said.no_mailbox),
            Some(owner) if !owner.admits(&listener) => {
                ("refused: he is no member of the group", said.not_a_member)
            }
            Some(owner) => match &owner.mailbox.pin_sha256 {
                None => ("refused: it has no PIN", said.no_pin),
                Some(_) if !ctx.mailboxes.may_try(&mailbox, ctx.now.mono) => {
                    ("refused: too many wrong PINs", said.locked)
                }
                Some(right) => {
                    let (right, typed) = (right.clone(), Typed::default());
                    basis.decide(
                        RoutingRule::Voicemail,
                        Owner::id(&mailbox),
                        "listened to by who knows its PIN",
                    );
                    let state = State::Pin { right, typed, tries: 0 };
                    let until = ctx.now.mono;
                    let mut stage = Self { mailbox, listener, voice, state, until };
                    stage.ask(vec![text(said.enter_pin)], basis, ctx);
                    return Stage::Mailbox(stage);
                }
            },
        };
        basis.decide(RoutingRule::Voicemail, Owner::id(&mailbox), verdict);
        Told::begin(voice.says(vec![text(refusal)]), basis, ctx)
    }

    pub(crate) fn deadline(&self) -> Duration {
        self.until
    }

    /// Media never ended what it plays, or no key was pressed.
    pub(crate) fn timeout(self, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        basis.ears.stop(basis.anchor.leg, Purpose::Greeting, ctx);
        match &self.state {
            State::Pin { .. } => self.try_pin(basis, ctx),
            State::Open(_) => self.heard_nothing(basis, ctx),
        }
    }

    pub(crate) fn handle(
        mut self,
        input: CallInput,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) -> Stage {
        match heard(input, basis, ctx) {
            Heard::Key(digit) => {
                // A key sent by INFO does not end what plays by itself.
                if basis.ears.hears(basis.anchor.leg).is_some() {
                    basis.ears.stop(basis.anchor.leg, Purpose::Greeting, ctx);
                    self.stopped(PlayEnd::BargedIn, basis, ctx);
                }
                self.pressed(digit, basis, ctx)
            }
            Heard::Over(Purpose::Greeting, end) => self.played(end, basis, ctx),
            Heard::Gone => {
                self.stopped(PlayEnd::Stopped, basis, ctx);
                told::gone(basis, ctx)
            }
            Heard::Released => {
                self.stopped(PlayEnd::Stopped, basis, ctx);
                told::released(basis, ctx)
            }
            Heard::Over(..) | Heard::Silence | Heard::Nothing => Stage::Mailbox(self),
        }
    }

    /// Says something that a key ends; the next key may take its time only when it is over.
    fn ask(&mut self, items: Vec<Sound>, basis: &mut Basis, ctx: &mut Ctx<'_>) {
        let list = self.voice.asks(items);
        basis.ears.play(basis.anchor.leg, Purpose::Greeting, list, ctx);
        self.until = ctx.now.mono.saturating_add(greeting::LONGEST);
    }

    fn wait(&mut self, ctx: &Ctx<'_>) {
        self.until = ctx.now.mono.saturating_add(ctx.settings.voicemail.key_wait);
    }

    fn pressed(mut self, digit: Digit, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        self.wait(ctx);
        let listening = match &mut self.state {
            State::Pin { typed, .. } => {
                match digit.sign() {
                    '#' => return self.try_pin(basis, ctx),
                    // What was typed so far was wrong.
                    '*' => *typed = Typed::default(),
                    _ => typed.push(digit),
                }
                return Stage::Mailbox(self);
            }
            State::Open(listening) => listening,
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

    /// Looks at the PIN that was typed.
    fn try_pin(mut self, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        let settings = &ctx.settings.voicemail;
        let said = self.voice.texts();
        let State::Pin { right, typed, tries } = &mut self.state else {
            return Stage::Mailbox(self);
        };
        // Another call may have used up the tries meanwhile.
        let may_try = ctx.mailboxes.may_try(&self.mailbox, ctx.now.mono);
        if may_try && typed.is_pin_of(&self.mailbox, right) {
            ctx.mailboxes.right_pin(&self.mailbox);
            return self.open(basis, ctx);
        }
        // Who typed nothing has not guessed, but he is not asked for ever.
        let guessed = !std::mem::take(typed).is_empty();
        if may_try && guessed {
            let until = ctx.now.mono.saturating_add(settings.lock);
            ctx.mailboxes.wrong_pin(&self.mailbox, settings.lock_after, until);
        }
        *tries = tries.saturating_add(1);
        let last = *tries >= settings.pin_tries;
        match (may_try, last, guessed) {
            (false, _, _) => return self.end(said.locked, basis, ctx),
            (true, true, true) => return self.end(said.too_many_pins, basis, ctx),
            (true, true, false) => return self.goodbye(basis, ctx),
            (true, false, true) => {
                self.ask(vec![text(said.wrong_pin), text(said.enter_pin)], basis, ctx);
            }
            (true, false, false) => self.ask(vec![text(said.enter_pin)], basis, ctx),
        }
        Stage::Mailbox(self)
    }

    /// The PIN was right: he hears how many messages there are.
    fn open(mut self, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
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

    /// What he heard is over: goes on to what comes after it.
    fn played(mut self, end: PlayEnd, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
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
    fn stopped(&mut self, end: PlayEnd, basis: &Basis, ctx: &mut Ctx<'_>) {
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
    fn heard_nothing(mut self, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
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

    fn goodbye(self, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        let goodbye = self.voice.texts().goodbye;
        self.end(goodbye, basis, ctx)
    }

    fn end(self, last: &'static str, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        Told::begin(self.voice.says(vec![text(last)]), basis, ctx)
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
