//! What must hold of every finished call: T01–T20 of `invariants.sql`, the CHECKs of `schema.sql`
//! and the demands of the JSON Schema of `finished_call_graph/1` (model.md §6.1).
//!
//! Guarantee: whatever the JSON Schema refuses, [`read`] refuses, and the rows of a graph that
//! passes [`check`] break no T-invariant of the database. [`check_emission`] is stricter: it
//! holds of the graphs that this server writes (§6.2), not of everybody's.

mod emission;
mod log;
mod rows;
mod shape;

use std::fmt;

use serde::Deserialize;

use super::graph::{FinishedCallGraph, SCHEMA};
use crate::Millis;

/// One thing that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The invariant: `T01`–`T20`, `schema` (JSON Schema or CHECK) or `6.2` (emission rules).
    pub rule: &'static str,
    /// The row: its id, or the name of its list and its number.
    pub row: String,
    /// What should hold of it.
    pub demand: &'static str,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}", self.row, self.rule, self.demand)
    }
}

/// Why a hand-off document is refused. An invalid document changes nothing.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Not JSON, or not of the shape of a call graph.
    #[error("not a finished call graph: {0}")]
    Shape(#[from] serde_json::Error),
    /// A version of the format that this consumer does not know.
    #[error("schema `{0}` is not {SCHEMA}")]
    Version(String),
    /// It contradicts itself; at least one violation.
    #[error("{}", list(.0))]
    Invalid(Vec<Violation>),
}

fn list(violations: &[Violation]) -> String {
    const SHOWN: usize = 5;
    let mut text =
        violations.iter().take(SHOWN).map(ToString::to_string).collect::<Vec<_>>().join("; ");
    if violations.len() > SHOWN {
        text.push_str(&format!("; and {} more", violations.len() - SHOWN));
    }
    text
}

/// Reads and checks one hand-off document.
///
/// # Errors
/// [`Refused`] for whatever the JSON Schema refuses and for every graph whose rows would break
/// an invariant of the database.
pub fn read(text: &str) -> Result<FinishedCallGraph, Refused> {
    let graph = match serde_json::from_str::<FinishedCallGraph>(text) {
        Ok(graph) if &*graph.schema == SCHEMA => graph,
        Ok(graph) => return Err(Refused::Version(graph.schema.to_string())),
        Err(error) => return Err(of_another_version(text).unwrap_or(Refused::Shape(error))),
    };
    check(&graph).map_err(Refused::Invalid)?;
    Ok(graph)
}

/// Rows of another version are refused for their version, not for their shape.
fn of_another_version(text: &str) -> Option<Refused> {
    #[derive(Deserialize)]
    struct Version {
        schema: String,
    }

    let version: Version = serde_json::from_str(text).ok()?;
    (version.schema != SCHEMA).then_some(Refused::Version(version.schema))
}

/// Checks a graph as `tandem assign` accepts it.
///
/// # Errors
/// Every violation found; never an empty list.
pub fn check(graph: &FinishedCallGraph) -> Result<(), Vec<Violation>> {
    let mut found = Findings::default();
    shape::check(graph, &mut found);
    rows::check(graph, &mut found);
    log::check(graph, &mut found);
    found.into_result()
}

/// Checks a graph as this server emits it: [`check`] and the emission rules of §6.2.
///
/// # Errors
/// Every violation found; never an empty list.
pub fn check_emission(graph: &FinishedCallGraph) -> Result<(), Vec<Violation>> {
    let mut found = Findings::default();
    if let Err(violations) = check(graph) {
        found.0 = violations;
    }
    emission::check(graph, &mut found);
    found.into_result()
}

/// Violations found so far.
#[derive(Default)]
struct Findings(Vec<Violation>);

impl Findings {
    fn demand(
        &mut self,
        holds: bool,
        rule: &'static str,
        row: &dyn fmt::Display,
        demand: &'static str,
    ) {
        if !holds {
            self.0.push(Violation { rule, row: row.to_string(), demand });
        }
    }

    fn into_result(self) -> Result<(), Vec<Violation>> {
        if self.0.is_empty() { Ok(()) } else { Err(self.0) }
    }
}

/// `a < b`, false where either is unknown: SQL's reading, which the invariants are written in.
fn before(a: Option<Millis>, b: Option<Millis>) -> bool {
    matches!((a, b), (Some(a), Some(b)) if a < b)
}

#[cfg(test)]
mod tests;
