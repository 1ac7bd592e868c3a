//! The adaptive jitter buffer of a leg whose sound is decoded.

use std::time::Duration;

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
    /// There was no room: the oldest gave way, or it was too long or too far ahead and was discarded.
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
        /// The payload right behind the lost one, when it is here: Opus may rebuild the lost one by it.
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

/// The buffer of one incoming stream.
#[derive(Debug)]
pub struct JitterBuffer {
    config: JitterConfig,
    stats: JitterStats,
}

impl JitterBuffer {
    /// An empty buffer.
    pub fn new(config: JitterConfig) -> Self {
        Self { config, stats: JitterStats::default() }
    }

    /// Takes in a packet that arrived at `now`.
    pub fn put(&mut self, _now: Duration, _packet: Packet<'_>) -> Put {
        Put::Kept
    }

    /// Notes a packet of the same stream that is no sound (a telephone event), so that its number is
    /// not taken for a loss.
    pub fn put_other(&mut self, _sequence: u16) {}

    /// Says what to play at `now`. Call it until [`Take::Wait`] with the same `now` (the tick's
    /// planned time), every [`JitterConfig::frame`]. `quiet` says that the sound played last was
    /// quiet, so that dropping a packet would not be heard.
    pub fn take(&mut self, _now: Duration, _quiet: bool) -> Take<'_> {
        let _ = self.config;
        Take::Wait
    }

    /// Says how long the frame taken last really was, in timestamp units, when the decoder knows
    /// better than the buffer.
    pub fn lasted(&mut self, _ticks: u32) {}

    /// Begins anew: another SSRC, another codec, the leg off hold. Counts go on.
    pub fn reset(&mut self) {}

    /// What it did so far.
    pub fn stats(&self) -> JitterStats {
        self.stats
    }
}
