//! What is wrong with a schedule before any call meets it.

use std::collections::BTreeSet;
use std::sync::Arc;

use model::directory::schedule::Schedule;

use crate::holiday::{HolidayFault, Period};
use crate::week::Stretch;
use crate::zone::Zone;

/// The most rules of one schedule.
pub const RULES: usize = 200;
/// The most holidays of one schedule.
pub const HOLIDAYS: usize = 1_000;

/// Something in a schedule that its author did not mean.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mistake {
    /// More than [`RULES`]; they are not looked at.
    #[error("{0} rules are more than {RULES}")]
    TooManyRules(usize),
    /// More than [`HOLIDAYS`]; they are not looked at.
    #[error("{0} holidays are more than {HOLIDAYS}")]
    TooManyHolidays(usize),
    /// No zone has this name.
    #[error("`{0}` is no time zone of the IANA database")]
    UnknownZone(Arc<str>),
    /// A rule holds on no day.
    #[error("rule `{0}` names no day of the week")]
    NoDays(Arc<str>),
    /// Two rules, or a rule and a holiday, have one name. Holidays may share theirs: Easter is on
    /// another day each year.
    #[error("the name `{0}` is given twice")]
    SameName(Arc<str>),
    /// Two rules hold at the same time.
    #[error("rules `{first}` and `{second}` both hold on {at}")]
    Overlap {
        /// One of them.
        first: Arc<str>,
        /// The other one.
        second: Arc<str>,
        /// The first stretch of the week that they share.
        at: Stretch,
    },
    /// The days of a holiday are none; it never holds.
    #[error("holiday `{name}`: {fault}")]
    Holiday {
        /// Its name.
        name: Arc<str>,
        /// Why.
        fault: HolidayFault,
    },
}

/// Everything that is wrong with a schedule; empty: nothing.
pub fn check(schedule: &Schedule) -> Vec<Mistake> {
    let Schedule { timezone, rules, holidays, default_ivr_id: _ } = schedule;
    let mut mistakes = Vec::new();
    if let Some(name) = timezone.as_ref().filter(|name| Zone::named(name).is_err()) {
        mistakes.push(Mistake::UnknownZone(name.clone()));
    }
    if rules.len() > RULES {
        mistakes.push(Mistake::TooManyRules(rules.len()));
        return mistakes;
    }
    if holidays.len() > HOLIDAYS {
        mistakes.push(Mistake::TooManyHolidays(holidays.len()));
        return mistakes;
    }
    names(schedule, &mut mistakes);
    for (index, rule) in rules.iter().enumerate() {
        if rule.days.is_empty() {
            mistakes.push(Mistake::NoDays(rule.name.clone()));
        }
        for other in &rules[index + 1..] {
            if let Some(at) = Stretch::shared(rule, other) {
                let (first, second) = (rule.name.clone(), other.name.clone());
                mistakes.push(Mistake::Overlap { first, second, at });
            }
        }
    }
    for holiday in holidays {
        if let Err(fault) = Period::of(holiday) {
            mistakes.push(Mistake::Holiday { name: holiday.name.clone(), fault });
        }
    }
    mistakes
}

fn names(schedule: &Schedule, mistakes: &mut Vec<Mistake>) {
    let holidays: BTreeSet<_> = schedule.holidays.iter().map(|holiday| &holiday.name).collect();
    let mut seen = BTreeSet::new();
    let mut told = BTreeSet::new();
    for rule in &schedule.rules {
        let twice = !seen.insert(&rule.name) || holidays.contains(&rule.name);
        if twice && told.insert(&rule.name) {
            mistakes.push(Mistake::SameName(rule.name.clone()));
        }
    }
}
