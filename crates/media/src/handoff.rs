//! What the relay thread and the sound thread tell each other, and the line between them.
//!
//! Guarantees: the relay never waits (a packet for which there is no room is dropped and counted);
//! commands, events and renderings are never dropped and keep their order; packets do not wake the
//! sound thread (it takes them when a frame is due), commands do; buffers of payloads go round
//! instead of being allocated.
//!
//! Buffers: each end has a [`Buffers`]. Take a buffer with [`Buffers::take`] for every payload that
//! is made, give it to [`Buffers::put`] when the payload has been used, whoever allocated it. What
//! an end has too many of goes to the other end, so that one that only takes (a recording) or only
//! makes (a prompt) does not drain it.

mod buffers;

use std::cell::Cell;
use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, TrySendError, sync_channel};
use std::sync::{Arc, OnceLock};
use std::thread::Thread;
use std::time::Duration;

use call::port::{
    Digit, Formats, LegId, MediaEvent, Part, PlayId, Playlist, RecordingFormat, RecordingId, RoomId,
};

use self::buffers::Buffers;
use crate::relay::wake::Wake;

/// Packets that may wait for the sound thread: 20 ms of 4,000 streams and some.
pub(crate) const PACKETS: usize = 8_192;
/// Commands that may be in the channel; more wait at the relay's end.
const COMMANDS: usize = 4_096;
/// Frames and events that may wait for the relay thread.
const MADE: usize = 8_192;

/// A packet of sound that a leg sent, from its latched source.
#[derive(Debug)]
pub(crate) struct Heard {
    /// The leg.
    pub(crate) leg: LegId,
    /// When it came, by `clock::now`.
    pub(crate) at: Duration,
    /// As received, 0–127.
    pub(crate) payload_type: u8,
    /// RTP's marker.
    pub(crate) marker: bool,
    /// RTP's sequence number.
    pub(crate) sequence: u16,
    /// RTP's timestamp.
    pub(crate) timestamp: u32,
    /// RTP's source; another one begins anew.
    pub(crate) ssrc: u32,
    /// Without padding; a buffer of [`Buffers`].
    pub(crate) payload: Vec<u8>,
}

/// What is rendered to a leg where nothing is played to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// Nothing: no frames are made (the relay forwards to it, or it is silent).
    Nothing,
    /// What another leg says, decoded and encoded anew; its digits too.
    Leg(LegId),
    /// What the others in a room say. The leg is a member as long as this is its source.
    Room(RoomId, Part),
}

/// What the sound thread is told. A command about a leg or a recording that it does not know is
/// ignored; a `Play` for such a leg is `Failed`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum SoundCommand {
    /// A leg is there, or has other formats. Goes before everything else about it.
    Voice {
        /// The leg.
        leg: LegId,
        /// What its numbers mean.
        formats: Formats,
    },
    /// What is rendered to it.
    Hear {
        /// The leg.
        leg: LegId,
        /// What.
        source: Source,
    },
    /// Whether its digits are looked for in the band. They are then reported by the sound thread.
    Detect {
        /// The leg.
        leg: LegId,
        /// Yes or no.
        in_band: bool,
    },
    /// Its far end pressed a digit by RFC 4733, and the relay leaves the report of it to the sound
    /// thread because something is played to the leg: so `Played` comes before `Digit`. Every one
    /// of these is reported, whether or not the playing has ended meanwhile.
    Pressed {
        /// The leg.
        leg: LegId,
        /// Which.
        digit: Digit,
    },
    /// Packets of a hundred that are lost on the way to it, as its receiver reports say (for the
    /// error correction of Opus). Optional.
    Lossy {
        /// The leg.
        leg: LegId,
        /// 0–100.
        percent: u8,
    },
    /// As in `MediaCommand`.
    Play {
        /// The leg.
        leg: LegId,
        /// This playing.
        play: PlayId,
        /// What.
        list: Arc<Playlist>,
    },
    /// As in `MediaCommand`.
    PausePlay {
        /// The leg.
        leg: LegId,
        /// `false`: go on.
        paused: bool,
    },
    /// As in `MediaCommand`.
    StopPlay {
        /// The leg.
        leg: LegId,
    },
    /// As in `MediaCommand`.
    SendDigit {
        /// The leg.
        leg: LegId,
        /// Which.
        digit: Digit,
        /// For how long, ms.
        duration_ms: u16,
    },
    /// As in `MediaCommand`.
    Record {
        /// The recording.
        recording: RecordingId,
        /// Left channel.
        left: Option<LegId>,
        /// Right channel.
        right: Option<LegId>,
        /// Below the recordings folder, without extension.
        file: Arc<str>,
        /// How it is written.
        format: RecordingFormat,
    },
    /// As in `MediaCommand`.
    PauseRecording {
        /// The recording.
        recording: RecordingId,
        /// `false`: go on.
        paused: bool,
    },
    /// As in `MediaCommand`.
    StopRecording {
        /// The recording.
        recording: RecordingId,
    },
    /// As in `MediaCommand`.
    NoticeSilence {
        /// The leg.
        leg: LegId,
        /// How long, ms; `None`: no more.
        after_ms: Option<u32>,
    },
    /// A leg to which something was played is closed for good: its places in music are forgotten.
    /// Comes after its `Gone`, if there is one.
    Forget {
        /// The leg.
        leg: LegId,
    },
    /// A leg is over, or nobody wants anything of it for now: nothing more is made for it, and no
    /// `Played` comes.
    Gone {
        /// The leg.
        leg: LegId,
    },
}

/// What the sound thread tells the relay.
#[derive(Debug)]
pub(crate) enum FromSound {
    /// To be sent.
    Frame(Made),
    /// For the core.
    Event(MediaEvent),
    /// Something is rendered to a leg over its source (a play, digits), or no longer. The first
    /// frame comes after `on: true`; `on: false` comes after the last frame and before `Played`,
    /// but where one playing replaces another, which goes on rendering. A playing or a digit of
    /// which nothing can be rendered has its `on: false` too. Is not told of the source itself.
    Rendering {
        /// The leg.
        leg: LegId,
        /// From now on.
        on: bool,
    },
    /// What decoding a leg's packets is like, once a second and when `silent` or `clipping` change.
    Hearing(Hearing),
}

/// A payload to be sent to a leg.
#[derive(Debug)]
pub(crate) struct Made {
    /// The leg.
    pub(crate) leg: LegId,
    /// As it knows it.
    pub(crate) payload_type: u8,
    /// Sound: begins after silence (`rtp::Frame::marker`). A telephone-event: its first packet.
    pub(crate) marker: bool,
    /// Sound: how long it is, in the leg's RTP clock. A telephone-event: how far its timestamp is
    /// from the event's start (`rtp::EventPacket::timestamp_offset`), nearly always 0.
    pub(crate) samples: u32,
    /// It is a telephone-event (RFC 4733).
    pub(crate) event: bool,
    /// A buffer of [`Buffers`].
    pub(crate) payload: Vec<u8>,
}

/// What decoding a leg's packets is like; counts are since the leg's voice began.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Hearing {
    /// The leg.
    pub(crate) leg: LegId,
    /// Packets that came too late to be heard, or for which there was no room.
    pub(crate) discarded: u64,
    /// Packets that were missing and concealed.
    pub(crate) concealed: u64,
    /// The jitter buffer's delay now, ms.
    pub(crate) delay_ms: u32,
    /// Level of the last frame, dBov.
    pub(crate) level_dbov: f32,
    /// Packets come, but nothing is in them for some seconds.
    pub(crate) silent: bool,
    /// It is overdriven.
    pub(crate) clipping: bool,
}

/// A line from the relay to a sound thread. `wake` is rung when the sound thread has made
/// something.
pub(crate) fn line(wake: Arc<Wake>) -> (SoundLine, SoundEnd) {
    let (packets, packets_in) = sync_channel(PACKETS);
    let (commands, commands_in) = sync_channel(COMMANDS);
    let (made, made_in) = sync_channel(MADE);
    let (own, others) = Buffers::pair();
    let thread = Arc::new(OnceLock::new());
    let line = SoundLine {
        packets,
        commands,
        backlog: VecDeque::new(),
        made: made_in,
        thread: thread.clone(),
        buffers: own,
        dropped: 0,
        has_ended: Cell::new(false),
    };
    let end = SoundEnd {
        packets: packets_in,
        commands: commands_in,
        made,
        backlog: VecDeque::new(),
        wake,
        thread,
        buffers: others,
        dropped: 0,
    };
    (line, end)
}

/// The relay's end. Dropping it ends the sound thread.
#[derive(Debug)]
pub(crate) struct SoundLine {
    packets: SyncSender<Heard>,
    commands: SyncSender<SoundCommand>,
    backlog: VecDeque<SoundCommand>,
    made: Receiver<FromSound>,
    thread: Arc<OnceLock<Thread>>,
    /// Buffers for payloads.
    pub(crate) buffers: Buffers,
    dropped: u64,
    has_ended: Cell<bool>,
}

impl SoundLine {
    /// Hands a packet over; `false`: there was no room, and it was dropped and counted.
    pub(crate) fn packet(&mut self, heard: Heard) -> bool {
        let (Err(TrySendError::Full(heard)) | Err(TrySendError::Disconnected(heard))) =
            self.packets.try_send(heard)
        else {
            return true;
        };
        self.buffers.put(heard.payload);
        self.dropped += 1;
        false
    }

    /// Tells the sound thread to do something, and wakes it.
    pub(crate) fn command(&mut self, command: SoundCommand) {
        self.backlog.push_back(command);
        self.flush();
    }

    /// Sends commands for which there was no room; to be called now and then while
    /// [`SoundLine::is_waiting`].
    pub(crate) fn flush(&mut self) {
        while let Some(command) = self.backlog.pop_front() {
            match self.commands.try_send(command) {
                Ok(()) => {}
                Err(TrySendError::Full(command)) => {
                    self.backlog.push_front(command);
                    break;
                }
                // The thread has ended: nobody will ever want them.
                Err(TrySendError::Disconnected(_)) => self.backlog.clear(),
            }
        }
        if let Some(thread) = self.thread.get() {
            thread.unpark();
        }
    }

    /// Whether commands wait here.
    pub(crate) fn is_waiting(&self) -> bool {
        !self.backlog.is_empty()
    }

    /// The next thing that the sound thread has made, if any. To be called until `None` after
    /// `Wake::hear`.
    pub(crate) fn next(&self) -> Option<FromSound> {
        match self.made.try_recv() {
            Ok(made) => Some(made),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => {
                if !self.has_ended.replace(true) {
                    tracing::error!("the sound thread has ended: only what is relayed goes on");
                }
                None
            }
        }
    }

    /// Whether the sound thread has ended before this end of the line: by a panic. All it said
    /// has been taken.
    pub(crate) fn has_ended(&self) -> bool {
        self.has_ended.get()
    }

    /// Packets dropped so far.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped
    }
}

impl Drop for SoundLine {
    fn drop(&mut self) {
        // The thread looks at its channels when it wakes, and finds them without a sender: replace
        // the sender first, so that it does.
        let (nobody, _) = sync_channel(0);
        self.commands = nobody;
        if let Some(thread) = self.thread.get() {
            thread.unpark();
        }
    }
}

/// The sound thread's end.
#[derive(Debug)]
pub(crate) struct SoundEnd {
    packets: Receiver<Heard>,
    commands: Receiver<SoundCommand>,
    made: SyncSender<FromSound>,
    backlog: VecDeque<FromSound>,
    wake: Arc<Wake>,
    thread: Arc<OnceLock<Thread>>,
    /// Buffers for payloads.
    pub(crate) buffers: Buffers,
    dropped: u64,
}

/// The relay has gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stopped;

impl SoundEnd {
    /// Makes the current thread the one that commands wake.
    pub(crate) fn attend(&self) {
        // It is said once, by the thread that has the end.
        let _ = self.thread.set(std::thread::current());
    }

    /// The next packet that waits.
    pub(crate) fn packet(&self) -> Option<Heard> {
        self.packets.try_recv().ok()
    }

    /// The next command that waits.
    ///
    /// # Errors
    /// [`Stopped`]: the relay has gone and will never say anything more.
    pub(crate) fn command(&self) -> Result<Option<SoundCommand>, Stopped> {
        match self.commands.try_recv() {
            Ok(command) => Ok(Some(command)),
            Err(TryRecvError::Empty) => Ok(None),
            Err(TryRecvError::Disconnected) => Err(Stopped),
        }
    }

    /// Hands over what was made and wakes the relay once. Frames for which there is no room are
    /// dropped and counted: nobody wants them later. The rest is kept for the next time.
    pub(crate) fn hand_over(&mut self, made: &mut Vec<FromSound>) {
        if made.is_empty() && self.backlog.is_empty() {
            return;
        }
        let mut kept = std::mem::take(&mut self.backlog);
        for one in kept.drain(..).chain(made.drain(..)) {
            if self.backlog.is_empty() {
                match self.made.try_send(one) {
                    Ok(()) => continue,
                    Err(TrySendError::Full(one)) => self.keep(one),
                    Err(TrySendError::Disconnected(_)) => continue,
                }
            } else {
                self.keep(one);
            }
        }
        self.wake.ring();
    }

    /// Whether something waits here for the relay.
    pub(crate) fn is_waiting(&self) -> bool {
        !self.backlog.is_empty()
    }

    /// Frames dropped so far.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped
    }

    fn keep(&mut self, one: FromSound) {
        match one {
            FromSound::Frame(made) => {
                self.buffers.put(made.payload);
                self.dropped += 1;
            }
            FromSound::Hearing(_) => {}
            FromSound::Event(_) | FromSound::Rendering { .. } => self.backlog.push_back(one),
        }
    }
}

impl Drop for SoundEnd {
    fn drop(&mut self) {
        // As in the other end's: who is woken finds no sender.
        let (nobody, _) = sync_channel(0);
        self.made = nobody;
        self.wake.ring();
    }
}

#[cfg(test)]
mod tests {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    use super::*;

    fn heard(payload: Vec<u8>) -> Heard {
        Heard {
            leg: LegId(1),
            at: Duration::ZERO,
            payload_type: 0,
            marker: false,
            sequence: 0,
            timestamp: 0,
            ssrc: 0,
            payload,
        }
    }

    fn both() -> (SoundLine, SoundEnd) {
        line(Arc::new(Wake::new().unwrap()))
    }

    #[test]
    fn a_packet_without_room_is_dropped_and_counted() {
        let (mut line, end) = both();
        for _ in 0..PACKETS {
            assert!(line.packet(heard(vec![1])));
        }
        assert!(!line.packet(heard(vec![1])));
        assert_eq!(line.dropped(), 1);
        assert!(end.packet().is_some());
        assert!(line.packet(heard(vec![1])));
    }

    #[test]
    fn no_command_is_lost() {
        let (mut line, end) = both();
        for leg in 0..COMMANDS as u64 + 10 {
            line.command(SoundCommand::Gone { leg: LegId(leg) });
        }
        assert!(line.is_waiting());
        let mut next = 0;
        while next < COMMANDS as u64 + 10 {
            while let Ok(Some(command)) = end.command() {
                assert_eq!(command, SoundCommand::Gone { leg: LegId(next) });
                next += 1;
            }
            line.flush();
        }
        assert!(!line.is_waiting());
        drop(line);
        assert_eq!(end.command(), Err(Stopped));
    }

    #[test]
    fn a_thread_that_ends_is_missed_after_its_last_word() {
        let wake = Arc::new(Wake::new().unwrap());
        let (line, mut end) = line(wake.clone());
        end.hand_over(&mut vec![FromSound::Rendering { leg: LegId(1), on: false }]);
        wake.hear();
        drop(end);
        let rung = poll(&mut [PollFd::new(&*wake, PollFlags::IN)], Some(&Timespec::default()));
        assert_eq!(rung, Ok(1));
        assert!(line.next().is_some() && !line.has_ended());
        assert!(line.next().is_none() && line.has_ended());
    }

    #[test]
    fn frames_give_way_and_what_is_told_does_not() {
        let (line, mut end) = both();
        let frame = || {
            FromSound::Frame(Made {
                leg: LegId(1),
                payload_type: 0,
                marker: false,
                samples: 160,
                event: false,
                payload: vec![0; 160],
            })
        };
        let mut made: Vec<FromSound> = (0..MADE + 5).map(|_| frame()).collect();
        made.push(FromSound::Rendering { leg: LegId(1), on: false });
        end.hand_over(&mut made);
        assert_eq!(end.dropped(), 5);
        assert!(end.is_waiting());
        let mut taken = 0;
        while line.next().is_some() {
            taken += 1;
        }
        assert_eq!(taken, MADE);
        end.hand_over(&mut made);
        assert!(!end.is_waiting());
        assert!(matches!(line.next(), Some(FromSound::Rendering { on: false, .. })));
    }
}
