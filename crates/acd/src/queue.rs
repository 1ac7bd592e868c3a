//! Words of waiting: a place in a queue, what it is offered, where it stands (F4).

use std::sync::Arc;
use std::time::Duration;

use model::directory::{AcdStrategy, SkillNeed};
use model::{CallId, E164, GroupId, NumberId, UserId};

use crate::strategy::SearchRules;

/// A caller who begins to wait.
#[derive(Clone, Debug)]
pub struct Place {
    /// His call.
    pub call: CallId,
    /// The group for which he waits.
    pub group: GroupId,
    /// Further groups that are searched as well after this time; the first
    /// [`Place::ALSO_GROUPS`] count.
    pub also: Vec<(GroupId, Duration)>,
    /// How members are tried.
    pub strategy: AcdStrategy,
    /// Laps, and steps of a progressive simulring. After `max_rounds` laps the place gets one
    /// [`Offer`] without members and no other.
    pub rules: SearchRules,
    /// Higher goes first.
    pub priority: i32,
    /// What a member must master; the first [`Place::SKILLS`] count.
    pub skills: Vec<SkillNeed>,
    /// Members that may ring for it at one time; who is beyond is passed over.
    pub ring_at_most: usize,
    /// Callers and callbacks that may wait for the group at one time.
    pub max_size: u32,
}

impl Place {
    /// The most further groups of one place.
    pub const ALSO_GROUPS: usize = 10;
    /// The most skills that one place asks for.
    pub const SKILLS: usize = 10;
}

/// The queue of the group has no place left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("as many callers wait as may wait")]
pub struct QueueFull;

/// A caller who hung up and is called back when it is his turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Callback {
    /// His number.
    pub number: E164,
    /// The Caller ID that he is shown.
    pub caller_id: NumberId,
    /// His name, for the agent.
    pub name: Option<Arc<str>>,
}

/// Where a caller stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// His place, from 1.
    pub position: u32,
    /// How many wait.
    pub waiting: u32,
    /// How long it will take; `None`: nothing is known yet, or nobody is there.
    pub expected_wait: Option<Duration>,
}

/// It is somebody's turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Whose.
    pub to: Turned,
    /// Whom to ring, each with the group in which he was found. They count as rung by the call
    /// from here on. Empty: every lap is over, nobody will be offered any more.
    pub members: Vec<(UserId, GroupId)>,
    /// Number of the lap, from 1 (`attempt.round`, D38).
    pub round: u16,
}

/// Whose turn it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turned {
    /// A caller who waits.
    Caller(CallId),
    /// A caller who is to be called back: the member is rung first, by a new call, of which the
    /// floor is told by [`Floor::begin_callback`](crate::Floor::begin_callback).
    Callback {
        /// The call in which he asked for it.
        place: CallId,
        /// Whom to call.
        callback: Callback,
    },
}
