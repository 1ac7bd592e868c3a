//! One group: its members, who of them is free, ranked as strategies rank them, and who waits.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use model::GroupId;

use super::waiter::Order;
use crate::agent::{AgentKey, Ranks};

/// A group on the floor.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) id: GroupId,
    pub(super) name: Arc<str>,
    /// Those of whom the directory knows.
    pub(super) members: Vec<AgentKey>,
    /// Positions that the directory names.
    pub(super) positions: usize,
    /// Whether the newest directory has it.
    pub(super) known: bool,
    pub(super) wrap_up: Duration,
    pub(super) pause_after_missed: u16,
    pub(super) service_level: Duration,
    pub(super) free: Free,
    /// Members who are there and not away.
    pub(super) staffed: u32,
    /// All who wait for it, in order; those of further groups when their time has come.
    pub(super) waiting: BTreeSet<Order>,
    /// Those of them who may be offered a member now.
    pub(super) open: BTreeSet<Order>,
    /// Those who wait for it in the first place.
    pub(super) size: u32,
    /// Smoothed time that one call keeps a member.
    pub(super) handling: Option<Duration>,
}

impl Group {
    pub(super) fn new(id: GroupId) -> Self {
        Self {
            name: Arc::from(id.as_str()),
            id,
            members: Vec::new(),
            positions: 0,
            known: false,
            wrap_up: Duration::ZERO,
            pause_after_missed: 0,
            service_level: Duration::ZERO,
            free: Free::default(),
            staffed: 0,
            waiting: BTreeSet::new(),
            open: BTreeSet::new(),
            size: 0,
            handling: None,
        }
    }

    /// The place of one who waits, from 1. Linear in those ahead, constant for the last.
    pub(super) fn position(&self, order: &Order) -> u32 {
        let ahead = match self.waiting.last() {
            Some(last) if last == order => self.waiting.len() - 1,
            Some(_) | None => self.waiting.range(..order).count(),
        };
        u32::try_from(ahead).unwrap_or(u32::MAX).saturating_add(1)
    }

    /// A call kept a member for so long: an eighth of what is expected of the next.
    pub(super) fn handled(&mut self, time: Duration) {
        let smooth = |before: Duration| before - before / 8 + time / 8;
        self.handling = Some(self.handling.map_or(time, smooth));
    }
}

/// Members to whom a waiting call may be offered now: by position, and in the orders by which
/// strategies choose; equals by position.
#[derive(Debug, Default)]
pub(super) struct Free {
    pub(super) by_position: BTreeMap<usize, AgentKey>,
    pub(super) by_idle: BTreeMap<(i64, usize), AgentKey>,
    pub(super) by_calls: BTreeMap<(u32, i64, usize), AgentKey>,
    pub(super) by_talk: BTreeMap<(Duration, i64, usize), AgentKey>,
}

impl Free {
    pub(super) fn insert(&mut self, position: usize, key: AgentKey, ranks: Ranks) {
        let Ranks { free_since, answered, talked } = ranks;
        self.by_position.insert(position, key);
        self.by_idle.insert((free_since, position), key);
        self.by_calls.insert((answered, free_since, position), key);
        self.by_talk.insert((talked, free_since, position), key);
    }

    pub(super) fn remove(&mut self, position: usize, ranks: Ranks) {
        let Ranks { free_since, answered, talked } = ranks;
        self.by_position.remove(&position);
        self.by_idle.remove(&(free_since, position));
        self.by_calls.remove(&(answered, free_since, position));
        self.by_talk.remove(&(talked, free_since, position));
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}
