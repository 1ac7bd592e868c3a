//! What follows from who hears whom: whether and at which rate a leg is decoded and rendered, in
//! which slot, and what the relay is told of it.
//!
//! Guarantees: a rate is the least that loses nothing: of a pair the lower of both codecs', of a
//! room the highest of its members' up to 16 kHz (48 kHz where all of them speak it); who belongs
//! together shares a slot, and other streams go where the fewest are.

use std::time::Duration;

use call::port::{LegId, RoomId, Speaks};

use super::voice::Voice;
use super::{Out, Studio};
use crate::handoff::{FromSound, Source};
use crate::sound::ear::ordinary_rate;
use crate::sound::mouth::Mouth;
use crate::sound::room::Room;
use crate::sound::wheel::{SLOTS, Slot};
use crate::sound::{NARROWBAND, WIDEBAND};

impl Studio {
    /// Brings what is derived of a leg in line: whether and at which rates it is decoded and
    /// rendered, its slot, and what the relay knows of it.
    pub(crate) fn settle(&mut self, now: Duration, leg: LegId, out: &mut Out) {
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
    pub(super) fn source_rate(&self, voice: &Voice) -> u32 {
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
    pub(super) fn wanted_rate(&self, voice: &Voice) -> Option<u32> {
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
            .chain((voice.in_band || voice.quiet.is_some()).then_some(NARROWBAND))
            .max()
            .map(|rate| rate.min(native).max(NARROWBAND))
    }

    /// The slot of who belongs together with a leg.
    pub(super) fn mate_slot(&self, leg: LegId, voice: &Voice) -> Option<Slot> {
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
    pub(super) fn emptiest(&self) -> Slot {
        (0..SLOTS).min_by_key(|&slot| self.population(slot)).unwrap_or(0)
    }

    /// The rate and the members of a room, after somebody came or went.
    pub(super) fn settle_room(&mut self, now: Duration, room: RoomId, out: &mut Out) {
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

    pub(super) fn settle_group(&mut self, now: Duration, leg: LegId, out: &mut Out) {
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

    /// The rates at which a leg is decoded and rendered.
    #[cfg(test)]
    pub(crate) fn rates(&self, leg: LegId) -> Option<(u32, u32)> {
        let voice = self.voices.get(&leg)?;
        Some((voice.ear.rate(), voice.mouth.as_ref()?.rate()))
    }
}
