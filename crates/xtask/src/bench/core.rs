//! What the composed core costs without sockets: a whole call, and a pair of REGISTER.

use anyhow::Context as _;

use super::counter::{Counter, Part};
use super::program;
use super::table::{Aim, Row};

/// Calls of the shorter and of the longer run; the difference has no start in it.
const SHORT: u32 = 100;
const LONG: u32 = 400;
/// Calls of the run that is timed.
const TIMED: u32 = 5_000;

/// A call: INVITE from a trunk, INVITE to a user, 100, 180 and 200, ACK, BYE.
pub(super) fn call() -> anyhow::Result<Vec<Row>> {
    measure("call", "a whole call through the core", None)
}

/// REGISTER, 401, REGISTER with credentials, 200.
pub(super) fn register() -> anyhow::Result<Vec<Row>> {
    measure("register", "REGISTER with digest, a pair, through the core", Some(150_000.0))
}

fn measure(what: &str, label: &str, aim: Option<f64>) -> anyhow::Result<Vec<Row>> {
    let core = program::example("switch", "core")?;
    let counter = Counter::choose()?;
    // What the far ends do is left out where that is possible.
    let parts = [Part("core::step*"), Part("core::deadline*")];
    let count = |calls: u32| counter.part(&core, &[what, &calls.to_string()], &parts);
    let difference = count(LONG)?.saturating_sub(count(SHORT)?);
    let report = core.run(&[what, &TIMED.to_string()])?;
    let us = program::number(&report, "us").context("the core's bench told no time")?;
    Ok(vec![
        Row {
            what: format!("{label} ({counter:?})"),
            measured: difference as f64 / f64::from(LONG - SHORT),
            unit: "instructions",
            aim: aim.map(Aim::AtMost),
        },
        Row { what: label.to_owned(), measured: us, unit: "µs", aim: None },
    ])
}

/// Reading and writing a message.
pub(super) fn parse() -> anyhow::Result<Vec<Row>> {
    let parse = program::example("sip", "invite")?;
    let counter = Counter::choose()?;
    let mut rows = Vec::new();
    for (what, label, aim) in [
        ("parse", "parse a 1 kB INVITE and give its bytes", Some(1_000.0)),
        ("check", "the same with the checks of every request", None),
        ("write", "build the 200 of an INVITE", None),
    ] {
        let each = |count: &dyn Fn(&[&str]) -> anyhow::Result<u64>| -> anyhow::Result<f64> {
            let (short, long) = (count(&[what, "1000"])?, count(&[what, "3000"])?);
            Ok(long.saturating_sub(short) as f64 / 2_000.0)
        };
        let instructions = each(&|arguments| counter.instructions(&parse, arguments))?;
        let allocations = each(&|arguments| Counter::allocations(&parse, arguments))?;
        let report = parse.run(&[what, "200000"])?;
        let ns = program::number(&report, "ns").context("no time")?;
        let row = |what: String, measured: f64, unit: &'static str, aim: Option<f64>| Row {
            what,
            measured,
            unit,
            aim: aim.map(Aim::AtMost),
        };
        rows.push(row(label.to_owned(), ns, "ns", aim));
        rows.push(row(format!("{label} ({counter:?})"), instructions, "instructions", None));
        rows.push(row(label.to_owned(), allocations, "allocations", None));
    }
    Ok(rows)
}
