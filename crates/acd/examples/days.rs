//! Lives through random days on the floor: `days FROM COUNT`. The suite lives through a thousand
//! of them (`tests/floor/days.rs`); this is for many more, built with optimization.

#![allow(clippy::print_stdout, reason = "it tells what it has seen")]
#![allow(clippy::expect_used, clippy::unwrap_used, dead_code, reason = "the tests' own model")]

use std::error::Error;

#[path = "../tests/floor/day/mod.rs"]
mod day;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<u64> =
        std::env::args().skip(1).map(|text| text.parse()).collect::<Result<_, _>>()?;
    let [from, count] = arguments[..] else {
        return Err("days FROM COUNT".into());
    };
    let mut seen = day::Seen::default();
    for seed in from..from.saturating_add(count) {
        seen.add(day::Day::live(seed));
    }
    println!("{count} days: {seen:?}");
    Ok(())
}
