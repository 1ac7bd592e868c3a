//! A user listens to the messages of a mailbox. He says by the keys of his telephone that he may
//! (the PIN, from his own telephone as from any other), hears how many there are and then one
//! after the other, the new ones first. What he has heard or deleted is so at once, for everybody
//! and whatever becomes of the call.
//!
//! Keys: `1` again, `2` next, `3` delete, `*` the one before, `#` the end.

mod listening;

use std::sync::Arc;
use std::time::Duration;

use model::UserId;
use model::call_graph::event::CallEvent;
use model::call_graph::words::RoutingRule;
use model::directory::MailboxId;

use self::listening::Listening;
use super::told::{self, Told};
use super::{Stage, greeting};
use crate::basis::Basis;
use crate::ctx::Ctx;
use crate::ivr::input::{Heard, heard};
use crate::port::{CallInput, Digit, PlayEnd, Sound};
use crate::sound::ears::Purpose;
use crate::sound::phrases::Phrases;
use crate::voicemail::{Owner, Typed, Voice, text};

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
        let (voice, until) = (Voice::new(None, ctx), ctx.now.mono);
        match pin(&mailbox, &listener, voice.texts(), basis, ctx) {
            Ok(right) => {
                let verdict = "listened to by who knows its PIN";
                basis.decide(RoutingRule::Voicemail, Owner::id(&mailbox), verdict);
                let enter = text(voice.texts().enter_pin);
                let state = State::Pin { right, typed: Typed::default(), tries: 0 };
                let mut stage = Self { mailbox, listener, voice, state, until };
                stage.ask(vec![enter], basis, ctx);
                Stage::Mailbox(stage)
            }
            Err(Refusal { verdict, said }) => {
                basis.decide(RoutingRule::Voicemail, Owner::id(&mailbox), verdict);
                Told::begin(voice.says(vec![text(said)]), basis, ctx)
            }
        }
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
        match &mut self.state {
            State::Pin { typed, .. } => match digit.sign() {
                '#' => return self.try_pin(basis, ctx),
                // What was typed so far was wrong.
                '*' => *typed = Typed::default(),
                _ => typed.push(digit),
            },
            State::Open(_) => return self.key(digit, basis, ctx),
        }
        Stage::Mailbox(self)
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

    fn goodbye(self, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        let goodbye = self.voice.texts().goodbye;
        self.end(goodbye, basis, ctx)
    }

    fn end(self, last: &'static str, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        Told::begin(self.voice.says(vec![text(last)]), basis, ctx)
    }
}

/// Why a mailbox cannot be listened to: for the record, and for the user's ears.
struct Refusal {
    verdict: &'static str,
    said: &'static str,
}

/// The hash of the PIN that this user may try.
fn pin(
    mailbox: &MailboxId,
    listener: &UserId,
    said: &Phrases,
    basis: &Basis,
    ctx: &mut Ctx<'_>,
) -> Result<Arc<str>, Refusal> {
    let refused = |verdict, said| Err(Refusal { verdict, said });
    let Some(owner) = Owner::of(mailbox, &basis.directory) else {
        return refused("refused: there is no such mailbox", said.no_mailbox);
    };
    if !owner.admits(listener) {
        return refused("refused: he is no member of the group", said.not_a_member);
    }
    let Some(right) = owner.mailbox.pin_sha256 else {
        return refused("refused: it has no PIN", said.no_pin);
    };
    match ctx.mailboxes.may_try(mailbox, ctx.now.mono) {
        true => Ok(right),
        false => refused("refused: too many wrong PINs", said.locked),
    }
}
