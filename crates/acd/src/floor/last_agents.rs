//! With whom each number talked last; bounded, the oldest goes.

use std::collections::BTreeMap;

use model::{E164, UserId};

use super::Floor;

/// The last agents.
#[derive(Debug, Default)]
pub(super) struct LastAgents {
    by_number: BTreeMap<E164, (u64, UserId)>,
    by_age: BTreeMap<u64, E164>,
    last: u64,
}

impl LastAgents {
    pub(super) fn of(&self, number: &E164) -> Option<&UserId> {
        self.by_number.get(number).map(|(_, user)| user)
    }

    pub(super) fn insert(&mut self, number: E164, user: UserId) {
        self.last += 1;
        self.by_age.insert(self.last, number.clone());
        if let Some((age, _)) = self.by_number.insert(number, (self.last, user)) {
            self.by_age.remove(&age);
        }
        if self.by_number.len() > Floor::LAST_AGENTS
            && let Some((_, oldest)) = self.by_age.pop_first()
        {
            self.by_number.remove(&oldest);
        }
    }
}
