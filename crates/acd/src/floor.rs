//! What calls share about agents: who is registered, who is on a call, which calls ring whom, and
//! the round-robin cursor of each group (D37, D42). An entry exists only while it says something,
//! so the table is as large as the users and groups that are in use.

use std::collections::BTreeMap;

use model::{CallId, GroupId, UserId};

/// State of agents and groups across calls.
#[derive(Debug, Default)]
pub struct Floor {
    agents: BTreeMap<UserId, Agent>,
    cursors: BTreeMap<GroupId, UserId>,
}

#[derive(Debug, Default)]
struct Agent {
    registered: bool,
    on: Vec<CallId>,
    ringing: Vec<CallId>,
}

impl Floor {
    /// Nobody is registered, no cursor is set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Says whether a user has at least one registered device.
    pub fn set_registered(&mut self, user: &UserId, registered: bool) {
        self.change(user, |agent| agent.registered = registered);
    }

    /// Whether a user has a registered device.
    pub fn is_registered(&self, user: &UserId) -> bool {
        self.agents.get(user).is_some_and(|agent| agent.registered)
    }

    /// Whether a user is on a call: he made it, or answered it.
    pub fn is_on_call(&self, user: &UserId) -> bool {
        self.agents.get(user).is_some_and(|agent| !agent.on.is_empty())
    }

    /// Whether a call rings a user.
    pub fn is_ringing(&self, user: &UserId) -> bool {
        self.calls_ringing(user).next().is_some()
    }

    /// The calls that ring a user; who is told of [`UserTaken`](crate::port::CallInput::UserTaken).
    pub fn calls_ringing(&self, user: &UserId) -> impl Iterator<Item = &CallId> {
        self.agents.get(user).into_iter().flat_map(|a| &a.ringing)
    }

    /// The member of a group who was last offered a call.
    pub fn cursor(&self, group: &GroupId) -> Option<&UserId> {
        self.cursors.get(group)
    }

    /// Puts a cursor where it was before a restart.
    pub fn restore_cursor(&mut self, group: GroupId, user: UserId) {
        self.cursors.insert(group, user);
    }

    /// Forgets a call that could not end in the ordinary way.
    pub fn forget(&mut self, call: &CallId) {
        self.agents.retain(|_, agent| {
            agent.on.retain(|id| id != call);
            agent.ringing.retain(|id| id != call);
            !agent.is_idle()
        });
    }

    pub fn move_cursor(&mut self, group: &GroupId, user: &UserId) {
        match self.cursors.get_mut(group) {
            Some(cursor) => cursor.clone_from(user),
            None => {
                self.cursors.insert(group.clone(), user.clone());
            }
        }
    }

    pub fn ring(&mut self, user: &UserId, call: &CallId) {
        self.change(user, |agent| agent.ringing.push(call.clone()));
    }

    pub fn stop_ringing(&mut self, user: &UserId, call: &CallId) {
        self.change(user, |agent| remove_one(&mut agent.ringing, call));
    }

    pub fn take(&mut self, user: &UserId, call: &CallId) {
        self.change(user, |agent| agent.on.push(call.clone()));
    }

    pub fn free(&mut self, user: &UserId, call: &CallId) {
        self.change(user, |agent| remove_one(&mut agent.on, call));
    }

    fn change(&mut self, user: &UserId, change: impl FnOnce(&mut Agent)) {
        if let Some(agent) = self.agents.get_mut(user) {
            change(agent);
            if agent.is_idle() {
                self.agents.remove(user);
            }
        } else {
            let mut agent = Agent::default();
            change(&mut agent);
            if !agent.is_idle() {
                self.agents.insert(user.clone(), agent);
            }
        }
    }
}

impl Agent {
    fn is_idle(&self) -> bool {
        !self.registered && self.on.is_empty() && self.ringing.is_empty()
    }
}

fn remove_one(calls: &mut Vec<CallId>, call: &CallId) {
    if let Some(index) = calls.iter().position(|id| id == call) {
        calls.swap_remove(index);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_kept_of_an_agent_of_whom_nothing_is_to_be_said() {
        let (ana, call) = (UserId::from("u-ana"), CallId::from("call-1"));
        let mut floor = Floor::new();
        floor.set_registered(&ana, true);
        floor.ring(&ana, &call);
        floor.take(&ana, &call);
        floor.stop_ringing(&ana, &call);
        floor.set_registered(&ana, false);
        assert!(floor.is_on_call(&ana) && !floor.is_ringing(&ana));
        floor.free(&ana, &call);
        assert!(floor.agents.is_empty());
    }

    #[test]
    fn a_call_that_broke_is_forgotten_everywhere() {
        let (ana, ben) = (UserId::from("u-ana"), UserId::from("u-ben"));
        let (broken, other) = (CallId::from("call-1"), CallId::from("call-2"));
        let mut floor = Floor::new();
        floor.ring(&ana, &broken);
        floor.ring(&ana, &other);
        floor.take(&ben, &broken);
        floor.forget(&broken);
        assert_eq!(floor.calls_ringing(&ana).collect::<Vec<_>>(), [&other]);
        assert!(!floor.is_on_call(&ben));
    }
}
