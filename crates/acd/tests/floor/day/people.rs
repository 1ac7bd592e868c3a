//! Who is in the directory of a day; it changes during the day.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use acd::AgentDefaults;
use model::directory::{AcdStrategy, Directory, Group, User};
use model::{GroupId, UserId};

use super::model::{Agent, Lot};

/// The skills there are.
pub(super) const SKILLS: [&str; 2] = ["spanish", "billing"];

/// The directory.
#[derive(Debug)]
pub(super) struct House {
    pub(super) users: Vec<UserId>,
    pub(super) groups: Vec<GroupId>,
    /// Members by group; some may be no users any more.
    pub(super) members: BTreeMap<GroupId, Vec<UserId>>,
    pub(super) skills: BTreeMap<UserId, BTreeMap<Arc<str>, u8>>,
    pub(super) wrap_up_ms: BTreeMap<GroupId, u64>,
    /// Users that the newest directory has.
    pub(super) present: Vec<UserId>,
}

/// After how many missed offers somebody is away.
pub(super) const PAUSE: u16 = 2;

impl House {
    pub(super) fn new(lot: &mut Lot) -> Self {
        let users: Vec<_> =
            (0..2 + lot.below(5)).map(|number| UserId::from(format!("u-{number}"))).collect();
        let groups: Vec<_> =
            (0..1 + lot.below(3)).map(|number| GroupId::from(format!("g-{number}"))).collect();
        let mut house = Self {
            present: users.clone(),
            users,
            groups,
            members: BTreeMap::new(),
            skills: BTreeMap::new(),
            wrap_up_ms: BTreeMap::new(),
        };
        house.shuffle(lot);
        house
    }

    pub(super) fn agents(&self) -> Vec<Agent> {
        self.users.iter().cloned().map(Agent::new).collect()
    }

    /// Somebody was moved, learnt something, came or went.
    pub(super) fn shuffle(&mut self, lot: &mut Lot) {
        self.present = self.users.iter().filter(|_| !lot.one_in(8)).cloned().collect();
        for group in &self.groups {
            let mut members: Vec<_> =
                self.users.iter().filter(|_| !lot.one_in(3)).cloned().collect();
            let turn = lot.below(members.len());
            members.rotate_left(turn);
            self.members.insert(group.clone(), members);
            let wraps = if lot.one_in(2) { 0 } else { 1_000 * lot.below(40) as u64 };
            self.wrap_up_ms.insert(group.clone(), wraps);
        }
        for user in &self.users {
            let skills = SKILLS.iter().filter_map(|skill| {
                let level = lot.below(11) as u8;
                (level > 0).then(|| (Arc::from(*skill), level))
            });
            self.skills.insert(user.clone(), skills.collect());
        }
    }

    pub(super) fn is_member(&self, user: &UserId, group: &GroupId) -> bool {
        self.present.contains(user)
            && self.members.get(group).is_some_and(|members| members.contains(user))
    }

    pub(super) fn wrap_up(&self, group: &GroupId) -> Duration {
        Duration::from_millis(self.wrap_up_ms.get(group).copied().unwrap_or(0))
    }

    pub(super) fn directory(&self) -> Arc<Directory> {
        let mut directory = Directory::new();
        for id in &self.present {
            let name: Arc<str> = id.as_str().into();
            let mut user = User::named(id.clone(), name.clone(), name);
            user.skills = self.skills.get(id).cloned().unwrap_or_default();
            directory.add_user(user);
        }
        for id in &self.groups {
            let members = self.members.get(id).cloned().unwrap_or_default();
            let mut group = Group::of(id.clone(), id.as_str().into(), members);
            group.strategy = AcdStrategy::Simulring;
            group.rules.wrap_up_ms = self.wrap_up_ms.get(id).copied();
            directory.add_group(group);
        }
        Arc::new(directory)
    }

    pub(super) fn defaults() -> AgentDefaults {
        AgentDefaults { pause_after_missed: PAUSE, ..AgentDefaults::default() }
    }
}
