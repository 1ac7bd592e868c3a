//! What it costs to decide who gets whom, as agents grow in number.

use super::program;
use super::table::Row;

/// The table of the floor's own bench.
pub(super) fn measure() -> anyhow::Result<Vec<Row>> {
    print!("{}", program::example("acd", "decision")?.output(&[])?);
    Ok(Vec::new())
}
