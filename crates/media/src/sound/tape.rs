//! Recordings: what the two sides say, 20 ms by 20 ms, for the disk thread.
//!
//! Guarantees: the timeline goes on whatever the sides do: a side that is silent, held, changed or
//! gone is silence, and both channels keep their places; a pause writes nothing. What is *played*
//! to a side is not recorded: only what the two parties say.

use call::port::{LegId, RecordingFormat, RecordingId};
use std::sync::Arc;

use super::wheel::Slot;
use super::{Link, frame_len};
use crate::record::Channels;

/// What the disk thread is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Tape {
    /// A recording begins.
    Begin {
        recording: RecordingId,
        file: Arc<str>,
        format: RecordingFormat,
        /// Hz.
        rate: u32,
        channels: Channels,
    },
    /// 20 ms of both sides.
    Write { recording: RecordingId, left: Vec<i16>, right: Vec<i16> },
    /// It is over.
    End { recording: RecordingId },
}

/// A side of a recording.
#[derive(Default)]
pub(crate) struct Side {
    pub(crate) leg: Option<LegId>,
    link: Link,
}

/// A recording that runs.
pub(crate) struct Recording {
    pub(crate) left: Side,
    pub(crate) right: Side,
    pub(crate) is_paused: bool,
    /// Fixed for the file at its beginning, Hz.
    pub(crate) rate: u32,
    pub(crate) slot: Slot,
}

impl Recording {
    pub(crate) fn new(rate: u32, slot: Slot) -> Self {
        Self { left: Side::default(), right: Side::default(), is_paused: false, rate, slot }
    }

    /// The legs of its sides.
    pub(crate) fn legs(&self) -> impl Iterator<Item = LegId> + use<> {
        [self.left.leg, self.right.leg].into_iter().flatten()
    }
}

impl Side {
    /// The frame of this turn at the recording's rate: of the sound and its rate, else silence.
    pub(crate) fn frame(&mut self, rate: u32, sound: Option<(u32, &[i16])>) -> Vec<i16> {
        let len = frame_len(rate);
        let mut frame = Vec::with_capacity(len);
        if let Some((from, sound)) = sound {
            self.link.carry(from, rate, sound, &mut frame);
        }
        frame.resize(len, 0);
        frame
    }
}
