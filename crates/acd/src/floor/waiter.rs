//! One place in a queue: what it asks for at each moment, and whether it may be offered a member
//! now (F4). It is open unless it rests, or members ring for it and its strategy adds none; that is
//! derived from what happens and never kept beside it.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use model::directory::{AcdStrategy, SkillNeed};
use model::{CallId, GroupId};

use super::Floor;
use crate::agent::{Agent, AgentKey, GroupKey};
use crate::queue::{Callback, Place};
use crate::strategy::{SearchRules, Strategy, strategy};

/// The order in which callers wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Order {
    priority: Reverse<i32>,
    pub(super) since: Duration,
    pub(super) number: u64,
}

/// A place in a queue.
#[derive(Debug)]
pub(super) struct Waiter {
    pub(super) call: CallId,
    pub(super) order: Order,
    /// Groups that are searched now; the first is the one for which it waits.
    pub(super) groups: Vec<GroupKey>,
    /// Groups that will be, and when; the next one last.
    pub(super) also: Vec<(Duration, GroupId)>,
    pub(super) kind: AcdStrategy,
    pub(super) rules: SearchRules,
    pub(super) strategy: Box<dyn Strategy>,
    /// Members whom its strategy has chosen so far.
    pub(super) tried: usize,
    /// Laps of searches before this one.
    pub(super) laps: u32,
    pub(super) ring_at_most: usize,
    skills: Vec<SkillNeed>,
    pub(super) declined: BTreeSet<AgentKey>,
    /// Who is reserved for it.
    pub(super) ringing: BTreeSet<AgentKey>,
    pub(super) offered_at: Option<Duration>,
    pub(super) rests_until: Option<Duration>,
    /// Its strategy adds nobody to those who ring.
    pub(super) stalled: bool,
    /// Every lap is over.
    pub(super) exhausted: bool,
    pub(super) callback: Option<Callback>,
    /// He who is to be called back has not hung up yet.
    pub(super) on_the_line: bool,
    /// How long the caller waited before he chose to be called back.
    pub(super) bore: Option<Duration>,
    /// The statistics know of the answer.
    pub(super) counted: bool,
    /// Offers so far, but for those that could not ring their members.
    pub(super) offers: u32,
    /// A callback that was offered has to begin before.
    pub(super) begins_by: Option<Duration>,
    pub(super) open: bool,
    pub(super) timer: Option<Duration>,
}

impl Waiter {
    pub(super) fn new(number: u64, place: Place, group: GroupKey, now: Duration) -> Self {
        let mut also: Vec<_> = place
            .also
            .into_iter()
            .take(Place::ALSO_GROUPS)
            .map(|(group, after)| (now.saturating_add(after), group))
            .collect();
        also.sort_by_key(|(at, _)| *at);
        also.reverse();
        let mut skills = place.skills;
        skills.truncate(Place::SKILLS);
        Self {
            call: place.call,
            order: Order { priority: Reverse(place.priority), since: now, number },
            groups: vec![group],
            also,
            kind: place.strategy,
            strategy: strategy(place.strategy, &place.rules),
            rules: place.rules,
            laps: 0,
            tried: 0,
            ring_at_most: place.ring_at_most.max(1),
            skills,
            declined: BTreeSet::new(),
            ringing: BTreeSet::new(),
            offered_at: None,
            rests_until: None,
            stalled: false,
            exhausted: false,
            callback: None,
            on_the_line: false,
            bore: None,
            counted: false,
            offers: 0,
            begins_by: None,
            open: false,
            timer: None,
        }
    }

    /// How long it has waited.
    pub(super) fn waited(&self, now: Duration) -> Duration {
        now.saturating_sub(self.order.since)
    }

    /// How long the caller himself has waited.
    pub(super) fn bore(&self, now: Duration) -> Duration {
        self.bore.unwrap_or(self.waited(now))
    }

    /// Whether this agent could take the call at this moment, as far as the call is concerned.
    pub(super) fn suits(&self, key: AgentKey, agent: &Agent, now: Duration) -> bool {
        let masters = |need: &SkillNeed| {
            let asked = self.level(need, now);
            asked == 0 || agent.skills.get(&need.skill).is_some_and(|level| *level >= asked)
        };
        // A number outside cannot be rung for a call that nobody has made.
        let reachable = self.callback.is_none() || agent.registered;
        reachable
            && !self.declined.contains(&key)
            && (self.rings_together() || agent.ringing.is_empty())
            && self.skills.iter().all(masters)
    }

    /// What the call needs now.
    pub(super) fn needs(&self, now: Duration) -> Vec<(Arc<str>, u8)> {
        self.skills.iter().map(|need| (need.skill.clone(), self.level(need, now))).collect()
    }

    /// Whether members are rung who are rung by other calls already (D37).
    pub(super) fn rings_together(&self) -> bool {
        match self.kind {
            AcdStrategy::Simulring | AcdStrategy::ProgressiveSimulring | AcdStrategy::Single => {
                true
            }
            AcdStrategy::RoundRobin
            | AcdStrategy::Sequential
            | AcdStrategy::LongestIdle
            | AcdStrategy::FewestCalls
            | AcdStrategy::LeastTalkTime
            | AcdStrategy::WeightedRandom
            | AcdStrategy::Skills => false,
        }
    }

    /// The level asked for: one less after each time, down to the least.
    fn level(&self, need: &SkillNeed, now: Duration) -> u8 {
        let steps = self.waited(now).as_millis().checked_div(u128::from(need.relax_every_ms));
        let steps = u8::try_from(steps.unwrap_or(0)).unwrap_or(u8::MAX);
        need.level.saturating_sub(steps).max(need.at_least.min(need.level))
    }

    /// When the next need relaxes.
    fn relaxes_at(&self, now: Duration) -> Option<Duration> {
        let relaxing = self
            .skills
            .iter()
            .filter(|need| need.relax_every_ms > 0 && self.level(need, now) > need.at_least);
        let next = relaxing.map(|need| {
            let every = Duration::from_millis(need.relax_every_ms);
            let steps = self.waited(now).as_millis() / every.as_millis();
            // Fewer steps than levels: otherwise it would be at its least.
            let steps = u32::try_from(steps).unwrap_or(u32::MAX).saturating_add(1);
            self.order.since.saturating_add(every.saturating_mul(steps))
        });
        next.min()
    }

    pub(super) fn may_be_offered(&self) -> bool {
        let adds = self.kind == AcdStrategy::ProgressiveSimulring
            && !self.stalled
            && self.callback.is_none()
            && self.ringing.len() < self.ring_at_most;
        let pauses = self.exhausted || self.on_the_line || self.rests_until.is_some();
        !pauses && (self.ringing.is_empty() || adds)
    }

    /// Nobody rings for it any more: that its strategy waited for more while somebody did is over.
    pub(super) fn alone(&mut self) {
        self.stalled = false;
        self.rests_until = None;
    }

    fn expires_at(&self) -> Option<Duration> {
        let asked_at = self.order.since.saturating_add(self.bore?);
        let lives_until = asked_at.saturating_add(Floor::CALLBACK_LIFETIME);
        self.ringing.is_empty().then_some(lives_until)
    }

    /// A callback for which enough has been tried.
    pub(super) fn is_given_up(&self, now: Duration) -> bool {
        let tried = self.offers >= Floor::CALLBACK_OFFERS && self.ringing.is_empty();
        let late = self.expires_at().is_some_and(|at| at <= now);
        self.callback.is_some() && (tried || late)
    }

    pub(super) fn next_due(&self, now: Duration) -> Option<Duration> {
        let opens = self.also.last().map(|(at, _)| *at);
        let times = [opens, self.relaxes_at(now), self.rests_until, self.begins_by];
        times.into_iter().chain([self.expires_at()]).flatten().min()
    }
}
