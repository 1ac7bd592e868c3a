//! The recording of a call (R022): whether it is wanted, the consent of both sides, one file after
//! another, pauses. It follows the bridge: it is told who the two sides are, and again when they
//! change, so it outlives a transfer. What the file holds is media's matter; a recording that
//! fails never ends a call. A voice message is a recording of the caller alone, to whom nobody's
//! wishes apply.

use std::collections::BTreeSet;
use std::sync::Arc;

use model::recording::{RecordingChange, RecordingId};
use model::{CallId, Millis, Now};

use crate::ctx::Ctx;
use crate::port::{CallOutput, LegId, MediaCommand, PlayEnd, Playlist, RecordingWish, Sound, Tone};
use crate::sound::ears::{Ears, Purpose};

/// Recordings of one call; wishes beyond are not granted.
pub(crate) const RECORDINGS_PER_CALL: u16 = 100;

/// The two sides of the bridge that is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sides {
    /// Who is outside; where both or neither are, the caller.
    pub(crate) left: LegId,
    /// The other; `None`: he waits for one.
    pub(crate) right: Option<LegId>,
}

impl Sides {
    fn legs(self) -> impl Iterator<Item = LegId> {
        std::iter::once(self.left).chain(self.right)
    }
}

/// What is recorded of a call.
#[derive(Debug)]
pub(crate) struct Recording {
    call: CallId,
    /// Both clocks at the call's beginning (D40).
    began: Now,
    /// What somebody wished last; beats what the directory says.
    wished: Option<bool>,
    made: u16,
    sides: Option<Sides>,
    /// Who has been told that he is recorded.
    told: BTreeSet<LegId>,
    state: State,
}

#[derive(Debug)]
enum State {
    Off,
    /// Both sides hear the consent prompt.
    Consent {
        paused: bool,
    },
    On {
        id: RecordingId,
        paused: bool,
        failed: bool,
    },
    /// The caller leaves a message.
    Message {
        id: RecordingId,
        failed: bool,
    },
}

impl Recording {
    pub(crate) fn new(call: CallId, began: Now) -> Self {
        Self {
            call,
            began,
            wished: None,
            made: 0,
            sides: None,
            told: BTreeSet::new(),
            state: State::Off,
        }
    }

    /// These two hear each other now. `by_policy`: the directory wants the call recorded.
    pub(crate) fn sides(
        &mut self,
        sides: Sides,
        by_policy: bool,
        ears: &mut Ears,
        ctx: &mut Ctx<'_>,
    ) {
        if self.sides.replace(sides) == Some(sides) {
            return;
        }
        match &self.state {
            State::Off if self.wished.unwrap_or(by_policy) => self.ask(ears, ctx),
            State::Off => {}
            // Who has joined meanwhile has to hear it, too.
            State::Consent { .. } => self.ask(ears, ctx),
            State::On { id, .. } => {
                self.record(id.clone(), sides, ctx);
                if let Some(prompt) = ctx.settings.sound.consent_prompt.clone() {
                    self.tell(sides, &prompt, ears, ctx);
                }
            }
            // Its stage has closed it.
            State::Message { .. } => {}
        }
    }

    /// The caller leaves a message; its file lies below `voicemail/`. Returns its id and the whole
    /// name of its file; `None`: the call has made all the recordings that it may.
    pub(crate) fn message(
        &mut self,
        leg: LegId,
        ears: &mut Ears,
        ctx: &mut Ctx<'_>,
    ) -> Option<(RecordingId, Arc<str>)> {
        self.end(ears, ctx);
        if self.made >= RECORDINGS_PER_CALL {
            return None;
        }
        let id = self.next_id();
        self.state = State::Message { id: id.clone(), failed: false };
        let stem = format!("voicemail/{}", self.file(&id));
        let file = self.began(&id, &stem, ctx);
        ctx.media(MediaCommand::Record {
            recording: id.clone(),
            left: Some(leg),
            right: None,
            file: stem.into(),
            format: ctx.settings.sound.recording_format,
        });
        Some((id, file))
    }

    /// Somebody wishes something; before the bridge it is remembered.
    pub(crate) fn wish(&mut self, wish: RecordingWish, ears: &mut Ears, ctx: &mut Ctx<'_>) {
        match (wish, &self.state) {
            (RecordingWish::Start, State::Message { .. }) => self.wished = Some(true),
            (RecordingWish::Stop, State::Message { .. }) => self.wished = Some(false),
            (RecordingWish::Start, State::On { failed: false, .. }) => {
                self.pause(false, ctx);
            }
            (RecordingWish::Start, State::Off | State::On { failed: true, .. }) => {
                self.wished = Some(true);
                self.close(ears, ctx);
                self.ask(ears, ctx);
            }
            (RecordingWish::Start, State::Consent { .. }) => {}
            (RecordingWish::Stop, _) => {
                self.wished = Some(false);
                self.close(ears, ctx);
            }
            (RecordingWish::Pause, _) => self.pause(true, ctx),
            (RecordingWish::Resume, _) => self.pause(false, ctx),
        }
    }

    /// A side has heard the consent prompt. A recording of which a side may not know is not made.
    pub(crate) fn heard(&mut self, end: PlayEnd, ears: &mut Ears, ctx: &mut Ctx<'_>) {
        let (State::Consent { .. }, Some(sides)) = (&self.state, self.sides) else {
            return;
        };
        if end == PlayEnd::Failed {
            tracing::warn!(call = self.call.as_str(), "not recorded: no consent prompt");
            self.close(ears, ctx);
        } else if sides.legs().all(|leg| ears.hears(leg) != Some(Purpose::Consent)) {
            self.begin(sides, ears, ctx);
        }
    }

    /// Media can no longer write it, or could not write the end of an earlier one.
    pub(crate) fn failed(&mut self, failed_id: &RecordingId, cause: &Arc<str>, ctx: &mut Ctx<'_>) {
        let at = self.at(ctx);
        if let State::On { id, failed, .. } | State::Message { id, failed } = &mut self.state
            && id == failed_id
            && std::mem::replace(failed, true)
        {
            return;
        }
        let change = RecordingChange::Failed { at, cause: cause.clone() };
        ctx.out.push(CallOutput::Recording(failed_id.clone(), change));
    }

    /// The bridge or the call is over.
    pub(crate) fn end(&mut self, ears: &mut Ears, ctx: &mut Ctx<'_>) {
        self.close(ears, ctx);
        self.sides = None;
    }

    /// Whether something is said right now that is not to be kept.
    pub(crate) fn is_paused(&self) -> bool {
        matches!(self.state, State::On { paused: true, .. })
    }

    /// The way to the recording, if both sides are there.
    fn ask(&mut self, ears: &mut Ears, ctx: &mut Ctx<'_>) {
        let Some(sides) = self.sides.filter(|sides| sides.right.is_some()) else {
            return;
        };
        if self.made >= RECORDINGS_PER_CALL {
            return;
        }
        let Some(prompt) = ctx.settings.sound.consent_prompt.clone() else {
            return self.begin(sides, ears, ctx);
        };
        self.tell(sides, &prompt, ears, ctx);
        if !matches!(self.state, State::Consent { .. }) {
            self.state = State::Consent { paused: false };
        }
        // Who is new has been told before.
        if sides.legs().all(|leg| ears.hears(leg) != Some(Purpose::Consent)) {
            self.begin(sides, ears, ctx);
        }
    }

    /// Plays the prompt to who has not been told; once in a recording.
    fn tell(&mut self, sides: Sides, prompt: &str, ears: &mut Ears, ctx: &mut Ctx<'_>) {
        for leg in sides.legs() {
            if self.told.insert(leg) {
                ears.play(leg, Purpose::Consent, Playlist::one(Playlist::named(prompt)), ctx);
            }
        }
    }

    fn begin(&mut self, sides: Sides, ears: &mut Ears, ctx: &mut Ctx<'_>) {
        let paused = matches!(self.state, State::Consent { paused: true });
        let id = self.next_id();
        self.state = State::On { id: id.clone(), paused: false, failed: false };
        self.began(&id, &self.file(&id), ctx);
        self.record(id, sides, ctx);
        if paused {
            self.pause(true, ctx);
        }
        if ctx.settings.sound.recording_beep {
            for leg in sides.legs() {
                if ears.hears(leg).is_none() {
                    let list = Playlist::one(Sound::Tone(Tone::Beep));
                    ears.play(leg, Purpose::Beep, list, ctx);
                }
            }
        }
    }

    fn next_id(&mut self) -> RecordingId {
        self.made += 1;
        RecordingId(format!("{}-r{}", self.call, self.made).into())
    }

    /// Tells of a new recording; returns its file with the extension.
    fn began(&self, id: &RecordingId, stem: &str, ctx: &mut Ctx<'_>) -> Arc<str> {
        let format = ctx.settings.sound.recording_format;
        let file: Arc<str> = format!("{stem}.{}", format.as_str()).into();
        let change = RecordingChange::Began {
            call: self.call.clone(),
            file: file.clone(),
            format,
            at: self.at(ctx),
        };
        ctx.out.push(CallOutput::Recording(id.clone(), change));
        file
    }

    fn record(&self, recording: RecordingId, sides: Sides, ctx: &mut Ctx<'_>) {
        ctx.media(MediaCommand::Record {
            file: self.file(&recording).into(),
            recording,
            left: Some(sides.left),
            right: sides.right,
            format: ctx.settings.sound.recording_format,
        });
    }

    fn pause(&mut self, wanted: bool, ctx: &mut Ctx<'_>) {
        let at = self.at(ctx);
        match &mut self.state {
            State::Consent { paused } => *paused = wanted,
            State::On { id, paused, failed } if *paused != wanted => {
                *paused = wanted;
                let recording = id.clone();
                ctx.media(MediaCommand::PauseRecording { recording, paused: wanted });
                let change = match wanted {
                    true => RecordingChange::Paused { at },
                    false => RecordingChange::Resumed { at },
                };
                if !*failed {
                    ctx.out.push(CallOutput::Recording(id.clone(), change));
                }
            }
            State::Off | State::On { .. } | State::Message { .. } => {}
        }
    }

    fn close(&mut self, ears: &mut Ears, ctx: &mut Ctx<'_>) {
        self.told.clear();
        match std::mem::replace(&mut self.state, State::Off) {
            State::Off => {}
            State::Consent { .. } => {
                for leg in self.sides.into_iter().flat_map(Sides::legs) {
                    ears.stop(leg, Purpose::Consent, ctx);
                }
            }
            State::On { id: recording, .. } | State::Message { id: recording, .. } => {
                ctx.media(MediaCommand::StopRecording { recording });
            }
        }
    }

    /// The time of this input, as rows have it (D40).
    fn at(&self, ctx: &Ctx<'_>) -> Millis {
        self.began.wall.plus(ctx.now.mono.saturating_sub(self.began.mono))
    }

    /// The file below the recordings folder, without extension: a folder for each day (UTC) on
    /// which calls began.
    fn file(&self, id: &RecordingId) -> String {
        let began = self.began.wall.to_string();
        let day = began.split('T').next().unwrap_or_default().replace('-', "/");
        format!("{day}/{id}")
    }
}
