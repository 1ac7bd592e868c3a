//! §7.1: finished calls that wait in `graph_outbox`. They are leased, assigned several in one
//! transaction, and done in that same transaction; a crash between means that they are delivered
//! again, which changes nothing twice. One that fails does not take the others with it.

use conversation::Source;
use model::call_graph::{FinishedCallGraph, check};
use model::{CallId, Millis};
use sqlx::Connection as _;
use sqlx::sqlite::SqliteConnection;

use super::{AssignReport, Assigner};
use crate::rows::Columns;
use crate::{Database, Error};

/// How long a leased graph is left alone, milliseconds.
pub const LEASE_MS: i64 = 30_000;
/// Tries after which a graph is `dead`: kept, shown to operators, not tried again.
pub const MAX_TRIES: u32 = 10;
/// First pause before another try, milliseconds; it doubles with every try.
const FIRST_PAUSE_MS: i64 = 500;
/// Longest pause, milliseconds.
const LONGEST_PAUSE_MS: i64 = 300_000;

/// What one round did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Due {
    /// Graphs that were assigned.
    pub assigned: Vec<AssignReport>,
    /// Calls whose graph failed and is tried again later.
    pub failed: Vec<CallId>,
    /// Calls whose graph is given up.
    pub dead: Vec<CallId>,
}

impl Due {
    /// How many graphs were due: as many as were asked for means that more may wait.
    pub fn len(&self) -> usize {
        self.assigned.len() + self.failed.len() + self.dead.len()
    }

    /// Whether nothing was due.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

struct Leased {
    rowid: i64,
    call_id: CallId,
    revision: i64,
    payload: String,
    tries: u32,
}

/// Why one graph failed.
enum Failure {
    /// It never can be assigned.
    Invalid(String),
    /// It may be, later.
    Later(Error),
    /// It took the whole transaction with it.
    Fatal(Error),
}

/// Leases up to `batch` graphs that are due, oldest first, and assigns them in one transaction.
///
/// # Errors
/// What keeps the database from working at all; then no graph of the round was assigned and none
/// has lost a try.
pub async fn assign_due(database: &Database, now: Millis, batch: u32) -> Result<Due, Error> {
    let leased = lease(database, now, batch).await?;
    if leased.is_empty() {
        return Ok(Due::default());
    }
    // Savepoints make SQLite copy every page it changes: they wait until one graph has failed.
    let assigned = match assign(database, &leased, now, Guard::None).await {
        Ok(None) => assign(database, &leased, now, Guard::Savepoint).await,
        settled => settled,
    };
    match assigned {
        Ok(due) => Ok(due.unwrap_or_default()),
        Err(error) => {
            // A lease that cannot be given back runs out by itself.
            let _ = give_back(database, &leased).await;
            Err(error)
        }
    }
}

/// Gives back every lease: for the start of the only server that uses the database.
///
/// # Errors
/// When the database cannot be written.
pub async fn release_leases(database: &Database) -> Result<u64, Error> {
    let mut transaction = database.begin().await?;
    let sql = "UPDATE graph_outbox SET state = 'pending', leased_until = NULL \
               WHERE state = 'leased'";
    let released = sqlx::query(sql).execute(&mut *transaction).await?.rows_affected();
    transaction.commit().await?;
    Ok(released)
}

async fn lease(database: &Database, now: Millis, batch: u32) -> Result<Vec<Leased>, Error> {
    let mut transaction = database.begin().await?;
    // Pending with a time: it failed and waited. Leased with one that is over: its worker is gone.
    // Each part walks the index of its state in order, however long the queue is; naming both
    // states lets SQLite use that partial index, and naming rows by rowid keeps it from scanning.
    let sql = "UPDATE graph_outbox SET state = 'leased', leased_until = ?1 + ?2, \
               tries = tries + 1 WHERE rowid IN ( \
               SELECT * FROM (SELECT rowid FROM graph_outbox \
                WHERE state IN ('pending','leased') AND state = 'leased' AND leased_until <= ?1 \
                ORDER BY leased_until LIMIT ?3) \
               UNION ALL \
               SELECT * FROM (SELECT rowid FROM graph_outbox \
                WHERE state IN ('pending','leased') AND state = 'pending' AND leased_until <= ?1 \
                ORDER BY leased_until LIMIT ?3) \
               UNION ALL \
               SELECT * FROM (SELECT rowid FROM graph_outbox \
                WHERE state IN ('pending','leased') AND state = 'pending' \
                AND leased_until IS NULL ORDER BY created_at LIMIT ?3) \
               LIMIT ?3) \
               RETURNING rowid, call_id, revision, payload, tries, created_at";
    let rows = sqlx::query(sql)
        .bind(now.0)
        .bind(LEASE_MS)
        .bind(i64::from(batch))
        .fetch_all(&mut *transaction)
        .await?;
    let mut leased = Vec::with_capacity(rows.len());
    for row in &rows {
        let columns = Columns { table: "graph_outbox", row };
        let of = Leased {
            rowid: columns.number("rowid")?,
            call_id: columns.id("call_id")?,
            revision: columns.number("revision")?,
            payload: columns.text("payload")?,
            tries: columns.number("tries")?,
        };
        leased.push((columns.time("created_at")?, of));
    }
    transaction.commit().await?;
    // RETURNING has no order.
    leased.sort_by(|(a, x), (b, y)| (a, &x.call_id, x.revision).cmp(&(b, &y.call_id, y.revision)));
    Ok(leased.into_iter().map(|(_, of)| of).collect())
}

/// How a failing graph is kept from taking others with it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Guard {
    /// Not: the whole transaction is given up.
    None,
    /// What it did is undone.
    Savepoint,
}

/// Assigns what is leased in one transaction; `None`: one failed, and there was no guard.
async fn assign(
    database: &Database,
    leased: &[Leased],
    now: Millis,
    guard: Guard,
) -> Result<Option<Due>, Error> {
    let mut transaction = database.begin().await?;
    let mut due = Due::default();
    let mut done = Vec::with_capacity(leased.len());
    {
        let mut assigner = Assigner::begin(&mut transaction, now).await?;
        let graphs: Vec<_> = leased.iter().map(|of| check::read(&of.payload)).collect();
        assigner.look_up(graphs.iter().flatten()).await?;
        for (of, graph) in leased.iter().zip(graphs) {
            let assigned = match (graph, guard) {
                (Err(why), _) => Err(Failure::Invalid(why.to_string())),
                (Ok(graph), Guard::None) => {
                    assigner.assign(&graph, Source::Live).await.map_err(Failure::Later)
                }
                (Ok(graph), Guard::Savepoint) => assigner.assign_apart(&graph).await,
            };
            match assigned {
                Ok(report) => {
                    due.assigned.push(report);
                    done.push(of.rowid);
                }
                Err(Failure::Fatal(error)) => return Err(error),
                Err(Failure::Later(error)) if error.is_transient() => return Err(error),
                Err(Failure::Later(_)) if guard == Guard::None => return Ok(None),
                Err(failure @ (Failure::Invalid(_) | Failure::Later(_))) => {
                    let given_up = fail(assigner.connection, of, failure, now).await?;
                    let list = if given_up { &mut due.dead } else { &mut due.failed };
                    list.push(of.call_id.clone());
                }
            }
        }
    }
    finish(&mut transaction, &done).await?;
    transaction.commit().await?;
    Ok(Some(due))
}

impl Assigner<'_> {
    /// Assigns one graph behind a savepoint.
    async fn assign_apart(&mut self, graph: &FinishedCallGraph) -> Result<AssignReport, Failure> {
        let fatal = |error: sqlx::Error| Failure::Fatal(Error::from(error));
        let mut savepoint = self.connection.begin().await.map_err(fatal)?;
        let mut inner = Assigner {
            connection: &mut savepoint,
            settings: self.settings.clone(),
            // What is looked up behind the savepoint may be undone with it.
            known: self.known.clone(),
            now: self.now,
        };
        match inner.assign(graph, Source::Live).await {
            Ok(report) => {
                savepoint.commit().await.map_err(fatal)?;
                Ok(report)
            }
            Err(error) => {
                // Some failures make SQLite roll back the whole transaction: then there is no
                // savepoint to go back to, and what follows would not be in a transaction.
                savepoint.rollback().await.map_err(fatal)?;
                Err(Failure::Later(error))
            }
        }
    }
}

async fn finish(connection: &mut SqliteConnection, done: &[i64]) -> Result<(), Error> {
    if done.is_empty() {
        return Ok(());
    }
    let done = serde_json::to_string(done)
        .map_err(|error| Error::Statement { message: error.to_string() })?;
    let sql = "UPDATE graph_outbox SET state = 'done', leased_until = NULL, last_error = NULL \
               WHERE rowid IN (SELECT value FROM json_each(?))";
    sqlx::query(sql).bind(done).execute(connection).await?;
    Ok(())
}

/// Notes a failure; whether the graph is given up.
async fn fail(
    connection: &mut SqliteConnection,
    of: &Leased,
    failure: Failure,
    now: Millis,
) -> Result<bool, Error> {
    let (given_up, why) = match failure {
        Failure::Invalid(why) => (true, why),
        Failure::Later(error) | Failure::Fatal(error) => (of.tries > MAX_TRIES, error.to_string()),
    };
    let pause = FIRST_PAUSE_MS.saturating_mul(1 << of.tries.min(16)).min(LONGEST_PAUSE_MS);
    let (state, until) = if given_up {
        tracing::error!(call_id = %of.call_id, "a call graph cannot be assigned: {why}");
        ("dead", None)
    } else {
        tracing::warn!(call_id = %of.call_id, tries = of.tries, "a call graph failed: {why}");
        ("pending", Some(now.0.saturating_add(pause)))
    };
    let sql = "UPDATE graph_outbox SET state = ?, leased_until = ?, last_error = ? \
               WHERE call_id = ? AND revision = ?";
    sqlx::query(sql)
        .bind(state)
        .bind(until)
        .bind(why)
        .bind(of.call_id.as_str())
        .bind(of.revision)
        .execute(connection)
        .await?;
    Ok(given_up)
}

async fn give_back(database: &Database, leased: &[Leased]) -> Result<(), Error> {
    let mut transaction = database.begin().await?;
    for of in leased {
        let sql = "UPDATE graph_outbox SET state = 'pending', leased_until = NULL, \
                   tries = tries - 1 WHERE call_id = ? AND revision = ? AND state = 'leased'";
        sqlx::query(sql)
            .bind(of.call_id.as_str())
            .bind(of.revision)
            .execute(&mut *transaction)
            .await?;
    }
    Ok(transaction.commit().await?)
}
