//! A leg: its ear, its mouth, what is rendered to it and who wants to hear it.

use std::collections::BTreeSet;

use call::port::{Formats, LegId, RecordingId};

use crate::handoff::Source;
use crate::sound::Link;
use crate::sound::ear::Ear;
use crate::sound::keys::Keys;
use crate::sound::mouth::Mouth;
use crate::sound::play::Play;
use crate::sound::quiet::Quiet;
use crate::sound::wheel::Slot;

/// A leg.
pub(crate) struct Voice {
    pub(crate) formats: Formats,
    pub(crate) ear: Ear,
    /// `None`: nothing that we can speak was agreed on.
    pub(crate) mouth: Option<Mouth>,
    pub(crate) keys: Keys,
    pub(crate) play: Option<Play>,
    pub(crate) source: Source,
    /// From the source's rate to the mouth's; and from the play's.
    pub(crate) link: Link,
    pub(crate) play_link: Link,
    /// Who has it as its source.
    pub(super) heard_by: BTreeSet<LegId>,
    /// Who records it.
    pub(super) taped_by: BTreeSet<RecordingId>,
    pub(super) in_band: bool,
    /// Somebody wants to know when it falls silent.
    pub(crate) quiet: Option<Quiet>,
    pub(crate) is_decoded: bool,
    /// As told to the relay.
    pub(super) is_rendering: bool,
    /// As told to the mouth.
    pub(crate) is_rendered: bool,
    pub(crate) slot: Option<Slot>,
}

impl Voice {
    pub(super) fn new(leg: LegId, formats: Formats) -> Self {
        Self {
            ear: Ear::new(formats.receive.clone()),
            mouth: Mouth::new(leg, &formats),
            keys: Keys::new(leg, &formats),
            formats,
            play: None,
            source: Source::Nothing,
            link: Link::default(),
            play_link: Link::default(),
            heard_by: BTreeSet::new(),
            taped_by: BTreeSet::new(),
            in_band: false,
            quiet: None,
            is_decoded: false,
            is_rendering: false,
            is_rendered: false,
            slot: None,
        }
    }

    /// The highest rate that means something for what it says, Hz; 0: cannot be decoded.
    pub(super) fn native_rate(&self) -> u32 {
        self.ear.native_rate().unwrap_or(0)
    }

    /// The highest rate that means something in a room, Hz.
    pub(super) fn widest_rate(&self) -> u32 {
        self.native_rate().max(self.mouth.as_ref().map_or(0, Mouth::native_rate))
    }

    /// Whether the relay has to be told that something is rendered over the source, or no longer.
    pub(crate) fn is_unsettled(&self) -> bool {
        self.has_overlay() != self.is_rendering
    }

    /// Something is rendered over the source.
    pub(super) fn has_overlay(&self) -> bool {
        self.mouth.is_some() && (self.play.is_some() || self.keys.is_busy())
    }
}
