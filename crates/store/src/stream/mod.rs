//! The source of the event stream: every event that is published, with a number within its call
//! (`seq`, 1, 2, … without gaps) and one among all (`id`, growing), written in the transaction that
//! brings the rows which the event changed. So who has read up to an id, and asks for what comes
//! after it, misses nothing and sees nothing twice, also across a restart: a replay of the journal
//! gives the same numbers, and what is there already stays.

use std::collections::BTreeMap;

use model::call_graph::Recorded;
use model::call_graph::published::published;
use model::{CallId, Millis, UserId};
use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use tokio::sync::watch;

use crate::rows::Columns;
use crate::rows::statement::{self, Row, Table, Values};
use crate::{Database, Error};

/// A row of `call_event` that is to be written; the database gives it its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventRow {
    /// The call.
    pub call_id: CallId,
    /// Its number within the call.
    pub seq: u32,
    /// When.
    pub at: Millis,
    /// Name of its kind.
    pub kind: &'static str,
    /// A JSON object.
    pub data: String,
}

/// Numbers the published events of one call.
#[derive(Clone, Debug, Default)]
pub(crate) struct Telling {
    told: u32,
    rows: Vec<EventRow>,
}

impl Telling {
    /// The call has one more event.
    pub(crate) fn tell(&mut self, recorded: &Recorded) {
        let Some(event) = published(&recorded.event) else { return };
        self.told = self.told.saturating_add(1);
        self.rows.push(EventRow {
            call_id: recorded.call.clone(),
            seq: self.told,
            at: recorded.at,
            kind: event.kind,
            data: event.data,
        });
    }

    /// The database has them up to this number: what comes next has one beyond it, and those that
    /// have been pruned meanwhile do not come again.
    pub(crate) fn go_on_after(&mut self, seq: u32) {
        self.told = self.told.max(seq);
        self.rows.retain(|row| row.seq > seq);
    }

    /// The rows that are not committed yet.
    pub(crate) fn rows(&self) -> &[EventRow] {
        &self.rows
    }

    /// They are committed, or nobody will.
    pub(crate) fn clear(&mut self) {
        self.rows.clear();
    }
}

impl Row for EventRow {
    fn table() -> &'static Table {
        static TABLE: Table = Table::new(
            "call_event",
            &["call_id", "seq", "at", "kind", "data"],
            "ON CONFLICT(call_id, seq) DO NOTHING",
        );
        &TABLE
    }

    fn values(&self, values: &mut Values) {
        values.shared(&self.call_id);
        values.number(self.seq);
        values.time(self.at);
        values.word(self.kind);
        values.push(self.data.clone());
    }
}

/// Writes events; tells the newest id if there are any.
pub(crate) async fn save(
    connection: &mut SqliteConnection,
    rows: &[&EventRow],
) -> Result<Option<i64>, Error> {
    if rows.is_empty() {
        return Ok(None);
    }
    statement::write(connection, rows).await?;
    let newest = sqlx::query_scalar("SELECT max(id) FROM call_event").fetch_one(connection).await?;
    Ok(newest)
}

/// The last number that each of these calls has.
pub(crate) async fn told(
    connection: &mut SqliteConnection,
    ids: &[CallId],
) -> Result<BTreeMap<CallId, u32>, Error> {
    let ids = serde_json::Value::from(ids.iter().map(CallId::as_str).collect::<Vec<_>>());
    let sql = "SELECT call_id, max(seq) AS seq FROM call_event \
               WHERE call_id IN (SELECT value FROM json_each(?)) GROUP BY call_id";
    let rows = sqlx::query(sql).bind(ids.to_string()).fetch_all(connection).await?;
    let read = |row: &SqliteRow| {
        let columns = Columns { table: "call_event", row };
        Ok((columns.id("call_id")?, columns.number("seq")?))
    };
    rows.iter().map(read).collect()
}

/// An event as the stream tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEvent {
    /// Its place among all events: greater than that of every event before it.
    pub id: i64,
    /// The call.
    pub call_id: CallId,
    /// Its number within the call, from 1, without gaps.
    pub seq: u32,
    /// When.
    pub at: Millis,
    /// Name of its kind (`model::call_graph::published`).
    pub kind: String,
    /// A JSON object: what the kind tells.
    pub data: String,
}

/// Which events are wanted; all conditions hold together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Those of this call.
    pub call: Option<CallId>,
    /// Those of calls that this user made or owns, and of others from the moment on at which he
    /// was rung or joined.
    pub user: Option<UserId>,
}

/// A plus sign keeps SQLite from going through everything that a user was ever rung for, once for
/// each event, instead of the few attempts of its call.
const CONCERNS: &str = "(EXISTS (SELECT 1 FROM call c WHERE c.id = e.call_id \
     AND ?3 IN (c.anchor_user_id, c.owner_user_id)) \
     OR EXISTS (SELECT 1 FROM connection_attempt a WHERE a.call_id = e.call_id \
     AND +a.user_id = ?3 AND a.started_at <= e.at) \
     OR EXISTS (SELECT 1 FROM call_participant p WHERE p.call_id = e.call_id \
     AND p.user_id = ?3 AND p.joined_at <= e.at))";

impl EventFilter {
    fn sql(&self) -> String {
        let mut sql = "SELECT e.* FROM call_event e WHERE e.id > ?1".to_owned();
        if self.call.is_some() {
            sql.push_str(" AND e.call_id = ?2");
        }
        if self.user.is_some() {
            sql.push_str(" AND ");
            sql.push_str(CONCERNS);
        }
        sql.push_str(" ORDER BY e.id LIMIT ?4");
        sql
    }
}

impl Database {
    /// Events that came after the one with this id (0: from the oldest), by id, at most `limit`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn events_after(
        &self,
        after_id: i64,
        filter: &EventFilter,
        limit: u32,
    ) -> Result<Vec<StoredEvent>, Error> {
        let EventFilter { call, user } = filter;
        let rows = sqlx::query(sqlx::AssertSqlSafe(filter.sql()))
            .bind(after_id)
            .bind(call.as_ref().map(CallId::as_str))
            .bind(user.as_ref().map(UserId::as_str))
            .bind(limit)
            .fetch_all(self.reader())
            .await?;
        rows.iter().map(stored).collect()
    }

    /// Id of the oldest event that is kept; who has read less far than to the one before it has
    /// missed some.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn oldest_event_id(&self) -> Result<Option<i64>, Error> {
        let sql = "SELECT min(id) FROM call_event";
        Ok(sqlx::query_scalar(sql).fetch_one(self.reader()).await?)
    }

    /// Id of the newest event; 0: there is none.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn newest_event_id(&self) -> Result<i64, Error> {
        let sql = "SELECT coalesce(max(id), 0) FROM call_event";
        Ok(sqlx::query_scalar(sql).fetch_one(self.reader()).await?)
    }

    /// Tells the newest id after every commit that brought events.
    pub fn newest_event(&self) -> watch::Receiver<i64> {
        self.newest.subscribe()
    }

    /// Lets the oldest `limit` events go, as far as they are older than `before`; the newest one
    /// stays, because it knows which id comes next. Returns how many went.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn prune_events(&self, before: Millis, limit: u32) -> Result<u64, Error> {
        let mut transaction = self.begin().await?;
        let sql = "DELETE FROM call_event WHERE id IN \
                   (SELECT id FROM call_event ORDER BY id LIMIT ?) \
                   AND at < ? AND id < (SELECT max(id) FROM call_event)";
        let done = sqlx::query(sql).bind(limit).bind(before.0).execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(done.rows_affected())
    }
}

fn stored(row: &SqliteRow) -> Result<StoredEvent, Error> {
    let columns = Columns { table: "call_event", row };
    Ok(StoredEvent {
        id: row.try_get("id")?,
        call_id: columns.id("call_id")?,
        seq: columns.number("seq")?,
        at: columns.time("at")?,
        kind: columns.text("kind")?,
        data: columns.text("data")?,
    })
}

#[cfg(test)]
mod tests;
