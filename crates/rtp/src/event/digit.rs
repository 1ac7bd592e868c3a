//! The sixteen keys (RFC 4733 §3.2, table 3).

use std::fmt;

const KEYS: [char; 16] =
    ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '#', 'A', 'B', 'C', 'D'];

/// A key: its code as an event is 0–15, and it is written `0`–`9`, `*`, `#`, `A`–`D`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Digit(u8);

/// Something that is on no telephone's keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no key of a telephone")]
pub struct NotADigit(pub char);

impl Digit {
    /// The digit with an event's code; `None` above 15.
    #[must_use]
    pub fn from_event(event: u8) -> Option<Self> {
        (event < 16).then_some(Self(event))
    }

    /// Its code as an event, 0–15.
    #[must_use]
    pub fn event(self) -> u8 {
        self.0
    }
}

impl From<Digit> for char {
    fn from(digit: Digit) -> Self {
        // A digit is below 16 from the start.
        KEYS[usize::from(digit.0 & 0x0f)]
    }
}

impl TryFrom<char> for Digit {
    type Error = NotADigit;

    fn try_from(key: char) -> Result<Self, NotADigit> {
        let key = key.to_ascii_uppercase();
        let place = KEYS.iter().position(|&known| known == key).ok_or(NotADigit(key))?;
        // There are sixteen places.
        Ok(Self(place as u8))
    }
}

impl fmt::Display for Digit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        char::from(*self).fmt(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_goes_both_ways() {
        for (event, key) in KEYS.into_iter().enumerate() {
            let digit = Digit::from_event(event as u8).unwrap();
            assert_eq!(Digit::try_from(key), Ok(digit));
            assert_eq!(digit.to_string(), key.to_string());
            assert_eq!(usize::from(digit.event()), event);
        }
        assert_eq!(Digit::try_from('d'), Digit::try_from('D'));
        assert_eq!(Digit::try_from('E'), Err(NotADigit('E')));
        assert_eq!(Digit::from_event(16), None);
    }
}
