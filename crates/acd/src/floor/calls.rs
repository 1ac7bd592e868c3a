//! Calls ring agents, are answered and end: what that makes of the agents (D37), and what today's
//! numbers make of it (F4).

use std::time::Duration;

use model::agent_state::ChangeSource;
use model::directory::Availability;
use model::{CallId, GroupId, Now, UserId};

use super::Floor;
use crate::agent::{AgentKey, Ring, RingEnd, Talk, micros};

impl Floor {
    /// Whether a user is on a call: he made it, or answered it.
    pub fn is_on_call(&self, user: &UserId) -> bool {
        self.find(user).is_some_and(|agent| !agent.on.is_empty())
    }

    /// Whether a user is on this call.
    pub fn is_on(&self, user: &UserId, call: &CallId) -> bool {
        self.find(user).is_some_and(|agent| agent.on.iter().any(|talk| talk.call == *call))
    }

    /// Whether this call rings a user.
    pub fn rings(&self, user: &UserId, call: &CallId) -> bool {
        self.calls_ringing(user).any(|ringing| ringing == call)
    }

    /// Whether a call rings a user.
    pub fn is_ringing(&self, user: &UserId) -> bool {
        self.calls_ringing(user).next().is_some()
    }

    /// The calls that ring a user: who is told that he was taken.
    pub fn calls_ringing(&self, user: &UserId) -> impl Iterator<Item = &CallId> {
        self.find(user).into_iter().flat_map(|agent| &agent.ringing).map(|ring| &ring.call)
    }

    /// A call rings a user; `group`: in which he was found, `None` where the call is for himself.
    /// A call rings a user once: it changes nothing where [`Floor::dispatch`] has said it.
    pub fn ring(&mut self, user: &UserId, call: &CallId, group: Option<&GroupId>, now: Now) {
        self.change(user, ChangeSource::Call, now, |agent| {
            if !agent.ringing.iter().any(|ring| ring.call == *call) {
                agent.ringing.push(Ring {
                    call: call.clone(),
                    group: group.cloned(),
                    since: now.mono,
                    reserved: false,
                });
            }
        });
    }

    /// A call rings a user no longer. Without effect where it does not.
    pub fn stop_ringing(&mut self, user: &UserId, call: &CallId, how: RingEnd, now: Now) {
        self.roll(now);
        let Some(&key) = self.keys.get(user) else {
            return;
        };
        if let Some(source) = self.end_ring(key, call, how, now) {
            self.settle(key, source, now);
        }
    }

    /// Ends a ring, but for what follows from it for the agent. `None`: it does not ring him.
    fn end_ring(
        &mut self,
        key: AgentKey,
        call: &CallId,
        how: RingEnd,
        now: Now,
    ) -> Option<ChangeSource> {
        let agent = self.agent_mut(key)?;
        let index = agent.ringing.iter().position(|ring| ring.call == *call)?;
        let ring = agent.ringing.swap_remove(index);
        let mut source = ChangeSource::Call;
        match how {
            RingEnd::Answered => self.was_there(key),
            RingEnd::Missed => {
                self.back_of_the_line(key, now);
                self.rest(key, ring.since.saturating_add(Self::OFFER_GAP), now.mono);
                if let Some(group) = &ring.group
                    && self.missed(key, group)
                {
                    source = ChangeSource::Missed;
                }
            }
            RingEnd::Declined => {
                self.was_there(key);
                self.back_of_the_line(key, now);
                self.rest(key, ring.since.saturating_add(Self::OFFER_GAP), now.mono);
            }
            RingEnd::Failed => self.rest(key, now.mono.saturating_add(Self::REST), now.mono),
            RingEnd::Stopped => {}
        }
        if ring.reserved {
            self.stopped_for(call, key, how, now);
        }
        Some(source)
    }

    /// A user makes a call, or answers it; `group`: in which he was found. A call rings him no
    /// longer when he has answered it.
    pub fn take(&mut self, user: &UserId, call: &CallId, group: Option<&GroupId>, now: Now) {
        self.roll(now);
        let key = self.key_of(user, now);
        self.end_ring(key, call, RingEnd::Answered, now);
        self.was_there(key);
        let counts_for = group.map(|group| self.count_answer(user, call, group, now));
        if counts_for.is_some() {
            self.rank_by_day(key);
        }
        if let Some(agent) = self.agent_mut(key) {
            let (call, group, since) = (call.clone(), group.cloned(), now.mono);
            agent.unreachable = false;
            agent.on.push(Talk { call, group, counts_for, since });
        }
        self.settle(key, ChangeSource::Call, now);
    }

    /// A user is on a call no longer. After a call of a group his wrap-up begins.
    pub fn free(&mut self, user: &UserId, call: &CallId, now: Now) {
        self.roll(now);
        let Some(&key) = self.keys.get(user) else {
            return;
        };
        let Some(talk) = self.agent_mut(key).and_then(|agent| {
            let index = agent.on.iter().position(|talk| talk.call == *call)?;
            Some(agent.on.swap_remove(index))
        }) else {
            return;
        };
        if let Some(group) = &talk.group {
            let time = now.mono.saturating_sub(talk.since);
            self.count_talk(user, talk.counts_for.as_ref().unwrap_or(group), time);
            self.rank_by_day(key);
            let wrap_up = self.group(group).map_or(Duration::ZERO, |group| group.wrap_up);
            if !wrap_up.is_zero() {
                self.wrap_up(key, now.mono.saturating_add(wrap_up));
            }
        }
        self.settle(key, ChangeSource::Call, now);
    }

    /// A call has become part of another one: who talks in it, and whom it rings, does so in the
    /// other one, as if he had from the beginning. Linear in the agents.
    pub fn becomes(&mut self, call: &CallId, other: &CallId, now: Now) {
        if let Some(stage) = self.stages.remove(call) {
            self.stages.entry(other.clone()).or_insert(stage);
        }
        for index in 0..self.agents.len() {
            let Some(agent) = self.agents[index].as_mut() else {
                continue;
            };
            let before = agent.on.len() + agent.ringing.len();
            if agent.on.iter().any(|talk| talk.call == *other) {
                agent.on.retain(|talk| talk.call != *call);
            }
            if agent.ringing.iter().any(|ring| ring.call == *other) {
                agent.ringing.retain(|ring| ring.call != *call);
            }
            let talks = agent.on.iter_mut().map(|talk| &mut talk.call);
            let rings = agent.ringing.iter_mut().map(|ring| &mut ring.call);
            talks.chain(rings).filter(|it| *it == call).for_each(|it| *it = other.clone());
            if agent.on.len() + agent.ringing.len() != before {
                // Keys are made from indexes of this vector.
                let key = AgentKey(u32::try_from(index).unwrap_or(u32::MAX));
                self.settle(key, ChangeSource::Call, now);
            }
        }
    }

    /// Forgets a call that could not end in the ordinary way. Linear in the agents.
    pub fn forget(&mut self, call: &CallId, now: Now) {
        self.drop_place(call, now);
        self.stages.remove(call);
        for index in 0..self.agents.len() {
            let Some(agent) = self.agents[index].as_mut() else {
                continue;
            };
            let before = agent.on.len() + agent.ringing.len();
            agent.on.retain(|talk| talk.call != *call);
            agent.ringing.retain(|ring| ring.call != *call);
            if agent.on.len() + agent.ringing.len() != before {
                // Keys are made from indexes of this vector.
                let key = AgentKey(u32::try_from(index).unwrap_or(u32::MAX));
                self.settle(key, ChangeSource::Call, now);
            }
        }
    }

    /// He answered, declined or called: what he missed before was no absence.
    fn was_there(&mut self, key: AgentKey) {
        if let Some(agent) = self.agent_mut(key) {
            agent.missed_in_row = 0;
        }
    }

    /// While it rang he was not free: others are ahead of him now.
    fn back_of_the_line(&mut self, key: AgentKey, now: Now) {
        self.rank(key, |ranks| ranks.free_since = micros(now.mono));
    }

    /// He let a call of a group ring. Says whether that was one too many: then he is away.
    fn missed(&mut self, key: AgentKey, group: &GroupId) -> bool {
        let most = self.group(group).map_or(0, |group| group.pause_after_missed);
        let Some(agent) = self.agents.get_mut(key.0 as usize).and_then(Option::as_mut) else {
            return false;
        };
        self.statistics.missed(&agent.user);
        agent.missed_in_row = agent.missed_in_row.saturating_add(1);
        let pauses = most > 0
            && agent.missed_in_row >= most
            && agent.availability == Availability::Available;
        if pauses {
            agent.availability = Availability::Away;
            agent.reason = Some("missed".into());
            agent.missed_in_row = 0;
        }
        pauses
    }
}
