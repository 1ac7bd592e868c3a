//! A room: who is in it, with which part, and at which rate it is mixed.
//!
//! Digits of a member (RFC 4733) are not passed on to the others: in a room they are meant for us.

use std::collections::BTreeMap;

use audio::mixer::{MemberId, Mixer, MixerConfig, Part as MixerPart, Speaks as MixerSpeaks};
use call::port::{LegId, Part, Speaks};

use super::wheel::Slot;
use super::{Link, NARROWBAND};

struct Member {
    id: MemberId,
    part: Part,
    /// From its voice's rate to the room's.
    link: Link,
}

/// A room with somebody in it.
pub(crate) struct Room {
    mixer: Mixer,
    rate: u32,
    members_max: usize,
    members: BTreeMap<LegId, Member>,
    next: u32,
    /// When it is mixed: all members have this slot.
    pub(crate) slot: Slot,
    /// A member's voice at the room's rate.
    carried: Vec<i16>,
}

impl Room {
    pub(crate) fn new(slot: Slot, members_max: usize) -> Self {
        Self {
            mixer: mixer(NARROWBAND, members_max),
            rate: NARROWBAND,
            members_max,
            members: BTreeMap::new(),
            next: 0,
            slot,
            carried: Vec::new(),
        }
    }

    /// The rate at which it is mixed, Hz.
    pub(crate) fn rate(&self) -> u32 {
        self.rate
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Who is in it.
    pub(crate) fn legs(&self) -> impl Iterator<Item = LegId> + '_ {
        self.members.keys().copied()
    }

    /// Mixes at another rate from now on.
    pub(crate) fn set_rate(&mut self, rate: u32) {
        if rate == self.rate {
            return;
        }
        self.rate = rate;
        self.mixer = mixer(rate, self.members_max);
        for member in self.members.values() {
            // As many as were in it before.
            let _ = self.mixer.join(member.id, MixerPart::default());
        }
        self.set_parts();
    }

    /// Lets a leg in, or changes its part. `false`: the room is full.
    pub(crate) fn join(&mut self, leg: LegId, part: Part) -> bool {
        if let Some(member) = self.members.get_mut(&leg) {
            member.part = part;
        } else {
            let id = MemberId(self.next);
            if self.mixer.join(id, MixerPart::default()).is_err() {
                return false;
            }
            self.next = self.next.wrapping_add(1);
            self.members.insert(leg, Member { id, part, link: Link::default() });
        }
        self.set_parts();
        true
    }

    pub(crate) fn leave(&mut self, leg: LegId) {
        if let Some(member) = self.members.remove(&leg) {
            self.mixer.leave(member.id);
            self.set_parts();
        }
    }

    /// Who whispers to somebody who is not here whispers to nobody.
    fn set_parts(&mut self) {
        for member in self.members.values() {
            let speaks = match member.part.speaks {
                Speaks::ToAll => MixerSpeaks::All,
                Speaks::ToNobody => MixerSpeaks::Nobody,
                Speaks::To(leg) => self
                    .members
                    .get(&leg)
                    .map_or(MixerSpeaks::Nobody, |to| MixerSpeaks::Only(to.id)),
            };
            self.mixer.set_part(member.id, MixerPart { hears: member.part.hears, speaks });
        }
    }

    /// What a member says in this turn.
    pub(crate) fn contribute(&mut self, leg: LegId, rate: u32, frame: &[i16]) {
        let Some(member) = self.members.get_mut(&leg) else {
            return;
        };
        self.carried.clear();
        member.link.carry(rate, self.rate, frame, &mut self.carried);
        self.mixer.contribute(member.id, &self.carried);
    }

    /// Everybody has said what he says in this turn.
    pub(crate) fn mix(&mut self) {
        self.mixer.tick();
    }

    /// What a member hears in this turn, instead of what is in `out`.
    pub(crate) fn mix_for(&mut self, leg: LegId, out: &mut Vec<i16>) {
        out.clear();
        if let Some(member) = self.members.get(&leg) {
            self.mixer.mix_for(member.id, out);
        }
    }
}

fn mixer(rate: u32, members_max: usize) -> Mixer {
    Mixer::new(MixerConfig { members_max, ..MixerConfig::new(rate) })
}
