//! What media reports.

use std::sync::Arc;

use call::port::{CallInput, LegEvent, MediaEvent, RecordingId};
use model::Now;
use model::leg_quality::LegQuality;
use model::recording::RecordingChange;

use crate::port::Effect;
use crate::switch::Switch;

impl Switch {
    pub(crate) fn media(&mut self, now: Now, event: MediaEvent, effects: &mut Vec<Effect>) {
        match event {
            MediaEvent::Stock(ports) => self.stock.extend(ports),
            MediaEvent::TimedOut { leg, after } => {
                let seconds = u32::try_from(after.as_secs()).unwrap_or(u32::MAX);
                self.tell(leg, LegEvent::MediaTimedOut { seconds });
            }
            MediaEvent::Played { leg, play, end } => {
                self.tell(leg, LegEvent::Played { play, end });
            }
            MediaEvent::FellSilent { leg } => self.tell(leg, LegEvent::FellSilent),
            MediaEvent::Digit { leg, digit } => self.tell(leg, LegEvent::Digit(digit)),
            MediaEvent::Quality(notice) => self.tell(notice.leg, LegEvent::Quality(notice)),
            MediaEvent::Closed { leg, streams } => {
                // Who was never answered has no name, and no rows.
                if let Some((call, leg)) = self.legs.names.remove(leg)
                    && !streams.is_empty()
                {
                    effects.push(Effect::LegQuality(LegQuality { call, leg, streams }));
                }
            }
            MediaEvent::RecordingFailed { recording, cause } => {
                tracing::warn!(%recording, %cause, "a recording failed");
                self.recording_failed(now, recording, cause, effects);
            }
            MediaEvent::Recorded { recording, duration_ms, bytes, sha256 } => {
                self.recordings.remove(&recording);
                let message = self.mailboxes.closed(&recording, duration_ms);
                let at = now.wall;
                let change = RecordingChange::Ended { at, duration_ms, bytes, sha256 };
                effects.push(Effect::Recording(recording, change));
                effects.extend(message.map(Effect::Voicemail));
            }
        }
    }

    /// The call hears of it; a file that fails while it is closed belongs to none any more.
    fn recording_failed(
        &mut self,
        now: Now,
        recording: RecordingId,
        cause: Arc<str>,
        effects: &mut Vec<Effect>,
    ) {
        let Some(key) = self.recordings.call(&recording) else {
            return;
        };
        let anchor = self.calls.get(&key).and_then(|live| live.call.legs().next());
        match anchor {
            Some(leg) => {
                let event = LegEvent::RecordingFailed { recording, cause };
                self.inbox.push_back((key, CallInput::Leg(leg, event)));
            }
            None => {
                let change = RecordingChange::Failed { at: now.wall, cause };
                effects.push(Effect::Recording(recording, change));
            }
        }
    }
}
