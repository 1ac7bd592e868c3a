//! What a core can decode, mix, play and encode.
//!
//! `cargo run --release -p media --example sound -- [seconds]`
//!
//! The sound thread's work without the thread: each case has as many streams as are real in an
//! installation, gets packets of something like speech for some seconds of sound, and the time of
//! the processor is divided. Sockets and the relay thread are not in it (see the example `relay`).
//! At the end a real thread plays to thousands, to see how well it keeps the pace.
//! The last line of each case is for programs.

#![allow(clippy::print_stdout)]

use std::f64::consts::TAU;
use std::io;
use std::time::Duration;

use audio::codec::{CodecKind, Encoder, EncoderSettings};
use media::rehearsal::{self, Rehearsal};
use rustix::time::{ClockId, clock_gettime};

/// Frames of a second.
const FRAMES: u64 = 50;
/// Payloads of a stream before they come again.
const RING: usize = 200;

/// Payloads of something like speech: voiced and unvoiced pieces, with pauses.
fn speech(kind: CodecKind) -> Vec<Vec<u8>> {
    let rate = kind.native_rate().min(16_000);
    // Cannot fail: the rate is one of its own.
    let mut encoder = Encoder::new(kind, rate, &EncoderSettings::default()).expect("8 or 16 kHz");
    let mut random = 1_u32;
    let len = rate as usize / FRAMES as usize;
    let mut payloads = Vec::new();
    for frame in 0..RING {
        let pcm: Vec<i16> = (0..len)
            .map(|at| {
                let t = (frame * len + at) as f64 / f64::from(rate);
                random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let noise = f64::from(random >> 16) / 32_768.0 - 1.0;
                let pitch = TAU * (120.0 + 20.0 * (TAU * 0.7 * t).sin()) * t;
                let voiced: f64 =
                    (1..12).map(|n| (pitch * f64::from(n)).sin() / f64::from(n)).sum();
                let syllable = (TAU * 3.1 * t).sin().max(0.0);
                let sound = if (t * 1.7).fract() < 0.25 { noise * 0.3 } else { voiced };
                (sound * syllable * 6_000.0) as i16
            })
            .collect();
        let mut payload = Vec::new();
        // Cannot fail: 20 ms are a frame of each codec.
        encoder.encode(&pcm, &mut payload).expect("20 ms");
        payloads.push(payload);
    }
    payloads
}

/// Legs that speak, and where each of them is in its speech.
struct Speakers {
    legs: Vec<(u64, CodecKind)>,
    speech: Vec<(CodecKind, Vec<Vec<u8>>)>,
    buffer: Vec<u8>,
}

impl Speakers {
    fn new(legs: Vec<(u64, CodecKind)>) -> Self {
        let speech = CodecKind::ALL.map(|kind| (kind, speech(kind))).into();
        Self { legs, speech, buffer: Vec::new() }
    }

    fn speak(&mut self, studio: &mut Rehearsal, frame: u64) {
        for &(leg, kind) in &self.legs {
            let Some((_, payloads)) = self.speech.iter().find(|(of, _)| *of == kind) else {
                continue;
            };
            let at = (frame as usize + leg as usize * 37) % RING;
            let mut buffer = std::mem::take(&mut self.buffer);
            buffer.clear();
            buffer.extend_from_slice(&payloads[at]);
            let timestamp = (frame as u32).wrapping_mul(kind.rtp_clock() / FRAMES as u32);
            self.buffer = studio.packet(leg, frame, timestamp, buffer);
        }
    }
}

fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32)
}

/// Runs a case and says how many of its `count` things a core can do.
fn measure(name: &str, count: usize, seconds: u64, studio: &mut Rehearsal, who: &mut Speakers) {
    let mut made = 0;
    let mut most = 0;
    let mut spent = Duration::ZERO;
    for frame in 0..(seconds + 1) * FRAMES {
        let began = cpu();
        who.speak(studio, frame);
        let (total, of_one_slot) = studio.frame();
        // The first second is for buffers to fill.
        if frame >= FRAMES {
            spent += cpu() - began;
            made += total;
            most = most.max(of_one_slot);
        }
    }
    let share = spent.as_secs_f64() / seconds as f64 / count as f64;
    let per_core = (1.0 / share) as u64;
    println!(
        "{name}: {count} need {:.1} % of a core: {per_core} a core; {:.1} µs a payload; \
         {made} payloads, {most} at most in 1 ms",
        share * count as f64 * 100.0,
        spent.as_secs_f64() * 1e6 / made.max(1) as f64,
    );
    println!("{}\t{count}\t{per_core}", name.replace(' ', "_"));
}

fn pairs(a: CodecKind, b: CodecKind, count: u64, seconds: u64) {
    let mut studio = Rehearsal::new(Vec::new());
    let mut legs = Vec::new();
    for pair in 0..count {
        let (one, other) = (2 * pair, 2 * pair + 1);
        studio.voice(one, a);
        studio.voice(other, b);
        studio.pair(one, other);
        legs.extend([(one, a), (other, b)]);
    }
    let name = format!("{} and {} (both ways)", a.name(), b.name());
    measure(&name, count as usize, seconds, &mut studio, &mut Speakers::new(legs));
}

fn rooms(kind: CodecKind, members: u64, count: u64, seconds: u64) {
    let mut studio = Rehearsal::new(Vec::new());
    let mut legs = Vec::new();
    for leg in 0..members * count {
        studio.voice(leg, kind);
        studio.join(leg, leg / members);
        legs.push((leg, kind));
    }
    let name = format!("{} parties in rooms of {members}", kind.name());
    measure(&name, legs.len(), seconds, &mut studio, &mut Speakers::new(legs));
}

fn plays(kind: CodecKind, count: u64, seconds: u64) {
    let pcm = (0..80_000).map(|at| (f64::from(at) * 0.3).sin() * 8_000.0).map(|s| s as i16);
    let mut studio = Rehearsal::new(pcm.collect());
    for leg in 0..count {
        studio.voice(leg, kind);
        studio.play(leg);
    }
    let name = format!("{} streams of music", kind.name());
    measure(&name, count as usize, seconds, &mut studio, &mut Speakers::new(Vec::new()));
}

/// The pace of a running thread, whose payloads this thread takes.
fn pace(streams: u64, seconds: u64) -> io::Result<()> {
    let live = rehearsal::live(streams, seconds)?;
    let of = |share: f64| {
        let last = live.jitter_us.len().saturating_sub(1) as f64;
        live.jitter_us.get((last * share) as usize).copied().unwrap_or(0)
    };
    println!(
        "{streams} streams by a running thread: {} payloads, off 20 ms by {} µs (p50), {} µs \
         (p99), {} µs (p99.9); {} turns late, {} left out",
        live.frames,
        of(0.5),
        of(0.99),
        of(0.999),
        live.late,
        live.skipped,
    );
    println!("pace_of_{streams}\t{}\t{}", of(0.5), of(0.99));
    Ok(())
}

fn main() -> io::Result<()> {
    let seconds = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(10);
    pairs(CodecKind::Opus, CodecKind::Pcmu, 50, seconds);
    pairs(CodecKind::G722, CodecKind::Pcmu, 100, seconds);
    pairs(CodecKind::Pcma, CodecKind::Pcmu, 200, seconds);
    pairs(CodecKind::Opus, CodecKind::G722, 50, seconds);
    plays(CodecKind::Pcmu, 2_000, seconds);
    plays(CodecKind::Opus, 50, seconds);
    rooms(CodecKind::Pcmu, 3, 100, seconds);
    rooms(CodecKind::Pcmu, 10, 30, seconds);
    rooms(CodecKind::G722, 3, 50, seconds);
    rooms(CodecKind::Opus, 3, 10, seconds);
    pace(1_000, seconds)?;
    pace(5_000, seconds)
}
