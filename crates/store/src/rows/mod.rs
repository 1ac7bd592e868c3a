//! The rows of a call in the tables of `schema.sql`. Writing is idempotent: the same row twice is
//! the same row, a row of a finished call is never touched again, and what the API may change
//! (record, revision) is not overwritten by a replay. A batch costs one statement a table and
//! power-of-two number of rows, because a statement costs more than a row.

mod load;
mod rewritten;
pub(crate) mod statement;
mod tables;

use std::collections::BTreeMap;

use model::CallId;
use model::Millis;
use model::call_graph::graph::{
    Call, CallInteraction, CallParticipant, Connection, ConnectionAttempt, DecisionRow,
    QualityEvent, QueueWait,
};
use model::call_graph::words::CallState;
use model::call_graph::{CallGraph, FinishedCallGraph};
use sqlx::sqlite::SqliteConnection;

pub(crate) use load::{Columns, load_call};
pub use load::{load_decisions, load_graph, load_live, load_queue_waits, states};

use crate::Error;
use crate::stream::EventRow;

/// Rows that are written together. Children come after their parents.
#[derive(Debug, Default)]
pub struct RowBatch<'a> {
    /// Rows of `call`.
    pub calls: Vec<&'a Call>,
    /// Rows of `connection`.
    pub connections: Vec<&'a Connection>,
    /// Rows of `connection_attempt`.
    pub attempts: Vec<&'a ConnectionAttempt>,
    /// Rows of `call_participant`.
    pub participants: Vec<&'a CallParticipant>,
    /// Rows of `call_interaction`.
    pub interactions: Vec<&'a CallInteraction>,
    /// Rows of `quality_event`.
    pub quality_events: Vec<&'a QualityEvent>,
    /// Rows of `queue_wait`.
    pub queue_waits: Vec<&'a QueueWait>,
    /// Rows of `routing_decision`.
    pub decisions: Vec<&'a DecisionRow>,
    /// Rows of `graph_outbox`.
    pub outbox: Vec<OutboxRow>,
    /// Rows of `call_event`.
    pub events: Vec<&'a EventRow>,
    /// Calls of which the database may have rows that the graph has no longer.
    pub rewritten: Vec<&'a CallGraph>,
}

/// A row of `graph_outbox`: a finished call that waits for its conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxRow {
    /// The call.
    pub call_id: CallId,
    /// Its revision.
    pub revision: u32,
    /// The `finished_call_graph/1` document.
    pub payload: String,
    /// When the call ended.
    pub created_at: Millis,
}

impl OutboxRow {
    /// The hand-off of a finished call.
    ///
    /// # Errors
    /// [`Error::Statement`] when the document cannot be written as JSON (a number that JSON does
    /// not know).
    pub fn of(graph: &CallGraph) -> Result<Self, Error> {
        let document = graph.finished();
        let payload = serde_json::to_string(&document)
            .map_err(|error| Error::Statement { message: error.to_string() })?;
        Ok(Self {
            call_id: document.call_id,
            revision: document.revision,
            payload,
            created_at: document.emitted_at,
        })
    }
}

impl OutboxRow {
    /// The same document of a call that replies to a missed one (D33), which only the database
    /// knows.
    fn replying_to(&self, missed: &CallId) -> Result<Self, Error> {
        let json = |error: serde_json::Error| Error::Statement { message: error.to_string() };
        let mut document: FinishedCallGraph = serde_json::from_str(&self.payload).map_err(json)?;
        document.call.reply_to_call_id = Some(missed.clone());
        let payload = serde_json::to_string(&document).map_err(json)?;
        Ok(Self { payload, ..self.clone() })
    }
}

impl<'a> RowBatch<'a> {
    /// Adds every row of a call.
    pub fn add_graph(&mut self, graph: &'a CallGraph) {
        self.calls.push(&graph.call);
        self.connections.extend(&graph.connections);
        self.attempts.extend(&graph.attempts);
        self.participants.extend(&graph.participants);
        self.interactions.extend(&graph.interactions);
        self.quality_events.extend(&graph.quality_events);
        self.queue_waits.extend(&graph.queue_waits);
        self.decisions.extend(&graph.decisions);
    }

    /// Adds every row of a call whose rows have moved: those that it has no longer go.
    pub fn add_rewritten(&mut self, graph: &'a CallGraph) {
        self.rewritten.push(graph);
        self.add_graph(graph);
    }

    /// How many rows it holds.
    pub fn len(&self) -> usize {
        self.calls.len()
            + self.connections.len()
            + self.attempts.len()
            + self.participants.len()
            + self.interactions.len()
            + self.quality_events.len()
            + self.queue_waits.len()
            + self.decisions.len()
            + self.outbox.len()
            + self.events.len()
    }

    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Writes the rows of a batch, without its hand-offs; the caller's transaction makes it one.
///
/// # Errors
/// Whatever keeps SQLite from writing; then the transaction must be rolled back.
pub async fn save(connection: &mut SqliteConnection, batch: &RowBatch<'_>) -> Result<(), Error> {
    rewritten::clear(connection, &batch.rewritten).await?;
    // What became part of another call names that one.
    let absorbed = |call: &&&Call| call.state == CallState::Absorbed;
    if batch.calls.iter().any(|call| absorbed(&call)) {
        let (last, first): (Vec<&Call>, _) = batch.calls.iter().partition(absorbed);
        statement::write(connection, &first).await?;
        statement::write(connection, &last).await?;
    } else {
        statement::write(connection, &batch.calls).await?;
    }
    statement::write(connection, &batch.connections).await?;
    statement::write(connection, &batch.attempts).await?;
    statement::write(connection, &batch.participants).await?;
    statement::write(connection, &batch.interactions).await?;
    statement::write(connection, &batch.quality_events).await?;
    statement::write(connection, &batch.queue_waits).await?;
    statement::write(connection, &batch.decisions).await?;
    Ok(())
}

/// Writes the hand-offs of a batch whose other rows are written.
///
/// # Errors
/// As [`save`].
pub(crate) async fn save_outbox(
    connection: &mut SqliteConnection,
    batch: &RowBatch<'_>,
    replies: &BTreeMap<CallId, CallId>,
) -> Result<(), Error> {
    let replying = |row: &OutboxRow| {
        replies.get(&row.call_id).map(|missed| row.replying_to(missed)).transpose()
    };
    let changed: Vec<Option<OutboxRow>> =
        batch.outbox.iter().map(replying).collect::<Result<_, _>>()?;
    let outbox: Vec<&OutboxRow> =
        batch.outbox.iter().zip(&changed).map(|(row, new)| new.as_ref().unwrap_or(row)).collect();
    statement::write(connection, &outbox).await
}

#[cfg(test)]
mod tests;
