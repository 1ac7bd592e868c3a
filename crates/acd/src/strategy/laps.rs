//! Laps of the strategies that ring one member after the other (D42). A lap offers each member the
//! call once at most. Laps start a gap apart, a lap that offers nobody is the last, and so is the
//! one that reaches `max_rounds`.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::time::Duration;

use model::UserId;

use super::{Candidate, Field, SearchRules, Strategy, Turn};

/// In which order one lap goes through the members.
pub(super) trait Order: Debug + Send {
    /// A lap begins.
    fn begin(&mut self, field: &Field<'_>);
    /// The next one of this lap, who was not offered the call in it yet; `None`: it is at its end.
    fn next(&mut self, field: &Field<'_>) -> Option<UserId>;
}

/// Laps in some order.
#[derive(Debug)]
pub(super) struct Laps<O> {
    order: O,
    /// Number of the running lap, from 1; 0 before the first.
    round: u16,
    last_round: u16,
    /// Least distance of two laps' starts.
    gap: Duration,
    began_at: Duration,
    /// Somebody was offered the call in this lap.
    offered: bool,
    over: bool,
}

impl<O> Laps<O> {
    pub(super) fn new(order: O, rules: &SearchRules) -> Self {
        let last_round =
            rules.max_rounds.map_or(u16::MAX, |most| u16::try_from(most).unwrap_or(u16::MAX));
        Self {
            order,
            round: 0,
            last_round,
            gap: rules.lap_gap,
            began_at: Duration::ZERO,
            offered: false,
            over: false,
        }
    }
}

impl<O: Order> Laps<O> {
    fn begin_lap(&mut self, field: &Field<'_>) {
        self.order.begin(field);
        self.offered = false;
        self.began_at = field.now;
        self.round += 1;
    }
}

impl<O: Order> Strategy for Laps<O> {
    /// A second lap begins only after one that offered somebody, so it looks at two at most.
    fn turn(&mut self, field: &Field<'_>) -> Turn {
        if self.round == 0 {
            self.begin_lap(field);
        }
        while !self.over {
            if let Some(user) = self.order.next(field) {
                self.offered = true;
                return Turn::Offer(vec![user]);
            }
            self.over = !self.offered || self.round >= self.last_round;
            if !self.over {
                let earliest = self.began_at.saturating_add(self.gap);
                if field.now < earliest {
                    return Turn::Rest(earliest);
                }
                self.begin_lap(field);
            }
        }
        Turn::Over
    }

    fn round(&self) -> u16 {
        self.round.max(1)
    }
}

/// A lap by position, from some member on: each is looked at once and offered the call or passed
/// over.
#[derive(Debug, Default)]
pub(super) struct Circle {
    /// Position of the member with whom the lap began, and how many it has looked at.
    first: usize,
    seen: usize,
}

impl Circle {
    pub(super) fn begin(&mut self, first: usize) {
        *self = Self { first, seen: 0 };
    }

    pub(super) fn next(&mut self, field: &Field<'_>) -> Option<UserId> {
        let members = field.members;
        let first = self.first.checked_rem(members)?;
        // How many members lie between the lap's first and this one.
        let distance = |candidate: &Candidate<'_>| {
            let behind = candidate.position.checked_sub(first);
            behind.unwrap_or_else(|| candidate.position + members - first)
        };
        let ahead = field.candidates.iter().filter(|candidate| {
            let member = candidate.position < members && !candidate.rings_elsewhere;
            member && distance(candidate) >= self.seen
        });
        let next = ahead.min_by_key(|candidate| distance(candidate));
        self.seen = next.map_or(members, |candidate| distance(candidate) + 1);
        next.map(|candidate| candidate.user.clone())
    }
}

/// Who of several is the best at this moment.
pub(super) trait Choose: Debug + Send {
    /// The best of `left`, which has at least one, by position.
    fn choose<'c>(
        &self,
        left: &[&'c Candidate<'c>],
        field: &Field<'_>,
    ) -> Option<&'c Candidate<'c>>;
}

/// A lap that looks anew at each turn for the best of those whom it has not offered the call.
#[derive(Debug)]
pub(super) struct Ranked<C> {
    choice: C,
    /// At most the members of the group.
    done: BTreeSet<UserId>,
}

impl<C> Ranked<C> {
    pub(super) fn new(choice: C) -> Self {
        Self { choice, done: BTreeSet::new() }
    }
}

impl<C: Choose> Order for Ranked<C> {
    fn begin(&mut self, _field: &Field<'_>) {
        self.done.clear();
    }

    fn next(&mut self, field: &Field<'_>) -> Option<UserId> {
        let left: Vec<_> = field
            .candidates
            .iter()
            .filter(|who| !who.rings_elsewhere && !self.done.contains(who.user))
            .collect();
        let user = self.choice.choose(&left, field)?.user.clone();
        self.done.insert(user.clone());
        Some(user)
    }
}

/// The first of `left` for whom a key is least.
pub(super) fn least<'c, K: Ord>(
    left: &[&'c Candidate<'c>],
    key: impl Fn(&Candidate<'_>) -> K,
) -> Option<&'c Candidate<'c>> {
    left.iter().copied().min_by_key(|candidate| key(candidate))
}
