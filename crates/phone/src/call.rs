//! One call of a phone: where it stands.

use std::time::Duration;

use sip::message::Uri;
use sip::user_agent_core::{DialogId, InviteId, OutInviteId};

use crate::config::CallPlan;
use crate::event::{Direction, EndCause};
use crate::media::Session;

/// A call.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) direction: Direction,
    pub(crate) stage: Stage,
    pub(crate) session: Session,
    pub(crate) plan: CallPlan,
    /// The direction we asked for last, for the retry after a glare.
    pub(crate) wanted: sdp::Direction,
    /// The offer that the answer is to be made for.
    pub(crate) offer: Option<bytes::Bytes>,
    /// The other side, as the display shows it.
    pub(crate) shown: Shown,
    /// The other side's address, for a third party that is to reach it.
    pub(crate) peer: Option<Uri>,
    /// The early dialog of a call that we placed.
    pub(crate) early: Option<DialogId>,
    /// How it will have ended, once the other side has said so.
    pub(crate) ending: Option<EndCause>,
}

/// Who the other side is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Shown {
    pub(crate) name: Option<String>,
    pub(crate) number: String,
}

/// A request in a dialog whose answer is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    Info,
    Refer,
}

/// How far a call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// We are called.
    Ringing(InviteId),
    /// We call.
    Calling(OutInviteId),
    /// Both have agreed; `confirmed` once the ACK was sent or received.
    Up { dialog: DialogId, confirmed: bool },
}

/// What a phone does by itself at some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Act {
    Answer,
    Decline(u16),
    HangUp,
    GiveUp,
    /// Asks for the direction again that another re-INVITE stood in the way of.
    ChangeAgain,
    Register,
}

/// How long a change that met another one waits before it is asked for again.
pub(crate) const CHANGE_AGAIN_AFTER: Duration = Duration::from_millis(500);
