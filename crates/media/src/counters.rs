//! What was counted, by leg and in total.
//!
//! A leg's counters belong to the relay thread and are plain numbers; the totals are published
//! after each batch of packets, so that metrics read them without asking anybody.

use std::sync::atomic::{AtomicU64, Ordering};

use call::port::{LegId, PortPair};

/// What one leg sent and got. Packets, unless it says bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LegCounters {
    /// RTP that its far end sent and that was valid and from the latched source.
    pub rtp_received: u64,
    /// The bytes of those, headers of RTP included.
    pub rtp_bytes_received: u64,
    /// RTP sent to its far end.
    pub rtp_sent: u64,
    /// The bytes of those.
    pub rtp_bytes_sent: u64,
    /// RTCP from its far end.
    pub rtcp_received: u64,
    /// RTCP sent to its far end.
    pub rtcp_sent: u64,
    /// Neither RTP nor RTCP.
    pub invalid: u64,
    /// From another source than the latched one, or before a session description named one.
    pub stray: u64,
    /// Valid, but nobody was to hear it: no partner, hold, or a partner without an address.
    pub unheard: u64,
}

/// A leg and its counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LegReport {
    /// The leg.
    pub leg: LegId,
    /// Its ports.
    pub ports: PortPair,
    /// What was counted so far, or at its end.
    pub counters: LegCounters,
}

macro_rules! totals {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// Totals since the start and gauges of the present. Each number is exact; several read
        /// together may be a batch of packets apart.
        #[derive(Debug, Default)]
        pub struct Totals {
            $($name: AtomicU64,)*
        }

        /// The numbers behind [`Totals`], owned by the relay thread.
        #[derive(Debug, Clone, Copy, Default)]
        pub(crate) struct Counts {
            $(pub(crate) $name: u64,)*
        }

        impl Totals {
            $($(#[$doc])* pub fn $name(&self) -> u64 {
                self.$name.load(Ordering::Relaxed)
            })*

            pub(crate) fn publish(&self, counts: &Counts) {
                $(self.$name.store(counts.$name, Ordering::Relaxed);)*
            }
        }
    };
}

totals! {
    /// Valid RTP and RTCP packets received.
    received,
    /// Packets sent on.
    forwarded,
    /// Datagrams that were neither RTP nor RTCP.
    invalid,
    /// Packets from a source that was not the latched one, or that came too early.
    stray,
    /// Valid packets that nobody was to hear.
    unheard,
    /// Datagrams at ports that no leg had: of the stock, or resting.
    unclaimed,
    /// Packets that the system did not take.
    send_failed,
    /// Open legs.
    legs,
    /// Port pairs in the stock of the core.
    ports_stocked,
    /// Port pairs that rest.
    ports_resting,
    /// Port pairs that nobody has.
    ports_free,
    /// Times that the stock ran out and there was nothing to fill it with.
    exhausted,
    /// Legs ended.
    legs_closed,
    /// Media timeouts reported.
    timeouts,
}
