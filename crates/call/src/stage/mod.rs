//! The stages of a call, one struct each. An input consumes the stage and makes the next one, so
//! no state of a stage that is over can be looked at. Who talks is in [`crate::talk`].

pub(crate) mod arriving;
pub(crate) mod calling_back;
pub(crate) mod code;
pub(crate) mod controlling;
pub(crate) mod ending;
pub(crate) mod hunting;
pub(crate) mod ivr;
pub(crate) mod mailbox;
pub(crate) mod originating;
pub(crate) mod parting;
pub(crate) mod told;
pub(crate) mod voicemail;
pub(crate) mod waiting;

use std::time::Duration;

use model::call_graph::event::ConnectionSeq;

use self::calling_back::CallingBack;
use self::controlling::Controlling;
use self::hunting::Hunting;
use self::ivr::greeting::{self, Greeted};
use self::ivr::looking_up::LookingUp;
use self::ivr::menu::Asking;
use self::ivr::spelling::Spelling;
use self::mailbox::Mailbox;
use self::originating::Originating;
use self::parting::Parting;
use self::told::Told;
use self::voicemail::Voicemail;
use self::waiting::Waiting;
use crate::basis::Basis;
use crate::ctx::Ctx;
use crate::outbound::Dialing;
use crate::port::{CallInput, LegId};
use crate::routing::ringing::Ringing;
use crate::talk::{Search, Talk};

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
    /// A user is rung for whom a call was ordered.
    Originating(Box<Originating>),
    /// A number outside is dialled.
    Dialing(Dialing),
    /// Somebody has answered.
    Talking(Box<Talk>),
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
            Self::Originating(originating) => originating.handle(input, basis, ctx),
            Self::Dialing(dialing) => dialing.handle(input, basis, ctx),
            Self::Talking(talk) => talk.handle(input, basis, ctx),
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
            Self::Originating(originating) => originating.timeout(basis, ctx),
            Self::Dialing(dialing) => dialing.timeout(basis, ctx),
            Self::Talking(talk) => talk.timeout(basis, ctx),
            Self::Ended => self,
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
            Self::Originating(originating) => Some(originating.deadline()),
            Self::Dialing(dialing) => Some(dialing.deadline()),
            Self::Talking(talk) => talk.deadline(),
            Self::Ended => None,
        }
    }

    /// The talk, once somebody has answered.
    pub(crate) fn talk(&self) -> Option<&Talk> {
        if let Self::Talking(talk) = self { Some(talk) } else { None }
    }

    /// What rings while nobody has answered.
    pub(crate) fn ringing(&self) -> Option<&Ringing> {
        match self {
            Self::Hunting(hunting) => Some(hunting.ringing()),
            Self::Waiting(waiting) => Some(waiting.ringing()),
            Self::Greeted(_)
            | Self::Menu(_)
            | Self::Spelling(_)
            | Self::Voicemail(_)
            | Self::Mailbox(_)
            | Self::Controlling(_)
            | Self::Told(_)
            | Self::LookingUp(_)
            | Self::Parting(_)
            | Self::CallingBack(_)
            | Self::Originating(_)
            | Self::Dialing(_)
            | Self::Talking(_)
            | Self::Ended => None,
        }
    }

    /// The Connection for which a leg is dialled.
    pub(crate) fn connection_of(&self, leg: LegId) -> Option<ConnectionSeq> {
        match self {
            Self::Hunting(hunting) => Some(hunting.ringing().route().connection()),
            Self::Waiting(waiting) => Some(waiting.ringing().route().connection()),
            Self::Dialing(dialing) => Some(dialing.connection()),
            Self::Talking(talk) => {
                let search = talk.searches.iter().find(|search| search.has(leg));
                search.map(Search::connection)
            }
            Self::Greeted(_)
            | Self::Menu(_)
            | Self::Spelling(_)
            | Self::Voicemail(_)
            | Self::Mailbox(_)
            | Self::Controlling(_)
            | Self::Told(_)
            | Self::Parting(_)
            | Self::CallingBack(_)
            | Self::Originating(_)
            | Self::LookingUp(_)
            | Self::Ended => None,
        }
    }

    /// The legs other than the caller's while nobody has answered; those of all once they talk.
    pub(crate) fn legs(&self) -> Vec<LegId> {
        match self {
            Self::Hunting(hunting) => hunting.ringing().legs().collect(),
            Self::Waiting(waiting) => waiting.ringing().legs().collect(),
            Self::Dialing(dialing) => vec![dialing.leg()],
            Self::Talking(talk) => talk.legs(),
            Self::Greeted(_)
            | Self::Menu(_)
            | Self::Spelling(_)
            | Self::Voicemail(_)
            | Self::Mailbox(_)
            | Self::Controlling(_)
            | Self::Told(_)
            | Self::Parting(_)
            | Self::CallingBack(_)
            | Self::Originating(_)
            | Self::LookingUp(_)
            | Self::Ended => Vec::new(),
        }
    }
}
