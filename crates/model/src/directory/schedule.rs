//! Opening hours as they are written down (F5). What they mean at an instant is decided by the
//! crate `calendar`.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize};

use crate::{IvrId, text_enum};

text_enum! {
    /// A day of the week.
    Weekday {
        /// Monday.
        Monday = "mon",
        /// Tuesday.
        Tuesday = "tue",
        /// Wednesday.
        Wednesday = "wed",
        /// Thursday.
        Thursday = "thu",
        /// Friday.
        Friday = "fri",
        /// Saturday.
        Saturday = "sat",
        /// Sunday.
        Sunday = "sun",
    }
}

/// Which IVR is entered at which time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// IANA name of the time zone; `None`: the organisation's.
    #[serde(default, alias = "time_zone")]
    pub timezone: Option<Arc<str>>,
    /// Weekly rules; no two of them hold at the same time.
    #[serde(default)]
    pub rules: Vec<WeeklyRule>,
    /// Holidays; they beat the rules. Where two hold, the first one does.
    #[serde(default)]
    pub holidays: Vec<Holiday>,
    /// Where the call goes when nothing holds; `None`: to the IVR's next one.
    #[serde(default)]
    pub default_ivr_id: Option<IvrId>,
}

/// A rule that holds on some days of every week.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "WeeklyRuleEntry")]
pub struct WeeklyRule {
    /// What it is called: `schedule_matched.rule`. A rule without a name is called by its days and
    /// times.
    pub name: Arc<str>,
    /// On which days it begins.
    pub days: Vec<Weekday>,
    /// From this time of day, local.
    pub start: TimeOfDay,
    /// Up to, and without, this one. Not after `start`: the rule goes on over midnight into the
    /// next day; `24:00` is the end of the day, and equal times are a whole day.
    pub end: TimeOfDay,
    /// Where the call goes.
    #[serde(rename = "next_ivr_id")]
    pub ivr_id: IvrId,
}

/// A rule as it is written.
#[derive(Deserialize)]
#[serde(rename = "WeeklyRule", deny_unknown_fields)]
struct WeeklyRuleEntry {
    #[serde(default)]
    name: Option<Arc<str>>,
    #[serde(deserialize_with = "days")]
    days: Vec<Weekday>,
    start: TimeOfDay,
    end: TimeOfDay,
    #[serde(alias = "ivr_id")]
    next_ivr_id: IvrId,
}

impl From<WeeklyRuleEntry> for WeeklyRule {
    fn from(entry: WeeklyRuleEntry) -> Self {
        let WeeklyRuleEntry { name, days, start, end, next_ivr_id: ivr_id } = entry;
        let name = name.unwrap_or_else(|| {
            let days: Vec<&str> = days.iter().map(|day| day.as_str()).collect();
            format!("{} {start}-{end}", days.join(" ")).into()
        });
        Self { name, days, start, end, ivr_id }
    }
}

/// Days by their short or their long names.
fn days<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Weekday>, D::Error> {
    let names = Vec::<String>::deserialize(deserializer)?;
    let day = |name: &String| {
        let short = name.strip_suffix("day").and_then(|long| long.get(..3)).unwrap_or(name);
        short.parse().map_err(serde::de::Error::custom)
    };
    names.iter().map(day).collect()
}

/// A day, or a row of days, on which the rules do not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holiday {
    /// What it is called: `schedule_matched.rule`.
    pub name: Arc<str>,
    /// `2026-12-24`, or `12-24` for every year (29 February is there in leap years only).
    pub date: Arc<str>,
    /// Last day, included, in the same form; `None`: one day. May cross the year's end.
    #[serde(default)]
    pub until: Option<Arc<str>>,
    /// Only from this time of day on each of the days; `None`: from midnight.
    #[serde(default)]
    pub start: Option<TimeOfDay>,
    /// Only up to this time; `None`: to midnight. Not after `start`: over midnight into the next
    /// day, as with rules.
    #[serde(default)]
    pub end: Option<TimeOfDay>,
    /// Where the call goes.
    #[serde(rename = "next_ivr_id", alias = "ivr_id")]
    pub ivr_id: IvrId,
}

/// A time of day, `HH:MM`, 00:00–24:00.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct TimeOfDay {
    minutes: u16,
}

impl TimeOfDay {
    /// Minutes since midnight, 0–1,440, as the clock shows them.
    pub fn minutes(self) -> u16 {
        self.minutes
    }
}

/// A text is no time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a time of day is written HH:MM, from 00:00 to 24:00")]
pub struct NoTimeOfDay;

impl FromStr for TimeOfDay {
    type Err = NoTimeOfDay;

    fn from_str(text: &str) -> Result<Self, NoTimeOfDay> {
        let (hour, minute) = text.split_once(':').ok_or(NoTimeOfDay)?;
        let two = |part: &str| {
            let digits = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| part.parse::<u16>().ok()).flatten().ok_or(NoTimeOfDay)
        };
        let (hour, minute) = (two(hour)?, two(minute)?);
        let minutes = hour * 60 + minute;
        if minute > 59 || minutes > 24 * 60 { Err(NoTimeOfDay) } else { Ok(Self { minutes }) }
    }
}

impl TryFrom<String> for TimeOfDay {
    type Error = NoTimeOfDay;

    fn try_from(text: String) -> Result<Self, NoTimeOfDay> {
        text.parse()
    }
}

impl From<TimeOfDay> for String {
    fn from(time: TimeOfDay) -> Self {
        time.to_string()
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.minutes / 60, self.minutes % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_needs_no_name_and_days_have_two() {
        let text = r#"{"days": ["mon", "wednesday"], "start": "09:00", "end": "17:00",
            "next_ivr_id": "ivr-open"}"#;
        let rule: WeeklyRule = serde_json::from_str(text).expect("a rule");
        assert_eq!(rule.days, [Weekday::Monday, Weekday::Wednesday]);
        assert_eq!(&*rule.name, "mon wed 09:00-17:00");
        let written = serde_json::to_string(&rule).expect("JSON");
        assert_eq!(serde_json::from_str::<WeeklyRule>(&written).expect("a rule"), rule);
        for wrong in ["moonday", "day", "", "mondays"] {
            let text = text.replace("wednesday", wrong);
            assert!(serde_json::from_str::<WeeklyRule>(&text).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_time_of_day_is_read_as_it_is_written() {
        for text in ["00:00", "09:05", "23:59", "24:00"] {
            assert_eq!(text.parse::<TimeOfDay>().map(|time| time.to_string()), Ok(text.into()));
        }
        for text in ["", "9:05", "24:01", "12:60", "12", "1２:00", "-1:00", "12:5"] {
            assert_eq!(text.parse::<TimeOfDay>(), Err(NoTimeOfDay), "{text}");
        }
    }
}
