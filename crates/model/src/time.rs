//! Time as an argument. Timers use the monotonic clock, records the wall clock; nobody subtracts
//! one from the other (a stepped wall clock must not shorten a ring). Only the server's shell
//! reads a clock.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// One instant, read from both clocks at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// Monotonic time since an arbitrary epoch (the start of the process or of a test).
    pub mono: Duration,
    /// Wall clock.
    pub wall: Millis,
}

/// Milliseconds since 1970-01-01T00:00:00Z, as the database stores them; written in JSON as
/// RFC 3339 in UTC with exactly three decimals (model.md §6.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Millis(pub i64);

/// Why a text is not a time of the hand-off format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a UTC time of the form 2026-01-05T10:00:00.000Z")]
pub struct InvalidTime;

impl Millis {
    /// This time moved by a monotonic distance; saturates.
    #[must_use]
    pub fn plus(self, distance: Duration) -> Self {
        let millis = i64::try_from(distance.as_millis()).unwrap_or(i64::MAX);
        Self(self.0.saturating_add(millis))
    }

    /// Reads `2026-01-05T10:00:00.000Z`.
    ///
    /// # Errors
    /// [`InvalidTime`] for any other form, for a date that does not exist and for a leap second.
    pub fn parse(text: &str) -> Result<Self, InvalidTime> {
        let bytes = text.as_bytes();
        let separators = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':'), (19, b'.')];
        if bytes.len() != 24
            || bytes[23] != b'Z'
            || separators.iter().any(|&(at, byte)| bytes[at] != byte)
        {
            return Err(InvalidTime);
        }
        let number = |from: usize, to: usize| -> Result<i64, InvalidTime> {
            let digits = &bytes[from..to];
            digits.iter().try_fold(0, |sum, digit| match digit {
                b'0'..=b'9' => Ok(sum * 10 + i64::from(digit - b'0')),
                _ => Err(InvalidTime),
            })
        };
        let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
        let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
        if !(1..=12).contains(&month) || day < 1 || day > days_in_month(year, month) {
            return Err(InvalidTime);
        }
        if hour > 23 || minute > 59 || second > 59 {
            return Err(InvalidTime);
        }
        let days = days_from_civil(year, month, day);
        let seconds = ((days * 24 + hour) * 60 + minute) * 60 + second;
        Ok(Self(seconds * 1_000 + number(20, 23)?))
    }
}

impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(text) = self.text() {
            // Digits and separators only.
            return f.write_str(std::str::from_utf8(&text).unwrap_or_default());
        }
        let seconds = self.0.div_euclid(1_000);
        let (year, month, day) = civil_from_days(seconds.div_euclid(86_400));
        let second_of_day = seconds.rem_euclid(86_400);
        let (hour, minute) = (second_of_day / 3_600, second_of_day / 60 % 60);
        let (second, millis) = (second_of_day % 60, self.0.rem_euclid(1_000));
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
    }
}

impl Millis {
    /// The text of a year that four digits can write, without the machinery of formatting: a
    /// hand-off document holds dozens of times.
    fn text(self) -> Option<[u8; 24]> {
        let seconds = self.0.div_euclid(1_000);
        let (year, month, day) = civil_from_days(seconds.div_euclid(86_400));
        if !(0..=9_999).contains(&year) {
            return None;
        }
        let second_of_day = seconds.rem_euclid(86_400);
        let mut text = *b"0000-00-00T00:00:00.000Z";
        let mut write = |from: usize, to: usize, mut number: i64| {
            for digit in text[from..to].iter_mut().rev() {
                *digit = b'0' + u8::try_from(number % 10).unwrap_or(0);
                number /= 10;
            }
        };
        write(0, 4, year);
        write(5, 7, month);
        write(8, 10, day);
        write(11, 13, second_of_day / 3_600);
        write(14, 16, second_of_day / 60 % 60);
        write(17, 19, second_of_day % 60);
        write(20, 23, self.0.rem_euclid(1_000));
        Some(text)
    }
}

impl Serialize for Millis {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.text() {
            // Digits and separators only.
            Some(text) => serializer.serialize_str(std::str::from_utf8(&text).unwrap_or_default()),
            None => serializer.collect_str(self),
        }
    }
}

impl<'de> Deserialize<'de> for Millis {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(de::Error::custom)
    }
}

// Howard Hinnant's civil-day algorithms: exact for every year that four digits can write.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let shifted_month = (month + 9) % 12;
    let day_of_year = (153 * shifted_month + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

fn days_in_month(year: i64, month: i64) -> i64 {
    let (next_year, next_month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
    days_from_civil(next_year, next_month, 1) - days_from_civil(year, month, 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_epoch_and_a_leap_day_read_as_themselves() {
        assert_eq!(Millis(0).to_string(), "1970-01-01T00:00:00.000Z");
        let leap = "2024-02-29T23:59:59.999Z";
        assert_eq!(Millis::parse(leap).map(|at| at.to_string()).as_deref(), Ok(leap));
        assert_eq!(Millis::parse("2026-01-05T10:00:00.100Z"), Ok(Millis(1_767_607_200_100)));
    }

    #[test]
    fn years_of_more_than_four_digits_are_still_shown() {
        assert_eq!(Millis(253_402_300_800_000).to_string(), "10000-01-01T00:00:00.000Z");
        assert_eq!(Millis(-1).to_string(), "1969-12-31T23:59:59.999Z");
    }

    #[test]
    fn other_forms_are_refused() {
        for text in [
            "2026-02-29T00:00:00.000Z",
            "2026-01-05T10:00:00Z",
            "2026-01-05T10:00:00.000+00:00",
            "2026-13-05T10:00:00.000Z",
            "2026-01-05T24:00:00.000Z",
            "",
        ] {
            assert_eq!(Millis::parse(text), Err(InvalidTime), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(at in 0i64..253_402_300_800_000) {
            prop_assert_eq!(Millis::parse(&Millis(at).to_string()), Ok(Millis(at)));
        }
    }
}
