//! The timers of RFC 3261 section 17 (table 4 of its appendix A) and RFC 6026: names, and the
//! three values from which all of them follow.

use std::time::Duration;

/// T1, T2 and T4 of RFC 3261 section 17.1.1.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timers {
    /// Round-trip estimate; 500 ms by default.
    pub t1: Duration,
    /// Longest interval between retransmissions of non-INVITE requests and INVITE responses.
    pub t2: Duration,
    /// Longest time a message stays in the network.
    pub t4: Duration,
}

impl Default for Timers {
    fn default() -> Self {
        Self {
            t1: Duration::from_millis(500),
            t2: Duration::from_secs(4),
            t4: Duration::from_secs(5),
        }
    }
}

impl Timers {
    /// 64·T1: how long a transaction is tried (timers B, F, H, L, M).
    pub const fn timeout(&self) -> Duration {
        self.t1.saturating_mul(64)
    }

    /// The interval after `interval` for timers E and G: doubled, at most T2.
    pub fn doubled_to_t2(&self, interval: Duration) -> Duration {
        interval.saturating_mul(2).min(self.t2)
    }
}

/// The letters of RFC 3261, and L and M of RFC 6026.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TimerName {
    /// INVITE client: retransmit.
    A,
    /// INVITE client: give up.
    B,
    /// Proxy INVITE (not used here: we are a user agent on both sides).
    C,
    /// INVITE client: absorb retransmitted final responses.
    D,
    /// Non-INVITE client: retransmit.
    E,
    /// Non-INVITE client: give up.
    F,
    /// INVITE server: retransmit the final response.
    G,
    /// INVITE server: give up waiting for ACK.
    H,
    /// INVITE server: absorb ACKs.
    I,
    /// Non-INVITE server: absorb retransmitted requests.
    J,
    /// Non-INVITE client: absorb retransmitted responses.
    K,
    /// INVITE server after 2xx: absorb retransmitted INVITEs (RFC 6026).
    L,
    /// INVITE client after 2xx: pass further 2xx up (RFC 6026).
    M,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_of_timers_e_and_g_stops_at_t2() {
        let timers = Timers::default();
        let mut interval = timers.t1;
        let mut seen = vec![];
        for _ in 0..5 {
            seen.push(interval.as_millis());
            interval = timers.doubled_to_t2(interval);
        }
        assert_eq!(seen, [500, 1000, 2000, 4000, 4000]);
        assert_eq!(timers.timeout(), Duration::from_secs(32));
    }
}
