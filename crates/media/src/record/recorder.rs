//! The sound thread's handle on the disk thread.

use std::io;

use call::port::{MediaEvent, RecordingFormat, RecordingId};

use super::RecordConfig;

/// Hands sound to the disk thread and never waits for it. Dropping it closes all files and waits
/// for that.
#[derive(Debug)]
pub(crate) struct Recorder {}

impl Recorder {
    /// Starts the disk thread. Outcomes ([`MediaEvent::RecordingFailed`] and
    /// [`MediaEvent::Recorded`]) go to `report`, on that thread or on the caller's.
    ///
    /// # Errors
    /// The system gives no thread.
    pub(crate) fn start(
        config: RecordConfig,
        report: impl Fn(MediaEvent) + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let _ = (config, report);
        Ok(Self {})
    }

    /// Begins a recording of sound with `rate` samples a second (8,000, 16,000 or 48,000) in
    /// `file`, a name below the recordings folder without extension. What cannot be begun is
    /// reported as failed. One that is running already goes on.
    pub(crate) fn begin(
        &mut self,
        recording: &RecordingId,
        file: &str,
        format: RecordingFormat,
        rate: u32,
    ) {
        let _ = (recording, file, format, rate);
    }

    /// Adds sound of both sides, of the same length and at the rate of the beginning; at most
    /// 100 ms. Ignored for a recording that is not running.
    pub(crate) fn write(&mut self, recording: &RecordingId, left: &[i16], right: &[i16]) {
        let _ = (recording, left, right);
    }

    /// Closes the file; [`MediaEvent::Recorded`] follows, also after a failure.
    pub(crate) fn end(&mut self, recording: &RecordingId) {
        let _ = recording;
    }
}
