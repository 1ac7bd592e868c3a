//! What a leg sends: one source with a continuous sequence and timestamp, whatever feeds it
//! (RFC 3550 §5.1, §6.4.1; RFC 4733 §2.5.1). A relayed packet keeps its distance to the packet of
//! the same source before it, so that losses, reorderings and duplicates stay what they are; where
//! the feed changes the sequence goes on by one and the timestamp by the time that has passed.
//! Nothing is sent twice under one number, and nothing under a number that was passed over.

mod feed;
mod relayed;
#[cfg(test)]
mod tests;
mod timeline;

pub use relayed::{Frame, Kind, Relayed};

use crate::event::{EventPacket, rescale_duration};
use crate::packet::{Header, rewrite};
use crate::sequence::Arrival;
use feed::{ClockMap, Cut, Feed, Replaced, Source, clamp_rate, scale};
use std::time::Duration;
use timeline::{Row, Timeline};

/// An event may have begun so long before its packet, and so long after it by the source's clock.
const EVENT_SECONDS: i64 = 10;

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
    timeline: Timeline,
    /// The highest number sent, continuous.
    sequence: i64,
    feed: Option<Feed>,
    replaced: Option<Replaced>,
    relayed_event: Option<RelayedEvent>,
    /// The row of frames made here that goes on.
    row: Option<Row>,
    /// When the event made here began.
    own_event: Option<i64>,
    sent: Sent,
}

/// The last event that was relayed: all its packets have one timestamp, whatever comes between.
#[derive(Debug, Clone, Copy)]
struct RelayedEvent {
    source: Source,
    theirs: u32,
    theirs_hz: u32,
    ours: i64,
}

/// Where a relayed packet stands in its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Nothing of this source is mapped yet.
    Fresh,
    /// After all others; this came between.
    InOrder(Cut),
    /// Between others, or one of them again.
    Late,
}

impl Outgoing {
    /// A stream that begins with `sequence` and `timestamp`, which should be random
    /// (RFC 3550 §5.1), of audio with `clock_rate` in Hz.
    #[must_use]
    pub fn new(ssrc: u32, sequence: u16, timestamp: u32, clock_rate: u32) -> Self {
        Self {
            ssrc,
            timeline: Timeline::new(clamp_rate(clock_rate), timestamp),
            sequence: i64::from(sequence) - 1,
            feed: None,
            replaced: None,
            relayed_event: None,
            row: None,
            own_event: None,
            sent: Sent::default(),
        }
    }

    /// Our synchronisation source.
    #[must_use]
    pub fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// The clock of this leg's audio, in Hz.
    #[must_use]
    pub fn clock_rate(&self) -> u32 {
        self.timeline.hz()
    }

    /// Rewrites `datagram` in place so that it is the next of this stream, and tells what its
    /// header is now. `None`: it must not be sent (late after a change of the source, or far from
    /// all that came before); it is as it was.
    pub fn relay(
        &mut self,
        now: Duration,
        datagram: &mut [u8],
        relayed: &Relayed,
    ) -> Option<Header> {
        let header = self.place(now, relayed);
        let Some(header) = header else {
            self.sent.refused += 1;
            return None;
        };
        rewrite(datagram, &header);
        if let Kind::Event { clock_rate } = relayed.kind {
            let end = relayed.header_len + relayed.payload_len;
            if let Some(payload) = datagram.get_mut(relayed.header_len..end) {
                rescale_duration(payload, relayed.clock_rate, clock_rate);
            }
        }
        self.count(relayed.payload_len);
        Some(header)
    }

    /// The header of a frame made here.
    pub fn frame(&mut self, now: Duration, frame: &Frame) -> Header {
        let samples = i64::from(frame.samples);
        let (timestamp, marker) = match self.row {
            Some(row) if !frame.marker => row.following(now, self.timeline.hz()),
            Some(_) | None => (self.timeline.next(now), true),
        };
        if let Some(feed) = &mut self.feed {
            feed.cut = Cut::Clock;
        }
        self.row = Some(Row::new(now, timestamp, samples));
        self.timeline.set_step(samples);
        self.timeline.advance(now, timestamp);
        self.own_packet(frame.payload_type, marker, timestamp, frame.payload_len)
    }

    /// The header of an event's packet made here ([`crate::EventSender`]), in this leg's clock of
    /// telephone-event, `event_clock_rate` in Hz.
    pub fn event(
        &mut self,
        now: Duration,
        payload_type: u8,
        event_clock_rate: u32,
        packet: &EventPacket,
    ) -> Header {
        let start = match self.own_event {
            Some(start) if !packet.marker => start,
            Some(_) | None => self.timeline.next(now),
        };
        self.own_event = Some(start);
        let offset = i64::from(packet.timestamp_offset);
        let timestamp = start + scale(offset, clamp_rate(event_clock_rate), self.timeline.hz());
        if let Some(feed) = &mut self.feed {
            feed.cut = feed.cut.max(Cut::Sequence);
        }
        if let Some(row) = &mut self.row {
            row.event_since = true;
        }
        self.timeline.advance(now, timestamp);
        self.own_packet(payload_type, packet.marker, timestamp, packet.payload.len())
    }

    /// Lets the next packet begin anew even if it is of the same source: the peer has been away.
    pub fn cut(&mut self) {
        if let Some(feed) = &mut self.feed {
            feed.cut = Cut::Clock;
        }
        self.row = None;
        self.relayed_event = None;
    }

    /// The audio's clock after a new negotiation, in Hz. What follows begins anew.
    pub fn set_clock_rate(&mut self, clock_rate: u32) {
        let clock_rate = clamp_rate(clock_rate);
        if clock_rate != self.timeline.hz() {
            self.timeline.set_hz(clock_rate);
            self.own_event = None;
            self.cut();
        }
    }

    /// Another source, whose counts begin anew: somebody else has ours (RFC 3550 §8.2).
    pub fn set_ssrc(&mut self, ssrc: u32) {
        self.ssrc = ssrc;
        self.sent = Sent::default();
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
        // The low 32 bits are the timestamp.
        self.timeline.at(now).map(|timestamp| timestamp as u32)
    }

    /// The highest sequence number sent; `None` before the first packet.
    #[must_use]
    pub fn last_sequence(&self) -> Option<u16> {
        self.timeline.at(Duration::ZERO).map(|_| self.sequence as u16)
    }

    /// The header that a relayed packet gets.
    fn place(&mut self, now: Duration, relayed: &Relayed) -> Option<Header> {
        let header = relayed.header;
        let source = Source { from: relayed.from, ssrc: header.ssrc };
        let mut feed = match self.feed.take() {
            Some(feed) if feed.source == source => feed,
            other => {
                self.feed = other;
                let late = |before: &Replaced| before.has_sent(now, source, header.sequence);
                if self.replaced.as_ref().is_some_and(late) {
                    return None;
                }
                let before = self.feed.as_ref().and_then(|feed| Replaced::new(feed, now));
                self.replaced = before.or(self.replaced);
                Feed::new(source)
            }
        };
        let placed = self.place_in(&mut feed, now, relayed);
        self.feed = Some(feed);
        let (sequence, timestamp, marker) = placed?;
        self.sequence = self.sequence.max(sequence);
        Some(Header {
            payload_type: relayed.payload_type,
            marker,
            // The low bits are what is sent.
            sequence: sequence as u16,
            timestamp: timestamp as u32,
            ssrc: self.ssrc,
        })
    }

    /// Sequence number, timestamp and marker of a packet of the source that feeds.
    fn place_in(
        &mut self,
        feed: &mut Feed,
        now: Duration,
        relayed: &Relayed,
    ) -> Option<(i64, i64, bool)> {
        let (theirs, place) = match feed.continuity.update(relayed.header.sequence) {
            Arrival::First { extended } | Arrival::Restarted { extended } => {
                (extended, Place::Fresh)
            }
            Arrival::InOrder { extended, .. } => (extended, Place::InOrder(feed.cut)),
            Arrival::Late { extended } if extended >= feed.first && feed.cut == Cut::None => {
                (extended, Place::Late)
            }
            Arrival::Late { .. } | Arrival::Suspect => return None,
        };
        match place {
            Place::Fresh | Place::InOrder(Cut::Sequence | Cut::Clock) => {
                feed.align(theirs, self.sequence + 1);
            }
            Place::InOrder(Cut::None) | Place::Late => {}
        }
        let (timestamp, begins) = match relayed.kind {
            Kind::Audio => self.audio_timestamp(feed, now, relayed, theirs, place)?,
            Kind::Event { .. } => self.event_timestamp(feed, now, relayed, place)?,
        };
        feed.cut = Cut::None;
        Some((theirs + feed.offset, timestamp, begins || relayed.header.marker))
    }

    /// The timestamp of relayed audio, and whether it begins anew.
    fn audio_timestamp(
        &mut self,
        feed: &mut Feed,
        now: Duration,
        relayed: &Relayed,
        theirs: i64,
        place: Place,
    ) -> Option<(i64, bool)> {
        let rate = clamp_rate(relayed.clock_rate);
        let clock = feed.clock.as_mut().filter(|clock| clock.is_of(rate));
        let goes_on = match place {
            Place::Late => return clock.map(|clock| (clock.map(relayed.header.timestamp), false)),
            Place::Fresh | Place::InOrder(Cut::Clock) => None,
            Place::InOrder(Cut::None | Cut::Sequence) => {
                clock.and_then(|clock| clock.advance(relayed.header.timestamp, now))
            }
        };
        self.row = None;
        if let Some(timestamp) = goes_on {
            self.timeline.measure_step(timestamp);
            self.timeline.advance(now, timestamp);
            return Some((timestamp, false));
        }
        let timestamp = self.timeline.next(now);
        let start = relayed.header.timestamp;
        feed.clock = Some(ClockMap::new(rate, self.timeline.hz(), start, timestamp, now));
        // What came before this had another clock.
        feed.first = theirs;
        self.timeline.advance(now, timestamp);
        Some((timestamp, true))
    }

    /// The timestamp of a relayed event, and whether it begins a source.
    fn event_timestamp(
        &mut self,
        feed: &mut Feed,
        now: Duration,
        relayed: &Relayed,
        place: Place,
    ) -> Option<(i64, bool)> {
        let theirs = relayed.header.timestamp;
        let rate = clamp_rate(relayed.clock_rate);
        let before = self.relayed_event.filter(|event| event.source == feed.source);
        let known = before.filter(|event| event.theirs == theirs).map(|event| event.ours);
        let mapped = feed.clock.as_ref().filter(|clock| clock.is_of(rate)).map(|c| c.map(theirs));
        let anew = match place {
            Place::Late => return known.or(mapped).map(|timestamp| (timestamp, false)),
            Place::Fresh | Place::InOrder(Cut::Clock) => true,
            Place::InOrder(Cut::None | Cut::Sequence) => false,
        };
        let timestamp = known
            .or_else(|| mapped.filter(|&mapped| !anew && self.is_near(now, mapped)))
            .or_else(|| self.follow_event(&before?, theirs, rate))
            .unwrap_or_else(|| self.timeline.next(now));
        if anew {
            feed.clock = Some(ClockMap::new(rate, self.timeline.hz(), theirs, timestamp, now));
        }
        self.relayed_event =
            Some(RelayedEvent { source: feed.source, theirs, theirs_hz: rate, ours: timestamp });
        if let Some(row) = &mut self.row {
            row.event_since = true;
        }
        self.timeline.advance(now, timestamp);
        Some((timestamp, place == Place::Fresh && known.is_none()))
    }

    /// The timestamp of an event that begins where the one before it ends or soon after, as the
    /// segments of a long event do (RFC 4733 §2.5.1.3).
    fn follow_event(&self, before: &RelayedEvent, theirs: u32, rate: u32) -> Option<i64> {
        let since = theirs.wrapping_sub(before.theirs);
        (rate == before.theirs_hz && since <= u32::from(u16::MAX))
            .then(|| before.ours + scale(i64::from(since), rate, self.timeline.hz()))
    }

    /// Whether an event can have begun then.
    fn is_near(&self, now: Duration, timestamp: i64) -> bool {
        let reach = EVENT_SECONDS * i64::from(self.timeline.hz());
        (self.timeline.next(now) - timestamp).abs() <= reach
    }

    /// A packet made here gets the next number.
    fn own_packet(
        &mut self,
        payload_type: u8,
        marker: bool,
        timestamp: i64,
        payload_len: usize,
    ) -> Header {
        self.sequence += 1;
        self.count(payload_len);
        Header {
            payload_type,
            marker,
            sequence: self.sequence as u16,
            timestamp: timestamp as u32,
            ssrc: self.ssrc,
        }
    }

    fn count(&mut self, payload_len: usize) {
        self.sent.packets += 1;
        self.sent.octets += payload_len as u64;
    }
}
