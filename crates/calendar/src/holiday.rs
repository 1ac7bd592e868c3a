//! Holidays: single days, rows of days, once or every year.

use std::fmt;

use jiff::civil::Date;
use model::directory::schedule::Holiday;

use crate::week::{DAY, Span};
use crate::zone::LocalTime;

/// Why the days of a holiday are none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HolidayFault {
    /// Neither a day of a year nor one of every year.
    #[error("`{0}` is no day: write 2026-12-24, or 12-24 for every year")]
    BadDate(String),
    /// One day has a year and the other has none.
    #[error("its first and its last day must both have a year, or neither")]
    MixedDates,
    /// The last day is before the first.
    #[error("it ends before it begins")]
    EndsBeforeItBegins,
}

/// The days of a holiday and the time on each of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Period {
    days: Days,
    span: Span,
}

/// First and last day.
#[derive(Clone, Copy, Debug)]
enum Days {
    Dated(Date, Date),
    /// Month and day.
    Yearly((i8, i8), (i8, i8)),
}

enum Day {
    Dated(Date),
    Yearly((i8, i8)),
}

impl Period {
    pub(crate) fn of(holiday: &Holiday) -> Result<Self, HolidayFault> {
        let first = Day::parse(&holiday.date)?;
        let last = Day::parse(holiday.until.as_deref().unwrap_or(&holiday.date))?;
        let days = match (first, last) {
            (Day::Dated(first), Day::Dated(last)) if last < first => {
                return Err(HolidayFault::EndsBeforeItBegins);
            }
            (Day::Dated(first), Day::Dated(last)) => Days::Dated(first, last),
            (Day::Yearly(first), Day::Yearly(last)) => Days::Yearly(first, last),
            (Day::Dated(_), Day::Yearly(_)) | (Day::Yearly(_), Day::Dated(_)) => {
                return Err(HolidayFault::MixedDates);
            }
        };
        let from = holiday.start.map_or(0, |start| start.minutes());
        let to = holiday.end.map_or(DAY, |end| end.minutes());
        Ok(Self { days, span: Span::new(from, to) })
    }

    pub(crate) fn holds(&self, local: LocalTime) -> bool {
        let (date, minute) = (local.date(), local.minute_of_day());
        let today = self.days.contain(date) && self.span.holds(minute);
        let over_midnight = || {
            let yesterday = date.yesterday().is_ok_and(|date| self.days.contain(date));
            yesterday && self.span.holds(minute + DAY)
        };
        today || over_midnight()
    }

    pub(crate) fn edges(&self) -> [u16; 2] {
        self.span.edges()
    }
}

impl Days {
    fn contain(self, date: Date) -> bool {
        match self {
            Self::Dated(first, last) => (first..=last).contains(&date),
            Self::Yearly(first, last) => {
                let day = (date.month(), date.day());
                if first <= last {
                    (first..=last).contains(&day)
                } else {
                    day >= first || day <= last
                }
            }
        }
    }
}

impl Day {
    fn parse(text: &str) -> Result<Self, HolidayFault> {
        let bad = || HolidayFault::BadDate(text.to_owned());
        let shape = |shape: &str| {
            let same = |(found, wanted): (u8, u8)| match wanted {
                b'0' => found.is_ascii_digit(),
                other => found == other,
            };
            text.len() == shape.len() && text.bytes().zip(shape.bytes()).all(same)
        };
        if shape("0000-00-00") {
            text.parse().map(Self::Dated).map_err(|_| bad())
        } else if shape("00-00") {
            // A leap year has every day that any year has.
            let date: Date = format!("2024-{text}").parse().map_err(|_| bad())?;
            Ok(Self::Yearly((date.month(), date.day())))
        } else {
            Err(bad())
        }
    }
}

/// When it holds, as it was written: `12-24 to 12-26 every year from 14:00`.
pub(crate) struct Written<'a>(pub(crate) &'a Holiday);

impl fmt::Display for Written<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Holiday { name: _, date, until, start, end, ivr_id: _ } = self.0;
        f.write_str(date)?;
        if let Some(until) = until {
            write!(f, " to {until}")?;
        }
        if date.len() == "12-24".len() {
            f.write_str(" every year")?;
        }
        match (start, end) {
            (Some(start), Some(end)) => write!(f, " {start}–{end}"),
            (Some(start), None) => write!(f, " from {start}"),
            (None, Some(end)) => write!(f, " until {end}"),
            (None, None) => Ok(()),
        }
    }
}
