//! What must hold.

use std::collections::BTreeSet;
use std::time::Duration;

use acd::{AgentState, Floor, Offer, Turned};
use model::{CallId, UserId};

use super::Day;
use super::model::{Agent, Caller};

impl Day {
    /// An offer goes to who waits, to members who may be offered it, and nobody ahead of him
    /// could have taken them.
    pub(super) fn check_offer(&self, call: &CallId, offer: &Offer) {
        let Some(caller) = self.callers.iter().find(|caller| caller.call == *call) else {
            return self.demand(false, || format!("{call} does not wait"));
        };
        let calls_back = matches!(offer.to, Turned::Callback { .. });
        self.demand(calls_back == caller.callback, || "a caller or a callback".into());
        if offer.members.is_empty() {
            return self.demand(caller.has_rounds, || "its laps have no end".into());
        }
        self.demand(!calls_back || offer.members.len() == 1, || "one is called back".into());
        self.demand(caller.is_open(self.now) || caller.rings_together(), || {
            format!("{call} is offered somebody while it rings or rests")
        });
        let users: BTreeSet<&UserId> = offer.members.iter().map(|(user, _)| user).collect();
        self.demand(users.len() == offer.members.len(), || "somebody is rung twice".into());
        for (user, group) in &offer.members {
            let agent = self.agent(user);
            self.demand(self.could_take(agent, caller), || format!("{user} cannot take {call}"));
            let searched = caller.groups(self.now).contains(&group);
            let member = self.house.is_member(user, group);
            self.demand(searched && member, || format!("{user} was not found in {group}"));
            for other in &self.callers {
                let ahead = other.order() < caller.order() && other.is_open(self.now);
                self.demand(!ahead || !self.could_take(agent, other), || {
                    format!("{user} should have gone to {}", other.call)
                });
            }
        }
    }

    /// Whether an agent may be offered a caller at this moment.
    fn could_take(&self, agent: &Agent, caller: &Caller) -> bool {
        let groups = caller.groups(self.now);
        let skills = &self.house.skills[&agent.user];
        agent.may_be_offered()
            && !agent.is_reserved()
            && agent.rests_until <= self.now
            && (caller.rings_together() || agent.rings.is_empty())
            && groups.iter().any(|group| self.house.is_member(&agent.user, group))
            && caller.masters(skills, self.now)
            && !caller.declined.contains(&agent.user)
    }

    /// Everything else, after each step.
    pub(super) fn check(&self) {
        for agent in &self.agents {
            let user = &agent.user;
            let view = self.floor.agent(user);
            self.demand(view.state == agent.state() || !agent.known, || {
                format!("{user} is {}, not {}", agent.state(), view.state)
            });
            let may = self.floor.may_be_offered(user);
            self.demand(may == agent.may_be_offered(), || format!("{user} may be offered: {may}"));
            let rings: BTreeSet<&CallId> = self.floor.calls_ringing(user).collect();
            self.demand(rings == agent.rings.keys().collect(), || {
                format!("{user} is rung by {rings:?}, not by {:?}", agent.rings)
            });
            self.demand(self.floor.is_on_call(user) != agent.on.is_empty(), || {
                format!("{user} is on {:?}", agent.on)
            });
            let reserved = agent.rings.values().filter(|(_, _, reserved)| *reserved).count();
            self.demand(reserved <= 1, || format!("two waiting callers have {user}"));
            for caller in self.callers.iter().filter(|caller| caller.is_open(self.now)) {
                self.demand(!self.could_take(agent, caller), || {
                    format!("{user} is free and {} waits", caller.call)
                });
            }
        }
        self.check_places();
        self.check_wallboard();
        let overdue = self.floor.deadline().is_some_and(|at| at <= self.now);
        self.demand(!overdue, || "something is overdue".into());
    }

    fn check_places(&self) {
        for caller in &self.callers {
            let shares = |other: &&Caller| other.groups(self.now).contains(&&caller.group);
            let waiting = self.callers.iter().filter(shares).count();
            let ahead = |other: &&Caller| other.order() < caller.order();
            let position = self.callers.iter().filter(shares).filter(ahead).count() + 1;
            let standing = self.floor.standing(&caller.call).map(|at| (at.position, at.waiting));
            self.demand(standing == Some((position as u32, waiting as u32)), || {
                format!("{} stands at {position} of {waiting}, not {standing:?}", caller.call)
            });
        }
        let calls: BTreeSet<&CallId> = self.callers.iter().map(|caller| &caller.call).collect();
        self.demand(calls.len() == self.callers.len(), || "somebody waits twice".into());
    }

    /// The wallboard says the same in numbers.
    fn check_wallboard(&self) {
        let board = self.floor.wallboard(self.time());
        for group in &board.groups {
            let waiting = self.callers.iter().filter(|caller| caller.group == group.group).count();
            self.demand(group.waiting as usize == waiting, || format!("{waiting}: {group:?}"));
            let members = self
                .agents
                .iter()
                .filter(|agent| agent.known && self.house.is_member(&agent.user, &group.group));
            let (available, ringing, on_call) = (group.available, group.ringing, group.on_call);
            let told = available + ringing + on_call + group.wrap_up + group.away + group.offline;
            self.demand(told as usize == members.clone().count(), || format!("{group:?}"));
            let on = members.filter(|agent| agent.state() == AgentState::OnCall).count();
            self.demand(on_call as usize == on, || format!("{on} are on a call: {group:?}"));
            let ended = group.answered + group.abandoned;
            // What was offered yesterday may be answered today.
            let today = self.now < Duration::from_secs(24 * 3600);
            self.demand(
                group.within <= group.answered && (!today || ended <= group.offered + self.loose),
                || format!("{group:?}"),
            );
        }
    }

    pub(super) fn agent(&self, user: &UserId) -> &Agent {
        self.agents.iter().find(|agent| agent.user == *user).expect("an agent of the house")
    }

    /// Nothing is left over when everybody is gone.
    pub(super) fn check_empty(&mut self) {
        self.now += Floor::CALLBACK_LIFETIME + Duration::from_secs(3600);
        let now = self.time();
        self.floor.due(now);
        let nobody = self.floor.dispatch(now).is_none();
        self.demand(nobody, || "somebody is still offered".into());
        self.demand(self.floor.deadline().is_none(), || "something is still due".into());
        for agent in &self.agents {
            let user = &agent.user;
            self.demand(!self.floor.is_ringing(user), || format!("{user} still rings"));
            self.demand(!self.floor.is_on_call(user), || format!("{user} still talks"));
        }
    }
}
