//! The calls while they happen: one line for each change, read from the rows as any other program
//! could read them, with the time that the row itself has.

mod telling;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use model::call_graph::CallGraph;
use model::call_graph::words::{AttemptOutcome, CallState, InteractionKind};
use model::{CallId, Millis};
use store::{Database, Error, Repository as _};

use super::directory::Names;
use super::host::unreadable;
use super::report::{Paint, seconds};
use super::story::SCENES;
use super::{MOST, facts};
use crate::failure::Failure;

/// The view, and what it has shown.
pub(super) struct Live<'n> {
    names: &'n Names,
    began: Millis,
    paint: Paint,
    shown: BTreeMap<CallId, Shown>,
}

/// What was shown of a call.
#[derive(Debug, Default)]
struct Shown {
    interactions: usize,
    ringing: BTreeSet<String>,
    ended: BTreeSet<String>,
    bad: BTreeSet<String>,
    good: BTreeSet<String>,
    finished: bool,
}

/// One line. What happened to a call in one instant is told in the order of the fields.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Change {
    at: Millis,
    /// The scene, or none.
    scene: Option<usize>,
    turn: Turn,
    text: String,
}

/// Within one instant: who does not answer is told before what comes of that, who rings or stops
/// ringing after why, and the end last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Turn {
    Failed,
    /// An interaction, by its number.
    Interaction(u32),
    Rings,
    Stops,
    Bad,
    Good,
    Ended,
}

impl<'n> Live<'n> {
    /// A view whose times count from `began`.
    pub(super) fn new(names: &'n Names, began: Millis, paint: Paint) -> Self {
        Self { names, began, paint, shown: BTreeMap::new() }
    }

    /// Prints what has changed since the last time.
    pub(super) async fn print(
        &mut self,
        database: &Database,
        out: &mut impl Write,
    ) -> Result<(), Failure> {
        let changes = self.changes(database).await.map_err(unreadable)?;
        for Change { at, scene, text, .. } in changes {
            let time = seconds(self.began, at);
            let (number, title) = match scene {
                Some(index) => ((index + 1).to_string(), SCENES[index].title),
                None => ("?".to_owned(), "no scene's call"),
            };
            let tag = self.paint.of_scene(scene, &format!("{number:>2} {title:<15}"));
            writeln!(out, "  {} {tag} {text}", self.paint.dim(&format!("{time:>6}")))?;
        }
        out.flush()?;
        Ok(())
    }

    async fn changes(&mut self, database: &Database) -> Result<Vec<Change>, Error> {
        let mut all = Vec::new();
        for id in database.latest_calls(MOST).await? {
            let shown = self.shown.entry(id.clone()).or_default();
            if shown.finished {
                continue;
            }
            let Some(graph) = database.call(&id).await? else { continue };
            let scene = SCENES.iter().position(|scene| facts::is_of(&graph, scene));
            all.extend(shown.changes(scene, &graph, self.names));
        }
        all.sort();
        Ok(all)
    }
}

impl Shown {
    /// What is new in a call; it counts as shown then.
    fn changes(&mut self, scene: Option<usize>, graph: &CallGraph, names: &Names) -> Vec<Change> {
        let mut changes = Vec::new();
        let change = |at, turn, text| Change { at, scene, turn, text };
        for row in graph.interactions.iter().skip(self.interactions) {
            let ended = row.kind == InteractionKind::CallEnded;
            let turn = if ended { Turn::Ended } else { Turn::Interaction(row.seq) };
            let text = telling::interaction(row, graph, names);
            changes.extend(text.map(|text| change(row.at, turn, text)));
        }
        self.interactions = graph.interactions.len();
        for row in &graph.attempts {
            if let Some(at) = row.ringing_at
                && self.ringing.insert(row.id.to_string())
            {
                changes.push(change(at, Turn::Rings, telling::ringing(row, names)));
            }
            // Who answers is told by the interaction.
            if let (Some(at), Some(outcome)) = (row.ended_at, row.outcome)
                && self.ended.insert(row.id.to_string())
                && outcome != AttemptOutcome::Answered
            {
                let stopped = [AttemptOutcome::AnsweredElsewhere, AttemptOutcome::CallerHangup];
                let turn = if stopped.contains(&outcome) { Turn::Stops } else { Turn::Failed };
                changes.push(change(at, turn, telling::failed_attempt(row, outcome, names)));
            }
        }
        for row in &graph.quality_events {
            if self.bad.insert(row.id.to_string()) {
                let text = telling::bad_moment(row, graph, names);
                changes.push(change(row.raised_at, Turn::Bad, text));
            }
            if let Some(at) = row.cleared_at
                && self.good.insert(row.id.to_string())
            {
                let text = telling::good_again(row, graph, names);
                changes.push(change(at, Turn::Good, text));
            }
        }
        self.finished = graph.call.state == CallState::Finished;
        changes
    }
}
