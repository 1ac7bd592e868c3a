//! Everything that is heard, as values: commands, packets and loaded sounds in; frames, events and
//! tape out. Which leg hears what is kept here; what happens in a turn is in `turn`.
//!
//! Guarantees: only what somebody hears, records or listens to for digits is decoded; legs that
//! hear each other share a slot; sound is processed at the least rate that loses nothing; a
//! playing is reported once.

mod plays;
mod recordings;
mod settle;
pub(crate) mod turn;
mod voice;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use call::port::{Digit, Formats, LegId, PlayEnd, RecordingId, RoomId};

use self::voice::Voice;
use crate::handoff::{FromSound, Heard, SoundCommand, Source};
use crate::prompt::{Loaded, Ticket};
use crate::sound::SoundConfig;
use crate::sound::ear::Ear;
use crate::sound::keys::{CONVERTED_MS, Keys};
use crate::sound::mouth::Mouth;
use crate::sound::play::{LeftOff, Prompts};
use crate::sound::quiet::Quiet;
use crate::sound::room::Room;
use crate::sound::tape::{Recording, Tape};
use crate::sound::wheel::{SLOTS, Slot};

/// What comes out.
#[derive(Default)]
pub(crate) struct Out {
    /// For the relay, in this order.
    pub(crate) made: Vec<FromSound>,
    /// For the disk thread, in this order.
    pub(crate) tapes: Vec<Tape>,
    /// Empty buffers for payloads; where there is none, one is allocated.
    pub(crate) spare: Vec<Vec<u8>>,
}

impl Out {
    /// An empty buffer for a payload.
    pub(crate) fn buffer(&mut self) -> Vec<u8> {
        self.spare.pop().unwrap_or_default()
    }
}

/// What has a slot.
#[derive(Default)]
pub(crate) struct Streams {
    pub(crate) legs: BTreeSet<LegId>,
    pub(crate) recordings: BTreeSet<RecordingId>,
}

/// Everything that is heard.
pub(crate) struct Studio {
    pub(crate) config: SoundConfig,
    pub(crate) voices: BTreeMap<LegId, Voice>,
    pub(crate) rooms: BTreeMap<RoomId, Room>,
    pub(crate) recordings: BTreeMap<RecordingId, Recording>,
    /// Recordings that were too many, and have not been stopped.
    refused: BTreeSet<RecordingId>,
    pub(crate) slots: [Streams; SLOTS],
    /// Where each leg's music was when something else was played.
    left_off: BTreeMap<LegId, LeftOff>,
    /// Who waits for what is being loaded.
    tickets: BTreeMap<Ticket, BTreeSet<LegId>>,
    pub(crate) scratch: turn::Scratch,
}

impl Studio {
    pub(crate) fn new(config: SoundConfig) -> Self {
        Self {
            config,
            voices: BTreeMap::new(),
            rooms: BTreeMap::new(),
            recordings: BTreeMap::new(),
            refused: BTreeSet::new(),
            slots: Default::default(),
            left_off: BTreeMap::new(),
            tickets: BTreeMap::new(),
            scratch: turn::Scratch::default(),
        }
    }

    /// Whether something has a turn in this slot.
    pub(crate) fn is_busy(&self, slot: Slot) -> bool {
        let streams = &self.slots[slot];
        !streams.legs.is_empty() || !streams.recordings.is_empty()
    }

    /// How many streams have this slot.
    pub(crate) fn population(&self, slot: Slot) -> usize {
        self.slots[slot].legs.len() + self.slots[slot].recordings.len()
    }

    /// Takes a packet. The buffer can be used again.
    pub(crate) fn heard(&mut self, heard: &Heard, out: &mut Out) {
        let Some(voice) = self.voices.get_mut(&heard.leg).filter(|voice| voice.is_decoded) else {
            return;
        };
        let mut digits = std::mem::take(&mut self.scratch.digits);
        voice.ear.hear(heard, &mut digits);
        if let Some(quiet) = voice.quiet.as_mut().filter(|_| !digits.is_empty()) {
            quiet.pressed(heard.at);
        }
        for digit in digits.drain(..) {
            self.pass_on(heard.at, heard.leg, digit, |_| true, out);
        }
        self.scratch.digits = digits;
    }

    /// A digit of a leg goes to who hears the leg in a pair, and nothing that is played: as an
    /// event, or as a tone.
    fn pass_on(
        &mut self,
        now: Duration,
        from: LegId,
        digit: Digit,
        is_meant: impl Fn(&Keys) -> bool,
        out: &mut Out,
    ) {
        let listeners = self.voices.get(&from).map_or(BTreeSet::new(), |v| v.heard_by.clone());
        for leg in listeners {
            if let Some(voice) = self.voices.get_mut(&leg)
                && voice.mouth.is_some()
                && voice.play.is_none()
                && is_meant(&voice.keys)
            {
                voice.keys.press(digit, CONVERTED_MS);
                self.settle(now, leg, out);
            }
        }
    }

    /// Something that a playing waited for is there, or cannot be had.
    pub(crate) fn loaded(&mut self, now: Duration, loaded: &Loaded, out: &mut Out) {
        for leg in self.tickets.remove(&loaded.ticket).unwrap_or_default() {
            let Some(play) = self.voices.get_mut(&leg).and_then(|voice| voice.play.as_mut()) else {
                continue;
            };
            play.loaded(loaded.ticket, loaded.clips.as_ref());
            if play.has_failed() {
                self.end_play(now, leg, PlayEnd::Failed, out);
            }
        }
    }

    /// Does what it is told.
    pub(crate) fn command(
        &mut self,
        now: Duration,
        command: SoundCommand,
        prompts: &dyn Prompts,
        out: &mut Out,
    ) {
        match command {
            SoundCommand::Voice { leg, formats } => self.set_voice(now, leg, formats, out),
            SoundCommand::Hear { leg, source } => self.hear(now, leg, source, out),
            SoundCommand::Detect { leg, in_band } => {
                if let Some(voice) = self.voices.get_mut(&leg) {
                    voice.in_band = in_band;
                    voice.ear.detect(in_band);
                    self.settle(now, leg, out);
                }
            }
            SoundCommand::Pressed { leg, digit } => self.pressed(now, leg, digit, out),
            SoundCommand::Lossy { leg, percent } => {
                let voice = self.voices.get_mut(&leg);
                if let Some(mouth) = voice.and_then(|voice| voice.mouth.as_mut()) {
                    mouth.set_loss(percent);
                }
            }
            SoundCommand::Play { leg, play, list } => {
                self.play(now, (leg, play, &list), prompts, out);
            }
            SoundCommand::PausePlay { leg, paused } => {
                let voice = self.voices.get_mut(&leg);
                if let Some(play) = voice.and_then(|voice| voice.play.as_mut()) {
                    play.is_paused = paused;
                }
            }
            SoundCommand::StopPlay { leg } => self.end_play(now, leg, PlayEnd::Stopped, out),
            SoundCommand::SendDigit { leg, digit, duration_ms } => {
                let voice = self.voices.get_mut(&leg).filter(|voice| voice.mouth.is_some());
                if let Some(voice) = voice {
                    voice.keys.press(digit, duration_ms);
                    self.settle(now, leg, out);
                } else {
                    self.tell_rendering_over(leg, out);
                }
            }
            SoundCommand::Record { recording, left, right, file, format } => {
                self.record_sides(now, &recording, [left, right], (file, format), out);
            }
            SoundCommand::PauseRecording { recording, paused } => {
                if let Some(recording) = self.recordings.get_mut(&recording) {
                    recording.is_paused = paused;
                }
            }
            SoundCommand::StopRecording { recording } => {
                self.stop_recording(now, &recording, out);
            }
            SoundCommand::NoticeSilence { leg, after_ms } => {
                self.notice_silence(now, leg, after_ms, out);
            }
            SoundCommand::Gone { leg } => self.gone(now, leg, out),
            SoundCommand::Forget { leg } => {
                self.left_off.remove(&leg);
            }
        }
    }

    fn set_voice(&mut self, now: Duration, leg: LegId, formats: Formats, out: &mut Out) {
        if let Some(voice) = self.voices.get_mut(&leg) {
            if voice.formats.receive != formats.receive {
                voice.ear = Ear::new(formats.receive.clone());
                voice.ear.detect(voice.in_band);
            }
            if voice.formats.send != formats.send || voice.formats.packet_ms != formats.packet_ms {
                voice.keys.clear();
                voice.keys = Keys::new(leg, &formats);
                voice.mouth = Mouth::new(leg, &formats);
            }
            voice.formats = formats;
            if voice.mouth.is_none() {
                self.end_play(now, leg, PlayEnd::Failed, out);
            }
        } else if self.voices.len() < self.config.voices_max {
            self.voices.insert(leg, self.newcomer(leg, formats));
        } else {
            tracing::error!(?leg, "too many legs are heard at once; this one is not");
            return;
        }
        self.settle_group(now, leg, out);
    }

    /// A leg that others may have named before it was there.
    fn newcomer(&self, leg: LegId, formats: Formats) -> Voice {
        let mut voice = Voice::new(leg, formats);
        let hears = self.voices.iter().filter(|(_, other)| other.source == Source::Leg(leg));
        voice.heard_by = hears.map(|(&other, _)| other).collect();
        let tapes = self.recordings.iter().filter(|(_, tape)| tape.legs().any(|one| one == leg));
        voice.taped_by = tapes.map(|(id, _)| id.clone()).collect();
        voice
    }

    fn hear(&mut self, now: Duration, leg: LegId, source: Source, out: &mut Out) {
        let Some(voice) = self.voices.get(&leg) else {
            return;
        };
        let before = voice.source;
        // Nobody is his own echo.
        let source = if source == Source::Leg(leg) { Source::Nothing } else { source };
        self.part(leg, before, source);
        match source {
            Source::Nothing => {}
            Source::Leg(from) => {
                if let Some(voice) = self.voices.get_mut(&from) {
                    voice.heard_by.insert(leg);
                }
            }
            Source::Room(room, part) => {
                if !self.enter(leg, room, part) {
                    tracing::warn!(?leg, ?room, "no room for another member: it hears silence");
                }
            }
        }
        if let Some(voice) = self.voices.get_mut(&leg) {
            voice.source = source;
        }
        for source in [before, source] {
            match source {
                Source::Leg(from) => self.settle(now, from, out),
                Source::Room(room, _) => self.settle_room(now, room, out),
                Source::Nothing => {}
            }
        }
        self.settle(now, leg, out);
    }

    /// Leaves the source, unless the next one is the same room.
    fn part(&mut self, leg: LegId, before: Source, next: Source) {
        match (before, next) {
            (Source::Room(room, _), Source::Room(same, _)) if room == same => {}
            (Source::Room(room, _), _) => {
                if let Some(here) = self.rooms.get_mut(&room) {
                    here.leave(leg);
                    if here.is_empty() {
                        self.rooms.remove(&room);
                    }
                }
            }
            (Source::Leg(from), _) => {
                if let Some(voice) = self.voices.get_mut(&from) {
                    voice.heard_by.remove(&leg);
                }
            }
            (Source::Nothing, _) => {}
        }
    }

    fn enter(&mut self, leg: LegId, room: RoomId, part: call::port::Part) -> bool {
        if !self.rooms.contains_key(&room) {
            if self.rooms.len() >= self.config.rooms_max {
                return false;
            }
            let own = self.voices.get(&leg).and_then(|voice| voice.slot);
            let slot = own.unwrap_or_else(|| self.emptiest());
            self.rooms.insert(room, Room::new(slot, self.config.members_max));
        }
        self.rooms.get_mut(&room).is_some_and(|here| here.join(leg, part))
    }

    fn notice_silence(&mut self, now: Duration, leg: LegId, after_ms: Option<u32>, out: &mut Out) {
        if let Some(voice) = self.voices.get_mut(&leg) {
            voice.quiet = after_ms.map(|ms| Quiet::new(now, Duration::from_millis(ms.into())));
            self.settle(now, leg, out);
        }
    }

    fn gone(&mut self, now: Duration, leg: LegId, out: &mut Out) {
        let Some(voice) = self.voices.remove(&leg) else {
            return;
        };
        if let Some(slot) = voice.slot {
            self.slots[slot].legs.remove(&leg);
        }
        self.part(leg, voice.source, Source::Nothing);
        if voice.is_rendering {
            // What was told to have begun is over, or the relay would wait for its end for ever.
            out.made.push(FromSound::Rendering { leg, on: false });
        }
        for waiting in self.tickets.values_mut() {
            waiting.remove(&leg);
        }
        for id in &voice.taped_by {
            if let Some(recording) = self.recordings.get_mut(id) {
                for side in [&mut recording.left, &mut recording.right] {
                    side.leg.take_if(|side| *side == leg);
                }
            }
        }
        match voice.source {
            Source::Leg(from) => self.settle(now, from, out),
            Source::Room(room, _) => self.settle_room(now, room, out),
            Source::Nothing => {}
        }
        // Who heard it hears silence until it is told otherwise.
        for listener in voice.heard_by {
            self.settle(now, listener, out);
        }
    }
}
