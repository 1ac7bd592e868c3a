//! Recordings begin, change sides and end.

use std::sync::Arc;
use std::time::Duration;

use call::port::{LegId, MediaEvent, RecordingFormat, RecordingId};

use super::{Out, Studio};
use crate::handoff::FromSound;
use crate::record::Channels;
use crate::sound::tape::{Recording, Tape};
use crate::sound::{NARROWBAND, WIDEBAND};

impl Studio {
    /// Begins a recording, or goes on with other sides.
    pub(super) fn record_sides(
        &mut self,
        now: Duration,
        id: &RecordingId,
        sides: [Option<LegId>; 2],
        (file, format): (Arc<str>, RecordingFormat),
        out: &mut Out,
    ) {
        // A message is of its caller alone.
        let channels = match sides {
            [Some(_), None] => Channels::One,
            [Some(_), Some(_)] | [None, _] => Channels::Two,
        };
        let recording = id.clone();
        let begin = |rate| Tape::Begin { recording, file, format, rate, channels };
        if self.begin_recording(id, sides, out, begin) {
            self.set_sides(now, id, sides, out);
        }
    }

    /// Whether the recording is there now, begun or running.
    fn begin_recording(
        &mut self,
        id: &RecordingId,
        sides: [Option<LegId>; 2],
        out: &mut Out,
        begin: impl FnOnce(u32) -> Tape,
    ) -> bool {
        if self.recordings.contains_key(id) {
            return true;
        }
        if self.recordings.len() >= self.config.recordings_max {
            let cause = "too many recordings at once".into();
            let recording = id.clone();
            // What was told twice is refused once.
            if self.refused.len() < self.config.recordings_max && self.refused.insert(id.clone()) {
                out.made.push(FromSound::Event(MediaEvent::RecordingFailed { recording, cause }));
            }
            return false;
        }
        let voices = sides.iter().flatten().filter_map(|leg| self.voices.get(leg));
        let is_wide = voices.clone().any(|voice| voice.native_rate() > NARROWBAND);
        let rate = if is_wide { WIDEBAND } else { NARROWBAND };
        let slot = voices.clone().find_map(|voice| voice.slot);
        let slot = slot.unwrap_or_else(|| self.emptiest());
        out.tapes.push(begin(rate));
        self.recordings.insert(id.clone(), Recording::new(rate, slot));
        self.slots[slot].recordings.insert(id.clone());
        true
    }

    fn set_sides(
        &mut self,
        now: Duration,
        id: &RecordingId,
        [left, right]: [Option<LegId>; 2],
        out: &mut Out,
    ) {
        let Some(recording) = self.recordings.get_mut(id) else {
            return;
        };
        let before: Vec<LegId> = recording.legs().collect();
        (recording.left.leg, recording.right.leg) = (left, right);
        let after: Vec<LegId> = recording.legs().collect();
        for leg in &before {
            if let Some(voice) = self.voices.get_mut(leg) {
                voice.taped_by.remove(id);
            }
        }
        for leg in &after {
            if let Some(voice) = self.voices.get_mut(leg) {
                voice.taped_by.insert(id.clone());
            }
        }
        for leg in before.into_iter().chain(after) {
            self.settle(now, leg, out);
        }
    }

    pub(super) fn stop_recording(&mut self, now: Duration, id: &RecordingId, out: &mut Out) {
        self.set_sides(now, id, [None, None], out);
        if let Some(recording) = self.recordings.remove(id) {
            self.slots[recording.slot].recordings.remove(id);
            out.tapes.push(Tape::End { recording: id.clone() });
        } else if self.refused.remove(id) {
            let (recording, duration_ms, bytes, sha256) = (id.clone(), 0, 0, None);
            let closed = MediaEvent::Recorded { recording, duration_ms, bytes, sha256 };
            out.made.push(FromSound::Event(closed));
        }
    }
}
