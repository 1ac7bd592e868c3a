//! A studio with people who speak into it and whose phones are heard.

use std::collections::BTreeMap;
use std::f64::consts::TAU;
use std::sync::Arc;
use std::time::Duration;

use audio::codec::{CodecKind, Decoder, Encoder, EncoderSettings};
use call::port::{
    Digit, Encoding, Format, Formats, LegId, MediaEvent, PlayId, Playlist, RecordingId, Sound,
};

use crate::handoff::{FromSound, Heard, Hearing, Made, SoundCommand, Source};
use crate::prompt::{Clip, ClipState, Loaded, PromptKey, Ticket};
use crate::sound::SoundConfig;
use crate::sound::play::Prompts;
use crate::sound::studio::{Out, Studio};
use crate::sound::tape::Tape;
use crate::sound::wheel::SLOTS;

/// What the legs of a test call telephone-event.
pub(super) const EVENT: u8 = 101;

/// Sounds by name, at every rate: a number is a tone of so many Hz for half a second, `slow…` is
/// still to be loaded, everything else cannot be had.
#[derive(Default)]
pub(super) struct Shelf;

impl Prompts for Shelf {
    fn request(&self, key: &PromptKey, rate: u32) -> ClipState {
        let Sound::File(name) = &key.sound else {
            return ClipState::Failed;
        };
        if let Some(ticket) = name.strip_prefix("slow") {
            return ClipState::Wait(Ticket(ticket.parse().unwrap()));
        }
        name.parse().map_or(ClipState::Failed, |hz| ClipState::Ready(vec![clip(hz, rate)]))
    }
}

pub(super) fn clip(hz: u32, rate: u32) -> Clip {
    Clip { rate, pcm: (0..rate as usize / 2).map(|at| sine(hz, rate, at)).collect() }
}

pub(super) fn sine(hz: u32, rate: u32, at: usize) -> i16 {
    (8_000.0 * (TAU * f64::from(hz) * at as f64 / f64::from(rate)).sin()) as i16
}

/// Somebody who speaks.
struct Talker {
    kind: CodecKind,
    encoder: Encoder,
    hz: u32,
    at: usize,
    sequence: u16,
    timestamp: u32,
    /// Percent of the packets that get lost.
    loss: u32,
    /// The most ms by which a packet is late.
    jitter_ms: u64,
}

pub(super) struct Stage {
    pub(super) studio: Studio,
    pub(super) out: Out,
    pub(super) now_ms: u64,
    talkers: BTreeMap<LegId, Talker>,
    under_way: BTreeMap<(u64, u64), Heard>,
    packets: u64,
    random: u64,
    kinds: BTreeMap<LegId, CodecKind>,
    /// Payloads by leg, with the millisecond of each.
    pub(super) frames: BTreeMap<LegId, Vec<(u64, Made)>>,
    /// Events and renderings, in their order.
    pub(super) told: Vec<String>,
    pub(super) events: Vec<(u64, MediaEvent)>,
    pub(super) tapes: Vec<Tape>,
    pub(super) plays_begun: u64,
    pub(super) hearings: Vec<Hearing>,
}

impl Stage {
    pub(super) fn new() -> Self {
        Self::with(SoundConfig::default())
    }

    pub(super) fn with(config: SoundConfig) -> Self {
        Self {
            studio: Studio::new(config),
            out: Out::default(),
            now_ms: 1_000,
            talkers: BTreeMap::new(),
            under_way: BTreeMap::new(),
            packets: 0,
            random: 0x9e37_79b9_7f4a_7c15,
            kinds: BTreeMap::new(),
            frames: BTreeMap::new(),
            told: Vec::new(),
            events: Vec::new(),
            tapes: Vec::new(),
            plays_begun: 0,
            hearings: Vec::new(),
        }
    }

    fn random(&mut self, below: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random % below
    }

    pub(super) fn now(&self) -> Duration {
        Duration::from_millis(self.now_ms)
    }

    pub(super) fn tell(&mut self, command: SoundCommand) {
        self.plays_begun += u64::from(matches!(command, SoundCommand::Play { .. }));
        self.studio.command(self.now(), command, &Shelf, &mut self.out);
        self.collect();
    }

    /// A leg with one codec and telephone-event.
    pub(super) fn voice(&mut self, leg: u64, kind: CodecKind) {
        self.voice_with(leg, kind, true, 20);
    }

    pub(super) fn voice_with(&mut self, leg: u64, kind: CodecKind, events: bool, packet_ms: u8) {
        let mut list = vec![format(kind)];
        if events {
            let (encoding, clock_rate) = (Encoding::TelephoneEvent, kind.rtp_clock());
            list.push(Format { payload: EVENT, encoding, clock_rate, channels: 1 });
        }
        let list: Arc<[Format]> = list.into();
        let formats = Formats { receive: list.clone(), send: list, packet_ms };
        self.kinds.insert(LegId(leg), kind);
        self.tell(SoundCommand::Voice { leg: LegId(leg), formats });
    }

    /// The leg has only what cannot be encoded.
    pub(super) fn voice_nothing(&mut self, leg: u64) {
        let list: Arc<[Format]> = Arc::from([Format {
            payload: 97,
            encoding: Encoding::Other("g729".into()),
            clock_rate: 8_000,
            channels: 1,
        }]);
        let formats = Formats { receive: list.clone(), send: list, packet_ms: 20 };
        self.tell(SoundCommand::Voice { leg: LegId(leg), formats });
    }

    pub(super) fn hear(&mut self, leg: u64, source: Source) {
        self.tell(SoundCommand::Hear { leg: LegId(leg), source });
    }

    pub(super) fn pair(&mut self, a: u64, b: u64) {
        self.hear(a, Source::Leg(LegId(b)));
        self.hear(b, Source::Leg(LegId(a)));
    }

    pub(super) fn play(&mut self, leg: u64, play: u64, list: Playlist) {
        let list = Arc::new(list);
        self.tell(SoundCommand::Play { leg: LegId(leg), play: PlayId(play), list });
    }

    pub(super) fn loaded(&mut self, ticket: u64, clips: Option<Vec<Clip>>) {
        let loaded = Loaded { ticket: Ticket(ticket), clips };
        self.studio.loaded(self.now(), &loaded, &mut self.out);
        self.collect();
    }

    /// A leg's far end says a tone from now on; 0 Hz is silence.
    pub(super) fn talk(&mut self, leg: u64, hz: u32) {
        self.talk_badly(leg, hz, 0, 0);
    }

    pub(super) fn talk_badly(&mut self, leg: u64, hz: u32, loss: u32, jitter_ms: u64) {
        let kind = self.kinds[&LegId(leg)];
        if let Some(talker) = self.talkers.get_mut(&LegId(leg)) {
            (talker.hz, talker.loss, talker.jitter_ms) = (hz, loss, jitter_ms);
            return;
        }
        let settings = EncoderSettings { expected_loss_percent: 5, ..Default::default() };
        let encoder = Encoder::new(kind, kind.native_rate().min(16_000), &settings).unwrap();
        let (at, sequence, timestamp) = (0, 65_500, 4_294_900_000);
        let talker = Talker { kind, encoder, hz, at, sequence, timestamp, loss, jitter_ms };
        self.talkers.insert(LegId(leg), talker);
    }

    pub(super) fn hush(&mut self, leg: u64) {
        self.talkers.remove(&LegId(leg));
    }

    /// A packet comes now.
    pub(super) fn packet(&mut self, heard: &Heard) {
        self.studio.heard(heard, &mut self.out);
        self.collect();
    }

    /// A leg's packet of µ-law comes now; `number` of its packets of this length were before it.
    pub(super) fn mulaw(&mut self, leg: u64, number: usize, payload: Vec<u8>) {
        let heard = Heard {
            leg: LegId(leg),
            at: self.now(),
            payload_type: 0,
            marker: number == 0,
            sequence: number as u16,
            timestamp: (number * payload.len()) as u32,
            ssrc: 7,
            payload,
        };
        self.packet(&heard);
    }

    /// The far end presses a key for 100 ms by RFC 4733: its packets from now on.
    pub(super) fn press(&mut self, leg: u64, event: u8) {
        let talker = self.talkers.get_mut(&LegId(leg)).unwrap();
        let timestamp = talker.timestamp;
        let step = talker.kind.rtp_clock() / 50;
        for packet in 0..7_u32 {
            let duration = (step * (packet + 1).min(5)) as u16;
            let end = if packet >= 4 { 0x80 } else { 0 };
            let [high, low] = duration.to_be_bytes();
            let heard = Heard {
                leg: LegId(leg),
                at: Duration::ZERO,
                payload_type: EVENT,
                marker: packet == 0,
                sequence: talker.sequence,
                timestamp,
                ssrc: 7,
                payload: vec![event, end | 10, high, low],
            };
            talker.sequence = talker.sequence.wrapping_add(1);
            self.packets += 1;
            let at = self.now_ms + u64::from(packet.min(4)) * 20 + 1;
            self.under_way.insert((at, self.packets), heard);
        }
        // It says nothing meanwhile.
        talker.timestamp = timestamp.wrapping_add(step * 6);
    }

    /// Time passes.
    pub(super) fn run(&mut self, ms: u64) {
        for _ in 0..ms {
            self.now_ms += 1;
            let legs: Vec<LegId> = self.talkers.keys().copied().collect();
            for leg in legs {
                if self.now_ms % SLOTS as u64 == leg.0 * 7 % SLOTS as u64 {
                    self.speak(leg);
                }
            }
            while let Some((&key, _)) = self.under_way.first_key_value() {
                if key.0 > self.now_ms {
                    break;
                }
                let mut heard = self.under_way.remove(&key).unwrap();
                heard.at = self.now();
                self.studio.heard(&heard, &mut self.out);
            }
            let slot = (self.now_ms % SLOTS as u64) as usize;
            if self.studio.is_busy(slot) {
                self.studio.tick(self.now(), slot, &mut self.out);
            }
            self.collect();
        }
    }

    fn speak(&mut self, leg: LegId) {
        let (lost, late) = (self.random(100), self.random(1_000));
        let talker = self.talkers.get_mut(&leg).unwrap();
        let rate = talker.kind.native_rate().min(16_000);
        let pcm: Vec<i16> = (0..rate as usize / 50)
            .map(|n| if talker.hz == 0 { 0 } else { sine(talker.hz, rate, talker.at + n) })
            .collect();
        let mut payload = Vec::new();
        talker.encoder.encode(&pcm, &mut payload).unwrap();
        let heard = Heard {
            leg,
            at: Duration::ZERO,
            payload_type: number(talker.kind),
            marker: talker.at == 0,
            sequence: talker.sequence,
            timestamp: talker.timestamp,
            ssrc: 7,
            payload,
        };
        talker.at += pcm.len();
        talker.sequence = talker.sequence.wrapping_add(1);
        talker.timestamp = talker.timestamp.wrapping_add(talker.kind.rtp_clock() / 50);
        let at = self.now_ms + late % (talker.jitter_ms + 1);
        if lost >= u64::from(talker.loss) {
            self.packets += 1;
            self.under_way.insert((at, self.packets), heard);
        }
    }

    fn collect(&mut self) {
        for made in self.out.made.drain(..) {
            match made {
                FromSound::Frame(made) => {
                    self.frames.entry(made.leg).or_default().push((self.now_ms, made));
                }
                FromSound::Event(event) => {
                    self.told.push(match &event {
                        MediaEvent::Played { leg, play, end } => {
                            format!("{} played {} {end:?}", leg.0, play.0)
                        }
                        MediaEvent::Digit { leg, digit } => {
                            format!("{} digit {}", leg.0, digit.sign())
                        }
                        MediaEvent::FellSilent { leg } => format!("{} fell silent", leg.0),
                        MediaEvent::Stock(_)
                        | MediaEvent::TimedOut { .. }
                        | MediaEvent::Quality(_)
                        | MediaEvent::Closed { .. }
                        | MediaEvent::RecordingFailed { .. }
                        | MediaEvent::Recorded { .. } => format!("{event:?}"),
                    });
                    self.events.push((self.now_ms, event));
                }
                FromSound::Rendering { leg, on } => {
                    self.told.push(format!("{} rendering {on}", leg.0));
                }
                FromSound::Hearing(hearing) => self.hearings.push(hearing),
            }
        }
        self.tapes.append(&mut self.out.tapes);
    }

    /// The payloads of sound that a leg was sent.
    pub(super) fn payloads(&self, leg: u64) -> Vec<&(u64, Made)> {
        let frames = self.frames.get(&LegId(leg)).into_iter().flatten();
        frames.filter(|(_, made)| !made.event).collect()
    }

    /// The digits that a leg was sent as events.
    pub(super) fn events_to(&self, leg: u64) -> String {
        let frames = self.frames.get(&LegId(leg)).into_iter().flatten();
        frames
            .filter(|(_, made)| made.event && made.marker)
            .map(|(_, made)| char::from(rtp::Digit::from_event(made.payload[0]).unwrap()))
            .collect()
    }

    /// What a leg's phone makes of the payloads from `from_ms` (of the stage's clock) on, at the
    /// codec's rate.
    pub(super) fn sound(&self, leg: u64, from_ms: u64) -> Vec<i16> {
        let kind = self.kinds[&LegId(leg)];
        let mut decoder = Decoder::new(kind, kind.native_rate()).unwrap();
        let mut pcm = Vec::new();
        for (at, made) in self.payloads(leg) {
            if *at >= from_ms {
                decoder.decode(&made.payload, &mut pcm).unwrap();
            }
        }
        pcm
    }

    /// How much of what a leg hears from `from_ms` on is a tone of `hz`, 0–1.
    pub(super) fn share(&self, leg: u64, from_ms: u64, hz: u32) -> f64 {
        share(&self.sound(leg, from_ms), self.kinds[&LegId(leg)].native_rate(), hz)
    }

    /// Both channels of a recording.
    pub(super) fn tape(&self, id: &RecordingId) -> [Vec<i16>; 2] {
        let mut both = [Vec::new(), Vec::new()];
        for tape in &self.tapes {
            if let Tape::Write { recording, left, right } = tape
                && recording == id
            {
                assert_eq!(left.len(), right.len());
                both[0].extend_from_slice(left);
                both[1].extend_from_slice(right);
            }
        }
        both
    }
}

/// How much of the power is within 2 % of `hz`; what is left of a whole that is nearly nothing
/// counts as nothing.
pub(super) fn share(pcm: &[i16], rate: u32, hz: u32) -> f64 {
    let total: f64 = pcm.iter().map(|&s| f64::from(s).powi(2)).sum();
    if pcm.is_empty() || total / (pcm.len() as f64) < 100.0 {
        return 0.0;
    }
    // Of 40 ms at a time: phases that a concealed loss or a codec moves do not matter.
    let window = rate as usize / 25;
    let mut found = 0.0;
    for chunk in pcm.chunks_exact(window) {
        let (mut re, mut im) = (0.0, 0.0);
        for (at, &s) in chunk.iter().enumerate() {
            let angle = TAU * f64::from(hz) * at as f64 / f64::from(rate);
            re += f64::from(s) * angle.cos();
            im += f64::from(s) * angle.sin();
        }
        found += (re * re + im * im) * 2.0 / window as f64;
    }
    found / total
}

pub(super) fn number(kind: CodecKind) -> u8 {
    match kind {
        CodecKind::Pcmu => 0,
        CodecKind::Pcma => 8,
        CodecKind::G722 => 9,
        CodecKind::Opus => 111,
    }
}

pub(super) fn format(kind: CodecKind) -> Format {
    let encoding = match kind {
        CodecKind::Pcmu => Encoding::Pcmu,
        CodecKind::Pcma => Encoding::Pcma,
        CodecKind::G722 => Encoding::G722,
        CodecKind::Opus => Encoding::Opus,
    };
    Format { payload: number(kind), encoding, clock_rate: kind.rtp_clock(), channels: 1 }
}

pub(super) fn digit(sign: char) -> Digit {
    Digit::new(sign).unwrap()
}

pub(super) fn file(name: &str) -> Sound {
    Sound::File(name.into())
}
