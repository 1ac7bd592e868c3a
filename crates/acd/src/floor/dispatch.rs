//! Who gets whom. Two sets say where to look: agents who became free, and places that were opened
//! or ask for less. Whoever is in neither has been looked at already and did not match, so one
//! decision costs what has changed, not what there is.
//!
//! Places are served in their order: of all places that an agent could take, and of all agents
//! whom a place could take, one always is in a set, so the first place that matches is found.

use std::time::Duration;

use model::agent_state::ChangeSource;
use model::directory::AcdStrategy;
use model::{GroupId, Now, UserId};

use super::Floor;
use super::shortlist::candidates;
use super::waiter::Order;
use crate::agent::{AgentKey, Ring};
use crate::queue::{Offer, Turned};
use crate::strategy::{Field, SearchRules, Turn, strategy};

/// So many agents are looked at one by one; where more became free at once it is cheaper to look
/// from the places' side.
const ONE_BY_ONE: usize = 32;

impl Floor {
    /// Whose turn it is, and whom to ring. To be asked again until it says `None`. The cursor of
    /// a round robin is moved; whoever takes the offer keeps it for after a restart.
    pub fn dispatch(&mut self, now: Now) -> Option<Offer> {
        loop {
            let order = self.next_place(now.mono)?;
            if let Some(offer) = self.serve(order.number, now) {
                return Some(offer);
            }
        }
    }

    /// The first place in order that may match.
    fn next_place(&mut self, now: Duration) -> Option<Order> {
        if self.queue.places.is_empty() {
            if !self.woken.is_empty() {
                self.woken.clear();
            }
            return None;
        }
        if self.woken.len() > ONE_BY_ONE {
            self.woken.clear();
            for group in &self.groups {
                self.queue.woken.extend(&group.open);
            }
        }
        let mut first = self.queue.woken.first().copied();
        let woken = std::mem::take(&mut self.woken);
        for key in woken {
            if let Some(order) = self.first_for(key, now) {
                self.woken.insert(key);
                first = Some(first.map_or(order, |other| other.min(order)));
            }
        }
        self.queue.woken.remove(&first?);
        first
    }

    /// The first open place that could take this agent.
    fn first_for(&self, key: AgentKey, now: Duration) -> Option<Order> {
        let agent = self.agent_ref(key).filter(|agent| agent.listed.is_some())?;
        let suits = |order: &&Order| {
            let place = self.queue.places.get(&order.number);
            place.is_some_and(|place| place.suits(key, agent, now))
        };
        let groups = agent.seats.iter().map(|seat| &self.groups[seat.group.0 as usize]);
        groups.filter_map(|group| group.open.iter().find(suits)).min().copied()
    }

    /// Asks the strategy of a place. `None`: it offers nobody now, and is not asked again before
    /// something has changed.
    fn serve(&mut self, number: u64, now: Now) -> Option<Offer> {
        let mut searches = 0;
        loop {
            let (turn, round) = self.ask(number, now)?;
            let waiter = self.queue.places.get_mut(&number)?;
            match turn {
                Turn::Offer(users) => return self.reserve(number, &users, round, now),
                Turn::Rest(until) => {
                    let soonest = now.mono.saturating_add(Duration::from_millis(1));
                    waiter.rests_until = Some(until.max(soonest));
                }
                Turn::Over if !waiter.ringing.is_empty() => waiter.stalled = true,
                Turn::Over if searches > 0 => {
                    waiter.rests_until = Some(now.mono.saturating_add(Self::OFFER_GAP));
                }
                Turn::Over => {
                    searches += 1;
                    waiter.laps = waiter.laps.saturating_add(u32::from(round));
                    let left = waiter.rules.max_rounds.map(|max| max.saturating_sub(waiter.laps));
                    if left == Some(0) {
                        waiter.exhausted = true;
                        let to = Turned::Caller(waiter.call.clone());
                        let over = Offer { to, members: Vec::new(), round };
                        self.refresh(number, now);
                        return Some(over);
                    }
                    let rules = SearchRules { max_rounds: left, ..waiter.rules };
                    waiter.strategy = strategy(waiter.kind, &rules);
                    waiter.tried = 0;
                    continue;
                }
            }
            self.refresh(number, now);
            return None;
        }
    }

    /// Shows the strategy of a place who could take it; `None`: nobody could.
    fn ask(&mut self, number: u64, now: Now) -> Option<(Turn, u16)> {
        let random = self.next_random();
        let waiter = self.queue.places.get_mut(&number)?;
        let main = waiter.groups.first()?;
        let last = self.cursors.get(&self.groups[main.0 as usize].id);
        let cursor = last.and_then(|user| {
            let agent = self.agents.get(self.keys.get(user)?.0 as usize)?.as_ref()?;
            agent.seat(*main).map(|seat| seat.position)
        });
        let (candidates, members) =
            candidates(waiter, &self.groups, &self.agents, cursor, now.mono);
        if candidates.is_empty() {
            return None;
        }
        let field = Field {
            now: now.mono,
            candidates: &candidates,
            members,
            cursor,
            ringing: waiter.ringing.len(),
            needs: &waiter.needs(now.mono),
            random,
        };
        let turn = waiter.strategy.turn(&field);
        Some((turn, waiter.strategy.round()))
    }

    /// From here on these members count as rung by the place's call.
    fn reserve(&mut self, number: u64, users: &[UserId], round: u16, now: Now) -> Option<Offer> {
        let waiter = self.queue.places.get_mut(&number)?;
        let round = round.saturating_add(u16::try_from(waiter.laps).unwrap_or(u16::MAX));
        let room = if waiter.callback.is_some() { 1 } else { waiter.ring_at_most };
        let room = room.saturating_sub(waiter.ringing.len());
        let (call, groups, kind) = (waiter.call.clone(), waiter.groups.clone(), waiter.kind);
        waiter.offered_at = Some(now.mono);
        waiter.offers = waiter.offers.saturating_add(1);
        let mut members = Vec::with_capacity(users.len().min(room));
        for user in users.iter().take(room) {
            let key = *self.keys.get(user)?;
            let agent = self.agents.get_mut(key.0 as usize)?.as_mut()?;
            let found = groups.iter().find(|group| agent.seat(**group).is_some())?;
            let group: GroupId = self.groups[found.0 as usize].id.clone();
            agent.ringing.push(Ring {
                call: call.clone(),
                group: Some(group.clone()),
                since: now.mono,
                reserved: true,
            });
            self.queue.places.get_mut(&number)?.ringing.insert(key);
            self.settle(key, ChangeSource::Call, now);
            if kind == AcdStrategy::RoundRobin {
                self.move_cursor(&group, user);
            }
            members.push((user.clone(), group));
        }
        let waiter = self.queue.places.get_mut(&number)?;
        waiter.tried = waiter.tried.saturating_add(users.len());
        let to = match &waiter.callback {
            None => Turned::Caller(call),
            Some(callback) => {
                waiter.begins_by = Some(now.mono.saturating_add(Self::CALLBACK_BEGINS));
                Turned::Callback { place: call, callback: callback.clone() }
            }
        };
        self.refresh(number, now);
        Some(Offer { to, members, round })
    }

    /// SplitMix64.
    fn next_random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.random;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }
}
