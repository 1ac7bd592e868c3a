//! What can go wrong with the database, by cause: each says what to do about it. SQLite's result
//! codes are mapped here and nowhere else.

use std::path::PathBuf;

/// Why the database did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The url of the configuration names no database that this build can open.
    #[error("`{url}` is not a database url that is understood")]
    BadUrl {
        /// The url as configured.
        url: String,
    },
    /// The file or its folder cannot be opened.
    #[error("the database {} cannot be opened: {message}", path.display())]
    Unreachable {
        /// Path of the file.
        path: PathBuf,
        /// What the system said.
        message: String,
    },
    /// Another process holds the write lock.
    #[error("the database is locked by another process")]
    Locked,
    /// The file, its folder or the file system does not allow writing.
    #[error("the database is read-only")]
    ReadOnly,
    /// The disk, or the quota, is full.
    #[error("the disk of the database is full")]
    Full,
    /// The file is damaged or no SQLite database.
    #[error("the database file is damaged: {message}")]
    Corrupt {
        /// What SQLite said.
        message: String,
    },
    /// Reading or writing the file failed.
    #[error("reading or writing the database failed: {message}")]
    Io {
        /// What SQLite said.
        message: String,
    },
    /// The schema was not brought up to date, or is newer than this program.
    #[error("the database schema cannot be brought up to date: {message}")]
    Migration {
        /// What the migrator said.
        message: String,
    },
    /// A row broke a constraint of the schema.
    #[error("a row breaks a constraint: {message}")]
    Constraint {
        /// Which.
        message: String,
    },
    /// A stored value is none of those that the schema allows.
    #[error("{table}.{column} holds `{found}`, which is not understood")]
    Value {
        /// Table.
        table: &'static str,
        /// Column.
        column: &'static str,
        /// What stands there.
        found: String,
    },
    /// A statement failed in a way that no correct program brings about.
    #[error("a statement failed: {message}")]
    Statement {
        /// What the driver said.
        message: String,
    },
    /// The database was closed: the server stops.
    #[error("the database is closed")]
    Closed,
}

impl Error {
    /// What the operator can do about it, in one line.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::BadUrl { .. } => {
                "set [database] url to sqlite://PATH, such as sqlite://var/tandem.db"
            }
            Self::Unreachable { .. } => {
                "check that the folder exists and that this user may read and write in it"
            }
            Self::Locked => {
                "stop the other program that writes to it (another tandem, an open sqlite3 shell)"
            }
            Self::ReadOnly => "allow this user to write the file and its folder, or choose another",
            Self::Full => "free space on the disk or the quota; what waits is written then",
            Self::Corrupt { .. } => {
                "restore the file from a backup, or move it away and let a new one be made"
            }
            Self::Io { .. } => "check the disk and the mount (`dmesg`); writing is tried again",
            Self::Migration { .. } => {
                "run the newest tandem on this database, or restore the backup from before it"
            }
            Self::Constraint { .. } | Self::Value { .. } | Self::Statement { .. } => {
                "this is a defect of tandem: report it with the log"
            }
            Self::Closed => "start the server again",
        }
    }

    /// Whether the same work may succeed later without anybody changing it: the writer keeps it
    /// and tries again.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable { .. }
            | Self::Locked
            | Self::ReadOnly
            | Self::Full
            | Self::Io { .. }
            | Self::Corrupt { .. } => true,
            Self::BadUrl { .. }
            | Self::Migration { .. }
            | Self::Constraint { .. }
            | Self::Value { .. }
            | Self::Statement { .. }
            | Self::Closed => false,
        }
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the driver's causes are many, and what is not named here is a defect of ours"
)]
impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        if let Some(database) = error.as_database_error() {
            return from_code(database.code().as_deref(), database.message());
        }
        let message = error.to_string();
        match error {
            sqlx::Error::PoolTimedOut => Self::Locked,
            sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => Self::Closed,
            sqlx::Error::Io(_) => Self::Io { message },
            _ => Self::Statement { message },
        }
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the migrator's causes differ in words only")]
impl From<sqlx::migrate::MigrateError> for Error {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        match error {
            sqlx::migrate::MigrateError::Execute(error) => Self::from(error),
            other => Self::Migration { message: other.to_string() },
        }
    }
}

/// SQLite's primary result code is the low byte of the extended one.
fn from_code(code: Option<&str>, message: &str) -> Error {
    let primary = code.and_then(|code| code.parse::<i32>().ok()).map(|code| code & 0xff);
    let message = message.to_owned();
    match primary {
        Some(5 | 6) => Error::Locked,
        Some(8) => Error::ReadOnly,
        Some(10) => Error::Io { message },
        Some(11 | 26) => Error::Corrupt { message },
        Some(13) => Error::Full,
        Some(14) => Error::Unreachable { path: PathBuf::new(), message },
        Some(19) => Error::Constraint { message },
        _ => Error::Statement { message },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cause_has_its_own_variant() {
        let of = |code| from_code(Some(code), "…");
        assert!(matches!(of("5"), Error::Locked));
        assert!(matches!(of("261"), Error::Locked), "SQLITE_BUSY_RECOVERY");
        assert!(matches!(of("8"), Error::ReadOnly));
        assert!(matches!(of("13"), Error::Full));
        assert!(matches!(of("26"), Error::Corrupt { .. }));
        assert!(matches!(of("787"), Error::Constraint { .. }), "a foreign key");
        assert!(of("13").is_transient() && !of("787").is_transient());
    }
}
