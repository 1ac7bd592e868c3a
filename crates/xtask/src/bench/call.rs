//! Whole calls through the real binary: records on, media anchored.

use anyhow::Context as _;

use super::counter::Counter;
use super::program;
use super::server::Server;
use super::table::{Aim, Row};

/// Users who are called in turn: enough that nobody is called who still talks.
const USERS: u32 = 2_000;
/// Calls of the shorter and the longer counted run; the difference has no start in it.
const SHORT: u32 = 200;
const LONG: u32 = 600;
/// Calls a second while counting: callgrind is some fifty times slower than the machine.
const COUNTED_RATE: u32 = 20;
/// How long a fixed rate is kept, in seconds.
const FIXED_S: u32 = 20;
/// How long a rate has to be kept to count as clean.
const CLEAN_S: u32 = 40;
/// A call whose set-up takes longer than this was kept waiting.
const PROMPT_US: f64 = 100_000.0;

/// CPU and set-up time at fixed rates, and user instructions.
pub(super) fn measure() -> anyhow::Result<Vec<Row>> {
    let mut rows = vec![instructions()?];
    for rate in [100, 500] {
        let server = Server::start(USERS, None, false)?;
        let before = server.cpu_s()?;
        let count = rate * FIXED_S;
        let report = server.load(&["calls", &rate.to_string(), &count.to_string()])?;
        let after = server.cpu_s()?;
        server.stop()?;
        let [failed, p50] = ["failed", "p50_us"].map(|name| program::number(&report, name));
        anyhow::ensure!(failed == Some(0.0), "calls failed: {report}");
        let each = |seconds: f64| seconds * 1e6 / f64::from(count);
        let (user, system) = (each(after.0 - before.0), each(after.1 - before.1));
        rows.push(Row {
            what: format!("CPU of a call at {rate} calls/s (user {user:.0}, system {system:.0})"),
            measured: user + system,
            unit: "µs",
            aim: None,
        });
        rows.push(Row {
            what: format!("set-up at {rate} calls/s over the far end's own, p50"),
            measured: p50.context("no set-up time")? / 1_000.0,
            unit: "ms",
            aim: Some(Aim::AtMost(1.0)),
        });
    }
    Ok(rows)
}

fn instructions() -> anyhow::Result<Row> {
    let counter = Counter::choose()?;
    let count = |calls: u32| -> anyhow::Result<u64> {
        let server = Server::start(USERS.min(200), Some(counter), false)?;
        server.load(&["calls", &COUNTED_RATE.to_string(), &calls.to_string()])?;
        counter.read(&server.stop()?).context("nothing counted")
    };
    let difference = count(LONG)?.saturating_sub(count(SHORT)?);
    Ok(Row {
        what: format!("a call INVITE…BYE, all threads ({counter:?})"),
        measured: difference as f64 / f64::from(LONG - SHORT),
        unit: "instructions",
        aim: Some(Aim::AtMost(400_000.0)),
    })
}

/// The highest rate that one core keeps cleanly.
pub(super) fn rate() -> anyhow::Result<Vec<Row>> {
    let mut clean = 0;
    let mut step = 400;
    let mut rate = 800;
    while step >= 100 {
        if is_clean(rate)? {
            clean = rate;
            rate += step;
        } else {
            step /= 2;
            rate = clean + step;
        }
    }
    Ok(vec![Row {
        what: format!("highest rate clean for {CLEAN_S} s on one core"),
        measured: f64::from(clean),
        unit: "calls/s",
        aim: Some(Aim::AtLeast(1_500.0)),
    }])
}

fn is_clean(rate: u32) -> anyhow::Result<bool> {
    let server = Server::start(USERS, None, true)?;
    let count = rate * CLEAN_S;
    let report = server.load(&["calls", &rate.to_string(), &count.to_string()])?;
    let [failed, p99] = ["failed", "p99_us"].map(|name| program::number(&report, name));
    Ok(failed == Some(0.0) && p99.is_some_and(|p99| p99 < PROMPT_US))
}

/// REGISTER through the real binary.
pub(super) fn register() -> anyhow::Result<Vec<Row>> {
    let counter = Counter::choose()?;
    let count = |pairs: u32| -> anyhow::Result<u64> {
        let server = Server::start(100, Some(counter), false)?;
        server.load(&["register", &pairs.to_string()])?;
        counter.read(&server.stop()?).context("nothing counted")
    };
    let difference = count(LONG)?.saturating_sub(count(SHORT)?);
    Ok(vec![Row {
        what: format!("REGISTER with digest, a pair ({counter:?})"),
        measured: difference as f64 / f64::from(LONG - SHORT),
        unit: "instructions",
        aim: Some(Aim::AtMost(150_000.0)),
    }])
}

/// Memory of a held call: the proportional share with them, less that without.
pub(super) fn memory() -> anyhow::Result<Vec<Row>> {
    const CALLS: u32 = 1_000;
    const WARM: u32 = 200;
    let server = Server::start(USERS, None, false)?;
    // What the first calls bring once for all does not belong to the later ones.
    server.load(&["calls", "100", &WARM.to_string()])?;
    let before = server.pss_kib()?;
    let mut holding = server.hold(100, CALLS)?;
    let held = server.pss_kib()?;
    holding.talk()?;
    let heard = server.pss_kib()?;
    let report = holding.end()?;
    anyhow::ensure!(program::number(&report, "failed") == Some(0.0), "calls failed: {report}");
    let each = |after: f64| (after - before) / f64::from(CALLS);
    let row = |what: &str, measured: f64, aim: f64| Row {
        what: what.to_owned(),
        measured,
        unit: "KiB",
        aim: Some(Aim::AtMost(aim)),
    };
    Ok(vec![
        row("PSS of a held call", each(held), 40.0),
        row("PSS of a held call that was talked on", each(heard), 64.0),
    ])
}
