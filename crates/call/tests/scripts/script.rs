//! The language of the scripts, and `check`, the one way in which they reach the engine.
//!
//! ```text
//! registered ana ben cat             who has a device
//! away ben                           availability
//! frozen cat                         whose telephone says nothing at all
//! cursor g-supp dan                  round-robin cursor
//! 0    call +15557770001 -> +15550100001
//! 0.3  ana rings                     (rings with media, answers, fails 486, settles 200,
//! 6    ana answers                    hangs up, cancels, holds, resumes, is silent 30)
//! 66   caller hangs up
//! 70   pass                          lets time pass
//! 5    B: call cat -> ben            a second call; `B: ben answers`
//! 9    release                       the server stops
//! 9    cat registers                 (unregisters)
//! 9    caller heard                  what plays to him is over (heard nothing: it failed)
//! 9    caller presses 5              (presses 5 by info)
//! 9    caller types 4711#
//! 9    ana is away                   (is back)
//! 9    looked up r-1 ana             who the caller is and who owns the record (nothing: nobody)
//! 9    ana sounds bad                (worse, well)
//! 9    record                        (record pause, resume, stop)
//! 9    recording fails
//! 9    recorded 8.5                   media has closed the file that was stopped first
//! 9    caller says nothing            for as long as media was asked to notice
//! 9    order ana transfer ben             as the API would (`boss` is an operator); see `order`
//! 9    ana refers to ben              REFER
//! 9    takes B completed by ana       another call becomes part of this one; see `takes`
//! 9    granted                        (granted 486, granted slot71) what the switch says to a code
//! 0    C: originate ana -> ben        a call by order
//! 0    call ana -> *97                (*97/g-supp, *10, *11, *12/lunch)
//! ```

use std::time::Duration;

use acd::ChangeSource;
use call::port::{
    CallInput, Digit, LegEvent, LegId, LookedUp, PlayEnd, QualityChange, QualityMetric,
    QualityNotice, QualitySeverity, QualitySource, QualityStream, RecordingWish,
};
use model::UserId;
use model::directory::{Availability, KnownRecord};

use crate::directory::directory;
use crate::summary::{explained, handed_on, summary};
use crate::world::World;

/// Plays a script in the directory of the scenarios; returns what was ordered and, of every call,
/// what was recorded.
pub(crate) fn check(script: &str) -> String {
    check_in(World::new(directory("")), script)
}

/// The same in a world of one's own.
pub(crate) fn check_in(mut world: World, script: &str) -> String {
    play(&mut world, script);
    let mut text = std::mem::take(&mut world.log);
    for live in &world.calls {
        text.push_str("--\n");
        match &live.graph {
            Some(graph) => text.push_str(&summary(graph)),
            None => text.push_str("no rows"),
        }
        text.push('\n');
    }
    text
}

/// What was ordered, without the rows.
pub(crate) fn orders_in(mut world: World, script: &str) -> String {
    play(&mut world, script);
    world.log
}

/// What was ordered, and how the call was handed on. The first lines, up to the moment that the
/// script is about, are left out: `from`, in seconds.
pub(crate) fn handed_on_in(mut world: World, from: f64, script: &str) -> String {
    play(&mut world, script);
    let at = |line: &&str| {
        let time = line.split_whitespace().next().and_then(|word| word.parse::<f64>().ok());
        time.is_none_or(|time| time >= from)
    };
    let log = std::mem::take(&mut world.log);
    let mut text: String = log.lines().filter(at).map(|line| format!("{line}\n")).collect();
    for live in &world.calls {
        text.push_str("--\n");
        text.push_str(&live.graph.as_ref().map_or_else(|| "no rows".to_owned(), handed_on));
    }
    text
}

/// What was ordered, what became of the call and of its caller in IVRs, and why.
pub(crate) fn explained_in(mut world: World, script: &str) -> String {
    play(&mut world, script);
    let mut text = std::mem::take(&mut world.log);
    for live in &world.calls {
        text.push_str("--\n");
        text.push_str(&live.graph.as_ref().map_or_else(|| "no rows".to_owned(), explained));
    }
    text
}

pub(crate) fn play(world: &mut World, script: &str) {
    for line in script.lines() {
        let line = line.split(" # ").next().unwrap_or_default().trim();
        let words: Vec<&str> = line.split_whitespace().collect();
        let Some(first) = words.first() else {
            continue;
        };
        match first.parse::<f64>() {
            Ok(at) => {
                world.until(Duration::from_millis((at * 1_000.0).round() as u64));
                event(world, &words[1..]);
            }
            Err(_) => setting(world, &words),
        }
    }
}

fn user(name: &str) -> UserId {
    UserId::from(format!("u-{name}"))
}

fn setting(world: &mut World, words: &[&str]) {
    match words {
        ["registered", names @ ..] => {
            for name in names {
                world.registers(&user(name), true);
            }
        }
        ["away", names @ ..] => {
            for name in names {
                set_availability(world, name, Availability::Away);
            }
        }
        ["frozen", names @ ..] => world.frozen.extend(names.iter().map(|name| user(name))),
        ["cursor", group, name] => world.floor.restore_cursor((*group).into(), user(name)),
        _ => panic!("what is {words:?}?"),
    }
}

fn set_availability(world: &mut World, name: &str, availability: Availability) {
    let now = world.time();
    world.floor.set_availability(&user(name), availability, None, ChangeSource::Api, now);
    world.calm();
}

fn event(world: &mut World, words: &[&str]) {
    let (name, words) = match words {
        [name, rest @ ..] if name.ends_with(':') => (name.trim_end_matches(':'), rest),
        _ => ("A", words),
    };
    let call = world.calls.iter().position(|live| live.name == name);
    if about_several(world, name, call, words) {
        return;
    }
    let event = match words {
        ["call", from, "->", to] => {
            let id = format!("call-{}", name.to_lowercase());
            return world.arrive(name, &id, from, to);
        }
        ["pass"] => return,
        ["release"] => return world.input(call.expect("a call"), CallInput::Release),
        [who, "registers"] => return world.registers(&user(who), true),
        [who, "unregisters"] => return world.registers(&user(who), false),
        [who, "is", "back"] => return set_availability(world, who, Availability::Available),
        ["looked", "up", found @ ..] => {
            let call = call.expect("a call");
            return world.input(call, CallInput::LookedUp(looked_up(world, call, found)));
        }
        [who, "is", "away"] => return set_availability(world, who, Availability::Away),
        ["record", wish @ ..] => {
            let wish = match wish {
                [] => RecordingWish::Start,
                ["pause"] => RecordingWish::Pause,
                ["resume"] => RecordingWish::Resume,
                ["stop"] => RecordingWish::Stop,
                _ => panic!("what is {wish:?}?"),
            };
            return world.input(call.expect("a call"), CallInput::Record(wish));
        }
        ["recording", "fails"] => {
            let call = call.expect("a call");
            let recording = world.calls[call].recordings.first().expect("a recording").clone();
            let event = LegEvent::RecordingFailed { recording, cause: "disk full".into() };
            return world.leg(call, "caller", event);
        }
        [who, "heard", how @ ..] => {
            let leg = world.calls[call.expect("a call")].legs[*who];
            let play = *world.plays.get(&leg).expect("something that plays");
            let end = if how.is_empty() { PlayEnd::Completed } else { PlayEnd::Failed };
            LegEvent::Played { play, end }
        }
        [who, "presses", sign] => {
            let call = call.expect("a call");
            let leg = world.calls[call].legs[*who];
            return world.presses(call, leg, digit(sign));
        }
        [who, "types", signs] => {
            let call = call.expect("a call");
            let leg = world.calls[call].legs[*who];
            for sign in signs.chars() {
                world.presses(call, leg, Digit::new(sign).expect("a digit"));
            }
            return;
        }
        [who, "sounds", how] => {
            let leg = world.calls[call.expect("a call")].legs[*who];
            LegEvent::Quality(quality(leg, how))
        }
        [_, "refers", "to", to] => LegEvent::Referred(world.goal(to)),
        _ => leg_event(words),
    };
    world.leg(call.expect("a call"), words[0], event);
}

/// What is ordered of calls, or what becomes of them and of their files; `false`: it is
/// something else.
fn about_several(world: &mut World, name: &str, call: Option<usize>, words: &[&str]) -> bool {
    match words {
        ["recorded", seconds] => {
            let seconds: f64 = seconds.parse().expect("seconds");
            world.recorded((seconds * 1_000.0).round() as u64);
        }
        ["takes", other, adoption @ ..] => {
            let other = world.calls.iter().position(|live| live.name == *other);
            world.takes(call.expect("a call"), other.expect("a call"), adoption);
        }
        ["originate", who, "->", to] => {
            let goal = world.goal(to);
            world.originate(name, user(who), goal);
        }
        ["granted", how @ ..] => {
            let granted = match how {
                [] => Ok(None),
                [said] => said.parse().map_or_else(|_| Ok(Some((*said).into())), Err),
                _ => panic!("what is {how:?}?"),
            };
            world.input(call.expect("a call"), CallInput::Granted(granted));
        }
        ["order", orderer, words @ ..] => {
            world.order(call.expect("a call"), orderer, words);
        }
        _ => return false,
    }
    true
}

/// What happens on a leg, where the words say it all.
fn leg_event(words: &[&str]) -> LegEvent {
    match words {
        [_, "says", "nothing"] => LegEvent::FellSilent,
        [_, "presses", sign, "by", "info"] => {
            LegEvent::InfoDigit { digit: digit(sign), duration_ms: 160 }
        }
        [_, "rings"] => LegEvent::Rang { early_media: false },
        [_, "rings", "with", "media"] => LegEvent::Rang { early_media: true },
        [_, "answers"] => LegEvent::Answered,
        [_, "fails", status] => LegEvent::Failed { status: status.parse().expect("a status") },
        [_, "settles", status] => LegEvent::Settled { status: status.parse().expect("a status") },
        [_, "hangs", "up"] => LegEvent::HungUp,
        [_, "cancels"] => LegEvent::Cancelled,
        [_, "holds"] => LegEvent::Held,
        [_, "resumes"] => LegEvent::Resumed,
        [_, "is", "silent", seconds] => {
            LegEvent::MediaTimedOut { seconds: seconds.parse().expect("seconds") }
        }
        _ => panic!("what is {words:?}?"),
    }
}

/// What a lookup of the caller has found: nothing, or a record and its owner.
fn looked_up(world: &World, call: usize, found: &[&str]) -> LookedUp {
    let graph = world.calls[call].graph.as_ref().expect("a graph");
    let number = graph.participants[0].phone_number.clone().expect("a number");
    let record = match found {
        [] => None,
        [record, owner] => Some(KnownRecord {
            id: (*record).into(),
            display_name: format!("Found {record}").into(),
            owner: Some(user(owner)),
            priority: 0,
        }),
        _ => panic!("what is {found:?}?"),
    };
    LookedUp { number, record }
}

fn digit(sign: &str) -> Digit {
    sign.chars().next().and_then(Digit::new).expect("a digit")
}

/// What media says of a leg that sounds like this.
pub(crate) fn quality(leg: LegId, how: &str) -> QualityNotice {
    let change = match how {
        "bad" => {
            QualityChange::Raised { severity: QualitySeverity::Warning, threshold: 3.0, worst: 4.5 }
        }
        "worse" => QualityChange::Worsened { severity: QualitySeverity::Critical, worst: 12.0 },
        "well" => QualityChange::Cleared { worst: 12.0 },
        _ => panic!("how is {how}?"),
    };
    QualityNotice {
        leg,
        stream: QualityStream::Received,
        metric: QualityMetric::PacketLoss,
        change,
        source: QualitySource::LocalRtp,
        explanation: "{other} heard {party} badly".into(),
    }
}
