//! What every leg would hear: a model of media that obeys the commands as `port::media` says, and
//! what must hold of it while people talk.

use std::collections::BTreeMap;

use call::port::{
    LegCommand, LegId, MediaCommand, Part, PartyStanding, PlayId, RoomId, Speaks, Standing,
};

/// What a leg hears when nothing plays to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ear {
    Leg(LegId),
    Room(RoomId, Part),
}

#[derive(Debug, Default)]
pub(crate) struct Media {
    ears: BTreeMap<LegId, Ear>,
    /// What plays for ever, and to whom.
    endless: BTreeMap<LegId, PlayId>,
}

impl Media {
    pub(crate) fn ordered(&mut self, command: &LegCommand) {
        #[expect(clippy::wildcard_enum_match_arm, reason = "the others are no matter of media")]
        match command {
            LegCommand::Bridge { a, b } => {
                for (leg, other) in [(*a, *b), (*b, *a)] {
                    self.let_go(leg);
                    self.ears.insert(leg, Ear::Leg(other));
                }
                self.ears.insert(*a, Ear::Leg(*b));
            }
            LegCommand::Unbridge { a, b } => {
                for (leg, other) in [(*a, *b), (*b, *a)] {
                    if self.ears.get(&leg) == Some(&Ear::Leg(other)) {
                        self.ears.remove(&leg);
                    }
                }
            }
            LegCommand::HangUp { leg, .. } => self.closed(*leg),
            _ => {}
        }
    }

    pub(crate) fn told(&mut self, command: &MediaCommand) {
        #[expect(clippy::wildcard_enum_match_arm, reason = "the others change no ear")]
        match command {
            MediaCommand::Join { leg, room, part } => {
                self.let_go(*leg);
                self.ears.insert(*leg, Ear::Room(*room, *part));
            }
            MediaCommand::Leave { leg } => {
                if matches!(self.ears.get(leg), Some(Ear::Room(..))) {
                    self.ears.remove(leg);
                }
            }
            MediaCommand::Play { leg, play, list } => {
                self.endless.remove(leg);
                if list.repeat {
                    self.endless.insert(*leg, *play);
                }
            }
            MediaCommand::StopPlay { leg } => {
                self.endless.remove(leg);
            }
            _ => {}
        }
    }

    /// A playing is over.
    pub(crate) fn played(&mut self, leg: LegId, play: PlayId) {
        if self.endless.get(&leg) == Some(&play) {
            self.endless.remove(&leg);
        }
    }

    /// The leg is gone; who heard it hears nobody.
    pub(crate) fn closed(&mut self, leg: LegId) {
        self.let_go(leg);
        self.ears.remove(&leg);
        self.endless.remove(&leg);
    }

    /// Whoever hears this leg alone hears it no more.
    fn let_go(&mut self, leg: LegId) {
        self.ears.retain(|_, ear| *ear != Ear::Leg(leg));
    }

    /// Whether one leg hears another.
    fn hears(&self, leg: LegId, other: LegId) -> bool {
        match (self.ears.get(&leg), self.ears.get(&other)) {
            (Some(Ear::Leg(heard)), _) => *heard == other,
            (Some(Ear::Room(room, part)), Some(Ear::Room(of_other, spoken))) => {
                let spoken = match spoken.speaks {
                    Speaks::ToAll => true,
                    Speaks::ToNobody => false,
                    Speaks::To(to) => to == leg,
                };
                room == of_other && part.hears && spoken
            }
            (_, _) => false,
        }
    }

    /// Who of a bridge has to hear each other does, and nobody hears another bridge.
    pub(crate) fn check(
        &self,
        standing: &Standing,
        leg_of: impl Fn(&PartyStanding) -> LegId,
    ) -> Result<(), String> {
        for (one, leg) in standing.parties.iter().map(|it| (it, leg_of(it))) {
            for (other, of_other) in standing.parties.iter().map(|it| (it, leg_of(it))) {
                if leg == of_other {
                    continue;
                }
                let hears = self.hears(leg, of_other);
                let together = one.bridge == other.bridge;
                let talk = [one, other].iter().all(|it| !it.holds && it.supervises.is_none());
                if together && talk && !other.muted {
                    if !hears {
                        return Err(format!("{:?} does not hear {:?}", one.leg, other.leg));
                    }
                    if self.endless.contains_key(&leg) {
                        return Err(format!("{:?} hears music instead", one.leg));
                    }
                }
                if hears && (!together || other.muted) {
                    return Err(format!("{:?} hears {:?}", one.leg, other.leg));
                }
            }
        }
        Ok(())
    }
}
