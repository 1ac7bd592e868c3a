//! Whom to offer a call next. Pure choice over a group's members; nothing is dialled here.
//!
//! A round robin goes in laps. A lap begins with the member after the cursor and looks at each
//! member once: he is offered the call or passed over. Laps start at least a second apart, a lap
//! that offers nobody is the last, and who declined is not offered again in the stage (D42).

use std::time::Duration;

use model::directory::{Availability, Directory, Group};
use model::{GroupId, UserId};

use acd::Floor;

/// Whether a group may offer this user a call (D37): registered, available and not on a call.
pub(crate) fn may_be_offered(user: &UserId, directory: &Directory, floor: &Floor) -> bool {
    floor.is_registered(user)
        && !floor.is_on_call(user)
        && directory.user(user).is_some_and(|user| user.availability == Availability::Available)
}

/// What a round robin does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Offer it to this member.
    Offer(UserId),
    /// Nothing until this time (monotonic).
    Rest(Duration),
    /// Nothing any more.
    Over,
}

/// The laps of one round-robin stage.
#[derive(Debug)]
pub(crate) struct Laps {
    pub(crate) group: GroupId,
    /// Number of the running lap, from 1; 0 before the first.
    pub(crate) round: u16,
    max_rounds: Option<u32>,
    /// Least distance of two laps' starts.
    gap: Duration,
    began_at: Duration,
    /// Position of the member with whom the lap began, and how many it has looked at.
    first: usize,
    seen: usize,
    offered: bool,
    declined: Vec<UserId>,
}

impl Laps {
    pub(crate) fn new(group: GroupId, max_rounds: Option<u32>, gap: Duration) -> Self {
        Self {
            group,
            round: 0,
            max_rounds,
            gap,
            began_at: Duration::ZERO,
            first: 0,
            seen: 0,
            offered: false,
            declined: Vec::new(),
        }
    }

    /// This member is not offered the call again in this stage.
    pub(crate) fn declined(&mut self, user: UserId) {
        self.declined.push(user);
    }

    /// Chooses. `free` says who may be offered a call now. Bounded: a member is looked at once a
    /// lap, and a second lap begins only after one that offered somebody.
    pub(crate) fn next(
        &mut self,
        now: Duration,
        group: &Group,
        cursor: Option<&UserId>,
        free: impl Fn(&UserId) -> bool,
    ) -> Turn {
        let members = &group.members;
        if self.round == 0 {
            self.begin_lap(now, members, cursor);
        }
        loop {
            while self.seen < members.len() {
                let member = &members[(self.first + self.seen) % members.len()];
                self.seen += 1;
                if free(member) && !self.declined.contains(member) {
                    self.offered = true;
                    return Turn::Offer(member.clone());
                }
            }
            let enough = self.max_rounds.is_some_and(|max| u32::from(self.round) >= max);
            if !self.offered || enough || self.round == u16::MAX {
                return Turn::Over;
            }
            let earliest = self.began_at + self.gap;
            if now < earliest {
                return Turn::Rest(earliest);
            }
            self.begin_lap(now, members, cursor);
        }
    }

    fn begin_lap(&mut self, now: Duration, members: &[UserId], cursor: Option<&UserId>) {
        let last = cursor.and_then(|cursor| members.iter().position(|member| member == cursor));
        self.first = last.map_or(0, |index| index + 1);
        self.seen = 0;
        self.offered = false;
        self.began_at = now;
        self.round += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(members: &[&str]) -> Group {
        let members = members.iter().map(|id| UserId::from(*id)).collect();
        Group::of(GroupId::from("g"), "G".into(), members)
    }

    fn offer(user: &str) -> Turn {
        Turn::Offer(UserId::from(user))
    }

    const GAP: Duration = Duration::from_secs(1);

    #[test]
    fn a_lap_begins_after_the_cursor_and_looks_at_everybody_once() {
        let group = group(&["a", "b", "c"]);
        let cursor = UserId::from("b");
        let mut laps = Laps::new(group.id.clone(), Some(1), GAP);
        let mut next = || laps.next(Duration::ZERO, &group, Some(&cursor), |_| true);
        assert_eq!([next(), next(), next()], [offer("c"), offer("a"), offer("b")]);
        assert_eq!(next(), Turn::Over);
    }

    #[test]
    fn a_cursor_that_is_no_member_any_more_begins_with_the_first() {
        let group = group(&["a", "b"]);
        let mut laps = Laps::new(group.id.clone(), None, GAP);
        let gone = UserId::from("z");
        assert_eq!(laps.next(Duration::ZERO, &group, Some(&gone), |_| true), offer("a"));
    }

    #[test]
    fn laps_start_a_second_apart_and_one_that_offers_nobody_is_the_last() {
        let group = group(&["a"]);
        let mut laps = Laps::new(group.id.clone(), None, GAP);
        let at = Duration::from_millis;
        assert_eq!(laps.next(at(0), &group, None, |_| true), offer("a"));
        assert_eq!(laps.next(at(300), &group, None, |_| true), Turn::Rest(GAP));
        assert_eq!(laps.next(at(1_000), &group, None, |_| true), offer("a"));
        assert_eq!(laps.round, 2);
        assert_eq!(laps.next(at(9_000), &group, None, |_| false), Turn::Over);
    }

    #[test]
    fn who_declined_is_not_asked_again() {
        let group = group(&["a", "b"]);
        let mut laps = Laps::new(group.id.clone(), Some(2), Duration::ZERO);
        assert_eq!(laps.next(GAP, &group, None, |_| true), offer("a"));
        laps.declined(UserId::from("a"));
        assert_eq!(laps.next(GAP, &group, None, |_| true), offer("b"));
        assert_eq!(laps.next(GAP, &group, None, |_| true), offer("b"));
        assert_eq!(laps.next(GAP, &group, None, |_| true), Turn::Over);
    }

    #[test]
    fn an_empty_group_is_over_at_once() {
        let group = group(&[]);
        let mut laps = Laps::new(group.id.clone(), None, GAP);
        assert_eq!(laps.next(Duration::ZERO, &group, None, |_| true), Turn::Over);
    }
}
