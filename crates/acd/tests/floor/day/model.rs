//! What the model knows: agents and callers as they are, without an index.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use acd::{AgentState, Floor};
use model::directory::{AcdStrategy, Availability, SkillNeed};
use model::{CallId, GroupId, UserId};

/// Lots from a seed (SplitMix64).
#[derive(Debug)]
pub(crate) struct Lot(u64);

impl Lot {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x5851_f42d_4c95_7f2d))
    }

    pub(crate) fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        (self.draw() % limit.max(1) as u64) as usize
    }

    pub(crate) fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    pub(crate) fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        of.get(self.below(of.len()))
    }
}

/// An agent of the model.
#[derive(Clone, Debug)]
pub(crate) struct Agent {
    pub(crate) user: UserId,
    pub(crate) known: bool,
    pub(crate) registered: bool,
    pub(crate) unreachable: bool,
    pub(crate) availability: Availability,
    pub(crate) on: Vec<(CallId, Option<GroupId>)>,
    /// Calls that ring him, since when, for which group, and whether a waiting call does.
    pub(crate) rings: BTreeMap<CallId, (Duration, Option<GroupId>, bool)>,
    pub(crate) wraps_until: Option<Duration>,
    pub(crate) rests_until: Duration,
    pub(crate) missed: u16,
}

impl Agent {
    pub(crate) fn new(user: UserId) -> Self {
        Self {
            user,
            known: true,
            registered: false,
            unreachable: false,
            availability: Availability::Available,
            on: Vec::new(),
            rings: BTreeMap::new(),
            wraps_until: None,
            rests_until: Duration::ZERO,
            missed: 0,
        }
    }

    pub(crate) fn may_be_offered(&self) -> bool {
        self.known
            && self.registered
            && !self.unreachable
            && self.availability == Availability::Available
            && self.on.is_empty()
            && self.wraps_until.is_none()
    }

    pub(crate) fn is_reserved(&self) -> bool {
        self.rings.values().any(|(_, _, reserved)| *reserved)
    }

    pub(crate) fn state(&self) -> AgentState {
        if !self.on.is_empty() {
            AgentState::OnCall
        } else if !self.registered {
            AgentState::Offline
        } else if self.unreachable {
            AgentState::Unreachable
        } else if !self.rings.is_empty() {
            AgentState::Ringing
        } else if self.availability != Availability::Available {
            AgentState::Away
        } else if self.wraps_until.is_some() {
            AgentState::WrapUp
        } else {
            AgentState::Available
        }
    }

    pub(crate) fn is_gone(&self) -> bool {
        !self.known && !self.registered && self.on.is_empty() && self.rings.is_empty()
    }

    /// Who is no user any more and does nothing is nobody.
    pub(crate) fn forget_if_gone(&mut self) {
        if self.is_gone() {
            *self = Self { known: false, ..Self::new(self.user.clone()) };
        }
    }
}

/// A caller who waits, or who is to be called back.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) call: CallId,
    pub(crate) number: u64,
    pub(crate) since: Duration,
    pub(crate) priority: i32,
    pub(crate) strategy: AcdStrategy,
    pub(crate) group: GroupId,
    pub(crate) also: Vec<(GroupId, Duration)>,
    pub(crate) skills: Vec<SkillNeed>,
    pub(crate) has_rounds: bool,
    pub(crate) declined: BTreeSet<UserId>,
    pub(crate) rings: BTreeSet<UserId>,
    pub(crate) rests_until: Duration,
    pub(crate) offered_at: Option<Duration>,
    pub(crate) over: bool,
    /// To be called back; begun by its own call.
    pub(crate) callback: bool,
    pub(crate) asked_at: Duration,
    pub(crate) begins_by: Option<Duration>,
    pub(crate) offers: u32,
}

impl Caller {
    pub(crate) fn order(&self) -> (i32, Duration, u64) {
        (-self.priority, self.since, self.number)
    }

    pub(crate) fn groups(&self, now: Duration) -> Vec<&GroupId> {
        let also = self.also.iter().filter(|(_, after)| self.since + *after <= now);
        let mut groups = vec![&self.group];
        for (group, _) in also {
            if !groups.contains(&group) {
                groups.push(group);
            }
        }
        groups
    }

    /// Whether somebody has to be found for him if there is anybody.
    pub(crate) fn is_open(&self, now: Duration) -> bool {
        self.rings.is_empty() && !self.over && self.rests_until <= now
    }

    pub(crate) fn rings_together(&self) -> bool {
        matches!(self.strategy, AcdStrategy::Simulring | AcdStrategy::ProgressiveSimulring)
    }

    pub(crate) fn masters(
        &self,
        skills: &BTreeMap<std::sync::Arc<str>, u8>,
        now: Duration,
    ) -> bool {
        self.skills.iter().all(|need| {
            let mut level = need.level;
            let mut waited = (now - self.since).as_millis() as u64;
            while need.relax_every_ms > 0 && waited >= need.relax_every_ms && level > need.at_least
            {
                waited -= need.relax_every_ms;
                level -= 1;
            }
            skills.get(&need.skill).copied().unwrap_or(0) >= level
        })
    }

    pub(crate) fn expires(&self) -> Duration {
        self.asked_at + Floor::CALLBACK_LIFETIME
    }
}
