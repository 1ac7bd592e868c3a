//! What sound costs: microseconds for each frame of 20 ms, and how many calls a core can transcode.
//!
//! `cargo run --release -p audio --example codecs`
#![allow(clippy::print_stdout, clippy::disallowed_methods, reason = "it measures and prints")]

use std::hint::black_box;
use std::time::Instant;

use audio::codec::{CodecKind, Decoder, Encoder, EncoderSettings};
use audio::resample::{Resampler, UnsupportedRate};
use audio::score::speech_like;

/// Frames of a measurement, and their duration.
const FRAMES: usize = 500;
const SECONDS: u32 = 10;
/// Measurements of which the best counts.
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
    let sound = speech_like(rate, SECONDS);
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
    let pcm = &speech_like(rate, SECONDS)[..frame];
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
    let sound = speech_like(from, SECONDS);
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
