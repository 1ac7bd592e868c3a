//! What mixing and the jitter buffer cost: `cargo run --release -p audio --example mixing`.
//!
//! One core, no codecs. Prints a table in Markdown.

#![expect(clippy::print_stdout, reason = "the table is what it is for")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use audio::dtmf::DtmfDetector;
use audio::jitter_buffer::{JitterBuffer, JitterConfig, Packet, Take};
use audio::level::Level;
use audio::mixer::{MemberId, Mixer, MixerConfig, Part};
use audio::tone::{Country, Tone, ToneGenerator};

/// Seconds of sound of a measurement.
const SECONDS: u32 = 60;
const TICKS: u32 = SECONDS * 50;

fn main() {
    println!("| members | rate | µs a member and tick | members a core |");
    println!("|---:|---:|---:|---:|");
    for rate in [8_000, 16_000] {
        for members in [2, 3, 8, 32, 64] {
            let cost = mixing(members, rate);
            println!("| {members} | {rate} | {:.3} | {:.0} |", us(cost), 0.02 / cost.as_secs_f64());
        }
    }
    println!();
    println!("| per 20 ms of one leg, 8 kHz | µs |");
    println!("|---|---:|");
    println!("| jitter buffer, put and take, clean | {:.3} |", us(buffering(0)));
    println!("| jitter buffer, put and take, 60 ms of jitter | {:.3} |", us(buffering(60)));
    println!("| level | {:.3} |", us(measuring()));
    println!("| digits, of sound | {:.3} |", us(detecting(false)));
    println!("| digits, of silence | {:.3} |", us(detecting(true)));
    println!("| ringback | {:.3} |", us(ringing()));
}

fn us(cost: Duration) -> f64 {
    cost.as_secs_f64() * 1e6
}

/// The time of one of `count` turns.
#[expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]
fn timed(count: u32, turns: impl FnOnce()) -> Duration {
    let begun = Instant::now();
    turns();
    begun.elapsed() / count
}

fn noise(length: usize, seed: u64) -> Vec<i16> {
    let mut state = seed * 2 + 1;
    (0..length)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            ((state >> 48) as i16) / 16
        })
        .collect()
}

/// Everyone speaks and hears; of more than eight, the loudest are heard.
fn mixing(members: u32, rate: u32) -> Duration {
    let mut mixer = Mixer::new(MixerConfig::new(rate));
    let ids: Vec<MemberId> = (0..members).map(MemberId).collect();
    for &id in &ids {
        // At most 64 are asked for, each by another name: they fit.
        mixer.join(id, Part::default()).expect("64 fit");
    }
    let voices: Vec<Vec<i16>> = ids.iter().map(|id| noise(mixer.frame(), id.0.into())).collect();
    let mut out = Vec::with_capacity(mixer.frame());
    timed(TICKS * members, || {
        for _ in 0..TICKS {
            for (&id, voice) in ids.iter().zip(&voices) {
                mixer.contribute(id, black_box(voice));
            }
            mixer.tick();
            for &id in &ids {
                black_box(mixer.mix_for(id, &mut out));
            }
        }
    })
}

fn buffering(jitter_ms: u64) -> Duration {
    let mut buffer = JitterBuffer::new(JitterConfig::new(8_000));
    let payload = [0; 160];
    let delays = noise(4_096, 7);
    let mut arrivals: Vec<(u64, u32)> = (0..TICKS)
        .map(|n| {
            let delay = u64::from(delays[n as usize % 4_096].unsigned_abs()) * jitter_ms / 2;
            (u64::from(n) * 20_000 + delay, n)
        })
        .collect();
    arrivals.sort_unstable();
    let mut arrivals = arrivals.into_iter().peekable();
    timed(TICKS, || {
        for tick in 0..u64::from(TICKS) {
            let now = tick * 20_000;
            while let Some((at, n)) = arrivals.next_if(|&(at, _)| at <= now) {
                let packet = Packet {
                    sequence: n as u16,
                    timestamp: n * 160,
                    marker: false,
                    payload_type: 0,
                    payload: &payload,
                };
                black_box(buffer.put(Duration::from_micros(at), packet));
            }
            while black_box(buffer.take(Duration::from_micros(now), tick % 3 == 0)) != Take::Wait {}
        }
    })
}

fn measuring() -> Duration {
    let sound = noise(160, 1);
    timed(TICKS * 10, || {
        for _ in 0..TICKS * 10 {
            black_box(Level::of(black_box(&sound)));
        }
    })
}

fn detecting(silent: bool) -> Duration {
    let mut detector = DtmfDetector::new(8_000);
    let mut events = Vec::new();
    let sound = if silent { vec![0; 160] } else { noise(160, 1) };
    timed(TICKS * 10, || {
        for _ in 0..TICKS * 10 {
            detector.hear(black_box(&sound), &mut events);
        }
    })
}

fn ringing() -> Duration {
    let mut generator = ToneGenerator::new(Tone::Ringback, Country::UnitedStates, 8_000);
    let mut out = [0; 160];
    timed(TICKS * 10, || {
        for _ in 0..TICKS * 10 {
            generator.fill(black_box(&mut out));
        }
    })
}
