//! One received RTP stream: what arrived, what did not, and how unevenly (RFC 3550 A.1, A.3, A.8).
//!
//! A packet counts as lost once a newer one came, and as reordered instead when it still comes
//! within the window of 128 numbers. A jump of the sequence numbers or another SSRC is a new run,
//! not loss, and begins only with two packets in sequence, so that one stray or forged packet
//! changes nothing. Totals go on over runs; a report block is about the present run alone.

mod burst;
mod figures;
mod jitter;
#[cfg(test)]
mod tests;

use std::time::Duration;

use burst::Burst;
pub use figures::{Arrival, BurstGap, Interval, ReportBlockValues, Totals};
use jitter::{Jitter, Place};

/// How far back it is known which packets came (RFC 3550 A.1: MAX_MISORDER 100).
const WINDOW: u32 = 128;
/// A larger step forward is a new run, not loss (RFC 3550 A.1: MAX_DROPOUT).
const MAX_DROPOUT: u32 = 3000;
/// A sample needs so many packets to tell a jitter.
const LEAST_JITTER_PACKETS: u32 = 10;
/// Sequence numbers start over after so many; runs begin in the second cycle, so that a late
/// packet from before the first has a number too.
const CYCLE: u32 = 1 << 16;

/// The state of one received stream.
#[derive(Clone, Debug, Default)]
pub struct Reception {
    /// Bit n tells whether the packet n before `highest` came.
    window: u128,
    /// First and highest number of the run, extended by its cycles.
    base: u32,
    highest: u32,
    /// Different packets of the run, and how often one of them came again.
    run_packets: u32,
    run_duplicates: u32,
    /// Expected and arrived at the last report block.
    reported: (u32, u32),
    ssrc: u32,
    /// SSRC and number that would prove a new run, and the run's first packet.
    candidate: Option<(u32, u16)>,
    running: bool,
    silence_announced: bool,
    /// The runs before this one.
    earlier_expected: u32,
    earlier_packets: u32,
    duplicates: u32,
    reordered: u32,
    discarded: u32,
    octets: u64,
    sampled: Sampled,
    jitter: Jitter,
    burst: Burst,
    /// Middle 32 bits of the last sender report's NTP time, and when it came.
    sender_report: Option<(u32, Duration)>,
    first_packet: Option<Duration>,
    last_packet: Option<Duration>,
}

/// The counters at the last sample.
#[derive(Clone, Copy, Debug, Default)]
struct Sampled {
    expected: u32,
    packets: u32,
    duplicates: u32,
    reordered: u32,
    discarded: u32,
    losses: u32,
    runs: u32,
}

impl Reception {
    /// A stream whose clock ticks `clock_rate` times a second; 0 when that is not known yet, and
    /// then there is no jitter.
    pub fn new(clock_rate: u32) -> Self {
        Self { jitter: Jitter::new(clock_rate), ..Self::default() }
    }

    /// The clock's rate is known or changed (another payload type).
    pub fn clock_rate(&mut self, rate: u32) {
        self.jitter.set_clock_rate(rate);
    }

    /// A packet came. Hot path: no allocation, and no loop unless packets are missing.
    pub fn receive(
        &mut self,
        now: Duration,
        sequence: u16,
        timestamp: u32,
        ssrc: u32,
        marker: bool,
        payload_len: usize,
    ) -> Arrival {
        let arrival = self.place(sequence, ssrc);
        self.first_packet.get_or_insert(now);
        self.last_packet = Some(now);
        self.silence_announced = false;
        self.octets = self.octets.wrapping_add(payload_len as u64);
        match arrival {
            Arrival::Advanced => {
                let follows = self.window & 2 != 0;
                let place = if follows { Place::Next } else { Place::AfterLoss };
                self.jitter.arrived(now, timestamp, marker, place);
            }
            Arrival::Reordered => self.jitter.arrived(now, timestamp, marker, Place::Late),
            Arrival::Started => {
                self.jitter.forget();
                self.jitter.arrived(now, timestamp, true, Place::Next);
            }
            Arrival::Duplicate | Arrival::Unproven => {}
        }
        arrival
    }

    /// Finds where a packet belongs and counts it.
    fn place(&mut self, sequence: u16, ssrc: u32) -> Arrival {
        if !self.running {
            self.start(sequence, ssrc, 1);
            return Arrival::Started;
        }
        let ahead = u32::from(sequence.wrapping_sub(self.highest as u16));
        let behind = CYCLE - ahead;
        if ssrc != self.ssrc {
            self.prove(sequence, ssrc)
        } else if ahead == 0 {
            self.repeated()
        } else if ahead < MAX_DROPOUT {
            self.advance(ahead);
            Arrival::Advanced
        } else if behind < WINDOW {
            self.came_late(behind)
        } else {
            self.prove(sequence, ssrc)
        }
    }

    /// Two packets in sequence make a new run (RFC 3550 A.1: MIN_SEQUENTIAL); the first of them
    /// is then counted too.
    fn prove(&mut self, sequence: u16, ssrc: u32) -> Arrival {
        if self.candidate != Some((ssrc, sequence)) {
            self.candidate = Some((ssrc, sequence.wrapping_add(1)));
            return Arrival::Unproven;
        }
        self.end_run();
        self.start(sequence, ssrc, 2);
        Arrival::Started
    }

    fn start(&mut self, sequence: u16, ssrc: u32, packets: u32) {
        if ssrc != self.ssrc {
            self.sender_report = None;
        }
        self.ssrc = ssrc;
        self.highest = CYCLE + u32::from(sequence);
        self.base = self.highest - (packets - 1);
        self.window = (1 << packets) - 1;
        self.run_packets = packets;
        self.run_duplicates = 0;
        self.reported = (0, 0);
        self.candidate = None;
        self.running = true;
    }

    /// Moves the window on by `ahead`, at least 1; what falls out of it is final.
    fn advance(&mut self, ahead: u32) {
        self.candidate = None;
        let known = self.expected().min(WINDOW);
        let gone = (known + ahead).saturating_sub(WINDOW);
        if gone == 1 && self.window >> (WINDOW - 1) == 1 {
            self.burst.arrived();
        } else if gone > 0 {
            self.finalise(known, gone);
        }
        self.window = if ahead < WINDOW { self.window << ahead | 1 } else { 1 };
        self.highest = self.highest.wrapping_add(ahead);
        self.run_packets = self.run_packets.wrapping_add(1);
    }

    /// Tells the bursts of the oldest `gone` packets, of which the window has `known`, and which
    /// were lost as far as it has not.
    fn finalise(&mut self, known: u32, gone: u32) {
        for n in 0..gone.min(known) {
            if self.window >> (known - 1 - n) & 1 == 1 {
                self.burst.arrived();
            } else {
                self.burst.lost(1);
            }
        }
        if gone > known {
            self.burst.lost(gone - known);
        }
    }

    fn came_late(&mut self, behind: u32) -> Arrival {
        let bit = 1 << behind;
        if self.window & bit != 0 {
            return self.repeated();
        }
        // From before the first one: the run began earlier than was thought.
        self.base = self.base.min(self.highest.wrapping_sub(behind));
        self.window |= bit;
        self.run_packets = self.run_packets.wrapping_add(1);
        self.reordered = self.reordered.wrapping_add(1);
        Arrival::Reordered
    }

    fn repeated(&mut self) -> Arrival {
        self.duplicates = self.duplicates.wrapping_add(1);
        self.run_duplicates = self.run_duplicates.wrapping_add(1);
        Arrival::Duplicate
    }

    /// Adds the run to those before it.
    fn end_run(&mut self) {
        let expected = self.expected();
        self.finalise(expected.min(WINDOW), expected.min(WINDOW));
        self.burst.end_run();
        self.earlier_expected = self.earlier_expected.wrapping_add(expected);
        self.earlier_packets = self.earlier_packets.wrapping_add(self.run_packets);
        self.running = false;
        self.run_packets = 0;
    }

    /// Packets of the run that were sent.
    fn expected(&self) -> u32 {
        if self.running { self.highest.wrapping_sub(self.base).wrapping_add(1) } else { 0 }
    }

    /// The packet just received was comfort noise: the source may say nothing for long (RFC 3389).
    pub fn announce_silence(&mut self) {
        self.silence_announced = true;
    }

    /// Whether the last packet was comfort noise.
    pub fn silence_announced(&self) -> bool {
        self.silence_announced
    }

    /// What comes next starts a run: the stream was held, or its source replaced.
    pub fn restart(&mut self) {
        if self.running {
            self.end_run();
        }
    }

    /// The jitter buffer threw a packet away.
    pub fn discard(&mut self) {
        self.discarded = self.discarded.wrapping_add(1);
    }

    /// A sender report came, with the middle 32 bits of its NTP time.
    pub fn sender_report(&mut self, now: Duration, ntp_mid32: u32) {
        self.sender_report = Some((ntp_mid32, now));
    }

    /// The running jitter, as a report block has it, in milliseconds.
    pub fn jitter_ms(&self) -> f64 {
        self.jitter.current_ms()
    }

    /// The values for our next report, which this is taken to be; `None` when no run is on.
    pub fn report_block(&mut self, now: Duration) -> Option<ReportBlockValues> {
        if !self.running {
            return None;
        }
        // As RFC 3550 §6.4.1 has it, what came twice makes up for what did not come.
        let expected = self.expected();
        let arrived = self.run_packets.saturating_add(self.run_duplicates);
        let stretch = expected.saturating_sub(self.reported.0);
        let lost = stretch.saturating_sub(arrived.saturating_sub(self.reported.1));
        self.reported = (expected, arrived);
        let fraction = (u64::from(lost) << 8).checked_div(stretch.into()).unwrap_or(0);
        let cumulative = i64::from(expected) - i64::from(arrived);
        let (lsr, dlsr) = self.sender_report.map_or((0, 0), |(lsr, came)| {
            (lsr, (now.saturating_sub(came).as_nanos() * 65_536 / 1_000_000_000) as u32)
        });
        Some(ReportBlockValues {
            ssrc: self.ssrc,
            fraction_lost: fraction.min(255) as u8,
            cumulative_lost: cumulative.clamp(-0x80_0000, 0x7f_ffff) as i32,
            extended_highest: self.highest.wrapping_sub(CYCLE),
            jitter: self.jitter.current(),
            lsr,
            dlsr,
        })
    }

    /// Figures since the last sample, which this is.
    pub fn sample(&mut self) -> Interval {
        let (losses, runs) = self.burst.losses();
        let at = Sampled {
            expected: self.earlier_expected.wrapping_add(self.expected()),
            packets: self.earlier_packets.wrapping_add(self.run_packets),
            duplicates: self.duplicates,
            reordered: self.reordered,
            discarded: self.discarded,
            losses,
            runs,
        };
        let before = std::mem::replace(&mut self.sampled, at);
        let expected = at.expected.saturating_sub(before.expected);
        let packets = at.packets.wrapping_sub(before.packets);
        // A packet of the last stretch that came in this one makes up for one lost in this.
        let lost = expected.saturating_sub(packets);
        let losses = at.losses.wrapping_sub(before.losses);
        let runs = at.runs.wrapping_sub(before.runs);
        Interval {
            expected,
            packets,
            lost,
            loss_percent: percent(lost, expected),
            jitter_ms: self.jitter.sample(LEAST_JITTER_PACKETS),
            duplicates: at.duplicates.wrapping_sub(before.duplicates),
            reordered: at.reordered.wrapping_sub(before.reordered),
            discarded: at.discarded.wrapping_sub(before.discarded),
            burst_ratio: burst_ratio(losses, runs, expected),
        }
    }

    /// Figures since the begin.
    pub fn totals(&self) -> Totals {
        let mut burst = self.clone();
        burst.restart();
        let expected = self.earlier_expected.wrapping_add(self.expected());
        let packets = self.earlier_packets.wrapping_add(self.run_packets);
        let jitter = self.jitter.totals();
        Totals {
            expected: expected.into(),
            packets: packets.into(),
            octets: self.octets,
            lost: expected.saturating_sub(packets).into(),
            duplicates: self.duplicates.into(),
            reordered: self.reordered.into(),
            discarded: self.discarded.into(),
            jitter_avg_ms: jitter.map(|(mean, _)| mean),
            jitter_max_ms: jitter.map(|(_, max)| max),
            burst: burst.burst.figures(self.jitter.packet_ms()),
        }
    }

    /// When the first packet of all came.
    pub fn first_packet(&self) -> Option<Duration> {
        self.first_packet
    }

    /// When the last packet came, of whatever kind.
    pub fn last_packet(&self) -> Option<Duration> {
        self.last_packet
    }

    /// The source of the present run.
    pub fn ssrc(&self) -> Option<u32> {
        self.running.then_some(self.ssrc)
    }
}

/// `part` of `whole` in percent, 0 when there is no whole.
fn percent(part: u32, whole: u32) -> f64 {
    if whole == 0 { 0.0 } else { f64::from(part) * 100.0 / f64::from(whole) }
}

/// Mean length of a run of lost packets over that which chance alone would make at this loss
/// (G.107 §7.5).
fn burst_ratio(lost: u32, runs: u32, expected: u32) -> f64 {
    if runs == 0 || expected == 0 {
        return 1.0;
    }
    let found = (1.0 - f64::from(lost) / f64::from(expected)).max(0.0);
    (f64::from(lost) / f64::from(runs) * found).clamp(1.0, 10.0)
}
