//! What may happen, in the floor and in the model alike.

use std::time::Duration;

use acd::strategy::SearchRules;
use acd::{Callback, ChangeSource, Floor, Place, RingEnd};
use model::call_graph::words::QueueExit;
use model::directory::{AcdStrategy, Availability, SkillNeed};
use model::{CallId, E164, GroupId, UserId};

use super::model::Caller;
use super::people::{House, PAUSE, SKILLS};
use super::{Agent, Day};

impl Day {
    pub(super) fn step(&mut self) {
        match self.lot.below(100) {
            0..18 => self.arrive(),
            18..23 => self.hang_up(),
            23..42 => self.attempt_ends(),
            42..53 => self.answer(),
            53..67 => self.talk_ends(),
            67..79 => self.pass(),
            79..86 => self.registration(),
            86..92 => self.availability(),
            92..94 => self.own_call(),
            94..96 => self.ring_directly(),
            96..98 => self.ask_for_callback(),
            98 => self.break_a_call(),
            _ => self.reload(),
        }
    }

    /// In the morning most telephones are there.
    pub(super) fn begin(&mut self) {
        for user in self.house.present.clone() {
            if !self.lot.one_in(4) {
                self.register(&user, true);
            }
        }
    }

    fn arrive(&mut self) {
        let call = self.mint();
        let group = self.house.groups[self.lot.below(self.house.groups.len())].clone();
        let strategies: Vec<_> =
            AcdStrategy::ALL.iter().filter(|kind| **kind != AcdStrategy::Single).collect();
        let strategy = **self.lot.pick(&strategies).expect("a strategy");
        let also = if self.lot.one_in(4) {
            let other = self.house.groups[self.lot.below(self.house.groups.len())].clone();
            vec![(other, Duration::from_secs(self.lot.below(30) as u64))]
        } else {
            Vec::new()
        };
        let skills = if self.lot.one_in(3) {
            vec![SkillNeed {
                skill: SKILLS[self.lot.below(2)].into(),
                level: 1 + self.lot.below(10) as u8,
                relax_every_ms: [0, 3_000, 7_500][self.lot.below(3)],
                at_least: self.lot.below(4) as u8,
            }]
        } else {
            Vec::new()
        };
        let max_rounds = self.lot.one_in(6).then(|| 1 + self.lot.below(2) as u32);
        let place = Place {
            call: call.clone(),
            group: group.clone(),
            also: also.clone(),
            strategy,
            rules: SearchRules { max_rounds, lap_gap: Duration::ZERO, ..SearchRules::default() },
            priority: self.lot.below(3) as i32,
            skills: skills.clone(),
            ring_at_most: 1 + self.lot.below(5),
            max_size: 6,
        };
        let caller = Caller {
            call,
            number: self.last,
            since: self.now,
            priority: place.priority,
            strategy,
            group,
            also,
            skills,
            has_rounds: max_rounds.is_some(),
            declined: Default::default(),
            rings: Default::default(),
            rests_until: Duration::ZERO,
            offered_at: None,
            over: false,
            callback: false,
            asked_at: Duration::ZERO,
            begins_by: None,
            offers: 0,
        };
        self.say(format!("arrives {place:?}"));
        let size = self.callers.iter().filter(|other| other.group == caller.group).count();
        let now = self.time();
        let position = self.floor.wait(place, now);
        self.demand(position.is_err() == (size >= 6), || format!("{size} wait: {position:?}"));
        if position.is_ok() {
            self.callers.push(caller);
        } else {
            self.seen.full += 1;
        }
    }

    /// Somebody who waits hangs up. Some drivers stop the attempts first, some leave first.
    fn hang_up(&mut self) {
        let waiting: Vec<_> =
            self.callers.iter().filter(|caller| !caller.callback).cloned().collect();
        let Some(caller) = self.lot.pick(&waiting).cloned() else {
            return;
        };
        self.say(format!("{} hangs up", caller.call));
        let exits = [QueueExit::Abandoned, QueueExit::TimedOut, QueueExit::Option];
        let exit = exits[self.lot.below(3)];
        self.leave(&caller, exit);
    }

    fn leave(&mut self, caller: &Caller, exit: QueueExit) {
        let now = self.time();
        if self.lot.one_in(2) {
            self.floor.leave(&caller.call, exit, now);
        }
        for user in &caller.rings {
            self.floor.stop_ringing(user, &caller.call, RingEnd::Stopped, now);
        }
        self.floor.leave(&caller.call, exit, now);
        self.callers.retain(|other| other.call != caller.call);
        for agent in &mut self.agents {
            agent.rings.remove(&caller.call);
            agent.forget_if_gone();
        }
    }

    fn an_attempt(&mut self) -> Option<(UserId, CallId)> {
        let all: Vec<_> = self
            .agents
            .iter()
            .flat_map(|agent| agent.rings.keys().map(|call| (agent.user.clone(), call.clone())))
            .filter(|(_, call)| {
                let caller = self.callers.iter().find(|caller| caller.call == *call);
                caller.is_none_or(|caller| caller.begins_by.is_none())
            })
            .collect();
        self.lot.pick(&all).cloned()
    }

    fn attempt_ends(&mut self) {
        let Some((user, call)) = self.an_attempt() else {
            return;
        };
        let ends = [RingEnd::Missed, RingEnd::Declined, RingEnd::Failed, RingEnd::Stopped];
        let how = ends[self.lot.below(4)];
        self.stop(&user, &call, how);
        if how == RingEnd::Failed && self.lot.one_in(2) {
            let now = self.time();
            self.floor.set_unreachable(&user, now);
            let agent = self.agent_mut(&user);
            if agent.known {
                agent.unreachable = true;
            } else {
                agent.forget_if_gone();
            }
        }
        self.ready_if_alone(&call);
    }

    fn stop(&mut self, user: &UserId, call: &CallId, how: RingEnd) {
        self.say(format!("{call} rings {user} no more: {how:?}"));
        let now = self.time();
        self.floor.stop_ringing(user, call, how, now);
        let mono = self.now;
        let agent = self.agent_mut(user);
        let (since, group, _) = agent.rings.remove(call).expect("a ring");
        let gap = since + Floor::OFFER_GAP;
        match how {
            RingEnd::Missed => {
                agent.rests_until = agent.rests_until.max(gap);
                if group.is_some() {
                    agent.missed += 1;
                    if agent.missed >= PAUSE && agent.availability == Availability::Available {
                        agent.availability = Availability::Away;
                        agent.missed = 0;
                        self.seen.pauses += 1;
                    }
                }
                self.seen.misses += 1;
            }
            RingEnd::Declined => {
                agent.missed = 0;
                agent.rests_until = agent.rests_until.max(gap);
            }
            RingEnd::Failed => {
                agent.rests_until = agent.rests_until.max(mono + Floor::REST);
            }
            RingEnd::Answered => agent.missed = 0,
            RingEnd::Stopped => {}
        }
        self.agent_mut(user).forget_if_gone();
        if let Some(caller) = self.callers.iter_mut().find(|caller| caller.call == *call) {
            caller.rings.remove(user);
            match how {
                RingEnd::Declined => {
                    caller.declined.insert(user.clone());
                }
                RingEnd::Failed | RingEnd::Stopped => {
                    caller.offers = caller.offers.saturating_sub(1);
                }
                RingEnd::Answered | RingEnd::Missed => {}
            }
        }
        self.drop_tired_callbacks();
    }

    fn ready_if_alone(&mut self, call: &CallId) {
        let alone = |caller: &Caller| caller.call == *call && caller.rings.is_empty();
        // The floor sees itself that nobody rings for it any more.
        if self.lot.one_in(2) {
            return;
        }
        let (now, mono) = (self.time(), self.now);
        if let Some(caller) = self.callers.iter_mut().find(|caller| alone(caller)) {
            if caller.offered_at == Some(mono) {
                caller.rests_until = mono + Floor::OFFER_GAP;
            }
            self.floor.ready(call, None, now);
        }
    }

    fn answer(&mut self) {
        let Some((user, call)) = self.an_attempt() else {
            return;
        };
        let now = self.time();
        let group = self.agent(&user).rings[&call].1.clone();
        self.say(format!("{user} answers {call}"));
        self.seen.answers += 1;
        if self.lot.one_in(2) {
            self.stop(&user, &call, RingEnd::Answered);
        }
        self.floor.take(&user, &call, group.as_ref(), now);
        self.taken(&user, &call, group);
        if let Some(caller) = self.callers.iter().find(|caller| caller.call == call).cloned() {
            let rest = caller.rings.iter().filter(|other| **other != user).cloned().collect();
            self.leave(&Caller { rings: rest, ..caller }, QueueExit::Answered);
        }
        // His other attempts end as busy (D37).
        let others: Vec<_> = self.agent(&user).rings.keys().cloned().collect();
        for other in others {
            self.stop(&user, &other, RingEnd::Stopped);
            self.ready_if_alone(&other);
        }
    }

    fn taken(&mut self, user: &UserId, call: &CallId, group: Option<GroupId>) {
        let agent = self.agent_mut(user);
        agent.rings.remove(call);
        agent.on.push((call.clone(), group));
        agent.unreachable = false;
        agent.missed = 0;
        for caller in &mut self.callers {
            if caller.call == *call {
                caller.rings.remove(user);
            }
        }
    }

    fn talk_ends(&mut self) {
        let talks: Vec<_> = self
            .agents
            .iter()
            .flat_map(|agent| agent.on.iter().map(|(call, _)| (agent.user.clone(), call.clone())))
            .collect();
        if let Some((user, call)) = self.lot.pick(&talks).cloned() {
            self.free(&user, &call);
        }
    }

    fn free(&mut self, user: &UserId, call: &CallId) {
        self.say(format!("{user} is no longer on {call}"));
        let now = self.time();
        self.floor.free(user, call, now);
        let talk = &self.agent(user).on;
        let index = talk.iter().position(|(on, _)| on == call).expect("a talk");
        let group = talk[index].1.clone();
        let wrap_up = group.map_or(Duration::ZERO, |group| self.house.wrap_up(&group));
        let until = self.now + wrap_up;
        let agent = self.agent_mut(user);
        agent.on.swap_remove(index);
        if !wrap_up.is_zero() {
            agent.wraps_until = Some(agent.wraps_until.map_or(until, |other| other.max(until)));
        }
        agent.forget_if_gone();
    }

    /// Time passes: a little, or exactly until something is due.
    fn pass(&mut self) {
        let some = Duration::from_millis(self.lot.below(12_000) as u64);
        let long = Duration::from_secs(self.lot.below(7_000) as u64);
        let due = self.floor.deadline();
        self.now = match self.lot.below(12) {
            0..6 => self.now + some,
            6 => self.now + long,
            _ => due.map_or(self.now + some, |at| at.max(self.now)),
        };
        let now = self.time();
        self.floor.due(now);
        let mono = self.now;
        self.say("is due");
        for agent in &mut self.agents {
            agent.wraps_until = agent.wraps_until.filter(|until| *until > mono);
        }
        let late =
            self.callers.iter().filter(|caller| caller.begins_by.is_some_and(|by| by <= mono));
        let late: Vec<_> = late.map(|caller| caller.call.clone()).collect();
        for call in late {
            self.release(&call);
        }
        self.drop_tired_callbacks();
    }

    fn registration(&mut self) {
        let user = self.house.present.get(self.lot.below(self.house.present.len())).cloned();
        let Some(user) = user else {
            return;
        };
        let registered = !self.lot.one_in(4);
        self.register(&user, registered);
    }

    fn register(&mut self, user: &UserId, registered: bool) {
        self.say(format!("{user} is registered: {registered}"));
        let now = self.time();
        self.floor.set_registered(user, registered, now);
        let agent = self.agent_mut(user);
        agent.registered = registered;
        agent.unreachable &= !registered;
    }

    fn availability(&mut self) {
        let user = self.house.present.get(self.lot.below(self.house.present.len())).cloned();
        let Some(user) = user else {
            return;
        };
        let away = self.lot.one_in(4);
        let availability = if away { Availability::Away } else { Availability::Available };
        self.say(format!("{user} is {availability}"));
        let now = self.time();
        self.floor.set_availability(&user, availability, None, ChangeSource::Api, now);
        let agent = self.agent_mut(&user);
        agent.availability = availability;
        agent.missed = 0;
        if !away {
            agent.wraps_until = None;
        }
    }

    /// A user makes a call of his own.
    fn own_call(&mut self) {
        let user = self.house.present.get(self.lot.below(self.house.present.len())).cloned();
        let Some(user) = user else {
            return;
        };
        let (call, now) = (self.mint(), self.time());
        self.say(format!("{user} makes {call}"));
        self.floor.take(&user, &call, None, now);
        self.taken(&user, &call, None);
    }

    /// A call that does not wait rings a user; who rings elsewhere may be rung too (D37).
    fn ring_directly(&mut self) {
        let user = self.house.present.get(self.lot.below(self.house.present.len())).cloned();
        let Some(user) = user else {
            return;
        };
        self.loose += 1;
        let (call, now) = (self.mint(), self.time());
        let group = self.lot.one_in(2).then(|| self.house.groups[0].clone());
        self.say(format!("{call} rings {user} for {group:?}"));
        self.floor.ring(&user, &call, group.as_ref(), now);
        let since = self.now;
        self.agent_mut(&user).rings.insert(call, (since, group, false));
    }

    fn ask_for_callback(&mut self) {
        let waiting: Vec<_> = self
            .callers
            .iter()
            .filter(|caller| !caller.callback && !caller.over)
            .map(|caller| caller.call.clone())
            .collect();
        let Some(call) = self.lot.pick(&waiting).cloned() else {
            return;
        };
        self.say(format!("{call} wants to be called back"));
        self.seen.callbacks += 1;
        let now = self.time();
        let number = E164::parse("+4930123456").expect("a number");
        let callback = Callback { number, caller_id: "n-1".into(), name: None };
        self.floor.keep_place(&call, callback, now);
        self.floor.leave(&call, QueueExit::Callback, now);
        self.floor.hung_up(&call, now);
        self.release(&call);
        if let Some(caller) = self.callers.iter_mut().find(|caller| caller.call == call) {
            caller.callback = true;
            caller.offers = 0;
            caller.asked_at = now.mono;
        }
        self.drop_tired_callbacks();
    }

    /// The driver begins the callback by a new call, or never does.
    pub(super) fn call_back(&mut self, place: &CallId) {
        let begins_by = self.now + Floor::CALLBACK_BEGINS;
        let begins = !self.lot.one_in(4);
        let call = if begins { self.mint() } else { place.clone() };
        if begins {
            let now = self.time();
            self.floor.begin_callback(place, &call, now);
            for agent in &mut self.agents {
                if let Some(ring) = agent.rings.remove(place) {
                    agent.rings.insert(call.clone(), ring);
                }
            }
        }
        if let Some(caller) = self.callers.iter_mut().find(|caller| caller.call == *place) {
            caller.begins_by = (!begins).then_some(begins_by);
            caller.call = call;
        }
    }

    fn break_a_call(&mut self) {
        let waiting = self.callers.iter().map(|caller| caller.call.clone());
        let talking = self.agents.iter().flat_map(|agent| &agent.on).map(|(call, _)| call.clone());
        let calls: Vec<_> = waiting.chain(talking).collect();
        let Some(call) = self.lot.pick(&calls).cloned() else {
            return;
        };
        self.say(format!("{call} breaks"));
        let now = self.time();
        self.floor.forget(&call, now);
        self.callers.retain(|caller| caller.call != call);
        for agent in &mut self.agents {
            agent.rings.remove(&call);
            agent.on.retain(|(on, _)| *on != call);
            agent.forget_if_gone();
        }
    }

    fn reload(&mut self) {
        self.say("a new directory");
        self.house.shuffle(&mut self.lot);
        self.read_directory();
    }

    pub(super) fn read_directory(&mut self) {
        let now = self.time();
        self.floor.set_people(&self.house.directory(), &House::defaults(), now);
        for agent in &mut self.agents {
            let known = self.house.present.contains(&agent.user);
            if known && !agent.known {
                agent.availability = Availability::Available;
            }
            agent.known = known;
            if !known && self.floor.is_registered(&agent.user) {
                self.floor.set_registered(&agent.user, false, now);
            }
            agent.registered &= known;
            agent.forget_if_gone();
        }
    }

    /// Of who is no user any more nobody knows what he declined.
    pub(super) fn forget_who_is_gone(&mut self) {
        for agent in self.agents.iter().filter(|agent| agent.is_gone()) {
            for caller in &mut self.callers {
                caller.declined.remove(&agent.user);
            }
        }
    }

    /// The model's side of an offer.
    pub(super) fn reserve(&mut self, call: &CallId, members: &[(UserId, GroupId)]) {
        let now = self.now;
        for (user, group) in members {
            let ring = (now, Some(group.clone()), true);
            self.agent_mut(user).rings.insert(call.clone(), ring);
        }
        if let Some(caller) = self.callers.iter_mut().find(|caller| caller.call == *call) {
            caller.rings.extend(members.iter().map(|(user, _)| user.clone()));
            caller.offered_at = Some(now);
            caller.offers += 1;
        }
    }

    /// A driver that may dial nobody more gives everybody back.
    pub(super) fn dial_nobody(&mut self, call: &CallId) {
        self.say(format!("{call} dials nobody"));
        let now = self.time();
        self.floor.ready(call, None, now);
        self.release(call);
        let rests_until = self.now + Floor::OFFER_GAP;
        if let Some(caller) = self.callers.iter_mut().find(|caller| caller.call == *call) {
            caller.rests_until = rests_until;
        }
    }

    pub(super) fn rounds_over(&mut self, call: &CallId) {
        let Some(caller) = self.callers.iter_mut().find(|caller| caller.call == *call) else {
            return;
        };
        caller.over = true;
        if self.lot.one_in(2) {
            let caller = caller.clone();
            self.leave(&caller, QueueExit::TimedOut);
        }
    }

    fn release(&mut self, call: &CallId) {
        if let Some(caller) = self.callers.iter_mut().find(|caller| caller.call == *call) {
            caller.rings.clear();
            caller.begins_by = None;
        }
        for agent in &mut self.agents {
            agent.rings.remove(call);
            agent.forget_if_gone();
        }
    }

    fn drop_tired_callbacks(&mut self) {
        let now = self.now;
        self.callers.retain(|caller| {
            let over = caller.offers >= Floor::CALLBACK_OFFERS || caller.expires() <= now;
            !(caller.callback && caller.rings.is_empty() && over)
        });
    }

    /// Everybody goes home.
    pub(super) fn close(&mut self) {
        self.say("closes");
        for caller in self.callers.clone() {
            self.leave(&caller, QueueExit::Stopped);
        }
        for agent in self.agents.clone() {
            for call in agent.rings.keys() {
                self.stop(&agent.user, call, RingEnd::Stopped);
            }
            for (call, _) in &agent.on {
                self.free(&agent.user, call);
            }
        }
        self.check();
        self.check_empty();
    }

    pub(super) fn agent_mut(&mut self, user: &UserId) -> &mut Agent {
        self.agents.iter_mut().find(|agent| agent.user == *user).expect("an agent of the house")
    }
}
