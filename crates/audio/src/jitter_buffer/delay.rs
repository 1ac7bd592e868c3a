//! How late packets are, measured: the least transit time of the last ten seconds is the path
//! without jitter, what a packet takes longer is its delay, and a histogram of the delays tells how
//! long to wait for almost all of them. The clocks' drift moves the least transit time along.

const BINS: usize = 64;
const BIN_MS: i64 = 5;
const SLICES: usize = 5;
const SLICE_S: i64 = 2;
/// A slice counts no more packets than this: a flood cannot overflow it.
const SLICE_PACKETS_MAX: u16 = 10_000;
/// Of a thousand packets, this many may come later than the target.
const TAIL_PER_MILLE: u32 = 20;
/// The same for a minute after more than [`LATE_PER_MILLE`] had to be discarded. (A minute, so that
/// the delay does not go up and down with its own success.)
const TAIL_LATE_PER_MILLE: u32 = 3;
const LATE_PER_MILLE: u32 = 5;
const STRICT_SLICES: i64 = 60 / SLICE_S;

#[derive(Debug, Clone, Copy)]
struct Slice {
    bins: [u16; BINS],
    packets: u16,
    late: u16,
    least: i64,
}

const EMPTY: Slice = Slice { bins: [0; BINS], packets: 0, late: 0, least: i64::MAX };

/// The estimate. All times are in timestamp units.
#[derive(Debug)]
pub(super) struct Delay {
    clock_rate: i64,
    bin: i64,
    slices: [Slice; SLICES],
    total: [u32; BINS],
    packets: u32,
    late: u32,
    slice: i64,
    /// Until this slice the smaller tail holds.
    strict_until: i64,
    base: Option<i64>,
    /// The transit time at which the first bin begins: within a bin of the base.
    origin: i64,
}

impl Delay {
    pub(super) fn new(clock_rate: i64, max: i64) -> Self {
        let bin = (clock_rate * BIN_MS / 1_000).max(max / (BINS as i64 - 4)).max(1);
        Self {
            clock_rate,
            bin,
            slices: [EMPTY; SLICES],
            total: [0; BINS],
            packets: 0,
            late: 0,
            slice: 0,
            strict_until: 0,
            base: None,
            origin: 0,
        }
    }

    /// The least transit time; transit = arrival − timestamp.
    pub(super) fn base(&self) -> Option<i64> {
        self.base
    }

    /// The path or the sender's times are others now; the jitter is thought to be as before.
    pub(super) fn rebase(&mut self) {
        self.base = None;
        for slice in &mut self.slices {
            slice.least = i64::MAX;
        }
    }

    /// Whether all that was measured is older than the window.
    pub(super) fn is_stale(&self, now: i64) -> bool {
        now / (self.clock_rate * SLICE_S) - self.slice >= SLICES as i64
    }

    /// Takes in a packet.
    pub(super) fn record(&mut self, now: i64, transit: i64) {
        self.rotate(now);
        let at = self.index();
        self.slices[at].least = self.slices[at].least.min(transit);
        let base = self.slices.iter().fold(i64::MAX, |least, slice| least.min(slice.least));
        match self.base {
            None => self.origin = base,
            Some(_) => self.shift(base),
        }
        self.base = Some(base);
        let slice = &mut self.slices[at];
        if slice.packets < SLICE_PACKETS_MAX {
            // Never negative after `max`.
            let bin = (((transit - self.origin).max(0) / self.bin) as usize).min(BINS - 1);
            slice.bins[bin] += 1;
            slice.packets += 1;
            self.total[bin] += 1;
            self.packets += 1;
        }
    }

    /// When the base moves, what was counted before moves in the other direction.
    fn shift(&mut self, base: i64) {
        let bins = (base - self.origin) / self.bin;
        if bins == 0 {
            return;
        }
        self.origin += bins * self.bin;
        self.total = [0; BINS];
        for slice in &mut self.slices {
            let old = std::mem::replace(&mut slice.bins, [0; BINS]);
            for (bin, count) in old.into_iter().enumerate() {
                let to = (bin as i64 - bins).clamp(0, BINS as i64 - 1) as usize;
                slice.bins[to] += count;
                self.total[to] += u32::from(count);
            }
        }
    }

    /// Notes that the packet recorded last was discarded.
    pub(super) fn note_late(&mut self) {
        let at = self.index();
        if self.slices[at].late < SLICE_PACKETS_MAX {
            self.slices[at].late += 1;
            self.late += 1;
        }
        if self.late * 1_000 > self.packets * LATE_PER_MILLE {
            self.strict_until = self.slice + STRICT_SLICES;
        }
    }

    /// The delay by which all but some per mille have come.
    pub(super) fn quantile(&self) -> i64 {
        let strict = self.slice < self.strict_until;
        let tail = if strict { TAIL_LATE_PER_MILLE } else { TAIL_PER_MILLE };
        let allowed = self.packets * tail / 1_000;
        let mut beyond = 0;
        for bin in (0..BINS).rev() {
            beyond += self.total[bin];
            if beyond > allowed {
                let moved = self.origin - self.base.unwrap_or(self.origin);
                return (bin as i64 + 1) * self.bin + moved;
            }
        }
        0
    }

    fn index(&self) -> usize {
        self.slice.rem_euclid(SLICES as i64) as usize
    }

    fn rotate(&mut self, now: i64) {
        let slice = now / (self.clock_rate * SLICE_S);
        if slice <= self.slice {
            return;
        }
        for _ in 0..(slice - self.slice).min(SLICES as i64) {
            self.slice += 1;
            let at = self.index();
            let old = std::mem::replace(&mut self.slices[at], EMPTY);
            for (total, gone) in self.total.iter_mut().zip(old.bins) {
                *total -= u32::from(gone);
            }
            self.packets -= u32::from(old.packets);
            self.late -= u32::from(old.late);
        }
        if slice != self.slice {
            // Everything was forgotten above; only the number is to catch up.
            self.slice = slice;
        }
    }
}
