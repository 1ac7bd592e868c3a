//! Keys that a caller presses. Some telephones send each digit twice, by RTP (RFC 4733) or in the
//! band and by INFO as well; it counts once.

use std::time::Duration;

use crate::port::Digit;

/// The same digit by another way within this time is the same press.
const ECHO: Duration = Duration::from_millis(300);

/// By which way a digit came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Media has heard it.
    Media,
    /// By INFO.
    Info,
}

/// What one leg has pressed last.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    last: Option<(Digit, Way, Duration)>,
}

impl Keys {
    /// A digit came. `None`: it was heard already, by the other way.
    pub(crate) fn pressed(&mut self, digit: Digit, way: Way, now: Duration) -> Option<Digit> {
        if let Some((last, by, at)) = self.last
            && last == digit
            && by != way
            && now.saturating_sub(at) <= ECHO
        {
            // Its echo has come: the next one is a press of its own.
            self.last = None;
            return None;
        }
        self.last = Some((digit, way, now));
        Some(digit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digit_that_comes_both_ways_counts_once() {
        use Way::{Info, Media};
        let digit = |sign| Digit::new(sign).expect("a digit");
        let mut keys = Keys::default();
        let mut press = |sign, way, ms| {
            keys.pressed(digit(sign), way, Duration::from_millis(ms)).map(Digit::sign)
        };
        assert_eq!(press('5', Media, 0), Some('5'));
        assert_eq!(press('5', Info, 300), None);
        assert_eq!(press('5', Media, 310), Some('5'), "pressed again");
        assert_eq!(press('5', Media, 320), Some('5'), "and again, by the same way");
        assert_eq!(press('6', Info, 330), Some('6'), "another one");
        assert_eq!(press('6', Media, 631), Some('6'), "too late for an echo");
        assert_eq!(press('6', Info, 640), None);
    }
}
