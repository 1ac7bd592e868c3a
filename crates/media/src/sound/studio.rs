//! Everything that is heard, as values: commands, packets and loaded sounds in; frames, events and
//! tape out. Which leg hears what is kept here; what happens in a turn is in `turn`.
//!
//! Guarantees: only what somebody hears, records or listens to for digits is decoded; legs that
//! hear each other share a slot; sound is processed at the least rate that loses nothing; a
//! playing is reported once.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use call::port::{Digit, Formats, LegId, MediaEvent, PlayEnd, RecordingId, RoomId, Speaks};

use super::ear::{Ear, ordinary_rate};
use super::keys::{CONVERTED_MS, Keys};
use super::mouth::Mouth;
use super::play::{Play, Prompts, rate_for};
use super::room::Room;
use super::tape::{Recording, Tape};
use super::wheel::{SLOTS, Slot};
use super::{Link, NARROWBAND, SoundConfig, WIDEBAND};
use crate::handoff::{FromSound, Heard, SoundCommand, Source};
use crate::prompt::{Loaded, Ticket};

/// What comes out.
#[derive(Default)]
pub(super) struct Out {
    /// For the relay, in this order.
    pub(super) made: Vec<FromSound>,
    /// For the disk thread, in this order.
    pub(super) tapes: Vec<Tape>,
    /// Empty buffers for payloads; where there is none, one is allocated.
    pub(super) spare: Vec<Vec<u8>>,
}

impl Out {
    /// An empty buffer for a payload.
    pub(super) fn buffer(&mut self) -> Vec<u8> {
        self.spare.pop().unwrap_or_default()
    }
}

/// A leg.
pub(super) struct Voice {
    pub(super) formats: Formats,
    pub(super) ear: Ear,
    /// `None`: nothing that we can speak was agreed on.
    pub(super) mouth: Option<Mouth>,
    pub(super) keys: Keys,
    pub(super) play: Option<Play>,
    pub(super) source: Source,
    /// From the source's rate to the mouth's; and from the play's.
    pub(super) link: Link,
    pub(super) play_link: Link,
    /// Who has it as its source.
    heard_by: BTreeSet<LegId>,
    /// Who records it.
    taped_by: BTreeSet<RecordingId>,
    in_band: bool,
    pub(super) is_decoded: bool,
    /// As told to the relay.
    is_rendering: bool,
    /// As told to the mouth.
    pub(super) is_rendered: bool,
    pub(super) slot: Option<Slot>,
}

impl Voice {
    fn new(leg: LegId, formats: Formats) -> Self {
        Self {
            ear: Ear::new(formats.receive.clone()),
            mouth: Mouth::new(leg, &formats),
            keys: Keys::new(leg, &formats),
            formats,
            play: None,
            source: Source::Nothing,
            link: Link::default(),
            play_link: Link::default(),
            heard_by: BTreeSet::new(),
            taped_by: BTreeSet::new(),
            in_band: false,
            is_decoded: false,
            is_rendering: false,
            is_rendered: false,
            slot: None,
        }
    }

    /// The highest rate that means something for what it says, Hz; 0: cannot be decoded.
    fn native_rate(&self) -> u32 {
        self.ear.native_rate().unwrap_or(0)
    }

    /// The highest rate that means something in a room, Hz.
    fn widest_rate(&self) -> u32 {
        self.native_rate().max(self.mouth.as_ref().map_or(0, Mouth::native_rate))
    }

    /// Whether the relay has to be told that something is rendered over the source, or no longer.
    pub(super) fn is_unsettled(&self) -> bool {
        self.has_overlay() != self.is_rendering
    }

    /// Something is rendered over the source.
    fn has_overlay(&self) -> bool {
        self.mouth.is_some() && (self.play.is_some() || self.keys.is_busy())
    }
}

/// What has a slot.
#[derive(Default)]
pub(super) struct Streams {
    pub(super) legs: BTreeSet<LegId>,
    pub(super) recordings: BTreeSet<RecordingId>,
}

/// Everything that is heard.
pub(super) struct Studio {
    pub(super) config: SoundConfig,
    pub(super) voices: BTreeMap<LegId, Voice>,
    pub(super) rooms: BTreeMap<RoomId, Room>,
    pub(super) recordings: BTreeMap<RecordingId, Recording>,
    pub(super) slots: [Streams; SLOTS],
    /// Who waits for what is being loaded.
    tickets: BTreeMap<Ticket, BTreeSet<LegId>>,
    pub(super) scratch: super::turn::Scratch,
}

impl Studio {
    pub(super) fn new(config: SoundConfig) -> Self {
        Self {
            config,
            voices: BTreeMap::new(),
            rooms: BTreeMap::new(),
            recordings: BTreeMap::new(),
            slots: Default::default(),
            tickets: BTreeMap::new(),
            scratch: super::turn::Scratch::default(),
        }
    }

    /// Whether something has a turn in this slot.
    pub(super) fn is_busy(&self, slot: Slot) -> bool {
        let streams = &self.slots[slot];
        !streams.legs.is_empty() || !streams.recordings.is_empty()
    }

    /// How many streams have this slot.
    pub(super) fn population(&self, slot: Slot) -> usize {
        self.slots[slot].legs.len() + self.slots[slot].recordings.len()
    }

    /// Takes a packet. The buffer can be used again.
    pub(super) fn heard(&mut self, heard: &Heard, out: &mut Out) {
        let Some(voice) = self.voices.get_mut(&heard.leg).filter(|voice| voice.is_decoded) else {
            return;
        };
        let mut digits = std::mem::take(&mut self.scratch.digits);
        voice.ear.hear(heard, &mut digits);
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
    pub(super) fn loaded(&mut self, now: Duration, loaded: &Loaded, out: &mut Out) {
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
    pub(super) fn command(
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
                }
            }
            SoundCommand::Record { recording, left, right, file, format } => {
                if self.begin_recording(&recording, [left, right], out, |rate| Tape::Begin {
                    recording: recording.clone(),
                    file,
                    format,
                    rate,
                }) {
                    self.set_sides(now, &recording, [left, right], out);
                }
            }
            SoundCommand::PauseRecording { recording, paused } => {
                if let Some(recording) = self.recordings.get_mut(&recording) {
                    recording.is_paused = paused;
                }
            }
            SoundCommand::StopRecording { recording } => {
                self.stop_recording(now, &recording, out);
            }
            SoundCommand::Gone { leg } => self.gone(now, leg, out),
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

    /// The rate and the members of a room, after somebody came or went.
    fn settle_room(&mut self, now: Duration, room: RoomId, out: &mut Out) {
        let Some(here) = self.rooms.get_mut(&room) else {
            return;
        };
        let legs: Vec<LegId> = here.legs().collect();
        let rates = || legs.iter().filter_map(|leg| self.voices.get(leg)).map(Voice::widest_rate);
        let highest = rates().max().unwrap_or(0).max(NARROWBAND);
        let is_all_full = rates().min().is_some_and(|rate| rate > WIDEBAND);
        here.set_rate(if is_all_full { highest } else { highest.min(WIDEBAND) });
        for leg in legs {
            self.settle(now, leg, out);
        }
    }

    fn settle_group(&mut self, now: Duration, leg: LegId, out: &mut Out) {
        let Some(voice) = self.voices.get_mut(&leg) else {
            return;
        };
        // Who wanted to hear it before it was there, or at another rate.
        let (source, listeners) = (voice.source, voice.heard_by.clone());
        self.settle(now, leg, out);
        for listener in listeners {
            self.settle(now, listener, out);
        }
        match source {
            Source::Room(room, _) => self.settle_room(now, room, out),
            Source::Leg(from) => self.settle(now, from, out),
            Source::Nothing => {}
        }
    }

    fn pressed(&mut self, now: Duration, leg: LegId, digit: Digit, out: &mut Out) {
        let play = self.voices.get(&leg).and_then(|voice| voice.play.as_ref());
        if play.is_some_and(|play| play.barge_in) {
            self.end_play(now, leg, PlayEnd::BargedIn, out);
        }
        out.made.push(FromSound::Event(MediaEvent::Digit { leg, digit }));
    }

    /// A digit was found in the band, or let go.
    pub(super) fn found(
        &mut self,
        now: Duration,
        (leg, digit, down): (LegId, Digit, bool),
        out: &mut Out,
    ) {
        if !down {
            return;
        }
        self.pressed(now, leg, digit, out);
        // Who has no events hears it in the band anyway.
        self.pass_on(now, leg, digit, Keys::has_events, out);
    }

    fn play(
        &mut self,
        now: Duration,
        (leg, id, list): (LegId, call::port::PlayId, &call::port::Playlist),
        prompts: &dyn Prompts,
        out: &mut Out,
    ) {
        self.finish_play(leg, PlayEnd::Stopped, out);
        let rate = self.voices.get(&leg).and_then(|voice| voice.mouth.as_ref()).map(Mouth::rate);
        let mut has_failed = true;
        if let (Some(rate), Some(voice)) = (rate, self.voices.get_mut(&leg)) {
            let mut tickets = Vec::new();
            let country = self.config.country;
            let play = Play::new(id, list, rate_for(rate), country, prompts, &mut tickets);
            has_failed = play.has_failed();
            if !has_failed {
                voice.play = Some(play);
                for ticket in tickets {
                    self.tickets.entry(ticket).or_default().insert(leg);
                }
            }
        }
        self.settle(now, leg, out);
        if has_failed {
            self.tell_rendering_over(leg, out);
            let end = PlayEnd::Failed;
            out.made.push(FromSound::Event(MediaEvent::Played { leg, play: id, end }));
        }
    }

    /// Ends what plays, if something does.
    pub(super) fn end_play(&mut self, now: Duration, leg: LegId, end: PlayEnd, out: &mut Out) {
        let Some(play) = self.voices.get_mut(&leg).and_then(|voice| voice.play.take()) else {
            return;
        };
        self.settle(now, leg, out);
        out.made.push(FromSound::Event(MediaEvent::Played { leg, play: play.id, end }));
    }

    /// As [`Studio::end_play`], where another begins at once.
    fn finish_play(&mut self, leg: LegId, end: PlayEnd, out: &mut Out) {
        if let Some(play) = self.voices.get_mut(&leg).and_then(|voice| voice.play.take()) {
            out.made.push(FromSound::Event(MediaEvent::Played { leg, play: play.id, end }));
        }
    }

    /// The relay renders a leg from the command to play on: tell it that there is nothing, though
    /// it was not told that there is something.
    fn tell_rendering_over(&mut self, leg: LegId, out: &mut Out) {
        if self.voices.get(&leg).is_none_or(|voice| !voice.is_rendering) {
            out.made.push(FromSound::Rendering { leg, on: false });
        }
    }

    /// Whether the recording is there now, begun or running.
    fn begin_recording(
        &mut self,
        id: &RecordingId,
        sides: [Option<LegId>; 2],
        out: &mut Out,
        begin: impl FnOnce(u32) -> Tape,
    ) -> bool {
        if self.recordings.contains_key(id) {
            return true;
        }
        if self.recordings.len() >= self.config.recordings_max {
            let cause = "too many recordings at once".into();
            let recording = id.clone();
            out.made.push(FromSound::Event(MediaEvent::RecordingFailed { recording, cause }));
            return false;
        }
        let voices = sides.iter().flatten().filter_map(|leg| self.voices.get(leg));
        let is_wide = voices.clone().any(|voice| voice.native_rate() > NARROWBAND);
        let rate = if is_wide { WIDEBAND } else { NARROWBAND };
        let slot = voices.clone().find_map(|voice| voice.slot);
        let slot = slot.unwrap_or_else(|| self.emptiest());
        out.tapes.push(begin(rate));
        self.recordings.insert(id.clone(), Recording::new(rate, slot));
        self.slots[slot].recordings.insert(id.clone());
        true
    }

    fn set_sides(
        &mut self,
        now: Duration,
        id: &RecordingId,
        [left, right]: [Option<LegId>; 2],
        out: &mut Out,
    ) {
        let Some(recording) = self.recordings.get_mut(id) else {
            return;
        };
        let before: Vec<LegId> = recording.legs().collect();
        (recording.left.leg, recording.right.leg) = (left, right);
        let after: Vec<LegId> = recording.legs().collect();
        for leg in &before {
            if let Some(voice) = self.voices.get_mut(leg) {
                voice.taped_by.remove(id);
            }
        }
        for leg in &after {
            if let Some(voice) = self.voices.get_mut(leg) {
                voice.taped_by.insert(id.clone());
            }
        }
        for leg in before.into_iter().chain(after) {
            self.settle(now, leg, out);
        }
    }

    fn stop_recording(&mut self, now: Duration, id: &RecordingId, out: &mut Out) {
        self.set_sides(now, id, [None, None], out);
        if let Some(recording) = self.recordings.remove(id) {
            self.slots[recording.slot].recordings.remove(id);
            out.tapes.push(Tape::End { recording: id.clone() });
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

    /// Brings what is derived of a leg in line: whether and at which rates it is decoded and
    /// rendered, its slot, and what the relay knows of it.
    pub(super) fn settle(&mut self, now: Duration, leg: LegId, out: &mut Out) {
        let Some(voice) = self.voices.get(&leg) else {
            return;
        };
        let hears_rate = self.source_rate(voice);
        let says_rate = self.wanted_rate(voice);
        let mate = self.mate_slot(leg, voice);
        let emptiest = self.emptiest();
        let Some(voice) = self.voices.get_mut(&leg) else {
            return;
        };
        if says_rate.is_some() != voice.is_decoded {
            voice.is_decoded = says_rate.is_some();
            voice.ear.rest(now);
        }
        if let Some(rate) = says_rate {
            voice.ear.set_rate(rate);
        }
        let has_overlay = voice.has_overlay();
        let is_rendered = voice.mouth.is_some() && (has_overlay || voice.source != Source::Nothing);
        if let Some(mouth) = &mut voice.mouth {
            mouth.set_rate(hears_rate);
            if voice.is_rendered && !is_rendered {
                mouth.rest(out);
            }
        }
        voice.is_rendered = is_rendered;
        if has_overlay != voice.is_rendering {
            voice.is_rendering = has_overlay;
            out.made.push(FromSound::Rendering { leg, on: has_overlay });
        }
        let is_active = is_rendered || voice.is_decoded;
        let slot = is_active.then(|| mate.or(voice.slot).unwrap_or(emptiest));
        if slot != voice.slot {
            if let Some(before) = voice.slot {
                self.slots[before].legs.remove(&leg);
            }
            if let Some(after) = slot {
                self.slots[after].legs.insert(leg);
            }
            voice.slot = slot;
        }
    }

    /// The rate at which a leg is rendered.
    fn source_rate(&self, voice: &Voice) -> u32 {
        let Some(mouth) = &voice.mouth else {
            return NARROWBAND;
        };
        let native = mouth.native_rate();
        let source = match voice.source {
            Source::Nothing => None,
            Source::Leg(from) => self.voices.get(&from).map(Voice::native_rate),
            Source::Room(room, _) => self.rooms.get(&room).map(Room::rate),
        };
        match source {
            Some(rate) if rate > 0 => native.min(rate),
            Some(_) | None => ordinary_rate(native),
        }
    }

    /// The rate at which somebody wants what a leg says; `None`: nobody wants it.
    fn wanted_rate(&self, voice: &Voice) -> Option<u32> {
        let native = voice.native_rate();
        if native == 0 {
            return None;
        }
        let listeners = voice.heard_by.iter().filter_map(|leg| self.voices.get(leg));
        let mouths = listeners.filter_map(|voice| voice.mouth.as_ref()).map(Mouth::native_rate);
        let room = match voice.source {
            Source::Room(_, part) if part.speaks == Speaks::ToNobody => None,
            Source::Room(room, _) => self.rooms.get(&room).map(Room::rate),
            Source::Nothing | Source::Leg(_) => None,
        };
        let tapes = voice.taped_by.iter().filter_map(|id| self.recordings.get(id));
        mouths
            .chain(room)
            .chain(tapes.map(|tape| tape.rate))
            .chain(voice.in_band.then_some(NARROWBAND))
            .max()
            .map(|rate| rate.min(native).max(NARROWBAND))
    }

    /// The slot of who belongs together with a leg.
    fn mate_slot(&self, leg: LegId, voice: &Voice) -> Option<Slot> {
        match voice.source {
            Source::Room(room, _) => self.rooms.get(&room).map(|room| room.slot),
            // Of two who hear each other the slot of the one with the lower number counts: so that
            // they do not change places for ever.
            Source::Leg(from) if voice.heard_by.contains(&from) && leg < from => None,
            Source::Leg(from) => self.voices.get(&from).and_then(|voice| voice.slot),
            Source::Nothing => None,
        }
    }

    /// The slot with the fewest streams.
    fn emptiest(&self) -> Slot {
        (0..SLOTS).min_by_key(|&slot| self.population(slot)).unwrap_or(0)
    }
}
