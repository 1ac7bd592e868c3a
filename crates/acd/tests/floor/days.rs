//! Random days; `examples/days.rs` lives through more of them.

use crate::day::{Day, Seen};

#[test]
fn random_days() {
    let mut seen = Seen::default();
    for seed in 0..1_000 {
        seen.add(Day::live(seed));
    }
    // The days are worth something.
    assert!(seen.offers > 8_000 && seen.answers > 2_500 && seen.misses > 500, "{seen:?}");
    assert!(seen.callbacks > 200 && seen.full > 50 && seen.laps_over > 20, "{seen:?}");
    assert!(seen.pauses > 20, "{seen:?}");
}
