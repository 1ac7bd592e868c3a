//! What a leg sends: one source with a continuous sequence and timestamp, whatever feeds it
//! (RFC 3550 §5.1, §6.4.1; RFC 4733 §2.5.1). A relayed packet keeps its distance to the packet of
//! the same source before it, so that losses, reorderings and duplicates stay what they are; where
//! the feed changes the sequence goes on by one and the timestamp by the time that has passed.

use crate::event::{self, EventPacket};
use crate::packet::{self, Header, Packet};
use crate::sequence::{Arrival, Continuity, Extender};
use std::time::Duration;

/// A received packet as it is to leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Relayed {
    /// The leg that it came from: any number, another one for another leg.
    pub from: u32,
    /// Its header as it came.
    pub header: Header,
    /// Octets before the payload.
    pub header_len: usize,
    /// Octets of the payload without padding.
    pub payload_len: usize,
    /// What this leg calls the payload: 0–127.
    pub payload_type: u8,
    /// The clock of the payload where it came from, in Hz.
    pub clock_rate: u32,
    /// Audio, or a telephone-event.
    pub kind: Kind,
}

impl Relayed {
    /// A packet that came from the leg `from`, where its payload has `clock_rate`, and that this
    /// leg knows as `payload_type`.
    #[must_use]
    pub fn new(
        packet: &Packet<'_>,
        from: u32,
        payload_type: u8,
        clock_rate: u32,
        kind: Kind,
    ) -> Self {
        Self {
            from,
            header: packet.header(),
            header_len: packet.header_len,
            payload_len: packet.payload.len(),
            payload_type,
            clock_rate,
            kind,
        }
    }
}

/// What a relayed packet carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A frame, at the time that its timestamp says.
    Audio,
    /// A telephone-event, whose packets all have the time of its start; the duration in it is
    /// rewritten too.
    Event {
        /// The clock of telephone-event on this leg, in Hz.
        clock_rate: u32,
    },
}

/// A frame made here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// 0–127, as this leg has negotiated.
    pub payload_type: u8,
    /// How long it is, in this leg's clock.
    pub samples: u32,
    /// Octets of the encoded payload.
    pub payload_len: usize,
    /// Begins after silence: the timestamp goes on by the time that has passed, not by the frames.
    pub marker: bool,
}

/// What has been sent, as a sender report counts it (RFC 3550 §6.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sent {
    /// Packets; a report takes the low 32 bits.
    pub packets: u64,
    /// Octets of payload, without headers and padding; a report takes the low 32 bits.
    pub octets: u64,
    /// Packets that [`Outgoing::relay`] refused.
    pub refused: u64,
}

/// One leg's outgoing stream.
#[derive(Debug, Clone)]
pub struct Outgoing {
    ssrc: u32,
    clock_rate: u32,
    sent: Sent,
}

impl Outgoing {
    /// A stream that begins with `sequence` and `timestamp`, which should be random
    /// (RFC 3550 §5.1), of audio with `clock_rate` in Hz.
    #[must_use]
    pub fn new(ssrc: u32, sequence: u16, timestamp: u32, clock_rate: u32) -> Self {
        let _ = (sequence, timestamp);
        Self { ssrc, clock_rate, sent: Sent::default() }
    }

    /// Our synchronisation source.
    #[must_use]
    pub fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// The clock of this leg's audio, in Hz.
    #[must_use]
    pub fn clock_rate(&self) -> u32 {
        self.clock_rate
    }

    /// Rewrites `datagram` in place so that it is the next of this stream, and tells what its
    /// header is now. `None`: it must not be sent (late after a change of the source, or far from
    /// all that came before).
    pub fn relay(
        &mut self,
        now: Duration,
        datagram: &mut [u8],
        relayed: &Relayed,
    ) -> Option<Header> {
        let _ = (now, datagram, relayed);
        None
    }

    /// The header of a frame made here.
    pub fn frame(&mut self, now: Duration, frame: &Frame) -> Header {
        let _ = (now, frame);
        Header { payload_type: 0, marker: false, sequence: 0, timestamp: 0, ssrc: self.ssrc }
    }

    /// The header of an event's packet made here ([`event::EventSender`]), in this leg's clock of
    /// telephone-event, `event_clock_rate` in Hz.
    pub fn event(
        &mut self,
        now: Duration,
        payload_type: u8,
        event_clock_rate: u32,
        packet: &EventPacket,
    ) -> Header {
        let _ = (now, payload_type, event_clock_rate, packet);
        Header { payload_type: 0, marker: false, sequence: 0, timestamp: 0, ssrc: self.ssrc }
    }

    /// Forgets the source, so that the next packet begins anew even if it is of the same: the clock
    /// of this leg is another, or its peer has been put on hold.
    pub fn cut(&mut self) {}

    /// The audio's clock after a new negotiation, in Hz.
    pub fn set_clock_rate(&mut self, clock_rate: u32) {
        self.clock_rate = clock_rate;
    }

    /// What has been sent.
    #[must_use]
    pub fn sent(&self) -> Sent {
        self.sent
    }

    /// The timestamp that belongs to the moment `now`, for a sender report; `None` before the
    /// first packet.
    #[must_use]
    pub fn timestamp_at(&self, now: Duration) -> Option<u32> {
        let _ = now;
        None
    }

    /// The sequence number of the last packet in order; `None` before the first.
    #[must_use]
    pub fn last_sequence(&self) -> Option<u16> {
        None
    }
}
