//! A small house for scripts: users and groups by their names, a clock, and short words for what
//! happens.

use std::sync::Arc;
use std::time::Duration;

use acd::strategy::SearchRules;
use acd::{AgentDefaults, AgentState, ChangeSource, Floor, Offer, Place, RingEnd, Turned};
use model::call_graph::words::QueueExit;
use model::directory::{AcdStrategy, Availability, Directory, Group, SkillNeed, User};
use model::{CallId, GroupId, Millis, Now, UserId};

pub(crate) struct House {
    pub(crate) floor: Floor,
    pub(crate) now: Now,
    pub(crate) directory: Directory,
    pub(crate) defaults: AgentDefaults,
}

pub(crate) fn user(name: &str) -> UserId {
    UserId::from(name)
}

pub(crate) fn call(name: &str) -> CallId {
    CallId::from(name)
}

pub(crate) fn group(name: &str) -> GroupId {
    GroupId::from(name)
}

pub(crate) fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

impl House {
    /// One group, `sales`, whose members all are registered.
    pub(crate) fn of(members: &[&str]) -> Self {
        let mut house = Self {
            floor: Floor::seeded(7),
            now: Now { mono: seconds(100), wall: Millis(1_700_006_400_000) },
            directory: Directory::new(),
            defaults: AgentDefaults::default(),
        };
        house.add_group("sales", members);
        house.read();
        for member in members {
            house.floor.set_registered(&user(member), true, house.now);
        }
        house.floor.changes();
        house
    }

    /// Adds or replaces a group, and its members where they are new.
    pub(crate) fn add_group(&mut self, name: &str, members: &[&str]) {
        for member in members {
            if self.directory.user(&user(member)).is_none() {
                let name: Arc<str> = (*member).into();
                self.directory.add_user(User::named(user(member), name.clone(), name));
            }
        }
        let users = members.iter().map(|member| user(member)).collect();
        self.directory.add_group(Group::of(group(name), name.into(), users));
    }

    pub(crate) fn change_user(&mut self, name: &str, change: impl FnOnce(&mut User)) {
        let mut entry = self.directory.user(&user(name)).expect("a user").clone();
        change(&mut entry);
        self.directory.add_user(entry);
    }

    pub(crate) fn change_group(&mut self, name: &str, change: impl FnOnce(&mut Group)) {
        let mut entry = self.directory.group(&group(name)).expect("a group").clone();
        change(&mut entry);
        self.directory.add_group(entry);
    }

    /// The floor reads the directory.
    pub(crate) fn read(&mut self) {
        let directory = Arc::new(self.directory.clone());
        self.floor.set_people(&directory, &self.defaults, self.now);
    }

    pub(crate) fn pass(&mut self, time: Duration) {
        self.now = Now { mono: self.now.mono + time, wall: self.now.wall.plus(time) };
        self.floor.due(self.now);
    }

    pub(crate) fn waits(&mut self, name: &str, strategy: AcdStrategy) -> u32 {
        self.waits_as(place(name, strategy))
    }

    pub(crate) fn waits_as(&mut self, place: Place) -> u32 {
        self.floor.wait(place, self.now).expect("room")
    }

    /// All offers of this moment: `call: members`.
    pub(crate) fn offers(&mut self) -> Vec<String> {
        let mut told = Vec::new();
        while let Some(Offer { to, members, .. }) = self.floor.dispatch(self.now) {
            let whose = match to {
                Turned::Caller(call) => call.to_string(),
                Turned::Callback { place, callback } => format!("{place} at {}", callback.number),
            };
            let members: Vec<_> = members.iter().map(|(user, _)| user.to_string()).collect();
            told.push(format!("{whose}: {}", members.join(" ")));
        }
        told
    }

    pub(crate) fn stops(&mut self, agent: &str, name: &str, how: RingEnd) {
        self.floor.stop_ringing(&user(agent), &call(name), how, self.now);
    }

    /// An agent answers a waiting call, as the call engine tells it.
    pub(crate) fn answers(&mut self, agent: &str, name: &str) {
        self.floor.take(&user(agent), &call(name), Some(&group("sales")), self.now);
        self.floor.leave(&call(name), QueueExit::Answered, self.now);
    }

    pub(crate) fn hangs_up(&mut self, agent: &str, name: &str) {
        self.floor.free(&user(agent), &call(name), self.now);
    }

    pub(crate) fn leaves(&mut self, name: &str, exit: QueueExit) {
        self.floor.leave(&call(name), exit, self.now);
    }

    pub(crate) fn says(&mut self, agent: &str, availability: Availability) {
        let (agent, now) = (user(agent), self.now);
        self.floor.set_availability(&agent, availability, None, ChangeSource::Api, now);
    }

    pub(crate) fn state(&self, agent: &str) -> AgentState {
        self.floor.agent(&user(agent)).state
    }

    /// What has changed since: `user state why`.
    pub(crate) fn changes(&mut self) -> Vec<String> {
        let line = |change: &acd::AgentChange| {
            format!("{} {} by {}", change.user, change.state, change.source)
        };
        self.floor.changes().iter().map(line).collect()
    }
}

/// A place in the queue of `sales` without anything special.
pub(crate) fn place(name: &str, strategy: AcdStrategy) -> Place {
    Place {
        call: call(name),
        group: group("sales"),
        also: Vec::new(),
        strategy,
        rules: SearchRules::default(),
        priority: 0,
        skills: Vec::new(),
        ring_at_most: 49,
        max_size: 100,
    }
}

pub(crate) fn need(skill: &str, level: u8, relax_every: Duration, at_least: u8) -> SkillNeed {
    let relax_every_ms = relax_every.as_millis() as u64;
    SkillNeed { skill: skill.into(), level, relax_every_ms, at_least }
}
