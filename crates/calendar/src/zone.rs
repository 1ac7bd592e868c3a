//! Time zones and what their clocks show. The zones come from the database that is compiled in.

use std::fmt;

use jiff::civil::{Date, DateTime};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{SignedDuration, Timestamp};
use model::Millis;
use model::directory::schedule::Weekday;

/// Why a schedule cannot be asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// No zone has this name.
    #[error("`{0}` is no time zone of the IANA database")]
    UnknownZone(String),
    /// The instant is thousands of years away.
    #[error("no calendar reaches {0}")]
    OutOfRange(Millis),
}

/// A time zone of the IANA database.
#[derive(Clone, Debug)]
pub struct Zone {
    zone: TimeZone,
}

/// What a clock on a wall shows at an instant, to the minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalTime {
    shown: DateTime,
}

impl Zone {
    /// The zone of a name, such as `Europe/Berlin`; upper and lower case are the same.
    ///
    /// # Errors
    /// [`CalendarError::UnknownZone`].
    pub fn named(name: &str) -> Result<Self, CalendarError> {
        match TimeZoneDatabase::bundled().get(name) {
            Ok(zone) => Ok(Self { zone }),
            Err(_) => Err(CalendarError::UnknownZone(name.to_owned())),
        }
    }

    /// Coordinated universal time.
    pub fn utc() -> Self {
        Self { zone: TimeZone::UTC }
    }

    /// Its name, as the database writes it.
    pub fn name(&self) -> &str {
        self.zone.iana_name().unwrap_or("UTC")
    }

    /// What its clocks show.
    ///
    /// # Errors
    /// [`CalendarError::OutOfRange`] before the year -9999 and after 9999.
    pub fn local(&self, at: Millis) -> Result<LocalTime, CalendarError> {
        Ok(LocalTime { shown: self.zone.to_datetime(timestamp(at)?) })
    }

    /// Number of the local day, from 0 on 1 January 1970. For what is counted per day.
    ///
    /// # Errors
    /// As [`local`](Self::local).
    pub fn day(&self, at: Millis) -> Result<i64, CalendarError> {
        let since = self.local(at)?.date().duration_since(Date::constant(1970, 1, 1));
        Ok(since.as_hours() / 24)
    }

    /// The stretches of time from an instant on in which its clocks run evenly: where each begins
    /// (the first: at the instant), and how far its clocks are ahead of UTC, in seconds.
    pub(crate) fn stretches(&self, from: Timestamp) -> impl Iterator<Item = (Timestamp, i32)> {
        let first = (from, self.zone.to_offset(from).seconds());
        let more = self.zone.following(from).map(|change| (change.timestamp(), change.offset()));
        std::iter::once(first).chain(more.map(|(at, offset)| (at, offset.seconds())))
    }
}

impl LocalTime {
    /// What a clock shows that is so many seconds ahead of UTC.
    pub(crate) fn ahead(offset: i32, at: Timestamp) -> Option<Self> {
        let distance = SignedDuration::from_secs(i64::from(offset));
        let shown = TimeZone::UTC.to_datetime(at.checked_add(distance).ok()?);
        Some(Self { shown })
    }

    pub(crate) fn date(self) -> Date {
        self.shown.date()
    }

    /// Minutes since midnight as the clock shows them, 0–1,439.
    pub fn minute_of_day(self) -> u16 {
        let part = |part: i8| u16::try_from(part).unwrap_or(0);
        part(self.shown.hour()) * 60 + part(self.shown.minute())
    }

    /// The year.
    pub fn year(self) -> i16 {
        self.shown.year()
    }

    /// The month, 1–12.
    pub fn month(self) -> u8 {
        self.shown.month().unsigned_abs()
    }

    /// The day of the month, 1–31.
    pub fn day(self) -> u8 {
        self.shown.day().unsigned_abs()
    }

    /// The day of the week.
    pub fn weekday(self) -> Weekday {
        match self.shown.weekday() {
            jiff::civil::Weekday::Monday => Weekday::Monday,
            jiff::civil::Weekday::Tuesday => Weekday::Tuesday,
            jiff::civil::Weekday::Wednesday => Weekday::Wednesday,
            jiff::civil::Weekday::Thursday => Weekday::Thursday,
            jiff::civil::Weekday::Friday => Weekday::Friday,
            jiff::civil::Weekday::Saturday => Weekday::Saturday,
            jiff::civil::Weekday::Sunday => Weekday::Sunday,
        }
    }
}

/// As people write it: `Mon 23 Nov 2026 10:15`.
impl fmt::Display for LocalTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shown.strftime("%a %-d %b %Y %H:%M").fmt(f)
    }
}

pub(crate) fn timestamp(at: Millis) -> Result<Timestamp, CalendarError> {
    Timestamp::from_millisecond(at.0).map_err(|_| CalendarError::OutOfRange(at))
}
