//! What one request and its response cost between socket and core, without the core.

use super::counter::Counter;
use super::program;
use super::table::{Aim, Row};

/// Counts a run of one length and a longer one: the difference has no start and no end in it.
pub(super) fn measure() -> anyhow::Result<Vec<Row>> {
    const SHORT: u32 = 2_000;
    const LONG: u32 = 12_000;
    const AIM: f64 = 40_000.0;
    let echo = program::example("transport", "echo")?;
    let counter = Counter::choose()?;
    let mut rows = vec![];
    for transport in ["udp", "tcp"] {
        let count =
            |messages: u32| counter.instructions(&echo, &[transport, &messages.to_string()]);
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
