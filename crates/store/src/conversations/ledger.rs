//! R9, step 1 of §7.2: the ledger `assignment`. Its primary key makes a second worker on the same
//! call wait; what is there already decides by [`conversation::admits`].

use std::fmt::Write as _;

use conversation::{AssignmentResult, LedgerRow, RULE_VERSION, Source, admits};
use model::Millis;
use model::call_graph::FinishedCallGraph;
use sha2::{Digest as _, Sha256};
use sqlx::sqlite::SqliteConnection;

use crate::Error;
use crate::rows::Columns;

/// A delivery.
pub(super) struct Entry<'a> {
    pub(super) graph: &'a FinishedCallGraph,
    pub(super) result: AssignmentResult,
    pub(super) source: Source,
    pub(super) at: Millis,
}

/// Whether a delivery gets in.
pub(super) enum Admitted {
    /// It is the first of its call.
    First,
    /// It replaces an earlier one.
    Again,
    /// It has no effect.
    No,
}

pub(super) async fn admit(
    connection: &mut SqliteConnection,
    entry: &Entry<'_>,
) -> Result<Admitted, Error> {
    let sql = "INSERT INTO assignment(revision, result, payload_hash, rule_version, source, \
               assigned_at, call_id) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT(call_id) DO NOTHING";
    if write(connection, sql, entry).await? == 1 {
        return Ok(Admitted::First);
    }
    let sql = "SELECT revision, result FROM assignment WHERE call_id = ?";
    let row =
        sqlx::query(sql).bind(entry.graph.call_id.as_str()).fetch_one(&mut *connection).await?;
    let columns = Columns { table: "assignment", row: &row };
    let stored =
        LedgerRow { revision: columns.number("revision")?, result: columns.word("result")? };
    if !admits(Some(stored), entry.graph.revision, entry.source) {
        return Ok(Admitted::No);
    }
    let sql = "UPDATE assignment SET revision = ?, result = ?, payload_hash = ?, \
               rule_version = ?, source = ?, assigned_at = ? WHERE call_id = ?";
    write(connection, sql, entry).await?;
    Ok(Admitted::Again)
}

async fn write(
    connection: &mut SqliteConnection,
    sql: &'static str,
    entry: &Entry<'_>,
) -> Result<u64, Error> {
    let done = sqlx::query(sql)
        .bind(i64::from(entry.graph.revision))
        .bind(entry.result.as_str())
        .bind(hash(entry.graph)?)
        .bind(i64::from(RULE_VERSION))
        .bind(entry.source.as_str())
        .bind(entry.at.0)
        .bind(entry.graph.call_id.as_str())
        .execute(connection)
        .await?;
    Ok(done.rows_affected())
}

/// SHA-256 of the document as this program writes it, hex: the same graph, however it was spaced.
fn hash(graph: &FinishedCallGraph) -> Result<String, Error> {
    let document = serde_json::to_vec(graph)
        .map_err(|error| Error::Statement { message: error.to_string() })?;
    let mut text = String::with_capacity(64);
    for byte in Sha256::digest(document) {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    Ok(text)
}
