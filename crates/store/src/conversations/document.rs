//! `tandem assign`: documents from a file. An invalid one changes nothing; the telephony rows of a
//! call that is not known yet are stored with it.

use conversation::{AssignmentResult, Source};
use model::Millis;
use model::call_graph::check::{self, Refused};
use model::call_graph::words::CallState;
use sqlx::sqlite::SqliteConnection;

use super::{AssignReport, assign_graph};
use crate::rows::{self, RowBatch};
use crate::{Database, Error};

/// Why a document was not assigned. Nothing of it was stored.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// It is invalid.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The call is still running here, or was absorbed by another one.
    #[error("call {0} is known here and not finished")]
    NotFinished(model::CallId),
    /// The database did not do it: mostly a row names something that the directory does not have.
    #[error(transparent)]
    Store(#[from] Error),
}

/// Reads, checks and assigns one `finished_call_graph/1` document in a transaction of its own.
///
/// # Errors
/// [`DocumentError`]; then nothing has changed.
pub async fn assign_document(
    database: &Database,
    text: &str,
    source: Source,
    now: Millis,
) -> Result<AssignReport, DocumentError> {
    let graph = check::read(text)?;
    let mut transaction = database.begin().await?;
    let id = graph.call_id.clone();
    let states = rows::states(&mut transaction, std::slice::from_ref(&id)).await?;
    match states.first() {
        Some((_, CallState::Finished)) => {}
        Some(_) => return Err(DocumentError::NotFinished(id)),
        None => {
            let rows = graph.clone().into_rows();
            let mut batch = RowBatch::default();
            batch.add_graph(&rows);
            rows::save(&mut transaction, &batch).await?;
        }
    }
    let report = assign_graph(&mut transaction, &graph, source, now).await?;
    if report.result != AssignmentResult::Duplicate {
        keep(&mut transaction, &graph, text, now).await?;
    }
    transaction.commit().await.map_err(Error::from)?;
    Ok(report)
}

/// The document is kept: it is the audit copy, and what a historic job reads (§7.1).
async fn keep(
    connection: &mut SqliteConnection,
    graph: &model::call_graph::FinishedCallGraph,
    text: &str,
    now: Millis,
) -> Result<(), Error> {
    let sql = "INSERT INTO graph_outbox(call_id, revision, payload, state, created_at) \
               VALUES (?, ?, ?, 'done', ?) ON CONFLICT(call_id, revision) DO NOTHING";
    sqlx::query(sql)
        .bind(graph.call_id.as_str())
        .bind(i64::from(graph.revision))
        .bind(text)
        .bind(now.0)
        .execute(connection)
        .await?;
    Ok(())
}
