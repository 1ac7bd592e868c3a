//! What people do to a conversation (R080, R085–R088): one transaction each, with an audit row.

use conversation::{CommandError, Conversation, PartyKey, Summary};
use model::{ConversationId, Millis, UserId};
use sqlx::sqlite::SqliteConnection;

use super::{apply, load};
use crate::Error;

/// Why a command had no effect.
#[derive(Debug, thiserror::Error)]
pub enum CommandFailed {
    /// The conversation does not allow it.
    #[error(transparent)]
    Refused(#[from] CommandError),
    /// The database did not do it.
    #[error(transparent)]
    Store(#[from] Error),
}

/// Closes a conversation.
///
/// # Errors
/// When it is not open, or the database does not do it.
pub async fn close(
    connection: &mut SqliteConnection,
    id: &ConversationId,
    by: Option<&UserId>,
    now: Millis,
) -> Result<(), CommandFailed> {
    let before = existing(connection, id).await?;
    let mut after = before.clone();
    after.close(by.cloned(), now)?;
    let audit = Audit { kind: "closed", data: &[], by, now };
    audit.write(connection, &before, &mut after).await
}

/// Opens a closed conversation again.
///
/// # Errors
/// When it is not closed, another open one has its key (R087), or the database does not do it.
pub async fn reopen(
    connection: &mut SqliteConnection,
    id: &ConversationId,
    by: Option<&UserId>,
    now: Millis,
) -> Result<(), CommandFailed> {
    let before = existing(connection, id).await?;
    let mut after = before.clone();
    after.reopen()?;
    let keys = (&before.external_key, &before.internal_key);
    let others = load::by_key(connection, keys).await?;
    let mut others = others.iter().filter_map(|it| Summary::of(&it.conversation));
    if others.any(|it| it.id != *id && it.closed_at.is_none()) {
        return Err(CommandError::AnotherIsOpen.into());
    }
    let audit = Audit { kind: "reopened", data: &[], by, now };
    audit.write(connection, &before, &mut after).await
}

/// Removes a participant; taking part in a later event brings it back (D31).
///
/// # Errors
/// When there is no such participant, it is the External Participant, or the database does not do
/// it.
pub async fn remove_participant(
    connection: &mut SqliteConnection,
    id: &ConversationId,
    key: &PartyKey,
    by: Option<&UserId>,
    now: Millis,
) -> Result<(), CommandFailed> {
    let before = existing(connection, id).await?;
    let mut after = before.clone();
    after.remove_participant(key, by.cloned(), now)?;
    let data = &[("participant_key", key.as_str())];
    let audit = Audit { kind: "participant_removed", data, by, now };
    audit.write(connection, &before, &mut after).await
}

async fn existing(
    connection: &mut SqliteConnection,
    id: &ConversationId,
) -> Result<Conversation, CommandFailed> {
    let found = load::by_id(connection, id).await?;
    Ok(found.ok_or(CommandError::NoConversation)?)
}

struct Audit<'a> {
    kind: &'a str,
    data: &'a [(&'a str, &'a str)],
    by: Option<&'a UserId>,
    now: Millis,
}

impl Audit<'_> {
    async fn write(
        &self,
        connection: &mut SqliteConnection,
        before: &Conversation,
        after: &mut Conversation,
    ) -> Result<(), CommandFailed> {
        apply::update(connection, before, after).await?;
        let by = self.by.map(UserId::as_str);
        apply::audit_by(connection, after, self.kind, self.data, by, self.now).await?;
        Ok(())
    }
}
