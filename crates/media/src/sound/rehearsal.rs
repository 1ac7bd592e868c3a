//! The sound thread's work without the thread, for the example that measures it. No part of what
//! this crate offers.

use std::sync::Arc;
use std::time::Duration;

use audio::codec::CodecKind;
use call::port::{Encoding, Format, Formats, LegId, Part, PlayId, Playlist, RoomId, Sound};

use super::SoundConfig;
use super::play::Prompts;
use super::studio::{Out, Studio};
use super::wheel::SLOTS;
use crate::handoff::{FromSound, Heard, SoundCommand, Source};
use crate::prompt::{Clip, ClipState, PromptKey};

/// A studio whose time passes as fast as it works.
pub struct Rehearsal {
    studio: Studio,
    out: Out,
    prompt: Prompt,
    at_ms: u64,
}

struct Prompt(Arc<[i16]>);

impl Prompts for Prompt {
    fn request(&self, _: &PromptKey, rate: u32) -> ClipState {
        ClipState::Ready(vec![Clip { rate, pcm: self.0.clone() }])
    }
}

impl Rehearsal {
    /// An empty studio in which `prompt` is played as music, whatever the rate.
    pub fn new(prompt: Vec<i16>) -> Self {
        Self {
            studio: Studio::new(SoundConfig::default()),
            out: Out::default(),
            prompt: Prompt(prompt.into()),
            at_ms: 0,
        }
    }

    /// A leg with one codec, in packets of 20 ms.
    pub fn voice(&mut self, leg: u64, kind: CodecKind) {
        let encoding = match kind {
            CodecKind::Pcmu => Encoding::Pcmu,
            CodecKind::Pcma => Encoding::Pcma,
            CodecKind::G722 => Encoding::G722,
            CodecKind::Opus => Encoding::Opus,
        };
        let format = Format { payload: 96, encoding, clock_rate: kind.rtp_clock(), channels: 1 };
        let formats: Arc<[Format]> = Arc::from([format]);
        let formats = Formats { receive: formats.clone(), send: formats, packet_ms: 20 };
        self.tell(SoundCommand::Voice { leg: LegId(leg), formats });
    }

    /// Two legs hear each other.
    pub fn pair(&mut self, a: u64, b: u64) {
        for (leg, from) in [(a, b), (b, a)] {
            self.tell(SoundCommand::Hear { leg: LegId(leg), source: Source::Leg(LegId(from)) });
        }
    }

    /// A leg joins a room as a party.
    pub fn join(&mut self, leg: u64, room: u64) {
        let source = Source::Room(RoomId(room), Part::PARTY);
        self.tell(SoundCommand::Hear { leg: LegId(leg), source });
    }

    /// A leg hears music for ever.
    pub fn play(&mut self, leg: u64) {
        let list = Arc::new(Playlist::forever(Sound::Music("music".into())));
        self.tell(SoundCommand::Play { leg: LegId(leg), play: PlayId(leg), list });
    }

    /// A leg's packet of this frame comes.
    pub fn packet(&mut self, leg: u64, number: u64, timestamp: u32, payload: Vec<u8>) -> Vec<u8> {
        let heard = Heard {
            leg: LegId(leg),
            at: Duration::from_millis(self.at_ms),
            payload_type: 96,
            marker: number == 0,
            sequence: number as u16,
            timestamp,
            ssrc: 1,
            payload,
        };
        self.studio.heard(&heard, &mut self.out);
        heard.payload
    }

    /// 20 ms pass; how many payloads were made, and the most of one slot.
    pub fn frame(&mut self) -> (usize, usize) {
        let (mut total, mut most) = (0, 0);
        for _ in 0..SLOTS {
            self.at_ms += 1;
            let slot = (self.at_ms % SLOTS as u64) as usize;
            self.studio.tick(Duration::from_millis(self.at_ms), slot, &mut self.out);
            let mut made = 0;
            for one in self.out.made.drain(..) {
                if let FromSound::Frame(mut frame) = one {
                    made += 1;
                    frame.payload.clear();
                    self.out.spare.push(frame.payload);
                }
            }
            total += made;
            most = most.max(made);
        }
        (total, most)
    }

    fn tell(&mut self, command: SoundCommand) {
        let now = Duration::from_millis(self.at_ms);
        self.studio.command(now, command, &self.prompt, &mut self.out);
        self.out.made.clear();
    }
}
