//! The whole pure core in one process without sockets: the switch, phones made of the same SIP
//! and session descriptions, media and store that keep books, a network that loses, repeats,
//! delays and reorders, and one clock that jumps to whatever happens next. Everything follows from
//! a seed.
//!
//! `SIM_SEED=n` plays one seed and prints its ladder; `SIM_SEEDS=n` plays the first `n`.

#[path = "sim/acts.rs"]
mod acts;
#[path = "sim/cases/mod.rs"]
mod cases;
#[path = "sim/errors.rs"]
mod errors;
#[path = "sim/ladder.rs"]
mod ladder;
#[path = "sim/media.rs"]
mod media;
#[path = "sim/network.rs"]
mod network;
#[path = "sim/random.rs"]
mod random;
#[path = "sim/scenario.rs"]
mod scenario;
#[path = "sim/setting.rs"]
mod setting;
#[path = "sim/store.rs"]
mod store;
#[path = "sim/verdict.rs"]
mod verdict;
#[path = "sim/world.rs"]
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};

/// How many seeds a plain `cargo test` plays.
const SEEDS: u64 = 50;

/// What came of a seed: what is wrong, and the ladder.
struct Played {
    faults: Vec<String>,
    ladder: String,
}

fn play(seed: u64, with_ladder: bool) -> Played {
    let mut world = scenario::world(seed);
    let outcome = catch_unwind(AssertUnwindSafe(|| scenario::play(&mut world)));
    let faults = match outcome {
        Ok(()) => {
            let events = world.store.log.len() as u64 + 1;
            let cut = random::Random::new(!seed).below(events) as usize;
            verdict::faults(&world, cut)
        }
        Err(_) => vec!["it panicked".to_owned()],
    };
    let wanted = with_ladder || !faults.is_empty();
    let ladder = if wanted { world.ladder.text() } else { String::new() };
    Played { faults, ladder }
}

fn from_environment(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is not a number: {text}")))
}

#[test]
fn seeds() {
    if let Some(seed) = from_environment("SIM_SEED") {
        let played = play(seed, true);
        println!("{}", played.ladder);
        assert!(played.faults.is_empty(), "seed {seed}: {:#?}", played.faults);
        return;
    }
    let mut failed: Vec<(u64, Played)> = Vec::new();
    for seed in 0..from_environment("SIM_SEEDS").unwrap_or(SEEDS) {
        let played = play(seed, false);
        if !played.faults.is_empty() {
            failed.push((seed, played));
        }
    }
    let seeds: Vec<u64> = failed.iter().map(|(seed, _)| *seed).collect();
    if let Some((seed, played)) = failed.first() {
        panic!(
            "{}\nseed {seed}: {:#?}\nfailed: {seeds:?}; again: SIM_SEED={seed}",
            played.ladder, played.faults
        );
    }
}
