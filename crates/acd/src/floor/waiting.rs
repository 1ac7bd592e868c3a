//! Who waits. Order is priority, then time, then number (F4). Whatever happens to a place ends in
//! [`Floor::refresh`], which derives whether it is open and when it is due.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use model::agent_state::ChangeSource;
use model::call_graph::words::QueueExit;
use model::{CallId, GroupId, Now, UserId};

use super::Floor;
use super::timers::Due;
use super::waiter::{Order, Waiter};
use crate::agent::{AgentKey, RingEnd};
use crate::queue::{Callback, Place, QueueFull, Standing};
use crate::strategy::strategy;

/// A stage that searches a group without waiting, for the statistics.
#[derive(Clone, Debug)]
pub(super) struct Stage {
    pub(super) group: GroupId,
    pub(super) since: Duration,
}

/// All places.
#[derive(Debug, Default)]
pub(super) struct Queue {
    pub(super) places: BTreeMap<u64, Waiter>,
    by_call: BTreeMap<CallId, u64>,
    last: u64,
    /// Open places that have to be looked at by the next dispatch.
    pub(super) woken: BTreeSet<Order>,
}

impl Queue {
    /// The number of an agent may be given to another.
    pub(super) fn forget_agent(&mut self, key: AgentKey) {
        for waiter in self.places.values_mut() {
            waiter.declined.remove(&key);
            waiter.ringing.remove(&key);
        }
    }

    pub(super) fn of_call_mut(&mut self, call: &CallId) -> Option<&mut Waiter> {
        self.by_call.get(call).and_then(|number| self.places.get_mut(number))
    }

    pub(super) fn of_call(&self, call: &CallId) -> Option<&Waiter> {
        self.by_call.get(call).and_then(|number| self.places.get(number))
    }
}

impl Floor {
    /// A caller begins to wait. Returns his position, from 1. He waits in one place: a place that
    /// he has already is given up.
    ///
    /// # Errors
    /// [`QueueFull`]: as many wait for the group as the place allows, or [`Floor::WAITING`] in
    /// all groups.
    pub fn wait(&mut self, place: Place, now: Now) -> Result<u32, QueueFull> {
        self.roll(now);
        self.drop_place(&place.call, now);
        let key = self.group_key(&place.group);
        let group = &mut self.groups[key.0 as usize];
        if group.size >= place.max_size || self.queue.places.len() >= Self::WAITING {
            return Err(QueueFull);
        }
        group.size += 1;
        self.queue.last += 1;
        let number = self.queue.last;
        self.queue.by_call.insert(place.call.clone(), number);
        let waiter = Waiter::new(number, place, key, now.mono);
        let order = waiter.order;
        group.waiting.insert(order);
        let position = group.position(&order);
        self.count_offered(key);
        self.queue.places.insert(number, waiter);
        self.place_due(number, now);
        Ok(position)
    }

    /// The attempts of a waiting call are over without an answer, or were not made: it may be
    /// offered members again, but not who declined.
    pub fn ready(&mut self, call: &CallId, declined: Option<&UserId>, now: Now) {
        let declined = declined.and_then(|user| self.keys.get(user)).copied();
        let Some(&number) = self.queue.by_call.get(call) else {
            return;
        };
        self.release(number, now);
        let Some(waiter) = self.queue.places.get_mut(&number) else {
            return;
        };
        waiter.declined.extend(declined);
        if waiter.offered_at == Some(now.mono) {
            // Nobody was rung, and nobody would be if it were offered again at once.
            waiter.rests_until = Some(now.mono.saturating_add(Self::OFFER_GAP));
        }
        self.refresh(number, now);
    }

    /// A caller waits no longer. Whoever was reserved for him is free again. A place that
    /// [`Floor::keep_place`] keeps is not given up by [`QueueExit::Callback`].
    pub fn leave(&mut self, call: &CallId, exit: QueueExit, now: Now) {
        self.roll(now);
        let Some(waiter) = self.queue.of_call(call) else {
            return;
        };
        if exit == QueueExit::Callback && waiter.callback.is_some() {
            return;
        }
        let (group, bore) = (waiter.groups[0], waiter.bore(now.mono));
        let (calls_back, counted) = (waiter.callback.is_some(), waiter.counted);
        self.drop_place(call, now);
        match exit {
            // Counted when the agent is taken.
            QueueExit::Answered if !counted => {
                self.stage_begins(call, group, now.mono.saturating_sub(bore));
            }
            QueueExit::Abandoned if !calls_back => self.count_abandoned(group, bore),
            QueueExit::Answered
            | QueueExit::Abandoned
            | QueueExit::TimedOut
            | QueueExit::Option
            | QueueExit::Callback
            | QueueExit::Empty
            | QueueExit::Stopped => {}
        }
    }

    /// The caller is to be called back: his place goes on without him, at most for
    /// [`Floor::CALLBACK_LIFETIME`] and [`Floor::CALLBACK_OFFERS`]. Nobody is rung for it before
    /// [`Floor::hung_up`]: up to then his line is engaged.
    pub fn keep_place(&mut self, call: &CallId, callback: Callback, now: Now) {
        let Some(&number) = self.queue.by_call.get(call) else {
            return;
        };
        self.release(number, now);
        if let Some(waiter) = self.queue.places.get_mut(&number) {
            waiter.bore = Some(waiter.waited(now.mono));
            waiter.callback = Some(callback);
            waiter.on_the_line = true;
            waiter.offers = 0;
            // It ends by its own limits.
            waiter.rules.max_rounds = None;
            waiter.exhausted = false;
            waiter.strategy = strategy(waiter.kind, &waiter.rules);
            waiter.tried = 0;
        }
        self.refresh(number, now);
    }

    /// Who is to be called back has hung up.
    pub fn hung_up(&mut self, call: &CallId, now: Now) {
        let Some(&number) = self.queue.by_call.get(call) else {
            return;
        };
        if let Some(waiter) = self.queue.places.get_mut(&number) {
            waiter.on_the_line = false;
        }
        self.refresh(number, now);
    }

    /// A callback that was offered cannot be begun now: nobody is kept for it, and it is offered
    /// again after [`Floor::CALLBACK_BEGINS`]. The offer counts for nothing.
    pub fn postpone(&mut self, place: &CallId, now: Now) {
        let Some(&number) = self.queue.by_call.get(place) else {
            return;
        };
        self.release(number, now);
        if let Some(waiter) = self.queue.places.get_mut(&number) {
            waiter.offers = waiter.offers.saturating_sub(1);
            waiter.rests_until = Some(now.mono.saturating_add(Self::CALLBACK_BEGINS));
        }
        self.refresh(number, now);
    }

    /// A callback that was offered is being made by a new call, which rings the member from here
    /// on. It takes over the place: it is to [`Floor::leave`] when the member answers, and
    /// [`Floor::ready`] when he does not.
    pub fn begin_callback(&mut self, place: &CallId, call: &CallId, now: Now) {
        let Some(number) = self.queue.by_call.remove(place) else {
            return;
        };
        self.queue.by_call.insert(call.clone(), number);
        let Some(waiter) = self.queue.places.get_mut(&number) else {
            return;
        };
        waiter.call = call.clone();
        waiter.begins_by = None;
        for key in waiter.ringing.clone() {
            let agent = self.agent_mut(key);
            let rings = agent.into_iter().flat_map(|agent| &mut agent.ringing);
            for ring in rings.filter(|ring| ring.call == *place) {
                ring.call = call.clone();
            }
        }
        self.refresh(number, now);
    }

    /// Where a caller stands; `None`: he does not wait. Linear in those ahead of him.
    pub fn standing(&self, call: &CallId) -> Option<Standing> {
        let waiter = self.queue.of_call(call)?;
        let group = &self.groups[waiter.groups[0].0 as usize];
        let position = group.position(&waiter.order);
        let waiting = u32::try_from(group.waiting.len()).unwrap_or(u32::MAX);
        let handling = group.handling.filter(|_| group.staffed > 0);
        let expected_wait = handling.map(|time| time.saturating_mul(position) / group.staffed);
        Some(Standing { position, waiting, expected_wait })
    }

    /// An attempt that was made for a place is over.
    pub(super) fn stopped_for(&mut self, call: &CallId, key: AgentKey, how: RingEnd, now: Now) {
        let Some(&number) = self.queue.by_call.get(call) else {
            return;
        };
        if let Some(waiter) = self.queue.places.get_mut(&number) {
            waiter.ringing.remove(&key);
            match how {
                RingEnd::Declined => {
                    waiter.declined.insert(key);
                }
                RingEnd::Failed | RingEnd::Stopped => {
                    waiter.offers = waiter.offers.saturating_sub(1);
                }
                RingEnd::Answered | RingEnd::Missed => {}
            }
            if waiter.ringing.is_empty() {
                waiter.alone();
            }
        }
        self.refresh(number, now);
    }

    /// Gives up a place; whoever was reserved for it is free again.
    pub(super) fn drop_place(&mut self, call: &CallId, now: Now) {
        let Some(&number) = self.queue.by_call.get(call) else {
            return;
        };
        self.release(number, now);
        self.queue.by_call.remove(call);
        let Some(waiter) = self.queue.places.remove(&number) else {
            return;
        };
        self.queue.woken.remove(&waiter.order);
        if let Some(at) = waiter.timer {
            self.timers.remove(at, Due::Place(number));
        }
        for key in &waiter.groups {
            let group = &mut self.groups[key.0 as usize];
            group.waiting.remove(&waiter.order);
            group.open.remove(&waiter.order);
        }
        let group = &mut self.groups[waiter.groups[0].0 as usize];
        group.size = group.size.saturating_sub(1);
    }

    /// Whoever is reserved for a place is rung by it no longer.
    pub(super) fn release(&mut self, number: u64, now: Now) {
        let Some(waiter) = self.queue.places.get_mut(&number) else {
            return;
        };
        if !waiter.ringing.is_empty() {
            waiter.alone();
        }
        waiter.begins_by = None;
        let (ringing, call) = (std::mem::take(&mut waiter.ringing), waiter.call.clone());
        for key in ringing {
            if let Some(agent) = self.agent_mut(key) {
                agent.ringing.retain(|ring| ring.call != call);
            }
            self.settle(key, ChangeSource::Call, now);
        }
    }

    /// Time has changed what a place asks for.
    pub(super) fn place_due(&mut self, number: u64, now: Now) {
        let Some(waiter) = self.queue.places.get_mut(&number) else {
            return;
        };
        waiter.timer = None;
        if waiter.rests_until.is_some_and(|until| until <= now.mono) {
            waiter.rests_until = None;
        }
        let late = waiter.begins_by.is_some_and(|by| by <= now.mono);
        while let Some(group) = self.next_group(number, now.mono) {
            self.search_also(number, &group);
        }
        if late {
            self.release(number, now);
        }
        self.refresh(number, now);
    }

    fn next_group(&mut self, number: u64, now: Duration) -> Option<GroupId> {
        let waiter = self.queue.places.get_mut(&number)?;
        waiter.also.pop_if(|(at, _)| *at <= now).map(|(_, group)| group)
    }

    fn search_also(&mut self, number: u64, group: &GroupId) {
        let key = self.group_key(group);
        let Some(waiter) = self.queue.places.get_mut(&number) else {
            return;
        };
        if waiter.groups.contains(&key) {
            return;
        }
        waiter.groups.push(key);
        let group = &mut self.groups[key.0 as usize];
        group.waiting.insert(waiter.order);
        if waiter.open {
            group.open.insert(waiter.order);
        }
    }

    /// Derives whether a place is open and when it is due. Everything that changes a place ends
    /// here.
    pub(super) fn refresh(&mut self, number: u64, now: Now) {
        let Some(waiter) = self.queue.places.get_mut(&number) else {
            return;
        };
        if waiter.is_given_up(now.mono) {
            let call = waiter.call.clone();
            return self.drop_place(&call, now);
        }
        let (open, order) = (waiter.may_be_offered(), waiter.order);
        if open != waiter.open {
            waiter.open = open;
            for key in &waiter.groups {
                let group = &mut self.groups[key.0 as usize];
                if open {
                    group.open.insert(order);
                } else {
                    group.open.remove(&order);
                }
            }
        }
        if open {
            self.queue.woken.insert(order);
        } else {
            self.queue.woken.remove(&order);
        }
        let timer = waiter.next_due(now.mono);
        if timer != waiter.timer {
            if let Some(at) = std::mem::replace(&mut waiter.timer, timer) {
                self.timers.remove(at, Due::Place(number));
            }
            if let Some(at) = timer {
                self.timers.insert(at, Due::Place(number));
            }
        }
    }

    /// A new directory: every place looks again.
    pub(super) fn reopen_places(&mut self, now: Now) {
        let numbers: Vec<u64> = self.queue.places.keys().copied().collect();
        for number in numbers {
            self.refresh(number, now);
        }
    }
}
