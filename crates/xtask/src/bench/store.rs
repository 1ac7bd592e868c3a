//! How fast finished calls are assigned to conversations, each with its part of a transaction.

use anyhow::Context as _;

use super::program;
use super::table::{Aim, Row};

/// Calls that wait in the outbox.
const CALLS: &str = "20000";

/// Assigned calls a second on SQLite.
pub(super) fn assign() -> anyhow::Result<Vec<Row>> {
    let report = program::example("store", "assign_bench")?.run(&[CALLS])?;
    // `…: 7.21 s, 2774 calls/s; CPU 310 µs a call`
    let before = report.split(" calls/s").next().unwrap_or_default();
    let rate = before.rsplit(' ').next().and_then(|rate| rate.parse().ok());
    let rate = rate.with_context(|| format!("no rate in {report}"))?;
    Ok(vec![Row {
        what: format!("assign on SQLite, {CALLS} calls"),
        measured: rate,
        unit: "calls/s",
        aim: Some(Aim::AtLeast(2_000.0)),
    }])
}
