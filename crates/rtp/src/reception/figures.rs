//! What a reception tells (RFC 3550 §6.4.1, RFC 3611 §4.7.2).

/// What a packet was to its stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// The first of a run: of the stream, of a new SSRC, or after a jump of the sequence numbers.
    Started,
    /// Newer than all before.
    Advanced,
    /// Older than the newest, and not seen before.
    Reordered,
    /// Seen before.
    Duplicate,
    /// Neither near the run nor yet the second of a new one: not counted as received.
    Unproven,
}

/// Figures of the stretch since the last sample.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Interval {
    /// Packets that the sequence numbers say were sent.
    pub expected: u32,
    /// Different packets that arrived.
    pub packets: u32,
    /// Those that did not.
    pub lost: u32,
    /// `lost` of `expected`, 0 to 100.
    pub loss_percent: f64,
    /// Mean of the running jitter; `None` when no packet could tell (silence, events).
    pub jitter_ms: Option<f64>,
    /// Packets that came more than once.
    pub duplicates: u32,
    /// Packets that came late.
    pub reordered: u32,
    /// Packets that came too late for the jitter buffer.
    pub discarded: u32,
    /// How much longer than by chance the runs of lost packets were (G.107 BurstR), at least 1.
    pub burst_ratio: f64,
}

/// Figures of the whole stream.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Totals {
    /// Packets that the sequence numbers say were sent.
    pub expected: u64,
    /// Different packets that arrived.
    pub packets: u64,
    /// Payload octets of all that arrived.
    pub octets: u64,
    /// Packets that did not arrive.
    pub lost: u64,
    /// Packets that came more than once.
    pub duplicates: u64,
    /// Packets that came late.
    pub reordered: u64,
    /// Packets that came too late for the jitter buffer.
    pub discarded: u64,
    /// Mean of the running jitter.
    pub jitter_avg_ms: Option<f64>,
    /// Highest running jitter.
    pub jitter_max_ms: Option<f64>,
    /// Bursts and gaps.
    pub burst: BurstGap,
}

/// Bursts and gaps of loss (RFC 3611 §4.7.2), Gmin 16.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct BurstGap {
    /// Number of bursts.
    pub bursts: u32,
    /// Share of the packets within bursts that was lost, 0 to 1.
    pub burst_density: f64,
    /// Share of the packets within gaps that was lost, 0 to 1.
    pub gap_density: f64,
    /// Mean length of a burst.
    pub burst_ms: f64,
    /// Mean length of a gap.
    pub gap_ms: f64,
}

/// What a report block about the stream says (RFC 3550 §6.4.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReportBlockValues {
    /// Whom it is about.
    pub ssrc: u32,
    /// Loss since the last report, in 256ths.
    pub fraction_lost: u8,
    /// Loss of the run, duplicates counted as received: within 24 bits, signed.
    pub cumulative_lost: i32,
    /// Cycles and highest sequence number.
    pub extended_highest: u32,
    /// Running jitter in units of the clock.
    pub jitter: u32,
    /// Middle 32 bits of the NTP time of the last sender report; 0 when there was none.
    pub lsr: u32,
    /// Since then, in 65536ths of a second.
    pub dlsr: u32,
}
