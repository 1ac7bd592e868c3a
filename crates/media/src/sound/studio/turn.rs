//! A turn: everything that has this slot is decoded, mixed, rendered and recorded once.
//!
//! Guarantees: in one turn all voices are decoded before any is mixed, and all rooms are mixed
//! before anybody is rendered: who shares a slot hears what was said in this very turn.

use std::time::Duration;

use call::port::{Digit, LegId, MediaEvent, RoomId};

use super::voice::Voice;
use super::{Out, Studio};
use crate::handoff::{FromSound, Source};
use crate::sound::frame_len;
use crate::sound::tape::Tape;
use crate::sound::wheel::Slot;

/// Buffers that a turn uses again.
#[derive(Default)]
pub(crate) struct Scratch {
    pub(crate) digits: Vec<Digit>,
    legs: Vec<LegId>,
    rooms: Vec<RoomId>,
    found: Vec<(Digit, bool)>,
    /// What a leg hears, at its source's rate, and at its own.
    source: Vec<i16>,
    frame: Vec<i16>,
}

impl Studio {
    /// The turn of a slot. `now` is its planned time.
    pub(crate) fn tick(&mut self, now: Duration, slot: Slot, out: &mut Out) {
        let mut scratch = std::mem::take(&mut self.scratch);
        scratch.legs.clear();
        scratch.legs.extend(self.slots[slot].legs.iter().copied());
        scratch.rooms.clear();
        for &leg in &scratch.legs {
            let Some(voice) = self.voices.get_mut(&leg) else {
                continue;
            };
            if let Source::Room(room, _) = voice.source {
                scratch.rooms.push(room);
            }
            if voice.is_decoded {
                voice.ear.turn(now);
                out.made.extend(voice.ear.report(leg).map(FromSound::Hearing));
                let dbov = voice.ear.sound_dbov();
                if voice.quiet.as_mut().is_some_and(|quiet| quiet.hear(now, dbov)) {
                    out.made.push(FromSound::Event(MediaEvent::FellSilent { leg }));
                }
                voice.ear.take_in_band(&mut scratch.found);
                for (digit, down) in scratch.found.drain(..) {
                    self.found(now, (leg, digit, down), out);
                }
            }
        }
        scratch.rooms.sort_unstable();
        scratch.rooms.dedup();
        for &room in &scratch.rooms {
            self.mix(room);
        }
        for index in 0..scratch.legs.len() {
            self.render(now, scratch.legs[index], &mut scratch, out);
        }
        self.record(slot, out);
        self.scratch = scratch;
    }

    fn mix(&mut self, id: RoomId) {
        let Some(room) = self.rooms.get_mut(&id) else {
            return;
        };
        // Of few members, and in their order.
        let legs: Vec<LegId> = room.legs().collect();
        for leg in legs {
            if let Some(voice) = self.voices.get(&leg).filter(|voice| voice.is_decoded) {
                room.contribute(leg, voice.ear.rate(), &voice.ear.frame);
            }
        }
        room.mix();
    }

    fn render(&mut self, now: Duration, leg: LegId, scratch: &mut Scratch, out: &mut Out) {
        let country = self.config.country;
        let Some(voice) = self.voices.get_mut(&leg).filter(|voice| voice.is_rendered) else {
            return;
        };
        let Voice { mouth: Some(mouth), keys, play, play_link, .. } = voice else {
            return;
        };
        let rate = mouth.rate();
        if keys.turn(now, out) {
            mouth.withhold();
            return;
        }
        let frame = &mut scratch.frame;
        frame.clear();
        let mut end = None;
        if keys.is_busy() && !keys.has_events() {
            frame.resize(frame_len(rate), 0);
            keys.tone(rate, country, frame);
        } else if let Some(play) = play {
            scratch.source.resize(frame_len(play.rate()), 0);
            end = play.fill(&mut scratch.source);
            play_link.carry(play.rate(), rate, &scratch.source, frame);
        } else {
            self.source(leg, rate, scratch);
        }
        let Some(voice) = self.voices.get_mut(&leg) else {
            return;
        };
        if let Some(mouth) = &mut voice.mouth {
            mouth.say(&scratch.frame, out);
        }
        match end {
            Some(end) => self.end_play(now, leg, end, out),
            None if voice.is_unsettled() => self.settle(now, leg, out),
            None => {}
        }
    }

    /// What a leg's source says in this turn into `scratch.frame`, at `rate`; silence where there
    /// is none.
    fn source(&mut self, leg: LegId, rate: u32, scratch: &mut Scratch) {
        let Some(source) = self.voices.get(&leg).map(|voice| voice.source) else {
            return;
        };
        let mut from_rate = rate;
        scratch.source.clear();
        match source {
            Source::Nothing => {}
            Source::Leg(from) => {
                let has_events = self.voices.get(&leg).is_some_and(|v| v.keys.has_events());
                let from = self.voices.get(&from).filter(|voice| voice.is_decoded);
                // A tone that goes as an event is not to be heard as well.
                if let Some(from) = from
                    && !(from.ear.key_is_down && has_events)
                {
                    from_rate = from.ear.rate();
                    scratch.source.extend_from_slice(&from.ear.frame);
                }
            }
            Source::Room(room, _) => {
                if let Some(room) = self.rooms.get_mut(&room) {
                    from_rate = room.rate();
                    room.mix_for(leg, &mut scratch.source);
                }
            }
        }
        scratch.source.resize(frame_len(from_rate), 0);
        if let Some(voice) = self.voices.get_mut(&leg) {
            voice.link.carry(from_rate, rate, &scratch.source, &mut scratch.frame);
        }
        scratch.frame.resize(frame_len(rate), 0);
    }

    fn record(&mut self, slot: Slot, out: &mut Out) {
        for id in &self.slots[slot].recordings {
            let Some(recording) = self.recordings.get_mut(id).filter(|one| !one.is_paused) else {
                continue;
            };
            let rate = recording.rate;
            let [left, right] = [&mut recording.left, &mut recording.right].map(|side| {
                let voice = side.leg.and_then(|leg| self.voices.get(&leg));
                let voice = voice.filter(|voice| voice.is_decoded);
                side.frame(rate, voice.map(|voice| (voice.ear.rate(), &*voice.ear.frame)))
            });
            out.tapes.push(Tape::Write { recording: id.clone(), left, right });
        }
    }
}
