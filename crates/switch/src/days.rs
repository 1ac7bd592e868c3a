//! The organisation's days: what agents did today is theirs until its midnight.

use calendar::Zone;
use model::Millis;

/// Looks for a new day, not more than once a minute.
#[derive(Debug)]
pub(crate) struct Days {
    zone: Zone,
    minute: Option<i64>,
    day: Option<i64>,
}

impl Days {
    /// Days of an IANA zone; of UTC where none is named, or none of that name is known.
    pub(crate) fn of(zone: Option<&str>) -> Self {
        let zone = zone.and_then(|name| Zone::named(name).ok()).unwrap_or_else(Zone::utc);
        Self { zone, minute: None, day: None }
    }

    /// The number of the day, if it has begun since this was last asked.
    pub(crate) fn begun(&mut self, at: Millis) -> Option<i64> {
        let minute = Some(at.0.div_euclid(60_000));
        if self.minute == minute {
            return None;
        }
        self.minute = minute;
        let day = self.zone.day(at).ok();
        if day.is_none() || self.day == day {
            return None;
        }
        self.day = day;
        day
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_the_midnight_of_the_zone() {
        let mut berlin = Days::of(Some("Europe/Berlin"));
        let mut unknown = Days::of(Some("Atlantis"));
        // 2026-01-05, 22:59 UTC.
        let before = Millis(1_767_653_940_000);
        let day = berlin.begun(before).expect("the first day");
        assert_eq!(unknown.begun(before), Some(day));
        assert_eq!(berlin.begun(before), None);
        let midnight = Millis(before.0 + 60_000);
        assert_eq!(berlin.begun(midnight), Some(day + 1));
        assert_eq!(unknown.begun(midnight), None);
        assert_eq!(unknown.begun(Millis(before.0 + 3_660_000)), Some(day + 1));
    }
}
