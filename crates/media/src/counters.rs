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
    /// Neither RTP nor RTCP, or cut off.
    pub invalid: u64,
    /// RTP with a number that was not agreed on.
    pub unknown_payload: u64,
    /// RTP that had come before: doubled on the way, or replayed.
    pub duplicate: u64,
    /// RTP far from the stream, and not followed by more of it.
    pub unproven: u64,
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
    /// RTP packets sent on.
    forwarded,
    /// Datagrams that were neither RTP nor RTCP, or cut off.
    invalid,
    /// RTP packets with a number that was not agreed on.
    unknown_payload,
    /// RTP packets that had come before: doubled on the way, or replayed.
    duplicate,
    /// RTP packets far from their stream, and not followed by more of it.
    unproven,
    /// RTP packets that came too late after what is heard had changed.
    refused,
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
    /// RTCP packets received.
    rtcp_received,
    /// RTCP packets sent.
    rtcp_sent,
    /// Datagrams that should have been RTCP, and packets in them, that were broken.
    rtcp_invalid,
    /// Digits that far ends pressed (RFC 4733).
    digits,
    /// Recordings that could not be written to their end.
    recordings_failed,
    /// Quality episodes that began.
    episodes,
    /// Events (digits, quality) that the core had no room for.
    events_dropped,
    /// Packets made by the sound thread and sent.
    frames_sent,
    /// Packets made by the sound thread that nobody was to hear.
    frames_unheard,
    /// Packets that the sound thread had no room for.
    sound_packets_dropped,
    /// Packets that the sound thread has made.
    sound_frames,
    /// Packets made by the sound thread that the relay had no room for.
    sound_frames_dropped,
    /// Turns of the sound thread that began more than 5 ms late.
    sound_turns_late,
    /// Turns of the sound thread left out because it was more than 60 ms late.
    sound_turns_skipped,
    /// Times that a leg's packets came, but nothing was in them.
    silences_heard,
    /// Times that a leg's sound was overdriven.
    clippings_heard,
}
