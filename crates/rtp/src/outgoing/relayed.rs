//! What goes into a stream: packets that others sent, and frames made here.

use crate::packet::{Header, Packet};

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
