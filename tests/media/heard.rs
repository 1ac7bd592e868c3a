//! What a phone heard, looked at when the call is over: sound by its spectrum, tones by their
//! times, digits, and how late what was said on the other side came.

use std::sync::Arc;
use std::time::Duration;

use audio::codec::Decoder;
use audio::score::tone_dbov;
use rtp::{DigitNotice, EventReceiver};

use super::voice::{FRAME_MS, PAUSE_MS, PULSE_MS, RATE, Speech, Voice, samples};
use super::wire::{HeardPacket, Said, Sounds};

/// Half of a tone as it is said, about.
const EDGE: i16 = 3_000;

/// What a phone heard.
pub(crate) struct Heard {
    voice: Voice,
    sounds: Sounds,
    /// 16 kHz, one piece for each packet in the order of their numbers, with the time of arrival.
    pieces: Vec<(Duration, Vec<i16>)>,
}

impl Heard {
    pub(crate) fn new(voice: Voice, sounds: Sounds) -> Self {
        let pieces = decoded(voice, &sounds.heard);
        Self { voice, sounds, pieces }
    }

    /// The sound of the packets that came between two times.
    pub(crate) fn between(&self, from: Duration, to: Duration) -> Vec<i16> {
        let within = self.pieces.iter().filter(|(at, _)| (from..to).contains(at));
        within.flat_map(|(_, pcm)| pcm).copied().collect()
    }

    /// All of it.
    pub(crate) fn all(&self) -> Vec<i16> {
        self.pieces.iter().flat_map(|(_, pcm)| pcm).copied().collect()
    }

    /// How loud a tone was between two times.
    pub(crate) fn tone(&self, hz: f64, from: Duration, to: Duration) -> f64 {
        tone_dbov(&self.between(from, to), RATE, hz)
    }

    /// Packets that came.
    pub(crate) fn packets(&self) -> &[HeardPacket] {
        &self.sounds.heard
    }

    /// Packets of RTCP that came.
    pub(crate) fn reports(&self) -> &[Vec<u8>] {
        &self.sounds.reports
    }

    /// The digits that came as RFC 4733 events with this number.
    pub(crate) fn digits(&self, number: u8) -> String {
        let mut receiver = EventReceiver::new(self.voice.kind.rtp_clock());
        let mut notices = Vec::new();
        for packet in &self.sounds.heard {
            if packet.header.payload_type == number {
                receiver.packet(packet.at, &packet.header, &packet.payload, &mut notices);
            }
        }
        let pressed = notices.iter().filter_map(|notice| match notice {
            DigitNotice::Pressed { digit, .. } => Some(char::from(*digit)),
            DigitNotice::Released { .. } => None,
        });
        pressed.collect()
    }

    /// The payload numbers that came.
    pub(crate) fn numbers(&self) -> std::collections::BTreeSet<u8> {
        self.sounds.heard.iter().map(|packet| packet.header.payload_type).collect()
    }

    /// How late each pulse (of [`super::voice::pulses`]) came that was said on the other side, ms:
    /// from when a sample was sent to when the same was there, so that what both phones do to wait
    /// for a packet to be full or to be played is not in it.
    pub(crate) fn lateness(&self, said: &[Said]) -> Vec<f64> {
        let every = (PULSE_MS + PAUSE_MS) / FRAME_MS;
        let begins = said.iter().filter(|it| it.frame.is_multiple_of(every as usize));
        let begins: Vec<Duration> = begins.map(|it| it.at).collect();
        let mut found = Vec::new();
        for at in self.edges() {
            let before = begins.iter().rev().find(|begin| **begin <= at);
            let late = before.map(|begin| at.saturating_sub(*begin));
            // A pulse whose begin was lost is found at the next packet, or not at all.
            found.extend(late.filter(|it| it.as_millis() < 200).map(|it| it.as_secs_f64() * 1e3));
        }
        found
    }

    /// When each pulse began, as if a packet's samples came one after the other from its arrival.
    fn edges(&self) -> Vec<Duration> {
        let mut edges = Vec::new();
        let mut quiet = 0;
        for (at, pcm) in &self.pieces {
            for (index, sample) in pcm.iter().enumerate() {
                if sample.unsigned_abs() < EDGE.unsigned_abs() {
                    quiet += 1;
                    continue;
                }
                if quiet > samples(100) {
                    edges.push(*at + Duration::from_secs_f64(index as f64 / f64::from(RATE)));
                }
                quiet = 0;
            }
        }
        edges
    }
}

/// The sound of packets, lost ones concealed as a phone does.
fn decoded(voice: Voice, heard: &[HeardPacket]) -> Vec<(Duration, Vec<i16>)> {
    let mut packets: Vec<&HeardPacket> = heard.iter().collect();
    let sound = |it: &&HeardPacket| {
        Some(it.header.payload_type) != voice.events && is_sound(it.header.payload_type)
    };
    packets.retain(sound);
    let first = packets.first().map(|it| it.header.sequence).unwrap_or_default();
    // Calls of the tests are short: no number wraps twice.
    packets.sort_by_key(|it| it.header.sequence.wrapping_sub(first));
    packets.dedup_by_key(|it| (it.header.ssrc, it.header.sequence));
    let mut decoder = Decoder::new(voice.kind, RATE).expect("the rate is one of three");
    let frame = samples(FRAME_MS);
    let mut pieces = Vec::new();
    let mut before: Option<&HeardPacket> = None;
    for packet in packets {
        let mut pcm = Vec::new();
        let step = voice.kind.rtp_clock() / 1_000 * FRAME_MS;
        let gap = before.map_or(0, |it| {
            let units = packet.header.timestamp.wrapping_sub(it.header.timestamp);
            let missed = packet.header.sequence.wrapping_sub(it.header.sequence);
            // What is lost is hidden; where nothing was sent there is nothing to hide.
            if it.header.ssrc == packet.header.ssrc { (units / step).min(missed.into()) } else { 1 }
        });
        for _ in 1..gap.min(10) {
            decoder.conceal(frame, &mut pcm);
        }
        if decoder.decode(&packet.payload, &mut pcm).is_err() {
            pcm.resize(pcm.len() + frame, 0);
        }
        pieces.push((packet.at, pcm));
        before = Some(packet);
    }
    pieces
}

/// Comfort noise is none, and neither are the dynamic numbers but that of Opus.
fn is_sound(number: u8) -> bool {
    matches!(number, 0 | 8 | 9 | 111)
}

/// What a phone makes of speech by itself, without a way in between: how much of what
/// [`Heard::lateness`] finds is the codec's own, ms.
pub(crate) fn own_lateness(voice: Voice, speech: &Arc<Speech>) -> f64 {
    let packets: Vec<HeardPacket> = speech
        .frames
        .iter()
        .enumerate()
        .map(|(index, payload)| HeardPacket {
            at: Duration::from_millis(u64::from(FRAME_MS)) * index as u32,
            header: rtp::Header {
                // Any that carries sound.
                payload_type: 0,
                marker: false,
                sequence: index as u16,
                timestamp: index as u32 * voice.kind.rtp_clock() / 1_000 * FRAME_MS,
                ssrc: 1,
            },
            payload: payload.clone(),
        })
        .collect();
    let said: Vec<Said> =
        packets.iter().enumerate().map(|(frame, it)| Said { at: it.at, frame }).collect();
    let sounds = Sounds { heard: packets, ..Sounds::default() };
    let late = Heard::new(voice, sounds).lateness(&said);
    late.iter().sum::<f64>() / late.len().max(1) as f64
}
