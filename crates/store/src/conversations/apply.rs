//! Step 4 of §7.2: a placement becomes an event, and its conversation the fold of its events (R8).

use conversation::{Conversation, Event, ParticipantSource, Placement, Target};
use conversation::{Identity, Participant, Status, Who};
use model::{CallId, ConversationId, Millis};
use sqlx::sqlite::{SqliteArguments, SqliteConnection};
use sqlx::{Arguments as _, AssertSqlSafe};

use super::load::{self, Candidate};
use super::{call_of, ids};
use crate::Error;

/// One placement to be added.
pub(super) struct Add<'a> {
    pub(super) placement: Placement,
    pub(super) target: Target,
    /// Conversations that lost an event of this call in this transaction: no shortcut for them.
    pub(super) touched: &'a [ConversationId],
    pub(super) now: Millis,
}

impl Add<'_> {
    /// Adds the event to its conversation and writes both; the conversation's id.
    pub(super) async fn to(
        self,
        connection: &mut SqliteConnection,
        candidates: &mut Vec<Candidate>,
    ) -> Result<ConversationId, Error> {
        let event = &self.placement.event;
        let cause = call_of(event).map_or("", CallId::as_str);
        let (id, reopens) = match &self.target {
            Target::Create => {
                let id = ids::conversation(cause, &self.placement, self.now);
                let mut created = Conversation::begin(id.clone(), &self.placement, self.now);
                created.absorb(event);
                insert(connection, &created).await?;
                insert_participants(connection, &id, &created.participants).await?;
                insert_event(connection, &id, event).await?;
                audit(connection, &created, "created", &[("call_id", cause)], self.now).await?;
                return Ok(id);
            }
            Target::Join(id) => (id, false),
            Target::Reopen(id) => (id, true),
        };
        let found = candidates.iter().position(|it| it.conversation.id == *id);
        let Some(found) = found.map(|index| candidates.swap_remove(index)) else {
            // R7 chooses among the candidates, and one call takes none of them twice.
            return Err(Error::Statement { message: format!("{id} is no candidate") });
        };
        let mut before = found.conversation;
        before.participants = load::participants(connection, id).await?;
        let mut after = before.clone();
        if reopens {
            after.status = Status::Open;
        }
        insert_event(connection, id, event).await?;
        let is_last =
            found.last_event.is_none_or(|(at, last)| (at, &last) < (event.started_at, &event.id));
        if is_last && !self.touched.contains(id) {
            after.absorb(event);
        } else {
            after.rebuild(&load::events(connection, id).await?);
        }
        update(connection, &before, &mut after).await?;
        if reopens {
            audit(connection, &after, "auto_reopened", &[("call_id", cause)], self.now).await?;
        }
        Ok(id.clone())
    }
}

/// Removes the events of a call that is placed again; the conversations that had them.
pub(super) async fn take_back(
    connection: &mut SqliteConnection,
    call: &CallId,
) -> Result<Vec<ConversationId>, Error> {
    let touched = load::conversations_of(connection, call).await?;
    if touched.is_empty() {
        return Ok(touched);
    }
    for sql in [
        "DELETE FROM conversation_extract_line WHERE event_id IN \
         (SELECT id FROM conversation_event WHERE call_id = ?)",
        "DELETE FROM conversation_event WHERE call_id = ?",
    ] {
        sqlx::query(sql).bind(call.as_str()).execute(&mut *connection).await?;
    }
    Ok(touched)
}

/// Makes a conversation anew from its events; one without any goes (C03), with those that were
/// merged into it.
pub(super) async fn rebuild(
    connection: &mut SqliteConnection,
    id: &ConversationId,
    now: Millis,
) -> Result<(), Error> {
    let Some(before) = load::by_id(connection, id).await? else {
        return Ok(());
    };
    let events = load::events(connection, id).await?;
    if events.is_empty() {
        tracing::debug!(conversation = %id, at = now.0, "a conversation lost its last event");
        return delete(connection, id).await;
    }
    let mut after = before.clone();
    after.rebuild(&events);
    update(connection, &before, &mut after).await
}

async fn delete(connection: &mut SqliteConnection, id: &ConversationId) -> Result<(), Error> {
    for sql in [
        "DELETE FROM lookup_value WHERE entity = 'conversation_participant' AND entity_id IN \
         (SELECT id FROM conversation_participant WHERE conversation_id = ?)",
        "DELETE FROM conversation_participant WHERE conversation_id = ?",
        "DELETE FROM conversation_extract WHERE conversation_id = ?",
        "DELETE FROM conversation_change WHERE conversation_id = ?1 OR conversation_id IN \
         (SELECT id FROM conversation WHERE merged_into_id = ?1)",
        "DELETE FROM conversation WHERE merged_into_id = ?",
        "DELETE FROM conversation WHERE id = ?",
    ] {
        sqlx::query(sql).bind(id.as_str()).execute(&mut *connection).await?;
    }
    Ok(())
}

pub(super) async fn insert_event(
    connection: &mut SqliteConnection,
    id: &ConversationId,
    event: &Event,
) -> Result<(), Error> {
    let sql = "INSERT INTO conversation_event(id, conversation_id, kind, call_id, message_id, \
               label, segment, started_at, ended_at, title, agent_user_id, source, placement) \
               VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) \
               ON CONFLICT(conversation_id, call_id) DO NOTHING";
    let (kind, call, message) = match &event.of {
        conversation::EventOf::Call(call) => ("call", Some(call.as_str()), None),
        conversation::EventOf::Message(message) => ("message", None, Some(&**message)),
    };
    sqlx::query(sql)
        .bind(&*event.id)
        .bind(id.as_str())
        .bind(kind)
        .bind(call)
        .bind(message)
        .bind(event.label.as_str())
        .bind(i64::from(event.segment))
        .bind(event.started_at.0)
        .bind(event.ended_at.0)
        .bind(event.title())
        .bind(event.share.agent.as_ref().map(|agent| agent.user.as_str()))
        .bind(event.source.as_str())
        .bind(placement(event)?)
        .execute(connection)
        .await?;
    Ok(())
}

/// The JSON of `conversation_event.placement`.
pub(super) fn placement(event: &Event) -> Result<String, Error> {
    serde_json::to_string(&event.share)
        .map_err(|error| Error::Statement { message: error.to_string() })
}

/// The columns of a conversation that can change, in the order of both statements below.
fn bind_columns(it: &Conversation) -> Result<SqliteArguments, Error> {
    let (closed_at, closed_by, merged_into) = match &it.status {
        Status::Open => (None, None, None),
        Status::Closed { at, by } => (Some(at.0), by.as_ref(), None),
        Status::Merged { into } => (None, None, Some(into)),
    };
    let status = match &it.status {
        Status::Open => "open",
        Status::Closed { .. } => "closed",
        Status::Merged { .. } => "merged",
    };
    let (kind, user, group) = match &it.identity {
        Identity::User(user) => ("user", Some(user), None),
        Identity::Group(group) => ("group", None, Some(group)),
    };
    let mut values = Values::default();
    values.text(Some(it.external_key.as_str()));
    values.text(Some(&it.external_id));
    values.text(Some(kind));
    values.text(user.map(|id| id.as_str()));
    values.text(group.map(|id| id.as_str()));
    values.text(it.owner.as_ref().map(|id| id.as_str()));
    values.add(it.owner_is_manual);
    values.text(Some(status));
    values.add(closed_at);
    values.text(closed_by.map(|id| id.as_str()));
    values.text(merged_into.map(|id| id.as_str()));
    values.text(Some(it.origin.as_str()));
    values.text(it.topic.as_deref());
    values.add(it.first_interaction_at.map(|at| at.0));
    values.add(it.last_interaction_at.map(|at| at.0));
    values.add(i64::from(it.event_count));
    values.add(i64::from(it.message_count));
    values.add(i64::from(it.version));
    values.text(Some(it.id.as_str()));
    values.finish()
}

async fn insert(connection: &mut SqliteConnection, it: &Conversation) -> Result<(), Error> {
    let sql = "INSERT INTO conversation(external_key, external_id, internal_kind, \
               internal_user_id, internal_group_id, owner_user_id, owner_is_manual, status, \
               closed_at, closed_by, merged_into_id, origin, topic, first_interaction_at, \
               last_interaction_at, event_count, message_count, version, id, internal_key, \
               internal_number_id, created_at) \
               VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let number = it.internal_number_id.as_ref();
    sqlx::query_with(sql, bind_columns(it)?)
        .bind(it.internal_key.as_str())
        .bind(number.map(|id| id.as_str()))
        .bind(it.created_at.0)
        .execute(connection)
        .await?;
    Ok(())
}

/// Writes what changed; `version` counts it.
pub(super) async fn update(
    connection: &mut SqliteConnection,
    before: &Conversation,
    after: &mut Conversation,
) -> Result<(), Error> {
    after.version = before.version.saturating_add(1);
    let sql = "UPDATE conversation SET external_key = ?, external_id = ?, internal_kind = ?, \
               internal_user_id = ?, internal_group_id = ?, owner_user_id = ?, \
               owner_is_manual = ?, status = ?, closed_at = ?, closed_by = ?, \
               merged_into_id = ?, origin = ?, topic = ?, first_interaction_at = ?, \
               last_interaction_at = ?, event_count = ?, message_count = ?, version = ? \
               WHERE id = ?";
    sqlx::query_with(sql, bind_columns(after)?).execute(&mut *connection).await?;
    let known =
        |rows: &[Participant], row: &Participant| rows.iter().position(|it| it.key == row.key);
    for row in &before.participants {
        if known(&after.participants, row).is_none() {
            let sql = "DELETE FROM conversation_participant \
                       WHERE conversation_id = ? AND participant_key = ?";
            sqlx::query(sql)
                .bind(after.id.as_str())
                .bind(row.key.as_str())
                .execute(&mut *connection)
                .await?;
        }
    }
    let mut added = Vec::new();
    for row in &after.participants {
        match known(&before.participants, row) {
            None => added.push(row.clone()),
            Some(index) if before.participants[index] == *row => {}
            Some(_) => update_participant(connection, &after.id, row).await?,
        }
    }
    insert_participants(connection, &after.id, &added).await
}

/// Rows of one statement: most conversations have fewer participants.
const PARTICIPANTS: usize = 8;

pub(super) async fn insert_participants(
    connection: &mut SqliteConnection,
    id: &ConversationId,
    rows: &[Participant],
) -> Result<(), Error> {
    for rows in rows.chunks(PARTICIPANTS) {
        let mut values = Values::default();
        for row in rows {
            values.text(Some(&format!("{id}-{}", row.key)));
            values.text(Some(id.as_str()));
            values.text(Some(row.key.as_str()));
            participant(&mut values, row);
        }
        let tuples = vec!["(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"; rows.len()];
        let sql = format!(
            "INSERT INTO conversation_participant(id, conversation_id, participant_key, kind, \
             role, user_id, group_id, record_id, phone_number, phone_is_manual, is_primary, \
             source, added_at, added_by, removed_at, removed_by) VALUES {}",
            tuples.join(", ")
        );
        // The text holds nothing but question marks from outside this function.
        sqlx::query_with(AssertSqlSafe(sql), values.finish()?).execute(&mut *connection).await?;
    }
    Ok(())
}

async fn update_participant(
    connection: &mut SqliteConnection,
    id: &ConversationId,
    row: &Participant,
) -> Result<(), Error> {
    let sql = "UPDATE conversation_participant SET kind = ?, role = ?, user_id = ?, \
               group_id = ?, record_id = ?, phone_number = ?, phone_is_manual = ?, \
               is_primary = ?, source = ?, added_at = ?, added_by = ?, removed_at = ?, \
               removed_by = ? WHERE conversation_id = ? AND participant_key = ?";
    let mut values = Values::default();
    participant(&mut values, row);
    values.text(Some(id.as_str()));
    values.text(Some(row.key.as_str()));
    sqlx::query_with(sql, values.finish()?).execute(connection).await?;
    Ok(())
}

fn participant(values: &mut Values, row: &Participant) {
    let (kind, role, user, group, record) = match &row.who {
        Who::External(record) => ("external", "external", None, None, record.as_ref()),
        Who::User(user) => ("user", "member", Some(user), None, None),
        Who::Group(group) => ("group", "audience", None, Some(group), None),
    };
    values.text(Some(kind));
    values.text(Some(role));
    values.text(user.map(|id| id.as_str()));
    values.text(group.map(|id| id.as_str()));
    values.text(record.map(|id| id.as_str()));
    values.text(row.phone.as_ref().map(|phone| phone.as_str()));
    values.add(row.phone_is_manual);
    values.add(row.is_primary);
    let source: ParticipantSource = row.source;
    values.text(Some(source.as_str()));
    values.add(row.added_at.0);
    values.text(row.added_by.as_ref().map(|id| id.as_str()));
    values.add(row.removed.as_ref().map(|removal| removal.at.0));
    let by = row.removed.as_ref().and_then(|removal| removal.by.as_ref());
    values.text(by.map(|id| id.as_str()));
}

/// An audit row of the assigner.
pub(super) async fn audit(
    connection: &mut SqliteConnection,
    it: &Conversation,
    kind: &str,
    data: &[(&str, &str)],
    now: Millis,
) -> Result<(), Error> {
    audit_by(connection, it, kind, data, None, now).await
}

/// An audit row; `by` is who did it.
pub(super) async fn audit_by(
    connection: &mut SqliteConnection,
    it: &Conversation,
    kind: &str,
    data: &[(&str, &str)],
    by: Option<&str>,
    now: Millis,
) -> Result<(), Error> {
    let data: serde_json::Map<String, serde_json::Value> =
        data.iter().map(|(key, value)| ((*key).to_owned(), (*value).into())).collect();
    let data = serde_json::Value::Object(data).to_string();
    let sql = "INSERT INTO conversation_change(id, conversation_id, at, actor_user_id, kind, data) \
               VALUES (?, ?, ?, ?, ?, ?)";
    // The version tells two changes of one kind and millisecond apart, the data two of one version.
    let count = format!("{} {data}", it.version);
    sqlx::query(sql)
        .bind(ids::change(&it.id, kind, &count, now).as_str())
        .bind(it.id.as_str())
        .bind(now.0)
        .bind(by)
        .bind(kind)
        .bind(data)
        .execute(connection)
        .await?;
    Ok(())
}

/// Values of a statement; the first that cannot be bound is kept as the error.
#[derive(Default)]
struct Values {
    arguments: SqliteArguments,
    failed: Option<String>,
}

impl Values {
    fn text(&mut self, text: Option<&str>) {
        self.add(text);
    }

    fn add<'q, T: sqlx::Encode<'q, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite>>(&mut self, value: T) {
        if let Err(error) = self.arguments.add(value) {
            self.failed = Some(error.to_string());
        }
    }

    fn finish(self) -> Result<SqliteArguments, Error> {
        match self.failed {
            None => Ok(self.arguments),
            Some(message) => Err(Error::Statement { message }),
        }
    }
}
