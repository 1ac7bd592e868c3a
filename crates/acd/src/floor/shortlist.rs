//! Whom a strategy is shown. Most strategies want the first of some order, and the groups keep
//! their free members in these orders: a search that has offered the call to `n` members so far
//! is shown the first `n + 1` who could take it, so what it chooses is what it would choose among
//! all. Only where it has to weigh everybody, or a lap has begun somewhere, it is shown everybody.

use std::collections::BTreeSet;
use std::time::Duration;

use model::directory::AcdStrategy;

use super::group::{Free, Group};
use super::waiter::Waiter;
use crate::agent::{Agent, AgentKey};
use crate::strategy::Candidate;

/// In which order members are looked at, and how many are enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct View {
    pub(super) order: Ranking,
    pub(super) enough: usize,
}

/// An order of free members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ranking {
    /// By position.
    Position,
    /// By position, beginning after this one.
    After(usize),
    /// Free for the longest time.
    Idle,
    /// Fewest calls today, then the longest idle.
    Calls,
    /// Least talk today, then the longest idle.
    Talk,
}

impl View {
    /// What the strategy of a place has to see.
    fn of(waiter: &Waiter, cursor: Option<usize>) -> Self {
        let everybody = usize::MAX;
        let ranked = waiter.tried.saturating_add(1);
        let fresh = if waiter.tried == 0 { 1 } else { everybody };
        let step = usize::from(waiter.rules.step_members.max(1));
        let (order, enough) = match waiter.kind {
            AcdStrategy::LongestIdle => (Ranking::Idle, ranked),
            AcdStrategy::FewestCalls => (Ranking::Calls, ranked),
            AcdStrategy::LeastTalkTime => (Ranking::Talk, ranked),
            AcdStrategy::RoundRobin => (cursor.map_or(Ranking::Position, Ranking::After), fresh),
            AcdStrategy::Sequential | AcdStrategy::Single => (Ranking::Position, fresh),
            AcdStrategy::Simulring => (Ranking::Position, waiter.ring_at_most),
            AcdStrategy::ProgressiveSimulring => {
                (Ranking::Position, waiter.tried.saturating_add(step))
            }
            AcdStrategy::WeightedRandom | AcdStrategy::Skills => (Ranking::Position, everybody),
        };
        Self { order, enough }
    }
}

/// Who could take the call of a place, by position, the members of further groups after those of
/// the first; and how many positions there are.
pub(super) fn candidates<'a>(
    waiter: &Waiter,
    groups: &'a [Group],
    agents: &'a [Option<Agent>],
    cursor: Option<usize>,
    now: Duration,
) -> (Vec<Candidate<'a>>, usize) {
    let view = View::of(waiter, cursor);
    let mut candidates = Vec::new();
    let mut seen = BTreeSet::new();
    let mut before = 0;
    for key in &waiter.groups {
        let group = &groups[key.0 as usize];
        // Only the group for which the caller waits has a cursor.
        let further = before > 0 && matches!(view.order, Ranking::After(_));
        let order = if further { Ranking::Position } else { view.order };
        let mut found = 0;
        for (position, member) in group.free.by(order) {
            let Some(agent) = agents[member.0 as usize].as_ref() else {
                continue;
            };
            if !waiter.suits(member, agent, now)
                || (waiter.groups.len() > 1 && !seen.insert(member))
            {
                continue;
            }
            candidates.push(Candidate {
                user: &agent.user,
                position: before + position,
                idle: agent.idle(now),
                answered: agent.ranks.answered,
                talked: agent.ranks.talked,
                weight: agent.seat(*key).map_or(1, |seat| seat.weight),
                skills: &agent.skills,
                rings_elsewhere: !agent.ringing.is_empty(),
            });
            found += 1;
            if found >= view.enough {
                break;
            }
        }
        before += group.positions;
    }
    if view.order != Ranking::Position || waiter.groups.len() > 1 {
        candidates.sort_by_key(|candidate| candidate.position);
    }
    (candidates, before)
}

impl Free {
    fn by(&self, order: Ranking) -> Box<dyn Iterator<Item = (usize, AgentKey)> + '_> {
        let item = |(&position, &key): (&usize, &AgentKey)| (position, key);
        match order {
            Ranking::Position => Box::new(self.by_position.iter().map(item)),
            Ranking::After(last) => {
                let after = self.by_position.range(last.saturating_add(1)..);
                let before = self.by_position.range(..=last);
                Box::new(after.chain(before).map(item))
            }
            Ranking::Idle => Box::new(self.by_idle.iter().map(|(of, key)| (of.1, *key))),
            Ranking::Calls => Box::new(self.by_calls.iter().map(|(of, key)| (of.2, *key))),
            Ranking::Talk => Box::new(self.by_talk.iter().map(|(of, key)| (of.2, *key))),
        }
    }
}
