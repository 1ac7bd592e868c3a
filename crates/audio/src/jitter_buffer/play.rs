//! What is played next, and when the delay grows and shrinks.

use super::JitterBuffer;
use super::slots::Content;

/// Sound is made up by concealment for this long, in ms; then there is silence.
const CONCEAL_MS: i64 = 100;
/// Milliseconds between two insertions, or two drops, in sound that is not quiet, and in quiet.
const GROW_EVERY_MS: i64 = 60;
const SHRINK_EVERY_MS: i64 = 500;
const SHRINK_A_LITTLE_EVERY_MS: i64 = 3_000;
const SHRINK_QUIET_EVERY_MS: i64 = 60;
/// How far above its band, ms, the depth may be.
const SLACK_MS: i64 = 5;

/// What `take` decided, before it borrows the payload.
pub(super) enum Step {
    Play { sequence: i64, ticks: i64 },
    Conceal { ticks: i64, next: Option<i64> },
    Silence { ticks: i64 },
}

impl JitterBuffer {
    pub(super) fn decide(&mut self, play_at: i64, quiet: bool) -> Step {
        if !self.started {
            return Step::Silence { ticks: self.need };
        }
        self.trim(play_at);
        if !self.playing && self.depth(play_at) < self.target {
            return Step::Silence { ticks: self.need };
        }
        self.playing = true;
        let Some(head) = self.slots.first_sound(self.next, self.highest) else {
            return self.run_empty();
        };
        let (sequence, timestamp) = (head.sequence, head.timestamp);
        self.settle(timestamp);
        if self.may_grow(play_at, quiet) {
            self.changed_at = play_at;
            self.stats.grown += 1;
            self.made_up += self.frame;
            return Step::Conceal { ticks: self.frame, next: None };
        }
        let gap = timestamp - self.cursor;
        let lost = (self.next..sequence)
            .filter(|&number| self.slots.content(number) == Content::Nothing)
            .count();
        if gap > self.packet_ticks / 4 {
            return if lost > 0 && !self.hushed {
                self.conceal_lost(sequence, gap, lost)
            } else {
                self.pause(play_at, sequence, timestamp)
            };
        }
        if self.may_shrink(play_at, quiet)
            && let Some(following) = self.slots.first_sound(sequence + 1, self.highest)
        {
            let (following, timestamp) = (following.sequence, following.timestamp);
            self.changed_at = play_at;
            self.stats.shrunk += 1;
            self.slots.retire(sequence);
            self.cursor = timestamp;
            return self.play(play_at, following, timestamp);
        }
        self.play(play_at, sequence, timestamp)
    }

    fn play(&mut self, play_at: i64, sequence: i64, timestamp: i64) -> Step {
        self.cursor = timestamp;
        let depth = self.depth(play_at).max(0);
        let slot = self.slots.slot(sequence);
        self.hushed =
            slot.payload.len() <= 2 || Some(slot.payload_type) == self.config.comfort_noise;
        let following = self.slots.slot(sequence + 1);
        let distance = following.timestamp - timestamp;
        let shorter = self.slots.content(sequence + 1) == Content::Sound
            && (1..self.packet_ticks).contains(&distance);
        let ticks = if shorter { distance } else { self.packet_ticks };
        self.slots.retire(sequence);
        self.next = sequence + 1;
        self.cursor = timestamp + ticks;
        self.last_played = Some((timestamp, ticks));
        self.made_up = 0;
        self.stats.played += 1;
        // Never negative.
        self.depth_sum += depth as u64;
        self.stats.depth_ms = self.to_ms(depth);
        self.stats.depth_max_ms = self.stats.depth_max_ms.max(self.stats.depth_ms);
        Step::Play { sequence, ticks }
    }

    /// Nothing waits: the packet is lost, late, or was never sent.
    fn run_empty(&mut self) -> Step {
        while self.next <= self.highest && self.slots.content(self.next) == Content::Other {
            self.next += 1;
            self.hushed = true;
        }
        let ticks = self.frame.min(self.packet_ticks);
        self.held += ticks;
        self.make_up(ticks, None)
    }

    /// What was made up while the buffer was empty stood for lost packets as far as there is a gap;
    /// by the rest the delay has grown.
    fn settle(&mut self, timestamp: i64) {
        if self.held == 0 {
            return;
        }
        let stood = self.held.min((timestamp - self.cursor).max(0));
        self.cursor += stood;
        let grown = self.held - stood;
        if grown <= self.max {
            self.stats.grown += (grown / self.frame) as u64;
        }
        self.held = 0;
    }

    fn conceal_lost(&mut self, sequence: i64, gap: i64, lost: usize) -> Step {
        let ticks = gap.min(self.packet_ticks);
        self.cursor += ticks;
        // The lost packet's turn is over, and that of what is no sound before it.
        while self.slots.content(self.next) == Content::Other {
            self.next += 1;
        }
        self.next += 1;
        self.make_up(ticks, (lost == 1).then_some(sequence))
    }

    fn make_up(&mut self, ticks: i64, next: Option<i64>) -> Step {
        self.made_up += ticks;
        if self.hushed || self.made_up > self.ms(CONCEAL_MS).max(ticks) {
            return Step::Silence { ticks };
        }
        self.stats.concealed += 1;
        Step::Conceal { ticks, next }
    }

    /// The sender paused: the moment to bring the delay to the target unheard.
    fn pause(&mut self, play_at: i64, sequence: i64, timestamp: i64) -> Step {
        self.next = sequence;
        let excess = self.depth(play_at) - self.target - self.frame / 2;
        self.cursor += excess.clamp(0, timestamp - self.cursor);
        let ticks = (timestamp - self.cursor).min(self.need);
        if ticks == 0 {
            return self.play(play_at, sequence, timestamp);
        }
        self.cursor += ticks;
        Step::Silence { ticks }
    }

    /// Whatever the sound is like, no more than the longest delay may wait.
    fn trim(&mut self, play_at: i64) {
        while self.depth(play_at) > self.max + self.packet_ticks {
            let Some(head) = self.slots.first_sound(self.next, self.highest) else { return };
            let head = head.sequence;
            let Some(following) = self.slots.first_sound(head + 1, self.highest) else { return };
            let (following, timestamp) = (following.sequence, following.timestamp);
            self.slots.retire(head);
            self.next = following;
            self.cursor = timestamp;
            self.held = 0;
            self.stats.shrunk += 1;
        }
    }

    fn may_grow(&self, play_at: i64, quiet: bool) -> bool {
        let paced = quiet || play_at - self.changed_at >= self.ms(GROW_EVERY_MS);
        paced && self.depth(play_at) < self.target
    }

    fn may_shrink(&self, play_at: i64, quiet: bool) -> bool {
        let band = self.target + self.frame.max(self.packet_ticks);
        let above = self.depth(play_at) - band - self.ms(SLACK_MS);
        let every = match (quiet, above > self.frame) {
            (true, _) => SHRINK_QUIET_EVERY_MS,
            (false, true) => SHRINK_EVERY_MS,
            (false, false) => SHRINK_A_LITTLE_EVERY_MS,
        };
        above > 0 && play_at - self.changed_at >= self.ms(every)
    }

    fn depth(&self, play_at: i64) -> i64 {
        play_at - self.cursor - self.held - self.delay.base().unwrap_or(0)
    }
}
