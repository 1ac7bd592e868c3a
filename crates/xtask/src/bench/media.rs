//! What media's relay costs for a packet, and by how much later packets arrive because of it.

use anyhow::Context as _;

use super::program;
use super::table::{Aim, Row};

/// Seconds of each measurement.
const SECONDS: &str = "5";

/// CPU at 500 calls, delay at 250.
pub(super) fn relay() -> anyhow::Result<Vec<Row>> {
    let relay = program::example("media", "relay")?;
    let busy = relay.run(&["500", SECONDS])?;
    let usual = relay.run(&["250", SECONDS])?;
    let number = |line: &str, name: &str| {
        program::number(line, name).with_context(|| format!("no {name} in {line}"))
    };
    Ok(vec![
        Row {
            what: "relay at 500 calls, CPU of a packet".into(),
            measured: number(&busy, "cpu_us_per_packet")?,
            unit: "µs",
            aim: Some(Aim::AtMost(3.0)),
        },
        Row {
            what: "a bare receive-and-send of a packet".into(),
            measured: number(&busy, "bare_us")?,
            unit: "µs",
            aim: None,
        },
        Row {
            what: "one-way delay added at 250 calls, p99".into(),
            measured: number(&usual, "p99_added_us")? / 1_000.0,
            unit: "ms",
            aim: Some(Aim::AtMost(0.5)),
        },
        Row {
            what: "lost at 250 calls".into(),
            measured: number(&usual, "lost")?,
            unit: "packets",
            aim: None,
        },
    ])
}
