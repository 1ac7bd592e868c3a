//! The stages of a call, one struct each. An input consumes the stage and makes the next one, so
//! no state of a stage that is over can be looked at. Transfers will be stages of their own beside
//! [`bridged`]; prompts and menus make [`ivr`] one that waits.

pub(crate) mod arriving;
pub(crate) mod bridged;
pub(crate) mod ending;
pub(crate) mod hunting;
pub(crate) mod ivr;

use std::time::Duration;

use self::bridged::Bridged;
use self::hunting::Hunting;
use crate::basis::Basis;
use crate::ctx::Ctx;
use crate::outbound::Dialing;
use crate::port::{CallInput, LegId};

/// Where a call is.
#[derive(Debug)]
pub(crate) enum Stage {
    /// Users are rung.
    Hunting(Hunting),
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
            Self::Hunting(hunting) => hunting.handle(input, basis, ctx),
            Self::Dialing(dialing) => dialing.handle(input, basis, ctx),
            Self::Bridged(bridged) => bridged.handle(input, basis, ctx),
            Self::Ended => self,
        }
    }

    pub(crate) fn timeout(self, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Self {
        match self {
            Self::Hunting(hunting) => hunting.timeout(basis, ctx),
            Self::Dialing(dialing) => dialing.timeout(basis, ctx),
            Self::Bridged(_) | Self::Ended => self,
        }
    }

    pub(crate) fn deadline(&self) -> Option<Duration> {
        match self {
            Self::Hunting(hunting) => hunting.deadline(),
            Self::Dialing(dialing) => Some(dialing.deadline()),
            Self::Bridged(_) | Self::Ended => None,
        }
    }

    pub(crate) fn far_legs(&self) -> impl Iterator<Item = LegId> {
        let (hunting, other) = match self {
            Self::Hunting(hunting) => (Some(hunting.legs()), None),
            Self::Dialing(dialing) => (None, Some(dialing.leg())),
            Self::Bridged(bridged) => (None, Some(bridged.leg())),
            Self::Ended => (None, None),
        };
        hunting.into_iter().flatten().chain(other)
    }
}
