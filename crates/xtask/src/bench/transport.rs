//! What one request and its response cost between socket and core, without the core.

use anyhow::Context as _;

use super::counter::Counter;
use super::table::{Aim, Row};
use crate::cargo::build;

/// Counts a run of one length and a longer one: the difference has no start and no end in it.
pub(super) fn measure() -> anyhow::Result<Vec<Row>> {
    const SHORT: u32 = 2_000;
    const LONG: u32 = 12_000;
    const AIM: f64 = 40_000.0;
    let built = build(&["--release", "--package=transport", "--example=echo"])?;
    let echo = built.get("echo").context("cargo built no example `echo`")?;
    let echo = echo
        .to_str()
        .context("the target folder's path is not UTF-8")?;
    let counter = Counter::choose()?;
    let mut rows = vec![];
    for transport in ["udp", "tcp"] {
        let count = |messages: u32| counter.instructions(echo, &[transport, &messages.to_string()]);
        let difference = count(LONG)?.saturating_sub(count(SHORT)?);
        rows.push(Row {
            what: format!("OPTIONS and its 200 over {transport}, both ends ({counter:?})"),
            measured: difference as f64 / f64::from(LONG - SHORT),
            unit: "instructions",
            aim: Some(Aim::AtMost(AIM)),
        });
    }
    Ok(rows)
}
