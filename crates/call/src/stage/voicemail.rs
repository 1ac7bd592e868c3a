//! The caller leaves a message: a greeting, a beep, then he is recorded, until he is silent for
//! long enough, presses `#`, has talked as long as he may, or hangs up, which keeps what he said.
//! Then the IVR goes on as any other does. The call stays a missed call (D6): nobody answered it.
//!
//! No message is lost: it is in the index of mailboxes before its first packet is recorded, and
//! becomes a message there when media has closed its file, be the call over by then or not.

use std::time::Duration;

use model::call_graph::event::{CallEvent, Party};
use model::call_graph::words::{EndedBy, RoutingRule};
use model::directory::{Ivr, MailboxId, VoicemailBox};
use model::recording::RecordingId;
use model::voicemail::{MessageId, VoiceMessage, VoicemailChange};
use model::{IvrId, UserId};

use super::greeting::LONGEST;
use super::{Stage, ending, ivr};
use crate::basis::Basis;
use crate::ctx::Ctx;
use crate::ivr::input::{Heard, heard};
use crate::leg::ended_by;
use crate::port::{
    CallInput, CallOutput, LegEvent, MediaCommand, PlayEnd, Playlist, Release, Sound, Tone,
};
use crate::routing::route::Route;
use crate::sound::ears::Purpose;
use crate::voicemail::{Leaving, Owner, Voice, text};

/// No message is longer, whatever an IVR says.
const LONGEST_MESSAGE: Duration = Duration::from_secs(3_600);

/// The key that ends a message.
const ENOUGH: char = '#';

/// The caller leaves a message.
#[derive(Debug)]
pub(crate) struct Voicemail {
    /// The IVR that he is in; `None`: a personal inbound route led here.
    ivr: Option<IvrId>,
    /// The Connection, if one was opened.
    route: Route,
    place: VoicemailBox,
    voice: Voice,
    phase: Phase,
    /// When the phase ends at the latest.
    until: Duration,
}

#[derive(Debug)]
enum Phase {
    /// He hears the greeting, and the beep at its end.
    Greeting,
    /// He has skipped the greeting and hears the beep.
    Beep,
    /// He talks.
    Message(RecordingId),
    /// He hears why there is no message, or not all of it.
    Sorry,
}

/// The caller of an IVR leaves a message; the Connection back where none can be left.
pub(crate) fn leave(
    ivr: &Ivr,
    place: VoicemailBox,
    route: Route,
    basis: &mut Basis,
    ctx: &mut Ctx<'_>,
) -> Result<Stage, Route> {
    let Some(owner) = owner(&place.mailbox, basis, ctx) else {
        return Err(route);
    };
    let voice = Voice::new(ivr.language.as_ref(), ctx);
    let greeting = greeting(&owner, Some(ivr), &voice, ctx);
    let (id, until) = (Some(ivr.id.clone()), ctx.now.mono);
    let stage = Voicemail { ivr: id, route, place, voice, phase: Phase::Greeting, until };
    Ok(stage.begin(&owner, greeting, basis, ctx))
}

/// The caller of a user leaves a message, because the user's inbound route says so.
pub(crate) fn leave_for_user(
    user: &UserId,
    route: Route,
    basis: &mut Basis,
    ctx: &mut Ctx<'_>,
) -> Stage {
    let place = VoicemailBox {
        mailbox: MailboxId::User(user.clone()),
        max_ms: millis(ctx.settings.voicemail.max),
        silence_ms: millis(ctx.settings.voicemail.silence),
    };
    let Some(owner) = owner(&place.mailbox, basis, ctx) else {
        return ending::unanswered(&route, EndedBy::System, Release::Normal, basis, ctx);
    };
    let voice = Voice::new(None, ctx);
    let greeting = greeting(&owner, None, &voice, ctx);
    let until = ctx.now.mono;
    let stage = Voicemail { ivr: None, route, place, voice, phase: Phase::Greeting, until };
    stage.begin(&owner, greeting, basis, ctx)
}

/// Whose mailbox it is; `None`, and the call knows why: it takes no messages.
fn owner(mailbox: &MailboxId, basis: &mut Basis, ctx: &Ctx<'_>) -> Option<Owner> {
    let owner = Owner::of(mailbox, &basis.directory);
    let verdict = match &owner {
        _ if !ctx.settings.voicemail.enabled => "passed over: voicemail is switched off",
        None => "passed over: there is no such mailbox",
        Some(_) => return owner,
    };
    basis.decide(RoutingRule::Voicemail, Owner::id(mailbox), verdict);
    None
}

/// What the caller hears before he is recorded.
fn greeting(owner: &Owner, ivr: Option<&Ivr>, voice: &Voice, ctx: &Ctx<'_>) -> Playlist {
    // What the IVR has said stands for the sentence that is built in.
    let is_greeted = ivr.is_some_and(|ivr| ivr.greeting_prompt.is_some());
    let configured = ctx.settings.voicemail.greeting.as_ref().filter(|_| !is_greeted);
    let mut list = match owner.mailbox.greeting_prompt.as_ref().or(configured) {
        // Its words are not ours: they are spoken as any other prompt is.
        Some(prompt) => Playlist {
            barge_in: true,
            language: ivr.and_then(|ivr| ivr.language.clone()),
            ..Playlist::one(Playlist::named(prompt))
        },
        None if is_greeted => voice.asks(Vec::new()),
        None => voice.asks(voice.greeting(&owner.name)),
    };
    list.items.push(Sound::Tone(Tone::Beep));
    list
}

impl Voicemail {
    fn begin(
        mut self,
        owner: &Owner,
        greeting: Playlist,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) -> Stage {
        if !basis.anchor.is_accepted() {
            basis.record(CallEvent::Accepted, ctx);
            basis.anchor.accept(None, ctx);
        }
        if self.is_full(basis, ctx) {
            let full = self.voice.texts().mailbox_full;
            return self.sorry(full, basis, ctx);
        }
        let verdict = format!("a message is taken for {}", owner.name);
        basis.decide(RoutingRule::Voicemail, Owner::id(&self.place.mailbox), verdict);
        self.play(greeting, basis, ctx);
        Stage::Voicemail(self)
    }

    /// Whether there is no room for one more message; the call knows why then.
    fn is_full(&self, basis: &mut Basis, ctx: &Ctx<'_>) -> bool {
        let limit = ctx.settings.voicemail.messages_per_mailbox;
        let is_full = !ctx.mailboxes.has_room(&self.place.mailbox, limit);
        if is_full {
            let verdict = format!("no message is taken: there may be {limit} and no more");
            basis.decide(RoutingRule::Voicemail, Owner::id(&self.place.mailbox), verdict);
        }
        is_full
    }

    pub(crate) fn deadline(&self) -> Duration {
        self.until
    }

    pub(crate) fn timeout(self, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        match &self.phase {
            // Media has forgotten what it plays: a greeting must not keep the message away.
            Phase::Greeting | Phase::Beep => self.record(basis, ctx),
            Phase::Message(_) => self.go_on(basis, ctx),
            Phase::Sorry => {
                basis.ears.stop(basis.anchor.leg, Purpose::Greeting, ctx);
                self.go_on(basis, ctx)
            }
        }
    }

    pub(crate) fn handle(self, input: CallInput, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        if let CallInput::Leg(_, LegEvent::RecordingFailed { recording, .. }) = &input {
            return self.failed(&recording.clone(), basis, ctx);
        }
        match heard(input, basis, ctx) {
            Heard::Over(Purpose::Greeting, end) => self.played(end, basis, ctx),
            Heard::Key(digit) => match &self.phase {
                // A key sent by INFO has to end the greeting by itself.
                Phase::Greeting if basis.ears.hears(basis.anchor.leg).is_some() => {
                    self.beep(basis, ctx)
                }
                Phase::Message(_) if digit.sign() == ENOUGH => self.go_on(basis, ctx),
                Phase::Greeting | Phase::Beep | Phase::Message(_) | Phase::Sorry => {
                    Stage::Voicemail(self)
                }
            },
            Heard::Silence => match &self.phase {
                Phase::Message(recording) => {
                    ctx.mailboxes.fell_silent(recording, self.place.silence_ms);
                    self.go_on(basis, ctx)
                }
                Phase::Greeting | Phase::Beep | Phase::Sorry => Stage::Voicemail(self),
            },
            Heard::Gone => {
                basis.recording.end(&mut basis.ears, ctx);
                match &self.ivr {
                    Some(ivr) => ivr::gone(ivr, &self.route, basis, ctx),
                    None => {
                        let by = ended_by(&basis.anchor.party);
                        ending::unanswered(&self.route, by, Release::CallerGone, basis, ctx)
                    }
                }
            }
            Heard::Released => {
                self.close(basis, ctx);
                match &self.ivr {
                    Some(ivr) => ivr::released(ivr, &self.route, basis, ctx),
                    None => {
                        let (by, why) = (EndedBy::System, Release::Shutdown);
                        ending::unanswered(&self.route, by, why, basis, ctx)
                    }
                }
            }
            Heard::Over(..) | Heard::Nothing => Stage::Voicemail(self),
        }
    }

    /// What was played is over.
    fn played(self, end: PlayEnd, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        match (&self.phase, end) {
            (Phase::Greeting, PlayEnd::BargedIn) => self.beep(basis, ctx),
            (Phase::Greeting | Phase::Beep, _) => self.record(basis, ctx),
            (Phase::Sorry, _) => self.go_on(basis, ctx),
            (Phase::Message(_), _) => Stage::Voicemail(self),
        }
    }

    fn beep(mut self, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        self.phase = Phase::Beep;
        self.play(self.voice.says(vec![Sound::Tone(Tone::Beep)]), basis, ctx);
        Stage::Voicemail(self)
    }

    /// Records from now on.
    fn record(mut self, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        let leg = basis.anchor.leg;
        basis.ears.stop(leg, Purpose::Greeting, ctx);
        // Others may have filled it while he was greeted.
        if self.is_full(basis, ctx) {
            let full = self.voice.texts().mailbox_full;
            return self.sorry(full, basis, ctx);
        }
        let Some((id, file)) = basis.recording.message(leg, &mut basis.ears, ctx) else {
            let why = self.voice.texts().not_recorded;
            return self.sorry(why, basis, ctx);
        };
        if let Some(handed) = &mut basis.handed {
            handed.is_served();
        }
        let message = VoiceMessage {
            id: MessageId::from(&id),
            mailbox: self.place.mailbox.clone(),
            call: basis.id.clone(),
            from: caller_number(&basis.anchor.party).cloned(),
            from_name: basis.shown.name.clone(),
            at: basis.at(ctx),
            file,
            duration_ms: 0,
            heard: false,
        };
        ctx.out.push(CallOutput::Voicemail(VoicemailChange::Begun(message.clone())));
        let min_ms = millis(ctx.settings.voicemail.min);
        ctx.mailboxes.begin(id.clone(), Leaving { message, min_ms, silence_ms: 0 });
        let silence = u32::try_from(self.place.silence_ms).unwrap_or(u32::MAX);
        if silence > 0 {
            ctx.media(MediaCommand::NoticeSilence { leg, after_ms: Some(silence) });
        }
        let longest = Duration::from_millis(self.place.max_ms).min(LONGEST_MESSAGE);
        self.until = ctx.now.mono.saturating_add(longest);
        self.phase = Phase::Message(id);
        Stage::Voicemail(self)
    }

    /// The message can no longer be written: the caller hears so before he goes on.
    fn failed(self, failed: &RecordingId, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        match &self.phase {
            Phase::Message(recording) if recording == failed => {
                self.close(basis, ctx);
                let why = self.voice.texts().not_recorded;
                self.sorry(why, basis, ctx)
            }
            Phase::Message(_) | Phase::Greeting | Phase::Beep | Phase::Sorry => {
                Stage::Voicemail(self)
            }
        }
    }

    fn sorry(mut self, why: &'static str, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        self.phase = Phase::Sorry;
        self.play(self.voice.says(vec![text(why)]), basis, ctx);
        Stage::Voicemail(self)
    }

    fn play(&mut self, list: Playlist, basis: &mut Basis, ctx: &mut Ctx<'_>) {
        basis.ears.play(basis.anchor.leg, Purpose::Greeting, list, ctx);
        self.until = ctx.now.mono.saturating_add(LONGEST);
    }

    fn go_on(self, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        self.close(basis, ctx);
        match &self.ivr {
            Some(ivr) => ivr::go_on(ivr, self.route, basis, ctx),
            None => ending::unanswered(&self.route, EndedBy::System, Release::Normal, basis, ctx),
        }
    }

    /// Closes the file of the message, if one is being left.
    fn close(&self, basis: &mut Basis, ctx: &mut Ctx<'_>) {
        if let Phase::Message(_) = &self.phase {
            ctx.media(MediaCommand::NoticeSilence { leg: basis.anchor.leg, after_ms: None });
            basis.recording.end(&mut basis.ears, ctx);
        }
    }
}

/// The number under which the caller is known.
fn caller_number(party: &Party) -> Option<&model::E164> {
    match party {
        Party::User { number, .. } | Party::External { number, .. } => number.as_ref(),
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
