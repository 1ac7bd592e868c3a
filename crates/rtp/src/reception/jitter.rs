//! Interarrival jitter (RFC 3550 A.8), fed only by packets whose timestamp tells when their sound
//! was made: not the packets of an event, which repeat one timestamp (RFC 4733 §2.1), and not the
//! first one after a silence, whose sender may have let its clock stand still.

use std::time::Duration;

/// A step of the timestamps longer than this between packets in sequence is a silence.
const SILENCE_MS: u32 = 150;
/// A difference of transits beyond this is a clock set anew, not a network.
const CLOCK_STEP_MS: u32 = 1000;
/// So far behind is an event's begin or a late packet (an event lasts at most 65,535 ticks of
/// 8 kHz); farther behind, the clock was set back.
const BEHIND_MS: u32 = 10_000;

/// Where a packet stands in its run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Its predecessor came.
    Next,
    /// The newest, but its predecessor did not come.
    AfterLoss,
    /// Not the newest.
    Late,
}

/// The estimator of one stream. Values are in units of the stream's clock.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Jitter {
    clock_rate: u32,
    /// Running estimate, times 16.
    scaled: u32,
    /// Arrival less timestamp of the last packet that counted, and that timestamp.
    transit: u32,
    timestamp: u32,
    known: bool,
    /// Highest estimate, times 16.
    max: u32,
    /// Sum (times 16) and number of the estimates.
    sum: u64,
    count: u32,
    /// Both at the last sample.
    sampled_sum: u64,
    sampled_count: u32,
    /// Smallest step of the timestamps between packets in sequence: what a packet holds.
    packet_ticks: u32,
}

impl Jitter {
    pub(super) fn new(clock_rate: u32) -> Self {
        Self { clock_rate, ..Self::default() }
    }

    /// Another clock: what was measured is kept in its units.
    pub(super) fn set_clock_rate(&mut self, rate: u32) {
        let old = self.clock_rate;
        if rate == old {
            return;
        }
        self.clock_rate = rate;
        self.known = false;
        self.packet_ticks = 0;
        if old != 0 && rate != 0 {
            let convert = |ticks: u64| {
                let converted = u128::from(ticks) * u128::from(rate) / u128::from(old);
                u64::try_from(converted).unwrap_or(u64::MAX)
            };
            let short = |ticks: u32| convert(ticks.into()).min(u32::MAX.into()) as u32;
            (self.scaled, self.max) = (short(self.scaled), short(self.max));
            (self.sum, self.sampled_sum) = (convert(self.sum), convert(self.sampled_sum));
        }
    }

    /// The next packet has nothing to be compared with.
    pub(super) fn forget(&mut self) {
        self.known = false;
    }

    /// A packet that was not seen before.
    pub(super) fn arrived(&mut self, now: Duration, timestamp: u32, marker: bool, place: Place) {
        let rate = self.clock_rate;
        if rate == 0 {
            return;
        }
        let transit = ticks(now, rate).wrapping_sub(timestamp);
        let step = timestamp.wrapping_sub(self.timestamp) as i32;
        if self.known && !marker {
            let behind = step < 0 && step.unsigned_abs() < of_ms(BEHIND_MS, rate);
            if step == 0 || (behind && place != Place::Late) {
                return;
            }
            let follows = place == Place::Next;
            let difference = (transit.wrapping_sub(self.transit) as i32).unsigned_abs();
            let silence = follows && step > 0 && step as u32 > of_ms(SILENCE_MS, rate);
            if !silence && difference < of_ms(CLOCK_STEP_MS, rate) {
                self.update(difference);
            }
            if follows && step > 0 && (self.packet_ticks == 0 || self.packet_ticks > step as u32) {
                self.packet_ticks = step as u32;
            }
        }
        self.transit = transit;
        self.timestamp = timestamp;
        self.known = true;
    }

    /// J += (|D| - J) / 16, as A.8 does it in integers.
    fn update(&mut self, difference: u32) {
        let decay = self.scaled.saturating_add(8) >> 4;
        self.scaled = self.scaled.saturating_add(difference).saturating_sub(decay);
        self.max = self.max.max(self.scaled);
        self.sum = self.sum.wrapping_add(self.scaled.into());
        self.count = self.count.wrapping_add(1);
    }

    /// Running estimate in units of the clock.
    pub(super) fn current(&self) -> u32 {
        self.scaled >> 4
    }

    /// The same in milliseconds.
    pub(super) fn current_ms(&self) -> f64 {
        if self.clock_rate == 0 {
            return 0.0;
        }
        f64::from(self.scaled) / 16.0 * 1000.0 / f64::from(self.clock_rate)
    }

    /// Mean since the last sample, when at least `least` packets told.
    pub(super) fn sample(&mut self, least: u32) -> Option<f64> {
        let count = self.count.wrapping_sub(self.sampled_count);
        let sum = self.sum.wrapping_sub(self.sampled_sum);
        self.sampled_count = self.count;
        self.sampled_sum = self.sum;
        (count >= least.max(1)).then(|| self.ms(sum as f64 / f64::from(count)))
    }

    /// Mean and highest of all.
    pub(super) fn totals(&self) -> Option<(f64, f64)> {
        (self.count > 0).then(|| {
            (self.ms(self.sum as f64 / f64::from(self.count)), self.ms(f64::from(self.max)))
        })
    }

    /// How much sound a packet holds; 20 ms while that is not known.
    pub(super) fn packet_ms(&self) -> f64 {
        match (self.packet_ticks, self.clock_rate) {
            (0, _) | (_, 0) => 20.0,
            (ticks, rate) => f64::from(ticks) * 1000.0 / f64::from(rate),
        }
    }

    fn ms(&self, scaled: f64) -> f64 {
        scaled / 16.0 * 1000.0 / f64::from(self.clock_rate.max(1))
    }
}

/// A time in units of the clock, modulo 2^32.
fn ticks(now: Duration, rate: u32) -> u32 {
    let whole = now.as_secs().wrapping_mul(rate.into());
    let part = u64::from(now.subsec_nanos()) * u64::from(rate) / 1_000_000_000;
    whole.wrapping_add(part) as u32
}

fn of_ms(ms: u32, rate: u32) -> u32 {
    (u64::from(ms) * u64::from(rate) / 1000) as u32
}
