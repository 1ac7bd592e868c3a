//! The calls while they happen: one line for each change, read from the rows as any other program
//! could read them, with the time that the row itself has.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use model::call_graph::CallGraph;
use model::call_graph::graph::{CallInteraction, ConnectionAttempt};
use model::call_graph::words::{AttemptOutcome, CallState, InteractionKind};
use model::{CallId, Millis};
use store::{Database, Error, Repository as _};

use super::MOST;
use super::directory::Names;
use super::facts::{self, attempted, target};
use super::host::unreadable;
use super::report::{Paint, seconds, words};
use super::story::SCENES;
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
    finished: bool,
}

/// One line: when, and what happened.
type Change = (Millis, String);

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
        let mut changes = self.changes(database).await.map_err(unreadable)?;
        // Stable: what one call did in one instant stays in its order.
        changes.sort_by_key(|(at, _, _)| *at);
        for (at, scene, text) in changes {
            let time = seconds(self.began, at);
            let (number, title) = match scene {
                Some(index) => ((index + 1).to_string(), SCENES[index].title),
                None => ("?".to_owned(), "no scene's call"),
            };
            let tag = self.paint.of_scene(scene, &format!("{number} {title:<15}"));
            writeln!(out, "  {} {tag} {text}", self.paint.dim(&format!("{time:>6}")))?;
        }
        out.flush()?;
        Ok(())
    }

    async fn changes(
        &mut self,
        database: &Database,
    ) -> Result<Vec<(Millis, Option<usize>, String)>, Error> {
        let mut all = Vec::new();
        for id in database.latest_calls(MOST).await? {
            let shown = self.shown.entry(id.clone()).or_default();
            if shown.finished {
                continue;
            }
            let Some(graph) = database.call(&id).await? else { continue };
            let scene = SCENES.iter().position(|scene| facts::is_of(&graph, scene));
            let changes = shown.changes(&graph, self.names);
            all.extend(changes.into_iter().map(|(at, text)| (at, scene, text)));
        }
        Ok(all)
    }
}

impl Shown {
    /// What is new in a call; it counts as shown then.
    fn changes(&mut self, graph: &CallGraph, names: &Names) -> Vec<Change> {
        let mut changes = Vec::new();
        for row in &graph.interactions[self.interactions.min(graph.interactions.len())..] {
            changes.extend(interaction(row, graph, names).map(|text| (row.at, text)));
        }
        self.interactions = graph.interactions.len();
        for row in &graph.attempts {
            if let Some(at) = row.ringing_at
                && self.ringing.insert(row.id.to_string())
            {
                changes.push((at, format!("  {} rings", attempted(row, names))));
            }
            if let (Some(at), Some(outcome)) = (row.ended_at, row.outcome)
                && self.ended.insert(row.id.to_string())
                && outcome != AttemptOutcome::Answered
            {
                changes.push((at, failed_attempt(row, outcome, names)));
            }
        }
        self.finished = graph.call.state == CallState::Finished;
        changes
    }
}

fn failed_attempt(row: &ConnectionAttempt, outcome: AttemptOutcome, names: &Names) -> String {
    let who = attempted(row, names);
    match outcome {
        AttemptOutcome::AnsweredElsewhere => format!("  {who} stops ringing: answered elsewhere"),
        AttemptOutcome::NoAnswer => format!("  {who} does not answer"),
        AttemptOutcome::Declined => format!("  {who} declines"),
        AttemptOutcome::CallerHangup => format!("  {who} stops ringing: the caller gave up"),
        AttemptOutcome::Answered
        | AttemptOutcome::Busy
        | AttemptOutcome::Canceled
        | AttemptOutcome::Unavailable
        | AttemptOutcome::Failed => format!("  {who}: {}", words(outcome.as_str())),
    }
}

/// An interaction in a reader's words; `None` where another line says it already.
fn interaction(row: &CallInteraction, graph: &CallGraph, names: &Names) -> Option<String> {
    let user = row.user_id.as_ref().map_or("somebody", |id| names.id(id.as_str()));
    let connection = row.connection_id.as_ref();
    let connection = graph.connections.iter().find(|of| Some(&of.id) == connection);
    let of_data = |key: &str| row.data.get(key).and_then(|value| value.as_str());
    let text = match row.kind {
        InteractionKind::CallStarted => {
            let from = graph.call.from_number.as_deref();
            let to = graph.call.to_number.as_deref();
            let party = |number: Option<&str>| {
                number.map_or("somebody".to_owned(), |number| match names.known(number) {
                    Some(name) if name != number => format!("{name} ({number})"),
                    Some(_) | None => number.to_owned(),
                })
            };
            format!("{} calls {}", party(from), party(to))
        }
        InteractionKind::IvrEntered => {
            let ivr = row.ivr_id.as_ref().map_or("an IVR", |ivr| ivr.as_str());
            format!("enters {ivr}")
        }
        InteractionKind::RoutingStarted => {
            let whom = of_data("target").map_or("somebody", |id| names.id(id));
            match of_data("strategy") {
                Some("simulring") => format!("rings everybody in {whom} at once"),
                Some("round_robin") => format!("rings {whom} one after another"),
                Some(_) | None => format!("rings {whom}"),
            }
        }
        InteractionKind::DialStarted => {
            let whom = connection.map_or("outside".to_owned(), |row| target(row, names));
            format!("dials {whom} through the trunk")
        }
        InteractionKind::Answered => match &row.user_id {
            Some(_) => format!("{user} answers"),
            None => {
                let whom = connection.map_or("the far end".to_owned(), |row| target(row, names));
                format!("{whom} answers")
            }
        },
        InteractionKind::NoAnswer => {
            format!("nobody answers: {}", words(of_data("reason").unwrap_or("no reason")))
        }
        InteractionKind::Hold => format!("{user} puts the caller on hold"),
        InteractionKind::Resume => format!("{user} takes the caller back"),
        InteractionKind::CallEnded => {
            let outcome = graph.call.outcome.map_or("over", |outcome| outcome.as_str());
            let took = seconds(graph.call.initiated_at, row.at);
            let by = of_data("by").unwrap_or("nobody");
            format!("ends after {took} s: {}, by {by}", words(outcome))
        }
        InteractionKind::IvrExited if of_data("reason") == Some("next_ivr") => {
            "goes on to the next IVR".to_owned()
        }
        InteractionKind::IvrExited => return None,
        InteractionKind::MenuSelected
        | InteractionKind::MenuInvalid
        | InteractionKind::MenuTimeout
        | InteractionKind::ScheduleMatched
        | InteractionKind::TransferStarted
        | InteractionKind::TransferCompleted
        | InteractionKind::TransferAbandoned
        | InteractionKind::TransferReturned
        | InteractionKind::TransferUnanswered
        | InteractionKind::ParticipantLeft
        | InteractionKind::CallAbsorbed
        | InteractionKind::Dtmf
        | InteractionKind::TrunkFailover
        | InteractionKind::MediaTimeout
        | InteractionKind::DataLoss => words(row.kind.as_str()),
    };
    Some(text)
}
