//! `cargo xtask bench`: what things cost, as a table. Each stage is a module that returns rows.
//! Instructions are counted rather than timed where that is possible: wall time on a small shared
//! machine swings by a factor of two.

mod call;
mod core;
mod counter;
mod floor;
mod media;
mod program;
mod queue;
mod server;
mod store;
mod table;
mod transport;

use table::Row;

/// One measurement of several rows.
struct Stage {
    name: &'static str,
    measure: fn() -> anyhow::Result<Vec<Row>>,
}

const STAGES: &[Stage] = &[
    Stage { name: "parse", measure: core::parse },
    Stage { name: "core", measure: core::call },
    Stage { name: "transport", measure: transport::measure },
    Stage { name: "call", measure: call::measure },
    Stage { name: "rate", measure: call::rate },
    Stage { name: "memory", measure: call::memory },
    Stage { name: "register", measure: register },
    Stage { name: "relay", measure: media::relay },
    Stage { name: "beside", measure: media::beside },
    Stage { name: "sound", measure: media::sound },
    Stage { name: "assign", measure: store::assign },
    Stage { name: "floor", measure: floor::measure },
    Stage { name: "queue", measure: queue::measure },
];

fn register() -> anyhow::Result<Vec<Row>> {
    let mut rows = core::register()?;
    rows.extend(call::register()?);
    Ok(rows)
}

/// Runs the stages named, or all of them.
pub(crate) fn run(names: &[&str]) -> anyhow::Result<()> {
    if let ["queue", "--seconds", seconds] = names {
        let rows = queue::measure_for(seconds.parse()?)?;
        println!("{}", table::format("queue", &rows));
        return Ok(());
    }
    for name in names {
        let known: Vec<&str> = STAGES.iter().map(|stage| stage.name).collect();
        anyhow::ensure!(known.contains(name), "no stage `{name}`; there are {known:?}");
    }
    for stage in STAGES {
        if names.is_empty() || names.contains(&stage.name) {
            let rows = (stage.measure)()?;
            println!("{}", table::format(stage.name, &rows));
        }
    }
    Ok(())
}
