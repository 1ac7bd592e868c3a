//! Random schedules at random instants against another implementation of the zones (chrono-tz) and
//! a naive reading of the rules, minute by minute.

#![expect(clippy::unwrap_used, reason = "what a test cannot unwrap has failed")]

use std::collections::BTreeSet;
use std::sync::Arc;

use calendar::{Zone, decide, next_change};
use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveDateTime, Offset, TimeZone, Timelike, Utc};
use chrono_tz::Tz;
use model::directory::schedule::{Holiday, Schedule, TimeOfDay, Weekday, WeeklyRule};
use model::{IvrId, Millis};

const ZONES: [&str; 10] = [
    "Europe/Berlin",
    "America/New_York",
    // Winter time is the daylight saving time, with a negative distance.
    "Europe/Dublin",
    // Its clocks jump half an hour.
    "Australia/Lord_Howe",
    // 30 December 2011 never was.
    "Pacific/Apia",
    // 5 hours and 45 minutes ahead.
    "Asia/Kathmandu",
    // Summer time began at midnight, and was abolished.
    "America/Sao_Paulo",
    // 12 hours and 45 minutes ahead, and 13:45 in summer.
    "Pacific/Chatham",
    // Changed the clock around Ramadan.
    "Africa/Casablanca",
    // Changed at one minute past midnight for years.
    "America/St_Johns",
];

const INSTANTS: usize = 2_000;
const MINUTE: i64 = 60;

#[test]
fn two_thousand_instants_in_each_of_ten_zones_are_read_as_others_read_them() {
    for (index, zone) in ZONES.into_iter().enumerate() {
        let mut random = Random(index as u64);
        let tz: Tz = zone.parse().unwrap();
        let (last, changes) = (last(tz), changes(tz));
        let mut compared = 0;
        while compared < INSTANTS {
            let schedule = random.schedule(zone);
            let naive = Naive::of(&schedule);
            for _ in 0..50 {
                let at = random.instant(last, &changes);
                compare(&naive, tz, at);
                compared += 1;
            }
        }
    }
}

#[test]
fn the_next_change_is_what_a_look_at_every_minute_finds() {
    for (index, zone) in ZONES.into_iter().enumerate() {
        let mut random = Random(100 + index as u64);
        let tz: Tz = zone.parse().unwrap();
        let (last, changes) = (last(tz), changes(tz));
        for _ in 0..8 {
            let schedule = random.schedule(zone);
            let naive = Naive::of(&schedule);
            let at = random.instant(last, &changes).div_euclid(MINUTE) * MINUTE;
            let says = |at: i64| naive.at(local(tz, at)).map(|(name, _)| name);
            let now = says(at);
            let four_days = (1..4 * 24 * 60).map(|minute| at + minute * MINUTE);
            let found = next_change(&schedule, None, Millis(at * 1_000)).unwrap();
            let within = found.filter(|found| found.0 < (at + 4 * 24 * 60 * MINUTE) * 1_000);
            let expected = four_days.into_iter().find(|at| says(*at) != now);
            assert_eq!(within, expected.map(|at| Millis(at * 1_000)), "{zone} {at} {schedule:?}");
        }
    }
}

fn compare(naive: &Naive<'_>, tz: Tz, at: i64) {
    let shown = local(tz, at);
    let zone = Zone::named(tz.name()).unwrap();
    let ours = zone.local(Millis(at * 1_000)).unwrap();
    let expected = (i32::from(ours.year()), u32::from(ours.month()), u32::from(ours.day()));
    assert_eq!((shown.year(), shown.month(), shown.day()), expected, "{tz} {at}");
    let minute = u32::from(ours.minute_of_day());
    assert_eq!(shown.hour() * 60 + shown.minute(), minute, "{tz} {at}");

    let schedule = naive.schedule;
    let found = decide(schedule, None, Millis(at * 1_000)).unwrap();
    let expected = match naive.at(shown) {
        Some((name, next)) => (Some(name), Some(next)),
        None => (None, schedule.default_ivr_id.clone()),
    };
    assert_eq!((found.rule, found.next), expected, "{tz} {shown} {schedule:?}");
}

fn local(tz: Tz, at: i64) -> NaiveDateTime {
    DateTime::<Utc>::from_timestamp(at, 0).unwrap().with_timezone(&tz).naive_local()
}

/// The schedule, read by walking through its minutes and days.
struct Naive<'a> {
    schedule: &'a Schedule,
    /// Which rule holds at each minute of the week.
    rules: Vec<Option<usize>>,
    /// The days of each holiday; those of every year are those of 2024.
    holidays: Vec<BTreeSet<NaiveDate>>,
}

impl<'a> Naive<'a> {
    fn of(schedule: &'a Schedule) -> Self {
        let mut rules = vec![None; 7 * 1_440];
        for (index, rule) in schedule.rules.iter().enumerate().rev() {
            for day in &rule.days {
                let day = Weekday::ALL.iter().position(|other| other == day).unwrap();
                let mut minute = day * 1_440 + usize::from(rule.start.minutes());
                loop {
                    rules[minute % (7 * 1_440)] = Some(index);
                    minute += 1;
                    if minute % 1_440 == usize::from(rule.end.minutes()) % 1_440 {
                        break;
                    }
                }
            }
        }
        let holidays = schedule.holidays.iter().map(days).collect();
        Self { schedule, rules, holidays }
    }

    fn at(&self, shown: NaiveDateTime) -> Option<(Arc<str>, IvrId)> {
        for (holiday, days) in self.schedule.holidays.iter().zip(&self.holidays) {
            let is_one = |day: NaiveDate| match holiday.date.len() {
                5 => days.contains(&day.with_year(2024).unwrap()),
                _ => days.contains(&day),
            };
            let today = shown.date();
            let mut began = [today, today - Days::new(1)].into_iter().filter(|day| is_one(*day));
            if began.any(|day| is_within(holiday, day, shown)) {
                return Some((holiday.name.clone(), holiday.ivr_id.clone()));
            }
        }
        let day = shown.weekday().num_days_from_monday() as usize;
        let minute = day * 1_440 + (shown.hour() * 60 + shown.minute()) as usize;
        let rule = &self.schedule.rules[self.rules[minute]?];
        Some((rule.name.clone(), rule.ivr_id.clone()))
    }
}

/// From the first day on, one by one, over the year's end.
fn days(holiday: &Holiday) -> BTreeSet<NaiveDate> {
    let yearly = holiday.date.len() == 5;
    let date = |text: &str| {
        let text = if yearly { format!("2024-{text}") } else { text.to_owned() };
        NaiveDate::parse_from_str(&text, "%Y-%m-%d").unwrap()
    };
    let (mut day, last) =
        (date(&holiday.date), date(holiday.until.as_ref().unwrap_or(&holiday.date)));
    let mut days = BTreeSet::from([day]);
    while day != last {
        day = day + Days::new(1);
        if yearly {
            day = day.with_year(2024).unwrap();
        }
        days.insert(day);
    }
    days
}

fn is_within(holiday: &Holiday, day: NaiveDate, shown: NaiveDateTime) -> bool {
    let at = |time: TimeOfDay| {
        let minutes = u32::from(time.minutes());
        let day = day + Days::new(u64::from(minutes / 1_440));
        day.and_hms_opt(minutes % 1_440 / 60, minutes % 60, 0).unwrap()
    };
    let midnight = |text: &str| text.parse().unwrap();
    let from = at(holiday.start.unwrap_or_else(|| midnight("00:00")));
    let mut to = at(holiday.end.unwrap_or_else(|| midnight("24:00")));
    while to <= from {
        to = to + Days::new(1);
    }
    from <= shown && shown < to
}

/// Up to when both databases know the same. Morocco abolished its changes of the clock in 2026,
/// which only the newer of the two has heard of.
fn last(tz: Tz) -> i64 {
    const YEAR_2026: i64 = 1_767_225_600;
    const YEAR_2050: i64 = 2_524_608_000;
    if tz == Tz::Africa__Casablanca { YEAR_2026 } else { YEAR_2050 }
}

/// Instants since 1990 shortly before which the clock changed.
fn changes(tz: Tz) -> Vec<i64> {
    let offset = |at: i64| {
        let at = DateTime::<Utc>::from_timestamp(at, 0).unwrap().naive_utc();
        tz.offset_from_utc_datetime(&at).fix().local_minus_utc()
    };
    let hours: Vec<i64> = (FIRST..last(tz)).step_by(6 * 3_600).collect();
    hours.windows(2).filter(|two| offset(two[0]) != offset(two[1])).map(|two| two[1]).collect()
}

const FIRST: i64 = 631_152_000; // 1990

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (bits ^ (bits >> 31)) % limit
    }

    /// Every other one within half a day of a change of the clock.
    fn instant(&mut self, last: i64, changes: &[i64]) -> i64 {
        if self.below(2) == 0 || changes.is_empty() {
            return FIRST + self.below((last - FIRST) as u64) as i64;
        }
        let change = changes[self.below(changes.len() as u64) as usize];
        change + self.below(18 * 3_600) as i64 - 12 * 3_600
    }

    fn time(&mut self) -> TimeOfDay {
        // Often near the hours at which clocks change.
        let minutes = if self.below(2) == 0 { self.below(240) } else { self.below(1_441) };
        format!("{:02}:{:02}", minutes / 60, minutes % 60).parse().unwrap()
    }

    fn date(&mut self) -> (u64, u64) {
        (1 + self.below(12), 1 + self.below(28))
    }

    fn schedule(&mut self, zone: &str) -> Schedule {
        let rules = (0..1 + self.below(5)).map(|index| WeeklyRule {
            name: format!("rule {index}").into(),
            days: Weekday::ALL.iter().copied().filter(|_| self.below(2) == 0).collect(),
            start: self.time(),
            end: self.time(),
            ivr_id: IvrId::from(format!("i-{index}")),
        });
        let rules = rules.collect();
        let holidays = (0..self.below(4)).map(|index| self.holiday(index)).collect();
        let default_ivr_id = (self.below(2) == 0).then(|| IvrId::from("i-default"));
        Schedule { timezone: Some(zone.into()), rules, holidays, default_ivr_id }
    }

    fn holiday(&mut self, index: u64) -> Holiday {
        let (first, last) = (self.date(), self.date());
        let several = self.below(2) == 0;
        let write = |year: Option<u64>, (month, day): (u64, u64)| match year {
            Some(year) => format!("{year}-{month:02}-{day:02}").into(),
            None => format!("{month:02}-{day:02}").into(),
        };
        let year = (self.below(2) == 0).then(|| 1990 + self.below(47));
        let (first, last) = match year {
            Some(_) if last < first => (last, first),
            Some(_) | None => (first, last),
        };
        Holiday {
            name: format!("holiday {index}").into(),
            date: write(year, first),
            until: several.then(|| write(year, last)),
            start: (self.below(4) == 0).then(|| self.time()),
            end: (self.below(4) == 0).then(|| self.time()),
            ivr_id: IvrId::from("i-holiday"),
        }
    }
}
