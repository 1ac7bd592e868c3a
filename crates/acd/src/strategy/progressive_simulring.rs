//! A few members, by position, then a few more while the first go on ringing. When all who ring
//! have failed, the next few are rung at once. Each member is rung once; it is over when nobody is
//! left who was not.

use std::collections::BTreeSet;
use std::time::Duration;

use model::UserId;

use super::{Field, SearchRules, Strategy, Turn};

#[derive(Debug)]
pub(super) struct ProgressiveSimulring {
    members: usize,
    step: Duration,
    /// The next step, while somebody rings.
    next_at: Duration,
    /// At most the members of the group.
    done: BTreeSet<UserId>,
    over: bool,
}

impl ProgressiveSimulring {
    pub(super) fn new(rules: &SearchRules) -> Self {
        Self {
            members: usize::from(rules.step_members.max(1)),
            step: rules.step,
            next_at: Duration::ZERO,
            done: BTreeSet::new(),
            over: false,
        }
    }
}

impl Strategy for ProgressiveSimulring {
    fn turn(&mut self, field: &Field<'_>) -> Turn {
        let left = field.candidates.iter().filter(|who| !self.done.contains(who.user));
        let users: Vec<_> = left.take(self.members).map(|who| who.user.clone()).collect();
        if self.over || users.is_empty() {
            self.over = true;
            return Turn::Over;
        }
        if field.ringing > 0 && field.now < self.next_at {
            return Turn::Rest(self.next_at);
        }
        self.next_at = field.now.saturating_add(self.step);
        self.done.extend(users.iter().cloned());
        Turn::Offer(users)
    }
}
