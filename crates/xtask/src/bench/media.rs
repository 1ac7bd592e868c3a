//! What media costs: the relay for a packet, alone and beside rtpengine in one run, and the sound
//! thread for a stream.

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
            aim: Some(Aim::AtMost(2.0)),
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

/// Calls relayed by Tandem and by rtpengine, one after the other.
pub(super) fn beside() -> anyhow::Result<Vec<Row>> {
    let output = program::example("media", "side_by_side")?.output(&[SECONDS, "100", "500"])?;
    let mut rows = Vec::new();
    for line in output.lines() {
        let (Some(system), Some(calls)) = (line.split(' ').next(), program::number(line, "calls"))
        else {
            continue;
        };
        for (name, what, unit) in [
            ("cpu_us_per_packet", "CPU of a packet, whole process", "µs"),
            ("kib_per_call", "memory of a call", "KiB"),
            ("p99_added_ms", "one-way delay added, p99", "ms"),
            ("lost", "lost", "packets"),
        ] {
            let measured = program::number(line, name).with_context(|| line.to_owned())?;
            let what = format!("{system} at {calls:.0} calls, {what}");
            rows.push(Row { what, measured, unit, aim: None });
        }
    }
    anyhow::ensure!(!rows.is_empty(), "nothing was measured: {output}");
    Ok(rows)
}

/// How many streams, pairs and parties a core decodes, mixes, plays and encodes.
pub(super) fn sound() -> anyhow::Result<Vec<Row>> {
    let output = program::example("media", "sound")?.output(&[SECONDS])?;
    let rows = output.lines().filter_map(|line| {
        let mut fields = line.split('\t');
        let (name, second, third) = (fields.next()?, fields.next()?, fields.next()?);
        // The pace of a real thread: how far from 20 ms, median and 99th percentile in µs.
        let (measured, unit) = match name.starts_with("pace") {
            true => (second, "µs off"),
            false => (third, "a core"),
        };
        let what = name.replace('_', " ");
        Some(Row { what, measured: measured.parse().ok()?, unit, aim: None })
    });
    let rows: Vec<Row> = rows.collect();
    anyhow::ensure!(!rows.is_empty(), "nothing was measured: {output}");
    Ok(rows)
}
