//! The stages of a call, one struct each. An input consumes the stage and makes the next one, so
//! no state of a stage that is over can be looked at. Transfers will be stages of their own beside
//! [`bridged`].

pub(crate) mod arriving;
pub(crate) mod bridged;
pub(crate) mod calling_back;
pub(crate) mod code;
pub(crate) mod controlling;
pub(crate) mod ending;
pub(crate) mod hunting;
pub(crate) mod ivr;
pub(crate) mod mailbox;
pub(crate) mod parting;
pub(crate) mod told;
pub(crate) mod voicemail;
pub(crate) mod waiting;

use std::time::Duration;

use self::bridged::Bridged;
use self::calling_back::CallingBack;
use self::controlling::Controlling;
use self::hunting::Hunting;
use self::ivr::greeting::{self, Greeted};
use self::ivr::looking_up::LookingUp;
use self::ivr::menu::Asking;
use self::ivr::spelling::Spelling;
use self::mailbox::Mailbox;
use self::parting::Parting;
use self::told::Told;
use self::voicemail::Voicemail;
use self::waiting::Waiting;
use crate::basis::Basis;
use crate::ctx::Ctx;
use crate::leg::Far;
use crate::outbound::Dialing;
use crate::port::{CallInput, LegId};
use crate::routing::ringing::Ringing;

/// Where a call is.
#[derive(Debug)]
pub(crate) enum Stage {
    /// An IVR greets.
    Greeted(Greeted),
    /// An IVR asks for a digit.
    Menu(Asking),
    /// An IVR asks for a name.
    Spelling(Spelling),
    /// The caller leaves a message.
    Voicemail(Voicemail),
    /// A user listens to his messages.
    Mailbox(Mailbox),
    /// A code is about another call, and the switch has been asked.
    Controlling(Controlling),
    /// The caller is told something, and that is all.
    Told(Told),
    /// Who has the caller's number is being asked.
    LookingUp(LookingUp),
    /// Users are rung.
    Hunting(Hunting),
    /// The caller waits for a member of a group.
    Waiting(Waiting),
    /// He hears that he will be called back.
    Parting(Parting),
    /// A member is rung who is to call somebody back.
    CallingBack(Box<CallingBack>),
    /// A number outside is dialled.
    Dialing(Dialing),
    /// Two legs hear each other.
    Bridged(Bridged),
    /// Over.
    Ended,
}

impl Stage {
    pub(crate) fn handle(self, input: CallInput, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Self {
        match self {
            Self::Greeted(greeted) => greeted.handle(input, basis, ctx),
            Self::Menu(asking) => asking.handle(input, basis, ctx),
            Self::Spelling(spelling) => spelling.handle(input, basis, ctx),
            Self::Voicemail(voicemail) => voicemail.handle(input, basis, ctx),
            Self::Mailbox(mailbox) => mailbox.handle(input, basis, ctx),
            Self::Controlling(asked) => asked.handle(input, basis, ctx),
            Self::Told(told) => told.handle(input, basis, ctx),
            Self::LookingUp(asked) => asked.handle(input, basis, ctx),
            Self::Hunting(hunting) => hunting.handle(input, basis, ctx),
            Self::Waiting(waiting) => waiting.handle(input, basis, ctx),
            Self::Parting(parting) => parting.handle(input, basis, ctx),
            Self::CallingBack(calling) => calling.handle(input, basis, ctx),
            Self::Dialing(dialing) => dialing.handle(input, basis, ctx),
            Self::Bridged(bridged) => bridged.handle(input, basis, ctx),
            Self::Ended => self,
        }
    }

    pub(crate) fn timeout(self, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Self {
        match self {
            Self::Greeted(greeted) => greeted.timeout(basis, ctx),
            Self::Menu(asking) => asking.timeout(basis, ctx),
            Self::Spelling(spelling) => spelling.timeout(basis, ctx),
            Self::Voicemail(voicemail) => voicemail.timeout(basis, ctx),
            Self::Mailbox(mailbox) => mailbox.timeout(basis, ctx),
            Self::Controlling(_) => Controlling::timeout(basis, ctx),
            Self::Told(told) => told.timeout(basis, ctx),
            Self::LookingUp(asked) => asked.timeout(basis, ctx),
            Self::Hunting(hunting) => hunting.timeout(basis, ctx),
            Self::Waiting(waiting) => waiting.timeout(basis, ctx),
            Self::Parting(parting) => parting.timeout(basis, ctx),
            Self::CallingBack(calling) => calling.timeout(basis, ctx),
            Self::Dialing(dialing) => dialing.timeout(basis, ctx),
            Self::Bridged(_) | Self::Ended => self,
        }
    }

    pub(crate) fn deadline(&self) -> Option<Duration> {
        match self {
            Self::Greeted(greeted) => Some(greeted.deadline()),
            Self::Menu(asking) => Some(asking.deadline()),
            Self::Spelling(spelling) => Some(spelling.deadline()),
            Self::Voicemail(voicemail) => Some(voicemail.deadline()),
            Self::Mailbox(mailbox) => Some(mailbox.deadline()),
            Self::Controlling(asked) => Some(asked.deadline()),
            Self::Told(told) => Some(told.deadline()),
            Self::LookingUp(asked) => Some(asked.deadline()),
            Self::Hunting(hunting) => hunting.deadline(),
            Self::Waiting(waiting) => waiting.deadline(),
            Self::Parting(parting) => Some(parting.deadline()),
            Self::CallingBack(calling) => Some(calling.deadline()),
            Self::Dialing(dialing) => Some(dialing.deadline()),
            Self::Bridged(_) | Self::Ended => None,
        }
    }

    /// Who has been answered and is there.
    pub(crate) fn far(&self) -> Option<&Far> {
        match self {
            Self::Bridged(bridged) => Some(bridged.far()),
            Self::Greeted(_)
            | Self::Menu(_)
            | Self::Spelling(_)
            | Self::Voicemail(_)
            | Self::Mailbox(_)
            | Self::Controlling(_)
            | Self::Told(_)
            | Self::LookingUp(_)
            | Self::Hunting(_)
            | Self::Waiting(_)
            | Self::Parting(_)
            | Self::CallingBack(_)
            | Self::Dialing(_)
            | Self::Ended => None,
        }
    }

    pub(crate) fn far_legs(&self) -> impl Iterator<Item = LegId> {
        let (ringing, other) = match self {
            Self::Hunting(hunting) => (Some(hunting.ringing()), None),
            Self::Waiting(waiting) => (Some(waiting.ringing()), None),
            Self::Dialing(dialing) => (None, Some(dialing.leg())),
            Self::Bridged(bridged) => (None, Some(bridged.far().leg)),
            Self::Greeted(_)
            | Self::Menu(_)
            | Self::Spelling(_)
            | Self::Voicemail(_)
            | Self::Mailbox(_)
            | Self::Controlling(_)
            | Self::Told(_)
            | Self::Parting(_)
            | Self::CallingBack(_)
            | Self::LookingUp(_)
            | Self::Ended => (None, None),
        };
        ringing.into_iter().flat_map(Ringing::legs).chain(other)
    }
}
