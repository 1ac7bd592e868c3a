//! The way of a packet: is it valid, is it from whom it should be, is it new, and where does it go.
//! What fails a question is dropped and counted under it.

use std::net::SocketAddr;
use std::time::Duration;

use call::port::{Digit, LegId, MediaEvent};
use rtp::reception::Arrival;
use rtp::{DigitNotice, EVENT_LEN, EventPacket, Frame, Header, Packet, Relayed, write_packet};

use super::leg::Feed;
use super::payloads::Content;
use super::{Forward, Notice, Place, Table};
use crate::handoff::Made;
use crate::relay::packet::{Component, Kind};

/// Numbers that may be left out in a sequence and still be a loss (RFC 3550 A.1, MAX_DROPOUT).
const GAP_MAX: u16 = 3000;

/// A packet that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Received {
    /// Where it came.
    place: Place,
    /// Its leg.
    pub(crate) leg: LegId,
    /// What it says.
    pub(crate) header: Header,
    /// Where its payload begins.
    header_len: usize,
    payload_len: usize,
    /// The sound thread wants a copy.
    pub(crate) taken: bool,
    /// To whom it is relayed.
    listener: Option<Place>,
}

impl Received {
    /// The payload, in the datagram that was received.
    pub(crate) fn payload<'a>(&self, datagram: &'a [u8]) -> &'a [u8] {
        datagram.get(self.header_len..self.header_len + self.payload_len).unwrap_or_default()
    }
}

/// Why a packet is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Invalid,
    UnknownPayload,
    Stray,
    Duplicate,
    Unproven,
    Unheard,
}

impl Table {
    /// Decides about a datagram, in the only way packets take into the relay. `Some`: it is RTP
    /// that somebody is to hear. RTCP ends here.
    pub(crate) fn receive(
        &mut self,
        now: Duration,
        place: Place,
        component: Component,
        source: SocketAddr,
        datagram: &[u8],
    ) -> Option<Received> {
        let Some(leg) = self.legs[place].as_ref() else {
            self.counts.unclaimed += 1;
            return None;
        };
        let received = match leg.transport.classify(datagram, component) {
            Some(Kind::Rtp) => self.receive_rtp(now, place, component, source, datagram),
            Some(Kind::Rtcp) => {
                self.receive_rtcp(now, place, component, source, datagram);
                return None;
            }
            None => Err(Fault::Invalid),
        };
        received.map_err(|fault| self.count_fault(place, fault)).ok()
    }

    /// Rewrites a packet that counts, so that it is the next one of the leg that it is relayed to.
    pub(crate) fn forward(
        &mut self,
        now: Duration,
        received: &Received,
        datagram: &mut [u8],
    ) -> Option<Forward> {
        let way = received
            .listener
            .and_then(|listener| self.forward_to(now, listener, received, datagram));
        match way {
            Some(_) => self.counts.forwarded += 1,
            None if received.taken => {}
            None => self.count_fault(received.place, Fault::Unheard),
        }
        way
    }

    /// Writes the packet of something that the sound thread has made.
    pub(crate) fn frame(
        &mut self,
        now: Duration,
        made: &Made,
        datagram: &mut Vec<u8>,
    ) -> Option<Forward> {
        let place = self.place(made.leg);
        let way = place.and_then(|place| self.frame_to(now, place, made, datagram));
        match way {
            Some(_) => self.counts.frames_sent += 1,
            // The last ones before the bridge had its turn again, or the leg is held.
            None => self.counts.frames_unheard += 1,
        }
        way
    }

    fn receive_rtp(
        &mut self,
        now: Duration,
        place: Place,
        component: Component,
        source: SocketAddr,
        datagram: &[u8],
    ) -> Result<Received, Fault> {
        let leg = self.legs[place].as_mut().ok_or(Fault::Invalid)?;
        let packet = Packet::parse(datagram).map_err(|_| Fault::Invalid)?;
        // Before the latch, so that a stranger who does not know the numbers gets nothing.
        let known = leg.received.count(packet.payload_type).ok_or(Fault::UnknownPayload)?;
        if !leg.transport.accepts(now, component, source, packet.ssrc) {
            return Err(Fault::Stray);
        }
        if known.content == Content::Audio && leg.current != Some(known.payload) {
            leg.change_payload(known);
        }
        let header = packet.header();
        let Header { sequence, timestamp, ssrc, marker, .. } = header;
        let len = packet.payload.len();
        match leg.reception.receive(now, sequence, timestamp, ssrc, marker, len) {
            Arrival::Started | Arrival::Advanced | Arrival::Reordered => {}
            Arrival::Duplicate => return Err(Fault::Duplicate),
            Arrival::Unproven => return Err(Fault::Unproven),
        }
        leg.quiet_since = now;
        leg.counters.rtp_received += 1;
        leg.counters.rtp_bytes_received += datagram.len() as u64;
        self.counts.received += 1;
        leg.meter.received(now, &mut leg.reception, &mut self.episodes);
        let digit_is_down = leg.events.deadline().is_some();
        match known.content {
            Content::Audio if digit_is_down => leg.events.audio(now, &mut self.digits),
            Content::Audio => {}
            Content::Noise => leg.reception.announce_silence(),
            Content::Event => {
                leg.events.packet(now, &header, packet.payload, &mut self.digits);
            }
        }
        let listens = leg.direction.receive;
        let received = Received {
            place,
            leg: leg.id,
            header,
            header_len: packet.header_len,
            payload_len: len,
            taken: leg.taken && listens,
            listener: leg.heard_by.filter(|_| listens),
        };
        if known.content == Content::Event || digit_is_down {
            self.tell_digits(now, place);
        }
        if !self.episodes.is_empty() {
            self.tell_episodes(now, place);
        }
        Ok(received)
    }

    fn forward_to(
        &mut self,
        now: Duration,
        listener: Place,
        received: &Received,
        datagram: &mut [u8],
    ) -> Option<Forward> {
        let leg = self.legs[listener].as_mut().filter(|leg| leg.direction.send)?;
        let mapping = leg.mapping(received.header.payload_type)?;
        let (component, to) = leg.transport.rtp_way()?;
        let relayed = Relayed {
            // Legs that are open at the same time are never 2^32 apart.
            from: received.leg.0 as u32,
            header: received.header,
            header_len: received.header_len,
            payload_len: received.payload_len,
            payload_type: mapping.to,
            clock_rate: mapping.clock_rate,
            kind: mapping.kind,
        };
        let before = leg.outgoing.last_sequence();
        let Some(header) = leg.outgoing.relay(now, datagram, &relayed) else {
            self.counts.refused += 1;
            return None;
        };
        if let Some(before) = before {
            let gap = header.sequence.wrapping_sub(before).wrapping_sub(1);
            if (1..GAP_MAX).contains(&gap) {
                leg.meter.skipped(gap.into());
            }
        }
        leg.sent.count(mapping.to);
        leg.count_sent(now, datagram.len());
        Some(Forward { place: listener, component, to })
    }

    fn frame_to(
        &mut self,
        now: Duration,
        place: Place,
        made: &Made,
        datagram: &mut Vec<u8>,
    ) -> Option<Forward> {
        let leg = self.legs[place].as_mut().filter(|leg| leg.direction.send)?;
        if !matches!(leg.feed, Feed::Sound) {
            return None;
        }
        let (component, to) = leg.transport.rtp_way()?;
        let payload_type = made.payload_type;
        let header = if made.event {
            let clock_rate = leg.sent.find(payload_type).map_or(8000, |known| known.clock_rate);
            let payload: [u8; EVENT_LEN] = made.payload.as_slice().try_into().ok()?;
            let (marker, timestamp_offset) = (made.marker, made.samples);
            let packet = EventPacket { payload, marker, timestamp_offset };
            leg.outgoing.event(now, payload_type, clock_rate, &packet)
        } else {
            let (samples, marker) = (made.samples, made.marker);
            let payload_len = made.payload.len();
            leg.outgoing.frame(now, &Frame { payload_type, samples, payload_len, marker })
        };
        datagram.clear();
        write_packet(&header, &made.payload, datagram);
        leg.sent.count(payload_type);
        leg.count_sent(now, datagram.len());
        Some(Forward { place, component, to })
    }

    /// Tells each digit that went down, once.
    fn tell_digits(&mut self, now: Duration, place: Place) {
        let Some(leg) = self.legs[place].as_ref() else { return };
        for notice in self.digits.drain(..) {
            let DigitNotice::Pressed { digit, .. } = notice else { continue };
            // Both know the same sixteen keys.
            let Some(digit) = Digit::new(digit.into()) else { continue };
            if !leg.direction.receive {
                continue;
            }
            self.counts.digits += 1;
            self.notices.push(if leg.playing {
                Notice::Pressed(leg.id, digit)
            } else {
                Notice::Event(MediaEvent::Digit { leg: leg.id, digit })
            });
        }
        self.arm(now, place);
    }

    fn count_fault(&mut self, place: Place, fault: Fault) {
        let Some(leg) = self.legs[place].as_mut() else { return };
        let (of_leg, of_all) = match fault {
            Fault::Invalid => (&mut leg.counters.invalid, &mut self.counts.invalid),
            Fault::UnknownPayload => {
                (&mut leg.counters.unknown_payload, &mut self.counts.unknown_payload)
            }
            Fault::Stray => (&mut leg.counters.stray, &mut self.counts.stray),
            Fault::Duplicate => (&mut leg.counters.duplicate, &mut self.counts.duplicate),
            Fault::Unproven => (&mut leg.counters.unproven, &mut self.counts.unproven),
            Fault::Unheard => (&mut leg.counters.unheard, &mut self.counts.unheard),
        };
        *of_leg += 1;
        *of_all += 1;
    }

    /// The same for RTCP, which has its own count of what is no report.
    pub(super) fn count_stray(&mut self, place: Place) {
        self.count_fault(place, Fault::Stray);
    }

    /// A datagram at an RTCP port that is none.
    pub(super) fn count_invalid(&mut self, place: Place) {
        self.count_fault(place, Fault::Invalid);
    }
}

impl super::leg::Leg {
    fn count_sent(&mut self, now: Duration, bytes: usize) {
        self.meter.sent(now);
        self.counters.rtp_sent += 1;
        self.counters.rtp_bytes_sent += bytes as u64;
    }
}
