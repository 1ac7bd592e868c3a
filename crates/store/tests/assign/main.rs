//! The assigner against SQLite: the oracle, the sequences Q1–Q7, permutations, concurrency, kills
//! between any two statements, the outbox, and databases that were corrupted by hand.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod concurrency;
mod corruption;
mod documents;
mod kills;
mod oracle;
mod outbox;
mod sequences;
mod support;
