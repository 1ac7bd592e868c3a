//! Reading for people: what the demo, listings and support ask of the database. Nothing here
//! writes, and every list has the limit that its caller gives.

mod calls;
mod media;
mod routing;

use model::{CallId, ConversationId, Millis};
use sqlx::AssertSqlSafe;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use crate::rows::Columns;
use crate::{Database, Error};
pub use calls::{CallCursor, CallFilter, CallPage, InvalidCursor};
pub use media::{CallMediaView, LegView, RecordingView};
pub use routing::ReplyCallView;

/// A conversation as its screen shows it: keys as stored, everybody by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversationView {
    /// Id.
    pub id: ConversationId,
    /// `r:…`, `p:…`, `a:…` or `m:…` (R1).
    pub external_key: String,
    /// `n:…`, `u:…` or `g:…` (R3).
    pub internal_key: String,
    /// Name of the user or group inside (Internal ID, R036).
    pub internal_name: String,
    /// Name of the owner (D19).
    pub owner: Option<String>,
    /// `open`, `closed` or `merged`.
    pub status: String,
    /// Who takes part, in the order in which they joined.
    pub participants: Vec<ParticipantView>,
    /// What happened, oldest first.
    pub events: Vec<EventView>,
}

/// A participant of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParticipantView {
    /// `r:…`, `p:…`, `a:…`, `u:…` or `g:…`.
    pub key: String,
    /// `external`, `member` or `audience`.
    pub role: String,
    /// The name of the record, user or group; else the number.
    pub name: String,
    /// The number of this conversation.
    pub phone: Option<String>,
}

/// An event of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventView {
    /// The call, unless it is a message.
    pub call_id: Option<CallId>,
    /// As `missed_call`.
    pub label: String,
    /// As "Carl Contact called Ana Agent".
    pub title: String,
    /// Begin.
    pub started_at: Millis,
    /// End.
    pub ended_at: Millis,
}

/// What the queries of an `invariants.sql` found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// How many rules were asked.
    pub rules: usize,
    /// The rules that do not hold, by their names, each with how many rows break it.
    pub broken: Vec<(String, usize)>,
}

impl Database {
    /// The newest calls, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn latest_calls(&self, limit: u32) -> Result<Vec<CallId>, Error> {
        let sql = "SELECT id FROM (SELECT id, initiated_at FROM call \
                   ORDER BY initiated_at DESC, id DESC LIMIT ?) ORDER BY initiated_at, id";
        let ids: Vec<String> = sqlx::query_scalar(sql).bind(limit).fetch_all(self.reader()).await?;
        Ok(ids.into_iter().map(CallId::from).collect())
    }

    /// How many finished calls wait for their conversations, and how many were given up.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn unassigned(&self) -> Result<u64, Error> {
        let sql = "SELECT count(*) FROM graph_outbox WHERE state <> 'done'";
        let count: i64 = sqlx::query_scalar(sql).fetch_one(self.reader()).await?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    /// The conversations that had an interaction last, in the order in which they began.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn latest_conversations(&self, limit: u32) -> Result<Vec<ConversationView>, Error> {
        // One transaction: a conversation and what belongs to it are of one moment.
        let mut reader = self.reader().begin().await?;
        let sql = "SELECT * FROM (SELECT v.id, v.external_key, v.internal_key, v.status, \
                   v.first_interaction_at, v.last_interaction_at, \
                   coalesce(u.display_name, g.name, v.internal_key) AS internal_name, \
                   o.display_name AS owner FROM conversation v \
                   LEFT JOIN app_user u ON u.id = v.internal_user_id \
                   LEFT JOIN user_group g ON g.id = v.internal_group_id \
                   LEFT JOIN app_user o ON o.id = v.owner_user_id \
                   WHERE v.status <> 'merged' ORDER BY v.last_interaction_at DESC LIMIT ?) \
                   ORDER BY first_interaction_at, id";
        let rows = sqlx::query(sql).bind(limit).fetch_all(&mut *reader).await?;
        let mut list = Vec::with_capacity(rows.len());
        for row in &rows {
            let mut view = conversation(row)?;
            view.participants = participants(&mut reader, &view.id).await?;
            view.events = events(&mut reader, &view.id).await?;
            list.push(view);
        }
        Ok(list)
    }

    /// Runs the queries of a file in the form of `invariants.sql` (`-- name: <id> <text>`, then
    /// one SELECT that finds nothing while the rule holds).
    ///
    /// # Errors
    /// When the database cannot be read, or a query is not understood.
    pub async fn check_invariants(&self, queries: &'static str) -> Result<Checked, Error> {
        let mut checked = Checked::default();
        for rule in queries.split("\n-- name: ").skip(1) {
            let (name, query) = rule.split_once('\n').unwrap_or((rule, ""));
            let query = AssertSqlSafe(query.trim());
            let rows = sqlx::query(query).fetch_all(self.reader()).await?;
            checked.rules += 1;
            if !rows.is_empty() {
                checked.broken.push((name.trim().to_owned(), rows.len()));
            }
        }
        Ok(checked)
    }
}

fn conversation(row: &SqliteRow) -> Result<ConversationView, Error> {
    let columns = Columns { table: "conversation", row };
    Ok(ConversationView {
        id: columns.id("id")?,
        external_key: columns.text("external_key")?,
        internal_key: columns.text("internal_key")?,
        internal_name: columns.text("internal_name")?,
        owner: columns.text_or_null("owner")?.map(|name| name.to_string()),
        status: columns.text("status")?,
        participants: Vec::new(),
        events: Vec::new(),
    })
}

async fn participants(
    reader: &mut SqliteConnection,
    id: &ConversationId,
) -> Result<Vec<ParticipantView>, Error> {
    let sql = "SELECT p.participant_key, p.role, p.phone_number, \
               coalesce(u.display_name, g.name, r.display_name, p.phone_number, 'withheld') \
               AS name FROM conversation_participant p \
               LEFT JOIN app_user u ON u.id = p.user_id \
               LEFT JOIN user_group g ON g.id = p.group_id \
               LEFT JOIN record r ON r.id = p.record_id \
               WHERE p.conversation_id = ? AND p.removed_at IS NULL \
               ORDER BY CASE p.role WHEN 'external' THEN 0 WHEN 'member' THEN 1 ELSE 2 END, p.rowid";
    let rows = sqlx::query(sql).bind(id.as_str()).fetch_all(reader).await?;
    let read = |row: &SqliteRow| {
        let columns = Columns { table: "conversation_participant", row };
        Ok(ParticipantView {
            key: columns.text("participant_key")?,
            role: columns.text("role")?,
            name: columns.text("name")?,
            phone: columns.text_or_null("phone_number")?.map(|text| text.to_string()),
        })
    };
    rows.iter().map(read).collect()
}

async fn events(
    reader: &mut SqliteConnection,
    id: &ConversationId,
) -> Result<Vec<EventView>, Error> {
    let sql = "SELECT call_id, label, title, started_at, ended_at FROM conversation_event \
               WHERE conversation_id = ? ORDER BY started_at, id";
    let rows = sqlx::query(sql).bind(id.as_str()).fetch_all(reader).await?;
    let read = |row: &SqliteRow| {
        let columns = Columns { table: "conversation_event", row };
        Ok(EventView {
            call_id: columns.id_or_null("call_id")?,
            label: columns.text("label")?,
            title: columns.text("title")?,
            started_at: columns.time("started_at")?,
            ended_at: columns.time("ended_at")?,
        })
    };
    rows.iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use crate::testing::Fresh;

    #[tokio::test]
    async fn a_rule_that_does_not_hold_is_named() {
        let fresh = Fresh::new().await;
        let queries = "-- How to read this: -- name: is followed by a rule.\n\n\
                       -- name: X01 no users\nSELECT id FROM app_user\nWHERE id = 'u-ana';\n\
                       -- name: X02 nothing\nSELECT 1 WHERE FALSE;\n";
        let checked = fresh.database.check_invariants(queries).await.expect("two queries");
        assert_eq!(checked.rules, 2);
        assert_eq!(checked.broken, [("X01 no users".to_owned(), 1)]);
    }

    #[tokio::test]
    async fn an_empty_database_has_nothing_to_show() {
        let fresh = Fresh::new().await;
        assert_eq!(fresh.database.latest_calls(10).await.expect("calls"), []);
        assert_eq!(fresh.database.latest_conversations(10).await.expect("conversations"), []);
        assert_eq!(fresh.database.unassigned().await.expect("a count"), 0);
    }
}
