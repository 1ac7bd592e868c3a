//! Voice messages: written behind, in the order in which things happened to them, and read at the
//! start for the index of mailboxes. The sound of one is a recording with the same id, whose file
//! is removed when the message is deleted, or was none. A row is written when somebody begins to
//! leave a message, with a duration of 0, so that a kill of the server loses nothing that was said.

use model::directory::MailboxId;
use model::voicemail::{MessageId, VoiceMessage, VoicemailChange};
use model::{GroupId, Millis, UserId};
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use crate::Error;
use crate::rows::Columns;

/// A change of a message; doing it twice is doing it once. A mailbox whose owner the directory
/// does not have is passed over.
pub(crate) async fn save(
    connection: &mut SqliteConnection,
    change: &VoicemailChange,
) -> Result<(), Error> {
    match change {
        VoicemailChange::Begun(message) | VoicemailChange::Left(message) => {
            left(connection, message).await
        }
        VoicemailChange::Heard { id, by, at, .. } => {
            let sql = "UPDATE voicemail SET heard_at = ?, heard_by_user_id = \
                       (SELECT id FROM app_user WHERE id = ?) WHERE id = ? AND heard_at IS NULL";
            touch(connection, sql, id, by, *at).await
        }
        VoicemailChange::Deleted { id, by, at, .. } => {
            let sql = "UPDATE voicemail SET deleted_at = ?, deleted_by_user_id = \
                       (SELECT id FROM app_user WHERE id = ?) WHERE id = ? AND deleted_at IS NULL";
            touch(connection, sql, id, by, *at).await
        }
        VoicemailChange::Dropped { id, .. } => {
            let sql = "UPDATE voicemail SET deleted_at = left_at WHERE id = ? AND duration_ms = 0";
            sqlx::query(sql).bind(&*id.0).execute(connection).await?;
            Ok(())
        }
    }
}

async fn left(connection: &mut SqliteConnection, message: &VoiceMessage) -> Result<(), Error> {
    let (user, group) = owner(&message.mailbox);
    let sql = "INSERT INTO voicemail(id, mailbox_user_id, mailbox_group_id, call_id, from_number, \
               from_name, left_at, file, duration_ms, heard_at) \
               SELECT ?, u.id, g.id, ?, ?, ?, ?, ?, ?, ? FROM (SELECT 1) \
               LEFT JOIN app_user u ON u.id = ? LEFT JOIN user_group g ON g.id = ? \
               WHERE u.id IS NOT NULL OR g.id IS NOT NULL ON CONFLICT(id) DO UPDATE \
               SET duration_ms = excluded.duration_ms WHERE voicemail.duration_ms = 0";
    sqlx::query(sql)
        .bind(&*message.id.0)
        .bind(message.call.as_str())
        .bind(message.from.as_ref().map(model::E164::as_str))
        .bind(message.from_name.as_deref())
        .bind(message.at.0)
        .bind(&*message.file)
        .bind(i64::try_from(message.duration_ms).unwrap_or(i64::MAX))
        .bind(message.heard.then_some(message.at.0))
        .bind(user.map(UserId::as_str))
        .bind(group.map(GroupId::as_str))
        .execute(connection)
        .await?;
    Ok(())
}

async fn touch(
    connection: &mut SqliteConnection,
    sql: &'static str,
    id: &MessageId,
    by: &UserId,
    at: Millis,
) -> Result<(), Error> {
    sqlx::query(sql).bind(at.0).bind(by.as_str()).bind(&*id.0).execute(connection).await?;
    Ok(())
}

fn owner(mailbox: &MailboxId) -> (Option<&UserId>, Option<&GroupId>) {
    match mailbox {
        MailboxId::User(user) => (Some(user), None),
        MailboxId::Group(group) => (None, Some(group)),
    }
}

/// Messages that are there, and how long each is. One that was being left when the server was
/// killed is as long as its file; what is being left now is none yet, and what was cut off within
/// its first second never becomes one.
macro_rules! there {
    () => {
        "SELECT v.*, coalesce(nullif(v.duration_ms, 0), r.duration_ms) AS length_ms \
         FROM voicemail v LEFT JOIN recording r ON r.id = v.id \
         WHERE v.deleted_at IS NULL AND (v.duration_ms > 0 OR r.duration_ms >= 1000)"
    };
}

/// Every message that nobody deleted, oldest first.
pub(crate) async fn load(connection: &mut SqliteConnection) -> Result<Vec<VoiceMessage>, Error> {
    let sql = concat!(there!(), " ORDER BY v.left_at, v.id");
    let rows = sqlx::query(sql).fetch_all(connection).await?;
    rows.iter().map(read).collect()
}

/// The messages of one mailbox that nobody deleted, newest first, at most `limit`.
pub(crate) async fn of_mailbox(
    connection: &mut SqliteConnection,
    mailbox: &MailboxId,
    limit: u32,
) -> Result<Vec<VoiceMessage>, Error> {
    let (user, group) = owner(mailbox);
    let sql = concat!(
        there!(),
        " AND (v.mailbox_user_id = ? OR v.mailbox_group_id = ?) \
         ORDER BY v.left_at DESC, v.id DESC LIMIT ?"
    );
    let rows = sqlx::query(sql)
        .bind(user.map(UserId::as_str))
        .bind(group.map(GroupId::as_str))
        .bind(limit)
        .fetch_all(connection)
        .await?;
    rows.iter().map(read).collect()
}

fn read(row: &SqliteRow) -> Result<VoiceMessage, Error> {
    let columns = Columns { table: "voicemail", row };
    let group: Option<GroupId> = columns.id_or_null("mailbox_group_id")?;
    let mailbox = match group {
        Some(group) => MailboxId::Group(group),
        None => MailboxId::User(columns.id("mailbox_user_id")?),
    };
    Ok(VoiceMessage {
        id: MessageId(columns.text("id")?.into()),
        mailbox,
        call: columns.id("call_id")?,
        from: columns.word_or_null("from_number")?,
        from_name: columns.text_or_null("from_name")?,
        at: columns.time("left_at")?,
        file: columns.text("file")?.into(),
        duration_ms: columns.number("length_ms")?,
        heard: columns.time_or_null("heard_at")?.is_some(),
    })
}

#[cfg(test)]
mod tests;
