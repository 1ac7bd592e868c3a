//! What the relay thread is told, by the core and by the sound thread.

use std::sync::mpsc::{SyncSender, TryRecvError};
use std::time::Duration;

use call::port::{LegId, MediaCommand, MediaEvent, PlayEnd, PortPair};

use super::Relay;
use super::table::Notice;
use crate::counters::LegReport;
use crate::handoff::{FromSound, SoundCommand};
use crate::patch::Patched;
use crate::plane::EventSink;

/// What the relay thread takes from its channel in one turn.
pub(crate) const COMMANDS: usize = 1024;
/// What it takes from the sound thread in one turn: 20 ms of a thousand streams.
const MADE: usize = 1024;

/// What the relay thread is told.
#[derive(Debug)]
pub(crate) enum Control {
    /// By the core.
    Command(MediaCommand),
    /// By the disk thread, for the core.
    Event(MediaEvent),
    /// To tell the counters of all legs.
    Report(SyncSender<Vec<LegReport>>),
    /// To end.
    Stop,
}

impl<S: EventSink> Relay<S> {
    /// Empties the channels; `false`: it is time to stop.
    pub(super) fn obey(&mut self, now: Duration) -> bool {
        self.wake.hear();
        self.take_made(now);
        let goes_on = self.take_commands(now);
        if self.sound.has_ended() {
            self.give_up_plays(now);
        }
        goes_on
    }

    /// Without the sound thread nothing is played, and who waits for an end gets one.
    fn give_up_plays(&mut self, now: Duration) {
        for (leg, play) in self.bay.give_up_plays() {
            self.outbox.push(MediaEvent::Played { leg, play, end: PlayEnd::Failed });
        }
        self.rewire(now);
    }

    fn take_commands(&mut self, now: Duration) -> bool {
        for _ in 0..COMMANDS {
            match self.control.try_recv() {
                Ok(Control::Command(command)) => self.command(now, &command),
                Ok(Control::Event(event)) => {
                    let failed = matches!(event, MediaEvent::RecordingFailed { .. });
                    self.table.counts.recordings_failed += u64::from(failed);
                    self.outbox.push(event);
                }
                Ok(Control::Report(reply)) => {
                    // Whoever has the answer finds the totals and the stock as of now, too.
                    self.pass_time(now);
                    self.publish();
                    // Whoever asked may have gone.
                    let _ = reply.try_send(self.table.report_all());
                }
                Ok(Control::Stop) => return false,
                Err(TryRecvError::Empty) => return true,
                Err(TryRecvError::Disconnected) => return false,
            }
        }
        self.wake.ring();
        true
    }

    /// Sends on what the table has to tell.
    pub(super) fn tell(&mut self) {
        for notice in self.table.notices.drain(..) {
            match notice {
                Notice::Event(event) => self.outbox.push(event),
                Notice::Pressed(leg, digit) => {
                    self.sound.command(SoundCommand::Pressed { leg, digit });
                }
                Notice::Lossy(leg, percent) => {
                    self.sound.command(SoundCommand::Lossy { leg, percent });
                }
            }
        }
    }

    /// Sends what the sound thread has made.
    fn take_made(&mut self, now: Duration) {
        for _ in 0..MADE {
            let Some(made) = self.sound.next() else { return };
            match made {
                FromSound::Frame(made) => {
                    let mut packet = std::mem::take(&mut self.packet);
                    if let Some(way) = self.table.frame(now, &made, &mut packet) {
                        self.send(way, &packet);
                    }
                    self.packet = packet;
                    self.sound.buffers.put(made.payload);
                }
                FromSound::Event(event) => {
                    if let MediaEvent::Played { leg, play, .. } = event {
                        self.bay.played(leg, play);
                        self.rewire(now);
                    }
                    self.outbox.push(event);
                }
                FromSound::Rendering { leg, on } => {
                    self.bay.rendering(leg, on);
                    self.rewire(now);
                }
                FromSound::Hearing(hearing) => self.table.hearing(&hearing),
            }
        }
        self.wake.ring();
    }

    fn command(&mut self, now: Duration, command: &MediaCommand) {
        tracing::trace!(?command, "media command");
        match *command {
            MediaCommand::Open { leg, ports } => {
                if !self.open(now, leg, ports) {
                    return;
                }
            }
            MediaCommand::Remote { leg, remote } => self.table.remote(now, leg, remote),
            MediaCommand::Formats { leg, ref formats } => self.table.formats(leg, formats),
            MediaCommand::Direct { leg, direction } => self.table.direct(now, leg, direction),
            MediaCommand::Return(ports) => {
                self.pool.put_back(ports);
            }
            // The patch bay knows them.
            MediaCommand::Listen { .. }
            | MediaCommand::Bridge { .. }
            | MediaCommand::Unbridge { .. }
            | MediaCommand::Join { .. }
            | MediaCommand::Leave { .. }
            | MediaCommand::Play { .. }
            | MediaCommand::PausePlay { .. }
            | MediaCommand::StopPlay { .. }
            | MediaCommand::SendDigit { .. }
            | MediaCommand::Record { .. }
            | MediaCommand::PauseRecording { .. }
            | MediaCommand::StopRecording { .. }
            | MediaCommand::NoticeSilence { .. }
            | MediaCommand::Close { .. } => {}
        }
        self.bay.apply(command);
        self.rewire(now);
        match *command {
            MediaCommand::Bridge { a, b } => self.table.bridged(now, a, b),
            MediaCommand::Close { leg } => self.close(now, leg),
            MediaCommand::Open { .. }
            | MediaCommand::Remote { .. }
            | MediaCommand::Formats { .. }
            | MediaCommand::Direct { .. }
            | MediaCommand::Return(_)
            | MediaCommand::Listen { .. }
            | MediaCommand::Unbridge { .. }
            | MediaCommand::Join { .. }
            | MediaCommand::Leave { .. }
            | MediaCommand::Play { .. }
            | MediaCommand::PausePlay { .. }
            | MediaCommand::StopPlay { .. }
            | MediaCommand::SendDigit { .. }
            | MediaCommand::Record { .. }
            | MediaCommand::PauseRecording { .. }
            | MediaCommand::StopRecording { .. }
            | MediaCommand::NoticeSilence { .. } => {}
        }
    }

    /// Does what the patch bay says.
    fn rewire(&mut self, now: Duration) {
        for change in self.bay.changes() {
            match change {
                Patched::Wired { leg, wiring } => self.table.wire(now, leg, &wiring),
                Patched::Sound(command) => self.sound.command(command),
            }
        }
    }

    fn open(&mut self, now: Duration, leg: LegId, ports: PortPair) -> bool {
        let place = self.config.ports.index(ports).filter(|_| self.pool.open(ports));
        let Some(place) = place else {
            tracing::error!(?leg, ?ports, "a leg was opened on ports that are not in the stock");
            return false;
        };
        let is_open = self.table.open(now, place, leg, ports);
        if !is_open {
            tracing::error!(?leg, ?ports, "a leg was opened twice");
            self.pool.close(now, ports);
        }
        is_open
    }

    fn close(&mut self, now: Duration, leg: LegId) {
        let mut farewell = std::mem::take(&mut self.packet);
        farewell.clear();
        if let Some((report, way)) = self.table.close(now, leg, &mut farewell) {
            if let Some(way) = way {
                self.send(way, &farewell);
            }
            self.pool.close(now, report.ports);
            tracing::debug!(?report, "leg closed");
            self.sink.closed(report);
        }
        self.packet = farewell;
    }
}
