//! The sound thread: sleeps until the next turn that something has, and carries what goes in and
//! out of the [`Studio`].
//!
//! Guarantees: it never wakes where nothing is rendered, decoded or told; it never waits for the
//! relay, the disk or a prompt; what a turn has made goes to the relay at once, with one wake-up.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use super::SoundConfig;
use super::studio::{Out, Studio};
use super::tape::Tape;
use super::wheel::Wheel;
use crate::clock;
use crate::handoff::{FromSound, PACKETS, SoundEnd, Stopped};
use crate::prompt::{Answers, Library};
use crate::record::Recorder;

/// How long what the relay has no room for waits before it is offered again.
const RETRY: Duration = Duration::from_millis(5);
/// Commands that are obeyed between two turns: so that many of them do not make a frame late.
const COMMANDS_MAX: usize = 256;

/// What the sound thread has counted, readable at any time.
#[derive(Debug, Default)]
pub(crate) struct SoundTotals {
    frames: AtomicU64,
    late: AtomicU64,
    skipped: AtomicU64,
    dropped: AtomicU64,
}

impl SoundTotals {
    /// Payloads made.
    pub(crate) fn frames(&self) -> u64 {
        self.frames.load(Ordering::Relaxed)
    }

    /// Turns (of 1 ms, for the streams that have it) that began more than 5 ms late.
    pub(crate) fn late(&self) -> u64 {
        self.late.load(Ordering::Relaxed)
    }

    /// Turns left out because the thread was more than 60 ms late.
    pub(crate) fn skipped(&self) -> u64 {
        self.skipped.load(Ordering::Relaxed)
    }

    /// Payloads for which the relay had no room.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

/// The running thread. It ends when the relay's end of the line is dropped; dropping this waits
/// for that.
#[derive(Debug)]
pub(crate) struct Sound {
    totals: Arc<SoundTotals>,
    thread: Option<JoinHandle<()>>,
}

impl Sound {
    /// Starts the thread.
    ///
    /// # Errors
    /// The system gives no thread.
    pub(crate) fn start(
        config: SoundConfig,
        end: SoundEnd,
        (library, answers): (Library, Answers),
        recorder: Recorder,
    ) -> io::Result<Self> {
        let totals = Arc::new(SoundTotals::default());
        let desk = Desk {
            studio: Studio::new(config),
            wheel: Wheel::new(clock::now()),
            out: Out::default(),
            end,
            library,
            answers,
            recorder,
            totals: totals.clone(),
        };
        let thread = Builder::new().name("media-sound".into()).spawn(move || desk.run())?;
        Ok(Self { totals, thread: Some(thread) })
    }

    /// What it has counted.
    pub(crate) fn totals(&self) -> Arc<SoundTotals> {
        self.totals.clone()
    }
}

impl Drop for Sound {
    fn drop(&mut self) {
        if let Some(thread) = self.thread.take() {
            // Its panic, if it had one, has been reported where it happened.
            let _ = thread.join();
        }
    }
}

struct Desk {
    studio: Studio,
    wheel: Wheel,
    out: Out,
    end: SoundEnd,
    library: Library,
    answers: Answers,
    recorder: Recorder,
    totals: Arc<SoundTotals>,
}

impl Desk {
    fn run(mut self) {
        self.end.attend();
        loop {
            let now = clock::now();
            // Before anything is told: what begins now has nothing to make up for.
            self.turn(now);
            while let Some(loaded) = self.answers.next() {
                self.studio.loaded(now, &loaded, &mut self.out);
            }
            let Ok(more) = self.obey(now) else {
                return;
            };
            self.hand_over();
            if more {
                continue;
            }
            let retry = self.end.is_waiting().then(|| now + RETRY);
            let turn = self.wheel.deadline(|slot| self.studio.is_busy(slot));
            match [retry, turn].into_iter().flatten().min() {
                Some(at) => std::thread::park_timeout(at.saturating_sub(clock::now())),
                None => std::thread::park(),
            }
        }
    }

    /// Obeys what was told; whether there is more.
    fn obey(&mut self, now: Duration) -> Result<bool, Stopped> {
        for _ in 0..COMMANDS_MAX {
            let Some(command) = self.end.command()? else {
                return Ok(false);
            };
            self.studio.command(now, command, &self.library, &mut self.out);
        }
        Ok(true)
    }

    /// Takes the turns that are due, and before them the packets that came.
    fn turn(&mut self, now: Duration) {
        // As many as can wait: what comes meanwhile has its turn after those that are due now.
        for _ in 0..PACKETS {
            let Some(heard) = self.end.packet() else { break };
            self.studio.heard(&heard, &mut self.out);
            self.end.buffers.put(heard.payload);
        }
        while let Some((at, slot)) = self.wheel.turn(now, |slot| self.studio.is_busy(slot)) {
            while self.out.spare.len() < self.studio.population(slot) {
                self.out.spare.push(self.end.buffers.take());
            }
            self.studio.tick(at, slot, &mut self.out);
            self.hand_over();
        }
    }

    fn hand_over(&mut self) {
        for tape in self.out.tapes.drain(..) {
            match tape {
                Tape::Begin { recording, file, format, rate, channels } => {
                    self.recorder.begin(&recording, &file, format, (rate, channels));
                }
                Tape::Write { recording, left, right } => {
                    self.recorder.write(&recording, &left, &right);
                }
                Tape::End { recording } => self.recorder.end(&recording),
            }
        }
        let frames =
            self.out.made.iter().filter(|made| matches!(made, FromSound::Frame(_))).count();
        self.totals.frames.fetch_add(frames as u64, Ordering::Relaxed);
        self.end.hand_over(&mut self.out.made);
        self.totals.late.store(self.wheel.counts.late, Ordering::Relaxed);
        self.totals.skipped.store(self.wheel.counts.skipped, Ordering::Relaxed);
        self.totals.dropped.store(self.end.dropped(), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use call::port::{
        Encoding, Format, Formats, LegId, MediaEvent, PlayEnd, PlayId, Playlist, Sound as Item,
    };
    use rustix::event::{PollFd, PollFlags, poll};
    use rustix::time::Timespec;

    use super::*;
    use crate::handoff::{SoundCommand, line};
    use crate::prompt::PromptConfig;
    use crate::record::RecordConfig;
    use crate::relay::wake::Wake;

    #[test]
    fn a_thread_plays_wakes_the_relay_and_ends_with_it() {
        let wake = Arc::new(Wake::new().unwrap());
        let (line, end) = line(wake.clone());
        let folder = tempfile::tempdir().unwrap();
        let recordings =
            RecordConfig { folder: folder.path().to_path_buf(), ..RecordConfig::default() };
        let recorder = Recorder::start(recordings, |_| {}).unwrap();
        let library = Library::start(PromptConfig::default(), folder.path().into()).unwrap();
        let sound = Sound::start(SoundConfig::default(), end, library, recorder).unwrap();
        // Dropped before the thread is waited for, also where an assertion fails.
        let mut line = line;
        let leg = LegId(1);
        let formats: Arc<[Format]> = Arc::from([Format {
            payload: 0,
            encoding: Encoding::Pcmu,
            clock_rate: 8_000,
            channels: 1,
        }]);
        let formats = Formats { receive: formats.clone(), send: formats, packet_ms: 20 };
        line.command(SoundCommand::Voice { leg, formats });
        let list = Arc::new(Playlist::one(Item::Silence { ms: 100 }));
        line.command(SoundCommand::Play { leg, play: PlayId(1), list });
        let mut frames = 0;
        let mut told = Vec::new();
        while !told.iter().any(|one| matches!(one, FromSound::Event(_))) {
            let patience = Timespec { tv_sec: 10, tv_nsec: 0 };
            let rung = poll(&mut [PollFd::new(&*wake, PollFlags::IN)], Some(&patience)).unwrap();
            assert!(rung > 0, "nothing for ten seconds");
            wake.hear();
            while let Some(made) = line.next() {
                match made {
                    FromSound::Frame(made) => {
                        frames += 1;
                        line.buffers.put(made.payload);
                    }
                    FromSound::Event(_) | FromSound::Rendering { .. } => told.push(made),
                    FromSound::Hearing(_) => {}
                }
            }
        }
        assert_eq!(frames, 5);
        assert_eq!(sound.totals().frames(), 5);
        let [
            FromSound::Rendering { on: true, .. },
            FromSound::Rendering { on: false, .. },
            FromSound::Event(MediaEvent::Played { end: PlayEnd::Completed, .. }),
        ] = told.as_slice()
        else {
            panic!("{told:?}");
        };
        drop(line);
        // Waits for the thread.
        drop(sound);
    }
}
