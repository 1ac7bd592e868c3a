//! What groups and agents did today (F4), counted as it happens: no look at the database, no list
//! of calls. Every number begins anew with the day. The tables are bounded.
//!
//! A call counts for a group when it is offered to it, and once more for how it ended there:
//! answered by a member, or abandoned by the caller. The rest of those offered still wait, or went
//! on to somewhere else.

mod wallboard;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use model::{GroupId, Millis, UserId};

pub use self::wallboard::{AgentBoard, GroupBoard, Wallboard};

/// Today's numbers of all groups and agents.
#[derive(Debug, Default)]
pub struct Statistics {
    day: i64,
    groups: BTreeMap<GroupId, GroupDay>,
    agents: BTreeMap<UserId, AgentDay>,
}

/// Today's numbers of a group. Counts stop at their greatest value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GroupDay {
    /// Calls that began to search or to wait for its members.
    pub offered: u32,
    /// Of them, those that a member answered.
    pub answered: u32,
    /// Those whose caller hung up before.
    pub abandoned: u32,
    /// Calls answered within the service level.
    pub within: u32,
    /// Time that the answered and the abandoned waited, together.
    pub waited: Duration,
    /// Longest time that one of them waited.
    pub longest: Duration,
    /// Time that its members talked in its calls.
    pub talked: Duration,
}

/// Today's numbers of an agent, in calls of groups.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AgentDay {
    /// Calls answered.
    pub answered: u32,
    /// Offers that rang without an answer.
    pub missed: u32,
    /// Time talked.
    pub talked: Duration,
}

impl Statistics {
    /// Groups of which numbers are kept; a further one is not counted before the next day.
    pub const GROUPS: usize = 10_000;
    /// Agents of whom numbers are kept; a further one is not counted before the next day.
    pub const AGENTS: usize = 50_000;

    /// Nothing has happened on 1 January 1970, the day 0.
    pub fn new() -> Self {
        Self::default()
    }

    /// The number of the day of UTC, for who has no other.
    pub fn utc_day(at: Millis) -> i64 {
        at.0.div_euclid(24 * 60 * 60 * 1_000)
    }

    /// Tells the number of the local day, as often as one likes; on another day all counts are
    /// 0 again. The day before is no other one: a clock that is set back by a little at midnight
    /// would else end the day twice.
    pub fn set_day(&mut self, day: i64) {
        if day != self.day && day.saturating_add(1) != self.day {
            self.day = day;
            self.groups.clear();
            self.agents.clear();
        }
    }

    /// A call begins to search or to wait for a member of a group.
    pub fn offered(&mut self, group: &GroupId) {
        self.in_group(group, |day| add(&mut day.offered));
    }

    /// Its caller hung up after this time.
    pub fn abandoned(&mut self, group: &GroupId, waited: Duration) {
        self.in_group(group, |day| {
            add(&mut day.abandoned);
            day.waited(waited);
        });
    }

    /// A member of the group answered it after this time; `level`: the group's service level.
    pub fn answered(&mut self, group: &GroupId, agent: &UserId, waited: Duration, level: Duration) {
        self.in_group(group, |day| {
            add(&mut day.answered);
            if waited <= level {
                add(&mut day.within);
            }
            day.waited(waited);
        });
        self.of_agent(agent, |day| add(&mut day.answered));
    }

    /// An offer of a group rang an agent without an answer.
    pub fn missed(&mut self, agent: &UserId) {
        self.of_agent(agent, |day| add(&mut day.missed));
    }

    /// A call of a group, answered by this agent, is over for him.
    pub fn talked(&mut self, group: &GroupId, agent: &UserId, time: Duration) {
        self.in_group(group, |day| day.talked = day.talked.saturating_add(time));
        self.of_agent(agent, |day| day.talked = day.talked.saturating_add(time));
    }

    /// Puts an agent's numbers where they were before a restart.
    pub fn restore(&mut self, agent: &UserId, answered: u32, talked: Duration) {
        self.of_agent(agent, |day| {
            day.answered = answered;
            day.talked = talked;
        });
    }

    /// Today's numbers of a group.
    pub fn group(&self, group: &GroupId) -> GroupDay {
        self.groups.get(group).copied().unwrap_or_default()
    }

    /// Today's numbers of an agent.
    pub fn agent(&self, agent: &UserId) -> AgentDay {
        self.agents.get(agent).copied().unwrap_or_default()
    }

    fn in_group(&mut self, group: &GroupId, change: impl FnOnce(&mut GroupDay)) {
        if let Some(day) = row(&mut self.groups, group, Self::GROUPS) {
            change(day);
        }
    }

    fn of_agent(&mut self, agent: &UserId, change: impl FnOnce(&mut AgentDay)) {
        if let Some(day) = row(&mut self.agents, agent, Self::AGENTS) {
            change(day);
        }
    }
}

impl GroupDay {
    /// The part of the calls that ended here which was answered within the service level, 0–1;
    /// `None`: none has ended.
    pub fn service_level(&self) -> Option<f64> {
        let ended = self.answered.saturating_add(self.abandoned);
        (ended > 0).then(|| f64::from(self.within) / f64::from(ended))
    }

    /// How long the answered and the abandoned waited on average; `None`: there is none.
    pub fn average_wait(&self) -> Option<Duration> {
        self.waited.checked_div(self.answered.saturating_add(self.abandoned))
    }

    fn waited(&mut self, time: Duration) {
        self.waited = self.waited.saturating_add(time);
        self.longest = self.longest.max(time);
    }
}

/// The row of a key; a new one while there is room.
fn row<'t, K: Ord + Clone, V: Default>(
    table: &'t mut BTreeMap<K, V>,
    key: &K,
    most: usize,
) -> Option<&'t mut V> {
    if !table.contains_key(key) {
        if table.len() >= most {
            return None;
        }
        table.insert(key.clone(), V::default());
    }
    table.get_mut(key)
}

fn add(count: &mut u32) {
    *count = count.saturating_add(1);
}
