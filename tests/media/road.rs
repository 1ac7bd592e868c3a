//! What is between a phone and the server: packets are lost, late, in another order, twice or not
//! at all, from one time to another. Which of them follows from a seed and a packet's number alone.

use std::collections::BTreeMap;
use std::time::Duration;

/// What happens to packets.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Trouble {
    /// Of a hundred packets so many are lost, one here and there.
    pub(crate) loss_percent: f64,
    /// They are lost at the same distance from each other: every stretch has as many.
    pub(crate) even: bool,
    /// All are so late.
    pub(crate) delay: Duration,
    /// Every so manieth is held up for so long, and those behind it with it; 0: none is.
    pub(crate) stalled: u32,
    /// How long.
    pub(crate) stall: Duration,
    /// Every so manieth comes twice; 0: none does.
    pub(crate) doubled: u32,
    /// Every so manieth comes after the one that was sent after it; 0: none does.
    pub(crate) turned: u32,
    /// Nothing comes through.
    pub(crate) cut: bool,
}

/// One direction of the way.
#[derive(Debug)]
pub(crate) struct Road {
    trouble: Trouble,
    seed: u64,
    entered: u32,
    /// Parts of a packet that are to be lost before the next is.
    owed: f64,
    /// When what is held up goes on.
    open_at: Duration,
    /// What is on the way: when it arrives, and its number.
    travelling: BTreeMap<(Duration, u32), Parcel>,
}

/// A packet on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Parcel {
    /// RTCP, at the port of its own.
    pub(crate) control: bool,
    /// All of it.
    pub(crate) bytes: Vec<u8>,
}

impl Road {
    pub(crate) fn new(seed: u64) -> Self {
        let trouble = Trouble::default();
        let open_at = Duration::ZERO;
        Self { trouble, seed, entered: 0, owed: 0.0, open_at, travelling: BTreeMap::new() }
    }

    /// From now on.
    pub(crate) fn set(&mut self, trouble: Trouble) {
        self.trouble = trouble;
        self.owed = 0.0;
    }

    /// A packet sets out.
    pub(crate) fn enter(&mut self, now: Duration, parcel: Parcel) {
        let Trouble { loss_percent, even, delay, stalled, stall, doubled, turned, cut } =
            self.trouble;
        self.entered += 1;
        let number = self.entered;
        if !parcel.control {
            // The rate holds over any stretch; where in it a packet is lost is up to chance.
            let share = if even { 1.0 } else { self.chance(number) * 2.0 };
            self.owed += loss_percent / 100.0 * share;
            if self.owed >= 1.0 {
                self.owed -= 1.0;
                return;
            }
        }
        if cut {
            return;
        }
        if stalled > 0 && number.is_multiple_of(stalled) {
            self.open_at = now + stall;
        }
        let mut late = delay + self.open_at.saturating_sub(now);
        if turned > 0 && number.is_multiple_of(turned) {
            late += Duration::from_millis(25);
        }
        if doubled > 0 && number.is_multiple_of(doubled) {
            self.travelling.insert((now + late, number | 1 << 31), parcel.clone());
        }
        self.travelling.insert((now + late, number), parcel);
    }

    /// When something arrives.
    pub(crate) fn due(&self) -> Option<Duration> {
        self.travelling.keys().next().map(|(due, _)| *due)
    }

    /// What has arrived.
    pub(crate) fn leave(&mut self, now: Duration) -> Option<Parcel> {
        let first = self.travelling.first_entry()?;
        (first.key().0 <= now).then(|| first.remove())
    }

    /// A number from 0 to 1 that a packet's number gives.
    fn chance(&self, number: u32) -> f64 {
        // SplitMix64.
        let mut x = self.seed.wrapping_add(u64::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        x = (x ^ x >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ x >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((x ^ x >> 31) >> 11) as f64 / (1u64 << 53) as f64
    }
}
