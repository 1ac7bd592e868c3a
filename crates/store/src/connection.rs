//! The SQLite file: write-ahead log, `synchronous=NORMAL`, foreign keys on; one connection writes
//! and a few read. Every transaction that writes begins with `BEGIN IMMEDIATE`, so it never has to
//! give up half way because another writer came first (model.md §7.2).

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions as _, Connection as _, Sqlite, Transaction};
use tokio::sync::watch;

use crate::Error;

/// A transaction that holds the only writing connection; dropping it rolls back.
pub type WriteTransaction = Transaction<'static, Sqlite>;

/// How long SQLite waits for another process before it says that it is locked.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a task of ours waits for the writing connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);
/// Connections that only read.
const READERS: u32 = 4;
/// Prepared statements kept a connection: multi-row statements come in several lengths.
const STATEMENTS: usize = 256;

/// Whether our own connections evaluate the CHECK lists of the schema. SQLite builds every list of
/// words anew for every row, which costs more than all the rest of recording a call; what we write
/// is typed by the same words, so tests and debug builds check it and release builds do not.
/// Whoever else opens the file is checked as ever.
const CHECKS: bool = cfg!(debug_assertions);

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// The open database. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Database {
    write: SqlitePool,
    read: SqlitePool,
    path: PathBuf,
    /// Id of the newest event that is published.
    pub(crate) newest: Arc<watch::Sender<i64>>,
}

impl Database {
    /// Opens the file that `url` (`sqlite://PATH`) names; makes it and its folder when they are
    /// missing. The schema is not touched: see [`Database::migrate`].
    ///
    /// # Errors
    /// Every cause that keeps a file from being opened for writing.
    pub async fn open(url: &str) -> Result<Self, Error> {
        let bad = || Error::BadUrl { url: url.to_owned() };
        let path = url.strip_prefix("sqlite:").ok_or_else(bad)?;
        let path = PathBuf::from(path.strip_prefix("//").unwrap_or(path));
        if path.as_os_str().is_empty() || path.as_os_str() == ":memory:" {
            return Err(bad());
        }
        Self::open_file(&path).await
    }

    async fn open_file(path: &Path) -> Result<Self, Error> {
        let unreachable = |message: String| Error::Unreachable { path: path.to_owned(), message };
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(|error| unreachable(error.to_string()))?;
        }
        let options = options(path);
        let options =
            if CHECKS { options } else { options.pragma("ignore_check_constraints", "ON") };
        let located = |error: sqlx::Error| {
            let error = Error::from(error);
            if let Error::Unreachable { message, .. } = error {
                unreachable(message)
            } else {
                error
            }
        };
        let write = SqlitePoolOptions::new()
            .max_connections(1)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            .before_acquire(|connection, _| {
                // When a statement fails for a full disk, a broken one or too little memory,
                // SQLite rolls back by itself and the driver's ROLLBACK finds nothing: it counts
                // on a transaction that is gone and would refuse every later BEGIN. Such a
                // connection is closed and another one opened.
                let usable = !connection.is_in_transaction();
                Box::pin(async move { Ok(usable) })
            })
            .connect_with(options.clone())
            .await
            .map_err(located)?;
        let read = SqlitePoolOptions::new()
            .max_connections(READERS)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .test_before_acquire(false)
            .connect_lazy_with(options.read_only(true).create_if_missing(false));
        let newest = Arc::new(watch::Sender::new(0));
        Ok(Self { write, read, path: path.to_owned(), newest })
    }

    /// Brings the schema up to date; returns how many migrations were applied. Each is there
    /// wholly or not at all.
    ///
    /// A table whose CHECK lists change is built anew, which SQLite allows only while foreign keys
    /// are off; a migration that does so looks itself whether every reference still holds. CHECK
    /// lists hold in every build meanwhile.
    ///
    /// # Errors
    /// [`Error::Migration`] when the schema is newer than this program or was changed by hand.
    pub async fn migrate(&self) -> Result<usize, Error> {
        let before = self.applied().await?;
        if before < MIGRATIONS.iter().count() {
            let options = options(&self.path).foreign_keys(false);
            let alone = SqlitePoolOptions::new().max_connections(1).connect_with(options).await?;
            let done = MIGRATIONS.run(&alone).await;
            alone.close().await;
            done?;
        }
        // Where nothing is to be done: that the schema is one that this program knows.
        MIGRATIONS.run(&self.write).await?;
        self.newest.send_replace(self.newest_event_id().await?);
        Ok(MIGRATIONS.iter().count().saturating_sub(before))
    }

    /// Whether [`Database::migrate`] would change something.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn is_current(&self) -> Result<bool, Error> {
        Ok(self.applied().await? >= MIGRATIONS.iter().count())
    }

    async fn applied(&self) -> Result<usize, Error> {
        let known = "SELECT count(*) FROM sqlite_schema WHERE name = '_sqlx_migrations'";
        let known: i64 = sqlx::query_scalar(known).fetch_one(&self.write).await?;
        if known == 0 {
            return Ok(0);
        }
        let applied = "SELECT count(*) FROM _sqlx_migrations WHERE success";
        let applied: i64 = sqlx::query_scalar(applied).fetch_one(&self.write).await?;
        Ok(usize::try_from(applied).unwrap_or(0))
    }

    /// Begins a transaction on the writing connection; waits its turn, in order of asking.
    ///
    /// # Errors
    /// [`Error::Locked`] when the turn does not come in 10 s or another process writes.
    pub async fn begin(&self) -> Result<WriteTransaction, Error> {
        Ok(self.write.begin_with("BEGIN IMMEDIATE").await?)
    }

    /// Connections that only read. What a committed transaction wrote is seen at once.
    pub fn reader(&self) -> &SqlitePool {
        &self.read
    }

    /// Path of the database file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes everything that is committed survive a power loss: `synchronous=NORMAL` leaves the
    /// newest commits in the system's cache.
    ///
    /// # Errors
    /// [`Error::Io`] when the log cannot be synced.
    pub async fn make_durable(&self) -> Result<(), Error> {
        // A checkpoint that ran meanwhile has synced what it moved; the rest is in the log.
        let mut log = self.path.clone().into_os_string();
        log.push("-wal");
        let sync = move || match std::fs::File::open(&log) {
            Ok(file) => file.sync_data(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        };
        let io = |message: String| Error::Io { message };
        let done =
            tokio::task::spawn_blocking(sync).await.map_err(|error| io(error.to_string()))?;
        done.map_err(|error| io(error.to_string()))
    }

    /// Closes every connection; what is committed stays.
    pub async fn close(&self) {
        self.read.close().await;
        self.write.close().await;
    }
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        // What a statement must undo if it fails stays in memory, not in a temporary file.
        .pragma("temp_store", "MEMORY")
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        .statement_cache_capacity(STATEMENTS)
        .disable_statement_logging()
}

impl FromStr for DatabaseUrl {
    type Err = Error;

    fn from_str(url: &str) -> Result<Self, Error> {
        match url.strip_prefix("sqlite:") {
            Some(path) if !path.trim_start_matches('/').is_empty() => Ok(Self(url.to_owned())),
            Some(_) | None => Err(Error::BadUrl { url: url.to_owned() }),
        }
    }
}

/// A url that this build can open, for configurations that are checked before anything opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseUrl(String);

impl DatabaseUrl {
    /// The url as configured.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests;
