//! §7.5: conversations move to the record that a number now resolves to, and merge with those that
//! are there. Written so that the unique index of open keys never sees two of them.

use std::collections::{BTreeMap, BTreeSet};

use conversation::{Conversation, Met, Rekey, Status, Thread, merges};
use model::{CallId, ConversationId, Millis, RecordId};
use sqlx::sqlite::SqliteConnection;

use super::{apply, load, lookup};
use crate::Error;

/// What a changed lookup did to conversations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Relinked {
    /// Conversations whose participants changed.
    pub moved: Vec<ConversationId>,
    /// Pairs of merged conversation and survivor.
    pub merged: Vec<(ConversationId, ConversationId)>,
}

/// A user has said which record the caller of a call was who withheld his number (D16).
///
/// # Errors
/// As [`super::set_lookup`].
pub async fn identify_caller(
    connection: &mut SqliteConnection,
    call: &CallId,
    record: &RecordId,
    now: Millis,
) -> Result<Relinked, Error> {
    // A later revision of the graph is read from the rows: it must know the record as well.
    let sql = "UPDATE call_participant SET record_id = ? WHERE call_id = ? AND participant_key = ?";
    sqlx::query(sql)
        .bind(record.as_str())
        .bind(call.as_str())
        .bind(format!("a:{call}"))
        .execute(&mut *connection)
        .await?;
    let record = lookup::record(connection, record).await?;
    relink(connection, &Rekey::withheld(call, &record), now).await
}

/// A thread, and what of it is in the database.
struct Loaded {
    before: Conversation,
    thread: Thread,
}

pub(super) async fn relink(
    connection: &mut SqliteConnection,
    change: &Rekey,
    now: Millis,
) -> Result<Relinked, Error> {
    let mut threads: BTreeMap<ConversationId, Loaded> = BTreeMap::new();
    let mut keys = BTreeSet::new();
    let mut report = Relinked::default();
    for id in load::conversations_with(connection, change.from()).await? {
        let Some(mut thread) = load::thread(connection, &id).await? else {
            continue;
        };
        let before = thread.conversation.clone();
        if thread.rekey(change) {
            let it = &thread.conversation;
            keys.insert((it.external_key.clone(), it.internal_key.clone()));
            report.moved.push(id.clone());
            threads.insert(id, Loaded { before, thread });
        }
    }
    for (external, internal) in &keys {
        for standing in load::by_key(connection, (external, internal)).await? {
            let id = standing.conversation.id;
            if let Some(thread) = load::thread(connection, &id).await?
                && !threads.contains_key(&id)
            {
                let before = thread.conversation.clone();
                threads.insert(id, Loaded { before, thread });
            }
        }
    }
    for key in &keys {
        report.merged.extend(merge_key(&mut threads, (&key.0, &key.1)));
    }
    write(connection, &mut threads, &report, now).await?;
    Ok(report)
}

/// Merges what has this key now; pairs of loser and survivor.
fn merge_key(
    threads: &mut BTreeMap<ConversationId, Loaded>,
    key: (&conversation::ExternalKey, &conversation::InternalKey),
) -> Vec<(ConversationId, ConversationId)> {
    let here: Vec<&Loaded> = threads
        .values()
        .filter(|it| {
            let conversation = &it.thread.conversation;
            (&conversation.external_key, &conversation.internal_key) == key
        })
        .collect();
    let met: Vec<Met<'_>> = here
        .iter()
        .map(|it| Met {
            conversation: &it.thread.conversation,
            key_before: &it.before.external_key,
        })
        .collect();
    let id = |place: usize| here[place].before.id.clone();
    let pairs: Vec<_> =
        merges(&met).into_iter().map(|(loser, survivor)| (id(loser), id(survivor))).collect();
    for (loser, survivor) in &pairs {
        let Some(mut merged) = threads.remove(loser) else {
            continue;
        };
        if let Some(into) = threads.get_mut(survivor) {
            into.thread.merge(&mut merged.thread);
        }
        threads.insert(loser.clone(), merged);
    }
    pairs
}

async fn write(
    connection: &mut SqliteConnection,
    threads: &mut BTreeMap<ConversationId, Loaded>,
    report: &Relinked,
    now: Millis,
) -> Result<(), Error> {
    // The losers first: what is merged is out of the index of open keys.
    let (merged, live): (Vec<_>, Vec<_>) = threads
        .values_mut()
        .partition(|it| matches!(it.thread.conversation.status, Status::Merged { .. }));
    for it in merged {
        let Status::Merged { into } = &it.thread.conversation.status else {
            continue;
        };
        let into = into.clone();
        move_rows(connection, &it.before.id, &into).await?;
        apply::update(connection, &it.before, &mut it.thread.conversation).await?;
        let data = [("into", into.as_str())];
        apply::audit(connection, &it.thread.conversation, "merged", &data, now).await?;
    }
    for it in live {
        let after = &mut it.thread.conversation;
        apply::update(connection, &it.before, after).await?;
        for event in &it.thread.events {
            let sql = "UPDATE conversation_event SET title = ?, placement = ? WHERE id = ?";
            sqlx::query(sql)
                .bind(event.title())
                .bind(apply::placement(event)?)
                .bind(&*event.id)
                .execute(&mut *connection)
                .await?;
        }
        if it.before.external_key != after.external_key {
            let (from, to) = (it.before.external_key.as_str(), after.external_key.as_str());
            let data = [("from", from), ("to", to)];
            apply::audit(connection, after, "rekeyed", &data, now).await?;
        }
        for (loser, _) in report.merged.iter().filter(|(_, survivor)| *survivor == after.id) {
            let data = [("from", loser.as_str())];
            apply::audit(connection, after, "merged", &data, now).await?;
            rebuild_extract(connection, &after.id, now).await?;
        }
    }
    Ok(())
}

/// Moves what belongs to the events of a conversation, and flattens the chain (§7.5).
async fn move_rows(
    connection: &mut SqliteConnection,
    loser: &ConversationId,
    survivor: &ConversationId,
) -> Result<(), Error> {
    for sql in [
        // The same call in both: the survivor's stays.
        "DELETE FROM conversation_extract_line WHERE event_id IN (SELECT l.id \
         FROM conversation_event l JOIN conversation_event s ON s.call_id = l.call_id \
         WHERE l.conversation_id = ?1 AND s.conversation_id = ?2)",
        "DELETE FROM conversation_event WHERE conversation_id = ?1 AND call_id IN \
         (SELECT call_id FROM conversation_event WHERE conversation_id = ?2)",
        "UPDATE conversation_event SET conversation_id = ?2 WHERE conversation_id = ?1",
        "UPDATE conversation_extract_line SET conversation_id = ?2 WHERE conversation_id = ?1",
        "UPDATE conversation SET merged_into_id = ?2 WHERE merged_into_id = ?1",
        "DELETE FROM conversation_extract WHERE conversation_id = ?1 AND ?2 <> ''",
        "DELETE FROM lookup_value WHERE entity = 'conversation_participant' AND ?2 <> '' AND \
         entity_id IN (SELECT id FROM conversation_participant WHERE conversation_id = ?1)",
    ] {
        sqlx::query(sql)
            .bind(loser.as_str())
            .bind(survivor.as_str())
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// The body of an extract is the join of its lines; without lines there is none.
async fn rebuild_extract(
    connection: &mut SqliteConnection,
    id: &ConversationId,
    now: Millis,
) -> Result<(), Error> {
    let sql = "INSERT INTO conversation_extract(conversation_id, body, updated_at) \
               SELECT ?1, group_concat(line, char(10)), ?2 FROM (SELECT line \
               FROM conversation_extract_line WHERE conversation_id = ?1 ORDER BY at, event_id) \
               HAVING count(*) > 0 ON CONFLICT(conversation_id) DO UPDATE \
               SET body = excluded.body, updated_at = excluded.updated_at";
    sqlx::query(sql).bind(id.as_str()).bind(now.0).execute(connection).await?;
    Ok(())
}
