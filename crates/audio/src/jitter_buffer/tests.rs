//! A sender, a path and a player in virtual time.

use std::collections::BTreeMap;

use super::*;

mod order;
mod traces;

/// A small generator of numbers: the same seed, the same path.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// 0.0 .. 1.0
    pub(super) fn roll(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// What the path does to the packet sent at a time: its delay in µs, or its loss.
pub(super) type Path<'a> = &'a mut dyn FnMut(&mut Dice, u64) -> Option<u64>;

/// A sender of packets of one length.
pub(super) struct Sender {
    pub(super) packet_ms: u64,
    pub(super) clock_rate: u64,
    /// How much faster its clock is than ours, in parts per million.
    pub(super) ppm: i64,
    /// Sends nothing and goes on with its numbers (DTX, hold) from .. to, in µs.
    pub(super) pauses: Vec<(u64, u64)>,
    /// Milliseconds before the player's first tick at which it begins.
    pub(super) phase_us: u64,
}

impl Default for Sender {
    fn default() -> Self {
        Self { packet_ms: 20, clock_rate: 8_000, ppm: 0, pauses: vec![], phase_us: 7_300 }
    }
}

/// What a player heard in one second.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Second {
    pub(super) frames: u32,
    pub(super) missing: u32,
    pub(super) silence: u32,
    pub(super) depth_ms: u32,
}

pub(super) struct Heard {
    pub(super) seconds: Vec<Second>,
    pub(super) stats: JitterStats,
    pub(super) sent: u64,
    pub(super) lost: u64,
}

/// Runs `seconds` of a stream through a buffer. One frame of three is quiet.
pub(super) fn run(sender: &Sender, seconds: u64, path: Path<'_>) -> Heard {
    let mut buffer = JitterBuffer::new(JitterConfig::new(sender.clock_rate as u32));
    let mut dice = Dice::new(seconds);
    let mut flying: BTreeMap<(u64, u64), (u16, u32)> = BTreeMap::new();
    let (mut number, mut sent, mut lost) = (0_u64, 0, 0);
    let mut heard = vec![Second::default(); seconds as usize];
    // Close to wrapping, both.
    let (first_sequence, first_timestamp) = (65_500_u64, u64::from(u32::MAX) - 20_000);
    let start = 1_000_000;
    let ticks = sender.packet_ms * sender.clock_rate / 1_000;
    for tick in 0..seconds * 50 {
        let now = start + tick * 20_000;
        // All that is sent up to now.
        loop {
            let nominal = number * sender.packet_ms * 1_000;
            let at = (start + sender.phase_us + nominal)
                .wrapping_add_signed(-(nominal as i64) * sender.ppm / 1_000_000);
            if at > now {
                break;
            }
            let paused = sender.pauses.iter().any(|&(from, to)| (from..to).contains(&(at - start)));
            if !paused {
                let packet =
                    ((first_sequence + sent) as u16, (first_timestamp + number * ticks) as u32);
                match path(&mut dice, at - start) {
                    Some(delay) => {
                        flying.insert((at + delay, number), packet);
                    }
                    None => lost += 1,
                }
                sent += 1;
            }
            number += 1;
        }
        while let Some(entry) = flying.first_entry()
            && entry.key().0 <= now
        {
            let ((at, _), (sequence, timestamp)) = entry.remove_entry();
            let payload = [1; 160];
            let packet =
                Packet { sequence, timestamp, marker: false, payload_type: 0, payload: &payload };
            buffer.put(Duration::from_micros(at), packet);
        }
        let second = &mut heard[(tick / 50) as usize];
        let mut got = 0;
        for turn in 0.. {
            assert!(turn < 20, "a tick ends");
            match buffer.take(Duration::from_micros(now), tick % 3 == 0) {
                Take::Frame(frame) => {
                    assert_eq!(frame.payload.len(), 160);
                    second.frames += 1;
                    got += u64::from(frame.ticks);
                }
                Take::Missing { ticks, .. } => {
                    second.missing += 1;
                    got += u64::from(ticks);
                }
                Take::Silence { ticks } => {
                    second.silence += 1;
                    got += u64::from(ticks);
                }
                Take::Wait => break,
            }
        }
        assert!(got <= 121 * sender.clock_rate / 1_000);
        second.depth_ms = second.depth_ms.max(buffer.stats().depth_ms);
    }
    Heard { seconds: heard, stats: buffer.stats(), sent, lost }
}
