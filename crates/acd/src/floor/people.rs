//! Who is on the floor: users, groups, members, skills and rules of a directory. Read at the start
//! and at every new directory; what agents chose and do stays.

use std::sync::Arc;
use std::time::Duration;

use model::agent_state::ChangeSource;
use model::directory::Directory;
use model::{Now, UserId};

use super::Floor;
use super::group::Group;
use crate::agent::{AgentDefaults, AgentKey, GroupKey, Seat, Today, micros};

impl Floor {
    /// Takes over a directory. Availability of users already known is kept; who is no user any
    /// more goes as soon as he is on no call. Linear in users, members and waiting callers.
    pub fn set_people(&mut self, directory: &Arc<Directory>, defaults: &AgentDefaults, now: Now) {
        self.defaults = *defaults;
        for agent in self.agents.iter_mut().flatten() {
            agent.seats.clear();
            agent.listed = None;
            agent.staffed = false;
            if directory.user(&agent.user).is_none() {
                agent.known = false;
            }
        }
        let first = !self.agents.iter().flatten().any(|agent| agent.known);
        for user in directory.users() {
            let key = self.key_of(&user.id, now);
            if let Some(agent) = self.agent_mut(key) {
                agent.read(user, directory);
            }
        }
        self.read_groups(directory);
        self.woken.clear();
        let source = if first { ChangeSource::Start } else { ChangeSource::Directory };
        for index in 0..self.agents.len() {
            // Keys are made from indexes of this vector.
            self.settle(AgentKey(u32::try_from(index).unwrap_or(u32::MAX)), source, now);
        }
        self.reopen_places(now);
    }

    /// What a user did today before the server started again.
    pub fn restore_today(&mut self, user: &UserId, today: Today, now: Now) {
        let Some(&key) = self.keys.get(user) else {
            return;
        };
        let free_since = today.last_ended.map(|ended| {
            let ago = now.wall.0.saturating_sub(ended.0).max(0).saturating_mul(1_000);
            micros(now.mono).saturating_sub(ago)
        });
        self.roll(now);
        self.statistics.restore(user, today.answered, today.talked);
        self.rank_by_day(key);
        if let Some(agent) = self.agent_mut(key) {
            agent.restored = free_since;
            if let (true, Some(free_since)) = (agent.free, free_since) {
                agent.ranks.free_since = free_since;
                agent.restored = None;
            }
        }
        self.settle(key, ChangeSource::Start, now);
    }

    fn read_groups(&mut self, directory: &Directory) {
        for group in &mut self.groups {
            group.members.clear();
            group.positions = 0;
            group.free.clear();
            group.staffed = 0;
            group.known = false;
        }
        for of in directory.groups() {
            let key = self.group_key(&of.id);
            let mut members = Vec::with_capacity(of.members.len());
            for (position, user) in of.members.iter().enumerate() {
                let Some(&member) = self.keys.get(user) else {
                    continue;
                };
                let weight = of.weights.get(user).copied().unwrap_or(1);
                if let Some(agent) = self.agent_mut(member)
                    && agent.known
                    && agent.seat(key).is_none()
                {
                    agent.seats.push(Seat { group: key, position, weight });
                    members.push(member);
                }
            }
            let defaults = self.defaults;
            let group = &mut self.groups[key.0 as usize];
            group.known = true;
            group.name.clone_from(&of.name);
            group.members = members;
            group.positions = of.members.len();
            let rules = &of.rules;
            let wrap_up_ms = rules.wrap_up_ms.unwrap_or(defaults.wrap_up_ms);
            group.wrap_up = Duration::from_millis(wrap_up_ms);
            let missed = rules.pause_after_missed.unwrap_or(defaults.pause_after_missed);
            group.pause_after_missed = missed;
            let level_ms = rules.service_level_ms.unwrap_or(defaults.service_level_ms);
            group.service_level = Duration::from_millis(level_ms);
        }
    }

    /// The number of a group, of which nothing may be known yet. Groups are as many as directories
    /// have had and callers have waited for since the start.
    pub(super) fn group_key(&mut self, id: &model::GroupId) -> GroupKey {
        if let Some(&key) = self.group_keys.get(id) {
            return key;
        }
        self.groups.push(Group::new(id.clone()));
        let key = GroupKey(u32::try_from(self.groups.len() - 1).unwrap_or(u32::MAX));
        self.group_keys.insert(id.clone(), key);
        key
    }
}
