//! Whether somebody still says something: the end of a voice message is told from a pause.
//!
//! Guarantees: what a line or a room hums is silence, as long as it is quiet enough for somebody
//! to be understood over it; comfort noise (RFC 3389), concealed and missing packets are silence;
//! speech, tones and digits are not. Falling silent is said once.

use std::time::Duration;

/// What the noise of a line is taken for before it has been heard, dBov.
const FLOOR_DBOV: f32 = -53.0;
/// A frame is sound that is louder than the noise by this, dB.
const ABOVE_DB: f32 = 8.0;
/// No frame below this is sound, whatever the noise, dBov.
const LEAST_DBOV: f32 = -50.0;
/// Every frame above this is, dBov: a tone that lasts is no noise.
const MOST_DBOV: f32 = -30.0;
/// How fast the noise is found to be louder, dB a frame: 3 dB a second. A pause between two words
/// brings it down again, within a few frames.
const RISE_DB: f32 = 0.06;
/// How much of the way down it goes in a frame.
const FALL: f32 = 0.25;
/// Of so many frames (one bit each) ...
const RECENT: u8 = 0b1_1111;
/// ... so many have to be sound: a click is none, the shortest digit is.
const LOUD_MIN: u32 = 2;

/// Says when nothing has been said for some time.
#[derive(Clone, Debug)]
pub(crate) struct Quiet {
    after: Duration,
    since: Duration,
    floor_dbov: f32,
    /// Which of the last frames were sound.
    recent: u8,
    is_told: bool,
}

impl Quiet {
    /// Begins to count at `now`.
    pub(crate) fn new(now: Duration, after: Duration) -> Self {
        Self { after, since: now, floor_dbov: FLOOR_DBOV, recent: 0, is_told: false }
    }

    /// Takes a frame: its level if it is of a packet of sound. Whether it is time to say so: once.
    pub(crate) fn hear(&mut self, now: Duration, dbov: Option<f32>) -> bool {
        let is_loud = dbov.is_some_and(|dbov| self.is_sound(dbov));
        self.recent = (self.recent << 1 | u8::from(is_loud)) & RECENT;
        if is_loud && self.recent.count_ones() >= LOUD_MIN {
            self.since = now;
        }
        let is_due = now.saturating_sub(self.since) >= self.after;
        is_due && !std::mem::replace(&mut self.is_told, true)
    }

    /// A key was pressed.
    pub(crate) fn pressed(&mut self, now: Duration) {
        self.since = now;
    }

    fn is_sound(&mut self, dbov: f32) -> bool {
        let is_sound = dbov >= (self.floor_dbov + ABOVE_DB).clamp(LEAST_DBOV, MOST_DBOV);
        let up = dbov - self.floor_dbov;
        self.floor_dbov += if up < 0.0 { up * FALL } else { up.min(RISE_DB) };
        is_sound
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When it is said that it fell silent, ms, of frames that begin at 1 s and last 20 ms.
    fn told(after_ms: u64, frames: impl IntoIterator<Item = Option<f32>>) -> Vec<u64> {
        let begin = Duration::from_secs(1);
        let mut quiet = Quiet::new(begin, Duration::from_millis(after_ms));
        let mut told = Vec::new();
        for (at, frame) in (0..).map(|at| at * 20).zip(frames) {
            if quiet.hear(begin + Duration::from_millis(at), frame) {
                told.push(at);
            }
        }
        told
    }

    /// So many ms of a level.
    fn ms(ms: usize, dbov: f32) -> impl Iterator<Item = Option<f32>> + Clone {
        std::iter::repeat_n(Some(dbov), ms / 20)
    }

    fn nothing(ms: usize) -> impl Iterator<Item = Option<f32>> + Clone {
        std::iter::repeat_n(None, ms / 20)
    }

    /// Words with pauses, over a noise.
    fn speech(words: usize, noise: f32) -> impl Iterator<Item = Option<f32>> + Clone {
        (0..words).flat_map(move |_| ms(400, -24.0).chain(ms(100, noise)))
    }

    #[test]
    fn silence_from_the_beginning_is_said_once() {
        assert_eq!(told(3_000, nothing(20_000)), [3_000]);
        assert_eq!(told(3_000, ms(20_000, -127.0)), [3_000]);
        assert_eq!(told(3_000, ms(20_000, -52.0)), [3_000]);
    }

    #[test]
    fn the_count_begins_after_the_last_word() {
        for noise in [-127.0, -65.0, -50.0, -42.0] {
            let spoken = speech(20, noise).chain(ms(10_000, noise));
            let told = told(3_000, spoken);
            assert!(matches!(*told, [at] if (12_800..13_300).contains(&at)), "{noise}: {told:?}");
        }
        let lost = speech(20, -60.0).chain(nothing(10_000));
        assert!(matches!(*told(3_000, lost), [at] if (12_800..13_000).contains(&at)));
    }

    #[test]
    fn a_noisy_line_is_found_to_be_silent() {
        let told = told(3_000, ms(20_000, -40.0));
        assert!(matches!(*told, [at] if at < 8_000), "{told:?}");
    }

    #[test]
    fn a_pause_is_no_end() {
        let spoken = (0..10).flat_map(|_| speech(4, -60.0).chain(ms(2_500, -60.0)));
        assert_eq!(told(3_000, spoken), [0; 0]);
    }

    #[test]
    fn a_tone_that_lasts_and_a_quiet_voice_are_no_silence() {
        assert_eq!(told(2_000, ms(60_000, -20.0)), [0; 0]);
        let quiet = (0..60).flat_map(|_| ms(300, -38.0).chain(ms(200, -62.0)));
        assert_eq!(told(2_000, quiet), [0; 0]);
    }

    #[test]
    fn a_click_is_silence_and_the_shortest_digit_is_not() {
        let clicks = (0..20).flat_map(|_| ms(980, -70.0).chain(ms(20, -10.0)));
        assert_eq!(told(3_000, clicks), [3_000]);
        let digits = (0..20).flat_map(|_| ms(960, -70.0).chain(ms(40, -10.0)));
        assert_eq!(told(3_000, digits), [0; 0]);
    }

    #[test]
    fn an_event_begins_the_count_anew() {
        let at = Duration::from_secs;
        let mut quiet = Quiet::new(at(0), at(3));
        assert!(!quiet.hear(at(2), None));
        quiet.pressed(at(2));
        assert!(!quiet.hear(at(4), None));
        assert!(quiet.hear(at(5), None));
        assert!(!quiet.hear(at(9), None));
    }
}
