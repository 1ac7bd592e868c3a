//! What a phone says: sound that was made and encoded beforehand, so that phones which talk move
//! nothing but packets, and what came of them is decoded when all is over.

use std::f64::consts::TAU;
use std::sync::Arc;

use audio::codec::{CodecKind, Encoder, EncoderSettings};
use audio::dtmf::Digit;
use sdp::Codec;

/// Samples a second of all sound of the tests.
pub(crate) const RATE: u32 = 16_000;
/// Sound of a packet.
pub(crate) const FRAME_MS: u32 = 20;
/// Samples of it.
pub(crate) const FRAME: usize = (RATE / 1_000 * FRAME_MS) as usize;
/// How loud a tone is said, in dB over full scale.
pub(crate) const SAID_DBOV: f64 = -13.0;

/// Sound, 16 kHz.
pub(crate) type Pcm = Vec<i16>;

/// What a phone can hear and speak: one codec, and digits if it has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Voice {
    /// The codec.
    pub(crate) kind: CodecKind,
    /// The number of telephone-event in its descriptions; `None`: it has none.
    pub(crate) events: Option<u8>,
}

impl Voice {
    /// With digits under the usual number.
    pub(crate) fn of(kind: CodecKind) -> Self {
        Self { kind, events: Some(101) }
    }

    /// Without telephone-event.
    pub(crate) fn without_events(self) -> Self {
        Self { events: None, ..self }
    }

    /// With telephone-event under this number.
    pub(crate) fn events(self, number: u8) -> Self {
        Self { events: Some(number), ..self }
    }

    /// The lines of its descriptions.
    pub(crate) fn codecs(self) -> Vec<Codec> {
        let sound = match self.kind {
            CodecKind::Pcmu => Codec::new(0, "PCMU", 8_000, 1),
            CodecKind::Pcma => Codec::new(8, "PCMA", 8_000, 1),
            CodecKind::G722 => Codec::new(9, "G722", 8_000, 1),
            CodecKind::Opus => Codec::new(111, "opus", 48_000, 2).with_fmtp("useinbandfec=1"),
        };
        let clock = self.kind.rtp_clock();
        let events =
            self.events.map(|it| Codec::new(it, "telephone-event", clock, 1).with_fmtp("0-15"));
        std::iter::once(sound).chain(events).collect()
    }
}

/// Encoded sound.
#[derive(Debug)]
pub(crate) struct Speech {
    /// The payload of each frame.
    pub(crate) frames: Vec<Vec<u8>>,
    /// Begins anew at its end; else silence follows.
    pub(crate) repeats: bool,
}

impl Speech {
    /// Sound, said again and again.
    pub(crate) fn of(kind: CodecKind, pcm: &[i16]) -> Arc<Self> {
        Arc::new(Self { frames: encoded(kind, pcm), repeats: true })
    }

    /// Sound, said once.
    pub(crate) fn once(kind: CodecKind, pcm: &[i16]) -> Arc<Self> {
        Arc::new(Self { frames: encoded(kind, pcm), repeats: false })
    }

    /// The frame to be said after `said` others.
    pub(crate) fn frame(&self, said: usize) -> Option<&[u8]> {
        let at = if self.repeats { said % self.frames.len() } else { said };
        self.frames.get(at).map(Vec::as_slice)
    }
}

fn encoded(kind: CodecKind, pcm: &[i16]) -> Vec<Vec<u8>> {
    let settings = EncoderSettings { complexity: 0, ..EncoderSettings::default() };
    let mut encoder = Encoder::new(kind, RATE, &settings).expect("the rate is one of three");
    pcm.chunks_exact(FRAME)
        .map(|frame| {
            let mut payload = Vec::new();
            encoder.encode(frame, &mut payload).expect("20 ms are a frame of every codec");
            payload
        })
        .collect()
}

/// Samples of so many milliseconds.
pub(crate) fn samples(ms: u32) -> usize {
    (RATE / 1_000 * ms) as usize
}

/// A tone.
pub(crate) fn tone(hz: f64, ms: u32) -> Pcm {
    wave(hz, SAID_DBOV, samples(ms))
}

/// Silence.
pub(crate) fn silence(ms: u32) -> Pcm {
    vec![0; samples(ms)]
}

/// A tone that is on for 200 ms and off for 220, again and again.
pub(crate) fn pulses(hz: f64, count: usize) -> Pcm {
    [tone(hz, PULSE_MS), silence(PAUSE_MS)].concat().repeat(count)
}

/// How long a pulse is, and the pause after it.
pub(crate) const PULSE_MS: u32 = 200;
/// The pause.
pub(crate) const PAUSE_MS: u32 = 220;

/// A digit in the band, with a pause before and after it.
pub(crate) fn key(sign: char) -> Pcm {
    let (low, high) = Digit::of(sign).expect("a key").frequencies();
    let low = wave(low.into(), -13.0, samples(120));
    let high = wave(high.into(), -11.0, samples(120));
    let both = low.iter().zip(&high).map(|(a, b)| a + b).collect();
    [silence(200), both, silence(200)].concat()
}

fn wave(hz: f64, dbov: f64, samples: usize) -> Pcm {
    let peak = 32_768.0 * 2f64.sqrt() * 10f64.powf(dbov / 20.0);
    (0..samples).map(|n| (peak * (TAU * hz * n as f64 / f64::from(RATE)).sin()) as i16).collect()
}
