//! What an agent is doing and why it changed (F3): decided by `acd::Floor`, told to telephones and
//! wallboards, kept in the log of the database.

use std::sync::Arc;

use crate::directory::Availability;
use crate::{Millis, UserId, text_enum};

text_enum! {
    /// What an agent is doing; of several the first one in this list.
    AgentState {
        /// He is on a call, even if his registration ended meanwhile.
        OnCall = "on_call",
        /// No telephone of his is registered.
        Offline = "offline",
        /// His telephone is registered and answers nothing.
        Unreachable = "unreachable",
        /// A call rings him.
        Ringing = "ringing",
        /// He chose not to be offered calls.
        Away = "away",
        /// He finishes the work of his last call.
        WrapUp = "wrap_up",
        /// He may be offered calls.
        Available = "available",
    }
    /// What changed the state of an agent.
    ChangeSource {
        /// The server started.
        Start = "start",
        /// A telephone registered, or its registration ended.
        Registration = "registration",
        /// A telephone answered nothing.
        Alert = "alert",
        /// A call rang him, began or ended.
        Call = "call",
        /// A time was over: his wrap-up.
        Time = "time",
        /// He missed as many calls as the group allows.
        Missed = "missed",
        /// He dialled a code.
        Phone = "phone",
        /// Somebody asked by the API.
        Api = "api",
        /// The directory changed.
        Directory = "directory",
    }
}

/// A change of what an agent is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentChange {
    /// Who.
    pub user: UserId,
    /// When.
    pub at: Millis,
    /// What he is doing now.
    pub state: AgentState,
    /// Whether he wants to be offered calls.
    pub availability: Availability,
    /// Why he does not: what he dialled or said, such as `3` or `lunch`.
    pub reason: Option<Arc<str>>,
    /// What changed it.
    pub source: ChangeSource,
}
