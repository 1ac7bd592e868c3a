//! `cargo xtask bench`: what things cost, as a table. Each stage is a module that returns rows.
//! Instructions are counted rather than timed where that is possible: wall time on a small shared
//! machine swings by a factor of two.

mod counter;
mod table;
mod transport;

use table::Row;

/// One measurement of several rows.
struct Stage {
    name: &'static str,
    measure: fn() -> anyhow::Result<Vec<Row>>,
}

const STAGES: &[Stage] = &[Stage {
    name: "transport",
    measure: transport::measure,
}];

/// Runs the stages named, or all of them.
pub(crate) fn run(names: &[&str]) -> anyhow::Result<()> {
    for name in names {
        let known: Vec<&str> = STAGES.iter().map(|stage| stage.name).collect();
        anyhow::ensure!(
            known.contains(name),
            "no stage `{name}`; there are {known:?}"
        );
    }
    for stage in STAGES {
        if names.is_empty() || names.contains(&stage.name) {
            let rows = (stage.measure)()?;
            println!("{}", table::format(stage.name, &rows));
        }
    }
    Ok(())
}
