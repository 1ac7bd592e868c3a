//! A ring of packets by sequence number. Guarantee: [`SLOTS`] payloads at most, whose memory is
//! used again, so that a buffer that has run for a while allocates nothing.

/// Sequence numbers that are remembered: 1.3 s of 20 ms packets, 320 ms of 5 ms packets.
pub(super) const SLOTS: i64 = 64;

/// What is known of a sequence number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    /// Nothing came.
    Nothing,
    /// A packet of sound waits.
    Sound,
    /// A packet came that is no sound.
    Other,
    /// Sound came and was played or dropped.
    Gone,
}

/// One packet.
#[derive(Debug, Clone)]
pub(super) struct Slot {
    pub(super) sequence: i64,
    pub(super) content: Content,
    pub(super) timestamp: i64,
    pub(super) marker: bool,
    pub(super) payload_type: u8,
    pub(super) payload: Vec<u8>,
}

/// The ring.
#[derive(Debug)]
pub(super) struct Slots {
    slots: Vec<Slot>,
}

impl Slots {
    pub(super) fn new() -> Self {
        let empty = Slot {
            sequence: i64::MIN,
            content: Content::Nothing,
            timestamp: 0,
            marker: false,
            payload_type: 0,
            payload: Vec::new(),
        };
        Self { slots: vec![empty; SLOTS as usize] }
    }

    pub(super) fn clear(&mut self) {
        for slot in &mut self.slots {
            slot.sequence = i64::MIN;
            slot.content = Content::Nothing;
        }
    }

    /// The slot that a sequence number has or would have.
    pub(super) fn slot(&self, sequence: i64) -> &Slot {
        &self.slots[index(sequence)]
    }

    pub(super) fn content(&self, sequence: i64) -> Content {
        let slot = self.slot(sequence);
        if slot.sequence == sequence { slot.content } else { Content::Nothing }
    }

    /// Takes the slot for `sequence`, whatever older packet was in it. The payload is to be filled.
    pub(super) fn claim(&mut self, sequence: i64, content: Content) -> &mut Slot {
        let slot = &mut self.slots[index(sequence)];
        slot.sequence = sequence;
        slot.content = content;
        slot.payload.clear();
        slot
    }

    /// Marks a packet as played or dropped; its payload stays readable until the slot is claimed.
    pub(super) fn retire(&mut self, sequence: i64) {
        let slot = &mut self.slots[index(sequence)];
        if slot.sequence == sequence && slot.content == Content::Sound {
            slot.content = Content::Gone;
        }
    }

    /// The first sound from `sequence` on.
    pub(super) fn first_sound(&self, sequence: i64, highest: i64) -> Option<&Slot> {
        (sequence..=highest.min(sequence + SLOTS - 1))
            .find(|&at| self.content(at) == Content::Sound)
            .map(|at| self.slot(at))
    }

    /// Bytes that payloads hold.
    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.slots.iter().map(|slot| slot.payload.capacity()).sum()
    }
}

fn index(sequence: i64) -> usize {
    sequence.rem_euclid(SLOTS) as usize
}
