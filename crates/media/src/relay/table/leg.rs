//! One leg: a transport, a codec and a clock.

use std::time::Duration;

use call::port::{Direction, Encoding, Formats, LegId, PortPair};
use rtp::quality::{CodecClass, Meter, Thresholds};
use rtp::reception::Reception;
use rtp::{EventReceiver, Outgoing};

use super::Place;
use super::payloads::{Known, Payloads};
use super::reports::Reporter;
use crate::counters::{LegCounters, LegReport};
use crate::handoff::Hearing;
use crate::patch::{Mapping, PayloadMap};
use crate::random::Random;
use crate::relay::transport::Transport;

/// The clock of all that is not Opus or video.
const USUAL_CLOCK: u32 = 8000;
/// Packets that one report of the sound thread may say it has thrown away.
const DISCARDED_MAX: u64 = 1000;

/// One leg. What every packet touches comes first, and side by side: with thousands of legs it has
/// to come from memory for each packet.
#[derive(Debug)]
#[repr(C)]
pub(super) struct Leg {
    pub(super) id: LegId,
    pub(super) direction: Direction,
    /// To whom this leg's packets are relayed.
    pub(super) heard_by: Option<Place>,
    /// Copies go to the sound thread.
    pub(super) taken: bool,
    /// The sound thread plays something to it.
    pub(super) playing: bool,
    pub(super) in_room: bool,
    /// Its quality is measured.
    pub(super) converses: bool,
    /// What goes to it.
    pub(super) feed: Feed,
    pub(super) transport: Transport,
    /// What it sends.
    pub(super) received: Payloads,
    /// The last of those that was audio.
    pub(super) current: Option<u8>,
    /// The last RTP, or what restarted the wait for it: being bridged, a changed direction.
    pub(super) quiet_since: Duration,
    pub(super) reception: Reception,
    pub(super) outgoing: Outgoing,
    pub(super) meter: Meter,
    pub(super) counters: LegCounters,
    pub(super) events: EventReceiver,
    /// What is sent to it.
    pub(super) sent: Payloads,
    pub(super) reporter: Reporter,
    /// With whom it talks, if with one.
    pub(super) partner: Option<Place>,
    /// The quiet that has been reported already.
    pub(super) reported: Option<Duration>,
    /// When it is to be looked at, as `Deadlines` keeps it.
    pub(super) deadline: Option<u64>,
    pub(super) decoding: Decoding,
    pub(super) ports: PortPair,
}

/// What goes to a leg.
#[derive(Debug)]
pub(super) enum Feed {
    Nothing,
    /// Another leg's packets, what they are called here, and the last one of those: nearly every
    /// packet is like the one before.
    Leg {
        from: Place,
        map: PayloadMap,
        last: Option<Mapping>,
    },
    /// What the sound thread makes.
    Sound,
}

/// What the sound thread said last about decoding a leg's packets.
#[derive(Debug, Default)]
pub(super) struct Decoding {
    pub(super) silent: bool,
    pub(super) clipping: bool,
    discarded: u64,
}

impl Leg {
    pub(super) fn new(
        now: Duration,
        id: LegId,
        ports: PortPair,
        thresholds: Thresholds,
        random: &mut Random,
    ) -> Self {
        let (ssrc, sequence, timestamp) = (random.next_u32(), random.next_u16(), random.next_u32());
        let mut meter = Meter::new(now, CodecClass::G711, USUAL_CLOCK, thresholds);
        // Nothing is open in a new meter.
        meter.suspend(now, &mut Vec::new());
        Self {
            id,
            direction: Direction::BOTH,
            heard_by: None,
            taken: false,
            playing: false,
            in_room: false,
            converses: false,
            feed: Feed::Nothing,
            transport: Transport::default(),
            received: Payloads::default(),
            current: None,
            quiet_since: now,
            reception: Reception::new(0),
            outgoing: Outgoing::new(ssrc, sequence, timestamp, USUAL_CLOCK),
            meter,
            counters: LegCounters::default(),
            events: EventReceiver::new(USUAL_CLOCK),
            sent: Payloads::default(),
            reporter: Reporter::new(random),
            partner: None,
            reported: None,
            deadline: None,
            decoding: Decoding::default(),
            ports,
        }
    }

    /// Codecs were agreed on.
    pub(super) fn agree(&mut self, formats: &Formats) {
        self.received.agree(&formats.receive);
        self.sent.agree(&formats.send);
        self.current = None;
        if let Some(events) = self.received.events() {
            self.events.set_clock_rate(events.clock_rate);
        }
        if let Some((_, audio)) = self.sent.audio() {
            self.outgoing.set_clock_rate(audio.clock_rate);
        }
        if let Some((encoding, audio)) = self.received.audio() {
            self.meter.codec(codec_class(encoding), audio.clock_rate);
        }
    }

    /// Audio of another number than before came.
    pub(super) fn change_payload(&mut self, known: Known) {
        self.current = Some(known.payload);
        self.reception.clock_rate(known.clock_rate);
        if let Some(encoding) = self.received.encoding(known.payload) {
            self.meter.codec(codec_class(encoding), known.clock_rate);
        }
    }

    /// The sound thread says what decoding is like.
    pub(super) fn heard(&mut self, hearing: &Hearing) {
        let known = self.decoding.discarded;
        // A voice that began anew counts from zero.
        let new = hearing.discarded.checked_sub(known).unwrap_or(hearing.discarded);
        // Who hears the packets themselves has a jitter buffer of his own; ours is for a recording
        // or for digits then.
        if self.heard_by.is_none() {
            for _ in 0..new.min(DISCARDED_MAX) {
                self.reception.discard();
            }
            self.meter.jitter_buffer(hearing.delay_ms.into());
        }
        let Hearing { silent, clipping, discarded, .. } = *hearing;
        self.decoding = Decoding { silent, clipping, discarded };
    }

    /// What another leg's payload is called here; `None`: it does not pass.
    pub(super) fn mapping(&mut self, payload: u8) -> Option<Mapping> {
        let Feed::Leg { map, last, .. } = &mut self.feed else { return None };
        if let Some(mapping) = *last
            && mapping.from == payload
        {
            return *last;
        }
        *last = map.get(payload);
        *last
    }

    pub(super) fn report(&self) -> LegReport {
        LegReport { leg: self.id, ports: self.ports, counters: self.counters }
    }
}

/// A codec as the E-model sees it; one that it does not know is taken for G.711.
pub(super) fn codec_class(encoding: &Encoding) -> CodecClass {
    match encoding {
        Encoding::Pcmu | Encoding::Pcma | Encoding::ComfortNoise | Encoding::TelephoneEvent => {
            CodecClass::G711
        }
        Encoding::G722 => CodecClass::G722,
        Encoding::Opus => CodecClass::Opus,
        Encoding::Other(name) if &**name == "g729" => CodecClass::G729,
        Encoding::Other(_) => CodecClass::G711,
    }
}
