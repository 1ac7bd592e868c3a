//! The store: what happened is first durable in a local journal ([`journal`]), then becomes rows
//! ([`writer`]), and survives a crash ([`mod@recover`]). SQLite stands behind [`Repository`], the
//! seam that another database can take. Conversations are written by [`conversations`], in their
//! own transactions.

pub mod access;
pub mod agents;
pub mod bindings;
pub mod connection;
pub mod conversations;
pub mod directory;
pub mod error;
pub mod journal;
mod learned;
pub mod media_rows;
pub mod metrics;
pub mod read;
pub mod recover;
mod reply_calls;
pub mod repository;
pub mod rows;
pub mod stream;
mod voicemail_rows;
pub mod writer;

#[cfg(test)]
mod testing;

pub use connection::{Database, WriteTransaction};
pub use directory::{DirectoryProblem, ImportMode, ImportReport, Severity, validate};
pub use error::Error;
pub use journal::{DataDirLock, Journal, JournalError, JournalOptions, LockError, Position};
pub use metrics::StoreMetrics;
pub use recover::{RecoverError, Recovered, recover};
pub use repository::{Commit, Repository};
