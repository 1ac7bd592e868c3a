//! The store: what happened is first durable in a local journal ([`journal`]), then becomes rows
//! ([`writer`]), and survives a crash ([`recover`]). SQLite stands behind [`Repository`], the seam
//! that another database can take. Conversations are written by [`conversations`], in their own
//! transactions.

pub mod connection;
pub mod conversations;
pub mod error;
pub mod rows;

pub use connection::{Database, WriteTransaction};
pub use error::Error;
