//! What calls share about agents: who is there, who is on a call, which calls ring whom, who waits
//! for one of them, and the round-robin cursor of each group (R113, D37, D42; F3, F4). It
//! guarantees that no waiting call is offered an agent whom another one rings, that no caller
//! stands in two places, and that whatever a call reserved is free again when it lets go.
//!
//! Every change of an agent ends in [`Floor::settle`], which derives all that follows from it:
//! his state, the indexes of his groups, who is told.

mod calls;
mod counts;
mod dispatch;
mod group;
mod last_agents;
mod people;
mod search;
mod shortlist;
mod timers;
mod waiter;
mod waiting;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use model::agent_state::{AgentChange, AgentState, ChangeSource};
use model::directory::Availability;
use model::{CallId, E164, GroupId, Millis, Now, UserId};

use self::group::Group;
use self::last_agents::LastAgents;
use self::timers::{Due, Timers};
use self::waiting::{Queue, Stage};
use crate::agent::{Agent, AgentDefaults, AgentKey, AgentView, GroupKey, Ranks, micros};
use crate::statistics::Statistics;

/// State of agents, groups and waiting callers.
#[derive(Debug, Default)]
pub struct Floor {
    defaults: AgentDefaults,
    agents: Vec<Option<Agent>>,
    keys: BTreeMap<UserId, AgentKey>,
    vacant: Vec<AgentKey>,
    groups: Vec<Group>,
    group_keys: BTreeMap<GroupId, GroupKey>,
    cursors: BTreeMap<GroupId, UserId>,
    queue: Queue,
    /// Stages of calls that search a group without waiting.
    stages: BTreeMap<CallId, Stage>,
    /// Who became free since the last dispatch.
    woken: BTreeSet<AgentKey>,
    timers: Timers,
    last_agents: LastAgents,
    changes: VecDeque<AgentChange>,
    statistics: Statistics,
    /// The day that is counted; whether it is told from outside.
    day: Option<i64>,
    local_days: bool,
    random: u64,
}

impl Floor {
    /// Callers and callbacks that wait at one time, in all groups.
    pub const WAITING: usize = 20_000;
    /// Telephone numbers of which the last agent is known; the oldest goes.
    pub const LAST_AGENTS: usize = 50_000;
    /// Changes that nobody has fetched; the oldest goes.
    pub const CHANGES: usize = 65_536;
    /// Stages of calls that search a group without waiting; the first id goes.
    pub const STAGES: usize = 20_000;
    /// After an offer that could not reach him an agent is not offered a waiting call for so long.
    pub const REST: Duration = Duration::from_secs(5);
    /// Offers that come to nothing begin at least this far apart, for a call and for an agent.
    pub const OFFER_GAP: Duration = Duration::from_secs(1);
    /// A callback is given up so long after the caller asked for it.
    pub const CALLBACK_LIFETIME: Duration = Duration::from_secs(4 * 3600);
    /// A callback is given up after so many members let it ring, or declined.
    pub const CALLBACK_OFFERS: u32 = 10;
    /// A callback that was offered and not begun is offered again after this time.
    pub const CALLBACK_BEGINS: Duration = Duration::from_secs(10);

    /// Nobody is there.
    pub fn new() -> Self {
        Self::default()
    }

    /// Nobody is there; lots are drawn from this seed.
    pub fn seeded(seed: u64) -> Self {
        Self { random: seed, ..Self::default() }
    }

    /// Says whether a user has at least one registered device. A registration also ends that he
    /// is unreachable.
    pub fn set_registered(&mut self, user: &UserId, registered: bool, now: Now) {
        self.change(user, ChangeSource::Registration, now, |agent| {
            agent.registered = registered;
            if registered {
                agent.unreachable = false;
            }
        });
        // Who could be rung outside only can call somebody back now.
        if let Some(&key) = self.keys.get(user)
            && registered
            && self.agent_ref(key).is_some_and(|agent| agent.outside && agent.listed.is_some())
        {
            self.woken.insert(key);
        }
    }

    /// His telephone answers nothing: no call is offered to him before it registers again, or he
    /// calls or answers.
    pub fn set_unreachable(&mut self, user: &UserId, now: Now) {
        self.change(user, ChangeSource::Alert, now, |agent| agent.unreachable = true);
    }

    /// Whether a user has a registered device.
    pub fn is_registered(&self, user: &UserId) -> bool {
        self.find(user).is_some_and(|agent| agent.registered)
    }

    /// Sets whether groups may offer a user calls, and why not. To be available ends his wrap-up.
    pub fn set_availability(
        &mut self,
        user: &UserId,
        availability: Availability,
        reason: Option<Arc<str>>,
        source: ChangeSource,
        now: Now,
    ) {
        let Some(&key) = self.keys.get(user) else {
            return;
        };
        if availability == Availability::Available {
            self.end_wrap_up(key);
        }
        let Some(agent) = self.agent_mut(key) else {
            return;
        };
        agent.availability = availability;
        agent.reason = reason;
        agent.missed_in_row = 0;
        self.settle(key, source, now);
    }

    /// What an agent is doing. Of whom nothing is known is offline.
    pub fn agent(&self, user: &UserId) -> AgentView {
        self.find(user).map_or(
            AgentView {
                state: AgentState::Offline,
                since: Millis(0),
                availability: Availability::Offline,
                reason: None,
            },
            Agent::view,
        )
    }

    /// Whether a group may offer this user a call (D37): registered, reachable, available, neither
    /// on a call nor wrapping up. Who rings elsewhere may.
    pub fn may_be_offered(&self, user: &UserId) -> bool {
        self.find(user).is_some_and(Agent::may_be_offered)
    }

    /// Whether anybody of a group is there and not away; he may be on a call.
    pub fn is_staffed(&self, group: &GroupId) -> bool {
        self.group(group).is_some_and(|group| group.staffed > 0)
    }

    /// The member of a group who was last offered a call.
    pub fn cursor(&self, group: &GroupId) -> Option<&UserId> {
        self.cursors.get(group)
    }

    /// Puts a cursor where it was before a restart.
    pub fn restore_cursor(&mut self, group: GroupId, user: UserId) {
        self.cursors.insert(group, user);
    }

    /// Moves the cursor of a group.
    pub fn move_cursor(&mut self, group: &GroupId, user: &UserId) {
        match self.cursors.get_mut(group) {
            Some(cursor) => cursor.clone_from(user),
            None => {
                self.cursors.insert(group.clone(), user.clone());
            }
        }
    }

    /// The user with whom a number talked last.
    pub fn last_agent(&self, number: &E164) -> Option<&UserId> {
        self.last_agents.of(number)
    }

    /// A number talked with a user.
    pub fn talked_with(&mut self, number: E164, user: UserId) {
        self.last_agents.insert(number, user);
    }

    /// The next time at which [`Floor::due`] has something to do, monotonic.
    pub fn deadline(&self) -> Option<Duration> {
        self.timers.next()
    }

    /// Time has passed: wrap-ups and rests end, needs relax, further groups are searched.
    pub fn due(&mut self, now: Now) {
        self.roll(now);
        while let Some(due) = self.timers.pop(now.mono) {
            match due {
                Due::WrapUp(key) => {
                    if let Some(agent) = self.agent_mut(key) {
                        agent.wraps_until = None;
                    }
                    self.settle(key, ChangeSource::Time, now);
                }
                Due::Rest(key) => {
                    if let Some(agent) = self.agent_mut(key) {
                        agent.rests_until = None;
                    }
                    self.settle(key, ChangeSource::Time, now);
                }
                Due::Place(number) => self.place_due(number, now),
            }
        }
    }

    /// What has changed since it was asked last, for the log and for whoever watches.
    pub fn changes(&mut self) -> Vec<AgentChange> {
        Vec::from(std::mem::take(&mut self.changes))
    }

    fn find(&self, user: &UserId) -> Option<&Agent> {
        self.keys.get(user).and_then(|&key| self.agent_ref(key))
    }

    fn agent_ref(&self, key: AgentKey) -> Option<&Agent> {
        self.agents.get(key.0 as usize)?.as_ref()
    }

    fn agent_mut(&mut self, key: AgentKey) -> Option<&mut Agent> {
        self.agents.get_mut(key.0 as usize)?.as_mut()
    }

    fn group(&self, id: &GroupId) -> Option<&Group> {
        self.group_keys.get(id).and_then(|&key| self.groups.get(key.0 as usize))
    }

    /// Changes one agent, of whom nothing may be known yet, and all that follows from it.
    fn change(
        &mut self,
        user: &UserId,
        source: ChangeSource,
        now: Now,
        change: impl FnOnce(&mut Agent),
    ) {
        let key = self.key_of(user, now);
        if let Some(agent) = self.agent_mut(key) {
            change(agent);
        }
        self.settle(key, source, now);
    }

    fn key_of(&mut self, user: &UserId, now: Now) -> AgentKey {
        if let Some(&key) = self.keys.get(user) {
            return key;
        }
        let agent = Agent::new(user.clone(), now.wall);
        let key = if let Some(key) = self.vacant.pop() {
            self.agents[key.0 as usize] = Some(agent);
            key
        } else {
            self.agents.push(Some(agent));
            AgentKey(u32::try_from(self.agents.len() - 1).unwrap_or(u32::MAX))
        };
        self.keys.insert(user.clone(), key);
        key
    }

    /// Derives what follows from a change of an agent. Constant but for his groups, logarithmic
    /// in their members.
    fn settle(&mut self, key: AgentKey, source: ChangeSource, now: Now) {
        let Some(agent) = self.agents.get_mut(key.0 as usize).and_then(Option::as_mut) else {
            return;
        };
        let free = agent.may_be_offered();
        if free && !agent.free {
            agent.ranks.free_since = agent.restored.take().unwrap_or(micros(now.mono));
        }
        agent.free = free;
        let listed = agent.may_be_reserved().then_some(agent.ranks);
        let staffed = agent.is_staffed();
        for seat in &agent.seats {
            let group = &mut self.groups[seat.group.0 as usize];
            if agent.listed != listed {
                if let Some(ranks) = agent.listed {
                    group.free.remove(seat.position, ranks);
                }
                if let Some(ranks) = listed {
                    group.free.insert(seat.position, key, ranks);
                }
            }
            if agent.staffed != staffed {
                group.staffed = if staffed { group.staffed + 1 } else { group.staffed - 1 };
            }
        }
        let quiet = agent.ringing.is_empty();
        if listed.is_none() {
            self.woken.remove(&key);
        } else if agent.listed.is_none() || (quiet && !agent.quiet) {
            self.woken.insert(key);
        }
        agent.listed = listed;
        agent.staffed = staffed;
        agent.quiet = quiet;
        let state = agent.state_now();
        let said = agent.told.0 != agent.availability || agent.told.1 != agent.reason;
        if state != agent.state {
            agent.state = state;
            agent.since = now.wall;
            self.tell(key, source, now.wall);
        } else if said {
            self.tell(key, source, now.wall);
        }
        if self.agent_ref(key).is_some_and(Agent::is_nobody) {
            self.remove(key);
        }
    }

    fn tell(&mut self, key: AgentKey, source: ChangeSource, at: Millis) {
        let Some(agent) = self.agents.get_mut(key.0 as usize).and_then(Option::as_mut) else {
            return;
        };
        agent.told = (agent.availability, agent.reason.clone());
        if !agent.known {
            return;
        }
        if self.changes.len() >= Self::CHANGES {
            self.changes.pop_front();
        }
        self.changes.push_back(AgentChange {
            user: agent.user.clone(),
            at,
            state: agent.state,
            availability: agent.availability,
            reason: agent.reason.clone(),
            source,
        });
    }

    /// Nothing is to be said of an agent any more. Whatever refers to his number is told.
    fn remove(&mut self, key: AgentKey) {
        self.end_wrap_up(key);
        self.end_rest(key);
        let Some(agent) = self.agents.get_mut(key.0 as usize).and_then(Option::take) else {
            return;
        };
        self.keys.remove(&agent.user);
        self.woken.remove(&key);
        self.queue.forget_agent(key);
        self.vacant.push(key);
    }

    fn end_wrap_up(&mut self, key: AgentKey) {
        if let Some(until) = self.agent_mut(key).and_then(|agent| agent.wraps_until.take()) {
            self.timers.remove(until, Due::WrapUp(key));
        }
    }

    fn end_rest(&mut self, key: AgentKey) {
        if let Some(until) = self.agent_mut(key).and_then(|agent| agent.rests_until.take()) {
            self.timers.remove(until, Due::Rest(key));
        }
    }

    fn wrap_up(&mut self, key: AgentKey, until: Duration) {
        let Some(agent) = self.agent_mut(key) else {
            return;
        };
        let until = agent.wraps_until.map_or(until, |other| other.max(until));
        self.end_wrap_up(key);
        if let Some(agent) = self.agent_mut(key) {
            agent.wraps_until = Some(until);
        }
        self.timers.insert(until, Due::WrapUp(key));
    }

    /// No waiting call is offered to him before `until`; nothing where that has passed.
    fn rest(&mut self, key: AgentKey, until: Duration, now: Duration) {
        let Some(agent) = self.agent_mut(key) else {
            return;
        };
        let until = agent.rests_until.map_or(until, |other| other.max(until));
        if until <= now {
            return;
        }
        self.end_rest(key);
        if let Some(agent) = self.agent_mut(key) {
            agent.rests_until = Some(until);
        }
        self.timers.insert(until, Due::Rest(key));
    }

    /// Changes what ranks him; [`Floor::settle`] puts him into the indexes anew.
    fn rank(&mut self, key: AgentKey, change: impl FnOnce(&mut Ranks)) {
        if let Some(agent) = self.agent_mut(key) {
            change(&mut agent.ranks);
        }
    }
}
