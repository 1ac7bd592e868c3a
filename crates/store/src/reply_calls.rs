//! Reply calls (R111, D33): with `reply_calls_enabled`, a missed inbound call opens a task for its
//! owner in the transaction that finishes it; the first outbound call to that number that begins
//! afterwards closes every open task of the number, in the transaction that brings its first row,
//! so that two people do not call back.
//!
//! `done_call_id` is the truth: when that outbound call finishes, its row and its hand-off get
//! `reply_to_call_id`, the newest missed call that it replies to. Only commits of the writer and of
//! the recovery come here: a document from a file, or from the history, opens and closes nothing.

use std::collections::BTreeMap;

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
    let mut replies = BTreeMap::new();
    if !batch.calls.iter().any(|call| concerns(call)) || !enabled(connection).await? {
        return Ok(replies);
    }
    for call in batch.calls.iter().filter(|call| concerns(call)) {
        match call.direction {
            Direction::Inbound => open(connection, call).await?,
            Direction::Outbound => {
                close(connection, call).await?;
                if call.state == CallState::Finished
                    && let Some(missed) = replied(connection, call).await?
                {
                    replies.insert(call.id.clone(), missed);
                }
            }
            Direction::Internal => {}
        }
    }
    Ok(replies)
}

fn concerns(call: &Call) -> bool {
    match call.direction {
        Direction::Inbound => call.outcome == Some(CallOutcome::Missed),
        Direction::Outbound => true,
        Direction::Internal => false,
    }
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

async fn close(connection: &mut SqliteConnection, call: &Call) -> Result<(), Error> {
    let Some(number) = call.to_number.as_deref() else {
        return Ok(());
    };
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
