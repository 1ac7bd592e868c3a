//! How the sequence numbers and timestamps of one source become ours.

use crate::sequence::{Continuity, Extender, MAX_MISORDER};
use std::time::Duration;

/// Timestamps of a source may go ahead of the time by this much before they count as a jump.
const JUMP_SECONDS: i64 = 2;

/// For so long a source that another one has replaced cannot come back: its packets are late.
const RETURN_AFTER: Duration = Duration::from_millis(200);
/// For so long a packet from before the replacement is known as one.
const LATE_WITHIN: Duration = Duration::from_secs(2);

/// Who feeds a stream: a leg, and its peer's synchronisation source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Source {
    pub(super) from: u32,
    pub(super) ssrc: u32,
}

/// What has come between two packets of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cut {
    /// Nothing.
    None,
    /// An event made here: it took a sequence number, the timestamps go on.
    Sequence,
    /// Audio made here, or another clock: the timestamps begin anew too.
    Clock,
}

/// The source that feeds a stream now.
#[derive(Debug, Clone)]
pub(super) struct Feed {
    pub(super) source: Source,
    pub(super) continuity: Continuity,
    pub(super) cut: Cut,
    /// The first sequence number of the source that is mapped as it is now; an earlier one would
    /// get the number of something that was sent before.
    pub(super) first: i64,
    /// Our sequence number less the source's.
    pub(super) offset: i64,
    pub(super) clock: Option<ClockMap>,
}

impl Feed {
    pub(super) fn new(source: Source) -> Self {
        Self {
            source,
            continuity: Continuity::new(),
            cut: Cut::Clock,
            first: 0,
            offset: 0,
            clock: None,
        }
    }

    /// Makes `ours` the number of the source's packet `theirs`.
    pub(super) fn align(&mut self, theirs: i64, ours: i64) {
        self.first = theirs;
        self.offset = ours - theirs;
    }
}

/// The source before the one that feeds now.
#[derive(Debug, Clone, Copy)]
pub(super) struct Replaced {
    source: Source,
    highest: u16,
    at: Duration,
}

impl Replaced {
    /// `feed` is replaced now; `None` if nothing has come of it.
    pub(super) fn new(feed: &Feed, now: Duration) -> Option<Self> {
        let highest = feed.continuity.highest()?;
        // The low 16 bits are the sequence number.
        Some(Self { source: feed.source, highest: highest as u16, at: now })
    }

    /// Whether a packet is of this source, and from that time.
    pub(super) fn has_sent(&self, now: Duration, source: Source, sequence: u16) -> bool {
        let since = now.saturating_sub(self.at);
        let behind = self.highest.wrapping_sub(sequence) < MAX_MISORDER;
        let ahead = sequence.wrapping_sub(self.highest) < MAX_MISORDER;
        self.source == source && (behind && since < LATE_WITHIN || ahead && since < RETURN_AFTER)
    }
}

/// A source's clock on ours.
#[derive(Debug, Clone)]
pub(super) struct ClockMap {
    theirs_hz: u32,
    ours_hz: u32,
    source: Extender,
    theirs: i64,
    ours: i64,
    /// The last audio in order.
    last: i64,
    last_at: Duration,
}

impl ClockMap {
    /// The source's `theirs` is our `ours`.
    pub(super) fn new(theirs_hz: u32, ours_hz: u32, theirs: u32, ours: i64, now: Duration) -> Self {
        let mut source = Extender::timestamp();
        let theirs = source.extend(theirs);
        Self { theirs_hz, ours_hz, source, theirs, ours, last: ours, last_at: now }
    }

    pub(super) fn is_of(&self, theirs_hz: u32) -> bool {
        self.theirs_hz == theirs_hz
    }

    /// Our timestamp for the source's.
    pub(super) fn map(&self, theirs: u32) -> i64 {
        let since = self.source.nearest(theirs) - self.theirs;
        self.ours + scale(since, self.theirs_hz, self.ours_hz)
    }

    /// The same for audio in order; `None` if it goes back, or ahead of the time: the source has
    /// another clock from here on.
    pub(super) fn advance(&mut self, theirs: u32, now: Duration) -> Option<i64> {
        let ours = self.map(theirs);
        let ahead = ours - self.last;
        let jump = JUMP_SECONDS * i64::from(self.ours_hz);
        if ahead < 0
            || ahead > jump && ahead > jump + ticks(now.saturating_sub(self.last_at), self.ours_hz)
        {
            return None;
        }
        self.source.extend(theirs);
        self.last = ours;
        self.last_at = now;
        Some(ours)
    }
}

/// A difference of timestamps in another clock, rounded down.
pub(super) fn scale(difference: i64, from_hz: u32, to_hz: u32) -> i64 {
    if from_hz == to_hz {
        return difference;
    }
    // With a clock of 2^20 Hz at most (`clamp_rate`) the product fits; 2^42 at 8 kHz are 17 years.
    let difference = difference.clamp(-(1 << 42), 1 << 42);
    (difference * i64::from(to_hz)).div_euclid(i64::from(from_hz))
}

/// A clock that arithmetic can bear: above zero, at most 1 MHz.
pub(super) fn clamp_rate(hz: u32) -> u32 {
    hz.clamp(1, 1_000_000)
}

/// A time in units of a clock; a day at most.
pub(super) fn ticks(time: Duration, hz: u32) -> i64 {
    let micros = time.min(Duration::from_secs(86_400)).as_micros() as i64;
    micros * i64::from(hz) / 1_000_000
}
