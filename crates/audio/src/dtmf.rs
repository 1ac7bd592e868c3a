//! Digits in the band (ITU-T Q.23, Q.24): the frequencies, and their detection.
//!
//! Guarantees (each a test): a digit of 40 ms at −36 to 0 dBm0 a frequency, 1.5 % off in frequency,
//! with a twist of −4 to 8 dB, 15 dB above noise, is found once; one 3.5 % off, shorter than 20 ms,
//! or with a second harmonic is none; 40 ms of pause separate two of the same; 10 ms within one do
//! not.

mod evidence;
mod spectrum;

use std::time::Duration;

use self::spectrum::Spectrum;

/// The four low frequencies, Hz: one a row of the keypad.
pub const ROWS_HZ: [f32; 4] = [697.0, 770.0, 852.0, 941.0];
/// The four high frequencies, Hz: one a column.
pub const COLUMNS_HZ: [f32; 4] = [1209.0, 1336.0, 1477.0, 1633.0];
const KEYS: [u8; 16] = *b"123A456B789C*0#D";

/// One of the sixteen digits `0`–`9`, `*`, `#`, `A`–`D`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Digit(u8);

impl Digit {
    /// The digit that `character` (either case) names.
    pub fn of(character: char) -> Option<Self> {
        let key = u8::try_from(character.to_ascii_uppercase()).ok()?;
        KEYS.iter().position(|&k| k == key).map(|at| Self(at as u8))
    }

    /// `0`–`9`, `*`, `#`, `A`–`D`.
    pub fn character(self) -> char {
        char::from(KEYS[usize::from(self.0)])
    }

    /// The digit in a row and a column of the keypad, each 0 ..= 3.
    fn at(row: u8, column: u8) -> Self {
        Self((row & 3) * 4 + (column & 3))
    }

    /// Its low and its high frequency, Hz.
    pub fn frequencies(self) -> (f32, f32) {
        (ROWS_HZ[usize::from(self.0 / 4)], COLUMNS_HZ[usize::from(self.0 % 4)])
    }
}

/// Shows no digit: they are often a secret, and logs print values of events.
impl std::fmt::Debug for Digit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Digit(#)")
    }
}

/// What the detector heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DtmfEvent {
    /// A key went down, about 35 ms ago.
    Pressed(Digit),
    /// The key went up.
    Released {
        /// Which key.
        digit: Digit,
        /// How long it was down, to about ±10 ms.
        lasted: Duration,
    },
}

/// Evidence in a row, each 2.5 ms after the last, that makes a digit: a tone of 40 ms gives twelve,
/// one of 20 ms four.
const HITS: u32 = 7;
/// 35 ms without evidence end it. A pause leaves a gap that is 10 ms longer than itself: 20 ms are
/// bridged, 30 ms are not.
const MISSES: u32 = 14;
/// From a tone's begin to the first evidence less from its end to the last, in slices.
const SLICES_BEFORE: u32 = 4;
const SLICE: Duration = Duration::from_micros(2_500);

/// Finds digits in one direction of one leg.
#[derive(Debug, Clone)]
pub struct DtmfDetector {
    spectrum: Spectrum,
    candidate: Option<Digit>,
    hits: u32,
    down: Option<Down>,
}

/// A key that is down.
#[derive(Debug, Clone, Copy)]
struct Down {
    digit: Digit,
    /// Slices since the first evidence, and since the last.
    slices: u32,
    misses: u32,
}

impl DtmfDetector {
    /// A detector of sound of `rate` samples a second (a multiple of 400; 8 000 ..= 48 000).
    pub fn new(rate: u32) -> Self {
        Self { spectrum: Spectrum::new(rate), candidate: None, hits: 0, down: None }
    }

    /// Hears more sound, of any length, and appends what it found.
    pub fn hear(&mut self, sound: &[i16], events: &mut Vec<DtmfEvent>) {
        let mut rest = sound;
        while let Some(after) = self.spectrum.hear(rest) {
            rest = after;
            let digit = evidence::digit(&self.spectrum);
            self.weigh(digit, events);
        }
    }

    /// Forgets what it heard; a key that is down is let go.
    pub fn reset(&mut self, events: &mut Vec<DtmfEvent>) {
        self.release(events);
        self.spectrum.clear();
        self.candidate = None;
        self.hits = 0;
    }

    fn weigh(&mut self, digit: Option<Digit>, events: &mut Vec<DtmfEvent>) {
        self.hits = if digit == self.candidate { self.hits + 1 } else { 1 };
        self.candidate = digit;
        if let Some(down) = &mut self.down {
            down.slices = down.slices.saturating_add(1);
            down.misses = if digit == Some(down.digit) { 0 } else { down.misses + 1 };
            if down.misses >= MISSES {
                self.release(events);
            }
        }
        let Some(digit) = digit.filter(|_| self.hits == HITS) else { return };
        if self.down.is_some_and(|down| down.digit == digit) {
            return;
        }
        self.release(events);
        self.down = Some(Down { digit, slices: SLICES_BEFORE + HITS, misses: 0 });
        events.push(DtmfEvent::Pressed(digit));
    }

    fn release(&mut self, events: &mut Vec<DtmfEvent>) {
        if let Some(down) = self.down.take() {
            let lasted = SLICE * (down.slices - down.misses.min(down.slices));
            events.push(DtmfEvent::Released { digit: down.digit, lasted });
        }
    }
}

#[cfg(test)]
mod tests;
