//! Why a call went where it went, who waited where, and what agents and mailboxes have.

use model::agent_state::AgentChange;
use model::call_graph::graph::{DecisionRow, QueueWait};
use model::directory::MailboxId;
use model::voicemail::VoiceMessage;
use model::{CallId, GroupId, Millis, UserId};

use crate::{Database, Error, agents, rows, voicemail_rows};

/// An open or closed reply call (D33).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplyCallView {
    /// The missed call.
    pub missed_call: CallId,
    /// The user whose task it is.
    pub owner_user: Option<UserId>,
    /// The group whose task it is.
    pub owner_group: Option<GroupId>,
    /// Whom to call back.
    pub number: String,
    /// `open`, `done` or `dismissed`.
    pub state: String,
    /// The outbound call that closed it.
    pub done_call: Option<CallId>,
    /// When the missed call ended.
    pub created_at: Millis,
}

impl Database {
    /// Every step of the way that a call took, in the order in which it was decided.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn decisions(&self, call: &CallId) -> Result<Vec<DecisionRow>, Error> {
        rows::load_decisions(&mut *self.reader().acquire().await?, call).await
    }

    /// The stays of callers in a group's queue that began at `since` or later, newest first, at
    /// most `limit`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn queue_waits(
        &self,
        group: &GroupId,
        since: Millis,
        limit: u32,
    ) -> Result<Vec<QueueWait>, Error> {
        rows::load_queue_waits(&mut *self.reader().acquire().await?, group, since, limit).await
    }

    /// The messages of a mailbox that nobody deleted, newest first, at most `limit`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn voicemails(
        &self,
        mailbox: &MailboxId,
        limit: u32,
    ) -> Result<Vec<VoiceMessage>, Error> {
        voicemail_rows::of_mailbox(&mut *self.reader().acquire().await?, mailbox, limit).await
    }

    /// What a user (everybody: `None`) was doing since `since`, newest first, at most `limit`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn agent_log(
        &self,
        user: Option<&UserId>,
        since: Millis,
        limit: u32,
    ) -> Result<Vec<AgentChange>, Error> {
        let sql = match user {
            Some(_) => {
                "SELECT * FROM agent_state WHERE user_id = ?1 AND at >= ?2 \
                 ORDER BY at DESC, id DESC LIMIT ?3"
            }
            None => "SELECT * FROM agent_state WHERE at >= ?2 ORDER BY at DESC, id DESC LIMIT ?3",
        };
        let query = sqlx::query(sql).bind(user.map(UserId::as_str)).bind(since.0).bind(limit);
        query.fetch_all(self.reader()).await?.iter().map(agents::read).collect()
    }

    /// Reply calls in a state (`open`, `done`, `dismissed`), newest first, at most `limit`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn reply_calls(&self, state: &str, limit: u32) -> Result<Vec<ReplyCallView>, Error> {
        let sql = "SELECT * FROM reply_call WHERE state = ? \
                   ORDER BY created_at DESC, id DESC LIMIT ?";
        let rows = sqlx::query(sql).bind(state).bind(limit).fetch_all(self.reader()).await?;
        let view = |row| {
            let columns = rows::Columns { table: "reply_call", row };
            Ok(ReplyCallView {
                missed_call: columns.id("missed_call_id")?,
                owner_user: columns.id_or_null("owner_user_id")?,
                owner_group: columns.id_or_null("owner_group_id")?,
                number: columns.text("number")?,
                state: columns.text("state")?,
                done_call: columns.id_or_null("done_call_id")?,
                created_at: columns.time("created_at")?,
            })
        };
        rows.iter().map(view).collect()
    }
}
