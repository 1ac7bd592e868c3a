//! The sound thread's work without the thread, and the thread without a relay, for the example
//! that measures them. No part of what this crate offers.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use audio::codec::CodecKind;
use call::port::{
    Encoding, Format, Formats, LegId, Part, PlayId, Playlist, RoomId, Sound as Item, Tone,
};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::time::Timespec;

use super::SoundConfig;
use super::play::Prompts;
use super::studio::{Out, Studio};
use super::thread::Sound;
use super::wheel::SLOTS;
use crate::clock;
use crate::handoff::{FromSound, Heard, SoundCommand, Source, line};
use crate::prompt::{Clip, ClipState, Library, PromptConfig, PromptKey};
use crate::record::{RecordConfig, Recorder};
use crate::relay::wake::Wake;

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
        let formats = formats(kind);
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
        let list = Arc::new(Playlist::forever(Item::Music("music".into())));
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

/// What a running thread did.
#[derive(Clone, Debug)]
pub struct Live {
    /// Payloads that were made.
    pub frames: u64,
    /// Turns of 1 ms that began more than 5 ms late, and those that were left out.
    pub late: u64,
    /// Turns that were left out.
    pub skipped: u64,
    /// How far the time between two payloads of a stream was from 20 ms, µs, sorted.
    pub jitter_us: Vec<u64>,
}

/// A tone for `streams` legs by a running thread, for some seconds.
///
/// # Errors
/// The system has no more threads or wake-ups.
pub fn live(streams: u64, seconds: u64) -> io::Result<Live> {
    let wake = Arc::new(Wake::new()?);
    let (line, end) = line(wake.clone());
    let recordings = RecordConfig::default();
    let library = Library::start(PromptConfig::default(), recordings.folder.clone())?;
    let recorder = Recorder::start(recordings, |_| {})?;
    let sound = Sound::start(SoundConfig::default(), end, library, recorder)?;
    // Dropped before the thread is waited for.
    let mut line = line;
    let list = Arc::new(Playlist::forever(Item::Tone(Tone::Ringback)));
    for leg in 0..streams {
        line.command(SoundCommand::Voice { leg: LegId(leg), formats: formats(CodecKind::Pcmu) });
        let (leg, play, list) = (LegId(leg), PlayId(leg), list.clone());
        line.command(SoundCommand::Play { leg, play, list });
    }
    let (begun, mut last) = (clock::now(), vec![None; streams as usize]);
    let mut jitter_us = Vec::new();
    let patience = Timespec { tv_sec: 1, tv_nsec: 0 };
    while clock::now() - begun < Duration::from_secs(seconds + 1) {
        poll(&mut [PollFd::new(&*wake, PollFlags::IN)], Some(&patience))?;
        wake.hear();
        if line.is_waiting() {
            line.flush();
        }
        let now = clock::now();
        while let Some(made) = line.next() {
            let FromSound::Frame(made) = made else { continue };
            line.buffers.put(made.payload);
            // The first second is for all of them to begin.
            if let Some(before) = last[made.leg.0 as usize].replace(now)
                && now - begun > Duration::from_secs(1)
            {
                let gap = now.abs_diff(before).abs_diff(Duration::from_millis(20));
                jitter_us.push(gap.as_micros() as u64);
            }
        }
    }
    jitter_us.sort_unstable();
    let totals = sound.totals();
    let (frames, late, skipped) = (totals.frames(), totals.late(), totals.skipped());
    Ok(Live { frames, late, skipped, jitter_us })
}

/// One codec, both ways.
fn formats(kind: CodecKind) -> Formats {
    let encoding = match kind {
        CodecKind::Pcmu => Encoding::Pcmu,
        CodecKind::Pcma => Encoding::Pcma,
        CodecKind::G722 => Encoding::G722,
        CodecKind::Opus => Encoding::Opus,
    };
    let format = Format { payload: 96, encoding, clock_rate: kind.rtp_clock(), channels: 1 };
    let list: Arc<[Format]> = Arc::from([format]);
    Formats { receive: list.clone(), send: list, packet_ms: 20 }
}
