//! Keys that a caller presses. Some telephones send each digit twice, by RTP (RFC 4733) or in the
//! band and by INFO as well; it counts once. Media hears a press when it begins; INFO may come when
//! it is over, and says how long it was.

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
    /// A digit came that was held for so long. `None`: it was heard already, by the other way.
    pub(crate) fn pressed(
        &mut self,
        digit: Digit,
        way: Way,
        held: Duration,
        now: Duration,
    ) -> Option<Digit> {
        let began = now.saturating_sub(held);
        if let Some((last, by, at)) = self.last
            && last == digit
            && by != way
            && (now.saturating_sub(at) <= ECHO || began.abs_diff(at) <= ECHO)
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
        let ms = Duration::from_millis;
        let mut keys = Keys::default();
        let mut press = |sign, way, at| {
            let held = if way == Media { ms(0) } else { ms(100) };
            keys.pressed(digit(sign), way, held, ms(at)).map(Digit::sign)
        };
        assert_eq!(press('5', Media, 0), Some('5'));
        assert_eq!(press('5', Info, 300), None);
        assert_eq!(press('5', Media, 310), Some('5'), "pressed again");
        assert_eq!(press('5', Media, 320), Some('5'), "and again, by the same way");
        assert_eq!(press('6', Info, 330), Some('6'), "another one");
        assert_eq!(press('6', Media, 631), Some('6'), "too late for an echo");
        assert_eq!(press('6', Info, 640), None);
    }

    #[test]
    fn a_key_that_is_held_for_long_is_one_press() {
        let (five, ms) = (Digit::new('5').expect("a digit"), Duration::from_millis);
        let mut keys = Keys::default();
        assert_eq!(keys.pressed(five, Way::Media, ms(0), ms(1_000)), Some(five));
        assert_eq!(keys.pressed(five, Way::Info, ms(2_000), ms(3_050)), None, "its end");
        assert_eq!(keys.pressed(five, Way::Media, ms(0), ms(4_000)), Some(five));
        assert_eq!(keys.pressed(five, Way::Info, ms(160), ms(5_000)), Some(five), "a second one");
    }
}
