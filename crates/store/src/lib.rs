//! The database behind the records.
