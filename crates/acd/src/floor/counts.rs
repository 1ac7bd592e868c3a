//! What the floor tells the statistics, and the wallboard that comes of it (F4). A call counts for
//! the group that it searched or waited for, whoever answered it.

use std::time::Duration;

use model::{CallId, GroupId, Now, UserId};

use super::Floor;
use super::waiting::Stage;
use crate::agent::{AgentKey, GroupKey};
use crate::statistics::{AgentBoard, GroupBoard, Statistics, Wallboard};

impl Floor {
    /// A stage of a call that does not wait begins to search a group.
    pub fn offered(&mut self, group: &GroupId, call: &CallId, now: Now) {
        self.roll(now);
        let key = self.group_key(group);
        self.count_offered(key);
        self.stage_begins(call, key, now.mono);
    }

    /// That stage is over without an answer; `caller_left`: because the caller hung up.
    pub fn unanswered(&mut self, call: &CallId, caller_left: bool, now: Now) {
        self.roll(now);
        if let Some(stage) = self.stages.remove(call)
            && caller_left
        {
            let key = self.group_key(&stage.group);
            self.count_abandoned(key, now.mono.saturating_sub(stage.since));
        }
    }

    /// Tells the number of the local day, as often as one likes. Who never does has UTC's.
    pub fn set_day(&mut self, day: i64, now: Now) {
        self.local_days = true;
        self.begin_day(day, now);
    }

    /// Everything that is to be seen at a glance. Linear in agents, seats and waiting callers.
    pub fn wallboard(&self, now: Now) -> Wallboard {
        let mut groups: Vec<GroupBoard> = Vec::with_capacity(self.groups.len());
        for group in &self.groups {
            let day = self.statistics.group(&group.id);
            groups.push(GroupBoard::of(group.id.clone(), group.name.clone(), &day));
        }
        for waiter in self.queue.places.values() {
            groups[waiter.groups[0].0 as usize].waits(waiter.waited(now.mono));
        }
        let mut agents = Vec::with_capacity(self.keys.len());
        for agent in self.keys.values().filter_map(|&key| self.agent_ref(key)) {
            if !agent.known {
                continue;
            }
            for seat in &agent.seats {
                groups[seat.group.0 as usize].count(agent.state);
            }
            let of = agent.seats.iter().map(|seat| self.groups[seat.group.0 as usize].id.clone());
            let day = self.statistics.agent(&agent.user);
            let (user, name) = (agent.user.clone(), agent.name.clone());
            agents.push(AgentBoard::of(user, name, agent.view(), &day, of.collect()));
        }
        let known = self.groups.iter().map(|group| group.known);
        let groups = groups.into_iter().zip(known).filter(|(_, known)| *known);
        let mut groups: Vec<GroupBoard> = groups.map(|(group, _)| group).collect();
        groups.sort_by(|a, b| a.group.cmp(&b.group));
        Wallboard { at: now.wall, groups, agents }
    }

    /// Another day of UTC may have begun.
    pub(super) fn roll(&mut self, now: Now) {
        if !self.local_days {
            self.begin_day(Statistics::utc_day(now.wall), now);
        }
    }

    /// Linear in the agents, once a day.
    fn begin_day(&mut self, day: i64, now: Now) {
        if self.day == Some(day) {
            return;
        }
        self.day = Some(day);
        self.statistics.set_day(day);
        for index in 0..self.agents.len() {
            // Keys are made from indexes of this vector.
            let key = AgentKey(u32::try_from(index).unwrap_or(u32::MAX));
            self.rank_by_day(key);
            self.settle(key, model::agent_state::ChangeSource::Time, now);
        }
    }

    /// What agents are ranked by is what they did today.
    pub(super) fn rank_by_day(&mut self, key: AgentKey) {
        let Some(agent) = self.agents.get_mut(key.0 as usize).and_then(Option::as_mut) else {
            return;
        };
        let day = self.statistics.agent(&agent.user);
        agent.ranks.answered = day.answered;
        agent.ranks.talked = day.talked;
    }

    pub(super) fn stage_begins(&mut self, call: &CallId, group: GroupKey, since: Duration) {
        if self.stages.len() >= Self::STAGES && !self.stages.contains_key(call) {
            self.stages.pop_first();
        }
        let group = self.groups[group.0 as usize].id.clone();
        self.stages.insert(call.clone(), Stage { group, since });
    }

    pub(super) fn count_offered(&mut self, group: GroupKey) {
        self.statistics.offered(&self.groups[group.0 as usize].id);
    }

    pub(super) fn count_abandoned(&mut self, group: GroupKey, waited: Duration) {
        self.statistics.abandoned(&self.groups[group.0 as usize].id, waited);
    }

    /// Somebody answered: for whichever group the call waited or searched, else for his own.
    /// Returns it.
    pub(super) fn count_answer(
        &mut self,
        user: &UserId,
        call: &CallId,
        group: &GroupId,
        now: Now,
    ) -> GroupId {
        let (group, waited) = if let Some(stage) = self.stages.remove(call) {
            (stage.group, now.mono.saturating_sub(stage.since))
        } else if let Some(waiter) = self.queue.of_call_mut(call) {
            waiter.counted = true;
            (self.groups[waiter.groups[0].0 as usize].id.clone(), waiter.bore(now.mono))
        } else {
            (group.clone(), Duration::ZERO)
        };
        let level = self.group(&group).map_or(Duration::ZERO, |group| group.service_level);
        self.statistics.answered(&group, user, waited, level);
        group
    }

    pub(super) fn count_talk(&mut self, user: &UserId, group: &GroupId, time: Duration) {
        self.statistics.talked(group, user, time);
        let key = self.group_key(group);
        let group = &mut self.groups[key.0 as usize];
        group.handled(time.saturating_add(group.wrap_up));
    }
}
