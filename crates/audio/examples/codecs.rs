//! What sound costs: microseconds for each frame of 20 ms, and how many calls a core can transcode.
//!
//! `cargo run --release -p audio --example codecs`
#![allow(clippy::print_stdout, clippy::disallowed_methods, reason = "it measures and prints")]

use std::hint::black_box;
use std::time::Instant;

use audio::codec::{CodecKind, Decoder, Encoder, EncoderSettings};
use audio::resample::{Resampler, UnsupportedRate};

/// Frames of a measurement, and measurements of which the best counts.
const FRAMES: usize = 500;
const ROUNDS: usize = 7;

fn main() -> Result<(), UnsupportedRate> {
    println!("20 ms frames, best of {ROUNDS} rounds of {FRAMES}");
    for kind in CodecKind::ALL {
        for rate in [8_000, 16_000, 48_000] {
            let (encode, decode) = codec(kind, rate, EncoderSettings::default())?;
            let conceal = concealing(kind, rate)?;
            println!(
                "{:5} at {rate:5} Hz: encode {encode:6.2} µs, decode {decode:6.2} µs, \
                 conceal {conceal:6.2} µs",
                kind.name()
            );
        }
    }
    for complexity in [0, 2, 5, 8, 10] {
        let settings = EncoderSettings { complexity, ..Default::default() };
        let (encode, _) = codec(CodecKind::Opus, 16_000, settings)?;
        let (narrow, _) = codec(CodecKind::Opus, 8_000, settings)?;
        println!("opus complexity {complexity:2}: {encode:6.1} µs, from 8 kHz {narrow:6.1} µs");
    }
    for (from, to) in [(8_000, 16_000), (16_000, 8_000), (8_000, 48_000), (48_000, 8_000)] {
        println!("{from:5} to {to:5} Hz: {:.2} µs", resampling(from, to)?);
    }
    for other in [CodecKind::Pcmu, CodecKind::G722] {
        let rate = other.native_rate();
        let settings = EncoderSettings::default();
        let (opus, plain) =
            (codec(CodecKind::Opus, rate, settings)?, codec(other, rate, settings)?);
        let both_ways = opus.0 + opus.1 + plain.0 + plain.1;
        println!(
            "opus ↔ {}: {both_ways:.1} µs for 20 ms of both ways: {:.0} calls a core",
            other.name(),
            20_000.0 / both_ways
        );
    }
    Ok(())
}

/// Microseconds to encode and to decode a frame.
fn codec(
    kind: CodecKind,
    rate: u32,
    settings: EncoderSettings,
) -> Result<(f64, f64), UnsupportedRate> {
    let sound = speech_like(rate);
    let frame = rate as usize / 50;
    let mut encoder = Encoder::new(kind, rate, &settings)?;
    let mut decoder = Decoder::new(kind, rate)?;
    let mut payloads: Vec<Vec<u8>> = vec![Vec::new(); FRAMES];
    let encode = best(|| {
        for (payload, pcm) in payloads.iter_mut().zip(sound.chunks_exact(frame)) {
            payload.clear();
            let _ = black_box(encoder.encode(black_box(pcm), payload));
        }
    });
    let mut out = Vec::new();
    let decode = best(|| {
        for payload in &payloads {
            out.clear();
            let _ = black_box(decoder.decode(black_box(payload), &mut out));
        }
    });
    Ok((encode, decode))
}

/// Microseconds to make up for a lost frame, each after one that arrived (less that one's time).
fn concealing(kind: CodecKind, rate: u32) -> Result<f64, UnsupportedRate> {
    let frame = rate as usize / 50;
    let mut payload = Vec::new();
    let pcm = &speech_like(rate)[..frame];
    let _ = Encoder::new(kind, rate, &EncoderSettings::default())?.encode(pcm, &mut payload);
    let mut decoder = Decoder::new(kind, rate)?;
    let mut out = Vec::new();
    let mut run = |conceal: bool| {
        best(|| {
            for _ in 0..FRAMES {
                out.clear();
                let _ = decoder.decode(&payload, &mut out);
                if conceal {
                    decoder.conceal(frame, &mut out);
                }
                black_box(&out);
            }
        })
    };
    Ok(run(true) - run(false))
}

fn resampling(from: u32, to: u32) -> Result<f64, UnsupportedRate> {
    let sound = speech_like(from);
    let mut resampler = Resampler::new(from, to)?;
    let mut out = Vec::new();
    Ok(best(|| {
        for pcm in sound.chunks_exact(from as usize / 50) {
            out.clear();
            resampler.process(black_box(pcm), &mut out);
            black_box(&out);
        }
    }))
}

/// Microseconds for each of [`FRAMES`] frames.
fn best(mut run: impl FnMut()) -> f64 {
    let round = |_| {
        let start = Instant::now();
        run();
        start.elapsed().as_secs_f64() * 1e6 / FRAMES as f64
    };
    (0..ROUNDS).map(round).fold(f64::MAX, f64::min)
}

/// Ten seconds of a buzz at the pitch of a voice under three formants, which come and go.
fn speech_like(rate: u32) -> Vec<i16> {
    let mut memory = [[0.0f64; 2]; 3];
    let mut noise = 1u32;
    let sample = |n: u32| {
        let time = f64::from(n) / f64::from(rate);
        let pitch = 120.0 + 30.0 * (time * 2.0).sin();
        let voiced = (time * 3.1).sin() > -0.3;
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let hiss = f64::from(noise >> 16) / 65_536.0 - 0.5;
        let pulse = (time * pitch).fract() < pitch / f64::from(rate);
        let mut sound = if voiced { f64::from(u8::from(pulse)) * 8.0 } else { hiss * 0.3 };
        for (index, [one, two]) in memory.iter_mut().enumerate() {
            let hz = [500.0, 1_500.0, 2_500.0][index] * (1.0 + 0.3 * (time * 1.7).sin());
            let angle = std::f64::consts::TAU * hz / f64::from(rate);
            let radius = 1.0 - 250.0 / f64::from(rate);
            sound += 2.0 * radius * angle.cos() * *one - radius * radius * *two;
            sound *= 0.7;
            (*two, *one) = (*one, sound);
        }
        (sound * 6_000.0) as i16
    };
    (0..rate * FRAMES as u32 / 50).map(sample).collect()
}
