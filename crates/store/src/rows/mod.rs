//! The rows of a call in the tables of `schema.sql`. Writing is idempotent: the same row twice is
//! the same row, a row of a finished call is never touched again, and what the API may change
//! (record, revision) is not overwritten by a replay. A batch costs one statement a table and
//! power-of-two number of rows, because a statement costs more than a row.

mod load;
mod statement;
mod tables;

use model::CallId;
use model::Millis;
use model::call_graph::CallGraph;
use model::call_graph::graph::{
    Call, CallInteraction, CallParticipant, Connection, ConnectionAttempt, QualityEvent,
};
use sqlx::sqlite::SqliteConnection;

pub(crate) use load::Columns;
pub use load::{load_graph, load_live, states};

use crate::Error;

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
    /// Rows of `graph_outbox`.
    pub outbox: Vec<OutboxRow>,
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

impl<'a> RowBatch<'a> {
    /// Adds every row of a call.
    pub fn add_graph(&mut self, graph: &'a CallGraph) {
        self.calls.push(&graph.call);
        self.connections.extend(&graph.connections);
        self.attempts.extend(&graph.attempts);
        self.participants.extend(&graph.participants);
        self.interactions.extend(&graph.interactions);
        self.quality_events.extend(&graph.quality_events);
    }

    /// How many rows it holds.
    pub fn len(&self) -> usize {
        self.calls.len()
            + self.connections.len()
            + self.attempts.len()
            + self.participants.len()
            + self.interactions.len()
            + self.quality_events.len()
            + self.outbox.len()
    }

    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Writes a batch; the caller's transaction makes it one.
///
/// # Errors
/// Whatever keeps SQLite from writing; then the transaction must be rolled back.
pub async fn save(connection: &mut SqliteConnection, batch: &RowBatch<'_>) -> Result<(), Error> {
    statement::write(connection, &batch.calls).await?;
    statement::write(connection, &batch.connections).await?;
    statement::write(connection, &batch.attempts).await?;
    statement::write(connection, &batch.participants).await?;
    statement::write(connection, &batch.interactions).await?;
    statement::write(connection, &batch.quality_events).await?;
    let outbox: Vec<&OutboxRow> = batch.outbox.iter().collect();
    statement::write(connection, &outbox).await
}

#[cfg(test)]
mod tests;
