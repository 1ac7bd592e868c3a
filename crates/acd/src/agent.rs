//! One agent: what is known of him, and the state that follows from it (D37; F3). The state is
//! always derived, never set, so it cannot disagree with what the agent does.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use model::agent_state::AgentState;
use model::directory::{Availability, DeviceKind, Directory, User};
use model::{CallId, GroupId, Millis, UserId};

/// How groups treat their members where they say nothing themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AgentDefaults {
    /// Time after a call of a group in which no other is offered, ms.
    pub wrap_up_ms: u64,
    /// A member who missed this many offers one after the other becomes away; 0: never.
    pub pause_after_missed: u16,
    /// A call answered within this time counts for the service level, ms.
    pub service_level_ms: u64,
}

impl Default for AgentDefaults {
    fn default() -> Self {
        Self { wrap_up_ms: 0, pause_after_missed: 0, service_level_ms: 20_000 }
    }
}

/// What a user has done today in calls of groups.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Today {
    /// Calls answered.
    pub answered: u32,
    /// Time talked.
    pub talked: Duration,
    /// When the last of them ended.
    pub last_ended: Option<Millis>,
}

/// How the ringing of an agent ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RingEnd {
    /// He answered.
    Answered,
    /// He let it ring; counts for the automatic pause.
    Missed,
    /// He declined, or was busy. A waiting call is not offered to him again.
    Declined,
    /// He could not be reached.
    Failed,
    /// He was stopped: somebody else answered, the caller left, the server stops.
    Stopped,
}

/// An agent as others see him.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentView {
    /// What he is doing.
    pub state: AgentState,
    /// Since when.
    pub since: Millis,
    /// What he chose.
    pub availability: Availability,
    /// Why, for people.
    pub reason: Option<Arc<str>>,
}

/// Number of an agent on the floor; given again only when nothing refers to him any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct AgentKey(pub(crate) u32);

/// Number of a group on the floor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct GroupKey(pub(crate) u32);

/// His place in a group.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seat {
    pub(crate) group: GroupKey,
    pub(crate) position: usize,
    pub(crate) weight: u16,
}

/// A call that rings him.
#[derive(Clone, Debug)]
pub(crate) struct Ring {
    pub(crate) call: CallId,
    pub(crate) group: Option<GroupId>,
    pub(crate) since: Duration,
    /// A waiting call rings him, or is about to: no other waiting call is offered to him.
    pub(crate) reserved: bool,
}

/// A call that he is on.
#[derive(Clone, Debug)]
pub(crate) struct Talk {
    pub(crate) call: CallId,
    /// In which he was found; its rules are his.
    pub(crate) group: Option<GroupId>,
    /// For which his answer counted, and his time counts.
    pub(crate) counts_for: Option<GroupId>,
    pub(crate) since: Duration,
}

/// What ranks a free agent among others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ranks {
    /// Free since, µs on the monotonic clock; before its epoch after a restart.
    pub(crate) free_since: i64,
    pub(crate) answered: u32,
    pub(crate) talked: Duration,
}

/// An agent.
#[derive(Debug)]
pub(crate) struct Agent {
    pub(crate) user: UserId,
    pub(crate) name: Arc<str>,
    pub(crate) skills: BTreeMap<Arc<str>, u8>,
    /// Whether the newest directory has him.
    pub(crate) known: bool,
    pub(crate) seats: Vec<Seat>,
    pub(crate) registered: bool,
    /// Groups ring him on a number outside, which needs no registration.
    pub(crate) outside: bool,
    pub(crate) unreachable: bool,
    pub(crate) availability: Availability,
    pub(crate) reason: Option<Arc<str>>,
    pub(crate) on: Vec<Talk>,
    pub(crate) ringing: Vec<Ring>,
    pub(crate) wraps_until: Option<Duration>,
    /// Waiting calls are not offered to him before.
    pub(crate) rests_until: Option<Duration>,
    pub(crate) missed_in_row: u16,
    pub(crate) ranks: Ranks,
    /// When the restored last call of today ended, µs as in `ranks`, until he is free first.
    pub(crate) restored: Option<i64>,
    /// What others were told last.
    pub(crate) told: (Availability, Option<Arc<str>>),
    pub(crate) state: AgentState,
    pub(crate) since: Millis,
    /// Whether his groups counted on him when last looked at.
    pub(crate) staffed: bool,
    /// Whether no call rang him when last looked at.
    pub(crate) quiet: bool,
    /// Whether he was free when last looked at.
    pub(crate) free: bool,
    /// With what he stands in the indexes of his groups; `None`: in none.
    pub(crate) listed: Option<Ranks>,
}

impl Agent {
    pub(crate) fn new(user: UserId, since: Millis) -> Self {
        Self {
            name: Arc::from(user.as_str()),
            user,
            skills: BTreeMap::new(),
            known: false,
            seats: Vec::new(),
            registered: false,
            outside: false,
            unreachable: false,
            availability: Availability::Available,
            reason: None,
            on: Vec::new(),
            ringing: Vec::new(),
            wraps_until: None,
            rests_until: None,
            missed_in_row: 0,
            ranks: Ranks { free_since: 0, answered: 0, talked: Duration::ZERO },
            restored: None,
            told: (Availability::Available, None),
            state: AgentState::Offline,
            since,
            staffed: false,
            quiet: true,
            free: false,
            listed: None,
        }
    }

    /// Takes over what a directory says of him; what he chose himself stays.
    pub(crate) fn read(&mut self, user: &User, directory: &Directory) {
        if !self.known {
            self.availability = user.availability;
            self.reason = None;
            self.told.0 = user.availability;
        }
        self.known = true;
        self.name.clone_from(&user.display_name);
        self.skills.clone_from(&user.skills);
        let receiver = user.acd_receiver.as_deref().and_then(|id| user.device(id));
        // Numbers of ours are not dialled outside: they would come back.
        let outside = |number: &Arc<str>| !directory.is_ours(number);
        self.outside = receiver.is_some_and(|device| {
            device.kind == DeviceKind::Number && device.number.as_ref().is_some_and(outside)
        });
    }

    /// D37: registered, reachable, available, neither on a call nor wrapping up.
    pub(crate) fn may_be_offered(&self) -> bool {
        self.known
            && self.present()
            && self.availability == Availability::Available
            && self.on.is_empty()
            && self.wraps_until.is_none()
    }

    /// Whether a waiting call may be offered to him now.
    pub(crate) fn may_be_reserved(&self) -> bool {
        self.may_be_offered()
            && self.rests_until.is_none()
            && !self.ringing.iter().any(|ring| ring.reserved)
    }

    /// Whether his group counts on him: there, and not away.
    pub(crate) fn is_staffed(&self) -> bool {
        self.known && self.present() && self.availability == Availability::Available
    }

    fn present(&self) -> bool {
        (self.registered || self.outside) && !self.unreachable
    }

    /// What he is doing.
    pub(crate) fn state_now(&self) -> AgentState {
        if !self.on.is_empty() {
            return AgentState::OnCall;
        }
        if !(self.registered || self.outside) {
            return AgentState::Offline;
        }
        if self.unreachable {
            return AgentState::Unreachable;
        }
        if !self.ringing.is_empty() {
            return AgentState::Ringing;
        }
        match self.availability {
            Availability::Busy | Availability::Away | Availability::Offline => AgentState::Away,
            Availability::Available if self.wraps_until.is_some() => AgentState::WrapUp,
            Availability::Available => AgentState::Available,
        }
    }

    /// Whether nothing is to be said of him.
    pub(crate) fn is_nobody(&self) -> bool {
        !self.known && !self.registered && self.on.is_empty() && self.ringing.is_empty()
    }

    /// As others see him.
    pub(crate) fn view(&self) -> AgentView {
        AgentView {
            state: self.state,
            since: self.since,
            availability: self.availability,
            reason: self.reason.clone(),
        }
    }

    /// How long he has been free.
    pub(crate) fn idle(&self, now: Duration) -> Duration {
        let micros = micros(now).saturating_sub(self.ranks.free_since);
        Duration::from_micros(u64::try_from(micros).unwrap_or(0))
    }

    pub(crate) fn seat(&self, group: GroupKey) -> Option<&Seat> {
        self.seats.iter().find(|seat| seat.group == group)
    }
}

/// A monotonic time in µs, as [`Ranks`] counts it.
pub(crate) fn micros(at: Duration) -> i64 {
    i64::try_from(at.as_micros()).unwrap_or(i64::MAX)
}
