//! Schedules at chosen instants: ordinary days, nights over midnight, holidays, and the hours that
//! clocks skip or show twice.

#![expect(clippy::unwrap_used, reason = "what a test cannot unwrap has failed")]

use calendar::{CalendarError, Match, Mistake, Zone, check, decide, next_change};
use model::Millis;
use model::directory::schedule::Schedule;

/// Office hours, a night service from Friday to Saturday, and three holidays, in one zone.
fn schedule(zone: &str) -> Schedule {
    let text = serde_json::json!({
        "timezone": zone,
        "rules": [
            {"name": "office", "days": ["mon", "tue", "wed", "thu", "fri"],
             "start": "09:00", "end": "17:00", "ivr_id": "i-office"},
            {"name": "night", "days": ["fri"], "start": "22:00", "end": "06:00",
             "ivr_id": "i-night"},
            {"name": "sunday", "days": ["sun"], "start": "00:00", "end": "00:00",
             "ivr_id": "i-sunday"}
        ],
        "holidays": [
            {"name": "christmas", "date": "12-24", "until": "12-26", "ivr_id": "i-holiday"},
            {"name": "move", "date": "2026-11-27", "start": "12:00", "ivr_id": "i-holiday"},
            {"name": "turn of the year", "date": "12-31", "until": "01-01", "ivr_id": "i-holiday"}
        ],
        "default_ivr_id": "i-closed"
    });
    serde_json::from_value(text).unwrap()
}

fn at(text: &str) -> Millis {
    Millis::parse(&format!("{text}:00.000Z")).unwrap()
}

fn at_utc(zone: &str, utc: &str) -> Match {
    decide(&schedule(zone), None, at(utc)).unwrap()
}

fn rule(zone: &str, utc: &str) -> Option<String> {
    at_utc(zone, utc).rule.map(|rule| rule.to_string())
}

#[test]
fn every_answer_says_why() {
    let why = |utc| at_utc("Europe/Berlin", utc).why;
    assert_eq!(
        why("2026-11-23T09:15"),
        "office, Mon 09:00–17:00, holds: it is Mon 23 Nov 2026 10:15 in Europe/Berlin"
    );
    assert_eq!(
        why("2026-12-05T00:30"),
        "night, Fri 22:00–06:00, holds: it is Sat 5 Dec 2026 01:30 in Europe/Berlin"
    );
    assert_eq!(
        why("2026-12-24T09:15"),
        "christmas, 12-24 to 12-26 every year, holds and beats office: \
         it is Thu 24 Dec 2026 10:15 in Europe/Berlin"
    );
    assert_eq!(
        why("2026-11-27T20:00"),
        "move, 2026-11-27 from 12:00, holds: it is Fri 27 Nov 2026 21:00 in Europe/Berlin"
    );
    assert_eq!(
        why("2026-11-28T11:00"),
        "no rule and no holiday holds: it is Sat 28 Nov 2026 12:00 in Europe/Berlin"
    );
}

#[test]
fn an_answer_names_the_rule_and_the_next_ivr() {
    let names = |utc| {
        let found = at_utc("Europe/Berlin", utc);
        (found.rule.as_deref().map(str::to_owned), found.next.map(|next| next.to_string()))
    };
    assert_eq!(names("2026-11-23T09:15"), (Some("office".into()), Some("i-office".into())));
    assert_eq!(names("2026-11-21T09:15"), (None, Some("i-closed".into())));
}

#[test]
fn a_rule_begins_at_its_first_minute_and_ends_before_its_last() {
    for (utc, expected) in [
        ("2026-11-23T07:59", None),
        ("2026-11-23T08:00", Some("office")),
        ("2026-11-23T15:59", Some("office")),
        ("2026-11-23T16:00", None),
    ] {
        assert_eq!(rule("Europe/Berlin", utc).as_deref(), expected, "{utc}");
    }
}

#[test]
fn a_night_that_begins_on_friday_goes_on_on_saturday_only() {
    for (utc, expected) in [
        ("2026-12-04T20:59", None),
        ("2026-12-04T21:00", Some("night")),
        ("2026-12-05T04:59", Some("night")),
        ("2026-12-05T05:00", None),
        // Friday before six o'clock belongs to Thursday's night, and there is none.
        ("2026-12-04T04:00", None),
    ] {
        assert_eq!(rule("Europe/Berlin", utc).as_deref(), expected, "{utc}");
    }
}

#[test]
fn equal_times_are_a_whole_day() {
    for (utc, expected) in [
        ("2026-11-21T22:59", None),
        ("2026-11-21T23:00", Some("sunday")),
        ("2026-11-22T22:59", Some("sunday")),
        ("2026-11-22T23:00", None),
    ] {
        assert_eq!(rule("Europe/Berlin", utc).as_deref(), expected, "{utc}");
    }
}

#[test]
fn a_holiday_beats_the_rules_on_its_local_date() {
    for (zone, utc, expected) in [
        // The Friday night of 25 December is a holiday until midnight of the 26th …
        ("Europe/Berlin", "2026-12-25T22:30", Some("christmas")),
        ("Europe/Berlin", "2026-12-26T22:59", Some("christmas")),
        ("Europe/Berlin", "2026-12-26T23:00", Some("sunday")),
        // … and begins at nobody's midnight but the local one.
        ("Pacific/Auckland", "2026-12-23T10:59", None),
        ("Pacific/Auckland", "2026-12-23T11:00", Some("christmas")),
        ("America/Los_Angeles", "2026-12-24T07:59", None),
        ("America/Los_Angeles", "2026-12-24T08:00", Some("christmas")),
        // Over the turn of the year: Thursday 31 December 2026 and Friday 1 January 2027.
        ("Europe/Berlin", "2026-12-31T12:00", Some("turn of the year")),
        ("Europe/Berlin", "2027-01-01T12:00", Some("turn of the year")),
        ("Europe/Berlin", "2027-01-01T22:30", Some("turn of the year")),
        // The night goes on where the holiday ends.
        ("Europe/Berlin", "2027-01-01T23:30", Some("night")),
    ] {
        assert_eq!(rule(zone, utc).as_deref(), expected, "{zone} {utc}");
    }
}

/// One rule, on every day.
fn daily(zone: &str, start: &str, end: &str) -> Schedule {
    let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let rule = serde_json::json!(
        {"name": "r", "days": days, "start": start, "end": end, "ivr_id": "i"});
    serde_json::from_value(serde_json::json!({"timezone": zone, "rules": [rule]})).unwrap()
}

fn holds(schedule: &Schedule, utc: &str) -> bool {
    decide(schedule, None, at(utc)).unwrap().rule.is_some()
}

#[test]
fn a_skipped_hour_holds_nothing_and_a_repeated_one_holds_twice() {
    let berlin = daily("Europe/Berlin", "02:00", "03:00");
    // 29 March 2026: 01:59 is followed by 03:00.
    assert!(!holds(&berlin, "2026-03-29T00:59") && !holds(&berlin, "2026-03-29T01:00"));
    // 25 October 2026: 02:00 to 02:59 is shown twice.
    for utc in ["2026-10-25T00:00", "2026-10-25T00:59", "2026-10-25T01:00", "2026-10-25T01:59"] {
        assert!(holds(&berlin, utc), "{utc}");
    }
    assert!(!holds(&berlin, "2026-10-25T02:00"));
    // A rule that begins in the skipped hour holds as soon as the clock shows a time within it.
    let early = daily("Europe/Berlin", "02:30", "09:00");
    assert!(!holds(&early, "2026-03-29T00:59") && holds(&early, "2026-03-29T01:00"));
}

#[test]
fn half_an_hour_is_skipped_on_lord_howe() {
    // 4 October 2026, 02:00 +10:30 becomes 02:30 +11:00.
    let lord_howe = daily("Australia/Lord_Howe", "02:00", "02:30");
    assert!(!holds(&lord_howe, "2026-10-03T15:29") && !holds(&lord_howe, "2026-10-03T15:30"));
    // 5 April 2026, 02:00 +11:00 becomes 01:30 +10:30.
    let twice = daily("Australia/Lord_Howe", "01:30", "02:00");
    for utc in ["2026-04-04T14:30", "2026-04-04T14:59", "2026-04-04T15:00", "2026-04-04T15:29"] {
        assert!(holds(&twice, utc), "{utc}");
    }
    assert!(!holds(&twice, "2026-04-04T15:30"));
}

#[test]
fn a_day_that_never_was_holds_nothing_and_its_night_goes_on() {
    // In Apia, Thursday 29 December 2011 was followed by Saturday the 31st.
    let mut apia = schedule("Pacific/Apia");
    apia.holidays.retain(|holiday| *holiday.name == *"move");
    let found = |utc| decide(&apia, None, at(utc)).unwrap();
    assert_eq!(found("2011-12-30T09:59").rule, None);
    let saturday = found("2011-12-30T10:00");
    assert_eq!(saturday.rule.as_deref(), Some("night"));
    assert!(saturday.why.contains("Sat 31 Dec 2011 00:00"), "{}", saturday.why);
}

#[test]
fn the_zone_is_the_schedules_else_the_organisations_else_utc() {
    let mut anywhere = daily("Europe/Berlin", "09:00", "10:00");
    anywhere.timezone = None;
    let in_zone = |zone| decide(&anywhere, zone, at("2026-11-23T03:30")).unwrap();
    assert!(in_zone(Some("Asia/Kathmandu")).rule.is_some());
    assert!(in_zone(None).why.ends_with("it is Mon 23 Nov 2026 03:30 in UTC"));
    let unknown = decide(&anywhere, Some("Europe/Atlantis"), at("2026-11-23T03:30"));
    assert_eq!(unknown, Err(CalendarError::UnknownZone("Europe/Atlantis".into())));
    let far = Millis(i64::MAX);
    assert_eq!(decide(&anywhere, None, far), Err(CalendarError::OutOfRange(far)));
    assert_eq!(next_change(&anywhere, None, far), Err(CalendarError::OutOfRange(far)));
}

#[test]
fn the_next_change_is_the_first_instant_that_is_different() {
    let berlin = schedule("Europe/Berlin");
    let next = |utc| next_change(&berlin, None, at(utc)).unwrap();
    assert_eq!(next("2026-11-23T09:15"), Some(at("2026-11-23T16:00")));
    assert_eq!(next("2026-11-23T16:00"), Some(at("2026-11-24T08:00")));
    assert_eq!(next("2026-12-25T12:00"), Some(at("2026-12-26T23:00")));
    // The clock jumps over the beginning.
    let early = daily("Europe/Berlin", "02:30", "09:00");
    let jumped = next_change(&early, None, at("2026-03-28T12:00")).unwrap();
    assert_eq!(jumped, Some(at("2026-03-29T01:00")));
    // What always holds never changes.
    let always = daily("Europe/Berlin", "00:00", "24:00");
    assert_eq!(next_change(&always, None, at("2026-03-28T12:00")), Ok(None));
}

#[test]
fn local_days_are_counted_from_1970() {
    let zone = Zone::named("Pacific/Auckland").unwrap();
    assert_eq!(Zone::utc().day(at("1970-01-02T23:59")), Ok(1));
    assert_eq!(zone.day(at("1970-01-01T11:59")), Ok(0));
    assert_eq!(zone.day(at("1970-01-01T12:00")), Ok(1));
    assert_eq!(Zone::utc().day(at("1969-12-31T23:59")), Ok(-1));
}

#[test]
fn every_mistake_is_told_in_words() {
    let text = serde_json::json!({
        "timezone": "Mars/Olympus",
        "rules": [
            {"name": "night", "days": ["sun"], "start": "22:00", "end": "06:00", "ivr_id": "i"},
            {"name": "early", "days": ["mon"], "start": "05:00", "end": "09:00", "ivr_id": "i"},
            {"name": "never", "days": [], "start": "00:00", "end": "24:00", "ivr_id": "i"},
            {"name": "early", "days": ["wed"], "start": "05:00", "end": "09:00", "ivr_id": "i"}
        ],
        "holidays": [
            {"name": "leap", "date": "02-29", "ivr_id": "i"},
            {"name": "none", "date": "2026-02-29", "ivr_id": "i"},
            {"name": "odd", "date": "24.12.", "ivr_id": "i"},
            {"name": "mixed", "date": "2026-12-24", "until": "12-26", "ivr_id": "i"},
            {"name": "back", "date": "2026-12-24", "until": "2026-12-23", "ivr_id": "i"},
            {"name": "never", "date": "2026-04-06", "ivr_id": "i"},
            {"name": "easter", "date": "2026-04-06", "ivr_id": "i"},
            {"name": "easter", "date": "2027-03-29", "ivr_id": "i"}
        ]
    });
    let schedule: Schedule = serde_json::from_value(text).unwrap();
    let told: Vec<_> = check(&schedule).iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "`Mars/Olympus` is no time zone of the IANA database",
            "the name `never` is given twice",
            "the name `early` is given twice",
            "rules `night` and `early` both hold on Mon 05:00–06:00",
            "rule `never` names no day of the week",
            "holiday `none`: `2026-02-29` is no day: write 2026-12-24, or 12-24 for every year",
            "holiday `odd`: `24.12.` is no day: write 2026-12-24, or 12-24 for every year",
            "holiday `mixed`: its first and its last day must both have a year, or neither",
            "holiday `back`: it ends before it begins",
        ]
    );
}

#[test]
fn a_schedule_has_a_greatest_size() {
    let mut large = daily("UTC", "09:00", "10:00");
    large.rules = vec![large.rules[0].clone(); calendar::RULES + 1];
    assert_eq!(check(&large), [Mistake::TooManyRules(calendar::RULES + 1)]);
    let mut large = schedule("UTC");
    large.holidays = vec![large.holidays[0].clone(); calendar::HOLIDAYS + 1];
    assert_eq!(check(&large), [Mistake::TooManyHolidays(calendar::HOLIDAYS + 1)]);
}
