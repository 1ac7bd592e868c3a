//! The accounts of the port pool: where each pair is.
//!
//! Invariant: every pair of the range is in exactly one place — free, stocked, open or resting —
//! so that none is ever lost or given out twice. Pairs become free by resting only, or by coming
//! back unused.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use call::port::PortPair;

/// Where all pairs are.
#[derive(Debug)]
pub(crate) struct PortPool {
    /// Nobody has these. Those with sockets already are in front.
    free: VecDeque<PortPair>,
    /// The core has these and no leg has them yet.
    stocked: BTreeSet<PortPair>,
    /// Legs have these.
    open: BTreeSet<PortPair>,
    /// Left by a leg, with the time at which they are free again; in the order of that time.
    resting: VecDeque<(Duration, PortPair)>,
    rest: Duration,
}

/// How many pairs are where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PortCounts {
    pub(crate) free: usize,
    pub(crate) stocked: usize,
    pub(crate) open: usize,
    pub(crate) resting: usize,
}

impl PortPool {
    /// All pairs free; `rest` is how long a pair rests after a leg.
    pub(crate) fn new(pairs: impl Iterator<Item = PortPair>, rest: Duration) -> Self {
        Self {
            free: pairs.collect(),
            stocked: BTreeSet::new(),
            open: BTreeSet::new(),
            resting: VecDeque::new(),
            rest,
        }
    }

    /// Moves free pairs into the stock until it holds `level`; `bind` says whether a pair can be
    /// used. A pair that cannot (another program has a port) stays free and is asked about last;
    /// none is asked about twice, and no more than twice the level in all, so that a range full of
    /// strangers does not stop the relay. Returns what is new in the stock.
    pub(crate) fn fill_stock(
        &mut self,
        level: usize,
        mut bind: impl FnMut(PortPair) -> bool,
    ) -> Vec<PortPair> {
        let mut new = Vec::new();
        for _ in 0..self.free.len().min(2 * level) {
            if self.stocked.len() >= level {
                break;
            }
            let Some(pair) = self.free.pop_front() else {
                break;
            };
            if bind(pair) {
                self.stocked.insert(pair);
                new.push(pair);
            } else {
                self.free.push_back(pair);
            }
        }
        new
    }

    /// A leg takes a pair of the stock; `false`: it was not there.
    pub(crate) fn open(&mut self, pair: PortPair) -> bool {
        self.stocked.remove(&pair) && self.open.insert(pair)
    }

    /// The core did not use a pair of the stock; it has been shown to nobody and need not rest.
    pub(crate) fn put_back(&mut self, pair: PortPair) -> bool {
        let was_stocked = self.stocked.remove(&pair);
        if was_stocked {
            self.free.push_front(pair);
        }
        was_stocked
    }

    /// The leg is over.
    pub(crate) fn close(&mut self, now: Duration, pair: PortPair) -> bool {
        let was_open = self.open.remove(&pair);
        if was_open {
            self.resting.push_back((now + self.rest, pair));
        }
        was_open
    }

    /// Frees what has rested enough.
    pub(crate) fn wake(&mut self, now: Duration) {
        while let Some((_, pair)) = self.resting.pop_front_if(|(until, _)| *until <= now) {
            self.free.push_front(pair);
        }
    }

    /// When the next pair has rested enough.
    pub(crate) fn next_deadline(&self) -> Option<Duration> {
        self.resting.front().map(|(until, _)| *until)
    }

    pub(crate) fn counts(&self) -> PortCounts {
        PortCounts {
            free: self.free.len(),
            stocked: self.stocked.len(),
            open: self.open.len(),
            resting: self.resting.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const REST: Duration = Duration::from_millis(50);

    fn pool(pairs: u16) -> PortPool {
        PortPool::new((0..pairs).map(|index| PortPair { rtp: index * 2 }), REST)
    }

    #[test]
    fn ports_rest_before_they_are_given_out_again() {
        let mut pool = pool(1);
        let pair = PortPair { rtp: 0 };
        assert_eq!(pool.fill_stock(3, |_| true), [pair]);
        assert!(pool.open(pair));
        assert!(pool.close(Duration::ZERO, pair));
        pool.wake(REST - Duration::from_nanos(1));
        assert_eq!(pool.fill_stock(3, |_| true), []);
        assert_eq!(pool.next_deadline(), Some(REST));
        pool.wake(REST);
        assert_eq!(pool.fill_stock(3, |_| true), [pair]);
    }

    #[test]
    fn what_cannot_be_bound_is_asked_about_once_and_last() {
        let mut pool = pool(3);
        let mut asked = Vec::new();
        let new = pool.fill_stock(2, |pair| {
            asked.push(pair.rtp);
            pair.rtp != 0
        });
        assert_eq!(asked, [0, 2, 4]);
        assert_eq!(new.len(), 2);
        assert_eq!(pool.fill_stock(9, |_| false), []);
        assert_eq!(pool.counts().free, 1);
    }

    /// What the core may do, rightly or wrongly.
    #[derive(Debug, Clone)]
    enum Step {
        Fill { level: usize, unusable: u16 },
        Open(u16),
        PutBack(u16),
        Close(u16),
        Wait(u64),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            (0..12_usize, 0..24_u16).prop_map(|(level, unusable)| Step::Fill { level, unusable }),
            (0..24_u16).prop_map(Step::Open),
            (0..24_u16).prop_map(Step::PutBack),
            (0..24_u16).prop_map(Step::Close),
            (0..80_u64).prop_map(Step::Wait),
        ]
    }

    proptest! {
        #[test]
        fn ports_never_leak(steps in proptest::collection::vec(step(), 0..200)) {
            let mut pool = pool(10);
            let mut now = Duration::ZERO;
            let mut in_use = BTreeSet::new();
            for step in steps {
                match step {
                    Step::Fill { level, unusable } => {
                        for pair in pool.fill_stock(level, |pair| pair.rtp != unusable) {
                            prop_assert!(!in_use.contains(&pair), "{pair:?} given out twice");
                        }
                    }
                    Step::Open(rtp) => {
                        let pair = PortPair { rtp };
                        if pool.open(pair) {
                            prop_assert!(in_use.insert(pair));
                        }
                    }
                    Step::PutBack(rtp) => {
                        pool.put_back(PortPair { rtp });
                    }
                    Step::Close(rtp) => {
                        let was_open = pool.close(now, PortPair { rtp });
                        prop_assert_eq!(in_use.remove(&PortPair { rtp }), was_open);
                    }
                    Step::Wait(ms) => {
                        now += Duration::from_millis(ms);
                        pool.wake(now);
                    }
                }
                let PortCounts { free, stocked, open, resting } = pool.counts();
                prop_assert_eq!(free + stocked + open + resting, 10);
                prop_assert_eq!(open, in_use.len());
            }
            // Calm: everything comes back.
            for pair in in_use {
                pool.close(now, pair);
            }
            pool.wake(now + REST);
            let stocked: Vec<_> = pool.stocked.iter().copied().collect();
            for pair in stocked {
                prop_assert!(pool.put_back(pair));
            }
            prop_assert_eq!(pool.counts().free, 10);
        }
    }
}
