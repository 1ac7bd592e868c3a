//! Tandem's relay beside rtpengine's user-space one: the same far ends, the same packets, one run.
//!
//! `cargo run --release -p media --example side_by_side -- [seconds] [calls…]`
//!
//! Each system is a process of its own, kept on the first core where `taskset` is there; the far
//! ends have the others. What is counted is the CPU time of the whole process (user and kernel),
//! its memory, and how much later packets arrive than without it. Without rtpengine (Debian:
//! rtpengine-daemon) only Tandem is measured. Lines that begin with a name and `calls=` are for
//! programs.

#![allow(clippy::print_stdout)]

mod far_ends;
mod rtpengine;
mod tandem;

use std::error::Error;
use std::net::SocketAddr;
use std::process::{Child, Command};

use far_ends::{FarEnds, Outcome};

/// What is measured where nobody says how many calls.
const CALLS: [usize; 3] = [100, 500, 1000];

/// A system that relays calls between far ends.
trait System {
    /// How it is called in the table.
    fn name(&self) -> &'static str;

    /// Opens a call between two far ends; returns where each of them sends.
    fn call(&mut self, ends: [SocketAddr; 2]) -> Result<[SocketAddr; 2], Box<dyn Error>>;

    /// The process.
    fn process(&self) -> &Child;
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|first| first == "serve") {
        return tandem::serve();
    }
    let seconds: usize = arguments.first().map_or(Ok(5), |text| text.parse())?;
    let calls: Vec<usize> =
        arguments.iter().skip(1).map(|text| text.parse()).collect::<Result<_, _>>()?;
    let calls = if calls.is_empty() { CALLS.to_vec() } else { calls };
    println!("system     calls   CPU µs/packet   KiB/call   lost        p50 ms   p99 ms (added)");
    for calls in calls {
        let direct = FarEnds::direct(calls)?.run(seconds)?;
        measure(&mut tandem::start()?, calls, seconds, &direct)?;
        match rtpengine::start() {
            Ok(mut rtpengine) => measure(&mut rtpengine, calls, seconds, &direct)?,
            Err(error) => println!("rtpengine is not measured: {error}"),
        }
    }
    Ok(())
}

fn measure(
    system: &mut dyn System,
    calls: usize,
    seconds: usize,
    direct: &Outcome,
) -> Result<(), Box<dyn Error>> {
    let empty = memory_kib(system.process());
    let mut ends = FarEnds::unconnected(calls)?;
    for call in 0..calls {
        let targets = system.call(ends.addresses(call))?;
        ends.connect(call, targets);
    }
    ends.warm_up()?;
    let before = cpu_ticks(system.process());
    let outcome = ends.run(seconds)?;
    // The warm-up of the run is counted on both sides.
    let ticks = cpu_ticks(system.process()) - before;
    let memory = memory_kib(system.process()).saturating_sub(empty) as f64 / calls as f64;
    let us = ticks as f64 * TICK_US / outcome.sent.max(1) as f64;
    let added = |percent| outcome.delay_ms(percent) - direct.delay_ms(percent);
    let lost = outcome.sent - outcome.received();
    println!(
        "{:<10} {calls:>5} {us:>15.2} {memory:>10.1} {lost:>6} of {:<8} {:>6.2} {:>8.2}",
        system.name(),
        outcome.sent,
        added(50),
        added(99),
    );
    println!(
        "{} calls={calls} cpu_us_per_packet={us:.2} kib_per_call={memory:.1} lost={lost} \
         p50_added_ms={:.3} p99_added_ms={:.3}",
        system.name(),
        added(50),
        added(99),
    );
    Ok(())
}

/// Starts a program on the first core, if it can be kept there.
fn on_first_core(program: &str, arguments: &[&str]) -> Command {
    let taskset = Command::new("taskset").arg("-V").output().is_ok();
    let mut command = Command::new(if taskset { "taskset" } else { program });
    if taskset {
        command.args(["-c", "0", program]);
    }
    command.args(arguments);
    command
}

/// One tick of /proc's accounts: 100 a second wherever Linux runs.
const TICK_US: f64 = 10_000.0;

/// User and kernel time of a process, in ticks.
fn cpu_ticks(process: &Child) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", process.id())).unwrap_or_default();
    // The name, which may have spaces, ends with the last parenthesis; the times are the 12th and
    // 13th fields after it.
    let fields = stat.rsplit_once(')').map(|(_, rest)| rest).unwrap_or_default();
    fields.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum()
}

/// Memory that is the process's own, in KiB.
fn memory_kib(process: &Child) -> u64 {
    let path = format!("/proc/{}/smaps_rollup", process.id());
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"));
    let number = line.and_then(|rest| rest.split_whitespace().next());
    number.and_then(|number| number.parse().ok()).unwrap_or_default()
}
