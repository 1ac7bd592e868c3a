//! Who hears whom: from the core's commands, what the relay forwards and what the sound thread
//! renders.
//!
//! Invariants:
//! * a leg hears one thing at most: another leg, a room, or nothing, and a play or digits over it;
//! * what a leg hears is forwarded by the relay ([`Hears::Relayed`]) or rendered by the sound
//!   thread ([`Hears::Rendered`]), never both;
//! * the sound thread knows a leg exactly as long as it has something to do with it, and gets its
//!   packets exactly as long as it needs them ([`Wiring::taken`]);
//! * nothing refers to a leg that is closed.
//!
//! A leg is forwarded as it is where the listener takes every encoding that the speaker may use;
//! else it is decoded and encoded. Where the formats of either are not known yet, packets are
//! forwarded unchanged.

mod due;
mod route;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use call::port::{
    Formats, LegId, MediaCommand, Part, PlayId, Playlist, RecordingId, RoomId, Speaks,
};

use crate::handoff::{SoundCommand, Source};

pub(crate) use self::route::{COMFORT_NOISE, Mapping, PayloadMap, static_clock_rate};

/// What the relay is to do with a leg.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wiring {
    /// What goes to it.
    pub(crate) hears: Hears,
    /// Copies of what it sends go to the sound thread.
    pub(crate) taken: bool,
    /// Something is played to it: its digits are the sound thread's to report.
    pub(crate) playing: bool,
    /// With whom it talks.
    pub(crate) talks: Talks,
}

/// What goes to a leg.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Hears {
    /// Nothing.
    Nothing,
    /// Another leg's packets.
    Relayed {
        /// The other leg.
        from: LegId,
        /// What its payloads are called here.
        map: PayloadMap,
    },
    /// What the sound thread makes for it.
    Rendered,
}

/// With whom a leg talks: only then silence means anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Talks {
    /// With nobody.
    Not,
    /// With one other leg.
    With(LegId),
    /// With whoever is in its room.
    InRoom,
}

/// A change for the relay or for the sound thread.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Patched {
    /// For the relay.
    Wired {
        /// The leg.
        leg: LegId,
        /// All that holds from now on.
        wiring: Wiring,
    },
    /// For the sound thread.
    Sound(SoundCommand),
}

/// The patch bay.
#[derive(Debug, Default)]
pub(crate) struct PatchBay {
    legs: BTreeMap<LegId, Jack>,
    rooms: BTreeMap<RoomId, BTreeSet<LegId>>,
    recordings: BTreeMap<RecordingId, [Option<LegId>; 2]>,
    /// Legs of which something may have changed.
    touched: Vec<LegId>,
    out: Vec<Patched>,
}

/// One leg.
#[derive(Debug)]
struct Jack {
    formats: Option<Formats>,
    /// What it hears, unless something plays.
    ear: Ear,
    /// The leg that hears it.
    heard_by: Option<LegId>,
    playing: Option<PlayId>,
    /// Something has been played to it: the sound thread may keep where it was.
    played: bool,
    /// What became of the digits that the sound thread was told to press.
    pressing: Pressing,
    /// The sound thread renders something over what it hears.
    rendering: bool,
    /// How many recordings have it.
    recorded: u32,
    /// Somebody wants to know when it falls silent.
    noticed: bool,
    told: Told,
}

/// The end of one digit may cross with the command for the next: only an end whose beginning was
/// told after the command is the end of all. A digit that joins others that are being sent has no
/// beginning of its own, and then the leg stays known until it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pressing {
    /// There are none.
    No,
    /// The last one was told to be pressed.
    Told,
    /// Since then something has begun.
    Begun,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ear {
    Nothing,
    Leg(LegId),
    Room(RoomId, Part),
}

/// What the others know of a leg.
#[derive(Debug, PartialEq)]
struct Told {
    wiring: Wiring,
    /// What the sound thread knows; `None`: it does not know the leg.
    voice: Option<Voice>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Voice {
    source: Source,
    in_band: bool,
}

impl PatchBay {
    /// Takes a command; one about a leg or a recording that is not there changes nothing. `Open` is
    /// to be given only if the leg could be opened.
    pub(crate) fn apply(&mut self, command: &MediaCommand) {
        match *command {
            MediaCommand::Open { leg, .. } => {
                self.legs.entry(leg).or_insert_with(Jack::new);
            }
            MediaCommand::Formats { leg, ref formats } => self.formats(leg, formats),
            MediaCommand::Listen { from, to } => self.listen(from, to),
            MediaCommand::Bridge { a, b } => self.bridge(a, b),
            MediaCommand::Unbridge { a, b } => self.unbridge(a, b),
            MediaCommand::Join { leg, room, part } => self.join(leg, room, part),
            MediaCommand::Leave { leg } => self.leave(leg),
            MediaCommand::Close { leg } => self.close(leg),
            MediaCommand::Play { leg, play, ref list } => self.play(leg, play, list),
            MediaCommand::PausePlay { leg, paused } => {
                self.about_play(leg, SoundCommand::PausePlay { leg, paused });
            }
            MediaCommand::StopPlay { leg } => self.about_play(leg, SoundCommand::StopPlay { leg }),
            MediaCommand::SendDigit { leg, digit, duration_ms } => {
                self.press(leg, SoundCommand::SendDigit { leg, digit, duration_ms });
            }
            MediaCommand::Record { ref recording, left, right, ref file, format } => {
                let [left, right] = self.record(recording, [left, right]);
                let (recording, file) = (recording.clone(), file.clone());
                self.sound(SoundCommand::Record { recording, left, right, file, format });
            }
            MediaCommand::PauseRecording { ref recording, paused } => {
                if self.recordings.contains_key(recording) {
                    let recording = recording.clone();
                    self.sound(SoundCommand::PauseRecording { recording, paused });
                }
            }
            MediaCommand::StopRecording { ref recording } => self.stop_recording(recording),
            MediaCommand::NoticeSilence { leg, after_ms } => self.notice_silence(leg, after_ms),
            MediaCommand::Remote { .. } | MediaCommand::Direct { .. } | MediaCommand::Return(_) => {
            }
        }
        self.settle();
    }

    /// The sound thread says that a playing is over.
    pub(crate) fn played(&mut self, leg: LegId, play: PlayId) {
        if let Some(jack) = self.legs.get_mut(&leg)
            && jack.playing == Some(play)
        {
            jack.playing = None;
            self.touched.push(leg);
            self.settle();
        }
    }

    /// The sound thread says whether it renders something over what the leg hears.
    pub(crate) fn rendering(&mut self, leg: LegId, on: bool) {
        if let Some(jack) = self.legs.get_mut(&leg) {
            jack.rendering = on;
            jack.pressing = match jack.pressing {
                Pressing::Told if on => Pressing::Begun,
                Pressing::Begun if !on => Pressing::No,
                Pressing::No | Pressing::Told | Pressing::Begun => jack.pressing,
            };
            self.touched.push(leg);
            self.settle();
        }
    }

    /// The sound thread has ended: nothing that it was to play, or had begun, goes on. These were
    /// playing.
    pub(crate) fn give_up_plays(&mut self) -> Vec<(LegId, PlayId)> {
        let mut plays = Vec::new();
        for (&leg, jack) in &mut self.legs {
            if jack.playing.is_some() || jack.rendering {
                plays.extend(jack.playing.take().map(|play| (leg, play)));
                jack.rendering = false;
                jack.pressing = Pressing::No;
                self.touched.push(leg);
            }
        }
        self.settle();
        plays
    }

    /// What has changed since this was asked last, in order.
    pub(crate) fn changes(&mut self) -> std::vec::Drain<'_, Patched> {
        self.out.drain(..)
    }

    fn formats(&mut self, leg: LegId, formats: &Formats) {
        let Some(jack) = self.legs.get_mut(&leg) else { return };
        if jack.formats.as_ref() == Some(formats) {
            return;
        }
        jack.formats = Some(formats.clone());
        let is_known = jack.told.voice.is_some();
        self.touched.push(leg);
        if is_known {
            self.sound(SoundCommand::Voice { leg, formats: formats.clone() });
        }
    }

    fn listen(&mut self, from: LegId, to: LegId) {
        if from != to && self.legs.contains_key(&from) && self.legs.contains_key(&to) {
            self.connect(from, to);
        }
    }

    fn bridge(&mut self, a: LegId, b: LegId) {
        if a != b && self.legs.contains_key(&a) && self.legs.contains_key(&b) {
            self.connect(a, b);
            self.connect(b, a);
        }
    }

    fn unbridge(&mut self, a: LegId, b: LegId) {
        for (from, to) in [(a, b), (b, a)] {
            if self.legs.get(&to).is_some_and(|jack| jack.ear == Ear::Leg(from)) {
                self.deafen(to);
            }
        }
    }

    fn join(&mut self, leg: LegId, room: RoomId, part: Part) {
        let Some(jack) = self.legs.get(&leg) else { return };
        if !matches!(jack.ear, Ear::Room(old, _) if old == room) {
            self.silence(leg);
            self.deafen(leg);
            self.rooms.entry(room).or_default().insert(leg);
            // Whether the others have somebody to talk with may depend on it.
            self.touched.extend(self.rooms.get(&room).into_iter().flatten());
        }
        let is_there = |other: &LegId| *other != leg && self.legs.contains_key(other);
        let speaks = match part.speaks {
            Speaks::To(other) if !is_there(&other) => Speaks::ToNobody,
            Speaks::ToAll | Speaks::ToNobody | Speaks::To(_) => part.speaks,
        };
        self.hear(leg, Ear::Room(room, Part { speaks, ..part }));
    }

    fn leave(&mut self, leg: LegId) {
        if self.legs.get(&leg).is_some_and(|jack| matches!(jack.ear, Ear::Room(..))) {
            self.deafen(leg);
        }
    }

    fn close(&mut self, leg: LegId) {
        if !self.legs.contains_key(&leg) {
            return;
        }
        self.silence(leg);
        self.deafen(leg);
        self.stop_whispers(leg);
        for sides in self.recordings.values_mut() {
            for side in sides {
                side.take_if(|side| *side == leg);
            }
        }
        let Some(jack) = self.legs.remove(&leg) else { return };
        if jack.told.voice.is_some() {
            self.sound(SoundCommand::Gone { leg });
        }
        if jack.played {
            self.sound(SoundCommand::Forget { leg });
        }
    }

    fn play(&mut self, leg: LegId, play: PlayId, list: &Arc<Playlist>) {
        let Some(jack) = self.legs.get_mut(&leg) else { return };
        jack.playing = Some(play);
        jack.played = true;
        self.touched.push(leg);
        self.settle();
        self.sound(SoundCommand::Play { leg, play, list: list.clone() });
    }

    /// Where nothing plays there is nothing to pause or to stop.
    fn about_play(&mut self, leg: LegId, command: SoundCommand) {
        if self.legs.get(&leg).is_some_and(|jack| jack.playing.is_some()) {
            self.sound(command);
        }
    }

    fn press(&mut self, leg: LegId, command: SoundCommand) {
        let Some(jack) = self.legs.get_mut(&leg) else { return };
        // What it hears goes on until the first packet of the digit is about to come.
        jack.pressing = Pressing::Told;
        self.touched.push(leg);
        self.settle();
        self.sound(command);
    }

    /// The sides that are there.
    fn record(&mut self, recording: &RecordingId, sides: [Option<LegId>; 2]) -> [Option<LegId>; 2] {
        let sides = sides.map(|side| side.filter(|leg| self.legs.contains_key(leg)));
        let before = self.recordings.insert(recording.clone(), sides);
        self.count_recorded(sides, 1);
        self.count_recorded(before.unwrap_or_default(), -1);
        self.settle();
        sides
    }

    fn stop_recording(&mut self, recording: &RecordingId) {
        if let Some(sides) = self.recordings.remove(recording) {
            self.sound(SoundCommand::StopRecording { recording: recording.clone() });
            self.count_recorded(sides, -1);
        }
    }

    fn notice_silence(&mut self, leg: LegId, after_ms: Option<u32>) {
        let Some(jack) = self.legs.get_mut(&leg) else { return };
        let before = std::mem::replace(&mut jack.noticed, after_ms.is_some());
        self.touched.push(leg);
        // The leg is known before it is said, and forgotten, if at all, after that.
        if after_ms.is_some() {
            self.settle();
        }
        if before || after_ms.is_some() {
            self.sound(SoundCommand::NoticeSilence { leg, after_ms });
        }
    }

    fn sound(&mut self, command: SoundCommand) {
        self.out.push(Patched::Sound(command));
    }

    fn count_recorded(&mut self, sides: [Option<LegId>; 2], by: i32) {
        for leg in sides.into_iter().flatten() {
            if let Some(jack) = self.legs.get_mut(&leg) {
                jack.recorded = jack.recorded.saturating_add_signed(by);
                self.touched.push(leg);
            }
        }
    }

    /// `to` hears `from`, and nobody else does.
    fn connect(&mut self, from: LegId, to: LegId) {
        if self.legs.get(&to).is_some_and(|jack| jack.ear == Ear::Leg(from)) {
            return;
        }
        self.silence(from);
        self.deafen(to);
        if let Some(jack) = self.legs.get_mut(&from) {
            jack.heard_by = Some(to);
        }
        self.touched.push(from);
        self.hear(to, Ear::Leg(from));
    }

    fn hear(&mut self, leg: LegId, ear: Ear) {
        if let Some(jack) = self.legs.get_mut(&leg) {
            jack.ear = ear;
            self.touched.push(leg);
        }
    }

    /// No leg hears `from` any more; a room it is in does.
    fn silence(&mut self, from: LegId) {
        if let Some(listener) = self.legs.get(&from).and_then(|jack| jack.heard_by) {
            self.deafen(listener);
        }
    }

    /// `leg` hears nothing any more, neither a leg nor a room.
    fn deafen(&mut self, leg: LegId) {
        let Some(jack) = self.legs.get_mut(&leg) else { return };
        match std::mem::replace(&mut jack.ear, Ear::Nothing) {
            Ear::Nothing => return,
            Ear::Leg(from) => {
                if let Some(from) = self.legs.get_mut(&from) {
                    from.heard_by = None;
                }
                self.touched.push(from);
            }
            Ear::Room(room, _) => self.quit(leg, room),
        }
        self.touched.push(leg);
    }

    fn quit(&mut self, leg: LegId, room: RoomId) {
        let Some(members) = self.rooms.get_mut(&room) else { return };
        members.remove(&leg);
        self.touched.extend(members.iter());
        if members.is_empty() {
            self.rooms.remove(&room);
        }
    }

    /// What was whispered to a leg that is over is heard by nobody.
    fn stop_whispers(&mut self, to: LegId) {
        for member in self.rooms.values().flatten() {
            if let Some(jack) = self.legs.get_mut(member)
                && let Ear::Room(_, part) = &mut jack.ear
                && part.speaks == Speaks::To(to)
            {
                part.speaks = Speaks::ToNobody;
                self.touched.push(*member);
            }
        }
    }
}

impl Jack {
    fn new() -> Self {
        Self {
            formats: None,
            ear: Ear::Nothing,
            heard_by: None,
            playing: None,
            played: false,
            pressing: Pressing::No,
            rendering: false,
            recorded: 0,
            noticed: false,
            told: Told { wiring: Wiring::default(), voice: None },
        }
    }
}

impl Default for Wiring {
    fn default() -> Self {
        Self { hears: Hears::Nothing, taken: false, playing: false, talks: Talks::Not }
    }
}

#[cfg(test)]
mod tests;
