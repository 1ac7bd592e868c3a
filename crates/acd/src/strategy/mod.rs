//! Whom to offer a call next (F4). A strategy is a small pure value that one search owns: it is
//! shown who may be offered a call now and answers with one [`Turn`]. It never offers who is not
//! shown, nobody twice in one lap, and nothing any more once it has said [`Turn::Over`] (D42).
//!
//! # Adding a strategy
//! 1. A word in `model::directory::AcdStrategy`.
//! 2. A file in this folder. Where one member is rung after the other it implements `Choose` in
//!    one function (`longest_idle.rs` is an example) and laps come for free; else it implements
//!    [`Strategy`] itself (`progressive_simulring.rs`).
//! 3. Its `mod` and its line in [`strategy`]; the compiler asks for that line.
//!
//! The properties in `tests.rs` run over every word of the enumeration, so the new one is held to
//! them without another line.

mod fewest_calls;
mod laps;
mod least_talk_time;
mod longest_idle;
mod progressive_simulring;
mod round_robin;
mod sequential;
mod simulring;
mod skills;
mod weighted_random;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use model::UserId;
use model::directory::AcdStrategy;

use self::fewest_calls::FewestCalls;
use self::laps::{Choose, Laps, Ranked};
use self::least_talk_time::LeastTalkTime;
use self::longest_idle::LongestIdle;
use self::progressive_simulring::ProgressiveSimulring;
use self::round_robin::RoundRobin;
use self::sequential::Sequential;
use self::simulring::{Simulring, Single};
use self::skills::Skills;
use self::weighted_random::WeightedRandom;

/// A member who may be offered a call now: registered, reachable, available, neither on a call nor
/// wrapping up (D37). Who declined this call and who masters too little are no candidates.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// Who.
    pub user: &'a UserId,
    /// Place in the group, from 0.
    pub position: usize,
    /// Free for so long.
    pub idle: Duration,
    /// Calls of groups answered today.
    pub answered: u32,
    /// Time talked today in calls of groups.
    pub talked: Duration,
    /// Weight for the lot; 1 is ordinary.
    pub weight: u16,
    /// What the member masters, 1–10.
    pub skills: &'a BTreeMap<Arc<str>, u8>,
    /// Another call rings this member now: passed over by all but the simulrings (D37).
    pub rings_elsewhere: bool,
}

/// What a strategy is shown when it is asked.
#[derive(Clone, Copy, Debug)]
pub struct Field<'a> {
    /// Monotonic.
    pub now: Duration,
    /// Who may be offered the call now, by position.
    pub candidates: &'a [Candidate<'a>],
    /// Members of the group, candidates or not.
    pub members: usize,
    /// Position of the member last offered a call of this group; `None`: nobody yet, or no member
    /// any more.
    pub cursor: Option<usize>,
    /// Attempts of this call that ring now.
    pub ringing: usize,
    /// What the call needs at this moment: skill and level.
    pub needs: &'a [(Arc<str>, u8)],
    /// Evenly distributed over all values; drawn anew from the caller's seed for each question.
    pub random: u64,
}

/// What a search does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Offers the call to these members, at least one.
    Offer(Vec<UserId>),
    /// Nothing until this time (monotonic, later than now). Asked sooner, because an attempt ended
    /// or somebody became free, it may offer sooner.
    Rest(Duration),
    /// Offers nobody any more; those who ring go on ringing. Said once, it is said for ever.
    Over,
}

/// How the members of a group are tried for one call. One value serves one search: a stage of a
/// call, or one stay in a queue.
pub trait Strategy: Debug + Send {
    /// Chooses. To be asked when the search begins, when no attempt of it rings any more, and when
    /// a rest is over. Bounded: linear in the candidates.
    fn turn(&mut self, field: &Field<'_>) -> Turn;

    /// Number of the running lap, from 1 (`attempt.round`, D38); 1 where there are no laps.
    fn round(&self) -> u16 {
        1
    }
}

/// What a search is told beside its strategy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SearchRules {
    /// Laps of one-by-one strategies; `None`: until the search is ended from outside (D42).
    pub max_rounds: Option<u32>,
    /// Laps start at least this far apart.
    pub lap_gap: Duration,
    /// Progressive simulring: members that are rung at each step; 0 counts as 1.
    pub step_members: u16,
    /// Progressive simulring: time between two steps.
    pub step: Duration,
}

impl Default for SearchRules {
    fn default() -> Self {
        Self {
            max_rounds: None,
            lap_gap: Duration::from_secs(1),
            step_members: 2,
            step: Duration::from_secs(5),
        }
    }
}

/// A fresh search by a strategy.
pub fn strategy(kind: AcdStrategy, rules: &SearchRules) -> Box<dyn Strategy> {
    match kind {
        AcdStrategy::Single => Box::new(Single::default()),
        AcdStrategy::Simulring => Box::new(Simulring::default()),
        AcdStrategy::ProgressiveSimulring => Box::new(ProgressiveSimulring::new(rules)),
        AcdStrategy::RoundRobin => Box::new(Laps::new(RoundRobin::default(), rules)),
        AcdStrategy::Sequential => Box::new(Laps::new(Sequential::default(), rules)),
        AcdStrategy::LongestIdle => one_by_one(LongestIdle, rules),
        AcdStrategy::FewestCalls => one_by_one(FewestCalls, rules),
        AcdStrategy::LeastTalkTime => one_by_one(LeastTalkTime, rules),
        AcdStrategy::WeightedRandom => one_by_one(WeightedRandom, rules),
        AcdStrategy::Skills => one_by_one(Skills, rules),
    }
}

fn one_by_one(choice: impl Choose + 'static, rules: &SearchRules) -> Box<dyn Strategy> {
    Box::new(Laps::new(Ranked::new(choice), rules))
}

#[cfg(test)]
mod tests;
