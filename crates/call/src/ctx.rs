//! What one step of a call is given: the time, the directory, what all calls share, and the list
//! on which its effects are pushed. Nothing of it is kept between steps but the directory of the
//! first one.

use std::sync::Arc;

use model::Now;
use model::directory::Directory;

use crate::limits::Settings;
use crate::port::{CallOutput, LegCommand, LegId, MediaCommand, PlayId, RoomId};
use crate::voicemail::Mailboxes;
use acd::Floor;

/// Surroundings of one step.
#[derive(Debug)]
pub struct Ctx<'a> {
    /// The time of the input; every row written for it carries this time (D40).
    pub now: Now,
    /// The newest directory. A call keeps the one it began with; of later ones it reads only
    /// whether a user is available now.
    pub directory: &'a Arc<Directory>,
    /// What calls share about agents.
    pub floor: &'a mut Floor,
    /// All voice messages.
    pub mailboxes: &'a mut Mailboxes,
    /// Where new legs get their numbers.
    pub legs: &'a mut LegIds,
    /// Ring times and limits.
    pub settings: &'a Settings,
    /// Effects, in causal order.
    pub out: &'a mut Vec<CallOutput>,
}

impl Ctx<'_> {
    pub(crate) fn order(&mut self, command: LegCommand) {
        self.out.push(CallOutput::Leg(command));
    }

    pub(crate) fn media(&mut self, command: MediaCommand) {
        self.out.push(CallOutput::Media(command));
    }
}

/// Gives legs their numbers, from 1, and what is played to them; one for the whole process.
#[derive(Debug, Default)]
pub struct LegIds {
    legs: u64,
    plays: u64,
    rooms: u64,
}

impl LegIds {
    /// A number that no leg of this process has had.
    pub fn mint(&mut self) -> LegId {
        self.legs += 1;
        LegId(self.legs)
    }

    /// A playing that this process has not had.
    pub(crate) fn mint_play(&mut self) -> PlayId {
        self.plays += 1;
        PlayId(self.plays)
    }

    /// A room that this process has not had.
    pub(crate) fn mint_room(&mut self) -> RoomId {
        self.rooms += 1;
        RoomId(self.rooms)
    }
}
