//! What a test reads from the server's database, while it runs or afterwards: as any other
//! program would, by the names of `schema.sql`.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use serde_json::{Map, Value, json};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteRow};
use sqlx::{Column as _, ConnectOptions as _, Row as _, ValueRef as _};

/// An open database.
pub struct Database(SqliteConnection);

impl Database {
    /// Opens it for reading.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub async fn open(file: &Path) -> anyhow::Result<Self> {
        let options = SqliteConnectOptions::new().filename(file).read_only(true);
        Ok(Self(options.busy_timeout(Duration::from_secs(5)).connect().await?))
    }

    /// The rows of a query, each as an object.
    ///
    /// # Errors
    /// When the query fails.
    pub async fn rows(&mut self, query: &str) -> anyhow::Result<Vec<Value>> {
        let rows = self.columns(query).await?;
        Ok(rows.into_iter().map(|row| row.into_iter().collect::<Map<_, _>>().into()).collect())
    }

    /// The rows of a query as text: values in order, joined by `|`, `-` for null.
    ///
    /// # Errors
    /// When the query fails.
    pub async fn lines(&mut self, query: &str) -> anyhow::Result<Vec<String>> {
        let rows = self.columns(query).await?;
        let line = |row: &Vec<(String, Value)>| {
            let texts: Vec<String> = row.iter().map(|(_, value)| text_of(value)).collect();
            texts.join("|")
        };
        Ok(rows.iter().map(line).collect())
    }

    async fn columns(&mut self, query: &str) -> anyhow::Result<Vec<Vec<(String, Value)>>> {
        let rows = sqlx::query(sqlx::AssertSqlSafe(query)).fetch_all(&mut self.0).await?;
        let read = |row: &SqliteRow| {
            let columns = row.columns().iter().enumerate();
            columns.map(|(at, column)| Ok((column.name().to_owned(), value(row, at)?))).collect()
        };
        rows.iter().map(read).collect()
    }

    /// The hand-off documents of every finished call, oldest first.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn graphs(&mut self) -> anyhow::Result<Vec<Value>> {
        let query = "SELECT payload FROM graph_outbox ORDER BY created_at, call_id";
        let rows = self.rows(query).await?;
        rows.iter()
            .map(|row| {
                let text = row["payload"].as_str().context("a payload is text")?;
                Ok(serde_json::from_str(text)?)
            })
            .collect()
    }

    /// What `invariants.sql` finds: the name of each query that returned rows, with the rows.
    ///
    /// # Errors
    /// When a query fails.
    pub async fn violations(&mut self) -> anyhow::Result<Vec<String>> {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/invariants.sql");
        let text = std::fs::read_to_string(file)?;
        let mut found = Vec::new();
        for part in text.split("-- name: ").skip(1) {
            let (name, query) = part.split_once('\n').context("a name and a query")?;
            for statement in query.split(";\n").filter(|text| text.contains("SELECT")) {
                let rows = self.rows(statement).await.context(name.to_owned())?;
                if !rows.is_empty() {
                    found.push(format!("{name}: {rows:?}"));
                }
            }
        }
        Ok(found)
    }

    /// The conversations that hold a call, in the shape of the oracle's `expect`.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn conversations(&mut self, call: &str) -> anyhow::Result<Value> {
        let events = self
            .rows(&format!(
                "SELECT call_id, label, segment, started_at, ended_at, title, agent_user_id, \
                 conversation_id FROM conversation_event WHERE call_id = '{call}' ORDER BY segment"
            ))
            .await?;
        let mut list = Vec::new();
        for mut event in events {
            let id = event["conversation_id"].as_str().context("an id")?.to_owned();
            event.as_object_mut().context("a row")?.remove("conversation_id");
            let conversation = self
                .rows(&format!(
                    "SELECT external_key, external_id, internal_key, internal_number_id, \
                     internal_kind, internal_user_id, internal_group_id, owner_user_id, status, \
                     origin, first_interaction_at, last_interaction_at, event_count, \
                     message_count FROM conversation WHERE id = '{id}'"
                ))
                .await?;
            let participants = self
                .rows(&format!(
                    "SELECT participant_key, role, phone_number, is_primary \
                     FROM conversation_participant WHERE conversation_id = '{id}' ORDER BY rowid"
                ))
                .await?;
            let mut conversation = conversation.into_iter().next().context("a conversation")?;
            for part in [&mut conversation, &mut event] {
                times(part);
            }
            let participants: Vec<_> = participants.into_iter().map(truth).collect();
            list.push(json!({
                "conversation": conversation,
                "participants": participants,
                "event": event,
            }));
        }
        Ok(Value::Array(list))
    }
}

/// Keeps everybody else from writing, as a backup program or an administrator's shell does.
pub struct Lock(SqliteConnection);

impl Lock {
    /// Takes it.
    ///
    /// # Errors
    /// When somebody else keeps it.
    pub async fn take(file: &Path) -> anyhow::Result<Self> {
        let options = SqliteConnectOptions::new().filename(file);
        let mut connection = options.busy_timeout(Duration::from_secs(5)).connect().await?;
        sqlx::query("BEGIN IMMEDIATE").execute(&mut connection).await?;
        Ok(Self(connection))
    }

    /// Gives it back.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn release(mut self) -> anyhow::Result<()> {
        sqlx::query("ROLLBACK").execute(&mut self.0).await?;
        Ok(())
    }
}

fn value(row: &SqliteRow, column: usize) -> anyhow::Result<Value> {
    Ok(if row.try_get_raw(column)?.is_null() {
        Value::Null
    } else if let Ok(number) = row.try_get::<i64, _>(column) {
        number.into()
    } else if let Ok(number) = row.try_get::<f64, _>(column) {
        number.into()
    } else {
        row.try_get::<String, _>(column)?.into()
    })
}

fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "-".to_owned(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

/// Milliseconds become the text of the hand-off.
fn times(row: &mut Value) {
    for (key, value) in row.as_object_mut().into_iter().flatten() {
        if let (true, Some(millis)) = (key.ends_with("_at"), value.as_i64()) {
            *value = model::Millis(millis).to_string().into();
        }
    }
}

/// SQLite's 0 and 1 become booleans where the oracle has them.
fn truth(mut row: Value) -> Value {
    if let Some(number) = row["is_primary"].as_i64() {
        row["is_primary"] = (number != 0).into();
    }
    row
}
