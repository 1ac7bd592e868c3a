//! Talks: how calls are handed on, joined and ended, and what everybody hears and sees meanwhile.

mod cold;
mod conference;
mod holds;
mod orders;
mod regressions;
mod warm;

use crate::directory::directory;
use crate::script::handed_on_in;
use crate::world::World;

/// Ana has answered Carl after 5 s.
const TALKING: &str = "registered ana ben cat dan eve
    0 call +15557770001 -> +15550100001
    5 ana answers\n";

/// Plays what comes after that, from 6 s on.
fn told(script: &str) -> String {
    told_in(World::new(directory("")), script)
}

fn told_in(world: World, script: &str) -> String {
    handed_on_in(world, 6.0, &format!("{TALKING}{script}"))
}
