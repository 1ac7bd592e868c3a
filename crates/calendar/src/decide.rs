//! Which line of a schedule holds at an instant, and when that changes.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use model::directory::schedule::{Holiday, Schedule, Weekday, WeeklyRule};
use model::{IvrId, Millis};

use crate::holiday::{Period, Written};
use crate::week::{DAY, Span, holds, short, times};
use crate::zone::{CalendarError, LocalTime, Zone, timestamp};

/// [`next_change`] looks so many days ahead.
pub const AHEAD_DAYS: i64 = 400;

/// What a schedule says at an instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// Name of the rule or holiday that holds; `None`: none, so the default does.
    pub rule: Option<Arc<str>>,
    /// Where the call goes; `None`: to the IVR's next one.
    pub next: Option<IvrId>,
    /// Why, in words for people.
    pub why: String,
}

/// What holds at an instant. The clock is that of the schedule's zone, else of the
/// organisation's, else UTC. A holiday whose days are none never holds ([`check`](crate::check())
/// tells of it); where rules overlap, the first one holds.
///
/// # Errors
/// [`CalendarError`]: a zone that does not exist, or an instant that no calendar reaches.
pub fn decide(
    schedule: &Schedule,
    organisation: Option<&str>,
    at: Millis,
) -> Result<Match, CalendarError> {
    let zone = zone_of(schedule, organisation)?;
    let local = zone.local(at)?;
    let plan = Plan::of(schedule);
    let found = plan.at(local);
    let what = match found {
        Found::Holiday(holiday) => {
            let Holiday { name, .. } = holiday;
            let beaten = plan.rule(local).map(|(rule, _)| format!(" and beats {}", rule.name));
            format!("{name}, {}, holds{}", Written(holiday), beaten.unwrap_or_default())
        }
        Found::Rule(rule, day) => {
            format!("{}, {} {}, holds", rule.name, short(day), times(rule.start, rule.end))
        }
        Found::Default => "no rule and no holiday holds".to_owned(),
    };
    Ok(Match {
        rule: found.name().cloned(),
        next: found.next(schedule).cloned(),
        why: format!("{what}: it is {local} in {}", zone.name()),
    })
}

/// The first instant after `at` at which [`decide`] names another rule or another IVR; `None`: it
/// does not within [`AHEAD_DAYS`].
///
/// # Errors
/// As [`decide`].
pub fn next_change(
    schedule: &Schedule,
    organisation: Option<&str>,
    at: Millis,
) -> Result<Option<Millis>, CalendarError> {
    let zone = zone_of(schedule, organisation)?;
    let plan = Plan::of(schedule);
    let from = timestamp(at)?;
    let says = |local| {
        let found = plan.at(local);
        (found.name(), found.next(schedule))
    };
    let now = says(zone.local(at)?);
    let end = from
        .checked_add(SignedDuration::from_hours(AHEAD_DAYS * 24))
        .map_err(|_| CalendarError::OutOfRange(at))?;
    let edges = plan.edges();
    let mut stretches = zone.stretches(from).take_while(|(begins, _)| *begins < end).peekable();
    while let Some((begins, offset)) = stretches.next() {
        let ends = stretches.peek().map_or(end, |(next, _)| *next);
        // What is even for the clock can change at its edges only.
        let mut instants = std::iter::once(begins).chain(instants(begins, ends, offset, &edges));
        let changed = instants.find(|instant| {
            LocalTime::ahead(offset, *instant).is_some_and(|local| says(local) != now)
        });
        if let Some(changed) = changed {
            return Ok(Some(Millis(changed.as_millisecond())));
        }
    }
    Ok(None)
}

/// The instants of a stretch at which a clock so far ahead of UTC shows one of the edges of a day.
fn instants(
    begins: Timestamp,
    ends: Timestamp,
    offset: i32,
    edges: &BTreeSet<u16>,
) -> impl Iterator<Item = Timestamp> {
    let offset = i64::from(offset);
    let day_seconds = i64::from(DAY) * 60;
    let first_day = (begins.as_second() + offset).div_euclid(day_seconds);
    let days = (first_day..).take(usize::try_from(AHEAD_DAYS + 2).unwrap_or(0));
    let shown = days.flat_map(move |day| {
        edges.iter().map(move |minute| day * day_seconds + i64::from(*minute) * 60)
    });
    let instants = shown.map_while(move |shown| Timestamp::from_second(shown - offset).ok());
    instants.skip_while(move |at| *at <= begins).take_while(move |at| *at < ends)
}

fn zone_of(schedule: &Schedule, organisation: Option<&str>) -> Result<Zone, CalendarError> {
    schedule.timezone.as_deref().or(organisation).map_or_else(|| Ok(Zone::utc()), Zone::named)
}

/// A schedule, read.
struct Plan<'a> {
    schedule: &'a Schedule,
    /// Those whose days are some.
    holidays: Vec<(&'a Holiday, Period)>,
}

#[derive(Clone, Copy)]
enum Found<'a> {
    Holiday(&'a Holiday),
    /// And the day on which it began.
    Rule(&'a WeeklyRule, Weekday),
    Default,
}

impl<'a> Plan<'a> {
    fn of(schedule: &'a Schedule) -> Self {
        let holidays = schedule.holidays.iter();
        let holidays = holidays.filter_map(|holiday| Some((holiday, Period::of(holiday).ok()?)));
        Self { schedule, holidays: holidays.collect() }
    }

    fn at(&self, local: LocalTime) -> Found<'a> {
        let holiday = self.holidays.iter().find(|(_, period)| period.holds(local));
        match (holiday, self.rule(local)) {
            (Some((holiday, _)), _) => Found::Holiday(holiday),
            (None, Some((rule, day))) => Found::Rule(rule, day),
            (None, None) => Found::Default,
        }
    }

    fn rule(&self, local: LocalTime) -> Option<(&'a WeeklyRule, Weekday)> {
        let (day, minute) = (local.weekday(), local.minute_of_day());
        self.schedule.rules.iter().find_map(|rule| Some((rule, holds(rule, day, minute)?)))
    }

    /// The minutes of a day at which something may change; midnight is always one.
    fn edges(&self) -> BTreeSet<u16> {
        let rules = self.schedule.rules.iter().flat_map(|rule| Span::of(rule).edges());
        let holidays = self.holidays.iter().flat_map(|(_, period)| period.edges());
        rules.chain(holidays).chain([0]).collect()
    }
}

impl<'a> Found<'a> {
    fn name(self) -> Option<&'a Arc<str>> {
        match self {
            Self::Holiday(holiday) => Some(&holiday.name),
            Self::Rule(rule, _) => Some(&rule.name),
            Self::Default => None,
        }
    }

    fn next(self, schedule: &'a Schedule) -> Option<&'a IvrId> {
        match self {
            Self::Holiday(holiday) => Some(&holiday.ivr_id),
            Self::Rule(rule, _) => Some(&rule.ivr_id),
            Self::Default => schedule.default_ivr_id.as_ref(),
        }
    }
}
