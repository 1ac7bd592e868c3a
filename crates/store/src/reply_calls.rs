//! Reply calls (R111, D33): with `reply_calls_enabled`, a missed inbound call opens a task for its
//! owner in the transaction that finishes it; the first outbound call to that number that begins
//! afterwards closes every open task of the number, in the transaction that brings its first row,
//! so that two people do not call back. What is open is closed though the setting is off by now.
//!
//! `done_call_id` is the truth: when that outbound call finishes, its row and its hand-off get
//! `reply_to_call_id`, the newest missed call that it replies to. Only commits of the writer and of
//! the recovery come here: a document from a file, or from the history, opens and closes nothing.

use std::collections::{BTreeMap, BTreeSet};

use model::call_graph::graph::Call;
use model::call_graph::words::{CallOutcome, CallState, Direction};
use model::{CallId, E164, GroupId, UserId};
use sqlx::sqlite::SqliteConnection;

use crate::Error;
use crate::rows::RowBatch;

/// Opens and closes tasks for the calls of a batch, whose rows are in the database already; tells
/// which finished call replies to which.
pub(crate) async fn follow(
    connection: &mut SqliteConnection,
    batch: &RowBatch<'_>,
) -> Result<BTreeMap<CallId, CallId>, Error> {
    let missed = |call: &&&Call| {
        call.direction == Direction::Inbound && call.outcome == Some(CallOutcome::Missed)
    };
    if batch.calls.iter().any(|call| missed(&call)) && enabled(connection).await? {
        for call in batch.calls.iter().filter(missed) {
            open(connection, call).await?;
        }
    }
    let outbound: Vec<&Call> =
        batch.calls.iter().filter(|call| call.direction == Direction::Outbound).copied().collect();
    let concerned = concerned(connection, &outbound).await?;
    let mut replies = BTreeMap::new();
    for call in outbound {
        let number = call.to_number.as_deref().filter(|number| concerned.contains(*number));
        if let Some(number) = number {
            close(connection, call, number).await?;
        }
        let replies_perhaps = number.is_some() || concerned.contains(call.id.as_str());
        if replies_perhaps
            && call.state == CallState::Finished
            && let Some(missed) = replied(connection, call).await?
        {
            replies.insert(call.id.clone(), missed);
        }
    }
    Ok(replies)
}

/// Numbers with open tasks, and calls that closed some: one question a batch, because most calls
/// concern none.
async fn concerned(
    connection: &mut SqliteConnection,
    outbound: &[&Call],
) -> Result<BTreeSet<String>, Error> {
    if outbound.is_empty() {
        return Ok(BTreeSet::new());
    }
    let json = |texts: Vec<&str>| serde_json::Value::from(texts).to_string();
    let numbers = outbound.iter().filter_map(|call| call.to_number.as_deref()).collect();
    let ids = outbound.iter().map(|call| call.id.as_str()).collect();
    let sql = "SELECT number FROM reply_call WHERE state = 'open' \
               AND number IN (SELECT value FROM json_each(?)) \
               UNION SELECT done_call_id FROM reply_call WHERE done_call_id IS NOT NULL \
               AND done_call_id IN (SELECT value FROM json_each(?))";
    let found: Vec<String> =
        sqlx::query_scalar(sql).bind(json(numbers)).bind(json(ids)).fetch_all(connection).await?;
    Ok(found.into_iter().collect())
}

async fn enabled(connection: &mut SqliteConnection) -> Result<bool, Error> {
    let sql = "SELECT value = 'true' FROM org_setting WHERE key = 'reply_calls_enabled'";
    let on: Option<bool> = sqlx::query_scalar(sql).fetch_optional(connection).await?;
    Ok(on.unwrap_or(false))
}

/// Who is withheld, or no number, cannot be called back.
async fn open(connection: &mut SqliteConnection, call: &Call) -> Result<(), Error> {
    let number = call.from_number.as_deref().and_then(|number| E164::parse(number).ok());
    let (user, group) = (&call.missed_call_owner_user_id, &call.missed_call_owner_group_id);
    let Some(number) = number.filter(|_| user.is_some() || group.is_some()) else {
        return Ok(());
    };
    let sql = "INSERT INTO reply_call(id, missed_call_id, owner_user_id, owner_group_id, number, \
               state, created_at) VALUES (?, ?, ?, ?, ?, 'open', ?) \
               ON CONFLICT(missed_call_id) DO NOTHING";
    sqlx::query(sql)
        .bind(format!("{}-reply", call.id))
        .bind(call.id.as_str())
        .bind(user.as_ref().map(UserId::as_str))
        .bind(group.as_ref().map(GroupId::as_str))
        .bind(number.as_str())
        .bind(call.ended_at.unwrap_or(call.initiated_at).0)
        .execute(connection)
        .await?;
    Ok(())
}

async fn close(connection: &mut SqliteConnection, call: &Call, number: &str) -> Result<(), Error> {
    let sql = "UPDATE reply_call SET state = 'done', done_call_id = ? \
               WHERE number = ? AND state = 'open' AND created_at <= ?";
    let update = sqlx::query(sql).bind(call.id.as_str()).bind(number).bind(call.initiated_at.0);
    update.execute(connection).await?;
    Ok(())
}

/// The newest missed call that a call replies to; its row says so from now on.
async fn replied(connection: &mut SqliteConnection, call: &Call) -> Result<Option<CallId>, Error> {
    let sql = "SELECT missed_call_id FROM reply_call WHERE done_call_id = ? \
               ORDER BY created_at DESC, missed_call_id DESC LIMIT 1";
    let missed: Option<String> =
        sqlx::query_scalar(sql).bind(call.id.as_str()).fetch_optional(&mut *connection).await?;
    if let Some(missed) = &missed {
        let sql = "UPDATE call SET reply_to_call_id = ? WHERE id = ?";
        sqlx::query(sql).bind(missed).bind(call.id.as_str()).execute(connection).await?;
    }
    Ok(missed.map(CallId::from))
}

#[cfg(test)]
mod tests;
