//! Bursts and gaps of loss by the definitions of RFC 3611 §4.7.2: a burst begins and ends with a
//! lost packet and has never Gmin received ones in a row; everything else is gap. Counted exactly,
//! where Appendix A.2 estimates densities from transition probabilities.

use super::BurstGap;

/// So many packets received in a row end a burst (RFC 3611 §4.7.2 recommends 16).
const GMIN: u32 = 16;

/// Fed once per packet, in the order of the sequence numbers, when its fate is final. Counters wrap
/// after 2^32 packets.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Burst {
    /// Packets received since the last loss.
    since_loss: u32,
    /// Length and losses of what may become a burst: from its first loss to its last one.
    open_len: u32,
    open_lost: u32,
    bursts: u32,
    burst_len: u32,
    burst_lost: u32,
    gap_lost: u32,
    total: u32,
    /// Runs of lost packets; two losses in a row are one.
    runs: u32,
}

impl Burst {
    /// The next packet arrived.
    pub(super) fn arrived(&mut self) {
        self.since_loss = self.since_loss.saturating_add(1);
        self.total = self.total.wrapping_add(1);
    }

    /// The next `count` packets did not.
    pub(super) fn lost(&mut self, count: u32) {
        if self.since_loss >= GMIN {
            self.close();
        }
        if self.since_loss > 0 || self.open_lost == 0 {
            self.runs = self.runs.wrapping_add(1);
        }
        if self.open_lost > 0 {
            self.open_len = self.open_len.wrapping_add(self.since_loss);
        }
        self.open_len = self.open_len.wrapping_add(count);
        self.open_lost = self.open_lost.wrapping_add(count);
        self.since_loss = 0;
        self.total = self.total.wrapping_add(count);
    }

    /// What is open is over: a burst when more than one packet was lost in it.
    fn close(&mut self) {
        if self.open_lost > 1 {
            self.bursts = self.bursts.wrapping_add(1);
            self.burst_len = self.burst_len.wrapping_add(self.open_len);
            self.burst_lost = self.burst_lost.wrapping_add(self.open_lost);
        } else {
            self.gap_lost = self.gap_lost.wrapping_add(self.open_lost);
        }
        self.open_len = 0;
        self.open_lost = 0;
    }

    /// A new run of sequence numbers: what was open cannot go on in it.
    pub(super) fn end_run(&mut self) {
        self.close();
        self.since_loss = 0;
    }

    /// Lost packets and runs of them so far, for a burst ratio over a stretch.
    pub(super) fn losses(&self) -> (u32, u32) {
        let lost = self.burst_lost.wrapping_add(self.gap_lost).wrapping_add(self.open_lost);
        (lost, self.runs)
    }

    /// The figures, given how much sound a packet holds.
    pub(super) fn figures(mut self, packet_ms: f64) -> BurstGap {
        self.close();
        let gap_len = self.total.saturating_sub(self.burst_len);
        BurstGap {
            bursts: self.bursts,
            burst_density: ratio(self.burst_lost, self.burst_len),
            gap_density: ratio(self.gap_lost, gap_len),
            burst_ms: ratio(self.burst_len, self.bursts) * packet_ms,
            gap_ms: ratio(gap_len, self.bursts.saturating_add(1)) * packet_ms,
        }
    }
}

/// `a / b`, 0 when there is nothing to divide by.
fn ratio(a: u32, b: u32) -> f64 {
    if b == 0 { 0.0 } else { f64::from(a) / f64::from(b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `x` lost, `.` received.
    fn feed(text: &str) -> Burst {
        let mut burst = Burst::default();
        for c in text.chars() {
            if c == 'x' { burst.lost(1) } else { burst.arrived() }
        }
        burst
    }

    #[test]
    fn one_loss_alone_is_of_the_gap() {
        let text = format!("{}x{}", ".".repeat(40), ".".repeat(59));
        let figures = feed(&text).figures(20.0);
        assert_eq!(figures.bursts, 0);
        assert_eq!(figures.gap_density, 0.01);
        assert_eq!(figures.burst_density, 0.0);
        assert_eq!(figures.gap_ms, 2000.0);
    }

    #[test]
    fn losses_less_than_sixteen_apart_are_one_burst() {
        let text = format!("{}x....xx{}", ".".repeat(40), ".".repeat(53));
        let figures = feed(&text).figures(20.0);
        assert_eq!(figures.bursts, 1);
        assert_eq!(figures.burst_density, 3.0 / 7.0);
        assert_eq!(figures.burst_ms, 140.0);
        assert_eq!(figures.gap_density, 0.0);
        assert_eq!(figures.gap_ms, 93.0 / 2.0 * 20.0);
        assert_eq!(feed(&text).losses(), (3, 2));
    }

    #[test]
    fn sixteen_received_packets_end_a_burst_and_fifteen_do_not() {
        let apart = |n: usize| format!("{}xx{}xx{}", ".".repeat(20), ".".repeat(n), ".".repeat(20));
        assert_eq!(feed(&apart(15)).figures(20.0).bursts, 1);
        assert_eq!(feed(&apart(16)).figures(20.0).bursts, 2);
    }

    #[test]
    fn many_at_once_are_as_many_one_by_one() {
        let mut burst = feed("....");
        burst.lost(1000);
        burst.arrived();
        assert_eq!(burst.losses(), (1000, 1));
        assert_eq!(burst.figures(20.0).burst_ms, 20_000.0);
    }
}
