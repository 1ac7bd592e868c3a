//! The handle on media's threads: commands in, events out.
//!
//! They start in the order in which they are needed (disk, prompts, sound, relay) and end in the
//! other one: the relay is told to; the sound thread ends when the relay's end of its line is gone,
//! and closes the recordings.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle};

use call::port::{MediaCommand, MediaEvent};

use crate::config::{MediaConfig, PortRange};
use crate::counters::{LegReport, Totals};
use crate::handoff::line;
use crate::prompt::Library;
use crate::record::Recorder;
use crate::relay::wake::Wake;
use crate::relay::{COMMANDS, Control, Relay};
use crate::sound::thread::Sound;

/// Takes what the relay thread reports. It is called on that thread and must not wait.
pub trait EventSink: Send + 'static {
    /// Takes an event. One that nobody will ever want again is taken and thrown away.
    ///
    /// # Errors
    /// Gives it back when there is no room for it now; it will be offered again within
    /// milliseconds.
    fn offer(&mut self, event: MediaEvent) -> Result<(), MediaEvent>;

    /// A leg is over; this is what was counted.
    fn closed(&mut self, report: LegReport) {
        let _ = report;
    }
}

impl<F> EventSink for F
where
    F: FnMut(MediaEvent) -> Result<(), MediaEvent> + Send + 'static,
{
    fn offer(&mut self, event: MediaEvent) -> Result<(), MediaEvent> {
        self(event)
    }
}

/// Why media cannot do what it is asked.
#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    /// No port pair of the range could be bound.
    #[error("no media port of {ports} at {address} can be bound: {cause}")]
    Bind {
        /// `[media] address`.
        address: std::net::IpAddr,
        /// `[media] ports`.
        ports: PortRange,
        /// Why the last one could not.
        cause: io::Error,
    },
    /// The system gave no thread, or not what is needed to wake it.
    #[error("media cannot be started: {0}")]
    Start(io::Error),
    /// The relay thread has ended.
    #[error("the media relay has stopped")]
    Stopped,
}

/// Media, running. Dropping it ends the threads, closes all ports and all recordings.
#[derive(Debug)]
pub struct MediaPlane {
    control: SyncSender<Control>,
    wake: Arc<Wake>,
    totals: Arc<Totals>,
    thread: Option<JoinHandle<()>>,
    /// Ends after the relay.
    _sound: Sound,
}

impl MediaPlane {
    /// Binds the first stock of ports and starts the thread. The first event is that stock.
    ///
    /// # Errors
    /// Nothing could be bound, or the system has no more of what is needed.
    pub fn start(config: MediaConfig, sink: impl EventSink) -> Result<Self, MediaError> {
        let wake = Arc::new(Wake::new().map_err(|errno| MediaError::Start(errno.into()))?);
        let totals = Arc::new(Totals::default());
        let (control, commands) = sync_channel(COMMANDS);
        let (line, end) = line(wake.clone());
        let recorder = Recorder::start(config.recording.clone(), {
            let (control, wake) = (control.clone(), wake.clone());
            move |event| {
                // A relay that has stopped tells nobody anything.
                let _ = control.send(Control::Event(event));
                wake.ring();
            }
        });
        let recorder = recorder.map_err(MediaError::Start)?;
        let library = Library::start(config.prompts.clone(), config.recording.folder.clone());
        let library = library.map_err(MediaError::Start)?;
        let sound = Sound::start(config.sound.clone(), end, library, recorder)
            .map_err(MediaError::Start)?;
        let (address, ports) = (config.address, config.ports);
        let sound_line = (line, sound.totals());
        let relay = Relay::new(config, wake.clone(), commands, sound_line, totals.clone(), sink)
            .map_err(|cause| MediaError::Bind { address, ports, cause })?;
        let thread = Builder::new()
            .name("media-relay".into())
            .spawn(move || relay.run())
            .map_err(MediaError::Start)?;
        // The first stock waits in the relay for its first turn.
        wake.ring();
        Ok(Self { control, wake, totals, thread: Some(thread), _sound: sound })
    }

    /// Tells media to do something. Waits, when a thousand commands wait already, for the relay
    /// thread, which never waits for anybody.
    ///
    /// # Errors
    /// The relay has stopped.
    pub fn command(&self, command: MediaCommand) -> Result<(), MediaError> {
        self.tell(Control::Command(command))
    }

    /// The counters of all open legs, after every command before this one.
    ///
    /// # Errors
    /// The relay has stopped.
    pub fn report(&self) -> Result<Vec<LegReport>, MediaError> {
        let (reply, answer) = sync_channel(1);
        self.tell(Control::Report(reply))?;
        answer.recv().map_err(|_| MediaError::Stopped)
    }

    /// The totals, readable at any time from anywhere.
    pub fn totals(&self) -> Arc<Totals> {
        self.totals.clone()
    }

    fn tell(&self, control: Control) -> Result<(), MediaError> {
        self.control.send(control).map_err(|_| MediaError::Stopped)?;
        self.wake.ring();
        Ok(())
    }
}

impl Drop for MediaPlane {
    fn drop(&mut self) {
        // A relay that has stopped by itself needs no telling.
        let _ = self.tell(Control::Stop);
        if let Some(thread) = self.thread.take() {
            // Its panic, if it had one, has been reported where it happened.
            let _ = thread.join();
        }
    }
}
