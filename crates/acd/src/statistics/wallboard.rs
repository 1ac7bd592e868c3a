//! One snapshot of all groups and agents, for the API, the metrics and a screen on the wall (F4).

use std::sync::Arc;
use std::time::Duration;

use model::agent_state::AgentState;
use model::directory::Availability;
use model::{GroupId, Millis, UserId};
use serde::Serialize;

use super::{AgentDay, GroupDay};
use crate::AgentView;

/// What groups and agents do at an instant, and did today.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Wallboard {
    /// When.
    pub at: Millis,
    /// Every group, by id.
    pub groups: Vec<GroupBoard>,
    /// Every agent, by id.
    pub agents: Vec<AgentBoard>,
}

/// A group. Counts of calls are those of today.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GroupBoard {
    /// Id.
    pub group: GroupId,
    /// Its name.
    pub name: Arc<str>,
    /// Callers who wait now.
    pub waiting: u32,
    /// How long the first of them has waited, ms; 0: nobody waits.
    pub longest_wait_ms: u64,
    /// Calls that began to search or to wait for its members.
    pub offered: u32,
    /// Calls that a member answered.
    pub answered: u32,
    /// Calls whose caller hung up before.
    pub abandoned: u32,
    /// Calls answered within the service level.
    pub within: u32,
    /// `within` of the answered and the abandoned, 0–1; `None`: there is none of them.
    pub service_level: Option<f64>,
    /// How long the answered and the abandoned waited on average, ms; `None`: there is none.
    pub wait_avg_ms: Option<u64>,
    /// How long one of them waited at most, ms.
    pub wait_max_ms: u64,
    /// How long its members talked in its calls, ms; of calls that are over.
    pub talk_ms: u64,
    /// Members who may be offered a call now.
    pub available: u32,
    /// Members whom a call rings.
    pub ringing: u32,
    /// Members on a call.
    pub on_call: u32,
    /// Members who finish the work of their last call.
    pub wrap_up: u32,
    /// Members who chose not to be offered calls.
    pub away: u32,
    /// Members without a telephone that answers: none is registered, or it is unreachable.
    pub offline: u32,
}

/// An agent. Counts of calls are those of today, in calls of groups.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AgentBoard {
    /// Id.
    pub user: UserId,
    /// Name shown to people.
    pub name: Arc<str>,
    /// What he is doing.
    pub state: AgentState,
    /// Whether he wants to be offered calls.
    pub availability: Availability,
    /// Why he does not.
    pub reason: Option<Arc<str>>,
    /// Since when he has been doing it.
    pub since: Millis,
    /// Calls answered.
    pub answered: u32,
    /// Offers that rang without an answer.
    pub missed: u32,
    /// How long he talked, ms; in calls that are over.
    pub talk_ms: u64,
    /// The groups of which he is a member, by id.
    pub groups: Vec<GroupId>,
}

impl GroupBoard {
    /// A group in which nobody waits and that has no members: [`waits`](Self::waits) and
    /// [`count`](Self::count) say otherwise.
    pub fn of(group: GroupId, name: Arc<str>, day: &GroupDay) -> Self {
        Self {
            group,
            name,
            waiting: 0,
            longest_wait_ms: 0,
            offered: day.offered,
            answered: day.answered,
            abandoned: day.abandoned,
            within: day.within,
            service_level: day.service_level(),
            wait_avg_ms: day.average_wait().map(millis),
            wait_max_ms: millis(day.longest),
            talk_ms: millis(day.talked),
            available: 0,
            ringing: 0,
            on_call: 0,
            wrap_up: 0,
            away: 0,
            offline: 0,
        }
    }

    /// A caller has waited for so long.
    pub fn waits(&mut self, since: Duration) {
        self.waiting = self.waiting.saturating_add(1);
        self.longest_wait_ms = self.longest_wait_ms.max(millis(since));
    }

    /// A member is doing this.
    pub fn count(&mut self, state: AgentState) {
        let count = match state {
            AgentState::OnCall => &mut self.on_call,
            AgentState::Offline | AgentState::Unreachable => &mut self.offline,
            AgentState::Ringing => &mut self.ringing,
            AgentState::Away => &mut self.away,
            AgentState::WrapUp => &mut self.wrap_up,
            AgentState::Available => &mut self.available,
        };
        *count = count.saturating_add(1);
    }
}

impl AgentBoard {
    /// An agent who is doing this, and what he did today.
    pub fn of(
        user: UserId,
        name: Arc<str>,
        view: AgentView,
        day: &AgentDay,
        groups: Vec<GroupId>,
    ) -> Self {
        let AgentView { state, since, availability, reason } = view;
        Self {
            user,
            name,
            state,
            availability,
            reason,
            since,
            answered: day.answered,
            missed: day.missed,
            talk_ms: millis(day.talked),
            groups,
        }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
