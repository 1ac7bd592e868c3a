//! What becomes of a packet that comes in: kept, refused, or a sign that the sender began anew.

use super::slots::{Content, SLOTS};
use super::{JitterBuffer, PACKET_MS_MAX, PAYLOAD_MAX, Packet, Put, unroll_sequence};

/// A number this far off is another numbering, once a second packet confirms it (RFC 3550 A.1).
const SEQUENCE_JUMP: i64 = 1_000;
/// A packet that seems to be sent this long, in ms, after it came has a new time base.
const EARLY_JUMP_MS: i64 = 1_000;
/// When for this long, in ms, every packet is too late, the sender's time base has changed.
const TOO_LATE_MS: i64 = 100;

/// A run of packets that came later than any delay would bear.
#[derive(Debug, Clone, Copy)]
pub(super) struct TooLate {
    pub(super) since: i64,
    pub(super) sequence: i64,
}

impl JitterBuffer {
    pub(super) fn admit(&mut self, now: i64, packet: &Packet<'_>) -> Put {
        if packet.payload.len() > PAYLOAD_MAX {
            return Put::Overflow;
        }
        if !self.started {
            self.start(now, packet);
            return Put::Kept;
        }
        let sequence = unroll_sequence(self.highest, packet.sequence);
        if (sequence - self.highest).abs() > SEQUENCE_JUMP {
            return self.stray(now, sequence, packet);
        }
        self.stray = None;
        let timestamp = unroll_timestamp(self.timestamp, packet.timestamp);
        let delay = self.delay.base().map_or(0, |base| now - timestamp - base);
        if -delay > self.ms(EARLY_JUMP_MS) {
            self.restart(now, packet);
            return Put::Reset;
        }
        if self.slots.content(sequence) != Content::Nothing {
            return Put::Duplicate;
        }
        if delay > self.max && !self.delay.is_stale(now) {
            return self.refuse_too_late(now, sequence, packet);
        }
        self.too_late = None;
        self.delay.record(now, now - timestamp);
        let put = self.place(sequence, timestamp, packet);
        if put == Put::Late {
            self.delay.note_late();
        }
        self.target = self.delay.quantile().clamp(self.min, self.max);
        put
    }

    /// Puts a packet of the current numbering into its slot, if it has a turn yet.
    fn place(&mut self, sequence: i64, timestamp: i64, packet: &Packet<'_>) -> Put {
        if sequence < self.next {
            if self.playing || self.next - sequence >= SLOTS / 2 {
                return Put::Late;
            }
            // The first packets came in another order.
            self.next = sequence;
            self.cursor = timestamp;
        }
        let room = sequence - self.next < SLOTS;
        let before = self.next;
        if !room {
            self.next = sequence - SLOTS + 1;
        }
        let displaced = !room && self.slots.first_sound(before, self.next - 1).is_some();
        self.learn_length(sequence, timestamp);
        self.store(sequence, timestamp, packet);
        if !room && let Some(oldest) = self.slots.first_sound(self.next, self.highest) {
            self.next = oldest.sequence;
            self.cursor = oldest.timestamp;
            self.held = 0;
        }
        if displaced { Put::Overflow } else { Put::Kept }
    }

    fn store(&mut self, sequence: i64, timestamp: i64, packet: &Packet<'_>) {
        let slot = self.slots.claim(sequence, Content::Sound);
        slot.timestamp = timestamp;
        slot.marker = packet.marker;
        slot.payload_type = packet.payload_type;
        slot.payload.reserve_exact(packet.payload.len());
        slot.payload.extend_from_slice(packet.payload);
        if sequence >= self.highest {
            self.highest = sequence;
            self.timestamp = timestamp;
        }
    }

    /// Two equal distances in a row between packets in order are the packets' length. (One alone
    /// may be a pause of the sender.)
    fn learn_length(&mut self, sequence: i64, timestamp: i64) {
        let distance = timestamp - self.timestamp;
        let plausible = distance > 0 && distance <= self.ms(PACKET_MS_MAX);
        if sequence != self.highest + 1 || !plausible {
            return;
        }
        if distance == self.packet_ticks_seen || self.packet_ticks_seen == 0 {
            self.packet_ticks = distance;
        }
        self.packet_ticks_seen = distance;
    }

    fn start(&mut self, now: i64, packet: &Packet<'_>) {
        self.started = true;
        self.playing = false;
        // One turn up: unrolled numbers are never negative.
        let sequence = i64::from(packet.sequence) + 0x1_0000;
        let timestamp = i64::from(packet.timestamp) + 0x1_0000_0000;
        self.highest = sequence;
        self.next = sequence;
        self.timestamp = timestamp;
        self.cursor = timestamp;
        self.packet_ticks_seen = 0;
        self.delay.record(now, now - timestamp);
        self.store(sequence, timestamp, packet);
        self.target = self.delay.quantile().clamp(self.min, self.max);
    }

    fn restart(&mut self, now: i64, packet: &Packet<'_>) {
        self.reset();
        self.start(now, packet);
    }

    /// A number far off: damaged, an attacker's, or a new numbering, which the next packet
    /// confirms.
    fn stray(&mut self, now: i64, sequence: i64, packet: &Packet<'_>) -> Put {
        if self.stray == Some(packet.sequence) {
            self.restart(now, packet);
            return Put::Reset;
        }
        self.stray = Some(packet.sequence.wrapping_add(1));
        if sequence > self.highest { Put::Overflow } else { Put::Late }
    }

    /// A packet that came later than the longest delay. When all do, or a talk spurt begins so, the
    /// sender's time base or the path has changed.
    fn refuse_too_late(&mut self, now: i64, sequence: i64, packet: &Packet<'_>) -> Put {
        let run = match self.too_late {
            Some(run) if sequence > run.sequence => TooLate { since: run.since, sequence },
            Some(_) | None => TooLate { since: now, sequence },
        };
        let changed = now - run.since >= self.ms(TOO_LATE_MS);
        if sequence >= self.next && (changed || packet.marker) {
            self.restart(now, packet);
            return Put::Reset;
        }
        self.too_late = Some(run);
        Put::Late
    }
}

/// The time nearest to `last` that the wire writes as `timestamp`.
fn unroll_timestamp(last: i64, timestamp: u32) -> i64 {
    last + i64::from(timestamp.wrapping_sub(last as u32) as i32)
}
