//! The whole pure core in one process without sockets: the switch, phones made of the same SIP
//! and session descriptions, media and store that keep books, a network that loses, repeats,
//! delays and reorders, and one clock that jumps to whatever happens next. Everything follows from
//! a seed.
//!
//! `SIM_SEED=n` plays one seed and prints its ladder; `SIM_SEEDS=n` plays the first `n`, or as
//! many from `SIM_FROM` on.

#[path = "sim/cases/mod.rs"]
mod cases;
#[path = "sim/control/mod.rs"]
mod control;
#[path = "sim/damage.rs"]
mod damage;
#[path = "sim/errors.rs"]
mod errors;
#[path = "sim/ivrs.rs"]
mod ivrs;
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
#[path = "sim/sound.rs"]
mod sound;
#[path = "sim/store.rs"]
mod store;
#[path = "sim/verdict/mod.rs"]
mod verdict;
#[path = "sim/waiting.rs"]
mod waiting;
#[path = "sim/world/mod.rs"]
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};

use verdict::Tally;

/// How many seeds a plain `cargo test` plays.
const SEEDS: u64 = 50;

/// And how many of the days on which people hand calls on.
const CONTROL_SEEDS: u64 = 200;

/// What those meet.
const CONTROL_MET: [&str; 38] = [
    "connection add",
    "connection consult",
    "connection recall",
    "connection transfer",
    "event call_absorbed",
    "event participant_left",
    "identified",
    "order abandon ok",
    "order add ok",
    "order complete ok",
    "order consult ok",
    "order consult wrong_state",
    "order hangup ok",
    "order hold ok",
    "order merge ok",
    "order move ok",
    "order mute ok",
    "order originate ok",
    "order park ok",
    "order play ok",
    "order record ok",
    "order remove ok",
    "order resume ok",
    "order senddigits ok",
    "order stopplay ok",
    "order swap ok",
    "order transfer ok",
    "refer 202",
    "refer 404",
    "refer 491",
    "refer ends with 200",
    "refer ends with 486",
    "refer ends with 603",
    "transfer abandoned",
    "transfer completed",
    "transfer conference",
    "transfer returned",
    "transfer unanswered",
];

/// What they meet among other things.
const MET: [&str; 25] = [
    "attempt answered",
    "attempt answered_elsewhere",
    "attempt busy",
    "attempt caller_hangup",
    "attempt declined",
    "attempt no_answer",
    "attempt unavailable",
    "bad audio",
    "call answered",
    "call canceled",
    "call missed",
    "event dtmf",
    "failover",
    "info 200",
    "leg with figures",
    "notify",
    "playing",
    "queue abandoned",
    "queue answered",
    "queue option",
    "queue timeout",
    "recording",
    "restart",
    "subscribe 200",
    "voice message",
];

/// How many failed seeds are described.
const SHOWN: usize = 20;

/// All kinds of days.
const BUILDERS: [Builder; 2] = [scenario::world, control::world];

/// What came of a seed: what is wrong, and the ladder.
struct Played {
    faults: Vec<String>,
    ladder: String,
}

/// What makes a world of a seed.
type Builder = fn(u64) -> world::World;

/// Plays a seed; so many datagrams of a thousand arrive a second time, damaged.
fn play(build: Builder, seed: u64, damaged_permille: u64, tally: &mut Tally) -> Played {
    let mut world = build(seed);
    world.damaged_permille = damaged_permille;
    let outcome = catch_unwind(AssertUnwindSafe(|| scenario::play(&mut world)));
    let faults = match outcome {
        Ok(()) => {
            let events = world.store.log.len() as u64 + 1;
            let cut = random::Random::new(!seed).below(events) as usize;
            verdict::faults(&world, cut)
        }
        Err(_) => vec!["it panicked".to_owned()],
    };
    tally.count(&world);
    let wanted = from_environment("SIM_SEED").is_some() || !faults.is_empty();
    let ladder = if wanted { world.ladder.text() } else { String::new() };
    Played { faults, ladder }
}

fn from_environment(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is not a number: {text}")))
}

/// Plays what the environment asks for.
fn play_all(build: Builder, plain: u64, damaged_permille: u64, met: &[&str]) {
    let mut tally = Tally::default();
    if let Some(seed) = from_environment("SIM_SEED") {
        let played = play(build, seed, damaged_permille, &mut tally);
        eprintln!("{}\n{tally}", played.ladder);
        assert!(played.faults.is_empty(), "seed {seed}: {:#?}", played.faults);
        return;
    }
    let mut failed: Vec<(u64, Played)> = Vec::new();
    let seeds = from_environment("SIM_SEEDS").unwrap_or(plain);
    let first = from_environment("SIM_FROM").unwrap_or(0);
    for seed in first..first + seeds {
        let played = play(build, seed, damaged_permille, &mut tally);
        if !played.faults.is_empty() {
            failed.push((seed, played));
        }
    }
    if let Some((seed, played)) = failed.first() {
        let faults =
            failed.iter().map(|(seed, played)| format!("seed {seed}: {:?}", played.faults));
        let faults: Vec<_> = faults.collect();
        let (count, faults) = (faults.len(), faults[..faults.len().min(SHOWN)].join("\n"));
        panic!("{}\n{faults}\n{count} failed; again: SIM_SEED={seed}", played.ladder);
    }
    eprintln!("{seeds} seeds\n{tally}");
    if seeds >= plain {
        let missing = tally.missing(met);
        assert!(missing.is_empty(), "the seeds never met {missing:?}");
    }
}

#[test]
fn seeds() {
    play_all(scenario::world, SEEDS, 0, &MET);
}

/// The same, and messages arrive that nobody sent.
#[test]
fn seeds_with_damaged_datagrams() {
    play_all(scenario::world, SEEDS, 50, &["malformed"]);
}

/// People hand calls on, join, park and fetch them, by telephone and at a screen.
#[test]
fn seeds_of_call_control() {
    play_all(control::world, CONTROL_SEEDS, 0, &CONTROL_MET);
}

/// The same, and messages arrive that nobody sent.
#[test]
fn seeds_of_call_control_with_damaged_datagrams() {
    play_all(control::world, SEEDS, 50, &["malformed", "refer 202"]);
}

/// The same inputs give the same outputs: else no failure could be played again.
#[test]
fn a_seed_is_one_run() {
    for (seed, build) in (0..5).flat_map(|seed| [(seed, BUILDERS[0]), (seed, BUILDERS[1])]) {
        let run = || {
            let mut world = build(seed);
            scenario::play(&mut world);
            world.ladder.text()
        };
        assert!(run() == run(), "seed {seed}");
    }
}
