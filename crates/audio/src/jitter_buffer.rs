//! The adaptive jitter buffer of a leg whose sound is decoded.
//!
//! Guarantees: at most [`JitterConfig::max_ms`] and 64 packets wait; memory is used again; what is
//! played follows the timestamps, whatever the packets' length; the sender's clock may differ from
//! ours; numbers and times may wrap, jump and begin anew. The delay follows the packets' delays of
//! the last ten seconds: up at once, by sound made up; down slowly, by a packet dropped where it is
//! quiet, or in the sender's pauses.

mod admit;
mod delay;
mod play;
mod slots;

use std::time::Duration;

use self::admit::TooLate;
use self::delay::Delay;
use self::play::Step;
use self::slots::{Content, SLOTS, Slot, Slots};

/// How a buffer is set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JitterConfig {
    /// How much sound a tick of the player takes: 20 ms.
    pub frame: Duration,
    /// The least delay, ms.
    pub min_ms: u32,
    /// The most delay, ms: what comes later than that is late for good.
    pub max_ms: u32,
    /// RTP timestamp units a second (8 000 for G.711 and G.722, 48 000 for Opus).
    pub clock_rate: u32,
    /// The payload type of comfort noise (RFC 3389), after which emptiness is silence and no loss.
    pub comfort_noise: Option<u8>,
}

impl JitterConfig {
    /// 20 ms of sound a tick, 20 to 200 ms of delay.
    pub fn new(clock_rate: u32) -> Self {
        Self {
            frame: Duration::from_millis(20),
            min_ms: 20,
            max_ms: 200,
            clock_rate,
            comfort_noise: Some(13),
        }
    }
}

/// What is needed of an RTP packet of sound. (Telephone events do not come here: see
/// [`JitterBuffer::put_other`].)
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet<'a> {
    /// RTP's sequence number.
    pub sequence: u16,
    /// RTP's timestamp.
    pub timestamp: u32,
    /// RTP's marker: the first packet of a talk spurt.
    pub marker: bool,
    /// RTP's payload type.
    pub payload_type: u8,
    /// The codec's bytes; at most [`PAYLOAD_MAX`].
    pub payload: &'a [u8],
}

/// The longest payload that is kept.
pub const PAYLOAD_MAX: usize = 1_500;

/// What became of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// It waits for its turn.
    Kept,
    /// Its turn is over; discarded.
    Late,
    /// It was here before; discarded.
    Duplicate,
    /// There was no room: the oldest gave way, or it was too long or too far ahead and was
    /// discarded.
    Overflow,
    /// The sender began anew (numbers or times jumped): what waited is discarded, this one is kept.
    Reset,
}

/// What to play next.
#[derive(Debug, PartialEq, Eq)]
pub enum Take<'a> {
    /// Decode this.
    Frame(Frame<'a>),
    /// A packet is lost or late, or the delay has to grow: conceal.
    Missing {
        /// How much sound is wanted, in timestamp units.
        ticks: u32,
        /// The payload right behind the lost one, when it is here: Opus may rebuild the lost one by
        /// it.
        next: Option<&'a [u8]>,
    },
    /// The sender says nothing, or nothing came yet: comfort noise or silence.
    Silence {
        /// How much sound is wanted, in timestamp units.
        ticks: u32,
    },
    /// This tick has its sound.
    Wait,
}

/// A packet whose turn it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// RTP's sequence number.
    pub sequence: u16,
    /// RTP's timestamp.
    pub timestamp: u32,
    /// RTP's marker.
    pub marker: bool,
    /// RTP's payload type.
    pub payload_type: u8,
    /// The codec's bytes.
    pub payload: &'a [u8],
    /// How long it is thought to last, in timestamp units; [`JitterBuffer::lasted`] corrects this.
    pub ticks: u32,
}

/// What a buffer did so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct JitterStats {
    /// Packets of sound put in.
    pub received: u64,
    /// Packets given out.
    pub played: u64,
    /// Packets that came after their turn (XR's discards, with `overflows`).
    pub late: u64,
    /// Packets that came twice.
    pub duplicates: u64,
    /// Packets for which there was no room.
    pub overflows: u64,
    /// Times that the sender began anew.
    pub resets: u64,
    /// Packets' turns that were concealed because the packet was not there.
    pub concealed: u64,
    /// Frames inserted to let the delay grow.
    pub grown: u64,
    /// Packets dropped to let the delay shrink.
    pub shrunk: u64,
    /// The delay now, ms.
    pub depth_ms: u32,
    /// The delay aimed at, ms.
    pub target_ms: u32,
    /// The longest delay so far, ms.
    pub depth_max_ms: u32,
    /// The mean delay of the packets played, ms: what this buffer added to mouth-to-ear delay.
    pub depth_mean_ms: u32,
}

impl<'a> Frame<'a> {
    fn of(slot: &'a Slot, ticks: i64) -> Self {
        Self {
            // The low bits are the wire's.
            sequence: slot.sequence as u16,
            timestamp: slot.timestamp as u32,
            marker: slot.marker,
            payload_type: slot.payload_type,
            payload: &slot.payload,
            ticks: wire_ticks(ticks),
        }
    }
}

/// The buffer of one incoming stream.
///
/// Inside, everything is in timestamp units, and numbers and timestamps are unrolled to 64 bits.
/// The *depth* is how much later than the fastest packet's path a packet is played: `play time −
/// timestamp − least transit time`. It is kept between the target and one packet more.
#[derive(Debug)]
pub struct JitterBuffer {
    config: JitterConfig,
    rate: i64,
    min: i64,
    max: i64,
    frame: i64,
    slots: Slots,
    delay: Delay,
    target: i64,
    /// The highest sequence number so far, and the timestamp of the last sound by number.
    highest: i64,
    timestamp: i64,
    started: bool,
    playing: bool,
    /// The number whose turn is next, and the timestamp up to which sound was given out.
    next: i64,
    cursor: i64,
    /// Sound made up since the buffer ran empty. Whether it stood for lost packets or has let the
    /// delay grow shows when the next packet comes.
    held: i64,
    /// Sound made up in a row.
    made_up: i64,
    /// The last sound was comfort noise or an event came: what is missing is silence.
    hushed: bool,
    packet_ticks: i64,
    packet_ticks_seen: i64,
    last_played: Option<(i64, i64)>,
    tick: Option<Duration>,
    need: i64,
    changed_at: i64,
    stray: Option<u16>,
    too_late: Option<TooLate>,
    depth_sum: u64,
    stats: JitterStats,
}

/// The longest packet, ms (Opus).
const PACKET_MS_MAX: i64 = 120;

impl JitterBuffer {
    /// An empty buffer.
    pub fn new(config: JitterConfig) -> Self {
        let rate = i64::from(config.clock_rate.max(1_000));
        let max = i64::from(config.max_ms.max(config.min_ms)) * rate / 1_000;
        let min = i64::from(config.min_ms) * rate / 1_000;
        let frame = (config.frame.as_micros() as i64 * rate / 1_000_000).max(1);
        Self {
            config,
            rate,
            min,
            max,
            frame,
            slots: Slots::new(),
            delay: Delay::new(rate, max),
            target: min,
            highest: 0,
            timestamp: 0,
            started: false,
            playing: false,
            next: 0,
            cursor: 0,
            held: 0,
            made_up: 0,
            hushed: false,
            packet_ticks: frame,
            packet_ticks_seen: 0,
            last_played: None,
            tick: None,
            need: 0,
            changed_at: 0,
            stray: None,
            too_late: None,
            depth_sum: 0,
            stats: JitterStats::default(),
        }
    }

    /// Takes in a packet that arrived at `now`.
    pub fn put(&mut self, now: Duration, packet: Packet<'_>) -> Put {
        let put = self.admit(self.clock(now), &packet);
        self.stats.received += 1;
        match put {
            Put::Kept => {}
            Put::Late => self.stats.late += 1,
            Put::Duplicate => self.stats.duplicates += 1,
            Put::Overflow => self.stats.overflows += 1,
            Put::Reset => self.stats.resets += 1,
        }
        put
    }

    /// Notes a packet of the same stream that is no sound (a telephone event), so that its number
    /// is not taken for a loss.
    pub fn put_other(&mut self, sequence: u16) {
        let sequence = unroll_sequence(self.highest, sequence);
        let ahead = sequence - self.next;
        if self.started
            && (0..SLOTS).contains(&ahead)
            && self.slots.content(sequence) == Content::Nothing
        {
            self.slots.claim(sequence, Content::Other);
            self.highest = self.highest.max(sequence);
        }
    }

    /// Says what to play at `now`. Call it every [`JitterConfig::frame`] until [`Take::Wait`], with
    /// the tick's planned time as the same `now`. `quiet` says that the sound played last was
    /// quiet, so that dropping a packet would not be heard.
    pub fn take(&mut self, now: Duration, quiet: bool) -> Take<'_> {
        if self.tick != Some(now) {
            self.tick = Some(now);
            self.need = self.need.min(0) + self.frame;
        }
        if self.need <= 0 {
            return Take::Wait;
        }
        let play_at = self.clock(now) + self.frame - self.need;
        let step = self.decide(play_at, quiet);
        match step {
            Step::Play { sequence, ticks } => {
                self.need -= ticks;
                Take::Frame(Frame::of(self.slots.slot(sequence), ticks))
            }
            Step::Conceal { ticks, next } => {
                self.need -= ticks;
                let next = next.map(|sequence| self.slots.slot(sequence).payload.as_slice());
                Take::Missing { ticks: wire_ticks(ticks), next }
            }
            Step::Silence { ticks } => {
                self.need -= ticks;
                Take::Silence { ticks: wire_ticks(ticks) }
            }
        }
    }

    /// Says how long the frame taken last really was, in timestamp units, when the decoder knows
    /// better than the buffer, which guesses by the timestamps.
    pub fn lasted(&mut self, ticks: u32) {
        let ticks = i64::from(ticks).min(self.ms(PACKET_MS_MAX));
        if let Some((timestamp, assumed)) = self.last_played
            && ticks > 0
            && ticks != assumed
        {
            self.cursor = timestamp + ticks;
            self.need -= ticks - assumed;
            self.packet_ticks = ticks;
            self.last_played = Some((timestamp, ticks));
        }
    }

    /// Begins anew: another SSRC, another codec, the leg off hold. Counts go on.
    pub fn reset(&mut self) {
        self.slots.clear();
        self.delay.rebase();
        self.started = false;
        self.playing = false;
        self.held = 0;
        self.made_up = 0;
        self.hushed = false;
        self.last_played = None;
        self.stray = None;
        self.too_late = None;
    }

    /// What it did so far.
    pub fn stats(&self) -> JitterStats {
        JitterStats {
            target_ms: self.to_ms(self.target),
            depth_mean_ms: self
                .to_ms(self.depth_sum.checked_div(self.stats.played).map_or(0, |mean| mean as i64)),
            ..self.stats
        }
    }

    fn clock(&self, now: Duration) -> i64 {
        // Microseconds fit for 292 000 years; times 48 000 for six.
        now.as_micros() as i64 * self.rate / 1_000_000
    }

    fn ms(&self, ms: i64) -> i64 {
        ms * self.rate / 1_000
    }

    fn to_ms(&self, ticks: i64) -> u32 {
        (ticks.max(0) * 1_000 / self.rate) as u32
    }
}

/// The number nearest to `last` that the wire writes as `sequence`.
fn unroll_sequence(last: i64, sequence: u16) -> i64 {
    // Differences modulo 2^16, read as signed.
    last + i64::from(sequence.wrapping_sub(last as u16) as i16)
}

/// Lengths are between 0 and some frames.
fn wire_ticks(ticks: i64) -> u32 {
    ticks.max(0) as u32
}

#[cfg(test)]
mod tests;
