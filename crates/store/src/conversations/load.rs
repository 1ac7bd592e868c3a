//! Rows of conversations to the states of the pure crate.

use std::sync::Arc;

use conversation::{
    Conversation, Event, EventOf, ExternalKey, Identity, InternalKey, Participant, PartyKey,
    Removal, Status, Thread, Who,
};
use model::{CallId, ConversationId, E164, Millis};
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use crate::Error;
use crate::rows::Columns;

const CONVERSATION: &str = "conversation";

/// A conversation without its participants and events.
pub(super) struct Candidate {
    pub(super) conversation: Conversation,
    /// Begin and id of its last event: what comes after it need not rebuild the others.
    pub(super) last_event: Option<(Millis, Arc<str>)>,
}

/// The conversations of a key that are not merged.
pub(super) async fn by_key(
    connection: &mut SqliteConnection,
    (external, internal): (&ExternalKey, &InternalKey),
) -> Result<Vec<Candidate>, Error> {
    let sql = "SELECT v.*, e.started_at AS last_started_at, e.id AS last_event_id \
               FROM conversation v LEFT JOIN conversation_event e ON e.id = \
               (SELECT id FROM conversation_event WHERE conversation_id = v.id \
                ORDER BY started_at DESC, id DESC LIMIT 1) \
               WHERE v.external_key = ? AND v.internal_key = ? AND v.status IN ('open','closed')";
    let rows = sqlx::query(sql)
        .bind(external.as_str())
        .bind(internal.as_str())
        .fetch_all(connection)
        .await?;
    rows.iter()
        .map(|row| {
            let columns = Columns { table: "conversation_event", row };
            let started_at = columns.time_or_null("last_started_at")?;
            let id = columns.text_or_null("last_event_id")?;
            Ok(Candidate { conversation: conversation(row)?, last_event: started_at.zip(id) })
        })
        .collect()
}

/// A conversation with its participants; `None` when there is none of this id.
pub(super) async fn by_id(
    connection: &mut SqliteConnection,
    id: &ConversationId,
) -> Result<Option<Conversation>, Error> {
    let sql = "SELECT * FROM conversation WHERE id = ?";
    let row = sqlx::query(sql).bind(id.as_str()).fetch_optional(&mut *connection).await?;
    let Some(row) = row else { return Ok(None) };
    let mut conversation = conversation(&row)?;
    conversation.participants = participants(connection, id).await?;
    Ok(Some(conversation))
}

/// A conversation with its participants and events.
pub(super) async fn thread(
    connection: &mut SqliteConnection,
    id: &ConversationId,
) -> Result<Option<Thread>, Error> {
    let Some(conversation) = by_id(connection, id).await? else {
        return Ok(None);
    };
    let events = events(connection, id).await?;
    Ok(Some(Thread { conversation, events }))
}

/// Participants, removed ones included, by key.
pub(super) async fn participants(
    connection: &mut SqliteConnection,
    id: &ConversationId,
) -> Result<Vec<Participant>, Error> {
    let sql = "SELECT * FROM conversation_participant WHERE conversation_id = ? \
               ORDER BY participant_key";
    let rows = sqlx::query(sql).bind(id.as_str()).fetch_all(connection).await?;
    rows.iter().map(participant).collect()
}

/// Events in the order in which they fold.
pub(super) async fn events(
    connection: &mut SqliteConnection,
    id: &ConversationId,
) -> Result<Vec<Event>, Error> {
    let sql = "SELECT * FROM conversation_event WHERE conversation_id = ? ORDER BY started_at, id";
    let rows = sqlx::query(sql).bind(id.as_str()).fetch_all(connection).await?;
    rows.iter().map(event).collect()
}

/// The conversations that hold a call, by segment.
pub(super) async fn conversations_of(
    connection: &mut SqliteConnection,
    call: &CallId,
) -> Result<Vec<ConversationId>, Error> {
    let sql = "SELECT conversation_id FROM conversation_event WHERE call_id = ? ORDER BY segment";
    let ids: Vec<String> =
        sqlx::query_scalar(sql).bind(call.as_str()).fetch_all(connection).await?;
    Ok(ids.into_iter().map(ConversationId::from).collect())
}

/// The conversations that are not merged and have a participant of this key.
pub(super) async fn conversations_with(
    connection: &mut SqliteConnection,
    key: &PartyKey,
) -> Result<Vec<ConversationId>, Error> {
    let sql = "SELECT p.conversation_id FROM conversation_participant p \
               JOIN conversation v ON v.id = p.conversation_id \
               WHERE p.participant_key = ? AND v.status <> 'merged' ORDER BY p.conversation_id";
    let ids: Vec<String> = sqlx::query_scalar(sql).bind(key.as_str()).fetch_all(connection).await?;
    Ok(ids.into_iter().map(ConversationId::from).collect())
}

fn conversation(row: &SqliteRow) -> Result<Conversation, Error> {
    let columns = Columns { table: CONVERSATION, row };
    let unknown = |column, found: String| Error::Value { table: CONVERSATION, column, found };
    let kind = columns.text("internal_kind")?;
    let identity = match kind.as_str() {
        "user" => Identity::User(columns.id("internal_user_id")?),
        "group" => Identity::Group(columns.id("internal_group_id")?),
        _ => return Err(unknown("internal_kind", kind)),
    };
    let status = columns.text("status")?;
    let status = match status.as_str() {
        "open" => Status::Open,
        "closed" => {
            Status::Closed { at: columns.time("closed_at")?, by: columns.id_or_null("closed_by")? }
        }
        "merged" => Status::Merged { into: columns.id("merged_into_id")? },
        _ => return Err(unknown("status", status)),
    };
    Ok(Conversation {
        id: columns.id("id")?,
        external_key: ExternalKey::stored(&columns.text("external_key")?),
        external_id: columns.text("external_id")?.into(),
        internal_key: InternalKey::stored(&columns.text("internal_key")?),
        internal_number_id: columns.id_or_null("internal_number_id")?,
        identity,
        owner: columns.id_or_null("owner_user_id")?,
        owner_is_manual: columns.flag("owner_is_manual")?,
        status,
        origin: columns.word("origin")?,
        topic: columns.text_or_null("topic")?,
        first_interaction_at: columns.time_or_null("first_interaction_at")?,
        last_interaction_at: columns.time_or_null("last_interaction_at")?,
        event_count: columns.number("event_count")?,
        message_count: columns.number("message_count")?,
        created_at: columns.time("created_at")?,
        version: columns.number("version")?,
        participants: Vec::new(),
    })
}

fn participant(row: &SqliteRow) -> Result<Participant, Error> {
    const TABLE: &str = "conversation_participant";
    let columns = Columns { table: TABLE, row };
    let kind = columns.text("kind")?;
    let who = match kind.as_str() {
        "external" => Who::External(columns.id_or_null("record_id")?),
        "user" => Who::User(columns.id("user_id")?),
        "group" => Who::Group(columns.id("group_id")?),
        _ => {
            return Err(Error::Value { table: TABLE, column: "kind", found: kind });
        }
    };
    let removed = columns.time_or_null("removed_at")?;
    Ok(Participant {
        key: PartyKey::stored(&columns.text("participant_key")?),
        who,
        phone: columns.word_or_null::<E164>("phone_number")?,
        phone_is_manual: columns.flag("phone_is_manual")?,
        is_primary: columns.flag("is_primary")?,
        source: columns.word("source")?,
        added_at: columns.time("added_at")?,
        added_by: columns.id_or_null("added_by")?,
        removed: match removed {
            Some(at) => Some(Removal { at, by: columns.id_or_null("removed_by")? }),
            None => None,
        },
    })
}

fn event(row: &SqliteRow) -> Result<Event, Error> {
    const TABLE: &str = "conversation_event";
    let columns = Columns { table: TABLE, row };
    let of = match columns.id_or_null("call_id")? {
        Some(call) => EventOf::Call(call),
        None => EventOf::Message(columns.text("message_id")?.into()),
    };
    let placement = columns.text("placement")?;
    let share = serde_json::from_str(&placement).map_err(|_| Error::Value {
        table: TABLE,
        column: "placement",
        found: placement.clone(),
    })?;
    Ok(Event {
        id: columns.text("id")?.into(),
        of,
        label: columns.word("label")?,
        segment: columns.number("segment")?,
        started_at: columns.time("started_at")?,
        ended_at: columns.time("ended_at")?,
        source: columns.word("source")?,
        share,
    })
}
