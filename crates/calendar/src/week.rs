//! Rules as minutes of a week that goes in a circle: Monday follows Sunday.

use std::fmt;

use model::directory::schedule::{TimeOfDay, Weekday, WeeklyRule};

/// Minutes of a day.
pub(crate) const DAY: u16 = 24 * 60;
const WEEK: u16 = 7 * DAY;

/// From one minute up to, and without, another, counted from the midnight at which its first day
/// begins: 1 to 1,440 minutes long, so it ends on the next day at the latest (`24:00` is the next
/// day's beginning).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    from: u16,
    to: u16,
}

impl Span {
    /// From a time of day on until the clock shows the other one the next time; 24:00 and 00:00
    /// look the same.
    pub(crate) fn new(from: u16, to: u16) -> Self {
        let to = match to {
            to if to > from => to,
            to if to + DAY > from => to + DAY,
            to => to + 2 * DAY,
        };
        Self { from, to }
    }

    pub(crate) fn of(rule: &WeeklyRule) -> Self {
        Self::new(rule.start.minutes(), rule.end.minutes())
    }

    /// Whether it holds a minute of its first day, or of the day after it (from [`DAY`] on).
    pub(crate) fn holds(self, minute: u16) -> bool {
        (self.from..self.to).contains(&minute)
    }

    /// The minutes of a day at which it begins or ends.
    pub(crate) fn edges(self) -> [u16; 2] {
        [self.from % DAY, self.to % DAY]
    }

    fn minutes(self) -> u16 {
        self.to - self.from
    }
}

/// The day on which a rule began that holds at this minute of a day of the week.
pub(crate) fn holds(rule: &WeeklyRule, day: Weekday, minute: u16) -> Option<Weekday> {
    let span = Span::of(rule);
    let began = |day: Weekday, minute: u16| rule.days.contains(&day) && span.holds(minute);
    if began(day, minute) {
        return Some(day);
    }
    let yesterday = before(day);
    began(yesterday, minute + DAY).then_some(yesterday)
}

/// Minutes of the week that two rules share: the first such stretch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// Minutes since Monday 00:00.
    from: u16,
    minutes: u16,
}

impl Stretch {
    /// Where two rules hold at the same time; `None`: nowhere.
    pub(crate) fn shared(one: &WeeklyRule, other: &WeeklyRule) -> Option<Self> {
        let (a, b) = (Span::of(one), Span::of(other));
        let days = |rule: &WeeklyRule| rule.days.clone();
        let pairs = days(one).into_iter().flat_map(|day| {
            days(other).into_iter().map(move |other| (midnight(day), midnight(other)))
        });
        let shared = pairs.filter_map(|(first, second)| {
            let (first, second) = ((first + a.from) % WEEK, (second + b.from) % WEEK);
            Self::common((first, a.minutes()), (second, b.minutes()))
        });
        shared.min_by_key(|stretch| stretch.from)
    }

    fn common(a: (u16, u16), b: (u16, u16)) -> Option<Self> {
        // How far `to` is ahead of `from` on the circle.
        let ahead = |from: u16, to: u16| (to + WEEK - from) % WEEK;
        let (b_ahead, a_ahead) = (ahead(a.0, b.0), ahead(b.0, a.0));
        if b_ahead < a.1 {
            return Some(Self { from: b.0, minutes: b.1.min(a.1 - b_ahead) });
        }
        (a_ahead < b.1).then(|| Self { from: a.0, minutes: a.1.min(b.1 - a_ahead) })
    }
}

/// `Sat 00:00–06:00`.
impl fmt::Display for Stretch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let day = Weekday::ALL[usize::from(self.from / DAY % 7)];
        let from = self.from % DAY;
        let to = match from + self.minutes {
            to @ ..=DAY => to,
            to => to - DAY,
        };
        write!(f, "{} {}–{}", short(day), clock(from), clock(to))
    }
}

/// `09:00`, or `24:00`.
pub(crate) fn clock(minute: u16) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

/// `09:00–17:00`, as it was written.
pub(crate) fn times(start: TimeOfDay, end: TimeOfDay) -> String {
    format!("{start}–{end}")
}

/// `Mon`.
pub(crate) fn short(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "Mon",
        Weekday::Tuesday => "Tue",
        Weekday::Wednesday => "Wed",
        Weekday::Thursday => "Thu",
        Weekday::Friday => "Fri",
        Weekday::Saturday => "Sat",
        Weekday::Sunday => "Sun",
    }
}

fn before(day: Weekday) -> Weekday {
    match day {
        Weekday::Monday => Weekday::Sunday,
        Weekday::Tuesday => Weekday::Monday,
        Weekday::Wednesday => Weekday::Tuesday,
        Weekday::Thursday => Weekday::Wednesday,
        Weekday::Friday => Weekday::Thursday,
        Weekday::Saturday => Weekday::Friday,
        Weekday::Sunday => Weekday::Saturday,
    }
}

/// Minutes between Monday 00:00 and a day's beginning.
fn midnight(day: Weekday) -> u16 {
    match day {
        Weekday::Monday => 0,
        Weekday::Tuesday => DAY,
        Weekday::Wednesday => 2 * DAY,
        Weekday::Thursday => 3 * DAY,
        Weekday::Friday => 4 * DAY,
        Weekday::Saturday => 5 * DAY,
        Weekday::Sunday => 6 * DAY,
    }
}
