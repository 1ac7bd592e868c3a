//! A random day on the floor: callers arrive, hang up and are called back; agents register, lose
//! their registration, go away, answer, miss, decline and wrap up; directories are read anew.
//! Beside the floor runs a model that knows no index and no timer: it looks at everybody each
//! time. After every step both have to agree, and what must hold is asked of the model.

mod check;
mod model;
mod people;
mod steps;

use std::time::Duration;

use ::model::{CallId, Millis, Now};
use acd::{Floor, Offer, Turned};

pub(crate) use self::model::{Agent, Caller, Lot};
use self::people::House;

/// One day.
pub(crate) struct Day {
    floor: Floor,
    lot: Lot,
    now: Duration,
    house: House,
    agents: Vec<Agent>,
    callers: Vec<Caller>,
    /// Numbers of calls and of places.
    last: u64,
    /// Answers of calls for a group that neither waited nor were counted as offered.
    loose: u32,
    log: Vec<String>,
    /// What has happened, so that a test can tell whether days are worth something.
    pub(crate) seen: Seen,
}

/// How often what happened.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) steps: u64,
    pub(crate) offers: u64,
    pub(crate) answers: u64,
    pub(crate) misses: u64,
    pub(crate) callbacks: u64,
    pub(crate) full: u64,
    pub(crate) laps_over: u64,
    pub(crate) pauses: u64,
}

impl Seen {
    pub(crate) fn add(&mut self, other: Self) {
        self.steps += other.steps;
        self.offers += other.offers;
        self.answers += other.answers;
        self.misses += other.misses;
        self.callbacks += other.callbacks;
        self.full += other.full;
        self.laps_over += other.laps_over;
        self.pauses += other.pauses;
    }
}

/// Steps of one day.
const STEPS: usize = 70;

impl Day {
    /// Lives through the day of a seed.
    ///
    /// # Panics
    /// When something does not hold; the message has the seed and all that happened.
    pub(crate) fn live(seed: u64) -> Seen {
        let mut lot = Lot::new(seed);
        let house = House::new(&mut lot);
        let mut day = Self {
            floor: Floor::seeded(seed),
            now: Duration::from_secs(1_000),
            agents: house.agents(),
            house,
            lot,
            callers: Vec::new(),
            last: 0,
            loose: 0,
            log: vec![format!("seed {seed}")],
            seen: Seen::default(),
        };
        day.read_directory();
        day.begin();
        for _ in 0..STEPS {
            day.seen.steps += 1;
            day.step();
            day.forget_who_is_gone();
            day.dispatch();
            day.check();
        }
        day.close();
        day.seen
    }

    fn time(&self) -> Now {
        Now { mono: self.now, wall: Millis(1_700_006_400_000).plus(self.now) }
    }

    fn say(&mut self, what: impl Into<String>) {
        self.log.push(format!("{:>9.3} {}", self.now.as_secs_f64(), what.into()));
    }

    fn demand(&self, holds: bool, what: impl FnOnce() -> String) {
        assert!(holds, "{}\n{:?}\n{}", self.log.join("\n"), self.callers, what());
    }

    fn dispatch(&mut self) {
        for _ in 0..10_000 {
            let now = self.time();
            let Some(offer) = self.floor.dispatch(now) else {
                return;
            };
            self.offered(&offer);
        }
        self.demand(false, || "dispatch has no end".into());
    }

    /// An offer is lawful, and the floor's driver obeys it or fails to.
    fn offered(&mut self, offer: &Offer) {
        self.seen.offers += 1;
        self.say(format!("{offer:?}"));
        let call = match &offer.to {
            Turned::Caller(call) | Turned::Callback { place: call, .. } => call.clone(),
        };
        self.check_offer(&call, offer);
        if offer.members.is_empty() {
            self.seen.laps_over += 1;
            return self.rounds_over(&call);
        }
        self.reserve(&call, &offer.members);
        match &offer.to {
            Turned::Caller(_) if self.lot.one_in(20) => self.dial_nobody(&call),
            Turned::Caller(_) => {
                let now = self.time();
                for (user, group) in &offer.members {
                    self.floor.ring(user, &call, Some(group), now);
                }
            }
            Turned::Callback { .. } => self.call_back(&call),
        }
    }

    fn mint(&mut self) -> CallId {
        self.last += 1;
        CallId::from(format!("call-{}", self.last))
    }
}
