//! The seam to the database: what the writer, the recovery and the server ask of it, and nothing
//! else. SQLite implements it here; another database implements the same functions and passes the
//! same tests.

use std::collections::BTreeMap;
use std::future::Future;

use model::call_graph::CallGraph;
use model::call_graph::words::CallState;
use model::directory::source::DirectoryFile;
use model::directory::{Directory, KnownRecord};
use model::recording::RecordingId;
use model::voicemail::VoiceMessage;
use model::{CallId, E164, GroupId, Millis, UserId};

use crate::agents::{AgentToday, KeptAvailability};
use crate::bindings::Binding;
use crate::directory::{ImportMode, ImportReport};
use crate::media_rows::{Interrupted, MediaRow, RecordingRow};
use crate::rows::{self, RowBatch};
use crate::{
    Database, Error, agents, bindings, directory, learned, media_rows, reply_calls, stream,
    voicemail_rows,
};

/// Everything that one transaction of the writer brings.
#[derive(Debug, Default)]
pub struct Commit<'a> {
    /// Rows of calls.
    pub rows: RowBatch<'a>,
    /// Bindings of users whose registrations changed: all that the user has now.
    pub bindings: Vec<(UserId, Vec<Binding>)>,
    /// Round-robin cursors that moved (D42).
    pub cursors: Vec<(GroupId, UserId)>,
    /// What was told beside the calls' rows, in order.
    pub media: &'a [MediaRow],
    /// This node was alive then (D47).
    pub heartbeat: Option<(&'a str, Millis)>,
}

impl Commit<'_> {
    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
            && self.bindings.is_empty()
            && self.cursors.is_empty()
            && self.media.is_empty()
            && self.heartbeat.is_none()
    }
}

/// A database that holds the model. Every function is one transaction, all or nothing.
pub trait Repository: Clone + Send + Sync + 'static {
    /// Writes what the writer gathered.
    fn commit(&self, commit: &Commit<'_>) -> impl Future<Output = Result<(), Error>> + Send;

    /// Makes everything committed so far survive a power loss.
    fn make_durable(&self) -> impl Future<Output = Result<(), Error>> + Send;

    /// Which of these calls it has, and in which state.
    fn call_states(
        &self,
        ids: &[CallId],
    ) -> impl Future<Output = Result<Vec<(CallId, CallState)>, Error>> + Send;

    /// The number of the last published event of each of these calls.
    fn events_told(
        &self,
        ids: &[CallId],
    ) -> impl Future<Output = Result<BTreeMap<CallId, u32>, Error>> + Send;

    /// The rows of a call.
    fn call(&self, id: &CallId) -> impl Future<Output = Result<Option<CallGraph>, Error>> + Send;

    /// Calls of a node that are not over, oldest first.
    fn live_calls(&self, node: &str) -> impl Future<Output = Result<Vec<CallGraph>, Error>> + Send;

    /// When a node was last alive.
    fn last_heartbeat(
        &self,
        node: &str,
    ) -> impl Future<Output = Result<Option<Millis>, Error>> + Send;

    /// The active directory, with the hashes of one realm.
    fn load_directory(&self, realm: &str) -> impl Future<Output = Result<Directory, Error>> + Send;

    /// Loads a directory file, or says what that would change.
    fn import(
        &self,
        file: &DirectoryFile,
        realm: &str,
        mode: ImportMode,
        now: Millis,
    ) -> impl Future<Output = Result<ImportReport, Error>> + Send;

    /// Bindings that have not expired at `now`.
    fn load_bindings(
        &self,
        now: Millis,
    ) -> impl Future<Output = Result<Vec<(UserId, Binding)>, Error>> + Send;

    /// The round-robin cursor of every group that has one.
    fn load_cursors(&self) -> impl Future<Output = Result<Vec<(GroupId, UserId)>, Error>> + Send;

    /// Recordings of a node that its end cut off.
    fn open_recordings(
        &self,
        node: &str,
    ) -> impl Future<Output = Result<Vec<RecordingRow>, Error>> + Send;

    /// Closes them, as their files tell.
    fn close_interrupted(
        &self,
        interrupted: &[Interrupted],
    ) -> impl Future<Output = Result<(), Error>> + Send;

    /// At most `limit` recordings whose files are kept and may go, oldest first: those that ended
    /// before `before`, but no voice message that nobody deleted; and those that somebody deleted.
    fn old_recordings(
        &self,
        before: Millis,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<RecordingRow>, Error>> + Send;

    /// The files of these recordings are gone.
    fn expire_recordings(
        &self,
        ids: &[RecordingId],
    ) -> impl Future<Output = Result<(), Error>> + Send;

    /// Every voice message that nobody deleted, oldest first: the index of mailboxes.
    fn mailboxes(&self) -> impl Future<Output = Result<Vec<VoiceMessage>, Error>> + Send;

    /// Who wants to be offered calls, of every active user.
    fn availabilities(&self) -> impl Future<Output = Result<Vec<KeptAvailability>, Error>> + Send;

    /// What agents have done since the local midnight `since`; who did nothing is not there.
    fn agents_today(
        &self,
        since: Millis,
    ) -> impl Future<Output = Result<Vec<AgentToday>, Error>> + Send;

    /// The organisation's time zone, as the directory names it.
    fn timezone(&self) -> impl Future<Output = Result<Option<String>, Error>> + Send;

    /// With whom each number outside talked last: the newest `limit` numbers, the newest last.
    fn last_agents(
        &self,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<(E164, UserId)>, Error>> + Send;

    /// Keeps what an outside lookup found, and lets the number resolve to it from now on. Returns
    /// whether it does: a lookup that a person made stays.
    fn learn_record(
        &self,
        e164: &E164,
        record: &KnownRecord,
        now: Millis,
    ) -> impl Future<Output = Result<bool, Error>> + Send;
}

impl Repository for Database {
    async fn commit(&self, commit: &Commit<'_>) -> Result<(), Error> {
        let mut transaction = self.begin().await?;
        rows::save(&mut transaction, &commit.rows).await?;
        let replies = reply_calls::follow(&mut transaction, &commit.rows).await?;
        rows::save_outbox(&mut transaction, &commit.rows, &replies).await?;
        bindings::save(&mut transaction, &commit.bindings).await?;
        bindings::save_cursors(&mut transaction, &commit.cursors).await?;
        media_rows::save(&mut transaction, commit.media).await?;
        if let Some((node, at)) = commit.heartbeat {
            let sql = "INSERT INTO node_heartbeat(node, at) VALUES (?, ?) \
                       ON CONFLICT(node) DO UPDATE SET at = excluded.at";
            sqlx::query(sql).bind(node).bind(at.0).execute(&mut *transaction).await?;
        }
        let newest = stream::save(&mut transaction, &commit.rows.events).await?;
        transaction.commit().await?;
        if let Some(newest) = newest {
            self.newest.send_replace(newest);
        }
        Ok(())
    }

    async fn events_told(&self, ids: &[CallId]) -> Result<BTreeMap<CallId, u32>, Error> {
        stream::told(&mut *self.reader().acquire().await?, ids).await
    }

    async fn make_durable(&self) -> Result<(), Error> {
        Self::make_durable(self).await
    }

    async fn call_states(&self, ids: &[CallId]) -> Result<Vec<(CallId, CallState)>, Error> {
        rows::states(&mut *self.reader().acquire().await?, ids).await
    }

    async fn call(&self, id: &CallId) -> Result<Option<CallGraph>, Error> {
        // One transaction, so that every table is read as of one moment.
        rows::load_graph(&mut *self.reader().begin().await?, id).await
    }

    async fn live_calls(&self, node: &str) -> Result<Vec<CallGraph>, Error> {
        let mut connection = self.reader().begin().await?;
        let mut graphs = Vec::new();
        for id in rows::load_live(&mut connection, node).await? {
            graphs.extend(rows::load_graph(&mut connection, &id).await?);
        }
        Ok(graphs)
    }

    async fn last_heartbeat(&self, node: &str) -> Result<Option<Millis>, Error> {
        let sql = "SELECT at FROM node_heartbeat WHERE node = ?";
        let at: Option<i64> =
            sqlx::query_scalar(sql).bind(node).fetch_optional(self.reader()).await?;
        Ok(at.map(Millis))
    }

    async fn load_directory(&self, realm: &str) -> Result<Directory, Error> {
        directory::load(&mut *self.reader().acquire().await?, realm).await
    }

    async fn import(
        &self,
        file: &DirectoryFile,
        realm: &str,
        mode: ImportMode,
        now: Millis,
    ) -> Result<ImportReport, Error> {
        directory::import(self.begin().await?, file, realm, mode, now).await
    }

    async fn load_bindings(&self, now: Millis) -> Result<Vec<(UserId, Binding)>, Error> {
        bindings::load(&mut *self.reader().acquire().await?, now).await
    }

    async fn load_cursors(&self) -> Result<Vec<(GroupId, UserId)>, Error> {
        bindings::load_cursors(&mut *self.reader().acquire().await?).await
    }

    async fn open_recordings(&self, node: &str) -> Result<Vec<RecordingRow>, Error> {
        media_rows::open_recordings(&mut *self.reader().acquire().await?, node).await
    }

    async fn close_interrupted(&self, interrupted: &[Interrupted]) -> Result<(), Error> {
        let mut transaction = self.begin().await?;
        media_rows::close_interrupted(&mut transaction, interrupted).await?;
        Ok(transaction.commit().await?)
    }

    async fn old_recordings(&self, before: Millis, limit: u32) -> Result<Vec<RecordingRow>, Error> {
        media_rows::old_recordings(&mut *self.reader().acquire().await?, before, limit).await
    }

    async fn expire_recordings(&self, ids: &[RecordingId]) -> Result<(), Error> {
        let mut transaction = self.begin().await?;
        media_rows::expire(&mut transaction, ids).await?;
        Ok(transaction.commit().await?)
    }

    async fn mailboxes(&self) -> Result<Vec<VoiceMessage>, Error> {
        voicemail_rows::load(&mut *self.reader().acquire().await?).await
    }

    async fn availabilities(&self) -> Result<Vec<KeptAvailability>, Error> {
        agents::availabilities(&mut *self.reader().acquire().await?).await
    }

    async fn agents_today(&self, since: Millis) -> Result<Vec<AgentToday>, Error> {
        agents::today(&mut *self.reader().acquire().await?, since).await
    }

    async fn timezone(&self) -> Result<Option<String>, Error> {
        let sql = "SELECT value FROM org_setting WHERE key = 'timezone'";
        Ok(sqlx::query_scalar(sql).fetch_optional(self.reader()).await?)
    }

    async fn last_agents(&self, limit: usize) -> Result<Vec<(E164, UserId)>, Error> {
        agents::last_agents(&mut *self.reader().acquire().await?, limit).await
    }

    async fn learn_record(
        &self,
        e164: &E164,
        record: &KnownRecord,
        now: Millis,
    ) -> Result<bool, Error> {
        let mut transaction = self.begin().await?;
        let learned = learned::learn(&mut transaction, e164, record, now).await?;
        transaction.commit().await?;
        Ok(learned)
    }
}
